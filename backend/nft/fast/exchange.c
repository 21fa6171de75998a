/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Converts a table to the other profile. The new table is built dormant: the kernel registers no
 * hooks for its base chains. One transaction activates it and removes the old one. The kernel
 * activates first, so a packet may pass both tables for a moment, but never none.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "exchange.h"
#include "fast.h"

static const char *name_of(const struct rv_table_def *def, bool fast)
{
	return fast ? rv_fast_table_name(def) : def->name;
}

int rv_profile_of(struct rv_store *s, const struct rv_table_def *def, bool *exists, bool *fast,
		  struct rv_error *err)
{
	const struct rv_nft *n = s->priv;

	if (rv_store_table_exists(s, def, exists, err))
		return -1;
	*fast = rv_fast_is(&n->batch, def);
	return 0;
}

void rv_profile_build(struct rv_store *s, const struct rv_table_def *def, bool fast)
{
	struct rv_nft *n = s->priv;
	uint32_t bit = rv_nft_table_bit(def);

	n->batch.asked |= bit;
	n->batch.dormant |= bit;
	n->batch.fast = fast ? n->batch.fast | bit : n->batch.fast & ~bit;
}

bool rv_profile_misfit(struct rv_table *t, struct rv_buf *why)
{
	return rv_fast_misfit(t, why);
}

uint32_t rv_profile_generation(const struct rv_store *s)
{
	const struct rv_nft *n = s->priv;

	return n->socket.generation;
}

/* ---- transactions ------------------------------------------------------------------------------- */

struct small {
	struct rv_nft *n;
	rv_family_t family;
	struct rv_buf batch;
	uint32_t seq;			/* sequence number of the next message */
};

/* Starts a transaction that fails unless the ruleset has this generation; 0: any. */
static struct small begin(const struct rv_store *s, uint32_t generation)
{
	struct small b = { .n = s->priv, .family = s->rs.family, .seq = 1 };

	rv_nft_put_batch_begin(&b.batch);
	if (generation)
		rv_nft_put_u32(&b.batch, NFNL_BATCH_GENID, generation);
	rv_nft_end_message(&b.batch, 0);
	return b;
}

/* Appends a message about a table. flags: table flags, for NFT_MSG_NEWTABLE only. */
static void put(struct small *b, uint8_t type, const char *table, uint32_t flags)
{
	size_t start = rv_nft_begin_message(&b->batch, &b->seq, type, 0, b->family);

	rv_nft_put_text(&b->batch, NFTA_TABLE_NAME, table);
	if (type == NFT_MSG_NEWTABLE)
		rv_nft_put_u32(&b->batch, NFTA_TABLE_FLAGS, flags);
	rv_nft_end_message(&b->batch, start);
}

static int send_small(struct small *b, struct rv_nft_verdict *v, struct rv_error *err)
{
	int rc = rv_nft_end_and_send(&b->n->socket, &b->batch, b->seq, v, err);

	rv_buf_free(&b->batch);
	return rc;
}

static int delete_table(struct rv_store *s, const char *name, struct rv_error *err)
{
	struct small b = begin(s, 0);
	struct rv_nft_verdict v;

	put(&b, NFT_MSG_DELTABLE, name, 0);
	if (send_small(&b, &v, err))
		return -1;
	if (!v.code || v.code == ENOENT)
		return 0;
	return rv_nft_failed(v.code, err);
}

int rv_profile_clean(struct rv_store *s, const struct rv_table_def *def, bool fast, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	const char *name = name_of(def, fast);
	uint32_t flags;
	int rc = rv_nft_ask_table(&n->socket, s->rs.family, name, &flags, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (flags & NFT_TABLE_F_DORMANT)
		return delete_table(s, name, err);
	rv_fail(err, RV_ERR_PROBLEM, NULL, "table `%s' exists already", name);
	return rv_hint(err, "another program created it; look at it with: "
		       "nft list table %s %s", rv_family(s->rs.family)->nft, name);
}

int rv_profile_exchange(struct rv_store *s, const struct rv_table_def *def, bool fast, uint32_t generation,
			struct rv_error *err)
{
	struct small b = begin(s, generation);
	struct rv_error none = { .warnings = NULL };
	struct rv_nft_verdict v;

	put(&b, NFT_MSG_NEWTABLE, name_of(def, fast), 0);
	/*
	 * Transactions of compat tables are not bound to a generation: a change made between
	 * activation and a later deletion would be lost, so the compat table is deleted here.
	 * Transactions of tables in profile fast are bound to one, and packets in progress may
	 * still use their maps, so such a table only becomes dormant here.
	 */
	if (fast)
		put(&b, NFT_MSG_DELTABLE, name_of(def, false), 0);
	else
		put(&b, NFT_MSG_NEWTABLE, name_of(def, true), NFT_TABLE_F_DORMANT);
	if (send_small(&b, &v, err))
		return -1;
	if (v.code) {
		delete_table(s, name_of(def, fast), &none);
		return v.code == ERESTART ? rv_fail(err, RV_ERR_AGAIN, NULL, "Resource temporarily unavailable") :
		       rv_nft_failed(v.code, err);
	}
	if (fast)
		return 0;
	rv_fast_let_pass();
	return delete_table(s, name_of(def, true), err);
}
