/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "analysis/prove.h"

/* Checks the tables first: the walk would not end in a loop of jumps. */
static int check_tables(const struct rv_ruleset *rs, struct rv_error *err)
{
	if (!rs)
		return 0;
	rv_list_each(t, &rs->tables, struct rv_table, node)
		if (rv_table_check(t, err) < 0)
			return -1;
	return 0;
}

int rv_proof_init(struct rv_proof *p, const struct rv_ruleset *a, const struct rv_ruleset *b,
		  const struct rv_rule *more, struct rv_error *err)
{
	*p = (struct rv_proof){ .side = { a, b } };
	if (check_tables(a, err) < 0 || check_tables(b, err) < 0)
		return -1;
	if (rv_space_init(&p->space, a->family, 0) < 0)
		return rv_fail_memory(err);
	if (rv_space_show(&p->space, a, 0) < 0 || (b && rv_space_show(&p->space, b, 1) < 0) ||
	    (more && rv_space_show_rule(&p->space, more, 0) < 0) || rv_space_seal(&p->space) < 0 ||
	    rv_walk_init(&p->walk, &p->space) < 0) {
		rv_proof_free(p);
		return rv_fail_memory(err);
	}
	return 0;
}

void rv_proof_free(struct rv_proof *p)
{
	rv_walk_free(&p->walk);
	rv_space_free(&p->space);
	*p = (struct rv_proof){ 0 };
}

/* ---- outcomes that differ -------------------------------------------------------------------------------- */

static rv_dd bit_of_mark(struct rv_diagram *d, const struct rv_marks *m, uint32_t bit, uint32_t mark, uint32_t ctmark)
{
	rv_dd f = m->turn & bit ? RV_DD_TRUE : RV_DD_FALSE;

	if (m->mark & bit)
		f = rv_dd_ite(d, rv_dd_node(d, mark, RV_DD_FALSE, RV_DD_TRUE), rv_dd_not(d, f), f);
	if (m->ctmark & bit)
		f = rv_dd_ite(d, rv_dd_node(d, ctmark, RV_DD_FALSE, RV_DD_TRUE), rv_dd_not(d, f), f);
	return f;
}

/* Returns the packets to which two mark changes give different marks. */
static rv_dd marks_differ(struct rv_space *s, const struct rv_marks *a, const struct rv_marks *b)
{
	const struct rv_field *mark = rv_space_field(s, RV_SEL_MARK, 0), *ct = rv_space_field(s, RV_SEL_CT_MARK, 0);
	struct rv_diagram *d = &s->d;
	rv_dd differ = RV_DD_FALSE;

	if (!memcmp(a, b, sizeof(*a)))
		return RV_DD_FALSE;
	if (a->blurred != b->blurred)
		return RV_DD_TRUE;
	for (unsigned int i = 32; i-- > 0;) {
		uint32_t bit = 1u << (31 - i);
		rv_dd x = bit_of_mark(d, a, bit, rv_field_var(mark, i), rv_field_var(ct, i));
		rv_dd y = bit_of_mark(d, b, bit, rv_field_var(mark, i), rv_field_var(ct, i));

		differ = rv_dd_or(d, differ, rv_dd_ite(d, x, rv_dd_not(d, y), y));
	}
	return differ;
}

/* Returns the packets that differ in a header byte after two outcomes. */
static rv_dd bytes_differ(struct rv_proof *p, const struct rv_outcome *a, const struct rv_outcome *b)
{
	struct rv_space *s = &p->space;
	rv_dd differ = RV_DD_FALSE;
	bool values[256];

	for (enum rv_byte i = 0; i < RV_BYTES; i++) {
		const struct rv_field *f = rv_space_field(s, rv_byte_selector(i, s->family), 0);

		if (a->bytes[i] == b->bytes[i] || !f)
			continue;
		for (unsigned int k = 0; k < 256; k++)
			values[k] = p->walk.functions[a->bytes[i]][k] != p->walk.functions[b->bytes[i]][k];
		differ = rv_dd_or(&s->d, differ, rv_region_byte(s, f, values));
	}
	return differ;
}

