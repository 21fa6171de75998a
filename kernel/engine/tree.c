/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decision trees for entries with ranges and other conditions that cannot be hashed.
 *
 * A node splits the values of one field in two. Entries whose range includes values of both sides
 * are copied to both if they are few; otherwise they form a third subtree, which each packet that
 * comes to the node visits in addition. The number of copies is limited, so that lists have at
 * most twice as many entries as there are boxes; additional subtrees are limited by RV_LOOKUP_FAN.
 * If no split is worthwhile, the entries form a leaf, which is searched linearly. Each split leaves
 * at most 7/8 of the entries in a subtree and takes time proportional to their number, so building
 * takes O(n log n).
 */
#include "lookup.h"

#define LEAF_SIZE 8
#define SAMPLE	  32
#define DEPTH_MAX 64
#define TASKS	  (2 * DEPTH_MAX + 4)

enum { LEFT, RIGHT, ACROSS };

/* A subtree to build, of boxes arena[from] to arena[from + count - 1]. */
struct task {
	uint32_t from, count;
	uint32_t budget; /* number of copies allowed */
	uint32_t parent; /* node above it; 0: none */
	uint8_t side;
	uint8_t fan; /* most leaves that a packet may reach in it */
	uint8_t depth;
};

struct split {
	uint32_t field; /* index in rv_lookup.dims */
	uint64_t at;
	uint32_t count[3]; /* boxes below, above and on both sides */
	uint32_t cost;
};

struct tree {
	struct rv_lookup_build *build;
	uint32_t *arena, *spare; /* box numbers, 2 * n each */
	uint32_t room;		 /* allocated number of nodes */
	uint32_t ntasks;
	struct task tasks[TASKS];
	uint32_t sample[SAMPLE];
	uint64_t bounds[2 * SAMPLE];
	uint32_t nsample, nbounds;
};

/* ---- choosing a split --------------------------- */

static const struct rv_range *range_of(const struct tree *t, uint32_t box, uint32_t field)
{
	return rv_box_ranges(t->build, box) + field;
}

static unsigned int side_of(const struct rv_range *r, uint64_t at)
{
	return r->hi < at ? LEFT : r->lo >= at ? RIGHT : ACROSS;
}

static void take_sample(struct tree *t, const struct task *task)
{
	t->nsample = task->count < SAMPLE ? task->count : SAMPLE;
	for (uint32_t i = 0; i < t->nsample; i++)
		t->sample[i] = t->arena[task->from + (uint64_t)i * task->count / t->nsample];
}

static void add_bound(struct tree *t, uint64_t bound)
{
	uint32_t i = t->nbounds++;

	for (; i && t->bounds[i - 1] > bound; i--)
		t->bounds[i] = t->bounds[i - 1];
	t->bounds[i] = bound;
}

/* Sorts the values at which ranges of the sample start, and the first values after they end. */
static void take_bounds(struct tree *t, uint32_t field)
{
	const struct rv_lookup *l = t->build->lookup;
	const uint64_t max = rv_dim_max(l->family, l->dims[field]);

	t->nbounds = 0;
	for (uint32_t i = 0; i < t->nsample; i++) {
		const struct rv_range *r = range_of(t, t->sample[i], field);

		if (r->lo)
			add_bound(t, r->lo);
		if (r->hi != max)
			add_bound(t, r->hi + 1);
	}
}

static void count_sides(const struct tree *t, const uint32_t *boxes, uint32_t n, struct split *s)
{
	memset(s->count, 0, sizeof(s->count));
	for (uint32_t i = 0; i < n; i++)
		s->count[side_of(range_of(t, boxes[i], s->field), s->at)]++;
}

static uint32_t larger_side(const struct split *s)
{
	return s->count[LEFT] > s->count[RIGHT] ? s->count[LEFT] : s->count[RIGHT];
}

/* Tries the quartiles of the bounds as split points. */
static void try_field(struct tree *t, uint32_t field, struct split *best)
{
	take_bounds(t, field);
	for (uint32_t q = 1; q < 4 && t->nbounds; q++) {
		struct split s = { .field = field, .at = t->bounds[t->nbounds * q / 4] };

		count_sides(t, t->sample, t->nsample, &s);
		s.cost = 2 * larger_side(&s) + 3 * s.count[ACROSS];
		if (s.cost < best->cost)
			*best = s;
	}
}

/* Returns false if no split leaves enough boxes on both sides. */
static bool choose(struct tree *t, const struct task *task, struct split *best)
{
	*best = (struct split){ .cost = UINT32_MAX };
	take_sample(t, task);
	for (uint32_t field = 0; field < t->build->lookup->ndims; field++)
		try_field(t, field, best);
	if (best->cost == UINT32_MAX)
		return false;
	count_sides(t, t->arena + task->from, task->count, best);
	return larger_side(best) + best->count[ACROSS] <= task->count - (task->count + 7) / 8;
}

/* ---- building ---------------------- */

static void link_child(struct tree *t, const struct task *task, uint32_t to)
{
	struct rv_lookup *l = t->build->lookup;

	if (!task->parent)
		l->root = to;
	else if (task->side == ACROSS)
		l->nodes[task->parent].across = to;
	else
		l->nodes[task->parent].child[task->side] = to;
}

