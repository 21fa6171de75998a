/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ABI calls and registration of handlers. */
#include "test.h"

#define V4 NFPROTO_IPV4

static struct rv_engine *engine;

static void start(struct rv_blob *b, const char *table)
{
	rv_blob_start(b, V4, table);
	rv_blob_rules_at(b, NF_INET_LOCAL_OUT);
}

static void test_info(void)
{
	struct rvk_info info = { .version = RVK_VERSION, .table = { .name = "raw", .family = V4 } };
	uint32_t len = sizeof(info);
	struct rvk_table t;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	t = rv_test_info(engine, V4, "raw");
	EXPECT(!t.generation && !t.count && t.valid_hooks == (1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_OUT));
	info.version = RVK_VERSION + 1;
	EXPECT(rv_engine_call(engine, RVK_SO_INFO, &info, &len) == -EPROTONOSUPPORT);
	info.version = RVK_VERSION;
	info.flags = 1;
	EXPECT(rv_engine_call(engine, RVK_SO_INFO, &info, &len) == -EINVAL);
	info.flags = 0;
	/* Fields other than the name are overwritten. */
	info.table.size = info.table.reserved2 = 9;
	EXPECT(!rv_engine_call(engine, RVK_SO_INFO, &info, &len));
	EXPECT(!memcmp(&info.table, &t, sizeof(t)) && t.family == V4 && !strcmp(t.name, "raw"));
	info.table.name[0] = 'x';
	EXPECT(rv_engine_call(engine, RVK_SO_INFO, &info, &len) == -ENOENT);
	len--;
	EXPECT(rv_engine_call(engine, RVK_SO_INFO, &info, &len) == -EINVAL);
	EXPECT(rv_engine_call(engine, RVK_SO_BASE - 1, &info, &len) == -ENOPROTOOPT);
	EXPECT(rv_engine_call(engine, RVK_SO_END, &info, &len) == -ENOPROTOOPT);
	rv_engine_free(engine);
}

/* Entries are returned unchanged. */
static void test_entries(void)
{
	static const char comment[256] = "kept";
	struct rvk_info *info;
	struct rvk_table now;
	struct rv_blob b;
	uint32_t len;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	start(&b, "filter");
	rv_blob_rule(&b)->src[0] = 10;
	for (unsigned int i = 0; i < 2; i++)
		rv_blob_data(&b, RVK_KIND_MATCH, "comment", 0, comment, sizeof(comment));
	rv_blob_verdict(&b, RVK_ACCEPT);
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	((struct rvk_entry *)(void *)b.entries)->counters.packets = 7;
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	now = rv_test_info(engine, V4, "filter");
	len = sizeof(*info) + now.size;
	info = rv_alloc(len, true);
	*info = (struct rvk_info){ .version = RVK_VERSION, .table = now };
	EXPECT(!rv_engine_call(engine, RVK_SO_ENTRIES, info, &len));
	EXPECT(len == sizeof(*info) + b.head->size && !memcmp(info + 1, b.entries, b.head->size));
	info->table.generation++;
	EXPECT(rv_engine_call(engine, RVK_SO_ENTRIES, info, &len) == -EAGAIN);
	EXPECT(len == sizeof(*info) && info->table.generation == now.generation);
	rv_free(info);
	rv_blob_free(&b);
	rv_engine_free(engine);
}

