/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a kernel rule: decodes its expressions one by one, then makes the equivalent iptables rule,
 * or stores the message in the match `nft' if there is none.
 */
#include <stdlib.h>

#include <linux/netfilter_ipv4.h>

#include <ravelin/hooks.h>
#include <ravelin/registry.h>

#include "backend/nft/wire/object.h"
#include "reader.h"

/* ---- expressions ---------------------------------------------------------------------------- */

static int read_verdict(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_rule *rule = r->m->rule;

	if (e->dreg != NFT_REG_VERDICT)
		return rv_nft_bad_register(r, e);
	rule->verdict = e->verdict == NF_QUEUE && !e->name ? RV_VERDICT_QUEUE : rv_nft_verdict_of(e->verdict);
	if (rule->verdict == RV_VERDICT_NONE || rv_nft_verdict_has_chain(rule->verdict) != !!e->name)
		return rv_nft_unsupported(r, "verdict %d is not understood", (int)e->verdict);
	if (e->name && strlen(e->name) >= sizeof(rule->jump))
		return rv_nft_unsupported(r, "the name of chain `%.128s' is too long", e->name);
	if (e->name)
		strcpy(rule->jump, e->name);
	/* nft rules accept the packet after tproxy; TPROXY does so itself. */
	if (r->target.tproxy && rule->verdict == RV_VERDICT_ACCEPT) {
		r->target.tproxy = false;
		rule->verdict = RV_VERDICT_NONE;
	} else if (r->ended) {
		return rv_nft_unsupported(r, "a verdict behind a target is not understood");
	}
	r->ended = true;
	return 0;
}

static int read_immediate(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	return e->data.data ? rv_nft_read_constant(r, e) : read_verdict(r, e);
}

static int read_counter(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	if (r->counted)
		return rv_nft_unsupported(r, "a second expression `counter' is not understood");
	r->counted = true;
	r->m->rule->counters = (struct rv_counters){ e->packets, e->bytes };
	return 0;
}

/* Reads an xtables match, which may count the packets that reach it. */
static int read_match(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	return rv_nft_end_ranges(r) ? -1 : rv_nft_part_read(r, e);
}

static int read_target(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	return r->ended ? rv_nft_strange(r, e) : rv_nft_part_read(r, e);
}

/* Returns whether the expression loads a register, rather than writing to the packet. */
static bool is_load(const struct rv_nft_expr *e)
{
	static const uint8_t sets[RV_NFT_KINDS] = {
		[RV_NFT_META] = NFTA_META_SREG, [RV_NFT_CT] = NFTA_CT_SREG, [RV_NFT_EXTHDR] = NFTA_EXTHDR_SREG,
	};

	return e->kind == RV_NFT_PAYLOAD ? !e->sreg : !sets[e->kind] || !(e->given & 1U << sets[e->kind]);
}

static int read_field(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	if (e->kind == RV_NFT_META && !(e->given & 1U << NFTA_META_SREG) == !(e->given & 1U << NFTA_META_DREG))
		return rv_nft_unsupported(r, "expression `meta' is malformed");
	return is_load(e) ? rv_nft_read_load(r, e) : rv_nft_statement(r, e);
}

