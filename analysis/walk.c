/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the last rule of a chain to the first: what a rule says of its packets is put over what the
 * rules behind it say of all. A jump puts the chain it leads to over them, for the packets that
 * come to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/selectors.h"
#include "analysis/walk.h"

#define TEXT_HASH (1u << 14)
#define MEMO (1u << 14)

/* Rules that are looked at, with those of chains as often as they are jumped to. */
#define STEPS_MAX 20000000

struct rv_memo {
	const struct rv_chain *chain;
	rv_dd where, next, result;
};

int rv_walk_init(struct rv_walk *w, struct rv_space *s)
{
	*w = (struct rv_walk){ .s = s, .most = STEPS_MAX };
	w->hash = malloc(TEXT_HASH * sizeof(*w->hash));
	w->memo = calloc(MEMO, sizeof(*w->memo));
	if (!w->hash || !w->memo)
		return -1;
	memset(w->hash, 0xff, TEXT_HASH * sizeof(*w->hash));
	return 0;
}

void rv_walk_free(struct rv_walk *w)
{
	for (uint32_t i = 0; i < w->ntexts; i++)
		free(w->texts[i]);
	free(w->texts);
	free(w->outcomes);
	free(w->hash);
	free(w->memo);
	*w = (struct rv_walk){ 0 };
}

/* ---- texts and outcomes ----------------------------------------------------------------------------------- */

static uint32_t hash_bytes(const void *data, size_t len)
{
	const unsigned char *at = data;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (len--)
		h = (h ^ *at++) * UINT64_C(0x100000001b3);
	return (uint32_t)(h >> 24);
}

/* Open addressing: the table is four times as large as what is put into it. */
static uint32_t add_text(struct rv_walk *w, const char *text)
{
	uint32_t at = hash_bytes(text, strlen(text)) & (TEXT_HASH - 1);
	char **list;

	for (; w->hash[at] != UINT32_MAX; at = (at + 1) & (TEXT_HASH - 1))
		if (!strcmp(w->texts[w->hash[at]], text))
			return w->hash[at];
	if (w->ntexts >= TEXT_HASH / 2) {
		snprintf(w->unknown, sizeof(w->unknown), "there are more than %u combinations of what targets do", TEXT_HASH / 2);
		return 0;
	}
	if (w->ntexts == w->texts_room) {
		w->texts_room = w->texts_room ? 2 * w->texts_room : 64;
		list = reallocarray(w->texts, w->texts_room, sizeof(*list));
		if (!list) {
			w->failed = true;
			return 0;
		}
		w->texts = list;
	}
	w->texts[w->ntexts] = strdup(text);
	w->failed |= !w->texts[w->ntexts];
	if (!w->texts[w->ntexts])
		return 0;
	w->hash[at] = w->ntexts;
	return w->ntexts++;
}

const char *rv_walk_text(const struct rv_walk *w, uint32_t text)
{
	return text < w->ntexts ? w->texts[text] : "";
}

static rv_dd add_outcome(struct rv_walk *w, const struct rv_outcome *o)
{
	uint32_t i = 0;
	struct rv_outcome *list;

	/* Search from the newest: similar rules are neighbours. */
	for (i = w->noutcomes; i-- > 0;)
		if (!memcmp(&w->outcomes[i], o, sizeof(*o)))
			return i + 2;
	if (w->noutcomes == w->room) {
		w->room = w->room ? 2 * w->room : 64;
		list = reallocarray(w->outcomes, w->room, sizeof(*list));
		if (!list) {
			w->failed = true;
			return 2;
		}
		w->outcomes = list;
	}
	w->outcomes[w->noutcomes] = *o;
	return w->noutcomes++ + 2;
}

const struct rv_outcome *rv_walk_outcome(const struct rv_walk *w, rv_dd leaf)
{
	uint32_t n = rv_dd_leaf_of(&w->s->d, leaf);

	return n >= 2 && n - 2 < w->noutcomes ? &w->outcomes[n - 2] : NULL;
}

static const struct rv_marks same_mark = { .mark = UINT32_MAX }, same_ctmark = { .ctmark = UINT32_MAX };

static rv_dd end_leaf(struct rv_walk *w, enum rv_fate fate, const char *text)
{
	struct rv_outcome o;

	memset(&o, 0, sizeof(o));
	o.fate = fate;
	o.end = add_text(w, text);
	o.effects = add_text(w, "");
	o.mark = same_mark;
	o.ctmark = same_ctmark;
	return rv_dd_leaf(&w->s->d, add_outcome(w, &o));
}

