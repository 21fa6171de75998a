/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profile fast: writes the compiler's plan of a table (ravelin/plan.h) to a separate table
 * "ravelin-NAME".
 *
 * A switch is one kernel rule that loads the fields of a key and looks them up in a verdict map
 * "ravelin.map.ID". A map element is an iptables rule, or goes to a leaf chain "ravelin.leaf.ID"
 * with the rules of its key. If the target of an element's rule is an extension, the element goes
 * to an action chain "ravelin.action.ID" with that target.
 *
 * The order of each iptables rule in its chain, and its text, are stored in nft's comment: 16
 * hexadecimal digits, a blank, and the line of iptables-save without "-A CHAIN" and without the
 * name of the jump target, which the verdict contains. Rules are read back from this text.
 */
#ifndef RAVELIN_NFT_FAST_H
#define RAVELIN_NFT_FAST_H

#include <ravelin/plan.h>

#include "backend/nft/nft.h"

#define RV_FAST_MAP "ravelin.map."
#define RV_FAST_LEAF "ravelin.leaf."
#define RV_FAST_ACTION "ravelin.action."
#define RV_FAST_GONE "ravelin.gone."	/* deleted iptables chain that packets may still use */
#define RV_FAST_STATE "ravelin.state"	/* set; its element is the first and last order */
#define RV_FAST_CARRY "ravelin.carry"	/* a set with a counter by order: see carry.c */
#define RV_FAST_NAME 32		/* size of a name: prefix, ID, NUL */

/* The order in the comment of an action chain's only rule; its text is that of the target. */
#define RV_FAST_ACTION_ORDER 1
/* How many action names are tried, starting at the hash of the text. */
#define RV_FAST_ACTION_NAMES 2

/*
 * rv_store.replace, bits from this one: tables whose old rules are deleted in the same transaction.
 */
#define RV_FAST_FLUSHED 8
/*
 * rv_store.replace, bits from this one: tables to be planned with as few nested jumps as possible.
 */
#define RV_FAST_SHALLOW 16
/* rv_store.replace, bits from this one: tables whose chains are all rewritten. */
#define RV_FAST_ANEW 24

/* The first order of a chain, and the distance to the next. */
#define RV_FAST_ORDER (UINT64_C(1) << 63)
#define RV_FAST_STEP (UINT64_C(1) << 32)

/* ---- text.c: order and text in the comment ------------------------------------------------ */

/* Maximum length of order and text; nf_tables rejects longer comments. */
#define RV_FAST_TEXT_MAX 251

/* Appends the rule's text. */
void rv_fast_text(struct rv_buf *b, rv_family_t family, const struct rv_rule *r);
/* Appends ": -A CHAIN ..." for a rule message. Returns false if the rule has no order and text. */
bool rv_fast_render(struct rv_buf *b, const char *chain, struct rv_nft_view attrs);
/* Returns whether a text of this length fits in a comment. */
bool rv_fast_text_fits(size_t len);
/*
 * Appends the attribute with order and text. A text that does not fit is omitted and marked as
 * such.
 */
void rv_fast_put_comment(struct rv_buf *b, uint16_t attr, uint64_t order, const char *text,
			 size_t len);
/*
 * Splits such an attribute. Sets *elsewhere if the text did not fit and is stored in comment
 * matches of the rule. Returns false if this program did not write the attribute.
 */
bool rv_fast_get_comment(struct rv_nft_view v, uint64_t *order, struct rv_nft_view *text,
			 bool *elsewhere);

/* Rule texts that are collected and then parsed in one pass. */
struct rv_fast_parse {
	rv_family_t family;
	struct rv_buf lines;
	uint32_t count;
	/* Called with each rule, which it then owns, and the number n of its text (from 0). */
	int (*rule)(struct rv_rule *r, uint32_t n, void *arg, struct rv_error *err);
	void *arg;
	uint32_t at;			/* the text being parsed */
	bool own;			/* the error is of rule(), not of the parser */
};

