/* record_key: the key by which events are grouped: customer, user, recipe, kind, or a pattern of
 * these.  audit-route uses it as a spool's name, audit-kafkaput as a message's key. */
#ifndef RECORD_KEY_H
#define RECORD_KEY_H

#include "event/facet.h"
#include "filter/layout.h"
#include "filter/record.h"

struct record_key {
    bool by_user;
    uint64_t inner; /* the fields inside object members that it needs, as FIELD_BIT()s */
    struct layout layout;
    struct facet_reader facets;
    struct json json; /* if the caller has none */
    char text[LAYOUT_PATH];
};

/* Parses customer, user, recipe, kind, or a pattern with placeholders (layout.h), which must stay
 * valid.  The key begins zeroed.  False with a reason. */
bool record_key_parse(struct record_key *key, const char *text, struct reason *reason);

/* The record's key, of characters that are allowed in a path component; valid until the next one is
 * read.  json has just read the record (sink->json), so that it need not be scanned again; NULL: no
 * reader has.  False with a reason: the record is not an audit event, or has no such key. */
bool record_key_read(struct record_key *key, struct json *json, const struct record *record,
                     struct span *value, struct reason *reason);

void record_key_free(struct record_key *key);

#endif
