/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule in a separate table that marks packets for tracing. */
#ifndef RAVELIN_BACKEND_NFT_TRACER_H
#define RAVELIN_BACKEND_NFT_TRACER_H

#include "closed.h"

struct rv_nft_tracer {
	struct rv_nft_socket socket;	/* the table exists as long as this socket */
	char table[32];
};

/*
 * Loads the rule (conditions, with target TRACE) where packets are received and where this host
 * sends them. Returns 0, or -1 with err set; call rv_nft_tracer_stop() in both cases.
 */
int rv_nft_tracer_start(struct rv_nft_tracer *t, rv_family_t family, const struct rv_rule *rule,
			struct rv_error *err);
void rv_nft_tracer_stop(struct rv_nft_tracer *t);

#endif
