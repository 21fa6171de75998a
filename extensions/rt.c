/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rt: IPv6 routing header (uapi linux/netfilter_ipv6/ip6t_rt.h, RFC 8200). */
#include <arpa/inet.h>
#include <string.h>

#include <ravelin/extension.h>

#include <linux/netfilter_ipv6/ip6t_rt.h>

enum { TYPE, SEGMENTS, LENGTH, RESERVED, ADDRESSES, NOT_STRICT };

static int add_address(struct rv_parse *p, char *word)
{
	struct ip6t_rt *rt = (struct ip6t_rt *)(void *)p->data;

	if (rt->addrnr == IP6T_RT_HOPS)
		return rv_parse_fail(p, "too many addresses specified");
	if (inet_pton(AF_INET6, word, &rt->addrs[rt->addrnr++]) != 1)
		return rv_parse_fail(p, "bad address: %s", word);
	return 0;
}

/* Addresses in order, separated by commas. */
static int parse_addresses(struct rv_parse *p)
{
	return rv_each_word(p, p->arg, add_address);
}

static void print_addresses(struct rv_out *o, const struct rv_option *opt,
			    const unsigned char *data)
{
	const struct ip6t_rt *rt = (const struct ip6t_rt *)(const void *)data;

	for (unsigned int i = 0; i < rt->addrnr && i < IP6T_RT_HOPS; i++) {
		union nf_inet_addr addr = { .in6 = rt->addrs[i] };

		rv_buf_puts(o->buf, i ? "," : "");
		rv_print_address(o->buf, NFPROTO_IPV6, &addr);
	}
}

/* Exactly these addresses by index, or with --rt-0-not-strict in this order with gaps. */
static int addresses_predicate(const struct rv_option *opt, const unsigned char *data,
			       rv_predicate_fn *fn, void *arg)
{
	const struct ip6t_rt *rt = (const struct ip6t_rt *)(const void *)data;
	bool strict = !(rt->flags & IP6T_RT_FST_NSTRICT);
	struct rv_predicate p = {
		.sel = RV_SEL_RT_ADDRESSES, .op = RV_OP_EQ, .len = 1, .value = { rt->addrnr },
	};
	int rc = strict ? fn(&p, arg) : 0;

	p.sel = opt->sel;
	p.len = sizeof(rt->addrs[0]);
	for (unsigned int i = 0; i < rt->addrnr && i < IP6T_RT_HOPS && !rc; i++) {
		memcpy(p.value, &rt->addrs[i], sizeof(rt->addrs[i]));
		p.param = strict ? i + 1 : 0;
		rc = fn(&p, arg);
	}
	return rc;
}

#define GIVEN(bit) RV_BIT(struct ip6t_rt, flags, IP6T_RT_##bit)
#define NOT(bit) RV_BIT(struct ip6t_rt, invflags, IP6T_RT_INV_##bit)

static const struct rv_option rt_options[] = {
	[TYPE] = {
		.name = "rt-type", .type = RV_T_UINT, .flags = RV_OPT_INVERT,
		RV_FIELD(struct ip6t_rt, rt_type),
		.given = GIVEN(TYP), .invert = NOT(TYP), .sel = RV_SEL_RT_TYPE,
		.list = "type:[!]", .arg = "number", .help = "header type",
	},
	[SEGMENTS] = {
		.name = "rt-segsleft", .type = RV_T_UINT_RANGE, .flags = RV_OPT_INVERT,
		RV_FIELD(struct ip6t_rt, segsleft), .invert = NOT(SGS), .sel = RV_SEL_RT_SEGLEFT,
		.list = "segsleft{s}:[!]", .arg = "number[:number]",
		.help = "number of segments left",
	},
	[LENGTH] = {
		.name = "rt-len", .type = RV_T_UINT, .flags = RV_OPT_INVERT,
		RV_FIELD(struct ip6t_rt, hdrlen),
		.given = GIVEN(LEN), .invert = NOT(LEN), .sel = RV_SEL_RT_LEN,
		.list = "length:[!]", .arg = "bytes", .help = "header length",
	},
	[RESERVED] = {
		.name = "rt-0-res", .type = RV_T_FLAG, .flags = RV_OPT_ZERO,
		RV_FIELD(struct ip6t_rt, flags), .value = IP6T_RT_RES, .sel = RV_SEL_RT_RESERVED,
		.list = "reserved", .help = "reserved field of type 0 is 0",
	},
	[ADDRESSES] = {
		.name = "rt-0-addrs", .type = RV_T_HOOK,
		RV_FIELD(struct ip6t_rt, addrs), .given = GIVEN(FST), .sel = RV_SEL_RT_ADDRESS,
		.list = "0-addrs", .arg = "address[,...]",
		.help = "addresses in a type 0 header",
		.ops = RV_OPTION_OPS(.parse = parse_addresses, .print = print_addresses,
				     .predicate = addresses_predicate),
	},
	[NOT_STRICT] = {
		.name = "rt-0-not-strict", .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE,
		RV_FIELD(struct ip6t_rt, flags), .value = IP6T_RT_FST_NSTRICT,
		.list = "0-not-strict", .help = "allow other addresses in between",
	},
	{ .name = NULL },
};

/* The kernel compares segments even without this bit; for the full range it need not be set. */
static void rt_canonicalize(unsigned char *data)
{
	struct ip6t_rt *rt = (struct ip6t_rt *)(void *)data;

	rt->flags &= ~IP6T_RT_SGS;
	if (rt->segsleft[0] || rt->segsleft[1] != UINT32_MAX || rt->invflags & IP6T_RT_INV_SGS)
		rt->flags |= IP6T_RT_SGS;
}

static int check_type0(struct rv_check *c)
{
	const struct ip6t_rt *rt = (const struct ip6t_rt *)(void *)c->part->data;
	bool type0 = c->seen & 1 << TYPE && !rt->rt_type && !(rt->invflags & IP6T_RT_INV_TYP);

	if (c->seen & (1 << RESERVED | 1 << ADDRESSES) && !type0)
		return rv_check_fail(c, "`--rt-type 0' required before `--%s'",
			       rt_options[c->seen & 1 << RESERVED ? RESERVED : ADDRESSES].name);
	if (c->seen & 1 << NOT_STRICT && !(c->seen & 1 << ADDRESSES))
		return rv_check_fail(c, "`--rt-0-addr ...' required before `--rt-0-not-strict'");
	return 0;
}

RV_EXTENSION(rt) = {
	.name = "rt", .kind = RV_MATCH, .family = NFPROTO_IPV6,
	RV_STRUCT(struct ip6t_rt, 0), .options = rt_options,
	.ops = RV_EXT_OPS(.check = check_type0, .canonicalize = rt_canonicalize),
	.initial = &(const struct ip6t_rt){ .segsleft = { 0, UINT32_MAX } },
	.config = "IP6_NF_MATCH_RT", .list = "rt",
	.help = "IPv6 routing header",
};
