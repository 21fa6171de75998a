#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A failure must change nothing: a restore is one transaction for all tables of
# its file. (Stock commits table by table, so an error in the last table leaves
# earlier ones changed.)
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	FILE=$BATS_TEST_TMPDIR/rules
}

teardown() { end_topology; }

# alone: a namespace with rules.
alone()
{
	new_ns FIREWALL
	NS=$FIREWALL
	iptables-restore -c <<-'END'
		*nat
		-A POSTROUTING -o eth0 -j MASQUERADE
		COMMIT
		*filter
		:INPUT DROP [3:4]
		:FORWARD DROP [0:0]
		:OUTPUT ACCEPT [0:0]
		:mine - [0:0]
		[5:6] -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		[7:8] -A INPUT -p tcp -m tcp --dport 22 -j mine
		[9:10] -A mine -s 10.0.0.0/8 -j ACCEPT
		COMMIT
	END
	before=$(ruleset)
}

# ruleset: the rules of both families.
ruleset()
{
	nft list ruleset 2>/dev/null
	iptables-save -c | without_dates
}

unchanged() { same "$before" "$(ruleset)" 'ruleset'; }

# thousand_rules: 250 in each of four tables of a file.
thousand_rules()
{
	awk 'BEGIN {
		split("raw security nat filter", tables)
		split("PREROUTING INPUT POSTROUTING INPUT", chains)
		for (t = 1; t <= 4; t++) {
			print "*" tables[t] "\n:" chains[t] " ACCEPT [0:0]\n:user - [0:0]"
			for (i = 0; i < 250; i++)
				printf "-A %s -s 10.%d.%d.0/24 -p tcp -m tcp --dport %d -m comment --comment \"rule %d\" -j user\n",
					chains[t], t, i, i + 1, i
			print "COMMIT"
		}
	}'
}

# wrong_line KIND CHAIN: ten kinds of errors.
wrong_line()
{
	case $1 in
		0) echo "-A $2 --bogus" ;;
		1) echo "-A $2 -p tcp --dport 65536 -j ACCEPT" ;;
		2) echo "-A nosuch -j ACCEPT" ;;
		3) echo "-A $2 -j nosuch" ;;
		4) echo "hello" ;;
		5) echo ":abcdefghijklmnopqrstuvwxyzabc - [0:0]" ;;
		6) echo "-A $2 -m nosuch -j ACCEPT" ;;
		7) echo "-D $2 -s 99.99.99.99 -j ACCEPT" ;;
		8) echo "-A $2 -m mark --mark 0x100000000" ;;
		9) echo "-A $2 -p udp -j REJECT --reject-with tcp-reset" ;;
	esac
}
wrong_code() { case $1 in 2 | 7 | 9) echo 1 ;; *) echo 2 ;; esac }
wrong_text()
{
	case $1 in
		0) echo 'unknown option "--bogus"' ;;
		1) echo "invalid port/service \`65536' specified" ;;
		2) echo 'No chain/target/match by that name.' ;;
		3) echo "Chain 'nosuch' does not exist" ;;
		4) echo "Bad argument \`hello'" ;;
		5) echo "chain name \`abcdefghijklmnopqrstuvwxyzabc' too long (must be under 29 chars)" ;;
		6) echo "Couldn't load match \`nosuch':No such file or directory" ;;
		7) echo 'Bad rule (does a matching rule exist in that chain?).' ;;
		8) echo 'mark: bad integer value for option "--mark", or out of range.' ;;
		9) echo REJECT ;;
	esac
}

# spoiled LINE KIND: the thousand rules with one of them wrong.
spoiled()
{
	local chain
	chain=$(sed -n "$1s/^-A \([^ ]*\) .*/\1/p" "$FILE")
	sed "$1s|.*|$(wrong_line "$2" "$chain")|" "$FILE"
}

# loads_not LINE KIND OPTION...
loads_not()
{
	spoiled "$1" "$2" >"$FILE.wrong"
	capture tool iptables-restore "${@:3}" <"$FILE.wrong"
	[ "$rc" -eq "$(wrong_code "$2")" ] && [[ $err == *"$(wrong_text "$2")"* ]] &&
		[[ $err =~ line:?\ $1([^0-9]|$) ]] && [ -z "$out" ] && unchanged && return
	printf 'kind %s in line %s: rc=%s\n%s\n' "$2" "$1" "$rc" "$err"
	return 1
}

