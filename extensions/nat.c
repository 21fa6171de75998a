/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NAT targets: SNAT; MASQUERADE, to the output interface's address; DNAT; REDIRECT, to this host;
 * NETMAP, which maps one network to another host by host. All use struct nf_nat_range2 (uapi
 * nf_nat.h): network order, IPv4 addresses in .ip with the rest zero.
 */
#include <arpa/inet.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>

#include <ravelin/extension.h>

typedef struct nf_nat_range2 range;

/* ---- kernel structs ------------------------------------------------------------- */

/* Whether the target's options can express it without loss. */
static bool expressible(const struct rv_revision *w, const range *r)
{
	unsigned int where = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;

	if (r->flags & ~w->arg)
		return false;
	/* A target that takes addresses requires addresses or ports. */
	if (w->arg & NF_NAT_RANGE_MAP_IPS && !(r->flags & where))
		return false;
	if (r->flags & NF_NAT_RANGE_PROTO_OFFSET && !r->base_proto.all)
		return false;
	return !(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED) ||
	       ntohs(r->min_proto.all) <= ntohs(r->max_proto.all);
}

static int check_expressible(const struct rv_revision *w, const range *r, struct rv_error *err)
{
	if (expressible(w, r))
		return 0;
	return rv_revision_fail(err, "NAT range flags 0x%x", r->flags);
}

#define MULTI_FIELD(to, from)							\
	RV_REVISION_FIELD(struct nf_nat_ipv4_multi_range_compat, range[0].from, range, to)

static const struct rv_revision_field multi_fields[] = {
	MULTI_FIELD(flags, flags), MULTI_FIELD(min_addr.ip, min_ip),
	MULTI_FIELD(max_addr.ip, max_ip), MULTI_FIELD(min_proto, min),
	MULTI_FIELD(max_proto, max), { 0 },
};

static int check_one(const unsigned char *wire, struct rv_error *err)
{
	unsigned int n = ((const struct nf_nat_ipv4_multi_range_compat *)(const void *)wire)->rangesize;

	return n == 1 ? 0 : rv_revision_fail(err, "%u NAT ranges in one rule", n);
}

static int read_multi(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		      struct rv_error *err)
{
	return check_one(wire, err) ? -1 : check_expressible(w, (const range *)(void *)data, err);
}

static int write_multi(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		       struct rv_error *err)
{
	((struct nf_nat_ipv4_multi_range_compat *)(void *)wire)->rangesize = 1;
	return 0;
}

_Static_assert(offsetof(struct nf_nat_range, max_proto) == offsetof(range, max_proto),
	       "an nf_nat_range is the beginning of an nf_nat_range2");

static int read_range(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		      struct rv_error *err)
{
	memcpy(data, wire, w->size);
	return check_expressible(w, (const range *)(void *)data, err);
}

/*
 * Revisions. bits: flags the options can express; others are refused, since they could not be
 * printed.
 */
#define MULTI(rev, bits)							\
	{ .revision = (rev), .size = sizeof(struct nf_nat_ipv4_multi_range_compat), \
	  .fields = multi_fields, .read = read_multi, .write = write_multi, .arg = (bits) }
#define RANGE(rev, type, bits)							\
	{ .revision = (rev), .size = sizeof(type), .read = read_range, .arg = (bits) }
#define RANGE1(rev, bits) RANGE(rev, struct nf_nat_range, bits)
#define RANGE2(rev, bits) RANGE(rev, struct nf_nat_range2, bits)

/* ---- options --------------------------------------------------------------------- */

#define TO(word, bits, form, text)						\
	{									\
		.name = word, .type = RV_T_NAT,					\
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,	\
		.nat = NF_NAT_RANGE_MAP_IPS | (bits), .list = "to:",		\
		.arg = "[address[-address]][:port[-port" form "]]", .help = text, \
	}

#define PORTS(words, text)							\
	{									\
		.name = "to-ports", .type = RV_T_NAT,				\
		.given = RV_BIT(range, flags, NF_NAT_RANGE_PROTO_SPECIFIED),	\
		.list = words, .arg = "port[-port]",				\
		.help = text "; needs -p tcp, udp, sctp or dccp",		\
	}

