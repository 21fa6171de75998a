/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy: IPsec transforms applied to the packet, or to be applied (uapi
 * linux/netfilter/xt_policy.h). Options from --reqid on apply to the current element, which --next
 * advances; their rows have offsets in struct xt_policy_elem.
 */
#include <netinet/in.h>
#include <string.h>

#include <ravelin/extension.h>

#include <linux/netfilter/xt_policy.h>

typedef struct xt_policy_info info;
typedef struct xt_policy_elem elem;

enum { DIR, POL, STRICT, REQID, SPI, PROTO, MODE, TUNNEL_DST, TUNNEL_SRC, NEXT };

/* One bit per row of an element; bit-field positions depend on the compiler. */
static const struct xt_policy_spec bits[] = {
	[REQID] = { .reqid = 1 }, [SPI] = { .spi = 1 }, [PROTO] = { .proto = 1 },
	[MODE] = { .mode = 1 }, [TUNNEL_DST] = { .daddr = 1 }, [TUNNEL_SRC] = { .saddr = 1 },
};

static const struct rv_option policy_options[];

static uint8_t bit_of(unsigned int row)
{
	uint8_t bit;

	memcpy(&bit, &bits[row], sizeof(bit));
	return bit;
}

static bool has(const struct xt_policy_spec *spec, unsigned int row)
{
	uint8_t byte;

	memcpy(&byte, spec, sizeof(byte));
	return byte & bit_of(row);
}

static void set(struct xt_policy_spec *spec, unsigned int row)
{
	uint8_t byte;

	memcpy(&byte, spec, sizeof(byte));
	byte |= bit_of(row);
	memcpy(spec, &byte, sizeof(byte));
}

static int parse_element(struct rv_parse *p)
{
	info *i = (info *)(void *)p->data;
	elem *e = &i->pol[i->len];
	unsigned int row = p->opt - policy_options;
	struct rv_parse in_element = *p;

	if (has(&e->match, row))
		return rv_parse_fail(p, "policy match: double --%s option", p->opt->name);
	in_element.data = (unsigned char *)e;
	if (rv_value_parse(&in_element, p->arg, in_element.data + p->opt->offset))
		return -1;
	if (row == PROTO && e->proto != IPPROTO_AH && e->proto != IPPROTO_ESP &&
	    e->proto != IPPROTO_COMP)
		return rv_parse_fail(p, "policy match: protocol must be ah/esp/ipcomp");
	set(&e->match, row);
	if (p->invert)
		set(&e->invert, row);
	return 0;
}

static int parse_next(struct rv_parse *p)
{
	info *i = (info *)(void *)p->data;

	if (i->len + 1 >= XT_POLICY_MAX_ELEM)
		return rv_parse_fail(p, "policy match: maximum policy depth reached");
	i->len++;
	return 0;
}

static void print_element(struct rv_out *o, const elem *e, const char *dashes)
{
	struct rv_out numeric = *o;

	numeric.numeric = true;		/* addresses are never resolved, not even in -L */
	for (unsigned int row = REQID; row <= TUNNEL_SRC; row++) {
		if (!has(&e->match, row))
			continue;
		rv_buf_printf(o->buf, "%s %s%s ", has(&e->invert, row) ? " !" : "", dashes,
			      policy_options[row].name);
		if (row == PROTO && o->style == RV_STYLE_LIST && o->numeric)
			rv_buf_u64(o->buf, e->proto);
		else
			rv_value_print(&numeric, &policy_options[row], (const unsigned char *)e);
	}
}

/* Prints all elements, separated by --next. */
static void print_elements(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *i = (const info *)(const void *)data;
	bool list = o->style == RV_STYLE_LIST;

	for (unsigned int n = 0; n < i->len && n < XT_POLICY_MAX_ELEM; n++) {
		if (i->len > 1 && list)
			rv_buf_printf(o->buf, " [%u]", n);
		else if (n)
			rv_buf_puts(o->buf, " --next");
		print_element(o, &i->pol[n], list ? "" : "--");
	}
}

static const enum rv_sel selectors[][2] = {
#define SIDES(row, SEL) [row] = { RV_SEL_XFRM_IN_##SEL, RV_SEL_XFRM_OUT_##SEL }
	SIDES(REQID, REQID), SIDES(SPI, SPI), SIDES(PROTO, PROTO), SIDES(MODE, MODE),
	SIDES(TUNNEL_DST, DADDR), SIDES(TUNNEL_SRC, SADDR),
};

