/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules from expressions: those that iptables-nft 1.8.x wrote, and what nft wrote and iptables can say. Any
 * other rule is kept whole in the match `nft'.
 */
#ifndef RAVELIN_NFT_DECODE_H
#define RAVELIN_NFT_DECODE_H

#include "extensions/limit.h"
#include "backend/nft/wire/netlink.h"
#include "backend/nft/wire/sources.h"

/* ---- a rule of the kernel's: read.c ------------------------------------------- */

/*
 * The rule in a message: what place points to is in attrs. One that iptables has no words for
 * is whole in the match `nft'. aside: for the sets and chains that are the rule's own; NULL: they
 * are not asked for. NULL with err set.
 */
struct rv_rule *rv_nft_rule_of(struct rv_nft_aside *aside, rv_family_t family,
			       struct rv_nft_view attrs, struct rv_nft_place *place,
			       struct rv_error *err);

/*
 * The rule in a message of a transaction that was made of a rule's words: those, though the kernel
 * may not take it in that place. As rv_nft_rule_of().
 */
struct rv_rule *rv_nft_rule_staged(rv_family_t family, struct rv_nft_view attrs,
				   struct rv_nft_place *place, struct rv_error *err);

/*
 * The rule in a message (its attributes) in options that mean the same, for a reader only: the kernel may not
 * take it so. named: reads lookups in sets with a name. NULL with err set: there are none.
 */
struct rv_nft_reader;
struct rv_nft_reg;
typedef int rv_nft_named_fn(struct rv_nft_reader *r, struct rv_nft_reg *h, const struct rv_nft_expr *e);
struct rv_rule *rv_nft_rule_words(struct rv_nft_aside *aside, rv_family_t family, struct rv_nft_view attrs,
				  rv_nft_named_fn *named, struct rv_error *err);

/* ---- what a rule means: read.c -------------------------------------------------------- */

/* A predicate, and what it was loaded from. */
struct rv_nft_said {
	struct rv_predicate p;
	struct rv_nft_load load;
	const struct rv_nft_source *source;	/* whose owner takes it; NULL: iptables writes none such */
};

/* A match that counts the packets which come as far as it. */
struct rv_nft_counted {
	size_t part;		/* its place among the rule's parts */
	bool limits;
	struct rv_rate rate;	/* if it does */
	const char *set;	/* that it fills, in the message; NULL: none */
	uint32_t flags, len;	/* of the set, and of its keys, bytes */
	bool as_ours;		/* the kernel has it so */
};
#define RV_NFT_COUNTED 8

#define RV_NFT_FIRST 6

/* A match, and how many of the predicates come before it. */
struct rv_nft_step {
	struct rv_part *part;
	size_t tests;
};

struct rv_nft_meaning {
	struct rv_nft_said *list;	/* in the order in which they are tested; owned, unless it is first */
	struct rv_nft_said *first;
	size_t count, room;
	struct rv_nft_step *parts;	/* owned; those of rule->matches */
	size_t nparts, part_room;
	struct rv_nft_counted counted[RV_NFT_COUNTED];
	unsigned int ncounted;
	bool many;			/* more of them than that */
	bool foreign;			/* iptables has no such expressions */
	bool compat;			/* it has matches or a target in the kernel's own form */
	bool loose;			/* iptables has words for nearly that, see readback */
	/* Matches that are no predicates, target, verdict, counters; nothing in rule->ip. Owned. */
	struct rv_rule *rule;
};

/*
 * Reads the rule in a message (its attributes). aside is asked for the sets it names.
 * Returns 0, or -1 with err set and nothing to clear.
 */
int rv_nft_meaning_read(struct rv_nft_aside *aside, rv_family_t family, struct rv_nft_view attrs,
			struct rv_nft_meaning *m, struct rv_error *err);
void rv_nft_meaning_clear(struct rv_nft_meaning *m);

/* The rule of iptables whose NFTA_RULE_EXPRESSIONS has this payload, or NULL with err set. */
struct rv_rule *rv_nft_rule_read(rv_family_t family, struct rv_nft_view expressions,
				 const struct rv_nft_place *place, struct rv_error *err);

/* ---- rules that are kept whole: object_read.c ---------------------------------------- */

/*
 * The rule in a message (its attributes) as an object. aside: asked for the sets and chains that belong
 * to it; NULL: they stay names. NULL with err set.
 */
struct rv_rule *rv_nft_object_read(struct rv_nft_aside *aside, rv_family_t family,
				   struct rv_nft_view attrs, struct rv_error *err);

/* Whether a chain is that of "jump { ... }". Returns 0, 1 if it is not there, or -1 with err set. */
int rv_nft_is_bound(struct rv_nft_aside *aside, rv_family_t family, const char *table,
		    const char *name, bool *bound, struct rv_error *err);

/* ---- for those who ask what a rule does: named.c ------------------------------------------ */

/*
 * The object's rule in words of iptables, in which a set with a name is "-m set --match-set @TABLE/NAME".
 * NULL with err set: it has no words.
 */
struct rv_nft_object;
struct rv_rule *rv_nft_object_words(struct rv_nft_aside *aside, rv_family_t family, const char *table,
				    const struct rv_nft_object *o, struct rv_error *err);
/*
 * Appends the set @TABLE/NAME as "ipset save" prints sets. Returns 0, 1 after *why says why it cannot be, or -1
 * with err set.
 */
int rv_nft_named_lines(struct rv_buf *b, struct rv_nft_aside *aside, rv_family_t family, const char *table,
		       const char *name, const char **why, struct rv_error *err);

#endif
