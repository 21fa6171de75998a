/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Updates connections for packets: states, ICMP errors, confirmation, accounting. */
#include "ct.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>

#define MINUTES	* 60
#define DAYS	* 24 * 60 MINUTES

/* Defaults of Linux 6.18 (Documentation/networking/nf_conntrack-sysctl.rst). */
const struct rv_ct_config rv_ct_defaults = {
	.max = 262144,
	.buckets = 65536,
	.timeouts = {
		[TCP_CONNTRACK_SYN_SENT] = 2 MINUTES,
		[TCP_CONNTRACK_SYN_RECV] = 60,
		[TCP_CONNTRACK_ESTABLISHED] = 5 DAYS,
		[TCP_CONNTRACK_FIN_WAIT] = 2 MINUTES,
		[TCP_CONNTRACK_CLOSE_WAIT] = 60,
		[TCP_CONNTRACK_LAST_ACK] = 30,
		[TCP_CONNTRACK_TIME_WAIT] = 2 MINUTES,
		[TCP_CONNTRACK_CLOSE] = 10,
		[TCP_CONNTRACK_SYN_SENT2] = 2 MINUTES,
		[TCP_CONNTRACK_RETRANS] = 5 MINUTES,
		[TCP_CONNTRACK_UNACK] = 5 MINUTES,
		[RV_CT_UDP] = 30,
		[RV_CT_UDP_STREAM] = 2 MINUTES,
		[RV_CT_ICMP] = 30,
		[RV_CT_ICMPV6] = 30,
		[RV_CT_GRE] = 30,
		[RV_CT_GRE_STREAM] = 3 MINUTES,
		[RV_CT_DCCP] = 10 MINUTES,
		[RV_CT_GENERIC] = 10 MINUTES,
	},
	.tcp_max_retrans = 3,
	.tcp_loose = true,
	.checksum = true,
};

const char *rv_ct_why_name(enum rvk_ct_why why)
{
	static const char *const names[RVK_CT_WHYS] = {
		[RVK_CT_VALID] = "valid",
		[RVK_CT_FRAGMENT] = "fragment",
		[RVK_CT_SHORT] = "truncated header",
		[RVK_CT_LENGTH] = "wrong length",
		[RVK_CT_CHECKSUM] = "wrong checksum",
		[RVK_CT_FLAGS] = "impossible TCP flags",
		[RVK_CT_TYPE] = "ICMP type without connection",
		[RVK_CT_QUOTE] = "malformed packet quoted",
		[RVK_CT_UNRELATED] = "error for an unknown connection",
		[RVK_CT_OUTER] = "error sent to another host",
		[RVK_CT_STATE] = "not allowed in this TCP state",
		[RVK_CT_NOT_SYN] = "does not start a TCP connection",
		[RVK_CT_SEQ] = "sequence number above the window",
		[RVK_CT_ACK] = "acknowledges data not sent",
		[RVK_CT_RST] = "RST below the window",
	};

	return names[why];
}

/* ---- accounting ------------------------------------------ */

/* Counts the packet. Several CPUs may process packets of one connection at the same time. */
void rv_ct_account(const struct rv_ct_step *s)
{
	const enum rv_ct_dir dir = rv_ct_dir(s->info);

	if (!s->ct->config.acct)
		return;
	__atomic_fetch_add(&s->conn->packets[dir], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&s->conn->bytes[dir], s->pkt->len, __ATOMIC_RELAXED);
}

void rv_ct_refresh(const struct rv_ct_step *s, uint32_t seconds)
{
	const uint32_t status = rv_conn_status(s->conn);
	uint64_t expires = seconds * RV_SECOND;

	if (status & IPS_CONFIRMED)
		expires += s->now;
	if (!(status & IPS_FIXED_TIMEOUT))
		rv_set_relaxed(s->conn->expires, expires);
	rv_ct_account(s);
}

/* ---- zones ------------------------------------------ */

static uint16_t zone_in(const struct rv_track *track, enum rv_ct_dir dir)
{
	return track->zone_dirs >> dir & 1 ? track->zone : 0;
}

static void set_zone(struct rv_tuple *t, uint16_t zone)
{
	t->kind = (t->kind & 0xffff) | (uint32_t)zone << 16;
}

