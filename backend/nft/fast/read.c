/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a table with three kinds of request: kernel rules of all chains, sets, and the elements of each map;
 * then parses all texts in one pass. Sorts entries by chain and order. Anything that write.c would
 * not write is an error with its location, so no rule is missing in the output.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fast.h"

/* Attributes of kernel 6.16 and later. */
#define SET_COUNT 20
#define SET_MAX 20

struct reading {
	struct rv_store *s;
	struct rv_table *table;
	const char *name;		/* in the kernel */
	rv_family_t family;
	struct rv_fast_table *f;
	struct rv_map by_chain;		/* index + 1 by address of struct rv_chain */
	const char *only;		/* read only this chain; NULL: all */
	const struct rv_facts *wanted;	/* read only elements with this key; NULL: all */
	bool shallow;			/* kernel rules only, without elements and leaves */
	struct rv_fast_map *map;	/* map whose elements are being read */
	uint32_t index;			/* index of the last rule's chain */
	const struct rv_chain *chain;
};

/* ---- growing lists ------------------------------------------------------------------------- */

static void *grow(void *list, size_t n, size_t *room, size_t size)
{
	size_t wanted = *room ? 2 * *room : 64;
	void *more;

	if (n < *room)
		return list;
	more = realloc(list, wanted * size);
	if (more)
		*room = wanted;
	return more;
}

static struct rv_fast_entry *new_entry(struct rv_fast_table *f, struct rv_error *err)
{
	struct rv_fast_entry *more = grow(f->entries, f->nentries, &f->room, sizeof(*more));

	if (!more) {
		rv_fail_memory(err);
		return NULL;
	}
	f->entries = more;
	more += f->nentries++;
	memset(more, 0, sizeof(*more));
	return more;
}

/* A list with an index by ID. */
struct indexed {
	struct rv_map *by_id;		/* index + 1 */
	void **list;
	size_t *n, *room;
	size_t size;			/* of one object */
};

/*
 * Returns the object with this ID, or adds one filled with zeros and sets *is_new. Returns NULL if
 * memory ran out.
 */
static void *get_by_id(const struct indexed *x, uint64_t id, bool *is_new, struct rv_error *err)
{
	uint64_t *at = rv_map_put(x->by_id, id);
	void *list = at ? grow(*x->list, *x->n, x->room, x->size) : NULL;
	char *object;

	if (!list) {
		rv_fail_memory(err);
		return NULL;
	}
	*x->list = list;
	*is_new = !*at;
	if (*is_new)
		*at = ++*x->n;
	object = (char *)list + (*at - 1) * x->size;
	if (*is_new)
		memset(object, 0, x->size);
	return object;
}

static struct rv_fast_map *get_map(struct rv_fast_table *f, uint64_t id, struct rv_error *err)
{
	void *list = f->maps;
	const struct indexed maps = { &f->by_map, &list, &f->nmaps, &f->maproom, sizeof(*f->maps) };
	bool is_new;
	struct rv_fast_map *m = get_by_id(&maps, id, &is_new, err);

	f->maps = list;
	if (m && is_new)
		*m = (struct rv_fast_map){ .id = id, .count = UINT32_MAX };
	return m;
}

static struct rv_fast_leaf *get_leaf(struct rv_fast_table *f, uint64_t id, struct rv_error *err)
{
	void *list = f->leaves;
	const struct indexed leaves = { &f->by_leaf, &list, &f->nleaves, &f->leafroom, sizeof(*f->leaves) };
	bool is_new;
	struct rv_fast_leaf *leaf = get_by_id(&leaves, id, &is_new, err);

	f->leaves = list;
	if (leaf)
		leaf->id = id;
	return leaf;
}

/* Copies the bytes and a NUL to f->text; returns their offset, which is never 0. */
static size_t keep(struct rv_fast_table *f, const void *data, size_t len)
{
	size_t at;

	if (!f->text.len)
		rv_buf_putc(&f->text, '\0');
	at = f->text.len;
	rv_buf_add(&f->text, data, len);
	rv_buf_putc(&f->text, '\0');
	return at;
}

void rv_fast_table_free(struct rv_fast_table *f)
{
	if (!f)
		return;
	rv_buf_free(&f->text);
	rv_buf_free(&f->actions);
	rv_buf_free(&f->gone);
	rv_buf_free(&f->unfinished);
	rv_buf_free(&f->carried);
	free(f->entries);
	free(f->chains);
	free(f->maps);
	free(f->leaves);
	rv_map_free(&f->by_map);
	rv_map_free(&f->by_leaf);
	rv_map_free(&f->by_carried);
	free(f);
}

void rv_fast_forget(struct rv_nft *n)
{
	for (unsigned int i = 0; i < RV_TABLE_DEFS; i++) {
		rv_fast_table_free(n->fast[i]);
		n->fast[i] = NULL;
	}
}

/* ---- errors ----------------------------------------------------------------------------------- */

/* Sets err: something is wrong in "map" or "chain" `name'. Returns -1. */
__attribute__((format(printf, 5, 6)))
static int damaged(const struct reading *r, struct rv_error *err, const char *what, const char *name,
		   const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_fail(err, RV_ERR_RESOURCE, NULL, "table `%s', %s `%s': %s", r->name, what, name, text);
	return rv_hint(err, "use only iptables to change rules of profile fast; look at them with: "
		       "nft -a list table %s %s", rv_family(r->family)->nft, r->name);
}

