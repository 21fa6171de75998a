/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -L and -S: two formats for the rules the backend streams. */
#include "cli/iptables/iptables.h"

struct listing {
	const struct rv_command *cmd;
	struct rv_list_format format;
	rv_family_t family;
	struct rv_pages pages;
	struct rv_buf heads;	/* -S: all -P and -N precede the first -A */
	bool missing;		/* the chain listed does not exist */
	struct rv_error *err;
};

static bool as_commands(const struct listing *l)
{
	return l->cmd->kind == RV_CMD_LIST_RULES;
}

/* Positions of base chains are only shown in -S, for people: programs parse the heads of -L. */
static void tell_places(struct listing *l)
{
	for (size_t i = 0; i < l->pages.count && rv_cli_for_a_person(); i++) {
		const struct rv_chain *c = l->pages.page[i].chain;
		struct rv_buf at = RV_BUF_INIT;

		if (c->base < 0 || !c->at.elsewhere)
			continue;
		rv_base_at_print(&at, &c->at);
		if (rv_buf_text(&at))
			rv_warn(l->err, "# Chain `%s' of table `%s' is not at its standard hook: %s", c->name,
				c->table->def->name, at.data);
		rv_buf_free(&at);
	}
}

static int list_table(struct rv_table *table, void *arg)
{
	struct listing *l = arg;
	const char *only = l->cmd->chain[0] ? l->cmd->chain : NULL;

	rv_pages_close(&l->pages);
	rv_buf_reset(&l->heads);
	if (rv_pages_open(&l->pages, table, only) < 0)
		return -1;
	rv_pages_notice(&l->pages, table->def, &l->heads);
	if (!as_commands(l))
		tell_places(l);
	l->missing = only && l->pages.count == 0;
	if (l->cmd->number)
		return 0;
	for (size_t i = 0; i < l->pages.count; i++) {
		struct rv_page *p = &l->pages.page[i];

		if (as_commands(l))
			rv_render_chain_command(&l->heads, p->chain, l->format.verbose);
	}
	return 0;
}

/* Heads are generated last, since the reference counts are only known after all rules. */
static void join_listing(struct listing *l, struct rv_buf *b)
{
	for (size_t i = 0; i < l->pages.count; i++) {
		struct rv_page *p = &l->pages.page[i];

		if (i && !as_commands(l))
			rv_buf_putc(b, '\n');
		if (!as_commands(l) && !l->cmd->number)
			rv_render_list_head(b, p->chain, &l->format);
		rv_buf_add(b, p->text.data, p->text.len);
		b->failed |= p->text.failed;
		rv_buf_free(&p->text);
	}
}

static int list_rule(struct rv_chain *chain, struct rv_rule *rule, void *arg)
{
	struct listing *l = arg;
	struct rv_page *p = rv_pages_find(&l->pages, chain);

	if (!p)
		return 0;
	p->rules++;
	if (l->cmd->number && p->rules != l->cmd->number)
		return 0;
	if (as_commands(l))
		rv_render_rule(&p->text, l->family, chain->name, rule,
			       l->format.verbose ? RV_COUNTERS_OPTION : RV_COUNTERS_NONE);
	else
		rv_render_list_rule(&p->text, l->family, rule, p->rules, &l->format);
	return 0;
}

int rv_cli_list(struct rv_store *s, const struct rv_command *cmd, const struct rv_options *opts,
		struct rv_buf *b, struct rv_error *err)
{
	struct listing l = {
		.cmd = cmd,
		.err = err,
		.family = s->rs.family,
		.format = {
			.numeric = opts->numeric,
			.verbose = opts->verbose > 0,
			.exact = opts->exact,
			.line_numbers = opts->line_numbers,
		},
	};
	const struct rv_visitor v = { .table = list_table, .rule = list_rule, .arg = &l };
	const char *only = cmd->chain[0] ? cmd->chain : NULL;
	int rc = rv_store_dump(s, cmd->table, only, &v, err);

	if (rc < 0 && err->kind == RV_ERR_NONE)
		rv_fail_memory(err);
	if (rc == 0 && l.missing)
		rc = rv_fail(err, RV_ERR_STATE, &cmd->chain_loc,
			     "No chain/target/match by that name.");
	if (rc == 0) {
		rv_buf_add(b, l.heads.data, l.heads.len);
		join_listing(&l, b);
		b->failed |= l.heads.failed;
	}
	rv_buf_free(&l.heads);
	rv_pages_close(&l.pages);
	return rc;
}
