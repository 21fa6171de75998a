/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables that may hold anything, given to the engine. One that it takes is read back, packets
 * go through it, another one takes its place; it is read as rules, and the rules, written
 * again, must decide and count as it did. Input: blob/blob.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/render.h>

#include "backend/kmod/kmod.h"
#include "kernel/user/user.h"

#include "blob/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define PACKETS	5	/* of each family */
#define CLOCK	1000000000000000000	/* 2001, a Sunday */

#define EXPECT(what) do { if (!(what)) fail(#what, __LINE__); } while (0)

static void fail(const char *what, int line)
{
	fprintf(stderr, "fuzz_blob: line %d: %s\n", line, what);
	abort();
}

/* ---- matches and targets of "the kernel" ------------------------------------------------- */

static bool foreign;		/* it was asked for one */
static struct rv_engine *alone;	/* without that kernel */

static bool always(struct rv_pkt *pkt, const void *data, void *state)
{
	(void)pkt;
	(void)data;
	(void)state;
	return true;
}

static unsigned int go_on(struct rv_pkt *pkt, const void *data, void *state)
{
	(void)pkt;
	(void)data;
	(void)state;
	return RV_CONTINUE;
}

static const struct rv_handler any = { .name = "", .size = RV_ANY_SIZE, .match = always, .target = go_on };

/* It has whatever the engine has not in any revision. */
static const struct rv_handler *get(struct rv_engine *e, uint8_t kind, uint8_t family,
				    const char *name, uint8_t revision, int *best)
{
	struct rvk_has has = { .version = RVK_VERSION, .family = family, .kind = kind };
	uint32_t len = sizeof(has);

	(void)e;
	(void)revision;
	strcpy(has.name, name);
	EXPECT(!rv_engine_call(alone, RVK_SO_HAS, &has, &len));
	*best = -1;
	if (has.best)
		return NULL;
	foreign = true;
	return &any;
}

static void put(const struct rv_handler *h)
{
	EXPECT(h == &any);
}

static const struct rv_engine_ops ops = { .get = get, .put = put };

/* ---- calls ------------------------------------------------------------------------------------- */

static int call(void *priv, unsigned int option, void *buf, uint32_t len)
{
	return rv_engine_call(priv, option, buf, &len);
}

static const struct rv_kmod_transport transport = { .call = call };

/* struct rvk_info and the entries of the present table. */
static struct rvk_info *read_table(struct rv_engine *e, const struct rvk_table *of)
{
	struct rvk_info info = { .version = RVK_VERSION }, *all;
	uint32_t len;

	memcpy(info.table.name, of->name, sizeof(of->name));
	info.table.family = of->family;
	EXPECT(!call(e, RVK_SO_INFO, &info, sizeof(info)));
	len = sizeof(info) + info.table.size;
	all = malloc(len);
	EXPECT(all);
	*all = info;
	EXPECT(!rv_engine_call(e, RVK_SO_ENTRIES, all, &len));
	EXPECT(len == sizeof(info) + info.table.size);
	return all;
}

/* Each entry of a table that was taken. */
static struct rvk_entry *next_entry(void *entries, uint32_t size, struct rvk_entry *e)
{
	uint8_t *next = e ? (uint8_t *)e + e->next : entries;

	return next == (uint8_t *)entries + size ? NULL : (struct rvk_entry *)(void *)next;
}

static void same_entries(const struct rvk_info *read, const struct rvk_table *given)
{
	EXPECT(read->table.size == given->size && read->table.count == given->count);
	EXPECT(!memcmp(read + 1, given + 1, given->size));
}

static uint64_t counted(struct rvk_info *read)
{
	uint64_t sum = 0;

	for (struct rvk_entry *e = NULL; (e = next_entry(read + 1, read->table.size, e));)
		sum += e->counters.packets;
	return sum;
}

/* ---- packets ------------------------------------------------------------------------------------- */

