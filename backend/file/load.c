/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store in memory. */
#include <string.h>

#include <ravelin/parser.h>

#include "backend/file/load.h"

static int memory_open(struct rv_store *s, const char *arg, struct rv_error *err)
{
	(void)s;
	(void)arg;
	(void)err;
	return 0;
}

static void memory_close(struct rv_store *s)
{
	(void)s;
}

static int memory_commit(struct rv_store *s, struct rv_error *err)
{
	(void)s;
	(void)err;
	return 0;
}

static const struct rv_backend memory = {
	.name = "memory",
	.banner = "memory",
	.open = memory_open,
	.close = memory_close,
	.commit = memory_commit,
};

static int sort(struct rv_store *s, struct rv_error *err)
{
	rv_list_each(t, &s->rs.tables, struct rv_table, node)
		if (rv_table_sort(t))
			return rv_fail_memory(err);
	return 0;
}

int rv_load_text(struct rv_store *s, rv_family_t family, const char *text, size_t len,
		 const struct rv_meter *meter, struct rv_error *err)
{
	memset(s, 0, sizeof(*s));
	s->backend = &memory;
	s->meter = meter;
	rv_ruleset_init(&s->rs, family);
	if (!rv_load_restore(s, text, len, true, err) && !rv_store_commit(s, err) && !sort(s, err))
		return 0;
	rv_store_close(s);
	return -1;
}

int rv_load_tables(struct rv_store *s, int (*fn)(const struct rv_table *t, void *arg), void *arg)
{
	int rc = 0;

	for (const struct rv_table_def *def = rv_table_defs; def->name && !rc; def++)
		rv_list_each(t, &s->rs.tables, struct rv_table, node)
			if (t->def == def && t->exists && !rc)
				rc = fn(t, arg);
	return rc;
}
