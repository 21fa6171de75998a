/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps counters exact when a chain is rewritten. New elements and rules start with the counters
 * that were read; the old ones keep counting until the last packet has left them. What they counted
 * after the read is called carried: it is stored in the set ravelin.carry, as a counter per order
 * number, and listings add it.
 *
 * Old maps and leaf chains, and the old kernel rules of a chain, remain until rv_fast_collect()
 * deletes them. The new rules are inserted before the old ones, followed by a mark: a rule that
 * returns, so that no new packet reaches the old rules. Readers stop at the mark. While a mark
 * exists, ravelin.state has an element for it, so that nothing is appended after it.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "fast.h"

#define MARK "ravelin.mark"

/* Attempts to read the table despite concurrent writers. */
#define ATTEMPTS 5

/* If more chains than this are needed, dumps all rules at once. */
#define CHAINS_SINGLY 64

/* ---- the mark -------------------------------------------------------------------------------- */

void rv_fast_put_mark(struct rv_buf *b)
{
	char comment[2 + sizeof(MARK)] = { RV_NFT_UDATA_COMMENT, sizeof(MARK) };
	const struct rv_nft_expr back = {
		.kind = RV_NFT_IMMEDIATE, .dreg = NFT_REG_VERDICT, .verdict = (uint32_t)NFT_RETURN,
	};
	size_t nest = rv_nft_nest(b, NFTA_RULE_EXPRESSIONS);

	rv_nft_expr_write(b, &back);
	rv_nft_nest_end(b, nest);
	memcpy(comment + 2, MARK, sizeof(MARK));
	rv_nft_put(b, NFTA_RULE_USERDATA, comment, sizeof(comment));
}

bool rv_fast_is_mark(struct rv_nft_view userdata)
{
	struct rv_nft_view comment;
	uint32_t at = 0;
	uint8_t type;

	while (rv_nft_next_userdata(userdata, &at, &type, &comment))
		if (type == RV_NFT_UDATA_COMMENT)
			return comment.len == sizeof(MARK) && !memcmp(comment.data, MARK, sizeof(MARK));
	return false;
}

/* ---- carried counters ------------------------------------------------------------------------ */

/*
 * Appends the key: order number and 64 zero bits. nft has no type for it and prints an IPv6
 * address.
 */
void rv_fast_put_carry_key(struct rv_buf *b, uint64_t order)
{
	const uint64_t key[] = { htobe64(order), 0 };

	rv_fast_put_key_element(b, key, sizeof(key));
}

struct carries {
	struct rv_buf *list;		/* struct rv_fast_carried */
	struct rv_map *by_order;
};

static struct rv_fast_carried *carried_at(const struct rv_buf *list, size_t i)
{
	return (struct rv_fast_carried *)(void *)list->data + i;
}

static size_t carried_count(const struct rv_buf *list)
{
	return list->len / sizeof(struct rv_fast_carried);
}

/* Adds to the carried counters of an order number; sums wrap around like the kernel's. */
static int carry(const struct carries *x, uint64_t order, struct rv_counters more, struct rv_error *err)
{
	const struct rv_fast_carried none = { .order = order };
	uint64_t *at = rv_map_put(x->by_order, order);
	struct rv_fast_carried *c;

	if (at && !*at) {
		rv_buf_add(x->list, &none, sizeof(none));
		*at = carried_count(x->list);
	}
	if (!at || x->list->failed)
		return rv_fail_memory(err);
	c = carried_at(x->list, *at - 1);
	c->counters.packets += more.packets;
	c->counters.bytes += more.bytes;
	return 0;
}

static int read_carried(struct rv_nft_view elem, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_ELEM_MAX + 1], d[NFTA_DATA_MAX + 1];
	struct rv_counters c;
	uint64_t order;

	if (!rv_nft_attr_table(elem, t, NFTA_SET_ELEM_MAX + 1) ||
	    !rv_nft_attr_table(t[NFTA_SET_ELEM_KEY], d, NFTA_DATA_MAX + 1) ||
	    d[NFTA_DATA_VALUE].len != 2 * sizeof(order) ||
	    !rv_nft_get_u64((struct rv_nft_view){ d[NFTA_DATA_VALUE].data, sizeof(order) }, &order) ||
	    !rv_fast_read_counter(t[NFTA_SET_ELEM_EXPR], &c))
		return rv_nft_malformed(err);
	return carry(arg, order, c, err);
}

