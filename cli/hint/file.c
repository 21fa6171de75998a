/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors of a restore file as a whole: bytes inserted by editors, missing lines. */
#include <ctype.h>
#include <string.h>

#include "cli/hint/hint.h"

/* Name of the file in commands shown to the user. */
static const char *file_name(const struct rv_hint *h)
{
	return h->cli->path && !strpbrk(h->cli->path, " '\"\\$`;&|<>()*?[]#~\t\n") ? h->cli->path
									       : "FILE";
}

/* A hint with a command that corrects the file. */
#define mend(h, hint, ...)					\
	do {							\
		rv_hint_tell(h, "%s", hint);			\
		rv_buf_printf(&(h)->shown, __VA_ARGS__);	\
	} while (0)

static bool begins(const struct rv_hint *h, const char *bytes)
{
	return h->cli->len >= strlen(bytes) && !memcmp(h->cli->text, bytes, strlen(bytes));
}

/* The erroneous line, without its newline. */
static struct rv_buf wrong_line(const struct rv_hint *h)
{
	struct rv_buf b = RV_BUF_INIT;

	if (h->err->loc.line)
		rv_source_line(&b, h->cli->text, h->cli->len, h->err->loc.line);
	rv_buf_text(&b);
	return b;
}

static void from_windows(struct rv_hint *h, const struct rv_buf *line)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	const char *name = file_name(h);

	if (begins(h, byte_order_mark))
		h->place = (struct rv_loc){ 1, 0, strlen(byte_order_mark) };
	if (begins(h, "\xff\xfe") || begins(h, "\xfe\xff"))
		mend(h, "The file is UTF-16, as written by Windows programs. Convert it to UTF-8.",
		     "iconv -f UTF-16 -t UTF-8 -o %s.new %s && mv %s.new %s", name, name, name, name);
	else if (begins(h, byte_order_mark))
		mend(h, "The file begins with a byte order mark, as written by Windows editors. Remove it.",
		     "sed -i '1s/^\\xef\\xbb\\xbf//' %s", name);
	else if (line->len && line->data[line->len - 1] == '\r')
		mend(h, "The lines end in CR LF, as written by Windows editors. Remove the CR.",
		     "sed -i 's/\\r$//' %s", name);
}

/* Whether the text has this line before line number end. */
static bool has_line(const struct rv_hint *h, const char *wanted, uint32_t end)
{
	const char *at = h->cli->text, *stop = at + h->cli->len;

	for (uint32_t i = 1; at < stop && i < end; i++) {
		const char *newline = memchr(at, '\n', stop - at);
		size_t len = (newline ? newline : stop) - at;

		if (len == strlen(wanted) && !memcmp(at, wanted, len))
			return true;
		at = newline ? newline + 1 : stop;
	}
	return false;
}

/* "*FILTER", "commit", "COMMIT " */
static void misspelt(struct rv_hint *h, const struct rv_buf *line)
{
	unsigned int number = h->err->loc.line;
	size_t len = line->len;
	struct rv_near n;

	while (len && isspace((unsigned char)line->data[len - 1]))
		len--;
	if (len == strlen("COMMIT") && strcmp(line->data, "COMMIT") != 0 &&
	    !strncasecmp(line->data, "COMMIT", len)) {
		rv_hint_tell(h, "Write COMMIT in capitals, with nothing else on the line.");
		rv_buf_printf(&h->shown, "sed -i '%us/.*/COMMIT/' %s", number, file_name(h));
	}
	if (line->data[0] != '*')
		return;
	rv_near_start(&n, line->data + 1, strcspn(line->data + 1, " \t"));
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		rv_near_try(&n, def->name);
	if (n.count) {
		rv_hint_tell(h, "Did you mean *%s?", n.best[0].text);
		rv_buf_printf(&h->shown, "sed -i '%us/.*/*%s/' %s", number, n.best[0].text,
			      file_name(h));
	}
}

