/* splices: the parts of a text that an edit removes or replaces, noted while the text is read.
 *
 * Spliced spans are whole JSON values, or members with one of their commas, in the order of the
 * text, and do not overlap. */
#ifndef SPLICES_H
#define SPLICES_H

#include "json/edit.h"

enum { SPLICES_NONE = -1 }; /* a level without splices */

struct splice {
    struct span gone, with;
    int level; /* of the object to whose edit it belongs */
    bool mask; /* applies only if the line is to be masked */
};

/* Begins zeroed and is reused for each text. */
struct splices {
    struct splice *splice;
    size_t count, capacity;
    char *compact; /* the text without white space */
    size_t compact_size;
    bool no_memory; /* a splice could not be noted, or the text not be compacted */
};

void splices_clear(struct splices *splices);
void splices_free(struct splices *splices);

/* Notes a splice. */
void splices_add(struct splices *splices, struct splice splice);

/* Drops the masks among the splices from number `first` on. */
void splices_drop_masks(struct splices *splices, size_t first);

/* Sets `edit` to a part of the text without the splices of that level, and without the white space
 * outside strings if `compact`.  The edit points into the text and into the splices. */
void splices_build(struct splices *splices, struct span part, int level, bool compact,
                   struct edit *edit);

#endif
