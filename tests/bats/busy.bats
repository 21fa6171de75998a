#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Concurrent changes of nf_tables by other programs: short version of tests/busy/run.

load lib

setup() { need_root; only_nft 'the module has no tables of others'; }

@test "commands succeed, or time out, under concurrent writers" {
	"$LIB_DIR/../busy/run" --rules 2000 --rates 200
}
