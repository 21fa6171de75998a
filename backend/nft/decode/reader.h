/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files that decode a rule:
 *
 *   expressions (read.c) ─> registers (registers.c) ─> comparisons (fields.c) ─> predicates
 *                        └> statements (statements.c, counted.c) ─> matches and a target
 *   both ─> a rule (assemble.c), if its options say just that
 *
 * What is not understood is an error; nothing is left out.
 */
#ifndef RAVELIN_NFT_READER_H
#define RAVELIN_NFT_READER_H

#include "backend/nft/wire/sources.h"
#include "decode.h"

/* ---- what is loaded and compared --------------------------------------------------- */

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

enum rv_nft_holding { RV_NFT_FIELD, RV_NFT_CONSTANT };

/* What a register holds: a field, perhaps changed, or bytes. */
struct rv_nft_reg {
	enum rv_nft_holding kind;
	uint8_t words;			/* 32-bit registers from this one on */
	bool used;			/* something looked at it */
	struct rv_nft_load load;	/* FIELD */
	bool masked, swapped;		/* (field & mask) ^ flip; in network order by byteorder */
	uint8_t shift;			/* behind that, to the right: only of what fields.c finds so */
	bool bounded;			/* from: lower end of a range, the upper is to come */
	uint32_t len;
	uint8_t mask[16], flip[16], from[16];
	uint8_t data[16];		/* CONSTANT */
};

/* One comparison of what a register holds. */
struct rv_nft_test {
	bool negate;
	bool range;			/* from <= x <= to, else x == from */
	bool foreign;			/* iptables never compares so */
	uint32_t len;			/* bytes compared */
	uint8_t from[16], to[16];
	const struct rv_nft_set *set;	/* or: x is in it */
	const struct rv_nft_reg *second;	/* the set's keys go on with this field; NULL: they don't */
};

/* A rule being read. */
struct rv_nft_reader {
	rv_family_t family;
	const struct rv_nft_place *place;
	struct rv_error *err;
	struct rv_nft_aside *aside;	/* NULL: sets are not asked for */
	struct rv_nft_meaning *m;
	int (*count)(struct rv_nft_reader *r);	/* rv_nft_count() */
	rv_nft_named_fn *named;		/* NULL: not understood */
	bool ours;			/* only what iptables itself writes is understood */
	struct rv_nft_set set;		/* of the lookup at hand */
	struct rv_part *part;		/* whose options are given */
	bool invert;			/* the next of them */
	bool failed;			/* err is set */
	bool counted, ended;		/* a counter, a verdict or target was seen */
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
	uint32_t live;			/* bits: registers that hold something */
	/* Not initialised. */
	struct rv_nft_reg held[RV_NFT_WORDS];
	struct rv_nft_said first[RV_NFT_FIRST];	/* m->list, until there are more */
};

/* ---- program.c: what a rule means, step by step --------------------------------------- */

