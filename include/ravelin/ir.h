/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intermediate form of a ruleset: ruleset, table, chain, rule, part (a match
 * or target with its data). The parser and the backends' decoders build it; the
 * renderer, the backends' encoders and the passes read it.
 *
 * Ownership goes down the tree: whoever holds the top frees it all.
 */
#ifndef RAVELIN_IR_H
#define RAVELIN_IR_H

/* Before any header of the kernel: those then leave out what it defines. */
#include <net/if.h>

#include <linux/netfilter.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <ravelin/buf.h>
#include <ravelin/error.h>
#include <ravelin/family.h>
#include <ravelin/list.h>

struct rv_ext;
struct rv_option;
struct rv_index;
struct rv_place;

#define RV_CHAIN_NAME_LEN 29	/* with its NUL; stock's limit, XT_EXTENSION_MAXNAMELEN */

struct rv_counters {
	uint64_t packets, bytes;
};

enum rv_verdict {
	RV_VERDICT_NONE,	/* go on to the next rule, after the target if there is one */
	RV_VERDICT_ACCEPT,
	RV_VERDICT_DROP,
	RV_VERDICT_QUEUE,
	RV_VERDICT_RETURN,
	RV_VERDICT_JUMP,	/* to the chain named in rv_rule.jump */
	RV_VERDICT_GOTO,
};

/* "ACCEPT", ...; NULL for NONE, JUMP and GOTO. */
const char *rv_verdict_name(enum rv_verdict verdict);
/* The verdict of that name, RV_VERDICT_NONE if it is none. */
enum rv_verdict rv_verdict_find(const char *name);

/* Bits of rv_ip.invert and rv_ip.flags. */
enum {
	RV_IP_SRC = 1 << 0,
	RV_IP_DST = 1 << 1,
	RV_IP_IN = 1 << 2,
	RV_IP_OUT = 1 << 3,
	RV_IP_PROTO = 1 << 4,
	RV_IP_FRAG = 1 << 5,
};

/*
 * The part of a rule that needs no extension: addresses (network order; the v4
 * address is in .ip, the rest zero), masks, interfaces, protocol, fragment. Its
 * options are the rows of extensions/ip.c. Zero means "any" throughout.
 */
struct rv_ip {
	union nf_inet_addr src, smask;
	union nf_inet_addr dst, dmask;
	char in[IFNAMSIZ], out[IFNAMSIZ];	/* as written: a trailing '+' is a wildcard */
	uint16_t proto;			/* valid with RV_IP_PROTO in flags */
	uint8_t flags;			/* RV_IP_PROTO, RV_IP_FRAG: given */
	uint8_t invert;			/* RV_IP_*: '!' */
};

/* A match or target in a rule, with its data: ext->size bytes, 8-byte aligned. */
struct rv_part {
	struct rv_part *next;
	const struct rv_ext *ext;
	uint64_t seen;		/* options given, by row; only while parsing */
	_Alignas(8) unsigned char data[];
};

/* Comment and blank lines of a file: the last of a list; NULL: an empty one. */
struct rv_remark;

struct rv_rule {
	struct rv_list node;		/* in rv_chain.rules */
	struct rv_list caller;		/* in rv_chain.callers, with rv_table.called */
	struct rv_chain *in;		/* the chain it is in; NULL: none */
	struct rv_place *place;		/* in rv_chain.index, if there is one */
	struct rv_remark *remarks;	/* lines before it; owned */
	struct rv_ip ip;
	struct rv_counters counters;
	struct rv_part *matches;	/* in the order they are tested */
	struct rv_part *target;		/* NULL for a verdict and for none */
	enum rv_verdict verdict;
	char jump[RV_CHAIN_NAME_LEN];	/* chain, for JUMP and GOTO */
	uint64_t handle;		/* the backend's name of it; 0 = not there yet */
	uint32_t id;			/* the same within an open transaction; 0 = none */
	bool counted;			/* counters were given, or read from the backend */
	struct rv_loc loc;		/* where the user wrote it */
};

