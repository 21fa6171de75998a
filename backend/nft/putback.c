/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Restores an image (image.c). The socket, its buffers and all batches are allocated beforehand;
 * memory for the kernel is reserved too and released just before sending.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "closed.h"
#include "image.h"

/* Kernel memory per byte of the batch, and the minimum for a small batch. */
#define RESERVE_FACTOR 3
#define RESERVE_LEAST (1024 * 1024)

struct held {
	struct rv_nft_closer closer;	/* contains the socket used for everything */
	size_t messages;
	void *reserve;
	size_t reserved;
};

/* ---- the batch's form --------------------------------------------------------------------------- */

static bool may_stand_there(const struct rv_nft_image_message *m)
{
	if (m->nlh.nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || m->family > NFPROTO_NUMPROTO)
		return false;
	switch (m->nlh.nlmsg_type & 0xff) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_DELTABLE:
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_NEWOBJ:
	case NFT_MSG_NEWFLOWTABLE:
	case NFT_MSG_NEWSET:
	case NFT_MSG_NEWSETELEM:
	case NFT_MSG_NEWRULE:
		return true;
	default:
		return false;
	}
}

/*
 * Returns whether it begins and ends like a batch and creates tables. Sets the number of its
 * messages.
 */
static bool is_image(const struct rv_buf *b, size_t *messages)
{
	struct rv_nft_image_message m;
	size_t at = 0;

	*messages = 0;
	if (!rv_nft_image_next(b, &at, &m) || m.nlh.nlmsg_type != NFNL_MSG_BATCH_BEGIN)
		return false;
	while (rv_nft_image_next(b, &at, &m)) {
		if (m.nlh.nlmsg_type == NFNL_MSG_BATCH_END)
			return at == b->len;
		if (!may_stand_there(&m))
			return false;
		++*messages;
	}
	return false;
}

/* ---- what is held --------------------------------------------------------------------------------- */

/* Shared memory, so that all processes with the image release it together. */
static void give_reserve(struct held *h)
{
	if (!h->reserve)
		return;
	munlock(h->reserve, h->reserved);
	madvise(h->reserve, h->reserved, MADV_REMOVE);
	munmap(h->reserve, h->reserved);
	h->reserve = NULL;
}

/* Allocates physical memory that is not swapped out. */
static int take_reserve(struct held *h, size_t bytes, struct rv_error *err)
{
	h->reserved = bytes * RESERVE_FACTOR + RESERVE_LEAST;
	h->reserve = mmap(NULL, h->reserved, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (h->reserve == MAP_FAILED) {
		h->reserve = NULL;
		return rv_fail_memory(err);
	}
	mlock(h->reserve, h->reserved);
	return 0;
}

static void free_held(struct held *h)
{
	if (h->reserve)
		munmap(h->reserve, h->reserved);
	rv_nft_closer_free(&h->closer);
	free(h);
}

static int fill_held(struct held *h, struct rv_image *im, struct rv_error *err)
{
	if (!is_image(&im->bytes, &h->messages))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "the stored rules are malformed");
	if (rv_nft_closer_init(&h->closer, NULL, err))
		return -1;
	rv_nft_make_room(&h->closer.socket, im->bytes.len, h->messages);
	mlock(im->bytes.data, im->bytes.len);
	return take_reserve(h, im->bytes.len, err);
}

static int hold(struct rv_image *im, struct rv_error *err)
{
	struct held *h = calloc(1, sizeof(*h));

	if (!h)
		return rv_fail_memory(err);
	if (fill_held(h, im, err)) {
		free_held(h);
		return -1;
	}
	im->held = h;
	return 0;
}

static void release(struct rv_image *im)
{
	free_held(im->held);
}

/* ---- what the kernel says ------------------------------------------------------------------------- */

static const struct {
	uint8_t type;
	const char *word;
	uint16_t table, name;
} words[] = {
	{ NFT_MSG_NEWTABLE, "table", NFTA_TABLE_NAME, NFTA_TABLE_NAME },
	{ NFT_MSG_DELTABLE, "table", NFTA_TABLE_NAME, NFTA_TABLE_NAME },
	{ NFT_MSG_NEWCHAIN, "chain", NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME },
	{ NFT_MSG_NEWOBJ, "object", NFTA_OBJ_TABLE, NFTA_OBJ_NAME },
	{ NFT_MSG_NEWFLOWTABLE, "flowtable", NFTA_FLOWTABLE_TABLE, NFTA_FLOWTABLE_NAME },
	{ NFT_MSG_NEWSET, "set", NFTA_SET_TABLE, NFTA_SET_NAME },
	{ NFT_MSG_NEWSETELEM, "an element of set", NFTA_SET_ELEM_LIST_TABLE,
	  NFTA_SET_ELEM_LIST_SET },
	{ NFT_MSG_NEWRULE, "a rule of chain", NFTA_RULE_TABLE, NFTA_RULE_CHAIN },
};

