/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/snapshot.h"

static const struct {
	rv_family_t family;
	const char *save;
} sides[2] = {
	{ NFPROTO_IPV4, "iptables-save" },
	{ NFPROTO_IPV6, "ip6tables-save" },
};

int rv_snapshot_take(struct rv_snapshot *s, const char *spec, struct rv_error *err)
{
	for (int i = 0; i < 2; i++) {
		struct rv_cli cli = {
			.name = sides[i].save, .family = sides[i].family, .spec = spec,
		};

		if (rv_cli_save_text(&cli, true, &s->text[i], err) < 0)
			return -1;
	}
	return 0;
}

void rv_snapshot_free(struct rv_snapshot *s)
{
	rv_buf_free(&s->text[0]);
	rv_buf_free(&s->text[1]);
}

/* A table that the text does not have is not in the text's own clearing. */
static int clear_all(struct rv_store *store, struct rv_error *err)
{
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++) {
		struct rv_command clear;
		bool exists;
		int rc = rv_store_table_exists(store, def, &exists, err);

		rv_command_init(&clear);
		clear.kind = RV_CMD_CLEAR;
		clear.table = def;
		if (rc == 0 && exists)
			rc = rv_store_apply(store, &clear, err);
		rv_command_clear(&clear);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int stage(struct rv_store *store, const struct rv_buf *text, struct rv_error *err)
{
	store->bulk = true;
	if (clear_all(store, err) < 0)
		return -1;
	return rv_load_restore(store, text->data ? text->data : "", text->len, true, err);
}

static int put_once(const struct rv_snapshot *s, const char *spec, struct rv_error *err)
{
	struct rv_store store[2] = { 0 };
	int rc = 0;

	for (int i = 0; i < 2 && rc == 0; i++) {
		rc = rv_store_open(&store[i], spec, sides[i].family, false, err);
		if (rc == 0)
			rc = stage(&store[i], &s->text[i], err);
	}
	if (rc == 0)
		rc = rv_store_commit_both(&store[0], &store[1], err);
	rv_store_close(&store[0]);
	rv_store_close(&store[1]);
	return rc;
}

int rv_snapshot_put(const struct rv_snapshot *s, const char *spec, struct rv_error *err)
{
	unsigned int attempts = 0;

	while (put_once(s, spec, err) < 0)
		if (!rv_cli_again(err, &attempts))
			return -1;
	return 0;
}