#define FLAG(word, bit, text)							\
	{									\
		.name = (word), .type = RV_T_FLAG, RV_FIELD(range, flags), .value = (bit), \
		.given = RV_BIT(range, flags, bit), .list = (word), .help = (text), \
	}
#define RANDOM FLAG("random", NF_NAT_RANGE_PROTO_RANDOM, "choose a random port")
#define RANDOM_FULLY								\
	FLAG("random-fully", NF_NAT_RANGE_PROTO_RANDOM_FULLY,			\
	     "fully random port; same as --random since Linux 5.0")
#define PERSISTENT								\
	FLAG("persistent", NF_NAT_RANGE_PERSISTENT, "give a client the same address for each connection")

static const struct rv_option snat[] = {
	TO("to-source", 0, "", "new source address and port; IPv6 with port: [address]:port"),
	RANDOM, RANDOM_FULLY, PERSISTENT, { 0 },
};

static const struct rv_option dnat[] = {
	TO("to-destination", NF_NAT_RANGE_PROTO_OFFSET, "[/baseport]",
	   "new destination address and port; IPv6 with port: [address]:port"),
	RANDOM, PERSISTENT, { 0 },
};

static const struct rv_option masquerade[] = {
	PORTS("masq ports: %s", "source ports to use"), RANDOM, RANDOM_FULLY, { 0 },
};

static const struct rv_option redirect[] = { PORTS("redir ports", "ports to go to"), RANDOM, { 0 } };

/* ---- targets --------------------------------------------------------------------- */

#define SOURCE (1 << NF_INET_POST_ROUTING | 1 << NF_INET_LOCAL_IN)
#define DESTINATION (1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_OUT)

#define PORT_BITS (NF_NAT_RANGE_PROTO_SPECIFIED | NF_NAT_RANGE_PROTO_RANDOM)
#define SNAT_BITS (PORT_BITS | NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_RANDOM_FULLY | \
		   NF_NAT_RANGE_PERSISTENT)
#define DNAT_BITS (PORT_BITS | NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PERSISTENT | \
		   NF_NAT_RANGE_PROTO_OFFSET)
#define MASQUERADE_BITS (PORT_BITS | NF_NAT_RANGE_PROTO_RANDOM_FULLY)

#define TARGET(word, nfproto, option, rows, chains, text, words, ...)		\
	{									\
		.name = word, .kind = RV_TARGET, .effect = RV_EFFECT_ENDS, .family = (nfproto), .config = option, \
		.size = sizeof(range), .options = rows,				\
		.only = RV_ONLY(.tables = "nat", .hooks = (chains)),		\
		.help = text, .nft = words, .revisions = RV_REVISIONS(__VA_ARGS__),	\
	}

#define SNAT(nfproto, ...)							\
	TARGET("SNAT", nfproto, "NETFILTER_XT_NAT", snat, SOURCE,	\
	       "changes the source address of connections", \
	       " snat to <to-source:a>{random: random}{random-fully:{random:,| }fully-random}" \
	       "{persistent:{random+random-fully:,| }persistent}", __VA_ARGS__)
#define DNAT(nfproto, ...)							\
	TARGET("DNAT", nfproto, "NETFILTER_XT_NAT", dnat, DESTINATION,	\
	       "changes the destination address of connections", \
	       " dnat to <to-destination:a>{random: random}{persistent:{random:,| }persistent}", \
	       __VA_ARGS__)
#define MASQUERADE(nfproto, ...)						\
	TARGET("MASQUERADE", nfproto, NULL, masquerade, 1 << NF_INET_POST_ROUTING, \
	       "changes the source address to that of the output interface", \
	       " masquerade{to-ports:{!$p:^} to :<to-ports>}{random: random}"	\
	       "{random-fully:{random:,| }fully-random}", __VA_ARGS__)
#define REDIRECT(nfproto, ...)							\
	TARGET("REDIRECT", nfproto, NULL, redirect, DESTINATION,	\
	       "redirects connections to this host", \
	       " redirect{to-ports:{!$p:^} to :<to-ports>}{random: random}", __VA_ARGS__)

RV_EXTENSION(snat4) = SNAT(NFPROTO_IPV4, MULTI(0, SNAT_BITS), RANGE1(1, SNAT_BITS),
			   RANGE2(2, SNAT_BITS));
