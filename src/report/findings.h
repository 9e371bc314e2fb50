/* findings: what a security engineer looks at first.
 *
 * Activities are told apart by their event names, as the catalogue and the API reference have them;
 * a name that is not published is recognised by its words ("two_factor", "disabled").
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

enum { FINDINGS_KNOWN = 64, FINDINGS_NAME = 48 };

/* What was found out about the names that were met last.  Begins zeroed. */
struct findings_known {
    struct {
        char name[FINDINGS_NAME];
        size_t len; /* 0: unused */
        unsigned found;
    } entry[FINDINGS_KNOWN];
};

/* The findings that an activity belongs to, as bits.  `local` is its time in local seconds. */
unsigned findings_of(struct findings_known *known, const struct catalogue *catalogue,
                     struct span event, int64_t local);

#endif
