/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/nft without a kernel: encoding and decoding, forms written by other versions, refusals,
 * corrupted messages, and a chain read within an open transaction.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* after the headers it needs */
#include <cmocka.h>

#include <ravelin/parser.h>
#include <ravelin/registry.h>
#include <ravelin/render.h>

#include "backend/nft/nft.h"

static const struct rv_nft_place place = { "filter", "INPUT", 7 };

/* ---- parsing and printing ----------------------------------------------------------- */

#define MAX_WORDS 64

/* Parses "-A FORWARD text"; words are separated by single spaces. */
static struct rv_rule *parse(rv_family_t family, const char *text)
{
	char buf[512], *argv[MAX_WORDS] = { (char *)"iptables", (char *)"-A", (char *)"FORWARD" };
	struct rv_options opts = { .family = family };
	struct rv_error err = { 0 };
	struct rv_command cmd;
	struct rv_rule *r;
	int argc = 3;

	snprintf(buf, sizeof(buf), "%s", text);
	for (char *word = strtok(buf, " "); word && argc < MAX_WORDS; word = strtok(NULL, " "))
		argv[argc++] = word;
	rv_command_init(&cmd);
	if (rv_parse_argv(argc, argv, family, &cmd, &opts, &err) || rv_list_empty(&cmd.rules))
		fail_msg("%s: %s", text, err.text);
	r = rv_entry(cmd.rules.next, struct rv_rule, node);
	rv_list_del(&r->node);
	rv_command_clear(&cmd);
	return r;
}

static char *render(rv_family_t family, const struct rv_rule *r)
{
	struct rv_buf b = RV_BUF_INIT;
	char *text;

	rv_render_rule(&b, family, "FORWARD", r, RV_COUNTERS_PREFIX);
	text = strdup(rv_buf_text(&b));
	rv_buf_free(&b);
	return text;
}

static struct rv_nft_view view_of(const struct rv_buf *b)
{
	return (struct rv_nft_view){ (const unsigned char *)b->data, b->len };
}

/* Payload of NFTA_RULE_EXPRESSIONS in the message. */
static struct rv_nft_view expressions_of(const struct rv_buf *b)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];

	assert_true(rv_nft_attr_table(view_of(b), t, NFTA_RULE_MAX + 1));
	return t[NFTA_RULE_EXPRESSIONS];
}

static void write_rule(struct rv_buf *b, rv_family_t family, const struct rv_rule *r)
{
	struct rv_error err = { 0 };

	if (rv_nft_rule_write(b, family, r, &err))
		fail_msg("%s", err.text);
}

static void assert_round_trip(rv_family_t family, const struct rv_rule *r)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_error err = { 0 };
	char *before = render(family, r), *after;
	struct rv_rule *back;

	write_rule(&b, family, r);
	back = rv_nft_rule_read(family, expressions_of(&b), &place, &err);
	if (!back)
		fail_msg("%s: %s", before, err.text);
	after = render(family, back);
	assert_string_equal(before, after);
	assert_true(rv_rule_equal(r, back));
	rv_rule_free(back);
	free(before);
	free(after);
	rv_buf_free(&b);
}

/* ---- round trips ------------------------------------------------------------------- */

static const char *const rules4[] = {
	"-j ACCEPT",
	"-j DROP",
	"-j RETURN",
	"-j somewhere",
	"-g somewhere",
	"-p tcp",
	"-s 1.2.3.4 -d 5.6.7.8 -i eth0 -o eth1 -p udp -f -j ACCEPT",
	"! -f",
	"! -s 10.0.0.0/8 ! -d 172.16.0.0/12 ! -i lo ! -o eth+ ! -p 47",
	"-s 10.1.0.0/16",
	"-s 10.1.1.0/24",
	"-s 10.0.3.0/255.0.255.0",
	"! -i +",
	"-i abcdefghijklmno",
	"-i abcdefghijklmn+",
	"-p tcp --sport 1 --dport 2",
	"-p tcp ! --sport 1 --dport 2",
	"-p tcp --sport 1:2 --dport 3:65535 --syn",
	"-p tcp --dport 0:80",
	"-p tcp ! --dport 5:6",
	"-p tcp ! --dport 0:65535",
	"-p tcp --tcp-flags SYN,ACK SYN",
	"-p tcp --tcp-flags ALL NONE",
	"-p tcp ! --tcp-flags RST RST",
	"-p tcp -m tcp",
	"-p tcp --tcp-option 5 --dport 9",
	"-p udp -m udp",
	"-p udp --sport 5 ! --dport 6:7",
	"-m mark --mark 5",
	"-m mark ! --mark 5/7",
	"-m mark --mark 1 -m mark --mark 2/2",
	"-m limit",
	"-m limit --limit 7/min --limit-burst 9",
	"-m limit --limit 10000/s",
	"-m limit --limit 1/day",
	"-m comment --comment hello -j ACCEPT",
	"-p icmp --icmp-type 8",
	"-p icmp ! --icmp-type 3/1",
	"-m conntrack --ctstate NEW,ESTABLISHED",
	"-m state --state RELATED",
	"-p tcp -m multiport --dports 1,2,5:9",
	"-c 5 6 -j ACCEPT",
	"-m iprange --src-range 1.2.3.4-1.2.3.9",
	"-m addrtype --dst-type LOCAL",
	"-m mac --mac-source 00:11:22:33:44:55",
	"-m owner --uid-owner 5",
	"-j REJECT",
	"-j LOG --log-prefix hello",
	"-j MARK --set-mark 1/3",
	"-j CONNMARK --save-mark",
	"-p tcp -j SNAT --to-source 1.2.3.4:5-6",
	"-p tcp -j DNAT --to-destination 1.2.3.4:5",
	"-j MASQUERADE --random",
	"-p tcp -j REDIRECT --to-ports 5",
};

