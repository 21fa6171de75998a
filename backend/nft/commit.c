/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a transaction: what has to be written last, and sending it. */
#include <arpa/inet.h>

#include "batch.h"

/* ---- what is written last -------------------------------------------------------------- */

static int last_change(struct rv_nft_message *m, enum rv_change_kind kind, struct rv_table *t,
		       struct rv_chain *c)
{
	struct rv_change change = { .kind = kind, .table = t, .chain = c,
				    .has_counters = c && c->held.has_counters };

	m->change = &change;
	switch (kind) {
	case RV_CHANGE_POLICY:
		return rv_nft_stage_base(m, 0);
	case RV_CHANGE_DEL_CHAIN:
		return rv_nft_stage_del_chain(m);
	default:
		return rv_nft_stage_table(m, NFT_MSG_DELTABLE, 0);
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

int rv_nft_finish_chains(struct rv_nft_message *m, struct rv_table *t, struct rv_table *cleared)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if (c->base < 0 || !c->held.exists)
			continue;
		if (c->exists && c->held.touched && !same_as_held(c) &&
		    last_change(m, RV_CHANGE_POLICY, t, c))
			return -1;
		if (!c->exists && cleared && last_change(m, RV_CHANGE_DEL_CHAIN, t, c))
			return -1;
	}
	if (!cleared)
		return 0;
	rv_list_each(c, &cleared->chains, struct rv_chain, node)
		if (c->base < 0 && last_change(m, RV_CHANGE_DEL_CHAIN, t, c))
			return -1;
	return 0;
}

static int finish_tables(struct rv_store *s, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct rv_nft_message m = { .b = &n->batch, .family = s->rs.family, .err = err };

	rv_list_each(t, &s->rs.tables, struct rv_table, node) {
		struct rv_table *cleared = rv_nft_cleared(&n->batch, t->def);

		if (t->whole) {
			if (rv_nft_finish_whole(s, &m, t))
				return -1;
			continue;
		}
		if (cleared && !t->exists && !t->others ? last_change(&m, RV_CHANGE_CLEAR_TABLE, t, NULL)
					  : rv_nft_finish_chains(&m, t, cleared))
			return -1;
	}
	return 0;
}

/* What was read before names rules and chains as they were: it is read anew. */
static void forget(struct rv_store *s)
{
	struct rv_nft *n = s->priv;
	rv_family_t family = s->rs.family;

	rv_nft_batch_clear(&n->batch);
	n->socket.has_generation = false;
	n->socket.committed = true;
	n->fresh = NULL;
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

/* Sends what is in the first store's buffer and, if there are two, is staged in both. */
static int send_batch(struct rv_store *s, struct rv_store *second, struct rv_error *err)
{
	struct rv_nft *n = s->priv, *n2 = second ? second->priv : NULL;
	struct rv_buf *b = &n->batch.bytes;
	size_t own = n->batch.nrecords, all = own + (n2 ? n2->batch.nrecords : 0);
	struct rv_nft_verdict v;

	rv_nft_put_message(b, NFNL_MSG_BATCH_END, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES, all + 1);
	if (!rv_buf_ok(b))
		return rv_fail_memory(err);
	set_generation(b, n->socket.generation);
	if (rv_nft_send(&n->socket, b, all, &v, err))
		return -1;
	if (v.code && v.seq > own && v.seq <= all) {
		v.seq -= own;
		return rv_nft_refused(second, &v, err);
	}
	return v.code ? rv_nft_refused(s, &v, err) : 0;
}

static int commit_one(struct rv_store *s, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	size_t len = n->batch.bytes.len;
	int rc;

	if (!n->batch.nrecords)
		return 0;
	rc = send_batch(s, NULL, err);
	n->batch.bytes.len = len;
	if (!rc)
		forget(s);
	return rc;
}

int rv_nft_commit(struct rv_store *s, struct rv_error *err)
{
	return finish_tables(s, err) || rv_store_explain(s, err) ? -1 : commit_one(s, err);
}

/* Copies the messages of another batch behind ours, numbered on. */
static void append_batch(struct rv_buf *b, const struct rv_nft_batch *other, uint32_t number)
{
	size_t first = other->records[0].offset, start = b->len;

	rv_buf_add(b, other->bytes.data + first, other->bytes.len - first);
	if (b->failed)
		return;
	for (size_t i = 0; i < other->nrecords; i++) {
		size_t at = start + other->records[i].offset - first;

		number++;
		memcpy(b->data + at + offsetof(struct nlmsghdr, nlmsg_seq), &number,
		       sizeof(number));
	}
}

int rv_nft_commit_both(struct rv_store *s, struct rv_store *second, struct rv_error *err)
{
	struct rv_nft *n = s->priv, *n2 = second->priv;
	size_t len;
	int rc;

	if (finish_tables(s, err) || finish_tables(second, err))
		return -1;
	if (!n->batch.nrecords || !n2->batch.nrecords)
		return commit_one(n->batch.nrecords ? s : second, err);
	if (n->socket.generation != n2->socket.generation)
		return rv_fail(err, RV_ERR_AGAIN, NULL, "Resource temporarily unavailable");
	len = n->batch.bytes.len;
	append_batch(&n->batch.bytes, &n2->batch, n->batch.nrecords);
	rc = send_batch(s, second, err);
	n->batch.bytes.len = len;
	if (rc)
		return rc;
	forget(s);
	forget(second);
	return 0;
}
