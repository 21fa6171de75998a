/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads selectors, as defined by selectors.def, and evaluates predicates on the values. */
#include "internal.h"

#include <linux/if_packet.h>

#define TCP_OPTIONS_MAX	40
#define NAME_LEN	16

struct sel_row {
	/* Sets v->n and v->at or v->buf; false: the packet has no such field. */
	bool (*load)(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v);
	uint8_t len;
	uint8_t order;
	uint8_t family;		/* NFPROTO_UNSPEC: both */
	uint8_t off;		/* offset in the header, or the function's argument */
	uint8_t width;		/* BITS: bytes that contain the field */
	uint16_t bits;		/* BITS: mask of the field in those bytes */
	uint16_t proto;		/* of packets that have it */
};

static void put_u16(struct rv_values *v, uint16_t value)
{
	memcpy(v->buf, &value, sizeof(value));
}

static void put_u32(struct rv_values *v, uint32_t value)
{
	memcpy(v->buf, &value, sizeof(value));
}

static bool load_network(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	v->at = pkt->data + row->off;
	return true;
}

/* RFC 8200: four bits of version, then eight bits of traffic class. */
static uint8_t traffic_class(const struct rv_pkt *pkt)
{
	if (pkt->family == NFPROTO_IPV4)
		return pkt->data[1];
	return (uint8_t)(pkt->data[0] << 4 | pkt->data[1] >> 4);
}

static bool load_tos(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	(void)row;
	v->buf[0] = traffic_class(pkt);
	return true;
}

/* A bit field, right-aligned. */
static bool load_bits(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	const uint8_t *at = pkt->data + row->off;
	uint32_t n = row->width == 2 ? rv_be16(at) : at[0];

	v->buf[0] = (uint8_t)((n & row->bits) >> __builtin_ctz(row->bits));
	return true;
}

static bool load_l4proto(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	(void)row;
	v->buf[0] = (uint8_t)pkt->proto;
	return pkt->proto != RV_PROTO_NONE;
}

static bool load_name(const char *name, struct rv_values *v)
{
	static const uint8_t none[NAME_LEN];

	v->at = name ? (const uint8_t *)name : none;
	return true;
}

static bool load_in(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	(void)row;
	return load_name(pkt->in, v);
}

static bool load_out(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	(void)row;
	return load_name(pkt->out, v);
}

static bool load_mark(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	(void)row;
	put_u32(v, pkt->mark);
	return true;
}

/* A looped-back copy has PACKET_LOOPBACK; only the address tells broadcast and multicast. */
static uint8_t looped_type(const struct rv_pkt *pkt)
{
	const uint8_t *dst = rv_pkt_addr(pkt, true);
	bool multicast = pkt->family == NFPROTO_IPV4 ? dst[0] >> 4 == 0xe : dst[0] == 0xff;

	return multicast ? PACKET_MULTICAST : PACKET_BROADCAST;
}

static bool load_pkttype(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	(void)row;
	v->buf[0] = pkt->pkttype == PACKET_LOOPBACK ? looped_type(pkt) : pkt->pkttype;
	return true;
}

/* Without a socket that has a file there are no ids: n is 0. */
static bool load_owner(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	uint32_t uid = 0, gid = 0;
	bool has = pkt->ops->owner && pkt->ops->owner(pkt, &uid, &gid);

	v->n = has;
	put_u32(v, row->off ? gid : uid);
	return true;
}

static bool load_socket(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	uint32_t uid, gid;

	(void)row;
	v->buf[0] = pkt->ops->owner && pkt->ops->owner(pkt, &uid, &gid);
	return true;
}

/*
 * A fragment at offset 8 would overwrite the flags of a TCP header that was already accepted (RFC
 * 1858, 3.1); legitimate senders do not produce it.
 */
static bool overwrites_header(struct rv_pkt *pkt)
{
	if (pkt->proto != IPPROTO_TCP || pkt->fragoff != 1)
		return false;
	pkt->hotdrop = true;
	return true;
}

