#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Other output on stderr: warnings about rules elsewhere, as in stock or on a terminal only, and
# progress on a terminal.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup_file()
{
	is_root || return 0
	{
		echo '*filter'
		seq 0 59999 | awk '{ printf "-A INPUT -s 10.%d.%d.1/32 -j ACCEPT\n", $1 / 250, $1 % 250 }'
		echo COMMIT
	} >"$BATS_FILE_TMPDIR/long"
	{ head -n 40000 "$BATS_FILE_TMPDIR/long"; echo COMMIT; } >"$BATS_FILE_TMPDIR/shorter"
}

setup()
{
	need_root
	new_ns NS
	cd "$BATS_TEST_TMPDIR" || return
	LONG=$BATS_FILE_TMPDIR/long
	WARNING='# Warning: %s-legacy tables present, use %s-legacy%s to see them'
}

# at_terminal CMD...: output including stderr, as sent to a terminal.
at_terminal() { SHELL=/bin/bash script -q -e -c "nsenter --net=/proc/$NS/ns/net -- $RAVELIN_BIN/$*" /dev/null; }

# warning TOOL [SUFFIX]
# shellcheck disable=SC2059 # the format is ours
warning() { printf "$WARNING" "$1" "$1" "${2-}"; }

# says_of_legacy WANT CMD...: expects exactly this on stderr.
says_of_legacy()
{
	capture "${@:2}"
	[ "$rc" -eq 0 ] || { echo "rc $rc: ${*:2}: $err"; return 1; }
	same "$1" "$err" "stderr of ${*:2}"
}

legacy_tables()
{
	ns "$NS" "$1-legacy" -t filter -L >/dev/null 2>&1 || skip "the kernel has no $1-legacy"
}

@test "legacy tables: warning of -L, -S and -save as in stock, of no other command" {
	local family
	for family in iptables ip6tables; do
		says_of_legacy '' tool $family -L
		says_of_legacy '' tool $family-save
	done
	legacy_tables iptables
	says_of_legacy "$(warning iptables)" iptables -L
	says_of_legacy "$(warning iptables)" iptables -S INPUT
	says_of_legacy "$(warning iptables)" iptables -t nat -L -n
	says_of_legacy "$(warning iptables)" iptables -L -Z
	says_of_legacy "$(warning iptables -save)" iptables-save
	says_of_legacy "$(warning iptables -save)" iptables-save -c -t nat
	for command in '-A INPUT -j ACCEPT' '-C INPUT -j ACCEPT' '-N a' '-E a b' '-X b' -Z '-P INPUT DROP' -F -V; do
		# shellcheck disable=SC2086 # words
		says_of_legacy '' iptables $command
	done
	says_of_legacy '' iptables-restore <<<$'*filter\nCOMMIT'
	says_of_legacy '' ip6tables -L
	says_of_legacy '' ip6tables-save
	legacy_tables ip6tables
	says_of_legacy "$(warning ip6tables)" ip6tables -L
	says_of_legacy "$(warning ip6tables -save)" ip6tables-save
}

@test "legacy tables: the warning comes before an error, and changes no exit code" {
	legacy_tables iptables
	capture iptables -L nosuch
	[ "$rc" -eq 1 ]
	same "$(warning iptables)
iptables: No chain/target/match by that name." "$err"
}

@test "legacy tables: no warning with the file backend" {
	legacy_tables iptables
	says_of_legacy '' env RAVELIN_BACKEND="file:$BATS_TEST_TMPDIR/rules" "$RAVELIN_BIN/iptables" -L
}

@test "rules outside iptables: warning on a terminal only" {
	local outside=iptables other
	[ "$BACKEND" = nft ] || outside=ravelin.ko
	other="packets also pass nf_tables rules outside $outside"
	nft -f - <<-'R'
	table ip filter { chain user { counter; }; }
	table inet fw { chain in { type filter hook input priority 0; counter; }; }
	table inet fw2 { chain in { type filter hook input priority 0; }; }
	table ip mine { chain out { type filter hook output priority 5; counter; }; chain b { counter; }; }
	table ip unhooked { chain a { counter; }; }
	table ip6 six { chain out { type filter hook output priority 5; counter; }; }
	R
	iptables -A INPUT -j ACCEPT
	quiet iptables -A INPUT -j DROP
	for command in 'iptables -L' 'iptables -S' iptables-save 'ip6tables -L'; do
		# shellcheck disable=SC2086 # words
		says_of_legacy '' tool $command
	done
	[[ $(at_terminal iptables -L) == "# Warning: $other (ip mine, inet fw), use 'nft list ruleset' to see them"* ]]
	[[ $(at_terminal iptables-save) == "# Warning: $other (ip mine, inet fw), use"* ]]
	[[ $(at_terminal ip6tables -S) == "# Warning: $other (ip6 six, inet fw), use"* ]]
	[[ $(at_terminal iptables -C INPUT -j DROP) == '' ]]
	RAVELIN_DIAGNOSTICS=0 at_terminal iptables -S >said
	no grep Warning said
}

@test "rules outside iptables: at most five are listed" {
	for i in 1 2 3 4 5 6 7; do
		nft "table inet t$i { chain in { type filter hook input priority $i; counter; }; }"
	done
	[[ $(at_terminal iptables -S) == *"(inet t1, inet t2, inet t3, inet t4, inet t5, ...)"* ]]
}