static int read_carries(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	return rv_fast_each_element(attrs, read_carried, arg, err);
}

static int ask_carries(struct rv_nft_socket *socket, rv_family_t family, const char *table,
		       const struct carries *x, struct rv_error *err)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSETELEM, .dump = true, .family = family,
		.table = table, .table_attr = NFTA_SET_ELEM_LIST_TABLE,
		.chain = RV_FAST_CARRY, .chain_attr = NFTA_SET_ELEM_LIST_SET,
	};

	return rv_nft_ask(socket, &q, read_carries, (void *)x, err);
}

int rv_fast_read_carry(struct rv_store *s, const char *table, struct rv_fast_table *f, struct rv_error *err)
{
	const struct carries x = { &f->carried, &f->by_carried };
	struct rv_nft *n = s->priv;

	if (!f->has_carry)
		return 0;
	if (ask_carries(&n->socket, s->rs.family, table, &x, err) < 0)
		return -1;
	for (size_t i = 0; f->carried.len && i < f->nentries; i++) {
		const struct rv_counters c = rv_fast_carry_of(f, f->entries[i].order);

		f->entries[i].counters.packets += c.packets;
		f->entries[i].counters.bytes += c.bytes;
	}
	return 0;
}

struct rv_counters rv_fast_carry_of(const struct rv_fast_table *f, uint64_t order)
{
	const uint64_t *at = rv_map_get(&f->by_carried, order);

	return at ? carried_at(&f->carried, *at - 1)->counters : (struct rv_counters){ 0 };
}

/* ---- the last reading ----------------------------------------------------------------------------- */

struct settling {
	struct rv_nft_socket socket;
	rv_family_t family;
	const char *table;
	const struct rv_fast_table *was;
	struct rv_map moved;		/* index + 1 of entries, by their old order number */
	struct rv_buf list;		/* struct rv_fast_carried: new contents of the set */
	struct rv_map by_order;
	struct rv_buf *old;
	char chain[RV_CHAIN_NAME_LEN];	/* the chain of the last rule read */
	bool marked;			/* the last rule read is after a mark */
	bool more;			/* a counter has increased */
};

static int index_moved(struct settling *x, struct rv_error *err)
{
	for (size_t i = 0; i < x->was->nentries; i++) {
		const struct rv_fast_entry *e = &x->was->entries[i];
		uint64_t *at = e->moved ? rv_map_put(&x->moved, e->order) : NULL;

		if (e->moved && !at)
			return rv_fail_memory(err);
		if (at)
			*at = i + 1;
	}
	return 0;
}

/* Carries what an old object has counted since it was read, given its current counters. */
static int see_counters(struct settling *x, uint64_t order, struct rv_counters now, struct rv_error *err)
{
	const struct carries carries = { &x->list, &x->by_order };
	const uint64_t *at = rv_map_get(&x->moved, order);
	const struct rv_fast_entry *e = at ? &x->was->entries[*at - 1] : NULL;
	struct rv_counters had;

	if (!e)
		return 0;
	had = rv_fast_carry_of(x->was, order);
	now.packets -= e->counters.packets - had.packets;
	now.bytes -= e->counters.bytes - had.bytes;
	if (!now.packets && !now.bytes)
		return 0;
	x->more = true;
	return carry(&carries, e->moved, now, err);
}

static int see_element(struct rv_nft_view elem, void *arg, struct rv_error *err)
{
	struct settling *x = arg;
	struct rv_counters now;
	uint64_t order;

	return rv_fast_element_counters(elem, &order, &now) ? see_counters(x, order, now, err) : 0;
}

static int see_elements(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	return rv_fast_each_element(attrs, see_element, arg, err);
}

static void note_old(struct settling *x, const struct rv_nft_place *place)
{
	struct rv_fast_old old = { .handle = place->handle };

	rv_chain_name_set(old.chain, place->chain);
	rv_buf_add(x->old, &old, sizeof(old));
}

