/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hints: what a person may have meant by a line that is an error.
 *
 * A rule (hint_words.c, hint_options.c, hint_place.c) proposes another line: the option spelled
 * right, -p tcp in front of it, another table. It never says that a line is right: each proposal
 * is tried, by the parser, by the store and by what is known of the kernel's checks, and only
 * one that passes becomes a hint. So rules may be generous. Where no line can be proposed,
 * hint_tell.c explains what the error means.
 *
 * A line is the words of a command line, or those of a line of a restore file behind the words
 * of a command that it stands for: "iptables -t nat" for a line below "*nat".
 */
#ifndef RAVELIN_HINT_H
#define RAVELIN_HINT_H

#include <ravelin/complete.h>

#include "cli/cli.h"

#define RV_HINT_WORDS 128	/* longer lines get no hint */

struct rv_hint_line {
	rv_family_t family;
	size_t first;		/* words before it are not shown: a program's name, a file's table */
	size_t count;
	const char *word[RV_HINT_WORDS];	/* argv's, or owned by the hint */
};

/* How the trial of a line ended. */
struct rv_hint_trial {
	struct rv_error err;		/* kind RV_ERR_NONE: the line is right */
	size_t at;			/* word of the error; 0: none */
	struct rv_misplaced misplaced;	/* part NULL: that is not it; else only its rows are valid */
	const struct rv_ext *ext;	/* of misplaced.part */
};

struct rv_hint {
	const struct rv_cli *cli;
	const struct rv_error *err;	/* the one that is explained */
	bool stored;			/* the program changes or lists rules: chains must exist */
	bool file;			/* the line is one of a restore file */
	const struct rv_table_def *def;	/* of the file's line */
	const char *counters;		/* "[1:2]" before the file's line, or NULL */
	struct rv_hint_text *texts;	/* owned */
	struct timespec start;
	unsigned int trials, depth, limit;
	struct rv_buf said;		/* sentences of the proposals on the way to this line */
	struct rv_buf hint, shown;	/* the result: sentences, and the line */
	struct rv_loc place;		/* what is meant in a line that is no rule; line 0: nothing */
	size_t mark;			/* the word that is meant, where the error is the whole line's; 0: none */
};

/* A line that is an error, which rules look at. */
struct rv_hint_case {
	const struct rv_hint_line *line;
	const struct rv_hint_trial *trial;
	size_t at;			/* as trial->at */
};

/* ---- hint.c ------------------------------------------------------------------------ */

/*
 * Appends "hint: ..." and, where there is one, "try: " with a line that works. Narrows loc, the
 * error's, where that is a whole command.
 */
void rv_cli_hint(const struct rv_cli *cli, const struct rv_error *err, struct rv_loc *loc,
		 struct rv_buf *b);

/* For a person: what a rule that was taken may not have been meant to say. */
void rv_cli_notes(const struct rv_cli *cli);

/* A text that lives as long as the hint; "" without memory. */
const char *rv_hint_text(struct rv_hint *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Tries a line, and takes it for the hint if it is right. before: a command that is to be given
 * first, or NULL. Once there is a hint, proposals do nothing. fmt says what to do, as a sentence.
 */
void rv_hint_propose(struct rv_hint *h, const struct rv_hint_case *c,
		     const struct rv_hint_line *before, const struct rv_hint_line *line,
		     const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Says which word is meant, where the place of the error is the whole command. */
void rv_hint_mark(struct rv_hint *h, const struct rv_hint_case *c, size_t at);

/* Explains without a line to propose. */
void rv_hint_tell(struct rv_hint *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What a word of a line is: core or opt, whose argument it is. */
struct rv_completion rv_hint_role(const struct rv_hint_line *l, size_t at);

/* Copies of a line. */
struct rv_hint_line rv_hint_put(const struct rv_hint_line *l, size_t at, const char *word);
struct rv_hint_line rv_hint_insert(const struct rv_hint_line *l, size_t at, const char *one,
				   const char *two);
struct rv_hint_line rv_hint_remove(const struct rv_hint_line *l, size_t at, size_t count);
struct rv_hint_line rv_hint_move(const struct rv_hint_line *l, size_t from, size_t count, size_t to);
/* The word one of the two letters or names of an option stands in; 0: not there. */
size_t rv_hint_find(const struct rv_hint_line *l, const char *letter, const char *name);
/* The word of the line's command, "-A"; 0: none. */
size_t rv_hint_command(const struct rv_hint_line *l);
const char *rv_hint_table(const struct rv_hint_line *l);

/* Chains of a table at these hooks, as words: "INPUT, FORWARD or OUTPUT". */
const char *rv_hint_chains(struct rv_hint *h, const struct rv_table_def *def, uint32_t hooks,
			   const char *last_word);
/* Whether a word is a verdict or the name of a target. */
bool rv_hint_is_target(rv_family_t family, const char *word);
/* A match or target of the line's family that has the option at the error; NULL: none. */
const struct rv_ext *rv_hint_owner(struct rv_hint *h, const struct rv_hint_case *c);

/* Whether a word is an address of that family, perhaps with a mask. */
bool rv_hint_is_address(rv_family_t family, const char *word);

/* ---- rules --------------------------------------------------------------------------- */

typedef void rv_hint_rule(struct rv_hint *h, const struct rv_hint_case *c);

/* Tables of them, tried in this order; each ends with NULL. */
extern rv_hint_rule *const rv_hint_word_rules[];
extern rv_hint_rule *const rv_hint_option_rules[];
extern rv_hint_rule *const rv_hint_place_rules[];

/* The whole text of a restore file. */
void rv_hint_file(struct rv_hint *h);
/* An error that no other line mends. */
void rv_hint_explain(struct rv_hint *h, const struct rv_hint_case *c);

/* ---- hint_near.c ------------------------------------------------------------------------ */

#define RV_NEAR_MAX 4
#define RV_NEAR_LONGEST 63

/* Words that are like another one, the nearest first. */
struct rv_near {
	const char *word;
	size_t len, count;
	bool exact;			/* it is one of them itself */
	struct {
		unsigned int distance;
		char text[RV_NEAR_LONGEST + 1];
	} best[RV_NEAR_MAX];
};

/* Whether there is such a long option anywhere; what follows a '=' does not count. */
bool rv_hint_is_option(const char *name);

void rv_near_start(struct rv_near *n, const char *word, size_t len);
void rv_near_try(struct rv_near *n, const char *candidate);

#endif
