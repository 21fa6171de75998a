# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a caller's script finds, inside the machine that tests/callers/run makes for it: the packages
# it asks for, eth0 (192.0.2.2, 2001:db8::2) with a neighbour behind it, no rules, and these words.
# All that the script prints is compared between stock and Ravelin.

# run COMMAND…: shows the command, what it says, and its exit code.
run()
{
	local rc=0
	echo "\$ $*"
	"$@" 2>&1 </dev/null || rc=$?
	echo "= $rc"
	return $rc
}

# must COMMAND…: as run; the script ends here if the command fails.
must() { run "$@" || { echo "that had to work" && exit 1; }; }

# may COMMAND…: as run; a failure, whichever, belongs to the comparison and not to the script.
may() { run "$@" || true; }

# feed COMMAND…: as must, for a command that reads its standard input from ours.
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
	[ $rc = 0 ] || { echo "that had to work" && exit 1; }
}

# until_true COMMAND…: polls. A machine may be busy: the end of waiting is a guard against what hangs.
until_true()
{
	local deadline=$((SECONDS + 300))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -le "$deadline" ] || { echo "gave up waiting for: $*" && exit 1; }
		sleep 0.1
	done
}

# outside COMMAND…: runs it as the neighbour.
outside() { nsenter --target "$NEIGHBOUR" --net "$@"; }

# snapshot WHEN: all rules, as the tool under test saves them and as nft finds them in the kernel.
snapshot()
{
	local save direct=/usr/sbin
	[ ! -d /usr/lib/recorded ] || direct=/usr/lib/recorded
	for save in iptables-save ip6tables-save; do
		echo "## $1: $save"
		"$direct/$save" 2>&1 || echo "= $?"
	done
	echo "## $1: nft"
	# One family at a time: nft words some targets as in the family that it meets first. It says
	# in comments what it thinks of tables like ours.
	nft -s list ruleset ip 2>/dev/null | grep -v '^#'
	nft -s list ruleset ip6 2>/dev/null | grep -v '^#'
}
