#include "config.h"

#include "base/interrupt.h"
#include "filter/filter.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

const struct option_line filter_options[] = {
    {.name = "rejects",
     .argument = "FILE",
     .help = "append rejected records to FILE, byte for byte",
     OPTION_TEXT(struct filter, rejects_file)},
    {.name = "files0-from",
     .argument = "FILE",
     .help = "read the files whose names are in FILE, each ended by\n"
             "a NUL byte; -: standard input",
     OPTION_TEXT(struct filter, files0_from)},
    {.name = "fail-fast",
     .help = "stop at the first rejected record",
     OPTION_FLAG(struct filter, fail_fast)},
    {.name = "max-record",
     .argument = "SIZE",
     .help = "reject records larger than SIZE (default 256MiB)",
     OPTION_SIZE(struct filter, max_record, 1)},
    {.name = "verbose",
     .help = "report every reject, not only the first ten of a kind",
     OPTION_FLAG(struct filter, flood.all)},
    {.name = NULL},
};

/* Reports a failed write, if there is one and it was not reported before. */
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
    if (!out_begin(&filter->out, STDOUT_FILENO, "standard output")) {
        diag_fail("%s", strerror(ENOMEM));
        return false;
    }
    if (!input_begin(&filter->input, operand, operands, filter->files0_from))
        return false;
    filter->input.before_wait = filter_flush;
    filter->input.context = filter;
    interrupt_begin();
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

void filter_warn(struct filter *filter, const char *kind, const char *format, ...)
{
    struct reason text;
    va_list arguments;
    enum flood_turn turn = flood_note(&filter->flood, kind);
    if (turn == FLOOD_COUNT)
        return;
    va_start(arguments, format);
    vsnprintf(text.text, sizeof text.text, format, arguments);
    va_end(arguments);
    diag_warn("%s%s", text.text,
              turn == FLOOD_TELL_LAST ? " (more like this are only counted; --verbose tells all)"
                                      : "");
}

void filter_name(struct filter *filter, const struct record *record, const char *reason)
{
    filter_warn(filter, reason, "%s:%zu: %s", record->source, record->line, reason);
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
    edit_write(&filter->edit, &filter->out);
    out_write(&filter->out, SPAN("\n"));
    filter_check_write(filter, &filter->out);
}

static void keep_chunk(void *context, struct span chunk)
{
    filter_keep(context, chunk);
}

bool filter_unfinished(const struct filter *filter)
{
    return filter->input.interrupted && input_unread(&filter->input);
}

/* Whether the pipe or socket has unread bytes. */
static bool holds_bytes(int fd)
{
    int bytes = 0;
    return fd >= 0 && ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

void filter_tell_interrupt(struct filter *filter, const char *source, size_t line)
{
    struct input *input = &filter->input;
    if (!input->interrupted)
        return;
    if (source == NULL)
        diag_warn("stopped by %s before the first line", interrupt_asked());
    else
        diag_warn("stopped by %s; %s was read up to line %zu", interrupt_asked(), source, line);
    if (input_unread(input) || holds_bytes(input->fd))
        diag_raise(STATUS_FAILED);
}

enum verdict filter_record(filter_transform *transform, void *context, struct span record,
                           struct edit *edit, struct out *out, struct reason *reason)
{
    edit_clear(edit);
    enum verdict verdict = transform(context, record, edit, reason);
    if (verdict == VERDICT_EDIT && edit->no_memory) {
        reason_set(reason, "%s", strerror(ENOMEM));
        return VERDICT_REJECT;
    }
    if (verdict == VERDICT_PASS)
        out_write(out, record);
    else if (verdict == VERDICT_EDIT)
        edit_write(edit, out);
    else
        return verdict;
    out_write(out, SPAN("\n"));
    return verdict;
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
        if (!reader_whole(&reader, record, &reason)) {
            filter_reject(filter, record, reason.text);
            continue;
        }
        if (filter_record(transform, context, record->text, &filter->edit, &filter->out, &reason) ==
            VERDICT_REJECT)
            filter_reject(filter, record, reason.text);
        else
            filter_check_write(filter, &filter->out);
    }
    filter_tell_interrupt(filter, reader.source, reader.line);
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
    flood_end(&filter->flood);
    input_close(&filter->input);
    edit_free(&filter->edit);
    return diag_exit_status();
}
