/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TRACE: the kernel reports each rule the packet matches. In nf_tables it is packet metadata; the
 * target, as written by iptables 1.8.0, has no struct.
 */
#include <ravelin/extension.h>

static const struct rv_option trace_options[] = { { 0 } };

RV_EXTENSION(trace) = {
	.name = "TRACE", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	.options = trace_options,
	.revisions = RV_REVISIONS({ .no_struct = true }),
	.nft = " nftrace set 1",
	.help = "reports each rule that the packet matches",
};
