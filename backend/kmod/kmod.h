/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internals of backend "kmod": tables of ravelin.ko, accessed by the ABI of uapi/ravelin.h.
 *
 *   table IR ⇄ entries (encode.c, decode.c; mappings used by both: abi_map.c)
 *            ⇄ calls (kmod.c)  ⇄  a transport: the module (socket.c) or the user-space engine (user.c)
 */
#ifndef RAVELIN_BACKEND_KMOD_H
#define RAVELIN_BACKEND_KMOD_H

#include <ravelin/store.h>
#include <uapi/ravelin.h>

/* ---- transport ----------------------------------------------------------------------- */

/* How calls reach an engine. Integer results are 0 or -Exxx. */
struct rv_kmod_transport {
	/* Sets *priv, even on failure. */
	int (*open)(void **priv, const char *arg, struct rv_error *err);
	void (*close)(void *priv);
	/* RVK_SO_*: sends len bytes; calls that return data overwrite them. */
	int (*call)(void *priv, unsigned int option, void *buf, uint32_t len);
};

extern const struct rv_kmod_transport rv_kmod_socket, rv_kmod_user;

/* How to encode a match or target that the caller decides instead of the engine. */
struct rv_kmod_asked {
	uint32_t number;		/* identifies it in struct rv_user_ask */
	bool inner;			/* followed by the engine's own element */
	bool target;			/* set by the caller: what the part does, not whether it matches */
	bool alone;			/* no predicate of the match is known */
};

/*
 * Decides which these are. ask is called for each match and target of a table being encoded: 0, the
 * engine decides; 1, with *asked set; -1, out of memory. Known predicates of an asked match without
 * inner are still evaluated by the engine.
 */
struct rv_kmod_asker {
	int (*ask)(void *arg, const struct rv_rule *r, const struct rv_part *part,
		   struct rv_kmod_asked *asked);
	bool (*known)(void *arg, const struct rv_predicate *p);
	void *arg;
};

/* An open link, and what is known about its engine. */
struct rv_kmod_link {
	const struct rv_kmod_transport *transport;
	void *priv;
	struct {
		struct rv_sel_set asked, has;
	} selectors[2];			/* IPv4, IPv6 */
	const struct rv_kmod_asker *asker;	/* NULL: the engine decides everything; only with
						 * "user" */
};

/*
 * "" or NULL: the module. "user": the engine in this process. On failure -1 with err set and
 * nothing open.
 */
int rv_kmod_link_open(struct rv_kmod_link *link, const char *arg, struct rv_error *err);
void rv_kmod_link_close(struct rv_kmod_link *link);
/* The engine of a "user" link. */
struct rv_engine *rv_kmod_user_engine(const struct rv_kmod_link *link);
/* Whether the engine supports a selector. Cached. */
bool rv_kmod_has_selector(struct rv_kmod_link *link, rv_family_t family, unsigned int sel);
/* rv_layout_has_fn of a link: whether engine or kernel have a revision. */
bool rv_kmod_has_layout(void *link, rv_family_t family, const struct rv_ext *ext,
			const struct rv_revision *w);

/* ---- mappings used by encoder and decoder: abi_map.c ------------------------------------ */

/* RVK_SEL_*, RVK_OP_*, or 0; and back, RV_SEL_NONE, -1 if unknown. */
unsigned int rv_kmod_sel(enum rv_sel sel);
enum rv_sel rv_kmod_sel_back(unsigned int sel);
unsigned int rv_kmod_op(enum rv_op op);
int rv_kmod_op_back(unsigned int op);

/* Verdict of a rule without target or jump; and back, false if unknown. */
int32_t rv_kmod_verdict(enum rv_verdict verdict);
bool rv_kmod_verdict_back(int32_t code, enum rv_verdict *verdict);

/* The match that predicates with a kernel name belong to, or NULL. */
const struct rv_ext *rv_kmod_match(rv_family_t family, const char *name);

