/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compiled chains: structure, completeness, and comparison with a linear walk. Rules and packets
 * are pseudo-random with a fixed seed.
 */
#include "test.h"

#include "../../kernel/engine/lookup.h"

#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>

#define V4    NFPROTO_IPV4
#define V6    NFPROTO_IPV6
#define TCP   6
#define UDP   17
#define RULES 300

/* ---- random numbers ---------------------- */

static uint64_t state;

static uint32_t below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % n;
}

static uint64_t any64(void)
{
	return (uint64_t)below(1U << 31) << 33 ^ (uint64_t)below(1U << 31) << 11 ^ below(1U << 31);
}

/* ---- rules ---------------------- */

static void put_ports(struct rv_blob *b, bool narrow)
{
	const uint16_t from = below(60000), to = narrow ? from : from + below(5000);
	const struct xt_tcp tcp = { .spts = { 0, 65535 }, .dpts = { from, to } };

	rv_blob_data(b, RVK_KIND_MATCH, "tcp", 0, &tcp, sizeof(tcp));
}

static void put_multiport(struct rv_blob *b)
{
	struct xt_multiport_v1 m = { .flags = XT_MULTIPORT_DESTINATION, .count = 2 + below(10) };

	for (unsigned int i = 0; i < m.count; i++)
		m.ports[i] = below(65536);
	rv_blob_data(b, RVK_KIND_MATCH, "multiport", 1, &m, sizeof(m));
}

static void put_mark(struct rv_blob *b)
{
	const struct xt_mark_mtinfo1 m = { .mark = below(4), .mask = 3, .invert = !below(4) };

	rv_blob_data(b, RVK_KIND_MATCH, "mark", 1, &m, sizeof(m));
}

/* A prefix of 10.x or fd00::x; in IPv6 some reach into the lower half. */
static void put_address(uint8_t family, uint8_t *addr, uint8_t *mask)
{
	const unsigned int len = rv_addr_len(family), bits = below(len * 8 + 1);

	addr[0] = family == V4 ? 10 : 0xfd;
	addr[1] = below(2);
	addr[len - 2] = below(4);
	addr[len - 1] = below(4);
	for (unsigned int i = 0; i < bits; i++)
		mask[i / 8] |= 0x80 >> i % 8;
	for (unsigned int i = 0; i < len; i++)
		addr[i] &= mask[i];
}

static void put_name(char *name, uint8_t *mask)
{
	static const char *const names[] = { "eth0", "eth1", "lo", "wlan0" };
	const char *chosen = names[below(4)];
	const unsigned int len = strlen(chosen);

	memcpy(name, chosen, len);
	/* Without the NUL it is a prefix, as "eth0+". */
	memset(mask, 0xff, len + !!below(4));
}

static void put_ip(struct rvk_ip *ip, uint8_t family)
{
	if (below(2))
		put_address(family, ip->src, ip->smask);
	if (!below(3))
		put_address(family, ip->dst, ip->dmask);
	if (!below(4))
		put_name(ip->in, ip->in_mask);
	if (!below(6))
		ip->invert |= RVK_INV_SRC;
	if (below(3)) {
		ip->flags = RVK_IP_PROTO;
		ip->proto = below(3) ? TCP : UDP;
	}
}

/* A range of addresses, in IPv6 also with different upper halves. */
static void put_range(struct rv_blob *b, uint8_t family)
{
	const unsigned int len = rv_addr_len(family);
	uint8_t from[16] = { family == V4 ? 10 : 0xfd }, to[16] = { family == V4 ? 10 : 0xfd };

	from[len - 1] = below(4);
	to[1] = below(2);
	to[len - 2] = 1 + below(3);
	to[len - 1] = below(4);
	rv_blob_predicate(b, "iprange", family == V4 ? RVK_SEL_IP_SADDR : RVK_SEL_IP6_SADDR,
			  RVK_OP_RANGE, len, from, to);
}

static void put_matches(struct rv_blob *b, uint8_t family, uint8_t proto)
{
	static const struct xt_comment_info comment = { "a comment" };
	static const struct xt_rateinfo limit = { .avg = 60 * XT_LIMIT_SCALE, .burst = 20 };

	if (!below(6))
		rv_blob_data(b, RVK_KIND_MATCH, "comment", 0, &comment, sizeof(comment));
	if (!below(20))
		rv_blob_data(b, RVK_KIND_MATCH, "limit", 0, &limit, sizeof(limit));
	if (!below(5))
		put_mark(b);
	if (!below(5))
		put_range(b, family);
	if (proto != TCP)
		return;
	if (below(2))
		put_ports(b, below(2));
	else if (!below(3))
		put_multiport(b);
}

