/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that have no words in iptables, kept as the kernel has them: the match `nft'
 * (extensions/nft.c). One is a list of netlink attributes, each of which holds a message's:
 *
 *   type of the attribute    what it holds
 *   NFT_MSG_NEWSET           an anonymous set or map of the rule, NFTA_SET_ID from 1 on
 *   NFT_MSG_NEWSETELEM       elements of it
 *   NFT_MSG_NEWCHAIN         the chain of "jump { ... }", NFTA_CHAIN_ID from 1 on
 *   NFT_MSG_NEWRULE          a rule of such a chain (with NFTA_RULE_CHAIN_ID), and last the rule
 *
 * in the order in which they are sent to the kernel, without table, chain and handle. What has
 * a name keeps it: sets, maps, chains, objects. linux/netfilter/nf_tables.h has the attributes.
 */
#ifndef RAVELIN_NFT_OBJECT_H
#define RAVELIN_NFT_OBJECT_H

#include <ravelin/bytes.h>

#include "wire.h"

/* rv_part.data of the match. Equality looks at the first field. */
struct rv_nft_object {
	const struct rv_bytes *rule;	/* what is counted is 0 */
	const struct rv_bytes *counted;	/* the same with what was counted; the first counter is 0 */
	const struct rv_bytes *text;	/* for people */
	const struct rv_bytes *given;	/* --rule as it was written; only while parsing */
};

extern const struct rv_ext rv_ext_nft;

/* The rule's object, or NULL: it has words. */
const struct rv_nft_object *rv_nft_object_of(const struct rv_rule *r);

/*
 * Fills o from bytes of any content. Returns 0, or -1 with err set. The first counter is put
 * into counters, if there is one and counters is not NULL.
 */
int rv_nft_object_set(struct rv_nft_object *o, rv_family_t family, const void *bytes, size_t len,
		      struct rv_counters *counters, struct rv_error *err);

/*
 * What becomes of a packet that all tests of the object let through: *verdict, NONE if the next rule is
 * asked. False: that is not known, or the rule does more.
 */
bool rv_nft_object_verdict(const struct rv_nft_object *o, enum rv_verdict *verdict);

/* rv_ext.chains of the match. */
int rv_nft_object_chains(unsigned char *data, rv_family_t family, rv_chain_fn *fn, void *arg);

/* ---- between the files that know the form ------------------------------------------- */

/* Places in a message that mean something to us. */
enum rv_nft_spot {
	RV_NFT_SPOT_PLAIN,	/* nothing */
	RV_NFT_SPOT_STATE,	/* counted by the kernel */
	RV_NFT_SPOT_QUOTA,	/* flags of a quota: the kernel sets one of them itself */
	RV_NFT_SPOT_GONE,	/* of the moment: never kept */
	RV_NFT_SPOT_ZERO,	/* 0 is the same as none; the kernel tells it and may not take it */
	RV_NFT_SPOT_SET,	/* name of a set */
	RV_NFT_SPOT_SET_ID,
	RV_NFT_SPOT_CHAIN,	/* name of a chain */
	RV_NFT_SPOT_CHAIN_ID,
	RV_NFT_SPOT_OBJECT,	/* name of a counter, quota, ... */
	RV_NFT_SPOT_FLOWTABLE,
};

/* What an attribute list belongs to. */
enum rv_nft_level {
	RV_NFT_LEVEL_NONE,
	RV_NFT_LEVEL_CHAIN, RV_NFT_LEVEL_RULE, RV_NFT_LEVEL_SET, RV_NFT_LEVEL_ELEMENTS,
	RV_NFT_LEVEL_LIST, RV_NFT_LEVEL_ELEMENT, RV_NFT_LEVEL_EXPRESSIONS,
	RV_NFT_LEVEL_EXPRESSION, RV_NFT_LEVEL_DATA, RV_NFT_LEVEL_VERDICT,
	RV_NFT_LEVEL_LOOKUP, RV_NFT_LEVEL_DYNSET, RV_NFT_LEVEL_OBJREF, RV_NFT_LEVEL_IMMEDIATE,
	RV_NFT_LEVEL_COUNTER, RV_NFT_LEVEL_QUOTA, RV_NFT_LEVEL_LAST, RV_NFT_LEVEL_FLOW, RV_NFT_LEVEL_EXTHDR,
};

/* Copies attribute lists and gives the spots to a function. */
struct rv_nft_copier {
	struct rv_buf *out;
	/* Appends what takes the place of the attribute; NULL: it is copied. Returns 0 or -1. */
	int (*spot)(struct rv_nft_copier *c, enum rv_nft_spot spot, uint16_t type,
		    struct rv_nft_view v);
	void *arg;
	enum rv_nft_level level;	/* of the list that is being copied */
	unsigned int depth;
	bool outer;			/* in the rule itself, not in what belongs to it */
	unsigned int counters;		/* seen there */
};

/* Whether it is in the first of the rule's own counters. */
bool rv_nft_in_first_counter(const struct rv_nft_copier *c);

/* Returns 0, or -1: malformed, or what spot() returned. */
int rv_nft_copy_level(struct rv_nft_copier *c, enum rv_nft_level level, struct rv_nft_view list);
/* The level of a message's attributes, NONE: no such message can be in an object. */
enum rv_nft_level rv_nft_message_level(uint16_t type);
/* Whether an attribute of such a message belongs to an object. */
bool rv_nft_object_attr(uint16_t message, uint16_t attr);

/* A rule that is the object with these bytes. */
struct rv_rule *rv_nft_object_rule(rv_family_t family, const void *bytes, size_t len,
				   struct rv_error *err);
/* The first counter of a rule's expressions; false: there is none. */
bool rv_nft_first_counter(struct rv_nft_view expressions, struct rv_counters *counters);
/* Whether it has sets or chains of its own. */
bool rv_nft_object_has_own(const struct rv_nft_object *o);
/* NFTA_RULE_COMPAT, if the expressions have matches or targets of xtables: they want the protocol. */
void rv_nft_object_compat(struct rv_buf *b, rv_family_t family, struct rv_nft_view expressions);

/* Appends an object's rule in nft's words, or what comes near to them. */
void rv_nft_object_text(struct rv_buf *b, rv_family_t family, struct rv_nft_view object);

#endif
