/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profile fast: a table's rules as the plan of the compiler (ravelin/plan.h) wants them, in a
 * table "ravelin-NAME" of its own.
 *
 * A switch is one kernel rule that loads the fields of a key and looks them up in a verdict map
 * "ravelin.map.ID". A map element is one rule of iptables, or leads to a leaf chain
 * "ravelin.leaf.ID" that has the rules of its key. An element whose rule has a target of
 * extensions leads to an action chain "ravelin.action.ID" that has the target.
 *
 * Each rule of iptables, wherever it stands, has its order in its chain and its text beside it, in
 * nft's comment: 16 hexadecimal digits, a blank, and the line of iptables-save without "-A CHAIN"
 * and without the name of a chain it jumps to (the verdict has that). The text is what is read.
 */
#ifndef RAVELIN_NFT_FAST_H
#define RAVELIN_NFT_FAST_H

#include <ravelin/plan.h>

#include "backend/nft/nft.h"

#define RV_FAST_MAP "ravelin.map."
#define RV_FAST_LEAF "ravelin.leaf."
#define RV_FAST_ACTION "ravelin.action."
#define RV_FAST_GONE "ravelin.gone."	/* a chain of iptables that was deleted, until it can go */
#define RV_FAST_STATE "ravelin.state"	/* a set: its one element has the first and the last order given */
#define RV_FAST_NAME 32		/* room for any of these with its ID */

/* Of the rule in an action chain, beside the text of its target. */
#define RV_FAST_ACTION_ORDER 1
/* Names of it that are looked for, from the hash of the text on. */
#define RV_FAST_ACTION_NAMES 2

/* From this bit on rv_store.replace has tables that are planned with as few jumps as can be. */
#define RV_FAST_SHALLOW 16
/* And from this one on tables whose chains are all written anew. */
#define RV_FAST_ANEW 24

/* Orders of a chain's rules begin here and go up by steps. */
#define RV_FAST_ORDER (UINT64_C(1) << 63)
#define RV_FAST_STEP (UINT64_C(1) << 32)

/* ---- text.c: order and text in the comment ------------------------------------------------ */

/* Order and text take so much at most; nf_tables refuses longer comments. */
#define RV_FAST_TEXT_MAX 251

/* Appends the rule's text. */
void rv_fast_text(struct rv_buf *b, rv_family_t family, const struct rv_rule *r);
/* Appends ": -A CHAIN ..." of a rule's message if it has order and text. Whether it has. */
bool rv_fast_render(struct rv_buf *b, const char *chain, struct rv_nft_view attrs);
/* Whether a text of that length fits in a comment. */
bool rv_fast_text_fits(size_t len);
/* Appends the attribute with order and text; a text that does not fit is left out. */
void rv_fast_put_comment(struct rv_buf *b, uint16_t attr, uint64_t order, const char *text,
			 size_t len);
/* Splits the value of such an attribute; elsewhere: the text did not fit. False: it is none. */
bool rv_fast_get_comment(struct rv_nft_view v, uint64_t *order, struct rv_nft_view *text,
			 bool *elsewhere);

/* Texts that are to be parsed together, in the order in which they are added. */
struct rv_fast_parse {
	rv_family_t family;
	struct rv_buf lines;
	uint32_t count;
	/* Given the rule of line number n, from 0; it owns it. */
	int (*rule)(struct rv_rule *r, uint32_t n, void *arg, struct rv_error *err);
	void *arg;
	uint32_t at;			/* the line whose turn it is */
	bool own;			/* it was rule() that failed */
};

void rv_fast_parse_begin(struct rv_fast_parse *p, const struct rv_table_def *table);
void rv_fast_parse_add(struct rv_fast_parse *p, struct rv_nft_view text, bool jumps);
/* -1 with err set; p->at is the line that was at fault. */
int rv_fast_parse_end(struct rv_fast_parse *p, struct rv_error *err);

/* ---- key.c: the shape of a key and the expressions of its look-up ---------------------------- */

#define RV_FAST_KEY_MAX 64

/* The key as the kernel's map has it; returns its length. */
unsigned int rv_fast_key(rv_family_t family, const struct rv_facts *f,
			 const struct rv_key_shape *shape, unsigned char key[RV_FAST_KEY_MAX]);
unsigned int rv_fast_key_len(rv_family_t family, const struct rv_key_shape *shape);
/* The key's type for nft, and the attribute that has its fields' lengths. */
uint32_t rv_fast_key_type(rv_family_t family, const struct rv_key_shape *shape);
void rv_fast_put_fields(struct rv_buf *b, rv_family_t family, const struct rv_key_shape *shape);
static inline bool rv_fast_is_concatenated(const struct rv_key_shape *shape)
{
	return shape->fields & (shape->fields - 1);
}
/* Appends NFTA_SET_ELEM_KEY. */
void rv_fast_put_key(struct rv_buf *b, const void *key, size_t len);
/* Appends a list element that has only a key, to look it up or delete it. */
void rv_fast_put_key_element(struct rv_buf *b, const void *key, size_t len);
/* Appends NFTA_RULE_EXPRESSIONS of a switch on that map. */
void rv_fast_switch_write(struct rv_buf *b, rv_family_t family, const struct rv_key_shape *shape,
			  const char *map);
