/* template_file: the places of templates: the user's own files, and those that are installed by
 * name.
 *
 * NAME is the file NAME.json in one of the directories of $AUDIT_TEMPLATE_PATH, separated by ':',
 * or in the directory that was set at build time (TEMPLATEDIR), in this order. */
#ifndef TEMPLATE_FILE_H
#define TEMPLATE_FILE_H

#include "base/diag.h"

enum { TEMPLATE_MAX = 1 << 20 }; /* bytes of the largest template */

/* The valid names, sorted, each once. */
struct template_names {
    char **name;
    size_t count, capacity;
};

/* Lists them; a missing directory has none.  False with a reason: an existing directory cannot be
 * read, or there is no memory. */
bool template_names(struct template_names *names, struct reason *reason);
void template_names_free(struct template_names *names);

/* The file for -t's argument: the argument itself if it has a '/' or a '.', else the template of
 * that name.  The caller frees it; NULL with a reason. */
char *template_file_find(const char *argument, struct reason *reason);

/* Reads the file; *text is its bytes without a byte order mark.  Returns the buffer that contains
 * them, which the caller frees; NULL with a reason: it cannot be read, or is larger than
 * TEMPLATE_MAX. */
char *template_file_read(const char *file, struct span *text, struct reason *reason);

#endif
