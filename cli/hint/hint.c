/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hint for an error: its line, the search for a correction, and what is printed. */
#include <string.h>

#include "cli/hint/hint.h"
#include "cli/programs.h"
#include "formats/line.h"

/* ---- erroneous line -------------------------------------------------------------------------- */

static bool line_of_argv(struct rv_hint *h, struct rv_hint_line *l)
{
	const struct rv_cli *cli = h->cli;

	if (cli->argc < 1 || cli->argc > RV_HINT_WORDS)
		return false;
	for (int i = 0; i < cli->argc; i++)
		l->word[i] = cli->argv[i];
	l->word[0] = cli->name;
	l->count = (size_t)cli->argc;
	l->first = 1;
	return true;
}

/* The table of a line in a file; NULL: none. */
static const struct rv_table_def *table_of(const struct rv_cli *cli, uint32_t line)
{
	const char *at = cli->text, *end = at + cli->len, *start = NULL;
	char name[32];
	size_t len;

	for (uint32_t i = 1; at < end && i < line; i++) {
		const char *newline = memchr(at, '\n', end - at);

		if (*at == '*')
			start = at + 1;
		else if (newline && newline - at == 6 && !memcmp(at, "COMMIT", 6))
			start = NULL;
		at = newline ? newline + 1 : end;
	}
	len = start ? strcspn(start, " \t\n") : sizeof(name);
	if (len >= sizeof(name))
		return NULL;
	memcpy(name, start, len);
	name[len] = '\0';
	return rv_table_def_find(name);
}

static bool line_of_file(struct rv_hint *h, struct rv_hint_line *l)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_line cut = { 0 };
	bool ok;

	h->def = table_of(h->cli, h->err->loc.line);
	rv_source_line(&b, h->cli->text, h->cli->len, h->err->loc.line);
	ok = h->def && b.len && !memchr(b.data, '\0', b.len) && !strchr(":*#", b.data[0]) &&
	     rv_line_cut(&cut, b.data, b.len, true) && cut.count + 3 <= RV_HINT_WORDS;
	if (ok) {
		size_t i = 0;

		l->word[l->count++] = rv_family(l->family)->tool;
		l->word[l->count++] = "-t";
		l->word[l->count++] = h->def->name;
		l->first = l->count;
		if (cut.count && cut.word[0].text[0] == '[' && !cut.word[0].quoted)
			h->counters = rv_hint_text(h, "%s", cut.word[i++].text);
		for (; i < cut.count; i++)
			l->word[l->count++] = rv_hint_text(h, "%s", cut.word[i].text);
	}
	rv_line_free(&cut);
	rv_buf_free(&b);
	return ok;
}

static void search_corrections(struct rv_hint *h, const struct rv_hint_line *l)
{
	struct rv_hint_trial trial;
	struct rv_hint_case c = { .line = l, .trial = &trial };

	rv_hint_search(h, &c, &trial);
	rv_hint_explain(h, &c);
}

/* The kernel refused a match or target named in the error text. */
static void mark_refused(struct rv_hint *h, const struct rv_hint_line *l)
{
	const struct rv_hint_case c = { .line = l };

	for (size_t i = l->first + 1; i < l->count; i++) {
		const char *name = rv_hint_text(h, " `%s' ", l->word[i]);

		if (l->word[i - 1][0] == '-' && strstr(h->err->text, name))
			rv_hint_mark(h, &c, i);
	}
}

static void find_hint(struct rv_hint *h)
{
	struct rv_hint_line l = { .family = h->cli->family };
	bool known = h->err->hint[0], line;

	if (!known && h->file)
		rv_hint_file(h);
	line = h->file ? h->err->loc.line && line_of_file(h, &l) : line_of_argv(h, &l);
	if (line && known)
		mark_refused(h, &l);
	if (known)
		rv_hint_tell(h, "%s", h->err->hint);
	else if (line && !h->hint.len)
		search_corrections(h, &l);
	else if (!h->hint.len)
		rv_hint_explain(h, NULL);
}

static rv_hint_rule *const *const generators[] = {
	rv_hint_word_rules, rv_hint_option_rules, rv_hint_place_rules, NULL,
};

static bool is_stored(const struct rv_cli *cli)
{
	return cli->program && cli->program->reads & RV_STORED;
}

/* Narrows the location of an error that covers a whole command. */
static void point_at(const struct rv_hint *h, struct rv_loc *loc)
{
	const struct rv_cli *cli = h->cli;
	struct rv_buf b = RV_BUF_INIT;
	struct rv_line cut = { 0 };
	size_t column = 0, i;

	if (h->file) {
		rv_source_line(&b, cli->text, cli->len, h->err->loc.line);
		i = h->mark - 3 + (h->counters ? 1 : 0);
		if (b.len && rv_line_cut(&cut, b.data, b.len, true) && i < cut.count) {
			loc->first = (uint32_t)cut.word[i].first;
			loc->end = loc->first + (uint32_t)strlen(cut.word[i].text);
		}
		rv_line_free(&cut);
		rv_buf_free(&b);
		return;
	}
	for (i = 0; i < h->mark; i++)
		column += strlen(cli->argv[i]) + 1;
	loc->first = (uint32_t)column;
	loc->end = (uint32_t)(column + strlen(cli->argv[h->mark]));
}

void rv_cli_hint(const struct rv_cli *cli, const struct rv_error *err, struct rv_loc *loc,
		 struct rv_buf *b)
{
	struct rv_hint h = { .cli = cli, .err = err, .stored = is_stored(cli),
			     .file = cli->text != NULL, .generators = generators };

	clock_gettime(CLOCK_MONOTONIC, &h.start);
	if (cli->program && (!cli->program->flags || cli->text))
		find_hint(&h);
	else if (err->hint[0])
		rv_hint_tell(&h, "%s", err->hint);
	if (h.mark)
		point_at(&h, loc);
	if (h.place.line)
		*loc = h.place;
	if (h.hint.len && rv_buf_ok(&h.hint))
		rv_buf_printf(b, "hint: %s\n", rv_buf_text(&h.hint));
	if (h.shown.len && rv_buf_ok(&h.shown))
		rv_buf_printf(b, "try:  %s\n", rv_buf_text(&h.shown));
	rv_hint_free_texts(&h);
	rv_buf_free(&h.said);
	rv_buf_free(&h.hint);
	rv_buf_free(&h.shown);
}
