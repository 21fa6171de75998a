/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reassembles fragmented packets. An incomplete packet has a list of its fragments and two bits for
 * each 8 bytes, so that the time to add a fragment does not depend on how many there are.
 *
 * Drops the same fragments as Linux, for the same reasons, with these differences: at the memory
 * limit, the oldest packets are dropped (Linux drops the newest); first fragments of IPv4 that are
 * too short are dropped as well (RFC 1858, 3.1); a fragment that makes its packet too long is
 * dropped when it arrives.
 */
#include "frag.h"

#include "../engine/ct.h"

#define UNIT		8U		/* bytes; offsets are multiples of it */
#define UNITS		8192U		/* number of units in the longest packet */
#define LONGEST		65535U		/* bytes of an IPv4 packet or an IPv6 payload */
#define KEY_WORDS	10
#define BUCKETS		1024U

#define IPV4_DONT	0x40		/* flag DF in byte 6 */
#define IPV4_MORE	0x20

/* 1 << the ECN field. */
enum { NOT_ECT = 1, ECT_1 = 2, ECT_0 = 4, CE = 8 };

const char *const rv_frag_names[RV_FRAG_RESULTS] = {
	[RV_FRAG_NONE] = "no fragment",
	[RV_FRAG_KEPT] = "kept until its packet is complete",
	[RV_FRAG_WHOLE] = "completes a packet",
	[RV_FRAG_DUPLICATE] = "dropped: received before",
	[RV_FRAG_OVERLAP] = "dropped with others that it overlaps",
	[RV_FRAG_LENGTH] = "dropped: its length is invalid",
	[RV_FRAG_TINY] = "dropped: the first one lacks the transport header",
	[RV_FRAG_LONG] = "dropped: the packet would be too long",
	[RV_FRAG_ECN] = "completes a packet that is dropped: contradictory ECN fields",
	[RV_FRAG_MEMORY] = "dropped: out of memory",
};

/* Header fields of a fragment. */
struct part {
	const struct rv_frag_packet *in;
	uint8_t family, proto;		/* proto: transport protocol, in the first fragment */
	uint32_t key[KEY_WORDS];
	uint32_t head;			/* length of the headers repeated in each fragment */
	uint32_t data;			/* offset of the data in this packet */
	uint32_t off, end;		/* where the data belongs in the reassembled data */
	bool more, dont;		/* flags MF and DF (IPv4) */
	uint32_t next_at;		/* IPv6: offset of the preceding next-header byte */
	uint8_t ecn;			/* NOT_ECT, ... */
};

struct piece {
	struct piece *next;
	uint32_t off;
	uint32_t len, captured;		/* bytes; captured ones are stored */
	uint8_t bytes[];
};

/* An incomplete packet. */
struct queue {
	struct queue *chain;		/* next in the same bucket */
	struct queue *older, *newer;
	uint32_t key[KEY_WORDS];
	uint64_t born;
	uint64_t memory;
	struct piece *pieces;
	uint32_t npieces;
	uint32_t received;		/* bytes */
	uint32_t end;			/* highest end so far; if last is set, the packet's end */
	uint32_t tail;			/* end of the fragment with the highest offset */
	bool last;
	uint8_t ecn;			/* of all fragments, ORed */
	uint32_t max, max_dont;		/* longest fragment, and longest one with DF */
	uint8_t *head;			/* headers of the first fragment */
	uint32_t head_len, next_at;
	uint8_t proto;
	/* Units that were received, and those that begin a run of adjacent fragments. */
	uint64_t have[UNITS / 64], begins[UNITS / 64];
};

struct family {
	struct queue *oldest, *newest;
	uint64_t memory;
	uint64_t life;
};

struct rv_frags {
	struct family families[2];
	uint64_t hash_key[2];
	uint64_t lost;
	struct queue *buckets[BUCKETS];
	uint8_t packet[RV_FRAGS_PACKET_MAX];
};

/* ---- headers ------------------------------------------------------------------------------- */

