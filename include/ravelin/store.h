/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store is an open ruleset of one family behind a backend. Commands are
 * applied to it one by one (store/store.c: what they mean and when they fail is
 * said there once for all backends) and take effect together in commit.
 *
 *   open ─> rv_store_apply() … ─> rv_store_commit()      close drops what is not committed
 *        └> rv_store_dump()
 *
 * The store reads only what a command needs: chains by name when single
 * commands are applied, rules of a chain only for an index or a comparison.
 */
#ifndef RAVELIN_STORE_H
#define RAVELIN_STORE_H

#include <ravelin/extension.h>
#include <ravelin/ir.h>
#include <ravelin/meter.h>

enum rv_command_kind {
	RV_CMD_NONE,
	RV_CMD_APPEND,		/* -A chain: rules */
	RV_CMD_INSERT,		/* -I chain [num]: rules */
	RV_CMD_REPLACE,		/* -R chain num: rules */
	RV_CMD_DELETE,		/* -D chain: rules */
	RV_CMD_DELETE_NUM,	/* -D chain num */
	RV_CMD_CHECK,		/* -C chain: rules */
	RV_CMD_LIST,		/* -L [chain [num]] */
	RV_CMD_LIST_RULES,	/* -S [chain [num]] */
	RV_CMD_FLUSH,		/* -F [chain] */
	RV_CMD_ZERO,		/* -Z [chain [num]] */
	RV_CMD_NEW_CHAIN,	/* -N chain */
	RV_CMD_DELETE_CHAIN,	/* -X [chain] */
	RV_CMD_RENAME,		/* -E chain new_name */
	RV_CMD_POLICY,		/* -P chain target */
	/* Restore lines. */
	RV_CMD_CLEAR,		/* "*table" without --noflush: all user chains and rules go */
	RV_CMD_DECLARE,		/* ":chain policy [p:b]" or ":chain - [p:b]" */
};

/* One command. The rules are the expansion of its addresses, in order. */
struct rv_command {
	enum rv_command_kind kind;
	bool zero;			/* -Z beside -L or -S */
	bool zero_one;			/* and number is for both: else it zeroes the whole chain */
	bool zero_only;			/* as stock does behind -L: a rule is zeroed, and nothing listed */
	const struct rv_table_def *table;
	char chain[RV_CHAIN_NAME_LEN];	/* "" = all */
	char new_name[RV_CHAIN_NAME_LEN];
	uint32_t number;		/* rule number, from 1; 0 = none given */
	enum rv_verdict policy;		/* POLICY, DECLARE; NONE = "-" (user chain) */
	const char *policy_name;	/* as written, for messages; may be NULL */
	bool has_counters;		/* DECLARE, POLICY: counters are to be set */
	bool placed;			/* POLICY: it says where the chain is */
	struct rv_base_at at;
	struct rv_counters counters;
	struct rv_list rules;		/* of struct rv_rule; owned, the store takes what it keeps */
	struct rv_loc loc;		/* of the command's word */
	struct rv_loc chain_loc;
	/* -j word: told apart from an unknown target only by whether the chain exists */
	struct rv_loc jump_loc;
};

void rv_command_init(struct rv_command *cmd);
void rv_command_clear(struct rv_command *cmd);

/* What the store tells a backend that stages changes one by one. */
enum rv_change_kind {
	RV_CHANGE_ADD_TABLE,
	RV_CHANGE_CLEAR_TABLE,	/* the table with all in it goes; it may be added again */
	RV_CHANGE_ADD_CHAIN,	/* base or user */
	RV_CHANGE_DEL_CHAIN,
	RV_CHANGE_RENAME_CHAIN,	/* to .name; chain still has the old one */
	RV_CHANGE_POLICY,	/* chain->policy and, with has_counters, chain->counters */
	RV_CHANGE_FLUSH_CHAIN,
	RV_CHANGE_ADD_RULE,	/* .rule, before .pos, NULL = at the end; at_front: before all */
	RV_CHANGE_REPLACE_RULE,	/* .rule takes the place of .pos */
	RV_CHANGE_DEL_RULE,	/* .pos */
	RV_CHANGE_ZERO_RULE,	/* .pos has its counters set to 0 already */
	RV_CHANGE_ZERO_CHAIN,	/* counters of a base chain's policy */
};

