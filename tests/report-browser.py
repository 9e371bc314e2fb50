#!/usr/bin/env python3
"""Opens a page of audit-report in headless Chromium and works it, through WebDriver.

usage: report-browser.py [--without-script] PAGE.html SCRIPT

SCRIPT is JavaScript, the body of a function that returns an array of [name, value] pairs, or a promise
of it; each is printed as NAME=VALUE.  With --without-script the page's own scripts do not run.  Before that the page must have loaded without a console message and without a
request that leaves it; otherwise these are printed, one a line, and the status is 1.

On standard error it says how long opening the page took in a browser that was running: the
processor time of the main thread; the time until something was painted, and until the load event was
over; and that time for an empty page, which is the browser's own.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync",
           "--disable-dev-shm-usage"]


def call(base, method, path, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(base + path, data=data, method=method,
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=500) as answer:
        return json.load(answer)["value"]


def start_driver(directory):
    """Starts chromedriver on a free port; the process and its address."""
    log = open(os.path.join(directory, "driver.log"), "w+", encoding="utf-8")
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=log, stderr=subprocess.STDOUT)
    for _ in range(1000):
        time.sleep(0.1)
        log.seek(0)
        for line in log.read().splitlines():
            if "started successfully on port" in line:
                return driver, "http://127.0.0.1:" + line.rstrip(".").split()[-1]
    driver.kill()
    sys.exit("chromedriver does not start")


def protocol(base, path, command, parameters):
    """Sends a command of the DevTools protocol."""
    return call(base, "POST", path + "/goog/cdp/execute", {"cmd": command, "params": parameters})


def main_thread(base, path):
    """The processor time, in seconds, that the page's main thread has spent on its tasks."""
    metrics = protocol(base, path, "Performance.getMetrics", {})["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def open_page(base, path, page):
    """Opens a page; milliseconds until something was painted, and until the load event was over."""
    call(base, "POST", path + "/url", {"url": page})
    return call(base, "POST", path + "/execute/sync", {"script": """
        var paint = performance.getEntriesByName('first-contentful-paint')[0];
        return [paint ? paint.startTime : 0, performance.getEntriesByType('navigation')[0].loadEventEnd]""",
                                                       "args": []})


def main():
    arguments = sys.argv[1:]
    without_script = arguments[0] == "--without-script"
    page, work = arguments[without_script:]
    page = "file://" + os.path.abspath(page)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        driver, base = start_driver(directory)
        try:
            session = call(base, "POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                "goog:chromeOptions": {"args": OPTIONS + ["--user-data-dir=" + directory + "/profile"]},
            }}})["sessionId"]
            path = f"/session/{session}"
            empty = os.path.join(directory, "empty.html")
            with open(empty, "w", encoding="utf-8") as file:
                file.write("<!DOCTYPE html><title>Empty</title><p>Empty")
            _, own = open_page(base, path, "file://" + empty)
            protocol(base, path, "Performance.enable", {"timeDomain": "threadTicks"})
            if without_script:
                protocol(base, path, "Emulation.setScriptExecutionDisabled", {"value": True})
            before = main_thread(base, path)
            painted, loaded = open_page(base, path, page)
            busy = main_thread(base, path) - before
            print(f"main thread {busy:.2f} s, painted after {painted / 1000:.2f} s, "
                  f"loaded after {loaded / 1000:.2f} s, an empty page {own / 1000:.2f} s", file=sys.stderr)
            values = call(base, "POST", path + "/execute/sync", {"script": work, "args": []})
            faults = ["console: " + entry["message"]
                      for entry in call(base, "POST", path + "/se/log", {"type": "browser"})]
            for entry in call(base, "POST", path + "/se/log", {"type": "performance"}):
                message = json.loads(entry["message"])["message"]
                if message["method"] == "Network.requestWillBeSent":
                    url = message["params"]["request"]["url"]
                    # The browser's own first page makes requests, and its date field has a picture.
                    if message["params"]["documentURL"] == page and url != page and \
                            not url.startswith("data:"):
                        faults.append("request: " + url)
            call(base, "DELETE", path)
        finally:
            driver.terminate()
            driver.wait()
    for name, value in values:
        print(f"{name}={value}")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
