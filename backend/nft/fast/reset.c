/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zeroes counters in place: rules with NFT_MSG_GETRULE_RESET, elements with
 * NFT_MSG_GETSETELEM_RESET (Linux 6.5), both of which return the old values. The carried counters
 * of a rule are deleted first, so that no other program reports them as well.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "fast.h"

/* linux/netfilter/nf_tables.h of Linux 6.5. */
#define GETSETELEM_RESET 33

/*
 * If more elements than this are zeroed, and they are all elements of the map, the whole map is
 * dumped and reset, unless the counters are needed: the kernel zeroes an element that does not fit
 * into a part of the dump without reporting it.
 */
#define ELEMENTS_SINGLY 256

struct reset {
	uint32_t entry;			/* in rv_fast_table.entries */
	struct rv_rule *rule;		/* receives its counters; NULL: not needed */
	bool counted;			/* its counters in the kernel were not 0 when read */
	bool all;			/* all other rules of its chain are in the list too */
	bool done;
};

struct resetting {
	struct rv_store *s;
	const struct rv_table_def *def;
	const char *table;
	struct rv_fast_table *f;
	struct rv_nft_socket socket;	/* used for resets only */
	struct reset *list;
	size_t count;
	struct rv_map by_order;		/* index + 1 in the list */
};

/* ---- carried counters (carry.c) -------------------------------------------------------------- */

static void put_carry(struct resetting *x, struct rv_buf *b, uint32_t *seq, uint64_t order)
{
	size_t start = rv_nft_begin_message(b, seq, NFT_MSG_DELSETELEM, 0, x->s->rs.family), list;

	rv_nft_put_text(b, NFTA_SET_ELEM_LIST_TABLE, x->table);
	rv_nft_put_text(b, NFTA_SET_ELEM_LIST_SET, RV_FAST_CARRY);
	list = rv_nft_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	rv_fast_put_carry_key(b, order);
	rv_nft_nest_end(b, list);
	rv_nft_end_message(b, start);
}

/*
 * Deletes the carried counters. If another program already did, fails, so that all is read again.
 */
static int drop_carries(struct resetting *x, struct rv_error *err)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_nft_verdict v = { 0 };
	uint32_t seq = 1;
	int rc = 0;

	if (!x->f->carried.len)
		return 0;
	rv_nft_put_batch_begin(&b);
	for (size_t i = 0; i < x->count; i++) {
		uint64_t order = x->f->entries[x->list[i].entry].order;

		if (rv_map_get(&x->f->by_carried, order))
			put_carry(x, &b, &seq, order);
	}
	if (seq > 1)
		rc = rv_nft_end_and_send(&x->socket, &b, seq, &v, err);
	rv_buf_free(&b);
	if (rc || !v.code)
		return rc;
	return v.code == ENOENT ? rv_nft_changed_by_others(err) : rv_nft_failed(v.code, err);
}

/* Stores the counters to show: those that the kernel returned plus the carried ones. */
static void take(const struct resetting *x, struct reset *r, struct rv_counters told)
{
	const struct rv_counters carried = rv_fast_carry_of(x->f, x->f->entries[r->entry].order);

	if (r->rule && !r->done)
		r->rule->counters = carried;
	if (r->rule) {
		r->rule->counters.packets += told.packets;
		r->rule->counters.bytes += told.bytes;
	}
	r->done = true;
}

/* ---- elements ------------------------------------------------------------------------------------ */

static int see_element(struct rv_nft_view elem, void *arg, struct rv_error *err)
{
	struct resetting *x = arg;
	struct rv_counters told;
	const uint64_t *at;
	uint64_t order;

	(void)err;
	if (!rv_fast_element_counters(elem, &order, &told))
		return 0;
	at = rv_map_get(&x->by_order, order);
	if (at)
		take(x, &x->list[*at - 1], told);
	return 0;
}

static int see_elements(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	return rv_fast_each_element(attrs, see_element, arg, err);
}

/* Never repeats the request: a second one would zero counts that were not reported. */
static bool is_whole(void *arg)
{
	(void)arg;
	return true;
}

