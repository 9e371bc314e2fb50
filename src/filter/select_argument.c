/* Makes criteria from users' arguments. */
#include "config.h"

#include "base/nearest.h"
#include "base/options.h"
#include "filter/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>

static bool no_memory(struct reason *reason)
{
    return reason_set(reason, "%s", strerror(ENOMEM));
}

const struct catalogue *select_catalogue(struct selection *selection)
{
    if (selection->catalogue.document == NULL && !catalogue_read(&selection->catalogue))
        return NULL;
    return &selection->catalogue;
}

static bool add_word(struct selection *selection, enum criterion criterion, struct span word,
                     struct reason *reason)
{
    size_t count = selection->words[criterion];
    struct wanted_word *grown = realloc(selection->word[criterion], (count + 1) * sizeof *grown);
    if (grown == NULL)
        return no_memory(reason);
    grown[count] = (struct wanted_word){.text = word};
    selection->word[criterion] = grown;
    selection->words[criterion] = count + 1;
    return true;
}

/* The statuses are a closed list, so that a misspelt one is an error and does not just match
 * nothing. */
static bool add_status(struct selection *selection, const char *argument, struct reason *reason)
{
    struct span status = event_status(span_of(argument));
    if (status.at == argument && options_choice(argument, event_statuses, reason) < 0)
        return false;
    return add_word(selection, SELECT_STATUS, status, reason);
}

static bool add_time(struct selection *selection, enum criterion criterion, const char *argument,
                     const struct timestamp *now, struct reason *reason)
{
    struct timestamp *time = criterion == SELECT_SINCE ? &selection->since : &selection->until;
    if (!timestamp_argument(argument, now, time))
        return reason_set(reason,
                          "not a time; times are like 2024-05-31, 2024-05-31T12:00:00Z or 7d");
    if (selection->has[SELECT_SINCE] && selection->has[SELECT_UNTIL] &&
        !timestamp_is_before(&selection->since, &selection->until))
        return reason_set(reason, "no time is left between --since and --until");
    return true;
}

static bool add_kind(struct selection *selection, const char *argument, struct reason *reason)
{
    if (strcmp(argument, "job") == 0)
        selection->kinds |= 1U << EVENT_JOB;
    else if (strcmp(argument, "activity") == 0)
        selection->kinds |= 1U << EVENT_ACTIVITY | 1U << EVENT_FLATTENED;
    else
        return reason_set(reason, "not a kind; kinds are job and activity");
    return true;
}

/* Appends ", name" to a reason if it fits. */
static void list_name(struct reason *reason, const char *separator, const char *name)
{
    size_t used = strlen(reason->text), room = sizeof reason->text - used;
    if (strlen(separator) + strlen(name) < room)
        strcat(strcat(reason->text, separator), name);
}

/* Appends the question whether a near name was meant. */
static void suggest(struct reason *reason, const struct nearest *nearest)
{
    char message[NEAREST_MESSAGE];
    if (nearest->count > 0)
        list_name(reason, "; ", nearest_message(nearest, message));
}

bool select_find_category(struct selection *selection, const char *name, unsigned *number,
                          struct reason *reason)
{
    const struct catalogue *catalogue = select_catalogue(selection);
    if (catalogue == NULL)
        return no_memory(reason);
    int found = catalogue_category(catalogue, span_of(name));
    if (found >= 0) {
        *number = (unsigned)found;
        return true;
    }
    reason_set(reason, "not a category; categories are ");
    struct nearest nearest;
    nearest_begin(&nearest, span_of(name));
    for (unsigned i = 0; i < catalogue->categories; i++) {
        list_name(reason, i == 0 ? "" : ", ", catalogue->category[i]);
        nearest_offer(&nearest, span_of(catalogue->category[i]));
    }
    suggest(reason, &nearest);
    return false;
}

static bool add_category(struct selection *selection, const char *argument, struct reason *reason)
{
    unsigned number;
    if (!select_find_category(selection, argument, &number, reason))
        return false;
    selection->categories |= (uint64_t)1 << number;
    return true;
}

/* The colon between type and key.  A type may contain colons in pairs: Tags::Models::Tag. */
static const char *find_colon(const char *text)
{
    const char *colon = strchr(text, ':');
    while (colon != NULL && colon[1] == ':')
        colon = strchr(colon + 2, ':');
    return colon;
}

