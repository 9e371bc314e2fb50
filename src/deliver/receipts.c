#include "config.h"

#include "base/diag.h"
#include "base/digest.h"
#include "deliver/receipts.h"
#include "json/json_string.h"

enum { FIGURES = 320 }; /* the members of a receipt that are numbers, names and digests */

uint64_t receipts_digest(struct span text)
{
    unsigned char whole[DIGEST_SIZE];
    uint64_t digest = 0;
    digest_sha256(text, whole);
    for (size_t i = 0; i < RECEIPTS_DIGEST / 2; i++)
        digest = digest << 8 | whole[i];
    return digest;
}

/* A receipt is written for every delivered line, so its members are written by hand: printf(3)
 * takes longer than all the rest. */
static char *put(char *to, struct span text)
{
    memcpy(to, text.at, text.len);
    return to + text.len;
}

static char *put_number(char *to, uint64_t number)
{
    char digits[20];
    size_t count = 0;
    do
        digits[sizeof digits - ++count] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return put(to, (struct span){digits + sizeof digits - count, count});
}

/* Microseconds as seconds, with six decimals. */
static char *put_seconds(char *to, int64_t time)
{
    uint64_t rest = (uint64_t)time % 1000000;
    to = put_number(to, (uint64_t)time / 1000000);
    *to = '.';
    for (int i = 6; i > 0; i--, rest /= 10)
        to[i] = (char)('0' + rest % 10);
    return to + 7;
}

/* "queued" and "seconds": the time until the first attempt, and the time since. */
static char *put_times(const struct receipt *receipt, int64_t sent_at, char *to)
{
    int64_t sent = sent_at != 0 ? sent_at : receipt->now;
    int64_t queued = sent > receipt->read_at ? sent - receipt->read_at : 0;
    int64_t seconds = receipt->now > sent ? receipt->now - sent : 0;
    to = put_seconds(put(to, SPAN(",\"queued\":")), queued);
    return put_seconds(put(to, SPAN(",\"seconds\":")), seconds);
}

/* Many at once, because digest_hex() is fast at that; the most significant byte first. */
void receipts_digits(const uint64_t *number, size_t count, char *digits)
{
    enum { BYTES = RECEIPTS_DIGEST / 2, AT_ONCE = 64 };
    for (size_t n; count > 0; number += n, count -= n, digits += n * RECEIPTS_DIGEST) {
        unsigned char bytes[AT_ONCE * BYTES];
        n = count < AT_ONCE ? count : AT_ONCE;
        for (size_t i = 0; i < n * BYTES; i++)
            bytes[i] = (unsigned char)(number[i / BYTES] >> (56 - 8 * (i % BYTES)));
        digest_hex(bytes, n * BYTES, digits);
    }
}

/* Writes a member that identifies the receipt's line. */
static char *put_proof(char *to, struct span name, uint64_t proof)
{
    to = put(put(put(to, SPAN(",\"")), name), SPAN("\":\""));
    receipts_digits(&proof, 1, to);
    return put(to + RECEIPTS_DIGEST, SPAN("\""));
}

/* "outcome" and the two members after it. */
static char *put_outcome(char *to, enum outcome_kind kind, long status, unsigned attempts)
{
    to = put(put(to, SPAN(",\"outcome\":\"")), span_of(outcome_name(kind)));
    to = put(to, SPAN("\",\"status\":"));
    to = status > 0 ? put_number(to, (uint64_t)status) : put(to, SPAN("null"));
    return put_number(put(to, SPAN(",\"attempts\":")), attempts);
}

/* The members after the path, at most FIGURES bytes of them. */
static struct span put_figures(const struct receipt *receipt, const struct outcome *outcome,
                               char to[FIGURES])
{
    char *at = put_outcome(to, outcome->kind, outcome->status, outcome->attempts);
    at = put_number(put(at, SPAN(",\"bytes\":")), receipt->bytes);
    at = put_times(receipt, outcome->sent_at, at);
    if (receipt->text.at == NULL)
        return span_between(to, at);
    if (receipt->mac != NULL)
        at = put_proof(at, SPAN("mac"), mac_of(receipt->mac, receipt->line, receipt->text));
    if (receipt->mac == NULL || !outcome_is_success(outcome->kind))
        at = put_proof(at, SPAN("digest"), receipts_digest(receipt->text));
    return span_between(to, at);
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
    char head[48], figures[FIGURES], why[6 * sizeof(struct reason) + 16];
    struct span piece[MOST];
    size_t count = 0;
    char *end = put_number(put(head, SPAN("{\"line\":")), receipt->line);
    piece[count++] = span_between(head, put(end, SPAN(",\"path\":")));
    if (receipt->path.at == NULL) {
        piece[count++] = SPAN("null");
    } else {
        piece[count++] = SPAN("\"");
        piece[count++] = receipt->path;
        piece[count++] = SPAN("\"");
    }
    piece[count++] = put_figures(receipt, outcome, figures);
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

bool receipts_run_takes(const struct outcome *outcome)
{
    return outcome_is_success(outcome->kind) && outcome->etag == NULL && outcome->more.len == 0;
}

bool receipts_run_add(struct append *receipts, struct receipts_run *run,
                      const struct receipt *receipt, const struct outcome *outcome)
{
    if (run->lines == RECEIPTS_RUN || receipt->line != run->line + run->lines ||
        outcome->kind != run->kind || outcome->status != run->status ||
        outcome->attempts != run->attempts)
        receipts_run_write(receipts, run);
    if (run->lines == 0) {
        run->line = receipt->line;
        run->kind = outcome->kind;
        run->status = outcome->status;
        run->attempts = outcome->attempts;
    }
    run->mac[run->lines++] = mac_of(receipt->mac, receipt->line, receipt->text);
    return receipts->error == 0;
}

bool receipts_run_write(struct append *receipts, struct receipts_run *run)
{
    char figures[FIGURES], mac[RECEIPTS_RUN * RECEIPTS_DIGEST];
    if (run->lines == 0)
        return receipts->error == 0;
    char *at = put_number(put(figures, SPAN("{\"line\":")), run->line);
    at = put_number(put(at, SPAN(",\"lines\":")), run->lines);
    at = put_outcome(at, run->kind, run->status, run->attempts);
    at = put(at, SPAN(",\"mac\":\""));
    receipts_digits(run->mac, run->lines, mac);
    const struct span piece[] = {
        span_between(figures, at), {mac, run->lines * RECEIPTS_DIGEST}, SPAN("\"}")};
    run->lines = 0;
    return append_line(receipts, piece, sizeof piece / sizeof *piece);
}