/* ---- kernel rules ------------------------------------------------------------------------------- */

/* The result of reading a rule's expressions. */
struct seen {
	bool counted;
	struct rv_counters counters;
	const char *jump;		/* jump target, or NULL */
	struct rv_buf *pieces;		/* receives the text of comment matches, or NULL */
};

static void scan_expression(struct seen *x, const struct rv_nft_expr *e)
{
	if (e->kind == RV_NFT_COUNTER && !x->counted) {
		x->counted = true;
		x->counters = (struct rv_counters){ e->packets, e->bytes };
	} else if (e->kind == RV_NFT_IMMEDIATE && e->dreg == NFT_REG_VERDICT) {
		x->jump = e->name;
	} else if (e->kind == RV_NFT_MATCH && x->pieces && !strcmp(e->name, "comment")) {
		rv_buf_add(x->pieces, e->data.data, strnlen((const char *)e->data.data, e->data.len));
	}
}

static void scan_expressions(struct seen *x, struct rv_nft_view expressions)
{
	struct rv_nft_walk w = rv_nft_attrs(expressions);
	const char *what, *why;
	struct rv_nft_attr a;
	struct rv_nft_expr e;

	while (rv_nft_next(&w, &a))
		if (!rv_nft_expr_read(a.value, &e, &what, &why))
			scan_expression(x, &e);
}

/* Sets *index to the chain's. Rules arrive grouped by chain, so the last result is cached. */
static int chain_index(struct reading *r, const char *name, uint32_t *index, struct rv_error *err)
{
	struct rv_chain *c = r->chain && !strcmp(r->chain->name, name) ? NULL : rv_table_chain(r->table, name);
	uint64_t *at;

	if (c) {
		at = rv_map_get(&r->by_chain, (uintptr_t)c);
		if (!at)
			return rv_nft_changed(err);
		r->chain = c;
		r->index = *at - 1;
	} else if (!r->chain || strcmp(r->chain->name, name) != 0) {
		return damaged(r, err, "chain", name, "it is not a chain that iptables knows");
	}
	*index = r->index;
	return 0;
}

/* Adds an entry for a kernel rule that is an iptables rule. */
static int read_rule(struct reading *r, const struct rv_nft_view *t, const struct rv_nft_place *place,
		     struct rv_fast_entry **entry, struct rv_error *err)
{
	struct rv_buf pieces = RV_BUF_INIT;
	struct seen x = { .pieces = NULL };
	struct rv_nft_view text;
	struct rv_fast_entry *e;
	bool elsewhere;
	uint64_t order;

	if (!rv_fast_get_comment(t[NFTA_RULE_USERDATA], &order, &text, &elsewhere))
		return damaged(r, err, "chain", place->chain, "the rule with handle %llu contains no "
			       "iptables rule", (unsigned long long)place->handle);
	x.pieces = elsewhere ? &pieces : NULL;
	scan_expressions(&x, t[NFTA_RULE_EXPRESSIONS]);
	e = new_entry(r->f, err);
	if (e) {
		e->order = order;
		e->handle = place->handle;
		e->counters = x.counters;
		e->text_len = elsewhere ? pieces.len : text.len;
		e->text = keep(r->f, elsewhere ? (const void *)pieces.data : text.data, e->text_len);
		e->jump = x.jump ? keep(r->f, x.jump, strlen(x.jump)) : 0;
	}
	*entry = e;
	if (e && pieces.failed)
		rv_fail_memory(err);
	rv_buf_free(&pieces);
	return e && !err->kind ? 0 : -1;
}

static int add_switch(struct reading *r, const struct rv_nft_place *place, uint32_t chain, uint64_t id,
		      const struct rv_key_shape *shape, struct rv_error *err)
{
	struct rv_fast_map *map = get_map(r->f, id, err);

	if (!map)
		return -1;
	if (map->named)
		return damaged(r, err, "chain", place->chain, "two rules use the same map");
	map->named = true;
	map->chain = chain;
	map->block = r->f->chains[chain].blocks;
	map->shape = *shape;
	map->handle = place->handle;
	return 0;
}

static int add_plain(struct reading *r, const struct rv_nft_view *t, const struct rv_nft_place *place,
		     uint32_t chain, struct rv_error *err)
{
	struct rv_fast_entry *e;

	if (read_rule(r, t, place, &e, err))
		return -1;
	e->where = RV_FAST_PLAIN;
	e->chain = chain;
	e->block = r->f->chains[chain].blocks;
	return 0;
}

static int add_leaf_rule(struct reading *r, const struct rv_nft_view *t, const struct rv_nft_place *place,
		       uint64_t id, struct rv_error *err)
{
	struct rv_fast_entry *e;

	if (!get_leaf(r->f, id, err) || read_rule(r, t, place, &e, err))
		return -1;
	e->where = RV_FAST_IN_LEAF;
	e->leaf = id;
	return 0;
}

static int read_chain_rule(struct reading *r, const struct rv_nft_view *t, const struct rv_nft_place *place,
			struct rv_error *err)
{
	struct rv_key_shape shape;
	struct rv_fast_chain *in;
	uint32_t chain = 0;
	uint64_t map = 0;
	int rc;

