#include "config.h"

#include "deliver/service.h"

#include <stdlib.h>

void judgement_begin(struct judgement *judgement, size_t count)
{
    *judgement = (struct judgement){.meaning = MEANS_RETRY, .count = count};
    judgement->reason.text[0] = '\0';
}

bool judgement_settle(struct judgement *judgement, size_t index, enum meaning meaning,
                      const char *reason)
{
    if (judgement->each == NULL)
        judgement->each = calloc(judgement->count, sizeof *judgement->each);
    char *copy = reason != NULL ? strdup(reason) : NULL;
    if (judgement->each == NULL || (reason != NULL && copy == NULL)) {
        free(copy);
        judgement->meaning = MEANS_RETRY;
        reason_set(&judgement->reason, "no memory left to read the response");
        return false;
    }
    free(judgement->each[index].reason);
    judgement->each[index] = (struct judged){true, meaning, copy};
    return true;
}

void judgement_end(struct judgement *judgement)
{
    for (size_t i = 0; judgement->each != NULL && i < judgement->count; i++)
        free(judgement->each[i].reason);
    free(judgement->each);
    judgement->each = NULL;
}
