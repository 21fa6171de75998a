/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds a chain's diagram of outcomes (struct rv_outcome), from the last rule to the first: for
 * the packets that a rule matches, its outcome replaces that of the following rules. A jump does
 * the same with the diagram of the other chain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/xt_conntrack.h>

#include <ravelin/registry.h>

#include "analysis/selectors.h"
#include "analysis/walk.h"

#define MEMO (1u << 14)

/* Maximum number of rules to evaluate; a chain's rules count once for each jump to it. */
#define STEPS_MAX 20000000

struct rv_memo {
	const struct rv_chain *chain;
	rv_dd where, next, result;
};

void rv_walk_free(struct rv_walk *w)
{
	for (uint32_t i = 0; i < w->ntexts; i++)
		free(w->texts[i]);
	free(w->texts);
	free(w->outcomes);
	free(w->text_index.slot);
	free(w->outcome_index.slot);
	free(w->functions);
	free(w->changed);
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

/* Returns the slot of a key, or the empty slot for it. The table is never full. */
static uint32_t *slot_of(struct rv_walk *w, const struct rv_index *x, const void *key, size_t len)
{
	uint32_t at = hash_bytes(key, len) & (x->size - 1);

	for (; x->slot[at] != UINT32_MAX; at = (at + 1) & (x->size - 1))
		if (x->is_key(w, x->slot[at], key))
			break;
	return &x->slot[at];
}

/* Grows the table so that it can hold more than n entries. */
static int grow_index(struct rv_walk *w, struct rv_index *x, uint32_t n)
{
	uint32_t *old = x->slot;
	size_t len;

	if (w->failed || 2 * n < x->size)
		return w->failed ? -1 : 0;
	x->size = x->size ? 2 * x->size : 256;
	x->slot = malloc(x->size * sizeof(*x->slot));
	w->failed |= !x->slot;
	if (x->slot) {
		memset(x->slot, 0xff, x->size * sizeof(*x->slot));
		for (uint32_t i = 0; i < n; i++) {
			const void *key = x->key(w, i, &len);

			*slot_of(w, x, key, len) = i;
		}
	}
	free(old);
	return x->slot ? 0 : -1;
}

static const void *text_key(const struct rv_walk *w, uint32_t i, size_t *len)
{
	*len = strlen(w->texts[i]);
	return w->texts[i];
}

static bool is_text(const struct rv_walk *w, uint32_t i, const void *key)
{
	return !strcmp(w->texts[i], key);
}

static uint32_t add_text(struct rv_walk *w, const char *text)
{
	uint32_t *slot;
	char **list;

	if (grow_index(w, &w->text_index, w->ntexts) < 0)
		return 0;
	slot = slot_of(w, &w->text_index, text, strlen(text));
	if (*slot != UINT32_MAX)
		return *slot;
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
	*slot = w->ntexts;
	return w->ntexts++;
}

const char *rv_walk_text(const struct rv_walk *w, uint32_t text)
{
	return text < w->ntexts ? w->texts[text] : "";
}

static const void *outcome_key(const struct rv_walk *w, uint32_t i, size_t *len)
{
	*len = sizeof(*w->outcomes);
	return &w->outcomes[i];
}

static bool is_outcome(const struct rv_walk *w, uint32_t i, const void *key)
{
	return !memcmp(&w->outcomes[i], key, sizeof(*w->outcomes));
}

/* Adds an outcome to the table, as a leaf. Compares bytes, so *o must have no padding. */
static rv_dd add_outcome(struct rv_walk *w, const struct rv_outcome *o)
{
	struct rv_outcome *list;
	uint32_t *slot;

	if (grow_index(w, &w->outcome_index, w->noutcomes) < 0)
		return 2;
	slot = slot_of(w, &w->outcome_index, o, sizeof(*o));
	if (*slot != UINT32_MAX)
		return *slot + 2;
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
	*slot = w->noutcomes;
	return w->noutcomes++ + 2;
}

const struct rv_outcome *rv_walk_outcome(const struct rv_walk *w, rv_dd leaf)
{
	uint32_t n = rv_dd_leaf_of(&w->s->d, leaf);

	return n >= 2 && n - 2 < w->noutcomes ? &w->outcomes[n - 2] : NULL;
}

/* ---- functions of header bytes ------------------------------------------------------------------------------ */

static const struct {
	enum rv_sel v4, v6;
} byte_selectors[RV_BYTES] = {
	[RV_BYTE_TOS] = { RV_SEL_TOS, RV_SEL_TOS },
	[RV_BYTE_TTL] = { RV_SEL_TTL, RV_SEL_HOPLIMIT },
	[RV_BYTE_TCP_FLAGS] = { RV_SEL_TCP_FLAGS, RV_SEL_TCP_FLAGS },
};

enum rv_sel rv_byte_selector(enum rv_byte byte, rv_family_t family)
{
	return family == NFPROTO_IPV6 ? byte_selectors[byte].v6 : byte_selectors[byte].v4;
}

static uint32_t add_function(struct rv_walk *w, const uint8_t to[256])
{
	uint8_t (*list)[256];

	for (uint32_t i = 0; i < w->nfunctions; i++)
		if (!memcmp(w->functions[i], to, 256))
			return i;
	list = reallocarray(w->functions, w->nfunctions + 1, sizeof(*list));
	if (!list) {
		w->failed = true;
		return 0;
	}
	w->functions = list;
	memcpy(list[w->nfunctions], to, 256);
	return w->nfunctions++;
}

/* Composes two functions: first to, then the one with this number. */
static uint32_t after_byte(struct rv_walk *w, const uint8_t to[256], uint32_t function)
{
	uint8_t both[256];

	for (unsigned int i = 0; i < 256; i++)
		both[i] = w->functions[function][to[i]];
	return add_function(w, both);
}

int rv_walk_init(struct rv_walk *w, struct rv_space *s)
{
	uint8_t same[256];

	*w = (struct rv_walk){
		.s = s, .most = STEPS_MAX,
		.text_index = { .key = text_key, .is_key = is_text },
		.outcome_index = { .key = outcome_key, .is_key = is_outcome },
	};
	for (unsigned int i = 0; i < 256; i++)
		same[i] = (uint8_t)i;
	add_function(w, same);
	w->memo = calloc(MEMO, sizeof(*w->memo));
	return w->memo && !w->failed ? 0 : -1;
}

static const struct rv_marks same_mark = { .mark = UINT32_MAX }, same_ctmark = { .ctmark = UINT32_MAX };

static rv_dd end_leaf(struct rv_walk *w, enum rv_fate fate, const char *text)
{
	struct rv_outcome o;

	memset(&o, 0, sizeof(o));
	o.fate = fate;
	o.end = add_text(w, text);
	o.effects = o.tracking = add_text(w, "");
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
	const struct rv_ext *target;
	const struct rv_field *f;	/* BYTE, STATE: the field that is changed */
	const struct rv_field *mark, *ctmark;
	uint32_t text;			/* effect to prepend */
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

/* Composes mark changes: a copy of a mark includes the changes made to it before. */
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

static void not_followed(struct change *c, enum rv_sel sel, const char *why)
{
	if (!c->w->unknown[0])
		snprintf(c->w->unknown, sizeof(c->w->unknown), "%s changes %s, and %s", c->target->name,
			 rv_selectors[sel].name, why);
}

/* Records the mark bits set to a value that depends on the packet. */
static void blur_marks(struct change *c, struct rv_outcome *o)
{
	bool ct = c->e.sel == RV_SEL_CT_MARK;
	uint32_t *mark = ct ? &o->mark.ctmark : &o->mark.mark, *ctmark = ct ? &o->ctmark.ctmark : &o->ctmark.mark;

	if ((*mark | *ctmark) && (o->mark.blurred | o->ctmark.blurred))
		not_followed(c, c->e.sel, "so does a later target");
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
			not_followed(c, c->e.sel, "a later target derives another mark from it");
		compose(&o.mark, ct ? &same_mark : &c->e.marks, ct ? &c->e.marks : &same_ctmark);
		compose(&o.ctmark, ct ? &same_mark : &c->e.marks, ct ? &c->e.marks : &same_ctmark);
		return add_outcome(c->w, &o);
	}
	if (c->e.what == RV_CHANGE_STATE) {
		o.tracking = c->text;
		return add_outcome(c->w, &o);
	}
	if (c->e.what == RV_CHANGE_BYTE) {
		enum rv_byte byte = 0;

		while (rv_byte_selector(byte, c->w->s->family) != c->e.sel)
			byte++;
		o.bytes[byte] = after_byte(c->w, c->e.to, o.bytes[byte]);
		/* The change is visible only if a later target logs or copies the packet. */
		if (!*rv_walk_text(c->w, o.effects))
			return add_outcome(c->w, &o);
	}
	if (c->e.what == RV_CHANGE_BLUR && (c->e.sel == RV_SEL_MARK || c->e.sel == RV_SEL_CT_MARK))
		blur_marks(c, &o);
	o.effects = prepend(c->w, c->text, o.effects);
	return add_outcome(c->w, &o);
}

/* Sets the new values of a bit in both marks, for each pair of old values. */
static enum rv_dd_change change_marks(const struct change *c, uint32_t var, struct rv_dd_group *group)
{
	bool ct_first = c->ctmark->first < c->mark->first, ct = c->e.what == RV_CHANGE_CTMARK;
	uint32_t first = ct_first ? c->ctmark->first : c->mark->first, bit;

	if (var < first || var >= first + 64)
		return RV_DD_KEEP;
	bit = 1u << (31 - (var - first) / 2);
	if (!((c->e.marks.turn | (ct ? c->e.marks.mark | ~c->e.marks.ctmark : ~c->e.marks.mark | c->e.marks.ctmark)) & bit))
		return RV_DD_KEEP;
	*group = (struct rv_dd_group){ .first = var - (var - first) % 2, .bits = 2, .to = group->pair };
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int mark = ct_first ? i & 1 : i >> 1, ctmark = ct_first ? i >> 1 : i & 1;
		bool new = ((mark ? c->e.marks.mark : 0) ^ (ctmark ? c->e.marks.ctmark : 0) ^ c->e.marks.turn) & bit;

		if (ct)
			ctmark = new;
		else
			mark = new;
		group->pair[i] = (uint8_t)(ct_first ? 2 * ctmark + mark : 2 * mark + ctmark);
	}
	return RV_DD_GROUP;
}

