/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table that marks packets for tracing. The kernel removes it when the socket that made it is
 * closed, however the process ends: NFT_TABLE_F_OWNER (Linux 5.12).
 */
#include <stdio.h>
#include <unistd.h>

#include <ravelin/event.h>

#include "backend/nft/encode/encode.h"
#include "tracer.h"

/* Before raw and defragmentation. */
#define PRIORITY (-500)

static const struct {
	const char *name;
	uint32_t hook;
} chains[] = {
	{ "prerouting", NF_INET_PRE_ROUTING },
	{ "output", NF_INET_LOCAL_OUT },
};

static void put_table(struct rv_buf *b, uint32_t *seq, rv_family_t family, const char *name)
{
	size_t at = rv_nft_begin_message(b, seq, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, family);

	rv_nft_put_text(b, NFTA_TABLE_NAME, name);
	rv_nft_put_u32(b, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
	rv_nft_end_message(b, at);
}

static void put_chain(struct rv_buf *b, uint32_t *seq, rv_family_t family, const char *table, unsigned int i)
{
	size_t at = rv_nft_begin_message(b, seq, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family), hook;

	rv_nft_put_text(b, NFTA_CHAIN_TABLE, table);
	rv_nft_put_text(b, NFTA_CHAIN_NAME, chains[i].name);
	hook = rv_nft_nest(b, NFTA_CHAIN_HOOK);
	rv_nft_put_u32(b, NFTA_HOOK_HOOKNUM, chains[i].hook);
	rv_nft_put_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY);
	rv_nft_nest_end(b, hook);
	rv_nft_put_u32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
	rv_nft_put_text(b, NFTA_CHAIN_TYPE, "filter");
	rv_nft_end_message(b, at);
}

static int put_rule(struct rv_buf *b, uint32_t *seq, rv_family_t family, const char *table, unsigned int i,
		    const struct rv_rule *rule, struct rv_error *err)
{
	size_t at = rv_nft_begin_message(b, seq, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family);

	rv_nft_put_text(b, NFTA_RULE_TABLE, table);
	rv_nft_put_text(b, NFTA_RULE_CHAIN, chains[i].name);
	if (rv_nft_rule_write(b, family, rule, err))
		return -1;
	rv_nft_end_message(b, at);
	return 0;
}

static int put_all(struct rv_buf *b, const struct rv_nft_tracer *t, rv_family_t family,
		   const struct rv_rule *rule, struct rv_error *err)
{
	uint32_t seq = 1;

	rv_nft_put_batch_begin(b);
	put_table(b, &seq, family, t->table);
	for (unsigned int i = 0; i < sizeof(chains) / sizeof(*chains); i++) {
		const bool in = chains[i].hook == NF_INET_PRE_ROUTING;

		/*
		 * Packets have no output interface before routing, and locally generated ones no
		 * input interface.
		 */
		if (in ? rule->ip.out[0] : rule->ip.in[0])
			continue;
		put_chain(b, &seq, family, t->table, i);
		if (put_rule(b, &seq, family, t->table, i, rule, err))
			return -1;
	}
	rv_nft_put_batch_end(b, seq);
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}

#define MESSAGES 6

int rv_nft_tracer_start(struct rv_nft_tracer *t, rv_family_t family, const struct rv_rule *rule,
			struct rv_error *err)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_nft_verdict v = { 0 };
	int rc;

	memset(t, 0, sizeof(*t));
	snprintf(t->table, sizeof(t->table), RV_TRACE_TABLE "%ld", (long)getpid());
	if (rv_nft_open(&t->socket, err) || rv_nft_generation(&t->socket, err))
		return -1;
	rc = put_all(&b, t, family, rule, err);
	if (!rc)
		rc = rv_nft_send_any(&t->socket, &b, MESSAGES, true, &v, err);
	if (!rc && v.code) {
		rc = rv_fail(err, RV_ERR_PROBLEM, NULL, "the kernel rejects the table for tracing: %s",
			     strerror(v.code));
		rv_hint(err, "the table needs Linux 5.12 (owner flag); if the kernel rejects the rule, use "
			"another filter");
	}
	rv_buf_free(&b);
	return rc;
}

void rv_nft_tracer_stop(struct rv_nft_tracer *t)
{
	rv_nft_close(&t->socket);
}
