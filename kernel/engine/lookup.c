/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compiles the chains of a table into lookups (see lookup.h). Each entry of a chain becomes one or
 * more boxes; a box is a range for each field. Boxes with exact values under the same masks share a
 * hash table; other boxes with conditions go to a tree; entries without conditions are always
 * candidates. A chain gets no lookup if comparing its entries one by one is cheaper.
 *
 * Everything takes time proportional to the number of entries, except the tree, which takes
 * O(n log n). A box takes at most 136 bytes of lists, slots and nodes, and a chain has at most
 * BOXES_MAX boxes per entry.
 */
#include "lookup.h"

#define SHAPES	  64
#define HASH_MIN  3  /* fewest boxes for which a hash table is made */
#define GROUP_MAX 16 /* boxes with the same key that are not divided further */
#define BOXES_MAX 4  /* per entry, on average; else port lists become one interval */

enum { PART_ALWAYS = 0xff, PART_TREE = 0xfe };

unsigned int rv_lookup_rules = 24;

/* The masks of all fields, as some boxes have them in common. */
struct shape {
	uint64_t mask[RV_DIMS]; /* indexed like rv_lookup.dims */
	uint32_t count;
	uint8_t part;
};

struct shapes {
	struct shape list[SHAPES];
	uint32_t n;
};

/* ---- lists ---------------------- */

static int make_room(struct rv_lookup_build *b, uint32_t more)
{
	struct rv_lookup *l = b->lookup;
	uint32_t room = b->room ? b->room : 64, *lists;

	if (b->lookup->nlists + more <= b->room)
		return 0;
	while (room < l->nlists + more)
		room *= 2;
	lists = rv_alloc(room * sizeof(*lists), true);
	if (!lists)
		return -ENOMEM;
	if (l->lists)
		memcpy(lists, l->lists, l->nlists * sizeof(*lists));
	rv_free(l->lists);
	l->lists = lists;
	b->room = room;
	return 0;
}

uint32_t rv_list_new(struct rv_lookup_build *b, uint32_t n)
{
	struct rv_lookup *l = b->lookup;
	const uint32_t at = l->nlists;

	if (make_room(b, n + 2))
		return 0;
	l->lists[at] = 0;
	l->lists[at + 1] = RV_LIST_END;
	l->nlists += n + 2;
	return at;
}

/* ---- boxes ---------------------- */

/* Returns whether the lists of ports of entry i are split into one box per interval. */
static bool expands(const struct rv_lookup_build *b, uint32_t i)
{
	return b->nboxes <= BOXES_MAX * (i - b->lookup->first);
}

static const struct rvk_entry *entry_of(const struct rv_lookup_build *b, uint32_t i)
{
	return rv_entry_at(b->rules, b->rules->keys[i].offset);
}

/* Counts the boxes. Returns the set of fields with a condition, bits of 1 << enum rv_dim. */
static uint32_t count_boxes(struct rv_lookup_build *b)
{
	uint32_t used = 0;

	for (uint32_t i = b->lookup->first; i < b->lookup->last; i++) {
		struct rv_box box;

		b->nboxes += rv_entry_box(b->rules, entry_of(b, i), 0, !expands(b, i), &box);
		for (unsigned int dim = 0; dim < RV_DIMS; dim++)
			if (box.dim[dim].lo ||
			    box.dim[dim].hi != rv_dim_max(b->lookup->family, dim))
				used |= 1U << dim;
		rv_rest();
	}
	return used;
}

static int make_arrays(struct rv_lookup_build *b)
{
	const size_t n = b->nboxes;

	b->entry = rv_alloc(n * sizeof(*b->entry), true);
	b->ranges = rv_alloc(n * b->lookup->ndims * sizeof(*b->ranges), true);
	b->part = rv_alloc(n, true);
	b->group = rv_alloc(n * sizeof(*b->group), true);
	b->size = rv_alloc(n * sizeof(*b->size), true);
	return b->entry && b->ranges && b->part && b->group && b->size ? 0 : -ENOMEM;
}

static void add_box(struct rv_lookup_build *b, uint32_t entry, const struct rv_box *box)
{
	const struct rv_lookup *l = b->lookup;
	struct rv_range *to = b->ranges + (size_t)b->nboxes * l->ndims;

	for (unsigned int i = 0; i < l->ndims; i++)
		to[i] = box->dim[l->dims[i]];
	b->entry[b->nboxes++] = entry;
}

