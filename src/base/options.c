#include "config.h"

#include "base/diag.h"
#include "base/nearest.h"
#include "base/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_line standard[] = {
    {.letter = 'h', .name = "help", .help = "print this help and exit"},
    {.letter = 'V', .name = "version", .help = "print the version and exit"},
    {.name = NULL},
};

/* One option of the program, with the context of its table. */
struct entry {
    const struct option_line *line;
    void *context;
};

/* All options of the program, and their form for getopt_long().  The value of a long option is its
 * position plus FIRST_LONG, so that it differs from any letter. */
enum { FIRST_LONG = 256 };
struct parser {
    const struct options_program *program;
    struct entry *entry;
    size_t count;
    char *shorts;
    struct option *longs;
};

/* The number of lines in a table. */
static size_t table_size(const struct option_line *line)
{
    size_t count = 0;
    while (line[count].name != NULL)
        count++;
    return count;
}

static void add_table(struct parser *parser, const struct option_line *line, void *context)
{
    for (; line->name != NULL; line++) {
        int takes = line->argument == NULL     ? no_argument
                    : line->argument[0] == '[' ? optional_argument
                                               : required_argument;
        int value = FIRST_LONG + (int)parser->count;
        parser->longs[parser->count] = (struct option){line->name, takes, NULL, value};
        parser->entry[parser->count++] = (struct entry){line, context};
        if (line->letter == 0)
            continue;
        char *end = parser->shorts + strlen(parser->shorts);
        *end++ = (char)line->letter;
        /* required_argument is 1 and one colon, optional_argument 2 and two. */
        for (int colons = takes; colons > 0; colons--)
            *end++ = ':';
        *end = '\0';
    }
}

static void parser_free(struct parser *parser)
{
    free(parser->entry);
    free(parser->shorts);
    free(parser->longs);
}

/* False: no memory. */
static bool parser_begin(struct parser *parser, const struct options_program *program)
{
    size_t count = table_size(standard);
    for (const struct option_group *group = program->group; group->line != NULL; group++)
        count += table_size(group->line);
    *parser = (struct parser){
        .program = program,
        .entry = calloc(count, sizeof *parser->entry),
        .shorts = calloc(count, 3),
        .longs = calloc(count + 1, sizeof *parser->longs),
    };
    if (parser->entry == NULL || parser->shorts == NULL || parser->longs == NULL)
        return false;
    for (const struct option_group *group = program->group; group->line != NULL; group++)
        add_table(parser, group->line, group->context);
    add_table(parser, standard, NULL);
    return true;
}

enum { HELP_COLUMN = 28, HELP_WIDTH = 79 };

/* Prints the allowed values, in parentheses, on lines of their own. */
static void print_values(const char *const *values)
{
    int column = HELP_WIDTH;
    for (const char *const *value = values; *value != NULL; value++) {
        const char *before = value == values ? "(" : "", *after = value[1] == NULL ? ")" : ",";
        int width = (int)(strlen(before) + strlen(*value) + strlen(after));
        if (column + 1 + width > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else {
            column += printf(" ");
        }
        column += printf("%s%s%s", before, *value, after);
    }
}

static void print_option(const struct option_line *line)
{
    char head[80];
    int n = line->letter != 0 ? snprintf(head, sizeof head, "  -%c, --%s", line->letter, line->name)
                              : snprintf(head, sizeof head, "      --%s", line->name);
    if (line->argument != NULL)
        n += snprintf(head + n, sizeof head - (size_t)n, "%s%s",
                      line->argument[0] == '[' ? "" : "=", line->argument);
    if (n > HELP_COLUMN - 2)
        printf("%s\n%*s", head, HELP_COLUMN, "");
    else
        printf("%-*s", HELP_COLUMN, head);
    for (const char *text = line->help; *text != '\0'; text++) {
        putchar(*text);
        if (*text == '\n')
            printf("%*s", HELP_COLUMN, "");
    }
    if (line->values != NULL)
        print_values(line->values);
    putchar('\n');
}

/* Closes standard output after --help or --version. */
static void close_stdout(void)
{
    bool failed = ferror(stdout) != 0;
    if (fclose(stdout) != 0 || failed)
        diag_fail("standard output: %s", strerror(errno));
}

static void print_help(const struct parser *parser)
{
    const struct options_program *program = parser->program;
    printf("Usage: %s %s\n%s\n\n", program->name, program->operands, program->summary);
    for (size_t i = 0; i < parser->count; i++)
        print_option(parser->entry[i].line);
    printf("\nSee %s(1) and audit-filters(7).\n", program->name);
    close_stdout();
}

static void print_version(const struct parser *parser)
{
    printf("%s (audit-filters) %s\n", parser->program->name, PACKAGE_VERSION);
    close_stdout();
}

static void usage_hint(void)
{
    fprintf(stderr, "Try '%s --help' for more information.\n", diag_program());
    diag_raise(STATUS_FAILED);
}

int options_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_vwarn(format, arguments);
    va_end(arguments);
    usage_hint();
    return STATUS_FAILED;
}

const char *options_directory_hint(int error)
{
    return error == ENOTDIR ? "; give the directory first, then the files" : "";
}

int options_choice(const char *value, const char *const names[], struct reason *reason)
{
    struct nearest nearest;
    char message[NEAREST_MESSAGE];
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(value, names[i]) == 0)
            return i;
    reason_set(reason, "not one of ");
    for (int i = 0; names[i] != NULL; i++) {
        if (i > 0)
            reason_append(reason, SPAN(", "));
        reason_append(reason, span_of(names[i]));
    }
    nearest_begin(&nearest, span_of(value));
    nearest_offer_all(&nearest, names);
    if (nearest.count > 0) {
        reason_append(reason, SPAN("; "));
        reason_append(reason, span_of(nearest_message(&nearest, message)));
    }
    return -1;
}