/* Many rules have no verdict, so that packets pass several; some change the mark. */
static void put_target(struct rv_blob *b, uint32_t chain)
{
	static const int verdicts[] = { RVK_ACCEPT, RVK_DROP, RVK_RETURN };
	const struct xt_mark_tginfo2 mark = { .mark = below(4), .mask = 3 };

	if (!below(5))
		rv_blob_target(b, "MARK", 2, &mark, sizeof(mark));
	else if (chain && !below(4))
		rv_blob_verdict(b, (int)chain);
	else
		rv_blob_verdict(b, below(8) ? RVK_CONTINUE : verdicts[below(3)]);
}

static void put_rules(struct rv_blob *b, uint8_t family, unsigned int n, uint32_t chain)
{
	while (n--) {
		struct rvk_ip *ip = rv_blob_rule(b);

		put_ip(ip, family);
		put_matches(b, family, ip->flags ? ip->proto : 0);
		put_target(b, chain);
	}
}

/* INPUT and a user chain, to which its rules jump; offsets are known only after the first pass. */
static void put_table(struct rv_blob *b, uint8_t family, uint64_t seed)
{
	uint32_t chain = 0;

	for (unsigned int pass = 0; pass < 2; pass++) {
		if (pass)
			rv_blob_free(b);
		state = seed;
		rv_blob_start(b, family, "mangle");
		rv_blob_rules_at(b, NF_INET_LOCAL_IN);
		put_rules(b, family, RULES, chain ? chain : 8);
		rv_blob_rules_end(b, NF_INET_LOCAL_IN);
		chain = rv_blob_chain(b, "other");
		put_rules(b, family, RULES / 4, 0);
		rv_blob_rule(b);
		rv_blob_verdict(b, RVK_RETURN);
	}
}

static struct rv_rules *load(struct rv_engine *e, const struct rv_blob *b)
{
	struct rvk_refusal why = { 0 };
	int error;

	return rv_rules_new(e, rv_engine_table_find(b->head->name), b->head, &why, &error);
}

/* ---- structure ---------------------- */

static bool list_is_right(const struct rv_lookup *l, uint32_t list, uint8_t *seen)
{
	const uint32_t *at = l->lists + list;
	uint32_t last = l->first;

	if (list < RV_LIST_EMPTY || list + 1 >= l->nlists || at[0] > l->nlists - list - 2 ||
	    at[at[0] + 1] != RV_LIST_END)
		return false;
	for (uint32_t i = 1; i <= at[0]; i++) {
		if (at[i] < last || at[i] >= l->last)
			return false;
		last = at[i];
		seen[at[i]] = 1;
	}
	return true;
}

static bool child_is_right(const struct rv_lookup *l, uint32_t parent, uint32_t child,
			   uint8_t *seen)
{
	if (child & RV_NODE_LEAF)
		return list_is_right(l, child & ~RV_NODE_LEAF, seen);
	return child > parent && child < l->nnodes;
}

static unsigned int fan_of(const uint8_t *fan, uint32_t child)
{
	return child & RV_NODE_LEAF ? 1 : fan[child];
}

/* Children are right, and no packet reaches more than RV_LOOKUP_FAN leaves. */
static bool tree_is_right(const struct rv_lookup *l, uint8_t *seen)
{
	uint8_t *fan = rv_alloc(l->nnodes + 1, true);
	bool right = child_is_right(l, 0, l->root, seen);

	for (uint32_t i = l->nnodes; --i && right;) {
		const struct rv_lookup_node *n = &l->nodes[i];
		const unsigned int left = fan_of(fan, n->child[0]),
				   other = fan_of(fan, n->child[1]);

		right = n->field < l->ndims && child_is_right(l, i, n->child[0], seen) &&
			child_is_right(l, i, n->child[1], seen) &&
			(!n->across || child_is_right(l, i, n->across, seen));
		fan[i] = (left > other ? left : other) + (n->across ? fan_of(fan, n->across) : 0);
		right = right && fan[i] <= RV_LOOKUP_FAN;
	}
	rv_free(fan);
	return right;
}