static const char *const rules6[] = {
	"-s ::1 -d 2001:db8::/32 -i eth0 -p tcp --dport 80 -j ACCEPT",
	"! -s 2001:db8::/127",
	"-s 2001:db8::/8",
	"-s fe80::/10",
	"-d 2001::1/ffff::ffff",
	"! -p icmpv6",
	"-p icmpv6 --icmpv6-type echo-request",
	"-p udp --sport 5 --dport 6",
	"-m limit --limit 5/s",
	"-m mark --mark 0xff/0xff",
	"-j REJECT",
	"-p tcp -j DNAT --to-destination [::1]:5",
	"-m conntrack --ctorigsrc ::1/64",
	"-j MASQUERADE",
};

static void test_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules4) / sizeof(*rules4); i++) {
		struct rv_rule *r = parse(NFPROTO_IPV4, rules4[i]);

		assert_round_trip(NFPROTO_IPV4, r);
		rv_rule_free(r);
	}
	for (size_t i = 0; i < sizeof(rules6) / sizeof(*rules6); i++) {
		struct rv_rule *r = parse(NFPROTO_IPV6, rules6[i]);

		assert_round_trip(NFPROTO_IPV6, r);
		rv_rule_free(r);
	}
}

static uint32_t random_state = 20260101;

static uint32_t pick(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static const char *bang(void)
{
	return pick(3) ? "" : "! ";
}

static void random_address(char *text, size_t room, rv_family_t family, const char *option)
{
	size_t len = strlen(text);

	if (family == NFPROTO_IPV4)
		snprintf(text + len, room - len, " %s%s %u.%u.%u.%u/%u", bang(), option, pick(256),
			 pick(256), pick(256), pick(256), 1 + pick(32));
	else
		snprintf(text + len, room - len, " %s%s %x:%x::%x/%u", bang(), option,
			 1 + pick(65535), pick(65536), pick(65536), 1 + pick(128));
}

static void random_ports(char *text, size_t room, const char *option)
{
	uint32_t from = 1 + pick(65000), to = from + pick(500);
	size_t len = strlen(text);

	if (pick(2))
		snprintf(text + len, room - len, " %s%s %u:%u", bang(), option, from, to);
	else
		snprintf(text + len, room - len, " %s%s %u", bang(), option, from);
}

static void random_part(char *text, size_t room, uint32_t kind)
{
	size_t len = strlen(text);

	switch (kind) {
	case 0:
		snprintf(text + len, room - len, " -m mark %s--mark %u/%u", bang(), pick(256),
			 1 + pick(65535));
		break;
	case 1:
		snprintf(text + len, room - len, " -m limit --limit %u/%s", 1 + pick(20),
			 pick(2) ? "min" : "hour");
		break;
	case 2:
		snprintf(text + len, room - len, " -m comment --comment c%u", pick(1000));
		break;
	default:
		break;
	}
}

static void random_rule(char *text, size_t room, rv_family_t family)
{
	static const char *const names[] = { "eth0", "wlan+", "a", "lo" };
	bool tcp = pick(2);

	snprintf(text, room, "%s", "-j ACCEPT");
	if (pick(2))
		random_address(text, room, family, "-s");
	if (pick(2))
		random_address(text, room, family, "-d");
	if (pick(2))
		snprintf(text + strlen(text), room - strlen(text), " %s-i %s", bang(),
			 names[pick(4)]);
	if (pick(2)) {
		snprintf(text + strlen(text), room - strlen(text), " -p %s", tcp ? "tcp" : "udp");
		if (pick(2))
			random_ports(text, room, "--sport");
		if (pick(2))
			random_ports(text, room, "--dport");
		if (tcp && pick(2))
			snprintf(text + strlen(text), room - strlen(text),
				 " --tcp-flags SYN,ACK,FIN %s", pick(2) ? "SYN" : "FIN,ACK");
	}
	for (uint32_t n = pick(4); n; n--)
		random_part(text, room, pick(4));
}

static void test_random(void **state)
{
	char text[400];

	(void)state;
	for (unsigned int i = 0; i < 4000; i++) {
		rv_family_t family = i & 1 ? NFPROTO_IPV6 : NFPROTO_IPV4;
		struct rv_rule *r;

		random_rule(text, sizeof(text), family);
		r = parse(family, text);
		assert_round_trip(family, r);
		rv_rule_free(r);
	}
}

/* ---- corrupted data ---------------------------------------------------------------------- */

/* Copies to an exactly sized buffer, so that reading beyond its end is detected. */
static struct rv_rule *read_copy(rv_family_t family, const unsigned char *data, uint32_t len,
				 struct rv_error *err)
{
	unsigned char *copy = malloc(len ? len : 1);
	struct rv_rule *r;

	*err = (struct rv_error){ 0 };
	memcpy(copy, data, len);
	r = rv_nft_rule_read(family, (struct rv_nft_view){ copy, len }, &place, err);
	free(copy);
	return r;
}

static bool is_element_end(struct rv_nft_view v, uint32_t len)
{
	struct rv_nft_walk w = rv_nft_attrs(v);
	struct rv_nft_attr a;

	while (rv_nft_next(&w, &a))
		if (v.len - w.rest.len == len)
			return true;
	return !len;
}

static void damage(rv_family_t family, const char *text)
{
	struct rv_rule *r = parse(family, text), *back;
	struct rv_buf b = RV_BUF_INIT;
	struct rv_nft_view v;
	struct rv_error err;

	write_rule(&b, family, r);
	v = expressions_of(&b);
	for (uint32_t len = 0; len < v.len; len++) {
		back = read_copy(family, v.data, len, &err);
		assert_true(back || err.kind != RV_ERR_NONE);
		/* Only the padding of the last element may be missing. */
		if (back && !is_element_end(v, (len + 3) & ~3U))
			fail_msg("%s: cut at %u of %u bytes: not noticed", text, len, v.len);
		rv_rule_free(back);
	}
	for (unsigned int i = 0; i < 3000; i++) {
		uint32_t at = pick(v.len);
		unsigned char *byte = (unsigned char *)v.data + at, old = *byte;

		*byte = pick(2) ? pick(256) : old ^ 1U << pick(8);
		back = read_copy(family, v.data, v.len, &err);
		assert_true(back || err.kind != RV_ERR_NONE);
		rv_rule_free(back);
		*byte = old;
	}
	rv_rule_free(r);
	rv_buf_free(&b);
}

static void test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules4) / sizeof(*rules4); i++)
		damage(NFPROTO_IPV4, rules4[i]);
	for (size_t i = 0; i < sizeof(rules6) / sizeof(*rules6); i++)
		damage(NFPROTO_IPV6, rules6[i]);
}

