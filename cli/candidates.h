/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to complete to: chains, sets, interfaces and names of extensions. */
#ifndef RAVELIN_CANDIDATES_H
#define RAVELIN_CANDIDATES_H

#include "cli/cli.h"

/* A word that is being completed: head stays, part is to become one of the candidates. */
struct rv_offers {
	const char *spec;	/* backend, for rv_store_open() */
	const char *head, *part;
	size_t head_len, len;
	struct rv_buf out;
};

/* Offers the word if it begins like the part. help may be NULL. */
void rv_offer(struct rv_offers *o, const char *word, const char *help);

enum rv_chains {
	RV_CHAINS_BASE = 1,
	RV_CHAINS_USER = 2,
	RV_CHAINS_ALL = 3,
};

/* Where the rules cannot be read there are but the base chains. */
void rv_offer_chains(struct rv_offers *o, rv_family_t family, const struct rv_table_def *def,
		     enum rv_chains which);
/* Of that table: an extension for others is left out. */
void rv_offer_exts(struct rv_offers *o, enum rv_ext_kind kind, rv_family_t family,
		   const struct rv_table_def *def);
void rv_offer_interfaces(struct rv_offers *o);
void rv_offer_protocols(struct rv_offers *o, rv_family_t family);
void rv_offer_sets(struct rv_offers *o);

/* What the last word of an iptables command line may become (complete.c). */
void rv_offer_words(struct rv_offers *o, rv_family_t family, int count, char *const words[]);

#endif
