/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generates manual pages:
 *
 *   manual FOLDER cli/man/NAME.man...
 *
 * A page is a file cli/man/NAME.man in man(7) format. Lines that start with @ are replaced by contents
 * of the programs' tables:
 *
 *   @name 8 NAME, NAME... \- PURPOSE     the first line; further names become links to the page
 *   @synopsis                            one line for each of these programs
 *   @commands, @rule, @options           rows of the parser, or of the program's flags;
 *       @ --NAME                         what follows belongs to the row of that name
 *   @programs, @backends                 those of "ravelin"
 *   @matches, @targets                   all of them, with extensions/NAME.man
 *   @include NAME                        contents of cli/man/NAME.man
 *   @list FILE TITLE                     the list in section TITLE of FILE
 *   @example ... @end                    commands as typed
 *
 * In other lines, - becomes \-, and `words` become bold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "tools/manual/manual.h"

void man_fail(struct page *p, const char *what, const char *name)
{
	fprintf(stderr, "manual: %s: %s%s%s\n", p->source, what, name ? ": " : "", name ? name : "");
	p->failed = true;
}

/* ---- lists of other documents ------------------------------------------------------------------ */

/* "@list FILE TITLE": the items of the list in that section of a Markdown file. */
static void put_list(struct page *p, const char *rest)
{
	const char *title = rest + strcspn(rest, " ");
	char line[LINE], path[256];
	bool on = false, found = false;
	FILE *in;

	snprintf(path, sizeof(path), "%.*s", (int)(title - rest), rest);
	title += strspn(title, " ");
	in = fopen(path, "r");

	while (in && man_get_line(in, line)) {
		if (strncmp(line, "## ", 3) == 0)
			on = strcmp(line + 3, title) == 0;
		if (!on || (strncmp(line, "- ", 2) != 0 && strncmp(line, "  ", 2) != 0))
			continue;
		if (line[0] == '-')
			fputs(".IP \\(bu 3\n", p->out);
		man_prose(p->out, line + 2);
		found = true;
	}
	if (in)
		fclose(in);
	if (!found)
		man_fail(p, "no list in", rest);
}

/* ---- pages ------------------------------------------------------------------------------------ */

/* "@name 8 iptables, ip6tables \- purpose" */
static void begin_page(struct page *p, const char *line)
{
	char words[LINE], path[256], *purpose, *rest = NULL;

	p->section = atoi(line);
	snprintf(words, sizeof(words), "%s", line + strcspn(line, " "));
	purpose = strstr(words, " \\- ");
	if (!purpose || p->section < 1 || p->section > 8) {
		man_fail(p, "no name", line);
		return;
	}
	*purpose = '\0';
	for (char *w = strtok_r(words, ", ", &rest); w && p->count < MAX_NAMES; w = strtok_r(NULL, ", ", &rest))
		snprintf(p->names[p->count++], 64, "%.63s", w);
	snprintf(path, sizeof(path), "%s/%s.%d", p->folder, p->names[0], p->section);
	p->out = fopen(path, "w");
	if (!p->out) {
		man_fail(p, "cannot be written", path);
		return;
	}
	fprintf(p->out, ".\\\" Made from %s by make docs; do not edit.\n.TH ", p->source);
	for (const char *c = p->names[0]; *c; c++)
		putc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, p->out);
	fprintf(p->out, " %d %s \"Ravelin %s\" \"Ravelin\"\n.SH NAME\n", p->section, RAVELIN_DATE, RAVELIN_VERSION);
	man_prose(p->out, strchr(line, ' ') + 1);
}

/* Links for the other names of a page. */
static void link_names(struct page *p)
{
	char path[256];
	FILE *out;

	for (size_t i = 1; i < p->count; i++) {
		snprintf(path, sizeof(path), "%s/%s.%d", p->folder, p->names[i], p->section);
		out = fopen(path, "w");
		if (!out) {
			man_fail(p, "cannot be written", path);
			return;
		}
		fprintf(out, ".so man%d/%s.%d\n", p->section, p->names[0], p->section);
		fclose(out);
	}
}

static void put_file(struct page *p, const char *path);

