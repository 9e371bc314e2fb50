/* audit-fileput: writes each addressed event to a file of its own in a directory. */
#include "config.h"

#include "base/tool.h"
#include "deliver/deliver.h"
#include "file/fileput.h"

static struct filter filter = FILTER;
static struct deliver_options deliver = DELIVER_OPTIONS;
static struct fileput fileput;

static int run(char **operand, size_t operands)
{
    if (operands == 0)
        return options_usage("the directory DIR is missing");
    if (fileput.store.overwrite && fileput.no_overwrite)
        return options_usage("--overwrite and --no-overwrite exclude each other; give one");
    if (filter_begin(&filter, operand + 1, operands - 1) && fileput_begin(&fileput, operand[0])) {
        deliver_run(&filter, &fileput.sink, &deliver);
        fileput_end(&fileput);
    }
    return filter_end(&filter);
}

static const struct tool tool = {
    .name = "audit-fileput",
    .operands = "[OPTION]... DIR [FILE]...",
    .summary = "Store each addressed event as the file DIR/path, whole or not at all.",
    .options = {{fileput_options, &fileput},
                {deliver_options, &deliver},
                {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
