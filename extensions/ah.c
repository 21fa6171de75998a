/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ah: IPsec authentication headers (uapi ipt_ah.h, ip6t_ah.h, RFC 4302). */
#include <netinet/in.h>

#include <linux/netfilter_ipv4/ipt_ah.h>
#include <linux/netfilter_ipv6/ip6t_ah.h>

#include "extensions/protocol.h"

typedef struct ipt_ah info4;
typedef struct ip6t_ah info6;

#define SPI(info, bit)								\
	{									\
		.name = "ahspi", .type = RV_T_UINT_RANGE,			\
		.flags = RV_OPT_INVERT | RV_OPT_LIST_TIGHT,			\
		RV_FIELD(info, spis), .invert = RV_BIT(info, invflags, bit),	\
		.sel = RV_SEL_AH_SPI, .list = "spi{s}:[!]",			\
		.arg = "spi[:spi]", .help = "security parameter index",		\
	}

static const struct rv_option options4[] = {
	SPI(info4, IPT_AH_INV_SPI),
	{ .name = NULL },
};

static const struct rv_option options6[] = {
	SPI(info6, IP6T_AH_INV_SPI),
	{
		.name = "ahlen", .type = RV_T_UINT, .flags = RV_OPT_INVERT | RV_OPT_LIST_TIGHT,
		RV_FIELD(info6, hdrlen),
		.invert = RV_BIT(info6, invflags, IP6T_AH_INV_LEN), .sel = RV_SEL_AH_LENGTH,
		.list = "length:[!]", .arg = "length", .help = "length of the header in bytes",
	},
	{
		.name = "ahres", .type = RV_T_FLAG, .flags = RV_OPT_ZERO,
		RV_FIELD(info6, hdrres), .value = 1, .sel = RV_SEL_AH_RESERVED,
		.list = "reserved", .help = "reserved field is 0",
	},
	{ .name = NULL },
};

/* In IPv6, other headers may follow, so -p need not be ah. */
static int check4(struct rv_check *c)
{
	return rv_need_protocol(c, IPPROTO_AH);
}

static const info4 initial4 = { .spis = { 0, UINT32_MAX } };
static const info6 initial6 = { .spis = { 0, UINT32_MAX } };

static const struct rv_revision wire4[] = { { .size = sizeof(info4) }, { .size = 0 } };
static const struct rv_revision wire6[] = { { .size = sizeof(info6) }, { .size = 0 } };

#define AH(v, ...)								\
	{									\
		.name = "ah", .kind = RV_MATCH, .family = NFPROTO_IPV##v,	\
		.protocol = IPPROTO_AH, .size = sizeof(info##v),		\
		.initial = &initial##v, .revisions = wire##v, .options = options##v,	\
		.header = RV_HEADER(.sel = RV_SEL_AH), .list = "ah ",		\
		.config = "_NF_MATCH_AH",					\
		.help = "IPsec AH headers", __VA_ARGS__		\
	}

RV_EXTENSION(ah4) = AH(4, .ops = RV_EXT_OPS(.kernel_check = check4));
RV_EXTENSION(ah6) = AH(6);
