# SPDX-License-Identifier: GPL-2.0-or-later
"""Difficult cases for profile fast, by number: each is run in both profiles, and the output must be the same.

A case is a shell script; its output must also contain each line of `wanted`. ELSEWHERE has the cases that
another test covers.
"""

ELSEWHERE = {
    1: "run hard: duplicates", 2: "run hard: one key, two comments", 3: "run hard: prefixes in a row",
    4: "run hard: longer prefix than the key", 5: "run hard: RETURN", 6: "run hard: goto",
    7: "run hard: jump and back", 8: "run hard: state in a leaf", 9: "run hard: limit before the port",
    10: "run hard: MARK, then mark", 11: "run hard: no target", 12: "run hard: LOG and DROP",
    13: "run hard: one port, three protocols", 17: "run hard: comments", 18: "run hard: comments",
    27: "counts zero list; bats zero.bats with RAVELIN_TEST_BACKEND=nft:fast", 28: "run hard: counters",
    29: "bats fast.bats: leftovers of a killed writer", 30: "bats parallel.bats with RAVELIN_TEST_BACKEND=nft:fast",
    31: "bats fast.bats: changes by others", 33: "traffic rewrite", 34: "traffic leaf",
    40: "broken",
}

# Sends raw packets over loopback: "proto payload-in-hex [more fragments, offset]" per line of stdin.
SEND4 = """ip link set lo up; cat >send.py <<'END'
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for line in sys.stdin:
    proto, data, fragment = line.split()
    data = bytes.fromhex(data)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 7, int(fragment, 16), 64, int(proto), 0,
                       socket.inet_aton("127.0.0.1"), socket.inet_aton("127.0.0.1"))
    try:
        s.sendto(head + data, ("127.0.0.1", 0))
    except OSError:
        pass
END
"""
SEND6 = """ip link set lo up; cat >send.py <<'END'
import socket, struct, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
for line in sys.stdin:
    first, data = line.split()
    data = bytes.fromhex(data)
    head = struct.pack("!IHBB", 6 << 28, len(data), int(first), 64)
    head += socket.inet_pton(socket.AF_INET6, "::1") * 2
    try:
        s.sendto(head + data, ("::1", 0))
    except OSError:
        pass
END
"""


def rules(lines, chains=""):
    return "cat >rules <<'END'\n*filter\n:INPUT ACCEPT [0:0]\n%s%s\nCOMMIT\nEND\n" % (chains, "\n".join(lines))


def ports():
    """Fragments, truncated headers, and ICMP whose type and code are the bytes of a port."""
    lines = ["-A INPUT -p %s --%s %d" % (p, o, n) for p in ("tcp", "udp") for o in ("dport", "sport")
             for n in (2048, 9, 80, 768)]
    lines += ["-A INPUT -p icmp --icmp-type %s" % t for t in ("8/0", "3/0", "0/9", "0/80")] + ["-A INPUT -f"]
    packets = ["17 0009080000080000 0000", "17 0009080000080000 2000", "17 0009080000080000 0001", "6 00500009 0000",
               "17 00090800 0000", "1 0800000000000000 0000", "1 08 0000", "1 0300000000000000 0000",
               "6 000908000000000000000000500200000000 0000", "6 00090800000000000000000050020000000000000000 0000"]
    return SEND4 + rules(lines) + "iptables-restore rules; printf '%s\\n' | python3 send.py; iptables-save -c" % (
        "\\n".join(packets))


def extension_headers():
    """IPv6 with hop-by-hop and destination options before UDP, and keys of 44 bytes."""
    udp = "0009000900080000"
    packets = ["17 " + udp, "0 1100010400000000" + udp, "60 1100010400000000" + udp,
               "0 3c000104000000001100010400000000" + udp, "44 1100000000000001" + udp]
    lines = ["-A INPUT -s ::%d -d ::1 -p udp --sport 9 --dport 9" % i for i in range(1, 9)]
    lines += ["-A INPUT -p %s" % p for p in ("udp", "tcp", "icmpv6", "sctp", "esp")]
    return SEND6 + rules(lines) + "ip6tables-restore rules; printf '%s\\n' | python3 send.py; ip6tables-save -c" % (
        "\\n".join(packets))


