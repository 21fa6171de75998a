/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches of nft that count packets: limit, quota, and those with a set that the rule fills,
 * hashlimit and connlimit. What a rule tests before one decides what it counts.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "formats/text.h"
#include "foreign.h"

int rv_nft_counting_match(struct rv_nft_foreign *f, const char *name)
{
	struct rv_nft_meaning *m = f->m;

	if (m->ncounted == RV_NFT_COUNTED)
		return rv_nft_foreign_unsupported(f, "so many matches that count are not understood");
	if (f->is_ether || f->reserved2)
		return rv_nft_foreign_unsupported(f, "a match that counts within a test is not understood");
	if (rv_nft_end_ranges(f) || rv_nft_pending(f))
		return -1;
	m->counted[m->ncounted++] = (struct rv_nft_counted){
		.name = name, .match = f->nmatches, .tests = m->count,
	};
	rv_nft_match(f, name);
	return 0;
}

/* ---- rates ------------------------------------------------------------------------------ */

/* What is limited to, or false: nothing that iptables could say. */
static bool get_rate(const struct rv_nft_expr *e, struct rv_rate *r)
{
	*r = (struct rv_rate){
		.rate = e->rate, .seconds = e->unit, .burst = e->burst,
		.bytes = e->type == NFT_LIMIT_PKT_BYTES,
	};
	return rv_limit_unit_of(e->unit) && e->type <= NFT_LIMIT_PKT_BYTES &&
	       !(e->flags & ~(uint32_t)NFT_LIMIT_F_INV) && (!r->bytes || e->unit == 1);
}

/* The rate of the match that was added last, in a word. */
static void put_rate(struct rv_nft_foreign *f, const struct rv_rate *r)
{
	struct rv_nft_counted *c = &f->m->counted[f->m->ncounted - 1];

	c->limits = true;
	c->rate = *r;
	if (r->bytes)
		rv_nft_word(f, "%llub/second", (unsigned long long)r->rate);
	else
		rv_nft_word(f, "%llu/%s", (unsigned long long)r->rate,
			    rv_limit_unit_of(r->seconds)->word);
}

static bool same_rate(const struct rv_rate *a, const struct rv_rate *b)
{
	const uint64_t most = UINT64_MAX / (24 * 60 * 60);

	return a->bytes == b->bytes && a->burst == b->burst &&
	       ((a->rate == b->rate && a->seconds == b->seconds) ||
		(a->rate <= most && b->rate <= most &&
		 a->rate * b->seconds == b->rate * a->seconds));
}

/* Options may round what they are told. */
static int check_rates(struct rv_nft_foreign *f)
{
	const struct rv_nft_meaning *m = f->m;

	for (unsigned int i = 0; i < m->ncounted; i++) {
		const struct rv_nft_counted *c = &m->counted[i];
		const struct rv_part *part = m->rule->matches;
		struct rv_rate said;

		for (unsigned int n = 0; part && n < c->match; n++)
			part = part->next;
		if (!part || strcmp(part->ext->name, c->name) != 0)
			return rv_nft_foreign_unsupported(f, "its match %s is not understood", c->name);
		if (!c->limits)
			continue;
		said = rv_rate_of(part->ext, part->data);
		if (!same_rate(&c->rate, &said))
			return rv_nft_foreign_unsupported(f, "a limit of %llu per %u seconds and a burst "
						     "of %llu is too exact", (unsigned long long)
						     c->rate.rate, c->rate.seconds,
						     (unsigned long long)c->rate.burst);
	}
	return 0;
}

static int read_limit(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_rate r;

	if (!get_rate(e, &r) || r.bytes || e->flags)
		return rv_nft_strange(f, e);
	if (rv_nft_counting_match(f, "limit"))
		return -1;
	rv_nft_option(f, "limit");
	put_rate(f, &r);
	rv_nft_option(f, "limit-burst");
	rv_nft_word(f, "%u", e->burst);
	return 0;
}