struct rv_change {
	enum rv_change_kind kind;
	struct rv_table *table;
	struct rv_chain *chain;
	struct rv_rule *rule, *pos;
	bool at_front;		/* ADD_RULE with pos NULL in a chain that is not loaded */
	bool has_counters;
	bool all;		/* ZERO_RULE: each rule of the chain is zeroed that has counted */
	const char *name;
	struct rv_loc loc;	/* of the command, for what the kernel says of it in commit */
};

struct rv_store;
struct rv_monitor;		/* ravelin/event.h */
struct rv_image_ops;		/* ravelin/image.h */

/* Sees a ruleset go by: chains of a table come before its rules; rules chain by chain or mixed. */
struct rv_visitor {
	int (*table)(struct rv_table *table, void *arg);	/* chains are in it, sorted */
	int (*rule)(struct rv_chain *chain, struct rv_rule *rule, void *arg); /* rule is only lent */
	void *arg;
};

/*
 * A backend. All return 0, or -1 with err set. "tables" may be read again and
 * again; nothing may be created by reading.
 */
struct rv_backend {
	const char *name;	/* "nft" */
	const char *banner;	/* in -V: "nf_tables" */
	bool offline;		/* no packet ever meets its rules: a file */
	int (*open)(struct rv_store *s, const char *arg, struct rv_error *err);
	void (*close)(struct rv_store *s);
	/*
	 * Sets table->exists and fills in chains (policy, counters, references, handle,
	 * exists). only: just that chain and the table; NULL: all, then table->complete.
	 * NULL: open has read all there is.
	 */
	int (*load_chains)(struct rv_store *s, struct rv_table *table, const char *only,
			   struct rv_error *err);
	/*
	 * Fills chain->rules as they are with all staged changes applied; sets loaded.
	 * Backends that load rules with the chains need not have it.
	 */
	int (*load_rules)(struct rv_store *s, struct rv_chain *chain, struct rv_error *err);
	/*
	 * Stages a change. NULL: the backend writes the whole ruleset in commit. In a
	 * chain that is not loaded the store frees an added rule right after this.
	 */
	int (*stage)(struct rv_store *s, const struct rv_change *change, struct rv_error *err);
	/* err->kind RV_ERR_AGAIN: nothing was done since another writer was quicker. */
	int (*commit)(struct rv_store *s, struct rv_error *err);
	/* Both stores in one, both families at once. NULL: two commits. */
	int (*commit_both)(struct rv_store *s, struct rv_store *second, struct rv_error *err);
	/*
	 * One consistent read of a table, or of one chain of it (only != NULL). Streams:
	 * rules are not kept. The tables' chains are loaded (complete) by it; a chain's
	 * references are right once its rules have gone by. err->kind RV_ERR_AGAIN: the
	 * ruleset changed meanwhile; what the visitor saw is void, start over.
	 */
	int (*dump)(struct rv_store *s, struct rv_table *table, const char *only,
		    const struct rv_visitor *v, struct rv_error *err);
	/*
	 * Sets counters to 0 in the step that reads them: those of the chain's rules and policy
	 * (only NULL: of all chains), or of one rule. All are loaded, nothing is staged, and what
	 * was read is in them afterwards. Returns 1 if that cannot be done; NULL: never.
	 */
	int (*take)(struct rv_store *s, struct rv_table *table, struct rv_chain *only,
		    struct rv_rule *one, struct rv_error *err);
	/* Tells of events until the watcher has enough. NULL: there is nothing to be told. */
	int (*monitor)(const struct rv_monitor *m, struct rv_error *err);
	/*
	 * Adds warnings to err of rules that packets meet beside those of the store. suffix: of
	 * the program, "-save" or "". person: also what is only for a person's eyes. May be NULL.
	 */
	void (*beside)(struct rv_store *s, const char *suffix, bool person, struct rv_error *err);
	/*
	 * The last resort: lets no new connection of the family in, whatever rules there are, and
	 * changes none of them; and the end of that. NULL: no packet meets its rules.
	 */
	int (*shut)(rv_family_t family, bool shut, struct rv_error *err);
	/* Tells s->explain.staged what was staged since it last did. NULL: there are no words for it. */
	int (*explain)(struct rv_store *s, struct rv_error *err);
	/* The way back to rules as they are: ravelin/image.h. NULL: no packet meets the rules. */
	const struct rv_image_ops *image;
};

