#include "config.h"

#include "deliver/header.h"
#include "post/auth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* RFC 9110 section 5.1: a token, a colon; then no control character, so that one field cannot
 * become two. */
static bool add_field(struct curl_slist **list, const char *field, struct reason *reason)
{
    struct printable name;
    const char *colon = strchr(field, ':');
    if (colon == NULL || !auth_is_token(span_between(field, colon)))
        return reason_set(reason, "not a header field; write it as 'Name: value'");
    struct span before = span_between(field, colon);
    if (!http_header_valid(span_of(field)))
        return reason_set(reason, "%s: a line break or control character in the value",
                          diag_printable(before, &name));
    struct curl_slist *longer = curl_slist_append(*list, field);
    if (longer == NULL)
        return reason_set(reason, "%s", strerror(ENOMEM));
    *list = longer;
    return true;
}

static bool add_file(struct curl_slist **list, const char *file, struct reason *reason)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    bool added = true;
    FILE *from = fopen(file, "re");
    if (from == NULL)
        return reason_set(reason, "%s: %s", file, strerror(errno));
    while (added && (len = getline(&line, &size, from)) >= 0) {
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            line[--len] = '\0';
        if (len > 0)
            added = add_field(list, line, reason);
    }
    if (added && ferror(from))
        added = reason_set(reason, "%s: %s", file, strerror(errno));
    free(line);
    fclose(from);
    return added;
}

bool header_add(struct curl_slist **list, const char *argument, struct reason *reason)
{
    return argument[0] == '@' ? add_file(list, argument + 1, reason)
                              : add_field(list, argument, reason);
}
