/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devgroup: groups of interfaces (uapi linux/netfilter/xt_devgroup.h, ip-link(8)). */
#include <linux/netfilter/xt_devgroup.h>
#include <string.h>

#include <ravelin/extension.h>

#include "extensions/names.h"

static const struct rv_names groups = { "/etc/iproute2/group", false };

typedef struct xt_devgroup_info info;

static int parse_group(struct rv_parse *p)
{
	uint32_t group, mask = UINT32_MAX;
	const char *end;
	uint64_t n;

	if (rv_parse_uint_prefix(p->arg, 0, UINT32_MAX, &n, &end))
		return rv_value_parse(p, p->arg, p->data + p->opt->offset);
	if (!rv_names_value(&groups, p->arg, &group))
		return rv_option_fail(p, "could not map name %s to an integer value for option "
				      "\"--%s\".\n", p->arg, p->opt->name);
	rv_set_uint(p->data + p->opt->offset, p->opt->size, group);
	rv_set_uint(p->data + p->opt->mask_offset, p->opt->size, mask);
	return 0;
}

static void print_group(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	bool numeric = o->style == RV_STYLE_LIST && o->numeric;
	char name[64];

	if (!numeric && rv_get_uint(data + opt->mask_offset, opt->size) == UINT32_MAX &&
	    rv_names_name(&groups, rv_get_uint(data + opt->offset, opt->size), name, sizeof(name)))
		rv_buf_puts(o->buf, name);
	else
		rv_value_print(o, opt, data);
}

#define GROUP(side, SIDE, SEL, text)						\
	{									\
		.name = #side "-group", .type = RV_T_MASKED,			\
		.flags = RV_OPT_INVERT | RV_OPT_HEX,				\
		RV_FIELD(info, side##_group), .mask_offset = offsetof(info, side##_mask), \
		.given = RV_BIT(info, flags, XT_DEVGROUP_MATCH_##SIDE),		\
		.invert = RV_BIT(info, flags, XT_DEVGROUP_INVERT_##SIDE),	\
		.sel = RV_SEL_##SEL, .list = #side "-group",			\
		.arg = "name|number[/mask]", .help = text,			\
		.parse = parse_group, .print = print_group,			\
	}

static const struct rv_option options[] = {
	GROUP(src, SRC, IIFGROUP, "group of the interface the packet came in by"),
	GROUP(dst, DST, OIFGROUP, "group of the interface it leaves by"),
	{ .name = NULL },
};

static const struct rv_wire wire[] = {
	{ .revision = 0, .size = sizeof(info) },
	{ .size = 0 },
};

static const struct rv_ext devgroup = {
	.name = "devgroup",
	.kind = RV_MATCH,
	.size = sizeof(info),
	.wire = wire,
	.options = options,
	.required = "devgroup match: You must specify either '--src-group' or '--dst-group'",
	.help = "groups of interfaces",
};
RV_REGISTER(devgroup);
