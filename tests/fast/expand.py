# SPDX-License-Identifier: GPL-2.0-or-later
"""Replaces each table of profile fast of this network namespace by an equivalent one without maps.

    expand.py 4|6                   as root
    iptables-save | expand.py join

Only what the kernel executes is read: chains, expressions and map elements, not the texts in the
comments. An element becomes a rule: each load of the lookup is followed by a comparison with its part of
the key, and the verdict is that of the element. Chains of the plan become user-defined chains. The new
tables have the names of iptables, so that iptables-save decodes their rules from the expressions. What
is not expected (another expression in a lookup, a key that is too short) ends the program.
"""

import os
import re
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "differential"))
sys.dont_write_bytecode = True

import nftdump  # noqa: E402
from nftdump import attributes, text  # noqa: E402

NEWTABLE, DELTABLE, NEWCHAIN, GETCHAIN, NEWRULE, GETRULE, GETSET, GETSETELEM = 0, 2, 3, 4, 6, 7, 10, 13
NLM_F_CREATE, NLM_F_APPEND, NLA_F_NESTED = 0x400, 0x800, 0x8000
SO_SNDBUFFORCE = 32
PREFIX = "ravelin-"
CONTINUE, JUMP = -1, -3
META_SIZES = {4: 4, 6: 16, 7: 16, 16: 1}       # mark, iifname, oifname, l4proto


def attribute(kind, payload, nested=False):
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind | (NLA_F_NESTED if nested else 0)) + payload + b"\0" * (-length % 4)


def string(kind, value):
    return attribute(kind, value.encode() + b"\0")


def number(kind, value):
    return attribute(kind, struct.pack(">I", value & 0xFFFFFFFF))


def expression(name, data):
    return attribute(1, string(1, name) + attribute(2, data, True), True)


def get(payload, kind, default=None):
    found = [value for have, value in attributes(payload) if have == kind]
    return struct.unpack(">I", found[0])[0] if found else default


class Socket:
    def __init__(self, family):
        self.family = family
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nftdump.NETLINK_NETFILTER)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 28)
        self.sock.bind((0, 0))

    def message(self, kind, flags, payload, batch=0):
        header = struct.pack("=BBH", 0 if batch else self.family, 0, socket.htons(batch))
        kind |= 0 if batch else nftdump.NFNL_SUBSYS_NFTABLES << 8
        data = header + payload
        return struct.pack("=IHHII", 16 + len(data), kind, flags | nftdump.NLM_F_REQUEST, 1, 0) + data

    def dump(self, kind, payload=b""):
        self.sock.send(self.message(kind, nftdump.NLM_F_DUMP, payload))
        return [data for _, data in nftdump._messages(self.sock)]

    def commit(self, messages):
        begin = self.message(nftdump.NFNL_MSG_BATCH_BEGIN, 0, b"", nftdump.NFNL_SUBSYS_NFTABLES)
        end = self.message(nftdump.NFNL_MSG_BATCH_END, 0, b"", nftdump.NFNL_SUBSYS_NFTABLES)
        self.sock.send(begin + b"".join(messages) + end)
        # The last message of the batch is acknowledged, or one of them has an error.
        for _ in nftdump._messages(self.sock):
            pass


def chain_name(name):
    """A name that iptables accepts."""
    kind, _, rest = name.removeprefix("ravelin.").partition(".")
    return kind + "-" + rest if name.startswith("ravelin.") else name


def chain_message(s, table, fields):
    data = string(1, table) + string(3, chain_name(text(fields[3])))
    if 4 in fields:
        data += attribute(4, fields[4], True) + attribute(5, fields[5]) + attribute(7, fields[7])
    return s.message(NEWCHAIN, NLM_F_CREATE, data)


def compat(parts):
    """The protocol of the rule, which the kernel uses to check xtables matches but does not dump."""
    loaded = False
    for _, name, data in parts:
        if name == "cmp" and loaded:
            inverted = get(data, 2) != 0
            return attribute(5, number(1, dict(attributes(dict(attributes(data))[3]))[1][0]) + number(2, 2 * inverted), True)
        loaded = (name == "meta" and get(data, 2) == 16) or (
            name == "payload" and (get(data, 2), get(data, 3), get(data, 4)) in ((1, 9, 1), (1, 6, 1)))
    return b""


