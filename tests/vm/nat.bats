#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Table nat of the module, which uses the kernel's NAT; in the virtual machine of tests/vm/check.
# tests/bats/packets.bats, which runs on all backends, tests each target.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034

load ../bats/lib

# The first table nat loads nf_nat, so its absence can only be tested before.
setup_file()
{
	new_ns NS
	echo >/proc/sys/kernel/modprobe
	ns "$NS" "$RAVELIN_BIN/iptables" -t nat -N A 2>"$BATS_FILE_TMPDIR/without" || true
	echo /sbin/modprobe >/proc/sys/kernel/modprobe
	end_ns "$NS"
	new_topology
	serve server "$SERVER" 53 80
	serve firewall "$FIREWALL" 53
}

teardown_file() { end_topology; }

setup()
{
	NS=$FIREWALL
	PORT=$((3000 + 100 * BATS_TEST_NUMBER))
	flush_ruleset
}

v4_v6() { for IPV in 4 6; do "$1"; done; }
# from_server PORT: the answer of the server to a datagram from this port of the client.
from_server() { ask "$CLIENT" udp "$(addr server)" 53 "$1"; }
saw() { echo "server saw $1 $2 at $(addr server) 53"; }

@test "table nat is refused if the kernel has no NAT" {
	same 'iptables v1.8.13 (kmod): table nat was refused (Operation not supported): the kernel has no NAT (module nf_nat)' \
		"$(cat "$BATS_FILE_TMPDIR/without")"
}

# The same number of connections each time. The second datagram from a port belongs to the first's.
traffic()
{
	local n
	for n in 1 2 2 3; do
		from_server $((PORT + n)) >/dev/null
		ask "$CLIENT" udp "$(addr inside)" 5353 $((PORT + n)) >/dev/null
	done
	ask "$CLIENT" udp "$(addr inside)" 53 $((PORT + 4)) >/dev/null
	for n in 5 6; do
		ask "$CLIENT" tcp "$(addr server)" 80 $((PORT + n)) >/dev/null
	done
	ask "$FIREWALL" udp "$(addr server)" 53 $((PORT + 7)) >/dev/null
	ns "$CLIENT" ping -c 2 -i 0.2 "$(addr server)" >/dev/null
}

nat_table()
{
	cat <<-END
		*nat
		:PREROUTING ACCEPT [0:0]
		:INPUT ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:POSTROUTING ACCEPT [0:0]
		:side - [0:0]
		-A PREROUTING -p udp -m udp --dport 5353 -j DNAT --to-destination $(url "$(addr server)" 53)
		-A PREROUTING -p tcp
		-A INPUT -p udp
		-A OUTPUT -j side
		-A POSTROUTING -o fs -p tcp -j MASQUERADE
		-A POSTROUTING -j side
		-A side -p udp -m udp --dport 53
		-A side -j RETURN
		COMMIT
	END
}

# counted_by SUFFIX: counters of nat_table after the traffic, as saved by ip(6)tables$1.
counted_by()
{
	local tool
	case $IPV in 4) tool=iptables ;; 6) tool=ip6tables ;; esac
	until_true 20 ns "$FIREWALL" "$2$tool$1-restore" < <(nat_table)
	ns "$FIREWALL" conntrack -F 2>/dev/null
	traffic
	ns "$FIREWALL" "$2$tool$1-save" -c -t nat | without_dates
	printf '*nat\nCOMMIT\n' | ns "$FIREWALL" "$2$tool$1-restore"
}

count_alike()
{
	local ours
	ours=$(counted_by '' "$RAVELIN_BIN/")
	echo "$ours"
	same "$(counted_by -legacy /usr/sbin/)" "$ours" "counters of iptables-legacy (v$IPV)"
	same "$(counted_by -nft /usr/sbin/)" "$ours" "counters of iptables-nft (v$IPV)"
	# DNAT: three connections, four datagrams.
	grep -q '^\[3:[0-9]*\] -A PREROUTING -p udp ' <<<"$ours"
}
@test "counters of table nat: first packets only, as in iptables-legacy and iptables-nft" {
	v4_v6 count_alike
	ns "$FIREWALL" modprobe -r iptable_nat ip6table_nat
}

flushing()
{
	ipt -t nat -A POSTROUTING -o fs -p udp -j MASQUERADE
	same "$(saw "$(addr outside)" $PORT)" "$(from_server $PORT)"
	ipt -t nat -F
	same "$(saw "$(addr outside)" $PORT)" "$(from_server $PORT)" "known connection (v$IPV)"
	same "$(saw "$(addr client)" $((PORT + 1)))" "$(from_server $((PORT + 1)))" "new connection (v$IPV)"
}
@test "a flush of table nat affects new connections only" { v4_v6 flushing; }

