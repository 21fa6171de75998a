/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin graph: chains and jumps of a file or of the kernel, as DOT or SVG. */
#include <unistd.h>

#include "cli/flags.h"
#include "cli/ravelin/graph.h"

struct graph {
	struct rv_cli *cli;
	bool svg, version, help;
	const char *table;
	struct rv_buf out;
};

#define AT(field) RV_FLAG_AT(struct graph, field)

const struct rv_flag rv_graph_flags[] = {
	{ 's', "svg", RV_FLAG_PLAIN, NULL, "print an SVG image (needs graphviz)", AT(svg) },
	{ 't', "table", RV_FLAG_ARG, "table", "only this table", AT(table) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4 rules (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6 rules" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

static int draw(struct graph *g, const char *name, const struct rv_table_def *only)
{
	struct rv_buf dot = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_ruleset rs;
	int rc;

	rc = rv_cli_ruleset(g->cli, &rs, name, &err);
	if (rc == 0)
		rc = rv_graph_dot(g->svg ? &dot : &g->out, &rs, only, &err);
	if (rc == 0 && g->svg)
		rc = rv_graph_svg(&g->out, &dot, &err);
	rv_ruleset_clear(&rs);
	rv_buf_free(&dot);
	return rc ? rv_cli_error(g->cli, &err) : rv_cli_write(g->cli, STDOUT_FILENO, &g->out);
}

static int print_graph(struct graph *g, int words)
{
	const struct rv_table_def *only = g->table ? rv_table_def_find(g->table) : NULL;
	struct rv_cli *cli = g->cli;
	int answer = rv_flags_answer(cli, words, g->version, g->help);

	if (answer >= 0)
		return answer;
	if (cli->argc - words > 1)
		return rv_cli_message("Unknown arguments found on commandline");
	if (g->table && !only)
		return rv_cli_message("%s: no table %s", cli->name, g->table);
	return draw(g, words < cli->argc ? cli->argv[words] : "live", only);
}

int rv_cli_graph(struct rv_cli *cli)
{
	struct graph g = { .cli = cli };
	int rc;

	cli->name = "ravelin graph";
	rc = print_graph(&g, rv_flags_read(rv_graph_flags, cli, &g));
	rv_buf_free(&g.out);
	return rc;
}
