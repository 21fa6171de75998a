#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# iptables-apply: unless confirmed, the rules of both families are restored with
# counters, whatever ends the wait: a key, the timeout, a hangup, the death of
# either process or both.
#
# Each test has its own network namespace and /run.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib
load apply

setup()
{
	need_root
	new_host NS
	cd "$BATS_TEST_TMPDIR" || return
	iptables -A INPUT -s 10.0.0.1 -c 3 333 -j DROP
	iptables -N OLD
	iptables -P FORWARD DROP
	ip6tables -t mangle -A PREROUTING -s fd00::1 -c 6 666 -j MARK --set-mark 6
	OLD=$(everything)
	cat >new.rules <<-END
		*filter
		:INPUT ACCEPT [0:0]
		:NEW - [0:0]
		-A INPUT -s 10.0.0.9/32 -j NEW
		COMMIT
		*nat
		COMMIT
	END
	NEW=$'*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:NEW - [0:0]
-A INPUT -s 10.0.0.9/32 -j NEW\nCOMMIT'
	# Changes both families.
	cat >new.run <<-END
		#!/bin/sh
		set -e
		$RAVELIN_BIN/iptables -F
		$RAVELIN_BIN/iptables -t raw -A OUTPUT -j NOTRACK
		$RAVELIN_BIN/ip6tables -t mangle -F
		$RAVELIN_BIN/ip6tables -A INPUT -j DROP
	END
	chmod +x new.run
}

teardown() { end_ns "${NS:-}" "${OTHER:-}"; }

is_old() { same "$OLD" "$(everything)" rules && nothing_left; }
is_new() { same "$NEW" "$(saved -t filter)" rules && nothing_left; }
is_old_again() { is_old >/dev/null; }
is_loaded() { [ "$(saved -t filter)" = "$NEW" ]; }

# --- the answer ---------------------------------------------------------------

@test "y confirms the new rules" {
	prints "Applying new iptables rules from 'new.rules'... done.
$ASKED
... then my job is done. See you next time." apply y new.rules
	is_new
}

@test "--meaning shows first what traffic is opened and closed" {
	iptables -A INPUT -p tcp --dport 80 -j DROP
	iptables -t nat -A PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 80
	printf '%s\n' '*filter' ':FORWARD DROP' '-A INPUT -s 10.0.0.1 -j DROP' '-A INPUT -p tcp --dport 443 -j DROP' COMMIT >more.rules
	# Table nat is not in the file and stays.
	prints "What changes for packets:
filter INPUT
  opens     ! -f -p tcp --dport 80 ! -s 10.0.0.1
  closes    ! -f -p tcp --dport 443 ! -s 10.0.0.1
Applying new iptables rules from 'more.rules'... done.
$ASKED
... then my job is done. See you next time." apply y --meaning more.rules
	prints "What changes for packets:
no packet is treated differently
Applying new iptables rules from 'more.rules'... done.
$ASKED
... then my job is done. See you next time." apply y --meaning more.rules
}

@test "--meaning shows at most 40 lines" {
	# 20 sources and "more" for each chain.
	{
		echo '*filter'
		for chain in INPUT FORWARD OUTPUT; do
			seq 25 | awk -v c=$chain '{ printf "-A %s -s 10.%d.0.1 -p udp --dport %d -j DROP\n", c, $1, $1 }'
		done
		echo COMMIT
	} >many.rules
	capture apply y --meaning many.rules
	[ "$rc" -eq 0 ]
	[ "$(grep -cE '^filter |^  (opens|closes) ' <<<"$out")" -eq 40 ] || { echo "$out"; return 1; }
	grep -qxE 'not shown: [0-9]+ more lines' <<<"$out"
}

@test "what is opened and closed is shown at a terminal, unless --no-meaning" {
	on "$NS" script -qfec "$RAVELIN_BIN/iptables-apply -t 60 new.rules" said </dev/null >/dev/null 2>&1 3>&- || true
	grep -q 'What changes for packets:' said
	grep -q 'opens .*10.0.0.1' said
	on "$NS" script -qfec "$RAVELIN_BIN/iptables-apply -t 60 --no-meaning new.rules" said </dev/null >/dev/null 2>&1 3>&- || true
	run grep 'What changes for packets:' said
	[ "$status" -eq 1 ]
	is_old
}

