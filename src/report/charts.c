#include "config.h"

#include "report/charts.h"
#include "report/html.h"

#include <stdlib.h>

enum {
    WIDTH = 960,
    HEIGHT = 200,
    LEFT = 80,
    RIGHT = 8,
    TOP = 10,
    BOTTOM = 26,
    TICKS = 4,
    LABEL = 96
};

static const char *const series_name[CALENDAR_SERIES] = {"Jobs succeeded", "Jobs failed",
                                                         "Activities"};
static const char *const unit_name[] = {"hour", "day", "month", "year"};

/* A chart of some of the series, stacked. */
struct chart {
    const char *title;
    const struct calendar_bar *bar;
    size_t bars;
    enum calendar_unit unit;
    int first, last; /* the series */
    uint64_t step;   /* between two grid lines */
    uint64_t most;   /* at the top of the scale */
};

static uint64_t sum(const struct chart *chart, size_t bar)
{
    uint64_t all = 0;
    for (int s = chart->first; s <= chart->last; s++)
        all += chart->bar[bar].count[s];
    return all;
}

/* Steps of 1, 2 or 5 times a power of ten, so that TICKS of them cover the highest bar. */
static void set_scale(struct chart *chart)
{
    uint64_t highest = 1, power = 1;
    for (size_t i = 0; i < chart->bars; i++)
        highest = sum(chart, i) > highest ? sum(chart, i) : highest;
    while (power * 10 * TICKS < highest)
        power *= 10;
    chart->step = power;
    for (uint64_t factor = 1; factor <= 10 && chart->step * TICKS < highest; factor++)
        if (factor == 2 || factor == 5 || factor == 10)
            chart->step = power * factor;
    chart->most = (highest + chart->step - 1) / chart->step * chart->step;
}

static double height_of(const struct chart *chart, uint64_t count)
{
    return (double)count / (double)chart->most * (HEIGHT - TOP - BOTTOM);
}

static void put_scale(const struct chart *chart, struct out *out)
{
    for (uint64_t value = 0; value <= chart->most; value += chart->step) {
        double y = HEIGHT - BOTTOM - height_of(chart, value);
        html_format(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT,
                    y, y);
        html_format(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 6, y + 4);
        html_number(out, value);
        out_text(out, "</text>");
    }
}

static void put_bars(const struct chart *chart, struct out *out)
{
    double slot = (double)(WIDTH - LEFT - RIGHT) / (double)chart->bars;
    double gap = slot > 4 ? slot * 0.18 : 0;
    size_t labels = chart->bars < 8 ? chart->bars : 8, every = (chart->bars + labels - 1) / labels;
    char text[CALENDAR_TEXT];
    for (size_t i = 0; i < chart->bars; i++) {
        double x = LEFT + (double)i * slot, y = HEIGHT - BOTTOM;
        const char *when = calendar_text(chart->bar[i].begin, chart->unit, text);
        const char *label = chart->unit == CALENDAR_HOUR ? when + sizeof "2024-" - 1 : when;
        if (i % every == 0 && x + LABEL < WIDTH)
            html_format(out, "<text x=\"%.1f\" y=\"%d\">%s</text>", x, HEIGHT - 8, label);
        if (sum(chart, i) == 0)
            continue;
        html_format(out, "<g><title>%s:", when);
        for (int s = chart->first; s <= chart->last; s++) {
            html_format(out, "%s %s ", s == chart->first ? "" : ",", series_name[s]);
            html_number(out, chart->bar[i].count[s]);
        }
        out_text(out, "</title>");
        for (int s = chart->first; s <= chart->last; s++) {
            double height = height_of(chart, chart->bar[i].count[s]);
            if (height <= 0)
                continue;
            y -= height;
            html_format(out,
                        "<rect class=\"s%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" "
                        "height=\"%.1f\"/>",
                        s, x + gap / 2, y, slot - gap, height < 0.8 ? 0.8 : height);
        }
        out_text(out, "</g>\n");
    }
}

static void put_key(const struct chart *chart, struct out *out)
{
    out_text(out, "<ul class=\"key\">");
    for (int s = chart->first; s <= chart->last; s++)
        html_format(out,
                    "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"s%d\" "
                    "width=\"10\" height=\"10\" rx=\"2\"/></svg>%s</li>",
                    s, series_name[s]);
    out_text(out, "</ul>");
}

static void put_chart(struct chart *chart, struct out *out)
{
    set_scale(chart);
    html_format(out, "<figure><h3>%s</h3>", chart->title);
    if (chart->last > chart->first)
        put_key(chart, out);
    html_format(out,
                "<div class=\"chart\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s by "
                "%s; the table below has the numbers\">\n",
                WIDTH, HEIGHT, chart->title, unit_name[chart->unit]);
    put_scale(chart, out);
    put_bars(chart, out);
    out_text(out, "</svg></div></figure>\n");
}

