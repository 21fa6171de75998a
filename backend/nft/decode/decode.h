/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes rules: those written by iptables-nft 1.8.x, and rules of nft that iptables can express.
 * Any other rule becomes an object: its message is stored, unchanged, in the match `nft'.
 */
#ifndef RAVELIN_NFT_DECODE_H
#define RAVELIN_NFT_DECODE_H

#include "extensions/limit.h"
#include "backend/nft/wire/netlink.h"
#include "backend/nft/wire/sources.h"

/* ---- a rule of the kernel's: read.c ------------------------------------------- */

/*
 * Decodes the rule in a message. *place points into attrs. A rule that iptables cannot express
 * becomes the match `nft'. aside: the connection for requesting the sets and chains that belong to
 * the rule; if NULL, they are not requested. On error returns NULL with err set.
 */
struct rv_rule *rv_nft_rule_of(struct rv_nft_aside *aside, rv_family_t family,
			       struct rv_nft_view attrs, struct rv_nft_place *place,
			       struct rv_error *err);

/*
 * As rv_nft_rule_of(), for a message staged from a parsed rule: does not check whether the kernel
 * accepts the rule in that place.
 */
struct rv_rule *rv_nft_rule_staged(rv_family_t family, struct rv_nft_view attrs,
				   struct rv_nft_place *place, struct rv_error *err);

/*
 * Decodes the rule in a message (its attributes) to options with the same meaning, even if the
 * kernel would not accept them there. named: called to decode lookups in named sets. Returns NULL
 * with err set if no options have that meaning.
 */
struct rv_nft_reader;
struct rv_nft_reg;
typedef int rv_nft_named_fn(struct rv_nft_reader *r, struct rv_nft_reg *h, const struct rv_nft_expr *e);
struct rv_rule *rv_nft_rule_words(struct rv_nft_aside *aside, rv_family_t family, struct rv_nft_view attrs,
				  rv_nft_named_fn *named, struct rv_error *err);

/* ---- what a rule means: read.c -------------------------------------------------------- */

/* A predicate and the load that it compares. */
struct rv_nft_said {
	struct rv_predicate p;
	struct rv_nft_load load;
	/* how iptables writes this predicate; NULL if it does not */
	const struct rv_nft_source *source;
};

/* A match that counts the packets that reach it. */
struct rv_nft_counted {
	size_t part;		/* index in the rule's parts */
	bool limits;
	struct rv_rate rate;	/* if limits */
	const char *set;	/* name of its dynamic set, in the message; NULL: none */
	uint32_t flags, len;	/* flags of the set, key length in bytes */
	bool as_ours;		/* the kernel's set has the properties that iptables sets */
};
#define RV_NFT_COUNTED 8

#define RV_NFT_FIRST 6

/* A match, and the number of predicates before it. */
struct rv_nft_step {
	struct rv_part *part;
	size_t tests;
};

struct rv_nft_meaning {
	struct rv_nft_said *list;	/* in order of evaluation; owned unless equal to first */
	struct rv_nft_said *first;
	size_t count, room;
	struct rv_nft_step *parts;	/* owned; those of rule->matches */
	size_t nparts, part_room;
	struct rv_nft_counted counted[RV_NFT_COUNTED];
	unsigned int ncounted;
	bool many;			/* has more than RV_NFT_COUNTED counting matches */
	bool foreign;			/* contains expressions that iptables does not write */
	bool compat;			/* contains compat expressions */
	/* iptables can express this only approximately: listings add a note */
	bool loose;
	/* Matches that are not predicates, target, verdict, counters; rule->ip is empty. Owned. */
	struct rv_rule *rule;
};

/*
 * Reads the meaning of the rule in a message (its attributes). aside: the connection for requesting
 * sets. Returns 0, or -1 with err set; then there is nothing to clear.
 */
int rv_nft_meaning_read(struct rv_nft_aside *aside, rv_family_t family, struct rv_nft_view attrs,
			struct rv_nft_meaning *m, struct rv_error *err);
void rv_nft_meaning_clear(struct rv_nft_meaning *m);

/* Decodes a rule from the payload of NFTA_RULE_EXPRESSIONS. Returns NULL with err set. */
struct rv_rule *rv_nft_rule_read(rv_family_t family, struct rv_nft_view expressions,
				 const struct rv_nft_place *place, struct rv_error *err);

/* ---- rules that are kept whole: object_read.c ---------------------------------------- */

/*
 * Reads the rule in a message (its attributes) as an object. aside: the connection for requesting
 * the sets and chains that belong to the rule; if NULL, only their names are stored. On error
 * returns NULL with err set.
 */
struct rv_rule *rv_nft_object_read(struct rv_nft_aside *aside, rv_family_t family,
				   struct rv_nft_view attrs, struct rv_error *err);

/*
 * Sets *bound if the chain is anonymous: it contains the rules in the braces of "jump { ... }".
 * Returns 0, 1 if the chain does not exist, or -1 with err set.
 */
int rv_nft_is_bound(struct rv_nft_aside *aside, rv_family_t family, const char *table,
		    const char *name, bool *bound, struct rv_error *err);

/* ---- named sets, for ravelin run and explain: named.c ------------------------------------------ */

/*
 * Converts an object to iptables options; a lookup in a named set becomes "-m set --match-set
 * @TABLE/NAME". Returns NULL with err set if options cannot express it.
 */
struct rv_nft_object;
struct rv_rule *rv_nft_object_words(struct rv_nft_aside *aside, rv_family_t family, const char *table,
				    const struct rv_nft_object *o, struct rv_error *err);
/*
 * Appends the set @TABLE/NAME in the format of "ipset save". Returns 0, 1 if that format cannot
 * express it (*why is set to a string literal with the reason), or -1 with err set.
 */
int rv_nft_named_lines(struct rv_buf *b, struct rv_nft_aside *aside, rv_family_t family, const char *table,
		       const char *name, const char **why, struct rv_error *err);

#endif
