/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair 4|6 TABLE PACKETS SEED A B
 *
 * Two rulesets: what analysis/ says of each base chain, and what the engine does with packets whose
 * fields have values from the rules and next to them. The chains of TABLE share PACKETS if none of
 * them is said to differ; else, and in other tables, chains get fewer. Prints a line for each chain:
 *
 *	TABLE CHAIN same|different|unknown PACKETS [REASON]
 *
 * Exit status: 0 no contradiction, 1 a contradiction (printed), 2 a ruleset cannot be loaded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include <ravelin/parser.h>
#include <ravelin/registry.h>

#include "analysis/prove.h"
#include "analysis/selectors.h"
#include "backend/file/load.h"

#define FEWER 10000	/* packets of a chain in a table that is known to differ */
#define FEWEST 1000	/* of a chain of another table */
#define BATCH 8192

/* Values that a rule asks for. */
struct corner {
	const struct rv_field *f;
	uint8_t from[16], to[16], mask[16];	/* as bits of the field, the first bit in front */
	uint8_t proto;		/* that has such a header; 0: all have */
};

struct rule {
	uint32_t first, end;	/* corners */
};

struct pair {
	struct rv_store store[2];
	struct rv_proof proof;
	struct corner *corners;
	struct rule *rules;
	uint32_t ncorners, nrules;
	uint8_t *values;	/* of the packet that is being made */
	uint64_t random, wanted;
	const char *table;
	unsigned int nchains;	/* base chains of the table */
	bool differs;		/* one of them does */
	unsigned int failures;
};

static void die(const char *what)
{
	fprintf(stderr, "pair: %s: %s\n", what, strerror(errno));
	exit(3);
}

/* xorshift64* */
static uint32_t any(struct pair *p, uint32_t below)
{
	p->random ^= p->random >> 12;
	p->random ^= p->random << 25;
	p->random ^= p->random >> 27;
	return (uint32_t)(p->random * UINT64_C(0x2545f4914f6cdd1d) >> 32) % below;
}

/* ---- values of the rules ---------------------------------------------------------------------------- */

/* A predicate's value as bits of the field, in which it may be only some. */
static void field_bits(const struct rv_predicate *p, const struct rv_field *f, const uint8_t *value, uint8_t to[16])
{
	const struct rv_sel_row *row = rv_sel_row(p->sel);
	unsigned int len = rv_selectors[p->sel].len;

	memset(to, 0, 16);
	if (row->part_of)
		to[f->bits / 8 - 1] = (uint8_t)(value[0] << row->shift);
	else if (rv_selectors[p->sel].order == RV_ORDER_H)
		for (unsigned int i = 0; i < len; i++)
			to[len - 1 - i] = (uint8_t)(rv_selector_get(p->sel, value) >> 8 * i);
	else
		memcpy(to, value, len);
}

static void add_corner(struct pair *p, const struct rv_predicate *q, const struct rv_field *f, const uint8_t *from,
		       const uint8_t *to, const uint8_t *mask)
{
	const struct rv_sel_row *row = rv_sel_row(q->sel);
	struct corner *c;

	p->corners = reallocarray(p->corners, p->ncorners + 1, sizeof(*c));
	if (!p->corners)
		die("memory");
	c = &p->corners[p->ncorners++];
	*c = (struct corner){ .f = f, .proto = row->protocols[0] };
	field_bits(q, f, from, c->from);
	field_bits(q, f, to, c->to);
	if (mask)
		field_bits(q, f, mask, c->mask);
	else if (row->part_of)
		c->mask[f->bits / 8 - 1] = (uint8_t)(((1u << row->width) - 1) << row->shift);
	else
		memset(c->mask, 0xff, sizeof(c->mask));
}

static void add_predicate(struct pair *p, const struct rv_predicate *q, const struct rv_field *f)
{
	if (!f || rv_selectors[q->sel].order == RV_ORDER_S || rv_selectors[q->sel].order == RV_ORDER_T ||
	    rv_sel_row(q->sel)->presence == RV_PRESENCE_MANY)
		return;
	switch (q->op) {
	case RV_OP_EQ:
		add_corner(p, q, f, q->value, q->value, NULL);
		break;
	case RV_OP_MASK:
		add_corner(p, q, f, q->value, q->value, q->other);
		break;
	case RV_OP_ANY:
		add_corner(p, q, f, q->value, q->value, NULL);
		break;
	case RV_OP_RANGE:
		add_corner(p, q, f, q->value, q->other, NULL);
		break;
	case RV_OP_IN:
		for (unsigned int i = 0; i < q->count; i++)
			add_corner(p, q, f, q->list[i].from, q->list[i].to, NULL);
		break;
	default:
		break;
	}
}