static void describe(char *text, size_t room, const struct rv_nft_image_message *m)
{
	struct rv_nft_view t[NFTA_SET_MAX + 1];
	const char *table, *name;

	snprintf(text, room, "the whole");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (words[i].type != (m->nlh.nlmsg_type & 0xff) ||
		    !rv_nft_attr_table(m->attrs, t, NFTA_SET_MAX + 1))
			continue;
		table = rv_nft_get_text(t[words[i].table]);
		name = rv_nft_get_text(t[words[i].name]);
		if (words[i].table == words[i].name)
			snprintf(text, room, "%s table `%s'", rv_family(m->family)->name, table);
		else
			snprintf(text, room, "%s `%s' in %s table `%s'", words[i].word,
				 name ? name : "?", rv_family(m->family)->name, table);
	}
}

/* Returns whether another attempt may succeed. */
static bool may_pass(int code)
{
	return code == ENOMEM || code == ENOBUFS || code == EINTR || code == EAGAIN ||
	       code == ERESTART;
}

static int refused(const struct rv_buf *b, const struct rv_nft_verdict *v, struct rv_error *err)
{
	char what[128] = "the whole";
	struct rv_nft_image_message m;
	size_t at = 0;

	while (v->seq && rv_nft_image_next(b, &at, &m))
		if (m.nlh.nlmsg_seq == v->seq && m.nlh.nlmsg_type != NFNL_MSG_BATCH_END)
			describe(what, sizeof(what), &m);
	rv_fail(err, may_pass(v->code) ? RV_ERR_RESOURCE : RV_ERR_PROBLEM, NULL,
		"the kernel would refuse to restore its own rules: %s: %s", what, strerror(v->code));
	return v->text[0] ? rv_hint(err, "the kernel says: %s", v->text) : -1;
}

static int send_image(struct held *h, const struct rv_buf *b, bool end, struct rv_error *err)
{
	struct rv_nft_verdict v;

	if (rv_nft_send_any(&h->closer.socket, b, h->messages, end, &v, err))
		return -1;
	return v.code ? refused(b, &v, err) : 0;
}

/* ---- going back --------------------------------------------------------------------------------- */

static int check(struct rv_image *im, struct rv_error *err)
{
	struct held *h = im->held;

	return send_image(h, &im->bytes, false, err) ||
	       rv_nft_closer_check(&h->closer, RV_NFT_OPEN_BY_FLAGS, err) ? -1 : 0;
}

/* How often existing tables are read again if another program changes them. */
#define READS 5

/*
 * Keeps existing tables in their place. Needs memory and may be overtaken by other writers: best
 * effort.
 */
static bool put_in_place(struct held *h, const struct rv_buf *image)
{
	struct rv_buf b = RV_BUF_INIT;
	bool done = false;

	for (int i = 0; i < READS && !done; i++) {
		struct rv_error err = { 0 };

		h->closer.socket.has_generation = false;
		done = !rv_nft_image_in_place(&h->closer.socket, image, &b, &err) &&
		       !send_image(h, &b, true, &err);
		if (err.kind != RV_ERR_AGAIN)
			break;
	}
	rv_buf_free(&b);
	return done;
}

/*
 * While the kernel switches, a packet may see the old version of one chain and the new version of
 * the next, which the image's guard cannot prevent: so the host is closed before. If that fails,
 * the image is restored anyway.
 */
static int put(struct rv_image *im, struct rv_error *err)
{
	struct held *h = im->held;
	struct rv_error ignored = { 0 };

	give_reserve(h);
	rv_nft_closer_close(&h->closer, RV_NFT_OPEN_FOR_A_MOMENT, &ignored);
	if (put_in_place(h, &im->bytes))
		return 0;
	return send_image(h, &im->bytes, true, err);
}

static int close_host(struct rv_image *im, struct rv_error *err)
{
	return rv_nft_closer_close_best(&((struct held *)im->held)->closer, err);
}

static int open_host(struct rv_image *im, struct rv_error *err)
{
	return rv_nft_closer_open(&((struct held *)im->held)->closer, err);
}

/* ---- taking --------------------------------------------------------------------------------------- */

static int take(struct rv_image *im, struct rv_error *err)
{
	struct rv_nft_socket n;
	int rc;

	if (im->arg && *im->arg)
		return rv_fail(err, RV_ERR_USAGE, NULL, "backend \"nft\" accepts no argument except \"fast\"");
	if (rv_nft_open(&n, err))
		return -1;
	/* A second attempt was interrupted by another writer. */
	rc = im->taken++ ? rv_nft_watch_start(&n, err) : 0;
	if (!rc)
		rc = rv_nft_image_read(&n, &im->bytes, err);
	rv_nft_close(&n);
	return rc;
}

const struct rv_image_ops rv_nft_image_ops = {
	.take = take,
	.hold = hold,
	.check = check,
	.put = put,
	.close_host = close_host,
	.open_host = open_host,
	.release = release,
};
