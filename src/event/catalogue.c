#include "config.h"

#include "event/catalogue.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

/* data/activities.json, made a C string by the Makefile. */
extern const char catalogue_data[];

static const char *text_of(const cJSON *row, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, name));
}

/* The category's number, assigned at its first occurrence. */
static unsigned number_of(struct catalogue *catalogue, const char *category)
{
    int number = catalogue_category(catalogue, span_of(category));
    if (number >= 0)
        return (unsigned)number;
    catalogue->category[catalogue->categories] = category;
    return catalogue->categories++;
}

static int by_event_name(const void *a, const void *b)
{
    const struct activity *const *first = a, *const *second = b;
    return strcmp((*first)->event, (*second)->event);
}

static void read_activities(struct catalogue *catalogue, const cJSON *rows)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        struct activity *activity = &catalogue->activity[catalogue->activities++];
        *activity = (struct activity){
            .category = text_of(row, "category"),
            .name = text_of(row, "activity"),
            .description = text_of(row, "description"),
            .event = text_of(row, "event"),
            .resource_type = text_of(row, "resource_type"),
            .seen = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "seen")),
            .json = row,
        };
        activity->number = number_of(catalogue, activity->category);
        if (activity->event != NULL)
            catalogue->by_event[catalogue->events++] = activity;
    }
    qsort(catalogue->by_event, catalogue->events, sizeof(struct activity *), by_event_name);
}

static void read_assets(struct catalogue *catalogue, const cJSON *rows)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        catalogue->asset[catalogue->assets++] =
            (struct catalogue_asset){text_of(row, "name"), text_of(row, "resource_type")};
    }
}

bool catalogue_read(struct catalogue *catalogue)
{
    *catalogue = (struct catalogue){.document = cJSON_Parse(catalogue_data)};
    const cJSON *activities = cJSON_GetObjectItemCaseSensitive(catalogue->document, "activities");
    const cJSON *assets = cJSON_GetObjectItemCaseSensitive(catalogue->document, "assets");
    size_t count = (size_t)cJSON_GetArraySize(activities);
    catalogue->activity = calloc(count, sizeof *catalogue->activity);
    catalogue->by_event = calloc(count, sizeof *catalogue->by_event);
    catalogue->category = calloc(count, sizeof *catalogue->category);
    catalogue->asset = calloc((size_t)cJSON_GetArraySize(assets), sizeof *catalogue->asset);
    if (catalogue->document == NULL || catalogue->activity == NULL || catalogue->by_event == NULL ||
        catalogue->category == NULL || catalogue->asset == NULL) {
        catalogue_free(catalogue);
        return false;
    }
    read_activities(catalogue, activities);
    read_assets(catalogue, assets);
    if (catalogue->categories <= CATALOGUE_CATEGORIES)
        return true;
    catalogue_free(catalogue);
    return false;
}

void catalogue_free(struct catalogue *catalogue)
{
    free(catalogue->activity);
    free(catalogue->by_event);
    free(catalogue->category);
    free(catalogue->asset);
    cJSON_Delete(catalogue->document);
    *catalogue = (struct catalogue){0};
}

/* The next significant byte of a name, in lower case; 0 at the end. */
static char next_byte(struct span *name)
{
    while (name->len > 0) {
        char byte = *name->at++;
        name->len--;
        if (byte >= 'A' && byte <= 'Z')
            return (char)(byte | 0x20);
        if (byte != ' ' && byte != '-' && byte != '_' && byte != '/')
            return byte;
    }
    return 0;
}

bool catalogue_same_name(struct span a, struct span b)
{
    char byte, other;
    do {
        byte = next_byte(&a);
        other = next_byte(&b);
        if (byte == 's' && other == 0)
            byte = next_byte(&a);
        else if (other == 's' && byte == 0)
            other = next_byte(&b);
        if (byte != other)
            return false;
    } while (byte != 0);
    return true;
}

int catalogue_category(const struct catalogue *catalogue, struct span name)
{
    for (unsigned i = 0; i < catalogue->categories; i++)
        if (catalogue_same_name(name, span_of(catalogue->category[i])))
            return (int)i;
    return -1;
}

static int compare_event(const void *key, const void *entry)
{
    const struct span *name = key;
    const struct activity *const *activity = entry;
    size_t len = strlen((*activity)->event);
    int order = memcmp(name->at, (*activity)->event, name->len < len ? name->len : len);
    return order != 0 ? order : (name->len > len) - (name->len < len);
}

int catalogue_event_category(const struct catalogue *catalogue, struct span event)
{
    const struct activity *const *found = bsearch(&event, catalogue->by_event, catalogue->events,
                                                  sizeof(struct activity *), compare_event);
    return found != NULL ? (int)(*found)->number : -1;
}

int catalogue_type_category(const struct catalogue *catalogue, struct span resource_type)
{
    for (size_t i = 0; i < catalogue->activities; i++) {
        const char *type = catalogue->activity[i].resource_type;
        if (type != NULL && span_equal(resource_type, span_of(type)))
            return (int)catalogue->activity[i].number;
    }
    return -1;
}
