/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table that closes the host for new connections, regardless of other tables: one per family,
 * with its own base chains, since packets pass all base chains of a hook. Established connections
 * continue, above all the one used to manage the host.
 */
#ifndef RAVELIN_NFT_CLOSED_H
#define RAVELIN_NFT_CLOSED_H

#include "backend/nft/wire/netlink.h"

#define RV_NFT_CLOSED_TABLE "ravelin-closed"

/* The same for one family whose rules could not be loaded at boot. */
#define RV_NFT_SHUT_TABLE "ravelin-closed-at-boot"

struct rv_nft_closed {
	const char *table;
	bool families[RV_FAMILIES];	/* by rv_family_index() */
};

/* How established connections are recognised. */
enum rv_nft_open_by {
	/*
	 * TCP segments other than an initial SYN; needs no kernel feature that may be missing, and
	 * no memory per connection.
	 */
	RV_NFT_OPEN_BY_FLAGS,
	/* Also connections that are established or related for connection tracking. */
	RV_NFT_OPEN_BY_TRACKING,
	/*
	 * As by flags, but without packets from the host to itself: for the duration of a rollback.
	 */
	RV_NFT_OPEN_FOR_A_MOMENT,
	RV_NFT_OPEN_BY
};

/* A socket and batches, ready to be sent without allocating. */
struct rv_nft_closer {
	struct rv_nft_closed what;
	struct rv_nft_socket socket;
	struct rv_buf closed[RV_NFT_OPEN_BY];
	struct rv_buf open;
};

/*
 * All return 0, or -1 with err set. Free the closer even if its initialisation failed. what NULL:
 * RV_NFT_CLOSED_TABLE of both families.
 */
int rv_nft_closer_init(struct rv_nft_closer *c, const struct rv_nft_closed *what,
		       struct rv_error *err);
void rv_nft_closer_free(struct rv_nft_closer *c);
/* Closes the host, replacing the way in which it was closed before. */
int rv_nft_closer_close(struct rv_nft_closer *c, enum rv_nft_open_by how, struct rv_error *err);
/* Closes the host, with connection tracking if the kernel has it. */
int rv_nft_closer_close_best(struct rv_nft_closer *c, struct rv_error *err);
/* Checks that the kernel would accept the batch; changes nothing. */
int rv_nft_closer_check(struct rv_nft_closer *c, enum rv_nft_open_by how, struct rv_error *err);
/* Removes the table if it exists. */
int rv_nft_closer_open(struct rv_nft_closer *c, struct rv_error *err);

/*
 * Sends a batch that is not bound to a generation. end: include the end message; without it, the
 * kernel only checks the batch, as for nft -c. v may refer to any message.
 */
int rv_nft_send_any(struct rv_nft_socket *n, const struct rv_buf *batch, size_t messages, bool end,
		    struct rv_nft_verdict *v, struct rv_error *err);

/* rv_backend.shut of backends whose packets pass nf_tables hooks. */
int rv_nft_shut(rv_family_t family, bool shut, struct rv_error *err);

/* Appends messages that open the host. */
void rv_nft_put_not_closed(struct rv_buf *b, uint32_t *seq);
/* Appends messages that remove a table if it exists. */
void rv_nft_put_no_table(struct rv_buf *b, uint32_t *seq, rv_family_t family, const char *name);

/*
 * Appends messages that create the guard, to be sent before all others, and that remove it, to be
 * sent last. hooks: bits of enum nf_inet_hooks; 0 writes nothing.
 */
void rv_nft_put_guard(struct rv_buf *b, uint32_t *seq, rv_family_t family, unsigned int hooks);
void rv_nft_put_no_guard(struct rv_buf *b, uint32_t *seq, rv_family_t family, unsigned int hooks);

#endif
