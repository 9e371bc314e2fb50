#include "config.h"

#include "base/diag.h"
#include "base/digest.h"
#include "deliver/receipts.h"
#include "json/json_string.h"

#include <inttypes.h>
#include <stdio.h>

bool receipts_digest(struct span text, char digest[RECEIPTS_DIGEST + 1])
{
    unsigned char whole[DIGEST_SIZE];
    if (!digest_sha256(text, whole))
        return false;
    digest_hex(whole, RECEIPTS_DIGEST / 2, digest);
    digest[RECEIPTS_DIGEST] = '\0';
    return true;
}

/* "queued" and "seconds": the time until it was first tried, and from then on. */
static int put_times(const struct receipt *receipt, int64_t sent_at, char *to, size_t size)
{
    int64_t sent = sent_at != 0 ? sent_at : receipt->now;
    int64_t queued = sent > receipt->read_at ? sent - receipt->read_at : 0;
    int64_t seconds = receipt->now > sent ? receipt->now - sent : 0;
    return snprintf(to, size, ",\"queued\":%" PRId64 ".%06d,\"seconds\":%" PRId64 ".%06d",
                    queued / 1000000, (int)(queued % 1000000), seconds / 1000000,
                    (int)(seconds % 1000000));
}

/* The members after the path: a number of bytes, whatever the outcome is. */
static struct span put_figures(const struct receipt *receipt, const struct outcome *outcome,
                               char *to, size_t size)
{
    char status[24] = "null", digest[RECEIPTS_DIGEST + 1];
    if (outcome->status != 0)
        snprintf(status, sizeof status, "%ld", outcome->status);
    int n = snprintf(to, size, ",\"outcome\":\"%s\",\"status\":%s,\"attempts\":%u,\"bytes\":%zu",
                     outcome_name(outcome->kind), status, outcome->attempts, receipt->bytes);
    n += put_times(receipt, outcome->sent_at, to + n, size - (size_t)n);
    if (receipt->text.at != NULL && receipts_digest(receipt->text, digest))
        n += snprintf(to + n, size - (size_t)n, ",\"digest\":\"%s\"", digest);
    return (struct span){to, (size_t)n};
}

/* The member "reason", printable and without secrets. */
static struct span put_reason(const char *reason, char *to, size_t size)
{
    static const char head[] = ",\"reason\":\"";
    struct reason shown = {""};
    reason_append(&shown, span_of(reason));
    struct span rest = span_of(shown.text);
    memcpy(to, head, sizeof head - 1);
    size_t len = sizeof head - 1;
    len += json_string_encode(&rest, to + len, size - sizeof head);
    to[len++] = '"';
    return (struct span){to, len};
}

bool receipts_write(struct append *receipts, const struct receipt *receipt,
                    const struct outcome *outcome)
{
    enum { MOST = 12 };
    char head[48], figures[320], why[6 * sizeof(struct reason) + 16];
    struct span piece[MOST];
    size_t count = 0;
    int n = snprintf(head, sizeof head, "{\"line\":%zu,\"path\":", receipt->line);
    piece[count++] = (struct span){head, (size_t)n};
    if (receipt->path.at == NULL) {
        piece[count++] = SPAN("null");
    } else {
        piece[count++] = SPAN("\"");
        piece[count++] = receipt->path;
        piece[count++] = SPAN("\"");
    }
    piece[count++] = put_figures(receipt, outcome, figures, sizeof figures);
    if (outcome->reason != NULL && !outcome_is_success(outcome->kind))
        piece[count++] = put_reason(outcome->reason, why, sizeof why);
    if (outcome->etag != NULL) {
        piece[count++] = SPAN(",\"etag\":\"");
        piece[count++] = span_of(outcome->etag);
        piece[count++] = SPAN("\"");
    }
    if (outcome->more.len > 0) {
        piece[count++] = SPAN(",");
        piece[count++] = outcome->more;
    }
    piece[count++] = SPAN("}");
    return append_line(receipts, piece, count);
}