static bool hashes_are_right(const struct rv_lookup *l, uint8_t *seen)
{
	for (unsigned int i = 0; i < l->nhashes; i++)
		for (uint32_t n = 0; n < 1U << l->hashes[i].bits; n++) {
			const uint32_t list = l->hashes[i].slots[n].list;

			if (list && !list_is_right(l, list, seen))
				return false;
		}
	return true;
}

/* Lists are right, and every entry is in one of them. */
static bool is_right(const struct rv_rules *r, const struct rv_lookup *l)
{
	uint8_t *seen = rv_alloc(r->head.count, true);
	bool right = hashes_are_right(l, seen) &&
		     (!l->always || list_is_right(l, l->always, seen)) &&
		     (!l->root || l->root & RV_NODE_LEAF
			      ? !l->root || child_is_right(l, 0, l->root, seen)
			      : tree_is_right(l, seen));

	for (uint32_t i = l->first; i < l->last && right; i++)
		right = seen[i] && r->lookups[r->keys[i].lookup - 1] == l;
	rv_free(seen);
	return right;
}

/* ---- conditions ---------------------- */

/* Entry 1 of the table: one TCP rule with this match. */
static unsigned int box_of(const char *name, unsigned int revision, const void *data, uint32_t size,
			   unsigned int n, struct rv_box *box)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	unsigned int boxes = 0;
	struct rv_rules *r;
	struct rv_blob b;
	struct rvk_ip *ip;

	rv_blob_start(&b, V4, "mangle");
	rv_blob_rules_at(&b, NF_INET_LOCAL_IN);
	ip = rv_blob_rule(&b);
	ip->flags = RVK_IP_PROTO;
	ip->proto = TCP;
	memcpy(ip->dst, "\12\1\2\0", 4);
	memcpy(ip->dmask, "\377\377\377\0", 4);
	rv_blob_data(&b, RVK_KIND_MATCH, name, revision, data, size);
	rv_blob_verdict(&b, RVK_DROP);
	rv_blob_rules_end(&b, NF_INET_LOCAL_IN);
	r = load(e, &b);
	EXPECT(r);
	if (r)
		boxes = rv_entry_box(r, rv_entry_at(r, r->keys[1].offset), n, false, box);
	rv_rules_free(r);
	rv_blob_free(&b);
	rv_engine_free(e);
	return boxes;
}

static bool is_range(const struct rv_range *r, uint64_t lo, uint64_t hi, uint64_t mask)
{
	return r->lo == lo && r->hi == hi && r->mask == mask;
}

static void test_boxes(void)
{
	const struct xt_tcp tcp = { .spts = { 1000, 2000 },
				    .dpts = { 22, 22 },
				    .invflags = XT_TCP_INV_DSTPT };
	const struct xt_multiport_v1 ports = { .flags = XT_MULTIPORT_DESTINATION,
					       .count = 3,
					       .ports = { 80, 90, 443 },
					       .pflags = { 1, 0, 0 } };
	const struct xt_mark_mtinfo1 mark = { .mark = 5, .mask = 0xff };
	struct rv_box box;

	EXPECT(box_of("tcp", 0, &tcp, sizeof(tcp), 0, &box) == 1);
	EXPECT(is_range(&box.dim[RV_DIM_SRC], 0, UINT32_MAX, 0));
	EXPECT(is_range(&box.dim[RV_DIM_DST], 0x0a010200, 0x0a0102ff, 0xffffff00));
	EXPECT(is_range(&box.dim[RV_DIM_PROTO], TCP, TCP, UINT64_MAX));
	EXPECT(is_range(&box.dim[RV_DIM_SPORT], 1000, 2000, 0));
	EXPECT(is_range(&box.dim[RV_DIM_DPORT], 0, 65535, 0));
	EXPECT(is_range(&box.dim[RV_DIM_MARK], 0, UINT32_MAX, 0));
	EXPECT(box_of("multiport", 1, &ports, sizeof(ports), 0, &box) == 2);
	EXPECT(is_range(&box.dim[RV_DIM_DPORT], 80, 90, 0));
	EXPECT(box_of("multiport", 1, &ports, sizeof(ports), 1, &box) == 2);
	EXPECT(is_range(&box.dim[RV_DIM_DPORT], 443, 443, UINT64_MAX));
	EXPECT(box_of("mark", 1, &mark, sizeof(mark), 0, &box) == 1);
	EXPECT(is_range(&box.dim[RV_DIM_MARK], 5, 0xffffff05, 0xff));
}

