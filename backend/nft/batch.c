/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transaction. Changes become messages at once, in one growing buffer that is
 * sent as it is; the rules themselves are not kept. What a chain looks like with
 * all of that applied is found by reading the messages again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "nft.h"

#define FIRST_RECORDS 64

/* ---- messages ------------------------------------------------------------------ */

static void put_message(struct rv_buf *b, uint16_t type, uint16_t flags, rv_family_t family,
			uint16_t res_id, uint32_t seq)
{
	struct {
		struct nlmsghdr nlh;
		struct nfgenmsg nfg;
	} head = {
		.nlh = {
			.nlmsg_len = sizeof(head), .nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = seq,
		},
		.nfg = { .nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(res_id) },
	};

	rv_buf_add(b, &head, sizeof(head));
}

static void end_message(struct rv_buf *b, size_t start)
{
	uint32_t len = b->len - start;

	if (!b->failed)
		memcpy(b->data + start + offsetof(struct nlmsghdr, nlmsg_len), &len, sizeof(len));
}

/* The generation is filled in when the batch is sent. */
static void put_begin(struct rv_buf *b)
{
	put_message(b, NFNL_MSG_BATCH_BEGIN, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES, 0);
	rv_nft_put_u32(b, NFNL_BATCH_GENID, 0);
	end_message(b, 0);
}

static void set_generation(struct rv_buf *b, uint32_t generation)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)) + NLA_HDRLEN;

	generation = htonl(generation);
	memcpy(b->data + at, &generation, sizeof(generation));
}

static struct rv_nft_record *new_record(struct rv_nft_batch *b, struct rv_error *err)
{
	size_t room = b->room ? b->room * 2 : FIRST_RECORDS;
	struct rv_nft_record *records = b->records;

	if (b->nrecords == b->room) {
		records = realloc(records, room * sizeof(*records));
		if (!records) {
			rv_fail_memory(err);
			return NULL;
		}
		b->records = records;
		b->room = room;
	}
	return &records[b->nrecords];
}

/* What a message is for, while it is being written. */
struct message {
	struct rv_nft_batch *b;
	rv_family_t family;
	const struct rv_change *change;
	struct rv_error *err;
	size_t start;
};

static int start(struct message *m, uint8_t type, uint16_t flags)
{
	struct rv_nft_record *rec = new_record(m->b, m->err);
	const struct rv_change *c = m->change;

	if (!rec)
		return -1;
	if (!m->b->bytes.len)
		put_begin(&m->b->bytes);
	if (m->b->bytes.len > INT32_MAX)
		return rv_fail(m->err, RV_ERR_PROBLEM, NULL, "the transaction is too large");
	m->start = m->b->bytes.len;
	*rec = (struct rv_nft_record){
		.chain = c->chain ? c->chain->handle : 0, .offset = m->start,
		.loc = c->rule ? c->rule->loc : c->loc,
		.kind = c->kind, .table = c->table->def,
	};
	put_message(&m->b->bytes, NFNL_SUBSYS_NFTABLES << 8 | type, flags, m->family, 0,
		    m->b->nrecords + 1);
	return 0;
}

static int finish(struct message *m)
{
	end_message(&m->b->bytes, m->start);
	if (!rv_buf_ok(&m->b->bytes))
		return rv_fail_memory(m->err);
	m->b->nrecords++;
	return 0;
}

/* ---- tables and chains --------------------------------------------------------- */

static int stage_table(struct message *m, uint8_t type, uint16_t flags)
{
	if (start(m, type, flags))
		return -1;
	rv_nft_put_text(&m->b->bytes, NFTA_TABLE_NAME, m->change->table->def->name);
	return finish(m);
}

static void put_chain(struct message *m, const char *name)
{
	rv_nft_put_text(&m->b->bytes, NFTA_CHAIN_TABLE, m->change->table->def->name);
	rv_nft_put_text(&m->b->bytes, NFTA_CHAIN_NAME, name);
}