static int read_quota(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	if (e->flags & ~(uint32_t)(NFT_QUOTA_F_INV | NFT_QUOTA_F_DEPLETED))
		return rv_nft_strange(f, e);
	if (rv_nft_counting_match(f, "quota"))
		return -1;
	/* The packet that reaches the quota is within that of iptables and beyond that of nft. */
	f->m->loose = true;
	if (e->flags & NFT_QUOTA_F_INV)
		rv_nft_word(f, "!");
	rv_nft_option(f, "quota");
	rv_nft_word(f, "%llu", (unsigned long long)e->bytes);
	return 0;
}

/* ---- keys ------------------------------------------------------------------------------- */

enum { SRC, DST, SIDES };

/* Of a set that the rule fills: which fields are in it. */
struct key {
	bool address[SIDES], port[SIDES];
	int bits[SIDES];		/* of an address, from the first on */
	unsigned int fields, len;	/* len: bytes, as nf_tables has them */
};

/* How many of an address's bits are left; -1: not the first ones. */
static int kept_bits(const struct rv_nft_reg *h, rv_family_t family)
{
	union nf_inet_addr mask;

	memset(&mask, 0xff, sizeof(mask));
	for (uint32_t i = 0; h->masked && i < h->len; i++) {
		if (h->xor[i])
			return -1;
		((uint8_t *)&mask)[i] = h->mask[i];
	}
	return rv_mask_length(family, &mask);
}

static bool add_field(struct rv_nft_foreign *f, const struct rv_nft_reg *h, struct key *k)
{
	enum rv_sel sel = rv_nft_field(f, h);
	int side = sel == RV_SEL_IP_DADDR || sel == RV_SEL_IP6_DADDR || sel == RV_SEL_TH_DPORT;
	bool port = sel == RV_SEL_TH_SPORT || sel == RV_SEL_TH_DPORT;
	bool *has = port ? &k->port[side] : &k->address[side];

	if (!port && sel != RV_SEL_IP_SADDR && sel != RV_SEL_IP6_SADDR && !side)
		return false;
	k->bits[side] = port ? k->bits[side] : kept_bits(h, f->base.family);
	if (*has || h->swapped || h->bounded || h->len != rv_selectors[sel].len ||
	    (port ? h->masked : k->bits[side] < 0))
		return false;
	*has = true;
	/* Several fields are in whole words. */
	k->len = k->fields ? (k->len + 3) / 4 * 4 + h->words * 4 : h->len;
	k->fields++;
	return true;
}

/* Fields in registers one behind the other that nothing has looked at. */
static bool get_key(struct rv_nft_foreign *f, uint32_t reg, struct key *k)
{
	struct rv_nft_reg *h = rv_nft_reg(f, reg);

	*k = (struct key){ .fields = 0 };
	while (h && h < f->held + RV_NFT_WORDS && h->kind == RV_NFT_FIELD && !h->used) {
		if (!add_field(f, h, k))
			return false;
		h->used = true;
		h += h->words;
	}
	return k->fields;
}

/* ---- sets --------------------------------------------------------------------------------- */

/* What nft gives a set that nothing is said of. */
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
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "the kernel's answer is malformed");
	/* Some versions of nft make a set for the rule alone, others one that stays. */
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

/* Which rules of the table use which sets, asked for once. */
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

/* Whether a rule other than the one with that handle uses the set. */
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

/* What several rules count together, connlimit counts for each. Tables of hashlimit are shared. */
static int check_sharing(struct rv_nft_foreign *f, struct rv_nft_aside *a,
			 const struct rv_nft_counted *c)
{
	const struct rv_nft_place *place = f->base.place;
	bool shared = false;

	for (const struct rv_nft_counted *o = f->m->counted; o < c; o++)
		shared |= o->set && !strcmp(o->set, c->set);
	if (!c->limits && know_users(a, f->base.family, place->table, f->base.err))
		return -1;
	if (!c->limits)
		shared |= has_other_user(a, c->set, place->handle);
	return !shared ? 0 : rv_nft_foreign_unsupported(f, "set `%.64s' is used more than once", c->set);
}

