// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Benchmarks the module's engine in user space:
 *
 *   engine packet FILE SECONDS    packets that match no rule of the save file
 *   engine replace FILE ROUNDS    replacement of the tables by themselves
 *   engine lookup FILE COUNT N    COUNT such packets; chains with N rules or more are compiled
 *
 * Prints one line per round: nanoseconds per packet from parsing to verdict; or nanoseconds to
 * encode the tables, to check them, and for a complete replacement, which checks again. Uses CPU
 * time, which is least affected by other load. lookup prints the time to check the tables, the bytes
 * of the filter table's entries, and its memory; bench/lookup counts the instructions of the packets.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>

#include "backend/file/load.h"
#include "backend/kmod/kmod.h"
#include "bench/timing.h"
#include "kernel/user/user.h"

#define ROUNDS	5
#define BURST	64

struct bench {
	struct rv_store store;
	struct rv_kmod_link link;
	struct rv_kmod_change change;
	uint64_t generation[RVK_TABLES_MAX];
	uint32_t count[RVK_TABLES_MAX];
	unsigned int n;
};

static void fail(const char *what, const struct rv_error *err)
{
	fprintf(stderr, "engine: %s: %s\n", what, err->text);
	exit(1);
}

static void load(struct bench *b, const char *path)
{
	struct rv_error err = { 0 };
	struct rv_buf text = RV_BUF_INIT;
	FILE *f = fopen(path, "r");
	char chunk[65536];
	size_t len;

	if (!f) {
		perror(path);
		exit(1);
	}
	while ((len = fread(chunk, 1, sizeof(chunk), f)))
		rv_buf_add(&text, chunk, len);
	fclose(f);
	if (rv_load_text(&b->store, NFPROTO_IPV4, text.data, text.len, NULL, &err) ||
	    rv_kmod_link_open(&b->link, "user", &err))
		fail(path, &err);
	rv_buf_free(&text);
}

/* Encodes all tables. */
static void build(struct bench *b)
{
	struct rv_error err = { 0 };

	b->change = (struct rv_kmod_change){ .link = &b->link };
	b->n = 0;
	rv_list_each(t, &b->store.rs.tables, struct rv_table, node) {
		unsigned int n = b->n++;

		if (rv_kmod_change_add(&b->change, t, b->generation[n], b->count[n], &err))
			fail("blob", &err);
	}
}

static void commit(struct bench *b)
{
	struct rv_error err = { 0 };

	if (rv_kmod_change_send(&b->change, &err))
		fail("replace", &err);
	for (unsigned int n = 0; n < b->n; n++) {
		b->generation[n] = rv_kmod_blob_table(&b->change.blobs[n])->generation;
		b->count[n] = b->change.blobs[n].count;
	}
}

/* Like commit, with RVK_REPLACE_DRY. */
static void check(struct bench *b)
{
	struct rvk_replace *head = (struct rvk_replace *)(void *)b->change.buf.data;

	*head = (struct rvk_replace){
		.version = RVK_VERSION, .ntables = b->n, .size = b->change.buf.len,
		.flags = RVK_REPLACE_DRY,
	};
	if (b->link.transport->call(b->link.priv, RVK_SO_REPLACE, head, b->change.buf.len)) {
		fputs("engine: the tables are refused\n", stderr);
		exit(1);
	}
}

static void replace(struct bench *b, unsigned int rounds)
{
	while (rounds--) {
		uint64_t built, checked, start = cpu_ns();

		build(b);
		built = cpu_ns();
		check(b);
		checked = cpu_ns();
		commit(b);
		printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", built - start, checked - built,
		       cpu_ns() - checked);
		rv_kmod_change_free(&b->change);
	}
}

/* The packet of bench/send: a SYN from 198.18.0.1 to 198.18.0.2, port 9. source: added to 198.18.0.1 */
static __attribute__((__noinline__)) unsigned int run_packet(struct rv_engine *e, unsigned int source)
{
	static const uint8_t syn[40] = {
		0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 198, 18, 0, 1, 198, 18, 0, 2,
		0xc0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 255, 255, 0, 0, 0, 0,
	};
	static const char in[16] = "bench1";
	struct rv_user_packet p;
	uint8_t bytes[sizeof(syn)];

	memcpy(bytes, syn, sizeof(syn));
	bytes[14] += source / 200;
	bytes[15] += source % 200;
	memset(&p, 0, sizeof(p));
	rv_user_packet_init(&p, bytes, sizeof(bytes), sizeof(bytes));
	p.pkt.hook = NF_INET_LOCAL_IN;
	p.pkt.in = in;
	return rv_engine_run(e, RV_TABLE_FILTER, &p.pkt, NULL);
}

static double round_of(struct rv_engine *e, double seconds)
{
	uint64_t start = cpu_ns(), end = start + (uint64_t)(seconds * 1e9), last = start;
	unsigned long packets = 0;

	while (last < end) {
		for (unsigned int i = 0; i < BURST; i++)
			if (run_packet(e, 0) != NF_DROP) {
				fputs("engine: a rule took the packet\n", stderr);
				exit(1);
			}
		packets += BURST;
		last = cpu_ns();
	}
	return (double)(last - start) / packets;
}

static void lookup(struct bench *b, unsigned int count)
{
	struct rv_engine *e = rv_kmod_user_engine(&b->link);
	struct rv_engine_stat stat;
	uint64_t start;

	build(b);
	start = cpu_ns();
	check(b);
	start = cpu_ns() - start;
	commit(b);
	rv_engine_stat(e, NFPROTO_IPV4, RV_TABLE_FILTER, &stat);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", start, stat.size, stat.memory);
	while (count--)
		run_packet(e, count);
	rv_kmod_change_free(&b->change);
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };

	if (argc < 4 || argc > 5)
		return 2;
	if (argc == 5)
		rv_lookup_rules = atoi(argv[4]);
	load(&b, argv[2]);
	if (!strcmp(argv[1], "replace")) {
		replace(&b, atoi(argv[3]));
	} else if (!strcmp(argv[1], "lookup")) {
		lookup(&b, atoi(argv[3]));
	} else {
		build(&b);
		commit(&b);
		for (unsigned int i = 0; i < ROUNDS; i++)
			printf("%.1f\n", round_of(rv_kmod_user_engine(&b.link), atof(argv[3]) / ROUNDS));
		rv_kmod_change_free(&b.change);
	}
	rv_kmod_link_close(&b.link);
	rv_store_close(&b.store);
	return 0;
}