static void set_key(struct part *p, unsigned int at, uint32_t id, uint8_t proto)
{
	const unsigned int len = rv_addr_len(p->family);

	memcpy(p->key, p->in->bytes + at, len);
	memcpy(p->key + 4, p->in->bytes + at + len, len);
	p->key[8] = id;
	p->key[9] = p->family | (uint32_t)proto << 8;
}

static void parse_v4(struct part *p, const struct rv_pkt *pkt)
{
	const uint8_t *ip = p->in->bytes;

	p->proto = ip[9];
	set_key(p, 12, rv_be16(ip + 4), p->proto);
	p->head = p->data = pkt->thoff;
	p->off = pkt->fragoff * UNIT;
	p->more = ip[6] & IPV4_MORE;
	p->dont = ip[6] & IPV4_DONT;
	p->ecn = (uint8_t)(1U << (ip[1] & 3));
	p->end = p->off + p->in->whole - p->data;
	if (p->more)
		p->end -= p->end % UNIT;
}

/* Sets next_at and head. Returns false if the fragment header was not captured. */
static bool find_fragment_header(struct part *p)
{
	const uint8_t *ip = p->in->bytes;
	uint32_t at = 40;

	p->next_at = 6;
	while (ip[p->next_at] != IPPROTO_FRAGMENT) {
		const uint8_t kind = ip[p->next_at];

		if (!rv_ipv6_extension(kind) || p->in->len < at + 2)
			return false;
		p->next_at = at;
		at += rv_ipv6_extension_length(kind, ip[at + 1]);
	}
	p->head = at;
	return p->in->len >= at + 8;
}

/* Returns false for an atomic fragment, which is a complete packet (RFC 6946). */
static bool parse_v6(struct part *p)
{
	const uint8_t *ip = p->in->bytes, *h;

	if (!find_fragment_header(p))
		return false;
	h = ip + p->head;
	p->proto = h[0];
	set_key(p, 8, rv_be32(h + 4), 0);
	p->data = p->head + 8;
	p->off = rv_be16(h + 2) & ~7U;
	p->more = h[3] & 1;
	p->ecn = (uint8_t)(1U << (ip[1] >> 4 & 3));
	p->end = p->off + p->in->whole - p->data;
	return p->off || p->more;
}

/* Returns false if the packet is not a fragment. */
static bool parse(struct part *p, const struct rv_frag_packet *in)
{
	struct rv_user_packet packet = { 0 };

	*p = (struct part){ .in = in };
	if (rv_user_packet_init(&packet, (uint8_t *)in->bytes, in->len, in->len) || !packet.pkt.fragment)
		return false;
	p->family = packet.pkt.family;
	if (p->family == NFPROTO_IPV4) {
		parse_v4(p, &packet.pkt);
		return true;
	}
	return parse_v6(p);
}

/*
 * Returns how many bytes of data a first fragment must have. IPv4 (RFC 1858, 3.1.1): TCP up to its
 * flags. IPv6 (RFC 7112): the complete transport header.
 */
static uint32_t least_data(const struct part *p, uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return p->family == NFPROTO_IPV4 ? 16 : 20;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	default:
		return 1;
	}
}

/*
 * Returns whether a first fragment is too short. Bytes that were sent but not captured count.
 * check_end() refuses empty fragments.
 */
static bool is_tiny(const struct part *p)
{
	uint32_t at = p->data;
	uint8_t proto = p->proto;

	if (p->off || p->end == p->off)
		return false;
	while (p->family == NFPROTO_IPV6 && rv_ipv6_extension(proto)) {
		const uint8_t kind = proto;

		if (p->in->whole < at + 2)
			return true;
		if (p->in->len < at + 2)
			return false;
		proto = p->in->bytes[at];
		at += rv_ipv6_extension_length(kind, p->in->bytes[at + 1]);
	}
	return proto != IPPROTO_NONE && p->in->whole < at + least_data(p, proto);
}

/* ---- units ----------------------------------------------------------------------------------- */