static int index_orders(struct resetting *x, struct rv_error *err)
{
	for (size_t i = 0; i < x->count; i++) {
		uint64_t *at = rv_map_put(&x->by_order, x->f->entries[x->list[i].entry].order);

		if (!at)
			return rv_fail_memory(err);
		*at = i + 1;
	}
	return 0;
}

static struct rv_nft_query query(const struct resetting *x, const char *map)
{
	return (struct rv_nft_query){
		.type = GETSETELEM_RESET, .family = x->s->rs.family,
		.table = x->table, .table_attr = NFTA_SET_ELEM_LIST_TABLE,
		.chain = map, .chain_attr = NFTA_SET_ELEM_LIST_SET, .whole = is_whole,
	};
}

/* Zeroes all elements of a map by a dump; the caller requests those that it missed one by one. */
static int reset_map(struct resetting *x, uint64_t map, struct rv_error *err)
{
	char name[RV_FAST_NAME] = "";
	struct rv_nft_query q = query(x, name);
	int rc;

	rv_fast_name(name, RV_FAST_MAP, map);
	q.dump = true;
	rc = rv_nft_ask(&x->socket, &q, see_elements, x, err);
	if (rc < 0 && err->kind == RV_ERR_AGAIN) {
		err->kind = RV_ERR_NONE;
		rc = 0;
	}
	return rc < 0 ? -1 : 0;
}

static int reset_element(struct resetting *x, const struct reset *r, struct rv_error *err)
{
	const struct rv_fast_entry *e = &x->f->entries[r->entry];
	const struct rv_fast_map *map = rv_fast_map_by_id(x->f, e->map);
	struct rv_buf key = RV_BUF_INIT;
	char name[RV_FAST_NAME] = "";
	struct rv_nft_query q = query(x, name);
	int rc;

	rv_fast_name(name, RV_FAST_MAP, e->map);
	rv_fast_put_key_element(&key, x->f->text.data + e->key, rv_fast_key_len(x->s->rs.family, &map->shape));
	q.nest_attr = NFTA_SET_ELEM_LIST_ELEMENTS;
	q.nest = (struct rv_nft_view){ (const unsigned char *)key.data, key.len };
	rc = rv_buf_ok(&key) ? rv_nft_ask(&x->socket, &q, see_elements, x, err) : rv_fail_memory(err);
	rv_buf_free(&key);
	return rc < 0 ? -1 : 0;
}

static const struct rv_fast_entry *entry(const struct resetting *x, size_t i)
{
	return &x->f->entries[x->list[i].entry];
}

/*
 * Finds the end of the entries from i on that are in the same map, and whether to reset the whole
 * map.
 */
static size_t end_of_map(const struct resetting *x, size_t i, bool *pays)
{
	const uint64_t map = entry(x, i)->map;
	size_t counted = 0;
	bool all = map;

	for (; i < x->count && entry(x, i)->map == map; i++) {
		all &= x->list[i].all && !x->list[i].rule;
		counted += entry(x, i)->where == RV_FAST_ELEMENT && x->list[i].counted;
	}
	*pays = all && counted > ELEMENTS_SINGLY;
	return i;
}

static int reset_elements(struct resetting *x, struct rv_error *err)
{
	bool pays;

	if (index_orders(x, err))
		return -1;
	for (size_t i = 0, end; i < x->count; i = end) {
		end = end_of_map(x, i, &pays);
		if (pays && reset_map(x, entry(x, i)->map, err))
			return -1;
	}
	for (size_t i = 0; i < x->count; i++)
		if (entry(x, i)->where == RV_FAST_ELEMENT && x->list[i].counted && !x->list[i].done &&
		    reset_element(x, &x->list[i], err))
			return -1;
	return 0;
}

/* ---- rules ---------------------------------------------------------------------------------------- */