	if (chain_index(r, place->chain, &chain, err))
		return -1;
	in = &r->f->chains[chain];
	in->ended |= rv_fast_is_mark(t[NFTA_RULE_USERDATA]);
	if (in->ended) {
		in->old++;
		return 0;
	}
	if (!in->blocks)
		in->head = place->handle;
	rc = rv_fast_switch_read(r->family, t[NFTA_RULE_EXPRESSIONS], &shape, &map);
	if (rc < 0)
		return damaged(r, err, "chain", place->chain, "the lookup of the rule with handle %llu is "
			       "not valid", (unsigned long long)place->handle);
	rc = rc ? add_plain(r, t, place, chain, err) : add_switch(r, place, chain, map, &shape, err);
	r->f->chains[chain].blocks++;
	return rc;
}

static int read_any_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_place place;
	struct reading *r = arg;
	uint64_t id;

	if (rv_nft_place_of(attrs, t, &place, err))
		return -1;
	if (rv_fast_id(place.chain, RV_FAST_ACTION, &id) || rv_fast_id(place.chain, RV_FAST_GONE, &id))
		return 0;
	if (rv_fast_id(place.chain, RV_FAST_LEAF, &id))
		return add_leaf_rule(r, t, &place, id, err);
	return read_chain_rule(r, t, &place, err);
}

/* Reads a rule of a leaf. When reading one chain, its leaves are known and others are skipped. */
static int read_leaf_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_place place;
	struct reading *r = arg;
	uint64_t id;

	if (rv_nft_place_of(attrs, t, &place, err))
		return -1;
	if (!rv_fast_id(place.chain, RV_FAST_LEAF, &id) || !rv_map_get(&r->f->by_leaf, id))
		return 0;
	return add_leaf_rule(r, t, &place, id, err);
}

/* ---- sets --------------------------------------------------------------------------------------- */

static int read_set(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[SET_MAX + 1];
	struct reading *r = arg;
	struct rv_fast_map *map;
	const char *name;
	uint64_t id;

	if (!rv_nft_attr_table(attrs, t, SET_MAX + 1) || !(name = rv_nft_get_text(t[NFTA_SET_NAME])))
		return rv_nft_malformed(err);
	r->f->has_set |= !strcmp(name, RV_FAST_STATE);
	r->f->has_carry |= !strcmp(name, RV_FAST_CARRY);
	if (!rv_fast_id(name, RV_FAST_MAP, &id))
		return 0;
	map = get_map(r->f, id, err);
	if (!map)
		return -1;
	rv_nft_get_u32(t[SET_COUNT], &map->count);
	return 0;
}

/* ---- elements ------------------------------------------------------------------------------------ */

struct element {
	struct rv_nft_view key;
	uint32_t code;
	const char *chain;
	struct rv_counters counters;
	struct rv_nft_view userdata;
};

bool rv_fast_read_counter(struct rv_nft_view v, struct rv_counters *c)
{
	const char *what, *why;
	struct rv_nft_expr e;

	if (!v.data || rv_nft_expr_read(v, &e, &what, &why) || e.kind != RV_NFT_COUNTER)
		return false;
	*c = (struct rv_counters){ e.packets, e.bytes };
	return true;
}

static bool parse_element(struct rv_nft_view v, struct element *x)
{
	struct rv_nft_view t[NFTA_SET_ELEM_MAX + 1], d[NFTA_DATA_MAX + 1], c[NFTA_VERDICT_MAX + 1];

	if (!rv_nft_attr_table(v, t, NFTA_SET_ELEM_MAX + 1) ||
	    !rv_nft_attr_table(t[NFTA_SET_ELEM_KEY], d, NFTA_DATA_MAX + 1) || !d[NFTA_DATA_VALUE].data)
		return false;
	x->key = d[NFTA_DATA_VALUE];
	x->userdata = t[NFTA_SET_ELEM_USERDATA];
	if (!rv_nft_attr_table(t[NFTA_SET_ELEM_DATA], d, NFTA_DATA_MAX + 1) ||
	    !rv_nft_attr_table(d[NFTA_DATA_VERDICT], c, NFTA_VERDICT_MAX + 1) ||
	    !rv_nft_get_u32(c[NFTA_VERDICT_CODE], &x->code))
		return false;
	x->chain = rv_nft_get_text(c[NFTA_VERDICT_CHAIN]);
	return rv_fast_read_counter(t[NFTA_SET_ELEM_EXPR], &x->counters);
}

bool rv_fast_element_counters(struct rv_nft_view elem, uint64_t *order, struct rv_counters *c)
{
	struct element x = { .chain = NULL };
	struct rv_nft_view text;
	bool elsewhere;

	if (!parse_element(elem, &x) || !rv_fast_get_comment(x.userdata, order, &text, &elsewhere))
		return false;
	*c = x.counters;
	return true;
}

bool rv_fast_rule_counters(const struct rv_nft_view *t, uint64_t *order, struct rv_counters *c)
{
	struct seen x = { .pieces = NULL };
	struct rv_nft_view text;
	bool elsewhere;

	if (!rv_fast_get_comment(t[NFTA_RULE_USERDATA], order, &text, &elsewhere))
		return false;
	scan_expressions(&x, t[NFTA_RULE_EXPRESSIONS]);
	*c = x.counters;
	return x.counted;
}

static void print_key(char text[2 * RV_FAST_KEY_MAX + 1], struct rv_nft_view key)
{
	for (uint32_t i = 0; i < key.len && i < RV_FAST_KEY_MAX; i++)
		snprintf(text + 2 * i, 3, "%02x", key.data[i]);
}