static int see_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct settling *x = arg;
	struct rv_nft_place place;
	struct rv_counters now;
	uint64_t order;

	if (rv_nft_place_of(attrs, t, &place, err))
		return -1;
	if (strcmp(x->chain, place.chain) != 0) {
		snprintf(x->chain, sizeof(x->chain), "%s", place.chain);
		x->marked = false;
	}
	x->marked |= rv_fast_is_mark(t[NFTA_RULE_USERDATA]);
	if (x->marked)
		note_old(x, &place);
	return rv_fast_rule_counters(t, &order, &now) ? see_counters(x, order, now, err) : 0;
}

static int ask_rules(struct settling *x, const char *chain, struct rv_error *err)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETRULE, .dump = true, .family = x->family,
		.table = x->table, .table_attr = NFTA_RULE_TABLE, .chain = chain, .chain_attr = NFTA_RULE_CHAIN,
	};

	x->chain[0] = '\0';
	return rv_nft_ask(&x->socket, &q, see_rule, x, err) < 0 ? -1 : 0;
}

static bool has_moved(const struct settling *x, uint32_t chain)
{
	return x->was->chains[chain].changed && x->moved.count;
}

static int ask_maps(struct settling *x, struct rv_error *err)
{
	char name[RV_FAST_NAME];
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSETELEM, .dump = true, .family = x->family,
		.table = x->table, .table_attr = NFTA_SET_ELEM_LIST_TABLE,
		.chain = name, .chain_attr = NFTA_SET_ELEM_LIST_SET,
	};

	for (size_t i = 0; i < x->was->nmaps; i++) {
		const struct rv_fast_map *m = &x->was->maps[i];

		rv_fast_name(name, RV_FAST_MAP, m->id);
		if (m->named && has_moved(x, m->chain) && rv_nft_ask(&x->socket, &q, see_elements, x, err) < 0)
			return -1;
	}
	return 0;
}

static int ask_chains(struct settling *x, struct rv_error *err)
{
	char name[RV_FAST_NAME];
	uint32_t leaves = 0;

	for (size_t i = 0; i < x->was->nleaves; i++)
		leaves += x->was->leaves[i].named && has_moved(x, x->was->leaves[i].chain);
	if (leaves > CHAINS_SINGLY)
		return ask_rules(x, NULL, err);
	for (size_t i = 0; leaves && i < x->was->nleaves; i++) {
		const struct rv_fast_leaf *leaf = &x->was->leaves[i];

		rv_fast_name(name, RV_FAST_LEAF, leaf->id);
		if (leaf->named && has_moved(x, leaf->chain) && ask_rules(x, name, err))
			return -1;
	}
	for (size_t i = 0; i < x->was->nchains; i++)
		if (x->was->chains[i].ended && ask_rules(x, x->was->chains[i].name, err))
			return -1;
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------------- */

/* Elements per message: attribute lengths have 16 bits. */
#define ELEMENTS 512

static void put_elements(struct rv_buf *b, uint32_t *seq, const struct settling *x, size_t from, size_t to)
{
	size_t start = rv_nft_begin_message(b, seq, NFT_MSG_NEWSETELEM, NLM_F_CREATE, x->family), list, elem;

	rv_nft_put_text(b, NFTA_SET_ELEM_LIST_TABLE, x->table);
	rv_nft_put_text(b, NFTA_SET_ELEM_LIST_SET, RV_FAST_CARRY);
	list = rv_nft_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = from; i < to; i++) {
		const struct rv_fast_carried *c = carried_at(&x->list, i);
		const uint64_t key[] = { htobe64(c->order), 0 };

		elem = rv_nft_nest(b, NFTA_LIST_ELEM);
		rv_fast_put_key(b, key, sizeof(key));
		rv_fast_put_counter(b, NFTA_SET_ELEM_EXPR, &c->counters);
		rv_nft_nest_end(b, elem);
	}
	rv_nft_nest_end(b, list);
	rv_nft_end_message(b, start);
}

