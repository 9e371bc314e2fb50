#include "config.h"

#include "json/json_index.h"
#include "json/json_sweep.h"

#include <string.h>

void json_index_begin(struct json_index *index, const char *text, size_t len)
{
    /* Everything but the tokens, which are void with count and used 0. */
    memset(index, 0, offsetof(struct json_index, token));
    index->text = (const unsigned char *)text;
    index->len = len;
}

void json_index_rewind(struct json_index *index)
{
    if (index->base == 0)
        index->used = 0;
    else
        json_index_begin(index, (const char *)index->text, index->len);
}

void json_index_extend(struct json_index *index, const char *text, size_t len)
{
    index->text = (const unsigned char *)text;
    index->len = len;
}

/* Notes the first wrong byte of the text. */
static void fail(struct json_index *index, enum json_code code, size_t offset)
{
    if (index->error.code == JSON_OK || offset < index->error.offset)
        index->error = (struct json_error){code, offset};
}

static bool is_hex(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* Whether the letter at `offset` forms an escape. */
static bool is_escape(const struct json_index *index, size_t offset)
{
    if (offset >= index->len)
        return true; /* the string is not terminated either, which json_index_fill reports */
    switch (index->text[offset]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    case 'u':
        for (size_t i = offset + 1; i <= offset + 4; i++)
            if (i >= index->len || !is_hex(index->text[i]))
                return false;
        return true;
    default:
        return false;
    }
}

/* Checks the escape whose letter is at `offset`. */
static void check_escape(struct json_index *index, size_t offset)
{
    if (!is_escape(index, offset))
        fail(index, JSON_ERROR_ESCAPE, offset - 1);
}

/* Mask of the bytes that a backslash escapes; checks each escape.  A backslash outside a string is
 * wrong too, and the grammar notices it first, so all can be checked alike. */
static uint64_t find_escaped(struct json_index *index, uint64_t backslash)
{
    uint64_t escaped = index->escaped;
    backslash &= ~escaped;
    index->escaped = 0;
    while (backslash != 0) {
        uint64_t one = backslash & -backslash;
        check_escape(index, index->next + json_block_first(one) + 1);
        if (one == (uint64_t)1 << (JSON_BLOCK - 1)) {
            index->escaped = 1;
            break;
        }
        escaped |= one << 1;
        backslash &= ~(one | one << 1);
    }
    return escaped;
}

/* Length of the UTF-8 sequence at `at` (RFC 3629 section 4), 0 if it is not one.  `at` has its high
 * bit set. */
static size_t utf8_sequence(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];
    if (left >= 3 && (lead & 0xf0) == 0xe0) { /* three bytes, which most scripts use */
        unsigned second = at[1];
        unsigned low = lead == 0xe0 ? 0xa0 : 0x80, high = lead == 0xed ? 0x9f : 0xbf;
        return second >= low && second <= high && (at[2] & 0xc0) == 0x80 ? 3 : 0;
    }
    if (lead >= 0xc2 && lead <= 0xdf)
        return left >= 2 && (at[1] & 0xc0) == 0x80 ? 2 : 0;
    if (lead >= 0xf0 && lead <= 0xf4 && left >= 4) {
        unsigned low = lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xf4 ? 0x8f : 0xbf;
        bool good =
            at[1] >= low && at[1] <= high && (at[2] & 0xc0) == 0x80 && (at[3] & 0xc0) == 0x80;
        return good ? 4 : 0;
    }
    return 0;
}

/* Checks the sequences that begin in the block at `next`, whose high bytes are given. */
static void check_utf8(struct json_index *index, uint64_t high)
{
    while (high != 0) {
        size_t offset = index->next + json_block_first(high);
        if (offset < index->utf8_next) { /* the rest of a sequence of the previous block */
            high &= high - 1;
            continue;
        }
        size_t length = utf8_sequence(index->text + offset, index->len - offset);
        if (length == 0) {
            fail(index, JSON_ERROR_UTF8, offset);
            return;
        }
        index->utf8_next = offset + length;
        unsigned next = json_block_first(high) + (unsigned)length;
        high = next < JSON_BLOCK ? high & (~(uint64_t)0 << next) : 0;
    }
}

/* The functions that read blocks on a processor. */
struct blocks {
    struct json_block (*read)(const unsigned char *at);
    uint64_t (*between)(uint64_t quotes); /* json_block_between() or an equivalent */
    unsigned (*count)(uint64_t mask);     /* how many bits are set */
    /* Writes the numbers of the set bits, `count` of them, each plus offset.  May write up to
     * JSON_BLOCK entries. */
    void (*list)(uint64_t mask, unsigned count, uint32_t offset, uint32_t *out);
};

