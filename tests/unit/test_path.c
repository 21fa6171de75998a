/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel/user/path.c: hooks, tables and interfaces that a packet meets, and what happens between hooks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backend/kmod/kmod.h"
#include "kernel/user/path.h"

static struct rv_kmod_link link_;

/* What a path does, as text: "PREROUTING(eth0,-) raw mangle nat > LOCAL INPUT(eth0,-) ..." */
struct log {
	char text[1024];
	uint8_t hook;
	enum rv_route route[2];
	unsigned int routed;
	const char *drop;		/* "FORWARD filter": drops there */
	const char *skip;		/* a table that is not asked */
	bool reverse;			/* priorities turned round */
};

static void say(struct log *l, const char *text)
{
	strncat(l->text, text, sizeof(l->text) - strlen(l->text) - 1);
}

static int16_t priority(enum rv_table_id id, uint8_t hook)
{
	return rv_engine_tables[id].priority[hook];
}

static int16_t reversed(enum rv_table_id id, uint8_t hook)
{
	return (int16_t)-rv_engine_tables[id].priority[hook];
}

static bool table(struct rv_path *path, enum rv_table_id id)
{
	struct log *l = path->arg;
	char text[96];

	if (l->hook != path->pkt->hook) {
		snprintf(text, sizeof(text), "%s%s(%.15s,%.15s)", *l->text ? " " : "", rv_path_names[path->pkt->hook],
			 path->pkt->in ? path->pkt->in : "-", path->pkt->out ? path->pkt->out : "-");
		say(l, text);
		l->hook = path->pkt->hook;
	}
	if (l->skip && !strcmp(l->skip, rv_engine_tables[id].name))
		return false;
	say(l, " ");
	say(l, rv_engine_tables[id].name);
	return true;
}

static unsigned int decided(struct rv_path *path, enum rv_table_id id, unsigned int verdict)
{
	const struct log *l = path->arg;
	char place[64];

	assert_int_equal(verdict, NF_ACCEPT);	/* no table has rules */
	snprintf(place, sizeof(place), "%s %s", rv_path_names[path->pkt->hook], rv_engine_tables[id].name);
	return l->drop && !strcmp(l->drop, place) ? NF_DROP : verdict;
}

static enum rv_route route(struct rv_path *path)
{
	struct log *l = path->arg;
	enum rv_route to = l->route[l->routed++];
	static const char *const names[] = { " > LOCAL", " > AWAY", " > DROP" };

	say(l, names[to]);
	if (to == RV_ROUTE_AWAY)
		strcpy(path->out, "eth1");
	if (to == RV_ROUTE_LOCAL && path->local_out)
		strcpy(path->out, "lo");
	return to;
}

static const struct rv_path_ops ops = { priority, table, decided, route },
				reversed_ops = { reversed, table, decided, route };

/* A UDP packet with a TTL of 64. */
static void make_packet(struct rv_user_packet *p, uint8_t bytes[28])
{
	static const uint8_t udp[28] = {
		0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0x8e, 0x6e, 192, 0, 2, 7, 198, 51, 100, 2, 0x9c, 0x40, 0, 53, 0, 8, 0, 0,
	};

	memcpy(bytes, udp, sizeof(udp));
	memset(p, 0, sizeof(*p));
	assert_int_equal(rv_user_packet_init(p, bytes, 28, 28), 0);
}

static unsigned int run(struct log *l, struct rv_path *path, bool local_out, uint8_t ttl)
{
	struct rv_user_packet p;
	uint8_t bytes[28];

	make_packet(&p, bytes);
	bytes[8] = ttl;
	*path = (struct rv_path){
		.engine = rv_kmod_user_engine(&link_), .pkt = &p.pkt, .arg = l, .local_out = local_out,
		.ops = l->reverse ? &reversed_ops : &ops, .in = "eth0",
	};
	if (local_out)
		strcpy(path->out, "eth1");
	l->hook = 255;
	return rv_path_run(path);
}

