/* audit-kafkaget: delivers the messages of a Kafka topic to a command. */
#include "config.h"

#include "base/clock.h"
#include "base/tool.h"
#include "kafka/kafkaget.h"
#include "spool/backoff.h"
#include "spool/command.h"

static struct kafkaget_options settings = {
    .batch_bytes = (size_t)8 << 20,
    .batch_wait = CLOCK_SECOND,
    .parallel = 4,
    .backoff = 15 * 60 * CLOCK_SECOND,
    .drain = 30 * CLOCK_SECOND,
};

static int run(char **operand, size_t operands)
{
    if (operands > 0)
        return options_usage("%s: audit-kafkaget takes no files; a command comes after --",
                             operand[0]);
    if (settings.kafka.topic == NULL)
        return options_usage("no topic; give --topic");
    if (settings.group == NULL || settings.group[0] == '\0')
        return options_usage("no group; give --group, the same to all workers");
    if (settings.command != NULL && settings.command[0] == NULL)
        return options_usage("the command after -- is missing");
    if (settings.command != NULL && settings.rejects == NULL && settings.dead_letter == NULL)
        return options_usage("what the command rejects needs a place; give --rejects=FILE or "
                             "--dead-letter=TOPIC");
    if (settings.rejects != NULL && settings.dead_letter != NULL)
        return options_usage("--rejects and --dead-letter exclude each other; give one");
    kafkaget_run(&settings);
    return diag_exit_status();
}

static bool parse_backoff(void *context, const char *argument, struct reason *reason)
{
    struct kafkaget_options *s = context;
    if (!options_interval(argument, &s->backoff) || s->backoff < CLOCK_SECOND ||
        s->backoff > BACKOFF_LONGEST)
        return reason_set(reason, "not a duration from 1s to 30d");
    return true;
}

static bool parse_dead_letter(void *context, const char *argument, struct reason *reason)
{
    ((struct kafkaget_options *)context)->dead_letter = argument;
    return kafka_config_is_topic(argument, reason);
}

static const struct option_line options[] = {
    {.name = "group",
     .argument = "NAME",
     .help = "the group of workers that share the topic",
     OPTION_TEXT(struct kafkaget_options, group)},
    {.letter = 'f',
     .name = "follow",
     .help = "do not end: wait for messages, and retry after failures",
     OPTION_FLAG(struct kafkaget_options, follow)},
    {.name = "batch-bytes",
     .argument = "SIZE",
     .help = "give the command SIZE bytes of one partition at once\n(default 8MiB)",
     OPTION_SIZE(struct kafkaget_options, batch_bytes, 1)},
    {.name = "batch-wait",
     .argument = "DURATION",
     .help = "or DURATION after its first message (default 1s)",
     OPTION_INTERVAL(struct kafkaget_options, batch_wait, 0)},
    {.name = "parallel",
     .argument = "N",
     .help = "commands at once, one a partition (default 4)",
     OPTION_COUNT(struct kafkaget_options, parallel, 1, 1000)},
    {.name = "backoff",
     .argument = "DURATION",
     .help = "with --follow: the longest wait between two attempts\n(default 15m)",
     OPTION_CALL(parse_backoff)},
    {.name = "drain",
     .argument = "DURATION",
     .help = "on a signal, let commands run for so long before they get\nSIGTERM (default 30s)",
     OPTION_INTERVAL(struct kafkaget_options, drain, 0)},
    {.name = "rejects",
     .argument = "FILE",
     .help = "append rejected messages to FILE",
     OPTION_TEXT(struct kafkaget_options, rejects)},
    {.name = "dead-letter",
     .argument = "TOPIC",
     .help = "or write it to another topic",
     OPTION_CALL(parse_dead_letter)},
    {.letter = 'v',
     .name = "verbose",
     .help = "pass on the command's messages during an outage, too, and\nwhat librdkafka logs",
     OPTION_FLAG(struct kafkaget_options, verbose)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-kafkaget",
    .operands = "--brokers=HOST:PORT --topic=NAME --group=NAME [OPTION]... [-- COMMAND [ARG]...]",
    .summary = "Give the messages of a Kafka topic to COMMAND, batch by batch, until it has them;\n"
               "without COMMAND, write them to standard output.",
    .options = {{kafka_options, &settings.kafka}, {options, &settings}},
    .command = &settings.command,
    .is_command = command_exists,
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
