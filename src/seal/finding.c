#include "config.h"

#include "seal/finding.h"
#include "json/json_string.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const names[] = {
    [FINDING_CHANGED] = "changed",
    [FINDING_MISSING] = "missing",
    [FINDING_NOT_SEALED] = "not-sealed",
    [FINDING_NOT_REMOVED] = "not-removed",
    [FINDING_NOT_A_FILE] = "not-a-file",
    [FINDING_MISSING_SEAL] = "missing-seal",
    [FINDING_BAD_SEAL] = "bad-seal",
    [FINDING_BAD_SIGNATURE] = "bad-signature",
    [FINDING_UNKNOWN_KEY] = "unknown-key",
    [FINDING_CHAIN_BROKEN] = "chain-broken",
    [FINDING_GAP] = "gap",
    [FINDING_BAD_STAMP] = "bad-stamp",
    [FINDING_NOT_STAMPED] = "not-stamped",
    [FINDING_HEAD] = "head",
    [FINDING_STRAY] = "stray",
};

const char *finding_name(enum finding_kind kind)
{
    return names[kind];
}

bool finding_is_event(enum finding_kind kind)
{
    return kind <= FINDING_NOT_A_FILE;
}

/* The length of the well-formed UTF-8 character at the beginning of the bytes (RFC 3629); 0 if
 * there is none. */
static size_t utf8_length(struct span bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    size_t len = at[0] < 0x80   ? 1
                 : at[0] < 0xc2 ? 0
                 : at[0] < 0xe0 ? 2
                 : at[0] < 0xf0 ? 3
                 : at[0] < 0xf5 ? 4
                                : 0;
    if (len == 0 || len > bytes.len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

/* Whether a terminal only displays the character: it is neither a control character nor one that
 * changes the direction of the text (U+202A to U+202E, U+2066 to U+2069). */
static bool is_tame(const char *at, size_t len)
{
    const unsigned char *c = (const unsigned char *)at;
    if (len == 1)
        return c[0] >= 0x20 && c[0] != 0x7f;
    if (len == 2)
        return c[0] != 0xc2 || c[1] >= 0xa0;
    if (len == 3 && c[0] == 0xe2)
        return !(c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) &&
               !(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
    return true;
}

bool finding_write_text(struct out *out, struct span bytes)
{
    static const char digits[] = "0123456789abcdef";
    bool good = true;
    while (bytes.len > 0 && good) {
        size_t len = utf8_length(bytes);
        unsigned char byte = (unsigned char)*bytes.at;
        if (byte == '\\') {
            good = out_write(out, SPAN("\\\\"));
            len = 1;
        } else if (len > 0 && is_tame(bytes.at, len)) {
            good = out_write(out, (struct span){bytes.at, len});
        } else {
            len = len > 0 ? len : 1;
            for (size_t i = 0; i < len && good; i++) {
                byte = (unsigned char)bytes.at[i];
                char text[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
                good = out_write(out, (struct span){text, sizeof text});
            }
        }
        bytes.at += len;
        bytes.len -= len;
    }
    return good;
}

bool finding_write_json(struct out *out, struct span bytes)
{
    bool good = out_write(out, SPAN("\""));
    while (bytes.len > 0 && good) {
        size_t len = utf8_length(bytes);
        if (len == 0) {
            good = out_write(out, SPAN("\xef\xbf\xbd"));
            len = 1;
        } else {
            char text[8];
            struct span one = {bytes.at, len};
            good = out_write(out, (struct span){text, json_string_encode(&one, text, sizeof text)});
        }
        bytes.at += len;
        bytes.len -= len;
    }
    return good && out_write(out, SPAN("\""));
}

static bool write_json_digest(struct out *out, const char *name, const unsigned char *digest)
{
    char text[32 + DIGEST_HEX], hex[DIGEST_HEX];
    digest_hex(digest, DIGEST_SIZE, hex);
    int len = snprintf(text, sizeof text, ",\"%s\":\"%.*s\"", name, DIGEST_HEX, hex);
    return out_write(out, (struct span){text, (size_t)len});
}

static bool write_json(struct out *out, const struct finding *f)
{
    char text[64];
    int len = snprintf(text, sizeof text, "{\"finding\":\"%s\",\"%s\":", names[f->kind],
                       finding_is_event(f->kind) ? "path" : "file");
    bool good =
        out_write(out, (struct span){text, (size_t)len}) && finding_write_json(out, f->subject);
    if (f->seal > 0) {
        len = snprintf(text, sizeof text, ",\"seal\":%" PRIu32, f->seal);
        good = good && out_write(out, (struct span){text, (size_t)len});
    }
    if (f->expected != NULL)
        good = good && write_json_digest(out, "expected", f->expected);
    if (f->found != NULL)
        good = good && write_json_digest(out, "found", f->found);
    if (f->detail != NULL)
        good = good && out_write(out, SPAN(",\"detail\":")) &&
               finding_write_json(out, span_of(f->detail));
    return good && out_write(out, SPAN("}\n"));
}

static bool write_hex(struct out *out, const char *before, const unsigned char *digest)
{
    char hex[DIGEST_HEX];
    digest_hex(digest, DIGEST_SIZE, hex);
    return out_write(out, span_of(before)) && out_write(out, (struct span){hex, DIGEST_HEX});
}

bool finding_write(struct out *out, const struct finding *f, bool json)
{
    if (json)
        return write_json(out, f);
    bool good = out_write(out, span_of(names[f->kind])) && out_write(out, SPAN(": ")) &&
                finding_write_text(out, f->subject);
    if (f->detail != NULL)
        good = good && out_write(out, SPAN(": ")) && out_write(out, span_of(f->detail));
    if (f->expected != NULL)
        good = good && write_hex(out, "; sealed ", f->expected);
    if (f->found != NULL)
        good = good && write_hex(out, "; found ", f->found);
    return good && out_write(out, SPAN("\n"));
}
