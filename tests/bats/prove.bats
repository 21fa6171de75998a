#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin prove and ravelin diff --meaning: equivalence of rulesets.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup() { cd "$BATS_TEST_TMPDIR" || return; }

prove() { "$RAVELIN_BIN/../ravelin" prove "$@"; }

# rules FILE TABLE HEAD RULE…: a table with these rules; HEAD: line of a base chain.
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
	# A fragment has no port: RETURN does not match.
	rules b filter "INPUT DROP [0:0]" ":ssh - [0:0]" "-A INPUT -p tcp -j ssh" "-A ssh -p tcp --dport 22 -j ACCEPT" \
		"-A ssh -p tcp ! --dport 80 -j RETURN" "-A ssh -j ACCEPT"
	proves 1 a b
	[[ $out == *"packet: -f -p tcp"* ]]
}

@test "a difference is shown by a packet that the engine ran" {
	rules a filter "FORWARD DROP [0:0]" "-A FORWARD -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT"
	rules b filter "FORWARD DROP [0:0]" "-A FORWARD -s 10.0.0.0/9 -p tcp -m tcp --dport 22 -j ACCEPT"
	proves 1 a b
	[[ $out == *"filter FORWARD: not the same"*"a: ACCEPT, by rule 1 of FORWARD"*"b: DROP, by policy of FORWARD"* ]]
	[[ $out =~ "-s 10."(12[89]|1[3-9][0-9]|2[0-9][0-9])"." ]]
}

@test "marks, NAT and logs are compared unless excluded" {
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
	# A packet that belongs to no connection keeps its mark, and no test of the other holds.
	proves 1 a b
	[[ $out == *"--ctstate "[IU]*"--mark 0x1"* ]]
	sed -i 's/^-A PREROUTING -j CONN/-A PREROUTING -m conntrack --ctstate INVALID,UNTRACKED -j DROP\n&/' a b
	proves 0 a b
	rules a mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -m connmark ! --mark 1 -j DROP"
	rules b mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -m connmark --mark 1 -j ACCEPT" "-A PREROUTING -j DROP"
	proves 1 a b
	[[ $out == *"--ctstate "[IU]* ]]
	rules b mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j CONNMARK --restore-mark" "-A PREROUTING -m connmark --mark 2 -j DROP"
	proves 1 a b
	# Swapped by three XORs.
	rules a mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j CONNMARK --restore-mark --nfmask 0 --ctmask 0xffffffff" \
		"-A PREROUTING -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0" \
		"-A PREROUTING -j CONNMARK --restore-mark --nfmask 0 --ctmask 0xffffffff" "-A PREROUTING -m mark --mark 5/7 -j DROP"
	rules b mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -m connmark --mark 5/7 -j DROP" \
		"-A PREROUTING -j CONNMARK --restore-mark --nfmask 0 --ctmask 0xffffffff" \
		"-A PREROUTING -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0" \
		"-A PREROUTING -j CONNMARK --restore-mark --nfmask 0 --ctmask 0xffffffff"
	proves 1 --verdicts a b
	sed -i 's/^:PREROUTING.*/&\n-A PREROUTING -m conntrack --ctstate INVALID,UNTRACKED -j DROP/' a b
	proves 1 a b
	proves 0 --verdicts a b
	rules a mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j CONNMARK --save-mark --nfmask 0xff00 --ctmask 0xffff"
	rules b mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j CONNMARK --set-xmark 0/0xff" \
		"-A PREROUTING -j CONNMARK --save-mark --nfmask 0xff00 --ctmask 0xff00"
	proves 0 a b
	rules b mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j CONNMARK --save-mark --nfmask 0xff00 --ctmask 0xff00"
	proves 1 a b
	[[ $out == *"ct mark 0x"* ]]
}

