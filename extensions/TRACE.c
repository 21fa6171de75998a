/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TRACE: the kernel tells of each rule the packet comes by. nf_tables has it as metadata of
 * the packet, so there is no struct.
 */
#include <ravelin/extension.h>

static const struct rv_option options[] = { { 0 } };

static const struct rv_ext trace = {
	.name = "TRACE",
	.kind = RV_TARGET,
	.options = options,
	.nft = " nftrace set 1",
	.help = "tells of each rule that the packet comes by from here on",
};

RV_REGISTER(trace);
