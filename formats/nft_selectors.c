/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation of predicates to nft syntax. The rows of selectors.def have each selector's nft
 * expression and value format.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>

#include <ravelin/registry.h>

#include "text.h"

/* Value formats. */
enum form {
	NUMBER,
	HEX,		/* 0x1f */
	HEX_BYTE,	/* 0x05 */
	NAMED,		/* a keyword of names, or a hex number */
	FLAGS,		/* bits, as a comma-separated list */
	CHOICE,		/* bits that stand for alternatives: { a, b } */
	ADDRESS,
	ETHER,
	PROTOCOL,
	INTERFACE,
	EXISTS,		/* exists or missing */
	SOME,		/* nonzero or 0: exists or missing */
	OPTION,		/* the same for the TCP option with this number */
	TYPE_CODE,	/* ICMP type and code */
	UNITS,		/* a length in bytes in nft's unit, see unit and bias */
	LABEL,		/* number of a bit */
	OCTET,		/* raw bits of the header; unit: number of bits */
	DATES,		/* seconds since 1970; omitted if it is iptables' full range */
	WEEK_DAYS,	/* bits from 1, Monday first; nft numbers Sunday 0 */
};

enum {
	COMPARED = 1 << 0,	/* ranges that start at the minimum or end at the maximum become
				 * "lt" or "gt" */
	AT_LEAST = 1 << 1,	/* ranges that end at the maximum become "ge" */
	PORT = 1 << 2,		/* the protocol name precedes the text */
	EITHER_PORT = 1 << 3,
	SIGNED_BITS = 1 << 4,	/* always "& mask == value" */
	POSITIVE = 1 << 5,	/* nft's "!=" requires the field to be present, the match does
				 * not */
	HAS_PORTS = 1 << 6,	/* nft requires a protocol with ports first */
	NO_MORE = 1 << 7,	/* the field holds at most max, so a range may end there */
	ZONELESS = 1 << 8,	/* equivalent in nft only if the kernel's time zone is UTC */
};

struct word {
	enum rv_sel sel;	/* set by translate_predicate() */
	rv_family_t family;
	enum form form;
	const char *text;	/* NULL ends the array */
	uint16_t flags;
	uint8_t unit, bias;	/* UNITS: bytes = unit * n + bias */
	uint64_t max;		/* largest number nft accepts; 0: no limit */
	const struct rv_name *names;
};

#define ANY RV_FAMILY_ANY
#define V4 NFPROTO_IPV4
#define V6 NFPROTO_IPV6
#define TIME_MAX (UINT32_MAX / 1000)	/* seconds; the kernel's counter is in ms */

static const struct rv_name ct_states[] = {
	{ "invalid", XT_CONNTRACK_STATE_INVALID, NULL },
	{ "new", XT_CONNTRACK_STATE_BIT(IP_CT_NEW), NULL },
	{ "related", XT_CONNTRACK_STATE_BIT(IP_CT_RELATED), NULL },
	{ "established", XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED), NULL },
	{ "untracked", XT_CONNTRACK_STATE_UNTRACKED, NULL },
	{ NULL, 0, NULL },
};