static enum rv_dd_change change_var(void *arg, uint32_t var, struct rv_dd_group *group)
{
	const struct change *c = arg;

	if (is_mark(c))
		return change_marks(c, var, group);
	if (!c->f || var < c->f->first || var >= c->f->first + c->f->bits)
		return RV_DD_KEEP;
	*group = (struct rv_dd_group){ .first = c->f->first, .bits = 8, .to = c->e.to };
	if (c->e.what == RV_CHANGE_BYTE)
		return RV_DD_GROUP;
	return c->e.state >> (c->f->bits - 1 - (var - c->f->first)) & 1 ? RV_DD_ONE : RV_DD_ZERO;
}

/* Returns whether the new value of a selector that the target may change is known. */
static bool is_followed(const struct rv_effect_of *e, enum rv_sel sel)
{
	static const uint16_t any_bytes[] = { RV_WRITES_BYTES, RV_SEL_NONE };

	switch (e->what) {
	case RV_CHANGE_MARK:
	case RV_CHANGE_CTMARK:
		return sel == RV_SEL_MARK || sel == RV_SEL_CT_MARK;
	case RV_CHANGE_BYTE:
		for (const uint16_t *bytes = any_bytes; *bytes; bytes++)
			if (*bytes == sel)
				return false;
		return true;
	case RV_CHANGE_STATE:
		/* If the packet becomes untracked, tests of its connection fail, as before. */
		return sel == e->sel || e->state == XT_CONNTRACK_STATE_UNTRACKED;
	case RV_CHANGE_BLUR:
		return e->sel != RV_SEL_NONE && sel != e->sel;
	default:
		return true;
	}
}