/* The old table's counters are returned, and can be added to the new one. */
static void test_counters(void)
{
	struct { struct rvk_info info; struct rvk_counters c[3]; } more = { .info.version = RVK_VERSION };
	struct rv_test_packet t;
	struct rvk_counters *old;
	uint32_t len = sizeof(more);
	struct rv_blob b;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	start(&b, "filter");
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	rv_test_packet(&t, V4, 6, NF_INET_LOCAL_OUT);
	for (unsigned int i = 0; i < 5; i++)
		EXPECT(rv_engine_run(engine, RV_TABLE_FILTER, &t.p.pkt, NULL) == NF_ACCEPT);
	more.info.table = rv_test_info(engine, V4, "filter");
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	old = (void *)(b.entries + b.head->size);
	EXPECT(old[2].packets == 5 && old[2].bytes == 5 * t.p.pkt.len && !old[0].packets);
	more.c[2] = old[2];
	EXPECT(rv_engine_call(engine, RVK_SO_COUNTERS, &more, &len) == -EAGAIN);
	more.info.table = rv_test_info(engine, V4, "filter");
	len = sizeof(more);
	EXPECT(!rv_engine_call(engine, RVK_SO_COUNTERS, &more, &len));
	EXPECT(rv_test_counters(engine, V4, "filter", 2).packets == 5);
	rv_blob_free(&b);
	rv_engine_free(engine);
}

static int call_with(unsigned int option, void *buf, uint32_t len)
{
	return rv_engine_call(engine, option, buf, &len);
}

/* Lengths of variable-size calls that do not match their header. */
static void test_lengths(void)
{
	struct { struct rvk_info info; struct rvk_counters c[4]; } more = { .info.version = RVK_VERSION };
	uint32_t all = sizeof(more) - sizeof(more.c[0]), len = all;
	struct rv_blob b;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	start(&b, "filter");
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	rv_blob_free(&b);
	more.info.table = rv_test_info(engine, V4, "filter");
	EXPECT(call_with(RVK_SO_COUNTERS, &more, sizeof(more.info) - 8) == -EINVAL);
	EXPECT(call_with(RVK_SO_COUNTERS, &more, sizeof(more.info)) == -EINVAL);
	EXPECT(call_with(RVK_SO_COUNTERS, &more, all - 8) == -EINVAL);
	EXPECT(call_with(RVK_SO_COUNTERS, &more, all - 16) == -EINVAL);
	EXPECT(call_with(RVK_SO_COUNTERS, &more, all + 8) == -EINVAL);
	EXPECT(call_with(RVK_SO_COUNTERS, &more, all + 16) == -EINVAL);
	more.info.table.count = 4;
	EXPECT(call_with(RVK_SO_COUNTERS, &more, sizeof(more)) == -EAGAIN);
	more.info.table = rv_test_info(engine, V4, "filter");
	more.info.table.name[0] = 'x';
	EXPECT(call_with(RVK_SO_COUNTERS, &more, all) == -ENOENT);
	more.info.table = rv_test_info(engine, V4, "raw");
	EXPECT(call_with(RVK_SO_COUNTERS, &more, sizeof(more.info)) == -EAGAIN);
	more.info.table = rv_test_info(engine, V4, "filter");
	EXPECT(!rv_engine_call(engine, RVK_SO_COUNTERS, &more, &len) && !len);
	EXPECT(call_with(RVK_SO_ENTRIES, &more, sizeof(more.info) - 8) == -EINVAL);
	EXPECT(call_with(RVK_SO_ENTRIES, &more, all) == -EINVAL);
	more.info.table = rv_test_info(engine, V4, "filter");
	more.info.table.size = all - sizeof(more.info);
	EXPECT(call_with(RVK_SO_ENTRIES, &more, all) == -EAGAIN);
	more.info.table = rv_test_info(engine, V4, "raw");
	EXPECT(!call_with(RVK_SO_ENTRIES, &more, sizeof(more.info)));
	EXPECT(call_with(RVK_SO_INFO, (char *)&more + 4, sizeof(more.info)) == -EINVAL);
	rv_engine_free(engine);
}

/* OUTPUT of filter, whose policy (entry 2) continues the counters of entry index. */
static int carry(uint32_t index, uint64_t packets, struct rvk_refusal *why)
{
	struct rv_blob b;
	int rc;

	start(&b, "filter");
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	rv_blob_entry(&b, 2)->index = index;
	rv_blob_entry(&b, 2)->counters.packets = packets;
	rc = rv_blob_replace(&b, engine, why);
	rv_blob_free(&b);
	return rc;
}

