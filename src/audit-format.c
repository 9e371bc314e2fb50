/* audit-format: from any archive to clean events, one a line. */
#include "config.h"

#include "base/tool.h"
#include "filter/filter.h"
#include "filter/format.h"
#include "filter/parallel.h"
#include "filter/texts.h"

#include <unistd.h>

#define NO_EVENT "this text contains no audit event (--pass-unknown lets it through)"

/* The numbers of texts by result. */
struct counts {
    size_t events, rejects;
    size_t left_out[EVENT_FLATTENED + 1]; /* events by kind */
};

/* The state of formatting texts. */
struct formatter {
    struct format format;
    bool pass_unknown;
    struct counts counts;
};

struct job {
    struct filter filter;
    struct parallel parallel;
    struct formatter formatter;
    struct texts texts;
    bool summary;
    enum format_result result; /* of the last text */
};

static const char *const stream_names[] = {"job-status", "job-details", "user-activity", NULL};
static const unsigned stream_bits[] = {STREAM_JOB_STATUS, STREAM_JOB_DETAILS, STREAM_USER_ACTIVITY};

/* Parses a list of stream types. */
static bool parse_streams(void *context, const char *list, struct reason *reason)
{
    struct job *job = context;
    job->formatter.format.streams = 0;
    for (const char *at = list; at != NULL;) {
        const char *comma = strchr(at, ',');
        struct span name = comma != NULL ? span_between(at, comma) : span_of(at);
        size_t i = 0;
        while (stream_names[i] != NULL && !span_equal(name, span_of(stream_names[i])))
            i++;
        if (stream_names[i] == NULL)
            return reason_set(reason, "not a list of job-status, job-details, user-activity");
        job->formatter.format.streams |= stream_bits[i];
        at = comma != NULL ? comma + 1 : NULL;
    }
    return true;
}

/* Names a malformed text, whose bytes are kept already. */
static void reject_bad(struct job *job, const struct text *text)
{
    const struct texts *texts = &job->texts;
    struct reason reason;
    job->formatter.counts.rejects++;
    if (texts->error.code == JSON_OK)
        reason_set(&reason, "the text is larger than %zu bytes (--max-record)",
                   job->filter.max_record);
    else
        reason_set(&reason, "byte %zu: %s", texts->error_byte, json_error_text(texts->error.code));
    struct record record = {.source = text->source, .line = texts->error_line};
    filter_reject(&job->filter, &record, reason.text);
}

/* Decides about a text by its `result`. */
static enum verdict judge(const struct formatter *formatter, enum format_result result,
                          struct reason *reason)
{
    switch (result) {
    case FORMAT_EVENT:
        return VERDICT_EDIT;
    case FORMAT_LEFT_OUT:
        return VERDICT_DROP;
    case FORMAT_UNKNOWN:
        if (formatter->pass_unknown)
            return VERDICT_EDIT;
        break;
    case FORMAT_NO_MEMORY:
        reason_set(reason, "no memory left for this text");
        return VERDICT_REJECT;
    case FORMAT_PAGE: /* in a page: an element is not read as one */
    case FORMAT_WRONG:
        break;
    }
    reason_set(reason, NO_EVENT);
    return VERDICT_REJECT;
}

static void count(struct formatter *formatter, enum verdict verdict)
{
    struct counts *counts = &formatter->counts;
    counts->events += verdict == VERDICT_EDIT;
    counts->rejects += verdict == VERDICT_REJECT;
    counts->left_out[formatter->format.kind] += verdict == VERDICT_DROP;
}

/* Handles a text by its `result`. */
static void handle(struct job *job, const struct text *text, enum format_result result)
{
    struct record record = {.text = text->bytes, .source = text->source, .line = text->line};
    struct reason reason;
    enum verdict verdict = judge(&job->formatter, result, &reason);
    count(&job->formatter, verdict);
    switch (verdict) {
    case VERDICT_EDIT:
        filter_write_edit(&job->filter);
        break;
    case VERDICT_REJECT:
        filter_reject(&job->filter, &record, reason.text);
        break;
    default:
        break;
    }
}

/* Handles the elements of a page. */
static void handle_page(struct job *job, const struct text *text)
{
    static struct json json;
    struct text element = *text;
    struct json_value value;
    const char *at = text->bytes.at;
    json_begin(&json, job->formatter.format.page.at, job->formatter.format.page.len);
    json_array(&json);
    while (!job->filter.stop && json_element(&json) && json_value(&json, &value)) {
        for (; at < value.text.at; at++)
            element.line += *at == '\n';
        element.bytes = value.text;
        handle(job, &element, format_text(&job->formatter.format, value.text, &job->filter.edit));
    }
}

/* A texts_reader: formats the text.  The result is handled when texts_next() returns the text. */
static bool read_text(void *context, struct span bytes)
{
    struct job *job = context;
    job->result = format_text(&job->formatter.format, bytes, &job->filter.edit);
    return job->result != FORMAT_WRONG;
}

static void format_all(struct job *job)
{
    struct filter *filter = &job->filter;
    struct text text;
    enum texts_result result;
    while (!filter->stop && (result = texts_next(&job->texts, &text)) != TEXTS_END) {
        if (result == TEXTS_BAD && filter_unfinished(filter) &&
            input_bytes(&filter->input).len == 0)
            break; /* a signal came inside this text */
        if (result == TEXTS_BAD)
            reject_bad(job, &text);
        else if (job->result == FORMAT_PAGE)
            handle_page(job, &text);
        else
            handle(job, &text, job->result);
    }
    filter_tell_interrupt(filter, job->texts.read_source, job->texts.read_line);
}

