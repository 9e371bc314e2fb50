#include "config.h"

#include "seal/sha256_pair.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>

#define SHA_NI __attribute__((target("sha,sse4.1")))

enum { BLOCK = 64, LENGTH = 8 }; /* bytes; LENGTH: of the text's length, at the end */

/* One of the two current texts. */
struct lane {
    __m128i abef, cdgh;      /* the state, in the form that the instructions need */
    const unsigned char *at; /* blocks that are available */
    size_t blocks;
    size_t last_blocks; /* in `last`, to follow them */
    unsigned char last[2 * BLOCK];
    unsigned char *digest; /* NULL: no current text */
};

struct texts {
    const struct sha256_text *next;
    size_t count;
};

bool sha256_pair_able(void)
{
    enum { SHA = 1 << 29, SSE41 = 1 << 19 };
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & SHA) != 0 &&
           __get_cpuid(1, &a, &b, &c, &d) && (c & SSE41) != 0;
}

/* FIPS 180-4, section 4.2.2. */
static const uint32_t constant[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The state while a block is compressed, and the message schedule's last 16 words. */
struct working {
    __m128i abef, cdgh, w[4];
};

/* Words 4 r to 4 r + 3 of the block at `at`. */
SHA_NI static inline __m128i words(const unsigned char *at, int r)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)at + r), big_endian);
}

/* Rounds 4 r to 4 r + 3 (section 6.2.2), and the part of later words' computation that is possible
 * by then. */
SHA_NI static inline __attribute__((always_inline)) void four_rounds(struct working *s,
                                                                     const unsigned char *at, int r)
{
    __m128i *now = &s->w[r % 4], *next = &s->w[(r + 1) % 4], *last = &s->w[(r + 3) % 4];
    if (r < 4)
        *now = words(at, r);
    __m128i sum = _mm_add_epi32(*now, _mm_load_si128((const __m128i *)(const void *)constant + r));
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, sum);
    if (r >= 3 && r < 15) {
        *next = _mm_add_epi32(*next, _mm_alignr_epi8(*now, *last, 4));
        *next = _mm_sha256msg2_epu32(*next, *now);
    }
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(sum, 0x0e));
    if (r >= 1 && r < 13)
        *last = _mm_sha256msg1_epu32(*last, *now);
}

/* Processes each lane's next `blocks` blocks.  `lanes` is a constant at each call: all loops but
 * the outermost are unrolled, and the lanes' instructions alternate. */
SHA_NI static inline __attribute__((always_inline)) void compress(struct lane *lane, int lanes,
                                                                  size_t blocks)
{
    struct working s[2];
    for (int i = 0; i < lanes; i++)
        lane[i].blocks -= blocks;
    for (; blocks > 0; blocks--) {
        for (int i = 0; i < lanes; i++) {
            s[i].abef = lane[i].abef;
            s[i].cdgh = lane[i].cdgh;
        }
#pragma GCC unroll 16
        for (int r = 0; r < 16; r++)
#pragma GCC unroll 2
            for (int i = 0; i < lanes; i++)
                four_rounds(&s[i], lane[i].at, r);
        for (int i = 0; i < lanes; i++) {
            lane[i].abef = _mm_add_epi32(lane[i].abef, s[i].abef);
            lane[i].cdgh = _mm_add_epi32(lane[i].cdgh, s[i].cdgh);
            lane[i].at += BLOCK;
        }
    }
}

SHA_NI static void compress_one(struct lane *lane)
{
    compress(lane, 1, lane->blocks);
}

SHA_NI static void compress_two(struct lane *lane)
{
    compress(lane, 2, lane[0].blocks < lane[1].blocks ? lane[0].blocks : lane[1].blocks);
}

/* Begins with a text: its whole blocks, and the end with its padding (section 5.1.1). */
static void begin(struct lane *lane, const struct sha256_text *text)
{
    size_t len = text->bytes.len, rest = len % BLOCK;
    uint64_t bits = (uint64_t)len * 8;
    /* Section 5.3.3. */
    lane->abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
    lane->cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
    lane->at = (const unsigned char *)text->bytes.at;
    lane->blocks = len / BLOCK;
    lane->last_blocks = rest + 1 + LENGTH <= BLOCK ? 1 : 2;
    lane->digest = text->digest;
    memset(lane->last, 0, sizeof lane->last);
    if (rest > 0)
        memcpy(lane->last, text->bytes.at + len - rest, rest);
    lane->last[rest] = 0x80;
    unsigned char *end = lane->last + lane->last_blocks * BLOCK;
    for (; bits > 0; bits >>= 8)
        *--end = (unsigned char)bits;
}

/* Writes the digest: a to h, most significant bytes first. */
SHA_NI static void finish(struct lane *lane)
{
    const __m128i reverse = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    __m128i abcd = _mm_unpackhi_epi64(lane->cdgh, lane->abef);
    __m128i efgh = _mm_unpacklo_epi64(lane->cdgh, lane->abef);
    _mm_storeu_si128((__m128i *)(void *)lane->digest, _mm_shuffle_epi8(abcd, reverse));
    _mm_storeu_si128((__m128i *)(void *)lane->digest + 1, _mm_shuffle_epi8(efgh, reverse));
    lane->digest = NULL;
}

/* Makes sure that the lane has blocks.  False: there is no text left. */
static bool provide(struct lane *lane, struct texts *texts)
{
    while (lane->blocks == 0) {
        if (lane->last_blocks > 0) {
            lane->at = lane->last;
            lane->blocks = lane->last_blocks;
            lane->last_blocks = 0;
            return true;
        }
        if (lane->digest != NULL)
            finish(lane);
        if (texts->count == 0)
            return false;
        begin(lane, texts->next++);
        texts->count--;
    }
    return true;
}

void sha256_pair(const struct sha256_text *text, size_t count)
{
    struct texts texts = {text, count};
    struct lane lane[2] = {{.digest = NULL}, {.digest = NULL}};
    for (;;) {
        bool first = provide(&lane[0], &texts), second = provide(&lane[1], &texts);
        if (first && second)
            compress_two(lane);
        else if (first || second)
            compress_one(&lane[second]);
        else
            return;
    }
}

#else

bool sha256_pair_able(void)
{
    return false;
}

void sha256_pair(const struct sha256_text *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        digest_sha256(text[i].bytes, text[i].digest);
}

#endif
