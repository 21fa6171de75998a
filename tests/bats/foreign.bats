#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rules written by nft in chains of iptables: those that options express exactly are shown as
# options, others completely with the match `nft'. Other commands work, and save and restore
# preserve them.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	command -v nft >/dev/null || skip 'needs nft'
	[ "$BACKEND" = nft ] || skip 'nft writes to nf_tables'
	cd "$BATS_TEST_TMPDIR" || return 1
	new_ns NS
}

iptables() { ns "$NS" "$RAVELIN_BIN/iptables" "$@"; }
ip6tables() { ns "$NS" "$RAVELIN_BIN/ip6tables" "$@"; }
iptables-save() { ns "$NS" "$RAVELIN_BIN/iptables-save" "$@"; }
iptables-restore() { ns "$NS" "$RAVELIN_BIN/iptables-restore" "$@"; }
nft() { ns "$NS" nft "$@"; }

# gives CODE COMMAND…: sets $output.
gives()
{
	local code=$1
	shift
	run "$@"
	echo "$*: $status: $output"
	[ "$status" -eq "$code" ]
}

# A chain with all kinds of rules, two of them of iptables.
foreign_chain()
{
	nft -f - <<-'END'
		table ip filter {
			set s { type ipv4_addr; elements = { 10.0.0.1 } }
			map m { type inet_service : verdict; elements = { 23 : drop } }
			counter c { packets 7 bytes 77 }
			chain USER { counter accept; }
			chain INPUT { type filter hook input priority 0; policy accept; }
			chain OUTPUT { type filter hook output priority 0; policy accept; }
			chain FORWARD {
				type filter hook forward priority 0; policy accept;
				ip saddr 192.0.2.9 counter packets 1 bytes 10 drop
				ip saddr { 192.0.2.1, 192.0.2.2 } drop
				ip saddr @s counter packets 5 bytes 420 drop
				tcp dport vmap @m
				tcp dport vmap { 22 : accept, 24-30 : jump USER }
				ip saddr 10.1.1.0/24 jump { ip daddr 1.2.3.4 accept; tcp dport { 1, 2, 5-9 } drop; }
				ip saddr . tcp dport { 1.2.3.4 . 80, 1.2.3.5 . 90-100 } accept comment "some words"
				counter packets 3 bytes 33 ip daddr 127.0.0.2 counter packets 2 bytes 22 drop
				quota over 10 mbytes used 500 bytes drop
				counter name "c" ip saddr 10.0.0.5 reject
				add @s { ip saddr }
				meter a { ip saddr limit rate 5/second } counter packets 3 bytes 30
				ip daddr 192.0.2.9 counter packets 2 bytes 20 drop
			}
		}
	END
}

# nft's ruleset without handles and what iptables adds.
ruleset() { nft list ruleset | grep -v '^#'; }

# --- commands ---------------------------------------------------------------------

@test "-C and -D ignore foreign rules" {
	foreign_chain
	gives 1 iptables -C FORWARD -s 192.0.2.1 -j DROP
	gives 1 iptables -C FORWARD -j ACCEPT
	gives 0 iptables -C FORWARD -s 192.0.2.9 -j DROP
	gives 1 iptables -D FORWARD -s 192.0.2.1 -j DROP
	gives 0 iptables -D FORWARD -d 192.0.2.9 -j DROP
	gives 1 iptables -C FORWARD -d 192.0.2.9 -j DROP
	# What kubelet, CNI plugins and Docker run repeatedly.
	for i in 1 2 3; do
		iptables -C FORWARD -s 192.0.2.77 -j DROP 2>/dev/null || iptables -A FORWARD -s 192.0.2.77 -j DROP
	done
	[ "$(iptables -S FORWARD | grep -c 192.0.2.77)" = 1 ]
}

