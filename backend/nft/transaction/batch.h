/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transaction: changes become messages at once (batch.c, record.c), what a chain looks like with them
 * is read from the messages again (staged_view.c), and commit.c sends them.
 */
#ifndef RAVELIN_NFT_BATCH_H
#define RAVELIN_NFT_BATCH_H

#include <ravelin/store.h>

#include "backend/nft/decode/decode.h"
#include "backend/nft/encode/encode.h"

/* ---- one transaction: batch.c, table_rewrite.c, commit.c, staged_view.c ----------------------- */

/* What a message of the batch was made for; its sequence number is its index + 1. */
struct rv_nft_record {
	const struct rv_table_def *table;	/* the kernel counts handles of chains in each */
	uint64_t chain;			/* rv_chain.handle, as staged */
	uint32_t offset;		/* of the message in the batch */
	struct rv_loc loc;
	const struct rv_bytes *object;	/* of a rule that is one; NULL: it is not */
	const char *in;			/* name of its chain */
	uint8_t kind;			/* enum rv_change_kind */
};

/*
 * A chain got another name in this transaction. The kernel goes by the old one until it is
 * committed, so all messages have that; the IR has the new one.
 */
#define RV_NFT_RENAMED_BY 3		/* ways to find one: old name, new name, chain */

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

/* Which records are about a chain, as far as that was asked for: staged_view.c. */
struct rv_nft_traces {
	struct rv_map chains;
	uint32_t *next;			/* by record: the next one about its chain, from 1 */
	size_t count, room;		/* records that are taken in */
};

struct rv_nft_batch {
	struct rv_buf bytes;
	struct rv_nft_record *records;
	size_t nrecords, room;
	struct rv_nft_traces traces;
	struct rv_nft_renames renames;
	uint64_t nchains;		/* made in this transaction */
	/*
	 * Parts of bytes, by where they begin: staged changes come first, behind them stands what
	 * rv_nft_commit() adds. The kernel is given the front part first. 0: not written yet.
	 */
	size_t front, back;
	size_t first_front, first_back;	/* the same as numbers of records */
	uint32_t nrules;		/* the same; each has its number in messages that name it */
	uint32_t numbers, base;		/* given to sets and chains of objects; of the object at hand */
	size_t explained;		/* records that rv_nft_explain() has told */
	bool depends;			/* on what was read, in ways that the kernel does not check */
	/*
	 * What a restore cleared: its tables, with the user chains that nothing has declared
	 * again. They are emptied at once and deleted last, see rv_nft_commit().
	 */
	struct rv_ruleset cleared;
	/*
	 * Of each table, the names of chains that no line can name, each with its NUL; and, as bits, the
	 * tables with rules in this transaction that name such a chain.
	 */
	struct rv_buf unnamed[RV_TABLE_DEFS];
	uint32_t names_unnamed;
	uint32_t asked, fast;		/* tables whose profile is known; those in profile fast: bits */
	uint32_t dormant;		/* tables of profiles that are given, made without hooks: fast/exchange.c */
};

/* Handles of chains that the kernel has no handle for yet: the backend counts them itself. */
#define RV_NFT_NEW_CHAIN (UINT64_C(1) << 63)

struct rv_nft {
	struct rv_nft_socket socket;
	struct rv_nft_batch batch;
	const void *fresh;		/* table or chain whose references are as the kernel counts them */
	struct {
		uint32_t asked;		/* chains that were asked for one by one */
		bool known;		/* the table itself was asked for */
		uint32_t has;		/* chains and sets that it has */
	} tables[RV_TABLE_DEFS];
	struct rv_nft_aside aside;
	bool asked_reset, can_reset;	/* the kernel knows NFT_MSG_GETRULE_RESET */
	/* Warns if rules of the table do not act as those of iptables do. */
	int (*warn)(struct rv_store *s, struct rv_table *t, struct rv_error *err);
	struct rv_nft_reset *resets;	/* to be done once the transaction is committed */
	size_t nresets, reset_room;
	struct rv_fast_table *fast[RV_TABLE_DEFS];	/* tables of profile fast as they were read */
	struct rv_buf garbage;		/* of these, what a commit leaves behind: fast/publish.c */
};

/* The name of a table in the kernel, which depends on its profile: fast/profile.c. */
const char *rv_nft_table_name(const struct rv_nft_batch *b, const struct rv_table_def *def);

/* ---- counters back to zero: zero.c ---- */

/* A rule whose counters are to be read and zeroed. */
struct rv_nft_reset {
	const struct rv_table_def *table;
	char chain[RV_CHAIN_NAME_LEN];	/* as the kernel calls it */
	uint64_t handle;
	struct rv_rule *rule;		/* where they go; NULL: nobody wants to know them */
	uint32_t of;			/* how many the chain has, if all are zeroed; else 0 */
	bool counted;			/* it had something when it was read */
	bool done;
};