/* The kinds of expressions, their readers, and where they may be in a rule. */
static const struct {
	int (*read)(struct rv_nft_reader *r, const struct rv_nft_expr *e);
	bool decides;		/* may end the rule, so a counter behind it counts fewer packets */
	bool more;		/* may follow the target */
} kinds[RV_NFT_KINDS] = {
	[RV_NFT_PAYLOAD] = { read_field, false, true },
	[RV_NFT_META] = { read_field, false, true },
	[RV_NFT_CT] = { read_field, false, true },
	[RV_NFT_EXTHDR] = { read_field, false, true },
	[RV_NFT_FIB] = { rv_nft_read_load, false, true },
	[RV_NFT_SOCKET] = { rv_nft_read_load, false, true },
	[RV_NFT_RT] = { rv_nft_read_load, false, true },
	[RV_NFT_NUMGEN] = { rv_nft_read_load, false, true },
	[RV_NFT_BITWISE] = { rv_nft_read_bitwise, false, true },
	[RV_NFT_BYTEORDER] = { rv_nft_read_byteorder, false, true },
	[RV_NFT_CMP] = { rv_nft_read_compare, true },
	[RV_NFT_RANGE] = { rv_nft_read_compare, true },
	[RV_NFT_LOOKUP] = { rv_nft_read_lookup, true },
	[RV_NFT_MATCH] = { read_match, true },
	[RV_NFT_LIMIT] = { rv_nft_limit_read, true },
	[RV_NFT_QUOTA] = { rv_nft_counting_statement, true },
	[RV_NFT_DYNSET] = { rv_nft_counting_statement, true },
	[RV_NFT_COUNTER] = { read_counter },
	[RV_NFT_IMMEDIATE] = { read_immediate, false, true },
	[RV_NFT_TARGET] = { read_target },
};

static int read_expression(struct rv_nft_reader *r, struct rv_nft_view elem)
{
	struct rv_nft_expr e;
	const char *what, *why;
	int rc;

	if (rv_nft_expr_read(elem, &e, &what, &why))
		return rv_nft_unsupported(r, "expression `%.64s' %s", what, why);
	if (e.theirs && r->ours)
		return rv_nft_unsupported(r, "expression `%.64s' %s", what, e.theirs);
	r->m->foreign |= e.theirs != NULL;
	if (r->counted && kinds[e.kind].decides)
		return rv_nft_unsupported(r, "expression `%s' behind the counter is not understood", what);
	if (r->ended && kinds[e.kind].read && !kinds[e.kind].more)
		return rv_nft_unsupported(r, "expression `%s' behind the verdict is not understood", what);
	rc = kinds[e.kind].read ? kinds[e.kind].read(r, &e) : rv_nft_statement(r, &e);
	return rc || r->failed ? -1 : 0;
}

static int read_expressions(struct rv_nft_reader *r, struct rv_nft_view list)
{
	struct rv_nft_walk w = rv_nft_attrs(list);
	struct rv_nft_attr a;

	while (rv_nft_next(&w, &a)) {
		if (a.type != NFTA_LIST_ELEM)
			return rv_nft_unsupported(r, "its list of expressions is malformed");
		if (read_expression(r, a.value))
			return -1;
	}
	if (w.bad)
		return rv_nft_unsupported(r, "its list of expressions is malformed");
	if (rv_nft_end_registers(r) || rv_nft_pending(r))
		return -1;
	if (r->is_ether || r->reserved2 || r->target.tproxy)
		return rv_nft_unsupported(r, "a test is incomplete");
	if (!r->m->foreign)
		return 0;
	return rv_nft_check_options(r) || rv_nft_check_rates(r) || rv_nft_check_sets(r) ? -1 : 0;
}

/* ---- beside the expressions ------------------------------------------------------------------- */

/* Converts the comment of an nft rule to -m comment, as in stock. */
static int add_comment(struct rv_nft_reader *r, const char *text, size_t len)
{
	const struct rv_ext *ext = rv_ext_find(RV_MATCH, r->family, "comment");
	struct rv_part *part = ext ? rv_part_new(ext) : NULL;

	if (!ext)
		return 0;
	if (!part)
		return rv_fail_memory(r->err);
	memcpy(part->data, text, len < ext->size ? len : ext->size - 1u);
	return rv_nft_add_match(r, part);
}

static int read_userdata(struct rv_nft_reader *r, struct rv_nft_view v)
{
	struct rv_nft_view text;
	uint32_t at = 0;
	uint8_t type;

	while (rv_nft_next_userdata(v, &at, &type, &text)) {
		size_t len = strnlen((const char *)text.data, text.len);

		if (type == RV_NFT_UDATA_COMMENT && len && add_comment(r, (const char *)text.data, len))
			return -1;
	}
	return 0;
}

/* ---- what a rule means ------------------------------------------------------------------------ */

