/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion candidates: chains, sets, interfaces and names of extensions. */
#ifndef RAVELIN_CANDIDATES_H
#define RAVELIN_CANDIDATES_H

#include "cli/cli.h"

/* The word being completed: head is kept, part is replaced by a candidate. */
struct rv_offers {
	const char *spec;	/* backend, for rv_store_open() */
	const char *head, *part;
	size_t head_len, len;
	struct rv_buf out;
};

/* Starts completing a word, of which start bytes are kept. */
void rv_offers_start(struct rv_offers *o, const char *word, size_t start);
/* Offers the word if it starts with part. help may be NULL. */
void rv_offer(struct rv_offers *o, const char *word, const char *help);
/* Offers the long name of an option, and its letter if a letter is being typed. */
void rv_offer_option(struct rv_offers *o, char letter, const char *name, const char *help);

enum rv_chains {
	RV_CHAINS_BASE = 1,
	RV_CHAINS_USER = 2,
	RV_CHAINS_ALL = 3,
};

/* If the rules cannot be read, offers the base chains only. */
void rv_offer_chains(struct rv_offers *o, rv_family_t family, const struct rv_table_def *def,
		     enum rv_chains which);
/* Offers only extensions that are allowed in the table. */
void rv_offer_exts(struct rv_offers *o, enum rv_ext_kind kind, rv_family_t family,
		   const struct rv_table_def *def);
void rv_offer_interfaces(struct rv_offers *o);
void rv_offer_protocols(struct rv_offers *o, rv_family_t family);
void rv_offer_sets(struct rv_offers *o);

/* Completes the last word of an iptables command line (words.c). */
void rv_offer_words(struct rv_offers *o, rv_family_t family, int count, char *const words[]);

#endif
