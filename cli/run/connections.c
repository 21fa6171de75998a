/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin run --conntrack: tracks the packets, and describes them and the connections at the end. */
#include <stdlib.h>
#include <string.h>

#include "cli/run/run.h"
#include "kernel/engine/ct.h"

/* buckets examined per packet for expired connections */
#define GC_BUCKETS 8

int rv_run_track_start(struct rv_engine *e)
{
	struct rv_ct_config config = rv_ct_defaults;

	/* Captures contain checksums that the network card had yet to complete. */
	config.checksum = false;
	config.acct = true;
	return rv_engine_track(e, &config);
}

bool rv_run_track(struct rv_engine *e, struct rv_pkt *pkt, struct rv_run_tracked *t)
{
	struct rv_ct *ct = rv_engine_ct(e);
	bool passed;

	/* NOTRACK, or another path of the packet has tracked it. */
	if (pkt->track.info == RV_CT_UNTRACKED && !pkt->track.conn) {
		t->state = t->known ? t->state : "UNTRACKED";
		return true;
	}
	if (t->known) {
		pkt->track = t->track;
		return !t->full;
	}
	rv_ct_gc(ct, GC_BUCKETS);
	passed = rv_ct_in(ct, pkt) == NF_ACCEPT;
	t->known = true;
	t->full = !passed;
	t->track = pkt->track;
	return passed;
}

static const char *state_name(uint8_t info)
{
	static const char *const names[] = { "ESTABLISHED", "RELATED", "NEW" };

	return names[info % IP_CT_IS_REPLY];
}

static void describe(struct rv_run_tracked *t)
{
	const struct rv_conn *c = t->track.conn;

	if (!t->known)
		return;
	if (!c) {
		t->state = t->full ? "dropped" : t->track.info == RV_CT_UNTRACKED ? "UNTRACKED" : "INVALID";
		t->why = t->full ? "the table is full" : rv_ct_why_name(t->track.why);
		return;
	}
	t->state = state_name(t->track.info);
	t->direction = rv_ct_dir(t->track.info) == RV_CT_REPLY ? "reply" : "original";
	t->number = c->serial;
	t->proto_state = rv_conn_state_name(c);
}

/* A packet that may have been accepted enters its connection into the table. */
void rv_run_track_end(struct rv_engine *e, struct rv_pkt *pkt, struct rv_run_tracked *t,
		      enum rv_run_fate fate)
{
	describe(t);
	if (!t->known)
		return;
	pkt->track = t->track;
	if (fate == RV_RUN_ACCEPTED || fate == RV_RUN_QUEUED || fate == RV_RUN_OPEN)
		rv_ct_out(rv_engine_ct(e), pkt);
	rv_ct_leave(rv_engine_ct(e), pkt);
}

/* ---- the table at the end ------------------------------------------------------------------ */

struct list {
	struct rv_ct *ct;
	struct rv_run_connection *items;
	size_t n, room;
};

static void copy_end(struct rv_run_connection *to, const struct rv_conn *c, enum rv_ct_dir dir)
{
	const struct rv_tuple t = rv_conn_tuple(c, dir);
	struct rv_run_end *end = &to->ends[dir];

	memcpy(&end->src, t.src, sizeof(end->src));
	memcpy(&end->dst, t.dst, sizeof(end->dst));
	memcpy(end->ids, t.ids, sizeof(end->ids));
	end->packets = c->packets[dir];
	end->bytes = c->bytes[dir];
}

static int add_connection(struct rv_conn *c, void *arg)
{
	struct list *l = arg;
	const struct rv_tuple t = rv_conn_tuple(c, RV_CT_ORIGINAL);
	struct rv_run_connection *to;

	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 64;

		to = reallocarray(l->items, room, sizeof(*to));
		if (!to)
			return -1;
		l->items = to;
		l->room = room;
	}
	to = &l->items[l->n++];
	*to = (struct rv_run_connection){
		.number = c->serial, .family = rv_tuple_family(&t), .proto = rv_tuple_proto(&t),
		.seconds = (uint32_t)((c->expires - rv_ct_now()) / RV_SECOND),
		.status = c->status, .mark = c->mark, .zone = c->zone, .zone_dirs = c->zone_dirs,
	};
	to->proto_name = rv_ct_proto(to->family, to->proto)->name;
	to->proto_state = rv_conn_state_name(c);
	copy_end(to, c, RV_CT_ORIGINAL);
	copy_end(to, c, RV_CT_REPLY);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct rv_run_connection *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

int rv_run_connections(struct rv_engine *e, struct rv_run_connection **connections, size_t *n)
{
	struct list l = { .ct = rv_engine_ct(e) };

	if (rv_ct_each(l.ct, add_connection, &l)) {
		free(l.items);
		return -1;
	}
	if (l.n)
		qsort(l.items, l.n, sizeof(*l.items), compare);
	*connections = l.items;
	*n = l.n;
	return 0;
}

static unsigned int be16(const uint8_t *p)
{
	return (unsigned int)(p[0] << 8 | p[1]);
}

static void add_end(struct rv_buf *b, const struct rv_run_connection *c, enum rv_ct_dir dir)
{
	const struct rv_run_end *end = &c->ends[dir];

	rv_buf_puts(b, " src=");
	rv_print_address(b, c->family, &end->src);
	rv_buf_puts(b, " dst=");
	rv_print_address(b, c->family, &end->dst);
	if (c->proto == IPPROTO_ICMP || c->proto == IPPROTO_ICMPV6)
		rv_buf_printf(b, " type=%u code=%u id=%u", end->ids[2], end->ids[3], be16(end->ids));
	else if (rv_has_ports(c->proto))
		rv_buf_printf(b, " sport=%u dport=%u", be16(end->ids), be16(end->ids + 2));
	else if (c->proto == IPPROTO_GRE)
		rv_buf_printf(b, " srckey=0x%x dstkey=0x%x", be16(end->ids), be16(end->ids + 2));
	if (c->zone && c->zone_dirs == 1 << dir)
		rv_buf_printf(b, " zone-%s=%u", dir == RV_CT_REPLY ? "reply" : "orig", c->zone);
	rv_buf_printf(b, " packets=%llu bytes=%llu", (unsigned long long)end->packets,
		      (unsigned long long)end->bytes);
}

/* Like conntrack(8) -L. */
void rv_run_connection(struct rv_buf *b, const struct rv_run_connection *c)
{
	rv_buf_printf(b, "%-8s %u %u", c->proto_name, c->proto, c->seconds);
	if (c->proto_state)
		rv_buf_printf(b, " %s", c->proto_state);
	add_end(b, c, RV_CT_ORIGINAL);
	if (!(c->status & IPS_SEEN_REPLY))
		rv_buf_puts(b, " [UNREPLIED]");
	add_end(b, c, RV_CT_REPLY);
	if (c->status & IPS_ASSURED)
		rv_buf_puts(b, " [ASSURED]");
	rv_buf_printf(b, " mark=%u", c->mark);
	if (c->zone && c->zone_dirs == 3)
		rv_buf_printf(b, " zone=%u", c->zone);
	rv_buf_puts(b, " use=1");
}
