# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by the tests of the package.

# ok WHAT COMMAND…: prints whether it succeeded, and its output if not.
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

# says TEXT COMMAND…: its output must be exactly this.
says() {
	local output
	output=$("${@:2}" 2>&1) || true
	[ "$output" = "$1" ] || { echo "said: $output"; echo "not:  $1"; return 1; }
}

# mentions REGEX COMMAND…: its output must match.
mentions() {
	local output
	output=$("${@:2}" 2>&1) || true
	grep -qE -e "$1" <<<"$output" || { echo "said: $output"; return 1; }
}
