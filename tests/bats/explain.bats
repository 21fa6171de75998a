#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin explain and ravelin test: packets in words, by the rules of a file and by live ones.

bats_require_minimum_version 1.5.0

# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034,SC2016

load lib

setup()
{
	[ -x "$RAVELIN_BIN/../ravelin" ] || { echo "build first"; return 1; }
	cd "$BATS_TEST_TMPDIR" || return 1
	cat >rules <<-'END'
		*raw
		:PREROUTING ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		-A PREROUTING -s 10.66.0.0/16 -j DROP
		-A PREROUTING -p udp -m udp --dport 5000 -j CT --notrack
		COMMIT
		*nat
		:PREROUTING ACCEPT [0:0]
		:INPUT ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:POSTROUTING ACCEPT [0:0]
		[12:720] -A PREROUTING -i eth0 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.0.0.5:8443
		-A PREROUTING -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353
		-A PREROUTING -d 203.0.113.0/24 -j NETMAP --to 10.9.9.0/24
		-A POSTROUTING -o eth1 -j SNAT --to-source 10.0.0.1
		COMMIT
		*filter
		:INPUT DROP [3:180]
		:FORWARD DROP [0:0]
		:OUTPUT ACCEPT [0:0]
		:ssh - [0:0]
		-A INPUT -i lo -j ACCEPT
		-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A INPUT -p tcp -m tcp --dport 22 -j ssh
		-A INPUT -p icmp -m limit --limit 5/min -j ACCEPT
		-A INPUT -m set --match-set bad src -j DROP
		-A INPUT -p tcp -m tcp --dport 23 -j REJECT --reject-with tcp-reset
		-A INPUT -p udp -m udp --dport 5353 -j ACCEPT
		-A INPUT -m mark --mark 0x7 -j ACCEPT
		-A INPUT -p udp -m conntrack --ctstate UNTRACKED -j ACCEPT
		-A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 8443 -m conntrack --ctstate DNAT -j ACCEPT
		-A FORWARD -d 10.9.9.9/32 -j ACCEPT
		-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A OUTPUT -d 192.0.2.99/32 -m owner --uid-owner 7 -j DROP
		-A ssh -s 192.0.2.0/24 -j ACCEPT
		-A ssh -j RETURN
		COMMIT
	END
	printf '%s\n' 192.0.2.66 >bad
}

ravelin() { "$RAVELIN_BIN/../ravelin" "$@"; }
# explain CODE WORD...: with the rules and the set; expects this exit code.
explain() { run "-$1" "$RAVELIN_BIN/../ravelin" explain --rules rules --set bad=bad "${@:2}"; }
has() { [[ $output == *"$1"* ]] || { echo "lacks: $1"; echo "$output"; return 1; }; }
lacks() { [[ $output != *"$1"* ]] || { echo "has: $1"; echo "$output"; return 1; }; }

@test "the deciding rule is reported with chain, table, number, line and counters" {
	explain 0 -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p tcp --dport 22 --syn
	has "verdict: ACCEPT by rule 1 of ssh in filter, line 35 of rules [0:0]"
	has "INPUT 3: -A INPUT -p tcp -m tcp --dport 22 -j ssh, line 24 of rules"
	explain 1 -i eth0 -s 198.51.100.7 -d 198.51.100.2 --local -p tcp --dport 25
	has "verdict: DROP by policy of INPUT in filter [3:180]"
	explain 1 -i eth0 -s 10.66.1.1 -d 198.51.100.2 --local -p tcp --dport 22
	has "verdict: DROP by rule 1 of PREROUTING in raw, line 4 of rules"
	lacks "INPUT"
	explain 1 -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p tcp --dport 23
	has "verdict: REJECT by rule 6 of INPUT in filter"
}

@test "a file as restore takes it: policies without counters" {
	printf '%s\n' '*filter' ':INPUT DROP' '-A INPUT -p tcp --dport 22 -j ACCEPT' COMMIT >bare
	run -1 "$RAVELIN_BIN/../ravelin" explain --rules bare --local -i eth0 -p tcp --dport 23 --quiet
	has "verdict: DROP by policy of INPUT in filter [0:0]"
}

