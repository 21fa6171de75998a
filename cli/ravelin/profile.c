/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin profile: converts tables of nf_tables to the other profile without interrupting traffic.
 */
#include <stdlib.h>
#include <unistd.h>

#include <ravelin/parser.h>
#include <ravelin/plan.h>
#include <ravelin/render.h>

#include "backend/nft/fast/exchange.h"
#include "cli/flags.h"

struct profile {
	struct rv_cli *cli;
	bool dry, version, help;
	const char *table;
	bool fast;			/* convert to profile fast */
	struct rv_buf out;
	struct rv_error *err;
};

#define AT(field) RV_FLAG_AT(struct profile, field)

const struct rv_flag rv_profile_flags[] = {
	{ 't', "table", RV_FLAG_ARG, "table", "this table only", AT(table) },
	{ 'n', "dry-run", RV_FLAG_PLAIN, NULL, "print what would be done", AT(dry) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4 rules (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6 rules" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this", AT(help) },
	{ 0 },
};

/* ---- a table as text ------------------------------------------------------------------------------ */

struct text {
	rv_family_t family;
	struct rv_buf chains, rules;
	uint64_t count;
};

static int put_chains(struct rv_table *t, void *arg)
{
	struct text *x = arg;

	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->exists)
			rv_render_chain(&x->chains, c);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->exists)
			rv_render_base(&x->chains, c);
	return 0;
}

static int put_rule(struct rv_chain *c, struct rv_rule *r, void *arg)
{
	struct text *x = arg;

	rv_render_rule(&x->rules, x->family, c->name, r, RV_COUNTERS_PREFIX);
	x->count++;
	return 0;
}

static int read_text(struct rv_store *s, const struct rv_table_def *def, struct text *x,
		     struct rv_buf *b, struct rv_error *err)
{
	const struct rv_visitor v = { put_chains, put_rule, x };

	x->family = s->rs.family;
	if (rv_store_dump(s, def, NULL, &v, err) < 0)
		return -1;
	rv_buf_printf(b, "*%s\n", def->name);
	rv_buf_add(b, x->chains.data, x->chains.len);
	rv_buf_add(b, x->rules.data, x->rules.len);
	rv_buf_puts(b, "COMMIT\n");
	b->failed |= x->chains.failed | x->rules.failed;
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}

/* ---- one table -------------------------------------------------------------------------------------- */

static const char *name_of(bool fast)
{
	return fast ? "fast" : "compat";
}

/*
 * Returns whether a table is not converted, and prints why; a table given by name is refused later.
 */
static bool stays(struct profile *p, struct rv_store *s, const struct rv_table_def *def)
{
	struct rv_table *t = rv_ruleset_table(&s->rs, def);
	struct rv_buf why = RV_BUF_INIT;

	if (!p->fast || (p->table && !p->dry) || !t || !rv_profile_misfit(t, &why))
		return false;
	rv_buf_printf(&p->out, "%s: stays in profile compat: %s\n", def->name,
		      rv_buf_text(&why) ? why.data : "");
	rv_buf_free(&why);
	return true;
}

/* Prints what would be converted (--dry-run). */
static int foretell(struct profile *p, struct rv_store *s, const struct rv_table_def *def)
{
	struct rv_table *t = rv_ruleset_table(&s->rs, def);
	struct rv_plan_figures f;
	struct rv_plan *plan;

	if (!t)
		return rv_fail_memory(p->err);
	plan = rv_plan_make(t, NULL, p->err);
	if (!plan || rv_plan_measure(plan, &f, p->err) < 0) {
		rv_plan_free(plan);
		return -1;
	}
	rv_buf_printf(&p->out, "%s: to profile %s: %llu rules, %llu in lookups\n", def->name,
		      name_of(p->fast), (unsigned long long)f.rules, (unsigned long long)(p->fast ? f.behind : 0));
	rv_plan_free(plan);
	return 0;
}