/* Counters of the policy start again at 0 whenever the chain is written without them. */
static void put_base(struct message *m)
{
	const struct rv_chain *c = m->change->chain;
	const struct rv_base_def *def = &c->table->def->base[c->base];
	struct rv_counters counters = { 0 };
	struct rv_buf *b = &m->b->bytes;
	size_t nest = rv_nft_nest(b, NFTA_CHAIN_HOOK);

	if (m->change->has_counters)
		counters = c->counters;
	rv_nft_put_u32(b, NFTA_HOOK_HOOKNUM, def->hook);
	rv_nft_put_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)def->priority);
	rv_nft_nest_end(b, nest);
	rv_nft_put_u32(b, NFTA_CHAIN_POLICY, c->policy == RV_VERDICT_DROP ? NF_DROP : NF_ACCEPT);
	nest = rv_nft_nest(b, NFTA_CHAIN_COUNTERS);
	rv_nft_put_u64(b, NFTA_COUNTER_PACKETS, counters.packets);
	rv_nft_put_u64(b, NFTA_COUNTER_BYTES, counters.bytes);
	rv_nft_nest_end(b, nest);
	rv_nft_put_text(b, NFTA_CHAIN_TYPE, rv_base_type(c->table->def, c->base));
}

static int stage_base(struct message *m, uint16_t flags)
{
	if (start(m, NFT_MSG_NEWCHAIN, flags))
		return -1;
	put_chain(m, m->change->chain->name);
	put_base(m);
	return finish(m);
}

/* The table if a restore has cleared it in this transaction, or NULL. */
static struct rv_table *cleared_table(const struct rv_nft_batch *b, const struct rv_table_def *def)
{
	rv_list_each(t, &b->cleared.tables, struct rv_table, node)
		if (t->def == def)
			return t;
	return NULL;
}

/* A chain that was cleared away is still there, empty: it need not be made. */
static bool take_cleared(struct rv_nft_batch *b, const struct rv_chain *c)
{
	const struct rv_table *t = cleared_table(b, c->table->def);
	struct rv_chain *old = t && c->base < 0 ? rv_table_chain(t, c->name) : NULL;

	if (old)
		rv_chain_free(old);
	return old != NULL;
}

static int stage_new_base(struct message *m)
{
	struct rv_chain *c = m->change->chain;

	c->held.touched = true;
	c->held.has_counters = false;
	if (c->held.exists)
		return 0;
	c->held.exists = true;
	c->held.policy = c->policy;
	c->held.counters = (struct rv_counters){ 0 };
	return stage_base(m, NLM_F_CREATE);
}

static int stage_new_chain(struct message *m)
{
	struct rv_chain *c = m->change->chain;

	c->handle = RV_NFT_NEW_CHAIN | ++m->b->nchains;
	if (c->base >= 0)
		return stage_new_base(m);
	if (take_cleared(m->b, c))
		return 0;
	if (start(m, NFT_MSG_NEWCHAIN, NLM_F_EXCL))
		return -1;
	put_chain(m, c->name);
	return finish(m);
}

static struct rv_nft_rename *find_rename(struct rv_nft_batch *b, const struct rv_chain *c)
{
	for (size_t i = 0; i < b->nrenames; i++)
		if (b->renames[i].table == c->table->def && b->renames[i].chain == c->handle)
			return &b->renames[i];
	return NULL;
}

static int stage_del_chain(struct message *m)
{
	struct rv_chain *c = m->change->chain;
	struct rv_nft_rename *rename = find_rename(m->b, c);

	c->held.exists = c->held.touched = false;
	if (start(m, NFT_MSG_DELCHAIN, NLM_F_NONREC))
		return -1;
	put_chain(m, rv_nft_kernel_name(m->b, c->table->def, c->name));
	if (finish(m))
		return -1;
	/* Both names are free for other chains. */
	if (rename)
		*rename = m->b->renames[--m->b->nrenames];
	return 0;
}

static struct rv_nft_rename *rename_of(struct rv_nft_batch *b, const struct rv_chain *c)
{
	struct rv_nft_rename *r = find_rename(b, c);