@test "why: the first test that failed, with both values" {
	explain 1 --why -i eth0 -s 198.51.100.7 -d 198.51.100.2 --local -p tcp --dport 443 --ctstate INVALID
	has "-i lo: packet has eth0"
	has "--ctstate RELATED,ESTABLISHED: packet has INVALID"
	has "--dport 22: packet has 443"
	has "-p icmp: packet has tcp"
	has "-m set --match-set bad src: packet is not in set bad"
	has "-s 10.66.0.0/16: packet has 198.51.100.7"
	has "--mark 0x7: packet has 0x0"
	explain 1 -i eth0 --why-not INPUT:6 -s 1.2.3.4 -d 198.51.100.2 --local -p tcp --dport 24
	has "INPUT:6: --dport 23: packet has 24"
	lacks "-i lo"
	explain 1 -i eth0 --why-not filter/ssh:1 -s 1.2.3.4 -d 198.51.100.2 --local -p tcp --dport 24
	has "filter/ssh:1: the packet does not reach it"
	explain 1 -i eth0 --why-not "-A ssh -s 192.0.2.0/24 -j ACCEPT" -s 1.2.3.4 -d 198.51.100.2 --local -p tcp --dport 22
	has "-s 192.0.2.0/24: packet has 1.2.3.4"
	explain 0 -i eth0 --why-not ssh:1 -s 192.0.2.4 -d 198.51.100.2 --local -p tcp --dport 22
	has "ssh:1: it matched"
}

@test "NAT: before and after, and routing after it" {
	explain 0 -i eth0 -o eth1 -s 192.0.2.7 -d 198.51.100.2 -p tcp --dport 443 --syn
	has "DNAT: destination 198.51.100.2:443 -> 10.0.0.5:8443"
	has "routing: 10.0.0.5 leaves on eth1"
	has "rule 1 of FORWARD in filter"
	has "SNAT: source 192.0.2.7:40000 -> 10.0.0.1:40000"
	has "leaves as: tcp 10.0.0.1:40000 > 10.0.0.5:8443 SYN"
	explain 0 -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p udp --dport 53
	has "REDIRECT: destination 198.51.100.2:53 -> 198.51.100.2:5353"
	has "rule 7 of INPUT in filter"
	explain 0 -i eth0 -o eth1 -s 192.0.2.7 -d 203.0.113.9 -p udp --dport 9
	has "NETMAP: destination 203.0.113.9:9 -> 10.9.9.9:9"
}

@test "an expired TTL drops the packet in forwarding, not by a rule" {
	explain 1 -i eth0 -o eth1 -s 192.0.2.7 -d 203.0.113.9 -p udp --dport 9 --ttl-eq 1
	has "verdict: DROP by routing: 10.9.9.9 leaves on eth1, but its TTL is exhausted"
	has "nat      ACCEPT by rule 3 of PREROUTING"
	lacks "FORWARD"
	explain 0 -i eth0 --local -s 192.0.2.7 -d 198.51.100.2 -p udp --dport 53 --ttl-eq 1
	printf '%s\n' '*filter' '-A FORWARD -j ACCEPT' COMMIT >rules6
	run -1 "$RAVELIN_BIN/../ravelin" explain --rules6 rules6 -i eth0 -o eth1 -s fd00::1 -d fd00::2 --hl-eq 1 --quiet
	has "verdict: DROP by routing: fd00::2 leaves on eth1, but its hop limit is exhausted"
}

@test "the mark that CONNMARK saves is the one that was set before" {
	printf '%s\n' '*mangle' '-A PREROUTING -p udp -j MARK --set-mark 5' '-A PREROUTING -j CONNMARK --save-mark' COMMIT \
		'*filter' '-A INPUT -m connmark --mark 5 -j REJECT' '-A INPUT -m connmark --mark 0 -j DROP' COMMIT >marks
	run -1 "$RAVELIN_BIN/../ravelin" explain --rules marks --local -i eth0 -p udp --quiet
	has "verdict: REJECT by rule 1 of INPUT in filter"
	run -1 "$RAVELIN_BIN/../ravelin" explain --rules marks --local -i eth0 -p tcp --quiet
	has "verdict: DROP by rule 2 of INPUT in filter"
}

