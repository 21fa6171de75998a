#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Profile fast: rules loaded as lookups, shown and changed like in profile compat.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	[ "$BACKEND" = nft ] || skip 'profiles are those of nf_tables'
	cd "$BATS_TEST_TMPDIR" || return
	new_ns NS
	export RAVELIN_PROFILE=fast
}
teardown() { end_ns "${NS:-}"; }

tool() { ns "$NS" "$RAVELIN_BIN/$1" "${@:2}"; }
nft_() { ns "$NS" nft "$@"; }
saved() { tool iptables-save "$@" | grep -v '^#'; }

# addresses N: a table with that many rules on source addresses.
addresses()
{
	local i
	echo '*filter'
	echo ':INPUT ACCEPT [0:0]'
	echo ':FORWARD ACCEPT [0:0]'
	echo ':OUTPUT ACCEPT [0:0]'
	for ((i = 1; i <= $1; i++)); do echo "-A INPUT -s 10.0.$((i / 250)).$((i % 250))/32 -j DROP"; done
	echo COMMIT
}

maps() { nft_ list ruleset | grep -c 'map ravelin\.map\.'; }

@test "rules with one key share a map, and save prints them as they were" {
	addresses 100 >rules
	tool iptables-restore rules
	saved | diff - rules
	[ "$(nft_ list tables)" = 'table ip ravelin-filter' ]
	[ "$(maps)" -eq 1 ]
	[ "$(nft_ list chain ip ravelin-filter INPUT | grep -c vmap)" -eq 1 ]
	# Whoever asks is told of the profile that the table has.
	RAVELIN_PROFILE='' saved | diff - rules
	tool iptables -L INPUT -n | tail -n +3 | awk '{ print $4 }' >listed
	sed -n 's/^-A.*-s \([^/]*\).*/\1/p' rules | diff - listed
}

