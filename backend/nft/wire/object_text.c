/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints rules kept as objects in nft syntax, where possible. Only for output: the rule is defined
 * by its bytes, and nothing parses this text.
 */
#include <stdio.h>
#include <stdlib.h>


#include "extensions/limit.h"
#include "object.h"

/* Maximum number of elements printed. */
#define SHOWN_ELEMENTS 32

/* Output formats of field values. */
enum form { HEX_BYTES, ADDRESS, NUMBER, HOST_NUMBER, HEX, NAME, PROTOCOL, PORT, STATES };

struct held {
	char text[160];			/* "": empty */
	enum form form;
	uint32_t len;
};

struct teller {
	struct rv_buf *b;
	rv_family_t family;
	struct rv_nft_view object;
	struct held held[RV_NFT_WORDS];
	unsigned int depth;
};

static void tell_rules(struct teller *t, uint32_t chain);

/* ---- fields ------------------------------------------------------------------------- */

struct field_name {
	uint8_t kind, family, base, offset, len;	/* base, or key of meta and ct */
	uint8_t form;
	const char *text;
};

#define V4 NFPROTO_IPV4
#define V6 NFPROTO_IPV6
#define NETWORK(family, off, n, form, text) \
	{ RV_NFT_PAYLOAD, family, NFT_PAYLOAD_NETWORK_HEADER, off, n, form, text }
#define TRANSPORT(off, n, form, text) \
	{ RV_NFT_PAYLOAD, 0, NFT_PAYLOAD_TRANSPORT_HEADER, off, n, form, text }
#define META(key, form, text) { RV_NFT_META, 0, NFT_META_##key, 0, 0, form, text }
#define CT(key, form, text) { RV_NFT_CT, 0, NFT_CT_##key, 0, 0, form, text }

static const struct field_name field_names[] = {
	NETWORK(V4, 12, 4, ADDRESS, "ip saddr"), NETWORK(V4, 16, 4, ADDRESS, "ip daddr"),
	NETWORK(V4, 9, 1, PROTOCOL, "ip protocol"), NETWORK(V4, 8, 1, NUMBER, "ip ttl"),
	NETWORK(V4, 6, 2, HEX, "ip frag-off"), NETWORK(V4, 2, 2, NUMBER, "ip length"),
	NETWORK(V4, 4, 2, NUMBER, "ip id"),
	NETWORK(V6, 8, 16, ADDRESS, "ip6 saddr"), NETWORK(V6, 24, 16, ADDRESS, "ip6 daddr"),
	NETWORK(V6, 6, 1, PROTOCOL, "ip6 nexthdr"), NETWORK(V6, 7, 1, NUMBER, "ip6 hoplimit"),
	TRANSPORT(0, 2, PORT, "th sport"), TRANSPORT(2, 2, PORT, "th dport"),
	TRANSPORT(13, 1, HEX, "tcp flags"),
	META(L4PROTO, PROTOCOL, "meta l4proto"), META(NFPROTO, HOST_NUMBER, "meta nfproto"),
	META(LEN, HOST_NUMBER, "meta length"), META(PROTOCOL, HEX, "meta protocol"),
	META(PRIORITY, HEX, "meta priority"), META(MARK, HEX, "meta mark"),
	META(IIF, HOST_NUMBER, "iif"), META(OIF, HOST_NUMBER, "oif"),
	META(IIFNAME, NAME, "iifname"), META(OIFNAME, NAME, "oifname"),
	META(IIFTYPE, HOST_NUMBER, "iiftype"), META(OIFTYPE, HOST_NUMBER, "oiftype"),
	META(SKUID, HOST_NUMBER, "meta skuid"), META(SKGID, HOST_NUMBER, "meta skgid"),
	META(NFTRACE, HOST_NUMBER, "meta nftrace"), META(RTCLASSID, HEX, "rtclassid"),
	META(PKTTYPE, HOST_NUMBER, "meta pkttype"), META(CPU, HOST_NUMBER, "meta cpu"),
	META(IIFGROUP, HOST_NUMBER, "iifgroup"), META(OIFGROUP, HOST_NUMBER, "oifgroup"),
	META(CGROUP, HOST_NUMBER, "meta cgroup"), META(PRANDOM, NUMBER, "meta random"),
	META(SECPATH, HOST_NUMBER, "meta secpath"),
	CT(STATE, STATES, "ct state"), CT(DIRECTION, HOST_NUMBER, "ct direction"),
	CT(STATUS, HEX, "ct status"), CT(MARK, HEX, "ct mark"), CT(HELPER, NAME, "ct helper"),
	CT(EXPIRATION, HOST_NUMBER, "ct expiration"), CT(LABELS, HEX_BYTES, "ct label"),
	CT(ZONE, HOST_NUMBER, "ct zone"), CT(PROTOCOL, PROTOCOL, "ct protocol"),
	CT(SRC, ADDRESS, "ct saddr"), CT(DST, ADDRESS, "ct daddr"),
	CT(PROTO_SRC, PORT, "ct proto-src"), CT(PROTO_DST, PORT, "ct proto-dst"),
	CT(PKTS, HOST_NUMBER, "ct packets"), CT(BYTES, HOST_NUMBER, "ct bytes"),
	CT(AVGPKT, HOST_NUMBER, "ct avgpkt"), CT(ID, HEX, "ct id"),
};

