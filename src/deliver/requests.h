/* requests: the records of requests: in batches, halved, and in lists. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "deliver/service.h"

/* Requests that are not in use, to use again.  A pool begins zeroed. */
struct requests_pool {
    struct request *unused;
};

/* A request without records; NULL: no memory. */
struct request *requests_new(struct requests_pool *pool, struct sender *sender);
void requests_drop(struct requests_pool *pool, struct request *request);
void requests_free(struct requests_pool *pool);

/* Adds a record at the end. */
void requests_add(struct request *request, struct record *record);

/* Takes the later half of the request's records into a request of its own, which has been tried as
 * often and as long.  NULL: there is only one record, or no memory. */
struct request *requests_split(struct requests_pool *pool, struct request *request);

/* A list that is linked both ways, and one that is linked one way and takes from the front. */
void requests_link(struct request **list, struct request *request);
void requests_unlink(struct request **list, struct request *request);

#endif