	if (r)
		return r;
	r = realloc(b->renames, (b->nrenames + 1) * sizeof(*r));
	if (!r)
		return NULL;
	b->renames = r;
	r += b->nrenames++;
	*r = (struct rv_nft_rename){ .table = c->table->def, .chain = c->handle };
	rv_chain_name_set(r->from, c->name);
	rv_chain_name_set(r->to, c->name);
	return r;
}

static int stage_rename(struct message *m)
{
	const struct rv_chain *c = m->change->chain;
	struct rv_nft_rename *rename = rename_of(m->b, c);

	if (!rename)
		return rv_fail_memory(m->err);
	if (start(m, NFT_MSG_NEWCHAIN, 0))
		return -1;
	put_chain(m, m->change->name);
	rv_nft_put_u64(&m->b->bytes, NFTA_CHAIN_HANDLE, c->handle);
	if (finish(m))
		return -1;
	rv_chain_name_set(rename->to, m->change->name);
	return 0;
}

/* ---- rules --------------------------------------------------------------------- */

static int start_rule(struct message *m, uint8_t type, uint16_t flags)
{
	if (start(m, type, flags))
		return -1;
	rv_nft_put_text(&m->b->bytes, NFTA_RULE_TABLE, m->change->table->def->name);
	rv_nft_put_text(&m->b->bytes, NFTA_RULE_CHAIN,
			rv_nft_kernel_name(m->b, m->change->table->def, m->change->chain->name));
	return 0;
}

/* Names a rule: by the kernel's handle, or by the number it got in this transaction. */
static void put_name(struct message *m, const struct rv_rule *r, uint16_t handle, uint16_t id)
{
	if (r->handle)
		rv_nft_put_u64(&m->b->bytes, handle, r->handle);
	else
		rv_nft_put_u32(&m->b->bytes, id, r->id);
}

/* The rule with the number that it is known by in what follows. */
static int finish_rule(struct message *m, struct rv_rule *r)
{
	const struct rv_table_def *table = m->change->table->def;
	const char *jump = rv_nft_kernel_name(m->b, table, r->jump);
	uint32_t id = m->b->nrecords + 1;
	int rc;

	if (jump != r->jump)
		rv_chain_name_set(r->jump, jump);
	rc = rv_nft_rule_write(&m->b->bytes, m->family, r, m->err);
	rv_nft_rename_jump(m->b, table, r);
	if (rc)
		return -1;
	rv_nft_put_u32(&m->b->bytes, NFTA_RULE_ID, id);
	if (finish(m))
		return -1;
	r->handle = 0;
	r->id = id;
	return 0;
}

static int stage_add(struct message *m)
{
	const struct rv_change *c = m->change;
	bool append = !c->pos && !c->at_front;

	if (start_rule(m, NFT_MSG_NEWRULE, NLM_F_CREATE | (append ? NLM_F_APPEND : 0)))
		return -1;
	if (c->pos)
		put_name(m, c->pos, NFTA_RULE_POSITION, NFTA_RULE_POSITION_ID);
	return finish_rule(m, c->rule);
}

static int stage_del_rule(struct message *m)
{
	if (start_rule(m, NFT_MSG_DELRULE, 0))
		return -1;
	put_name(m, m->change->pos, NFTA_RULE_HANDLE, NFTA_RULE_ID);
	return finish(m);
}

/* The kernel replaces by handle only: a rule of this transaction makes way in two steps. */
static int stage_replace(struct message *m, struct rv_rule *with)
{
	struct rv_rule old = *m->change->pos;
	const struct rv_change del = {
		.kind = m->change->kind, .table = m->change->table, .chain = m->change->chain,
		.pos = &old, .loc = with->loc,
	};

	if (start_rule(m, NFT_MSG_NEWRULE, NLM_F_CREATE | (old.handle ? NLM_F_REPLACE : 0)))
		return -1;
	put_name(m, &old, NFTA_RULE_HANDLE, NFTA_RULE_POSITION_ID);
	if (finish_rule(m, with))
		return -1;
	if (old.handle)
		return 0;
	m->change = &del;
	return stage_del_rule(m);
}

