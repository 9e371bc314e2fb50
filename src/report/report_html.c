#include "config.h"

#include "base/digest.h"
#include "report/charts.h"
#include "report/html.h"
#include "report/page.h"
#include "report/report_html.h"

#include <openssl/evp.h>

/* Writes the source expression of a text for the policy: 'sha256-…' (CSP level 3, section 2.3.1).
 */
static bool put_hash(struct out *out, const char *text)
{
    unsigned char digest[DIGEST_SIZE], base64[4 * ((DIGEST_SIZE + 2) / 3) + 1];
    if (!digest_sha256(span_of(text), digest))
        return false;
    EVP_EncodeBlock(base64, digest, sizeof digest);
    html_format(out, "'sha256-%s'", (const char *)base64);
    return true;
}

static bool put_head(const struct report *r, struct out *out)
{
    html_put(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src ");
    if (!put_hash(out, page_style))
        return false;
    html_put(out, "; script-src ");
    if (!put_hash(out, page_script))
        return false;
    html_put(out,
             "; base-uri 'none'; form-action 'none'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<meta name=\"generator\" content=\"audit-report " PACKAGE_VERSION "\">\n<title>");
    html_text(out, span_of(r->title));
    html_put(out, "</title>\n<style>");
    html_put(out, page_style);
    html_put(out, "</style>\n</head>\n");
    return true;
}

static void put_total(struct out *out, const char *name, const char *class, uint64_t count)
{
    html_format(out, "<li>%s <strong%s>", name, class);
    html_number(out, count);
    html_put(out, "</strong></li>\n");
}

static void put_totals(const struct report *r, struct out *out)
{
    uint64_t jobs = r->succeeded + r->failed;
    html_put(out, "<ul class=\"totals\">\n");
    put_total(out, "Events", "", r->events);
    put_total(out, "Jobs succeeded", " class=\"good\"", r->succeeded);
    put_total(out, "Jobs failed", " class=\"bad\"", r->failed);
    put_total(out, "Activities", "", r->activities);
    put_total(out, "Members", "", r->ranking[RANKING_MEMBERS].used);
    put_total(out, "Recipes", "", r->ranking[RANKING_RECIPES].used);
    put_total(out, "Customers", "", r->ranking[RANKING_CUSTOMERS].used);
    html_put(out, "</ul>\n");
    if (jobs > 0)
        html_format(out, "<p class=\"soft\">%.2f %% of the jobs failed.</p>\n",
                    (double)r->failed * 100 / (double)jobs);
}

static void put_header(const struct report *r, struct out *out)
{
    char from[CALENDAR_TEXT], to[CALENDAR_TEXT];
    html_put(out, "<body>\n<a class=\"skip\" href=\"#activities\">To the activities</a>\n"
                  "<header>\n<h1>");
    html_name(out, span_of(r->title));
    html_put(out, "</h1>\n");
    if (r->calendar.used > 0) {
        html_format(out, "<p class=\"soft\">%s to %s, times in ",
                    calendar_text(r->calendar.first, CALENDAR_DAY, from),
                    calendar_text(r->calendar.last, CALENDAR_DAY, to));
        html_text(out, span_of(r->zone));
        html_put(out, "</p>\n");
    }
    put_totals(r, out);
    html_put(out, "</header>\n<main>\n");
}

static void put_time(struct out *out, int64_t local)
{
    struct civil c = timestamp_civil(local, 0);
    html_format(out, "%04d-%02d-%02d %02d:%02d:%02d", (int)c.year, c.month, c.day, c.hour, c.minute,
                c.second);
}

static void put_finding(const struct report *r, enum finding f, struct out *out)
{
    const struct rows *rows = &r->finding_rows[f];
    html_put(out, "<section class=\"card\"><span class=\"count\">");
    html_number(out, r->finding[f]);
    html_format(out, "</span><h3>%s</h3><p class=\"soft\">%s</p>\n", finding_title(f),
                finding_description(f));
    if (rows->count > 0)
        html_put(out, "<ul class=\"latest\">\n");
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i];
        html_put(out, "<li><span class=\"time soft\">");
        put_time(out, row->local);
        html_put(out, "</span> ");
        html_name(out, row->field[ROW_USER]);
        html_put(out, "<br>");
        html_name(out, row->field[ROW_EVENT]);
        if (row->field[ROW_ASSET].len > 0) {
            html_put(out, ": ");
            html_name(out, row->field[ROW_ASSET]);
        }
        html_put(out, "</li>\n");
    }
    if (rows->count > 0)
        html_put(out, "</ul>");
    html_put(out, "</section>\n");
}