static int start(struct rv_nft_reader *r, rv_family_t family, const struct rv_nft_place *place,
		 struct rv_nft_meaning *m, struct rv_error *err)
{
	memset(r, 0, offsetof(struct rv_nft_reader, held));
	*m = (struct rv_nft_meaning){ .rule = rv_rule_new(), .list = r->first, .room = RV_NFT_FIRST };
	m->first = r->first;
	r->family = family;
	r->place = place;
	r->err = err;
	r->m = m;
	r->count = rv_nft_count;
	return m->rule ? 0 : rv_fail_memory(err);
}

static int read_meaning(struct rv_nft_reader *r, struct rv_nft_view expressions)
{
	int rc = read_expressions(r, expressions);

	free(r->set.range);
	r->set = (struct rv_nft_set){ 0 };
	return rc;
}

void rv_nft_meaning_clear(struct rv_nft_meaning *m)
{
	if (m->list != m->first)
		free(m->list);
	free(m->parts);
	rv_rule_free(m->rule);
	*m = (struct rv_nft_meaning){ 0 };
}

int rv_nft_meaning_read(struct rv_nft_aside *aside, rv_family_t family, struct rv_nft_view attrs,
			struct rv_nft_meaning *m, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_meaning read;
	struct rv_nft_place place;
	struct rv_nft_reader r;
	int rc;

	if (rv_nft_place_of(attrs, t, &place, err) || start(&r, family, &place, &read, err))
		return -1;
	r.aside = aside;
	rc = read_meaning(&r, t[NFTA_RULE_EXPRESSIONS]) || read_userdata(&r, t[NFTA_RULE_USERDATA]);
	if (!rc && read.list == read.first && rv_nft_keep_list(&read, RV_NFT_FIRST))
		rc = rv_fail_memory(err);
	if (rc)
		rv_nft_meaning_clear(&read);
	*m = read;
	m->first = NULL;
	return rc ? -1 : 0;
}

/* ---- rules of iptables ------------------------------------------------------------------------ */

static struct rv_rule *take(struct rv_nft_meaning *m)
{
	struct rv_rule *rule = m->rule;

	m->rule = NULL;
	return rule;
}

struct rv_rule *rv_nft_rule_read(rv_family_t family, struct rv_nft_view expressions,
				 const struct rv_nft_place *place, struct rv_error *err)
{
	struct rv_nft_meaning m;
	struct rv_nft_reader r;
	struct rv_rule *rule = NULL;

	if (start(&r, family, place, &m, err))
		return NULL;
	r.ours = true;
	if (!read_meaning(&r, expressions) && !rv_nft_assemble_ours(&r))
		rule = take(&m);
	rv_nft_meaning_clear(&m);
	return rule;
}

struct rv_rule *rv_nft_rule_staged(rv_family_t family, struct rv_nft_view attrs,
				   struct rv_nft_place *place, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_rule *r;

	if (rv_nft_place_of(attrs, t, place, err))
		return NULL;
	r = rv_nft_rule_read(family, t[NFTA_RULE_EXPRESSIONS], place, err);
	if (r)
		r->handle = place->handle;
	return r;
}

struct rv_rule *rv_nft_rule_words(struct rv_nft_aside *aside, rv_family_t family, struct rv_nft_view attrs,
				  rv_nft_named_fn *named, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_rule *rule = NULL;
	struct rv_nft_place place;
	struct rv_nft_meaning m;
	struct rv_nft_reader r;

	if (rv_nft_place_of(attrs, t, &place, err) || start(&r, family, &place, &m, err))
		return NULL;
	r.aside = aside;
	r.named = named;
	if (!read_meaning(&r, t[NFTA_RULE_EXPRESSIONS]) && !m.compat && !rv_nft_assemble_to_read(&r)) {
		rule = take(&m);
		rule->handle = place.handle;
	} else if (err->kind == RV_ERR_NONE) {
		rv_nft_unsupported(&r, "iptables cannot express it");
	}
	rv_nft_meaning_clear(&m);
	return rule;
}

/* ---- a rule of the kernel's ------------------------------------------------------------------- */

