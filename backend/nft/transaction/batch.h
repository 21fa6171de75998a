/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transaction: changes are written as messages (batch.c, record.c), chains with the staged
 * changes are read from these messages (staged_view.c), and commit.c sends them.
 */
#ifndef RAVELIN_NFT_BATCH_H
#define RAVELIN_NFT_BATCH_H

#include <ravelin/store.h>

#include "backend/nft/decode/decode.h"
#include "backend/nft/encode/encode.h"

/* ---- one transaction: batch.c, table_rewrite.c, commit.c, staged_view.c ----------------------- */

/* The change that a message belongs to; the message's sequence number is the index + 1. */
struct rv_nft_record {
	const struct rv_table_def *table;	/* chain handles are unique per table */
	uint64_t chain;			/* rv_chain.handle, as staged */
	uint32_t offset;		/* of the message in the batch */
	struct rv_loc loc;
	const struct rv_bytes *object;	/* the rule's object, or NULL */
	const char *in;			/* name of its chain */
	uint8_t kind;			/* enum rv_change_kind */
};

/*
 * A chain renamed in this transaction. Until the commit, the kernel knows only the old name, so all
 * messages use it; the IR has the new one.
 */
#define RV_NFT_RENAMED_BY 3		/* lookups: by old name, new name, chain */

struct rv_nft_rename {
	struct rv_nft_rename *next[RV_NFT_RENAMED_BY];
	const struct rv_table_def *table;
	uint64_t chain;
	char from[RV_CHAIN_NAME_LEN], to[RV_CHAIN_NAME_LEN];
};

struct rv_nft_renames {
	struct rv_nft_rename **slots[RV_NFT_RENAMED_BY];
	uint32_t nslots, count;
	uint32_t of_table[RV_TABLE_DEFS];
};

/* The records of each chain, as far as requested: staged_view.c. */
struct rv_nft_traces {
	struct rv_map chains;
	uint32_t *next;			/* by record: number of its chain's next record, from 1 */
	size_t count, room;		/* records indexed so far */
};

struct rv_nft_batch {
	struct rv_buf bytes;
	struct rv_nft_record *records;
	size_t nrecords, room;
	struct rv_nft_traces traces;
	struct rv_nft_renames renames;
	uint64_t nchains;		/* chains created in this transaction */
	/*
	 * Offsets in bytes: staged changes come first, then what rv_nft_commit() adds: messages
	 * from `front', which are sent first, and messages from `back', which are sent last. 0: not
	 * written yet.
	 */
	size_t front, back;
	size_t first_front, first_back;	/* front and back as record numbers */
	/* rules created in this transaction; messages refer to them by number */
	uint32_t nrules;
	/* IDs of objects' sets and chains; base of the current object */
	uint32_t numbers, base;
	size_t explained;		/* records that rv_nft_explain() has printed */
	/*
	 * the result depends on data read before, which the kernel does not check: bind to a
	 * generation
	 */
	bool depends;
	/*
	 * Tables cleared by a restore, with the user chains that it does not declare again. These
	 * chains are flushed at once and deleted last, see rv_nft_commit().
	 */
	struct rv_ruleset cleared;
	/*
	 * unnamed, by table: names of chains that iptables cannot express, each with its NUL.
	 * names_unnamed, bits: tables with a rule in this transaction that refers to such a chain.
	 */
	struct rv_buf unnamed[RV_TABLE_DEFS];
	uint32_t names_unnamed;
	/* bits: tables whose profile is known; those in profile fast */
	uint32_t asked, fast;
	uint32_t dormant;		/* bits: tables to be created dormant: fast/exchange.c */
};

/* Chains without a kernel handle yet: numbered by the backend, with this bit. */
#define RV_NFT_NEW_CHAIN (UINT64_C(1) << 63)

