#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manual pages.

@test "every page is rendered without a warning" {
	local page
	for page in "$BATS_TEST_DIRNAME"/../../docs/man/*.[18]; do
		run groff -man -ww -z -t "$page"
		echo "$page: $output"
		[ "$status" -eq 0 ] && [ -z "$output" ]
	done
}
