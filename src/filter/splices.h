/* splices: what an edit takes out of a text and what it puts there instead, noted while the text is
 * read.
 *
 * Spliced spans are whole JSON values, or members with the comma that goes with them, in the order
 * of the text, and do not overlap.
 */
#ifndef SPLICES_H
#define SPLICES_H

#include "json/edit.h"

enum { SPLICES_NONE = -1 }; /* a level that no splice has */

struct splice {
    struct span gone, with;
    int level; /* of the object that it is part of the edit of */
    bool mask; /* holds only if the line asks to be masked */
};

/* Begins zeroed and is used again for each text. */
struct splices {
    struct splice *splice;
    size_t count, capacity;
    char *compact; /* the text without white space */
    size_t compact_size;
    bool no_memory; /* a splice could not be noted, or the text not be made compact */
};

void splices_clear(struct splices *splices);
void splices_free(struct splices *splices);

/* Notes a splice. */
void splices_add(struct splices *splices, struct splice splice);

/* Forgets the masks noted since there were `first` splices. */
void splices_drop_masks(struct splices *splices, size_t first);

/* Says in `edit` what is left of a part of the text: all of it but the splices of that level, and
 * without the white space outside strings if `compact`.  The edit points into the text and into the
 * splices. */
void splices_build(struct splices *splices, struct span part, int level, bool compact,
                   struct edit *edit);

#endif