/* Sets err: the element with this key is damaged. Returns -1. */
static int damaged_element(const struct reading *r, const struct rv_fast_map *map,
			   struct rv_nft_view key, const char *why, struct rv_error *err)
{
	char text[2 * RV_FAST_KEY_MAX + 1] = "", name[RV_FAST_NAME];

	rv_fast_name(name, RV_FAST_MAP, map->id);
	print_key(text, key);
	return damaged(r, err, "map", name, "the element with key 0x%s %s", text, why);
}

static int add_leaf(struct reading *r, const struct element *x, uint64_t id, struct rv_error *err)
{
	struct rv_fast_leaf *leaf;

	if (x->code != (uint32_t)NFT_JUMP && x->code != (uint32_t)NFT_GOTO)
		return damaged_element(r, r->map, x->key, "has an unknown verdict", err);
	leaf = get_leaf(r->f, id, err);
	if (!leaf)
		return -1;
	if (leaf->named)
		return damaged_element(r, r->map, x->key, "uses the leaf chain of another element", err);
	leaf->named = true;
	leaf->code = x->code;
	leaf->map = r->map->id;
	leaf->chain = r->map->chain;
	leaf->block = r->map->block;
	leaf->key = keep(r->f, x->key.data, x->key.len);
	return 0;
}

static int add_direct(struct reading *r, const struct element *x, struct rv_error *err)
{
	struct rv_fast_entry *e;
	struct rv_nft_view text;
	bool elsewhere, action;
	uint64_t order, id;

	if (!rv_fast_get_comment(x->userdata, &order, &text, &elsewhere) || elsewhere)
		return damaged_element(r, r->map, x->key, "contains no iptables rule", err);
	e = new_entry(r->f, err);
	if (!e)
		return -1;
	action = x->chain && rv_fast_id(x->chain, RV_FAST_ACTION, &id);
	e->where = RV_FAST_ELEMENT;
	e->order = order;
	e->chain = r->map->chain;
	e->block = r->map->block;
	e->map = r->map->id;
	e->counters = x->counters;
	e->text = keep(r->f, text.data, text.len);
	e->text_len = text.len;
	e->jump = x->chain && !action ? keep(r->f, x->chain, strlen(x->chain)) : 0;
	e->key = keep(r->f, x->key.data, x->key.len);
	e->code = x->code;
	e->action = action ? id : 0;
	return 0;
}

static int read_element(struct rv_nft_view v, void *arg, struct rv_error *err)
{
	struct element x = { .chain = NULL };
	struct reading *r = arg;
	uint64_t id;

	r->map->seen++;
	if (!parse_element(v, &x))
		return damaged_element(r, r->map, x.key, "is not valid", err);
	if (x.key.len != rv_fast_key_len(r->family, &r->map->shape))
		return damaged_element(r, r->map, x.key, "has not the length of the key in the lookup", err);
	if (x.chain && rv_fast_id(x.chain, RV_FAST_LEAF, &id))
		return add_leaf(r, &x, id, err);
	return add_direct(r, &x, err);
}

int rv_fast_each_element(struct rv_nft_view attrs, rv_nft_answer_fn *fn, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_ELEM_LIST_MAX + 1];
	struct rv_nft_walk w;
	struct rv_nft_attr a;

	if (!rv_nft_attr_table(attrs, t, NFTA_SET_ELEM_LIST_MAX + 1))
		return rv_nft_malformed(err);
	w = rv_nft_attrs(t[NFTA_SET_ELEM_LIST_ELEMENTS]);
	while (rv_nft_next(&w, &a))
		if (fn(a.value, arg, err))
			return -1;
	return w.bad ? rv_nft_malformed(err) : 0;
}

static int read_elements(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	return rv_fast_each_element(attrs, read_element, arg, err);
}

static int count_element(struct rv_nft_view elem, void *arg, struct rv_error *err)
{
	uint32_t *n = arg;

	(void)elem, (void)err;
	++*n;
	return 0;
}

static int count_elements(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	return rv_fast_each_element(attrs, count_element, arg, err);
}

/* ---- the state ------------------------------------------------------------------------------------ */

static int read_state_element(struct rv_nft_view elem, void *arg, struct rv_error *err)
{
	struct rv_nft_view e[NFTA_SET_ELEM_MAX + 1], d[NFTA_DATA_MAX + 1];
	struct rv_fast_table *f = arg;
	const unsigned char *key;
	uint64_t first = 0;

	if (!rv_nft_attr_table(elem, e, NFTA_SET_ELEM_MAX + 1) ||
	    !rv_nft_attr_table(e[NFTA_SET_ELEM_KEY], d, NFTA_DATA_MAX + 1) ||
	    d[NFTA_DATA_VALUE].len != 2 * sizeof(uint64_t))
		return rv_nft_malformed(err);
	key = d[NFTA_DATA_VALUE].data;
	rv_nft_get_u64((struct rv_nft_view){ key, 8 }, &first);
	if (!first) {
		rv_buf_add(&f->unfinished, key + 8, 8);
		return f->unfinished.failed ? rv_fail_memory(err) : 0;
	}
	f->stored_first = first;
	rv_nft_get_u64((struct rv_nft_view){ key + 8, 8 }, &f->stored_last);
	f->has_state = true;
	return 0;
}

