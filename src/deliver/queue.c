#include "config.h"

#include "base/diag.h"
#include "deliver/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK_SIZE = 64 * 1024, /* bytes of an ordinary block */
    LEAST_ROOM = 16 * 1024, /* with less room than this, the next block is taken */
};

struct block {
    struct block *next;
    size_t users;    /* entries in it, and the queue while it fills it */
    size_t capacity; /* bytes; the last is kept for a newline that the input may lack */
    size_t used;
    char bytes[];
};

void queue_begin(struct queue *queue, struct input *input, size_t limit, size_t window)
{
    *queue = (struct queue){.input = input, .limit = limit, .window = window};
}

static struct block *block_new(struct queue *queue, size_t capacity)
{
    struct block *block = queue->spare;
    if (capacity <= BLOCK_SIZE && block != NULL) {
        queue->spare = block->next;
    } else {
        if (capacity < BLOCK_SIZE)
            capacity = BLOCK_SIZE;
        block = malloc(sizeof *block + capacity);
        if (block == NULL)
            return NULL;
        block->capacity = capacity;
    }
    block->users = 1;
    block->used = 0;
    queue->held += block->capacity;
    return block;
}

static void block_drop(struct queue *queue, struct block *block)
{
    if (--block->users > 0)
        return;
    queue->held -= block->capacity;
    if (block->capacity != BLOCK_SIZE) {
        free(block);
        return;
    }
    block->next = queue->spare;
    queue->spare = block;
}

bool queue_full(const struct queue *queue)
{
    size_t filling = queue->block != NULL ? queue->block->capacity : 0;
    return queue->held - filling >= queue->window;
}

int queue_fd(struct queue *queue)
{
    if (queue->at_end || queue_full(queue))
        return -1;
    if (!queue->open) {
        if (!input_next_file(queue->input)) {
            queue->at_end = true;
            return -1;
        }
        queue->open = true;
        queue->line = 0;
    }
    return queue->input->fd;
}

/* Makes room in the block that is being filled for one read, or begins another. */
static bool make_room(struct queue *queue)
{
    struct block *block = queue->block;
    if (block == NULL) {
        queue->begin = queue->scanned = 0;
        return (queue->block = block_new(queue, BLOCK_SIZE)) != NULL;
    }
    if (block->users == 1 && queue->begin == block->used)
        block->used = queue->begin = queue->scanned = 0;
    if (block->capacity - block->used >= LEAST_ROOM)
        return true;
    size_t tail = block->used - queue->begin;
    if (block->users == 1 && queue->begin == 0) {
        struct block *grown = realloc(block, sizeof *block + 2 * block->capacity);
        if (grown == NULL)
            return false;
        queue->held += grown->capacity;
        grown->capacity *= 2;
        queue->block = grown;
        return true;
    }
    struct block *fresh = block_new(queue, 2 * tail);
    if (fresh == NULL)
        return false;
    memcpy(fresh->bytes, block->bytes + queue->begin, tail);
    fresh->used = tail;
    block_drop(queue, block);
    queue->block = fresh;
    queue->scanned -= queue->begin;
    queue->begin = 0;
    return true;
}

static void no_memory(struct queue *queue)
{
    diag_fail("%s: no memory left to read on", queue->input->name);
    queue_stop(queue);
}

void queue_read(struct queue *queue)
{
    if (!make_room(queue)) {
        no_memory(queue);
        return;
    }
    struct block *block = queue->block;
    ssize_t n;
    do
        n = read(queue->input->fd, block->bytes + block->used, block->capacity - block->used - 1);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (n < 0)
        diag_fail("%s: %s", queue->input->name, strerror(errno));
    if (n <= 0)
        queue->open = false;
    else
        block->used += (size_t)n;
}

static bool is_blank(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r')
            return false;
    return true;
}

