/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completes a transaction and sends it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include <ravelin/hooks.h>

#include "backend/nft/fast/fast.h"
#include "batch.h"

/* The length includes the attribute for the generation. */
#define BATCH_BEGIN_LEN \
	(NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)) + NLA_HDRLEN + sizeof(uint32_t))

/* ---- what is written around the rules ---------------------------------------------------- */

/*
 * The kernel commits a transaction in message order, except that all rules take effect together at
 * the beginning. Until it reaches the message with a policy, packets see the new rules and the old
 * policy. So policies that become DROP are written before everything else, those that become ACCEPT
 * after it. For the same reason a policy is written only once, and a base chain that is still
 * needed is not deleted and created again.
 */
enum pass {
	CLOSE,			/* policies that become DROP */
	GUARD, REPLACE,		/* see below */
	MAKE_TABLES,
	MAKE_CLOSED,		/* new base chains with policy DROP */
	UNGUARD,
	MAKE_OPEN,
	/* the rules are written here */
	OPEN,			/* policies that become ACCEPT */
	DELETE,			/* chains cleared by a restore and not declared again */
};

/*
 * The guard table: drops packets while a table that must be deleted to be cleared has lost its base
 * chains and their replacements do not have policy DROP yet.
 */
static const struct rv_table_def guard = {
	RV_NFT_GUARD_TABLE, "filter", 5, {
#define RV_X(hook, nft, interfaces) { RV_CHAIN_##hook, NF_INET_##hook, INT16_MIN },
		RV_HOOKS(RV_X)
#undef RV_X
	},
};

static int stage_one(const struct rv_nft_message *message, enum rv_change_kind kind,
		     struct rv_table *t, struct rv_chain *c)
{
	const struct rv_change change = { .kind = kind, .table = t, .chain = c,
					  .loc = c ? c->held.loc : t->loc,
					  .has_counters = c && c->held.has_counters };
	struct rv_nft_message m = rv_nft_message_for(message, &change);

	switch (kind) {
	case RV_CHANGE_ADD_TABLE:
		return rv_nft_stage_table(&m, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	case RV_CHANGE_CLEAR_TABLE:
		return rv_nft_stage_table(&m, NFT_MSG_DELTABLE, 0);
	case RV_CHANGE_DEL_CHAIN:
		return rv_nft_stage_del_chain(&m);
	case RV_CHANGE_ADD_CHAIN:
		return rv_nft_stage_base(&m, NLM_F_CREATE);
	default:
		return rv_nft_stage_base(&m, 0);
	}
}

static bool same_as_held(const struct rv_chain *c)
{
	struct rv_counters wanted = { 0 };

	if (c->held.has_counters)
		wanted = c->counters;
	return c->policy == c->held.policy && wanted.packets == c->held.counters.packets &&
	       wanted.bytes == c->held.counters.bytes;
}

/* Returns the pass that writes a base chain, or -1. */
static int pass_of(const struct rv_chain *c)
{
	bool closed = c->policy == RV_VERDICT_DROP;

	if (!c->held.exists)
		return !c->held.wanted ? -1 : c->exists && closed ? MAKE_CLOSED : MAKE_OPEN;
	if (!c->exists || !c->held.touched || c->held.at.none || same_as_held(c))
		return -1;
	return closed ? CLOSE : OPEN;
}

static int stage_bases(struct rv_nft_message *m, struct rv_table *t, enum pass pass)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		enum rv_change_kind kind = c->held.exists ? RV_CHANGE_POLICY : RV_CHANGE_ADD_CHAIN;

		if (c->base >= 0 && pass_of(c) == (int)pass && stage_one(m, kind, t, c))
			return -1;
	}
	return 0;
}

static int delete_chains(struct rv_nft_message *m, struct rv_table *t, struct rv_table *cleared)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->base >= 0 && !c->exists && (c->held.exists || c->held.wanted) &&
		    stage_one(m, RV_CHANGE_DEL_CHAIN, t, c))
			return -1;
	if (!cleared)
		return 0;
	rv_list_each(c, &cleared->chains, struct rv_chain, node)
		if (c->base < 0 && stage_one(m, RV_CHANGE_DEL_CHAIN, t, c))
			return -1;
	return 0;
}

static bool is_replaced(const struct rv_table *t)
{
	return t->replaced && t->wanted;
}

