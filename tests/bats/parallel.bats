#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two restores and forty -A at once, twenty times (RAVELIN_TEST_ROUNDS where instructions are emulated): every change that was
# accepted is there, once; what was refused is not there at all; and nobody who
# reads meanwhile sees half a restore.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

ROUNDS=${RAVELIN_TEST_ROUNDS:-20}
ADDS=40
BLOCK=50

setup()
{
	need_root
	new_ns NS
	DIR=$BATS_TEST_TMPDIR
	local n i
	for n in 1 2; do
		echo '*filter'
		for ((i = 1; i <= BLOCK; i++)); do
			echo "-A block -p tcp --dport $i -m comment --comment restore$n -j ACCEPT"
		done
		echo COMMIT
	done | csplit -s -z -f "$DIR/restore" -n 1 - '/^\*filter/' '{1}'
	mv "$DIR/restore1" "$DIR/restore2"
	mv "$DIR/restore0" "$DIR/restore1"
}

teardown() { end_ns "${NS:-}"; }

# change NAME CMD...: in the background; writes the exit code to NAME.rc and the message to
# NAME.err.
change()
{
	{
		local code=0
		"${@:2}" >"$DIR/$1.err" 2>&1 || code=$?
		echo $code >"$DIR/$1.rc"
	} 3>&- &
	changes+=($!)
}

# change_all: all at once.
change_all()
{
	local n changes=()
	for n in 1 2; do
		change restore$n tool iptables-restore --noflush "$DIR/restore$n"
	done
	for ((n = 1; n <= ADDS; n++)); do
		change add$n tool iptables -A INPUT -m comment --comment add$n -j ACCEPT
	done
	watch_restores
	# By name: the namespace's holder is a child of this shell too.
	wait "${changes[@]}"
}

# watch_restores: a reader that must see all of a restore or nothing.
watch_restores()
{
	local n seen
	for n in 1 2 3 4 5; do
		tool iptables-save >"$DIR/seen" 2>"$DIR/seen.err" || { echo "save failed: $(cat "$DIR/seen.err")"; return 1; }
		for seen in $(grep -c restore1 "$DIR/seen") $(grep -c restore2 "$DIR/seen"); do
			[ "$seen" -eq 0 ] || [ "$seen" -eq $BLOCK ] || { echo "a reader saw $seen of $BLOCK rules"; return 1; }
		done
	done
}

# count_rules: number of rules of each change, in ${rules[NAME]}.
count_rules()
{
	local count name
	rules=()
	while read -r count name; do
		rules[$name]=$count
	done < <(sed -n 's/^-A .* --comment \([a-z]*[0-9]*\) .*/\1/p' "$DIR/saved" | sort | uniq -c)
}

# accounted NAME RULES: the number of rules with this comment must match the exit code.
accounted()
{
	local code want=0 got=${rules[$1]:-0} said
	code=$(<"$DIR/$1.rc") said=$(<"$DIR/$1.err")
	[ "$code" -ne 0 ] || want=$2
	[ "$got" -eq "$want" ] || { echo "$1: exit code $code, and $got rules"; return 1; }
	# Only a concurrent writer may cause failure, which is worth a retry.
	case $code in
		0) [ -z "$said" ] || { echo "$1: success, and $said"; return 1; } ;;
		4) [ -n "$said" ] || { echo "$1: refused without a word"; return 1; } ;;
		*) echo "$1: $code $said"; return 1 ;;
	esac
	accepted=$((accepted + (code == 0)))
}

twenty_rounds()
{
	local round n accepted=0
	local -A rules
	for ((round = 1; round <= ROUNDS; round++)); do
		tool iptables -F
		tool iptables -X
		tool iptables -N block
		change_all
		tool iptables-save >"$DIR/saved"
		count_rules
		for n in 1 2; do accounted restore$n $BLOCK; done
		for ((n = 1; n <= ADDS; n++)); do accounted add$n 1; done
		# Rules of a restore keep their order.
		for n in 1 2; do
			same "$(grep -e "restore$n " "$DIR/saved" | sort -s -t' ' -k 7,7n)" "$(grep -e "restore$n " "$DIR/saved")" \
				"order of restore$n"
		done
	done
	echo "$accepted of $((ROUNDS * (ADDS + 2))) changes were accepted"
	# Refusing everything would not be a success.
	[ $accepted -gt $((ROUNDS * (ADDS + 2) * 9 / 10)) ]
}

@test "the kernel's rules: nothing lost or duplicated" { twenty_rounds; }

@test "the kernel's rules: two whole-table restores, one of them wins entirely" {
	local round n changes
	for n in 1 2; do sed -i 's/^\*filter/&\n:block - [0:0]/' "$DIR/restore$n"; done
	for ((round = 1; round <= ROUNDS; round++)); do
		changes=()
		for n in 1 2; do
			change restore$n tool iptables-restore "$DIR/restore$n"
		done
		wait "${changes[@]}"
		tool iptables-save >"$DIR/saved"
		case $(grep -c restore1 "$DIR/saved")-$(grep -c restore2 "$DIR/saved") in
			"$BLOCK-0" | "0-$BLOCK") ;;
			*) echo "a mixture of both:"; cat "$DIR/saved"; return 1 ;;
		esac
	done
}

@test "a rules file: nothing lost or duplicated" {
	export RAVELIN_BACKEND=file:$DIR/rules
	twenty_rounds
	# It used the file, not the kernel.
	[ -s "$DIR/rules" ]
	nothing_loaded
	# Nothing is left behind.
	same "rules" "$(cd "$DIR" && find . -mindepth 1 \( -name "*rules*" -o -name ".*" \) -printf "%P\n")"
}
