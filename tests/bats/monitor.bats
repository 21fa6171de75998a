#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# xtables-monitor: changes and traces of real packets, compared with that of the
# newest stock release.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup_file()
{
	is_root || return 0
	ORACLE=$("$LIB_DIR/../oracle")
	export ORACLE
}

setup()
{
	need_root
	new_ns NS
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() { end_ns ${MONITORS:-} "${NS:-}"; }

stock() { ns "$NS" $ORACLE "$@"; }

# listen FILE CMD...: starts a monitor in the background and waits until it has joined.
listen()
{
	local before file=$1 pid
	before=$(members)
	hold pid nsenter --net="/proc/$NS/ns/net" -- sh -c 'file=$1; shift; exec "$@" >"$file" 2>"$file.err"' \
		listen "$file" "${@:2}"
	MONITORS="${MONITORS:-} $pid"
	until_true 10 more_members "$before"
}
# Sockets of the namespace in the netfilter multicast groups (protocol 12): 7 and 9 of 1, 2, ...
members() { ns "$NS" awk '$2 == 12 && $4 !~ /^0+$/ { n++ } END { print n + 0 }' /proc/net/netlink; }
more_members() { [ "$(members)" -gt "$1" ]; }

ravelin_monitor() { listen "$1" "$RAVELIN_BIN/xtables-monitor" "${@:2}"; }
# shellcheck disable=SC2086 # a command with its arguments
stock_monitor() { listen "$1" $ORACLE xtables-monitor "${@:2}"; }

# shows FILE TEXT: waits until the file has this line.
shows() { until_true 10 grep -qsF -e "$2" "$1"; }

# Stock prints handles where we print rule numbers. Its errors: RETURN is printed as a number, data
# of later fragments as ports, and IPv6 lengths lack 20 bytes.
as_it_should_be()
{
	sed -E 's/:rule:0x[0-9a-f]+:/:rule:N:/; s/:0xfffffffb /:RETURN /; / FRAG:/s/ SPORT=[^M]*/ /' "$1" |
		awk '/PACKET: 10 .* LEN=/ { match($0, / LEN=[0-9]+/)
			n = substr($0, RSTART + 5, RLENGTH - 5) + 20
			$0 = substr($0, 1, RSTART + 4) n substr($0, RSTART + RLENGTH) } { print }'
}

# alike WHAT: both print the same lines, up to LAST.
alike()
{
	until_true 10 both_show "$LAST" || { tail -n 3 ours theirs ours.err theirs.err; return 1; }
	same "$(as_it_should_be theirs)" "$(sed -E 's/:rule:[0-9]+:/:rule:N:/' ours)" "$1"
	[ ! -s ours.err ]
}
both_show() { grep -qsF -e "$1" ours && grep -qsF -e "$1" theirs; }

changes()
{
	iptables -N TCP
	iptables -A TCP -s 192.168.0.0/16 -p tcp --dport 22 -j ACCEPT
	ip6tables -t mangle -A PREROUTING -m comment --comment 'a b' -j MARK --set-mark 1
	iptables -A TCP -c 5 66 -m limit --limit 3/hour -j LOG
	iptables -P FORWARD DROP
	iptables -I TCP 1 -i eth0 -g TCP2 2>/dev/null || iptables -I TCP 1 -i eth0 -j DROP
	iptables -R TCP 1 -i eth1 -j DROP
	iptables -D TCP 1
	iptables -F TCP
	iptables -E TCP TCQ
	iptables -X TCQ
	nft add table inet other
	nft add chain inet other c '{ type filter hook input priority 5; policy drop; }'
	nft add set inet other s '{ type ipv4_addr; }'
	nft add table arp filter
	nft add chain arp filter INPUT '{ type filter hook input priority 0; }'
	nft delete table inet other
	printf '*filter\n:INPUT DROP [0:0]\n:FOO - [0:0]\n-A INPUT -j FOO\nCOMMIT\n' | iptables-restore
	ip6tables -A INPUT -s fd00::7 -j ACCEPT
}
LAST='-A INPUT -s fd00::7/128 -j ACCEPT'

@test "changes: output identical to stock" {
	ravelin_monitor ours -e
	stock_monitor theirs -e
	changes
	alike changes
	[ "$(wc -l <ours)" -gt 40 ]
}

@test "changes: with counters, and of one family" {
	ravelin_monitor ours -e -c
	stock_monitor theirs -e -c
	ravelin_monitor ours6 --event --ipv6
	stock_monitor theirs6 --event --ipv6
	changes
	alike counters
	grep -qF '[5:66] -A TCP' ours
	shows ours6 "$LAST"
	shows theirs6 "$LAST"
	same "$(cat theirs6)" "$(cat ours6)" 'IPv6 only'
	no grep -q ' iptables ' ours6
}