/* All rules of the table go. */
static int stage_no_rules(struct message *m)
{
	if (start(m, NFT_MSG_DELRULE, 0))
		return -1;
	rv_nft_put_text(&m->b->bytes, NFTA_RULE_TABLE, m->change->table->def->name);
	return finish(m);
}

/*
 * A table is not deleted to be made anew: the kernel takes a deleted base chain off its hook
 * before the policy of the one in its place holds, and packets would slip through. Its rules
 * go, what is declared again stays, the rest goes last.
 */
static int stage_clear(struct message *m)
{
	const struct rv_table *table = m->change->table;
	struct rv_table *old = rv_ruleset_table(&m->b->cleared, table->def);

	if (!old)
		return rv_fail_memory(m->err);
	rv_list_each(c, &table->chains, struct rv_chain, node)
		if (c->base < 0 && c->exists && !rv_table_chain(old, c->name) &&
		    !rv_table_add_chain(old, c->name))
			return rv_fail_memory(m->err);
	return stage_no_rules(m);
}

/*
 * Policies are written last and once: between two writings of one transaction the kernel
 * would act on the first.
 */
static int stage_policy(struct message *m)
{
	struct rv_chain *c = m->change->chain;

	c->held.touched = true;
	c->held.has_counters = m->change->has_counters;
	return 0;
}

static int stage_flush(struct message *m)
{
	return start_rule(m, NFT_MSG_DELRULE, 0) ? -1 : finish(m);
}

/* ---- staging ------------------------------------------------------------------- */

static int stage_change(struct message *m)
{
	const struct rv_change *c = m->change;

	switch (c->kind) {
	case RV_CHANGE_ADD_TABLE:
		return stage_table(m, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	case RV_CHANGE_CLEAR_TABLE:
		return stage_clear(m);
	case RV_CHANGE_ADD_CHAIN:
		return stage_new_chain(m);
	case RV_CHANGE_DEL_CHAIN:
		return stage_del_chain(m);
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
		return stage_replace(m, c->pos);
	}
	return 0;
}

/* ---- tables that are written as a whole ---------------------------------------------- */

/* Takes the messages about a table out of the batch, and what is known of its names. */
static void drop_table(struct rv_nft_batch *b, const struct rv_table_def *table)
{
	struct rv_table *cleared = cleared_table(b, table);
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
	for (size_t i = b->nrenames; i > 0; i--)
		if (b->renames[i - 1].table == table)
			b->renames[i - 1] = b->renames[--b->nrenames];
	if (cleared)
		rv_list_each_safe(c, &cleared->chains, struct rv_chain, node)
			if (c->base < 0)
				rv_chain_free(c);
}

/*
 * From here on nothing is staged for the table: all its rules are read, with what is staged so
 * far, and in commit they are written anew. Their counters are as they were when they were read.
 */
static int hold_table(struct rv_store *s, struct rv_table *t, struct rv_error *err)
{
	struct rv_nft *n = s->priv;

	if (!t->complete && s->backend->load_chains(s, t, NULL, err))
		return -1;
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if (!c->exists)
			rv_chain_flush(c);
		else if (!c->loaded && s->backend->load_rules(s, c, err))
			return -1;
	}
	rv_table_count_references(t);
	drop_table(&n->batch, t->def);
	t->whole = true;
	return 0;
}

static bool is_kernels_name(const struct rv_nft_batch *b, const struct rv_table *t,
			    const char *name)
{
	for (size_t i = 0; i < b->nrenames; i++)
		if (b->renames[i].table == t->def && !strcmp(b->renames[i].from, name))
			return true;
	return false;
}

static bool has_renames(const struct rv_nft_batch *b, const struct rv_table *t)
{
	for (size_t i = 0; i < b->nrenames; i++)
		if (b->renames[i].table == t->def)
			return true;
	return false;
}

/*
 * The kernel finds the chain to rename by its handle, which a new chain has not got yet; and
 * until the transaction is committed, the old name stays taken.
 */
