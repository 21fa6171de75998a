/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the changes of a transaction as messages to a growing buffer, which commit.c sends. Rules
 * are not kept in memory: to get a chain with all staged changes, staged_view.c reads the messages
 * again.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "batch.h"
#include "backend/nft/wire/object.h"

/* ---- tables and chains --------------------------------------------------------- */

int rv_nft_stage_table(struct rv_nft_message *m, uint8_t type, uint16_t flags)
{
	if (rv_nft_start_message(m, type, flags))
		return -1;
	rv_nft_put_text(&m->b->bytes, NFTA_TABLE_NAME, rv_nft_table_name(m->b, m->change->table->def));
	if (type == NFT_MSG_NEWTABLE && m->b->dormant & rv_nft_table_bit(m->change->table->def))
		rv_nft_put_u32(&m->b->bytes, NFTA_TABLE_FLAGS, NFT_TABLE_F_DORMANT);
	return rv_nft_finish_message(m);
}

static void put_chain(struct rv_nft_message *m, const char *name)
{
	rv_nft_put_text(&m->b->bytes, NFTA_CHAIN_TABLE, rv_nft_table_name(m->b, m->change->table->def));
	rv_nft_put_text(&m->b->bytes, NFTA_CHAIN_NAME, name);
}

static void put_hook(struct rv_buf *b, uint32_t hook, int32_t priority)
{
	size_t nest = rv_nft_nest(b, NFTA_CHAIN_HOOK);

	rv_nft_put_u32(b, NFTA_HOOK_HOOKNUM, hook);
	rv_nft_put_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	rv_nft_nest_end(b, nest);
}

static void put_place(struct rv_buf *b, const struct rv_chain *c)
{
	const struct rv_base_def *def = &c->table->def->base[c->base];

	if (c->at.elsewhere)
		put_hook(b, c->at.hook, c->at.priority);
	else
		put_hook(b, def->hook, def->priority);
}

/*
 * Writes hook, priority, policy and counters of a base chain. Hook and priority cannot be changed,
 * so they are omitted for a chain that another program has created with others. Counters are always
 * written: without them the kernel resets the policy's counters.
 */
static void put_base(struct rv_nft_message *m)
{
	const struct rv_chain *c = m->change->chain;
	bool placed = !c->held.exists || !c->held.at.elsewhere;
	struct rv_counters counters = { 0 };
	struct rv_buf *b = &m->b->bytes;
	size_t nest;

	if (c->at.none)
		return;
	if (m->change->has_counters)
		counters = c->counters;
	if (placed)
		put_place(b, c);
	rv_nft_put_u32(b, NFTA_CHAIN_POLICY, c->policy == RV_VERDICT_DROP ? NF_DROP : NF_ACCEPT);
	nest = rv_nft_nest(b, NFTA_CHAIN_COUNTERS);
	rv_nft_put_u64(b, NFTA_COUNTER_PACKETS, counters.packets);
	rv_nft_put_u64(b, NFTA_COUNTER_BYTES, counters.bytes);
	rv_nft_nest_end(b, nest);
	if (placed)
		rv_nft_put_text(b, NFTA_CHAIN_TYPE,
				c->at.elsewhere ? c->at.type : rv_base_type(c->table->def, c->base));
}

int rv_nft_stage_base(struct rv_nft_message *m, uint16_t flags)
{
	if (rv_nft_start_message(m, NFT_MSG_NEWCHAIN, flags))
		return -1;
	put_chain(m, m->change->chain->name);
	put_base(m);
	return rv_nft_finish_message(m);
}

/* Returns whether a restore has cleared the chain in this transaction: it exists, empty. */
static bool take_cleared(struct rv_nft_batch *b, const struct rv_chain *c)
{
	const struct rv_table *t = rv_nft_cleared(b, c->table->def);
	struct rv_chain *old = t && c->base < 0 ? rv_table_chain(t, c->name) : NULL;

	if (old)
		rv_chain_free(old);
	return old != NULL;
}

/*
 * Records that the table is needed. Tables and base chains are created before all staged rules, and
 * base chains deleted after them: see commit.c.
 */
static int want_table(struct rv_nft_message *m)
{
	m->change->table->wanted = true;
	m->change->table->loc = m->change->loc;
	return 0;
}

static int want_base(struct rv_nft_message *m)
{
	struct rv_chain *c = m->change->chain;

	c->held.wanted = true;
	c->held.touched = true;
	c->held.has_counters = false;
	c->held.loc = m->change->loc;
	return 0;
}