static bool counted(uint64_t packets, uint64_t bytes)
{
	struct rvk_counters c = rv_test_counters(engine, V4, "filter", 2);

	return c.packets == packets && c.bytes == bytes;
}

/* New entries continue the counters of old ones, starting from the given value. */
static void test_carried(void)
{
	struct rvk_refusal why;
	struct rv_test_packet t;
	uint32_t len;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	EXPECT(carry(1, 0, &why) == -EINVAL && why.reason == RVK_WHY_INDEX && why.entry == 2);
	EXPECT(!carry(0, 3, NULL) && counted(3, 0));
	rv_test_packet(&t, V4, 6, NF_INET_LOCAL_OUT);
	len = t.p.pkt.len;
	rv_engine_run(engine, RV_TABLE_FILTER, &t.p.pkt, NULL);
	EXPECT(!carry(3, 0, NULL) && counted(4, len));
	rv_engine_run(engine, RV_TABLE_FILTER, &t.p.pkt, NULL);
	/* 4 were read and 10 are wanted; the fifth packet came later. */
	EXPECT(!carry(3, 10 - 4, NULL) && counted(11, 2 * len));
	EXPECT(!carry(3, 0 - 11ULL, NULL) && counted(0, 2 * len));
	EXPECT(carry(4, 0, &why) == -EINVAL && why.reason == RVK_WHY_INDEX && counted(0, 2 * len));
	EXPECT(!carry(1, 7, NULL) && counted(7, 0));
	EXPECT(!carry(0, 0, NULL) && counted(0, 0));
	EXPECT(!rv_test_info(engine, V4, "filter").old_count);
	rv_engine_free(engine);
}

/* Two tables in one call: the second is invalid, so neither is replaced. */
static void test_all_or_none(void)
{
	struct rv_blob raw, filter;
	struct rvk_replace *call;
	uint32_t len, first;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	start(&raw, "raw");
	rv_blob_rules_end(&raw, NF_INET_LOCAL_OUT);
	start(&filter, "filter");
	rv_blob_rules_end(&filter, NF_INET_LOCAL_OUT);
	first = sizeof(*raw.head) + raw.head->size;
	call = (void *)raw.bytes;
	len = sizeof(*call) + first + sizeof(*filter.head) + filter.head->size;
	memcpy(raw.bytes + sizeof(*call) + first, filter.head, sizeof(*filter.head) + filter.head->size);
	*call = (struct rvk_replace){ .version = RVK_VERSION, .ntables = 2, .size = len };
	((struct rvk_table *)(void *)(raw.bytes + sizeof(*call) + first))->count++;
	EXPECT(rv_engine_call(engine, RVK_SO_REPLACE, call, &len) == -EINVAL);
	EXPECT(call->refusal.table == 1 && call->refusal.reason == RVK_WHY_COUNT);
	EXPECT(!rv_test_info(engine, V4, "raw").generation);
	((struct rvk_table *)(void *)(raw.bytes + sizeof(*call) + first))->count--;
	len = call->size;
	call->flags = RVK_REPLACE_DRY;
	EXPECT(!rv_engine_call(engine, RVK_SO_REPLACE, call, &len));
	EXPECT(!rv_test_info(engine, V4, "raw").generation);
	call->flags = 0;
	EXPECT(!rv_engine_call(engine, RVK_SO_REPLACE, call, &len));
	EXPECT(rv_test_info(engine, V4, "raw").generation && rv_test_info(engine, V4, "filter").generation);
	EXPECT(rv_engine_call(engine, RVK_SO_REPLACE, call, &len) == -EAGAIN);
	EXPECT(call->refusal.reason == RVK_WHY_GENERATION && !call->refusal.table);
	rv_blob_free(&raw);
	rv_blob_free(&filter);
	rv_engine_free(engine);
}

