#include "config.h"

#include "json/json_block.h"
#include "json/json_compact.h"

/* The quotes of a block that open or close a string: those without a backslash before them.
 * *escaped says whether the block's first byte is escaped, and is set to whether the next block's
 * is. */
static uint64_t string_quotes(const struct json_block *block, uint64_t *escaped)
{
    uint64_t masked = *escaped, backslash = block->backslash & ~masked;
    *escaped = 0;
    while (backslash != 0) {
        uint64_t one = backslash & -backslash;
        *escaped = one >> (JSON_BLOCK - 1);
        masked |= one << 1;
        backslash &= ~(one | one << 1);
    }
    return block->quote & ~masked;
}

/* Copies the runs of bytes whose bits are set. */
static char *copy_runs(const char *at, uint64_t keep, char *out)
{
    while (keep != 0) {
        unsigned from = json_block_first(keep);
        uint64_t gap = ~(keep >> from); /* its lowest set bit ends the run */
        unsigned run = gap != 0 ? json_block_first(gap) : JSON_BLOCK;
        memcpy(out, at + from, run);
        out += run;
        if (from + run == JSON_BLOCK)
            break;
        keep &= ~(uint64_t)0 << (from + run);
    }
    return out;
}

size_t json_compact(struct span text, char *out)
{
    char *to = out;
    uint64_t escaped = 0, string = 0;
    for (size_t done = 0; done < text.len; done += JSON_BLOCK) {
        const char *at = text.at + done;
        char padded[JSON_BLOCK];
        if (text.len - done < JSON_BLOCK) {
            memset(padded, ' ', sizeof padded);
            at = memcpy(padded, at, text.len - done);
        }
        struct json_block block = json_block_read((const unsigned char *)at);
        string ^= json_block_between(string_quotes(&block, &escaped));
        uint64_t keep = ~block.space | string;
        string = (uint64_t)((int64_t)string >> (JSON_BLOCK - 1));
        to = copy_runs(at, keep, to);
    }
    return (size_t)(to - out);
}