static int element_predicates(const info *i, unsigned int n, rv_predicate_fn *fn, void *arg)
{
	bool out = !(i->flags & XT_POLICY_MATCH_IN);
	const elem *e = &i->pol[n];
	struct rv_predicate p;
	int rc = 0;

	for (unsigned int row = REQID; row <= TUNNEL_SRC && !rc; row++) {
		if (!has(&e->match, row))
			continue;
		rv_row_predicate(&policy_options[row], selectors[row][out], (const unsigned char *)e, &p);
		if (row == SPI)
			memcpy(p.value, &e->spi, sizeof(e->spi));
		p.negate = has(&e->invert, row);
		p.param = i->flags & XT_POLICY_MATCH_STRICT ? n + 1 : 0;
		rc = fn(&p, arg);
	}
	return rc;
}

/* Number of elements: none, any or, with --strict, exactly those given. */
static int path_predicates(const struct rv_option *opt, const unsigned char *data,
			   rv_predicate_fn *fn, void *arg)
{
	const info *i = (const info *)(const void *)data;
	bool strict = i->flags & XT_POLICY_MATCH_STRICT, none = i->flags & XT_POLICY_MATCH_NONE;
	struct rv_predicate p = {
		.sel = i->flags & XT_POLICY_MATCH_IN ? RV_SEL_XFRM_IN : RV_SEL_XFRM_OUT,
		.op = RV_OP_EQ, .negate = !none && !strict, .len = 1,
		.value = { strict && !none ? i->len : 0 },
	};
	int rc = fn(&p, arg);

	for (unsigned int n = 0; n < i->len && n < XT_POLICY_MAX_ELEM && !none && !rc; n++)
		rc = element_predicates(i, n, fn, arg);
	return rc;
}

static int absorb_path(const struct rv_option *opt, const struct rv_predicate *p,
		       unsigned char *data)
{
	*(info *)(void *)data = (info){
		.flags = XT_POLICY_MATCH_IN | (p->negate ? 0 : XT_POLICY_MATCH_NONE), .len = p->negate };
	return 0;
}

static const struct rv_name policy_directions[] = {
	{ "in", XT_POLICY_MATCH_IN, "decapsulated packet" },
	{ "out", XT_POLICY_MATCH_OUT, "packet to encapsulate" },
	{ NULL, 0, NULL },
};

