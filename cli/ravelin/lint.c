/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin lint: likely mistakes in a ruleset, as text, JSON or SARIF. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ravelin/render.h>
#include <ravelin/store.h>

#include "analysis/lint.h"
#include "backend/file/load.h"
#include "cli/flags.h"

#define EXIT_FINDINGS 1
#define EXIT_TROUBLE  3

static const char about[] =
	"\nRules are reported as dead only if this is proven; if possible, an example packet is printed. A comment\n"
	"\"# ravelin: ignore RV101\" before a rule, or before its table, suppresses findings of that kind.\n"
	"\nExit codes: 0 no findings, 1 findings, 3 error.\n"
	"\nExample: ravelin lint /etc/iptables/rules.v4\n";

struct lint {
	struct rv_cli *cli;
	bool json, sarif, kinds, version, help;
	const char *name;
	const char *other;
	struct rv_store store, others;
	bool open, others_open;
	struct rv_buf input;
	const char **lines; /* of input */
	uint32_t nlines;
	struct rv_findings found;
	struct rv_buf out;
};

#define AT(field) RV_FLAG_AT(struct lint, field)

const struct rv_flag rv_lint_flags[] = {
	{ 'j', "json", RV_FLAG_PLAIN, NULL, "print JSON", AT(json) },
	{ 's', "sarif", RV_FLAG_PLAIN, NULL, "print SARIF 2.1.0, for code hosting services",
	  AT(sarif) },
	{ 'k', "kinds", RV_FLAG_PLAIN, NULL, "list the kinds of findings", AT(kinds) },
	{ 'o', "other", RV_FLAG_ARG, "FILE",
	  "rules of the other IP family, to find what only one of them closes", AT(other) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "IPv4 rules (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "IPv6 rules" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ .help = about },
};

static const char *const severities[] = { "note", "warning", "error" };

/* ---- comments that take findings away ---- */

static const char ignore_words[] = "ravelin: ignore ";

/* The line before this one, or NULL. */
static const char *line_before(const char *text, const char *line)
{
	if (line == text)
		return NULL;
	for (line--; line > text && line[-1] != '\n';)
		line--;
	return line;
}

/* Returns whether one of the comments directly before the line suppresses this kind. */
static bool ignored_before(const char *text, const char *line, const char *code)
{
	while ((line = line_before(text, line)) != NULL && *line == '#') {
		size_t len = strcspn(line, "\n");
		const char *at = memmem(line, len, ignore_words, strlen(ignore_words));

		if (at && memmem(at, len - (size_t)(at - line), code, strlen(code)))
			return true;
	}
	return false;
}

/* Finds the line that starts with one of these characters and a name, from `from' on, or NULL. */
static const char *find_line(const char *from, const char *word, const char *name)
{
	size_t first = strlen(word), len = strlen(name);

	for (; from && *from; from = strchr(from, '\n') ? strchr(from, '\n') + 1 : NULL)
		if (!strncmp(from, word, first) && !strncmp(from + first, name, len) &&
		    strchr(" \r\n", from[first + len]))
			return from;
	return NULL;
}

/* The start of each line of the file. */
static int find_lines(struct lint *l)
{
	const char *at = l->input.data;
	uint32_t n = 1;

	for (const char *c = at; *c; c++)
		n += *c == '\n';
	l->lines = reallocarray(NULL, n, sizeof(*l->lines));
	if (!l->lines)
		return -1;
	for (l->nlines = 0; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		l->lines[l->nlines++] = at;
	return 0;
}

static bool is_ignored(const struct lint *l, const struct rv_finding *f)
{
	const char *code = rv_lint_kinds[f->kind].code;
	const char *table = find_line(l->input.data, "*", f->chain->table->def->name), *line = NULL;

	if (!table)
		return false;
	if (ignored_before(l->input.data, table, code))
		return true;
	if (!f->rule)
		line = find_line(table, ":", f->chain->name);
	else if (f->rule->loc.line && f->rule->loc.line <= l->nlines)
		line = l->lines[f->rule->loc.line - 1];
	return line && ignored_before(l->input.data, line, code);
}

/* ---- text ---- */

static void put_rule(struct rv_buf *b, const struct lint *l, const struct rv_finding *f)
{
	if (f->rule)
		rv_render_rule(b, l->cli->family, f->chain->name, f->rule, RV_COUNTERS_NONE);
	if (rv_buf_ok(b) && b->len && b->data[b->len - 1] == '\n')
		b->len--;
}

static void put_text(struct lint *l, const struct rv_finding *f)
{
	const struct rv_lint_kind *k = &rv_lint_kinds[f->kind];
	struct rv_buf *b = &l->out;

	rv_buf_puts(b, l->name);
	if (f->rule && f->rule->loc.line)
		rv_buf_printf(b, ":%u", f->rule->loc.line);
	rv_buf_printf(b, ": %s %s (%s%s): %s; %s\n", severities[k->severity], k->code, k->name,
		      k->advice ? ", advice" : "", k->help, f->text);
	rv_buf_printf(b, "  %s %s", f->chain->table->def->name, f->chain->name);
	if (f->rule) {
		rv_buf_printf(b, " %u: ", f->number);
		put_rule(b, l, f);
	}
	rv_buf_putc(b, '\n');
	if (f->packet)
		rv_buf_printf(b, "  packet: %s\n", f->packet);
	if (k->suggestion[0])
		rv_buf_printf(b, "  what to do: %s\n", k->suggestion);
}

/* ---- JSON ---- */

static json_t *text_json(const char *text)
{
	json_t *t = text ? json_string(text) : json_null();

	/* JSON requires UTF-8. */
	return t ? t : json_string("?");
}

static json_t *finding_json(struct lint *l, const struct rv_finding *f)
{
	const struct rv_lint_kind *k = &rv_lint_kinds[f->kind];
	struct rv_buf rule = RV_BUF_INIT;
	json_t *o = json_object();

	put_rule(&rule, l, f);
	json_object_set_new(o, "code", json_string(k->code));
	json_object_set_new(o, "kind", json_string(k->name));
	json_object_set_new(o, "severity", json_string(severities[k->severity]));
	json_object_set_new(o, "advice", json_boolean(k->advice));
	json_object_set_new(o, "table", json_string(f->chain->table->def->name));
	json_object_set_new(o, "chain", text_json(f->chain->name));
	json_object_set_new(o, "number", f->rule ? json_integer(f->number) : json_null());
	json_object_set_new(o, "line",
			    f->rule && f->rule->loc.line ? json_integer(f->rule->loc.line)
							 : json_null());
	json_object_set_new(o, "rule", text_json(f->rule ? rv_buf_text(&rule) : NULL));
	json_object_set_new(o, "message", text_json(k->help));
	json_object_set_new(o, "detail", text_json(f->text));
	json_object_set_new(o, "packet", text_json(f->packet));
	json_object_set_new(o, "suggestion", text_json(k->suggestion));
	rv_buf_free(&rule);
	return o;
}

static json_t *sarif_place(const struct lint *l, const struct rv_finding *f)
{
	unsigned int line = f->rule && f->rule->loc.line ? f->rule->loc.line : 1;

	return json_pack("[{s:{s:{s:s},s:{s:i}}}]", "physicalLocation", "artifactLocation", "uri",
			 l->name, "region", "startLine", (int)line);
}

static json_t *sarif_result(struct lint *l, const struct rv_finding *f)
{
	const struct rv_lint_kind *k = &rv_lint_kinds[f->kind];
	struct rv_buf text = RV_BUF_INIT;
	json_t *o = json_object();

	rv_buf_printf(&text, "%s; %s", k->help, f->text);
	if (f->packet)
		rv_buf_printf(&text, "; packet: %s", f->packet);
	json_object_set_new(o, "ruleId", json_string(k->code));
	json_object_set_new(o, "level", json_string(severities[k->severity]));
	json_object_set_new(o, "message",
			    json_pack("{s:o}", "text", text_json(rv_buf_text(&text))));
	json_object_set_new(o, "locations", sarif_place(l, f));
	rv_buf_free(&text);
	return o;
}

static json_t *sarif_kinds(void)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < RV_LINTS; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:{s:s},s:{s:b}}", "id",
						      rv_lint_kinds[i].code, "name",
						      rv_lint_kinds[i].name, "shortDescription",
						      "text", rv_lint_kinds[i].help, "properties",
						      "advice", rv_lint_kinds[i].advice));
	return list;
}

