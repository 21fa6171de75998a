/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Index of a chain: rule by number, and first rule equal to a given one, in O(log n).
 *
 * One tree has all rules in order; one tree per hash (rv_rule_hash()) has the rules with that hash,
 * in the same order. They are treaps (Seidel, Aragon: "Randomized Search Trees", 1996) with
 * implicit keys: a rule's number is computed on the path to the root.
 *
 * The index is optional: if memory is short, the list is searched instead.
 */
#include <stdlib.h>

#include <ravelin/ir.h>

enum { ALL, SAME, TREES };

/* A rule's nodes in both trees. */
struct rv_place {
	struct rv_rule *rule;
	struct class *class;
	uint32_t priority;
	struct link {
		struct rv_place *up, *left, *right;
		uint32_t count;		/* nodes in this subtree */
	} in[TREES];
};

/* Rules with the same hash. */
struct class {
	struct class *next;		/* next in the hash bucket */
	uint64_t hash;
	struct rv_place *root;
};

struct rv_index {
	struct rv_place *root;
	struct class **slots;		/* array of nslots buckets, a power of two */
	uint32_t nslots, nclasses;
	uint64_t random;
};

/* ---- trees ------------------------------------------------------------------ */

static uint32_t count(const struct rv_place *p, int tree)
{
	return p ? p->in[tree].count : 0;
}

static struct rv_place **link_to(struct rv_place **root, int tree, const struct rv_place *p)
{
	struct rv_place *up = p->in[tree].up;

	if (!up)
		return root;
	return up->in[tree].left == p ? &up->in[tree].left : &up->in[tree].right;
}

static void recount(struct rv_place *p, int tree)
{
	p->in[tree].count = 1 + count(p->in[tree].left, tree) + count(p->in[tree].right, tree);
}

/* Rotates p, a child, above its parent. */
static void rotate_up(struct rv_place **root, int tree, struct rv_place *p)
{
	struct rv_place *up = p->in[tree].up, *moved;

	*link_to(root, tree, up) = p;
	p->in[tree].up = up->in[tree].up;
	up->in[tree].up = p;
	if (up->in[tree].left == p) {
		moved = up->in[tree].left = p->in[tree].right;
		p->in[tree].right = up;
	} else {
		moved = up->in[tree].right = p->in[tree].left;
		p->in[tree].left = up;
	}
	if (moved)
		moved->in[tree].up = up;
	recount(up, tree);
	recount(p, tree);
}

/* Inserts p before pos; NULL: at the end. */
static void tree_add(struct rv_place **root, int tree, struct rv_place *p, struct rv_place *pos)
{
	struct rv_place **at = pos ? &pos->in[tree].left : root, *up = pos;

	while (*at) {
		up = *at;
		at = &up->in[tree].right;
	}
	*at = p;
	p->in[tree] = (struct link){ .up = up, .count = 1 };
	for (; up; up = up->in[tree].up)
		up->in[tree].count++;
	while (p->in[tree].up && p->in[tree].up->priority < p->priority)
		rotate_up(root, tree, p);
}

static void tree_remove(struct rv_place **root, int tree, struct rv_place *p)
{
	struct link *l = &p->in[tree];

	while (l->left || l->right) {
		bool left = l->left && (!l->right || l->left->priority > l->right->priority);

		rotate_up(root, tree, left ? l->left : l->right);
	}
	*link_to(root, tree, p) = NULL;
	for (struct rv_place *up = l->up; up; up = up->in[tree].up)
		up->in[tree].count--;
}

static struct rv_place *first(struct rv_place *p, int tree)
{
	while (p && p->in[tree].left)
		p = p->in[tree].left;
	return p;
}

static struct rv_place *after(struct rv_place *p, int tree)
{
	if (p->in[tree].right)
		return first(p->in[tree].right, tree);
	while (p->in[tree].up && p->in[tree].up->in[tree].right == p)
		p = p->in[tree].up;
	return p->in[tree].up;
}

/* Number of rules before this one in the chain. */
static uint32_t rank(const struct rv_place *p)
{
	uint32_t n = count(p->in[ALL].left, ALL);

	for (const struct rv_place *up = p->in[ALL].up; up; p = up, up = up->in[ALL].up)
		if (up->in[ALL].right == p)
			n += 1 + count(up->in[ALL].left, ALL);
	return n;
}

/* ---- classes ---------------------------------------------------------------- */

static struct class **class_slot(const struct rv_index *x, uint64_t hash)
{
	return &x->slots[(hash ^ hash >> 32) & (x->nslots - 1)];
}

static struct class *find_class(const struct rv_index *x, uint64_t hash)
{
	struct class *c = *class_slot(x, hash);

	while (c && c->hash != hash)
		c = c->next;
	return c;
}

