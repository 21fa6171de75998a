#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rulesets and packets of tests/threeway, in the virtual machine of tests/vm/check: the module
# counts what the engine in a program does, and with THREEWAY_BACKENDS=kmod,nft nf_tables in the
# machine's own kernel too. The same seed runs on nf_tables outside.

@test "random rulesets and packets: module, nf_tables and ravelin run have equal counters" {
	run "$BATS_TEST_DIRNAME/../threeway/run" --seed "${DIFFERENTIAL_SEED:-1}" --rulesets "${VM_RULESETS:-4}" \
		--backends "${THREEWAY_BACKENDS:-kmod}" --ravelin "$RAVELIN_BIN"
	sed 's/^/# /' <<<"$output" >&3
	[ "$status" = 0 ]
}