# compares: $CHILD is the comparing process.
compares()
{
	local front
	front=$(pgrep -f "iptables-apply --meaning $PWD/many.rules" | head -n 1) && CHILD=$(pgrep -P "$front")
}

@test "a failed comparison does not prevent loading" {
	{ echo '*filter'; seq 20000 | awk '{ printf "-A INPUT -s 10.%d.%d.%d -j DROP\n", $1 / 65536, $1 / 256 % 256, $1 % 256 }'; echo COMMIT; } >many.rules
	local signal said
	for signal in STOP KILL; do
		# It is stopped or killed while it reads the rules.
		apply y --meaning "$PWD/many.rules" >said 2>&1 &
		until_true 5 compares
		kill "-$signal" "$CHILD"
		wait $!
		said=$(<said)
		[ $signal = KILL ] || [[ $said == *"not compared: it takes more than 5 seconds"* ]] || { echo "$said"; return 1; }
		[ $signal = STOP ] || [[ $said == *"not compared: the comparison failed"* ]] || { echo "$said"; return 1; }
		[[ $said == *"then my job is done"* ]] || { echo "$said"; return 1; }
	done
	printf '%s\n' '*filter' '-A INPUT -p tcp --dport x -j DROP' COMMIT >bad.rules
	capture apply y --meaning bad.rules
	[ "$rc" -eq 5 ]
	[[ $out == *"not compared: invalid port/service"* ]] || { echo "$out"; return 1; }
}

@test "-w saves the rules after confirmation only" {
	apply n -w saved.rules new.rules || true
	[ ! -e saved.rules ]
	prints "Applying new iptables rules from 'new.rules'... done.
$ASKED
Writing successfully applied rules to 'saved.rules'...
... then my job is done. See you next time." apply Y -w saved.rules new.rules
	grep -qxF -e '-A INPUT -s 10.0.0.9/32 -j NEW' saved.rules
	same "$(saved)" "$(without_dates <saved.rules)" 'saved rules'
}

@test "any other answer rolls back both families, with counters" {
	local key
	for key in n x Q ' '; do
		capture apply "$key" new.rules
		[ "$rc" -eq 255 ]
		[ -z "$err" ]
		same "Applying new iptables rules from 'new.rules'... done.
$ASKED
No affirmative response! Better play it safe...
$REVERTED" "$out" output
		is_old
	done
}

@test "end of file is no answer: waits for another session" {
	local before=$SECONDS
	capture apply '' -t 2 new.rules
	[ "$rc" -eq 255 ]
	[ $((SECONDS - before)) -ge 1 ]
	[ -z "$err" ]
	same "Applying new iptables rules from 'new.rules'... done.
$ASKED
$LATE
$REVERTED" "$out" output
	is_old
	# Answers are accepted after end of file.
	rm -f said
	RAVELIN_DIAGNOSTICS=1 on "$NS" "$RAVELIN_BIN/iptables-apply" -t 60 new.rules </dev/null >said 2>&1 3>&- &
	FRONT=$!
	until_true 5 grep -qsxF 'no terminal: waiting 60 s for "ravelin confirm" in another session' said
	quiet ravelin confirm
	ended 0
	is_new
}

@test "end of file on a terminal means no" {
	local rc=0
	on "$NS" script -qfec "$RAVELIN_BIN/iptables-apply -t 60 new.rules" said </dev/null >/dev/null 2>&1 3>&- || rc=$?
	[ "$rc" -eq 255 ]
	is_old
}

@test "timeout rolls back" {
	# Long enough to check the rules.
	start -t "${RAVELIN_TEST_PATIENCE:-1}" new.rules
	is_loaded
	ended 255
	[[ $(cat said) == *"$LATE"$'\n'"$REVERTED" ]]
	is_old
}

@test "ip6tables-apply loads IPv6 rules" {
	sed 's,10.0.0.9/32,fd00::9/128,' new.rules >new6.rules
	TOOL=ip6tables-apply prints "Applying new iptables rules from 'new6.rules'... done.
$ASKED
... then my job is done. See you next time." apply y new6.rules
	[[ $(IPV=6 saved -t filter) == *"-A INPUT -s fd00::9/128 -j NEW"* ]]
	[[ $(saved -t filter) == *"-A INPUT -s 10.0.0.1/32 -j DROP"* ]]
}

