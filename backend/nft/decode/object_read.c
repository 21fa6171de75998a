/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a rule as an object, with the anonymous sets and chains that belong to it. */
#include <stdio.h>
#include <stdlib.h>

#include "backend/nft/wire/object.h"
#include "decode.h"

/* A set or chain of the rule that has been read already. */
struct own {
	char name[NFT_SET_MAXNAMELEN];	/* in the kernel */
	uint32_t number;
};

struct collector {
	struct rv_nft_aside *aside;
	rv_family_t family;
	const char *table;
	struct rv_buf out;		/* messages that precede the rule's message */
	struct own *sets;
	uint32_t nsets, nchains;
	struct rv_error *err;
};

/* Bytes of elements per message; the length of an attribute has 16 bits. */
#define PART_MAX 32768

static int copy(struct collector *k, struct rv_buf *to, enum rv_nft_level level,
		struct rv_nft_view list);

/* ---- asking ------------------------------------------------------------------------- */

static int keep_answer(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_buf *b = arg;

	rv_nft_put(b, 1, attrs.data, attrs.len);
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}

/* Sends a request and stores its answers, each in an attribute, so that more can be requested. */
static int ask(struct collector *k, const struct rv_nft_query *q, struct rv_buf *answers)
{
	if (!k->aside)
		return 1;
	return rv_nft_aside_ask(k->aside, q, keep_answer, answers, k->err);
}

static bool only_answer(const struct rv_buf *answers, struct rv_nft_view *v)
{
	struct rv_nft_walk w = rv_nft_attrs((struct rv_nft_view){ (void *)answers->data, answers->len });
	struct rv_nft_attr a;

	if (!rv_nft_next(&w, &a))
		return false;
	*v = a.value;
	return true;
}

static int malformed(struct rv_error *err)
{
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "the kernel's answer is malformed");
}

/* ---- messages ------------------------------------------------------------------------ */

/* Returns whether the attribute is a name assigned by the kernel, which is replaced by a number. */
static bool is_name(uint16_t message, uint16_t attr)
{
	return message == NFT_MSG_NEWSET && attr == NFTA_SET_NAME;
}

/* Copies the attributes that belong to an object. */
static int copy_own(struct collector *k, struct rv_buf *to, uint16_t message, struct rv_nft_view attrs)
{
	struct rv_nft_walk w = rv_nft_attrs(attrs);
	struct rv_buf own = RV_BUF_INIT;
	struct rv_nft_attr a;
	int rc;

	while (rv_nft_next(&w, &a))
		if (rv_nft_object_attr(message, a.type) && !is_name(message, a.type))
			rv_nft_put(&own, a.type, a.value.data, a.value.len);
	rc = w.bad ? malformed(k->err) :
	     copy(k, to, rv_nft_message_level(message),
		  (struct rv_nft_view){ (void *)own.data, own.len });
	to->failed |= own.failed;
	rv_buf_free(&own);
	return rc;
}

static int end_message(struct collector *k, struct rv_buf *b, size_t nest)
{
	if (!rv_nft_nest_end(b, nest))
		return rv_fail(k->err, RV_ERR_PROBLEM, NULL, "a rule is too long");
	return rv_buf_ok(b) ? 0 : rv_fail_memory(k->err);
}

/*
 * Returns the name that nft gave the set. The kernel appends a number, but not to a meter's name.
 */
static const char *own_name(const char *name, char *text, size_t room)
{
	size_t len = strlen(name), digits = len;

	while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
		digits--;
	if (strncmp(name, "__", 2) != 0 || digits == len || digits + 3 > room)
		return name;
	memcpy(text, name, digits);
	memcpy(text + digits, "%d", 3);
	return text;
}

/* ---- elements of sets ------------------------------------------------------------------ */

struct element {
	struct rv_nft_view attrs, key;
	bool end;			/* the first key after an interval */
};

struct elements {
	struct element *list;
	size_t count, room;
};

static bool read_element(struct rv_nft_view attrs, struct element *e)
{
	struct rv_nft_view t[NFTA_SET_ELEM_MAX + 1], d[NFTA_DATA_MAX + 1];
	uint32_t flags = 0;

	*e = (struct element){ .attrs = attrs };
	if (!rv_nft_attr_table(attrs, t, NFTA_SET_ELEM_MAX + 1) ||
	    (t[NFTA_SET_ELEM_FLAGS].data && !rv_nft_get_u32(t[NFTA_SET_ELEM_FLAGS], &flags)))
		return false;
	e->end = flags & NFT_SET_ELEM_INTERVAL_END;
	if (t[NFTA_SET_ELEM_KEY].data && rv_nft_attr_table(t[NFTA_SET_ELEM_KEY], d, NFTA_DATA_MAX + 1))
		e->key = d[NFTA_DATA_VALUE];
	return true;
}