/* Returns 0, 1 if the rule is no switch on one of our maps, or -1: it is none as we write them. */
int rv_fast_switch_read(rv_family_t family, struct rv_nft_view expressions,
			struct rv_key_shape *shape, uint64_t *map);

/* ---- target.c: targets as expressions ------------------------------------------------------- */

/*
 * The xt form of some targets is refused in a table of another name than iptables has it in
 * (xt_check_target() of net/netfilter/x_tables.c): those have native expressions here.
 */
/* Why a rule cannot be in a table of profile fast: "target `TTL'"; false: it can. */
bool rv_fast_refuses(const struct rv_table *t, const struct rv_rule *r, struct rv_buf *why);
int rv_fast_end_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		      struct rv_error *err);

/* The verdict of an element that is the rule; false: no element has the rule's verdict. */
bool rv_fast_element_code(const struct rv_rule *r, uint32_t *code);
/* Whether an element of a map with this key can be the rule. */
bool rv_fast_can_be_element(const struct rv_rule *r, const struct rv_facts *facts,
			    const struct rv_key_shape *shape);

uint64_t rv_fast_hash(const char *text, size_t len);
/* The text of the rule's target, and the number that the name of its action has; 0: no memory. */
uint64_t rv_fast_action(struct rv_buf *text, rv_family_t family, const struct rv_rule *r);

/* ---- read.c: what the kernel has ------------------------------------------------------------- */

enum rv_fast_where {
	RV_FAST_PLAIN,		/* a kernel rule in the chain */
	RV_FAST_ELEMENT,
	RV_FAST_IN_LEAF,
};

/* One rule of iptables as it was read. */
struct rv_fast_entry {
	uint64_t order;
	uint32_t chain;			/* its index in rv_fast_table.chains */
	uint32_t block;			/* of the kernel rules of that chain */
	uint64_t map, leaf;		/* ids; 0: none */
	uint64_t handle;		/* of the kernel rule, if it is one */
	struct rv_counters counters;
	enum rv_fast_where where;
	uint32_t code;			/* of an element: its verdict */
	uint64_t action;		/* and the action it leads to */
	size_t text, text_len;		/* in rv_fast_table.text */
	size_t jump;			/* the chain's name there; 0: none */
	size_t key;			/* of an element; 0: none */
};

struct rv_fast_map {
	uint64_t id;
	uint32_t chain, block;
	struct rv_key_shape shape;
	uint64_t handle;		/* of the kernel rule */
	uint32_t count;			/* elements as the kernel counts them; UINT32_MAX: not told */
	uint32_t seen;
	bool named;			/* a rule names it */
};

struct rv_fast_leaf {
	uint64_t id, map;
	uint32_t chain, block;
	size_t key;
	bool named;			/* an element names it */
};

struct rv_fast_chain {
	struct rv_chain *chain;		/* valid while it is read only */
	char name[RV_CHAIN_NAME_LEN];
	uint32_t first, count;		/* entries, once they are sorted */
	uint32_t blocks;		/* kernel rules */
	bool changed;			/* its rules are written anew */
};

struct rv_fast_table {
	bool cleared;			/* by a restore: nothing of it was read */
	bool has_state, has_set;	/* the element of RV_FAST_STATE, and the set, are there */
	uint64_t told_first, told_last;	/* what it says */
	uint64_t first, last;		/* orders given so far, by that and by what was read */
	struct rv_buf text;
	struct rv_fast_entry *entries;
	size_t nentries, room;
	struct rv_fast_chain *chains;
	size_t nchains;
	struct rv_fast_map *maps;
	size_t nmaps, maproom;
	struct rv_fast_leaf *leaves;
	size_t nleaves, leafroom;
	struct rv_buf actions, gone;	/* uint64_t ids of all these chains */
	struct rv_map by_map, by_leaf;	/* index + 1 by id */
};

void rv_fast_forget(struct rv_nft *n);
const char *rv_fast_table_name(const struct rv_table_def *def);
/* Finds out which profile the table has. */
int rv_fast_know(struct rv_store *s, const struct rv_table *t, struct rv_error *err);
static inline bool rv_fast_is(const struct rv_nft_batch *b, const struct rv_table_def *def)
{
	return b->fast & rv_nft_table_bit(def);
}

