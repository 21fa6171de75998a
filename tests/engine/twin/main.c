/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs random packets through random rulesets with the engine and with the reference
 * implementation: verdicts, paths, counters and changes of the packet must be equal.
 *   twin [--seed N] [--rulesets N] [--packets N] [--lookups N]
 * packets: per ruleset; lookups: rv_lookup_rules, 1 by default: all chains are compiled.
 * Ends with "N passed, N failed", counting rulesets.
 */
#include <stdio.h>
#include <stdlib.h>

#include <ravelin/render.h>

#include "backend/kmod/kmod.h"
#include "twin.h"

struct pair {
	struct rv_ruleset rs;
	struct rv_table *table;
	struct rv_kmod_link link;
	struct rv_kmod_change change;
	struct rv_engine *engine;
	enum rv_table_id id;
	uint32_t hooks;
	struct twin_walk walk;
	struct twin_packet packet;
	struct rv_step path[TWIN_STEPS];
	unsigned long steps;
};

static const char *verdict_name(unsigned int verdict)
{
	static const char *const names[] = { "DROP", "ACCEPT", "STOLEN", "QUEUE" };

	return verdict < 4 ? names[verdict] : "?";
}

/* Reports the path of both. */
static int differs(struct pair *p, unsigned int packet, const char *what, unsigned int engine,
		   unsigned int twin)
{
	printf("packet %u: %s: engine %u, twin %u\n", packet, what, engine, twin);
	printf("  twin's way:");
	for (unsigned int i = 0; i < p->walk.nsteps && i < TWIN_STEPS; i++)
		printf(" %s%s", p->walk.steps[i].chain->name, p->walk.steps[i].rule ? "" : "(end)");
	printf("\n  hook %u proto %u fragment %u cut %u ports %u %u mark %u in %s out %s\n",
	       p->packet.hook, p->packet.proto, p->packet.fragment, p->packet.cut, p->packet.sport,
	       p->packet.dport, p->packet.mark, p->packet.in, p->packet.out);
	return -1;
}

static void set_up(const struct twin_packet *t, struct rv_user_packet *u, uint8_t ether[14])
{
	memcpy(ether + 6, t->mac, 6);
	u->ether = ether;
	u->pkt.hook = t->hook;
	u->pkt.in = *t->in ? t->in : NULL;
	u->pkt.out = *t->out ? t->out : NULL;
	u->pkt.mark = t->mark;
	u->pkt.pkttype = t->pkttype;
	u->has_owner = t->has_owner;
	u->uid = t->uid;
	u->gid = t->gid;
}

static int compare_way(struct pair *p, unsigned int packet, const struct rv_record *record)
{
	const struct rv_kmod_entry *entries = p->change.blobs[0].entries;

	if (record->len != p->walk.nsteps)
		return differs(p, packet, "steps", record->len, p->walk.nsteps);
	for (unsigned int i = 0; i < record->len && i < TWIN_STEPS; i++) {
		const struct rv_kmod_entry *e = &entries[p->path[i].entry];

		if (e->chain != p->walk.steps[i].chain || e->rule != p->walk.steps[i].rule)
			return differs(p, packet, "way at step", i, i);
	}
	p->steps += record->len;
	return 0;
}

static int run_packet(struct pair *p, unsigned int n)
{
	uint8_t bytes[TWIN_BYTES], after[TWIN_BYTES], ether[14] = { 0 };
	struct rv_record record = { .path = p->path, .cap = TWIN_STEPS };
	struct twin_packet before;
	struct rv_user_packet u = { 0 };
	unsigned int len, engine, twin;

	twin_random_packet(&p->packet, p->rs.family, p->hooks);
	before = p->packet;
	len = twin_bytes(&p->packet, bytes);
	if (rv_user_packet_init(&u, bytes, len, sizeof(bytes)))
		return differs(p, n, "malformed", 1, 0);
	set_up(&before, &u, ether);
	p->walk = (struct twin_walk){ .table = p->table, .packet = &p->packet, .len = len };
	twin = twin_run(&p->walk);
	engine = rv_engine_run(p->engine, p->id, &u.pkt, n % 2 ? &record : NULL);
	if (engine != twin) {
		printf("engine %s, twin %s\n", verdict_name(engine), verdict_name(twin));
		return differs(p, n, "verdict", engine, twin);
	}
	twin_bytes(&p->packet, after);
	if (u.pkt.mark != p->packet.mark || memcmp(bytes, after, len))
		return differs(p, n, "packet", u.pkt.mark, p->packet.mark);
	return n % 2 ? compare_way(p, n, &record) : 0;
}

