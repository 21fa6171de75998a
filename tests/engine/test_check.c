/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refused tables: each is a valid one with one defect. */
#include "test.h"

#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_physdev.h>

#include <linux/netfilter/xt_CLASSIFY.h>
#include <linux/netfilter/xt_mark.h>

/*
 * The valid table. Entries: 0 INPUT's rule (tcp dport 80, jump a), 1 its policy, 2 and 3 those of
 * FORWARD and OUTPUT, 4 head of a, 5 its rule (mark, comment, continue), 6 its end.
 */
static void build(struct rv_blob *b)
{
	static const struct xt_mark_mtinfo1 mark = { .mark = 1, .mask = 1 };
	static const char comment[256] = "makes it long enough for one entry more";
	const uint8_t port[2] = { 0, 80 };
	struct rvk_verdict *jump;
	struct rvk_ip *ip;

	rv_blob_start(b, NFPROTO_IPV4, "filter");
	rv_blob_rules_at(b, NF_INET_LOCAL_IN);
	ip = rv_blob_rule(b);
	ip->proto = 6;
	ip->flags = RVK_IP_PROTO;
	rv_blob_predicate(b, "tcp", RVK_SEL_TH_DPORT, RVK_OP_EQ, 2, port, NULL);
	jump = rv_blob_verdict(b, 0);
	rv_blob_rules_end(b, NF_INET_LOCAL_IN);
	jump->verdict = (int)rv_blob_chain(b, "a");
	rv_blob_rule(b);
	rv_blob_data(b, RVK_KIND_MATCH, "mark", 1, &mark, sizeof(mark));
	rv_blob_data(b, RVK_KIND_MATCH, "comment", 0, comment, sizeof(comment));
	rv_blob_verdict(b, RVK_CONTINUE);
	rv_blob_rule(b);
	rv_blob_verdict(b, RVK_RETURN);
}

static struct rvk_entry *entry(struct rv_blob *b, unsigned int n)
{
	return rv_blob_entry(b, n);
}

static struct rvk_element *match(struct rv_blob *b, unsigned int n)
{
	return (void *)(entry(b, n) + 1);
}

static struct rvk_element *target(struct rv_blob *b, unsigned int n)
{
	return (void *)((uint8_t *)entry(b, n) + entry(b, n)->target);
}

static struct rvk_verdict *verdict(struct rv_blob *b, unsigned int n)
{
	return (void *)(target(b, n) + 1);
}

static struct rvk_predicate *predicate(struct rv_blob *b)
{
	return (void *)(match(b, 0) + 1);
}