/* A call that contains the table several times. */
static int replace_times(struct rv_blob *b, unsigned int times, struct rvk_refusal *why)
{
	const uint32_t one = sizeof(*b->head) + b->head->size;
	struct rvk_replace *call = (void *)b->bytes;
	uint32_t len = sizeof(*call) + times * one;
	int rc;

	for (unsigned int i = 1; i < times; i++)
		memcpy(b->bytes + sizeof(*call) + i * one, b->head, one);
	*call = (struct rvk_replace){ .version = RVK_VERSION, .ntables = times, .size = len };
	rc = rv_engine_call(engine, RVK_SO_REPLACE, call, &len);
	*why = call->refusal;
	return rc;
}

static void test_twice(void)
{
	struct rvk_refusal why;
	struct rv_blob b;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	start(&b, "raw");
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	EXPECT(replace_times(&b, 2, &why) == -EINVAL && why.reason == RVK_WHY_TWICE);
	EXPECT(why.table == 1 && why.stage == RVK_STAGE_TABLE && why.element == RVK_NO_ELEMENT);
	EXPECT(replace_times(&b, 3, &why) == -EINVAL && why.table == 1);
	EXPECT(!rv_test_info(engine, V4, "raw").generation);
	EXPECT(!replace_times(&b, 1, &why) && rv_test_info(engine, V4, "raw").generation == 1);
	rv_blob_free(&b);
	rv_engine_free(engine);
}

/* Calls of table_made, and its result. */
static unsigned int made;
static int made_rc;

static int table_made(struct rv_engine *e, uint8_t family, enum rv_table_id id)
{
	made++;
	return e == engine && family == V4 && id == RV_TABLE_RAW ? made_rc : -EINVAL;
}

/*
 * A table whose hooks cannot be registered does not come into existence; existing ones need none.
 */
static void test_made(void)
{
	static const struct rv_engine_ops ops = { .table_made = table_made };
	struct rvk_replace *call;
	struct rvk_refusal why;
	struct rv_blob b;

	engine = rv_engine_new(&ops, NULL, rv_test_slots);
	start(&b, "raw");
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	call = (void *)b.bytes;
	made = 0;
	made_rc = -ENOMEM;
	EXPECT(rv_blob_replace(&b, engine, &why) == -ENOMEM && made == 1 && !why.reason);
	made_rc = -EOPNOTSUPP;
	EXPECT(rv_blob_replace(&b, engine, &why) == -EOPNOTSUPP && made == 2);
	EXPECT(why.reason == RVK_WHY_NAT && why.stage == RVK_STAGE_TABLE && !why.table);
	EXPECT(why.element == RVK_NO_ELEMENT && !rv_test_info(engine, V4, "raw").generation);
	made_rc = 0;
	call->flags = RVK_REPLACE_DRY;
	EXPECT(!rv_blob_replace(&b, engine, NULL) && made == 2);
	call->flags = 0;
	EXPECT(!rv_blob_replace(&b, engine, NULL) && made == 3);
	EXPECT(!rv_blob_replace(&b, engine, NULL) && made == 3);
	*b.head = (struct rvk_table){ .name = "raw", .family = V4 };
	EXPECT(!rv_blob_replace(&b, engine, NULL) && made == 3);
	EXPECT(!rv_blob_replace(&b, engine, NULL) && made == 3);
	rv_blob_free(&b);
	rv_engine_free(engine);
}

/* A table without entries or hooks is deleted. */
static void test_removal(void)
{
	struct rv_test_packet t;
	struct rv_blob b;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	start(&b, "filter");
	rv_blob_rule(&b);
	rv_blob_verdict(&b, RVK_DROP);
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	EXPECT(b.head->generation == rv_test_info(engine, V4, "filter").generation);
	rv_test_packet(&t, V4, 6, NF_INET_LOCAL_OUT);
	EXPECT(rv_engine_run(engine, RV_TABLE_FILTER, &t.p.pkt, NULL) == NF_DROP);
	b.head->size = b.head->count = 0;
	EXPECT(rv_blob_replace(&b, engine, NULL) == -EINVAL);
	b.head->valid_hooks = 0;
	/* Offsets of chains that no longer exist. */
	EXPECT(rv_blob_replace(&b, engine, NULL) == -EINVAL);
	memset(b.head->hook_entry, 0, sizeof(b.head->hook_entry));
	memset(b.head->underflow, 0, sizeof(b.head->underflow));
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	EXPECT(!rv_test_info(engine, V4, "filter").generation && !b.head->generation);
	EXPECT(rv_engine_run(engine, RV_TABLE_FILTER, &t.p.pkt, NULL) == NF_ACCEPT);
	rv_blob_free(&b);
	rv_engine_free(engine);
}

