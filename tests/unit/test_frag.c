/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel/user/frag.c: cases of the RFCs, and random fragments compared with a naive twin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/in.h>

#include "kernel/engine/internal.h"
#include "kernel/user/frag.h"

#define SECOND 1000000000ULL

/* ---- making fragments ---------------------------------------------------------------------- */

/* A fragment of packet id. Its byte number n of data is byte_of(id, off + n, other). */
struct spec {
	bool v6;
	uint16_t id;
	uint32_t off, len;
	bool more, dont;
	uint8_t ecn, proto, other;
	uint32_t cut;			/* bytes not captured */
	bool options;			/* IPv4 options, IPv6 destination options */
	uint8_t source;
};

static uint8_t byte_of(uint16_t id, uint32_t n, uint8_t other)
{
	return (uint8_t)(n * 7 + n / 251 + id + other);
}

static uint16_t sum_of(const uint8_t *bytes, unsigned int len)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < len; i += 2)
		sum += rv_be16(bytes + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Headers without any of fragmentation if whole. Returns their length. */
static uint32_t put_v4(const struct spec *s, uint8_t *b, uint32_t len, bool dont, uint8_t ecn)
{
	const uint32_t head = s->options ? 24 : 20;

	memset(b, 0, head);
	b[0] = 0x40 | head / 4;
	b[1] = 0x20 | ecn;
	rv_put_be16(b + 2, (uint16_t)(head + len));
	rv_put_be16(b + 4, s->id);
	rv_put_be16(b + 6, (uint16_t)(s->off / 8 | (s->more ? 0x2000 : 0) | (dont ? 0x4000 : 0)));
	b[8] = 64;
	b[9] = s->proto;
	memcpy(b + 12, (uint8_t[]){ 192, 0, 2, s->source, 198, 51, 100, 2 }, 8);
	if (s->options)
		memset(b + 20, 1, 4);
	rv_put_be16(b + 10, sum_of(b, head));
	return head;
}

static uint32_t put_v6(const struct spec *s, uint8_t *b, uint32_t len, bool fragment, uint8_t ecn)
{
	const uint32_t head = s->options ? 48 : 40;
	uint8_t *next = b + 6;

	memset(b, 0, head + 8);
	b[0] = 0x60;
	b[1] = (uint8_t)(ecn << 4);
	rv_put_be16(b + 4, (uint16_t)(head - 40 + (fragment ? 8 : 0) + len));
	b[7] = 64;
	b[8] = b[24] = 0xfd;
	b[23] = s->source;
	if (s->options) {
		*next = IPPROTO_DSTOPTS;
		next = b + 40;
		b[42] = 1;
		b[43] = 4;
	}
	*next = fragment ? IPPROTO_FRAGMENT : s->proto;
	if (!fragment)
		return head;
	b[head] = s->proto;
	rv_put_be16(b + head + 2, (uint16_t)(s->off | s->more));
	rv_put_be16(b + head + 6, s->id);
	return head + 8;
}

static uint32_t put(const struct spec *s, uint8_t *b)
{
	uint32_t head = s->v6 ? put_v6(s, b, s->len, true, s->ecn) : put_v4(s, b, s->len, s->dont, s->ecn);

	for (uint32_t i = 0; i < s->len; i++)
		b[head + i] = byte_of(s->id, s->off + i, s->other);
	return head + s->len;
}

static struct rv_frags *frags;
static uint64_t now;
static struct rv_frag_packet whole;

static enum rv_frag add(const struct spec *s)
{
	static uint8_t bytes[140000];
	struct rv_frag_packet in = { .bytes = bytes, .whole = put(s, bytes) };
	uint8_t *exact;
	enum rv_frag rc;

	in.len = in.whole - s->cut;
	/* Its own memory, so that sanitizers find reads beyond the end. */
	exact = malloc(in.len);
	assert_non_null(exact);
	memcpy(exact, bytes, in.len);
	in.bytes = exact;
	rc = rv_frags_add(frags, &in, now, &whole);
	free(exact);
	return rc;
}

/* The reassembled packet is as if it had not been fragmented. */
static void expect_whole(const struct spec *first, uint32_t len, bool dont, uint8_t ecn)
{
	static uint8_t want[70000];
	struct spec s = *first;
	uint32_t head;

	s.off = s.more = 0;
	head = s.v6 ? put_v6(&s, want, len, false, ecn) : put_v4(&s, want, len, dont, ecn);
	for (uint32_t i = 0; i < len; i++)
		want[head + i] = byte_of(s.id, i, s.other);
	assert_int_equal(whole.whole, head + len);
	assert_memory_equal(whole.bytes, want, whole.len);
}

static int start(void **state)
{
	(void)state;
	frags = rv_frags_new();
	now = 1000 * SECOND;
	return frags ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	rv_frags_free(frags);
	return rv_user_live() ? -1 : 0;
}

/* ---- cases ---------------------------------------------------------------------------------- */

/* Valid for the next few calls. */
static const struct spec *frag(bool v6, struct spec s)
{
	static struct spec ring[8];
	static unsigned int n;
	struct spec *to = &ring[n++ % 8];

	s.v6 = v6;
	s.id = s.id ? s.id : 1;
	s.proto = s.proto ? s.proto : IPPROTO_UDP;
	*to = s;
	return to;
}

#define FRAG(...) frag(v6, (struct spec){ __VA_ARGS__ })

static void orders(bool v6)
{
	static const unsigned char order[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	const struct spec *parts[] = { FRAG(.off = 0, .len = 1400, .more = true, .options = true),
				       FRAG(.off = 1400, .len = 800, .more = true),
				       FRAG(.off = 2200, .len = 5) };

	for (unsigned int i = 0; i < 6; i++) {
		assert_int_equal(add(parts[order[i][0]]), RV_FRAG_KEPT);
		assert_int_equal(rv_frags_lost(frags), 1);
		assert_int_equal(add(parts[order[i][1]]), RV_FRAG_KEPT);
		assert_int_equal(add(parts[order[i][2]]), RV_FRAG_WHOLE);
		expect_whole(parts[0], 2205, false, 0);
		assert_int_equal(whole.fragment_max, (v6 ? 48 : 24) + 1400);
		assert_int_equal(whole.len, whole.whole);
		assert_int_equal(rv_frags_lost(frags), 0);
		assert_int_equal(rv_frags_memory(frags, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4), 0);
	}
}

/* Other packets do not interfere, whatever field differs. */
static void keys(bool v6)
{
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 8, .len = 8, .id = 2)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 8, .len = 8, .source = 9)), RV_FRAG_KEPT);
	/* RFC 8200, 4.5: the next header field of the first fragment counts. */
	assert_int_equal(add(FRAG(.off = 8, .len = 8, .proto = IPPROTO_TCP)),
			 v6 ? RV_FRAG_WHOLE : RV_FRAG_KEPT);
	if (!v6)
		assert_int_equal(add(FRAG(.off = 8, .len = 8)), RV_FRAG_WHOLE);
	expect_whole(FRAG(), 16, false, 0);
	assert_int_equal(rv_frags_lost(frags), v6 ? 2 : 3);
}

