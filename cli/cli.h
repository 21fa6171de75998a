/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the programs of the multi-call binary. */
#ifndef RAVELIN_CLI_H
#define RAVELIN_CLI_H

#include <time.h>

#include <ravelin/error.h>
#include <ravelin/parser.h>
#include <ravelin/render.h>
#include <ravelin/store.h>

/* iptables release whose command line and output this implements */
#define RV_STOCK_VERSION "1.8.13"

struct rv_program;

/* State of a program run. */
struct rv_cli {
	const struct rv_program *programs;	/* table of all programs: cli/programs.h */
	const struct rv_program *program;	/* row in it */
	const char *name;		/* program name in messages: "iptables-restore" */
	rv_family_t family;
	const char *spec;		/* backend, for rv_store_open(); NULL: the default */
	bool restore;			/* errors are those of a restore: they name the line */
	/* Source that error locations refer to; text NULL: argv. */
	int argc;
	char **argv;
	const char *text;
	size_t len;
	const char *path;		/* path of text; NULL: standard input, or none */
	bool noflush;			/* restore: the text adds to existing rules */
	bool stdin_used;		/* by rv_cli_ruleset() */
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
int rv_cli_optimize(struct rv_cli *cli);
int rv_cli_monitor(struct rv_cli *cli);
int rv_cli_compile(struct rv_cli *cli);
int rv_cli_profile(struct rv_cli *cli);
int rv_cli_graph(struct rv_cli *cli);
int rv_cli_metrics(struct rv_cli *cli);
int rv_cli_top(struct rv_cli *cli);
int rv_cli_explain(struct rv_cli *cli);
int rv_cli_test(struct rv_cli *cli);
int rv_cli_report(struct rv_cli *cli);
int rv_cli_complete(struct rv_cli *cli);

/* Appends the output of iptables-save. Returns 0, or -1 with err set. */
int rv_cli_save_text(struct rv_cli *cli, bool counters, struct rv_buf *b, struct rv_error *err);
/* Executes iptables-restore with cli->text. Prints errors. Returns the exit code. */
int rv_cli_restore_text(struct rv_cli *cli);

/* ---- input.c ----------------------------------------------------------------- */

/*
 * Appends a file (NULL: stdin), NUL-terminated, and makes it the source of error locations. Returns
 * 0, or an exit code after printing an error.
 */
int rv_cli_read(struct rv_cli *cli, const char *path, struct rv_buf *input);

/* ---- ruleset.c --------------------------------------------------------------- */

/*
 * Reads all tables of the program's family from a file ("-": standard input) or, for "live", from
 * the kernel into *rs. Returns 0, or -1 with err set; the caller clears *rs in either case.
 */
int rv_cli_ruleset(struct rv_cli *cli, struct rv_ruleset *rs, const char *name,
		   struct rv_error *err);

/* ---- subprocess.c ------------------------------------------------------------ */

/*
 * Runs a program from PATH with input in (NULL: none) and appends its standard output to out.
 * Returns its exit code (127 may be a shell's), 128 if a signal killed it, or -1 with errno set;
 * ENOENT: not found.
 */
int rv_cli_program(const char *const argv[], const struct rv_buf *in, struct rv_buf *out);

/* ---- diag.c: what goes to stderr ------------------------------------------ */

/*
 * Prints an error in the format callers expect; on a terminal, also its location and hint. Returns
 * the exit code.
 */
int rv_cli_error(const struct rv_cli *cli, const struct rv_error *err);
/* Appends the line of the input that loc refers to, and a line that marks it. */
void rv_cli_line(struct rv_buf *b, const struct rv_cli *cli, const struct rv_loc *loc);
/* Whether to print hints for people: stderr is a terminal, or they were requested. */
bool rv_cli_for_a_person(void);
/* Prints and frees the warnings. rv_cli_error() does this itself. */
void rv_cli_warnings(struct rv_buf *warnings);
/* Prints a message that is not a struct rv_error, adding a newline. Returns 1. */
int rv_cli_message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- printable.c: text for terminals ----------------------------------------- */

/* Length in bytes of the UTF-8 character at s (RFC 3629); 0: invalid. len > 0. */
unsigned int rv_cli_utf8_length(const char *s, size_t len);

/* A character as displayed. */
struct rv_glyph {
	unsigned int bytes, columns;
	char text[8];
};

/* A tab becomes a space; the first byte of anything unprintable becomes \xNN. */
struct rv_glyph rv_cli_glyph(const char *s, size_t len);
/* Appends text with control characters as \xNN. keep: control characters to leave unchanged. */
void rv_cli_printable(struct rv_buf *b, const char *text, size_t len, const char *keep);
/* Whether fd is a terminal; if so, appends the printable text to *to. */
bool rv_cli_for_terminal(int fd, const struct rv_buf *from, struct rv_buf *to);
/* Writes to stderr. False: empty, or incomplete because memory ran out. */
bool rv_cli_tell(const struct rv_buf *b);

/* ---- output.c: what goes to stdout ------------------------------------------ */

/* Writes all of the text. Returns 0, or an exit code after printing an error. */
int rv_cli_write(const struct rv_cli *cli, int fd, const struct rv_buf *b);
/*
 * The same for restore input. In a file, the first byte is written last, so that an interrupted
 * write never leaves a valid ruleset.
 */
int rv_cli_write_ruleset(const struct rv_cli *cli, int fd, const struct rv_buf *b);
/* After a failure: if fd is a file, writes a line that no restore accepts. */
void rv_cli_no_ruleset(const struct rv_cli *cli, int fd);

/* ---- version.c ----------------------------------------------------------------- */

/* "iptables v1.8.13 (nf_tables)\n" */
void rv_cli_version(const struct rv_cli *cli, struct rv_buf *b);
/* The selected backend; the default if the name is unknown. */
const struct rv_backend *rv_cli_backend(const struct rv_cli *cli);
/* Backend name in the version line. */
const char *rv_cli_banner(const struct rv_cli *cli);

/* ---- patience.c: retries after conflicts with other writers --------------------- */

struct rv_patience {
	unsigned int seconds;		/* requested time; 0: a default */
	unsigned int attempts;
	int64_t until;			/* deadline, ms of the monotonic clock; 0: no failure yet */
};

/* From the argument of -w: NULL, not given; "", no number; else seconds. */
struct rv_patience rv_cli_patience(const char *wait);
/*
 * Whether to retry after an error: after RV_ERR_AGAIN until the deadline. If so, resets err and
 * waits for a short random time. Otherwise err reports the timeout.
 */
bool rv_cli_again(struct rv_error *err, struct rv_patience *p);

/* ---- progress.c: progress on a terminal ------------------------------------------- */

struct rv_progress {
	const char *name, *what;	/* "iptables-save", "rules" */
	uint64_t done, total;		/* total 0: unknown */
	bool on;			/* stderr is a terminal */
	struct rv_meter meter;		/* increments done */
	int width;			/* of the text on the line; 0: none */
	struct timespec last;
};

/* Number of lines in the input text. */
uint64_t rv_cli_lines(const struct rv_cli *cli);
/* total: expected number of items; 0: unknown. */
void rv_cli_progress_start(struct rv_progress *p, const struct rv_cli *cli, const char *what,
			   uint64_t total);
void rv_cli_progress_at(struct rv_progress *p, uint64_t done);
/* Everything was read; waiting for the kernel. */
void rv_cli_progress_wait(struct rv_progress *p);
/* Clears the line, before other output, and resets the count. */
void rv_cli_progress_end(struct rv_progress *p);

#endif