static int put_json(struct lint *l)
{
	json_t *list = json_array(), *top;
	char *text;

	for (size_t i = 0; i < l->found.n; i++)
		json_array_append_new(list, l->sarif ? sarif_result(l, &l->found.list[i])
						     : finding_json(l, &l->found.list[i]));
	if (l->sarif)
		top = json_pack("{s:s,s:s,s:[{s:{s:{s:s,s:s,s:o}},s:o}]}", "$schema",
				"https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
				"runs", "tool", "driver", "name", "ravelin", "version",
				RAVELIN_VERSION, "rules", sarif_kinds(), "results", list);
	else
		top = json_pack("{s:s,s:o,s:I}", "file", l->name, "findings", list,
				"packets_left_out", (json_int_t)l->found.unshown);
	text = top ? json_dumps(top, JSON_INDENT(2)) : NULL;
	if (text)
		rv_buf_printf(&l->out, "%s\n", text);
	free(text);
	json_decref(top);
	return text ? 0 : -1;
}

/* ---- the run ---- */

static void drop_ignored(struct lint *l)
{
	struct rv_findings *f = &l->found;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (!is_ignored(l, &f->list[i])) {
			f->list[n++] = f->list[i];
			continue;
		}
		free(f->list[i].text);
		free(f->list[i].packet);
	}
	f->n = n;
}

