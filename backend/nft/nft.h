/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the nf_tables backend, compat profile: rules are written as
 * iptables-nft 1.8 writes them, and what any 1.8.x wrote is read.
 *
 *   rule IR ⇄ expressions (rule.c, predicate.c, compat.c, native.c)
 *           ⇄ bytes (expr.c)  ⇄ messages (batch.c, staged_view.c)  ⇄ kernel (netlink.c)
 *
 * Attribute and message layouts: linux/netfilter/nf_tables.h, nfnetlink.h.
 */
#ifndef RAVELIN_BACKEND_NFT_H
#define RAVELIN_BACKEND_NFT_H

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/uio.h>

#include <ravelin/map.h>
#include <ravelin/store.h>

/* ---- attributes: attr.c ---------------------------------------------------- */

/* Bytes owned by somebody else. */
struct rv_nft_view {
	const unsigned char *data;
	uint32_t len;
};

struct rv_nft_attr {
	uint16_t type;			/* without the flag bits */
	struct rv_nft_view value;
};

/* Walks the attributes in a payload; unlike mnl_attr_for_each a bad length is noticed. */
struct rv_nft_walk {
	struct rv_nft_view rest;
	bool bad;			/* the walk ended at something that is no attribute */
};

struct rv_nft_walk rv_nft_attrs(struct rv_nft_view payload);
bool rv_nft_next(struct rv_nft_walk *w, struct rv_nft_attr *a);
/*
 * Puts the values of attributes 0..max-1 in table (data NULL: absent). Types from max on are
 * left out. False when the payload is malformed.
 */
bool rv_nft_attr_table(struct rv_nft_view payload, struct rv_nft_view *table, unsigned int max);

/* Values; false when the size is wrong. Numbers are big-endian on the wire. */
bool rv_nft_get_u32(struct rv_nft_view v, uint32_t *n);
bool rv_nft_get_u64(struct rv_nft_view v, uint64_t *n);
/* The text of a NUL-terminated string attribute, or NULL. */
const char *rv_nft_get_text(struct rv_nft_view v);

/* Writes an attribute to memory with room for it and returns the place behind it. */
static inline unsigned char *rv_nft_attr_write(unsigned char *at, uint16_t type, const void *data,
					  size_t len)
{
	struct nlattr head = { .nla_len = NLA_HDRLEN + len, .nla_type = type };
	size_t padded = NLA_ALIGN(len);

	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	if (padded != len)
		memset(at + padded - 4, 0, 4);
	if (len)
		memcpy(at, data, len);
	return at + padded;
}

void rv_nft_put(struct rv_buf *b, uint16_t type, const void *data, size_t len);
void rv_nft_put_text(struct rv_buf *b, uint16_t type, const char *text);
void rv_nft_put_u32(struct rv_buf *b, uint16_t type, uint32_t n);
void rv_nft_put_u64(struct rv_buf *b, uint16_t type, uint64_t n);
/* Opens a nest and returns its place, for rv_nft_nest_end(). */
size_t rv_nft_nest(struct rv_buf *b, uint16_t type);
/* False when the nest has grown longer than an attribute can be. */
bool rv_nft_nest_end(struct rv_buf *b, size_t nest);

/* ---- expressions: expr.c --------------------------------------------------- */

/* The expressions that are understood: identifier, name on the wire. */
#define RV_NFT_EXPRS(X)		\
	X(PAYLOAD, "payload")	\
	X(META, "meta")		\
	X(CMP, "cmp")		\
	X(BITWISE, "bitwise")	\
	X(RANGE, "range")	\
	X(IMMEDIATE, "immediate")	\
	X(COUNTER, "counter")	\
	X(LIMIT, "limit")	\
	X(LOG, "log")		\
	X(MATCH, "match")	\
	X(TARGET, "target")	\
	/* What only nft itself writes: foreign.c. */ \
	X(CT, "ct")		\
	X(EXTHDR, "exthdr")	\
	X(FIB, "fib")		\
	X(SOCKET, "socket")	\
	X(RT, "rt")		\
	X(NUMGEN, "numgen")	\
	X(BYTEORDER, "byteorder") \
	X(LOOKUP, "lookup")	\
	X(QUOTA, "quota")	\
	X(REJECT, "reject")	\
	X(NAT, "nat")		\
	X(MASQ, "masq")		\
	X(REDIR, "redir")	\
	X(TPROXY, "tproxy")	\
	X(SYNPROXY, "synproxy")	\
	X(DUP, "dup")		\
	X(NOTRACK, "notrack")	\
	X(QUEUE, "queue")	\
	X(DYNSET, "dynset")	\
	X(CONNLIMIT, "connlimit")