@test "an undecodable rule is not shown incomplete" {
	ravelin_monitor ours -e
	iptables -A INPUT -s 10.0.0.1 -j DROP
	nft add rule ip filter INPUT ip saddr vmap '{ 10.0.0.2 : drop }'
	nft add rule ip filter INPUT ct state new counter
	nft add table ip foreign
	nft add chain ip foreign c
	nft add rule ip foreign c ip saddr 10.0.0.3 drop
	shows ours 'nft: NEW rule: ip foreign c handle 2'
	grep -q '^ EVENT: iptables -t filter -A INPUT -m nft --rule "ip saddr vmap { 10.0.0.2 : drop }" --expr ' ours
	grep -qx ' EVENT: iptables -t filter -A INPUT -s 10.0.0.1/32 -j DROP' ours
	no grep -qx ' EVENT: iptables -t filter -A INPUT' ours
	no grep -q 'iptables -t foreign' ours
}

# --- packets ------------------------------------------------------------------

# traced: rules with all kinds of verdicts for received packets.
traced()
{
	local tool
	for tool in iptables ip6tables; do
		$tool -t raw -A PREROUTING -j TRACE
		$tool -t mangle -A PREROUTING -j MARK --set-mark 0x17
		$tool -N SUB
		$tool -N END
		$tool -N GOTO
		$tool -A SUB -p tcp -j RETURN
		$tool -A GOTO -m limit --limit 9999/s -j RETURN
		$tool -A INPUT -j SUB
		$tool -A INPUT -j END
		$tool -A INPUT -p udp -j DROP
		$tool -A INPUT -p tcp -j REJECT
		$tool -A INPUT -g GOTO
	done
	iptables -P INPUT DROP
}

