/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints boxes and sets of values as iptables options. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/selectors.h"

/* ---- boxes -------------------------------------------------------------------------------------------- */

/* The variables of the nth field or question. */
static struct rv_dd_vars extent(const struct rv_space *s, uint32_t n)
{
	uint32_t var;

	if (n < s->nfields) {
		struct rv_dd_vars v = rv_field_vars(&s->fields[n]);

		if (s->fields[n].has != RV_DD_LEAF)
			v.first = s->fields[n].has;
		return v;
	}
	var = s->frees[n - s->nfields].var;
	return (struct rv_dd_vars){ var, var + 1, 1 };
}

struct around {
	const uint8_t *values;
	struct rv_dd_vars free;
};

static enum rv_dd_change fix_var(void *arg, uint32_t var, struct rv_dd_group *group)
{
	const struct around *a = arg;

	(void)group;
	if (var >= a->free.first && var < a->free.end && (var - a->free.first) % a->free.step == 0)
		return RV_DD_KEEP;
	return a->values[var] == RV_POINT_ONE ? RV_DD_ONE : RV_DD_ZERO;
}

/* Returns all values of one field for which the packet, otherwise unchanged, is in f. */
static rv_dd values_around(struct rv_space *s, rv_dd f, const uint8_t *values, struct rv_dd_vars field)
{
	struct around a = { values, field };

	return rv_dd_map(&s->d, f, &(struct rv_dd_map){ fix_var, NULL, &a });
}

/*
 * Widens each field in turn: to no condition if possible, else to the values allowed by the other
 * fields.
 */
rv_dd rv_region_box(struct rv_space *s, rv_dd f, rv_dd possible, rv_dd *left)
{
	struct rv_diagram *d = &s->d;
	rv_dd rest = rv_dd_or(d, f, rv_dd_not(d, possible)), box = RV_DD_TRUE;
	uint8_t *values = malloc(s->nvars + 1);

	*left = RV_DD_FALSE;
	if (!values || !rv_region_point(s, rv_dd_and(d, f, possible), values)) {
		s->failed |= !values;
		free(values);
		return RV_DD_FALSE;
	}
	rv_point_settle_in(s, rv_dd_and(d, f, possible), values);
	for (uint32_t i = s->nfields + s->nfrees; i-- > 0;) {
		rv_dd all = rv_dd_all(d, rest, extent(s, i));

		if (rv_dd_at(d, all, values) == RV_DD_TRUE)
			rest = all;
	}
	for (uint32_t i = 0; i < s->nfields + s->nfrees; i++) {
		struct rv_dd_vars v = extent(s, i);
		rv_dd set;

		if (!rv_dd_looks(d, rest, v))
			continue;
		set = values_around(s, rest, values, v);
		box = rv_dd_and(d, box, set);
		rest = rv_dd_all(d, rv_dd_or(d, rest, rv_dd_not(d, set)), v);
	}
	free(values);
	*left = rv_dd_minus(d, f, box);
	return box;
}

/* ---- sets of numbers ---------------------------------------------------------------------------------------- */

#define SPANS 64

struct spans {
	const struct rv_space *s;
	const struct rv_field *f;
	unsigned int bits, n;
	struct rv_interval list[SPANS];
	bool more;
};

static void add_span(struct spans *sp, const uint8_t *start, unsigned int bit)
{
	struct rv_interval *last = sp->n ? &sp->list[sp->n - 1] : NULL, now = { 0 };
	uint8_t after[16];
	unsigned int size = (sp->bits + 7) / 8;

	memcpy(now.from, start, 16);
	memcpy(now.to, start, 16);
	for (unsigned int i = bit; i < sp->bits; i++)
		now.to[i / 8] |= 0x80 >> i % 8;
	if (last) {
		/* Adds one to the lowest bit of the value. */
		unsigned int carry = sp->bits % 8 ? 1u << (8 - sp->bits % 8) : 1;

		memcpy(after, last->to, 16);
		for (unsigned int i = size; i-- > 0 && carry;) {
			carry += after[i];
			after[i] = (uint8_t)carry;
			carry >>= 8;
		}
		if (!carry && !memcmp(after, now.from, size)) {
			memcpy(last->to, now.to, 16);
			return;
		}
	}
	if (sp->n == SPANS)
		sp->more = true;
	else
		sp->list[sp->n++] = now;
}

