/* findings: the activities that a security engineer reviews first.
 *
 * Activities are identified by their event names, as in the catalogue and the API reference; a name
 * that is not published is recognised by its words ("two_factor", "disabled").  The names for audit
 * log streaming are not published at all, but their type of asset is. */
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

/* The findings of an activity's name. */
struct findings_name {
    int category;   /* catalogue_event_category() */
    unsigned found; /* findings, as bits; FINDING_UNUSUAL_HOURS: at such hours */
};

/* A cache of the last names.  Begins zeroed. */
struct findings_known {
    struct {
        char text[FINDINGS_NAME];
        size_t len; /* 0: unused */
        struct findings_name name;
    } entry[FINDINGS_KNOWN];
};

/* The findings of an activity's name. */
struct findings_name findings_of_name(struct findings_known *known,
                                      const struct catalogue *catalogue, struct span event);

/* The findings of an activity with that name, on that type of asset, at that time in local seconds;
 * as bits. */
unsigned findings_at(const struct findings_name *name, struct span type, int64_t local);

#endif