static bool load_ports(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	const uint8_t *h;

	if (!rv_has_ports(pkt->proto) || overwrites_header(pkt))
		return false;
	h = rv_pkt_transport(pkt, 0, rv_port_header(pkt), v->buf);
	if (!h)
		return false;
	v->at = h + row->off;
	return true;
}

static bool load_either_port(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	v->n = 2;
	return load_ports(pkt, row, v);
}

static bool load_transport(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	uint32_t whole = row->proto == IPPROTO_TCP ? RV_TCP_HEADER : 8;

	if (pkt->proto != row->proto || overwrites_header(pkt))
		return false;
	v->at = rv_pkt_transport(pkt, row->off, whole - row->off, v->buf);
	return v->at;
}

/* Copies the options of a TCP header. Returns their length, or -1. */
static int tcp_options(struct rv_pkt *pkt, uint8_t buf[TCP_OPTIONS_MAX], const uint8_t **options)
{
	uint8_t head[RV_TCP_HEADER];
	const uint8_t *tcp;
	unsigned int doff;

	if (pkt->proto != IPPROTO_TCP || overwrites_header(pkt))
		return -1;
	tcp = rv_pkt_transport(pkt, 0, RV_TCP_HEADER, head);
	if (!tcp)
		return -1;
	doff = (tcp[12] >> 4) * 4U;
	if (doff < RV_TCP_HEADER) {
		pkt->hotdrop = true;
		return -1;
	}
	*options = rv_pkt_transport(pkt, RV_TCP_HEADER, doff - RV_TCP_HEADER, buf);
	return *options ? (int)(doff - RV_TCP_HEADER) : -1;
}

/* Index of the option after the one at i (RFC 9293, 3.1: kinds 0 and 1 have no length). */
static unsigned int option_next(const uint8_t *opt, unsigned int len, unsigned int i)
{
	if (opt[i] < 2)
		return i + 1;
	return i + 1 < len && opt[i + 1] ? i + opt[i + 1] : i + 1;
}

#define OPTION_MSS	2	/* RFC 9293, 3.2 */

/* Value of the option at i, if it is a complete MSS option. */
static bool take_mss(const uint8_t *opt, unsigned int len, unsigned int i, struct rv_values *v)
{
	if (opt[i] != OPTION_MSS || len - i < 4 || opt[i + 1] != 4)
		return false;
	memcpy(v->buf, opt + i + 2, 2);
	v->n = 1;
	return true;
}

/* All option kinds, or the value of the row's kind. */
static bool load_tcp_option(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	uint8_t buf[TCP_OPTIONS_MAX];
	const uint8_t *opt = NULL;
	int len = tcp_options(pkt, buf, &opt);

	if (len < 0)
		return false;
	v->n = 0;
	for (unsigned int i = 0; i < (unsigned int)len; i = option_next(opt, len, i)) {
		if (!row->off)
			v->buf[v->n++] = opt[i];
		else if (take_mss(opt, len, i, v))
			break;
	}
	return true;
}

/* A packet that is not bridged has no ports. */
static bool load_bridge_name(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	const char *in = NULL, *out = NULL;
	bool bridged = false;

	if (!pkt->ops->bridge || !pkt->ops->bridge(pkt, &in, &out, &bridged)) {
		v->n = 0;
		return true;
	}
	return load_name(row->off ? out : in, v);
}

enum { BRIDGE_IN, BRIDGE_OUT, BRIDGE_BRIDGED };

static bool load_bridge_is(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	const char *in = NULL, *out = NULL;
	bool bridged = false, on;

	on = pkt->ops->bridge && pkt->ops->bridge(pkt, &in, &out, &bridged);
	if (row->off == BRIDGE_BRIDGED)
		v->buf[0] = on && bridged;
	else
		v->buf[0] = on && (row->off == BRIDGE_IN ? in : out);
	return true;
}

