/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracks connections of a capture: earlier packets determine the state of a connection, as far as
 * addresses, ports and directions do. Nothing times out.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/xt_conntrack.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "cli/explain/cli.h"
#include "cli/explain/walk.h"

struct tuple {
	uint8_t src[16], dst[16];
	uint16_t sport, dport;		/* ICMP: both are the identifier */
	uint8_t proto, family;
	uint8_t pad[2];
};

struct track {
	struct tuple opened;
	bool used, replied;
};

struct rv_tracks {
	size_t n, room;			/* room: a power of two */
	struct track *list;
};

struct rv_tracks *rv_tracks_new(void)
{
	struct rv_tracks *t = calloc(1, sizeof(*t));

	if (t) {
		t->room = 1024;
		t->list = calloc(t->room, sizeof(*t->list));
	}
	if (t && !t->list) {
		free(t);
		return NULL;
	}
	return t;
}

void rv_tracks_free(struct rv_tracks *t)
{
	if (t)
		free(t->list);
	free(t);
}

/* FNV-1a. */
static size_t hash(const struct tuple *t)
{
	const uint8_t *bytes = (const uint8_t *)t;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < sizeof(*t); i++)
		h = (h ^ bytes[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

/* Its slot, or the empty one for it. */
static struct track *find(const struct track *list, size_t room, const struct tuple *tuple)
{
	size_t at = hash(tuple) & (room - 1);

	while (list[at].used && memcmp(&list[at].opened, tuple, sizeof(*tuple)) != 0)
		at = (at + 1) & (room - 1);
	return (struct track *)&list[at];
}

static bool grow(struct rv_tracks *t)
{
	struct track *list;

	if (t->n < t->room / 2)
		return true;
	list = calloc(2 * t->room, sizeof(*list));
	if (!list)
		return false;
	for (size_t i = 0; i < t->room; i++)
		if (t->list[i].used)
			*find(list, 2 * t->room, &t->list[i].opened) = t->list[i];
	free(t->list);
	t->list = list;
	t->room *= 2;
	return true;
}

static struct tuple turned(const struct tuple *t)
{
	struct tuple back = *t;

	memcpy(back.src, t->dst, sizeof(back.src));
	memcpy(back.dst, t->src, sizeof(back.dst));
	back.sport = t->dport;
	back.dport = t->sport;
	return back;
}

static bool read_tuple(struct tuple *t, const uint8_t *bytes, uint32_t len, struct rv_user_packet *p)
{
	uint32_t at;

	memset(t, 0, sizeof(*t));
	memset(p, 0, sizeof(*p));
	if (!len || rv_user_packet_init(p, (void *)bytes, len, len) || p->pkt.proto > 255)
		return false;
	memcpy(t->src, rv_packet_address((uint8_t *)bytes, false), rv_packet_address_len(bytes));
	memcpy(t->dst, rv_packet_address((uint8_t *)bytes, true), rv_packet_address_len(bytes));
	t->proto = (uint8_t)p->pkt.proto;
	t->family = p->pkt.family;
	at = rv_packet_ports(bytes, len);
	if (at) {
		memcpy(&t->sport, bytes + at, 2);
		memcpy(&t->dport, bytes + at + 2, 2);
	} else if ((t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6) && p->pkt.thoff + 8 <= len) {
		memcpy(&t->sport, bytes + p->pkt.thoff + 4, 2);
		t->dport = t->sport;
	}
	return true;
}

/* ICMP errors contain the packet that they are about. */
static uint32_t carried_at(const struct rv_user_packet *p, uint32_t len)
{
	const uint8_t *icmp = p->bytes + p->pkt.thoff;

	if (p->pkt.fragoff || p->pkt.thoff + 8 >= len)
		return 0;
	if (p->pkt.proto == IPPROTO_ICMP)
		return icmp[0] == ICMP_DEST_UNREACH || icmp[0] == ICMP_TIME_EXCEEDED || icmp[0] == ICMP_PARAMETERPROB
			       ? p->pkt.thoff + 8 : 0;
	return p->pkt.proto == IPPROTO_ICMPV6 && icmp[0] < 128 ? p->pkt.thoff + 8 : 0;
}

static uint16_t related(const struct rv_tracks *t, const uint8_t *bytes, uint32_t len)
{
	struct rv_user_packet p;
	struct tuple tuple, back;

	if (!read_tuple(&tuple, bytes, len, &p))
		return XT_CONNTRACK_STATE_INVALID;
	back = turned(&tuple);
	if (find(t->list, t->room, &tuple)->used || find(t->list, t->room, &back)->used)
		return XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
	return XT_CONNTRACK_STATE_INVALID;
}

uint16_t rv_tracks_state(struct rv_tracks *t, const uint8_t *bytes, uint32_t len)
{
	struct rv_user_packet p;
	struct tuple tuple, back;
	struct track *track;
	uint16_t state;

	if (!read_tuple(&tuple, bytes, len, &p) || p.pkt.fragoff)
		return 0;
	if (carried_at(&p, len))
		return related(t, bytes + carried_at(&p, len), len - carried_at(&p, len));
	back = turned(&tuple);
	track = find(t->list, t->room, &back);
	/* The tuple of an echo request is the inverted tuple of its reply. */
	if (track->used && memcmp(&tuple, &back, sizeof(back)) != 0) {
		track->replied = true;
		return XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED);
	}
	track = find(t->list, t->room, &tuple);
	if (track->used)
		return XT_CONNTRACK_STATE_BIT(track->replied ? IP_CT_ESTABLISHED : IP_CT_NEW);
	state = rv_walk_first_state(bytes, len);
	if (!(state & XT_CONNTRACK_STATE_BIT(IP_CT_NEW)) || !grow(t))
		return state;
	track = find(t->list, t->room, &tuple);
	*track = (struct track){ .opened = tuple, .used = true };
	t->n++;
	return state;
}