static int see_predicate(const struct rv_predicate *q, void *arg)
{
	struct pair *p = arg;
	const struct rv_space *s = &p->proof.space;
	const struct rv_sel_row *row = rv_sel_row(q->sel);

	if (q->sel == RV_SEL_TH_PORT) {
		add_predicate(p, q, rv_space_field(s, RV_SEL_TH_SPORT, 0));
		add_predicate(p, q, rv_space_field(s, RV_SEL_TH_DPORT, 0));
	} else if (q->sel != RV_SEL_IP_FRAG) {
		add_predicate(p, q, rv_space_field(s, row->part_of ? row->part_of : q->sel, row->part_of ? 0 : q->param));
	}
	return 0;
}

static void see_rule(struct pair *p, const struct rv_rule *r)
{
	rv_family_t family = p->proof.space.family;
	uint32_t first = p->ncorners;

	rv_part_predicates(family, &rv_ext_ip, (const unsigned char *)&r->ip, see_predicate, p);
	for (const struct rv_part *m = r->matches; m; m = m->next)
		rv_part_predicates(family, m->ext, m->data, see_predicate, p);
	p->rules = reallocarray(p->rules, p->nrules + 1, sizeof(*p->rules));
	if (!p->rules)
		die("memory");
	p->rules[p->nrules++] = (struct rule){ first, p->ncorners };
}

/* The rules of one table of both. */
static void see_table(struct pair *p, const struct rv_table_def *def)
{
	p->ncorners = p->nrules = 0;
	for (unsigned int side = 0; side < 2; side++)
		rv_list_each(t, &p->store[side].rs.tables, struct rv_table, node) {
			if (t->def != def)
				continue;
			rv_list_each(c, &t->chains, struct rv_chain, node)
				rv_list_each(r, &c->rules, struct rv_rule, node)
					see_rule(p, r);
		}
}

/* ---- packets ------------------------------------------------------------------------------------------ */

static void set_bits(struct pair *p, const struct rv_field *f, const uint8_t *bits, const uint8_t *mask)
{
	for (unsigned int i = 0; i < f->bits; i++)
		if (!mask || mask[i / 8] >> (7 - i % 8) & 1)
			p->values[rv_field_var(f, i)] = bits[i / 8] >> (7 - i % 8) & 1;
	if (f->has != RV_DD_LEAF)
		p->values[f->has] = any(p, 8) != 0;
}

static void set_number(struct pair *p, const struct rv_field *f, uint32_t n)
{
	uint8_t *at = p->values + rv_field_var(f, f->bits - 1);

	for (unsigned int i = 0; i < f->bits; i++, at -= f->step)
		*at = i < 32 && n >> i & 1;
	if (f->has != RV_DD_LEAF)
		p->values[f->has] = any(p, 8) != 0;
}

/* Adds to the number that the first bits are. */
static void add_to(uint8_t bits[16], unsigned int nbits, int n)
{
	for (unsigned int i = nbits / 8; i-- > 0 && n;) {
		n += bits[i];
		bits[i] = (uint8_t)n;
		n >>= 8;
	}
}

/* A value of the corner, or next to it. */
static void set_corner(struct pair *p, const struct corner *c)
{
	uint8_t bits[16], low[16];

	memcpy(bits, any(p, 2) ? c->from : c->to, 16);
	if (!any(p, 6))
		add_to(bits, c->f->bits, any(p, 2) ? 1 : -1);
	else if (memcmp(c->from, c->to, 16) != 0 && any(p, 2)) {
		memcpy(low, c->from, 16);
		add_to(low, c->f->bits, (int)any(p, 300));
		if (memcmp(low, c->to, 16) <= 0)
			memcpy(bits, low, 16);
	}
	set_bits(p, c->f, bits, c->mask);
}

static void set_protocol(struct pair *p, const struct rv_field *f)
{
	static const uint8_t list[] = { 6, 6, 6, 17, 17, 1, 58, 132, 136, 47, 33, 50, 255 };

	set_number(p, f, any(p, 20) ? list[any(p, sizeof(list))] : any(p, 256));
}