static void find_spans(struct spans *sp, rv_dd f, uint8_t *start, unsigned int bit)
{
	const struct rv_dd_node *n = &sp->s->d.nodes[f];

	if (f == RV_DD_FALSE || sp->more)
		return;
	if (f == RV_DD_TRUE || n->var >= rv_field_vars(sp->f).end) {
		add_span(sp, start, bit);
		return;
	}
	/* A bit that no rule tests may be 0 or 1. */
	find_spans(sp, n->var == rv_field_var(sp->f, bit) ? n->lo : f, start, bit + 1);
	start[bit / 8] |= 0x80 >> bit % 8;
	find_spans(sp, n->var == rv_field_var(sp->f, bit) ? n->hi : f, start, bit + 1);
	start[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}

static void spans_of(struct spans *sp, const struct rv_space *s, const struct rv_field *f, rv_dd set)
{
	uint8_t start[16] = { 0 };

	*sp = (struct spans){ .s = s, .f = f, .bits = f->bits };
	find_spans(sp, set, start, 0);
}

/* ---- words of values ----------------------------------------------------------------------------------------- */

static uint64_t number_of(const struct rv_field *f, const uint8_t *bytes)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < f->bits && i < 64; i++)
		n = n << 1 | (bytes[i / 8] >> (7 - i % 8) & 1);
	return n;
}

static void put_address(struct rv_buf *b, const struct rv_field *f, const uint8_t *bytes)
{
	char text[INET6_ADDRSTRLEN];

	rv_buf_puts(b, inet_ntop(f->bits == 32 ? AF_INET : AF_INET6, bytes, text, sizeof(text)) ? text : "?");
}

/* "10.0.0.0/8" if the interval is one, else "10.0.0.1-10.0.0.9". */
static void put_addresses(struct rv_buf *b, const struct rv_field *f, const struct rv_interval *i)
{
	unsigned int n = 0;
	bool prefix = true;

	while (n < f->bits && !((i->from[n / 8] ^ i->to[n / 8]) >> (7 - n % 8) & 1))
		n++;
	for (unsigned int k = n; k < f->bits; k++)
		prefix &= !(i->from[k / 8] >> (7 - k % 8) & 1) && i->to[k / 8] >> (7 - k % 8) & 1;
	put_address(b, f, i->from);
	if (n == f->bits)
		return;
	if (prefix) {
		rv_buf_printf(b, "/%u", n);
		return;
	}
	rv_buf_putc(b, '-');
	put_address(b, f, i->to);
}

static void put_numbers(struct rv_buf *b, const struct rv_field *f, const struct rv_interval *i)
{
	uint64_t from = number_of(f, i->from), to = number_of(f, i->to);
	bool hex = f->sel == RV_SEL_MARK || f->sel == RV_SEL_CT_MARK || f->sel == RV_SEL_TOS || f->sel == RV_SEL_TCP_FLAGS;

	rv_buf_printf(b, hex ? "0x%llx" : "%llu", (unsigned long long)from);
	if (from != to)
		rv_buf_printf(b, hex ? ":0x%llx" : ":%llu", (unsigned long long)to);
}

static void put_protocols(struct rv_buf *b, const struct rv_field *f, const struct rv_interval *i)
{
	uint64_t from = number_of(f, i->from), to = number_of(f, i->to);

	for (uint64_t n = from; n <= to; n++) {
		const char *name = n ? rv_protocol_name(NFPROTO_IPV4, (uint16_t)n) : NULL;

		if (n != from)
			rv_buf_putc(b, ',');
		if (to - from > 3) {
			rv_buf_printf(b, "%u-%u", (unsigned int)from, (unsigned int)to);
			return;
		}
		if (name)
			rv_buf_puts(b, name);
		else
			rv_buf_u64(b, n);
	}
}

