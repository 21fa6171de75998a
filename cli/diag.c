/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints errors. The first lines are those of iptables, which callers match. The source location
 * and the hint are printed only on a terminal or with RAVELIN_DIAGNOSTICS=1.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/hint/hint.h"

/* Fallback when memory ran out: the first line only, control bytes replaced by '?'. */
static void tell_short(char *text)
{
	bool terminal = isatty(STDERR_FILENO);

	text[strcspn(text, "\n")] = '\0';
	for (char *s = text; terminal && *s; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s >= 0x7f)
			*s = '?';
	dprintf(STDERR_FILENO, "%s\n", text);
}

int rv_cli_message(const char *fmt, ...)
{
	struct rv_buf b = RV_BUF_INIT;
	char *text = NULL, brief[2 * RV_ERROR_TEXT];
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	rv_buf_puts(&b, text ? text : "");
	rv_buf_putc(&b, '\n');
	if (!text || !rv_cli_tell(&b)) {
		vsnprintf(brief, sizeof(brief), fmt, again);
		tell_short(brief);
	}
	va_end(again);
	rv_buf_free(&b);
	free(text);
	return RV_EXIT_OTHER;
}

/* ---- the first line ------------------------------------------------------------- */

enum head { HEAD_NONE, HEAD_PROGRAM, HEAD_VERSION };
enum tail { TAIL_NONE, TAIL_TRY, TAIL_UPGRADE };

static const struct {
	enum head head;
	enum tail tail;
} forms[] = {
	[RV_ERR_NONE] = { HEAD_NONE, TAIL_NONE },
	[RV_ERR_USAGE] = { HEAD_VERSION, TAIL_TRY },
	[RV_ERR_BARE] = { HEAD_NONE, TAIL_TRY },
	[RV_ERR_PROBLEM] = { HEAD_VERSION, TAIL_NONE },
	[RV_ERR_VERSION] = { HEAD_VERSION, TAIL_UPGRADE },
	[RV_ERR_STATE] = { HEAD_PROGRAM, TAIL_NONE },
	[RV_ERR_RESTORE] = { HEAD_PROGRAM, TAIL_NONE },
	[RV_ERR_RESOURCE] = { HEAD_VERSION, TAIL_NONE },
	[RV_ERR_AGAIN] = { HEAD_VERSION, TAIL_NONE },
	[RV_ERR_MEMORY] = { HEAD_VERSION, TAIL_NONE },
};

/* The text may quote user input: control bytes must not reach a terminal. */
static void add_printable(struct rv_buf *b, const char *text)
{
	rv_cli_printable(b, text, strlen(text), "\n");
}

static bool in_restore_line(const struct rv_cli *cli, const struct rv_error *err)
{
	return (err->kind == RV_ERR_PROBLEM || err->kind == RV_ERR_RESOURCE) && cli->restore &&
	       err->loc.line && err->text[0] != '\n';
}

static void add_head(struct rv_buf *b, const struct rv_cli *cli, const struct rv_error *err)
{
	switch (forms[err->kind].head) {
	case HEAD_VERSION:
		rv_buf_printf(b, "%s v%s (%s): ", cli->name, RV_STOCK_VERSION, rv_cli_banner(cli));
		/*
		 * iptables' format for kernel errors in a restore, unless the text already has it.
		 */
		if (in_restore_line(cli, err))
			rv_buf_printf(b, "\nline %u:%s", err->loc.line,
				      err->text[0] == ' ' ? "" : " ");
		break;
	case HEAD_PROGRAM:
		rv_buf_printf(b, "%s: ", cli->name);
		if (err->kind == RV_ERR_STATE && cli->restore && err->loc.line)
			rv_buf_printf(b, "line %u failed: ", err->loc.line);
		break;
	case HEAD_NONE:
		break;
	}
}

static void add_tail(struct rv_buf *b, const struct rv_cli *cli, const struct rv_error *err)
{
	switch (forms[err->kind].tail) {
	case TAIL_TRY:
		if (cli->restore && err->loc.line)
			rv_buf_printf(b, "Error occurred at line: %u\n", err->loc.line);
		rv_buf_printf(b, "Try `%s -h' or '%s --help' for more information.\n",
			      cli->name, cli->name);
		break;
	case TAIL_UPGRADE:
		rv_buf_printf(b, "Perhaps %s or your kernel needs to be upgraded.\n", cli->name);
		break;
	case TAIL_NONE:
		break;
	}
}