enum rv_nft_kind {
#define RV_X(id, name) RV_NFT_##id,
	RV_NFT_EXPRS(RV_X)
#undef RV_X
	RV_NFT_KINDS
};

/* One expression; which fields count is what the rows of its kind in expr.c say. */
struct rv_nft_expr {
	enum rv_nft_kind kind;
	uint32_t sreg, dreg;
	uint32_t base, offset, len;
	uint32_t key, op;
	uint32_t burst, type, flags;
	uint32_t revision, verdict;
	uint32_t given;			/* attributes that are there, of those that need not be */
	uint32_t regs[4];		/* nat and its like: addresses, then ports; dup: address, device */
	uint32_t family, level, modulus, size, count;
	uint16_t group, threshold, mss, total;
	uint8_t direction, code, header, wscale;
	uint64_t packets, bytes;
	uint64_t rate, unit, timeout;	/* ms */
	/* cmp, immediate: value; bitwise: mask; range: from; match: blob; dynset: an expression */
	struct rv_nft_view data;
	struct rv_nft_view other;	/* bitwise: xor; range: to */
	const char *name;		/* match, target; the chain of a verdict; a log's prefix; a set */
	const char *theirs;		/* iptables never writes this, and why; NULL: it may */
};

/* Appends one list element; rv_buf_ok() tells whether memory sufficed. */
void rv_nft_expr_write(struct rv_buf *b, const struct rv_nft_expr *e);
/*
 * Reads the payload of a list element. What *e points to is in elem. On failure *what is the
 * expression's name (or "?") and *why says what is wrong with it.
 */
int rv_nft_expr_read(struct rv_nft_view elem, struct rv_nft_expr *e, const char **what,
		     const char **why);
const char *rv_nft_expr_name(enum rv_nft_kind kind);

/* ---- rules: rule.c --------------------------------------------------------- */

/* Where a rule stands, for messages. */
struct rv_nft_place {
	const char *table, *chain;
	uint64_t handle;
};

/* What a register holds: a field of the packet, perhaps masked. */
struct rv_nft_load {
	uint8_t words;			/* 32-bit registers from this one on; 0: none */
	bool used, masked, bounded;
	enum rv_nft_kind kind;		/* RV_NFT_PAYLOAD or RV_NFT_META */
	uint32_t base, offset, key, len;
	uint8_t mask[16];
	uint8_t from[16];		/* bounded: lower end of a range, the upper is to come */
};

#define RV_NFT_WORDS (NFT_REG32_COUNT)

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

/* Appends NFTA_RULE_EXPRESSIONS and NFTA_RULE_COMPAT. */
int rv_nft_rule_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		      struct rv_error *err);
/* The rule whose NFTA_RULE_EXPRESSIONS has this payload, or NULL with err set. */
struct rv_rule *rv_nft_rule_read(rv_family_t family, struct rv_nft_view expressions,
				 const struct rv_nft_place *place, struct rv_error *err);
