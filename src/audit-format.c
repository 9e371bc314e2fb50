/* audit-format: from any archive to clean events, one a line. */
#include "config.h"

#include "base/tool.h"
#include "filter/filter.h"
#include "filter/format.h"
#include "filter/texts.h"

#include <unistd.h>

#define NO_EVENT "this text contains no audit event (--pass-unknown lets it through)"

struct job {
    struct filter filter;
    struct format format;
    struct texts texts;
    bool pass_unknown, summary;
    size_t events, rejects;
    enum format_result result;            /* of the text read last */
    size_t left_out[EVENT_FLATTENED + 1]; /* events by kind */
};

static const char *const stream_names[] = {"job-status", "job-details", "user-activity", NULL};
static const unsigned stream_bits[] = {STREAM_JOB_STATUS, STREAM_JOB_DETAILS, STREAM_USER_ACTIVITY};

/* Takes a list of stream types. */
static bool take_streams(void *context, const char *list, struct reason *reason)
{
    struct job *job = context;
    job->format.streams = 0;
    for (const char *at = list; at != NULL;) {
        const char *comma = strchr(at, ',');
        struct span name = comma != NULL ? span_between(at, comma) : span_of(at);
        size_t i = 0;
        while (stream_names[i] != NULL && !span_equal(name, span_of(stream_names[i])))
            i++;
        if (stream_names[i] == NULL)
            return reason_set(reason, "not a list of job-status, job-details, user-activity");
        job->format.streams |= stream_bits[i];
        at = comma != NULL ? comma + 1 : NULL;
    }
    return true;
}

static void reject(struct job *job, const struct text *text, const char *why)
{
    struct record record = {.text = text->bytes, .source = text->source, .line = text->line};
    job->rejects++;
    filter_reject(&job->filter, &record, why);
}

/* Names a malformed text, whose bytes are kept already. */
static void reject_bad(struct job *job, const struct text *text)
{
    const struct texts *texts = &job->texts;
    struct reason reason;
    job->rejects++;
    if (texts->error.code == JSON_OK)
        reason_set(&reason, "the text is larger than %zu bytes (--max-record)",
                   job->filter.max_record);
    else
        reason_set(&reason, "byte %zu: %s", texts->error_byte, json_error_text(texts->error.code));
    struct record record = {.source = text->source, .line = texts->error_line};
    filter_reject(&job->filter, &record, reason.text);
}

/* Deals with a text that `result` was found to be. */
static void handle(struct job *job, const struct text *text, enum format_result result)
{
    struct filter *filter = &job->filter;
    switch (result) {
    case FORMAT_EVENT:
        job->events++;
        filter_write_edit(filter);
        break;
    case FORMAT_LEFT_OUT:
        job->left_out[job->format.kind]++;
        break;
    case FORMAT_UNKNOWN:
        if (job->pass_unknown) {
            job->events++;
            filter_write_edit(filter);
            break;
        }
        reject(job, text, NO_EVENT);
        break;
    case FORMAT_PAGE: /* in a page: an element is not read as one */
        reject(job, text, NO_EVENT);
        break;
    case FORMAT_NO_MEMORY:
        reject(job, text, "no memory left for this text");
        break;
    case FORMAT_WRONG:
        break;
    }
}

/* Deals with the elements of a page. */
static void handle_page(struct job *job, const struct text *text)
{
    static struct json json;
    struct text element = *text;
    struct json_value value;
    const char *at = text->bytes.at;
    json_begin(&json, job->format.page.at, job->format.page.len);
    json_array(&json);
    while (!job->filter.stop && json_element(&json) && json_value(&json, &value)) {
        for (; at < value.text.at; at++)
            element.line += *at == '\n';
        element.bytes = value.text;
        handle(job, &element, format_text(&job->format, value.text, &job->filter.edit));
    }
}

/* A texts_reader: formats the text.  What is made of it is dealt with once the text is handed out.
 */
static bool read_text(void *context, struct span bytes)
{
    struct job *job = context;
    job->result = format_text(&job->format, bytes, &job->filter.edit);
    return job->result != FORMAT_WRONG;
}

static void format_all(struct job *job)
{
    struct filter *filter = &job->filter;
    struct text text, last = {.source = NULL};
    enum texts_result result;
    while (!filter->stop && (result = texts_next(&job->texts, &text)) != TEXTS_END) {
        if (result == TEXTS_BAD && filter_unfinished(filter) &&
            input_bytes(&filter->input).len == 0)
            break; /* a signal came inside this text */
        last = text;
        if (result == TEXTS_BAD)
            reject_bad(job, &text);
        else if (job->result == FORMAT_PAGE)
            handle_page(job, &text);
        else
            handle(job, &text, job->result);
    }
    filter_tell_interrupt(filter, last.source, last.line);
}

static void report_left_out(const struct job *job)
{
    size_t jobs = job->left_out[EVENT_JOB];
    size_t activities = job->left_out[EVENT_ACTIVITY] + job->left_out[EVENT_FLATTENED];
    if (jobs + activities > 0)
        diag_warn("left out by --stream: %zu jobs, %zu user activities", jobs, activities);
}

/* The last line: how many texts became what. */
static void summarize(const struct job *job)
{
    char events[FLOOD_NUMBER], left_out[FLOOD_NUMBER], rejects[FLOOD_NUMBER];
    size_t left = 0;
    for (size_t kind = 0; kind <= EVENT_FLATTENED; kind++)
        left += job->left_out[kind];
    diag_warn("%s written, %s left out, %s rejected", flood_number(job->events, events),
              flood_number(left, left_out), flood_number(job->rejects, rejects));
}

/* A texts_taker. */
static void keep_bad(void *context, struct span chunk)
{
    struct filter *filter = &((struct job *)context)->filter;
    if (!filter_unfinished(filter) || span_end(chunk) != span_end(input_bytes(&filter->input)))
        filter_keep(filter, chunk);
}

static struct job job = {
    .filter = FILTER,
    .format.streams = STREAM_JOB_DETAILS | STREAM_USER_ACTIVITY,
};

static int run(char **operand, size_t operands)
{
    if (!filter_begin(&job.filter, operand, operands))
        return filter_end(&job.filter);
    texts_begin(&job.texts, &job.filter.input, job.filter.max_record, read_text, keep_bad, &job);
    format_all(&job);
    report_left_out(&job);
    if (job.summary || isatty(STDERR_FILENO) == 1)
        summarize(&job);
    format_free(&job.format);
    return filter_end(&job.filter);
}

static const struct option_line options[] = {
    {.letter = 's',
     .name = "stream",
     .argument = "TYPE[,TYPE]...",
     .help = "let only events of these types through\n(default job-details,user-activity)",
     .values = stream_names,
     OPTION_CALL(take_streams)},
    {.name = "keep-duplicates",
     .help = "leave in the members that Workato takes out of\njob details since September 2024",
     OPTION_FLAG(struct job, format.keep_duplicates)},
    {.name = "zero-retention",
     .help = "take input and output out of every line",
     OPTION_FLAG(struct job, format.zero_retention)},
    {.name = "pass-unknown",
     .help = "let JSON through that holds no known event",
     OPTION_FLAG(struct job, pass_unknown)},
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
    .options = {{options, &job}, {filter_options, &job.filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
