/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trials: a line is parsed and applied to a store that is never committed. */
#include <string.h>

#include "cli/hint/hint.h"
#include "formats/line.h"

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

void rv_hint_put_line(struct rv_buf *b, const struct rv_hint *h, const struct rv_hint_line *l)
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
		rv_hint_put_line(&line, t->h, before);
		rv_buf_add(&text, line.data, line.len);
		rv_buf_putc(&text, '\n');
		rv_buf_reset(&line);
		t->line++;
	}
	rv_hint_put_line(&line, t->h, l);
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

void rv_hint_try(struct rv_hint *h, const struct rv_hint_line *before, const struct rv_hint_line *l,
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
