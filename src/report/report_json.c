#include "config.h"

#include "report/report_json.h"
#include "json/json_string.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void put_number(struct out *out, const char *before, uint64_t number)
{
    char text[96];
    int len = snprintf(text, sizeof text, "%s%" PRIu64, before, number);
    out_write(out, (struct span){text, (size_t)len});
}

static void put_string(struct out *out, struct span text)
{
    char encoded[512];
    out_text(out, "\"");
    while (text.len > 0)
        out_write(out, (struct span){encoded, json_string_encode(&text, encoded, sizeof encoded)});
    out_text(out, "\"");
}

static void put_time(struct out *out, const char *before, int64_t local)
{
    char text[CALENDAR_TEXT];
    out_text(out, before);
    put_string(out, span_of(calendar_text(local, CALENDAR_DAY, text)));
}

static void put_totals(const struct report *r, struct out *out)
{
    put_number(out, "{\"events\":", r->events);
    put_number(out, ",\"activities\":", r->activities);
    put_number(out, ",\"jobs\":{\"succeeded\":", r->succeeded);
    put_number(out, ",\"failed\":", r->failed);
    put_number(out, ",\"other\":", r->other_jobs);
    out_text(out, "}");
    put_number(out, ",\"rejected\":", r->not_events);
    out_text(out, r->incomplete ? ",\"complete\":false" : ",\"complete\":true");
    if (r->calendar.used > 0) {
        put_time(out, ",\"from\":", r->calendar.first);
        put_time(out, ",\"to\":", r->calendar.last);
    }
    out_text(out, ",\"timezone\":");
    put_string(out, span_of(r->zone_name));
}

static bool put_timeline(const struct report *r, struct out *out)
{
    static const char *const unit_name[] = {"hour", "day", "month", "year"};
    struct calendar_bar *bar;
    enum calendar_unit unit;
    char text[CALENDAR_TEXT];
    size_t bars = calendar_timeline(&r->calendar, &unit, &bar);
    if (bars == 0 && r->calendar.used > 0)
        return false;
    out_text(out, ",\"timeline\":{\"unit\":\"");
    out_text(out, unit_name[unit]);
    out_text(out, "\",\"periods\":[");
    for (size_t i = 0; i < bars; i++) {
        out_text(out, i == 0 ? "{\"begin\":" : ",{\"begin\":");
        put_string(out, span_of(calendar_text(bar[i].begin, unit, text)));
        put_number(out, ",\"succeeded\":", bar[i].count[CALENDAR_SUCCEEDED]);
        put_number(out, ",\"failed\":", bar[i].count[CALENDAR_FAILED]);
        put_number(out, ",\"activities\":", bar[i].count[CALENDAR_ACTIVITIES]);
        out_text(out, "}");
    }
    out_text(out, "]}");
    free(bar);
    return true;
}

static void put_week(const struct report *r, struct out *out)
{
    out_text(out, ",\"week\":[");
    for (int day = 0; day < 7; day++) {
        out_text(out, day == 0 ? "[" : ",[");
        for (int hour = 0; hour < 24; hour++)
            put_number(out, hour == 0 ? "" : ",", r->calendar.week[day][hour]);
        out_text(out, "]");
    }
    out_text(out, "]");
}

static void put_ranking(const struct report *r, enum report_ranking ranking, const char *name,
                        struct out *out)
{
    const struct leaders *leaders = &r->ranking[ranking];
    const struct leader *top[REPORT_LEADERS];
    size_t count = leaders_top(leaders, top, REPORT_LEADERS);
    out_text(out, ",\"");
    out_text(out, name);
    put_number(out, "\":{\"different\":", leaders->used);
    put_number(out, ",\"error\":", leaders->error);
    out_text(out, ",\"leading\":[");
    for (size_t i = 0; i < count; i++) {
        out_text(out, i == 0 ? "{\"key\":" : ",{\"key\":");
        put_string(out, leader_key(top[i]));
        if (top[i]->label_len > 0) {
            out_text(out, ",\"name\":");
            put_string(out, leader_label(top[i]));
        }
        put_number(out, ",\"count\":", top[i]->count);
        if (ranking == RANKING_RECIPES)
            put_number(out, ",\"failed\":", top[i]->failures);
        out_text(out, "}");
    }
    out_text(out, "]}");
}

static void put_findings(const struct report *r, struct out *out)
{
    static const char *const name[FINDINGS] = {
        [FINDING_FAILED_LOGINS] = "failed_logins",
        [FINDING_TWO_FACTOR_OFF] = "two_factor_off",
        [FINDING_UNUSUAL_HOURS] = "unusual_hours",
        [FINDING_MEMBERS] = "members",
        [FINDING_KEYS] = "keys",
        [FINDING_STREAMING] = "streaming",
        [FINDING_DELETIONS] = "deletions",
    };
    for (enum finding f = 0; f < FINDINGS; f++) {
        out_text(out, f == 0 ? ",\"findings\":{\"" : ",\"");
        out_text(out, name[f]);
        put_number(out, "\":", r->finding[f]);
    }
    out_text(out, "}");
}

bool report_json(const struct report *r, struct out *out)
{
    put_totals(r, out);
    if (!put_timeline(r, out))
        return false;
    put_week(r, out);
    put_ranking(r, RANKING_MEMBERS, "members", out);
    put_ranking(r, RANKING_RECIPES, "recipes", out);
    put_ranking(r, RANKING_ASSETS, "assets", out);
    put_ranking(r, RANKING_ACTIVITIES, "events_by_name", out);
    put_ranking(r, RANKING_CUSTOMERS, "customers", out);
    put_findings(r, out);
    put_number(out, ",\"rows\":", r->rows.count);
    put_number(out, ",\"rows_left_out\":", r->rows.seen - r->rows.count);
    out_text(out, "}\n");
    return true;
}
