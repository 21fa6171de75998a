/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iprange: arbitrary ranges of addresses (uapi linux/netfilter/xt_iprange.h). */
#include <linux/netfilter/xt_iprange.h>
#include <string.h>

#include <ravelin/extension.h>

#define RANGE(side, words, from, to, bit, SEL)					\
	{									\
		.name = side "-range", .type = RV_T_ADDR_RANGE, .flags = RV_OPT_INVERT, \
		RV_FIELD(struct xt_iprange_mtinfo, from),			\
		.mask_offset = offsetof(struct xt_iprange_mtinfo, to),		\
		.given = RV_BIT(struct xt_iprange_mtinfo, flags, bit),		\
		.invert = RV_BIT(struct xt_iprange_mtinfo, flags, bit##_INV),	\
		.sel = RV_SEL_IP_##SEL, .sel_more = RV_SEL_MORE(.ipv6 = RV_SEL_IP6_##SEL), \
		.list = words " IP range [! ]", .arg = "address[-address]",	\
		.help = words " address is one from the first to the last",	\
	}

static const struct rv_option iprange_options[] = {
	RANGE("src", "source", src_min, src_max, IPRANGE_SRC, SADDR),
	RANGE("dst", "destination", dst_min, dst_max, IPRANGE_DST, DADDR),
	{ .name = NULL },
};

/* A range whose last address is below the first never matches. */
static void warn_reversed(const struct rv_check *c, const union nf_inet_addr *from,
			  const union nf_inet_addr *to)
{
	struct rv_buf text = RV_BUF_INIT;

	if (memcmp(from, to, sizeof(*from)) <= 0)
		return;
	rv_print_address(&text, c->family, from);
	rv_buf_putc(&text, '-');
	rv_print_address(&text, c->family, to);
	if (rv_buf_text(&text))
		rv_warn(c->err, "xt_iprange: range %s is reversed and will never match", text.data);
	rv_buf_free(&text);
}

static int warn_reversed_ranges(struct rv_check *c)
{
	const struct xt_iprange_mtinfo *info = (const void *)c->part->data;

	warn_reversed(c, &info->src_min, &info->src_max);
	warn_reversed(c, &info->dst_min, &info->dst_max);
	return 0;
}

RV_EXTENSION(iprange) = {
	.name = "iprange", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(struct xt_iprange_mtinfo, 1), .options = iprange_options,
	.ops = RV_EXT_OPS(.check = warn_reversed_ranges),
	.required = "iprange match: You must specify `--src-range' or `--dst-range'",
	.help = "address ranges",
};