static bool is_beyond_kernel(const struct rv_nft_batch *b, const struct rv_change *c)
{
	switch (c->kind) {
	case RV_CHANGE_RENAME_CHAIN:
		return c->chain->handle & RV_NFT_NEW_CHAIN ||
		       is_kernels_name(b, c->table, c->name);
	case RV_CHANGE_ADD_CHAIN:
		return is_kernels_name(b, c->table, c->chain->name);
	case RV_CHANGE_CLEAR_TABLE:
		return has_renames(b, c->table);
	default:
		return false;
	}
}

/* What will have to be known in commit of a change that is not staged. */
static void note_change(const struct rv_change *c)
{
	struct rv_chain *chain = c->chain;

	if (!chain || chain->base < 0)
		return;
	if (c->kind == RV_CHANGE_POLICY || c->kind == RV_CHANGE_ZERO_CHAIN) {
		chain->held.touched = true;
		chain->held.has_counters = c->has_counters;
	} else if (c->kind == RV_CHANGE_ADD_CHAIN) {
		chain->held.touched = true;
		chain->held.has_counters = false;
	} else if (c->kind == RV_CHANGE_DEL_CHAIN) {
		chain->held.touched = false;
	}
}

static int add_change(struct message *m, const struct rv_change *change)
{
	m->change = change;
	return stage_change(m);
}

static int add_chain(struct message *m, struct rv_table *t, struct rv_chain *c)
{
	const struct rv_change change = {
		.kind = RV_CHANGE_ADD_CHAIN, .table = t, .chain = c,
	};
	bool has_counters = c->held.has_counters;

	if (add_change(m, &change))
		return -1;
	c->held.has_counters = has_counters;
	return 0;
}

/* One that was made in this transaction has been thought to be in the kernel. */
static void hold_base(struct rv_chain *c, const struct rv_chain *there)
{
	c->held.exists = there->held.exists;
	c->held.policy = there->held.policy;
	c->held.counters = there->held.counters;
}

static int add_chains(struct message *m, struct rv_table *t, struct rv_table *kernel)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		struct rv_chain *there = rv_table_chain(kernel, c->name);

		if (c->base >= 0)
			hold_base(c, there);
		if (!c->exists)
			continue;
		if (!(there && there->exists) && add_chain(m, t, c))
			return -1;
		/* What is left will be deleted. */
		if (there && c->base < 0)
			rv_chain_free(there);
	}
	return 0;
}

static int add_rules(struct message *m, struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			const struct rv_change change = {
				.kind = RV_CHANGE_ADD_RULE, .table = t, .chain = c, .rule = r,
			};

			if (add_change(m, &change))
				return -1;
		}
	}
	return 0;
}

static int finish_chains(struct message *m, struct rv_table *t, struct rv_table *cleared);

/* kernel: the table as it is there. */
static int stage_whole(struct message *m, struct rv_table *t, struct rv_table *kernel)
{
	const struct rv_change drop = { .kind = RV_CHANGE_CLEAR_TABLE, .table = t };
	const struct rv_change add = { .kind = RV_CHANGE_ADD_TABLE, .table = t };

	m->change = &drop;
	if (!t->exists)
		return kernel->exists ? stage_table(m, NFT_MSG_DELTABLE, 0) : 0;
	if (kernel->exists ? stage_no_rules(m) : add_change(m, &add))
		return -1;
	if (add_chains(m, t, kernel) || add_rules(m, t))
		return -1;
	return finish_chains(m, t, kernel);
}

static int finish_whole(struct rv_store *s, struct message *m, struct rv_table *t)
{
	struct rv_nft *n = s->priv;
	struct rv_ruleset scratch;
	struct rv_table *kernel;
	int rc;

	rv_ruleset_init(&scratch, s->rs.family);
	kernel = rv_ruleset_table(&scratch, t->def);
	rc = kernel ? s->backend->load_chains(s, kernel, NULL, m->err) : rv_fail_memory(m->err);
	n->fresh = NULL;
	if (!rc)
		rc = stage_whole(m, t, kernel);
	rv_ruleset_clear(&scratch);
	return rc;
}

