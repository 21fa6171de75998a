/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for troff, and what stands in the files beside the sources. */
#include <stdlib.h>
#include <string.h>

#include "tools/manual/manual.h"

/* A text that is neither escape nor request to troff. */
void man_plain(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++)
		fprintf(out, *text == '\\' ? "\\e" : *text == '-' ? "\\-" : "%c", *text);
}

/* A line of prose: escapes of troff stay what they are. */
void man_prose(FILE *out, const char *line)
{
	bool bold = false;

	for (const char *c = line; *c; c++) {
		if (*c == '`') {
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", out);
		} else if (*c == '-' && (c == line || c[-1] != '\\')) {
			fputs("\\-", out);
		} else if (*c == '\\' && bold) {
			fputs("\\e", out);
		} else {
			putc(*c, out);
		}
	}
	putc('\n', out);
}

/* A line without what ends it. False at the end of the file. */
bool man_get_line(FILE *in, char line[LINE])
{
	if (!fgets(line, LINE, in))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

bool man_is_remark(const char *line)
{
	return strncmp(line, ".\\\"", 3) == 0;
}

/* Lines up to "@end" as they are; at first, they stand right behind a heading. */
void man_example(FILE *in, FILE *out, bool first)
{
	char line[LINE];

	fputs(first ? ".EX\n" : ".PP\n.EX\n", out);
	while (man_get_line(in, line) && strcmp(line, "@end") != 0) {
		man_plain(out, line);
		putc('\n', out);
	}
	fputs(".EE\n", out);
}

/* A paragraph begins behind an example. */
void man_next(FILE *out, const char *line, bool *after_example)
{
	if (*after_example && line[0] != '.')
		fputs(".PP\n", out);
	*after_example = false;
	man_prose(out, line);
}

/* What stands in extensions/NAME.man: prose and examples. */
bool man_sibling(FILE *out, const char *name)
{
	char path[128], line[LINE];
	bool after = false;
	FILE *in;

	snprintf(path, sizeof(path), "extensions/%s.man", name);
	in = fopen(path, "r");
	if (!in)
		return false;
	fputs(".PP\n", out);
	while (man_get_line(in, line)) {
		if (strcmp(line, "@example") == 0)
			man_example(in, out, false);
		else if (!man_is_remark(line))
			man_next(out, line, &after);
		after |= line[0] == '@';
	}
	fclose(in);
	return true;
}

void man_word(FILE *out, const char *dashes, const char *word)
{
	fprintf(out, "\\fB");
	man_plain(out, dashes);
	man_plain(out, word);
	fprintf(out, "\\fR");
}

void man_letter(FILE *out, char letter, const char *between)
{
	char word[] = { letter, '\0' };

	if (!letter)
		return;
	man_word(out, "-", word);
	fputs(between, out);
}

void man_arg(FILE *out, const char *arg)
{
	if (!arg || !*arg)
		return;
	fputs("\\fI", out);
	man_plain(out, arg);
	fputs("\\fR", out);
}

/* A line of help as a sentence. */
void man_sentence(FILE *out, const char *text)
{
	char first[] = { text ? *text : '\0', '\0' };

	if (!text || !*text)
		return;
	if (*first >= 'a' && *first <= 'z')
		*first += 'A' - 'a';
	man_plain(out, first);
	man_plain(out, text + 1);
	fputs(".\n", out);
}

/* What stands between one of a list, of which so many are left (bits), and the next. */
const char *man_between(uint64_t left)
{
	return !left ? "" : left & (left - 1) ? ", " : " or ";
}

/* "raw mangle" as a list. */
void man_tables(FILE *out, const char *tables)
{
	fputs(strchr(tables, ' ') ? "Only in tables " : "Only in table ", out);
	for (const char *c = tables; *c; c++)
		fputs(*c == ' ' ? ", " : (char[]){ *c, '\0' }, out);
	fputs(".\n", out);
}
