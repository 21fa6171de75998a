#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Cost grows at most linearly: the cases of bench/growth, measured in instructions.
#
# shellcheck disable=SC2154

load lib

setup()
{
	need_root
	only_nft 'what other backends do is counted on files'
	GROWTH=$LIB_DIR/../../bench/growth
}

# linear ARG...: counts instructions of those cases.
linear()
{
	"$GROWTH" --instructions --scale 0.5 --ravelin "$RAVELIN_BIN" "$@" || { echo "RAVELIN_BIN=$RAVELIN_BIN $GROWTH $*"; false; }
}

@test "commands in a restore, each n times" {
	linear --only 'n rules' --only 'n times' --only 'from the end' --only 'for each k' --only 'in the middle' --only 'at the end' --only 'equal' --only 'new rules' --only 'of n chains' --only 'addresses'
}

@test "one command or one line with many chains" {
	linear --only 'beside n chains'
}

@test "rules of nft that fill sets" {
	linear --only connlimit
}

@test "conversions of files" {
	linear --only file: --only json --only xml --only translate --only diff
}