static int see_elements(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_ELEM_LIST_MAX + 1], e[NFTA_SET_ELEM_MAX + 1];
	struct rv_nft_walk w;
	struct rv_nft_attr a;
	bool *fixed = arg;

	if (!rv_nft_attr_table(attrs, t, NFTA_SET_ELEM_LIST_MAX + 1))
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "the kernel's answer is malformed");
	w = rv_nft_attrs(t[NFTA_SET_ELEM_LIST_ELEMENTS]);
	while (rv_nft_next(&w, &a))
		*fixed |= !rv_nft_attr_table(a.value, e, NFTA_SET_ELEM_MAX + 1) ||
			  !e[NFTA_SET_ELEM_EXPR].data;
	return 0;
}

/* An address that somebody has put into the set is not counted: the rule is true of it. */
static int check_elements(struct rv_nft_foreign *f,
			  const struct rv_nft_counted *c)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSETELEM, .dump = true, .family = f->base.family,
		.table_attr = NFTA_SET_ELEM_LIST_TABLE, .table = f->base.place->table,
		.chain_attr = NFTA_SET_ELEM_LIST_SET, .chain = c->set,
	};
	bool fixed = false;

	if (rv_nft_aside_ask(f->aside, &q, see_elements, &fixed, f->base.err) < 0)
		return -1;
	return !fixed ? 0 : rv_nft_foreign_unsupported(f, "set `%.64s' has elements of its own", c->set);
}

/* A set of another form lets the rule count otherwise than its words say. */
static int check_set(struct rv_nft_foreign *f, struct rv_nft_aside *a, struct rv_nft_counted *c)
{
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETSET, .family = f->base.family, .table_attr = NFTA_SET_TABLE,
		.table = f->base.place->table, .chain_attr = NFTA_SET_NAME, .chain = c->set,
	};

	if (rv_nft_aside_ask(a, &q, see_set, c, f->base.err) < 0)
		return -1;
	if (!c->as_ours)
		return rv_nft_foreign_unsupported(f, "set `%.64s' is not one for iptables", c->set);
	return check_sharing(f, a, c) ? -1 : check_elements(f, c);
}

static int check_sets(struct rv_nft_foreign *f)
{
	int rc = 0;

	for (unsigned int i = 0; !rc && i < f->m->ncounted; i++) {
		struct rv_nft_counted *c = &f->m->counted[i];

		if (c->set && !f->aside)
			rc = rv_nft_foreign_unsupported(f, "set `%.64s' is not known", c->set);
		else if (c->set)
			rc = check_set(f, f->aside, c);
	}
	return rc;
}

int rv_nft_check_counted(struct rv_nft_foreign *f)
{
	return check_rates(f) ? -1 : check_sets(f);
}

static void use_set(struct rv_nft_foreign *f, const struct rv_nft_expr *e, const struct key *k,
		    uint32_t flags)
{
	struct rv_nft_counted *c = &f->m->counted[f->m->ncounted - 1];

	c->set = e->name;
	c->len = k->len;
	c->flags = flags;
}

static void put_modes(struct rv_nft_foreign *f, const struct key *k)
{
	static const char *const words[] = { "srcip", "srcport", "dstip", "dstport" };
	const bool has[] = { k->address[SRC], k->port[SRC], k->address[DST], k->port[DST] };
	struct rv_buf b = RV_BUF_INIT;

	for (unsigned int i = 0; i < 4; i++)
		if (has[i])
			rv_buf_printf(&b, "%s%s", b.len ? "," : "", words[i]);
	rv_nft_option(f, "hashlimit-mode");
	rv_nft_word(f, "%s", rv_buf_text(&b) ? rv_buf_text(&b) : "");
	rv_buf_free(&b);
}

