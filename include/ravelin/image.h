/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of both families as a backend holds them, whoever wrote them, and the way back to
 * them. Nothing is decoded: what no option can say comes back as well.
 *
 *   rv_image_take() or bytes of a file ─> rv_image_hold() ─> rv_image_check()
 *                                              └─> rv_image_put()  or  rv_image_close_host()
 *
 * All that going back takes is reserved by rv_image_hold(): it opens no file and needs no
 * memory of the program. A process and those it forks share what is held; one of them may use it.
 */
#ifndef RAVELIN_IMAGE_H
#define RAVELIN_IMAGE_H

#include <ravelin/buf.h>
#include <ravelin/store.h>

struct rv_image {
	const struct rv_image_ops *ops;	/* the backend's */
	const char *arg;		/* of the backend; borrowed */
	struct rv_buf bytes;		/* may be kept in a file, to be put by another process */
	void *held;			/* the backend's */
	unsigned int taken;		/* how often that was tried */
};

/* All return 0, or -1 with err set. */
struct rv_image_ops {
	/* RV_ERR_AGAIN: the rules changed meanwhile; bytes are void. */
	int (*take)(struct rv_image *im, struct rv_error *err);
	/* Bytes may come from a file: what is malformed is refused. */
	int (*hold)(struct rv_image *im, struct rv_error *err);
	int (*check)(struct rv_image *im, struct rv_error *err);
	int (*put)(struct rv_image *im, struct rv_error *err);
	int (*close_host)(struct rv_image *im, struct rv_error *err);
	int (*open_host)(struct rv_image *im, struct rv_error *err);
	void (*release)(struct rv_image *im);
};

/* spec as for rv_store_open(). A backend whose rules no packet meets is refused. */
int rv_image_init(struct rv_image *im, const char *spec, struct rv_error *err);
/* Reads the rules as they are now. */
int rv_image_take(struct rv_image *im, struct rv_error *err);
/* Opens and reserves what the functions below need. */
int rv_image_hold(struct rv_image *im, struct rv_error *err);
/* Has the kernel check all that rv_image_put() will ask of it, and change nothing. */
int rv_image_check(struct rv_image *im, struct rv_error *err);
/* Makes the rules what they were, all or nothing; opens a host that was closed. */
int rv_image_put(struct rv_image *im, struct rv_error *err);
/* The last resort: no new connections, open ones go on. And the end of that. */
int rv_image_close_host(struct rv_image *im, struct rv_error *err);
int rv_image_open_host(struct rv_image *im, struct rv_error *err);
void rv_image_free(struct rv_image *im);

#endif