/* RFC 5722: all of an overlapping packet is dropped. Repeats are ignored. */
static void overlaps(bool v6)
{
	assert_int_equal(add(FRAG(.off = 0, .len = 24, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 0, .len = 24, .more = true, .other = 1)), RV_FRAG_DUPLICATE);
	assert_int_equal(add(FRAG(.off = 8, .len = 8, .more = true, .other = 1)), RV_FRAG_DUPLICATE);
	assert_int_equal(add(FRAG(.off = 24, .len = 8)), RV_FRAG_WHOLE);
	expect_whole(FRAG(), 32, false, 0);

	assert_int_equal(add(FRAG(.off = 0, .len = 24, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 16, .len = 16, .more = true)), RV_FRAG_OVERLAP);
	assert_int_equal(rv_frags_lost(frags), 1);
	/* A new packet begins. */
	assert_int_equal(add(FRAG(.off = 24, .len = 8)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 0, .len = 24, .more = true)), RV_FRAG_WHOLE);

	/* Received, but not in one piece and the pieces were not in order. */
	assert_int_equal(add(FRAG(.off = 16, .len = 8, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 8, .len = 8, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 8, .len = 16, .more = true)), RV_FRAG_OVERLAP);
}

static void ends(bool v6)
{
	const bool keeps = v6;	/* IPv4 drops the packet too */

	assert_int_equal(add(FRAG(.off = 8, .len = 4)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 8, .len = 8, .more = true)), RV_FRAG_LENGTH);
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), keeps ? RV_FRAG_WHOLE : RV_FRAG_KEPT);
	now += 100 * SECOND;
	assert_int_equal(add(FRAG(.off = 16, .len = 8, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 8, .len = 8)), RV_FRAG_LENGTH);
	now += 100 * SECOND;
	/* An empty last one is dropped, but tells where the packet ends. IPv4 drops the packet. */
	assert_int_equal(add(FRAG(.off = 16, .len = 0)), RV_FRAG_LENGTH);
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 8, .len = 8, .more = true)), v6 ? RV_FRAG_WHOLE : RV_FRAG_KEPT);
	now += 100 * SECOND;
	/* Not a multiple of eight: IPv4 shortens it, IPv6 drops the packet (RFC 8200, 4.5). */
	assert_int_equal(add(FRAG(.off = 8, .len = 8)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 0, .len = 13, .more = true)), v6 ? RV_FRAG_LENGTH : RV_FRAG_WHOLE);
	assert_int_equal(rv_frags_memory(frags, NFPROTO_IPV4) + rv_frags_memory(frags, NFPROTO_IPV6), 0);
	/* Too long. */
	assert_int_equal(add(FRAG(.off = 65528, .len = 8)), RV_FRAG_LONG);
	assert_int_equal(add(FRAG(.off = 65520, .len = 8)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 0, .len = 32768, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 32768, .len = 32752, .more = true)), v6 ? RV_FRAG_WHOLE : RV_FRAG_LONG);
}

