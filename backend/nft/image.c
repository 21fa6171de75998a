/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes an image of our tables: one batch, ready to be sent (ravelin/image.h), that removes the
 * tables and recreates them, attribute by attribute, from a dump. It does not depend on the rules
 * loaded when it is sent. Sending is in putback.c.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "backend/nft/wire/object.h"
#include "closed.h"
#include "image.h"

#define BIT(attr) (UINT32_C(1) << (attr))

/*
 * Kinds of objects, in the order in which they can be created: each after those it refers to. keep:
 * the attributes that define it; others are assigned by the kernel, such as handles.
 */
struct kind {
	uint8_t get, make;
	uint16_t flags;
	uint16_t table, name;		/* attributes */
	uint32_t keep;
	uint8_t remove;			/* message; 0: removed with others */
	uint32_t named_by;		/* attributes */
};

enum {
	KIND_TABLE,
	KIND_CHAIN,
	KIND_OBJECT,
	KIND_FLOWTABLE,
	KIND_SET,
	KIND_ELEMENTS,
	KIND_RULE,
};

static const struct kind kinds[] = {
	[KIND_TABLE] = { NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFTA_TABLE_NAME, 0,
			 BIT(NFTA_TABLE_NAME) | BIT(NFTA_TABLE_FLAGS) | BIT(NFTA_TABLE_USERDATA) },
	[KIND_CHAIN] = { NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFTA_CHAIN_TABLE,
			 NFTA_CHAIN_NAME,
			 BIT(NFTA_CHAIN_TABLE) | BIT(NFTA_CHAIN_NAME) | BIT(NFTA_CHAIN_HOOK) |
			 BIT(NFTA_CHAIN_POLICY) | BIT(NFTA_CHAIN_TYPE) | BIT(NFTA_CHAIN_FLAGS) |
			 BIT(NFTA_CHAIN_COUNTERS) | BIT(NFTA_CHAIN_USERDATA),
			 NFT_MSG_DELCHAIN, BIT(NFTA_CHAIN_TABLE) | BIT(NFTA_CHAIN_NAME) },
	[KIND_OBJECT] = { NFT_MSG_GETOBJ, NFT_MSG_NEWOBJ, NLM_F_CREATE, NFTA_OBJ_TABLE,
			  NFTA_OBJ_NAME,
			  BIT(NFTA_OBJ_TABLE) | BIT(NFTA_OBJ_NAME) | BIT(NFTA_OBJ_TYPE) |
			  BIT(NFTA_OBJ_DATA) | BIT(NFTA_OBJ_USERDATA),
			  NFT_MSG_DELOBJ,
			  BIT(NFTA_OBJ_TABLE) | BIT(NFTA_OBJ_NAME) | BIT(NFTA_OBJ_TYPE) },
	[KIND_FLOWTABLE] = { NFT_MSG_GETFLOWTABLE, NFT_MSG_NEWFLOWTABLE, NLM_F_CREATE,
			     NFTA_FLOWTABLE_TABLE, NFTA_FLOWTABLE_NAME,
			     BIT(NFTA_FLOWTABLE_TABLE) | BIT(NFTA_FLOWTABLE_NAME) |
			     BIT(NFTA_FLOWTABLE_HOOK) | BIT(NFTA_FLOWTABLE_FLAGS),
			     NFT_MSG_DELFLOWTABLE,
			     BIT(NFTA_FLOWTABLE_TABLE) | BIT(NFTA_FLOWTABLE_NAME) },
	[KIND_SET] = { NFT_MSG_GETSET, NFT_MSG_NEWSET, NLM_F_CREATE, NFTA_SET_TABLE, NFTA_SET_NAME,
		       BIT(NFTA_SET_TABLE) | BIT(NFTA_SET_NAME) | BIT(NFTA_SET_FLAGS) |
		       BIT(NFTA_SET_KEY_TYPE) | BIT(NFTA_SET_KEY_LEN) | BIT(NFTA_SET_DATA_TYPE) |
		       BIT(NFTA_SET_DATA_LEN) | BIT(NFTA_SET_POLICY) | BIT(NFTA_SET_DESC) |
		       BIT(NFTA_SET_TIMEOUT) | BIT(NFTA_SET_GC_INTERVAL) |
		       BIT(NFTA_SET_USERDATA) | BIT(NFTA_SET_OBJ_TYPE) | BIT(NFTA_SET_EXPR) |
		       BIT(NFTA_SET_EXPRESSIONS),
		       NFT_MSG_DELSET, BIT(NFTA_SET_TABLE) | BIT(NFTA_SET_NAME) },
	[KIND_ELEMENTS] = { NFT_MSG_GETSETELEM, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
			    NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET,
			    BIT(NFTA_SET_ELEM_LIST_TABLE) | BIT(NFTA_SET_ELEM_LIST_SET) |
			    BIT(NFTA_SET_ELEM_LIST_ELEMENTS) },
	[KIND_RULE] = { NFT_MSG_GETRULE, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
			NFTA_RULE_TABLE, NFTA_RULE_CHAIN,
			BIT(NFTA_RULE_TABLE) | BIT(NFTA_RULE_CHAIN) | BIT(NFTA_RULE_USERDATA) },
};