/*
 * Size in bytes of a predicate with its list, and writing it to zeroed memory. sel is 0 if the
 * module lacks the selector.
 */
size_t rv_kmod_predicate_size(const struct rv_predicate *p);
void rv_kmod_predicate(struct rvk_predicate *to, const struct rv_predicate *from);

/* The IP part. Reading returns false if no rule can express it. */
void rv_kmod_ip_write(struct rvk_ip *to, const struct rv_ip *from);
bool rv_kmod_ip_read(struct rv_ip *to, const struct rvk_ip *from);

/* ---- encoding: encode.c ---------------------------------------------------------------- */

/* Origin of an entry. */
struct rv_kmod_entry {
	struct rv_chain *chain;
	struct rv_rule *rule;		/* NULL: a policy, or the head or end of a user chain */
	uint32_t number;		/* position of the rule, from 1 */
};

/* An encoded table in a buffer: struct rvk_table followed by the entries. */
struct rv_kmod_blob {
	const struct rv_table *table;
	struct rv_buf *buf;		/* borrowed */
	size_t at;			/* offset of its struct rvk_table */
	struct rv_kmod_entry *entries;	/* table.count elements */
	uint32_t count, room;
};

/*
 * Appends the table; one that does not exist is encoded as deletion. Leaves generation and
 * old_count 0. Uses the handles of user chains. Returns 0, or -1 with err set; call
 * rv_kmod_blob_free() in either case.
 */
int rv_kmod_encode(struct rv_kmod_blob *b, struct rv_buf *buf, struct rv_table *t,
		   struct rv_kmod_link *link, struct rv_error *err);
void rv_kmod_blob_free(struct rv_kmod_blob *b);

static inline struct rvk_table *rv_kmod_blob_table(const struct rv_kmod_blob *b)
{
	return (struct rvk_table *)(void *)(b->buf->data + b->at);
}

/* ---- decoding: decode.c ----------------------------------------------------------------- */

/*
 * Decodes untrusted entries with header head into a table that has only its base chains. Handles of
 * rules and base chains become the indices of their entries (of the policies), from 1; references
 * are counted. meter (may be NULL) is called per rule. Returns 0, or -1 with err set.
 */
int rv_kmod_decode(struct rv_table *t, const struct rvk_table *head, const void *entries,
		   const struct rv_meter *meter, struct rv_error *err);

/* ---- replacing: kmod.c ------------------------------------------------------------------- */

/* A call that replaces tables, all or none. Initialise with { .link = ... }. */
struct rv_kmod_change {
	struct rv_kmod_link *link;
	struct rv_buf buf;		/* buffer of the call */
	unsigned int n;
	struct rv_kmod_blob blobs[RVK_TABLES_MAX];
	size_t old[RVK_TABLES_MAX];	/* offset of the old tables' counters in buf */
};

/* Adds a table derived from the one with this generation and number of entries. */
int rv_kmod_change_add(struct rv_kmod_change *c, struct rv_table *t, uint64_t generation,
		       uint32_t old_count, struct rv_error *err);
/* RV_ERR_AGAIN: one of the tables was replaced meanwhile; nothing was changed. */
int rv_kmod_change_send(struct rv_kmod_change *c, struct rv_error *err);
void rv_kmod_change_free(struct rv_kmod_change *c);
/* Updates the counters of the rules and base chains of a change that was sent. */
int rv_kmod_change_count(const struct rv_kmod_change *c, struct rv_error *err);

/* ---- snapshots: image.c ------------------------------------------------------------------- */

extern const struct rv_image_ops rv_kmod_image_ops;

/* ---- errors: refusal.c ------------------------------------------------------------------ */

/* Reports why a change was refused with -Exxx: the rule, its location, the reason. Returns -1. */
int rv_kmod_refused(const struct rvk_refusal *why, int code, const struct rv_kmod_change *c,
		    struct rv_error *err);

#endif
