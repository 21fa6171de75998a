/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netlink socket: questions, dumps, batches, and whether what was read holds. */
#ifndef RAVELIN_NFT_NETLINK_H
#define RAVELIN_NFT_NETLINK_H

#include <sys/uio.h>

#include <ravelin/map.h>

#include "wire.h"

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
	uint16_t nest_attr;		/* with attributes inside; 0: none */
	struct rv_nft_view nest;
	const char *of;			/* the table that is looked at in a dump of all; NULL: .table */
	rv_nft_whole_fn *whole;		/* of a dump; NULL: what was seen does not show it */
};

/* Sees the attributes of each answer. Returns 0, or -1 with err set. */
typedef int rv_nft_answer_fn(struct rv_nft_view attrs, void *arg, struct rv_error *err);

/*
 * Returns 0, 1 if the object does not exist, or -1 with err set: RV_ERR_AGAIN if the ruleset is no
 * longer at the known generation (fn may have been called already). fn NULL: answers are ignored.
 */
int rv_nft_ask(struct rv_nft_socket *n, const struct rv_nft_query *q, rv_nft_answer_fn *fn,
	       void *arg, struct rv_error *err);

/* The same about one table: *flags are its NFT_TABLE_F_*, 0 if it is not there. */
int rv_nft_ask_table(struct rv_nft_socket *n, rv_family_t family, const char *table, uint32_t *flags,
		     struct rv_error *err);

/* Records an errno of the exchange itself, which is about no change. Returns -1. */
int rv_nft_failed(int code, struct rv_error *err);

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

/* The same text, valid for good, if it is the name of a table of ours; else NULL: fast/profile.c. */
const char *rv_nft_known_table(const char *name);
/* Name number i of them all, of either profile; NULL behind the last. */
const char *rv_nft_table_names(unsigned int i);

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
/* What is known of users. */
void rv_nft_aside_forget(struct rv_nft_aside *a);

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
/* The same for a batch in one buffer, after appending its last message. seq: of that message. */
int rv_nft_end_and_send(struct rv_nft_socket *n, struct rv_buf *batch, uint32_t seq,
			struct rv_nft_verdict *v, struct rv_error *err);

#endif
