/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a rule matches a packet. Values are computed from the packet's description and compared
 * byte by byte.
 */
#include <stdio.h>
#include <stdlib.h>

#include <ravelin/registry.h>

#include "twin.h"

enum { ICMP = 1, TCP = 6, UDP = 17, DCCP = 33, ICMPV6 = 58, SCTP = 132, UDPLITE = 136 };

/* Values of a selector, most significant byte first. */
struct values {
	unsigned int n;			/* 0: no such value; the negation is true */
	bool absent;			/* the packet does not have the field: always false */
	uint8_t bytes[TWIN_OPTIONS][16];
};

/* Aborts on anything that is not implemented: a guess would hide errors. */
static _Noreturn void refuse(const char *what, const char *name)
{
	fprintf(stderr, "the twin does not know %s %s\n", what, name);
	exit(2);
}

static void put(struct values *v, uint64_t number, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++)
		v->bytes[v->n][i] = number >> 8 * (len - 1 - i);
	v->n++;
}

static bool is_carrier(unsigned int proto)
{
	return proto == TCP || proto == UDP || proto == UDPLITE || proto == SCTP || proto == DCCP;
}

static unsigned int header_length(const struct twin_packet *p)
{
	return p->proto == TCP ? 20 : 8;
}

/* Whether there is a complete transport header. */
static bool has_header(struct twin_walk *w, bool right_protocol)
{
	const struct twin_packet *p = w->packet;

	if (!right_protocol || p->fragment) {
		w->dropped |= right_protocol && p->proto == TCP && p->fragment == 1;
		return false;
	}
	w->dropped |= p->cut && p->cut < header_length(p);
	return !w->dropped;
}

static unsigned int address_kind(const struct twin_packet *p, const uint8_t *a)
{
	static const uint8_t zero[16], ones[4] = { 255, 255, 255, 255 }, loop[16] = { [15] = 1 };
	enum { UNSPEC = 1, UNICAST = 2, LOCAL = 4, BROADCAST = 8, MULTICAST = 32 };

	if (p->family == NFPROTO_IPV4) {
		if (!memcmp(a, ones, 4) || !memcmp(a, zero, 4))
			return BROADCAST;
		return a[0] >= 224 && a[0] < 240 ? MULTICAST : a[0] == 127 ? LOCAL : UNICAST;
	}
	if (!memcmp(a, zero, 16))
		return UNSPEC;
	return a[0] == 255 ? MULTICAST : !memcmp(a, loop, 16) ? LOCAL : UNICAST;
}

static void load_transport(struct twin_walk *w, const struct rv_predicate *pr, struct values *v)
{
	const struct twin_packet *p = w->packet;
	bool tcp = pr->sel == RV_SEL_TCP_FLAGS || pr->sel == RV_SEL_TCP_OPTION;
	bool icmp = pr->sel == RV_SEL_ICMP_TYPE || pr->sel == RV_SEL_ICMP6_TYPE;
	bool right = tcp ? p->proto == TCP : icmp ? p->proto == ICMP || p->proto == ICMPV6 :
						    is_carrier(p->proto);

	v->absent = !has_header(w, right);
	if (pr->sel == RV_SEL_TH_SPORT || pr->sel == RV_SEL_TH_PORT)
		put(v, p->sport, 2);
	if (pr->sel == RV_SEL_TH_DPORT || pr->sel == RV_SEL_TH_PORT)
		put(v, p->dport, 2);
	if (pr->sel == RV_SEL_TCP_FLAGS)
		put(v, p->tcp_flags, 1);
	if (icmp)
		put(v, p->icmp_type << 8 | p->icmp_code, 2);
	for (unsigned int i = 0; pr->sel == RV_SEL_TCP_OPTION && i < p->ntcp_options; i++)
		put(v, p->tcp_options[i], 1);
}

/* Selectors of the network header other than addresses. Returns whether it is one. */
static bool load_network(const struct twin_walk *w, const struct rv_predicate *pr, struct values *v)
{
	const struct twin_packet *p = w->packet;

	switch (pr->sel) {
	case RV_SEL_TOS:
		put(v, p->tos, 1);
		return true;
	case RV_SEL_IP_DSCP:
	case RV_SEL_IP6_DSCP:
		put(v, p->tos >> 2, 1);
		return true;
	case RV_SEL_TTL:
	case RV_SEL_HOPLIMIT:
		put(v, p->ttl, 1);
		return true;
	case RV_SEL_LENGTH:
		put(v, w->len, 4);
		return true;
	default:
		return false;
	}
}

