#include "config.h"

#include "base/secret.h"
#include "deliver/header.h"
#include "post/token.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

/* Overwrites the strings of the document's members, which contain secrets, and frees it. */
static void drop(cJSON *document)
{
    const cJSON *member = document != NULL ? document->child : NULL;
    for (; member != NULL; member = member->next)
        if (member->valuestring != NULL)
            explicit_bzero(member->valuestring, strlen(member->valuestring));
    cJSON_Delete(document);
}

/* Seconds from a number, or from a string as some servers send it; 0: no valid value. */
static int64_t read_seconds(const cJSON *expires)
{
    double seconds = 0;
    if (cJSON_IsNumber(expires))
        seconds = expires->valuedouble;
    else if (cJSON_IsString(expires))
        seconds = strtod(expires->valuestring, NULL);
    if (!(seconds > 0 && seconds < 1e9))
        return 0;
    /* At least a second: a shorter time would cause requests without a pause. */
    return seconds < 1 ? 1 : (int64_t)seconds;
}

bool token_read(struct span document, struct token *token)
{
    cJSON *json = cJSON_ParseWithLength(document.at, document.len);
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "access_token"));
    *token = (struct token){NULL, 0};
    if (text != NULL && text[0] != '\0' && header_is_value(span_of(text))) {
        token->text = secret_copy(span_of(text));
        token->seconds = read_seconds(cJSON_GetObjectItemCaseSensitive(json, "expires_in"));
    }
    drop(json);
    return token->text != NULL;
}

void token_explain(struct span document, struct reason *reason)
{
    static const char *const members[] = {"error", "error_description"};
    enum { SHOWN = 200 };
    cJSON *json = cJSON_ParseWithLength(document.at, document.len);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, members[i]));
        if (said == NULL)
            continue;
        reason_append(reason, SPAN(": "));
        reason_append(reason, (struct span){said, strnlen(said, SHOWN)});
    }
    drop(json);
}
