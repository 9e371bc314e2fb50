#include "config.h"

#include "base/diag.h"
#include "filter/lines.h"

void lines_begin(struct lines *lines, struct input *input, size_t limit)
{
    *lines = (struct lines){.input = input, .limit = limit};
}

static bool is_blank(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r')
            return false;
    return true;
}

/* Hands on the line's bytes at hand, up to its newline if that is among them. */
static bool pass_on(struct lines *lines)
{
    struct span bytes = input_bytes(lines->input);
    const char *newline = memchr(bytes.at, '\n', bytes.len);
    if (newline != NULL)
        bytes.len = (size_t)(newline - bytes.at);
    if (lines->too_long != NULL)
        lines->too_long(lines->context, bytes);
    lines->input->start += bytes.len + (newline != NULL);
    return newline != NULL;
}

/* Hands on the rest of a line that is longer than the limit. */
static void drain(struct lines *lines, struct record *record)
{
    record->text = (struct span){"", 0};
    record->too_long = true;
    while (!pass_on(lines) && input_fill(lines->input))
        ;
    lines->passed = 0;
}

/* The next line of the open file, blank or not.  False: the file has ended. */
static bool next_line(struct lines *lines, struct record *record)
{
    struct input *input = lines->input;
    for (;;) {
        struct span bytes = input_bytes(input);
        const char *from = bytes.at + lines->passed;
        const char *newline = memchr(from, '\n', bytes.len - lines->passed);
        size_t len = newline != NULL ? (size_t)(newline - bytes.at) : bytes.len;
        *record = (struct record){
            .text = {bytes.at, len}, .source = input->name, .line = lines->line + 1};
        if (len > lines->limit) {
            lines->line++;
            drain(lines, record);
            return true;
        }
        lines->passed = len;
        if (newline == NULL && input_fill(input))
            continue;
        lines->passed = 0;
        if (len == 0 && newline == NULL)
            return false;
        /* That there was no more to read was found out after the buffer had been moved. */
        record->text.at = input_bytes(input).at;
        record->cut = newline == NULL && !input->at_end;
        lines->line++;
        input->start += len + (newline != NULL);
        return true;
    }
}

bool lines_next(struct lines *lines, struct record *record)
{
    for (;;) {
        if (!lines->open) {
            if (!input_next_file(lines->input))
                return false;
            lines->open = true;
            lines->line = lines->passed = 0;
        }
        if (!next_line(lines, record))
            lines->open = false;
        else if (record->too_long || !is_blank(record->text))
            return true;
    }
}
