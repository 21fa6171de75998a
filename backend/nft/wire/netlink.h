/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netlink socket: requests, dumps, batches, and detection of changes by other writers. */
#ifndef RAVELIN_NFT_NETLINK_H
#define RAVELIN_NFT_NETLINK_H

#include <sys/uio.h>

#include <ravelin/map.h>

#include "wire.h"

/* ---- the socket: netlink.c ---------------------------------------------------- */

struct rv_nft_socket {
	struct mnl_socket *nl;
	uint32_t seq;
	uint32_t generation;		/* generation that reads must have */
	bool has_generation;
	/* decides whether reads are valid in later generations, or NULL */
	struct rv_nft_watch *watch;
	bool unchecked;			/* the watch of another socket covers its reads */
	unsigned char *buf;
};

int rv_nft_open(struct rv_nft_socket *n, struct rv_error *err);
void rv_nft_close(struct rv_nft_socket *n);

/*
 * From now on, reads are valid until something that was read changes. Before, any change
 * invalidates them, which costs less. Must precede all reads. Without effect if the kernel refuses
 * the watch.
 */
int rv_nft_watch_start(struct rv_nft_socket *n, struct rv_error *err);
/* Starts a read that consists of several requests. */
int rv_nft_read(struct rv_nft_socket *n, rv_family_t family, const char *table, const char *chain,
		unsigned int what, struct rv_error *err);
/*
 * Checks that everything read is still valid, and moves to the current generation. Returns 0, or -1
 * with err->kind RV_ERR_AGAIN.
 */
int rv_nft_settle(struct rv_nft_socket *n, struct rv_error *err);

/* Requests the generation unless known. */
int rv_nft_generation(struct rv_nft_socket *n, struct rv_error *err);

/* Returns whether the objects of a dump prove that it is complete. */
typedef bool rv_nft_whole_fn(void *arg);

/* A request about tables, chains or rules; NULL: not given. */
struct rv_nft_query {
	uint8_t type;			/* NFT_MSG_GET* */
	bool dump;
	rv_family_t family;
	uint16_t table_attr, chain_attr, handle_attr;
	const char *table, *chain;
	uint64_t handle;		/* 0: not given */
	uint16_t nest_attr;		/* attribute that contains `nest'; 0: none */
	struct rv_nft_view nest;
	const char *of;			/* table to read in a dump of all tables; NULL: .table */
	rv_nft_whole_fn *whole;		/* checks a dump; NULL: no check */
};

/* Called with the attributes of each answer. Returns 0, or -1 with err set. */
typedef int rv_nft_answer_fn(struct rv_nft_view attrs, void *arg, struct rv_error *err);

/*
 * Returns 0, 1 if the object does not exist, or -1 with err set: RV_ERR_AGAIN if the ruleset has
 * left the known generation (fn may have been called already). fn NULL: answers are ignored.
 */
int rv_nft_ask(struct rv_nft_socket *n, const struct rv_nft_query *q, rv_nft_answer_fn *fn,
	       void *arg, struct rv_error *err);

/* The same for one table: sets *flags to its NFT_TABLE_F_*, or 0 if it does not exist. */
int rv_nft_ask_table(struct rv_nft_socket *n, rv_family_t family, const char *table, uint32_t *flags,
		     struct rv_error *err);

/* Sets err for an errno of the request itself. Returns -1. */
int rv_nft_failed(int code, struct rv_error *err);

/* ---- whether a dump told everything: dump.c ---------------------------------------- */

struct rv_nft_dump {
	uint8_t type;			/* NFT_MSG_GET* */
	bool proven;			/* nothing is missing so far */
	size_t next;			/* length of the part before its first object, else 0 */
	unsigned int parts;		/* parts with objects */
	/* size of the last part with objects; of the largest object */
	size_t len, largest;
	uint64_t digest;		/* hash of the handles, in order */
	char chain[NFT_CHAIN_MAXNAMELEN];	/* of the previous rule */
	uint64_t handle;		/* of the previous rule */
};

struct rv_nft_dump rv_nft_dump_begin(uint8_t type);
void rv_nft_dump_part(struct rv_nft_dump *d, size_t len);
/* Adds an object. Returns false if one is missing or repeated. */
bool rv_nft_dump_see(struct rv_nft_dump *d, struct rv_nft_view attrs, size_t len);
/*
 * Returns false if something may be missing; a second dump with the same digest proves that it is
 * not.
 */
bool rv_nft_dump_is_whole(const struct rv_nft_dump *d);

