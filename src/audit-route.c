/* audit-route: adds each event to the spool of its customer. */
#include "config.h"

#include "base/tool.h"
#include "deliver/deliver.h"
#include "spool/route.h"

static struct filter filter = FILTER;
static struct deliver_options deliver = DELIVER_OPTIONS;
static struct route route = ROUTE;

static int run(char **operand, size_t operands)
{
    if (operands == 0)
        return options_usage("the directory ROOT is missing");
    if (filter_begin(&filter, operand + 1, operands - 1) && route_begin(&route, operand[0])) {
        deliver_run(&filter, &route.sink, &deliver);
        route_end(&route);
    }
    return filter_end(&filter);
}

static const struct tool tool = {
    .name = "audit-route",
    .operands = "[OPTION]... ROOT [FILE]...",
    .summary =
        "Keep each event in the spool ROOT/KEY, where KEY is its customer, or in ROOT/master.",
    .options = {{route_options, &route}, {deliver_options, &deliver}, {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
