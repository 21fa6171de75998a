/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Search for hints: candidate lines are generated and tried; the first valid one is shown. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/line.h"
#include "cli/hint/hint.h"
#include "cli/programs.h"

#define MAX_TRIALS 600
#define MAX_SECONDS 2		/* a candidate may resolve host names */
#define MAX_STEPS 3		/* maximum mistakes corrected in one line */

struct rv_hint_text {
	struct rv_hint_text *next;
	char text[];
};

const char *rv_hint_text(struct rv_hint *h, const char *fmt, ...)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_hint_text *t = NULL;
	va_list ap;
	char line[4096];

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	t = malloc(sizeof(*t) + strlen(line) + 1);
	rv_buf_free(&b);
	if (!t)
		return "";
	strcpy(t->text, line);
	t->next = h->texts;
	h->texts = t;
	return t->text;
}

/* ---- lines ------------------------------------------------------------------------- */

struct rv_hint_line rv_hint_put(const struct rv_hint_line *l, size_t at, const char *word)
{
	struct rv_hint_line new = *l;

	new.word[at] = word;
	return new;
}

struct rv_hint_line rv_hint_insert(const struct rv_hint_line *l, size_t at, const char *one,
				   const char *two)
{
	struct rv_hint_line new = *l;
	size_t n = two ? 2 : 1;

	if (l->count + n > RV_HINT_WORDS || at > l->count)
		return new;
	memmove(&new.word[at + n], &new.word[at], (l->count - at) * sizeof(new.word[0]));
	new.word[at] = one;
	if (two)
		new.word[at + 1] = two;
	new.count += n;
	return new;
}

struct rv_hint_line rv_hint_remove(const struct rv_hint_line *l, size_t at, size_t count)
{
	struct rv_hint_line new = *l;

	if (at > l->count)
		return new;
	if (count > l->count - at)
		count = l->count - at;
	memmove(&new.word[at], &new.word[at + count],
		(l->count - at - count) * sizeof(new.word[0]));
	new.count -= count;
	return new;
}

struct rv_hint_line rv_hint_move(const struct rv_hint_line *l, size_t from, size_t count, size_t to)
{
	struct rv_hint_line new;

	if (from > l->count || to > l->count)
		return *l;
	if (count > l->count - from)
		count = l->count - from;
	new = rv_hint_remove(l, from, count);
	if (to > from)
		to = to > from + count ? to - count : from;
	for (size_t i = 0; i < count; i++)
		new = rv_hint_insert(&new, to + i, l->word[from + i], NULL);
	return new;
}

size_t rv_hint_find(const struct rv_hint_line *l, const char *letter, const char *name)
{
	for (size_t i = 1; i < l->count; i++)
		if ((letter && !strcmp(l->word[i], letter)) || (name && !strcmp(l->word[i], name)))
			return i;
	return 0;
}

size_t rv_hint_command(const struct rv_hint_line *l)
{
	for (size_t i = 1; i < l->count; i++) {
		const char *word = l->word[i];

		if (word[0] != '-')
			continue;
		for (const struct rv_core_option *o = rv_core_options; o->name; o++)
			if (o->command != RV_CMD_NONE &&
			    (word[1] == '-' ? !strcmp(word + 2, o->name) : word[1] == o->letter))
				return i;
	}
	return 0;
}

const char *rv_hint_table(const struct rv_hint_line *l)
{
	size_t at = rv_hint_find(l, "-t", "--table");

	return at && at + 1 < l->count ? l->word[at + 1] : "filter";
}

struct rv_completion rv_hint_role(const struct rv_hint_line *l, size_t at)
{
	char *words[RV_HINT_WORDS];
	struct rv_completion c;

	/* The words are not modified. */
	memcpy(words, l->word, sizeof(words));
	rv_complete(&c, l->family, (int)at + 1, words);
	return c;
}

/* ---- output -------------------------------------------------------------------------------- */

/* A shell word: unquoted or in single quotes. */
static void add_shell_word(struct rv_buf *b, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_=+,./:@%^!";

	if (*word && !word[strspn(word, plain)]) {
		rv_buf_puts(b, word);
		return;
	}
	rv_buf_putc(b, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			rv_buf_puts(b, "'\\''");
		else
			rv_buf_putc(b, *word);
	}
	rv_buf_putc(b, '\'');
}