/* Builds the table in the other profile and exchanges them. Returns 1 if it is not converted. */
static int build(struct profile *p, const struct rv_table_def *def, const struct rv_buf *text,
		 uint32_t generation)
{
	struct rv_store s;
	bool done;
	int rc = rv_store_open(&s, "nft", p->cli->family, false, p->err);

	if (rc < 0)
		return -1;
	rv_profile_build(&s, def, p->fast);
	rc = rv_load_restore(&s, text->data, text->len, true, p->err);
	done = rc == 0 && stays(p, &s, def);
	if (rc == 0 && p->dry && !done)
		rc = foretell(p, &s, def);
	done |= p->dry;
	if (rc == 0 && !done && rv_profile_generation(&s) != generation)
		rc = rv_fail(p->err, RV_ERR_AGAIN, NULL, "Resource temporarily unavailable");
	if (rc == 0 && !done)
		rc = rv_store_commit(&s, p->err);
	/* The commit increased the generation by one. */
	if (rc == 0 && !done)
		rc = rv_profile_exchange(&s, def, p->fast, generation + 1, p->err);
	rv_store_close(&s);
	return rc == 0 ? done : -1;
}

static int change(struct profile *p, struct rv_store *s, const struct rv_table_def *def)
{
	struct text x = { .count = 0 };
	struct rv_buf text = RV_BUF_INIT;
	bool exists, fast;
	int rc = rv_profile_of(s, def, &exists, &fast, p->err);

	if (rc == 0 && (!exists || fast == p->fast))
		return 0;
	if (rc == 0)
		rc = read_text(s, def, &x, &text, p->err);
	if (rc == 0)
		rc = build(p, def, &text, rv_profile_generation(s));
	if (rc == 0)
		rv_buf_printf(&p->out, "%s: %llu rules in profile %s\n", def->name,
			      (unsigned long long)x.count, name_of(p->fast));
	rv_buf_free(&x.chains);
	rv_buf_free(&x.rules);
	rv_buf_free(&text);
	return rc < 0 ? -1 : 0;
}

/* Deletes what an interrupted conversion left, before the table is read. */
static int clean(struct profile *p, const struct rv_table_def *def)
{
	bool exists, fast;
	struct rv_store s;
	int rc = rv_store_open(&s, "nft", p->cli->family, false, p->err);

	if (rc < 0)
		return -1;
	rc = rv_profile_of(&s, def, &exists, &fast, p->err);
	if (rc == 0 && exists && !p->dry)
		rc = rv_profile_clean(&s, def, !fast, p->err);
	rv_store_close(&s);
	return rc;
}

static int change_once(struct profile *p, const struct rv_table_def *def)
{
	struct rv_store s;
	int rc = clean(p, def);

	if (rc == 0)
		rc = rv_store_open(&s, "nft", p->cli->family, true, p->err);
	if (rc < 0)
		return -1;
	rc = change(p, &s, def);
	rv_store_close(&s);
	return rc;
}

static int change_all(struct profile *p)
{
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++) {
		struct rv_patience patience = rv_cli_patience(NULL);

		if (p->table && strcmp(p->table, def->name) != 0)
			continue;
		while (change_once(p, def) < 0)
			if (!rv_cli_again(p->err, &patience))
				return -1;
	}
	return 0;
}

static int run(struct profile *p, int words)
{
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	struct rv_cli *cli = p->cli;
	int rc = rv_flags_answer(cli, words, p->version, p->help);
	const char *word = rc < 0 && words < cli->argc ? cli->argv[words] : "";

	if (rc >= 0)
		return rc;
	if (cli->argc - words != 1 || (strcmp(word, "fast") != 0 && strcmp(word, "compat") != 0))
		return rv_cli_message("%s: the profile is missing: fast or compat", cli->name);
	if (p->table && !rv_table_def_find(p->table))
		return rv_cli_message("%s: no table %s", cli->name, p->table);
	p->fast = strcmp(word, "fast") == 0;
	p->err = &err;
	rc = change_all(p) < 0 ? rv_cli_error(cli, &err) : 0;
	rv_cli_warnings(&warnings);
	rv_cli_write(cli, STDOUT_FILENO, &p->out);
	return rc;
}

int rv_cli_profile(struct rv_cli *cli)
{
	struct profile p = { .cli = cli };
	int rc;

	cli->name = "ravelin profile";
	rc = run(&p, rv_flags_read(rv_profile_flags, cli, &p));
	rv_buf_free(&p.out);
	return rc;
}
