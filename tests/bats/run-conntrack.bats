#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin run --conntrack. Needs no root and no kernel; tests/conntrack/run compares with the kernel.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

bats_require_minimum_version 1.5.0
load lib

setup()
{
	[ -x "$RAVELIN_BIN/../ravelin" ] || { echo "build first"; return 1; }
	packets=$BATS_TEST_DIRNAME/../conntrack
	cd "$BATS_TEST_TMPDIR" || return 1
}

# capture PYTHON: writes a capture of the packets that the lines add: at(seconds), c2s and s2c with protocol and body.
capture()
{
	PYTHONPATH=$packets PYTHONDONTWRITEBYTECODE=1 python3 - pcap <<-END
		import sys
		from packets import *
		client, server = (ipaddress.ip_address(a).packed for a in ("10.0.0.1", "10.0.0.2"))
		sent, now = [], [0]
		def at(seconds):
		    now[0] = seconds * 10**9
		def send(src, dst, proto, body, check):
		    sent.append((now[0], ip(src, dst, proto, body, len(sent) + 1, check)))
		def out(proto, body, check=None):
		    send(client, server, proto, body, check)
		def back(proto, body, check=None):
		    send(server, client, proto, body, check)
		def segment(way, flags, seq, ack, data=b""):
		    ports = (1000, 80) if way is out else (80, 1000)
		    way(TCP, tcp(*ports, seq, ack, flags, 8000, b"", data), 16)
		def datagram(way):
		    ports = (1000, 53) if way is out else (53, 1000)
		    way(UDP, struct.pack("!HHHH", *ports, 8, 0), 6)
		$1
		capture(sys.argv[1], sent)
	END
}

handshake='
segment(out, SYN, 1000, 0)
segment(back, SYN | ACK, 5000, 1001)
segment(out, ACK, 1001, 5001)'

# run_it [OPTION…]: with the rules of stdin, or none.
run_it()
{
	cat >rules
	run --separate-stderr "$RAVELIN_BIN/../ravelin" run --rules rules --pcap pcap --hook PREROUTING,INPUT --conntrack "$@"
}