@test "ravelin apply loads both families" {
	prints "Applying new iptables rules from 'new.rules'... done.
$ASKED
... then my job is done. See you next time." sh -c 'printf y | "$@"' sh nsenter --net="/proc/$NS/ns/net" \
		--mount="/proc/$NS/ns/mnt" --wd="$PWD" -- "$RAVELIN_BIN/../ravelin" apply new.rules
	is_new
	sed 's,10.0.0.9/32,fd00::9/128,' new.rules >new6.rules
	on "$NS" "$RAVELIN_BIN/../ravelin" apply -6 new6.rules <<<y >/dev/null
	[[ $(IPV=6 saved -t filter) == *"-A INPUT -s fd00::9/128 -j NEW"* ]]
	refused 1 'Error: timeout must be a positive number' ravelin apply -t soon new.rules
	refused 2 'Error: rulesfile not readable: /etc/network/ip6tables.up.rules' ravelin apply -6
	refused 1 "ravelin apply: unrecognized option '--nope'" ravelin apply --nope
}

# --- another session ------------------------------------------------------------

@test "ravelin confirm from another session keeps the rules" {
	start -w saved.rules new.rules
	quiet ravelin confirm
	ended 0
	is_new
	[ -s saved.rules ]
}

@test "ravelin revert from another session rolls back" {
	start new.rules
	quiet ravelin revert
	ended 255
	is_old
}

@test "a confirmation from another network namespace is refused" {
	start new.rules
	# The same /run; only the network namespace differs.
	hold OTHER nsenter --mount="/proc/$NS/ns/mnt" -- unshare --net sleep infinity
	until_true 5 other_ns "$OTHER"
	capture on "$OTHER" "$RAVELIN_BIN/../ravelin" confirm
	[ "$rc" -eq 1 ]
	same "ravelin confirm: no iptables-apply is waiting in this network namespace
one is waiting in network namespace net:[$(stat -Lc %i "/proc/$NS/ns/net")]" "$err" message
	# Another namespace may have its own apply.
	rc=0
	echo n | on "$OTHER" "$RAVELIN_BIN/iptables-apply" new.rules >/dev/null || rc=$?
	[ "$rc" -eq 255 ]
	is_loaded
	quiet ravelin revert
	ended 255
}

@test "nothing to confirm is an error" {
	refused 1 'ravelin confirm: no iptables-apply is waiting in this network namespace' ravelin confirm
	refused 1 'ravelin revert: no iptables-apply is waiting in this network namespace' ravelin revert
	apply y new.rules >/dev/null
	refused 1 'ravelin confirm: no iptables-apply is waiting in this network namespace' ravelin confirm
	refused 2 'Usage: ravelin confirm' ravelin confirm me
}

@test "a second apply is refused" {
	start new.rules
	RAVELIN_DIAGNOSTICS=0 refused 4 "iptables-apply $BANNER: another iptables-apply is waiting for confirmation in this network namespace" \
		apply y new.rules
	RAVELIN_DIAGNOSTICS=0 TOOL=ip6tables-apply refused 4 "ip6tables-apply $BANNER: another iptables-apply is waiting for confirmation in this network namespace" \
		apply y new.rules
	echo n >&8
	ended 255
	is_old
}

# --- what dies ------------------------------------------------------------------

@test "asking process killed: rolls back" {
	start new.rules
	kill -KILL "$FRONT"
	ended 137
	until_true 5 is_old_again
}

@test "process group killed: rolls back" {
	GROUP=setsid start new.rules
	kill -KILL -- "-$FRONT"
	ended 137
	until_true 5 is_old_again
}

@test "asking process terminated: rolls back" {
	local signal
	for signal in HUP INT TERM QUIT; do
		start new.rules
		kill -"$signal" "$FRONT"
		# A shell starts background commands with INT and QUIT ignored, but a program may
		# handle them.
		ended 255
		is_old
	done
}

@test "terminal closed: rolls back" {
	mkfifo keys
	exec 8<>keys
	nsenter --net="/proc/$NS/ns/net" --mount="/proc/$NS/ns/mnt" --wd="$PWD" -- \
		script -qfec "$RAVELIN_BIN/iptables-apply new.rules" said <keys >/dev/null 2>&1 3>&- 8>&- &
	local terminal=$!
	until_true 5 grep -qs "NEW connections" said
	kill -KILL "$terminal"
	wait "$terminal" || true
	until_true 5 is_old_again
}

