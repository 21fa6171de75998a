/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects the variables that rules test, and orders them. */
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>
#include <ravelin/render.h>

#include "analysis/selectors.h"
#include "analysis/walk.h"

/* The variable of a match or target. */
struct rv_asked_part {
	const struct rv_part *part;
	uint32_t question;	/* in rv_space.frees */
};

#define HASH_SIZE (1u << 16)

int rv_space_init(struct rv_space *s, rv_family_t family, uint32_t limit)
{
	*s = (struct rv_space){ .family = family };
	s->hash = malloc(HASH_SIZE * sizeof(*s->hash));
	if (!s->hash || rv_diagram_init(&s->d, limit) < 0) {
		rv_space_free(s);
		return -1;
	}
	memset(s->hash, 0xff, HASH_SIZE * sizeof(*s->hash));
	if (!rv_space_add_field(s, RV_SEL_MARK, 0) || !rv_space_add_field(s, RV_SEL_CT_MARK, 0) ||
	    !rv_space_add_field(s, RV_SEL_L4PROTO, 0) || !rv_space_add_field(s, RV_SEL_IP_FRAG, 0))
		return -1;
	return 0;
}

void rv_space_free(struct rv_space *s)
{
	for (unsigned int i = 0; i < s->nfields; i++)
		free(s->fields[i].names);
	for (uint32_t i = 0; i < s->nfrees; i++) {
		free(s->frees[i].key);
		free(s->frees[i].text);
	}
	free(s->fields);
	free(s->frees);
	free(s->hash);
	free(s->parts);
	rv_diagram_free(&s->d);
	*s = (struct rv_space){ 0 };
}

/* ---- fields ---------------------------------------------------------------------------------------- */

const struct rv_field *rv_space_field(const struct rv_space *s, enum rv_sel sel, uint32_t param)
{
	for (unsigned int i = 0; i < s->nfields; i++)
		if (s->fields[i].sel == sel && s->fields[i].param == param)
			return &s->fields[i];
	return NULL;
}

struct rv_field *rv_space_add_field(struct rv_space *s, enum rv_sel sel, uint32_t param)
{
	struct rv_field *f = (struct rv_field *)rv_space_field(s, sel, param), *list;

	if (f)
		return f;
	list = reallocarray(s->fields, s->nfields + 1, sizeof(*list));
	if (!list)
		return NULL;
	s->fields = list;
	f = &list[s->nfields++];
	*f = (struct rv_field){ .sel = sel, .param = param, .rank = rv_sel_row(sel)->rank };
	f->bits = sel == RV_SEL_IP_FRAG ? 1 : 8u * rv_selectors[sel].len;
	return f;
}

static int add_name(struct rv_field *f, const struct rv_predicate *p)
{
	char name[IFNAMSIZ + 1] = "", (*names)[IFNAMSIZ + 1];

	memcpy(name, p->value, p->len < IFNAMSIZ ? p->len : IFNAMSIZ);
	if (p->op == RV_OP_PREFIX)
		strcat(name, "+");
	for (unsigned int i = 0; i < f->nnames; i++)
		if (!strcmp(f->names[i], name))
			return 0;
	names = reallocarray(f->names, f->nnames + 1, sizeof(*names));
	if (!names)
		return -1;
	f->names = names;
	memcpy(names[f->nnames++], name, sizeof(name));
	return 0;
}

/* ---- questions --------------------------------------------------------------------------------------- */

static uint32_t hash_of(const char *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (*key)
		h = (h ^ (unsigned char)*key++) * UINT64_C(0x100000001b3);
	return (uint32_t)(h >> 20) & (HASH_SIZE - 1);
}

static uint32_t find_question(const struct rv_space *s, const char *key)
{
	uint32_t i = s->hash[hash_of(key)];

	while (i != UINT32_MAX && strcmp(s->frees[i].key, key) != 0)
		i = s->frees[i].next;
	return i;
}