@test "table nat is used for the first packet of a connection only" {
	explain 0 -i eth0 -o eth1 -s 192.0.2.7 -d 198.51.100.2 -p tcp --dport 443 --ctstate ESTABLISHED
	lacks "DNAT: dest"
	has "rule 3 of FORWARD in filter"
	explain 0 -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p udp --dport 5000
	has "rule 9 of INPUT in filter"
	lacks " nat "
}

@test "unknown conditions are followed both ways, and exit with 2" {
	explain 2 -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p icmp --icmp-type echo-request
	has "verdict: if -m limit --limit 5/min matches: ACCEPT, else DROP"
	explain 0 -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p icmp --icmp-type 8 --assume limit=yes
	explain 2 -o eth0 -s 198.51.100.2 -d 192.0.2.99 -p tcp --dport 80
	has "if -m owner --uid-owner 7 matches: DROP, else ACCEPT"
	explain 1 -o eth0 -s 198.51.100.2 -d 192.0.2.99 -p tcp --dport 80 --uid-owner 7
	explain 0 -o eth0 -s 198.51.100.2 -d 192.0.2.99 -p tcp --dport 80 --uid-owner 8
}

@test "the state of a connection: given, or that of a first packet" {
	explain 0 -i eth0 -s 1.2.3.4 -d 198.51.100.2 --local -p tcp --dport 80 --ctstate ESTABLISHED
	has "connection ESTABLISHED (given)"
	explain 1 -i eth0 -s 1.2.3.4 -d 198.51.100.2 --local -p tcp --dport 80
	has "note: the connection state was not given: NEW is assumed"
	explain 1 -i eth0 -s 1.2.3.4 -d 198.51.100.2 --local -p tcp --dport 80 --tcp-flags ALL SYN,ACK
	has "connection INVALID"
}

@test "sets, marks, and assumptions" {
	explain 1 -i eth0 -s 192.0.2.66 -d 198.51.100.2 --local -p tcp --dport 25 --mark 7
	has "rule 5 of INPUT in filter"
	explain 0 -i eth0 -s 192.0.2.65 -d 198.51.100.2 --local -p tcp --dport 25 --mark 7
	has "rule 8 of INPUT in filter"
	explain 0 -i eth0 -d 198.51.100.2 --local -p tcp --dport 22
	has "note: no -s was given"
	lacks "no --dport was given"
}

@test "several packets, lines of a file, and the highest exit code" {
	explain 1 --quiet -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p tcp --dport 22 -- -o eth0 -s 198.51.100.2 -d 8.8.8.8 -p udp --dport 53 -- \
		-i eth0 -s 1.1.1.1 -d 198.51.100.2 --local -p tcp --dport 99
	[ "$(grep -c ^verdict: <<<"$output")" = 3 ]
	printf '%s\n' '# packets' '-s 192.0.2.7 -p tcp --dport 22   # ssh' '' '-s 192.0.2.7 -p tcp --dport 23' >packets
	explain 1 --quiet --packets packets -i eth0 --local 198.51.100.2
	[ "$(grep ^verdict: <<<"$output" | cut -d' ' -f2 | xargs)" = "ACCEPT REJECT" ]
}

@test "errors exit with 3 and have a hint" {
	explain 3 -i eth0 -s 192.0.2.7 -d 198.51.100.2 -p tcp --dport 22
	has "the route of the packet from eth0 is not given; use --local (to this host)"
	explain 3 -s 192.0.2.7 -d 198.51.100.2 -p tcp --dport 22
	has "the path of the packet is not given"
	explain 3 -i eth0 --local -s 2001:db8::1 -p tcp -4
	has "its addresses are of another family than -4 or -6 says"
	explain 3 -i eth0 -s 192.0.2.0/24 --local -p tcp --dport 22
	has "a packet has one address as its source, not a network"
	explain 3 -i eth0 --local -p tcp --dport 22:23
	has "a packet has one value: -m tcp --dport 22:23"
	explain 3 -i eth0 --local -p tcp --dport nonsense
	has "not a packet"
	explain 3 -i eth0 --local -m limit --limit 1/s
	has "-m limit does not describe a packet"
	explain 3 -i eth0 --local -j ACCEPT
	has "a packet has no target"
	explain 3
	has "no packet given"
	explain 3 --why-not nonsense -i eth0 --local
	has "is not CHAIN:N"
	run -3 ravelin explain --rules nowhere -i eth0 --local
	has "cannot open nowhere"
	printf '*filter\n-A INPUT --nonsense\nCOMMIT\n' >broken
	run -3 ravelin explain --rules broken -i eth0 --local
	has "line: 2"
}