static const struct field_name *find_field(const struct teller *t, const struct rv_nft_expr *e)
{
	for (size_t i = 0; i < sizeof(field_names) / sizeof(*field_names); i++) {
		const struct field_name *n = &field_names[i];

		if (n->kind != e->kind || (n->family && n->family != t->family))
			continue;
		if (e->kind != RV_NFT_PAYLOAD && n->base == e->key)
			return n;
		/* A prefix of whole bytes loads fewer bytes. */
		if (e->kind == RV_NFT_PAYLOAD && n->base == e->base && n->offset == e->offset &&
		    (n->len == e->len || (n->form == ADDRESS && e->len < n->len)))
			return n;
	}
	return NULL;
}

static const char *direction(const struct rv_nft_expr *e)
{
	if (e->kind != RV_NFT_CT || !(e->given & 1U << NFTA_CT_DIRECTION))
		return "";
	return e->direction ? " (reply)" : " (original)";
}

/* Sets the text for a load. */
static void name_load(const struct teller *t, const struct rv_nft_expr *e, struct held *h)
{
	static const char *const bases[] = { "ll", "nh", "th", "ih" };
	const struct field_name *n = find_field(t, e);

	h->form = n ? n->form : HEX_BYTES;
	h->len = e->len ? e->len : h->form == NAME || (h->form == ADDRESS && t->family == V6) ? 16 : 4;
	if (n)
		snprintf(h->text, sizeof(h->text), "%s%s", n->text, direction(e));
	else if (e->kind == RV_NFT_PAYLOAD)
		snprintf(h->text, sizeof(h->text), "@%s,%u,%u", bases[e->base & 3], 8 * e->offset,
			 8 * e->len);
	else if (e->kind == RV_NFT_EXTHDR)
		snprintf(h->text, sizeof(h->text), "%s%u@%u,%u%s",
			 e->op == NFT_EXTHDR_OP_TCPOPT ? "tcp option " : "exthdr ", e->header,
			 8 * e->offset, 8 * e->len,
			 e->flags & NFT_EXTHDR_F_PRESENT ? " exists" : "");
	else if (e->kind == RV_NFT_FIB)
		snprintf(h->text, sizeof(h->text), "fib flags 0x%x result %u", e->flags, e->key);
	else if (e->kind == RV_NFT_NUMGEN)
		snprintf(h->text, sizeof(h->text), "numgen %s mod %u offset %u",
			 e->type ? "random" : "inc", e->modulus, e->offset);
	else
		snprintf(h->text, sizeof(h->text), "%s %u%s", rv_nft_expr_name(e->kind), e->key,
			 direction(e));
}

/* ---- values ---------------------------------------------------------------------------- */

/* Names may contain any byte except NUL: escape those that would end the line or be ambiguous. */
static void put_name(struct rv_buf *b, const char *name, size_t len)
{
	for (size_t i = 0; i < len && name[i]; i++) {
		unsigned char c = name[i];

		if (c < ' ' || c == 0x7f || c == '\\')
			rv_buf_printf(b, "\\x%02x", c);
		else
			rv_buf_putc(b, (char)c);
	}
}

static void put_hex(struct rv_buf *b, struct rv_nft_view v)
{
	rv_buf_puts(b, "0x");
	for (uint32_t i = 0; i < v.len; i++)
		rv_buf_printf(b, "%02x", v.data[i]);
}

static uint64_t big_endian(struct rv_nft_view v)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < v.len; i++)
		n = n << 8 | v.data[i];
	return n;
}

static void put_address(struct teller *t, struct rv_nft_view v)
{
	bool v4 = t->family == V4 && v.len <= 4;
	union nf_inet_addr full = { .all = { 0 } };

	memcpy(&full, v.data, v.len);
	rv_print_address(t->b, v4 ? V4 : V6, &full);
	if (v.len < (v4 ? 4 : 16))
		rv_buf_printf(t->b, "/%u", 8 * v.len);
}