static uint32_t add_question(struct rv_space *s, const char *key, const char *text)
{
	uint32_t i = key && text ? find_question(s, key) : UINT32_MAX, *head;

	if (i != UINT32_MAX || !key || !text)
		return i;
	if (s->nfrees == s->room) {
		uint32_t room = s->room ? 2 * s->room : 64;
		struct rv_free *list = reallocarray(s->frees, room, sizeof(*list));

		if (!list)
			return UINT32_MAX;
		s->frees = list;
		s->room = room;
	}
	head = &s->hash[hash_of(key)];
	s->frees[s->nfrees] = (struct rv_free){ .key = strdup(key), .text = strdup(text), .next = *head };
	if (!s->frees[s->nfrees].key || !s->frees[s->nfrees].text) {
		free(s->frees[s->nfrees].key);
		free(s->frees[s->nfrees].text);
		return UINT32_MAX;
	}
	*head = s->nfrees;
	return s->nfrees++;
}

int rv_space_question(struct rv_space *s, const char *key, const char *text)
{
	return add_question(s, key, text) == UINT32_MAX ? -1 : 0;
}

uint32_t rv_space_answer(const struct rv_space *s, const char *key)
{
	uint32_t i = find_question(s, key);

	return i == UINT32_MAX ? RV_DD_LEAF : s->frees[i].var;
}

static void put_hex(struct rv_buf *b, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		rv_buf_printf(b, "%02x", ((const unsigned char *)data)[i]);
}

void rv_predicate_key(struct rv_buf *b, const struct rv_predicate *p)
{
	rv_buf_printf(b, "%s %u %u ", rv_selectors[p->sel].name, p->op, p->param);
	if (p->text)
		put_hex(b, p->text, p->len ? p->len : strlen(p->text));
	put_hex(b, p->value, 16);
	put_hex(b, p->other, 16);
	for (unsigned int i = 0; i < p->count; i++)
		put_hex(b, &p->list[i], sizeof(*p->list));
}

/* Appends a part, "-m limit --limit 3/min". If its only option is negated, omits the '!'. */
static void put_part(struct rv_buf *b, rv_family_t family, const struct rv_rule *r, const struct rv_part *m)
{
	struct rv_out o = { .buf = b, .style = RV_STYLE_SAVE, .family = family, .proto = r->ip.proto };

	rv_buf_printf(b, "-%c %s", m->ext->kind == RV_TARGET ? 'j' : 'm', m->ext->name);
	rv_part_render(&o, m->ext, m->data);
}

static bool cut_turn(struct rv_buf *b, const struct rv_part *m)
{
	const char *text = rv_buf_text(b), *turn = text ? strstr(text, " ! --match-set ") : NULL;

	if (!turn || strcmp(m->ext->name, "set") != 0 || strstr(text, "-eq ") || strstr(text, "-lt ") ||
	    strstr(text, "-gt "))
		return false;
	memmove((char *)turn, turn + 2, strlen(turn + 2) + 1);
	b->len -= 2;
	return true;
}

/* Returns whether two equal matches always have the same result for a packet. */
static bool is_steady(const struct rv_space *s, const struct rv_part *m)
{
	if (!strcmp(m->ext->name, "set"))
		return !s->sets_change;
	return !rv_part_keeps_state(m->ext);
}

static int note_part(struct rv_space *s, const struct rv_part *m, uint32_t question)
{
	if (s->nparts == s->parts_room) {
		uint32_t room = s->parts_room ? 2 * s->parts_room : 64;
		struct rv_asked_part *list = reallocarray(s->parts, room, sizeof(*list));

		if (!list)
			return -1;
		s->parts = list;
		s->parts_room = room;
	}
	s->parts[s->nparts++] = (struct rv_asked_part){ m, question };
	return 0;
}

/* Appends the rule as text, without comments. */
static void put_rule(struct rv_buf *b, rv_family_t family, const struct rv_rule *r)
{
	struct rv_rule *copy = rv_rule_clone(r);

	if (!copy) {
		b->failed = true;
		return;
	}
	for (struct rv_part **m = &copy->matches, *next; *m;) {
		next = (*m)->next;
		if (!strcmp((*m)->ext->name, "comment")) {
			rv_part_free(*m);
			*m = next;
		} else {
			m = &(*m)->next;
		}
	}
	rv_render_rule(b, family, "", copy, RV_COUNTERS_NONE);
	rv_rule_free(copy);
}

