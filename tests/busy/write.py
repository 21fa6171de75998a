#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""write.py FAMILY TABLE WHAT RATE [CHAIN]: changes a table of nf_tables RATE times a second.

WHAT is element (of a set "s" of ipv4_addr), rule (in CHAIN) or chain: one is added, then it is
deleted, and so on until SIGTERM; then the number of changes is printed. Messages are built by hand
(linux/netfilter/nf_tables.h), since starting nft takes longer than a change may.
"""
import signal
import socket
import struct
import sys
import time

NEWCHAIN, DELCHAIN, NEWRULE, DELRULE, NEWSETELEM, DELSETELEM = 3, 5, 6, 8, 12, 14
SUBSYSTEM, BEGIN, END = 10, 0x10, 0x11
REQUEST, ACK, CREATE, APPEND = 1, 4, 0x400, 0x800
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


def batch(kind, flags, family, payload):
    return (message(BEGIN, 0, 0, resource=SUBSYSTEM) + message(SUBSYSTEM << 8 | kind, flags | ACK, family, payload)
            + message(END, 0, 0, resource=SUBSYSTEM))


def changes(family, table, what, chain):
    """The two transactions that take turns."""
    if what == "element":
        key = nest(1, attribute(1, socket.inet_aton("192.0.2.77")))
        payload = text(1, table) + text(2, "s") + nest(3, nest(1, key))
        return batch(NEWSETELEM, CREATE, family, payload), batch(DELSETELEM, 0, family, payload)
    if what == "chain":
        payload = text(1, table) + text(3, "comes-and-goes")
        return batch(NEWCHAIN, CREATE, family, payload), batch(DELCHAIN, 0, family, payload)
    payload = text(1, table) + text(2, chain)
    return (batch(NEWRULE, CREATE | APPEND, family, payload + nest(4)), batch(DELRULE, 0, family, payload))


def main():
    family, table, what, rate = FAMILIES[sys.argv[1]], sys.argv[2], sys.argv[3], float(sys.argv[4])
    pair = changes(family, table, what, sys.argv[5] if len(sys.argv) > 5 else "c")
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    netlink.bind((0, 0))
    done = []
    signal.signal(signal.SIGTERM, lambda *_: done.append(True))
    count, start = 0, time.monotonic()
    while not done:
        netlink.send(pair[count % 2])
        error = struct.unpack_from("=i", netlink.recv(4096), 16)[0]
        if error:
            sys.exit(f"refused: {error}")
        count += 1
        rest = start + count / rate - time.monotonic()
        if rest > 0:
            time.sleep(rest)
    print(f"{count} changes in {time.monotonic() - start:.1f} s")


main()