@test "partially copied marks" {
	local restore="-A PREROUTING -j CONNMARK --restore-mark" save="-j CONNMARK --save-mark"
	local head="PREROUTING ACCEPT [0:0]"
	rules a mangle "$head" "$restore" "-A PREROUTING -m mark ! --mark 0 -j ACCEPT" \
		"-A PREROUTING -i eth0 -j MARK --set-mark 1" "-A PREROUTING -i eth1 -j MARK --set-mark 2" "-A PREROUTING $save"
	# All 32 bits, or 8 of them.
	rules b mangle "$head" "$restore --nfmask 0xff --ctmask 0xff" "-A PREROUTING -m mark ! --mark 0 -j ACCEPT" \
		"-A PREROUTING -i eth0 -j MARK --set-mark 1" "-A PREROUTING -i eth1 -j MARK --set-mark 2" "-A PREROUTING $save"
	proves 1 a b
	[[ $out == *"ct mark 0x"* ]]
	proves 0 --verdicts a b
	# The mark belongs to the connection: both tests are equivalent.
	rules b mangle "$head" "$restore" "-A PREROUTING -m connmark ! --mark 0 -j ACCEPT" \
		"-A PREROUTING -i eth1 -j MARK --set-mark 2" "-A PREROUTING -i eth0 -j MARK --set-mark 1" \
		"-A PREROUTING -i eth0 -j CONNMARK --set-mark 1" "-A PREROUTING -i eth1 -j CONNMARK --set-mark 2" \
		"-A PREROUTING ! -i eth0 -m mark ! --mark 2 $save"
	proves 1 a b
	[[ $out == *"--ctstate INVALID"* ]]
	sed -i 's/^:PREROUTING.*/&\n-A PREROUTING -m conntrack --ctstate INVALID,UNTRACKED -j DROP/' a b
	proves 0 a b
	sed -i 's/connmark ! --mark 0/connmark ! --mark 0\/0xffff/' b
	proves 1 a b
}

@test "the marks of kube-proxy" {
	cat >a <<-'E'
		*nat
		:PREROUTING ACCEPT [0:0]
		:POSTROUTING ACCEPT [0:0]
		:KUBE-MARK-MASQ - [0:0]
		:KUBE-POSTROUTING - [0:0]
		-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j KUBE-MARK-MASQ
		-A POSTROUTING -j KUBE-POSTROUTING
		-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
		-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
		-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
		-A KUBE-POSTROUTING -j MASQUERADE --random-fully
		COMMIT
	E
	sed 's/--set-xmark 0x4000.0x4000/--or-mark 0x4000/; s/--set-xmark 0x4000.0x0/--and-mark 0xffffbfff/' a >b
	proves 0 a b
	sed 's/0x4000.0x0/0x4000\/0x4000/' a >b
	proves 1 a b
	[[ $out == *"nat PREROUTING: the same"*"nat POSTROUTING: not the same"*"--mark 0x4000"*"with mark 0x0"* ]]
	sed 's/! --mark 0x4000.0x4000/! --mark 0x4000\/0xc000/' a >b
	proves 1 a b
	sed 's/--set-xmark 0x4000.0x4000/--set-mark 0x4000/' a >b
	proves 1 a b
	[[ $out == *"nat PREROUTING: not the same"*"nat POSTROUTING: the same"* ]]
}

@test "the marks of Calico: one bit for accepted, one for endpoints, and scratch bits" {
	cat >a <<-'E'
		*filter
		:FORWARD ACCEPT [0:0]
		:cali-FORWARD - [0:0]
		:cali-from-wl - [0:0]
		:cali-fw-a - [0:0]
		:cali-pro-ns - [0:0]
		:cali-pi-db - [0:0]
		-A FORWARD -j cali-FORWARD
		-A FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT
		-A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000
		-A cali-FORWARD -i cali+ -j cali-from-wl
		-A cali-from-wl -i calia -g cali-fw-a
		-A cali-from-wl -j DROP
		-A cali-fw-a -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A cali-fw-a -m conntrack --ctstate INVALID -j DROP
		-A cali-fw-a -j MARK --set-xmark 0x0/0x30000
		-A cali-fw-a -m mark --mark 0x0/0x20000 -j cali-pi-db
		-A cali-fw-a -m mark --mark 0x10000/0x10000 -j RETURN
		-A cali-fw-a -m mark --mark 0x0/0x20000 -j DROP
		-A cali-fw-a -j cali-pro-ns
		-A cali-fw-a -m mark --mark 0x10000/0x10000 -j RETURN
		-A cali-fw-a -j DROP
		-A cali-pi-db -p tcp -m multiport --dports 5432 -j MARK --set-xmark 0x10000/0x10000
		-A cali-pi-db -m mark --mark 0x10000/0x10000 -j RETURN
		-A cali-pi-db -p udp -j MARK --set-xmark 0x20000/0x20000
		-A cali-pro-ns -p udp -m udp --dport 53 -j MARK --set-xmark 0x10000/0x10000
		COMMIT
	E
	# A final RETURN has no effect; the mark may be set in two steps.
	sed -e '/^-A cali-pi-db -m mark/d' -e 's/^-A cali-fw-a -j MARK --set-xmark 0x0.0x30000/-A cali-fw-a -j MARK --and-mark 0xfffeffff\n-A cali-fw-a -j MARK --and-mark 0xfffdffff/' a >b
	proves 0 a b
	sed 's/cali-pro-ns -p udp -m udp --dport 53/cali-pro-ns -p udp -m udp --dport 54/' a >b
	proves 1 a b
	[[ $out == *"--dport 53"* || $out == *"--dport 54"* ]]
	sed 's/0x0.0x30000/0x0\/0x10000/' a >b
	proves 0 --verdicts a b
	sed '/cali-FORWARD -j MARK/d' b >c
	proves 1 --verdicts a c
	[[ $out == *"--mark 0x2"* ]]
}

