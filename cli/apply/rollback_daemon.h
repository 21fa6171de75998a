/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that changes the rules for iptables-apply and rolls them back. It is in a session of
 * its own, so that it survives a terminal hangup, and detects its parent's exit by their socket.
 */
#ifndef RAVELIN_WATCHER_H
#define RAVELIN_WATCHER_H

#include "cli/apply/rollback_state.h"
#include "cli/apply/rollback.h"

/* Messages, one byte each. From the daemon: */
enum rv_watch_word {
	RV_WATCH_APPLIED = 'A',		/* the new rules are loaded: ask for confirmation */
	RV_WATCH_REFUSED = 'F',		/* they could not be loaded, or the command failed */
	RV_WATCH_CONFIRMED = 'C',
	RV_WATCH_LATE = 'T',		/* timeout: rolling back */
	RV_WATCH_DENIED = 'N',		/* "revert" from another session: rolling back */
	RV_WATCH_REVERTED = 'R',	/* rolled back */
	RV_WATCH_CLOSED = 'X',		/* rollback failed, host closed; error already printed */
	RV_WATCH_STUCK = 'E',		/* rollback failed, host not closed */
/* From the terminal: */
	RV_WATCH_YES = 'y',
	RV_WATCH_NO = 'n',
};

struct rv_watch {
	struct rv_cli *cli;		/* text: the new rules */
	const char *command;		/* command to run instead, or NULL */
	unsigned int timeout;		/* seconds, each for the command and the answer */
	struct rv_pending *pending;
	struct rv_image *before;
	int parent;			/* socket to the parent */
	int listener;			/* listening socket of the pending apply */
	char oom_score[16];		/* restored in its children */
};

/* Runs in the child. Returns an exit code that nobody reads. */
int rv_watch_run(struct rv_watch *w);

#endif
