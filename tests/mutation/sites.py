# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds places where product code can be mutated, one line at a time, and how.

Works on text: comments, strings and preprocessor lines are masked, and the rest is searched line by line.
Blanks set by clang-format distinguish binary from unary operators.
"""

import collections
import re

# file, line (from 1), column, what it is called, the whole new line
Site = collections.namedtuple("Site", "path line column operator text")

# A token and what takes its place.
TOKENS = [
    (" == ", " != "), (" != ", " == "), (" < ", " <= "), (" <= ", " < "), (" > ", " >= "), (" >= ", " > "),
    (" && ", " || "), (" || ", " && "), (" + ", " - "), (" - ", " + "), (" * ", " + "), (" / ", " * "),
    (" % ", " / "), (" << ", " >> "), (" >> ", " << "), (" & ", " | "), (" | ", " & "), (" ^ ", " & "),
    (" += ", " -= "), (" -= ", " += "), (" |= ", " &= "), (" &= ", " |= "), ("++", "--"), ("--", "++"),
]
NUMBER = re.compile(r"(?<![\w.])(0x[0-9a-fA-F]+|\d+)([uUlL]*)(?![\w.])")
TRUTH = re.compile(r"\b(true|false)\b")
NOT = re.compile(r"(?<=[ (!])([!~])(?=[\w(])")
RETURN = re.compile(r"\breturn (?!NULL;|-?\d+;|true;|false;)[^;]+;")
CONDITION = re.compile(r"\b(if|while) \((.*)\)( \{)?$")
CALL = re.compile(r"^\t+(?:\(void\))?[a-z_]\w*\(.*\);$")
# How much a buffer holds is not what a test should know.
CAPACITY = re.compile(r"^\s*(?:static |const |unsigned |struct |u?int\d*_t |u?int |char |bool |size_t |__be\d+ ).*\w\[")
INSIDE = re.compile(r"[^\n\t]")


def masked(text):
    """The text with comments, strings, characters and preprocessor lines blanked out."""
    token = re.compile(
        r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:\\\n|[^\n])*", re.S | re.M)

    def blank(found):
        # A string stays something that is there, so that a call of it is a call.
        mark = "_" if found.group()[0] in "\"'" else " "
        return INSIDE.sub(mark, found.group())
    return token.sub(blank, text)


def balanced(text):
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


def of_line(path, number, line, code):
    """Sites of one line; code is it, masked."""
    def site(start, end, new, name):
        return Site(path, number, start + 1, name, line[:start] + new + line[end:])

    for old, new in TOKENS:
        at = code.find(old)
        while at >= 0:
            yield site(at, at + len(old), new, f"{old.strip()} to {new.strip()}")
            at = code.find(old, at + len(old))
    for found in [] if CAPACITY.match(code) else NUMBER.finditer(code):
        if code[:found.start()].endswith("return -"):
            yield site(found.start() - 1, found.end(), "0", "return 0")
            continue
        value = int(found.group(1), 0 if found.group(1).startswith("0x") else 10)
        form = "0x%x" if found.group(1).startswith("0x") else "%d"
        yield site(found.start(), found.end(), form % (value + 1) + found.group(2), "constant + 1")
        if value > 0:
            yield site(found.start(), found.end(), form % (value - 1) + found.group(2), "constant - 1")
    for found in TRUTH.finditer(code):
        other = "false" if found.group() == "true" else "true"
        yield site(found.start(), found.end(), other, f"{found.group()} to {other}")
    for found in NOT.finditer(code):
        yield site(found.start(), found.end(), "", f"without {found.group()}")
    found = RETURN.search(code)
    if found:
        yield site(found.start(), found.end(), "return 0;", "return 0")
    found = CONDITION.search(code)
    if found and balanced(found.group(2)):
        yield site(found.start(2), found.end(2), f"!({line[found.start(2):found.end(2)]})", "condition negated")
    if CALL.match(code) and balanced(code.strip()[:-1]):
        start = len(line) - len(line.lstrip())
        yield site(start, len(line), ";", "call skipped")


def of_text(path, text):
    lines, codes = text.split("\n"), masked(text).split("\n")
    for number, (line, code) in enumerate(zip(lines, codes), 1):
        yield from of_line(path, number, line, code)


def applied(text, site):
    lines = text.split("\n")
    lines[site.line - 1] = site.text
    return "\n".join(lines)
