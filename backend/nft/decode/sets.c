/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the sets that a rule uses: the elements of anonymous sets, and whether dynamic sets have
 * the properties that iptables would give them.
 */
#include <stdlib.h>

#include "reader.h"

bool rv_nft_neighbour(uint8_t *value, unsigned int len, bool up)
{
	const uint8_t last = up ? 0xff : 0;
	unsigned int at = len;

	while (at && value[at - 1] == last)
		at--;
	if (!at)
		return false;
	value[at - 1] += up ? 1 : -1;
	memset(value + at, up ? 0 : 0xff, len - at);
	return true;
}

static bool get_value(struct rv_nft_view nest, struct rv_nft_view *v)
{
	struct rv_nft_view t[NFTA_DATA_MAX + 1];

	if (!nest.data || !rv_nft_attr_table(nest, t, NFTA_DATA_MAX + 1) || !t[NFTA_DATA_VALUE].data)
		return false;
	*v = t[NFTA_DATA_VALUE];
	return v->len && v->len <= sizeof(((struct rv_nft_range *)0)->from);
}

static struct rv_nft_range *add_range(struct rv_nft_set *s)
{
	size_t room = s->room ? 2 * s->room : 16;
	struct rv_nft_range *range = s->range;

	if (s->count == s->room) {
		range = realloc(range, room * sizeof(*range));
		if (!range)
			return NULL;
		s->range = range;
		s->room = room;
	}
	range += s->count++;
	memset(range, 0, sizeof(*range));
	return range;
}

struct elements {
	struct rv_nft_set *set;
	uint32_t ignored;	/* bits: element attributes that are allowed and ignored */
	bool interval, strange;
};

static int see_element(struct rv_nft_view v, struct elements *all, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_ELEM_MAX + 1], key, end;
	uint32_t flags = 0;
	struct rv_nft_range *r;

	if (!rv_nft_attr_table(v, t, NFTA_SET_ELEM_MAX + 1) ||
	    (t[NFTA_SET_ELEM_FLAGS].data && !rv_nft_get_u32(t[NFTA_SET_ELEM_FLAGS], &flags)))
		return rv_nft_malformed(err);
	for (int i = 0; i <= NFTA_SET_ELEM_MAX; i++)
		all->strange |= t[i].data && !(all->ignored >> i & 1);
	if (!get_value(t[NFTA_SET_ELEM_KEY], &key) || (all->set->len && key.len != all->set->len))
		return rv_nft_malformed(err);
	end = key;
	if (t[NFTA_SET_ELEM_KEY_END].data &&
	    (!get_value(t[NFTA_SET_ELEM_KEY_END], &end) || end.len != key.len))
		return rv_nft_malformed(err);
	r = add_range(all->set);
	if (!r)
		return rv_fail_memory(err);
	all->set->len = key.len;
	memcpy(r->from, key.data, key.len);
	memcpy(r->to, end.data, end.len);
	r->end = flags & NFT_SET_ELEM_INTERVAL_END;
	all->interval |= r->end;
	return 0;
}

static int see_elements(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_ELEM_LIST_MAX + 1];
	struct rv_nft_walk w;
	struct rv_nft_attr a;

	if (!rv_nft_attr_table(attrs, t, NFTA_SET_ELEM_LIST_MAX + 1))
		return rv_nft_malformed(err);
	w = rv_nft_attrs(t[NFTA_SET_ELEM_LIST_ELEMENTS]);
	while (t[NFTA_SET_ELEM_LIST_ELEMENTS].data && rv_nft_next(&w, &a))
		if (see_element(a.value, arg, err))
			return -1;
	return w.bad ? rv_nft_malformed(err) : 0;
}

static int by_key(const void *a, const void *b)
{
	const struct rv_nft_range *x = a, *y = b;
	int order = memcmp(x->from, y->from, sizeof(x->from));

	return order ? order : (int)y->end - (int)x->end;
}

/*
 * Combines the elements of an interval set to ranges. An element is the start of a range, or the
 * first key after it; a range without an end extends to the maximum.
 */
static bool join_intervals(struct rv_nft_set *s)
{
	size_t n = 0;

	qsort(s->range, s->count, sizeof(*s->range), by_key);
	for (size_t i = 0; i < s->count; i++) {
		struct rv_nft_range r = s->range[i];

		if (r.end)
			continue;
		memset(r.to, 0xff, s->len);
		if (i + 1 < s->count) {
			memcpy(r.to, s->range[i + 1].from, s->len);
			if (!rv_nft_neighbour(r.to, s->len, false))
				return false;
		}
		s->range[n++] = r;
	}
	s->count = n;
	return true;
}