/* Type and code: 8, 3/1, all codes of a type. */
static void put_icmp(struct rv_buf *b, const struct rv_field *f, const struct rv_interval *i)
{
	unsigned int from = (unsigned int)number_of(f, i->from), to = (unsigned int)number_of(f, i->to);

	if (from == to)
		rv_buf_printf(b, "%u/%u", from >> 8, from & 255);
	else if (!(from & 255) && (to & 255) == 255 && from >> 8 == to >> 8)
		rv_buf_printf(b, "%u", from >> 8);
	else
		rv_buf_printf(b, "%u/%u-%u/%u", from >> 8, from & 255, to >> 8, to & 255);
}

static void put_names(struct rv_buf *b, const struct rv_field *f, const struct rv_interval *i)
{
	uint64_t from = number_of(f, i->from), to = number_of(f, i->to);

	for (uint64_t n = from; n <= to && n < f->nnames; n++)
		rv_buf_printf(b, "%s%s", n == from ? "" : ",", f->names[n]);
}

/* ---- fields ---------------------------------------------------------------------------------------------------- */

static const struct words {
	enum rv_sel sel;
	const char *word;
	void (*put)(struct rv_buf *b, const struct rv_field *f, const struct rv_interval *i);
	bool bits;		/* print as value/mask if possible */
} words[] = {
	{ RV_SEL_IIFNAME, "-i", put_names, false }, { RV_SEL_OIFNAME, "-o", put_names, false },
	{ RV_SEL_IP_SADDR, "-s", put_addresses, false }, { RV_SEL_IP_DADDR, "-d", put_addresses, false },
	{ RV_SEL_IP6_SADDR, "-s", put_addresses, false }, { RV_SEL_IP6_DADDR, "-d", put_addresses, false },
	{ RV_SEL_L4PROTO, "-p", put_protocols, false },
	{ RV_SEL_TH_SPORT, "--sport", put_numbers, false }, { RV_SEL_TH_DPORT, "--dport", put_numbers, false },
	{ RV_SEL_TCP_FLAGS, "--tcp-flags", put_numbers, true },
	{ RV_SEL_ICMP_TYPE, "--icmp-type", put_icmp, false }, { RV_SEL_ICMP6_TYPE, "--icmpv6-type", put_icmp, false },
	{ RV_SEL_TTL, "--ttl", put_numbers, false }, { RV_SEL_HOPLIMIT, "--hl", put_numbers, false },
	{ RV_SEL_MARK, "--mark", put_numbers, true }, { RV_SEL_CT_MARK, "ct mark", put_numbers, true },
	{ RV_SEL_TOS, "--tos", put_numbers, true }, { RV_SEL_LENGTH, "--length", put_numbers, false },
	{ RV_SEL_PHYSIN, "--physdev-in", put_names, false }, { RV_SEL_PHYSOUT, "--physdev-out", put_names, false },
};

static const struct words *words_of(enum rv_sel sel)
{
	static const struct words other = { RV_SEL_NONE, NULL, put_numbers, false };

	for (unsigned int i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].sel == sel)
			return &words[i];
	return &other;
}

static const char *const states[] = { "INVALID", "ESTABLISHED", "RELATED", "NEW", NULL, NULL, "SNAT", "DNAT", "UNTRACKED" };
static const char *const flags[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG" };

/* Appends the states in the set, with SNAT and DNAT as the set has them. */
static bool put_states(struct rv_buf *b, const struct rv_space *s, const struct rv_field *f, rv_dd set)
{
	static const struct {
		uint8_t bit;
		uint8_t translations;	/* SNAT, DNAT, both or none */
	} real[] = { { 0, 1 }, { 1, 4 }, { 2, 4 }, { 3, 4 }, { 8, 1 } };
	uint8_t *values = calloc(s->nvars + 1, 1);
	unsigned int n = 0;

	if (!values)
		return false;
	rv_buf_puts(b, " --ctstate ");
	for (unsigned int i = 0; i < sizeof(real) / sizeof(*real); i++) {
		uint32_t var = rv_field_var(f, 15u - real[i].bit);
		bool in = false;

		values[var] = 1;
		for (unsigned int nat = 0; nat < real[i].translations; nat++) {
			values[rv_field_var(f, 15 - 6)] = nat & 1;
			values[rv_field_var(f, 15 - 7)] = nat >> 1;
			in |= rv_dd_at(&s->d, set, values) == RV_DD_TRUE;
		}
		values[var] = 0;
		if (in)
			rv_buf_printf(b, "%s%s", n++ ? "," : "", states[real[i].bit]);
	}
	free(values);
	return true;
}

/* Sets value and mask if the set is (x & mask) == value, else returns false. */
static bool as_bits(const struct rv_space *s, const struct rv_field *f, rv_dd set, uint64_t *value, uint64_t *mask)
{
	*value = *mask = 0;
	while (set != RV_DD_TRUE) {
		const struct rv_dd_node *n = &s->d.nodes[set];
		uint64_t bit;

		if (n->var < f->first || n->var >= rv_field_vars(f).end || (n->lo != RV_DD_FALSE && n->hi != RV_DD_FALSE))
			return false;
		bit = UINT64_C(1) << (f->bits - 1 - (n->var - f->first) / f->step);
		*mask |= bit;
		*value |= n->lo == RV_DD_FALSE ? bit : 0;
		set = n->lo == RV_DD_FALSE ? n->hi : n->lo;
	}
	return true;
}

static void put_flag_names(struct rv_buf *b, uint64_t bits)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 6; i++)
		if (bits >> i & 1)
			rv_buf_printf(b, "%s%s", n++ ? "," : "", flags[i]);
	rv_buf_puts(b, n ? "" : "NONE");
}