static struct entry *entry_new(struct queue *queue, struct span text, bool too_long, int64_t now)
{
    struct entry *entry = queue->unused;
    if (entry != NULL)
        queue->unused = entry->next;
    else if ((entry = malloc(sizeof *entry)) == NULL) {
        no_memory(queue);
        return NULL;
    }
    *entry = (struct entry){
        .record = {text, queue->input->name, queue->line, too_long},
        .event = text,
        .read_at = now,
        .block = queue->block,
    };
    queue->block->users++;
    queue->held += sizeof *entry;
    return entry;
}

/* Hands on what is there of a line that is too long. */
static void hand_on(struct queue *queue, size_t end)
{
    struct span chunk = span_between(queue->block->bytes + queue->begin, queue->block->bytes + end);
    if (queue->too_long != NULL && chunk.len > 0)
        queue->too_long(queue->context, chunk);
    queue->begin = end;
    queue->overlong = true;
}

/* Ends the line that ends before `end`: with its newline, or with one that is put there. */
static void end_line(struct queue *queue, size_t end)
{
    struct block *block = queue->block;
    if (end == block->used)
        block->bytes[block->used++] = '\n';
    queue->begin = queue->scanned = end + 1;
    queue->overlong = false;
    queue->line++;
}

struct entry *queue_next(struct queue *queue, int64_t now)
{
    struct block *block = queue->block;
    while (block != NULL) {
        const char *from = block->bytes + queue->scanned;
        const char *newline = memchr(from, '\n', block->used - queue->scanned);
        size_t end = newline != NULL ? (size_t)(newline - block->bytes) : block->used;
        queue->scanned = end;
        if (end - queue->begin > queue->limit || queue->overlong)
            hand_on(queue, end);
        struct span text = span_between(block->bytes + queue->begin, block->bytes + end);
        bool too_long = queue->overlong;
        if (newline == NULL && (queue->open || (text.len == 0 && !too_long)))
            return NULL;
        end_line(queue, end);
        if (too_long || !is_blank(text))
            return entry_new(queue, text, too_long, now);
    }
    return NULL;
}

bool queue_unread(const struct queue *queue)
{
    const struct input *input = queue->input;
    struct stat file;
    if (queue->at_end)
        return false;
    if (input->next < input->operands)
        return true;
    return queue->open && fstat(input->fd, &file) == 0 && S_ISREG(file.st_mode) &&
           lseek(input->fd, 0, SEEK_CUR) < file.st_size;
}

void queue_discard(struct queue *queue)
{
    if (queue->block != NULL)
        queue->block->used = queue->scanned = queue->begin;
}

void queue_stop(struct queue *queue)
{
    if (queue_unread(queue) && !queue->overlong)
        queue_discard(queue);
    queue->open = false;
    queue->at_end = true;
}

void queue_release(struct queue *queue, struct entry *entry)
{
    if (entry->block != NULL) {
        block_drop(queue, entry->block);
    } else {
        queue->held -= entry->record.text.len + 1;
        free((char *)entry->record.text.at);
    }
    queue->held -= sizeof *entry;
    entry->next = queue->unused;
    queue->unused = entry;
}

void queue_detach(struct queue *queue, struct entry *entry)
{
    struct span *text = &entry->record.text;
    if (entry->block == NULL || text->len == 0)
        return;
    char *copy = malloc(text->len + 1);
    if (copy == NULL)
        return;
    memcpy(copy, text->at, text->len + 1);
    entry->event.at = copy + (entry->event.at - text->at);
    if (entry->path.at != NULL)
        entry->path.at = copy + (entry->path.at - text->at);
    text->at = copy;
    queue->held += text->len + 1;
    block_drop(queue, entry->block);
    entry->block = NULL;
}

void queue_end(struct queue *queue)
{
    if (queue->block != NULL)
        block_drop(queue, queue->block);
    queue->block = NULL;
    for (struct block *next, *block = queue->spare; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    for (struct entry *next, *entry = queue->unused; entry != NULL; entry = next) {
        next = entry->next;
        free(entry);
    }
    queue->spare = NULL;
    queue->unused = NULL;
}
