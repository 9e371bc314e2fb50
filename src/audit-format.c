/* audit-format: from any archive to clean events, one a line. */
#include "config.h"

#include "filter/filter.h"
#include "filter/format.h"
#include "filter/texts.h"

#include <getopt.h>

enum { OPTION_KEEP_DUPLICATES = 256, OPTION_ZERO_RETENTION, OPTION_PASS_UNKNOWN };

static const struct option_line own_options[] = {
    {'s', "stream", "TYPE[,TYPE]...",
     "let only events of these types through: job-status,\n"
     "job-details, user-activity (default the last two)"},
    {OPTION_KEEP_DUPLICATES, "keep-duplicates", NULL,
     "leave in the members that Workato takes out of\n"
     "job details since September 2024"},
    {OPTION_ZERO_RETENTION, "zero-retention", NULL, "take input and output out of every line"},
    {OPTION_PASS_UNKNOWN, "pass-unknown", NULL, "let JSON through that holds no known event"},
    {0, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "audit-format",
    .operands = "[OPTION]... [FILE]...",
    .summary = "Read JSON archives of Workato audit events, however they are laid out, and write\n"
               "each event as one compact line, as audit log streaming would send it.",
    .line = own_options,
    .more = filter_options,
};

struct run {
    struct filter filter;
    struct format format;
    struct texts texts;
    bool pass_unknown;
    size_t left_out[EVENT_FLATTENED + 1]; /* events by kind */
};

/* Reads a list of stream types.  False after a usage error. */
static bool read_streams(const char *list, unsigned *streams)
{
    static const struct {
        struct span name;
        unsigned bit;
    } types[] = {
        {SPAN_INIT("job-status"), STREAM_JOB_STATUS},
        {SPAN_INIT("job-details"), STREAM_JOB_DETAILS},
        {SPAN_INIT("user-activity"), STREAM_USER_ACTIVITY},
    };
    enum { TYPES = sizeof types / sizeof *types };
    *streams = 0;
    for (const char *at = list; at != NULL;) {
        const char *comma = strchr(at, ',');
        struct span name = comma != NULL ? span_between(at, comma) : span_of(at);
        size_t i = 0;
        while (i < TYPES && !span_equal(name, types[i].name))
            i++;
        if (i == TYPES) {
            options_usage("--stream=%s: not a list of job-status, job-details, user-activity",
                          list);
            return false;
        }
        *streams |= types[i].bit;
        at = comma != NULL ? comma + 1 : NULL;
    }
    return true;
}

/* False: the program ends, with diag_exit_status(). */
static bool read_options(struct run *run, int argc, char **argv)
{
    const char *value;
    int id;
    run->format.streams = STREAM_JOB_DETAILS | STREAM_USER_ACTIVITY;
    while ((id = options_next(&program, argc, argv, &value)) != OPTIONS_END) {
        switch (id) {
        case 's':
            if (!read_streams(value, &run->format.streams))
                return false;
            break;
        case OPTION_KEEP_DUPLICATES:
            run->format.keep_duplicates = true;
            break;
        case OPTION_ZERO_RETENTION:
            run->format.zero_retention = true;
            break;
        case OPTION_PASS_UNKNOWN:
            run->pass_unknown = true;
            break;
        default:
            if (!filter_option(&run->filter, id, value))
                return false;
        }
    }
    return true;
}

static void reject(struct run *run, const struct text *text, const char *why)
{
    struct record record = {.text = text->bytes, .source = text->source, .line = text->line};
    filter_reject(&run->filter, &record, why);
}

/* Names a malformed text, whose bytes are kept already. */
static void reject_bad(struct run *run, const struct text *text)
{
    const struct texts *texts = &run->texts;
    struct reason reason;
    if (texts->error.code == JSON_OK)
        reason_set(&reason, "the text is larger than %zu bytes (--max-record)",
                   run->filter.max_record);
    else
        reason_set(&reason, "byte %zu: %s", texts->error_byte, json_error_text(texts->error.code));
    struct record record = {.source = text->source, .line = texts->error_line};
    filter_reject(&run->filter, &record, reason.text);
}

/* Deals with one text; false if it is a line that is not one whole text. */
static bool handle_text(struct run *run, const struct text *text)
{
    struct filter *filter = &run->filter;
    switch (format_text(&run->format, text->bytes, &filter->edit)) {
    case FORMAT_EVENT:
        filter_write_edit(filter);
        return true;
    case FORMAT_LEFT_OUT:
        run->left_out[run->format.kind]++;
        return true;
    case FORMAT_UNKNOWN:
        if (run->pass_unknown)
            filter_write_edit(filter);
        else
            reject(run, text, "no audit event is in this text (--pass-unknown lets it through)");
        return true;
    case FORMAT_NO_MEMORY:
        reject(run, text, "no memory left for this text");
        return true;
    case FORMAT_WRONG:
        break;
    }
    return false;
}

static void format_all(struct run *run)
{
    struct filter *filter = &run->filter;
    struct text text;
    while (!filter->stop) {
        enum texts_result result = texts_next(&run->texts, &text);
        if (result == TEXTS_END)
            return;
        if (result == TEXTS_LINE && handle_text(run, &text))
            continue;
        if (result == TEXTS_LINE)
            result = texts_frame(&run->texts, &text);
        if (result == TEXTS_BAD)
            reject_bad(run, &text);
        else
            handle_text(run, &text);
    }
}

static void report_left_out(const struct run *run)
{
    size_t jobs = run->left_out[EVENT_JOB];
    size_t activities = run->left_out[EVENT_ACTIVITY] + run->left_out[EVENT_FLATTENED];
    if (jobs + activities > 0)
        diag_warn("left out by --stream: %zu jobs, %zu user activities", jobs, activities);
}

static void keep_bad(void *context, struct span chunk)
{
    filter_keep(context, chunk);
}

int main(int argc, char **argv)
{
    static struct run run;
    filter_init(&run.filter, program.name);
    if (!read_options(&run, argc, argv))
        return diag_exit_status();
    if (!filter_begin(&run.filter, argv + optind, (size_t)(argc - optind)))
        return filter_end(&run.filter);
    texts_begin(&run.texts, &run.filter.input, run.filter.max_record);
    run.texts.bad = keep_bad;
    run.texts.context = &run.filter;
    format_all(&run);
    report_left_out(&run);
    format_free(&run.format);
    return filter_end(&run.filter);
}