@test "marks for routing: mwan, Tailscale, firewalld" {
	# Connections keep the uplink they started on.
	cat >a <<-'E'
		*mangle
		:PREROUTING ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:hook - [0:0]
		:lines - [0:0]
		-A PREROUTING -j hook
		-A OUTPUT -j hook
		-A hook -j CONNMARK --restore-mark --nfmask 0x3f00 --ctmask 0x3f00
		-A hook -m mark --mark 0x0/0x3f00 -j lines
		-A hook -j CONNMARK --save-mark --nfmask 0x3f00 --ctmask 0x3f00
		-A lines -s 192.0.2.0/24 -j MARK --set-xmark 0x100/0x3f00
		-A lines -m mark --mark 0x0/0x3f00 -j MARK --set-xmark 0x200/0x3f00
		COMMIT
	E
	sed 's/^-A lines -s.*/-A lines ! -s 192.0.2.0\/24 -j MARK --set-xmark 0x200\/0x3f00/; s/^-A lines -m.*/-A lines -m mark ! --mark 0x200\/0x3f00 -j MARK --set-xmark 0x100\/0x100/' a >b
	proves 0 a b
	sed 's/save-mark --nfmask 0x3f00/save-mark --nfmask 0x3e00/' a >b
	proves 1 a b
	[[ $out == *"with ct mark 0x"* ]]
	sed 's/restore-mark --nfmask 0x3f00/restore-mark --nfmask 0xff00/' a >b
	proves 1 a b
	cat >a <<-'E'
		*mangle
		:PREROUTING ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		-A PREROUTING -m conntrack --ctstate RELATED,ESTABLISHED -j CONNMARK --restore-mark --nfmask 0xff0000 --ctmask 0xff0000
		-A OUTPUT -m conntrack --ctstate NEW -m mark ! --mark 0x0/0xff0000 -j CONNMARK --save-mark --nfmask 0xff0000 --ctmask 0xff0000
		COMMIT
	E
	sed 's/ -m mark ! --mark 0x0.0xff0000//' a >b
	proves 1 a b
	[[ $out == *"PREROUTING: the same"*"OUTPUT: not the same"*"ct mark 0x"* ]]
	sed 's/RELATED,ESTABLISHED/RELATED/; /^-A PREROUTING/{p;s/RELATED/ESTABLISHED/}' a >b
	proves 0 a b
	# Forwarded ports are marked on input, then accepted and masqueraded by the mark.
	cat >a <<-'E'
		*mangle
		:PREROUTING ACCEPT [0:0]
		:PRE_public - [0:0]
		-A PREROUTING -i eth0 -g PRE_public
		-A PRE_public -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x64/0xffffffff
		-A PRE_public -p tcp -m tcp --dport 443 -j MARK --set-xmark 0x65/0xffffffff
		COMMIT
		*nat
		:PREROUTING ACCEPT [0:0]
		-A PREROUTING -p tcp -m mark --mark 0x64 -j DNAT --to-destination 10.0.0.2:8080
		-A PREROUTING -p tcp -m mark --mark 0x65 -j DNAT --to-destination 10.0.0.2:8443
		COMMIT
	E
	sed 's/^-A PREROUTING -p tcp -m mark --mark 0x65/-A PREROUTING -p tcp -m mark ! --mark 0x64\/0xfffffffe -j RETURN\n-A PREROUTING -p tcp/' a >b
	proves 0 a b
	sed -i 's/0xfffffffe/0xfffffffc/' b
	proves 1 a b
	[[ $out == *"mangle PREROUTING: the same"*"--mark 0x6"* ]]
}

