# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# iptables-apply and ip6tables-apply beside the script that comes with stock: rules confirmed, not confirmed and refused on a
# terminal; a file that is wrong; a command instead of a file; both families.
#
# packages: iptables
# check: yes
# shows: -A INPUT -p tcp -m tcp --dport 2222 -j ACCEPT
# shows: Reverting to previous|reverting|timeout

rules()
{
	printf '%s\n' '*filter' ':INPUT DROP [0:0]' ':FORWARD DROP [0:0]' ':OUTPUT ACCEPT [0:0]' "$@" COMMIT
}

# answer TEXT COMMAND…: runs the command on a terminal, and types TEXT there when it asks: the
# letter alone, for by chance a newline comes before or after the terminal stops to echo.
answer()
{
	local text=$1 rc=0 typist
	shift
	echo "\$ $* (answered: $text)"
	rm -f keyboard screen
	mkfifo keyboard
	exec 9<>keyboard
	(until grep -qs '(y/N)' screen; do sleep 0.05; done; printf %s "$text") >&9 &
	typist=$!
	[ -n "$text" ] || kill $typist
	script -qefc "$*" screen >/dev/null 2>&1 <&9 || rc=$?
	exec 9>&-
	kill $typist 2>/dev/null
	# Ravelin shows first what the rules change for packets.
	sed '/^Script /d; s/\r$//' screen | sed '/^What changes for packets:$/,/^Applying /{/^Applying /!d}'
	echo "= $rc"
}

must iptables -A INPUT -m comment --comment before -j ACCEPT
must ip6tables -A FORWARD -m comment --comment before -j ACCEPT
rules '-A INPUT -p tcp --dport 2222 -j ACCEPT' >new.v4
rules '-A INPUT -p tcp --dport 2223 -j ACCEPT' >new.v6
rules '-A INPUT -p tcp --dport 99999 -j ACCEPT' >wrong
printf '#!/bin/sh\niptables -A OUTPUT -p udp -j ACCEPT\n' >command
chmod +x command

answer y iptables-apply -t 5 new.v4
snapshot "confirmed"
answer y ip6tables-apply -t 5 new.v6
snapshot "confirmed for IPv6"
rules '-A INPUT -p tcp --dport 1 -j ACCEPT' >other
answer n iptables-apply -t 5 other
snapshot "refused"
answer '' iptables-apply -t 2 other
snapshot "not confirmed"
may iptables-apply -t 2 other
may iptables-apply -t 5 wrong
snapshot "after a file that is wrong"
answer y iptables-apply -t 5 -w kept other
may cat kept
answer y iptables-apply -t 5 -c ./command
snapshot "by a command"
may iptables-apply -t x other
may iptables-apply nosuchfile