static void put_states(struct rv_buf *b, uint64_t bits)
{
	static const struct { uint64_t bit; const char *name; } states[] = {
		{ 1, "invalid" }, { 2, "established" }, { 4, "related" }, { 8, "new" },
		{ 64, "untracked" },
	};
	const char *comma = "";

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (!(bits & states[i].bit))
			continue;
		rv_buf_printf(b, "%s%s", comma, states[i].name);
		comma = ",";
		bits &= ~states[i].bit;
	}
	if (bits || !*comma)
		rv_buf_printf(b, "%s0x%llx", comma, (unsigned long long)bits);
}

static bool number_fits(struct rv_nft_view v)
{
	return v.len == 1 || v.len == 2 || v.len == 4 || v.len == 8;
}

static void put_value(struct teller *t, enum form form, struct rv_nft_view v)
{
	const char *name;

	if (!v.data || !v.len) {
		rv_buf_puts(t->b, "?");
		return;
	}
	name = form == PROTOCOL && v.len == 1 ? rv_protocol_name(t->family, v.data[0]) : NULL;
	if (name)
		rv_buf_puts(t->b, name);
	else if (form == ADDRESS && v.len <= 16)
		put_address(t, v);
	else if (form == NAME)
		put_name(t->b, (const char *)v.data, v.len);
	else if (!number_fits(v) || form == HEX_BYTES)
		put_hex(t->b, v);
	else if (form == NUMBER || form == PORT)
		rv_buf_printf(t->b, "%llu", (unsigned long long)big_endian(v));
	else if (form == HOST_NUMBER || form == PROTOCOL)
		rv_buf_printf(t->b, "%llu", (unsigned long long)rv_get_uint(v.data, v.len));
	else if (form == STATES)
		put_states(t->b, rv_get_uint(v.data, v.len));
	else
		rv_buf_printf(t->b, "0x%llx", (unsigned long long)rv_get_uint(v.data, v.len));
	/* A name without its NUL is a prefix. */
	if (form == NAME && !memchr(v.data, 0, v.len))
		rv_buf_putc(t->b, '*');
}

/* ---- registers ---------------------------------------------------------------------------- */

static struct held *held_in(struct teller *t, uint32_t reg)
{
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		return &t->held[(reg - NFT_REG_1) * (NFT_REG_SIZE / NFT_REG32_SIZE)];
	if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15)
		return &t->held[reg - NFT_REG32_00];
	return NULL;
}

static const char *text_in(struct teller *t, uint32_t reg)
{
	struct held *h = held_in(t, reg);

	return h && h->text[0] ? h->text : "?";
}

/* Consecutive fields are a concatenated key. */
static void put_key(struct teller *t, uint32_t reg)
{
	struct held *h = held_in(t, reg);
	const char *dot = "";

	for (; h && h < t->held + RV_NFT_WORDS && h->text[0]; h += h->len ? (h->len + 3) / 4 : 1) {
		rv_buf_printf(t->b, "%s%s", dot, h->text);
		dot = " . ";
	}
	if (!*dot)
		rv_buf_puts(t->b, "?");
}

static void forget(struct teller *t)
{
	memset(t->held, 0, sizeof(t->held));
}

/* ---- sets ------------------------------------------------------------------------------------ */

static void put_verdict(struct teller *t, struct rv_nft_view verdict);

static void put_data(struct teller *t, enum form form, struct rv_nft_view nest)
{
	struct rv_nft_view d[NFTA_DATA_MAX + 1];

	if (!rv_nft_attr_table(nest, d, NFTA_DATA_MAX + 1))
		return;
	if (d[NFTA_DATA_VERDICT].data)
		put_verdict(t, d[NFTA_DATA_VERDICT]);
	else
		put_value(t, form, d[NFTA_DATA_VALUE]);
}

static bool is_end(const struct rv_nft_view *e)
{
	uint32_t flags;

	return rv_nft_get_u32(e[NFTA_SET_ELEM_FLAGS], &flags) && flags & NFT_SET_ELEM_INTERVAL_END;
}

static struct rv_nft_view value_of(struct rv_nft_view nest)
{
	struct rv_nft_view d[NFTA_DATA_MAX + 1];

	return rv_nft_attr_table(nest, d, NFTA_DATA_MAX + 1) ? d[NFTA_DATA_VALUE] :
							       (struct rv_nft_view){ 0 };
}

