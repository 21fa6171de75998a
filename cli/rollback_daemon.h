/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that changes the rules for iptables-apply and changes them back. It has a
 * session of its own, so that no terminal that hangs up ends it, and hears of its parent's
 * end by the socket between them.
 */
#ifndef RAVELIN_WATCHER_H
#define RAVELIN_WATCHER_H

#include "cli/rollback_state.h"
#include "cli/wayback.h"

/* One byte each. From the watcher: */
enum rv_watch_word {
	RV_WATCH_APPLIED = 'A',		/* the new rules are there: the question can be asked */
	RV_WATCH_REFUSED = 'F',		/* they could not be loaded, or the command failed */
	RV_WATCH_CONFIRMED = 'C',
	RV_WATCH_LATE = 'T',		/* nobody answered: the old rules are being put back */
	RV_WATCH_DENIED = 'N',		/* "revert" was said elsewhere: the same */
	RV_WATCH_REVERTED = 'R',	/* they are back */
	RV_WATCH_CLOSED = 'X',		/* they could not be put back, after a message */
	RV_WATCH_STUCK = 'E',		/* nor could the host be closed */
/* From the terminal: */
	RV_WATCH_YES = 'y',
	RV_WATCH_NO = 'n',
};

struct rv_watch {
	struct rv_cli *cli;		/* text: the new rules */
	const char *command;		/* to run instead, or NULL */
	unsigned int timeout;		/* seconds, for the command and for the answer */
	struct rv_pending *pending;
	struct rv_image *before;
	int parent;			/* socket to the terminal's process */
	int listener;			/* of the pending apply */
	char oom_score[16];		/* of its children */
};

/* Runs in the child. Returns its exit code, which nobody reads. */
int rv_watch_run(struct rv_watch *w);

#endif