def interfaces():
    """-i in a chain that OUTPUT jumps to, where no packet has one; names of 15 letters; "+"."""
    lines = ["-A names -i %s" % n for n in ("lo", "abcdefghijklmno", "eth0", "eth1", "eth2", "eth3", "lo")]
    lines += ["-A names -o lo", "-A names -i +", "-A names -i l+", "-A OUTPUT -j names", "-A INPUT -j names"]
    return rules(lines, ":OUTPUT ACCEPT [0:0]\n:names - [0:0]\n") + (
        "ip link set lo up; iptables-restore rules; ping -c 2 -i 0.2 127.0.0.1 >/dev/null; iptables-save -c")


def names_again():
    """A chain is renamed or deleted, and its name is used again in the same restore."""
    lines = ["-A INPUT -s 10.0.0.%d -j one" % i for i in range(1, 20)] + ["-A one -j ACCEPT"]
    more = ["-E one two", "-N one", "-A one -j DROP", "-A INPUT -s 10.0.1.1 -j one", "-N three", "-A INPUT -j three",
            "-D INPUT -j three", "-X three", "-N three", "-A three -j LOG", "-A INPUT -s 10.0.1.2 -g three"]
    return rules(lines, ":one - [0:0]\n") + "iptables-restore rules; printf '*filter\\n%s\\nCOMMIT\\n' | " \
        "iptables-restore -n; echo $?; iptables-save; iptables -F; iptables -X; iptables-save" % "\\n".join(more)


def deep(depth):
    """Jumps nested as deep as nf_tables allows, and one deeper: leaf chains must not change the limit."""
    chains = "".join(":c%d - [0:0]\n" % i for i in range(depth))
    lines = ["-A INPUT -s 10.0.0.%d -p udp -j c0" % i for i in range(8)]
    lines += ["-A INPUT -s 10.0.0.%d -j DROP" % i for i in range(8)]
    for i in range(depth - 1):
        lines += ["-A c%d -s 10.0.0.%d -p udp -j c%d" % (i, k, i + 1) for k in range(3)] + ["-A c%d -s 10.0.0.1 -j DROP" % i]
    return rules(lines, chains) + "iptables-restore rules 2>/dev/null; echo $?; iptables-save"


def elements(count, step=1):
    """A map with this many elements; with step, all have equal low bits."""
    return "python3 - >rules <<'END'\nprint('*filter\\n:INPUT ACCEPT [0:0]')\nfor i in range(%d):\n" \
        "    n = i * %d\n    print('-A INPUT -s 10.%%d.%%d.%%d/32 -j DROP' %% (n >> 16 & 255, n >> 8 & 255, n & 255))\n" \
        "print('COMMIT')\nEND\niptables-restore rules; iptables-save | sed '/^#/d; /^:[FO]/d' >saved; cmp rules saved; " \
        "echo same $?; wc -l <saved; iptables -A INPUT -s 11.0.0.1 -j DROP; iptables -D INPUT -s 10.0.0.0 -j DROP; " \
        "iptables -S INPUT | tail -1" % (count, step)


def leaves(count):
    """More groups that need a leaf chain than a table may have."""
    return "python3 - >rules <<'END'\nprint('*filter\\n:INPUT ACCEPT [0:0]')\nfor i in range(%d):\n" \
        "    for more in ' -m mark --mark 0x1', '':\n" \
        "        print('-A INPUT -s 10.0.%%d.%%d/32%%s -j DROP' %% (i >> 8, i & 255, more))\n" \
        "print('COMMIT')\nEND\niptables-restore rules; iptables-save | sed '/^#/d; /^:[FO]/d' | cmp rules -; echo same $?; " \
        "nft list chains 2>/dev/null | grep -c ravelin.leaf >&2; true" % count


def in_turn(count):
    """-A and -I 1 alternately."""
    return "for i in $(seq %d); do iptables -A INPUT -s 10.0.$((i / 250)).$((i %% 250)) -j DROP; " \
        "iptables -I INPUT -s 10.1.$((i / 250)).$((i %% 250)) -j ACCEPT; done; iptables -S INPUT" % count


def insert_second(count):
    """-I 2 repeatedly, between the same neighbours; then -I n with increasing n."""
    return "iptables -A INPUT -s 1.1.1.1 -j DROP; iptables -A INPUT -s 2.2.2.2 -j DROP; for i in $(seq %d); do " \
        "iptables -I INPUT 2 -s 10.0.$((i / 250)).$((i %% 250)) -j DROP; done; for i in $(seq 2 2 %d); do " \
        "iptables -I INPUT $i -s 10.1.0.$((i %% 250)) -j ACCEPT; done; iptables -S INPUT" % (count, count)