void rv_fast_parse_begin(struct rv_fast_parse *p, const struct rv_table_def *table);
void rv_fast_parse_add(struct rv_fast_parse *p, struct rv_nft_view text, bool jumps);
/* Parses the texts. Returns -1 with err set; p->at is then the failing text. */
int rv_fast_parse_end(struct rv_fast_parse *p, struct rv_error *err);

/* ---- key.c: the shape of a key and the expressions of its lookup ---------------------------- */

#define RV_FAST_KEY_MAX 64

/* Writes the key in the layout of the kernel's map; returns its length. */
unsigned int rv_fast_key(rv_family_t family, const struct rv_facts *f,
			 const struct rv_key_shape *shape, unsigned char key[RV_FAST_KEY_MAX]);
unsigned int rv_fast_key_len(rv_family_t family, const struct rv_key_shape *shape);
/* Returns the key's type for nft. rv_fast_put_desc() appends the lengths of its fields. */
uint32_t rv_fast_key_type(rv_family_t family, const struct rv_key_shape *shape);
void rv_fast_put_fields(struct rv_buf *b, rv_family_t family, const struct rv_key_shape *shape);
static inline bool rv_fast_is_concatenated(const struct rv_key_shape *shape)
{
	return shape->fields & (shape->fields - 1);
}
/* Type of a key of two 64-bit numbers. nft has none for that, so this is an IPv6 address. */
#define RV_FAST_NUMBERS_TYPE 8
/* Appends NFTA_SET_ELEM_KEY. */
void rv_fast_put_key(struct rv_buf *b, const void *key, size_t len);
/* Appends a list element with only a key, as used to look up or delete an element. */
void rv_fast_put_key_element(struct rv_buf *b, const void *key, size_t len);
/* Appends a counter as an attribute of its own. */
void rv_fast_put_counter(struct rv_buf *b, uint16_t attr, const struct rv_counters *c);
/* Appends NFTA_RULE_EXPRESSIONS of a switch. */
void rv_fast_switch_write(struct rv_buf *b, rv_family_t family, const struct rv_key_shape *shape,
			  const char *map);
/*
 * Reads a switch. Returns 0, 1 if the rule uses no map "ravelin.map.ID", or -1 if it does but is
 * not a switch as this program writes it.
 */
int rv_fast_switch_read(rv_family_t family, struct rv_nft_view expressions,
			struct rv_key_shape *shape, uint64_t *map);

/* ---- target.c: targets as expressions ------------------------------------------------------- */

/*
 * Some xt targets are accepted only in tables with the names that iptables uses (xt_check_target()
 * in net/netfilter/x_tables.c). These are written as native expressions here.
 */
/*
 * Returns whether the rule cannot be in a table of profile fast; if so, appends the reason ("target
 * `TTL'") to why.
 */
bool rv_fast_refuses(const struct rv_table *t, const struct rv_rule *r, struct rv_buf *why);
int rv_fast_end_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		      struct rv_error *err);

/*
 * Sets *code to the verdict of an element for the rule. Returns false if elements cannot have it.
 */
bool rv_fast_element_code(const struct rv_rule *r, uint32_t *code);
/* Returns whether the rule can be an element of a map with this key. */
bool rv_fast_can_be_element(const struct rv_rule *r, const struct rv_facts *facts,
			    const struct rv_key_shape *shape);

uint64_t rv_fast_hash(const char *text, size_t len);
/*
 * Renders the text of the rule's target. Returns the text's hash, which is the ID of the target's
 * action chain, or 0 if memory ran out.
 */
uint64_t rv_fast_action(struct rv_buf *text, rv_family_t family, const struct rv_rule *r);

/* ---- read.c: reading from the kernel ------------------------------------------------------------- */

enum rv_fast_where {
	RV_FAST_PLAIN,		/* a kernel rule in the chain */
	RV_FAST_ELEMENT,
	RV_FAST_IN_LEAF,
};