/* Where a base chain is that is not where iptables puts the one of its name. */
struct rv_base_at {
	bool elsewhere;		/* false: it is where iptables puts it, and the rest is 0 */
	bool none;		/* at no hook at all: packets meet it only by jumps */
	uint8_t hook;		/* NF_INET_* */
	int32_t priority;
	const char *type;	/* one of rv_base_types */
};

struct rv_chain {
	struct rv_list node;		/* in rv_table.chains */
	struct rv_chain *hash_next;
	struct rv_table *table;
	char name[RV_CHAIN_NAME_LEN];
	int8_t base;			/* index in rv_table_def.base, -1 = user chain */
	enum rv_verdict policy;		/* of a base chain: ACCEPT or DROP */
	struct rv_base_at at;		/* of a base chain */
	struct rv_counters counters;	/* of the policy */
	struct {			/* a base chain as the backend holds it, beside what is staged */
		bool exists;
		struct rv_base_at at;
		bool wanted;		/* rules were staged for it: it must exist before them */
		bool touched, has_counters;	/* policy and counters are to be written */
		enum rv_verdict policy;
		struct rv_counters counters;
		struct rv_loc loc;	/* of the last command about it */
	} held;
	uint32_t references;		/* rules that jump or go here (use counted by the backend) */
	uint32_t jumps;			/* those of them that a dump has told */
	uint64_t handle;
	bool exists;			/* in the backend, or made in this transaction */
	bool gone;			/* deleted or renamed in this transaction: the backend still has it */
	bool loaded;			/* rules holds all of them */
	struct rv_list rules;
	uint32_t nrules;		/* in rules */
	struct rv_index *index;		/* of rules, once it pays: ir/index.c */
	uint32_t sought;		/* searches without it */
	struct rv_list callers;		/* rules that jump or go here, with rv_table.called */
	struct rv_remark *remarks, *tail;	/* lines before its own, and behind its rules; owned */
	struct {			/* of rv_table_check() */
		uint8_t state;
		uint16_t depth;		/* jumps below */
		uint32_t hooks;		/* it is reached from, bits of 1 << NF_INET_* */
		struct rv_chain *up, *behind;
		struct rv_list *at;
	} walk;
};

struct rv_base_def {
	const char *name;
	uint8_t hook;			/* NF_INET_* */
	int16_t priority;		/* NF_IP_PRI_*, the same for IPv6 */
};

struct rv_table_def {
	const char *name;
	const char *type;		/* chain type of nf_tables: "filter", "nat", "route" */
	uint8_t nbase;
	struct rv_base_def base[5];	/* in the order save prints them */
};

/* The tables in the order save prints them. Ends with a NULL name. */
#define RV_TABLE_DEFS 5
extern const struct rv_table_def rv_table_defs[RV_TABLE_DEFS + 1];

/* The definition of a table, or NULL. */
const struct rv_table_def *rv_table_def_find(const char *name);

/* The chain type at a hook: stock makes mangle OUTPUT "route", the rest as in type. */
const char *rv_base_type(const struct rv_table_def *def, unsigned int base);

/* "filter", "nat", "route"; ends with NULL. */
extern const char *const rv_base_types[];
/* "prerouting", ... by NF_INET_*. */
const char *rv_hook_name(unsigned int hook);
/* "PREROUTING", ... by NF_INET_*. */
const char *rv_hook_chain(unsigned int hook);
/*
 * RV_HAS_* of ravelin/hooks.h: the interfaces that a rule in the chain may name. A user chain can be
 * reached from any base chain: both.
 */
unsigned int rv_chain_interfaces(const char *chain);
/* Fills at for the base chain that is at a hook, of one of the types above. */
void rv_base_at_set(struct rv_base_at *at, const struct rv_table_def *def, unsigned int base,
		    uint8_t hook, int32_t priority, const char *type);
bool rv_base_at_equal(const struct rv_base_at *a, const struct rv_base_at *b);
/* "type filter hook input priority 10" or "none", as --base has it. */
void rv_base_at_print(struct rv_buf *b, const struct rv_base_at *at);
/* Reads such a text, or what nft prints in its place. false: it is none. */
bool rv_base_at_read(struct rv_base_at *at, const char *text);

