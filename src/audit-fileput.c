/* audit-fileput: each addressed event becomes a file of its own in a directory. */
#include "config.h"

#include "base/tool.h"
#include "file/fileput.h"

static struct filter filter = FILTER;
static struct fileput fileput = {.filter = &filter};

static int run(char **operand, size_t operands)
{
    if (operands == 0)
        return options_usage("the directory DIR is missing");
    if (filter_begin(&filter, operand + 1, operands - 1) && fileput_begin(&fileput, operand[0])) {
        fileput_lines(&fileput);
        fileput_end(&fileput);
    }
    return filter_end(&filter);
}

static const char *const sync_names[] = {"group", "each", "none", NULL};

static const struct option_line options[] = {
    {.name = "sync",
     .argument = "WHEN",
     .help =
         "group: sync for many files at once (default);\neach: for every file; none: not at all",
     OPTION_CHOICE(struct fileput, sync, sync_names)},
    {.name = "no-overwrite",
     .help = "leave a file that is there as it is",
     OPTION_FLAG(struct fileput, store.no_overwrite)},
    {.name = "tee",
     .help = "write each stored line to standard output",
     OPTION_FLAG(struct fileput, tee)},
    {.name = "receipts",
     .argument = "FILE",
     .help = "append what became of each line to FILE",
     OPTION_TEXT(struct fileput, receipts_file)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-fileput",
    .operands = "[OPTION]... DIR [FILE]...",
    .summary = "Store each addressed event as the file DIR/path, whole or not at all.",
    .options = {{options, &fileput}, {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
