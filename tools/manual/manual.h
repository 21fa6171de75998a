/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the manual page generator; see main.c. */
#ifndef RAVELIN_MANUAL_H
#define RAVELIN_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

#include <ravelin/extension.h>

#define LINE 1024
#define MAX_NAMES 24
#define MAX_NOTES 64

/* What follows "@ --name". */
struct note {
	char option[64];
	struct rv_buf text;
	bool used;
};

/* A page that is being written. */
struct page {
	const char *source;		/* the file that it is made of */
	const char *folder;		/* where it goes */
	FILE *out;			/* NULL: it has not begun */
	char names[MAX_NAMES][64];	/* the first is the page's, others lead to it */
	size_t count;
	int section;
	bool failed;
	struct note note[MAX_NOTES];
	size_t notes;
};

/* A message; the page counts as failed. name: may be NULL. */
void man_fail(struct page *p, const char *what, const char *name);

/* ---- text.c -------------------------------------------------------------------------- */

/* A text that is neither escape nor request to troff. */
void man_plain(FILE *out, const char *text);
/* A line of prose: escapes of troff stay what they are. */
void man_prose(FILE *out, const char *line);
/* The same; behind an example, a paragraph begins with it. */
void man_next(FILE *out, const char *line, bool *after_example);
/* Lines of in up to "@end" as they are; at first, they stand right behind a heading. */
void man_example(FILE *in, FILE *out, bool first);
/* What stands in extensions/NAME.man. False: there is no such file. */
bool man_sibling(FILE *out, const char *name);
/* Reads a line, without what ends it. False at the end of the file. */
bool man_get_line(FILE *in, char line[LINE]);
bool man_is_remark(const char *line);
/* A bold word with dashes before it. */
void man_word(FILE *out, const char *dashes, const char *word);
/* "-x" and what stands between it and the next; nothing for 0. */
void man_letter(FILE *out, char letter, const char *between);
/* An argument, or nothing. */
void man_arg(FILE *out, const char *arg);
/* A line of help as a sentence. */
void man_sentence(FILE *out, const char *text);
/* "raw mangle" as a sentence. */
void man_tables(FILE *out, const char *tables);
/* What stands between one of a list, of which so many are left (bits), and the next. */
const char *man_between(uint64_t left);

/* ---- notes.c ------------------------------------------------------------------------- */

/* Takes the notes behind a directive; what comes next is in line. False at the end of the file. */
bool man_read_notes(struct page *p, FILE *in, char line[LINE]);
/* Writes what belongs to that option. */
void man_note(struct page *p, const char *option);
/* A note that no option took is a mistake. */
void man_end_notes(struct page *p);

/* ---- rows ---------------------------------------------------------------------------- */

/* An option of a match or target: rows.c. */
void man_option(FILE *out, const struct rv_ext *ext, const struct rv_option *opt);
/* All of them, with their notes; a section for each extension of a kind: extensions.c. */
void man_options(struct page *p, const struct rv_ext *ext);
void man_extensions(struct page *p, enum rv_ext_kind kind);
/* Of the parser: commands or options; of the page's program: programs.c. */
void man_core_rows(struct page *p, bool commands);
void man_program_options(struct page *p);
void man_synopsis(struct page *p);
void man_programs(FILE *out);
void man_backends(FILE *out);

#endif