/* One of the values that the field can have. */
static void set_field(struct pair *p, const struct rv_field *f)
{
	const struct rv_sel_row *row = rv_sel_row(f->sel);
	unsigned int bit;

	if (rv_selectors[f->sel].order == RV_ORDER_S) {
		set_number(p, f, any(p, f->nnames + 1));
	} else if (f->sel == RV_SEL_IP_FRAG) {
		set_number(p, f, !any(p, 10));
	} else if (f->sel == RV_SEL_L4PROTO) {
		set_protocol(p, f);
	} else if (row->domain == RV_DOMAIN_ONE_BIT) {
		do
			bit = any(p, f->bits < 32 ? f->bits : 32);
		while (!(row->bits >> bit & 1));
		set_number(p, f, 1u << bit | (f->sel == RV_SEL_CT_STATE ? any(p, 4) << 6 : 0));
	} else if (f->sel == RV_SEL_LENGTH) {
		set_number(p, f, 60 + any(p, 100));
	} else if (row->domain == RV_DOMAIN_FLAG || row->domain == RV_DOMAIN_MOST) {
		set_number(p, f, any(p, row->domain == RV_DOMAIN_FLAG ? 2 : row->bits + 1));
	} else {
		/* Some bits in the end: marks, flags, types. */
		set_number(p, f, any(p, 4) ? any(p, 16) : (uint32_t)any(p, UINT32_MAX));
	}
}

static void set_corners(struct pair *p, const struct rule *r)
{
	for (uint32_t i = r->first; i < r->end; i++)
		set_corner(p, &p->corners[i]);
}

/* Any values, then those of one rule, and of another in few fields. */
static void make_packet(struct pair *p)
{
	const struct rv_space *s = &p->proof.space;
	const struct corner *c;

	for (unsigned int i = 0; i < s->nfields; i++)
		set_field(p, &s->fields[i]);
	for (uint32_t i = 0; i < s->nfrees; i++)
		p->values[s->frees[i].var] = any(p, 2);
	for (unsigned int n = any(p, 4); n-- > 0 && p->ncorners;)
		set_corner(p, &p->corners[any(p, p->ncorners)]);
	if (p->nrules && any(p, 8))
		set_corners(p, &p->rules[any(p, p->nrules)]);
	for (unsigned int n = any(p, 3); n-- > 0 && p->ncorners;) {
		c = &p->corners[any(p, p->ncorners)];
		if (rv_sel_row(c->f->sel)->domain == RV_DOMAIN_ALL)
			set_corner(p, c);
	}
}

/* Takes away what the hook may not have: the output interface, or both. */
static void leave_interfaces(struct pair *p, bool both)
{
	const struct rv_field *in = rv_space_field(&p->proof.space, RV_SEL_IIFNAME, 0);
	const struct rv_field *out = rv_space_field(&p->proof.space, RV_SEL_OIFNAME, 0);

	if (out && (both || !in || any(p, 4)))
		set_number(p, out, out->nnames);
	if (in && (both || !out))
		set_number(p, in, in->nnames);
}

/* ---- both sides ----------------------------------------------------------------------------------------- */

/* What the engine did with a packet, of which texts are hashes. */
struct result {
	bool run, agrees, kept;
	uint64_t end, effects, tracking;
	uint32_t mark, ctmark;
	uint8_t bytes[RV_BYTES];
};

/* The engine can have one side's table at a time. */
struct batch {
	uint8_t *values;
	struct result *side[2];
	uint32_t n;
};

static uint64_t hash_of(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (text && *text)
		h = (h ^ (unsigned char)*text++) * UINT64_C(0x100000001b3);
	return h;
}

static void note_result(struct pair *p, const struct rv_proof_chain *c, unsigned int side, const uint8_t *values,
			struct rv_replay *r, struct result *to)
{
	const struct rv_outcome *o = c->outcome[side] ? rv_proof_outcome(&p->proof, c, side, values) : NULL;

	*to = (struct result){
		.run = true, .agrees = o && rv_replay_agrees(&p->proof, r, o, values),
		.kept = strcmp(r->end, "DROP") != 0 && strncmp(r->end, "REJECT", 6) != 0,
		.end = hash_of(r->end), .effects = hash_of(r->effects.data), .mark = r->mark, .ctmark = r->ctmark,
	};
	to->tracking = hash_of(r->tracking);
	memcpy(to->bytes, r->after, sizeof(to->bytes));
	/* The engine here does not do what these targets do to marks. */
	if (o && (o->mark.blurred | o->ctmark.blurred))
		to->run = false;
}

/* Runs the batch on one side; returns false with err set if the engine refuses the table. */
static bool run_side(struct pair *p, const struct rv_proof_chain *c, unsigned int side, struct batch *b,
		     struct rv_error *err)
{
	struct rv_replayer *replayer = c->chain[side] ? rv_replay_open(&p->proof.space, c->chain[side]->table, err) : NULL;
	uint32_t nvars = p->proof.space.nvars;
	struct rv_replay r;

