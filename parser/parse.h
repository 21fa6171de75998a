/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by scanner, grammar and builders.
 *
 *   text ─> scan.l ─words─> tokens.c ─tokens─> grammar.y ─> build.c, rule.c, restore.c
 *
 * The class of a word depends on the words before it (-m adds options, an option has arguments), so
 * a word is classified only after the grammar has acted on the previous one.
 */
#ifndef RAVELIN_PARSE_H
#define RAVELIN_PARSE_H

#include <setjmp.h>

#include <ravelin/parser.h>

/* A word, or the rest of a word after an option's name. */
struct rv_arg {
	const char *text;	/* NULL: absent. In argv or in rv_parser.line */
	struct rv_loc loc;
};

/* Result of an option lookup: a row of rv_core_options or of an extension. */
struct rv_choice {
	const struct rv_core_option *core;
	const struct rv_option *opt;
	const struct rv_ext *ext;	/* of opt; rv_ext_ip for core options */
	struct rv_part *part;		/* part of ext in the rule; NULL for rv_ext_ip */
};

/* An extension whose options are available on this line. */
struct rv_ext_use {
	const struct rv_ext *ext;
	struct rv_part *part;		/* the latest part of this extension */
};

/* Location of the option that added a part, for its final check. */
struct rv_place {
	struct rv_part *part;
	struct rv_loc loc;
};

enum rv_section { RV_OUTSIDE, RV_INSIDE, RV_SKIPPING };

/* Index of the addresses of -s and -d. */
enum { RV_SRC, RV_DST };

/* One -s or -d, parsed when the line is complete. */
struct rv_addresses {
	struct rv_arg arg;
	bool invert;
};

/*
 * Options that may be given once, by letter, in the order in which iptables reports those that the
 * command does not accept. 0 is --line-numbers, b is --base; -g counts as -j.
 */
#define RV_ONCE "nsdpjxio0cfb"
#define RV_WORD_MAX 1024	/* exclusive limit of a word in a restore file, as in iptables */

struct rv_parser {
	rv_family_t family;
	struct rv_error *err;
	void *scanner;
	struct rv_list blocks;		/* memory allocated by the scanner */
	jmp_buf fatal;			/* taken when the scanner runs out of memory */

	/* Input. */
	int argc, argi;
	char *const *argv;		/* NULL: a restore file */
	const char *text;
	size_t len, at;			/* bytes passed to the scanner */

	/* Position of the scanner: the line, and the word being assembled. */
	uint32_t number;		/* line number, from 1; 0: argv */
	uint32_t col;
	size_t line_start, line_len;	/* in text */
	size_t last_start, last_len;	/* the previous line */
	char *line;			/* words of the line, each NUL-terminated; reused */
	size_t line_cap, line_used;
	bool in_word, word_long;
	size_t word_at;			/* offset of the current word in line */
	uint32_t word_first, word_end;

	/* Between scanner and grammar. */
	struct rv_arg glued;		/* argument in the same word as its option */
	struct rv_arg cluster;		/* remaining short options of a word */
	struct rv_arg owner;		/* word of the option whose arguments follow */
	unsigned int need, may;		/* arguments still required, and still allowed */
	int held;			/* token to return next; -1: none */
	char unknown[3];
	bool stop;			/* ignore the rest of the line: -V, -h, -6 */
	bool dashes;			/* "--" was seen */

	/* The line being built. */
	struct rv_command *cmd;
	struct rv_options *opts;
	struct rv_rule *rule;		/* owned */
	struct rv_part **tail;		/* end of rule->matches */
	struct rv_ext_use *slot;		/* owned; oldest first */
	size_t nslots, cap_slots;
	struct rv_place *place;		/* owned */
	size_t nplaces, cap_places;
	struct rv_addresses addr[2];
	struct rv_arg table;		/* -t, or the table of a restore file */
	struct rv_arg jump;		/* -j or -g */
	struct rv_arg trailing;		/* first word after "--" */
	struct rv_arg chain;		/* of the command */
	struct rv_loc at_option, proto_loc, not_loc, interval_loc;
	bool invert, loaded_proto;
	uint32_t seen;			/* bits by index in RV_ONCE */
	struct rv_loc seen_at[sizeof(RV_ONCE) - 1];
	const struct rv_core_option *seen_as[sizeof(RV_ONCE) - 1];	/* NULL: an option of
									 * rv_ext_ip */

	/* Restore files. */
	const struct rv_restore_sink *sink;
	const struct rv_table_def *def;
	enum rv_section section;
	struct rv_arg name[3];		/* words of a "*" or ":" line */
	unsigned int nnames;
};

/* ---- scan.l --------------------------------------------------------------- */

int rv_scan_open(struct rv_parser *p);
void rv_scan_close(struct rv_parser *p);

/* ---- line.c: what has been read of a line ---------------------------------- */

/* Starts a line, whose words fit in p->line. Returns 0, or -1 with p->err set. */
int rv_line_begin(struct rv_parser *p);
/*
 * Appends bytes at location loc to the current word. text NULL: a quote, which only extends the
 * location.
 */