static rv_dd verdict_leaf(struct rv_walk *w, enum rv_verdict v)
{
	return end_leaf(w, v == RV_VERDICT_ACCEPT ? RV_FATE_ACCEPT : v == RV_VERDICT_DROP ? RV_FATE_DROP : RV_FATE_OTHER,
			rv_verdict_name(v));
}

/* "REJECT --reject-with tcp-reset" */
static void put_target(struct rv_buf *b, rv_family_t family, const struct rv_rule *r)
{
	struct rv_out o = { .buf = b, .style = RV_STYLE_SAVE, .family = family, .proto = r->ip.proto };

	rv_buf_puts(b, r->target->ext->name);
	rv_part_render(&o, r->target->ext, r->target->data);
}

static rv_dd target_leaf(struct rv_walk *w, const struct rv_rule *r)
{
	struct rv_buf text = RV_BUF_INIT;
	bool rejects = !strcmp(r->target->ext->name, "REJECT"), nat = !strcmp(w->table->def->name, "nat");
	rv_dd leaf = RV_DD_FALSE;

	put_target(&text, w->s->family, r);
	if (rv_buf_text(&text))
		leaf = end_leaf(w, rejects ? RV_FATE_REJECT : nat ? RV_FATE_ACCEPT : RV_FATE_OTHER, text.data);
	else
		w->failed = true;
	rv_buf_free(&text);
	return leaf;
}

/* ---- what a target does on the way ---------------------------------------------------------------------------- */

struct change {
	struct rv_walk *w;
	struct rv_effect_of e;
	const char *target;		/* its name */
	const struct rv_field *f;	/* whose variables are changed; NULL: none, or both marks */
	const struct rv_field *mark, *ctmark;
	uint32_t text;			/* line to put before the effects */
};

static uint32_t prepend(struct rv_walk *w, uint32_t line, uint32_t effects)
{
	struct rv_buf b = RV_BUF_INIT;
	uint32_t text = 0;

	rv_buf_printf(&b, "%s\n%s", rv_walk_text(w, line), rv_walk_text(w, effects));
	if (rv_buf_text(&b))
		text = add_text(w, b.data);
	else
		w->failed = true;
	rv_buf_free(&b);
	return text;
}

/* What is taken from a mark at the time is what the marks before give. */
static void compose(struct rv_marks *o, const struct rv_marks *mark, const struct rv_marks *ctmark)
{
	struct rv_marks was = *o;

	o->mark = (was.mark & mark->mark) ^ (was.ctmark & ctmark->mark);
	o->ctmark = (was.mark & mark->ctmark) ^ (was.ctmark & ctmark->ctmark);
	o->turn = was.turn ^ (was.mark & mark->turn) ^ (was.ctmark & ctmark->turn);
}

static bool is_mark(const struct change *c)
{
	return c->e.what == RV_CHANGE_MARK || c->e.what == RV_CHANGE_CTMARK;
}

static void not_followed(struct change *c, const char *why)
{
	if (!c->w->unknown[0])
		snprintf(c->w->unknown, sizeof(c->w->unknown), "%s changes %s, and %s", c->target,
			 rv_selectors[c->e.sel].name, why);
}

/* Bits of the marks that a target sets to a value that depends on the packet, its marks included. */
static void blur_marks(struct change *c, struct rv_outcome *o)
{
	bool ct = c->e.sel == RV_SEL_CT_MARK;
	uint32_t *mark = ct ? &o->mark.ctmark : &o->mark.mark, *ctmark = ct ? &o->ctmark.ctmark : &o->ctmark.mark;

	if ((*mark | *ctmark) && (o->mark.blurred | o->ctmark.blurred))
		not_followed(c, "so does a target behind it");
	o->mark.blurred |= *mark;
	o->ctmark.blurred |= *ctmark;
	*mark = *ctmark = 0;
}

static uint32_t change_leaf(void *arg, uint32_t number)
{
	struct change *c = arg;
	struct rv_outcome o;

	if (number < 2 || number - 2 >= c->w->noutcomes)
		return number;
	memcpy(&o, &c->w->outcomes[number - 2], sizeof(o));
	if (is_mark(c)) {
		bool ct = c->e.what == RV_CHANGE_CTMARK;

		if (o.mark.blurred | o.ctmark.blurred)
			not_followed(c, "a target behind it makes another mark of it");
		compose(&o.mark, ct ? &same_mark : &c->e.marks, ct ? &c->e.marks : &same_ctmark);
		compose(&o.ctmark, ct ? &same_mark : &c->e.marks, ct ? &c->e.marks : &same_ctmark);
		return add_outcome(c->w, &o);
	}
	if (c->e.what == RV_CHANGE_BLUR && (c->e.sel == RV_SEL_MARK || c->e.sel == RV_SEL_CT_MARK))
		blur_marks(c, &o);
	o.effects = prepend(c->w, c->text, o.effects);
	return add_outcome(c->w, &o);
}