struct rv_table {
	struct rv_list node;		/* in rv_ruleset.tables */
	struct rv_ruleset *ruleset;
	const struct rv_table_def *def;
	bool exists;			/* in the backend */
	bool complete;			/* chains holds all of them */
	bool others;			/* chains that iptables cannot have are in it too */
	bool hooked;			/* and some of these are base chains */
	bool called;			/* callers of chains are kept */
	bool parts_jump;		/* there were rules with parts that jump (rv_ext.chains) */
	bool dormant;			/* the backend holds it, but no packet meets it */
	bool odd;			/* it cannot be cleared piece by piece */
	bool replaced;			/* it is cleared by deleting it, with all that others put into it */
	bool whole;			/* the backend has given it to us: all rules are here, and count */
	bool wanted;			/* something was staged for it: it must exist before that */
	struct rv_loc loc;		/* of the command that wanted it */
	struct rv_list chains;		/* base chains first in order, then user chains as added */
	struct rv_remark *remarks, *tail;	/* lines before it, and at its end; owned */
	struct rv_chain **hash;
	uint32_t nhash, nchains;
};

struct rv_ruleset {
	rv_family_t family;
	struct rv_list tables;
	struct rv_remark *tail;		/* lines behind the last table; owned */
};

/* Adds a line, which needs no newline. 0, or -1 when memory ran out. */
int rv_remarks_add(struct rv_remark **list, const char *text, size_t len);
/* Moves all lines behind those of *to, or before them. */
void rv_remarks_move(struct rv_remark **to, struct rv_remark **from);
void rv_remarks_move_front(struct rv_remark **to, struct rv_remark **from);
void rv_remarks_free(struct rv_remark **list);
void rv_remarks_render(struct rv_buf *b, const struct rv_remark *list);

void rv_ruleset_init(struct rv_ruleset *rs, rv_family_t family);
void rv_ruleset_clear(struct rv_ruleset *rs);

/* Finds or adds. NULL when memory ran out. A new table has its base chains (exists = false). */
struct rv_table *rv_ruleset_table(struct rv_ruleset *rs, const struct rv_table_def *def);

/* The chain of that name whether it exists or not (rv_chain.exists), or NULL. */
struct rv_chain *rv_table_chain(const struct rv_table *t, const char *name);

/* Adds a user chain. name is checked by the caller. NULL when memory ran out. */
struct rv_chain *rv_table_add_chain(struct rv_table *t, const char *name);

/*
 * Gives a user chain another name (which is free), and the rules that jump to it, where they are known.
 * 0, or -1 when memory ran out.
 */
int rv_chain_rename(struct rv_chain *c, const char *name);

typedef const char *rv_chain_fn(const char *chain, void *arg);
/*
 * Calls fn with each chain that a match or target of the rule jumps to (rv_ext.chains); the jump of -j
 * and -g is not among them.
 */
int rv_rule_each_chain(struct rv_rule *r, rv_family_t family, rv_chain_fn *fn, void *arg);

/* Frees a user chain and its rules. */
void rv_chain_free(struct rv_chain *c);

/* Frees the rules; the chain is empty and loaded afterwards. The remarks before them stay, as its tail. */
void rv_chain_flush(struct rv_chain *c);

/* Rule number n from 1, or NULL. The chain must be loaded. */
struct rv_rule *rv_chain_rule(struct rv_chain *c, uint32_t n);
/* The first rule that is equal to wanted, or NULL. The chain must be loaded. */
struct rv_rule *rv_chain_find(struct rv_chain *c, const struct rv_rule *wanted);

/* Between ruleset.c and index.c: keep a chain's index as its rules come, change and go. */
void rv_index_add(struct rv_chain *c, struct rv_rule *r, struct rv_rule *pos);
void rv_index_remove(struct rv_chain *c, struct rv_rule *r);
void rv_index_changed(struct rv_chain *c, struct rv_rule *r);
void rv_index_drop(struct rv_chain *c);

