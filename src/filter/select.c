/* Whether an event meets the criteria. */
#include "config.h"

#include "filter/select.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <strings.h>

/* The facet that a criterion reads, for its words or for match_one(). */
static const enum facet facet_of[CRITERIA] = {
    [SELECT_SINCE] = FACET_NONE,        [SELECT_UNTIL] = FACET_NONE,
    [SELECT_USER] = FACET_USER,         [SELECT_ASSET] = FACET_TYPE,
    [SELECT_EVENT] = FACET_EVENT,       [SELECT_CATEGORY] = FACET_TYPE,
    [SELECT_CUSTOMER] = FACET_CUSTOMER, [SELECT_STATUS] = FACET_STATUS,
    [SELECT_KIND] = FACET_NONE,
};

static bool wants_key(const struct selection *selection)
{
    for (size_t i = 0; i < selection->assets; i++)
        if (selection->asset[i].key.at != NULL)
            return true;
    return false;
}

uint64_t select_inner(const struct selection *selection)
{
    uint64_t inner = 0;
    for (enum criterion criterion = 0; criterion < CRITERIA; criterion++)
        if (selection->has[criterion])
            inner |= facet_inner(facet_of[criterion]);
    if (wants_key(selection))
        inner |= facet_inner(FACET_ASSET);
    return inner;
}

static bool value_is(const struct facet_value *value, struct span wanted)
{
    if (!value->label)
        return span_equal(value->text, wanted);
    return value->text.len == wanted.len && strncasecmp(value->text.at, wanted.at, wanted.len) == 0;
}

static bool any_value_is(const struct facet_values *values, struct span wanted)
{
    for (size_t i = 0; i < values->count; i++)
        if (value_is(&values->value[i], wanted))
            return true;
    return false;
}

/* Matches the event's name, which contains no NUL, against a glob. */
static bool any_value_globs(const struct facet_values *values, const char *glob)
{
    for (size_t i = 0; i < values->count; i++) {
        struct span text = values->value[i].text;
        if (strlen(text.at) == text.len && fnmatch(glob, text.at, 0) == 0)
            return true;
    }
    return false;
}

static enum match match_words(struct selection *selection, enum criterion criterion,
                              const struct event *event, struct reason *reason)
{
    struct facet_values values;
    if (!facet_read(&selection->reader, event, facet_of[criterion], &values, reason))
        return MATCH_WRONG;
    enum match match = MATCH_NO;
    for (size_t i = 0; i < selection->words[criterion]; i++) {
        struct wanted_word *word = &selection->word[criterion][i];
        if (match == MATCH_YES && (criterion != SELECT_EVENT || word->met))
            continue;
        if (criterion == SELECT_EVENT ? any_value_globs(&values, word->text.at)
                                      : any_value_is(&values, word->text)) {
            word->met = true;
            match = MATCH_YES;
        }
    }
    return match;
}

static enum match match_category(struct selection *selection, const struct event *event,
                                 struct reason *reason)
{
    struct facet_values values;
    if (event->kind == EVENT_JOB)
        return MATCH_NO;
    if (!facet_read(&selection->reader, event, FACET_EVENT, &values, reason))
        return MATCH_WRONG;
    int number = -1;
    if (values.count > 0)
        number = catalogue_event_category(&selection->catalogue, values.value[0].text);
    if (number < 0) {
        if (!facet_read(&selection->reader, event, FACET_TYPE, &values, reason))
            return MATCH_WRONG;
        if (values.count > 0)
            number = catalogue_type_category(&selection->catalogue, values.value[0].text);
    }
    return number >= 0 && (selection->categories >> number & 1) != 0 ? MATCH_YES : MATCH_NO;
}

static enum match match_asset(struct selection *selection, const struct event *event,
                              struct reason *reason)
{
    struct facet_values type, key = {.count = 0};
    if (!facet_read(&selection->reader, event, FACET_TYPE, &type, reason) ||
        (wants_key(selection) && !facet_read(&selection->reader, event, FACET_ASSET, &key, reason)))
        return MATCH_WRONG;
    for (size_t i = 0; i < selection->assets; i++) {
        const struct wanted_asset *asset = &selection->asset[i];
        if (any_value_is(&type, asset->type) &&
            (asset->key.at == NULL || any_value_is(&key, asset->key)))
            return MATCH_YES;
    }
    return MATCH_NO;
}

static enum match match_time(const struct selection *selection, enum criterion criterion,
                             const struct event *event, struct reason *reason)
{
    struct timestamp time;
    if (!event_time(event, &time, reason))
        return MATCH_WRONG;
    bool met = criterion == SELECT_SINCE ? !timestamp_is_before(&time, &selection->since)
                                         : timestamp_is_before(&time, &selection->until);
    return met ? MATCH_YES : MATCH_NO;
}

static enum match match_one(struct selection *selection, enum criterion criterion,
                            const struct event *event, struct reason *reason)
{
    switch (criterion) {
    case SELECT_SINCE:
    case SELECT_UNTIL:
        return match_time(selection, criterion, event, reason);
    case SELECT_ASSET:
        return match_asset(selection, event, reason);
    case SELECT_CATEGORY:
        return match_category(selection, event, reason);
    case SELECT_KIND:
        return (selection->kinds >> event->kind & 1) != 0 ? MATCH_YES : MATCH_NO;
    default:
        return match_words(selection, criterion, event, reason);
    }
}

enum match select_match(struct selection *selection, const struct event *event,
                        struct reason *reason)
{
    /* Criteria that are read fast and exclude most events come first. */
    static const enum criterion order[] = {SELECT_KIND,   SELECT_EVENT, SELECT_CATEGORY,
                                           SELECT_STATUS, SELECT_USER,  SELECT_CUSTOMER,
                                           SELECT_ASSET,  SELECT_SINCE, SELECT_UNTIL};
    _Static_assert(sizeof order / sizeof *order == CRITERIA, "each criterion is asked");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (!selection->has[order[i]])
            continue;
        enum match match = match_one(selection, order[i], event, reason);
        if (match != MATCH_YES)
            return match;
    }
    return MATCH_YES;
}

void select_free(struct selection *selection)
{
    for (enum criterion c = 0; c < CRITERIA; c++)
        free(selection->word[c]);
    free(selection->asset);
    facet_free(&selection->reader);
    catalogue_free(&selection->catalogue);
    *selection = (struct selection){0};
}
