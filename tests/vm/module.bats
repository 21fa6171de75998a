#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the module that the suites for all backends do not contain; run in the virtual machine of
# tests/vm/check. The hosts are those of tests/bats/lib.bash.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034

load ../bats/lib

setup_file()
{
	new_topology
	serve server "$SERVER" 80 8080
}

teardown_file() { end_topology; }

setup()
{
	NS=$FIREWALL
	flush_ruleset
}

v4_v6() { for IPV in 4 6; do "$1"; done; }

objects() { sed -n '1s/.*objects //p' /proc/net/ravelin; }
says() { same "$1" "$(ask "${@:2}")" "answer to ${*:3} (v$IPV)"; }

@test "the engine's tests passed when the debug build was loaded" {
	local log
	log=$(dmesg | grep -E 'ravelin: .*: (pass|failed)')
	echo "$log"
	[ "$(grep -c ': pass$' <<<"$log")" -gt 20 ]
	no grep -q failed <<<"$log"
}

forwarding()
{
	local at
	at=$(addr server)
	ipt -P FORWARD DROP
	says silence "$CLIENT" tcp "$at" 80 0 0.3
	ipt -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
	ipt -A FORWARD -i fc -o fs -p tcp --dport 80 -j ACCEPT
	[[ $(ask "$CLIENT" tcp "$at" 80) == 'server saw '* ]]
	[ "$(count FORWARD 2)" -ge 1 ]
	ipt -A FORWARD -p tcp --dport 8080 -j REJECT --reject-with tcp-reset
	says refused "$CLIENT" tcp "$at" 8080
}
@test "three hosts: a firewall forwards what its rules allow, and rejects" { v4_v6 forwarding; }

rerouting()
{
	ipt -t mangle -A OUTPUT -p udp --dport 9 -j MARK --set-mark 1
	ns "$FIREWALL" ip "-$IPV" rule add fwmark 1 lookup 77
	ns "$FIREWALL" ip "-$IPV" route add "$(addr client)" dev fs table 77
	# OUTPUT hooks keep the output device of the first routing decision; POSTROUTING sees the new one.
	ipt -t mangle -A POSTROUTING -o fs -p udp --dport 9
	ns "$FIREWALL" bash -c "echo >/dev/udp/$(addr client)/9" || true
	TABLE=mangle
	until_true 5 reached 1 POSTROUTING 1
}
@test "a packet that mangle marks in OUTPUT is rerouted by its mark" { v4_v6 rerouting; }

@test "LOG and TRACE write to the kernel log" {
	sysctl -qw net.netfilter.nf_log_all_netns=1
	iptables -t raw -A OUTPUT -p icmp -j TRACE
	iptables -A OUTPUT -p icmp -j LOG --log-prefix "seen-by-log "
	ns "$FIREWALL" ping -c 1 -W 1 10.1.0.1 >/dev/null
	dmesg | tail -n 20
	dmesg | grep -q 'seen-by-log .*PROTO=ICMP'
	dmesg | grep -q 'TRACE: filter:OUTPUT:rule:1 '
	sysctl -qw net.netfilter.nf_log_all_netns=0
}

@test "requests without privileges are refused" {
	ns "$FIREWALL" setpriv --reuid nobody --clear-groups --inh-caps=-all --bounding-set=-all \
		"$CALLS" exchange && return 1 || true
}

@test "/proc/net/ravelin lists the tables" {
	iptables -N SIDE
	iptables -A INPUT -j SIDE
	iptables -A SIDE -p tcp --dport 1 -j ACCEPT
	ns "$FIREWALL" grep -qE '^ip filter generation [0-9]+ entries 7 chains 4 parts [0-9]+ depth 1 lookups 0 size [0-9]+ memory [0-9]+$' /proc/self/net/ravelin ||
		{ ns "$FIREWALL" cat /proc/self/net/ravelin; return 1; }
}

@test "the module can be unloaded only if all tables are empty" {
	iptables -A INPUT -s 192.0.2.1 -j DROP
	no rmmod ravelin
	iptables -F
	iptables -P INPUT DROP
	no rmmod ravelin
	iptables -P INPUT ACCEPT
	rmmod ravelin
	insmod "$MODULE"
}

@test "the end of a namespace frees its tables" {
	local before dying
	new_ns dying
	before=$(objects)
	NS=$dying
	ip -n "$dying" link 2>/dev/null || true
	printf '%s\n' '*filter' ':SIDE -' '-A INPUT -m limit -j SIDE' \
		'-A INPUT -m conntrack --ctstate NEW -j LOG' '-A SIDE -m recent --set -j DROP' \
		COMMIT | tee >(ip6tables-restore) | iptables-restore
	ip6tables-restore <<<$'*mangle\n-A OUTPUT -m hashlimit --hashlimit-upto 1/s --hashlimit-name x -j MARK --set-mark 1\nCOMMIT'
	[ "$(objects)" -gt "$before" ]
	end_ns "$dying"
	# Its engine is freed as well.
	until_true 20 eval '[ "$(objects)" -lt "$before" ]'
}

