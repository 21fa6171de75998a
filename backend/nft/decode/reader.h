/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files that decode a rule:
 *
 *   expressions (read.c) ─> registers (registers.c) ─> comparisons (fields.c) ─> predicates
 *                        └> statements (statements.c, counted.c) ─> matches and a target
 *   both ─> a rule (assemble.c), if its options mean exactly the same
 *
 * Anything that is not understood is an error; nothing is ignored.
 */
#ifndef RAVELIN_NFT_READER_H
#define RAVELIN_NFT_READER_H

#include "backend/nft/wire/sources.h"
#include "decode.h"

/* ---- what is loaded and compared --------------------------------------------------- */

/* Elements of an anonymous set: keys, or inclusive ranges of keys. */
struct rv_nft_range {
	uint8_t from[32], to[32];
	bool end;		/* while reading: `from' is the first key after a range */
};

struct rv_nft_set {
	struct rv_nft_range *range;	/* owned */
	size_t count, room;
	uint32_t len;			/* key length in bytes */
};

enum rv_nft_holding { RV_NFT_FIELD, RV_NFT_CONSTANT };

/* Contents of a register: a field, possibly changed, or constant bytes. */
struct rv_nft_reg {
	enum rv_nft_holding kind;
	uint8_t words;			/* number of 32-bit registers */
	bool used;			/* an expression has used it */
	struct rv_nft_load load;	/* FIELD */
	bool masked, swapped;		/* now (field & mask) ^ flip; converted to network order */
	uint8_t shift;			/* then shifted right by this many bits */
	bool bounded;			/* compared with the lower end of a range, in `from' */
	uint32_t len;
	uint8_t mask[16], flip[16], from[16];
	uint8_t data[16];		/* CONSTANT */
};

/* A comparison of a register. */
struct rv_nft_test {
	bool negate;
	bool range;			/* from <= x <= to, else x == from */
	bool foreign;			/* iptables does not write this form */
	uint32_t len;			/* bytes compared */
	uint8_t from[16], to[16];
	const struct rv_nft_set *set;	/* or: x is in it */
	const struct rv_nft_reg *second;	/* second field of a concatenated key, or NULL */
};

/* A rule being read. */
struct rv_nft_reader {
	rv_family_t family;
	const struct rv_nft_place *place;
	struct rv_error *err;
	struct rv_nft_aside *aside;	/* connection for requesting sets, or NULL */
	struct rv_nft_meaning *m;
	int (*count)(struct rv_nft_reader *r);	/* rv_nft_count() */
	rv_nft_named_fn *named;		/* decodes lookups in named sets; NULL: they are errors */
	bool ours;			/* accept only what iptables itself writes */
	struct rv_nft_set set;		/* elements of the set in the current lookup */
	struct rv_part *part;		/* part whose options are being set */
	bool invert;			/* invert the next option */
	bool failed;			/* err is set */
	bool counted, ended;		/* the rule had a counter; a verdict or target */
	bool is_ether, reserved2;	/* had tests that are valid only together with others */
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
	uint32_t live;			/* bits: registers with contents */
	/* Not initialised; see live. */
	struct rv_nft_reg held[RV_NFT_WORDS];
	struct rv_nft_said first[RV_NFT_FIRST];	/* initial m->list */
};

/* ---- program.c: what a rule means, step by step --------------------------------------- */

