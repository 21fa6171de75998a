# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables beside this file, read once.  What their columns mean is said in
the tables themselves."""

import collections
import os

HERE = os.path.dirname(os.path.abspath(__file__))

Option = collections.namedtuple(
    "Option", "extension name aliases argument range invert excludes requires")
Extension = collections.namedtuple(
    "Extension", "name kind families protocols places needs options")
Chain = collections.namedtuple("Chain", "table name interfaces")


def rows(name):
    """Yields the columns of each line of a table."""
    with open(os.path.join(HERE, name), encoding="utf-8") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                yield line.rstrip("\n").split("\t")


def names(column, separator=","):
    return [] if column == "-" else column.split(separator)


def read_options():
    options = collections.defaultdict(list)
    for extension, name, aliases, argument, limits, invert, excludes, requires in rows("options.tsv"):
        options[extension].append(Option(
            extension, name, names(aliases), argument, limits, invert == "yes",
            names(excludes), names(requires)))
    return options


def read_extensions():
    options = read_options()
    return {name: Extension(name, kind, families, names(protocols), names(places),
                            [group.split("|") for group in names(needs, "&")], options[name])
            for name, kind, families, protocols, places, needs in rows("extensions.tsv")}


def read_chains():
    return [Chain(*columns) for columns in rows("chains.tsv")]


def read_values():
    """{(kind, good?): [template]}"""
    values = collections.defaultdict(list)
    for kind, quality, template in rows("values.tsv"):
        values[kind, quality == "good"].append(template)
    return values


EXTENSIONS = read_extensions()
CHAINS = read_chains()
VALUES = read_values()