static void load(struct twin_walk *w, const struct rv_predicate *pr, struct values *v)
{
	const struct twin_packet *p = w->packet;

	memset(v, 0, sizeof(*v));
	switch (pr->sel) {
	case RV_SEL_IP_SADDR:
	case RV_SEL_IP6_SADDR:
		memcpy(v->bytes[v->n++], p->src, 16);
		break;
	case RV_SEL_IP_DADDR:
	case RV_SEL_IP6_DADDR:
		memcpy(v->bytes[v->n++], p->dst, 16);
		break;
	case RV_SEL_MARK:
		put(v, p->mark, 4);
		break;
	case RV_SEL_UID:
	case RV_SEL_GID:
		if (p->has_owner)
			put(v, pr->sel == RV_SEL_UID ? p->uid : p->gid, 4);
		break;
	case RV_SEL_SOCKET:
		put(v, p->has_owner, 1);
		break;
	case RV_SEL_PKTTYPE:
		put(v, p->pkttype, 1);
		break;
	case RV_SEL_ETHER_SADDR:
		memcpy(v->bytes[v->n++], p->mac, 6);
		break;
	case RV_SEL_ADDRTYPE_SRC:
		put(v, address_kind(p, p->src), 2);
		break;
	case RV_SEL_ADDRTYPE_DST:
		put(v, address_kind(p, p->dst), 2);
		break;
	case RV_SEL_TH_SPORT:
	case RV_SEL_TH_DPORT:
	case RV_SEL_TH_PORT:
	case RV_SEL_TCP_FLAGS:
	case RV_SEL_TCP_OPTION:
	case RV_SEL_ICMP_TYPE:
	case RV_SEL_ICMP6_TYPE:
		load_transport(w, pr, v);
		break;
	default:
		if (!load_network(w, pr, v))
			refuse("selector", rv_selectors[pr->sel].name);
	}
}

/* A predicate's value, most significant byte first. */
static void in_order(const struct rv_predicate *pr, const uint8_t *from, uint8_t to[16])
{
	unsigned int len = rv_selectors[pr->sel].len;

	for (unsigned int i = 0; i < len; i++)
		to[i] = rv_selectors[pr->sel].order == RV_ORDER_H ? from[len - 1 - i] : from[i];
}

static bool compare(const struct rv_predicate *pr, const uint8_t x[16])
{
	unsigned int len = rv_selectors[pr->sel].len;
	uint8_t value[16] = { 0 }, other[16] = { 0 };
	bool any = false, equal = true;

	in_order(pr, pr->value, value);
	in_order(pr, pr->other, other);
	switch (pr->op) {
	case RV_OP_EQ:
		return !memcmp(x, value, len);
	case RV_OP_RANGE:
		return memcmp(value, x, len) <= 0 && memcmp(x, other, len) <= 0;
	case RV_OP_MASK:
		for (unsigned int i = 0; i < len; i++)
			equal = equal && (x[i] & other[i]) == value[i];
		return equal;
	case RV_OP_ANY:
		for (unsigned int i = 0; i < len; i++)
			any = any || x[i] & value[i];
		return any;
	case RV_OP_IN:
		for (unsigned int i = 0; i < pr->count; i++)
			any = any || (memcmp(pr->list[i].from, x, len) <= 0 &&
				      memcmp(x, pr->list[i].to, len) <= 0);
		return any;
	default:
		refuse("the operator of", rv_selectors[pr->sel].name);
	}
}

/* Returns 1, which stops the iteration, if the predicate is false. */
static int is_false(const struct rv_predicate *pr, void *arg)
{
	struct values v;
	bool found = false;

	load(arg, pr, &v);
	for (unsigned int i = 0; i < v.n; i++)
		found = found || compare(pr, v.bytes[i]);
	return v.absent || found == pr->negate;
}

static bool is_ports_match(const char *name)
{
	return !strcmp(name, "tcp") || !strcmp(name, "udp") || !strcmp(name, "icmp") ||
	       !strcmp(name, "icmp6");
}

static bool part_fits(struct twin_walk *w, const struct rv_part *part)
{
	if (!rv_part_is_pure(part->ext, part->data))
		refuse("all of match", part->ext->name);
	/* These require the header even without options. */
	if (is_ports_match(part->ext->name) && !has_header(w, true))
		return false;
	return !rv_part_predicates(w->packet->family, part->ext, part->data, is_false, w);
}

static bool in_network(const union nf_inet_addr *net, const union nf_inet_addr *mask,
		       const uint8_t *addr)
{
	for (unsigned int i = 0; i < 16; i++)
		if ((addr[i] & ((const uint8_t *)mask)[i]) !=
		    (((const uint8_t *)net)[i] & ((const uint8_t *)mask)[i]))
			return false;
	return true;
}

static bool is_interface(const char *wanted, const char *name)
{
	size_t len = strlen(wanted);

	if (len && wanted[len - 1] == '+')
		return !strncmp(wanted, name, len - 1);
	return !len || !strcmp(wanted, name);
}

static bool ip_fits(const struct rv_ip *ip, const struct twin_packet *p)
{
	if (in_network(&ip->src, &ip->smask, p->src) == !!(ip->invert & RV_IP_SRC) ||
	    in_network(&ip->dst, &ip->dmask, p->dst) == !!(ip->invert & RV_IP_DST) ||
	    is_interface(ip->in, p->in) == !!(ip->invert & RV_IP_IN) ||
	    is_interface(ip->out, p->out) == !!(ip->invert & RV_IP_OUT))
		return false;
	if (ip->flags & RV_IP_PROTO && (ip->proto == p->proto) == !!(ip->invert & RV_IP_PROTO))
		return false;
	return !(ip->flags & RV_IP_FRAG) || !!p->fragment != !!(ip->invert & RV_IP_FRAG);
}

bool twin_rule_fits(struct twin_walk *w, const struct rv_rule *r)
{
	if (!ip_fits(&r->ip, w->packet))
		return false;
	for (const struct rv_part *part = r->matches; part; part = part->next)
		if (!part_fits(w, part))
			return false;
	return true;
}