/* Adds a match that what is tested later must not be put before. */
void rv_nft_add_barrier(struct rv_nft_reader *r, struct rv_part *part);
/* Records that the rule being read is not understood. Returns -1. */
int rv_nft_unsupported(struct rv_nft_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- predicates: predicate.c ----------------------------------------------- */

/*
 * Appends the expressions of a part's predicates. Returns 0, or 1 when there is one that
 * nf_tables is not told natively: then nothing was appended.
 */
int rv_nft_predicates_write(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext,
			    const unsigned char *data);
/* Bytes that a meta key loads, 0: a key that is not understood. */
uint32_t rv_nft_meta_len(uint32_t key);
/* Gives a predicate to a row, in whichever form the row knows. False: no row takes it. */
bool rv_nft_absorb(rv_family_t family, const struct rv_ext *ext, const struct rv_predicate *p,
		   unsigned char *data);
/* A comparison of what is loaded becomes a predicate of the rule. */
int rv_nft_compare(struct rv_nft_reader *r, struct rv_nft_load *l, const struct rv_nft_expr *e);
/* Ends what is still open: half a range. A load that nothing looked at is a misfit. */
int rv_nft_load_end(struct rv_nft_reader *r, struct rv_nft_load *l);

/* ---- matches and targets in the kernel's own form: compat.c ------------------ */

int rv_nft_part_write(struct rv_buf *b, rv_family_t family, const struct rv_part *part,
		      struct rv_error *err);
int rv_nft_part_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);

/* ---- matches and targets with an expression of their own: native.c ----------- */

/* Returns 0, or 1 when the part has no such expression. */
int rv_nft_native_write(struct rv_buf *b, const struct rv_part *part);
/* Whether the extension has one at all. */
bool rv_nft_has_native(const struct rv_ext *ext);
int rv_nft_native_read(struct rv_nft_reader *r, const struct rv_nft_expr *e);

/* ---- the socket: netlink.c ---------------------------------------------------- */

struct rv_nft_socket {
	struct mnl_socket *nl;
	uint32_t seq;
	uint32_t generation;		/* of the ruleset, as reads must find it */
	bool has_generation;
	struct rv_nft_watch *watch;	/* says whether a read holds at a later generation, or NULL */
	bool unchecked;			/* another socket's watch covers what is read */
	unsigned char *buf;
};

int rv_nft_open(struct rv_nft_socket *n, struct rv_error *err);
void rv_nft_close(struct rv_nft_socket *n);

/*
 * From here on reads hold if what was read of our tables did not change. Until this is called
 * they hold if nothing did, which costs less. Nothing may have been read. Without it if the kernel
 * does not want to.
 */
int rv_nft_watch_start(struct rv_nft_socket *n, struct rv_error *err);
/* What will be asked for in several questions is one read, and holds as one. */
int rv_nft_read(struct rv_nft_socket *n, rv_family_t family, const char *table, const char *chain,
		unsigned int what, struct rv_error *err);
/*
 * Whether what was read holds still: then the generation is the kernel's of now. Else -1,
 * err->kind RV_ERR_AGAIN.
 */
int rv_nft_settle(struct rv_nft_socket *n, struct rv_error *err);

/* Asks for the generation unless it is known. */
int rv_nft_generation(struct rv_nft_socket *n, struct rv_error *err);

/* Whether what was seen of a dump shows that nothing is missing. */
typedef bool rv_nft_whole_fn(void *arg);

/* A question about tables, chains or rules; NULL: not given. */
struct rv_nft_query {
	uint8_t type;			/* NFT_MSG_GET* */
	bool dump;
	rv_family_t family;
	uint16_t table_attr, chain_attr, handle_attr;
	const char *table, *chain;
	uint64_t handle;		/* 0: not given */
	const char *of;			/* the table that is looked at in a dump of all; NULL: .table */
	rv_nft_whole_fn *whole;		/* of a dump; NULL: what was seen does not show it */
};

/* Sees the attributes of each answer. Returns 0, or -1 with err set. */
typedef int rv_nft_answer_fn(struct rv_nft_view attrs, void *arg, struct rv_error *err);

/*
 * Returns 0, 1 when there is no such thing, or -1 with err set: RV_ERR_AGAIN when the ruleset
 * is no longer the generation that was known (answers may have been seen already).
 */
int rv_nft_ask(struct rv_nft_socket *n, const struct rv_nft_query *q, rv_nft_answer_fn *fn,
	       void *arg, struct rv_error *err);

/* ---- whether a dump told everything: dump.c ---------------------------------------- */