struct rv_nft {
	struct rv_nft_socket socket;
	struct rv_nft_batch batch;
	const void *fresh;		/* table or chain whose reference counts were just read */
	struct {
		uint32_t asked;		/* chains requested one by one */
		bool known;		/* the table was requested */
		uint32_t has;		/* number of the table's chains and sets */
	} tables[RV_TABLE_DEFS];
	struct rv_nft_aside aside;
	bool asked_reset, can_reset;	/* the kernel knows NFT_MSG_GETRULE_RESET */
	/* Warns if rules of the table behave differently from iptables rules. */
	int (*warn)(struct rv_store *s, struct rv_table *t, struct rv_error *err);
	struct rv_nft_reset *resets;	/* to be executed after the commit */
	size_t nresets, reset_room;
	struct rv_fast_table *fast[RV_TABLE_DEFS];	/* tables of profile fast as they were read */
	struct rv_buf noted;		/* rules to zero after the commit: fast/reset.c */
	bool asked_element_reset, can_reset_elements;
	struct rv_buf garbage;		/* objects to delete after a commit: fast/publish.c */
};

/* The name of a table in the kernel, which depends on its profile: fast/profile.c. */
const char *rv_nft_table_name(const struct rv_nft_batch *b, const struct rv_table_def *def);

/* ---- counters back to zero: zero.c ---- */

/* A rule whose counters are to be read and zeroed. */
struct rv_nft_reset {
	const struct rv_table_def *table;
	const char *in;			/* the table's name in the kernel */
	char chain[32];			/* its name in the kernel; in profile fast also a leaf */
	uint64_t handle;
	struct rv_rule *rule;		/* receives the counters; NULL: discarded */
	uint32_t of;			/* number of rules in the chain if all are zeroed, else 0 */
	bool counted;			/* the counters were not 0 when read */
	bool done;
};

int rv_nft_reset(rv_family_t family, struct rv_nft_reset *list, size_t count, struct rv_error *err);
bool rv_nft_can_reset(struct rv_nft *n, rv_family_t family);
/*
 * rv_nft_note_reset() records that c->pos, a rule in the kernel, is to be zeroed;
 * rv_nft_reset_noted() zeroes the recorded rules.
 */
int rv_nft_note_reset(struct rv_nft *n, const struct rv_change *c, struct rv_error *err);
int rv_nft_reset_noted(struct rv_nft *n, rv_family_t family, struct rv_error *err);
void rv_nft_forget_resets(struct rv_nft *n);
/* rv_backend.take */
int rv_nft_take(struct rv_store *s, struct rv_table *t, struct rv_chain *only, struct rv_rule *one,
		struct rv_error *err);

int rv_nft_stage(struct rv_store *s, const struct rv_change *c, struct rv_error *err);
int rv_nft_commit(struct rv_store *s, struct rv_error *err);
/* Commits two stores, of different families, in one transaction. */
int rv_nft_commit_all(struct rv_store *const *stores, size_t n, struct rv_error *err);
void rv_nft_batch_init(struct rv_nft_batch *b, rv_family_t family);
void rv_nft_batch_clear(struct rv_nft_batch *b);
/* Removes the messages of a table, and its renames, from the batch. */
void rv_nft_batch_drop(struct rv_nft_batch *b, const struct rv_table_def *table);

/* ---- chains with another name: rename.c ---- */

/* Records that the chain is renamed. Returns false without memory. */
bool rv_nft_rename(struct rv_nft_batch *b, const struct rv_chain *c, const char *name);
/* Removes the renaming of a deleted chain, or all renamings in a table, from the batch. */
void rv_nft_forget_rename(struct rv_nft_batch *b, const struct rv_chain *c);
void rv_nft_forget_renames(struct rv_nft_batch *b, const struct rv_table_def *table);
void rv_nft_renames_clear(struct rv_nft_renames *all);
/* Returns whether a chain renamed in this transaction had this name. */
bool rv_nft_is_old_name(const struct rv_nft_batch *b, const struct rv_table_def *table,
			const char *name);
bool rv_nft_has_renames(const struct rv_nft_batch *b, const struct rv_table_def *table);
/* Returns the name to use for the chain in messages. */
const char *rv_nft_kernel_name(const struct rv_nft_batch *b, const struct rv_table_def *table,
			       const char *chain);
/* In a rule read from the kernel or the batch, changes the jump to the chain's new name. */
void rv_nft_rename_jump(const struct rv_nft_batch *b, const struct rv_table_def *table,
			struct rv_rule *r);
/* Does so for chains that matches and targets jump to. Returns 0, or -1 if memory ran out. */
int rv_nft_rename_parts(const struct rv_nft_batch *b, const struct rv_table_def *table,
			struct rv_rule *r);

