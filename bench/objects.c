/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Benchmarks chains and map elements with the backend's own writer and with libnftnl:
 *
 *   objects [ROUNDS]
 *
 * Both write a base chain, and 100 elements of a map from addresses to verdicts. Prints nanoseconds of CPU time per
 * chain and per element, the best of five runs, and which attributes a chain loses that libnftnl reads and writes
 * again: docs/decisions/no-libnftnl-objects.md.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <libnftnl/chain.h>
#include <libnftnl/set.h>

#include "backend/nft/wire/wire.h"
#include "bench/timing.h"

#define ELEMENTS 100
#define FUTURE 60	/* an attribute of a later kernel */

static struct rv_buf ours = RV_BUF_INIT;
static _Alignas(8) char theirs[65536];

static void fail(const char *what)
{
	fprintf(stderr, "objects: %s\n", what);
	exit(1);
}

/* ---- the backend ------------------------------------------------------------------ */

/* Starts a message about an object of table filter. */
static size_t begin(uint16_t type, uint16_t table_attr, uint16_t name_attr, const char *name)
{
	uint32_t seq = 0;
	size_t at;

	rv_buf_reset(&ours);
	at = rv_nft_begin_message(&ours, &seq, type, NLM_F_CREATE, NFPROTO_IPV4);
	rv_nft_put_text(&ours, table_attr, "filter");
	rv_nft_put_text(&ours, name_attr, name);
	return at;
}

static void put_chain(void)
{
	size_t at = begin(NFT_MSG_NEWCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, "INPUT"), hook;

	hook = rv_nft_nest(&ours, NFTA_CHAIN_HOOK);
	rv_nft_put_u32(&ours, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN);
	rv_nft_put_u32(&ours, NFTA_HOOK_PRIORITY, 0);
	rv_nft_nest_end(&ours, hook);
	rv_nft_put_u32(&ours, NFTA_CHAIN_POLICY, NF_ACCEPT);
	rv_nft_put_text(&ours, NFTA_CHAIN_TYPE, "filter");
	rv_nft_end_message(&ours, at);
}

static void put_element(uint32_t address)
{
	size_t element = rv_nft_nest(&ours, NFTA_LIST_ELEM), key, data, verdict;

	key = rv_nft_nest(&ours, NFTA_SET_ELEM_KEY);
	rv_nft_put(&ours, NFTA_DATA_VALUE, &address, sizeof(address));
	rv_nft_nest_end(&ours, key);
	data = rv_nft_nest(&ours, NFTA_SET_ELEM_DATA);
	verdict = rv_nft_nest(&ours, NFTA_DATA_VERDICT);
	rv_nft_put_u32(&ours, NFTA_VERDICT_CODE, NF_ACCEPT);
	rv_nft_nest_end(&ours, verdict);
	rv_nft_nest_end(&ours, data);
	rv_nft_nest_end(&ours, element);
}

static void put_elements(void)
{
	size_t at = begin(NFT_MSG_NEWSETELEM, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET, "map"), list;

	list = rv_nft_nest(&ours, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (uint32_t i = 0; i < ELEMENTS; i++)
		put_element(htonl(i));
	rv_nft_nest_end(&ours, list);
	rv_nft_end_message(&ours, at);
}

/* ---- libnftnl ---------------------------------------------------------------------- */

static void build_chain(void)
{
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(theirs, NFT_MSG_NEWCHAIN, NFPROTO_IPV4, NLM_F_CREATE, 0);
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		fail("no memory");
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, "filter");
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, "INPUT");
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, NF_INET_LOCAL_IN);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_PRIO, 0);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_nlmsg_build_payload(nlh, c);
	nftnl_chain_free(c);
}

static void build_elements(void)
{
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(theirs, NFT_MSG_NEWSETELEM, NFPROTO_IPV4, NLM_F_CREATE, 0);
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s)
		fail("no memory");
	nftnl_set_set_str(s, NFTNL_SET_TABLE, "filter");
	nftnl_set_set_str(s, NFTNL_SET_NAME, "map");
	for (uint32_t i = 0; i < ELEMENTS; i++) {
		struct nftnl_set_elem *e = nftnl_set_elem_alloc();
		uint32_t address = htonl(i);

		if (!e)
			fail("no memory");
		nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, &address, sizeof(address));
		nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_VERDICT, NF_ACCEPT);
		nftnl_set_elem_add(s, e);
	}
	nftnl_set_elems_nlmsg_build_payload(nlh, s);
	nftnl_set_free(s);
}

/* What a snapshot would lose: bytes of attributes after reading and writing with libnftnl. */
static void print_loss(void)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)theirs;
	struct nftnl_chain *c = nftnl_chain_alloc();
	const uint32_t value = 1;
	uint32_t before;

	put_chain();
	rv_nft_put(&ours, FUTURE, &value, sizeof(value));
	rv_nft_end_message(&ours, 0);
	before = (uint32_t)ours.len;
	if (!c || nftnl_chain_nlmsg_parse((const struct nlmsghdr *)(const void *)ours.data, c) < 0)
		fail("libnftnl does not read the chain");
	nlh = nftnl_nlmsg_build_hdr(theirs, NFT_MSG_NEWCHAIN, NFPROTO_IPV4, NLM_F_CREATE, 0);
	nftnl_chain_nlmsg_build_payload(nlh, c);
	printf("a chain with an attribute that libnftnl does not know: %u bytes, %u after reading and writing it\n",
	       before, nlh->nlmsg_len);
	nftnl_chain_free(c);
}

/* The same message, apart from the order of attributes. */
static void check_alike(void (*mine)(void), void (*other)(void))
{
	mine();
	other();
	if (ours.len != ((const struct nlmsghdr *)(const void *)theirs)->nlmsg_len)
		fail("the two write different messages");
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;

	if (!rounds)
		fail("ROUNDS must be more than 0");
	check_alike(put_chain, build_chain);
	check_alike(put_elements, build_elements);
	printf("chain: ravelin %" PRIu64 " ns, libnftnl %" PRIu64 " ns\n", best_cpu_ns(put_chain, rounds),
	       best_cpu_ns(build_chain, rounds));
	printf("element: ravelin %" PRIu64 " ns, libnftnl %" PRIu64 " ns\n", best_cpu_ns(put_elements, rounds) / ELEMENTS,
	       best_cpu_ns(build_elements, rounds) / ELEMENTS);
	print_loss();
	return 0;
}
