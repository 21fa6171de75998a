/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of backend "kmod": tables of ravelin.ko, by the ABI of uapi/ravelin.h.
 *
 *   table IR ⇄ entries (encode.c, decode.c; what both go by is in abi_map.c)
 *            ⇄ calls (kmod.c)  ⇄  a link: the module (socket.c) or the engine in here (user.c)
 */
#ifndef RAVELIN_BACKEND_KMOD_H
#define RAVELIN_BACKEND_KMOD_H

#include <ravelin/store.h>
#include <uapi/ravelin.h>

/* ---- links --------------------------------------------------------------------------- */

/* How calls reach an engine. Numbers that come back are 0 or -Exxx. */
struct rv_kmod_transport {
	/* Makes *priv, also when it fails. */
	int (*open)(void **priv, const char *arg, struct rv_error *err);
	void (*close)(void *priv);
	/* RVK_SO_*: len bytes go in, and as many come out of the calls that answer. */
	int (*call)(void *priv, unsigned int option, void *buf, uint32_t len);
};

extern const struct rv_kmod_transport rv_kmod_socket, rv_kmod_user;

/* How a match or target is written that an engine in this program is not to decide. */
struct rv_kmod_asked {
	uint32_t number;		/* it is asked for by: struct rv_user_ask */
	bool inner;			/* with the engine's own inside */
};

/*
 * Who decides them. ask is told of each match and target of a table that is written: 0, the engine
 * decides; 1, with *asked filled in; -1, no memory. Predicates of an asked match without inner that
 * are known are still the engine's.
 */
struct rv_kmod_asker {
	int (*ask)(void *arg, const struct rv_rule *r, const struct rv_part *part,
		   struct rv_kmod_asked *asked);
	bool (*known)(void *arg, const struct rv_predicate *p);
	void *arg;
};

/* An open link, and what is known of the engine behind it. */
struct rv_kmod_link {
	const struct rv_kmod_transport *transport;
	void *priv;
	struct {
		struct rv_sel_set asked, has;
	} selectors[2];			/* IPv4, IPv6 */
	const struct rv_kmod_asker *asker;	/* NULL: the engine decides all; only with "user" */
};

/* "" or NULL: the module. "user": an engine in this program. -1 with err set: nothing is open. */
int rv_kmod_link_open(struct rv_kmod_link *link, const char *arg, struct rv_error *err);
void rv_kmod_link_close(struct rv_kmod_link *link);
/* The engine of a link that is "user". */
struct rv_engine *rv_kmod_user_engine(const struct rv_kmod_link *link);
/* Whether the program's engine takes rules in table nat, until the last link is closed. */
void rv_kmod_user_nat(bool does);
/* Whether the engine can load a selector. Asked once. */
bool rv_kmod_has_selector(struct rv_kmod_link *link, rv_family_t family, unsigned int sel);
/* rv_layout_has_fn of a link: whether engine or kernel have a layout. */
bool rv_kmod_has_layout(void *link, rv_family_t family, const struct rv_ext *ext,
			const struct rv_revision *w);

/* ---- what encoder and decoder share: abi_map.c ------------------------------------------ */

/* RVK_SEL_*, RVK_OP_*, 0: there is none; and back, RV_SEL_NONE, -1. */
unsigned int rv_kmod_sel(enum rv_sel sel);
enum rv_sel rv_kmod_sel_back(unsigned int sel);
unsigned int rv_kmod_op(enum rv_op op);
int rv_kmod_op_back(unsigned int op);

/* The verdict of a rule without target or jump; and back: false if there is none. */
int32_t rv_kmod_verdict(enum rv_verdict verdict);
bool rv_kmod_verdict_back(int32_t code, enum rv_verdict *verdict);

/* The match that predicates of a kernel's name belong to, or NULL. */
const struct rv_ext *rv_kmod_match(rv_family_t family, const char *name);

/* A predicate with its list: bytes, and written to so many zeros. Its selector is 0 where the module has none. */
size_t rv_kmod_predicate_size(const struct rv_predicate *p);
void rv_kmod_predicate(struct rvk_predicate *to, const struct rv_predicate *from);

/* The IP part. Reading returns false if it holds what no rule says. */
void rv_kmod_ip_write(struct rvk_ip *to, const struct rv_ip *from);
bool rv_kmod_ip_read(struct rv_ip *to, const struct rvk_ip *from);

/* ---- writing: encode.c ----------------------------------------------------------------- */

/* What an entry was made of. */
struct rv_kmod_entry {
	struct rv_chain *chain;
	struct rv_rule *rule;		/* NULL: a policy, or head or end of a user chain */
	uint32_t number;		/* of the rule, from 1 */
};

/* An encoded table: struct rvk_table and the entries behind it, in a buffer. */
struct rv_kmod_blob {
	const struct rv_table *table;
	struct rv_buf *buf;		/* borrowed */
	size_t at;			/* of struct rvk_table in it */
	struct rv_kmod_entry *entries;	/* table.count */
	uint32_t count, room;
};

/*
 * Appends the table; one that does not exist is to go. Generation and old_count are left 0. Uses
 * the handles of user chains.
 * Returns 0, or -1 with err set; rv_kmod_blob_free() is due either way.
 */
int rv_kmod_encode(struct rv_kmod_blob *b, struct rv_buf *buf, struct rv_table *t,
		   struct rv_kmod_link *link, struct rv_error *err);
void rv_kmod_blob_free(struct rv_kmod_blob *b);

static inline struct rvk_table *rv_kmod_blob_table(const struct rv_kmod_blob *b)
{
	return (struct rvk_table *)(void *)(b->buf->data + b->at);
}

/* ---- reading: decode.c ------------------------------------------------------------------ */

/*
 * Fills a table that has only its base chains with head's entries, which may hold anything.
 * Handles of rules and base chains become the numbers of their entries (of the policies), from
 * 1; references are counted. The meter (or NULL) is told of each rule. Returns 0, or -1 with err set.
 */
int rv_kmod_decode(struct rv_table *t, const struct rvk_table *head, const void *entries,
		   const struct rv_meter *meter, struct rv_error *err);

/* ---- replacing: kmod.c ------------------------------------------------------------------- */

/* One call that replaces tables, all or none. Starts as { .link = ... }. */
struct rv_kmod_change {
	struct rv_kmod_link *link;
	struct rv_buf buf;		/* the call's */
	unsigned int n;
	struct rv_kmod_blob blobs[RVK_TABLES_MAX];
	size_t old[RVK_TABLES_MAX];	/* where the old tables' counters are in buf */
};

/* Adds a table made from the one that had this generation and count of entries. */
int rv_kmod_change_add(struct rv_kmod_change *c, struct rv_table *t, uint64_t generation,
		       uint32_t old_count, struct rv_error *err);
/* RV_ERR_AGAIN: one of the tables has been replaced since, nothing was done. */
int rv_kmod_change_send(struct rv_kmod_change *c, struct rv_error *err);
void rv_kmod_change_free(struct rv_kmod_change *c);
/* Gives the rules and base chains of a change that was sent the counters of now. */
int rv_kmod_change_count(const struct rv_kmod_change *c, struct rv_error *err);

/* ---- the way back: image.c ---------------------------------------------------------------- */

extern const struct rv_image_ops rv_kmod_image_ops;

/* ---- errors: refusal.c ------------------------------------------------------------------ */

/* Says why a change was refused with code -Exxx: the rule, its place, the reason. Returns -1. */
int rv_kmod_refused(const struct rvk_refusal *why, int code, const struct rv_kmod_change *c,
		    struct rv_error *err);

#endif
