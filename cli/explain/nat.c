/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connection and NAT of a packet: table nat decides once for each side of a connection, by its
 * first packet.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_conntrack.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <ravelin/registry.h>

#include "cli/explain/walk.h"

#include <netinet/tcp.h>		/* after headers with names that it defines as macros */

#define STATE(name) XT_CONNTRACK_STATE_BIT(IP_CT_##name)

static unsigned int address_len(const struct rv_walk *w)
{
	return rv_family(w->q->family)->address_len;
}

static uint8_t *bytes_of(const struct rv_walk *w)
{
	return (uint8_t *)w->way->bytes.data;
}

/* ---- states -------------------------------------------------------------------------------------------- */

const char *rv_walk_state_name(uint16_t state)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} names[] = {
		{ STATE(NEW), "NEW" }, { STATE(ESTABLISHED), "ESTABLISHED" }, { STATE(RELATED), "RELATED" },
		{ XT_CONNTRACK_STATE_INVALID, "INVALID" }, { XT_CONNTRACK_STATE_UNTRACKED, "UNTRACKED" },
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (state & names[i].bit)
			return names[i].name;
	return "unknown";
}

/*
 * From tcp_new() and tcp_conntracks in nf_conntrack_proto_tcp.c: SYN opens a connection, ACK picks
 * one up.
 */
static uint16_t first_tcp(uint8_t flags)
{
	flags &= TH_SYN | TH_ACK | TH_FIN | TH_RST;
	return flags == TH_SYN || flags == TH_ACK ? STATE(NEW) : XT_CONNTRACK_STATE_INVALID;
}

/* Queries open a connection; other types are replies or errors. */
static uint16_t first_icmp(uint8_t type)
{
	return type == ICMP_ECHO || type == ICMP_TIMESTAMP || type == ICMP_INFO_REQUEST ||
	       type == ICMP_ADDRESS ? STATE(NEW) : XT_CONNTRACK_STATE_INVALID;
}

/* Neighbour discovery and multicast listeners are not tracked (nf_conntrack_proto_icmpv6.c). */
static uint16_t first_icmp6(uint8_t type)
{
	if ((type >= 130 && type <= 136) || type == 143)
		return XT_CONNTRACK_STATE_UNTRACKED;
	return type == ICMP6_ECHO_REQUEST || type == 139 ? STATE(NEW) : XT_CONNTRACK_STATE_INVALID;
}

uint16_t rv_walk_first_state(const uint8_t *bytes, uint32_t len)
{
	struct rv_user_packet p = { 0 };
	const uint8_t *th;

	if (rv_user_packet_init(&p, (void *)bytes, len, len) || p.pkt.fragoff || p.pkt.thoff >= len)
		return STATE(NEW);
	th = bytes + p.pkt.thoff;
	if (p.pkt.proto == IPPROTO_TCP && p.pkt.thoff + 14 <= len)
		return first_tcp(th[13]);
	if (p.pkt.proto == IPPROTO_ICMP && p.pkt.family == NFPROTO_IPV4)
		return first_icmp(th[0]);
	return p.pkt.proto == IPPROTO_ICMPV6 && p.pkt.family == NFPROTO_IPV6 ? first_icmp6(th[0]) : STATE(NEW);
}

/* ---- what is known of the connection --------------------------------------------------------------------- */

static void learn(struct rv_walk *w, enum rv_sel sel, enum rv_op op, const void *value, bool is)
{
	struct rv_predicate p = { .sel = sel, .op = op, .len = rv_selectors[sel].len };

	memcpy(p.value, value, p.len);
	rv_facts_learn(&w->rules->asking.facts, &p, is);
}

static void learn_state(struct rv_walk *w, uint16_t bit, bool is)
{
	uint8_t value[16] = { 0 };

	rv_selector_put(RV_SEL_CT_STATE, bit, value);
	learn(w, RV_SEL_CT_STATE, RV_OP_ANY, value, is);
}

