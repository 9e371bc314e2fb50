#include "config.h"

#include "deliver/receipts_reader.h"
#include "json/json_string.h"

#include <errno.h>
#include <stdlib.h>

bool receipts_reader_open(struct receipts_reader *reader, const char *name)
{
    *reader = (struct receipts_reader){.name = name, .file = fopen(name, "re")};
    return reader->file != NULL;
}

/* A number of at most 18 digits. */
static bool read_number(const struct json_value *value, size_t *number)
{
    if (value->type != JSON_NUMBER || value->text.len > 18)
        return false;
    *number = 0;
    for (size_t i = 0; i < value->text.len; i++) {
        if (value->text.at[i] < '0' || value->text.at[i] > '9')
            return false;
        *number = *number * 10 + (size_t)(value->text.at[i] - '0');
    }
    return true;
}

static struct span content(const struct json_value *value)
{
    if (value->type != JSON_STRING)
        return (struct span){"", 0};
    return (struct span){value->text.at + 1, value->text.len - 2};
}

/* Removes the text from the beginning of the rest.  False: the rest does not begin with it. */
static bool take(struct span *rest, struct span text)
{
    if (rest->len < text.len || memcmp(rest->at, text.at, text.len) != 0)
        return false;
    *rest = (struct span){rest->at + text.len, rest->len - text.len};
    return true;
}

/* The same for a number of at most 18 digits. */
static bool take_number(struct span *rest, size_t *number)
{
    size_t len = 0;
    for (*number = 0; len < rest->len && len < 19; len++) {
        unsigned digit = (unsigned char)rest->at[len] - (unsigned)'0';
        if (digit > 9)
            break;
        *number = *number * 10 + digit;
    }
    if (len == 0 || len == 19 || (len > 1 && rest->at[0] == '0'))
        return false;
    *rest = (struct span){rest->at + len, rest->len - len};
    return true;
}

/* The same for the rest of a string of printable ASCII without escapes, and its closing quote. */
static bool take_string(struct span *rest, struct span *content)
{
    size_t len = 0;
    while (len < rest->len && rest->at[len] >= ' ' && rest->at[len] <= '~' &&
           rest->at[len] != '"' && rest->at[len] != '\\')
        len++;
    *content = (struct span){rest->at, len};
    *rest = (struct span){rest->at + len, rest->len - len};
    return take(rest, SPAN("\""));
}

/* The same for seconds as receipts_write() writes them. */
static bool take_seconds(struct span *rest)
{
    size_t number;
    if (!take_number(rest, &number) || !take(rest, SPAN(".")) || rest->len < 6)
        return false;
    for (size_t i = 0; i < 6; i++)
        if (rest->at[i] < '0' || rest->at[i] > '9')
            return false;
    *rest = (struct span){rest->at + 6, rest->len - 6};
    return true;
}

/* Parses the usual receipt: a line that was delivered, with exactly the members that
 * receipts_write() gives it.  There are millions of these, and a general JSON parser takes several
 * times as long.  False: it has another form, which may be a receipt too. */
static bool parse_usual(struct span rest, struct receipt_read *receipt)
{
    size_t number;
    struct span kind;
    if (!take(&rest, SPAN("{\"line\":")) || !take_number(&rest, &receipt->line) ||
        !take(&rest, SPAN(",\"path\":")) ||
        !(take(&rest, SPAN("null")) ||
          (take(&rest, SPAN("\"")) && take_string(&rest, &receipt->path))) ||
        !take(&rest, SPAN(",\"outcome\":\"")) || !take_string(&rest, &kind) ||
        !take(&rest, SPAN(",\"status\":")) ||
        !(take(&rest, SPAN("null")) || take_number(&rest, &number)) ||
        !take(&rest, SPAN(",\"attempts\":")) || !take_number(&rest, &number) ||
        !take(&rest, SPAN(",\"bytes\":")) || !take_number(&rest, &number) ||
        !take(&rest, SPAN(",\"queued\":")) || !take_seconds(&rest) ||
        !take(&rest, SPAN(",\"seconds\":")) || !take_seconds(&rest) ||
        !((take(&rest, SPAN(",\"mac\":\"")) && take_string(&rest, &receipt->mac)) ||
          (take(&rest, SPAN(",\"digest\":\"")) && take_string(&rest, &receipt->digest))) ||
        !take(&rest, SPAN("}")) || rest.len > 0)
        return false;
    receipt->kind = outcome_of_name(kind);
    return receipt->kind != OUTCOMES;
}

static void clear(struct receipt_read *receipt, struct span text)
{
    *receipt =
        (struct receipt_read){.kind = OUTCOMES, .digest = {"", 0}, .mac = {"", 0}, .text = text};
}

bool receipts_parse(struct json *json, struct span text, struct receipt_read *receipt)
{
    struct json_key key;
    struct json_value value;
    bool has_line = false;
    clear(receipt, text);
    if (parse_usual(text, receipt))
        return true;
    clear(receipt, text);
    json_begin(json, text.at, text.len);
    if (!json_object(json))
        return false;
    while (json_member(json, &key)) {
        if (!json_value(json, &value))
            return false;
        if (json_key_is(&key, SPAN("line")))
            has_line = read_number(&value, &receipt->line);
        else if (json_key_is(&key, SPAN("path")))
            receipt->path = value.type == JSON_STRING ? content(&value) : (struct span){NULL, 0};
        else if (json_key_is(&key, SPAN("outcome")))
            receipt->kind = outcome_of_name(content(&value));
        else if (json_key_is(&key, SPAN("digest")))
            receipt->digest = content(&value);
        else if (json_key_is(&key, SPAN("mac")))
            receipt->mac = content(&value);
    }
    return json_end(json) && has_line && receipt->kind != OUTCOMES;
}

/* Decodes the path.  A path that cannot be decoded counts as none.  False: no memory. */
static bool decode_path(struct receipts_reader *reader, struct receipt_read *receipt)
{
    struct span path = receipt->path;
    size_t len;
    if (path.at == NULL || memchr(path.at, '\\', path.len) == NULL)
        return true;
    receipt->path = (struct span){NULL, 0};
    if (path.len > reader->path_size) {
        free(reader->path);
        reader->path_size = path.len;
        if ((reader->path = malloc(path.len)) == NULL)
            return reader->path_size = 0, false;
    }
    if (json_string_decode(path, reader->path, reader->path_size, &len))
        receipt->path = (struct span){reader->path, len};
    return true;
}

bool receipts_reader_next(struct receipts_reader *reader, struct receipt_read *receipt)
{
    ssize_t len;
    while ((len = getline(&reader->buffer, &reader->size, reader->file)) > 0) {
        size_t used = (size_t)len - (reader->buffer[len - 1] == '\n');
        if (receipts_parse(&reader->json, (struct span){reader->buffer, used}, receipt) &&
            decode_path(reader, receipt))
            return true;
        reader->passed_over += used > 0;
    }
    return false;
}

bool receipts_reader_close(struct receipts_reader *reader)
{
    bool good = feof(reader->file) != 0;
    int error = errno != 0 ? errno : EIO;
    fclose(reader->file);
    free(reader->buffer);
    free(reader->path);
    reader->file = NULL;
    reader->buffer = reader->path = NULL;
    errno = error;
    return good;
}