static void nothing(struct rv_blob *b) { (void)b; }
static void wrong_name(struct rv_blob *b) { b->head->name[0] = 'x'; }
static void open_name(struct rv_blob *b) { memset(b->head->name, 'x', sizeof(b->head->name)); }
static void wrong_family(struct rv_blob *b) { b->head->family = 7; }
static void wrong_hooks(struct rv_blob *b) { b->head->valid_hooks |= 1 << NF_INET_PRE_ROUTING; }
static void reserved0_in_table(struct rv_blob *b) { b->head->reserved[0] = 1; }
static void reserved1_in_table(struct rv_blob *b) { b->head->reserved[1] = 1; }
static void reserved2_in_table(struct rv_blob *b) { b->head->reserved[2] = 1; }
static void reserved_in_table(struct rv_blob *b) { b->head->reserved2 = 1; }
static void stray_entry(struct rv_blob *b) { b->head->hook_entry[NF_INET_PRE_ROUTING] = 8; }
static void stray_policy(struct rv_blob *b) { b->head->underflow[NF_INET_POST_ROUTING] = 8; }
static void no_entries(struct rv_blob *b) { b->head->count = 0; }
static void too_many(struct rv_blob *b) { b->head->count = 0x10000000; }
static void one_more(struct rv_blob *b) { b->head->count++; }
static void one_less(struct rv_blob *b) { b->head->count--; }
static void next_zero(struct rv_blob *b) { entry(b, 1)->next = 0; }
static void next_short(struct rv_blob *b) { entry(b, 1)->next -= 8; }
static void next_far(struct rv_blob *b) { entry(b, 6)->next = 0xfffffff8; }
/* A valid entry that extends beyond the table. */
static void next_behind(struct rv_blob *b)
{
	target(b, 6)->form = RVK_FORM_DATA;
	target(b, 6)->name[0] = 'x';
	target(b, 6)->size += 64;
	entry(b, 6)->next += 64;
}
/* Trailing bytes that are too short for an entry but counted as one. */
static void rest_short(struct rv_blob *b)
{
	memset(b->entries + b->head->size, 0, 8);
	b->head->size += 8;
	b->head->count++;
}
static void next_odd(struct rv_blob *b) { entry(b, 1)->next += 4; }
static void target_near(struct rv_blob *b) { entry(b, 0)->target = 8; }
static void target_far(struct rv_blob *b) { entry(b, 0)->target = entry(b, 0)->next; }
static void target_odd(struct rv_blob *b) { entry(b, 5)->target -= 4; }
static void index_set(struct rv_blob *b) { entry(b, 2)->index = 1; }
static void uses_set(struct rv_blob *b) { entry(b, 2)->uses = 1; }
static void ip_reserved(struct rv_blob *b) { entry(b, 0)->ip.reserved = 1; }
static void ip_flag(struct rv_blob *b) { entry(b, 0)->ip.flags |= 4; }
static void ip_invert(struct rv_blob *b) { entry(b, 0)->ip.invert |= 0x40; }
static void ip_long_src(struct rv_blob *b) { entry(b, 0)->ip.src[4] = 1; }
static void ip_long_smask(struct rv_blob *b) { entry(b, 0)->ip.smask[15] = 1; }
static void ip_long_dst(struct rv_blob *b) { entry(b, 0)->ip.dst[4] = 1; }
static void ip_long_dmask(struct rv_blob *b) { entry(b, 0)->ip.dmask[15] = 1; }
static void ip_proto(struct rv_blob *b) { entry(b, 0)->ip.proto = 256; }
static void ip_no_flag(struct rv_blob *b) { entry(b, 5)->ip.proto = 6; }
static void ip_inverted_nothing(struct rv_blob *b) { entry(b, 5)->ip.invert = RVK_INV_PROTO; }
static void ip_open_out(struct rv_blob *b) { memset(entry(b, 5)->ip.out, 'x', 16); }
static void ip_inverted_frag(struct rv_blob *b) { entry(b, 5)->ip.invert = RVK_INV_FRAG; }
static void ip_frag_of_ipv6(struct rv_blob *b)
{
	b->head->family = NFPROTO_IPV6;
	entry(b, 5)->ip.flags = RVK_IP_FRAG;
}
static void ip_open_name(struct rv_blob *b) { memset(entry(b, 5)->ip.in, 'x', 16); }
static void element_short(struct rv_blob *b) { match(b, 0)->size = 8; }
static void element_empty(struct rv_blob *b) { match(b, 0)->size = 0; }
static void element_long(struct rv_blob *b) { match(b, 0)->size += 8; }
static void element_odd(struct rv_blob *b) { match(b, 5)->size -= 4; }
static void element_slot(struct rv_blob *b) { match(b, 5)->slot = 1; }
static void element_no_name(struct rv_blob *b) { memset(match(b, 5)->name, 0, RVK_NAME_LEN); }
static void element_open_name(struct rv_blob *b) { memset(match(b, 5)->name, 'x', RVK_NAME_LEN); }
static void element_name_tail(struct rv_blob *b) { match(b, 5)->name[20] = 1; }
static void element_kind(struct rv_blob *b) { match(b, 5)->kind = RVK_KIND_TARGET; }
static void element_unknown(struct rv_blob *b) { match(b, 5)->kind = 3; }
static void element_form(struct rv_blob *b) { match(b, 5)->form = 9; }
static void match_verdict(struct rv_blob *b) { match(b, 5)->form = RVK_FORM_VERDICT; }
static void target_predicates(struct rv_blob *b) { target(b, 5)->form = RVK_FORM_PREDICATES; }
static void match_unnamed_verdict(struct rv_blob *b)
{
	match(b, 0)->form = RVK_FORM_VERDICT;
	match(b, 0)->size = sizeof(struct rvk_element) + sizeof(struct rvk_verdict);
	memset(match(b, 0)->name, 0, RVK_NAME_LEN);
}
static void match_chain(struct rv_blob *b) { match(b, 5)->form = RVK_FORM_CHAIN; }
static void chain_with_data(struct rv_blob *b) { target(b, 5)->form = RVK_FORM_CHAIN; target(b, 5)->name[0] = 'x'; }
static void verdict_revision(struct rv_blob *b) { target(b, 5)->revision = 1; }
static void verdict_long(struct rv_blob *b)
{
	target(b, 6)->size += 8;
	entry(b, 6)->next += 8;
	b->head->size += 8;
}
static void verdict_named(struct rv_blob *b) { target(b, 5)->name[0] = 'x'; }
static void verdict_flags(struct rv_blob *b) { verdict(b, 0)->flags = 2; }
static void verdict_goto_end(struct rv_blob *b) { verdict(b, 5)->flags = RVK_VERDICT_GOTO; }
static void verdict_unknown(struct rv_blob *b) { verdict(b, 5)->verdict = -3; }
static void verdict_repeat(struct rv_blob *b) { verdict(b, 5)->verdict = -7; }
static void hook_entry_off(struct rv_blob *b) { b->head->hook_entry[NF_INET_LOCAL_IN] += 8; }
static void hook_entry_swapped(struct rv_blob *b) { b->head->hook_entry[NF_INET_FORWARD] = 0; }
/* The table ends where the last base chain should start. */
static void chain_missing(struct rv_blob *b)
{
	b->head->count = 3;
	b->head->size = (uint32_t)((uint8_t *)entry(b, 3) - b->entries);
}
static void underflow_off(struct rv_blob *b) { b->head->underflow[NF_INET_LOCAL_IN] += 8; }
static void underflow_far(struct rv_blob *b) { b->head->underflow[NF_INET_LOCAL_OUT] = 1U << 30; }
static void policy_return(struct rv_blob *b) { verdict(b, 1)->verdict = RVK_RETURN; }
static void policy_condition(struct rv_blob *b) { entry(b, 1)->ip.smask[0] = 255; }
static void head_address(struct rv_blob *b) { entry(b, 4)->ip.src[0] = 10; }
static void head_condition(struct rv_blob *b) { entry(b, 4)->ip.smask[0] = 255; }
static void end_condition(struct rv_blob *b) { entry(b, 6)->ip.smask[0] = 255; }
static void end_accepts(struct rv_blob *b) { verdict(b, 6)->verdict = RVK_ACCEPT; }
static void jump_nowhere(struct rv_blob *b) { verdict(b, 0)->verdict = 1 << 30; }
static void jump_inside(struct rv_blob *b) { verdict(b, 0)->verdict += 8; }
static void jump_odd(struct rv_blob *b) { verdict(b, 0)->verdict += 1; }
static void jump_to_base(struct rv_blob *b) { verdict(b, 0)->verdict = 0; }
static void jump_to_head(struct rv_blob *b) { verdict(b, 0)->verdict -= (int)entry(b, 4)->next; }
static void jump_to_self(struct rv_blob *b) { verdict(b, 5)->verdict = verdict(b, 0)->verdict; }
static void predicate_none(struct rv_blob *b) { predicate(b)->size = 0; }
static void predicate_long(struct rv_blob *b) { predicate(b)->size += 8; }
static void predicate_op(struct rv_blob *b) { predicate(b)->op = 9; }
static void predicate_len(struct rv_blob *b) { predicate(b)->len = 4; }
static void predicate_param(struct rv_blob *b) { predicate(b)->param = 1; }
static void predicate_reserved(struct rv_blob *b) { predicate(b)->reserved = 1; }
static void predicate_flags(struct rv_blob *b) { predicate(b)->flags = 2; }
static void predicate_count(struct rv_blob *b) { predicate(b)->count = 1; }
static void predicate_no_list(struct rv_blob *b) { predicate(b)->op = RVK_OP_IN; }
static void predicate_prefix(struct rv_blob *b) { predicate(b)->op = RVK_OP_PREFIX; }
static void selector_unknown(struct rv_blob *b) { predicate(b)->sel = RVK_SEL_COUNT; }
static void selector_none(struct rv_blob *b) { predicate(b)->sel = 0; }
static void selector_other(struct rv_blob *b) { predicate(b)->sel = RVK_SEL_IP6_SADDR; }
static void other_protocol(struct rv_blob *b) { entry(b, 0)->ip.proto = 17; }
static void inverted_protocol(struct rv_blob *b) { entry(b, 0)->ip.invert = RVK_INV_PROTO; }
static void unknown_match(struct rv_blob *b) { match(b, 5)->name[0] = 'p'; }
static void unknown_revision(struct rv_blob *b) { match(b, 5)->revision = 9; }

