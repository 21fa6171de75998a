/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that iptables options cannot express, kept as the kernel reports them: the match `nft'
 * (extensions/nft.c). An object is a list of netlink attributes, each containing the attributes of
 * a message:
 *
 *   attribute type           contents
 *   NFT_MSG_NEWSET           an anonymous set or map of the rule, NFTA_SET_ID from 1 on
 *   NFT_MSG_NEWSETELEM       elements of it
 *   NFT_MSG_NEWCHAIN         the chain of "jump { ... }", NFTA_CHAIN_ID from 1 on
 *   NFT_MSG_NEWRULE          a rule of such a chain (with NFTA_RULE_CHAIN_ID), and last the rule
 *
 * in the order in which they are sent to the kernel, without table, chain and handle. Named sets,
 * maps, chains and objects keep their names. Attributes: linux/netfilter/nf_tables.h.
 */
#ifndef RAVELIN_NFT_OBJECT_H
#define RAVELIN_NFT_OBJECT_H

#include <ravelin/bytes.h>

#include "wire.h"

/* rv_part.data of the match. Only the first field is compared. */
struct rv_nft_object {
	const struct rv_bytes *rule;	/* with counted values set to 0 */
	const struct rv_bytes *counted;	/* with counted values; the first counter is 0 */
	const struct rv_bytes *text;	/* nft syntax, for output */
	const struct rv_bytes *given;	/* --rule as it was written; only while parsing */
};

extern const struct rv_ext rv_ext_nft;

/* The rule's object, or NULL if it is not one. */
const struct rv_nft_object *rv_nft_object_of(const struct rv_rule *r);

/*
 * Fills o from untrusted bytes. Returns 0, or -1 with err set. Stores the first counter in
 * counters, if there is one and counters is not NULL.
 */
int rv_nft_object_set(struct rv_nft_object *o, rv_family_t family, const void *bytes, size_t len,
		      struct rv_counters *counters, struct rv_error *err);

/*
 * Sets *verdict for a packet that passes all tests of the object (NONE: continue with the next
 * rule). Returns false if this is unknown, or the rule has other effects.
 */
bool rv_nft_object_verdict(const struct rv_nft_object *o, enum rv_verdict *verdict);

/* rv_ext_ops.chains of the match. */
int rv_nft_object_chains(unsigned char *data, rv_family_t family, rv_chain_fn *fn, void *arg);

/* ---- between the files that know the form ------------------------------------------- */

/* Attributes with a meaning for objects. */
enum rv_nft_spot {
	RV_NFT_SPOT_PLAIN,	/* nothing */
	RV_NFT_SPOT_STATE,	/* counted value */
	RV_NFT_SPOT_QUOTA,	/* flags of a quota, one of which the kernel sets */
	RV_NFT_SPOT_GONE,	/* transient: never kept */
	RV_NFT_SPOT_ZERO,	/* 0 means none; the kernel reports it but may reject it */
	RV_NFT_SPOT_SET,	/* name of a set */
	RV_NFT_SPOT_SET_ID,
	RV_NFT_SPOT_CHAIN,	/* name of a chain */
	RV_NFT_SPOT_CHAIN_ID,
	RV_NFT_SPOT_OBJECT,	/* name of a counter, quota, ... */
	RV_NFT_SPOT_FLOWTABLE,
};

/* The kind of an attribute list. */
enum rv_nft_level {
	RV_NFT_LEVEL_NONE,
	RV_NFT_LEVEL_CHAIN, RV_NFT_LEVEL_RULE, RV_NFT_LEVEL_SET, RV_NFT_LEVEL_ELEMENTS,
	RV_NFT_LEVEL_LIST, RV_NFT_LEVEL_ELEMENT, RV_NFT_LEVEL_EXPRESSIONS,
	RV_NFT_LEVEL_EXPRESSION, RV_NFT_LEVEL_DATA, RV_NFT_LEVEL_VERDICT,
	RV_NFT_LEVEL_LOOKUP, RV_NFT_LEVEL_DYNSET, RV_NFT_LEVEL_OBJREF, RV_NFT_LEVEL_IMMEDIATE,
	RV_NFT_LEVEL_COUNTER, RV_NFT_LEVEL_QUOTA, RV_NFT_LEVEL_LAST, RV_NFT_LEVEL_FLOW, RV_NFT_LEVEL_EXTHDR,
};

/* Copies attribute lists and calls a function for each spot. */
struct rv_nft_copier {
	struct rv_buf *out;
	/* Appends the replacement of the attribute; NULL: copy it. Returns 0 or -1. */
	int (*spot)(struct rv_nft_copier *c, enum rv_nft_spot spot, uint16_t type,
		    struct rv_nft_view v);
	void *arg;
	enum rv_nft_level level;	/* of the list being copied */
	unsigned int depth;
	bool outer;			/* in the rule itself, not in its sets and chains */
	unsigned int counters;		/* counters seen in the rule itself */
};

/* Returns whether the current spot is in the rule's first counter. */
bool rv_nft_in_first_counter(const struct rv_nft_copier *c);

/* Returns 0, or -1 if malformed or spot() failed. */
int rv_nft_copy_level(struct rv_nft_copier *c, enum rv_nft_level level, struct rv_nft_view list);
/* The level of a message's attributes; NONE: not allowed in an object. */
enum rv_nft_level rv_nft_message_level(uint16_t type);
/* Returns whether the attribute belongs to an object. */
bool rv_nft_object_attr(uint16_t message, uint16_t attr);

/* Makes a rule that is the object with these bytes. */
struct rv_rule *rv_nft_object_rule(rv_family_t family, const void *bytes, size_t len,
				   struct rv_error *err);
/* Gets the first counter of a rule's expressions; false: none. */
bool rv_nft_first_counter(struct rv_nft_view expressions, struct rv_counters *counters);
/* Returns whether the object has its own sets or chains. */
bool rv_nft_object_has_own(const struct rv_nft_object *o);
/* Appends NFTA_RULE_COMPAT if there are xtables matches or targets, which need the protocol. */
void rv_nft_object_compat(struct rv_buf *b, rv_family_t family, struct rv_nft_view expressions);

/* Appends an object's rule in nft syntax, or something similar. */
void rv_nft_object_text(struct rv_buf *b, rv_family_t family, struct rv_nft_view object);

#endif