@test "a key on a terminal needs no newline" {
	mkfifo keys
	exec 8<>keys
	on "$NS" script -qfec "$RAVELIN_BIN/iptables-apply new.rules" said <keys >/dev/null 2>&1 3>&- 8>&- &
	FRONT=$!
	until_true 5 grep -qs "NEW connections" said
	printf y >&8
	ended 0
	is_new
}

@test "daemon killed: the asking process rolls back" {
	start new.rules
	kill -KILL "$WATCHER"
	ended 255
	is_old
}

@test "daemon terminated: rolls back first" {
	start new.rules
	kill -TERM "$WATCHER"
	ended 255
	is_old
}

@test "asking process stopped: the timeout continues" {
	start -t 1 new.rules
	kill -STOP "$FRONT"
	until_true 5 is_old_again
	kill -CONT "$FRONT"
	ended 255
}

# both_killed: neither can roll back.
both_killed()
{
	start new.rules
	kill -STOP "$WATCHER"
	kill -KILL "$FRONT"
	kill -KILL "$WATCHER"
	ended 137
	is_loaded
}

@test "both killed: the state file remains" {
	both_killed
	RAVELIN_DIAGNOSTICS=0 refused 4 'iptables-apply: an earlier iptables-apply was killed before its rules were confirmed' \
		apply y new.rules
	quiet ravelin revert
	is_old
	both_killed
	quiet ravelin confirm
	is_new
	apply y new.rules >/dev/null
}

@test "the state of a deleted namespace is not restored" {
	both_killed
	local state
	state=/run/ravelin/apply-$(stat -Lc %i "/proc/$NS/ns/net").state
	on "$NS" sed -i '2s/.*/1/' "$state"
	refused 1 'ravelin revert: no iptables-apply is waiting in this network namespace' ravelin revert
	is_new
}

@test "a malformed state is not restored" {
	both_killed
	local state
	state=/run/ravelin/apply-$(stat -Lc %i "/proc/$NS/ns/net").state
	on "$NS" truncate -s 100 "$state"
	refused 4 "ravelin revert $BANNER: $state is malformed" ravelin revert
	is_loaded
}

@test "without access to the state, an apply is not reported as absent" {
	local word other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	cp -L "$RAVELIN_BIN/../ravelin" "$BATS_TEST_TMPDIR/another"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/another"
	start new.rules
	for word in confirm revert; do
		RAVELIN_DIAGNOSTICS=0 refused 4 "ravelin $word $BANNER: cannot open /run/ravelin: Permission denied" \
			ns "$NS" "${other[@]}" "$BATS_TEST_TMPDIR/another" $word
	done
	quiet ravelin revert
	ended 255
}

# --- a command instead of a file ------------------------------------------------

@test "-c runs a command; both families are rolled back" {
	prints "Running command './new.run'... done.
$ASKED
... then my job is done. See you next time." apply y -c ./new.run
	[[ $(everything) != "$OLD" ]]
	local kept
	kept=$(everything)
	sed -i 's/-j DROP/-j ACCEPT/' new.run
	apply n -c ./new.run >/dev/null || [ $? -eq 255 ]
	same "$kept" "$(everything)" rules
}

@test "-c: a command that fails is rolled back" {
	echo 'exit 3' >>new.run
	capture apply y -c ./new.run
	[ "$rc" -eq 7 ]
	same "Running command './new.run'... failed.
$REVERTED" "$out" output
	same 'Error: unknown error running command: ./new.run' "$err" message
	is_old
}

@test "-c: a command that times out is killed with its children" {
	# It ignores SIGTERM.
	echo 'trap "" TERM; echo $$ >pid; sleep 20; echo lived >lived' >>new.run
	capture apply y -t 1 -c ./new.run
	[ "$rc" -eq 7 ]
	until_true 5 no kill -0 "-$(cat pid)" 2>/dev/null
	[ ! -e lived ]
	is_old
}

@test "-c: the asking process is killed while the command runs" {
	echo 'echo $$ >pid; sleep 60 & wait; iptables -F' >>new.run
	mkfifo keys
	exec 8<>keys
	nsenter --net="/proc/$NS/ns/net" --mount="/proc/$NS/ns/mnt" --wd="$PWD" -- \
		"$RAVELIN_BIN/iptables-apply" -t 60 -c ./new.run <keys >said 2>&1 3>&- 8>&- &
	FRONT=$!
	until_true 5 test -s pid
	kill -KILL "$FRONT"
	until_true 5 is_old_again
	until_true 5 no kill -0 "-$(cat pid)" 2>/dev/null
}

