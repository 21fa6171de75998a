#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A module of others whose match and target (tests/vm/other) ravelin.ko runs.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034

load ../bats/lib

setup()
{
	export RAVELIN_EXTENSIONS=$OTHER/extensions
	insmod "$OTHER/rv_oddity.ko"
	new_ns NS
}

# A namespace ends a moment after its last process.
teardown()
{
	end_ns "$NS"
	[ ! -e /sys/module/rv_oddity ] || until_true 20 rmmod rv_oddity 2>/dev/null
}

live() { cat /sys/module/rv_oddity/parameters/live; }
v4_v6() { for IPV in 4 6; do "$1"; done; }

# datagram BYTES: of so many behind the network header is sent to port 9 of the loopback.
datagram()
{
	local at
	case $IPV in 4) at=127.0.0.1 ;; 6) at=::1 ;; esac
	ns "$NS" "$PYTHON" -I -S -c 'import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"x" * (int(sys.argv[2]) - 8), (sys.argv[1], 9))' "$at" "$1"
}

# Whole lengths of 77 and 78 bytes, of which seven is in the first without rest.
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
	same 0 "$(live)" 'what rules hold'
}
@test "another module's match and target see packets, and are shown, found and deleted" { v4_v6 packets_matched; }

@test "it is not unloaded while a rule uses it, and neither are we" {
	iptables -A INPUT -m oddity --remainder 1 -j ACCEPT
	same 1 "$(live)" 'what rules hold'
	no rmmod rv_oddity
	# A replacement of the table around it keeps it, and so does another rule's end.
	iptables -A INPUT -m oddity --remainder 2 -j ACCEPT
	iptables -D INPUT 1
	same 1 "$(live)" 'what rules hold'
	no rmmod rv_oddity
	iptables -F
	same 0 "$(live)" 'what rules hold'
	no rmmod ravelin
	rmmod rv_oddity
	refused_like 1 "INPUT.*neither the module nor the kernel has \`oddity'" \
		iptables -A INPUT -m oddity --remainder 1 -j ACCEPT
	insmod "$OTHER/rv_oddity.ko"
	iptables -A INPUT -m oddity --remainder 1 -j ACCEPT
}

@test "the end of a namespace lets it go" {
	iptables -A INPUT -m oddity --remainder 1 -j ACCEPT
	ip6tables -t mangle -A INPUT -j STAMP --step 1
	no rmmod rv_oddity
	end_ns "$NS"
	until_true 20 rmmod rv_oddity
	[ ! -e /sys/module/rv_oddity ]
}

@test "what it refuses is refused with its error, and nothing is held or changed" {
	iptables -A INPUT -m oddity --remainder 6 -j ACCEPT
	refused_like 1 "INPUT.*\`oddity' refuses these options \(Numerical result out of range\)" \
		iptables-restore --noflush <<-'END'
			*filter
			-A INPUT -m oddity --remainder 3
			-A INPUT -m oddity --remainder 7
			COMMIT
		END
	same 1 "$(live)" 'what rules hold'
	same '-A INPUT -m oddity --remainder 6 -j ACCEPT' "$(iptables -S INPUT | sed 1d)"
	refused_like 1 'STAMP' iptables -A INPUT -j STAMP --step 1
}

# Rules come and go in two namespaces, while somebody tries to unload the module all the time.
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
@test "unloaded and loaded while rules come and go: each is taken or refused" {
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
	# Those that came when it was not there were told so, and nothing else.
	no grep -vE "neither the module nor the kernel has \`oddity'" <(grep RULE_APPEND "$BATS_TEST_TMPDIR/said")
	same 0 "$(live)" 'what rules hold'
	end_ns "$other"
}