errors_back()
{
	ipt -t nat -A POSTROUTING -o fs -p udp -j MASQUERADE
	ipt -A FORWARD -i fs -p "$1" -m conntrack --ctstate RELATED
	same refused "$(ask "$CLIENT" udp "$(addr server)" 7 $PORT)" "closed port (v$IPV)"
	[ "$(count FORWARD 1)" -eq 1 ]
}
@test "an ICMP error about a translated packet reaches the sender" {
	errors_back icmp
	IPV=6 errors_back icmpv6
}

# big HOST ADDRESS PORT: a datagram of 4,000 bytes, more than the links' MTU; prints the answer.
big()
{
	ns "$1" "$PYTHON" -I -S -c 'import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.sendto(b"x" * 4000, (sys.argv[1], int(sys.argv[2])))
print(s.recv(4096).decode().strip())' "${@:2}"
}

fragments()
{
	ipt -t nat -A PREROUTING -p udp --dport 5353 -j DNAT --to-destination "$(url "$(addr server)" 53)"
	ipt -t nat -A POSTROUTING -o fs -p udp -j MASQUERADE
	[[ $(big "$CLIENT" "$(addr inside)" 5353) == "server saw $(addr outside) "*" at $(addr server) 53" ]]
}
@test "fragments are translated" { v4_v6 fragments; }

replacing()
{
	local n masquerade='-A POSTROUTING -o fs -j MASQUERADE'
	printf '*nat\n%s\nCOMMIT\n' "$masquerade" >"$BATS_TEST_TMPDIR/one"
	printf '*nat\n-A POSTROUTING -p tcp -j RETURN\n:side -\n-A POSTROUTING -j side\n-A side %s\nCOMMIT\n' \
		"${masquerade#-A POSTROUTING }" >"$BATS_TEST_TMPDIR/two"
	ipt-restore <"$BATS_TEST_TMPDIR/one"
	while [ ! -e "$BATS_TEST_TMPDIR/stop$IPV" ]; do
		ipt-restore <"$BATS_TEST_TMPDIR/two" && ipt-restore <"$BATS_TEST_TMPDIR/one" ||
			touch "$BATS_TEST_TMPDIR/failed"
	done 3>&- &
	for ((n = 0; n < 30; n++)); do
		same "$(saw "$(addr outside)" $((PORT + n)))" "$(from_server $((PORT + n)))" "connection $n (v$IPV)"
	done
	touch "$BATS_TEST_TMPDIR/stop$IPV"
	wait $!
	[ ! -e "$BATS_TEST_TMPDIR/failed" ]
}
@test "each new connection is translated while table nat is being replaced" { v4_v6 replacing; }

# References to nf_nat, except those of modules that link to it.
users() { awk '$1 == "nf_nat" { n = $3 - gsub(",", ",", $4) } END { print n + 0 }' /proc/modules; }

@test "a namespace holds nf_nat until it ends, with translated connections or not" {
	local before dying
	before=$(users)
	new_ns dying
	NS=$dying
	iptables -t nat -A OUTPUT -p udp --dport 9 -j REDIRECT --to-ports 10
	ip6tables -t nat -N A
	[ "$(users)" -gt "$before" ]
	ns "$dying" bash -c 'exec 4>/dev/udp/127.0.0.1/9 && echo >&4; echo >&4' || true
	TABLE=nat
	same 1 "$(count OUTPUT 1)" 'packets'
	iptables -t nat -F
	[ "$(users)" -gt "$before" ]
	end_ns "$dying"
	until_true 20 eval '[ "$(users)" -eq "$before" ]'
}

@test "ravelin explain follows the module's table nat" {
	iptables -t nat -A PREROUTING -i fc -p udp --dport 5353 -j DNAT --to-destination 10.2.0.2:53
	iptables -t nat -A POSTROUTING -o fs -j MASQUERADE
	iptables -P FORWARD DROP
	iptables -A FORWARD -m conntrack --ctstate DNAT -j ACCEPT
	run ns "$FIREWALL" "$RAVELIN_BIN/../ravelin" explain -i fc -s 10.1.0.2 -d 10.1.0.1 -p udp --sport 99 --dport 5353
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'-A PREROUTING -i fc -p udp -m udp --dport 5353 -j DNAT --to-destination 10.2.0.2:53'* ]]
	[[ $output == *'-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT'* ]]
	[[ $output == *'-A POSTROUTING -o fs -j MASQUERADE'* ]]
}
