/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Applies the staged changes of a chain, by reading the transaction's messages again.
 *
 * The index of messages by chain is built when a chain is first requested, and extended later:
 * transactions that request none do not pay for it.
 */
#include <stdlib.h>

#include "backend/nft/wire/object.h"
#include "batch.h"

/* ---- which messages are about a chain ------------------------------------------ */

/* Returns a chain's value in the map: the numbers of its first and last record, from 1. */
static uint64_t pack(uint32_t first, uint32_t last)
{
	return (uint64_t)first << 32 | last;
}

static uint32_t first_of(uint64_t v)
{
	return v >> 32;
}

static uint64_t chain_key(const struct rv_table_def *table, uint64_t chain)
{
	return chain ^ (uint64_t)(table - rv_table_defs) << 48;
}

static uint8_t message_type(const struct rv_nft_batch *b, const struct rv_nft_record *rec)
{
	struct nlmsghdr head;

	memcpy(&head, b->bytes.data + rec->offset, sizeof(head));
	return head.nlmsg_type & 0xff;
}

/* Returns whether the record flushes the chain, so that earlier ones have no effect. */
static bool is_flush(const struct rv_nft_batch *b, const struct rv_nft_record *rec)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];

	return message_type(b, rec) == NFT_MSG_DELRULE &&
	       rv_nft_attr_table(rv_nft_record_attrs(b, rec), t, NFTA_RULE_MAX + 1) &&
	       t[NFTA_RULE_CHAIN].data && !t[NFTA_RULE_HANDLE].data && !t[NFTA_RULE_ID].data;
}

static bool trace(struct rv_nft_batch *b, uint32_t number)
{
	const struct rv_nft_record *rec = &b->records[number - 1];
	struct rv_nft_traces *t = &b->traces;
	uint64_t *of = rv_map_put(&t->chains, chain_key(rec->table, rec->chain));

	if (!of)
		return false;
	t->next[number - 1] = 0;
	if (!*of || is_flush(b, rec)) {
		*of = pack(number, number);
		return true;
	}
	t->next[(uint32_t)*of - 1] = number;
	*of = pack(first_of(*of), number);
	return true;
}

/* Indexes the records added since the last call. */
static int know_traces(struct rv_nft_batch *b, struct rv_error *err)
{
	struct rv_nft_traces *t = &b->traces;
	uint32_t *next;

	if (t->count > b->nrecords)
		rv_nft_traces_clear(t);
	if (t->room < b->room) {
		next = realloc(t->next, b->room * sizeof(*next));
		if (!next)
			return rv_fail_memory(err);
		t->next = next;
		t->room = b->room;
	}
	while (t->count < b->nrecords) {
		if (!trace(b, t->count + 1))
			return rv_fail_memory(err);
		t->count++;
	}
	return 0;
}

static uint32_t first_message(const struct rv_nft_batch *b, const struct rv_chain *c)
{
	const uint64_t *of = rv_map_get(&b->traces.chains, chain_key(c->table->def, c->handle));

	return of ? first_of(*of) : 0;
}

int rv_nft_is_flushed(struct rv_nft_batch *b, const struct rv_chain *chain, bool *flushed,
		      struct rv_error *err)
{
	uint32_t first;

	if (know_traces(b, err))
		return -1;
	first = first_message(b, chain);
	*flushed = first && is_flush(b, &b->records[first - 1]);
	return 0;
}

/* ---- replaying them --------------------------------------------------------------- */

/* A message being replayed. */
struct replay {
	const struct rv_nft_batch *b;
	struct rv_chain *chain;
	struct rv_map rules;		/* addresses of rules by handle or number; 0: deleted */
	const struct rv_nft_record *rec;
	struct nlmsghdr head;
	struct rv_nft_view attrs;
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_error *err;
};

/* Returns the key for a handle or number; both start at 1. */
static uint64_t rule_key(uint64_t handle, uint32_t id)
{
	return handle ? handle : id | UINT64_C(1) << 63;
}

static int note_rule(struct replay *p, struct rv_rule *r)
{
	uint64_t *at = rv_map_put(&p->rules, rule_key(r->handle, r->id));

	if (!at)
		return rv_fail_memory(p->err);
	*at = (uintptr_t)r;
	return 0;
}

/* Returns the rule that a message refers to by handle or number. */
static struct rv_rule *find_rule(const struct replay *p, unsigned int handle, unsigned int id)
{
	const uint64_t *at;
	uint64_t h = 0;
	uint32_t n = 0;