@test "IPv6" {
	cat >rules6 <<-'END'
		*filter
		:INPUT DROP [0:0]
		:FORWARD DROP [0:0]
		:OUTPUT ACCEPT [0:0]
		-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT
		-A INPUT -s 2001:db8::/32 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
		COMMIT
	END
	run -0 ravelin explain --rules rules --rules6 rules6 -i eth0 --local -s 2001:db8::1 -d 2001:db8::2 -p tcp --dport 22
	has "tcp [2001:db8::1]:40000 > [2001:db8::2]:22 SYN"
	has "rule 2 of INPUT in filter, line 6 of rules6"
	run -0 ravelin explain --rules6 rules6 -6 -i eth0 --local -p icmpv6 --icmpv6-type 135
	has "connection UNTRACKED"
}

@test "JSON has verdict, path and reasons" {
	explain 0 --json --why -i eth0 -o eth1 -s 192.0.2.7 -d 198.51.100.2 -p tcp --dport 443 --syn
	"$PYTHON" -I -S -c '
import json, sys
x = json.loads(sys.argv[1])
assert x["verdict"] == "ACCEPT" and x["status"] == 0, x
way = x["ways"][0]
assert way["by"] == {"table": "filter", "chain": "FORWARD", "rule": 1, "line": 31, "packets": 0, "bytes": 0,
    "text": "-A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 8443 -m conntrack --ctstate DNAT -j ACCEPT"}, way["by"]
assert [(p["hook"], p["table"]) for p in way["path"]] == [("PREROUTING", "raw"), ("PREROUTING", "nat"),
    ("FORWARD", "filter"), ("POSTROUTING", "nat")]
assert way["path"][1]["nat"] == ["DNAT: destination 198.51.100.2:443 -> 10.0.0.5:8443"]
assert way["path"][0]["missed"][0]["why"] == "-s 10.66.0.0/16: packet has 192.0.2.7"
' "$output"
}

@test "why: MAC address, address type, time, string and u32" {
	cat >whole <<-'END'
		*filter
		:INPUT DROP [0:0]
		-A INPUT -m mac --mac-source 00:11:22:33:44:55 -j ACCEPT
		-A INPUT -m addrtype --dst-type BROADCAST -j ACCEPT
		-A INPUT -m addrtype --dst-type LOCAL,MULTICAST -m addrtype ! --src-type UNICAST -j ACCEPT
		-A INPUT -m time --datestop 2001-01-01T00:00:00 -j ACCEPT
		-A INPUT -m u32 --u32 "0=1" -j ACCEPT
		-A INPUT -m u32 ! --u32 "0>>28=4" -j ACCEPT
		-A INPUT -m string --string abc --algo bm -j ACCEPT
		-A INPUT -m string ! --hex-string "|45|" --algo bm -j ACCEPT
		COMMIT
	END
	run -1 ravelin explain --rules whole --why -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local 198.51.100.2 \
		-p udp --sport 9 --dport 9 --mac-source 00:11:22:33:44:66
	has "-m mac --mac-source 00:11:22:33:44:55: packet has 00:11:22:33:44:66"
	has "--dst-type BROADCAST: packet has LOCAL"
	has "! --src-type UNICAST: packet has UNICAST"
	[[ $output =~ "the time is "[A-Z][a-z][a-z]" 20"[0-9-]+T[0-9:]+" (UTC)" ]]
	has '-m u32 --u32 "0x0=0x1": the packet has other values, or is too short'
	has '-m u32 ! --u32 "0x0>>0x1c=0x4": the packet has these values'
	has '-m string --string "abc" --algo bm: string not found in the bytes searched'
	has '! --string "E" --algo bm: string found in the bytes searched'
	capture
	run -1 ravelin explain --rules whole --why --pcap in.pcap#1 -i eth0 --local 9.9.9.9 --mac-source 00:11:22:33:44:66
	has "the time is Tue 2023-11-14T22:13:20 (UTC)"
	run -2 ravelin explain --rules whole --why -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p udp
	has "--mac-source 00:11:22:33:44:55: false on this way (the packet's MAC address is unknown)"
}