# Sends datagrams to port 7777 of the namespace's loopback until a file "stop" exists. After each 50 it writes
# how many were sent and received.
start_traffic()
{
	ns "$FIREWALL" "$PYTHON" -I -S - "$BATS_TEST_TMPDIR" 3>&- <<-'END' &
		import os, socket, sys
		receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		receiver.bind(("127.0.0.1", 7777))
		receiver.setblocking(False)
		sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		sent = seen = 0
		while not os.path.exists(sys.argv[1] + "/stop"):
		    for i in range(50):
		        sender.sendto(b"x", ("127.0.0.1", 7777))
		    sent += 50
		    try:
		        while True:
		            receiver.recv(1)
		            seen += 1
		    except BlockingIOError:
		        pass
		    with open(sys.argv[1] + "/new", "w") as out:
		        out.write(f"{sent} {seen}\n")
		    os.rename(sys.argv[1] + "/new", sys.argv[1] + "/traffic")
	END
	until_true 10 test -e "$BATS_TEST_TMPDIR/traffic"
}

traffic() { cut -d' ' -f"$1" "$BATS_TEST_TMPDIR/traffic"; }
came_through() { [ "$(traffic 2)" -gt 0 ]; }

stop_traffic()
{
	touch "$BATS_TEST_TMPDIR/stop"
	wait
}

@test "200 replacements under traffic: no packet sees a mixture of rulesets" {
	# Both rulesets drop the packets, one by a rule, the other by its policy; a mixture of them would not.
	printf '*filter\n:INPUT ACCEPT\n-A INPUT -p udp --dport 7777 -j DROP\nCOMMIT\n' >"$BATS_TEST_TMPDIR/rule"
	printf '*filter\n:INPUT DROP\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n' >"$BATS_TEST_TMPDIR/policy"
	iptables-restore <"$BATS_TEST_TMPDIR/rule"
	start_traffic
	ns "$FIREWALL" bash -c 'for ((i = 0; i < 100; i++)); do
		"$1/iptables-restore" <"$2/policy" && "$1/iptables-restore" <"$2/rule" || exit 1
	done' - "$RAVELIN_BIN" "$BATS_TEST_TMPDIR"
	echo "sent $(traffic 1), seen $(traffic 2)"
	[ "$(traffic 1)" -gt 1000 ]
	[ "$(traffic 2)" -eq 0 ]
	# Without these rulesets they pass.
	iptables -P INPUT ACCEPT
	iptables -F
	until_true 10 came_through
	stop_traffic
}

# Adds and deletes its own rules in the namespace.
write_rules()
{
	local i
	for i in 1 2 3 4 5 6 7 8; do
		until_true 20 iptables -A INPUT -s "192.0.2.$1" -j DROP
		until_true 20 iptables -I INPUT 2 -p udp --dport "$i" -j DROP
		until_true 20 iptables -D INPUT -s "192.0.2.$1" -j DROP
		until_true 20 iptables -D INPUT -p udp --dport "$i" -j DROP
	done
}

@test "no counts are lost while several writers replace a table" {
	local sent writers=() i
	iptables -A INPUT -p udp --dport 7777
	start_traffic
	for i in 1 2 3; do
		write_rules $i 3>&- &
		writers+=($!)
	done
	for i in "${writers[@]}"; do
		wait "$i"
	done
	stop_traffic
	sent=$(traffic 1)
	[ "$sent" -gt 1000 ]
	[ "$(iptables -S INPUT | wc -l)" -eq 2 ]
	same "$sent" "$(count INPUT 1)" "packets counted"
	same "[$sent:$((29 * sent))]" "$(iptables-save -c | grep -o '^[^ ]* -A INPUT -p udp' | cut -d' ' -f1)"
}

@test "kernel modules of matches cannot be unloaded while a rule uses them" {
	iptables -A INPUT -m conntrack --ctstate NEW -j CONNMARK --set-mark 1
	[ -z "$(iptables -S | grep -v -e -P -e '-m conntrack --ctstate NEW -j CONNMARK')" ]
	no rmmod xt_conntrack
	no rmmod xt_connmark
	iptables -F
	rmmod xt_conntrack xt_connmark
}

# With expedited grace periods this would prove nothing; check has a machine without them.
@test "replacing a table waits for no grace period" {
	grep -q rcu_expedited=1 /proc/cmdline && skip "grace periods are expedited"
	iptables -A INPUT -p tcp --dport 22 -j ACCEPT
	ns "$FIREWALL" "$CALLS" wait
}

@test "a 32-bit program on the 64-bit kernel" {
	iptables -A INPUT -p tcp --dport 22 -j ACCEPT
	ns "$FIREWALL" "$CALLS" exchange
	[[ $(ns "$FIREWALL" "$CALLS32" exchange) == 32-bit:* ]]
	same '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT' "$(iptables-save | grep -- '^-A')"
}