/* The bytes of a block at which a token begins. */
static inline __attribute__((always_inline)) uint64_t find_tokens(struct json_index *index,
                                                                  const struct json_block *b,
                                                                  size_t size,
                                                                  const struct blocks *blocks)
{
    uint64_t own = ~(uint64_t)0 >> (JSON_BLOCK - size);
    uint64_t quote = b->quote;
    if ((b->backslash | index->escaped) != 0) {
        index->backslash = true;
        quote &= ~find_escaped(index, b->backslash);
    }
    uint64_t string = blocks->between(quote) ^ index->string;
    uint64_t scalar = ~(b->structure | b->space | quote | string);
    uint64_t begin = scalar & ~(scalar << 1 | index->scalar);
    uint64_t tokens = (b->structure & ~string) | (quote & string) | begin;
    index->string = (uint64_t)((int64_t)string >> (JSON_BLOCK - 1));
    index->scalar = scalar >> (JSON_BLOCK - 1);
    index->space |= (b->space & ~string & own) != 0;
    if (b->high != 0)
        check_utf8(index, b->high);
    if ((b->control & string) != 0)
        fail(index, JSON_ERROR_CONTROL, index->next + json_block_first(b->control & string));
    if (index->error.code != JSON_OK && index->error.offset < index->next + JSON_BLOCK) {
        size_t good = index->error.offset > index->next ? index->error.offset - index->next : 0;
        tokens &= ((uint64_t)1 << good) - 1;
    }
    return tokens;
}

/* Scans a block, of which the first `size` bytes are the text's at `next`. */
static inline __attribute__((always_inline)) void scan_block(struct json_index *index,
                                                             struct json_block block, size_t size,
                                                             const struct blocks *blocks)
{
    uint64_t tokens = find_tokens(index, &block, size, blocks);
    unsigned count = blocks->count(tokens);
    blocks->list(tokens, count, (uint32_t)(index->next - index->base), index->token + index->count);
    index->count += count;
    index->next += size;
}

/* Reads the text's last `size` bytes, less than a block, padded with spaces, which are no
 * tokens. */
static inline __attribute__((always_inline)) struct json_block
read_last(const struct json_index *index, size_t size, const struct blocks *blocks)
{
    unsigned char padded[JSON_BLOCK];
    if (index->len < JSON_BLOCK) {
        memset(padded, ' ', sizeof padded);
        memcpy(padded, index->text + index->next, size);
        return blocks->read(padded);
    }
    struct json_block b = blocks->read(index->text + index->len - JSON_BLOCK);
    unsigned before = JSON_BLOCK - (unsigned)size; /* bytes of the previous block */
    return (struct json_block){
        .quote = b.quote >> before,
        .backslash = b.backslash >> before,
        .structure = b.structure >> before,
        .space = b.space >> before | ~(uint64_t)0 << size,
        .control = b.control >> before,
        .high = b.high >> before,
    };
}

/* Scans the blocks before `end`, which is the text's end or a block's. */
static inline __attribute__((always_inline)) void scan_blocks(struct json_index *index, size_t end,
                                                              const struct blocks *blocks)
{
    while (end - index->next >= JSON_BLOCK && index->error.code == JSON_OK)
        scan_block(index, blocks->read(index->text + index->next), JSON_BLOCK, blocks);
    size_t rest = end - index->next;
    if (rest > 0 && index->error.code == JSON_OK)
        scan_block(index, read_last(index, rest, blocks), rest, blocks);
}

/* Eight at a time, needed or not: a branch for each token would be slower.  `first` returns the
 * number of the lowest set bit; for 0 any number. */
static inline __attribute__((always_inline)) void list_by(uint64_t mask, unsigned count,
                                                          uint32_t offset, uint32_t *out,
                                                          unsigned (*first)(uint64_t mask))
{
    for (unsigned done = 0; done < count; done += 8) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            *out++ = offset + first(mask);
            mask &= mask - 1;
        }
    }
}

static inline unsigned first_or_any(uint64_t mask)
{
    return json_block_first(mask | (uint64_t)1 << (JSON_BLOCK - 1));
}

static void list(uint64_t mask, unsigned count, uint32_t offset, uint32_t *out)
{
    list_by(mask, count, offset, out, first_or_any);
}

static void scan(struct json_index *index, size_t end)
{
    static const struct blocks blocks = {json_block_read, json_block_between, json_block_count,
                                         list};
    scan_blocks(index, end, &blocks);
}

#ifdef JSON_BLOCK_AVX2
JSON_AVX2 static inline unsigned count_avx2(uint64_t mask)
{
    return (unsigned)__builtin_popcountll(mask);
}

JSON_AVX2 static inline unsigned first_avx2(uint64_t mask)
{
    return (unsigned)_tzcnt_u64(mask);
}

