/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intermediate representation of a ruleset: ruleset, table, chain, rule, part (a match or target
 * with its data). Built by the parser and the backends' decoders; read by the renderer, the
 * backends' encoders and the compiler passes.
 *
 * Ownership follows the tree: freeing the ruleset frees everything below it.
 */
#ifndef RAVELIN_IR_H
#define RAVELIN_IR_H

/* Must precede kernel headers, which then skip what it defines. */
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

#define RV_CHAIN_NAME_LEN 29	/* including the NUL; XT_EXTENSION_MAXNAMELEN */

struct rv_counters {
	uint64_t packets, bytes;
};

/* The rows of verdicts.def. */
enum rv_verdict {
#define RV_VERDICT(id, ...) RV_VERDICT_##id,
#include <ravelin/verdicts.def>
	RV_VERDICTS
};

/* "ACCEPT", ...; NULL for NONE, JUMP and GOTO. */
const char *rv_verdict_name(enum rv_verdict verdict);
/* What it does, in a few words; NULL: it has no name. */
const char *rv_verdict_help(enum rv_verdict verdict);
/* The verdict of that name, or RV_VERDICT_NONE. */
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
 * The part of a rule that needs no extension: addresses (network order; IPv4 in .ip, the rest
 * zero), masks, interfaces, protocol, fragment. The options are rows in extensions/ip.c. Zero means
 * "any".
 */
struct rv_ip {
	union nf_inet_addr src, smask;
	union nf_inet_addr dst, dmask;
	char in[IFNAMSIZ], out[IFNAMSIZ];	/* as written; a trailing '+' is a wildcard */
	uint16_t proto;			/* valid with RV_IP_PROTO in flags */
	uint8_t flags;			/* RV_IP_PROTO, RV_IP_FRAG: given */
	uint8_t invert;			/* RV_IP_*: negated */
};

/* A match or target in a rule, with its data: ext->size bytes, 8-byte aligned. */
struct rv_part {
	struct rv_part *next;
	const struct rv_ext *ext;
	uint64_t seen;		/* options given, bits by row; only while parsing */
	_Alignas(8) unsigned char data[];
};

/* Comments and blank lines of a file. A list is its last element; NULL: empty. */
struct rv_remark;

struct rv_rule {
	struct rv_list node;		/* in rv_chain.rules */
	struct rv_list caller;		/* in rv_chain.callers, if rv_table.called */
	struct rv_chain *in;		/* the chain that contains it; NULL: none */
	struct rv_place *place;		/* in rv_chain.index, if it has one */
	struct rv_remark *remarks;	/* lines before the rule; owned */
	struct rv_ip ip;
	struct rv_counters counters;
	struct rv_part *matches;	/* in the order they are tested */
	struct rv_part *target;		/* NULL: a verdict, or no target */
	enum rv_verdict verdict;
	char jump[RV_CHAIN_NAME_LEN];	/* chain, for JUMP and GOTO */
	uint64_t handle;		/* assigned by the backend; 0 = not committed */
	uint32_t id;			/* rule id within the open transaction; 0 = none */
	bool counted;			/* counters were given or read from the backend */
	struct rv_loc loc;		/* where the user wrote it */
};

/* Hook, priority and type of a base chain that differ from iptables' defaults. */
struct rv_base_at {
	bool elsewhere;		/* false: default position, all other fields are 0 */
	bool none;		/* no hook: reached only by jumps */
	uint8_t hook;		/* NF_INET_* */
	int32_t priority;
	const char *type;	/* one of rv_base_types */
};

struct rv_chain {
	struct rv_list node;		/* in rv_table.chains */
	struct rv_chain *hash_next;
	struct rv_table *table;
	char name[RV_CHAIN_NAME_LEN];
	int8_t base;			/* index in rv_table_def.base, -1 = user-defined chain */
	enum rv_verdict policy;		/* of a base chain: ACCEPT or DROP */
	struct rv_base_at at;		/* of a base chain */
	struct rv_counters counters;	/* of the policy */
	struct {			/* state of a base chain in the backend, without staged
					 * changes */
		bool exists;
		struct rv_base_at at;
		bool wanted;		/* staged rules need it: must be created first */
		bool touched, has_counters;	/* policy and counters must be written */
		enum rv_verdict policy;
		struct rv_counters counters;
		struct rv_loc loc;	/* of the last command that used it */
	} held;
	uint32_t references;		/* rules that jump or go here (use count of the backend) */
	uint32_t jumps;			/* how many of those a dump has read so far */
	uint64_t handle;
	bool exists;			/* in the backend, or created in this transaction */
	bool gone;			/* deleted or renamed in this transaction; still in the
					 * backend */
	bool loaded;			/* rules is complete */
	struct rv_list rules;
	uint32_t nrules;		/* length of rules */
	struct rv_index *index;		/* built once it pays off: ir/index.c */
	uint32_t lookups;	/* lookups made without an index */
	struct rv_list callers;		/* rules that jump or go here, if rv_table.called */
	struct rv_remark *remarks, *tail;	/* lines before the chain and after its rules;
						 * owned */
	uint32_t number;		/* unique in the table, below rv_table.numbers: index of
					 * tables beside it */
	uint32_t hooks;			/* hooks it is reached from, bits of 1 << NF_INET_*: set by
					 * rv_table_check() */
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
	struct rv_base_def base[5];	/* in save order */
};