/*
 * Looks up the tuple with the packet's zone. If the zone applies to one direction only, looks for
 * the other direction without it.
 */
static struct rv_conn *find_in_zone(const struct rv_ct_step *s, struct rv_tuple *t, enum rv_ct_dir *dir)
{
	const struct rv_track *track = &s->pkt->track;
	const uint16_t original = zone_in(track, RV_CT_ORIGINAL), reply = zone_in(track, RV_CT_REPLY);
	struct rv_conn *c;

	set_zone(t, original);
	c = rv_ct_find(s->ct, t, 1 << RV_CT_ORIGINAL | (original == reply) << RV_CT_REPLY, dir);
	if (c || original == reply)
		return c;
	set_zone(t, reply);
	c = rv_ct_find(s->ct, t, 1 << RV_CT_REPLY, dir);
	set_zone(t, original);
	return c;
}

/* ---- connections ------------------------------------------ */

static struct rv_conn *new_conn(struct rv_ct_step *s, struct rv_tuple *t, struct rv_tuple *reply)
{
	const struct rv_track *track = &s->pkt->track;
	struct rv_conn *c;

	set_zone(t, zone_in(track, RV_CT_ORIGINAL));
	set_zone(reply, zone_in(track, RV_CT_REPLY));
	c = rv_conn_new(s->ct, t, reply);
	if (!c)
		return NULL;
	c->zone = track->zone;
	c->zone_dirs = track->zone_dirs;
	return c;
}

static uint8_t info_of(const struct rv_conn *c, enum rv_ct_dir dir)
{
	const uint32_t status = rv_conn_status(c);

	if (dir == RV_CT_REPLY)
		return IP_CT_ESTABLISHED_REPLY;
	if (status & IPS_SEEN_REPLY)
		return IP_CT_ESTABLISHED;
	return status & IPS_EXPECTED ? IP_CT_RELATED : IP_CT_NEW;
}

static enum rv_ct_verdict invalid(struct rv_ct_step *s, enum rvk_ct_why why)
{
	s->why = why;
	return RV_CT_INVALID;
}

/* Finds or creates s->conn. */
static enum rv_ct_verdict resolve(struct rv_ct_step *s)
{
	enum rv_ct_dir dir = RV_CT_ORIGINAL;
	struct rv_tuple t, reply;
	enum rvk_ct_why why = rv_tuple_of(s->pkt, &t);

	if (why)
		return invalid(s, why);
	s->conn = find_in_zone(s, &t, &dir);
	if (s->conn) {
		rv_ct_count_one(s->ct, found);
	} else {
		if (!rv_tuple_invert(&t, &reply))
			return invalid(s, RVK_CT_TYPE);
		s->conn = new_conn(s, &t, &reply);
		dir = RV_CT_ORIGINAL;
	}
	if (!s->conn)
		return RV_CT_DROP;
	s->info = info_of(s->conn, dir);
	return RV_CT_PASS;
}

/* Handles protocols without states: after a reply, the timeout for streams applies. */
static enum rv_ct_verdict plain_packet(struct rv_ct_step *s, const struct rv_ct_proto *row)
{
	const bool replied = rv_conn_status(s->conn) & IPS_SEEN_REPLY;

	rv_ct_refresh(s, s->ct->config.timeouts[replied ? row->stream : row->timeout]);
	if (replied && row->stream != row->timeout)
		rv_conn_set(s->conn, IPS_ASSURED);
	return RV_CT_PASS;
}

static enum rv_ct_verdict pass_once(struct rv_ct_step *s, const struct rv_ct_proto *row)
{
	enum rv_ct_verdict verdict = resolve(s);

	if (verdict == RV_CT_PASS)
		verdict = row->packet ? row->packet(s, row) : plain_packet(s, row);
	if (verdict != RV_CT_PASS && s->conn) {
		rv_conn_put(s->ct, s->conn);
		s->conn = NULL;
	}
	return verdict;
}

/* ---- ICMP errors ------------------------------------------ */

