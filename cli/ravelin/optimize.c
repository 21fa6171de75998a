/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin optimize: prints a smaller, proven equivalent ruleset on stdout, and the changes on
 * stderr.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "analysis/optimize.h"
#include "cli/flags.h"

#define EXIT_LEFT_OUT 2
#define EXIT_TROUBLE  3

static const char about[] =
	"\nNothing is loaded: the new ruleset is printed on stdout, each change on stderr. A "
	"change that is not proven\n"
	"equivalent is left out. Counters of merged rules are added up, those of removed rules are "
	"gone.\n"
	"\nExit codes: 0 proven equivalent, 2 the same, but changes were left out, 3 an error.\n"
	"\nExample: ravelin optimize /etc/iptables/rules.v4 >rules.new\n";

struct optimize {
	struct rv_cli *cli;
	bool json, quiet, version, help;
	const char *sets, *name;
	struct rv_buf input, report;
	struct rv_optimized result;
};

#define AT(field) RV_FLAG_AT(struct optimize, field)

const struct rv_flag rv_optimize_flags[] = {
	{ 'j', "json", RV_FLAG_PLAIN, NULL, "report the changes as JSON", AT(json) },
	{ 'q', "quiet", RV_FLAG_PLAIN, NULL, "report nothing", AT(quiet) },
	{ 's', "sets", RV_FLAG_ARG, "FILE",
	  "put addresses into ipsets; write them to FILE, for ipset restore", AT(sets) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4 rules (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6 rules" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this", AT(help) },
	{ .help = about },
};

/* ---- the report ---- */

static void put_step(struct rv_buf *b, const struct rv_step_done *s)
{
	rv_buf_printf(b, "%s: %s%s%s", rv_step_names[s->kind], s->table, s->chain[0] ? " " : "",
		      s->chain);
	if (s->first)
		rv_buf_printf(b, s->last > s->first ? " %u to %u" : " %u", s->first, s->last);
	if (s->rule)
		rv_buf_printf(b, ": %s", s->rule);
	rv_buf_printf(b, "%s%s\n", s->kind == RV_STEP_MERGED ? "\n  into: " : ": ", s->reason);
}

static void put_text(struct optimize *o)
{
	const struct rv_optimized *r = &o->result;

	for (size_t i = 0; i < r->n; i++)
		put_step(&o->report, &r->list[i]);
	rv_buf_printf(&o->report, "%u rules, %u before; %s\n", r->after, r->before,
		      r->after == r->before && !r->n ? "nothing to change" : "proven equivalent");
}

static json_t *step_json(const struct rv_step_done *s)
{
	json_t *rule = s->rule ? json_string(s->rule) : NULL, *reason = json_string(s->reason);

	/* JSON requires UTF-8. */
	return json_pack("{s:s,s:s,s:s,s:i,s:i,s:o,s:o}", "what", rv_step_names[s->kind], "table",
			 s->table, "chain", s->chain, "first", (int)s->first, "last", (int)s->last,
			 "rule", rule ? rule : json_null(), "detail",
			 reason ? reason : json_string("?"));
}

static int put_json(struct optimize *o)
{
	const struct rv_optimized *r = &o->result;
	json_t *list = json_array(), *top;
	char *text;

	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(list, step_json(&r->list[i]));
	top = json_pack("{s:s,s:i,s:i,s:b,s:o}", "file", o->name, "before", (int)r->before, "after",
			(int)r->after, "left_out", r->left_out, "changes", list);
	text = top ? json_dumps(top, JSON_INDENT(2)) : NULL;
	if (text)
		rv_buf_printf(&o->report, "%s\n", text);
	free(text);
	json_decref(top);
	return text ? 0 : -1;
}

/* ---- the run ---- */

static int write_sets(struct optimize *o, struct rv_error *err)
{
	int fd, rc;

	if (!o->sets)
		return 0;
	fd = open(o->sets, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	rc = fd < 0 ? -1 : rv_write_all(fd, &o->result.sets);
	if (fd >= 0 && close(fd) < 0)
		rc = -1;
	return rc < 0 ? rv_fail(err, RV_ERR_RESOURCE, NULL, "cannot write %s: %m", o->sets) : 0;
}

static int optimize(struct optimize *o)
{
	struct rv_optimize_with with = { .sets = o->sets };
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	bool live = !strcmp(o->name, "live");
	int rc = live ? rv_cli_save_text(o->cli, true, &o->input, &err) : 0;

	if (!live && rv_cli_read(o->cli, strcmp(o->name, "-") ? o->name : NULL, &o->input))
		return EXIT_TROUBLE;
	if (rc == 0 && !rv_buf_text(&o->input))
		rc = rv_fail_memory(&err);
	if (rc == 0)
		rc = rv_optimize(&o->result, o->cli->family, &o->input, &with, &err);
	if (rc == 0 && o->json)
		rc = put_json(o) < 0 ? rv_fail_memory(&err) : 0;
	else if (rc == 0)
		put_text(o);
	if (rc == 0)
		rc = write_sets(o, &err);
	if (rc < 0) {
		rv_cli_error(o->cli, &err);
		rv_cli_warnings(&warnings);
		return EXIT_TROUBLE;
	}
	rv_cli_warnings(&warnings);
	if (rv_cli_write(o->cli, STDOUT_FILENO, &o->result.text) ||
	    (!o->quiet && rv_cli_write(o->cli, STDERR_FILENO, &o->report)))
		return EXIT_TROUBLE;
	return o->result.left_out ? EXIT_LEFT_OUT : RV_EXIT_OK;
}

int rv_cli_optimize(struct rv_cli *cli)
{
	struct optimize o = { .cli = cli };
	int words, rc;

	cli->name = "ravelin optimize";
	words = rv_flags_read(rv_optimize_flags, cli, &o);
	cli->restore = true;
	if (o.version || o.help) {
		rc = rv_flags_help(cli, o.version);
	} else if (words < 0 || cli->argc - words != 1) {
		rv_flags_misused(cli, words, "one ruleset");
		rc = EXIT_TROUBLE;
	} else {
		o.name = cli->argv[words];
		rc = optimize(&o);
	}
	rv_optimized_free(&o.result);
	rv_buf_free(&o.input);
	rv_buf_free(&o.report);
	return rc;
}
