#include "config.h"

#include "filter/timeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const enum facet facets[] = {FACET_USER, FACET_EVENT, FACET_STATUS, FACET_TYPE, FACET_ASSET};
enum { SHOWN = sizeof facets / sizeof *facets, WHO = 0, WHAT, STATUS, TYPE, ASSET };

static const char *const heading[] = {"time", "who", "what", "asset"};
enum { COLUMNS = sizeof heading / sizeof *heading };

uint64_t timeline_inner(void)
{
    uint64_t inner = 0;
    for (size_t i = 0; i < SHOWN; i++)
        inner |= facet_inner(facets[i]);
    return inner;
}

/* The first value, "-" if there is none. */
static struct span first(const struct facet_values *values)
{
    return values->count > 0 ? values->value[0].text : SPAN("-");
}

static bool add_time(struct timeline *timeline, const struct event *event, struct reason *reason)
{
    char text[64];
    struct civil c;
    int32_t offset;
    if (!zone_event_time(timeline->zone, event, &c, &offset, reason))
        return false;
    int minutes = (offset < 0 ? -offset : offset) / 60;
    int len = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", (int)c.year, c.month,
                       c.day, c.hour, c.minute, c.second);
    if (timeline->zone == ZONE_UTC)
        len += snprintf(text + len, sizeof text - (size_t)len, "Z");
    else
        len += snprintf(text + len, sizeof text - (size_t)len, "%c%02d:%02d",
                        offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
    table_add(&timeline->table, (struct span){text, (size_t)len});
    return true;
}

/* TYPE:ID, as --asset takes it, and the name. */
static void add_asset(struct timeline *timeline, const struct facet_values *type,
                      const struct facet_values *asset)
{
    struct span kind = first(type), id = first(asset);
    struct span name = asset->count > 1 ? asset->value[1].text : (struct span){"", 0};
    if (type->count == 0 || asset->count == 0) {
        table_add(&timeline->table, kind);
        return;
    }
    size_t size = kind.len + id.len + name.len + 8;
    if (size > timeline->asset_size) {
        char *grown = realloc(timeline->asset, 2 * size);
        if (grown == NULL) {
            timeline->table.no_memory = true;
            return;
        }
        timeline->asset = grown;
        timeline->asset_size = 2 * size;
    }
    int len = snprintf(timeline->asset, timeline->asset_size, "%.*s:%.*s", (int)kind.len, kind.at,
                       (int)id.len, id.at);
    if (name.len > 0)
        len += snprintf(timeline->asset + len, timeline->asset_size - (size_t)len, " (%.*s)",
                        (int)name.len, name.at);
    table_add(&timeline->table, (struct span){timeline->asset, (size_t)len});
}

static void begin(struct timeline *timeline)
{
    timeline->table.columns = COLUMNS;
    for (size_t i = 0; i < COLUMNS; i++)
        table_add(&timeline->table, span_of(heading[i]));
}

bool timeline_add(struct timeline *timeline, const struct event *event, struct reason *reason)
{
    struct facet_values values[SHOWN];
    char job[64];
    for (size_t i = 0; i < SHOWN; i++)
        if (!facet_read(&timeline->reader, event, facets[i], &values[i], reason))
            return false;
    if (timeline->table.cells == 0)
        begin(timeline);
    if (!add_time(timeline, event, reason))
        return false;
    struct span what = first(&values[WHAT]), status = first(&values[STATUS]);
    if (event->kind == EVENT_JOB) {
        int len = snprintf(job, sizeof job, "job %.*s", (int)(status.len < 40 ? status.len : 40),
                           status.at);
        what = (struct span){job, (size_t)len};
    }
    table_add(&timeline->table, first(&values[WHO]));
    table_add(&timeline->table, what);
    add_asset(timeline, &values[TYPE], &values[ASSET]);
    return !timeline->table.no_memory || reason_set(reason, "%s", strerror(ENOMEM));
}

bool timeline_write(struct timeline *timeline, struct out *out)
{
    if (timeline->table.cells == 0)
        begin(timeline);
    if (timeline->table.no_memory)
        return false;
    table_write(&timeline->table, out);
    return true;
}

void timeline_free(struct timeline *timeline)
{
    table_free(&timeline->table);
    facet_free(&timeline->reader);
    free(timeline->asset);
    *timeline = (struct timeline){.zone = ZONE_UTC};
}