static int drop_base(struct rv_nft_message *m)
{
	m->change->chain->held.touched = false;
	m->change->chain->held.loc = m->change->loc;
	return 0;
}

static int stage_new_chain(struct rv_nft_message *m)
{
	struct rv_chain *c = m->change->chain;

	c->handle = RV_NFT_NEW_CHAIN | ++m->b->nchains;
	if (c->base >= 0)
		return want_base(m);
	if (take_cleared(m->b, c))
		return 0;
	if (rv_nft_start_message(m, NFT_MSG_NEWCHAIN, NLM_F_EXCL))
		return -1;
	put_chain(m, c->name);
	return rv_nft_finish_message(m);
}

int rv_nft_stage_del_chain(struct rv_nft_message *m)
{
	struct rv_chain *c = m->change->chain;

	if (rv_nft_start_message(m, NFT_MSG_DELCHAIN, NLM_F_NONREC))
		return -1;
	put_chain(m, rv_nft_kernel_name(m->b, c->table->def, c->name));
	if (rv_nft_finish_message(m))
		return -1;
	rv_nft_forget_rename(m->b, c);
	return 0;
}

static int stage_unnamed(struct rv_nft_message *m, const char *name, bool flush)
{
	struct rv_buf *b = &m->b->bytes;

	if (rv_nft_start_message(m, flush ? NFT_MSG_DELRULE : NFT_MSG_DELCHAIN, flush ? 0 : NLM_F_NONREC))
		return -1;
	if (flush) {
		rv_nft_put_text(b, NFTA_RULE_TABLE, rv_nft_table_name(m->b, m->change->table->def));
		rv_nft_put_text(b, NFTA_RULE_CHAIN, name);
	} else {
		put_chain(m, name);
	}
	return rv_nft_finish_message(m);
}

/* Flushes all of these chains before it deletes any, because they may jump to each other. */
int rv_nft_stage_unnamed(const struct rv_nft_message *message, struct rv_table *t)
{
	const struct rv_buf *names = &message->b->unnamed[t->def - rv_table_defs];
	const struct rv_change change = { .kind = RV_CHANGE_DEL_CHAIN, .table = t, .loc = t->loc };
	struct rv_nft_message m = rv_nft_message_for(message, &change);

	if (names->failed)
		return rv_fail_memory(m.err);
	for (int flush = 1; flush >= 0; flush--)
		for (size_t at = 0; at < names->len; at += strlen(names->data + at) + 1)
			if (stage_unnamed(&m, names->data + at, flush))
				return -1;
	return 0;
}

static int stage_rename(struct rv_nft_message *m)
{
	const struct rv_chain *c = m->change->chain;

	if (rv_nft_start_message(m, NFT_MSG_NEWCHAIN, 0))
		return -1;
	put_chain(m, m->change->name);
	rv_nft_put_u64(&m->b->bytes, NFTA_CHAIN_HANDLE, c->handle);
	if (rv_nft_finish_message(m))
		return -1;
	return rv_nft_rename(m->b, c, m->change->name) ? 0 : rv_fail_memory(m->err);
}

/* ---- rules --------------------------------------------------------------------- */

static int start_rule(struct rv_nft_message *m, uint8_t type, uint16_t flags)
{
	if (rv_nft_start_message(m, type, flags))
		return -1;
	rv_nft_put_text(&m->b->bytes, NFTA_RULE_TABLE, rv_nft_table_name(m->b, m->change->table->def));
	rv_nft_put_text(&m->b->bytes, NFTA_RULE_CHAIN,
			rv_nft_kernel_name(m->b, m->change->table->def, m->change->chain->name));
	return 0;
}

/* Appends a reference to a rule: its handle or, if staged in this transaction, its number. */
static void put_name(struct rv_nft_message *m, const struct rv_rule *r, uint16_t handle,
		     uint16_t id)
{
	if (r->handle)
		rv_nft_put_u64(&m->b->bytes, handle, r->handle);
	else
		rv_nft_put_u32(&m->b->bytes, id, r->id);
}

/* Finishes the rule's message with the number that later messages refer to. */
static int finish_rule(struct rv_nft_message *m, struct rv_rule *r)
{
	const struct rv_table_def *table = m->change->table->def;
	const char *jump = rv_nft_kernel_name(m->b, table, r->jump);
	uint32_t id = ++m->b->nrules;
	int rc;

	if (jump != r->jump)
		rv_chain_name_set(r->jump, jump);
	rc = rv_nft_object_of(r) ? rv_nft_object_write(m, r) :
	     rv_nft_rule_write(&m->b->bytes, m->family, r, m->err);
	rv_nft_rename_jump(m->b, table, r);
	if (rc)
		return -1;
	rv_nft_put_u32(&m->b->bytes, NFTA_RULE_ID, id);
	if (rv_nft_object_of(r))
		rv_nft_object_note(m, r);
	if (rv_nft_finish_message(m))
		return -1;
	r->handle = 0;
	r->id = id;
	return 0;
}