static void check_followed(struct change *c, rv_dd rest)
{
	const struct rv_space *s = c->w->s;
	struct rv_diagram *d = &c->w->s->d;
	static const char why[] = "later rules test it";

	for (unsigned int i = 0; i < s->nfields; i++) {
		const struct rv_field *f = &s->fields[i];

		if (rv_ext_writes(c->target, f->sel) && !is_followed(&c->e, f->sel) &&
		    rv_dd_looks(d, rest, rv_field_vars(f)))
			not_followed(c, f->sel, why);
	}
	for (uint32_t i = 0; i < s->nfrees; i++) {
		const struct rv_free *f = &s->frees[i];

		if (c->e.what == RV_CHANGE_BYTE && !(f->reads & rv_effect_writes(&c->e, s->family)))
			continue;
		if (f->sel != RV_SEL_NONE && rv_ext_writes(c->target, f->sel) && !is_followed(&c->e, f->sel) &&
		    rv_dd_looks(d, rest, (struct rv_dd_vars){ f->var, f->var + 1, 1 }))
			not_followed(c, f->sel, why);
	}
}

/* Returns the outcomes of the following rules for packets that the target has changed. */
static rv_dd after_target(struct rv_walk *w, const struct rv_rule *r, rv_dd rest)
{
	struct rv_diagram *d = &w->s->d;
	struct change c = { .w = w, .target = r->target->ext, .mark = rv_space_field(w->s, RV_SEL_MARK, 0),
			    .ctmark = rv_space_field(w->s, RV_SEL_CT_MARK, 0) };
	const struct rv_dd_map map = { change_var, change_leaf, &c };
	struct rv_buf text = RV_BUF_INIT;
	rv_dd on;

	rv_effect_of(r->target, w->s->family, &c.e);
	put_target(&text, w->s->family, r);
	c.text = rv_buf_text(&text) ? add_text(w, text.data) : 0;
	rv_buf_free(&text);
	if (c.e.what == RV_CHANGE_BYTE || c.e.what == RV_CHANGE_STATE)
		c.f = rv_space_field(w->s, c.e.sel, 0);
	check_followed(&c, rest);
	on = rv_dd_map(d, rest, &map);
	return rv_dd_ite(d, rv_effect_packets(w->s, &c.e), on, rest);
}