static const struct refused {
	void (*spoil)(struct rv_blob *b);
	uint16_t stage, reason;
	int entry;			/* -1: none reported */
	int error;
} cases[] = {
	{ wrong_name, RVK_STAGE_TABLE, RVK_WHY_TABLE, -1, -ENOENT },
	{ open_name, RVK_STAGE_TABLE, RVK_WHY_TABLE, -1, -ENOENT },
	{ wrong_family, RVK_STAGE_TABLE, RVK_WHY_TABLE, -1, -ENOENT },
	{ wrong_hooks, RVK_STAGE_TABLE, RVK_WHY_HOOKS, -1, -EINVAL },
	{ reserved0_in_table, RVK_STAGE_TABLE, RVK_WHY_RESERVED, -1, -EINVAL },
	{ reserved1_in_table, RVK_STAGE_TABLE, RVK_WHY_RESERVED, -1, -EINVAL },
	{ reserved2_in_table, RVK_STAGE_TABLE, RVK_WHY_RESERVED, -1, -EINVAL },
	{ reserved_in_table, RVK_STAGE_TABLE, RVK_WHY_RESERVED, -1, -EINVAL },
	{ stray_entry, RVK_STAGE_TABLE, RVK_WHY_RESERVED, -1, -EINVAL },
	{ stray_policy, RVK_STAGE_TABLE, RVK_WHY_RESERVED, -1, -EINVAL },
	{ no_entries, RVK_STAGE_TABLE, RVK_WHY_SIZE, -1, -EINVAL },
	{ too_many, RVK_STAGE_TABLE, RVK_WHY_COUNT, -1, -EINVAL },
	{ one_more, RVK_STAGE_LAYOUT, RVK_WHY_COUNT, 7, -EINVAL },
	{ one_less, RVK_STAGE_LAYOUT, RVK_WHY_COUNT, -1, -EINVAL },
	{ next_zero, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 1, -EINVAL },
	{ next_short, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 1, -EINVAL },
	{ next_far, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 6, -EINVAL },
	{ next_behind, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 6, -EINVAL },
	{ rest_short, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 7, -EINVAL },
	{ next_odd, RVK_STAGE_LAYOUT, RVK_WHY_ALIGN, 1, -EINVAL },
	{ target_near, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 0, -EINVAL },
	{ target_far, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 0, -EINVAL },
	{ target_odd, RVK_STAGE_LAYOUT, RVK_WHY_ALIGN, 5, -EINVAL },
	{ index_set, RVK_STAGE_LAYOUT, RVK_WHY_INDEX, 2, -EINVAL },
	{ uses_set, RVK_STAGE_LAYOUT, RVK_WHY_RESERVED, 2, -EINVAL },
	{ ip_reserved, RVK_STAGE_LAYOUT, RVK_WHY_RESERVED, 0, -EINVAL },
	{ ip_flag, RVK_STAGE_LAYOUT, RVK_WHY_RESERVED, 0, -EINVAL },
	{ ip_invert, RVK_STAGE_LAYOUT, RVK_WHY_RESERVED, 0, -EINVAL },
	{ ip_long_src, RVK_STAGE_LAYOUT, RVK_WHY_IP, 0, -EINVAL },
	{ ip_long_smask, RVK_STAGE_LAYOUT, RVK_WHY_IP, 0, -EINVAL },
	{ ip_long_dst, RVK_STAGE_LAYOUT, RVK_WHY_IP, 0, -EINVAL },
	{ ip_long_dmask, RVK_STAGE_LAYOUT, RVK_WHY_IP, 0, -EINVAL },
	{ ip_proto, RVK_STAGE_LAYOUT, RVK_WHY_IP, 0, -EINVAL },
	{ ip_no_flag, RVK_STAGE_LAYOUT, RVK_WHY_IP, 5, -EINVAL },
	{ ip_inverted_nothing, RVK_STAGE_LAYOUT, RVK_WHY_IP, 5, -EINVAL },
	{ ip_open_out, RVK_STAGE_LAYOUT, RVK_WHY_NAME, 5, -EINVAL },
	{ ip_inverted_frag, RVK_STAGE_LAYOUT, RVK_WHY_IP, 5, -EINVAL },
	{ ip_frag_of_ipv6, RVK_STAGE_LAYOUT, RVK_WHY_IP, 5, -EINVAL },
	{ ip_open_name, RVK_STAGE_LAYOUT, RVK_WHY_NAME, 5, -EINVAL },
	{ element_short, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 0, -EINVAL },
	{ element_empty, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 0, -EINVAL },
	{ element_long, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 0, -EINVAL },
	{ element_odd, RVK_STAGE_LAYOUT, RVK_WHY_ALIGN, 5, -EINVAL },
	{ element_slot, RVK_STAGE_LAYOUT, RVK_WHY_RESERVED, 5, -EINVAL },
	{ element_no_name, RVK_STAGE_LAYOUT, RVK_WHY_NAME, 5, -EINVAL },
	{ element_open_name, RVK_STAGE_LAYOUT, RVK_WHY_NAME, 5, -EINVAL },
	{ element_name_tail, RVK_STAGE_LAYOUT, RVK_WHY_NAME, 5, -EINVAL },
	{ element_kind, RVK_STAGE_LAYOUT, RVK_WHY_KIND, 5, -EINVAL },
	{ element_unknown, RVK_STAGE_LAYOUT, RVK_WHY_KIND, 5, -EINVAL },
	{ element_form, RVK_STAGE_LAYOUT, RVK_WHY_KIND, 5, -EINVAL },
	{ match_verdict, RVK_STAGE_LAYOUT, RVK_WHY_KIND, 5, -EINVAL },
	{ target_predicates, RVK_STAGE_LAYOUT, RVK_WHY_NAME, 5, -EINVAL },
	{ match_unnamed_verdict, RVK_STAGE_LAYOUT, RVK_WHY_KIND, 0, -EINVAL },
	{ match_chain, RVK_STAGE_LAYOUT, RVK_WHY_KIND, 5, -EINVAL },
	{ chain_with_data, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 5, -EINVAL },
	{ verdict_revision, RVK_STAGE_LAYOUT, RVK_WHY_KIND, 5, -EINVAL },
	{ verdict_long, RVK_STAGE_LAYOUT, RVK_WHY_SIZE, 6, -EINVAL },
	{ verdict_named, RVK_STAGE_LAYOUT, RVK_WHY_KIND, 5, -EINVAL },
	{ verdict_flags, RVK_STAGE_LAYOUT, RVK_WHY_RESERVED, 0, -EINVAL },
	{ verdict_goto_end, RVK_STAGE_LAYOUT, RVK_WHY_VERDICT, 5, -EINVAL },
	{ verdict_unknown, RVK_STAGE_LAYOUT, RVK_WHY_VERDICT, 5, -EINVAL },
	{ verdict_repeat, RVK_STAGE_LAYOUT, RVK_WHY_VERDICT, 5, -EINVAL },
	{ hook_entry_off, RVK_STAGE_CHAINS, RVK_WHY_ENTRY, -1, -EINVAL },
	{ hook_entry_swapped, RVK_STAGE_CHAINS, RVK_WHY_ENTRY, -1, -EINVAL },
	{ chain_missing, RVK_STAGE_CHAINS, RVK_WHY_ENTRY, -1, -EINVAL },
	{ underflow_off, RVK_STAGE_CHAINS, RVK_WHY_UNDERFLOW, 4, -EINVAL },
	{ underflow_far, RVK_STAGE_CHAINS, RVK_WHY_UNDERFLOW, 4, -EINVAL },
	{ policy_return, RVK_STAGE_CHAINS, RVK_WHY_POLICY, 1, -EINVAL },
	{ policy_condition, RVK_STAGE_CHAINS, RVK_WHY_POLICY, 1, -EINVAL },
	{ head_address, RVK_STAGE_CHAINS, RVK_WHY_HEAD, 4, -EINVAL },
	{ head_condition, RVK_STAGE_CHAINS, RVK_WHY_HEAD, 4, -EINVAL },
	{ end_condition, RVK_STAGE_CHAINS, RVK_WHY_END, 6, -EINVAL },
	{ end_accepts, RVK_STAGE_CHAINS, RVK_WHY_END, 6, -EINVAL },
	{ jump_nowhere, RVK_STAGE_JUMPS, RVK_WHY_JUMP, 0, -EINVAL },
	{ jump_inside, RVK_STAGE_JUMPS, RVK_WHY_JUMP, 0, -EINVAL },
	{ jump_odd, RVK_STAGE_JUMPS, RVK_WHY_JUMP, 0, -EINVAL },
	{ jump_to_base, RVK_STAGE_JUMPS, RVK_WHY_JUMP, 0, -EINVAL },
	{ jump_to_head, RVK_STAGE_JUMPS, RVK_WHY_JUMP, 0, -EINVAL },
	{ jump_to_self, RVK_STAGE_JUMPS, RVK_WHY_LOOP, 5, -ELOOP },
	{ predicate_none, RVK_STAGE_PARTS, RVK_WHY_PREDICATE, 0, -EINVAL },
	{ predicate_long, RVK_STAGE_PARTS, RVK_WHY_SIZE, 0, -EINVAL },
	{ predicate_op, RVK_STAGE_PARTS, RVK_WHY_PREDICATE, 0, -EINVAL },
	{ predicate_len, RVK_STAGE_PARTS, RVK_WHY_PREDICATE, 0, -EINVAL },
	{ predicate_param, RVK_STAGE_PARTS, RVK_WHY_RESERVED, 0, -EINVAL },
	{ predicate_reserved, RVK_STAGE_PARTS, RVK_WHY_RESERVED, 0, -EINVAL },
	{ predicate_flags, RVK_STAGE_PARTS, RVK_WHY_RESERVED, 0, -EINVAL },
	{ predicate_count, RVK_STAGE_PARTS, RVK_WHY_PREDICATE, 0, -EINVAL },
	{ predicate_no_list, RVK_STAGE_PARTS, RVK_WHY_PREDICATE, 0, -EINVAL },
	{ predicate_prefix, RVK_STAGE_PARTS, RVK_WHY_PREDICATE, 0, -EINVAL },
	{ selector_unknown, RVK_STAGE_PARTS, RVK_WHY_SELECTOR, 0, -EINVAL },
	{ selector_none, RVK_STAGE_PARTS, RVK_WHY_SELECTOR, 0, -EINVAL },
	{ selector_other, RVK_STAGE_PARTS, RVK_WHY_SELECTOR, 0, -EINVAL },
	{ other_protocol, RVK_STAGE_PARTS, RVK_WHY_PROTOCOL, 0, -EINVAL },
	{ inverted_protocol, RVK_STAGE_PARTS, RVK_WHY_PROTOCOL, 0, -EINVAL },
	{ unknown_match, RVK_STAGE_PARTS, RVK_WHY_UNKNOWN, 5, -ENOENT },
	{ unknown_revision, RVK_STAGE_PARTS, RVK_WHY_REVISION, 5, -EPROTONOSUPPORT },
	{ nothing, RVK_STAGE_NONE, RVK_WHY_NONE, -1, 0 },
};