	if (!rv_nft_get_u64(p->t[handle], &h) && !rv_nft_get_u32(p->t[id], &n))
		return NULL;
	at = rv_map_get(&p->rules, rule_key(h, n));
	return at ? (struct rv_rule *)(uintptr_t)*at : NULL;
}

static void remove_rule(struct replay *p, struct rv_rule *r)
{
	uint64_t *at = rv_map_get(&p->rules, rule_key(r->handle, r->id));

	if (at)
		*at = 0;
	rv_chain_remove_rule(p->chain, r);
	rv_rule_free(r);
}

static struct rv_rule *first_rule(struct rv_chain *c)
{
	return rv_list_empty(&c->rules) ? NULL : rv_entry(c->rules.next, struct rv_rule, node);
}

/* Makes the rule from the record's object: its sets and chains are in other messages. */
static struct rv_rule *rule_of_object(const struct replay *p, rv_family_t family)
{
	const struct rv_bytes *bytes = p->rec->object;
	struct rv_rule *r = rv_nft_object_rule(family, bytes->data, bytes->len, p->err);

	if (r)
		rv_nft_first_counter(p->t[NFTA_RULE_EXPRESSIONS], &r->counters);
	return r;
}

static int replay_new(struct replay *p)
{
	struct rv_nft_place place;
	rv_family_t family = p->chain->table->ruleset->family;
	struct rv_rule *r = p->rec->object ? rule_of_object(p, family) :
			    rv_nft_rule_staged(family, p->attrs, &place, p->err);
	struct rv_rule *pos = NULL, *old = NULL;

	if (!r)
		return -1;
	r->handle = 0;
	r->loc = p->rec->loc;
	rv_nft_get_u32(p->t[NFTA_RULE_ID], &r->id);
	rv_nft_rename_jump(p->b, p->chain->table->def, r);
	if (rv_nft_rename_parts(p->b, p->chain->table->def, r)) {
		rv_rule_free(r);
		return rv_fail_memory(p->err);
	}
	if (p->head.nlmsg_flags & NLM_F_REPLACE)
		pos = old = find_rule(p, NFTA_RULE_HANDLE, NFTA_RULE_HANDLE);
	else if (p->t[NFTA_RULE_POSITION].data || p->t[NFTA_RULE_POSITION_ID].data)
		pos = find_rule(p, NFTA_RULE_POSITION, NFTA_RULE_POSITION_ID);
	else if (!(p->head.nlmsg_flags & NLM_F_APPEND))
		pos = first_rule(p->chain);
	rv_chain_add_rule(p->chain, r, pos);
	if (old)
		remove_rule(p, old);
	return note_rule(p, r);
}

static void replay_del(struct replay *p)
{
	struct rv_rule *r;

	if (!p->t[NFTA_RULE_HANDLE].data && !p->t[NFTA_RULE_ID].data) {
		rv_chain_flush(p->chain);
		rv_map_free(&p->rules);
		return;
	}
	r = find_rule(p, NFTA_RULE_HANDLE, NFTA_RULE_ID);
	if (r)
		remove_rule(p, r);
}

static int replay_record(struct replay *p)
{
	memcpy(&p->head, p->b->bytes.data + p->rec->offset, sizeof(p->head));
	p->attrs = rv_nft_record_attrs(p->b, p->rec);
	rv_nft_attr_table(p->attrs, p->t, NFTA_RULE_MAX + 1);
	switch (p->head.nlmsg_type & 0xff) {
	case NFT_MSG_NEWRULE:
		/* Rules in an anonymous chain ("jump { ... }") are part of an object. */
		return p->t[NFTA_RULE_CHAIN_ID].data ? 0 : replay_new(p);
	case NFT_MSG_DELRULE:
		replay_del(p);
		break;
	}
	return 0;
}

int rv_nft_replay(struct rv_nft_batch *b, struct rv_chain *chain, struct rv_error *err)
{
	struct replay p = { .b = b, .chain = chain, .err = err };
	uint32_t number;
	int rc = know_traces(b, err);

	number = rc ? 0 : first_message(b, chain);
	if (number)
		rv_list_each(r, &chain->rules, struct rv_rule, node)
			rc = rc || note_rule(&p, r) ? -1 : 0;
	for (; !rc && number; number = b->traces.next[number - 1]) {
		p.rec = &b->records[number - 1];
		rc = replay_record(&p);
	}
	rv_map_free(&p.rules);
	return rc;
}
