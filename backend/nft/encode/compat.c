/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches and targets in the kernel's own form: the expressions "match" and
 * "target" (linux/netfilter/nf_tables_compat.h) carry an xtables name, revision
 * and struct.
 */
#include <linux/netfilter/x_tables.h>
#include <stdlib.h>

#include <ravelin/registry.h>

#include "encode.h"

/* Largest blob kept on the stack; conntrack has 160 bytes, comment 256. */
#define SMALL_BLOB 512

static void write_part(struct rv_buf *b, const struct rv_part *part, const struct rv_revision *w,
		       const unsigned char *blob, uint32_t len)
{
	const struct rv_nft_expr e = {
		.kind = part->ext->kind == RV_TARGET ? RV_NFT_TARGET : RV_NFT_MATCH,
		.name = rv_layout_name(part->ext, w), .revision = w->revision,
		.data = { blob, len },
	};

	rv_nft_expr_write(b, &e);
}

int rv_nft_part_write(struct rv_buf *b, rv_family_t family, const struct rv_part *part,
		      struct rv_error *err)
{
	const struct rv_revision *w = rv_nft_wire(family, part->ext);
	_Alignas(8) unsigned char small[SMALL_BLOB];
	unsigned char *blob = small;
	size_t len;
	int rc;

	if (!w || (!w->size && !w->no_struct))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "nf_tables cannot be told of %s `%s'",
			       part->ext->kind == RV_TARGET ? "target" : "match", part->ext->name);
	len = XT_ALIGN(w->size);
	if (len > sizeof(small))
		blob = malloc(len);
	if (!blob)
		return rv_fail_memory(err);
	rc = rv_part_to_wire(part, w, blob, len, err);
	if (!rc)
		write_part(b, part, w, blob, len);
	if (blob != small)
		free(blob);
	return rc;
}