static void test_refusals(void)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);

	for (unsigned int i = 0; i < RV_COUNT(cases); i++) {
		const struct refused *c = &cases[i];
		struct rvk_refusal why;
		struct rv_blob b;
		int rc;

		build(&b);
		c->spoil(&b);
		rc = rv_blob_replace(&b, e, &why);
		if (rc != c->error || why.stage != c->stage || why.reason != c->reason ||
		    (c->entry >= 0 && why.entry != (uint32_t)c->entry))
			rv_test_fail(1000 + i);
		rv_blob_free(&b);
	}
	rv_engine_free(e);
}

/* Chains that call each other in a ring, or deeply nested. */
static void expect_chains(unsigned int n, bool ring, int error)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rvk_refusal why;
	struct rvk_verdict *v;
	uint32_t first = 0;
	struct rv_blob b;

	rv_blob_start(&b, NFPROTO_IPV6, "raw");
	rv_blob_rules_at(&b, NF_INET_PRE_ROUTING);
	rv_blob_rule(&b);
	v = rv_blob_verdict(&b, 0);
	rv_blob_rules_end(&b, NF_INET_PRE_ROUTING);
	for (unsigned int i = 0; i < n; i++) {
		const char name[] = { 'a' + i / 26 % 26, 'a' + i % 26, 0 };

		v->verdict = (int)rv_blob_chain(&b, name);
		first = i ? first : (uint32_t)v->verdict;
		rv_blob_rule(&b);
		v = rv_blob_verdict(&b, RVK_CONTINUE);
		rv_blob_rule(&b);
		rv_blob_verdict(&b, RVK_RETURN);
	}
	if (ring) {
		v->verdict = (int)first;
		v->flags = RVK_VERDICT_GOTO;
	}
	EXPECT(rv_blob_replace(&b, e, &why) == error);
	EXPECT(why.reason == (!error ? RVK_WHY_NONE : ring ? RVK_WHY_LOOP : RVK_WHY_DEPTH));
	EXPECT(!ring || !strcmp(why.name, "aa"));
	rv_blob_free(&b);
	rv_engine_free(e);
}

