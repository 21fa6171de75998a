# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of the package share.

# ok WHAT COMMAND…: a line that says whether it succeeded; what it printed only if it did not.
ok() {
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then
		echo "ok $what"
	else
		echo "not ok $what"
		printf '%s\n' "$output" | sed 's/^/#   /'
	fi
}

no() { ! "$@"; }

# says TEXT COMMAND…: its output, exactly.
says() {
	local output
	output=$("${@:2}" 2>&1) || true
	[ "$output" = "$1" ] || { echo "said: $output"; echo "not:  $1"; return 1; }
}

# mentions REGEX COMMAND…
mentions() {
	local output
	output=$("${@:2}" 2>&1) || true
	grep -qE -e "$1" <<<"$output" || { echo "said: $output"; return 1; }
}