@test "one wrong line among 1,000, at 50 positions, of 10 kinds: reported, nothing changes" {
	local i=0 line flush places
	alone
	thousand_rules >"$FILE"
	mapfile -t places < <(grep -n '^-A' "$FILE" | awk -F: 'NR % 20 == 7 { print $1 }')
	for line in "${places[@]}"; do
		# Every second round uses --noflush.
		flush=()
		[ $((i / 10 % 2)) -eq 0 ] || flush=(--noflush)
		loads_not "$line" $((i % 10)) "${flush[@]}"
		i=$((i + 1))
	done
	[ $i -eq 50 ]
	# The very first and the last rule.
	loads_not "$(grep -n '^-A' "$FILE" | sed -n '1s/:.*//p')" 0
	loads_not "$(grep -n '^-A' "$FILE" | sed -n '$s/:.*//p')" 3
	# The wrong lines were the ones refused.
	quiet iptables-restore <"$FILE"
	[ "$(iptables-save | grep -c '^-A')" -eq 1000 ]
}

@test "an error in the last table leaves the first as it was" {
	alone
	refused 2 "iptables-restore $BANNER: unknown option \"--bogus\"
Error occurred at line: 6
Try \`iptables-restore -h' or 'iptables-restore --help' for more information." iptables-restore <<-'END'
		*raw
		-A PREROUTING -j ACCEPT
		COMMIT
		*filter
		-A INPUT -j ACCEPT
		-A INPUT --bogus
		COMMIT
	END
	unchanged
	refused 1 'iptables-restore: line 5 failed: No chain/target/match by that name.' iptables-restore --noflush <<-'END'
		*nat
		-F
		COMMIT
		*filter
		-A nosuch -j ACCEPT
		COMMIT
	END
	unchanged
	refused_like 1 'line 6' iptables-restore <<-'END'
		*raw
		-A PREROUTING -j ACCEPT
		COMMIT
		*filter
		-A INPUT -j ACCEPT
		-A INPUT -j MASQUERADE
		COMMIT
	END
	unchanged
	refused 1 'iptables-restore: line 4 failed' iptables-restore <<-'END'
		*raw
		-A PREROUTING -j ACCEPT
		COMMIT
		what is this
	END
	unchanged
}

@test "--test changes nothing, and reports the same errors as loading" {
	alone
	quiet iptables-restore --test <<-'END'
		*filter
		:INPUT ACCEPT [0:0]
		-A INPUT -j ACCEPT
		COMMIT
	END
	unchanged
	refused 2 "iptables-restore $BANNER: Chain 'nosuch' does not exist
Error occurred at line: 3
Try \`iptables-restore -h' or 'iptables-restore --help' for more information." iptables-restore -t <<-'END'
		*filter
		-A INPUT -j ACCEPT
		-A INPUT -j nosuch
		COMMIT
	END
	refused 1 'iptables-restore: line 2 failed: No chain/target/match by that name.' iptables-restore --test <<-'END'
		*filter
		-A nosuch -j ACCEPT
		COMMIT
	END
	refused 1 'iptables-restore: line 2 failed: Bad rule (does a matching rule exist in that chain?).' \
		iptables-restore --test --noflush <<-'END'
		*filter
		-D INPUT -j DROP
		COMMIT
	END
	# With --noflush, chains in the kernel count as existing.
	quiet iptables-restore --test --noflush <<-'END'
		*filter
		-A INPUT -j mine
		-D mine -s 10.0.0.0/8 -j ACCEPT
		COMMIT
	END
	unchanged
}

# --- truncated files --------------------------------------------------------

# A file of 24 valid lines in three tables.
whole_file()
{
	cat <<-'END'
		# made by hand
		*mangle
		:PREROUTING ACCEPT [0:0]
		:marks - [0:0]
		-A PREROUTING -p udp -m udp --dport 53 -j marks
		-A PREROUTING -i lo -j ACCEPT
		-A marks -j MARK --set-xmark 0x1/0xffffffff
		COMMIT
		*nat
		:POSTROUTING ACCEPT [0:0]
		-A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE
		-A POSTROUTING -p tcp -m multiport --dports 80,443 -j SNAT --to-source 192.0.2.1
		COMMIT

		*filter
		:INPUT ACCEPT [0:0]
		:web - [0:0]
		-A INPUT -i lo -j ACCEPT
		-A INPUT -p tcp -m tcp --dport 80 -j web
		-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A web -m comment --comment "two words" -j ACCEPT
		-A web -j DROP
		COMMIT
	END
}

@test "a file truncated after any line: COMMIT expected, nothing changes" {
	local n table=no
	alone
	whole_file >"$FILE"
	for ((n = 1; n <= $(wc -l <"$FILE"); n++)); do
		case $(sed -n ${n}p "$FILE") in
			\**) table=yes ;;
			COMMIT) table=no ;;
		esac
		# A file may end between two tables.
		[ $table = yes ] || continue
		head -n $n "$FILE" >"$FILE.cut"
		refused 1 "iptables-restore: COMMIT expected at line $((n + 1))" iptables-restore <"$FILE.cut"
		refused 1 "iptables-restore: COMMIT expected at line $((n + 1))" iptables-restore -n <"$FILE.cut"
		unchanged
	done
}

@test "a file truncated within a line: refused, nothing changes" {
	local size bytes
	alone
	whole_file >"$FILE"
	size=$(wc -c <"$FILE")
	for ((bytes = 18; bytes < size; bytes += 13)); do
		head -c $bytes "$FILE" >"$FILE.cut"
		# A file may end between two tables.
		tail -n 2 "$FILE.cut" | grep -q '^COMMIT$' && continue
		capture tool iptables-restore <"$FILE.cut"
		[ "$rc" -eq 1 ] || [ "$rc" -eq 2 ] || { echo "cut at $bytes: rc=$rc"; return 1; }
		[[ $err =~ line:?\ [0-9]+ ]] || { echo "cut at $bytes: $err"; return 1; }
		unchanged
	done
	# The file is complete without its last newline.
	head -c $((size - 1)) "$FILE" >"$FILE.cut"
	quiet iptables-restore <"$FILE.cut"
	same "$(grep -c '^-A' "$FILE")" "$(iptables-save | grep -c '^-A')" 'number of rules'
}

# --- unusual bytes, large inputs ---------------------------------------------

# in_filter: puts the lines on stdin in a block of table filter.
in_filter()
{
	echo '*filter'
	cat
	echo COMMIT
}

# one_word CHARACTER COUNT
one_word() { head -c "$2" /dev/zero | tr '\0' "$1"; }

@test "a line of 1 MB: a rule is refused with its number, a comment is skipped" {
	alone
	{ printf -- '-A INPUT -j '; one_word a 1000000; echo; } | in_filter >"$FILE"
	refused 2 "iptables-restore $BANNER: Parameter too long!
Error occurred at line: 2
Try \`iptables-restore -h' or 'iptables-restore --help' for more information." iptables-restore <"$FILE"
	{ printf -- '-A INPUT -m comment --comment "'; one_word a 1000000; echo '"'; } | in_filter >"$FILE"
	refused_like 2 'Error occurred at line: 2' iptables-restore <"$FILE"
	{ printf ':'; one_word a 1000000; echo ' - [0:0]'; } | in_filter >"$FILE"
	refused_like 2 'Error occurred at line: 2' iptables-restore <"$FILE"
	{ printf -- '-A INPUT'; yes ' -s 1.2.3.4' | head -n 90000 | tr -d '\n'; echo; } | in_filter >"$FILE"
	refused_like 2 'Error occurred at line: 2' iptables-restore <"$FILE"
	one_word a 1000000 >"$FILE"
	refused 1 'iptables-restore: line 1 failed' iptables-restore <"$FILE"
	unchanged
	{ printf '#'; one_word a 1000000; echo; echo '-A INPUT -s 1.2.3.4'; } | in_filter >"$FILE"
	quiet iptables-restore -n <"$FILE"
	iptables -C INPUT -s 1.2.3.4
}

# Stock takes a NUL byte for the end of the line and loads half a rule.
@test "a NUL byte in a file: refused with its line, nothing changes" {
	local text
	alone
	for text in '-A INPUT -j ACCEPT\0 -s 1.2.3.4' '-A INPUT\0 -j ACCEPT' '-A INPUT -j ACCEPT\0' \
		'-A INPUT -m comment --comment "a\0b" -j ACCEPT' ':us\0er - [0:0]' '\0' '-A INPUT -j ACCE\0PT'; do
		printf '*filter\n-A INPUT\n%b\nCOMMIT\n' "$text" >"$FILE"
		capture tool iptables-restore <"$FILE"
		[ "$rc" -eq 2 ] && [[ $err =~ line:?\ 3 ]] || { echo "$text: rc=$rc $err"; return 1; }
		unchanged
	done
	printf '\0*filter\nCOMMIT\n' >"$FILE"
	refused_like 1 'iptables-restore: line 1 failed' iptables-restore <"$FILE"
	unchanged
}

@test "non-ASCII bytes are kept, control characters never reach a terminal" {
	alone
	iptables -A OUTPUT -m comment --comment $'gr\303\274n'
	prints $'-A OUTPUT -m comment --comment "gr\303\274n"' iptables -S OUTPUT 1
	refused_like 2 'does not exist|Invalid target name' iptables -A OUTPUT -j $'a\033[31mb'
	[[ $err != *$'\033'* ]]
}

@test "100,000 chains load at once; one wrong line behind them, and none does" {
	alone
	seq -f ':chain%.0f - [0:0]' 0 99999 >"$FILE.chains"
	{ cat "$FILE.chains"; echo '-A INPUT -j chain99999'; } | in_filter >"$FILE"
	{ cat "$FILE.chains"; echo '-A INPUT -j chain100000'; } | in_filter >"$FILE.wrong"
	refused 2 "iptables-restore $BANNER: Chain 'chain100000' does not exist
Error occurred at line: 100002
Try \`iptables-restore -h' or 'iptables-restore --help' for more information." iptables-restore <"$FILE.wrong"
	unchanged
	quiet iptables-restore <"$FILE"
	iptables-save >"$FILE.saved"
	[ "$(grep -c '^:chain' "$FILE.saved")" -eq 100000 ]
	[ "$(grep -c '^-A INPUT -j chain99999$' "$FILE.saved")" -eq 1 ]
	quiet iptables -A chain4711 -j ACCEPT
	quiet iptables -C chain4711 -j ACCEPT
	refused_like 1 'chain99999|chain4711' iptables -X
	quiet iptables -F
	quiet iptables -X
	[ "$(iptables -S | grep -c '^-N')" -eq 0 ]
}

@test "names of 28 characters load, of 29 do not" {
	local longest=abcdefghijklmnopqrstuvwxyzab
	local too_long="iptables-restore $BANNER: chain name \`${longest}c' too long (must be under 29 chars)
Error occurred at line: 2
Try \`iptables-restore -h' or 'iptables-restore --help' for more information."
	alone
	refused 2 "$too_long" iptables-restore < <(in_filter <<<":${longest}c - [0:0]")
	refused 2 "$too_long" iptables-restore < <(in_filter <<<"-N ${longest}c")
	refused 2 "$too_long" iptables-restore < <(in_filter <<<"-E mine ${longest}c")
	refused_like 2 "Invalid target name \`${longest}c' \(28 chars max\)" \
		iptables-restore < <(in_filter <<<"-A INPUT -j ${longest}c")
	refused 2 "$too_long" iptables-restore < <(in_filter <<<"-A ${longest}c -j ACCEPT")
	unchanged
	quiet iptables-restore < <(printf ':%s - [0:0]\n-A INPUT -j %s\n' $longest $longest | in_filter)
	quiet iptables -C INPUT -j $longest
}

# --- numbers that are too large ---------------------------------------------

@test "rule numbers, ports, marks, rates beyond their range: refused, nothing changes" {
	local huge
	alone
	for huge in 4294967297 18446744073709551617 99999999999999999999; do
		usage_error iptables "Invalid rule number \`$huge'" iptables -I INPUT $huge -j ACCEPT
		usage_error iptables "Invalid rule number \`$huge'" iptables -R INPUT $huge -j ACCEPT
		usage_error iptables "Invalid rule number \`$huge'" iptables -S INPUT $huge
		usage_error iptables "Invalid rule number \`$huge'" iptables -Z INPUT $huge
		# Stock truncates this number to 32 bits and deletes rule 1.
		no iptables -D INPUT $huge
		usage_error iptables "invalid port/service \`$huge' specified" iptables -A INPUT -p tcp --dport $huge
		usage_error iptables "unknown protocol \"$huge\" specified" iptables -A INPUT -p $huge
		usage_error iptables 'mark: bad integer value for option "--mark", or out of range.
' iptables -A INPUT -m mark --mark $huge
		usage_error iptables 'mark: bad integer value for option "--mark", or out of range.
' iptables -A INPUT -m mark --mark 1/$huge
		usage_error iptables 'MARK: bad integer value for option "--set-mark", or out of range.
' iptables -t mangle -A INPUT -j MARK --set-mark $huge
		usage_error iptables "Rate too fast \"$huge/s\"" iptables -A INPUT -m limit --limit $huge/s
		usage_error iptables 'limit: bad value for option "--limit-burst", or out of range (0-10000).
' iptables -A INPUT -m limit --limit-burst $huge
		usage_error iptables "invalid mask \`$huge' specified" iptables -A INPUT -s 10.0.0.0/$huge
		usage_error iptables "conntrack: bad value for option \"--ctexpire\" near \"$huge\", or out of range (0-4294967295).
" iptables -A INPUT -m conntrack --ctexpire $huge
		usage_error iptables "Unknown ICMP type \`$huge'" iptables -A INPUT -p icmp --icmp-type $huge
		usage_error iptables "owner: Bad value for \"--uid-owner\" option: \"$huge\"" \
			iptables -A OUTPUT -m owner --uid-owner $huge
		usage_error iptables "Port \`$huge' not valid" \
			iptables -t nat -A PREROUTING -p tcp -j REDIRECT --to-ports $huge
	done
	usage_error iptables "invalid port/service \`65536' specified" iptables -A INPUT -p tcp --dport 65536
	usage_error iptables "invalid port/service \`4294967376' specified" iptables -A INPUT -p tcp --dport 4294967376
	usage_error iptables 'mark: bad integer value for option "--mark", or out of range.
' iptables -A INPUT -m mark --mark 0x100000000
	unchanged
}

# Rule numbers must not be truncated.
@test "rule number 2^32 + 1 is not rule number 1" {
	alone
	no iptables -D INPUT 4294967297
	no iptables -I INPUT 4294967297 -j ACCEPT
	no iptables -R INPUT 4294967297 -j ACCEPT
	unchanged
}

@test "counters saturate at 2^64 - 1" {
	alone
	iptables -A INPUT -c 18446744073709551616 99999999999999999999 -j ACCEPT
	prints '-A INPUT -c 18446744073709551615 18446744073709551615 -j ACCEPT' iptables -v -S INPUT 3
	iptables-restore -c <<-'END'
		*filter
		:INPUT DROP [18446744073709551616:1]
		[1:18446744073709551616] -A INPUT -j ACCEPT
		COMMIT
	END
	prints '-P INPUT DROP -c 18446744073709551615 1
-A INPUT -c 1 18446744073709551615 -j ACCEPT' iptables -v -S INPUT
	before=$(ruleset)
	usage_error iptables '--set-counters packet counter not numeric' iptables -A INPUT -c x 1
	refused_like 2 'Error occurred at line: 2' iptables-restore -c < <(in_filter <<<'[x:1] -A INPUT -j ACCEPT')
	refused_like 2 'Error occurred at line: 2' iptables-restore -c < <(in_filter <<<'[1] -A INPUT -j ACCEPT')
	unchanged
}

# --- a closed host stays closed ---------------------------------------------

# closed_host: no packet may pass; the server counts those that do.
closed_host()
{
	new_topology
	NS=$FIREWALL
	cat >"$FILE" <<-'END'
		*filter
		:INPUT DROP [0:0]
		:FORWARD DROP [0:0]
		:OUTPUT ACCEPT [0:0]
		:log - [0:0]
		-A FORWARD -i fs -j ACCEPT
		-A FORWARD -p tcp -m tcp --dport 22 -j log
		-A log -m limit --limit 1/sec -j LOG
		COMMIT
	END
	iptables-restore <"$FILE"
	ns "$SERVER" nft -f - <<-'END'
		table ip watch {
			chain in {
				type filter hook prerouting priority -500;
				ip saddr 10.1.0.8 counter
			}
		}
	END
}
arrived() { ns "$SERVER" nft list chain ip watch in | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
some_arrived() { [ "$(arrived)" -gt 0 ]; }

# pour: sends packets continuously until the test ends; storm: also waits until some were dropped.
pour()
{
	local pid fifo=$TOPOLOGY/sender.client
	local line="ipv=4 dev=c smac=$MAC_C dmac=$MAC_FC src=10.1.0.8 dst=10.2.0.8 times=20 sport=9"
	# Pipes have small buffers: the loop runs as fast as packets are sent.
	hold pid bash -c "while :; do echo '$line' && sleep 0.002; done 1<>'$fifo'"
	SERVICES="${SERVICES:-} $pid"
	export SERVICES
}
storm()
{
	pour
	until_true 5 dropped_some
}
dropped() { iptables -v -x -n -L FORWARD | sed -n '1s/.*policy DROP \([0-9]*\) packets.*/\1/p'; }
dropped_some() { [ "$(dropped)" -gt 0 ]; }

@test "a -P DROP host stays closed through failing restores" {
	local kind round count=0
	closed_host
	storm
	for round in 1 2 3; do
		for kind in 0 1 2 3 4 5 6 7 8 9; do
			{ sed '/^COMMIT/d' "$FILE"; echo ':FORWARD ACCEPT [0:0]'; wrong_line $kind FORWARD; echo COMMIT; } |
				no tool iptables-restore 2>/dev/null
			{ echo '*filter'; echo '-P FORWARD ACCEPT'; echo '-I FORWARD -j ACCEPT'
				wrong_line $kind FORWARD; echo COMMIT; } | no tool iptables-restore --noflush 2>/dev/null
			count=$((count + 2))
		done
		{ echo '*filter'; echo ':FORWARD ACCEPT [0:0]'; } | no tool iptables-restore 2>/dev/null
	done
	[ $count -eq 60 ]
	same '-P FORWARD DROP' "$(iptables -S FORWARD | head -n 1)"
	[ "$(dropped)" -gt 100 ]
	same 0 "$(arrived)" 'packets that got through'
	# The counter works: an open policy lets the same packets through.
	iptables -P FORWARD ACCEPT
	until_true 5 some_arrived
}

@test "a -P DROP host stays closed while its rules are changed" {
	local round
	closed_host
	storm
	for round in {1..25}; do
		iptables-restore --noflush <"$FILE"
		printf '*filter\n-P FORWARD DROP\n-F\n-X\n-Z\nCOMMIT\n' | iptables-restore --noflush
		iptables-restore --noflush <"$FILE"
		iptables -F
		iptables -Z
		iptables -P FORWARD DROP
		iptables -I FORWARD 1 -j DROP
		iptables -D FORWARD 1
	done
	same 0 "$(arrived)" 'packets that got through'
	iptables -P FORWARD ACCEPT
	until_true 5 some_arrived
}

# without_privilege CMD...: in the firewall's namespace.
without_privilege() { ns "$NS" setpriv --bounding-set -net_admin --inh-caps -net_admin "$RAVELIN_BIN/$1" "${@:2}"; }

@test "a -P DROP host stays closed when files of failed saves are loaded" {
	only_nft 'its failures are those of netlink'
	local round
	closed_host
	storm
	for round in 1 2 3 4 5; do
		no without_privilege iptables-save >"$FILE.saved" 2>/dev/null
		no tool iptables-restore "$FILE.saved" 2>/dev/null
		(ulimit -f 0; trap '' XFSZ; no without_privilege iptables-save -f "$FILE.saved") 2>/dev/null
		no tool iptables-restore <&- 2>/dev/null
		no without_privilege iptables -P FORWARD ACCEPT 2>/dev/null
		no without_privilege iptables -F 2>/dev/null
		no without_privilege iptables-restore "$FILE" 2>/dev/null
		no ns "$NS" strace -qq -o /dev/null -e inject=sendto:error=ENOMEM:when=3+ \
			"$RAVELIN_BIN/iptables-restore" "$FILE" 2>/dev/null
		# A file truncated anywhere by a full disk is loaded completely or not at all.
		for ((size = 1; size < 4; size++)); do
			(ulimit -f $size; tool iptables-save >"$FILE.saved") 2>/dev/null || true
			tool iptables-restore "$FILE.saved" 2>/dev/null || true
		done
	done
	same '-P FORWARD DROP' "$(iptables -S FORWARD | head -n 1)"
	[ "$(dropped)" -gt 0 ]
	same 0 "$(arrived)" 'packets that got through'
	iptables -P FORWARD ACCEPT
	until_true 5 some_arrived
}

@test "a host without rules is closed by the last resort of ravelin-rules" {
	only_nft 'a table of nf_tables'
	closed_host
	new_rules
	flush_ruleset
	pour
	until_true 5 some_arrived
	printf '*filter\nCOMMIT\n' >"$RAVELIN_RULES/rules.v4"
	mv "$RULES_HOME/sbin/ravelin" "$RULES_HOME/sbin/real"
	printf '#!/bin/sh\ncase $1 in *tables*) exit 4 ;; esac\nexec %s "$@"\n' "$RULES_HOME/sbin/real" \
		>"$RULES_HOME/sbin/ravelin"
	chmod 755 "$RULES_HOME/sbin/ravelin"
	no rules boot 2>/dev/null
	sleep 0.2
	before=$(arrived)
	sleep 0.5
	same "$before" "$(arrived)" 'packets that got through'
	ns "$FIREWALL" "$RULES_HOME/sbin/real" close-host -4 --open
	until_true 5 more_arrived "$before"
}
more_arrived() { [ "$(arrived)" -gt "$1" ]; }

@test "a -P DROP host stays closed for any contents of ravelin-rules' files" {
	local round text
	closed_host
	new_rules
	storm
	for round in 1 2 3; do
		for text in '' '# nothing' '*filter' $'*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD --bogus\nCOMMIT' \
			'! iptables-save failed: this is not a ruleset' $'*nat\n-A NOPE\nCOMMIT'; do
			printf '%s\n' "$text" >"$RAVELIN_RULES/rules.v4"
			no rules boot 2>/dev/null
			no rules load 2>/dev/null
			rm -rf "$RULES_HOME"/run/*
		done
		: >"$RULES_HOME/run/ravelin"
		cp "$FILE" "$RAVELIN_RULES/rules.v4"
		rules boot 2>/dev/null
		rules save
		rules boot 2>/dev/null
		BEHIND='setpriv --bounding-set -net_admin --inh-caps -net_admin' no rules boot 2>/dev/null
		BEHIND='setpriv --bounding-set -net_admin --inh-caps -net_admin' no rules save 2>/dev/null
		rules load 2>/dev/null
		rm "$RULES_HOME/run/ravelin"
	done
	same 0 "$(arrived)" 'packets that got through'
	# From an open state, every file except a valid one closes the host.
	for text in '' '# nothing' '*filter' '! iptables-save failed: this is not a ruleset'; do
		flush_ruleset
		rm -rf "$RULES_HOME"/run/*
		printf '%s\n' "$text" >"$RAVELIN_RULES/rules.v4"
		no rules boot 2>/dev/null
		same '-P FORWARD DROP' "$(iptables -S FORWARD | head -n 1)" "policy after \"$text\""
	done
	iptables -P FORWARD ACCEPT
	iptables -F
	until_true 5 some_arrived
}

# The kernel unhooks a deleted base chain before the one that replaces it gets the policy DROP: with
# enough work in between, packets slip through. Stock deletes the whole table; keeping the chain and
# replacing its rules avoids this.
@test "a -P DROP host stays closed while a large file replaces its rules" {
	local round
	closed_host
	seq -f ':user%.0f - [0:0]' 5000 >"$FILE.chains"
	seq -f '-A user%.0f -j ACCEPT' 5000 >"$FILE.rules"
	sed -i -e "/^:log/r $FILE.chains" -e "/^-A log/r $FILE.rules" "$FILE"
	iptables-restore <"$FILE"
	storm
	for round in {1..40}; do
		iptables-restore <"$FILE"
	done
	[ "$(iptables -S | grep -c '^-A user')" -eq 5000 ]
	same 0 "$(arrived)" 'packets that got through'
	iptables -P FORWARD ACCEPT
	until_true 5 some_arrived
}

@test "the policy stays through -P and -Z in one restore" {
	local text
	alone
	for text in '-P INPUT DROP\n-Z' '-Z\n-P INPUT DROP' '-P INPUT DROP\n-Z INPUT' ':INPUT DROP [0:0]\n-Z'; do
		iptables -P INPUT ACCEPT
		printf '*filter\n%b\nCOMMIT\n' "$text" | iptables-restore --noflush
		same '-P INPUT DROP' "$(iptables -S INPUT | head -n 1)" "policy after $text"
		iptables -P INPUT ACCEPT
		printf '*filter\n%b\nCOMMIT\n' "$text" | iptables-restore
		same '-P INPUT DROP' "$(iptables -S INPUT | head -n 1)" "policy after $text"
	done
}

# --- tables made or changed by others ----------------------------------------

# flooded_host: $NS, flooded by the peer in both families; packets received are counted after all
# rules, in a table outside iptables.
flooded_host()
{
	new_ns FIREWALL
	new_ns OUTSIDE
	NS=$FIREWALL
	ns "$NS" ip link add in type veth peer name out netns "/proc/$OUTSIDE/ns/net"
	ns "$NS" sh -c 'ip addr add 10.9.0.1/24 dev in && ip addr add fd00:9::1/64 dev in nodad && ip link set in up'
	ns "$OUTSIDE" sh -c 'ip addr add 10.9.0.2/24 dev out && ip addr add fd00:9::2/64 dev out nodad && ip link set out up'
	nft -f - <<-'END'
		table inet seen {
			chain behind { type filter hook input priority 350; meta nfproto vmap { ipv4 : goto v4, ipv6 : goto v6 }; }
			chain v4 { udp dport 9 counter; }
			chain v6 { udp dport 9 counter; }
		}
	END
	hold FLOOD4 nsenter --net="/proc/$OUTSIDE/ns/net" python3 "$LIB_DIR/../flood/send.py" 10.9.0.1 9
	hold FLOOD6 nsenter --net="/proc/$OUTSIDE/ns/net" python3 "$LIB_DIR/../flood/send.py" fd00:9::1 9
	SERVICES="$FLOOD4 $FLOOD6 $OUTSIDE" CLIENT=$FIREWALL SERVER=
	IPV=4 until_true 5 more_came 0
	IPV=6 until_true 5 more_came 0
}
came() { nft list chain inet seen v$IPV | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
more_came() { [ "$(came)" -gt "$1" ]; }

# Chains of a table filter made by others. First word: closed, if they drop the flood; open, if only
# the next step can.
foreign_tables()
{
	cat <<-'END'
		closed priority	chain INPUT { type filter hook input priority 5; policy drop; NEIGHBOURS }
		closed hook	chain INPUT { type filter hook prerouting priority 0; policy drop; NEIGHBOURS }
		closed long name	chain abcdefghijklmnopqrstuvwxyzabc { tcp dport 22 accept; }; chain INPUT { type filter hook input priority 0; policy drop; NEIGHBOURS jump abcdefghijklmnopqrstuvwxyzabc; }
		closed bound	chain INPUT { type filter hook input priority 0; policy drop; NEIGHBOURS tcp dport 22 jump { accept; }; }
		closed map	chain mine { accept; }; map m { type inet_service : verdict; elements = { 23 : jump mine }; }; chain INPUT { type filter hook input priority 0; policy drop; NEIGHBOURS tcp dport vmap @m; }
		closed their jump	chain mine { meta mark 1 accept; }; chain theirs { type filter hook input priority -5; policy accept; jump mine; }; chain INPUT { type filter hook input priority 0; policy drop; NEIGHBOURS }
		closed last rule	chain INPUT { type filter hook input priority 5; policy accept; NEIGHBOURS drop; }
		open type	chain INPUT { type nat hook input priority 100; policy accept; }
		open plain	chain INPUT { drop; }
		open jumped to	chain INPUT { tcp dport 22 accept; }; chain theirs { type filter hook input priority 0; jump INPUT; }
		open dormant	flags dormant; chain INPUT { type filter hook input priority 0; policy drop; }
		open sets	flags dormant; set s { type ipv4_addr; }; chain theirs { type filter hook input priority 0; policy drop; meta mark 1 accept; }
	END
}

# leave_foreign BODY: in one transaction, from any state.
leave_foreign()
{
	local family=ip let=
	[ "$IPV" = 4 ] || { family=ip6; let='meta l4proto ipv6-icmp accept;'; }
	printf 'table %s filter\ndelete table %s filter\ntable %s filter { %s\n}\n' $family $family $family "${1//NEIGHBOURS/$let}" |
		sed 's/}/\n}\n/g; s/^;//' >"$FILE.nft"
	[ "$IPV" = 4 ] || sed -i 's/ipv4_addr/ipv6_addr/' "$FILE.nft"
	nft -f "$FILE.nft"
}

closing_rules()
{
	local text='-A INPUT -i lo -j ACCEPT\n'
	[ "$IPV" = 4 ] || text+='-A INPUT -p ipv6-icmp -j ACCEPT\n'
	# shellcheck disable=SC2059 # its newlines
	printf "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:mine - [0:0]\n$1${text}COMMIT\n"
}

# Ways in which closing rules replace the table.
by_restore() { closing_rules '' | tool "$IPTABLES-restore"; }
by_noflush() { closing_rules '-F INPUT\n' | tool "$IPTABLES-restore" --noflush; }
by_boot()
{
	rm -rf "$RULES_HOME"/run/*
	closing_rules '' >"$RAVELIN_RULES/rules.v$IPV"
	rm -f "$RAVELIN_RULES/rules.v$((10 - IPV))"
	rules boot
}
by_broken_boot()
{
	rm -rf "$RULES_HOME"/run/*
	echo '*filter' >"$RAVELIN_RULES/rules.v$IPV"
	! rules boot
}

# stays_closed WAY STATE NAME BODY
stays_closed()
{
	local before rc=0
	leave_foreign "$4"
	before=$(came)
	"$1" >"$FILE.out" 2>&1 || rc=$?
	# An INPUT without a hook has no policy: that is refused, and --noflush must not replace it.
	case "$1 $3" in
		by_noflush\ plain | by_noflush\ jumped\ to) [ "$rc" = 1 ] && return ;;
		by_noflush\ type | by_noflush\ dormant | by_noflush\ sets) [ "$rc" = 0 ] && return ;;
	esac
	[ "$2" = closed ] || before=$(came)
	sleep 0.05
	[ "$rc" = 0 ] && same "$before" "$(came)" 'packets that came in' && return
	echo "$1, IPv$IPV, $3: exit code $rc"
	cat "$FILE.out"
	nft list ruleset
	return 1
}

stays_closed_each_way()
{
	local state name body way
	IPTABLES=iptables
	[ "$IPV" = 4 ] || IPTABLES=ip6tables
	while IFS=$'\t' read -r name body; do
		state=${name%% *} name=${name#* }
		for way in by_restore by_noflush by_boot by_broken_boot; do
			stays_closed $way "$state" "$name" "$body"
		done
	done < <(foreign_tables)
}

@test "a host stays closed while tables made by others are replaced" {
	only_nft 'the module has no other writers'
	new_rules
	flooded_host
	v4_v6 stays_closed_each_way
	# The counter works.
	iptables -P INPUT ACCEPT
	IPV=4 until_true 5 more_came "$(IPV=4 came)"
}
