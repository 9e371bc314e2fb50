#include "config.h"

#include "base/diag.h"
#include "deliver/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { EVERY = 250 * 1000 }; /* microseconds between two drawings */

static bool drawn;

static void put(const char *text, size_t len)
{
    ssize_t ignored = write(STDERR_FILENO, text, len);
    (void)ignored;
}

static void take_away(void)
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
        diag_before(take_away);
}

/* The number with commas between its thousands. */
static const char *grouped(size_t number, char text[32])
{
    char *to = text + 31;
    *to = '\0';
    for (int digits = 0; digits == 0 || number > 0; digits++, number /= 10) {
        if (digits > 0 && digits % 3 == 0)
            *--to = ',';
        *--to = (char)('0' + number % 10);
    }
    return to;
}

static double per_second(size_t count, int64_t microseconds)
{
    return microseconds > 0 ? (double)count * 1e6 / (double)microseconds : 0;
}

void progress_draw(struct progress *progress, int64_t now, const struct progress_counts *counts)
{
    char line[200], delivered[32], rate[32], lost[32];
    if (!progress->on || now < progress->next)
        return;
    progress->next = now + EVERY;
    if (now - progress->measured >= 4 * EVERY) {
        progress->rate =
            per_second(counts->delivered - progress->measured_count, now - progress->measured);
        progress->measured = now;
        progress->measured_count = counts->delivered;
    } else if (progress->rate == 0) {
        progress->rate = per_second(counts->delivered, now - progress->began);
    }
    int n = snprintf(
        line, sizeof line, "\r%s delivered  %s/s  %zu in flight  %zu retrying  %s rejected\033[K",
        grouped(counts->delivered, delivered), grouped((size_t)progress->rate, rate),
        counts->in_flight, counts->retrying, grouped(counts->rejected + counts->undelivered, lost));
    drawn = true;
    put(line, (size_t)n);
}

void progress_end(struct progress *progress, int64_t now, const struct progress_counts *counts)
{
    char delivered[32], rejected[32], undelivered[32], rate[32];
    if (!progress->on)
        return;
    double seconds = (double)(now - progress->began) / 1e6;
    take_away();
    diag_warn("%s delivered, %s rejected, %s undelivered in %.1f s (%s/s)",
              grouped(counts->delivered, delivered), grouped(counts->rejected, rejected),
              grouped(counts->undelivered, undelivered), seconds,
              grouped((size_t)per_second(counts->delivered, now - progress->began), rate));
    diag_before(NULL);
}