static enum rv_answer ask_state(const struct rv_walk *w, uint16_t bits)
{
	struct rv_predicate p = { .sel = RV_SEL_CT_STATE, .op = RV_OP_ANY, .len = 2 };

	rv_selector_put(p.sel, bits, p.value);
	return rv_facts_ask(&w->rules->asking.facts, &p);
}

/* Whether --assume gives the connection state. */
static bool is_assumed(const struct rv_walk *w)
{
	const struct rv_facts *base = &w->rules->asking.base;

	for (size_t i = 0; i < w->rules->nbase; i++)
		if (base->list[i].p.sel == RV_SEL_CT_STATE)
			return true;
	return false;
}

static void tell_state(struct rv_walk *w, uint16_t state)
{
	const bool tracked = state & (STATE(NEW) | STATE(ESTABLISHED) | STATE(RELATED));

	if (is_assumed(w))
		return;
	rv_facts_drop(&w->rules->asking.facts, RV_SEL_CT_STATE);
	learn_state(w, state, true);
	if (tracked) {
		learn_state(w, XT_CONNTRACK_STATE_SNAT, w->snat);
		learn_state(w, XT_CONNTRACK_STATE_DNAT, w->dnat);
	}
}

static void learn_address(struct rv_walk *w, enum rv_sel sel, const void *addr)
{
	uint8_t value[16] = { 0 };

	memcpy(value, addr, address_len(w));
	rv_facts_drop(&w->rules->asking.facts, sel);
	learn(w, sel, RV_OP_EQ, value, true);
}

static void learn_port(struct rv_walk *w, enum rv_sel sel, uint16_t port)
{
	uint8_t value[16] = { 0 };

	memcpy(value, &port, sizeof(port));
	rv_facts_drop(&w->rules->asking.facts, sel);
	learn(w, sel, RV_OP_EQ, value, true);
}

/*
 * For a new connection: the original tuple is that of the packet, replies come from its current
 * destination.
 */
static void tell_tuples(struct rv_walk *w)
{
	const uint32_t at = rv_packet_ports(bytes_of(w), (uint32_t)w->way->bytes.len);
	uint16_t ports[2];

	if (!(w->state & STATE(NEW)) || w->connection.state)
		return;
	learn_address(w, RV_SEL_CT_ORIG_SADDR, &w->orig[0]);
	learn_address(w, RV_SEL_CT_ORIG_DADDR, &w->orig[1]);
	learn_address(w, RV_SEL_CT_REPL_SADDR, rv_packet_address(bytes_of(w), true));
	learn_address(w, RV_SEL_CT_REPL_DADDR, rv_packet_address(bytes_of(w), false));
	if (!w->has_ports || !at)
		return;
	memcpy(ports, bytes_of(w) + at, sizeof(ports));
	learn_port(w, RV_SEL_CT_ORIG_SPORT, w->orig_port[0]);
	learn_port(w, RV_SEL_CT_ORIG_DPORT, w->orig_port[1]);
	learn_port(w, RV_SEL_CT_REPL_SPORT, ports[1]);
	learn_port(w, RV_SEL_CT_REPL_DPORT, ports[0]);
}

/* After tracking; values given by the user take precedence. */
static void tell_connection(struct rv_walk *w)
{
	uint8_t value[16] = { 0 };

	if (w->untracked || !(w->state & (STATE(NEW) | STATE(ESTABLISHED) | STATE(RELATED))))
		return;
	value[0] = (uint8_t)w->packet.pkt.proto;
	if (w->packet.pkt.proto <= 255)
		learn(w, RV_SEL_CT_PROTO, RV_OP_EQ, value, true);
	value[0] = w->connection.state && w->connection.reply;
	if (!w->q->has_dir && (w->state & (STATE(NEW) | STATE(RELATED)) || w->connection.state))
		learn(w, RV_SEL_CT_DIR, RV_OP_EQ, value, true);
	tell_tuples(w);
}

