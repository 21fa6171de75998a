#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Interoperability with stock iptables on one kernel: each reads, saves, lists
# and deletes the other's rules, which are indistinguishable.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup_file()
{
	is_root || return 0
	UNFIT=$(unfit)
	export UNFIT
	[ -z "$UNFIT" ] || return 0
	ORACLE=$("$LIB_DIR/../oracle")
	new_ns NS
	export NS ORACLE
	ns "$NS" ipset create s4 hash:ip
	ns "$NS" ipset create s6 hash:ip family inet6
}

# unfit: reason why a comparison is impossible here, if any.
unfit()
{
	local stock
	command -v ipset >/dev/null || { echo 'needs ipset'; return; }
	stock=$("$LIB_DIR/../oracle" --version) || { echo 'no stock iptables to compare with'; return; }
	# 1.8.9 and older differ in places.
	[ "$(printf '%s\n' 1.8.11 "$stock" | sort -V | head -n 1)" = 1.8.11 ] ||
		echo "stock is $stock, which is older than 1.8.11"
}

teardown_file() { end_ns "${NS:-}"; }

setup()
{
	need_root
	[ -z "$UNFIT" ] || skip "$UNFIT"
	nft flush ruleset
	IPV=4
	read -r -a oracle <<<"$ORACLE"
}

# Who runs the following commands: ravelin or stock.
BY=ravelin
# shellcheck disable=SC2317 # what lib.bash calls
tool()
{
	case $BY in
		ravelin) ns "${NS:?}" "$RAVELIN_BIN/$1" "${@:2}" ;;
		stock) ns "${NS:?}" "${oracle[@]}" "$@" ;;
	esac
}
by() { local BY=$1; "${@:2}"; }

TABLES='raw mangle nat filter security'

# rules_file: everything both support, for the current family.
rules_file() { cat "$LIB_DIR/rules/v$IPV.rules"; }

# with_counters: adds counters to the rules on stdin.
with_counters() { awk '/^-A/ { printf "[%d:%d] ", ++n, n * 100 } { print }'; }

# expressions: kernel rules without handles.
expressions()
{
	nft list chains 2>/dev/null
	nft --debug=netlink list ruleset 2>/dev/null | grep -E '^ip6? |^ +\[' |
		sed -E 's/^(ip6? [^ ]+ [^ ]+)( [0-9]+)+ *$/\1/'
}

# both_show CMD...: Ravelin and stock print the same.
both_show()
{
	same "$(by stock "$@")" "$(by ravelin "$@")" "$* (v$IPV: < stock, > Ravelin)"
}

# shown_alike: save, -S and -L in all forms.
shown_alike()
{
	local table
	both_show saved
	both_show saved -c
	for table in $TABLES; do
		both_show saved -t "$table"
		both_show ipt -t "$table" -S
		both_show ipt -t "$table" -v -S
		both_show ipt -t "$table" -n -L
		both_show ipt -t "$table" -n -v -L
		both_show ipt -t "$table" -n -v -x -L --line-numbers
	done
}

v4_v6()
{
	for IPV in 4 6; do
		nft flush ruleset
		"$1"
	done
}

# specifications: "TABLE WORD..." for each rule of a save on stdin, quoted for the shell: there \'
# within double quotes would keep its backslash.
specifications()
{
	awk '/^\*/ { table = substr($0, 2) } /^-A/ { print table, substr($0, 4) }' |
		sed "s/\\\\'/'/g"
}

# each_rule: runs $command (-C or -D) for every rule of the rules file, as written there.
each_rule()
{
	local line
	while read -r line; do
		eval "set -- ${line//\$/\\\$}"
		ipt -t "$1" "$command" "${@:2}" || { echo "$BY $command: $line"; return 1; }
	done < <(rules_file | specifications)
}

# deleted_by WHO
deleted_by()
{
	local command
	for command in -C -D; do
		by "$1" each_rule
	done
	same 0 "$(by stock saved | grep -c '^-A')" "rules left by $1"
	no by "$1" ipt -D INPUT -j ACCEPT 2>/dev/null
}