/* A range whose bounds differ in the upper half says nothing about the lower one. */
static void test_halves(void)
{
	const uint8_t from[16] = { 0xfd, [15] = 7 }, to[16] = { 0xfd, 1, [15] = 9 };
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rv_rules *r;
	struct rv_blob b;
	struct rv_box box;

	rv_blob_start(&b, V6, "mangle");
	rv_blob_rules_at(&b, NF_INET_LOCAL_IN);
	for (unsigned int i = 0; i < 2; i++) {
		rv_blob_rule(&b);
		rv_blob_predicate(&b, "iprange", RVK_SEL_IP6_SADDR, RVK_OP_RANGE, 16, from,
				  i ? to : from);
		rv_blob_verdict(&b, RVK_DROP);
	}
	rv_blob_rules_end(&b, NF_INET_LOCAL_IN);
	r = load(e, &b);
	rv_entry_box(r, rv_entry_at(r, r->keys[1].offset), 0, false, &box);
	EXPECT(is_range(&box.dim[RV_DIM_SRC_LOW], 7, 7, UINT64_MAX));
	rv_entry_box(r, rv_entry_at(r, r->keys[2].offset), 0, false, &box);
	EXPECT(is_range(&box.dim[RV_DIM_SRC], 0xfdULL << 56, 0xfd01ULL << 48, 0));
	EXPECT(is_range(&box.dim[RV_DIM_SRC_LOW], 0, UINT64_MAX, 0));
	rv_rules_free(r);
	rv_blob_free(&b);
	rv_engine_free(e);
}

/* ---- completeness ---------------------- */

enum { LOWEST, HIGHEST, BETWEEN, CORNERS };

static uint64_t value_in(const struct rv_range *r, uint64_t max, unsigned int corner)
{
	const uint64_t random = any64();

	if (r->mask)
		return r->lo | (~r->mask & max &
				(corner == LOWEST    ? 0
				 : corner == HIGHEST ? max
						     : random));
	if (corner == BETWEEN)
		return r->lo +
		       (r->hi - r->lo == UINT64_MAX ? random : random % (r->hi - r->lo + 1));
	return corner == LOWEST ? r->lo : r->hi;
}

/* Whether the entry is a candidate of packets at the corners of the box. */
static bool finds(const struct rv_lookup *l, uint32_t entry, const struct rv_box *box)
{
	for (unsigned int corner = 0; corner < CORNERS; corner++) {
		struct rv_cursor c = { .of = l };

		for (unsigned int i = 0; i < l->ndims; i++)
			c.values[i] = value_in(&box->dim[l->dims[i]],
					       rv_dim_max(l->family, l->dims[i]), corner);
		rv_cursor_find(&c, l->first);
		if (rv_cursor_next(&c, l, entry) != entry)
			return false;
		rv_cursor_find(&c, entry);
		if (rv_cursor_next(&c, l, entry) != entry)
			return false;
	}
	return true;
}

static bool finds_all(const struct rv_rules *r, const struct rv_lookup *l)
{
	for (uint32_t i = l->first; i < l->last; i++) {
		unsigned int n = 0, all;
		struct rv_box box;

		do {
			all = rv_entry_box(r, rv_entry_at(r, r->keys[i].offset), n, false, &box);
			if (!finds(l, i, &box))
				return false;
		} while (++n < all);
	}
	return true;
}

static void check_structure(uint8_t family, unsigned int rules, uint64_t seed)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rv_rules *r;
	struct rv_blob b;

	put_table(&b, family, seed);
	rv_lookup_rules = rules;
	r = load(e, &b);
	EXPECT(r);
	EXPECT(r && r->nlookups >= (rules == 1 ? 2 : 1));
	for (uint32_t i = 0; r && i < r->nlookups; i++) {
		EXPECT(is_right(r, r->lookups[i]));
		EXPECT(finds_all(r, r->lookups[i]));
	}
	rv_rules_free(r);
	rv_blob_free(&b);
	rv_engine_free(e);
}