struct rv_nft_dump {
	uint8_t type;			/* NFT_MSG_GET* */
	bool proven;			/* nothing can be missing so far */
	size_t next;			/* length of the part whose first object is to come, or 0 */
	unsigned int parts;		/* that had objects */
	size_t len, largest;		/* of the last part that had objects; of an object */
	uint64_t digest;		/* of the handles, in their order */
	char chain[NFT_CHAIN_MAXNAMELEN];	/* of the rule before */
	uint64_t handle;		/* of that rule */
};

struct rv_nft_dump rv_nft_dump_begin(uint8_t type);
void rv_nft_dump_part(struct rv_nft_dump *d, size_t len);
/* An object goes by. False: something is missing, or was told twice. */
bool rv_nft_dump_see(struct rv_nft_dump *d, struct rv_nft_view attrs, size_t len);
/* False: something may be missing. A second dump with the same digest shows that nothing is. */
bool rv_nft_dump_is_whole(const struct rv_nft_dump *d);

/* ---- reading beside other writers: watch.c --------------------------------------- */

/* NULL if it cannot be had. What happens from now on is told. */
struct rv_nft_watch *rv_nft_watch_open(void);
void rv_nft_watch_close(struct rv_nft_watch *w);
/* Begins at a generation that was asked for since then. */
void rv_nft_watch_begin(struct rv_nft_watch *w, uint32_t generation);
enum {
	RV_NFT_READ_CHAINS = 1 << 0,	/* which there are, and their policies */
	RV_NFT_READ_RULES = 1 << 1,
	RV_NFT_READ_SETS = 1 << 2,	/* with their elements, and what else rules name */
	RV_NFT_READ_ALL = (1 << 3) - 1,
};
/*
 * From here on changes of the table count; chain != NULL: of that chain only. what: RV_NFT_READ_*,
 * 0: only the table itself.
 */
void rv_nft_watch_read(struct rv_nft_watch *w, rv_family_t family, const char *table,
		       const char *chain, unsigned int what);
/* Reads what has come by now. False: something got lost. */
bool rv_nft_watch_drain(struct rv_nft_watch *w);
/* Whether what was read holds as far as is known by now. */
bool rv_nft_watch_holds(const struct rv_nft_watch *w);
/*
 * Waits until *generation, which the kernel has, was told of, and sets it to the newest. Whether
 * what was read holds there. all_chains: no table or chain of the family may have come or gone.
 */
bool rv_nft_watch_settle(struct rv_nft_watch *w, uint32_t *generation, bool all_chains);

/* Whether the kernel has a compat match (target false) or target of that revision. */
enum rv_nft_has {
	RV_NFT_HAS,		/* or it did not say */
	RV_NFT_HAS_OTHERS,	/* other revisions only */
	RV_NFT_LACKS,
};
enum rv_nft_has rv_nft_kernel_has(struct rv_nft_socket *n, rv_family_t family, const char *name,
				  uint32_t revision, bool target);

/* A rule that looks into a set, or fills one. */
struct rv_nft_user {
	char *set;			/* owned */
	uint64_t rule;			/* its handle */
};

/*
 * For questions about a table while its rules are being read: a socket of its own, because the
 * other one may be in the middle of a dump, and what was learnt for all rules of the table at
 * once. {0}: nothing is open, nothing known.
 */
struct rv_nft_aside {
	const struct rv_nft_socket *of;	/* the other one: answers are of its generation; NULL: of any */
	struct rv_nft_socket socket;
	bool open;
	char *table;			/* that the users are of; NULL: not asked for yet */
	struct rv_nft_user *users;	/* sorted by set */
	size_t nusers, room;
};

int rv_nft_aside_open(struct rv_nft_aside *a, struct rv_error *err);
/* rv_nft_ask() on that socket. */
int rv_nft_aside_ask(struct rv_nft_aside *a, const struct rv_nft_query *q, rv_nft_answer_fn *fn,
		     void *arg, struct rv_error *err);
void rv_nft_aside_close(struct rv_nft_aside *a);

