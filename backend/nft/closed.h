/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table that closes the host for new connections, whatever other tables hold: one of each
 * family, with base chains of its own, since a packet has to pass all base chains of a hook.
 * Connections that are open go on: the one that the host is managed through, above all.
 */
#ifndef RAVELIN_NFT_CLOSED_H
#define RAVELIN_NFT_CLOSED_H

#include "backend/nft/wire/netlink.h"

#define RV_NFT_CLOSED_TABLE "ravelin-closed"

/* The same for one family, of a host whose rules could not be loaded at boot. */
#define RV_NFT_SHUT_TABLE "ravelin-closed-at-boot"

struct rv_nft_closed {
	const char *table;
	bool families[RV_FAMILIES];	/* by rv_family_index() */
};

/* What tells an open connection. */
enum rv_nft_open_by {
	/*
	 * TCP segments that do not ask for a connection; needs no part of the kernel that could
	 * be missing, and no memory for each connection.
	 */
	RV_NFT_OPEN_BY_FLAGS,
	/* Also what connection tracking knows as established or related. */
	RV_NFT_OPEN_BY_TRACKING,
	/* As by flags, without what the host sends to itself: for as long as going back takes. */
	RV_NFT_OPEN_FOR_A_MOMENT,
	RV_NFT_OPEN_BY
};

/* A socket and the batches, ready to be sent without another allocation. */
struct rv_nft_closer {
	struct rv_nft_closed what;
	struct rv_nft_socket socket;
	struct rv_buf closed[RV_NFT_OPEN_BY];
	struct rv_buf open;
};

/*
 * All return 0, or -1 with err set. A closer that could not be made needs freeing too. what NULL:
 * RV_NFT_CLOSED_TABLE of both families.
 */
int rv_nft_closer_init(struct rv_nft_closer *c, const struct rv_nft_closed *what,
		       struct rv_error *err);
void rv_nft_closer_free(struct rv_nft_closer *c);
/* Closes the host, in place of how it was closed before. */
int rv_nft_closer_close(struct rv_nft_closer *c, enum rv_nft_open_by how, struct rv_error *err);
/* With connection tracking if the kernel has it. */
int rv_nft_closer_close_best(struct rv_nft_closer *c, struct rv_error *err);
/* Has the kernel check that it would, and change nothing. */
int rv_nft_closer_check(struct rv_nft_closer *c, enum rv_nft_open_by how, struct rv_error *err);
/* Removes the table if it is there. */
int rv_nft_closer_open(struct rv_nft_closer *c, struct rv_error *err);

/*
 * Sends a batch that depends on no generation. end: with the message that ends it; without, a
 * batch is checked and undone, as nft -c does it. v may be about any of its messages.
 */
int rv_nft_send_any(struct rv_nft_socket *n, const struct rv_buf *batch, size_t messages, bool end,
		    struct rv_nft_verdict *v, struct rv_error *err);

/* rv_backend.shut of the backends whose packets nf_tables' hooks see. */
int rv_nft_shut(rv_family_t family, bool shut, struct rv_error *err);

/* Messages that open the host. */
void rv_nft_put_not_closed(struct rv_buf *b, uint32_t *seq);
/* Messages that remove a table if it is there. */
void rv_nft_put_no_table(struct rv_buf *b, uint32_t *seq, rv_family_t family, const char *name);

/*
 * Messages that make the guard, to stand in front of all others, and that remove it, behind them.
 * hooks: a bit for each of enum nf_inet_hooks; without any nothing is written.
 */
void rv_nft_put_guard(struct rv_buf *b, uint32_t *seq, rv_family_t family, unsigned int hooks);
void rv_nft_put_no_guard(struct rv_buf *b, uint32_t *seq, rv_family_t family, unsigned int hooks);

#endif