static void test_structure(void)
{
	const unsigned int usual = rv_lookup_rules;

	for (unsigned int seed = 1; seed <= 20; seed++)
		check_structure(seed % 2 ? V4 : V6, seed % 4 < 2 ? 1 : usual, seed);
	rv_lookup_rules = usual;
}

/* ---- comparison with a linear walk ---------------------- */

struct both {
	struct rv_engine *linear, *compiled;
	struct rv_blob blob;
	uint8_t family;
};

static void set_address(uint8_t family, uint8_t *addr)
{
	const unsigned int len = rv_addr_len(family);

	memset(addr, 0, len);
	addr[0] = family == V4 ? 10 : 0xfd;
	addr[1] = below(2);
	addr[len - 2] = below(4);
	addr[len - 1] = below(4);
}

/* A packet that is not malformed, but may be a fragment, truncated, or not linear. */
static void random_packet(struct rv_test_packet *t, uint8_t family, uint32_t *linear)
{
	static const uint8_t protos[] = { TCP, TCP, TCP, UDP, 1, 58, 47 };
	static const char names[][16] = { "eth0", "eth1", "lo", "wlan0" };
	const unsigned int head = family == V4 ? 20 : 40;

	rv_test_packet(t, family, protos[below(7)], NF_INET_LOCAL_IN);
	set_address(family, t->bytes + (family == V4 ? 12 : 8));
	set_address(family, t->bytes + (family == V4 ? 16 : 24));
	rv_put_be16(t->bytes + head, below(65536));
	rv_put_be16(t->bytes + head + 2, below(65536));
	t->p.pkt.in = names[below(4)];
	t->p.pkt.mark = below(4);
	if (!below(10))
		t->p.pkt.fragoff = 1 + below(2);
	if (!below(20))
		t->p.pkt.proto = family == V6 ? RV_PROTO_NONE : t->p.pkt.proto;
	*linear = below(5) ? t->p.pkt.linear : head + below(8);
	if (!below(10))
		t->p.pkt.len = *linear = head + below(8);
}

static unsigned int run_in(struct rv_engine *e, const struct rv_test_packet *t, uint32_t linear,
			   uint32_t *mark)
{
	struct rv_test_packet copy = *t;
	unsigned int verdict;

	copy.p.pkt.data = copy.bytes;
	copy.p.pkt.linear = linear;
	verdict = rv_engine_run(e, RV_TABLE_MANGLE, &copy.p.pkt, NULL);
	*mark = copy.p.pkt.mark;
	return verdict;
}

static void compare_packets(struct both *b, unsigned int n)
{
	while (n--) {
		struct rv_test_packet t;
		uint32_t linear, mark, other;

		random_packet(&t, b->family, &linear);
		EXPECT(run_in(b->linear, &t, linear, &mark) ==
		       run_in(b->compiled, &t, linear, &other));
		EXPECT(mark == other);
	}
}

static struct rvk_info *entries_of(struct rv_engine *e, uint8_t family)
{
	const struct rvk_table now = rv_test_info(e, family, "mangle");
	uint32_t len = sizeof(struct rvk_info) + now.size;
	struct rvk_info *info = rv_alloc(len, true);

	*info = (struct rvk_info){ .version = RVK_VERSION, .table = now };
	EXPECT(!rv_engine_call(e, RVK_SO_ENTRIES, info, &len));
	return info;
}

/* Entries are equal, including their counters. Returns the sum of packets counted. */
static uint64_t compare_counters(struct both *b)
{
	struct rvk_info *one = entries_of(b->linear, b->family);
	struct rvk_info *other = entries_of(b->compiled, b->family);
	const uint8_t *at = (const uint8_t *)(one + 1);
	uint64_t sum = 0;

	EXPECT(!memcmp(one + 1, other + 1, one->table.size));
	for (uint32_t i = 0; i < one->table.count; i++) {
		sum += ((const struct rvk_entry *)(const void *)at)->counters.packets;
		at += ((const struct rvk_entry *)(const void *)at)->next;
	}
	rv_free(one);
	rv_free(other);
	return sum;
}

static void replace_with(struct rv_engine *e, struct rv_blob *b, unsigned int rules)
{
	rv_lookup_rules = rules;
	EXPECT(!rv_blob_replace(b, e, NULL));
}