static rv_dd outcomes_differ(void *arg, rv_dd a, rv_dd b)
{
	struct rv_proof *p = arg;
	const struct rv_outcome *x = rv_walk_outcome(&p->walk, a), *y = rv_walk_outcome(&p->walk, b);
	bool kept = x && x->fate != RV_FATE_DROP && x->fate != RV_FATE_REJECT;
	rv_dd differ = RV_DD_FALSE;

	if (a == b || !x || !y)
		return a == b ? RV_DD_FALSE : RV_DD_TRUE;
	if (x->fate != y->fate)
		return RV_DD_TRUE;
	if (p->ignore & RV_PROVE_VERDICTS)
		return RV_DD_FALSE;
	if (x->end != y->end || (!(p->ignore & RV_PROVE_NO_LOG) && x->effects != y->effects))
		return RV_DD_TRUE;
	/* A dropped packet's header and mark have no effect, but its connection's mark does. */
	if (!(p->ignore & RV_PROVE_NO_LOG) && kept)
		differ = x->tracking != y->tracking ? RV_DD_TRUE : bytes_differ(p, x, y);
	if (!(p->ignore & RV_PROVE_NO_MARK)) {
		if (kept)
			differ = rv_dd_or(&p->space.d, differ, marks_differ(&p->space, &x->mark, &y->mark));
		differ = rv_dd_or(&p->space.d, differ, marks_differ(&p->space, &x->ctmark, &y->ctmark));
	}
	return differ;
}

/* ---- chains ------------------------------------------------------------------------------------------------ */

static const struct rv_chain *base_chain(const struct rv_ruleset *rs, const struct rv_table_def *def, unsigned int base)
{
	if (!rs)
		return NULL;
	rv_list_each(t, &rs->tables, struct rv_table, node)
		if (t->def == def)
			return rv_table_chain(t, def->base[base].name);
	return NULL;
}

bool rv_proof_has(const struct rv_proof *p, const struct rv_table_def *def, unsigned int base)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct rv_chain *c = base_chain(p->side[i], def, base);

		if (c && (c->nrules || c->policy == RV_VERDICT_DROP))
			return true;
	}
	return false;
}

/* Returns the outcomes of a base chain. If it is missing, accepts, as an empty chain does. */
static rv_dd outcome_of(struct rv_proof *p, const struct rv_table_def *def, const struct rv_chain *c)
{
	struct rv_table t = { .def = def };
	struct rv_chain none = { .table = &t, .policy = RV_VERDICT_ACCEPT };

	rv_list_init(&none.rules);
	rv_list_init(&t.chains);
	return rv_walk_chain(&p->walk, c ? c : &none, RV_DD_TRUE);
}

int rv_proof_chain(struct rv_proof *p, const struct rv_table_def *def, unsigned int base, struct rv_proof_chain *c)
{
	struct rv_diagram *d = &p->space.d;

	*c = (struct rv_proof_chain){ .def = def, .base = &def->base[base] };
	p->walk.held = c->outcome;
	p->walk.nheld = 1;
	for (unsigned int i = 0; i < 2; i++) {
		c->chain[i] = base_chain(p->side[i], def, base);
		if (i == 0 || p->side[1])
			c->outcome[i] = outcome_of(p, def, c->chain[i]);
	}
	p->walk.held = NULL;
	c->possible = rv_region_possible(&p->space, 1u << c->base->hook);
	if (p->side[1] && !p->walk.unknown[0])
		c->differs = rv_dd_and(d, rv_dd_join(d, c->outcome[0], c->outcome[1], outcomes_differ, p), c->possible);
	if (p->walk.failed || p->space.failed)
		return -1;
	if (d->full && !p->walk.unknown[0])
		strcpy(p->walk.unknown, "the diagram of the difference is too large");
	return p->walk.unknown[0] ? 1 : 0;
}