static int add_element(struct elements *all, struct rv_nft_view attrs, struct rv_error *err)
{
	size_t room = all->room ? 2 * all->room : 64;
	struct element *list = all->list;

	if (all->count == all->room) {
		list = realloc(list, room * sizeof(*list));
		if (!list)
			return rv_fail_memory(err);
		all->list = list;
		all->room = room;
	}
	return read_element(attrs, &list[all->count++]) ? 0 : malformed(err);
}

static int add_elements(struct elements *all, struct rv_nft_view answer, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_ELEM_LIST_MAX + 1];
	struct rv_nft_walk w;
	struct rv_nft_attr a;

	if (!rv_nft_attr_table(answer, t, NFTA_SET_ELEM_LIST_MAX + 1))
		return malformed(err);
	w = rv_nft_attrs(t[NFTA_SET_ELEM_LIST_ELEMENTS]);
	while (rv_nft_next(&w, &a))
		if (add_element(all, a.value, err))
			return -1;
	return w.bad ? malformed(err) : 0;
}

/*
 * Sorts by key, so that equal sets have equal bytes. If one range ends where another begins, the
 * end comes first.
 */
static int by_key(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	uint32_t len = x->key.len < y->key.len ? x->key.len : y->key.len;
	int order = len ? memcmp(x->key.data, y->key.data, len) : 0;

	if (order || x->key.len != y->key.len)
		return order ? order : x->key.len < y->key.len ? -1 : 1;
	return (int)y->end - (int)x->end;
}

static int put_elements(struct collector *k, const struct elements *all, uint32_t number)
{
	struct rv_buf part = RV_BUF_INIT;
	char text[NFT_SET_MAXNAMELEN];
	int rc = 0;

	for (size_t i = 0; !rc && i < all->count; ) {
		size_t list;

		rv_buf_reset(&part);
		rv_nft_put_u32(&part, NFTA_SET_ELEM_LIST_SET_ID, number);
		rv_nft_put_text(&part, NFTA_SET_ELEM_LIST_SET,
				own_name(k->sets[number - 1].name, text, sizeof(text)));
		list = rv_nft_nest(&part, NFTA_SET_ELEM_LIST_ELEMENTS);
		while (!rc && i < all->count && part.len < PART_MAX) {
			size_t one = rv_nft_nest(&part, NFTA_LIST_ELEM);

			rc = copy(k, &part, RV_NFT_LEVEL_ELEMENT, all->list[i++].attrs) ||
			     !rv_nft_nest_end(&part, one) ? -1 : 0;
		}
		rc = rc || !rv_nft_nest_end(&part, list) ? -1 : 0;
		rv_nft_put(&k->out, NFT_MSG_NEWSETELEM | NLA_F_NESTED, part.data, part.len);
	}
	k->out.failed |= part.failed;
	rv_buf_free(&part);
	return rc;
}

static int read_elements(struct collector *k, const char *name, uint32_t number)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSETELEM, .dump = true, .family = k->family,
		.table_attr = NFTA_SET_ELEM_LIST_TABLE, .table = k->table,
		.chain_attr = NFTA_SET_ELEM_LIST_SET, .chain = name,
	};
	struct rv_buf answers = RV_BUF_INIT;
	struct elements all = { 0 };
	int rc = ask(k, &q, &answers) < 0 ? -1 : 0;
	struct rv_nft_walk w = rv_nft_attrs((struct rv_nft_view){ (void *)answers.data, answers.len });
	struct rv_nft_attr a;

	while (!rc && rv_nft_next(&w, &a))
		rc = add_elements(&all, a.value, k->err);
	if (!rc && all.count) {
		qsort(all.list, all.count, sizeof(*all.list), by_key);
		rc = put_elements(k, &all, number);
	}
	free(all.list);
	rv_buf_free(&answers);
	return rc;
}

/* ---- sets ------------------------------------------------------------------------------- */