/* Statistics for /proc. */
static void test_stat(void)
{
	static const char no_comment[256];
	struct rv_engine_stat stat;
	struct rvk_verdict *jump;
	struct rv_blob b;
	int context;

	engine = rv_engine_new(NULL, &context, rv_test_slots);
	EXPECT(rv_engine_context(engine) == &context);
	start(&b, "filter");
	rv_blob_rule(&b);
	rv_blob_data(&b, RVK_KIND_MATCH, "comment", 0, no_comment, sizeof(no_comment));
	jump = rv_blob_verdict(&b, 0);
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	jump->verdict = (int)rv_blob_chain(&b, "chain");
	rv_blob_rule(&b);
	rv_blob_verdict(&b, RVK_RETURN);
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	rv_engine_stat(engine, V4, RV_TABLE_FILTER, &stat);
	EXPECT(stat.generation == 2 && stat.entries == 6 && stat.chains == 4 && stat.parts == 1);
	EXPECT(stat.depth == 1 && stat.size == b.head->size && stat.memory > stat.size);
	rv_engine_stat(engine, NFPROTO_IPV6, RV_TABLE_FILTER, &stat);
	EXPECT(!stat.generation && !stat.entries && !stat.memory);
	rv_blob_free(&b);
	rv_engine_free(engine);
}

/* A size that exceeds the buffer or is not a multiple of 8. */
static void expect_no_room(uint32_t size, uint32_t old_count, uint32_t behind)
{
	struct { struct rvk_replace call; struct rvk_table table; uint8_t more[64]; } buf = {
		.call = { .version = RVK_VERSION, .ntables = 1 },
		.table = { .name = "raw", .family = V4, .size = size, .old_count = old_count },
	};
	uint32_t len = buf.call.size = offsetof(typeof(buf), more) + behind;

	EXPECT(rv_engine_call(engine, RVK_SO_REPLACE, &buf, &len) == -EINVAL);
	EXPECT(!buf.call.refusal.reason);
}

static void expect_malformed(struct rvk_replace call, uint32_t len, int error)
{
	struct { struct rvk_replace call; struct rvk_table table; } buf = { .call = call };

	EXPECT(rv_engine_call(engine, RVK_SO_REPLACE, &buf, &len) == error);
	EXPECT(!buf.call.refusal.reason);
}

static void test_malformed(void)
{
	const uint32_t all = sizeof(struct rvk_replace) + sizeof(struct rvk_table);

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	expect_malformed((struct rvk_replace){ .version = RVK_VERSION + 1, .ntables = 1, .size = all }, all, -EPROTONOSUPPORT);
	expect_malformed((struct rvk_replace){ .version = RVK_VERSION, .ntables = 1, .size = all, .flags = 2 }, all, -EINVAL);
	expect_malformed((struct rvk_replace){ .version = RVK_VERSION, .ntables = 0, .size = all }, all, -EINVAL);
	expect_malformed((struct rvk_replace){ .version = RVK_VERSION, .ntables = 11, .size = all }, all, -EINVAL);
	expect_malformed((struct rvk_replace){ .version = RVK_VERSION, .ntables = 2, .size = all }, all, -EINVAL);
	expect_malformed((struct rvk_replace){ .version = RVK_VERSION, .ntables = 1, .size = all - 1 }, all, -EINVAL);
	expect_malformed((struct rvk_replace){ .version = RVK_VERSION, .ntables = 1, .size = all - 8 }, all - 8, -EINVAL);
	expect_malformed((struct rvk_replace){ .version = RVK_VERSION, .ntables = 1, .size = 8 }, 8, -EINVAL);
	expect_no_room(8, 0, 0);
	expect_no_room(0, 1, 0);
	expect_no_room(16, 1, 24);
	expect_no_room(12, 0, 12);
	expect_no_room(UINT32_MAX - 7, 0, 8);
	expect_no_room(0, UINT32_MAX, 48);
	expect_no_room(8, 1, 32);
	rv_engine_free(engine);
}