static void each_direction_has_its_hooks(void **state)
{
	static const struct {
		bool local_out;
		enum rv_route route[2];
		const char *drop, *skip, *text;
		unsigned int verdict;
		bool forwarded, delivered;
	} cases[] = {
		{ false, { RV_ROUTE_LOCAL }, NULL, NULL, "PREROUTING(eth0,-) raw mangle nat > LOCAL INPUT(eth0,-) mangle "
		  "filter security nat", NF_ACCEPT, false, true },
		{ false, { RV_ROUTE_AWAY }, NULL, NULL, "PREROUTING(eth0,-) raw mangle nat > AWAY FORWARD(eth0,eth1) mangle "
		  "filter security POSTROUTING(eth0,eth1) mangle nat", NF_ACCEPT, true, false },
		{ false, { RV_ROUTE_DROP }, NULL, NULL, "PREROUTING(eth0,-) raw mangle nat > DROP", NF_DROP, false, false },
		{ true, { RV_ROUTE_AWAY }, NULL, NULL, "OUTPUT(-,eth1) raw mangle nat filter security > AWAY "
		  "POSTROUTING(-,eth1) mangle nat", NF_ACCEPT, false, false },
		{ true, { RV_ROUTE_DROP }, NULL, NULL, "OUTPUT(-,eth1) raw mangle nat filter security > DROP", NF_DROP, false, false },
		/* Over loopback it comes back. */
		{ true, { RV_ROUTE_LOCAL, RV_ROUTE_LOCAL }, NULL, NULL, "OUTPUT(-,eth1) raw mangle nat filter security > LOCAL "
		  "POSTROUTING(-,lo) mangle nat PREROUTING(lo,-) raw mangle nat > LOCAL INPUT(lo,-) mangle filter security nat",
		  NF_ACCEPT, false, true },
		/* A verdict ends the path. */
		{ false, { RV_ROUTE_LOCAL }, "PREROUTING mangle", NULL, "PREROUTING(eth0,-) raw mangle", NF_DROP, false, false },
		{ false, { RV_ROUTE_AWAY }, "FORWARD filter", NULL, "PREROUTING(eth0,-) raw mangle nat > AWAY "
		  "FORWARD(eth0,eth1) mangle filter", NF_DROP, true, false },
		{ true, { RV_ROUTE_AWAY }, "OUTPUT raw", NULL, "OUTPUT(-,eth1) raw", NF_DROP, false, false },
		{ true, { RV_ROUTE_LOCAL }, "POSTROUTING nat", NULL, "OUTPUT(-,eth1) raw mangle nat filter security > LOCAL "
		  "POSTROUTING(-,lo) mangle nat", NF_DROP, false, false },
		/* A table that is not asked accepts. */
		{ false, { RV_ROUTE_LOCAL }, "INPUT nat", "nat", "PREROUTING(eth0,-) raw mangle > LOCAL INPUT(eth0,-) mangle "
		  "filter security", NF_ACCEPT, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct log l = { .drop = cases[i].drop, .skip = cases[i].skip };
		struct rv_path path;

		memcpy(l.route, cases[i].route, sizeof(l.route));
		assert_int_equal(run(&l, &path, cases[i].local_out, 64), cases[i].verdict);
		assert_string_equal(l.text, cases[i].text);
		assert_int_equal(path.forwarded, cases[i].forwarded);
		assert_int_equal(path.delivered, cases[i].delivered);
		assert_int_equal(path.local_out, cases[i].local_out);
		assert_false(path.expired);
	}
}

static void tables_are_in_order_of_priority(void **state)
{
	struct log l = { .route = { RV_ROUTE_LOCAL }, .reverse = true };
	struct rv_path path;

	(void)state;
	assert_int_equal(run(&l, &path, false, 64), NF_ACCEPT);
	assert_string_equal(l.text, "PREROUTING(eth0,-) nat mangle raw > LOCAL INPUT(eth0,-) nat security filter mangle");
}

static void a_packet_without_ttl_is_not_forwarded(void **state)
{
	struct log l = { .route = { RV_ROUTE_AWAY } };
	struct rv_path path;

	(void)state;
	assert_int_equal(run(&l, &path, false, 1), NF_DROP);
	assert_string_equal(l.text, "PREROUTING(eth0,-) raw mangle nat > AWAY");
	assert_true(path.expired);
	/* It may be delivered, and sent. */
	l = (struct log){ .route = { RV_ROUTE_LOCAL } };
	assert_int_equal(run(&l, &path, false, 1), NF_ACCEPT);
	assert_false(path.expired);
	l = (struct log){ .route = { RV_ROUTE_AWAY } };
	assert_int_equal(run(&l, &path, true, 1), NF_ACCEPT);
	assert_false(path.expired);
}

static uint32_t sum_of(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void set_sum(uint8_t *ip)
{
	uint32_t sum;

	ip[10] = ip[11] = 0;
	sum = ~sum_of(ip) & 0xffff;
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* The checksum stays right, for each TTL and whatever it carries over. */
static void forwarding_takes_one_from_the_ttl(void **state)
{
	struct rv_user_packet p;
	uint8_t bytes[28];

	(void)state;
	for (unsigned int i = 0; i < 65536; i++) {
		make_packet(&p, bytes);
		bytes[4] = (uint8_t)(i >> 8);
		bytes[5] = (uint8_t)i;
		bytes[8] = (uint8_t)(i % 255 + 1);
		set_sum(bytes);
		assert_int_equal(rv_path_forward(&p.pkt), bytes[8] > 0 && i % 255 + 1 > 1);
		if (i % 255 + 1 <= 1)
			continue;
		assert_int_equal(bytes[8], i % 255);
		assert_int_equal(sum_of(bytes), 0xffff);
	}
}

static void a_hop_limit_has_no_checksum(void **state)
{
	uint8_t bytes[40] = { 0x60, [6] = 59, [7] = 2, [8] = 0xfd, [23] = 1, [24] = 0xfd, [39] = 2 }, before[40];
	struct rv_user_packet p = { 0 };

	(void)state;
	memcpy(before, bytes, sizeof(before));
	assert_int_equal(rv_user_packet_init(&p, bytes, 40, 40), 0);
	assert_true(rv_path_forward(&p.pkt));
	before[7] = 1;
	assert_memory_equal(bytes, before, sizeof(bytes));
	assert_false(rv_path_forward(&p.pkt));
	assert_memory_equal(bytes, before, sizeof(bytes));
}

static void interfaces_are_those_of_the_hook(void **state)
{
	static const char in[16] = "eth0", out[16] = "eth1", none[16];
	struct rv_pkt pkt = { 0 };

	(void)state;
	rv_path_enter(&pkt, NF_INET_POST_ROUTING, in, out, false);
	assert_null(pkt.in);
	assert_string_equal(pkt.out, "eth1");
	rv_path_enter(&pkt, NF_INET_POST_ROUTING, in, out, true);
	assert_string_equal(pkt.in, "eth0");
	rv_path_enter(&pkt, NF_INET_FORWARD, none, NULL, true);
	assert_null(pkt.in);
	assert_null(pkt.out);
	rv_path_enter(&pkt, NF_INET_LOCAL_IN, in, out, false);
	assert_null(pkt.out);
	assert_int_equal(pkt.hook, NF_INET_LOCAL_IN);
}

static int open_engine(void **state)
{
	struct rv_error err = { 0 };

	(void)state;
	return rv_kmod_link_open(&link_, "user", &err);
}

static int close_engine(void **state)
{
	(void)state;
	rv_kmod_link_close(&link_);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_direction_has_its_hooks),
		cmocka_unit_test(tables_are_in_order_of_priority),
		cmocka_unit_test(a_packet_without_ttl_is_not_forwarded),
		cmocka_unit_test(forwarding_takes_one_from_the_ttl),
		cmocka_unit_test(a_hop_limit_has_no_checksum),
		cmocka_unit_test(interfaces_are_those_of_the_hook),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