# by_bytes: packets of all kinds, byte by byte, from a neighbour's device.
by_bytes()
{
	"$PYTHON" -I -S - "$@" <<-'END'
		import os, socket, struct, time
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind(('out', 0))
		a4, b4 = socket.inet_aton('10.9.0.2'), socket.inet_aton('10.9.0.1')
		a6, b6 = (socket.inet_pton(socket.AF_INET6, x) for x in ('fd09::2', 'fd09::1'))
		ether = bytes.fromhex('02000000000a02000000000b')

		# Stock's monitor exits if it is too slow, so this waits. Not every packet is
		# traced.
		def send(frame):
		    size, tries = os.stat('theirs').st_size, 20
		    s.send(frame)
		    while os.stat('theirs').st_size == size and tries:
		        time.sleep(0.002)
		        tries -= 1

		def checksum(b):
		    total = sum(struct.unpack('!%dH' % (len(b) // 2), b))
		    total = (total >> 16) + (total & 0xffff)
		    return ~(total + (total >> 16)) & 0xffff

		def v4(proto, payload, tos=0, frag=0, options=b'', ttl=64):
		    words = 5 + len(options) // 4
		    h = struct.pack('!BBHHHBBH', 0x40 | words, tos, words * 4 + len(payload), 0x1234,
		                    frag, ttl, proto, 0) + a4 + b4 + options
		    send(ether + b'\x08\x00' + h[:10] + struct.pack('!H', checksum(h)) + h[12:] + payload)

		def v6(following, payload, traffic=0, label=0, hops=64):
		    send(ether + b'\x86\xdd' + struct.pack('!IHBB', 6 << 28 | traffic << 20 | label,
		           len(payload), following, hops) + a6 + b6 + payload)

		def tcp(flags):
		    return struct.pack('!HHIIHHHH', 1000, 2000, 1, 2, 5 << 12 | flags, 512, 0, 9)

		for flags in 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 0x3f, 0xfff:
		    v4(6, tcp(flags))
		v4(6, tcp(2), tos=0x13, options=b'\x01\x01\x01\x00')
		for frag in 0x8000, 0x4000, 0xc000, 0x2000, 0x2003, 0x0005:
		    v4(6, tcp(2), frag=frag)
		for proto in 6, 17, 33, 132, 136, 47, 50, 1:
		    for length in 0, 3, 4, 7, 8, 19, 20, 24:
		        v4(proto, bytes(range(1, length + 1)), ttl=30 + length)
		v6(6, tcp(0x12), traffic=0xb8, label=5)
		for proto in 17, 33, 132, 136, 58, 59, 0:
		    for length in 8, 16, 24:
		        v6(proto, bytes(range(1, length + 1)), hops=30 + length)
		v4(17, struct.pack('!HHHH', 7, 4242, 8, 0))
	END
}

@test "traces: output identical to stock" {
	local neighbour
	new_ns neighbour
	ip link add in address 02:00:00:00:00:0a netns "$NS" type veth \
		peer name out address 02:00:00:00:00:0b netns "$neighbour"
	ns "$NS" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0 net.ipv4.conf.all.rp_filter=0
	ns "$neighbour" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ns "$NS" ip addr add 10.9.0.1/24 dev in
	ns "$NS" ip -6 addr add fd09::1/64 nodad dev in
	ns "$neighbour" ip link set dev out up
	ns "$NS" ip link set dev in up
	traced
	ravelin_monitor ours --trace
	stock_monitor theirs --trace
	ns "$neighbour" bash -c "$(declare -f by_bytes); PYTHON='$PYTHON' by_bytes"
	LAST='DPORT=4242' alike traces
	[ "$(grep -c PACKET ours)" -gt 100 ]
	grep -q 'filter:SUB:rule:1:RETURN  iptables -t filter -A SUB -p tcp -j RETURN' ours
	grep -q 'filter:INPUT:policy:DROP' ours
	grep -q 'filter:INPUT:rule:5:GOTO:GOTO  iptables -t filter -A INPUT -g GOTO' ours
	grep -q 'OPT (01010100) SPORT=1000 DPORT=2000 SYN MARK=0x17' ours
}

@test "traces: loopback, both ways, of one family" {
	iptables -t raw -A OUTPUT -p icmp -j TRACE
	iptables -A INPUT -p icmp -j DROP
	ip6tables -t raw -A OUTPUT -p icmpv6 -j TRACE
	ravelin_monitor ours --trace --ipv4
	stock_monitor theirs --trace --ipv4
	ns "$NS" ping -6 -c 1 -W 1 ::1 >/dev/null
	ns "$NS" ping -c 1 -W 0.1 127.0.0.1 >/dev/null || true
	LAST='raw:OUTPUT:policy:ACCEPT' alike traces
	no grep -q 'ip6tables' ours
}

@test "traces: deleted and undecodable rules are reported as such" {
	iptables -t raw -A OUTPUT -p icmp -j TRACE
	iptables -A OUTPUT -j ACCEPT
	nft insert rule ip filter OUTPUT ct state new counter continue
	ravelin_monitor ours -t
	ns "$NS" ping -c 1 -W 1 127.0.0.1 >/dev/null
	shows ours 'CONTINUE  iptables -t filter -A OUTPUT -m nft --rule "ct state & 0x8 != 0x0 counter continue" --expr ' 
	shows ours 'ACCEPT  iptables -t filter -A OUTPUT -j ACCEPT'
	# It sleeps while the rule the packet matched is deleted.
	kill -STOP $MONITORS
	ns "$NS" ping -c 1 -W 1 127.0.0.1 >/dev/null
	iptables -F OUTPUT
	kill -CONT $MONITORS
	shows ours 'filter:OUTPUT:rule:?:ACCEPT  # the rule no longer exists'
	# Numbers are current ones.
	iptables -A OUTPUT -s 192.0.2.1
	iptables -A OUTPUT -p icmp -j ACCEPT
	ns "$NS" ping -c 1 -W 1 127.0.0.1 >/dev/null
	shows ours 'filter:OUTPUT:rule:2:ACCEPT  iptables -t filter -A OUTPUT -p icmp -j ACCEPT'
	iptables -D OUTPUT 1
	ns "$NS" ping -c 1 -W 1 127.0.0.1 >/dev/null
	shows ours 'filter:OUTPUT:rule:1:ACCEPT  iptables -t filter -A OUTPUT -p icmp -j ACCEPT'
}

# --- failures -----------------------------------------------------------------

is_told()
{
	iptables -N "STILL$((++told))"
	sleep 0.1
	grep -qsF -e "-N STILL$told" ours
}
many_rules() { awk 'BEGIN { print "*filter"; for (i = 0; i < 60000; i++) print "-A INPUT -s 10.0." int(i / 256) "." i % 256 " -j DROP"; print "COMMIT" }'; }

@test "lost events are reported, and it continues" {
	ravelin_monitor ours -e
	kill -STOP $MONITORS
	many_rules | iptables-restore
	kill -CONT $MONITORS
	shows ours.err 'xtables-monitor: some events were lost: they arrived faster than they were read'
	# While the backlog is full, more events are lost.
	until_true 20 is_told
}

@test "usage errors, and missing privileges" {
	refused 2 "xtables-monitor: unrecognized option '--bogus'
Try \`xtables-monitor -h' for more information." tool xtables-monitor --bogus
	capture tool xtables-monitor
	[ "$rc" -eq 1 ]
	[[ $out == 'Usage: xtables-monitor [options]'* ]]
	prints 'xtables-monitor 1.8.13' tool xtables-monitor -V
	RAVELIN_BACKEND=file:x refused 1 "xtables-monitor $BANNER: backend file has no events" tool xtables-monitor -e
	capture ns "$NS" setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		"$RAVELIN_BIN/xtables-monitor" -e
	[ "$rc" -eq 4 ]
	[ -n "$err" ]
	# Its reader is gone: it exits.
	ns "$NS" "$RAVELIN_BIN/xtables-monitor" -e 2>/dev/null 3>&- | head -n 1 >/dev/null 3>&- &
	local pid=$!
	until_true 10 more_members 0
	iptables -N A
	iptables -N B
	until_true 5 no kill -0 "$pid"
}
