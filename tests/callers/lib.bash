# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Environment of a caller's script in the machine that tests/callers/run creates: the required packages,
# eth0 (192.0.2.2, 2001:db8::2) with a neighbour, no rules, and these functions. All output of the script
# is compared between stock and Ravelin.

# run COMMAND…: prints the command, its output and its exit code.
run()
{
	local rc=0
	echo "\$ $*"
	"$@" 2>&1 </dev/null || rc=$?
	echo "= $rc"
	return $rc
}

# must COMMAND…: like run; ends the script if the command fails.
must() { run "$@" || { echo "this must succeed" && exit 1; }; }

# may COMMAND…: like run; the exit code is only compared.
may() { run "$@" || true; }

# feed COMMAND…: like must, for a command that reads standard input.
feed()
{
	local input rc=0
	input=$(mktemp)
	cat >"$input"
	echo "\$ $* <<"
	cat "$input"
	"$@" 2>&1 <"$input" || rc=$?
	rm -f "$input"
	echo "= $rc"
	[ $rc = 0 ] || { echo "this must succeed" && exit 1; }
}

# until_true COMMAND…: polls until it succeeds, with a generous timeout.
until_true()
{
	local deadline=$((SECONDS + 300))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -le "$deadline" ] || { echo "gave up waiting for: $*" && exit 1; }
		sleep 0.1
	done
}

# outside COMMAND…: runs it on the neighbour.
outside() { nsenter --target "$NEIGHBOUR" --net "$@"; }

# snapshot WHEN: all rules, as saved by the tool under test and as listed by nft.
snapshot()
{
	local save direct=/usr/sbin
	[ ! -d /usr/lib/recorded ] || direct=/usr/lib/recorded
	for save in iptables-save ip6tables-save; do
		echo "## $1: $save"
		"$direct/$save" 2>&1 || echo "= $?"
	done
	echo "## $1: nft"
	# One family at a time: nft prints some targets in the syntax of the first family listed.
	# Its comments about compat tables are removed.
	nft -s list ruleset ip 2>/dev/null | grep -v '^#'
	nft -s list ruleset ip6 2>/dev/null | grep -v '^#'
}
