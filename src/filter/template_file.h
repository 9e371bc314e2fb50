/* template_file: where templates are: files of the user's own, and those that are shipped by name.
 *
 * NAME is the file NAME.json in one of the directories of $AUDIT_TEMPLATE_PATH, which ':' parts, or
 * in the directory that the build was given (TEMPLATEDIR), in this order.
 */
#ifndef TEMPLATE_FILE_H
#define TEMPLATE_FILE_H

#include "base/diag.h"

enum { TEMPLATE_MAX = 1 << 20 }; /* bytes of the largest template */

/* The names that can be given, sorted, each once. */
struct template_names {
    char **name;
    size_t count, capacity;
};

/* Lists them; a directory that is not there has none.  False with a reason: a directory that is
 * there cannot be read, or no memory is left. */
bool template_names(struct template_names *names, struct reason *reason);
void template_names_free(struct template_names *names);

/* The file that -t's argument means: the argument itself if it has a '/' or a '.', else where the
 * template of that name is.  To be freed; NULL with a reason. */
char *template_file_find(const char *argument, struct reason *reason);

/* Reads the file; *text is its bytes without a byte order mark.  Returns the buffer that they lie
 * in, to be freed; NULL with a reason: it cannot be read, or is larger than TEMPLATE_MAX. */
char *template_file_read(const char *file, struct span *text, struct reason *reason);

#endif