@test "marks set by other targets are unknown" {
	local head="PREROUTING ACCEPT [0:0]" hash="-j HMARK --hmark-tuple src --hmark-mod 4 --hmark-offset 1 --hmark-rnd 0x1"
	rules a mangle "$head" "-A PREROUTING -p tcp -j ACCEPT" "-A PREROUTING $hash"
	rules b mangle "$head" "-A PREROUTING ! -p tcp $hash"
	proves 0 a b
	rules b mangle "$head" "-A PREROUTING $hash"
	proves 1 a b
	# The saved value is ignored; its source may be tested.
	rules a mangle "$head" "-A PREROUTING -j MARK --set-mark 1" "-A PREROUTING $hash"
	rules b mangle "$head" "-A PREROUTING -j MARK --set-mark 2" "-A PREROUTING $hash"
	proves 2 a b
	[[ $out == *"not known: MARK changes meta.mark, and a later target derives another mark from it"* ]]
	rules a mangle "$head" "-A PREROUTING $hash" "-A PREROUTING -m mark --mark 1 -j DROP"
	proves 2 a b
	[[ $out == *"not known: HMARK changes meta.mark, and later rules test it"* ]]
	# The shifted marks differ, although the last steps are the same.
	rules a mangle "$head" "-A PREROUTING -j MARK --set-mark 1" \
		"-A PREROUTING -j CONNMARK --save-mark --left-shift-mark 8" "-A PREROUTING -j MARK --set-mark 0"
	rules b mangle "$head" "-A PREROUTING -j MARK --set-mark 2" \
		"-A PREROUTING -j CONNMARK --save-mark --left-shift-mark 8" "-A PREROUTING -j MARK --set-mark 0"
	proves 2 a b
	# A set without marks does not change the mark.
	rules a mangle "$head" "-A PREROUTING -j SET --add-set seen src" "-A PREROUTING -m mark --mark 1 -j DROP"
	proves 0 a a
	rules a mangle "$head" "-A PREROUTING -j SET --map-set marks src --map-mark" "-A PREROUTING -m mark --mark 1 -j DROP"
	proves 2 a a
}

@test "effects of nft rules are unknown" {
	# ip saddr @s counter drop
	rules a filter "INPUT ACCEPT [0:0]" "-A INPUT -m nft --rule x --expr xAAGgMAABIA0AAGADAABAHBheWxvYWQAJAACAAgAAQAAAAABCAACAAAAAAEIAAMAAAAADAgABAAAAAAELAABgAsAAQBsb29rdXAAABwAAoAGAAEAcwAAAAgAAgAAAAABCAAFAAAAAAAsAAGADAABAGNvdW50ZXIAHAACgAwAAQAAAAAAAAAAAAwAAgAAAAAAAAAAADAAAYAOAAEAaW1tZWRpYXRlAAAAHAACgAgAAQAAAAAAEAACgAwAAoAIAAEAAAAAAA=="
	rules b filter "INPUT ACCEPT [0:0]"
	proves 2 a b
	[[ $out == *"the effect of an nft rule is unknown"* ]] || { echo "$out"; return 1; }
}

@test "conditions outside the packet are the same for both rulesets" {
	rules a filter "INPUT DROP [0:0]" "-A INPUT -m set --match-set good src -j ACCEPT" "-A INPUT -m limit --limit 3/min -j LOG"
	rules b filter "INPUT DROP [0:0]" ":x - [0:0]" "-A INPUT -m set ! --match-set good src -j x" "-A INPUT -j ACCEPT" \
		"-A x -m limit --limit 3/min -j LOG" "-A x -j DROP"
	proves 0 a b
	rules b filter "INPUT DROP [0:0]" "-A INPUT -m set --match-set bad src -j ACCEPT" "-A INPUT -m limit --limit 3/min -j LOG"
	proves 1 a b
	[[ $out == *"--match-set "* ]]
}