/* Puts the rule, now owned by the chain, before pos; pos NULL = at the end, behind its tail. */
void rv_chain_add_rule(struct rv_chain *c, struct rv_rule *r, struct rv_rule *pos);
/* Takes the rule out; the caller owns it. The remarks before it stay in the chain. */
void rv_chain_remove_rule(struct rv_chain *c, struct rv_rule *r);

/*
 * User chains in the order save prints them, by name (base chains are printed
 * before, in the order of their definition). Sorts the list in place.
 */
int rv_table_sort(struct rv_table *t);

/* Keeps the callers of the table's chains from now on. */
void rv_table_know_callers(struct rv_table *t);

/* Counts again how many rules jump or go to each chain (or to only one), in a table that is all loaded. */
void rv_table_count_references(struct rv_table *t, struct rv_chain *only);

/*
 * Jumps that nf_tables can come back from: NFT_JUMP_STACK_SIZE of net/netfilter/nf_tables.h. A
 * file must not hold more; ravelin.ko takes RVK_DEPTH_MAX, and says so itself.
 */
#define RV_JUMPS_MAX 16

/*
 * What the kernel would refuse in a table that is all loaded: loops, jumps nested too deep,
 * matches and targets in tables and hooks they are not for. 0, or -1 with err at the rule.
 */
int rv_table_check(struct rv_table *t, struct rv_error *err);

/* Why a rule cannot be where it is. */
struct rv_misplaced {
	const struct rv_part *part;	/* it is for the tables, hooks or protocol below only */
	const struct rv_option *opt;	/* or just this option of it; NULL: the whole of it */
	const char *tables;		/* names with blanks between; NULL: not the reason */
	uint32_t hooks;			/* bits of 1 << NF_INET_*; 0: not the reason */
	uint16_t protocol;		/* of -p; 0: not the reason */
	const char *why;		/* another reason, in the kernel's own check; NULL: none */
};

/*
 * Whether the kernel would refuse the rule in a chain of that table which packets reach from
 * these hooks (bits of 1 << NF_INET_*; 0: it is not known which). Fills *m then.
 */
bool rv_rule_misplaced(const struct rv_table_def *def, uint32_t hooks, const struct rv_rule *r,
		       struct rv_misplaced *m);

/*
 * Fails as stock does when the kernel refuses a rule of chain c, with the error (of errno.h) in its words, and
 * tells the rule and why. Returns -1.
 */
int rv_rule_refused(struct rv_error *err, const struct rv_chain *c, const struct rv_rule *r, int error,
		    const char *why);

/* Copies a name that may be as long as the field, and clears the rest of it. */
static inline void rv_chain_name_set(char name[RV_CHAIN_NAME_LEN], const char *text)
{
	size_t len = strnlen(text, RV_CHAIN_NAME_LEN - 1);

	memset(name, 0, RV_CHAIN_NAME_LEN);
	memcpy(name, text, len);
}

struct rv_rule *rv_rule_new(void);
/* Makes memory a rule without anything in it. */
void rv_rule_init(struct rv_rule *r);
struct rv_rule *rv_rule_clone(const struct rv_rule *r);
void rv_rule_free(struct rv_rule *r);

/* A part with its extension's initial data, or NULL. */
struct rv_part *rv_part_new(const struct rv_ext *ext);
struct rv_part *rv_part_clone(const struct rv_part *p);
void rv_part_free(struct rv_part *p);	/* this one, not the ones behind it */

/* Appends to rule->matches. */
void rv_rule_add_match(struct rv_rule *r, struct rv_part *m);

/*
 * The one equality. Two rules are equal when everything a packet can notice is:
 * not counters, handle or place. -C, -D and the tests use it.
 */
bool rv_rule_equal(const struct rv_rule *a, const struct rv_rule *b);
/* The same for rules that are equal. */
uint64_t rv_rule_hash(const struct rv_rule *r);
bool rv_part_equal(const struct rv_part *a, const struct rv_part *b);

#endif