/* Returns the offset of the packet that an ICMP message quotes, or 0 if it quotes none. */
static uint32_t quote_of(const struct rv_pkt *pkt, const uint8_t *h)
{
	static const uint8_t errors[] = { ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH, ICMP_REDIRECT,
					  ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB };

	if (pkt->family == NFPROTO_IPV6)
		return h[0] < 128 ? pkt->thoff + 8 : 0;
	for (unsigned int i = 0; i < sizeof(errors); i++)
		if (h[0] == errors[i])
			return pkt->thoff + 8;
	return 0;
}

#define REDIRECT	137	/* RFC 4861, 4.5: target and destination, then options */
#define REDIRECT_LEN	40
#define REDIRECTED	4	/* RFC 4861, 4.6.3: option with the packet, after 8 bytes */

static uint32_t redirect_quote(const struct rv_pkt *pkt)
{
	uint8_t buf[2];
	const uint8_t *option = rv_pkt_pull(pkt, pkt->thoff + REDIRECT_LEN, sizeof(buf), buf);

	return option && option[0] == REDIRECTED && option[1] ? pkt->thoff + REDIRECT_LEN + 8 : 0;
}

/*
 * Makes an ICMP error RELATED to the connection of the packet that it quotes. The error must be
 * addressed to the sender of that packet, possibly as translated by NAT.
 */
static enum rv_ct_verdict relate(struct rv_ct_step *s, uint32_t quote)
{
	const unsigned int len = rv_addr_len(s->pkt->family);
	enum rv_ct_dir dir = RV_CT_ORIGINAL;
	struct rv_tuple t, inner, end;
	struct rv_pkt quoted;

	if (rv_tuple_quoted(s->pkt, quote, &inner, &quoted) || !rv_tuple_invert(&inner, &t))
		return invalid(s, RVK_CT_QUOTE);
	s->conn = find_in_zone(s, &t, &dir);
	if (!s->conn)
		return invalid(s, RVK_CT_UNRELATED);
	end = rv_conn_tuple(s->conn, dir);
	if (memcmp(rv_pkt_addr(s->pkt, true), end.dst, len)) {
		rv_conn_put(s->ct, s->conn);
		s->conn = NULL;
		return invalid(s, RVK_CT_OUTER);
	}
	s->info = dir == RV_CT_REPLY ? IP_CT_RELATED_REPLY : IP_CT_RELATED;
	return RV_CT_PASS;
}

/*
 * Returns whether messages of this type stay on the link: multicast listener discovery (RFC 2710,
 * 3810), neighbour discovery except redirects (RFC 4861), multicast router discovery (RFC 4286).
 */
static bool is_local_icmpv6(uint8_t type)
{
	return (type >= 130 && type <= 136) || type == 143 || type == 151 || type == 152;
}

/* Handles ICMP messages that create no connection. Returns false for all other packets. */
static bool special_icmp(struct rv_ct_step *s, enum rv_ct_verdict *verdict)
{
	const struct rv_pkt *pkt = s->pkt;
	uint8_t buf[8];
	const uint8_t *h = rv_pkt_pull(pkt, pkt->thoff, sizeof(buf), buf);
	uint32_t quote;

	*verdict = RV_CT_PASS;
	if (!h)
		return false;
	if (pkt->family == NFPROTO_IPV6 && is_local_icmpv6(h[0])) {
		s->info = RV_CT_UNTRACKED;
		return true;
	}
	if (pkt->family == NFPROTO_IPV6 && h[0] == REDIRECT)
		quote = redirect_quote(pkt);
	else
		quote = quote_of(pkt, h);
	if (!quote)
		return false;
	*verdict = relate(s, quote);
	return true;
}

/* ---- packets ------------------------------------------ */

