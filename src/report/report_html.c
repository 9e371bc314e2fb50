#include "config.h"

#include "base/digest.h"
#include "report/charts.h"
#include "report/html.h"
#include "report/page.h"
#include "report/report_html.h"

enum { MANY_ROWS = 300 };

/* Writes the source expression of a text for the policy: 'sha256-…' (CSP level 3, section 2.3.1).
 */
static void put_hash(struct out *out, const char *text)
{
    unsigned char digest[DIGEST_SIZE];
    char base64[DIGEST_BASE64(DIGEST_SIZE) + 1];
    digest_sha256(span_of(text), digest);
    digest_base64(digest, sizeof digest, base64);
    html_format(out, "'sha256-%s'", base64);
}

static void put_head(const struct report *r, struct out *out)
{
    out_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src ");
    put_hash(out, page_style);
    out_text(out, "; script-src ");
    put_hash(out, page_script);
    out_text(out,
             "; base-uri 'none'; form-action 'none'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<meta name=\"generator\" content=\"audit-report " PACKAGE_VERSION "\">\n<title>");
    html_text(out, span_of(r->title));
    out_text(out, "</title>\n<style>");
    out_text(out, page_style);
    out_text(out, "</style>\n</head>\n");
}

static void put_total(struct out *out, const char *name, const char *class, uint64_t count)
{
    html_format(out, "<li>%s <strong%s>", name, class);
    html_number(out, count);
    out_text(out, "</strong></li>\n");
}

static void put_totals(const struct report *r, struct out *out)
{
    uint64_t jobs = r->succeeded + r->failed;
    out_text(out, "<ul class=\"totals\">\n");
    put_total(out, "Events", "", r->events);
    put_total(out, "Jobs succeeded", " class=\"good\"", r->succeeded);
    put_total(out, "Jobs failed", " class=\"bad\"", r->failed);
    put_total(out, "Activities", "", r->activities);
    put_total(out, "Members", "", r->ranking[RANKING_MEMBERS].used);
    put_total(out, "Recipes", "", r->ranking[RANKING_RECIPES].used);
    put_total(out, "Customers", "", r->ranking[RANKING_CUSTOMERS].used);
    out_text(out, "</ul>\n");
    if (jobs > 0)
        html_format(out, "<p class=\"soft\">%.2f %% of the jobs failed.</p>\n",
                    (double)r->failed * 100 / (double)jobs);
}

static void put_header(const struct report *r, struct out *out)
{
    char from[CALENDAR_TEXT], to[CALENDAR_TEXT];
    out_text(out, "<body>\n<a class=\"skip\" href=\"#activities\">To the activities</a>\n"
                  "<header>\n<h1>");
    html_name(out, span_of(r->title));
    out_text(out, "</h1>\n");
    if (r->calendar.used > 0) {
        html_format(out, "<p class=\"soft\">%s to %s, times in ",
                    calendar_text(r->calendar.first, CALENDAR_DAY, from),
                    calendar_text(r->calendar.last, CALENDAR_DAY, to));
        html_text(out, span_of(r->zone_name));
        out_text(out, "</p>\n");
    }
    if (r->incomplete)
        out_text(out,
                 "<p><strong class=\"bad\">Not all of the input could be read; what is missing "
                 "is not on this page.</strong></p>\n");
    put_totals(r, out);
    out_text(out, "</header>\n<main>\n");
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
    out_text(out, "<section class=\"card\"><span class=\"count\">");
    html_number(out, r->finding[f]);
    html_format(out, "</span><h3>%s</h3><p class=\"soft\">%s</p>\n", finding_title(f),
                finding_description(f));
    if (rows->count > 0)
        out_text(out, "<ul class=\"latest\">\n");
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = rows->place[i].row;
        out_text(out, "<li><span class=\"time soft\">");
        put_time(out, row->local);
        out_text(out, "</span> ");
        html_name(out, row->field[ROW_USER]);
        out_text(out, "<br>");
        html_name(out, row->field[ROW_EVENT]);
        if (row->field[ROW_ASSET].len > 0) {
            out_text(out, ": ");
            html_name(out, row->field[ROW_ASSET]);
        }
        out_text(out, "</li>\n");
    }
    if (rows->count > 0)
        out_text(out, "</ul>");
    out_text(out, "</section>\n");
}