void rv_walk_begin(struct rv_walk *w)
{
	const uint32_t at = rv_packet_ports(bytes_of(w), (uint32_t)w->way->bytes.len);

	w->tracked = w->untracked = w->done[0] = w->done[1] = w->redirected = false;
	w->open = w->unrouted = w->routed_away = w->rejected = false;
	w->snat = w->connection.snat;
	w->dnat = w->connection.dnat;
	for (unsigned int dst = 0; dst < 2; dst++) {
		memset(&w->orig[dst], 0, sizeof(w->orig[dst]));
		memcpy(&w->orig[dst], rv_packet_address(bytes_of(w), dst), address_len(w));
	}
	w->has_ports = at;
	if (at)
		memcpy(w->orig_port, bytes_of(w) + at, sizeof(w->orig_port));
}

/* In raw nothing is tracked yet; -m conntrack then sees INVALID. */
void rv_walk_state(struct rv_walk *w, enum rv_table_id id)
{
	if (w->tracked)
		return;
	if (id == RV_TABLE_RAW) {
		if (ask_state(w, XT_CONNTRACK_STATE_UNTRACKED) != RV_ANSWER_YES || is_assumed(w))
			tell_state(w, XT_CONNTRACK_STATE_INVALID);
		return;
	}
	w->tracked = true;
	w->untracked = w->way->npasses && ask_state(w, XT_CONNTRACK_STATE_UNTRACKED) == RV_ANSWER_YES;
	if (!w->untracked)
		tell_state(w, w->state);
	tell_connection(w);
}

/* ---- packets without a connection ------------------------------------------------------------------------- */

bool rv_walk_has_connection(const struct rv_walk *w)
{
	if (is_assumed(w))
		return true;
	return w->tracked && !w->untracked &&
	       w->state & (STATE(NEW) | STATE(ESTABLISHED) | STATE(RELATED));
}

/* States that a match tests, all of which must hold. */
struct states {
	const struct rv_facts *facts;
	unsigned int n;
	bool hold;
};

static int ask_states(const struct rv_predicate *p, void *arg)
{
	struct states *s = arg;

	if (p->sel != RV_SEL_CT_STATE)
		return 0;
	s->n++;
	s->hold &= rv_facts_ask(s->facts, p) == RV_ANSWER_YES;
	return 0;
}

/*
 * As in the kernel: without a connection, xt_conntrack tests only --ctstate, and does not match if
 * it is missing; the other matches do not match.
 */
enum rv_answer rv_walk_match_without(const struct rv_walk *w, const struct rv_part *match)
{
	static const char *const names[] = { "connmark", "connbytes", "connlabel", "cluster" };
	struct states s = { .facts = &w->rules->asking.facts, .hold = true };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(match->ext->name, names[i]))
			return RV_ANSWER_NO;
	if (strcmp(match->ext->name, "conntrack") != 0)
		return RV_ANSWER_OPEN;
	rv_part_predicates(w->q->family, match->ext, match->data, ask_states, &s);
	return s.n && s.hold ? RV_ANSWER_YES : RV_ANSWER_NO;
}

/* ---- table nat ----------------------------------------------------------------------------------------- */

static bool is_dst_hook(const struct rv_walk *w)
{
	return w->packet.pkt.hook == NF_INET_PRE_ROUTING || w->packet.pkt.hook == NF_INET_LOCAL_OUT;
}

static void ends(const struct rv_walk *w, bool dst, struct rv_buf *b)
{
	rv_packet_end(b, bytes_of(w), (uint32_t)w->way->bytes.len, dst, true);
}

