/* audit-template: makes a custom log message from each event. */
#include "config.h"

#include "base/tool.h"
#include "filter/filter.h"
#include "filter/message.h"
#include "filter/template_file.h"

#include <stdlib.h>

struct settings {
    const char *template; /* -t's argument */
    bool strict, check, list;
    struct option_time now;
};

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

/* Reports what is wrong with a template, and what the tool does about it. */
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

static struct parallel parallel;

/* Compiles the template and acts on the options. */
static void use_template(const struct settings *settings, struct filter *filter, const char *file,
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
        message.now = settings->now.given ? &settings->now.time : NULL;
        if (message_is_timed(&message))
            parallel.threads = 1;
        if (filter_begin(filter, operand, operands))
            parallel_lines(&parallel, filter, &message_work, &message);
        filter_end(filter);
    }
    template_free(&template);
}

static struct filter filter = FILTER;
static struct settings settings;

static int run(char **operand, size_t operands)
{
    struct reason reason;
    struct span text;
    if (settings.template == NULL && !settings.list)
        return options_usage("no template; give --template=FILE or --template=NAME (--list prints "
                             "the names)");
    if ((settings.check || settings.list) && operands > 0)
        return options_usage("%s: no events are read with --%s", operand[0],
                             settings.list ? "list" : "check");
    if (settings.list)
        return print_names(&filter);
    char *file = template_file_find(settings.template, &reason);
    char *buffer = file != NULL ? template_file_read(file, &text, &reason) : NULL;
    if (buffer != NULL)
        use_template(&settings, &filter, file, text, operand, operands);
    else
        diag_fail("%s", reason.text);
    free(buffer);
    free(file);
    return diag_exit_status();
}

static const struct option_line options[] = {
    {.letter = 't',
     .name = "template",
     .argument = "FILE|NAME",
     .help = "the message: a JSON text with placeholders, in FILE (a\n"
             "name with a '/' or '.') or the shipped one of that NAME",
     OPTION_TEXT(struct settings, template)},
    {.name = "strict",
     .help = "end with status 2 if the template is invalid, instead of\n"
             "sending the default message, which is the event itself",
     OPTION_FLAG(struct settings, strict)},
    {.name = "check", .help = "only check the template", OPTION_FLAG(struct settings, check)},
    {.name = "list", .help = "print the names that -t knows", OPTION_FLAG(struct settings, list)},
    {.name = "now",
     .argument = "TIME",
     .help = "the time that {{now}} shows, instead of the clock's",
     OPTION_TIME(struct settings, now)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-template",
    .operands = "-t FILE|NAME [OPTION]... [FILE]...",
    .summary =
        "Give each audit event a custom log message, made from a template:\n"
        "EVENT leaves as MESSAGE, {\"path\":P,\"event\":EVENT} as {\"path\":P,\"event\":MESSAGE}.",
    .options = {{options, &settings}, {parallel_options, &parallel}, {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
