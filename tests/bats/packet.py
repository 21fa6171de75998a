# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets for the suites that ping and nc cannot send, and a service that reports its clients.

sender READY FIFO      sends one Ethernet frame for each line of FIELD=VALUE... from the named pipe
answer FIELD=VALUE...  sends one such frame and prints the reply, or "silence"
serve READY NAME PORT...  TCP and UDP service on these ports, IPv4 and IPv6
                       (sender and serve create the file READY when they are ready)
ask tcp|udp ADDR PORT [SOURCE-PORT] [SECONDS]
                       asks such a service with an ordinary socket

Fields: dev smac dmac ipv src dst, proto=tcp|udp|icmp|NUMBER, sport dport,
flags=SYN,ACK, opt=HEX (TCP options), seq ack, type code (ICMP), about=PROTO:SPORT:DPORT
(packet quoted by an ICMP error), data=TEXT, line=TEXT (ends in CR LF, _ is a blank),
bad=1 (wrong checksum), frag=first|rest (IPv4), ttl (hop limit),
hex=HEX (payload without a transport header), chain=NUMBER:HEX,... (headers after the IP header,
sent unchanged except that the first byte is set to the next header),
tos (traffic class), times=N, wait=SECONDS.
"""

import errno
import os
import selectors
import socket
import struct
import sys
import time

TCP_FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32,
             "ECE": 64, "CWR": 128, "NONE": 0}
NUMBERS = {"tcp": 6, "udp": 17}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Packet:
    def __init__(self, words):
        fields = dict(word.split("=", 1) for word in words)
        self.field = fields
        self.v6 = fields["ipv"] == "6"
        self.family = socket.AF_INET6 if self.v6 else socket.AF_INET
        self.src = socket.inet_pton(self.family, fields["src"])
        self.dst = socket.inet_pton(self.family, fields["dst"])
        proto = fields.get("proto", "udp")
        if proto == "icmp":
            self.proto = 58 if self.v6 else 1
        else:
            self.proto = NUMBERS.get(proto) or int(proto)

    def number(self, name, default=0):
        return int(self.field.get(name, default))

    def with_checksum(self, segment, offset, pseudo=True):
        head = b""
        if pseudo and self.v6:
            head = self.src + self.dst + struct.pack("!II", len(segment), self.proto)
        elif pseudo:
            head = self.src + self.dst + struct.pack("!HH", self.proto, len(segment))
        value = checksum(head + segment) ^ self.number("bad")
        return segment[:offset] + struct.pack("!H", value) + segment[offset + 2:]

    def segment(self):
        data = self.field.get("data", "ravelin!").encode()
        if "hex" in self.field:
            return bytes.fromhex(self.field["hex"])
        if "line" in self.field:
            data = self.field["line"].replace("_", " ").encode() + b"\r\n"
        sport, dport = self.number("sport", 4000), self.number("dport", 4000)
        if self.proto == 6:
            options = bytes.fromhex(self.field.get("opt", ""))
            options += b"\0" * (-len(options) % 4)
            flags = sum(TCP_FLAGS[flag] for flag in self.field.get("flags", "SYN").split(","))
            head = struct.pack("!HHIIBBHHH", sport, dport, self.number("seq", 1000),
                               self.number("ack"), (20 + len(options)) // 4 << 4,
                               flags, 8192, 0, 0)
            payload = data if "data" in self.field or "line" in self.field else b""
            return self.with_checksum(head + options + payload, 16)
        if self.proto == 17:
            return self.with_checksum(struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data, 6)
        if self.proto in (1, 58):
            echo = 128 if self.v6 else 8
            head = struct.pack("!BBHHH", self.number("type", echo), self.number("code"), 0,
                               self.number("id", 1), 1)
            # An ICMP error quotes the start of the packet.
            inner = self.field.get("about")
            if inner:
                data = Packet(self.about(inner)).datagram()
            return self.with_checksum(head + data, 2, self.v6)
        return data

    def about(self, text):
        """The inner packet of an ICMP error: 'udp:SPORT:DPORT', sent by our dst to our src
        unless specified otherwise."""
        words = text.split(":")
        return ["ipv=" + self.field["ipv"], "src=" + self.field.get("osrc", self.field["dst"]),
                "dst=" + self.field.get("odst", self.field["src"]), "proto=" + words[0],
                "sport=" + words[1], "dport=" + words[2]]

    def chain(self, body):
        """The number of the first header behind IP, and all that follows IP."""
        following = self.proto
        for header in reversed(self.field.get("chain", "").split(",")):
            if header:
                number, content = header.split(":")
                body = bytes([following]) + bytes.fromhex(content)[1:] + body
                following = int(number)
        return following, body

    def datagram(self):
        proto, body = self.chain(self.segment())
        ttl, tos = self.number("ttl", 64), self.number("tos")
        if self.v6:
            return struct.pack("!IHBB", 6 << 28 | tos << 20, len(body), proto, ttl) + self.src + self.dst + body
        # frag=first: offset 0, more fragments; frag=rest: all but the first 16 bytes.
        offset = {"first": 0x2000, "rest": 2}.get(self.field.get("frag"), 0)
        if offset == 0x2000:
            body = body[:16].ljust(16, b"\0")
        elif offset:
            body = b"rest of datagram"
        head = struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(body), os.getpid() & 0xFFFF, offset,
                           ttl, proto, 0) + self.src + self.dst
        return self.with_checksum(head, 10, False) + body

    def frame(self):
        mac = b"".join(bytes.fromhex(self.field[end].replace(":", "")) for end in ("dmac", "smac"))
        return mac + struct.pack("!H", 0x86DD if self.v6 else 0x0800) + self.datagram()


ETH_P_ALL = 3


def link(packet, protocol):
    """A packet socket; protocol 0 receives nothing."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((packet.field["dev"], protocol))
    return sock