def replaces():
    """-R between an element, a leaf, a plain rule and other keys."""
    lines = ["-A INPUT -s 10.0.0.%d -j DROP" % i for i in range(1, 13)]
    script = rules(lines) + "iptables-restore rules\n"
    for words in ("-s 10.0.0.5 -j ACCEPT", "-s 10.0.0.5 -p udp -j ACCEPT", "-m mark --mark 1 -j DROP", "-s 10.0.0.4 -j DROP",
                  "-s 10.0.0.6 -j LOG", "-s 10.0.0.0/24 -j RETURN", "-s 10.0.0.5 -m limit --limit 1/s -j DROP",
                  "-s 10.0.0.5 -j REJECT", "-s 10.0.0.5", "! -s 10.0.0.5 -j DROP", "-s 10.0.0.5 -j DROP"):
        script += "iptables -R INPUT 5 %s; echo $?; iptables-save -c | grep -v '^#'\n" % words
        script += "iptables -C INPUT %s; echo $?\n" % words
    return script


def restore_some(rules_before, changes):
    """restore -n with this many changes."""
    return "python3 - >rules <<'END'\nprint('*filter')\nfor i in range(%d):\n" \
        "    print('-A INPUT -s 10.%%d.%%d.%%d/32 -j DROP' %% (i >> 16, i >> 8 & 255, i & 255))\nprint('COMMIT')\nEND\n" \
        "iptables-restore rules; for n in %s; do { echo '*filter'; for i in $(seq $n); do echo \"-I INPUT $((i * 2)) " \
        "-s 11.0.$((i / 250)).$((i %% 250)) -j ACCEPT\"; done; echo \"-D INPUT $n\"; echo COMMIT; } | " \
        "iptables-restore -n; echo $?; iptables-save | grep -v '^#' | md5sum; done; iptables -S INPUT | head -40" % (
            rules_before, " ".join(map(str, changes)))


def interrupted():
    """The kernel refuses the n-th transaction of a command: either nothing or everything is changed."""
    return rules(["-A INPUT -s 10.0.0.%d -j DROP" % i for i in range(1, 40)]) + """
cat >fail.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
static int is_due(void)
{
	static int seen;
	const char *at = getenv("FAIL_AT");

	return at && ++seen == atoi(at);
}
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int) = dlsym(RTLD_NEXT, "sendmsg");

	if (is_due()) {
		errno = atoi(getenv("FAIL_AS"));
		return -1;
	}
	return real(fd, m, flags);
}
END
cc -shared -fPIC -o fail.so fail.c -ldl
for code in 105 12; do for at in 1 2 3; do
	iptables-restore rules; iptables-save -c | grep -v '^#' >before
	FAIL_AT=$at FAIL_AS=$code LD_PRELOAD=$PWD/fail.so iptables -R INPUT 5 -s 10.0.0.7 -p udp -j ACCEPT 2>/dev/null
	iptables-save -c | grep -v '^#' >after
	diff before after >changed; [ $(wc -l <changed) = 0 ] || [ $(grep -c '^[<>]' changed) = 2 ] && echo whole
	iptables -A INPUT -s 10.1.0.1 -j DROP; iptables -D INPUT -s 10.1.0.1 -j DROP
	nft list ruleset | grep -c -e ravelin.mark -e ravelin.gone; done; done"""


def live_nat():
    """A connection with NAT survives a change of the table's profile."""
    return """ip link set lo up
iptables -t nat -A PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 82
for i in $(seq 90 130); do iptables -t nat -A OUTPUT -p tcp --dport $i -j REDIRECT --to-ports 82; done
cat >talk.py <<'END'
import socket, subprocess
server = socket.create_server(("127.0.0.1", 82))
client = socket.create_connection(("127.0.0.1", 100))
other, _ = server.accept()
for profile in ("compat", "fast", "compat", "fast"):
    subprocess.run(["ravelin", "profile", "-t", "nat", profile], stdout=subprocess.DEVNULL, check=True)
    client.sendall(b"x")
    assert other.recv(1) == b"x"
    other.sendall(b"y")
    assert client.recv(1) == b"y"
    more = socket.create_connection(("127.0.0.1", 101))
    server.accept()
print("talked")
END
PATH=$PATH:${PATH%%:*}/.. python3 talk.py; iptables -t nat -S"""


