# SPDX-License-Identifier: GPL-2.0-or-later
"""Random packets, and captures of them. The same random generator yields the same packets.

    packets.py SEED COUNT 4|6 FILE        writes a capture, a third of it malformed
"""

import os
import random
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "bats"))
sys.dont_write_bytecode = True

from packet import Packet  # noqa: E402

# Few values, so that packets match the rules, which use the same.
SOURCES = {4: ("10.1.0.8", "10.1.0.9", "10.1.7.5", "10.1.255.1"),
           6: ("fd00:1::8", "fd00:1::9", "fd00:1:0:7::5", "fd00:1:ffff::1")}
DESTINATIONS = {4: ("10.2.0.8", "10.2.0.9", "10.22.1.1"),
                6: ("fd00:2::8", "fd00:2::9", "fd00:22::1:1")}
PORTS = (1, 22, 53, 80, 81, 443, 1024, 4000, 65535)
FLAGS = ("SYN", "SYN,ACK", "ACK", "FIN,ACK", "RST", "PSH,ACK", "FIN,SYN", "FIN,PSH,URG", "NONE",
         "SYN,ECE,CWR")
# TCP options: none, MSS, MSS and window scale, SACK permitted with padding, timestamps.
OPTIONS = ("", "020405b4", "02040218010303070101", "0402", "0101080a0000000100000000")
# High enough that no router answers with an error.
TTLS = (10, 20, 63, 64, 65, 128, 255)
TOSES = (0, 4, 8, 16, 32, 46 << 2, 1, 2, 3, 184 | 1, 255)
DATA = ("", "hello", "GET /index.html HTTP/1.0", "x" * 60, "abcabcabd", "hello" * 20)
ICMP = {4: ((8, 0), (0, 0), (13, 0), (8, 3)), 6: ((128, 0), (129, 0), (128, 5))}
# Headers of IPv6: destination options, a routing header that is used up, hop-by-hop.
CHAINS = ("60:0000010400000000", "60:0001010c000000000000000000000000", "43:0000030000000000",
          "0:0000010400000000")
MACS = ("02:00:00:00:00:0c", "02:00:00:00:00:0d")


class Packets:
    def __init__(self, rng, ipv, fragments=True):
        self.rng = rng
        self.ipv = ipv
        self.fragments = fragments

    def choose(self, values):
        return self.rng.choice(values)

    def odds(self, percent):
        return self.rng.randrange(100) < percent

    def transport(self):
        kind = self.choose(("tcp", "tcp", "tcp", "udp", "udp", "icmp", "47", "132", "136"))
        words = ["proto=" + kind]
        if kind in ("tcp", "udp"):
            words += ["sport=%d" % self.choose(PORTS), "dport=%d" % self.choose(PORTS)]
        if kind == "tcp":
            words += ["flags=" + self.choose(FLAGS), "opt=" + self.choose(OPTIONS)]
        if kind == "icmp":
            words += ["type=%d" % self.choose(ICMP[self.ipv])[0], "code=%d" % self.choose((0, 0, 1))]
        if kind in ("132", "136"):
            # Ports at the same offset as in TCP and UDP.
            words.append("hex=%04x%04x0008000000000000" % (self.choose(PORTS), self.choose(PORTS)))
        elif kind == "47":
            words.append("hex=0000080000000000")
        else:
            words.append("data=" + self.choose(DATA).replace(" ", "_"))
        return words

    def words(self):
        """One packet with packet.py's fields."""
        words = ["ipv=%d" % self.ipv, "src=" + self.choose(SOURCES[self.ipv]),
                 "dst=" + self.choose(DESTINATIONS[self.ipv]), "ttl=%d" % self.choose(TTLS),
                 "tos=%d" % self.choose(TOSES), "smac=" + self.choose(MACS),
                 "dmac=02:00:00:00:00:fc"] + self.transport()
        if self.ipv == 6 and self.odds(15):
            words.append("chain=" + self.choose(CHAINS))
        # Of TCP and the like nf_tables takes bytes of a later fragment for ports (its quick path does
        # not ask), and a first one that ends within the header for whole; the engine is as careful
        # as xt_tcp.
        if self.ipv == 4 and self.fragments and ("proto=icmp" in words or "proto=47" in words) and self.odds(25):
            words.append("frag=" + self.choose(("first", "rest")))
        return words

    def frame(self):
        return Packet(self.words()).frame()

    def spoilt(self, frame):
        """A malformed frame: truncated or with random bytes."""
        data = bytearray(frame)
        if self.odds(40):
            del data[self.rng.randrange(len(data)):]
        for _ in range(self.rng.randrange(4)):
            if data:
                data[self.rng.randrange(len(data))] = self.choose((0, 1, 0x45, 0x60, 0xff, self.rng.randrange(256)))
        return bytes(data)


def head(link=1, snap=65535):
    """The header of a capture in microseconds; link 1 is Ethernet, 101 raw IP, 113 cooked."""
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap, link)


def record(data, number, snap=65535, length=None):
    """A packet of a capture, one millisecond after the one before."""
    part = data[:snap]
    return struct.pack("<IIII", 1700000000 + number // 1000, number % 1000 * 1000, len(part),
                       length if length is not None else len(data)) + part


def capture(frames, link=1, snap=65535):
    return head(link, snap) + b"".join(record(f, i, snap) for i, f in enumerate(frames))


def main(seed, count, ipv, name):
    maker = Packets(random.Random(int(seed)), int(ipv))
    frames = [maker.frame() for _ in range(int(count))]
    frames = [maker.spoilt(f) if maker.odds(33) else f for f in frames]
    with open(name, "wb") as file:
        file.write(capture(frames))


if __name__ == "__main__":
    main(*sys.argv[1:])