static int read_state(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	return rv_fast_each_element(attrs, read_state_element, arg, err);
}

/* The stored orders may be outdated if another program has loaded the table. */
int rv_fast_read_state(struct rv_store *s, const struct rv_table *t, struct rv_fast_table *f,
		       struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSETELEM, .dump = true, .family = s->rs.family,
		.table = rv_nft_table_name(&n->batch, t->def), .table_attr = NFTA_SET_ELEM_LIST_TABLE,
		.chain = RV_FAST_STATE, .chain_attr = NFTA_SET_ELEM_LIST_SET,
	};

	f->first = f->last = RV_FAST_ORDER;
	if (rv_nft_ask(&n->socket, &q, read_state, f, err) < 0)
		return -1;
	if (f->has_state && f->stored_first < f->first)
		f->first = f->stored_first;
	if (f->has_state && f->stored_last > f->last)
		f->last = f->stored_last;
	for (size_t i = 0; i < f->nentries; i++) {
		f->first = f->entries[i].order < f->first ? f->entries[i].order : f->first;
		f->last = f->entries[i].order > f->last ? f->entries[i].order : f->last;
	}
	return 0;
}

/* Requests the element with the wanted key, if any. */
static int read_key(struct reading *r, struct rv_error *err)
{
	unsigned char key[RV_FAST_KEY_MAX];
	char name[RV_FAST_NAME];
	unsigned int len;
	int rc;

	if (r->wanted->barrier || !rv_facts_fit(r->wanted, &r->map->shape))
		return 0;
	len = rv_fast_key(r->family, r->wanted, &r->map->shape, key);
	rv_fast_name(name, RV_FAST_MAP, r->map->id);
	rc = rv_fast_ask_key(r->s, r->name, name, key, len, read_elements, r, err);
	return rc < 0 ? -1 : 0;
}

int rv_fast_ask_key(struct rv_store *s, const char *table, const char *map, const unsigned char *key,
		    unsigned int len, rv_nft_answer_fn *fn, void *arg, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct rv_buf b = RV_BUF_INIT;
	struct rv_nft_query q = {
		.type = NFT_MSG_GETSETELEM, .family = s->rs.family,
		.table = table, .table_attr = NFTA_SET_ELEM_LIST_TABLE,
		.chain = map, .chain_attr = NFTA_SET_ELEM_LIST_SET,
		.nest_attr = NFTA_SET_ELEM_LIST_ELEMENTS,
	};
	int rc;

	rv_fast_put_key_element(&b, key, len);
	q.nest = (struct rv_nft_view){ (const unsigned char *)b.data, b.len };
	rc = rv_buf_ok(&b) ? rv_nft_ask(&n->socket, &q, fn, arg, err) : rv_fail_memory(err);
	rv_buf_free(&b);
	return rc;
}

/*
 * Reads the elements of a map. They have no handles, so their number shows whether all were read.
 */
static int read_map(struct reading *r, uint32_t i, struct rv_error *err)
{
	struct rv_nft *n = r->s->priv;
	char name[RV_FAST_NAME];
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSETELEM, .dump = true, .family = r->family,
		.table = r->name, .table_attr = NFTA_SET_ELEM_LIST_TABLE,
		.chain = name, .chain_attr = NFTA_SET_ELEM_LIST_SET,
	};
	uint32_t count = 0;

	r->map = &r->f->maps[i];
	if (!r->map->named)
		return 0;
	if (r->wanted)
		return read_key(r, err);
	rv_fast_name(name, RV_FAST_MAP, r->map->id);
	if (rv_nft_ask(&n->socket, &q, read_elements, r, err))
		return err->kind ? -1 : rv_nft_changed(err);
	if (r->map->count == UINT32_MAX && !rv_nft_ask(&n->socket, &q, count_elements, &count, err))
		r->map->count = count;
	if (err->kind)
		return -1;
	if (r->map->count != r->map->seen)
		return rv_nft_changed(err);
	return 0;
}

/* ---- the order of rules ---------------------------------------------------------------------------- */

static int by_order(const void *a, const void *b)
{
	const struct rv_fast_entry *x = a, *y = b;

	if (x->chain != y->chain)
		return x->chain < y->chain ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/*
 * Gives rules in leaves the position of their element. Rules in leaves without an element are
 * dropped.
 */
static void place_leaves(struct rv_fast_table *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->nentries; i++) {
		struct rv_fast_entry *e = &f->entries[i];
		const uint64_t *at = e->where == RV_FAST_IN_LEAF ? rv_map_get(&f->by_leaf, e->leaf) : NULL;
		const struct rv_fast_leaf *leaf = at ? &f->leaves[*at - 1] : NULL;

		if (leaf && !leaf->named)
			continue;
		if (leaf) {
			f->leaves[*at - 1].filled = true;
			e->chain = leaf->chain;
			e->block = leaf->block;
			e->map = leaf->map;
		}
		f->entries[kept++] = *e;
	}
	f->nentries = kept;
}

static int check_filled(const struct reading *r, struct rv_error *err)
{
	char name[RV_FAST_NAME];

	for (size_t i = 0; i < r->f->nleaves; i++) {
		const struct rv_fast_leaf *leaf = &r->f->leaves[i];

		if (!leaf->named || leaf->filled)
			continue;
		rv_fast_name(name, RV_FAST_LEAF, leaf->id);
		return damaged(r, err, "chain", name, "it has no rules, and an element leads to it");
	}
	return 0;
}

