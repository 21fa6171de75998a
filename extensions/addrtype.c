/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addrtype: type of an address in the routing tables (uapi linux/netfilter/xt_addrtype.h). */
#include <linux/netfilter.h>
#include <linux/netfilter/xt_addrtype.h>
#include <string.h>

#include <ravelin/extension.h>

static const struct rv_name addrtype_types[] = {
	{ "UNSPEC", XT_ADDRTYPE_UNSPEC, "0.0.0.0, ::" },
	{ "UNICAST", XT_ADDRTYPE_UNICAST, NULL },
	{ "LOCAL", XT_ADDRTYPE_LOCAL, "addresses of this host" },
	{ "BROADCAST", XT_ADDRTYPE_BROADCAST, NULL },
	{ "ANYCAST", XT_ADDRTYPE_ANYCAST, NULL },
	{ "MULTICAST", XT_ADDRTYPE_MULTICAST, NULL },
	{ "BLACKHOLE", XT_ADDRTYPE_BLACKHOLE, NULL },
	{ "UNREACHABLE", XT_ADDRTYPE_UNREACHABLE, NULL },
	{ "PROHIBIT", XT_ADDRTYPE_PROHIBIT, NULL },
	{ "THROW", XT_ADDRTYPE_THROW, NULL },
	{ "NAT", XT_ADDRTYPE_NAT, NULL },
	{ "XRESOLVE", XT_ADDRTYPE_XRESOLVE, NULL },
	{ NULL, 0, NULL },
};

enum { SRC_TYPE, DST_TYPE, LIMIT_IN, LIMIT_OUT };

/* --limit-iface-in and -out select another selector. */
#define SEEN_BY(SEL) (const struct rv_sel_when[]){				\
		{ RV_SEL_ADDRTYPE_##SEL##_IN,					\
		  RV_BIT(struct xt_addrtype_info_v1, flags, XT_ADDRTYPE_LIMIT_IFACE_IN) }, \
		{ RV_SEL_ADDRTYPE_##SEL##_OUT,					\
		  RV_BIT(struct xt_addrtype_info_v1, flags, XT_ADDRTYPE_LIMIT_IFACE_OUT) }, \
		{ .sel = RV_SEL_NONE } }

#define TYPE(side, field, bit, SEL, whose)					\
	{									\
		.name = side "-type", .type = RV_T_BITS,			\
		.flags = RV_OPT_INVERT | RV_OPT_ABBREV,				\
		RV_FIELD(struct xt_addrtype_info_v1, field), .names = addrtype_types,	\
		.invert = RV_BIT(struct xt_addrtype_info_v1, flags, bit),	\
		.sel = RV_SEL_ADDRTYPE_##SEL, .sel_more = RV_SEL_MORE(.when = SEEN_BY(SEL)), \
		.errors = RV_ERRORS(.bad = "addrtype: bad type \"%s\""),	\
		.list = side "-type [!]", .arg = "type[,...]",			\
		.help = "the " whose " address is one of these",		\
	}

/* Hooks where packets have an input or output interface. */
#define IN (1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD)
#define OUT (1 << NF_INET_FORWARD | 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING)

#define LIMIT(side, bit, other, chains, text)					\
	{									\
		.name = "limit-iface-" side, .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE, \
		RV_FIELD(struct xt_addrtype_info_v1, flags), .value = bit,	\
		.excludes = 1 << (other), .only = RV_ONLY(.hooks = (chains)),	\
		.list = "limit-" side, .help = text,				\
	}

static const struct rv_option addrtype_options[] = {
	[SRC_TYPE] = TYPE("src", source, XT_ADDRTYPE_INVERT_SOURCE, SRC, "source"),
	[DST_TYPE] = TYPE("dst", dest, XT_ADDRTYPE_INVERT_DEST, DST, "destination"),
	[LIMIT_IN] = LIMIT("in", XT_ADDRTYPE_LIMIT_IFACE_IN, LIMIT_OUT, IN,
			   "limit the lookup to the input interface"),
	[LIMIT_OUT] = LIMIT("out", XT_ADDRTYPE_LIMIT_IFACE_OUT, LIMIT_IN, OUT,
			    "limit the lookup to the output interface"),
	{ .name = NULL },
};

/* Not supported by the kernel for IPv6: "ipv6 BLACKHOLE matching not supported" etc. */
#define IPV4_ONLY (XT_ADDRTYPE_BROADCAST | XT_ADDRTYPE_BLACKHOLE | XT_ADDRTYPE_PROHIBIT | \
		   XT_ADDRTYPE_THROW | XT_ADDRTYPE_NAT | XT_ADDRTYPE_XRESOLVE)

static int addrtype_kernel_check(struct rv_check *c)
{
	const struct xt_addrtype_info_v1 *i = (const struct xt_addrtype_info_v1 *)(void *)c->part->data;

	if (c->family == NFPROTO_IPV4 || !((i->source | i->dest) & IPV4_ONLY))
		return 0;
	return rv_check_refuse(c, "addrtype: BROADCAST, BLACKHOLE, PROHIBIT, "
			       "THROW, NAT and XRESOLVE are not supported for IPv6");
}

static int addrtype_read_v0(const struct rv_revision *w, const unsigned char *wire,
			    unsigned char *data, struct rv_error *err)
{
	struct xt_addrtype_info_v1 *new = (struct xt_addrtype_info_v1 *)(void *)data;
	struct xt_addrtype_info old;

	memcpy(&old, wire, sizeof(old));
	new->source = old.source;
	new->dest = old.dest;
	new->flags = (old.invert_source ? XT_ADDRTYPE_INVERT_SOURCE : 0) |
		     (old.invert_dest ? XT_ADDRTYPE_INVERT_DEST : 0);
	return 0;
}

static int write_v0(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		    struct rv_error *err)
{
	const struct xt_addrtype_info_v1 *new = (const struct xt_addrtype_info_v1 *)(const void *)data;
	struct xt_addrtype_info old = {
		.source = new->source,
		.dest = new->dest,
		.invert_source = new->flags & XT_ADDRTYPE_INVERT_SOURCE ? 1 : 0,
		.invert_dest = new->flags & XT_ADDRTYPE_INVERT_DEST ? 1 : 0,
	};

	memcpy(wire, &old, sizeof(old));
	return 0;
}

RV_EXTENSION(addrtype) = {
	.name = "addrtype", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	.size = sizeof(struct xt_addrtype_info_v1), .options = addrtype_options,
	.ops = RV_EXT_OPS(.kernel_check = addrtype_kernel_check),
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(struct xt_addrtype_info_v1) },
		{ .revision = 0, .size = sizeof(struct xt_addrtype_info), .read = addrtype_read_v0,
		  .write = write_v0 }),
	.list = "ADDRTYPE match",
	.required = "addrtype: you must specify --src-type or --dst-type",
	.one_of = 1 << SRC_TYPE | 1 << DST_TYPE,
	.help = "type of an address in the routing tables",
};