@test "a packet that is dropped or rejected does not leave" {
	printf '%s\n' '*filter' ':FORWARD DROP' '-A FORWARD -p tcp --dport 23 -j REJECT' \
		'-A FORWARD -p tcp --dport 80 -j ACCEPT' COMMIT >forward
	for port in 23 24; do
		run -1 ravelin explain --rules forward -i eth0 -o eth1 -s 192.0.2.7 -d 198.51.100.2 -p tcp --dport $port
		has "FORWARD"
		lacks "leaves as"
	done
	run -0 ravelin explain --rules forward -i eth0 -o eth1 -s 192.0.2.7 -d 198.51.100.2 -p tcp --dport 80
	has "leaves as: tcp 192.0.2.7:40000 > 198.51.100.2:80 SYN"
}

@test "why-not: the same reason on several ways is printed once" {
	printf '%s\n' '*filter' ':INPUT DROP' '-A INPUT -m limit --limit 5/min -j LOG' \
		'-A INPUT -p tcp --dport 22 -j ACCEPT' COMMIT >limited
	run -1 ravelin explain --rules limited --local -i eth0 -s 192.0.2.7 -p tcp --dport 23 --why-not INPUT:2
	[ "$(grep -c '^INPUT:2: --dport 22: packet has 23$' <<<"$output")" = 1 ]
}

@test "ravelin test: TAP output, and the actual result" {
	cat >firewall.test <<-'END'
		# a comment, and an empty line

		-i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p tcp --dport 22 => ACCEPT by ssh:1
		-i eth0 -s 1.2.3.4 -d 198.51.100.2 --local -p tcp --dport 22 => DROP by INPUT:policy   # from outside
		-i eth0 -s 1.2.3.4 -d 198.51.100.2 --local -p tcp --dport 23 => REJECT by filter/INPUT:6
		-i eth0 -o eth1 -s 1.2.3.4 -d 198.51.100.2 -p tcp --dport 443 => ACCEPT by nat/PREROUTING:1 to 10.0.0.5:8443
		-i eth0 -s 1.2.3.4 -d 198.51.100.2 --local -p icmp => DEPENDS
	END
	run -0 ravelin test --rules rules --set bad=bad firewall.test
	[ "${lines[0]}" = "ok 1 - -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p tcp --dport 22 => ACCEPT by ssh:1" ]
	[ "${lines[5]}" = "1..5" ]
	lacks "not ok"
	printf '%s\n' '-i eth0 -s 192.0.2.7 --local -p tcp --dport 22 => DROP' '-i eth0 -s 192.0.2.7 --local -p tcp --dport 22 => ACCEPT by ssh:2' \
		'-i eth0 -o eth1 -s 1.2.3.4 -d 198.51.100.2 -p tcp --dport 443 => ACCEPT to 10.0.0.5:8444' '-i eth0 -s 192.0.2.7 --local -p icmp => ACCEPT' >wrong.test
	run -1 ravelin test --rules rules --set bad=bad wrong.test
	[ "$(grep -c '^not ok' <<<"$output")" = 4 ]
	has "# verdict: ACCEPT by rule 1 of ssh in filter"
	printf '%s\n' '-i eth0 --local => PERHAPS' '-i eth0 --local' '-i eth0 --local "=> DROP' '-i eth0 --local => DROP by' '-i eth0 --local => DROP in x' >bad.test
	run -3 ravelin test --rules rules bad.test
	[ "$(grep -c '^not ok' <<<"$output")" = 5 ]
	has "# line 1: expected ACCEPT, DROP, REJECT or DEPENDS after =>, not \"PERHAPS\""
	has "# line 2: missing =>"
	has "# line 3: unclosed quote"
	run -3 ravelin test --rules rules nowhere
}

