#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin.ko with the match and target of a third-party module (tests/vm/other).
# shellcheck disable=SC2154,SC2030,SC2031,SC2034

load ../bats/lib

setup()
{
	export RAVELIN_EXTENSIONS=$OTHER/extensions
	insmod "$OTHER/rv_oddity.ko"
	new_ns NS
}

# A namespace ends shortly after its last process.
teardown()
{
	end_ns "$NS"
	[ ! -e /sys/module/rv_oddity ] || until_true 20 rmmod rv_oddity 2>/dev/null
}

live() { cat /sys/module/rv_oddity/parameters/live; }
v4_v6() { for IPV in 4 6; do "$1"; done; }

# datagram BYTES: sends a datagram to port 9 of the loopback; BYTES: length including the UDP header.
datagram()
{
	local at
	case $IPV in 4) at=127.0.0.1 ;; 6) at=::1 ;; esac
	ns "$NS" "$PYTHON" -I -S -c 'import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"x" * (int(sys.argv[2]) - 8), (sys.argv[1], 9))' "$at" "$1"
}

# Packets of 77, 78 and 83 bytes; only 77 is a multiple of 7.
packets_matched()
{
	local header
	case $IPV in 4) header=20 ;; 6) header=40 ;; esac
	TABLE=mangle
	ipt-restore <<-END
		*mangle
		-A OUTPUT -p udp -m oddity --remainder 0 -j STAMP --step 3
		-A OUTPUT -p udp -m oddity ! --remainder 0 -j STAMP --step 40
		-A OUTPUT -p udp -j STAMP --step 500
		-A OUTPUT -p udp -m mark --mark 503
		-A OUTPUT -p udp -m mark --mark 540
		COMMIT
	END
	datagram $((77 - header))
	datagram $((78 - header))
	datagram $((83 - header))
	same '1 2 3 1 2' "$(for n in 1 2 3 4 5; do count OUTPUT $n; done | paste -sd ' ')" 'packets counted'
	same '-A OUTPUT -p udp -m oddity ! --remainder 0 -j STAMP --step 40' "$(ipt -t mangle -S OUTPUT 2)"
	ipt -t mangle -C OUTPUT -p udp -m oddity --remainder 0 -j STAMP --step 3
	ipt -t mangle -F
	same 0 "$(live)" 'references of rules'
}
@test "another module's match and target see packets, and are shown, found and deleted" { v4_v6 packets_matched; }

@test "neither it nor ravelin.ko can be unloaded while a rule uses it" {
	iptables -A INPUT -m oddity --remainder 1 -j ACCEPT
	same 1 "$(live)" 'references of rules'
	no rmmod rv_oddity
	# Replacing the table and deleting another rule keep the reference.
	iptables -A INPUT -m oddity --remainder 2 -j ACCEPT
	iptables -D INPUT 1
	same 1 "$(live)" 'references of rules'
	no rmmod rv_oddity
	iptables -F
	same 0 "$(live)" 'references of rules'
	no rmmod ravelin
	rmmod rv_oddity
	refused_like 1 "INPUT.*neither the module nor the kernel has \`oddity'" \
		iptables -A INPUT -m oddity --remainder 1 -j ACCEPT
	insmod "$OTHER/rv_oddity.ko"
	iptables -A INPUT -m oddity --remainder 1 -j ACCEPT
}

@test "the end of a namespace releases it" {
	iptables -A INPUT -m oddity --remainder 1 -j ACCEPT
	ip6tables -t mangle -A INPUT -j STAMP --step 1
	no rmmod rv_oddity
	end_ns "$NS"
	until_true 20 rmmod rv_oddity
	[ ! -e /sys/module/rv_oddity ]
}

@test "options that it refuses are reported with its error; nothing changes and no reference remains" {
	iptables -A INPUT -m oddity --remainder 6 -j ACCEPT
	refused_like 1 "INPUT.*\`oddity' refuses these options \(Numerical result out of range\)" \
		iptables-restore --noflush <<-'END'
			*filter
			-A INPUT -m oddity --remainder 3
			-A INPUT -m oddity --remainder 7
			COMMIT
		END
	same 1 "$(live)" 'references of rules'
	same '-A INPUT -m oddity --remainder 6 -j ACCEPT' "$(iptables -S INPUT | sed 1d)"
	refused_like 1 'STAMP' iptables -A INPUT -j STAMP --step 1
}

# Adds and deletes rules in a namespace.
come_and_go()
{
	local n
	for ((n = 0; n < 6; n++)); do
		ns "$1" "$RAVELIN_BIN/iptables" -A OUTPUT -m oddity --remainder $((n % 7)) -j ACCEPT 2>>"$BATS_TEST_TMPDIR/said" || true
		ns "$1" "$RAVELIN_BIN/iptables" -F
	done
	echo "$1" >>"$BATS_TEST_TMPDIR/done"
}
both_done() { [ -e "$BATS_TEST_TMPDIR/done" ] && [ "$(wc -l <"$BATS_TEST_TMPDIR/done")" = 2 ]; }
@test "unloading and loading while two namespaces change rules: each rule is accepted or refused" {
	local other went=0
	new_ns other
	come_and_go "$NS" 3>&- &
	come_and_go "$other" 3>&- &
	until both_done; do
		if rmmod rv_oddity 2>/dev/null; then
			went=$((went + 1))
			insmod "$OTHER/rv_oddity.ko"
		fi
	done
	echo "unloaded $went times"
	[ $went -gt 0 ]
	# The only reason for a refusal is that the module was not loaded.
	no grep -vE "neither the module nor the kernel has \`oddity'" <(grep RULE_APPEND "$BATS_TEST_TMPDIR/said")
	same 0 "$(live)" 'references of rules'
	end_ns "$other"
}
