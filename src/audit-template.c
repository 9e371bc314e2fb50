/* audit-template: gives each event a log message of its own. */
#include "config.h"

#include "filter/filter.h"
#include "filter/message.h"
#include "filter/template_file.h"

#include <getopt.h>
#include <stdlib.h>

enum { OPTION_CHECK = 256, OPTION_LIST, OPTION_NOW, OPTION_STRICT };

static const struct option_line own_options[] = {
    {'t', "template", "FILE|NAME",
     "the message: a JSON text with placeholders, in FILE (a\n"
     "name with a '/' or '.') or the shipped one of that NAME"},
    {OPTION_STRICT, "strict", NULL,
     "end with status 2 if the template is invalid, instead of\n"
     "sending the default message, which is the event itself"},
    {OPTION_CHECK, "check", NULL, "only check the template"},
    {OPTION_LIST, "list", NULL, "print the names that -t knows"},
    {OPTION_NOW, "now", "TIME", "the time that {{now}} shows, instead of the clock's"},
    {0, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "audit-template",
    .operands = "-t FILE|NAME [OPTION]... [FILE]...",
    .summary =
        "Give each audit event a custom log message, made from a template:\n"
        "EVENT leaves as MESSAGE, {\"path\":P,\"event\":EVENT} as {\"path\":P,\"event\":MESSAGE}.",
    .line = own_options,
    .more = filter_options,
};

struct settings {
    const char *template; /* -t's argument */
    bool strict, check, list, pinned;
    struct timestamp now; /* if pinned */
};

/* False after a usage error. */
static bool read_now(struct settings *settings, const char *text)
{
    struct timestamp clock = timestamp_now();
    settings->pinned = timestamp_argument(text, &clock, &settings->now);
    if (settings->pinned)
        return true;
    options_usage("--now=%s: not a time; times are like 2023-06-02T01:30:01.002-04:00, 2023-06-02 "
                  "or 7d (ago)",
                  text);
    return false;
}

/* False: the program ends, with diag_exit_status(). */
static bool read_options(struct settings *settings, struct filter *filter, int argc, char **argv)
{
    const char *value;
    int id;
    while ((id = options_next(&program, argc, argv, &value)) != OPTIONS_END) {
        switch (id) {
        case 't':
            settings->template = value;
            break;
        case OPTION_STRICT:
            settings->strict = true;
            break;
        case OPTION_CHECK:
            settings->check = true;
            break;
        case OPTION_LIST:
            settings->list = true;
            break;
        case OPTION_NOW:
            if (!read_now(settings, value))
                return false;
            break;
        default:
            if (!filter_option(filter, id, value))
                return false;
        }
    }
    if (settings->template == NULL && !settings->list) {
        options_usage("which template? say it with --template=FILE or --template=NAME; --list "
                      "prints the names");
        return false;
    }
    if ((settings->check || settings->list) && optind < argc) {
        options_usage("%s: no events are read with --%s", argv[optind],
                      settings->list ? "list" : "check");
        return false;
    }
    return true;
}

static int print_names(struct filter *filter)
{
    struct template_names names;
    struct reason reason;
    if (!filter_begin(filter, NULL, 0))
        return diag_exit_status();
    if (!template_names(&names, &reason))
        diag_fail("%s", reason.text);
    for (size_t i = 0; i < names.count; i++)
        filter_write(filter, span_of(names.name[i]));
    template_names_free(&names);
    return filter_end(filter);
}

/* Says what is wrong with a template, and how the tool takes it. */
static void report(const struct settings *settings, const char *file,
                   const struct template_error *error)
{
    if (error->line == 0)
        diag_fail("%s: %s", file, error->why.text);
    else if (settings->check || settings->strict)
        diag_fail("%s:%zu:%zu: %s", file, error->line, error->column, error->why.text);
    else
        diag_warn("%s:%zu:%zu: %s; the default message, the event itself, is sent", file,
                  error->line, error->column, error->why.text);
}

/* Compiles the template and does what the options ask for with it. */
static void run(const struct settings *settings, struct filter *filter, const char *file,
                struct span text, char **operand, size_t operands)
{
    static struct message message;
    struct template template;
    struct template_error error;
    bool good = template_compile(&template, text, &error);
    if (!good)
        report(settings, file, &error);
    if (!settings->check && diag_exit_status() == STATUS_OK) {
        message.template = good ? &template : NULL;
        message.now = settings->pinned ? &settings->now : NULL;
        if (filter_begin(filter, operand, operands))
            filter_lines(filter, message_transform, &message);
        filter_end(filter);
    }
    template_free(&template);
}

int main(int argc, char **argv)
{
    static struct filter filter;
    static struct settings settings;
    struct reason reason;
    struct span text;
    filter_init(&filter, program.name);
    if (!read_options(&settings, &filter, argc, argv))
        return diag_exit_status();
    if (settings.list)
        return print_names(&filter);
    char *file = template_file_find(settings.template, &reason);
    char *buffer = file != NULL ? template_file_read(file, &text, &reason) : NULL;
    if (buffer != NULL)
        run(&settings, &filter, file, text, argv + optind, (size_t)(argc - optind));
    else
        diag_fail("%s", reason.text);
    free(buffer);
    free(file);
    return diag_exit_status();
}
