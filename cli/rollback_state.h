/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An apply that waits for its confirmation: at most one in each network namespace. What must
 * outlive its processes stands under /run/ravelin, which only its owner may enter:
 *
 *   apply-INODE.lock     held (flock) as long as one of its processes lives; in it the
 *                        process group of the command that is changing rules
 *   apply-INODE.state    the way back, ravelin/image.h; without it there is nothing to go back to
 *   apply-INODE.socket   where the watcher hears "confirm" and "revert"
 *
 * INODE is that of the network namespace. The kernel gives it to another namespace once this
 * one is gone, so the state has the namespace's cookie too, which no other ever gets.
 */
#ifndef RAVELIN_PENDING_H
#define RAVELIN_PENDING_H

#include <sys/types.h>

#include <ravelin/image.h>

#include "cli/cli.h"

struct rv_pending {
	int dir, lock;			/* -1: not open */
	uint64_t inode, cookie;		/* of our network namespace */
	bool stale;			/* a state is there, and nobody watches over it */
};

/*
 * Opens the directory; makes it when create is set. Returns 0; 1 when there is none; or -1
 * with err set.
 */
int rv_pending_open(struct rv_pending *p, bool create, struct rv_error *err);
void rv_pending_close(struct rv_pending *p);

/*
 * Takes the lock and looks for a state that was left. Returns 0; 1 when another process
 * holds it; or -1 with err set.
 */
int rv_pending_lock(struct rv_pending *p, struct rv_error *err);

/*
 * Writes the state as a whole or not at all: the backend, spec as for rv_store_open() or NULL, and
 * the bytes of its image.
 */
int rv_pending_write(struct rv_pending *p, const char *spec, const struct rv_buf *rules,
		     struct rv_error *err);
/* Reads it back; *spec is freed by the caller. */
int rv_pending_read(struct rv_pending *p, char **spec, struct rv_buf *rules,
		    struct rv_error *err);
/* From now on there is nothing to go back to, and the place is free: the last thing to do. */
void rv_pending_remove(struct rv_pending *p);

/*
 * Notes the process group that is changing rules, 0: none any more; and ends what is left of
 * it when its watcher was killed: returns when nothing of it runs any more.
 */
void rv_pending_note(struct rv_pending *p, pid_t group);
void rv_pending_end_group(struct rv_pending *p);

/* A socket that hears, or one that is connected to the watcher; -1 with errno set. */
int rv_pending_listen(struct rv_pending *p);
int rv_pending_connect(struct rv_pending *p);

/* Appends a line for each apply that waits in another network namespace. */
void rv_pending_others(struct rv_pending *p, struct rv_buf *b);

/* Words on that socket. */
#define RV_PENDING_CONFIRM "confirm"
#define RV_PENDING_REVERT "revert"
/* The answer; any other text says what is wrong. */
#define RV_PENDING_DONE "done"

#endif
