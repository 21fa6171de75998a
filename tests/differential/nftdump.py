# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the nf_tables ruleset of the calling thread's network namespace with netlink and prints it as text,
one line per table, chain and expression.

`nft --debug=netlink` prints a compat match as "[ match name tcp rev 0 ]" without its data. This prints all
attributes, so rules are equal only if the kernel has the same bytes for both. Handles, use counts and
packet counters are omitted: they depend on when a rule was loaded.
"""

import os
import socket
import struct

NETLINK_NETFILTER = 12
NFNL_SUBSYS_NFTABLES = 10
NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END = 16, 17
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR = 0x1, 0x4, 0x300, 0x10
NLMSG_ERROR, NLMSG_DONE = 2, 3
GETTABLE, DELTABLE, GETCHAIN, GETRULE = 1, 2, 4, 7
NLA_TYPE_MASK = 0x3FFF

# Expression attributes that hold nested attributes; all others are plain
# bytes.  Keyed by (expression, attribute), values are what to do inside.
NESTED = {
    ("cmp", 3), ("bitwise", 4), ("bitwise", 5), ("immediate", 2), ("range", 3),
    ("range", 4), ("lookup", 4), ("limit", 0),
}
# Attributes whose value changes while the rule stays the same.
VOLATILE = {("counter", 1), ("counter", 2)}


class NetlinkError(OSError):
    """The kernel answered a dump with an error."""


class DumpInterrupted(Exception):
    """The ruleset changed while it was being read."""


def attributes(data):
    """Yields (type, payload) of each attribute in data."""
    offset = 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        if length < 4:
            return
        yield kind & NLA_TYPE_MASK, data[offset + 4:offset + length]
        offset += (length + 3) & ~3


def text(payload):
    return payload.rstrip(b"\0").decode("utf-8", "backslashreplace")


def _messages(sock):
    """Yields the (type, payload) of each message up to the end of a dump."""
    while True:
        data = sock.recv(1 << 17)
        offset = 0
        while offset + 16 <= len(data):
            length, kind, flags, _, _ = struct.unpack_from("=IHHII", data, offset)
            if flags & NLM_F_DUMP_INTR:
                raise DumpInterrupted()
            if kind == NLMSG_DONE:
                return
            if kind == NLMSG_ERROR:
                code = -struct.unpack_from("=i", data, offset + 16)[0]
                if code:
                    raise NetlinkError(code, os.strerror(code))
                return
            yield kind & 0xFF, data[offset + 20:offset + length]
            offset += (length + 3) & ~3


def _dump(sock, what, family):
    header = struct.pack("=BBH", family, 0, 0)
    sock.send(struct.pack("=IHHII", 16 + len(header),
                          NFNL_SUBSYS_NFTABLES << 8 | what,
                          NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + header)
    return list(_messages(sock))


def _value(name, kind, payload):
    if (name, kind) in NESTED:
        inner = ",".join("%d=%s" % (k, _value(name + "." + str(kind), k, p))
                         for k, p in attributes(payload))
        return "{" + inner + "}"
    if name.endswith(".2") and kind == 2:  # a verdict inside an immediate
        return "{" + ",".join("%d=%s" % (k, text(p) if k == 2 else p.hex())
                              for k, p in attributes(payload)) + "}"
    return payload.hex()


def expression(payload):
    """One line for one expression of a rule."""
    fields = dict(attributes(payload))
    name = text(fields.get(1, b""))
    words = [name]
    for kind, value in attributes(fields.get(2, b"")):
        if (name, kind) in VOLATILE:
            continue
        if name in ("match", "target") and kind == 1:
            words.append("name=" + text(value))
        elif name in ("match", "target") and kind == 2:
            words.append("rev=%d" % struct.unpack(">I", value)[0])
        elif name in ("match", "target") and kind == 3:
            words.append("info[%d]=%s" % (len(value), value.hex()))
        else:
            words.append("%d=%s" % (kind, _value(name, kind, value)))
    return " ".join(words)


def _rule(payload):
    fields = dict(attributes(payload))
    lines = [expression(item) for kind, item in attributes(fields.get(4, b"")) if kind == 1]
    if fields.get(7):
        lines.append("userdata " + fields[7].hex())
    return text(fields[1]), text(fields[2]), lines


def _chain(payload):
    fields = dict(attributes(payload))
    words = []
    if 4 in fields:
        words.append("hook{%s}" % ",".join("%d=%s" % (k, v.hex()) for k, v in attributes(fields[4])))
    for kind, label in ((5, "policy"), (7, "type"), (10, "flags")):
        if kind in fields:
            value = fields[kind]
            words.append("%s=%s" % (label, text(value) if kind == 7 else value.hex()))
    return text(fields[1]), text(fields[3]), " ".join(words)


class Reader:
    """Holds the socket, which stays in the namespace it was opened in."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.bind((0, 0))

    def close(self):
        self.sock.close()

    def flush(self):
        """Deletes every table of every family, as one transaction."""
        messages = b""
        for number, (kind, flags, what) in enumerate((
                (NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES),
                (NFNL_SUBSYS_NFTABLES << 8 | DELTABLE, NLM_F_ACK, 0),
                (NFNL_MSG_BATCH_END, 0, NFNL_SUBSYS_NFTABLES)), 1):
            messages += struct.pack("=IHHIIBBH", 20, kind, NLM_F_REQUEST | flags, number, 0,
                                    0, 0, socket.htons(what))
        self.sock.send(messages)
        for _ in _messages(self.sock):
            pass

    def _stable_dump(self, what, family):
        while True:
            try:
                return _dump(self.sock, what, family)
            except DumpInterrupted:
                # Start over on a fresh socket: the rest of the interrupted
                # dump is still queued on this one.
                self.sock.close()
                self.__init__()

    def tables(self, family):
        """{name: flags} of a family (2 for ip, 10 for ip6)."""
        result = {}
        for _, payload in self._stable_dump(GETTABLE, family):
            fields = dict(attributes(payload))
            result[text(fields[1])] = fields.get(2, b"").hex()
        return result

    def chains(self, family):
        """{(table, chain): text} of a family."""
        return {(table, chain): line for table, chain, line in
                (_chain(p) for _, p in self._stable_dump(GETCHAIN, family))}

    def rules(self, family):
        """[(table, chain, [expression, ...])] of a family, in their order."""
        return [_rule(p) for _, p in self._stable_dump(GETRULE, family)]


def main():
    reader = Reader()
    for family, label in ((2, "ip"), (10, "ip6")):
        for name, flags in reader.tables(family).items():
            print("table %s %s flags=%s" % (label, name, flags))
        for (table, chain), line in reader.chains(family).items():
            print("chain %s %s %s %s" % (label, table, chain, line))
        for table, chain, lines in reader.rules(family):
            print("rule %s %s %s" % (label, table, chain))
            for line in lines:
                print("  " + line)


if __name__ == "__main__":
    main()