static void test_loops(void)
{
	expect_chains(1, true, -ELOOP);
	expect_chains(50, true, -ELOOP);
	expect_chains(50, false, 0);
	expect_chains(RVK_DEPTH_MAX, false, 0);
	expect_chains(RVK_DEPTH_MAX + 1, false, -ELOOP);
}

/*
 * Chains with width rules each that jump (or goto) to the next chain, so that a packet passes
 * width^depth rules. INPUT jumps to the first.
 */
static int send_tree(struct rv_engine *e, unsigned int depth, unsigned int width, bool goes,
		     struct rvk_refusal *why)
{
	struct rvk_verdict *waiting[64] = { NULL };
	struct rv_blob b;
	int rc;

	rv_blob_start(&b, NFPROTO_IPV4, "filter");
	rv_blob_rules_at(&b, NF_INET_LOCAL_IN);
	rv_blob_rule(&b);
	waiting[0] = rv_blob_verdict(&b, 0);
	rv_blob_rules_end(&b, NF_INET_LOCAL_IN);
	for (unsigned int level = 0; level < depth; level++) {
		const char name[] = { 't', (char)('a' + level), 0 };
		uint32_t here = rv_blob_chain(&b, name);

		for (unsigned int i = 0; i < 64 && waiting[i]; i++) {
			waiting[i]->verdict = (int32_t)here;
			waiting[i] = NULL;
		}
		for (unsigned int i = 0; i < width; i++) {
			rv_blob_rule(&b);
			waiting[i] = rv_blob_verdict(&b, level + 1 < depth ? 0 : RVK_CONTINUE);
			if (level + 1 == depth)
				waiting[i] = NULL;
			else if (goes)
				waiting[i]->flags = RVK_VERDICT_GOTO;
		}
		rv_blob_rule(&b);
		rv_blob_verdict(&b, RVK_RETURN);
	}
	rc = rv_blob_replace(&b, e, why);
	rv_blob_free(&b);
	return rc;
}