# tells WHAT CMD...: on a terminal the command shows its progress and clears it.
tells()
{
	at_terminal "${@:2}" >said || { cat -A said; return 1; }
	grep -q "$1" said || { echo "not said by ${*:2}: $1"; cat -A said; return 1; }
	[[ $(tr '\r' '\n' <said | tail -n 1 | tr -d ' \n') == '' ]] || { echo "left standing:"; cat -A said; return 1; }
}

@test "long operations show progress on a terminal" {
	tells 'iptables-restore: 50000 of 60002 lines' iptables-restore "$LONG"
	tells 'iptables-restore: 6000[0-9] lines, waiting for the kernel' iptables-restore -n "$LONG"
	tells 'iptables-restore: 50000 of 60002 lines' iptables-restore -t "$LONG"
	tells 'iptables-save: 50000 rules' iptables-save -f saved
	tells 'iptables: 50000 rules' iptables -C INPUT -s 10.1.1.1 -j ACCEPT
	tells 'iptables-restore-translate: 50000 of 60002 lines' "iptables-restore-translate -f $LONG >/dev/null"
}

@test "long operations on files show progress too" {
	sed '1a:INPUT ACCEPT [0:0]' "$LONG" >long
	tells 'iptables-xml: 50000 of 60003 lines' "iptables-xml long >long.xml"
	tells 'iptables-xml: 50000 rules' "iptables-xml -r long.xml >/dev/null"
	tells 'ravelin json: 50000 rules' "../ravelin json long >long.json"
	tells 'ravelin json: 50000 rules' "../ravelin json -r long.json >/dev/null"
	export RAVELIN_BACKEND=file:long
	tells 'iptables: 50000 rules' iptables -C INPUT -s 10.1.1.1 -j ACCEPT
	tells 'iptables-save: 50000 rules' 'iptables-save -f /dev/null'
	tells 'iptables-restore: 50000 rules' "iptables-restore -n -t </dev/null"
}

@test "no progress without a terminal" {
	quiet iptables-restore "$LONG"
	says_of_legacy '' iptables-save
	[ "$(grep -c -e -A <<<"$out")" -eq 60000 ]
	says_of_legacy '' iptables -S
	quiet iptables -C INPUT -s 10.1.1.1 -j ACCEPT
	says_of_legacy '' tool iptables-restore-translate -f "$LONG"
	# A terminal as stdout is not sufficient.
	script -q -e -c "nsenter --net=/proc/$NS/ns/net -- $RAVELIN_BIN/iptables-restore $LONG 2>err" /dev/null >said
	[ ! -s err ]
	[ ! -s said ]
}

@test "short operations show no progress" {
	[ "$(at_terminal iptables-restore "$BATS_FILE_TMPDIR/shorter")" = '' ]
	[ "$(at_terminal iptables-save -f /dev/null)" = '' ]
}

@test "an error after progress starts on a new line" {
	sed '55000s/.*/-A INPUT --bogus/' "$LONG" >bad
	at_terminal iptables-restore bad >said && return 1
	tr '\r' '\n' <said | grep -qx "iptables-restore $BANNER: unknown option \"--bogus\""
}

# --- names and comments -----------------------------------------------------------------

# CSI as 7-bit, 8-bit and UTF-8; carriage return; right-to-left override.
EVIL=$'a\033[2Jb\x9b31mc\302\233d\re\342\200\256f\177'
SHOWN='a\x1b[2Jb\x9b31mc\xc2\x9bd\x0de\xe2\x80\xaef\x7f'

@test "escape sequences in comments are escaped on a terminal only" {
	local words out
	no_resolver
	iptables -N "ü→漢"
	iptables -A INPUT -m comment --comment "$EVIL" -j "ü→漢"
	for words in 'iptables -S' 'iptables -L -n' 'iptables-save' 'iptables -v -A INPUT -s 10.0.0.1' '../ravelin json'; do
		out=$(at_terminal "$words")
		out=${out//$'\r\n'/$'\n'}
		out=${out%$'\r'}
		[[ $out != *[$'\001'-$'\010'$'\013'-$'\037'$'\177']* ]] || { echo "$words"; return 1; }
		[[ $out != *$'\302\233'* && $out != *$'\342\200\256'* ]] || { echo "$words"; return 1; }
	done
	out=$(at_terminal iptables -S)
	[[ $out == *"--comment \"$SHOWN\" -j ü→漢"* ]]
	[[ $(iptables-save) == *"--comment \"$EVIL\""* ]]
	[[ $(iptables -L) == *"/* $EVIL */"* ]]
	iptables-save >saved
	iptables-restore saved
	same "$(without_dates <saved)" "$(iptables-save | without_dates)" 'what was saved'
}

@test "escape sequences in error messages are escaped" {
	local out
	out=$(at_terminal "iptables -A INPUT -j $'x\\033[2J'") || true
	[[ $out == *'x\x1b[2J'* ]]
	[[ $out != *$'\033'* ]]
	out=$(at_terminal "../ravelin $'no\\033[2J'") || true
	[[ $out == *'unknown program: no\x1b[2J'* ]]
	out=$(at_terminal "iptables-apply $'no\\033[2J'") || true
	[[ $out == *'rulesfile not readable: no\x1b[2J'* ]]
}
