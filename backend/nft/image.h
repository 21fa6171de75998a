/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_NFT_IMAGE_H
#define RAVELIN_NFT_IMAGE_H

#include <ravelin/image.h>

#include "backend/nft/wire/netlink.h"

/* Makes the buffer the whole batch. Returns 0, or -1 with err set. */
int rv_nft_image_read(struct rv_nft_socket *n, struct rv_buf *b, struct rv_error *err);

/*
 * The same without removing tables that are still there: their place among others stays. Depends
 * on what is loaded. Returns 1 when those tables are not there as they were.
 */
int rv_nft_image_in_place(struct rv_nft_socket *n, const struct rv_buf *image, struct rv_buf *b,
			  struct rv_error *err);

/* A message of a batch. */
struct rv_nft_image_message {
	struct nlmsghdr nlh;
	rv_family_t family;
	struct rv_nft_view attrs;
};

/* The message at *at, which is moved behind it. Returns false at the end, or at what is none. */
bool rv_nft_image_next(const struct rv_buf *b, size_t *at, struct rv_nft_image_message *m);

extern const struct rv_image_ops rv_nft_image_ops;

#endif
