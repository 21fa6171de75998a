/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Appends messages to a transaction and records the change of each. */
#include <stdlib.h>

#include "batch.h"

#define FIRST_RECORDS 64

/* The generation is filled in when the batch is sent. */
static void put_begin(struct rv_buf *b)
{
	rv_nft_put_message(b, NFNL_MSG_BATCH_BEGIN, 0, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES, 0);
	rv_nft_put_u32(b, NFNL_BATCH_GENID, 0);
	rv_nft_end_message(b, 0);
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

int rv_nft_start_message(struct rv_nft_message *m, uint8_t type, uint16_t flags)
{
	struct rv_nft_record *rec = new_record(m->b, m->err);
	const struct rv_change *c = m->change;

	if (!rec)
		return -1;
	if (!m->b->bytes.len)
		put_begin(&m->b->bytes);
	if (m->b->bytes.len > INT32_MAX)
		return rv_fail(m->err, RV_ERR_RESOURCE, NULL, "the transaction is too large");
	m->start = m->b->bytes.len;
	*rec = (struct rv_nft_record){
		.chain = c->chain ? c->chain->handle : 0, .offset = m->start,
		.loc = c->rule ? c->rule->loc : c->loc,
		.kind = c->kind, .table = c->table->def,
	};
	rv_nft_put_message(&m->b->bytes, NFNL_SUBSYS_NFTABLES << 8 | type, flags, m->family, 0,
			   m->b->nrecords + 1);
	return 0;
}

int rv_nft_finish_message(struct rv_nft_message *m)
{
	rv_nft_end_message(&m->b->bytes, m->start);
	if (!rv_buf_ok(&m->b->bytes))
		return rv_fail_memory(m->err);
	m->b->nrecords++;
	return 0;
}

struct rv_table *rv_nft_cleared(const struct rv_nft_batch *b, const struct rv_table_def *def)
{
	rv_list_each(t, &b->cleared.tables, struct rv_table, node)
		if (t->def == def)
			return t;
	return NULL;
}

struct rv_nft_view rv_nft_record_attrs(const struct rv_nft_batch *b,
				       const struct rv_nft_record *rec)
{
	const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	const unsigned char *at = (const unsigned char *)b->bytes.data + rec->offset;
	uint32_t len;

	memcpy(&len, at + offsetof(struct nlmsghdr, nlmsg_len), sizeof(len));
	return (struct rv_nft_view){ at + head, len - head };
}

void rv_nft_traces_clear(struct rv_nft_traces *t)
{
	rv_map_free(&t->chains);
	free(t->next);
	*t = (struct rv_nft_traces){ 0 };
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
	rv_nft_renames_clear(&b->renames);
	rv_nft_traces_clear(&b->traces);
	rv_ruleset_clear(&b->cleared);
	for (size_t i = 0; i < RV_TABLE_DEFS; i++)
		rv_buf_free(&b->unnamed[i]);
	rv_nft_batch_init(b, b->cleared.family);
}