#define ELEM(name) (1u << NFTA_SET_ELEM_##name)

int rv_nft_set_read(struct rv_nft_aside *aside, rv_family_t family, const char *table, const char *name,
		    bool named, struct rv_nft_set *set, struct rv_error *err)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSETELEM, .dump = true, .family = family,
		.table_attr = NFTA_SET_ELEM_LIST_TABLE, .table = table,
		.chain_attr = NFTA_SET_ELEM_LIST_SET, .chain = name,
	};
	struct elements all = {
		.set = set,
		.ignored = ELEM(KEY) | ELEM(KEY_END) | ELEM(FLAGS) | ELEM(PAD) |
			   (named ? ELEM(TIMEOUT) | ELEM(EXPIRATION) | ELEM(USERDATA) : 0),
	};
	int rc;

	set->count = set->len = 0;
	rc = rv_nft_aside_ask(aside, &q, see_elements, &all, err);
	if (rc)
		return rc < 0 ? -1 : RV_NFT_SET_MISSING;
	if (all.strange || (all.interval && !join_intervals(set)))
		return RV_NFT_SET_STRANGE;
	return 0;
}

int rv_nft_read_set(struct rv_nft_reader *r, const char *name)
{
	int rc;

	if (!r->aside)
		return rv_nft_unsupported(r, "expression `lookup' is not understood");
	rc = rv_nft_set_read(r->aside, r->family, r->place->table, name, false, &r->set, r->err);
	if (rc == RV_NFT_SET_MISSING)
		return rv_nft_unsupported(r, "set `%.64s' does not exist", name);
	if (rc == RV_NFT_SET_STRANGE || (!rc && !r->set.count))
		return rv_nft_unsupported(r, "set `%.64s' is not a plain list", name);
	return rc;
}

/* ---- sets that rules fill ------------------------------------------------------------- */

/* nft's default size of a set. */
#define DEFAULT_SIZE 65535

static int see_set(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_MAX + 1], d[NFTA_SET_DESC_MAX + 1];
	struct rv_nft_counted *c = arg;
	uint32_t flags = 0, len = 0, size = 0;

	if (!rv_nft_attr_table(attrs, t, NFTA_SET_MAX + 1) ||
	    !rv_nft_get_u32(t[NFTA_SET_FLAGS], &flags) ||
	    !rv_nft_get_u32(t[NFTA_SET_KEY_LEN], &len) || !t[NFTA_SET_DESC].data ||
	    !rv_nft_attr_table(t[NFTA_SET_DESC], d, NFTA_SET_DESC_MAX + 1) ||
	    (d[NFTA_SET_DESC_SIZE].data && !rv_nft_get_u32(d[NFTA_SET_DESC_SIZE], &size)))
		return rv_nft_malformed(err);
	/* Some versions of nft create an anonymous set for this, others a named one. */
	c->as_ours = (flags & ~(uint32_t)NFT_SET_ANONYMOUS) == c->flags && len == c->len &&
		     size == DEFAULT_SIZE && !t[NFTA_SET_TIMEOUT].data &&
		     !t[NFTA_SET_GC_INTERVAL].data && !t[NFTA_SET_EXPR].data;
	return 0;
}

static int add_user(struct rv_nft_aside *a, const char *set, uint64_t rule)
{
	size_t room = a->room ? a->room * 2 : 64;
	struct rv_nft_user *users = a->users;

	if (a->nusers == a->room) {
		users = realloc(users, room * sizeof(*users));
		if (!users)
			return -1;
		a->users = users;
		a->room = room;
	}
	users[a->nusers] = (struct rv_nft_user){ strdup(set), rule };
	return users[a->nusers].set ? (a->nusers++, 0) : -1;
}

static int see_user(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_aside *aside = arg;
	struct rv_nft_place place;
	struct rv_nft_walk w;
	struct rv_nft_attr a;
	struct rv_nft_expr e;
	const char *what, *why;

	if (rv_nft_place_of(attrs, t, &place, err))
		return -1;
	w = rv_nft_attrs(t[NFTA_RULE_EXPRESSIONS]);
	while (rv_nft_next(&w, &a))
		if (!rv_nft_expr_read(a.value, &e, &what, &why) && e.name &&
		    (e.kind == RV_NFT_DYNSET || e.kind == RV_NFT_LOOKUP) &&
		    add_user(aside, e.name, place.handle))
			return rv_fail_memory(err);
	return 0;
}

static int by_set(const void *a, const void *b)
{
	const struct rv_nft_user *x = a, *y = b;

	return strcmp(x->set, y->set);
}

