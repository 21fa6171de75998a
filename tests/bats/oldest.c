/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked into ravelin (--wrap=rv_nft_wire): writes matches and targets in the oldest revision that
 * the running kernel supports and that can express the rule.
 */
#include <stdio.h>
#include <stdlib.h>

#include <linux/netfilter/x_tables.h>

#include <ravelin/registry.h>

#include "backend/nft/nft.h"

const struct rv_revision *__wrap_rv_nft_wire(rv_family_t family, const struct rv_ext *ext);
int __wrap_rv_nft_part_write(struct rv_buf *b, rv_family_t family, const struct rv_part *part,
			     struct rv_error *err);
int __real_rv_nft_part_write(struct rv_buf *b, rv_family_t family, const struct rv_part *part,
			     struct rv_error *err);

static const struct rv_part *writing;

static bool fits(const struct rv_revision *w)
{
	size_t len = XT_ALIGN(w->size);
	unsigned char *blob = malloc(len ? len : 1);
	struct rv_error err = { 0 };
	bool ok = blob && !rv_part_to_wire(writing, w, blob, len, &err);

	free(blob);
	return ok;
}

int __wrap_rv_nft_part_write(struct rv_buf *b, rv_family_t family, const struct rv_part *part,
			     struct rv_error *err)
{
	writing = part;
	return __real_rv_nft_part_write(b, family, part, err);
}

const struct rv_revision *__wrap_rv_nft_wire(rv_family_t family, const struct rv_ext *ext)
{
	struct rv_nft_socket n = { 0 };
	struct rv_error err = { 0 };
	const struct rv_revision *oldest = ext->revisions;

	if (!ext->revisions || rv_nft_open(&n, &err))
		return ext->revisions;
	rv_revision_each(w, ext)
		if (rv_nft_kernel_has(&n, family, rv_layout_name(ext, w), w->revision,
				      ext->kind == RV_TARGET) == RV_NFT_HAS && fits(w))
			oldest = w;
	rv_nft_close(&n);
	if (oldest != ext->revisions && getenv("OLDEST_TOLD"))
		fprintf(stderr, "%s %u\n", ext->name, oldest->revision);
	return oldest;
}