/* What is told in the words of those who look into the backend: the second -v. NULL: nobody asks. */
struct rv_explain {
	struct rv_buf *read;	/* rules that are read */
	struct rv_buf *staged;	/* what a commit sends, before it does */
	bool bytes;		/* the third -v: each byte of that too */
};

struct rv_store {
	const struct rv_backend *backend;
	void *priv;			/* the backend's */
	const char *arg;		/* what stands behind the backend's name; borrowed */
	struct rv_ruleset rs;
	bool remarks;			/* comments of a text that is loaded are kept: a file */
	bool bulk;			/* many commands follow: chains are read at once */
	bool dirty;			/* something is staged */
	bool taken;			/* counters in rs are what rv_store_take() has read */
	bool read_only;			/* opened only to read: no writer's lock is taken */
	unsigned int restarts;		/* since it was opened */
	uint32_t replace;		/* the backend's, kept over restarts: tables that it could not clear */
	struct rv_explain explain;
	const struct rv_meter *meter;	/* told of each rule that is read; NULL: nobody is */
};

/* All backends; ends with NULL. The first is the default. backend/backends.c */
extern const struct rv_backend *const rv_backends[];
/* The backend of "NAME" or "NAME:ARG", or NULL; *arg is what stands behind the colon, or NULL. */
const struct rv_backend *rv_backend_find(const char *spec, const char **arg);

/*
 * Opens "NAME" or "NAME:ARG" (NULL: the default). On failure nothing needs closing.
 */
int rv_store_open(struct rv_store *s, const char *spec, rv_family_t family, bool read_only,
		  struct rv_error *err);
/* The same, with the store's meter: opening a file reads all of it. */
int rv_store_open_metered(struct rv_store *s, const char *spec, rv_family_t family, bool read_only,
			  const struct rv_meter *meter, struct rv_error *err);
void rv_store_close(struct rv_store *s);
/* Drops what is staged and cached, to start over after RV_ERR_AGAIN. */
int rv_store_restart(struct rv_store *s, struct rv_error *err);

/* rv_backend.beside, where there is one. */
void rv_store_beside(struct rv_store *s, const char *suffix, bool person, struct rv_error *err);

/* rv_backend.explain, where there is one and somebody asks. */
int rv_store_explain(struct rv_store *s, struct rv_error *err);

/* Applies one command (not LIST, LIST_RULES). Errors carry loc where they can. */
int rv_store_apply(struct rv_store *s, struct rv_command *cmd, struct rv_error *err);
int rv_store_commit(struct rv_store *s, struct rv_error *err);
/* The same of two stores of one backend, as one transaction where the backend can. */
int rv_store_commit_both(struct rv_store *s, struct rv_store *second, struct rv_error *err);

/* rv_backend.dump on a table by definition; tables that do not exist show empty base chains. */
int rv_store_dump(struct rv_store *s, const struct rv_table_def *def, const char *only,
		  const struct rv_visitor *v, struct rv_error *err);
/*
 * -Z beside a listing: sets to 0 what the command zeroes, in the step that reads it. The next
 * rv_store_dump() shows what was read, and rv_store_given() ends that. Returns 1 if the backend
 * cannot (or something is staged): then list first and zero afterwards.
 */
int rv_store_take(struct rv_store *s, const struct rv_command *cmd, struct rv_error *err);
void rv_store_given(struct rv_store *s);
/* Whether the table exists in the backend (save leaves out those that do not). */
int rv_store_table_exists(struct rv_store *s, const struct rv_table_def *def, bool *exists,
			  struct rv_error *err);
/* Whether the chain exists, with the staged changes applied. Base chains always do. */
int rv_store_chain_exists(struct rv_store *s, const struct rv_table_def *def, const char *name,
			  bool *exists, struct rv_error *err);

#endif
