#include "config.h"

#include "base/read_all.h"
#include "spool/drain_state.h"

#include <cjson/cJSON.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void drain_state_read(struct drain_state *state, const struct spooldir *spool)
{
    char text[4096];
    *state = (struct drain_state){0};
    int fd = openat(spool->dir, "state", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read_at(fd, text, sizeof text, 0);
    close(fd);
    cJSON *object = n > 0 ? cJSON_ParseWithLength(text, (size_t)n) : NULL;
    const cJSON *since = cJSON_GetObjectItemCaseSensitive(object, "failing_since");
    const cJSON *attempts = cJSON_GetObjectItemCaseSensitive(object, "attempts");
    const char *reason = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "reason"));
    if (cJSON_IsNumber(since) && cJSON_IsNumber(attempts) && since->valuedouble > 0) {
        state->since = (int64_t)since->valuedouble;
        state->attempts = (unsigned)attempts->valueint;
        reason_set(&state->reason, "%s", reason != NULL ? reason : "");
    }
    cJSON_Delete(object);
}

/* The state as JSON, for the caller to free; NULL: no memory. */
static char *print_state(const struct drain_state *state)
{
    cJSON *object = cJSON_CreateObject();
    char *text = NULL;
    if (cJSON_AddNumberToObject(object, "failing_since", (double)state->since) != NULL &&
        cJSON_AddNumberToObject(object, "attempts", state->attempts) != NULL &&
        cJSON_AddStringToObject(object, "reason", state->reason.text) != NULL)
        text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

void drain_state_write(const struct drain_state *state, const struct spooldir *spool)
{
    enum { FLAGS = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC };
    if (state->since == 0) {
        unlinkat(spool->dir, "state", 0);
        return;
    }
    char *text = print_state(state);
    int fd = text == NULL ? -1 : openat(spool->place[SPOOL_WORK], "state", FLAGS, 0666);
    if (fd >= 0) {
        bool written = dprintf(fd, "%s\n", text) > 0;
        close(fd);
        if (!written || renameat(spool->place[SPOOL_WORK], "state", spool->dir, "state") != 0)
            unlinkat(spool->place[SPOOL_WORK], "state", 0);
    }
    cJSON_free(text);
}