@test "a packet without a connection is tested by --ctstate only" {
	local ct="-A INPUT -m conntrack --ctstate"
	rules a filter "INPUT DROP [0:0]" "$ct INVALID,UNTRACKED --ctproto tcp -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "$ct INVALID,UNTRACKED -j ACCEPT"
	proves 0 a b
	rules a filter "INPUT DROP [0:0]" "$ct INVALID,NEW --ctproto tcp --ctdir ORIGINAL -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "$ct INVALID -j ACCEPT" "$ct NEW --ctproto tcp --ctdir ORIGINAL -j ACCEPT"
	proves 0 a b
	# Near misses: without INVALID; in two matches, of which the second needs a connection; a negated state.
	rules b filter "INPUT DROP [0:0]" "$ct NEW --ctproto tcp --ctdir ORIGINAL -j ACCEPT"
	proves 1 a b
	[[ $out == *"--ctstate INVALID"*"a: ACCEPT, by rule 1 of INPUT"*"b: DROP, by policy of INPUT"* ]]
	rules b filter "INPUT DROP [0:0]" "$ct INVALID,NEW -m conntrack --ctproto tcp --ctdir ORIGINAL -j ACCEPT"
	proves 1 a b
	[[ $out == *"--ctstate INVALID"* ]]
	rules a filter "INPUT DROP [0:0]" "-A INPUT -m conntrack ! --ctstate NEW --ctdir REPLY -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "-A INPUT -m conntrack ! --ctstate NEW -m conntrack --ctdir REPLY -j ACCEPT"
	proves 1 a b
	# Only a connection is translated, so both tests are always made.
	rules a filter "INPUT DROP [0:0]" "$ct SNAT --ctdir REPLY -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "$ct SNAT -m conntrack --ctdir REPLY -j ACCEPT"
	proves 0 a b
}

@test "the kernel tests packets without a connection by --ctstate only" {
	need_root
	new_ns NS
	iptables -t raw -A OUTPUT -p udp -j CT --notrack
	iptables -A INPUT -p udp -m conntrack --ctstate UNTRACKED --ctproto tcp --ctdir REPLY
	iptables -A INPUT -p udp -m conntrack --ctstate UNTRACKED -m conntrack --ctproto udp
	ns "$NS" bash -c 'echo x >/dev/udp/127.0.0.1/9'
	capture iptables -v -S INPUT
	end_ns "$NS"
	[[ $out == *"UNTRACKED --ctproto 6 --ctdir REPLY -c 1 "* ]]
	[[ $out == *"UNTRACKED -m conntrack --ctproto 17 -c 0 0"* ]]
}

@test "-m tcp without options tests that the packet has a TCP header" {
	local name
	for name in tcp udp; do
		rules a filter "INPUT DROP [0:0]" "-A INPUT -p $name -m $name -j ACCEPT"
		rules b filter "INPUT DROP [0:0]" "-A INPUT ! -f -p $name -j ACCEPT"
		proves 0 a b
		rules b filter "INPUT DROP [0:0]" "-A INPUT -p $name -m multiport --dports 0:65535 -j ACCEPT"
		proves 0 a b
		# Near misses: later fragments have no header; another protocol.
		rules b filter "INPUT DROP [0:0]" "-A INPUT -p $name -j ACCEPT"
		proves 1 a b
		[[ $out == *"packet: -f -p $name"*"a: DROP, by policy of INPUT"*"b: ACCEPT, by rule 1 of INPUT"* ]]
		rules b filter "INPUT DROP [0:0]" "-A INPUT ! -f -p sctp -j ACCEPT"
		proves 1 a b
	done
	rules a filter "INPUT DROP [0:0]" "-A INPUT -p tcp -m tcp -m multiport --dports 22,80 -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT"
	proves 0 a b
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
	[[ $err == *'"NONSENSE" is not a verdict'* ]]
	proves 3 a '--nonsense => DROP'
}

