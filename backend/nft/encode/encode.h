/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules as expressions, as iptables-nft 1.8 writes them. */
#ifndef RAVELIN_NFT_ENCODE_H
#define RAVELIN_NFT_ENCODE_H

#include "backend/nft/wire/netlink.h"

/* ---- rules: rule.c --------------------------------------------------------- */

/* Appends NFTA_RULE_EXPRESSIONS and NFTA_RULE_COMPAT. */
int rv_nft_rule_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		      struct rv_error *err);

/*
 * Its parts: the tests, except matches of one extension (NULL: no exception); the counter; the
 * verdict or target; and NFTA_RULE_COMPAT, the rule's protocol for compat matches.
 */
int rv_nft_tests_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		       const struct rv_ext *but, struct rv_error *err);
void rv_nft_counter_write(struct rv_buf *b, const struct rv_counters *c);
int rv_nft_end_write(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		     struct rv_error *err);
void rv_nft_protocol_write(struct rv_buf *b, const struct rv_ip *ip);

/* ---- predicates: predicate.c ----------------------------------------------- */

/*
 * Appends the expressions of a part's predicates. Returns 1, with nothing appended, if one of them
 * has no native expression; else 0.
 */
int rv_nft_predicates_write(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext,
			    const unsigned char *data);

/* ---- matches and targets in the kernel's own form: compat.c ------------------ */

int rv_nft_part_write(struct rv_buf *b, rv_family_t family, const struct rv_part *part,
		      struct rv_error *err);

/* ---- matches and targets with an expression of their own: native.c ----------- */

/* Returns 0, or 1 if the part has no such expression. */
int rv_nft_native_write(struct rv_buf *b, const struct rv_part *part);
/* Whether the extension has one at all. */
bool rv_nft_has_native(const struct rv_ext *ext);

/* ---- revisions of matches and targets: revision.c ------------------------------- */

/* The layout to write; NULL or a layout of size 0: the extension has none. */
const struct rv_revision *rv_nft_wire(rv_family_t family, const struct rv_ext *ext);
/*
 * Asks the kernel once which layouts it supports. Returns whether the layout to write has changed:
 * a refused transaction should then be retried.
 */
bool rv_nft_learn(struct rv_nft_socket *n, rv_family_t family, const struct rv_ext *ext);

#endif