def sender(words):
    ready, fifo = words
    links = {}
    # Open for writing as well: no end of file when a writer closes the pipe.
    with open(os.open(fifo, os.O_RDWR), encoding="ascii") as lines:
        open(ready, "w").close()
        for line in lines:
            packet = Packet(line.split())
            device = packet.field["dev"]
            if device not in links:
                links[device] = link(packet, 0)
            for _ in range(packet.number("times", 1)):
                links[device].send(packet.frame())


def describe(frame, packet):
    """One line about a received IP packet, or None if it is not one of ours."""
    kind, = struct.unpack("!H", frame[12:14])
    ip = frame[14:]
    if kind == 0x86DD and packet.v6:
        proto, src, dst, body = ip[6], ip[8:24], ip[24:40], ip[40:]
    elif kind == 0x0800 and not packet.v6:
        proto, src, dst, body = ip[9], ip[12:16], ip[16:20], ip[(ip[0] & 15) * 4:]
    else:
        return None
    if dst != packet.src:
        return None
    who = socket.inet_ntop(packet.family, src)
    if proto in (1, 58):
        return "icmp %d/%d from %s" % (body[0], body[1], who)
    if proto == 6:
        names = [name for name, bit in TCP_FLAGS.items() if body[13] & bit]
        return "tcp %s from %s" % (",".join(names), who)
    return "protocol %d from %s" % (proto, who)


def answer(words):
    packet = Packet(words)
    sock = link(packet, ETH_P_ALL)
    sock.send(packet.frame())
    deadline = time.monotonic() + float(packet.field.get("wait", 2))
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            print("silence")
            return
        sock.settimeout(left)
        try:
            frame, where = sock.recvfrom(4096)
        except TimeoutError:
            continue
        line = where[2] != socket.PACKET_OUTGOING and describe(frame, packet)
        if line:
            print(line)
            return


def plain(address):
    return address[7:] if address.startswith("::ffff:") else address


class Service:
    """One port, TCP and UDP. The UDP socket requests each packet's destination address:
    a redirected packet must be answered from there."""

    def __init__(self, name, port, selector):
        self.name = name
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                sock = socket.socket(family, kind)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    sock.setsockopt(socket.IPPROTO_IPV6, 49, 1)  # IPV6_RECVPKTINFO
                    sock.setsockopt(socket.IPPROTO_IPV6, 75, 1)  # IPV6_TRANSPARENT: may serve others' addresses
                else:
                    sock.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
                    sock.setsockopt(socket.IPPROTO_IP, 19, 1)  # IP_TRANSPARENT
                sock.bind((any_address, port))
                if kind == socket.SOCK_STREAM:
                    sock.listen(16)
                selector.register(sock, selectors.EVENT_READ, self)
        self.port = port

    def said(self, peer, local):
        return ("%s saw %s %d at %s %d\n" % (self.name, peer[0], peer[1], local, self.port)).encode()

    def serve(self, sock):
        if sock.type == socket.SOCK_STREAM:
            conn, peer = sock.accept()
            with conn:
                conn.sendall(self.said(peer, conn.getsockname()[0]))
            return
        _, control, _, peer = sock.recvmsg(4096, 256)
        info = control[0]
        if sock.family == socket.AF_INET:
            local = socket.inet_ntop(socket.AF_INET, info[2][8:12])
        else:
            local = socket.inet_ntop(socket.AF_INET6, info[2][:16])
        # The same control message selects the source address of the answer; index 0: by routing.
        if sock.family == socket.AF_INET:
            back = struct.pack("i", 0) + info[2][8:12] + info[2][8:12]
        else:
            back = info[2][:16] + struct.pack("i", 0)
        sock.sendmsg([self.said(peer, local)], [(info[0], 50 if info[0] == 41 else 8, back)], 0, peer)


def serve(words):
    ready, name, ports = words[0], words[1], words[2:]
    selector = selectors.DefaultSelector()
    for port in ports:
        Service(name, int(port), selector)
    open(ready, "w").close()
    while True:
        for key, _ in selector.select():
            try:
                key.data.serve(key.fileobj)
            except OSError:
                pass  # the client closed the connection


def ask(words):
    kind, address, port = words[0], words[1], int(words[2])
    source = int(words[3]) if len(words) > 3 else 0
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.settimeout(float(words[4]) if len(words) > 4 else 2)
    sock.bind(("", source))
    try:
        sock.connect((address, port))
        if kind == "udp":
            sock.send(b"who?")
        print(sock.recv(4096).decode().strip() or "closed")
    except TimeoutError:
        print("silence")
    except ConnectionRefusedError:
        print("refused")
    except OSError as error:
        print(errno.errorcode[error.errno])


if __name__ == "__main__":
    {"sender": sender, "answer": answer, "serve": serve, "ask": ask}[sys.argv[1]](sys.argv[2:])