stock_then_ravelin()
{
	rules_file | with_counters | by stock ipt-restore -c
	shown_alike
	same "$(rules_file | sort)" "$(by ravelin saved | sort)" 'lines of the save'
	deleted_by ravelin
}
@test "rules loaded by stock: shown alike, found and deleted by specification" { v4_v6 stock_then_ravelin; }

ravelin_then_stock()
{
	rules_file | with_counters | by ravelin ipt-restore -c
	shown_alike
	same "$(rules_file | sort)" "$(by stock saved | sort)" 'lines of the save'
	deleted_by stock
}
@test "rules loaded by Ravelin: shown alike, found and deleted by specification" { v4_v6 ravelin_then_stock; }

same_expressions()
{
	local theirs
	rules_file | with_counters | by stock ipt-restore -c
	theirs=$(expressions)
	[ "$(grep -c '\[ counter' <<<"$theirs")" -ge 30 ]
	nft flush ruleset
	rules_file | with_counters | by ravelin ipt-restore -c
	same "$theirs" "$(expressions)" "expressions (v$IPV: < stock, > Ravelin)"
	# Again, with existing rules.
	rules_file | with_counters | by ravelin ipt-restore -c
	same "$theirs" "$(expressions)" "expressions after a second load (v$IPV)"
}
@test "the kernel holds the same expressions, whoever has loaded them" { v4_v6 same_expressions; }

one_by_one()
{
	local line theirs who
	for who in stock ravelin; do
		nft flush ruleset
		rules_file | awk '/^\*/ { table = substr($0, 2) } /^:.* - / { print table, substr($1, 2) }' |
			while read -r table chain; do by $who ipt -t "$table" -N "$chain"; done
		while read -r line; do
			eval "set -- ${line//\$/\\\$}"
			by $who ipt -t "$1" -A "${@:2}"
		done < <(rules_file | specifications)
		[ $who = ravelin ] || theirs=$(expressions)
	done
	same "$theirs" "$(expressions)" "expressions (v$IPV: < stock, > Ravelin)"
}
@test "the same with one -A for each rule" { v4_v6 one_by_one; }

# series: commands whose effect depends on earlier ones.
series()
{
	cat <<-'END'
		iptables -N web
		iptables -A INPUT -p tcp --dport 80 -j web
		iptables -A INPUT -s 10.0.0.0/8,192.168.0.0/16 -j ACCEPT
		iptables -I INPUT 2 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		iptables -A web -c 5 6 -m limit --limit 10/min -j LOG --log-prefix "web: "
		iptables -I web -j RETURN
		iptables -R web 1 -s 1.2.3.4 -j DROP
		iptables -A web -j REJECT
		iptables -D INPUT 3
		iptables -E web http
		iptables -P FORWARD DROP
		iptables -t nat -A POSTROUTING -j MASQUERADE
		iptables -t nat -A POSTROUTING -o lo -j ACCEPT
		iptables -t nat -D POSTROUTING -j MASQUERADE
		iptables -Z http 2
		iptables -A http -c 7 8
		iptables -N gone
		iptables -A gone -j http
		iptables -F gone
		iptables -X gone
		iptables -I http 3 -p udp -m udp --dport 53 -m comment --comment "a b" -g http2
		iptables -D http -j REJECT
	END
}

@test "a series of commands, in turns, ends where stock alone ends" {
	local line theirs turn=0 start
	for start in all-stock stock ravelin; do
		nft flush ruleset
		by stock iptables -N http2
		BY=${start#all-}
		while read -r line; do
			eval "$line"
			[ $start = all-stock ] || case $BY in stock) BY=ravelin ;; *) BY=stock ;; esac
		done < <(series)
		[ $start = all-stock ] || same "$theirs" "$(expressions; by ravelin saved -c)" "beginning with $start"
		theirs=$(expressions; by stock saved -c)
	done
}

