/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshot and restore of the module's tables (ravelin/image.h): each table's entries exactly as
 * read. Closing the host is done with nf_tables, whose hooks see the same packets.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "backend/nft/closed.h"
#include "kmod.h"

#include <ravelin/image.h>

/* retries after concurrent replacements */
#define PATIENCE 16

/* room for the counters of replaced tables that may have grown by this many entries */
#define MORE_ENTRIES 100000

struct prepared_image {
	struct rv_kmod_link link;
	struct rv_nft_closer closer;
	bool can_close;
	struct rv_buf call;
};

static int failed(int rc, struct rv_error *err)
{
	if (rc == -EAGAIN)
		return rv_fail(err, RV_ERR_AGAIN, NULL, "Resource temporarily unavailable");
	return rv_fail(err, rc == -ENOMEM ? RV_ERR_MEMORY : RV_ERR_PROBLEM, NULL,
		       "ravelin.ko would refuse to restore its own rules: %s", strerror(-rc));
}

/* ---- snapshot -------------------------------------------------------------------------------- */

/* Appends struct rvk_info and the entries. */
static int append_table(struct rv_kmod_link *link, rv_family_t family, const char *name,
			struct rv_buf *b)
{
	struct rvk_info info = { .version = RVK_VERSION, .table.family = family };
	size_t at = b->len;
	int rc;

	memcpy(info.table.name, name, strlen(name));
	rc = link->transport->call(link->priv, RVK_SO_INFO, &info, sizeof(info));
	if (rc)
		return rc;
	if (info.table.size > RVK_SIZE_MAX)
		return -EOVERFLOW;
	rv_buf_add(b, &info, sizeof(info));
	if (!info.table.count)
		return rv_buf_ok(b) ? 0 : -ENOMEM;
	if (!rv_buf_grow(b, info.table.size))
		return -ENOMEM;
	return link->transport->call(link->priv, RVK_SO_ENTRIES, b->data + at,
				     (uint32_t)(b->len - at));
}

static int append_all(struct rv_kmod_link *link, struct rv_buf *b)
{
	int rc = 0;

	rv_buf_reset(b);
	for (unsigned int f = 0; f < RV_FAMILIES && !rc; f++)
		for (const struct rv_table_def *def = rv_table_defs; def->name && !rc; def++)
			rc = append_table(link, rv_family_defs[f].family, def->name, b);
	return rc;
}

static int image_take(struct rv_image *im, struct rv_error *err)
{
	struct rv_kmod_link link;
	int rc;

	if (rv_kmod_link_open(&link, im->arg, err))
		return -1;
	rc = append_all(&link, &im->bytes);
	rv_kmod_link_close(&link);
	return rc ? failed(rc, err) : 0;
}

/* ---- the call ----------------------------------------------------------------------------------- */

/* The table at *at, which advances past its entries; NULL at the end or if malformed. */
static const struct rvk_table *next_table(const struct rv_buf *b, size_t *at)
{
	const struct rvk_info *info = (const void *)(b->data + *at);

	if (b->len - *at < sizeof(*info) || *at % _Alignof(struct rvk_info) ||
	    info->table.size > b->len - *at - sizeof(*info) ||
	    info->table.count > info->table.size)
		return NULL;
	*at += sizeof(*info) + info->table.size;
	return &info->table;
}

static bool is_image(const struct rv_buf *b)
{
	unsigned int n = 0;
	size_t at = 0;

	while (at < b->len && n++ < RVK_TABLES_MAX)
		if (!next_table(b, &at))
			return false;
	return at == b->len && n;
}

/* Adds a table to replace the current one, unless neither has entries. */
static int add_image_table(struct prepared_image *h, const struct rvk_table *t)
{
	struct rvk_info now = { .version = RVK_VERSION };
	struct rvk_table head = *t;
	char *room;
	int rc;

	memcpy(now.table.name, t->name, sizeof(now.table.name));
	now.table.family = t->family;
	rc = h->link.transport->call(h->link.priv, RVK_SO_INFO, &now, sizeof(now));
	if (rc || (!now.table.count && !t->count))
		return rc < 0 ? rc : 1;
	/* A table that did not exist is deleted, by a table of zeros. */
	if (!t->count) {
		head = (struct rvk_table){ .family = t->family };
		memcpy(head.name, t->name, sizeof(head.name));
	}
	head.generation = now.table.generation;
	head.old_count = now.table.count;
	rv_buf_add(&h->call, &head, sizeof(head));
	rv_buf_add(&h->call, t + 1, t->size);
	room = rv_buf_grow(&h->call, now.table.count * sizeof(struct rvk_counters));
	if (!room)
		return -ENOMEM;
	memset(room, 0, now.table.count * sizeof(struct rvk_counters));
	return 0;
}

