/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cli/explain/packet.c: packets in words, what they become, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/explain/cli.h"
#include "failing.h"

#define WORDS 64

/* Splits words at blanks; line is modified. */
static int split(char *line, char *words[WORDS])
{
	int n = 0;

	for (char *word = strtok(line, " "); word && n < WORDS; word = strtok(NULL, " "))
		words[n++] = word;
	return n;
}

static int read_packet(struct rv_question_packet *q, const char *text, struct rv_error *err)
{
	char line[512], *words[WORDS];
	int n;

	snprintf(line, sizeof(line), "%s", text);
	n = split(line, words);
	memset(q, 0, sizeof(*q));
	memset(err, 0, sizeof(*err));
	return rv_packet_read(q, rv_packet_family(NFPROTO_IPV4, n, words), n, words, NULL, err);
}

/* The packet as explain prints it, and what is around it: "tcp ... in eth0 mark 0x7". */
static void print(char *to, size_t room, const struct rv_question_packet *q)
{
	struct rv_buf b = RV_BUF_INIT;

	rv_packet_print(&b, (const uint8_t *)q->bytes.data, (uint32_t)q->bytes.len);
	if (q->in[0])
		rv_buf_printf(&b, " in %s", q->in);
	if (q->out[0])
		rv_buf_printf(&b, " out %s", q->out);
	if (q->mark)
		rv_buf_printf(&b, " mark 0x%x", q->mark);
	if (q->state)
		rv_buf_printf(&b, " state %u", q->state);
	snprintf(to, room, "%s", rv_buf_text(&b) ? b.data : "");
	rv_buf_free(&b);
}

