/* record_key: what tells whose an event is: its customer, its user, its recipe, its kind, or a
 * pattern of these.  audit-route names a spool by it, audit-kafkaput a message's key.
 */
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
    struct json json; /* where the caller has none */
    char text[LAYOUT_PATH];
};

/* Reads customer, user, recipe, kind, or a pattern with placeholders (layout.h), which must stay.
 * The key begins zeroed.  False with a reason. */
bool record_key_parse(struct record_key *key, const char *text, struct reason *reason);

/* The record's key, of the characters that a component of a path may have; it stays until the next
 * one is read.  json has read the record last (sink->json), so that it is not scanned again; NULL:
 * nobody has.  False with a reason: the record is no audit event, or says nothing of it. */
bool record_key_read(struct record_key *key, struct json *json, const struct record *record,
                     struct span *value, struct reason *reason);

void record_key_free(struct record_key *key);

#endif