static void tiny(bool v6)
{
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true, .proto = IPPROTO_TCP)), RV_FRAG_TINY);
	assert_int_equal(add(FRAG(.off = 0, .len = 16, .more = true, .proto = IPPROTO_TCP)),
			 v6 ? RV_FRAG_TINY : RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 0, .len = 24, .more = true, .proto = IPPROTO_TCP, .id = 2)), RV_FRAG_KEPT);
	/* Empty ones end their packet in IPv4. */
	assert_int_equal(add(FRAG(.off = 8, .len = 8, .id = 3)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 0, .len = 0, .more = true, .id = 3)), RV_FRAG_LENGTH);
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true, .id = 3)), v6 ? RV_FRAG_WHOLE : RV_FRAG_KEPT);
	/* Destination options of 8 bytes and nothing behind them. */
	if (v6)
		assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true, .proto = IPPROTO_DSTOPTS, .id = 4)),
				 RV_FRAG_TINY);
}

/* RFC 6946: an atomic fragment is processed by itself. */
static void atomic(void **state)
{
	const bool v6 = true;

	(void)state;
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 0, .len = 64, .other = 1)), RV_FRAG_NONE);
	assert_int_equal(add(FRAG(.off = 8, .len = 8)), RV_FRAG_WHOLE);
	expect_whole(FRAG(), 16, false, 0);
}

static void lifetimes(bool v6)
{
	const uint64_t life = v6 ? RV_FRAGS_LIFE_V6 : RV_FRAGS_LIFE_V4;

	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_KEPT);
	now += life - 1;
	assert_int_equal(add(FRAG(.off = 8, .len = 8)), RV_FRAG_WHOLE);
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_KEPT);
	now += life / 2;
	/* Fragments do not prolong it. */
	assert_int_equal(add(FRAG(.off = 16, .len = 8, .more = true)), RV_FRAG_KEPT);
	now += life / 2;
	assert_int_equal(add(FRAG(.off = 8, .len = 8, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 24, .len = 8)), RV_FRAG_KEPT);
	assert_int_equal(rv_frags_lost(frags), 4);
	/* A clock that steps back keeps them. */
	now -= 100 * SECOND;
	assert_int_equal(add(FRAG(.off = 16, .len = 8, .more = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_WHOLE);
}

static void ecn_fields(bool v6)
{
	/* Fields of two fragments; of the packet, or -1: dropped. */
	static const signed char rows[][3] = {
		{ 0, 0, 0 }, { 1, 1, 1 }, { 2, 2, 2 }, { 3, 3, 3 }, { 1, 2, 1 }, { 2, 1, 2 }, { 1, 3, 3 },
		{ 3, 1, 3 }, { 2, 3, 3 }, { 3, 2, 3 }, { 0, 1, -1 }, { 0, 2, -1 }, { 0, 3, -1 }, { 3, 0, -1 },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true, .ecn = (uint8_t)rows[i][0])), RV_FRAG_KEPT);
		assert_int_equal(add(FRAG(.off = 8, .len = 8, .ecn = (uint8_t)rows[i][1])),
				 rows[i][2] < 0 ? RV_FRAG_ECN : RV_FRAG_WHOLE);
		if (rows[i][2] >= 0)
			expect_whole(FRAG(), 16, false, (uint8_t)rows[i][2]);
	}
}