static void add_line(struct rv_buf *b, const struct rv_hint *h, const struct rv_hint_line *l)
{
	if (!h->file)
		rv_buf_puts(b, l->word[0]);
	else if (h->counters)
		rv_buf_printf(b, "%s ", h->counters);
	for (size_t i = l->first; i < l->count; i++) {
		if (b->len && !(h->file && i == l->first))
			rv_buf_putc(b, ' ');
		if (h->file)
			rv_print_quoted(b, l->word[i]);
		else
			add_shell_word(b, l->word[i]);
	}
}

/* ---- trials ------------------------------------------------------------------------------ */

/* A trial: the words are parsed and applied to a store that is never committed. */
struct trial {
	struct rv_hint *h;
	struct rv_hint_trial *result;
	struct rv_store store;
	bool open;
	uint32_t line;			/* line of a file's text to be tried */
};

/* Hooks of the command's chain; 0: a user-defined chain. */
static uint32_t hooks_of(const struct rv_command *cmd)
{
	for (unsigned int i = 0; i < cmd->table->nbase; i++)
		if (!strcmp(cmd->table->base[i].name, cmd->chain))
			return 1U << cmd->table->base[i].hook;
	return 0;
}

/* Checks what the kernel would refuse; returns the extension in *ext. */
static void check_places(const struct rv_command *cmd, struct rv_misplaced *m,
			 const struct rv_ext **ext)
{
	*ext = NULL;
	if (cmd->kind != RV_CMD_APPEND && cmd->kind != RV_CMD_INSERT && cmd->kind != RV_CMD_REPLACE)
		return;
	rv_list_each(r, &cmd->rules, struct rv_rule, node)
		if (!*ext && rv_rule_misplaced(cmd->table, hooks_of(cmd), r, m))
			*ext = m->part->ext;
}

/* Without access to a backend, only base chains are known. */
static int apply(struct trial *t, struct rv_command *cmd, struct rv_error *err)
{
	bool exists = true;

	if (!t->open)
		return !t->h->stored || !cmd->chain[0] || hooks_of(cmd) ? 0 :
			rv_fail(err, RV_ERR_STATE, &cmd->chain_loc, "no such chain");
	if (cmd->kind != RV_CMD_LIST && cmd->kind != RV_CMD_LIST_RULES)
		return rv_store_apply(&t->store, cmd, err);
	if (cmd->chain[0] && rv_store_chain_exists(&t->store, cmd->table, cmd->chain, &exists, err))
		return -1;
	return exists ? 0 : rv_fail(err, RV_ERR_STATE, &cmd->chain_loc, "no such chain");
}

static int do_command(struct trial *t, struct rv_command *cmd, struct rv_error *err)
{
	const struct rv_ext *ext;

	if (cmd->kind == RV_CMD_NONE)
		return 0;
	/* Before the store takes ownership of the rules. */
	check_places(cmd, &t->result->misplaced, &ext);
	if (apply(t, cmd, err))
		return -1;
	t->result->ext = ext;
	return ext ? rv_fail(err, RV_ERR_PROBLEM, &cmd->loc, "misplaced: %s", ext->name) : 0;
}

static int try_words(struct trial *t, const struct rv_hint_line *l)
{
	struct rv_error *err = &t->result->err;
	struct rv_command cmd;
	struct rv_options opts;
	char *words[RV_HINT_WORDS];
	int rc;

	memcpy(words, l->word, sizeof(words));
	rv_command_init(&cmd);
	rc = rv_parse_argv((int)l->count, words, l->family, &cmd, &opts, err) ||
	     do_command(t, &cmd, err) ? -1 : 0;
	rv_command_clear(&cmd);
	return rc;
}

/* Columns refer to argv joined with spaces. */
static size_t word_at(const struct rv_hint_line *l, const struct rv_loc *loc)
{
	size_t column = 0;

	if (loc->first == loc->end)
		return 0;
	for (size_t i = 0; i < l->count; i++) {
		column += strlen(l->word[i]) + 1;
		if (loc->first < column)
			return i;
	}
	return 0;
}