static void fill_boxes(struct rv_lookup_build *b)
{
	b->nboxes = 0;
	for (uint32_t i = b->lookup->first; i < b->lookup->last; i++) {
		const bool whole = !expands(b, i);
		struct rv_box box;
		unsigned int n = 0, all;

		do {
			all = rv_entry_box(b->rules, entry_of(b, i), n, whole, &box);
			add_box(b, i, &box);
		} while (++n < all);
		rv_rest();
	}
}

/* ---- which parts ---------------------- */

/* Returns the shape of a box, or NULL if it has no exact value or there are too many shapes. */
static struct shape *find_shape(struct shapes *s, const struct rv_range *r, unsigned int ndims)
{
	uint64_t mask[RV_DIMS] = { 0 }, any = 0;

	for (unsigned int i = 0; i < ndims; i++) {
		mask[i] = r[i].mask;
		any |= mask[i];
	}
	for (uint32_t i = 0; i < s->n; i++)
		if (!memcmp(s->list[i].mask, mask, sizeof(mask)))
			return &s->list[i];
	if (!any || s->n == SHAPES)
		return NULL;
	memcpy(s->list[s->n].mask, mask, sizeof(mask));
	return &s->list[s->n++];
}

static struct shape *most_frequent(struct shapes *s)
{
	struct shape *best = NULL;

	for (uint32_t i = 0; i < s->n; i++)
		if (s->list[i].part == PART_TREE && (!best || s->list[i].count > best->count))
			best = &s->list[i];
	return best;
}

static void make_hash(struct rv_lookup *l, struct shape *shape)
{
	struct rv_lookup_hash *h = &l->hashes[l->nhashes];

	for (unsigned int i = 0; i < l->ndims; i++)
		if (shape->mask[i]) {
			h->field[h->nfields] = i;
			h->mask[h->nfields++] = shape->mask[i];
		}
	shape->part = l->nhashes++;
}

static bool contains(const struct shape *shape, const struct shape *part, unsigned int ndims)
{
	for (unsigned int i = 0; i < ndims; i++)
		if (part->mask[i] & ~shape->mask[i])
			return false;
	return true;
}

/* Makes hash tables for the most frequent shapes. Others use one with a subset of their masks. */
static void choose_hashes(struct rv_lookup_build *b, struct shapes *s)
{
	const uint32_t least = b->eager ? 1 : HASH_MIN;
	struct rv_lookup *l = b->lookup;
	struct shape *shape;

	while (l->nhashes < RV_LOOKUP_HASHES && (shape = most_frequent(s)) && shape->count >= least)
		make_hash(l, shape);
	for (uint32_t i = 0; i < s->n; i++)
		for (uint32_t n = 0; n < s->n && s->list[i].part == PART_TREE; n++)
			if (s->list[n].part != PART_TREE &&
			    contains(&s->list[i], &s->list[n], l->ndims))
				s->list[i].part = s->list[n].part;
}

static bool is_any_value(const struct rv_lookup_build *b, unsigned int field,
			 const struct rv_range *r)
{
	const struct rv_lookup *l = b->lookup;

	return !r->lo && r->hi == rv_dim_max(l->family, l->dims[field]) && !r->mask;
}

static bool is_any(const struct rv_lookup_build *b, uint32_t box)
{
	for (unsigned int i = 0; i < b->lookup->ndims; i++)
		if (!is_any_value(b, i, &rv_box_ranges(b, box)[i]))
			return false;
	return true;
}

static void choose_parts(struct rv_lookup_build *b, struct shapes *s)
{
	const unsigned int ndims = b->lookup->ndims;

	for (uint32_t i = 0; i < b->nboxes; i++) {
		struct shape *shape = find_shape(s, rv_box_ranges(b, i), ndims);

		if (shape) {
			shape->part = PART_TREE;
			shape->count++;
		}
	}
	choose_hashes(b, s);
	for (uint32_t i = 0; i < b->nboxes; i++) {
		struct shape *shape = find_shape(s, rv_box_ranges(b, i), ndims);

		b->part[i] = shape ? shape->part : is_any(b, i) ? PART_ALWAYS : PART_TREE;
		rv_rest();
	}
}

/* Moves the boxes of a small tree to the list that is always compared, which is cheaper. */
static void drop_small_tree(struct rv_lookup_build *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->nboxes; i++)
		n += b->part[i] == PART_TREE;
	for (uint32_t i = 0; i < b->nboxes && n < HASH_MIN && !b->eager; i++)
		if (b->part[i] == PART_TREE)
			b->part[i] = PART_ALWAYS;
}

