/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule of our own, in a table of our own, that marks packets for tracing. */
#ifndef RAVELIN_BACKEND_NFT_TRACER_H
#define RAVELIN_BACKEND_NFT_TRACER_H

#include "closed.h"

struct rv_nft_tracer {
	struct rv_nft_socket socket;	/* the table lasts as long as it */
	char table[32];
};

/*
 * Loads the rule (conditions, with the target TRACE) where packets come in and where this host
 * sends. -1 with err set; rv_nft_tracer_stop() is due either way.
 */
int rv_nft_tracer_start(struct rv_nft_tracer *t, rv_family_t family, const struct rv_rule *rule,
			struct rv_error *err);
void rv_nft_tracer_stop(struct rv_nft_tracer *t);

#endif