/* ---- the interface to the store ------------------------------------------------------ */

int rv_nft_stage(struct rv_store *s, const struct rv_change *c, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct rv_nft_batch *b = &n->batch;
	struct message m = { .b = b, .family = s->rs.family, .change = c, .err = err };
	size_t len, nrecords;

	if (rv_nft_generation(&n->socket, err))
		return -1;
	if (!c->table->whole && is_beyond_kernel(b, c) && hold_table(s, c->table, err))
		return -1;
	if (c->table->whole) {
		note_change(c);
		return 0;
	}
	len = b->bytes.len;
	nrecords = b->nrecords;
	if (!stage_change(&m))
		return 0;
	/* Half a message must not be sent with the rest. */
	b->bytes.len = len;
	b->nrecords = nrecords;
	return -1;
}

void rv_nft_batch_init(struct rv_nft_batch *b, rv_family_t family)
{
	*b = (struct rv_nft_batch){ 0 };
	rv_ruleset_init(&b->cleared, family);
}

void rv_nft_batch_clear(struct rv_nft_batch *b)
{
	rv_buf_free(&b->bytes);
	free(b->records);
	free(b->renames);
	rv_ruleset_clear(&b->cleared);
	rv_nft_batch_init(b, b->cleared.family);
}

/* ---- what is written last ---------------------------------------------------------- */

static int last_change(struct message *m, enum rv_change_kind kind, struct rv_table *t,
		       struct rv_chain *c)
{
	struct rv_change change = { .kind = kind, .table = t, .chain = c,
				    .has_counters = c && c->held.has_counters };

