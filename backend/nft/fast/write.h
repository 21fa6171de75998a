/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files that write a table of profile fast. */
#ifndef RAVELIN_NFT_FAST_WRITE_H
#define RAVELIN_NFT_FAST_WRITE_H

#include "fast.h"

struct rv_fast_writer {
	struct rv_nft *n;
	struct rv_nft_message *m;
	struct rv_table *table;
	const char *name;		/* of the table in the kernel */
	rv_family_t family;
	struct rv_fast_table *was;
	const struct rv_plan *plan;
	const struct rv_ext *comment;
	bool anew;			/* all chains are rewritten */
	bool flushes;			/* old rules are deleted at once */
	uint64_t before;		/* add rules before this handle; 0: at the end */
	bool bulk;			/* the transaction may contain more commands */
	uint64_t first, last;		/* first and last order in use */
	uint64_t id;			/* last ID used */
	struct rv_map actions;		/* ID by hash of the target's text */
	struct rv_map chains;		/* index + 1 in was->chains by hash of the name */
	struct rv_buf text;
};

/* A message and the iptables rule or chain that errors about it mention. */
struct rv_fast_about {
	struct rv_nft_message m;
	struct rv_change change;
};

/* Starts a message and appends the table's name. r NULL: the message is about the chain. */
int rv_fast_start(struct rv_fast_writer *w, struct rv_fast_about *a, struct rv_chain *c, struct rv_rule *r,
		  uint8_t type, uint16_t flags);
int rv_fast_finish(struct rv_fast_about *a);
/* Renders the rule's text to w->text. */
int rv_fast_render_text(struct rv_fast_writer *w, const struct rv_rule *r);
/* Appends expressions, counter, verdict, order and text of a rule. */
int rv_fast_put_rule(struct rv_fast_writer *w, struct rv_rule *r);

/* A map that is being filled. */
struct rv_fast_filling {
	struct rv_fast_writer *w;
	struct rv_chain *chain;
	const struct rv_key_shape *shape;
	char name[RV_FAST_NAME];
	struct rv_fast_about a;
	bool open;
	size_t list;
};

/*
 * Appends an element with the rule's key. rule: whether the element represents the rule, whose text
 * is w->text; otherwise it goes to a leaf. code and chain are the element's verdict.
 */
int rv_fast_add_element(struct rv_fast_filling *f, struct rv_rule *r, const struct rv_facts *facts,
			uint32_t code, const char *chain, bool rule);
int rv_fast_close_elements(struct rv_fast_filling *f);

/* The chain as it was read, or NULL. */
struct rv_fast_chain *rv_fast_read_chain(const struct rv_fast_writer *w, const struct rv_chain *c);

/* Returns whether counters and jump target are those that were read. */
bool rv_fast_is_as_read(const struct rv_fast_table *was, const struct rv_rule *r,
			const struct rv_fast_entry *e);

/*
 * Fails if xtables would refuse the target in this table; the kernel does not check native
 * expressions.
 */
int rv_fast_check_place(struct rv_fast_writer *w, const struct rv_chain *c, const struct rv_rule *r);
/* Updates the stored orders. */
int rv_fast_write_state(struct rv_fast_writer *w);

/* ---- one change each: change.c ------------------------------------------------------------------- */

int rv_fast_del_rule(struct rv_fast_writer *w, struct rv_chain *c, uint64_t handle);
/*
 * Adds a plain rule. front: insert at the start. before: handle of the kernel rule to insert it
 * before; 0: at the start or end.
 */
int rv_fast_put_plain(struct rv_fast_writer *w, struct rv_chain *c, struct rv_rule *r, bool front,
		      uint64_t before);
/*
 * Adds the rule, whose order is set, as an element. action: ID of its target's action, if it has a
 * target.
 */
int rv_fast_put_element(struct rv_fast_writer *w, struct rv_chain *c, struct rv_rule *r,
			const struct rv_facts *facts, const struct rv_fast_map *map, uint64_t action);
/* Deletes the element of e, an entry of w->was. */
int rv_fast_del_element(struct rv_fast_writer *w, struct rv_chain *c, const struct rv_fast_entry *e);

/* ---- change.c ------------------------------------------------------------------------------------ */

/*
 * Stages a few changes of a chain in place. Returns 0, 1 if the chain has to be rewritten (nothing
 * is staged), or -1.
 */
int rv_fast_edit(struct rv_fast_writer *w, const struct rv_plan_chain *p, struct rv_fast_chain *read);

#endif
