/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes matches with options from predicates. For expressions that iptables itself writes, the
 * extension is known. For others, tries each extension; the resulting options must mean exactly
 * what was read.
 */
#include <stdlib.h>

#include <ravelin/registry.h>

#include "reader.h"

/* ---- giving a predicate to rows ---------------------------------------------------------- */

/* Converts a predicate to an equivalent form, for option rows that accept only that form. */
static bool other_form(const struct rv_predicate *p, unsigned int form, struct rv_predicate *other)
{
	*other = *p;
	if (form == 0 && p->op == RV_OP_EQ) {
		other->op = RV_OP_MASK;
		memset(other->other, 0xff, p->len);
		return true;
	}
	if (form == 0 && p->op == RV_OP_MASK && rv_nft_all_are(p->value, p->len, 0)) {
		other->op = RV_OP_ANY;
		other->negate = !p->negate;
		memcpy(other->value, p->other, sizeof(other->value));
		memset(other->other, 0, sizeof(other->other));
		return true;
	}
	if (form == 0 && p->op == RV_OP_ANY) {
		other->op = RV_OP_MASK;
		other->negate = !p->negate;
		memset(other->value, 0, sizeof(other->value));
		memcpy(other->other, p->value, sizeof(other->other));
		return true;
	}
	if (form == 1 && p->op == RV_OP_EQ && rv_selectors[p->sel].order != RV_ORDER_S) {
		other->op = RV_OP_RANGE;
		memcpy(other->other, p->value, sizeof(other->other));
		return true;
	}
	return false;
}

/*
 * Stores a predicate in the options of an extension, in any form that it accepts. Returns false if
 * it accepts none.
 */
static bool absorb(rv_family_t family, const struct rv_ext *ext, const struct rv_predicate *p,
		   unsigned char *data)
{
	struct rv_predicate other;

	if (!rv_part_from_predicate(family, ext, p, data))
		return true;
	for (unsigned int form = 0; form < 2; form++)
		if (other_form(p, form, &other) && !rv_part_from_predicate(family, ext, &other, data))
			return true;
	return false;
}

/*
 * A rule being assembled: a predicate goes to the first part from *from that accepts it, or a new
 * one.
 */
struct assembly {
	struct rv_nft_reader *r;
	struct rv_rule *rule;
	struct rv_part **from, **end;
	const struct rv_predicate *p;
	bool said;
};

static void add_part(struct assembly *a, struct rv_part *part)
{
	*a->end = part;
	a->end = &part->next;
}

/* Expresses the predicate by the extension. Returns 0, 1 if that is impossible, or -1. */
static int say_as(struct assembly *a, const struct rv_ext *ext)
{
	struct rv_part *part;

	for (part = *a->from; part; part = part->next)
		if (part->ext == ext && absorb(a->r->family, ext, a->p, part->data))
			return 0;
	part = rv_part_new(ext);
	if (!part) {
		a->r->failed = true;
		return rv_fail_memory(a->r->err);
	}
	if (absorb(a->r->family, ext, a->p, part->data)) {
		add_part(a, part);
		return 0;
	}
	rv_part_free(part);
	return 1;
}

static bool is_of(const struct rv_nft_meaning *m, const struct rv_part *part)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (m->parts[i].part == part)
			return true;
	return false;
}

/* Starts an assembly with a copy of the rule without its predicates. */
static void start(struct assembly *a, struct rv_nft_reader *r)
{
	struct rv_nft_meaning *m = r->m;
	struct rv_part *next;

	for (struct rv_part *part = m->rule->matches; part; part = next) {
		next = part->next;
		part->next = NULL;
		if (!is_of(m, part))
			rv_part_free(part);
	}
	memset(&m->rule->ip, 0, sizeof(m->rule->ip));
	m->rule->matches = NULL;
	*a = (struct assembly){ .r = r, .rule = m->rule };
	a->from = a->end = &m->rule->matches;
}

static int give_up(struct assembly *a)
{
	start(a, a->r);
	for (size_t i = 0; i < a->r->m->nparts; i++)
		add_part(a, a->r->m->parts[i].part);
	return -1;
}

