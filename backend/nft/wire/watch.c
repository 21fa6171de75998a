/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading while other programs write. Every change of any nf_tables table starts a new generation
 * and makes dumps inconsistent, even if it does not affect what is being read. So after a read has
 * failed for this reason, notifications are used: a second socket joins the group before anything
 * is read, and reports which tables and chains each generation changed. A read is valid if none of
 * them was read.
 *
 * Notifications of a transaction are in its order and end with NFT_MSG_NEWGEN, which contains the
 * generation. If the kernel had to drop some, the socket returns ENOBUFS: then anything may have
 * changed.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "netlink.h"

/* Receive buffer: notifications are read between parts of a dump. */
#define ROOM (8 * 1024 * 1024)

/* Size of one or several combined messages: at most NLMSG_GOODSIZE. */
#define BUFFER (64 * 1024)

/* Maximum wait, in ms, for the notification of a generation that the kernel has reached. */
#define PATIENCE 2000

/* Maximum number of records: tables of two families, each read in several ways. */
#define READS 40

/* A record of what was read of a table. */
struct read {
	rv_family_t family;
	const char *table;		/* one of rv_nft_known_table() */
	char chain[RV_CHAIN_NAME_LEN];	/* "": all chains */
	unsigned int what;		/* RV_NFT_READ_* */
};

struct rv_nft_watch {
	struct mnl_socket *nl;
	uint32_t seen;		/* newest generation with all notifications received */
	uint32_t base;		/* older generations are ignored */
	bool lost;
	/*
	 * Changes of what was read (ours), and tables or chains added or removed in its families
	 * (chains). later: in a generation whose notifications are incomplete.
	 */
	struct { bool ours, chains; } now, later;
	struct read reads[READS];
	unsigned int nreads;
	_Alignas(8) unsigned char buf[BUFFER];
};

/* ---- what counts --------------------------------------------------------------------- */

static bool covers(const struct read *r, const char *chain)
{
	return !chain || !r->chain[0] || !strcmp(r->chain, chain);
}

static bool includes(const struct read *a, const struct read *b)
{
	return a->family == b->family && a->table == b->table && !(b->what & ~a->what) &&
	       (!a->chain[0] || !strcmp(a->chain, b->chain));
}

void rv_nft_watch_read(struct rv_nft_watch *w, rv_family_t family, const char *table,
		       const char *chain, unsigned int what)
{
	struct read r = {
		.family = family, .what = what, .table = rv_nft_known_table(table),
	};

	if (!r.table)
		return;
	if (chain && strlen(chain) < RV_CHAIN_NAME_LEN)
		rv_chain_name_set(r.chain, chain);
	for (unsigned int i = 0; i < w->nreads; i++)
		if (includes(&w->reads[i], &r))
			return;
	/* When the array is full, chains of a table are combined. */
	if (w->nreads == READS) {
		w->nreads = 0;
		for (unsigned int i = 0; i < READS; i++) {
			struct read all = w->reads[i];

			rv_nft_watch_read(w, all.family, all.table, NULL, RV_NFT_READ_ALL);
		}
	}
	w->reads[w->nreads++] = r;
}

/* chain NULL: the table itself, or chains not named in the message. */
static bool was_read(const struct rv_nft_watch *w, rv_family_t family, const char *table,
		     const char *chain, unsigned int what)
{
	for (unsigned int i = 0; i < w->nreads; i++)
		if (w->reads[i].family == family && !strcmp(w->reads[i].table, table) && covers(&w->reads[i], chain) &&
		    (!what || w->reads[i].what & what))
			return true;
	return false;
}

/* ---- notifications ------------------------------------------------------------------- */

static void see_generation(struct rv_nft_watch *w, const struct rv_nft_view *t)
{
	uint32_t generation;

	if (!rv_nft_get_u32(t[NFTA_GEN_ID], &generation)) {
		w->lost = true;
		return;
	}
	if ((int32_t)(generation - w->base) > 0) {
		w->now.ours |= w->later.ours;
		w->now.chains |= w->later.chains;
	}
	w->later.ours = w->later.chains = false;
	w->seen = generation;
}

/* The table's name is attribute 1 in all messages. */
#define TABLE_NAME 1

