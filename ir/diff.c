/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comparison of two lists of rules after Hunt and Szymanski ("A Fast Algorithm for Computing
 * Longest Common Subsequences", 1977): the pairs of equal rules are visited in order, and for each
 * length the common subsequence that ends earliest is kept. O((pairs + rules) log rules), so the
 * cost depends on how often rules repeat.
 */
#include <stdlib.h>

#include <ravelin/diff.h>

/* Limit of equal rules in both lists for which all pairs are considered. */
#define MOST_EQUAL 64

#define NONE UINT32_MAX

/* A rule of either list, while rules are grouped into classes. */
struct member {
	uint64_t hash;
	const struct rv_rule *rule;
	uint32_t index;
	uint32_t class;
	bool second;		/* in list b */
};

/* A class of equal rules: their positions in each list. */
struct class {
	uint32_t first;		/* index of the first one in positions of b */
	uint32_t in_a, in_b;
	uint32_t next;		/* next one of b, if they are paired in order */
};

/* A pair of equal rules that ends a common subsequence. */
struct pair {
	uint32_t a, b;
	uint32_t before;	/* index of the previous pair in that subsequence, or NONE */
};

struct diff {
	struct rv_diff_side *a, *b;
	bool counters;
	size_t start, na, nb;	/* what remains between the common prefix and suffix */
	struct member *members;
	struct class *classes;
	uint32_t *class_of_a, *positions;
	uint32_t *ends;		/* index: length - 1; value: last pair of that subsequence */
	uint32_t length;
	struct pair *pairs;
	size_t npairs, room;
};

static bool same(const struct diff *d, const struct rv_rule *x, const struct rv_rule *y)
{
	if (d->counters && (x->counters.packets != y->counters.packets ||
			    x->counters.bytes != y->counters.bytes))
		return false;
	return rv_rule_equal(x, y);
}

/* ---- common prefix and suffix ----------------------------------------------------------- */

static void trim(struct diff *d)
{
	struct rv_diff_side *a = d->a, *b = d->b;
	size_t n = a->count < b->count ? a->count : b->count, end = 0;

	while (d->start < n && same(d, a->rules[d->start], b->rules[d->start])) {
		a->kept[d->start] = b->kept[d->start] = true;
		d->start++;
	}
	while (end < n - d->start &&
	       same(d, a->rules[a->count - 1 - end], b->rules[b->count - 1 - end])) {
		a->kept[a->count - 1 - end] = b->kept[b->count - 1 - end] = true;
		end++;
	}
	d->na = a->count - d->start - end;
	d->nb = b->count - d->start - end;
}

/* ---- classes ---------------------------------------------------------------------------- */

static int by_hash(const void *p, const void *q)
{
	const struct member *x = p, *y = q;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->second != y->second)
		return x->second ? 1 : -1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void add_members(struct diff *d, const struct rv_diff_side *side, size_t n, bool second)
{
	struct member *m = d->members + (second ? d->na : 0);

	for (size_t i = 0; i < n; i++, m++) {
		m->rule = side->rules[d->start + i];
		m->hash = rv_rule_hash(m->rule);
		m->index = (uint32_t)i;
		m->second = second;
		m->class = NONE;
	}
}

/* The class of member i: that of an equal earlier member with the same hash, or a new one. */
static uint32_t find_class(const struct diff *d, size_t first, size_t i, uint32_t *nclasses)
{
	uint32_t seen = NONE;

	for (size_t j = first; j < i; j++) {
		if (d->members[j].class == seen)
			continue;
		seen = d->members[j].class;
		if (same(d, d->members[j].rule, d->members[i].rule))
			return seen;
	}
	return (*nclasses)++;
}

static void classify(struct diff *d)
{
	size_t n = d->na + d->nb, first = 0;
	uint32_t nclasses = 0, at = 0;

	qsort(d->members, n, sizeof(*d->members), by_hash);
	for (size_t i = 0; i < n; i++) {
		struct member *m = &d->members[i];

		if (m->hash != d->members[first].hash)
			first = i;
		/* The common case: equal to the previous member. */
		if (i > first && same(d, d->members[i - 1].rule, m->rule))
			m->class = d->members[i - 1].class;
		else
			m->class = find_class(d, first, i, &nclasses);
		*(m->second ? &d->classes[m->class].in_b : &d->classes[m->class].in_a) += 1;
	}
	for (uint32_t c = 0; c < nclasses; c++) {
		d->classes[c].first = at;
		at += d->classes[c].in_b;
	}
}

/* Sorted by hash, then by position, so that the members of a class are in list order. */
static void sort_members(struct diff *d)
{
	for (size_t i = 0; i < d->na + d->nb; i++) {
		const struct member *m = &d->members[i];
		struct class *c = &d->classes[m->class];

		if (m->second)
			d->positions[c->first + c->next++] = m->index;
		else
			d->class_of_a[m->index] = m->class;
	}
	for (size_t i = 0; i < d->na; i++)
		d->classes[d->class_of_a[i]].next = 0;
}

/* ---- pairs ---------------------------------------------------------------------------------- */

/* Length of the longest subsequence that ends before b. */
static uint32_t ends_before(const struct diff *d, uint32_t b)
{
	uint32_t low = 0, high = d->length;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (d->pairs[d->ends[middle]].b < b)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int add_pair(struct diff *d, uint32_t a, uint32_t b)
{
	uint32_t k = ends_before(d, b);

	if (k < d->length && d->pairs[d->ends[k]].b == b)
		return 0;
	if (d->npairs == d->room) {
		size_t room = d->room ? d->room * 2 : 256;
		struct pair *more = realloc(d->pairs, room * sizeof(*more));

		if (!more || room >= NONE)
			return -1;
		d->pairs = more;
		d->room = room;
	}
	d->pairs[d->npairs] = (struct pair){ a, b, k ? d->ends[k - 1] : NONE };
	d->ends[k] = (uint32_t)d->npairs++;
	if (k == d->length)
		d->length++;
	return 0;
}

/* In descending order, so that a rule of a is used at most once per subsequence. */
static int pair_up(struct diff *d, uint32_t a)
{
	struct class *c = &d->classes[d->class_of_a[a]];
	bool many = c->in_a > MOST_EQUAL && c->in_b > MOST_EQUAL;

	if (many)
		return c->next < c->in_b ? add_pair(d, a, d->positions[c->first + c->next++]) : 0;
	for (uint32_t i = c->in_b; i--; )
		if (add_pair(d, a, d->positions[c->first + i]))
			return -1;
	return 0;
}

static int find_pairs(struct diff *d)
{
	for (uint32_t i = 0; i < d->na; i++)
		if (pair_up(d, i))
			return -1;
	if (!d->length)
		return 0;
	for (uint32_t i = d->ends[d->length - 1]; i != NONE; i = d->pairs[i].before) {
		d->a->kept[d->start + d->pairs[i].a] = true;
		d->b->kept[d->start + d->pairs[i].b] = true;
	}
	return 0;
}

static int compare_rest(struct diff *d)
{
	size_t n = d->na + d->nb;

	d->members = calloc(n, sizeof(*d->members));
	d->classes = calloc(n, sizeof(*d->classes));
	d->class_of_a = calloc(d->na, sizeof(*d->class_of_a));
	d->positions = calloc(d->nb, sizeof(*d->positions));
	d->ends = calloc(d->na, sizeof(*d->ends));
	if (!d->members || !d->classes || !d->class_of_a || !d->positions || !d->ends)
		return -1;
	add_members(d, d->a, d->na, false);
	add_members(d, d->b, d->nb, true);
	classify(d);
	sort_members(d);
	return find_pairs(d);
}

int rv_diff_rules(struct rv_diff_side *a, struct rv_diff_side *b, bool counters)
{
	struct diff d = { .a = a, .b = b, .counters = counters };
	int rc = 0;

	if (a->count >= NONE / 2 || b->count >= NONE / 2)
		return -1;
	memset(a->kept, 0, a->count * sizeof(*a->kept));
	memset(b->kept, 0, b->count * sizeof(*b->kept));
	trim(&d);
	if (d.na && d.nb)
		rc = compare_rest(&d);
	free(d.members);
	free(d.classes);
	free(d.class_of_a);
	free(d.positions);
	free(d.ends);
	free(d.pairs);
	return rc;
}

/* ---- rulesets ---------------------------------------------------------------------------- */

static int copy_chains(struct rv_table *from, void *arg)
{
	struct rv_table *to = arg;

	rv_list_each(old, &from->chains, struct rv_chain, node) {
		struct rv_chain *new = rv_table_chain(to, old->name);

		if (old->base < 0 && !old->exists)
			continue;
		if (!new)
			new = rv_table_add_chain(to, old->name);
		if (!new)
			return -1;
		new->exists = new->loaded = true;
		new->policy = old->policy;
		new->at = old->at;
		new->counters = old->counters;
	}
	to->exists = from->exists;
	return 0;
}

static int copy_rule(struct rv_chain *chain, struct rv_rule *rule, void *arg)
{
	struct rv_chain *to = rv_table_chain(arg, chain->name);
	struct rv_rule *r = rv_rule_clone(rule);

	if (!r || !to) {
		rv_rule_free(r);
		return -1;
	}
	rv_chain_add_rule(to, r, NULL);
	return 0;
}

int rv_ruleset_read(struct rv_ruleset *rs, struct rv_store *s, struct rv_error *err)
{
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++) {
		struct rv_table *to = rv_ruleset_table(rs, def);
		const struct rv_visitor v = { .table = copy_chains, .rule = copy_rule, .arg = to };

		if (!to)
			return rv_fail_memory(err);
		if (rv_store_dump(s, def, NULL, &v, err))
			return err->kind == RV_ERR_NONE ? rv_fail_memory(err) : -1;
	}
	return 0;
}
