/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The format of rules kept as objects (object.h): where their messages contain names, set and chain
 * numbers, and counted values. One table defines this; all code that examines or changes objects
 * copies them using this table.
 */
#include <ravelin/registry.h>

#include "wire.h"
#include "object.h"

/* For expressions in sets in rules of chains in rules; lists in files may be nested deeper. */
#define MAX_DEPTH 24
/* Depth of the attributes of a rule's own expressions. */
#define OUTER_DEPTH 4

/* An attribute: its meaning, or the level of the list in it. */
struct spot_row {
	uint8_t level;			/* enum rv_nft_level */
	uint8_t spot;			/* enum rv_nft_spot */
	uint8_t list;			/* enum rv_nft_level of its contents; NONE: not a list */
	uint16_t attr;
};

#define SPOT(level, attr, spot) { RV_NFT_LEVEL_##level, RV_NFT_SPOT_##spot, 0, attr }
#define LIST(level, attr, list) { RV_NFT_LEVEL_##level, 0, RV_NFT_LEVEL_##list, attr }

static const struct spot_row spot_rows[] = {
	SPOT(CHAIN, NFTA_CHAIN_ID, CHAIN_ID),
	LIST(RULE, NFTA_RULE_EXPRESSIONS, EXPRESSIONS),
	SPOT(RULE, NFTA_RULE_CHAIN_ID, CHAIN_ID),
	SPOT(SET, NFTA_SET_ID, SET_ID),
	LIST(SET, NFTA_SET_EXPR, EXPRESSION),
	LIST(SET, NFTA_SET_EXPRESSIONS, EXPRESSIONS),
	SPOT(ELEMENTS, NFTA_SET_ELEM_LIST_SET_ID, SET_ID),
	LIST(ELEMENTS, NFTA_SET_ELEM_LIST_ELEMENTS, LIST),
	LIST(LIST, NFTA_LIST_ELEM, ELEMENT),
	LIST(ELEMENT, NFTA_SET_ELEM_DATA, DATA),
	SPOT(ELEMENT, NFTA_SET_ELEM_EXPIRATION, GONE),
	LIST(ELEMENT, NFTA_SET_ELEM_EXPR, EXPRESSION),
	LIST(ELEMENT, NFTA_SET_ELEM_EXPRESSIONS, EXPRESSIONS),
	SPOT(ELEMENT, NFTA_SET_ELEM_OBJREF, OBJECT),
	LIST(EXPRESSIONS, NFTA_LIST_ELEM, EXPRESSION),
	LIST(DATA, NFTA_DATA_VERDICT, VERDICT),
	SPOT(VERDICT, NFTA_VERDICT_CHAIN, CHAIN),
	SPOT(VERDICT, NFTA_VERDICT_CHAIN_ID, CHAIN_ID),
	SPOT(LOOKUP, NFTA_LOOKUP_SET, SET),
	SPOT(LOOKUP, NFTA_LOOKUP_SET_ID, SET_ID),
	SPOT(DYNSET, NFTA_DYNSET_SET_NAME, SET),
	SPOT(DYNSET, NFTA_DYNSET_SET_ID, SET_ID),
	SPOT(DYNSET, NFTA_DYNSET_TIMEOUT, ZERO),
	LIST(DYNSET, NFTA_DYNSET_EXPR, EXPRESSION),
	LIST(DYNSET, NFTA_DYNSET_EXPRESSIONS, EXPRESSIONS),
	SPOT(OBJREF, NFTA_OBJREF_IMM_NAME, OBJECT),
	SPOT(OBJREF, NFTA_OBJREF_SET_NAME, SET),
	SPOT(OBJREF, NFTA_OBJREF_SET_ID, SET_ID),
	LIST(IMMEDIATE, NFTA_IMMEDIATE_DATA, DATA),
	SPOT(COUNTER, NFTA_COUNTER_BYTES, STATE),
	SPOT(COUNTER, NFTA_COUNTER_PACKETS, STATE),
	SPOT(QUOTA, NFTA_QUOTA_CONSUMED, STATE),
	SPOT(QUOTA, NFTA_QUOTA_FLAGS, QUOTA),
	SPOT(LAST, NFTA_LAST_SET, STATE),
	SPOT(LAST, NFTA_LAST_MSECS, STATE),
	SPOT(FLOW, NFTA_FLOW_TABLE_NAME, FLOWTABLE),
	SPOT(EXTHDR, NFTA_EXTHDR_FLAGS, ZERO),
};