/* ---- alternative encodings --------------------------------------------------------------- */

static const unsigned char zeros[16];

#define BYTES(...)                                                                                 \
	{                                                                                          \
		(const unsigned char[]){ __VA_ARGS__ },                                            \
			sizeof((const unsigned char[]){ __VA_ARGS__ })                             \
	}
#define LOAD(b, off, n)                                                                            \
	{                                                                                          \
		.kind = RV_NFT_PAYLOAD, .dreg = 1, .base = (b), .offset = (off), .len = (n)        \
	}
#define META(k)                                                                                    \
	{                                                                                          \
		.kind = RV_NFT_META, .dreg = 1, .given = 1 << NFTA_META_DREG, .key = (k)                                         \
	}
#define CMP(o, ...)                                                                                \
	{                                                                                          \
		.kind = RV_NFT_CMP, .sreg = 1, .op = (o), .data = BYTES(__VA_ARGS__)               \
	}
#define MASK(n, ...)                                                                               \
	{                                                                                          \
		.kind = RV_NFT_BITWISE, .sreg = 1, .dreg = 1, .len = (n),                          \
		.data = BYTES(__VA_ARGS__), .other = {                                             \
			zeros,                                                                     \
			(n)                                                                        \
		}                                                                                  \
	}
#define ACCEPT                                                                                     \
	{                                                                                          \
		.kind = RV_NFT_IMMEDIATE, .verdict = NF_ACCEPT                                     \
	}
#define COUNTER                                                                                    \
	{                                                                                          \
		.kind = RV_NFT_COUNTER                                                             \
	}
#define END                                                                                        \
	{                                                                                          \
		.kind = RV_NFT_KINDS                                                               \
	}

#define TCP LOAD(1, 9, 1), CMP(NFT_CMP_EQ, 6)
#define SRC LOAD(1, 12, 4)

struct form {
	const char *rule; /* rendered rule, or NULL: refused */
	const char *says; /* substring of the error */
	struct rv_nft_expr list[8];
};