/* Returns the guard's chain at the same hook as c. */
static struct rv_chain *guard_of(struct rv_table *g, const struct rv_chain *c)
{
	unsigned int hook = c->at.elsewhere ? c->at.hook : c->table->def->base[c->base].hook;

	rv_list_each(at, &g->chains, struct rv_chain, node)
		if (g->def->base[at->base].hook == hook)
			return at;
	return NULL;
}

/* Creates the guard's chains at the hooks of one table. */
static int stage_guard(struct rv_nft_message *m, struct rv_table *t)
{
	struct rv_table *g = rv_ruleset_table(&m->b->cleared, &guard);

	if (!g)
		return rv_fail_memory(m->err);
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		struct rv_chain *at = c->base < 0 || pass_of(c) != MAKE_CLOSED ? NULL : guard_of(g, c);

		if (!at || at->exists)
			continue;
		if (!g->exists && stage_one(m, RV_CHANGE_ADD_TABLE, g, NULL))
			return -1;
		at->policy = RV_VERDICT_DROP;
		if (stage_one(m, RV_CHANGE_ADD_CHAIN, g, at))
			return -1;
		at->exists = g->exists = true;
	}
	return 0;
}

static int end_guard(struct rv_nft_message *m)
{
	struct rv_table *g = rv_nft_cleared(m->b, &guard);

	if (!g || !g->exists)
		return 0;
	g->exists = false;
	return stage_one(m, RV_CHANGE_CLEAR_TABLE, g, NULL);
}

static int stage_deletions(struct rv_nft_message *m, struct rv_table *t)
{
	struct rv_table *cleared = rv_nft_cleared(m->b, t->def);
	bool is_there = t->replaced || (cleared && cleared->exists);

	if (is_there && !t->exists && !t->hooked)
		return stage_one(m, RV_CHANGE_CLEAR_TABLE, t, NULL);
	if (delete_chains(m, t, cleared))
		return -1;
	/*
	 * If a rule uses a chain that iptables cannot express, all such chains are kept, because
	 * they may jump to each other.
	 */
	if (!is_there || t->whole || t->replaced || m->b->names_unnamed & rv_nft_table_bit(t->def))
		return 0;
	return rv_nft_stage_unnamed(m, t);
}

static int stage_pass(struct rv_nft_message *m, struct rv_table *t, enum pass pass)
{
	switch (pass) {
	case GUARD:
		return is_replaced(t) ? stage_guard(m, t) : 0;
	case REPLACE:
		return is_replaced(t) ? stage_one(m, RV_CHANGE_CLEAR_TABLE, t, NULL) : 0;
	case MAKE_TABLES:
		return t->wanted ? stage_one(m, RV_CHANGE_ADD_TABLE, t, NULL) : 0;
	case UNGUARD:
		return end_guard(m);
	case DELETE:
		return stage_deletions(m, t);
	default:
		return stage_bases(m, t, pass);
	}
}

static int stage_passes(struct rv_store *s, struct rv_nft_message *m, enum pass from, enum pass to)
{
	for (enum pass pass = from; pass <= to; pass++)
		rv_list_each(t, &s->rs.tables, struct rv_table, node)
			if (stage_pass(m, t, pass))
				return -1;
	return 0;
}

/* Returns the offset of the next message; the first one follows the batch header. */
static size_t next_message(const struct rv_nft_batch *b)
{
	return b->nrecords ? b->bytes.len : BATCH_BEGIN_LEN;
}

static bool is_staged(const struct rv_nft_batch *b, const struct rv_table_def *table)
{
	for (size_t i = 0; i < b->nrecords; i++)
		if (b->records[i].table == table)
			return true;
	return false;
}

static int warn(struct rv_store *s, struct rv_error *err)
{
	struct rv_nft *n = s->priv;

	rv_list_each(t, &s->rs.tables, struct rv_table, node)
		if (is_staged(&n->batch, t->def) && n->warn(s, t, err))
			return -1;
	return 0;
}

/* Returns whether the table has been cleared by a restore. */
static bool is_cleared(const struct rv_nft_batch *b, const struct rv_table *t)
{
	const struct rv_table *cleared = rv_nft_cleared(b, t->def);

	return cleared && cleared->exists;
}

/*
 * Checks the hook of a base chain, which the kernel cannot change: a restore that clears the table
 * starts over and creates the table again, all other commands fail.
 */
