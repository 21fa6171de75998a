/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfacct: counts the packet in an accounting object (uapi linux/netfilter/xt_nfacct.h). */
#include <linux/netfilter/xt_nfacct.h>

#include <ravelin/extension.h>

typedef struct xt_nfacct_match_info_v1 info;

static const struct rv_option nfacct_options[] = {
	{
		.name = "nfacct-name",
		.save = "nfacct-name ",	/* iptables prints two spaces */
		.type = RV_T_STRING,
		.flags = RV_OPT_REQUIRED | RV_OPT_BARE,
		RV_FIELD(info, name),
		.min = 1,
		.list = "nfacct-name  ",
		.arg = "name",
		.help = "name of the counter",
	},
	{ .name = NULL },
};

RV_EXTENSION(nfacct) = {
	.name = "nfacct", .kind = RV_MATCH,
	.size = sizeof(info), .compare = NFACCT_NAME_MAX, .options = nfacct_options,
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(info), .bytes = NFACCT_NAME_MAX },
		{ .revision = 0, .size = sizeof(struct xt_nfacct_match_info), .bytes = NFACCT_NAME_MAX }),
	.effect = RV_EFFECT_SIDE, .opaque = "it counts", .help = "counts packets in an nfacct object",
};
