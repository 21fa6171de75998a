/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One transaction, between the files that write it. */
#ifndef RAVELIN_NFT_BATCH_H
#define RAVELIN_NFT_BATCH_H

#include "nft.h"

/* What a message is for, while it is being written. */
struct rv_nft_message {
	struct rv_nft_batch *b;
	rv_family_t family;
	const struct rv_change *change;
	struct rv_error *err;
	size_t start;
};

/* The same message for another change, which may be a local variable: the copy ends with it. */
static inline struct rv_nft_message rv_nft_message_for(const struct rv_nft_message *m,
						       const struct rv_change *change)
{
	struct rv_nft_message copy = *m;

	copy.change = change;
	return copy;
}

/* Appends the head of a message: its length is filled in when it ends. seq counts from 1. */
void rv_nft_put_message(struct rv_buf *b, uint16_t type, uint16_t flags, rv_family_t family,
			uint16_t res_id, uint32_t seq);
void rv_nft_end_message(struct rv_buf *b, size_t start);

/*
 * Each writes the message or messages of m->change. Return 0, or -1 with m->err set: then half
 * a message may stand at the end of the buffer.
 */
int rv_nft_stage_change(struct rv_nft_message *m);
int rv_nft_start_message(struct rv_nft_message *m, uint8_t type, uint16_t flags);
int rv_nft_finish_message(struct rv_nft_message *m);
int rv_nft_stage_table(struct rv_nft_message *m, uint8_t type, uint16_t flags);
int rv_nft_stage_base(struct rv_nft_message *m, uint16_t flags);
int rv_nft_stage_del_chain(struct rv_nft_message *m);
/* Deletes the chains that no line can name. */
int rv_nft_stage_unnamed(const struct rv_nft_message *message, struct rv_table *t);
/* held: the table with the chains that the kernel has. */
int rv_nft_stage_no_rules(struct rv_nft_message *m, const struct rv_table *held);

/* For a rule that is an object: messages of the sets and chains that are its own. Else nothing. */
int rv_nft_object_stage_own(struct rv_nft_message *m, const struct rv_rule *r);
/* The attributes of the rule's message that say what it does. */
int rv_nft_object_write(struct rv_nft_message *m, const struct rv_rule *r);

/* Notes the object in the record of the message that has been started. */
void rv_nft_object_note(struct rv_nft_message *m, const struct rv_rule *r);

/* The table if a restore has cleared it in this transaction, or NULL. */
struct rv_table *rv_nft_cleared(const struct rv_nft_batch *b, const struct rv_table_def *def);

/*
 * A table that was kept back: what is to be written is staged, and what the kernel has beyond
 * that is put where a restore leaves what it cleared.
 */
int rv_nft_stage_whole(struct rv_store *s, struct rv_nft_message *m, struct rv_table *t);

#endif
