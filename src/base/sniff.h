/* sniff: what a file is, by its first bytes. */
#ifndef SNIFF_H
#define SNIFF_H

#include "base/span.h"

enum sniff_kind {
    SNIFF_TEXT,    /* nothing that is recognised: it is read as it is */
    SNIFF_MARKED,  /* text after a byte order mark of UTF-8, SNIFF_MARK bytes */
    SNIFF_GZIP,    /* RFC 1952 */
    SNIFF_FOREIGN, /* something that is not read here */
    SNIFF_MORE,    /* fewer bytes than are needed: more must be read, SNIFF_ENOUGH are enough */
};

enum { SNIFF_MARK = 3, SNIFF_ENOUGH = 16 };

struct sniff {
    enum sniff_kind kind;
    const char *is;      /* of SNIFF_FOREIGN: "a tar archive" */
    const char *command; /* what makes text of it, with FILE as its operand; NULL: nothing does */
};

/* Says what the file is that begins with these bytes; ended: it has no others. */
struct sniff sniff(struct span bytes, bool ended);

#endif