/* The kernel reports the first value after an interval as its end. */
static void put_end(struct teller *t, enum form form, struct rv_nft_view first,
		    struct rv_nft_view behind)
{
	unsigned char last[64];
	uint32_t at;

	if (!behind.len || behind.len > sizeof(last) || first.len != behind.len)
		return;
	memcpy(last, behind.data, behind.len);
	for (at = behind.len; at && !last[at - 1]; at--)
		last[at - 1] = 0xff;
	if (at)
		last[at - 1]--;
	if (!memcmp(last, first.data, first.len))
		return;
	rv_buf_putc(t->b, '-');
	put_value(t, form, (struct rv_nft_view){ last, behind.len });
}

/* behind: key that ends the interval starting at e; none: not an interval, or a pair of keys. */
static void put_element(struct teller *t, enum form form, const struct rv_nft_view *e,
			struct rv_nft_view behind)
{
	if (e[NFTA_SET_ELEM_KEY].data)
		put_data(t, form, e[NFTA_SET_ELEM_KEY]);
	else
		rv_buf_putc(t->b, '*');
	put_end(t, form, value_of(e[NFTA_SET_ELEM_KEY]), behind);
	if (e[NFTA_SET_ELEM_KEY_END].data) {
		rv_buf_putc(t->b, '-');
		put_data(t, form, e[NFTA_SET_ELEM_KEY_END]);
	}
	if (e[NFTA_SET_ELEM_DATA].data) {
		rv_buf_puts(t->b, " : ");
		put_data(t, HEX_BYTES, e[NFTA_SET_ELEM_DATA]);
	}
	if (e[NFTA_SET_ELEM_OBJREF].data) {
		rv_buf_puts(t->b, " : ");
		put_name(t->b, (const char *)e[NFTA_SET_ELEM_OBJREF].data, e[NFTA_SET_ELEM_OBJREF].len);
	}
}

/* An element is printed when the next one is known, which may end its interval. */
struct element_list {
	enum form form;
	unsigned int n;
	bool waits;
	struct rv_nft_view first[NFTA_SET_ELEM_MAX + 1];
};

static void put_waiting(struct teller *t, struct element_list *l, struct rv_nft_view behind)
{
	if (l->waits && l->n++ < SHOWN_ELEMENTS) {
		rv_buf_puts(t->b, l->n > 1 ? ", " : " ");
		put_element(t, l->form, l->first, behind);
	}
	l->waits = false;
}

static void see_element(struct teller *t, struct element_list *l, struct rv_nft_view v)
{
	struct rv_nft_view e[NFTA_SET_ELEM_MAX + 1];

	if (!rv_nft_attr_table(v, e, NFTA_SET_ELEM_MAX + 1))
		return;
	if (is_end(e)) {
		put_waiting(t, l, value_of(e[NFTA_SET_ELEM_KEY]));
		return;
	}
	put_waiting(t, l, (struct rv_nft_view){ 0 });
	memcpy(l->first, e, sizeof(e));
	l->waits = true;
}

static void put_elements(struct teller *t, enum form form, uint32_t set)
{
	struct rv_nft_walk w = rv_nft_attrs(t->object), list;
	struct rv_nft_view e[NFTA_SET_ELEM_LIST_MAX + 1];
	struct element_list l = { .form = form };
	struct rv_nft_attr a, elem;
	uint32_t number;

	rv_buf_puts(t->b, "{");
	while (rv_nft_next(&w, &a)) {
		if (a.type != NFT_MSG_NEWSETELEM ||
		    !rv_nft_attr_table(a.value, e, NFTA_SET_ELEM_LIST_MAX + 1) ||
		    !rv_nft_get_u32(e[NFTA_SET_ELEM_LIST_SET_ID], &number) || number != set)
			continue;
		list = rv_nft_attrs(e[NFTA_SET_ELEM_LIST_ELEMENTS]);
		while (rv_nft_next(&list, &elem))
			see_element(t, &l, elem.value);
	}
	put_waiting(t, &l, (struct rv_nft_view){ 0 });
	if (l.n > SHOWN_ELEMENTS)
		rv_buf_printf(t->b, ", and %u more", l.n - SHOWN_ELEMENTS);
	rv_buf_puts(t->b, " }");
}

/* Prints "@name", or the elements of an anonymous set. */
static void put_set(struct teller *t, enum form form, struct rv_nft_view name, struct rv_nft_view id)
{
	uint32_t number;

	if (rv_nft_get_u32(id, &number)) {
		put_elements(t, form, number);
		return;
	}
	rv_buf_putc(t->b, '@');
	if (name.data)
		put_name(t->b, (const char *)name.data, name.len);
}

