/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store is an open ruleset of one family in a backend. Commands are applied one by one and take
 * effect together in commit. store/store.c defines their semantics for all backends.
 *
 *   open ─> rv_store_apply() … ─> rv_store_commit()      close discards uncommitted changes
 *        └> rv_store_dump()
 *
 * The store reads only what a command needs: single chains by name for single commands, the rules
 * of a chain only to resolve a rule number or a comparison.
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
	RV_CMD_CLEAR,		/* "*table" without --noflush: deletes all rules and user-defined
				 * chains */
	RV_CMD_DECLARE,		/* ":chain policy [p:b]" or ":chain - [p:b]" */
};

/* One command. rules holds one rule per combination of its addresses, in order. */
struct rv_command {
	enum rv_command_kind kind;
	bool zero;			/* -Z combined with -L or -S */
	bool zero_one;			/* -Z uses number too; else it zeroes the whole chain */
	bool zero_only;			/* -L number -Z as in iptables: zeroes that rule and
					 * lists nothing */
	const struct rv_table_def *table;
	char chain[RV_CHAIN_NAME_LEN];	/* "" = all */
	char new_name[RV_CHAIN_NAME_LEN];
	uint32_t number;		/* rule number, from 1; 0 = none given */
	enum rv_verdict policy;		/* POLICY, DECLARE; NONE = "-" (user chain) */
	const char *policy_name;	/* as written, for messages; may be NULL */
	bool has_counters;		/* DECLARE, POLICY: sets counters */
	bool placed;			/* POLICY: at was given */
	struct rv_base_at at;
	struct rv_counters counters;
	struct rv_list rules;		/* of struct rv_rule; owned; the store takes the ones it
					 * keeps */
	struct rv_loc loc;		/* of the command's option */
	struct rv_loc chain_loc;
	/*
	 * of the argument of -j. An unknown target and a missing chain differ only in whether the
	 * chain exists.
	 */
	struct rv_loc jump_loc;
};

void rv_command_init(struct rv_command *cmd);
void rv_command_clear(struct rv_command *cmd);

/* Changes that the store passes to a backend which stages them one by one. */
enum rv_change_kind {
	RV_CHANGE_ADD_TABLE,
	RV_CHANGE_CLEAR_TABLE,	/* deletes the table with everything in it; ADD_TABLE may follow */
	RV_CHANGE_ADD_CHAIN,	/* base or user-defined */
	RV_CHANGE_DEL_CHAIN,
	RV_CHANGE_RENAME_CHAIN,	/* to .name; chain still has the old name */
	RV_CHANGE_POLICY,	/* chain->policy and, with has_counters, chain->counters */
	RV_CHANGE_FLUSH_CHAIN,
	RV_CHANGE_ADD_RULE,	/* .rule, before .pos; NULL: append, or with at_front prepend */
	RV_CHANGE_REPLACE_RULE,	/* .rule replaces .pos */
	RV_CHANGE_DEL_RULE,	/* .pos */
	RV_CHANGE_ZERO_RULE,	/* the counters of .pos are already 0 */
	RV_CHANGE_ZERO_CHAIN,	/* counters of a base chain's policy */
};

struct rv_change {
	enum rv_change_kind kind;
	struct rv_table *table;
	struct rv_chain *chain;
	struct rv_rule *rule, *pos;
	bool at_front;		/* ADD_RULE with pos NULL: prepend to a chain that is not loaded */
	bool has_counters;
	bool all;		/* ZERO_RULE: of each rule of the chain with nonzero counters */
	const char *name;
	struct rv_loc loc;	/* of the command, for errors the kernel reports at commit */
};

struct rv_store;
struct rv_monitor;		/* ravelin/event.h */
struct rv_image_ops;		/* ravelin/image.h */

/* Receives a ruleset: a table before its rules; rules may be interleaved between chains. */
struct rv_visitor {
	int (*table)(struct rv_table *table, void *arg);	/* its chains are complete and
								 * sorted */
	int (*rule)(struct rv_chain *chain, struct rv_rule *rule, void *arg); /* rule is valid during the
									       * call only */
	void *arg;
};