static int stage_add(struct rv_nft_message *m)
{
	const struct rv_change *c = m->change;
	bool append = !c->pos && !c->at_front;

	if (rv_nft_object_stage_own(m, c->rule))
		return -1;
	if (start_rule(m, NFT_MSG_NEWRULE, NLM_F_CREATE | (append ? NLM_F_APPEND : 0)))
		return -1;
	if (c->pos)
		put_name(m, c->pos, NFTA_RULE_POSITION, NFTA_RULE_POSITION_ID);
	return finish_rule(m, c->rule);
}

static int stage_del_rule(struct rv_nft_message *m)
{
	if (start_rule(m, NFT_MSG_DELRULE, 0))
		return -1;
	put_name(m, m->change->pos, NFTA_RULE_HANDLE, NFTA_RULE_ID);
	return rv_nft_finish_message(m);
}

/* Deletes the old rule with its sets first: a meter of the new one has the same name. */
static int replace_with_own(struct rv_nft_message *m, struct rv_rule *with)
{
	const struct rv_change *change = m->change;
	const struct rv_rule *pos = change->pos;
	const struct rv_list *next = pos->node.next;
	struct rv_rule old = *pos;
	struct rv_change step = *change;
	int rc;

	step.pos = &old;
	step.loc = with->loc;
	m->change = &step;
	rc = stage_del_rule(m);
	step.rule = with;
	step.pos = next == &change->chain->rules ? NULL : rv_entry(next, struct rv_rule, node);
	step.at_front = false;
	if (!rc)
		rc = stage_add(m);
	m->change = change;
	return rc;
}

/*
 * Replaces a rule. The kernel can do that only by handle, so a rule added in this transaction is
 * replaced by inserting the new one and deleting the old one.
 */
static int stage_replace(struct rv_nft_message *m, struct rv_rule *with)
{
	struct rv_rule old = *m->change->pos;
	const struct rv_change del = {
		.kind = m->change->kind, .table = m->change->table, .chain = m->change->chain,
		.pos = &old, .loc = with->loc,
	};
	struct rv_nft_message message = rv_nft_message_for(m, &del);

	if (rv_nft_object_of(with) && rv_nft_object_has_own(rv_nft_object_of(with)))
		return replace_with_own(m, with);
	if (start_rule(m, NFT_MSG_NEWRULE, NLM_F_CREATE | (old.handle ? NLM_F_REPLACE : 0)))
		return -1;
	put_name(m, &old, NFTA_RULE_HANDLE, NFTA_RULE_POSITION_ID);
	if (finish_rule(m, with))
		return -1;
	if (old.handle)
		return 0;
	return stage_del_rule(&message);
}

static int stage_flush(struct rv_nft_message *m)
{
	return start_rule(m, NFT_MSG_DELRULE, 0) ? -1 : rv_nft_finish_message(m);
}

static int flush_each(const struct rv_nft_message *m, const struct rv_table *held)
{
	struct rv_change flush = *m->change;
	struct rv_nft_message message = rv_nft_message_for(m, &flush);

	rv_list_each(c, &held->chains, struct rv_chain, node) {
		flush.chain = c;
		if (c->exists && stage_flush(&message))
			return -1;
	}
	return 0;
}

/* Deletes all rules of the table, except those in chains of other programs. */
int rv_nft_stage_no_rules(struct rv_nft_message *m, const struct rv_table *held)
{
	if (held->others)
		return flush_each(m, held);
	if (rv_nft_start_message(m, NFT_MSG_DELRULE, 0))
		return -1;
	rv_nft_put_text(&m->b->bytes, NFTA_RULE_TABLE, rv_nft_table_name(m->b, m->change->table->def));
	return rv_nft_finish_message(m);
}

/*
 * Clears a table without deleting it: the kernel would unhook the base chains before the policies
 * of their replacements are active, and packets would pass. Instead deletes all rules; keeps chains
 * that are declared again, and deletes the others at the end.
 */
static int clear_pieces(struct rv_nft_message *m, struct rv_table *old)
{
	const struct rv_table *table = m->change->table;

	old->exists = true;
	rv_list_each(c, &table->chains, struct rv_chain, node)
		if (c->base < 0 && c->exists && !rv_table_chain(old, c->name) &&
		    !rv_table_add_chain(old, c->name))
			return rv_fail_memory(m->err);
	return rv_nft_stage_no_rules(m, table);
}