/* Tables in save order. Ends with a NULL name. */
#define RV_TABLE_DEFS 5
extern const struct rv_table_def rv_table_defs[RV_TABLE_DEFS + 1];

/* The definition of a table, or NULL. */
const struct rv_table_def *rv_table_def_find(const char *name);

/* Chain type of a base chain: "route" for mangle OUTPUT as in iptables-nft, else def->type. */
const char *rv_base_type(const struct rv_table_def *def, unsigned int base);

/* "filter", "nat", "route"; ends with NULL. */
extern const char *const rv_base_types[];
/* nft's name of a hook, "prerouting", ...; index NF_INET_*. */
const char *rv_hook_name(unsigned int hook);
/* Name of a hook's base chain, "PREROUTING", ...; index NF_INET_*. */
const char *rv_hook_chain(unsigned int hook);
/*
 * Interfaces that a rule in the chain may test, RV_HAS_* of ravelin/hooks.h. Both for a user-defined
 * chain, which any base chain may reach.
 */
unsigned int rv_chain_interfaces(const char *chain);
/* Fills at for a base chain at that hook with one of rv_base_types. */
void rv_base_at_set(struct rv_base_at *at, const struct rv_table_def *def, unsigned int base,
		    uint8_t hook, int32_t priority, const char *type);
bool rv_base_at_equal(const struct rv_base_at *a, const struct rv_base_at *b);
/* Prints "type filter hook input priority 10" or "none", the argument of --base. */
void rv_base_at_print(struct rv_buf *b, const struct rv_base_at *at);
/* Parses the argument of --base, or the equivalent nft syntax. false: invalid. */
bool rv_base_at_read(struct rv_base_at *at, const char *text);

struct rv_table {
	struct rv_list node;		/* in rv_ruleset.tables */
	struct rv_ruleset *ruleset;
	const struct rv_table_def *def;
	bool exists;			/* in the backend */
	bool complete;			/* chains is complete */
	bool others;			/* chains also has some that iptables cannot represent */
	bool hooked;			/* at least one of those is a base chain */
	bool called;			/* rv_chain.callers are maintained */
	bool parts_jump;		/* it had matches that jump (rv_ext_ops.chains) */
	bool dormant;			/* NFT_TABLE_F_DORMANT: no packet passes it */
	bool unclearable;		/* cannot be cleared object by object */
	bool replaced;			/* cleared by deleting it, including objects of other
					 * programs */
	bool whole;			/* read completely from the backend, with all rules and
					 * counters */
	bool wanted;			/* staged changes need it: must be created first */
	struct rv_loc loc;		/* of the command that needed it */
	struct rv_list chains;		/* base chains in definition order, then user-defined
					 * chains in order of creation */
	struct rv_remark *remarks, *tail;	/* lines before the table and at its end; owned */
	struct rv_chain **hash;
	uint32_t nhash, nchains;
	uint32_t numbers;		/* numbers given to chains, also to deleted ones */
};

struct rv_ruleset {
	rv_family_t family;
	struct rv_list tables;
	struct rv_remark *tail;		/* lines after the last table; owned */
};

/* Appends a line; the newline may be omitted. 0, or -1 when memory ran out. */
int rv_remarks_add(struct rv_remark **list, const char *text, size_t len);
/* Moves all lines to the end, or to the front, of *to. */
void rv_remarks_move(struct rv_remark **to, struct rv_remark **from);
void rv_remarks_move_front(struct rv_remark **to, struct rv_remark **from);
void rv_remarks_free(struct rv_remark **list);
void rv_remarks_render(struct rv_buf *b, const struct rv_remark *list);

void rv_ruleset_init(struct rv_ruleset *rs, rv_family_t family);
void rv_ruleset_clear(struct rv_ruleset *rs);

/*
 * Finds or adds a table. NULL when memory ran out. A new table has its base chains, with exists
 * unset.
 */
struct rv_table *rv_ruleset_table(struct rv_ruleset *rs, const struct rv_table_def *def);

/* The chain of that name, even if rv_chain.exists is unset, or NULL. */
struct rv_chain *rv_table_chain(const struct rv_table *t, const char *name);

/* Adds a user-defined chain; the caller has validated name. NULL when memory ran out. */
struct rv_chain *rv_table_add_chain(struct rv_table *t, const char *name);

/*
 * Renames a user-defined chain and updates the rules that jump to it, if they are loaded. The name
 * must be free. 0, or -1 when memory ran out.
 */
int rv_chain_rename(struct rv_chain *c, const char *name);

typedef const char *rv_chain_fn(const char *chain, void *arg);
/* Calls fn for each chain that a match or target jumps to (rv_ext_ops.chains); skips -j and -g. */
int rv_rule_each_chain(struct rv_rule *r, rv_family_t family, rv_chain_fn *fn, void *arg);

