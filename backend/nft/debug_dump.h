/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a second -v shows. */
#ifndef RAVELIN_NFT_DEBUG_DUMP_H
#define RAVELIN_NFT_DEBUG_DUMP_H

#include <ravelin/store.h>

#include "backend/nft/wire/wire.h"

/* rv_backend.explain */
int rv_nft_explain(struct rv_store *s, struct rv_error *err);
/* Whether there are words at all. If not, that is a warning, and nobody asks for them any more. */
bool rv_nft_can_explain(struct rv_store *s, struct rv_error *err);
/* The text of a rule as the kernel has it, if it can be told; attrs: as rv_nft_answer_fn sees them. */
int rv_nft_explain_rule(struct rv_nft_view attrs, struct rv_buf *b, struct rv_error *err);
/* The same of a message about a table, chain or rule. */
void rv_nft_explain_message(struct rv_buf *b, const struct nlmsghdr *nlh);

#endif
