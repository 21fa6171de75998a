/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parsing of iptables commands. Command lines and restore files share one scanner (parser/scan.l)
 * and one grammar (parser/grammar.y).
 */
#ifndef RAVELIN_PARSER_H
#define RAVELIN_PARSER_H

#include <ravelin/store.h>

#define RV_HELP_MAX 32	/* extensions whose help one -h prints; more than fit in a command line */

/* Options of a command line other than its command. */
struct rv_options {
	rv_family_t family;		/* -4, -6 may change it */
	bool numeric, verbose_list, exact, line_numbers;
	unsigned int verbose;		/* number of -v options */
	bool wait;			/* -w */
	unsigned int wait_seconds;	/* 0: no limit */
	bool at_once;			/* -w 0: do not wait */
	bool wait_interval;		/* -W was given */
	bool modprobe;			/* -M, accepted */
	bool version, help;		/* -V, -h */
	const struct rv_ext *help_exts[RV_HELP_MAX];	/* -m NAME -h, -j NAME -h: also print
							 * their help */
	unsigned int nhelp;		/* length of help_exts */
	bool skip;			/* the line is for the other family; such lines are not
					 * reported */
};

/*
 * Parses argv[1..argc-1] of an iptables command into *cmd and *opts. The caller initialises and
 * clears cmd; cmd->kind is RV_CMD_NONE after -V and -h. table: default without -t. Returns 0, or -1
 * with err set.
 */
int rv_parse_argv(int argc, char *const argv[], rv_family_t family, struct rv_command *cmd,
		  struct rv_options *opts, struct rv_error *err);

/*
 * Number of arguments of an option. Those in brackets are absent if the next word starts with '-'
 * or '!'.
 */
enum rv_arity {
	RV_ARGS_NONE,
	RV_ARGS_ONE,
	RV_ARGS_ONE_OPT,	/* one [two] */
	RV_ARGS_OPT,		/* [one] */
	RV_ARGS_OPT_OPT,	/* [one [two]] */
};

enum rv_bang {
	RV_BANG_IGNORED,
	RV_BANG_CANNOT,		/* both are errors, with different messages */
	RV_BANG_UNEXPECTED,
};

struct rv_parser;
struct rv_arg;

/*
 * Commands and options that are not part of a rule's data. Together with the rows of rv_ext_ip they
 * are the core options; lookup, help and completion use them.
 */
struct rv_core_option {
	const char *name;		/* without the dashes; NULL ends the table */
	char letter;			/* 0: none */
	uint8_t arity;			/* enum rv_arity */
	uint8_t command;		/* enum rv_command_kind; NONE: an option */
	char once;			/* at most once: options with the same letter conflict;
					 * 0: may be repeated */
	uint8_t bang;			/* enum rv_bang: effect of a preceding '!' */
	uint32_t commands;		/* commands that accept it, bits of 1 << kind; 0: all */
	const char *arg;		/* names of the arguments in help */
	const char *help;		/* one line */
	int (*run)(struct rv_parser *p, const struct rv_core_option *o, const struct rv_arg *args);
};

extern const struct rv_core_option rv_core_options[];

/* Receives the contents of a restore file line by line, while it is parsed. */
struct rv_restore_sink {
	const char *program;		/* program name in messages; NULL: iptables-restore or
					 * ip6tables-restore */
	bool counters;			/* -c: use "[p:b]" before rules and after policies */
	bool counters_optional;		/* policies may omit theirs: 0 */
	/* "*name"; set *skip to ignore everything up to COMMIT (-T) */
	int (*table)(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		     struct rv_error *err);
	/* A rule command or a ":chain" line. The callee may take rules from cmd->rules. */
	int (*command)(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		       struct rv_error *err);
	int (*commit)(const struct rv_loc *loc, void *arg, struct rv_error *err);
	/* A comment or empty line, for verbose output; may be NULL. */
	int (*comment)(const char *text, size_t len, void *arg, struct rv_error *err);
	void *arg;
};

/*
 * Parses a restore file. text may contain any bytes and need not end with a newline. Returns 0, or
 * -1 with err set.
 */
int rv_parse_restore(const char *text, size_t len, rv_family_t family,
		     const struct rv_restore_sink *sink, struct rv_error *err);

/*
 * Applies a save file to an open store like a restore that flushes: each table in the text is
 * replaced. Does not commit. Locations in errors are lines of the text. Returns 0, or -1 with err
 * set.
 */
int rv_load_restore(struct rv_store *s, const char *text, size_t len, bool counters,
		    struct rv_error *err);

/*
 * Appends the input line a location refers to, for messages, without a newline: the command line
 * joined with spaces, or that line of the file.
 */
void rv_source_argv(struct rv_buf *b, int argc, char *const argv[]);
void rv_source_line(struct rv_buf *b, const char *text, size_t len, uint32_t line);

#endif
