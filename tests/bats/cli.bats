#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line interface other programs depend on: every command and option,
# exit codes, exact messages and layout. Each test has an empty namespace.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034,SC1003

load lib

setup()
{
	need_root
	new_ns NS
}

teardown() { end_ns "${NS:-}"; }

# rules_are TEXT: table filter as printed by -S, without policies.
rules_are() { same "$1" "$(iptables -S | grep -v '^-P')" 'rules'; }

# restore TEXT [OPTION...]: TEXT may hold \n.
restore() { printf '%b' "$1" | iptables-restore "${@:2}"; }

# restored RULES [OPTION...]: restores RULES to table filter.
restored() { restore "*filter\n$1\nCOMMIT\n" "${@:2}"; }

NO_SUCH='iptables: No chain/target/match by that name.'
BAD_RULE='iptables: Bad rule (does a matching rule exist in that chain?).'

# --- C1: silence is success -------------------------------------------------

@test "commands that succeed print nothing at all (C1)" {
	quiet iptables -N A
	quiet iptables -A A -p tcp --dport 80 -j ACCEPT
	quiet iptables -I A -s 10.0.0.0/8 -j DROP
	quiet iptables -C A -s 10.0.0.0/8 -j DROP
	quiet iptables -R A 1 -j RETURN
	quiet iptables -D A 1
	quiet iptables -D A -p tcp --dport 80 -j ACCEPT
	quiet iptables -P FORWARD DROP
	quiet iptables -E A B
	quiet iptables -Z
	quiet iptables -F
	quiet iptables -X
	quiet iptables -t nat -A POSTROUTING -j MASQUERADE
	quiet iptables --wait -A INPUT -j ACCEPT
	quiet ip6tables -A INPUT -p ipv6-icmp -j ACCEPT
}

@test "a restore that succeeds prints nothing at all, with any input (C1)" {
	quiet iptables-restore </dev/null
	quiet iptables-restore --wait </dev/null
	quiet ip6tables-restore -w 5 </dev/null
	quiet restored '-A INPUT -j ACCEPT'
	quiet restored '-A INPUT -j ACCEPT' --noflush --counters
	quiet iptables-restore --wait=2 <<<'#foo'
}

# --- C2, C3: the version ----------------------------------------------------

@test "-V and --version: one line with tool, version and mode (C2, C3)" {
	local tool
	for tool in iptables ip6tables iptables-save ip6tables-save iptables-restore ip6tables-restore; do
		prints "$tool $BANNER" tool "$tool" -V
		prints "$tool $BANNER" tool "$tool" --version
		prints "$tool $BANNER" tool "$tool" --version </dev/null
		# keepalived reads 40 bytes and checks the last one before the newline.
		[ "$(tool "$tool" -V | wc -c)" -lt 40 ]
	done
}

# --- C4, C5, C7, C9: what exit codes say ------------------------------------

@test "-C: 0 if the rule exists, 1 if the rule or the chain does not (C4)" {
	iptables -A INPUT -p tcp --dport 80 -j ACCEPT
	quiet iptables -C INPUT -p tcp --dport 80 -j ACCEPT
	refused 1 "$BAD_RULE" iptables -C INPUT -p tcp --dport 81 -j ACCEPT
	refused 1 "$BAD_RULE" iptables -C INPUT -p tcp --dport 80 -j DROP
	refused 1 "$BAD_RULE" iptables -C INPUT -p tcp --dport 80
	refused 1 "$BAD_RULE" iptables -C INPUT -p tcp ! --dport 80 -j ACCEPT
	refused 1 "$BAD_RULE" iptables -C OUTPUT -p tcp --dport 80 -j ACCEPT
	refused 1 "$BAD_RULE" iptables -C NOPE -j ACCEPT
}

@test "-N of a chain that exists: 1; -S CHAIN 1: 0 if the chain exists, else 1 (C5)" {
	iptables -N A
	refused 1 'iptables: Chain already exists.' iptables -N A
	refused 1 'iptables: Chain already exists.' iptables -N INPUT
	quiet iptables -S A 1
	quiet iptables -S INPUT 1
	refused 1 "$NO_SUCH" iptables -S NOPE 1
	refused 1 "$NO_SUCH" iptables -L NOPE -n
	prints '-N A' iptables -S A
}

@test "nonexistent chain: 1, same message for all commands (C8, C9)" {
	refused 1 "$NO_SUCH" iptables -F NOPE
	refused 1 "$NO_SUCH" iptables -Z NOPE
	refused 1 "$NO_SUCH" iptables -X NOPE
	refused 1 "$NO_SUCH" iptables -S NOPE
	refused 1 "$NO_SUCH" iptables -L NOPE
	refused 1 "$NO_SUCH" iptables -E NOPE OTHER
	refused 1 "$NO_SUCH" iptables -A NOPE -j ACCEPT
	refused 1 "$NO_SUCH" iptables -I NOPE -j ACCEPT
	refused 1 "$NO_SUCH" iptables -R NOPE 1 -j ACCEPT
	refused 1 "$NO_SUCH" iptables -D NOPE 1
	refused 1 "$BAD_RULE" iptables -D NOPE -j ACCEPT
	refused 1 "$NO_SUCH" iptables -t raw -A INPUT -j ACCEPT
	# Two callers look for the newline after the full stop.
	[ "$(iptables -F NOPE 2>&1 | tail -c 2 | od -An -c | tr -d ' ')" = '.\n' ]
}

@test "jump to a nonexistent chain: 2 (C7)" {
	usage_error iptables "Chain 'NOPE' does not exist" iptables -A INPUT -j NOPE
	usage_error iptables "Chain 'NOPE' does not exist" iptables -A INPUT -g NOPE
	usage_error iptables "Chain 'NOPE' does not exist" iptables -I INPUT -p tcp -j NOPE
	rules_are ''
}

@test "a jump to a nonexistent chain precedes other errors; -C and -D find no jump to a base chain" {
	local command
	for command in '-A NOPE' '-I NOPE 1' '-I INPUT 9' '-R INPUT 9' '-D NOPE' '-C NOPE'; do
		# shellcheck disable=SC2086 # words
		usage_error iptables "Chain 'nosuch' does not exist" iptables $command -j nosuch
	done
	refused 1 "$BAD_RULE" iptables -C INPUT -j OUTPUT
	refused 1 "$BAD_RULE" iptables -D INPUT -j OUTPUT
	refused_like 1 'RULE_APPEND failed .*: rule in chain INPUT' iptables -A INPUT -j OUTPUT
}

@test "nonexistent table: 3 (C7)" {
	refused 3 "iptables $BANNER: table 'x' does not exist
Perhaps iptables or your kernel needs to be upgraded." iptables -t x -S
	refused 3 "ip6tables $BANNER: table 'x' does not exist
Perhaps ip6tables or your kernel needs to be upgraded." ip6tables -t x -A INPUT -j ACCEPT
}

# Deliberate difference: stock exits with 4, and callers that retry on 4 never stop.
@test "a chain in use cannot be deleted: 1; the message names the chain (C6)" {
	iptables -N A
	iptables -A INPUT -j A
	refused_like 1 '(^|[^A-Z])A([^A-Z]|$)' iptables -X A
	refused_like 1 '(^|[^A-Z])A([^A-Z]|$)' iptables -X
	iptables -N B
	iptables -A B -j ACCEPT
	refused_like 1 '(^|[^A-Z])B([^A-Z]|$)' iptables -X B
	rules_are '-N A
-N B
-A INPUT -j A
-A B -j ACCEPT'
}

@test "rules that the kernel refuses: 1; the message names extension and chain (C6)" {
	refused_like 1 'MASQUERADE' iptables -A INPUT -j MASQUERADE
	[[ $err == *INPUT* ]]
	refused_like 1 'DNAT' iptables -t nat -A POSTROUTING -j DNAT --to-destination 1.2.3.4
	[[ $err == *POSTROUTING* ]]
	refused_like 1 'owner' iptables -A FORWARD -m owner --uid-owner 1
	[[ $err == *FORWARD* ]]
	rules_are ''
}

# --- C8: texts --------------------------------------------------------------

@test "without privileges: 4, even for -C and -S (C4, C5)" {
	local tool
	for tool in 'iptables -S' 'iptables -A INPUT -j ACCEPT' iptables-save; do
		# shellcheck disable=SC2086 # words
		refused 4 "${tool%% *} $BANNER: $DENIED" \
			ns "$NS" setpriv --bounding-set=-all --inh-caps=-all "$RAVELIN_BIN/"$tool
	done
}