/* Expressions with spots. */
static const struct {
	const char *name;
	enum rv_nft_level level;
} named_levels[] = {
	{ "lookup", RV_NFT_LEVEL_LOOKUP }, { "dynset", RV_NFT_LEVEL_DYNSET },
	{ "objref", RV_NFT_LEVEL_OBJREF }, { "immediate", RV_NFT_LEVEL_IMMEDIATE },
	{ "counter", RV_NFT_LEVEL_COUNTER }, { "quota", RV_NFT_LEVEL_QUOTA },
	{ "last", RV_NFT_LEVEL_LAST }, { "flow_offload", RV_NFT_LEVEL_FLOW },
	{ "exthdr", RV_NFT_LEVEL_EXTHDR },
};

static const struct {
	uint16_t type;
	enum rv_nft_level level;
} message_levels[] = {
	{ NFT_MSG_NEWSET, RV_NFT_LEVEL_SET }, { NFT_MSG_NEWSETELEM, RV_NFT_LEVEL_ELEMENTS },
	{ NFT_MSG_NEWCHAIN, RV_NFT_LEVEL_CHAIN }, { NFT_MSG_NEWRULE, RV_NFT_LEVEL_RULE },
};

enum rv_nft_level rv_nft_message_level(uint16_t type)
{
	for (size_t i = 0; i < sizeof(message_levels) / sizeof(*message_levels); i++)
		if (message_levels[i].type == type)
			return message_levels[i].level;
	return RV_NFT_LEVEL_NONE;
}

/* ---- copying ----------------------------------------------------------------------- */

static const struct spot_row *find_row(enum rv_nft_level level, uint16_t attr)
{
	for (size_t i = 0; i < sizeof(spot_rows) / sizeof(*spot_rows); i++)
		if (spot_rows[i].level == level && spot_rows[i].attr == attr)
			return &spot_rows[i];
	return NULL;
}

static enum rv_nft_level level_of(struct rv_nft_view expression)
{
	struct rv_nft_view t[NFTA_EXPR_MAX + 1];
	const char *name;

	rv_nft_attr_table(expression, t, NFTA_EXPR_MAX + 1);
	name = rv_nft_get_text(t[NFTA_EXPR_NAME]);
	for (size_t i = 0; name && i < sizeof(named_levels) / sizeof(*named_levels); i++)
		if (!strcmp(named_levels[i].name, name))
			return named_levels[i].level;
	return RV_NFT_LEVEL_NONE;
}

static int copy_list(struct rv_nft_copier *c, enum rv_nft_level level, const struct rv_nft_attr *a)
{
	size_t nest = rv_nft_nest(c->out, a->type);

	if (rv_nft_copy_level(c, level, a->value))
		return -1;
	return rv_nft_nest_end(c->out, nest) ? 0 : -1;
}

static bool is_zero(struct rv_nft_view v)
{
	for (uint32_t i = 0; i < v.len; i++)
		if (v.data[i])
			return false;
	return true;
}

static int copy_attr(struct rv_nft_copier *c, const struct rv_nft_attr *a, enum rv_nft_level inner)
{
	const struct spot_row *row = find_row(c->level, a->type);
	enum rv_nft_spot spot = row ? row->spot : RV_NFT_SPOT_PLAIN;

	if (c->level == RV_NFT_LEVEL_EXPRESSION && a->type == NFTA_EXPR_DATA && inner)
		return copy_list(c, inner, a);
	if (row && row->list)
		return copy_list(c, row->list, a);
	if (spot == RV_NFT_SPOT_GONE || (spot == RV_NFT_SPOT_ZERO && is_zero(a->value)))
		return 0;
	if (c->spot && spot != RV_NFT_SPOT_ZERO && spot != RV_NFT_SPOT_PLAIN)
		return c->spot(c, spot, a->type, a->value);
	rv_nft_put(c->out, a->type, a->value.data, a->value.len);
	return 0;
}

