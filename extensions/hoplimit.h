/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The targets TTL and HL: one struct and its modes under two names (ipt_TTL.h, ip6t_HL.h). */
#ifndef RAVELIN_EXTENSIONS_HOPLIMIT_H
#define RAVELIN_EXTENSIONS_HOPLIMIT_H

#include <string.h>

#include <linux/netfilter_ipv4/ipt_TTL.h>
#include <linux/netfilter_ipv6/ip6t_HL.h>

#include <ravelin/extension.h>

_Static_assert(sizeof(struct ipt_TTL_info) == sizeof(struct ip6t_HL_info) &&
	       (int)IPT_TTL_SET == (int)IP6T_HL_SET && (int)IPT_TTL_INC == (int)IP6T_HL_INC &&
	       (int)IPT_TTL_DEC == (int)IP6T_HL_DEC, "what is TTL here is HL as well");

#define RV_HOPS_ROW(row, word, how, least, words, text)				\
	[row] = { .name = word, .type = RV_T_UINT, RV_FIELD(struct ipt_TTL_info, ttl), \
		  .given = RV_BIT_IS(struct ipt_TTL_info, mode, how), .min = (least), \
		  .excludes = 7 & ~(1 << (row)), .list = words, .arg = "number", .help = text }

#define RV_HOPS_ROWS(letters)							\
	{									\
		RV_HOPS_ROW(0, letters "-set", IPT_TTL_SET, 0, "set to", "to this number"), \
		RV_HOPS_ROW(1, letters "-dec", IPT_TTL_DEC, 1, "decrement by", "by so many less"), \
		RV_HOPS_ROW(2, letters "-inc", IPT_TTL_INC, 1, "increment by", "by so many more"), \
		{ 0 },								\
	}

#define RV_HOPS_TARGET(word, nfproto, rows, wires, text)				\
	{									\
		.name = word, .kind = RV_TARGET, .family = (nfproto),		\
		.size = sizeof(struct ipt_TTL_info), .wire = (wires), .options = (rows), \
		.list = word, .tables = "mangle", .required = word ": You must specify an action", \
		.help = "changes how far the packet may still go",		\
		.config = "NETFILTER_XT_TARGET_HL", .nft = (text),		\
	}

#endif