static const struct form forms[] = {
	{ "[0:0] -A FORWARD -p tcp\n", NULL, { META(16), CMP(0, 6), COUNTER, END } },
	{ "[0:0] -A FORWARD -s 10.0.0.0/24\n",
	  NULL,
	  { SRC, MASK(4, 255, 255, 255, 0), CMP(0, 10, 0, 0, 0), COUNTER, END } },
	{ "[0:0] -A FORWARD -s 10.0.0.0/8 -j ACCEPT\n",
	  NULL,
	  { LOAD(1, 12, 1), CMP(0, 10), ACCEPT, END } },
	{ "[0:0] -A FORWARD -p tcp -m tcp --dport 80:90\n",
	  NULL,
	  { TCP, LOAD(2, 2, 2), CMP(NFT_CMP_GTE, 0, 80), CMP(NFT_CMP_LTE, 0, 90), END } },
	{ "[0:0] -A FORWARD -p tcp -m tcp --dport 81:89\n",
	  NULL,
	  { TCP, LOAD(2, 2, 2), CMP(NFT_CMP_GT, 0, 80), CMP(NFT_CMP_LT, 0, 90), END } },
	{ "[0:0] -A FORWARD -p tcp -m tcp --dport 80:65535\n",
	  NULL,
	  { TCP, LOAD(2, 2, 2), CMP(NFT_CMP_GTE, 0, 80), COUNTER, END } },
	{ "[0:0] -A FORWARD -p tcp -m tcp --sport 256:65535\n",
	  NULL,
	  { TCP, LOAD(2, 0, 2), CMP(NFT_CMP_GT, 0, 255), END } },
	{ "[0:0] -A FORWARD -p tcp -m tcp --sport 1 --dport 2\n",
	  NULL,
	  { TCP, LOAD(2, 2, 2), CMP(0, 0, 2), LOAD(2, 0, 2), CMP(0, 0, 1), END } },
	{ "[0:0] -A FORWARD -i eth0\n",
	  NULL,
	  { META(6), CMP(0, 'e', 't', 'h', '0', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), END } },
	{ "[0:0] -A FORWARD -i et+\n", NULL, { META(6), CMP(0, 'e', 't'), END } },
	{ "[0:0] -A FORWARD\n", NULL, { META(6), COUNTER, END } },
	{ "[0:0] -A FORWARD -m mark ! --mark 0x0/0x0\n",
	  NULL,
	  { META(3), MASK(4, 0, 0, 0, 0), CMP(1, 0, 0, 0, 0), END } },
	{ "[0:0] -A FORWARD -m mark --mark 0x1 -m mark ! --mark 0x2\n",
	  NULL,
	  { META(3), CMP(0, 1, 0, 0, 0), CMP(1, 2, 0, 0, 0), END } },

	{ NULL, "payload", { LOAD(1, 8, 1), CMP(0, 5), END } },
	{ NULL, "payload", { LOAD(0, 12, 4), CMP(0, 1, 2, 3, 4), END } },
	{ NULL, "payload", { LOAD(3, 12, 4), CMP(0, 1, 2, 3, 4), END } },
	{ NULL, "payload", { SRC, MASK(4, 255, 255, 0, 0), CMP(0, 1, 2, 3, 4), END } },
	{ NULL, "payload", { SRC, MASK(4, 0, 0, 0, 0), CMP(0, 1, 2, 3, 4), END } },
	{ NULL, "payload", { SRC, COUNTER, END } },
	{ NULL, "payload", { SRC, SRC, CMP(0, 1, 2, 3, 4), END } },
	{ NULL, "payload", { SRC, CMP(0, 1, 2, 3), END } },
	{ NULL, "payload", { SRC, CMP(NFT_CMP_LT, 1, 2, 3, 4), END } },
	{ NULL, "payload", { SRC, CMP(9, 1, 2, 3, 4), END } },
	{ NULL, "payload", { SRC, CMP(0, 1, 2, 3, 4), SRC, CMP(1, 1, 2, 3, 5), END } },
	{ NULL, "payload", { LOAD(2, 2, 2), CMP(0, 0, 80), TCP, END } },
	{ NULL, "payload", { TCP, LOAD(2, 0, 4), CMP(1, 0, 1, 0, 2), END } },
	{ NULL, "payload", { TCP, LOAD(2, 13, 1), CMP(0, 2), END } },
	{ NULL, "payload", { TCP, LOAD(2, 13, 1), MASK(1, 0x42), CMP(0, 2), END } },
	{ NULL, "payload", { TCP, LOAD(2, 2, 2), CMP(NFT_CMP_GT, 255, 255), END } },
	{ NULL,
	  "payload",
	  { TCP, LOAD(2, 2, 2), CMP(NFT_CMP_GTE, 0, 9), CMP(NFT_CMP_LTE, 0, 8), END } },
	{ NULL,
	  "payload",
	  { TCP, LOAD(2, 2, 2), CMP(NFT_CMP_GTE, 0, 9), CMP(NFT_CMP_GTE, 0, 8), END } },
	{ NULL, "register", { CMP(0, 1), END } },
	{ NULL,
	  "register",
	  { SRC, MASK(4, 1, 2, 3, 4), MASK(4, 1, 2, 3, 4), CMP(0, 1, 2, 3, 4), END } },
	{ NULL, "register", { { .kind = RV_NFT_PAYLOAD, .dreg = 5, .base = 1, .len = 4 }, END } },
	{ NULL, "register", { { .kind = RV_NFT_PAYLOAD, .dreg = 23, .base = 1, .len = 8 }, END } },
	{ NULL, "register", { { .kind = RV_NFT_PAYLOAD, .dreg = 1, .base = 1, .len = 64 }, END } },
	{ NULL,
	  "register",
	  { SRC, { .kind = RV_NFT_CMP, .sreg = 2, .data = BYTES(1, 2, 3, 4) }, END } },
	{ NULL,
	  "bitwise",
	  { SRC,
	    { .kind = RV_NFT_BITWISE,
	      .sreg = 1,
	      .dreg = 1,
	      .len = 4,
	      .data = BYTES(255, 255, 255, 0),
	      .other = BYTES(0, 0, 0, 1) },
	    CMP(0, 1, 2, 3, 4),
	    END } },
	{ NULL, "bitwise", { SRC, MASK(2, 255, 255), CMP(0, 1, 2, 3, 4), END } },
	{ NULL, "meta", { META(10), CMP(0, 0, 0, 0, 0), END } },
	{ NULL, "meta", { META(6), CMP(0, 'e', '+', 0), END } },
	{ NULL, "meta", { META(6), CMP(0, 0), END } },
	{ NULL, "meta", { META(6), CMP(0, 'e', 0, 'x'), END } },
	{ NULL, "meta", { META(6), CMP(NFT_CMP_LT, 'e', 0), END } },
	{ NULL, "meta", { META(6), CMP(1, 'I', 'N', 'V', 'A', 'L', '/', 'D', 0), END } },
	{ NULL, "meta", { META(6), CMP(0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), END } },
	{ NULL, "counter", { COUNTER, COUNTER, END } },
	{ NULL, "behind the verdict", { ACCEPT, COUNTER, END } },
	{ NULL,
	  "verdict",
	  { { .kind = RV_NFT_IMMEDIATE, .verdict = (uint32_t)NFT_CONTINUE }, END } },
	{ NULL, "verdict", { { .kind = RV_NFT_IMMEDIATE, .verdict = (uint32_t)NFT_JUMP }, END } },
	{ NULL, "verdict", { { .kind = RV_NFT_IMMEDIATE, .verdict = NF_DROP, .name = "x" }, END } },
	{ NULL,
	  "too long",
	  { { .kind = RV_NFT_IMMEDIATE,
	      .verdict = (uint32_t)NFT_JUMP,
	      .name = "a23456789012345678901234567890" },
	    END } },
	{ NULL,
	  "register",
	  { { .kind = RV_NFT_IMMEDIATE, .dreg = 1, .verdict = NF_ACCEPT }, END } },
	{ NULL,
	  "limit",
	  { { .kind = RV_NFT_LIMIT, .rate = 5, .unit = 1, .burst = 5, .flags = 1 }, END } },
	{ NULL,
	  "limit",
	  { { .kind = RV_NFT_LIMIT, .rate = 5, .unit = 1, .burst = 5, .type = 1 }, END } },
	{ NULL, "limit", { { .kind = RV_NFT_LIMIT, .rate = 5, .unit = 7, .burst = 5 }, END } },
	{ NULL, "limit", { { .kind = RV_NFT_LIMIT, .rate = 0, .unit = 1, .burst = 5 }, END } },
	{ NULL, "limit", { { .kind = RV_NFT_LIMIT, .rate = 9999, .unit = 1, .burst = 5 }, END } },
	{ NULL,
	  "limit",
	  { { .kind = RV_NFT_LIMIT, .rate = UINT64_MAX, .unit = 1, .burst = 5 }, END } },
	{ NULL,
	  "match `nosuch'",
	  { { .kind = RV_NFT_MATCH, .name = "nosuch", .data = { zeros, 8 } }, END } },
	{ NULL,
	  "match `tcp'",
	  { { .kind = RV_NFT_MATCH, .name = "tcp", .revision = 9, .data = { zeros, 16 } }, END } },
	{ NULL,
	  "match `tcp'",
	  { { .kind = RV_NFT_MATCH, .name = "tcp", .data = { zeros, 3 } }, END } },
	{ NULL,
	  "target `tcp'",
	  { { .kind = RV_NFT_TARGET, .name = "tcp", .data = { zeros, 16 } }, END } },
};

