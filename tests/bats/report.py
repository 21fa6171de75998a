#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is true of a page of ravelin report.

    report.py structure PAGE           well-formed, links lead somewhere, nothing is loaded
    report.py rules PAGE COUNT         a browser shows that many rules
    report.py find PAGE TEXT COUNT     and that many when TEXT is searched for

A browser is Debian's chromium, without a screen; without one, "rules" and "find" look at the page's data only.
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


def browser(path, wanted):
    """What the page says of how many rules it has found, and how many rows it shows."""
    text = open(path, encoding="utf-8").read()
    with tempfile.TemporaryDirectory() as place:
        probed = os.path.join(place, "page.html")
        with open(probed, "w", encoding="utf-8") as f:
            f.write(text.replace("</body>", PROBE % json.dumps(wanted).replace("<", "\\u003c")))
        done = subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom",
                               "--user-data-dir=" + place, "--virtual-time-budget=20000", "file://" + probed],
                              capture_output=True, text=True, timeout=240, check=True, env=dict(os.environ, HOME=place))
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.S).group(1)
    assert not title.startswith("ERROR"), title
    found = re.match(r"([\d,]+) rules?(?:, [\d,]+ shown)?\|(\d+)$", title)
    assert found, title
    return int(found[1].replace(",", "")), int(found[2])


def count(path, wanted, number):
    rules = [(c["name"] + " " + r[2]).lower() for t in json.loads(Page(open(path, encoding="utf-8").read()).data)["tables"]
             for c in t["chains"] for r in c["rules"]]
    found = sum(wanted.lower() in r for r in rules)
    assert found == number, "the data has %d such rules, not %d" % (found, number)
    if not shutil.which("chromium"):
        return
    shown, rows = browser(path, wanted)
    assert shown == number, "the page shows %d rules, not %d" % (shown, number)
    assert rows == min(number, 200), "%d rows" % rows


if __name__ == "__main__":
    what, path, *rest = sys.argv[1:]
    if what == "structure":
        structure(path)
    elif what == "rules":
        count(path, "", int(rest[0]))
    else:
        count(path, rest[0], int(rest[1]))
