#include "config.h"

#include "base/diag.h"
#include "base/flood.h"
#include "deliver/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { EVERY = 250 * 1000 }; /* microseconds between two drawings */

static bool drawn;

static void put(const char *text, size_t len)
{
    ssize_t ignored = write(STDERR_FILENO, text, len);
    (void)ignored;
}

static void erase(void)
{
    static const char clear[] = "\r\033[K";
    if (drawn)
        put(clear, sizeof clear - 1);
    drawn = false;
}

void progress_begin(struct progress *progress, bool on, int64_t now)
{
    *progress = (struct progress){
        .on = on, .began = now, .measured = now, .next = on ? now + EVERY : INT64_MAX};
    if (on)
        diag_before(erase);
}

static double per_second(size_t count, int64_t microseconds)
{
    return microseconds > 0 ? (double)count * 1e6 / (double)microseconds : 0;
}

/* The terminal's width.  It is read before each drawing, so that a change of size is noticed
 * without a signal. */
static size_t columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void measure(struct progress *progress, int64_t now, size_t successes)
{
    if (now - progress->measured >= 4 * EVERY) {
        progress->rate = per_second(successes - progress->measured_count, now - progress->measured);
        progress->measured = now;
        progress->measured_count = successes;
    } else if (progress->rate == 0) {
        progress->rate = per_second(successes, now - progress->began);
    }
}

void progress_draw(struct progress *progress, int64_t now, const struct progress_counts *counts)
{
    char line[240], requests[80] = "", number[FLOOD_NUMBER], rate[FLOOD_NUMBER],
                    failures[FLOOD_NUMBER];
    if (!progress->on || now < progress->next)
        return;
    progress->next = now + EVERY;
    measure(progress, now, counts->successes);
    if (counts->has_requests)
        snprintf(requests, sizeof requests, "  %zu in flight  %zu retrying", counts->under_way,
                 counts->retrying);
    int n = snprintf(line, sizeof line, "\r%s %s  %s/s%s  %s rejected",
                     flood_number(counts->successes, number), counts->verb,
                     flood_number((size_t)progress->rate, rate), requests,
                     flood_number(counts->failures, failures));
    /* A line as wide as the terminal would wrap: one column stays empty. */
    size_t len = (size_t)n, most = columns();
    if (len > most)
        len = most;
    memcpy(line + len, "\033[K", 3);
    drawn = true;
    put(line, len + 3);
}

void progress_end(struct progress *progress)
{
    if (!progress->on)
        return;
    erase();
    diag_before(NULL);
}