	m->change = &change;
	switch (kind) {
	case RV_CHANGE_POLICY:
		return stage_base(m, 0);
	case RV_CHANGE_DEL_CHAIN:
		return stage_del_chain(m);
	default:
		return stage_table(m, NFT_MSG_DELTABLE, 0);
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

static int finish_chains(struct message *m, struct rv_table *t, struct rv_table *cleared)
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
	struct message m = { .b = &n->batch, .family = s->rs.family, .err = err };

	rv_list_each(t, &s->rs.tables, struct rv_table, node) {
		struct rv_table *cleared = cleared_table(&n->batch, t->def);

		if (t->whole) {
			if (finish_whole(s, &m, t))
				return -1;
			continue;
		}
		if (cleared && !t->exists ? last_change(&m, RV_CHANGE_CLEAR_TABLE, t, NULL)
					  : finish_chains(&m, t, cleared))
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
	rv_ruleset_clear(&s->rs);
	rv_ruleset_init(&s->rs, family);
}

/* Sends what is in the first store's buffer and, if there are two, is staged in both. */
static int send_batch(struct rv_store *s, struct rv_store *second, struct rv_error *err)
{
	struct rv_nft *n = s->priv, *n2 = second ? second->priv : NULL;
	struct rv_buf *b = &n->batch.bytes;
	size_t own = n->batch.nrecords, all = own + (n2 ? n2->batch.nrecords : 0);
	struct rv_nft_verdict v;

	put_message(b, NFNL_MSG_BATCH_END, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES, all + 1);
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
	return finish_tables(s, err) ? -1 : commit_one(s, err);
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

/* ---- what is staged for a chain ------------------------------------------------- */

struct rv_nft_view rv_nft_record_attrs(const struct rv_nft_batch *b,
				       const struct rv_nft_record *rec)
{
	const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	const unsigned char *at = (const unsigned char *)b->bytes.data + rec->offset;
	uint32_t len;

	memcpy(&len, at + offsetof(struct nlmsghdr, nlmsg_len), sizeof(len));
	return (struct rv_nft_view){ at + head, len - head };
}

const char *rv_nft_kernel_name(const struct rv_nft_batch *b, const struct rv_table_def *table,
			       const char *chain)
{
	for (size_t i = 0; i < b->nrenames; i++)
		if (b->renames[i].table == table && !strcmp(b->renames[i].to, chain))
			return b->renames[i].from;
	return chain;
}

void rv_nft_rename_jump(const struct rv_nft_batch *b, const struct rv_table_def *table,
			struct rv_rule *r)
{
	for (size_t i = 0; i < b->nrenames; i++) {
		if (b->renames[i].table == table && !strcmp(r->jump, b->renames[i].from)) {
			rv_chain_name_set(r->jump, b->renames[i].to);
			return;
		}
	}
}

/* A replayed message. */
struct replay {
	const struct rv_nft_batch *b;
	struct rv_chain *chain;
	const struct rv_nft_record *rec;
	struct nlmsghdr head;
	struct rv_nft_view attrs;
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_error *err;
};

/* The rule that two attributes name: by handle, or by number. */
static struct rv_rule *find_rule(const struct replay *p, unsigned int handle, unsigned int id)
{
	uint64_t h = 0;
	uint32_t n = 0;

	if (!rv_nft_get_u64(p->t[handle], &h) && !rv_nft_get_u32(p->t[id], &n))
		return NULL;
	rv_list_each(r, &p->chain->rules, struct rv_rule, node)
		if (h ? r->handle == h : r->id == n)
			return r;
	return NULL;
}

static void remove_rule(struct rv_chain *c, struct rv_rule *r)
{
	rv_chain_remove_rule(c, r);
	rv_rule_free(r);
}

static struct rv_rule *first_rule(struct rv_chain *c)
{
	return rv_list_empty(&c->rules) ? NULL : rv_entry(c->rules.next, struct rv_rule, node);
}

static int replay_new(struct replay *p)
{
	struct rv_nft_place place;
	rv_family_t family = p->chain->table->ruleset->family;
	struct rv_rule *r = rv_nft_rule_of(family, p->attrs, &place, p->err);
	struct rv_rule *pos = NULL, *old = NULL;

	if (!r)
		return -1;
	r->handle = 0;
	r->loc = p->rec->loc;
	rv_nft_get_u32(p->t[NFTA_RULE_ID], &r->id);
	rv_nft_rename_jump(p->b, p->chain->table->def, r);
	if (p->head.nlmsg_flags & NLM_F_REPLACE)
		pos = old = find_rule(p, NFTA_RULE_HANDLE, NFTA_RULE_HANDLE);
	else if (p->t[NFTA_RULE_POSITION].data || p->t[NFTA_RULE_POSITION_ID].data)
		pos = find_rule(p, NFTA_RULE_POSITION, NFTA_RULE_POSITION_ID);
	else if (!(p->head.nlmsg_flags & NLM_F_APPEND))
		pos = first_rule(p->chain);
	rv_chain_add_rule(p->chain, r, pos);
	if (old)
		remove_rule(p->chain, old);
	return 0;
}

static void replay_del(struct replay *p)
{
	struct rv_rule *r;

	if (!p->t[NFTA_RULE_HANDLE].data && !p->t[NFTA_RULE_ID].data) {
		rv_chain_flush(p->chain);
		return;
	}
	r = find_rule(p, NFTA_RULE_HANDLE, NFTA_RULE_ID);
	if (r)
		remove_rule(p->chain, r);
}

static int replay_record(struct replay *p)
{
	memcpy(&p->head, p->b->bytes.data + p->rec->offset, sizeof(p->head));
	p->attrs = rv_nft_record_attrs(p->b, p->rec);
	rv_nft_attr_table(p->attrs, p->t, NFTA_RULE_MAX + 1);
	switch (p->head.nlmsg_type & 0xff) {
	case NFT_MSG_NEWRULE:
		return replay_new(p);
	case NFT_MSG_DELRULE:
		replay_del(p);
		break;
	}
	return 0;
}

int rv_nft_replay(const struct rv_nft_batch *b, struct rv_chain *chain, struct rv_error *err)
{
	struct replay p = { .b = b, .chain = chain, .err = err };

	for (size_t i = 0; i < b->nrecords; i++) {
		p.rec = &b->records[i];
		if (p.rec->table == chain->table->def && p.rec->chain == chain->handle &&
		    replay_record(&p))
			return -1;
	}
	return 0;
}