/* Checks that orders are unique and ascend with the kernel rules. */
static int check_order(const struct reading *r, struct rv_error *err)
{
	const struct rv_fast_table *f = r->f;

	for (size_t i = 1; i < f->nentries; i++) {
		const struct rv_fast_entry *a = &f->entries[i - 1], *b = &f->entries[i];

		if (a->chain != b->chain)
			continue;
		if (a->order == b->order)
			return damaged(r, err, "chain", f->chains[a->chain].chain->name,
				       "two rules have the order %016llx", (unsigned long long)a->order);
		if (a->block > b->block)
			return damaged(r, err, "chain", f->chains[a->chain].chain->name,
				       "the rule with order %016llx is in the wrong position",
				       (unsigned long long)b->order);
	}
	return 0;
}

static int arrange(struct reading *r, struct rv_error *err)
{
	struct rv_fast_table *f = r->f;

	place_leaves(f);
	if (check_filled(r, err))
		return -1;
	if (f->nentries)
		qsort(f->entries, f->nentries, sizeof(*f->entries), by_order);
	for (size_t i = 0; i < f->nentries; i++) {
		struct rv_fast_chain *c = &f->chains[f->entries[i].chain];

		if (!c->count++)
			c->first = i;
	}
	return check_order(r, err);
}

/* ---- texts become rules ------------------------------------------------------------------------------- */

struct parsing {
	struct reading *r;
	const struct rv_fast_entry *entries;
	uint32_t at;			/* the entry being parsed */
	int (*rule)(struct rv_chain *c, struct rv_rule *r, void *arg);
	void *arg;
};

static const char *text_at(const struct rv_fast_table *f, size_t at)
{
	return f->text.data + at;
}

static struct rv_fast_leaf *leaf_of(const struct reading *r, const struct rv_fast_entry *e)
{
	return e->where == RV_FAST_IN_LEAF ? &r->f->leaves[*rv_map_get(&r->f->by_leaf, e->leaf) - 1] : NULL;
}

/*
 * Returns whether the rule agrees with its element: the map has its key, the element its verdict.
 */
static bool agrees(const struct reading *x, const struct rv_fast_entry *e, const struct rv_rule *r)
{
	const struct rv_fast_map *map = rv_fast_map_by_id(x->f, e->map);
	struct rv_fast_leaf *leaf = leaf_of(x, e);
	unsigned char key[RV_FAST_KEY_MAX];
	struct rv_facts facts;
	unsigned int len;
	uint32_t code;

	rv_facts_of(x->family, r, &facts);
	if (facts.barrier || !rv_facts_fit(&facts, &map->shape))
		return false;
	len = rv_fast_key(x->family, &facts, &map->shape, key);
	if (memcmp(key, text_at(x->f, leaf ? leaf->key : e->key), len) != 0)
		return false;
	if (leaf) {
		leaf->parsed = true;
		leaf->closed |= !rv_facts_beyond(&facts, &map->shape) && rv_rule_ends(r);
		leaf->returns |= rv_rule_returns(r);
		return true;
	}
	return !rv_facts_beyond(&facts, &map->shape) && !e->action == !r->target &&
	       rv_fast_element_code(r, &code) && code == e->code;
}

static int disagrees(const struct reading *r, const struct rv_fast_entry *e, const char *why,
		     struct rv_error *err)
{
	char where[2 * RV_FAST_KEY_MAX + 32] = "", name[RV_FAST_NAME];
	const struct rv_fast_map *map;

	if (e->where != RV_FAST_ELEMENT)
		return damaged(r, err, "chain", r->f->chains[e->chain].chain->name,
			       "the rule with handle %llu: %s", (unsigned long long)e->handle, why);
	map = rv_fast_map_by_id(r->f, e->map);
	rv_fast_name(name, RV_FAST_MAP, map->id);
	print_key(where, (struct rv_nft_view){ (const unsigned char *)text_at(r->f, e->key),
					       rv_fast_key_len(r->family, &map->shape) });
	return damaged(r, err, "map", name, "the element with key 0x%s: %s", where, why);
}

static int take_rule(struct rv_rule *rule, uint32_t n, void *arg, struct rv_error *err)
{
	struct parsing *p = arg;
	const struct rv_fast_entry *e = &p->entries[n];
	struct reading *r = p->r;
	int rc;

	p->at = n;
	if (e->jump)
		rv_chain_name_set(rule->jump, text_at(r->f, e->jump));
	if (!e->jump != !rule->jump[0] || (e->where != RV_FAST_PLAIN && !agrees(r, e, rule))) {
		rv_rule_free(rule);
		return disagrees(r, e, "text and verdict or key differ", err);
	}
	rule->counters = e->counters;
	rule->counted = true;
	rule->handle = e->order;
	rc = p->rule(r->f->chains[e->chain].chain, rule, p->arg);
	if (rc)
		rv_rule_free(rule);
	rv_meter_step(r->s->meter);
	return rc;
}

/*
 * Checks that packets neither reach the end of a leaf entered by goto, nor return early from
 * others.
 */