/* Returns a mask of the bits of word i of a bitmap that are in [from, to). */
static uint64_t mask(unsigned int i, unsigned int from, unsigned int to)
{
	const unsigned int first = i * 64;
	uint64_t bits = UINT64_MAX;

	if (from > first)
		bits &= UINT64_MAX << (from - first);
	if (to < first + 64)
		bits &= UINT64_MAX >> (first + 64 - to);
	return bits;
}

static bool any(const uint64_t *bits, unsigned int from, unsigned int to)
{
	for (unsigned int i = from / 64; i * 64 < to; i++)
		if (bits[i] & mask(i, from, to))
			return true;
	return false;
}

static bool all(const uint64_t *bits, unsigned int from, unsigned int to)
{
	for (unsigned int i = from / 64; i * 64 < to; i++)
		if (~bits[i] & mask(i, from, to))
			return false;
	return true;
}

static void set(uint64_t *bits, unsigned int from, unsigned int to)
{
	for (unsigned int i = from / 64; i * 64 < to; i++)
		bits[i] |= mask(i, from, to);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static struct family *family_of(struct rv_frags *f, uint8_t family)
{
	return &f->families[family != NFPROTO_IPV4];
}

static struct queue **bucket_of(struct rv_frags *f, const uint32_t *key)
{
	return &f->buckets[rv_siphash(key, KEY_WORDS, f->hash_key) % BUCKETS];
}

static struct queue *find(struct rv_frags *f, const struct part *p)
{
	struct queue *q = *bucket_of(f, p->key);

	while (q && memcmp(q->key, p->key, sizeof(q->key)) != 0)
		q = q->chain;
	return q;
}

static void use_memory(struct family *in, struct queue *q, uint64_t bytes)
{
	q->memory += bytes;
	in->memory += bytes;
}

static struct queue *queue_new(struct rv_frags *f, struct family *in, const struct part *p, uint64_t now)
{
	struct queue **bucket = bucket_of(f, p->key), *q = rv_alloc(sizeof(*q), false);

	if (!q)
		return NULL;
	memcpy(q->key, p->key, sizeof(q->key));
	q->born = now;
	q->chain = *bucket;
	*bucket = q;
	q->older = in->newest;
	*(in->newest ? &in->newest->newer : &in->oldest) = q;
	in->newest = q;
	use_memory(in, q, sizeof(*q));
	return q;
}

static void queue_free(struct rv_frags *f, struct family *in, struct queue *q)
{
	struct queue **at = bucket_of(f, q->key);

	while (*at != q)
		at = &(*at)->chain;
	*at = q->chain;
	*(q->older ? &q->older->newer : &in->oldest) = q->newer;
	*(q->newer ? &q->newer->older : &in->newest) = q->older;
	in->memory -= q->memory;
	while (q->pieces) {
		struct piece *piece = q->pieces;

		q->pieces = piece->next;
		rv_free(piece);
	}
	rv_free(q->head);
	rv_free(q);
}

static void drop_old(struct rv_frags *f, struct family *in, uint64_t now)
{
	while (in->oldest && now > in->oldest->born && now - in->oldest->born >= in->life)
		queue_free(f, in, in->oldest);
	if (in->memory <= RV_FRAGS_HIGH - sizeof(struct queue) - 2 * LONGEST)
		return;
	while (in->memory > RV_FRAGS_LOW)
		queue_free(f, in, in->oldest);
}

/* ---- adding ------------------------------------------------------------------------------------ */

/*
 * Returns RV_FRAG_KEPT, or the reason to drop the fragment. Sets the packet's end, even for an
 * empty fragment, as Linux does.
 */
static enum rv_frag check_end(struct queue *q, const struct part *p)
{
	if (p->end > LONGEST)
		return RV_FRAG_LONG;
	if (p->more && p->end % UNIT)
		return RV_FRAG_LENGTH;
	if (p->more ? q->last && p->end > q->end : p->end < q->end || (q->last && p->end != q->end))
		return RV_FRAG_LENGTH;
	if (!p->more || p->end > q->end)
		q->end = p->end;
	q->last |= !p->more;
	return p->end == p->off ? RV_FRAG_LENGTH : RV_FRAG_KEPT;
}

static enum rv_frag check_overlap(const struct queue *q, const struct part *p)
{
	const unsigned int from = p->off / UNIT, to = (p->end + UNIT - 1) / UNIT;

	if (!any(q->have, from, to))
		return RV_FRAG_KEPT;
	return all(q->have, from, to) && !any(q->begins, from + 1, to) ? RV_FRAG_DUPLICATE
								      : RV_FRAG_OVERLAP;
}

static bool add_head(struct family *in, struct queue *q, const struct part *p)
{
	q->head = rv_alloc_unfilled(p->head);
	if (!q->head)
		return false;
	memcpy(q->head, p->in->bytes, p->head);
	q->head_len = p->head;
	q->next_at = p->next_at;
	q->proto = p->proto;
	use_memory(in, q, p->head);
	return true;
}

static bool add_piece(struct family *in, struct queue *q, const struct part *p)
{
	const uint32_t len = p->end - p->off, there = p->in->len > p->data ? p->in->len - p->data : 0;
	const uint32_t captured = there < len ? there : len;
	struct piece *piece = rv_alloc_unfilled(sizeof(*piece) + captured);

	if (!piece)
		return false;
	if (!p->off && !add_head(in, q, p)) {
		rv_free(piece);
		return false;
	}
	*piece = (struct piece){ .next = q->pieces, .off = p->off, .len = len, .captured = captured };
	memcpy(piece->bytes, p->in->bytes + p->data, captured);
	q->pieces = piece;
	q->npieces++;
	use_memory(in, q, sizeof(*piece) + captured);
	return true;
}

static void note_piece(struct queue *q, const struct part *p)
{
	const unsigned int from = p->off / UNIT, to = (p->end + UNIT - 1) / UNIT;
	const uint32_t len = p->head + p->end - p->off;

	/* As in Linux, only a fragment that follows the highest one directly extends a run. */
	if (!q->received || p->off != q->tail)
		set(q->begins, from, from + 1);
	set(q->have, from, to);
	if (p->end > q->tail)
		q->tail = p->end;
	q->received += p->end - p->off;
	q->ecn |= p->ecn;
	if (len > q->max)
		q->max = len;
	if (p->dont && len > q->max_dont)
		q->max_dont = len;
}

/* Returns whether dropping this fragment also drops the other fragments of its packet. */
static bool is_fatal(enum rv_frag result, const struct part *p)
{
	if (result == RV_FRAG_OVERLAP)
		return true;
	if (p->family == NFPROTO_IPV4)
		return result == RV_FRAG_LENGTH || result == RV_FRAG_LONG;
	return result == RV_FRAG_LENGTH && p->more && p->end % UNIT;
}

static enum rv_frag add(struct rv_frags *f, struct family *in, struct queue *q, const struct part *p)
{
	enum rv_frag result = check_end(q, p);

	if (result == RV_FRAG_KEPT)
		result = check_overlap(q, p);
	if (result == RV_FRAG_KEPT && !add_piece(in, q, p))
		result = RV_FRAG_MEMORY;
	if (result == RV_FRAG_KEPT) {
		note_piece(q, p);
		f->lost++;
	} else if (is_fatal(result, p) || (result == RV_FRAG_MEMORY && !q->npieces)) {
		queue_free(f, in, q);
	}
	return result;
}

/* ---- reassembly --------------------------------------------------------------------------------- */

#define CONTRADICTION	0xff

/* Returns the bits to set in the ECN field of the first fragment (RFC 3168, 5.3). */
static uint8_t merged_ecn(uint8_t seen)
{
	if (seen & NOT_ECT && seen != NOT_ECT)
		return CONTRADICTION;
	return seen & CE && seen != CE ? 3 : 0;
}

static void replace16(uint8_t *ip, unsigned int at, uint16_t value)
{
	const uint16_t old = rv_be16(ip + at);

	rv_put_be16(ip + at, value);
	rv_csum_replace(ip + 10, old, value);
}

/*
 * Completes the IPv4 header. Keeps DF if the largest fragment had it, so that fragments on the rest
 * of the path are not larger.
 */
static void finish_v4(const struct queue *q, uint8_t *ip, uint8_t ecn)
{
	replace16(ip, 0, rv_be16(ip) | ecn);
	replace16(ip, 2, (uint16_t)(q->head_len + q->end));
	replace16(ip, 6, q->max_dont == q->max ? IPV4_DONT << 8 : 0);
}

static void finish_v6(const struct queue *q, uint8_t *ip, uint8_t ecn)
{
	ip[1] |= (uint8_t)(ecn << 4);
	rv_put_be16(ip + 4, (uint16_t)(q->head_len - 40 + q->end));
	ip[q->next_at] = q->proto;
}

static enum rv_frag assemble(struct rv_frags *f, const struct queue *q, struct rv_frag_packet *whole)
{
	const bool v4 = (q->key[9] & 0xff) == NFPROTO_IPV4;
	const uint8_t ecn = merged_ecn(q->ecn);
	uint32_t captured = q->end;

	if (q->head_len - (v4 ? 0 : 40) + q->end > LONGEST)
		return RV_FRAG_LONG;
	if (ecn == CONTRADICTION)
		return RV_FRAG_ECN;
	memcpy(f->packet, q->head, q->head_len);
	for (const struct piece *piece = q->pieces; piece; piece = piece->next) {
		memcpy(f->packet + q->head_len + piece->off, piece->bytes, piece->captured);
		if (piece->captured < piece->len && captured > piece->off + piece->captured)
			captured = piece->off + piece->captured;
	}
	(v4 ? finish_v4 : finish_v6)(q, f->packet, ecn);
	*whole = (struct rv_frag_packet){ .bytes = f->packet, .len = q->head_len + captured,
					  .whole = q->head_len + q->end, .fragment_max = q->max };
	return RV_FRAG_WHOLE;
}

enum rv_frag rv_frags_add(struct rv_frags *f, const struct rv_frag_packet *in, uint64_t now,
			  struct rv_frag_packet *whole)
{
	struct family *family;
	enum rv_frag result;
	struct queue *q;
	struct part p;

	if (!parse(&p, in))
		return RV_FRAG_NONE;
	if (is_tiny(&p))
		return RV_FRAG_TINY;
	family = family_of(f, p.family);
	drop_old(f, family, now);
	q = find(f, &p);
	if (!q)
		q = queue_new(f, family, &p, now);
	if (!q)
		return RV_FRAG_MEMORY;
	result = add(f, family, q, &p);
	if (result != RV_FRAG_KEPT || !q->last || q->received != q->end)
		return result;
	result = assemble(f, q, whole);
	if (result == RV_FRAG_WHOLE)
		f->lost -= q->npieces;
	queue_free(f, family, q);
	return result;
}

struct rv_frags *rv_frags_new(void)
{
	struct rv_frags *f = rv_alloc(sizeof(*f), false);

	if (!f)
		return NULL;
	f->families[0].life = RV_FRAGS_LIFE_V4;
	f->families[1].life = RV_FRAGS_LIFE_V6;
	for (unsigned int i = 0; i < 2; i++)
		f->hash_key[i] = (uint64_t)rv_random() << 32 | rv_random();
	return f;
}

void rv_frags_free(struct rv_frags *f)
{
	if (!f)
		return;
	for (unsigned int i = 0; i < 2; i++)
		while (f->families[i].oldest)
			queue_free(f, &f->families[i], f->families[i].oldest);
	rv_free(f);
}

uint64_t rv_frags_lost(const struct rv_frags *f)
{
	return f->lost;
}

uint64_t rv_frags_memory(const struct rv_frags *f, uint8_t family)
{
	return f->families[family != NFPROTO_IPV4].memory;
}
