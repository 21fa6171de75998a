#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Incoming packets while rules are replaced: short version of tests/flood/run.

load lib

setup() { need_root; only_nft 'the module replaces a table at once'; }

@test "a closed host stays closed while its policy and rules are replaced under a flood" {
	"$LIB_DIR/../flood/run" --stray 1 --rules 5000 --rounds 4 --families 4 --monitors no
}

@test "the same in IPv6, with a monitor running" {
	"$LIB_DIR/../flood/run" --stray 1 --rules 5000 --rounds 4 --families 6 --monitors yes --ways restore
}

@test "a table made by others is replaced without opening" {
	"$LIB_DIR/../flood/run" --stray 1 --rules 10 --rounds 60 --families 4 --monitors yes --ways takeover
}

@test "an unconfirmed apply rolls back, closed all the time" {
	"$LIB_DIR/../flood/run" --stray 1 --rules 5000 --rounds 3 --families 4 --monitors no --ways revert
}