/* Records that the rule being read is not understood. Returns -1. */
int rv_nft_unsupported(struct rv_nft_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Set r's error to: this load, expression, or use of registers is not understood. Return -1. */
int rv_nft_not_understood(struct rv_nft_reader *r, const struct rv_nft_load *l);
int rv_nft_strange(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_bad_register(struct rv_nft_reader *r, const struct rv_nft_expr *e);

/* Copies the list of predicates to allocated memory for room elements. Returns 0 or -1. */
int rv_nft_keep_list(struct rv_nft_meaning *m, size_t room);
/* Adds a predicate; source NULL: iptables has no such expression. */
int rv_nft_say(struct rv_nft_reader *r, const struct rv_predicate *p, const struct rv_nft_reg *h,
	       const struct rv_nft_source *source);
/* Returns the protocol that the predicates so far require (negated: exclude), or 0. */
uint8_t rv_nft_protocol(const struct rv_nft_reader *r, bool negated);

/* Adds a match; takes ownership. */
int rv_nft_add_match(struct rv_nft_reader *r, struct rv_part *part);
/* Adds "-m name" or "-j name", to which the next options belong. Sets r->failed on failure. */
void rv_nft_match(struct rv_nft_reader *r, const char *name);
void rv_nft_target(struct rv_nft_reader *r, const char *name);
/* Adds the rule's target. Returns -1 if the rule already has one. */
int rv_nft_only_target(struct rv_nft_reader *r, const char *name);
/* Sets an option; fmt: its value, NULL if it has none. */
void rv_nft_set(struct rv_nft_reader *r, const char *option, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void rv_nft_flag(struct rv_nft_reader *r, const char *option);
void rv_nft_set_two(struct rv_nft_reader *r, const char *option, const char *value, const char *second);
/* Adds the matches and targets that several expressions make together. */
int rv_nft_pending(struct rv_nft_reader *r);
/* Checks the options of all added parts as the parser does. */
int rv_nft_check_options(struct rv_nft_reader *r);

/* ---- fields.c ------------------------------------------------------------------------ */

/* Adds predicates or options for a test. */
int rv_nft_field_test(struct rv_nft_reader *r, struct rv_nft_reg *h, const struct rv_nft_test *t);
/* Returns the field in a register, or RV_SEL_NONE. */
enum rv_sel rv_nft_field(struct rv_nft_reader *r, const struct rv_nft_reg *h);

/* ---- registers.c --------------------------------------------------------------------- */

/* Returns the contents of a register, or NULL if it has none. */
struct rv_nft_reg *rv_nft_reg(struct rv_nft_reader *r, uint32_t reg);
/* Returns the constant of len bytes in a register, or NULL. */
const uint8_t *rv_nft_constant(struct rv_nft_reader *r, uint32_t reg, uint32_t len);
int rv_nft_read_load(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_bitwise(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_byteorder(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_constant(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_compare(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_lookup(struct rv_nft_reader *r, const struct rv_nft_expr *e);
/*
 * Completes ranges without an upper end; rv_nft_end_registers() also checks that all loads were
 * used.
 */
int rv_nft_end_ranges(struct rv_nft_reader *r);
int rv_nft_end_registers(struct rv_nft_reader *r);

/* ---- sets.c -------------------------------------------------------------------------- */

/* Adds 1 to a big-endian number, or subtracts 1. Returns false on overflow. */
bool rv_nft_neighbour(uint8_t *value, unsigned int len, bool up);
/* Results of rv_nft_set_read() for sets that are missing or not a plain list. */
enum { RV_NFT_SET_MISSING = 1, RV_NFT_SET_STRANGE };

/*
 * Reads the elements of a set; the caller frees set->range. named: allow timeouts and comments.
 * Returns 0, one of the above, or -1 with err set.
 */
int rv_nft_set_read(struct rv_nft_aside *aside, rv_family_t family, const char *table, const char *name,
		    bool named, struct rv_nft_set *set, struct rv_error *err);
/* Reads the anonymous set of that name to r->set. */
int rv_nft_read_set(struct rv_nft_reader *r, const char *name);
/* Checks that the rule's dynamic sets are as iptables would create them. */
int rv_nft_check_sets(struct rv_nft_reader *r);

/* ---- statements.c -------------------------------------------------------------------- */

/* Reads a statement. Returns -1 also for unknown ones. */
int rv_nft_statement(struct rv_nft_reader *r, const struct rv_nft_expr *e);

/* ---- counted.c ----------------------------------------------------------------------- */

/* Called before a counting match is added: records that the tests so far precede it. */
int rv_nft_count(struct rv_nft_reader *r);
int rv_nft_counting_statement(struct rv_nft_reader *r, const struct rv_nft_expr *e);
/* Checks, at the end of the rule, that options did not round a rate. */
int rv_nft_check_rates(struct rv_nft_reader *r);

/* ---- parts.c ------------------------------------------------------------------------- */

/* Adds a match or target from a compat expression. */
int rv_nft_part_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);
/* Read the matches and targets that iptables writes as native expressions. */
int rv_nft_limit_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_nflog_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);

/* ---- reload.c ------------------------------------------------------------------------ */

/*
 * Returns whether the rule as saved can be loaded again into the same chain, and is equal then.
 * anywhere: it would be written in another form, so in a user chain the kernel must accept it at
 * all hooks.
 */
bool rv_nft_reloads(rv_family_t family, const struct rv_nft_place *place, const struct rv_rule *r,
		    bool anywhere);

/* ---- assemble.c ---------------------------------------------------------------------- */

/*
 * Completes m->rule from expressions that iptables wrote, in their order. Returns 0, or -1 with err
 * set and m unchanged.
 */
int rv_nft_assemble_ours(struct rv_nft_reader *r);
/* Does the same for rules that nft wrote, if options can express exactly the same. */
int rv_nft_assemble(struct rv_nft_reader *r);
/* Does the same without checking whether the kernel accepts the options. */
int rv_nft_assemble_to_read(struct rv_nft_reader *r);

#endif
