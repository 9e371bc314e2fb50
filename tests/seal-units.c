/* seal-units: checks of seal_index, which settles events that are as they were sealed, and of
 * hasher and sha256_pair, which digest the events.
 *
 * Prints each check that fails, and how many there were; status 1 if any failed. */
#include "config.h"

#include "check.h"
#include "seal/hasher.h"
#include "seal/seal_index.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

static struct seal_index the_index;

static bool put(const char *path, const char *digest, bool wanted)
{
    return seal_index_put(&the_index, span_of(path), (const unsigned char *)digest, wanted);
}

static bool meet(const char *path, const char *digest)
{
    return seal_index_meet(&the_index, span_of(path), (const unsigned char *)digest);
}

static bool is_open(const char *path)
{
    return seal_index_is_open(&the_index, span_of(path));
}

static const char one[] = "0123456789abcdef0123456789abcdef",
                  other[] = "0123456789abcdef0123456789abcdeg";

static void check_paths(void)
{
    char longest[SEAL_PATH_MAX + 2], same[SEAL_PATH_MAX + 1];
    seal_index_begin(&the_index);
    check_number(seal_index_any_open(&the_index), false, "empty: any open");
    check_number(meet("a", one), false, "empty: an event");
    check_number(put("a", one, true), true, "put");
    check_number(is_open("a"), true, "wanted and not seen");
    check_number(meet("a", other), false, "with other bytes");
    check_number(meet("a", one), true, "as it was sealed");
    check_number(is_open("a"), true, "both were seen");
    check_number(put("b", one, true) && meet("b", one), true, "b is as it was sealed");
    check_number(is_open("b"), false, "b is settled");
    check_number(meet("b", NULL), false, "b is a link, too");
    check_number(is_open("b"), true, "and has to be compared");
    check_number(put("c", one, false), true, "not asked for");
    check_number(is_open("c"), false, "and not there");
    check_number(meet("c", other), false, "changed");
    check_number(is_open("c"), true, "not asked for, but changed");
    check_number(put("d", one, true) && put("d", NULL, true), true, "removed");
    check_number(is_open("d"), false, "and not there");
    check_number(meet("d", one), false, "it is there all the same");
    check_number(is_open("d"), true, "and has to be compared");
    check_number(put("e", other, true) && put("e", one, true), true, "sealed twice");
    check_number(meet("e", one) && !is_open("e"), true, "the last time counts");
    check_number(is_open("f") || meet("f", one) || is_open("f"), false,
                 "a path that was never sealed");
    memset(longest, 'x', sizeof longest);
    longest[SEAL_PATH_MAX + 1] = '\0';
    check_number(meet(longest, one), false, "longer than a path can be");
    longest[SEAL_PATH_MAX] = '\0';
    check_number(put(longest, one, true), true, "the longest path");
    memcpy(same, longest, sizeof same);
    same[SEAL_PATH_MAX - 1] = 'y';
    check_number(meet(same, one), false, "its last byte counts");
    check_number(meet(longest, one), true, "the longest path is as it was sealed");
    check_number(put("gh", one, true) && (meet("g", one) || meet("h", one)), false,
                 "a part of a path");
    seal_index_end(&the_index);
}

/* Adds numbered paths until one is refused; returns how many were added. */
static uint32_t fill(void)
{
    char path[16];
    uint32_t count = 0;
    for (;; count++) {
        snprintf(path, sizeof path, "7/%" PRIu32, count);
        if (!put(path, one, true))
            return count;
    }
}

static void check_room(void)
{
    char path[16];
    bool good = true;
    seal_index_begin(&the_index);
    uint32_t count = fill();
    size_t slots = SEAL_INDEX_MEMORY / sizeof(struct seal_index_slot);
    check_number(count >= slots / 8 * 7 && count < slots, true,
                 "the index is full at seven eighths");
    check_number(put("another", one, true), false, "it takes no further path");
    check_number(meet("another", one), false, "which is not in it");
    check_number(put("7/5", one, true), true, "but another entry of one that it has");
    check_number(seal_index_any_open(&the_index), true, "nothing was seen");
    for (uint32_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "7/%" PRIu32, i);
        good = meet(path, one) && good;
    }
    check_number(good, true, "all are as they were sealed");
    check_number(seal_index_any_open(&the_index), false, "and settled");
    seal_index_end(&the_index);
}

/* Examples of FIPS 180-4 that NIST has published, and an empty text. */
static void check_examples(struct hasher *hasher)
{
    static const struct {
        const char *text, *hex;
    } example[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrl"
         "mno"
         "pqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    enum { EXAMPLES = sizeof example / sizeof *example };
    struct sha256_text text[EXAMPLES];
    unsigned char digest[EXAMPLES][DIGEST_SIZE];
    char hex[DIGEST_HEX];
    for (size_t i = 0; i < EXAMPLES; i++)
        text[i] = (struct sha256_text){span_of(example[i].text), digest[i]};
    check(hasher_digest_all(hasher, text, EXAMPLES), "the examples are digested");
    for (size_t i = 0; i < EXAMPLES; i++) {
        digest_hex(digest[i], DIGEST_SIZE, hex);
        check_span((struct span){hex, DIGEST_HEX}, example[i].hex, example[i].text);
    }
}

/* Texts of every length up to LONGEST, `count` of different lengths at once, compared with
 * libcrypto. The first length with a wrong digest, or -1. */
static int wrong_length(struct hasher *hasher, size_t count)
{
    enum { LONGEST = 4096, COUNT = 5 };
    static char bytes[COUNT + LONGEST];
    struct sha256_text text[COUNT];
    unsigned char digest[COUNT][DIGEST_SIZE], right[DIGEST_SIZE];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * i / 7 + i);
    for (size_t len = 0; len <= LONGEST; len++) {
        const size_t length[COUNT] = {len, LONGEST - len, len / 2, len, len * 7 % LONGEST};
        for (size_t i = 0; i < count; i++)
            text[i] = (struct sha256_text){{bytes + i, length[i]}, digest[i]};
        if (!hasher_digest_all(hasher, text, count))
            return (int)len;
        for (size_t i = 0; i < count; i++) {
            SHA256((const unsigned char *)bytes + i, length[i], right);
            if (memcmp(digest[i], right, DIGEST_SIZE) != 0)
                return (int)length[i];
        }
    }
    return -1;
}

static void check_digests(struct hasher *hasher)
{
    check_examples(hasher);
    check_number(wrong_length(hasher, 1), -1, "the length whose digest is wrong, alone");
    check_number(wrong_length(hasher, 2), -1, "the same, of two texts");
    check_number(wrong_length(hasher, 5), -1, "the same, of five texts");
}

/* As on this processor, and by libcrypto as on others. */
static void check_hashers(void)
{
    struct hasher hasher;
    check(hasher_begin(&hasher), "the hasher is set up");
    check_digests(&hasher);
    hasher.pairs = false;
    check_digests(&hasher);
    hasher_end(&hasher);
}

int main(void)
{
    check_hashers();
    check_paths();
    check_room();
    return check_report();
}
