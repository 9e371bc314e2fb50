#include "config.h"

#include "report/report_text.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { NAME_COLUMNS = 34, NUMBER_COLUMNS = 12, LEAST_BAR = 8 };

/* Writes the text in exactly that many columns, truncated or padded with spaces.  Characters that
 * could control a terminal become '?'. */
static void put_cell(struct out *out, struct span text, unsigned columns)
{
    unsigned used = 0;
    mbstate_t state = {0};
    while (text.len > 0 && used < columns) {
        wchar_t wide;
        size_t len = mbrtowc(&wide, text.at, text.len, &state);
        int width = len == 0 || len > text.len ? -1 : wcwidth(wide);
        bool bidi = width >= 0 &&
                    ((wide >= 0x202a && wide <= 0x202e) || (wide >= 0x2066 && wide <= 0x2069));
        if (width < 0 || bidi) {
            out_text(out, "?");
            len = len == 0 || len > text.len ? 1 : len;
            memset(&state, 0, sizeof state);
            used++;
        } else if (used + (unsigned)width > columns) {
            break;
        } else {
            out_write(out, (struct span){text.at, len});
            used += (unsigned)width;
        }
        text.at += len;
        text.len -= len;
    }
    for (; used < columns; used++)
        out_text(out, " ");
}

static void put_bar(struct out *out, uint64_t count, uint64_t most, unsigned columns)
{
    const char *block = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "\u2588" : "#";
    uint64_t len = most > 0 ? (count * columns + most - 1) / most : 0;
    for (uint64_t i = 0; i < len; i++)
        out_text(out, block);
}

static void put_line(struct out *out, struct span name, uint64_t count, uint64_t most,
                     unsigned columns)
{
    char number[32];
    unsigned name_columns = columns / 2 < NAME_COLUMNS ? columns / 2 : NAME_COLUMNS;
    unsigned taken = 2 + name_columns + NUMBER_COLUMNS + 2;
    out_text(out, "  ");
    put_cell(out, name, name_columns);
    snprintf(number, sizeof number, "%*" PRIu64, NUMBER_COLUMNS, count);
    out_text(out, number);
    if (columns > taken + LEAST_BAR) {
        out_text(out, "  ");
        put_bar(out, count, most, columns - taken);
    }
    out_text(out, "\n");
}

static void put_heading(struct out *out, const char *text)
{
    out_text(out, "\n");
    out_text(out, text);
    out_text(out, "\n");
}

static void put_left_out(struct out *out, uint64_t count, const char *what)
{
    char line[96];
    snprintf(line, sizeof line, "%" PRIu64 " %s\n", count, what);
    if (count > 0)
        out_text(out, line);
}

static void put_totals(const struct report *r, struct out *out)
{
    char line[256], from[CALENDAR_TEXT], to[CALENDAR_TEXT];
    struct printable title;
    out_text(out, diag_printable(span_of(r->title), &title));
    out_text(out, "\n");
    if (r->calendar.used > 0) {
        snprintf(line, sizeof line, "%s to %s (%.100s)\n",
                 calendar_text(r->calendar.first, CALENDAR_DAY, from),
                 calendar_text(r->calendar.last, CALENDAR_DAY, to), r->zone_name);
        out_text(out, line);
    }
    snprintf(line, sizeof line,
             "%" PRIu64 " events: %" PRIu64 " jobs succeeded, %" PRIu64 " failed, %" PRIu64
             " activities\n",
             r->events, r->succeeded, r->failed, r->activities);
    out_text(out, line);
    put_left_out(out, r->other_jobs, "jobs have another status");
    put_left_out(out, r->not_events, "records could not be counted");
    if (r->incomplete)
        out_text(out, "Not all of the input could be read\n");
}

static bool put_timeline(const struct report *r, unsigned columns, struct out *out)
{
    struct calendar_bar *bar;
    enum calendar_unit unit;
    char text[CALENDAR_TEXT];
    uint64_t most = 0;
    size_t bars = calendar_timeline(&r->calendar, &unit, &bar);
    if (bars == 0)
        return r->calendar.used == 0;
    for (size_t i = 0; i < bars; i++) {
        uint64_t all = bar[i].count[0] + bar[i].count[1] + bar[i].count[2];
        most = all > most ? all : most;
    }
    put_heading(out, "Events by time");
    for (size_t i = 0; i < bars; i++)
        put_line(out, span_of(calendar_text(bar[i].begin, unit, text)),
                 bar[i].count[0] + bar[i].count[1] + bar[i].count[2], most, columns);
    free(bar);
    return true;
}

static void put_ranking(const struct report *r, enum report_ranking ranking, unsigned columns,
                        struct out *out)
{
    const struct leader *top[REPORT_LEADERS];
    size_t count = leaders_top(&r->ranking[ranking], top, REPORT_LEADERS);
    if (count == 0)
        return;
    put_heading(out, report_ranking_title(ranking));
    for (size_t i = 0; i < count; i++)
        put_line(out, top[i]->label_len > 0 ? leader_label(top[i]) : leader_key(top[i]),
                 top[i]->count, top[0]->count, columns);
}

bool report_text(const struct report *r, unsigned columns, struct out *out)
{
    uint64_t most = 0;
    put_totals(r, out);
    if (!put_timeline(r, columns, out))
        return false;
    for (enum finding f = 0; f < FINDINGS; f++)
        most = r->finding[f] > most ? r->finding[f] : most;
    put_heading(out, "Look at these first");
    for (enum finding f = 0; f < FINDINGS; f++)
        put_line(out, span_of(finding_title(f)), r->finding[f], most, columns);
    for (enum report_ranking ranking = 0; ranking < RANKINGS; ranking++)
        put_ranking(r, ranking, columns, out);
    return true;
}
