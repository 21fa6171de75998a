#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks a page of ravelin report.

    report.py structure PAGE           well-formed, links have targets, nothing is loaded
    report.py rules PAGE COUNT         a browser shows this number of rules
    report.py find PAGE TEXT COUNT     and this number when searching for TEXT
    report.py tour PAGE                keys, orders, links and widths, without console errors
    report.py shots PAGE PREFIX        screenshots PREFIX-light.png, -dark.png, -phone.png and -phone-dark.png

The browser is Debian's chromium, headless; without it, "rules" and "find" check only the page's data, and
"tour" checks nothing.
"""

import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

VOID = {"meta", "input", "br", "hr", "img", "link"}


class Page(html.parser.HTMLParser):
    """Elements are closed in order; ids, links and what would be loaded are gathered."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.loads, self.data, self.svg = [], set(), [], [], "", 0
        self.feed(text)
        self.close()
        assert not self.open, "not closed: %s" % self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.svg += tag == "svg"
        if tag not in VOID:
            self.open.append((tag, attrs.get("id")))
        if "id" in attrs:
            assert self.svg or attrs["id"] not in self.ids, "two elements have the id " + attrs["id"]
            self.ids.add(attrs["id"])
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        for name in "src", "data", "xlink:href", "action", "poster":
            if name in attrs:
                self.loads.append(attrs[name])
        if tag == "link":
            self.loads.append(attrs.get("href"))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag == "p" and (not self.open or self.open[-1][0] != "p"):
            return
        assert self.open and self.open[-1][0] == tag, "</%s> closes %s" % (tag, self.open[-1:])
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == ("script", "data"):
            self.data += data


def structure(path):
    text = open(path, encoding="utf-8").read()
    page = Page(text)
    json.loads(page.data)
    assert not page.loads, "the page loads %s" % page.loads
    for link in page.links:
        assert link.startswith("#") and link[1:] in page.ids, "%s leads nowhere" % link
    assert "url(" not in text and "@import" not in text and "fetch(" not in text
    assert not re.search(r"@[A-Z]+@", text), "a part is not filled in"


PROBE = """<script>
window.addEventListener("error", e => { document.title = "ERROR " + e.message; });
window.addEventListener("load", () => {
	const search = document.getElementById("search");
	search.value = %s;
	search.dispatchEvent(new Event("input"));
	document.title = document.getElementById("count").textContent + "|" + document.querySelectorAll("#rules tbody tr").length;
});
</script></body>"""

# Simulates keys and mouse; sets the title to "ok" or to the failures.
TOUR = """<script>
window.addEventListener("error", e => { document.title = "ERROR " + e.message; });
window.addEventListener("load", () => {
	const by = id => document.getElementById(id), wrong = [];
	const is = (what, value) => { if (!value) wrong.push(what); };
	const key = k => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: k, bubbles: true, cancelable: true }));
	const rows = () => [...document.querySelectorAll("#rules tbody tr")];
	const choose = (id, value) => { by(id).value = value; by(id).dispatchEvent(new Event("change")); };
	const all = by("count").textContent, first = rows()[0].textContent;
	key("/");
	is("/ goes to the search", document.activeElement === by("search"));
	by("search").value = rows()[0].cells[4].textContent.slice(0, 6);
	by("search").dispatchEvent(new Event("input"));
	is("what was found is marked", document.querySelector("#rules mark"));
	key("Escape");
	is("Escape shows all rules", by("search").value === "" && by("count").textContent === all);
	choose("order", "packets");
	const counts = rows().map(r => parseInt(r.cells[1].textContent.replace(/,/g, "")));
	is("most packets first", counts.every((n, i) => !i || counts[i - 1] >= n));
	choose("order", "place");
	is("in their order", rows()[0].textContent === first);
	by("unused").click();
	is("only without packets", rows().every(r => r.cells[1].textContent === "0"));
	by("unused").click();
	if (!by("more").hidden) {
		const before = rows().length;
		by("more").click();
		is("more rules", rows().length > before);
	}
	document.querySelector("#chains a").click();
	is("a chain's link shows its rules", rows().every(r => r.cells[0].textContent.startsWith(by("search").value)));
	for (const a of document.querySelectorAll("nav a"))
		is("section " + a.hash, document.querySelector(a.hash));
	is("nothing is wider than the window: " + document.documentElement.scrollWidth + " of " + innerWidth,
		document.documentElement.scrollWidth <= innerWidth);
	document.title = wrong.length ? "ERROR " + wrong.join("; ") : "ok";
	parent.postMessage(document.title, "*");
});
</script></body>"""