/* ---- what iptables wrote ------------------------------------------------------------------- */

/* Returns whether all bits of the value have a name: options cannot express others. */
static bool has_names(const struct rv_nft_source *source, const struct rv_predicate *p)
{
	uint8_t mask = p->op == RV_OP_MASK ? p->other[0] : 0xff;

	return !source->named || !((mask | p->value[0]) & ~source->named);
}

static const struct rv_ext *core_of(const struct assembly *a)
{
	return rv_family(a->r->family)->core;
}

/* Expresses a predicate that iptables wrote by the extension it was written for. */
static int say_ours(struct assembly *a, const struct rv_nft_said *said)
{
	const struct rv_nft_source *source = said->source;
	const struct rv_ip *ip = &a->rule->ip;
	const struct rv_ext *ext = NULL;

	if (!source || !has_names(source, &said->p))
		return 1;
	a->p = &said->p;
	if (source->owner == OWNER_IP)
		return a->from == &a->rule->matches &&
		       absorb(a->r->family, core_of(a), a->p, (unsigned char *)&a->rule->ip) ? 0 : 1;
	if (source->owner == OWNER_MATCH)
		ext = rv_ext_find(RV_MATCH, a->r->family, source->match);
	else if (ip->flags & RV_IP_PROTO)
		ext = rv_ext_for_protocol(a->r->family, ip->proto);
	return ext && ext->native ? say_as(a, ext) : 1;
}

int rv_nft_assemble_ours(struct rv_nft_reader *r)
{
	const struct rv_nft_meaning *m = r->m;
	struct assembly a;
	size_t at = 0;

	if (m->foreign)
		return rv_nft_unsupported(r, "iptables does not write this form");
	start(&a, r);
	for (size_t i = 0; i <= m->nparts; i++) {
		for (; at < (i < m->nparts ? m->parts[i].tests : m->count); at++) {
			int rc = say_ours(&a, &m->list[at]);

			if (rc > 0)
				rv_nft_not_understood(r, &m->list[at].load);
			if (rc)
				return give_up(&a);
		}
		if (i == m->nparts)
			break;
		add_part(&a, m->parts[i].part);
		/* Later tests stay behind this match. */
		a.from = a.end;
	}
	return 0;
}

/* ---- what nft wrote: finding who says it ------------------------------------------------------- */

static void try_match(const struct rv_ext *ext, void *arg)
{
	struct assembly *a = arg;

	if (!a->said && !a->r->failed && ext->kind == RV_MATCH &&
	    (!ext->family || ext->family == a->r->family))
		a->said = !say_as(a, ext);
}

/* Expresses a predicate by any extension that can. Tries the match of the protocol first. */
static bool say(struct assembly *a, const struct rv_predicate *p)
{
	const struct rv_ip *ip = &a->rule->ip;
	const struct rv_ext *of = ip->flags & RV_IP_PROTO && !(ip->invert & RV_IP_PROTO) ?
				  rv_ext_for_protocol(a->r->family, ip->proto) : NULL;

	a->p = p;
	a->said = false;
	if (of)
		try_match(of, a);
	if (!a->said)
		rv_ext_each(try_match, a);
	return a->said;
}

/* Appends the matches that are not predicates, up to number `to'. */
static void put_parts(struct assembly *a, size_t *moved, size_t to)
{
	for (; *moved < to; ++*moved)
		add_part(a, a->r->m->parts[*moved].part);
}

/*
 * Expresses predicates from to to. first: no counting match precedes them, so core options are
 * allowed.
 */
static bool say_tests(struct assembly *a, size_t from, size_t to, bool first)
{
	unsigned char *ip = (unsigned char *)&a->rule->ip;
	struct rv_nft_said *list = a->r->m->list;
	bool *later = calloc(to - from + 1, sizeof(*later)), ok = true;

	if (!later)
		return false;
	/* The protocol comes first: it determines which match tests a port. */
	for (size_t i = from; i < to; i++)
		later[i - from] = !first || !absorb(a->r->family, core_of(a), &list[i].p, ip);
	for (size_t i = from; ok && i < to; i++)
		ok = !later[i - from] || say(a, &list[i].p);
	free(later);
	return ok;
}