static void compare(uint8_t family, uint64_t seed, unsigned int rules)
{
	struct both b = {
		.linear = rv_engine_new(NULL, NULL, rv_test_slots),
		.compiled = rv_engine_new(NULL, NULL, rv_test_slots),
		.family = family,
	};

	put_table(&b.blob, family, seed);
	replace_with(b.linear, &b.blob, 0);
	replace_with(b.compiled, &b.blob, rules);
	compare_packets(&b, 1000);
	EXPECT(compare_counters(&b) > 1000);
	rv_blob_free(&b.blob);
	rv_engine_free(b.linear);
	rv_engine_free(b.compiled);
}

static void test_linear(void)
{
	const unsigned int usual = rv_lookup_rules;

	for (unsigned int seed = 1; seed <= 12; seed++)
		compare(seed % 2 ? V4 : V6, seed, seed % 4 < 2 ? 1 : usual);
	rv_lookup_rules = usual;
}

/* ---- single properties ---------------------- */

static void start_table(struct rv_blob *b)
{
	rv_blob_start(b, V4, "mangle");
	rv_blob_rules_at(b, NF_INET_LOCAL_IN);
}

/* Loads the table, whose open chain is INPUT, and returns its number of compiled chains. */
static uint32_t lookups_of(struct rv_blob *b, uint64_t *memory)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rv_engine_stat stat;

	EXPECT(!rv_blob_finish(b, NF_INET_LOCAL_IN, e, NULL));
	rv_engine_stat(e, V4, RV_TABLE_MANGLE, &stat);
	rv_engine_free(e);
	if (memory)
		*memory = stat.memory;
	return stat.lookups;
}

static void put_sources(struct rv_blob *b, unsigned int n, unsigned int different)
{
	for (unsigned int i = 0; i < n; i++) {
		struct rvk_ip *ip = rv_blob_rule(b);

		ip->src[0] = 10;
		rv_put_be16(ip->src + 2, i % different);
		memset(ip->smask, 0xff, 4);
		rv_blob_verdict(b, RVK_CONTINUE);
	}
}

/* Few rules, or rules without conditions, are not worth a lookup. */
static void test_cost(void)
{
	struct rv_blob b;

	start_table(&b);
	put_sources(&b, rv_lookup_rules - 1, 1000);
	EXPECT(lookups_of(&b, NULL) == 0);
	start_table(&b);
	put_sources(&b, 100, 1000);
	EXPECT(lookups_of(&b, NULL) == 1);
	start_table(&b);
	for (unsigned int i = 0; i < 100; i++) {
		rv_blob_rule(&b);
		rv_blob_verdict(&b, RVK_CONTINUE);
	}
	put_sources(&b, 10, 10);
	EXPECT(lookups_of(&b, NULL) == 0);
}

/* The lookup takes at most 136 bytes for a rule of one box, besides a constant. */
static void test_memory(void)
{
	const unsigned int usual = rv_lookup_rules, n = 1000;
	uint64_t with, without;
	struct rv_blob b;

	for (unsigned int different = 1; different <= n; different *= 10) {
		start_table(&b);
		put_sources(&b, n, different);
		rv_lookup_rules = 0;
		EXPECT(lookups_of(&b, &without) == 0);
		start_table(&b);
		put_sources(&b, n, different);
		rv_lookup_rules = usual;
		EXPECT(lookups_of(&b, &with) == 1);
		EXPECT(with > without && with - without <= 136 * n + 2048);
	}
}

/* Packets 10.0.0.9 with ports 1000 and 80 */
static unsigned int run_plain(struct rv_engine *e, uint8_t proto, uint32_t len)
{
	struct rv_test_packet t;

	rv_test_packet(&t, V4, proto, NF_INET_LOCAL_IN);
	memcpy(t.bytes + 12, "\12\0\0\11", 4);
	t.p.pkt.len = t.p.pkt.linear = 20 + len;
	return rv_engine_run(e, RV_TABLE_MANGLE, &t.p.pkt, NULL);
}

