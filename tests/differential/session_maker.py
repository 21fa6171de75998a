# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes random sessions: one to ten commands of iptables, -save and -restore.

What is made is mostly right and then spoilt in one place: options cut short, glued to their
arguments, in an odd order, given twice, contradicting each other; arguments left out, bad
numbers, stray words.  The same seed gives the same session.
"""

import random

# The rows of iptables(8): long name, letter, and what follows.
COMMANDS = (
    ("append", "A", "chain rule"), ("append", "A", "chain rule"), ("insert", "I", "chain rule"),
    ("insert", "I", "chain number rule"), ("delete", "D", "chain rule"), ("delete", "D", "chain number"),
    ("check", "C", "chain rule"), ("replace", "R", "chain number rule"), ("list", "L", "list"),
    ("list", "L", "chain list"), ("list", "L", "chain number list"), ("list-rules", "S", "say"),
    ("list-rules", "S", "chain say"), ("list-rules", "S", "chain number say"), ("flush", "F", ""),
    ("flush", "F", "chain"), ("zero", "Z", ""), ("zero", "Z", "chain"), ("zero", "Z", "chain number"),
    ("new-chain", "N", "user"), ("new-chain", "N", "user"), ("new-chain", "N", "user"), ("delete-chain", "X", ""),
    ("delete-chain", "X", "user"), ("rename-chain", "E", "user user"), ("policy", "P", "base verdict"),
)
# Options by where they go: long name, letter, argument.
RULE = (
    ("source", "s", "address"), ("destination", "d", "address"), ("src", "", "address"), ("dst", "", "address"),
    ("protocol", "p", "protocol"), ("proto", "p", "protocol"), ("in-interface", "i", "interface"),
    ("out-interface", "o", "interface"), ("match", "m", "match"), ("fragment", "f", None), ("goto", "g", "user"),
    ("set-counters", "c", "counters"), ("dport", "", "port"), ("sport", "", "port"),
)
LIST = (("numeric", "n", None), ("verbose", "v", None), ("exact", "x", None), ("line-numbers", "", None))
ANYWHERE = (("wait", "w", None), ("wait", "w", "seconds"), ("wait-interval", "W", "seconds"), ("modprobe", "M", "file"),
            ("ipv4", "4", None), ("ipv6", "6", None), ("verbose", "v", None), ("table", "t", "table"))
BAD_NUMBERS = ("0", "-1", "+1", "abc", "1x", "", " 1", "0x1", "99", "4294967295", "4294967296", "99999999999999999999", "1.5")
BASE = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
        "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"), "raw": ("PREROUTING", "OUTPUT")}
USER = ("a", "b", "lo", "abcdefghijklmnopqrstuvwxyz28")
STRAY = ("x", "-", "--", "!", "--bogus", "-q", "", "-h", "--ver", "--line", "--n", "-1", "0")


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.six = self.odds(.3)
        self.table = self.rng.choice(("filter", "filter", "filter", "nat", "mangle", "raw"))
        # In how many of a hundred commands there is a mistake.
        self.mistakes = self.rng.choice((0, 10, 30, 60))

    def odds(self, probability):
        return self.rng.random() < probability

    def wrong(self):
        return self.rng.randrange(100) < self.mistakes

    def tool(self, suffix=""):
        name = ("ip6tables" if self.six else "iptables") + ("-nft" if self.odds(.15) else "")
        return name + suffix

    def value(self, kind):
        pick = self.rng.choice
        if kind == "user":
            return pick(USER)
        if kind == "chain":
            return pick(USER[:2]) if self.odds(.5) else pick(BASE[self.table])
        if kind == "base":
            return pick(BASE[self.table])
        if kind == "number":
            return pick(BAD_NUMBERS) if self.odds(.15) else str(pick((1, 1, 1, 2, 2, 3)))
        return pick({
            "verdict": ("ACCEPT", "DROP", "ACCEPT", "QUEUE", "accept"),
            "address": ("fd00::1", "fd00::/64", "fd00::/16,fc00::1", "::/0") if self.six else
                       ("10.0.0.1", "10.0.0.0/8", "10.1.2.3/255.255.0.0", "10.0.0.1,10.0.0.2", "0/0", "10.0.0.0/33"),
            "protocol": ("tcp", "udp", "6", "all", "icmp", "ipv6-icmp", "TCP", "255", "256", "0x11"),
            "interface": ("eth0", "eth+", "lo", "+", "verylongname123", "verylongname1234"),
            "match": ("tcp", "comment", "mark", "conntrack", "nosuch"), "counters": ("1 2", "3,4", "1 x"),
            "port": ("80", "80:90", "ssh", ":", "90:80", "x"), "seconds": ("5", "0", "x", "1.5"),
            "file": ("/sbin/modprobe",), "table": tuple(BASE) + ("filter", "nosuch")}[kind]).split(" ", 1)[0]

    def option(self, row):
        """The words of one option, in one of the ways getopt_long takes it."""
        name, letter, kind = row
        values = [] if kind is None else [self.value(kind)]
        if row[0] == "set-counters":
            values = self.rng.choice((["1", "2"], ["3,4"], ["5", "x"], ["1"]))
        short = letter and self.odds(.7)
        if not short and len(name) > 4 and self.odds(.3):
            name = name[:self.rng.randrange(3, len(name))]
        word = "-" + letter if short else "--" + name
        if values and self.odds(.15):
            return [word + ("" if short else "=") + values[0]] + values[1:]
        return [word] + values

    def rule(self):
        """A rule that may be there already: few are possible without options."""
        groups = []
        if self.odds(.5):
            groups = [self.option(self.rng.choice(RULE)) for _ in range(self.rng.randrange(1, 4))]
            groups = [["!"] + group if self.odds(.1) else group for group in groups]
        if self.odds(.85):
            target = self.rng.choice(("ACCEPT", "ACCEPT", "DROP", "RETURN") + USER[:2] + ("NOSUCH",) * self.wrong())
            groups.insert(self.rng.randrange(len(groups) + 1), self.option(("jump", "j", None)) + [target])
        return groups

    def tail(self, words):
        """What follows a command's name, as groups of words that may change places."""
        groups = []
        for word in words:
            if word == "rule":
                groups += self.rule()
            elif word == "list":
                groups += [self.option(self.rng.choice(LIST)) for _ in range(self.rng.randrange(4))]
            elif word == "say":
                groups += [["-v"]] * self.odds(.3)
        return groups

    def command(self, in_file=False):
        name, letter, words = self.rng.choice(COMMANDS)
        words = words.split()
        head = self.option((name, letter, None)) + [self.value(word) for word in words if word not in ("rule", "list", "say")]
        groups = self.tail(words)
        if not in_file and (self.table != "filter" or self.odds(.1)):
            groups.append(self.option(("table", "t", None)) + [self.table])
        if not in_file and self.odds(.15):
            groups.append(self.option(self.rng.choice(ANYWHERE)))
        if self.odds(.2):
            self.rng.shuffle(groups)
        groups.insert(0 if self.odds(.8) else self.rng.randrange(len(groups) + 1), head)
        words = [word for group in groups for word in group]
        return self.spoil(words) if self.wrong() else words

    def spoil(self, words):
        """One mistake."""
        words, at = list(words), self.rng.randrange(len(words))
        kind = self.rng.randrange(7)
        if kind == 0:
            del words[at]
        elif kind == 1:
            words.insert(at, self.rng.choice(STRAY))
        elif kind == 2:
            words += self.option(self.rng.choice(RULE + LIST + ANYWHERE))
        elif kind == 3:
            name, letter, _ = self.rng.choice(COMMANDS)
            words += self.option((name, letter, None))
        elif kind == 4:
            words += words[at:at + 2]
        elif kind == 5:
            words[at] = self.rng.choice(BAD_NUMBERS)
        else:
            words = words[:at + 1]
        return words

    def quoted(self, words):
        return " ".join('"%s"' % word if not word or " " in word else word for word in words)

    def line(self):
        """A line inside a table."""
        if self.odds(.2):
            return ":%s %s [%d:%d]" % (*((self.value("base"), self.rng.choice(("ACCEPT", "DROP", "-")))
                                       if self.odds(.5) else (self.value("user"), "-")),
                                       self.rng.randrange(3), self.rng.randrange(3))
        command = self.quoted(self.command(True))
        if self.odds(.2):
            command = "[%d:%d] " % (self.rng.randrange(3), self.rng.randrange(3)) + command
        return command

    def file(self):
        lines = []
        for _ in range(self.rng.choice((1, 1, 2))):
            block = ["*" + self.table] + [":%s - [0:0]" % name for name in USER[:2] if self.odds(.4)]
            block += [self.line() for _ in range(self.rng.randrange(6))] + ["COMMIT"]
            lines += ["# comment"] * self.odds(.1) + block
        if self.wrong():
            lines[self.rng.randrange(len(lines))] = self.rng.choice(
                ("*nosuch", "*", ":", ":a", ":INPUT", "COMMIT", "", "x", "-A", "[1:2", "[1:2]", ":INPUT FOO [0:0]"))
        return "\n".join(lines) + "\n"

    def restore(self):
        flags = [(("noflush", "n", None), .6), (("counters", "c", None), .3), (("test", "t", None), .1),
                 (("verbose", "v", None), .1), (("table", "T", "table"), .1), (("wait", "w", "seconds"), .1)]
        words = [word for row, odds in flags if self.odds(odds) for word in self.option(row)]
        return self.spoil(words) if words and self.wrong() else words

    def save(self):
        rows = [(("counters", "c", None), .5), (("table", "t", "table"), .4)]
        words = [word for row, odds in rows if self.odds(odds) for word in self.option(row)]
        return self.spoil(words) if words and self.wrong() else words

    def step(self):
        choice = self.rng.random()
        if choice < .8:
            return [self.tool()] + self.command(), None
        if choice < .93:
            return [self.tool("-restore")] + self.restore(), self.file()
        return [self.tool("-save")] + self.save(), None

    def steps(self):
        return [self.step() for _ in range(self.rng.randrange(1, 11))]