/* The packet has DF if its largest fragment had. */
static void dont_fragment(void **state)
{
	const bool v6 = false;

	(void)state;
	assert_int_equal(add(FRAG(.off = 0, .len = 16, .more = true, .dont = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 16, .len = 8)), RV_FRAG_WHOLE);
	expect_whole(FRAG(), 24, true, 0);
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true, .dont = true)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 8, .len = 16)), RV_FRAG_WHOLE);
	expect_whole(FRAG(), 24, false, 0);
	assert_int_equal(whole.fragment_max, 36);
}

/* The captured bytes up to the first gap can be read. */
static void truncated(bool v6)
{
	assert_int_equal(add(FRAG(.off = 100 * 8, .len = 8)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 0, .len = 400, .more = true, .cut = 1)), RV_FRAG_KEPT);
	assert_int_equal(add(FRAG(.off = 400, .len = 400, .more = true, .cut = 300)), RV_FRAG_WHOLE);
	expect_whole(FRAG(), 808, false, 0);
	assert_int_equal(whole.len, whole.whole - 808 + 399);
}

/* A flood is bounded, and packets that arrive meanwhile are reassembled. */
static void flood(bool v6)
{
	const uint8_t family = v6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	uint64_t most = 0;

	for (unsigned int i = 0; i < 20000; i++) {
		const struct spec *piece = FRAG(.off = 8 + i % 4 * 1400, .len = i % 2 ? 1400 : 8, .more = true,
						.id = (uint16_t)(i / 4 + 1), .source = 7);

		assert_int_equal(add(piece), RV_FRAG_KEPT);
		if (rv_frags_memory(frags, family) > most)
			most = rv_frags_memory(frags, family);
		assert_true(rv_frags_memory(frags, family) <= RV_FRAGS_HIGH);
		if (i % 100)
			continue;
		assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_KEPT);
		assert_int_equal(add(FRAG(.off = 8, .len = 8)), RV_FRAG_WHOLE);
	}
	assert_true(most > RV_FRAGS_LOW);
}

/* Allocations that fail drop a fragment, never the limits. */
static void no_memory(bool v6)
{
	for (unsigned long n = 1; n < 4; n++) {
		rv_user_fail_nth(n);
		assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_MEMORY);
		assert_int_equal(rv_user_fail_nth(0), 0);
		assert_int_equal(rv_frags_lost(frags), 0);
		assert_int_equal(rv_frags_memory(frags, v6 ? NFPROTO_IPV6 : NFPROTO_IPV4), 0);
	}
	assert_int_equal(add(FRAG(.off = 8, .len = 8)), RV_FRAG_KEPT);
	rv_user_fail_nth(1);
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_MEMORY);
	assert_int_equal(add(FRAG(.off = 0, .len = 8, .more = true)), RV_FRAG_WHOLE);
}

#define BOTH(name)							\
	static void name##_4(void **state) { (void)state; name(false); }	\
	static void name##_6(void **state) { (void)state; name(true); }
BOTH(orders)
BOTH(keys)
BOTH(overlaps)
BOTH(ends)
BOTH(tiny)
BOTH(lifetimes)
BOTH(ecn_fields)
BOTH(truncated)
BOTH(flood)
BOTH(no_memory)

/* ---- naive twin -------------------------------------------------------------------------------- */

/* An incomplete packet: the runs of bytes received, in no order, and which fragment each byte is from. */
struct twin {
	bool used;
	uint64_t born;
	uint32_t end, tail, nruns, from[700], to[700];
	bool last;
	uint8_t other[6000];
	bool have[6000];
};

#define IDS 4

static struct twin twins[2][IDS];

static enum rv_frag twin_check(struct twin *t, const struct spec *s, uint32_t end)
{
	bool overlaps = false, inside = false;

	if (s->more && end % 8)
		return RV_FRAG_LENGTH;
	if (s->more ? t->last && end > t->end : end < t->end || (t->last && end != t->end))
		return RV_FRAG_LENGTH;
	t->last |= !s->more;
	t->end = !s->more || end > t->end ? end : t->end;
	if (end == s->off)
		return RV_FRAG_LENGTH;
	for (uint32_t i = s->off; i < end; i++)
		overlaps |= t->have[i];
	for (uint32_t i = 0; i < t->nruns; i++)
		inside |= s->off >= t->from[i] && end <= t->to[i];
	return inside ? RV_FRAG_DUPLICATE : overlaps ? RV_FRAG_OVERLAP : RV_FRAG_KEPT;
}

