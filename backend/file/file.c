/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backend "file": a file in iptables-save format, parsed like a restore and written as a whole.
 * Needs no kernel and no privileges. Comments stay attached to the table, chain or rule they
 * precede.
 */
#include <stdlib.h>
#include <string.h>

#include <ravelin/parser.h>
#include <ravelin/render.h>
#include <ravelin/store.h>

#include "backend/file/replace.h"

/* time a writer waits for another, ms */
#define PATIENCE_MS 60000

/* ---- reading ------------------------------------------------------------------------ */

/* Lines of the file are not locations in the user's input. */
static void forget_places(struct rv_ruleset *rs)
{
	rv_list_each(t, &rs->tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			rv_list_each(r, &c->rules, struct rv_rule, node)
				memset(&r->loc, 0, sizeof(r->loc));
}

static int parse_file(struct rv_store *s, const struct rv_buf *text, struct rv_error *err)
{
	const struct rv_file *f = s->priv;
	struct rv_error inner = { 0 };
	int rc;

	s->remarks = true;
	rc = rv_load_restore(s, text->data ? text->data : "", text->len, true, &inner);

	s->dirty = false;
	forget_places(&s->rs);
	if (rc < 0 && inner.loc.line)
		rv_fail(err, RV_ERR_RESOURCE, NULL, "%s, line %u: %s", f->name, inner.loc.line,
			inner.text);
	else if (rc < 0)
		rv_fail(err, inner.kind == RV_ERR_MEMORY ? RV_ERR_MEMORY : RV_ERR_RESOURCE, NULL, "%s: %s", f->name, inner.text);
	if (rc < 0 && inner.hint[0])
		rv_hint(err, "%s", inner.hint);
	return rc;
}

static void file_close(struct rv_store *s)
{
	if (s->priv)
		rv_file_close(s->priv);
	free(s->priv);
	s->priv = NULL;
}

static int file_open(struct rv_store *s, const char *arg, struct rv_error *err)
{
	struct rv_buf text = RV_BUF_INIT;
	struct rv_file *f;
	int rc;

	if (!arg || !*arg)
		return rv_fail(err, RV_ERR_USAGE, NULL, "backend file needs a path: file:PATH");
	f = calloc(1, sizeof(*f));
	if (!f)
		return rv_fail_memory(err);
	if (rv_file_open(f, arg, !s->read_only, PATIENCE_MS, err) < 0) {
		free(f);
		return -1;
	}
	s->priv = f;
	rc = rv_file_read(f, &text, err);
	if (rc == 0)
		rc = parse_file(s, &text, err);
	rv_buf_free(&text);
	if (rc < 0)
		file_close(s);
	return rc;
}

/* ---- writing --------------------------------------------------------------------------- */

/* Zero counters are omitted, so that a file without counters stays without. */
static int write_ruleset(struct rv_store *s, struct rv_buf *b, struct rv_error *err)
{
	rv_buf_puts(b, "# Written by ravelin\n");
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++) {
		rv_list_each(t, &s->rs.tables, struct rv_table, node) {
			if (t->def != def || !t->exists)
				continue;
			if (rv_table_sort(t) < 0)
				return rv_fail_memory(err);
			rv_render_table(b, t, RV_COUNTERS_NONZERO);
		}
	}
	rv_remarks_render(b, s->rs.tail);
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}

static int file_commit(struct rv_store *s, struct rv_error *err)
{
	struct rv_buf text = RV_BUF_INIT;
	int rc;

	rv_list_each(t, &s->rs.tables, struct rv_table, node)
		if (rv_table_check(t, err) < 0)
			return -1;
	rc = write_ruleset(s, &text, err);
	if (rc == 0)
		rc = rv_file_replace(s->priv, &text, err);
	rv_buf_free(&text);
	return rc;
}

const struct rv_backend rv_backend_file = {
	.name = "file",
	.banner = "nf_tables",
	.offline = true,
	.open = file_open,
	.close = file_close,
	.commit = file_commit,
};
