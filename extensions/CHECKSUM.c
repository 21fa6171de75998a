/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHECKSUM: computes checksums left to hardware offload (uapi xt_CHECKSUM.h). */
#include <linux/netfilter/xt_CHECKSUM.h>

#include <ravelin/extension.h>

static const struct rv_option checksum_options[] = {
	{
		.name = "checksum-fill", .type = RV_T_FLAG, .flags = RV_OPT_REQUIRED,
		RV_FIELD(struct xt_CHECKSUM_info, operation), .value = XT_CHECKSUM_OP_FILL,
		.list = "fill", .help = "fill in the checksum",
	},
	{ 0 },
};

RV_EXTENSION(checksum) = {
	.name = "CHECKSUM", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES(RV_WRITES_BYTES),
	RV_STRUCT(struct xt_CHECKSUM_info, 0), .options = checksum_options,
	.list = "CHECKSUM", .only = RV_ONLY(.tables = "mangle"),
	.help = "fills in the checksum",
};