int rv_nft_reset(rv_family_t family, struct rv_nft_reset *list, size_t count, struct rv_error *err);
bool rv_nft_can_reset(struct rv_nft *n, rv_family_t family);
/* Notes that c->pos, which the kernel has, is to be zeroed; does what was noted. */
int rv_nft_note_reset(struct rv_nft *n, const struct rv_change *c, struct rv_error *err);
int rv_nft_reset_noted(struct rv_nft *n, rv_family_t family, struct rv_error *err);
void rv_nft_forget_resets(struct rv_nft *n);
/* rv_backend.take */
int rv_nft_take(struct rv_store *s, struct rv_table *t, struct rv_chain *only, struct rv_rule *one,
		struct rv_error *err);

int rv_nft_stage(struct rv_store *s, const struct rv_change *c, struct rv_error *err);
int rv_nft_commit(struct rv_store *s, struct rv_error *err);
/* One transaction for two stores, of two families. */
int rv_nft_commit_both(struct rv_store *s, struct rv_store *second, struct rv_error *err);
void rv_nft_batch_init(struct rv_nft_batch *b, rv_family_t family);
void rv_nft_batch_clear(struct rv_nft_batch *b);
/* Takes the messages about a table out of the batch, and what is known of its names. */
void rv_nft_batch_drop(struct rv_nft_batch *b, const struct rv_table_def *table);

/* ---- chains with another name: rename.c ---- */

/* Notes that the chain gets another name. False: memory ran out. */
bool rv_nft_rename(struct rv_nft_batch *b, const struct rv_chain *c, const char *name);
/* The chain is gone, and both its names are free; or all renames of a table are. */
void rv_nft_forget_rename(struct rv_nft_batch *b, const struct rv_chain *c);
void rv_nft_forget_renames(struct rv_nft_batch *b, const struct rv_table_def *table);
void rv_nft_renames_clear(struct rv_nft_renames *all);
/* Whether a chain has had the name before this transaction, and has another now. */
bool rv_nft_is_old_name(const struct rv_nft_batch *b, const struct rv_table_def *table,
			const char *name);
bool rv_nft_has_renames(const struct rv_nft_batch *b, const struct rv_table_def *table);
/* The name that messages have for the chain of that name. */
const char *rv_nft_kernel_name(const struct rv_nft_batch *b, const struct rv_table_def *table,
			       const char *chain);
/* Gives a rule that was read from the kernel or the batch the name its jump has now. */
void rv_nft_rename_jump(const struct rv_nft_batch *b, const struct rv_table_def *table,
			struct rv_rule *r);
/* The same of the chains that its parts jump to. 0, or -1 when memory ran out. */
int rv_nft_rename_parts(const struct rv_nft_batch *b, const struct rv_table_def *table,
			struct rv_rule *r);

/* Does to chain->rules, which are as the kernel has them, what is staged for the chain. */
int rv_nft_replay(struct rv_nft_batch *b, struct rv_chain *chain, struct rv_error *err);
/* Whether it is staged that all rules of the chain go which the kernel has. */
int rv_nft_is_flushed(struct rv_nft_batch *b, const struct rv_chain *chain, bool *flushed,
		      struct rv_error *err);
void rv_nft_traces_clear(struct rv_nft_traces *t);
/* The attributes of a record's message. */
struct rv_nft_view rv_nft_record_attrs(const struct rv_nft_batch *b,
				       const struct rv_nft_record *rec);

/* The table in rv_store.replace. */
static inline uint32_t rv_nft_table_bit(const struct rv_table_def *def)
{
	return UINT32_C(1) << (def - rv_table_defs);
}

/* ---- errors: error.c ----------------------------------------------------------- */

/* Records why the kernel refused message v->seq. Returns -1. */
int rv_nft_refused(struct rv_store *s, const struct rv_nft_verdict *v, struct rv_error *err);

/* ---- a transaction that replaces base chains: commit.c ----------------------------- */

/*
 * Lives only inside of a transaction that makes base chains anew: their policy is ACCEPT until the
 * kernel comes to it, and meanwhile this table lets nothing pass the hooks that will be closed.
 * In front of all others, so that nothing is tracked.
 */
#define RV_NFT_GUARD_TABLE "ravelin-guard"

/* ---- between the files that write it -------------------------------------------- */

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

/* Appends which sets, chains and objects it names that the kernel does not have. */
void rv_nft_object_lacks(struct rv_buf *b, struct rv_nft_socket *n, rv_family_t family,
			 const struct rv_table *table, const struct rv_bytes *object);

/* The table if a restore has cleared it in this transaction, or NULL. */
struct rv_table *rv_nft_cleared(const struct rv_nft_batch *b, const struct rv_table_def *def);

/*
 * A table that was kept back: what is to be written is staged, and what the kernel has beyond
 * that is put where a restore leaves what it cleared.
 */
int rv_nft_stage_whole(struct rv_store *s, struct rv_nft_message *m, struct rv_table *t);

#endif