bool rv_nft_in_first_counter(const struct rv_nft_copier *c)
{
	return c->level == RV_NFT_LEVEL_COUNTER && c->outer && c->depth == OUTER_DEPTH &&
	       c->counters == 1;
}

int rv_nft_copy_level(struct rv_nft_copier *c, enum rv_nft_level level, struct rv_nft_view list)
{
	enum rv_nft_level above = c->level, inner = RV_NFT_LEVEL_NONE;
	struct rv_nft_walk w = rv_nft_attrs(list);
	struct rv_nft_attr a;
	int rc = 0;

	if (++c->depth > MAX_DEPTH)
		return -1;
	c->level = level;
	if (level == RV_NFT_LEVEL_EXPRESSION)
		inner = level_of(list);
	if (level == RV_NFT_LEVEL_COUNTER && c->outer && c->depth == OUTER_DEPTH)
		c->counters++;
	while (!rc && rv_nft_next(&w, &a))
		rc = copy_attr(c, &a, inner);
	c->level = above;
	c->depth--;
	return rc || w.bad ? -1 : 0;
}

/* ---- rules ---------------------------------------------------------------------------- */

const struct rv_nft_object *rv_nft_object_of(const struct rv_rule *r)
{
	const struct rv_part *m = r->matches;

	return m && m->ext == &rv_ext_nft ? (const struct rv_nft_object *)(const void *)m->data : NULL;
}

/* Returns whether the expression only tests, or does not change packets. */
static bool is_harmless(const struct rv_nft_expr *e)
{
	switch (e->kind) {
	case RV_NFT_PAYLOAD:
		return !e->sreg;
	case RV_NFT_META:
		return !(e->given & 1U << NFTA_META_SREG);
	case RV_NFT_CT:
		return !(e->given & 1U << NFTA_CT_SREG);
	case RV_NFT_EXTHDR:
		return !(e->given & 1U << NFTA_EXTHDR_SREG);
	case RV_NFT_IMMEDIATE:
		return e->data.data;
	default:
		return e->kind == RV_NFT_CMP || e->kind == RV_NFT_LOOKUP || e->kind == RV_NFT_BITWISE || e->kind == RV_NFT_RANGE ||
		       e->kind == RV_NFT_COUNTER || e->kind == RV_NFT_LIMIT || e->kind == RV_NFT_LOG ||
		       e->kind == RV_NFT_MATCH || e->kind == RV_NFT_FIB || e->kind == RV_NFT_SOCKET ||
		       e->kind == RV_NFT_RT || e->kind == RV_NFT_NUMGEN || e->kind == RV_NFT_BYTEORDER ||
		       e->kind == RV_NFT_QUOTA || e->kind == RV_NFT_CONNLIMIT;
	}
}

static bool take_verdict(const struct rv_nft_expr *e, enum rv_verdict *verdict)
{
	if (is_harmless(e))
		return *verdict == RV_VERDICT_NONE;
	if (e->kind != RV_NFT_IMMEDIATE || e->name || (e->verdict != NF_ACCEPT && e->verdict != NF_DROP))
		return false;
	*verdict = e->verdict == NF_ACCEPT ? RV_VERDICT_ACCEPT : RV_VERDICT_DROP;
	return true;
}

bool rv_nft_object_verdict(const struct rv_nft_object *o, enum rv_verdict *verdict)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1] = { 0 };
	struct rv_nft_walk w = rv_nft_attrs((struct rv_nft_view){ o->rule->data, o->rule->len });
	const char *what, *why;
	struct rv_nft_expr e;
	struct rv_nft_attr a;

	*verdict = RV_VERDICT_NONE;
	while (rv_nft_next(&w, &a))
		if (a.type == NFT_MSG_NEWCHAIN || !rv_nft_attr_table(a.value, t, NFTA_RULE_MAX + 1))
			return false;
	if (w.bad || !t[NFTA_RULE_EXPRESSIONS].data)
		return false;
	w = rv_nft_attrs(t[NFTA_RULE_EXPRESSIONS]);
	while (rv_nft_next(&w, &a))
		if (rv_nft_expr_read(a.value, &e, &what, &why) || !take_verdict(&e, verdict))
			return false;
	return !w.bad;
}