@test "unsupported rules give an unknown result; errors" {
	rules a mangle "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j TTL --ttl-dec 1" '-A PREROUTING -m u32 --u32 "0x8>>0x18=0x3" -j DROP'
	rules b mangle "PREROUTING ACCEPT [0:0]"
	proves 2 a b
	[[ $out == *"not known: TTL changes packet.u32, and later rules test it"* ]]
	rules a raw "PREROUTING ACCEPT [0:0]" "-A PREROUTING -j CT --zone 1" "-A PREROUTING -m conntrack --ctstatus ASSURED -j DROP"
	proves 2 a b
	[[ $out == *"not known: CT changes ct.status, and later rules test it"* ]]
	proves 3 a nowhere
	proves 3 - - <a
	[[ $err == *"standard input can be read only once"* ]]
	proves 3 a
	[[ $err == *'expected two rulesets, or a ruleset and a claim "PACKETS => VERDICT"'* ]]
	proves 3 -t nonsense a b
	[[ $err == *"no table nonsense"* ]]
	# Loops and misplaced rules, as iptables-restore --test finds them.
	printf '*filter\n:INPUT ACCEPT [0:0]\n:one - [0:0]\n:two - [0:0]\n-A INPUT -j one\n-A one -j two\n-A two -j one\nCOMMIT\n' >loop
	proves 3 loop a
	[[ $err == *"rule in chain two: -A two -j one: the jump creates a loop"* ]]
	proves 3 a loop
	proves 3 loop '-s 10.0.0.1 => DROP'
	rules b filter "INPUT ACCEPT [0:0]" "-A INPUT -j TTL --ttl-set 3"
	proves 3 a b
	[[ $err == *"-A INPUT -j TTL --ttl-set 3"* ]]
}

# same A B: chains of mangle or raw that are alike; differs A B: near misses.
chain() {
	local name=$1 table=$2 at=PREROUTING rule
	shift 2
	for rule; do set -- "$@" "-A $at $rule"; shift; done
	rules "$name" "$table" "$at ACCEPT [0:0]" "$@"
}

@test "rules test the TTL, TOS and state that earlier targets made" {
	# Set, increment up to 255, decrement down to 0.
	chain a mangle "-j TTL --ttl-dec 1" "-m ttl --ttl-eq 3 -j DROP"
	chain b mangle "-m ttl --ttl-eq 4 -j DROP" "-j TTL --ttl-dec 1"
	proves 0 a b
	chain b mangle "-m ttl --ttl-eq 3 -j DROP" "-j TTL --ttl-dec 1"
	proves 1 a b
	[[ $out == *"--ttl 3"*"a: ACCEPT with TTL 2, by policy"*"b: DROP, by rule 1"* || $out == *"--ttl 4"*"a: DROP, by rule 2"*"b: ACCEPT with TTL 3"* ]]
	chain a mangle "-j TTL --ttl-inc 200" "-m ttl --ttl-eq 255 -j DROP"
	chain b mangle "-m ttl --ttl-gt 54 -j DROP" "-j TTL --ttl-inc 200"
	proves 0 a b
	chain a mangle "-j TTL --ttl-dec 9" "-j TTL --ttl-inc 9" "-m ttl --ttl-lt 9 -j DROP"
	chain b mangle "-m ttl --ttl-lt 9 -j TTL --ttl-set 9"
	proves 0 a b
	chain b mangle "-m ttl --ttl-lt 9 -j TTL --ttl-set 8"
	proves 1 a b
	chain a mangle "-s 10.0.0.1 -j TTL --ttl-set 5" "-j TTL --ttl-set 64"
	chain b mangle "-j TTL --ttl-set 64"
	proves 0 a b
	# Masked writes; DSCP keeps the ECN bits.
	chain a mangle "-j TOS --set-tos 0x10/0x3c" "-m tos --tos 0x10/0x3c -j DROP"
	chain b mangle "-j DROP"
	proves 0 a b
	chain a mangle "-j DSCP --set-dscp 0x2e" "-m ecn --ecn-ip-ect 1 -j DROP"
	chain b mangle "-m ecn --ecn-ip-ect 1 -j DROP" "-j TOS --set-tos 0xb8/0xfc"
	proves 0 a b
	chain b mangle "-m ecn --ecn-ip-ect 1 -j DROP" "-j TOS --set-tos 0xb8"
	proves 1 a b
	[[ $out == *"a: ACCEPT with TOS 0xb"[9ab]*"b: ACCEPT with TOS 0xb8"* ]]
	# TCP's bits, and not those of IP.
	chain a mangle "-p tcp -j ECN --ecn-tcp-remove" "-p tcp -m ecn --ecn-tcp-cwr -j DROP" "-m ecn --ecn-ip-ect 1 -j DROP"
	chain b mangle "-m ecn --ecn-ip-ect 1 -j DROP" "-p tcp -j ECN --ecn-tcp-remove"
	proves 0 a b
	# A target that shows the packet shows what it was at the time.
	chain a mangle "-j TTL --ttl-set 5" "-j LOG"
	chain b mangle "-j LOG" "-j TTL --ttl-set 5"
	proves 1 a b
	[[ $out == *"a: TTL --ttl-set 5, then LOG, then ACCEPT with TTL 5"*"b: LOG, then ACCEPT with TTL 5"* ]]
}

