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
    *filter = (struct filter){.max_record = (size_t)256 << 20, .rejects.fd = -1};
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

/* Says that writing has failed, if it has and if that was not said before. */
static void check_write(struct filter *filter, const char *name, int error, bool *told)
{
    if (error == 0 || *told)
        return;
    *told = true;
    diag_fail("%s: %s", name, strerror(error));
    filter->stop = true;
}

void filter_check_write(struct filter *filter, struct out *out)
{
    check_write(filter, out->name, out->error, &out->told);
}

void filter_check_append(struct filter *filter, struct append *append)
{
    check_write(filter, append->name, append->error, &append->told);
}

void filter_flush(void *context)
{
    struct filter *filter = context;
    out_flush(&filter->out);
    if (filter->rejects_file != NULL)
        append_flush(&filter->rejects);
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
    input_refuse(&filter->input, STDOUT_FILENO, "standard output");
    if (filter->rejects_file == NULL)
        return true;
    if (!append_open(&filter->rejects, filter->rejects_file)) {
        diag_fail("%s: %s", filter->rejects_file, strerror(errno));
        return false;
    }
    input_refuse(&filter->input, filter->rejects.fd, "--rejects");
    return true;
}

void filter_keep(struct filter *filter, struct span bytes)
{
    if (filter->rejects_file == NULL)
        return;
    append_part(&filter->rejects, bytes);
    filter_check_append(filter, &filter->rejects);
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
    struct append *rejects = &filter->rejects;
    diag_raise(STATUS_REJECTED);
    if (filter->rejects_file == NULL)
        return;
    if (record->text.len > 0)
        append_line(rejects, &record->text, 1);
    else
        append_parts_end(rejects);
    filter_check_append(filter, rejects);
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

void filter_close_append(struct filter *filter, struct append *append)
{
    if (append->fd < 0)
        return;
    append_close(append);
    filter_check_append(filter, append);
}

int filter_end(struct filter *filter)
{
    filter_close_out(filter, &filter->out);
    filter_close_append(filter, &filter->rejects);
    input_close(&filter->input);
    edit_free(&filter->edit);
    return diag_exit_status();
}
