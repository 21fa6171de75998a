/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules from expressions: those that iptables-nft 1.8.x wrote, and what nft wrote and iptables can say. Any
 * other rule is kept whole in the match `nft'.
 */
#ifndef RAVELIN_NFT_DECODE_H
#define RAVELIN_NFT_DECODE_H

#include "backend/nft/wire/netlink.h"

/* ---- a rule of the kernel's: message.c ------------------------------------------- */

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

/* Adds the comment that nft keeps beside a rule. */
int rv_nft_read_userdata(struct rv_rule *r, rv_family_t family, struct rv_nft_view v,
			 struct rv_error *err);

/* ---- rules that iptables wrote: rule.c, predicate.c ------------------------------ */

/* What a register holds: a field of the packet, perhaps masked. */
struct rv_nft_load {
	uint8_t words;			/* 32-bit registers from this one on; 0: none */
	bool used, masked, bounded;
	enum rv_nft_kind kind;		/* RV_NFT_PAYLOAD or RV_NFT_META */
	uint32_t base, offset, key, len;
	uint8_t mask[16];
	uint8_t from[16];		/* bounded: lower end of a range, the upper is to come */
};

/* A rule being read. */
struct rv_nft_reader {
	rv_family_t family;
	struct rv_rule *rule;
	const struct rv_nft_place *place;
	struct rv_error *err;
	struct rv_nft_load loads[RV_NFT_WORDS];
	bool counted, ended;		/* a counter, a verdict or target was seen */
	struct rv_part *barrier;	/* the last match that may count packets: tests stay behind it */
	uint32_t constant;		/* register that an immediate 1 was put in, 0: none */
};

/* The rule whose NFTA_RULE_EXPRESSIONS has this payload, or NULL with err set. */
struct rv_rule *rv_nft_rule_read(rv_family_t family, struct rv_nft_view expressions,
				 const struct rv_nft_place *place, struct rv_error *err);
/* Records that the rule being read is not understood. Returns -1. */
int rv_nft_unsupported(struct rv_nft_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds a match that what is tested later must not be put before. */
void rv_nft_add_barrier(struct rv_nft_reader *r, struct rv_part *part);

/* Bytes that a meta key loads, 0: a key that is not understood. */
uint32_t rv_nft_meta_len(uint32_t key);
/* Gives a predicate to a row, in whichever form the row knows. False: no row takes it. */
bool rv_nft_absorb(rv_family_t family, const struct rv_ext *ext, const struct rv_predicate *p,
		   unsigned char *data);
/* A comparison of what is loaded becomes a predicate of the rule. */
int rv_nft_compare(struct rv_nft_reader *r, struct rv_nft_load *l, const struct rv_nft_expr *e);
/* Ends what is still open: half a range. A load that nothing looked at is a misfit. */
int rv_nft_load_end(struct rv_nft_reader *r, struct rv_nft_load *l);

/* ---- matches and targets of xtables, limit, log and trace: parts.c --------------- */

int rv_nft_part_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_native_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);

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
 * aside->named is set. NULL with err set: it has no words.
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
