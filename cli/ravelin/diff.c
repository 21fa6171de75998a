/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin diff A B: changes, rule by rule, that turn A into B. A ruleset is a save file, "-" or
 * "live". Output is text or input for iptables-restore --noflush.
 */
#include <stdlib.h>
#include <unistd.h>

#include <ravelin/diff.h>

#include "cli/flags.h"
#include "cli/ravelin/meaning.h"

#define EXIT_DIFFERENT 1
#define EXIT_TROUBLE 2

struct diff {
	struct rv_cli *cli;
	bool counters, commands, meaning, quiet, help;
	struct rv_ruleset side[2];
	struct rv_buf out;	/* all tables */
	struct rv_buf table;	/* one table without its head */
};

#define AT(field) RV_FLAG_AT(struct diff, field)

const struct rv_flag rv_diff_flags[] = {
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4 rules (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6 rules" },
	{ 'c', "counters", RV_FLAG_PLAIN, NULL, "compare counters too", AT(counters) },
	{ 'C', "commands", RV_FLAG_PLAIN, NULL, "print commands for iptables-restore --noflush", AT(commands) },
	{ 'M', "meaning", RV_FLAG_PLAIN, NULL, "print the traffic whose verdict changes instead of rules", AT(meaning) },
	{ 'q', "quiet", RV_FLAG_PLAIN, NULL, "print nothing, only set the exit code", AT(quiet) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

/* ---- output --------------------------------------------------------------------------------- */

/* "-    3 " before a line of text; nothing in command output. */
static void add_mark(struct diff *d, char mark, size_t number)
{
	if (d->commands)
		return;
	rv_buf_printf(&d->table, number ? "%c %5zu " : "%c       ", mark, number);
}

/* "-X CHAIN", quoted as needed by a restore; no newline. */
static void add_command(struct diff *d, const char *command, const char *chain)
{
	rv_buf_puts(&d->table, command);
	rv_buf_putc(&d->table, ' ');
	rv_print_name(&d->table, chain);
}

static void add_line(struct diff *d, const char *command, const char *chain)
{
	add_command(d, command, chain);
	rv_buf_putc(&d->table, '\n');
}

static void add_chain_line(struct diff *d, char mark, const struct rv_chain *c)
{
	add_mark(d, mark, 0);
	if (d->commands && c->base < 0) {
		add_line(d, "-N", c->name);
		return;
	}
	/* No command can set policy counters. */
	if (d->commands && d->counters && c->base >= 0) {
		rv_render_chain(&d->table, c);
		rv_render_base(&d->table, c);
	} else {
		rv_render_chain_command(&d->table, c, d->counters);
	}
}

static void add_rule_line(struct diff *d, const char *chain, const struct rv_rule *r)
{
	rv_render_rule(&d->table, d->cli->family, chain, r,
		       d->counters ? RV_COUNTERS_OPTION : RV_COUNTERS_NONE);
}

/* "-I CHAIN 3 ..." */
static void add_insert(struct diff *d, const char *chain, const struct rv_rule *r, size_t number)
{
	add_command(d, "-I", chain);
	rv_buf_printf(&d->table, " %zu", number);
	rv_render_rule_body(&d->table, d->cli->family, r,
			    d->counters ? RV_COUNTERS_OPTION : RV_COUNTERS_NONE);
	rv_buf_putc(&d->table, '\n');
}

/* ---- chains ---------------------------------------------------------------------------------- */

/* Removes rule a of the old chain; at: its current position. */
static void remove_rule(struct diff *d, const char *chain, const struct rv_rule *r, size_t a,
			size_t at)
{
	add_mark(d, '-', a);
	if (!d->commands) {
		add_rule_line(d, chain, r);
		return;
	}
	add_command(d, "-D", chain);
	rv_buf_printf(&d->table, " %zu\n", at);
}

static void insert_rule(struct diff *d, const char *chain, const struct rv_rule *r, size_t b)
{
	add_mark(d, '+', b);
	if (d->commands)
		add_insert(d, chain, r, b);
	else
		add_rule_line(d, chain, r);
}

/* Preceding rules are already those of b, so a rule's position in b is where it is inserted. */
static void add_changes(struct diff *d, const char *chain, const struct rv_diff_side *a,
			const struct rv_diff_side *b)
{
	size_t i = 0, j = 0;

	while (i < a->count || j < b->count) {
		if (i < a->count && !a->kept[i]) {
			remove_rule(d, chain, a->rules[i], i + 1, j + 1);
			i++;
		} else if (j < b->count && !b->kept[j]) {
			insert_rule(d, chain, b->rules[j], j + 1);
			j++;
		} else {
			i++;
			j++;
		}
	}
}

static int open_side(struct rv_diff_side *s, const struct rv_chain *c)
{
	size_t n = c ? c->nrules : 0, i = 0;

	s->count = n;
	s->rules = calloc(n + 1, sizeof(*s->rules));
	s->kept = calloc(n + 1, sizeof(*s->kept));
	if (!s->rules || !s->kept)
		return -1;
	if (c)
		rv_list_each(r, &c->rules, struct rv_rule, node)
			s->rules[i++] = r;
	return 0;
}

static int compare_rules(struct diff *d, const struct rv_chain *a, const struct rv_chain *b)
{
	struct rv_diff_side x = { 0 }, y = { 0 };
	int rc = open_side(&x, a) || open_side(&y, b) || rv_diff_rules(&x, &y, d->counters) ? -1 : 0;

	if (rc == 0)
		add_changes(d, a ? a->name : b->name, &x, &y);
	free(x.rules);
	free(x.kept);
	free(y.rules);
	free(y.kept);
	return rc;
}

static void compare_policy(struct diff *d, const struct rv_chain *a, const struct rv_chain *b)
{
	if (a->policy == b->policy && rv_base_at_equal(&a->at, &b->at) &&
	    (!d->counters || (a->counters.packets == b->counters.packets &&
			      a->counters.bytes == b->counters.bytes)))
		return;
	if (!d->commands)
		add_chain_line(d, '-', a);
	add_chain_line(d, '+', b);
}

/* ---- tables ----------------------------------------------------------------------------------- */

static bool is_there(const struct rv_chain *c)
{
	return c && (c->base >= 0 || c->exists);
}

/* Chains of b: policies, new chains, then the rules of all, which may jump to those. */
static int compare_chains(struct diff *d, const struct rv_table *a, const struct rv_table *b)
{
	rv_list_each(c, &b->chains, struct rv_chain, node) {
		const struct rv_chain *old = rv_table_chain(a, c->name);

		if (c->base >= 0)
			compare_policy(d, old, c);
		else if (!is_there(old))
			add_chain_line(d, '+', c);
	}
	rv_list_each(c, &b->chains, struct rv_chain, node)
		if (compare_rules(d, rv_table_chain(a, c->name), c) < 0)
			return -1;
	return 0;
}

/* Deletes chains of a. Flushes them first, since they may refer to each other. */
static int remove_chains(struct diff *d, const struct rv_table *a, const struct rv_table *b)
{
	rv_list_each(c, &a->chains, struct rv_chain, node) {
		if (is_there(rv_table_chain(b, c->name)))
			continue;
		if (d->commands)
			add_line(d, "-F", c->name);
		else if (compare_rules(d, c, NULL) < 0)
			return -1;
	}
	rv_list_each(c, &a->chains, struct rv_chain, node) {
		if (is_there(rv_table_chain(b, c->name)))
			continue;
		if (d->commands)
			add_line(d, "-X", c->name);
		else
			add_chain_line(d, '-', c);
	}
	return 0;
}

static int compare_table(struct diff *d, const struct rv_table_def *def)
{
	struct rv_table *a = rv_ruleset_table(&d->side[0], def);
	struct rv_table *b = rv_ruleset_table(&d->side[1], def);

	if (!a || !b || rv_table_sort(a) < 0 || rv_table_sort(b) < 0)
		return -1;
	rv_buf_reset(&d->table);
	if (compare_chains(d, a, b) < 0 || remove_chains(d, a, b) < 0)
		return -1;
	d->out.failed |= d->table.failed;
	if (!d->table.len)
		return 0;
	rv_buf_printf(&d->out, "*%s\n", def->name);
	rv_buf_add(&d->out, d->table.data, d->table.len);
	if (d->commands)
		rv_buf_puts(&d->out, "COMMIT\n");
	return 0;
}

static int compare_tables(struct diff *d, struct rv_error *err)
{
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		if (compare_table(d, def) < 0)
			return rv_fail_memory(err);
	return rv_buf_ok(&d->out) ? 0 : rv_fail_memory(err);
}

/* ---- command --------------------------------------------------------------------------------- */

static int diff_run(struct diff *d, char **names)
{
	struct rv_error err = { 0 };
	int rc = 0;

	for (int i = 0; i < 2 && rc == 0; i++)
		rc = rv_cli_ruleset(d->cli, &d->side[i], names[i], &err);
	if (rc == 0)
		rc = d->meaning ? rv_cli_meaning(&d->out, &d->side[0], &d->side[1], &err)
				: compare_tables(d, &err);
	if (rc < 0) {
		rv_cli_error(d->cli, &err);
		return EXIT_TROUBLE;
	}
	if (!d->out.len)
		return RV_EXIT_OK;
	if (!d->quiet && rv_cli_write(d->cli, STDOUT_FILENO, &d->out))
		return EXIT_TROUBLE;
	return EXIT_DIFFERENT;
}

int rv_cli_diff(struct rv_cli *cli)
{
	struct diff d = { .cli = cli };
	int words, rc;

	cli->name = "ravelin diff";
	words = rv_flags_read(rv_diff_flags, cli, &d);
	for (int i = 0; i < 2; i++)
		rv_ruleset_init(&d.side[i], cli->family);
	if (d.help) {
		rc = rv_flags_help(cli, false);
	} else if (words < 0 || cli->argc - words != 2) {
		rv_flags_misused(cli, words, "two rulesets");
		rc = EXIT_TROUBLE;
	} else {
		rc = diff_run(&d, cli->argv + words);
	}
	for (int i = 0; i < 2; i++)
		rv_ruleset_clear(&d.side[i]);
	rv_buf_free(&d.table);
	rv_buf_free(&d.out);
	return rc;
}