	for (uint32_t i = 0; replayer && i < b->n; i++) {
		const uint8_t *values = b->values + (size_t)i * nvars;

		b->side[side][i].run = false;
		if (rv_replay_packet(replayer, c->chain[side], values, &r) == 0)
			note_result(p, c, side, values, &r, &b->side[side][i]);
		rv_buf_free(&r.effects);
	}
	rv_replay_close(replayer);
	return replayer != NULL;
}

static bool differ(const struct result *a, const struct result *b)
{
	if (a->end != b->end || a->effects != b->effects || a->ctmark != b->ctmark)
		return true;
	return a->kept && (a->mark != b->mark || a->tracking != b->tracking || memcmp(a->bytes, b->bytes, sizeof(a->bytes)) != 0);
}

static void contradiction(struct pair *p, const struct rv_proof_chain *c, const uint8_t *values, const char *what)
{
	struct rv_buf b = RV_BUF_INIT;

	if (p->failures++ >= 5)
		return;
	rv_buf_printf(&b, "%s %s: %s\n  packet: ", c->def->name, c->base->name, what);
	rv_point_words(&b, &p->proof.space, values);
	for (unsigned int i = 0; i < 2; i++) {
		const struct rv_outcome *o = rv_proof_outcome(&p->proof, c, i, values);
		struct rv_error err = { 0 };
		struct rv_replay r;

		rv_buf_printf(&b, "\n  %c: computed ", 'A' + (int)i);
		if (o)
			rv_outcome_words(&b, &p->proof, o, values);
		if (c->chain[i] && rv_replay(&p->proof.space, c->chain[i], values, &r, &err) == 0)
			rv_buf_printf(&b, "; the engine: %s with marks 0x%x, 0x%x by %s %u, before it: %s", r.end, r.mark,
				      r.ctmark, r.chain, r.rule, r.effects.data ? r.effects.data : "");
	}
	printf("%s\n", rv_buf_text(&b) ? b.data : "no memory");
	rv_buf_free(&b);
}

/* Compares the results of a batch; returns the number of packets that were run on both sides. */
static uint64_t judge(struct pair *p, const struct rv_proof_chain *c, bool known, const struct batch *b)
{
	uint64_t run = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		const uint8_t *values = b->values + (size_t)i * p->proof.space.nvars;
		const struct result *x = &b->side[0][i], *y = &b->side[1][i];

		if (!x->run || !y->run)
			continue;
		run++;
		if (!known)
			continue;
		if (!x->agrees || !y->agrees)
			contradiction(p, c, values, "the engine does not do what is computed");
		else if (differ(x, y) != (rv_dd_at(&p->proof.space.d, c->differs, values) == RV_DD_TRUE))
			contradiction(p, c, values, "the difference is not where it is said to be");
	}
	return run;
}

static void fill(struct pair *p, const struct rv_proof_chain *c, struct batch *b, uint64_t wanted)
{
	uint32_t nvars = p->proof.space.nvars;

	b->n = 0;
	for (uint64_t i = 0; i < wanted; i++) {
		p->values = b->values + (size_t)b->n * nvars;
		make_packet(p);
		if (rv_dd_at(&p->proof.space.d, c->possible, p->values) != RV_DD_TRUE)
			leave_interfaces(p, any(p, 2));
		b->n += rv_dd_at(&p->proof.space.d, c->possible, p->values) == RV_DD_TRUE;
	}
}

/* Returns how many packets were run on both sides; err: why none could be. */
static uint64_t send_packets(struct pair *p, const struct rv_proof_chain *c, bool known, uint64_t wanted,
			     struct batch *b, struct rv_error *err)
{
	uint64_t run = 0;

	for (uint64_t left = wanted; left; left -= left < BATCH ? left : BATCH) {
		fill(p, c, b, left < BATCH ? left : BATCH);
		if (!run_side(p, c, 0, b, err) || !run_side(p, c, 1, b, err))
			return 0;
		run += judge(p, c, known, b);
	}
	return run;
}

/* Runs the packet that is to show the difference. Returns why it could not be run, or "". */
static const char *send_example(struct pair *p, const struct rv_proof_chain *c, struct batch *b)
{
	struct rv_error err = { 0 };

	b->n = 1;
	if (!rv_region_point(&p->proof.space, c->differs, b->values)) {
		contradiction(p, c, b->values, "no packet is in the difference");
		return "";
	}
	rv_point_settle_in(&p->proof.space, c->differs, b->values);
	if (!run_side(p, c, 0, b, &err) || !run_side(p, c, 1, b, &err))
		return " the engine refuses the table";
	if (!b->side[0]->run || !b->side[1]->run)
		return " the example cannot be made";
	if (!b->side[0]->agrees || !b->side[1]->agrees || !differ(b->side[0], b->side[1]))
		contradiction(p, c, b->values, "the example shows no difference");
	return "";
}

