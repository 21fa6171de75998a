/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What icmp and icmp6 share. The kernel's structs are alike: type, the first and
 * last code, '!' (uapi ip_tables.h, ip6_tables.h).
 */
#ifndef RAVELIN_EXTENSIONS_ICMP_H
#define RAVELIN_EXTENSIONS_ICMP_H

#include <ravelin/extension.h>

#include <linux/netfilter_ipv4/ip_tables.h>

/* The value of a name: a type with one code, or with all of them. */
#define RV_ICMP_CODE(type, code) ((type) << 16 | (code) << 8 | (code))
#define RV_ICMP_TYPE(type) ((type) << 16 | 0xff)

#define RV_ICMP_ROW(word, words, SEL, ICMP)						\
	{									\
		.name = word, .type = RV_T_HOOK,				\
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS,	\
		.names = types, .title = "Valid " ICMP " Types:", .size = 3,	\
		.invert = RV_BIT(struct ipt_icmp, invflags, IPT_ICMP_INV),	\
		.sel = RV_SEL_##SEL, .list = words,				\
		.arg = "type[/code[:code]]", .help = "type and code by number or name", \
		.ops = RV_OPTION_OPS(.parse = rv_icmp_parse, .print = rv_icmp_print, \
				     .predicate = rv_icmp_predicate, .absorb = rv_icmp_absorb), \
	}

int rv_icmp_parse(struct rv_parse *p);
void rv_icmp_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);
void rv_icmp_show(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data);
int rv_icmp_check(struct rv_check *c);
int rv_icmp_predicate(const struct rv_option *opt, const unsigned char *data,
		      rv_predicate_fn *fn, void *arg);
int rv_icmp_absorb(const struct rv_option *opt, const struct rv_predicate *p, unsigned char *data);

#endif