/* Returns the name as a static string if it is one of our tables, else NULL: fast/profile.c. */
const char *rv_nft_known_table(const char *name);
/* Name i of our tables, in both profiles; NULL after the last. */
const char *rv_nft_table_names(unsigned int i);

/* ---- reading beside other writers: watch.c --------------------------------------- */

/* Starts receiving notifications. Returns NULL if that is not possible. */
struct rv_nft_watch *rv_nft_watch_open(void);
void rv_nft_watch_close(struct rv_nft_watch *w);
/* Starts at a generation, which must have been requested after opening. */
void rv_nft_watch_begin(struct rv_nft_watch *w, uint32_t generation);
enum {
	RV_NFT_READ_CHAINS = 1 << 0,	/* names and policies of chains */
	RV_NFT_READ_RULES = 1 << 1,
	RV_NFT_READ_SETS = 1 << 2,	/* sets with elements, and other objects that rules use */
	RV_NFT_READ_ALL = (1 << 3) - 1,
};
/*
 * From now on, changes of the table (chain != NULL: of that chain) invalidate what was read. what:
 * RV_NFT_READ_*, 0: only the table itself.
 */
void rv_nft_watch_read(struct rv_nft_watch *w, rv_family_t family, const char *table,
		       const char *chain, unsigned int what);
/* Reads pending notifications. Returns false if some were lost. */
bool rv_nft_watch_drain(struct rv_nft_watch *w);
/* Returns whether no notification so far invalidates what was read. */
bool rv_nft_watch_holds(const struct rv_nft_watch *w);
/*
 * Waits for the notification of *generation, which the kernel has reached, and sets it to the
 * newest. Returns whether what was read is valid there. all_chains: no table or chain of the family
 * may have been added or removed.
 */
bool rv_nft_watch_settle(struct rv_nft_watch *w, uint32_t *generation, bool all_chains);

/* Probes whether the kernel has this revision of a match (target false) or target. */
enum rv_nft_has {
	RV_NFT_HAS,		/* or unknown */
	RV_NFT_HAS_OTHERS,	/* other revisions only */
	RV_NFT_LACKS,
};
enum rv_nft_has rv_nft_kernel_has(struct rv_nft_socket *n, rv_family_t family, const char *name,
				  uint32_t revision, bool target);

/* A rule that looks up or fills a set. */
struct rv_nft_user {
	char *set;			/* owned */
	uint64_t rule;			/* its handle */
};

/*
 * For requests while the rules of a table are being read: a second socket, because the first may be
 * in the middle of a dump, and data read once for all rules of the table. {0}: not open, nothing
 * known.
 */
struct rv_nft_aside {
	/* first socket: answers must have its generation; NULL: any */
	const struct rv_nft_socket *of;
	struct rv_nft_socket socket;
	bool open;
	char *table;			/* table of users; NULL: not read yet */
	struct rv_nft_user *users;	/* sorted by set */
	size_t nusers, room;
};

int rv_nft_aside_open(struct rv_nft_aside *a, struct rv_error *err);
/* rv_nft_ask() on that socket. */
int rv_nft_aside_ask(struct rv_nft_aside *a, const struct rv_nft_query *q, rv_nft_answer_fn *fn,
		     void *arg, struct rv_error *err);
void rv_nft_aside_close(struct rv_nft_aside *a);
/* Forgets users. */
void rv_nft_aside_forget(struct rv_nft_aside *a);

/* The kernel's reply to a batch. */
struct rv_nft_verdict {
	int code;			/* errno, 0: success */
	uint32_t seq;			/* of the failing message */
	uint32_t offset;		/* offset of the error in that message; 0: unknown */
	char text[80];			/* extended error text, or "" */
};

/* Makes the socket's buffers large enough for a batch and its errors; sending also does this. */
void rv_nft_make_room(const struct rv_nft_socket *n, size_t bytes, size_t messages);
/*
 * Sends the parts of a batch as one datagram and reads the reply. Returns 0, or -1 if it could not
 * be sent.
 */
int rv_nft_send(struct rv_nft_socket *n, const struct iovec *parts, size_t nparts, size_t messages,
		struct rv_nft_verdict *v, struct rv_error *err);
/* The same for a batch in one buffer, after appending its end. seq: sequence number of the end. */
int rv_nft_end_and_send(struct rv_nft_socket *n, struct rv_buf *batch, uint32_t seq,
			struct rv_nft_verdict *v, struct rv_error *err);

#endif
