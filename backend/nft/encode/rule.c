/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules as lists of expressions: the core's predicates, the matches in their
 * order, a counter, then the verdict or target, as iptables-nft writes them.
 */
#include "encode.h"

/* ---- writing ------------------------------------------------------------------- */

/* Whether at least one row is given and all given rows have native expressions. */
static bool is_native(const struct rv_ext *ext, const unsigned char *data)
{
	bool any = false;

	if (!ext->native)
		return false;
	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++) {
		if (opt->alias_of || !rv_option_given(ext, opt, data))
			continue;
		if (!(ext->native & UINT64_C(1) << (opt - ext->options)))
			return false;
		any = true;
	}
	return any;
}

static int write_match(struct rv_buf *b, rv_family_t family, const struct rv_part *m,
		       struct rv_error *err)
{
	if (is_native(m->ext, m->data) && !rv_nft_predicates_write(b, family, m->ext, m->data))
		return 0;
	if (!rv_nft_native_write(b, m))
		return 0;
	return rv_nft_part_write(b, family, m, err);
}

void rv_nft_counter_write(struct rv_buf *b, const struct rv_counters *c)
{
	const struct rv_nft_expr e = {
		.kind = RV_NFT_COUNTER, .packets = c->packets, .bytes = c->bytes,
	};

	rv_nft_expr_write(b, &e);
}

/*
 * Like stock, writes a target QUEUE, which no kernel has, so that the kernel's error is the same.
 */
static void write_queue(struct rv_buf *b)
{
	static const unsigned char info[8];
	const struct rv_nft_expr e = {
		.kind = RV_NFT_TARGET, .name = "QUEUE", .data = { info, sizeof(info) },
	};

	rv_nft_expr_write(b, &e);
}

static void write_verdict(struct rv_buf *b, const struct rv_rule *r)
{
	struct rv_nft_expr e = { .kind = RV_NFT_IMMEDIATE, .dreg = NFT_REG_VERDICT };

	if (r->verdict == RV_VERDICT_QUEUE)
		write_queue(b);
	if (!rv_nft_verdict_code(r->verdict, &e.verdict))
		return;
	e.name = rv_nft_verdict_has_chain(r->verdict) ? r->jump : NULL;
	rv_nft_expr_write(b, &e);
}

int rv_nft_tests_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		       const struct rv_ext *but, struct rv_error *err)
{
	if (rv_nft_predicates_write(b, family, rv_family(family)->core, (const unsigned char *)&r->ip))
		return rv_fail(err, RV_ERR_PROBLEM, &r->loc,
			       "nf_tables cannot be told this address, interface or protocol");
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (m->ext != but && write_match(b, family, m, err))
			return -1;
	return 0;
}

int rv_nft_end_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		     struct rv_error *err)
{
	if (r->target && !rv_nft_native_write(b, r->target))
		return 0;
	if (r->target)
		return rv_nft_part_write(b, family, r->target, err);
	write_verdict(b, r);
	return 0;
}

static int write_expressions(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
			     struct rv_error *err)
{
	if (rv_nft_tests_write(b, family, r, NULL, err))
		return -1;
	rv_nft_counter_write(b, &r->counters);
	return rv_nft_end_write(b, family, r, err);
}

void rv_nft_protocol_write(struct rv_buf *b, const struct rv_ip *ip)
{
	bool given = ip->flags & RV_IP_PROTO;
	bool inverted = given && ip->invert & RV_IP_PROTO;
	size_t nest = rv_nft_nest(b, NFTA_RULE_COMPAT);

	rv_nft_put_u32(b, NFTA_RULE_COMPAT_PROTO, given ? ip->proto : 0);
	rv_nft_put_u32(b, NFTA_RULE_COMPAT_FLAGS, inverted ? NFT_RULE_COMPAT_F_INV : 0);
	rv_nft_nest_end(b, nest);
}

int rv_nft_rule_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		      struct rv_error *err)
{
	size_t nest = rv_nft_nest(b, NFTA_RULE_EXPRESSIONS);

	if (write_expressions(b, family, r, err)) {
		rv_error_at(err, &r->loc);
		return -1;
	}
	if (!rv_nft_nest_end(b, nest))
		return rv_fail(err, RV_ERR_PROBLEM, &r->loc,
			       "the rule is too long: nf_tables takes 64 KiB of matches");
	rv_nft_protocol_write(b, &r->ip);
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}
