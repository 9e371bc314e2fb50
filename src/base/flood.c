#include "config.h"

#include "base/diag.h"
#include "base/flood.h"

#include <stdio.h>
#include <stdlib.h>

/* FNV-1a of the text, without its numbers and without quoted parts. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    bool quoted = false, number = false;
    for (; *text != '\0'; text++) {
        bool digit = *text >= '0' && *text <= '9';
        if (*text == '\'')
            quoted = !quoted;
        if (quoted || (digit && number))
            continue;
        number = digit;
        hash = (hash ^ (unsigned char)(digit ? '0' : *text)) * 0x100000001b3u;
    }
    return hash;
}

static struct flood_kind *kind_of(struct flood *flood, uint64_t hash)
{
    for (size_t i = 0; i < flood->kinds; i++)
        if (flood->kind[i].hash == hash)
            return &flood->kind[i];
    if (flood->kinds < FLOOD_KINDS)
        flood->kind[flood->kinds++].hash = hash;
    return &flood->kind[flood->kinds - 1];
}

enum flood_turn flood_note(struct flood *flood, const char *text)
{
    if (flood->all)
        return FLOOD_TELL;
    struct flood_kind *kind = kind_of(flood, hash_of(text));
    if (++kind->count < FLOOD_TOLD)
        return FLOOD_TELL;
    if (kind->count > FLOOD_TOLD)
        return FLOOD_COUNT;
    kind->last = strdup(text);
    return FLOOD_TELL_LAST;
}

const char *flood_number(size_t number, char text[FLOOD_NUMBER])
{
    char digits[FLOOD_NUMBER], *to = text;
    size_t len = (size_t)snprintf(digits, sizeof digits, "%zu", number);
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

void flood_end(struct flood *flood)
{
    char number[FLOOD_NUMBER];
    for (size_t i = 0; i < flood->kinds; i++) {
        struct flood_kind *kind = &flood->kind[i];
        if (kind->count > FLOOD_TOLD)
            diag_warn("... and %s more like the last: %s",
                      flood_number(kind->count - FLOOD_TOLD, number),
                      kind->last != NULL ? kind->last : "(no memory for it)");
        free(kind->last);
        *kind = (struct flood_kind){.hash = 0};
    }
    flood->kinds = 0;
}