/* ---- source location ------------------------------------------------------------- */

#define WIDTH 96	/* columns of the source line shown */
#define BEFORE 40	/* columns shown before the marked word, in longer lines */

/* First byte to show so that the word is visible; never within a UTF-8 character. */
static size_t window_start(const char *s, size_t len, size_t word)
{
	size_t at, columns = 0, start = 0;

	for (at = 0; at < len; ) {
		struct rv_glyph g = rv_cli_glyph(s + at, len - at);

		columns += g.columns;
		if (columns > WIDTH)
			break;
		at += g.bytes;
	}
	if (at >= len || word < BEFORE)
		return 0;
	while (start < word - BEFORE)
		start += rv_cli_glyph(s + start, len - start).bytes;
	return start;
}

/* The source line, and below it a caret under the word's first column and tildes under the rest. */
static void add_source(struct rv_buf *b, const char *s, size_t len, const struct rv_loc *loc)
{
	size_t first = loc->first < len ? loc->first : len, at = window_start(s, len, first);
	size_t columns = 0;
	struct rv_buf marks = RV_BUF_INIT;

	rv_buf_puts(b, at ? "  ..." : "  ");
	rv_buf_puts(&marks, at ? "     " : "  ");
	while (at < len) {
		struct rv_glyph g = rv_cli_glyph(s + at, len - at);
		bool in = at >= loc->first && at < loc->end;

		columns += g.columns;
		if (columns > WIDTH) {
			rv_buf_puts(b, "...");
			break;
		}
		rv_buf_puts(b, g.text);
		for (unsigned int i = 0; i < g.columns; i++)
			rv_buf_putc(&marks, !in ? ' ' : at == loc->first && !i ? '^' : '~');
		at += g.bytes;
	}
	if (loc->first >= len)
		rv_buf_putc(&marks, '^');
	while (marks.len && marks.data[marks.len - 1] == ' ')
		marks.len--;
	rv_buf_putc(b, '\n');
	rv_buf_add(b, marks.data, marks.len);
	rv_buf_putc(b, '\n');
	rv_buf_free(&marks);
}

bool rv_cli_for_a_person(void)
{
	const char *env = getenv("RAVELIN_DIAGNOSTICS");

	if (env)
		return strcmp(env, "1") == 0;
	return isatty(STDERR_FILENO);
}

void rv_cli_line(struct rv_buf *b, const struct rv_cli *cli, const struct rv_loc *loc)
{
	struct rv_buf line = RV_BUF_INIT;

	if (loc->first == loc->end)
		return;
	if (cli->text && loc->line)
		rv_source_line(&line, cli->text, cli->len, loc->line);
	else if (!cli->text)
		rv_source_argv(&line, cli->argc, cli->argv);
	if (line.len && rv_buf_ok(&line))
		add_source(b, line.data, line.len, loc);
	rv_buf_free(&line);
}

static void add_place(struct rv_buf *b, const struct rv_cli *cli, const struct rv_error *err)
{
	struct rv_buf hint = RV_BUF_INIT;
	struct rv_loc loc = err->loc;

	rv_cli_hint(cli, err, &loc, &hint);
	rv_cli_line(b, cli, &loc);
	if (hint.len && rv_buf_text(&hint))
		add_printable(b, hint.data);
	rv_buf_free(&hint);
}

void rv_cli_warnings(struct rv_buf *warnings)
{
	rv_cli_tell(warnings);
	rv_buf_free(warnings);
}

int rv_cli_error(const struct rv_cli *cli, const struct rv_error *err)
{
	struct rv_buf b = RV_BUF_INIT;

	if (err->warnings)
		rv_cli_warnings(err->warnings);
	if (err->text[0]) {
		add_head(&b, cli, err);
		add_printable(&b, err->text);
		rv_buf_putc(&b, '\n');
	}
	add_tail(&b, cli, err);
	if (rv_cli_for_a_person())
		add_place(&b, cli, err);
	if (!rv_cli_tell(&b))
		rv_cli_message("%s v%s (%s): %s", cli->name, RV_STOCK_VERSION, rv_cli_banner(cli),
			       err->text);
	rv_buf_free(&b);
	return (int)rv_error_exit(err);
}
