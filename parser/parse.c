/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry points for command lines and restore files, and their text for messages. */
#include <stdlib.h>
#include <string.h>

#include "parser/parse.h"
#include "parser/grammar.h"

/* The scanner jumps back here when it runs out of memory; bison's stack does not need that. */
static int parse_input(struct rv_parser *p)
{
	if (setjmp(p->fatal))
		return rv_fail_memory(p->err);
	return rv_grammar_parse(p);
}

static int parse_words(struct rv_parser *p, int start)
{
	int rc;

	p->held = start;
	if (rv_scan_open(p))
		return -1;
	rc = parse_input(p);
	rv_scan_close(p);
	if (rc && p->err->kind == RV_ERR_NONE)
		rv_fail_memory(p->err);
	return rc ? -1 : 0;
}

static void clear(struct rv_parser *p)
{
	rv_rule_free(p->rule);
	free(p->line);
	free(p->slot);
	free(p->place);
}

/* Joins the words, each followed by the separator. */
static int join_words(struct rv_buf *b, int argc, char *const argv[], char between,
		      struct rv_error *err)
{
	for (int i = 0; i < argc; i++) {
		rv_buf_puts(b, argv[i]);
		if (i + 1 < argc || !between)
			rv_buf_putc(b, between);
	}
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}

int rv_parse_argv(int argc, char *const argv[], rv_family_t family, struct rv_command *cmd,
		  struct rv_options *opts, struct rv_error *err)
{
	struct rv_buf words = RV_BUF_INIT;
	struct rv_parser p = {
		.family = family, .err = err, .cmd = cmd, .opts = opts,
		.argc = argc, .argv = argv, .argi = 1, .table.text = "filter",
	};
	int rc;

	*opts = (struct rv_options){ .family = family };
	rc = argc > 0 ? join_words(&words, argc, argv, '\0', err) : 0;
	if (!rc) {
		/* The program name is not parsed, but counted in columns. */
		p.col = argc > 0 ? strlen(argv[0]) + 1 : 0;
		p.text = words.len ? words.data : "";
		p.at = p.col;
		p.len = words.len;
		rc = parse_words(&p, RV_TOK_ARGV);
	}
	clear(&p);
	rv_buf_free(&words);
	return rc;
}

int rv_parse_restore(const char *text, size_t len, rv_family_t family,
		     const struct rv_restore_sink *sink, struct rv_error *err)
{
	struct rv_command cmd;
	struct rv_options opts = { .family = family };
	struct rv_parser p = {
		.family = family, .err = err, .cmd = &cmd, .opts = &opts, .sink = sink,
		.text = text, .len = len, .number = 1, .table.text = "",
	};
	int rc;

	rv_command_init(&cmd);
	rc = parse_words(&p, RV_TOK_RESTORE);
	rv_command_clear(&cmd);
	clear(&p);
	return rc;
}

void rv_source_argv(struct rv_buf *b, int argc, char *const argv[])
{
	struct rv_error ignored = { 0 };

	join_words(b, argc, argv, ' ', &ignored);
}

void rv_source_line(struct rv_buf *b, const char *text, size_t len, uint32_t line)
{
	const char *at = text, *end = text + len, *newline = NULL;

	for (; line > 1 && at < end; line--) {
		newline = memchr(at, '\n', end - at);
		at = newline ? newline + 1 : end;
	}
	newline = at < end ? memchr(at, '\n', end - at) : NULL;
	if (at < end)
		rv_buf_add(b, at, (newline ? newline : end) - at);
}
