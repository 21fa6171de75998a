/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CLASSIFY: sets the traffic control class (uapi xt_CLASSIFY.h, tc(8)). */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/xt_CLASSIFY.h>
#include <linux/pkt_sched.h>

#include <ravelin/extension.h>

/* One half of "major:minor": hexadecimal, at most 16 bits. */
static bool parse_half(const char *text, const char **end, unsigned long *n)
{
	char *stop;

	if (!strchr("0123456789abcdefABCDEF", *text) || !*text)
		return false;
	*n = strtoul(text, &stop, 16);
	*end = stop;
	return *n <= UINT16_MAX;
}

static int parse_class(struct rv_parse *p)
{
	struct xt_classify_target_info *info = (struct xt_classify_target_info *)(void *)p->data;
	unsigned long major, minor;
	const char *end;

	if (!parse_half(p->arg, &end, &major) || *end != ':' ||
	    !parse_half(end + 1, &end, &minor) || *end)
		return rv_parse_fail(p, "Bad class value \"%s\"", p->arg);
	info->priority = TC_H_MAKE(major << 16, minor);
	return 0;
}

static void print_class(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct xt_classify_target_info *info =
		(const struct xt_classify_target_info *)(const void *)data;
	int digits = o->style == RV_STYLE_SAVE ? 4 : 1;

	rv_buf_printf(o->buf, "%0*x:%0*x", digits, TC_H_MAJ(info->priority) >> 16, digits,
		      TC_H_MIN(info->priority));
}

static const struct rv_option classify_options[] = {
	{
		.name = "set-class", .type = RV_T_HOOK,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_classify_target_info, priority),
		.list = "CLASSIFY set", .arg = "major:minor",
		.help = "class, both numbers hexadecimal",
		.ops = RV_OPTION_OPS(.parse = parse_class, .print = print_class),
	},
	{ 0 },
};

RV_EXTENSION(classify) = {
	.name = "CLASSIFY", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	RV_STRUCT(struct xt_classify_target_info, 0), .options = classify_options,
	.only = RV_ONLY(.hooks = 1 << NF_INET_FORWARD | 1 << NF_INET_LOCAL_OUT |
			1 << NF_INET_POST_ROUTING),
	.nft = " meta priority set <set-class:t>",
	.help = "sets the traffic class",
};