static int put_set(struct collector *k, const char *name, struct rv_nft_view attrs, uint32_t number)
{
	char text[NFT_SET_MAXNAMELEN];
	size_t nest = rv_nft_nest(&k->out, NFT_MSG_NEWSET);
	struct rv_buf set = RV_BUF_INIT;
	int rc = copy_own(k, &set, NFT_MSG_NEWSET, attrs);

	rv_buf_add(&k->out, set.data, set.len);
	k->out.failed |= set.failed;
	rv_buf_free(&set);
	rv_nft_put_u32(&k->out, NFTA_SET_ID, number);
	rv_nft_put_text(&k->out, NFTA_SET_NAME, own_name(name, text, sizeof(text)));
	return rc ? -1 : end_message(k, &k->out, nest);
}

static uint32_t known_set(const struct collector *k, const char *name)
{
	for (uint32_t i = 0; i < k->nsets; i++)
		if (!strcmp(k->sets[i].name, name))
			return k->sets[i].number;
	return 0;
}

static int new_set(struct collector *k, const char *name, uint32_t *number)
{
	struct own *sets = realloc(k->sets, (k->nsets + 1) * sizeof(*sets));

	if (!sets)
		return rv_fail_memory(k->err);
	k->sets = sets;
	sets += k->nsets++;
	snprintf(sets->name, sizeof(sets->name), "%s", name);
	*number = sets->number = k->nsets;
	return 0;
}

/* Reads a set of the rule, without elements that the kernel adds for packets. */
static int read_own_set(struct collector *k, const char *name, struct rv_nft_view attrs,
			uint32_t flags, uint32_t *number)
{
	if (new_set(k, name, number) || put_set(k, name, attrs, *number))
		return -1;
	return flags & NFT_SET_EVAL ? 0 : read_elements(k, name, *number);
}

/* Sets *number to that of an anonymous set, or to 0 if the set is named or does not exist. */
static int find_set(struct collector *k, const char *name, uint32_t *number)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSET, .family = k->family, .table_attr = NFTA_SET_TABLE,
		.table = k->table, .chain_attr = NFTA_SET_NAME, .chain = name,
	};
	struct rv_nft_view answer, t[NFTA_SET_MAX + 1];
	struct rv_buf answers = RV_BUF_INIT;
	uint32_t flags = 0;
	int rc;

	*number = known_set(k, name);
	if (*number)
		return 0;
	rc = ask(k, &q, &answers) < 0 ? -1 : 0;
	if (!rc && only_answer(&answers, &answer)) {
		if (!rv_nft_attr_table(answer, t, NFTA_SET_MAX + 1) ||
		    (t[NFTA_SET_FLAGS].data && !rv_nft_get_u32(t[NFTA_SET_FLAGS], &flags)))
			rc = malformed(k->err);
		else if (flags & NFT_SET_ANONYMOUS)
			rc = read_own_set(k, name, answer, flags, number);
	}
	rv_buf_free(&answers);
	return rc;
}

/* ---- chains of "jump { ... }" --------------------------------------------------------------- */

static int put_rule(struct collector *k, struct rv_nft_view attrs, uint32_t chain)
{
	struct rv_buf rule = RV_BUF_INIT;
	size_t nest;
	int rc = copy_own(k, &rule, NFT_MSG_NEWRULE, attrs);

	nest = rv_nft_nest(&k->out, NFT_MSG_NEWRULE);
	rv_buf_add(&k->out, rule.data, rule.len);
	k->out.failed |= rule.failed;
	rv_buf_free(&rule);
	if (chain)
		rv_nft_put_u32(&k->out, NFTA_RULE_CHAIN_ID, chain);
	return rc ? -1 : end_message(k, &k->out, nest);
}

static int read_own_chain(struct collector *k, const char *name, uint32_t *number)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETRULE, .dump = true, .family = k->family,
		.table_attr = NFTA_RULE_TABLE, .table = k->table,
		.chain_attr = NFTA_RULE_CHAIN, .chain = name,
	};
	struct rv_buf answers = RV_BUF_INIT;
	size_t nest = rv_nft_nest(&k->out, NFT_MSG_NEWCHAIN);
	struct rv_nft_walk w;
	struct rv_nft_attr a;
	int rc;

	*number = ++k->nchains;
	rv_nft_put_u32(&k->out, NFTA_CHAIN_ID, *number);
	rc = end_message(k, &k->out, nest) || ask(k, &q, &answers) < 0 ? -1 : 0;
	w = rv_nft_attrs((struct rv_nft_view){ (void *)answers.data, answers.len });
	while (!rc && rv_nft_next(&w, &a))
		rc = put_rule(k, a.value, *number);
	rv_buf_free(&answers);
	return rc;
}

