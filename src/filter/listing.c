#include "config.h"

#include "filter/listing.h"
#include "filter/table.h"
#include "json/edit.h"

#include <cjson/cJSON.h>
#include <stdio.h>

/* A number's decimal digits. */
struct digits {
    char text[24];
};

static struct span decimal(uint64_t number, struct digits *digits)
{
    int len = snprintf(digits->text, sizeof digits->text, "%llu", (unsigned long long)number);
    return (struct span){digits->text, (size_t)len};
}

static bool finish_table(struct table *table, struct out *out)
{
    bool whole = !table->no_memory;
    if (whole)
        table_write(table, out);
    table_free(table);
    return whole;
}

static bool counts_table(const struct tally *tally, struct out *out)
{
    struct table table = {.columns = 1 + tally->keys, .right = {true}};
    struct digits digits;
    table_add(&table, SPAN("count"));
    for (size_t k = 0; k < tally->keys; k++)
        table_add(&table, span_of(tally_names[tally->by[k]]));
    for (size_t i = 0; i < tally->distinct; i++) {
        const struct tally_count *count = &tally->counts[i];
        table_add(&table, decimal(count->count, &digits));
        for (size_t k = 0; k < tally->keys; k++)
            table_add(&table, count->key[k].at != NULL ? count->key[k] : SPAN("-"));
    }
    return finish_table(&table, out);
}

/* Adds "name":"key", or "name":null. */
static void add_key(struct edit *edit, const char *name, struct span key)
{
    edit_add(edit, SPAN("\""));
    edit_add(edit, span_of(name));
    edit_add(edit, key.at != NULL ? SPAN("\":\"") : SPAN("\":null,"));
    edit_add_encoded(edit, key);
    edit_add(edit, key.at != NULL ? SPAN("\",") : SPAN(""));
}

static bool counts_ndjson(const struct tally *tally, struct out *out)
{
    struct edit edit = {0};
    struct digits digits;
    bool whole = true;
    for (size_t i = 0; i < tally->distinct && whole; i++) {
        const struct tally_count *count = &tally->counts[i];
        edit_clear(&edit);
        edit_add(&edit, SPAN("{"));
        for (size_t k = 0; k < tally->keys; k++)
            add_key(&edit, tally_names[tally->by[k]], count->key[k]);
        edit_add(&edit, SPAN("\"count\":"));
        edit_add(&edit, decimal(count->count, &digits));
        edit_add(&edit, SPAN("}\n"));
        whole = !edit.no_memory;
        if (whole)
            edit_write(&edit, out);
    }
    edit_free(&edit);
    return whole;
}

bool listing_counts(const struct tally *tally, enum listing_form form, struct out *out)
{
    return form == LISTING_TABLE ? counts_table(tally, out) : counts_ndjson(tally, out);
}

/* The next activity of that category after `activity`; the first one if that is NULL. */
static const struct activity *next_activity(const struct catalogue *catalogue, int category,
                                            const struct activity *activity)
{
    const struct activity *end = catalogue->activity + catalogue->activities;
    activity = activity == NULL ? catalogue->activity : activity + 1;
    while (activity < end && category >= 0 && activity->number != (unsigned)category)
        activity++;
    return activity < end ? activity : NULL;
}

static void add_event(struct table *table, const struct activity *activity)
{
    char name[80];
    snprintf(name, sizeof name, "%s%s", activity->event != NULL ? activity->event : "-",
             activity->event != NULL && !activity->seen ? "?" : "");
    table_add(table, span_of(name));
}

static bool activities_table(const struct catalogue *catalogue, int category, struct out *out)
{
    static const char *const heading[] = {"category", "activity", "event", "resource type",
                                          "description"};
    struct table table = {.columns = sizeof heading / sizeof *heading};
    for (size_t i = 0; i < table.columns; i++)
        table_add(&table, span_of(heading[i]));
    const struct activity *activity = NULL;
    while ((activity = next_activity(catalogue, category, activity)) != NULL) {
        table_add(&table, span_of(activity->category));
        table_add(&table, span_of(activity->name));
        add_event(&table, activity);
        table_add(&table, span_of(activity->resource_type != NULL ? activity->resource_type : "-"));
        table_add(&table, span_of(activity->description));
    }
    return finish_table(&table, out);
}

static bool activities_ndjson(const struct catalogue *catalogue, int category, struct out *out)
{
    const struct activity *activity = NULL;
    while ((activity = next_activity(catalogue, category, activity)) != NULL) {
        char *line = cJSON_PrintUnformatted(activity->json);
        if (line == NULL)
            return false;
        out_write(out, span_of(line));
        out_write(out, SPAN("\n"));
        cJSON_free(line);
    }
    return true;
}

bool listing_activities(const struct catalogue *catalogue, int category, enum listing_form form,
                        struct out *out)
{
    return form == LISTING_TABLE ? activities_table(catalogue, category, out)
                                 : activities_ndjson(catalogue, category, out);
}
