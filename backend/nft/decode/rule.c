/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that iptables-nft wrote. */
#include <stdarg.h>
#include <stdio.h>

#include "decode.h"

int rv_nft_unsupported(struct rv_nft_reader *r, const char *fmt, ...)
{
	char text[RV_ERROR_TEXT / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_fail(r->err, RV_ERR_RESOURCE, NULL,
		"table `%s' is incompatible, use 'nft' tool: chain `%s' rule handle %llu: %s",
		r->place->table, r->place->chain, (unsigned long long)r->place->handle, text);
	return rv_hint(r->err,
		       "the rule was not written by iptables; look at it with: "
		       "nft -a list chain %s %s %s",
		       r->family == NFPROTO_IPV6 ? "ip6" : "ip", r->place->table, r->place->chain);
}

/*
 * Registers are sixteen words; NFT_REG_1 to NFT_REG_4 are the older names of four words each.
 * Returns the first word, or -1.
 */
static int register_word(uint32_t reg)
{
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		return (reg - NFT_REG_1) * (NFT_REG_SIZE / NFT_REG32_SIZE);
	if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15)
		return reg - NFT_REG32_00;
	return -1;
}

static int bad_register(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	return rv_nft_unsupported(r, "expression `%s' uses a register in a way that is not understood",
			     rv_nft_expr_name(e->kind));
}

static struct rv_nft_load *loaded(struct rv_nft_reader *r, uint32_t reg)
{
	int word = register_word(reg);

	return word >= 0 && r->loads[word].words ? &r->loads[word] : NULL;
}

/* Puts a load in a register; what it overwrites has come to its end. */
static int put_load(struct rv_nft_reader *r, const struct rv_nft_expr *e, struct rv_nft_load load)
{
	int first = register_word(e->dreg);
	uint32_t words = (load.len + NFT_REG32_SIZE - 1) / NFT_REG32_SIZE;

	if (first < 0 || !words || words > RV_NFT_WORDS - (uint32_t)first ||
	    load.len > sizeof(load.mask))
		return bad_register(r, e);
	for (int i = 0; i < RV_NFT_WORDS; i++) {
		struct rv_nft_load *old = &r->loads[i];

		if (old->words && i < first + (int)words && first < i + old->words &&
		    rv_nft_load_end(r, old))
			return -1;
	}
	load.words = words;
	r->loads[first] = load;
	return 0;
}

static int read_load(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_nft_load load = { .kind = e->kind };

	if (e->kind == RV_NFT_PAYLOAD) {
		load.base = e->base;
		load.offset = e->offset;
		load.len = e->len;
	} else {
		load.key = e->key;
		load.len = rv_nft_meta_len(e->key);
		if (!load.len)
			return rv_nft_unsupported(r, "expression `meta' key %u is not understood",
					     e->key);
	}
	return put_load(r, e, load);
}

void rv_nft_add_barrier(struct rv_nft_reader *r, struct rv_part *part)
{
	rv_rule_add_match(r->rule, part);
	r->barrier = part;
}

static bool is_zero(struct rv_nft_view v)
{
	for (uint32_t i = 0; i < v.len; i++)
		if (v.data[i])
			return false;
	return true;
}

/* A mask: and with it, xor with nothing. */
static int read_mask(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_nft_load *from = loaded(r, e->sreg), load;

	if (!from || from->masked || from->bounded || from->used)
		return bad_register(r, e);
	if (e->len != from->len || e->data.len != e->len || e->other.len != e->len ||
	    !is_zero(e->other))
		return rv_nft_unsupported(r, "expression `bitwise' does more than mask");
	load = *from;
	load.masked = true;
	memcpy(load.mask, e->data.data, load.len);
	from->used = true;
	return put_load(r, e, load);
}

static int read_compare(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_nft_load *l = loaded(r, e->sreg);

	return l ? rv_nft_compare(r, l, e) : bad_register(r, e);
}

static int read_counter(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	if (r->counted)
		return rv_nft_unsupported(r, "a second expression `counter' is not understood");
	r->counted = true;
	r->rule->counters = (struct rv_counters){ e->packets, e->bytes };
	return 0;
}

