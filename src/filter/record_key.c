#include "config.h"

#include "filter/record_key.h"

bool record_key_parse(struct record_key *key, const char *text, struct reason *reason)
{
    static const struct {
        const char *name, *pattern;
    } known[] = {{"customer", "{user_id}"}, {"recipe", "{recipe_id}"}, {"kind", "{kind}"}};
    const char *pattern = text;
    key->by_user = strcmp(text, "user") == 0;
    key->inner = key->by_user ? facet_inner(FACET_USER) : layout_fields;
    if (key->by_user)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(text, known[i].name) == 0)
            pattern = known[i].pattern;
    if (strchr(pattern, '{') == NULL)
        return reason_set(reason, "not customer, user, recipe, kind, or a pattern with a "
                                  "placeholder like {user_id}");
    if (strchr(pattern, '/') != NULL)
        return reason_set(reason, "a pattern of keys has no '/'");
    return layout_parse(&key->layout, pattern, false, reason);
}

/* The id of the user who caused the event. */
static bool user_key(struct record_key *key, const struct event *event, struct span *value,
                     struct reason *reason)
{
    struct facet_values values;
    struct printable shown;
    if (!facet_read(&key->facets, event, FACET_USER, &values, reason))
        return false;
    for (size_t i = 0; i < values.count; i++) {
        *value = values.value[i].text;
        if (values.value[i].label)
            continue;
        return layout_is_component(*value) ||
               reason_set(reason, "the user's id has characters that a key may not have: %s",
                          diag_printable(*value, &shown));
    }
    return reason_set(reason, "the event has no user id");
}

bool record_key_read(struct record_key *key, struct json *json, const struct record *record,
                     struct span *value, struct reason *reason)
{
    struct event event;
    size_t len;
    if (json == NULL) {
        json = &key->json;
        json_begin(json, record->text.at, record->text.len);
    }
    if (!event_read_again(json, key->inner, NULL, NULL, &event, reason))
        return false;
    if (event.kind == EVENT_UNKNOWN)
        return reason_set(reason, EVENT_UNKNOWN_REASON);
    if (key->by_user)
        return user_key(key, &event, value, reason);
    if (!layout_path(&key->layout, &event, key->text, &len, reason))
        return false;
    *value = (struct span){key->text, len};
    return true;
}

void record_key_free(struct record_key *key)
{
    facet_free(&key->facets);
}