/* An iptables rule as read from the kernel. */
struct rv_fast_entry {
	uint64_t order;
	uint32_t chain;			/* index in rv_fast_table.chains */
	uint32_t block;			/* position of its kernel rule in the chain */
	uint64_t map, leaf;		/* ids; 0: none */
	uint64_t handle;		/* handle of the kernel rule; 0 for elements */
	struct rv_counters counters;
	enum rv_fast_where where;
	uint32_t code;			/* verdict of an element */
	uint64_t action;		/* its action's ID; 0: none */
	size_t text, text_len;		/* offset in rv_fast_table.text */
	size_t jump;			/* offset of the jump target's name; 0: none */
	size_t key;			/* offset of an element's key; 0: none */
	uint64_t moved;			/* new order if the chain was rewritten, else 0 */
};

struct rv_fast_map {
	uint64_t id;
	uint32_t chain, block;
	struct rv_key_shape shape;
	uint64_t handle;		/* of the kernel rule */
	/* number of elements; UINT32_MAX: the kernel does not report it */
	uint32_t count;
	uint32_t seen;
	bool named;			/* a rule refers to it */
};

struct rv_fast_leaf {
	uint64_t id, map;
	uint32_t code;			/* verdict of the element: NFT_GOTO or NFT_JUMP */
	bool filled;			/* it has rules */
	bool parsed, closed, returns;	/* rules were parsed; others as in struct rv_plan_group */
	uint32_t chain, block;
	size_t key;
	bool named;			/* an element refers to it */
};

struct rv_fast_chain {
	struct rv_chain *chain;		/* valid only while reading */
	char name[RV_CHAIN_NAME_LEN];
	uint32_t first, count;		/* its entries after sorting */
	uint32_t blocks;		/* number of kernel rules, including old ones (carry.c) */
	uint32_t old;
	uint64_t head;			/* handle of the first kernel rule */
	bool ended;			/* has, or will have, a mark and old rules (carry.c) */
	bool changed;			/* its rules are rewritten */
};

/* A carried counter, which is added to the rule's counter when that is shown: see carry.c. */
struct rv_fast_carried {
	uint64_t order;
	struct rv_counters counters;
	bool live;			/* a rule with this order exists */
};

struct rv_fast_table {
	bool cleared;			/* a restore clears the table, so nothing was read */
	bool has_state, has_set;	/* the element and the set RV_FAST_STATE exist */
	uint64_t stored_first, stored_last;	/* the orders stored in RV_FAST_STATE */
	uint64_t first, last;		/* first and last order in use: stored ones and entries */
	struct rv_buf text;
	struct rv_fast_entry *entries;
	size_t nentries, room;
	struct rv_fast_chain *chains;
	size_t nchains;
	struct rv_fast_map *maps;
	size_t nmaps, maproom;
	struct rv_fast_leaf *leaves;
	size_t nleaves, leafroom;
	struct rv_buf actions, gone;	/* uint64_t IDs of existing chains */
	struct rv_buf unfinished;	/* uint64_t IDs of changes whose old rules still exist */
	bool moved;			/* some rules were rewritten, with new orders */
	bool has_carry;			/* the set RV_FAST_CARRY exists */
	struct rv_buf carried;		/* struct rv_fast_carried */
	struct rv_map by_carried;	/* index in carried + 1, by order */
	struct rv_map by_map, by_leaf;	/* index + 1 by id */
};

void rv_fast_forget(struct rv_nft *n);
const char *rv_fast_table_name(const struct rv_table_def *def);
/* Determines the profile of the table. */
int rv_fast_know(struct rv_store *s, const struct rv_table *t, struct rv_error *err);
static inline bool rv_fast_is(const struct rv_nft_batch *b, const struct rv_table_def *def)
{
	return b->fast & rv_nft_table_bit(def);
}

/* Returns whether this kind of change requires the table in memory. */
bool rv_fast_holds(const struct rv_store *s, const struct rv_change *c);
/*
 * Starts keeping the table in memory: later changes are made there, and the commit writes it.
 * rv_fast_hold() reads its rules; rv_fast_hold_cleared() does not, because a restore replaces them.
 */