static const struct rv_name policies[] = {
	{ "none", XT_POLICY_MATCH_NONE, NULL },
	{ "ipsec", 0, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name policy_modes[] = {
	{ "transport", XT_POLICY_MODE_TRANSPORT, NULL },
	{ "tunnel", XT_POLICY_MODE_TUNNEL, NULL },
	{ NULL, 0, NULL },
};

/* Printed by the row of --next; the row of --dir has the predicates, per element. */
#define ELEMENT RV_OPT_INVERT | RV_OPT_REPEAT | RV_OPT_NO_PREDICATE

#define TUNNEL(side, addr, mask, text)						\
	{									\
		.name = "tunnel-" side, .type = RV_T_ADDR_MASK, .flags = ELEMENT, \
		RV_FIELD(elem, addr), .mask_offset = offsetof(elem, mask),	\
		.arg = "address[/mask]", .help = text,				\
		.ops = RV_OPTION_OPS(.parse = parse_element),			\
	}

static const struct rv_option policy_options[] = {
	[DIR] = {
		.name = "dir", .type = RV_T_ENUM, .flags = RV_OPT_EXACT,
		RV_FIELD(info, flags), .owned = XT_POLICY_MATCH_IN | XT_POLICY_MATCH_OUT,
		.names = policy_directions,
		.errors = RV_ERRORS(.bad = "policy_match: invalid dir \"%s\""),
		.arg = "in|out", .help = "direction: decrypted packet or packet to encrypt",
		.sel = RV_SEL_XFRM_IN,
		.ops = RV_OPTION_OPS(.predicate = path_predicates, .absorb = absorb_path),
	},
	[POL] = {
		.name = "pol", .type = RV_T_ENUM, .flags = RV_OPT_EXACT | RV_OPT_NO_PREDICATE,
		RV_FIELD(info, flags), .owned = XT_POLICY_MATCH_NONE, .names = policies,
		.errors = RV_ERRORS(.bad = "policy match: invalid policy \"%s\""),
		.arg = "none|ipsec", .help = "whether IPsec applies",
	},
	[STRICT] = {
		.name = "strict", .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE,
		RV_FIELD(info, flags), .value = XT_POLICY_MATCH_STRICT,
		.help = "match all elements in order, and no others",
	},
	[REQID] = {
		.name = "reqid", .type = RV_T_UINT, .flags = ELEMENT,
		RV_FIELD(elem, reqid),
		.arg = "number", .help = "request id of the policy",
		.ops = RV_OPTION_OPS(.parse = parse_element),
	},
	[SPI] = {
		.name = "spi", .type = RV_T_UINT,
		/*
		 * The kernel compares it in network order. iptables has always written and printed
		 * it in host order; converting it would show a different SPI there.
		 */
		.flags = ELEMENT | RV_OPT_HEX,
		RV_FIELD(elem, spi),
		.arg = "number", .help = "security parameter index",
		.ops = RV_OPTION_OPS(.parse = parse_element),
	},
	[PROTO] = {
		.name = "proto", .type = RV_T_PROTO, .flags = ELEMENT,
		RV_FIELD(elem, proto),
		.arg = "ah|esp|ipcomp", .help = "the protocol",
		.ops = RV_OPTION_OPS(.parse = parse_element),
	},
	[MODE] = {
		.name = "mode", .type = RV_T_ENUM, .flags = ELEMENT | RV_OPT_EXACT,
		RV_FIELD(elem, mode), .names = policy_modes,
		.errors = RV_ERRORS(.bad = "policy match: invalid mode \"%s\""),
		.arg = "transport|tunnel", .help = "the mode",
		.ops = RV_OPTION_OPS(.parse = parse_element),
	},
	[TUNNEL_DST] = TUNNEL("dst", daddr, dmask, "destination address of the tunnel"),
	[TUNNEL_SRC] = TUNNEL("src", saddr, smask, "source address of the tunnel"),
	[NEXT] = {
		.name = "next", .type = RV_T_FLAG, .flags = RV_OPT_REPEAT | RV_OPT_NO_PREDICATE,
		.needs = 1 << STRICT,
		.help = "start the next element",
		.ops = RV_OPTION_OPS(.parse = parse_next, .print = print_elements),
	},
	{ .name = NULL },
};

static int policy_fail(struct rv_check *c, const char *why)
{
	return rv_check_fail(c, "policy match: %s", why);
}

static int check_element(struct rv_check *c, const info *i, unsigned int n)
{
	const elem *e = &i->pol[n];
	bool tunnel = (e->mode == XT_POLICY_MODE_TUNNEL) != has(&e->invert, MODE);
	uint8_t match;

	memcpy(&match, &e->match, sizeof(match));
	if (i->flags & XT_POLICY_MATCH_STRICT && !match)
		return rv_check_fail(c,
				     "policy match: empty policy element %u. --strict is in effect, but at "
				     "least one of reqid, spi, tunnel-src, tunnel-dst, proto or mode is "
				     "required.", n);
	if ((has(&e->match, TUNNEL_SRC) || has(&e->match, TUNNEL_DST)) && !tunnel)
		return policy_fail(c, "--tunnel-src/--tunnel-dst is only valid in tunnel mode");
	return 0;
}

/* Up to here, len is the index of the last element. */
static int check_policy(struct rv_check *c)
{
	const uint64_t elements = ~(1ULL << DIR | 1 << POL | 1 << STRICT);
	info *i = (info *)(void *)c->part->data;

	if (!(c->seen & 1 << DIR))
		return policy_fail(c, "neither --dir in nor --dir out specified");
	if (i->flags & XT_POLICY_MATCH_NONE) {
		if (c->seen & 1 << STRICT)
			return policy_fail(c, "policy none but --strict given");
		return c->seen & elements ? policy_fail(c, "policy none but policy given") : 0;
	}
	i->len++;
	for (unsigned int n = 0; n < i->len; n++)
		if (check_element(c, i, n))
			return -1;
	return 0;
}

/* Received packets have no transforms to be applied, sent ones none applied. */
static const char *policy_refused(const unsigned char *data, uint32_t hooks)
{
	const uint32_t in = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN;
	const uint32_t out = 1 << NF_INET_POST_ROUTING | 1 << NF_INET_LOCAL_OUT;
	const info *i = (const info *)(const void *)data;

	if (i->flags & XT_POLICY_MATCH_OUT && hooks & in)
		return "--dir out cannot be used in PREROUTING and INPUT";
	if (i->flags & XT_POLICY_MATCH_IN && hooks & out)
		return "--dir in cannot be used in POSTROUTING and OUTPUT";
	return NULL;
}

RV_EXTENSION(policy) = {
	.name = "policy", .kind = RV_MATCH,
	RV_STRUCT(info, 0), .options = policy_options, .ops = RV_EXT_OPS(.check = check_policy),
	.only = RV_ONLY(.refused = policy_refused),
	.save_template = " --dir <dir> --pol <pol>{strict: --strict}<next>",
	.list_template = " policy match dir <dir> pol <pol>{strict: strict}<next>",
	.help = "IPsec policy of the packet",
};