/* Upper bound of the number of attributes. */
#define ATTRS 32

/* An anonymous chain ("jump { ... }"): its rules are created before the rule that jumps to it. */
struct bound {
	char *chain;
	struct rv_buf rules;
};

struct reading {
	struct rv_nft_socket *n;
	struct rv_buf *to;		/* the batch */
	struct rv_buf rules;		/* rules of other chains, if some chains are anonymous */
	uint32_t seq, nsets;
	rv_family_t family;
	const char *table;
	const struct kind *kind;
	bool removing;			/* writing the messages that remove */
	struct rv_buf sets;		/* names, each with its NUL */
	size_t elements;		/* elements read */
	struct bound *bound;
	size_t nbound;
	unsigned int *closed;		/* hooks of the family's base chains with policy DROP: bits */
};

static int malformed(struct rv_error *err)
{
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "the kernel's answer is malformed");
}

bool rv_nft_image_next(const struct rv_buf *b, size_t *at, struct rv_nft_image_message *m)
{
	struct nfgenmsg nfg;

	if (b->len - *at < RV_NFT_HEAD)
		return false;
	memcpy(&m->nlh, b->data + *at, sizeof(m->nlh));
	if (m->nlh.nlmsg_len < RV_NFT_HEAD || m->nlh.nlmsg_len > b->len - *at ||
	    m->nlh.nlmsg_len != NLMSG_ALIGN(m->nlh.nlmsg_len))
		return false;
	memcpy(&nfg, b->data + *at + NLMSG_HDRLEN, sizeof(nfg));
	m->family = nfg.nfgen_family;
	m->attrs.data = (const unsigned char *)b->data + *at + RV_NFT_HEAD;
	m->attrs.len = m->nlh.nlmsg_len - RV_NFT_HEAD;
	*at += m->nlh.nlmsg_len;
	return true;
}

/* ---- what matches of iptables are told of the protocol --------------------------------------- */

/*
 * The kernel does not report NFTA_RULE_COMPAT: it is derived from the comparison of the protocol
 * before the first compat expression, which is how iptables writes -p.
 */
struct protocol {
	uint32_t reg;			/* register with the protocol; 0: none */
	uint32_t number, flags;
	bool found, wanted;
};

static bool loads_protocol(const struct rv_nft_expr *e, rv_family_t family)
{
	if (e->kind == RV_NFT_META)
		return e->key == NFT_META_L4PROTO && e->given & BIT(NFTA_META_DREG);
	return e->kind == RV_NFT_PAYLOAD && e->base == NFT_PAYLOAD_NETWORK_HEADER && e->len == 1 &&
	       e->offset == rv_family(family)->protocol;
}

