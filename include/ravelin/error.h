/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors are values: library code fills in a struct rv_error and returns -1. Only cli/diag.c
 * prints.
 */
#ifndef RAVELIN_ERROR_H
#define RAVELIN_ERROR_H

#include <stdbool.h>
#include <stdint.h>

struct rv_buf;

/* Exit codes callers rely on: iptables(8), "Diagnostics". */
enum rv_exit {
	RV_EXIT_OK = 0,
	RV_EXIT_OTHER = 1,	/* no such chain or rule, it exists already, or the kernel
				 * refused the rule */
	RV_EXIT_PARAMETER = 2,	/* invalid command line or rule */
	RV_EXIT_VERSION = 3,	/* no such table */
	RV_EXIT_RESOURCE = 4,	/* the command could not be executed, or its outcome is unknown */
};

/*
 * Determines the format of the first line, which callers match on. P is the program name
 * ("iptables"), V is "P v1.8.13 (nf_tables)", T is the error's text.
 */
enum rv_error_kind {
	RV_ERR_NONE,
	RV_ERR_USAGE,		/* "V: T", then the "Try ..." line; exit 2 */
	RV_ERR_BARE,		/* "T", then the "Try ..." line; exit 2 */
	RV_ERR_PROBLEM,		/* "V: T"; exit 1: the request is refused */
	RV_ERR_VERSION,		/* "V: T", "Perhaps P or your kernel needs to be ..."; exit 3 */
	RV_ERR_STATE,		/* "P: T", in a restore "P: line N failed: T"; exit 1 */
	RV_ERR_RESTORE,		/* "P: T", with the line number already in T; exit 1 */
	RV_ERR_RESOURCE,	/* "V: T"; exit 4: not executed, or the outcome is unknown */
	RV_ERR_AGAIN,		/* concurrent writer: retry */
	RV_ERR_MEMORY,		/* "V: T"; exit 4 */
};

/* A range of the user's input. Columns are byte offsets in the line, from 0. */
struct rv_loc {
	uint32_t line;		/* of a restore file, from 1; 0 = command line */
	uint32_t first;		/* first byte of the token */
	uint32_t end;		/* one past its last byte; first == end: no token */
};

#define RV_ERROR_TEXT 512

struct rv_error {
	enum rv_error_kind kind;
	struct rv_loc loc;
	char text[RV_ERROR_TEXT];	/* what went wrong, in iptables' words where callers
					 * match them */
	char hint[RV_ERROR_TEXT];	/* cause and remedy, for people; may be empty */
	bool other_method;		/* RV_ERR_AGAIN: a retry will use another method */
	struct rv_buf *warnings;	/* receives warnings; borrowed; NULL: discard them */
};

/* Appends a line to the warnings. */
void rv_warn(struct rv_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Clears the error and the warnings, for a retry. */
void rv_error_reset(struct rv_error *err);

/*
 * Records an error unless one is recorded already: the first is the cause. loc may be NULL;
 * rv_error_at() can set it later. Returns -1.
 */
int rv_fail(struct rv_error *err, enum rv_error_kind kind, const struct rv_loc *loc,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Sets the hint of a recorded error. Returns -1. */
int rv_hint(struct rv_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Sets the location of a recorded error that has none. */
void rv_error_at(struct rv_error *err, const struct rv_loc *loc);

/* Records RV_ERR_AGAIN because a retry will use another method. Returns -1. */
int rv_fail_retry(struct rv_error *err, const char *text);

/* Records that memory ran out. Returns -1. */
int rv_fail_memory(struct rv_error *err);

/*
 * Classifies the errno of a request to the kernel: PROBLEM if the request itself was refused, else
 * a kind for missing privileges or resources.
 */
enum rv_error_kind rv_errno_kind(int code);

/*
 * For commands whose exit code 1 is an answer: changes the kind of an error that leaves the
 * question unanswered to one with exit code 4.
 */
void rv_error_undecided(struct rv_error *err);

/* The exit code for an error. */
enum rv_exit rv_error_exit(const struct rv_error *err);

#endif
