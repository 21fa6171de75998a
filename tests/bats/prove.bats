#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin prove and ravelin diff --meaning: what rulesets do, not how they are written.
#
# Each test is a shell of its own, whose variables lib.bash sets and reads.
# shellcheck disable=SC2154,SC2034

load lib

setup() { cd "$BATS_TEST_TMPDIR" || return; }

prove() { "$RAVELIN_BIN/../ravelin" prove "$@"; }

# rules FILE TABLE HEAD RULE…: a table with these rules; HEAD is the line of a base chain.
rules()
{
	local file=$1 table=$2 head=$3
	shift 3
	{ printf '*%s\n:%s\n' "$table" "$head"; printf '%s\n' "$@"; echo COMMIT; } >"$file"
}

# proves WANTED-EXIT A B…
proves()
{
	local want=$1
	shift
	capture prove "$@"
	[ "$rc" -eq "$want" ] || { echo "exit $rc: $out $err"; return 1; }
	[[ $out != *defect* ]] || { echo "$out"; return 1; }
}

@test "rules in another order and form are the same" {
	rules a filter "INPUT DROP [0:0]" "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT" "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "-A INPUT -p tcp -m multiport --dports 80,22 -j ACCEPT"
	proves 0 a b
	[ "$out" = "filter INPUT: the same" ]
	rules b filter "INPUT ACCEPT [0:0]" "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT" "-A INPUT -j DROP"
	proves 0 a b
	rules b filter "INPUT DROP [0:0]" ":ssh - [0:0]" "-A INPUT -p tcp -j ssh" "-A ssh -p tcp --dport 22 -j ACCEPT" \
		"-A ssh -p tcp ! --dport 80 -j RETURN" "-A ssh -p tcp --dport 80 -j ACCEPT"
	proves 0 a b
	# A fragment has no port: it does not return.
	rules b filter "INPUT DROP [0:0]" ":ssh - [0:0]" "-A INPUT -p tcp -j ssh" "-A ssh -p tcp --dport 22 -j ACCEPT" \
		"-A ssh -p tcp ! --dport 80 -j RETURN" "-A ssh -j ACCEPT"
	proves 1 a b
	[[ $out == *"packet: -f -p tcp"* ]]
}

@test "a difference is a packet that the engine ran" {
	rules a filter "FORWARD DROP [0:0]" "-A FORWARD -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT"
	rules b filter "FORWARD DROP [0:0]" "-A FORWARD -s 10.0.0.0/9 -p tcp -m tcp --dport 22 -j ACCEPT"
	proves 1 a b
	[[ $out == *"filter FORWARD: not the same"*"a: ACCEPT, by rule 1 of FORWARD"*"b: DROP, by policy of FORWARD"* ]]
	[[ $out =~ "-s 10."(12[89]|1[3-9][0-9]|2[0-9][0-9])"." ]]
}

@test "marks, NAT and logs are looked at, unless they need not be" {
	rules a mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -p tcp -j MARK --set-mark 1"
	rules b mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -p tcp -j MARK --set-mark 2"
	proves 1 a b
	[[ $out == *"with mark 0x1"*"with mark 0x2"* ]]
	proves 0 --no-mark a b
	rules b mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -p tcp -j MARK --set-mark 7" "-A PREROUTING -p tcp -j MARK --and-mark 1"
	proves 0 a b
	rules a nat "PREROUTING ACCEPT [0:0]" "-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1"
	rules b nat "PREROUTING ACCEPT [0:0]" "-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2"
	proves 1 a b
	[[ $out == *"DNAT --to-destination 10.0.0.1, by rule 1"*"DNAT --to-destination 10.0.0.2, by rule 1"* ]]
	rules a filter "INPUT DROP [0:0]" "-A INPUT -p udp -j LOG --log-prefix x"
	rules b filter "INPUT DROP [0:0]"
	proves 1 a b
	proves 0 --no-log a b
	proves 0 --verdicts a b
}

@test "marks of the connection are followed" {
	rules a mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j CONNMARK --restore-mark" "-A PREROUTING -m mark --mark 1 -j DROP"
	rules b mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j CONNMARK --restore-mark" "-A PREROUTING -m connmark --mark 1 -j DROP"
	proves 0 a b
	rules b mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j CONNMARK --restore-mark" "-A PREROUTING -m connmark --mark 2 -j DROP"
	proves 1 a b
}