/* Costs in user-mode instructions, measured with bench/lookup. */
enum {
	COST_SKIP = 9,
	COST_START = 60,
	COST_FIELD = 10,
	COST_HASH = 35,
	COST_TREE = 150,
	COST_CANDIDATE = 60
};

static bool pays(const struct rv_lookup_build *b)
{
	const struct rv_lookup *l = b->lookup;
	uint64_t cost = COST_START + COST_FIELD * l->ndims + COST_HASH * l->nhashes;
	bool tree = false;

	for (uint32_t i = 0; i < b->nboxes; i++) {
		cost += b->part[i] == PART_ALWAYS ? COST_CANDIDATE : 0;
		tree |= b->part[i] == PART_TREE;
	}
	return cost + (tree ? COST_TREE : 0) <= COST_SKIP * (uint64_t)(l->last - l->first);
}

/* ---- hashes ---------------------- */

/* Returns the slot of a key, or a free slot for it; NULL if the probe sequence is too long. */
static struct rv_lookup_slot *find_slot(const struct rv_lookup_hash *h, uint64_t hash)
{
	uint32_t at = rv_lookup_slot(h, hash);

	for (unsigned int n = 0; n < RV_LOOKUP_PROBES; n++) {
		struct rv_lookup_slot *slot = &h->slots[at];

		if (!slot->list || slot->tag == (uint32_t)hash)
			return slot;
		at = (at + 1) & ((1U << h->bits) - 1);
	}
	return NULL;
}

static int make_slots(struct rv_lookup_build *b, unsigned int part)
{
	struct rv_lookup_hash *h = &b->lookup->hashes[part];
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->nboxes; i++)
		n += b->part[i] == part;
	for (h->bits = 1; 1U << h->bits < 3 * n; h->bits++)
		;
	h->slots = rv_alloc(sizeof(*h->slots) << h->bits, true);
	return h->slots ? 0 : -ENOMEM;
}

/* Groups the boxes by key; stores group numbers in the slots. Returns the number of groups. */
static uint32_t make_groups(struct rv_lookup_build *b, unsigned int part)
{
	struct rv_lookup_hash *h = &b->lookup->hashes[part];
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->nboxes; i++) {
		uint64_t values[RV_DIMS], hash;
		struct rv_lookup_slot *slot;

		if (b->part[i] != part)
			continue;
		for (unsigned int dim = 0; dim < b->lookup->ndims; dim++)
			values[dim] = rv_box_ranges(b, i)[dim].lo;
		hash = rv_lookup_hash(b->lookup, h, values);
		slot = find_slot(h, hash);
		if (slot && !slot->list) {
			*slot = (struct rv_lookup_slot){ .tag = (uint32_t)hash, .list = n + 1 };
			b->size[n++] = 0;
		}
		b->part[i] = slot ? part : PART_TREE;
		if (slot) {
			b->group[i] = slot->list - 1;
			b->size[b->group[i]]++;
		}
		rv_rest();
	}
	return n;
}

/* Returns whether the box has a condition that the hash table does not test. */
static bool is_beyond(const struct rv_lookup_build *b, const struct rv_lookup_hash *h, uint32_t box)
{
	const struct rv_range *r = rv_box_ranges(b, box);
	uint64_t mask[RV_DIMS] = { 0 };

	for (unsigned int i = 0; i < h->nfields; i++)
		mask[h->field[i]] = h->mask[i];
	for (unsigned int i = 0; i < b->lookup->ndims; i++)
		if (!is_any_value(b, i, &r[i]) && (!r[i].mask || r[i].mask != mask[i]))
			return true;
	return false;
}

/* Moves such boxes from groups that are too large to the tree, which compares all fields. */
static void divide_groups(struct rv_lookup_build *b, unsigned int part, uint32_t ngroups)
{
	const struct rv_lookup_hash *h = &b->lookup->hashes[part];
	const uint32_t most = b->eager ? 2 : GROUP_MAX;

	for (uint32_t i = 0; i < b->nboxes; i++)
		if (b->part[i] == part && b->size[b->group[i]] > most && is_beyond(b, h, i))
			b->part[i] = PART_TREE;
	memset(b->size, 0, ngroups * sizeof(*b->size));
	for (uint32_t i = 0; i < b->nboxes; i++)
		if (b->part[i] == part)
			b->size[b->group[i]]++;
}

