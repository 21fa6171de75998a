/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_PROGRAMS_H
#define RAVELIN_PROGRAMS_H

#include "cli/cli.h"

struct rv_flag;

struct rv_program {
	const char *name;
	rv_family_t family;
	bool restore;			/* it reads a restore file */
	int (*run)(struct rv_cli *cli);
	const struct rv_flag *flags;	/* NULL: it takes what the parser takes */
	const char *operand;		/* what follows its options, for -h and the manual; NULL: nothing */
	const char *help;		/* NULL: for scripts, not for people */
};

/* Ends with a NULL name. */
extern const struct rv_program rv_programs[];

/*
 * "iptables-nft-save" and "/usr/sbin/iptables-save" are the same program; a name that means
 * a backend sets *backend. NULL: no program has that name.
 */
const struct rv_program *rv_program_find(const char *path, const char **backend);

#endif
