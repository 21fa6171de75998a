/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs of the multi-call binary share. */
#ifndef RAVELIN_CLI_H
#define RAVELIN_CLI_H

#include <time.h>

#include <ravelin/error.h>
#include <ravelin/parser.h>
#include <ravelin/render.h>
#include <ravelin/store.h>

/* The release of iptables whose command line and output this is. */
#define RV_STOCK_VERSION "1.8.13"

struct rv_program;

/* One run of a program. */
struct rv_cli {
	const struct rv_program *program;	/* its row: cli/programs.h */
	const char *name;		/* in messages: "iptables-restore" */
	rv_family_t family;
	const char *spec;		/* backend, for rv_store_open(); NULL: the default */
	bool restore;			/* errors are of a restore: they name the line */
	/* What an error's place points into; text NULL: argv. */
	int argc;
	char **argv;
	const char *text;
	size_t len;
	const char *path;		/* of the text; NULL: standard input, or none */
	bool noflush;			/* of a restore: the text adds to what is there */
};

int rv_cli_iptables(struct rv_cli *cli);
int rv_cli_save(struct rv_cli *cli);
int rv_cli_restore(struct rv_cli *cli);
int rv_cli_translate(struct rv_cli *cli);
int rv_cli_run(struct rv_cli *cli);
int rv_cli_restore_translate(struct rv_cli *cli);
int rv_cli_apply(struct rv_cli *cli);
int rv_cli_confirm(struct rv_cli *cli);
int rv_cli_shut(struct rv_cli *cli);
int rv_cli_revert(struct rv_cli *cli);
int rv_cli_xml(struct rv_cli *cli);
int rv_cli_json(struct rv_cli *cli);
int rv_cli_diff(struct rv_cli *cli);
int rv_cli_prove(struct rv_cli *cli);
int rv_cli_lint(struct rv_cli *cli);
int rv_cli_monitor(struct rv_cli *cli);
int rv_cli_compile(struct rv_cli *cli);
int rv_cli_graph(struct rv_cli *cli);
int rv_cli_metrics(struct rv_cli *cli);
int rv_cli_top(struct rv_cli *cli);
int rv_cli_explain(struct rv_cli *cli);
int rv_cli_test(struct rv_cli *cli);
int rv_cli_report(struct rv_cli *cli);
int rv_cli_complete(struct rv_cli *cli);

/* Appends what iptables-save prints. Returns 0, or -1 with err set. */
int rv_cli_save_text(struct rv_cli *cli, bool counters, struct rv_buf *b, struct rv_error *err);
/* Does what iptables-restore does with cli->text. Returns the exit code, after a message. */
int rv_cli_restore_text(struct rv_cli *cli);

/* ---- input.c ----------------------------------------------------------------- */

/*
 * Appends the file (NULL: stdin) and makes it what places of errors point into. A NUL stands
 * behind it. Returns 0, or an exit code after a message.
 */
int rv_cli_read(struct rv_cli *cli, const char *path, struct rv_buf *input);

/* ---- ruleset.c --------------------------------------------------------------- */

/*
 * Reads all tables into *rs, which it makes a ruleset of the program's family: of a file ("-":
 * standard input), or "live", those that are loaded. Returns 0, or -1 with err set; either way
 * *rs is to be cleared.
 */
int rv_cli_ruleset(const struct rv_cli *cli, struct rv_ruleset *rs, const char *name,
		   struct rv_error *err);

/* ---- subprocess.c ------------------------------------------------------------ */

/*
 * Runs a program that is found in PATH, with the text (NULL: none) as its input, and appends what it prints to
 * stdout. Returns its exit code (127 may be that of a shell), 128 when a signal ended it, or -1 with errno
 * set: ENOENT, there is none.
 */
int rv_cli_program(const char *const argv[], const struct rv_buf *in, struct rv_buf *out);

/* ---- diag.c: what goes to stderr ------------------------------------------ */

/* Prints an error as callers expect it and, for a person, where it is. Returns the exit code. */
int rv_cli_error(const struct rv_cli *cli, const struct rv_error *err);
/* Appends the line of the user's text or the command line that loc is in, marked below. */
void rv_cli_line(struct rv_buf *b, const struct rv_cli *cli, const struct rv_loc *loc);
/* Whether what helps a person is to be said on stderr: it is a terminal, or asked for. */
bool rv_cli_for_a_person(void);
/* Prints the warnings that were gathered and frees them. rv_cli_error() does so itself. */
void rv_cli_warnings(struct rv_buf *warnings);
/* A message that is no struct rv_error: the words as they are, and a newline. Returns 1. */
int rv_cli_message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- printable.c: what a terminal may be given ------------------------------- */

/* How many bytes the character at s has in UTF-8 (RFC 3629); 0: it is none. len > 0. */
unsigned int rv_cli_utf8_length(const char *s, size_t len);

/* One character of a text as it is shown. */
struct rv_glyph {
	unsigned int bytes, columns;
	char text[8];
};

/* A tab is a blank, and what cannot be shown its first byte as \xNN. */
struct rv_glyph rv_cli_glyph(const char *s, size_t len);
/* Appends text with \xNN in place of what is not shown but acted on. keep: control bytes that stay. */
void rv_cli_printable(struct rv_buf *b, const char *text, size_t len, const char *keep);
/* Whether fd is a terminal; then the text for it is appended to *to. */
bool rv_cli_for_terminal(int fd, const struct rv_buf *from, struct rv_buf *to);
/* Writes to stderr. False: there is nothing to write, or no memory for it. */
bool rv_cli_tell(const struct rv_buf *b);