def rule_message(s, table, chain, expressions, more=b""):
    data = string(1, table) + string(2, chain_name(chain)) + attribute(4, b"".join(expressions), True) + more
    return s.message(NEWRULE, NLM_F_CREATE | NLM_F_APPEND, data)


def elements(s, table, name):
    """(key, verdict code, chain or None) of each element of a map."""
    for message in s.dump(GETSETELEM, string(1, table) + string(2, name)):
        for _, element in attributes(dict(attributes(message))[3]):
            fields = dict(attributes(element))
            verdict = dict(attributes(dict(attributes(fields[2]))[2]))
            code = struct.unpack(">i", verdict[1])[0]
            yield dict(attributes(fields[1]))[1], code, text(verdict[2]) if 2 in verdict else None


def comparison(register, value):
    return expression("cmp", number(1, register) + number(2, 0) + attribute(3, attribute(1, value), True))


def verdict(code, chain):
    data = number(1, code) + (string(2, chain_name(chain)) if chain else b"")
    return expression("immediate", number(1, 0) + attribute(2, attribute(2, data, True), True))


def load(register, offset):
    """Loads one byte of the transport header."""
    return expression("payload", number(1, register) + number(2, 2) + number(3, offset) + number(4, 1))


def icmp(loaded, value):
    """ICMP type, and code unless it is masked, as separate comparisons like iptables."""
    register, masked = loaded["register"], loaded["masked"]
    made = [load(register, 0), comparison(register, value[:1])]
    return made if masked else made + [load(register, 1), comparison(register, value[1:])]


def lookup(parts, key):
    """The expressions of a lookup's rule, with comparisons instead of the lookup."""
    loads, made, at, protocol = [], [], 0, None
    for raw, name, data in parts:
        if name == "payload":
            loads.append({"register": get(data, 1), "size": get(data, 4), "raw": [raw], "masked": False,
                          "start": (get(data, 2), get(data, 3))})
        elif name == "meta":
            loads.append({"register": get(data, 1), "size": META_SIZES[get(data, 2)], "raw": [raw], "masked": False,
                          "start": get(data, 2)})
        elif name == "bitwise" and loads and get(data, 1) == loads[-1]["register"]:
            loads[-1].update(register=get(data, 2), masked=True)
            loads[-1]["raw"].append(raw)
        else:
            raise SystemExit("the expression %s before a lookup" % name)
    for x in loads:
        value = key[at:at + x["size"]]
        if len(value) != x["size"]:
            raise SystemExit("a key of %d bytes" % len(key))
        if x["start"] == 16:
            protocol = value[0]
        if x["start"] in (6, 7):        # up to the NUL
            value = value.rstrip(b"\0") + b"\0"
        if x["start"] == (2, 0) and protocol in (1, 58):
            made += icmp(x, value)
        else:
            made += x["raw"] + [comparison(x["register"], value)]
        at += x["size"] + (-x["size"] % 4 if len(loads) > 1 else 0)
    if at != len(key):
        raise SystemExit("a key of %d bytes, of which %d are loaded" % (len(key), at))
    return made


def parts_of(fields):
    """(attribute, name, data) of each expression of a rule."""
    for kind, item in attributes(fields[4]):
        inner = dict(attributes(item))
        data = inner.get(2, b"")
        # Long texts are stored in comment matches.
        if text(inner[1]) != "match" or text(dict(attributes(data))[1]) != "comment":
            yield attribute(kind, item, True), text(inner[1]), data


def protocol_test(parts):
    """The first expressions of a rule that compare the protocol."""
    for i, (_, name, data) in enumerate(parts[:-1]):
        if parts[i + 1][1] == "cmp" and compat(parts[i:i + 2]):
            return [raw for raw, _, _ in parts[i:i + 2]]
    return []


NATIVE = ("reject", "nat", "masq", "redir")


