/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dst and hbh: destination and hop-by-hop options of IPv6, one layout (uapi
 * linux/netfilter_ipv6/ip6t_opts.h, RFC 8200, 4.2).
 */
#ifndef RAVELIN_EXTENSIONS_OPTS_H
#define RAVELIN_EXTENSIONS_OPTS_H

#include <linux/netfilter.h>
#include <linux/netfilter_ipv6/ip6t_opts.h>

#include <ravelin/extension.h>

int rv_opts_parse(struct rv_parse *p);
void rv_opts_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);
int rv_opts_predicate(const struct rv_option *opt, const unsigned char *data, rv_predicate_fn *fn,
		      void *arg);
extern const struct rv_wire rv_opts_wire[];

#define RV_OPTS_ROWS(word, SEL)							\
	{									\
		.name = word "-len", .type = RV_T_UINT, .flags = RV_OPT_INVERT,	\
		RV_FIELD(struct ip6t_opts, hdrlen),				\
		.given = RV_BIT(struct ip6t_opts, flags, IP6T_OPTS_LEN),	\
		.invert = RV_BIT(struct ip6t_opts, invflags, IP6T_OPTS_INV_LEN), \
		.sel = RV_SEL_##SEL##_LENGTH, .list = "length:[!]",		\
		.arg = "length", .help = "length of the header in bytes",	\
	},									\
	{									\
		.name = word "-opts", .type = RV_T_HOOK,			\
		.given = RV_BIT(struct ip6t_opts, flags, IP6T_OPTS_OPTS),	\
		.sel = RV_SEL_##SEL##_OPTION,					\
		.list = "opts", .arg = "type[:length][,...]",			\
		.help = "options in this order, at most 16",			\
		.parse = rv_opts_parse, .print = rv_opts_print,			\
		.predicate = rv_opts_predicate,					\
	},									\
	{ .name = NULL }

#define RV_OPTS(word, SEL, rows, text)						\
	{									\
		.name = word, .kind = RV_MATCH, .family = NFPROTO_IPV6,		\
		.size = sizeof(struct ip6t_opts), .wire = rv_opts_wire,		\
		.options = (rows), .present = RV_SEL_##SEL, .list = word,	\
		.help = (text), .config = "IP6_NF_MATCH_OPTS",			\
	}

#endif