/* ---- output.c: what goes to stdout ------------------------------------------ */

/* Writes all of the text. Returns 0, or an exit code after a message. */
int rv_cli_write(const struct rv_cli *cli, int fd, const struct rv_buf *b);
/*
 * The same of a text that a restore reads. In a file, its first byte is written last: what is there
 * after a kill, or when the disk is full, is no ruleset.
 */
int rv_cli_write_ruleset(const struct rv_cli *cli, int fd, const struct rv_buf *b);
/* There is no such text: if fd is a file, it gets a line that no restore takes. */
void rv_cli_no_ruleset(const struct rv_cli *cli, int fd);
/* "iptables v1.8.13 (nf_tables)\n" */
void rv_cli_version(const struct rv_cli *cli, struct rv_buf *b);
/* The backend that is asked for; the first if there is none of that name. */
const struct rv_backend *rv_cli_backend(const struct rv_cli *cli);
/* The word in brackets of that line. */
const char *rv_cli_banner(const struct rv_cli *cli);

/* How long to try again what other writers prevent. */
struct rv_patience {
	unsigned int seconds;		/* that were asked for; 0: a few */
	unsigned int attempts;
	int64_t until;			/* ms of the monotonic clock; 0: nothing has failed yet */
};

/* Of a -w: NULL, not given; "", without a number; else seconds. */
struct rv_patience rv_cli_patience(const char *wait);
/*
 * Whether to start over after an error: after RV_ERR_AGAIN, unless the time is over: then it is
 * said in err. Else err is reset, and a short while of random length went by so that two writers do
 * not meet again.
 */
bool rv_cli_again(struct rv_error *err, struct rv_patience *p);

/*
 * Text of a table that arrives chain by chain or mixed, and is wanted in the order of
 * the chains: a buffer for each chain.
 */
struct rv_page {
	const struct rv_chain *chain;
	uint32_t rules;			/* seen so far */
	struct rv_buf text;
};

struct rv_pages {
	struct rv_page *page;		/* in the order of the table's chains */
	struct rv_page **by_chain;	/* the same, by address */
	size_t count;
	struct rv_page *last;
	bool others;			/* the table has base chains that are none of ours */
};

/* One page for each chain that exists; only: just that one. Returns 0, or -1 without memory. */
int rv_pages_open(struct rv_pages *p, const struct rv_table *t, const char *only);
/* The page of a chain, or NULL. */
struct rv_page *rv_pages_find(struct rv_pages *p, const struct rv_chain *c);
/* Appends all pages to the text. sep stands between two. */
void rv_pages_join(struct rv_pages *p, struct rv_buf *b);
/* Says, in a comment and as stock does, that there is more in the table than is shown. */
void rv_pages_notice(const struct rv_pages *p, const struct rv_table_def *table, struct rv_buf *b);
void rv_pages_close(struct rv_pages *p);

/* ---- verbose.c: what -v says of a change --------------------------------------- */

/*
 * Appends what -v prints for a command. Before it is applied: that takes its rules and
 * removes chains. Returns 0, or -1 with err set.
 */
int rv_cli_verbose(struct rv_buf *b, struct rv_store *s, const struct rv_command *cmd,
		   struct rv_error *err);

/* ---- listing.c: -L and -S -------------------------------------------------------- */

/* Appends the listing a command asks for. Returns 0, or -1 with err set. */
int rv_cli_list(struct rv_store *s, const struct rv_command *cmd, const struct rv_options *opts,
		struct rv_buf *b, struct rv_error *err);

/* ---- progress.c: long work, told on a terminal ------------------------------------ */

struct rv_progress {
	const char *name, *what;	/* "iptables-save", "rules" */
	uint64_t done, total;		/* total 0: not known */
	bool on;			/* stderr is a terminal */
	struct rv_meter meter;		/* counts here, one by one */
	int width;			/* of what stands on the line; 0: nothing */
	struct timespec last;
};

/* How many lines the text has that the program reads. */
uint64_t rv_cli_lines(const struct rv_cli *cli);
/* total: how many there will be of what, 0: unknown. */
void rv_cli_progress_start(struct rv_progress *p, const struct rv_cli *cli, const char *what,
			   uint64_t total);
void rv_cli_progress_at(struct rv_progress *p, uint64_t done);
/* All is read, and it is sent. */
void rv_cli_progress_wait(struct rv_progress *p);
/* Wipes the line, before anything else is written, and starts from 0. */
void rv_cli_progress_end(struct rv_progress *p);

/* ---- command.c -------------------------------------------------------------------- */

/* Whether a command changes nothing. */
bool rv_cli_only_reads(const struct rv_command *cmd);
/*
 * Applies a command, and appends its listing or what as many -v say of it. Returns 0, or -1
 * with err set.
 */
int rv_cli_command(struct rv_store *s, struct rv_command *cmd, const struct rv_options *opts,
		   unsigned int verbose, struct rv_buf *b, struct rv_error *err);

/* ---- packet.c --------------------------------------------------------------------- */

struct rv_trace;

/* Appends "PACKET: ..." of a step that has the packet's headers. */
void rv_cli_packet(struct rv_buf *b, const struct rv_trace *t);
/* Traces packets that a rule (with the target TRACE) matches for so many seconds: monitor.c. */
int rv_cli_trace(struct rv_cli *cli, const struct rv_rule *rule, rv_family_t family, unsigned int seconds,
		 struct rv_error *err);

/* ---- help.c ---------------------------------------------------------------------- */

void rv_cli_help(const struct rv_cli *cli, const struct rv_options *opts, struct rv_buf *b);

#endif