void rv_word_add(struct rv_parser *p, const struct rv_loc *loc, const char *text, size_t len);
/* Completes the current word. */
struct rv_arg rv_word_take(struct rv_parser *p);
/*
 * Records an option that may be given once: a core row, or the row of rv_ext_ip with that letter.
 * False if it was given before: rv_line_twice() reports that.
 */
bool rv_line_once(struct rv_parser *p, char letter, const struct rv_core_option *o,
		  const struct rv_loc *loc);
int rv_line_twice(struct rv_parser *p, const char *name, const struct rv_loc *loc);
/* Location of the option if it was given, or NULL. */
const struct rv_loc *rv_line_seen(const struct rv_parser *p, char letter);
/* Reports an argument that no option takes. Returns -1. */
int rv_line_stray(struct rv_parser *p, const struct rv_arg *word);
/* The program that errors are reported for. */
const char *rv_line_program(const struct rv_parser *p);

/* ---- lookup.c ------------------------------------------------------------- */

bool rv_find_short(const struct rv_parser *p, char letter, struct rv_choice *c);
/* Like getopt_long(3): an exact name, or else an unambiguous prefix. */
bool rv_find_long(const struct rv_parser *p, const char *name, size_t len, struct rv_choice *c);
enum rv_arity rv_choice_arity(const struct rv_choice *c);

/* ---- core.c --------------------------------------------------------------- */

int rv_core_chain_length(struct rv_parser *p, const struct rv_arg *name);
/* Checks the name of a new chain; extensions: also rejects names of targets. */
int rv_core_new_chain(struct rv_parser *p, const struct rv_arg *name, bool extensions);

/* ---- build.c: one command ------------------------------------------------- */

int rv_build_begin(struct rv_parser *p);
int rv_build_not(struct rv_parser *p, const struct rv_loc *loc);
/* Applies an option with its arguments; one->text and two->text may be NULL. */
int rv_build_option(struct rv_parser *p, const struct rv_choice *c, const struct rv_loc *loc,
		    const struct rv_arg *one, const struct rv_arg *two);
/* Reports a missing argument. word: the option as written. */
int rv_build_missing(struct rv_parser *p, const struct rv_choice *c, const struct rv_arg *word);
int rv_build_unknown(struct rv_parser *p, const struct rv_arg *word);
int rv_build_trailing(struct rv_parser *p, const struct rv_arg *word);
/* Checks the complete line and finishes p->cmd. */
int rv_build_command(struct rv_parser *p, const struct rv_loc *loc);

/* ---- rule.c: the rule of the command -------------------------------------- */

int rv_rule_begin(struct rv_parser *p);
/* Adds a match given by name, or loaded by -p. */
int rv_rule_match(struct rv_parser *p, const struct rv_ext *ext, const struct rv_loc *loc);
bool rv_rule_load_protocol(struct rv_parser *p);
int rv_rule_target(struct rv_parser *p, const struct rv_ext *ext, const struct rv_loc *loc);
int rv_rule_option(struct rv_parser *p, const struct rv_choice *c, const struct rv_loc *loc,
		   const struct rv_arg args[2]);
int rv_rule_check(struct rv_parser *p);
int rv_rule_kernel_check(struct rv_parser *p);	/* after rv_rule_finish() */
/* Parses -s and -d. wanted: adds a rule for each pair of addresses to the command. */
int rv_rule_finish(struct rv_parser *p, const struct rv_loc *loc, bool wanted);

/* ---- restore.c: the lines of a file --------------------------------------- */

int rv_restore_name(struct rv_parser *p, const struct rv_arg *name);
int rv_restore_comment(struct rv_parser *p);
int rv_restore_table(struct rv_parser *p, const struct rv_loc *loc);
int rv_restore_declare(struct rv_parser *p, const struct rv_loc *loc);
int rv_restore_counters(struct rv_parser *p, const struct rv_arg *pair);
int rv_restore_rule(struct rv_parser *p, const struct rv_loc *loc);
int rv_restore_commit(struct rv_parser *p, const struct rv_loc *loc);
int rv_restore_stray(struct rv_parser *p, const struct rv_loc *loc);
int rv_restore_end(struct rv_parser *p, const struct rv_loc *loc);

/* ---- resolve.c ------------------------------------------------------------ */

struct rv_host {
	union nf_inet_addr addr, mask;
};

struct rv_hosts {
	struct rv_host *host;		/* owned */
	size_t count, cap;
};

/* Parses "address[/mask][,...]"; names may resolve to several addresses. */
int rv_resolve(rv_family_t family, const struct rv_arg *arg, struct rv_hosts *hosts,
	       struct rv_error *err);

/* ---- common --------------------------------------------------------------- */

/* Reports a usage error. Returns -1. */
#define rv_usage(p, loc, ...) rv_fail((p)->err, RV_ERR_USAGE, loc, __VA_ARGS__)

/* Makes room for one more element of *array. Returns 0, or -1 with err set. */
int rv_grow(void *array, size_t count, size_t *cap, size_t size, struct rv_error *err);
/* Parses a counter like scanf's %llu: white space, sign, digits. *end is set to what follows. */
bool rv_read_count(const char *text, uint64_t *n, const char **end);

#endif
