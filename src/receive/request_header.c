#include "config.h"

#include "receive/request_header.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static bool is_token(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) &&
            (name[i] == '\0' || strchr("!#$%&'*+-.^_`|~", name[i]) == NULL))
            return false;
    return len > 0;
}

/* Whether there is no control character except tabs (RFC 9110 section 5.5). */
static bool is_value(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)value[i] < 0x20 && value[i] != '\t') || value[i] == 0x7f)
            return false;
    return true;
}

/* libmicrohttpd 0.9.75 appends a folded line (RFC 9112 section 5.2) to the field's name.  A field
 * that determines the end of the body must not become an unknown one that way. */
static bool is_folded(const char *name, size_t len)
{
    static const struct span framing[] = {SPAN_INIT("Transfer-Encoding"),
                                          SPAN_INIT("Content-Length")};
    for (size_t i = 0; i < sizeof framing / sizeof *framing; i++)
        if (len > framing[i].len && strncasecmp(name, framing[i].at, framing[i].len) == 0)
            return true;
    return false;
}

/* libmicrohttpd before 1.0 ends a value at a NUL, which a header must not contain (RFC 9110 section
 * 5.5).  This checks whether there is more between the end of the last value and a later position
 * in the header than `ends` bytes of line ends, which are NULs by now, and white space. */
static bool hides_bytes(const struct request_header *header, const char *to, size_t ends)
{
    const char *from = header->end;
    if (MHD_VERSION >= 0x01000000 || from == NULL || to <= from ||
        (size_t)(to - from) > header->size)
        return false;
    size_t seen = 0;
    for (; from < to; from++) {
        if (*from != '\0' && *from != '\r' && *from != '\n' && *from != ' ' && *from != '\t')
            return true;
        seen += *from != ' ' && *from != '\t';
    }
    return seen > ends;
}

static enum MHD_Result read_field(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_len, const char *value, size_t value_len)
{
    struct request_header *header = context;
    const struct auth_check *auth = header->auth;
    (void)kind;
    if (value == NULL)
        value_len = 0;
    header->ambiguous |= hides_bytes(header, name, 2);
    header->end = value != NULL ? value + value_len : NULL;
    if (!is_token(name, name_len) || !is_value(value, value_len) || is_folded(name, name_len))
        header->ambiguous = true;
    if (strcasecmp(name, "Content-Length") == 0) {
        header->lengths++;
        header->length = value_len > 0 ? strtoull(value, NULL, 10) : 0;
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        header->codings++;
        header->chunked = value != NULL && strcasecmp(value, "chunked") == 0;
    } else if (strcasecmp(name, "Content-Encoding") == 0) {
        header->encodings++;
        header->encoding = value;
    } else if (strcasecmp(name, "Host") == 0) {
        header->hosts++;
    } else if (strcasecmp(name, "Expect") == 0) {
        header->expects = value != NULL && strcasecmp(value, "100-continue") == 0;
    }
    if (strcasecmp(name, "Authorization") == 0)
        header->splunk = value != NULL && strncasecmp(value, "Splunk ", 7) == 0;
    if (auth->kind != AUTH_CHECK_NONE && auth->kind != AUTH_CHECK_QUERY &&
        strcasecmp(name, auth->name) == 0) {
        header->credentials++;
        header->credential = (struct span){value, value_len};
    }
    return MHD_YES;
}

static enum MHD_Result read_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                      size_t name_len, const char *value, size_t value_len)
{
    struct request_header *header = context;
    (void)kind;
    if (span_equal((struct span){name, name_len}, span_of(header->auth->name))) {
        header->credentials++;
        header->credential = (struct span){value, value != NULL ? value_len : 0};
    }
    return MHD_YES;
}

struct request_header request_header_read(struct MHD_Connection *connection,
                                          const struct auth_check *auth, const char *method,
                                          const char *version)
{
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct request_header header = {.auth = auth, .size = size != NULL ? size->header_size : 0};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, read_field, &header);
    if (auth->kind == AUTH_CHECK_QUERY)
        MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, read_parameter, &header);
    /* An empty line follows the last value. */
    header.ambiguous |=
        hides_bytes(&header, method + header.size, 4) || header.lengths + header.codings > 1 ||
        header.hosts > 1 || header.encodings > 1 || header.credentials > 1 ||
        (header.codings == 1 && (!header.chunked || strcmp(version, "HTTP/1.1") != 0));
    return header;
}