@test "matches that keep state are the same in rules that differ in comments only" {
	rules a filter "INPUT DROP [0:0]" "-A INPUT -p tcp -m comment --comment old -m limit --limit 5/min -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "-A INPUT -p tcp -m limit --limit 5/min -m comment --comment new -j ACCEPT"
	proves 0 a b
	rules b filter "INPUT DROP [0:0]" "-A INPUT -p udp -m limit --limit 5/min -m comment --comment new -j ACCEPT"
	proves 1 a b
}

# moved RESULT TARGET MATCH: a rule with that match, behind the target and before it.
moved() {
	chain a mangle "-j $2" "$3 -j DROP"
	chain b mangle "$3 -j DROP" "-j $2"
	proves "$1" a b
}

@test "targets change bytes of the header, and u32 and string read some" {
	moved 0 "TTL --ttl-set 5" '-m u32 --u32 "0x0&0xffff=0x28"'
	moved 2 "TTL --ttl-set 5" '-m u32 --u32 "0x8>>0x18=0x5"'
	moved 0 "TOS --set-tos 8" '-m u32 --u32 "0x8>>0x18=0x5"'
	moved 2 "TOS --set-tos 8" '-m u32 --u32 "0x0>>0x10&0xff=0x8"'
	moved 2 "TOS --set-tos 8" '-m u32 --u32 "0x8&0xffff=0x8"'	# the checksum
	# Behind the header, whose length its first byte tells; another byte may lead anywhere.
	moved 0 "TOS --set-tos 8" '-m u32 --u32 "0x0>>0x16&0x3c@0x0>>0x10=0x50"'
	moved 2 "TOS --set-tos 8" '-m u32 --u32 "0x0>>0x16&0x3d@0x0>>0x10=0x50"'
	moved 0 "TOS --set-tos 8" "-m string --string x --algo bm --from 20"
	moved 2 "TOS --set-tos 8" "-m string --string x --algo bm --from 11"
}

@test "CT decides on the state of packets that conntrack has not seen" {
	chain a raw "-j CT --notrack" "-m conntrack --ctstate UNTRACKED -j DROP"
	chain b raw "-m conntrack --ctstate UNTRACKED,INVALID -j DROP"
	proves 0 a b
	chain b raw "-m conntrack --ctstate UNTRACKED -j DROP"
	proves 1 a b
	[[ $out == *"--ctstate INVALID"*"a: CT --notrack, then DROP, by rule 2"*"b: ACCEPT, by policy"* ]]
	# The first CT decides; a template counts as a new connection.
	chain a raw "-j CT --notrack" "-j CT --zone 1"
	chain b raw "-j NOTRACK"
	proves 1 a b
	chain b raw "-j CT --notrack"
	proves 0 a b
	chain a raw "-j CT --zone 1" "-m conntrack --ctstate NEW -j ACCEPT" "-j DROP"
	chain b raw "-m conntrack ! --ctstate NEW,INVALID -j DROP" "-j CT --zone 1"
	proves 0 a b
}