static const struct sample {
	uint8_t len;
	uint8_t linear;			/* 0: all of it */
	uint8_t bytes[88];
} samples[2][PACKETS] = {
	{
		/* SYN with options, the header and the rest in two pieces */
		{ 48, 20, { 0x45, 0, 0, 48, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 1, 2, 3, 10, 4, 5, 6,
			   3, 232, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x70, 2, 255, 255, 0, 0, 0, 0,
			   2, 4, 5, 180, 1, 1, 4, 2 } },
		{ 60, 0, { 0x45, 8, 0, 60, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 1, 2, 3, 10, 4, 5, 6,
			   3, 232, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x70, 2, 255, 255, 0, 0, 0, 0,
			   2, 4, 5, 180, 1, 1, 4, 2, 'h', 'e', 'l', 'l', 'o', ' ', 'a', 'b', 'c', 'a', 'b', 'd' } },
		{ 36, 0, { 0x46, 0, 0, 36, 0, 1, 0, 0, 1, 17, 0, 0, 10, 1, 2, 3, 224, 0, 0, 1,
			   7, 4, 0, 0, 3, 232, 0, 53, 0, 12, 0, 0, 'G', 'E', 'T', 0 } },
		{ 28, 0, { 0x45, 0, 0, 28, 0, 1, 0, 1, 64, 6, 0, 0, 10, 1, 2, 3, 10, 4, 5, 6, 1, 2, 3, 4 } },
		{ 28, 0, { 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 1, 2, 3, 10, 4, 5, 6, 8, 0 } },
	},
	{
		{ 64, 0, { 0x60, 0, 0, 0, 0, 24, 6, 64, 0xfd, [23] = 1, 0xfd, [39] = 2,
			   3, 232, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 255, 255, 0, 0, 0, 0, 2, 4, 5, 180 } },
		{ 56, 40, { 0x6b, 0x80, 0, 0, 0, 16, 0, 64, 0xfd, [23] = 1, 0xff, 2, [39] = 1,
			   17, 0, 1, 4, 0, 0, 0, 0, 3, 232, 0, 53, 0, 8, 0, 0 } },
		{ 48, 0, { 0x60, 0, 0, 0, 0, 8, 58, 255, 0xfe, 0x80, [23] = 1, 0xff, 2, [39] = 1, 128, 0 } },
		{ 52, 0, { 0x60, 0, 0, 0, 0, 12, 44, 64, 0xfd, [23] = 1, 0xfd, [39] = 2, 6, 0, 0, 8, 0, 0, 0, 1 } },
		/* ends within its header */
		{ 46, 0, { 0x60, 0, 0, 0, 0, 6, 6, 64, 0xfd, [23] = 1, 0xfd, [39] = 2, 3, 232, 0, 80, 0, 0 } },
	},
};

/* What is not in the linear part is copied. */
static const void *pull(const struct rv_pkt *pkt, uint32_t off, uint32_t len, void *buf)
{
	const struct rv_user_packet *p = pkt->port;

	if (off > pkt->len || len > pkt->len - off)
		return NULL;
	return memcpy(buf, p->bytes + off, len);
}

struct packet {
	struct rv_user_packet p;
	struct rv_pkt_ops ops;
	uint8_t bytes[sizeof(((struct sample *)0)->bytes) + 64];
};

/* False: it is malformed. */
static bool make_packet(struct packet *to, const struct sample *s, const struct blob_input *in,
			unsigned int hook)
{
	static const char name[16] = "eth0";
	static const uint8_t ether[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };

	memset(to, 0, sizeof(*to));
	memcpy(to->bytes, s->bytes, s->len);
	to->bytes[15] ^= in->packet[0];
	to->bytes[19] ^= in->packet[1];
	to->bytes[s->bytes[0] >> 4 == 4 ? 23 : 43] ^= in->packet[2];
	if (rv_user_packet_init(&to->p, to->bytes, s->len, s->len + 40))
		return false;
	to->ops = *to->p.pkt.ops;
	to->ops.pull = pull;
	to->p.pkt.ops = &to->ops;
	to->p.pkt.linear = s->linear ? s->linear : s->len;
	to->p.pkt.hook = (uint8_t)hook;
	to->p.pkt.in = name;
	to->p.pkt.mark = in->packet[3];
	to->p.ether = ether;
	to->p.pkt.trace = in->packet[3] & 1;
	to->p.has_owner = hook == NF_INET_LOCAL_OUT;
	return true;
}

/* What became of all packets at all hooks. */
struct results {
	struct fate {
		uint32_t verdict, mark;
	} fates[RVK_HOOKS * PACKETS];
	uint64_t steps;
};

static enum rv_table_id id_of(const char *name)
{
	unsigned int id = 0;

	while (strcmp(rv_engine_tables[id].name, name) != 0)
		id++;
	return id;
}

static void run_packet(struct rv_engine *e, enum rv_table_id id, struct packet *p, struct rv_record *record,
		       struct results *results, unsigned int number)
{
	struct fate *fate = &results->fates[number];

	fate->verdict = rv_engine_run(e, id, &p->p.pkt, record) & NF_VERDICT_MASK;
	EXPECT(fate->verdict <= NF_QUEUE);
	fate->mark = p->p.pkt.mark;
	results->steps += record ? record->len : 0;
	rv_user_set_clock(CLOCK + number * 100000000);
}

