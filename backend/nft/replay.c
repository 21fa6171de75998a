/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chain as it is with all that is staged for it: the messages of the transaction, read again. */
#include "nft.h"

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
	struct rv_rule *r = rv_nft_rule_of(NULL, family, p->attrs, &place, p->err);
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
