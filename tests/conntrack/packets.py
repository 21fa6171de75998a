# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets of random connections, from a seed, and captures of them."""

import ipaddress
import random
import struct
import sys

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ICMP, TCP, UDP, GRE, ICMPV6 = 1, 6, 17, 47, 58


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(src, dst, proto, length):
    return src + dst + (struct.pack("!BBH", 0, proto, length) if len(src) == 4 else struct.pack("!IHBB", length, 0, 0, proto))


def ip(src, dst, proto, body, number, at=None):
    """An IP packet; at: offset of its transport checksum. number identifies it: identification or flow label."""
    if at is not None:
        covered = b"" if proto == ICMP else pseudo(src, dst, proto, len(body))
        total = checksum(covered + body)
        body = body[:at] + struct.pack("!H", total or 0xffff) + body[at + 2:]
    if len(src) == 16:
        return struct.pack("!IHBB", 6 << 28 | number, len(body), proto, 64) + src + dst + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number, 0x4000, 64, proto, 0) + src + dst
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def tcp(sport, dport, seq, ack, flags, window, options=b"", data=b""):
    options += b"\1" * (-len(options) % 4)
    return struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff, (5 + len(options) // 4) << 4, flags,
                       window, 0, 0) + options + data


class End:
    """One end of a TCP connection, which mostly follows the protocol."""

    def __init__(self, rng):
        self.next = self.first = rng.getrandbits(32)
        self.got = 0
        self.window = rng.choice((0, 1, 500, 8000, 65535))
        self.scale = rng.choice((None, None, 0, 2, 7, 14, 20))
        self.sack = rng.random() < 0.5


