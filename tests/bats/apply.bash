# SPDX-License-Identifier: GPL-2.0-or-later
#
# For tests of iptables-apply. Each has a network namespace and a /run of its own.
#
# shellcheck shell=bash disable=SC2154,SC2034

# new_host VAR: a network namespace with an empty /run of its own.
new_host()
{
	hold "$1" unshare --net --mount sh -c 'mount -t tmpfs -o mode=755 none /run && exec sleep infinity'
	until_true 5 has_own_run "${!1}"
}
has_own_run() { other_ns "$1" && grep -q ' /run .* tmpfs none ' "/proc/$1/mountinfo"; }

# on PID CMD...: runs CMD in the namespaces of PID.
on() { nsenter --net="/proc/$1/ns/net" --mount="/proc/$1/ns/mnt" --wd="$PWD" -- "${@:2}"; }
ns() { on "$@"; }
ravelin() { ns "$NS" "$RAVELIN_BIN/../ravelin" "$@"; }

# everything: both families with their counters. Includes base chains that the kernel lacks,
# so their creation is no difference.
everything() { { iptables-save -c; ip6tables-save -c; } | without_dates; }

nothing_left() { [ -z "$(on "$NS" find /run/ravelin -type f -o -type s)" ] || { on "$NS" ls -l /run/ravelin; return 1; }; }
# start ARG...: iptables-apply in the background, waiting for an answer. $FRONT is its process,
# $WATCHER its watchdog; file "said" has its output. GROUP=setsid: in its own process group.
start()
{
	rm -f keys said
	mkfifo keys
	# Open for reading and writing: writers do not block, readers see no end of file.
	exec 8<>keys
	# Not through a function: $! must be the program's process ID.
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