static void look_at(struct protocol *p, const struct rv_nft_expr *e, rv_family_t family)
{
	if (loads_protocol(e, family))
		p->reg = e->dreg;
	if (e->kind == RV_NFT_MATCH || e->kind == RV_NFT_TARGET)
		p->wanted = true;
	if (e->kind != RV_NFT_CMP || p->found || !p->reg || e->sreg != p->reg || e->data.len != 1)
		return;
	p->found = true;
	p->number = e->data.data[0];
	p->flags = e->op == NFT_CMP_NEQ ? NFT_RULE_COMPAT_F_INV : 0;
}

static void put_compat(struct rv_buf *b, rv_family_t family, struct rv_nft_view expressions)
{
	struct rv_nft_walk w = rv_nft_attrs(expressions);
	struct protocol p = { 0 };
	const char *what, *why;
	struct rv_nft_expr e;
	struct rv_nft_attr a;
	size_t nest;

	/* Other expressions may be unknown and are irrelevant here. */
	while (rv_nft_next(&w, &a))
		if (!rv_nft_expr_read(a.value, &e, &what, &why))
			look_at(&p, &e, family);
	if (!p.found || !p.wanted)
		return;
	nest = rv_nft_nest(b, NFTA_RULE_COMPAT);
	rv_nft_put_u32(b, NFTA_RULE_COMPAT_PROTO, p.number);
	rv_nft_put_u32(b, NFTA_RULE_COMPAT_FLAGS, p.flags);
	rv_nft_nest_end(b, nest);
}

/* ---- one object ------------------------------------------------------------------------------- */

static struct rv_buf *place_of_rule(struct reading *r, const char *chain)
{
	for (size_t i = 0; i < r->nbound; i++)
		if (!strcmp(r->bound[i].chain, chain))
			return &r->bound[i].rules;
	return r->nbound ? &r->rules : r->to;
}

static int note_bound(struct reading *r, const char *chain, struct rv_error *err)
{
	struct bound *more = realloc(r->bound, (r->nbound + 1) * sizeof(*more));

	if (!more)
		return rv_fail_memory(err);
	r->bound = more;
	more[r->nbound] = (struct bound){ .chain = strdup(chain) };
	if (!more[r->nbound].chain)
		return rv_fail_memory(err);
	r->nbound++;
	return 0;
}

static size_t count_elements(struct rv_nft_view list)
{
	struct rv_nft_walk w = rv_nft_attrs(list);
	struct rv_nft_attr a;
	size_t n = 0;

	while (rv_nft_next(&w, &a))
		n++;
	return n;
}

/* Records the hooks of base chains with policy DROP. */
static void note_closed(struct reading *r, const struct rv_nft_view *t)
{
	struct rv_nft_view hook[NFTA_HOOK_MAX + 1];
	uint32_t policy, number;

	if (rv_nft_get_u32(t[NFTA_CHAIN_POLICY], &policy) && policy == NF_DROP &&
	    rv_nft_attr_table(t[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX + 1) &&
	    rv_nft_get_u32(hook[NFTA_HOOK_HOOKNUM], &number) && number < NF_INET_NUMHOOKS)
		*r->closed |= 1U << number;
}

/* Examines an object before it is copied. Returns 1 if it must not be copied. */
static int look(struct reading *r, const struct rv_nft_view *t, struct rv_error *err)
{
	const char *name = r->kind->name ? rv_nft_get_text(t[r->kind->name]) : "";
	uint32_t flags = 0;

	if (!name)
		return malformed(err);
	switch (r->kind - kinds) {
	case KIND_CHAIN:
		if (t[NFTA_CHAIN_FLAGS].data && !rv_nft_get_u32(t[NFTA_CHAIN_FLAGS], &flags))
			return malformed(err);
		note_closed(r, t);
		return flags & NFT_CHAIN_BINDING ? note_bound(r, name, err) : 0;
	case KIND_SET:
		rv_buf_add(&r->sets, name, strlen(name) + 1);
		return 0;
	case KIND_ELEMENTS:
		flags = (uint32_t)count_elements(t[NFTA_SET_ELEM_LIST_ELEMENTS]);
		r->elements += flags;
		return !flags;
	default:
		return 0;
	}
}

static size_t start_object(struct reading *r, struct rv_buf *b)
{
	const struct kind *k = r->kind;

	return rv_nft_begin_message(b, &r->seq, r->removing ? k->remove : k->make,
				    r->removing ? 0 : k->flags, r->family);
}

static int end_object(struct rv_buf *b, size_t at, struct rv_error *err)
{
	rv_nft_end_message(b, at);
	if (b->len > INT32_MAX)
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "the rules are too large for one transaction");
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}