/* ---- files -------------------------------------------------------------------------------- */

static int trial_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip,
		       void *arg, struct rv_error *err)
{
	struct trial *t = arg;
	struct rv_command clear;
	int rc;

	if (t->h->cli->noflush || !t->open)
		return 0;
	rv_command_init(&clear);
	clear.kind = RV_CMD_CLEAR;
	clear.table = def;
	clear.loc = *loc;
	rc = rv_store_apply(&t->store, &clear, err);
	rv_command_clear(&clear);
	return rc;
}

/* Of the lines before, only chains matter; they are known to be valid. */
static int trial_command(struct rv_command *cmd, const struct rv_options *opts, void *arg,
			 struct rv_error *err)
{
	struct trial *t = arg;
	int rc = do_command(t, cmd, err);

	if (!rc || (t->line && cmd->loc.line != t->line)) {
		rv_error_reset(err);
		return 0;
	}
	return rc;
}

static int trial_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	return 0;
}

static int try_text(struct trial *t, const char *text, size_t len)
{
	const struct rv_restore_sink sink = {
		.program = t->h->cli->name, .table = trial_table, .command = trial_command,
		.commit = trial_commit, .arg = t,
	};

	t->store.bulk = true;
	return rv_parse_restore(text, len, t->h->cli->family, &sink, &t->result->err);
}

