#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin run: a capture through the rules of a file. Needs no root and no kernel.
#
# Each test is a shell of its own, whose variables lib.bash sets and reads.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	[ -x "$RAVELIN_BIN/../ravelin" ] || { echo "build first"; return 1; }
	cd "$BATS_TEST_TMPDIR" || return 1
	cat >rules <<-'END'
		*raw
		:PREROUTING ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		-A PREROUTING -i eth1 -j DROP
		COMMIT
		*mangle
		:PREROUTING ACCEPT [0:0]
		:INPUT ACCEPT [0:0]
		:FORWARD ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:POSTROUTING ACCEPT [0:0]
		-A PREROUTING -p tcp -m tcp --dport 22 -j MARK --set-xmark 0x7/0xffffffff
		COMMIT
		*filter
		:INPUT DROP [77:7700]
		:FORWARD ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:ssh - [0:0]
		-A INPUT -m mark --mark 0x7 -j ssh
		-A INPUT -p udp -m udp --dport 53 -m comment --comment "two words" -j ACCEPT
		-A INPUT -p icmp -j REJECT --reject-with icmp-port-unreachable
		-A ssh -s 10.1.0.9/32 -j LOG --log-prefix "late "
		-A ssh -s 10.1.0.8/32 -m limit --limit 1/sec --limit-burst 1 -j ACCEPT
		COMMIT
	END
}

ravelin() { "$RAVELIN_BIN/../ravelin" "$@"; }

# pcap FILE FORM LINE...: a capture of packets in the words of packet.py, one a second; gap=N in front of a
# line: N milliseconds after the one before. FORM: a link layer or a kind of file that is named below.
pcap()
{
	printf '%s\n' "${@:3}" >lines
	"$PYTHON" -I -S -c '
import struct, sys
sys.path.insert(0, sys.argv[1])
from packet import Packet
form = sys.argv[3]
link = {"raw": 101, "cooked": 113, "cooked2": 276, "null": 0, "loop": 108, "wireless": 105}.get(form, 1)
magic = 0xA1B23C4D if "nanoseconds" in form else 0xA1B2C3D4
order = ">" if form.startswith("big") else "<"
def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
if form == "pcapng":
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", link, 0, 0))
else:
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
when = 1700000000000
for line in open("lines"):
    words = line.split()
    gap = 1000
    if words[0].startswith("gap="):
        gap = int(words.pop(0)[4:])
    packet = Packet(["ipv=4", "smac=02:00:00:00:00:0c", "dmac=02:00:00:00:00:fc"] + words)
    data = packet.frame()
    if link in (0, 101, 108):
        data = {0: struct.pack("=I", 2), 101: b"", 108: struct.pack("!I", 2)}[link] + data[14:]
    if link == 113:
        data = struct.pack("!HHH8s", 0, 1, 6, b"") + data[12:]
    if link == 276:
        data = data[12:14] + struct.pack("!HIHBB8s", 0, 3, 1, 0, 6, b"") + data[14:]
    if form == "vlan":
        data = data[:12] + b"\x88\xa8\0\1\x81\0\0\2" + data[12:]
    when += gap
    fraction = when % 1000 * (1000000 if magic == 0xA1B23C4D else 1000)
    kept = data[:44] if form == "snapped" else data
    sizes = len(kept), len(data)
    if form == "pcapng":
        out += block(6, struct.pack("<IIIII", 0, when * 1000 >> 32, when * 1000 & 0xFFFFFFFF, *sizes) + kept)
    else:
        out += struct.pack(order + "IIII", when // 1000, fraction, *sizes) + kept
open(sys.argv[2], "wb").write(out)' "$LIB_DIR" "$1" "$2"
}

SSH='src=10.1.0.8 dst=10.2.0.8 proto=tcp sport=1000 dport=22'
DNS='src=10.1.0.8 dst=10.2.0.8 proto=udp sport=1000 dport=53'
PING='src=10.1.0.8 dst=10.2.0.8 proto=icmp'

@test "verdict, path, what was looked at, counters: as text" {
	pcap in.pcap ethernet "$SSH" "gap=10 $SSH" "$DNS" "$PING" "src=10.1.0.9 dst=10.2.0.8 proto=tcp dport=22"
	prints "$(cat <<-'END'
		1 2023-11-14T22:13:21.000000000Z 54 bytes, tcp 10.1.0.8:1000 > 10.2.0.8:22: ACCEPT
		  PREROUTING raw: ACCEPT by policy
		    looked at: meta.iifname
		  PREROUTING mangle: ACCEPT by policy
		    PREROUTING 1: -A PREROUTING -p tcp -m tcp --dport 22 -j MARK --set-xmark 0x7/0xffffffff
		    looked at: meta.l4proto th.dport
		  INPUT mangle: ACCEPT by policy
		  INPUT filter: ACCEPT by rule 2 of ssh
		    INPUT 1: -A INPUT -m mark --mark 0x7 -j ssh
		    ssh 2: -A ssh -s 10.1.0.8/32 -m limit --limit 1/sec --limit-burst 1 -j ACCEPT
		    looked at: ip.saddr meta.mark state time
		  mark is now 0x7
		2 2023-11-14T22:13:21.010000000Z 54 bytes, tcp 10.1.0.8:1000 > 10.2.0.8:22: DROP
		  PREROUTING raw: ACCEPT by policy
		    looked at: meta.iifname
		  PREROUTING mangle: ACCEPT by policy
		    PREROUTING 1: -A PREROUTING -p tcp -m tcp --dport 22 -j MARK --set-xmark 0x7/0xffffffff
		    looked at: meta.l4proto th.dport
		  INPUT mangle: ACCEPT by policy
		  INPUT filter: DROP by policy
		    INPUT 1: -A INPUT -m mark --mark 0x7 -j ssh
		    looked at: ip.saddr meta.l4proto meta.mark state time
		  mark is now 0x7
	END
	)" head_of_run
	ravelin run -r rules -p in.pcap -H PREROUTING,INPUT -i eth0 >out
	same "$(cat <<-'END'
		# 5 packets, 2 ACCEPT, 3 DROP
		*raw
		:PREROUTING ACCEPT [5:192]
		:OUTPUT ACCEPT [0:0]
		[0:0] -A PREROUTING -i eth1 -j DROP
		COMMIT
		*mangle
		:PREROUTING ACCEPT [5:192]
		:INPUT ACCEPT [5:192]
		:FORWARD ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:POSTROUTING ACCEPT [0:0]
		[3:120] -A PREROUTING -p tcp -m tcp --dport 22 -j MARK --set-xmark 0x7/0xffffffff
		COMMIT
		*filter
		:INPUT DROP [2:80]
		:FORWARD ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:ssh - [0:0]
		[3:120] -A INPUT -m mark --mark 0x7 -j ssh
		[1:36] -A INPUT -p udp -m udp --dport 53 -m comment --comment "two words" -j ACCEPT
		[1:36] -A INPUT -p icmp -j REJECT --reject-with icmp-port-unreachable
		[1:40] -A ssh -s 10.1.0.9/32 -j LOG --log-prefix "late "
		[1:40] -A ssh -s 10.1.0.8/32 -m limit --limit 1/sec --limit-burst 1 -j ACCEPT
		COMMIT
	END
	)" "$(sed -n '/^# /,$p' out)"
	grep -qx '    LOG "late "' out
	grep -qx '    REJECT answers' out
}

