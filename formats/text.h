/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules in nft's syntax. Predicates are put into words by one table (nft_selectors.c); what
 * they cannot say has a function by the extension's name, which reads the values of
 * the extension's rows and no struct (matches.c, targets.c).
 *
 * Whatever has no words makes the whole rule unsayable: a shorter one would be wider.
 */
#ifndef RAVELIN_BACKEND_TEXT_H
#define RAVELIN_BACKEND_TEXT_H

#include <ravelin/extension.h>

/* Sets that the rules of one run have: how many by number, and their names. Starts with zeros. */
struct rv_text_sets {
	unsigned int counted;
	size_t n;		/* of names, in the order in which they were claimed */
	size_t room;
	char **names;
	void *tree;		/* of them */
	bool failed;		/* out of memory: the text is as well */
};

/* Whether no set of the table has that name yet: then it has. Neither has a blank in it. */
bool rv_text_sets_claim(struct rv_text_sets *s, const char *table, const char *name);
/* All but the first n names are free again. */
void rv_text_sets_forget(struct rv_text_sets *s, size_t n);
void rv_text_sets_free(struct rv_text_sets *s);

/* Where a rule goes. */
struct rv_text_place {
	rv_family_t family;
	const char *table, *chain;
	bool insert;		/* at the front, or before rule number */
	uint32_t number;	/* from 1; 0: not given */
	struct rv_text_sets *sets;
};

/* A rule on its way. Functions that return bool say whether nft has words for it. */
struct rv_text {
	struct rv_buf *b;	/* each word with a blank before it */
	struct rv_buf *before;	/* lines that come before the rule's */
	const struct rv_text_place *place;
	rv_family_t family;
	const struct rv_rule *rule;
	const char *comment;	/* nft wants it at the end; NULL: none */
	bool ct_has_ports;	/* a protocol with ports was said of the connection */
};

/* "ip", "ip6" */
const char *rv_text_family(rv_family_t family);

/*
 * Appends "add rule ip filter INPUT ..." without a newline, behind a line for each set that it
 * needs. Returns whether nft can say the rule; else nothing is appended.
 */
bool rv_text_rule(struct rv_buf *b, const struct rv_text_place *place, const struct rv_rule *r);

/* Whether nft takes it for the name of a chain. */
bool rv_text_is_name(const char *name);

/* ---- nft_selectors.c ---------------------------------------------------------------- */

/* The core's part: interfaces, protocol, addresses, in the order stock has them. */
bool rv_text_ip(struct rv_text *t);
/* A match by its predicates, which may not be all there is to say of it. */
bool rv_text_walk(struct rv_text *t, const struct rv_part *part);
/* The same; false if a row that is given has no predicate. */
bool rv_text_predicates(struct rv_text *t, const struct rv_part *part);
/* A name or number of a protocol. */
void rv_text_protocol(struct rv_buf *b, uint16_t proto);
/* Whether the rule is for one protocol, and this one; 0: whichever. */
bool rv_text_has_protocol(const struct rv_text *t, uint16_t proto);
/* What nft calls the header with the ports of the rule's protocol, or NULL. */
const char *rv_text_port_header(const struct rv_text *t);
/* Names of bits: "a" or "{ a, b }". False: some bit has none. */
bool rv_text_bits(struct rv_buf *b, const struct rv_name *names, uint64_t bits);
extern const struct rv_name rv_text_address_types[];

/* ---- nft_template.c --------------------------------------------------------------- */

/* By rv_ext.nft, in which all rows that are given must occur. */
bool rv_text_words(struct rv_text *t, const struct rv_part *part);

/* ---- rule.c ------------------------------------------------------------------ */

/* Appends the string in quotes; false when nft could not read it so. */
bool rv_text_quoted(struct rv_buf *b, const char *text, size_t max, const char *forbidden);

#endif