static void put_attributes(struct rv_buf *b, const struct rv_nft_view *t, uint32_t which)
{
	for (uint16_t i = 1; i < ATTRS; i++)
		if (t[i].data && which & BIT(i))
			rv_nft_put(b, i, t[i].data, t[i].len);
}

/* Anonymous sets and chains are removed with their rule. */
static int remove_object(struct reading *r, const struct rv_nft_view *t, struct rv_error *err)
{
	uint32_t flags = 0, of_rule = 0;
	size_t at;

	if (r->kind == &kinds[KIND_CHAIN] && rv_nft_get_u32(t[NFTA_CHAIN_FLAGS], &flags))
		of_rule = flags & NFT_CHAIN_BINDING;
	if (r->kind == &kinds[KIND_SET] && rv_nft_get_u32(t[NFTA_SET_FLAGS], &flags))
		of_rule = flags & NFT_SET_ANONYMOUS;
	if (of_rule)
		return 0;
	at = start_object(r, r->to);
	put_attributes(r->to, t, r->kind->named_by);
	return end_object(r->to, at, err);
}

/*
 * Omits attributes that the kernel reports as 0 but rejects, such as the timeout of a dynamic set.
 */
static int put_expressions(struct rv_buf *b, struct rv_nft_view expressions, struct rv_error *err)
{
	struct rv_nft_copier c = { .out = b };
	size_t nest = rv_nft_nest(b, NFTA_RULE_EXPRESSIONS);

	if (rv_nft_copy_level(&c, RV_NFT_LEVEL_EXPRESSIONS, expressions) || !rv_nft_nest_end(b, nest))
		return malformed(err);
	return 0;
}