@test "messages that callers match (C8)" {
	usage_error iptables 'unknown option "--bogus"' iptables --bogus
	usage_error iptables 'unknown option "--bogus"' iptables -A INPUT --bogus 1
	usage_error iptables "Couldn't load match \`nope':No such file or directory
" iptables -A INPUT -m nope
	usage_error iptables "invalid port/service \`foo' specified" iptables -A INPUT -p tcp --dport foo
	usage_error iptables "host/network \`nohost.invalid' not found" iptables -A INPUT -s nohost.invalid
	usage_error iptables 'no command specified' iptables
	usage_error iptables 'no command specified' iptables -t nat
	usage_error ip6tables 'unknown option "--bogus"' ip6tables --bogus
	refused 2 "Bad argument \`foo'
Try \`iptables -h' or 'iptables --help' for more information." iptables -A INPUT foo
}

# --- C10, C11: probes and reading -------------------------------------------

@test "the probe with protocol 255 works (C10)" {
	quiet iptables -t nat -A INPUT -p 255 -j RETURN
	prints '-P INPUT ACCEPT
-A INPUT -p 255 -j RETURN' iptables -t nat -S INPUT
	quiet iptables -t nat -D INPUT -p 255 -j RETURN
}

@test "reading creates nothing (C11)" {
	local table
	for table in raw mangle nat filter security; do
		iptables -t $table -S
		iptables -t $table -L -n -v
		ip6tables -t $table -S
		ip6tables -t $table -L -n
		iptables-save -t $table
	done
	iptables -S INPUT 1
	no iptables -C INPUT -j ACCEPT
	no iptables -D INPUT -j ACCEPT
	iptables -F
	iptables -X
	iptables -Z
	nothing_loaded
}

@test "save without rules prints nothing; -t shows the table (C11)" {
	prints '' iptables-save
	prints '' ip6tables-save
	prints '' iptables-save -c
	iptables -t mangle -N KUBE-IPTABLES-HINT
	prints '*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-IPTABLES-HINT - [0:0]
COMMIT' saved -t mangle
	prints '*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT' saved -t nat
	prints '' ip6tables-save
}

@test "the chains of each table" {
	prints '-P PREROUTING ACCEPT
-P OUTPUT ACCEPT' iptables -t raw -S
	prints '-P PREROUTING ACCEPT
-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-P POSTROUTING ACCEPT' iptables -t mangle -S
	prints '-P PREROUTING ACCEPT
-P INPUT ACCEPT
-P OUTPUT ACCEPT
-P POSTROUTING ACCEPT' iptables -t nat -S
	prints '-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT' iptables -S
	prints '-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT' ip6tables -t security -S
}

# --- C12, C13, C15: save and -S ---------------------------------------------

# A ruleset with every kind of line that save prints.
some_rules()
{
	iptables-restore -c <<-'END'
		*filter
		:INPUT DROP [10:200]
		:FORWARD ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:zed - [0:0]
		:aye - [0:0]
		[1:2] -A INPUT -i lo -j ACCEPT
		[0:0] -A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment "for us" -j zed
		-A aye -g zed
		-A zed -j RETURN
		COMMIT
	END
}

@test "save: header, all chain lines, rules, COMMIT, footer; user chains by name (C12)" {
	some_rules
	iptables-save >"$BATS_TEST_TMPDIR/save"
	[[ $(sed -n 1p "$BATS_TEST_TMPDIR/save") =~ ^"# Generated by iptables-save $BANNER on "[A-Z][a-z][a-z]\ [A-Z] ]]
	[[ $(tail -n 1 "$BATS_TEST_TMPDIR/save") =~ ^'# Completed on '[A-Z][a-z][a-z]\ [A-Z] ]]
	same '*filter
:INPUT DROP [10:200]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:aye - [0:0]
:zed - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment "for us" -j zed
-A aye -g zed
-A zed -j RETURN
COMMIT' "$(sed '1d;$d' "$BATS_TEST_TMPDIR/save")"
}

@test "save -c prints counters before the rule, -v -S after it (C15)" {
	some_rules
	prints '*filter
:INPUT DROP [10:200]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:aye - [0:0]
:zed - [0:0]
[1:2] -A INPUT -i lo -j ACCEPT
[0:0] -A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment "for us" -j zed
[0:0] -A aye -g zed
[0:0] -A zed -j RETURN
COMMIT' saved -c
	prints '-P INPUT DROP -c 10 200
-P FORWARD ACCEPT -c 0 0
-P OUTPUT ACCEPT -c 0 0
-N aye
-N zed
-A INPUT -i lo -c 1 2 -j ACCEPT
-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment "for us" -c 0 0 -j zed
-A aye -c 0 0 -g zed
-A zed -c 0 0 -j RETURN' iptables -v -S
	prints '-A INPUT -i lo -c 1 2 -j ACCEPT' iptables -v -S INPUT 1
}

@test "-S: all -P and -N before all -A; one chain; one rule (C12)" {
	some_rules
	prints '-P INPUT DROP
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-N aye
-N zed
-A INPUT -i lo -j ACCEPT
-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment "for us" -j zed
-A aye -g zed
-A zed -j RETURN' iptables -S
	prints '-N zed
-A zed -j RETURN' iptables -S zed
	prints '-A INPUT -i lo -j ACCEPT' iptables -S INPUT 1
	prints '' iptables -S INPUT 3
}

# shown IN OUT: rule IN, added to FORWARD, is printed as OUT, and found and deleted by either.
shown()
{
	local -a in out
	eval "in=($1) out=($2)"
	iptables -A FORWARD "${in[@]}"
	same "-A FORWARD${2:+ $2}" "$(iptables -S FORWARD | sed 1d)" "how $1 is shown"
	iptables -C FORWARD "${in[@]}"
	iptables -C FORWARD "${out[@]}"
	iptables -D FORWARD "${out[@]}"
	rules_are ''
}

@test "rule text: order of options, masks, names, -m for -p (C13)" {
	shown '-j ACCEPT -d 1.2.3.4 -s 4.3.2.1' '-s 4.3.2.1/32 -d 1.2.3.4/32 -j ACCEPT'
	shown '-p tcp -o eth1 -i eth0 -d 10.1.2.3/8' '-d 10.0.0.0/8 -i eth0 -o eth1 -p tcp'
	shown '-s 1.2.3.4/255.255.255.0' '-s 1.2.3.0/24'
	shown '-s 1.2.3.4/255.0.255.0' '-s 1.0.3.0/255.0.255.0'
	shown '-s 0.0.0.0/0 -d 1.2.3.4/0' ''
	shown '-p 6 --dport ssh' '-p tcp -m tcp --dport 22'
	shown '-p udp --sport 1024: --dport :53' '-p udp -m udp --sport 1024:65535 --dport 0:53'
	shown '-p tcp --syn' '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN'
	shown '-p tcp --tcp-flags ALL NONE' '-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE'
	shown '-p tcp ! --dport 80' '-p tcp -m tcp ! --dport 80'
	shown '! -p tcp ! -i lo ! -s 1.2.3.4' '! -s 1.2.3.4/32 ! -i lo ! -p tcp'
	shown '-p igmp' '-p 2'
	shown '-p all -i +' ''
	shown '-f -s 1.2.3.4' '-s 1.2.3.4/32 -f'
	shown '-p icmp --icmp-type ping' '-p icmp -m icmp --icmp-type 8'
	shown '-m mark --mark 10' '-m mark --mark 0xa'
	shown '-m limit' '-m limit --limit 3/hour'
	shown '-m limit --limit 120/min --limit-burst 5' '-m limit --limit 2/sec'
	shown '-m state --state ESTABLISHED,NEW' '-m state --state NEW,ESTABLISHED'
	shown '-m conntrack --ctstate established,related' '-m conntrack --ctstate RELATED,ESTABLISHED'
	shown '-m mac --mac-source 00:11:22:AA:BB:CC' '-m mac --mac-source 00:11:22:aa:bb:cc'
	shown '-j REJECT' '-j REJECT --reject-with icmp-port-unreachable'
	shown '-j LOG --log-level info' '-j LOG --log-level 6'
	shown '-j LOG --log-level warning' '-j LOG'
}

@test "rule text: comments and quoting (C13)" {
	shown '-m comment --comment plain -j ACCEPT' '-m comment --comment plain -j ACCEPT'
	shown '-j ACCEPT -m comment --comment "two words"' '-m comment --comment "two words" -j ACCEPT'
	iptables -A FORWARD -m comment --comment "it's"
	iptables -A FORWARD -m comment --comment 'a "b" \c'
	iptables -A FORWARD -m comment --comment ''
	iptables -A FORWARD -m comment --comment "a;b|c&d"
	iptables -A FORWARD -m comment --comment '#tag'
	iptables -A FORWARD -j LOG --log-prefix "in: "
	rules_are '-A FORWARD -m comment --comment "it\'"'"'s"
-A FORWARD -m comment --comment "a \"b\" \\c"
-A FORWARD -m comment --comment ""
-A FORWARD -m comment --comment "a;b|c&d"
-A FORWARD -m comment --comment "#tag"
-A FORWARD -j LOG --log-prefix "in: "'
}

@test "saving what was restored from a save changes no byte (C13)" {
	local before
	some_rules
	iptables -A FORWARD -m comment --comment "it's a \"test\" \\ of quotes" -j ACCEPT
	iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
	before=$(saved -c)
	iptables-save -c | iptables-restore -c
	same "$before" "$(saved -c)"
	iptables-save -c >"$BATS_TEST_TMPDIR/save"
	iptables -F
	iptables -t nat -F
	quiet tool iptables-restore -c "$BATS_TEST_TMPDIR/save"
	same "$before" "$(saved -c)"
}

# --- C14: the layout of -L --------------------------------------------------

# listed TEXT CMD...: lines of TEXT end in "|", to show trailing spaces.
listed() { same "$1" "$("${@:2}" | sed 's/$/|/')" "layout of ${*:2}"; }

layout_rules()
{
	iptables-restore -c <<-'END'
		*filter
		:INPUT DROP [1234567:89]
		:FORWARD ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:A - [0:0]
		:B - [0:0]
		[0:0] -A INPUT -j A
		[99999:100000] -A INPUT -s 1.2.3.4 -p tcp -m tcp --dport 22 -j A
		[0:0] -A A -g B
		[10:20] -A A -m comment --comment "x y"
		[123456789:12345678901234] -A A ! -d 10.0.0.0/8 -i eth+ -o lo -p udp -j DROP
		[0:0] -A A -f
		COMMIT
	END
}

@test "-L -n: header, columns, empty line between chains (C14)" {
	layout_rules
	listed 'Chain INPUT (policy DROP)|
target     prot opt source               destination         |
A          all  --  0.0.0.0/0            0.0.0.0/0           |
A          tcp  --  1.2.3.4              0.0.0.0/0            tcp dpt:22|
|
Chain FORWARD (policy ACCEPT)|
target     prot opt source               destination         |
|
Chain OUTPUT (policy ACCEPT)|
target     prot opt source               destination         |
|
Chain A (2 references)|
target     prot opt source               destination         |
B          all  --  0.0.0.0/0            0.0.0.0/0           [goto] |
           all  --  0.0.0.0/0            0.0.0.0/0            /* x y */|
DROP       udp  --  0.0.0.0/0           !10.0.0.0/8          |
           all  -f  0.0.0.0/0            0.0.0.0/0           |
|
Chain B (1 references)|
target     prot opt source               destination         |' iptables -L -n
}

@test "-L -v -n: counters with K, M, G; interfaces (C14)" {
	layout_rules
	listed 'Chain INPUT (policy DROP 1235K packets, 89 bytes)|
 pkts bytes target     prot opt in     out     source               destination         |
    0     0 A          all  --  *      *       0.0.0.0/0            0.0.0.0/0           |
99999  100K A          tcp  --  *      *       1.2.3.4              0.0.0.0/0            tcp dpt:22|' \
		iptables -L INPUT -v -n
	listed 'Chain A (2 references)|
 pkts bytes target     prot opt in     out     source               destination         |
    0     0 B          all  --  *      *       0.0.0.0/0            0.0.0.0/0           [goto] |
   10    20            all  --  *      *       0.0.0.0/0            0.0.0.0/0            /* x y */|
 123M   12T DROP       udp  --  eth+   lo      0.0.0.0/0           !10.0.0.0/8          |
    0     0            all  -f  *      *       0.0.0.0/0            0.0.0.0/0           |' \
		iptables -nvL A
}

@test "-L -v -n -x: digits only (C14)" {
	layout_rules
	listed 'Chain INPUT (policy DROP 1234567 packets, 89 bytes)|
    pkts      bytes target     prot opt in     out     source               destination         |
       0        0 A          all  --  *      *       0.0.0.0/0            0.0.0.0/0           |
   99999   100000 A          tcp  --  *      *       1.2.3.4              0.0.0.0/0            tcp dpt:22|' \
		iptables -nvxL INPUT
	listed 'Chain A (2 references)|
    pkts      bytes target     prot opt in     out     source               destination         |
       0        0 B          all  --  *      *       0.0.0.0/0            0.0.0.0/0           [goto] |
      10       20            all  --  *      *       0.0.0.0/0            0.0.0.0/0            /* x y */|
123456789 12345678901234 DROP       udp  --  eth+   lo      0.0.0.0/0           !10.0.0.0/8          |
       0        0            all  -f  *      *       0.0.0.0/0            0.0.0.0/0           |' \
		iptables -L A -v -n --exact
}

@test "-L: names instead of numbers; --line-numbers; one rule only (C14)" {
	no_resolver
	layout_rules
	listed 'Chain INPUT (policy DROP)|
num  target     prot opt source               destination         |
1    A          all  --  anywhere             anywhere            |
2    A          tcp  --  1.2.3.4              anywhere             tcp dpt:ssh|' \
		iptables -L INPUT --line-numbers
	listed 'Chain A (2 references)|
num   pkts bytes target     prot opt in     out     source               destination         |
1        0     0 B          all  --  any    any     anywhere             anywhere            [goto] |
2       10    20            all  --  any    any     anywhere             anywhere             /* x y */|
3     123M   12T DROP       udp  --  eth+   lo      anywhere            !10.0.0.0/8          |
4        0     0            all  -f  any    any     anywhere             anywhere            |' \
		iptables -v -L A --line-numbers
	listed 'DROP       udp  --  0.0.0.0/0           !10.0.0.0/8          |' iptables -n -L A 3
	listed '2       10    20            all  --  any    any     anywhere             anywhere             /* x y */|' \
		iptables -v --line-numbers -L A 2
	prints '' iptables -L A 9
}

@test "-L of IPv6: no -f column to fill, ::/0 (C14)" {
	ip6tables -A INPUT -s fd00::/8 -d fd00::1 -p tcp --dport 22 -j ACCEPT
	listed 'Chain INPUT (policy ACCEPT)|
target     prot opt source               destination         |
ACCEPT     tcp  --  fd00::/8             fd00::1              tcp dpt:22|' ip6tables -n -L INPUT
	listed 'Chain INPUT (policy ACCEPT 0 packets, 0 bytes)|
 pkts bytes target     prot opt in     out     source               destination         |
    0     0 ACCEPT     tcp  --  any    any     fd00::/8             fd00::1              tcp dpt:ssh|' \
		ip6tables -v -L INPUT
}

@test "-L -Z and -S -Z print, then zero, in one call" {
	iptables -A INPUT -c 5 6 -j ACCEPT
	listed 'Chain INPUT (policy ACCEPT 0 packets, 0 bytes)|
    pkts      bytes target     prot opt in     out     source               destination         |
       5        6 ACCEPT     all  --  any    any     anywhere             anywhere            |
Zeroing chain `INPUT'"'|" iptables -v -x -L INPUT -Z
	prints '-A INPUT -c 0 0 -j ACCEPT' iptables -v -S INPUT 1
	iptables -R INPUT 1 -c 7 8 -j ACCEPT
	same '-P INPUT ACCEPT
-A INPUT -j ACCEPT' "$(iptables -S INPUT -Z)"
	prints '-A INPUT -c 0 0 -j ACCEPT' iptables -v -S INPUT 1
	# Also with -n, which the newest stock refuses but callers still use.
	quiet iptables -R INPUT 1 -c 7 8 -j ACCEPT
	iptables -t filter -L INPUT -n -v -x -w 5 -Z
	prints '-A INPUT -c 0 0 -j ACCEPT' iptables -v -S INPUT 1
}

