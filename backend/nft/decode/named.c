/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Converts nft rules with lookups in named sets, for commands that evaluate packets: the set's
 * current elements to the format of ipset(8), the lookup to -m set.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/ipset.h>

#include "backend/nft/wire/object.h"
#include "reader.h"

/*
 * Data types of nft(8) (nftables, include/datatype.h), stored by the kernel; six bits each in
 * NFTA_SET_KEY_TYPE.
 */
enum { TYPE_IPADDR = 7, TYPE_IP6ADDR = 8, TYPE_ETHERADDR = 9, TYPE_INET_SERVICE = 13 };
#define TYPE_BITS 6

struct definition {
	uint32_t flags, type, len;
};

static int see_set(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_MAX + 1];
	struct definition *d = arg;

	if (!rv_nft_attr_table(attrs, t, NFTA_SET_MAX + 1) ||
	    !rv_nft_get_u32(t[NFTA_SET_KEY_LEN], &d->len) || !rv_nft_get_u32(t[NFTA_SET_KEY_TYPE], &d->type) ||
	    (t[NFTA_SET_FLAGS].data && !rv_nft_get_u32(t[NFTA_SET_FLAGS], &d->flags)))
		return rv_nft_malformed(err);
	return 0;
}

/* Requests the definition of a set. Returns 0, 1 if the set does not exist, or -1. */
static int read_definition(struct rv_nft_aside *aside, rv_family_t family, const char *table, const char *name,
			   struct definition *d, struct rv_error *err)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSET, .family = family, .table_attr = NFTA_SET_TABLE, .table = table,
		.chain_attr = NFTA_SET_NAME, .chain = name,
	};

	*d = (struct definition){ 0 };
	return rv_nft_aside_ask(aside, &q, see_set, d, err);
}

/* ---- lookups ------------------------------------------------------------------------------- */

static const char *side_of(enum rv_sel sel)
{
	switch (sel) {
	case RV_SEL_IP_SADDR:
	case RV_SEL_IP6_SADDR:
	case RV_SEL_TH_SPORT:
	case RV_SEL_ETHER_SADDR:
		return "src";
	case RV_SEL_IP_DADDR:
	case RV_SEL_IP6_DADDR:
	case RV_SEL_TH_DPORT:
		return "dst";
	default:
		return NULL;
	}
}

/* Writes the fields of the key as "src,dst"; each starts in a register of its own. */
static int say_sides(struct rv_nft_reader *r, struct rv_nft_reg *h, uint32_t len, char sides[16])
{
	unsigned int n = 0;

	for (uint32_t done = 0; done < len; done += h->words * 4u, h += h->words) {
		const char *side = NULL;

		if (h < r->held + RV_NFT_WORDS && r->live >> (h - r->held) & 1 && h->kind == RV_NFT_FIELD && !h->masked &&
		    !h->swapped && !h->shift && !h->bounded)
			side = side_of(rv_nft_field(r, h));
		if (!side || n == 3)
			return rv_nft_unsupported(r, "a lookup of this field is not supported");
		h->used = true;
		n++;
		strcat(strcat(sides, *sides ? "," : ""), side);
	}
	return 0;
}

/* Converts a lookup of this and following registers in a named set to -m set. */
static int named_lookup(struct rv_nft_reader *r, struct rv_nft_reg *h, const struct rv_nft_expr *e)
{
	const char *table = r->place->table;
	struct definition d;
	char sides[16] = "", name[IPSET_MAXNAMELEN];
	int rc = read_definition(r->aside, r->family, table, e->name, &d, r->err);

	if (rc < 0)
		return -1;
	if (rc || d.flags & NFT_SET_MAP || strlen(table) + strlen(e->name) + 3 > IPSET_MAXNAMELEN)
		return rv_nft_unsupported(r, rc ? "set `%.64s' does not exist" :
						  "set `%.64s' is a map, or its name is too long", e->name);
	if (say_sides(r, h, d.len, sides))
		return -1;
	rv_nft_match(r, "set");
	r->invert = e->flags & NFT_LOOKUP_F_INV;
	snprintf(name, sizeof(name), "@%s/%s", table, e->name);
	rv_nft_set_two(r, "match-set", name, sides);
	return 0;
}

/* ---- rules ---------------------------------------------------------------------------------- */

struct rv_rule *rv_nft_object_words(struct rv_nft_aside *aside, rv_family_t family, const char *table,
				    const struct rv_nft_object *o, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1], body = { 0 };
	struct rv_nft_walk w = rv_nft_attrs((struct rv_nft_view){ o->rule->data, o->rule->len });
	struct rv_buf attrs = RV_BUF_INIT;
	struct rv_rule *r = NULL;
	struct rv_nft_attr a;

	/* An object that includes sets or chains has more than one message. */
	if (!rv_nft_object_has_own(o) && rv_nft_next(&w, &a) && rv_nft_attr_table(a.value, t, NFTA_RULE_MAX + 1))
		body = t[NFTA_RULE_EXPRESSIONS];
	if (!body.data) {
		rv_fail(err, RV_ERR_PROBLEM, NULL, "it contains anonymous sets or chains");
		return NULL;
	}
	rv_nft_put_text(&attrs, NFTA_RULE_TABLE, table);
	rv_nft_put_text(&attrs, NFTA_RULE_CHAIN, "x");
	rv_nft_put_u64(&attrs, NFTA_RULE_HANDLE, 1);
	rv_nft_put(&attrs, NFTA_RULE_EXPRESSIONS | NLA_F_NESTED, body.data, body.len);
	if (rv_buf_ok(&attrs))
		r = rv_nft_rule_words(aside, family, (struct rv_nft_view){ (void *)attrs.data, attrs.len },
				      named_lookup, err);
	else
		rv_fail_memory(err);
	rv_buf_free(&attrs);
	return r;
}

