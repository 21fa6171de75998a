/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From words to commands. A command line and a restore file are two inputs of
 * one grammar (parser/grammar.y) and one scanner (parser/scan.l).
 */
#ifndef RAVELIN_PARSER_H
#define RAVELIN_PARSER_H

#include <ravelin/store.h>

/* What one command line says beside its command. */
struct rv_options {
	rv_family_t family;		/* -4, -6 may change it */
	bool numeric, verbose_list, exact, line_numbers;
	unsigned int verbose;		/* number of -v */
	bool wait;			/* -w */
	unsigned int wait_seconds;	/* 0: for ever */
	bool wait_interval;		/* -W was given: a deprecated word that stock warns of */
	bool modprobe;			/* -M, accepted */
	bool version, help;		/* -V, -h */
	const struct rv_ext *help_ext;	/* -m NAME -h, -j NAME -h: also print this one's help */
	bool skip;			/* -4 in ip6tables-restore and the reverse: the line is for the other family */
};

/*
 * Reads argv[1..argc-1] of an iptables call into *cmd (initialised by the caller,
 * cleared by the caller) and *opts. cmd->kind is RV_CMD_NONE after -V and -h.
 * table: default when no -t is given.
 */
int rv_parse_argv(int argc, char *const argv[], rv_family_t family, struct rv_command *cmd,
		  struct rv_options *opts, struct rv_error *err);

/* Receives what a restore file says, line by line, as soon as a line is complete. */
struct rv_restore_sink {
	/* "*name"; skip: set *skip to leave out everything to COMMIT (-T). */
	int (*table)(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		     struct rv_error *err);
	/* A rule command or ":chain" line. The callee may take the rules out of cmd->rules. */
	int (*command)(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		       struct rv_error *err);
	int (*commit)(const struct rv_loc *loc, void *arg, struct rv_error *err);
	/* A "#" line or an empty one, for verbose output; may be NULL. */
	int (*comment)(const char *text, size_t len, void *arg, struct rv_error *err);
	void *arg;
};

/* Reads a whole restore file. text need not end with a newline; it may hold any byte. */
int rv_parse_restore(const char *text, size_t len, rv_family_t family,
		     const struct rv_restore_sink *sink, struct rv_error *err);

/*
 * The text a location points into, as one line for a person: the command line joined with
 * blanks, or that line of the file. Appends it without a newline.
 */
void rv_source_argv(struct rv_buf *b, int argc, char *const argv[]);
void rv_source_line(struct rv_buf *b, const char *text, size_t len, uint32_t line);

#endif
