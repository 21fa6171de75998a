/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipcomp: compressed payloads (uapi linux/netfilter/xt_ipcomp.h, RFC 3173). */
#include <netinet/in.h>

#include <linux/netfilter/xt_ipcomp.h>

#include <ravelin/extension.h>

/*
 * Without --ipcompspi any index matches. iptables uses index 0 in this case, but omits the option
 * when it saves the full range, so restoring its own save changes the rule.
 */
static const struct xt_ipcomp ipcomp_initial = { .spis = { 0, UINT32_MAX } };

static const struct rv_option ipcomp_options[] = {
	{
		.name = "ipcompspi", .type = RV_T_UINT_RANGE,
		.flags = RV_OPT_INVERT | RV_OPT_LIST_TIGHT,
		RV_FIELD(struct xt_ipcomp, spis),
		.invert = RV_BIT(struct xt_ipcomp, invflags, XT_IPCOMP_INV_SPI),
		.sel = RV_SEL_IPCOMP_SPI,
		.list = "spi{s}:[!]", .arg = "number[:number]",
		.help = "compression parameter index",
	},
	{
		.name = "compres", .type = RV_T_FLAG, .flags = RV_OPT_SETS | RV_OPT_NO_PREDICATE,
		RV_FIELD(struct xt_ipcomp, hdrres), .value = 1,
		.opaque = { RV_EFFECT_PURE, "the kernel ignores it" },
		.list = "reserved",
		.help = "reserved bits are 0; ignored by the kernel",
	},
	{ .name = NULL },
};

RV_EXTENSION(ipcomp) = {
	.name = "ipcomp", .kind = RV_MATCH, .protocol = IPPROTO_COMP,
	.only = RV_ONLY(.protocol = IPPROTO_COMP),
	RV_STRUCT(struct xt_ipcomp, 0), .initial = &ipcomp_initial, .options = ipcomp_options,
	.list = "comp ",
	.help = "IPsec compressed payload",
};
