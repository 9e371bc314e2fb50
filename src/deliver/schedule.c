#include "config.h"

#include "deliver/schedule.h"

#include <stdlib.h>

bool schedule_add(struct schedule *schedule, int64_t due, struct request *request)
{
    if (schedule->count == schedule->capacity) {
        size_t capacity = schedule->capacity > 0 ? 2 * schedule->capacity : 64;
        struct schedule_item *grown = realloc(schedule->item, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        schedule->item = grown;
        schedule->capacity = capacity;
    }
    size_t at = schedule->count++;
    for (size_t up; at > 0 && schedule->item[up = (at - 1) / 2].due > due; at = up)
        schedule->item[at] = schedule->item[up];
    schedule->item[at] = (struct schedule_item){due, request};
    return true;
}

struct request *schedule_take(struct schedule *schedule)
{
    if (schedule->count == 0)
        return NULL;
    struct schedule_item *item = schedule->item;
    struct request *request = item[0].request;
    struct schedule_item last = item[--schedule->count];
    size_t at = 0;
    for (size_t down; (down = 2 * at + 1) < schedule->count; at = down) {
        if (down + 1 < schedule->count && item[down + 1].due < item[down].due)
            down++;
        if (item[down].due >= last.due)
            break;
        item[at] = item[down];
    }
    item[at] = last;
    return request;
}

void schedule_free(struct schedule *schedule)
{
    free(schedule->item);
    *schedule = (struct schedule){0};
}