JSON_AVX2 static inline void list_avx2(uint64_t mask, unsigned count, uint32_t offset,
                                       uint32_t *out)
{
    list_by(mask, count, offset, out, first_avx2);
}

JSON_AVX2 static void scan_avx2(struct json_index *index, size_t end)
{
    static const struct blocks blocks = {json_avx2_read, json_avx2_between, count_avx2, list_avx2};
    scan_blocks(index, end, &blocks);
}
#endif

/* Lists the tokens before `end`, up to an error. */
static void scan_exactly(struct json_index *index, size_t end)
{
#ifdef JSON_BLOCK_AVX2
    if (json_has_avx2())
        scan_avx2(index, end);
    else
#endif
        scan(index, end);
}

#ifdef JSON_SWEEP
/* One past the UTF-8 sequence that contains the byte before `end`; `end` if there is none, 0 if it
 * is invalid. */
static size_t sequence_past(const struct json_index *index, size_t end)
{
    size_t at = end - 1;
    while (at > 0 && end - at < 4 && (index->text[at] & 0xc0) == 0x80)
        at--;
    if (index->text[at] < 0x80)
        return end;
    size_t length = utf8_sequence(index->text + at, index->len - at);
    return length == 0 ? 0 : at + length;
}

/* Whether the escape and the sequence that continue after `end` are valid. */
static bool ends_well(struct json_index *index, const struct json_sweep *sweep, size_t end)
{
    size_t at = end;
    if (sweep->escaped != 0 && !is_escape(index, end))
        return false;
    for (uint64_t hex = sweep->hex; hex != 0; hex >>= 1, at++)
        if (at >= index->len || !is_hex(index->text[at]))
            return false;
    index->utf8_next = sequence_past(index, end);
    return index->utf8_next > 0;
}

/* The block before `next`; only its last three bytes matter. */
JSON_AVX512 static __m512i block_before(const struct json_index *index)
{
    unsigned char block[JSON_BLOCK] = {0};
    size_t n = index->next < 3 ? index->next : 3;
    memcpy(block + JSON_BLOCK - n, index->text + index->next - n, n);
    return _mm512_loadu_si512(block);
}

/* Lists the tokens before `end` if there is no error.  False: there may be one, and nothing was
 * changed. */
JSON_AVX512 static bool sweep(struct json_index *index, size_t end)
{
    struct json_sweep sweep = {.bits = json_sweep_bits(),
                               .escaped = index->escaped,
                               .string = index->string,
                               .scalar = index->scalar};
    const unsigned char *at = index->text + index->next;
    __m512i offset = _mm512_set1_epi32((int)(index->next - index->base));
    __m512i step = _mm512_set1_epi32(JSON_BLOCK);
    unsigned count = 0;
    size_t left = end - index->next;
    if (index->next > 0)
        sweep.before = block_before(index);
    for (; left >= JSON_BLOCK; left -= JSON_BLOCK) {
        __m512i v = _mm512_loadu_si512(at);
        uint64_t tokens = json_sweep_block(&sweep, v);
        count += json_sweep_list(tokens, offset, index->token + count);
        offset = _mm512_add_epi32(offset, step);
        at += JSON_BLOCK;
    }
    if (left > 0) {
        uint64_t own = ((uint64_t)1 << left) - 1;
        __m512i v = _mm512_mask_loadu_epi8(_mm512_set1_epi8(','), own, at);
        uint64_t tokens = json_sweep_block(&sweep, v) & own;
        count += json_sweep_list(tokens, offset, index->token + count);
    }
    if (json_sweep_doubts(&sweep) || !ends_well(index, &sweep, end))
        return false;
    index->escaped = sweep.escaped;
    index->string = sweep.string;
    index->scalar = sweep.scalar;
    index->backslash |= json_sweep_is(sweep.inside, SWEEP_BACKSLASH) != 0;
    index->space |= json_sweep_is(sweep.outside, SWEEP_BLANK) != 0;
    index->count = count;
    index->next = end;
    return true;
}
#endif

/* Scans as fast as this processor can, and exactly if that fails. */
static void scan_window(struct json_index *index, size_t end)
{
#ifdef JSON_SWEEP
    if (json_has_avx512() && sweep(index, end))
        return;
#endif
    scan_exactly(index, end);
}

bool json_index_fill(struct json_index *index)
{
    /* At the text's end the tokens are kept for json_index_rewind(). */
    if (index->next >= index->len || index->error.code != JSON_OK)
        return false;
    do {
        index->base = index->next;
        index->count = index->used = 0;
        size_t left = index->len - index->next;
        size_t end = left < JSON_WINDOW ? index->len : index->next + JSON_WINDOW;
        scan_window(index, end);
    } while (index->count == 0 && index->next < index->len && index->error.code == JSON_OK);
    return index->count > 0;
}
