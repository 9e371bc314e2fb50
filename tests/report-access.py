#!/usr/bin/env python3
"""Checks the accessibility of an audit-report page: screen reader, keyboard and contrast, in
headless Chromium through WebDriver.

usage: report-access.py PAGE.html

Its accessibility tree: one first heading, and none that skips a level; a name for every picture,
table, field, button, link and region; headers in every table.  The keyboard: each stop of the Tab
key is visible.  The colours of all text, light and dark: a contrast of 4.5 (WCAG 2.1, 1.4.3), and 3 for
the parts of pictures (1.4.11).  Prints what is wrong, one a line, and status 1; else what was found.
"""
import importlib.util
import os
import sys
import tempfile

spec = importlib.util.spec_from_file_location(
    "browser", os.path.join(os.path.dirname(os.path.abspath(__file__)), "report-browser.py"))
browser = importlib.util.module_from_spec(spec)
spec.loader.exec_module(browser)

NAMED = {"image", "img", "table", "textbox", "searchbox", "combobox", "button", "link", "Date", "region",
         "form", "DisclosureTriangle", "spinbutton", "group"}

CONTRAST = r"""
function parse(c) { var m = c.match(/[\d.]+/g).map(Number); return {rgb: m.slice(0, 3), a: m.length > 3 ? m[3] : 1}; }
function light(rgb) {
    var v = rgb.map(function (x) { x /= 255; return x <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4); });
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
}
function ratio(a, b) { a = light(a); b = light(b); return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }
function behind(e) {
    for (; e; e = e.parentElement) {
        var c = parse(getComputedStyle(e).backgroundColor);
        if (c.a === 1) return c.rgb;
    }
    return [255, 255, 255];
}
document.querySelectorAll("details").forEach(function (d) { d.open = true; });
var found = {}, n = 0;
function note(what, colour, e, least) {
    var is = ratio(parse(colour).rgb, behind(e)), key = what + " " + colour + " on " + behind(e);
    n++;
    if (!(key in found)) found[key] = [is, least];
}
var walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
    var e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || /^(SCRIPT|STYLE|title)$/.test(e.tagName)) continue;
    note("text", e.namespaceURI.endsWith("svg") ? getComputedStyle(e).fill : getComputedStyle(e).color, e, 4.5);
}
document.querySelectorAll("rect.s0,rect.s1,rect.s2").forEach(function (e) { note("picture", getComputedStyle(e).fill, e, 3); });
document.querySelectorAll("input,select,button").forEach(function (e) {
    note("field", getComputedStyle(e).borderTopColor, e.parentElement, 3);
    note("text", getComputedStyle(e).color, e, 4.5);
});
return [n, found];
"""

FOCUS = r"""
var e = document.activeElement, s = getComputedStyle(e);
return [e.tagName + (e.id ? "#" + e.id : ""), s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2];
"""


NARROW = """
    var scroll = document.querySelector('#activities .scroll'), row = document.querySelector('#rows tr'),
        seen = function (e) { return getComputedStyle(e).display !== 'none'; };
    row.hidden = true;
    var blocks = !seen(row);
    row.hidden = false;
    return [scroll.scrollWidth, scroll.clientWidth, blocks && seen(row) && row.offsetHeight > 80];
"""


def value(node, key):
    return node.get(key, {}).get("value", "")


def check_tree(nodes, faults):
    level = headings = names = tables = 0
    by_id = {node["nodeId"]: node for node in nodes}
    for node in nodes:
        if node.get("ignored"):
            continue
        role = value(node, "role")
        if role in NAMED:
            if value(node, "name").strip():
                names += 1
            elif role != "group":
                faults.append("no name: a %s" % role)
        if role == "heading":
            at = [p["value"]["value"] for p in node["properties"] if p["name"] == "level"][0]
            if at > level + 1 or (at == 1) != (headings == 0):
                faults.append("heading of level %d after one of level %d: %s" % (at, level, value(node, "name")))
            level, headings = at, headings + 1
        if role == "table":
            tables += 1
            below, roles = list(node["childIds"]), set()
            while below:
                child = by_id[below.pop()]
                roles.add(value(child, "role"))
                below += child.get("childIds", [])
            if "columnheader" not in roles:
                faults.append("a table without column headers: " + value(node, "name"))
    return headings, names, tables


def main():
    page = "file://" + os.path.abspath(sys.argv[1])
    faults = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        driver, base = browser.start_driver(directory)
        try:
            session = browser.call(base, "POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": {"args": browser.OPTIONS + ["--user-data-dir=" + directory + "/profile"]},
            }}})["sessionId"]
            path = f"/session/{session}"

            def cdp(command, **parameters):
                return browser.call(base, "POST", path + "/goog/cdp/execute", {"cmd": command, "params": parameters})

            def script(text):
                return browser.call(base, "POST", path + "/execute/sync", {"script": text, "args": []})

            browser.call(base, "POST", path + "/url", {"url": page})
            stops = set()
            for _ in range(20):
                for kind in ("rawKeyDown", "keyUp"):
                    cdp("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
                where, seen = script(FOCUS)
                if where != "BODY":
                    stops.add(where)
                    if not seen:
                        faults.append("the focus is not seen at " + where)
            if not {"A", "INPUT#f-text", "SELECT#f-user", "SUMMARY"} <= stops:
                faults.append("the Tab key stops only at " + " ".join(sorted(stops)))
            script("document.querySelectorAll('details').forEach(function (d) { d.open = true; });")
            cdp("Accessibility.enable")
            headings, names, tables = check_tree(cdp("Accessibility.getFullAXTree")["nodes"], faults)
            # On a phone rows are blocks: still a table for a screen reader, and without horizontal
            # scrolling.
            cdp("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
            narrow = check_tree(cdp("Accessibility.getFullAXTree")["nodes"], faults)
            if narrow != (headings, names, tables):
                faults.append("360 pixels wide: %d headings, %d names, %d tables" % narrow)
            wide, room, blocks = script(NARROW)
            if wide > room or not blocks:
                faults.append("360 pixels wide: the rows take %d pixels of %d" % (wide, room))
            cdp("Emulation.clearDeviceMetricsOverride")
            least = {}
            for scheme in ("light", "dark"):
                cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                count, found = script(CONTRAST)
                for pair, (ratio, asked) in found.items():
                    if ratio < asked:
                        faults.append("%s: %s has a contrast of %.2f, %.1f is asked" % (scheme, pair, ratio, asked))
                texts = [ratio for pair, (ratio, _) in found.items() if pair.startswith("text")]
                least[scheme] = (min(texts), count)
            browser.call(base, "DELETE", path)
        finally:
            driver.terminate()
            driver.wait()
    if faults:
        print("\n".join(faults))
        return 1
    print("%d headings, %d names, %d tables, %d stops" % (headings, names, tables, len(stops)))
    for scheme, (ratio, count) in least.items():
        print("%s: %d colours looked at, the least contrast of text is %.2f" % (scheme, count, ratio))
    return 0


if __name__ == "__main__":
    sys.exit(main())
