/* environment: variables of the environment.  An empty variable counts as one that is not set. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdlib.h>

/* The variable's value, valid as long as the environment is not changed; NULL if it is not set or
 * empty. */
static inline const char *environment_value(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

#endif
