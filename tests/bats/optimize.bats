#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin optimize: what is changed, what must not be, and that the result loads and does the same.
#
# Each test is a shell of its own, whose variables lib.bash sets and reads.
# shellcheck disable=SC2154,SC2034

load lib

setup() { cd "$BATS_TEST_TMPDIR" || return; }

optimize() { "$RAVELIN_BIN/../ravelin" optimize "$@"; }
prove() { "$RAVELIN_BIN/../ravelin" prove "$@"; }

# becomes RULES RULE…: a filter table whose INPUT has policy DROP, with these rules, becomes one with the rules in
# RULES, a line each; both are proven to be the same, and a second run changes nothing. Lines with : are chains.
becomes()
{
	local want=$1
	shift
	{ printf '*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n'; printf '%s\n' "$@"; echo COMMIT; } >rules
	capture optimize rules
	[ "$rc" -eq 0 ] || { echo "exit $rc: $err"; return 1; }
	same "$want" "$(grep -E '^(\[|-A|:[a-z])' <<<"$out")" "$*"
	printf '%s\n' "$out" >new
	report=$err
	capture prove rules new
	[ "$rc" -eq 0 ] || { echo "$out"; return 1; }
	capture optimize new
	same "$(cat new)" "$out" "a second time"
	[[ $err == *"nothing to change"* ]]
}

@test "dead rules and chains go; one with a match that keeps state stays" {
	becomes "-A INPUT -s 10.0.0.0/8 -j DROP" "-A INPUT -s 10.0.0.0/8 -j DROP" "-A INPUT -s 10.1.0.0/16 -p tcp -j ACCEPT" \
		"-A INPUT -s 10.0.0.0/8 -j DROP"
	[[ $report == *"removed: filter INPUT 2: -A INPUT -s 10.1.0.0/16 -p tcp -j ACCEPT: decided by rule 1"* ]]
	[[ $report == *"1 rules, 3 before; proven equivalent"* ]]
	becomes "-A INPUT -p udp -j ACCEPT
-A INPUT -j DROP" "-A INPUT -p udp -j ACCEPT" "-A INPUT -j DROP" "-A INPUT -p tcp -j ACCEPT" "-A INPUT -s 10.0.0.1 -j ACCEPT"
	becomes ":b - [0:0]
-A INPUT -p tcp -j b
-A b -s 10.0.0.1/32 -j ACCEPT" ":a - [0:0]" ":b - [0:0]" ":c - [0:0]" "-A INPUT -p tcp -j b" "-A a -j c" "-A c -j DROP" "-A b -s 10.0.0.1 -j ACCEPT"
	becomes "-A INPUT -p tcp -j DROP
-A INPUT -p tcp -m recent --update --name r --mask 255.255.255.255 --rsource -j ACCEPT" \
		"-A INPUT -p tcp -j DROP" "-A INPUT -p tcp -m recent --update --name r -j ACCEPT"
}

@test "neighbours become one rule" {
	becomes "-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT" "-A INPUT -p tcp --dport 80 -j ACCEPT" \
		"-A INPUT -p tcp --dport 443 -j ACCEPT" "-A INPUT -p tcp --dport 22 -j ACCEPT"
	[[ $report == *"merged: filter INPUT 1 to 3: "*"into: -A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT"* ]]
	becomes "-A INPUT -p udp -m multiport --sports 20:40 -j ACCEPT" -A\ INPUT\ -p\ udp\ --sport\ {20..40}\ -j\ ACCEPT
	becomes "-A INPUT -p tcp -m multiport --dports 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29 -j ACCEPT
-A INPUT -p tcp -m multiport --dports 31,33 -j ACCEPT" -A\ INPUT\ -p\ tcp\ --dport\ {1..33..2}\ -j\ ACCEPT
	becomes "-A INPUT -m iprange --src-range 10.0.0.254-10.0.1.1 -j ACCEPT" "-A INPUT -s 10.0.0.255 -j ACCEPT" \
		"-A INPUT -s 10.0.1.0 -j ACCEPT" "-A INPUT -s 10.0.0.254 -j ACCEPT" "-A INPUT -s 10.0.1.1 -j ACCEPT"
	becomes "-A INPUT -p tcp -m tcp --tcp-flags SYN SYN -m multiport --dports 81,82 -j LOG" \
		"-A INPUT -p tcp --dport 81 --tcp-flags SYN SYN -j LOG" "-A INPUT -p tcp --dport 82 --tcp-flags SYN SYN -j LOG"
	becomes ":c - [0:0]
-A INPUT -p tcp -m multiport --dports 81,82 -j c
-A c -s 10.0.0.1/32 -j ACCEPT" ":c - [0:0]" "-A INPUT -p tcp --dport 81 -j c" "-A INPUT -p tcp --dport 82 -j c" "-A c -s 10.0.0.1 -j ACCEPT"
}