def small():
    """In a user namespace, where socket buffers cannot be enlarged."""
    return "python3 - >rules <<'END'\nprint('*filter\\n:INPUT ACCEPT [0:0]')\nfor i in range(3000):\n" \
        "    print('-A INPUT -s 10.0.%d.%d/32 -j DROP' % (i >> 8, i & 255))\nprint('COMMIT')\nEND\n" \
        "unshare -Urn sh -c 'iptables-restore rules; echo $?; iptables-save | sed \"/^#/d; /^:[FO]/d\" | cmp rules -; " \
        "echo same $?; iptables -R INPUT 7 -s 10.9.0.1 -p udp -j DROP; echo $?; iptables -S INPUT 7'; " \
        "iptables -A INPUT -s 1.2.3.4; iptables -S INPUT"


def million():
    """One million rules, saved at once."""
    return elements(1000000)


def mixed():
    """Rules of many kinds: the longest path is no longer than without lookups."""
    lines = []
    for i in range(60):
        lines += ["-A INPUT -s 10.%d.0.0/%d -p tcp --dport %d:%d -j ACCEPT" % (i, 12 + i % 12, i, i + 9),
                  "-A INPUT ! -d 10.0.%d.0/24 -m multiport -p udp --dports %d,%d -j DROP" % (i, i + 1, i + 2),
                  "-A INPUT -d 10.0.0.%d -j RETURN" % i]
    return rules(lines) + "iptables-restore rules; iptables-save -c | grep -v '^#'; ${PATH%%:*}/../ravelin compile rules | " \
        "sed -n '1s/.*longest path: \\([0-9]*\\) rules, compiled: \\([0-9]*\\) rules and lookups: \\([0-9]*\\).*/\\1 \\2 \\3/p' | " \
        "{ read -r a b c; [ $((b + c)) -le $a ] && echo no longer; }"


def again():
    """A table that is saved and restored has the same plan."""
    return rules(["-A INPUT -s 10.0.0.%d -p tcp --dport %d -j DROP" % (i % 40, i) for i in range(120)]) + \
        "plan() { nft list ruleset 2>/dev/null | grep -c -e 'map ravelin' -e 'chain ravelin'; " \
        "nft -s list chain ip $(nft list tables | grep -o '[a-z-]*filter') INPUT 2>/dev/null | " \
        "sed -E 's/[.][0-9a-f]{16}/.ID/g; s/\"[0-9a-f]{16} /\"/g'; }\n" \
        "iptables-restore rules; plan >a; iptables-save >saved; iptables-restore saved; plan >b; cmp a b; echo same $?; iptables-save"


# Number, name, script, required lines of output.
CASES = [
    (14, "fragments, cut headers, ICMP", ports, ()),
    (15, "IPv6 extension headers, keys of 44 bytes", extension_headers, ()),
    (16, "interfaces from OUTPUT, long names, +", interfaces, ()),
    (19, "names used again in one restore", names_again, ("0",)),
    (20, "jumps 15 deep", lambda: deep(15), ()), (20, "jumps 16 deep", lambda: deep(16), ()),
    (20, "jumps 17 deep", lambda: deep(17), ()),
    (21, "16,384 elements", lambda: elements(16384), ("same 0", "-A INPUT -s 11.0.0.1/32 -j DROP")),
    (21, "16,385 elements", lambda: elements(16385), ("same 0", "-A INPUT -s 11.0.0.1/32 -j DROP")),
    (21, "elements alike in their low bits", lambda: elements(20000, 256), ("same 0",)),
    (22, "8,193 leaves", lambda: leaves(8193), ("same 0",)),
    (23, "-A and -I in turn", lambda: in_turn(SIZE(150, 10000)), ()),
    (24, "-I 2 and -I n", lambda: insert_second(SIZE(150, 20000)), ()),
    (25, "-R between forms", replaces, ("0",)),
    (26, "restore -n with few and many changes", lambda: restore_some(SIZE(3000, 100000), (1, 2, SIZE(500, 5000))), ("0",)),
    (32, "ENOBUFS and ENOMEM in each transaction", interrupted, ("whole",)),
    (35, "profile switch with live NAT", live_nat, ("talked",)),
    (36, "user namespace, small buffers", small, ("same 0",)),
    (37, "one million rules", million, ("same 0",)),
    (38, "mixed rules", mixed, ("no longer",)),
    (39, "plan of a plan", again, ("same 0",)),
]
LONG = {37}


def SIZE(short, long):
    return long if LARGE else short


LARGE = False


def table():
    """Number and test of each case."""
    rows = sorted([(number, "run adversarial: " + name) for number, name, _, _ in CASES] + list(ELSEWHERE.items()))
    return "".join("%2d  %s\n" % row for row in rows)