/* Writes address and port (network order) of a side, and records the change. */
static void translate(struct rv_walk *w, bool dst, const void *addr, const uint16_t *port, const char *name)
{
	const uint32_t at = rv_packet_ports(bytes_of(w), (uint32_t)w->way->bytes.len);
	struct rv_buf before = RV_BUF_INIT, after = RV_BUF_INIT;
	struct rv_explain_way *way = w->way;
	struct rv_explain_change *c;
	bool changed;

	ends(w, dst, &before);
	if (addr)
		memcpy(rv_packet_address(bytes_of(w), dst), addr, address_len(w));
	if (port && at)
		memcpy(bytes_of(w) + at + (dst ? 2 : 0), port, sizeof(*port));
	ends(w, dst, &after);
	changed = rv_buf_text(&before) && rv_buf_text(&after) && strcmp(before.data, after.data) != 0;
	if ((changed || !addr) && way->nchanges < sizeof(way->changes) / sizeof(*way->changes)) {
		c = &way->changes[way->nchanges++];
		c->pass = way->npasses ? way->npasses - 1 : 0;
		snprintf(c->text, sizeof(c->text), "%s: %s %s -> %s%s", name, dst ? "destination" : "source",
			 before.data, after.data, addr || port || w->redirected ? "" : " (unknown address)");
	}
	if (changed)
		*(dst ? &w->dnat : &w->snat) = true;
	rv_buf_free(&before);
	rv_buf_free(&after);
	tell_state(w, w->state);
	tell_connection(w);
}

/*
 * Applies the translation in the host's conntrack table, as the kernel does for each packet of a
 * connection.
 */
static void apply_connection(struct rv_walk *w, bool dst)
{
	const struct rv_host_connection *c = &w->connection;

	if (!c->state || !(dst ? c->dnat : c->snat))
		return;
	translate(w, dst, dst ? &c->to_dst : &c->to_src, dst ? &c->to_dport : &c->to_sport,
		  "the connection's translation");
}

bool rv_walk_asks_nat(struct rv_walk *w)
{
	const bool dst = is_dst_hook(w);
	enum rv_answer first;

	if (w->done[dst])
		return false;
	w->done[dst] = true;
	if (w->untracked)
		return false;
	first = w->connection.state ? RV_ANSWER_NO : ask_state(w, STATE(NEW) | STATE(RELATED));
	if (first == RV_ANSWER_NO)
		apply_connection(w, dst);
	return first != RV_ANSWER_NO;
}

static const char *const nat_names[] = { "DNAT", "SNAT", "REDIRECT", "MASQUERADE", "NETMAP" };

bool rv_walk_is_nat(const struct rv_part *target)
{
	for (unsigned int i = 0; i < sizeof(nat_names) / sizeof(*nat_names); i++)
		if (!strcmp(target->ext->name, nat_names[i]))
			return true;
	return false;
}

bool rv_walk_used_nat(const struct rv_walk *w)
{
	for (unsigned int i = 0; i < w->x->nways; i++)
		for (unsigned int n = 0; n < w->x->ways[i].npasses; n++)
			if (!strcmp(w->x->ways[i].passes[n].table->name, "nat") &&
			    rv_explained_rule(&w->x->ways[i].passes[n]))
				return true;
	return false;
}

/* The first address of an interface, or a known one of the host, or NULL. */
static const union nf_inet_addr *own_address(struct rv_walk *w, const char *interface,
					     union nf_inet_addr *addr)
{
	struct rv_error why = { 0 };

	if (w->host && interface[0] && rv_host_addresses(w->q->family, interface, addr, 1, &why))
		return addr;
	if (w->host)
		return NULL;
	if (w->q->nlocal)
		return &w->q->locals[0];
	return w->q->local ? &w->orig[1] : NULL;
}

static const union nf_inet_addr *redirected(struct rv_walk *w, union nf_inet_addr *addr)
{
	const union nf_inet_addr *own;

	memset(addr, 0, sizeof(*addr));
	if (w->packet.pkt.hook == NF_INET_LOCAL_OUT) {
		if (w->q->family == NFPROTO_IPV6)
			addr->in6.s6_addr[15] = 1;
		else
			addr->ip = htonl(INADDR_LOOPBACK);
		return addr;
	}
	own = own_address(w, w->path.in, addr);
	w->redirected = true;
	return own;
}

