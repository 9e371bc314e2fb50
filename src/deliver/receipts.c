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

/* A receipt is written for every line that is delivered, so its members are put together by hand:
 * printf(3) takes longer than all the rest. */
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

/* "queued" and "seconds": the time until it was first tried, and from then on. */
static char *put_times(const struct receipt *receipt, int64_t sent_at, char *to)
{
    int64_t sent = sent_at != 0 ? sent_at : receipt->now;
    int64_t queued = sent > receipt->read_at ? sent - receipt->read_at : 0;
    int64_t seconds = receipt->now > sent ? receipt->now - sent : 0;
    to = put_seconds(put(to, SPAN(",\"queued\":")), queued);
    return put_seconds(put(to, SPAN(",\"seconds\":")), seconds);
}

/* A member that says which line the receipt is of. */
static char *put_proof(char *to, struct span name, uint64_t proof)
{
    unsigned char bytes[RECEIPTS_DIGEST / 2];
    for (size_t i = sizeof bytes; i-- > 0; proof >>= 8)
        bytes[i] = (unsigned char)proof;
    to = put(put(put(to, SPAN(",\"")), name), SPAN("\":\""));
    digest_hex(bytes, sizeof bytes, to);
    return put(to + RECEIPTS_DIGEST, SPAN("\""));
}

/* The members after the path, at most FIGURES bytes of them. */
static struct span put_figures(const struct receipt *receipt, const struct outcome *outcome,
                               char to[FIGURES])
{
    char *at = put(to, SPAN(",\"outcome\":\""));
    at = put(put(at, span_of(outcome_name(outcome->kind))), SPAN("\",\"status\":"));
    if (outcome->status > 0)
        at = put_number(at, (uint64_t)outcome->status);
    else
        at = put(at, SPAN("null"));
    at = put_number(put(at, SPAN(",\"attempts\":")), outcome->attempts);
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
