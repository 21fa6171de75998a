/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading beside other writers. Each change in any table of nf_tables makes a new generation and
 * ends a dump's consistency, even if nothing changed in what is being read. So, once a read has
 * failed because of that, the kernel is asked for the notifications of changes: a second socket
 * has joined the group before anything is read, and tells which tables and chains each
 * generation changed. A read holds if none of them is one that was read.
 *
 * Notifications of a transaction come in its order and end with NFT_MSG_NEWGEN, which has the
 * generation. If the kernel had to drop some, the socket fails with ENOBUFS: then anything may have
 * changed.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "netlink.h"

/* Notifications are read between the parts of a dump: room for those that come in one. */
#define ROOM (8 * 1024 * 1024)

/* Of one message, or of several that the kernel puts together: at most NLMSG_GOODSIZE. */
#define BUFFER (64 * 1024)

/* A generation that is known is told by the time its transaction ends. Milliseconds. */
#define PATIENCE 2000

/* Tables of two families, each in more than one way. */
#define READS 40

/* What was read of a table. */
struct read {
	rv_family_t family;
	const char *table;		/* one of rv_nft_known_table() */
	char chain[RV_CHAIN_NAME_LEN];	/* "": all of them */
	unsigned int what;		/* RV_NFT_READ_* */
};

struct rv_nft_watch {
	struct mnl_socket *nl;
	uint32_t seen;		/* the newest generation that was told to its end */
	uint32_t base;		/* what is older does not count */
	bool lost;
	/*
	 * Something of what was read changed; a table or chain of any of its families came or went.
	 * later: in a generation that is not yet at its end.
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
	/* Chains that are too many to tell apart make room. */
	if (w->nreads == READS) {
		w->nreads = 0;
		for (unsigned int i = 0; i < READS; i++) {
			struct read all = w->reads[i];

			rv_nft_watch_read(w, all.family, all.table, NULL, RV_NFT_READ_ALL);
		}
	}
	w->reads[w->nreads++] = r;
}

/* chain NULL: the table itself, or chains that the message does not name. */
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

/* The table's name is the first attribute of all of them. */
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
		/* One that got another name may have had one that was read. */
		if (type == NFT_MSG_NEWCHAIN && !t[NFTA_CHAIN_HOOK].data)
			chain = NULL;
		break;
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_DELTABLE:
		w->later.chains = true;
		what = 0;
		break;
	default:
		/* Sets, their elements and the like change no chain and no rule. */
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

/* Reads what has come by now. False: the socket has failed. */
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
		/* More may be waiting behind what was lost. */
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
