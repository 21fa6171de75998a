/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Selects the layout of a match or target for nf_tables: registry/layout.c with the layouts of
 * nft_compat.
 */
#include <ravelin/registry.h>

#include "encode.h"

static bool has(void *arg, rv_family_t family, const struct rv_ext *ext,
		const struct rv_revision *w)
{
	return rv_nft_kernel_has(arg, family, rv_layout_name(ext, w), w->revision,
				 ext->kind == RV_TARGET) == RV_NFT_HAS;
}

const struct rv_revision *rv_nft_wire(rv_family_t family, const struct rv_ext *ext)
{
	return rv_layout(has, family, ext);
}

bool rv_nft_learn(struct rv_nft_socket *n, rv_family_t family, const struct rv_ext *ext)
{
	return rv_layout_probe(has, n, family, ext);
}