static void twin_put(struct twin *t, const struct spec *s, uint32_t end)
{
	uint32_t run = t->nruns;

	for (uint32_t i = 0; i < t->nruns; i++)
		if (t->to[i] == s->off && t->to[i] == t->tail)
			run = i;
	if (run == t->nruns)
		t->from[t->nruns++] = s->off;
	t->to[run] = end;
	t->tail = end > t->tail ? end : t->tail;
	for (uint32_t i = s->off; i < end; i++) {
		t->have[i] = true;
		t->other[i] = s->other;
	}
}

static bool twin_complete(const struct twin *t)
{
	for (uint32_t i = 0; i < t->end; i++)
		if (!t->have[i])
			return false;
	return t->last;
}

static enum rv_frag twin_add(const struct spec *s)
{
	struct twin *t = &twins[s->v6][s->id % IDS];
	const uint32_t end = s->off + s->len - (s->more && !s->v6 ? s->len % 8 : 0);
	enum rv_frag rc;

	if (!s->off && !s->more)
		return RV_FRAG_NONE;
	if (s->v6 && !s->off && s->len && s->len < 8)
		return RV_FRAG_TINY;
	if (!t->used || now - t->born >= (s->v6 ? RV_FRAGS_LIFE_V6 : RV_FRAGS_LIFE_V4))
		*t = (struct twin){ .used = true, .born = now };
	rc = twin_check(t, s, end);
	if (rc == RV_FRAG_KEPT) {
		twin_put(t, s, end);
		if (twin_complete(t))
			return RV_FRAG_WHOLE;
	} else if (rc == RV_FRAG_OVERLAP || (rc == RV_FRAG_LENGTH && (!s->v6 || (s->more && end % 8)))) {
		t->used = false;
	}
	return rc;
}

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % n;
}

/* Mostly a regular fragmentation, in a random order, with all kinds of exceptions. */
static struct spec random_spec(void)
{
	const uint32_t size = 8 * (1 + below(3));
	struct spec s = { .v6 = below(2), .id = (uint16_t)below(IDS), .proto = IPPROTO_UDP, .other = (uint8_t)below(3) };

	s.off = below(8) * (below(20) ? 24 : size);
	s.len = below(20) ? 24 : size;
	s.more = s.off < 24 * 6 ? below(100) : !below(10);
	if (!below(30))
		s.len = below(50);
	if (!below(300))
		now += below(70) * SECOND;
	return s;
}

static void compare_packet(const struct spec *s)
{
	struct twin *t = &twins[s->v6][s->id % IDS];
	const uint32_t head = whole.whole - t->end;

	assert_int_equal(head, s->v6 ? 40 : 20);
	for (uint32_t i = 0; i < t->end; i++)
		assert_int_equal(whole.bytes[head + i], byte_of(s->id, i, t->other[i]));
	if (!s->v6)
		assert_int_equal(sum_of(whole.bytes, 20), 0);
	t->used = false;
}

static void random_fragments(void **state)
{
	const char *word = getenv("FRAG_SEED"), *count = getenv("FRAG_COUNT");
	unsigned long n = count ? strtoul(count, NULL, 10) : 200000;
	unsigned int results[RV_FRAG_RESULTS] = { 0 };

	(void)state;
	seed = word ? strtoull(word, NULL, 10) : 1;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (unsigned long i = 0; i < n; i++) {
		const struct spec s = random_spec();
		enum rv_frag want = twin_add(&s), got = add(&s);

		if (got != want)
			fail_msg("number %lu: v%d id %u off %u len %u more %d: %s, not %s", i, s.v6 ? 6 : 4, s.id,
				 s.off, s.len, s.more, rv_frag_names[got], rv_frag_names[want]);
		results[got]++;
		if (got == RV_FRAG_WHOLE)
			compare_packet(&s);
	}
	for (unsigned int i = 0; i <= RV_FRAG_TINY; i++)
		assert_true(results[i] > n / 10000);
}

#define CASE(name)	cmocka_unit_test_setup_teardown(name, start, stop)
#define CASES(name)	CASE(name##_4), CASE(name##_6)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASES(orders), CASES(keys), CASES(overlaps), CASES(ends), CASES(tiny), CASE(atomic),
		CASES(lifetimes), CASES(ecn_fields), CASE(dont_fragment), CASES(truncated), CASES(flood),
		CASES(no_memory), CASE(random_fragments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
