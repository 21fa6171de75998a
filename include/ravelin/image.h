/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot of the rules of both families in a backend, and restoring it. Nothing is decoded, so
 * rules that no option can express are restored too.
 *
 *   rv_image_take() or bytes of a file ─> rv_image_hold() ─> rv_image_check()
 *                                              └─> rv_image_put()  or  rv_image_close_host()
 *
 * rv_image_hold() reserves everything that restoring needs: the later calls open no file and
 * allocate no memory. Forked processes share the prepared snapshot; only one of them may use it.
 */
#ifndef RAVELIN_IMAGE_H
#define RAVELIN_IMAGE_H

#include <ravelin/buf.h>
#include <ravelin/store.h>

struct rv_image {
	const struct rv_image_ops *ops;	/* the backend's */
	const char *arg;		/* backend argument; borrowed */
	struct rv_buf bytes;		/* serialised snapshot; may be saved to a file and
					 * restored by another process */
	void *held;			/* the backend's */
	unsigned int taken;		/* number of attempts to read it */
};

/* All return 0, or -1 with err set. */
struct rv_image_ops {
	/* RV_ERR_AGAIN: the rules changed meanwhile; bytes are invalid */
	int (*take)(struct rv_image *im, struct rv_error *err);
	/* bytes may come from a file: malformed ones are refused */
	int (*hold)(struct rv_image *im, struct rv_error *err);
	int (*check)(struct rv_image *im, struct rv_error *err);
	int (*put)(struct rv_image *im, struct rv_error *err);
	int (*close_host)(struct rv_image *im, struct rv_error *err);
	int (*open_host)(struct rv_image *im, struct rv_error *err);
	void (*release)(struct rv_image *im);
};

/* spec as for rv_store_open(). Refuses backends whose rules no packet traverses. */
int rv_image_init(struct rv_image *im, const char *spec, struct rv_error *err);
/* Takes a snapshot of the current rules. */
int rv_image_take(struct rv_image *im, struct rv_error *err);
/* Opens and reserves what the functions below need. */
int rv_image_hold(struct rv_image *im, struct rv_error *err);
/* Lets the kernel check what rv_image_put() will send, without changing anything. */
int rv_image_check(struct rv_image *im, struct rv_error *err);
/* Restores the snapshot, all or nothing, and reopens the host if it was closed. */
int rv_image_put(struct rv_image *im, struct rv_error *err);
/* Last resort: blocks new connections, keeps established ones; and the reverse. */
int rv_image_close_host(struct rv_image *im, struct rv_error *err);
int rv_image_open_host(struct rv_image *im, struct rv_error *err);
void rv_image_free(struct rv_image *im);

#endif
