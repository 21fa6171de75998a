/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output of a second -v. */
#ifndef RAVELIN_NFT_DEBUG_DUMP_H
#define RAVELIN_NFT_DEBUG_DUMP_H

#include <ravelin/store.h>

#include "backend/nft/wire/wire.h"

/* rv_backend.explain */
int rv_nft_explain(struct rv_store *s, struct rv_error *err);
/* Returns whether libnftnl is available. If not, warns, and turns the output off. */
bool rv_nft_can_explain(struct rv_store *s, struct rv_error *err);
/* Appends the text of a kernel rule, if possible; attrs: as for rv_nft_answer_fn. */
int rv_nft_explain_rule(struct rv_nft_view attrs, struct rv_buf *b, struct rv_error *err);
/* The same for a message about a table, chain or rule. */
void rv_nft_explain_message(struct rv_buf *b, const struct nlmsghdr *nlh);

#endif