/* Adds a variable for a match: one for all equal matches if they always agree, else one each. */
static int ask_part(struct rv_space *s, const struct rv_rule *r, const struct rv_part *m, unsigned int side)
{
	struct rv_buf text = RV_BUF_INIT, key = RV_BUF_INIT;
	bool turned, steady = is_steady(s, m);
	uint32_t first, q = UINT32_MAX;

	put_part(&text, s->family, r, m);
	turned = cut_turn(&text, m);
	rv_buf_puts(&key, rv_buf_text(&text) ? text.data : "");
	if (!steady) {
		rv_buf_puts(&key, " of ");
		put_rule(&key, s->family, r);
		first = add_question(s, rv_buf_text(&key), text.data);
		if (first != UINT32_MAX && s->frees[first].seen[side]++)
			rv_buf_printf(&key, " %u", s->frees[first].seen[side]);
	}
	if (rv_buf_ok(&text) && rv_buf_text(&key))
		q = add_question(s, key.data, text.data);
	rv_buf_free(&text);
	rv_buf_free(&key);
	if (q == UINT32_MAX)
		return -1;
	s->frees[q].last = !steady;
	/* "!" before the option negates the result. */
	return note_part(s, m, 2 * q + turned);
}

/* ---- rules ------------------------------------------------------------------------------------------- */

static int show_predicate(const struct rv_predicate *given, void *arg)
{
	struct rv_space *s = arg;
	struct rv_predicate p = *given;
	const struct rv_sel_row *row = rv_sel_row(p.sel);
	struct rv_buf key = RV_BUF_INIT;
	struct rv_field *f;
	uint32_t question;

	if (row->presence == RV_PRESENCE_CONNECTION && !rv_space_add_field(s, RV_SEL_CT_STATE, 0))
		return -1;
	if (row->part_of)
		return rv_space_add_field(s, row->part_of, 0) ? 0 : -1;
	if (p.sel == RV_SEL_TH_PORT)
		return rv_space_add_field(s, RV_SEL_TH_SPORT, 0) && rv_space_add_field(s, RV_SEL_TH_DPORT, 0) ? 0 : -1;
	if (row->presence != RV_PRESENCE_MANY && rv_selectors[p.sel].order != RV_ORDER_T) {
		f = rv_space_add_field(s, p.sel, p.param);
		return !f ? -1 : rv_selectors[p.sel].order == RV_ORDER_S ? add_name(f, &p) : 0;
	}
	rv_predicate_normalise(&p);
	rv_predicate_key(&key, &p);
	question = add_question(s, rv_buf_text(&key), rv_selectors[p.sel].name);
	rv_buf_free(&key);
	if (question == UINT32_MAX)
		return -1;
	s->frees[question].sel = p.sel;
	s->frees[question].reads = rv_predicate_reads(&p, s->family);
	return 0;
}

struct count {
	unsigned int n;
};

static int count_predicate(const struct rv_predicate *p, void *arg)
{
	(void)p;
	((struct count *)arg)->n++;
	return 0;
}

/* Returns whether a match tests more than its predicates. */
static bool asks(const struct rv_space *s, const struct rv_part *m)
{
	struct count c = { 0 };

	if (!rv_part_is_pure(m->ext, m->data))
		return strcmp(m->ext->name, "comment") != 0;
	rv_part_predicates(s->family, m->ext, m->data, count_predicate, &c);
	return !c.n && m->ext->effect != RV_EFFECT_PURE && !m->ext->protocol;
}

int rv_space_show_rule(struct rv_space *s, const struct rv_rule *r, unsigned int side)
{
	struct rv_effect_of e;

	if (rv_part_predicates(s->family, rv_family(s->family)->core, (const unsigned char *)&r->ip,
			       show_predicate, s))
		return -1;
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (rv_part_predicates(s->family, m->ext, m->data, show_predicate, s) ||
		    (asks(s, m) && ask_part(s, r, m, side) < 0))
			return -1;
	if (r->target) {
		rv_effect_of(r->target, s->family, &e);
		if ((e.packets != RV_CHANGES_ALL && !rv_space_add_field(s, RV_SEL_CT_STATE, 0)) ||
		    (e.what == RV_CHANGE_BYTE && !rv_space_add_field(s, e.sel, 0)))
			return -1;
	}
	if (r->target && rv_target_may_end(r->target))
		return ask_part(s, r, r->target, side);
	return 0;
}