static uint8_t has(unsigned int kind, const char *name, unsigned int revision, unsigned int sel,
		   uint32_t *best)
{
	struct rvk_has h = { .version = RVK_VERSION, .family = V4, .kind = kind,
			     .revision = revision, .sel = sel };
	uint32_t len = sizeof(h);

	memcpy(h.name, name, strlen(name));
	EXPECT(!rv_engine_call(engine, RVK_SO_HAS, &h, &len));
	*best = h.best;
	return h.where;
}

static void expect_no_answer(struct rvk_has has, int error)
{
	uint32_t len = sizeof(has);

	EXPECT(rv_engine_call(engine, RVK_SO_HAS, &has, &len) == error);
}

static void test_has(void)
{
	uint32_t best;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	EXPECT(has(RVK_KIND_MATCH, "hashlimit", 3, 0, &best) == RVK_HAS_ENGINE && best == 4);
	EXPECT(has(RVK_KIND_MATCH, "hashlimit", 9, 0, &best) == RVK_HAS_NOT && best == 4);
	EXPECT(has(RVK_KIND_MATCH, "hl", 0, 0, &best) == RVK_HAS_NOT && !best);
	EXPECT(has(RVK_KIND_TARGET, "hashlimit", 3, 0, &best) == RVK_HAS_NOT && !best);
	EXPECT(has(RVK_KIND_SELECTOR, "", 0, RVK_SEL_TTL, &best) == RVK_HAS_ENGINE);
	EXPECT(has(RVK_KIND_SELECTOR, "", 0, RVK_SEL_HOPLIMIT, &best) == RVK_HAS_NOT);
	EXPECT(has(RVK_KIND_SELECTOR, "", 0, 60000, &best) == RVK_HAS_NOT);
	expect_no_answer((struct rvk_has){ .version = RVK_VERSION + 1, .family = V4, .kind = 1, .name = "tcp" }, -EPROTONOSUPPORT);
	expect_no_answer((struct rvk_has){ .version = RVK_VERSION, .family = V4, .kind = 1 }, -EINVAL);
	expect_no_answer((struct rvk_has){ .version = RVK_VERSION, .family = V4, .kind = 3, .name = "tcp" }, -EINVAL);
	expect_no_answer((struct rvk_has){ .version = RVK_VERSION, .family = 0, .kind = 1, .name = "tcp" }, -EINVAL);
	expect_no_answer((struct rvk_has){ .version = RVK_VERSION, .family = 200, .kind = 1, .name = "tcp" }, -EINVAL);
	rv_engine_free(engine);
}

/* ---- registration --------------------------------------------------------------------- */

static bool match_odd(struct rv_pkt *pkt, const void *data, void *state)
{
	(void)data;
	(void)state;
	return pkt->mark % 2;
}

static struct rv_handler odd = {
	.name = "odd", .kind = RVK_KIND_MATCH, .size = 0, .match = match_odd,
};

/* Refused tables, and tables that use only its name for predicates, do not pin it. */
static void name_odd(bool predicate)
{
	struct rv_blob b;

	start(&b, "mangle");
	rv_blob_rule(&b);
	if (predicate)
		rv_blob_predicate(&b, "odd", RVK_SEL_TTL, RVK_OP_EQ, 1, "", NULL);
	else
		rv_blob_data(&b, RVK_KIND_MATCH, "odd", 0, "12345678", 8);
	rv_blob_verdict(&b, RVK_DROP);
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	EXPECT(rv_blob_replace(&b, engine, NULL) == (predicate ? 0 : -EINVAL));
	rv_blob_free(&b);
}