static int copy_object(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct reading *r = arg;
	struct rv_nft_view t[ATTRS];
	const char *table;
	struct rv_buf *b = r->to;
	size_t at;
	int rc;

	if (!rv_nft_attr_table(attrs, t, ATTRS))
		return malformed(err);
	table = rv_nft_get_text(t[r->kind->table]);
	if (!table)
		return malformed(err);
	if (strcmp(table, r->table))
		return 0;
	if (r->removing)
		return remove_object(r, t, err);
	rc = look(r, t, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (r->kind == &kinds[KIND_RULE])
		b = place_of_rule(r, rv_nft_get_text(t[NFTA_RULE_CHAIN]));
	at = start_object(r, b);
	if (r->kind == &kinds[KIND_RULE] && t[NFTA_RULE_EXPRESSIONS].data &&
	    put_expressions(b, t[NFTA_RULE_EXPRESSIONS], err))
		return -1;
	put_attributes(b, t, r->kind->keep);
	/* The kernel requires a set ID. */
	if (r->kind == &kinds[KIND_SET])
		rv_nft_put_u32(b, NFTA_SET_ID, ++r->nsets);
	if (r->kind == &kinds[KIND_RULE])
		put_compat(b, r->family, t[NFTA_RULE_EXPRESSIONS]);
	return end_object(b, at, err);
}

/* ---- one table ---------------------------------------------------------------------------------- */

/* Returns 0, 1 if it does not exist, or -1. set: set whose elements are requested, or NULL. */
static int ask(struct reading *r, int kind, const char *set, struct rv_error *err)
{
	const struct rv_nft_query q = {
		.type = kinds[kind].get, .family = r->family, .dump = kind != KIND_TABLE,
		/* A dump of chains takes no table. */
		.table = kind == KIND_CHAIN ? NULL : r->table, .table_attr = kinds[kind].table,
		.of = r->table,
		.chain = set, .chain_attr = kinds[kind].name,
	};

	r->kind = &kinds[kind];
	return rv_nft_ask(r->n, &q, copy_object, r, err);
}

/*
 * While the kernel resizes a set, it may report only some of the elements, without an error: the
 * same number twice is accepted as complete.
 */
#define SAME_TRIES 100

static int ask_elements(struct reading *r, const char *set, struct rv_error *err)
{
	size_t start = r->to->len, before;
	uint32_t seq = r->seq;

	r->elements = SIZE_MAX;
	for (unsigned int i = 0; i < SAME_TRIES; i++) {
		before = r->elements;
		r->elements = 0;
		r->to->len = start;
		r->seq = seq;
		if (ask(r, KIND_ELEMENTS, set, err))
			return -1;
		if (r->elements == before)
			return 0;
	}
	return rv_nft_changed(err);
}

static int ask_sets(struct reading *r, struct rv_error *err)
{
	int rc;

	if (ask(r, KIND_SET, NULL, err))
		return -1;
	if (!rv_buf_ok(&r->sets))
		return rv_fail_memory(err);
	for (size_t at = 0; at < r->sets.len; at += strlen(r->sets.data + at) + 1) {
		rc = ask_elements(r, r->sets.data + at, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Anonymous chains nested in another were created after it. */
static int ask_rules(struct reading *r, struct rv_error *err)
{
	if (ask(r, KIND_RULE, NULL, err))
		return -1;
	for (size_t i = r->nbound; i-- > 0; )
		rv_buf_add(r->to, r->bound[i].rules.data, r->bound[i].rules.len);
	if (r->nbound)
		rv_buf_add(r->to, r->rules.data, r->rules.len);
	return rv_buf_ok(r->to) ? 0 : rv_fail_memory(err);
}

static void forget_table(struct reading *r)
{
	for (size_t i = 0; i < r->nbound; i++) {
		free(r->bound[i].chain);
		rv_buf_free(&r->bound[i].rules);
	}
	free(r->bound);
	rv_buf_free(&r->rules);
	rv_buf_free(&r->sets);
	r->bound = NULL;
	r->nbound = 0;
}

/* Appends the messages that create the table, after those that remove it. */
static int read_table(struct reading *r, struct rv_error *err)
{
	static const int plain[] = { KIND_TABLE, KIND_CHAIN, KIND_OBJECT, KIND_FLOWTABLE };
	int rc = 0;

	rv_nft_put_no_table(r->to, &r->seq, r->family, r->table);
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain) && !rc; i++)
		rc = ask(r, plain[i], NULL, err);
	if (!rc)
		rc = ask_sets(r, err);
	if (!rc)
		rc = ask_rules(r, err);
	forget_table(r);
	return rc > 0 ? rv_nft_changed(err) : rc;
}

/* Removes the contents of the table, but not the table. */
static int empty_table(struct reading *r, struct rv_error *err)
{
	static const int order[] = { KIND_SET, KIND_FLOWTABLE, KIND_OBJECT, KIND_CHAIN };
	size_t at = rv_nft_begin_message(r->to, &r->seq, NFT_MSG_DELRULE, 0, r->family);
	int rc = 0;

	r->removing = true;
	rv_nft_put_text(r->to, NFTA_RULE_TABLE, r->table);
	rv_nft_end_message(r->to, at);
	for (size_t i = 0; i < sizeof(order) / sizeof(*order) && !rc; i++)
		rc = ask(r, order[i], NULL, err);
	r->removing = false;
	return rc > 0 ? rv_nft_changed(err) : rc;
}

/* ---- which there are ------------------------------------------------------------------------------ */

/* Our existing tables in order of creation, as in a listing. */
struct tables {
	struct {
		rv_family_t family;
		const char *name;	/* one of rv_nft_known_table() */
		uint32_t flags;
		struct userdata {
			uint32_t len;
			unsigned char data[NFT_USERDATA_MAXLEN];
		} userdata;		/* a comment */
	} table[RV_FAMILIES * 2 * RV_TABLE_DEFS];	/* in both profiles */
	unsigned int n;
};

static struct userdata get_userdata(struct rv_nft_view v)
{
	struct userdata u = { 0 };

	u.len = v.len < sizeof(u.data) ? v.len : sizeof(u.data);
	if (u.len)
		memcpy(u.data, v.data, u.len);
	return u;
}

static int note_table(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	/* Precedes the attributes. */
	const struct nfgenmsg *head = (const void *)(attrs.data - sizeof(*head));
	struct rv_nft_view t[NFTA_TABLE_MAX + 1];
	struct tables *list = arg;
	const char *name;
	uint32_t flags = 0;

	if (!rv_nft_attr_table(attrs, t, NFTA_TABLE_MAX + 1))
		return malformed(err);
	name = rv_nft_get_text(t[NFTA_TABLE_NAME]);
	if (!name || (t[NFTA_TABLE_FLAGS].data && !rv_nft_get_u32(t[NFTA_TABLE_FLAGS], &flags)))
		return malformed(err);
	name = rv_nft_known_table(name);
	if (!name || (head->nfgen_family != NFPROTO_IPV4 && head->nfgen_family != NFPROTO_IPV6) ||
	    list->n == sizeof(list->table) / sizeof(*list->table))
		return 0;
	list->table[list->n].family = head->nfgen_family;
	list->table[list->n].name = name;
	list->table[list->n].userdata = get_userdata(t[NFTA_TABLE_USERDATA]);
	list->table[list->n++].flags = flags;
	return 0;
}

static int ask_tables(struct rv_nft_socket *n, struct tables *list, struct rv_error *err)
{
	const struct rv_nft_query q = { .type = NFT_MSG_GETTABLE, .dump = true };

	list->n = 0;
	/* No table may be added or removed meanwhile. */
	for (unsigned int i = 0; rv_nft_table_names(i); i++)
		for (unsigned int f = 0; f < RV_FAMILIES; f++)
			if (rv_nft_read(n, rv_family_defs[f].family, rv_nft_table_names(i), NULL, 0, err))
				return -1;
	return rv_nft_ask(n, &q, note_table, list, err) < 0 ? -1 : 0;
}

static bool is_there(const struct tables *list, rv_family_t family, const char *name)
{
	for (unsigned int i = 0; i < list->n; i++)
		if (list->table[i].family == family && list->table[i].name == name)
			return true;
	return false;
}

/* ---- all of them ---------------------------------------------------------------------------------- */

static void put_missing(struct reading *r, const struct tables *list)
{
	for (unsigned int f = 0; f < RV_FAMILIES; f++) {
		rv_family_t family = rv_family_defs[f].family;

		for (unsigned int i = 0; rv_nft_table_names(i); i++)
			if (!is_there(list, family, rv_nft_table_names(i)))
				rv_nft_put_no_table(r->to, &r->seq, family, rv_nft_table_names(i));
	}
}

/* Writes the messages of all tables. closed: hooks (struct reading), by rv_family_index(). */
static int read_tables(struct reading *r, unsigned int *closed, struct rv_error *err)
{
	struct tables list;

	if (ask_tables(r->n, &list, err))
		return -1;
	put_missing(r, &list);
	for (unsigned int i = 0; i < list.n; i++) {
		r->family = list.table[i].family;
		r->table = list.table[i].name;
		r->closed = &closed[rv_family_index(r->family)];
		/* Only its owner can change a table with an owner. */
		if (!(list.table[i].flags & NFT_TABLE_F_OWNER) && read_table(r, err))
			return -1;
	}
	return 0;
}

int rv_nft_image_read(struct rv_nft_socket *n, struct rv_buf *b, struct rv_error *err)
{
	struct rv_buf messages = RV_BUF_INIT;
	struct reading r = { .n = n, .to = &messages, .seq = 1 };
	unsigned int closed[RV_FAMILIES] = { 0 };

	rv_buf_reset(b);
	if (read_tables(&r, closed, err)) {
		rv_buf_free(&messages);
		return -1;
	}
	rv_nft_put_batch_begin(b);
	for (unsigned int f = 0; f < RV_FAMILIES; f++)
		rv_nft_put_guard(b, &r.seq, rv_family_defs[f].family, closed[f]);
	rv_buf_add(b, messages.data, messages.len);
	for (unsigned int f = 0; f < RV_FAMILIES; f++)
		rv_nft_put_no_guard(b, &r.seq, rv_family_defs[f].family, closed[f]);
	/* The host may have been closed by a failed rollback. */
	rv_nft_put_not_closed(b, &r.seq);
	rv_nft_put_batch_end(b, r.seq);
	if (!rv_buf_ok(&messages))
		b->failed = true;
	rv_buf_free(&messages);
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}

/* ---- with the tables that are there ------------------------------------------------------------------ */

/* A table of the image. */
struct made {
	rv_family_t family;
	const char *table;
	uint32_t flags;
	struct userdata userdata;
};

static bool get_made(const struct rv_nft_image_message *m, struct made *made)
{
	struct rv_nft_view t[NFTA_TABLE_MAX + 1];

	made->family = m->family;
	made->flags = 0;
	if (!rv_nft_attr_table(m->attrs, t, NFTA_TABLE_MAX + 1))
		return false;
	made->table = rv_nft_get_text(t[NFTA_TABLE_NAME]);
	made->userdata = get_userdata(t[NFTA_TABLE_USERDATA]);
	return made->table &&
	       (!t[NFTA_TABLE_FLAGS].data || rv_nft_get_u32(t[NFTA_TABLE_FLAGS], &made->flags));
}

static bool is_type(const struct rv_nft_image_message *m, uint8_t type)
{
	return m->nlh.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | type);
}

/*
 * If three consecutive messages remove and recreate a table, it is emptied instead. The third
 * message is at *at and is kept.
 */
static bool makes_again(const struct rv_buf *image, size_t at, struct made *made)
{
	struct rv_nft_image_message m[3];

	return rv_nft_image_next(image, &at, &m[0]) && is_type(&m[0], NFT_MSG_NEWTABLE) &&
	       rv_nft_image_next(image, &at, &m[1]) && is_type(&m[1], NFT_MSG_DELTABLE) &&
	       rv_nft_image_next(image, &at, &m[2]) && is_type(&m[2], NFT_MSG_NEWTABLE) &&
	       get_made(&m[2], made) &&
	       m[0].family == made->family && m[0].attrs.len <= m[2].attrs.len &&
	       !memcmp(m[0].attrs.data, m[2].attrs.data, m[0].attrs.len);
}

/*
 * Returns whether the tables of the image exist in the same order, with the same unchangeable
 * properties and flags.
 */
static bool same_tables(const struct rv_buf *image, const struct tables *list)
{
	struct rv_nft_image_message m;
	struct made made;
	unsigned int i = 0;

	for (size_t at = 0, start = 0; rv_nft_image_next(image, &at, &m); start = at) {
		if (!makes_again(image, start, &made))
			continue;
		while (i < list->n && (list->table[i].family != made.family ||
				       strcmp(list->table[i].name, made.table) != 0))
			i++;
		if (i == list->n || list->table[i].flags != made.flags ||
		    memcmp(&list->table[i].userdata, &made.userdata, sizeof(made.userdata)) != 0)
			return false;
		i++;
	}
	return true;
}

int rv_nft_image_in_place(struct rv_nft_socket *n, const struct rv_buf *image, struct rv_buf *b,
			  struct rv_error *err)
{
	struct reading r = { .n = n, .to = b };
	struct rv_nft_image_message m;
	struct tables list;
	struct made made;

	rv_buf_reset(b);
	if (ask_tables(n, &list, err))
		return -1;
	if (!same_tables(image, &list))
		return 1;
	for (size_t at = 0, start = 0; rv_nft_image_next(image, &at, &m); start = at) {
		if (makes_again(image, start, &made)) {
			r.family = made.family;
			r.table = made.table;
			if (empty_table(&r, err))
				return -1;
			rv_nft_image_next(image, &at, &m);
			continue;
		}
		rv_buf_add(b, image->data + start, at - start);
	}
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}
