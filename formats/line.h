/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Splits a line of iptables-save into words, and groups them into matches, targets, and options
 * with arguments. The XML and JSON converters use these pieces, so they need no descriptors.
 */
#ifndef RAVELIN_BACKEND_TEXT_LINE_H
#define RAVELIN_BACKEND_TEXT_LINE_H

#include <ravelin/extension.h>

struct rv_line_word {
	const char *text;	/* in rv_line.text */
	size_t first;		/* offset in the line, of the opening quote if quoted */
	bool quoted;		/* was in double quotes; may be empty or start with '-' */
};

/* A line split into words. Zero-initialise; may be reused for the next line. */
struct rv_line {
	struct rv_buf text;	/* the words, each NUL-terminated */
	struct rv_line_word *word;
	size_t count, room;
};

/*
 * Splits like iptables-restore; quotes: the line is a rule, quotes have a meaning. The bytes must
 * not contain a NUL. False: out of memory.
 */
bool rv_line_cut(struct rv_line *l, const char *text, size_t len, bool quotes);
void rv_line_free(struct rv_line *l);

enum rv_piece_kind {
	RV_PIECE_END,
	RV_PIECE_MATCH,		/* -m NAME */
	RV_PIECE_TARGET,	/* -j NAME */
	RV_PIECE_GOTO,		/* -g NAME */
	RV_PIECE_OPTION,
	RV_PIECE_WORDS,		/* words that belong to no option */
};

struct rv_piece {
	enum rv_piece_kind kind;
	bool invert;		/* preceded by "!" */
	const char *name;	/* without dashes; NULL: -m, -j or -g is the last word */
	size_t first, count;	/* arguments: index of the first word, and number */
};

/*
 * Returns the piece that starts at word *at, and advances *at. An option takes all words up to the
 * next option; owner, if known, says which of its options have arguments that may start with '-'.
 */
struct rv_piece rv_line_piece(const struct rv_line *l, size_t *at, const struct rv_ext *owner);

#endif