/*
 * A backend. Functions return 0, or -1 with err set. A table may be read repeatedly; reading
 * creates nothing.
 */
struct rv_backend {
	const char *name;	/* "nft" */
	const char *banner;	/* shown by -V: "nf_tables" */
	bool offline;		/* no packet traverses its rules: a file */
	int (*open)(struct rv_store *s, const char *arg, struct rv_error *err);
	void (*close)(struct rv_store *s);
	/*
	 * Sets table->exists and fills in chains (policy, counters, references, handle, exists).
	 * only: just that chain and the table; NULL: all, then sets table->complete. The member may
	 * be NULL: open reads everything.
	 */
	int (*load_chains)(struct rv_store *s, struct rv_table *table, const char *only,
			   struct rv_error *err);
	/*
	 * Fills chain->rules with all staged changes applied, and sets loaded. NULL: load_chains
	 * loads the rules too.
	 */
	int (*load_rules)(struct rv_store *s, struct rv_chain *chain, struct rv_error *err);
	/*
	 * Stages a change. NULL: commit writes the whole ruleset. If the chain is not loaded, the
	 * store frees an added rule right after the call.
	 */
	int (*stage)(struct rv_store *s, const struct rv_change *change, struct rv_error *err);
	/* RV_ERR_AGAIN: nothing was changed because of a concurrent writer. */
	int (*commit)(struct rv_store *s, struct rv_error *err);
	/* Commits several stores, such as one per family, as one transaction. NULL: one by one. */
	int (*commit_all)(struct rv_store *const *stores, size_t n, struct rv_error *err);
	/*
	 * Reads a consistent snapshot of a table, or of the chain named only, and streams it to v.
	 * Marks the tables' chains complete; a chain's references are final once its rules have
	 * been passed. RV_ERR_AGAIN: the ruleset changed meanwhile; discard what v received and
	 * start over.
	 */
	int (*dump)(struct rv_store *s, struct rv_table *table, const char *only,
		    const struct rv_visitor *v, struct rv_error *err);
	/*
	 * Looks for the first rule of a chain that is equal to wanted, without loading the chain.
	 * Returns 0 with a copy in *found, which stage() takes to delete it; 1: there is none; 2: the
	 * chain has to be loaded for that; -1. May be NULL.
	 */
	int (*find)(struct rv_store *s, struct rv_chain *chain, const struct rv_rule *wanted,
		    struct rv_rule **found, struct rv_error *err);
	/*
	 * Reads and zeroes counters atomically: of all rules and the policy of a chain (only NULL:
	 * of all chains), or of one rule. Everything is loaded and nothing staged; the values read
	 * are stored in the rules and chains. Returns 1 if unsupported; NULL: never supported.
	 */
	int (*take)(struct rv_store *s, struct rv_table *table, struct rv_chain *only,
		    struct rv_rule *one, struct rv_error *err);
	/* Reports events until the callback ends it. NULL: there are no events. */
	int (*monitor)(const struct rv_monitor *m, struct rv_error *err);
	/*
	 * Adds warnings to err about rules outside the store that packets also traverse. suffix: of
	 * the program, "-save" or "". person: include warnings that only make sense on a terminal.
	 * May be NULL.
	 */
	void (*other_rules)(struct rv_store *s, const char *suffix, bool person, struct rv_error *err);
	/*
	 * Last resort: blocks new connections of the family regardless of the rules, which stay
	 * unchanged; shut false undoes it. NULL: no packet traverses its rules.
	 */
	int (*shut)(rv_family_t family, bool shut, struct rv_error *err);
	/* Appends changes staged since the last call to s->explain.staged. NULL: unsupported. */
	int (*explain)(struct rv_store *s, struct rv_error *err);
	/*
	 * Snapshot and restore of the rules: ravelin/image.h. NULL: no packet traverses the rules.
	 */
	const struct rv_image_ops *image;
};