/* The chains of the changed table, if none of them is known to differ, share the packets of the pair. */
static uint64_t share_of(const struct pair *p, const struct rv_table_def *def, bool same)
{
	uint64_t most = strcmp(def->name, p->table) != 0 ? FEWEST : FEWER;

	if (!strcmp(def->name, p->table) && same && !p->differs)
		return p->wanted / (p->nchains ? p->nchains : 1);
	return most < p->wanted ? most : p->wanted;
}

static void compare_chain(struct pair *p, const struct rv_table_def *def, unsigned int base, struct batch *b)
{
	struct rv_proof_chain c;
	struct rv_error err = { 0 };
	int rc = rv_proof_chain(&p->proof, def, base, &c);
	bool same = rc == 0 && c.differs == RV_DD_FALSE;
	uint64_t sent;
	char reason[sizeof(p->proof.walk.unknown)];
	const char *note = "";

	if (rc < 0)
		die("memory");
	strcpy(reason, p->proof.walk.unknown);
	p->proof.walk.unknown[0] = '\0';
	if (rc == 0 && !same)
		note = send_example(p, &c, b);
	sent = send_packets(p, &c, rc == 0, share_of(p, def, same), b, &err);
	printf("%s %s %s %llu%s%s%s%s\n", def->name, c.base->name, rc ? "unknown" : same ? "same" : "different",
	       (unsigned long long)sent, note, rc ? " " : "", reason, err.text[0] ? err.text : "");
}

/* How many chains the changed table has, and whether one differs. */
static void look_ahead(struct pair *p)
{
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		for (unsigned int i = 0; i < def->nbase && !strcmp(def->name, p->table); i++) {
			struct rv_proof_chain c;

			if (!rv_proof_has(&p->proof, def, i))
				continue;
			if (rv_proof_chain(&p->proof, def, i, &c) < 0)
				die("memory");
			p->nchains++;
			p->differs |= !p->proof.walk.unknown[0] && c.differs != RV_DD_FALSE;
			p->proof.walk.unknown[0] = '\0';
		}
}

/* ---- the run -------------------------------------------------------------------------------------------- */

static int load(struct pair *p, unsigned int side, rv_family_t family, const char *name)
{
	struct rv_error err = { 0 };
	FILE *f = fopen(name, "r");
	char text[1 << 18];
	size_t len = f ? fread(text, 1, sizeof(text), f) : 0;

	if (!f || len == sizeof(text))
		die(name);
	fclose(f);
	if (rv_load_text(&p->store[side], family, text, len, NULL, &err) == 0)
		return 0;
	printf("%s: %s\n", name, err.text);
	return -1;
}

int main(int argc, char **argv)
{
	struct pair p = { .random = 1 };
	struct batch b = { 0 };
	struct rv_error err = { 0 };
	rv_family_t family;

	if (argc != 7)
		return 3;
	family = argv[1][0] == '6' ? NFPROTO_IPV6 : NFPROTO_IPV4;
	p.table = argv[2];
	p.wanted = strtoull(argv[3], NULL, 0);
	p.random += strtoull(argv[4], NULL, 0) * UINT64_C(0x9e3779b97f4a7c15);
	for (unsigned int i = 0; i < 2; i++)
		if (load(&p, i, family, argv[5 + i]) < 0)
			return 2;
	if (rv_proof_init(&p.proof, &p.store[0].rs, &p.store[1].rs, NULL, &err) < 0) {
		printf("%s\n", err.text);
		return 2;
	}
	b.values = calloc(p.proof.space.nvars + 1, BATCH);
	for (unsigned int i = 0; i < 2; i++)
		b.side[i] = calloc(BATCH, sizeof(*b.side[i]));
	if (!b.values || !b.side[0] || !b.side[1])
		die("memory");
	look_ahead(&p);
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++) {
		see_table(&p, def);
		for (unsigned int i = 0; i < def->nbase; i++)
			if (rv_proof_has(&p.proof, def, i))
				compare_chain(&p, def, i, &b);
	}
	free(b.values);
	free(b.side[0]);
	free(b.side[1]);
	free(p.corners);
	free(p.rules);
	rv_proof_free(&p.proof);
	rv_store_close(&p.store[0]);
	rv_store_close(&p.store[1]);
	return p.failures != 0;
}