/* ---- expressions -------------------------------------------------------------------------------- */

static void tell_load(struct teller *t, const struct rv_nft_expr *e)
{
	struct held *h = held_in(t, e->dreg);

	if (h)
		name_load(t, e, h);
}

static void tell_bitwise(struct teller *t, const struct rv_nft_expr *e)
{
	struct held *from = held_in(t, e->sreg), *to = held_in(t, e->dreg);
	struct rv_buf text = RV_BUF_INIT, *b = t->b;
	struct held h;

	if (!from || !to)
		return;
	h = *from;
	t->b = &text;
	if (e->op) {
		rv_buf_printf(&text, "%s %s ", h.text, e->op == NFT_BITWISE_RSHIFT ? ">>" : "<<");
		rv_buf_u64(&text, e->data.len == 4 ? rv_get_uint(e->data.data, 4) : 0);
	} else {
		rv_buf_printf(&text, "%s & ", h.text);
		put_value(t, h.form == STATES ? HEX : h.form, e->data);
	}
	for (uint32_t i = 0; i < e->other.len; i++) {
		if (!e->other.data[i])
			continue;
		rv_buf_puts(&text, " ^ ");
		put_value(t, h.form == STATES ? HEX : h.form, e->other);
		break;
	}
	t->b = b;
	snprintf(h.text, sizeof(h.text), "%s", rv_buf_text(&text) ? text.data : "");
	rv_buf_free(&text);
	*to = h;
}

static void tell_byteorder(struct teller *t, const struct rv_nft_expr *e)
{
	struct held *from = held_in(t, e->sreg), *to = held_in(t, e->dreg);

	if (!from || !to)
		return;
	*to = *from;
	if (to->form == HOST_NUMBER || to->form == HEX)
		to->form = NUMBER;
}

static void tell_compare(struct teller *t, const struct rv_nft_expr *e)
{
	static const char *const operators[] = { "", "!= ", "< ", "<= ", "> ", ">= " };
	struct held *h = held_in(t, e->sreg);
	enum form form = h ? h->form : HEX_BYTES;
	bool masked = h && strstr(h->text, " & ");

	rv_buf_printf(t->b, " %s %s", text_in(t, e->sreg),
		      masked && e->op == NFT_CMP_EQ ? "== " : operators[e->op < 6 ? e->op : 0]);
	put_value(t, form == STATES && masked ? HEX : form, e->data);
	if (e->kind != RV_NFT_RANGE)
		return;
	rv_buf_putc(t->b, '-');
	put_value(t, form, e->other);
}

static void put_verdict(struct teller *t, struct rv_nft_view verdict)
{
	static const struct { int32_t code; const char *name; } names[] = {
		{ NF_ACCEPT, "accept" }, { NF_DROP, "drop" }, { NF_QUEUE, "queue" },
		{ NFT_CONTINUE, "continue" }, { NFT_BREAK, "break" }, { NFT_RETURN, "return" },
		{ NFT_JUMP, "jump" }, { NFT_GOTO, "goto" },
	};
	struct rv_nft_view v[NFTA_VERDICT_MAX + 1];
	const char *name = "?";
	uint32_t code, chain;

	if (!rv_nft_attr_table(verdict, v, NFTA_VERDICT_MAX + 1) ||
	    !rv_nft_get_u32(v[NFTA_VERDICT_CODE], &code))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].code == (int32_t)code)
			name = names[i].name;
	rv_buf_puts(t->b, name);
	if (v[NFTA_VERDICT_CHAIN].data) {
		rv_buf_putc(t->b, ' ');
		put_name(t->b, (const char *)v[NFTA_VERDICT_CHAIN].data, v[NFTA_VERDICT_CHAIN].len);
	} else if (rv_nft_get_u32(v[NFTA_VERDICT_CHAIN_ID], &chain)) {
		rv_buf_puts(t->b, " {");
		tell_rules(t, chain);
		rv_buf_puts(t->b, " }");
	}
}

static void tell_immediate(struct teller *t, const struct rv_nft_view *a, const struct rv_nft_expr *e)
{
	struct rv_nft_view d[NFTA_DATA_MAX + 1];
	struct held *h = held_in(t, e->dreg);
	struct rv_buf text = RV_BUF_INIT, *b = t->b;

	if (!rv_nft_attr_table(a[NFTA_IMMEDIATE_DATA], d, NFTA_DATA_MAX + 1))
		return;
	if (d[NFTA_DATA_VERDICT].data) {
		rv_buf_putc(b, ' ');
		put_verdict(t, d[NFTA_DATA_VERDICT]);
		return;
	}
	if (!h)
		return;
	t->b = &text;
	put_value(t, HEX_BYTES, d[NFTA_DATA_VALUE]);
	t->b = b;
	snprintf(h->text, sizeof(h->text), "%s", rv_buf_text(&text) ? text.data : "");
	h->len = d[NFTA_DATA_VALUE].len;
	rv_buf_free(&text);
}