RV_EXTENSION(snat6) = SNAT(NFPROTO_IPV6, RANGE1(1, SNAT_BITS), RANGE2(2, SNAT_BITS));
/* Both families write revision 2, the only one with a base port. */
RV_EXTENSION(dnat4) = DNAT(NFPROTO_IPV4, RANGE2(2, DNAT_BITS), MULTI(0, DNAT_BITS),
			   RANGE1(1, DNAT_BITS));
RV_EXTENSION(dnat6) = DNAT(NFPROTO_IPV6, RANGE2(2, DNAT_BITS), RANGE1(1, DNAT_BITS));
RV_EXTENSION(masquerade4) = MASQUERADE(NFPROTO_IPV4, MULTI(0, MASQUERADE_BITS));
RV_EXTENSION(masquerade6) = MASQUERADE(NFPROTO_IPV6, RANGE1(0, MASQUERADE_BITS));
RV_EXTENSION(redirect4) = REDIRECT(NFPROTO_IPV4, MULTI(0, PORT_BITS));
RV_EXTENSION(redirect6) = REDIRECT(NFPROTO_IPV6, RANGE1(0, PORT_BITS));

/* ---- NETMAP ---------------------------------------------------------------------- */

/* The kernel has the first and last address, the option a mask. */
struct netmap {
	range range;
	union nf_inet_addr mask;
};

static const struct rv_option netmap[] = {
	{
		.name = "to", .type = RV_T_ADDR_MASK,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS | RV_OPT_CIDR |
			 RV_OPT_LITERAL,
		RV_FIELD(struct netmap, range.min_addr),
		.mask_offset = offsetof(struct netmap, mask),
		.list = "to:", .arg = "address[/mask]",
		.help = "replacement network",
	},
	{ 0 },
};

/* Only the network part of the address matters. */
static int check_netmap(struct rv_check *c)
{
	struct netmap *d = (struct netmap *)(void *)c->part->data;
	int words = c->family == NFPROTO_IPV4 ? 1 : 4;

	for (int i = 0; i < 4; i++) {
		d->mask.all[i] = i < words ? d->mask.all[i] : 0;
		d->range.min_addr.all[i] &= d->mask.all[i];
		d->range.max_addr.all[i] = i < words ? d->range.min_addr.all[i] | ~d->mask.all[i] : 0;
	}
	return 0;
}

/*
 * Derives the mask: bits in which the addresses differ are not in it. arg: 32-bit words of an
 * address.
 */
static int read_netmap(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		       struct rv_error *err)
{
	struct netmap *d = (struct netmap *)(void *)data;
	const uint32_t *first = d->range.min_addr.all, *last = d->range.max_addr.all;

	if (!w->fields)
		memcpy(data, wire, w->size);
	d->range.min_proto.all = d->range.max_proto.all = 0;
	for (unsigned int i = 0; i < w->arg; i++) {
		d->mask.all[i] = ~(first[i] ^ last[i]);
		if (first[i] & ~d->mask.all[i] || d->range.flags != NF_NAT_RANGE_MAP_IPS)
			return rv_revision_fail(err, "NETMAP to a range that is no network, flags 0x%x",
					    d->range.flags);
	}
	return w->fields ? check_one(wire, err) : 0;
}

#define NETMAP(nfproto, ...)							\
	{									\
		.name = "NETMAP", .kind = RV_TARGET, .effect = RV_EFFECT_ENDS, .family = (nfproto), .options = netmap, \
		.size = sizeof(struct netmap), .revisions = RV_REVISIONS({ .read = read_netmap, __VA_ARGS__ }), \
		.initial = &(const struct netmap){ .range.flags = NF_NAT_RANGE_MAP_IPS }, \
		.only = RV_ONLY(.tables = "nat"), .ops = RV_EXT_OPS(.check = check_netmap), \
		.help = "maps addresses to another network",	\
	}

RV_EXTENSION(netmap4) = NETMAP(NFPROTO_IPV4, .arg = 1, .fields = multi_fields, .write = write_multi,
			       .size = sizeof(struct nf_nat_ipv4_multi_range_compat));
RV_EXTENSION(netmap6) = NETMAP(NFPROTO_IPV6, .arg = 4, .size = sizeof(struct nf_nat_range));
