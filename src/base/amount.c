#include "config.h"

#include "base/amount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool amount_number(const char **text, uint64_t *number)
{
    char *end;
    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    *number = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0;
}

bool amount_size(const char *text, size_t *bytes)
{
    static const char letters[] = "KMGT";
    uint64_t number;
    if (!amount_number(&text, &number))
        return false;
    const char *letter = *text == '\0' ? NULL : strchr(letters, *text == 'k' ? 'K' : *text);
    if (letter != NULL) {
        text++;
        uint64_t unit = strcmp(text, "B") == 0 ? 1000 : 1024;
        for (int times = (int)(letter - letters) + 1; times > 0; times--)
            if (__builtin_mul_overflow(number, unit, &number))
                return false;
    }
    bool suffix = *text == '\0' || strcmp(text, "B") == 0 || (letter && strcmp(text, "iB") == 0);
    *bytes = (size_t)number;
    return suffix && *bytes == number;
}

struct unit {
    const char *name; /* before any name that begins with this one */
    int64_t size;
};

/* Adds up numbers with units. */
static bool read_units(const char *text, const struct unit *units, int64_t *total)
{
    *total = 0;
    do {
        uint64_t number;
        int64_t part;
        if (!amount_number(&text, &number) || number > INT64_MAX)
            return false;
        const struct unit *unit = units;
        while (unit->name != NULL && strncmp(text, unit->name, strlen(unit->name)) != 0)
            unit++;
        if (unit->name == NULL || __builtin_mul_overflow((int64_t)number, unit->size, &part) ||
            __builtin_add_overflow(*total, part, total))
            return false;
        text += strlen(unit->name);
    } while (*text != '\0');
    return true;
}

bool amount_duration(const char *text, int64_t *seconds)
{
    static const struct unit units[] = {{"s", 1},     {"m", 60},     {"h", 3600},
                                        {"d", 86400}, {"w", 604800}, {"y", 365 * 86400},
                                        {NULL, 0}};
    return read_units(text, units, seconds);
}

bool amount_interval(const char *text, int64_t *microseconds)
{
    static const struct unit units[] = {{"ms", 1000},
                                        {"s", 1000000},
                                        {"m", 60 * (int64_t)1000000},
                                        {"h", 3600 * (int64_t)1000000},
                                        {"d", 86400 * (int64_t)1000000},
                                        {"w", 604800 * (int64_t)1000000},
                                        {"y", 365 * 86400 * (int64_t)1000000},
                                        {NULL, 0}};
    const int64_t longest = 10000 * (int64_t)366 * 86400 * 1000000;
    return read_units(text, units, microseconds) && *microseconds <= longest;
}