/* Reads the rules of the other IP family, from a file or the kernel. */
static int read_others(struct lint *l, bool live, struct rv_error *err)
{
	rv_family_t own = l->cli->family;
	struct rv_buf text = RV_BUF_INIT;
	int rc = 0;

	if (!live && !l->other)
		return 0;
	l->cli->family = own == NFPROTO_IPV6 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	if (live)
		rc = rv_cli_save_text(l->cli, true, &text, err);
	else if (rv_cli_read(l->cli, l->other, &text))
		rc = 1;
	if (rc == 0 && !rv_buf_text(&text))
		rc = rv_fail_memory(err);
	if (rc == 0)
		rc = rv_load_text(&l->others, l->cli->family, text.data, text.len, NULL, err);
	l->others_open = rc == 0;
	l->cli->family = own;
	rv_buf_free(&text);
	return rc;
}

/* Reads the rules and fills l->found. Returns 0, -1 with err set, or 1 after a message. */
static int find(struct lint *l, struct rv_error *err)
{
	bool live = !strcmp(l->name, "live");
	struct rv_lint_with with = { .live = live };
	int rc = live ? rv_cli_save_text(l->cli, true, &l->input, err) : 0;

	if (!live && rv_cli_read(l->cli, strcmp(l->name, "-") ? l->name : NULL, &l->input))
		return 1;
	if (rc == 0 && !rv_buf_text(&l->input))
		rc = rv_fail_memory(err);
	if (rc == 0)
		rc = rv_load_text(&l->store, l->cli->family, l->input.data, l->input.len, NULL,
				  err);
	l->open = rc == 0;
	if (rc == 0)
		rc = read_others(l, live, err);
	with.other = l->others_open ? &l->others.rs : NULL;
	if (rc == 0)
		rc = rv_lint(&l->store.rs, &with, &l->found, err);
	if (rc == 0 && strstr(l->input.data, ignore_words)) {
		rc = find_lines(l) < 0 ? rv_fail_memory(err) : 0;
		if (rc == 0)
			drop_ignored(l);
	}
	return rc;
}

static int put_findings(struct lint *l, struct rv_error *err)
{
	if (l->json || l->sarif)
		return put_json(l) < 0 ? rv_fail_memory(err) : 0;
	for (size_t i = 0; i < l->found.n; i++)
		put_text(l, &l->found.list[i]);
	if (l->found.unshown)
		rv_buf_printf(&l->out,
			      "No example packet for %zu findings: the table is too large.\n",
			      l->found.unshown);
	return 0;
}

static int lint(struct lint *l)
{
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	int rc = find(l, &err);

	if (rc == 0)
		rc = put_findings(l, &err);
	if (rc < 0)
		rv_cli_error(l->cli, &err);
	rv_cli_warnings(&warnings);
	if (rc || rv_cli_write(l->cli, STDOUT_FILENO, &l->out))
		return EXIT_TROUBLE;
	return l->found.n ? EXIT_FINDINGS : RV_EXIT_OK;
}

static int print_kinds(struct lint *l)
{
	for (unsigned int i = 0; i < RV_LINTS; i++)
		rv_buf_printf(&l->out, "%s  %-7s  %-22s  %s%s\n", rv_lint_kinds[i].code,
			      severities[rv_lint_kinds[i].severity], rv_lint_kinds[i].name,
			      rv_lint_kinds[i].help, rv_lint_kinds[i].advice ? " (advice)" : "");
	return rv_cli_write(l->cli, STDOUT_FILENO, &l->out);
}

int rv_cli_lint(struct rv_cli *cli)
{
	struct lint l = { .cli = cli };
	int words, rc;

	cli->name = "ravelin lint";
	words = rv_flags_read(rv_lint_flags, cli, &l);
	cli->restore = true;
	if (l.version || l.help) {
		rc = rv_flags_help(cli, l.version);
	} else if (l.kinds && words >= 0) {
		rc = print_kinds(&l);
	} else if (words < 0 || cli->argc - words != 1) {
		rv_flags_misused(cli, words, "one ruleset");
		rc = EXIT_TROUBLE;
	} else {
		l.name = cli->argv[words];
		rc = lint(&l);
	}
	rv_findings_free(&l.found);
	if (l.open)
		rv_store_close(&l.store);
	if (l.others_open)
		rv_store_close(&l.others);
	free(l.lines);
	rv_buf_free(&l.input);
	rv_buf_free(&l.out);
	return rc;
}
