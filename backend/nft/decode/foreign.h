/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that nft wrote: expressions that iptables has not, as predicates and as words of
 * iptables.
 *
 *   registers (foreign.c) ─> tests of fields (fields.c)  ─> predicates
 *                         └> statements (statements.c, counted.c)  ─> "-j DNAT --to-destination ..."
 *   both ─> a rule (reword.c), if its options can say just that
 *
 * What is not understood is an error; nothing is left out.
 */
#ifndef RAVELIN_BACKEND_NFT_FOREIGN_H
#define RAVELIN_BACKEND_NFT_FOREIGN_H

#include "extensions/limit.h"
#include "decode.h"

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

/* A match that counts the packets which come as far as it. */
struct rv_nft_counted {
	const char *name;
	size_t match;		/* its place among the rule's matches */
	size_t tests;		/* predicates that come before it */
	bool limits;
	struct rv_rate rate;	/* if it does */
	const char *set;	/* that it fills, in the message; NULL: none */
	uint32_t flags, len;	/* of the set, and of its keys, bytes */
	bool as_ours;		/* the kernel has it so */
};
#define RV_NFT_COUNTED 8

/* What else than a list rv_nft_set_read() finds. */
enum { RV_NFT_SET_MISSING = 1, RV_NFT_SET_STRANGE };

/*
 * Reads the elements of a set; set->range is the caller's. named: they may have timeouts and comments.
 * Returns 0, one of the above, or -1 with err set.
 */
int rv_nft_set_read(struct rv_nft_aside *aside, rv_family_t family, const char *table, const char *name,
		    bool named, struct rv_nft_set *set, struct rv_error *err);

/* What a rule means. */
struct rv_nft_meaning {
	struct rv_predicate *list;	/* owned; in normal form, each once */
	size_t count, room;
	struct rv_nft_counted counted[RV_NFT_COUNTED];
	unsigned int ncounted;
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

/*
 * The rule in a message, in words of iptables that mean the same, for the caller to free. NULL
 * with err set: there are none. A rule that looks into sets is not understood.
 */
struct rv_rule *rv_nft_reword(struct rv_nft_aside *aside, rv_family_t family,
			      struct rv_nft_view attrs, struct rv_error *err);

/* Whether iptables can name a chain so. */
bool rv_nft_is_sayable(const char *name);

/*
 * Whether the rule, as save shows it, can be loaded there again and is the same then. anywhere: in
 * a chain of the user it has to be taken from all hooks, as other expressions than those there are.
 */
bool rv_nft_reloads(rv_family_t family, const struct rv_nft_place *place, const struct rv_rule *r,
		    bool anywhere);

/* ---- registers --------------------------------------------------------------------- */

enum rv_nft_holding { RV_NFT_EMPTY, RV_NFT_FIELD, RV_NFT_CONSTANT };

/* What a register holds: a field, perhaps changed, or bytes. */
struct rv_nft_reg {
	enum rv_nft_holding kind;
	uint8_t words;
	bool used;			/* something looked at it */
	struct rv_nft_expr load;	/* FIELD */
	bool masked, swapped;		/* (field & mask) ^ xor; in network order by byteorder */
	uint8_t shift;			/* behind that, to the right: only of what fields.c finds so */
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
	const struct rv_nft_reg *second;	/* the set's keys go on with this field; NULL: they don't */
};

/* A rule being read. */
struct rv_nft_foreign {
	struct rv_nft_aside *aside;
	struct rv_nft_reader base;	/* family, place, err: for rv_nft_unsupported() */
	struct rv_nft_meaning *m;
	struct rv_nft_reg held[RV_NFT_WORDS];
	struct rv_nft_set set;		/* of the lookup at hand */
	struct rv_buf words;		/* of iptables, a NUL behind each */
	unsigned int nwords, nmatches;
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
#define rv_nft_foreign_unsupported(f, ...) rv_nft_unsupported(&(f)->base, __VA_ARGS__)

/* What is in a register, or NULL. */
struct rv_nft_reg *rv_nft_reg(struct rv_nft_foreign *f, uint32_t reg);
/* The bytes of a constant of len bytes in a register, or NULL. */
const uint8_t *rv_nft_constant(struct rv_nft_foreign *f, uint32_t reg, uint32_t len);

/* Ends ranges that have a lower end only. */
int rv_nft_end_ranges(struct rv_nft_foreign *f);

/* ---- fields.c ------------------------------------------------------------------------ */

/* Adds what a test says: predicates or words. */
int rv_nft_field_test(struct rv_nft_foreign *f, struct rv_nft_reg *h, const struct rv_nft_test *t);
/* The field that is held, or RV_SEL_NONE. */
enum rv_sel rv_nft_field(struct rv_nft_foreign *f, const struct rv_nft_reg *h);
/* The protocol the rule is for, by the predicates so far; 0: not one. */
uint8_t rv_nft_protocol(const struct rv_nft_foreign *f);

/* ---- named.c --------------------------------------------------------------------------- */

/* A lookup of what is held, and of registers behind it, in a set with a name: -m set. */
int rv_nft_named_lookup(struct rv_nft_foreign *f, struct rv_nft_reg *h, const struct rv_nft_expr *e);
/* As rv_nft_reword(), for a reader only: the kernel may not take the rule so. */
struct rv_rule *rv_nft_reword_to_read(struct rv_nft_aside *aside, rv_family_t family,
				      struct rv_nft_view attrs, struct rv_error *err);

/* ---- statements.c -------------------------------------------------------------------- */

/* Adds a word. */
void rv_nft_word(struct rv_nft_foreign *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds "--name". */
void rv_nft_option(struct rv_nft_foreign *f, const char *name);
/* Adds "-m name". */
void rv_nft_match(struct rv_nft_foreign *f, const char *name);
/* Records that an expression is not understood. Returns -1. */
int rv_nft_strange(struct rv_nft_foreign *f, const struct rv_nft_expr *e);
/* A statement: expressions that do something. Returns -1 also for one that is not known. */
int rv_nft_statement(struct rv_nft_foreign *f, const struct rv_nft_expr *e);
/* Words that waited for more of the same. */
int rv_nft_pending(struct rv_nft_foreign *f);

/* ---- counted.c ----------------------------------------------------------------------- */

/* Adds "-m name" for a match that counts: what was tested so far comes before it. */
int rv_nft_counting_match(struct rv_nft_foreign *f, const char *name);
int rv_nft_counting_statement(struct rv_nft_foreign *f, const struct rv_nft_expr *e);
/* Once there is a rule: whether its matches count just so, and the sets are as ours are. */
int rv_nft_check_counted(struct rv_nft_foreign *f);

#endif