/* Makes a list of entries for each group. */
static int make_lists(struct rv_lookup_build *b, uint32_t ngroups)
{
	for (uint32_t i = 0; i < ngroups; i++) {
		b->size[i] = b->size[i] ? rv_list_new(b, b->size[i]) : RV_LIST_EMPTY;
		if (!b->size[i])
			return -ENOMEM;
	}
	return 0;
}

static int fill_hash(struct rv_lookup_build *b, unsigned int part)
{
	struct rv_lookup_hash *h = &b->lookup->hashes[part];
	uint32_t ngroups;
	int rc = make_slots(b, part);

	if (rc)
		return rc;
	ngroups = make_groups(b, part);
	divide_groups(b, part, ngroups);
	rc = make_lists(b, ngroups);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < 1U << h->bits; i++)
		if (h->slots[i].list)
			h->slots[i].list = b->size[h->slots[i].list - 1];
	for (uint32_t i = 0; i < b->nboxes; i++) {
		if (b->part[i] == part)
			rv_list_add(b->lookup, b->size[b->group[i]], b->entry[i]);
		rv_rest();
	}
	return 0;
}

/* ---- the other parts ---------------------- */

/* Collects the boxes of a part in b->group. */
static uint32_t collect(struct rv_lookup_build *b, unsigned int part)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->nboxes; i++)
		if (b->part[i] == part)
			b->group[n++] = i;
	return n;
}

static int make_always(struct rv_lookup_build *b)
{
	const uint32_t n = collect(b, PART_ALWAYS);

	if (!n)
		return 0;
	b->lookup->always = rv_list_new(b, n);
	for (uint32_t i = 0; i < n && b->lookup->always; i++)
		rv_list_add(b->lookup, b->lookup->always, b->entry[b->group[i]]);
	return b->lookup->always ? 0 : -ENOMEM;
}

static int make_tree(struct rv_lookup_build *b)
{
	uint32_t n;

	drop_small_tree(b);
	n = collect(b, PART_TREE);
	return n ? rv_tree_make(b, b->group, n) : 0;
}

/* Releases unused space for lists and nodes. */
static int shrink(struct rv_lookup *l)
{
	uint32_t *lists = rv_alloc(l->nlists * sizeof(*lists), true);
	struct rv_lookup_node *nodes = rv_alloc(l->nnodes * sizeof(*nodes) + 1, true);

	if (lists && nodes) {
		memcpy(lists, l->lists, l->nlists * sizeof(*lists));
		if (l->nodes)
			memcpy(nodes, l->nodes, l->nnodes * sizeof(*nodes));
		rv_free(l->lists);
		rv_free(l->nodes);
		l->lists = lists;
		l->nodes = nodes;
		return 0;
	}
	rv_free(lists);
	rv_free(nodes);
	return -ENOMEM;
}

static int make_all(struct rv_lookup_build *b)
{
	int rc = make_room(b, RV_LIST_EMPTY);

	if (rc)
		return rc;
	b->lookup->nlists = RV_LIST_EMPTY;
	rc = rv_list_new(b, 0) == RV_LIST_EMPTY ? 0 : -ENOMEM;
	for (unsigned int part = 0; part < b->lookup->nhashes && !rc; part++)
		rc = fill_hash(b, part);
	if (!rc)
		rc = make_tree(b);
	if (!rc)
		rc = make_always(b);
	return rc ? rc : shrink(b->lookup);
}

/* ---- chains ---------------------- */

static void free_lookup(struct rv_lookup *l)
{
	for (unsigned int i = 0; i < RV_LOOKUP_HASHES; i++)
		rv_free(l->hashes[i].slots);
	rv_free(l->lists);
	rv_free(l->nodes);
	rv_free(l);
}

static uint64_t memory_of(const struct rv_lookup *l)
{
	uint64_t sum = sizeof(*l) + l->nlists * sizeof(*l->lists) + l->nnodes * sizeof(*l->nodes);

	for (unsigned int i = 0; i < l->nhashes; i++)
		sum += sizeof(*l->hashes[i].slots) << l->hashes[i].bits;
	return sum;
}

static void free_build(struct rv_lookup_build *b)
{
	rv_free(b->entry);
	rv_free(b->ranges);
	rv_free(b->part);
	rv_free(b->group);
	rv_free(b->size);
}

