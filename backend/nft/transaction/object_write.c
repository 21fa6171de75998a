/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes objects to a transaction: first the messages for their sets and chains, then the one for
 * the rule.
 */
#include "batch.h"
#include "backend/nft/wire/object.h"

/* A message being copied to the transaction. */
struct writing {
	struct rv_nft_batch *b;
	const struct rv_table_def *table;
	const struct rv_rule *rule;
};

/*
 * Returns the first free ID for sets and chains. IDs are unique in a transaction, of both families.
 */
static uint32_t base_number(const struct rv_nft_message *m)
{
	return (uint32_t)rv_family_index(m->family) << 31 | m->b->numbers;
}

static uint64_t first_counter(const struct rv_rule *r, uint16_t type)
{
	return type == NFTA_COUNTER_BYTES ? r->counters.bytes : r->counters.packets;
}

static void write_chain(struct rv_nft_copier *c, const struct writing *w, uint16_t type, const char *name)
{
	if (!rv_nft_is_sayable(name))
		w->b->names_unnamed |= rv_nft_table_bit(w->table);
	rv_nft_put_text(c->out, type, rv_nft_kernel_name(w->b, w->table, name));
}

static int write_spot(struct rv_nft_copier *c, enum rv_nft_spot spot, uint16_t type,
		      struct rv_nft_view v)
{
	const struct writing *w = c->arg;
	uint32_t n;

	switch (spot) {
	case RV_NFT_SPOT_SET_ID:
	case RV_NFT_SPOT_CHAIN_ID:
		if (!rv_nft_get_u32(v, &n))
			return -1;
		rv_nft_put_u32(c->out, type, w->b->base + n);
		return 0;
	case RV_NFT_SPOT_CHAIN:
		write_chain(c, w, type, rv_nft_get_text(v));
		return 0;
	case RV_NFT_SPOT_STATE:
		if (!rv_nft_in_first_counter(c))
			break;
		rv_nft_put_u64(c->out, type, first_counter(w->rule, type));
		return 0;
	default:
		break;
	}
	rv_nft_put(c->out, type, v.data, v.len);
	return 0;
}

/*
 * Returns the object's bytes. If the rule's counters are to be zeroed, all counters and other
 * counts in it start at 0, not only the first counter.
 */
static const struct rv_bytes *bytes_of(const struct rv_rule *r)
{
	const struct rv_nft_object *o = rv_nft_object_of(r);

	return r->counted ? o->counted : o->rule;
}

static int write_attrs(struct rv_nft_message *m, const struct rv_nft_attr *a, const struct rv_rule *r)
{
	struct writing w = { .b = m->b, .table = m->change->table->def, .rule = r };
	struct rv_nft_copier c = {
		.out = &m->b->bytes, .spot = write_spot, .arg = &w, .outer = a->type == NFT_MSG_NEWRULE,
	};

	if (!rv_nft_copy_level(&c, rv_nft_message_level(a->type), a->value))
		return 0;
	return rv_fail(m->err, RV_ERR_PROBLEM, &r->loc, "the rule is malformed");
}

/* ---- what is the rule's own -------------------------------------------------------------- */

static const struct own_message {
	uint16_t type, flags, table, flags_attr;
	uint32_t flags_value;
} own_messages[] = {
	{ NFT_MSG_NEWSET, NLM_F_CREATE, NFTA_SET_TABLE, 0, 0 },
	{ NFT_MSG_NEWSETELEM, NLM_F_CREATE, NFTA_SET_ELEM_LIST_TABLE, 0, 0 },
	{ NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFTA_CHAIN_TABLE, NFTA_CHAIN_FLAGS, NFT_CHAIN_BINDING },
	{ NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NFTA_RULE_TABLE, 0, 0 },
};

static const struct own_message *own_message(uint16_t type)
{
	for (size_t i = 0; i < sizeof(own_messages) / sizeof(*own_messages); i++)
		if (own_messages[i].type == type)
			return &own_messages[i];
	return NULL;
}

void rv_nft_object_note(struct rv_nft_message *m, const struct rv_rule *r)
{
	const char *chain = m->change->chain->name;
	const struct rv_bytes *name = rv_bytes_keep(chain, strlen(chain));
	struct rv_nft_record *rec = &m->b->records[m->b->nrecords];

	rec->object = rv_nft_object_of(r)->counted;
	rec->in = name ? (const char *)name->data : "";
}

static int stage_message(struct rv_nft_message *m, const struct rv_nft_attr *a, const struct rv_rule *r)
{
	const struct own_message *own = own_message(a->type);
	struct rv_buf *b = &m->b->bytes;

	if (rv_nft_start_message(m, a->type, own->flags))
		return -1;
	rv_nft_put_text(b, own->table, m->change->table->def->name);
	if (own->flags_attr)
		rv_nft_put_u32(b, own->flags_attr, own->flags_value);
	rv_nft_object_note(m, r);
	return write_attrs(m, a, r) ? -1 : rv_nft_finish_message(m);
}

static bool is_last(const struct rv_nft_walk *w)
{
	return !w->rest.len;
}

/* The last attribute is the rule. */
int rv_nft_object_stage_own(struct rv_nft_message *m, const struct rv_rule *r)
{
	const struct rv_nft_object *o = rv_nft_object_of(r);
	const struct rv_bytes *bytes;
	struct rv_nft_walk w;
	struct rv_nft_attr a;

	if (!o)
		return 0;
	bytes = bytes_of(r);
	w = rv_nft_attrs((struct rv_nft_view){ bytes->data, bytes->len });
	m->b->base = base_number(m);
	while (rv_nft_next(&w, &a) && !is_last(&w)) {
		m->b->numbers++;
		if (stage_message(m, &a, r))
			return -1;
	}
	return 0;
}

/* ---- the rule ------------------------------------------------------------------------------ */

int rv_nft_object_write(struct rv_nft_message *m, const struct rv_rule *r)
{
	const struct rv_bytes *bytes = bytes_of(r);
	struct rv_nft_view v = { bytes->data, bytes->len }, t[NFTA_RULE_MAX + 1];
	struct rv_nft_walk w = rv_nft_attrs(v);
	struct rv_nft_attr a = { 0 };

	while (rv_nft_next(&w, &a) && !is_last(&w))
		;
	if (write_attrs(m, &a, r))
		return -1;
	if (rv_nft_attr_table(a.value, t, NFTA_RULE_MAX + 1))
		rv_nft_object_compat(&m->b->bytes, m->family, t[NFTA_RULE_EXPRESSIONS]);
	return rv_buf_ok(&m->b->bytes) ? 0 : rv_fail_memory(m->err);
}
