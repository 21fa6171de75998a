/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that nft wrote: from what they mean to a rule with matches and options. The rule must
 * say what was read, no more and no less: else it is an error, and none is shown.
 */
#include <stdlib.h>

#include <ravelin/parser.h>
#include <ravelin/render.h>

#include "foreign.h"

struct rewording {
	rv_family_t family;
	struct rv_nft_meaning m;
	struct rv_rule *rule;		/* of m */
	struct rv_part *words;		/* matches that are no predicates, not yet in the rule */
	struct rv_part **from;		/* the first of its matches that may say p */
	const struct rv_predicate *p;	/* looks for who can say it */
	bool said, failed;
};

/* ---- finding who says it ------------------------------------------------------------- */

static void say_as(struct rewording *w, const struct rv_ext *ext)
{
	struct rv_part *part;

	for (part = *w->from; part && !w->said; part = part->next)
		w->said = part->ext == ext && rv_nft_absorb(w->family, ext, w->p, part->data);
	if (w->said)
		return;
	part = rv_part_new(ext);
	if (!part) {
		w->failed = true;
		return;
	}
	w->said = rv_nft_absorb(w->family, ext, w->p, part->data);
	if (w->said)
		rv_rule_add_match(w->rule, part);
	else
		rv_part_free(part);
}

static void try_match(const struct rv_ext *ext, void *arg)
{
	struct rewording *w = arg;

	if (!w->said && !w->failed && ext->kind == RV_MATCH &&
	    (!ext->family || ext->family == w->family))
		say_as(w, ext);
}

/* The match of the protocol comes before all others. */
static bool say(struct rewording *w, const struct rv_predicate *p)
{
	const struct rv_ip *ip = &w->rule->ip;
	const struct rv_ext *of = ip->flags & RV_IP_PROTO && !(ip->invert & RV_IP_PROTO) ?
				  rv_ext_for_protocol(w->family, ip->proto) : NULL;

	w->p = p;
	w->said = false;
	if (of)
		try_match(of, w);
	if (!w->said)
		rv_ext_each(try_match, w);
	return w->said;
}

/* ---- comparing ------------------------------------------------------------------------ */

static int tick_off(const struct rv_predicate *p, void *arg)
{
	struct rewording *w = arg;
	struct rv_predicate copy = { 0 };

	memcpy(&copy, p, p->op == RV_OP_IN ? sizeof(copy) : offsetof(struct rv_predicate, list));
	rv_predicate_normalise(&copy);
	for (size_t i = 0; i < w->m.count; i++) {
		if (!rv_predicate_equal(&w->m.list[i], &copy))
			continue;
		w->m.list[i] = w->m.list[--w->m.count];
		return 0;
	}
	return -1;
}

/* Whether the rule's options say each predicate once, and nothing else. Ticks them off. */
static bool says_just_that(struct rewording *w)
{
	if (rv_part_predicates(w->family, &rv_ext_ip, (const unsigned char *)&w->rule->ip, tick_off, w))
		return false;
	for (const struct rv_part *part = w->rule->matches; part; part = part->next)
		if (rv_part_predicates(w->family, part->ext, part->data, tick_off, w))
			return false;
	return !w->m.count;
}

/* What the kernel would refuse, were it written as iptables writes it, is no wording. */
static bool may_be_loaded(const struct rewording *w, const char *table, struct rv_part *part)
{
	const uint16_t only = part->ext->only_protocol;
	const struct rv_ip *ip = &w->rule->ip;
	struct rv_error why = { 0 };
	struct rv_check c = {
		.family = w->family, .table = table, .ext = part->ext, .rule = w->rule,
		.part = part, .err = &why,
	};

	if (only && (ip->proto != only || ip->invert & RV_IP_PROTO))
		return false;
	return !rv_part_kernel_check(&c);
}

/* ---- the order of matches ---------------------------------------------------------------- */

/* Puts the next of the matches that are no predicates into the rule, at most so many. */
static void put_words(struct rewording *w, size_t most)
{
	while (w->words && most--) {
		struct rv_part *part = w->words;

		w->words = part->next;
		rv_rule_add_match(w->rule, part);
	}
}

/* first: nothing counts before these tests, so the core's options may say them as well. */
static bool say_tests(struct rewording *w, size_t from, size_t to, bool first)
{
	unsigned char *ip = (unsigned char *)&w->rule->ip;
	bool *later = calloc(to - from + 1, sizeof(*later)), ok = true;

	if (!later)
		return false;
	/* Which match a port belongs to is known once the protocol is. */
	for (size_t i = from; i < to; i++)
		later[i - from] = !first || !rv_nft_absorb(w->family, &rv_ext_ip, &w->m.list[i], ip);
	for (size_t i = from; ok && i < to; i++)
		ok = !later[i - from] || say(w, &w->m.list[i]);
	free(later);
	return ok;
}

/* What was tested before a match that counts, and what behind it, stays there. */
static bool say_in_order(struct rewording *w)
{
	size_t at = 0, moved = 0;
	bool ok = true;

	w->words = w->rule->matches;
	w->rule->matches = NULL;
	for (unsigned int i = 0; ok && i <= w->m.ncounted; i++) {
		const struct rv_nft_counted *c = i < w->m.ncounted ? &w->m.counted[i] : NULL;

		w->from = &w->rule->matches;
		while (*w->from)
			w->from = &(*w->from)->next;
		put_words(w, c ? c->match - moved : SIZE_MAX);
		ok = say_tests(w, at, c ? c->tests : w->m.count, !i);
		put_words(w, c != NULL);
		at = c ? c->tests : at;
		moved = c ? c->match + 1 : moved;
	}
	put_words(w, SIZE_MAX);
	return ok;
}