/* Output of the second -v, in the backend's own syntax. A NULL buffer: not requested. */
struct rv_explain {
	struct rv_buf *read;	/* rules read */
	struct rv_buf *staged;	/* what a commit is about to send */
	bool bytes;		/* third -v: also each byte sent */
};

struct rv_store {
	const struct rv_backend *backend;
	void *priv;			/* the backend's */
	const char *arg;		/* text after the colon of the backend spec; borrowed */
	struct rv_ruleset rs;
	bool remarks;			/* keep comments when a text is loaded: a file */
	bool bulk;			/* many commands follow: read all chains at once */
	bool dirty;			/* something is staged */
	bool taken;			/* counters in rs were read by rv_store_read_and_zero() */
	bool read_only;			/* opened for reading: takes no writer lock */
	unsigned int restarts;		/* number of restarts since it was opened */
	uint32_t replace;		/* private to the backend, kept across restarts: tables
					 * it could not clear */
	struct rv_explain explain;
	const struct rv_meter *meter;	/* called for each rule read; may be NULL */
};

/* All backends, ends with NULL. The first is the default. (backend/backends.c) */
extern const struct rv_backend *const rv_backends[];
/* The backend of "NAME" or "NAME:ARG", or NULL. *arg is the text after the colon, or NULL. */
const struct rv_backend *rv_backend_find(const char *spec, const char **arg);

/* Opens "NAME" or "NAME:ARG" (NULL: the default). After a failure, do not call rv_store_close(). */
int rv_store_open(struct rv_store *s, const char *spec, rv_family_t family, bool read_only,
		  struct rv_error *err);
/* The same with a progress meter: opening a file reads all of it. */
int rv_store_open_metered(struct rv_store *s, const char *spec, rv_family_t family, bool read_only,
			  const struct rv_meter *meter, struct rv_error *err);
void rv_store_close(struct rv_store *s);
/* Discards staged changes and caches, to retry after RV_ERR_AGAIN. */
int rv_store_restart(struct rv_store *s, struct rv_error *err);

/* Calls rv_backend.other_rules, if there is one. */
void rv_store_other_rules(struct rv_store *s, const char *suffix, bool person, struct rv_error *err);

/* Calls rv_backend.explain, if there is one and its output was requested. */
int rv_store_explain(struct rv_store *s, struct rv_error *err);

/* Applies one command other than LIST and LIST_RULES. Errors have a location where possible. */
int rv_store_apply(struct rv_store *s, struct rv_command *cmd, struct rv_error *err);
int rv_store_commit(struct rv_store *s, struct rv_error *err);
/*
 * Commits n stores of one backend, as one transaction if the backend supports it; otherwise one by
 * one up to the first failure.
 */
int rv_store_commit_all(struct rv_store *const *stores, size_t n, struct rv_error *err);

/* Calls rv_backend.dump for a table by definition; a missing table has empty base chains. */
int rv_store_dump(struct rv_store *s, const struct rv_table_def *def, const char *only,
		  const struct rv_visitor *v, struct rv_error *err);
/*
 * -Z combined with a listing: atomically reads and zeroes the counters the command selects. The
 * next rv_store_dump() shows the values read; call rv_store_zeroing_done() after it. Returns 1 if the
 * backend does not support it or something is staged: list first, then zero.
 */
int rv_store_read_and_zero(struct rv_store *s, const struct rv_command *cmd, struct rv_error *err);
void rv_store_zeroing_done(struct rv_store *s);
/* Whether the table exists in the backend; save skips those that do not. */
int rv_store_table_exists(struct rv_store *s, const struct rv_table_def *def, bool *exists,
			  struct rv_error *err);
/* Whether the chain exists, with staged changes applied. Base chains always do. */
int rv_store_chain_exists(struct rv_store *s, const struct rv_table_def *def, const char *name,
			  bool *exists, struct rv_error *err);

#endif
