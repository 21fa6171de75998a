/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin compile: how the compiler groups the rules of a file or of the kernel. */
#include <stdlib.h>
#include <unistd.h>

#include <ravelin/plan.h>

#include "backend/file/load.h"
#include "cli/flags.h"

struct compile {
	struct rv_cli *cli;
	bool explain, summary, check, live, version, help;
	const char *table;
	struct rv_buf input, out;
	struct rv_error *err;
	struct rv_plan_figures sum;	/* sum of all tables */
};

#define AT(field) RV_FLAG_AT(struct compile, field)

const struct rv_flag rv_compile_flags[] = {
	{ 'e', "explain", RV_FLAG_PLAIN, NULL, "list the rules that share a lookup, and why others do not",
	  AT(explain) },
	{ 's', "summary", RV_FLAG_PLAIN, NULL, "print the share of rules in lookups and the longest path",
	  AT(summary) },
	{ 'c', "check", RV_FLAG_PLAIN, NULL, "verify that each plan is equivalent to its rules", AT(check) },
	{ 't', "table", RV_FLAG_ARG, "table", "only this table", AT(table) },
	{ 'l', "live", RV_FLAG_PLAIN, NULL, "use the loaded rules instead of a file", AT(live) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4 rules (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6 rules" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

/* part of whole as "81.5 %". */
static void put_share(struct rv_buf *b, uint64_t part, uint64_t whole)
{
	uint64_t thousandths = whole ? part * 1000 / whole : 0;

	rv_buf_printf(b, "%llu.%llu %%", (unsigned long long)thousandths / 10,
		      (unsigned long long)thousandths % 10);
}

static void put_figures(struct rv_buf *b, const char *name, const struct rv_plan_figures *f)
{
	rv_buf_printf(b, "%s: %llu rules, %llu (", name, (unsigned long long)f->rules,
		      (unsigned long long)f->behind);
	put_share(b, f->behind, f->rules);
	rv_buf_printf(b, ") in lookups; maps: %llu, leaf chains: %llu; longest path: %llu rules, "
		      "compiled: %llu rules and lookups: %llu\n", (unsigned long long)f->maps, (unsigned long long)f->leaves,
		      (unsigned long long)f->linear.rules, (unsigned long long)f->planned.rules,
		      (unsigned long long)f->planned.lookups);
}

static void add_figures(struct rv_plan_figures *sum, const struct rv_plan_figures *f)
{
	sum->rules += f->rules;
	sum->behind += f->behind;
	sum->maps += f->maps;
	sum->leaves += f->leaves;
	if (rv_plan_path_longer(&f->linear, &sum->linear))
		sum->linear = f->linear;
	if (rv_plan_path_longer(&f->planned, &sum->planned))
		sum->planned = f->planned;
}

static int plan_table(const struct rv_table *t, void *arg)
{
	struct compile *c = arg;
	struct rv_plan_figures f;
	struct rv_plan *p;
	int rc = 0;

	if (c->table && strcmp(c->table, t->def->name) != 0)
		return 0;
	p = rv_plan_make(t, NULL, c->err);
	if (!p)
		return -1;
	if (c->check)
		rc = rv_plan_verify(p, c->err);
	if (rc == 0)
		rc = rv_plan_measure(p, &f, c->err);
	if (rc == 0 && c->explain)
		rv_plan_explain(&c->out, p);
	if (rc == 0 && c->summary)
		put_figures(&c->out, t->def->name, &f);
	if (rc == 0)
		add_figures(&c->sum, &f);
	rv_plan_free(p);
	return rc;
}

static int plan_text(struct compile *c, struct rv_meter *meter)
{
	struct rv_cli *cli = c->cli;
	struct rv_store s;
	int rc;

	if (rv_load_text(&s, cli->family, cli->text, cli->len, meter, c->err) < 0)
		return -1;
	rc = rv_load_tables(&s, plan_table, c);
	rv_store_close(&s);
	if (rc == 0 && c->summary)
		put_figures(&c->out, "all tables", &c->sum);
	if (rc == 0 && c->check)
		rv_buf_printf(&c->out, "%llu rules: each plan is equivalent to its rules\n",
			      (unsigned long long)c->sum.rules);
	return rc;
}

static int compile(struct compile *c)
{
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	struct rv_progress progress;
	int rc = 0;

	c->err = &err;
	rv_cli_progress_start(&progress, c->cli, "rules", 0);
	if (c->live)
		rc = rv_cli_save_text(c->cli, true, &c->input, &err);
	if (c->live && rc == 0) {
		c->cli->text = c->input.len ? c->input.data : "";
		c->cli->len = c->input.len;
	}
	if (rc == 0)
		rc = plan_text(c, &progress.meter);
	rv_cli_progress_end(&progress);
	rc = rc < 0 ? rv_cli_error(c->cli, &err) : 0;
	rv_cli_warnings(&warnings);
	return rc ? rc : rv_cli_write(c->cli, STDOUT_FILENO, &c->out);
}

static int print_plans(struct compile *c, int words)
{
	struct rv_cli *cli = c->cli;
	int answer = rv_flags_answer(cli, words, c->version, c->help);

	if (answer >= 0)
		return answer;
	if (cli->argc - words > !c->live)
		return rv_cli_message("Unknown arguments found on commandline");
	if (c->table && !rv_table_def_find(c->table))
		return rv_cli_message("%s: no table %s", cli->name, c->table);
	if (!c->explain && !c->check)
		c->summary = true;
	if (!c->live)
		answer = rv_cli_read(cli, cli->argv[words], &c->input);
	return answer > 0 ? answer : compile(c);
}

int rv_cli_compile(struct rv_cli *cli)
{
	struct compile c = { .cli = cli };
	int rc;

	cli->name = "ravelin compile";
	cli->restore = true;
	rc = print_plans(&c, rv_flags_read(rv_compile_flags, cli, &c));
	rv_buf_free(&c.input);
	rv_buf_free(&c.out);
	return rc;
}