# A capture of UDP and TCP packets; the third replies to the first.
capture()
{
	"$PYTHON" -I -S -c '
import struct
def packet(src, dst, sport, dport):
    udp = struct.pack("!HHHH", sport, dport, 8, 0)
    ip = lambda a: bytes(map(int, a.split(".")))
    return struct.pack("!BBHHHBBH", 0x45, 0, 28, 1, 0, 64, 17, 0) + ip(src) + ip(dst) + udp
out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
for n, p in enumerate((packet("198.51.100.2", "9.9.9.9", 5353, 53), packet("9.9.9.9", "198.51.100.2", 99, 5353),
                       packet("9.9.9.9", "198.51.100.2", 53, 5353), packet("9.9.9.9", "198.51.100.2", 53, 9))):
    out += struct.pack("<IIII", 1700000000 + n, 0, len(p), len(p)) + p
open("in.pcap", "wb").write(out)'
}

@test "a packet of a capture, with earlier connections" {
	capture
	explain 0 --pcap in.pcap#3 -i eth0 --local 198.51.100.2
	has "packet 3: udp 9.9.9.9:53 > 198.51.100.2:5353"
	has "connection ESTABLISHED (tracked over the capture)"
	has "rule 2 of INPUT in filter"
	explain 0 --pcap in.pcap#3 -i eth0 --local 198.51.100.2 --json
	has '"state":"ESTABLISHED","state_from":"capture"'
	explain 0 --pcap in.pcap#3 -i eth0 --local 198.51.100.2 --ctstate ESTABLISHED
	has "connection ESTABLISHED (given)"
	explain 0 --pcap in.pcap#2 -i eth0 --local 198.51.100.2
	has "rule 7 of INPUT in filter"
	explain 1 --quiet --pcap in.pcap -i eth0 --local 198.51.100.2
	[ "$(grep -c ^packet <<<"$output")" = 4 ]
	explain 3 --pcap in.pcap#9 -i eth0 --local
	has "has no packet 9"
	explain 3 --pcap in.pcap -i eth0 -s 1.2.3.4 --local
	has "the captured packet already has addresses"
}

# ---- live rules -----------------------------------------------------------------------------------

# in_ns SCRIPT: in a temporary network namespace with eth0 and eth1.
in_ns()
{
	is_root || skip 'needs root: makes a network namespace'
	[ "$BACKEND" = nft ] || skip 'about nf_tables'
	unshare -n bash -eu -c 'ip link set lo up
		ip link add eth0 type veth peer name p0; ip link add eth1 type veth peer name p1
		ip link set p0 up; ip link set p1 up
		ip addr add 192.0.2.1/24 dev eth0; ip addr add 10.0.0.1/24 dev eth1
		ip link set eth0 up; ip link set eth1 up
		echo 1 >/proc/sys/net/ipv4/ip_forward
		ravelin() { "'"$RAVELIN_BIN"'/../ravelin" "$@"; }
		'"$1"
}

@test "live: rules with their counters, and this host's routes" {
	run -0 in_ns '"$RAVELIN_BIN"/iptables -A FORWARD -d 10.0.0.5 -c 7 420 -j ACCEPT
		"$RAVELIN_BIN"/iptables -P FORWARD DROP
		"$RAVELIN_BIN"/iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to 10.0.0.5
		"$RAVELIN_BIN"/iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE
		ravelin explain -i eth0 -s 192.0.2.7 -d 192.0.2.1 -p tcp --dport 80'
	has "rule 1 of FORWARD in filter"
	has "[7:420]"
	has "routing: 10.0.0.5 leaves on eth1"
	has "MASQUERADE: source 192.0.2.7:40000 -> 10.0.0.1:40000"
	run -1 in_ns 'ravelin explain -i eth0 -s 192.0.2.7 -d 203.0.113.9 -p tcp --dport 80'
	has "by routing"
	run -0 in_ns 'ravelin explain -d 10.0.0.9 -p tcp --dport 80'
	has "10.0.0.1:40000 > 10.0.0.9:80"
	has "leaves on eth1"
	run -3 in_ns 'ravelin explain -i eth7 -d 10.0.0.9 -p tcp --dport 80'
	has "this host has no interface eth7"
}