/* What the kernel said about a batch. */
struct rv_nft_verdict {
	int code;			/* errno, 0: done */
	uint32_t seq;			/* of the message it is about */
	uint32_t offset;		/* in that message, of what it is about; 0: not told */
	char text[80];			/* more words from the kernel, or "" */
};

/* Makes the socket's buffers large enough for a batch and its errors; sending does it too. */
void rv_nft_make_room(const struct rv_nft_socket *n, size_t bytes, size_t messages);
/*
 * Sends a batch, whose parts follow each other, as one datagram and collects the verdict. Returns
 * -1 when it could not be sent.
 */
int rv_nft_send(struct rv_nft_socket *n, const struct iovec *parts, size_t nparts, size_t messages,
		struct rv_nft_verdict *v, struct rv_error *err);

/* ---- revisions of matches and targets: revision.c ------------------------------- */

/* The layout to write; NULL or one of size 0: the extension has none. */
const struct rv_revision *rv_nft_wire(rv_family_t family, const struct rv_ext *ext);
/*
 * Asks the kernel which layouts it knows, unless it was asked already. Returns whether it is
 * another one that is written from now on: then a refused transaction is worth another try.
 */
bool rv_nft_learn(struct rv_nft_socket *n, rv_family_t family, const struct rv_ext *ext);

/* ---- one transaction: batch.c, table_rewrite.c, commit.c, staged_view.c ----------------------- */

/* What a message of the batch was made for; its sequence number is its index + 1. */
struct rv_nft_record {
	const struct rv_table_def *table;	/* the kernel counts handles of chains in each */
	uint64_t chain;			/* rv_chain.handle, as staged */
	uint32_t offset;		/* of the message in the batch */
	struct rv_loc loc;
	const struct rv_bytes *object;	/* of a rule that is one; NULL: it is not */
	const char *in;			/* name of its chain */
	uint8_t kind;			/* enum rv_change_kind */
};

/*
 * A chain got another name in this transaction. The kernel goes by the old one until it is
 * committed, so all messages have that; the IR has the new one.
 */
#define RV_NFT_RENAMED_BY 3		/* ways to find one: old name, new name, chain */

struct rv_nft_rename {
	struct rv_nft_rename *next[RV_NFT_RENAMED_BY];
	const struct rv_table_def *table;
	uint64_t chain;
	char from[RV_CHAIN_NAME_LEN], to[RV_CHAIN_NAME_LEN];
};

struct rv_nft_renames {
	struct rv_nft_rename **slots[RV_NFT_RENAMED_BY];
	uint32_t nslots, count;
	uint32_t of_table[RV_TABLE_DEFS];
};

/* Which records are about a chain, as far as that was asked for: staged_view.c. */
struct rv_nft_traces {
	struct rv_map chains;
	uint32_t *next;			/* by record: the next one about its chain, from 1 */
	size_t count, room;		/* records that are taken in */
};

struct rv_nft_batch {
	struct rv_buf bytes;
	struct rv_nft_record *records;
	size_t nrecords, room;
	struct rv_nft_traces traces;
	struct rv_nft_renames renames;
	uint64_t nchains;		/* made in this transaction */
	/*
	 * Parts of bytes, by where they begin: staged changes come first, behind them stands what
	 * rv_nft_commit() adds. The kernel is given the front part first. 0: not written yet.
	 */
	size_t front, back;
	size_t first_front, first_back;	/* the same as numbers of records */
	uint32_t nrules;		/* the same; each has its number in messages that name it */
	uint32_t numbers, base;		/* given to sets and chains of objects; of the object at hand */
	size_t explained;		/* records that rv_nft_explain() has told */
	bool depends;			/* on what was read, in ways that the kernel does not check */
	/*
	 * What a restore cleared: its tables, with the user chains that nothing has declared
	 * again. They are emptied at once and deleted last, see rv_nft_commit().
	 */
	struct rv_ruleset cleared;
	/*
	 * Of each table, the names of chains that no line can name, each with its NUL; and, as bits, the
	 * tables with rules in this transaction that name such a chain.
	 */
	struct rv_buf unnamed[RV_TABLE_DEFS];
	uint32_t names_unnamed;
};