/* Whether a change is made to a table that is held in memory, and not staged as it comes. */
bool rv_fast_holds(const struct rv_store *s, const struct rv_change *c);
/* From here on the table is held in memory: all of it is read, or none because a restore cleared it. */
int rv_fast_hold(struct rv_store *s, struct rv_table *t, struct rv_error *err);
int rv_fast_hold_cleared(struct rv_store *s, struct rv_table *t, struct rv_error *err);
/* Whether the chain of a change that deletes it, in a table that is held, is empty and not used. */
int rv_fast_check_unused(const struct rv_change *c, struct rv_error *err);
/* Reads all rules of the table into its chains. */
int rv_fast_load(struct rv_store *s, struct rv_table *t, struct rv_error *err);
/* rv_backend.dump. The chains are known. */
int rv_fast_dump(struct rv_store *s, struct rv_table *t, const char *only, const struct rv_visitor *v,
		 struct rv_error *err);
/*
 * Looks for the first rule of the chain that is equal to wanted, asking for no other element than
 * its key's. *found NULL: there is none; else it is entry *at of *f. The caller frees both.
 */
int rv_fast_search(struct rv_store *s, struct rv_chain *c, const struct rv_rule *wanted,
		   struct rv_fast_table **f, size_t *at, struct rv_rule **found, struct rv_error *err);
/* Reads the kernel rules of a chain: maps, and entries of plain rules, as the kernel has them. */
int rv_fast_read_shallow(struct rv_store *s, struct rv_chain *c, struct rv_fast_table **f,
			 struct rv_error *err);
/* Asks for one element. Returns 0, 1 if it is not there, or -1. */
int rv_fast_ask_key(struct rv_store *s, const char *table, const char *map, const unsigned char *key,
		    unsigned int len, rv_nft_answer_fn *fn, void *arg, struct rv_error *err);

/* ---- single.c: one command that does not read the table ------------------------------------------- */

/* rv_backend.find */
int rv_fast_find(struct rv_store *s, struct rv_chain *c, const struct rv_rule *wanted,
		 struct rv_rule **found, struct rv_error *err);
/*
 * Stages a change of one rule in a table that is not held. Returns 0, 1 if the table must be held
 * for it (nothing is staged then), or -1.
 */
int rv_fast_single(struct rv_store *s, struct rv_nft_message *m, struct rv_error *err);

/* Reads the names of maps, leaves and actions only. */
int rv_fast_read_names(struct rv_store *s, struct rv_table *t, struct rv_fast_table *f,
		       struct rv_error *err);
/* Reads which orders have been given. */
int rv_fast_read_state(struct rv_store *s, const struct rv_table *t, struct rv_fast_table *f,
		       struct rv_error *err);
void rv_fast_table_free(struct rv_fast_table *f);

/* The map with this ID, which was read. */
static inline struct rv_fast_map *rv_fast_map_by_id(const struct rv_fast_table *f, uint64_t id)
{
	return &f->maps[*rv_map_get(&f->by_map, id) - 1];
}

/* Number i of the IDs in rv_fast_table.actions or gone; false after the last. */
static inline bool rv_fast_get_id(const struct rv_buf *ids, size_t i, uint64_t *id)
{
	if ((i + 1) * sizeof(*id) > ids->len)
		return false;
	memcpy(id, ids->data + i * sizeof(*id), sizeof(*id));
	return true;
}

/* ---- write.c, publish.c ------------------------------------------------------------------------ */

/* The first rule of a table that is held and cannot be in one of profile fast, and why; or NULL. */
const struct rv_rule *rv_fast_misfit(struct rv_table *t, struct rv_buf *why);
/* Before a new table is written: one that does not suit is written in profile compat, with a warning. */
int rv_fast_choose(struct rv_store *s, struct rv_table *t, struct rv_error *err);
/*
 * The kernel refused a transaction because of jumps: whether it is known why, or it will be tried
 * without leaves, which are jumps too. err is set then.
 */
bool rv_fast_refused(struct rv_store *s, const struct rv_nft_verdict *v, struct rv_error *err);
/* Writes the rules of a table that is held in memory. kernel: the chains that the kernel has. */
int rv_fast_write(struct rv_store *s, struct rv_nft_message *m, struct rv_table *t,
		  struct rv_table *kernel);
/*
 * Before a commit: notes what rules will no longer name, and a chain of iptables that was deleted
 * and has got such a name.
 */
int rv_fast_note_garbage(struct rv_nft *n, const struct rv_table_def *def,
			 const struct rv_fast_table *f, struct rv_error *err);
void rv_fast_note_gone(struct rv_nft *n, const struct rv_table_def *def, uint64_t id);
/* Waits until no packet is on its way that has met what was there before. */
void rv_fast_let_pass(void);
/* Whether so many plain rules in a row, at an end of a chain, are to be planned anew. */
bool rv_fast_is_due(uint32_t plain);
/* After it: takes away what was noted, once no packet can reach it any more. */
int rv_fast_collect(struct rv_store *s, struct rv_error *err);

/* "ravelin.leaf." and an id, and back. */
void rv_fast_name(char name[RV_FAST_NAME], const char *prefix, uint64_t id);
bool rv_fast_id(const char *name, const char *prefix, uint64_t *id);
/* Whether a chain is one of ours, which iptables does not show. */
bool rv_fast_is_ours(const char *name);

#endif