static void put_part(struct page *p, const char *name)
{
	char path[LINE + 16];

	snprintf(path, sizeof(path), "cli/man/%s.man", name);
	put_file(p, path);
}

/* ---- directives ------------------------------------------------------------------------------- */

static void put_synopsis(struct page *p, const char *rest) { man_synopsis(p); }
static void put_commands(struct page *p, const char *rest) { man_core_rows(p, true); }
static void put_rule(struct page *p, const char *rest) { man_options(p, &rv_ext_ip); }
static void put_options(struct page *p, const char *rest) { man_program_options(p); }
static void put_programs(struct page *p, const char *rest) { man_programs(p->out); }
static void put_backends(struct page *p, const char *rest) { man_backends(p->out); }
static void put_matches(struct page *p, const char *rest) { man_extensions(p, RV_MATCH); }
static void put_targets(struct page *p, const char *rest) { man_extensions(p, RV_TARGET); }

static const struct directive {
	const char *word;
	void (*put)(struct page *p, const char *rest);	/* rest: arguments of the directive */
	bool rows;					/* notes to rows may follow */
} directives[] = {
	{ "name", begin_page },
	{ "synopsis", put_synopsis },
	{ "commands", put_commands, true },
	{ "rule", put_rule, true },
	{ "options", put_options, true },
	{ "programs", put_programs },
	{ "backends", put_backends },
	{ "matches", put_matches },
	{ "targets", put_targets },
	{ "include", put_part },
	{ "list", put_list },
};

static const struct directive *find_directive(struct page *p, const char *line)
{
	size_t len = strcspn(line, " ");

	for (size_t i = 0; i < sizeof(directives) / sizeof(*directives); i++) {
		const struct directive *d = &directives[i];

		if (strlen(d->word) != len || strncmp(d->word, line, len) != 0)
			continue;
		if (p->out || d->put == begin_page)
			return d;
		man_fail(p, "does not begin with @name", line);
		return NULL;
	}
	man_fail(p, "no such word", line);
	return NULL;
}

/* Executes a line with @. If another one follows, line contains it afterwards. */
static bool put_directive(struct page *p, FILE *in, char line[LINE])
{
	const struct directive *d = find_directive(p, line + 1);
	char rest[LINE];
	bool more;

	if (!d)
		return false;
	snprintf(rest, sizeof(rest), "%s", line + 1 + strlen(d->word));
	more = d->rows ? man_read_notes(p, in, line) : man_get_line(in, line);
	d->put(p, rest + strspn(rest, " "));
	man_end_notes(p);
	return more;
}

static void put_file(struct page *p, const char *path)
{
	FILE *in = fopen(path, "r");
	char line[LINE];
	bool more, example, after = false, heading = false;

	if (!in) {
		man_fail(p, "cannot be read", path);
		return;
	}
	more = man_get_line(in, line);
	while (more && !p->failed) {
		example = strcmp(line, "@example") == 0 && p->out;
		if (line[0] == '@' && !example) {
			more = put_directive(p, in, line);
			continue;
		}
		if (example)
			man_example(in, p->out, heading);
		else if (!man_is_remark(line) && p->out)
			man_next(p->out, line, &after);
		after = example;
		heading = strncmp(line, ".S", 2) == 0;
		more = man_get_line(in, line);
	}
	fclose(in);
}

/* Files without @name are only included. */
static bool is_page(const char *path)
{
	char line[LINE];
	bool found = false;
	FILE *in = fopen(path, "r");

	while (in && !found && man_get_line(in, line) && (man_is_remark(line) || line[0] == '@'))
		found = strncmp(line, "@name ", 6) == 0;
	if (in)
		fclose(in);
	return found;
}

int main(int argc, char **argv)
{
	int rc = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: manual FOLDER cli/man/NAME.man...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		struct page p = { .source = argv[i], .folder = argv[1] };

		if (!is_page(argv[i]))
			continue;
		put_file(&p, argv[i]);
		link_names(&p);
		if (p.out && fclose(p.out) != 0)
			man_fail(&p, "cannot be written", NULL);
		rc |= p.failed;
	}
	return rc;
}