static void words_make_packets(void **state)
{
	static const struct {
		const char *words, *text;
		size_t len;
	} cases[] = {
		{ "-p tcp --dport 22", "tcp 192.0.2.1:40000 > 198.51.100.1:22 SYN", 40 },
		{ "", "tcp 192.0.2.1:40000 > 198.51.100.1:80 SYN", 40 },
		{ "-i eth0 -o eth1 -s 192.0.2.7 -d 10.0.0.5 -p udp --sport 53 --dport 1024 --mark 7",
		  "udp 192.0.2.7:53 > 10.0.0.5:1024 in eth0 out eth1 mark 0x7", 28 },
		{ "-p tcp --tcp-flags ALL SYN,ACK", "tcp 192.0.2.1:40000 > 198.51.100.1:80 SYN,ACK", 40 },
		{ "-p icmp --icmp-type echo-request", "icmp 192.0.2.1 > 198.51.100.1 type 8 code 0", 28 },
		{ "-p icmp --icmp-type 3/4", "icmp 192.0.2.1 > 198.51.100.1 type 3 code 4", 28 },
		{ "-p 89", "protocol 89 192.0.2.1 > 198.51.100.1", 36 },
		{ "-p sctp --dport 9", "sctp 192.0.2.1:40000 > 198.51.100.1:9", 36 },
		{ "-p udp --dport 53 --length 100", "udp 192.0.2.1:40000 > 198.51.100.1:53", 100 },
		{ "-s fd00::1 -p tcp --dport 443", "tcp [fd00::1]:40000 > [2001:db8::2]:443 SYN", 60 },
		{ "-6 -p icmpv6 --icmpv6-type 128", "ipv6-icmp 2001:db8::1 > 2001:db8::2 type 128 code 0", 48 },
		{ "--ctstate ESTABLISHED -p tcp --dport 1", "tcp 192.0.2.1:40000 > 198.51.100.1:1 ACK state 2", 40 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rv_question_packet q;
		struct rv_error err;
		char text[256];

		if (read_packet(&q, cases[i].words, &err))
			fail_msg("%s: %s", cases[i].words, err.text);
		print(text, sizeof(text), &q);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(q.bytes.len, cases[i].len);
		assert_int_equal(q.whole, q.bytes.len);
		rv_packet_free(&q);
	}
}

static void words_are_refused(void **state)
{
	static const struct {
		const char *words, *error;
	} cases[] = {
		{ "-p tcp --dport 22:80", "a packet has one value: -m tcp --dport 22:80" },
		{ "-p tcp ! --dport 22", "a packet has one value: -m tcp ! --dport 22" },
		{ "-s 10.0.0.0/8", "a packet has one address as its source, not a network" },
		{ "! -d 10.0.0.1", "a packet has one address as its destination, not a network" },
		{ "! -p tcp", "a packet has one protocol" },
		{ "-i eth+", "a packet has one interface: eth+" },
		{ "! -i eth0", "a packet has one interface: eth0" },
		{ "-p udp --dport 53 --length 10", "a packet of this kind has from 28 to 65535 bytes" },
		{ "-p tcp --bogus", "not a packet: unknown option \"--bogus\"" },
		{ "-p tcp --ctstate NEW,RELATED", "a packet has one value: -m conntrack --ctstate NEW,RELATED" },
		{ "-j DROP", "not a packet: a packet has no target" },
		{ "-i eth0 -i eth1", "not a packet: multiple --in-interface options not allowed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rv_question_packet q;
		struct rv_error err;

		if (!read_packet(&q, cases[i].words, &err))
			fail_msg("not refused: %s", cases[i].words);
		assert_string_equal(err.text, cases[i].error);
		rv_packet_free(&q);
	}
}

static void places_of_rules_are_read(void **state)
{
	static const struct {
		const char *word, *table, *chain;
		int rc;
		uint32_t number;
	} cases[] = {
		{ "INPUT:3", NULL, "INPUT", 0, 3 }, { "nat/PREROUTING:1", "nat", "PREROUTING", 0, 1 },
		{ "INPUT:policy", NULL, "INPUT", 0, 0 }, { "a:b:2", NULL, "a:b", 0, 2 },
		{ "INPUT", NULL, "", -1, 0 }, { ":3", NULL, "", -1, 0 }, { "INPUT:0", NULL, "", -1, 0 },
		{ "INPUT:x", NULL, "", -1, 0 }, { "none/INPUT:1", NULL, "", -1, 0 }, { "", NULL, "", -1, 0 },
		{ "INPUT:4294967296", NULL, "", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rv_explain_target t = { 0 };

		assert_int_equal(rv_explain_place_read(cases[i].word, &t), cases[i].rc);
		if (cases[i].rc)
			continue;
		assert_string_equal(t.chain, cases[i].chain);
		assert_int_equal(t.number, cases[i].number);
		assert_int_equal(!t.table, !cases[i].table);
		if (t.table)
			assert_string_equal(t.table, cases[i].table);
	}
}

static void lines_are_split_as_in_a_shell(void **state)
{
	static const struct {
		const char *line, *words;	/* joined by |; NULL: refused */
	} cases[] = {
		{ "-p tcp  --dport 22", "-p|tcp|--dport|22" }, { "a 'b c' d", "a|b c|d" }, { "a \"b 'c\" d", "a|b 'c|d" },
		{ "a\\ b c", "a b|c" }, { "a # b", "a" }, { "", "" }, { "'a", NULL }, { "a \"b", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rv_explain_words none = { 0 }, words = { 0 };
		char line[64], joined[64] = "";
		int rc;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		rc = rv_explain_split(line, &none, &words);
		assert_int_equal(rc, cases[i].words ? 0 : -1);
		for (int n = 0; !rc && n < words.n; n++)
			snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s%s", n ? "|" : "", words.word[n]);
		if (!rc)
			assert_string_equal(joined, cases[i].words);
		free(words.word);
	}
}

/* Each allocation fails once: an error, or the packet without what failed; never half of one. */
static void a_failed_allocation_is_an_error(void **state)
{
	static const char words[] = "-i eth0 -s 192.0.2.7 -p tcp --dport 22 --ctstate NEW --mark 7 --length 100";
	struct rv_question_packet q;
	struct rv_error err;
	char text[256];
	long n = 0;

	(void)state;
	for (;; n++) {
		int rc;

		left = n;
		rc = read_packet(&q, words, &err);
		if (left >= 0) {
			left = -1;
			assert_int_equal(rc, 0);
			break;
		}
		left = -1;
		if (rc) {
			assert_int_not_equal(err.kind, RV_ERR_NONE);
		} else {
			print(text, sizeof(text), &q);
			assert_string_equal(text, "tcp 192.0.2.7:40000 > 198.51.100.1:22 SYN in eth0 mark 0x7 state 8");
			assert_int_equal(q.bytes.len, 100);
		}
		rv_packet_free(&q);
	}
	rv_packet_free(&q);
	print_message("%ld allocations failed, one at a time\n", n);
	assert_true(n > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_make_packets),
		cmocka_unit_test(words_are_refused),
		cmocka_unit_test(places_of_rules_are_read),
		cmocka_unit_test(lines_are_split_as_in_a_shell),
		cmocka_unit_test(a_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