/* A bit of both marks: what the target makes of each pair of values. */
static enum rv_dd_change change_marks(const struct change *c, uint32_t var, struct rv_dd_pair *pair)
{
	bool ct_first = c->ctmark->first < c->mark->first, ct = c->e.what == RV_CHANGE_CTMARK;
	uint32_t first = ct_first ? c->ctmark->first : c->mark->first, bit;

	if (var < first || var >= first + 64)
		return RV_DD_KEEP;
	bit = 1u << (31 - (var - first) / 2);
	if (!((c->e.marks.turn | (ct ? c->e.marks.mark | ~c->e.marks.ctmark : ~c->e.marks.mark | c->e.marks.ctmark)) & bit))
		return RV_DD_KEEP;
	pair->first = var - (var - first) % 2;
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int mark = ct_first ? i & 1 : i >> 1, ctmark = ct_first ? i >> 1 : i & 1;
		bool new = ((mark ? c->e.marks.mark : 0) ^ (ctmark ? c->e.marks.ctmark : 0) ^ c->e.marks.turn) & bit;

		if (ct)
			ctmark = new;
		else
			mark = new;
		pair->to[i] = (uint8_t)(ct_first ? 2 * ctmark + mark : 2 * mark + ctmark);
	}
	return RV_DD_PAIR;
}

static enum rv_dd_change change_var(void *arg, uint32_t var, struct rv_dd_pair *pair)
{
	const struct change *c = arg;
	uint32_t bit;

	if (is_mark(c))
		return change_marks(c, var, pair);
	if (!c->f || var < c->f->first || var >= c->f->first + c->f->bits)
		return RV_DD_KEEP;
	bit = 1u << (c->f->bits - 1 - (var - c->f->first));
	return !(c->e.mask & bit) ? RV_DD_KEEP : c->e.value & bit ? RV_DD_ONE : RV_DD_ZERO;
}

static bool looks_at(struct rv_walk *w, rv_dd f, const struct rv_field *field)
{
	return field && rv_dd_looks(&w->s->d, f, rv_field_vars(field));
}

/* What the rest says of a packet that the target was done to. */
static rv_dd after_target(struct rv_walk *w, const struct rv_rule *r, rv_dd rest)
{
	struct change c = { .w = w, .target = r->target->ext->name, .mark = rv_space_field(w->s, RV_SEL_MARK, 0),
			    .ctmark = rv_space_field(w->s, RV_SEL_CT_MARK, 0) };
	const struct rv_dd_map map = { change_var, change_leaf, &c };
	struct rv_buf text = RV_BUF_INIT;

	rv_effect_of(r->target, w->s->family, &c.e);
	put_target(&text, w->s->family, r);
	c.text = rv_buf_text(&text) ? add_text(w, text.data) : 0;
	rv_buf_free(&text);
	if (c.e.what == RV_CHANGE_FIELD)
		c.f = rv_space_field(w->s, c.e.sel, 0);
	if (c.e.what == RV_CHANGE_BLUR && looks_at(w, rest, rv_space_field(w->s, c.e.sel, 0)))
		not_followed(&c, "rules behind it ask for that");
	return rv_dd_map(&w->s->d, rest, &map);
}

/* ---- chains ----------------------------------------------------------------------------------------------------- */

static rv_dd walk(struct rv_walk *w, const struct rv_chain *c, rv_dd where, rv_dd next, rv_dd accepted);

static const struct rv_chain *jumped_to(const struct rv_chain *c, const struct rv_rule *r)
{
	return rv_table_chain(c->table, r->jump);
}

/* Fields that targets change are not what they were at the jump: where a packet is says nothing of them. */
static rv_dd lasting(struct rv_walk *w, rv_dd where)
{
	static const enum rv_sel changed[] = { RV_SEL_TOS, RV_SEL_TTL, RV_SEL_HOPLIMIT, RV_SEL_CT_MARK, RV_SEL_MARK };

	for (unsigned int i = 0; i < sizeof(changed) / sizeof(*changed); i++) {
		const struct rv_field *f = rv_space_field(w->s, changed[i], 0);

		if (f)
			where = rv_dd_some(&w->s->d, where, rv_field_vars(f));
	}
	return where;
}

