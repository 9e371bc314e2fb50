#include "config.h"

#include "deliver/receipts.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static const char *const outcome_names[] = {
    [OUTCOME_DELIVERED] = "delivered",
    [OUTCOME_EXISTS] = "exists",
    [OUTCOME_REJECTED] = "rejected",
    [OUTCOME_UNDELIVERED] = "undelivered",
};

static void write_path(struct out *out, struct span path)
{
    if (path.at == NULL) {
        out_write(out, SPAN("null"));
        return;
    }
    out_write(out, SPAN("\""));
    out_write(out, path);
    out_write(out, SPAN("\""));
}

bool receipts_write(struct out *out, const struct receipt *receipt)
{
    char text[256], status[16] = "null";
    if (receipt->status != 0)
        snprintf(status, sizeof status, "%d", receipt->status);
    int n = snprintf(text, sizeof text, "{\"line\":%zu,\"path\":", receipt->line);
    out_write(out, (struct span){text, (size_t)n});
    write_path(out, receipt->path);
    n = snprintf(
        text, sizeof text,
        ",\"outcome\":\"%s\",\"status\":%s,\"attempts\":%u,\"bytes\":%zu,\"seconds\":%" PRId64
        ".%06d",
        outcome_names[receipt->outcome], status, receipt->attempts, receipt->bytes,
        receipt->microseconds / 1000000, (int)(receipt->microseconds % 1000000));
    out_write(out, (struct span){text, (size_t)n});
    if (receipt->etag != NULL) {
        out_write(out, SPAN(",\"etag\":\""));
        out_write(out, span_of(receipt->etag));
        out_write(out, SPAN("\""));
    }
    return out_write(out, SPAN("}\n"));
}

int64_t receipts_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
