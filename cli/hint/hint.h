/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hints: what the user may have meant by an erroneous line.
 *
 * Generators (words.c, options.c, place.c) propose another line: with the option
 * spelled correctly, with -p tcp, in another table. Each proposal is tried with the parser, the
 * store and the kernel's known checks; only a valid one becomes a hint, so generators may be
 * generous. If no line can be proposed, tell.c explains the error.
 *
 * A line is the words of a command line; for a restore file, the words of a line after those of an
 * equivalent command: "iptables -t nat" for a line below "*nat".
 */
#ifndef RAVELIN_HINT_H
#define RAVELIN_HINT_H

#include <ravelin/complete.h>

#include "cli/cli.h"

#define RV_HINT_WORDS 128	/* longer lines get no hint */

struct rv_hint;
struct rv_hint_case;

struct rv_hint_line {
	rv_family_t family;
	size_t first;		/* words before it are not shown: program name, table of a file */
	size_t count;
	const char *word[RV_HINT_WORDS];	/* in argv, or owned by the hint */
};

/* Result of a trial. */
struct rv_hint_trial {
	struct rv_error err;		/* kind RV_ERR_NONE: the line is valid */
	size_t at;			/* index of the erroneous word; 0: none */
	struct rv_misplaced misplaced;	/* part NULL: not misplaced; otherwise only its rows are
					 * valid */
	const struct rv_ext *ext;	/* of misplaced.part */
};

typedef void rv_hint_rule(struct rv_hint *h, const struct rv_hint_case *c);

struct rv_hint {
	const struct rv_cli *cli;
	const struct rv_error *err;	/* the error to explain */
	bool stored;			/* the program changes or lists rules: chains must exist */
	bool file;			/* the line is in a restore file */
	const struct rv_table_def *def;	/* of the line in a file */
	const char *counters;		/* "[1:2]" before the file's line, or NULL */
	rv_hint_rule *const *const *generators;	/* lists of them, ends with NULL */
	struct rv_hint_text *texts;	/* owned */
	struct timespec start;
	unsigned int trials, depth, limit;
	struct rv_buf said;		/* explanations of the proposals that led to this line */
	struct rv_buf hint, shown;	/* result: explanation, and the line */
	struct rv_loc place;		/* location in a line that is not a rule; line 0: none */
	size_t mark;			/* erroneous word if the location covers the whole line;
					 * 0: none */
};

/* An erroneous line, the input of generators. */
struct rv_hint_case {
	const struct rv_hint_line *line;
	const struct rv_hint_trial *trial;
	size_t at;			/* as trial->at */
};

/* ---- hint.c ------------------------------------------------------------------------ */

/*
 * Appends "hint: ..." and, if there is one, "try: " with a valid line. Narrows loc if it covers a
 * whole command.
 */
void rv_cli_hint(const struct rv_cli *cli, const struct rv_error *err, struct rv_loc *loc,
		 struct rv_buf *b);

/* Prints notes about valid rules that may not mean what was intended. */
void rv_cli_notes(const struct rv_cli *cli);

/* ---- line.c ------------------------------------------------------------------------ */

/* A string that lives as long as the hint; "" when memory ran out. */
const char *rv_hint_text(struct rv_hint *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Marks the erroneous word if the location covers the whole command. */
void rv_hint_mark(struct rv_hint *h, const struct rv_hint_case *c, size_t at);

/* Explains the error without proposing a line. */
void rv_hint_tell(struct rv_hint *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rv_hint_free_texts(struct rv_hint *h);

/* Role of a word: core or opt is the option whose argument it is. */
struct rv_completion rv_hint_role(const struct rv_hint_line *l, size_t at);

/* Modified copies of a line. */
struct rv_hint_line rv_hint_put(const struct rv_hint_line *l, size_t at, const char *word);
struct rv_hint_line rv_hint_insert(const struct rv_hint_line *l, size_t at, const char *one,
				   const char *two);
struct rv_hint_line rv_hint_remove(const struct rv_hint_line *l, size_t at, size_t count);
struct rv_hint_line rv_hint_move(const struct rv_hint_line *l, size_t from, size_t count, size_t to);
/* Index of the word with an option of that letter or name; 0: none. */
size_t rv_hint_find(const struct rv_hint_line *l, const char *letter, const char *name);
/* Index of the word with the command, "-A"; 0: none. */
size_t rv_hint_command(const struct rv_hint_line *l);
const char *rv_hint_table(const struct rv_hint_line *l);

/* Chains of a table at these hooks, as text: "INPUT, FORWARD or OUTPUT". */
const char *rv_hint_chains(struct rv_hint *h, const struct rv_table_def *def, uint32_t hooks,
			   const char *last_word);
/* Whether a word is a verdict or a target. */
bool rv_hint_is_target(rv_family_t family, const char *word);
/* A match or target of the family that has the erroneous option; NULL: none. */
const struct rv_ext *rv_hint_owner(struct rv_hint *h, const struct rv_hint_case *c);

/* Whether a word is an address of that family, optionally with a mask. */
bool rv_hint_is_address(rv_family_t family, const char *word);

/* ---- trial.c ----------------------------------------------------------------------- */

/* Tries a line. before: a command to run first, or NULL. */
void rv_hint_try(struct rv_hint *h, const struct rv_hint_line *before, const struct rv_hint_line *l,
		 struct rv_hint_trial *result);
/* Appends a line as it is shown: words of a shell, or a line of a restore file. */
void rv_hint_put_line(struct rv_buf *b, const struct rv_hint *h, const struct rv_hint_line *l);

/* ---- search.c ---------------------------------------------------------------------- */

/* Searches for a valid line near c->line. Sets *trial, the result of that line, and c->at. */
void rv_hint_search(struct rv_hint *h, struct rv_hint_case *c, struct rv_hint_trial *trial);
/*
 * Tries a line and makes it the hint if it is valid. before: a command to run first, or NULL. Once
 * there is a hint, does nothing. fmt: instruction, a sentence.
 */
void rv_hint_propose(struct rv_hint *h, const struct rv_hint_case *c,
		     const struct rv_hint_line *before, const struct rv_hint_line *line,
		     const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* ---- generators --------------------------------------------------------------------- */

/* Lists of generators, tried in this order; each ends with NULL. */
extern rv_hint_rule *const rv_hint_word_rules[];
extern rv_hint_rule *const rv_hint_option_rules[];
extern rv_hint_rule *const rv_hint_place_rules[];

/* Checks a restore file as a whole. */
void rv_hint_file(struct rv_hint *h);
/* Explains an error that no proposal corrects. */
void rv_hint_explain(struct rv_hint *h, const struct rv_hint_case *c);

/* ---- near.c ------------------------------------------------------------------------ */

#define RV_NEAR_MAX 4
#define RV_NEAR_LONGEST 63

/* Similar words, nearest first. */
struct rv_near {
	const char *word;
	size_t len, count;
	bool exact;			/* exact match */
	struct {
		unsigned int distance;
		char text[RV_NEAR_LONGEST + 1];
	} best[RV_NEAR_MAX];
};

/* Whether any extension has this long option; ignores text after '='. */
bool rv_hint_is_option(const char *name);

void rv_near_start(struct rv_near *n, const char *word, size_t len);
void rv_near_try(struct rv_near *n, const char *candidate);

#endif
