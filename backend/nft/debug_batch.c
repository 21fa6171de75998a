/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the messages of a transaction for a second and third -v. */
#include <stdio.h>
#include <stdlib.h>

#include "debug_dump.h"
#include "nft.h"

/* Prints a message with libmnl. Stock numbers the messages of a batch from 1, we from 0. */
static void say_bytes(struct rv_buf *b, const struct nlmsghdr *nlh)
{
	struct nlmsghdr *copy = malloc(nlh->nlmsg_len);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f && copy) {
		memcpy(copy, nlh, nlh->nlmsg_len);
		copy->nlmsg_seq++;
		mnl_nlmsg_fprintf(f, copy, copy->nlmsg_len, sizeof(struct nfgenmsg));
	}
	b->failed = b->failed || !f || !copy;
	if (f && fclose(f) == 0)
		rv_buf_add(b, text, len);
	free(text);
	free(copy);
}

struct deleted {
	uint64_t handle;
	struct rv_buf *b;
};

static int see_deleted(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct deleted *d = arg;
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_place place;

	if (rv_nft_place_of(attrs, t, &place, err))
		return -1;
	return place.handle == d->handle ? rv_nft_explain_rule(attrs, d->b, err) : 0;
}

/* The handle of the rule that a message deletes, or 0. */
static uint64_t handle_of(const struct nlmsghdr *nlh, const struct rv_nft_view *t)
{
	uint64_t handle;

	if ((nlh->nlmsg_type & 0xff) != NFT_MSG_DELRULE)
		return 0;
	return rv_nft_get_u64(t[NFTA_RULE_HANDLE], &handle) ? handle : 0;
}

/* A deleted rule is identified only by its handle: it is read from the kernel. */
static int say_record(struct rv_store *s, const struct rv_nft_record *rec, struct rv_error *err)
{
	const struct rv_nft_batch *batch = &((struct rv_nft *)s->priv)->batch;
	const struct nlmsghdr *nlh = (const void *)(batch->bytes.data + rec->offset);
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct deleted d = { .b = s->explain.staged };

	rv_nft_attr_table(rv_nft_record_attrs(batch, rec), t, NFTA_RULE_MAX + 1);
	d.handle = handle_of(nlh, t);
	if (!d.handle)
		rv_nft_explain_message(d.b, nlh);
	else if (rv_nft_ask_rules(s, rv_nft_get_text(t[NFTA_RULE_TABLE]),
				  rv_nft_get_text(t[NFTA_RULE_CHAIN]), see_deleted, NULL, &d,
				  err))
		return -1;
	if (s->explain.bytes)
		say_bytes(d.b, nlh);
	return 0;
}

/* Index in the order of sending, as far as known. */
static size_t in_order(const struct rv_nft_batch *b, size_t i)
{
	size_t front = b->first_back - b->first_front;

	if (i >= b->first_back)
		return i;
	return i < front ? b->first_front + i : i - front;
}

int rv_nft_explain(struct rv_store *s, struct rv_error *err)
{
	struct rv_nft_batch *batch = &((struct rv_nft *)s->priv)->batch;
	bool at_once = !batch->explained && batch->front;

	if (!rv_nft_can_explain(s, err))
		return 0;
	for (; batch->explained < batch->nrecords; batch->explained++) {
		size_t i = at_once ? in_order(batch, batch->explained) : batch->explained;

		if (say_record(s, &batch->records[i], err))
			return -1;
	}
	return rv_buf_ok(s->explain.staged) ? 0 : rv_fail_memory(err);
}