static int put_hashlimit(struct rv_nft_foreign *f, const struct rv_nft_expr *e,
			 const struct rv_nft_expr *limit, const struct key *k)
{
	static const char *const masks[] = { "hashlimit-srcmask", "hashlimit-dstmask" };
	struct rv_rate r;

	if (!get_rate(limit, &r) || e->op != NFT_DYNSET_OP_UPDATE || !e->timeout)
		return rv_nft_strange(f, e);
	if (rv_nft_counting_match(f, "hashlimit"))
		return -1;
	use_set(f, e, k, NFT_SET_EVAL | NFT_SET_TIMEOUT);
	rv_nft_option(f, limit->flags ? "hashlimit-above" : "hashlimit-upto");
	put_rate(f, &r);
	if (r.burst) {
		rv_nft_option(f, "hashlimit-burst");
		rv_nft_word(f, "%u%s", limit->burst, r.bytes ? "b" : "");
	}
	put_modes(f, k);
	rv_nft_option(f, "hashlimit-name");
	rv_nft_word(f, "%s", e->name);
	rv_nft_option(f, "hashlimit-htable-expire");
	rv_nft_word(f, "%llu", (unsigned long long)e->timeout);
	for (int side = SRC; side < SIDES; side++) {
		if (!k->address[side])
			continue;
		rv_nft_option(f, masks[side]);
		rv_nft_word(f, "%d", k->bits[side]);
	}
	return 0;
}

/* "connlimit0" */
static bool is_numbered(const char *name)
{
	size_t len = strcspn(name, "0123456789");

	return len == 9 && !strncmp(name, "connlimit", len) && name[len] &&
	       !name[len + strspn(name + len, "0123456789")];
}

static int put_connlimit(struct rv_nft_foreign *f, const struct rv_nft_expr *e,
			 const struct rv_nft_expr *count, const struct key *k)
{
	int side = k->address[DST] ? DST : SRC;

	if (k->fields != 1 || !k->address[side] || e->op != NFT_DYNSET_OP_ADD || e->timeout ||
	    count->flags & ~(uint32_t)NFT_CONNLIMIT_F_INV || !is_numbered(e->name))
		return rv_nft_strange(f, e);
	if (rv_nft_counting_match(f, "connlimit"))
		return -1;
	use_set(f, e, k, NFT_SET_EVAL);
	rv_nft_option(f, count->flags ? "connlimit-above" : "connlimit-upto");
	rv_nft_word(f, "%u", count->count);
	rv_nft_option(f, "connlimit-mask");
	rv_nft_word(f, "%d", k->bits[side]);
	rv_nft_option(f, side == SRC ? "connlimit-saddr" : "connlimit-daddr");
	return 0;
}

/* "update @set { key timeout 60s limit ... }", "add @connlimit0 { key ct count ... }" */
static int read_dynset(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	const char *what, *why;
	struct rv_nft_expr inner;
	struct key k;

	if (!e->data.data || !e->name || e->flags || !rv_text_is_name(e->name) ||
	    rv_nft_expr_read(e->data, &inner, &what, &why) || !get_key(f, e->sreg, &k))
		return rv_nft_strange(f, e);
	if (inner.kind == RV_NFT_LIMIT)
		return put_hashlimit(f, e, &inner, &k);
	return inner.kind == RV_NFT_CONNLIMIT ? put_connlimit(f, e, &inner, &k) :
						rv_nft_strange(f, e);
}

int rv_nft_counting_statement(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	if (f->ended)
		return rv_nft_strange(f, e);
	switch (e->kind) {
	case RV_NFT_LIMIT:
		return read_limit(f, e);
	case RV_NFT_QUOTA:
		return read_quota(f, e);
	default:
		return read_dynset(f, e);
	}
}
