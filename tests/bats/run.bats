#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin run: a capture through the rules of a file. Needs no root and no kernel.
#
# Tests run in subshells; lib.bash sets and uses their variables.
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

# pcap FILE FORM LINE...: a capture of packets in the format of packet.py, one per second; gap=N
# before a line: N milliseconds after the previous one. FORM: a link layer or file type named below.
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

@test "text: verdict, path, selectors tested, counters" {
	pcap in.pcap ethernet "$SSH" "gap=10 $SSH" "$DNS" "$PING" "src=10.1.0.9 dst=10.2.0.8 proto=tcp dport=22"
	prints "$(cat <<-'END'
		1 2023-11-14T22:13:21.000000000Z 54 bytes, tcp 10.1.0.8:1000 > 10.2.0.8:22: ACCEPT
		  PREROUTING raw: ACCEPT by policy
		    tested: meta.iifname
		  PREROUTING mangle: ACCEPT by policy
		    PREROUTING 1: -A PREROUTING -p tcp -m tcp --dport 22 -j MARK --set-xmark 0x7/0xffffffff
		    tested: meta.l4proto th.dport
		  INPUT mangle: ACCEPT by policy
		  INPUT filter: ACCEPT by rule 2 of ssh
		    INPUT 1: -A INPUT -m mark --mark 0x7 -j ssh
		    ssh 2: -A ssh -s 10.1.0.8/32 -m limit --limit 1/sec --limit-burst 1 -j ACCEPT
		    tested: ip.saddr meta.mark state time
		  mark is now 0x7
		2 2023-11-14T22:13:21.010000000Z 54 bytes, tcp 10.1.0.8:1000 > 10.2.0.8:22: DROP
		  PREROUTING raw: ACCEPT by policy
		    tested: meta.iifname
		  PREROUTING mangle: ACCEPT by policy
		    PREROUTING 1: -A PREROUTING -p tcp -m tcp --dport 22 -j MARK --set-xmark 0x7/0xffffffff
		    tested: meta.l4proto th.dport
		  INPUT mangle: ACCEPT by policy
		  INPUT filter: DROP by policy
		    INPUT 1: -A INPUT -m mark --mark 0x7 -j ssh
		    tested: ip.saddr meta.l4proto meta.mark state time
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

@test "JSON: verdict, path, selectors tested, counters" {
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
	refused_like 1 '^ravelin run: other.pcap: link type 105 .* is not supported' \
		ravelin run -r rules -p other.pcap
}

@test "JSON has all information of the text" {
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

@test "TTL is decremented before FORWARD" {
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

@test "options for local addresses, marks and tables" {
	printf '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m addrtype --dst-type LOCAL -m mark --mark 0x9 -j DROP\nCOMMIT\n' >rules
	pcap in.pcap ethernet "$SSH"
	prints "# 1 packets, 1 not known" first_line -m 9
	prints "# 1 packets, 1 DROP" first_line -m 9 --assume dst-type=LOCAL
	prints "# 1 packets, 1 ACCEPT" first_line -m 9 --assume dst-type!=LOCAL
	prints "# 1 packets, 1 ACCEPT" first_line -m 9 -l 10.9.9.9
	prints "# 1 packets, 1 ACCEPT" first_line -l 10.2.0.8
	prints "# 1 packets, 1 DROP" first_line -l 10.9.9.9,10.2.0.8 -m 0x9
	prints "# 1 packets, 1 DROP" first_line -l 10.2.0.8 -m 0x9 -t filter
}
first_line() { ravelin run -r rules -p in.pcap -q "$@" | sed -n 1p; }

@test "packets that cannot be run are reported, with exit code" {
	pcap in.pcap ethernet "$SSH"
	local try='Try `ravelin run --help'\'' for more information.'
	refused 2 "ravelin run: --rules is required
$try" ravelin run -p in.pcap
	refused 2 "ravelin run: --pcap is required
$try" ravelin run -r rules
	refused 2 "ravelin run: no table \`nosuch'
$try" ravelin run -r rules -p in.pcap -t nosuch
	refused 2 "ravelin run: table filter has no chain PREROUTING
$try" ravelin run -r rules -p in.pcap -t filter -H PREROUTING
	refused 2 "ravelin run: \"input\" is not a base chain: PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING
$try" ravelin run -r rules -p in.pcap -H input
	refused 2 "ravelin run: \"abcdefghijklmnop\" is not an interface name
$try" ravelin run -r rules -p in.pcap -i abcdefghijklmnop
	refused 2 "ravelin run: \"x\" is not a mark
$try" ravelin run -r rules -p in.pcap -m x
	refused 2 "ravelin run: \"::1\" is not an address
$try" ravelin run -r rules -p in.pcap -l ::1
	refused 2 "ravelin run: unexpected argument: more
$try" ravelin run -r rules -p in.pcap more
	refused 1 "ravelin run: cannot open nosuch: No such file or directory" ravelin run -r nosuch -p in.pcap
	refused 1 "ravelin run: cannot open nosuch: No such file or directory" ravelin run -r rules -p nosuch
	refused 1 "ravelin run: rules: unknown file format" ravelin run -r rules -p rules
	refused 1 "ravelin run: rules has no table nat" ravelin run -r rules -p in.pcap -t nat
	printf '*filter\n-A INPUT -j NOSUCH\nCOMMIT\n' >bad
	refused_like 1 "^ravelin run: bad, line 2: " ravelin run -r bad -p in.pcap
}

@test "unknown conditions are followed both ways" {
	pcap in.pcap ethernet "$SSH"
	printf '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp\n-A INPUT -m conntrack --ctstate NEW -m recent --name a --rcheck -j DROP\n-A INPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n' >rules
	local recent='-m recent --rcheck --name a --mask 255.255.255.255 --rsource'
	prints "1 2023-11-14T22:13:21.000000000Z 54 bytes, tcp 10.1.0.8:1000 > 10.2.0.8:22: if -m conntrack --ctstate NEW matches: (if $recent matches: DROP, else ACCEPT), else if -m conntrack --ctstate INVALID matches: DROP, else ACCEPT
  if -m conntrack --ctstate NEW matches, $recent matches: DROP
    INPUT filter: DROP by rule 2 of INPUT
      INPUT 1: -A INPUT -p tcp
      INPUT 2: -A INPUT -m conntrack --ctstate NEW $recent -j DROP
      tested: meta.l4proto state time ct.state
  if -m conntrack --ctstate NEW matches, $recent does not: ACCEPT
    INPUT filter: ACCEPT by policy
      INPUT 1: -A INPUT -p tcp
      tested: meta.l4proto state time ct.state
  if -m conntrack --ctstate NEW does not, -m conntrack --ctstate INVALID matches: DROP
    INPUT filter: DROP by rule 3 of INPUT
      INPUT 1: -A INPUT -p tcp
      INPUT 3: -A INPUT -m conntrack --ctstate INVALID -j DROP
      tested: meta.l4proto ct.state
  if -m conntrack --ctstate NEW does not, -m conntrack --ctstate INVALID does not: ACCEPT
    INPUT filter: ACCEPT by policy
      INPUT 1: -A INPUT -p tcp
      tested: meta.l4proto ct.state
# 1 packets, 1 not known
# perhaps [1:40] more: filter: -A INPUT -m conntrack --ctstate NEW $recent -j DROP
# perhaps [1:40] more: filter: -A INPUT -m conntrack --ctstate INVALID -j DROP
# perhaps [1:40] more: filter: policy of INPUT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
[1:40] -A INPUT -p tcp
[0:0] -A INPUT -m conntrack --ctstate NEW $recent -j DROP
[0:0] -A INPUT -m conntrack --ctstate INVALID -j DROP
COMMIT" ravelin run -r rules -p in.pcap
	ravelin run -r rules -p in.pcap -j >out
	same "None 4 DROP [{'match': '-m conntrack --ctstate NEW', 'matches': True}, {'match': '$recent', 'matches': True}]
{'packets': 1, 'accepted': 0, 'dropped': 0, 'queued': 0, 'stolen': 0, 'not_known': 1, 'other_family': 0, 'malformed': 0}
1 40" "$("$PYTHON" -c '
import json
o = json.load(open("out"))
p = o["packets"][0]
print(p["verdict"], len(p["ways"]), p["ways"][0]["verdict"], p["ways"][0]["if"])
print(o["totals"])
rule = o["tables"][0]["chains"][0]["rules"][1]
print(rule["perhaps_more_packets"], rule["perhaps_more_bytes"])')"
	# Assumptions and their consequences are certain.
	prints "# 1 packets, 1 ACCEPT" first_line -a ctstate=ESTABLISHED
	prints "# 1 packets, 1 DROP" first_line -a ctstate=INVALID
	prints "# 1 packets, 1 ACCEPT" first_line -a ctstate=NEW
	prints "# 1 packets, 1 ACCEPT" first_line -a ctstate=NEW,ESTABLISHED -a recent=no
	prints "# 1 packets, 1 not known" first_line -a ctstate=NEW,ESTABLISHED -a recent=yes
	prints "# 1 packets, 1 ACCEPT" first_line -a ctstate!=NEW,INVALID
	# All paths may have the same result.
	printf '*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate NEW -j DROP\nCOMMIT\n' >rules
	prints "# 1 packets, 1 DROP" first_line
}

@test "an answer holds on the rest of the path" {
	pcap in.pcap ethernet "$SSH"
	# rule, result: no path contradicts itself.
	while IFS='|' read -r first second want; do
		printf '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING %s -j RETURN\n-A PREROUTING %s -j DROP\nCOMMIT\n' "$first" "$second" >rules
		ravelin run -r rules -p in.pcap -H PREROUTING | sed -n '1s/.*:22: //p' >found
		same "$want" "$(cat found)" "$first, $second"
	done <<-'END'
		-m conntrack --ctstate NEW|-m conntrack --ctstate NEW|ACCEPT
		-m conntrack --ctstate NEW|-m conntrack ! --ctstate NEW|if -m conntrack --ctstate NEW matches: ACCEPT, else DROP
		-m conntrack --ctstate NEW,ESTABLISHED|-m conntrack --ctstate ESTABLISHED|ACCEPT
		-m conntrack ! --ctstate NEW,UNTRACKED|-m conntrack --ctstate NEW,UNTRACKED|if -m conntrack ! --ctstate NEW,UNTRACKED matches: ACCEPT, else DROP
		-m state --state NEW|-m conntrack --ctstate NEW|ACCEPT
		-m conntrack --ctexpire 10:20|-m conntrack --ctexpire 12:15|ACCEPT
		-m conntrack ! --ctexpire 10:20|-m conntrack --ctexpire 5:9|ACCEPT
		-m conntrack --ctorigsrcport 80|-m conntrack --ctorigsrcport 80:90|if -m conntrack --ctorigsrcport 80 matches: ACCEPT, else if -m conntrack --ctorigsrcport 80:90 matches: DROP, else ACCEPT
		-m connmark --mark 1/1|-m connmark ! --mark 0/1|ACCEPT
		-m connmark --mark 1/1|-m connmark --mark 3/3|ACCEPT
		-m helper --helper ftp|-m helper --helper irc|if -m helper --helper ftp matches: ACCEPT, else if -m helper --helper irc matches: DROP, else ACCEPT
		-m rpfilter|-m rpfilter --invert|if -m rpfilter matches: ACCEPT, else DROP
		-m set --match-set a src|-m set ! --match-set a src|if -m set --match-set a src matches: ACCEPT, else DROP
		-m set --match-set a src|-m set --match-set a src|ACCEPT
		-m addrtype --dst-type LOCAL|-m addrtype ! --dst-type LOCAL|if -m addrtype --dst-type LOCAL matches: ACCEPT, else DROP
		-m addrtype --src-type MULTICAST|-m comment --comment x|DROP
		-m policy --dir in --pol none|-m policy --dir in --pol none|ACCEPT
		-m socket --transparent|-m socket --transparent|ACCEPT
		-m statistic --mode random --probability 0.5|-m length --length 1|ACCEPT
		-p esp|-m dscp --dscp 0 -m rpfilter|if -m rpfilter matches: DROP, else ACCEPT
	END
}

@test "connection marks" {
	pcap in.pcap ethernet "$SSH"
	verdict_of() # RULE...: of a mangle table with these rules in PREROUTING
	{
		printf '*mangle\n:PREROUTING ACCEPT [0:0]\n' >rules
		printf -- '-A PREROUTING %s\n' "$@" >>rules
		echo COMMIT >>rules
		ravelin run -r rules -p in.pcap -H PREROUTING "${more[@]}" | sed -n '1s/.*:22: //p'
	}
	local more=()
	same "if -m mark --mark 0x7 matches: DROP, else ACCEPT" "$(verdict_of '-j CONNMARK --restore-mark' '-m mark --mark 7 -j DROP')"
	same "DROP" "$(verdict_of '-j CONNMARK --set-mark 7' '-j CONNMARK --restore-mark' '-m mark --mark 7 -j DROP')"
	same "DROP" "$(verdict_of '-j MARK --set-mark 9' '-j CONNMARK --save-mark' '-j MARK --set-mark 0' '-j CONNMARK --restore-mark' '-m mark --mark 9 -j DROP')"
	same "DROP" "$(verdict_of '-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff' '-m mark --mark 0x100/0xff00 -j ACCEPT' '-m mark --mark 0/0xff00 -j DROP')"
	same "DROP" "$(verdict_of '-j CONNMARK --restore-mark' '-j MARK --set-mark 5' '-m mark --mark 5 -j DROP')"
	same "ACCEPT" "$(verdict_of '-m mark --mark 5 -j DROP')"
	more=(-a connmark=7)
	same "DROP" "$(verdict_of '-j CONNMARK --restore-mark' '-m mark --mark 7 -j DROP')"
	more=(-a connmark=8/8)
	same "ACCEPT" "$(verdict_of '-j CONNMARK --restore-mark' '-m mark --mark 7 -j DROP')"
}

@test "stateful matches are known while all earlier packets are certain" {
	printf '*filter\n:INPUT DROP [0:0]\n-A INPUT -m limit --limit 1/hour --limit-burst 2 -j ACCEPT\n-A INPUT -m conntrack --ctstate NEW -m limit --limit 1/hour --limit-burst 2 -j ACCEPT\nCOMMIT\n' >rules
	pcap in.pcap ethernet "$SSH" "$SSH" "$SSH" "$SSH"
	same "ACCEPT
ACCEPT
if -m conntrack --ctstate NEW matches: (if -m limit --limit 1/hour --limit-burst 2 matches: ACCEPT, else DROP), else DROP
if -m conntrack --ctstate NEW matches: (if -m limit --limit 1/hour --limit-burst 2 matches: ACCEPT, else DROP), else DROP" \
		"$(ravelin run -r rules -p in.pcap | sed -n 's/^[0-9].*:22: //p')"
	same "ACCEPT
ACCEPT
ACCEPT
ACCEPT" "$(ravelin run -r rules -p in.pcap -a ctstate=NEW | sed -n 's/^[0-9].*:22: //p')"
	grep -q '^\[2:80\] .*NEW' <(ravelin run -r rules -p in.pcap -a ctstate=NEW)
}

@test "assumptions of every kind" {
	pcap in.pcap ethernet "$SSH"
	while IFS='|' read -r hook rule yes no; do
		printf '*mangle\n:%s ACCEPT [0:0]\n-A %s %s -j DROP\nCOMMIT\n' "$hook" "$hook" "$rule" >rules
		prints "# 1 packets, 1 not known" first_line -H "$hook"
		prints "# 1 packets, 1 DROP" first_line -H "$hook" -a "$yes"
		prints "# 1 packets, 1 ACCEPT" first_line -H "$hook" -a "$no"
	done <<-'END'
		INPUT|-m conntrack --ctstate NEW|ctstate=NEW|ctstate!=NEW
		INPUT|-m conntrack --ctstatus ASSURED|ctstatus=ASSURED|ctstatus!=ASSURED
		INPUT|-m conntrack --ctdir REPLY|ctdir=REPLY|ctdir=ORIGINAL
		INPUT|-m conntrack --ctorigdst 10.9.0.0/16|ctorigdst=10.9.1.1|ctorigdst=10.8.1.1
		INPUT|-m conntrack --ctproto 6|ctproto=6|ctproto=17
		INPUT|-m state --state NEW|state=NEW|state=ESTABLISHED
		INPUT|-m helper --helper ftp|helper=ftp|helper=irc
		INPUT|-m connmark --mark 2|connmark=2|connmark=3
		INPUT|-m connlabel --label 5|connlabel=yes|connlabel=no
		INPUT|-m connbytes --connbytes 10:20 --connbytes-dir both --connbytes-mode packets|connbytes=yes|connbytes=no
		INPUT|-m connlimit --connlimit-above 5|connlimit=yes|connlimit=no
		OUTPUT|-m owner --uid-owner 0|uid=0|uid=1000
		OUTPUT|-m owner --uid-owner 100-200|uid-owner=150|uid!=100-200
		OUTPUT|-m owner --gid-owner 5|gid=5|gid-owner=6
		OUTPUT|-m owner --socket-exists|socket-exists=yes|socket-exists=no
		PREROUTING|-m socket|socket=yes|socket=no
		PREROUTING|-m socket --transparent|-m socket --transparent|! -m socket --transparent
		PREROUTING|-m rpfilter|rpfilter=yes|rpfilter=no
		INPUT|-m addrtype --dst-type LOCAL|dst-type=LOCAL|dst-type=BROADCAST
		INPUT|-m addrtype --dst-type LOCAL --limit-iface-in|-m addrtype --dst-type LOCAL --limit-iface-in|! -m addrtype --dst-type LOCAL --limit-iface-in
		PREROUTING|-m addrtype --src-type UNICAST|src-type=UNICAST|src-type=LOCAL
		INPUT|-m set --match-set bad src|set:bad=yes|set:bad=no
		INPUT|-m set ! --match-set bad src|set:bad=no|set:bad=yes
		INPUT|-m physdev --physdev-in eth7|physdev-in=eth7|physdev-in=eth8
		INPUT|-m policy --dir in --pol ipsec|-m policy --dir in --pol ipsec|policy=no
		INPUT|-m realm --realm 5|realm=5|realm=6
		INPUT|-m cpu --cpu 1|cpu=1|cpu=0
		INPUT|-m devgroup --src-group 3|src-group=3|src-group=4
		INPUT|-m ipvs --ipvs|ipvs=yes|ipvs=no
		INPUT|-m statistic --mode random --probability 0.5|statistic=yes|statistic=no
		INPUT|-m quota --quota 1000|quota=yes|quota=no
		INPUT|-p tcp -m osf --genre Linux|genre=Linux|genre!=Linux
		INPUT|-m bpf --bytecode "1,6 0 0 1"|bpf=yes|bpf=no
		OUTPUT|-m cgroup --path a|cgroup=yes|cgroup=no
	END
}

@test "invalid assumptions are refused" {
	pcap in.pcap ethernet "$SSH"
	local try='Try `ravelin run --help'\'' for more information.' word
	while IFS='|' read -r word why; do
		refused 2 "ravelin run: --assume \"$word\": $why
$try" ravelin run -r rules -p in.pcap -a "$word"
	done <<-'END'
		ctstate=NEWS|Bad ctstate "NEWS"
		ctstate|it must be NAME=VALUE, NAME!=VALUE or [!] -m MATCH ...
		nosuch=1|there is no such option of a match, nor a match whose outcome is yes or no
		dport=22|this is known from the packet
		socket-exists=maybe|the value must be yes or no
		-m recent --set -j ACCEPT|it must be a single match
		-m nosuch|Couldn't load match `nosuch':No such file or directory
		helper="x"|it must be NAME=VALUE, NAME!=VALUE or [!] -m MATCH ...
	END
	# An unused one is reported on a terminal, and in JSON.
	export RAVELIN_DIAGNOSTICS=1
	for word in ctstate=NEW tcp=no set:bad=yes '-m socket'; do
		capture ravelin run -r rules -p in.pcap -i a -o b -q -a "$word"
		same "ravelin run: --assume \"$word\": no rule tests this" "$err"
	done
	unset RAVELIN_DIAGNOSTICS
	refused 2 "ravelin run: assumptions about -m conntrack contradict each other
$try" ravelin run -r rules -p in.pcap -a ctstate=NEW -a ctstate=INVALID
	refused 2 "ravelin run: \"0\" is not a number of paths from 1 to 4096
$try" ravelin run -r rules -p in.pcap --ways 0
}

@test "sets from files" {
	pcap in.pcap ethernet "$SSH" "$DNS" "src=172.16.3.4 dst=10.2.0.8 proto=icmp" "src=172.16.3.5 dst=10.2.0.8 proto=tcp sport=5 dport=443"
	# entries|parts of the packet|packets in the set
	while IFS='|' read -r parts want entries; do
		printf '%b' "$entries" >"set"
		printf '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set x %s -j DROP\nCOMMIT\n' "$parts" >rules
		same "$want" "$(ravelin run -r rules -p in.pcap -i eth0 -s x=set | awk '/^[0-9].* DROP$/ { printf "%s%s", s, $1; s = " " } END { print "" }')" "$entries"
	done <<-'END'
		src|1 2|10.1.0.8\n
		src|1 2|# a list\n\n10.1.0.0/16 # comment\n 192.0.2.1\n
		src|3 4|172.16.3.1-172.16.3.9\n
		src|4|172.16.0.0/16\n172.16.3.4 nomatch\n
		src|3|172.16.3.0/24 nomatch\n172.16.3.4\n10.0.0.0/24\n
		dst|1 2 3 4|10.2.0.8\nfd00::/8\n
		dst||10.2.0.9\n
		dst|4|443\n
		dst|1 2|20-60\n
		src,dst|1|10.1.0.8,22\n10.1.0.8,udp:54\n
		src,dst|2|10.1.0.0/16,udp:53\n10.1.0.0/16,tcp:53\n
		src,dst|3|172.16.0.0/12,icmp:8/0\n
		src,src,dst|1|10.1.0.8,tcp:1000,10.2.0.8\n
		src,src|1 2|10.1.0.8\n
		src||10.1.0.8,tcp:1000\n
		src,src|1 2|10.1.0.8,eth0\n10.1.0.8,eth1\n
		src|1 2 3 4|02:00:00:00:00:0c\n
		src||02:00:00:00:00:0d\n
		src|1 2|create x hash:ip family inet hashsize 1024 maxelem 65536 timeout 600\nadd x 10.1.0.8 timeout 5 comment "a b"\ncreate y hash:ip\nadd y 172.16.3.4\n
		src|1 2|create other hash:ip\nadd other 10.1.0.8\n
		src||
	END
	sed -i 's/match-set x/match-set l/' rules
	printf 'create l list:set size 8\nadd l x\nadd l y\ncreate x hash:ip family inet\nadd x 10.1.0.8\ncreate y hash:net\nadd y 172.16.3.4/31 nomatch\nadd y 172.16.3.4\n' >"set"
	same "# 4 packets, 1 ACCEPT, 3 DROP" "$(ravelin run -r rules -p in.pcap -s l=set -q | sed -n 1p)"
	printf 'create l list:set size 8\nadd l x\nadd l nosuch\ncreate x hash:ip\nadd x 10.1.0.8\n' >"set"
	same "# 4 packets, 2 DROP, 2 not known" "$(ravelin run -r rules -p in.pcap -s l=set -q | sed -n 1p)"
	refused 1 "ravelin run: set, line 1: \"no entry\" is not a set entry" sets_of 'no entry\n'
	refused 1 "ravelin run: set, line 2: \"10.1.0.8/33\" is not a set entry" sets_of '10.1.0.8/32\n10.1.0.8/33\n'
	refused 1 "ravelin run: set, line 1: \"10.1.0.9-10.1.0.8\" is not a set entry" sets_of '10.1.0.9-10.1.0.8\n'
	refused 1 "ravelin run: set, line 1: \"tcp:70000\" is not a set entry" sets_of 'tcp:70000\n'
	refused 1 "ravelin run: set, line 1: \"1.1.1.1,1,1.1.1.1,1\" is not a set entry" sets_of '1.1.1.1,1,1.1.1.1,1\n'
	refused 1 "ravelin run: set has several sets, and none is named x" sets_of 'create a hash:ip\ncreate b hash:ip\n'
	refused 1 "ravelin run: cannot open nosuch: No such file or directory" ravelin run -r rules -p in.pcap -s x=nosuch
	refused 2 "ravelin run: --set \"x\": it must be NAME=FILE
Try \`ravelin run --help' for more information." ravelin run -r rules -p in.pcap -s x
	refused 2 "ravelin run: --set \"x=set\": that set is given twice
Try \`ravelin run --help' for more information." ravelin run -r rules -p in.pcap -s x=/dev/null -s x=set
}
sets_of() { printf '%b' "$1" >"set"; ravelin run -r rules -p in.pcap -s x=set; }

@test "targets the engine does not have" {
	pcap in.pcap ethernet "$SSH"
	while IFS='|' read -r table hook rule want note; do
		printf '*%s\n:%s ACCEPT [0:0]\n-A %s %s\n-A %s -j DROP\nCOMMIT\n' "$table" "$hook" "$hook" "$rule" "$hook" >rules
		ravelin run -r rules -p in.pcap -H "$hook" >out
		same "$want" "$(sed -n '1s/.*:22: //p' out)" "$rule"
		[ -z "$note" ] || grep -qxF "    $note" out || { echo "no $note"; cat out; return 1; }
	done <<-'END'
		filter|INPUT|-j NFQUEUE --queue-num 3|QUEUE|
		filter|INPUT|-j QUEUE|QUEUE|
		filter|INPUT|-p tcp -m tcp --syn -j SYNPROXY|STOLEN|
		filter|INPUT|-j TEE --gateway 10.0.0.1|DROP|-j TEE --gateway 10.0.0.1: has no effect here
		mangle|PREROUTING|-p tcp -j TPROXY --on-port 80|if -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0 matches: ACCEPT, else DROP|
		mangle|PREROUTING|-p tcp -j TCPOPTSTRIP --strip-options 2|DROP|-j TCPOPTSTRIP --strip-options 2: has no effect here: the packet keeps its options
		raw|PREROUTING|-p tcp -j CT --helper ftp|DROP|
		raw|PREROUTING|-j NOTRACK|DROP|
		filter|INPUT|-j SET --add-set a src|DROP|-j SET --add-set a src: has no effect here
	END
	printf '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j CT --notrack\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate UNTRACKED -j DROP\nCOMMIT\n' >rules
	prints "# 1 packets, 1 DROP" first_line -H PREROUTING,INPUT
	prints "# 1 packets, 1 not known" first_line
}

@test "table nat is not run, with a note" {
	pcap in.pcap ethernet "$SSH"
	local note="ravelin run: table nat is skipped: addresses are not translated, and other tables see the addresses of the capture"
	printf '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n' >rules
	capture ravelin run -r rules -p in.pcap -q
	same "$note" "$err"
	same "# 1 packets, 1 DROP" "$(sed -n 1p <<<"$out")"
	[ "$rc" = 0 ]
	capture ravelin run -r rules -p in.pcap -q -j
	same "['${note#ravelin run: }']" "$("$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["notes"])' <<<"$out")"
	refused 1 "$note
ravelin run: table nat cannot be evaluated: addresses are not translated" \
		ravelin run -r rules -p in.pcap -t nat -H POSTROUTING
	# Without rules there are no notes.
	printf '*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n' >rules
	prints "# 1 packets, 1 DROP" first_line
}

@test "both directions: local addresses determine the chains" {
	local back='src=10.2.0.8 dst=10.1.0.8 proto=tcp sport=22 dport=1000'
	local through='src=10.1.0.8 dst=10.3.0.8 proto=tcp' loop='src=10.2.0.8 dst=10.2.0.8 proto=tcp'
	local all='src=10.1.0.8 dst=255.255.255.255 proto=udp'
	pcap in.pcap ethernet "$SSH" "$back" "$through" "$loop" "$all"
	printf '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i eth0\n-A INPUT -i lo\n-A OUTPUT -o eth0\n-A OUTPUT -o lo\n-A FORWARD -i eth0\nCOMMIT\n' >rules
	capture ravelin run -r rules -p in.pcap -q -i eth0
	same "ravelin run: packets go both ways between 10.1.0.8 and 10.2.0.8, and all were run through INPUT: name the host's addresses with --local, and what it sends passes OUTPUT" "$err"
	prints "$(cat <<-'END'
		# 5 packets, 5 ACCEPT
		*filter
		:INPUT ACCEPT [3:116]
		:FORWARD ACCEPT [1:40]
		:OUTPUT ACCEPT [2:80]
		[2:76] -A INPUT -i eth0
		[1:40] -A INPUT -i lo
		[1:40] -A FORWARD -i eth0
		[1:40] -A OUTPUT -o eth0
		[1:40] -A OUTPUT -o lo
		COMMIT
	END
	)" ravelin run -r rules -p in.pcap -q -i eth0 --local 10.2.0.8
	# With --hook, only those chains that a packet traverses.
	prints "# 5 packets, 2 ACCEPT, 3 not run: other chains" first_line -i eth0 -l 10.2.0.8 -H OUTPUT
	ravelin run -r rules -p in.pcap -l 10.2.0.8 -H OUTPUT -j | "$PYTHON" -c '
import json, sys
o = json.load(sys.stdin)
assert o["totals"]["other_chains"] == 3 and o["packets"][0]["not_run"] == "other chains", o'
	# One direction has no notes, nor has a router without interfaces.
	pcap in.pcap ethernet "$SSH" "$DNS"
	prints "# 2 packets, 2 ACCEPT" first_line
	pcap in.pcap ethernet "$SSH" "$back"
	prints "# 2 packets, 2 ACCEPT" first_line -H FORWARD
	capture ravelin run -r rules -p in.pcap -q -H FORWARD -i eth0 -o eth1
	same "ravelin run: packets go both ways between 10.1.0.8 and 10.2.0.8, and all were run with the same --in and --out: run each direction by itself" "$err"
}

@test "published rulesets run without the kernel" {
	local file family packets
	packets=("$SSH" "src=10.2.0.8 dst=10.1.0.8 proto=tcp sport=22 dport=1000" "$DNS" "$PING"
		"src=172.17.0.2 dst=10.2.0.8 proto=tcp dport=80 ttl=9" "src=10.1.0.8 dst=224.0.0.251 proto=udp dport=5353"
		"src=192.168.122.7 dst=10.2.0.8 proto=udp sport=68 dport=67" "src=10.1.0.8 dst=10.2.0.8 proto=50" "src=10.1.0.8 dst=10.2.0.8 proto=4")
	pcap in.v4 ethernet "${packets[@]}"
	pcap in.v6 ethernet "ipv=6 src=fd00::1 dst=fd00::2 proto=tcp dport=22" "ipv=6 src=fd00::1 dst=fd00::2 proto=58" "ipv=6 src=fe80::1 dst=fe80::2 proto=udp dport=546"
	for file in "$LIB_DIR"/published/*; do
		family=${file##*.}
		for more in "" "-i eth0 -o eth1 -H PREROUTING,FORWARD,POSTROUTING" "-i eth0 -H OUTPUT,POSTROUTING" "-a ctstate=NEW -i eth0 --ways 2"; do
			# shellcheck disable=SC2086 # several words
			capture ravelin run -"${family#v}" -r "$file" -p in.$family $more
			[ "$rc" = 0 ] || { echo "$file $more: $err"; return 1; }
			[[ "$out$err" != *kernel\ module* && $err != *module* ]] || { echo "$file $more: $err"; return 1; }
			# shellcheck disable=SC2086
			ravelin run -"${family#v}" -r "$file" -p in.$family $more -j 2>/dev/null | "$PYTHON" -m json.tool >/dev/null
		done
	done
	# With information about the host, nothing is left open.
	prints "# 9 packets, 4 ACCEPT, 5 DROP" workstation
}
workstation()
{
	ravelin run -r "$LIB_DIR/published/workstation.v4" -p in.v4 -i eth0 -l 10.2.0.8 -a ctstate=NEW -q | sed -n 1p
}

# fragments FILE VERSION FRAGMENT...: a capture of fragments of UDP datagrams to port 53, one per
# second. FRAGMENT: OFFSET:LENGTH, followed by + if there are more, and @ and the identification.
fragments()
{
	"$PYTHON" -I -S -c '
import re, struct, sys
datagram = struct.pack(">4H", 1000, 53, 3000, 0) + bytes(range(256)) * 12
with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
    for second, text in enumerate(sys.argv[3:]):
        off, size, more, number = re.fullmatch(r"(\d+):(\d+)(\+?)@?(\d*)", text).groups()
        off, data = int(off), datagram[int(off):int(off) + int(size)]
        if sys.argv[2] == "4":
            head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), int(number or 1), off // 8 | bool(more) << 13, 64, 17, 0)
            head += bytes((10, 1, 0, 8, 10, 2, 0, 8))
        else:
            head = struct.pack(">IHBB", 6 << 28, 8 + len(data), 44, 64) + b"\xfd" + bytes(14) + b"\x08\xfd" + bytes(14) + b"\x09"
            head += struct.pack(">BBHI", 17, 0, off | bool(more), int(number or 1))
        out.write(struct.pack("<IIII", 1700000001 + second, 0, len(head + data), len(head + data)) + head + data)
' "$@"
}

@test "fragments are reassembled on request" {
	fragments in.pcap 4 0:1400+ 2200:800 0:1400+ 1400:800+ 0:16+@2 8:16+@2 0:40+@3
	capture ravelin run -r rules -p in.pcap --reassemble
	same 'ravelin run: fragments of packets that were not completed: 2' "$err"
	same "$(cat <<-'END'
		1 2023-11-14T22:13:21.000000000Z 1420 bytes: not run: fragment: kept until its packet is complete
		2 2023-11-14T22:13:22.000000000Z 820 bytes: not run: fragment: kept until its packet is complete
		3 2023-11-14T22:13:23.000000000Z 1420 bytes: not run: fragment: dropped: received before
		4 2023-11-14T22:13:24.000000000Z 820 bytes, reassembled: 3020 bytes, udp 10.1.0.8:1000 > 10.2.0.8:53: ACCEPT
		5 2023-11-14T22:13:25.000000000Z 36 bytes: not run: fragment: kept until its packet is complete
		6 2023-11-14T22:13:26.000000000Z 36 bytes: not run: fragment: dropped with others that it overlaps
		7 2023-11-14T22:13:27.000000000Z 60 bytes: not run: fragment: kept until its packet is complete
		# 7 packets, 1 ACCEPT, 6 not run: fragments
	END
	)" "$(grep -E '^[0-9#]' <<<"$out")"
	grep -qx '\[1:3020\] -A INPUT -p udp -m udp --dport 53 -m comment --comment "two words" -j ACCEPT' <<<"$out"
	# Without it, only the first fragment has ports.
	ravelin run -r rules -p in.pcap >out 2>/dev/null
	grep -q '^2 .* udp fragment at 2200 10.1.0.8 > 10.2.0.8: DROP' out || { cat out; return 1; }
	grep -q '^# 7 packets, 4 ACCEPT, 3 DROP' out || { cat out; return 1; }
}

@test "fragments of IPv6, and in JSON" {
	printf '*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp -m udp --dport 53 -j ACCEPT\nCOMMIT\n' >rules6
	fragments in.pcap 6 1400:1600 0:1400+ 0:8
	ravelin run -6 -r rules6 -p in.pcap --reassemble --json >out
	"$PYTHON" -I -c '
import json, sys
o = json.load(open(sys.argv[1]))
first, second, atomic = o["packets"]
assert first["not_run"] == "fragments" and first["verdict"] is None, first
assert second["reassembled"] == 3040 and second["verdict"] == "ACCEPT" and second["destination_port"] == 53, second
assert atomic["verdict"] == "ACCEPT" and "reassembled" not in atomic, atomic
assert o["totals"]["fragments"] == 1 and o["totals"]["accepted"] == 2, o["totals"]' out
}

@test "connections are tracked through fragments" {
	fragments in.pcap 4 2200:800 0:1400+ 1400:800+ 0:40+@2
	ravelin run -r rules -p in.pcap --conntrack >out
	grep -qE '^udp +17 [0-9]+ src=10.1.0.8 dst=10.2.0.8 sport=1000 dport=53 packets=1 bytes=3020 ' out ||
		{ cat out; return 1; }
}

@test "paths beyond the limit are reported" {
	pcap in.pcap ethernet "$SSH"
	{
		printf '*filter\n:INPUT ACCEPT [0:0]\n'
		for mark in $(seq 200); do printf -- '-A INPUT -m connlabel --label %d -j MARK --set-mark 1\n' "$((mark % 128))"; done
		echo COMMIT
	} >rules
	prints "# 1 packets, 1 not known" first_line
	ravelin run -r rules -p in.pcap -w 3 >out
	grep -qx '  further paths were not followed: use --ways' out
	[ "$(grep -c '^    INPUT filter' out)" = 3 ]
	grep -q ': if .* not followed$' out
}

@test "a truncated capture is run up to its end, with a message" {
	pcap in.pcap ethernet "$SSH" "$DNS"
	head -c -7 in.pcap >cut.pcap
	capture ravelin run -r rules -p cut.pcap -q
	[ "$rc" = 1 ]
	[[ $err == "ravelin run: cut.pcap: packet 2: truncated dump file"* ]]
	same "# 1 packets, 1 DROP" "$(sed -n 1p <<<"$out")"
}

@test "corrupted packets and captures are handled" {
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

@test "--help and -V" {
	ravelin run --help >out
	for word in --rules --pcap --hook --in --out --table --json --quiet --mark --local --assume --set --ways -4 -6 'Exit codes'; do
		grep -q -- "$word" out || { echo "no $word"; return 1; }
	done
}