static void put_set(struct rv_buf *b, uint32_t *seq, const struct settling *x, uint8_t type)
{
	size_t start = rv_nft_begin_message(b, seq, type, type == NFT_MSG_NEWSET ? NLM_F_CREATE : 0, x->family);
	const struct rv_counters none = { 0 };
	size_t nest;

	rv_nft_put_text(b, NFTA_SET_TABLE, x->table);
	rv_nft_put_text(b, NFTA_SET_NAME, RV_FAST_CARRY);
	if (type == NFT_MSG_NEWSET) {
		rv_nft_put_u32(b, NFTA_SET_FLAGS, 0);
		rv_nft_put_u32(b, NFTA_SET_KEY_TYPE, RV_FAST_NUMBERS_TYPE);
		rv_nft_put_u32(b, NFTA_SET_KEY_LEN, 2 * sizeof(uint64_t));
		rv_nft_put_u32(b, NFTA_SET_ID, *seq);
		nest = rv_nft_nest(b, NFTA_SET_DESC);
		rv_nft_put_u32(b, NFTA_SET_DESC_SIZE, carried_count(&x->list) + 16);
		rv_nft_nest_end(b, nest);
		rv_fast_put_counter(b, NFTA_SET_EXPR, &none);
	}
	rv_nft_end_message(b, start);
}

/* Replaces the whole set, so that its size always suffices. */
static int send_carries(struct settling *x, bool is_there, struct rv_nft_verdict *v, struct rv_error *err)
{
	size_t count = carried_count(&x->list);
	struct rv_buf b = RV_BUF_INIT;
	uint32_t seq = 1;
	int rc;

	rv_nft_put_batch_begin(&b);
	rv_nft_put_u32(&b, NFNL_BATCH_GENID, x->socket.generation);
	rv_nft_end_message(&b, 0);
	if (is_there)
		put_set(&b, &seq, x, NFT_MSG_DELSET);
	put_set(&b, &seq, x, NFT_MSG_NEWSET);
	for (size_t i = 0; i < count; i += ELEMENTS)
		put_elements(&b, &seq, x, i, count - i < ELEMENTS ? count : i + ELEMENTS);
	rc = rv_nft_end_and_send(&x->socket, &b, seq, v, err);
	rv_buf_free(&b);
	return rc;
}

static int settle(struct settling *x, struct rv_error *err)
{
	const struct carries carries = { &x->list, &x->by_order };
	struct rv_nft_verdict v = { 0 };
	int there;

	if (rv_nft_generation(&x->socket, err))
		return -1;
	there = ask_carries(&x->socket, x->family, x->table, &carries, err);
	if (there < 0 || ask_maps(x, err) || ask_chains(x, err))
		return -1;
	if (x->list.failed || x->old->failed)
		return rv_fail_memory(err);
	if (!x->more)
		return 0;
	if (send_carries(x, !there, &v, err))
		return -1;
	if (v.code == ERESTART)
		return rv_nft_changed_by_others(err);
	return v.code ? rv_nft_failed(v.code, err) : 0;
}

static void start_over(struct settling *x, size_t old)
{
	rv_buf_reset(&x->list);
	rv_map_free(&x->by_order);
	x->by_order = (struct rv_map){ 0 };
	x->old->len = old;
	x->more = false;
	x->socket.has_generation = false;
}

int rv_fast_settle_counters(struct rv_store *s, const struct rv_table_def *def, struct rv_buf *old,
			    struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct settling x = {
		.family = s->rs.family, .table = rv_fast_table_name(def), .was = n->fast[def - rv_table_defs],
		.old = old,
	};
	size_t had = old->len;
	int rc = rv_nft_open(&x.socket, err);

	if (rc)
		return rc;
	rc = index_moved(&x, err);
	for (unsigned int i = 1; !rc; i++) {
		struct rv_error own = { .warnings = err->warnings };

		start_over(&x, had);
		rc = settle(&x, &own);
		if (!rc)
			break;
		rc = own.kind == RV_ERR_AGAIN && i < ATTEMPTS ? 0 : -1;
		if (rc)
			*err = own;
	}
	rv_nft_close(&x.socket);
	rv_buf_free(&x.list);
	rv_map_free(&x.by_order);
	rv_map_free(&x.moved);
	return rc;
}
