/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors are values. Library code fills in one struct rv_error and returns -1;
 * cli/diag.c is the only place that prints one.
 */
#ifndef RAVELIN_ERROR_H
#define RAVELIN_ERROR_H

#include <stdbool.h>
#include <stdint.h>

struct rv_buf;

/* Exit codes callers depend on: iptables(8), "Diagnostics". */
enum rv_exit {
	RV_EXIT_OK = 0,
	RV_EXIT_OTHER = 1,	/* no such chain or rule, it exists, or the kernel refuses the rule */
	RV_EXIT_PARAMETER = 2,	/* wrong command line or rule */
	RV_EXIT_VERSION = 3,	/* a table that does not exist */
	RV_EXIT_RESOURCE = 4,	/* the command could not find out, or could not do it */
};

/*
 * How the first line is put, which is what callers match on. P is the program
 * name ("iptables"), V is "P v1.8.13 (nf_tables)", T is the error's text.
 */
enum rv_error_kind {
	RV_ERR_NONE,
	RV_ERR_USAGE,		/* "V: T", then the "Try ..." line; exit 2 */
	RV_ERR_BARE,		/* "T", then the "Try ..." line; exit 2 */
	RV_ERR_PROBLEM,		/* "V: T"; exit 1: the request itself is refused */
	RV_ERR_VERSION,		/* "V: T", "Perhaps P or your kernel needs to be upgraded."; exit 3 */
	RV_ERR_STATE,		/* "P: T", in a restore "P: line N failed: T"; exit 1 */
	RV_ERR_RESTORE,		/* "P: T", always with its own line number in T; exit 1 */
	RV_ERR_RESOURCE,	/* "V: T"; exit 4: it could not be tried, or its outcome is unknown */
	RV_ERR_AGAIN,		/* another writer was quicker: start over */
	RV_ERR_MEMORY,		/* "V: T"; exit 4 */
};

/* A place in what the user wrote. Columns are bytes in that line, from 0. */
struct rv_loc {
	uint32_t line;		/* of a restore file, from 1; 0 = command line */
	uint32_t first;		/* first byte of the word */
	uint32_t end;		/* one past its last byte; first == end: no word */
};

#define RV_ERROR_TEXT 512

struct rv_error {
	enum rv_error_kind kind;
	struct rv_loc loc;
	char text[RV_ERROR_TEXT];	/* what, in stock's words where callers match them */
	char hint[RV_ERROR_TEXT];	/* why and what to do, for a person; may be empty */
	bool learnt;			/* of RV_ERR_AGAIN: what failed will be done in another way */
	struct rv_buf *warnings;	/* lines that are no errors go here; borrowed; NULL: nowhere */
};

/* Adds a line of warning. */
void rv_warn(struct rv_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As new, for another try: no error, no warnings. */
void rv_error_reset(struct rv_error *err);

/*
 * Records an error unless one is recorded already (the first one is the cause).
 * loc may be NULL: then a loc set later by rv_error_at() is used. Returns -1.
 */
int rv_fail(struct rv_error *err, enum rv_error_kind kind, const struct rv_loc *loc,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Adds the hint of a recorded error. Returns -1. */
int rv_hint(struct rv_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Gives a recorded error that has no place yet this one. */
void rv_error_at(struct rv_error *err, const struct rv_loc *loc);

/* Records RV_ERR_AGAIN, because another try will be made in another way. Returns -1. */
int rv_fail_learnt(struct rv_error *err, const char *text);

/* Records that memory ran out. Returns -1. */
int rv_fail_memory(struct rv_error *err);

/*
 * The kind of error a system call's errno means for a request that was given to the kernel: whether
 * it says something of the request (PROBLEM), or of who asked and of the state of the machine.
 */
enum rv_error_kind rv_errno_kind(int code);

/*
 * For commands whose exit code 1 is an answer: an error that leaves the question open becomes one
 * of exit code 4.
 */
void rv_error_undecided(struct rv_error *err);

/* The exit code an error ends the program with. */
enum rv_exit rv_error_exit(const struct rv_error *err);

#endif