/* Whether a line of a file creates, deletes or renames a chain; other lines are ignored. */
static bool is_about_chains(const char *line, size_t len)
{
	static const char *const starts[] = { ":", "-N", "--new", "-X", "--delete-c", "-E", "--ren" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (len >= strlen(starts[i]) && !strncmp(line, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/* Relevant lines of the table before the erroneous one. */
static void add_chains(struct rv_buf *b, const struct rv_hint *h, uint32_t *lines)
{
	const char *at = h->cli->text, *end = at + h->cli->len, *start = NULL;
	uint32_t number = 1;

	for (const char *next; at < end && number < h->err->loc.line; at = next, number++) {
		const char *newline = memchr(at, '\n', end - at);

		next = newline ? newline + 1 : end;
		if (*at == '*')
			start = at;
	}
	end = at;
	for (at = start; at && at < end; (*lines)++) {
		const char *newline = memchr(at, '\n', end - at), *next = newline ? newline + 1 : end;

		if (at == start || is_about_chains(at, next - at))
			rv_buf_add(b, at, next - at);
		else
			rv_buf_putc(b, '\n');
		at = next;
	}
}

/* Offset in a line of a file of the word the error refers to. */
static size_t file_word_at(const struct rv_hint *h, const struct rv_hint_line *l, const char *text,
			   const struct rv_loc *loc)
{
	struct rv_line cut = { 0 };
	size_t at = 0, skipped = h->counters ? 1 : 0;

	if (loc->first != loc->end && rv_line_cut(&cut, text, strlen(text), true))
		for (size_t i = skipped; i < cut.count && cut.word[i].first <= loc->first; i++)
			at = l->first + i - skipped;
	rv_line_free(&cut);
	return at < l->count ? at : 0;
}

static int try_line(struct trial *t, const struct rv_hint_line *before,
		    const struct rv_hint_line *l)
{
	struct rv_buf text = RV_BUF_INIT, line = RV_BUF_INIT;
	struct rv_hint_trial *r = t->result;
	int rc = -1;

	t->line = 1;
	add_chains(&text, t->h, &t->line);
	if (before) {
		add_line(&line, t->h, before);
		rv_buf_add(&text, line.data, line.len);
		rv_buf_putc(&text, '\n');
		rv_buf_reset(&line);
		t->line++;
	}
	add_line(&line, t->h, l);
	rv_buf_add(&text, line.data, line.len);
	rv_buf_puts(&text, "\nCOMMIT\n");
	if (rv_buf_text(&line) && rv_buf_text(&text)) {
		rc = try_text(t, text.data, text.len);
		if (rc && r->err.loc.line == t->line)
			r->at = file_word_at(t->h, l, line.data, &r->err.loc);
	}
	rv_buf_free(&text);
	rv_buf_free(&line);
	return rc;
}

/* ---- search ---------------------------------------------------------------------------------- */

static void try(struct rv_hint *h, const struct rv_hint_line *before, const struct rv_hint_line *l,
		struct rv_hint_trial *result)
{
	struct trial t = { .h = h, .result = result };
	struct rv_error ignored = { 0 };
	int rc;

	*result = (struct rv_hint_trial){ 0 };
	h->trials++;
	t.open = h->stored && rv_store_open(&t.store, h->cli->spec, l->family, true, &ignored) == 0;
	if (h->file) {
		rc = try_line(&t, before, l);
	} else {
		rc = (before ? try_words(&t, before) : 0) || try_words(&t, l) ? -1 : 0;
		result->at = rc ? word_at(l, &result->err.loc) : 0;
	}
	if (rc && result->err.kind == RV_ERR_NONE)
		result->err.kind = RV_ERR_MEMORY;
	if (t.open)
		rv_store_close(&t.store);
}

static bool is_over(const struct rv_hint *h)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return h->hint.len || h->trials >= MAX_TRIALS || now.tv_sec - h->start.tv_sec > MAX_SECONDS;
}

static void try_generators(struct rv_hint *h, const struct rv_hint_case *c)
{
	static rv_hint_rule *const *const tables[] = {
		rv_hint_word_rules, rv_hint_option_rules, rv_hint_place_rules,
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (rv_hint_rule *const *rule = tables[i]; *rule && !is_over(h); rule++)
			(*rule)(h, c);
}

/* A different error than before: one mistake is corrected. */
static bool is_progress(const struct rv_hint_trial *was, const struct rv_hint_trial *is)
{
	return is->at && (strcmp(was->err.text, is->err.text) != 0);
}

void rv_hint_propose(struct rv_hint *h, const struct rv_hint_case *c,
		     const struct rv_hint_line *before, const struct rv_hint_line *line,
		     const char *fmt, ...)
{
	struct rv_hint_trial trial;
	size_t said = h->said.len;
	char text[RV_ERROR_TEXT];
	va_list ap;

	if (is_over(h))
		return;
	try(h, before, line, &trial);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_buf_printf(&h->said, "%s%s", said ? " " : "", text);
	if (trial.err.kind == RV_ERR_NONE) {
		rv_buf_add(&h->hint, h->said.data, h->said.len);
		if (before) {
			add_line(&h->shown, h, before);
			rv_buf_puts(&h->shown, h->file ? "\n      " : " && ");
		}
		add_line(&h->shown, h, line);
	} else if (!before && h->depth < h->limit && is_progress(c->trial, &trial)) {
		const struct rv_hint_case next = { line, &trial, trial.at };

		h->depth++;
		try_generators(h, &next);
		h->depth--;
	}
	h->said.len = said;
}

void rv_hint_mark(struct rv_hint *h, const struct rv_hint_case *c, size_t at)
{
	bool whole = c->at == rv_hint_command(c->line) || (!c->at && h->err->loc.first != h->err->loc.end);

	/* Offsets refer to the original line only. */
	if (!h->depth && !h->hint.len && whole && at && at < c->line->count)
		h->mark = at;
}

void rv_hint_tell(struct rv_hint *h, const char *fmt, ...)
{
	char text[RV_ERROR_TEXT];
	va_list ap;

	if (h->hint.len)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_buf_puts(&h->hint, text);
}

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

/* Tries corrections of one mistake, then two, then three. */
static void search_corrections(struct rv_hint *h, const struct rv_hint_line *l)
{
	struct rv_hint_trial trial;
	struct rv_hint_case c = { .line = l, .trial = &trial };

	try(h, NULL, l, &trial);
	c.at = trial.at;
	if (h->err->loc.first == h->err->loc.end)
		h->mark = trial.at;
	if (trial.err.kind != RV_ERR_NONE)
		for (h->limit = 0; h->limit < MAX_STEPS && !is_over(h); h->limit++)
			try_generators(h, &c);
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
			     .file = cli->text != NULL };

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
	while (h.texts) {
		struct rv_hint_text *t = h.texts;

		h.texts = t->next;
		free(t);
	}
	rv_buf_free(&h.said);
	rv_buf_free(&h.hint);
	rv_buf_free(&h.shown);
}
