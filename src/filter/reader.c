#include "config.h"

#include "base/diag.h"
#include "filter/reader.h"

#include <errno.h>
#include <stdlib.h>

enum {
    SMALL_BLOCK = 64 * 1024,  /* with many records waiting, one of which alone may keep a block */
    LARGE_BLOCK = 512 * 1024, /* with one record at a time */
    READ_MOST =
        256 * 1024, /* bytes of one read, so that they are still cached when they are scanned */
};

struct block {
    struct block *next;
    size_t users;    /* records in it, plus the reader while it fills it */
    size_t capacity; /* bytes; the last one is for a newline that may be missing in the input */
    size_t used;
    char bytes[];
};

void reader_begin(struct reader *reader, struct input *input, size_t limit, size_t window)
{
    *reader = (struct reader){
        .input = input,
        .limit = limit,
        .window = window,
        .block_size = window > 0 ? SMALL_BLOCK : LARGE_BLOCK,
    };
}

static struct block *block_new(struct reader *reader, size_t capacity)
{
    struct block *block = reader->spare;
    if (capacity <= reader->block_size && block != NULL) {
        reader->spare = block->next;
    } else {
        if (capacity < reader->block_size)
            capacity = reader->block_size;
        block = malloc(sizeof *block + capacity);
        if (block == NULL)
            return NULL;
        block->capacity = capacity;
    }
    block->users = 1;
    block->used = 0;
    reader->held += block->capacity;
    return block;
}

static void block_drop(struct reader *reader, struct block *block)
{
    if (--block->users > 0)
        return;
    reader->held -= block->capacity;
    if (block->capacity != reader->block_size) {
        /* One is kept: the system takes longer to clear memory than to read a file into it. */
        struct block *other = reader->large;
        bool larger = other == NULL || other->capacity < block->capacity;
        reader->large = larger ? block : other;
        free(larger ? other : block);
        return;
    }
    block->next = reader->spare;
    reader->spare = block;
}

bool reader_full(const struct reader *reader)
{
    size_t filling = reader->block != NULL ? reader->block->capacity : 0;
    return reader->window > 0 && reader->held - filling >= reader->window;
}

/* Opens the next file if none is open.  False: there are no more. */
static bool open_file(struct reader *reader)
{
    if (reader->open)
        return true;
    if (reader->at_end || !input_next_file(reader->input)) {
        reader->at_end = true;
        return false;
    }
    reader->open = true;
    reader->line = 0;
    return true;
}

int reader_fd(struct reader *reader)
{
    return !reader->at_end && !reader_full(reader) && open_file(reader) ? reader->input->fd : -1;
}

/* Enlarges the block that is being filled, which contains only one line. */
static bool grow(struct reader *reader)
{
    struct block *block = reader->block, *large = reader->large;
    if (large == NULL || large->capacity <= block->capacity) {
        large = realloc(block, sizeof *block + 2 * block->capacity);
        if (large == NULL)
            return false;
        reader->held += large->capacity;
        large->capacity *= 2;
        reader->block = large;
        return true;
    }
    reader->large = NULL;
    reader->held += large->capacity;
    memcpy(large->bytes, block->bytes, block->used);
    large->used = block->used;
    large->users = 1;
    block_drop(reader, block);
    reader->block = large;
    return true;
}

/* Makes room for one read in the block that is being filled, or begins another. */
static bool make_room(struct reader *reader)
{
    struct block *block = reader->block;
    if (block == NULL) {
        reader->begin = reader->scanned = 0;
        return (reader->block = block_new(reader, reader->block_size)) != NULL;
    }
    if (block->users == 1 && reader->begin == block->used) {
        block->used = reader->begin = reader->scanned = 0;
        if (block->capacity > reader->block_size) {
            /* A large record has been released. */
            block_drop(reader, block);
            return (reader->block = block_new(reader, reader->block_size)) != NULL;
        }
    }
    /* Bytes after a large record that is still needed get a block of their own: they would have to
     * move there when this one is full. */
    bool large = block->capacity > reader->block_size && block->users > 1;
    if (!large && block->capacity - block->used >= reader->block_size / 4)
        return true;
    size_t tail = block->used - reader->begin;
    if (block->users == 1 && reader->begin == 0)
        return grow(reader);
    /* Its records are all released: the unfinished line moves to the front. */
    if (block->users == 1 && tail <= block->capacity / 2) {
        memmove(block->bytes, block->bytes + reader->begin, tail);
        block->used = tail;
    } else {
        struct block *fresh = block_new(reader, 2 * tail);
        if (fresh == NULL)
            return false;
        memcpy(fresh->bytes, block->bytes + reader->begin, tail);
        fresh->used = tail;
        block_drop(reader, block);
        reader->block = fresh;
    }
    reader->scanned -= reader->begin;
    reader->begin = 0;
    return true;
}

static void no_memory(struct reader *reader)
{
    diag_fail("%s: no memory left to read on", reader->input->name);
    reader_stop(reader);
}

void reader_fill(struct reader *reader)
{
    if (!make_room(reader)) {
        no_memory(reader);
        return;
    }
    struct block *block = reader->block;
    size_t room = block->capacity - block->used - 1;
    ssize_t n =
        input_read(reader->input, block->bytes + block->used, room < READ_MOST ? room : READ_MOST);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (n < 0)
        diag_fail("%s: %s", reader->input->name, strerror(errno));
    if (n <= 0)
        reader->open = false;
    else
        block->used += (size_t)n;
}