/* ---- chains ----------------------------------------------------------------------------------------------------- */

static rv_dd walk(struct rv_walk *w, const struct rv_chain *c, rv_dd where, rv_dd next, rv_dd accepted);

static const struct rv_chain *jumped_to(const struct rv_chain *c, const struct rv_rule *r)
{
	return rv_table_chain(c->table, r->jump);
}

/* Removes the conditions on fields that targets may have changed since the jump. */
static rv_dd lasting(struct rv_walk *w, rv_dd where)
{
	for (unsigned int i = 0; i < w->nchanged; i++)
		where = rv_dd_some(&w->s->d, where, w->changed[i]);
	return where;
}

static void add_changed(struct rv_walk *w, struct rv_dd_vars vars)
{
	struct rv_dd_vars *list;

	for (unsigned int i = 0; i < w->nchanged; i++)
		if (w->changed[i].first == vars.first)
			return;
	list = reallocarray(w->changed, w->nchanged + 1, sizeof(*list));
	w->failed |= !list;
	if (!list)
		return;
	w->changed = list;
	list[w->nchanged++] = vars;
}

static void note_changed_by(struct rv_walk *w, const struct rv_ext *target)
{
	const struct rv_space *s = w->s;

	for (unsigned int i = 0; i < s->nfields; i++)
		if (rv_ext_writes(target, s->fields[i].sel))
			add_changed(w, rv_field_vars(&s->fields[i]));
	for (uint32_t i = 0; i < s->nfrees; i++)
		if (s->frees[i].sel != RV_SEL_NONE && rv_ext_writes(target, s->frees[i].sel))
			add_changed(w, (struct rv_dd_vars){ s->frees[i].var, s->frees[i].var + 1, 1 });
}

