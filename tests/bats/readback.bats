#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rules translated to nft, loaded and decoded: the same predicates, matches and target, or an error.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	BUILD_DIR=$(dirname "$RAVELIN_BIN")
	make -C "$BATS_TEST_DIRNAME/../.." --no-print-directory -s BUILD="$BUILD_DIR" "$BUILD_DIR/readback"
	new_ns NS
}

teardown() { end_ns "$NS"; }

# reads WORDS REASON [REASON]: nft's encoding of these words cannot be decoded, for that reason or,
# with another nft version, the second.
reads()
{
	printf '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n' >"$BATS_TEST_TMPDIR/rules"
	ns "$NS" nft flush ruleset
	ns "$NS" nft "add table ip filter; add chain ip filter INPUT; add set ip filter s { type ipv4_addr; }"
	ns "$NS" nft "add set ip filter d { type ipv4_addr; flags dynamic,timeout; size 9; }"
	ns "$NS" nft "add rule ip filter INPUT $1"
	run ns "$NS" sh -c "'$BUILD_DIR/readback' compare -4 <'$BATS_TEST_TMPDIR/rules'"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"$2"* || ( -n ${3-} && $output == *"${3-}"* ) ]]
}

@test "every translation of the cases decodes to the original rule" {
	ns "$NS" ip link add eth0 type veth peer name abcdefghijklmno
	run ns "$NS" python3 "$LIB_DIR/readback.py" "$BUILD_DIR" "$LIB_DIR/../../extensions"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "what cannot be decoded is an error, never an incomplete rule" {
	reads 'ip saddr @s accept' "set \`s' is not the rule's own"
	reads 'ip saddr != 1.2.3.4 accept' 'other predicates'
	reads 'counter counter accept' "a second expression \`counter'"
	reads 'ct mark set 1 accept' 'a verdict behind a target'
	reads 'meta mark set 1 meta mark set 2' 'a second target'
	reads 'counter accept comment "x"' 'other matches'
	reads 'iif lo accept' 'other predicates'
	reads 'meta iifkind "veth" accept' "expression \`meta' loads"
	reads 'ip id 5 accept' "expression \`payload' of 2 bytes at network header + 4"
	reads 'tcp window 5 accept' "expression \`payload' of 2 bytes at transport header + 14"
	# nft 1.1 compares them one by one.
	reads 'tcp dport != 5 tcp sport != 6 accept' "expression \`payload' of 4 bytes" 'other predicates'
	reads 'meta mark and 0x3 == 1 accept' 'other predicates'
	reads 'ct state vmap { new : accept, established : drop }' "expression \`lookup'"
	reads 'update @s { ip saddr } accept' "expression \`dynset', as it is used"
	reads 'add @d { ip saddr timeout 5s limit rate 5/second } accept' "expression \`dynset', as it is used"
	reads 'update @d { ip saddr timeout 5s limit rate 5/second } accept' "set \`d' differs from those of iptables"
	reads 'limit rate 7000/second accept' 'is too exact'
	reads 'tcp dport 22 limit rate over 5/second accept' 'a limit of 5 per 1 seconds'
	reads 'ip daddr set 1.2.3.4' "expression \`payload', as it is used"
	reads 'fib daddr . iif oif 0 accept' "expression \`fib'"
	reads 'meta hour "10:00"-"11:00" accept' "expression \`meta' loads"
	reads 'meta secpath { exists, missing } accept' "expression \`meta'"
	reads 'log level audit accept' "expression \`log'"
	reads 'log prefix "a" drop' 'a verdict behind a target'
	reads 'meta iiftype 1 accept' 'a test is incomplete'
}
