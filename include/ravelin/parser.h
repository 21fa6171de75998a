/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From words to commands. A command line and a restore file are two inputs of
 * one grammar (parser/grammar.y) and one scanner (parser/scan.l).
 */
#ifndef RAVELIN_PARSER_H
#define RAVELIN_PARSER_H

#include <ravelin/store.h>

#define RV_HELP_MAX 32	/* extensions whose help one -h prints: more than there is room for in a line */

/* What one command line says beside its command. */
struct rv_options {
	rv_family_t family;		/* -4, -6 may change it */
	bool numeric, verbose_list, exact, line_numbers;
	unsigned int verbose;		/* number of -v */
	bool wait;			/* -w */
	unsigned int wait_seconds;	/* 0: for ever */
	bool at_once;			/* -w 0 */
	bool wait_interval;		/* -W was given */
	bool modprobe;			/* -M, accepted */
	bool version, help;		/* -V, -h */
	const struct rv_ext *help_exts[RV_HELP_MAX];	/* -m NAME -h, -j NAME -h: print their help too */
	unsigned int nhelp;		/* of them */
	bool skip;			/* the line was for the other family (such lines are not handed out) */
};

/*
 * Reads argv[1..argc-1] of an iptables call into *cmd (initialised by the caller,
 * cleared by the caller) and *opts. cmd->kind is RV_CMD_NONE after -V and -h.
 * table: default when no -t is given.
 */
int rv_parse_argv(int argc, char *const argv[], rv_family_t family, struct rv_command *cmd,
		  struct rv_options *opts, struct rv_error *err);

/* How many words follow an option. Those in brackets are left out when '-' or '!' comes next. */
enum rv_arity {
	RV_ARGS_NONE,
	RV_ARGS_ONE,
	RV_ARGS_ONE_OPT,	/* one [two] */
	RV_ARGS_OPT,		/* [one] */
	RV_ARGS_OPT_OPT,	/* [one [two]] */
};

enum rv_bang {
	RV_BANG_IGNORED,
	RV_BANG_CANNOT,		/* both are refused, but in other words */
	RV_BANG_UNEXPECTED,
};

struct rv_parser;
struct rv_arg;

/*
 * Commands and options that are no part of a rule's data. Together with the rows of
 * rv_ext_ip these are the core's words: lookup, help and completion read them.
 */
struct rv_core_option {
	const char *name;		/* without the dashes; NULL ends the table */
	char letter;			/* 0: none */
	uint8_t arity;			/* enum rv_arity */
	uint8_t command;		/* enum rv_command_kind; NONE: an option */
	char once;			/* given once at most: the letter it counts as; 0: as often as liked */
	uint8_t bang;			/* enum rv_bang: what '!' before it means */
	uint32_t commands;		/* it may stand with these, bits of 1 << kind; 0: with all */
	const char *arg;		/* what help calls its arguments */
	const char *help;		/* a line */
	int (*run)(struct rv_parser *p, const struct rv_core_option *o, const struct rv_arg *args);
};

extern const struct rv_core_option rv_core_options[];

/* Receives what a restore file says, line by line, as soon as a line is complete. */
struct rv_restore_sink {
	const char *program;		/* what messages call it; NULL: iptables-restore, or ip6 */
	bool counters;			/* -c: "[p:b]" before rules and behind policies counts */
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
 * Applies a whole save text to a store that is open, as a restore that flushes: each table
 * that the text has becomes what the text says. Nothing is committed. Places in errors are
 * lines of the text.
 */
int rv_load_restore(struct rv_store *s, const char *text, size_t len, bool counters,
		    struct rv_error *err);

/*
 * The text a location points into, as one line for a person: the command line joined with
 * blanks, or that line of the file. Appends it without a newline.
 */
void rv_source_argv(struct rv_buf *b, int argc, char *const argv[]);
void rv_source_line(struct rv_buf *b, const char *text, size_t len, uint32_t line);

#endif