/* Expresses all predicates; those before a counting match (limit, quota) stay before it. */
static bool say_in_order(struct assembly *a)
{
	const struct rv_nft_meaning *m = a->r->m;
	size_t at = 0, moved = 0;

	for (unsigned int i = 0; i <= m->ncounted; i++) {
		size_t part = i < m->ncounted ? m->counted[i].part : m->nparts;
		size_t to = i < m->ncounted ? m->parts[part].tests : m->count;

		a->from = a->end;
		put_parts(a, &moved, part);
		if (!say_tests(a, at, to, !i))
			return false;
		put_parts(a, &moved, i < m->ncounted ? part + 1 : part);
		at = to;
	}
	return true;
}

/* ---- comparing ------------------------------------------------------------------------ */

/* Normalises the predicates, removes duplicates, and updates how many precede each part. */
static void normalise(struct rv_nft_meaning *m)
{
	size_t n = 0, part = 0;

	for (size_t i = 0; i < m->count; i++) {
		size_t same = 0;

		for (; part < m->nparts && m->parts[part].tests <= i; part++)
			m->parts[part].tests = n;
		rv_predicate_normalise(&m->list[i].p);
		while (same < n && !rv_predicate_equal(&m->list[same].p, &m->list[i].p))
			same++;
		if (same == n)
			m->list[n++] = m->list[i];
	}
	for (; part < m->nparts; part++)
		m->parts[part].tests = n;
	m->count = n;
}

static int tick_off(const struct rv_predicate *p, void *arg)
{
	struct rv_nft_meaning *m = arg;
	struct rv_predicate copy = { 0 };

	memcpy(&copy, p, p->op == RV_OP_IN ? sizeof(copy) : offsetof(struct rv_predicate, list));
	rv_predicate_normalise(&copy);
	for (size_t i = 0; i < m->count; i++) {
		if (!rv_predicate_equal(&m->list[i].p, &copy))
			continue;
		m->list[i] = m->list[--m->count];
		return 0;
	}
	return -1;
}

/*
 * Returns whether the rule's options express each predicate exactly once, and nothing else. Removes
 * from the list the predicates that it found.
 */
static bool says_just_that(struct assembly *a)
{
	struct rv_nft_meaning *m = a->r->m;

	if (rv_part_predicates(a->r->family, core_of(a), (const unsigned char *)&a->rule->ip, tick_off, m))
		return false;
	for (const struct rv_part *part = a->rule->matches; part; part = part->next)
		if (rv_part_predicates(a->r->family, part->ext, part->data, tick_off, m))
			return false;
	return !m->count;
}

/* Returns whether the kernel would accept the part in the form that iptables writes. */
static bool may_be_loaded(const struct assembly *a, struct rv_part *part)
{
	const uint16_t only = rv_ext_only(part->ext)->protocol;
	const struct rv_ip *ip = &a->rule->ip;
	struct rv_error why = { 0 };
	struct rv_check c = {
		.family = a->r->family, .table = a->r->place->table, .ext = part->ext, .rule = a->rule,
		.part = part, .err = &why,
	};

	if (only && (ip->proto != only || ip->invert & RV_IP_PROTO))
		return false;
	return !rv_part_kernel_check(&c);
}

static int assemble(struct rv_nft_reader *r, bool to_read)
{
	bool ok = !r->m->loose && !r->m->many;
	struct assembly a;

	start(&a, r);
	normalise(r->m);
	ok = ok && say_in_order(&a) && says_just_that(&a);
	for (struct rv_part *part = a.rule->matches; ok && part && !to_read; part = part->next)
		ok = may_be_loaded(&a, part);
	ok = ok && (to_read || rv_nft_reloads(r->family, r->place, a.rule, true));
	return ok ? 0 : rv_nft_unsupported(r, "iptables cannot express it");
}

int rv_nft_assemble(struct rv_nft_reader *r)
{
	return assemble(r, false);
}

int rv_nft_assemble_to_read(struct rv_nft_reader *r)
{
	return assemble(r, true);
}
