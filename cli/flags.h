/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of programs that take no rules. getopt_long()'s tables and -h are generated from these
 * rows.
 */
#ifndef RAVELIN_FLAGS_H
#define RAVELIN_FLAGS_H

#include <stddef.h>

#include "cli/cli.h"

enum rv_flag_arg {
	RV_FLAG_PLAIN,		/* sets a bool */
	RV_FLAG_UNDONE,		/* removed; prints a warning */
	RV_FLAG_COUNT,		/* increments an unsigned int */
	RV_FLAG_IPV4,		/* selects IPv4 */
	RV_FLAG_IPV6,
	RV_FLAG_LAST,		/* like PLAIN, and ends option parsing */
	RV_FLAG_ARG,		/* sets a const char * */
	RV_FLAG_MANY,		/* appends to a struct rv_flag_words */
	RV_FLAG_NUMBER,		/* optional number, in the same or the next word: sets a const
				 * char * */
};

/* Ends with a NULL name; the help of that row is printed by -h below the options. */
struct rv_flag {
	char letter;			/* 0: none (not supported by rv_flags_read()) */
	const char *name;
	enum rv_flag_arg takes;
	const char *arg;	/* name of the argument in -h */
	const char *help;
	size_t at;		/* RV_FLAG_AT() of the variable; 0: none */
};

#define RV_FLAG_WORDS 256

/* Arguments of an option that may be repeated. */
struct rv_flag_words {
	unsigned int n;
	const char *words[RV_FLAG_WORDS];
};

#define RV_FLAG_AT(type, field) (offsetof(type, field) + 1)

/* Defined in the file of each program. */
extern const struct rv_flag rv_save_flags[], rv_restore_flags[], rv_apply_flags[],
	rv_translate_flags[], rv_monitor_flags[], rv_confirm_flags[], rv_diff_flags[],
	rv_xml_flags[], rv_json_flags[], rv_profile_flags[], rv_run_flags[], rv_compile_flags[],
	rv_explain_flags[], rv_test_flags[], rv_graph_flags[], rv_metrics_flags[], rv_top_flags[], rv_shut_flags[],
	rv_prove_flags[], rv_lint_flags[], rv_optimize_flags[],
	rv_report_flags[];

/*
 * Parses options into the program's struct. Returns the index of the first operand, argc after
 * RV_FLAG_LAST, or -1 after getopt printed an error.
 */
int rv_flags_read(const struct rv_flag *flags, struct rv_cli *cli, void *into);
/*
 * Handles option errors (words < 0), --version and --help. Returns the exit code, or -1 to
 * continue.
 */
int rv_flags_answer(const struct rv_cli *cli, int words, bool version, bool help);
/* Prints that the operands must be what is wanted, unless getopt printed an error (words < 0). */
void rv_flags_misused(const struct rv_cli *cli, int words, const char *wanted);
/* Prints the version, or what -h prints. Returns the exit code. */
int rv_flags_help(const struct rv_cli *cli, bool version);

#endif