static void put_leader(const struct leader *leader, uint64_t most, bool jobs, struct out *out)
{
    out_text(out, "<tr><th scope=\"row\">");
    if (leader->label_len > 0) {
        html_name(out, leader_label(leader));
        out_text(out, " <span class=\"soft\">");
        html_name(out, leader_key(leader));
        out_text(out, "</span>");
    } else {
        html_address(out, leader_key(leader));
    }
    out_text(out, "</th><td class=\"num\">");
    html_number(out, leader->count);
    out_text(out, "</td>");
    if (jobs)
        html_format(out, "<td class=\"num%s\">%.1f %%</td>", leader->failures > 0 ? " bad" : "",
                    (double)leader->failures * 100 / (double)leader->count);
    charts_bar(leader->count, most, out);
    out_text(out, "</tr>\n");
}

static void put_ranking(const struct report *r, enum report_ranking ranking, struct out *out)
{
    const struct leaders *leaders = &r->ranking[ranking];
    const struct leader *top[REPORT_LEADERS];
    size_t count = leaders_top(leaders, top, REPORT_LEADERS);
    bool jobs = ranking == RANKING_RECIPES;
    html_format(out, "<section class=\"card\"><h3>%s</h3>\n", report_ranking_title(ranking));
    if (count == 0) {
        out_text(out, "<p class=\"soft\">None.</p></section>\n");
        return;
    }
    html_format(out,
                "<table aria-label=\"%s\"><thead><tr><th scope=\"col\">Name</th><th scope=\"col\" "
                "class=\"num\">",
                report_ranking_title(ranking));
    out_text(out, jobs ? "Jobs</th><th scope=\"col\" class=\"num\">Failed</th>" : "Events</th>");
    out_text(out, "<td class=\"bar\"></td></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++)
        put_leader(top[i], top[0]->count, jobs, out);
    out_text(out, "</tbody></table>");
    if (leaders->used > count || leaders->error > 0) {
        html_format(out, "<p class=\"soft\">%zu of ", count);
        html_number(out, leaders->used);
        if (leaders->error > 0) {
            out_text(out, " or more; a count can be too low by ");
            html_number(out, leaders->error);
        }
        out_text(out, ".</p>");
    }
    out_text(out, "</section>\n");
}

static void put_filters(size_t rows, struct out *out)
{
    out_text(out,
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
             "</form>\n<noscript><p class=\"soft\">Filters need JavaScript, which is switched off "
             "here.</p></noscript>\n");
    html_format(out,
                "<p id=\"shown\" class=\"soft\" aria-live=\"polite\">All %zu rows are shown.</p>\n",
                rows);
}

static void put_attribute(struct out *out, const char *name, struct span value)
{
    html_format(out, " data-%s=\"", name);
    html_attribute(out, value);
    out_text(out, "\"");
}

/* A browser spends most of its time on creating the rows' elements, so there are as few as
 * possible, and no text between two rows.  The most expensive one is <details>: inside <noscript>
 * it is an element only if scripts are disabled; otherwise it is text, from which the page's script
 * makes the same element when the browser is idle. */
static void put_row(const struct row *row, struct out *out)
{
    out_text(out, "<tr\n");
    put_attribute(out, "t", row->field[ROW_TYPE]);
    put_attribute(out, "c", row->field[ROW_CATEGORY]);
    out_text(out, "><td>");
    put_time(out, row->local);
    out_text(out, "</td><td>");
    html_name(out, row->field[ROW_USER]);
    out_text(out, "</td><td>");
    html_name(out, row->field[ROW_EVENT]);
    out_text(out, "</td><td>");
    html_name(out, row->field[ROW_TYPE]);
    if (row->field[ROW_ASSET].len > 0) {
        out_text(out, ": ");
        html_name(out, row->field[ROW_ASSET]);
    }
    out_text(out, "<noscript><details><summary>JSON</summary>");
    html_text(out, row->json);
    if (row->json_len > row->json.len)
        html_format(out, "<p class=\"soft\">… the first %zu of %zu bytes</p>", row->json.len,
                    row->json_len);
    out_text(out, "</details></noscript></td></tr>");
}

static void put_rows(const struct report *r, struct out *out)
{
    out_text(out, "<section id=\"activities\"><h2>Activities</h2>\n");
    if (r->rows.count == 0) {
        out_text(out, "<p>No activities.</p></section>\n");
        return;
    }
    put_filters(r->rows.count, out);
    /* If there are many rows, a browser lays out only the visible ones. */
    html_format(out, "<div class=\"scroll%s\" ", r->rows.count > MANY_ROWS ? " many" : "");
    out_text(out, "tabindex=\"0\" role=\"region\" aria-label=\"Activities, "
                  "the newest first\"><table class=\"rows\" "
                  "aria-label=\"Activities\"><thead><tr><th scope=\"col\">Time</th>"
                  "<th scope=\"col\">Who</th><th scope=\"col\">Activity</th>"
                  "<th scope=\"col\">Asset</th></tr></thead><tbody id=\"rows\">");
    for (size_t i = 0; i < r->rows.count; i++)
        put_row(r->rows.place[i].row, out);
    out_text(out, "\n</tbody></table></div>\n");
    if (r->rows.seen > r->rows.count) {
        out_text(out, "<p class=\"soft\">The newest ");
        html_number(out, r->rows.count);
        out_text(out, " of ");
        html_number(out, r->rows.seen);
        out_text(out, " activities (audit-report --rows).</p>\n");
    }
    out_text(out, "</section>\n");
}

static void put_footer(const struct report *r, struct out *out)
{
    char now[TIMESTAMP_TEXT];
    size_t len = timestamp_rfc3339(&r->now, now);
    out_text(out, "</main>\n<footer>\n<p>Made by audit-report " PACKAGE_VERSION " at ");
    html_text(out, (struct span){now, len});
    out_text(out, " from ");
    if (r->inputs == 0)
        out_text(out, "standard input");
    for (size_t i = 0; i < r->inputs; i++) {
        out_text(out, i == 0 ? "" : ", ");
        if (i == 20) {
            html_format(out, "and %zu other files", r->inputs - i);
            break;
        }
        html_name(out, span_of(r->input[i]));
    }
    out_text(out, ".</p>\n");
    if (r->not_events > 0) {
        out_text(out, "<p><strong>");
        html_number(out, r->not_events);
        out_text(out, " records could not be counted</strong> and are not on this page.</p>\n");
    }
    if (r->other_jobs > 0) {
        html_number(out, r->other_jobs);
        out_text(out,
                 " jobs have another status than succeeded or failed and are in no picture.\n");
    }
    out_text(out, "<p>Names longer than 200 bytes are cut.</p>\n</footer>\n");
}

bool report_html(const struct report *r, struct out *out)
{
    put_head(r, out);
    put_header(r, out);
    out_text(out, "<section><h2>Over time</h2>\n");
    if (!charts_timeline(&r->calendar, out))
        return false;
    out_text(out,
             "</section>\n<section><h2>Look at these first</h2>\n<div class=\"grid small\">\n");
    for (enum finding f = 0; f < FINDINGS; f++)
        put_finding(r, f, out);
    out_text(out, "</div></section>\n<section><h2>Who and what</h2>\n<div class=\"grid\">\n");
    for (enum report_ranking ranking = 0; ranking < RANKINGS; ranking++)
        put_ranking(r, ranking, out);
    out_text(out, "</div></section>\n<section><h2>The week</h2>\n");
    charts_week(&r->calendar, out);
    out_text(out, "</section>\n");
    put_rows(r, out);
    put_footer(r, out);
    if (r->rows.count > 0) {
        out_text(out, "<script>");
        out_text(out, page_script);
        out_text(out, "</script>\n");
    }
    out_text(out, "</body>\n</html>\n");
    return true;
}
