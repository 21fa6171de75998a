# SPDX-License-Identifier: GPL-2.0-or-later
"""Random rulesets in iptables-save format whose verdicts and counters depend only on the packets and their
order. The same random generator yields the same rules.

    rules.py SEED 4|6
"""

import os
import random
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from packets import DESTINATIONS, MACS, PORTS, SOURCES, TTLS  # noqa: E402

# Tables and chains in the order in which a packet traverses them.
TABLES = {"input": (("raw", ("PREROUTING",)), ("mangle", ("PREROUTING", "INPUT")),
                    ("filter", ("INPUT",)), ("security", ("INPUT",))),
          "forward": (("raw", ("PREROUTING",)), ("mangle", ("PREROUTING", "FORWARD", "POSTROUTING")),
                      ("filter", ("FORWARD",)), ("security", ("FORWARD",)))}
HOOKS = {"input": "PREROUTING,INPUT", "forward": "PREROUTING,FORWARD,POSTROUTING"}
USER = ("one", "two", "three", "four", "five")
IN, OUT = "in0", "out0"


class Rules:
    def __init__(self, rng, ipv, way):
        self.rng = rng
        self.ipv = ipv
        self.way = way
        self.names = 0

    def choose(self, values):
        return self.rng.choice(values)

    def odds(self, percent):
        return self.rng.randrange(100) < percent

    def invert(self, text, percent=25):
        return "! " + text if self.odds(percent) else text

    # The IP part

    def address(self, letter):
        address = self.choose((SOURCES if letter == "s" else DESTINATIONS)[self.ipv])
        if self.ipv == 4:
            mask = self.choose(("/32", "/24", "/16", "/8", "/255.0.255.0", "/31", "/0"))
        else:
            mask = self.choose(("/128", "/64", "/48", "/33", "/127", "/ffff::ffff"))
        # "! 0/0", which never matches, is not sent to nf_tables.
        return self.invert("-%s %s%s" % (letter, address, mask), 0 if mask == "/0" else 25)

    def interfaces(self, chain):
        words = []
        if self.odds(20) and chain != "POSTROUTING":
            words.append(self.invert("-i " + self.choose((IN, "in+", "eth0", "i+", "+"))))
        if self.odds(20) and chain in ("FORWARD", "POSTROUTING"):
            words.append(self.invert("-o " + self.choose((OUT, "out+", "eth0", "o+"))))
        return words

    # Matches, by protocol they need: name, words

    def ports(self, single):
        port = self.choose(PORTS)
        if single or self.odds(60):
            return str(port)
        return "%d:%d" % tuple(sorted(self.rng.sample(PORTS, 2)))

    def tcp(self):
        words = ["-m tcp"]
        if self.odds(50):
            words.append(self.invert("--dport " + self.ports(False)))
        if self.odds(40):
            words.append(self.invert("--sport " + self.ports(False)))
        if self.odds(30):
            words.append(self.invert(self.choose((
                "--tcp-flags FIN,SYN,RST,ACK SYN", "--tcp-flags ALL NONE", "--tcp-flags SYN SYN",
                "--tcp-flags PSH,ACK PSH,ACK", "--tcp-flags ACK,URG URG"))))
        if self.odds(15):
            words.append(self.invert("--tcp-option " + self.choose(("2", "3", "8", "99"))))
        return " ".join(words)

    def udp(self):
        words = ["-m udp", self.invert("--dport " + self.ports(False))]
        if self.odds(40):
            words.append(self.invert("--sport " + self.ports(False)))
        return " ".join(words)

    def icmp(self):
        if self.ipv == 4:
            return "-m icmp " + self.invert("--icmp-type " + self.choose(("8", "0", "8/0", "any", "13")))
        return "-m icmp6 " + self.invert("--icmpv6-type " + self.choose(("128", "129", "128/1")))

    def multiport(self):
        which = self.choose(("--sports", "--dports", "--ports"))
        ports = ",".join(self.ports(False) for _ in range(self.rng.randint(1, 4)))
        return "-m multiport " + self.invert("%s %s" % (which, ports))

    def iprange(self):
        side, values = self.choose((("--src-range", SOURCES), ("--dst-range", DESTINATIONS)))
        low, high = sorted(self.rng.sample(values[self.ipv], 2), key=self.as_number)
        return "-m iprange " + self.invert("%s %s-%s" % (side, low, high))

    def as_number(self, address):
        return socket.inet_pton(socket.AF_INET if self.ipv == 4 else socket.AF_INET6, address)

    def mark(self):
        return "-m mark " + self.invert("--mark " + self.choose(("0x1", "0x0", "0x1/0x3", "0x2/0x2")))

    def length(self):
        low = self.choose((20, 28, 40, 44, 60, 80))
        return "-m length " + self.invert("--length %d:%d" % (low, low + self.choose((0, 4, 20, 1000))))

    def ttl(self):
        name, option = ("ttl", "--ttl-") if self.ipv == 4 else ("hl", "--hl-")
        how = self.choose(("eq", "eq", "lt", "gt"))
        text = "%s%s %d" % (option, how, self.choose(TTLS))
        return "-m %s %s" % (name, self.invert(text) if how == "eq" else text)

    def dscp(self):
        return "-m dscp " + self.invert("--dscp " + self.choose(("0x00", "0x2e", "0x08", "0x04")))

    def tos(self):
        return "-m tos " + self.invert("--tos " + self.choose(("0x10/0xff", "0x08/0x3f", "0x01/0x03", "0xb8/0xfc")))

    def mac(self):
        return "-m mac " + self.invert("--mac-source " + self.choose(MACS))

    def pkttype(self):
        return "-m pkttype " + self.invert("--pkt-type " + self.choose(("unicast", "broadcast", "multicast")))

    def statistic(self):
        every = self.rng.randint(2, 5)
        return "-m statistic --mode nth " + self.invert("--every %d --packet %d" % (every, self.rng.randrange(every)))

    def limit(self):
        """A rate that adds no token while the packets pass."""
        return "-m limit --limit 1/day --limit-burst %d" % self.rng.randint(1, 20)

    def hashlimit(self):
        self.names += 1
        return "-m hashlimit --hashlimit-%s 1/hour --hashlimit-burst %d --hashlimit-mode %s --hashlimit-name h%d" % (
            self.choose(("upto", "above")), self.rng.randint(1, 8),
            self.choose(("srcip", "dstip", "srcip,dstip", "dstport", "srcip,srcport")), self.names)

    def recent(self):
        self.names += 1
        return "-m recent --name r%d --%s" % (self.choose((1, 2, self.names)),
                                              self.choose(("set", "update", "rcheck", "remove", "rcheck --hitcount 3")))

    def string(self):
        return "-m string " + self.invert("--string %s --algo %s --to %d" % (
            self.choose(("hello", "GET", "abcabd", "zzz")), self.choose(("bm", "kmp")), self.choose((60, 100, 65535))))

    def u32(self):
        tests = ("0x0>>0x18&0xf=0x5", "0x0&0xffff=0x28:0x3c", "0x8>>0x18=0x40", "0xc=0xa010008",
                 "0x0>>0x16&0x3c@0x0>>0x10=0x16,0x50:0x51", "0x4&0x3fff=0x0")
        tests6 = ("0x0>>0x1c=0x6", "0x4>>0x10=0x14:0x40", "0x4>>0x8&0xff=0x6,0x11", "0x28>>0x10=0x50")
        return "-m u32 " + self.invert('--u32 "%s"' % self.choose(tests if self.ipv == 4 else tests6))

    def time(self):
        return "-m time " + self.choose(("--datestart 2001-01-01T00:00:00", "--datestop 2001-01-01T00:00:00",
                                         "--timestart 00:00:00 --timestop 23:59:59"))

    def comment(self):
        return "-m comment --comment " + self.choose(("x", '"two words"'))

    def addrtype(self):
        return "-m addrtype " + self.invert("--%s-type %s" % (
            self.choose(("src", "dst")), self.choose(("MULTICAST", "BLACKHOLE", "PROHIBIT") if self.ipv == 4 else ("MULTICAST",))))

    MATCHES = (multiport, iprange, mark, length, ttl, dscp, tos, mac, pkttype, statistic, limit, hashlimit, recent,
               string, u32, time, comment, addrtype)

    def matches(self, table):
        """The words of -p and of the matches."""
        words = []
        proto = self.choose(("tcp", "tcp", "udp", "icmp", "other", None, None))
        own = {"tcp": self.tcp, "udp": self.udp, "icmp": self.icmp}.get(proto)
        if proto == "icmp" and self.ipv == 6:
            proto = "ipv6-icmp"
        if proto == "other":
            words.append(self.invert("-p " + self.choose(("gre", "sctp", "udplite", "tcp"))))
        elif proto:
            words.append("-p " + proto)
            if self.odds(80):
                words.append(own())
        for match in self.rng.sample(self.MATCHES, self.choose((0, 0, 1, 1, 2))):
            if match is Rules.multiport and proto not in ("tcp", "udp"):
                continue
            if match is Rules.mac and table == "mangle" and self.way == "forward":
                continue    # its POSTROUTING may come by
            words.append(match(self))
        return words

    # Targets

    def target(self, table, chain, callable_chains):
        general = ["-j ACCEPT", "-j DROP", "-j RETURN", "", "-j LOG --log-prefix x",
                   "-j NFLOG --nflog-group 9"]
        if callable_chains:
            general += ["-j " + self.choose(callable_chains)] * 4 + ["-g " + self.choose(callable_chains)]
        if table == "mangle":
            general += ["-j MARK --set-xmark 0x%x/0x%x" % (self.rng.randrange(4), self.choose((3, 1, 0xffffffff))),
                        "-j DSCP --set-dscp 0x%02x" % self.choose((0, 8, 46)),
                        "-j TOS --set-tos 0x%02x/0x%02x" % (self.choose((0, 8, 16)), self.choose((0x3f, 0xff))),
                        ("-j TTL --ttl-" if self.ipv == 4 else "-j HL --hl-") + self.choose(("set 9", "inc 2", "dec 1"))] * 2
        return self.choose(general)

    def rule(self, table, chain, callable_chains):
        words = ["-A " + chain]
        if self.odds(30):
            words.append(self.address("s"))
        if self.odds(25):
            words.append(self.address("d"))
        words += self.interfaces(chain) + self.matches(table)
        words.append(self.target(table, chain, callable_chains))
        return " ".join(word for word in words if word)

    def table(self, name, chains):
        user = USER[:self.rng.randint(0, len(USER))]
        lines = ["*" + name]
        for chain in chains:
            lines.append(":%s %s [0:0]" % (chain, self.choose(("ACCEPT", "ACCEPT", "ACCEPT", "DROP"))))
        lines += [":%s - [0:0]" % chain for chain in user]
        if name == "raw":
            # Counts packets.
            lines.append("-A PREROUTING")
        for chain in chains:
            lines += [self.rule(name, chain, user) for _ in range(self.rng.randint(1, 8))]
        for number, chain in enumerate(user):
            # Only to later chains: no loops.
            lines += [self.rule(name, chain, user[number + 1:]) for _ in range(self.rng.randint(0, 5))]
        return lines + ["COMMIT"]

    def ruleset(self):
        lines = []
        for name, chains in TABLES[self.way]:
            if name in ("raw", "filter") or self.odds(60):
                lines += self.table(name, chains)
        return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(Rules(random.Random(int(sys.argv[1])), int(sys.argv[2]), "input").ruleset())