static struct rv_nft_reset rule_of(const struct resetting *x, const struct reset *r)
{
	const struct rv_fast_entry *e = &x->f->entries[r->entry];
	const struct rv_fast_chain *c = &x->f->chains[e->chain];
	struct rv_nft_reset reset = {
		.table = x->def, .in = x->table, .handle = e->handle, .rule = r->rule, .counted = r->counted,
		.of = r->all && e->where == RV_FAST_PLAIN ? c->blocks : 0,
	};

	if (e->where == RV_FAST_PLAIN)
		memcpy(reset.chain, c->name, sizeof(c->name));
	else
		rv_fast_name(reset.chain, RV_FAST_LEAF, e->leaf);
	return reset;
}

/* Stores the counters returned for each rule plus the carried ones. */
static void take_rules(struct resetting *x, const struct rv_nft_reset *rules, const uint32_t *of, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].done && rules[i].rule)
			take(x, &x->list[of[i]], rules[i].rule->counters);
}

static int reset_rules(struct resetting *x, struct rv_error *err)
{
	struct rv_nft_reset *rules = calloc(x->count + 1, sizeof(*rules));
	uint32_t *of = calloc(x->count + 1, sizeof(*of));
	size_t n = 0;
	int rc = rules && of ? 0 : rv_fail_memory(err);

	for (enum rv_fast_where where = RV_FAST_PLAIN; !rc && where <= RV_FAST_IN_LEAF; where++)
		for (size_t i = 0; where != RV_FAST_ELEMENT && i < x->count; i++) {
			if (x->f->entries[x->list[i].entry].where != where)
				continue;
			of[n] = i;
			rules[n++] = rule_of(x, &x->list[i]);
		}
	rc = rc ? rc : rv_nft_reset(x->s->rs.family, rules, n, err);
	if (!rc)
		take_rules(x, rules, of, n);
	free(rules);
	free(of);
	return rc;
}

/* ---- a table ---------------------------------------------------------------------------------------- */

static int by_entry(const void *a, const void *b)
{
	const struct reset *x = a, *y = b;

	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* Finds the entries for the order numbers in the index; drops those that no longer exist. */
static void find_entries(struct resetting *x)
{
	size_t kept = 0;

	for (size_t i = 0; i < x->f->nentries; i++) {
		const struct rv_fast_entry *e = &x->f->entries[i];
		const struct rv_counters carried = rv_fast_carry_of(x->f, e->order);
		const uint64_t *at = rv_map_get(&x->by_order, e->order);

		if (!at)
			continue;
		x->list[*at - 1].entry = i;
		x->list[*at - 1].counted = e->counters.packets != carried.packets ||
					   e->counters.bytes != carried.bytes;
		x->list[*at - 1].done = true;
	}
	for (size_t i = 0; i < x->count; i++)
		if (x->list[i].done) {
			x->list[kept] = x->list[i];
			x->list[kept++].done = false;
		}
	x->count = kept;
	if (kept)
		qsort(x->list, kept, sizeof(*x->list), by_entry);
	rv_map_free(&x->by_order);
}

static int reset_table(struct resetting *x, struct rv_error *err)
{
	struct rv_nft *n = x->s->priv;
	int rc;

	x->f = n->fast[x->def - rv_table_defs];
	x->table = rv_nft_table_name(&n->batch, x->def);
	if (x->f)
		find_entries(x);
	if (!x->f || !x->count)
		return 0;
	if (rv_nft_open(&x->socket, err))
		return -1;
	x->socket.unchecked = true;
	rc = drop_carries(x, err) || reset_rules(x, err) || reset_elements(x, err) ? -1 : 0;
	rv_nft_close(&x->socket);
	return rc;
}

static int want(struct resetting *x, uint64_t order, struct rv_rule *r, bool all, struct rv_error *err)
{
	uint64_t *at = rv_map_put(&x->by_order, order);

	if (!at)
		return rv_fail_memory(err);
	if (*at)
		return 0;
	x->list[x->count++] = (struct reset){ .rule = r, .all = all };
	*at = x->count;
	return 0;
}

bool rv_fast_can_reset(struct rv_store *s)
{
	const struct rv_nft_query probe = {
		.type = GETSETELEM_RESET, .family = s->rs.family,
		.table = "?", .table_attr = NFTA_SET_ELEM_LIST_TABLE,
		.chain = "?", .chain_attr = NFTA_SET_ELEM_LIST_SET,
		.nest_attr = NFTA_SET_ELEM_LIST_ELEMENTS,
	};
	struct rv_error err = { .warnings = NULL };
	struct rv_nft *n = s->priv;
	struct rv_nft_socket socket = { .unchecked = true };

	if (!rv_nft_can_reset(n, s->rs.family))
		return false;
	if (!n->asked_element_reset && !rv_nft_open(&socket, &err)) {
		socket.unchecked = true;
		n->can_reset_elements = rv_nft_ask(&socket, &probe, NULL, NULL, &err) == 1;
		n->asked_element_reset = true;
		rv_nft_close(&socket);
	}
	return n->can_reset_elements;
}

/* ---- at once, and after a commit ---- */

int rv_fast_take(struct rv_store *s, struct rv_table *t, struct rv_chain *only, struct rv_rule *one,
		 struct rv_error *err)
{
	struct resetting x = { .s = s, .def = t->def };
	size_t most = 1;
	int rc = 0;

	rv_list_each(c, &t->chains, struct rv_chain, node)
		most += c->nrules;
	x.list = calloc(most, sizeof(*x.list));
	if (!x.list)
		return rv_fail_memory(err);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node)
			if (!rc && (!only || c == only) && (!one || r == one))
				rc = want(&x, r->handle, r, !one, err);
	rc = rc ? rc : reset_table(&x, err);
	rv_map_free(&x.by_order);
	free(x.list);
	return rc;
}

