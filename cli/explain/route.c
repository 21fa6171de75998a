/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a packet comes from and goes to: as given, or by this host's routes. */
#include <stdio.h>
#include <string.h>

#include <linux/netfilter/xt_conntrack.h>
#include <linux/rtnetlink.h>

#include "cli/explain/walk.h"

static const char loopback[16] = "lo";

static unsigned int address_len(const struct rv_walk *w)
{
	return rv_family(w->q->family)->address_len;
}

static uint8_t *address(const struct rv_walk *w, bool dst)
{
	return rv_packet_address((uint8_t *)w->way->bytes.data, dst);
}

/* ---- addresses of the host --------------------------------------------------------------------------- */

static bool is_in(const union nf_inet_addr *list, unsigned int n, const uint8_t *addr, unsigned int len)
{
	for (unsigned int i = 0; i < n; i++)
		if (!memcmp(&list[i], addr, len))
			return true;
	return false;
}

static bool is_loopback(const struct rv_walk *w, const uint8_t *addr)
{
	static const uint8_t one[16] = { [15] = 1 };

	return address_len(w) == 4 ? addr[0] == 127 : !memcmp(addr, one, 16);
}

bool rv_walk_is_local(const struct rv_walk *w, const uint8_t *addr)
{
	const unsigned int v6 = rv_family_index(w->q->family);

	if (is_loopback(w, addr) || is_in(w->q->locals, w->q->nlocal, addr, address_len(w)))
		return true;
	return w->host && is_in(w->e->host[v6], w->e->nhost[v6], addr, address_len(w));
}

/* The result of -m addrtype; open if the host's addresses are unknown. */
enum rv_answer rv_walk_local(void *arg, const struct rv_pkt *pkt, bool dst)
{
	const struct rv_walk *w = arg;
	const uint8_t *addr = rv_packet_address((uint8_t *)pkt->data, dst);

	if (rv_walk_is_local(w, addr))
		return RV_ANSWER_YES;
	if (w->q->local && dst == !w->local_out &&
	    !memcmp(addr, rv_packet_address(w->start, dst), address_len(w)))
		return RV_ANSWER_YES;
	return w->host || w->q->nlocal ? RV_ANSWER_NO : RV_ANSWER_OPEN;
}

/* Broadcast and multicast are for this host too. */
static bool is_for_all(const struct rv_walk *w, const uint8_t *addr)
{
	static const uint8_t ones[4] = { 0xff, 0xff, 0xff, 0xff };

	if (address_len(w) == 16)
		return addr[0] == 0xff;
	return addr[0] >> 4 == 0xe || !memcmp(addr, ones, 4);
}

/* ---- the beginning ------------------------------------------------------------------------------------ */

static int ask_route(struct rv_walk *w, const uint8_t *src, const uint8_t *dst, const char *in,
		     uint32_t mark, struct rv_host_route *route)
{
	const uint8_t *bytes = w->way ? (const uint8_t *)w->way->bytes.data : w->start;
	const uint32_t at = rv_packet_ports(bytes, (uint32_t)w->q->bytes.len);
	struct rv_host_query q = {
		.family = w->q->family, .src = src, .dst = dst, .in = in, .mark = mark,
		.out = !in && w->q->out[0] ? w->q->out : NULL,
		.tos = w->q->family == NFPROTO_IPV4 ? bytes[1] : 0,
	};

	if (at) {
		q.proto = w->q->family == NFPROTO_IPV4 ? bytes[9] : bytes[6];
		memcpy(&q.sport, bytes + at, 2);
		memcpy(&q.dport, bytes + at + 2, 2);
	}
	return rv_host_route(&q, route, w->err);
}

/* The input interface is assumed to be that of the route to the source. */
static int find_in(struct rv_walk *w)
{
	struct rv_host_route route;

	if (ask_route(w, NULL, rv_packet_address(w->start, false), NULL, 0, &route))
		return -1;
	if (route.type != RTN_UNICAST || !route.out[0])
		return rv_fail(w->err, RV_ERR_USAGE, NULL, "no route to the packet's source: specify the "
			       "input interface with -i NAME");
	memcpy(w->in, route.out, sizeof(w->in));
	rv_walk_note(&w->x->notes, "no -i was given: %s is assumed, the interface of the route to the source", w->in);
	return 0;
}

/*
 * Finds the output interface, and the source address if not given, of a packet sent by this host.
 */