static bool grow_slots(struct rv_index *x)
{
	struct rv_index bigger = { .nslots = x->nslots ? x->nslots * 2 : 64 };

	bigger.slots = calloc(bigger.nslots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (uint32_t i = 0; i < x->nslots; i++) {
		struct class *c = x->slots[i], *next;

		for (; c; c = next) {
			struct class **slot = class_slot(&bigger, c->hash);

			next = c->next;
			c->next = *slot;
			*slot = c;
		}
	}
	free(x->slots);
	x->slots = bigger.slots;
	x->nslots = bigger.nslots;
	return true;
}

static struct class *get_class(struct rv_index *x, uint64_t hash)
{
	struct class *c = x->nslots ? find_class(x, hash) : NULL;

	if (c)
		return c;
	if (x->nclasses >= x->nslots && !grow_slots(x))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->hash = hash;
	c->next = *class_slot(x, hash);
	*class_slot(x, hash) = c;
	x->nclasses++;
	return c;
}

static bool add_to_class(struct rv_index *x, struct rv_place *p)
{
	struct rv_place *at, *pos = NULL;
	uint32_t n = rank(p);

	p->class = get_class(x, rv_rule_hash(p->rule));
	if (!p->class)
		return false;
	for (at = p->class->root; at;) {
		bool before = n < rank(at);

		pos = before ? at : pos;
		at = before ? at->in[SAME].left : at->in[SAME].right;
	}
	tree_add(&p->class->root, SAME, p, pos);
	return true;
}

static void remove_from_class(struct rv_index *x, struct rv_place *p)
{
	struct class *c = p->class, **at = class_slot(x, c->hash);

	tree_remove(&c->root, SAME, p);
	if (c->root)
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	x->nclasses--;
	free(c);
}

/* ---- maintenance -------------------------------------------------------------- */

/* xorshift64 (Marsaglia 2003). It only affects the depth of the trees. */
static uint32_t next_random(struct rv_index *x)
{
	x->random ^= x->random << 13;
	x->random ^= x->random >> 7;
	x->random ^= x->random << 17;
	return x->random >> 32;
}

static bool index_rule(struct rv_index *x, struct rv_rule *r, struct rv_rule *pos)
{
	struct rv_place *p = calloc(1, sizeof(*p));

	if (!p)
		return false;
	p->rule = r;
	p->priority = next_random(x);
	r->place = p;
	tree_add(&x->root, ALL, p, pos ? pos->place : NULL);
	return add_to_class(x, p);
}

void rv_index_add(struct rv_chain *c, struct rv_rule *r, struct rv_rule *pos)
{
	if (c->index && !index_rule(c->index, r, pos))
		rv_index_drop(c);
}

void rv_index_remove(struct rv_chain *c, struct rv_rule *r)
{
	struct rv_place *p = r->place;

	if (!c->index || !p)
		return;
	remove_from_class(c->index, p);
	tree_remove(&c->index->root, ALL, p);
	free(p);
	r->place = NULL;
}

void rv_index_changed(struct rv_chain *c, struct rv_rule *r)
{
	if (!c->index || !r->place)
		return;
	remove_from_class(c->index, r->place);
	if (!add_to_class(c->index, r->place))
		rv_index_drop(c);
}

void rv_index_drop(struct rv_chain *c)
{
	struct rv_index *x = c->index;

	c->index = NULL;
	c->lookups = 0;
	if (!x)
		return;
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		free(r->place);
		r->place = NULL;
	}
	for (uint32_t i = 0; i < x->nslots; i++) {
		while (x->slots[i]) {
			struct class *next = x->slots[i]->next;

			free(x->slots[i]);
			x->slots[i] = next;
		}
	}
	free(x->slots);
	free(x);
}

/* For shorter chains a linear search is faster than building an index. */
#define WORTH_AN_INDEX 16

/* Builds the index on the second lookup, since a single command makes only one. */
static struct rv_index *get_index(struct rv_chain *c)
{
	struct rv_index *x;

	if (c->index || c->nrules < WORTH_AN_INDEX || !c->lookups++)
		return c->index;
	x = calloc(1, sizeof(*x));
	if (!x)
		return NULL;
	x->random = (uintptr_t)x | 1;
	c->index = x;
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		if (!index_rule(x, r, NULL)) {
			rv_index_drop(c);
			break;
		}
	}
	return c->index;
}

/* ---- lookup -------------------------------------------------------------------- */

struct rv_rule *rv_chain_rule(struct rv_chain *c, uint32_t n)
{
	struct rv_index *x;
	struct rv_place *p;

	if (!n || n > c->nrules)
		return NULL;
	x = n < WORTH_AN_INDEX ? NULL : get_index(c);
	if (!x) {
		rv_list_each(r, &c->rules, struct rv_rule, node)
			if (!--n)
				return r;
		return NULL;
	}
	for (p = x->root, n--;;) {
		uint32_t left = count(p->in[ALL].left, ALL);

		if (n == left)
			return p->rule;
		p = n < left ? p->in[ALL].left : p->in[ALL].right;
		n -= n < left ? 0 : left + 1;
	}
}

struct rv_rule *rv_chain_find(struct rv_chain *c, const struct rv_rule *wanted)
{
	struct rv_index *x = get_index(c);
	struct class *class;

	if (!x) {
		rv_list_each(r, &c->rules, struct rv_rule, node)
			if (rv_rule_equal(r, wanted))
				return r;
		return NULL;
	}
	class = find_class(x, rv_rule_hash(wanted));
	for (struct rv_place *p = class ? first(class->root, SAME) : NULL; p; p = after(p, SAME))
		if (rv_rule_equal(p->rule, wanted))
			return p->rule;
	return NULL;
}
