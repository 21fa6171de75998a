# SPDX-License-Identifier: GPL-2.0-or-later
"""What the generator knows: the rows of the descriptors, as build/describe
prints them, so that a new one is covered without being listed; and the tables
beside this file, for what rows cannot say (what their columns mean is said in
them).
"""

import collections
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
DESCRIBE = os.environ.get("RAVELIN_DESCRIBE", os.path.join(HERE, "../../build/describe"))

Option = collections.namedtuple(
    "Option", "extension name aliases argument range invert excludes requires families required")
Extension = collections.namedtuple(
    "Extension", "name kind families protocols places needs options")
Explanation = collections.namedtuple("Explanation", "what codes command stock ravelin reason")
Chain = collections.namedtuple("Chain", "table name interfaces")

# The kind of value (in values.tsv) that a type of row takes, where options.tsv has no better one.
KINDS = {
    "flag": "none", "uint": "integer", "uint-range": "integers", "port-range": "portrange", "masked": "masked",
    "string": "text", "enum": "enum", "bits": "enumlist", "address": "gateway", "network": "oneaddress",
    "address-range": "addressrange", "mac": "mac", "interface": "interface", "protocol": "protocol",
    "change": "masked", "prefix": "prefix", "port": "port16",
}
# Matches of Ravelin's own, which stock does not know.
OURS = ("nft",)
HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")


def rows(name):
    """Yields the columns of each line of a table."""
    with open(os.path.join(HERE, name), encoding="utf-8") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                yield line.rstrip("\n").split("\t")


def names(column, separator=","):
    return [] if column == "-" else column.split(separator)


