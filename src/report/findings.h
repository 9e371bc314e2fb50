/* findings: what a security engineer looks at first.
 *
 * Activities are told apart by their event names, as the catalogue and the API reference have them;
 * a name that is not published is recognised by its words ("two_factor", "disabled").  Those of
 * audit log streaming are not published at all, but their type of asset is.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "event/catalogue.h"

#include <stdint.h>

enum finding {
    FINDING_FAILED_LOGINS,
    FINDING_TWO_FACTOR_OFF,
    FINDING_UNUSUAL_HOURS, /* sign-ins from 22:00 to 06:00 and at weekends */
    FINDING_MEMBERS,       /* members, invitations, roles, delegated administrators */
    FINDING_KEYS,          /* keys, tokens, passwords */
    FINDING_STREAMING,     /* changes of audit log streaming itself */
    FINDING_DELETIONS,
    FINDINGS
};

/* The finding as a heading, and what it is, in a sentence. */
const char *finding_title(enum finding finding);
const char *finding_description(enum finding finding);

enum { FINDINGS_KNOWN = 256, FINDINGS_NAME = 48 };

/* What an activity's name tells. */
struct findings_name {
    int category;   /* catalogue_event_category() */
    unsigned found; /* findings, as bits; FINDING_UNUSUAL_HOURS: at such hours */
};

/* What the names tell that were met last.  Begins zeroed. */
struct findings_known {
    struct {
        char text[FINDINGS_NAME];
        size_t len; /* 0: unused */
        struct findings_name name;
    } entry[FINDINGS_KNOWN];
};

/* What the name of an activity tells. */
struct findings_name findings_of_name(struct findings_known *known,
                                      const struct catalogue *catalogue, struct span event);

/* The findings that an activity of that name, on that type of asset, belongs to at that time, in
 * local seconds; as bits. */
unsigned findings_at(const struct findings_name *name, struct span type, int64_t local);

#endif
