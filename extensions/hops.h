/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of ttl and hl: how many hops a packet has left. info has a byte of mode,
 * numbered alike in both (equal, not equal, less, greater), and one of hops.
 */
#ifndef RAVELIN_EXTENSIONS_HOPS_H
#define RAVELIN_EXTENSIONS_HOPS_H

#include <linux/netfilter_ipv4/ipt_ttl.h>
#include <linux/netfilter_ipv6/ip6t_hl.h>

#include <ravelin/extension.h>

_Static_assert((int)IPT_TTL_NE == (int)IP6T_HL_NE && (int)IPT_TTL_GT == (int)IP6T_HL_GT,
	       "modes are numbered alike");

enum { RV_HOPS_LESS, RV_HOPS_MORE, RV_HOPS_EQUAL };

#define RV_HOPS_ROW(info, hops, word, mode_, SEL, ...)				\
	{									\
		.name = word, .type = RV_T_UINT, RV_FIELD(info, hops),		\
		.given = RV_BIT_IS(info, mode, mode_), .sel = RV_SEL_##SEL,	\
		.arg = "number", __VA_ARGS__					\
	}

#define RV_HOPS(info, hops, word, WORD, SEL)					\
	[RV_HOPS_LESS] = RV_HOPS_ROW(info, hops, word "-lt", IPT_TTL_LT, SEL,	\
		.list = WORD " < %s", .help = "fewer than that",		\
		.excludes = 1 << RV_HOPS_MORE | 1 << RV_HOPS_EQUAL,		\
		.flags = RV_OPT_BELOW),						\
	[RV_HOPS_MORE] = RV_HOPS_ROW(info, hops, word "-gt", IPT_TTL_GT, SEL,	\
		.list = WORD " > %s", .help = "more than that",			\
		.excludes = 1 << RV_HOPS_EQUAL,					\
		.flags = RV_OPT_ABOVE),						\
	[RV_HOPS_EQUAL] = RV_HOPS_ROW(info, hops, word "-eq", IPT_TTL_EQ, SEL,	\
		.list = WORD " [!](=)= %s", .help = "just as many",		\
		.flags = RV_OPT_INVERT,						\
		.invert = RV_BIT_IS(info, mode, IPT_TTL_NE)),			\
	{ .name = word, .alias_of = word "-eq" },				\
	{ .name = NULL }

#endif
