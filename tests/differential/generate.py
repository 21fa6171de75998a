# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes random iptables commands from the tables of extensions and options.

Each option row is the subject of a command in turn, so runs of any length cover them evenly; the rest is
random. The same seed and count yield the same commands.
"""

import copy
import random
import re
import shlex
import string

from tables import CHAINS, EXTENSIONS, VALUES

# Percentage of commands with a mistake. More than the required quarter, because
# iptables accepts some of them.
WRONG = 33
# Percentage of good commands that are the previous one with one change: such pairs
# test whether -C and -D distinguish rules.
TWIN = 12


class Command:
    """One command: words before and after its -A, and what it is about."""

    def __init__(self, tool, before, after, chain, table="filter", form="-A", meant="good", near=None):
        self.tool = tool            # iptables or ip6tables
        self.before = before        # words in front of the -A
        self.after = after
        self.chain = chain
        self.table = table          # the table it acts on, for preparing that
        self.form = form            # how the -A is written
        self.meant = meant          # good, or the name of the mistake
        self.near = near            # a Command to load before this one
        self.uses = set()           # the option rows in it, with the family

    def text(self):
        """In the form of --rule; after NEAR, the command before it."""
        words = "%s %s" % (self.tool, shlex.join(self.words()))
        return words + (" NEAR " + self.near.text() if self.near else "")

    def without(self, part, other):
        """A copy with other words before or after the -A, or another chain."""
        result = copy.copy(self)
        setattr(result, part, other)
        return result

    def words(self, letter="A"):
        """The arguments for -A, or for another command on the same rule."""
        if self.chain is None:
            return self.before + self.after
        form = self.form if letter == "A" else "-A"
        if form.endswith("="):
            command = [form + self.chain]
        elif form == "glued":
            command = ["-A" + self.chain]
        else:
            command = [form.replace("-A", "-" + letter), self.chain]
        return self.before + command + self.after


class Part:
    """An option in a command: its row, its words, and whether it is negated."""

    def __init__(self, option, inverted, values):
        self.option = option
        self.inverted = inverted
        self.values = values


def fits(option, chosen):
    """Whether an option can be combined with others of its extension."""
    return option not in chosen and not any(option.name in o.excludes or o.name in option.excludes for o in chosen)


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.last = None

    def chance(self, percent):
        return self.random.randrange(100) < percent

    # Values

    def number(self, low, high):
        """Prefers limits and their neighbours."""
        if low >= high:
            return low
        if self.chance(15):
            return low
        if self.chance(15):
            return high
        if self.chance(50):
            # small numbers are the usual ones
            return min(high, low + self.random.randrange(1, 1 + min(high - low, 100)))
        return self.random.randint(low, high)

    def limits(self, option):
        low, high = re.fullmatch(r"(-?\d+)-(\d+)", option.range).groups()
        return int(low), int(high)

    def letters(self, length):
        return "".join(self.random.choice(string.ascii_letters + string.digits) for _ in range(length))

    def placeholder(self, name, option, family):
        number = re.fullmatch(r"(\d+)-(\d+)", name)
        if number:
            return str(self.number(int(number[1]), int(number[2])))
        number = re.fullmatch(r"x:([0-9a-f]+)-([0-9a-f]+)", name)
        if number:
            return "%x" % self.number(int(number[1], 16), int(number[2], 16))
        if name == "":
            return ""
        if name == "sp":
            return " "
        if name == "range":
            return str(self.number(*self.limits(option)))
        if name == "above":
            return str(self.limits(option)[1] + 1)
        if name == "below":
            return str(self.limits(option)[0] - 1)
        if name == "text":
            return self.letters(int(option.range))
        if name == "long":
            return self.letters(int(option.range) + 1)
        if name in ("e", "e.lower", "e.cut"):
            word = self.random.choice(option.range.split("|"))
            if name == "e.lower":
                return word.lower()
            return word if name == "e" else word[:self.random.randrange(1, len(word))]
        return self.value(name, True, option, family)

    def value(self, kind, good, option, family):
        """A value of a kind; its words are separated by NUL."""
        templates = VALUES.get((kind + family, good)) or VALUES[kind, good]
        template = self.random.choice(templates)
        return re.sub(r"\{([^{}]*)\}",
                      lambda m: "\0" if m[1] == "|" else self.placeholder(m[1], option, family), template)

    def values(self, option, family, good=True):
        if option.argument == "none":
            return []
        return self.value(option.argument, good, option, family).split("\0")

    # Words

    def long_name(self, option):
        name = self.random.choice([option.name] + [a for a in option.aliases if len(a) > 1])
        if self.chance(9) and len(name) > 5:
            # getopt_long takes any beginning; an ambiguous one is refused
            name = name[:self.random.randrange(4, len(name))]
        return "--" + name

    def words(self, part):
        """The words of one option, in one of the forms that getopt takes."""
        letters = [a for a in part.option.aliases if len(a) == 1]
        values = list(part.values)
        if letters and not self.chance(30):
            words = ["-" + letters[0]]
            if values and values[0] and self.chance(10):
                words = ["-" + letters[0] + values.pop(0)]
        else:
            words = [self.long_name(part.option)]
            # -w has an optional argument, which getopt wants glued or with =
            if values and self.chance(15):
                words = [words[0] + "=" + values.pop(0)]
        return (["!"] if part.inverted else []) + words + values

    # Rules

    def part(self, option, family, good=True):
        inverted = option.invert and self.chance(25)
        values = self.values(option, family, good)
        if option.argument == "address" and "," in values[0] and not self.chance(5):
            inverted = False    # several addresses can't be
        return Part(option, inverted, values)

    def chosen(self, extension, family, subject):
        """The subject, if any, and the options it requires."""
        chosen = [subject] if subject else []
        by_name = {o.name: o for o in extension.options if family in o.families}
        for group in extension.needs:
            if any(o.name in group for o in chosen):
                continue
            needed = [by_name[n] for n in group if n in by_name and fits(by_name[n], chosen)]
            if subject and subject.requires:
                needed = [o for o in needed if o.name in subject.requires] or needed
            if needed:
                chosen.insert(0, self.random.choice(needed))
        for option in list(chosen):
            if option.requires and not any(o.name in option.requires for o in chosen):
                chosen.insert(0, by_name[self.random.choice(option.requires)])
        return chosen

    def extension_parts(self, extension, family, subject=None):
        """Options for one extension: the subject, what it needs, and more."""
        chosen = self.chosen(extension, family, subject)
        others = [o for o in extension.options if family in o.families and fits(o, chosen) and not o.requires]
        self.random.shuffle(others)
        for option in others[:self.random.choice((0, 0, 1, 1, 2, 3))]:
            if fits(option, chosen):
                chosen.append(option)
        if self.chance(30):
            # normally after the option that it requires;
            # and this tries the other order too
            self.random.shuffle(chosen)
        return [self.part(option, family) for option in chosen]

    def place(self, extensions, subject):
        """A chain in which all the extensions work, if there is one."""
        letter = subject.name[0] if subject.argument == "interface" else ""
        def allowed(chain):
            return all(any(table in ("*", chain.table) and name in ("*", chain.name)
                           for table, name in (p.split(":") for p in e.places)) for e in extensions)
        chains = [c for c in CHAINS if allowed(c) and letter in c.interfaces]
        plain = [c for c in chains if c.table == "filter"]
        if plain and self.chance(50):
            chains = plain
        return self.random.choice(chains or CHAINS)

    def protocol(self, extensions):
        """One of the protocols that all the extensions work with."""
        wanted = [e.protocols for e in extensions if e.protocols]
        common = [p for p in (wanted[0] if wanted else []) if all(p in w for w in wanted)]
        return self.random.choice(common) if common else None

    def core_parts(self, chain, family, subject, protocol):
        core = {o.name: o for o in EXTENSIONS["core"].options}
        parts = []
        if subject is None or subject.name != "protocol":
            if protocol:
                parts.append(Part(core["protocol"], False, [protocol]))
        likely = {"source": 25, "destination": 25, "fragments": 4 if family == "4" else 0,
                  "set-counters": 6, "verbose": 3, "wait": 3, "ipv%s" % family: 2,
                  "in-interface": 15 if "i" in chain.interfaces else 0,
                  "out-interface": 15 if "o" in chain.interfaces else 0}
        for name, percent in likely.items():
            if (subject is None or subject.name != name) and self.chance(percent):
                parts.append(self.part(core[name], family))
        return parts

    def merge(self, parts, loads):
        """All words in one row.  Each extension's -m or -j followed by its
        options is a group, each core option is one; mostly they come one after
        the other, sometimes the options of one between those of another."""
        protocol = [[self.words(p)] for p in parts if p.option.name == "protocol"]
        rest = [[self.words(p)] for p in parts if p.option.name != "protocol"]
        rest += [[word] + [self.words(p) for p in members] for word, members in loads]
        self.random.shuffle(rest)
        # many extensions want the protocol in front of their options
        groups = protocol + rest if self.chance(88) else rest + protocol
        if self.chance(80):
            return [word for group in groups for chunk in group for word in chunk]
        words = []
        while groups:
            group = self.random.choice(groups[:2])
            words += group.pop(0)
            groups = [g for g in groups if g]
        return words

    def command(self, family, chain, words, meant):
        tool = "iptables" if family == "4" else "ip6tables"
        table = []
        if chain.table != "filter" or self.chance(20):
            table = self.random.choice((["-t", chain.table], ["--table", chain.table],
                                        ["--table=" + chain.table], ["-t" + chain.table]))
        form = self.random.choice(["-A"] * 12 + ["--append", "--append=", "glued", "--app"])
        before, after = table, words
        if self.chance(10):
            # the command may stand anywhere between the options
            before, after = words, table
        elif self.chance(20):
            before, after = [], table + words
        return Command(tool, before, after, chain.name, chain.table, form, meant)

    def subject_rule(self, subject, family):
        """Everything that a good rule about one option consists of."""
        extension = EXTENSIONS[subject.extension]
        extensions = [] if extension.kind == "core" else [extension]
        matches = [e for e in EXTENSIONS.values() if e.kind == "match" and family in e.families]
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2))):
            match = self.random.choice(matches)
            if match not in extensions and (not match.protocols or not self.protocol(extensions) or
                                            self.protocol(extensions + [match])):
                extensions.append(match)
        target = extension if extension.kind == "target" else None
        if not target and subject.name not in ("jump", "goto") and self.chance(25):
            target = self.random.choice([e for e in EXTENSIONS.values()
                                         if e.kind == "target" and family in e.families])
            extensions.append(target)
        chain = self.place(extensions, subject)
        protocol = self.protocol(extensions)
        strict = [e for e in extensions if e.kind == "match" and e.protocols]
        if not strict and protocol and self.chance(12):
            protocol = None
        if not protocol and self.chance(15):
            protocol = self.random.choice(VALUES["protocol", True])
            protocol = None if "{" in protocol else protocol
        parts = self.core_parts(chain, family, subject if extension.kind == "core" else None, protocol)
        core = {o.name: o for o in EXTENSIONS["core"].options}
        if extension.kind == "core":
            parts.append(self.part(subject, family))
        if not target and subject.name not in ("jump", "goto") and self.chance(75):
            parts.append(Part(core["jump"], False, self.values(core["jump"], family)))
        loads = []
        for item in extensions:
            members = self.extension_parts(item, family, subject if item is extension else None)
            word = ["-j" if item.kind == "target" else "-m", item.name]
            if item.kind == "match" and protocol == (item.protocols or [None])[0] and \
                    len(item.protocols) == 1 and self.chance(50):
                word = []       # -p loads it
            loads.append((word, members))
        return chain, parts, loads

    def uses(self, family, parts, loads):
        return {(p.option.extension, p.option.name, family)
                for holder in [parts] + [members for _, members in loads] for p in holder}

    def good(self, subject, family):
        chain, parts, loads = self.subject_rule(subject, family)
        command = self.command(family, chain, self.merge(parts, loads), "good")
        command.uses = self.uses(family, parts, loads)
        self.last = (family, chain, parts, loads, command)
        return command

    def twin(self):
        """The command before with one option changed, and that one with it."""
        family, chain, parts, loads, original = self.last
        loads = [(word, list(members)) for word, members in loads]
        holders = [parts] + [members for _, members in loads]
        parts = holders[0] = list(parts)
        places = [(h, i) for h in holders for i in range(len(h))]
        if not places:
            return None
        holder, index = self.random.choice(places)
        old = holder[index]
        if old.option.invert and self.chance(30):
            holder[index] = Part(old.option, not old.inverted, old.values)
        elif self.chance(20):
            del holder[index]
        else:
            holder[index] = Part(old.option, old.inverted, self.values(old.option, family))
        command = self.command(family, chain, self.merge(parts, loads), "twin")
        command.uses = self.uses(family, parts, loads)
        command.near = original
        self.last = None
        return command

    # Mistakes: each gets the material of a good rule and returns a command

    def wrong(self, subject, family):
        mistakes = [getattr(self, n) for n in sorted(dir(self)) if n.startswith("mistake_")]
        # a bad value is the mistake that differs most from option to option
        mistakes += [self.mistake_bad_value] * (len(mistakes) // 2)
        mistakes += [self.mistake_missing_argument, self.mistake_duplicate, self.mistake_bad_invert]
        while True:
            mistake = self.random.choice(mistakes)
            chain, parts, loads = self.subject_rule(subject, family)
            command = mistake(subject, family, chain, parts, loads)
            if command:
                command.meant = mistake.__name__[len("mistake_"):]
                return command

    def finish(self, family, chain, parts, loads, insert=None):
        """The command of changed material, with more words put somewhere."""
        words = self.merge(parts, loads)
        if insert:
            at = self.random.randrange(len(words) + 1)
            words = words[:at] + insert + words[at:]
        return self.command(family, chain, words, "")

    def find(self, subject, parts, loads):
        """The part that is about the subject, and the list it is in."""
        for holder in [parts] + [members for _, members in loads]:
            for index, part in enumerate(holder):
                if part.option == subject:
                    return holder, index
        return None, None

    def mistake_bad_value(self, subject, family, chain, parts, loads):
        holder, index = self.find(subject, parts, loads)
        if holder is None or subject.argument == "none":
            return None
        holder[index] = self.part(subject, family, False)
        return self.finish(family, chain, parts, loads)

    def mistake_missing_argument(self, subject, family, chain, parts, loads):
        holder, index = self.find(subject, parts, loads)
        if holder is None or not holder[index].values:
            return None
        part = holder.pop(index)
        part.values.pop()
        last = self.words(part)
        words = self.merge(parts, loads)
        return self.command(family, chain, words + last, "")

    def mistake_duplicate(self, subject, family, chain, parts, loads):
        holder, _ = self.find(subject, parts, loads)
        if holder is None:
            return None
        holder.append(self.part(subject, family))
        return self.finish(family, chain, parts, loads)

    def mistake_bad_invert(self, subject, family, chain, parts, loads):
        holder, index = self.find(subject, parts, loads)
        if holder is None or subject.invert:
            return None
        holder[index].inverted = True
        return self.finish(family, chain, parts, loads)

    def mistake_excluded(self, subject, family, chain, parts, loads):
        holder, _ = self.find(subject, parts, loads)
        if holder is None or not subject.excludes:
            return None
        other = self.random.choice(subject.excludes)
        options = {o.name: o for o in EXTENSIONS[subject.extension].options}
        holder.append(self.part(options[other], family))
        return self.finish(family, chain, parts, loads)

    def mistake_nothing_required(self, subject, family, chain, parts, loads):
        """The extension without any of its options, or without the needed."""
        if not loads:
            return None
        word, members = self.random.choice(loads)
        groups = EXTENSIONS[word[1]].needs if word else []
        needs = self.random.choice(groups) if groups else []
        members[:] = [] if self.chance(50) else [p for p in members if p.option.name not in needs]
        return self.finish(family, chain, parts, loads)

    def mistake_required_missing(self, subject, family, chain, parts, loads):
        if not subject.requires:
            return None
        holder, _ = self.find(subject, parts, loads)
        holder[:] = [p for p in holder if p.option.name not in subject.requires]
        return self.finish(family, chain, parts, loads)

    def mistake_unknown_option(self, subject, family, chain, parts, loads):
        name = self.random.choice(("--no-such-option", "--%sx" % subject.name, "--%s" % subject.name[1:],
                                   "-Q", "--no-such-option=5", "--%s" % subject.name.upper(), "-k", "--"))
        return self.finish(family, chain, parts, loads, [name])

    def mistake_unloaded_option(self, subject, family, chain, parts, loads):
        """An option of an extension that the rule does not use."""
        used = {word[1] for word, _ in loads if word}
        options = [o for e in EXTENSIONS.values() if e.name not in used and e.kind != "core" for o in e.options]
        return self.finish(family, chain, parts, loads, self.words(self.part(self.random.choice(options), family)))

    def mistake_stray_word(self, subject, family, chain, parts, loads):
        word = self.random.choice(("stray", "1", "-", "!", "a b", "", "--", "tcp", "ACCEPT", "! !"))
        return self.finish(family, chain, parts, loads, word.split(" ") if "!" in word else [word])

    def mistake_wrong_place(self, subject, family, chain, parts, loads):
        """Any chain of any table, allowed or not."""
        return self.finish(family, self.random.choice(CHAINS), parts, loads)

    def mistake_wrong_interface(self, subject, family, chain, parts, loads):
        core = {o.name: o for o in EXTENSIONS["core"].options}
        lacking = [n for n, letter in (("in-interface", "i"), ("out-interface", "o")) if letter not in chain.interfaces]
        if not lacking:
            return None
        parts.append(self.part(core[lacking[0]], family))
        return self.finish(family, chain, parts, loads)

    def mistake_wrong_protocol(self, subject, family, chain, parts, loads):
        core = {o.name: o for o in EXTENSIONS["core"].options}
        parts[:] = [p for p in parts if p.option.name != "protocol"]
        if self.chance(70):
            parts.append(self.part(core["protocol"], family))
        loads = [(word or ["-m", members[0].option.extension], members) for word, members in loads if word or members]
        return self.finish(family, chain, parts, loads)

    def mistake_wrong_family(self, subject, family, chain, parts, loads):
        """Values and matches of IPv4 in ip6tables, and the reverse."""
        other = "6" if family == "4" else "4"
        if self.chance(30):
            return self.finish(family, chain, parts, loads, ["-" + other])
        return self.finish(other, chain, parts, loads)

    def mistake_unknown_name(self, subject, family, chain, parts, loads):
        insert = self.random.choice((["-m", "nosuch"], ["-m", ""], ["-m", "TCP"], ["-m", "a" * 29], ["-m", "a" * 28],
                                     ["-m", "icmp6" if family == "4" else "icmp"], ["-m", "LOG"],
                                     ["-j", "NOSUCH"], ["-j", "a" * 28], ["-j", "a" * 29], ["-j", "tcp"],
                                     ["-g", "NOSUCH"], ["!", "-m", "comment"], ["!", "-j", "ACCEPT"]))
        if insert[-2] != "-m":
            parts[:] = [p for p in parts if p.option.name not in ("jump", "goto")]
            loads = [load for load in loads if not load[0] or load[0][0] != "-j"]
        return self.finish(family, chain, parts, loads, insert)

    def mistake_command(self, subject, family, chain, parts, loads):
        """Something is wrong with the -A itself."""
        command = self.finish(family, chain, parts, loads)
        choice = self.random.randrange(6)
        if choice == 0:
            command.chain = self.random.choice(("NOSUCH", "", "a" * 28, "a" * 29, "input", "!", "-x"))
            command.form = "-A"
        elif choice == 1:
            command.chain = None
        elif choice == 2:
            other = self.random.choice(("-A", "-D", "-L", "-Z", "-N", "-P"))
            command.after = [other, "INPUT"] + command.after
        elif choice == 3:
            command.after.insert(0, self.random.choice(("1", "0", "x")))
            command.before, command.after = [], command.before + command.after
        elif choice == 4:
            command.before = command.before + ["!"]
        else:
            command.after = command.after + ["-A"]
        return command

    def mistake_table(self, subject, family, chain, parts, loads):
        command = self.finish(family, chain._replace(table="filter"), parts, loads)
        insert = self.random.choice((["-t", "nosuch"], ["-t", ""], ["-t", "FILTER"], ["-t"], ["-t", "broute"],
                                     ["-t", "nat", "-t", "filter"], ["!", "-t", "filter"]))
        command.after = command.after + insert
        return command

    def mistake_not_for_append(self, subject, family, chain, parts, loads):
        insert = self.random.choice((["-n"], ["-x"], ["--line-numbers"], ["-nx"], ["-W", "100"], ["-W"],
                                     ["-w", "x"], ["--exact"], ["-c"], ["-w", "-W", "5"]))
        return self.finish(family, chain, parts, loads, insert)

    def mistake_bang(self, subject, family, chain, parts, loads):
        """A ! where none can stand: twice, last, or behind the option."""
        words = self.merge(parts, loads)
        if not words:
            return None
        at = self.random.randrange(len(words))
        words = self.random.choice((words + ["!"], words[:at] + ["!", "!"] + words[at:],
                                    words[:at] + ["!"] + words[at:]))
        return self.command(family, chain, words, "")

    def mistake_two_targets(self, subject, family, chain, parts, loads):
        targets = [e for e in EXTENSIONS.values() if e.kind == "target"]
        loads = loads + [(["-j", self.random.choice(targets).name], [])]
        parts.append(Part(next(o for o in EXTENSIONS["core"].options if o.name == "jump"), False, ["ACCEPT"]))
        return self.finish(family, chain, parts, loads)

    def commands(self, count):
        """Yields count commands, each option row in its turn."""
        subjects = []
        for number in range(count):
            if not subjects:
                subjects = [(o, f) for e in EXTENSIONS.values() for o in e.options for f in o.families]
                self.random.shuffle(subjects)
            if self.last and self.chance(TWIN):
                command = self.twin()
                if command:
                    yield command
                    continue
            subject, family = subjects.pop()
            command = self.wrong(subject, family) if self.chance(WRONG) else self.good(subject, family)
            yield command


class OddGenerator(Generator):
    """Every option with every odd value, in a rule that has nothing else it could do without."""

    def cases(self):
        """(option, family, value, which of the option's words it is). An option that two families read alike
        is of one and of the other in turn."""
        for extension in EXTENSIONS.values():
            for option in extension.options:
                kind = option.argument
                if kind == "none":
                    continue
                both = any((kind + family, True) in VALUES for family in option.families)
                for number, value in enumerate(VALUES["odd", False]):
                    families = option.families if both else option.families[number % len(option.families)]
                    for family in families:
                        for place in range(1 + self.most_words(kind, family)):
                            yield option, family, value, place

    @staticmethod
    def most_words(kind, family):
        templates = VALUES.get((kind + family, True)) or VALUES[kind, True]
        return max(template.count("{|}") for template in templates)

    def odd_part(self, option, family, template, place):
        part = self.part(option, family)
        value = re.sub(r"\{([^{}]*)\}", lambda m: self.placeholder(m[1], option, family), template)
        part.values[place:place + 1] = [value]
        return part

    def odd(self, subject, family, template, place):
        extension = EXTENSIONS[subject.extension]
        extensions = [] if extension.kind == "core" else [extension]
        chain = self.place(extensions, subject)
        protocol = self.protocol(extensions)
        core = {o.name: o for o in EXTENSIONS["core"].options}
        parts = [Part(core["protocol"], False, [protocol])] if protocol else []
        members = [self.odd_part(o, family, template, place) if o is subject else self.part(o, family)
                   for o in self.chosen(extension, family, subject)]
        loads = [(["-j" if e.kind == "target" else "-m", e.name], members) for e in extensions]
        parts += [] if extensions else members
        command = self.command(family, chain, self.merge(parts, loads), "odd value")
        command.uses = self.uses(family, parts, loads)
        return command

    def commands(self, count):
        """All of them, or so many at random."""
        cases = list(self.cases())
        if count is not None and count < len(cases):
            cases = [cases[i] for i in sorted(self.random.sample(range(len(cases)), count))]
        for case in cases:
            yield self.odd(*case)
