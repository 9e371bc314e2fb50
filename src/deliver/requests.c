#include "config.h"

#include "deliver/requests.h"

#include <stdlib.h>

struct request *requests_new(struct requests_pool *pool, struct sender *sender)
{
    struct request *request = pool->unused;
    if (request != NULL)
        pool->unused = request->next;
    else if ((request = malloc(sizeof *request)) == NULL)
        return NULL;
    *request = (struct request){.sender = sender};
    return request;
}

void requests_drop(struct requests_pool *pool, struct request *request)
{
    request->next = pool->unused;
    pool->unused = request;
}

void requests_free(struct requests_pool *pool)
{
    for (struct request *next, *request = pool->unused; request != NULL; request = next) {
        next = request->next;
        free(request);
    }
    pool->unused = NULL;
}

void requests_add(struct request *request, struct record *record)
{
    records_add(&request->records, record);
    request->size += record->size;
}

struct request *requests_split(struct requests_pool *pool, struct request *request)
{
    struct request *rest = NULL;
    if (request->records.count < 2 || (rest = requests_new(pool, request->sender)) == NULL)
        return NULL;
    struct records all = request->records;
    size_t half = all.count / 2;
    request->records = (struct records){0};
    request->size = 0;
    for (struct record *record; (record = records_take(&all)) != NULL;)
        requests_add(request->records.count < half ? request : rest, record);
    rest->attempts = request->attempts;
    rest->first_attempt = request->first_attempt;
    rest->last_attempt = request->last_attempt;
    rest->status = request->status;
    rest->unreadable = request->unreadable;
    request->halved = rest->halved = true;
    return rest;
}

void requests_link(struct request **list, struct request *request)
{
    request->previous = NULL;
    request->next = *list;
    if (*list != NULL)
        (*list)->previous = request;
    *list = request;
}

void requests_unlink(struct request **list, struct request *request)
{
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        *list = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
}