@test "foreign rules count in -I, -R, -D and -Z" {
	foreign_chain
	before=$(iptables -S FORWARD)
	gives 0 iptables -I FORWARD 3 -s 192.0.2.3 -j DROP
	[ "$(iptables -S FORWARD 3)" = '-A FORWARD -s 192.0.2.3/32 -j DROP' ]
	gives 0 iptables -D FORWARD 3
	[ "$(iptables -S FORWARD)" = "$before" ]
	gives 0 iptables -D FORWARD 2
	no grep -q '192.0.2.1, 192.0.2.2' <<<"$(iptables -S FORWARD)"
	gives 0 iptables -R FORWARD 2 -s 192.0.2.4 -j DROP
	[ "$(iptables -S FORWARD 2)" = '-A FORWARD -s 192.0.2.4/32 -j DROP' ]
	no grep -q '@s counter' <<<"$(iptables -S FORWARD)"
	[ "$(iptables -S FORWARD | wc -l)" -eq $(($(wc -l <<<"$before") - 1)) ]
	gives 0 iptables -Z FORWARD 3
}

@test "-D with the line printed by -S" {
	foreign_chain
	iptables -S FORWARD >before
	while IFS= read -r line; do
		[ "${line#-A}" != "$line" ] || continue
		iptables-restore -n <<<"*filter
-C${line#-A}
-D${line#-A}
COMMIT"
	done <before
	[ "$(iptables -S FORWARD)" = '-P FORWARD ACCEPT' ]
}

@test "-L and -S show foreign rules in place, with counters" {
	foreign_chain
	gives 0 iptables -L FORWARD -n -v --line-numbers
	grep -qE '^2 +0 +0 .* nft ip saddr \{ 192\.0\.2\.1, 192\.0\.2\.2 \} drop$' <<<"$output"
	grep -qE '^3 +5 +420 .* nft ip saddr @s counter drop$' <<<"$output"
	grep -qE '^6 .* nft ip saddr 10\.1\.1\.0/24 jump \{ ip daddr 1\.2\.3\.4 accept; meta l4proto tcp th dport \{ 1-2, 5-9 \} drop \}$' <<<"$output"
	grep -qE '^8 +3 +33 .* nft counter ip daddr 127\.0\.0\.2 counter drop$' <<<"$output"
	gives 0 iptables -S FORWARD -v
	grep -qE '^-A FORWARD -m nft --rule "ip saddr @s counter drop" --expr [A-Za-z0-9+/]+=* -c 5 420$' <<<"$output"
	gives 0 iptables -S FORWARD 3
	[ "$(iptables -S FORWARD | wc -l)" -eq 14 ]
}

@test "-Z zeroes counters of foreign rules and changes nothing else" {
	foreign_chain
	ruleset | sed -E 's/(packets|bytes) [0-9]+/\1 0/g; s/ used [0-9]+ bytes//; s/^(\t\t)packets 0 bytes 0$/\1packets 7 bytes 77/' >wanted
	gives 0 iptables -Z FORWARD
	ruleset | sed -E 's/ used [0-9]+ bytes//' >now
	# The chain's policy has counters now; a named object does not.
	diff wanted now
}

@test "-F, -X, -E and -P with foreign rules" {
	foreign_chain
	gives 0 iptables -P FORWARD DROP
	gives 0 iptables -N OTHER
	gives 0 iptables -E OTHER ANOTHER
	gives 0 iptables -X ANOTHER
	gives 0 iptables -E USER HERS
	grep -q '24-30 : jump HERS' <<<"$(iptables -S FORWARD)"
	gives 1 iptables -X HERS
	gives 0 iptables -F FORWARD
	gives 0 iptables -F HERS
	gives 0 iptables -X HERS
	[ "$(iptables -S FORWARD)" = '-P FORWARD DROP' ]
}

@test "--noflush restores with -N, -E, -I and -R do not change foreign rules" {
	foreign_chain
	ruleset | sed -n '/chain FORWARD/,/^\t}/p' >before
	gives 0 iptables-restore -n <<-'END'
		*filter
		-N A
		-A A -s 192.0.2.50 -j RETURN
		-E A B
		-N A
		-A FORWARD -j A
		-D FORWARD -j A
		-X A
		COMMIT
	END
	ruleset | sed -n '/chain FORWARD/,/^\t}/p' >after
	# Policies count since iptables wrote the chain.
	diff before after
}

# --- save and restore --------------------------------------------------------------

@test "save and restore preserve foreign rules exactly, with counters" {
	foreign_chain
	iptables -A OUTPUT -s 192.0.2.8 -j DROP
	ruleset >before
	iptables-save -c >saved
	gives 0 iptables-restore -c <saved
	ruleset >after
	diff before after
	diff <(grep -v '^#' saved) <(iptables-save -c | grep -v '^#')
	# A restore without -c starts at 0, in the same places.
	gives 0 iptables-restore <saved
	no grep -qE 'packets [1-9]' <<<"$(ruleset | grep -v 'packets 7 bytes 77')"
}

@test "a restore elsewhere reports missing objects, changes nothing, and works once they exist" {
	foreign_chain
	iptables-save | grep -v '^#' >saved
	# The set of a meter: anonymous in nft 1.0, named in later versions.
	nft list sets | sed -n '/set a {/,/}/p' >meter
	new_ns NS
	gives 1 iptables-restore <saved
	grep -qF "missing: set \`s'" <<<"$output"
	[ "$(nft list ruleset)" = '' ]
	nft add table ip filter
	nft add set ip filter s '{ type ipv4_addr; flags dynamic; size 100; }'
	gives 1 iptables-restore <saved
	grep -qF "set \`m'" <<<"$output"
	nft add map ip filter m '{ type inet_service : verdict; }'
	gives 1 iptables-restore <saved
	grep -qF "object \`c'" <<<"$output"
	nft add counter ip filter c
	if [ -s meter ]; then
		gives 1 iptables-restore <saved
		grep -qF "set \`a'" <<<"$output"
		{ echo 'table ip filter {'; cat meter; echo '}'; } | nft -f -
	fi
	gives 0 iptables-restore <saved
	diff saved <(iptables-save | grep -v '^#')
}

@test "stock's restore refuses them instead of dropping them" {
	foreign_chain
	iptables-save >saved
	oracle=$("$LIB_DIR/../oracle") || skip 'no stock iptables'
	# shellcheck disable=SC2086 # a command of several words
	gives 2 ns "$NS" $oracle iptables-restore --test <saved
	grep -qF "load match \`nft'" <<<"$output"
}

@test "JSON, XML, diff and the file backend preserve foreign rules" {
	foreign_chain
	iptables-save -c >saved
	"$RAVELIN_BIN/../ravelin" json <saved >saved.json
	"$RAVELIN_BIN/../ravelin" json -r -c <saved.json | grep -v '^#' >back
	diff <(grep -v '^#' saved) back
	"$RAVELIN_BIN/iptables-xml" -c <saved >saved.xml
	grep -q '<nft' saved.xml
	export RAVELIN_BACKEND=file:rules
	cp saved rules
	diff <(grep -v '^#' saved) <(iptables-save -c | grep -v '^#')
	gives 0 iptables -D FORWARD 2
	gives 1 iptables -C FORWARD -s 192.0.2.1 -j DROP
	gives 0 iptables -I FORWARD 2 -s 192.0.2.3 -j DROP
	unset RAVELIN_BACKEND
	gives 1 "$RAVELIN_BIN/../ravelin" diff saved rules
	grep -q '^-.*192.0.2.1, 192.0.2.2' <<<"$output"
	gives 0 iptables-restore --test <saved
}

@test "XML and JSON round trips, diff and iptables-apply with foreign rules" {
	foreign_chain
	ravelin="$RAVELIN_BIN/../ravelin"
	iptables-save -c | grep -v '^#' >saved
	"$RAVELIN_BIN/iptables-xml" <saved | "$RAVELIN_BIN/iptables-xml" -r >back
	# Zero counters are omitted there.
	diff <(sed 's/^\[0:0\] //' saved) <(sed 's/^\[0:0\] //' back)
	"$ravelin" json <saved | "$ravelin" json -r -c >back
	diff saved back
	gives 0 ns "$NS" "$ravelin" diff live back
	sed -i -e '/192.0.2.1, 192.0.2.2/d' -e '/add @s/d' back
	gives 1 ns "$NS" "$ravelin" diff live back
	ns "$NS" "$ravelin" diff -C live back >commands || true
	gives 0 iptables-restore -n <commands
	gives 0 ns "$NS" "$ravelin" diff live back
	ns "$NS" "$ravelin" diff -C live saved >commands || true
	grep -q '^-I FORWARD 2 -m nft --rule "ip saddr { 192.0.2.1, 192.0.2.2 } drop" --expr' commands
	gives 0 iptables-restore -n <commands
	gives 0 ns "$NS" "$ravelin" diff live saved
	ruleset >before
	gives 255 ns "$NS" "$RAVELIN_BIN/iptables-apply" -t 1 back </dev/null
	diff before <(ruleset)
}

@test "xtables-monitor reports foreign rules and their objects" {
	nft -f - <<<'table ip filter { chain FORWARD { type filter hook forward priority 0; }
	}'
	hold monitor nsenter --net="/proc/$NS/ns/net" "$RAVELIN_BIN/xtables-monitor" -e >events
	for _ in $(seq 100); do
		nft add chain ip filter ready 2>/dev/null && nft delete chain ip filter ready
		grep -q -e '-N ready' events && break
		sleep 0.1
	done
	nft -f - <<-'END'
		add rule ip filter FORWARD ip saddr 10.1.1.0/24 jump { ip daddr 1.2.3.4 accept; tcp dport 5 drop; }
		add rule ip filter FORWARD ip saddr { 192.0.2.1, 192.0.2.2 } drop
	END
	iptables -F FORWARD
	chains '["x\n EVENT: iptables -t filter -N y"]'
	for _ in $(seq 100); do grep -q 'EVENT.*jump x' events && break || sleep 0.1; done
	kill "$monitor"
	cat events
	[ "$(grep -c -e '-A FORWARD -m nft --rule "ip saddr' events)" -eq 2 ]
	[ "$(grep -c -e '-D FORWARD -m nft --rule "ip saddr' events)" -eq 2 ]
	no grep -qE -e '-[AND] __chain|-j __chain|^ EVENT: iptables -t filter -N y' events
	grep -q -F -e '-N x\x0a EVENT: iptables' events
}

@test "an edited comment is reported: --expr determines the rule" {
	foreign_chain
	line=$(iptables -S FORWARD | grep '192.0.2.1, 192.0.2.2')
	gives 0 iptables-restore -n <<<"*filter
${line/drop/accept}
COMMIT"
	grep -qF 'nft: --rule differs from --expr: ip saddr { 192.0.2.1, 192.0.2.2 } drop' <<<"$output"
	[ "$(iptables -S FORWARD | tail -n 1)" = "$line" ]
}

@test "a jump in a foreign rule counts as use of its chain and follows a rename, also in files and transactions" {
	nft -f - <<-'END'
		table ip filter {
			chain USER { counter accept; }
			chain THEIRS { counter accept; }
			chain FORWARD {
				type filter hook forward priority 0; policy accept;
				tcp dport vmap { 22 : accept, 24-30 : jump USER }
				ip saddr { 192.0.2.1, 192.0.2.2 } goto THEIRS
			}
		}
	END
	iptables-save | grep -v '^#' >saved
	cp saved rules
	for backend in file:rules nft; do
		export RAVELIN_BACKEND=$backend
		gives 1 iptables -X USER
		gives 0 iptables -F USER
		gives 1 iptables -X USER
		grep -qF 'CHAIN_DEL failed (Device or resource busy): chain USER' <<<"$output"
		gives 1 iptables -X
		[ "$(iptables -L USER -n | head -n 1)" = 'Chain USER (1 references)' ]
		gives 0 iptables -E USER HERS
		iptables -S FORWARD >now
		grep -q '24-30 : jump HERS' now
		grep -q 'goto THEIRS' now
		# A chain created and renamed in one transaction: the table is rewritten.
		gives 0 iptables-restore -n <<-'END'
			*filter
			-N NEW
			-E NEW NEWER
			-E HERS HIS
			-E THEIRS OURS
			-A FORWARD -j NEWER
			COMMIT
		END
		iptables -S FORWARD >now
		cat now
		grep -q '24-30 : jump HIS' now
		grep -q 'goto OURS' now
		gives 1 iptables -X HIS
		gives 0 iptables -D FORWARD 1
		gives 0 iptables -X HIS
	done
	unset RAVELIN_BACKEND
}

# --- rules are shown exactly ---------------------------------------------------------

# shown RULE WORDS: output of -S for an nft rule in FORWARD; "nft" if it is shown with -m nft.
shown()
{
	nft flush chain ip filter FORWARD
	nft add rule ip filter FORWARD "$1"
	ruleset >before
	got=$(iptables -S FORWARD | sed -n 2p)
	echo "$1: $got"
	[ "${got#-A FORWARD }" = "$2" ] || [[ $2 = nft && $got = '-A FORWARD -m nft '* ]] || return 1
	[ "$2" = nft ] || return 0
	iptables-save >saved
	iptables-restore <saved
	diff before <(ruleset)
}

@test "a rule is shown as options only if they are equivalent" {
	for chain in INPUT FORWARD OUTPUT; do iptables -P "$chain" ACCEPT; done
	shown 'tcp flags & (ecn|cwr) == ecn accept' nft
	shown 'ct status dnat,confirmed accept' nft
	shown 'counter ip daddr 127.0.0.2 drop' nft
	shown 'limit rate 1/hour burst 1 packets ip daddr 127.0.0.2 drop' \
		'-m limit --limit 1/hour --limit-burst 1 -m iprange --dst-range 127.0.0.2-127.0.0.2 -j DROP'
	shown 'ip daddr 127.0.0.2 limit rate 1/hour burst 1 packets drop' \
		'-d 127.0.0.2/32 -m limit --limit 1/hour --limit-burst 1 -j DROP'
	shown 'limit rate 1/hour burst 1 packets meta l4proto tcp drop' nft
	shown 'limit rate 10/second burst 10001 packets drop' nft
	shown 'limit rate 10/second burst 10000 packets drop' '-m limit --limit 10/sec --limit-burst 10000 -j DROP'
	shown 'tcp dport { 22, 80 } accept' '-p tcp -m multiport --dports 22,80 -j ACCEPT'
	shown 'ip saddr 0.0.0.0/0 accept' '-j ACCEPT'
	shown 'ip saddr { 10.0.0.1, 10.0.0.2 } accept' nft
	shown 'quota over 1000 bytes drop' nft
	shown 'ct expiration 5s accept' nft
	shown 'meta skuid != 0 accept' nft
	shown 'log prefix "x" counter' nft
	shown 'ip dscp set 1' nft
	shown 'oifname "eth0" accept' '-o eth0 -j ACCEPT'
	shown 'meta l4proto tcp accept comment "two words"' '-p tcp -m comment --comment "two words" -j ACCEPT'
}

@test "a rule that its chain would refuse as options keeps its foreign text" {
	iptables -P INPUT ACCEPT
	nft add rule ip filter INPUT 'oifname "eth0" counter accept'
	iptables -N USER
	nft add rule ip filter USER 'meta skuid 0 accept'
	iptables -P OUTPUT ACCEPT
	nft add rule ip filter OUTPUT 'meta skuid 0 accept'
	[ "$(iptables -S OUTPUT 1)" = '-A OUTPUT -m owner --uid-owner 0 -j ACCEPT' ]
	iptables-save | grep -v '^#' >saved
	sed -i '/uid-owner/d' saved
	grep -q '^-A INPUT -m nft --rule "oifname eth0 counter accept"' saved
	grep -q '^-A USER -m nft --rule "meta skuid 0 accept"' saved
	gives 0 iptables-restore <saved
	diff saved <(iptables-save | grep -v '^#')
}

# chains JSON-LIST: user chains of any name in table filter, each with a rule, and jumps from
# FORWARD.
chains()
{
	ns "$NS" env PYTHONPATH="$LIB_DIR/.." PYTHONDONTWRITEBYTECODE=1 python3 - "$LIB_DIR/../differential/native" "$1" <<-'END'
		import json, sys
		from loader import load_script
		native = load_script(sys.argv[1])
		kernel, attr, nest = native.Kernel(), native.attr, native.nest
		for name in json.loads(sys.argv[2]):
		    verdict = nest(2, nest(2, attr(1, -3), attr(2, name)))
		    code = kernel.send(native.V4, [
		        (native.NEWCHAIN, native.CREATE, attr(1, "filter") + attr(3, name)),
		        (native.NEWRULE, native.CREATE | native.APPEND, attr(1, "filter") + attr(2, name) + nest(4, native.expression("counter"))),
		        (native.NEWRULE, native.CREATE | native.APPEND, attr(1, "filter") + attr(2, "FORWARD") +
		         nest(4, native.expression("immediate", attr(1, 0), verdict)))])
		    assert code == 0, (name, code)
	END
}

@test "chains with invalid names are not printed and cannot be targets" {
	for chain in INPUT OUTPUT; do iptables -P $chain ACCEPT; done
	iptables -A FORWARD -s 192.0.2.1 -j DROP
	chains '["DROP", "a b", "x\n-A FORWARD -j ACCEPT\n-A x", "-j", "!", "LOG", "RETURN", "a name of more than 28 bytes, which stock has not"]'
	iptables-save | grep -v '^# Table' >saved
	cat saved
	[ "$(grep -c '^-A FORWARD -m nft --rule "jump ' saved)" -eq 8 ]
	[ "$(grep -cx -e '-A FORWARD .*' saved)" -eq 9 ]
	no grep -qE -e '^-A FORWARD.* -j (ACCEPT|LOG|RETURN)$' saved
	no grep -qE '^-A FORWARD -j ACCEPT|^:(DROP|RETURN|a|x|-j|!) ' saved
	gives 1 iptables -C FORWARD -j DROP
	gives 1 iptables -C FORWARD -j LOG
	# No line names the chains: like sets they are kept, and a restore finds them.
	ruleset >before
	gives 0 iptables-restore -c < <(iptables-save -c)
	diff before <(ruleset)
	gives 0 iptables-restore <saved
	diff <(grep -v '^#' saved) <(iptables-save | grep -v '^#')
	[ "$(nft list table ip filter | grep -c 'jump ')" -eq 8 ]
	# Elsewhere they are missing, and nothing is loaded.
	new_ns NS
	gives 1 iptables-restore <saved
	grep -qF "missing: chain \`DROP'" <<<"$output"
	[ "$(nft list ruleset)" = '' ]
}

@test "a restore that leaves a table empty deletes chains with invalid names" {
	iptables -A FORWARD -s 192.0.2.1 -j DROP
	chains '["a b", "DROP"]'
	gives 0 iptables-restore <<<"*filter
COMMIT"
	[ "$(nft list ruleset)" = '' ]
}

@test "chains with invalid names that jump to ours do not stop a restore" {
	iptables -N ours
	iptables -A FORWARD -j ours
	chains '["a b"]'
	# nft cannot name it either.
	ns "$NS" env PYTHONPATH="$LIB_DIR/.." PYTHONDONTWRITEBYTECODE=1 python3 - "$LIB_DIR/../differential/native" <<-'END'
		import sys
		from loader import load_script
		native = load_script(sys.argv[1])
		attr, nest = native.attr, native.nest
		verdict = nest(2, nest(2, attr(1, -3), attr(2, "ours")))
		assert native.Kernel().send(native.V4, [(native.NEWRULE, native.CREATE | native.APPEND, attr(1, "filter") + attr(2, "a b") +
		    nest(4, native.expression("immediate", attr(1, 0), verdict)))]) == 0
	END
	iptables-save | grep -v '^#' >saved
	gives 0 iptables-restore <saved
	diff saved <(iptables-save | grep -v '^#')
	# A ruleset without the chain that they jump to replaces the whole table.
	gives 0 iptables-restore <<<"*filter
-A FORWARD -j DROP
COMMIT"
	[ "$(iptables-save | grep -c '^-A')" -eq 1 ]
	no grep -q '"a b"\|a b' <<<"$(nft list ruleset)"
}

# --- base chains at other positions -----------------------------------------------------

# placed CHAINS OPTIONS…: a table made by nft; save output restores it at the same position, here
# and elsewhere, with counters and through the other formats; stock refuses it.
placed()
{
	rm -f rules
	nft flush ruleset
	nft -f - <<<"table ip ${2:-filter} { $1
	}"
	ruleset >before
	iptables-save -c | grep -v '^#' >saved
	cat saved
	grep -qxE -- "-P [A-Z]+ (ACCEPT|DROP) --base \"$3\"" saved
	gives 0 iptables-restore -c <saved
	diff saved <(iptables-save -c | grep -v '^#')
	"$RAVELIN_BIN/../ravelin" json <saved | "$RAVELIN_BIN/../ravelin" json -r -c >back
	diff saved back
	"$RAVELIN_BIN/iptables-xml" <saved | "$RAVELIN_BIN/iptables-xml" -r >back
	diff saved back
	"$RAVELIN_BIN/iptables" --version | grep -q nf_tables
	RAVELIN_BACKEND=file:rules iptables-restore -c <saved
	diff saved <(RAVELIN_BACKEND=file:rules iptables-save -c | grep -v '^#')
	gives 0 "$RAVELIN_BIN/../ravelin" diff -c saved rules
	gives 0 ns "$NS" "$RAVELIN_BIN/../ravelin" diff -c live saved
	nft flush ruleset
	gives 0 iptables-restore -c <saved
	diff saved <(iptables-save -c | grep -v '^#')
	# A table of another program at its position is replaced, and vice versa.
	nft flush ruleset
	iptables -t "${2:-filter}" -P "${4:-INPUT}" ACCEPT
	gives 0 iptables-restore -c <saved
	diff saved <(iptables-save -c | grep -v '^#')
	gives 0 iptables-restore < <(grep -v -e '^-P' saved)
	no grep -q -e --base <<<"$(iptables -t "${2:-filter}" -S)"
	oracle=$("$LIB_DIR/../oracle") || return 0
	# shellcheck disable=SC2086 # a command of several words
	gives 2 ns "$NS" $oracle iptables-restore --test <saved
	grep -qF 'unknown option "--base"' <<<"$output"
}

@test "base chains with another priority, hook or type, or none, are restored as saved" {
	placed 'chain INPUT { type filter hook input priority 10; policy drop; counter packets 5 bytes 60 accept
		}' filter 'type filter hook input priority 10'
	placed 'chain INPUT { type filter hook input priority -2147483648; policy accept; ip saddr 1.2.3.4 counter packets 1 bytes 2 drop
		}' filter 'type filter hook input priority -2147483648'
	placed 'chain INPUT { type filter hook forward priority 0; policy drop; }' filter 'type filter hook forward priority 0'
	placed 'chain OUTPUT { type route hook output priority 0; policy drop; }' filter 'type route hook output priority 0' OUTPUT
	placed 'chain OUTPUT { type filter hook output priority -150; policy accept; }' mangle 'type filter hook output priority -150' OUTPUT
	placed 'chain PREROUTING { type nat hook prerouting priority -5; policy accept; }' nat 'type nat hook prerouting priority -5' PREROUTING
	placed 'chain INPUT { counter packets 1 bytes 2 drop
		}' filter 'none'
}