/* ---- what is shown loads again ------------------------------------------------------------- */

/* Takes the one rule of a text. */
static int skip_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		      struct rv_error *err)
{
	return 0;
}

static int skip_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	return 0;
}

static int take_rule(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		     struct rv_error *err)
{
	struct rv_list *rules = arg;

	rv_list_each_safe(r, &cmd->rules, struct rv_rule, node) {
		rv_list_del(&r->node);
		rv_list_add_before(&r->node, rules);
	}
	return 0;
}

/* Puts what a restore makes of the rule as save shows it into the list. */
static int read_again(rv_family_t family, const struct rv_nft_place *place, const struct rv_rule *r,
		      struct rv_list *rules)
{
	const struct rv_restore_sink sink = {
		.table = skip_table, .command = take_rule, .commit = skip_commit, .arg = rules,
	};
	struct rv_buf text = RV_BUF_INIT, warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	int rc;

	rv_buf_printf(&text, "*%s\n", place->table);
	rv_render_rule(&text, family, place->chain, r, RV_COUNTERS_NONE);
	rv_buf_puts(&text, "COMMIT\n");
	rc = rv_buf_ok(&text) ? rv_parse_restore(text.data, text.len, family, &sink, &err) : -1;
	rv_buf_free(&warnings);
	rv_buf_free(&text);
	return rc;
}

/* Statements of nft that the kernel takes at just the hooks where it takes the target. */
static bool is_bound_alike(const struct rv_part *target)
{
	static const char *const names[] = {
		"REJECT", "SNAT", "DNAT", "MASQUERADE", "REDIRECT", "SYNPROXY", "TPROXY",
	};

	for (size_t i = 0; target && i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(target->ext->name, names[i]))
			return true;
	return false;
}

/*
 * Whether the kernel takes it there. anywhere: its words would be other expressions than those
 * that are there, and a chain of the user may be called from all hooks; else the kernel has taken
 * them there already.
 */
static bool fits_place(const struct rv_nft_place *place, const struct rv_rule *r, bool anywhere)
{
	const struct rv_table_def *def = rv_table_def_find(place->table);
	struct rv_rule matches = *r, target = *r;
	uint32_t all = 0, own = 0;
	struct rv_misplaced m;

	if (!def)
		return true;
	for (unsigned int i = 0; i < def->nbase; i++) {
		all |= 1u << def->base[i].hook;
		if (!strcmp(def->base[i].name, place->chain))
			own = 1u << def->base[i].hook;
	}
	matches.target = NULL;
	target.matches = NULL;
	if (!anywhere)
		all = 0;
	return !rv_rule_misplaced(def, own ? own : all, &matches, &m) &&
	       !rv_rule_misplaced(def, own || is_bound_alike(r->target) ? own : all, &target, &m);
}

bool rv_nft_reloads(rv_family_t family, const struct rv_nft_place *place, const struct rv_rule *r,
		    bool anywhere)
{
	struct rv_list rules;
	bool ok = false;

	if (r->jump[0] && !rv_nft_is_sayable(r->jump))
		return false;
	rv_list_init(&rules);
	if (!read_again(family, place, r, &rules) && !rv_list_empty(&rules) &&
	    rules.next == rules.prev)
		ok = rv_rule_equal(rv_entry(rules.next, struct rv_rule, node), r);
	rv_list_each_safe(old, &rules, struct rv_rule, node)
		rv_rule_free(old);
	return ok && fits_place(place, r, anywhere);
}

/* ---- the whole ------------------------------------------------------------------------- */

static bool reword(struct rewording *w, const struct rv_nft_place *place, bool to_read)
{
	if (w->m.loose || !say_in_order(w) || !says_just_that(w))
		return false;
	if (to_read)
		return true;
	for (struct rv_part *part = w->rule->matches; part; part = part->next)
		if (!may_be_loaded(w, place->table, part))
			return false;
	return rv_nft_reloads(w->family, place, w->rule, true);
}

static struct rv_rule *reword_rule(struct rv_nft_aside *aside, rv_family_t family,
				   struct rv_nft_view attrs, bool to_read, struct rv_error *err)
{
	struct rewording w = { .family = family };
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_place place;
	struct rv_nft_reader at = { .family = family, .place = &place, .err = err };
	struct rv_rule *rule = NULL;

	if (rv_nft_place_of(attrs, t, &place, err) ||
	    rv_nft_meaning_read(aside, family, attrs, &w.m, err))
		return NULL;
	w.rule = w.m.rule;
	if (reword(&w, &place, to_read)) {
		rule = w.rule;
		rule->handle = place.handle;
		w.m.rule = NULL;
	} else {
		rv_nft_unsupported(&at, "iptables has no words for it");
	}
	rv_nft_meaning_clear(&w.m);
	return rule;
}

struct rv_rule *rv_nft_reword(struct rv_nft_aside *aside, rv_family_t family,
			      struct rv_nft_view attrs, struct rv_error *err)
{
	return reword_rule(aside, family, attrs, false, err);
}

struct rv_rule *rv_nft_reword_to_read(struct rv_nft_aside *aside, rv_family_t family,
				      struct rv_nft_view attrs, struct rv_error *err)
{
	return reword_rule(aside, family, attrs, true, err);
}
