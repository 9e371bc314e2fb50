/* schedule: requests that wait to be tried again, in the order of their due times. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;

struct schedule {
    struct schedule_item {
        int64_t due;
        struct request *request;
    } * item; /* a binary heap */
    size_t count, capacity;
};

/* A schedule begins zeroed.  False: no memory. */
bool schedule_add(struct schedule *schedule, int64_t due, struct request *request);

/* When the first is due; INT64_MAX if none waits. */
static inline int64_t schedule_due(const struct schedule *schedule)
{
    return schedule->count > 0 ? schedule->item[0].due : INT64_MAX;
}

/* Removes and returns the first; NULL if none waits. */
struct request *schedule_take(struct schedule *schedule);

void schedule_free(struct schedule *schedule);

#endif