@test "saves, listings and single commands are those of profile compat" {
	run "$LIB_DIR/../fast/run" --ravelin "$RAVELIN_BIN" --count 6 --steps 50 published edits
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "changes leave no objects behind" {
	addresses 50 >rules
	tool iptables-restore rules
	tool iptables -N user
	tool iptables -A INPUT -s 10.9.0.1 -j user
	tool iptables -R INPUT 3 -s 10.9.0.2 -j LOG
	tool iptables -D INPUT -s 10.9.0.1 -j user
	tool iptables -X user
	tool iptables-restore rules
	[ "$(maps)" -eq 1 ]
	[ "$(nft_ list ruleset | grep -c 'chain ravelin')" -eq 0 ]
}

@test "leftovers of a killed writer are removed by the next" {
	addresses 50 >rules
	tool iptables-restore rules
	nft_ add map ip ravelin-filter ravelin.map.00000000000000aa '{ type ipv4_addr : verdict; size 8; counter; }'
	nft_ add chain ip ravelin-filter ravelin.leaf.00000000000000ab
	nft_ add element ip ravelin-filter ravelin.map.00000000000000aa '{ 1.2.3.4 : goto ravelin.leaf.00000000000000ab }'
	nft_ add chain ip ravelin-filter ravelin.gone.00000000000000ac
	saved | diff - rules
	tool iptables -R INPUT 1 -s 10.0.0.1 -j ACCEPT
	[ "$(maps)" -eq 1 ]
	[ "$(nft_ list ruleset | grep -c 'chain ravelin')" -eq 0 ]
}

# damaged TEXT: save and -S refuse with it, and show no rule.
damaged()
{
	capture tool iptables-save
	[ "$rc" -eq 4 ] || { echo "exit code $rc: $out"; return 1; }
	grep -q -e '^-A' <<<"$out" && { echo "shown: $out"; return 1; }
	grep -qE -- "$1" <<<"$err" || { echo "said: $err"; return 1; }
	capture tool iptables -R INPUT 1 -j DROP -s 99.0.0.1
	[ "$rc" -eq 4 ] || { echo "changed with exit code $rc"; return 1; }
}

@test "changes by others are errors that name table, map and key" {
	addresses 50 >rules
	tool iptables-restore rules
	local map
	map=$(nft_ list ruleset | grep -o 'ravelin\.map\.[0-9a-f]*' | head -1)

	nft_ add element ip ravelin-filter "$map" '{ 10.7.0.1 : drop }'
	damaged "table \`ravelin-filter', map \`$map': the element with key 0x0a070001 contains no iptables rule"
	nft_ delete element ip ravelin-filter "$map" '{ 10.7.0.1 }'
	nft_ add element ip ravelin-filter "$map" '{ 10.7.0.1 comment "8000000000000100 -s 10.7.0.2/32 -j DROP" : drop }'
	damaged "the element with key 0x0a070001: text and verdict or key differ"
	nft_ delete element ip ravelin-filter "$map" '{ 10.7.0.1 }'
	nft_ add element ip ravelin-filter "$map" '{ 10.7.0.1 comment "8000000000000100 -s 10.7.0.1/32 -j ACCEPT" : drop }'
	damaged "the element with key 0x0a070001: text and verdict or key differ"
	nft_ delete element ip ravelin-filter "$map" '{ 10.7.0.1 }'
	nft_ add element ip ravelin-filter "$map" '{ 10.7.0.1 comment "8000000000000100 --nonsense" : drop }'
	damaged "the element with key 0x0a070001: "
	nft_ delete element ip ravelin-filter "$map" '{ 10.7.0.1 }'
	nft_ add element ip ravelin-filter "$map" '{ 10.7.0.1 comment "8000000100000000 -s 10.7.0.1/32 -j DROP" : drop }'
	damaged "two rules have the order 8000000100000000"
	nft_ delete element ip ravelin-filter "$map" '{ 10.7.0.1 }'
	nft_ add rule ip ravelin-filter INPUT ip saddr 1.2.3.4 accept
	damaged "chain \`INPUT': the rule with handle [0-9]* contains no iptables rule"
	nft_ flush ruleset
	saved -t filter
}

@test "a table with a target for tables of its name only stays in compat, with a warning" {
	printf '%s\n' '*mangle' '-A PREROUTING -j TTL --ttl-set 5' COMMIT >rules
	capture tool iptables-restore rules
	[ "$rc" -eq 0 ]
	same "# Warning: table \`mangle' stays in profile compat: rule in chain PREROUTING: target \`TTL'" "$err" warning
	[ "$(nft_ list tables)" = 'table ip mangle' ]
	tool iptables -t mangle -F
	nft_ flush ruleset
	tool iptables -t mangle -A PREROUTING -j MARK --set-mark 1
	[ "$(nft_ list tables)" = 'table ip ravelin-mangle' ]
	capture tool iptables -t mangle -A PREROUTING -j TTL --ttl-set 5
	[ "$rc" -eq 1 ]
	grep -qF "target \`TTL' cannot be in a table of profile fast" <<<"$err"
	[ "$(tool iptables -t mangle -S PREROUTING | grep -c -e -A)" -eq 1 ]
}

@test "a target is refused in the tables and chains where iptables refuses it" {
	local words
	for words in '-t mangle -A FORWARD -j REJECT' '-t nat -A PREROUTING -j MASQUERADE' '-t nat -A POSTROUTING -j DNAT --to-destination 1.2.3.4' \
		     '-A INPUT -j SNAT --to-source 1.2.3.4' '-t nat -A PREROUTING -j REJECT'; do
		# shellcheck disable=SC2086
		capture tool iptables $words
		[ "$rc" -eq 1 ] || { echo "$words: exit code $rc"; return 1; }
	done
}

@test "chains in use are not deleted, and a loop is refused" {
	addresses 20 >rules
	tool iptables-restore rules
	tool iptables -N one
	tool iptables -A INPUT -s 10.0.0.99 -j one
	capture tool iptables -X one
	[ "$rc" -eq 1 ]
	capture tool iptables -A one -j one
	[ "$rc" -eq 1 ]
	tool iptables -S one | diff - <(echo '-N one')
	tool iptables -E one two
	[ "$(tool iptables -S INPUT | tail -1)" = '-A INPUT -s 10.0.0.99/32 -j two' ]
	tool iptables -D INPUT -s 10.0.0.99 -j two
	tool iptables -X two
}

@test "single rules come and go without a new map, wherever they fit" {
	addresses 200 >rules
	tool iptables-restore rules
	local map
	map=$(nft_ list ruleset | grep -o 'map ravelin\.map\.[0-9a-f]*')
	tool iptables -A INPUT -s 10.8.0.1 -j DROP
	tool iptables -I INPUT -s 10.8.0.2 -j ACCEPT
	tool iptables -I INPUT 100 -s 10.8.0.3 -j RETURN
	tool iptables -C INPUT -s 10.8.0.3 -j RETURN
	tool iptables -D INPUT -s 10.0.0.5 -j DROP
	tool iptables -D INPUT 3
	tool iptables -A INPUT -p tcp --dport 80 -j ACCEPT
	tool iptables -D INPUT -p tcp --dport 80 -j ACCEPT
	capture tool iptables -C INPUT -s 10.0.0.5 -j DROP
	[ "$rc" -eq 1 ]
	[ "$(nft_ list ruleset | grep -o 'map ravelin\.map\.[0-9a-f]*')" = "$map" ]
	[ "$(nft_ list chain ip ravelin-filter INPUT | grep -c -e vmap -e counter)" -eq 1 ]
	{ sed '/-s 10\.0\.0\.[25]\/32/d' rules | sed '/^:OUTPUT/a -A INPUT -s 10.8.0.2/32 -j ACCEPT'; } |
		awk '/^-A/ && ++n == 98 { print "-A INPUT -s 10.8.0.3/32 -j RETURN" } /^COMMIT/ { print "-A INPUT -s 10.8.0.1/32 -j DROP" } { print }' >wanted
	saved | diff wanted -
	tool iptables -F INPUT
	saved | grep -c -e -A | grep -qx 0
	[ "$(maps)" -eq 0 ]
}

@test "one key's second rule, a full map, many rules at the end: still in order" {
	local i
	addresses 20 >rules
	tool iptables-restore rules
	for ((i = 0; i < 70; i++)); do
		tool iptables -A INPUT -s 10.0.0.$((i % 20)) -p tcp --dport "$i" -j ACCEPT
		echo "-A INPUT -s 10.0.0.$((i % 20))/32 -p tcp -m tcp --dport $i -j ACCEPT"
	done >"more"
	for ((i = 0; i < 60; i++)); do
		tool iptables -I INPUT -s 10.7.0.$i -j REJECT
		echo "-A INPUT -s 10.7.0.$i/32 -j REJECT --reject-with icmp-port-unreachable"
	done | tac >first
	saved | grep -e -A | diff <(cat first; grep -e -A rules; cat more) -
	nft_ list chain ip ravelin-filter INPUT | grep -c vmap
}

@test "a table goes to the other profile and back, counters included" {
	local profile=("$RAVELIN_BIN/../ravelin" profile)
	unset RAVELIN_PROFILE
	{ addresses 100 | sed 's/^-A/[7:700] -A/; /^COMMIT/d'; echo '[1:2] -A FORWARD -j LOG'; echo COMMIT; } >rules
	tool iptables-restore -c rules
	tool iptables -t mangle -A PREROUTING -j TTL --ttl-set 9
	[ "$(ns "$NS" "${profile[@]}" --dry-run fast)" = "mangle: stays in profile compat: rule in chain PREROUTING: target \`TTL'
filter: to profile fast: 101 rules, 100 in lookups" ]
	[ "$(ns "$NS" "${profile[@]}" fast)" = "mangle: stays in profile compat: rule in chain PREROUTING: target \`TTL'
filter: 101 rules in profile fast" ]
	[ "$(nft_ list tables | sort)" = "$(printf 'table ip mangle\ntable ip ravelin-filter')" ]
	saved -c -t filter | diff rules -
	capture ns "$NS" "${profile[@]}" -t mangle fast
	[ "$rc" -eq 1 ]
	# A killed conversion leaves a dormant table: it is not shown, and deleted by the next conversion.
	nft_ add table ip filter '{ flags dormant; }'
	saved -c -t filter | diff rules -
	[ "$(ns "$NS" "${profile[@]}" compat)" = 'filter: 101 rules in profile compat' ]
	[ "$(nft_ list tables | sort)" = "$(printf 'table ip filter\ntable ip mangle')" ]
	saved -c -t filter | diff rules -
	nft_ add table ip ravelin-filter '{ flags dormant; }'
	saved -c -t filter | diff rules -
	[ "$(ns "$NS" "${profile[@]}" -t filter fast)" = 'filter: 101 rules in profile fast' ]
	[ "$(ns "$NS" "${profile[@]}" -t filter compat)" = 'filter: 101 rules in profile compat' ]
	saved -c -t filter | diff rules -
	nft_ add table ip ravelin-filter
	capture ns "$NS" "${profile[@]}" -t filter fast
	[ "$rc" -eq 1 ]
	grep -qF "table \`filter' exists already" <<<"$err"
}

# A library that runs $BEFORE before the program's batch number $NUMBER is sent, once.
interrupting()
{
	cat >before.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int) = dlsym(RTLD_NEXT, "sendmsg");
	const struct nlmsghdr *nlh = msg->msg_iovlen ? msg->msg_iov[0].iov_base : NULL;
	static int batches;

	if (nlh && nlh->nlmsg_type == 16 && ++batches == atoi(getenv("NUMBER"))) {
		unsetenv("LD_PRELOAD");
		if (system(getenv("BEFORE")))
			abort();
	}
	return real(fd, msg, flags);
}
EOF
	cc -shared -fPIC -o before.so before.c -ldl
}

@test "a rule added by another program during the conversion is not lost" {
	unset RAVELIN_PROFILE
	local number to
	interrupting
	addresses 20 >rules
	tool iptables-restore rules
	for to in fast compat; do
		for number in 1 2; do
			NUMBER=$number LD_PRELOAD=$PWD/before.so BEFORE="$RAVELIN_BIN/iptables -A FORWARD -s 10.9.0.$number -j DROP" \
				ns "$NS" "$RAVELIN_BIN/../ravelin" profile "$to"
			[ "$(saved | grep -c -- "-A FORWARD -s 10.9.0.$number/32 -j DROP")" -eq 1 ] || { echo "$to $number"; saved; return 1; }
			[ "$(nft_ list tables | grep -c filter)" -eq 1 ]
			tool iptables -F FORWARD
			[ $number = 2 ] || ns "$NS" "$RAVELIN_BIN/../ravelin" profile "$([ $to = fast ] && echo compat || echo fast)"
		done
	done
}

# What the kernel executes, without the texts, in table filter.
expand()
{
	ns "$NS" python3 "$BATS_TEST_DIRNAME/../fast/expand.py" 4 >/dev/null
	RAVELIN_PROFILE=compat tool iptables-save | python3 "$BATS_TEST_DIRNAME/../fast/expand.py" join
}

@test "map elements are proven to be the rules of the file, whatever their texts say" {
	local proof="$RAVELIN_BIN/../ravelin prove" map text
	addresses 40 >rules
	tool iptables-restore rules
	expand >loaded
	grep -q -- '-s 10.0.0.7/32 -j DROP' loaded
	$proof rules loaded
	# An element with the same text and another verdict.
	nft_ flush ruleset
	tool iptables-restore rules
	map=$(nft_ list table ip ravelin-filter | sed -n 's/.*map \(ravelin.map[^ ]*\).*/\1/p')
	text=$(nft_ list map ip ravelin-filter "$map" | grep -o '10.0.0.7 counter packets 0 bytes 0 comment "[^"]*"')
	nft_ delete element ip ravelin-filter "$map" '{ 10.0.0.7 }'
	nft_ add element ip ravelin-filter "$map" "{ $text : accept }"
	expand >loaded
	run $proof rules loaded
	[ "$status" -eq 1 ]
	[[ $output == *"-s 10.0.0.7"*"rules: DROP, by rule 7"*"loaded: ACCEPT, by rule"* ]]
}
