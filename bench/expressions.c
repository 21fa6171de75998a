/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Benchmarks the expressions of a rule with the backend's own tables and with libnftnl:
 *
 *   expressions [ROUNDS]
 *
 * Both encode the same rule; the lengths are compared first. Prints nanoseconds of CPU time per rule, the best of
 * five runs. Decoding ends with a rule of iptables in the backend, with a list of expressions in libnftnl.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

#include <ravelin/parser.h>

#include "backend/nft/decode/decode.h"
#include "backend/nft/encode/encode.h"
#include "bench/timing.h"

static char *words[] = {
	(char *)"iptables", (char *)"-A", (char *)"INPUT", (char *)"-s", (char *)"10.1.2.3/32", (char *)"-p",
	(char *)"tcp", (char *)"-m", (char *)"tcp", (char *)"--dport", (char *)"22", (char *)"-j", (char *)"ACCEPT",
};

static struct rv_rule *rule;
static struct rv_buf ours = RV_BUF_INIT;
static _Alignas(8) char theirs[4096];

static void fail(const char *what)
{
	fprintf(stderr, "expressions: %s\n", what);
	exit(1);
}

static void parse(void)
{
	struct rv_error err = { 0 };
	struct rv_options opts;
	struct rv_command cmd;

	rv_command_init(&cmd);
	if (rv_parse_argv(sizeof(words) / sizeof(*words), words, NFPROTO_IPV4, &cmd, &opts, &err))
		fail(err.text);
	rule = rv_entry(cmd.rules.next, struct rv_rule, node);
	rv_list_del(&rule->node);
	rv_command_clear(&cmd);
}

/* ---- the backend ------------------------------------------------------------------ */

static void encode_ours(void)
{
	struct rv_error err = { 0 };

	rv_buf_reset(&ours);
	if (rv_nft_rule_write(&ours, NFPROTO_IPV4, rule, &err))
		fail(err.text);
}

static struct rv_nft_view expressions(const void *data, size_t len)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];

	if (!rv_nft_attr_table((struct rv_nft_view){ data, len }, t, NFTA_RULE_MAX + 1))
		fail("the message is malformed");
	return t[NFTA_RULE_EXPRESSIONS];
}

static void decode_ours(void)
{
	const struct rv_nft_place place = { .table = "filter", .chain = "INPUT" };
	struct rv_error err = { 0 };
	struct rv_rule *r = rv_nft_rule_read(NFPROTO_IPV4, expressions(ours.data, ours.len), &place, &err);

	if (!r)
		fail(err.text);
	rv_rule_free(r);
}

/* ---- libnftnl ---------------------------------------------------------------------- */

static struct nftnl_expr *add(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e)
		fail("no memory");
	nftnl_rule_add_expr(r, e);
	return e;
}

static void add_cmp(struct nftnl_rule *r, const void *value, uint32_t len)
{
	struct nftnl_expr *e = add(r, "cmp");

	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, len);
}

static void add_payload(struct nftnl_rule *r, uint32_t base, uint32_t offset, uint32_t len)
{
	struct nftnl_expr *e = add(r, "payload");

	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
}

static void encode_theirs(void)
{
	static const uint8_t address[] = { 10, 1, 2, 3 }, tcp[] = { IPPROTO_TCP }, port[] = { 0, 22 };
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(theirs, NFT_MSG_NEWRULE, NFPROTO_IPV4, 0, 0);
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct nftnl_expr *e;

	if (!r)
		fail("no memory");
	add_payload(r, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	add_cmp(r, address, sizeof(address));
	add_payload(r, NFT_PAYLOAD_NETWORK_HEADER, 9, 1);
	add_cmp(r, tcp, sizeof(tcp));
	add_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
	add_cmp(r, port, sizeof(port));
	e = add(r, "counter");
	nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_PACKETS, 0);
	nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_BYTES, 0);
	e = add(r, "immediate");
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, NF_ACCEPT);
	nftnl_rule_nlmsg_build_payload(nlh, r);
	nftnl_rule_free(r);
}

static void decode_theirs(void)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r || nftnl_rule_nlmsg_parse((void *)theirs, r) < 0)
		fail("libnftnl does not read its own message");
	nftnl_rule_free(r);
}

/* Lengths only: libnftnl orders some attributes differently. */
static void check_alike(void)
{
	const struct nlmsghdr *nlh = (const void *)theirs;
	struct rv_nft_view a = expressions(ours.data, ours.len);
	struct rv_nft_view b = expressions(theirs + RV_NFT_HEAD, nlh->nlmsg_len - RV_NFT_HEAD);

	if (a.len != b.len)
		fail("the two encode different expressions");
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;

	if (!rounds)
		fail("ROUNDS must be more than 0");
	parse();
	encode_ours();
	encode_theirs();
	check_alike();
	printf("encode: ravelin %" PRIu64 " ns, libnftnl %" PRIu64 " ns\n", best_cpu_ns(encode_ours, rounds),
	       best_cpu_ns(encode_theirs, rounds));
	printf("decode: ravelin %" PRIu64 " ns, libnftnl %" PRIu64 " ns\n", best_cpu_ns(decode_ours, rounds),
	       best_cpu_ns(decode_theirs, rounds));
	return 0;
}
