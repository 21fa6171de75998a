#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hints: location of the mistake, explanation, and a corrected line.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	new_ns NS
}

teardown() { end_ns "$NS"; }

@test "each mistake of hints.tsv has its hint, and the line it proposes works" {
	only_nft 'it compares with stock'
	command -v ipset >/dev/null || skip 'needs ipset'
	oracle=$("$LIB_DIR/../oracle") || oracle=
	run ns "$NS" python3 "$LIB_DIR/hints.py" "$RAVELIN_BIN" "$LIB_DIR/hints.tsv" ${oracle:+"$oracle"}
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -vc '^#' "$LIB_DIR/hints.tsv")" -ge 60 ]
}

# told TEXT CMD...: expects this hint.
told()
{
	RAVELIN_DIAGNOSTICS=1 capture "${@:2}"
	same "$1" "$(sed -n 's/^\(hint\|try\): *//p' <<<"$err")" "hint of ${*:2}"
}

@test "hints know what is there: chains, rules and sets of this machine" {
	iptables -N web
	iptables -t nat -N redirected
	iptables -A INPUT -j ACCEPT
	told $'Did you mean web?\niptables -A INPUT -j web' iptables -A INPUT -j wbe
	told $'Chain redirected is in table nat: add -t nat.\niptables -t nat -A redirected -j ACCEPT' \
		iptables -A redirected -j ACCEPT
	told 'Chain INPUT of table filter has 1 rule: -L INPUT --line-numbers shows them.' iptables -D INPUT 2
}

@test "hints from a file: its chains, and the table of the line" {
	told $'Did you mean web?\n-A INPUT -j web' iptables-restore <<-'R'
	*filter
	:web - [0:0]
	-A INPUT -j wbe
	COMMIT
	R
	told $'Add -p tcp before --dport. It is an option of udp, dccp, sctp too.\n-A web -p tcp --dport 22 -j ACCEPT' \
		iptables-restore <<-'R'
	*nat
	-A POSTROUTING -j MASQUERADE
	COMMIT
	*filter
	:web - [0:0]
	-A web -s 10.0.0.1 -j ACCEPT
	-A web --dport 22 -j ACCEPT
	COMMIT
	R
	nothing_loaded
}

@test "a hint changes nothing and is fast" {
	iptables -A INPUT -j ACCEPT
	before=$(state)
	told $'Did you mean DROP?\niptables -P INPUT DROP' iptables -P INPUT drop
	told $'Give one command at a time.\niptables -F && iptables -X' iptables -F -X
	same "$before" "$(state)" state
	{
		echo '*filter'
		seq 0 59999 | awk '{ printf "-A INPUT -s 10.%d.%d.1/32 -j ACCEPT\n", $1 / 250, $1 % 250 }'
		echo '-A INPUT --dport 22 -j ACCEPT'
		echo COMMIT
	} >"$BATS_TEST_TMPDIR/long"
	RAVELIN_DIAGNOSTICS=1 capture timeout 30 nsenter --net="/proc/$NS/ns/net" "$RAVELIN_BIN/iptables-restore" "$BATS_TEST_TMPDIR/long"
	[ "$rc" -eq 2 ]
	[[ $err == *'Add -p tcp before --dport.'* ]]
}

@test "valid rules get no hint, and programs get none" {
	RAVELIN_DIAGNOSTICS=1 quiet iptables -A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT
	RAVELIN_DIAGNOSTICS=1 quiet iptables -C INPUT -s 10.0.0.1/8 -p tcp --dport 22 -j ACCEPT
	quiet iptables -A INPUT -s 10.0.0.1/8 -j ACCEPT
	refused 1 'iptables: No chain/target/match by that name.' iptables -A POSTROUTING -j ACCEPT
}

@test "unrecognised words get no wrong hint" {
	told 'No match or target has this option; iptables-extensions(8) lists all of them.' \
		iptables -A INPUT --qqqqqqqq 1
	told '' iptables -Q
	told 'There is no match nosuchmatch; iptables-extensions(8) lists all matches and targets.' \
		iptables -A INPUT -m nosuchmatch
}
