#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin diff: differences, and commands that apply them.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	cat >a <<-'END'
		*filter
		:INPUT ACCEPT [0:0]
		:OLD - [0:0]
		:Z - [0:0]
		-A INPUT -s 10.0.0.1 -j DROP
		-A INPUT -s 10.0.0.2 -j OLD
		-A INPUT -s 10.0.0.3 -j DROP
		[5:55] -A INPUT -s 10.0.0.4 -j DROP
		-A OLD -j Z
		COMMIT
	END
	cat >b <<-'END'
		*filter
		:INPUT DROP [7:77]
		:NEW - [0:0]
		-A INPUT -s 10.0.0.1 -j DROP
		-A INPUT -s 10.0.0.3 -j NEW
		-A INPUT -s 10.0.0.4 -j DROP
		-A INPUT -s 10.0.0.5 -j DROP
		-A NEW -j LOG --log-prefix "a b"
		COMMIT
		*nat
		-A POSTROUTING -j MASQUERADE
		COMMIT
	END
}

teardown() { end_ns "${NS:-}"; }

diff_() { "$RAVELIN_BIN/../ravelin" diff "$@"; }

# differs TEXT ARG...: exit 1 and this text.
differs()
{
	capture diff_ "${@:2}"
	same "$1" "$out" "difference ${*:2}" && [ "$rc" -eq 1 ] && [ -z "$err" ]
}

@test "equal rulesets print nothing" {
	quiet diff_ a a
	quiet diff_ - a <a
	cat a | { quiet diff_ - a; }
	# A table without rules equals a missing one; the order of chains is ignored.
	printf '*mangle\nCOMMIT\n*filter\n:Z - [0:0]\n:OLD - [0:0]\n%s\n' "$(grep -v '^:\|^\*' a)" >c
	quiet diff_ a c
	quiet diff_ <(cat a) a
}

@test "policies, chains and rules with positions" {
	differs '*filter
-       -P INPUT ACCEPT
+       -P INPUT DROP
+       -N NEW
-     2 -A INPUT -s 10.0.0.2/32 -j OLD
-     3 -A INPUT -s 10.0.0.3/32 -j DROP
+     2 -A INPUT -s 10.0.0.3/32 -j NEW
+     4 -A INPUT -s 10.0.0.5/32 -j DROP
+     1 -A NEW -j LOG --log-prefix "a b"
-     1 -A OLD -j Z
-       -N OLD
-       -N Z
*nat
+     1 -A POSTROUTING -j MASQUERADE' a b
	differs '' -q a b
}

@test "counters are compared on request" {
	sed 's/\[5:55\]/[6:66]/' a >c
	quiet diff_ a c
	differs '*filter
-     4 -A INPUT -s 10.0.0.4/32 -c 5 55 -j DROP
+     4 -A INPUT -s 10.0.0.4/32 -c 6 66 -j DROP' -c a c
	sed 's/ACCEPT \[0:0\]/ACCEPT [1:2]/' a >c
	differs '*filter
-       -P INPUT ACCEPT -c 0 0
+       -P INPUT ACCEPT -c 1 2' -c a c
}

@test "--commands output turns one ruleset into the other" {
	differs '*filter
-P INPUT DROP
-N NEW
-D INPUT 2
-D INPUT 2
-I INPUT 2 -s 10.0.0.3/32 -j NEW
-I INPUT 4 -s 10.0.0.5/32 -j DROP
-I NEW 1 -j LOG --log-prefix "a b"
-F OLD
-F Z
-X OLD
-X Z
COMMIT
*nat
-I POSTROUTING 1 -j MASQUERADE
COMMIT' --commands a b
	cp a c
	diff_ -C a b | RAVELIN_BACKEND=file:c "$RAVELIN_BIN/iptables-restore" -n
	quiet diff_ b c
	diff_ -cC a b | RAVELIN_BACKEND=file:a "$RAVELIN_BIN/iptables-restore" -n -c
	quiet diff_ -c b a
}

@test "commands about chains whose names need quotes" {
	need_root
	new_ns NS
	iptables -N 'a"b\c'
	iptables -A 'a"b\c' -j LOG
	iptables -A INPUT -j 'a"b\c'
	iptables-save >odd
	iptables -I 'a"b\c' -j ACCEPT
	iptables -D 'a"b\c' 2
	iptables-save >other
	printf '*filter\nCOMMIT\n' >none
	local from to
	for from in none odd other; do
		for to in none odd other; do
			cp $from now
			diff_ -C $from $to | RAVELIN_BACKEND=file:now "$RAVELIN_BIN/iptables-restore" -n
			quiet diff_ now $to
		done
	done
}

@test "the live ruleset" {
	need_root
	new_ns NS
	iptables-restore <a
	quiet tool ../ravelin diff live a
	capture tool ../ravelin diff b live
	[ "$rc" -eq 1 ]
	tool ../ravelin diff --commands live b | iptables-restore --noflush
	quiet tool ../ravelin diff live b
	ip6tables -A INPUT -s fd00::1 -j DROP
	capture tool ../ravelin diff -6 live /dev/null
	same $'*filter\n-     1 -A INPUT -s fd00::1/128 -j DROP' "$out" difference
	[ "$rc" -eq 1 ]
}

@test "errors exit with 2" {
	refused 2 "ravelin diff $BANNER: cannot open nope: No such file or directory" diff_ a nope
	refused 2 "ravelin diff $BANNER: cannot open nope: No such file or directory" diff_ nope a
	sed 's/DROP/DORP/' a >c
	capture diff_ a c
	[ "$rc" -eq 2 ]
	[[ $err == "ravelin diff $BANNER: c, line 5: "* ]]
	# An unreadable ruleset is not an empty one.
	! is_root || refused 2 "ravelin diff $BANNER: cannot open /dev/stdin: No such file or directory" \
		unshare --mount sh -c 'mount -t tmpfs none /dev && exec "$0" diff - a <a' "$RAVELIN_BIN/../ravelin"
	refused 2 "ravelin diff $BANNER: standard input can be read only once" diff_ - - <a
	refused 2 "ravelin diff $BANNER: standard input can be read only once" diff_ --meaning - - <a
	local help="Try \`ravelin diff -h' for more information."
	refused 2 "ravelin diff: expected two rulesets"$'\n'"$help" diff_ a
	refused 2 "ravelin diff: expected two rulesets"$'\n'"$help" diff_ a b c
	refused 2 "ravelin diff: unrecognized option '--nope'"$'\n'"$help" diff_ --nope a b
}

# random_rules SEED: about twenty rules from a small set, in two chains, with duplicates.
random_rules()
{
	awk -v seed="$1" 'BEGIN {
		srand(seed); print "*filter"
		for (c = 0; c < 3; c++) if (rand() < .7) print ":C" c " - [0:0]"; else none[c] = 1
		for (i = int(rand() * 30); i > 0; i--) {
			c = int(rand() * 3); chain = none[c] ? "INPUT" : "C" c
			print "-A " chain " -s 10.0.0." int(rand() * 6) " -j " (rand() < .5 ? "DROP" : "ACCEPT")
		}
		print "COMMIT" }'
}

@test "random rulesets: executing --commands output leaves no difference" {
	local seed=$RANDOM i
	echo "seed $seed"
	for i in {1..40}; do
		random_rules $((seed + i)) >a
		random_rules $((seed + i + 1000)) >b
		cp a c
		diff_ -C a b >commands || true
		RAVELIN_BACKEND=file:c "$RAVELIN_BIN/iptables-restore" -n commands
		quiet diff_ b c
	done
}