const struct rv_outcome *rv_proof_outcome(struct rv_proof *p, const struct rv_proof_chain *c, unsigned int side,
					  const uint8_t *values)
{
	return rv_walk_outcome(&p->walk, rv_dd_at(&p->space.d, c->outcome[side], values));
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

static uint32_t mark_at(const struct rv_space *s, const uint8_t *values, enum rv_sel sel)
{
	uint8_t b[16];

	rv_point_bytes(s, values, rv_space_field(s, sel, 0), b);
	return (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

static uint32_t mark_after(const struct rv_space *s, const struct rv_marks *m, const uint8_t *values)
{
	return (m->mark & mark_at(s, values, RV_SEL_MARK)) ^ (m->ctmark & mark_at(s, values, RV_SEL_CT_MARK)) ^ m->turn;
}

static uint8_t byte_at(const struct rv_space *s, enum rv_byte byte, const uint8_t *values)
{
	uint8_t b[16];

	rv_point_bytes(s, values, rv_space_field(s, rv_byte_selector(byte, s->family), 0), b);
	return b[0];
}

static void put_bytes(struct rv_buf *b, struct rv_proof *p, const struct rv_outcome *o, const uint8_t *values)
{
	const char *const names[RV_BYTES] = { "TOS", rv_family(p->space.family)->hops, "TCP flags" };

	for (enum rv_byte i = 0; i < RV_BYTES; i++) {
		uint8_t old = byte_at(&p->space, i, values), new = p->walk.functions[o->bytes[i]][old];

		if (new != old)
			rv_buf_printf(b, i == RV_BYTE_TTL ? " with %s %u" : " with %s 0x%02x", names[i], new);
	}
}

void rv_outcome_words(struct rv_buf *b, struct rv_proof *p, const struct rv_outcome *o, const uint8_t *values)
{
	const struct rv_space *s = &p->space;
	uint32_t mark = mark_after(s, &o->mark, values), ct = mark_after(s, &o->ctmark, values);

	if (*rv_walk_text(&p->walk, o->tracking))
		rv_buf_printf(b, "%s, then ", rv_walk_text(&p->walk, o->tracking));
	for (const char *line = rv_walk_text(&p->walk, o->effects), *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		rv_buf_add(b, line, (size_t)(end - line));
		rv_buf_puts(b, ", then ");
	}
	rv_buf_puts(b, rv_walk_text(&p->walk, o->end));
	put_bytes(b, p, o, values);
	if (mark != mark_at(s, values, RV_SEL_MARK))
		rv_buf_printf(b, " with mark 0x%x", mark);
	if (ct != mark_at(s, values, RV_SEL_CT_MARK))
		rv_buf_printf(b, " with ct mark 0x%x", ct);
}

bool rv_replay_agrees(struct rv_proof *p, const struct rv_replay *r, const struct rv_outcome *o, const uint8_t *values)
{
	bool kept = o->fate != RV_FATE_DROP && o->fate != RV_FATE_REJECT, bytes = true;

	for (enum rv_byte i = 0; i < RV_BYTES; i++)
		bytes &= !r->has[i] || p->walk.functions[o->bytes[i]][r->before[i]] == r->after[i];
	if (kept && (!bytes || strcmp(r->tracking, rv_walk_text(&p->walk, o->tracking)) != 0))
		return false;
	return !strcmp(r->end, rv_walk_text(&p->walk, o->end)) && r->effects.data &&
	       !strcmp(r->effects.data, rv_walk_text(&p->walk, o->effects)) &&
	       (!kept || !((r->mark ^ mark_after(&p->space, &o->mark, values)) & ~o->mark.blurred)) &&
	       !((r->ctmark ^ mark_after(&p->space, &o->ctmark, values)) & ~o->ctmark.blurred);
}