class Table:
    """The messages that make the table without maps."""

    more = 0        # chains made for targets, in all tables

    def __init__(self, s, old, new, chains, kernel_rules):
        self.s, self.old, self.new = s, old, new
        self.chains, self.rules = chains, kernel_rules
        self.actions = {}
        for fields in kernel_rules:
            if text(fields[2]).startswith("ravelin.action."):
                self.actions.setdefault(text(fields[2]), []).append(list(parts_of(fields)))

    def put(self, chain, expressions, more=b""):
        yield rule_message(self.s, self.new, chain, expressions, more)

    def element(self, chain, tests, code, to):
        """An element's rule. A jump to an action chain is replaced by the rule in that chain."""
        action = self.actions.get(to)
        if code == CONTINUE:
            yield from self.put(chain, tests)
        elif action and len(action) == 1 and (code == JUMP or action[0][-1][1] in NATIVE):
            yield from self.rule(chain, [(raw, "", b"") for raw in tests] + action[0])
        else:
            yield from self.put(chain, tests + [verdict(code, to)])

    def rule(self, chain, parts):
        """A rule with xtables matches and a native target: moves the target to a separate chain."""
        if not parts or parts[-1][1] not in NATIVE or not any(name == "match" for _, name, _ in parts):
            yield from self.put(chain, [raw for raw, _, _ in parts], compat(parts))
            return
        last = max(i for i, (_, name, _) in enumerate(parts) if name in ("match", "counter"))
        Table.more += 1
        name = "native-%d" % Table.more
        yield self.s.message(NEWCHAIN, NLM_F_CREATE, string(1, self.new) + string(3, name))
        yield from self.put(chain, [raw for raw, _, _ in parts[:last + 1]] + [verdict(JUMP, name)], compat(parts))
        yield from self.put(name, protocol_test(parts) + [raw for raw, _, _ in parts[last + 1:]])

    def messages(self):
        for fields in self.chains:
            yield chain_message(self.s, self.new, fields)
        for fields in self.rules:
            chain, parts = text(fields[2]), list(parts_of(fields))
            if chain in self.actions:
                continue
            if parts and parts[-1][1] == "lookup" and get(parts[-1][2], 3) is not None:
                name = text(dict(attributes(parts[-1][2]))[1])
                for key, code, to in elements(self.s, self.old, name):
                    yield from self.element(chain, lookup(parts[:-1], key), code, to)
            else:
                yield from self.rule(chain, parts)
        for chain, rules in self.actions.items():
            for parts in rules:
                yield from self.put(chain, [raw for raw, _, _ in parts], compat(parts))


def join(lines):
    """Moves targets in separate chains back into the rules that jump there."""
    targets = dict(re.findall(r"^-A (native-\d+)(?: -p \S+)* -j (.*)$", "\n".join(lines), re.M))
    for line in lines:
        if not re.match(r"(:|-A )native-", line):
            yield re.sub(r"-j (native-\d+)$", lambda m: "-j " + targets[m[1]], line)


def main():
    if sys.argv[1] == "join":
        print("\n".join(join(sys.stdin.read().splitlines())))
        return
    s = Socket({"4": 2, "6": 10}[sys.argv[1]])
    reader = nftdump.Reader()
    chains = [dict(attributes(m)) for m in s.dump(GETCHAIN)]
    rules = [dict(attributes(m)) for m in s.dump(GETRULE)]
    for old in [name for name in reader.tables(s.family) if name.startswith(PREFIX)]:
        new = old.removeprefix(PREFIX)
        own = [f for f in rules if text(f[1]) == old]
        batch = [s.message(DELTABLE, 0, string(1, old)), s.message(NEWTABLE, NLM_F_CREATE, string(1, new))]
        batch += Table(s, old, new, [f for f in chains if text(f[1]) == old], own).messages()
        last = bytearray(batch.pop())
        struct.pack_into("=H", last, 6, struct.unpack_from("=H", last, 6)[0] | nftdump.NLM_F_ACK)
        s.commit(batch + [bytes(last)])
        print("%s: %d rules of the kernel" % (new, len(own)))


if __name__ == "__main__":
    main()