bool rv_nft_object_has_own(const struct rv_nft_object *o)
{
	struct rv_nft_walk w = rv_nft_attrs((struct rv_nft_view){ o->rule->data, o->rule->len });
	struct rv_nft_attr a;

	return rv_nft_next(&w, &a) && w.rest.len;
}

bool rv_nft_first_counter(struct rv_nft_view expressions, struct rv_counters *counters)
{
	struct rv_nft_walk w = rv_nft_attrs(expressions);
	const char *what, *why;
	struct rv_nft_attr a;
	struct rv_nft_expr e;

	while (rv_nft_next(&w, &a)) {
		if (rv_nft_expr_read(a.value, &e, &what, &why) || e.kind != RV_NFT_COUNTER)
			continue;
		*counters = (struct rv_counters){ e.packets, e.bytes };
		return true;
	}
	return false;
}

/* ---- from bytes ------------------------------------------------------------------------- */

/* State while copying an object into a rule. */
struct reading {
	struct rv_counters *counters;	/* receives the first counter; NULL: dropped */
	bool keep;			/* keep counted values except the first counter */
	uint32_t sets, chains;		/* numbers assigned so far */
};

static int malformed(struct rv_error *err)
{
	return rv_fail(err, RV_ERR_USAGE, NULL, "nft: --expr is not a rule of nf_tables");
}

/* Returns whether the number is that of an earlier set or chain. */
static bool known_number(const struct rv_nft_copier *c, enum rv_nft_spot spot, struct rv_nft_view v)
{
	struct reading *r = c->arg;
	uint32_t *last = spot == RV_NFT_SPOT_SET_ID ? &r->sets : &r->chains, n;
	bool makes = c->level == (spot == RV_NFT_SPOT_SET_ID ? RV_NFT_LEVEL_SET : RV_NFT_LEVEL_CHAIN);

	if (!rv_nft_get_u32(v, &n))
		return false;
	if (makes)
		return n == ++*last;
	return n && n <= *last;
}

static void take_counter(struct reading *r, uint16_t type, struct rv_nft_view v)
{
	uint64_t n = 0;

	if (!r->counters || !rv_nft_get_u64(v, &n))
		return;
	if (type == NFTA_COUNTER_BYTES)
		r->counters->bytes = n;
	else
		r->counters->packets = n;
}

static int put_state(struct rv_nft_copier *c, uint16_t type, struct rv_nft_view v)
{
	static const unsigned char zeros[8];
	struct reading *r = c->arg;
	bool first = rv_nft_in_first_counter(c);

	if (v.len > sizeof(zeros))
		return -1;
	if (first)
		take_counter(r, type, v);
	rv_nft_put(c->out, type, first || !r->keep ? zeros : v.data, v.len);
	return 0;
}

static int read_spot(struct rv_nft_copier *c, enum rv_nft_spot spot, uint16_t type,
		     struct rv_nft_view v)
{
	uint32_t flags;

	switch (spot) {
	case RV_NFT_SPOT_STATE:
		return put_state(c, type, v);
	case RV_NFT_SPOT_QUOTA:
		if (!rv_nft_get_u32(v, &flags))
			return -1;
		rv_nft_put_u32(c->out, type, flags & ~(uint32_t)NFT_QUOTA_F_DEPLETED);
		return 0;
	case RV_NFT_SPOT_SET_ID:
	case RV_NFT_SPOT_CHAIN_ID:
		if (!known_number(c, spot, v))
			return -1;
		break;
	default:
		if (!rv_nft_get_text(v))
			return -1;
	}
	rv_nft_put(c->out, type, v.data, v.len);
	return 0;
}