/* Compares the counters of all entries with those of the reference's rules. */
static int compare_counters(struct pair *p, const struct rvk_info *info)
{
	const struct rv_kmod_blob *blob = &p->change.blobs[0];
	const uint8_t *at = (const uint8_t *)(info + 1);

	for (uint32_t i = 0; i < blob->count; i++) {
		const struct rvk_entry *e = (const void *)at;
		const struct rv_kmod_entry *k = &blob->entries[i];
		const struct rv_counters *c = k->rule ? &k->rule->counters : &k->chain->counters;

		at += e->next;
		if (!k->rule && k->chain->base < 0)
			continue;
		if (e->counters.packets != c->packets || e->counters.bytes != c->bytes)
			return differs(p, i, "counters", e->counters.packets, c->packets);
	}
	return 0;
}

static int read_counters(struct pair *p)
{
	struct rvk_info info = { .version = RVK_VERSION, .table.family = p->rs.family }, *all;
	uint32_t len = sizeof(info);
	int rc = -1;

	strcpy(info.table.name, p->table->def->name);
	if (rv_engine_call(p->engine, RVK_SO_INFO, &info, &len))
		return -1;
	len = sizeof(info) + info.table.size;
	all = malloc(len);
	if (all) {
		*all = info;
		rc = rv_engine_call(p->engine, RVK_SO_ENTRIES, all, &len);
		rc = rc ? rc : compare_counters(p, all);
	}
	free(all);
	return rc;
}

static int load_rules(struct pair *p, struct rv_error *err)
{
	p->table = twin_random_table(&p->rs, err);
	if (!p->table)
		return -1;
	if (rv_kmod_link_open(&p->link, "user", err))
		return -1;
	p->change.link = &p->link;
	if (rv_kmod_change_add(&p->change, p->table, 0, 0, err) || rv_kmod_change_send(&p->change, err))
		return -1;
	p->engine = rv_kmod_user_engine(&p->link);
	while (strcmp(rv_engine_tables[p->id].name, p->table->def->name))
		p->id++;
	p->hooks = rv_engine_tables[p->id].hooks;
	return 0;
}

static int run_ruleset(struct pair *p, unsigned int packets)
{
	struct rv_error err = { 0 };
	int rc = load_rules(p, &err);

	if (rc)
		printf("rules: %s\n", err.text);
	for (unsigned int n = 0; n < packets && !rc; n++)
		rc = run_packet(p, n);
	return rc ? rc : read_counters(p);
}

static int run_seed(uint64_t seed, unsigned int packets, unsigned long *steps)
{
	struct pair *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return -1;
	twin_seed(seed);
	rv_ruleset_init(&p->rs, seed % 2 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	rc = run_ruleset(p, packets);
	if (rc)
		printf("seed %llu FAILED\n", (unsigned long long)seed);
	*steps += p->steps;
	rv_kmod_change_free(&p->change);
	if (p->link.transport)
		rv_kmod_link_close(&p->link);
	rv_ruleset_clear(&p->rs);
	free(p);
	return rc;
}

int main(int argc, char **argv)
{
	unsigned long numbers[4] = { 1, 1000, 1000, 1 }, steps = 0;
	static const char *const names[4] = { "--seed", "--rulesets", "--packets", "--lookups" };
	unsigned int passed = 0, failed = 0;

	for (int i = 1; i + 1 < argc; i += 2)
		for (unsigned int n = 0; n < 4; n++)
			if (!strcmp(argv[i], names[n]))
				numbers[n] = strtoul(argv[i + 1], NULL, 10);
	rv_lookup_rules = numbers[3];
	printf("seed %lu, lookups %lu\n", numbers[0], numbers[3]);
	for (unsigned long i = 0; i < numbers[1]; i++) {
		int rc = run_seed(numbers[0] + i, numbers[2], &steps);

		passed += !rc;
		failed += rc != 0;
	}
	printf("%lu packets, %lu steps\n", numbers[1] * numbers[2], steps);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
