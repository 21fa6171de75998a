/* SPDX-License-Identifier: GPL-2.0-or-later */
/* physdev: input and output bridge ports (uapi linux/netfilter/xt_physdev.h). */
#include <string.h>

#include <ravelin/extension.h>

#include <linux/netfilter/xt_physdev.h>

typedef struct xt_physdev_info info;

#define PORT(word, field, bit, SEL, text)					\
	{									\
		.name = "physdev-" word, .type = RV_T_IFACE, .flags = RV_OPT_INVERT, \
		RV_FIELD(info, field),						\
		.given = RV_BIT(info, bitmask, bit), .invert = RV_BIT(info, invert, bit), \
		.sel = RV_SEL_##SEL, .list = "--physdev-" word,			\
		.errors = RV_ERRORS(.bad = "interface name `%s' must be shorter than IFNAMSIZ (15)"), \
		.arg = "name[+]", .help = text,					\
	}

#define STATE(word, bit, SEL, text)						\
	{									\
		.name = "physdev-is-" word, .type = RV_T_FLAG, .flags = RV_OPT_INVERT, \
		RV_FIELD(info, bitmask), .value = bit,				\
		.invert = RV_BIT(info, invert, bit), .sel = RV_SEL_##SEL,	\
		.list = "--physdev-is-" word, .help = text,			\
	}

static const struct rv_option physdev_options[] = {
	STATE("in", XT_PHYSDEV_OP_ISIN, PHYS_IS_IN, "input is a bridge port"),
	PORT("in", physindev, XT_PHYSDEV_OP_IN, PHYSIN, "input bridge port"),
	STATE("out", XT_PHYSDEV_OP_ISOUT, PHYS_IS_OUT, "output is a bridge port"),
	PORT("out", physoutdev, XT_PHYSDEV_OP_OUT, PHYSOUT, "output bridge port"),
	STATE("bridged", XT_PHYSDEV_OP_BRIDGED, PHYS_BRIDGED, "packet is bridged, not routed"),
	{ .name = NULL },
};

/* A name is compared including its NUL, a wildcard up to the '+'. */
static void make_mask(const char *name, char *mask)
{
	size_t len = strnlen(name, IFNAMSIZ);

	memset(mask, 0, IFNAMSIZ);
	if (len)
		memset(mask, 0xff, name[len - 1] == '+' ? len - 1 : len + 1);
}

static int make_masks(struct rv_check *c)
{
	info *i = (info *)(void *)c->part->data;

	make_mask(i->physindev, i->in_mask);
	make_mask(i->physoutdev, i->out_mask);
	return 0;
}

/* The output port of locally generated packets is not known yet. */
static const char *physdev_refused(const unsigned char *data, uint32_t hooks)
{
	const info *i = (const info *)(const void *)data;
	bool bridged = i->bitmask & ~i->invert & XT_PHYSDEV_OP_BRIDGED;

	if (!(hooks & 1 << NF_INET_LOCAL_OUT) || bridged ||
	    !(i->bitmask & (XT_PHYSDEV_OP_OUT | XT_PHYSDEV_OP_ISOUT)))
		return NULL;
	return "in OUTPUT, the output port requires --physdev-is-bridged";
}

RV_EXTENSION(physdev) = {
	.name = "physdev", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(info, 0), .options = physdev_options, .ops = RV_EXT_OPS(.check = make_masks),
	.only = RV_ONLY(.refused = physdev_refused),
	.list = "PHYSDEV match",
	.required = "PHYSDEV: no physdev option specified",
	.help = "bridge ports",
};