static int find_out(struct rv_walk *w)
{
	uint8_t *src = rv_packet_address(w->start, false), *dst = rv_packet_address(w->start, true);
	const bool chosen = w->q->chosen & RV_CHOSEN_SRC;
	struct rv_host_route route;

	w->local_out = true;
	if (ask_route(w, chosen ? NULL : src, dst, NULL, w->q->mark, &route))
		return -1;
	memcpy(w->out, route.type == RTN_LOCAL ? loopback : route.out, sizeof(w->out));
	if (chosen && route.has_source) {
		memcpy(src, &route.source, address_len(w));
		w->q->chosen &= ~(unsigned int)RV_CHOSEN_SRC;
	}
	memcpy(w->routed.src, src, address_len(w));
	memcpy(w->routed.dst, dst, address_len(w));
	w->routed.mark = w->q->mark;
	if (!w->out[0])
		return rv_fail(w->err, RV_ERR_PROBLEM, NULL, "this host has no route to the packet's destination");
	return 0;
}

/* Derives the direction from the packet's addresses and those of this host. */
static int aim_by_host(struct rv_walk *w)
{
	const uint8_t *src = rv_packet_address(w->start, false), *dst = rv_packet_address(w->start, true);

	if (w->in[0])
		return 0;
	if (w->out[0] || (!(w->q->chosen & RV_CHOSEN_SRC) && rv_walk_is_local(w, src)))
		return find_out(w);
	if (!(w->q->chosen & RV_CHOSEN_SRC))
		return find_in(w);
	if (!rv_walk_is_local(w, dst) || is_loopback(w, dst))
		return find_out(w);
	return 0;
}

static int aim_as_said(struct rv_walk *w)
{
	const uint8_t *src = rv_packet_address(w->start, false);

	if (w->in[0])
		return 0;
	if (w->out[0] || (w->q->nlocal && rv_walk_is_local(w, src)))
		w->local_out = true;
	else if (!w->q->nlocal && !w->q->local)
		return rv_fail(w->err, RV_ERR_USAGE, NULL, "the path of the packet is not given; use -i NAME (received on "
			       "this interface), -o NAME (sent on this one; both: forwarded) or "
			       "--local ADDRESS,... (addresses of the host)");
	if (w->local_out && !w->out[0] && rv_walk_is_local(w, rv_packet_address(w->start, true)))
		memcpy(w->out, loopback, sizeof(w->out));
	return 0;
}

/* ---- its connection ------------------------------------------------------------------------------------ */

static void find_state(struct rv_walk *w)
{
	static const struct rv_state_source given = { "given", "given" },
		capture = { "tracked over the capture", "capture" },
		host = { "the host's conntrack table", "the host's conntrack table" },
		none = { "not given", "not given" };
	struct rv_question_packet *q = w->q;
	const char *why = NULL;

	w->x->state_from = q->tracked ? &capture : &given;
	w->state = q->state;
	if (w->state)
		return;
	if (w->host && !q->number && rv_host_connection((uint8_t *)q->bytes.data, (uint32_t)q->bytes.len,
						       &w->connection, &why))
		rv_walk_note(&w->x->notes, "the conntrack table of this host was not read: %s",
			     why ? why : "no memory");
	if (w->connection.state) {
		w->state = w->connection.state;
		w->x->state_from = &host;
		return;
	}
	w->state = rv_walk_first_state((uint8_t *)q->bytes.data, (uint32_t)q->bytes.len);
	w->x->state_from = &none;
	q->chosen |= RV_CHOSEN_STATE;
}

int rv_walk_aim(struct rv_walk *w)
{
	struct rv_question_packet *q = w->q;
	const unsigned int v6 = rv_family_index(q->family);
	int rc;

	memcpy(w->in, q->in, sizeof(w->in));
	memcpy(w->out, q->out, sizeof(w->out));
	/* The options are sufficient, so this host is not queried. */
	w->host = !w->rules->path && !q->nlocal && !q->local && !(q->in[0] && q->out[0]);
	if (w->host && !w->e->nhost[v6])
		w->e->nhost[v6] = rv_host_addresses(q->family, NULL, w->e->host[v6], RV_EXPLAIN_LOCALS, w->err);
	rc = w->err->kind ? -1 : w->host ? aim_by_host(w) : aim_as_said(w);
	if (!rc)
		find_state(w);
	return rc;
}

/* ---- the routing decision -------------------------------------------------------------------------------- */

/* "10.0.0.5 leaves on eth1" */
static void say(struct rv_walk *w, const char *what, const char *by)
{
	struct rv_buf to = RV_BUF_INIT;

	rv_packet_end(&to, (uint8_t *)w->way->bytes.data, (uint32_t)w->way->bytes.len, true, false);
	w->way->route_after = w->way->npasses;
	snprintf(w->way->route, sizeof(w->way->route), "%s %s%s", rv_buf_text(&to) ? to.data : "", what, by);
	rv_buf_free(&to);
}