@test "conntrack: state, direction, connection and TCP state of each packet" {
	capture "$handshake
segment(out, ACK | PSH, 1001, 5001, b'x')
segment(out, RST, 500, 0)
segment(back, FIN | SYN, 1, 1)"
	run_it </dev/null
	[ "$status" = 0 ]
	[ "$(grep conntrack: <<<"$output")" = "  conntrack: NEW, connection 1, original direction, TCP SYN_SENT
  conntrack: ESTABLISHED, connection 1, reply direction, TCP SYN_RECV
  conntrack: ESTABLISHED, connection 1, original direction, TCP ESTABLISHED
  conntrack: ESTABLISHED, connection 1, original direction, TCP ESTABLISHED
  conntrack: INVALID: RST below the window
  conntrack: INVALID: impossible TCP flags" ]
}

@test "conntrack: connections at the end, as conntrack -L prints them" {
	capture "$handshake
datagram(out)
at(7)
out(GRE, bytes(8))
out(ICMP, struct.pack('!BBHHH', 8, 0, 0, 3, 1), 2)"
	run_it </dev/null
	[ "$status" = 0 ]
	[ "$(sed -n '/^# .* connections$/,$p' <<<"$output")" = "# 4 connections
tcp      6 431993 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 packets=2 bytes=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 packets=1 bytes=40 [ASSURED] mark=0 use=1
udp      17 23 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 packets=1 bytes=28 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1000 packets=0 bytes=0 mark=0 use=1
gre      47 30 src=10.0.0.1 dst=10.0.0.2 srckey=0x0 dstkey=0x0 packets=1 bytes=28 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 srckey=0x0 dstkey=0x0 packets=0 bytes=0 mark=0 use=1
icmp     1 30 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=3 packets=1 bytes=28 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=3 packets=0 bytes=0 mark=0 use=1" ]
}

@test "conntrack: rules see states, and a dropped first packet leaves no connection" {
	capture "segment(out, ACK, 1, 1)
$handshake
datagram(out)
datagram(back)"
	run_it <<-'END'
		*filter
		:INPUT DROP
		-A INPUT -m conntrack --ctstate INVALID -j DROP
		-A INPUT -m state --state ESTABLISHED -j ACCEPT
		-A INPUT -p tcp --syn -m conntrack --ctstate NEW -j ACCEPT
		-A INPUT -m conntrack --ctstate NEW --ctproto tcp -j DROP
		COMMIT
	END
	[ "$status" = 0 ]
	# Picked up and dropped; SYN; two more; UDP without connection, twice.
	[ "$(grep -c 'ESTABLISHED, connection 2' <<<"$output")" = 2 ]
	[ "$(grep -c 'conntrack: NEW' <<<"$output")" = 4 ]
	[[ $output == *"# 6 packets, 3 ACCEPT, 3 DROP"* ]]
	[[ $output == *"[2:80] -A INPUT -m state --state ESTABLISHED -j ACCEPT"* ]]
	[[ $output == *$'\n# 1 connections\ntcp '* ]]
}

@test "conntrack: marks of connections" {
	capture "$handshake"
	run_it <<-'END'
		*mangle
		:PREROUTING ACCEPT
		:INPUT ACCEPT
		-A PREROUTING -j CONNMARK --restore-mark
		-A PREROUTING -m mark --mark 0x12 -j ACCEPT
		-A PREROUTING -m conntrack --ctdir REPLY -j MARK --set-mark 0x12
		-A PREROUTING -j CONNMARK --save-mark
		-A INPUT -m connmark --mark 0x12 -j ACCEPT
		COMMIT
	END
	[ "$status" = 0 ]
	[[ $output == *"[1:40] -A PREROUTING -m mark --mark 0x12 -j ACCEPT"* ]]
	[[ $output == *"[2:80] -A INPUT -m connmark --mark 0x12 -j ACCEPT"* ]]
	[[ $output == *" mark=18 use=1" ]]
}

@test "conntrack: zones and NOTRACK" {
	capture "datagram(out)
datagram(back)
datagram(out)
$handshake"
	run_it <<-'END'
		*raw
		:PREROUTING ACCEPT
		-A PREROUTING -p udp -j CT --zone-orig 7
		-A PREROUTING -p tcp --dport 80 -j CT --notrack
		-A PREROUTING -p tcp -j NOTRACK
		COMMIT
		*filter
		:INPUT ACCEPT
		-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT
		COMMIT
	END
	[ "$status" = 0 ]
	[[ $output == *"[3:120] -A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT"* ]]
	[[ $output == *"# 1 connections"*"src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 zone-orig=7 packets=2"* ]]
}

@test "conntrack: amounts and labels" {
	capture "datagram(out)
datagram(out)
datagram(out)"
	run_it <<-'END'
		*filter
		:INPUT ACCEPT
		-A INPUT -m connbytes --connbytes 2:2 --connbytes-mode packets --connbytes-dir original -j ACCEPT
		-A INPUT -m connbytes --connbytes 60: --connbytes-mode bytes --connbytes-dir both -j DROP
		COMMIT
	END
	[ "$status" = 0 ]
	[[ $output == *"[1:28] -A INPUT -m connbytes --connbytes 2:2 "* ]]
	[[ $output == *"[1:28] -A INPUT -m connbytes --connbytes 60"* ]]
}

@test "conntrack: connections end with their timeout, on the clock of the capture" {
	capture "datagram(out)
at(29)
datagram(out)
at(60)
datagram(out)
datagram(back)"
	run_it </dev/null
	[ "$status" = 0 ]
	[ "$(grep -o 'connection [0-9]' <<<"$output" | tr '\n' ' ')" = "connection 1 connection 1 connection 2 connection 2 " ]
}

@test "conntrack: a packet whose fate is unknown is tracked once" {
	capture "datagram(out)
datagram(out)"
	run_it <<-'END'
		*filter
		:INPUT ACCEPT
		-A INPUT -m set --match-set s src -j DROP
		-A INPUT -m conntrack --ctstate NEW -j ACCEPT
		COMMIT
	END
	[ "$status" = 0 ]
	[[ $output == *"packets=2 bytes=56 [UNREPLIED]"* ]]
	[[ $output == *"# perhaps [2:56] more: filter: -A INPUT -m conntrack --ctstate NEW -j ACCEPT"* ]]
}

@test "conntrack: JSON" {
	capture "$handshake
segment(out, SYN | FIN, 1, 0)"
	run_it --json </dev/null
	[ "$status" = 0 ]
	python3 - "$output" <<-'END'
		import json, sys
		said = json.loads(sys.argv[1])
		ct = [p["conntrack"] for p in said["packets"]]
		assert ct[0] == {"state": "NEW", "connection": 1, "direction": "original", "protocol_state": "SYN_SENT"}, ct[0]
		assert ct[1] == {"state": "ESTABLISHED", "connection": 1, "direction": "reply", "protocol_state": "SYN_RECV"}, ct[1]
		assert ct[3] == {"state": "INVALID", "why": "impossible TCP flags"}, ct[3]
		assert len(said["connections"]) == 1
		c = said["connections"][0]
		assert (c["connection"], c["timeout"], c["protocol_state"]) == (1, 432000, "ESTABLISHED"), c
		assert c["text"].startswith("tcp      6 432000 ESTABLISHED src=10.0.0.1"), c
	END
}

@test "conntrack: without the option, states are unknown as before" {
	capture "datagram(out)"
	printf '%s\n' '*filter' ':INPUT ACCEPT' '-A INPUT -m conntrack --ctstate NEW -j DROP' COMMIT >rules
	run "$RAVELIN_BIN/../ravelin" run --rules rules --pcap pcap
	[ "$status" = 0 ]
	[[ $output == *"if -m conntrack --ctstate NEW matches: DROP"* ]]
	[[ $output != *conntrack:* ]]
	[[ $output != *connections* ]]
}

@test "conntrack: the state found counts, not an assumed one" {
	capture "datagram(out)"
	run_it --assume ctstate=ESTABLISHED <<-'END'
		*filter
		:INPUT ACCEPT
		-A INPUT -m conntrack --ctstate NEW -j DROP
		COMMIT
	END
	[ "$status" = 0 ]
	[[ $output == *"1 DROP"* ]]
}

@test "conntrack: helpers and timeout policies are refused" {
	capture "datagram(out)"
	for option in "--helper ftp" "--timeout long"; do
		run_it <<-END
			*raw
			:PREROUTING ACCEPT
			-A PREROUTING -p tcp -j CT $option
			COMMIT
		END
		[ "$status" = 1 ]
		[[ $stderr == *": -A PREROUTING -p tcp -j CT $option: \`CT' refuses these options (Operation not supported)" ]]
	done
}