static struct record *record_new(struct reader *reader, struct span text, bool too_long,
                                 bool partial)
{
    struct record *record = reader->unused;
    if (record != NULL)
        reader->unused = record->next;
    else if ((record = malloc(sizeof *record)) == NULL) {
        no_memory(reader);
        return NULL;
    }
    *record = (struct record){
        .text = text,
        .source = reader->source,
        .line = reader->line,
        .too_long = too_long,
        .partial = partial,
        .event = {JSON_NONE, {"", 0}},
        .block = reader->block,
    };
    reader->block->users++;
    reader->held += sizeof *record;
    return record;
}

/* Passes on the available part of a line that is too long. */
static void pass_on(struct reader *reader, size_t end)
{
    struct span chunk =
        span_between(reader->block->bytes + reader->begin, reader->block->bytes + end);
    if (reader->too_long != NULL && chunk.len > 0)
        reader->too_long(reader->context, chunk);
    reader->begin = end;
    reader->overlong = true;
}

/* Ends the line that ends before `end`: with its newline, or with an added one. */
static void end_line(struct reader *reader, size_t end)
{
    struct block *block = reader->block;
    if (end == block->used)
        block->bytes[block->used++] = '\n';
    reader->begin = reader->scanned = end + 1;
    reader->overlong = false;
    reader->source = reader->input->name;
    reader->line++;
}

struct record *reader_next(struct reader *reader)
{
    struct block *block = reader->block;
    while (block != NULL) {
        const char *from = block->bytes + reader->scanned;
        const char *newline = memchr(from, '\n', block->used - reader->scanned);
        size_t end = newline != NULL ? (size_t)(newline - block->bytes) : block->used;
        reader->scanned = end;
        if (end - reader->begin > reader->limit || reader->overlong)
            pass_on(reader, end);
        struct span text = span_between(block->bytes + reader->begin, block->bytes + end);
        bool too_long = reader->overlong;
        if (newline == NULL && (reader->open || (text.len == 0 && !too_long)))
            return NULL;
        end_line(reader, end);
        if (too_long || !span_is_blank(text))
            return record_new(reader, text, too_long, newline == NULL && reader->stopped);
    }
    return NULL;
}

/* Skips the lines that are read by other threads.  False: there are none. */
static bool pass_over_lines(struct reader *reader)
{
    struct block *block = reader->block;
    if (reader->overlong)
        return false;
    size_t lines = input_take_lines(reader->input, reader->line,
                                    block == NULL ? 0 : block->used - reader->begin);
    if (lines == 0)
        return false;
    reader_discard(reader);
    reader->source = reader->input->name;
    reader->line += lines;
    return true;
}

struct record *reader_pull(struct reader *reader)
{
    struct record *record;
    if (reader->pulled != NULL)
        reader_release(reader, reader->pulled);
    reader->pulled = NULL;
    while ((record = reader_next(reader)) == NULL) {
        if (!open_file(reader))
            return NULL;
        if (pass_over_lines(reader))
            continue;
        if (!input_await(reader->input))
            reader_stop(reader);
        else
            reader_fill(reader);
    }
    return reader->pulled = record;
}

bool reader_whole(const struct reader *reader, const struct record *record, struct reason *reason)
{
    if (record->too_long)
        return reason_set(reason, "the record is larger than %zu bytes (--max-record)",
                          reader->limit);
    return !record->partial || reason_set(reason, "reading was stopped before the line's end");
}

bool reader_unread(const struct reader *reader)
{
    return !reader->at_end && input_unread(reader->input);
}

bool reader_discard(struct reader *reader)
{
    struct block *block = reader->block;
    if (block == NULL || block->used == reader->begin)
        return false;
    block->used = reader->scanned = reader->begin;
    return true;
}

void reader_stop(struct reader *reader)
{
    if (reader_unread(reader) && !reader->overlong)
        reader_discard(reader);
    reader->stopped = reader->open;
    reader->open = false;
    reader->at_end = true;
}

void reader_release(struct reader *reader, struct record *record)
{
    if (record->block != NULL) {
        block_drop(reader, record->block);
    } else {
        reader->held -= record->text.len + 1;
        free((char *)record->text.at);
    }
    free(record->decoded);
    free(record->why);
    reader->held -= sizeof *record;
    record->next = reader->unused;
    reader->unused = record;
}

/* Moves a span from the bytes at `from` to their copy; one that points elsewhere is unchanged. */
static void move(struct span *span, struct span from, const char *to)
{
    if (span->at >= from.at && span->at <= span_end(from))
        span->at = to + (span->at - from.at);
}

void reader_detach(struct reader *reader, struct record *record)
{
    struct span text = record->text;
    if (record->block == NULL || text.len == 0)
        return;
    char *copy = malloc(text.len + 1);
    if (copy == NULL)
        return;
    memcpy(copy, text.at, text.len + 1);
    move(&record->path, text, copy);
    move(&record->name, text, copy);
    move(&record->event.text, text, copy);
    move(&record->body, text, copy);
    record->text.at = copy;
    reader->held += text.len + 1;
    block_drop(reader, record->block);
    record->block = NULL;
}

void reader_end(struct reader *reader)
{
    if (reader->pulled != NULL)
        reader_release(reader, reader->pulled);
    if (reader->block != NULL)
        block_drop(reader, reader->block);
    reader->pulled = NULL;
    reader->block = NULL;
    for (struct block *next, *block = reader->spare; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    for (struct record *next, *record = reader->unused; record != NULL; record = next) {
        next = record->next;
        free(record);
    }
    free(reader->large);
    reader->large = NULL;
    reader->spare = NULL;
    reader->unused = NULL;
}