# --- C16: restore takes every rule command ----------------------------------

@test "restore: -A -I -D -R -N -X -F -Z -P -E, long and short (C16)" {
	iptables -N old
	iptables -A old -c 1 2 -j ACCEPT
	restored '-N new
-P FORWARD DROP
-A new -s 1.1.1.1 -j ACCEPT
-A new -s 2.2.2.2 -j ACCEPT
-I new -s 3.3.3.3 -j ACCEPT
-I new 2 -s 4.4.4.4 -j ACCEPT
-D new -s 1.1.1.1 -j ACCEPT
-D new 1
-R new 1 -s 5.5.5.5 -j DROP
-Z old
-E old older
--new-chain gone
--append gone --jump ACCEPT
--flush gone
--delete-chain gone' --noflush
	prints '-P INPUT ACCEPT -c 0 0
-P FORWARD DROP -c 0 0
-P OUTPUT ACCEPT -c 0 0
-N new
-N older
-A new -s 5.5.5.5/32 -c 0 0 -j DROP
-A new -s 2.2.2.2/32 -c 0 0 -j ACCEPT
-A older -c 0 0 -j ACCEPT' iptables -v -S
}

@test "restore: blank lines, comments, blanks around, several blocks of one table, no last newline (C16)" {
	restore '# a comment\n\n*filter\n\n# another\n:A - [0:0]\n-A INPUT   -j	ACCEPT \nCOMMIT\n\n*nat\nCOMMIT\n*filter\n-A INPUT -j DROP\nCOMMIT' --noflush
	rules_are '-N A
-A INPUT -j ACCEPT
-A INPUT -j DROP'
}

@test "restore: counters in front of a rule, used with -c only (C16)" {
	restored '[5:6] -A INPUT -j ACCEPT' -c
	prints '-A INPUT -c 5 6 -j ACCEPT' iptables -v -S INPUT 1
	restored '[5:6] -A INPUT -j ACCEPT'
	prints '-A INPUT -c 0 0 -j ACCEPT' iptables -v -S INPUT 1
	restored '-A INPUT -c 7 8 -j ACCEPT'
	prints '-A INPUT -c 7 8 -j ACCEPT' iptables -v -S INPUT 1
	restored ':INPUT DROP [3:4]' -c
	prints '-P INPUT DROP -c 3 4' iptables -v -S INPUT
}

@test "restore flushes the tables of its file, and no other (C16)" {
	iptables -N A
	iptables -A INPUT -j A
	iptables -P INPUT DROP
	iptables -t mangle -A POSTROUTING -j MARK --set-xmark 0x1/0xffffffff
	ip6tables -A INPUT -j DROP
	restored '-A OUTPUT -j ACCEPT'
	rules_are '-A OUTPUT -j ACCEPT'
	prints '-A POSTROUTING -j MARK --set-xmark 0x1/0xffffffff' iptables -t mangle -S POSTROUTING 1
	prints '-A INPUT -j DROP' ip6tables -S INPUT 1
}

@test "restore --noflush: ':CHAIN -' makes or flushes a user chain, ':INPUT ACCEPT' does not flush (C16)" {
	iptables -N A
	iptables -A A -j DROP
	iptables -A INPUT -j DROP
	iptables -A INPUT -j A
	restored ':A - [0:0]\n:B - [0:0]\n:INPUT DROP [0:0]\n-A INPUT -j B' --noflush
	prints '-P INPUT DROP
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-N A
-N B
-A INPUT -j DROP
-A INPUT -j A
-A INPUT -j B' iptables -S
}

@test "restore: chains exist only after their ':' line (C16)" {
	restored ':B - [0:0]\n:A - [0:0]\n-A A -j B\n-A INPUT -j A'
	rules_are '-N A
-N B
-A INPUT -j A
-A A -j B'
	refused 1 'iptables-restore: line 2 failed: No chain/target/match by that name.' \
		restored '-A NOPE -j ACCEPT'
}

@test "restore: a chain can be deleted in the block that removes its last use" {
	iptables -N A
	iptables -A INPUT -j A
	quiet restored '-D INPUT -j A\n-X A' --noflush
	rules_are ''
}

# The kernel numbers chains per table: the two chains A have the same handle.
@test "restore: chains of two tables are not mixed up" {
	restore '*filter\n:A - [0:0]\nCOMMIT\n*mangle\n:A - [0:0]\nCOMMIT\n' --noflush
	quiet restore '*filter\n-A A -s 1.1.1.1\nCOMMIT\n*mangle\n-A A -s 2.2.2.2\n-D A 1\nCOMMIT\n' --noflush
	rules_are '-N A
-A A -s 1.1.1.1/32'
	prints '-N A' iptables -t mangle -S A
}

@test "restore: a chain renamed in one table keeps its name in others" {
	restore '*filter\n:A - [0:0]\nCOMMIT\n*mangle\n:A - [0:0]\n:B - [0:0]\nCOMMIT\n' --noflush
	quiet restore '*filter\n-E A B\nCOMMIT\n*mangle\n-A B -s 2.2.2.2 -j A\nCOMMIT\n' --noflush
	rules_are '-N B'
	prints '-N B
-A B -s 2.2.2.2/32 -j A' iptables -t mangle -S B
}

@test "restore: names of renamed and deleted chains can be reused" {
	iptables -N A
	quiet restored '-E A B\n-X B\n-N B\n-A B -s 1.1.1.1' --noflush
	rules_are '-N B
-A B -s 1.1.1.1/32'
}