@test "neighbours that stay as they are" {
	local rules
	for rules in "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -p udp -m udp --dport 81 -j ACCEPT" \
		"-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 81 -j DROP" \
		"-A INPUT -p tcp -m tcp --dport 80 -m limit --limit 1/sec -j ACCEPT
-A INPUT -p tcp -m tcp --dport 81 -m limit --limit 1/sec -j ACCEPT" \
		"-A INPUT -p tcp -m tcp ! --dport 80 -j LOG
-A INPUT -p tcp -m tcp ! --dport 81 -j LOG" \
		"-A INPUT -s 10.0.0.1/32 -j ACCEPT
-A INPUT -s 10.0.0.3/32 -j ACCEPT" \
		"-A INPUT -s 10.0.0.1/32 -j ACCEPT
-A INPUT -d 10.0.0.2/32 -j ACCEPT" \
		"-A INPUT -p tcp -m comment --comment \"a --dport 80 b\" -m tcp --dport 80 -j ACCEPT
-A INPUT -p tcp -m comment --comment \"a --dport 80 b\" -m tcp --dport 81 -j ACCEPT"; do
		becomes "$rules" "$rules"
		[[ $report == "2 rules, 2 before; nothing to change" ]]
	done
}

@test "rules with more packets come first where the order does not matter; counters are added up" {
	becomes "[9:90] -A INPUT -p udp -j ACCEPT
[2:20] -A INPUT -p tcp -j DROP" "[2:20] -A INPUT -p tcp -j DROP" "[9:90] -A INPUT -p udp -j ACCEPT"
	[[ $report == *"moved: filter INPUT 2: -A INPUT -p udp -j ACCEPT: to place 1: 9 packets"* ]]
	becomes "[9:90] -A INPUT -s 10.0.0.0/8 -j DROP
[2:20] -A INPUT -p tcp -j DROP" "[2:20] -A INPUT -p tcp -j DROP" "[9:90] -A INPUT -s 10.0.0.0/8 -j DROP"
	# Both match some packets; what is between logs, limits or jumps.
	becomes "[2:20] -A INPUT -p tcp -j DROP
[9:90] -A INPUT -s 10.0.0.0/8 -j ACCEPT" "[2:20] -A INPUT -p tcp -j DROP" "[9:90] -A INPUT -s 10.0.0.0/8 -j ACCEPT"
	becomes "[2:20] -A INPUT -p tcp -j LOG
[9:90] -A INPUT -p udp -j ACCEPT" "[2:20] -A INPUT -p tcp -j LOG" "[9:90] -A INPUT -p udp -j ACCEPT"
	becomes "[2:20] -A INPUT -p tcp -m limit --limit 1/sec -j DROP
[9:90] -A INPUT -p udp -j ACCEPT" "[2:20] -A INPUT -p tcp -m limit --limit 1/sec -j DROP" "[9:90] -A INPUT -p udp -j ACCEPT"
	becomes "[11:110] -A INPUT -p tcp -m multiport --dports 80,81 -j DROP" "[2:20] -A INPUT -p tcp --dport 80 -j DROP" \
		"[9:90] -A INPUT -p tcp --dport 81 -j DROP"
}

@test "addresses become a set with --sets, and only then" {
	printf '*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.1 -j ACCEPT\n-A INPUT -s 10.0.0.3 -j ACCEPT\n-A INPUT -s 10.0.0.9 -j ACCEPT\nCOMMIT\n' >rules
	capture optimize --sets members rules
	[ "$rc" -eq 0 ]
	[[ $out == *"-A INPUT -m set --match-set ravelin-1 src -j ACCEPT"* ]]
	same "create ravelin-1 hash:ip family inet
add ravelin-1 10.0.0.1
add ravelin-1 10.0.0.3
add ravelin-1 10.0.0.9" "$(cat members)" members
	printf '*filter\n-A INPUT -d fd00::1 -j DROP\n-A INPUT -d fd00::3 -j DROP\nCOMMIT\n' >rules
	capture optimize -6 --sets members rules
	[[ $out == *"-A INPUT -m set --match-set ravelin6-1 dst -j DROP"* ]]
	grep -qx 'create ravelin6-1 hash:ip family inet6' members
	capture optimize --sets nowhere/members rules -6
	[ "$rc" -eq 3 ]
	[ -z "$out" ]
	[[ $err == *"cannot write nowhere/members"* ]]
}

