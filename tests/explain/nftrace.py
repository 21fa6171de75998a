# SPDX-License-Identifier: GPL-2.0-or-later
"""
Reads what nf_tables did with each packet from trace messages (linux/netfilter/nf_tables.h, NFTA_TRACE_*).
A packet is identified by its source port or ICMP identifier: BASE plus its number.
"""
import errno, os, socket, struct, time

BASE = 1024
TABLE = "agree"
NETLINK_NETFILTER, NFNLGRP_NFTRACE, SO_RCVBUFFORCE, NETLINK_ADD_MEMBERSHIP, SOL_NETLINK = 12, 9, 33, 1, 270
NLMSG_ERROR, NLMSG_DONE, REQUEST, ACK, DUMP = 2, 3, 1, 4, 0x300
GETRULE, TRACE, CT_DELETE = 10 << 8 | 7, 10 << 8 | 17, 1 << 8 | 2
POLICY = 1

# A separate table with the earliest priority enables tracing, also for packets sent by this host.
RULESET = f"""table inet {TABLE} {{
	chain in {{ type filter hook prerouting priority -500; meta nftrace set 1; }}
	chain out {{ type filter hook output priority -500; meta nftrace set 1; }}
}}
"""


def attributes(data):
    found, at = {}, 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            break
        found[kind & 0x3fff] = data[at + 4:at + length]
        at += length + 3 & ~3
    return found


def messages(data):
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        yield kind, data[at + 16:at + length]
        at += length + 3 & ~3


def text(data):
    return data.rstrip(b"\0").decode()


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


class Netlink:
    """A netlink socket in the caller's network namespace."""

    def __init__(self, trace=False):
        self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.s.bind((0, 0))
        if trace:
            self.s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 27)
            self.s.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTRACE)
            self.s.setblocking(False)

    def request(self, kind, flags, family, payload=b""):
        body = struct.pack("=BBH", family, 0, 0) + payload
        self.s.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | flags, 1, 0) + body)
        while True:
            for kind, data in messages(self.s.recv(1 << 20)):
                if kind == NLMSG_DONE:
                    return
                if kind == NLMSG_ERROR:
                    code = -struct.unpack_from("=i", data)[0]
                    if code and code != errno.ENOENT:
                        raise OSError(code, os.strerror(code))
                    return
                yield data[4:]

    def handles(self, family):
        """(table, chain, number) of each rule by (table, handle)."""
        found, number = {}, {}
        for data in self.request(GETRULE, DUMP, family):
            a = attributes(data)
            table, chain = text(a[1]), text(a[2])
            number[table, chain] = number.get((table, chain), 0) + 1
            found[table, struct.unpack("!Q", a[3])[0]] = (table, chain, number[table, chain])
        return found

    def forget_connections(self):
        list(self.request(CT_DELETE, ACK, socket.AF_UNSPEC))

    def events(self):
        while True:
            try:
                data = self.s.recv(1 << 20)
            except BlockingIOError:
                return
            for kind, body in messages(data):
                if kind == TRACE:
                    yield attributes(body[4:])


def number_of(a):
    """The number of the packet in the first message of a base chain, else None."""
    head, th = a[8], a.get(9, b"")
    proto = head[6] if head[0] >> 4 == 6 else head[9]
    if len(th) < 8:
        return None
    at = 0 if proto in (6, 17) else 4
    return struct.unpack_from("!H", th, at)[0] - BASE


class Traces:
    """The rules and policies that packets traversed, in order: (table, chain, number or "policy", verdict code)."""

    def __init__(self, socket, handles):
        self.socket, self.handles, self.of, self.seen, self.current = socket, handles, {}, set(), {}

    def take(self, a):
        ident, table = a[6], text(a[1])
        if 8 in a:
            self.current[ident] = number_of(a)
        number = self.current.get(ident)
        if number is None:
            return
        self.seen.add(number)
        if table == TABLE:
            return
        kind, = struct.unpack("!I", a[4])
        if kind == POLICY:
            place, code = (table, text(a[2]), "policy"), struct.unpack("!I", a[16])[0]
        elif 3 in a:    # the end of a chain has no rule
            place = self.handles[table, struct.unpack("!Q", a[3])[0]]
            code, = struct.unpack("!i", attributes(a[5])[1])
        else:
            return
        self.of.setdefault(number, []).append((*place, code))

    def wait(self, numbers, seconds=5):
        """Waits until each packet was traced and no more messages arrive."""
        end, quiet = time.monotonic() + seconds, 0
        while time.monotonic() < end and quiet < 2:
            any_came = False
            for a in self.socket.events():
                any_came = True
                self.take(a)
            quiet = quiet + 1 if not any_came and self.seen >= numbers else 0
            time.sleep(0.005)
        return self.seen >= numbers