/* Finds what targets of the table change. */
static void note_changed(struct rv_walk *w)
{
	const struct rv_ext *noted[64];
	unsigned int n = 0, i;

	w->nchanged = 0;
	rv_list_each(c, &w->table->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			if (!r->target || !rv_target_goes_on(r->target))
				continue;
			for (i = 0; i < n && noted[i] != r->target->ext; i++)
				;
			if (i == n)
				note_changed_by(w, r->target->ext);
			if (i == n && n < sizeof(noted) / sizeof(*noted))
				noted[n++] = r->target->ext;
		}
}

static bool is_jump(const struct rv_rule *r)
{
	return r->verdict == RV_VERDICT_JUMP || r->verdict == RV_VERDICT_GOTO;
}

static rv_dd after_match(struct rv_walk *w, const struct rv_rule *r, rv_dd hit, rv_dd rest)
{
	struct rv_diagram *d = &w->s->d;
	enum rv_effect effect = r->target->ext->effect;
	rv_dd on;

	if (effect == RV_EFFECT_UNKNOWN) {
		snprintf(w->unknown, sizeof(w->unknown), "the effect of target %s is unknown", r->target->ext->name);
		return rest;
	}
	/* Restricted to the packets that the rule matches, to limit the size of the diagram. */
	on = after_target(w, r, rv_dd_ite(d, lasting(w, hit), rest, RV_DD_FALSE));
	if (rv_target_may_end(r->target))
		return rv_dd_ite(d, rv_region_part(w->s, r, r->target), target_leaf(w, r), on);
	return on;
}

/* Returns whether the rule is an nft rule that iptables cannot express, with its own verdict. */
static bool is_program(const struct rv_rule *r)
{
	return r->matches && r->matches->ext->whole;
}

/*
 * A run of consecutive rules whose outcomes do not depend on later rules. They are combined in
 * pairs, pairs of pairs, and so on: adding them one by one would copy the diagram of all following
 * rules each time. RV_DD_FALSE: no rule of the run matches.
 */
struct run {
	struct {
		uint32_t rules;
		rv_dd f;
	} part[32];		/* the last part contains the first rules */
	unsigned int n;
};

/* A chain being walked. */
struct rv_walk_step {
	const struct rv_chain *c;
	rv_dd where, next, accepted;
	rv_dd rest;		/* outcome of the rules after the run */
	rv_dd hit;		/* packets that take the jump being walked */
	struct run run;
	struct rv_walk_step *caller;
};

static void join_parts(struct rv_diagram *d, struct run *run)
{
	run->n--;
	run->part[run->n - 1].f = rv_dd_over(d, run->part[run->n].f, run->part[run->n - 1].f);
	run->part[run->n - 1].rules += run->part[run->n].rules;
}

static void add_to_run(struct rv_diagram *d, struct run *run, rv_dd f)
{
	run->part[run->n].rules = 1;
	run->part[run->n++].f = f;
	while (run->n > 1 && run->part[run->n - 1].rules == run->part[run->n - 2].rules)
		join_parts(d, run);
}

/* Combines the run with the following rules. */
static rv_dd end_run(struct rv_diagram *d, struct run *run, rv_dd rest)
{
	while (run->n > 1)
		join_parts(d, run);
	if (run->n)
		rest = rv_dd_over(d, run->part[0].f, rest);
	run->n = 0;
	return rest;
}

/* Returns the outcome of a rule, or RV_DD_FALSE if it depends on later rules. */
static rv_dd outcome_of(struct rv_walk *w, const struct rv_walk_step *at, const struct rv_rule *r)
{
	if (r->target)
		return r->target->ext->effect == RV_EFFECT_ENDS ? target_leaf(w, r) : RV_DD_FALSE;
	switch (r->verdict) {
	case RV_VERDICT_ACCEPT:
		return at->accepted;
	case RV_VERDICT_NONE:
	case RV_VERDICT_JUMP:
	case RV_VERDICT_GOTO:
		return RV_DD_FALSE;
	case RV_VERDICT_RETURN:
		return at->next;
	default:
		return verdict_leaf(w, r->verdict);
	}
}