/* Attributes allowed in a message of an object; others would give it another meaning. */
bool rv_nft_object_attr(uint16_t message, uint16_t attr)
{
	static const struct { uint16_t message; uint32_t attrs; } own[] = {
#define BIT(a) (1u << NFTA_##a)
		{ NFT_MSG_NEWSET, BIT(SET_NAME) | BIT(SET_FLAGS) | BIT(SET_KEY_TYPE) | BIT(SET_KEY_LEN) |
		  BIT(SET_DATA_TYPE) | BIT(SET_DATA_LEN) | BIT(SET_POLICY) | BIT(SET_DESC) |
		  BIT(SET_ID) | BIT(SET_TIMEOUT) | BIT(SET_GC_INTERVAL) | BIT(SET_USERDATA) |
		  BIT(SET_OBJ_TYPE) | BIT(SET_EXPR) | BIT(SET_EXPRESSIONS) },
		{ NFT_MSG_NEWSETELEM, BIT(SET_ELEM_LIST_SET) | BIT(SET_ELEM_LIST_SET_ID) | BIT(SET_ELEM_LIST_ELEMENTS) },
		{ NFT_MSG_NEWCHAIN, BIT(CHAIN_ID) },
		{ NFT_MSG_NEWRULE, BIT(RULE_EXPRESSIONS) | BIT(RULE_USERDATA) | BIT(RULE_CHAIN_ID) },
#undef BIT
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (own[i].message == message)
			return attr < 32 && own[i].attrs >> attr & 1;
	return false;
}

static bool only_own(const struct rv_nft_attr *message)
{
	struct rv_nft_walk w = rv_nft_attrs(message->value);
	struct rv_nft_attr a;

	while (rv_nft_next(&w, &a))
		if (!rv_nft_object_attr(message->type, a.type))
			return false;
	return !w.bad;
}

/* The rule is the last message, without a chain. */
static bool is_the_rule(const struct rv_nft_attr *message)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];

	return message->type == NFT_MSG_NEWRULE &&
	       rv_nft_attr_table(message->value, t, NFTA_RULE_MAX + 1) &&
	       t[NFTA_RULE_EXPRESSIONS].data && !t[NFTA_RULE_CHAIN_ID].data;
}

static int copy_object(struct rv_buf *out, struct rv_nft_view bytes, struct reading *r)
{
	struct rv_nft_copier c = { .out = out, .spot = read_spot, .arg = r };
	struct rv_nft_walk w = rv_nft_attrs(bytes);
	struct rv_nft_attr a;
	bool last = false;

	while (rv_nft_next(&w, &a)) {
		enum rv_nft_level level = rv_nft_message_level(a.type);

		if (last || !level || !only_own(&a))
			return -1;
		last = c.outer = is_the_rule(&a);
		if (copy_list(&c, level, &a))
			return -1;
	}
	return w.bad || !last ? -1 : 0;
}

static int keep_copy(const struct rv_bytes **to, struct rv_nft_view bytes, struct reading r,
		     struct rv_error *err)
{
	struct rv_buf out = RV_BUF_INIT;
	int rc = copy_object(&out, bytes, &r) ? malformed(err) : 0;

	if (!rc) {
		*to = rv_buf_ok(&out) ? rv_bytes_keep(out.data, out.len) : NULL;
		rc = *to ? 0 : rv_fail_memory(err);
	}
	rv_buf_free(&out);
	return rc;
}

int rv_nft_object_set(struct rv_nft_object *o, rv_family_t family, const void *bytes, size_t len,
		      struct rv_counters *counters, struct rv_error *err)
{
	const struct rv_nft_view v = { bytes, len };
	struct rv_buf text = RV_BUF_INIT;

	if (keep_copy(&o->rule, v, (struct reading){ .counters = counters }, err) ||
	    keep_copy(&o->counted, v, (struct reading){ .keep = true }, err))
		return -1;
	rv_nft_object_text(&text, family, (struct rv_nft_view){ o->rule->data, o->rule->len });
	o->text = rv_buf_ok(&text) ? rv_bytes_keep(text.data ? text.data : "", text.len) : NULL;
	rv_buf_free(&text);
	return o->text ? 0 : rv_fail_memory(err);
}

/* ---- chains that it jumps to ---------------------------------------------------------------- */

struct renaming {
	rv_chain_fn *fn;
	void *arg;
	bool changed;
};

