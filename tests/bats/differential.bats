#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rows of the tables of explained differences excuse only what they name.
#
# shellcheck disable=SC2154

load lib

setup()
{
	need_root
	only_nft 'it compares with stock'
	"$LIB_DIR/../oracle" >/dev/null || skip 'no stock iptables to compare with'
	cd "$BATS_TEST_TMPDIR" || return
	DIFFERENTIAL=$LIB_DIR/../differential
	export RAVELIN_DESCRIBE=${RAVELIN_DESCRIBE:-$RAVELIN_BIN/../describe}
	[ -x "$RAVELIN_DESCRIBE" ] || skip 'needs build/describe'
}

# compared ROW RULE...: runs the differential test of a rule with this row as table.
compared()
{
	printf '%s\n' "$1" >table
	run "$DIFFERENTIAL/run" --ravelin "$RAVELIN_BIN" --explained "$PWD/table" --no-lists --rule "${*:2}"
}

# A deliberate difference: stock takes 65536 as port 0.
RULE='iptables -A INPUT -p udp --dport 65536'

@test "a row without exit codes or Ravelin's text is an error of the table" {
	compared $'append\t-\tport\t^0\tPort\twhy' "$RULE"
	[ "$status" -ne 0 ]
	[[ $output == *"the exit codes are to be"* ]]
	compared $'append\t0>2\tport\t-\t-\twhy' "$RULE"
	[ "$status" -ne 0 ]
	[[ $output == *"what Ravelin does is to be said"* ]]
	compared $'append\tport\t^0\tPort\twhy' "$RULE"
	[ "$status" -ne 0 ]
	[[ $output == *"5 columns"* ]]
}

@test "a row excuses its exit codes, its text and nothing else" {
	local port='Port "65536" does not resolve'
	compared "" "$RULE"
	[ "$status" -eq 1 ]
	[[ $output == *'DIFFERENCE append 0>2'* ]]
	compared $'append\t0>2\tport\t^0$\t'"$port"$'\twhy' "$RULE"
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	compared $'append\t0>1\tport\t^0$\t'"$port"$'\twhy' "$RULE"
	[ "$status" -eq 1 ]
	compared $'append\t0>2\tport\t^0$\tPort "65535" does not\twhy' "$RULE"
	[ "$status" -eq 1 ]
	compared $'append\t0>2\tport\t^0$\tEXCEPT xyz\twhy' "$RULE"
	[ "$status" -eq 1 ]
}

@test "a row unused in all of several runs fails the last" {
	printf 'append\t0>2\tport\t^0$\tPort "no such port"\twhy\n' >table
	run "$DIFFERENTIAL/run" --ravelin "$RAVELIN_BIN" --explained "$PWD/table" --no-lists --odd --seed 1 --count 1 --needed "$PWD/needed"
	[ "$status" -eq 1 ]
	[[ $output == *'no run has needed the row: append'* ]]
}
