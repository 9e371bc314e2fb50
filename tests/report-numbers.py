#!/usr/bin/env python3
"""Compares the numbers that a page of audit-report shows with those of its --json.

usage: report-numbers.py PAGE.html NUMBERS.json

Totals, pictures, tables, rankings with their failure rates, findings, rows, and what was left out.
Prints what differs, one a line, and status 1; else how many numbers were compared.  Names must be
ASCII.
"""
import html
import json
import re
import sys

RANKINGS = {"Members": "members", "Recipes": "recipes", "Assets": "assets", "Activities": "events_by_name",
            "Customers": "customers"}
FINDINGS = {"Failed sign-ins": "failed_logins", "Two-factor authentication switched off": "two_factor_off",
            "Sign-ins at unusual hours": "unusual_hours", "Members, invitations and roles": "members",
            "Keys, tokens and passwords": "keys", "Audit log streaming": "streaming", "Deletions": "deletions"}
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def number(text):
    return int(text.replace(",", ""))


def cells(table):
    """The rows of a table's body: the text of each cell."""
    body = table[table.index("<tbody"):]
    return [[html.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
            for row in re.findall(r"<tr>(.*?)</tr>", body, re.S)]


def table(page, name):
    return cells(re.search(r'<table aria-label="%s">.*?</table>' % re.escape(name), page, re.S).group())


def bars(page, title):
    """The tooltips of a chart's bars: (period, series) to count."""
    picture = re.search(r"<figure><h3>%s</h3>.*?</figure>" % title, page, re.S).group()
    return {(when, series): number(count)
            for when, text in re.findall(r"<g><title>(.*?): (\S[^<]*)</title>", picture)
            for series, count in re.findall(r"([A-Z][a-z ]*[a-z]) ([\d,]+)", text)}


def main():
    page = open(sys.argv[1], encoding="utf-8").read()
    is_ = json.load(open(sys.argv[2], encoding="utf-8"))
    faults, compared = [], 0

    def same(what, shown, expected):
        nonlocal compared
        compared += 1
        if shown != expected:
            faults.append("%s: the page shows %r, --json has %r" % (what, shown, expected))

    jobs = is_["jobs"]
    totals = {name: number(count) for name, count in re.findall(r"<li>([A-Z][a-z ]+) <strong[^>]*>([\d,]+)</strong>", page)}
    same("totals", totals, {
        "Events": is_["events"], "Jobs succeeded": jobs["succeeded"], "Jobs failed": jobs["failed"],
        "Activities": is_["activities"], "Members": is_["members"]["different"],
        "Recipes": is_["recipes"]["different"], "Customers": is_["customers"]["different"]})
    same("rate", re.search(r"([\d.]+) % of the jobs failed", page).group(1),
         "%.2f" % (100 * jobs["failed"] / (jobs["succeeded"] + jobs["failed"])))
    same("period", re.search(r"<p class=\"soft\">(\S+) to (\S+), times in (\S+)</p>", page).groups(),
         (is_["from"], is_["to"], is_["timezone"]))

    periods = is_["timeline"]["periods"]
    same("periods", table(page, "Jobs and activities over time"),
         [[p["begin"]] + ["{:,}".format(p[s]) for s in ("succeeded", "failed", "activities")] for p in periods])
    same("bars of jobs", bars(page, "Jobs"),
         {(p["begin"], s): p[k] for p in periods if p["succeeded"] + p["failed"] > 0
          for s, k in (("Jobs succeeded", "succeeded"), ("Jobs failed", "failed"))})
    same("bars of activities", bars(page, "Activities"),
         {(p["begin"], "Activities"): p["activities"] for p in periods if p["activities"] > 0})

    week = is_["week"]
    same("week", [[number(n) for n in row[1:]] for row in table(page, "Events by hour and day of the week")],
         [[week[day][hour] for day in range(7)] for hour in range(24)])
    same("squares of the week", {(day, int(hour)): number(count) for day, hour, count in
                                 re.findall(r"<title>(\w+day) (\d\d):00: ([\d,]+)</title>", page)},
         {(DAYS[day], hour): week[day][hour] for day in range(7) for hour in range(24)})
    most, day, hour = re.search(r"The most events, ([\d,]+), are on (\w+) from (\d\d):00", page).groups()
    same("most", (number(most), week[DAYS.index(day)][int(hour)]), (max(map(max, week)),) * 2)

    for title, name in RANKINGS.items():
        ranking = is_[name]
        rows = table(page, title)
        same(title, rows, [
            [" ".join(filter(None, (entry.get("name"), entry["key"]))), "{:,}".format(entry["count"])] +
            (["%.1f %%" % (100 * entry["failed"] / entry["count"])] if name == "recipes" else []) + [""]
            for entry in ranking["leading"]])
        section = re.search(r"<h3>%s</h3>\n<table.*?</section>" % title, page, re.S).group()
        left = re.search(r"<p class=\"soft\">(\d+) of ([\d,]+)\.</p>", section)
        same(title + " that are not shown", left and (int(left.group(1)), number(left.group(2))),
             (len(rows), ranking["different"]) if ranking["different"] > len(rows) else None)

    same("findings", {html.unescape(title): number(count) for count, title in
                      re.findall(r'<span class="count">([\d,]+)</span><h3>(.*?)</h3>', page)},
         {title: is_["findings"][name] for title, name in FINDINGS.items()})
    same("rows", page[page.index('<tbody id="rows">'):].count("</tr>"), is_["rows"])
    left = re.search(r"The newest ([\d,]+) of ([\d,]+) activities", page)
    same("rows that are not shown", left and (number(left.group(1)), number(left.group(2))),
         (is_["rows"], is_["rows"] + is_["rows_left_out"]) if is_["rows_left_out"] else None)
    left = re.search(r"<strong>([\d,]+) records could not be counted", page)
    same("rejects", number(left.group(1)) if left else 0, is_["rejected"])
    left = re.search(r"([\d,]+) jobs have another status", page)
    same("other jobs", number(left.group(1)) if left else 0, jobs["other"])

    print("\n".join(faults) if faults else "%d compared" % compared)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