def described():
    """The rows of all descriptors, as mappings from the names of their columns."""
    if not os.access(DESCRIBE, os.X_OK):
        raise SystemExit("differential: there is no %s: make build/describe" % os.path.normpath(DESCRIBE))
    lines = subprocess.run([DESCRIBE, "rows"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    head = lines[0].lstrip("#").split("\t")
    result = [dict(zip(head, line.split("\t"))) for line in lines[1:]]
    result = [row for row in result if row["extension"] not in OURS]
    for row in result:
        if row["kind"] == "core":
            row["extension"] = "core"
    return result


def limits(row):
    """The range of a row, in the format of options.tsv."""
    size, low, high = int(row["size"]), int(row["min"]), int(row["max"])
    if row["values"] != "-" and row["type"] in ("enum", "bits"):
        return row["values"].replace(",", "|")
    if row["type"] == "string":
        return str(size - 1)
    # Two numbers stand in the field of a range, of a value with a mask, of a change.
    half = size // 2 if row["type"] in ("uint-range", "masked", "change") else size
    return "%d-%d" % (low, high or (1 << 8 * min(half, 8)) - 1)


def option(row, aliases, listed):
    """The option of a row; listed: what a table knows better, - where it does not."""
    flags = names(row["flags"])
    argument, values, excludes, needs = (
        by_hand if by_hand != "-" else by_row
        for by_hand, by_row in zip(listed, (KINDS.get(row["type"], "anything"), limits(row), row["excludes"], row["needs"])))
    return Option(row["extension"], row["option"], aliases, argument, values, "invert" in flags,
                  names(excludes), names(needs), row["families"], "required" in flags)


def read_options(descriptors):
    """{extension: [Option]}. Rows that are equal in both families become one."""
    listed = {(columns[0], columns[1]): columns[2:] for columns in rows("options.tsv")}
    result = collections.defaultdict(list)
    aliases = collections.defaultdict(set)
    for row in descriptors:
        names_too = aliases[row["extension"], row["option"]]
        if row["alias of"] != "-":
            aliases[row["extension"], row["alias of"]].add(row["option"])
        elif row["letter"] != "-":
            names_too.add(row["letter"])
    for row in descriptors:
        if row["alias of"] != "-":
            continue
        key = row["extension"], row["option"]
        new = option(row, sorted(aliases[key]), listed.get(key, "----"))
        for index, old in enumerate(result[row["extension"]]):
            if old._replace(families=new.families) == new:
                result[row["extension"]][index] = old._replace(families="".join(sorted(set(old.families + new.families))))
                break
        else:
            result[row["extension"]].append(new)
    for extension, name, letters, argument, inverted, excludes in rows("core.tsv"):
        result[extension].append(Option(extension, name, names(letters), argument, "-", inverted == "yes",
                                        names(excludes), [], "46", False))
    return result


def places(row):
    """table:chain where the kernel accepts the extension."""
    tables = ["*"] if row["tables"] == "-" else row["tables"].split()
    hooks = int(row["chains"])
    chains = [name for number, name in enumerate(HOOKS) if hooks >> number & 1] + ["user"] if hooks else ["*"]
    return ["%s:%s" % (table, chain) for table in tables for chain in chains]


def read_extensions():
    descriptors = described()
    options = read_options(descriptors)
    listed = {name: (protocols, where, needs) for name, protocols, where, needs in rows("extensions.tsv")}
    result = {}
    for row in descriptors:
        name = row["extension"]
        if name in result:
            both = "".join(sorted(set(result[name].families + row["families"])))
            result[name] = result[name]._replace(families=both)
            continue
        protocols, where, needs = listed.get(name, ("?", "?", "?"))
        result[name] = Extension(
            name, row["kind"], row["families"],
            names(protocols) if protocols != "?" else [row["protocol"]] if row["protocol"] != "0" else [],
            names(where) if where != "?" else places(row),
            [group.split("|") for group in names(needs, "&")] if needs != "?" else
            [[o.name] for o in options[name] if o.required], options[name])
    # A target without options has no rows.
    for name, (protocols, where, needs) in listed.items():
        if name not in result:
            result[name] = Extension(name, "target", "46", names(protocols), names(where), [], [])
    return result


def read_chains():
    return [Chain(*columns) for columns in rows("chains.tsv")]


def read_values():
    """{(kind, good?): [template]}"""
    values = collections.defaultdict(list)
    for kind, quality, template in rows("values.tsv"):
        values[kind, quality == "good"].append(template)
    return values


def cut_short(word):
    """A pattern for a long option, of which getopt_long takes any beginning."""
    rest = ""
    for letter in reversed(word[3:]):
        rest = "(?:%s%s)?" % (re.escape(letter), rest)
    return "--" + re.escape(word[:3]) + rest + "(?:[ =]|$)"


def option_pattern(match):
    """{name} in a pattern of commands: that option in any spelling, up to where its value begins."""
    words = {match[1]}.union(*(o.aliases for e in EXTENSIONS.values() for o in e.options if o.name == match[1]))
    return "(?<![^ '])(?:%s)'?" % "|".join("-%s ?" % w if len(w) == 1 else cut_short(w) for w in sorted(words))


def is_quoted(line, plain):
    """Whether a line is the plain one, but with quotes around names and backslashes in them."""
    return len(line) > len(plain) and re.sub(r'[\\"]', "", line) == re.sub(r'[\\"]', "", plain)


# In the column of Ravelin, before a pattern: the texts are the same but for what is found of it in either.
EXCEPT = "EXCEPT "


def is_part(lines, whole):
    """Whether lines are lines of the whole, in this order, with others between them."""
    rest = iter(whole)
    return all(any(line == other for other in rest) for line in lines)


class Row:
    """A row of a table of explained differences, its patterns compiled."""

    def __init__(self, explanation):
        self.explanation = explanation
        self.command = re.sub(r"\{([a-z][a-z0-9-]*)\}", option_pattern, explanation.command)
        self.stock = "" if explanation.stock == "-" else explanation.stock

    def fault(self):
        """Why the row could hide a defect; None: it cannot."""
        row = self.explanation
        if not re.fullmatch(r"\S+>\S+", row.codes):
            return "the exit codes are to be \"stock's>Ravelin's\""
        if row.ravelin == "-":
            return "what Ravelin does is to be said"
        for pattern in (row.what, row.codes, self.command, self.stock, row.ravelin.removeprefix(EXCEPT)):
            re.compile(pattern)
        return None

    def explains(self, words, what, codes, stock, ravelin):
        row = self.explanation
        if not re.fullmatch(row.what, what) or not re.fullmatch(row.codes, codes):
            return False
        if row.command != "-" and not re.search(self.command, words):
            return False
        match = re.search(self.stock, stock)
        if not match:
            return False
        if row.ravelin == "QUOTED":
            return is_quoted(ravelin, stock)
        if row.ravelin == "FEWER":
            return is_part(ravelin.splitlines(), stock.splitlines())
        if row.ravelin == "AMONG":
            return not collections.Counter(ravelin.splitlines()) - collections.Counter(stock.splitlines())
        if row.ravelin.startswith(EXCEPT):
            pattern = re.compile(row.ravelin[len(EXCEPT):], re.M)
            return pattern.sub("", ravelin) == pattern.sub("", stock)
        found = re.sub(r"<(\d)>", lambda m: re.escape(match[int(m[1])] or ""), row.ravelin)
        return bool(re.search(found, ravelin))


def read_explanations(name):
    """The rows of a table; exits if one is not specific enough."""
    result = []
    for columns in rows(name):
        if len(columns) != len(Explanation._fields):
            raise SystemExit("%s: %d columns: %s" % (name, len(columns), "\t".join(columns)))
        row = Explanation(*columns)
        fault = None if row.what == "warning" else Row(row).fault()
        if fault:
            raise SystemExit("%s: %s: %s" % (name, fault, "\t".join(columns)))
        result.append(row)
    return result


class Explanations:
    """A table of differences that are meant to be: patterns of where, command and both results, and a reason."""

    def __init__(self, name):
        every = read_explanations(name)
        self.name = name
        self.rows = [row for row in every if row.what != "warning"]
        self.compiled = [Row(row) for row in self.rows]
        self.warnings = [row for row in every if row.what == "warning"]
        self.used = collections.Counter()

    def without_warnings(self, text):
        """Stock's stderr without the lines that Ravelin is not meant to print."""
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if not any(re.match(row.stock, line) for row in self.warnings))

    def find(self, words, what, codes, stock, ravelin):
        """The row that explains a difference, or None."""
        for row in self.compiled:
            if row.explains(words, what, codes, stock, ravelin):
                self.used[row.explanation] += 1
                return row.explanation
        return None

    def stale(self):
        return [row for row in self.rows if not self.used[row]]

    def unneeded(self, path):
        """
        Adds the rows that were needed to a file that several runs share; returns those that none of them
        has needed so far.
        """
        needed = {"\t".join(row) for row in self.rows if self.used[row]}
        with open(path, "a+", encoding="utf-8") as file:
            file.seek(0)
            before = set(file.read().splitlines())
            file.write("".join(line + "\n" for line in sorted(needed - before)))
        return [row for row in self.rows if "\t".join(row) not in needed | before]


EXTENSIONS = read_extensions()
CHAINS = read_chains()
VALUES = read_values()