/* Handles of chains that the kernel has no handle for yet: the backend counts them itself. */
#define RV_NFT_NEW_CHAIN (UINT64_C(1) << 63)

struct rv_nft {
	struct rv_nft_socket socket;
	struct rv_nft_batch batch;
	const void *fresh;		/* table or chain whose references are as the kernel counts them */
	struct {
		uint32_t asked;		/* chains that were asked for one by one */
		bool known;		/* the table itself was asked for */
		uint32_t has;		/* chains and sets that it has */
	} tables[RV_TABLE_DEFS];
	struct rv_nft_aside aside;
	bool asked_reset, can_reset;	/* the kernel knows NFT_MSG_GETRULE_RESET */
	struct rv_nft_reset *resets;	/* to be done once the transaction is committed */
	size_t nresets, reset_room;
};

/* ---- counters back to zero: zero.c ---- */

/* A rule whose counters are to be read and zeroed. */
struct rv_nft_reset {
	const struct rv_table_def *table;
	char chain[RV_CHAIN_NAME_LEN];	/* as the kernel calls it */
	uint64_t handle;
	struct rv_rule *rule;		/* where they go; NULL: nobody wants to know them */
	uint32_t of;			/* how many the chain has, if all are zeroed; else 0 */
	bool counted;			/* it had something when it was read */
	bool done;
};

int rv_nft_reset(rv_family_t family, struct rv_nft_reset *list, size_t count, struct rv_error *err);
bool rv_nft_can_reset(struct rv_nft *n, rv_family_t family);
/* Notes that c->pos, which the kernel has, is to be zeroed; does what was noted. */
int rv_nft_note_reset(struct rv_nft *n, const struct rv_change *c, struct rv_error *err);
int rv_nft_reset_noted(struct rv_nft *n, rv_family_t family, struct rv_error *err);
void rv_nft_forget_resets(struct rv_nft *n);
/* rv_backend.take */
int rv_nft_take(struct rv_store *s, struct rv_table *t, struct rv_chain *only, struct rv_rule *one,
		struct rv_error *err);

int rv_nft_stage(struct rv_store *s, const struct rv_change *c, struct rv_error *err);
int rv_nft_commit(struct rv_store *s, struct rv_error *err);
/* rv_backend.explain */
int rv_nft_explain(struct rv_store *s, struct rv_error *err);
/* Whether there are words at all. If not, that is a warning, and nobody asks for them any more. */
bool rv_nft_can_explain(struct rv_store *s, struct rv_error *err);
/* The text of a rule as the kernel has it, if it can be told; attrs: as rv_nft_answer_fn sees them. */
int rv_nft_explain_rule(struct rv_nft_view attrs, struct rv_buf *b, struct rv_error *err);
/* One transaction for two stores, of two families. */
int rv_nft_commit_both(struct rv_store *s, struct rv_store *second, struct rv_error *err);
void rv_nft_batch_init(struct rv_nft_batch *b, rv_family_t family);
void rv_nft_batch_clear(struct rv_nft_batch *b);
/* Takes the messages about a table out of the batch, and what is known of its names. */
void rv_nft_batch_drop(struct rv_nft_batch *b, const struct rv_table_def *table);
/* ---- chains with another name: rename.c ---- */

/* Notes that the chain gets another name. False: memory ran out. */
bool rv_nft_rename(struct rv_nft_batch *b, const struct rv_chain *c, const char *name);
/* The chain is gone, and both its names are free; or all renames of a table are. */
void rv_nft_forget_rename(struct rv_nft_batch *b, const struct rv_chain *c);
void rv_nft_forget_renames(struct rv_nft_batch *b, const struct rv_table_def *table);
void rv_nft_renames_clear(struct rv_nft_renames *all);
/* Whether a chain has had the name before this transaction, and has another now. */
bool rv_nft_is_old_name(const struct rv_nft_batch *b, const struct rv_table_def *table,
			const char *name);