static int check_leaves(const struct reading *r, struct rv_error *err)
{
	for (size_t i = 0; i < r->f->nleaves; i++) {
		const struct rv_fast_leaf *leaf = &r->f->leaves[i];
		bool goes = leaf->code == (uint32_t)NFT_GOTO;
		char name[RV_FAST_NAME];

		rv_fast_name(name, RV_FAST_LEAF, leaf->id);
		if (leaf->parsed && goes && !leaf->closed)
			return damaged(r, err, "chain", name, "packets would pass the end of the leaf");
		if (leaf->parsed && !goes && leaf->returns)
			return damaged(r, err, "chain", name, "a rule would return to the switch");
	}
	return 0;
}

static int parse(struct parsing *p, uint32_t count, struct rv_error *err)
{
	struct reading *r = p->r;
	struct rv_fast_parse lines = { .family = r->family, .rule = take_rule, .arg = p };
	struct rv_error own = { .warnings = err->warnings };
	int rc;

	rv_fast_parse_begin(&lines, r->table->def);
	for (uint32_t i = 0; i < count; i++) {
		const struct rv_fast_entry *e = &p->entries[i];

		rv_fast_parse_add(&lines, (struct rv_nft_view){
			(const unsigned char *)text_at(r->f, e->text), e->text_len }, e->jump);
	}
	rc = rv_fast_parse_end(&lines, &own);
	rv_buf_free(&lines.lines);
	if (rc && lines.own)
		*err = own;
	else if (rc && own.kind == RV_ERR_MEMORY)
		rv_fail_memory(err);
	else if (rc && lines.at < count)
		disagrees(r, &p->entries[lines.at], own.text, err);
	return rc ? rc : check_leaves(r, err);
}

/* ---- the table ------------------------------------------------------------------------------------------- */

static int read_rules(struct reading *r, struct rv_error *err)
{
	return rv_nft_ask_rules(r->s, r->name, r->only, read_any_rule, NULL, r, err);
}

/* With more leaves than this, the rules of all chains are requested in one dump. */
#define LEAVES_SINGLY 64

static int read_leaves(struct reading *r, struct rv_error *err)
{
	char name[RV_FAST_NAME];

	if (!r->only)
		return 0;
	if (r->f->nleaves > LEAVES_SINGLY)
		return rv_nft_ask_rules(r->s, r->name, NULL, read_leaf_rule, NULL, r, err);
	for (size_t i = 0; i < r->f->nleaves; i++) {
		rv_fast_name(name, RV_FAST_LEAF, r->f->leaves[i].id);
		if (rv_nft_ask_rules(r->s, r->name, name, read_leaf_rule, NULL, r, err))
			return -1;
	}
	return 0;
}

static int read_sets(struct reading *r, struct rv_error *err)
{
	struct rv_nft *n = r->s->priv;
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSET, .dump = true, .family = r->family,
		.table = r->name, .table_attr = NFTA_SET_TABLE,
	};

	return rv_nft_ask(&n->socket, &q, read_set, r, err) < 0 ? -1 : 0;
}

static int index_chains(struct reading *r, struct rv_error *err)
{
	struct rv_fast_table *f = r->f;

	f->chains = calloc(r->table->nchains + 1, sizeof(*f->chains));
	if (!f->chains)
		return rv_fail_memory(err);
	rv_list_each(c, &r->table->chains, struct rv_chain, node) {
		uint64_t *at = rv_map_put(&r->by_chain, (uintptr_t)c);

		if (!at)
			return rv_fail_memory(err);
		f->chains[f->nchains].chain = c;
		memcpy(f->chains[f->nchains].name, c->name, sizeof(c->name));
		*at = ++f->nchains;
	}
	return 0;
}

static int read_all(struct reading *r, struct rv_error *err)
{
	if (index_chains(r, err) || read_rules(r, err) || (!r->wanted && !r->shallow && read_sets(r, err)))
		return -1;
	if (r->shallow)
		return rv_buf_ok(&r->f->text) ? 0 : rv_fail_memory(err);
	for (size_t i = 0; i < r->f->nmaps; i++)
		if (read_map(r, i, err))
			return -1;
	if (read_leaves(r, err))
		return -1;
	if (!rv_buf_ok(&r->f->text))
		return rv_fail_memory(err);
	return arrange(r, err) || rv_fast_read_carry(r->s, r->name, r->f, err) ? -1 : 0;
}

static int read_table(struct reading *r, struct rv_error *err)
{
	int rc;

	r->f = calloc(1, sizeof(*r->f));
	rc = r->f ? read_all(r, err) : rv_fail_memory(err);
	rv_map_free(&r->by_chain);
	if (!rc)
		return 0;
	rv_fast_table_free(r->f);
	r->f = NULL;
	return -1;
}

static struct reading reading_of(struct rv_store *s, struct rv_table *t)
{
	const struct rv_nft *n = s->priv;

	return (struct reading){
		.s = s, .table = t, .name = rv_nft_table_name(&n->batch, t->def), .family = s->rs.family,
	};
}

static int keep_rule(struct rv_chain *c, struct rv_rule *r, void *arg)
{
	(void)arg;
	rv_chain_add_rule(c, r, NULL);
	return 0;
}

int rv_fast_load(struct rv_store *s, struct rv_table *t, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct reading r = reading_of(s, t);
	struct parsing p = { .r = &r, .rule = keep_rule };
	struct rv_fast_table **held = &n->fast[t->def - rv_table_defs];

	if (!t->complete && s->backend->load_chains(s, t, NULL, err))
		return -1;
	if (t->exists && read_table(&r, err))
		return -1;
	if (r.f && rv_fast_read_names(s, t, r.f, err)) {
		rv_fast_table_free(r.f);
		return -1;
	}
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_chain_flush(c);
	rv_fast_table_free(*held);
	*held = r.f;
	p.entries = r.f ? r.f->entries : NULL;
	return r.f ? parse(&p, r.f->nentries, err) : 0;
}

