#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""write.py FAMILY TABLE WHAT RATE [CHAIN]: changes a table of nf_tables RATE times a second.

WHAT is element (of a set "s" of ipv4_addr), rule (in CHAIN) or chain: one is added and then deleted,
repeatedly until SIGTERM; then the number of changes is printed. WHAT refused: transactions that insert
rules before CHAIN and then fail. Messages are written directly (linux/netfilter/nf_tables.h), because
starting nft takes longer than a change may.
"""
import signal
import socket
import struct
import sys
import time

NEWCHAIN, DELCHAIN, NEWRULE, DELRULE, NEWSETELEM, DELSETELEM = 3, 5, 6, 8, 12, 14
SUBSYSTEM, BEGIN, END = 10, 0x10, 0x11
ERROR, REQUEST, ACK, ECHO, CREATE, APPEND = 2, 1, 4, 8, 0x400, 0x800
FAMILIES = {"ip": 2, "ip6": 10, "inet": 1}


def attribute(kind, data):
    return struct.pack("=HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)


def nest(kind, *parts):
    return attribute(kind | 0x8000, b"".join(parts))


def text(kind, value):
    return attribute(kind, value.encode() + b"\0")


def message(kind, flags, family, payload=b"", resource=0):
    body = struct.pack("!BBH", family, 0, resource) + payload
    return struct.pack("=IHHII", len(body) + 16, kind, REQUEST | flags, 1, 0) + body


def batch(kind, flags, family, payload, before=b""):
    return (message(BEGIN, 0, 0, resource=SUBSYSTEM) + before
            + message(SUBSYSTEM << 8 | kind, flags | ACK, family, payload) + message(END, 0, 0, resource=SUBSYSTEM))


class Writer:
    """Sends two transactions alternately."""

    def __init__(self, family, table, what, chain):
        self.family, self.what, self.handle = family, what, b""
        self.place = text(1, table) + text(2, chain)
        self.element = text(1, table) + text(2, "s") + nest(3, nest(1, nest(1, attribute(1, socket.inet_aton("192.0.2.77")))))
        self.chain = text(1, table) + text(3, "comes-and-goes")
        self.wrong = text(1, table) + text(3, "no-such-chain")
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.netlink.bind((0, 0))

    def transaction(self, add):
        if self.what == "element":
            return batch(NEWSETELEM if add else DELSETELEM, CREATE if add else 0, self.family, self.element)
        if self.what == "chain":
            return batch(NEWCHAIN if add else DELCHAIN, CREATE if add else 0, self.family, self.chain)
        if self.what == "refused":
            rule = message(SUBSYSTEM << 8 | NEWRULE, CREATE, self.family, self.place + nest(4))
            return batch(DELCHAIN, 0, self.family, self.wrong, 40 * rule)
        if add:
            return batch(NEWRULE, CREATE | APPEND | ECHO, self.family, self.place + nest(4))
        return batch(DELRULE, 0, self.family, self.place + attribute(3, self.handle))

    def see(self, data):
        """The error in a datagram, or None; stores the handle of a new rule."""
        at = 0
        while at < len(data):
            length, kind = struct.unpack_from("=IH", data, at)
            if kind == ERROR:
                return struct.unpack_from("=i", data, at + 16)[0]
            if kind == SUBSYSTEM << 8 | NEWRULE:
                self.note(data[at + 20:at + length])
            at += length + -length % 4
        return None

    def note(self, attributes):
        while attributes:
            length, kind = struct.unpack_from("=HH", attributes)
            if kind == 3:
                self.handle = attributes[4:length]
            attributes = attributes[length + -length % 4:]

    def change(self, add):
        self.netlink.send(self.transaction(add))
        error = None
        while error is None:
            error = self.see(self.netlink.recv(65536))
        return error


def main():
    family, table, what, rate = FAMILIES[sys.argv[1]], sys.argv[2], sys.argv[3], float(sys.argv[4])
    writer = Writer(family, table, what, sys.argv[5] if len(sys.argv) > 5 else "c")
    done = []
    signal.signal(signal.SIGTERM, lambda *_: done.append(True))
    count, start = 0, time.monotonic()
    while not done:
        error = writer.change(count % 2 == 0)
        # One of our restores may have deleted the rule.
        if error and what not in ("refused", "rule"):
            sys.exit(f"refused: {error}")
        count += 1
        rest = start + count / rate - time.monotonic()
        if rest > 0:
            time.sleep(rest)
    print(f"{count} changes in {time.monotonic() - start:.1f} s")


main()