static void put_leader(const struct leader *leader, uint64_t most, bool jobs, struct out *out)
{
    html_put(out, "<tr><th scope=\"row\">");
    if (*leader->label != '\0') {
        html_name(out, span_of(leader->label));
        html_put(out, " <span class=\"soft\">");
        html_name(out, span_of(leader->key));
        html_put(out, "</span>");
    } else {
        html_name(out, span_of(leader->key));
    }
    html_put(out, "</th><td class=\"num\">");
    html_number(out, leader->count);
    html_put(out, "</td>");
    if (jobs)
        html_format(out, "<td class=\"num%s\">%.1f %%</td>", leader->failures > 0 ? " bad" : "",
                    (double)leader->failures * 100 / (double)leader->count);
    charts_bar(leader->count, most, out);
    html_put(out, "</tr>\n");
}

static void put_ranking(const struct report *r, enum report_ranking ranking, struct out *out)
{
    const struct leaders *leaders = &r->ranking[ranking];
    const struct leader *top[REPORT_LEADERS];
    size_t count = leaders_top(leaders, top, REPORT_LEADERS);
    bool jobs = ranking == RANKING_RECIPES;
    html_format(out, "<section class=\"card\"><h3>%s</h3>\n", report_ranking_title(ranking));
    if (count == 0) {
        html_put(out, "<p class=\"soft\">None.</p></section>\n");
        return;
    }
    html_format(out,
                "<table aria-label=\"%s\"><thead><tr><th scope=\"col\">Name</th><th scope=\"col\" "
                "class=\"num\">",
                report_ranking_title(ranking));
    html_put(out, jobs ? "Jobs</th><th scope=\"col\" class=\"num\">Failed</th>" : "Events</th>");
    html_put(out, "<td class=\"bar\"></td></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++)
        put_leader(top[i], top[0]->count, jobs, out);
    html_put(out, "</tbody></table>");
    if (leaders->used > count || leaders->error > 0) {
        html_format(out, "<p class=\"soft\">%zu of ", count);
        html_number(out, leaders->used);
        if (leaders->error > 0) {
            html_put(out, " or more; a count can be too low by ");
            html_number(out, leaders->error);
        }
        html_put(out, ".</p>");
    }
    html_put(out, "</section>\n");
}

static void put_filters(struct out *out)
{
    html_put(out,
             "<form id=\"filters\" hidden aria-label=\"Filters of the activities\">\n"
             "<div><label for=\"f-text\">Text</label><input id=\"f-text\" name=\"text\" "
             "type=\"search\" autocomplete=\"off\"></div>\n"
             "<div><label for=\"f-user\">Member</label><select id=\"f-user\" name=\"user\">"
             "<option value=\"\">All</option></select></div>\n"
             "<div><label for=\"f-asset\">Type of asset</label><select id=\"f-asset\" "
             "name=\"asset\"><option value=\"\">All</option></select></div>\n"
             "<div><label for=\"f-category\">Kind of activity</label><select id=\"f-category\" "
             "name=\"category\"><option value=\"\">All</option></select></div>\n"
             "<div><label for=\"f-since\">From</label><input id=\"f-since\" name=\"since\" "
             "type=\"date\"></div>\n"
             "<div><label for=\"f-until\">To</label><input id=\"f-until\" name=\"until\" "
             "type=\"date\"></div>\n"
             "<button type=\"reset\">Show all</button>\n"
             "</form>\n<p id=\"shown\" class=\"soft\" aria-live=\"polite\"></p>\n");
}

static void put_attribute(struct out *out, const char *name, struct span value)
{
    html_format(out, " data-%s=\"", name);
    html_text(out, value);
    html_put(out, "\"");
}

static void put_row(const struct row *row, struct out *out)
{
    html_put(out, "<tr");
    put_attribute(out, "u", row->field[ROW_USER]);
    put_attribute(out, "t", row->field[ROW_TYPE]);
    put_attribute(out, "c", row->field[ROW_CATEGORY]);
    html_put(out, "><td class=\"time\">");
    put_time(out, row->local);
    html_put(out, "</td><td>");
    html_name(out, row->field[ROW_USER]);
    html_put(out, "</td><td>");
    html_name(out, row->field[ROW_EVENT]);
    html_put(out, "</td><td>");
    html_name(out, row->field[ROW_TYPE]);
    if (row->field[ROW_ASSET].len > 0) {
        html_put(out, ": ");
        html_name(out, row->field[ROW_ASSET]);
    }
    html_put(out, "<details><summary>JSON</summary><pre>");
    html_text(out, row->json);
    html_put(out, "</pre>");
    if (row->json_len > row->json.len)
        html_format(out, "<p class=\"soft\">… the first %zu of %zu bytes</p>", row->json.len,
                    row->json_len);
    html_put(out, "</details></td></tr>\n");
}

static void put_rows(const struct report *r, struct out *out)
{
    html_put(out, "<section id=\"activities\"><h2>Activities</h2>\n");
    if (r->rows.count == 0) {
        html_put(out, "<p>No activities.</p></section>\n");
        return;
    }
    put_filters(out);
    html_put(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Activities, "
                  "the newest first\"><table class=\"rows\" "
                  "aria-label=\"Activities\"><thead><tr><th scope=\"col\">Time</th>"
                  "<th scope=\"col\">Who</th><th scope=\"col\">Activity</th>"
                  "<th scope=\"col\">Asset</th></tr></thead><tbody id=\"rows\">\n");
    for (size_t i = 0; i < r->rows.count; i++)
        put_row(&r->rows.row[i], out);
    html_put(out, "</tbody></table></div>\n");
    if (r->rows.seen > r->rows.count) {
        html_put(out, "<p class=\"soft\">The newest ");
        html_number(out, r->rows.count);
        html_put(out, " of ");
        html_number(out, r->rows.seen);
        html_put(out, " activities (audit-report --rows).</p>\n");
    }
    html_put(out, "</section>\n");
}

static void put_footer(const struct report *r, struct out *out)
{
    char now[TIMESTAMP_TEXT];
    size_t len = timestamp_rfc3339(&r->now, now);
    html_put(out, "</main>\n<footer>\n<p>Made by audit-report " PACKAGE_VERSION " at ");
    html_text(out, (struct span){now, len});
    html_put(out, " from ");
    if (r->inputs == 0)
        html_put(out, "standard input");
    for (size_t i = 0; i < r->inputs; i++) {
        html_put(out, i == 0 ? "" : ", ");
        if (i == 20) {
            html_format(out, "and %zu other files", r->inputs - i);
            break;
        }
        html_name(out, span_of(r->input[i]));
    }
    html_put(out, ".</p>\n");
    if (r->not_events > 0) {
        html_put(out, "<p><strong>");
        html_number(out, r->not_events);
        html_put(out, " records could not be counted</strong> and are not on this page.</p>\n");
    }
    if (r->other_jobs > 0) {
        html_number(out, r->other_jobs);
        html_put(out,
                 " jobs have another status than succeeded or failed and are in no picture.\n");
    }
    html_put(out, "<p>Names longer than 200 bytes are cut.</p>\n</footer>\n");
}

bool report_html(const struct report *r, struct out *out)
{
    if (!put_head(r, out))
        return false;
    put_header(r, out);
    html_put(out, "<section><h2>Over time</h2>\n");
    if (!charts_timeline(&r->calendar, out))
        return false;
    html_put(out,
             "</section>\n<section><h2>Look at these first</h2>\n<div class=\"grid small\">\n");
    for (enum finding f = 0; f < FINDINGS; f++)
        put_finding(r, f, out);
    html_put(out, "</div></section>\n<section><h2>Who and what</h2>\n<div class=\"grid\">\n");
    for (enum report_ranking ranking = 0; ranking < RANKINGS; ranking++)
        put_ranking(r, ranking, out);
    html_put(out, "</div></section>\n<section><h2>The week</h2>\n");
    charts_week(&r->calendar, out);
    html_put(out, "</section>\n");
    put_rows(r, out);
    put_footer(r, out);
    if (r->rows.count > 0) {
        html_put(out, "<script>");
        html_put(out, page_script);
        html_put(out, "</script>\n");
    }
    html_put(out, "</body>\n</html>\n");
    return true;
}