# --- what is refused ------------------------------------------------------------

@test "rules that fail to load change nothing" {
	echo '-A NOPE' >>new.rules
	sed -i '/^COMMIT/d; $aCOMMIT' new.rules
	capture apply y new.rules
	[ "$rc" -eq 5 ]
	same "Applying new iptables rules from 'new.rules'... failed.
$REVERTED" "$out" output
	[[ $err == *"Try \`iptables-restore -h'"*$'\n''Error: unknown error applying new iptables rules: new.rules' ]]
	is_old
}

@test "usage errors" {
	refused 1 'Error: timeout must be a positive number' apply y -t soon new.rules
	refused 1 'Error: timeout must be a positive number' apply y -t -5 new.rules
	refused 2 'Error: rulesfile not readable: nope' apply y nope
	refused 2 'Error: rulesfile not readable: .' apply y .
	refused 6 'Error: runcmd not executable: new.rules' apply y -c new.rules
	refused 8 'Error: savefile not writable: .' apply y -w . new.rules
	refused 1 "iptables-apply: unrecognized option '--nope'" apply y --nope
	RAVELIN_BACKEND=file:x refused 2 "iptables-apply v1.8.13 (nf_tables): backend \"file:x\" has no rules that affect packets
Try \`iptables-apply -h' or 'iptables-apply --help' for more information." apply y new.rules
	is_old
}

@test "a state writable by others is refused, and others cannot read it" {
	local nothing='Error: unknown error saving old iptables rules'
	on "$NS" install -d -m 755 /run/ravelin
	RAVELIN_DIAGNOSTICS=0 refused 4 "iptables-apply $BANNER: /run/ravelin is accessible to other users
$nothing" apply y new.rules
	on "$NS" chmod 700 /run/ravelin
	start new.rules
	[ -z "$(on "$NS" find /run/ravelin -type f -perm /077)" ]
	echo n >&8
	ended 255
	on "$NS" rm -r /run/ravelin
	on "$NS" ln -s /tmp /run/ravelin
	RAVELIN_DIAGNOSTICS=0 refused 4 "iptables-apply $BANNER: cannot open /run/ravelin: Not a directory
$nothing" apply y new.rules
	is_old
}

@test "state not writable: nothing is changed" {
	local nothing='Error: unknown error saving old iptables rules'
	on "$NS" mount -o remount,ro /run
	RAVELIN_DIAGNOSTICS=0 refused 4 "iptables-apply $BANNER: cannot make /run/ravelin: Read-only file system
$nothing" apply y new.rules
	same "$OLD" "$(everything)" rules
	on "$NS" mount -o remount,rw /run
	on "$NS" install -d -m 700 /run/ravelin
	on "$NS" mount -o remount,ro /run
	capture apply y new.rules
	[ "$rc" -eq 4 ]
	[[ $err == *': Read-only file system'*"$nothing" ]]
	is_old
	# The disk is full: no byte of the state fits.
	on "$NS" mount -o remount,rw,size=4k /run
	on "$NS" sh -c 'cat /dev/zero >/run/fill' 2>/dev/null || true
	capture apply y new.rules
	[ "$rc" -eq 4 ]
	is_old
}

# --- beside stock ---------------------------------------------------------------

# The script runs iptables-save and iptables-restore by name: those under test.
stock_apply() { printf %s "$1" | on "$NS" env PATH="$RAVELIN_BIN:$PATH" /usr/sbin/iptables-apply "${@:2}"; }

@test "stock's script prints the same messages and exit codes" {
	[ -x /usr/sbin/iptables-apply ] || skip 'no stock iptables-apply'
	local args theirs
	printf '#!/bin/sh\nexit 1\n' >bad.run
	chmod +x bad.run
	for args in 'y|new.rules' 'n|new.rules' '|-t 1 new.rules' 'y|-w saved new.rules' 'y|-t 0 new.rules' \
		'y|-t x new.rules' 'y|nope' 'y|-c new.rules' 'y|-c ./bad.run' 'n|-c ./new.run'; do
		# shellcheck disable=SC2086 # words
		capture stock_apply "${args%%|*}" ${args#*|}
		theirs="$rc $out $err"
		# shellcheck disable=SC2086
		capture apply "${args%%|*}" ${args#*|}
		same "$theirs" "$rc $out $err" "output of ${args#*|}"
	done
}
