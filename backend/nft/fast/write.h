/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that write a table of profile fast. */
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
	bool anew;			/* all chains are written anew */
	bool bulk;			/* many commands may be in this transaction */
	uint64_t first, last;		/* orders given so far */
	uint64_t id;			/* of the next object of ours */
	struct rv_map actions;		/* by a hash of the target's text: ids */
	struct rv_map chains;		/* by a hash of the name: index + 1 in was->chains */
	struct rv_buf text;
};

/* A message that is about one rule of iptables, or about the chain. */
struct rv_fast_about {
	struct rv_nft_message m;
	struct rv_change change;
};

/* A message of that type; its first attribute, the table's name, is in it. r NULL: about the chain. */
int rv_fast_start(struct rv_fast_writer *w, struct rv_fast_about *a, struct rv_chain *c, struct rv_rule *r,
		  uint8_t type, uint16_t flags);
int rv_fast_finish(struct rv_fast_about *a);
/* Puts the rule's text in w->text. */
int rv_fast_render_text(struct rv_fast_writer *w, const struct rv_rule *r);
/* Tests, counter and verdict of a rule, and its order and text. */
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
 * An element with the rule's key. rule: it is that rule, whose text is w->text; else it leads to a
 * leaf. code and chain: its verdict.
 */
int rv_fast_add_element(struct rv_fast_filling *f, struct rv_rule *r, const struct rv_facts *facts,
			uint32_t code, const char *chain, bool rule);
int rv_fast_close_elements(struct rv_fast_filling *f);

/* The chain as it was read, or NULL. */
struct rv_fast_chain *rv_fast_read_chain(const struct rv_fast_writer *w, const struct rv_chain *c);

/* Whether a rule has the counters and the jump that were read. */
bool rv_fast_is_as_read(const struct rv_fast_table *was, const struct rv_rule *r,
			const struct rv_fast_entry *e);

/* Whether the kernel would take the rule's target in the table, which it does not look at here. */
int rv_fast_check_place(struct rv_fast_writer *w, const struct rv_chain *c, const struct rv_rule *r);
/* Replaces the element that has the orders given, as w->was read it. */
int rv_fast_write_state(struct rv_fast_writer *w);

/* ---- one change each: change.c ------------------------------------------------------------------- */

int rv_fast_del_rule(struct rv_fast_writer *w, struct rv_chain *c, uint64_t handle);
/* before: handle of the kernel rule that it comes before; 0: at the front, or at the end. */
int rv_fast_put_plain(struct rv_fast_writer *w, struct rv_chain *c, struct rv_rule *r, bool front,
		      uint64_t before);
/* The rule, which has its order, becomes an element; action: of its target, if it has one. */
int rv_fast_put_element(struct rv_fast_writer *w, struct rv_chain *c, struct rv_rule *r,
			const struct rv_facts *facts, const struct rv_fast_map *map, uint64_t action);
/* e is one of w->was. */
int rv_fast_del_element(struct rv_fast_writer *w, struct rv_chain *c, const struct rv_fast_entry *e);

/* ---- change.c ------------------------------------------------------------------------------------ */

/*
 * Stages few changes of a chain as they are. Returns 0, 1 if they have to be made by writing the
 * chain anew (nothing is staged then), or -1.
 */
int rv_fast_edit(struct rv_fast_writer *w, const struct rv_plan_chain *p, struct rv_fast_chain *read);

#endif