@test "commands on such a chain succeed silently and keep its hook and priority" {
	nft add table ip filter
	nft add chain ip filter INPUT '{ type filter hook input priority 10; policy drop; }'
	nft add set ip filter s '{ type ipv4_addr; }'
	nft add rule ip filter INPUT ip saddr @s accept
	for i in 1 2 3; do
		iptables -C INPUT -s 192.0.2.1 -j DROP 2>/dev/null || { gives 0 iptables -A INPUT -s 192.0.2.1 -j DROP && [ "$output" = '' ]; }
	done
	gives 0 iptables -I INPUT 2 -s 192.0.2.2 -j DROP
	[ "$output" = '' ]
	gives 0 iptables -R INPUT 2 -s 192.0.2.3 -j DROP
	gives 0 iptables -D INPUT -s 192.0.2.3 -j DROP
	gives 1 iptables -C INPUT -s 192.0.2.3 -j DROP
	gives 0 iptables -Z INPUT
	gives 0 iptables -P INPUT ACCEPT
	[ "$output" = '' ]
	gives 0 iptables -P INPUT DROP --base 'type filter hook input priority 10'
	[ "$(iptables -S INPUT | sed 's/--expr .*//')" = $'-P INPUT DROP --base "type filter hook input priority 10"\n-A INPUT -m nft --rule "ip saddr @s accept" \n-A INPUT -s 192.0.2.1/32 -j DROP' ]
	[ "$(iptables -L INPUT -n | head -n 1)" = 'Chain INPUT (policy DROP)' ]
	# Saved with the set and restored: the set is not modified.
	iptables-save >saved
	nft add element ip filter s '{ 192.0.2.99 }'
	gives 0 iptables-restore <saved
	grep -q 192.0.2.99 <<<"$(nft list set ip filter s)"
}

