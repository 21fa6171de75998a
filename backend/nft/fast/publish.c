/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deletes unused objects. A packet uses the rules that were current when it entered the chain, but
 * the elements at the time of the lookup. So an object that a packet may still reach is deleted in
 * a later transaction, after all packets in progress have left.
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fast.h"

/* How long a packet may take to pass the rules, where membarrier(2) is not available. */
#define GRACE_MS 50

/* ---- recording ------------------------------------------------------------------------------------- */

enum garbage { GARBAGE_MAP, GARBAGE_CHAIN };

/* An element of rv_nft.garbage. */
struct item {
	enum garbage kind;
	uint8_t table;			/* index in rv_table_defs */
	char name[RV_FAST_NAME];
};

static void note(struct rv_nft *n, enum garbage kind, const struct rv_table_def *def,
		 const char *prefix, uint64_t id)
{
	struct item item = { .kind = kind, .table = (uint8_t)(def - rv_table_defs) };

	rv_fast_name(item.name, prefix, id);
	rv_buf_add(&n->garbage, &item, sizeof(item));
}

void rv_fast_note_gone(struct rv_nft *n, const struct rv_table_def *def, uint64_t id)
{
	note(n, GARBAGE_CHAIN, def, RV_FAST_GONE, id);
}

static bool is_old(const struct rv_fast_table *f, bool named, uint32_t chain)
{
	return f->cleared || !named || f->chains[chain].changed;
}

/* Collects the actions of elements that remain. */
static bool know_live(const struct rv_fast_table *f, struct rv_map *live)
{
	for (size_t i = 0; i < f->nentries; i++) {
		const struct rv_fast_entry *e = &f->entries[i];

		if (e->action && !f->chains[e->chain].changed && !rv_map_put(live, e->action))
			return false;
	}
	return true;
}

static int note_actions(struct rv_nft *n, const struct rv_table_def *def,
			const struct rv_fast_table *f, struct rv_error *err)
{
	struct rv_map live = { 0 };
	bool ok = know_live(f, &live);
	uint64_t id;

	for (size_t i = 0; ok && rv_fast_get_id(&f->actions, i, &id); i++)
		if (!rv_map_get(&live, id))
			note(n, GARBAGE_CHAIN, def, RV_FAST_ACTION, id);
	rv_map_free(&live);
	return ok ? 0 : rv_fail_memory(err);
}

int rv_fast_note_garbage(struct rv_nft *n, const struct rv_table_def *def,
			 const struct rv_fast_table *f, struct rv_error *err)
{
	uint64_t id;

	for (size_t i = 0; i < f->nmaps; i++)
		if (is_old(f, f->maps[i].named, f->maps[i].chain))
			note(n, GARBAGE_MAP, def, RV_FAST_MAP, f->maps[i].id);
	for (size_t i = 0; i < f->nleaves; i++)
		if (is_old(f, f->leaves[i].named, f->leaves[i].chain))
			note(n, GARBAGE_CHAIN, def, RV_FAST_LEAF, f->leaves[i].id);
	for (size_t i = 0; rv_fast_get_id(&f->gone, i, &id); i++)
		note(n, GARBAGE_CHAIN, def, RV_FAST_GONE, id);
	return note_actions(n, def, f, err);
}

/* ---- waiting --------------------------------------------------------------------------------------- */