static int check_place(struct rv_store *s, struct rv_chain *c, struct rv_error *err)
{
	const struct rv_nft *n = s->priv;
	struct rv_buf at = RV_BUF_INIT;

	if (c->base < 0 || !c->exists || !c->held.exists || rv_base_at_equal(&c->at, &c->held.at))
		return 0;
	if (is_cleared(&n->batch, c->table) && !(s->replace & rv_nft_table_bit(c->table->def))) {
		s->replace |= rv_nft_table_bit(c->table->def);
		return rv_fail(err, RV_ERR_AGAIN, NULL, "the table must be replaced");
	}
	rv_fail(err, RV_ERR_PROBLEM, &c->held.loc,
		" CHAIN_UPDATE failed (Operation not supported): chain %s", c->name);
	rv_base_at_print(&at, &c->held.at);
	rv_hint(err, "the chain exists %s%s and cannot be moved: load all rules of the table with "
		"iptables-restore", c->held.at.elsewhere ? "at " : "where iptables puts it",
		c->held.at.elsewhere && rv_buf_text(&at) ? at.data : "");
	rv_buf_free(&at);
	return -1;
}

static int check_places(struct rv_store *s, struct rv_error *err)
{
	rv_list_each(t, &s->rs.tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			if (check_place(s, c, err))
				return -1;
	return 0;
}

/* Stages everything that is not staged yet. */
static int complete(struct rv_store *s, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct rv_nft_batch *b = &n->batch;
	struct rv_nft_message m = { .b = b, .family = s->rs.family, .err = err };

	rv_list_each(t, &s->rs.tables, struct rv_table, node)
		if (t->whole && rv_nft_stage_whole(s, &m, t))
			return -1;
	if (check_places(s, err))
		return -1;
	b->front = next_message(b);
	b->first_front = b->nrecords;
	if (stage_passes(s, &m, CLOSE, MAKE_OPEN))
		return -1;
	b->back = next_message(b);
	b->first_back = b->nrecords;
	return stage_passes(s, &m, OPEN, DELETE) || warn(s, err) ? -1 : 0;
}

/* Discards what was read, which refers to old rules and chains. */
static void forget(struct rv_store *s)
{
	struct rv_nft *n = s->priv;
	rv_family_t family = s->rs.family;

	rv_nft_batch_clear(&n->batch);
	n->socket.has_generation = false;
	n->fresh = NULL;
	memset(n->tables, 0, sizeof(n->tables));
	rv_fast_forget(n);
	rv_nft_aside_close(&n->aside);
	rv_ruleset_clear(&s->rs);
	rv_ruleset_init(&s->rs, family);
}

/* ---- sending --------------------------------------------------------------------------- */

static void set_generation(struct rv_buf *b, uint32_t generation)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)) + NLA_HDRLEN;

	generation = htonl(generation);
	memcpy(b->data + at, &generation, sizeof(generation));
}

static void number(struct rv_nft_batch *b, uint32_t first)
{
	for (size_t i = 0; i < b->nrecords; i++, first++)
		memcpy(b->bytes.data + b->records[i].offset + offsetof(struct nlmsghdr, nlmsg_seq),
		       &first, sizeof(first));
}

/* A transaction of one or two stores. */
struct sending {
	struct rv_store **stores;	/* only those with something to send */
	size_t nstores;
	struct iovec parts[1 + 3 * 2 + 1];
	size_t nparts, messages;
};

static void add_part(struct sending *x, const void *data, size_t from, size_t to)
{
	if (to > from)
		x->parts[x->nparts++] = (struct iovec){ (char *)data + from, to - from };
}

/*
 * Orders the messages of all stores: first policies that become DROP, last those that become
 * ACCEPT.
 */
static void arrange(struct sending *x)
{
	for (int part = 0; part < 3; part++) {
		for (size_t i = 0; i < x->nstores; i++) {
			const struct rv_nft *n = x->stores[i]->priv;
			const struct rv_nft_batch *b = &n->batch;
			const size_t from[] = { b->front, BATCH_BEGIN_LEN, b->back };
			const size_t to[] = { b->back, b->front, b->bytes.len };

			add_part(x, b->bytes.data, from[part], to[part]);
		}
	}
}

/* Converts a number of a rejected message to the number within its store, and reports the error. */
static int refused(const struct sending *x, struct rv_nft_verdict *v, struct rv_error *err)
{
	for (size_t i = 0; i < x->nstores; i++) {
		const struct rv_nft *n = x->stores[i]->priv;

		if (v->seq <= n->batch.nrecords || i + 1 == x->nstores)
			return rv_nft_refused(x->stores[i], v, err);
		v->seq -= n->batch.nrecords;
	}
	return -1;
}