static void put_bits(struct rv_buf *b, const struct rv_field *f, uint64_t value, uint64_t mask)
{
	if (f->sel == RV_SEL_TCP_FLAGS) {
		put_flag_names(b, mask);
		rv_buf_putc(b, ' ');
		put_flag_names(b, value);
		return;
	}
	rv_buf_printf(b, "0x%llx", (unsigned long long)value);
	if (mask != (f->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << f->bits) - 1))
		rv_buf_printf(b, "/0x%llx", (unsigned long long)mask);
}

static void put_spans(struct rv_buf *b, const struct rv_field *f, const struct words *w, const struct spans *sp)
{
	for (unsigned int i = 0; i < sp->n; i++) {
		rv_buf_puts(b, i ? "," : "");
		w->put(b, f, &sp->list[i]);
	}
	rv_buf_puts(b, sp->more ? ",..." : "");
}

static bool has_others(const struct rv_field *f, const struct spans *sp)
{
	return sp->n && number_of(f, sp->list[sp->n - 1].to) >= f->nnames;
}

static void put_field(struct rv_buf *b, struct rv_space *s, const struct rv_field *f, rv_dd set)
{
	const struct words *w = words_of(f->sel);
	struct spans in, out;
	uint64_t value, mask;
	bool turn;
	rv_dd real;

	if (f->sel == RV_SEL_IP_FRAG) {
		rv_buf_puts(b, rv_dd_branch(&s->d, set, f->first, true) == RV_DD_TRUE ? " -f" : " ! -f");
		return;
	}
	if (f->sel == RV_SEL_CT_STATE && put_states(b, s, f, set))
		return;
	if (w->bits && as_bits(s, f, set, &value, &mask)) {
		rv_buf_printf(b, " %s ", w->word);
		put_bits(b, f, value, mask);
		return;
	}
	real = f->sel == RV_SEL_L4PROTO ? rv_region_protocols(s) : RV_DD_TRUE;
	spans_of(&in, s, f, rv_dd_and(&s->d, set, real));
	spans_of(&out, s, f, rv_dd_minus(&s->d, real, set));
	/* All other names are printed as the names that they exclude. */
	turn = rv_selectors[f->sel].order == RV_ORDER_S ? has_others(f, &in) : out.n < in.n;
	rv_buf_puts(b, turn ? " ! " : " ");
	rv_buf_printf(b, "%s ", w->word ? w->word : rv_selectors[f->sel].name);
	put_spans(b, f, w, turn ? &out : &in);
}

/* Returns the values of one field in a box. */
static rv_dd projection(struct rv_space *s, rv_dd box, struct rv_dd_vars v)
{
	box = rv_dd_some(&s->d, box, (struct rv_dd_vars){ v.end, s->nvars, 1 });
	if (v.step == 2)
		box = rv_dd_some(&s->d, box, (struct rv_dd_vars){ v.first + 1, v.end, 2 });
	return rv_dd_some(&s->d, box, (struct rv_dd_vars){ 0, v.first, 1 });
}

