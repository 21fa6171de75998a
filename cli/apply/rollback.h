/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rollback of iptables-apply: a snapshot of the rules, validated before anything changes. */
#ifndef RAVELIN_ROLLBACK_H
#define RAVELIN_ROLLBACK_H

#include <ravelin/image.h>

#include "cli/cli.h"

/* Result of a rollback. */
enum rv_rollback {
	RV_ROLLBACK_DONE,
	RV_ROLLBACK_CLOSED,	/* failed; the host is closed for new connections */
	RV_ROLLBACK_STUCK,	/* failed, and closing the host failed too */
};

enum {
	RV_EXIT_CLOSED = 10,
	RV_EXIT_STUCK = 11,
};

const char *rv_rollback_text(enum rv_rollback how);
int rv_rollback_exit(enum rv_rollback how);

/* Takes a snapshot and reserves what a rollback needs. Returns 0, or -1 with err set. */
int rv_rollback_take(struct rv_image *im, const char *spec, struct rv_error *err);

/* The same, and lets the kernel validate it. -1: it cannot be relied on. */
int rv_rollback_prepare(struct rv_image *im, const char *spec, struct rv_error *err);

/* Rolls back, with retries, or closes the host. Prints errors. */
enum rv_rollback rv_rollback_go(const struct rv_cli *cli, struct rv_image *im);

#endif