/* Returns whether the batch depends on a generation. */
static bool depends(const struct sending *x)
{
	for (size_t i = 0; i < x->nstores; i++) {
		const struct rv_nft *n = x->stores[i]->priv;

		if (n->batch.depends)
			return true;
	}
	return false;
}

/*
 * Sets all stores to the current generation, if their tables have not changed since they were read.
 */
static int settle(const struct sending *x, struct rv_error *err)
{
	const struct rv_nft *first = x->stores[0]->priv;

	for (size_t i = 0; i < x->nstores; i++) {
		struct rv_nft *n = x->stores[i]->priv;

		if (rv_nft_settle(&n->socket, err))
			return -1;
		if (n->socket.generation != first->socket.generation)
			return rv_nft_changed(err);
	}
	return 0;
}

/*
 * How often the batch is sent again because other programs changed other tables, which costs
 * little, before everything is read again.
 */
#define RESENDS 1000

static int send_batch(struct sending *x, struct rv_nft_verdict *v, struct rv_error *err)
{
	struct rv_nft *n = x->stores[0]->priv;
	bool checked = depends(x);

	if (checked && x->nstores > 1 && settle(x, err))
		return -1;
	for (unsigned int i = 0; i < RESENDS; i++) {
		set_generation(&n->batch.bytes, checked ? n->socket.generation : 0);
		if (rv_nft_send(&n->socket, x->parts, x->nparts, x->messages, v, err))
			return -1;
		if (v->code != ERESTART)
			break;
		if (settle(x, err))
			return -1;
	}
	if (!v->code)
		return 0;
	/* Another program's change may have caused the rejection. */
	if (!checked && settle(x, err))
		return -1;
	return refused(x, v, err);
}

static int send_parts(struct sending *x, struct rv_error *err)
{
	struct rv_nft *n = x->stores[0]->priv;
	struct rv_buf end = RV_BUF_INIT;
	struct rv_nft_verdict v;
	int rc;

	rv_nft_put_message(&end, NFNL_MSG_BATCH_END, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES,
			   x->messages + 1);
	add_part(x, n->batch.bytes.data, 0, BATCH_BEGIN_LEN);
	arrange(x);
	add_part(x, end.data, 0, end.len);
	rc = rv_buf_ok(&end) ? send_batch(x, &v, err) : rv_fail_memory(err);
	rv_buf_free(&end);
	return rc;
}

/* Zeroes counters of rules that the transaction kept. Must not run twice. */
static int zero(struct rv_store *s, struct rv_error *err)
{
	int rc = rv_nft_reset_noted(s->priv, s->rs.family, err) || rv_fast_reset_noted(s, err) ? -1 : 0;

	if (rc && err->kind == RV_ERR_AGAIN)
		err->kind = RV_ERR_RESOURCE;
	return rc;
}

/* x->stores has room for n. */
static int send_stores(struct sending *x, struct rv_store *const *stores, size_t n,
		       struct rv_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		struct rv_nft *nft = stores[i]->priv;

		if (!nft->batch.nrecords)
			continue;
		number(&nft->batch, x->messages + 1);
		x->messages += nft->batch.nrecords;
		x->stores[x->nstores++] = stores[i];
	}
	if (x->nstores && send_parts(x, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		rc = zero(stores[i], err) || rv_fast_collect(stores[i], err) ? -1 : rc;
	for (size_t i = 0; i < x->nstores; i++)
		forget(x->stores[i]);
	return rc;
}

int rv_nft_commit(struct rv_store *s, struct rv_error *err)
{
	struct rv_store *one[1];
	struct sending x = { .stores = one };

	if (complete(s, err) || rv_store_explain(s, err))
		return -1;
	return send_stores(&x, &s, 1, err);
}

int rv_nft_commit_all(struct rv_store *const *stores, size_t n, struct rv_error *err)
{
	struct sending x = { .stores = calloc(n, sizeof(*x.stores)) };
	int rc = x.stores || !n ? 0 : rv_fail_memory(err);

	for (size_t i = 0; i < n && !rc; i++)
		rc = complete(stores[i], err);
	if (!rc)
		rc = send_stores(&x, stores, n, err);
	free(x.stores);
	return rc;
}
