/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that nft wrote: expressions that iptables has not, as predicates and as words of
 * iptables.
 *
 *   registers (foreign.c) ─> tests of fields (fields.c)  ─> predicates
 *                         └> statements (statements.c)  ─> "-j DNAT --to-destination ..."
 *   both ─> a rule (reword.c), if its options can say just that
 *
 * What is not understood is an error; nothing is left out.
 */
#ifndef RAVELIN_BACKEND_NFT_FOREIGN_H
#define RAVELIN_BACKEND_NFT_FOREIGN_H

#include "nft.h"

/* Elements of an anonymous set: keys, or ranges of them with both ends. */
struct rv_nft_range {
	uint8_t from[32], to[32];
	bool end;		/* while it is read: from is one behind a range's end */
};

struct rv_nft_set {
	struct rv_nft_range *range;	/* owned */
	size_t count, room;
	uint32_t len;			/* of a key, bytes */
};

/* What a rule means. */
struct rv_nft_meaning {
	struct rv_predicate *list;	/* owned; in normal form, each once */
	size_t count, room;
	/* Matches that are no predicates, target, verdict, counters; nothing in rule->ip. Owned. */
	struct rv_rule *rule;
};

/*
 * Reads the rule in a message (its attributes). The socket is asked for the sets it names.
 * Returns 0, or -1 with err set and nothing to clear.
 */
int rv_nft_meaning_read(struct rv_nft_socket *n, rv_family_t family, struct rv_nft_view attrs,
			struct rv_nft_meaning *m, struct rv_error *err);
void rv_nft_meaning_clear(struct rv_nft_meaning *m);

/*
 * The rule in a message, in words of iptables that mean the same, for the caller to free. NULL
 * with err set: there are none. Asks the kernel for nothing: a rule with sets is not understood.
 */
struct rv_rule *rv_nft_reword(rv_family_t family, struct rv_nft_view attrs, struct rv_error *err);

/* ---- registers --------------------------------------------------------------------- */

enum rv_nft_holding { RV_NFT_EMPTY, RV_NFT_FIELD, RV_NFT_CONSTANT };

/* What a register holds: a field, perhaps changed, or bytes. */
struct rv_nft_held {
	enum rv_nft_holding kind;
	uint8_t words;
	bool used;			/* something looked at it */
	struct rv_nft_expr load;	/* FIELD */
	bool masked, swapped;		/* (field & mask) ^ xor; in network order by byteorder */
	bool bounded;			/* from: lower end of a range, the upper is to come */
	uint32_t len;
	uint8_t mask[16], xor[16], from[16];
	uint8_t data[32];		/* CONSTANT */
};

/* One comparison of what a register holds. */
struct rv_nft_test {
	bool negate;
	bool range;			/* from <= x <= to, else x == from */
	uint32_t len;			/* bytes compared */
	uint8_t from[16], to[16];
	const struct rv_nft_set *set;	/* or: x is in it */
	const struct rv_nft_held *second;	/* the set's keys go on with this field; NULL: they don't */
};

/* A rule being read. */
struct rv_nft_foreign {
	struct rv_nft_socket *socket;
	struct rv_nft_reader base;	/* family, place, err: for rv_nft_misfit() */
	struct rv_nft_meaning *m;
	struct rv_nft_held held[RV_NFT_WORDS];
	struct rv_nft_set set;		/* of the lookup at hand */
	struct rv_buf words;		/* of iptables, a NUL behind each */
	unsigned int nwords;
	struct rv_counters counters;
	enum rv_verdict verdict;
	char jump[RV_CHAIN_NAME_LEN];
	bool counted, ended;
	bool is_ether, reserved2;	/* tests that mean something only with others */
	struct {			/* of -m addrtype with an interface */
		uint32_t flags;
		bool negate[2];
		uint32_t types[2];
	} addrtype;
	struct {			/* of -m socket */
		bool seen, transparent, any, restore;
	} sk;
	struct {			/* of a target that takes several expressions */
		bool tproxy, dscp;
		uint32_t value;
	} target;
};

/* Records that the rule is not understood. Returns -1. */
#define rv_nft_foreign_misfit(f, ...) rv_nft_misfit(&(f)->base, __VA_ARGS__)

/* What is in a register, or NULL. */
struct rv_nft_held *rv_nft_held(struct rv_nft_foreign *f, uint32_t reg);
/* The bytes of a constant of len bytes in a register, or NULL. */
const uint8_t *rv_nft_constant(struct rv_nft_foreign *f, uint32_t reg, uint32_t len);

/* ---- fields.c ------------------------------------------------------------------------ */

/* Adds what a test says: predicates or words. */
int rv_nft_field_test(struct rv_nft_foreign *f, struct rv_nft_held *h, const struct rv_nft_test *t);
/* The protocol the rule is for, by the predicates so far; 0: not one. */
uint8_t rv_nft_protocol(const struct rv_nft_foreign *f);

/* ---- statements.c -------------------------------------------------------------------- */

/* Adds a word. */
void rv_nft_word(struct rv_nft_foreign *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A statement: expressions that do something. Returns -1 also for one that is not known. */
int rv_nft_statement(struct rv_nft_foreign *f, const struct rv_nft_expr *e);
/* Words that waited for more of the same. */
int rv_nft_pending(struct rv_nft_foreign *f);

#endif
