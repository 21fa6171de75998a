/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An apply that waits for confirmation: at most one per network namespace. State that must survive
 * its processes is in /run/ravelin, which is only accessible to its owner:
 *
 *   apply-INODE.lock     locked (flock) while one of its processes lives; contains the
 *                        process group of the command that is changing rules
 *   apply-INODE.state    snapshot to roll back to, ravelin/image.h; absent: nothing to roll back
 *   apply-INODE.socket   where the rollback daemon receives "confirm" and "revert"
 *
 * INODE is that of the network namespace. Since the kernel may reuse it after the namespace is
 * gone, the state also contains the namespace's cookie, which is unique.
 */
#ifndef RAVELIN_PENDING_H
#define RAVELIN_PENDING_H

#include <sys/types.h>

#include <ravelin/image.h>

#include "cli/cli.h"

struct rv_pending {
	int dir, lock;			/* -1: not open */
	uint64_t inode, cookie;		/* of the network namespace */
	bool stale;			/* there is a state file, but no process for it */
};

/*
 * Opens the directory, creating it if create is set. Returns 0; 1 if it does not exist; -1 with err
 * set.
 */
int rv_pending_open(struct rv_pending *p, bool create, struct rv_error *err);
void rv_pending_close(struct rv_pending *p);

/*
 * Takes the lock and looks for a stale state. Returns 0; 1 if another process holds the lock; -1
 * with err set.
 */
int rv_pending_lock(struct rv_pending *p, struct rv_error *err);

/*
 * Writes the state atomically: the backend spec, as for rv_store_open() or NULL, and the bytes of
 * its image.
 */
int rv_pending_write(struct rv_pending *p, const char *spec, const struct rv_buf *rules,
		     struct rv_error *err);
/* Reads the state; the caller frees *spec. */
int rv_pending_read(struct rv_pending *p, char **spec, struct rv_buf *rules,
		    struct rv_error *err);
/* Removes the state and releases the lock: no rollback is possible any more. */
void rv_pending_remove(struct rv_pending *p);

/*
 * Records the process group that is changing rules, 0: none. rv_pending_end_group() kills what is
 * left of it after its daemon was killed, and waits for it to exit.
 */
void rv_pending_note(struct rv_pending *p, pid_t group);
void rv_pending_end_group(struct rv_pending *p);

/* A listening socket, or one connected to the daemon; -1 with errno set. */
int rv_pending_listen(struct rv_pending *p);
int rv_pending_connect(struct rv_pending *p);

/* Appends a line for each apply that is waiting in another network namespace. */
void rv_pending_others(struct rv_pending *p, struct rv_buf *b);

/* Requests on that socket. */
#define RV_PENDING_CONFIRM "confirm"
#define RV_PENDING_REVERT "revert"
/* Answer on success; any other text is an error message. */
#define RV_PENDING_DONE "done"

#endif