@test "the kernel and CT, TTL and TOS: what later rules of the chain test" {
	need_root
	new_ns NS
	iptables -t raw -A OUTPUT -p udp --dport 9 -m conntrack --ctstate INVALID
	iptables -t raw -A OUTPUT -p udp --dport 9 -j CT --notrack
	iptables -t raw -A OUTPUT -p udp --dport 9 -j CT --zone 1
	iptables -t raw -A OUTPUT -p udp --dport 9 -m conntrack --ctstate UNTRACKED
	iptables -t raw -A OUTPUT -p udp --dport 10 -j CT --zone 1
	iptables -t raw -A OUTPUT -p udp --dport 10 -j CT --notrack
	iptables -t raw -A OUTPUT -p udp --dport 10 -m conntrack --ctstate NEW
	iptables -t mangle -A OUTPUT -p udp -j TTL --ttl-inc 255
	iptables -t mangle -A OUTPUT -p udp -m ttl --ttl-eq 255 -j TOS --set-tos 0x3/0xff
	iptables -t mangle -A OUTPUT -p udp -m tos --tos 0x3 -j DSCP --set-dscp 0x2e
	iptables -t mangle -A OUTPUT -p udp -m tos --tos 0xbb
	ns "$NS" bash -c 'echo x >/dev/udp/127.0.0.1/9; echo x >/dev/udp/127.0.0.1/10'
	capture iptables -t raw -v -S OUTPUT
	[[ $out == *"--ctstate INVALID -c 1 "*"--ctstate UNTRACKED -c 1 "*"--ctstate NEW -c 1 "* ]]
	capture iptables -t mangle -v -S OUTPUT
	end_ns "$NS"
	[[ $out == *"--tos 0xbb/0xff -c 2 "* ]]
}

@test "targets that change headers continue" {
	rules a mangle "FORWARD ACCEPT [0:0]" "-A FORWARD -p tcp -j TTL --ttl-inc 1" "-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu" "-A FORWARD -s 10.0.0.1 -j DROP"
	rules b mangle "FORWARD ACCEPT [0:0]" "-A FORWARD -s 10.0.0.1 -j DROP" "-A FORWARD -p tcp -j TTL --ttl-inc 1" "-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"
	proves 0 --no-log a b
	proves 0 --verdicts a b
	proves 1 a b
	rules b mangle "FORWARD ACCEPT [0:0]" "-A FORWARD -p tcp -j TTL --ttl-inc 1" "-A FORWARD -s 10.0.0.2 -j DROP"
	proves 1 --verdicts a b
	[[ $out == *"-s 10.0.0.1"* || $out == *"-s 10.0.0.2"* ]]
}

@test "IPv6" {
	rules a filter "INPUT DROP [0:0]" "-A INPUT -s 2001:db8::/32 -p tcp -m tcp --dport 22 -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "-A INPUT -s 2001:db8::/33 -p tcp -m tcp --dport 22 -j ACCEPT" \
		"-A INPUT -s 2001:db8:8000::/33 -p tcp -m tcp --dport 22 -j ACCEPT"
	proves 0 -6 a b
	rules b filter "INPUT DROP [0:0]" "-A INPUT -s 2001:db8::/33 -p tcp -m tcp --dport 22 -j ACCEPT"
	proves 1 -6 a b
	[[ $out == *"-s 2001:db8:8"* ]]
	# The number of an extension header is not that of a protocol.
	rules a filter "INPUT DROP [0:0]" "-A INPUT -p 43 -j ACCEPT" "-A INPUT -p tcp -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "-A INPUT -p tcp -j ACCEPT"
	proves 0 -6 a b
	rules a filter "INPUT DROP [0:0]" "-A INPUT -p 59 -j ACCEPT" "-A INPUT -p tcp -j ACCEPT"
	proves 1 -6 a b
	proves 1 -4 a b
}

@test "diff --meaning shows traffic opened and closed as boxes" {
	rules a filter "INPUT DROP [0:0]" "-A INPUT -i lo -j ACCEPT" "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"
	rules b filter "INPUT DROP [0:0]" "-A INPUT -i lo -j ACCEPT" "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT" \
		"-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT"
	capture "$RAVELIN_BIN/../ravelin" diff --meaning a b
	[ "$rc" -eq 1 ]
	same "filter INPUT
  opens     ! -f ! -i lo -p tcp --dport 443
  closes    ! -f ! -i lo -p tcp --dport 22 ! -s 10.0.0.0/8" "$out" "meaning"
	capture "$RAVELIN_BIN/../ravelin" diff --meaning a a
	[ "$rc" -eq 0 ]
	[ -z "$out" ]
}