static bool is_icmp(const struct rv_pkt *pkt)
{
	return pkt->proto == (pkt->family == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

static enum rv_ct_verdict pass(struct rv_ct_step *s)
{
	const struct rv_ct_proto *row = rv_ct_proto(s->pkt->family, s->pkt->proto);
	enum rv_ct_verdict verdict;
	enum rvk_ct_why why;
	uint8_t buf[64];

	if (s->pkt->fragment)
		return invalid(s, RVK_CT_FRAGMENT);
	if (s->pkt->proto == RV_PROTO_NONE ||
	    (row->header && !rv_pkt_pull(s->pkt, s->pkt->thoff, row->header, buf)))
		return invalid(s, RVK_CT_SHORT);
	why = row->check ? row->check(s->ct, s->pkt) : RVK_CT_VALID;
	if (why)
		return invalid(s, why);
	if (is_icmp(s->pkt) && special_icmp(s, &verdict))
		return verdict;
	do {
		verdict = pass_once(s, row);
	} while (verdict == RV_CT_AGAIN);
	return verdict;
}

unsigned int rv_ct_in(struct rv_ct *ct, struct rv_pkt *pkt)
{
	struct rv_ct_step s = { .ct = ct, .pkt = pkt, .now = rv_ct_now() };
	enum rv_ct_verdict verdict;

	/* A packet that this host sent to itself still has its connection. */
	if (pkt->track.conn || pkt->track.info == RV_CT_UNTRACKED)
		return NF_ACCEPT;
	if (pkt->track.zone_is_mark)
		pkt->track.zone = (uint16_t)pkt->mark;
	verdict = pass(&s);
	pkt->track.why = s.why;
	if (verdict == RV_CT_INVALID) {
		rv_ct_count_one(ct, invalid[s.why]);
		return NF_ACCEPT;
	}
	if (verdict == RV_CT_DROP) {
		rv_ct_count_one(ct, drop);
		return NF_DROP;
	}
	pkt->track.conn = s.conn;
	pkt->track.info = s.info;
	if (s.conn && s.info == IP_CT_ESTABLISHED_REPLY)
		rv_conn_set(s.conn, IPS_SEEN_REPLY);
	return NF_ACCEPT;
}

/* Moves the packet to the connection that was inserted first. */
static void join(struct rv_ct *ct, struct rv_pkt *pkt, struct rv_conn *winner)
{
	const struct rv_tuple mine = rv_conn_tuple(pkt->track.conn, RV_CT_ORIGINAL);
	const struct rv_tuple theirs = rv_conn_tuple(winner, RV_CT_ORIGINAL);
	const enum rv_ct_dir dir = memcmp(&mine, &theirs, sizeof(mine)) ? RV_CT_REPLY : RV_CT_ORIGINAL;

	for (unsigned int i = 0; i < RV_CT_DIRS; i++) {
		const unsigned int to = dir == RV_CT_REPLY ? !i : i;

		__atomic_fetch_add(&winner->packets[to], pkt->track.conn->packets[i], __ATOMIC_RELAXED);
		__atomic_fetch_add(&winner->bytes[to], pkt->track.conn->bytes[i], __ATOMIC_RELAXED);
	}
	rv_conn_put(ct, pkt->track.conn);
	pkt->track.conn = winner;
	pkt->track.info = info_of(winner, dir);
	rv_ct_count_one(ct, clash);
}

/*
 * Returns whether a packet may join an equal connection that was inserted before its own: both
 * hosts sent first, or two packets of one host raced. Not for TCP: its state would be lost.
 */
static bool may_join(const struct rv_conn *c)
{
	const struct rv_tuple t = rv_conn_tuple(c, RV_CT_ORIGINAL);

	return rv_tuple_proto(&t) != IPPROTO_TCP;
}

unsigned int rv_ct_out(struct rv_ct *ct, struct rv_pkt *pkt)
{
	struct rv_conn *c = pkt->track.conn, *winner = NULL;

	if (!c || rv_ct_dir(pkt->track.info) == RV_CT_REPLY || rv_conn_confirmed(c))
		return NF_ACCEPT;
	switch (rv_ct_confirm(ct, c, &winner)) {
	case RV_CONFIRMED:
		return NF_ACCEPT;
	case RV_CONFIRM_CLASH:
		if (may_join(c)) {
			join(ct, pkt, winner);
			return NF_ACCEPT;
		}
		rv_conn_put(ct, winner);
		rv_ct_count_one(ct, insert_failed);
		return NF_DROP;
	default:
		return NF_DROP;
	}
}

void rv_ct_leave(struct rv_ct *ct, struct rv_pkt *pkt)
{
	if (pkt->track.conn)
		rv_conn_put(ct, pkt->track.conn);
	pkt->track = (struct rv_track){ 0 };
}
