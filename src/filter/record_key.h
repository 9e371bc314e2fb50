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
    struct layout layout;
    struct facet_reader facets;
    struct json json;
    char text[LAYOUT_PATH];
};

/* Reads customer, user, recipe, kind, or a pattern with placeholders (layout.h), which must stay.
 * The key begins zeroed.  False with a reason. */
bool record_key_parse(struct record_key *key, const char *text, struct reason *reason);

/* The record's key, of the characters that a component of a path may have; it stays until the next
 * one is read.  False with a reason: the record is no audit event, or says nothing of it. */
bool record_key_read(struct record_key *key, const struct record *record, struct span *value,
                     struct reason *reason);

void record_key_free(struct record_key *key);

#endif