static void put_table(const struct chart *chart, struct out *out)
{
    char text[CALENDAR_TEXT];
    html_format(out,
                "<details><summary>The numbers</summary><div class=\"scroll\"><table "
                "aria-label=\"Jobs and activities over time\"><thead><tr>"
                "<th scope=\"col\">%c%s</th>",
                unit_name[chart->unit][0] - 'a' + 'A', unit_name[chart->unit] + 1);
    for (int s = 0; s < CALENDAR_SERIES; s++)
        html_format(out, "<th scope=\"col\" class=\"num\">%s</th>", series_name[s]);
    out_text(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < chart->bars; i++) {
        html_format(out, "<tr><th scope=\"row\">%s</th>",
                    calendar_text(chart->bar[i].begin, chart->unit, text));
        for (int s = 0; s < CALENDAR_SERIES; s++) {
            out_text(out, "<td class=\"num\">");
            html_number(out, chart->bar[i].count[s]);
            out_text(out, "</td>");
        }
        out_text(out, "</tr>\n");
    }
    out_text(out, "</tbody></table></div></details>\n");
}

bool charts_timeline(const struct calendar *calendar, struct out *out)
{
    struct calendar_bar *bar;
    enum calendar_unit unit;
    size_t bars = calendar_timeline(calendar, &unit, &bar);
    if (bars == 0) {
        out_text(out, "<p>No events.</p>\n");
        return calendar->used == 0;
    }
    struct chart jobs = {"Jobs", bar, bars, unit, CALENDAR_SUCCEEDED, CALENDAR_FAILED, 0, 0};
    struct chart activities = {"Activities",        bar, bars, unit, CALENDAR_ACTIVITIES,
                               CALENDAR_ACTIVITIES, 0,   0};
    put_chart(&jobs, out);
    put_chart(&activities, out);
    put_table(&jobs, out);
    free(bar);
    return true;
}

static const char *const day_name[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};

/* The shade of a count: 0 for none, 5 for the most. */
static int shade_of(uint64_t count, uint64_t most)
{
    if (count == 0)
        return 0;
    return 1 + (int)((double)(count - 1) / (double)most * 5);
}

static void put_week_picture(const struct calendar *calendar, uint64_t most, struct out *out)
{
    enum { CELL = 34, ROW = 24, NAMES = 92, HEAD = 20 };
    html_format(out,
                "<div class=\"chart\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Events "
                "by day of the week and hour; the table below has the numbers\">\n",
                NAMES + 24 * CELL, HEAD + 7 * ROW);
    for (int hour = 0; hour < 24; hour += 3)
        html_format(out, "<text x=\"%d\" y=\"14\">%02d:00</text>", NAMES + hour * CELL, hour);
    for (int day = 0; day < 7; day++) {
        html_format(out, "<text x=\"0\" y=\"%d\">%s</text>\n", HEAD + day * ROW + 16,
                    day_name[day]);
        for (int hour = 0; hour < 24; hour++) {
            uint64_t count = calendar->week[day][hour];
            html_format(out,
                        "<rect class=\"w%d\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                        "rx=\"3\"><title>%s %02d:00: ",
                        shade_of(count, most), NAMES + hour * CELL, HEAD + day * ROW + 1, CELL - 2,
                        ROW - 2, day_name[day], hour);
            html_number(out, count);
            out_text(out, "</title></rect>");
        }
    }
    out_text(out, "</svg></div>\n");
}

static void put_week_table(const struct calendar *calendar, struct out *out)
{
    out_text(out, "<details><summary>The numbers</summary><div class=\"scroll\"><table "
                  "aria-label=\"Events by hour and day of the week\"><thead><tr>"
                  "<th scope=\"col\">Hour</th>");
    for (int day = 0; day < 7; day++)
        html_format(out, "<th scope=\"col\" class=\"num\">%.3s</th>", day_name[day]);
    out_text(out, "</tr></thead><tbody>\n");
    for (int hour = 0; hour < 24; hour++) {
        html_format(out, "<tr><th scope=\"row\">%02d:00</th>", hour);
        for (int day = 0; day < 7; day++) {
            out_text(out, "<td class=\"num\">");
            html_number(out, calendar->week[day][hour]);
            out_text(out, "</td>");
        }
        out_text(out, "</tr>\n");
    }
    out_text(out, "</tbody></table></div></details>\n");
}

void charts_week(const struct calendar *calendar, struct out *out)
{
    int busiest_day = 0, busiest_hour = 0;
    for (int day = 0; day < 7; day++)
        for (int hour = 0; hour < 24; hour++)
            if (calendar->week[day][hour] > calendar->week[busiest_day][busiest_hour]) {
                busiest_day = day;
                busiest_hour = hour;
            }
    uint64_t most = calendar->week[busiest_day][busiest_hour];
    if (most == 0) {
        out_text(out, "<p>No events.</p>\n");
        return;
    }
    out_text(out, "<figure>");
    put_week_picture(calendar, most, out);
    html_format(out, "<figcaption>The most events, ");
    html_number(out, most);
    html_format(out, ", are on %s from %02d:00 to %02d:59.</figcaption></figure>\n",
                day_name[busiest_day], busiest_hour, busiest_hour);
    put_week_table(calendar, out);
}

void charts_bar(uint64_t count, uint64_t most, struct out *out)
{
    html_format(out,
                "<td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
                "aria-hidden=\"true\"><rect class=\"s2\" width=\"%.1f\" height=\"10\"/></svg></td>",
                most > 0 ? (double)count * 100 / (double)most : 0.0);
}