static void report_left_out(const struct counts *counts)
{
    size_t jobs = counts->left_out[EVENT_JOB];
    size_t activities = counts->left_out[EVENT_ACTIVITY] + counts->left_out[EVENT_FLATTENED];
    if (jobs + activities > 0)
        diag_warn("left out by --stream: %zu jobs, %zu user activities", jobs, activities);
}

/* Prints the last line: the numbers of texts by result. */
static void summarize(const struct counts *counts)
{
    char events[FLOOD_NUMBER], left_out[FLOOD_NUMBER], rejects[FLOOD_NUMBER];
    size_t left = 0;
    for (size_t kind = 0; kind <= EVENT_FLATTENED; kind++)
        left += counts->left_out[kind];
    diag_warn("%s written, %s left out, %s rejected", flood_number(counts->events, events),
              flood_number(left, left_out), flood_number(counts->rejects, rejects));
}

/* A texts_taker. */
static void keep_bad(void *context, struct span chunk)
{
    struct filter *filter = &((struct job *)context)->filter;
    if (!filter_unfinished(filter) || span_end(chunk) != span_end(input_bytes(&filter->input)))
        filter_keep(filter, chunk);
}

/* A transform for threads: formats a line that is one text. */
static enum verdict format_line(void *context, struct span line, struct edit *edit,
                                struct reason *reason)
{
    struct formatter *formatter = context;
    struct span text = texts_line(line);
    enum format_result result =
        text.at != NULL ? format_text(&formatter->format, text, edit) : FORMAT_WRONG;
    if (result == FORMAT_WRONG || result == FORMAT_PAGE)
        return VERDICT_LEAVE;
    enum verdict verdict = judge(formatter, result, reason);
    if (verdict == VERDICT_REJECT && text.len < line.len)
        return VERDICT_LEAVE; /* only the text is rejected */
    count(formatter, verdict);
    return verdict;
}

/* Gives a thread's copy its own buffers and counts.  Only the options are shared. */
static bool begin_copy(void *context)
{
    struct formatter *copy = context;
    copy->format = (struct format){
        .streams = copy->format.streams,
        .keep_duplicates = copy->format.keep_duplicates,
        .zero_retention = copy->format.zero_retention,
    };
    copy->counts = (struct counts){0};
    return true;
}

static void end_copy(void *context)
{
    struct formatter *copy = context;
    format_free(&copy->format);
}

/* Moves the counts of a copy to the original. */
static void add_counts(void *context, void *copy)
{
    struct counts *to = &((struct formatter *)context)->counts;
    struct counts *from = &((struct formatter *)copy)->counts;
    to->events += from->events;
    to->rejects += from->rejects;
    for (size_t kind = 0; kind <= EVENT_FLATTENED; kind++)
        to->left_out[kind] += from->left_out[kind];
    *from = (struct counts){0};
}

static const struct parallel_work line_work = {
    .transform = format_line,
    .size = sizeof(struct formatter),
    .begin = begin_copy,
    .end = end_copy,
    .count = add_counts,
};

static struct job job = {
    .filter = FILTER,
    .formatter.format.streams = STREAM_JOB_DETAILS | STREAM_USER_ACTIVITY,
};

static int run(char **operand, size_t operands)
{
    if (!filter_begin(&job.filter, operand, operands))
        return filter_end(&job.filter);
    texts_begin(&job.texts, &job.filter.input, job.filter.max_record, read_text, keep_bad, &job);
    parallel_begin(&job.parallel, &job.filter, &line_work, &job.formatter);
    format_all(&job);
    parallel_end(&job.parallel);
    report_left_out(&job.formatter.counts);
    if (job.summary || isatty(STDERR_FILENO) == 1)
        summarize(&job.formatter.counts);
    format_free(&job.formatter.format);
    return filter_end(&job.filter);
}

static const struct option_line options[] = {
    {.letter = 's',
     .name = "stream",
     .argument = "TYPE[,TYPE]...",
     .help = "let only events of these types through\n(default job-details,user-activity)",
     .values = stream_names,
     OPTION_CALL(parse_streams)},
    {.name = "keep-duplicates",
     .help = "keep the members that Workato leaves out of\njob details since September 2024",
     OPTION_FLAG(struct job, formatter.format.keep_duplicates)},
    {.name = "zero-retention",
     .help = "remove input and output from every line",
     OPTION_FLAG(struct job, formatter.format.zero_retention)},
    {.name = "pass-unknown",
     .help = "let JSON through that holds no known event",
     OPTION_FLAG(struct job, formatter.pass_unknown)},
    {.name = "summary",
     .help = "say at the end how many events were written, left out\nand rejected (default on a "
             "terminal)",
     OPTION_FLAG(struct job, summary)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-format",
    .operands = "[OPTION]... [FILE]...",
    .summary = "Read JSON archives of Workato audit events, however they are laid out, and write\n"
               "each event as one compact line, as audit log streaming would send it.",
    .options = {{options, &job}, {parallel_options, &job.parallel}, {filter_options, &job.filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
