/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * helper: which helper looks after the packet's connection (uapi xt_helper.h). The kernel
 * is content with a name that begins with the helper's ("ftp-2121" is ftp), and with
 * any helper if the name is empty: no comparison of a predicate says that.
 */
#include <linux/netfilter/xt_helper.h>
#include <string.h>

#include <ravelin/extension.h>

typedef struct xt_helper_info info;

static const struct rv_option options[] = {
	{
		.name = "helper",
		.type = RV_T_STRING,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_QUOTED,
		RV_FIELD(info, name),
		.given = RV_GIVEN_ALWAYS,
		.invert = RV_BIT(info, invert, 1),
		.list = "helper match [! ]",
		.arg = "name[-port]",
		.help = "name of the helper; empty: any",
	},
	{ .name = NULL },
};

static const struct rv_wire wire_rows[] = {
	{ .size = sizeof(info), .known = RV_BIT(info, invert, 1) },
	{ .size = 0 },
};

static const struct rv_ext helper = {
	.name = "helper",
	.kind = RV_MATCH,
	.opaque = "compares the beginning of a name that is not in the packet",
	.size = sizeof(info),
	.wire = wire_rows,
	.options = options,
	.nft = " ct helper {~helper:!= }<helper:h>",
	.help = "which helper looks after the packet's connection",
};
RV_REGISTER(helper);