/* A truncated header drops the packet at the first rule that tests it, as in a linear walk. */
static void test_truncated(void)
{
	static const struct xt_tcp tcp = { .spts = { 0, 65535 }, .dpts = { 443, 443 } };
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rvk_ip *ip;
	struct rv_blob b;

	start_table(&b);
	put_sources(&b, 50, 50);
	ip = rv_blob_rule(&b);
	ip->flags = RVK_IP_PROTO;
	ip->proto = TCP;
	rv_blob_data(&b, RVK_KIND_MATCH, "tcp", 0, &tcp, sizeof(tcp));
	rv_blob_verdict(&b, RVK_ACCEPT);
	put_sources(&b, 50, 50);
	EXPECT(!rv_blob_finish(&b, NF_INET_LOCAL_IN, e, NULL));
	EXPECT(run_plain(e, TCP, 20) == NF_ACCEPT);
	EXPECT(run_plain(e, TCP, 19) == NF_DROP);
	EXPECT(run_plain(e, UDP, 8) == NF_ACCEPT);
	EXPECT(rv_test_counters(e, V4, "mangle", 1 + 9).packets == 3);
	EXPECT(rv_test_counters(e, V4, "mangle", 1 + 51 + 9).packets == 2);
	rv_engine_free(e);
}

/*
 * A test of TCP options drops a packet whose header has no valid length, also if a later test of
 * the rule would fail.
 */
static void test_options(void)
{
	const struct xt_tcp tcp = { .spts = { 0, 65535 }, .dpts = { 0, 65535 }, .option = 5 };
	const struct xt_mark_mtinfo1 mark = { .mark = 1, .mask = 1 };
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rv_test_packet t;
	struct rv_blob b;

	start_table(&b);
	for (unsigned int i = 0; i < 100; i++) {
		struct rvk_ip *ip = rv_blob_rule(&b);

		ip->flags = RVK_IP_PROTO;
		ip->proto = i == 50 ? TCP : UDP;
		if (i == 50)
			rv_blob_data(&b, RVK_KIND_MATCH, "tcp", 0, &tcp, sizeof(tcp));
		rv_blob_data(&b, RVK_KIND_MATCH, "mark", 1, &mark, sizeof(mark));
		rv_blob_verdict(&b, RVK_CONTINUE);
	}
	EXPECT(!rv_blob_finish(&b, NF_INET_LOCAL_IN, e, NULL));
	rv_test_packet(&t, V4, TCP, NF_INET_LOCAL_IN);
	EXPECT(rv_engine_run(e, RV_TABLE_MANGLE, &t.p.pkt, NULL) == NF_ACCEPT);
	t.bytes[20 + 12] = 4 << 4;
	EXPECT(rv_engine_run(e, RV_TABLE_MANGLE, &t.p.pkt, NULL) == NF_DROP);
	rv_engine_free(e);
}

/* INPUT is too short for a lookup, and jumps to a compiled chain; in between, a target runs. */
static void test_again(void)
{
	static const struct xt_mark_tginfo2 mark = { .mark = 1, .mask = 1 };
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rvk_verdict *jumps[3];
	struct rv_blob b;

	start_table(&b);
	for (unsigned int i = 0; i < 3; i++) {
		if (i == 2) {
			rv_blob_rule(&b);
			rv_blob_target(&b, "MARK", 2, &mark, sizeof(mark));
		}
		rv_blob_rule(&b);
		jumps[i] = rv_blob_verdict(&b, 0);
	}
	rv_blob_rules_end(&b, NF_INET_LOCAL_IN);
	jumps[0]->verdict = (int)rv_blob_chain(&b, "other");
	jumps[1]->verdict = jumps[2]->verdict = jumps[0]->verdict;
	put_sources(&b, 100, 50);
	rv_blob_rule(&b);
	rv_blob_verdict(&b, RVK_RETURN);
	EXPECT(!rv_blob_replace(&b, e, NULL));
	EXPECT(run_plain(e, TCP, 20) == NF_ACCEPT);
	EXPECT(rv_test_counters(e, V4, "mangle", b.head->count - 101 + 9).packets == 3);
	EXPECT(rv_test_counters(e, V4, "mangle", b.head->count - 101 + 59).packets == 3);
	rv_blob_free(&b);
	rv_engine_free(e);
}

const struct rv_test rv_tests_lookup[] = {
	{ "conditions of entries", test_boxes },
	{ "halves of IPv6 addresses", test_halves },
	{ "lookups contain every entry", test_structure },
	{ "lookups count like a linear walk", test_linear },
	{ "lookups are made if they pay", test_cost },
	{ "memory of lookups is bounded", test_memory },
	{ "truncated headers in compiled chains", test_truncated },
	{ "bad TCP options in compiled chains", test_options },
	{ "a compiled chain is entered again", test_again },
	{ NULL, NULL },
};
