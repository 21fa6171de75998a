/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backend's struct rv_backend. */
#include <stdlib.h>

#include "backend/backends.h"
#include "closed.h"
#include "debug_dump.h"
#include "fast/fast.h"
#include "image.h"
#include "nft.h"

static void close_store(struct rv_store *s)
{
	struct rv_nft *n = s->priv;

	if (!n)
		return;
	rv_nft_batch_clear(&n->batch);
	rv_nft_aside_close(&n->aside);
	rv_nft_forget_resets(n);
	rv_fast_forget(n);
	rv_buf_free(&n->garbage);
	rv_buf_free(&n->noted);
	rv_nft_close(&n->socket);
	free(n);
	s->priv = NULL;
}

/* A store opened again has been interrupted by another writer. */
static int start_reading(struct rv_store *s, struct rv_nft *n, struct rv_error *err)
{
	if (!s->restarts)
		return rv_nft_generation(&n->socket, err);
	return rv_nft_watch_start(&n->socket, err);
}

static int open_store(struct rv_store *s, const char *arg, struct rv_error *err)
{
	struct rv_nft *n;

	if (arg && *arg && strcmp(arg, "fast") != 0)
		return rv_fail(err, RV_ERR_USAGE, NULL, "backend \"nft\" accepts no argument except \"fast\"");
	n = calloc(1, sizeof(*n));
	if (!n)
		return rv_fail_memory(err);
	s->priv = n;
	rv_nft_batch_init(&n->batch, s->rs.family);
	n->aside.of = &n->socket;
	n->warn = rv_nft_warn_changing;
	if (!rv_nft_open(&n->socket, err) && !start_reading(s, n, err))
		return 0;
	close_store(s);
	return -1;
}

const struct rv_backend rv_backend_nft = {
	.name = "nft",
	.banner = "nf_tables",
	.open = open_store,
	.close = close_store,
	.load_chains = rv_nft_load_chains,
	.load_rules = rv_nft_load_rules,
	.stage = rv_nft_stage,
	.commit = rv_nft_commit,
	.commit_all = rv_nft_commit_all,
	.dump = rv_nft_dump_table,
	.find = rv_fast_find,
	.take = rv_nft_take,
	.monitor = rv_nft_monitor,
	.other_rules = rv_nft_other_rules,
	.explain = rv_nft_explain,
	.shut = rv_nft_shut,
	.image = &rv_nft_image_ops,
};
