#include "config.h"

#include "base/diag.h"
#include "base/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 64 };

static const struct option_line standard[] = {
    {'h', "help", NULL, "print this help and exit"},
    {'V', "version", NULL, "print the version and exit"},
    {0, NULL, NULL, NULL},
};

/* Calls for each option, the tool's own first. */
static void each_option(const struct program *program,
                        void (*call)(void *context, const struct option_line *line), void *context)
{
    const struct option_line *tables[] = {program->line, program->also, program->more, standard};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct option_line *l = tables[t]; l != NULL && l->id != 0; l++)
            call(context, l);
}

struct getopt_tables {
    char shorts[3 * OPTIONS_MAX + 1];
    struct option longs[OPTIONS_MAX + 1];
    size_t count;
};

static void add_option(void *context, const struct option_line *line)
{
    struct getopt_tables *tables = context;
    if (tables->count == OPTIONS_MAX)
        return;
    int takes = line->argument == NULL     ? no_argument
                : line->argument[0] == '[' ? optional_argument
                                           : required_argument;
    tables->longs[tables->count++] = (struct option){line->name, takes, NULL, line->id};
    if (line->id > 255)
        return;
    size_t end = strlen(tables->shorts);
    tables->shorts[end++] = (char)line->id;
    /* required_argument is 1 and one colon, optional_argument 2 and two. */
    for (int colons = takes; colons > 0; colons--)
        tables->shorts[end++] = ':';
    tables->shorts[end] = '\0';
}

static void print_option(void *context, const struct option_line *line)
{
    enum { HELP_COLUMN = 28 };
    char head[80];
    FILE *to = context;
    int n = line->id <= 255 ? snprintf(head, sizeof head, "  -%c, --%s", line->id, line->name)
                            : snprintf(head, sizeof head, "      --%s", line->name);
    if (line->argument != NULL)
        n += snprintf(head + n, sizeof head - (size_t)n, "%s%s",
                      line->argument[0] == '[' ? "" : "=", line->argument);
    if (n > HELP_COLUMN - 2)
        fprintf(to, "%s\n%*s", head, HELP_COLUMN, "");
    else
        fprintf(to, "%-*s", HELP_COLUMN, head);
    for (const char *text = line->help; *text != '\0'; text++) {
        putc(*text, to);
        if (*text == '\n')
            fprintf(to, "%*s", HELP_COLUMN, "");
    }
    putc('\n', to);
}

/* Ends what goes to standard output in place of the tool's work. */
static int close_stdout(void)
{
    bool failed = ferror(stdout) != 0;
    if (fclose(stdout) != 0 || failed)
        diag_fail("standard output: %s", strerror(errno));
    return OPTIONS_STOP;
}

static int print_help(const struct program *program)
{
    printf("Usage: %s %s\n%s\n\n", program->name, program->operands, program->summary);
    each_option(program, print_option, stdout);
    printf("\nSee %s(1) and audit-filters(7).\n", program->name);
    return close_stdout();
}

static int print_version(const struct program *program)
{
    printf("%s (audit-filters) %s\n", program->name, PACKAGE_VERSION);
    return close_stdout();
}

static void usage_hint(const char *name)
{
    fprintf(stderr, "Try '%s --help' for more information.\n", name);
    diag_raise(STATUS_FAILED);
}

int options_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_vwarn(format, arguments);
    va_end(arguments);
    usage_hint(diag_program());
    return STATUS_FAILED;
}

int options_choice(const char *option, const char *value, const char *const names[])
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(value, names[i]) == 0)
            return i;
    options_usage("--%s=%s: there is no such choice", option, value);
    return -1;
}

int options_next(const struct program *program, int argc, char **argv, const char **value)
{
    static struct getopt_tables tables;
    if (tables.count == 0) {
        each_option(program, add_option, &tables);
        /* getopt's own messages begin with this. */
        argv[0] = (char *)program->name;
    }
    int id = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
    *value = optarg;
    switch (id) {
    case -1:
        return OPTIONS_END;
    case '?':
        usage_hint(program->name);
        return OPTIONS_STOP;
    case 'h':
        return print_help(program);
    case 'V':
        return print_version(program);
    default:
        return id;
    }
}

/* The number that *text begins with; moves past it. */
static bool read_number(const char **text, uint64_t *number)
{
    char *end;
    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    *number = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0;
}

bool options_size(const char *text, size_t *bytes)
{
    static const char letters[] = "KMGT";
    uint64_t number;
    if (!read_number(&text, &number))
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
    const char *name; /* before any name that is a beginning of it */
    int64_t size;
};

/* Adds up numbers with units. */
static bool read_units(const char *text, const struct unit *units, int64_t *total)
{
    *total = 0;
    do {
        uint64_t number;
        int64_t part;
        if (!read_number(&text, &number) || number > INT64_MAX)
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

bool options_duration(const char *text, int64_t *seconds)
{
    static const struct unit units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
    return read_units(text, units, seconds);
}

bool options_interval(const char *text, int64_t *microseconds)
{
    static const struct unit units[] = {{"ms", 1000},
                                        {"s", 1000000},
                                        {"m", 60 * (int64_t)1000000},
                                        {"h", 3600 * (int64_t)1000000},
                                        {"d", 86400 * (int64_t)1000000},
                                        {NULL, 0}};
    return read_units(text, units, microseconds);
}
