/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Core options as a descriptor: addresses, interfaces, protocol, fragment. Rows are in save order.
 */
#include <netinet/ip.h>
#include <string.h>

#include <ravelin/registry.h>

/* IPv6 extension headers that are skipped to find the protocol (RFC 8200, 4.1). */
static bool is_extension_header(uint16_t proto)
{
	return proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH ||
	       proto == IPPROTO_DSTOPTS;
}

/* -p 0 and -p all are no condition; negated they never match. */
static int parse_protocol(struct rv_parse *p)
{
	struct rv_ip *ip = (struct rv_ip *)(void *)p->data;

	if (rv_value_parse(p, p->arg, p->data + p->opt->offset))
		return -1;
	if (!ip->proto && p->invert)
		return rv_parse_fail(p, "rule would never match protocol");
	if (p->family == NFPROTO_IPV6 && !p->invert && is_extension_header(ip->proto))
		rv_warn(p->err, "Warning: never matched protocol: %s. use extension match instead.",
			p->arg);
	ip->flags = ip->proto ? ip->flags | RV_IP_PROTO : ip->flags & ~RV_IP_PROTO;
	return 0;
}

static int absorb_protocol(const struct rv_option *opt, const struct rv_predicate *p,
			   unsigned char *data)
{
	struct rv_ip *ip = (struct rv_ip *)(void *)data;

	if (p->op != RV_OP_EQ || !p->value[0])
		return -1;
	ip->proto = p->value[0];
	ip->flags |= RV_IP_PROTO;
	ip->invert |= p->negate ? RV_IP_PROTO : 0;
	return 0;
}

/* Fragments other than the first have a nonzero offset (RFC 791, 3.1). */
static int fragment_predicate(const struct rv_option *opt, const unsigned char *data,
			      rv_predicate_fn *fn, void *arg)
{
	struct rv_predicate p = {
		.sel = opt->sel,
		.op = RV_OP_MASK,
		.negate = !rv_option_inverted(opt, data),
		.len = 2,
		.other = { IP_OFFMASK >> 8, IP_OFFMASK & 0xff },
	};

	return fn(&p, arg);
}

static int absorb_fragment(const struct rv_option *opt, const struct rv_predicate *p,
			   unsigned char *data)
{
	static const uint8_t mask[] = { IP_OFFMASK >> 8, IP_OFFMASK & 0xff };
	struct rv_ip *ip = (struct rv_ip *)(void *)data;

	if (p->op != RV_OP_MASK || memcmp(p->other, mask, 2) || p->value[0] || p->value[1])
		return -1;
	ip->flags |= RV_IP_FRAG;
	ip->invert |= p->negate ? 0 : RV_IP_FRAG;
	return 0;
}

#define ADDRESS(word, c, addr, mask, bit, SEL)					\
	{									\
		.name = word, .letter = c, .type = RV_T_ADDR_MASK,		\
		.flags = RV_OPT_INVERT | RV_OPT_CIDR | RV_OPT_NETWORK,		\
		RV_FIELD(struct rv_ip, addr),					\
		.mask_offset = offsetof(struct rv_ip, mask),			\
		.invert = RV_BIT(struct rv_ip, invert, bit),			\
		.sel = RV_SEL_IP_##SEL, .sel_more = RV_SEL_MORE(.ipv6 = RV_SEL_IP6_##SEL), \
		.errors = RV_ERRORS(.bad = "host/network `%s' not found",	\
				    .once = "multiple --" word " options not allowed"), \
		.arg = "address[/mask][,...]", .help = word " address or network", \
	}

#define INTERFACE(word, c, field, bit, SEL)					\
	{									\
		.name = word "-interface", .letter = c, .type = RV_T_IFACE,	\
		.flags = RV_OPT_INVERT,						\
		RV_FIELD(struct rv_ip, field),					\
		.invert = RV_BIT(struct rv_ip, invert, bit), .sel = RV_SEL_##SEL, \
		.errors = RV_ERRORS(.once = "multiple --" word "-interface options not allowed"), \
		.arg = "name[+]",						\
		.help = word "put interface; a + at the end matches any suffix", \
	}

static const struct rv_option ip_options[] = {
	ADDRESS("source", 's', src, smask, RV_IP_SRC, SADDR),
	{ .name = "src", .alias_of = "source" },
	ADDRESS("destination", 'd', dst, dmask, RV_IP_DST, DADDR),
	{ .name = "dst", .alias_of = "destination" },
	INTERFACE("in", 'i', in, RV_IP_IN, IIFNAME),
	INTERFACE("out", 'o', out, RV_IP_OUT, OIFNAME),
	{
		.name = "protocol", .letter = 'p', .type = RV_T_PROTO, .flags = RV_OPT_INVERT,
		RV_FIELD(struct rv_ip, proto),
		.invert = RV_BIT(struct rv_ip, invert, RV_IP_PROTO), .sel = RV_SEL_L4PROTO,
		.errors = RV_ERRORS(.once = "multiple --protocol options not allowed"),
		.arg = "proto", .help = "protocol number or name, or \"all\"",
		.ops = RV_OPTION_OPS(.parse = parse_protocol, .absorb = absorb_protocol),
	},
	{
		.name = "fragments", .letter = 'f', .type = RV_T_FLAG, .flags = RV_OPT_INVERT,
		RV_FIELD(struct rv_ip, flags), .value = RV_IP_FRAG,
		.invert = RV_BIT(struct rv_ip, invert, RV_IP_FRAG), .sel = RV_SEL_IP_FRAG,
		.family = NFPROTO_IPV4,
		.errors = RV_ERRORS(.once = "multiple --fragments options not allowed",
				    .other_family = "`-f' is not supported in IPv6, use -m frag "
						    "instead"),
		.help = "match second and further fragments only",
		.ops = RV_OPTION_OPS(.predicate = fragment_predicate, .absorb = absorb_fragment),
	},
	{ .name = "fragment", .alias_of = "fragments" },
	{ .name = NULL },
};

const struct rv_ext rv_ext_ip = {
	.name = "ip",
	.kind = RV_CORE,
	.size = sizeof(struct rv_ip),
	.options = ip_options,
	.help = "addresses, interfaces, protocol",
};
RV_REGISTER(rv_ext_ip);