static int see_flags(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_CHAIN_MAX + 1];
	uint32_t flags = 0;
	bool *bound = arg;

	if (!rv_nft_attr_table(attrs, t, NFTA_CHAIN_MAX + 1))
		return malformed(err);
	rv_nft_get_u32(t[NFTA_CHAIN_FLAGS], &flags);
	*bound = flags & NFT_CHAIN_BINDING;
	return 0;
}

int rv_nft_is_bound(struct rv_nft_aside *aside, rv_family_t family, const char *table,
		    const char *name, bool *bound, struct rv_error *err)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETCHAIN, .family = family, .table_attr = NFTA_CHAIN_TABLE,
		.table = table, .chain_attr = NFTA_CHAIN_NAME, .chain = name,
	};

	*bound = false;
	return aside ? rv_nft_aside_ask(aside, &q, see_flags, bound, err) : 0;
}

static int find_chain(struct collector *k, const char *name, uint32_t *number)
{
	bool bound = false;

	*number = 0;
	/* The kernel assigns such names to anonymous chains, but users can choose them too. */
	if (strncmp(name, "__chain", 7) == 0 &&
	    rv_nft_is_bound(k->aside, k->family, k->table, name, &bound, k->err) < 0)
		return -1;
	return bound ? read_own_chain(k, name, number) : 0;
}

/* ---- names become numbers --------------------------------------------------------------------- */

static uint16_t id_attr(enum rv_nft_level level)
{
	return level == RV_NFT_LEVEL_LOOKUP ? NFTA_LOOKUP_SET_ID :
	       level == RV_NFT_LEVEL_DYNSET ? NFTA_DYNSET_SET_ID : NFTA_OBJREF_SET_ID;
}

static int put_set_name(struct rv_nft_copier *c, uint16_t type, struct rv_nft_view v)
{
	const char *name = rv_nft_get_text(v);
	struct collector *k = c->arg;
	char text[NFT_SET_MAXNAMELEN];
	uint32_t number;

	if (!name)
		return malformed(k->err);
	if (find_set(k, name, &number))
		return -1;
	rv_nft_put_text(c->out, type, number ? own_name(name, text, sizeof(text)) : name);
	if (number)
		rv_nft_put_u32(c->out, id_attr(c->level), number);
	return 0;
}

static int put_chain_name(struct rv_nft_copier *c, uint16_t type, struct rv_nft_view v)
{
	const char *name = rv_nft_get_text(v);
	struct collector *k = c->arg;
	uint32_t number;

	if (!name)
		return malformed(k->err);
	if (find_chain(k, name, &number))
		return -1;
	if (number)
		rv_nft_put_u32(c->out, NFTA_VERDICT_CHAIN_ID, number);
	else
		rv_nft_put_text(c->out, type, name);
	return 0;
}

static int collect_spot(struct rv_nft_copier *c, enum rv_nft_spot spot, uint16_t type,
			struct rv_nft_view v)
{
	switch (spot) {
	case RV_NFT_SPOT_SET:
		return put_set_name(c, type, v);
	case RV_NFT_SPOT_CHAIN:
		return put_chain_name(c, type, v);
	case RV_NFT_SPOT_SET_ID:
	case RV_NFT_SPOT_CHAIN_ID:
		return 0;
	default:
		rv_nft_put(c->out, type, v.data, v.len);
		return 0;
	}
}

static int copy(struct collector *k, struct rv_buf *to, enum rv_nft_level level,
		struct rv_nft_view list)
{
	struct rv_nft_copier c = { .out = to, .spot = collect_spot, .arg = k };

	if (!rv_nft_copy_level(&c, level, list))
		return 0;
	return k->err->kind == RV_ERR_NONE ? malformed(k->err) : -1;
}

/* ---- the rule ----------------------------------------------------------------------------------- */

struct rv_rule *rv_nft_object_read(struct rv_nft_aside *aside, rv_family_t family,
				   struct rv_nft_view attrs, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_place place;
	struct collector k = { .aside = aside, .family = family, .err = err };
	struct rv_rule *r = NULL;
	int rc = rv_nft_place_of(attrs, t, &place, err);

	k.table = place.table;
	if (!rc && !put_rule(&k, attrs, 0))
		r = rv_nft_object_rule(family, k.out.data, k.out.len, err);
	if (r)
		r->handle = place.handle;
	rv_buf_free(&k.out);
	free(k.sets);
	return r;
}
