/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttl and hl: TTL or hop limit (uapi ipt_ttl.h, ip6t_hl.h). Both structs have a mode byte with the
 * same values (equal, not equal, less, greater) and a byte for the number.
 */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ipt_ttl.h>
#include <linux/netfilter_ipv6/ip6t_hl.h>

#include <ravelin/extension.h>

_Static_assert((int)IPT_TTL_NE == (int)IP6T_HL_NE && (int)IPT_TTL_GT == (int)IP6T_HL_GT,
	       "modes are numbered alike");

enum { LESS, MORE, EQUAL };

#define ROW(info, hops, word, mode_, SEL, ...)				\
	{									\
		.name = word, .type = RV_T_UINT, RV_FIELD(info, hops),		\
		.given = RV_BIT_IS(info, mode, mode_), .sel = RV_SEL_##SEL,	\
		.arg = "number", __VA_ARGS__					\
	}

#define ROWS(info, hops, word, WORD, SEL)					\
	[LESS] = ROW(info, hops, word "-lt", IPT_TTL_LT, SEL,	\
		.list = WORD " < %s", .help = "less than this value",		\
		.excludes = 1 << MORE | 1 << EQUAL,		\
		.flags = RV_OPT_BELOW),						\
	[MORE] = ROW(info, hops, word "-gt", IPT_TTL_GT, SEL,	\
		.list = WORD " > %s", .help = "greater than this value",			\
		.excludes = 1 << EQUAL,					\
		.flags = RV_OPT_ABOVE),						\
	[EQUAL] = ROW(info, hops, word "-eq", IPT_TTL_EQ, SEL,	\
		.list = WORD " [!](=)= %s", .help = "equal to this value",		\
		.flags = RV_OPT_INVERT,						\
		.invert = RV_BIT_IS(info, mode, IPT_TTL_NE)),			\
	{ .name = word, .alias_of = word "-eq" },				\
	{ .name = NULL }

static const struct rv_option ttl_options[] = {
	ROWS(struct ipt_ttl_info, ttl, "ttl", "TTL", TTL),
};

static const struct rv_option hl_options[] = {
	ROWS(struct ip6t_hl_info, hop_limit, "hl", "HL", HOPLIMIT),
};

RV_EXTENSION(ttl) = {
	.name = "ttl", .kind = RV_MATCH, .effect = RV_EFFECT_PURE, .family = NFPROTO_IPV4,
	RV_STRUCT(struct ipt_ttl_info, 0), .options = ttl_options,
	.config = "NETFILTER_XT_MATCH_HL", .list = "TTL match",
	.required = "TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt",
	.help = "TTL of the IPv4 header",
};

RV_EXTENSION(hl) = {
	.name = "hl", .kind = RV_MATCH, .effect = RV_EFFECT_PURE, .family = NFPROTO_IPV6,
	RV_STRUCT(struct ip6t_hl_info, 0), .options = hl_options,
	.list = "HL match",
	.required = "HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'",
	.help = "hop limit of the IPv6 header",
};