/* Parses the whole text as a number within the entry's limits. */
static bool read_count(const struct option_line *line, const char *text, size_t *count)
{
    uint64_t number;
    if (!amount_number(&text, &number) || *text != '\0' || number > (uint64_t)INT64_MAX ||
        (int64_t)number < line->least || (int64_t)number > line->most)
        return false;
    *count = (size_t)number;
    return true;
}

/* All times of a command line are relative to the same moment: `--since=1h --until=1h` is an empty
 * range. */
static bool parse_time(struct option_time *option, const char *argument, struct reason *reason)
{
    static struct timestamp now;
    if (now.seconds == 0)
        now = timestamp_now();
    option->given = timestamp_argument(argument, &now, &option->time);
    return option->given ||
           reason_set(reason, "not a time; times are like 2025-05-31, 2025-05-31T12:00:00Z or 7d "
                              "(ago)");
}

/* Stores the argument.  False with a reason. */
static bool store(const struct entry *entry, const char *argument, struct reason *reason)
{
    const struct option_line *line = entry->line;
    void *field = (char *)entry->context + line->offset;
    switch (line->kind) {
    case OPTION_KIND_FLAG:
        *(bool *)field = true;
        return true;
    case OPTION_KIND_UNFLAG:
        *(bool *)field = false;
        return true;
    case OPTION_KIND_TEXT:
        *(const char **)field = argument;
        return true;
    case OPTION_KIND_CHOICE:
        return (*(int *)field = options_choice(argument, line->values, reason)) >= 0;
    case OPTION_KIND_SIZE:
        return (options_size(argument, field) && *(size_t *)field >= (size_t)line->least) ||
               reason_set(reason, "not a size; sizes are like 40MB or 40MiB");
    case OPTION_KIND_COUNT:
        return read_count(line, argument, field) ||
               reason_set(reason, "not a number from %lld to %lld", (long long)line->least,
                          (long long)line->most);
    case OPTION_KIND_INTERVAL:
        return (options_interval(argument, field) && *(int64_t *)field >= line->least) ||
               reason_set(reason, "not a duration; durations are like 30s, 5m or 250ms");
    case OPTION_KIND_TIME:
        return parse_time(field, argument, reason);
    case OPTION_KIND_CALL:
        return line->parse(entry->context, argument, reason);
    }
    return false;
}

/* Whether the argument of the command line gives this option by an abbreviation of its name. */
static bool is_abbreviated(const struct option_line *line, const char *word)
{
    size_t len = strlen(line->name);
    return strncmp(word, "--", 2) == 0 && (strncmp(word + 2, line->name, len) != 0 ||
                                           (word[2 + len] != '\0' && word[2 + len] != '='));
}

/* Handles one option, which was found in `word`.  False after a usage error. */
static bool handle(const struct entry *entry, const char *word, const char *argument)
{
    const struct option_line *line = entry->line;
    struct reason reason;
    struct printable shown;
    if (line->exact && is_abbreviated(line, word)) {
        size_t len = strcspn(word, "=");
        options_usage("unrecognized option '%s'; there is --%s=%s",
                      diag_printable((struct span){word, len}, &shown), line->name, line->argument);
        return false;
    }
    if (store(entry, argument, &reason))
        return true;
    if (argument == NULL || line->secret)
        options_usage("--%s: %s", line->name, reason.text);
    else
        options_usage("--%s=%s: %s", line->name, diag_printable(span_of(argument), &shown),
                      reason.text);
    return false;
}

/* The option that getopt has found, by its position or its letter. */
static const struct entry *found(const struct parser *parser, int value)
{
    if (value >= FIRST_LONG)
        return &parser->entry[value - FIRST_LONG];
    for (size_t i = 0; i < parser->count; i++)
        if (parser->entry[i].line->letter == value)
            return &parser->entry[i];
    return NULL;
}

/* After getopt's message about an unknown option: it may be the option of a command, which is one
 * of the words before it. */
static void command_hint(const struct options_program *program, char **argv)
{
    for (int i = 1; program->is_command != NULL && i < optind; i++)
        if (argv[i][0] != '-' && program->is_command(argv[i])) {
            options_usage("%s and its options come after --", argv[i]);
            return;
        }
    usage_hint();
}

/* False: the program must end. */
static bool read_all(const struct parser *parser, int argc, char **argv)
{
    for (;;) {
        int value = getopt_long(argc, argv, parser->shorts, parser->longs, NULL);
        if (value == -1)
            return true;
        const struct entry *entry = value != '?' ? found(parser, value) : NULL;
        if (entry == NULL) {
            command_hint(parser->program, argv);
            return false;
        }
        if (entry->line->letter == 'h' && entry->context == NULL) {
            print_help(parser);
            return false;
        }
        if (entry->line->letter == 'V' && entry->context == NULL) {
            print_version(parser);
            return false;
        }
        /* The argument may be a separate word, after the option. */
        const char *word = argv[optind - (optarg != NULL && optarg == argv[optind - 1] ? 2 : 1)];
        if (!handle(entry, word, optarg))
            return false;
    }
}

bool options_read(const struct options_program *program, int argc, char **argv)
{
    struct parser parser;
    /* getopt's own messages begin with this. */
    argv[0] = (char *)program->name;
    bool going = parser_begin(&parser, program);
    if (going)
        going = read_all(&parser, argc, argv);
    else
        diag_fail("%s", strerror(ENOMEM));
    parser_free(&parser);
    return going;
}