static void put_odd(struct rv_blob *b, bool use)
{
	start(b, "mangle");
	rv_blob_rule(b);
	if (use)
		rv_blob_data(b, RVK_KIND_MATCH, "odd", 0, "", 0);
	rv_blob_verdict(b, RVK_DROP);
	rv_blob_rules_end(b, NF_INET_LOCAL_OUT);
}

/* A match restricted to some tables, used in one. */
static int put_for(const char *tables, const char *table)
{
	static struct rv_handler some;
	struct rv_blob b;
	int rc;

	some = odd;
	some.name = "some";
	some.tables = tables;
	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	EXPECT(!rv_register_match(&some));
	start(&b, table);
	rv_blob_rule(&b);
	rv_blob_data(&b, RVK_KIND_MATCH, "some", 0, "", 0);
	rv_blob_verdict(&b, RVK_DROP);
	rc = rv_blob_finish(&b, NF_INET_LOCAL_OUT, engine, NULL);
	rv_engine_free(engine);
	EXPECT(!rv_unregister_match(&some));
	return rc;
}

static void test_tables(void)
{
	EXPECT(!put_for(NULL, "raw") && !put_for("raw", "raw") && !put_for("mangle raw", "raw"));
	EXPECT(!put_for("raw mangle", "mangle") && !put_for("raw  mangle", "mangle"));
	EXPECT(!put_for("rawer raw", "raw"));
	EXPECT(put_for("mangle", "raw") == -EINVAL && put_for("", "raw") == -EINVAL);
	EXPECT(put_for("rawer mangle", "raw") == -EINVAL && put_for("ra", "raw") == -EINVAL);
	EXPECT(put_for("draw mangle", "raw") == -EINVAL);
}

static void test_registration(void)
{
	struct rv_test_packet t;
	struct rv_blob b;

	engine = rv_engine_new(NULL, NULL, rv_test_slots);
	put_odd(&b, true);
	EXPECT(rv_blob_replace(&b, engine, NULL) == -ENOENT);
	EXPECT(rv_register_target(&odd) == -EINVAL);
	EXPECT(!rv_register_match(&odd));
	EXPECT(rv_register_match(&odd) == -EEXIST);
	name_odd(false);
	name_odd(true);
	EXPECT(!rv_unregister_match(&odd));
	EXPECT(!rv_register_match(&odd));
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	EXPECT(rv_unregister_match(&odd) == -EBUSY);
	rv_test_packet(&t, V4, 6, NF_INET_LOCAL_OUT);
	EXPECT(rv_engine_run(engine, RV_TABLE_MANGLE, &t.p.pkt, NULL) == NF_ACCEPT);
	t.p.pkt.mark = 3;
	EXPECT(rv_engine_run(engine, RV_TABLE_MANGLE, &t.p.pkt, NULL) == NF_DROP);
	rv_blob_free(&b);
	put_odd(&b, false);
	EXPECT(!rv_blob_replace(&b, engine, NULL));
	EXPECT(!rv_unregister_match(&odd));
	EXPECT(rv_unregister_match(&odd) == -ENOENT);
	rv_blob_free(&b);
	rv_engine_free(engine);
}

/* ---- handlers of the port layer ------------------------------------------------------------ */

static const struct rv_handler lent = {
	.name = "lent", .kind = RVK_KIND_MATCH, .revision = 2, .size = 5, .match = match_odd,
};
static int gets;

static const struct rv_handler *lend(struct rv_engine *e, uint8_t kind, uint8_t family,
				     const char *name, uint8_t revision, int *best)
{
	bool is = kind == RVK_KIND_MATCH && family == V4 && !strcmp(name, lent.name);

	EXPECT(e == engine);
	*best = is ? 4 : strcmp(name, "first") ? -1 : 0;
	if (!is || revision != lent.revision)
		return NULL;
	gets++;
	return &lent;
}

static void take_back(const struct rv_handler *h)
{
	EXPECT(h == &lent);
	gets--;
}