/* Applies the chain's staged changes to chain->rules, which were read from the kernel. */
int rv_nft_replay(struct rv_nft_batch *b, struct rv_chain *chain, struct rv_error *err);
/* Sets *flushed if a staged change deletes all rules that the chain has in the kernel. */
int rv_nft_is_flushed(struct rv_nft_batch *b, const struct rv_chain *chain, bool *flushed,
		      struct rv_error *err);
void rv_nft_traces_clear(struct rv_nft_traces *t);
/* The attributes of a record's message. */
struct rv_nft_view rv_nft_record_attrs(const struct rv_nft_batch *b,
				       const struct rv_nft_record *rec);

/* Returns the table's bit in rv_store.replace and in the fields of rv_nft_batch. */
static inline uint32_t rv_nft_table_bit(const struct rv_table_def *def)
{
	return UINT32_C(1) << (def - rv_table_defs);
}

/* ---- errors: error.c ----------------------------------------------------------- */

/* Sets err to the reason why the kernel rejected message v->seq. Returns -1. */
int rv_nft_refused(struct rv_store *s, const struct rv_nft_verdict *v, struct rv_error *err);

/* ---- a transaction that replaces base chains: commit.c ----------------------------- */

/*
 * A table that exists only within a transaction that creates base chains again. Their policy is
 * ACCEPT until the kernel executes the message that sets it; meanwhile this table drops packets at
 * the hooks that will have policy DROP, before connection tracking.
 */
#define RV_NFT_GUARD_TABLE "ravelin-guard"

/* ---- writing messages -------------------------------------------- */

/* A message being written, and the change that it belongs to. */
struct rv_nft_message {
	struct rv_nft_batch *b;
	rv_family_t family;
	const struct rv_change *change;
	struct rv_error *err;
	size_t start;
};

/* Returns a message for another change, which must exist as long as the message. */
static inline struct rv_nft_message rv_nft_message_for(const struct rv_nft_message *m,
						       const struct rv_change *change)
{
	struct rv_nft_message copy = *m;

	copy.change = change;
	return copy;
}

/*
 * Each function writes the messages for m->change. Returns 0, or -1 with m->err set; then the
 * buffer may end with an incomplete message.
 */
int rv_nft_stage_change(struct rv_nft_message *m);
int rv_nft_start_message(struct rv_nft_message *m, uint8_t type, uint16_t flags);
int rv_nft_finish_message(struct rv_nft_message *m);
int rv_nft_stage_table(struct rv_nft_message *m, uint8_t type, uint16_t flags);
int rv_nft_stage_base(struct rv_nft_message *m, uint16_t flags);
int rv_nft_stage_del_chain(struct rv_nft_message *m);
/* Deletes the chains that iptables cannot express. */
int rv_nft_stage_unnamed(const struct rv_nft_message *message, struct rv_table *t);
/* Deletes all rules of the table. held: the table with the chains that exist in the kernel. */
int rv_nft_stage_no_rules(struct rv_nft_message *m, const struct rv_table *held);

/*
 * Writes messages for the sets and chains of a rule that is an object; nothing for other rules.
 */
int rv_nft_object_stage_own(struct rv_nft_message *m, const struct rv_rule *r);
/* Writes the attributes that define what the rule does. */
int rv_nft_object_write(struct rv_nft_message *m, const struct rv_rule *r);

/* Stores the object in the record of the started message. */
void rv_nft_object_note(struct rv_nft_message *m, const struct rv_rule *r);

/* Appends the names of sets, chains and objects that the rule uses and the kernel does not have. */
void rv_nft_object_lacks(struct rv_buf *b, struct rv_nft_socket *n, rv_family_t family,
			 const struct rv_table *table, const struct rv_bytes *object);

/* Returns the table if a restore has cleared it in this transaction, else NULL. */
struct rv_table *rv_nft_cleared(const struct rv_nft_batch *b, const struct rv_table_def *def);

/* Stages a table kept in memory; chains that only the kernel has are moved to `cleared'. */
int rv_nft_stage_whole(struct rv_store *s, struct rv_nft_message *m, struct rv_table *t);

#endif