@test "what cannot be proven is left out and said" {
	# A mark that nobody knows.
	printf '*mangle\n-A PREROUTING -j HMARK --hmark-tuple src --hmark-mod 2 --hmark-rnd 1\n-A PREROUTING -m mark --mark 1 -p tcp --dport 1 -j DROP\n-A PREROUTING -m mark --mark 1 -p tcp --dport 2 -j DROP\nCOMMIT\n' >rules
	capture optimize rules
	[ "$rc" -eq 2 ]
	[[ $err == *"left out: mangle: pass merge is not proven equivalent in PREROUTING: "* ]]
	same 3 "$(grep -c '^-A' <<<"$out")" rules
	capture optimize --json rules
	[ "$rc" -eq 2 ]
	python3 -c 'import json, sys; r = json.load(sys.stdin); sys.exit(not r["left_out"] or r["changes"][0]["what"] != "left out" or r["after"] != 3)' <<<"$err"
}

@test "the published rulesets, and random ones: the result loads, is the same, and is not larger" {
	need_root
	new_ns NS
	local seed=${OPTIMIZE_SEED:-$RANDOM}
	echo "OPTIMIZE_SEED=$seed"
	for i in $(seq 40); do
		python3 "$BATS_TEST_DIRNAME/optimize_random.py" $((seed + i)) >"random$i.v4"
	done
	for file in "$BATS_TEST_DIRNAME"/published/*.v[46] "$BATS_TEST_DIRNAME"/linted/*.v[46] random*.v4; do
		capture optimize "-${file##*.v}" "$file"
		[ "$rc" -eq 0 ] || { echo "$file: exit $rc: $err"; return 1; }
		printf '%s\n' "$out" >new
		[ "$(grep -c -- '-A ' new)" -le "$(grep -c -- '-A ' "$file")" ]
		capture prove "-${file##*.v}" "$file" new
		[ "$rc" -eq 0 ] || { echo "$file: $out"; return 1; }
		[[ $file == *.v6 ]] && tool=ip6tables-restore || tool=iptables-restore
		grep -qE 'match-set|-j SET' new || ns "$NS" "$RAVELIN_BIN/$tool" --test new || { echo "$file does not load"; return 1; }
	done
}

@test "loaded rules, in the order of their counters; nothing is changed" {
	need_root
	new_ns NS
	printf '*filter\n[1:1] -A INPUT -p tcp -j DROP\n[5:5] -A INPUT -p udp -j ACCEPT\nCOMMIT\n' >rules
	ns "$NS" "$RAVELIN_BIN/iptables-restore" -c rules
	ns "$NS" "$RAVELIN_BIN/iptables-save" -c | grep -v '^#' >before
	capture ns "$NS" "$RAVELIN_BIN/../ravelin" optimize live
	[ "$rc" -eq 0 ]
	same "[5:5] -A INPUT -p udp -j ACCEPT
[1:1] -A INPUT -p tcp -j DROP" "$(grep -- -A <<<"$out")" order
	ns "$NS" "$RAVELIN_BIN/iptables-save" -c | grep -v '^#' | diff before -
}

@test "errors, usage and an empty file" {
	capture optimize nowhere
	[ "$rc" -eq 3 ]
	[ -z "$out" ]
	[[ $err == *nowhere* ]]
	echo nonsense >rules
	capture optimize rules
	[ "$rc" -eq 3 ]
	[ -z "$out" ]
	[ -n "$err" ]
	capture optimize
	[ "$rc" -eq 3 ]
	[[ $err == *"Try \`ravelin optimize -h'"* ]]
	capture optimize --wrong rules
	[ "$rc" -eq 3 ]
	[ -z "$out" ]
	: >rules
	capture optimize rules
	[ "$rc" -eq 0 ]
	[ -z "$out" ]
	same "0 rules, 0 before; nothing to change" "$err" report
	printf '*filter\n-A INPUT -j DROP\nCOMMIT\n' >rules
	capture optimize --quiet - <rules
	[ "$rc" -eq 0 ]
	[ -z "$err" ]
	[[ $out == *"-A INPUT -j DROP"* ]]
}