void rv_fast_let_pass(void)
{
	const struct timespec grace = { .tv_nsec = GRACE_MS * 1000000L };

	/* Waits for an RCU grace period; packets traverse rules in RCU read-side sections. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&grace, NULL);
}

/* ---- deleting ------------------------------------------------------------------------------------ */

struct sweep {
	struct rv_nft *n;
	rv_family_t family;
	struct rv_buf old[RV_TABLE_DEFS];	/* struct rv_fast_old: kernel rules behind marks */
	bool settled[RV_TABLE_DEFS];	/* the counters of these rules have been read */
	struct rv_buf batch;
	uint32_t seq;			/* sequence number of the next message */
};

static size_t count(const struct rv_nft *n)
{
	return n->garbage.len / sizeof(struct item);
}

static struct item item_at(const struct rv_nft *n, size_t i)
{
	struct item item;

	memcpy(&item, n->garbage.data + i * sizeof(item), sizeof(item));
	return item;
}

/* ---- old rules behind marks ---- */

static size_t old_count(const struct sweep *s, unsigned int table)
{
	return s->settled[table] ? s->old[table].len / sizeof(struct rv_fast_old) : 0;
}

static void put_old(struct sweep *s, unsigned int table, size_t i)
{
	size_t start = rv_nft_begin_message(&s->batch, &s->seq, NFT_MSG_DELRULE, 0, s->family);
	struct rv_fast_old old;

	memcpy(&old, s->old[table].data + i * sizeof(old), sizeof(old));
	rv_nft_put_text(&s->batch, NFTA_RULE_TABLE, rv_fast_table_name(&rv_table_defs[table]));
	rv_nft_put_text(&s->batch, NFTA_RULE_CHAIN, old.chain);
	rv_nft_put_u64(&s->batch, NFTA_RULE_HANDLE, old.handle);
	rv_nft_end_message(&s->batch, start);
}

/* Appends the elements of RV_FAST_STATE that announce old rules, to delete them. */
static void put_unfinished(struct sweep *s, unsigned int table)
{
	const struct rv_buf *ids = &s->n->fast[table]->unfinished;
	size_t start, list;

	for (size_t at = 0; at < ids->len; at += sizeof(uint64_t)) {
		uint64_t key[2] = { 0 };

		memcpy(&key[1], ids->data + at, sizeof(*key));
		start = rv_nft_begin_message(&s->batch, &s->seq, NFT_MSG_DELSETELEM, 0, s->family);
		rv_nft_put_text(&s->batch, NFTA_SET_ELEM_LIST_TABLE, rv_fast_table_name(&rv_table_defs[table]));
		rv_nft_put_text(&s->batch, NFTA_SET_ELEM_LIST_SET, RV_FAST_STATE);
		list = rv_nft_nest(&s->batch, NFTA_SET_ELEM_LIST_ELEMENTS);
		rv_fast_put_key_element(&s->batch, key, sizeof(key));
		rv_nft_nest_end(&s->batch, list);
		rv_nft_end_message(&s->batch, start);
	}
}

static bool is_settled(const struct sweep *s, unsigned int table)
{
	return s->settled[table] && s->n->fast[table]->unfinished.len;
}

static void put(struct sweep *s, const struct item *item, uint8_t type, uint16_t flags,
		uint16_t table, uint16_t name)
{
	size_t start = rv_nft_begin_message(&s->batch, &s->seq, type, flags, s->family);

	rv_nft_put_text(&s->batch, table, rv_fast_table_name(&rv_table_defs[item->table]));
	rv_nft_put_text(&s->batch, name, item->name);
	rv_nft_end_message(&s->batch, start);
}

enum step { MAPS, RULES, CHAINS, STEPS };

static void put_step(struct sweep *s, const struct item *item, enum step step)
{
	if (step == MAPS && item->kind == GARBAGE_MAP)
		put(s, item, NFT_MSG_DELSET, 0, NFTA_SET_TABLE, NFTA_SET_NAME);
	else if (step == RULES && item->kind == GARBAGE_CHAIN)
		put(s, item, NFT_MSG_DELRULE, 0, NFTA_RULE_TABLE, NFTA_RULE_CHAIN);
	else if (step == CHAINS && item->kind == GARBAGE_CHAIN)
		put(s, item, NFT_MSG_DELCHAIN, NLM_F_NONREC, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME);
}

static void begin(struct sweep *s)
{
	rv_buf_reset(&s->batch);
	s->seq = 1;
	rv_nft_put_batch_begin(&s->batch);
}

/*
 * Deletes everything in one transaction, in order of references: rules of deleted chains, other
 * rules, maps, chains.
 */
static int sweep_all(struct sweep *s, struct rv_nft_verdict *v, struct rv_error *err)
{
	begin(s);
	for (unsigned int t = 0; t < RV_TABLE_DEFS; t++)
		for (size_t i = 0; i < old_count(s, t); i++)
			put_old(s, t, i);
	for (int gone = 1; gone >= 0; gone--)
		for (size_t i = 0; i < count(s->n); i++) {
			const struct item item = item_at(s->n, i);
			bool is_gone = !strncmp(item.name, RV_FAST_GONE, strlen(RV_FAST_GONE));

			if (is_gone == gone)
				put_step(s, &item, RULES);
		}
	for (enum step step = MAPS; step < STEPS; step++)
		for (size_t i = 0; i < count(s->n); i++) {
			const struct item item = item_at(s->n, i);

			if (step != RULES)
				put_step(s, &item, step);
		}
	for (unsigned int t = 0; t < RV_TABLE_DEFS; t++)
		if (is_settled(s, t))
			put_unfinished(s, t);
	return rv_nft_end_and_send(&s->n->socket, &s->batch, s->seq, v, err);
}

static int send_step(struct sweep *s, struct rv_error *err)
{
	struct rv_nft_verdict v;

	return rv_nft_end_and_send(&s->n->socket, &s->batch, s->seq, &v, err);
}

/* Deletes old rules one by one, the last first, so that the mark goes after the rules behind it. */
static int sweep_old_singly(struct sweep *s, unsigned int table, struct rv_error *err)
{
	for (size_t i = old_count(s, table); i; i--) {
		begin(s);
		put_old(s, table, i - 1);
		if (send_step(s, err))
			return -1;
	}
	if (!is_settled(s, table))
		return 0;
	begin(s);
	put_unfinished(s, table);
	return send_step(s, err);
}

/*
 * Deleting everything in one transaction failed: another writer has deleted some of these objects, or
 * uses them again. Deletes each in a transaction of its own, and a chain together with its rules.
 */
static int sweep_singly(struct sweep *s, struct rv_error *err)
{
	for (unsigned int t = 0; t < RV_TABLE_DEFS; t++)
		if (sweep_old_singly(s, t, err))
			return -1;
	for (enum garbage kind = GARBAGE_MAP; kind <= GARBAGE_CHAIN; kind++)
		for (size_t i = 0; i < count(s->n); i++) {
			const struct item item = item_at(s->n, i);

			if (item.kind != kind)
				continue;
			begin(s);
			for (enum step step = MAPS; step < STEPS; step++)
				put_step(s, &item, step);
			if (send_step(s, err))
				return -1;
		}
	return 0;
}

/* Returns whether rules of the table were rewritten, or old ones were found behind a mark. */
static bool has_old(const struct rv_fast_table *f)
{
	bool ended = false;

	for (size_t i = 0; f && i < f->nchains; i++)
		ended |= f->chains[i].ended;
	return f && (f->moved || ended || f->unfinished.len);
}

static bool is_due(const struct rv_nft *n)
{
	bool old = false;

	for (unsigned int t = 0; t < RV_TABLE_DEFS; t++)
		old |= has_old(n->fast[t]);
	return n->garbage.len || old;
}

/*
 * Carries the counters of old rules. If it fails, the rules remain for the next writer to delete.
 */
static void settle(struct rv_store *s, struct sweep *sweep, struct rv_error *err)
{
	for (unsigned int t = 0; t < RV_TABLE_DEFS; t++) {
		struct rv_error own = { .warnings = err->warnings };

		if (!has_old(sweep->n->fast[t]))
			continue;
		sweep->settled[t] = !rv_fast_settle_counters(s, &rv_table_defs[t], &sweep->old[t], &own);
		if (!sweep->settled[t])
			rv_warn(err, "# Warning: table `%s': packets that were counted during the change are "
				"missing in the counters: %s", rv_table_defs[t].name, own.text);
	}
}

int rv_fast_collect(struct rv_store *s, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct sweep sweep = { .n = n, .family = s->rs.family };
	struct rv_nft_verdict v = { 0 };
	int rc = 0;

	if (!is_due(n))
		return 0;
	rv_fast_let_pass();
	settle(s, &sweep, err);
	if (!rv_buf_ok(&n->garbage))
		rc = rv_fail_memory(err);
	if (!rc)
		rc = sweep_all(&sweep, &v, err);
	if (!rc && v.code)
		rc = sweep_singly(&sweep, err);
	rv_buf_free(&sweep.batch);
	for (unsigned int t = 0; t < RV_TABLE_DEFS; t++)
		rv_buf_free(&sweep.old[t]);
	rv_buf_reset(&n->garbage);
	return rc;
}
