#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin compile: which rules share a lookup, and why others do not.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { end_ns "${NS:-}"; }

compile() { "$RAVELIN_BIN/../ravelin" compile "$@"; }

# rules COUNT SPEC…: COUNT rules; %i is replaced by the number.
rules()
{
	local i
	for ((i = 1; i <= $1; i++)); do
		echo "-A INPUT ${*:2}" | sed "s/%i/$i/g"
	done
}
table() { printf '*filter\n:INPUT ACCEPT [0:0]\n:OTHER - [0:0]\n'; cat; echo COMMIT; }

# explains TEXT: output of --explain for the rules on stdin, without its first two lines.
explains()
{
	table >rules
	capture compile --explain rules
	[ "$rc" -eq 0 ] && [ -z "$err" ] && same "$1" "$(tail -n +3 <<<"$out")" "explanation"
}

@test "rules that compare the same fields share a lookup" {
	rules 50 -s 10.0.0.%i -p tcp --dport %i -j DROP |
		explains "  rules 1-50: one lookup by -s -p --dport: 50 keys, 50 direct"
	rules 50 -s 10.0.%i.0/24 -j DROP | explains "  rules 1-50: one lookup by -s/24: 50 keys, 50 direct"
	rules 9 -i eth%i -j DROP | explains "  rules 1-9: one lookup by -i: 9 keys, 9 direct"
	rules 20 -p icmp --icmp-type %i -j DROP |
		explains "  rules 1-20: one lookup by -p --icmp-type/8: 20 keys, 20 direct"
}

@test "rules with one key share a leaf chain" {
	{ rules 20 -p udp --sport %i -j ACCEPT; rules 20 -p udp --sport %i -m limit --limit 1/s -j LOG; } |
		explains "  rules 1-40: one lookup by -p --sport: 20 keys, 20 with a leaf of up to 2 rules"
	{ rules 20 -p udp --sport %i -j ACCEPT; rules 1 -p udp --sport 5 -j OTHER; } |
		explains "  rules 1-21: one lookup by -p --sport: 20 keys, 19 direct, 1 with a leaf of up to 2 rules"
}

@test "rules with one target share a chain for it, however many they are" {
	seq -f '-A INPUT -p udp --dport %.0f -j REJECT' 9000 |
		explains "  rules 1-9000: one lookup by -p --dport: 9000 keys, 9000 direct"
	capture compile rules
	[[ $out == *"maps: 1, leaf chains: 1;"* ]]
}

@test "each rule outside a lookup has a reason" {
	rules 7 -j LOG | explains "  rules 1-7: one by one: no test that can be a key"
	rules 7 ! -s 10.0.0.%i -j DROP | explains '  rules 1-7: one by one: "!" before -s'
	rules 7 -p tcp --dport %i:9 -j DROP | sed 's/9:9/9/' |
		explains "  rules 1-7: one by one: more than one value for --dport"
	rules 7 -i eth+ -j DROP | explains "  rules 1-7: one by one: more than one value for -i"
	rules 1 -p tcp --dport %i -j DROP | explains "  rule 1: one by one: too few rules in a row (1)"
	rules 6 -s 10.0.0.%i -j DROP | explains "  rules 1-6: one by one: a lookup would not be faster"
	rules 7 -m limit --limit 1/s -p tcp -m tcp --dport %i -j DROP |
		explains "  rules 1-7: one by one: --dport comes after a match that keeps state or can drop the packet"
	rules 9 -s 10.0.0.1 -m mark --mark %i -j RETURN |
		explains "  rules 1-9: one by one: conditional RETURN or -g among rules with the same key"
}

@test "nat and IPv6, and one table of several" {
	{
		table <<<"$(rules 30 -s 10.0.0.%i -j ACCEPT)"
		printf '*nat\n:PREROUTING ACCEPT [0:0]\n'
		rules 30 -p tcp --dport %i -j DNAT --to-destination 10.0.0.%i | sed s/INPUT/PREROUTING/
		echo COMMIT
	} >rules
	capture compile --table nat --explain rules
	same "table nat
 chain PREROUTING: 30 rules
  rules 1-30: one lookup by -p --dport: 30 keys, 30 direct" "$out" "explanation of nat"
	table <<<"$(rules 40 -s fd00::%i -d fd01::%i -p tcp --dport %i -j DROP)" >rules
	capture compile -6 -e -c rules
	[ "$rc" -eq 0 ]
	[[ $out == *"one lookup by -s -d -p --dport: 40 keys, 40 direct"* ]]
	[[ $out == *"40 rules: each plan is equivalent to its rules"* ]]
}

@test "the summary counts rules, lookups and the longest path" {
	{ rules 30 -p tcp --dport %i -j OTHER; echo "-A INPUT -j DROP"; echo "-A OTHER -j LOG"; } | table >rules
	capture compile rules
	same "filter: 32 rules, 30 (93.7 %) in lookups; maps: 1, leaf chains: 0; longest path: 32 rules, compiled: 2 rules and lookups: 1
all tables: 32 rules, 30 (93.7 %) in lookups; maps: 1, leaf chains: 0; longest path: 32 rules, compiled: 2 rules and lookups: 1" \
		"$out" "summary"
}

@test "loaded rules" {
	new_ns NS
	rules 60 -s 10.0.0.%i -p tcp --dport %i -j DROP | table | tool iptables-restore
	capture tool ../ravelin compile --live
	[ "$rc" -eq 0 ]
	[[ $out == *"60 (100.0 %) in lookups"* ]]
}

@test "an invalid ruleset is an error" {
	echo "-A INPUT" >bad
	capture compile bad
	[ "$rc" -eq 1 ]
	[ -z "$out" ]
	[ -n "$err" ]
	capture compile --table nosuch bad
	[ "$rc" -ne 0 ]
	same "ravelin compile: no table nosuch" "$err" "message"
	capture compile a b
	[ "$rc" -ne 0 ]
	same "Unknown arguments found on commandline" "$err" "message"
	capture compile /nonexistent
	[ "$rc" -ne 0 ]
	[ -n "$err" ]
}