static bool has_interface_of_other_side(const struct rv_rule *r, const char *chain)
{
	const unsigned int has = rv_chain_interfaces(chain);

	return (r->ip.out[0] && !(has & RV_HAS_OUT)) || (r->ip.in[0] && !(has & RV_HAS_IN));
}

static bool text_has_newline(const struct rv_part *part)
{
	for (const struct rv_option *opt = part->ext->options; opt && opt->name; opt++)
		if (opt->type == RV_T_STRING &&
		    memchr(part->data + opt->offset, '\n', strnlen((const char *)part->data + opt->offset,
								  opt->size)))
			return true;
	return false;
}

static bool has_newline(const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (text_has_newline(m))
			return true;
	return strchr(r->ip.in, '\n') || strchr(r->ip.out, '\n') ||
	       (r->target && text_has_newline(r->target));
}

/*
 * Returns whether the rule contains only what iptables itself writes: it need not be checked that
 * such a rule loads again.
 */
static bool is_plain(rv_family_t family, const struct rv_rule *r, const struct rv_nft_view *t,
		     const struct rv_nft_place *place)
{
	if (r->jump[0] && (!rv_nft_is_sayable(r->jump) || rv_ext_find(RV_TARGET, family, r->jump)))
		return false;
	/* iptables has no DROP in table nat. */
	if (r->verdict == RV_VERDICT_DROP && !strcmp(place->table, "nat"))
		return false;
	return !t[NFTA_RULE_USERDATA].data && !has_interface_of_other_side(r, place->chain) &&
	       !has_newline(r);
}

/* Returns whether the rule jumps to an anonymous chain ("jump { ... }"). */
static bool jumps_to_own(struct rv_nft_aside *aside, rv_family_t family, const struct rv_rule *r,
			 const struct rv_nft_place *place)
{
	struct rv_error err = { 0 };
	bool bound = false;

	if (!aside || strncmp(r->jump, "__chain", 7) != 0)
		return false;
	/* A chain that no longer exists was anonymous: it was deleted together with the rule. */
	return rv_nft_is_bound(aside, family, place->table, r->jump, &bound, &err) == 1 || bound;
}

static bool is_final(const struct rv_error *err)
{
	return err->kind == RV_ERR_MEMORY || err->kind == RV_ERR_AGAIN;
}

/* Reads a rule that nft may have written and iptables may be able to express. */
static struct rv_rule *read_rule(struct rv_nft_reader *r, const struct rv_nft_view *t)
{
	struct rv_rule *rule = r->m->rule;
	bool ours;

	if (read_meaning(r, t[NFTA_RULE_EXPRESSIONS]))
		return NULL;
	rule->handle = r->place->handle;
	ours = !rv_nft_assemble_ours(r);
	if (read_userdata(r, t[NFTA_RULE_USERDATA]))
		return NULL;
	if (ours && (is_plain(r->family, rule, t, r->place) || rv_nft_reloads(r->family, r->place, rule, false)))
		return take(r->m);
	r->failed = is_final(r->err);
	return !r->failed && !r->m->compat && !rv_nft_assemble(r) ? take(r->m) : NULL;
}

struct rv_rule *rv_nft_rule_of(struct rv_nft_aside *aside, rv_family_t family,
			       struct rv_nft_view attrs, struct rv_nft_place *place,
			       struct rv_error *err)
{
	struct rv_error why = { .warnings = err->warnings };
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_meaning m;
	struct rv_nft_reader r;
	struct rv_rule *rule;

	if (rv_nft_place_of(attrs, t, place, err) || start(&r, family, place, &m, err))
		return NULL;
	r.aside = aside;
	r.err = &why;
	rule = read_rule(&r, t);
	rv_nft_meaning_clear(&m);
	if (rule && !jumps_to_own(aside, family, rule, place))
		return rule;
	rv_rule_free(rule);
	if (!rule && is_final(&why)) {
		*err = why;
		return NULL;
	}
	return rv_nft_object_read(aside, family, attrs, err);
}
