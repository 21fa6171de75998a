/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internals of the nf_tables backend. Rules are written as iptables-nft 1.8 does; those of any
 * 1.8.x are read.
 *
 *   wire/         messages, attributes, the socket
 *   encode/       rules to expressions          decode/    expressions to rules
 *   transaction/  changes as messages, and sending them
 *
 * This folder contains what uses these: reading tables and chains, monitor, images, and the backend
 * itself (nft.c).
 */
#ifndef RAVELIN_BACKEND_NFT_H
#define RAVELIN_BACKEND_NFT_H

#include "backend/nft/decode/decode.h"
#include "backend/nft/encode/encode.h"
#include "backend/nft/transaction/batch.h"

/* ---- tables, chains and rules: chains.c, rules.c --------------------------------- */

/* rv_backend.load_chains, load_rules and dump of this backend */
int rv_nft_load_chains(struct rv_store *s, struct rv_table *table, const char *only, struct rv_error *err);
int rv_nft_load_rules(struct rv_store *s, struct rv_chain *chain, struct rv_error *err);
int rv_nft_dump_table(struct rv_store *s, struct rv_table *table, const char *only,
		      const struct rv_visitor *v, struct rv_error *err);

/* Reads all chains of a table, or one, from the kernel. */
int rv_nft_ask_chains(struct rv_store *s, struct rv_table *table, const char *only, struct rv_error *err);
/* Warns about rules of the table that behave differently from iptables rules. */
int rv_nft_warn_of_oddities(struct rv_store *s, struct rv_table *t, struct rv_error *err);
/* Warns if the staged rules of the table will behave differently from iptables rules. */
int rv_nft_warn_changing(struct rv_store *s, struct rv_table *t, struct rv_error *err);

/*
 * Requests the rules of a table, or of one chain (only != NULL). whole: as in struct rv_nft_query.
 */
int rv_nft_ask_rules(struct rv_store *s, const char *table, const char *only, rv_nft_answer_fn *fn,
		     rv_nft_whole_fn *whole, void *arg, struct rv_error *err);

/* ---- events: monitor.c -------------------------------------------------------------- */

int rv_nft_monitor(const struct rv_monitor *m, struct rv_error *err);

/* ---- rules elsewhere: other_rulesets.c ------------------------------------------------------ */

/* rv_backend.other_rules of this backend. */
void rv_nft_other_rules(struct rv_store *s, const char *suffix, bool person, struct rv_error *err);
/* The same for a backend outside of nf_tables: tables of iptables are foreign too. */
void rv_nft_module_rules(struct rv_store *s, const char *suffix, bool person, struct rv_error *err);

/* ---- numbers of rules: numbers.c ------------------------------------------------ */

struct rv_nft_chain_numbers;
/* Cache of rule handles by chain. Initialise with zeros. */
struct rv_nft_numbers {
	struct rv_nft_chain_numbers *chains;
	uint32_t generation;
};
/*
 * The number of the rule in its chain, from 1; 0: it does not exist, or the chain cannot be read.
 */
uint32_t rv_nft_rule_number(struct rv_nft_numbers *numbers, struct rv_nft_socket *ask,
			    uint8_t family, const char *table, const char *chain, uint64_t handle);
void rv_nft_numbers_clear(struct rv_nft_numbers *numbers);

#endif