/* 16 rules in each of five chains are more than 2^20 visits, in four chains 70,000. */
static void test_visits(void)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rv_test_packet t;
	struct rvk_refusal why;

	EXPECT(send_tree(e, 6, 16, false, &why) == -ELOOP);
	EXPECT(why.reason == RVK_WHY_VISITS && why.stage == RVK_STAGE_JUMPS && why.name[0] == 't');
	EXPECT(send_tree(e, 5, 16, false, &why) == -ELOOP && why.reason == RVK_WHY_VISITS);
	EXPECT(send_tree(e, 20, 20, false, &why) == -ELOOP && why.reason == RVK_WHY_VISITS);
	EXPECT(!send_tree(e, 4, 16, false, &why));
	rv_test_packet(&t, NFPROTO_IPV4, IPPROTO_UDP, NF_INET_LOCAL_IN);
	EXPECT(rv_engine_run(e, RV_TABLE_FILTER, &t.p.pkt, NULL) == NF_ACCEPT);
	/* A goto does not return. */
	EXPECT(!send_tree(e, 20, 20, true, &why));
	EXPECT(rv_engine_run(e, RV_TABLE_FILTER, &t.p.pkt, NULL) == NF_ACCEPT);
	rv_engine_free(e);
}

static bool has_no_users(struct rv_engine *e)
{
	(void)e;
	return false;
}