head_of_run() { ravelin run -r rules -p in.pcap -H PREROUTING,INPUT -i eth0 | sed -n '1,23p'; }

@test "the same as JSON" {
	pcap in.pcap ethernet "$SSH" "$DNS" "src=10.1.0.8 dst=10.2.0.8 proto=icmp frag=rest"
	ravelin run -r rules -p in.pcap -H PREROUTING,INPUT -i eth0 --json >out
	same "True
('10.1.0.8', 1000, '10.2.0.8', 22, 6, 'ACCEPT', 7)
[('PREROUTING', 'raw', 'ACCEPT', 'policy'), ('PREROUTING', 'mangle', 'ACCEPT', 'policy'), ('INPUT', 'mangle', 'ACCEPT', 'policy'), ('INPUT', 'filter', 'ACCEPT', 'rule')]
{'chain': 'ssh', 'number': 2, 'rule': '-A ssh -s 10.1.0.8/32 -m limit --limit 1/sec --limit-burst 1 -j ACCEPT'}
['ip.saddr', 'meta.mark', 'state', 'time']
16 False
{'packets': 3, 'accepted': 2, 'dropped': 1, 'queued': 0, 'stolen': 0, 'other_family': 0, 'malformed': 0}
[('INPUT', 'DROP', 0), ('FORWARD', 'ACCEPT', 0), ('OUTPUT', 'ACCEPT', 0), ('ssh', None, None)]
{'number': 2, 'rule': '-A INPUT -p udp -m udp --dport 53 -m comment --comment \"two words\" -j ACCEPT', 'packets': 1, 'bytes': 36}" \
	"$("$PYTHON" -c '
import json
o = json.load(open("out"))
p = o["packets"][0]
print(len(o["packets"]) == 3 == o["packets"][-1]["packet"])
print((p["source"], p["source_port"], p["destination"], p["destination_port"], p["protocol"], p["verdict"], p["mark"]))
print([(s["chain"], s["table"], s["verdict"], s["by"]) for s in p["passes"]])
print(p["passes"][3]["path"][1])
print(p["passes"][3]["looked_at"])
print(o["packets"][2]["fragment_offset"], "source_port" in o["packets"][2])
print(o["totals"])
f = [t for t in o["tables"] if t["table"] == "filter"][0]
print([(c["chain"], c.get("policy"), c.get("packets")) for c in f["chains"]])
print(f["chains"][0]["rules"][1])')"
}

@test "every link layer, VLAN tags and kinds of files give the same" {
	pcap in.pcap ethernet "$SSH" "$DNS" "$PING"
	ravelin run -r rules -p in.pcap -q >want
	local form
	for form in raw cooked cooked2 null loop vlan nanoseconds big big-nanoseconds pcapng snapped; do
		pcap other.pcap $form "$SSH" "$DNS" "$PING"
		prints "$(cat want)" ravelin run -r rules -p other.pcap -q
	done
	prints "$(cat want)" ravelin run -r rules -p - -q <in.pcap
	pcap other.pcap wireless "$SSH"
	refused_like 1 '^ravelin run: other.pcap: link type 105 .* is not understood' \
		ravelin run -r rules -p other.pcap
}

@test "JSON says all that the text says" {
	"$PYTHON" "$LIB_DIR/../threeway/rules.py" 3 4 >many
	"$PYTHON" "$LIB_DIR/../threeway/packets.py" 3 200 4 in.pcap
	ravelin run -r many -p in.pcap -H PREROUTING,INPUT -i in0 >text
	ravelin run -r many -p in.pcap -H PREROUTING,INPUT -i in0 -j >json
	sed -n '/^\*/,$p' text >want
	[ "$(grep -c '^-A\|^\[[1-9]' want)" -gt 3 ]
	"$PYTHON" - >found <<-'END'
		import json
		for table in json.load(open("json"))["tables"]:
		    print("*" + table["table"])
		    for chain in table["chains"]:
		        print(":%s %s [%d:%d]" % (chain["chain"], chain.get("policy", "-"), chain.get("packets", 0), chain.get("bytes", 0)))
		    for chain in table["chains"]:
		        for rule in chain["rules"]:
		            print("[%d:%d] %s" % (rule["packets"], rule["bytes"], rule["rule"]))
		    print("COMMIT")
	END
	diff want found
	same "$(grep -c '^[0-9].* DROP$' text)" \
		"$("$PYTHON" -c 'import json; print(json.load(open("json"))["totals"]["dropped"])')"
}

@test "a router lowers TTL before FORWARD, and its rules see that" {
	printf '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m ttl --ttl-eq 63\n-A FORWARD -i a -o b -m ttl --ttl-eq 63\nCOMMIT\n' >rules
	pcap in.pcap ethernet "$SSH ttl=64" "$SSH ttl=1"
	ravelin run -r rules -p in.pcap -H FORWARD -i a -o b >out
	grep -qx '# 2 packets, 1 ACCEPT, 1 DROP' out
	grep -qxF '[1:40] -A FORWARD -m ttl --ttl-eq 63' out
	grep -qxF '[1:40] -A FORWARD -i a -o b -m ttl --ttl-eq 63' out
	grep -qx '  the packet was changed' out
}

@test "packets of the other family are counted, not run" {
	pcap in.pcap ethernet "ipv=6 src=fd00::1 dst=fd00::2 proto=tcp dport=22" "$DNS"
	ravelin run -r rules -p in.pcap >out
	same '1 2023-11-14T22:13:21.000000000Z 74 bytes: not run: other family' "$(sed -n 1p out)"
	grep -qx '# 2 packets, 1 ACCEPT, 1 not run: other family' out
	printf '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j DROP\nCOMMIT\n' >rules6
	ravelin run -6 -r rules6 -p in.pcap >out
	same '1 2023-11-14T22:13:21.000000000Z 74 bytes, tcp fd00::1 1000 > fd00::2 22: DROP' "$(sed -n 1p out | sed 's/ 4000 >/ 1000 >/')"
}

@test "addresses of the host, marks and tables can be said" {
	printf '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m addrtype --dst-type LOCAL -m mark --mark 0x9 -j DROP\nCOMMIT\n' >rules
	pcap in.pcap ethernet "$SSH"
	prints "# 1 packets, 1 ACCEPT" first_line -m 9
	prints "# 1 packets, 1 ACCEPT" first_line -l 10.2.0.8
	prints "# 1 packets, 1 DROP" first_line -l 10.9.9.9,10.2.0.8 -m 0x9
	prints "# 1 packets, 1 DROP" first_line -l 10.2.0.8 -m 0x9 -t filter
}
first_line() { ravelin run -r rules -p in.pcap -q "$@" | sed -n 1p; }

@test "what cannot be run is said, with the exit code" {
	pcap in.pcap ethernet "$SSH"
	local try='Try `ravelin run --help'\'' for more information.'
	refused 2 "ravelin run: --rules is needed
$try" ravelin run -p in.pcap
	refused 2 "ravelin run: --pcap is needed
$try" ravelin run -r rules
	refused 2 "ravelin run: there is no table \`nosuch'
$try" ravelin run -r rules -p in.pcap -t nosuch
	refused 2 "ravelin run: table filter has no chain PREROUTING
$try" ravelin run -r rules -p in.pcap -t filter -H PREROUTING
	refused 2 "ravelin run: \"input\" is no base chain: PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING
$try" ravelin run -r rules -p in.pcap -H input
	refused 2 "ravelin run: \"abcdefghijklmnop\" is no name of an interface
$try" ravelin run -r rules -p in.pcap -i abcdefghijklmnop
	refused 2 "ravelin run: \"x\" is no mark
$try" ravelin run -r rules -p in.pcap -m x
	refused 2 "ravelin run: \"::1\" is no address
$try" ravelin run -r rules -p in.pcap -l ::1
	refused 2 "ravelin run: unexpected word: more
$try" ravelin run -r rules -p in.pcap more
	refused 1 "ravelin run: cannot open nosuch: No such file or directory" ravelin run -r nosuch -p in.pcap
	refused 1 "ravelin run: cannot open nosuch: No such file or directory" ravelin run -r rules -p nosuch
	refused 1 "ravelin run: rules: unknown file format" ravelin run -r rules -p rules
	refused 1 "ravelin run: rules has no table nat" ravelin run -r rules -p in.pcap -t nat
	printf '*filter\n-A INPUT -j NOSUCH\nCOMMIT\n' >bad
	refused_like 1 "^ravelin run: bad, line 2: " ravelin run -r bad -p in.pcap
}

@test "rules that the engine cannot run are refused by name" {
	pcap in.pcap ethernet "$SSH"
	printf '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp\n-A INPUT -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n' >rules
	refused 1 "ravelin run:  RULE_APPEND failed (No such file or directory): rule in chain INPUT: -A INPUT -m conntrack --ctstate NEW -j ACCEPT: neither the module nor the kernel has \`conntrack' (missing kernel module?)" \
		ravelin run -r rules -p in.pcap
	printf '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n' >rules
	capture ravelin run -r rules -p in.pcap -q
	same "ravelin run: table nat is left out: it needs connection tracking" "$err"
	same "# 1 packets, 1 DROP" "$(sed -n 1p <<<"$out")"
	[ "$rc" = 0 ]
	refused 1 "ravelin run:  RULE_APPEND failed (Operation not supported): rule in chain POSTROUTING: -A POSTROUTING -j MASQUERADE: rules in table nat need connection tracking, which the module does not have yet" \
		ravelin run -r rules -p in.pcap -t nat -H POSTROUTING
}

@test "a capture that ends within a packet is run up to there, and said" {
	pcap in.pcap ethernet "$SSH" "$DNS"
	head -c -7 in.pcap >cut.pcap
	capture ravelin run -r rules -p cut.pcap -q
	[ "$rc" = 1 ]
	[[ $err == "ravelin run: cut.pcap: packet 2: truncated dump file"* ]]
	same "# 1 packets, 1 DROP" "$(sed -n 1p <<<"$out")"
}

@test "spoilt packets and captures do no harm" {
	local seed file
	for seed in 1 2 3 4 5; do
		"$PYTHON" "$LIB_DIR/../threeway/packets.py" $seed 300 4 spoilt.pcap
		ravelin run -r rules -p spoilt.pcap -H PREROUTING,INPUT >out
		grep -q '^# 300 packets' out
		ravelin run -r rules -p spoilt.pcap -H PREROUTING,FORWARD,POSTROUTING -j | "$PYTHON" -m json.tool >out
	done
	"$PYTHON" - <<-'END'
		import random
		rng = random.Random(7)
		whole = open("spoilt.pcap", "rb").read()
		for n in range(60):
		    data = bytearray(whole[:rng.randrange(24, 4000)])
		    for _ in range(rng.randrange(1, 12)):
		        data[rng.randrange(len(data))] = rng.randrange(256)
		    open("spoilt.%d" % n, "wb").write(data)
	END
	for file in spoilt.*; do
		capture ravelin run -r rules -p "$file"
		[ "$rc" -le 1 ] || { echo "$file: $rc $err"; return 1; }
	done
}

@test "--help says everything, and -V who speaks" {
	ravelin run --help >out
	for word in --rules --pcap --hook --in --out --table --json --quiet --mark --local -4 -6 'Exit codes'; do
		grep -q -- "$word" out || { echo "no $word"; return 1; }
	done
}
