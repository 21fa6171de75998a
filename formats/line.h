/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a line of iptables-save, and what they are grouped to: matches, targets, and
 * options with their arguments. XML and JSON are made of these pieces, and need no descriptor
 * for what only the words say.
 */
#ifndef RAVELIN_BACKEND_TEXT_LINE_H
#define RAVELIN_BACKEND_TEXT_LINE_H

#include <ravelin/extension.h>

struct rv_line_word {
	const char *text;	/* in rv_line.text */
	size_t first;		/* byte of the line it begins at, its quote included */
	bool quoted;		/* it stood in double quotes, and may be empty or begin with '-' */
};

/* A line cut into words. Zero it before the first use; it is reused for the next line. */
struct rv_line {
	struct rv_buf text;	/* the words, a NUL behind each */
	struct rv_line_word *word;
	size_t count, room;
};

/*
 * Cuts as iptables-restore does; it knows quotes in rules only, not in the lines of tables and
 * chains. False: no memory. The bytes must not hold a NUL.
 */
bool rv_line_cut(struct rv_line *l, const char *text, size_t len, bool quotes);
void rv_line_free(struct rv_line *l);

enum rv_piece_kind {
	RV_PIECE_END,
	RV_PIECE_MATCH,		/* -m NAME */
	RV_PIECE_TARGET,	/* -j NAME */
	RV_PIECE_GOTO,		/* -g NAME */
	RV_PIECE_OPTION,
	RV_PIECE_WORDS,		/* words that belong to nothing */
};

struct rv_piece {
	enum rv_piece_kind kind;
	bool invert;		/* "!" stood before it */
	const char *name;	/* without dashes; NULL: -m, -j or -g is the last word */
	size_t first, count;	/* words that follow it */
};

/*
 * The piece that begins at word *at, which is moved behind it. An option takes what follows up
 * to the next one; owner, if known, says of its own options that an argument may begin with '-'.
 */
struct rv_piece rv_line_piece(const struct rv_line *l, size_t *at, const struct rv_ext *owner);

#endif