static unsigned int bridges;

static void need_bridge(struct rv_engine *e)
{
	(void)e;
	bridges++;
}

/* User ids depend on the caller's namespace, bridge ports on a provider. */
static void test_surroundings(void)
{
	static const struct rv_engine_ops ops = { .has_users = has_no_users, .bridge_needed = need_bridge };
	const struct xt_owner_match_info owner = { .match = XT_OWNER_UID };
	const struct xt_owner_match_info socket = { .match = XT_OWNER_SOCKET };
	const struct xt_physdev_info physdev = { .bitmask = XT_PHYSDEV_OP_ISIN };
	struct rv_engine *e = rv_engine_new(&ops, NULL, rv_test_slots);
	const uint32_t user = 0;
	struct rvk_refusal why;
	struct rv_blob b;

	rv_blob_start(&b, NFPROTO_IPV4, "filter");
	rv_blob_drop_at(&b, NF_INET_LOCAL_OUT, "owner", 1, &owner, sizeof(owner));
	EXPECT(rv_blob_finish(&b, NF_INET_LOCAL_OUT, e, &why) == -EINVAL && why.reason == RVK_WHY_USERS);
	rv_blob_start(&b, NFPROTO_IPV4, "filter");
	rv_blob_rules_at(&b, NF_INET_LOCAL_OUT);
	rv_blob_rule(&b);
	rv_blob_predicate(&b, "any", RVK_SEL_UID, RVK_OP_EQ, 4, &user, NULL);
	rv_blob_verdict(&b, RVK_DROP);
	EXPECT(rv_blob_finish(&b, NF_INET_LOCAL_OUT, e, &why) == -EINVAL && why.reason == RVK_WHY_USERS);
	rv_blob_start(&b, NFPROTO_IPV4, "filter");
	rv_blob_drop_at(&b, NF_INET_LOCAL_OUT, "owner", 1, &socket, sizeof(socket));
	EXPECT(!rv_blob_finish(&b, NF_INET_LOCAL_OUT, e, &why));
	bridges = 0;
	rv_blob_start(&b, NFPROTO_IPV4, "filter");
	rv_blob_drop_at(&b, NF_INET_LOCAL_IN, "physdev", 0, &physdev, sizeof(physdev));
	EXPECT(!rv_blob_finish(&b, NF_INET_LOCAL_IN, e, &why) && bridges == 1);
	rv_engine_free(e);
}