static void check_form(const struct form *f)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_rule *r;

	for (const struct rv_nft_expr *e = f->list; e->kind != RV_NFT_KINDS; e++)
		rv_nft_expr_write(&b, e);
	r = rv_nft_rule_read(NFPROTO_IPV4, view_of(&b), &place, &err);
	if (f->rule) {
		char *text;

		if (!r)
			fail_msg("%s: %s", f->rule, err.text);
		text = render(NFPROTO_IPV4, r);
		assert_string_equal(text, f->rule);
		free(text);
	} else {
		if (r)
			fail_msg("form %zu was read", (size_t)(f - forms));
		assert_int_equal(err.kind, RV_ERR_RESOURCE);
		assert_non_null(strstr(err.text, "table `filter' is incompatible, use 'nft' tool: "
						 "chain `INPUT' rule handle 7: "));
		if (!strstr(err.text, f->says))
			fail_msg("form %zu: %s", (size_t)(f - forms), err.text);
	}
	rv_rule_free(r);
	rv_buf_free(&b);
}

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		check_form(&forms[i]);
}

/* Missing, duplicate and unknown attributes; unknown expressions. */
static void test_attributes(void **state)
{
	static const struct {
		const char *expr;
		uint16_t attr[4];
		const char *says;
	} cases[] = {
		{ "lookup", { 0 }, "expression `lookup' is not understood" },
		{ "counter", { NFTA_COUNTER_BYTES }, "expression `counter' lacks an attribute" },
		{ "counter", { NFTA_COUNTER_BYTES, NFTA_COUNTER_BYTES }, "has an attribute twice" },
		{ "counter", { NFTA_COUNTER_BYTES, NFTA_COUNTER_PACKETS, 9 }, "not understood" },
		{ "payload", { NFTA_PAYLOAD_DREG }, "expression `payload' is malformed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rv_buf b = RV_BUF_INIT;
		struct rv_error err = { 0 };
		size_t elem = rv_nft_nest(&b, NFTA_LIST_ELEM), data;

		rv_nft_put_text(&b, NFTA_EXPR_NAME, cases[i].expr);
		data = rv_nft_nest(&b, NFTA_EXPR_DATA);
		for (unsigned int k = 0; k < 4 && cases[i].attr[k]; k++)
			rv_nft_put_u64(&b, cases[i].attr[k], 1);
		assert_true(rv_nft_nest_end(&b, data) && rv_nft_nest_end(&b, elem));
		assert_null(rv_nft_rule_read(NFPROTO_IPV4, view_of(&b), &place, &err));
		if (!strstr(err.text, cases[i].says))
			fail_msg("%s: %s", cases[i].says, err.text);
		rv_buf_free(&b);
	}
}

static void test_too_long(void **state)
{
	struct rv_rule *r = parse(NFPROTO_IPV4, "-j ACCEPT");
	struct rv_buf b = RV_BUF_INIT;
	struct rv_error err = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		struct rv_rule *one = parse(NFPROTO_IPV4, "-m comment --comment x");

		rv_rule_add_match(r, one->matches);
		one->matches = NULL;
		rv_rule_free(one);
	}
	assert_int_equal(rv_nft_rule_write(&b, NFPROTO_IPV4, r, &err), -1);
	assert_non_null(strstr(err.text, "too long"));
	rv_rule_free(r);
	rv_buf_free(&b);
}