/* Reads which rules of the table use which sets, once per table. */
static int know_users(struct rv_nft_aside *a, rv_family_t family, const char *table,
		      struct rv_error *err)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETRULE, .family = family, .dump = true,
		.table_attr = NFTA_RULE_TABLE, .table = table,
	};

	if (a->table && !strcmp(a->table, table))
		return 0;
	rv_nft_aside_forget(a);
	if (rv_nft_aside_ask(a, &q, see_user, a, err) < 0)
		return -1;
	if (a->nusers)
		qsort(a->users, a->nusers, sizeof(*a->users), by_set);
	a->table = strdup(table);
	return a->table ? 0 : rv_fail_memory(err);
}

/* Returns whether a rule with another handle uses the set. */
static bool has_other_user(const struct rv_nft_aside *a, const char *set, uint64_t handle)
{
	const struct rv_nft_user key = { .set = (char *)set };
	const struct rv_nft_user *end = a->users + a->nusers;
	const struct rv_nft_user *u = a->nusers ? bsearch(&key, a->users, a->nusers,
							  sizeof(key), by_set) : NULL;

	if (!u)
		return false;
	while (u > a->users && !by_set(u - 1, &key))
		u--;
	for (; u < end && !by_set(u, &key); u++)
		if (u->rule != handle)
			return true;
	return false;
}

/*
 * Fails for a connlimit set that several rules share: it counts for all of them, connlimit for each
 * rule. Tables of hashlimit may be shared.
 */
static int check_sharing(struct rv_nft_reader *r, struct rv_nft_aside *a,
			 const struct rv_nft_counted *c)
{
	const struct rv_nft_place *place = r->place;
	bool shared = false;

	for (const struct rv_nft_counted *o = r->m->counted; o < c; o++)
		shared |= o->set && !strcmp(o->set, c->set);
	if (!c->limits && know_users(a, r->family, place->table, r->err))
		return -1;
	if (!c->limits)
		shared |= has_other_user(a, c->set, place->handle);
	return !shared ? 0 : rv_nft_unsupported(r, "set `%.64s' is used more than once", c->set);
}

static int see_fixed(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_ELEM_LIST_MAX + 1], e[NFTA_SET_ELEM_MAX + 1];
	struct rv_nft_walk w;
	struct rv_nft_attr a;
	bool *fixed = arg;

	if (!rv_nft_attr_table(attrs, t, NFTA_SET_ELEM_LIST_MAX + 1))
		return rv_nft_malformed(err);
	w = rv_nft_attrs(t[NFTA_SET_ELEM_LIST_ELEMENTS]);
	while (rv_nft_next(&w, &a))
		*fixed |= !rv_nft_attr_table(a.value, e, NFTA_SET_ELEM_MAX + 1) ||
			  !e[NFTA_SET_ELEM_EXPR].data;
	return 0;
}

/* Fails if the set has elements added by a user, which match without being counted. */
static int check_elements(struct rv_nft_reader *r,
			  const struct rv_nft_counted *c)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSETELEM, .dump = true, .family = r->family,
		.table_attr = NFTA_SET_ELEM_LIST_TABLE, .table = r->place->table,
		.chain_attr = NFTA_SET_ELEM_LIST_SET, .chain = c->set,
	};
	bool fixed = false;

	if (rv_nft_aside_ask(r->aside, &q, see_fixed, &fixed, r->err) < 0)
		return -1;
	return !fixed ? 0 : rv_nft_unsupported(r, "set `%.64s' has elements that were added", c->set);
}

/* Checks that the set counts as the options would. */
static int check_set(struct rv_nft_reader *r, struct rv_nft_aside *a, struct rv_nft_counted *c)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSET, .family = r->family, .table_attr = NFTA_SET_TABLE,
		.table = r->place->table, .chain_attr = NFTA_SET_NAME, .chain = c->set,
	};

	if (rv_nft_aside_ask(a, &q, see_set, c, r->err) < 0)
		return -1;
	if (!c->as_ours)
		return rv_nft_unsupported(r, "set `%.64s' differs from those of iptables", c->set);
	return check_sharing(r, a, c) ? -1 : check_elements(r, c);
}

int rv_nft_check_sets(struct rv_nft_reader *r)
{
	int rc = 0;

	for (unsigned int i = 0; !rc && i < r->m->ncounted; i++) {
		struct rv_nft_counted *c = &r->m->counted[i];

		if (c->set && !r->aside)
			rc = rv_nft_unsupported(r, "set `%.64s' is unknown", c->set);
		else if (c->set)
			rc = check_set(r, r->aside, c);
	}
	return rc;
}