static void see_change(struct rv_nft_watch *w, rv_family_t family, unsigned int type,
		       const struct rv_nft_view *t)
{
	const char *table = rv_nft_get_text(t[TABLE_NAME]), *chain = NULL;
	unsigned int what = RV_NFT_READ_CHAINS;

	switch (type) {
	case NFT_MSG_NEWRULE:
	case NFT_MSG_DELRULE:
		chain = rv_nft_get_text(t[NFTA_RULE_CHAIN]);
		what = RV_NFT_READ_RULES;
		break;
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_DELCHAIN:
		chain = rv_nft_get_text(t[NFTA_CHAIN_NAME]);
		w->later.chains = true;
		/* A renamed chain may have had a name that was read. */
		if (type == NFT_MSG_NEWCHAIN && !t[NFTA_CHAIN_HOOK].data)
			chain = NULL;
		break;
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_DELTABLE:
		w->later.chains = true;
		what = 0;
		break;
	default:
		/* Sets, elements and objects do not change chains or rules. */
		what = RV_NFT_READ_SETS;
		break;
	}
	if (!table || was_read(w, family, table, chain, what))
		w->later.ours = true;
}

static bool is_of_interest(const struct rv_nft_watch *w, rv_family_t family)
{
	for (unsigned int i = 0; i < w->nreads; i++)
		if (w->reads[i].family == family)
			return true;
	return false;
}

static void see_notification(struct rv_nft_watch *w, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct rv_nft_view t[NFTA_RULE_MAX + 1], attrs;

	if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return;
	if (nlh->nlmsg_len < sizeof(*nlh) + sizeof(*nfg)) {
		w->lost = true;
		return;
	}
	attrs.data = (const unsigned char *)(nfg + 1);
	attrs.len = nlh->nlmsg_len - sizeof(*nlh) - sizeof(*nfg);
	if (!rv_nft_attr_table(attrs, t, NFTA_RULE_MAX + 1))
		w->lost = true;
	else if ((nlh->nlmsg_type & 0xff) == NFT_MSG_NEWGEN)
		see_generation(w, t);
	else if (is_of_interest(w, nfg->nfgen_family))
		see_change(w, nfg->nfgen_family, nlh->nlmsg_type & 0xff, t);
}

bool rv_nft_watch_drain(struct rv_nft_watch *w)
{
	for (;;) {
		ssize_t len = recv(mnl_socket_get_fd(w->nl), w->buf, BUFFER,
				   MSG_DONTWAIT | MSG_TRUNC);
		const struct nlmsghdr *nlh = (const void *)w->buf;
		int left = (int)len;

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return !w->lost;
		if (len < 0 || len > BUFFER)
			w->lost = true;
		/* More may be pending after lost notifications. */
		if (len < 0 && errno != ENOBUFS)
			return false;
		for (; len > 0 && len <= BUFFER && mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left))
			see_notification(w, nlh);
	}
}

bool rv_nft_watch_holds(const struct rv_nft_watch *w)
{
	return !w->lost && !w->now.ours;
}

bool rv_nft_watch_settle(struct rv_nft_watch *w, uint32_t *generation, bool all_chains)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(w->nl), .events = POLLIN };
	bool holds = rv_nft_watch_drain(w);

	while (holds && (int32_t)(w->seen - *generation) < 0)
		holds = poll(&p, 1, PATIENCE) > 0 && rv_nft_watch_drain(w);
	if (!holds || w->now.ours || (all_chains && w->now.chains))
		return false;
	w->now.chains = false;
	w->base = *generation = w->seen;
	return true;
}

/* ---- the socket ------------------------------------------------------------------------ */

struct rv_nft_watch *rv_nft_watch_open(void)
{
	struct rv_nft_watch *w = malloc(sizeof(*w));
	int group = NFNLGRP_NFTABLES, room = ROOM, fd;

	if (!w)
		return NULL;
	memset(w, 0, offsetof(struct rv_nft_watch, buf));
	w->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!w->nl || mnl_socket_bind(w->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(w->nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
		rv_nft_watch_close(w);
		return NULL;
	}
	fd = mnl_socket_get_fd(w->nl);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return w;
}

void rv_nft_watch_begin(struct rv_nft_watch *w, uint32_t generation)
{
	w->base = w->seen = generation;
	w->nreads = 0;
	w->now.ours = w->now.chains = false;
}

void rv_nft_watch_close(struct rv_nft_watch *w)
{
	if (w && w->nl)
		mnl_socket_close(w->nl);
	free(w);
}
