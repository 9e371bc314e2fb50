/* audit-truncate: replaces the lines of an event that is larger than the limit. */
#include "config.h"

#include "base/tool.h"
#include "filter/filter.h"
#include "filter/truncate.h"

static bool parse_text(void *context, const char *text, struct reason *reason)
{
    return truncate_set_text(context, text, reason);
}

static struct filter filter = FILTER;
static struct parallel parallel;
static struct truncation truncation = TRUNCATION;

static int run(char **operand, size_t operands)
{
    if (filter_begin(&filter, operand, operands))
        parallel_lines(&parallel, &filter, &truncate_work, &truncation);
    truncate_free(&truncation);
    return filter_end(&filter);
}

static const struct option_line options[] = {
    {.letter = 'l',
     .name = "limit",
     .argument = "SIZE",
     .help = "the size of the largest event (default 40MB)",
     OPTION_SIZE(struct truncation, limit, 0)},
    {.name = "text",
     .argument = "TEXT",
     .help = "the text in place of the lines\n"
             "(default \"Log lines exceed size limit\")",
     OPTION_CALL(parse_text)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-truncate",
    .operands = "[OPTION]... [FILE]...",
    .summary = "In audit events larger than a limit, put a short text in place of the lines.\n"
               "Events that fit pass through untouched.",
    .options = {{options, &truncation}, {parallel_options, &parallel}, {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