/* Adds a rule before the run and the rest. */
static void step(struct rv_walk *w, struct rv_walk_step *at, const struct rv_rule *r)
{
	const struct rv_chain *to = !r->target && is_jump(r) ? jumped_to(at->c, r) : NULL;
	rv_dd then = outcome_of(w, at, r);
	struct rv_diagram *d = &w->s->d;

	if (then != RV_DD_FALSE) {
		add_to_run(d, &at->run, rv_dd_ite(d, at->where, rv_region_outcome(w->s, r, then), RV_DD_FALSE));
		return;
	}
	at->hit = rv_dd_and(d, rv_region_rule(w->s, r), at->where);
	if (at->hit == RV_DD_FALSE)
		return;
	if (!r->target && !to) {
		if (is_program(r))
			strcpy(w->unknown, "the effect of an nft rule is unknown");
		return;
	}
	at->rest = end_run(d, &at->run, at->rest);
	if (r->target)
		then = after_match(w, r, at->hit, at->rest);
	else
		then = walk(w, to, lasting(w, at->hit), r->verdict == RV_VERDICT_JUMP ? at->rest : at->next,
			    at->accepted);
	at->rest = rv_dd_ite(d, at->hit, then, at->rest);
}

static struct rv_memo *memo_of(struct rv_walk *w, const struct rv_chain *c, rv_dd where, rv_dd next)
{
	const uint64_t key[3] = { (uintptr_t)c, where, next };

	return &w->memo[hash_bytes(key, sizeof(key)) & (MEMO - 1)];
}

/* Frees nodes that the chains being walked do not need. */
static void collect(struct rv_walk *w)
{
	struct rv_diagram *d = &w->s->d;

	for (const struct rv_walk_step *at = w->step; at; at = at->caller) {
		const rv_dd held[] = { at->where, at->next, at->accepted, at->rest, at->hit };

		for (unsigned int i = 0; i < sizeof(held) / sizeof(*held); i++)
			rv_dd_need(d, held[i]);
		for (unsigned int i = 0; i < at->run.n; i++)
			rv_dd_need(d, at->run.part[i].f);
	}
	for (unsigned int i = 0; i < w->nheld; i++)
		rv_dd_need(d, w->held[i]);
	rv_dd_collect(d);
	memset(w->memo, 0, MEMO * sizeof(*w->memo));
}

static bool walk_on(struct rv_walk *w)
{
	if (w->s->d.full || w->failed || w->unknown[0])
		return false;
	if (++w->steps > w->most)
		snprintf(w->unknown, sizeof(w->unknown), "chains jump to each other too often");
	if (w->held && rv_dd_crowded(&w->s->d))
		collect(w);
	return !w->unknown[0];
}

static rv_dd walk(struct rv_walk *w, const struct rv_chain *c, rv_dd where, rv_dd next, rv_dd accepted)
{
	struct rv_memo *m = memo_of(w, c, where, next);
	struct rv_walk_step at = { .c = c, .where = where, .next = next, .accepted = accepted, .rest = next, .caller = w->step };

	if (m->chain == c && m->where == where && m->next == next)
		return m->result;
	w->step = &at;
	for (const struct rv_list *n = c->rules.prev; n != &c->rules && walk_on(w); n = n->prev)
		step(w, &at, rv_entry(n, struct rv_rule, node));
	at.rest = end_run(&w->s->d, &at.run, at.rest);
	w->step = at.caller;
	*memo_of(w, c, where, next) = (struct rv_memo){ c, where, next, at.rest };
	return at.rest;
}

rv_dd rv_walk_chain(struct rv_walk *w, const struct rv_chain *c, rv_dd next)
{
	rv_dd accepted = next == RV_DD_TRUE ? verdict_leaf(w, RV_VERDICT_ACCEPT) : next, f;
	rv_dd policy = c->policy == RV_VERDICT_DROP ? verdict_leaf(w, RV_VERDICT_DROP) : accepted;

	memset(w->memo, 0, MEMO * sizeof(*w->memo));
	w->table = c->table;
	note_changed(w);
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
