#include "config.h"

#include "filter/texts.h"

enum { RECORD_SEPARATOR = 0x1e }; /* RFC 7464 section 2.2 */

void texts_begin(struct texts *texts, struct input *input, size_t limit, texts_reader *read,
                 texts_taker *bad, void *context)
{
    *texts = (struct texts){
        .input = input, .limit = limit, .read = read, .bad = bad, .context = context};
}

/* Advances a position over the bytes. */
static void advance(struct span bytes, size_t *line, size_t *byte)
{
    const char *at = bytes.at, *end = span_end(bytes), *newline;
    while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        ++*line;
        *byte = 1;
        at = newline + 1;
    }
    *byte += (size_t)(end - at);
}

static void consume(struct texts *texts, size_t count)
{
    if (count <= texts->line_rest) {
        texts->byte += count;
        texts->line_rest -= count;
    } else {
        advance((struct span){input_bytes(texts->input).at, count}, &texts->line, &texts->byte);
        texts->line_rest = 0;
        texts->line_whole = texts->line_mixed = false;
    }
    texts->input->start += count;
}

/* Finds the end of the current line.  False: it was not read yet. */
static bool find_line_end(struct texts *texts)
{
    struct span bytes = input_bytes(texts->input);
    if (texts->line_whole)
        return true;
    const char *from = bytes.at + texts->line_rest;
    const char *newline = memchr(from, '\n', bytes.len - texts->line_rest);
    texts->line_rest = newline != NULL ? (size_t)(newline - bytes.at) : bytes.len;
    texts->line_whole = newline != NULL;
    return texts->line_whole;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool begins_text(char byte)
{
    return byte == '{' || byte == '[' || byte == RECORD_SEPARATOR;
}

/* Rejects the current text: passes its bytes on, up to the next line that begins a text. */
static void give_up(struct texts *texts)
{
    for (;;) {
        struct span bytes = input_bytes(texts->input);
        size_t i = 1;
        while (i < bytes.len && !(bytes.at[i - 1] == '\n' && begins_text(bytes.at[i])))
            i++;
        bool found = i < bytes.len;
        /* A newline at the end is kept: the byte after it decides. */
        size_t keep = !found && bytes.len > 0 && bytes.at[bytes.len - 1] == '\n';
        size_t count = found ? i : bytes.len - keep;
        texts->bad(texts->context, (struct span){bytes.at, count});
        consume(texts, count);
        if (found)
            return;
        if (!input_fill(texts->input)) {
            texts->bad(texts->context, input_bytes(texts->input));
            consume(texts, keep);
            return;
        }
    }
}

/* Reports an error at an offset from the next byte. */
static enum texts_result bad(struct texts *texts, struct json_error error)
{
    texts->error = error;
    texts->error_line = texts->line;
    texts->error_byte = texts->byte;
    advance((struct span){input_bytes(texts->input).at, error.offset}, &texts->error_line,
            &texts->error_byte);
    if (texts->array != ARRAY_NONE)
        texts->array = ARRAY_BROKEN;
    return TEXTS_BAD;
}

/* How many of the first `most` bytes end at the end of a token: up to the last '}', ']' or white
 * space, or all bytes if no more follow.  Examines each byte of a text only once. */
static size_t safe_length(struct texts *texts, size_t most)
{
    struct span bytes = input_bytes(texts->input);
    size_t len = bytes.len < most ? bytes.len : most, end = len;
    if (texts->input->at_end && len == bytes.len)
        return len;
    while (len > texts->searched && bytes.at[len - 1] != '}' && bytes.at[len - 1] != ']' &&
           !is_space(bytes.at[len - 1]))
        len--;
    if (len > texts->searched)
        texts->safe = len;
    texts->searched = end;
    return texts->safe;
}

/* Finds the end of the current text, reading on as necessary. */
static enum texts_result frame(struct texts *texts, struct text *text)
{
    struct input *input = texts->input;
    struct json *json = &texts->json;
    size_t most = 512; /* bytes to examine; the text may be small and many bytes may follow it */
    texts->safe = texts->searched = 0;
    size_t given = safe_length(texts, most);
    json_begin(json, input_bytes(input).at, given);
    for (;;) {
        enum json_progress progress = json_whole(json);
        struct span bytes = input_bytes(input);
        if (progress == JSON_WHOLE && (size_t)(json_past(json) - bytes.at) <= texts->limit) {
            text->bytes = span_between(bytes.at, json_past(json));
            texts->pending = text->bytes.len;
            texts->read(texts->context, text->bytes);
            return TEXTS_ONE;
        }
        /* The text continues after the examined bytes, but others may follow it. */
        size_t looked_at = bytes.len < most ? bytes.len : most;
        if (progress == JSON_MORE && looked_at <= texts->limit) {
            bool more = most < bytes.len || input_fill(input);
            bytes = input_bytes(input);
            if (more || given < bytes.len) {
                most = most < bytes.len ? 4 * most : bytes.len;
                given = safe_length(texts, most);
                json_extend(json, bytes.at, given);
                continue;
            }
            json_no_more(json);
            progress = JSON_WRONG;
        }
        enum texts_result result =
            bad(texts, progress == JSON_WRONG ? json_error(json) : (struct json_error){JSON_OK, 0});
        give_up(texts);
        return result;
    }
}

/* Skips white space and record separators.  False: the file has ended. */
static bool skip_space(struct texts *texts)
{
    for (;;) {
        struct span bytes = input_bytes(texts->input);
        size_t i = 0;
        while (i < bytes.len && (is_space(bytes.at[i]) || bytes.at[i] == RECORD_SEPARATOR))
            i++;
        consume(texts, i);
        if (i < bytes.len)
            return true;
        if (!input_fill(texts->input))
            return false;
    }
}

/* Skips an array's punctuation at the next byte.  False: there is none. */
static bool skip_punctuation(struct texts *texts)
{
    char byte = *input_bytes(texts->input).at;
    enum texts_array array = texts->array;
    bool broken = array == ARRAY_BROKEN;
    if (byte == '[' && (array == ARRAY_NONE || broken))
        texts->array = ARRAY_FIRST;
    else if (byte == ']' && (array == ARRAY_FIRST || array == ARRAY_AFTER || broken))
        texts->array = ARRAY_NONE;
    else if (byte == ',' && array == ARRAY_AFTER)
        texts->array = ARRAY_NEXT;
    else if (byte != ',' || !broken)
        return false;
    consume(texts, 1);
    return true;
}

/* Removes white space at the end of a text that ends with its line. */
static struct span trim(struct span text)
{
    while (is_space(text.at[text.len - 1]))
        text.len--;
    return text;
}

/* Takes the rest of the current line as one whole text.  False: it is not one, or the line was not
 * read completely. */
static bool line_as_text(struct texts *texts, struct text *text)
{
    struct span bytes = input_bytes(texts->input);
    if (*bytes.at != '{' || !find_line_end(texts) || texts->line_mixed)
        return false;
    text->bytes = trim((struct span){bytes.at, texts->line_rest});
    if (texts->array != ARRAY_NONE && text->bytes.at[text->bytes.len - 1] == ',')
        text->bytes.len--;
    texts->line_mixed = text->bytes.len > texts->limit || !texts->read(texts->context, text->bytes);
    if (!texts->line_mixed)
        texts->pending = text->bytes.len;
    return !texts->line_mixed;
}

/* Notes that the caller has handled the text that begins in this line. */
static void set_read(struct texts *texts, size_t line)
{
    texts->read_source = texts->input->name;
    texts->read_line = line;
}

/* Skips the lines that are read by other threads.  False: there are none. */
static bool pass_over_lines(struct texts *texts)
{
    struct input *input = texts->input;
    if (texts->array != ARRAY_NONE || texts->byte != 1 || find_line_end(texts))
        return false;
    size_t lines = input_take_lines(input, texts->line - 1, input_bytes(input).len);
    if (lines == 0 && !input->stop)
        return false;
    input->start = input->end;
    texts->line_rest = 0;
    texts->line += lines;
    if (lines > 0)
        set_read(texts, texts->line - 1);
    return true;
}

/* Opens the next file.  If the previous file ended inside an array, that is an error of that
 * file. */
static enum texts_result next_file(struct texts *texts)
{
    if (texts->open && texts->array != ARRAY_NONE && texts->array != ARRAY_BROKEN) {
        enum texts_result result = bad(texts, (struct json_error){JSON_ERROR_END, 0});
        texts->array = ARRAY_NONE;
        return result;
    }
    texts->open = input_next_file(texts->input);
    texts->line = texts->byte = 1;
    texts->line_rest = 0;
    texts->line_whole = texts->line_mixed = false;
    texts->array = ARRAY_NONE;
    return TEXTS_END;
}

enum texts_result texts_next(struct texts *texts, struct text *text)
{
    consume(texts, texts->pending);
    texts->pending = 0;
    if (texts->returned > 0)
        set_read(texts, texts->returned);
    texts->returned = 0;
    for (;;) {
        if (!texts->open || !skip_space(texts)) {
            enum texts_result result = next_file(texts);
            if (result != TEXTS_END || !texts->open) {
                text->source = texts->input->name;
                return result;
            }
            continue;
        }
        if (!skip_punctuation(texts) && !pass_over_lines(texts))
            break;
    }
    texts->returned = texts->line;
    *text = (struct text){{NULL, 0}, texts->input->name, texts->line, texts->byte};
    if (texts->array == ARRAY_AFTER)
        return bad(texts, (struct json_error){JSON_ERROR_ELEMENT, 0});
    if (texts->array == ARRAY_NONE && *input_bytes(texts->input).at != '{') {
        /* A text outside an array must be an object: parts of malformed texts are not read as
         * texts. */
        enum texts_result result = bad(texts, (struct json_error){JSON_ERROR_OBJECT, 0});
        give_up(texts);
        return result;
    }
    if (texts->array != ARRAY_NONE && texts->array != ARRAY_BROKEN)
        texts->array = ARRAY_AFTER;
    return line_as_text(texts, text) ? TEXTS_ONE : frame(texts, text);
}

struct span texts_line(struct span line)
{
    return line.len > 0 && *line.at == '{' ? trim(line) : (struct span){NULL, 0};
}