/*
 * Deletes the table and creates it again, as stock does, if another program has changed it so that
 * it cannot be cleared; commit.c blocks packets meanwhile.
 */
static int replace_table(struct rv_nft_message *m)
{
	struct rv_table *table = m->change->table;

	rv_nft_batch_drop(m->b, table->def);
	table->replaced = true;
	table->wanted = false;
	table->unclearable = table->dormant = table->others = table->hooked = false;
	table->loc = m->change->loc;
	rv_list_each(c, &table->chains, struct rv_chain, node)
		memset(&c->held, 0, sizeof(c->held));
	return 0;
}

static int stage_clear(struct rv_nft_message *m)
{
	struct rv_table *old = rv_ruleset_table(&m->b->cleared, m->change->table->def);

	if (!old)
		return rv_fail_memory(m->err);
	return m->change->table->unclearable ? replace_table(m) : clear_pieces(m, old);
}

/*
 * Writes a policy, at most once per transaction. If a transaction set it twice, packets would see
 * the first value until the kernel has executed the second message.
 */
static int stage_policy(struct rv_nft_message *m)
{
	struct rv_chain *c = m->change->chain;

	/* In a table that a restore clears, the chain can be created at another hook. */
	if (c->held.at.none && c->policy == RV_VERDICT_DROP && !rv_nft_cleared(m->b, c->table->def)) {
		rv_fail(m->err, RV_ERR_PROBLEM, &m->change->loc,
			" CHAIN_UPDATE failed (Operation not supported): chain %s", c->name);
		return rv_hint(m->err, "another program created the chain without a hook, so it has no "
			       "policy: load all rules of the table with iptables-restore");
	}
	c->held.touched = true;
	c->held.has_counters = m->change->has_counters;
	c->held.loc = m->change->loc;
	return 0;
}

/* ---- staging ------------------------------------------------------------------- */

int rv_nft_stage_change(struct rv_nft_message *m)
{
	const struct rv_change *c = m->change;

	switch (c->kind) {
	case RV_CHANGE_ADD_TABLE:
		return want_table(m);
	case RV_CHANGE_CLEAR_TABLE:
		return stage_clear(m);
	case RV_CHANGE_ADD_CHAIN:
		return stage_new_chain(m);
	case RV_CHANGE_DEL_CHAIN:
		return c->chain->base < 0 ? rv_nft_stage_del_chain(m) : drop_base(m);
	case RV_CHANGE_RENAME_CHAIN:
		return stage_rename(m);
	case RV_CHANGE_POLICY:
	case RV_CHANGE_ZERO_CHAIN:
		return stage_policy(m);
	case RV_CHANGE_FLUSH_CHAIN:
		return stage_flush(m);
	case RV_CHANGE_ADD_RULE:
		return stage_add(m);
	case RV_CHANGE_REPLACE_RULE:
		return stage_replace(m, c->rule);
	case RV_CHANGE_DEL_RULE:
		return stage_del_rule(m);
	case RV_CHANGE_ZERO_RULE:
		c->pos->counted = false;
		return stage_replace(m, c->pos);
	}
	return 0;
}

/* ---- the batch ------------------------------------------------------------ */

void rv_nft_batch_drop(struct rv_nft_batch *b, const struct rv_table_def *table)
{
	struct rv_table *cleared = rv_nft_cleared(b, table);
	size_t at = b->nrecords ? b->records[0].offset : 0, end = b->bytes.len, kept = 0;

	for (size_t i = 0; i < b->nrecords; i++) {
		size_t from = b->records[i].offset;
		size_t len = (i + 1 < b->nrecords ? b->records[i + 1].offset : end) - from;
		uint32_t seq = kept + 1;

		if (b->records[i].table == table)
			continue;
		memmove(b->bytes.data + at, b->bytes.data + from, len);
		memcpy(b->bytes.data + at + offsetof(struct nlmsghdr, nlmsg_seq), &seq,
		       sizeof(seq));
		b->records[kept] = b->records[i];
		b->records[kept++].offset = at;
		at += len;
	}
	b->nrecords = kept;
	b->bytes.len = at;
	rv_nft_forget_renames(b, table);
	rv_nft_traces_clear(&b->traces);
	if (cleared)
		rv_list_each_safe(c, &cleared->chains, struct rv_chain, node)
			if (c->base < 0)
				rv_chain_free(c);
}

