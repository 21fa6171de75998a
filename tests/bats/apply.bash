# SPDX-License-Identifier: GPL-2.0-or-later
#
# For tests of iptables-apply. Each has a network namespace and a /run of its own.
#
# shellcheck shell=bash disable=SC2154,SC2034

# new_host VAR: a namespace whose /run is empty and nobody else's.
new_host()
{
	hold "$1" unshare --net --mount sh -c 'mount -t tmpfs -o mode=755 none /run && exec sleep infinity'
	until_true 5 has_own_run "${!1}"
}
has_own_run() { other_ns "$1" && grep -q ' /run .* tmpfs none ' "/proc/$1/mountinfo"; }

# on PID CMD...: there.
on() { nsenter --net="/proc/$1/ns/net" --mount="/proc/$1/ns/mnt" --wd="$PWD" -- "${@:2}"; }
ns() { on "$@"; }
ravelin() { ns "$NS" "$RAVELIN_BIN/../ravelin" "$@"; }

# everything: both families with their counters.  A base chain without rules that the kernel
# has not got yet is in it as well, so that it makes no difference.
everything() { { iptables-save -c; ip6tables-save -c; } | without_dates; }

nothing_left() { [ -z "$(on "$NS" find /run/ravelin -type f -o -type s)" ] || { on "$NS" ls -l /run/ravelin; return 1; }; }
# start ARG...: an apply in the background, which nobody answers yet; $FRONT is its process,
# $WATCHER the one that watches.  Its output goes to the file "said".  GROUP=setsid: in a group of its own.
start()
{
	rm -f keys said
	mkfifo keys
	# Open at both ends: who writes need not wait, who reads sees no end.
	exec 8<>keys
	# No function: the process number is to be the program's.
	${GROUP-} nsenter --net="/proc/$NS/ns/net" --mount="/proc/$NS/ns/mnt" --wd="$PWD" -- \
		"$RAVELIN_BIN/iptables-apply" "$@" <keys >said 2>&1 3>&- 8>&- &
	FRONT=$!
	until_true 5 grep -qs "NEW connections" said
	WATCHER=$(pgrep -P "$FRONT")
}

# ended RC: the apply has ended so.
ended()
{
	local rc=0
	wait "$FRONT" || rc=$?
	[ "$rc" -eq "$1" ] || { echo "exit code $rc, not $1"; cat said; return 1; }
}

ASKED='Can you establish NEW connections to the machine? (y/N) '
REVERTED='Reverting to old iptables rules... done.'
LATE='Timeout! Something happened (or did not). Better play it safe...'

# apply KEYS ARG...
apply() { printf %s "$1" | on "$NS" "$RAVELIN_BIN/${TOOL:-iptables-apply}" "${@:2}"; }