/* ---- an open transaction ------------------------------------------------------------------ */

struct bench {
	struct rv_store s;
	struct rv_nft n;
	struct rv_table *table;
	struct rv_chain *chain;
	struct rv_error err;
};

static void stage(struct bench *t, struct rv_change c)
{
	c.table = t->table;
	if (rv_nft_stage(&t->s, &c, &t->err))
		fail_msg("%s", t->err.text);
}

static struct rv_chain *stage_chain(struct bench *t, const char *name)
{
	struct rv_chain *c = rv_table_add_chain(t->table, name);

	stage(t, (struct rv_change){ .kind = RV_CHANGE_ADD_CHAIN, .chain = c });
	return c;
}

/* Adds a rule and frees it, like the store does with chains that are not loaded. */
static void stage_rule(struct bench *t, const char *text, bool at_front)
{
	struct rv_rule *r = parse(NFPROTO_IPV4, text);

	stage(t, (struct rv_change){ .kind = RV_CHANGE_ADD_RULE,
				     .chain = t->chain,
				     .rule = r,
				     .at_front = at_front });
	rv_rule_free(r);
}

static void assert_rules(struct bench *t, const char *expected)
{
	struct rv_buf b = RV_BUF_INIT;

	rv_chain_flush(t->chain);
	if (rv_nft_replay(&t->n.batch, t->chain, &t->err))
		fail_msg("%s", t->err.text);
	rv_list_each(r, &t->chain->rules, struct rv_rule, node)
		rv_render_rule(&b, NFPROTO_IPV4, "c", r, RV_COUNTERS_NONE);
	assert_string_equal(rv_buf_text(&b), expected);
	rv_buf_free(&b);
}

static void open_bench(struct bench *t)
{
	*t = (struct bench){ 0 };
	t->s.priv = &t->n;
	rv_nft_batch_init(&t->n.batch, NFPROTO_IPV4);
	t->n.socket.has_generation = true;
	rv_ruleset_init(&t->s.rs, NFPROTO_IPV4);
	t->table = rv_ruleset_table(&t->s.rs, rv_table_def_find("filter"));
	t->chain = stage_chain(t, "c");
}

static void close_bench(struct bench *t)
{
	rv_nft_batch_clear(&t->n.batch);
	rv_ruleset_clear(&t->s.rs);
}