@test "live: ipsets are read from the kernel" {
	run -1 in_ns 'ipset create bad hash:net; ipset add bad 198.51.100.0/24
		"$RAVELIN_BIN"/iptables -A INPUT -m set --match-set bad src -j DROP
		ravelin explain -i eth0 -s 198.51.100.7 -d 192.0.2.1 -p tcp --dport 80'
	has "rule 1 of INPUT in filter"
	run -0 in_ns 'ipset create bad hash:net; ipset add bad 198.51.100.0/24
		"$RAVELIN_BIN"/iptables -A INPUT -m set --match-set bad src -j DROP
		ravelin explain --why -i eth0 -s 203.0.113.7 -d 192.0.2.1 -p tcp --dport 80'
	has "packet is not in set bad"
}

@test "live: a set that cannot be read is a branch, and a note says so" {
	run -2 in_ns 'ipset create bad hash:net; ipset add bad 198.51.100.0/24
		"$RAVELIN_BIN"/iptables -A INPUT -m set --match-set bad src -j DROP
		unshare -m sh -c "mount --bind /dev/null /usr/sbin/ipset
			$RAVELIN_BIN/../ravelin explain -i eth0 -s 198.51.100.7 -d 192.0.2.1 -p tcp --dport 80"'
	has "verdict: if -m set --match-set bad src matches: DROP, else ACCEPT"
	has "note: set bad was not read: ipset save bad failed"
}

nft_rules()
{
	in_ns '"$RAVELIN_BIN"/iptables -A INPUT -s 10.0.0.1 -j ACCEPT
		nft add set ip filter bad "{ type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 198.51.100.3 } }"
		nft add set ip filter web "{ type inet_service; elements = { 80, 443 } }"
		nft add set ip filter some "{ type ipv4_addr . inet_service; flags interval, timeout; elements = {
			10.0.0.9 . 20-30 timeout 5m, 10.0.1.0/24 . 80 comment \"x\" } }"
		nft add map ip filter ways "{ type inet_service : verdict; elements = { 443 : drop } }"
		nft add rule ip filter INPUT ip saddr @bad counter drop
		nft add rule ip filter INPUT tcp dport != @web counter drop
		nft add rule ip filter INPUT ip saddr . tcp dport @some counter accept
		nft add rule ip filter INPUT tcp dport vmap @ways '"$*"
}

@test "live: nf_tables sets are read from the kernel" {
	run -1 nft_rules '; ravelin explain -i lo -s 192.0.2.7 -d 127.0.0.1 -p tcp --dport 22'
	has "verdict: DROP by rule 2 of INPUT in filter"
	has "INPUT 2: -A INPUT -m set --match-set @filter/bad src -j DROP"
	has "note: nft rules with set lookups are shown as -m set, with the current sets"
	run -1 nft_rules '; ravelin explain --why -i lo -s 10.0.0.9 -d 127.0.0.1 -p tcp --dport 81'
	has "verdict: DROP by rule 3 of INPUT in filter"
	has "packet is not in set @filter/bad"
	run -0 nft_rules '; ravelin explain --why -i lo -s 10.0.1.9 -d 127.0.0.1 -p tcp --dport 80'
	has "verdict: ACCEPT by rule 4 of INPUT in filter"
	has "packet is in set @filter/web"
	run -0 nft_rules '; nft add element ip filter web "{ 25 }"; ravelin explain -i lo -s 10.0.0.9 -d 127.0.0.1 -p tcp --dport 25'
	has "verdict: ACCEPT by rule 4 of INPUT in filter"
}

@test "an nft rule that cannot be decoded is a branch, with its verdict if known" {
	run -2 nft_rules '; ravelin explain -i lo -s 203.0.113.7 -d 127.0.0.1 -p tcp --dport 80'
	has "verdict: if nft \`meta l4proto tcp th dport vmap @ways' matches: not known, else ACCEPT"
	run -0 nft_rules '; "$RAVELIN_BIN"/iptables-save >saved'
	run -2 "$RAVELIN_BIN/../ravelin" explain --rules saved -i lo -s 192.0.2.7 -d 127.0.0.1 --local -p tcp --dport 22 -4
	has "verdict: if nft \`ip saddr @bad counter drop' matches: DROP"
	run -2 "$RAVELIN_BIN/../ravelin" explain --rules saved -i lo -s 192.0.2.7 -d 127.0.0.1 --local -p udp --dport 22 --quiet
	has "else if nft \`meta l4proto tcp ip saddr . th dport @some counter accept' matches: ACCEPT"
}