static rv_dd after_match(struct rv_walk *w, const struct rv_rule *r, rv_dd hit, rv_dd rest)
{
	struct rv_diagram *d = &w->s->d;
	enum rv_effect effect = r->target->ext->effect;
	rv_dd on;

	if (effect == RV_EFFECT_ENDS)
		return target_leaf(w, r);
	if (effect == RV_EFFECT_UNKNOWN) {
		snprintf(w->unknown, sizeof(w->unknown), "what target %s does is not known", r->target->ext->name);
		return rest;
	}
	/* For the matched packets only, which keeps the diagram small. */
	on = after_target(w, r, rv_dd_ite(d, lasting(w, hit), rest, RV_DD_FALSE));
	if (effect == RV_EFFECT_MAY_END)
		return rv_dd_ite(d, rv_region_part(w->s, r, r->target), target_leaf(w, r), on);
	return on;
}

/* A rule of nft, whose verdict is in its match. */
static bool is_program(const struct rv_rule *r)
{
	return r->matches && r->matches->ext->whole;
}

struct step {
	const struct rv_chain *c;
	rv_dd where, next, accepted;
};

static rv_dd step(struct rv_walk *w, const struct step *at, const struct rv_rule *r, rv_dd rest)
{
	struct rv_diagram *d = &w->s->d;
	rv_dd hit = rv_dd_and(d, rv_region_rule(w->s, r), at->where), then;
	const struct rv_chain *to;

	if (hit == RV_DD_FALSE)
		return rest;
	if (r->target) {
		then = after_match(w, r, hit, rest);
	} else {
		switch (r->verdict) {
		case RV_VERDICT_NONE:
			if (is_program(r))
				strcpy(w->unknown, "what a rule of nft does is not known");
			return rest;
		case RV_VERDICT_RETURN:
			then = at->next;
			break;
		case RV_VERDICT_JUMP:
		case RV_VERDICT_GOTO:
			to = jumped_to(at->c, r);
			if (!to)
				return rest;
			then = walk(w, to, lasting(w, hit), r->verdict == RV_VERDICT_JUMP ? rest : at->next, at->accepted);
			break;
		case RV_VERDICT_ACCEPT:
			then = at->accepted;
			break;
		default:
			then = verdict_leaf(w, r->verdict);
		}
	}
	return rv_dd_ite(d, hit, then, rest);
}

static struct rv_memo *memo_of(struct rv_walk *w, const struct rv_chain *c, rv_dd where, rv_dd next)
{
	const uint64_t key[3] = { (uintptr_t)c, where, next };

	return &w->memo[hash_bytes(key, sizeof(key)) & (MEMO - 1)];
}

static rv_dd walk(struct rv_walk *w, const struct rv_chain *c, rv_dd where, rv_dd next, rv_dd accepted)
{
	struct rv_memo *m = memo_of(w, c, where, next);
	struct step at = { c, where, next, accepted };
	rv_dd rest = next;

	if (m->chain == c && m->where == where && m->next == next)
		return m->result;
	for (const struct rv_list *n = c->rules.prev; n != &c->rules; n = n->prev) {
		const struct rv_rule *r = rv_entry(n, struct rv_rule, node);

		if (w->s->d.full || w->failed || w->unknown[0])
			return next;
		if (++w->steps > w->most) {
			snprintf(w->unknown, sizeof(w->unknown), "chains jump to each other too often");
			return next;
		}
		rest = step(w, &at, r, rest);
	}
	*memo_of(w, c, where, next) = (struct rv_memo){ c, where, next, rest };
	return rest;
}

rv_dd rv_walk_chain(struct rv_walk *w, const struct rv_chain *c, rv_dd next)
{
	rv_dd accepted = next == RV_DD_TRUE ? verdict_leaf(w, RV_VERDICT_ACCEPT) : next, f;
	rv_dd policy = c->policy == RV_VERDICT_DROP ? verdict_leaf(w, RV_VERDICT_DROP) : accepted;

	memset(w->memo, 0, MEMO * sizeof(*w->memo));
	w->table = c->table;
	f = walk(w, c, RV_DD_TRUE, policy, accepted);
	if (w->s->d.full && !w->unknown[0])
		snprintf(w->unknown, sizeof(w->unknown), "its diagram has more than %u nodes", w->s->d.limit);
	return f;
}

/* ---- fates ---------------------------------------------------------------------------------------------------------- */

struct fates {
	struct rv_walk *w;
	unsigned int fates;
};

static uint32_t fate_leaf(void *arg, uint32_t number)
{
	struct fates *f = arg;

	return number >= 2 && number - 2 < f->w->noutcomes && f->fates >> f->w->outcomes[number - 2].fate & 1;
}

rv_dd rv_walk_fates(struct rv_walk *w, rv_dd f, unsigned int fates)
{
	struct fates arg = { w, fates };

	return rv_dd_map(&w->s->d, f, &(struct rv_dd_map){ NULL, fate_leaf, &arg });
}