int rv_fast_hold(struct rv_store *s, struct rv_table *t, struct rv_error *err);
int rv_fast_hold_cleared(struct rv_store *s, struct rv_table *t, struct rv_error *err);
/*
 * Fails unless the chain that the change deletes is empty and unused. The table must be in memory.
 */
int rv_fast_check_unused(const struct rv_change *c, struct rv_error *err);
/* Reads all rules of the table into its chains. */
int rv_fast_load(struct rv_store *s, struct rv_table *t, struct rv_error *err);
/* Implements rv_backend.dump. The chains must have been loaded. */
int rv_fast_dump(struct rv_store *s, struct rv_table *t, const char *only, const struct rv_visitor *v,
		 struct rv_error *err);
/*
 * Finds the first rule of the chain that is equal to wanted; requests only elements with the key of
 * wanted. Sets *found to NULL if there is none, else to entry *at of *f. The caller frees both.
 */
int rv_fast_search(struct rv_store *s, struct rv_chain *c, const struct rv_rule *wanted,
		   struct rv_fast_table **f, size_t *at, struct rv_rule **found, struct rv_error *err);
/*
 * Reads the kernel rules of a chain: switches without their elements, and plain rules. The caller
 * frees *f.
 */
int rv_fast_read_shallow(struct rv_store *s, struct rv_chain *c, struct rv_fast_table **f,
			 struct rv_error *err);
/* Calls a function for each element in an answer. */
int rv_fast_each_element(struct rv_nft_view attrs, rv_nft_answer_fn *fn, void *arg, struct rv_error *err);
/* Get order and counters of an element or kernel rule. Return false if it is no iptables rule. */
bool rv_fast_element_counters(struct rv_nft_view elem, uint64_t *order, struct rv_counters *c);
bool rv_fast_rule_counters(const struct rv_nft_view *t, uint64_t *order, struct rv_counters *c);
/* Reads an attribute as rv_fast_put_counter() writes it. Returns false if it is not a counter. */
bool rv_fast_read_counter(struct rv_nft_view v, struct rv_counters *c);
/* Requests one element and passes it to fn. Returns 0, 1 if it does not exist, or -1. */
int rv_fast_ask_key(struct rv_store *s, const char *table, const char *map, const unsigned char *key,
		    unsigned int len, rv_nft_answer_fn *fn, void *arg, struct rv_error *err);

/* ---- single.c: one command that does not read the table ------------------------------------------- */

/* Implements rv_backend.find. */
int rv_fast_find(struct rv_store *s, struct rv_chain *c, const struct rv_rule *wanted,
		 struct rv_rule **found, struct rv_error *err);
/*
 * Stages a change of one rule without reading the table. Returns 0, 1 if the table has to be read
 * (nothing is staged), or -1.
 */
int rv_fast_single(struct rv_store *s, struct rv_nft_message *m, struct rv_error *err);

/* Reads only the names of maps, leaves and actions, and the orders in use. */
int rv_fast_read_names(struct rv_store *s, struct rv_table *t, struct rv_fast_table *f,
		       struct rv_error *err);
/* Reads the orders in use. */
int rv_fast_read_state(struct rv_store *s, const struct rv_table *t, struct rv_fast_table *f,
		       struct rv_error *err);
void rv_fast_table_free(struct rv_fast_table *f);

/* Returns the map with this ID, which must have been read. */
static inline struct rv_fast_map *rv_fast_map_by_id(const struct rv_fast_table *f, uint64_t id)
{
	return &f->maps[*rv_map_get(&f->by_map, id) - 1];
}

/* Gets ID number i of rv_fast_table.actions or gone. Returns false after the last. */
static inline bool rv_fast_get_id(const struct rv_buf *ids, size_t i, uint64_t *id)
{
	if ((i + 1) * sizeof(*id) > ids->len)
		return false;
	memcpy(id, ids->data + i * sizeof(*id), sizeof(*id));
	return true;
}

/* ---- carry.c: counters of rules that were rewritten ------------------------------------------ */

