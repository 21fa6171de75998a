/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_NFT_IMAGE_H
#define RAVELIN_NFT_IMAGE_H

#include <ravelin/image.h>

#include "backend/nft/wire/netlink.h"

/* Fills the buffer with the batch. Returns 0, or -1 with err set. */
int rv_nft_image_read(struct rv_nft_socket *n, struct rv_buf *b, struct rv_error *err);

/*
 * The same without removing tables that still exist, so they keep their place among others. Depends
 * on the rules loaded now. Returns 1 if those tables have changed.
 */
int rv_nft_image_in_place(struct rv_nft_socket *n, const struct rv_buf *image, struct rv_buf *b,
			  struct rv_error *err);

/* A message of a batch. */
struct rv_nft_image_message {
	struct nlmsghdr nlh;
	rv_family_t family;
	struct rv_nft_view attrs;
};

/* Gets the message at *at and advances *at. Returns false at the end or if malformed. */
bool rv_nft_image_next(const struct rv_buf *b, size_t *at, struct rv_nft_image_message *m);

extern const struct rv_image_ops rv_nft_image_ops;

#endif
