# SPDX-License-Identifier: GPL-2.0-or-later
"""If a command has two mistakes, the programs may report different ones.

That two messages are about two mistakes is verified: without some of its words, the command must make
both programs report the one mistake, and without others the other. So a wrong refusal is not hidden by a
second mistake.
"""

import re

# Words that are left out together: an option with its arguments, a match with its options.
LONGEST = 8
# The kernel's refusals concern the whole rule.
OF_THE_RULE = re.compile(r"(RULE_APPEND failed \([^)]*\): rule in chain \S*).*")


def cut(said):
    """The exit code and the message, without the warnings before it."""
    code, _, text = said.partition(" ")
    return OF_THE_RULE.sub(r"\1", code + " " + text.rsplit(" / ", 1)[-1])


def shorter(command):
    """The command in chains that packets leave and come by, and without one to LONGEST words, the shortest gaps first."""
    for chain in ("OUTPUT", "INPUT", "PREROUTING"):
        if command.chain not in (None, chain):
            yield command.without("chain", chain)
    sides = len(command.before), len(command.after)
    for length in range(1, LONGEST + 1):
        for name, size in zip(("before", "after"), sides):
            words = getattr(command, name)
            for at in range(size - length + 1):
                yield command.without(name, words[:at] + words[at + length:])


# With a third mistake in the command, that one has to be left out as well: so many of the shorter commands
# in which one program tells of what the other does not are cut down once more.
MORE = 6


class Search:
    """A search for commands that show the two mistakes.

    wanted: what stock and what Ravelin said of the whole command
    give: yields what both say of each command with fewer words, (command, stock's, Ravelin's)
    explained: whether a difference between two messages of a command is one that is meant to be
    """

    def __init__(self, wanted, give, explained):
        self.wanted = tuple(map(cut, wanted))
        self.give = give
        self.explained = explained
        self.shown = [False, False]

    def same(self, command, stock, ravelin):
        """Whether the two are told of one mistake."""
        return cut(stock) == cut(ravelin) or self.explained(command, stock, ravelin)

    def look(self, command):
        """Looks at the shorter commands; returns those that have a third mistake."""
        others = []
        for shorter_one, *said in self.give(command):
            tells = [cut(text) == wanted for text, wanted in zip(said, self.wanted)]
            if self.same(shorter_one, *said):
                self.shown = [shown or told for shown, told in zip(self.shown, tells)]
            elif any(told and not shown for shown, told in zip(self.shown, tells)) and not all(tells):
                others.append(shorter_one)
            if all(self.shown):
                return []
        return others

    def run(self, command):
        for other in self.look(command)[:MORE]:
            self.look(other)
        return all(self.shown)


def are_two(command, wanted, give, explained):
    """Whether what stock and Ravelin said of a command are two mistakes in it; see Search."""
    return Search(wanted, give, explained).run(command)