/* Frees a user-defined chain and its rules. */
void rv_chain_free(struct rv_chain *c);

/* Frees the rules and marks the chain loaded. Comments before them move to its tail. */
void rv_chain_flush(struct rv_chain *c);

/* Rule number n, from 1, or NULL. The chain must be loaded. */
struct rv_rule *rv_chain_rule(struct rv_chain *c, uint32_t n);
/* The first rule equal to wanted, or NULL. The chain must be loaded. */
struct rv_rule *rv_chain_find(struct rv_chain *c, const struct rv_rule *wanted);

/* Maintain a chain's index (ir/index.c) when rules are added, changed or removed. For ruleset.c. */
void rv_index_add(struct rv_chain *c, struct rv_rule *r, struct rv_rule *pos);
void rv_index_remove(struct rv_chain *c, struct rv_rule *r);
void rv_index_changed(struct rv_chain *c, struct rv_rule *r);
void rv_index_drop(struct rv_chain *c);

/* Inserts the rule before pos, or appends it if pos is NULL. The chain takes ownership. */
void rv_chain_add_rule(struct rv_chain *c, struct rv_rule *r, struct rv_rule *pos);
/* Removes the rule; the caller owns it. Comments before it stay in the chain. */
void rv_chain_remove_rule(struct rv_chain *c, struct rv_rule *r);

/*
 * Sorts user-defined chains by name, as save prints them after the base chains. Returns 0, or -1
 * when memory ran out.
 */
int rv_table_sort(struct rv_table *t);

/* Turns on rv_chain.callers for the table: each later change of a rule updates them. */
void rv_table_track_callers(struct rv_table *t);

/* Recounts the references of all chains, or of one, in a completely loaded table. */
void rv_table_count_references(struct rv_table *t, struct rv_chain *only);

/*
 * NFT_JUMP_STACK_SIZE of net/netfilter/nf_tables.h in the kernel. Rulesets in files must not exceed
 * it. ravelin.ko allows RVK_DEPTH_MAX and checks that itself.
 */
#define RV_JUMPS_MAX 16

/*
 * Checks a completely loaded table for what the kernel would refuse: loops, jumps nested too deep,
 * matches and targets in the wrong table or hook. 0, or -1 with err set at the rule.
 */
int rv_table_check(struct rv_table *t, struct rv_error *err);

/* Why a rule is not allowed in its chain. */
struct rv_misplaced {
	const struct rv_part *part;	/* the part that is restricted */
	const struct rv_option *opt;	/* only this option of it is; NULL: the whole part */
	const char *tables;		/* allowed tables, separated by spaces; NULL: not the
					 * reason */
	uint32_t hooks;			/* allowed hooks, bits of 1 << NF_INET_*; 0: not the
					 * reason */
	uint16_t protocol;		/* required -p; 0: not the reason */
	const char *why;		/* any other reason, from the kernel's own check; NULL:
					 * none */
};

/*
 * Whether the kernel would refuse the rule in a chain of that table reached from these hooks (bits
 * of 1 << NF_INET_*; 0: unknown). Fills *m if so.
 */
bool rv_rule_misplaced(const struct rv_table_def *def, uint32_t hooks, const struct rv_rule *r,
		       struct rv_misplaced *m);

/*
 * Reports that the kernel refused a rule of chain c with that errno, in iptables' words, and names
 * the rule and the reason. Returns -1.
 */
int rv_rule_refused(struct rv_error *err, const struct rv_chain *c, const struct rv_rule *r, int error,
		    const char *why);

/* Copies a name that may fill its field, and zeroes the rest. */
static inline void rv_chain_name_set(char name[RV_CHAIN_NAME_LEN], const char *text)
{
	size_t len = strnlen(text, RV_CHAIN_NAME_LEN - 1);

	memset(name, 0, RV_CHAIN_NAME_LEN);
	memcpy(name, text, len);
}

struct rv_rule *rv_rule_new(void);
/* Initialises an empty rule. */
void rv_rule_init(struct rv_rule *r);
struct rv_rule *rv_rule_clone(const struct rv_rule *r);
void rv_rule_free(struct rv_rule *r);

/* Allocates a part with the extension's initial data. NULL when memory ran out. */
struct rv_part *rv_part_new(const struct rv_ext *ext);
struct rv_part *rv_part_clone(const struct rv_part *p);
void rv_part_free(struct rv_part *p);	/* this part only, not the rest of the list */

/* Appends to rule->matches. */
void rv_rule_add_match(struct rv_rule *r, struct rv_part *m);

/*
 * The only rule equality, used by -C, -D and the tests. Two rules are equal if no packet can tell
 * them apart: counters, handle and position are ignored.
 */
bool rv_rule_equal(const struct rv_rule *a, const struct rv_rule *b);
/* Equal rules have equal hashes. */
uint64_t rv_rule_hash(const struct rv_rule *r);
bool rv_part_equal(const struct rv_part *a, const struct rv_part *b);

#endif
