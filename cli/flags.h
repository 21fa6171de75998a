/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of programs that take no rules, as rows: getopt's tables and -h read them. */
#ifndef RAVELIN_FLAGS_H
#define RAVELIN_FLAGS_H

#include <stddef.h>

#include "cli/cli.h"

enum rv_flag_arg {
	RV_FLAG_PLAIN,		/* sets a bool */
	RV_FLAG_UNDONE,		/* there is no such thing any more, which is said */
	RV_FLAG_COUNT,		/* counts in an unsigned int */
	RV_FLAG_IPV4,		/* the program's family is that from here on */
	RV_FLAG_IPV6,
	RV_FLAG_LAST,		/* as PLAIN; the words behind it are not looked at */
	RV_FLAG_ARG,		/* sets a const char * */
	RV_FLAG_MANY,		/* adds to a struct rv_flag_words */
	RV_FLAG_NUMBER,		/* may have one, in the same word or the next: sets a const char * */
};

/* Ends with a NULL name. */
struct rv_flag {
	char letter;			/* 0: it has none (not for rv_flags_read()) */
	const char *name;
	enum rv_flag_arg takes;
	const char *arg;	/* what -h calls it */
	const char *help;
	size_t at;		/* RV_FLAG_AT() of what it sets; 0: nothing */
};

#define RV_FLAG_WORDS 256

/* Arguments of an option that may be given again and again. */
struct rv_flag_words {
	unsigned int n;
	const char *words[RV_FLAG_WORDS];
};

#define RV_FLAG_AT(type, field) (offsetof(type, field) + 1)

/* Those of each program, in its file. */
extern const struct rv_flag rv_save_flags[], rv_restore_flags[], rv_apply_flags[],
	rv_translate_flags[], rv_monitor_flags[], rv_confirm_flags[], rv_diff_flags[],
	rv_xml_flags[], rv_json_flags[], rv_run_flags[], rv_compile_flags[],
	rv_explain_flags[], rv_test_flags[], rv_graph_flags[], rv_metrics_flags[], rv_top_flags[], rv_shut_flags[],
	rv_prove_flags[], rv_lint_flags[],
	rv_report_flags[];

/*
 * Sets in the program's struct what each option says. Returns the index of the first word that is
 * none, argc behind a RV_FLAG_LAST, or -1 after a message of getopt's.
 */
int rv_flags_read(const struct rv_flag *flags, struct rv_cli *cli, void *into);
/*
 * The beginning of a program that takes no rules: a message when the options were wrong (words < 0),
 * else what --version or --help asks for, on stdout. Returns the exit code, or -1: the program runs.
 */
int rv_flags_answer(const struct rv_cli *cli, int words, bool version, bool help);
/* Appends what -h prints of the program that runs. */
void rv_flags_usage(const struct rv_cli *cli, struct rv_buf *b);

#endif
