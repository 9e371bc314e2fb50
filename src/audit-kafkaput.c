/* audit-kafkaput: writes each event to a Kafka topic, as one message. */
#include "config.h"

#include "base/tool.h"
#include "deliver/deliver.h"
#include "kafka/kafkaput.h"

static struct filter filter = FILTER;
static struct deliver_options deliver = DELIVER_OPTIONS;
static struct kafkaput_options options = KAFKAPUT_OPTIONS;

static int run(char **operand, size_t operands)
{
    static struct kafkaput kafkaput;
    if (options.kafka.topic == NULL)
        return options_usage("no topic; give --topic");
    if (options.dry_run && deliver.tee != LEDGER_TEE_NONE)
        return options_usage("--dry-run and --tee both write to standard output; give one");
    kafkaput.client.verbose = filter.flood.all;
    if (filter_begin(&filter, operand, operands) && kafkaput_begin(&kafkaput, &options)) {
        deliver_run(&filter, &kafkaput.sink, &deliver);
        kafkaput_end(&kafkaput);
    }
    return filter_end(&filter);
}

static const struct tool tool = {
    .name = "audit-kafkaput",
    .operands = "--brokers=HOST:PORT --topic=NAME [OPTION]... [FILE]...",
    .summary = "Write each event to a Kafka topic, with its customer as the key.",
    .options = {{kafka_options, &options.kafka},
                {kafkaput_options, &options},
                {deliver_options, &deliver},
                {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