@test "what a packet does not say is a question, the same in both" {
	rules a filter "INPUT DROP [0:0]" "-A INPUT -m set --match-set good src -j ACCEPT" "-A INPUT -m limit --limit 3/min -j LOG"
	rules b filter "INPUT DROP [0:0]" ":x - [0:0]" "-A INPUT -m set ! --match-set good src -j x" "-A INPUT -j ACCEPT" \
		"-A x -m limit --limit 3/min -j LOG" "-A x -j DROP"
	proves 0 a b
	rules b filter "INPUT DROP [0:0]" "-A INPUT -m set --match-set bad src -j ACCEPT" "-A INPUT -m limit --limit 3/min -j LOG"
	proves 1 a b
	[[ $out == *"--match-set "* ]]
}

@test "states are one at a time, and interfaces are where the hook knows them" {
	rules a filter "INPUT DROP [0:0]" "-A INPUT -m conntrack --ctstate NEW,ESTABLISHED,RELATED,INVALID,UNTRACKED -j ACCEPT"
	rules b filter "INPUT ACCEPT [0:0]"
	proves 0 a b
	rules a filter "FORWARD DROP [0:0]" "-A FORWARD -i eth+ -j ACCEPT"
	rules b filter "FORWARD DROP [0:0]" "-A FORWARD -i eth0 -j ACCEPT"
	proves 1 a b
	[[ $out == *"-i eth"* ]]
	rules b filter "FORWARD DROP [0:0]" "-A FORWARD -i eth0 -j ACCEPT" "-A FORWARD -i eth+ -j ACCEPT"
	proves 0 a b
}

@test "claims" {
	rules a filter "FORWARD ACCEPT [0:0]" "-A FORWARD -i eth1 -p tcp -m multiport --dports 22,23 -j REJECT" "-A FORWARD -d 10.0.0.0/8 -i eth1 -j DROP"
	proves 1 a '-i eth1 -d 10.0.0.0/8 -p tcp --dport 22 => DROP'
	[[ $out == *"filter INPUT: not so"*"ACCEPT, by policy of INPUT"*"filter FORWARD: proven"* ]]
	proves 0 a '-A FORWARD -i eth1 -d 10.0.0.0/8 => DROP'
	proves 1 a '-A FORWARD -i eth1 -d 10.0.0.0/8 => REJECT'
	proves 1 a '-A FORWARD -d 10.0.0.0/8 => DROP'
	proves 0 a '-A FORWARD -i eth0 => ACCEPT'
	proves 3 a '-i eth0 => NONSENSE'
	[[ $err == *'"NONSENSE" is no verdict'* ]]
	proves 3 a '--nonsense => DROP'
}

@test "what cannot be followed is not known, and errors are errors" {
	rules a mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j TTL --ttl-dec 1" "-A PREROUTING -m ttl --ttl-eq 3 -j DROP"
	rules b mangle "PREROUTING ACCEPT [0:0]"
	proves 2 a b
	[[ $out == *"not known: rules behind TTL ask for ip.ttl"* ]]
	proves 3 a nowhere
	proves 3 a
}

@test "IPv6" {
	rules a filter "INPUT DROP [0:0]" "-A INPUT -s 2001:db8::/32 -p tcp -m tcp --dport 22 -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "-A INPUT -s 2001:db8::/33 -p tcp -m tcp --dport 22 -j ACCEPT" \
		"-A INPUT -s 2001:db8:8000::/33 -p tcp -m tcp --dport 22 -j ACCEPT"
	proves 0 -6 a b
	rules b filter "INPUT DROP [0:0]" "-A INPUT -s 2001:db8::/33 -p tcp -m tcp --dport 22 -j ACCEPT"
	proves 1 -6 a b
	[[ $out == *"-s 2001:db8:8"* ]]
}

@test "diff --meaning says in boxes what opens and closes" {
	rules a filter "INPUT DROP [0:0]" "-A INPUT -i lo -j ACCEPT" "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "-A INPUT -i lo -j ACCEPT" "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT" \
		"-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT"
	capture "$RAVELIN_BIN/../ravelin" diff --meaning a b
	[ "$rc" -eq 1 ]
	same "filter INPUT
  opens     ! -f ! -i lo -p tcp --dport 443
  closes    ! -f ! -i lo -p tcp --dport 22 ! -s 10.0.0.0/8" "$out" "meaning"
	capture "$RAVELIN_BIN/../ravelin" diff --meaning a a
	[ "$rc" -eq 0 ] && [ -z "$out" ]
}
