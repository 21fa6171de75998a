/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNPT and DNPT: the two directions of one thing (uapi ip6t_NPT.h, RFC 6296). */
#ifndef RAVELIN_EXTENSIONS_NPT_H
#define RAVELIN_EXTENSIONS_NPT_H

#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter_ipv6/ip6t_NPT.h>

#include "extensions/wire.h"

/* The kernel has lengths in the place of the masks. */
struct rv_npt {
	union nf_inet_addr src, src_mask, dst, dst_mask;
};

#define RV_NPT_LONGEST 64	/* the kernel counts the checksum over the rest */

#define RV_NPT_ROW(word, field, text)						\
	{									\
		.name = word, .type = RV_T_ADDR_MASK,				\
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS |	\
			 RV_OPT_CIDR | RV_OPT_LITERAL,				\
		RV_FIELD(struct rv_npt, field),					\
		.mask_offset = offsetof(struct rv_npt, field##_mask),		\
		.list = word, .arg = "prefix/length", .help = text,		\
	}

#define RV_NPT_ROWS								\
	{									\
		RV_NPT_ROW("src-pfx", src, "the prefix to be replaced"),	\
		RV_NPT_ROW("dst-pfx", dst, "the prefix that takes its place"),	\
		{ 0 },								\
	}

/* A prefix the kernel takes: no longer than 64 bits, and nothing behind them. */
static inline bool rv_npt_good(const union nf_inet_addr *prefix, const union nf_inet_addr *mask)
{
	int len = rv_mask_length(NFPROTO_IPV6, mask);

	for (int i = 0; i < 4; i++)
		if (prefix->all[i] & ~mask->all[i])
			return false;
	return len >= 0 && len <= RV_NPT_LONGEST;
}

static inline int rv_npt_check(struct rv_check *c)
{
	const struct rv_npt *d = (const struct rv_npt *)(void *)c->part->data;

	if (c->seen != 3 ||
	    (rv_npt_good(&d->src, &d->src_mask) && rv_npt_good(&d->dst, &d->dst_mask)))
		return 0;
	return rv_fail(c->err, RV_ERR_PROBLEM, &c->loc,
		       "%s: a prefix has at most %d bits, and only zeros behind them", c->ext->name,
		       RV_NPT_LONGEST);
}

static inline int rv_npt_read(const struct rv_wire *w, const unsigned char *wire,
			      unsigned char *data, struct rv_error *err)
{
	const struct ip6t_npt_tginfo *from = (const struct ip6t_npt_tginfo *)(const void *)wire;
	struct rv_npt *d = (struct rv_npt *)(void *)data;

	d->src = from->src_pfx;
	d->dst = from->dst_pfx;
	if (from->src_pfx_len <= RV_NPT_LONGEST && from->dst_pfx_len <= RV_NPT_LONGEST) {
		rv_mask_make(NFPROTO_IPV6, from->src_pfx_len, &d->src_mask);
		rv_mask_make(NFPROTO_IPV6, from->dst_pfx_len, &d->dst_mask);
		if (rv_npt_good(&d->src, &d->src_mask) && rv_npt_good(&d->dst, &d->dst_mask))
			return 0;
	}
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "prefixes of %u and %u bits", from->src_pfx_len,
		       from->dst_pfx_len);
}

static inline int rv_npt_write(const struct rv_wire *w, const unsigned char *data,
			       unsigned char *wire, struct rv_error *err)
{
	const struct rv_npt *d = (const struct rv_npt *)(const void *)data;
	struct ip6t_npt_tginfo info = {
		.src_pfx = d->src,
		.dst_pfx = d->dst,
		.src_pfx_len = rv_mask_length(NFPROTO_IPV6, &d->src_mask),
		.dst_pfx_len = rv_mask_length(NFPROTO_IPV6, &d->dst_mask),
	};

	memcpy(wire, &info, sizeof(info));
	return 0;
}

#define RV_NPT_WIRE								\
	{									\
		{ .size = sizeof(struct ip6t_npt_tginfo), .read = rv_npt_read,	\
		  .write = rv_npt_write },					\
		{ 0 },								\
	}

#define RV_NPT_TARGET(word, rows, wires, chains, text)				\
	{									\
		.name = word, .kind = RV_TARGET, .family = NFPROTO_IPV6,	\
		.size = sizeof(struct rv_npt), .wire = (wires), .options = (rows), \
		.list = word, .tables = "mangle", .hooks = (chains), .help = text, \
		.config = "IP6_NF_TARGET_NPT",					\
		.kernel_check = rv_npt_check,					\
	}

#endif
