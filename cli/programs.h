/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_PROGRAMS_H
#define RAVELIN_PROGRAMS_H

#include "cli/cli.h"

struct rv_flag;

enum {
	RV_RESTORE_INPUT = 1,	/* a restore file */
	RV_STORED = 2,		/* the rules of the backend: chains in commands must exist */
};

struct rv_program {
	const char *name;
	rv_family_t family;
	unsigned int reads;		/* RV_RESTORE_INPUT, RV_STORED */
	int (*run)(struct rv_cli *cli);
	const struct rv_flag *flags;	/* NULL: uses the rule parser */
	const char *operand;		/* operands, for -h and the manual; NULL: none */
	const char *help;		/* NULL: for scripts only, not listed */
};

/* Ends with a NULL name. */
extern const struct rv_program rv_programs[];

/*
 * Finds a program by name or path: "iptables-nft-save" and "/usr/sbin/iptables-save" are the same.
 * A name that selects a backend sets *backend. NULL: not found.
 */
const struct rv_program *rv_program_find(const struct rv_program *programs, const char *path,
					 const char **backend);

#endif