static void tell_lookup(struct teller *t, const struct rv_nft_view *a, const struct rv_nft_expr *e)
{
	struct held *h = held_in(t, e->sreg), *to;
	bool single = h && h->len <= 16 && !(h + (h->len + 3) / 4)->text[0];
	enum form form = single ? h->form : HEX_BYTES;
	uint32_t dreg = 0;

	if (rv_nft_get_u32(a[NFTA_LOOKUP_DREG], &dreg) && dreg != NFT_REG_VERDICT) {
		to = held_in(t, dreg);
		if (to)
			snprintf(to->text, sizeof(to->text), "%.100s map @%.32s", text_in(t, e->sreg),
				 e->name ? e->name : "");
		return;
	}
	rv_buf_putc(t->b, ' ');
	put_key(t, e->sreg);
	rv_buf_puts(t->b, e->flags & NFT_LOOKUP_F_INV ? " != " :
		    a[NFTA_LOOKUP_DREG].data ? " vmap " : " ");
	put_set(t, form, a[NFTA_LOOKUP_SET], a[NFTA_LOOKUP_SET_ID]);
	forget(t);
}

static void tell_dynset(struct teller *t, const struct rv_nft_view *a)
{
	static const char *const operations[] = { "add", "update", "delete" };
	uint32_t op = 0, sreg = 0;
	uint64_t timeout = 0;

	rv_nft_get_u32(a[NFTA_DYNSET_OP], &op);
	rv_nft_get_u32(a[NFTA_DYNSET_SREG_KEY], &sreg);
	rv_buf_printf(t->b, " %s ", op < 3 ? operations[op] : "?");
	put_set(t, HEX_BYTES, a[NFTA_DYNSET_SET_NAME], (struct rv_nft_view){ 0 });
	rv_buf_puts(t->b, " { ");
	put_key(t, sreg);
	if (rv_nft_get_u64(a[NFTA_DYNSET_TIMEOUT], &timeout) && timeout)
		rv_buf_printf(t->b, " timeout %llums", (unsigned long long)timeout);
	if (a[NFTA_DYNSET_EXPR].data || a[NFTA_DYNSET_EXPRESSIONS].data)
		rv_buf_puts(t->b, " ...");
	rv_buf_puts(t->b, " }");
}

static void tell_limit(struct teller *t, const struct rv_nft_expr *e)
{
	const struct rv_limit_unit *unit = rv_limit_unit_of(e->unit);
	const char *what = e->type == NFT_LIMIT_PKT_BYTES ? "bytes" : "packets";

	rv_buf_printf(t->b, " limit rate %s%llu%s/", e->flags & NFT_LIMIT_F_INV ? "over " : "",
		      (unsigned long long)e->rate, e->type == NFT_LIMIT_PKT_BYTES ? " bytes" : "");
	if (unit)
		rv_buf_puts(t->b, unit->word);
	else
		rv_buf_printf(t->b, "%llus", (unsigned long long)e->unit);
	rv_buf_printf(t->b, " burst %u %s", e->burst, what);
}

static void tell_log(struct teller *t, const struct rv_nft_expr *e)
{
	rv_buf_puts(t->b, " log");
	if (e->name) {
		rv_buf_puts(t->b, " prefix \"");
		put_name(t->b, e->name, strlen(e->name));
		rv_buf_putc(t->b, '"');
	}
	if (e->given & 1U << NFTA_LOG_GROUP)
		rv_buf_printf(t->b, " group %u", e->group);
	if (e->given & 1U << NFTA_LOG_LEVEL)
		rv_buf_printf(t->b, " level %u", e->level);
	if (e->flags)
		rv_buf_printf(t->b, " flags 0x%x", e->flags);
}

/* Prints the registers of a statement: addresses, then ports. */
static void put_registers(struct teller *t, const struct rv_nft_expr *e)
{
	const char *before = " to ";

	for (int i = 0; i < 4; i++) {
		if (!e->regs[i] || (i & 1 && e->regs[i] == e->regs[i - 1]))
			continue;
		rv_buf_printf(t->b, "%s%s", before, text_in(t, e->regs[i]));
		before = i & 1 ? "-" : " ";
	}
	if (e->flags)
		rv_buf_printf(t->b, " flags 0x%x", e->flags);
}