/* Records that the rule being read is not understood. Returns -1. */
int rv_nft_unsupported(struct rv_nft_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same of what was loaded and then compared, of how an expression is used, of its registers. */
int rv_nft_not_understood(struct rv_nft_reader *r, const struct rv_nft_load *l);
int rv_nft_strange(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_bad_register(struct rv_nft_reader *r, const struct rv_nft_expr *e);

/* Makes the list of predicates one of its own, with that much room. 0 or -1. */
int rv_nft_keep_list(struct rv_nft_meaning *m, size_t room);
/* Adds a predicate; source NULL: iptables has no such expression. */
int rv_nft_say(struct rv_nft_reader *r, const struct rv_predicate *p, const struct rv_nft_reg *h,
	       const struct rv_nft_source *source);
/* The protocol the rule is for, by the predicates so far, or negated is not for; 0: none is named. */
uint8_t rv_nft_protocol(const struct rv_nft_reader *r, bool negated);

/* Adds a match that the caller has made; it belongs to the rule then. */
int rv_nft_add_match(struct rv_nft_reader *r, struct rv_part *part);
/* Adds "-m name", or "-j name"; the options that follow are its own. A failure shows in r->failed. */
void rv_nft_match(struct rv_nft_reader *r, const char *name);
void rv_nft_target(struct rv_nft_reader *r, const char *name);
/* The same as a rule's only target. Returns -1 if it has one. */
int rv_nft_only_target(struct rv_nft_reader *r, const char *name);
/* Gives an option a value, as people write it, or one without. */
void rv_nft_set(struct rv_nft_reader *r, const char *option, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void rv_nft_flag(struct rv_nft_reader *r, const char *option);
void rv_nft_set_two(struct rv_nft_reader *r, const char *option, const char *value, const char *second);
/* Adds matches and targets that waited for more of the same. */
int rv_nft_pending(struct rv_nft_reader *r);
/* Checks the options of all that was added as if they had been typed. */
int rv_nft_check_options(struct rv_nft_reader *r);

/* ---- fields.c ------------------------------------------------------------------------ */

/* Adds what a test says. */
int rv_nft_field_test(struct rv_nft_reader *r, struct rv_nft_reg *h, const struct rv_nft_test *t);
/* The field that is held, or RV_SEL_NONE. */
enum rv_sel rv_nft_field(struct rv_nft_reader *r, const struct rv_nft_reg *h);

/* ---- registers.c --------------------------------------------------------------------- */

/* What is in a register, or NULL. */
struct rv_nft_reg *rv_nft_reg(struct rv_nft_reader *r, uint32_t reg);
/* The bytes of a constant of len bytes in a register, or NULL. */
const uint8_t *rv_nft_constant(struct rv_nft_reader *r, uint32_t reg, uint32_t len);
int rv_nft_read_load(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_bitwise(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_byteorder(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_constant(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_compare(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_read_lookup(struct rv_nft_reader *r, const struct rv_nft_expr *e);
/* Ends ranges that have a lower end only; the same, and all that was loaded must have been used. */
int rv_nft_end_ranges(struct rv_nft_reader *r);
int rv_nft_end_registers(struct rv_nft_reader *r);

/* ---- sets.c -------------------------------------------------------------------------- */

/* value + 1 or value - 1 as a big-endian number; false when there is none. */
bool rv_nft_neighbour(uint8_t *value, unsigned int len, bool up);
/* What else than a list rv_nft_set_read() finds. */
enum { RV_NFT_SET_MISSING = 1, RV_NFT_SET_STRANGE };

/*
 * Reads the elements of a set; set->range is the caller's. named: they may have timeouts and comments.
 * Returns 0, one of the above, or -1 with err set.
 */
int rv_nft_set_read(struct rv_nft_aside *aside, rv_family_t family, const char *table, const char *name,
		    bool named, struct rv_nft_set *set, struct rv_error *err);
/* Reads the rule's own set of that name into r->set. */
int rv_nft_read_set(struct rv_nft_reader *r, const char *name);
/* Whether the sets that the rule fills are as iptables' own would be. */
int rv_nft_check_sets(struct rv_nft_reader *r);

/* ---- statements.c -------------------------------------------------------------------- */

/* An expression that does something. Returns -1 also for one that is not known. */
int rv_nft_statement(struct rv_nft_reader *r, const struct rv_nft_expr *e);

/* ---- counted.c ----------------------------------------------------------------------- */

/* A match that counts is next: what was tested so far comes before it. */
int rv_nft_count(struct rv_nft_reader *r);
int rv_nft_counting_statement(struct rv_nft_reader *r, const struct rv_nft_expr *e);
/* Once all is read: options may round what they are told. */
int rv_nft_check_rates(struct rv_nft_reader *r);

/* ---- parts.c ------------------------------------------------------------------------- */

/* A match or target in the kernel's own form, which is added. */
int rv_nft_part_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);
/* Those that iptables gives an expression of their own. */
int rv_nft_limit_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);
int rv_nft_nflog_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);

/* ---- reload.c ------------------------------------------------------------------------ */

/*
 * Whether the rule, as save shows it, can be loaded there again and is the same then. anywhere: in
 * a chain of the user it has to be taken from all hooks, as other expressions than those there are.
 */
bool rv_nft_reloads(rv_family_t family, const struct rv_nft_place *place, const struct rv_rule *r,
		    bool anywhere);

/* ---- assemble.c ---------------------------------------------------------------------- */

/*
 * Makes m->rule the whole rule: of what iptables wrote, part by part in the order of the expressions.
 * Returns 0, or -1 with err set, and m is as before.
 */
int rv_nft_assemble_ours(struct rv_nft_reader *r);
/* The same of what nft wrote, in options that say just that. */
int rv_nft_assemble(struct rv_nft_reader *r);
/* The same for a reader only: the kernel may not take the rule so. */
int rv_nft_assemble_to_read(struct rv_nft_reader *r);

#endif
