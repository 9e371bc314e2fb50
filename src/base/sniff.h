/* sniff: recognises a file by its first bytes. */
#ifndef SNIFF_H
#define SNIFF_H

#include "base/span.h"

enum sniff_kind {
    SNIFF_TEXT,    /* no other kind: it is read as text */
    SNIFF_MARKED,  /* text after a byte order mark of UTF-8, SNIFF_MARK bytes */
    SNIFF_GZIP,    /* RFC 1952 */
    SNIFF_FOREIGN, /* a kind that is not supported */
    SNIFF_MORE,    /* too few bytes: more must be read, SNIFF_ENOUGH are sufficient */
};

enum { SNIFF_MARK = 3, SNIFF_ENOUGH = 16 };

struct sniff {
    enum sniff_kind kind;
    const char *is;      /* of SNIFF_FOREIGN: "a tar archive" */
    const char *command; /* what converts it to text, with FILE as its operand; NULL: nothing */
};

/* The kind of the file that begins with these bytes; ended: it has no others. */
struct sniff sniff(struct span bytes, bool ended);

#endif