static int make_leaf(struct tree *t, const struct task *task)
{
	struct rv_lookup_build *b = t->build;
	uint32_t list = rv_list_new(b, task->count);

	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < task->count; i++)
		rv_list_add(b->lookup, list, b->entry[t->arena[task->from + i]]);
	link_child(t, task, list | RV_NODE_LEAF);
	return 0;
}

/* Returns the index of a new node, from 1, or 0 if out of memory. */
static uint32_t new_node(struct tree *t, const struct split *s)
{
	struct rv_lookup *l = t->build->lookup;

	l->nnodes += !l->nnodes;
	if (l->nnodes >= t->room) {
		const uint32_t room = t->room ? 2 * t->room : 64;
		struct rv_lookup_node *nodes = rv_alloc(room * sizeof(*nodes), true);

		if (!nodes)
			return 0;
		if (l->nodes)
			memcpy(nodes, l->nodes, l->nnodes * sizeof(*nodes));
		rv_free(l->nodes);
		l->nodes = nodes;
		t->room = room;
	}
	l->nodes[l->nnodes] = (struct rv_lookup_node){ .split = s->at, .field = s->field };
	return l->nnodes++;
}

/* Returns whether boxes on both sides of the split can be copied or form a third subtree. */
static bool fits(const struct task *task, const struct split *s)
{
	return s->count[ACROSS] <= task->budget || task->fan > 1;
}

/* Returns whether boxes on both sides of the split are copied. */
static bool copies(const struct task *task, const struct split *s)
{
	if (s->count[ACROSS] > task->budget)
		return false;
	return s->count[ACROSS] <= task->count / 16 || task->fan < 2;
}

/* Appends the boxes below, above or on both sides of the split to spare. */
static uint32_t collect(struct tree *t, const struct task *task, const struct split *s,
			unsigned int side, bool copy, uint32_t n)
{
	for (uint32_t i = 0; i < task->count; i++) {
		const uint32_t box = t->arena[task->from + i];
		const unsigned int is = side_of(range_of(t, box, s->field), s->at);

		if (is == side || (copy && is == ACROSS))
			t->spare[n++] = box;
	}
	return n;
}

static void push(struct tree *t, const struct task *task, const struct split *s, unsigned int side,
		 uint32_t from, uint32_t count, bool copy)
{
	const uint32_t rest = copy ? task->budget - s->count[ACROSS] : task->budget;
	const uint32_t whole = copy ? task->count + s->count[ACROSS] : task->count;
	const bool three = !copy && s->count[ACROSS];

	if (count)
		t->tasks[t->ntasks++] = (struct task){
			.from = from,
			.count = count,
			.side = side,
			.parent = task->parent,
			.budget = (uint32_t)((uint64_t)rest * count / whole),
			.fan = !three		? task->fan
			       : side == ACROSS ? task->fan / 2
						: task->fan - task->fan / 2,
			.depth = task->depth + 1,
		};
}

/* Replaces the task's boxes, the last ones in the arena, by those of its subtrees. */
static void divide(struct tree *t, const struct task *task, const struct split *s, bool copy)
{
	const uint32_t left = collect(t, task, s, LEFT, copy, 0);
	const uint32_t middle = copy ? left : collect(t, task, s, ACROSS, false, left);
	const uint32_t right = collect(t, task, s, RIGHT, copy, middle);

	memcpy(t->arena + task->from, t->spare, right * sizeof(*t->arena));
	push(t, task, s, LEFT, task->from, left, copy);
	push(t, task, s, ACROSS, task->from + left, middle - left, copy);
	push(t, task, s, RIGHT, task->from + middle, right - middle, copy);
}

static int do_task(struct tree *t)
{
	struct task task = t->tasks[--t->ntasks];
	const uint32_t leaf_size = t->build->eager ? 1 : LEAF_SIZE;
	uint32_t node;
	struct split s;

	if (task.count <= leaf_size || task.depth == DEPTH_MAX || !choose(t, &task, &s) ||
	    !fits(&task, &s))
		return make_leaf(t, &task);
	node = new_node(t, &s);
	if (!node)
		return -ENOMEM;
	link_child(t, &task, node);
	task.parent = node;
	divide(t, &task, &s, copies(&task, &s));
	return 0;
}

static int build_tree(struct tree *t, const uint32_t *boxes, uint32_t n)
{
	int rc = 0;

	t->arena = rv_alloc(2 * (size_t)n * sizeof(*t->arena), true);
	t->spare = rv_alloc(2 * (size_t)n * sizeof(*t->spare), true);
	if (!t->arena || !t->spare)
		return -ENOMEM;
	memcpy(t->arena, boxes, n * sizeof(*boxes));
	t->tasks[t->ntasks++] = (struct task){
		.count = n,
		.budget = n,
		.fan = RV_LOOKUP_FAN,
	};
	while (t->ntasks && !rc) {
		rc = do_task(t);
		rv_rest();
	}
	return rc;
}

int rv_tree_make(struct rv_lookup_build *b, const uint32_t *boxes, uint32_t n)
{
	struct tree *t = rv_alloc(sizeof(*t), true);
	int rc;

	if (!t)
		return -ENOMEM;
	t->build = b;
	rc = build_tree(t, boxes, n);
	rv_free(t->arena);
	rv_free(t->spare);
	rv_free(t);
	return rc;
}