/* Returns 1 if built, 0 if a linear walk is cheaper. */
static int make_parts(struct rv_lookup_build *b)
{
	struct shapes *shapes = rv_alloc(sizeof(*shapes), true);
	bool good;
	int rc;

	if (!shapes)
		return -ENOMEM;
	choose_parts(b, shapes);
	rv_free(shapes);
	good = b->eager || pays(b);
	if (!good)
		return 0;
	rc = make_all(b);
	return rc ? rc : 1;
}

/* Adds the other half of IPv6 addresses of which one half is used. */
static uint32_t both_halves(uint32_t used)
{
	const uint32_t src = 1U << RV_DIM_SRC | 1U << RV_DIM_SRC_LOW;
	const uint32_t dst = 1U << RV_DIM_DST | 1U << RV_DIM_DST_LOW;

	return used | (used & src ? src : 0) | (used & dst ? dst : 0);
}

static int compile(struct rv_lookup_build *b)
{
	struct rv_lookup *l = b->lookup;

	l->used = count_boxes(b);
	if (!l->used)
		return 0;
	if (l->family == NFPROTO_IPV6)
		l->used = both_halves(l->used);
	for (unsigned int dim = 0; dim < RV_DIMS; dim++)
		if (l->used & 1U << dim)
			l->dims[l->ndims++] = dim;
	if (make_arrays(b))
		return -ENOMEM;
	fill_boxes(b);
	return make_parts(b);
}

/* Sets the lookup in each entry of the chain. */
static void install(struct rv_rules *r, struct rv_lookup *l)
{
	r->lookups[r->nlookups++] = l;
	for (uint32_t i = l->first; i <= l->last; i++)
		r->keys[i].lookup = r->nlookups;
	r->memory += memory_of(l);
}

/* Compiles the chain of entries first to last, if it has at least least entries. */
static int add_chain(struct rv_rules *r, uint32_t first, uint32_t last, uint32_t least)
{
	struct rv_lookup_build b = { .rules = r, .eager = least == 1 };
	struct rv_lookup *l;
	int rc;

	first += rv_entry_target(rv_entry_at(r, r->keys[first].offset))->form == RVK_FORM_CHAIN;
	if (last - first < least || r->nlookups == r->most_lookups)
		return 0;
	l = rv_alloc(sizeof(*l), true);
	if (!l)
		return -ENOMEM;
	l->first = first;
	l->last = last;
	l->family = r->head.family;
	l->keys = r->keys;
	l->seed = (uint64_t)rv_random() << 32 | rv_random();
	b.lookup = l;
	rc = compile(&b);
	free_build(&b);
	if (rc > 0)
		install(r, l);
	else
		free_lookup(l);
	return rc < 0 ? rc : 0;
}

/* Returns whether entry i is the last of its chain. */
static bool is_last(const struct rv_rules *r, uint32_t i)
{
	const uint32_t off = r->keys[i].offset;

	for (unsigned int hook = 0; hook < RVK_HOOKS; hook++)
		if (r->head.valid_hooks & 1U << hook && r->head.underflow[hook] == off)
			return true;
	return i + 1 == r->head.count ||
	       rv_entry_target(rv_entry_at(r, r->keys[i + 1].offset))->form == RVK_FORM_CHAIN;
}

int rv_lookups_make(struct rv_rules *r, struct rvk_refusal *why)
{
	const uint32_t least = __atomic_load_n(&rv_lookup_rules, __ATOMIC_RELAXED);
	const uint32_t most = least ? r->head.count / least : 0;
	int rc = 0;

	if (!most)
		return 0;
	r->most_lookups = most < UINT16_MAX ? most : UINT16_MAX;
	r->lookups = rv_alloc(r->most_lookups * sizeof(*r->lookups), true);
	if (!r->lookups)
		return rv_refuse(why, RVK_WHY_MEMORY, -ENOMEM);
	r->memory += r->most_lookups * sizeof(*r->lookups);
	for (uint32_t i = 0, first = 0; i < r->head.count && !rc; i++) {
		if (!is_last(r, i))
			continue;
		rc = add_chain(r, first, i, least);
		first = i + 1;
	}
	return rc ? rv_refuse(why, RVK_WHY_MEMORY, rc) : 0;
}

void rv_lookups_free(struct rv_rules *r)
{
	while (r->nlookups)
		free_lookup(r->lookups[--r->nlookups]);
	rv_free(r->lookups);
}