/* Whether records could use this name of a resource type: Flow, Tags::Models::Tag. */
static bool is_record_type(struct span type)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:";
    if (type.len == 0 || type.at[0] < 'A' || type.at[0] > 'Z')
        return false;
    return strspn(type.at, letters) >= type.len;
}

static bool add_asset_type(struct selection *selection, struct span type, struct span key,
                           struct reason *reason)
{
    struct wanted_asset *grown = realloc(selection->asset, (selection->assets + 1) * sizeof *grown);
    if (grown == NULL)
        return no_memory(reason);
    grown[selection->assets++] = (struct wanted_asset){type, key};
    selection->asset = grown;
    return true;
}

static bool unknown_asset(const struct catalogue *catalogue, struct span type,
                          struct reason *reason)
{
    struct nearest nearest;
    nearest_begin(&nearest, type);
    reason_set(reason, "not a type of asset; types are ");
    for (size_t i = 0; i < catalogue->assets; i++)
        if (i == 0 || strcmp(catalogue->asset[i].name, catalogue->asset[i - 1].name) != 0) {
            list_name(reason, i == 0 ? "" : ", ", catalogue->asset[i].name);
            nearest_offer(&nearest, span_of(catalogue->asset[i].name));
        }
    list_name(reason, ", ", "or as records have them, like Flow");
    suggest(reason, &nearest);
    return false;
}

/* Parses TYPE[:KEY], with the console's or the records' name of the type. */
static bool add_asset(struct selection *selection, const char *argument, struct reason *reason)
{
    const struct catalogue *catalogue = select_catalogue(selection);
    const char *colon = find_colon(argument);
    struct span type = span_of(argument), key = {NULL, 0};
    bool known = false;
    if (catalogue == NULL)
        return no_memory(reason);
    if (colon != NULL) {
        type = span_between(argument, colon);
        key = span_of(colon + 1);
        if (key.len == 0)
            return reason_set(reason, "an id or a name must follow the colon");
    }
    for (size_t i = 0; i < catalogue->assets; i++) {
        const struct catalogue_asset *asset = &catalogue->asset[i];
        struct span resource_type = span_of(asset->resource_type);
        if (span_equal(type, resource_type))
            break; /* exactly as in records: nothing else can be meant */
        if (!catalogue_same_name(type, span_of(asset->name)) &&
            !catalogue_same_name(type, resource_type))
            continue;
        known = true;
        if (!add_asset_type(selection, resource_type, key, reason))
            return false;
    }
    if (known)
        return true;
    if (is_record_type(type))
        return add_asset_type(selection, type, key, reason);
    return unknown_asset(catalogue, type, reason);
}

bool select_add(struct selection *selection, enum criterion criterion, const char *argument,
                const struct timestamp *now, struct reason *reason)
{
    selection->has[criterion] = true;
    switch (criterion) {
    case SELECT_SINCE:
    case SELECT_UNTIL:
        return add_time(selection, criterion, argument, now, reason);
    case SELECT_ASSET:
        return add_asset(selection, argument, reason);
    case SELECT_CATEGORY:
        return add_category(selection, argument, reason);
    case SELECT_KIND:
        return add_kind(selection, argument, reason);
    case SELECT_STATUS:
        return add_status(selection, argument, reason);
    default:
        return add_word(selection, criterion, span_of(argument), reason);
    }
}

/* Whether the pattern matches an event of the catalogue; offers their names. */
static bool is_known_event(const struct catalogue *catalogue, const char *glob,
                           struct nearest *nearest)
{
    for (size_t i = 0; i < catalogue->events; i++) {
        const char *name = catalogue->by_event[i]->event;
        if (fnmatch(glob, name, 0) == 0)
            return true;
        if (i == 0 || strcmp(name, catalogue->by_event[i - 1]->event) != 0)
            nearest_offer(nearest, span_of(name));
    }
    return false;
}

bool select_unknown_event(struct selection *selection, size_t *next, struct reason *message)
{
    struct nearest nearest;
    struct printable shown;
    for (; *next < selection->words[SELECT_EVENT]; ++*next) {
        const struct wanted_word *word = &selection->word[SELECT_EVENT][*next];
        const struct catalogue *catalogue = word->met ? NULL : select_catalogue(selection);
        nearest_begin(&nearest, word->text);
        if (catalogue == NULL || is_known_event(catalogue, word->text.at, &nearest))
            continue;
        reason_set(message, "--event=%s: no event matched, and the catalogue has no such activity",
                   diag_printable(word->text, &shown));
        suggest(message, &nearest);
        ++*next;
        return true;
    }
    return false;
}