static int rename_spot(struct rv_nft_copier *c, enum rv_nft_spot spot, uint16_t type,
		       struct rv_nft_view v)
{
	struct renaming *r = c->arg;
	const char *new = spot == RV_NFT_SPOT_CHAIN ? r->fn(rv_nft_get_text(v), r->arg) : NULL;

	r->changed |= new != NULL;
	if (new)
		rv_nft_put_text(c->out, type, new);
	else
		rv_nft_put(c->out, type, v.data, v.len);
	return 0;
}

static void rename_all(struct rv_buf *out, const struct rv_bytes *object, struct renaming *r)
{
	struct rv_nft_copier c = { .out = out, .spot = rename_spot, .arg = r };
	struct rv_nft_walk w = rv_nft_attrs((struct rv_nft_view){ object->data, object->len });
	struct rv_nft_attr a;

	while (rv_nft_next(&w, &a))
		out->failed |= copy_list(&c, rv_nft_message_level(a.type), &a) != 0;
}

int rv_nft_object_chains(unsigned char *data, rv_family_t family, rv_chain_fn *fn, void *arg)
{
	struct rv_nft_object *o = (struct rv_nft_object *)(void *)data;
	struct renaming r = { .fn = fn, .arg = arg };
	struct rv_buf out = RV_BUF_INIT;
	struct rv_error err = { 0 };
	int rc = 0;

	if (!o->counted)
		return 0;
	rename_all(&out, o->counted, &r);
	if (!rv_buf_ok(&out) || (r.changed && rv_nft_object_set(o, family, out.data, out.len, NULL, &err)))
		rc = -1;
	rv_buf_free(&out);
	return rc;
}

struct rv_rule *rv_nft_object_rule(rv_family_t family, const void *bytes, size_t len,
				   struct rv_error *err)
{
	struct rv_rule *r = rv_rule_new();
	struct rv_part *part = rv_part_new(&rv_ext_nft);

	if (!r || !part)
		rv_fail_memory(err);
	else if (!rv_nft_object_set((struct rv_nft_object *)(void *)part->data, family, bytes, len,
				    &r->counters, err)) {
		r->counted = true;
		rv_rule_add_match(r, part);
		return r;
	}
	rv_part_free(part);
	rv_rule_free(r);
	return NULL;
}

/* ---- for matches and targets of xtables in it ---------------------------------------------- */

static bool loads_protocol(rv_family_t family, const struct rv_nft_expr *e)
{
	if (e->kind == RV_NFT_META)
		return e->key == NFT_META_L4PROTO && !(e->given & 1U << NFTA_META_SREG);
	return family == NFPROTO_IPV4 && e->kind == RV_NFT_PAYLOAD && !e->sreg &&
	       e->base == NFT_PAYLOAD_NETWORK_HEADER && e->offset == 9 && e->len == 1;
}

void rv_nft_object_compat(struct rv_buf *b, rv_family_t family, struct rv_nft_view expressions)
{
	struct rv_nft_walk w = rv_nft_attrs(expressions);
	struct rv_nft_expr e, before = { 0 };
	const char *what, *why;
	struct rv_nft_attr a;
	uint32_t proto = 0, flags = 0;
	bool xt = false;
	size_t nest;

	for (; rv_nft_next(&w, &a); before = e) {
		if (rv_nft_expr_read(a.value, &e, &what, &why))
			continue;
		xt |= e.kind == RV_NFT_MATCH || e.kind == RV_NFT_TARGET;
		if (proto || e.kind != RV_NFT_CMP || e.op > NFT_CMP_NEQ || e.data.len != 1 ||
		    !loads_protocol(family, &before))
			continue;
		proto = e.data.data[0];
		flags = e.op == NFT_CMP_NEQ ? NFT_RULE_COMPAT_F_INV : 0;
	}
	if (!xt)
		return;
	nest = rv_nft_nest(b, NFTA_RULE_COMPAT);
	rv_nft_put_u32(b, NFTA_RULE_COMPAT_PROTO, proto);
	rv_nft_put_u32(b, NFTA_RULE_COMPAT_FLAGS, flags);
	rv_nft_nest_end(b, nest);
}
