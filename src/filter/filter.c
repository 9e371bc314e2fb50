#include "config.h"

#include "filter/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { OPTION_REJECTS = 256 + 1000, OPTION_FAIL_FAST, OPTION_MAX_RECORD };

const struct option_line filter_options[] = {
    {OPTION_REJECTS, "rejects", "FILE", "append rejected records to FILE, byte for byte"},
    {OPTION_FAIL_FAST, "fail-fast", NULL, "stop at the first rejected record"},
    {OPTION_MAX_RECORD, "max-record", "SIZE", "reject records larger than SIZE (default 256MiB)"},
    {0, NULL, NULL, NULL},
};

/* Opens /dev/null on those of the descriptors 0 to 2 that are closed, the wrong way round: using
 * one of them still fails, but no file that is opened later can take its place. */
static void guard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

void filter_init(struct filter *filter, const char *program)
{
    diag_name(program);
    guard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    *filter = (struct filter){.max_record = (size_t)256 << 20};
}

bool filter_option(struct filter *filter, int id, const char *value)
{
    switch (id) {
    case OPTION_REJECTS:
        filter->rejects_file = value;
        return true;
    case OPTION_FAIL_FAST:
        filter->fail_fast = true;
        return true;
    case OPTION_MAX_RECORD:
        if (options_size(value, &filter->max_record) && filter->max_record > 0)
            return true;
        options_usage("--max-record=%s: not a size; sizes are like 256MiB or 40MB", value);
        return false;
    default:
        return false;
    }
}

void filter_check_write(struct filter *filter, struct out *out)
{
    if (out->error == 0 || out->told)
        return;
    out->told = true;
    diag_fail("%s: %s", out->name, strerror(out->error));
    filter->stop = true;
}

void filter_flush(void *context)
{
    struct filter *filter = context;
    out_flush(&filter->out);
    if (filter->rejects_file != NULL)
        out_flush(&filter->rejects);
}

bool filter_begin(struct filter *filter, char *const *operand, size_t operands)
{
    if (!out_begin(&filter->out, STDOUT_FILENO, "standard output") ||
        !input_begin(&filter->input, operand, operands)) {
        diag_fail("%s", strerror(ENOMEM));
        return false;
    }
    filter->input.before_wait = filter_flush;
    filter->input.context = filter;
    if (filter->rejects_file != NULL && !out_append(&filter->rejects, filter->rejects_file)) {
        diag_fail("%s: %s", filter->rejects_file, strerror(errno));
        return false;
    }
    return true;
}

void filter_keep(struct filter *filter, struct span bytes)
{
    if (filter->rejects_file == NULL || bytes.len == 0)
        return;
    filter->reject_open = span_end(bytes)[-1] != '\n';
    out_write(&filter->rejects, bytes);
    filter_check_write(filter, &filter->rejects);
}

void filter_name(struct filter *filter, const struct record *record, const char *reason)
{
    diag_warn("%s:%zu: %s", record->source, record->line, reason);
    diag_raise(STATUS_REJECTED);
    if (filter->fail_fast)
        filter->stop = true;
}

void filter_keep_line(struct filter *filter, const struct record *record)
{
    diag_raise(STATUS_REJECTED);
    filter_keep(filter, record->text);
    if (filter->reject_open)
        filter_keep(filter, SPAN("\n"));
}

void filter_reject(struct filter *filter, const struct record *record, const char *reason)
{
    filter_name(filter, record, reason);
    filter_keep_line(filter, record);
}

void filter_write(struct filter *filter, struct span line)
{
    out_write(&filter->out, line);
    out_write(&filter->out, SPAN("\n"));
    filter_check_write(filter, &filter->out);
}

void filter_write_edit(struct filter *filter)
{
    out_edit(&filter->out, &filter->edit);
    out_write(&filter->out, SPAN("\n"));
    filter_check_write(filter, &filter->out);
}

static void keep_chunk(void *context, struct span chunk)
{
    filter_keep(context, chunk);
}

void filter_lines(struct filter *filter, filter_transform *transform, void *context)
{
    struct reader reader;
    struct record *record;
    struct reason reason;
    reader_begin(&reader, &filter->input, filter->max_record, 0);
    reader.too_long = keep_chunk;
    reader.context = filter;
    while (!filter->stop && (record = reader_pull(&reader)) != NULL) {
        if (record->too_long) {
            reader_whole(&reader, record, &reason);
            filter_reject(filter, record, reason.text);
            continue;
        }
        edit_clear(&filter->edit);
        enum verdict verdict = transform(context, record->text, &filter->edit, &reason);
        if (verdict == VERDICT_EDIT && filter->edit.no_memory) {
            reason_set(&reason, "%s", strerror(ENOMEM));
            verdict = VERDICT_REJECT;
        }
        switch (verdict) {
        case VERDICT_PASS:
            filter_write(filter, record->text);
            break;
        case VERDICT_EDIT:
            filter_write_edit(filter);
            break;
        case VERDICT_REJECT:
            filter_reject(filter, record, reason.text);
            break;
        case VERDICT_DROP:
            break;
        }
    }
    reader_end(&reader);
}

void filter_close_out(struct filter *filter, struct out *out)
{
    if (out->buffer == NULL)
        return;
    out_close(out);
    filter_check_write(filter, out);
}

int filter_end(struct filter *filter)
{
    filter_close_out(filter, &filter->out);
    filter_close_out(filter, &filter->rejects);
    input_close(&filter->input);
    edit_free(&filter->edit);
    return diag_exit_status();
}
