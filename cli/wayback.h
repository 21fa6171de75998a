/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way back of iptables-apply: an image of the rules that was tried before anything changes. */
#ifndef RAVELIN_WAYBACK_H
#define RAVELIN_WAYBACK_H

#include <ravelin/image.h>

#include "cli/cli.h"

/* How going back has ended, in words for one who waits for it; and as an exit code. */
enum rv_way_back {
	RV_WAY_BACK_DONE,
	RV_WAY_BACK_CLOSED,	/* it failed: the host is closed for new connections */
	RV_WAY_BACK_STUCK,	/* it failed, and closing the host too */
};

enum {
	RV_EXIT_CLOSED = 10,
	RV_EXIT_STUCK = 11,
};

const char *rv_way_back_text(enum rv_way_back how);
int rv_way_back_exit(enum rv_way_back how);

/* Takes an image and holds what going back to it needs. Returns 0, or -1 with err set. */
int rv_way_back_take(struct rv_image *im, const char *spec, struct rv_error *err);

/* The same, and has the kernel check it. If it returns -1, it cannot be relied on. */
int rv_way_back_prepare(struct rv_image *im, const char *spec, struct rv_error *err);

/* Goes back, with several tries, or closes the host. Prints what is wrong. */
enum rv_way_back rv_way_back_go(const struct rv_cli *cli, struct rv_image *im);

#endif
