/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * helper: conntrack helper of the packet's connection (uapi xt_helper.h). The kernel accepts a name
 * that starts with the helper's ("ftp-2121" is ftp); an empty name matches any helper.
 */
#include <linux/netfilter/xt_helper.h>

#include <ravelin/extension.h>

typedef struct xt_helper_info info;

static int helper_predicate(const struct rv_option *opt, const unsigned char *data,
			    rv_predicate_fn *fn, void *arg)
{
	struct rv_predicate p;

	rv_row_predicate(opt, opt->sel, data, &p);
	p.op = *p.text ? RV_OP_BEGINS : RV_OP_PREFIX;
	return fn(&p, arg);
}

static const struct rv_option helper_options[] = {
	{
		.name = "helper", .type = RV_T_STRING,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED,
		RV_FIELD(info, name), .given = RV_GIVEN_ALWAYS, .invert = RV_BIT(info, invert, 1),
		.sel = RV_SEL_CT_HELPER,
		.list = "helper match [! ]\"%s\"", .arg = "name[-port]",
		.help = "name of the helper; empty for any",
		.ops = RV_OPTION_OPS(.predicate = helper_predicate),
	},
	{ .name = NULL },
};

RV_EXTENSION(helper) = {
	.name = "helper", .kind = RV_MATCH,
	.size = sizeof(info), .options = helper_options,
	.revisions = RV_REVISIONS({ .size = sizeof(info), .valid_bits = RV_BIT(info, invert, 1) }),
	.nft = " ct helper {~helper:!= }<helper:h>",
	.help = "connection tracking helper",
};