static int replace_once(struct rv_image *im, uint32_t flags)
{
	struct prepared_image *h = im->held;
	struct rvk_replace head = { .version = RVK_VERSION, .flags = flags };
	const struct rvk_table *t;
	size_t at = 0;
	int rc;

	rv_buf_reset(&h->call);
	rv_buf_add(&h->call, &head, sizeof(head));
	while ((t = next_table(&im->bytes, &at))) {
		rc = add_image_table(h, t);
		if (rc < 0)
			return rc;
		head.ntables += !rc;
	}
	if (!head.ntables)
		return 0;
	if (h->call.len > INT32_MAX)
		return -EMSGSIZE;
	head.size = (uint32_t)h->call.len;
	memcpy(h->call.data, &head, sizeof(head));
	return h->link.transport->call(h->link.priv, RVK_SO_REPLACE, h->call.data, head.size);
}

static int send_tables(struct rv_image *im, uint32_t flags, struct rv_error *err)
{
	int rc = -EAGAIN;

	for (unsigned int i = 0; i < PATIENCE && rc == -EAGAIN; i++)
		rc = replace_once(im, flags);
	return rc ? failed(rc, err) : 0;
}

/* ---- operations ------------------------------------------------------------------------------ */

static void free_held(struct prepared_image *h)
{
	rv_nft_closer_free(&h->closer);
	rv_kmod_link_close(&h->link);
	rv_buf_free(&h->call);
	free(h);
}

static void release(struct rv_image *im)
{
	free_held(im->held);
}

static int fill_held(struct prepared_image *h, struct rv_image *im, struct rv_error *err)
{
	struct rv_error ignored = { 0 };

	if (!is_image(&im->bytes))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "the stored rules are malformed");
	if (rv_kmod_link_open(&h->link, im->arg, err))
		return -1;
	/* Without nf_tables the host cannot be closed, but restoring works. */
	h->can_close = !rv_nft_closer_init(&h->closer, NULL, &ignored);
	/* The old table has at least as many counters as it has entries now. */
	if (!rv_buf_grow(&h->call, sizeof(struct rvk_replace) + im->bytes.len +
				   (im->bytes.len / sizeof(struct rvk_entry) + MORE_ENTRIES) *
					   sizeof(struct rvk_counters)))
		return rv_fail_memory(err);
	mlock(im->bytes.data, im->bytes.len);
	mlock(h->call.data, h->call.cap);
	return 0;
}

static int hold(struct rv_image *im, struct rv_error *err)
{
	struct prepared_image *h = calloc(1, sizeof(*h));

	if (!h)
		return rv_fail_memory(err);
	if (fill_held(h, im, err)) {
		free_held(h);
		return -1;
	}
	im->held = h;
	return 0;
}

static int image_check(struct rv_image *im, struct rv_error *err)
{
	return send_tables(im, RVK_REPLACE_DRY, err);
}

static int image_restore(struct rv_image *im, struct rv_error *err)
{
	struct prepared_image *h = im->held;
	struct rv_error ignored = { 0 };

	if (send_tables(im, 0, err))
		return -1;
	/* A failed attempt may have closed it. */
	if (h->can_close)
		rv_nft_closer_open(&h->closer, &ignored);
	return 0;
}

static int no_last_resort(struct rv_error *err)
{
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "the kernel has no nf_tables to close the host with");
}

static int close_host(struct rv_image *im, struct rv_error *err)
{
	struct prepared_image *h = im->held;

	return h->can_close ? rv_nft_closer_close_best(&h->closer, err) : no_last_resort(err);
}

static int open_host(struct rv_image *im, struct rv_error *err)
{
	struct prepared_image *h = im->held;

	return h->can_close ? rv_nft_closer_open(&h->closer, err) : 0;
}

const struct rv_image_ops rv_kmod_image_ops = {
	.take = image_take,
	.hold = hold,
	.check = image_check,
	.put = image_restore,
	.close_host = close_host,
	.open_host = open_host,
	.release = release,
};