static void run_packets(struct rv_engine *e, const struct rvk_table *t, bool recording,
			const struct blob_input *in, struct results *results)
{
	enum rv_table_id id = id_of(t->name);

	memset(results, 0, sizeof(*results));
	rv_user_set_random(1);
	rv_user_set_clock(CLOCK);
	for (unsigned int hook = 0; hook < RVK_HOOKS; hook++) {
		for (unsigned int i = 0; i < PACKETS; i++) {
			struct rv_record record = { 0 };
			struct packet p;

			if (rv_engine_tables[id].hooks & 1U << hook &&
			    make_packet(&p, &samples[t->family != NFPROTO_IPV4][i], in, hook))
				run_packet(e, id, &p, recording ? &record : NULL, results, hook * PACKETS + i);
		}
	}
}

/* ---- as rules ------------------------------------------------------------------------------------- */

static const struct rv_table_def *def_of(const struct rvk_table *head)
{
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		if (!strncmp(def->name, head->name, sizeof(head->name)))
			return def;
	return NULL;
}

/* Bytes that nobody has checked. head: of a copy that ends where it says. */
static bool decode(struct rv_ruleset *rs, const struct rvk_table *head)
{
	const struct rv_table_def *def = def_of(head);
	struct rv_error err = { 0 };
	struct rv_table *t;

	rv_ruleset_init(rs, head->family == NFPROTO_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	t = def ? rv_ruleset_table(rs, def) : NULL;
	if (!t)
		return false;
	if (!rv_kmod_decode(t, head, head + 1, NULL, &err))
		return true;
	EXPECT(err.kind != RV_ERR_NONE);
	return false;
}

/* Where there is no table; the engine has taken the rules once. */
static void write_rules(struct rv_engine *e, struct rv_ruleset *rs)
{
	struct rv_kmod_link link = { .transport = &transport, .priv = e };
	struct rv_kmod_change change = { .link = &link };
	struct rv_error err = { 0 };
	struct rv_table *t = rv_entry(rs->tables.next, struct rv_table, node);

	if (rv_kmod_change_add(&change, t, 0, 0, &err) ||
	    rv_kmod_change_send(&change, &err)) {
		fprintf(stderr, "%s\n", err.text);
		EXPECT(!"rules of a table that was taken are refused");
	}
	rv_kmod_change_free(&change);
}

/* ---- a table that was taken ------------------------------------------------------------------------- */

/* Takes it away again; what it had counted comes out. */
static void remove_table(struct rv_engine *e, struct rvk_info *last)
{
	const uint32_t count = last->table.count;
	const uint32_t len = sizeof(struct rvk_replace) + sizeof(struct rvk_table) +
			     count * sizeof(struct rvk_counters);
	struct rvk_replace *replace = calloc(1, len);
	struct rvk_table *head = (struct rvk_table *)(replace + 1);
	const struct rvk_counters *old = (const struct rvk_counters *)(head + 1);

	EXPECT(replace);
	*replace = (struct rvk_replace){ .version = RVK_VERSION, .ntables = 1, .size = len };
	memcpy(head->name, last->table.name, sizeof(head->name));
	head->family = last->table.family;
	head->generation = last->table.generation;
	head->old_count = count;
	EXPECT(!call(e, RVK_SO_REPLACE, replace, len));
	for (struct rvk_entry *entry = NULL; (entry = next_entry(last + 1, last->table.size, entry)); old++)
		EXPECT(!memcmp(old, &entry->counters, sizeof(*old)));
	free(replace);
}

/* For whoever looks into it. */
static void show(const struct rv_ruleset *rs, const struct results *wanted, const struct results *found)
{
	struct rv_table *t = rv_entry(rs->tables.next, struct rv_table, node);
	struct rv_buf text = RV_BUF_INIT;

	rv_list_each(c, &t->chains, struct rv_chain, node) {
		rv_render_chain(&text, c);
		rv_list_each(r, &c->rules, struct rv_rule, node)
			rv_render_rule(&text, rs->family, c->name, r, RV_COUNTERS_PREFIX);
	}
	fprintf(stderr, "*%s\n%.*s", t->def->name, (int)text.len, text.data);
	rv_buf_free(&text);
	fprintf(stderr, "steps %lu, of the rules %lu\n", wanted->steps, found->steps);
	for (unsigned int i = 0; i < RVK_HOOKS * PACKETS; i++) {
		const struct fate *a = &wanted->fates[i], *b = &found->fates[i];

		if (a->verdict != b->verdict || a->mark != b->mark)
			fprintf(stderr, "hook %u packet %u: verdict %u mark %x, of the rules %u %x\n",
				i / PACKETS, i % PACKETS, a->verdict, a->mark, b->verdict, b->mark);
	}
}

/* The rules that the table was, written again, do what it did. Heads and ends count from 0 then. */
static void use_rules(struct rv_engine *e, struct rv_ruleset *rs, const struct rvk_table *given,
		      const struct blob_input *in, const struct results *wanted)
{
	struct rvk_info *before, *after;
	struct results found;

	write_rules(e, rs);
	before = read_table(e, given);
	run_packets(e, given, false, in, &found);
	after = read_table(e, given);
	found.steps = counted(after) - counted(before);
	if (!foreign && memcmp(&found, wanted, sizeof(found))) {
		show(rs, wanted, &found);
		EXPECT(!"the rules do something else than the table they were read from");
	}
	remove_table(e, after);
	free(before);
	free(after);
}

static void use_table(struct rv_engine *e, const struct rvk_table *given, const struct blob_input *in)
{
	struct rvk_info *before = read_table(e, given), *after;
	struct results wanted;
	struct rv_ruleset rs;

	same_entries(before, given);
	run_packets(e, given, true, in, &wanted);
	after = read_table(e, given);
	EXPECT(counted(after) - counted(before) == wanted.steps);
	remove_table(e, after);
	if (decode(&rs, &before->table))
		use_rules(e, &rs, given, in, &wanted);
	rv_ruleset_clear(&rs);
	free(before);
	free(after);
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static const struct blob_input plain;

/* The call that puts tables in place; exactly as long as it is. */
static struct rvk_replace *make_call(const uint8_t *data, size_t size, const struct blob_input *in)
{
	struct rvk_replace *replace = malloc(sizeof(*replace) + size);
	size_t at = 0, len;

	EXPECT(replace);
	*replace = (struct rvk_replace){ .version = RVK_VERSION, .size = (uint32_t)(sizeof(*replace) + size) };
	memcpy(replace + 1, data, size);
	while (at < size && (len = blob_table_len((uint8_t *)(replace + 1) + at, size - at))) {
		replace->ntables++;
		at += len;
	}
	if (in->how & BLOB_HEAD) {
		replace->ntables = in->ntables;
		replace->flags = in->flags;
		replace->version = in->version;
	}
	return replace;
}

static void decode_all(const struct rvk_replace *replace, size_t size)
{
	size_t len;

	for (const uint8_t *at = (const uint8_t *)(replace + 1);
	     (len = blob_table_len(at, size)); at += len, size -= len) {
		struct rvk_table *copy = malloc(len);
		struct rv_ruleset rs;

		EXPECT(copy);
		memcpy(copy, at, len);
		decode(&rs, copy);
		rv_ruleset_clear(&rs);
		free(copy);
	}
}

/*
 * One table of a call that was taken, by itself in an engine of its own: tables of one engine share
 * what hashlimit and recent remember.
 */
static void use_alone(const struct rvk_table *t, size_t len, const struct blob_input *in)
{
	struct rv_engine *e = rv_engine_new(&ops, NULL, 1);
	struct rvk_replace *replace = make_call((const uint8_t *)t, len, &plain);
	struct rvk_table *copy = (struct rvk_table *)(replace + 1);

	EXPECT(e);
	copy->generation = 0;
	EXPECT(!call(e, RVK_SO_REPLACE, replace, replace->size));
	use_table(e, copy, in);
	rv_engine_free(e);
	free(replace);
}

/* Tables of the call, as they were given, one after the other. */
static void use_all(struct rv_engine *e, const struct rvk_replace *replace, size_t size,
		    const struct blob_input *in)
{
	const uint8_t *at = (const uint8_t *)(replace + 1);

	for (size_t len; size && (len = blob_table_len(at, size)); at += len, size -= len) {
		const struct rvk_table *t = (const void *)at;

		if (t->count && replace->ntables == 1)
			use_table(e, t, in);
		else if (t->count)
			use_alone(t, len, in);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	alone = rv_engine_new(NULL, NULL, 1);
	EXPECT(alone);
	/* Recorded packets are compared one by one, the others by lookups. */
	rv_lookup_rules = 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	long live = rv_user_live();
	struct rvk_replace *replace;
	struct blob_input in;
	struct rv_engine *e;
	uint32_t len;
	int rc;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	size -= sizeof(in);
	foreign = false;
	e = rv_engine_new(&ops, NULL, 1);
	EXPECT(e);
	replace = make_call(data + sizeof(in), size, &in);
	if (in.how & BLOB_DECODE)
		decode_all(replace, size);
	len = replace->size;
	rc = rv_engine_call(e, RVK_SO_REPLACE, replace, &len);
	EXPECT(rc <= 0 && (rc || !replace->refusal.reason));
	EXPECT(!rc || len == sizeof(*replace));
	if (!rc && !(replace->flags & RVK_REPLACE_DRY))
		use_all(e, replace, size, &in);
	rv_engine_free(e);
	EXPECT(rv_user_live() == live);
	free(replace);
	return 0;
}