class Connections:
    """An endless sequence of (from client, packet) of a few random connections."""

    def __init__(self, seed, family):
        self.rng = random.Random(seed)
        self.v4 = family == 4
        net = ("10.9.0.%d", "10.9.1.%d") if self.v4 else ("fd09::%x", "fd09:1::%x")
        self.clients = [ipaddress.ip_address(net[0] % n).packed for n in range(2, 5)]
        self.servers = [ipaddress.ip_address(net[1] % n).packed for n in range(2, 4)]
        self.flows = []
        self.sent = []
        self.number = 0

    def send(self, out, src, dst, proto, body, at=None):
        self.number += 1
        packet = ip(src, dst, proto, body, self.number, at)
        self.sent = self.sent[-50:] + [(out, packet)]
        return out, packet

    # ---- TCP

    def new_tcp(self):
        rng = self.rng
        return {"kind": self.next_tcp, "client": rng.choice(self.clients), "server": rng.choice(self.servers),
                "ports": (rng.choice((1000, 1001, 1002)), rng.choice((80, 443))), "ends": (End(rng), End(rng)), "step": 0}

    def next_tcp(self, f):
        """Usually the next segment that TCP would send, sometimes with a random change."""
        rng = self.rng
        out = rng.random() < 0.5
        if f["step"] < 3 and rng.random() < 0.9:
            out = f["step"] != 1
        me, peer = f["ends"] if out else f["ends"][::-1]
        flags, data, options = ACK, b"", b""
        if f["step"] < 2 and rng.random() < 0.95:
            flags = SYN if f["step"] == 0 else SYN | ACK
            options = self.syn_options(me)
        elif f["step"] > 2:
            flags = rng.choice((ACK, ACK, ACK, ACK | PSH, ACK | PSH, FIN | ACK, FIN | ACK, RST, RST | ACK, SYN) if rng.random() < 0.5
                               else (ACK, ACK | PSH))
            data = bytes(rng.choice((0, 1, 100, 500))) if flags & PSH else b""
        seq, ack, window = me.next, me.got if flags & ACK else 0, me.window
        wild = rng.random() < 0.25
        if wild:
            seq, ack, flags, window = self.disturb(seq, ack, flags, window)
        if me.sack and rng.random() < 0.1 and not flags & SYN:
            options = struct.pack("!BBBBII", 1, 1, 5, 10, peer.next - rng.choice((0, 10, -10)), peer.next + rng.choice((0, 10, 1000)) & 0xffffffff) \
                if peer.next > 1000 and peer.next < 0xf0000000 else b""
        if not wild:
            me.next = (me.next + len(data) + bool(flags & SYN) + bool(flags & FIN)) & 0xffffffff
            if rng.random() < 0.95:
                peer.got = me.next
            f["step"] += 1
        ends = (f["client"], f["server"]) if out else (f["server"], f["client"])
        ports = f["ports"] if out else f["ports"][::-1]
        return self.send(out, *ends, TCP, tcp(*ports, seq, ack, flags, window, options, data), 16)

    def syn_options(self, end):
        options = struct.pack("!BBH", 2, 4, 1460)
        if end.scale is not None:
            options += struct.pack("!BBBB", 3, 3, end.scale, 1)
        if end.sack:
            options += b"\4\2\1\1"
        return options

    def disturb(self, seq, ack, flags, window):
        rng = self.rng
        what = rng.randrange(5)
        near = rng.choice((-70000, -8000, -500, -1, 1, 2, 500, 8000, 20000, 70000, 0x7fffffff))
        if what == 0:
            seq += near
        elif what == 1:
            ack += near
        elif what == 2:
            flags = rng.choice((SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK, 0, FIN, SYN | FIN, ACK | URG, SYN | RST))
        elif what == 3:
            window = rng.choice((0, 1, 65535))
        else:
            seq, ack = rng.getrandbits(32), rng.getrandbits(32)
        return seq, ack, flags, window

    # ---- others

    def new_udp(self):
        rng = self.rng
        return {"kind": self.next_udp, "client": rng.choice(self.clients), "server": rng.choice(self.servers),
                "ports": (rng.choice((53, 5000, 0)), rng.choice((53, 123)))}

    def next_udp(self, f):
        rng = self.rng
        out = rng.random() < 0.5
        ends = (f["client"], f["server"]) if out else (f["server"], f["client"])
        ports = f["ports"] if out else f["ports"][::-1]
        data = b"x" * rng.randrange(30)
        length = 8 + len(data) if rng.random() < 0.95 else rng.choice((0, 7, 1000))
        return self.send(out, *ends, UDP, struct.pack("!HHHH", *ports, length, 0) + data, 6)

    def new_icmp(self):
        rng = self.rng
        return {"kind": self.next_icmp, "client": rng.choice(self.clients), "server": rng.choice(self.servers), "id": rng.randrange(3)}

    def next_icmp(self, f):
        rng = self.rng
        out = rng.random() < 0.6
        ends = (f["client"], f["server"]) if out else (f["server"], f["client"])
        requests = ((8, 0), (13, 14), (17, 18), (15, 16)) if self.v4 else ((128, 129), (139, 140))
        kind = rng.choice(requests)[not out] if rng.random() < 0.9 else rng.randrange(256)
        while not self.v4 and 130 <= kind <= 137 or kind == 143:
            kind = rng.randrange(256)
        if rng.random() < 0.2 and self.sent:
            return self.error(*rng.choice(self.sent))
        return self.send(out, *ends, ICMP if self.v4 else ICMPV6, struct.pack("!BBHHH", kind, 0, 0, f["id"], 1), 2)

    def error(self, out, cause):
        """An ICMP error about a packet, from the side that received it."""
        rng = self.rng
        src, dst = (cause[12:16], cause[16:20]) if self.v4 else (cause[8:24], cause[24:40])
        kind = rng.choice((3, 4, 5, 11, 12) if self.v4 else (1, 2, 3, 4))
        to = src if rng.random() < 0.8 else rng.choice(self.clients if out else self.servers)
        inner = cause[:rng.choice((20, 28, 40, 48, 60))]
        return self.send(not out, dst, to, ICMP if self.v4 else ICMPV6, struct.pack("!BBHI", kind, 0, 0, 0) + inner, 2)

    def new_other(self):
        rng = self.rng
        return {"kind": self.next_other, "client": rng.choice(self.clients), "server": rng.choice(self.servers),
                "proto": rng.choice((GRE, 89, 50, 253))}

    def next_other(self, f):
        out = self.rng.random() < 0.5
        ends = (f["client"], f["server"]) if out else (f["server"], f["client"])
        return self.send(out, *ends, f["proto"], struct.pack("!HHII", 0, 0x800, 0, 0))

    def __iter__(self):
        makers = (self.new_tcp, self.new_tcp, self.new_tcp, self.new_tcp, self.new_udp, self.new_udp, self.new_icmp, self.new_other)
        while True:
            if len(self.flows) < 8 or self.rng.random() < 0.03:
                self.flows = self.flows[-7:] + [self.rng.choice(makers)()]
            f = self.rng.choice(self.flows)
            yield f["kind"](f)


def capture(path, packets):
    """packets: (nanoseconds, bytes), as IP without link layer."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 101))
        for when, packet in packets:
            out.write(struct.pack("<IIII", when // 10**9, when % 10**9, len(packet), len(packet)) + packet)


def main(seed, family, count, path):
    """Writes the input of tests/fuzz/fuzz_ct.c: a length byte before each packet."""
    source = iter(Connections(int(seed), int(family)))
    with open(path, "wb") as out:
        for _ in range(int(count)):
            packet = next(source)[1][:0xef]
            out.write(bytes([len(packet)]) + packet)


if __name__ == "__main__":
    main(*sys.argv[1:])