static void test_replay(void **state)
{
	struct bench t;
	struct rv_rule *r;

	(void)state;
	open_bench(&t);
	stage_rule(&t, "-s 1.1.1.1", false);
	stage_rule(&t, "-s 2.2.2.2", false);
	stage_rule(&t, "-s 3.3.3.3", true);
	assert_rules(&t, "-A c -s 3.3.3.3/32\n-A c -s 1.1.1.1/32\n-A c -s 2.2.2.2/32\n");

	r = parse(NFPROTO_IPV4, "-s 4.4.4.4");
	stage(&t, (struct rv_change){ .kind = RV_CHANGE_ADD_RULE,
				      .chain = t.chain,
				      .rule = r,
				      .pos = rv_chain_rule(t.chain, 3) });
	rv_rule_free(r);
	stage(&t, (struct rv_change){ .kind = RV_CHANGE_DEL_RULE,
				      .chain = t.chain,
				      .pos = rv_chain_rule(t.chain, 2) });
	assert_rules(&t, "-A c -s 3.3.3.3/32\n-A c -s 4.4.4.4/32\n-A c -s 2.2.2.2/32\n");

	r = parse(NFPROTO_IPV4, "-s 5.5.5.5");
	stage(&t, (struct rv_change){ .kind = RV_CHANGE_REPLACE_RULE,
				      .chain = t.chain,
				      .rule = r,
				      .pos = rv_chain_rule(t.chain, 1) });
	rv_rule_free(r);
	assert_rules(&t, "-A c -s 5.5.5.5/32\n-A c -s 4.4.4.4/32\n-A c -s 2.2.2.2/32\n");

	stage(&t, (struct rv_change){ .kind = RV_CHANGE_FLUSH_CHAIN, .chain = t.chain });
	stage_rule(&t, "-j other", false);
	assert_rules(&t, "-A c -j other\n");
	close_bench(&t);
}

/* A chain that is deleted and recreated is empty; other chains are not confused with it. */
static void test_replay_chains(void **state)
{
	struct bench t;

	(void)state;
	open_bench(&t);
	stage_rule(&t, "-s 1.1.1.1", false);
	stage(&t, (struct rv_change){ .kind = RV_CHANGE_DEL_CHAIN, .chain = t.chain });
	rv_chain_free(t.chain);
	t.chain = stage_chain(&t, "c");
	stage_rule(&t, "-s 2.2.2.2", false);
	assert_rules(&t, "-A c -s 2.2.2.2/32\n");
	t.chain = stage_chain(&t, "d");
	assert_rules(&t, "");
	close_bench(&t);
}

/* A rule that cannot be encoded leaves no partial message. */
static void test_stage_fails(void **state)
{
	struct rv_rule *r = parse(NFPROTO_IPV4, "-j ACCEPT");
	struct rv_change c = { .kind = RV_CHANGE_ADD_RULE, .rule = r };
	struct bench t;
	size_t len;

	(void)state;
	open_bench(&t);
	for (unsigned int i = 0; i < 300; i++) {
		struct rv_rule *one = parse(NFPROTO_IPV4, "-m comment --comment x");

		rv_rule_add_match(r, one->matches);
		one->matches = NULL;
		rv_rule_free(one);
	}
	len = t.n.batch.bytes.len;
	c.table = t.table;
	c.chain = t.chain;
	assert_int_equal(rv_nft_stage(&t.s, &c, &t.err), -1);
	assert_int_equal(t.n.batch.bytes.len, len);
	assert_int_equal(t.n.batch.nrecords, 1);
	rv_rule_free(r);
	close_bench(&t);
}

/* Refused messages are explained from their bytes, which may be anything. */
static void test_rule_messages(void **state)
{
	struct rv_nft_place at;
	struct rv_error err;
	struct bench t;

	(void)state;
	open_bench(&t);
	stage_rule(&t, "-s 1.1.1.1 -p tcp --dport 80 -m comment --comment x -j ACCEPT", false);
	for (unsigned int i = 0; i < 20000; i++) {
		struct rv_nft_view v = rv_nft_record_attrs(&t.n.batch, &t.n.batch.records[1]);
		unsigned char *copy = malloc(v.len);
		uint32_t len = pick(4) ? v.len : pick(v.len);
		struct rv_rule *r;

		memcpy(copy, v.data, v.len);
		copy[pick(v.len)] = pick(256);
		copy = realloc(copy, len ? len : 1);
		err = (struct rv_error){ 0 };
		r = rv_nft_rule_of(NULL, NFPROTO_IPV4, (struct rv_nft_view){ copy, len }, &at, &err);
		assert_true(r || err.kind != RV_ERR_NONE);
		rv_rule_free(r);
		free(copy);
	}
	close_bench(&t);
}

/* ---- a kernel with older revisions --------------------------------------------------------- */

/* The kernel has conntrack up to this revision, no LED, and the newest of all others. */
static uint32_t kernel_revision;
static unsigned int questions;

enum rv_nft_has __wrap_rv_nft_kernel_has(struct rv_nft_socket *n, rv_family_t family,
					 const char *name, uint32_t revision, bool target);

enum rv_nft_has __wrap_rv_nft_kernel_has(struct rv_nft_socket *n, rv_family_t family,
					 const char *name, uint32_t revision, bool target)
{
	(void)n;
	(void)family;
	questions++;
	if (!strcmp(name, "LED"))
		return RV_NFT_LACKS;
	if (strcmp(name, "conntrack") != 0 || target || revision <= kernel_revision)
		return RV_NFT_HAS;
	return RV_NFT_HAS_OTHERS;
}

