/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule numbers by handle, as in -L --line-numbers. Traces contain handles; a chain is read once per
 * generation.
 */
#include <stdlib.h>

#include "nft.h"

struct rv_nft_chain_numbers {
	struct rv_nft_chain_numbers *next;
	uint8_t family;
	char *table, *chain;
	uint64_t *handles;		/* in the order of the rules */
	size_t n, room;
};

static int see_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_chain_numbers *c = arg;
	uint64_t *handles;

	if (c->n == c->room) {
		handles = reallocarray(c->handles, 2 * c->room + 16, sizeof(*handles));
		if (!handles)
			return rv_fail_memory(err);
		c->handles = handles;
		c->room = 2 * c->room + 16;
	}
	c->handles[c->n] = 0;
	if (rv_nft_attr_table(attrs, t, NFTA_RULE_MAX + 1))
		rv_nft_get_u64(t[NFTA_RULE_HANDLE], &c->handles[c->n]);
	c->n++;
	return 0;
}

static void free_chain(struct rv_nft_chain_numbers *c)
{
	free(c->table);
	free(c->chain);
	free(c->handles);
	free(c);
}

void rv_nft_numbers_clear(struct rv_nft_numbers *numbers)
{
	while (numbers->chains) {
		struct rv_nft_chain_numbers *c = numbers->chains;

		numbers->chains = c->next;
		free_chain(c);
	}
}

static struct rv_nft_chain_numbers *read_chain(struct rv_nft_socket *ask, uint8_t family,
					       const char *table, const char *chain)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETRULE, .family = family, .dump = true,
		.table = table, .table_attr = NFTA_RULE_TABLE,
		.chain = chain, .chain_attr = NFTA_RULE_CHAIN,
	};
	struct rv_nft_chain_numbers *c = calloc(1, sizeof(*c));
	struct rv_error err = { 0 };

	if (!c)
		return NULL;
	c->family = family;
	c->table = strdup(table);
	c->chain = strdup(chain);
	if (c->table && c->chain && rv_nft_ask(ask, &q, see_rule, c, &err) == 0)
		return c;
	free_chain(c);
	return NULL;
}

static struct rv_nft_chain_numbers *find_chain(struct rv_nft_numbers *numbers, uint8_t family,
					       const char *table, const char *chain)
{
	struct rv_nft_chain_numbers *c;

	for (c = numbers->chains; c; c = c->next)
		if (c->family == family && !strcmp(c->table, table) && !strcmp(c->chain, chain))
			return c;
	return NULL;
}

uint32_t rv_nft_rule_number(struct rv_nft_numbers *numbers, struct rv_nft_socket *ask,
			    uint8_t family, const char *table, const char *chain, uint64_t handle)
{
	struct rv_nft_chain_numbers *c;
	struct rv_error err = { 0 };

	if (rv_nft_generation(ask, &err))
		return 0;
	if (numbers->generation != ask->generation)
		rv_nft_numbers_clear(numbers);
	numbers->generation = ask->generation;
	c = find_chain(numbers, family, table, chain);
	if (!c) {
		c = read_chain(ask, family, table, chain);
		if (!c)
			return 0;
		c->next = numbers->chains;
		numbers->chains = c;
	}
	for (size_t i = 0; i < c->n; i++)
		if (c->handles[i] == handle)
			return i + 1;
	return 0;
}