/* ":chain policy [packets:bytes]" */
static void declaration(struct rv_hint *h, const struct rv_buf *line)
{
	char *at = line->data + 1 + strcspn(line->data + 1, " \t"), *word = at + strspn(at, " \t");
	size_t len = strcspn(word, " \t");
	struct rv_near n;

	if (strstr(h->err->text, "policy invalid") || strstr(h->err->text, "policy counters")) {
		rv_hint_tell(h, "A chain line has a policy and counters, such as \":INPUT ACCEPT [0:0]\", "
			     "or for a user-defined chain \":NAME - [0:0]\".");
		return;
	}
	if (!strstr(h->err->text, "Bad policy"))
		return;
	rv_near_start(&n, word, len);
	rv_near_try(&n, "ACCEPT");
	rv_near_try(&n, "DROP");
	h->place = (struct rv_loc){ h->err->loc.line, (uint32_t)(word - line->data),
				    (uint32_t)(word - line->data + len) };
	rv_hint_tell(h, "The policy of a built-in chain is ACCEPT or DROP, in capitals.");
	if (n.count)
		rv_buf_printf(&h->shown, "sed -i '%us/%.*s/%s/' %s", h->err->loc.line, (int)len, word,
			      n.best[0].text, file_name(h));
}

/* A line outside any table. */
static void outside(struct rv_hint *h, const struct rv_buf *line)
{
	unsigned int number = h->err->loc.line;

	h->place = (struct rv_loc){ number, 0, (uint32_t)strcspn(line->data, " \t") };
	if (has_line(h, "COMMIT", number) && !strcmp(line->data, "COMMIT")) {
		rv_hint_tell(h, "There is an extra COMMIT: the table was already complete before line %u.",
			     number);
		rv_buf_printf(&h->shown, "sed -i %ud %s", number, file_name(h));
	} else if (line->data[0] == '-' || line->data[0] == ':') {
		rv_hint_tell(h, "Line %u is not in a table: precede it with a table line "
			     "such as *filter, and end the table with COMMIT.", number);
		if (!has_line(h, "COMMIT", number))
			rv_buf_printf(&h->shown, "sed -i '%ui*filter' %s", number, file_name(h));
	} else if (strstr(line->data, "tables ") || begins(h, "#!")) {
		rv_hint_tell(h, "This is a shell script, not a restore file: run it with sh.");
		if (h->cli->path)
			rv_buf_printf(&h->shown, "sh %s", file_name(h));
	}
}

static void no_commit(struct rv_hint *h)
{
	bool ended = !h->cli->len || h->cli->text[h->cli->len - 1] == '\n';

	mend(h, "The last table is incomplete: add a line COMMIT at its end.",
	     "%s COMMIT >>%s", ended ? "echo" : "printf '\\n%s\\n'", file_name(h));
}

/* A table that starts before the previous one is complete. */
static void inner_table(struct rv_hint *h, const struct rv_buf *line)
{
	unsigned int number = h->err->loc.line;

	rv_hint_tell(h, "The line COMMIT is missing before %s.", line->data);
	rv_buf_printf(&h->shown, "sed -i '%uiCOMMIT' %s", number, file_name(h));
}

static bool in_table(const struct rv_hint *h)
{
	const char *at = h->cli->text, *stop = at + h->cli->len;
	bool in = false;

	for (uint32_t i = 1; at < stop && i < h->err->loc.line; i++) {
		const char *newline = memchr(at, '\n', stop - at);

		if (*at == '*')
			in = true;
		else if (newline && newline - at == 6 && !memcmp(at, "COMMIT", 6))
			in = false;
		at = newline ? newline + 1 : stop;
	}
	return in;
}

void rv_hint_file(struct rv_hint *h)
{
	struct rv_buf line = wrong_line(h);

	from_windows(h, &line);
	if (!h->hint.len && h->err->kind == RV_ERR_RESTORE && strstr(h->err->text, "COMMIT expected"))
		no_commit(h);
	else if (!h->hint.len && line.len && in_table(h) && line.data[0] == '*')
		inner_table(h, &line);
	if (!h->hint.len && line.len)
		misspelt(h, &line);
	if (!h->hint.len && line.len && line.data[0] == ':')
		declaration(h, &line);
	if (!h->hint.len && line.len && !in_table(h) && line.data[0] != '*')
		outside(h, &line);
	rv_buf_free(&line);
}