static enum rv_route go_away(struct rv_walk *w, const char *out)
{
	if (out != w->path.out) {
		memset(w->path.out, 0, sizeof(w->path.out));
		memcpy(w->path.out, out, strnlen(out, sizeof(w->path.out) - 1));
	}
	say(w, out[0] ? "leaves on " : "is forwarded", out);
	if (!out[0])
		rv_walk_note(&w->x->notes, "no -o was given: an output interface is assumed that no rule names");
	return RV_ROUTE_AWAY;
}

static enum rv_route drop(struct rv_walk *w, const char *why)
{
	say(w, why, "");
	w->routed_away = true;
	return RV_ROUTE_DROP;
}

static const char *type_name(uint8_t type)
{
	switch (type) {
	case RTN_UNREACHABLE:
		return "is unreachable (no route, or no forwarding by this host)";
	case RTN_BLACKHOLE:
		return "is dropped by a route (blackhole, or a source that routing refuses)";
	case RTN_PROHIBIT:
		return "is refused by a route (prohibit)";
	default:
		return "has no route";
	}
}

static enum rv_route by_host(struct rv_walk *w, bool out)
{
	struct rv_host_route route;
	char in[16];

	memcpy(in, w->path.in, sizeof(in));
	if (ask_route(w, address(w, false), address(w, true), out ? NULL : in[0] ? in : loopback,
		      w->packet.pkt.mark, &route)) {
		w->unrouted = true;
		return RV_ROUTE_DROP;
	}
	if (route.type == RTN_LOCAL || (!out && (route.type == RTN_BROADCAST || route.type == RTN_MULTICAST))) {
		if (out)
			memcpy(w->path.out, loopback, sizeof(loopback));
		say(w, "is local", "");
		return RV_ROUTE_LOCAL;
	}
	if (route.type == RTN_UNICAST || (out && (route.type == RTN_BROADCAST || route.type == RTN_MULTICAST)))
		return go_away(w, route.out);
	return drop(w, type_name(route.type));
}

/* Locally generated packets changed by rules are routed again (ip_route_me_harder()). */
static bool is_same_route(const struct rv_walk *w)
{
	const unsigned int len = address_len(w);

	return !memcmp(w->routed.src, address(w, false), len) && !memcmp(w->routed.dst, address(w, true), len) &&
	       w->routed.mark == w->packet.pkt.mark;
}

static enum rv_route from_here(struct rv_walk *w)
{
	if (w->host && !is_same_route(w))
		return by_host(w, true);
	if (rv_walk_is_local(w, address(w, true)) || !strcmp(w->path.out, "lo")) {
		memcpy(w->path.out, loopback, sizeof(loopback));
		say(w, "is local", "");
		return RV_ROUTE_LOCAL;
	}
	return go_away(w, w->path.out);
}

static enum rv_route as_said(struct rv_walk *w)
{
	const uint8_t *dst = address(w, true);
	const bool same = !memcmp(dst, rv_packet_address(w->start, true), address_len(w));

	if (w->redirected || rv_walk_is_local(w, dst) || is_for_all(w, dst) || (w->q->local && same)) {
		say(w, "is local", "");
		return RV_ROUTE_LOCAL;
	}
	if (w->out[0] || w->q->nlocal || w->q->local)
		return go_away(w, w->out);
	w->unrouted = true;
	return RV_ROUTE_DROP;
}

enum rv_route rv_walk_route(struct rv_path *path)
{
	struct rv_walk *w = path->arg;

	if (path->local_out)
		return from_here(w);
	if (!w->host)
		return as_said(w);
	if (w->redirected || !strcmp(path->in, "lo")) {
		say(w, "is local", "");
		return RV_ROUTE_LOCAL;
	}
	if (!path->in[0]) {
		say(w, "is local", "");
		return RV_ROUTE_LOCAL;
	}
	return by_host(w, false);
}

void rv_walk_expired(struct rv_walk *w)
{
	const size_t len = strlen(w->way->route);

	snprintf(w->way->route + len, sizeof(w->way->route) - len, ", but its %s is exhausted",
		 rv_family(w->q->family)->hops);
	w->routed_away = true;
}

int rv_walk_not_routed(struct rv_walk *w)
{
	if (w->err->kind)
		return -1;
	return rv_fail(w->err, RV_ERR_USAGE, NULL, "the route of the packet from %s is not given; use --local (to this host), "
		       "--local ADDRESS,... (addresses of the host) or -o NAME (forwarded to this interface)",
		       w->in[0] ? w->in : "here");
}