/* An element of rv_nft.noted: a rule whose counters are zeroed after the commit. */
struct noted {
	uint64_t order;
	uint8_t table;			/* index in rv_table_defs */
	bool all;
};

int rv_fast_note_reset(struct rv_store *s, const struct rv_change *c, struct rv_error *err)
{
	const struct noted noted = {
		.order = c->pos->handle, .table = (uint8_t)(c->table->def - rv_table_defs), .all = c->all,
	};
	struct rv_nft *n = s->priv;

	rv_buf_add(&n->noted, &noted, sizeof(noted));
	return n->noted.failed ? rv_fail_memory(err) : 0;
}

/* Called when the table is kept in memory from now on: its rules have the counters to write. */
void rv_fast_forget_resets(struct rv_nft *n, const struct rv_table_def *def)
{
	size_t kept = 0;

	for (size_t at = 0; at < n->noted.len; at += sizeof(struct noted)) {
		struct noted noted;

		memcpy(&noted, n->noted.data + at, sizeof(noted));
		if (&rv_table_defs[noted.table] == def)
			continue;
		memcpy(n->noted.data + kept, &noted, sizeof(noted));
		kept += sizeof(noted);
	}
	n->noted.len = kept;
}

static int reset_noted(struct rv_store *s, const struct rv_table_def *def, struct rv_error *err)
{
	struct resetting x = { .s = s, .def = def };
	struct rv_nft *n = s->priv;
	int rc = 0;

	x.list = calloc(n->noted.len / sizeof(struct noted) + 1, sizeof(*x.list));
	if (!x.list)
		return rv_fail_memory(err);
	for (size_t at = 0; !rc && at < n->noted.len; at += sizeof(struct noted)) {
		struct noted noted;

		memcpy(&noted, n->noted.data + at, sizeof(noted));
		if (&rv_table_defs[noted.table] == def)
			rc = want(&x, noted.order, NULL, noted.all, err);
	}
	rc = rc ? rc : reset_table(&x, err);
	rv_map_free(&x.by_order);
	free(x.list);
	return rc;
}

int rv_fast_reset_noted(struct rv_store *s, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	int rc = 0;

	for (unsigned int i = 0; n->noted.len && !rc && i < RV_TABLE_DEFS; i++)
		rc = reset_noted(s, &rv_table_defs[i], err);
	rv_buf_reset(&n->noted);
	return rc;
}
