/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation of rules to nft syntax. Predicates are translated by nft_selectors.c, everything else
 * by the extension's template rv_ext.nft (nft_template.c).
 *
 * If any part of a rule has no nft equivalent, the whole rule is refused: a rule without that part
 * would match more packets.
 */
#ifndef RAVELIN_BACKEND_TEXT_H
#define RAVELIN_BACKEND_TEXT_H

#include <ravelin/extension.h>

/* Set names used by the rules translated so far. Zero-initialise. */
struct rv_text_sets {
	unsigned int counted;
	size_t n;		/* number of names, in the order they were claimed */
	size_t room;
	char **names;
	void *tree;		/* tsearch(3) tree of the names */
	bool failed;		/* out of memory; the output is incomplete */
};

/* Claims a name in the table. False if it is already used. Neither may contain a space. */
bool rv_text_sets_claim(struct rv_text_sets *s, const char *table, const char *name);
/* Releases all names but the first n. */
void rv_text_sets_forget(struct rv_text_sets *s, size_t n);
void rv_text_sets_free(struct rv_text_sets *s);

/* Position of the rule. */
struct rv_text_place {
	rv_family_t family;
	const char *table, *chain;
	bool insert;		/* prepend, or insert before rule number */
	uint32_t number;	/* from 1; 0: not given */
	struct rv_text_sets *sets;
};

/* State of a translation. Functions that return bool return false if nft has no equivalent. */
struct rv_text {
	struct rv_buf *b;	/* output, each word preceded by a space */
	struct rv_buf *before;	/* lines that precede the rule */
	const struct rv_text_place *place;
	rv_family_t family;
	const struct rv_rule *rule;
	const char *comment;	/* deferred, since nft has it at the end; NULL: none */
	bool ct_has_ports;	/* a conntrack protocol with ports was already tested */
};

/* "ip", "ip6" */
const char *rv_text_family(rv_family_t family);

/*
 * Appends "add rule ip filter INPUT ..." without a newline, after a line for each set it needs.
 * Returns false if nft has no equivalent; nothing is appended then.
 */
bool rv_text_rule(struct rv_buf *b, const struct rv_text_place *place, const struct rv_rule *r);

/* Whether nft accepts it as a chain name. */
bool rv_text_is_name(const char *name);

/* ---- nft_selectors.c ---------------------------------------------------------------- */

/* Core options: interfaces, protocol, addresses, in iptables-translate's order. */
bool rv_text_ip(struct rv_text *t);
/* The predicates of a match, ignoring options that have none. */
bool rv_text_walk(struct rv_text *t, const struct rv_part *part);
/* The same; false if an option that is given has no predicate. */
bool rv_text_predicates(struct rv_text *t, const struct rv_part *part);
/* Name or number of a protocol. */
void rv_text_protocol(struct rv_buf *b, uint16_t proto);
/* Whether the rule is restricted to this protocol; 0: to any one. */
bool rv_text_has_protocol(const struct rv_text *t, uint16_t proto);
/* nft's name of the header that has the ports of the rule's protocol, or NULL. */
const char *rv_text_port_header(const struct rv_text *t);
/* Names of bits: "a" or "{ a, b }". False: a bit has no name. */
bool rv_text_bits(struct rv_buf *b, const struct rv_name *names, uint64_t bits);
extern const struct rv_name rv_text_address_types[];

/* ---- nft_template.c --------------------------------------------------------------- */

/* Expands rv_ext.nft, which must mention all rows given. */
bool rv_text_template(struct rv_text *t, const struct rv_part *part);

/* ---- rule.c ------------------------------------------------------------------ */

/* Appends a quoted string; false if nft cannot parse it. */
bool rv_text_quoted(struct rv_buf *b, const char *text, size_t max, const char *forbidden);

#endif