/* Simulates the kernel refusing the last rule of the transaction. */
static void refuse_last(struct bench *t, struct rv_error *err)
{
	const struct rv_nft_verdict v = { .code = ENOENT, .seq = t->n.batch.nrecords };

	*err = (struct rv_error){ 0 };
	assert_int_equal(rv_nft_refused(&t->s, &v, err), -1);
}

static void expect_revision(struct bench *t, const char *name, uint32_t revision)
{
	size_t last = t->n.batch.nrecords - 1;
	struct rv_nft_view table[NFTA_RULE_MAX + 1];
	struct rv_nft_walk w;
	struct rv_nft_attr a;
	const char *what, *why;
	struct rv_nft_expr e;

	assert_true(rv_nft_attr_table(rv_nft_record_attrs(&t->n.batch, &t->n.batch.records[last]),
				      table, NFTA_RULE_MAX + 1));
	w = rv_nft_attrs(table[NFTA_RULE_EXPRESSIONS]);
	while (rv_nft_next(&w, &a)) {
		assert_int_equal(rv_nft_expr_read(a.value, &e, &what, &why), 0);
		if (e.name && !strcmp(e.name, name)) {
			assert_int_equal(e.revision, revision);
			return;
		}
	}
	fail_msg("no %s in the rule", name);
}

/* After a refusal the kernel is probed; the rule is written in its revision and decodes equal. */
static void test_older_kernel(void **state)
{
	static const char rule[] = "-m conntrack --ctstate NEW --ctorigdstport 80 -j ACCEPT";
	struct rv_error err;
	struct bench t;

	(void)state;
	kernel_revision = 2;
	questions = 0;
	open_bench(&t);
	stage_rule(&t, rule, false);
	expect_revision(&t, "conntrack", 3);
	assert_int_equal(questions, 0);
	refuse_last(&t, &err);
	assert_int_equal(err.kind, RV_ERR_AGAIN);
	close_bench(&t);

	open_bench(&t);
	questions = 0;
	stage_rule(&t, rule, false);
	expect_revision(&t, "conntrack", 2);
	assert_int_equal(questions, 0);
	assert_rules(&t, "-A c -m conntrack --ctstate NEW --ctorigdstport 80 -j ACCEPT\n");
	close_bench(&t);
	rv_layout_clear();
}

/* Port ranges need revision 3: on older kernels a rule with one is an error. */
static void test_too_new_for_kernel(void **state)
{
	struct rv_rule *r = parse(NFPROTO_IPV4, "-m conntrack --ctorigdstport 80:90");
	struct rv_buf b = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_nft_socket none = { 0 };

	(void)state;
	kernel_revision = 1;
	assert_true(rv_nft_learn(&none, NFPROTO_IPV4, r->matches->ext));
	questions = 0;
	assert_false(rv_nft_learn(&none, NFPROTO_IPV4, r->matches->ext));
	assert_int_equal(questions, 0);
	assert_int_equal(rv_nft_rule_write(&b, NFPROTO_IPV4, r, &err), -1);
	assert_string_equal(err.text,
			    "revision 1 of match `conntrack' cannot express the rule");
	rv_buf_free(&b);
	rv_rule_free(r);
	rv_layout_clear();
}

static void test_kernel_lacks(void **state)
{
	struct rv_error err;
	struct bench t;

	(void)state;
	open_bench(&t);
	stage_rule(&t, "-j LED --led-trigger-id x", false);
	refuse_last(&t, &err);
	assert_int_equal(err.kind, RV_ERR_PROBLEM);
	assert_non_null(strstr(err.text, ": the kernel lacks target `LED' revision 0 "
					 "(CONFIG_NETFILTER_XT_TARGET_LED)"));
	close_bench(&t);
	rv_layout_clear();
}

/* If no older revision helps, the newest is written, and the kernel is not probed again. */
static void test_unknown_revisions(void **state)
{
	struct rv_error err;
	struct bench t;

	(void)state;
	kernel_revision = 0;
	open_bench(&t);
	stage_rule(&t, "-m conntrack --ctstate NEW", false);
	refuse_last(&t, &err);
	assert_int_equal(err.kind, RV_ERR_PROBLEM);
	assert_non_null(strstr(err.text, ": the kernel lacks match `conntrack' revision 3 and has "
					 "other revisions only (CONFIG_NETFILTER_XT_MATCH_CONNTRACK)"));
	close_bench(&t);
	rv_layout_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listed),	    cmocka_unit_test(test_random),
		cmocka_unit_test(test_damaged),	    cmocka_unit_test(test_forms),
		cmocka_unit_test(test_attributes),  cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_replay),	    cmocka_unit_test(test_replay_chains),
		cmocka_unit_test(test_stage_fails), cmocka_unit_test(test_rule_messages),
		cmocka_unit_test(test_older_kernel), cmocka_unit_test(test_too_new_for_kernel),
		cmocka_unit_test(test_kernel_lacks), cmocka_unit_test(test_unknown_revisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