bool rv_nft_has_renames(const struct rv_nft_batch *b, const struct rv_table_def *table);
/* The name that messages have for the chain of that name. */
const char *rv_nft_kernel_name(const struct rv_nft_batch *b, const struct rv_table_def *table,
			       const char *chain);
/* Gives a rule that was read from the kernel or the batch the name its jump has now. */
void rv_nft_rename_jump(const struct rv_nft_batch *b, const struct rv_table_def *table,
			struct rv_rule *r);
/* The same of the chains that its parts jump to. 0, or -1 when memory ran out. */
int rv_nft_rename_parts(const struct rv_nft_batch *b, const struct rv_table_def *table,
			struct rv_rule *r);

/* Does to chain->rules, which are as the kernel has them, what is staged for the chain. */
int rv_nft_replay(struct rv_nft_batch *b, struct rv_chain *chain, struct rv_error *err);
/* Whether it is staged that all rules of the chain go which the kernel has. */
int rv_nft_is_flushed(struct rv_nft_batch *b, const struct rv_chain *chain, bool *flushed,
		      struct rv_error *err);
void rv_nft_traces_clear(struct rv_nft_traces *t);
/* The attributes of a record's message. */
struct rv_nft_view rv_nft_record_attrs(const struct rv_nft_batch *b,
				       const struct rv_nft_record *rec);

/* The table in rv_store.replace. */
static inline uint32_t rv_nft_table_bit(const struct rv_table_def *def)
{
	return UINT32_C(1) << (def - rv_table_defs);
}

/* ---- reading: nft.c -------------------------------------------------------------- */

/* Warns if what is staged for the table will not act as iptables' rules do. */
int rv_nft_warn_changing(struct rv_store *s, struct rv_table *t, struct rv_error *err);

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

/* Asks for the rules of a table, or of one chain of it (only != NULL). whole: as in the query. */
int rv_nft_ask_rules(struct rv_store *s, const char *table, const char *only, rv_nft_answer_fn *fn,
		     rv_nft_whole_fn *whole, void *arg, struct rv_error *err);

/* The attributes of a rule's message (NFTA_RULE_MAX + 1 of them) and where it stands. */
int rv_nft_place_of(struct rv_nft_view attrs, struct rv_nft_view *t, struct rv_nft_place *place,
		    struct rv_error *err);
/* Adds the comment that nft keeps beside a rule. */
int rv_nft_read_userdata(struct rv_rule *r, rv_family_t family, struct rv_nft_view v,
			 struct rv_error *err);

/* ---- events: monitor.c -------------------------------------------------------------- */

int rv_nft_monitor(const struct rv_monitor *m, struct rv_error *err);

/* ---- rules elsewhere: other_rulesets.c ------------------------------------------------------ */

/* rv_backend.beside of this backend, */
void rv_nft_beside(struct rv_store *s, const char *suffix, bool person, struct rv_error *err);
/* and of one whose rules are elsewhere in the kernel: then the tables of iptables are others', too. */
void rv_nft_beside_module(struct rv_store *s, const char *suffix, bool person, struct rv_error *err);

/* ---- numbers of rules: numbers.c ------------------------------------------------ */

struct rv_nft_chain_numbers;
/* What was read of chains. Starts as zeroes. */
struct rv_nft_numbers {
	struct rv_nft_chain_numbers *chains;
	uint32_t generation;
};
/* The number of the rule in its chain, from 1; 0: it is gone, or the chain cannot be read. */
uint32_t rv_nft_rule_number(struct rv_nft_numbers *numbers, struct rv_nft_socket *ask,
			    uint8_t family, const char *table, const char *chain, uint64_t handle);
void rv_nft_numbers_clear(struct rv_nft_numbers *numbers);

/* ---- errors: error.c ----------------------------------------------------------- */

/* Records an errno of the exchange itself, which is about no change. Returns -1. */
int rv_nft_failed(int code, struct rv_error *err);
/* Records why the kernel refused message v->seq. Returns -1. */
int rv_nft_refused(struct rv_store *s, const struct rv_nft_verdict *v, struct rv_error *err);

#endif