@test "what a save of one has, restore of the other loads: no byte changes" {
	local first
	rules_file | with_counters | by stock ipt-restore -c
	first=$(by stock saved -c)
	by stock iptables-save -c | by ravelin iptables-restore -c
	same "$first" "$(by stock saved -c)" 'stock, Ravelin'
	by ravelin iptables-save -c | by stock iptables-restore -c
	same "$first" "$(by ravelin saved -c)" 'Ravelin, stock'
}

# Without -n, names are resolved; these need no network.
names()
{
	local me=127.0.0.1
	[ "$IPV" -eq 4 ] || me=::1
	ipt-restore <<-END
		*filter
		-A INPUT -s $me -p tcp --dport 22 -j ACCEPT
		-A INPUT -p tcp -m multiport --sports 80,443,1000:2000 -j ACCEPT
		-A INPUT -p udp --sport 53 ! --dport 1024: -j ACCEPT
		-A INPUT -p 2 -j ACCEPT
		-A INPUT -m mac --mac-source 00:11:22:33:44:55
		-A INPUT ! -i eth+ -m conntrack --ctstate NEW --ctproto 17
		COMMIT
	END
	both_show ipt -L
	both_show ipt -v -L INPUT
	both_show ipt -v -x --line-numbers -L INPUT 3
}
@test "-L with names" { v4_v6 names; }

# A table known to only one of them must not look broken to the other.
@test "chains that only one of them has made" {
	by ravelin iptables -t security -A OUTPUT -j ACCEPT
	by stock iptables -t raw -P OUTPUT DROP
	by ravelin iptables -N empty
	by stock iptables -P FORWARD DROP
	shown_alike
	by stock iptables -A empty -j DROP
	by ravelin iptables -A FORWARD -j empty
	by stock iptables -t raw -F
	shown_alike
}

# same_refusal CMD...: same message and exit code, except for the version.
same_refusal()
{
	local want
	by stock capture "$@"
	[ "$rc" -ne 0 ] || { echo "stock accepts: $*"; return 1; }
	want="$rc ${err//v$STOCK (nf_tables)/$BANNER}"
	by ravelin capture "$@"
	same "$want" "$rc $err" "refusal of $* (< stock, > Ravelin)"
}

@test "both refuse with the same messages" {
	STOCK=$("$LIB_DIR/../oracle" --version)
	by stock iptables -N A
	by stock iptables -A INPUT -j ACCEPT
	same_refusal iptables -N A
	same_refusal iptables -N INPUT
	same_refusal iptables -X NOPE
	same_refusal iptables -D INPUT -s 1.2.3.4 -j ACCEPT
	same_refusal iptables -C INPUT -s 1.2.3.4 -j ACCEPT
	same_refusal iptables -D INPUT 2
	same_refusal iptables -I INPUT 3
	same_refusal iptables -R INPUT 2
	same_refusal iptables -A INPUT -j NOPE
	same_refusal iptables -A INPUT -m nope
	same_refusal iptables -A INPUT -p nope
	same_refusal iptables -P A DROP
	same_refusal iptables -P INPUT NOPE
	same_refusal iptables -t nope -L
	same_refusal iptables -t nat -P INPUT DROP
	same_refusal iptables -A INPUT -o eth0
	same_refusal iptables-save -t nope
	same_refusal iptables-save --nope
	same_refusal iptables-restore --nope
	same_refusal iptables-restore /nonexistent
	same_refusal ip6tables -A INPUT -f
}

@test "what iptables puts into a chain of the user is shown in its words, whatever hooks its matches are for" {
	iptables -N user
	iptables -A user -m mac --mac-source fa:16:3e:00:00:01 -j RETURN
	iptables -A user -s 10.10.10.10/32 -m owner --uid-owner 10 -j RETURN
	same '-A user -m mac --mac-source fa:16:3e:00:00:01 -j RETURN
-A user -s 10.10.10.10/32 -m owner --uid-owner 10 -j RETURN' "$(iptables -S user | grep -e -A)"
}
