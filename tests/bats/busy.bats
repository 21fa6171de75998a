#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Other programs change nf_tables all the time: the short form of tests/busy/run.

load lib

setup() { need_root; only_nft 'the module has no tables of others'; }

@test "commands are right, or end in time, while others write" {
	"$LIB_DIR/../busy/run" --rules 2000 --rates 200
}
