/* audit-spool: keeps lines in a spool directory, where they survive an outage of their sink. */
#include "config.h"

#include "base/tool.h"
#include "deliver/deliver.h"
#include "spool/spoolput.h"

static struct filter filter = FILTER;
static struct deliver_options deliver = DELIVER_OPTIONS;
static struct spoolput spoolput = SPOOLPUT;

static int run(char **operand, size_t operands)
{
    if (operands == 0)
        return options_usage("the directory DIR is missing");
    if (filter_begin(&filter, operand + 1, operands - 1) && spoolput_begin(&spoolput, operand[0])) {
        deliver_run(&filter, &spoolput.sink, &deliver);
        spoolput_end(&spoolput);
    }
    return filter_end(&filter);
}

static const struct tool tool = {
    .name = "audit-spool",
    .operands = "[OPTION]... DIR [FILE]...",
    .summary = "Keep lines in the spool DIR until audit-drain has delivered them.",
    .options = {{spoolput_options, &spoolput},
                {deliver_options, &deliver},
                {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