static int read_verdict(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_rule *rule = r->rule;

	if (e->dreg != NFT_REG_VERDICT)
		return bad_register(r, e);
	if (e->verdict == NF_QUEUE && !e->name) {
		rule->verdict = RV_VERDICT_QUEUE;
		return 0;
	}
	rule->verdict = rv_nft_verdict_of(e->verdict);
	if (rule->verdict == RV_VERDICT_NONE || rv_nft_verdict_has_chain(rule->verdict) != !!e->name)
		return rv_nft_unsupported(r, "verdict %d is not understood", (int)e->verdict);
	if (e->name && strlen(e->name) >= sizeof(rule->jump))
		return rv_nft_unsupported(r, "the name of chain `%.128s' is too long", e->name);
	if (e->name)
		strcpy(rule->jump, e->name);
	return 0;
}

static int read_last(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	r->ended = true;
	return e->kind == RV_NFT_TARGET ? rv_nft_part_read(r, e) : read_verdict(r, e);
}

/* The constant of --jump TRACE, or the verdict. */
static int read_immediate(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	if (!e->data.data)
		return read_last(r, e);
	if (r->constant || e->data.len != 1 || e->data.data[0] != 1)
		return rv_nft_unsupported(r, "expression `immediate' with a value is not understood");
	r->constant = e->dreg;
	return 0;
}

static int read_meta(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	bool sets = e->given & 1U << NFTA_META_SREG, loads = e->given & 1U << NFTA_META_DREG;

	if (sets == loads)
		return rv_nft_unsupported(r, "expression `meta' is malformed");
	return sets ? rv_nft_native_read(r, e) : read_load(r, e);
}

static int (*const readers[RV_NFT_KINDS])(struct rv_nft_reader *, const struct rv_nft_expr *) = {
	[RV_NFT_PAYLOAD] = read_load,
	[RV_NFT_META] = read_meta,
	[RV_NFT_CMP] = read_compare,
	[RV_NFT_BITWISE] = read_mask,
	[RV_NFT_RANGE] = read_compare,
	[RV_NFT_IMMEDIATE] = read_immediate,
	[RV_NFT_COUNTER] = read_counter,
	[RV_NFT_LIMIT] = rv_nft_native_read,
	[RV_NFT_LOG] = rv_nft_native_read,
	[RV_NFT_MATCH] = rv_nft_part_read,
	[RV_NFT_TARGET] = read_last,
};

/* What is still open goes before a match that follows: the order of matches is kept. */
static int end_loads(struct rv_nft_reader *r)
{
	for (unsigned int i = 0; i < RV_NFT_WORDS; i++)
		if (rv_nft_load_end(r, &r->loads[i]))
			return -1;
	return 0;
}

static int read_expression(struct rv_nft_reader *r, struct rv_nft_view elem)
{
	struct rv_nft_expr e;
	const char *what, *why;

	if (rv_nft_expr_read(elem, &e, &what, &why))
		return rv_nft_unsupported(r, "expression `%.64s' %s", what, why);
	if (e.theirs)
		return rv_nft_unsupported(r, "expression `%.64s' %s", what, e.theirs);
	if (r->ended)
		return rv_nft_unsupported(r, "expression `%s' behind the verdict is not understood",
				     what);
	/* What is tested decides what is counted. */
	if (r->counted && (readers[e.kind] == read_compare || e.kind == RV_NFT_LIMIT ||
			   e.kind == RV_NFT_MATCH))
		return rv_nft_unsupported(r, "expression `%s' behind the counter is not understood", what);
	if (readers[e.kind] != read_compare && readers[e.kind] != read_load &&
	    readers[e.kind] != read_mask && end_loads(r))
		return -1;
	return readers[e.kind](r, &e);
}

static int read_expressions(struct rv_nft_reader *r, struct rv_nft_view expressions)
{
	struct rv_nft_walk w = rv_nft_attrs(expressions);
	struct rv_nft_attr a;

	while (rv_nft_next(&w, &a)) {
		if (a.type != NFTA_LIST_ELEM)
			return rv_nft_unsupported(r, "its list of expressions is malformed");
		if (read_expression(r, a.value))
			return -1;
	}
	if (w.bad)
		return rv_nft_unsupported(r, "its list of expressions is malformed");
	if (end_loads(r))
		return -1;
	if (r->constant)
		return rv_nft_unsupported(r, "expression `immediate' sets what is not used");
	return 0;
}

struct rv_rule *rv_nft_rule_read(rv_family_t family, struct rv_nft_view expressions,
				 const struct rv_nft_place *place, struct rv_error *err)
{
	struct rv_nft_reader r = {
		.family = family, .place = place, .err = err, .rule = rv_rule_new(),
	};

	if (!r.rule) {
		rv_fail_memory(err);
		return NULL;
	}
	if (read_expressions(&r, expressions)) {
		rv_rule_free(r.rule);
		return NULL;
	}
	return r.rule;
}
