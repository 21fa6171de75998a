/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNPT and DNPT: prefix translation of source or destination (uapi ip6t_NPT.h, RFC 6296). */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter_ipv6/ip6t_NPT.h>

#include "extensions/revision.h"

/* The kernel stores prefix lengths instead of masks. */
struct npt {
	union nf_inet_addr src, src_mask, dst, dst_mask;
};

#define LONGEST 64	/* the kernel adjusts the checksum in the remaining bits */

#define ROW(word, field, text)						\
	{									\
		.name = word, .type = RV_T_ADDR_MASK,				\
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS |	\
			 RV_OPT_CIDR | RV_OPT_LITERAL,				\
		RV_FIELD(struct npt, field),					\
		.mask_offset = offsetof(struct npt, field##_mask),		\
		.list = word, .arg = "prefix/length", .help = text,		\
	}

static const struct rv_option npt_options[] = {
	ROW("src-pfx", src, "prefix to replace"),
	ROW("dst-pfx", dst, "new prefix"),
	{ 0 },
};

/* The kernel requires at most 64 bits, and zeros after them. */
static bool good(const union nf_inet_addr *prefix, const union nf_inet_addr *mask)
{
	int len = rv_mask_length(NFPROTO_IPV6, mask);

	for (int i = 0; i < 4; i++)
		if (prefix->all[i] & ~mask->all[i])
			return false;
	return len >= 0 && len <= LONGEST;
}

static int check_prefixes(struct rv_check *c)
{
	const struct npt *d = (const struct npt *)(void *)c->part->data;

	if (c->seen != 3 ||
	    (good(&d->src, &d->src_mask) && good(&d->dst, &d->dst_mask)))
		return 0;
	return rv_check_refuse(c, "%s: a prefix has at most %d bits, all others 0",
			       c->ext->name, LONGEST);
}

static int npt_read_info(const struct rv_revision *w, const unsigned char *wire,
			 unsigned char *data, struct rv_error *err)
{
	const struct ip6t_npt_tginfo *from = (const struct ip6t_npt_tginfo *)(const void *)wire;
	struct npt *d = (struct npt *)(void *)data;

	d->src = from->src_pfx;
	d->dst = from->dst_pfx;
	if (from->src_pfx_len <= LONGEST && from->dst_pfx_len <= LONGEST) {
		rv_mask_make(NFPROTO_IPV6, from->src_pfx_len, &d->src_mask);
		rv_mask_make(NFPROTO_IPV6, from->dst_pfx_len, &d->dst_mask);
		if (good(&d->src, &d->src_mask) && good(&d->dst, &d->dst_mask))
			return 0;
	}
	return rv_revision_fail(err, "prefixes of %u and %u bits", from->src_pfx_len,
			    from->dst_pfx_len);
}

static int npt_write_info(const struct rv_revision *w, const unsigned char *data,
			  unsigned char *wire, struct rv_error *err)
{
	const struct npt *d = (const struct npt *)(const void *)data;
	struct ip6t_npt_tginfo info = {
		.src_pfx = d->src,
		.dst_pfx = d->dst,
		.src_pfx_len = rv_mask_length(NFPROTO_IPV6, &d->src_mask),
		.dst_pfx_len = rv_mask_length(NFPROTO_IPV6, &d->dst_mask),
	};

	memcpy(wire, &info, sizeof(info));
	return 0;
}

#define TARGET(word, side, chains)						\
	{									\
		.name = word, .kind = RV_TARGET, .family = NFPROTO_IPV6,	\
		.size = sizeof(struct npt), .options = npt_options,			\
		.revisions = RV_REVISIONS({ .size = sizeof(struct ip6t_npt_tginfo),	\
				  .read = npt_read_info, .write = npt_write_info }),	\
		.config = "IP6_NF_TARGET_NPT", .list = word,			\
		.only = RV_ONLY(.tables = "mangle", .hooks = (chains)),		\
 .ops = RV_EXT_OPS(.kernel_check = check_prefixes),				\
		.help = "gives the packet's " side " another prefix, without connection tracking", \
	}

RV_EXTENSION(snpt) = TARGET("SNPT", "source", 1 << NF_INET_LOCAL_IN | 1 << NF_INET_POST_ROUTING);
RV_EXTENSION(dnpt) = TARGET("DNPT", "destination", 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_OUT);