PHONE, DESK = (390, 844), (1280, 900)

# A window of chromium is at least 500 wide: a phone's page is a frame in one.
FRAME = """<!DOCTYPE html><title>none</title><body style="margin: 0"><iframe src="page.html" style="border: 0"
width="%d" height="%d"></iframe><script>addEventListener("message", e => { document.title = e.data; });</script></body>"""


def chromium(place, *words):
    return subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + place,
                           "--virtual-time-budget=20000", "--enable-logging=stderr", "--v=0", *words], capture_output=True,
                          text=True, timeout=240, check=True, env=dict(os.environ, HOME=place))


def in_window(place, text, size, *words):
    """Shows a page of this size."""
    for name, content in ("page.html", text), ("frame.html", FRAME % size):
        with open(os.path.join(place, name), "w", encoding="utf-8") as f:
            f.write(content)
    name = "frame.html" if size[0] < 500 else "page.html"
    return chromium(place, "--window-size=%d,%d" % size, *words, "file://" + os.path.join(place, name))


def title_of(path, probe, size=DESK):
    """The title set by a script; fails if the console has messages."""
    text = open(path, encoding="utf-8").read()
    with tempfile.TemporaryDirectory() as place:
        done = in_window(place, text.replace("</body>", probe), size, "--dump-dom")
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not said, "\n".join(said)
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.S).group(1)
    assert not title.startswith("ERROR"), title
    return title


def browser(path, wanted):
    """The number of rules that the page reports, and its number of rows."""
    title = title_of(path, PROBE % json.dumps(wanted).replace("<", "\\u003c"))
    found = re.match(r"([\d,]+) rules?(?:, [\d,]+ shown)?\|(\d+)$", title)
    assert found, title
    return int(found[1].replace(",", "")), int(found[2])


def tour(path):
    for size in PHONE, DESK:
        assert title_of(path, TOUR, size) == "ok"


def shots(path, prefix):
    """Screenshots: light, dark, and both at a phone's width."""
    text = open(path, encoding="utf-8").read()
    for name, size, scheme in ("light", DESK, 1), ("dark", DESK, 0), ("phone", PHONE, 1), ("phone-dark", PHONE, 0):
        with tempfile.TemporaryDirectory() as place:
            in_window(place, text, size, f"--screenshot={os.path.abspath(prefix)}-{name}.png", "--hide-scrollbars",
                      f"--blink-settings=preferredColorScheme={scheme}")


def has_browser():
    """With NEED_BROWSER set, a missing browser is a failure."""
    assert shutil.which("chromium") or not os.environ.get("NEED_BROWSER"), "there is no chromium"
    return shutil.which("chromium")


def count(path, wanted, number):
    rules = [(c["name"] + " " + r[2]).lower() for t in json.loads(Page(open(path, encoding="utf-8").read()).data)["tables"]
             for c in t["chains"] for r in c["rules"]]
    found = sum(wanted.lower() in r for r in rules)
    assert found == number, "the data has %d such rules, not %d" % (found, number)
    if not has_browser():
        return
    shown, rows = browser(path, wanted)
    assert shown == number, "the page shows %d rules, not %d" % (shown, number)
    assert rows == min(number, 200), "%d rows" % rows


if __name__ == "__main__":
    what, path, *rest = sys.argv[1:]
    if what == "structure":
        structure(path)
    elif what == "tour":
        if has_browser():
            tour(path)
    elif what == "shots":
        shots(path, rest[0])
    elif what == "rules":
        count(path, "", int(rest[0]))
    else:
        count(path, rest[0], int(rest[1]))