struct showing {
	const struct rv_visitor *v;
};

static int show_rule(struct rv_chain *c, struct rv_rule *r, void *arg)
{
	const struct showing *s = arg;
	int rc = s->v->rule(c, r, s->v->arg);

	if (!rc)
		rv_rule_free(r);
	return rc;
}

/* Sets each chain's number of references; the kernel's use count includes the chain's own rules. */
static void count_references(const struct rv_fast_table *f)
{
	for (size_t i = 0; i < f->nchains; i++) {
		struct rv_chain *c = f->chains[i].chain;
		uint32_t own = f->chains[i].blocks + f->chains[i].old;

		c->references -= c->references < own ? c->references : own;
	}
}

static int show(struct reading *r, struct rv_table *t, const char *only, const struct rv_visitor *v,
		struct rv_error *err)
{
	struct showing showing = { v };
	struct parsing p = { .r = r, .rule = show_rule, .arg = &showing, .entries = r->f->entries };
	uint32_t count = r->f->nentries;

	count_references(r->f);
	if (v->table(t, v->arg))
		return -1;
	for (size_t i = 0; only && i < r->f->nchains; i++) {
		if (strcmp(r->f->chains[i].chain->name, only) != 0)
			continue;
		p.entries += r->f->chains[i].first;
		count = r->f->chains[i].count;
	}
	return parse(&p, count, err);
}

int rv_fast_dump(struct rv_store *s, struct rv_table *t, const char *only, const struct rv_visitor *v,
		 struct rv_error *err)
{
	struct reading r = reading_of(s, t);
	int rc;

	r.only = only;
	if (!t->exists)
		return v->table(t, v->arg);
	if (read_table(&r, err))
		return -1;
	rc = show(&r, t, only, v, err);
	rv_fast_table_free(r.f);
	return rc;
}

/* ---- one rule ----------------------------------------------------------------------------------- */

struct search {
	const struct rv_rule *wanted;
	struct rv_rule *found;
	uint32_t at;
};

static int match_rule(struct rv_chain *c, struct rv_rule *r, void *arg)
{
	struct search *s = arg;

	(void)c;
	if (!s->found && rv_rule_equal(r, s->wanted)) {
		s->found = r;
		return 0;
	}
	s->at += !s->found;
	rv_rule_free(r);
	return 0;
}

int rv_fast_search(struct rv_store *s, struct rv_chain *c, const struct rv_rule *wanted,
		   struct rv_fast_table **f, size_t *at, struct rv_rule **found, struct rv_error *err)
{
	struct reading r = reading_of(s, c->table);
	struct search search = { .wanted = wanted };
	struct parsing p = { .r = &r, .rule = match_rule, .arg = &search };
	struct rv_facts facts;

	rv_facts_of(r.family, wanted, &facts);
	r.only = c->name;
	r.wanted = &facts;
	if (read_table(&r, err))
		return -1;
	p.entries = r.f->entries;
	if (parse(&p, r.f->nentries, err)) {
		rv_rule_free(search.found);
		rv_fast_table_free(r.f);
		return -1;
	}
	*f = r.f;
	*at = search.at;
	*found = search.found;
	return 0;
}

int rv_fast_read_shallow(struct rv_store *s, struct rv_chain *c, struct rv_fast_table **f,
			 struct rv_error *err)
{
	struct reading r = reading_of(s, c->table);

	r.only = c->name;
	r.shallow = true;
	if (read_table(&r, err))
		return -1;
	*f = r.f;
	return 0;
}

/* ---- names ------------------------------------------------------------------------------------ */

static int read_chain_name(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_CHAIN_MAX + 1];
	struct reading *r = arg;
	const char *name, *table;
	uint64_t id;

	if (!rv_nft_attr_table(attrs, t, NFTA_CHAIN_MAX + 1) ||
	    !(name = rv_nft_get_text(t[NFTA_CHAIN_NAME])) ||
	    !(table = rv_nft_get_text(t[NFTA_CHAIN_TABLE])))
		return rv_nft_malformed(err);
	if (strcmp(table, r->name) != 0)
		return 0;
	if (rv_fast_id(name, RV_FAST_ACTION, &id))
		rv_buf_add(&r->f->actions, &id, sizeof(id));
	else if (rv_fast_id(name, RV_FAST_GONE, &id))
		rv_buf_add(&r->f->gone, &id, sizeof(id));
	else if (rv_fast_id(name, RV_FAST_LEAF, &id) && !get_leaf(r->f, id, err))
		return -1;
	return 0;
}

int rv_fast_read_names(struct rv_store *s, struct rv_table *t, struct rv_fast_table *f,
		       struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct reading r = reading_of(s, t);
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETCHAIN, .dump = true, .family = r.family, .of = r.name,
	};

	r.f = f;
	if (read_sets(&r, err) || rv_nft_ask(&n->socket, &q, read_chain_name, &r, err) < 0)
		return -1;
	if (f->actions.failed || f->gone.failed)
		return rv_fail_memory(err);
	return rv_fast_read_state(s, t, f, err);
}