/* ---- sets ------------------------------------------------------------------------------------ */

static const struct field {
	uint32_t type, len;
	int family;			/* address family; 0: not an address */
} fields[] = {
	{ TYPE_IPADDR, 4, AF_INET }, { TYPE_IP6ADDR, 16, AF_INET6 }, { TYPE_ETHERADDR, 6, 0 }, { TYPE_INET_SERVICE, 2, 0 },
};

static const struct field *field_of(uint32_t type)
{
	for (unsigned int i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (fields[i].type == type)
			return &fields[i];
	return NULL;
}

/*
 * Splits the key type into fields. Returns false if a type is unknown or the lengths do not match.
 */
static bool split_type(const struct definition *d, const struct field *list[3], unsigned int *n)
{
	uint32_t len = 0;

	*n = 0;
	for (uint32_t type = d->type; type; type >>= TYPE_BITS)
		++*n;
	if (!*n || *n > 3)
		return false;
	for (unsigned int i = 0; i < *n; i++) {
		list[i] = field_of(d->type >> (*n - 1 - i) * TYPE_BITS & ((1u << TYPE_BITS) - 1));
		if (!list[i])
			return false;
		len += *n > 1 ? (list[i]->len + 3) & ~3u : list[i]->len;
	}
	return len == d->len;
}

static void put_value(struct rv_buf *b, const struct field *f, const uint8_t *at)
{
	char text[INET6_ADDRSTRLEN];

	if (f->type == TYPE_INET_SERVICE)
		rv_buf_printf(b, "%u", at[0] << 8 | at[1]);
	else if (f->type == TYPE_ETHERADDR)
		rv_buf_printf(b, "%02x:%02x:%02x:%02x:%02x:%02x", at[0], at[1], at[2], at[3], at[4], at[5]);
	else
		rv_buf_puts(b, inet_ntop(f->family, at, text, sizeof(text)));
}

/* Appends a field of an element. Returns false for a range that ipset cannot express. */
static bool put_field(struct rv_buf *b, const struct field *f, const uint8_t *from, const uint8_t *to)
{
	put_value(b, f, from);
	if (!memcmp(from, to, f->len))
		return true;
	rv_buf_putc(b, '-');
	put_value(b, f, to);
	return f->type != TYPE_ETHERADDR;
}

/* Protocols with ports: ipset stores one with each port, nft tests it before the lookup. */
static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_UDPLITE };

static bool put_element(struct rv_buf *b, const char *name, const struct field *list[3], unsigned int n,
			const struct rv_nft_range *r, uint8_t proto)
{
	uint32_t at = 0;
	bool ok = true;

	rv_buf_printf(b, "add %s ", name);
	for (unsigned int i = 0; i < n; i++) {
		if (i)
			rv_buf_putc(b, ',');
		if (list[i]->type == TYPE_INET_SERVICE && proto)
			rv_buf_printf(b, "%u:", proto);
		ok &= put_field(b, list[i], r->from + at, r->to + at);
		at += (list[i]->len + 3) & ~3u;
	}
	rv_buf_putc(b, '\n');
	return ok;
}

static bool put_set(struct rv_buf *b, const char *name, const struct definition *d, const struct rv_nft_set *set)
{
	const struct field *list[3];
	unsigned int n, each = 1;
	bool ok = true;

	if (!split_type(d, list, &n))
		return false;
	for (unsigned int i = 0; i < n && n > 1; i++)
		if (list[i]->type == TYPE_INET_SERVICE)
			each = sizeof(protocols);
	rv_buf_printf(b, "create %s nft\n", name);
	for (size_t i = 0; ok && i < set->count; i++)
		for (unsigned int p = 0; ok && p < each; p++)
			ok = put_element(b, name, list, n, &set->range[i], each > 1 ? protocols[p] : 0);
	return ok;
}

int rv_nft_named_lines(struct rv_buf *b, struct rv_nft_aside *aside, rv_family_t family, const char *table,
		       const char *name, const char **why, struct rv_error *err)
{
	const char *set_name = strchr(name, '/') + 1;
	struct rv_nft_set set = { 0 };
	struct definition d;
	int rc = read_definition(aside, family, table, set_name, &d, err);

	if (!rc)
		rc = rv_nft_set_read(aside, family, table, set_name, true, &set, err);
	*why = rc == RV_NFT_SET_STRANGE ? "its elements are not a plain list" : "it does not exist";
	if (!rc && !put_set(b, name, &d, &set)) {
		*why = "its type is not supported";
		rc = 1;
	}
	free(set.range);
	return rc < 0 ? -1 : rc ? 1 : rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}