@test "only a restore of the whole table moves a base chain" {
	iptables -P INPUT DROP
	before=$(iptables-save | grep -v '^#')
	gives 1 iptables -P INPUT DROP --base 'type filter hook input priority 10'
	grep -qF 'CHAIN_UPDATE failed (Operation not supported): chain INPUT' <<<"$output"
	gives 1 iptables-restore -n <<<'*filter
:INPUT DROP
-P INPUT DROP --base "type filter hook input priority 10"
COMMIT'
	[ "$before" = "$(iptables-save | grep -v '^#')" ]
	gives 2 iptables -P INPUT DROP --base 'type filter hook input'
	grep -qF -e '--base is "type TYPE hook HOOK priority NUMBER" or "none"' <<<"$output"
	gives 2 iptables -A INPUT -j DROP --base none
	gives 1 iptables -P INPUT DROP --base none
	grep -qF 'Policy DROP needs a base chain with a hook.' <<<"$output"
	gives 2 iptables -t nat -P INPUT ACCEPT --base 'type nat hook forward priority 0'
	gives 0 iptables -t raw -P OUTPUT DROP --base 'type filter hook output priority raw + 7;'
	[ "$(iptables -t raw -S OUTPUT)" = '-P OUTPUT DROP --base "type filter hook output priority -293"' ]
}

@test "comparisons with bits outside of a field never match" {
	for chain in INPUT FORWARD OUTPUT; do iptables -P "$chain" ACCEPT; done
	shown 'ip ecn 1 accept' '-m ecn --ecn-ip-ect 1 -j ACCEPT'
	shown '@nh,8,8 & 0x3 == 0x15 accept' nft
	shown '@nh,8,8 & 0x3 == 0x3 accept' '-m ecn --ecn-ip-ect 3 -j ACCEPT'
	shown '@nh,8,8 & 0xfc == 0x6 accept' nft
}