/* The address of the output interface; unknown for the host of a file. */
static const union nf_inet_addr *masqueraded(struct rv_walk *w, union nf_inet_addr *addr)
{
	struct rv_host_query q = {
		.family = w->q->family, .dst = rv_packet_address(bytes_of(w), true), .out = w->path.out,
	};
	struct rv_host_route route;
	struct rv_error why = { 0 };

	if (!w->host || !w->path.out[0])
		return NULL;
	if (!rv_host_route(&q, &route, &why) && route.has_source) {
		*addr = route.source;
		return addr;
	}
	return own_address(w, w->path.out, addr);
}

/* The network is the common prefix of the range. */
static const union nf_inet_addr *mapped(const struct rv_walk *w, const struct nf_nat_range2 *r, bool dst,
					union nf_inet_addr *addr)
{
	const uint8_t *old = rv_packet_address(bytes_of(w), dst);
	const uint8_t *min = (const uint8_t *)&r->min_addr, *max = (const uint8_t *)&r->max_addr;
	uint8_t *to = (uint8_t *)addr;

	memset(addr, 0, sizeof(*addr));
	for (unsigned int i = 0; i < address_len(w); i++) {
		uint8_t host = min[i] ^ max[i];

		to[i] = (uint8_t)((old[i] & host) | (min[i] & ~host));
	}
	return addr;
}

/* Ports from base on are mapped to min, min + 1, ..., and from max back to min (NF_NAT_RANGE_PROTO_OFFSET). */
static uint16_t shifted_port(uint16_t port, uint16_t base, uint16_t min, uint16_t max)
{
	const uint16_t offset = (uint16_t)(port - base);

	return (uint16_t)(min + offset % (max - min + 1));
}

/* The new port, in network order, or NULL if unchanged. */
static const uint16_t *port_of(struct rv_walk *w, const struct nf_nat_range2 *r, bool dst, uint16_t *port)
{
	const uint32_t at = rv_packet_ports(bytes_of(w), (uint32_t)w->way->bytes.len);
	const uint16_t min = ntohs(r->min_proto.all), max = ntohs(r->max_proto.all);
	uint16_t own;

	if (!(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED) || !at)
		return NULL;
	memcpy(&own, bytes_of(w) + at + (dst ? 2 : 0), sizeof(own));
	own = ntohs(own);
	if (r->flags & NF_NAT_RANGE_PROTO_OFFSET)
		*port = htons(shifted_port(own, ntohs(r->base_proto.all), min, max));
	else if (own >= min && own <= max && !(r->flags & NF_NAT_RANGE_PROTO_RANDOM_ALL))
		return NULL;
	else
		*port = htons(min);
	if (min != max && !(r->flags & NF_NAT_RANGE_PROTO_OFFSET) &&
	    (!dst || r->flags & NF_NAT_RANGE_PROTO_RANDOM_ALL))
		rv_walk_note(&w->way->notes, "the kernel chooses one of the ports %u to %u", min, max);
	return port;
}

unsigned int rv_walk_nat(struct rv_walk *w, const struct rv_part *target)
{
	const struct nf_nat_range2 *r = (const struct nf_nat_range2 *)(const void *)target->data;
	const char *name = target->ext->name;
	const bool dst = is_dst_hook(w);
	const union nf_inet_addr *addr = &r->min_addr;
	union nf_inet_addr own;
	uint16_t number;

	if (!strcmp(name, "REDIRECT"))
		addr = redirected(w, &own);
	else if (!strcmp(name, "MASQUERADE"))
		addr = masqueraded(w, &own);
	else if (!strcmp(name, "NETMAP"))
		addr = mapped(w, r, dst, &own);
	else if (!(r->flags & NF_NAT_RANGE_MAP_IPS))
		addr = (const union nf_inet_addr *)(const void *)&w->orig[dst];
	else if (memcmp(&r->min_addr, &r->max_addr, address_len(w)) != 0)
		rv_walk_note(&w->way->notes, "the kernel chooses one of the addresses of %s", name);
	translate(w, dst, addr, port_of(w, r, dst, &number), name);
	return NF_ACCEPT;
}
