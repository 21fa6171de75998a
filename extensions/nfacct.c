/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfacct: counts the packet in an accounting object (uapi linux/netfilter/xt_nfacct.h). */
#include <string.h>

#include <linux/netfilter/xt_nfacct.h>

#include <ravelin/extension.h>

typedef struct xt_nfacct_match_info_v1 info;

static const struct rv_option options[] = {
	{
		.name = "nfacct-name",
		.save = "nfacct-name ",	/* stock writes two blanks */
		.type = RV_T_STRING,
		.flags = RV_OPT_REQUIRED | RV_OPT_BARE,
		RV_FIELD(info, name),
		.min = 1,
		.list = "nfacct-name  ",
		.arg = "name",
		.help = "the object",
	},
	{ .name = NULL },
};

static const struct rv_wire wire[] = {
	{ .revision = 1, .size = sizeof(info), .bytes = NFACCT_NAME_MAX },
	{ .revision = 0, .size = sizeof(struct xt_nfacct_match_info), .bytes = NFACCT_NAME_MAX },
	{ .size = 0 },
};

static const struct rv_ext nfacct = {
	.name = "nfacct",
	.kind = RV_MATCH,
	.opaque = "side effect: it counts",
	.size = sizeof(info),
	.compare = NFACCT_NAME_MAX,
	.wire = wire,
	.options = options,
	.help = "counts it in an accounting object; always true",
};
RV_REGISTER(nfacct);