/* nft has these two states of iptables as status bits. */
static const struct rv_name ct_nat_states[] = {
	{ "snat", XT_CONNTRACK_STATE_SNAT, NULL },
	{ "dnat", XT_CONNTRACK_STATE_DNAT, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name ct_statuses[] = {
	{ "expected", IPS_EXPECTED, NULL },
	{ "seen-reply", IPS_SEEN_REPLY, NULL },
	{ "assured", IPS_ASSURED, NULL },
	{ "confirmed", IPS_CONFIRMED, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name ct_directions[] = {
	{ "original", 0, NULL }, { "reply", 1, NULL }, { NULL, 0, NULL },
};

const struct rv_name rv_text_address_types[] = {
	{ "unspec", XT_ADDRTYPE_UNSPEC, NULL },
	{ "unicast", XT_ADDRTYPE_UNICAST, NULL },
	{ "local", XT_ADDRTYPE_LOCAL, NULL },
	{ "broadcast", XT_ADDRTYPE_BROADCAST, NULL },
	{ "anycast", XT_ADDRTYPE_ANYCAST, NULL },
	{ "multicast", XT_ADDRTYPE_MULTICAST, NULL },
	{ "blackhole", XT_ADDRTYPE_BLACKHOLE, NULL },
	{ "unreachable", XT_ADDRTYPE_UNREACHABLE, NULL },
	{ "prohibit", XT_ADDRTYPE_PROHIBIT, NULL },
	/* RTN_THROW, RTN_NAT and RTN_XRESOLVE have no name in nft. */
	{ "9", XT_ADDRTYPE_THROW, NULL },
	{ "10", XT_ADDRTYPE_NAT, NULL },
	{ "11", XT_ADDRTYPE_XRESOLVE, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name tcp_flags[] = {
	{ "fin", 0x01, NULL }, { "syn", 0x02, NULL }, { "rst", 0x04, NULL }, { "psh", 0x08, NULL },
	{ "ack", 0x10, NULL }, { "urg", 0x20, NULL }, { "ecn", 0x40, NULL }, { "cwr", 0x80, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name packet_types[] = {
	{ "unicast", 0, NULL }, { "broadcast", 1, NULL }, { "multicast", 2, NULL },
	{ "other", 3, NULL }, { NULL, 0, NULL },
};

static const struct rv_name ecn_bits[] = {
	{ "not-ect", 0, NULL }, { "ect1", 1, NULL }, { "ect0", 2, NULL }, { "ce", 3, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name dccp_types[] = {
	{ "request", 1 << 0, NULL }, { "response", 1 << 1, NULL }, { "data", 1 << 2, NULL },
	{ "ack", 1 << 3, NULL }, { "dataack", 1 << 4, NULL }, { "closereq", 1 << 5, NULL },
	{ "close", 1 << 6, NULL }, { "reset", 1 << 7, NULL }, { "sync", 1 << 8, NULL },
	{ "syncack", 1 << 9, NULL }, { "10-15", 0xfc00, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name icmp_types[] = {
	{ "echo-reply", 0, NULL }, { "destination-unreachable", 3, NULL },
	{ "source-quench", 4, NULL }, { "redirect", 5, NULL }, { "echo-request", 8, NULL },
	{ "router-advertisement", 9, NULL }, { "router-solicitation", 10, NULL },
	{ "time-exceeded", 11, NULL }, { "parameter-problem", 12, NULL },
	{ "timestamp-request", 13, NULL }, { "timestamp-reply", 14, NULL },
	{ "address-mask-request", 17, NULL }, { "address-mask-reply", 18, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name icmp6_types[] = {
	{ "destination-unreachable", 1, NULL }, { "packet-too-big", 2, NULL },
	{ "time-exceeded", 3, NULL }, { "parameter-problem", 4, NULL },
	{ "echo-request", 128, NULL }, { "echo-reply", 129, NULL },
	{ "mld-listener-query", 130, NULL }, { "mld-listener-report", 131, NULL },
	{ "mld-listener-done", 132, NULL }, { "nd-router-solicit", 133, NULL },
	{ "nd-router-advert", 134, NULL }, { "nd-neighbor-solicit", 135, NULL },
	{ "nd-neighbor-advert", 136, NULL }, { "nd-redirect", 137, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name group_names[] = { { "default", 0, NULL }, { NULL, 0, NULL } };

/* Index: selector. NULL: no nft syntax. */
static const struct word *const selector_forms[RV_SEL_COUNT] = {
	[RV_SEL_NONE] = (const struct word[]){ { .text = NULL } },
#define RV_SELECTOR(id, name, len, order, fam, protocol, class, ...)		\
	[RV_SEL_##id] = (const struct word[]){ __VA_ARGS__ { .text = NULL } },
#define SAY(fam, how, selector_forms, ...)						\
	{ .family = NFPROTO_##fam, .form = (how), .text = (selector_forms), __VA_ARGS__ },
#include <ravelin/selectors.def>
};

/* Selectors of the core options, in the order in which iptables-translate writes them. */
static const enum rv_sel core_order[] = {
	RV_SEL_IIFNAME, RV_SEL_OIFNAME, RV_SEL_IP_FRAG, RV_SEL_L4PROTO,
	RV_SEL_IP_SADDR, RV_SEL_IP_DADDR, RV_SEL_IP6_SADDR, RV_SEL_IP6_DADDR,
};

/* ---- values ----------------------------------------------------------------------- */

static uint64_t selector_number(const struct word *w, const uint8_t *bytes)
{
	const struct rv_selector *s = &rv_selectors[w->sel];
	uint64_t n = 0;

	if (s->order == RV_ORDER_H)
		return rv_get_uint(bytes, s->len);
	for (unsigned int i = 0; i < s->len; i++)
		n = n << 8 | bytes[i];
	return n;
}

/* Largest value of the selector. */
static uint64_t most(const struct word *w)
{
	return UINT64_MAX >> (64 - 8 * rv_selectors[w->sel].len);
}

void rv_text_protocol(struct rv_buf *b, uint16_t proto)
{
	const struct protoent *p = getprotobynumber(proto);

	if (p)
		rv_buf_puts(b, p->p_name);
	else
		rv_buf_u64(b, proto);
}

static void put_ether(struct rv_buf *b, const uint8_t *m)
{
	rv_buf_printf(b, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void put_nft_address(struct rv_text *t, const uint8_t *bytes)
{
	union nf_inet_addr a;

	memcpy(&a, bytes, sizeof(a));
	rv_print_address(t->b, t->family, &a);
}

static bool put_named(struct rv_text *t, const struct word *w, uint64_t n)
{
	const struct rv_name *name = rv_name_of(w->names, n);

	if (name)
		rv_buf_puts(t->b, name->name);
	else
		rv_buf_printf(t->b, "0x%llx", (unsigned long long)n);
	return true;
}

static bool put_units(struct rv_text *t, const struct word *w, uint64_t n)
{
	if (n < w->bias || (n - w->bias) % w->unit || (n - w->bias) / w->unit > UINT8_MAX)
		return false;
	rv_buf_u64(t->b, (n - w->bias) / w->unit);
	return true;
}

static bool put_selector_value(struct rv_text *t, const struct word *w, const uint8_t *bytes)
{
	uint64_t n = rv_selectors[w->sel].len <= 8 ? selector_number(w, bytes) : 0;

	if (w->max && n > w->max)
		return false;
	switch (w->form) {
	case ADDRESS:
		put_nft_address(t, bytes);
		return true;
	case ETHER:
		put_ether(t->b, bytes);
		return true;
	case PROTOCOL:
		rv_text_protocol(t->b, n);
		return true;
	case NAMED:
		return put_named(t, w, n);
	case UNITS:
		return put_units(t, w, n);
	case NUMBER:
		rv_buf_u64(t->b, n);
		return true;
	case HEX:
	case HEX_BYTE:
		rv_buf_printf(t->b, w->form == HEX ? "0x%llx" : "0x%02llx", (unsigned long long)n);
		return true;
	default:
		return false;
	}
}

static bool put_list(struct rv_buf *b, const struct rv_name *names, uint64_t bits, const char *sep)
{
	const char *between = "";

	for (; names->name; names++) {
		if (!names->value || (bits & names->value) != names->value)
			continue;
		rv_buf_printf(b, "%s%s", between, names->name);
		between = sep;
		bits &= ~names->value;
	}
	return !bits && *between;
}

bool rv_text_bits(struct rv_buf *b, const struct rv_name *names, uint64_t bits)
{
	bool several = bits & (bits - 1), ok;

	rv_buf_puts(b, several ? "{ " : "");
	ok = put_list(b, names, bits, ", ");
	rv_buf_puts(b, several ? " }" : "");
	return ok;
}

/* ---- operators ---------------------------------------------------------------------- */

static const char *unequal(const struct rv_predicate *p)
{
	return p->negate ? "!= " : "";
}

static int count_unequal_port(const struct rv_predicate *p, void *arg)
{
	bool port = p->sel == RV_SEL_TH_SPORT || p->sel == RV_SEL_TH_DPORT;

	*(unsigned int *)arg += port && p->negate;
	return 0;
}

/*
 * nft 1.0 merges comparisons of adjacent fields: "a != 1 b != 2" becomes "not both", which matches
 * more packets. It does not merge ranges.
 */
static bool is_merged(const struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	const struct rv_ip *ip = &t->rule->ip;
	unsigned int ports = 0;

	if (!p->negate)
		return false;
	if (p->sel == RV_SEL_TTL)
		return ip->flags & RV_IP_PROTO && ip->invert & RV_IP_PROTO;
	if (!(w->flags & PORT))
		return false;
	for (const struct rv_part *m = t->rule->matches; m; m = m->next)
		rv_part_predicates(t->family, m->ext, m->data, count_unequal_port, &ports);
	return ports > 1;
}

static bool translate_equal(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	rv_buf_puts(t->b, unequal(p));
	if (!put_selector_value(t, w, p->value))
		return false;
	if (!is_merged(t, w, p))
		return true;
	rv_buf_putc(t->b, '-');
	return put_selector_value(t, w, p->value);
}

static bool translate_label(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	unsigned long long n = selector_number(w, p->value);

	rv_buf_printf(t->b, p->negate ? "and %llu != %llu" : "%llu", n, n);
	return true;
}

static bool translate_exists(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	bool there = w->form == OPTION || selector_number(w, p->value);

	if (w->form == SOME && there)
		return false;
	if (w->form == OPTION)
		rv_buf_printf(t->b, "%u ", p->value[0]);
	rv_buf_puts(t->b, there != p->negate ? "exists" : "missing");
	return true;
}

/* nft treats a trailing '*' as a wildcard. A negated "any" needs an impossible interface name. */
static bool translate_interface(struct rv_text *t, const struct rv_predicate *p)
{
	char name[IFNAMSIZ + 1] = "";
	size_t len = p->op == RV_OP_PREFIX ? p->len : strnlen((const char *)p->value, IFNAMSIZ);

	memcpy(name, p->value, len);
	if (name[strcspn(name, "*\\")])
		return false;
	if (p->op == RV_OP_PREFIX && !len)
		return rv_text_quoted(t->b, "INVAL/D", IFNAMSIZ, "");
	if (p->op == RV_OP_PREFIX)
		name[len] = '*';
	rv_buf_puts(t->b, unequal(p));
	return rv_text_quoted(t->b, name, IFNAMSIZ, "");
}

static bool translate_range(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	bool sized = w->form == NUMBER;
	uint64_t from = sized ? selector_number(w, p->value) : 0;
	uint64_t to = sized ? selector_number(w, p->other) : 0;

	if (w->form == UNITS || (sized ? from > to : memcmp(p->value, p->other, p->len) > 0))
		return false;
	if (w->flags & NO_MORE && to > w->max) {
		/* The negated full range never matches. */
		if (!from && p->negate)
			return false;
		to = w->max;
	}
	if (sized && from == to && !(w->flags & COMPARED))
		return translate_equal(t, w, p);
	if (w->flags & AT_LEAST && to == most(w)) {
		rv_buf_printf(t->b, "%s %llu", p->negate ? "lt" : "ge", (unsigned long long)from);
		return true;
	}
	if (w->flags & COMPARED && to == most(w) && !p->negate) {
		rv_buf_printf(t->b, "gt %llu", (unsigned long long)from - 1);
		return true;
	}
	if (w->flags & COMPARED && !from && !p->negate) {
		rv_buf_printf(t->b, "lt %llu", (unsigned long long)to + 1);
		return true;
	}
	rv_buf_puts(t->b, unequal(p));
	if (!put_selector_value(t, w, p->value))
		return false;
	rv_buf_putc(t->b, '-');
	if (!sized || (w->max && !(w->flags & NO_MORE)))
		return put_selector_value(t, w, p->other);
	rv_buf_u64(t->b, to);
	return true;
}

static bool translate_network(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	union nf_inet_addr mask;
	int len;

	memcpy(&mask, p->other, sizeof(mask));
	len = rv_mask_length(t->family, &mask);
	if (len < 0) {
		rv_buf_puts(t->b, "& ");
		put_nft_address(t, p->other);
		rv_buf_puts(t->b, p->negate ? " != " : " == ");
		put_nft_address(t, p->value);
		return true;
	}
	rv_buf_puts(t->b, unequal(p));
	put_nft_address(t, p->value);
	if (len < (t->family == V4 ? 32 : 128))
		rv_buf_printf(t->b, "/%d", len);
	return w->form == ADDRESS;
}

/* nft 1.0 parses "a / b" only if b has several flags. */
static bool translate_flag_mask(struct rv_text *t, const struct word *w, uint64_t value,
				uint64_t mask, bool negate)
{
	bool one = !(mask & (mask - 1));

	if (!mask || value & ~mask)
		return false;
	if (one && value && !negate)
		return put_list(t->b, w->names, value, ",");
	if (one) {
		rv_buf_puts(t->b, "& ");
		put_list(t->b, w->names, mask, ",");
		rv_buf_printf(t->b, " %s 0x0", (value != 0) == negate ? "==" : "!=");
		return true;
	}
	rv_buf_puts(t->b, negate ? "!= " : "");
	if (!value)
		rv_buf_puts(t->b, "0x0");
	else
		put_list(t->b, w->names, value, ",");
	rv_buf_puts(t->b, " / ");
	return put_list(t->b, w->names, mask, ",");
}

static bool translate_masked(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	if (w->form == ADDRESS)
		return translate_network(t, w, p);
	if (w->form == FLAGS)
		return translate_flag_mask(t, w, selector_number(w, p->value),
					   selector_number(w, p->other), p->negate);
	if (w->form != NUMBER && w->form != HEX && w->form != NAMED)
		return false;
	rv_buf_printf(t->b, "%s 0x%llx %s ", w->flags & SIGNED_BITS ? "&" : "and",
		      (unsigned long long)selector_number(w, p->other), p->negate ? "!=" : "==");
	rv_buf_printf(t->b, w->form == NUMBER ? "%llu" : "0x%llx",
		      (unsigned long long)selector_number(w, p->value));
	return true;
}

static bool translate_any(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	uint64_t bits = selector_number(w, p->value);

	if (w->form == CHOICE) {
		rv_buf_puts(t->b, unequal(p));
		return rv_text_bits(t->b, w->names, bits);
	}
	rv_buf_puts(t->b, p->negate ? "! " : "");
	return w->form == FLAGS && put_list(t->b, w->names, bits, ",");
}

/* Only the type if all codes match; type and code cannot be negated together. */
static bool translate_type(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	bool every = !p->value[1] && p->other[1] == UINT8_MAX;
	const struct rv_name *name = rv_name_of(w->names, p->value[0]);

	if (p->op != RV_OP_RANGE || p->value[0] != p->other[0] || (p->negate && !every))
		return false;
	rv_buf_printf(t->b, "type %s", unequal(p));
	if (name)
		rv_buf_puts(t->b, name->name);
	else
		rv_buf_u64(t->b, p->value[0]);
	if (every)
		return true;
	rv_buf_printf(t->b, " %s code %u", w->text, p->value[1]);
	if (p->other[1] != p->value[1])
		rv_buf_printf(t->b, "-%u", p->other[1]);
	return true;
}

static void put_interval(struct rv_text *t, const struct word *w, const struct rv_interval *in)
{
	uint64_t from = selector_number(w, in->from), to = selector_number(w, in->to);

	rv_buf_u64(t->b, from);
	if (from == to)
		return;
	rv_buf_putc(t->b, '-');
	rv_buf_u64(t->b, to);
}

static bool translate_list(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	struct rv_predicate one = *p;

	if (w->form != NUMBER || !p->count)
		return false;
	if (p->count == 1 && !memcmp(p->list[0].from, p->list[0].to, p->len)) {
		memcpy(one.value, p->list[0].from, sizeof(one.value));
		return translate_equal(t, w, &one);
	}
	rv_buf_puts(t->b, unequal(p));
	rv_buf_puts(t->b, p->count > 1 ? "{ " : "");
	for (unsigned int i = 0; i < p->count; i++) {
		rv_buf_puts(t->b, i ? ", " : "");
		put_interval(t, w, &p->list[i]);
	}
	rv_buf_puts(t->b, p->count > 1 ? " }" : "");
	return true;
}

/* Either port: pairs with a wildcard for the other. */
static bool translate_either(struct rv_text *t, const struct word *w, const struct rv_predicate *p,
			     const char *proto)
{
	if (p->op != RV_OP_IN || !p->count)
		return false;
	rv_buf_printf(t->b, " %s sport . %s dport %s{ ", proto, proto, unequal(p));
	for (unsigned int i = 0; i < p->count; i++) {
		rv_buf_puts(t->b, i ? ", 0-65535 . " : "0-65535 . ");
		put_interval(t, w, &p->list[i]);
		rv_buf_puts(t->b, ", ");
		put_interval(t, w, &p->list[i]);
		rv_buf_puts(t->b, " . 0-65535");
	}
	rv_buf_puts(t->b, " }");
	return true;
}

/* Omits the mask only if it covers all loaded bits. */
static bool translate_octet(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	unsigned int value = selector_number(w, p->value) << w->unit, mask = UINT8_MAX << w->unit;

	if (p->op == RV_OP_MASK)
		mask = selector_number(w, p->other) << w->unit;
	else if (p->op != RV_OP_EQ)
		return false;
	/* Never matches. */
	if (value & ~mask)
		return false;
	if (mask == UINT8_MAX)
		rv_buf_printf(t->b, "%s0x%02x", unequal(p), value);
	else
		rv_buf_printf(t->b, "& 0x%02x %s 0x%02x", mask, p->negate ? "!=" : "==", value);
	return true;
}

/* ---- time -------------------------------------------------------------------------------- */

#define DAY 86400

/* Reads the kernel's time zone; the C library's gettimeofday() always reports UTC. */
static bool kernel_is_in_utc(void)
{
#ifdef SYS_gettimeofday
	struct timezone zone;

	return !syscall(SYS_gettimeofday, NULL, &zone) && !zone.tz_minuteswest;
#else
	return false;
#endif
}

static void put_numbers(struct rv_text *t, unsigned int from, unsigned int to)
{
	rv_buf_u64(t->b, from);
	if (from == to)
		return;
	rv_buf_putc(t->b, '-');
	rv_buf_u64(t->b, to);
}

/* The full range of iptables, until 2038; omitted. */
static bool is_all_dates(const struct word *w, const struct rv_predicate *p)
{
	return p->op == RV_OP_RANGE && !p->negate && !selector_number(w, p->value) &&
	       selector_number(w, p->other) == INT32_MAX;
}

/* nft reads seconds and compares nanoseconds, so the range ends when the next second starts. */
static bool translate_dates(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	uint64_t from = selector_number(w, p->value), to = selector_number(w, p->other);

	if (p->op != RV_OP_RANGE || p->negate)
		return false;
	if (from)
		rv_buf_printf(t->b, " %s >= %llu", w->text, (unsigned long long)from);
	rv_buf_printf(t->b, " %s < %llu", w->text, (unsigned long long)to + 1);
	return true;
}

/* The first param seconds after midnight belong to the previous day. */
static void put_stretch(struct rv_text *t, unsigned int days, unsigned int param)
{
	const char *comma = "";

	rv_buf_puts(t->b, ". meta hour { ");
	for (unsigned int day = 1; day <= 7; day++) {
		if (!(days >> day & 1))
			continue;
		rv_buf_printf(t->b, "%s%u . ", comma, day % 7);
		put_numbers(t, param, DAY - 1);
		rv_buf_printf(t->b, ", %u . ", (day + 1) % 7);
		put_numbers(t, 0, param - 1);
		comma = ", ";
	}
	rv_buf_puts(t->b, " }");
}

static bool translate_week_days(struct rv_text *t, const struct word *w,
				const struct rv_predicate *p)
{
	unsigned int days = selector_number(w, p->value);
	bool several = days & (days - 1);
	const char *comma = "";

	if (p->op != RV_OP_ANY || p->negate || !days || (p->param && !kernel_is_in_utc()))
		return false;
	if (p->param && p->param < DAY) {
		put_stretch(t, days, p->param);
		return true;
	}
	if (p->param)
		days = (days << 1 | days >> 6) & 0xfe;
	rv_buf_puts(t->b, several ? "{ " : "");
	for (unsigned int day = 1; day <= 7; day++) {
		if (!(days >> day & 1))
			continue;
		rv_buf_printf(t->b, "%s%u", comma, day % 7);
		comma = ", ";
	}
	rv_buf_puts(t->b, several ? " }" : "");
	return true;
}

/* ---- forms -------------------------------------------------------------------------------- */

static bool translate_operation(struct rv_text *t, const struct word *w,
				const struct rv_predicate *p)
{
	switch (w->form) {
	case INTERFACE:
		return translate_interface(t, p);
	case TYPE_CODE:
		return translate_type(t, w, p);
	case EXISTS:
	case SOME:
	case OPTION:
		return translate_exists(t, w, p);
	case LABEL:
		return translate_label(t, w, p);
	case OCTET:
		return translate_octet(t, w, p);
	case WEEK_DAYS:
		return translate_week_days(t, w, p);
	default:
		break;
	}
	switch (p->op) {
	case RV_OP_EQ:
		return translate_equal(t, w, p);
	case RV_OP_RANGE:
		return translate_range(t, w, p);
	case RV_OP_MASK:
		return translate_masked(t, w, p);
	case RV_OP_ANY:
		return translate_any(t, w, p);
	case RV_OP_IN:
		return translate_list(t, w, p);
	case RV_OP_PREFIX:
	case RV_OP_BEGINS:
	case RV_OP_CHUNKS:
		break;
	}
	return false;
}

/* ---- predicates ------------------------------------------------------------------------ */

bool rv_text_has_protocol(const struct rv_text *t, uint16_t proto)
{
	const struct rv_ip *ip = &t->rule->ip;

	return ip->flags & RV_IP_PROTO && !(ip->invert & RV_IP_PROTO) &&
	       (!proto || ip->proto == proto);
}

static const struct rv_name headers[] = {
	{ "tcp", IPPROTO_TCP, NULL }, { "udp", IPPROTO_UDP, NULL },
	{ "udplite", IPPROTO_UDPLITE, NULL }, { "sctp", IPPROTO_SCTP, NULL },
	{ "dccp", IPPROTO_DCCP, NULL }, { NULL, 0, NULL },
};

const char *rv_text_port_header(const struct rv_text *t)
{
	const struct rv_name *name = rv_name_of(headers, t->rule->ip.proto);

	return name && rv_text_has_protocol(t, 0) ? name->name : NULL;
}

static bool translate_form(struct rv_text *t, const struct word *w, const struct rv_predicate *p)
{
	const uint16_t needed = rv_selectors[w->sel].protocol;
	const uint16_t protocol = needed == RV_PROTO_PORTS ? 0 : needed;
	bool other = t->rule->ip.flags & RV_IP_PROTO && !rv_text_has_protocol(t, protocol);
	const char *header = NULL;

	if (w->form == DATES && is_all_dates(w, p))
		return true;
	if ((protocol && other) || (w->flags & POSITIVE && p->negate) ||
	    (w->flags & ZONELESS && !kernel_is_in_utc()))
		return false;
	if (w->form == DATES)
		return translate_dates(t, w, p);
	if (w->flags & (PORT | EITHER_PORT | HAS_PORTS)) {
		header = rv_text_port_header(t);
		if (!header && !(w->flags & HAS_PORTS && t->ct_has_ports))
			return false;
	}
	if (p->sel == RV_SEL_CT_PROTO && p->op == RV_OP_EQ && !p->negate)
		t->ct_has_ports = rv_name_of(headers, selector_number(w, p->value)) != NULL;
	if (w->flags & EITHER_PORT)
		return translate_either(t, w, p, header);
	if (w->flags & PORT)
		rv_buf_printf(t->b, " %s", header);
	rv_buf_printf(t->b, " %s ", w->text);
	return translate_operation(t, w, p);
}

/* Tries the rows of the selector in order. */
static bool translate_predicate(struct rv_text *t, const struct rv_predicate *p)
{
	size_t start = t->b->len;

	for (const struct word *row = selector_forms[p->sel]; row->text; row++) {
		struct word w = *row;

		w.sel = p->sel;
		if (w.family != ANY && w.family != t->family)
			continue;
		if (translate_form(t, &w, p))
			return true;
		t->b->len = start;
	}
	return false;
}

struct part_walk {
	struct rv_text *t;
	enum rv_sel only;	/* only this selector of the core options; NONE: all */
	enum rv_sel header;	/* selector of a header whose presence any other test of the
				 * match implies */
	unsigned int said;
};

static int on_predicate(const struct rv_predicate *p, void *arg)
{
	struct part_walk *w = arg;

	if ((w->only && p->sel != w->only) || (w->header && p->sel == w->header))
		return 0;
	/* "+" matches any interface. */
	if (p->op == RV_OP_PREFIX && !p->len && !p->negate)
		return 0;
	w->said++;
	return !translate_predicate(w->t, p);
}

static int only_options(const struct rv_predicate *p, void *arg)
{
	*(bool *)arg = true;
	return p->sel != RV_SEL_TCP_OPTION;
}

/* A TCP option is also missing in packets of other protocols, and nft does not test for TCP. */
static bool is_loose(const struct rv_text *t, const struct rv_part *m)
{
	bool any = false;

	return m->ext->protocol == IPPROTO_TCP &&
	       !rv_part_predicates(t->family, m->ext, m->data, only_options, &any) && any;
}

/* Whether earlier packets affect the match's result. */
static bool has_state(const struct rv_ext *ext)
{
	return ext->effect == RV_EFFECT_STATE;
}

/*
 * Whether the test of the protocol can be omitted: its match tests it, or nft derives it from the
 * match's expressions. Not after a match that counts packets of other protocols.
 */
static bool protocol_is_implied(const struct rv_text *t)
{
	for (const struct rv_part *m = t->rule->matches; m && !has_state(m->ext); m = m->next)
		if (m->ext->protocol && !is_loose(t, m) && m->ext->protocol != IPPROTO_ICMPV6 &&
		    rv_text_has_protocol(t, m->ext->protocol))
			return true;
	return false;
}

bool rv_text_ip(struct rv_text *t)
{
	struct part_walk w = { .t = t };

	for (size_t i = 0; i < sizeof(core_order) / sizeof(*core_order); i++) {
		uint8_t family = rv_selectors[core_order[i]].family;

		w.only = core_order[i];
		if ((family && family != t->family) || (w.only == RV_SEL_L4PROTO && protocol_is_implied(t)))
			continue;
		if (rv_part_predicates(t->family, &rv_ext_ip, (const unsigned char *)&t->rule->ip,
				       on_predicate, &w))
			return false;
	}
	return true;
}

/* A match without options: its header or protocol is present. */
static bool translate_presence(struct rv_text *t, const struct rv_ext *ext)
{
	static const char *const extension_headers[] = { "frag", "dst", "hbh", "rt", "mh" };

	for (size_t i = 0; i < sizeof(extension_headers) / sizeof(*extension_headers); i++) {
		if (strcmp(extension_headers[i], ext->name) != 0)
			continue;
		rv_buf_printf(t->b, " exthdr %s exists", extension_headers[i]);
		return true;
	}
	if (!ext->protocol || !rv_text_has_protocol(t, ext->protocol))
		return false;
	rv_buf_printf(t->b, " %s ",
		      ext->protocol == IPPROTO_ICMP ? "ip protocol" : "meta l4proto");
	rv_text_protocol(t->b, ext->protocol);
	return true;
}

bool rv_text_walk(struct rv_text *t, const struct rv_part *part)
{
	struct part_walk w = { .t = t, .header = rv_ext_header(part->ext)->sel };

	if (rv_part_predicates(t->family, part->ext, part->data, on_predicate, &w))
		return false;
	return w.said || translate_presence(t, part->ext);
}

bool rv_text_predicates(struct rv_text *t, const struct rv_part *part)
{
	return rv_part_is_pure(part->ext, part->data) && rv_text_walk(t, part);
}