static void put_presence(struct rv_buf *b, struct rv_space *s, rv_dd box, const struct rv_field *f)
{
	rv_dd set = f->has == RV_DD_LEAF ? RV_DD_TRUE : projection(s, box, (struct rv_dd_vars){ f->has, f->has + 1, 1 });

	if (set != RV_DD_TRUE && rv_dd_branch(&s->d, set, f->has, true) == RV_DD_FALSE)
		rv_buf_printf(b, " (without %s)", rv_selectors[f->sel].name);
}

void rv_region_words(struct rv_buf *b, struct rv_space *s, rv_dd box, rv_dd possible)
{
	size_t start = b->len;

	(void)possible;
	for (unsigned int i = 0; i < s->nfields; i++) {
		const struct rv_field *f = &s->fields[i];
		rv_dd set = projection(s, box, rv_field_vars(f));

		put_presence(b, s, box, f);
		if (set != RV_DD_TRUE)
			put_field(b, s, f, set);
	}
	for (uint32_t i = 0; i < s->nfrees; i++) {
		rv_dd set = projection(s, box, extent(s, s->nfields + i));

		if (set != RV_DD_TRUE)
			rv_buf_printf(b, " (%s%s)", rv_dd_branch(&s->d, set, s->frees[i].var, true) == RV_DD_TRUE
				      ? "" : "not: ", s->frees[i].text);
	}
	if (b->len == start)
		rv_buf_puts(b, " all packets");
	/* Removes the blank before the first word. */
	if (rv_buf_ok(b))
		memmove(b->data + start, b->data + start + 1, --b->len - start);
}

/* ---- points ------------------------------------------------------------------------------------------------------ */

static rv_dd value_of(struct rv_space *s, const struct rv_field *f, const uint8_t *values)
{
	rv_dd set = RV_DD_TRUE;

	for (unsigned int i = f->bits; i-- > 0;) {
		bool one = values[rv_field_var(f, i)] == RV_POINT_ONE;

		set = rv_dd_node(&s->d, rv_field_var(f, i), one ? RV_DD_FALSE : set, one ? set : RV_DD_FALSE);
	}
	return set;
}

static bool is_asked(const struct rv_field *f, const uint8_t *values, const struct rv_space *s)
{
	const struct rv_sel_row *row = rv_sel_row(f->sel);
	uint8_t protocol[16];

	if (f->has != RV_DD_LEAF && values[f->has] != RV_POINT_ONE)
		return false;
	if (f->sel == RV_SEL_IP_FRAG || ((f->sel == RV_SEL_MARK || f->sel == RV_SEL_CT_MARK)))
		for (unsigned int i = 0; i <= f->bits; i++)
			if (i == f->bits || values[rv_field_var(f, i)] == RV_POINT_ONE)
				return i < f->bits;
	if (!row->protocols[0])
		return true;
	rv_point_bytes(s, values, rv_space_field(s, RV_SEL_L4PROTO, 0), protocol);
	return memchr(row->protocols, protocol[0], sizeof(row->protocols)) != NULL &&
	       values[rv_space_field(s, RV_SEL_IP_FRAG, 0)->first] != RV_POINT_ONE;
}

void rv_point_words(struct rv_buf *b, struct rv_space *s, const uint8_t *values)
{
	size_t start = b->len;

	for (unsigned int i = 0; i < s->nfields; i++) {
		const struct rv_field *f = &s->fields[i];
		char name[IFNAMSIZ];

		if (!is_asked(f, values, s))
			continue;
		if (rv_selectors[f->sel].order == RV_ORDER_S) {
			rv_point_name(s, values, f, name);
			if (name[0])
				rv_buf_printf(b, " %s %s", words_of(f->sel)->word, name);
			continue;
		}
		put_field(b, s, f, value_of(s, f, values));
	}
	for (uint32_t i = 0; i < s->nfrees; i++)
		if (values[s->frees[i].var] == RV_POINT_ONE)
			rv_buf_printf(b, " (%s)", s->frees[i].text);
	if (rv_buf_ok(b) && b->len > start)
		memmove(b->data + start, b->data + start + 1, --b->len - start);
}