@test "restore -T: only this table of the file" {
	restore '*filter\n-A INPUT -j ACCEPT\nCOMMIT\n*mangle\n-A POSTROUTING -j ACCEPT\nCOMMIT\n' -T mangle
	rules_are ''
	prints '-A POSTROUTING -j ACCEPT' iptables -t mangle -S POSTROUTING 1
	quiet tool iptables-restore --table=filter </dev/null
}

@test "restore -v prints what it does" {
	iptables -N A
	prints "#hi
Flushing chain \`INPUT'
Flushing chain \`FORWARD'
Flushing chain \`OUTPUT'
Flushing chain \`A'
Deleting chain \`A'
ACCEPT  all opt -- in * out *  0.0.0.0/0  -> 0.0.0.0/0  
#bye" restore '#hi\n\n*filter\n-A INPUT -j ACCEPT\nCOMMIT\n#bye\n' -v
}

@test "restore from a file; from a missing file: 1" {
	printf '*filter\n-A INPUT -j ACCEPT\nCOMMIT\n' >"$BATS_TEST_TMPDIR/rules"
	quiet iptables-restore "$BATS_TEST_TMPDIR/rules"
	rules_are '-A INPUT -j ACCEPT'
	refused 1 "Can't open /nonexistent: No such file or directory" iptables-restore /nonexistent
	refused 1 'Unknown arguments found on commandline' \
		iptables-restore "$BATS_TEST_TMPDIR/rules" "$BATS_TEST_TMPDIR/rules"
	rules_are '-A INPUT -j ACCEPT'
}

@test "restore: each tool ignores lines with the other's -4 or -6" {
	restored '-4 -A INPUT -j ACCEPT\n-6 -A INPUT -j DROP\n-A OUTPUT -j ACCEPT'
	rules_are '-A INPUT -j ACCEPT
-A OUTPUT -j ACCEPT'
	printf '*filter\n-4 -A INPUT -j ACCEPT\n-6 -A INPUT -j DROP\nCOMMIT\n' | ip6tables-restore
	prints '-A INPUT -j DROP' ip6tables -S INPUT 1
}

# --- C17: flags -------------------------------------------------------------

@test "-w and -W: every form, in any place, also last (C17)" {
	quiet iptables -w -A INPUT -j ACCEPT
	quiet iptables -w 5 -A INPUT -j ACCEPT
	quiet iptables -w10 -A INPUT -j ACCEPT
	quiet iptables --wait -A INPUT -j ACCEPT
	quiet iptables --wait=2 -A INPUT -j ACCEPT
	quiet iptables -A INPUT -j ACCEPT --wait
	quiet iptables -A INPUT -j ACCEPT --wait 10
	quiet iptables -A INPUT -j ACCEPT -w 10
	quiet iptables -t filter -A INPUT -w -j ACCEPT
	[ "$(iptables -w -S INPUT | grep -c ACCEPT)" -eq 10 ]
	capture iptables -w 5 -W 100000 -C INPUT -j ACCEPT
	same 'Ignoring deprecated --wait-interval option.' "$err"
	[ "$rc" -eq 0 ]
	usage_error iptables 'wait seconds not numeric' iptables -w x -S
	usage_error iptables 'wait seconds not numeric' iptables -wnxvL
	[ "$(iptables -w 10 -nxvL | grep -c '^Chain')" -eq 3 ]
}

@test "flags of restore: -n -c -t -T -v -w -W, together and with values (C17)" {
	quiet iptables-restore -w --noflush </dev/null
	quiet iptables-restore -w 5 -n -c </dev/null
	quiet iptables-restore --noflush --counters --wait=30 </dev/null
	quiet iptables-restore -nc </dev/null
	quiet iptables-restore -w 10 -T filter --noflush --counters </dev/null
	quiet iptables-restore -t </dev/null
	capture iptables-restore -w 5 -W 100000 --noflush </dev/null
	[ "$rc" -eq 0 ]
	[ -z "$out" ]
}

@test "combined short flags (C17)" {
	iptables -A INPUT -p tcp --dport 22 -j ACCEPT
	[ "$(iptables -nL INPUT | grep -c dpt:22)" -eq 1 ]
	[ "$(iptables -nvxL INPUT | grep -c dpt:22)" -eq 1 ]
	[ "$(iptables -t filter -nL | grep -c dpt:22)" -eq 1 ]
	prints '-A INPUT -p tcp -m tcp --dport 22 -c 0 0 -j ACCEPT' iptables -vS INPUT 1
}

@test "options: without a space, with =, unambiguous abbreviations" {
	iptables -AINPUT -ptcp -s1.2.3.4 -ilo -jACCEPT
	iptables --append=INPUT --protocol=tcp --source=1.2.3.4 --in-interface=lo --jump=ACCEPT
	iptables --app INPUT --proto tcp --so 1.2.3.4 --in-i lo --ju ACCEPT
	rules_are '-A INPUT -s 1.2.3.4/32 -i lo -p tcp -j ACCEPT
-A INPUT -s 1.2.3.4/32 -i lo -p tcp -j ACCEPT
-A INPUT -s 1.2.3.4/32 -i lo -p tcp -j ACCEPT'
	usage_error iptables 'unknown option "--de"' iptables -A INPUT --de 1.2.3.4
	usage_error iptables 'unknown option "--l"' iptables --l
}

@test "every command by its long name" {
	quiet iptables --new-chain A
	quiet iptables --append A --jump ACCEPT
	quiet iptables --insert A 1 --jump DROP
	quiet iptables --check A --jump DROP
	quiet iptables --replace A 1 --jump RETURN
	prints '-N A
-A A -j RETURN
-A A -j ACCEPT' iptables --list-rules A
	prints 'RETURN     all  --  0.0.0.0/0            0.0.0.0/0           ' iptables --numeric --list A 1
	quiet iptables --delete A --jump RETURN
	quiet iptables --zero A
	quiet iptables --rename-chain A B
	quiet iptables --flush B
	quiet iptables --delete-chain B
	quiet iptables --policy INPUT DROP
	prints '-P INPUT DROP' iptables --list-rules INPUT
}

# --- C18, C19: environment and names ----------------------------------------

@test "works with an almost empty environment (C18)" {
	local bare=(ns "$NS" env -i LANG=C)
	quiet "${bare[@]}" "$RAVELIN_BIN/iptables" -A INPUT -p tcp --dport 80 -j ACCEPT
	prints '-P INPUT ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT' "${bare[@]}" "$RAVELIN_BIN/iptables" -S INPUT
	quiet "${bare[@]}" "$RAVELIN_BIN/iptables-restore" </dev/null
	quiet ns "$NS" env -i HOME=/nonexistent "$RAVELIN_BIN/iptables" -F
}

@test "works under each program name (C19)" {
	local family
	for family in iptables ip6tables; do
		prints "$family $BANNER" tool "$family-$BACKEND" -V
		prints "$family-$BACKEND-save $BANNER" tool "$family-$BACKEND-save" -V
		prints "$family-$BACKEND-restore $BANNER" tool "$family-$BACKEND-restore" -V
		prints "$family $BANNER" tool xtables-nft-multi $family -V
		prints "$family-save $BANNER" tool xtables-nft-multi $family-save -V
		prints "$family-restore $BANNER" tool xtables-nft-multi $family-restore -V
	done
	iptables -A INPUT -j ACCEPT
	same "$(saved)" "$(tool xtables-nft-multi iptables-save | without_dates)"
}

@test "iptables-legacy is refused (C19)" {
	local name
	for name in iptables-legacy ip6tables-legacy-save xtables-legacy-multi; do
		ln -s "$(readlink -f "$RAVELIN_BIN/iptables")" "$BATS_TEST_TMPDIR/$name"
		refused_like 3 "ravelin: $name is not included" "$BATS_TEST_TMPDIR/$name" -L
		refused_like 3 "ravelin: $name is not included" tool xtables-nft-multi $name -L
	done
}

# --- C20: order and repetition ----------------------------------------------

@test "equal rules are allowed; -D deletes the first (C20)" {
	iptables -A INPUT -j ACCEPT
	iptables -A INPUT -j DROP
	iptables -A INPUT -j ACCEPT
	iptables -A INPUT -j ACCEPT
	iptables -D INPUT -j ACCEPT
	rules_are '-A INPUT -j DROP
-A INPUT -j ACCEPT
-A INPUT -j ACCEPT'
	iptables -D INPUT 2
	iptables -D INPUT -j ACCEPT
	refused 1 "$BAD_RULE" iptables -D INPUT -j ACCEPT
	rules_are '-A INPUT -j DROP'
}

@test "-I: first by default, else at the number, at most one after the last (C20)" {
	iptables -I INPUT -s 1.1.1.1
	iptables -I INPUT -s 2.2.2.2
	iptables -I INPUT 2 -s 3.3.3.3
	iptables -I INPUT 4 -s 4.4.4.4
	rules_are '-A INPUT -s 2.2.2.2/32
-A INPUT -s 3.3.3.3/32
-A INPUT -s 1.1.1.1/32
-A INPUT -s 4.4.4.4/32'
	refused 1 'iptables: Index of insertion too big.' iptables -I INPUT 6 -j ACCEPT
}

@test "-R and -D by number; numbers out of range: 1; no numbers: 2 (C20)" {
	iptables -A INPUT -c 1 2 -s 1.1.1.1
	iptables -A INPUT -s 2.2.2.2
	iptables -R INPUT 1 -s 3.3.3.3
	iptables -D INPUT 2
	prints '-P INPUT ACCEPT -c 0 0
-A INPUT -s 3.3.3.3/32 -c 0 0' iptables -v -S INPUT
	refused 1 'iptables: Index of deletion too big.' iptables -D INPUT 2
	refused 1 'iptables: Index of replacement too big.' iptables -R INPUT 2 -j ACCEPT
	refused 1 "$BAD_RULE" iptables -Z INPUT 2
	usage_error iptables "Invalid rule number \`0'" iptables -D INPUT 0
	usage_error iptables "Invalid rule number \`0'" iptables -I INPUT 0 -j ACCEPT
	usage_error iptables "Invalid rule number \`x'" iptables -R INPUT x -j ACCEPT
	usage_error iptables "Invalid rule number \`x'" iptables -L INPUT x
	usage_error iptables '-R requires a rule number' iptables -R INPUT
	usage_error iptables "Illegal option \`--jump' with this command" iptables -D INPUT 1 -j ACCEPT
	rules_are '-A INPUT -s 3.3.3.3/32'
}

@test "several addresses in one option: one rule per pair, for -A, -I, -C and -D" {
	iptables -A INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.4 -j ACCEPT
	rules_are '-A INPUT -s 1.1.1.1/32 -d 3.3.3.3/32 -j ACCEPT
-A INPUT -s 1.1.1.1/32 -d 4.4.4.4/32 -j ACCEPT
-A INPUT -s 2.2.2.2/32 -d 3.3.3.3/32 -j ACCEPT
-A INPUT -s 2.2.2.2/32 -d 4.4.4.4/32 -j ACCEPT'
	iptables -C INPUT -s 1.1.1.1,2.2.2.2 -d 4.4.4.4 -j ACCEPT
	iptables -D INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3 -j ACCEPT
	rules_are '-A INPUT -s 1.1.1.1/32 -d 4.4.4.4/32 -j ACCEPT
-A INPUT -s 2.2.2.2/32 -d 4.4.4.4/32 -j ACCEPT'
	refused 1 "$BAD_RULE" iptables -C INPUT -s 2.2.2.2,1.1.1.1,5.5.5.5 -d 4.4.4.4 -j ACCEPT
	# One of them does not exist: none is deleted.
	refused 1 "$BAD_RULE" iptables -D INPUT -s 2.2.2.2,5.5.5.5 -d 4.4.4.4 -j ACCEPT
	rules_are '-A INPUT -s 1.1.1.1/32 -d 4.4.4.4/32 -j ACCEPT
-A INPUT -s 2.2.2.2/32 -d 4.4.4.4/32 -j ACCEPT'
	usage_error iptables '! not allowed with multiple source or destination IP addresses' \
		iptables -A INPUT ! -s 1.1.1.1,2.2.2.2
}

# --- chains -----------------------------------------------------------------

@test "-N, -E, -X: valid and invalid names (C20)" {
	local longest=abcdefghijklmnopqrstuvwxyzab
	quiet iptables -N $longest
	quiet iptables -A INPUT -j $longest
	quiet iptables -N 'a.b:c_d-e@f'
	usage_error iptables "chain name \`${longest}c' too long (must be under 29 chars)" iptables -N ${longest}c
	usage_error iptables "chain name \`${longest}c' too long (must be under 29 chars)" \
		iptables -E $longest ${longest}c
	usage_error iptables "Invalid target name \`${longest}c' (28 chars max)" iptables -A INPUT -j ${longest}c
	usage_error iptables 'chain name may not clash with target name' iptables -N ACCEPT
	usage_error iptables "chain name not allowed to start with \`-'" iptables -N -x
	usage_error iptables "chain name not allowed to start with \`!'" iptables -N '!x'
	usage_error iptables "Invalid chain name \`a b'" iptables -N 'a b'
	usage_error iptables 'option "-N" requires an argument' iptables -N
	rules_are "-N a.b:c_d-e@f
-N $longest
-A INPUT -j $longest"
}

@test "-E renames a chain and every jump to it; an existing name is refused" {
	iptables -N A
	iptables -N B
	iptables -A INPUT -j A
	iptables -A A -g B
	iptables -E A C
	iptables -E B D
	rules_are '-N C
-N D
-A INPUT -j C
-A C -g D'
	refused 1 'iptables: File exists.' iptables -E C D
	refused 1 'iptables: File exists.' iptables -E nosuch D
	refused 1 "$NO_SUCH" iptables -E INPUT X
	usage_error iptables '-E requires old-chain-name and new-chain-name' iptables -E C
}

@test "-X without a chain deletes all empty, unused user chains; -F all rules" {
	iptables -N A
	iptables -N B
	iptables -A A -j B
	iptables -A INPUT -j A
	quiet iptables -F
	rules_are '-N A
-N B'
	quiet iptables -X
	rules_are ''
	iptables -P INPUT DROP
	refused 1 'iptables: Directory not empty.' iptables -X INPUT
	prints '-P INPUT DROP' iptables -S INPUT
}

@test "-F CHAIN and -Z CHAIN leave other chains alone; -Z CHAIN N other rules" {
	iptables -A INPUT -c 1 2 -j ACCEPT
	iptables -A INPUT -c 3 4 -j DROP
	iptables -A OUTPUT -c 5 6 -j ACCEPT
	iptables -Z INPUT 2
	same '-A INPUT -c 1 2 -j ACCEPT
-A INPUT -c 0 0 -j DROP
-A OUTPUT -c 5 6 -j ACCEPT' "$(iptables -v -S | grep '^-A')"
	iptables -Z INPUT
	same '-A INPUT -c 0 0 -j ACCEPT
-A INPUT -c 0 0 -j DROP
-A OUTPUT -c 5 6 -j ACCEPT' "$(iptables -v -S | grep '^-A')"
	iptables -F INPUT
	same '-A OUTPUT -c 5 6 -j ACCEPT' "$(iptables -v -S | grep '^-A')"
	iptables -Z
	same '-A OUTPUT -c 0 0 -j ACCEPT' "$(iptables -v -S | grep '^-A')"
}

@test "-P: ACCEPT and DROP for built-in chains, nothing else" {
	quiet iptables -P FORWARD DROP
	prints '-P FORWARD DROP' iptables -S FORWARD
	quiet iptables -P FORWARD ACCEPT
	prints '-P FORWARD ACCEPT' iptables -S FORWARD
	iptables -N A
	refused 1 'iptables: Bad built-in chain name.' iptables -P A DROP
	refused 1 'iptables: Bad built-in chain name.' iptables -P NOPE DROP
	refused 1 "iptables: Bad policy name. Run \`dmesg' for more information." iptables -P INPUT REJECT
	refused 1 "iptables: Bad policy name. Run \`dmesg' for more information." iptables -P INPUT A
	usage_error iptables '-P requires a chain and a policy' iptables -P INPUT
	capture iptables -t nat -P POSTROUTING DROP
	[ "$rc" -eq 2 ]
	[[ $err == *'The "nat" table is not intended for filtering, the use of DROP is therefore inhibited.'* ]]
}

@test "-Z and -F keep the policy" {
	iptables -P INPUT DROP
	iptables -Z
	iptables -F
	iptables -Z INPUT
	prints '-P INPUT DROP' iptables -S INPUT
}

# --- -c, -v, -4, -6, -h -----------------------------------------------------

@test "-c sets counters with -A, -I, -R; also in one word" {
	iptables -A INPUT -c 1 2 -j ACCEPT
	iptables -I INPUT -c 3,4 -j ACCEPT
	iptables -A INPUT --set-counters 18446744073709551615 18446744073709551615 -j DROP
	iptables -R INPUT 1 -c 5 6 -j DROP
	same '-A INPUT -c 5 6 -j DROP
-A INPUT -c 1 2 -j ACCEPT
-A INPUT -c 18446744073709551615 18446744073709551615 -j DROP' "$(iptables -v -S INPUT | sed 1d)"
	usage_error iptables '--set-counters requires packet and byte counter' iptables -A INPUT -c 1
	usage_error iptables '--set-counters packet counter not numeric' iptables -A INPUT -c a b
	usage_error iptables '--set-counters byte counter not numeric' iptables -A INPUT -c 1 b
}

@test "-v prints what is done" {
	prints 'ACCEPT  tcp opt -- in * out *  0.0.0.0/0  -> 0.0.0.0/0   tcp dpt:80' \
		iptables -v -A INPUT -p tcp --dport 80 -j ACCEPT
	prints 'ACCEPT  tcp opt -- in * out *  0.0.0.0/0  -> 0.0.0.0/0   tcp dpt:80' \
		iptables -v -C INPUT -p tcp --dport 80 -j ACCEPT
	prints 'DROP  udp opt -- in lo out *  1.2.3.4 !-> 10.0.0.0/8  ' \
		iptables -v -I INPUT -p udp -i lo -s 1.2.3.4 ! -d 10.0.0.0/8 -j DROP
	prints 'DROP  udp opt -- in lo out *  1.2.3.4 !-> 10.0.0.0/8  ' \
		iptables -v -D INPUT -p udp -i lo -s 1.2.3.4 ! -d 10.0.0.0/8 -j DROP
	iptables -N A
	prints "Flushing chain \`INPUT'" iptables -v -F INPUT
	prints "Zeroing chain \`INPUT'
Zeroing chain \`FORWARD'
Zeroing chain \`OUTPUT'
Zeroing chain \`A'" iptables -v -Z
	prints "Deleting chain \`A'" iptables -v -X
}

@test "-4 and -6 belong to their own tool" {
	quiet iptables -4 -A INPUT -j ACCEPT
	quiet ip6tables -6 -A INPUT -j ACCEPT
	refused 2 "Try \`iptables -h' or 'iptables --help' for more information." iptables -6 -S
	refused 2 "Try \`ip6tables -h' or 'ip6tables --help' for more information." ip6tables -A INPUT -4
}

@test "-h: usage, every command, every option; with -p and -m those of the extension" {
	local word help
	help=$(iptables -h)
	same "iptables $BANNER" "$(head -n 1 <<<"$help")"
	for word in --append --check --delete --insert --replace --list --list-rules --flush --zero --new \
		--delete-chain --policy --rename-chain --ipv4 --ipv6 --protocol --source --destination \
		--in-interface --out-interface --jump --goto --match --numeric --table --verbose --wait \
		--line-numbers --exact --fragment --set-counters --version; do
		[[ $help == *"$word"* ]] || { echo "-h does not tell of $word"; return 1; }
	done
	[[ $(iptables -p tcp -h) == *'tcp match options:'*--tcp-option* ]]
	[[ $(iptables -p tcp -h) == *'tcp match options:'*--tcp-flags* ]]
	[[ $(iptables -m comment -h) == *'comment match options:'*--comment* ]]
	[[ $(iptables -j REJECT -h) == *--reject-with*icmp-port-unreachable* ]]
	help=$(iptables -p tcp -j DNAT -h)
	[[ $help == *'DNAT target options:'*--to-destination*'tcp match options:'*--tcp-flags* ]]
	help=$(iptables -m mark -m tos -j MARK -h)
	[[ $help == *'MARK target options:'*--set-xmark*'mark match options:'*--mark*'tos match options:'*--tos* ]]
	[[ $help != *--tcp-flags* ]]
}

# firewalld parses the list to its end: names, or names in parentheses, and nothing else.
icmp_types() { "$1" -p "$2" --help | sed -n "/^Valid $3 Types:\$/,\$p" | tail -n +2; }

@test "-p icmp -h: the types, for programs" {
	local types
	types=$(icmp_types iptables icmp ICMP)
	same 'any echo-reply (pong) destination-unreachable' "$(head -n 3 <<<"$types" | xargs)"
	[ "$(wc -l <<<"$types")" -eq 37 ]
	no grep -Evx '[A-Za-z-]+( \([a-z-]+\))*' <<<"$types"
	types=$(icmp_types ip6tables icmpv6 ICMPv6)
	[ "$(wc -l <<<"$types")" -eq 26 ]
	no grep -Evx '[A-Za-z0-9-]+( \([a-z-]+\))*' <<<"$types"
	[[ $types == *$'\nneighbour-solicitation (neighbor-solicitation)\n'* ]]
}

# --- wrong command lines ----------------------------------------------------

@test "conflicting or incomplete commands: 2" {
	usage_error iptables 'Cannot use -S with -L' iptables -L -S
	usage_error iptables 'Cannot use -A with -A' iptables -A INPUT -A OUTPUT
	usage_error iptables 'Cannot use -D with -A' iptables -A INPUT -D INPUT
	usage_error iptables 'option "-A" requires an argument' iptables -A
	usage_error iptables 'option "-t" requires an argument' iptables -S -t
	usage_error iptables "Illegal option \`--numeric' with this command" iptables -A INPUT -n
	usage_error iptables "Illegal option \`--exact' with this command" iptables -A INPUT -x
	usage_error iptables "Illegal option \`--line-numbers' with this command" iptables -F --line-numbers
	usage_error iptables "Illegal option \`--jump' with this command" iptables -F INPUT -j ACCEPT
}

@test "save: its options, and wrong ones: 1" {
	iptables -A INPUT -c 1 2 -j ACCEPT
	iptables -t mangle -A POSTROUTING -j MARK --set-mark 1
	iptables-save -t filter -f "$BATS_TEST_TMPDIR/save"
	same '*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -j ACCEPT
COMMIT' "$(without_dates <"$BATS_TEST_TMPDIR/save")"
	[ "$(saved -c -t filter | grep -c '^\[1:2\] -A INPUT -j ACCEPT$')" -eq 1 ]
	same "$(saved -c)" "$(saved --counters)"
	refused 1 "Table \`x' does not exist" iptables-save -t x
	refused 1 'Unknown arguments found on commandline' iptables-save x
	refused 1 'Failed to open file, error: No such file or directory' iptables-save -f /nonexistent/file
	refused 1 'Failed to open file, error: No such file or directory' iptables-save -f ''
	refused 1 "iptables-save: unrecognized option '--bogus'
Look at manual page \`iptables-save.8' for more information." iptables-save --bogus
}

@test "save -f: the file is replaced as a whole, and keeps mode and links" {
	local file=$BATS_TEST_TMPDIR/file
	iptables -A INPUT -j ACCEPT
	(umask 027; iptables-save -f "$file")
	same 640 "$(stat -c %a "$file")"
	chmod 600 "$file"
	ln -s file "$BATS_TEST_TMPDIR/link"
	exec 9<"$file"
	iptables -A INPUT -j DROP
	iptables-save -f "$BATS_TEST_TMPDIR/link"
	[ -L "$BATS_TEST_TMPDIR/link" ]
	same 600 "$(stat -c %a "$file")"
	same 2 "$(grep -c '^-A' "$file")"
	same 1 "$(grep -c '^-A' <&9)" 'rules in the file that was replaced'
	exec 9<&-
	# Only files are written to.
	same "$(saved)" "$(iptables-save -f /dev/stdout | without_dates)"
	same "$(saved)" "$(iptables-save -f /dev/fd/1 | without_dates)"
	# Stdout may be a deleted file: nothing is lost, and no file is created.
	exec 7<>"$BATS_TEST_TMPDIR/unnamed"
	rm "$BATS_TEST_TMPDIR/unnamed"
	iptables-save -f /dev/stdout >&7
	same "$(saved)" "$(without_dates </dev/fd/7)"
	exec 7<&-
	no compgen -G "$BATS_TEST_TMPDIR/*(deleted)*"
}

@test "save --require-tables: where there are none, an error, and no file is written" {
	only_nft 'the module always has its tables'
	echo old >"$BATS_TEST_TMPDIR/file"
	refused 1 'iptables-save: there are no tables' iptables-save --require-tables -f "$BATS_TEST_TMPDIR/file"
	same old "$(cat "$BATS_TEST_TMPDIR/file")"
	iptables -P INPUT ACCEPT
	quiet iptables-save --require-tables -f "$BATS_TEST_TMPDIR/file"
	grep -q '^\*filter' "$BATS_TEST_TMPDIR/file"
}

@test "a failed save leaves no valid ruleset in a redirected file, and writes nothing to a pipe" {
	only_nft 'its failures are those of netlink'
	local file=$BATS_TEST_TMPDIR/file size rc words
	iptables-restore <<-END
		*filter
		$(seq -f '-A INPUT -s 10.0.0.%.0f -j ACCEPT' 1 200)
		COMMIT
		*nat
		COMMIT
	END
	no ns "$NS" setpriv --bounding-set -net_admin --inh-caps -net_admin "$RAVELIN_BIN/iptables-save" >"$file" 2>/dev/null
	refused 1 'iptables-restore: line 1 failed' iptables-restore "$file"
	capture ns "$NS" setpriv --bounding-set -net_admin --inh-caps -net_admin "$RAVELIN_BIN/iptables-save"
	[ "$rc" -eq 4 ]
	[ -z "$out" ]
	for words in --bogus '-t nosuch' extra; do
		# shellcheck disable=SC2086 # words
		no tool iptables-save $words >"$file" 2>/dev/null
		refused 1 'iptables-restore: line 1 failed' iptables-restore "$file"
	done
	# The disk is full after any kilobyte; killed while writing.
	for size in 1 2 3 4 5 6; do
		(ulimit -f $size; no tool iptables-save >"$file" 2>/dev/null)
		refused 1 'iptables-restore: line 1 failed' iptables-restore "$file"
		same $((size * 1024)) "$(stat -c %s "$file")" size
	done
	ns "$NS" strace -qq -o /dev/null -e trace=pwrite64 -e inject=pwrite64:error=EIO:signal=KILL \
		"$RAVELIN_BIN/iptables-save" >"$file" || true
	refused 1 'iptables-restore: line 1 failed' iptables-restore "$file"
	same 200 "$(iptables -S | grep -c '^-A')" 'rules that stay'
	# Complete, it is unchanged, also when appended to other text.
	{ echo '# mine'; iptables-save; } >"$file"
	quiet iptables-restore "$file"
	same "# mine
$(saved)" "$(without_dates <"$file")"
}

@test "a closed stdin is an error, not an empty file" {
	refused_like 4 '^iptables-restore: cannot read stdin: Bad file descriptor$' \
		ns "$NS" bash -c 'exec "$@" <&-' - "$RAVELIN_BIN/iptables-restore"
	quiet tool iptables-restore </dev/null
}

@test "restore: wrong command lines: 1" {
	refused 1 "iptables-restore: unrecognized option '--bogus'
Try \`iptables-restore -h' for more information." iptables-restore --bogus
	refused 1 'Unknown arguments found on commandline' iptables-restore a b
}

# restore_error TEXT LINE RULES [OPTION...]: expects the text, line and hint, exit code 2, and no
# change.
restore_error()
{
	refused 2 "$1
Error occurred at line: $2
Try \`iptables-restore -h' or 'iptables-restore --help' for more information." restored "${@:3}"
	nothing_loaded
}

@test "restore: an invalid line is reported with its number: 2" {
	local v="iptables-restore $BANNER"
	restore_error "$v: unknown option \"--bogus\"" 3 '-A INPUT -j ACCEPT\n-A INPUT --bogus'
	restore_error "$v: invalid port/service \`foo' specified" 2 '-A INPUT -p tcp --dport foo'
	restore_error "$v: Chain 'NOPE' does not exist" 2 '-A INPUT -j NOPE\n-A INPUT -j ACCEPT'
	restore_error "Bad argument \`hello'" 2 'hello'
	restore_error "$v: iptables-restore: line 2 policy invalid" 2 ':INPUT'
	restore_error "$v: invalid policy counters for chain 'INPUT'" 2 ':INPUT DROP [a:b]'
	restore_error "$v: Bad line 2: need ]" 2 '[1:2 -A INPUT -j ACCEPT'
	restore_error "$v: --set-counters byte counter not numeric" 2 '[1:x] -A INPUT -j ACCEPT' -c
	restore_error "$v: --set-counters packet counter not numeric" 2 '[x:1] -A INPUT -j ACCEPT' -c
	restore_error "$v: The -t option cannot be used in iptables-restore.
" 2 '-A INPUT -t nat -j ACCEPT'
	restore_error "$v: You cannot use \`-w' from iptables-restore" 2 '-w -A INPUT -j ACCEPT'
	refused 2 "$v: iptables-restore: line 1 table name 'x' invalid
Error occurred at line: 1
Try \`iptables-restore -h' or 'iptables-restore --help' for more information." restore '*x\nCOMMIT\n'
}

@test "restore: a line that fails is reported with its number: 1" {
	local p=iptables-restore:
	refused 1 "$p line 3 failed: No chain/target/match by that name." restored '-A INPUT\n-A NOPE -j ACCEPT'
	refused 1 "$p line 2 failed: Bad rule (does a matching rule exist in that chain?)." \
		restored '-D INPUT -j ACCEPT'
	refused 1 "$p line 3 failed: Index of deletion too big." restored '-A INPUT\n-D INPUT 3'
	refused 1 "$p line 3 failed: Index of insertion too big." restored '-A INPUT\n-I INPUT 3 -j ACCEPT'
	refused 1 "$p line 3 failed: Index of replacement too big." restored '-A INPUT\n-R INPUT 3 -j ACCEPT'
	refused 1 "$p line 2 failed: No chain/target/match by that name." restored '-X A'
	refused 1 "$p line 2 failed: No chain/target/match by that name." restored '-F A'
	refused 1 "$p line 3 failed: Chain already exists." restored '-N A\n-N A'
	refused 1 "$p line 2 failed: Bad built-in chain name." restored '-P A DROP'
	refused 1 "$p line 2 failed: Bad policy name." restored '-P INPUT NOPE'
	refused 1 "$p line 2 failed: Bad policy name." restored ':INPUT NOPE [0:0]'
	refused 1 "$p line 1 failed" restore 'hello\n'
	refused 1 "$p line 1 failed" restore 'COMMIT\n'
	nothing_loaded
}

# --- errors on a terminal ----------------------------------------------------

# points_at WORDS CMD...: stock's message is followed by the source and ^~~~ under exactly these
# words.
points_at()
{
	local plain marks source
	capture "${@:2}"
	plain=$err
	RAVELIN_DIAGNOSTICS=1 capture "${@:2}"
	same "$plain" "${err:0:${#plain}}" 'what callers match on'
	marks=$(grep -x ' *^~*' <<<"$err") || { echo "no caret in: $err"; return 1; }
	source=$(grep -x -B 1 ' *^~*' <<<"$err" | head -n 1)
	local -i at=$((${#marks} - $(tr -d ' ' <<<"$marks" | wc -m) + 1))
	same "$1" "${source:at:${#marks}-at}" "what the caret points at in: $source"
}

@test "an error marks the wrong word only when requested" {
	points_at 65536 iptables -A INPUT -p tcp --dport 65536 -j ACCEPT
	points_at NOPE iptables -A NOPE -j ACCEPT
	points_at NOPE iptables -A INPUT -p tcp -j NOPE
	points_at nope iptables -A INPUT -m nope
	points_at --bogus iptables -A INPUT --bogus 1
	points_at 1.2.3.4/33 iptables -A INPUT -d 10.0.0.1 -s 1.2.3.4/33
	points_at foo restored '-A INPUT -p udp -j ACCEPT\n-A INPUT -p tcp --dport foo -j ACCEPT'
	points_at nosuch restored '-A INPUT -j nosuch'
}

@test "on a terminal an error marks the wrong word" {
	command -v script >/dev/null || skip 'needs script'
	capture script -q -e -c "nsenter --net=/proc/$NS/ns/net $RAVELIN_BIN/iptables -A INPUT -j NOPE" /dev/null
	[ "$rc" -eq 2 ]
	[[ $out == *"Chain 'NOPE' does not exist"*'iptables -A INPUT -j NOPE'*'^~~~'* ]]
}

@test "ravelin prints its version and names" {
	local ravelin
	ravelin=$(readlink -f "$RAVELIN_BIN/iptables")
	[[ $("$ravelin" --version) =~ ^ravelin\ [0-9.]+\ \((commit\ [0-9a-f]+(-dirty)?|no\ commit),\ .+\),\ speaks\ iptables\ 1\.8\.13$ ]]
	[[ $("$ravelin" --help) == *iptables-restore*ip6tables-save*file:PATH* ]]
	prints "iptables-save $BANNER" "$ravelin" iptables-save -V
	refused_like 2 'unknown program: nope' "$ravelin" nope
	refused_like 2 '^Usage: ravelin' "$ravelin"
}

# --- errors of stock ---------------------------------------------------------

@test "-P and -Z in one restore keep the policy" {
	restored '-P INPUT DROP\n-Z'
	prints '-P INPUT DROP' iptables -S INPUT
	restored '-Z\n-P INPUT DROP'
	prints '-P INPUT DROP' iptables -S INPUT
	restored '-P FORWARD DROP\n-Z FORWARD' --noflush
	prints '-P FORWARD DROP' iptables -S FORWARD
}

@test "-C and -D compare the target" {
	iptables -A INPUT -j ACCEPT
	refused 1 "$BAD_RULE" iptables -C INPUT -j DROP
	refused 1 "$BAD_RULE" iptables -D INPUT -j DROP
	refused 1 "$BAD_RULE" iptables -D INPUT -j RETURN
	refused 1 "$BAD_RULE" iptables -D INPUT
	rules_are '-A INPUT -j ACCEPT'
}

# --- foreign rules -----------------------------------------------------------

# foreign PATTERN RULE...: a rule that iptables cannot express, between two that it can. It is shown
# completely, as PATTERN, does not disturb other commands, and survives save and restore.
foreign()
{
	only_nft 'expressions of others in its tables'
	local pattern=$1 cmd
	shift
	nft flush ruleset
	iptables -A INPUT -s 1.1.1.1 -j ACCEPT
	nft -f - <<-END
		table ip filter {
			set s { type ipv4_addr; }
			set d { type ipv4_addr; flags dynamic; size 16; }
			map m { type ipv4_addr : verdict; }
			ct helper ftp { type "ftp" protocol tcp; }
		}
	END
	nft add rule ip filter INPUT "$*"
	iptables -A INPUT -s 2.2.2.2 -j ACCEPT
	for cmd in 'iptables -S' 'iptables -S INPUT' 'iptables -S INPUT 2' 'iptables -L' \
		'iptables -n -v -L INPUT' 'iptables-save' 'iptables-save -t filter'; do
		# shellcheck disable=SC2086 # a command with its arguments
		capture $cmd
		[ "$rc" -eq 0 ] || { echo "$cmd fails because of: $*: $err"; return 1; }
		[[ $out =~ (-m nft --rule \"|nft ).*$pattern ]] || { echo "$cmd shows no $pattern: $out"; return 1; }
		no grep -x -e '-A INPUT' <<<"$out"
	done
	refused 1 "$BAD_RULE" iptables -C INPUT -s 3.3.3.3 -j ACCEPT
	refused 1 "$BAD_RULE" iptables -D INPUT -s 3.3.3.3 -j ACCEPT
	nft -s list table ip filter >"$BATS_TEST_TMPDIR/before"
	iptables-save >"$BATS_TEST_TMPDIR/saved"
	quiet iptables-restore "$BATS_TEST_TMPDIR/saved"
	# Both policies exist after a restore; this nft version implements meters as sets.
	same "$(grep -A 4 'chain INPUT' "$BATS_TEST_TMPDIR/before")" \
		"$(nft -s list table ip filter | grep -A 4 'chain INPUT')" 'rules after a restore'
	quiet iptables -D INPUT 2
	rules_are '-A INPUT -s 1.1.1.1/32 -j ACCEPT
-A INPUT -s 2.2.2.2/32 -j ACCEPT'
}

@test "a rule with a verdict map is shown whole, never shortened" { foreign 'ip saddr vmap @m' ip saddr vmap @m; }
@test "a rule with a set is shown whole, never shortened" { foreign 'ip saddr @s drop' ip saddr @s drop; }
@test "a rule with a set it fills is shown whole, never shortened" { foreign 'update @d' update @d '{ ip saddr }'; }
@test "a rule with a ct helper is shown whole, never shortened" { foreign 'object ftp' tcp dport 21 ct helper set '"ftp"'; }
@test "a rule with a hash is shown whole, never shortened" { foreign hash jhash ip saddr mod 2 == 0 drop; }
@test "a rule with a limit to exceed is shown whole, never shortened" { foreign 'limit rate over 5/second' limit rate over 5/second drop; }
@test "a rule for two protocols is shown whole, never shortened" { foreign 'tcp, udp' meta l4proto '{ tcp, udp }' drop; }
@test "a rule for a field that no match has is shown whole, never shortened" { foreign 'ip id 5 drop' ip id 5 drop; }
@test "a rule that the kernel would not take of iptables is shown whole, never shortened" {
	foreign 'tcp option' tcp option maxseg size 100 drop
}

# -m hbh tests for the header and its length; nft's rule only tests the length.
@test "a rule that options would only approximate is kept whole, never reworded" {
	only_nft 'expressions of others in its tables'
	nft 'add table ip6 filter; add chain ip6 filter INPUT { type filter hook input priority 0; }'
	nft add rule ip6 filter INPUT hbh hdrlength 1 drop
	[[ $(ip6tables -S INPUT) == *'-A INPUT -m nft --rule "exthdr'* ]]
}

# says NFT RULE = IPTABLES RULE: a rule written by nft is shown, found and deleted as that.
says()
{
	only_nft 'expressions of others in its tables'
	local theirs=${1%% = *} ours=${1##* = }
	nft flush ruleset
	iptables -A INPUT -s 1.1.1.1 -j ACCEPT
	nft add rule ip filter INPUT "$theirs"
	prints "-A INPUT $ours" iptables -S INPUT 2
	# shellcheck disable=SC2086 # words of a rule
	{
		quiet iptables -C INPUT $ours
		quiet iptables -D INPUT $ours
	}
	rules_are '-A INPUT -s 1.1.1.1/32 -j ACCEPT'
}

@test "nft rules that iptables can express" {
	says 'ip ttl 1 drop = -m ttl --ttl-eq 1 -j DROP'
	says 'ip daddr 0.0.0.0/1 ip ttl > 2 accept = -d 0.0.0.0/1 -m ttl --ttl-gt 2 -j ACCEPT'
	says 'ip ttl < 254 accept = -m ttl --ttl-lt 254 -j ACCEPT'
	says 'icmp type echo-request accept = -p icmp -m icmp --icmp-type 8 -j ACCEPT'
	says 'icmp type 2 icmp code 3 accept = -p icmp -m icmp --icmp-type 2/3 -j ACCEPT'
	says 'meta pkttype != host drop = -m pkttype ! --pkt-type unicast -j DROP'
	says 'ct state established,related accept = -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'
	says 'iif lo accept = -i lo -j ACCEPT'
	says 'ip saddr 1.2.3.4-1.2.3.9 drop = -m iprange --src-range 1.2.3.4-1.2.3.9 -j DROP'
	says 'tcp dport 22 meta mark 1 reject with tcp reset = -p tcp -m tcp --dport 22 -m mark --mark 0x1 -j REJECT --reject-with tcp-reset'
	says 'ip dscp cs1 log prefix "x" level alert = -m dscp --dscp 0x08 -j LOG --log-prefix x --log-level 1'
	says 'limit rate 60/minute drop = -m limit --limit 1/sec -j DROP'
	says 'meter a { ip saddr and 255.0.0.0 timeout 60s limit rate over 5/minute } drop = -m hashlimit --hashlimit-above 5/min --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name a --hashlimit-srcmask 8 -j DROP'
	says 'tcp option maxseg size 100 tcp dport 5 drop = -p tcp -m tcpmss --mss 100 -m tcp --dport 5 -j DROP'
}

@test "stateful nft matches keep their place after earlier tests" {
	says 'tcp dport 22 limit rate 5/minute accept = -p tcp -m tcp --dport 22 -m limit --limit 5/min -j ACCEPT'
	says 'limit rate 5/minute ct state new drop = -m limit --limit 5/min -m conntrack --ctstate NEW -j DROP'
	says 'ct state new limit rate 5/minute drop = -m conntrack --ctstate NEW -m limit --limit 5/min -j DROP'
	says 'ip ttl > 5 limit rate 7/second ip ttl < 9 drop = -m ttl --ttl-gt 5 -m limit --limit 7/sec -m ttl --ttl-lt 9 -j DROP'
	foreign 'limit.*ct state.*th dport 22' limit rate 5/minute ct state new tcp dport 22 accept
}

@test "a rule with a limit that no option expresses exactly is kept whole, never rounded" {
	foreign 'limit rate 7000/second' limit rate 7000/second accept
	foreign '@a' meter a '{ ip saddr timeout 60s limit rate 100 bytes/second }' accept
	foreign '@a' meter a '{ ip saddr limit rate 5/second }' accept
	foreign '@a' meter a '{ ip saddr . ip protocol timeout 60s limit rate 5/second }' accept
	foreign '@a' meter a '{ ip saddr and 255.0.255.0 timeout 60s limit rate 5/second }' accept
	foreign '@a' meter a size 9 '{ ip saddr timeout 60s limit rate 5/second }' accept
	foreign 'add @d' add @d '{ ip saddr ct count over 5 }' accept
	foreign 'update @d' update @d '{ ip saddr counter }' accept
}

@test "a set that several rules of nft fill, or somebody by hand, is kept whole, not taken for one of connlimit" {
	only_nft 'expressions of others in its tables'
	iptables -P INPUT ACCEPT
	iptables -P OUTPUT ACCEPT
	nft add set ip filter connlimit0 '{ type ipv4_addr; flags dynamic; }'
	nft add rule ip filter INPUT tcp dport 22 add @connlimit0 '{ ip saddr ct count over 2 }' drop
	prints '-P INPUT ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m connlimit --connlimit-above 2 --connlimit-mask 32 --connlimit-saddr -j DROP' iptables -S INPUT
	nft add rule ip filter OUTPUT tcp dport 80 add @connlimit0 '{ ip saddr ct count over 3 }' drop
	[[ $(iptables -S INPUT) == *'-A INPUT -m nft --rule "meta l4proto tcp th dport 22 add @connlimit0'* ]]
	nft flush chain ip filter OUTPUT
	quiet iptables -C INPUT -p tcp --dport 22 -m connlimit --connlimit-above 2 -j DROP
	nft add element ip filter connlimit0 '{ 1.2.3.4 }'
	[[ $(iptables -S INPUT) == *'-A INPUT -m nft --rule "meta l4proto tcp th dport 22 add @connlimit0'* ]]
}

NO_CHAIN='iptables: No chain/target/match by that name.'

# A base chain that nft added to a table of iptables, with a rule no option can express.
beside()
{
	only_nft 'base chains of others in its tables'
	nft -f - <<-END
		table ip filter {
			chain theirs { type filter hook input priority 5; jhash ip saddr mod 2 == 0 drop; }
		}
	END
}

ours() { iptables -S "$@" | grep -v '^#'; }

beside_is_there() { [ "$(nft list table ip filter | grep -c 'chain theirs\|jhash')" -eq 2 ]; }

@test "base chains of others in our tables are reported, and not modified" {
	local notice="# Table \`filter' contains incompatible base-chains, use 'nft' tool to list them."
	beside
	prints "$notice
-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT" iptables -S
	quiet iptables -A INPUT -j ACCEPT
	quiet iptables -N own
	# As in stock, not for a single chain.
	prints '-P INPUT ACCEPT
-A INPUT -j ACCEPT' iptables -S INPUT
	capture iptables-save
	[[ $out == "$notice"$'\n# Generated by '*$'\n-A INPUT -j ACCEPT\nCOMMIT\n'* ]]
	[[ $out != *theirs* ]]
	[ "$(iptables -L | head -n 1)" = "$notice" ]
	refused 1 "$NO_CHAIN" iptables -A theirs -j ACCEPT
	refused 1 "$NO_CHAIN" iptables -L theirs
	refused 1 "$NO_CHAIN" iptables -F theirs
	quiet iptables -F
	quiet iptables -X
	beside_is_there
}

@test "a restore does not replace base chains of others" {
	beside
	iptables -N old
	iptables -A INPUT -j old
	printf '%s\n' '*filter' ':INPUT DROP [0:0]' ':new - [0:0]' '-A INPUT -j new' COMMIT >"$BATS_TEST_TMPDIR/rules"
	quiet iptables-restore "$BATS_TEST_TMPDIR/rules"
	beside_is_there
	prints '-P INPUT DROP
-A INPUT -j new' ours INPUT
	refused 1 "$NO_CHAIN" iptables -S old
	# Renaming a new chain makes the whole table be rewritten.
	printf '%s\n' '*filter' ':a - [0:0]' '-A INPUT -j a' '-E a b' '-A OUTPUT -j b' COMMIT >"$BATS_TEST_TMPDIR/rules"
	quiet iptables-restore "$BATS_TEST_TMPDIR/rules"
	beside_is_there
	prints '-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-N b
-A INPUT -j b
-A OUTPUT -j b' ours
	printf '%s\n' '*filter' COMMIT >"$BATS_TEST_TMPDIR/rules"
	quiet iptables-restore "$BATS_TEST_TMPDIR/rules"
	beside_is_there
	refused 1 "$NO_CHAIN" iptables -S b
}

@test "a base chain by our name in another place is used where it is, and -S says where" {
	only_nft 'base chains of others in its tables'
	nft 'add table ip filter; add chain ip filter INPUT { type filter hook input priority 7; }'
	quiet iptables -A INPUT -j ACCEPT
	prints $'-P INPUT ACCEPT --base "type filter hook input priority 7"\n-A INPUT -j ACCEPT' iptables -S INPUT
}

@test "a rule of others in one table leaves the other tables usable" {
	only_nft 'expressions of others in its tables'
	iptables -t nat -A POSTROUTING -j MASQUERADE
	iptables -A INPUT -j ACCEPT
	nft add set ip filter s '{ type ipv4_addr; }'
	nft add rule ip filter INPUT ip saddr @s drop
	prints '-A POSTROUTING -j MASQUERADE' iptables -t nat -S POSTROUTING 1
	prints '-P FORWARD ACCEPT' iptables -S FORWARD
	quiet iptables -A OUTPUT -j ACCEPT
	quiet iptables -A INPUT -j DROP
	prints '-P OUTPUT ACCEPT
-A OUTPUT -j ACCEPT' iptables -S OUTPUT
}

@test "other tables are ignored" {
	nft add table inet firewalld
	nft add chain inet firewalld input '{ type filter hook input priority 10; }'
	nft add rule inet firewalld input tcp dport '{ 1, 2 }' accept
	prints '' iptables-save
	iptables -A INPUT -j ACCEPT
	prints '-P INPUT ACCEPT
-A INPUT -j ACCEPT' iptables -S INPUT
	iptables -F
	[ "$(nft list table inet firewalld | grep -c dport)" -eq 1 ]
}

# --- optional dependencies --------------------------------------------------------

@test "without libnftnl a second -v prints nothing more, and the command succeeds" {
	only_nft 'the messages that -vv shows'
	local library
	library=$(ldconfig -p | sed -n '/libnftnl\.so\.11/{s/.* => //p;q}')
	capture ns "$NS" unshare --mount sh -c 'mount --bind /dev/null "$1" && shift && exec "$@"' sh "$(realpath "$library")" \
		"$RAVELIN_BIN/iptables" -vv -A INPUT -p tcp -j ACCEPT
	[ "$rc" -eq 0 ]
	[[ $err == *'without libnftnl'* ]]
	same 'ACCEPT  tcp opt -- in * out *  0.0.0.0/0  -> 0.0.0.0/0  ' "$out" output
	rules_are '-A INPUT -p tcp -j ACCEPT'
}

# --- privilege ---------------------------------------------------------------------------

@test "setuid: exit code 111 for every name, before any argument" {
	is_root || skip 'needs root: a setuid program'
	local place name
	place=$(mktemp -d /tmp/ravelin-setuid.XXXXXX)
	chmod 755 "$place"
	install -m 4755 "$(readlink -f "$RAVELIN_BIN/iptables")" "$place/ravelin"
	for name in $(ls "$RAVELIN_BIN") iptables-legacy other; do
		ln -s ravelin "$place/$name"
	done
	for name in "$place"/*; do
		# A nonexistent program would be another error; reading a file would wait.
		capture timeout 5 setpriv --reuid 65534 --clear-groups "$name" nonsense --bogus
		[ "$rc" -eq 111 ] && [ -z "$out$err" ] || { echo "$name: $rc $out $err"; rm -r "$place"; return 1; }
	done
	for name in --version --help 'run x' complete apply confirm 'json x' 'iptables -S'; do
		# shellcheck disable=SC2086
		capture setpriv --reuid 65534 --clear-groups "$place/ravelin" $name
		[ "$rc" -eq 111 ] && [ -z "$out$err" ] || { echo "$name: $rc $out $err"; rm -r "$place"; return 1; }
	done
	# Not if both ids belong to another user.
	capture setpriv --reuid 65534 --clear-groups "$RAVELIN_BIN/iptables" -V
	[ "$rc" -ne 111 ]
	rm -r "$place"
}