static void tell_quota(struct teller *t, const struct rv_nft_expr *e)
{
	rv_buf_printf(t->b, " quota %s%llu bytes", e->flags & NFT_QUOTA_F_INV ? "over " : "",
		      (unsigned long long)e->bytes);
}

static void tell_queue(struct teller *t, const struct rv_nft_expr *e)
{
	rv_buf_printf(t->b, " queue num %u", e->group);
	if (e->total > 1)
		rv_buf_printf(t->b, "-%u", e->group + e->total - 1u);
	if (e->mss)
		rv_buf_printf(t->b, " flags 0x%x", e->mss);
}

static void tell_reject(struct teller *t, const struct rv_nft_expr *e)
{
	if (e->type == NFT_REJECT_TCP_RST)
		rv_buf_puts(t->b, " reject with tcp reset");
	else
		rv_buf_printf(t->b, " reject with icmp code %u", e->code);
}

/* Prints the assignment of a register to a field. */
static void tell_set(struct teller *t, const struct rv_nft_expr *e)
{
	struct held h;

	name_load(t, e, &h);
	rv_buf_printf(t->b, " %s set %s", h.text, text_in(t, e->sreg));
}

static void tell_xt(struct teller *t, const struct rv_nft_expr *e)
{
	rv_buf_printf(t->b, " xt %s ", rv_nft_expr_name(e->kind));
	put_name(t->b, e->name, strlen(e->name));
}

static void tell_statement(struct teller *t, const struct rv_nft_expr *e)
{
	switch (e->kind) {
	case RV_NFT_COUNTER:
	case RV_NFT_NOTRACK:
		rv_buf_printf(t->b, " %s", rv_nft_expr_name(e->kind));
		break;
	case RV_NFT_LIMIT:
		tell_limit(t, e);
		break;
	case RV_NFT_QUOTA:
		tell_quota(t, e);
		break;
	case RV_NFT_LOG:
		tell_log(t, e);
		break;
	case RV_NFT_REJECT:
		tell_reject(t, e);
		break;
	case RV_NFT_QUEUE:
		tell_queue(t, e);
		break;
	case RV_NFT_CONNLIMIT:
		rv_buf_printf(t->b, " ct count %s%u", e->flags & NFT_CONNLIMIT_F_INV ? "over " : "",
			      e->count);
		break;
	case RV_NFT_MATCH:
	case RV_NFT_TARGET:
		tell_xt(t, e);
		break;
	case RV_NFT_NAT:
		rv_buf_puts(t->b, e->type == NFT_NAT_SNAT ? " snat" : " dnat");
		put_registers(t, e);
		break;
	default:
		rv_buf_printf(t->b, " %s", e->kind == RV_NFT_MASQ ? "masquerade" :
			      e->kind == RV_NFT_REDIR ? "redirect" : rv_nft_expr_name(e->kind));
		put_registers(t, e);
	}
}

static bool is_store(const struct rv_nft_expr *e)
{
	switch (e->kind) {
	case RV_NFT_META:
		return e->given & 1U << NFTA_META_SREG;
	case RV_NFT_CT:
		return e->given & 1U << NFTA_CT_SREG;
	case RV_NFT_EXTHDR:
		return e->given & 1U << NFTA_EXTHDR_SREG;
	default:
		return e->kind == RV_NFT_PAYLOAD && e->sreg;
	}
}

static void tell_known(struct teller *t, const struct rv_nft_view *a, const struct rv_nft_expr *e)
{
	if (is_store(e)) {
		tell_set(t, e);
		return;
	}
	switch (e->kind) {
	case RV_NFT_PAYLOAD:
	case RV_NFT_META:
	case RV_NFT_CT:
	case RV_NFT_EXTHDR:
	case RV_NFT_FIB:
	case RV_NFT_SOCKET:
	case RV_NFT_RT:
	case RV_NFT_NUMGEN:
		tell_load(t, e);
		break;
	case RV_NFT_BITWISE:
		tell_bitwise(t, e);
		break;
	case RV_NFT_BYTEORDER:
		tell_byteorder(t, e);
		break;
	case RV_NFT_CMP:
	case RV_NFT_RANGE:
		tell_compare(t, e);
		break;
	case RV_NFT_IMMEDIATE:
		tell_immediate(t, a, e);
		break;
	default:
		tell_statement(t, e);
	}
}

#define ATTRS 32