static bool load_ether_saddr(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	const uint8_t *ether = pkt->ops->ether ? pkt->ops->ether(pkt) : NULL;

	(void)row;
	if (!ether)
		return false;
	v->at = ether + 6;
	return true;
}

static bool load_addrtype(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	uint8_t type;

	if (!pkt->ops->addrtype)
		return false;
	type = pkt->ops->addrtype(pkt, rv_pkt_addr(pkt, row->off), RV_IFACE_ANY);
	put_u16(v, type < 16 ? 1U << type : 0);
	return true;
}

/* The header's length field, like xt_length; it is 0 in jumbograms. */
static bool load_length(struct rv_pkt *pkt, const struct sel_row *row, struct rv_values *v)
{
	bool v4 = pkt->family == NFPROTO_IPV4;
	uint32_t said = rv_be16(pkt->data + (v4 ? 2 : 4));

	(void)row;
	put_u32(v, !said ? pkt->len : v4 ? said : said + 40);
	return true;
}

/* Places of selectors.def. ALSO is for nf_tables only. */
#define LOADER(fn, ...) .load = (fn), .off = (__VA_ARGS__ + 0)
#define NETWORK(offset, n) LOADER(load_network, offset)
#define BITS(offset, n, which) LOADER(load_bits, offset), .width = (n), .bits = (which)
#define TRANSPORT(offset, n) LOADER(load_transport, offset)
#define PORTS(offset) LOADER(load_ports, offset)
#define META(key, ...) LOADER(__VA_ARGS__)
#define RV_PROTO_PORTS 0x100

static const struct sel_row rows[RVK_SEL_COUNT] = {
#define RV_MODULE_SELECTOR(number, id, name, length, bytes, fam, protocol, class, ...)		\
	[number] = { .len = (length), .order = RV_VALUE_##bytes, .family = NFPROTO_##fam,	\
		     .proto = (protocol), __VA_ARGS__ },
#define AT(place, ...) place
#define ALSO(...)
#define IN_ENGINE(...) LOADER(__VA_ARGS__)
#include <ravelin/selectors.def>
};

bool rv_selector_known(uint32_t sel, uint8_t family)
{
	if (sel >= RVK_SEL_COUNT || !rows[sel].load)
		return false;
	return rows[sel].family == NFPROTO_UNSPEC || rows[sel].family == family;
}

/* Loading a TCP option drops packets whose options are invalid. */
bool rv_selector_harmless(uint32_t sel)
{
	return rows[sel].load != load_tcp_option;
}

bool rv_load(struct rv_pkt *pkt, unsigned int sel, struct rv_values *v)
{
	v->at = v->buf;
	v->n = 1;
	return rows[sel].load(pkt, &rows[sel], v);
}

unsigned int rv_pkt_value(struct rv_pkt *pkt, unsigned int sel, unsigned int i, uint8_t value[16])
{
	const bool hotdrop = pkt->hotdrop;
	struct rv_values v;
	bool has;

	if (!rv_selector_known(sel, pkt->family))
		return 0;
	has = rv_load(pkt, sel, &v) && i < v.n;
	/* A query must not affect the packet. */
	pkt->hotdrop = hotdrop;
	if (has)
		memcpy(value, v.at + i * rows[sel].len, rows[sel].len);
	return has ? rows[sel].len : 0;
}

/* ---- predicates ------------------------------------------------------------------------ */

static const struct rvk_interval *intervals(const struct rvk_predicate *p)
{
	return (const struct rvk_interval *)(const void *)(p + 1);
}

static bool op_valid(const struct rvk_predicate *p, const struct sel_row *row)
{
	switch (p->op) {
	case RVK_OP_EQ:
		return p->len == row->len;
	case RVK_OP_PREFIX:
		return p->len <= row->len && row->order == RV_VALUE_S;
	case RVK_OP_MASK:
	case RVK_OP_ANY:
	case RVK_OP_RANGE:
	case RVK_OP_IN:
		return p->len == row->len && row->order != RV_VALUE_S;
	default:
		return false;
	}
}