/* Reads the carried counters and adds them to those of the entries. */
int rv_fast_read_carry(struct rv_store *s, const char *table, struct rv_fast_table *f, struct rv_error *err);
struct rv_counters rv_fast_carry_of(const struct rv_fast_table *f, uint64_t order);
/* Appends an order as the key of an element of RV_FAST_CARRY. */
void rv_fast_put_carry_key(struct rv_buf *b, uint64_t order);
/* Appends a mark's expressions and comment. */
void rv_fast_put_mark(struct rv_buf *b);
bool rv_fast_is_mark(struct rv_nft_view userdata);
/* A kernel rule behind a mark. */
struct rv_fast_old {
	uint64_t handle;
	char chain[RV_CHAIN_NAME_LEN];
};
/*
 * Called after a commit: reads the counters of a table's old rules for the last time, and carries
 * what they counted since they were read. Appends the old rules of all chains: struct rv_fast_old.
 */
int rv_fast_settle_counters(struct rv_store *s, const struct rv_table_def *def, struct rv_buf *old,
			    struct rv_error *err);

/* ---- reset.c: zeroing counters --------------------------------------------------------------- */

/* Returns whether the kernel can read and zero rules and elements in one step. */
bool rv_fast_can_reset(struct rv_store *s);
/* Implements rv_backend.take, for rules. */
int rv_fast_take(struct rv_store *s, struct rv_table *t, struct rv_chain *only, struct rv_rule *one,
		 struct rv_error *err);
/*
 * rv_fast_note_reset() records that c->pos is to be zeroed after the commit; rv_fast_reset_noted()
 * zeroes the recorded rules; rv_fast_forget_resets() discards the record.
 */
int rv_fast_note_reset(struct rv_store *s, const struct rv_change *c, struct rv_error *err);
int rv_fast_reset_noted(struct rv_store *s, struct rv_error *err);
void rv_fast_forget_resets(struct rv_nft *n, const struct rv_table_def *def);

/* ---- write.c, publish.c ------------------------------------------------------------------------ */

/*
 * Returns the first rule that cannot be in profile fast, with the reason appended to why, or NULL.
 * The table must be in memory.
 */
const struct rv_rule *rv_fast_misfit(struct rv_table *t, struct rv_buf *why);
/*
 * Called before a new table is written. Switches to profile compat, with a warning, if a rule
 * requires it.
 */
int rv_fast_choose(struct rv_store *s, struct rv_table *t, struct rv_error *err);
/*
 * Called after the kernel has rejected a transaction. Returns whether it has set err, either to the
 * reason or to RV_ERR_AGAIN: retry with larger maps, or without leaves, which count as jumps.
 */
bool rv_fast_refused(struct rv_store *s, const struct rv_nft_verdict *v, struct rv_error *err);
/* Writes the rules of a table in memory. kernel: the chains that exist in the kernel. */
int rv_fast_write(struct rv_store *s, struct rv_nft_message *m, struct rv_table *t,
		  struct rv_table *kernel);
/*
 * Called before a commit. Records the objects that will become unused, and deleted iptables chains,
 * which are renamed to RV_FAST_GONE.
 */
int rv_fast_note_garbage(struct rv_nft *n, const struct rv_table_def *def,
			 const struct rv_fast_table *f, struct rv_error *err);
void rv_fast_note_gone(struct rv_nft *n, const struct rv_table_def *def, uint64_t id);
/* Waits until packets that may have seen the previous rules have left them. */
void rv_fast_let_pass(void);
/* Returns whether a chain with this many plain rules at one end must be planned again. */
bool rv_fast_is_due(uint32_t plain);
/* Called after a commit. Waits until no packet can reach the recorded objects, and deletes them. */
int rv_fast_collect(struct rv_store *s, struct rv_error *err);

/* Makes a name from prefix and ID, and parses it. */
void rv_fast_name(char name[RV_FAST_NAME], const char *prefix, uint64_t id);
bool rv_fast_id(const char *name, const char *prefix, uint64_t *id);
/* Returns whether the chain is a leaf, action or deleted chain, which listings omit. */
bool rv_fast_is_ours(const char *name);

#endif