/* Prints name and bytes of an expression without syntax. */
static void tell_unknown(struct teller *t, const char *name, struct rv_nft_view data)
{
	rv_buf_putc(t->b, ' ');
	put_name(t->b, name, strlen(name));
	rv_buf_putc(t->b, ' ');
	put_hex(t->b, data);
}

static void tell_object(struct teller *t, const struct rv_nft_view *a)
{
	rv_buf_puts(t->b, " object ");
	if (a[NFTA_OBJREF_IMM_NAME].data)
		put_name(t->b, (const char *)a[NFTA_OBJREF_IMM_NAME].data, a[NFTA_OBJREF_IMM_NAME].len);
	else
		put_set(t, HEX_BYTES, a[NFTA_OBJREF_SET_NAME], a[NFTA_OBJREF_SET_ID]);
}

static void tell_expression(struct teller *t, struct rv_nft_view elem)
{
	struct rv_nft_view x[NFTA_EXPR_MAX + 1], a[ATTRS];
	const char *what, *why, *name;
	struct rv_nft_expr e;
	int bad;

	if (!rv_nft_attr_table(elem, x, NFTA_EXPR_MAX + 1))
		return;
	name = rv_nft_get_text(x[NFTA_EXPR_NAME]);
	rv_nft_attr_table(x[NFTA_EXPR_DATA], a, ATTRS);
	bad = rv_nft_expr_read(elem, &e, &what, &why);
	if (!name)
		return;
	if (!strcmp(name, "lookup")) {
		rv_nft_get_u32(a[NFTA_LOOKUP_SREG], &e.sreg);
		rv_nft_get_u32(a[NFTA_LOOKUP_FLAGS], &e.flags);
		e.name = rv_nft_get_text(a[NFTA_LOOKUP_SET]);
		tell_lookup(t, a, &e);
	} else if (!strcmp(name, "dynset")) {
		tell_dynset(t, a);
	} else if (!strcmp(name, "objref")) {
		tell_object(t, a);
	} else if (!strcmp(name, "immediate")) {
		rv_nft_get_u32(a[NFTA_IMMEDIATE_DREG], &e.dreg);
		tell_immediate(t, a, &e);
	} else if (bad) {
		tell_unknown(t, name, x[NFTA_EXPR_DATA]);
	} else {
		tell_known(t, a, &e);
	}
}

/* ---- rules ------------------------------------------------------------------------------------- */

static void tell_comment(struct teller *t, struct rv_nft_view v)
{
	struct rv_nft_view text;
	uint32_t at = 0;
	uint8_t type;

	while (rv_nft_next_userdata(v, &at, &type, &text)) {
		if (type != RV_NFT_UDATA_COMMENT)
			continue;
		rv_buf_puts(t->b, " comment \"");
		put_name(t->b, (const char *)text.data, text.len);
		rv_buf_putc(t->b, '"');
	}
}

static void tell_rule(struct teller *t, const struct rv_nft_view *rule)
{
	struct rv_nft_walk w = rv_nft_attrs(rule[NFTA_RULE_EXPRESSIONS]);
	struct rv_nft_attr a;

	forget(t);
	while (rv_nft_next(&w, &a))
		tell_expression(t, a.value);
	if (rule[NFTA_RULE_USERDATA].data)
		tell_comment(t, rule[NFTA_RULE_USERDATA]);
}

/* Prints the rules of an anonymous chain; 0: the rule. */
static void tell_rules(struct teller *t, uint32_t chain)
{
	struct rv_nft_walk w = rv_nft_attrs(t->object);
	struct rv_nft_view rule[NFTA_RULE_MAX + 1];
	const char *between = "";
	struct rv_nft_attr a;
	uint32_t of;

	if (++t->depth > 8)
		return;
	while (rv_nft_next(&w, &a)) {
		if (a.type != NFT_MSG_NEWRULE || !rv_nft_attr_table(a.value, rule, NFTA_RULE_MAX + 1))
			continue;
		of = 0;
		rv_nft_get_u32(rule[NFTA_RULE_CHAIN_ID], &of);
		if (of != chain)
			continue;
		rv_buf_puts(t->b, between);
		between = ";";
		tell_rule(t, rule);
	}
	t->depth--;
}

void rv_nft_object_text(struct rv_buf *b, rv_family_t family, struct rv_nft_view object)
{
	struct rv_buf text = RV_BUF_INIT;
	struct teller t = { .b = &text, .family = family, .object = object };

	tell_rules(&t, 0);
	/* Each word is preceded by a blank. */
	if (text.len)
		rv_buf_add(b, text.data + 1, text.len - 1);
	b->failed |= text.failed;
	rv_buf_free(&text);
}
