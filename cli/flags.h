/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of programs that take no rules, as rows: getopt's tables and -h read them. */
#ifndef RAVELIN_FLAGS_H
#define RAVELIN_FLAGS_H

#include "cli/cli.h"

enum rv_flag_arg {
	RV_FLAG_PLAIN,
	RV_FLAG_ARG,
	RV_FLAG_NUMBER,		/* may have one, in the same word or the next */
};

/* Ends with a NULL name. */
struct rv_flag {
	char letter;
	const char *name;
	enum rv_flag_arg takes;
	const char *arg;	/* what -h calls it */
	const char *help;
};

/* Those of each program, in its file. */
extern const struct rv_flag rv_save_flags[], rv_restore_flags[], rv_apply_flags[],
	rv_translate_flags[], rv_monitor_flags[], rv_confirm_flags[], rv_diff_flags[],
	rv_xml_flags[], rv_json_flags[], rv_run_flags[];

/*
 * Calls fn with the letter of each option. Returns the index of the first word that is none,
 * or -1 after a message of getopt's. A result of fn other than 0 ends it: the rest is not looked at.
 */
int rv_flags_read(const struct rv_flag *flags, struct rv_cli *cli,
		  int (*fn)(char letter, const char *arg, void *arg2), void *arg2);
/* Appends what -h prints of the program that runs. */
void rv_flags_usage(const struct rv_cli *cli, struct rv_buf *b);

#endif