@test "live: the state of a connection is read from conntrack" {
	command -v conntrack || skip "needs conntrack"
	run -0 in_ns '"$RAVELIN_BIN"/iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
		"$RAVELIN_BIN"/iptables -P INPUT DROP
		conntrack -I -p udp -s 192.0.2.1 -d 192.0.2.9 --sport 1234 --dport 53 -t 60 >/dev/null 2>&1
		ravelin explain -i eth0 -s 192.0.2.9 -d 192.0.2.1 -p udp --sport 53 --dport 1234'
	has "connection ESTABLISHED (the host's conntrack table)"
}

@test "live: the trace table is removed however the program ends" {
	run -0 in_ns '"$RAVELIN_BIN"/iptables -A INPUT -p icmp -j ACCEPT
		# The program itself: a function in the background would be a shell that waits for it.
		"$RAVELIN_BIN"/../ravelin explain --live --seconds 60 -p icmp --icmp-type 8 >out & pid=$!
		for i in $(seq 100); do nft list tables | grep -q ravelin-trace && break; sleep 0.1; done
		nft list tables | grep -q ravelin-trace
		ping -c 1 -W 1 127.0.0.1 >/dev/null
		for i in $(seq 100); do grep -q "INPUT:rule:1:ACCEPT" out && break; sleep 0.1; done
		kill -9 $pid
		for i in $(seq 100); do nft list tables | grep -q ravelin-trace || break; sleep 0.1; done
		if nft list tables | grep ravelin-trace; then exit 1; fi
		cat out'
	has "TRACE: 2"
	has "filter:INPUT:rule:1:ACCEPT  iptables -t filter -A INPUT -p icmp -j ACCEPT"
}

@test "live: every rule traversed, as text and as JSON" {
	run -0 in_ns '"$RAVELIN_BIN"/iptables-restore <<-END
			*filter
			:INPUT DROP
			:icmp -
			-A INPUT -m mark --mark 0 -j MARK --set-mark 7
			-A INPUT -p icmp -m mark --mark 7 -j icmp
			-A icmp -d 127.0.0.1 -j RETURN
			COMMIT
		END
		for json in "" --json; do
			"$RAVELIN_BIN"/../ravelin explain --live $json --seconds 60 -i lo -p icmp --icmp-type 8 >out & pid=$!
			for i in $(seq 100); do nft list tables | grep -q ravelin-trace && break; sleep 0.1; done
			ping -c 1 -W 1 127.0.0.1 >/dev/null || true
			for i in $(seq 100); do grep -q "INPUT:policy\|\"policy\"" out && break; sleep 0.1; done
			kill $pid; wait $pid || true
			for i in $(seq 100); do nft list tables | grep -q ravelin-trace || break; sleep 0.1; done
			cat out
		done'
	has "filter:INPUT:rule:1:CONTINUE  iptables -t filter -A INPUT -m mark --mark 0x0 -j MARK --set-xmark 0x7/0xffffffff"
	has "filter:INPUT:rule:2:JUMP:icmp  iptables -t filter -A INPUT -p icmp -m mark --mark 0x7 -j icmp"
	has "filter:icmp:rule:1:RETURN  iptables -t filter -A icmp -d 127.0.0.1/32 -j RETURN"
	has "filter:INPUT:policy:DROP"
	steps_are_whole() { python3 -c "
import json, sys
steps = [json.loads(line) for line in sys.stdin if line.startswith('{')]
one = [s for s in steps if s['id'] == steps[0]['id']]
assert one[0]['event'] == 'packet' and one[0]['in'] == 'lo', one
assert one[0]['packet'].startswith('icmp 127.0.0.1 > 127.0.0.1 type 8'), one
want = [('rule', 'INPUT', 1, 'CONTINUE'), ('rule', 'INPUT', 2, 'JUMP'), ('rule', 'icmp', 1, 'RETURN'), ('policy', 'INPUT', None, 'DROP')]
assert [(s['event'], s['chain'], s.get('rule'), s.get('verdict')) for s in one[1:]] == want, one
assert one[2]['text'] == '-A INPUT -p icmp -m mark --mark 0x7 -j icmp' and one[2]['to'] == 'icmp', one
"; }
	steps_are_whole <<<"$output"
}