static bool changes_sets(const struct rv_ruleset *rs)
{
	rv_list_each(t, &rs->tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			rv_list_each(r, &c->rules, struct rv_rule, node)
				if (r->target && !strcmp(r->target->ext->name, "SET"))
					return true;
	return false;
}

int rv_space_show(struct rv_space *s, const struct rv_ruleset *rs, unsigned int side)
{
	s->sets_change |= changes_sets(rs);
	rv_list_each(t, &rs->tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			rv_list_each(r, &c->rules, struct rv_rule, node)
				if (rv_space_show_rule(s, r, side) < 0)
					return -1;
	return 0;
}

/* ---- the order ------------------------------------------------------------------------------------------ */

static int by_rank(const void *a, const void *b)
{
	const struct rv_field *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->sel != y->sel)
		return x->sel < y->sel ? -1 : 1;
	return (x->param > y->param) - (x->param < y->param);
}

/* Compares interface names. Sorts a wildcard directly before the names that it matches. */
static int by_name(const void *a, const void *b)
{
	const char *x = a, *y = b;
	size_t i = 0;

	while (x[i] && x[i] == y[i])
		i++;
	if (x[i] == '+' && !x[i + 1])
		return y[i] ? -1 : 1;	/* "eth+" before "eth0", after "eth" */
	if (y[i] == '+' && !y[i + 1])
		return x[i] ? 1 : -1;
	return (unsigned char)x[i] - (unsigned char)y[i];
}

static unsigned int bits_for(unsigned int n)
{
	unsigned int bits = 1;

	while (n >> bits)
		bits++;
	return bits;
}

static void place_fields(struct rv_space *s, unsigned int *i, unsigned int before)
{
	for (; *i < s->nfields && s->fields[*i].rank < before; ++*i) {
		struct rv_field *f = &s->fields[*i];
		enum rv_presence presence = rv_sel_row(f->sel)->presence;

		if (rv_selectors[f->sel].order == RV_ORDER_S) {
			if (f->nnames)
				qsort(f->names, f->nnames, sizeof(*f->names), by_name);
			f->bits = bits_for(f->nnames);
		}
		f->has = RV_DD_LEAF;
		if (presence == RV_PRESENCE_MAYBE || presence == RV_PRESENCE_OUTSIDE)
			f->has = s->nvars++;
		f->first = s->nvars;
		f->step = 1;
		s->nvars += f->bits;
	}
}

/* The last two fields, of RV_RANK_MARK: the first bits of both, the second bits of both, ... */
static void place_marks(struct rv_space *s)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct rv_field *f = &s->fields[s->nfields - 2 + i];

		f->has = RV_DD_LEAF;
		f->first = s->nvars + i;
		f->step = 2;
	}
	s->nvars += 2 * 32;
}

static void place_frees(struct rv_space *s, bool last)
{
	for (uint32_t i = 0; i < s->nfrees; i++)
		if (s->frees[i].last == last)
			s->frees[i].var = s->nvars++;
}

static int by_part(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct rv_asked_part *)a)->part;
	uintptr_t y = (uintptr_t)((const struct rv_asked_part *)b)->part;

	return (x > y) - (x < y);
}

int rv_space_seal(struct rv_space *s)
{
	unsigned int i = 0;

	qsort(s->fields, s->nfields, sizeof(*s->fields), by_rank);
	place_fields(s, &i, RV_RANK_FREE);
	place_frees(s, false);
	place_frees(s, true);
	place_fields(s, &i, RV_RANK_MARK);
	place_marks(s);
	if (s->nparts)
		qsort(s->parts, s->nparts, sizeof(*s->parts), by_part);
	s->sealed = true;
	/* Variables and operation tags share the key space of the cache. */
	return s->nvars < 1u << 29 ? 0 : -1;
}

const struct rv_free *rv_space_asked(const struct rv_space *s, const struct rv_part *m)
{
	const struct rv_asked_part key = { m, 0 }, *found;
	struct rv_free *q;

	found = s->nparts ? bsearch(&key, s->parts, s->nparts, sizeof(*s->parts), by_part) : NULL;
	if (!found)
		return NULL;
	q = &s->frees[found->question / 2];
	q->turned = found->question & 1;
	return q;
}
