/* requests: the records of requests: batches, halves, and lists of requests. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "deliver/service.h"

/* Unused requests, for reuse.  A pool begins zeroed. */
struct requests_pool {
    struct request *unused;
};

/* A request without records; NULL: no memory. */
struct request *requests_new(struct requests_pool *pool, struct sender *sender);
void requests_drop(struct requests_pool *pool, struct request *request);
void requests_free(struct requests_pool *pool);

/* Adds a record at the end. */
void requests_add(struct request *request, struct record *record);

/* Moves the later half of the request's records to a new request, with the same number and time of
 * attempts.  NULL: there is only one record, or no memory. */
struct request *requests_split(struct requests_pool *pool, struct request *request);

/* A doubly linked list, and a singly linked one that is emptied from the front. */
void requests_link(struct request **list, struct request *request);
void requests_unlink(struct request **list, struct request *request);

#endif