static void test_names(void)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rvk_refusal why;
	struct rv_blob b;

	build(&b);
	rv_blob_chain(&b, "b");
	rv_blob_rule(&b);
	rv_blob_verdict(&b, RVK_RETURN);
	rv_blob_chain(&b, "a");
	rv_blob_rule(&b);
	rv_blob_verdict(&b, RVK_RETURN);
	EXPECT(rv_blob_replace(&b, e, &why) == -EEXIST);
	EXPECT(why.reason == RVK_WHY_TWICE && why.entry == 9 && !strcmp(why.name, "a"));
	rv_blob_free(&b);
	rv_engine_free(e);
}

/* After the base chains, only user chains may start, and their heads must be unconditional. */
static void expect_head(bool match, unsigned int form, bool right)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	static const char comment[256] = "x";
	struct rvk_refusal why;
	struct rv_blob b;

	rv_blob_start(&b, NFPROTO_IPV4, "filter");
	rv_blob_rules_at(&b, NF_INET_LOCAL_IN);
	rv_blob_rules_end(&b, NF_INET_LOCAL_IN);
	rv_blob_rule(&b);
	if (match)
		rv_blob_data(&b, RVK_KIND_MATCH, "comment", 0, comment, sizeof(comment));
	rv_blob_target(&b, "LOG", 0, comment, 0);
	target(&b, 3)->form = form;
	rv_blob_rule(&b);
	rv_blob_verdict(&b, RVK_RETURN);
	EXPECT(rv_blob_replace(&b, e, &why) == (right ? 0 : -EINVAL));
	EXPECT(right || (why.reason == RVK_WHY_HEAD && why.entry == 3));
	rv_blob_free(&b);
	rv_engine_free(e);
}

static void test_heads(void)
{
	expect_head(false, RVK_FORM_CHAIN, true);
	expect_head(true, RVK_FORM_CHAIN, false);
	expect_head(false, RVK_FORM_DATA, false);
}

/* CLASSIFY is not allowed in INPUT, nor in chains that INPUT reaches indirectly. */
static void expect_hook(unsigned int hook, int error)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	static const struct xt_classify_target_info class = { .priority = 1 };
	struct rvk_verdict *jump;
	struct rvk_refusal why;
	struct rv_blob b;

	rv_blob_start(&b, NFPROTO_IPV4, "mangle");
	rv_blob_rules_at(&b, hook);
	rv_blob_rule(&b);
	jump = rv_blob_verdict(&b, 0);
	rv_blob_rules_end(&b, hook);
	jump->verdict = (int)rv_blob_chain(&b, "a");
	rv_blob_rule(&b);
	jump = rv_blob_verdict(&b, 0);
	rv_blob_rule(&b);
	rv_blob_verdict(&b, RVK_RETURN);
	jump->verdict = (int)rv_blob_chain(&b, "b");
	rv_blob_rule(&b);
	rv_blob_target(&b, "CLASSIFY", 0, &class, sizeof(class));
	rv_blob_rule(&b);
	rv_blob_verdict(&b, RVK_RETURN);
	EXPECT(rv_blob_replace(&b, e, &why) == error);
	EXPECT(why.reason == (error ? RVK_WHY_IN_HOOK : RVK_WHY_NONE));
	EXPECT(!error || (why.entry == 10 && !strcmp(why.name, "CLASSIFY")));
	rv_blob_free(&b);
	rv_engine_free(e);
}

static void test_hooks(void)
{
	expect_hook(NF_INET_LOCAL_OUT, 0);
	expect_hook(NF_INET_LOCAL_IN, -EINVAL);
}

const struct rv_test rv_tests_check[] = {
	{ "tables that are refused", test_refusals },
	{ "loops and depth", test_loops },
	{ "jumps that multiply", test_visits },
	{ "users and bridges", test_surroundings },
	{ "a chain's name is there once", test_names },
	{ "heads of chains", test_heads },
	{ "chains that a target is not for", test_hooks },
	{ NULL, NULL },
};