uint16_t rv_predicate_check(const struct rvk_predicate *p, uint32_t room, uint8_t family)
{
	if (room < sizeof(*p) || p->size > room)
		return RVK_WHY_SIZE;
	if (!rv_selector_known(p->sel, family))
		return RVK_WHY_SELECTOR;
	/* No selector here has a parameter. */
	if (p->flags & ~RVK_PREDICATE_FLAGS || p->param || p->reserved)
		return RVK_WHY_RESERVED;
	if (p->count > RVK_PREDICATE_LIST || !p->count != (p->op != RVK_OP_IN) ||
	    p->size != sizeof(*p) + p->count * sizeof(struct rvk_interval))
		return RVK_WHY_PREDICATE;
	return op_valid(p, &rows[p->sel]) ? RVK_WHY_NONE : RVK_WHY_PREDICATE;
}

static uint64_t value_number(const uint8_t *x, unsigned int len)
{
	uint64_t n8;
	uint32_t n4;
	uint16_t n2;

	if (len == 1)
		return x[0];
	if (len == 2) {
		memcpy(&n2, x, sizeof(n2));
		return n2;
	}
	if (len == 4) {
		memcpy(&n4, x, sizeof(n4));
		return n4;
	}
	memcpy(&n8, x, sizeof(n8));
	return n8;
}

static bool between(const struct rvk_predicate *p, enum rv_value_order order, const uint8_t *x,
		    const uint8_t *from, const uint8_t *to)
{
	uint64_t n;

	if (order != RV_VALUE_H)
		return memcmp(x, from, p->len) >= 0 && memcmp(x, to, p->len) <= 0;
	n = value_number(x, p->len);
	return n >= value_number(from, p->len) && n <= value_number(to, p->len);
}

static bool equal_masked(const struct rvk_predicate *p, const uint8_t *x)
{
	uint8_t differ = 0;

	for (unsigned int i = 0; i < p->len; i++)
		differ |= (x[i] & p->other[i]) ^ p->value[i];
	return !differ;
}

static bool has_any(const struct rvk_predicate *p, const uint8_t *x)
{
	uint8_t common = 0;

	for (unsigned int i = 0; i < p->len; i++)
		common |= x[i] & p->value[i];
	return common;
}

static bool in_list(const struct rvk_predicate *p, enum rv_value_order order, const uint8_t *x)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (between(p, order, x, intervals(p)[i].from, intervals(p)[i].to))
			return true;
	return false;
}

bool rv_value_fits(const struct rvk_predicate *p, enum rv_value_order order, const uint8_t *x)
{
	switch (p->op) {
	case RVK_OP_EQ:
		if (order == RV_VALUE_S)
			return !strncmp((const char *)x, (const char *)p->value, p->len);
		return !memcmp(x, p->value, p->len);
	case RVK_OP_PREFIX:
		return !strncmp((const char *)x, (const char *)p->value, p->len);
	case RVK_OP_MASK:
		return equal_masked(p, x);
	case RVK_OP_ANY:
		return has_any(p, x);
	case RVK_OP_RANGE:
		return between(p, order, x, p->value, p->other);
	default:
		return in_list(p, order, x);
	}
}

bool rv_predicate_true(struct rv_pkt *pkt, const struct rvk_predicate *p)
{
	const struct sel_row *row = &rows[p->sel];
	bool found = false;
	struct rv_values v;

	if (!rv_load(pkt, p->sel, &v))
		return false;
	for (unsigned int i = 0; i < v.n && !found; i++)
		found = rv_value_fits(p, row->order, v.at + i * row->len);
	return found != (p->flags & RVK_PREDICATE_NEGATE);
}
