# SPDX-License-Identifier: GPL-2.0-or-later
"""Of two mistakes in one command, each program tells the one it finds first.

That two messages are about two mistakes is shown, not believed: without some of
its words the command must make both programs tell of the one, and without others
of the other. So a wrong refusal is not hidden by a mistake beside it.
"""

import re

# Words that are left out together: an option with its arguments, a match with its options.
LONGEST = 8
# What a refusal by the kernel ends with is about the whole rule.
OF_THE_RULE = re.compile(r"(RULE_APPEND failed \([^)]*\): rule in chain \S*).*")


def cut(said):
    return OF_THE_RULE.sub(r"\1", said)


def shorter(command):
    """The command without one to LONGEST of its words, the shortest gaps first."""
    sides = len(command.before), len(command.after)
    for length in range(1, LONGEST + 1):
        for name, size in zip(("before", "after"), sides):
            words = getattr(command, name)
            for at in range(size - length + 1):
                yield command.without(name, words[:at] + words[at + length:])


def are_two(stock, ravelin, results, explained):
    """Whether what stock and Ravelin said of a command are two mistakes in it.

    results: what both say of each shorter command, (command, stock's, Ravelin's)
    explained: whether a difference between two messages of a command is one that is meant to be
    """
    stocks = ravelins = False
    for command, one, other in results:
        same = cut(one) == cut(other) or explained(command, one, other) or (
            # What the kernel refused had been taken by stock.
            one.startswith("4 ") and explained(command, "0", other))
        stocks = stocks or (same and cut(one) == cut(stock))
        ravelins = ravelins or (same and cut(other) == cut(ravelin))
        if stocks and ravelins:
            return True
    return False