static int use_match(const char *name, unsigned int revision, uint32_t size, bool and_unknown,
		     uint16_t *reason)
{
	struct rvk_refusal why;
	struct rv_blob b;
	int rc;

	start(&b, "mangle");
	rv_blob_rule(&b);
	rv_blob_data(&b, RVK_KIND_MATCH, name, revision, "1234567812345678", size);
	if (and_unknown)
		rv_blob_data(&b, RVK_KIND_MATCH, "nosuch", 0, "", 0);
	rv_blob_verdict(&b, RVK_DROP);
	rv_blob_rules_end(&b, NF_INET_LOCAL_OUT);
	rc = rv_blob_replace(&b, engine, &why);
	EXPECT(!rc || why.element == and_unknown);
	*reason = why.reason;
	rv_blob_free(&b);
	return rc;
}

/* Handlers the engine does not have are obtained and returned equally often. */
static void test_lent(void)
{
	static const struct rv_engine_ops ops = { .get = lend, .put = take_back };
	struct rv_test_packet t;
	uint16_t why;
	uint32_t best;

	engine = rv_engine_new(&ops, NULL, rv_test_slots);
	EXPECT(has(RVK_KIND_MATCH, "lent", 2, 0, &best) == RVK_HAS_KERNEL && best == 5 && !gets);
	EXPECT(has(RVK_KIND_MATCH, "lent", 3, 0, &best) == RVK_HAS_NOT && best == 5 && !gets);
	EXPECT(has(RVK_KIND_TARGET, "lent", 2, 0, &best) == RVK_HAS_NOT && !best && !gets);
	EXPECT(use_match("lent", 3, 8, false, &why) == -EPROTONOSUPPORT && why == RVK_WHY_REVISION && !gets);
	/* A name of which only revision 0 exists is known. */
	EXPECT(use_match("first", 1, 8, false, &why) == -EPROTONOSUPPORT && why == RVK_WHY_REVISION);
	EXPECT(use_match("comment", 1, 8, false, &why) == -EPROTONOSUPPORT && why == RVK_WHY_REVISION);
	EXPECT(use_match("second", 1, 8, false, &why) == -ENOENT && why == RVK_WHY_UNKNOWN);
	EXPECT(use_match("lent", 2, 16, false, &why) == -EINVAL && why == RVK_WHY_DATA_SIZE && !gets);
	EXPECT(use_match("lent", 2, 0, false, &why) == -EINVAL && why == RVK_WHY_DATA_SIZE && !gets);
	EXPECT(use_match("lent", 2, 8, true, &why) == -ENOENT && why == RVK_WHY_UNKNOWN && !gets);
	EXPECT(!use_match("lent", 2, 8, false, &why) && gets == 1);
	EXPECT(!use_match("lent", 2, 5, false, &why) && gets == 1);
	rv_test_packet(&t, V4, 6, NF_INET_LOCAL_OUT);
	t.p.pkt.mark = 1;
	EXPECT(rv_engine_run(engine, RV_TABLE_MANGLE, &t.p.pkt, NULL) == NF_DROP);
	t.p.pkt.mark = 2;
	EXPECT(rv_engine_run(engine, RV_TABLE_MANGLE, &t.p.pkt, NULL) == NF_ACCEPT);
	rv_engine_free(engine);
	EXPECT(!gets);
}

const struct rv_test rv_tests_call[] = {
	{ "information about tables", test_info },
	{ "entries come back as they were given", test_entries },
	{ "old counters come out, and can be added", test_counters },
	{ "lengths of calls", test_lengths },
	{ "entries go on with old counters", test_carried },
	{ "all tables of a call or none", test_all_or_none },
	{ "no table twice in a call", test_twice },
	{ "a table that begins to exist", test_made },
	{ "a table is taken away", test_removal },
	{ "what can be told of a table", test_stat },
	{ "malformed calls", test_malformed },
	{ "what the engine has", test_has },
	{ "matches for some tables", test_tables },
	{ "registration", test_registration },
	{ "what others lend", test_lent },
	{ NULL, NULL },
};