# Tables of both families with built-in matches and targets and those of the kernel.
many_rules()
{
	iptables-restore <<-END
		*raw
		-A PREROUTING -m rpfilter --invert -j DROP
		-A OUTPUT -p icmp -j TRACE
		COMMIT
		*mangle
		-A OUTPUT -m hashlimit --hashlimit-upto 9/s --hashlimit-name h4 --hashlimit-mode srcip,dstport -j MARK --set-xmark 1/7
		-A OUTPUT -m statistic --mode nth --every 3 --packet 0 -j TTL --ttl-set 9
		-A POSTROUTING -m string --string 1234 --algo bm -j DSCP --set-dscp 3
		-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
		-A PREROUTING -j CONNMARK --restore-mark
		COMMIT
		*filter
		:SIDE - [0:0]
		:FAR - [0:0]
		-A INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 1,2,3:4 -j SIDE
		-A INPUT -m limit --limit 1/s -m comment --comment some -j ACCEPT
		-A INPUT -m recent --set --name r4 -m time --timestart 01:00 --weekdays Mon
		-A INPUT -m iprange --src-range 127.0.0.1-127.0.0.9 -g SIDE
		-A FORWARD -g SIDE
		-A OUTPUT -m conntrack --ctstate NEW -j ACCEPT
		-A OUTPUT -m owner --uid-owner 1-5 -m addrtype --dst-type LOCAL -j RETURN
		-A SIDE -m u32 --u32 "0>>22&0x3C@0=1" -j REJECT
		-A SIDE -p udp -m udp --dport 53 -j FAR
		-A FAR -m length --length 10:30 -m ttl --ttl-gt 3 -j LOG --log-prefix x
		-A FAR -m connlimit --connlimit-above 1 -j NFLOG --nflog-group 4
		COMMIT
	END
	ip6tables-restore <<-END
		*mangle
		-A OUTPUT -m hl --hl-gt 3 -j HL --hl-dec 1
		-A INPUT -m tos --tos 4 -j TOS --set-tos 8
		COMMIT
		*filter
		:SIDE - [0:0]
		-A INPUT -s fd00::/8 -p icmpv6 -m icmp6 --icmpv6-type echo-request -j SIDE
		-A OUTPUT -d ::1/128 -p udp -m frag --fragfirst -j SIDE
		-A OUTPUT -m rt --rt-type 0 -j DROP
		-A SIDE -m mark --mark 1/3 -m physdev --physdev-in x -j QUEUE
		-A SIDE -p tcp -j REJECT --reject-with tcp-reset
		COMMIT
	END
}

@test "mutated tables are refused or accepted, and no memory is leaked" {
	local alone before said
	new_ns alone
	NS=$alone
	# A table's hooks stay registered once it has existed.
	printf '*%s\n:X -\nCOMMIT\n' raw mangle nat filter security >"$BATS_TEST_TMPDIR/tables"
	iptables-restore <"$BATS_TEST_TMPDIR/tables"
	ip6tables-restore <"$BATS_TEST_TMPDIR/tables"
	ns "$alone" "$MUTATE" 0 0
	before=$(objects)
	many_rules
	[ "$(objects)" -gt "$before" ]
	# Unknown names make the kernel run modprobe, which would take too long here.
	echo >/proc/sys/kernel/modprobe
	said=$(ns "$alone" "$MUTATE" "${MUTATE_SEED:-1}" "${MUTATED:-5000}")
	echo "# $said" >&3
	echo /sbin/modprobe >/proc/sys/kernel/modprobe
	same "$before" "$(objects)" "objects"
	end_ns "$alone"
	until_true 20 eval '[ "$(objects)" -lt "$before" ]'
}

@test "lists of recent can be read and written" {
	local file=/proc/net/ravelin_recent
	IPV=4
	ipt -A INPUT -m recent --name watch --rcheck -j DROP
	ipt -A INPUT -m hashlimit --hashlimit-name flows --hashlimit-mode srcip --hashlimit-upto 5/s
	ns "$FIREWALL" bash -c "echo 'watch +10.9.8.7' >$file && echo 'watch +fd00::7' >$file"
	ns "$FIREWALL" cat $file
	ns "$FIREWALL" grep -qE '^watch src=10\.9\.8\.7 ttl: 0 hits: 1 last_seen: [0-9]+ ms ago$' $file
	ns "$FIREWALL" grep -q '^watch src=fd00::7 ' $file
	ns "$FIREWALL" grep -qx 'any recent watch entries 2 max 100' /proc/net/ravelin
	ns "$FIREWALL" grep -qE '^ip hashlimit flows entries [0-9]+ max 65536$' /proc/net/ravelin
	no ns "$FIREWALL" bash -c "echo 'watch +10.9.8' >$file"
	no ns "$FIREWALL" bash -c "echo 'other +10.9.8.7' >$file"
	ns "$FIREWALL" bash -c "echo 'watch -10.9.8.7' >$file"
	no ns "$FIREWALL" grep -q 10.9.8.7 $file
	ns "$FIREWALL" bash -c "echo 'watch /' >$file"
	[ "$(ns "$FIREWALL" cat $file | wc -l)" = 0 ]
}
