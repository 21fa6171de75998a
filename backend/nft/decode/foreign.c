/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that nft wrote: what registers hold, and when it is compared. */
#include <stdio.h>
#include <stdlib.h>

#include <ravelin/parser.h>

#include "foreign.h"

/* ---- registers --------------------------------------------------------------------- */

static int first_word(uint32_t reg)
{
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		return (reg - NFT_REG_1) * (NFT_REG_SIZE / NFT_REG32_SIZE);
	if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15)
		return reg - NFT_REG32_00;
	return -1;
}

struct rv_nft_reg *rv_nft_reg(struct rv_nft_foreign *f, uint32_t reg)
{
	int word = first_word(reg);

	return word >= 0 && f->held[word].kind != RV_NFT_EMPTY ? &f->held[word] : NULL;
}

const uint8_t *rv_nft_constant(struct rv_nft_foreign *f, uint32_t reg, uint32_t len)
{
	struct rv_nft_reg *h = rv_nft_reg(f, reg);

	if (!h || h->kind != RV_NFT_CONSTANT || h->len != len)
		return NULL;
	h->used = true;
	return h->data;
}

static int bad_register(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	return rv_nft_foreign_unsupported(f, "expression `%s' uses a register in a way that is not "
				     "understood", rv_nft_expr_name(e->kind));
}

/* Half a range goes on to the end of all there is. */
static int end_range(struct rv_nft_foreign *f, struct rv_nft_reg *h)
{
	struct rv_nft_test t = { .range = true, .len = h->len };

	if (h->kind == RV_NFT_EMPTY || !h->bounded)
		return 0;
	h->bounded = false;
	memcpy(t.from, h->from, sizeof(t.from));
	memset(t.to, 0xff, h->len);
	return rv_nft_field_test(f, h, &t);
}

int rv_nft_end_ranges(struct rv_nft_foreign *f)
{
	for (int i = 0; i < RV_NFT_WORDS; i++)
		if (end_range(f, &f->held[i]))
			return -1;
	return 0;
}

/* What is in the register comes to its end: all must have been used. */
static int let_go(struct rv_nft_foreign *f, struct rv_nft_reg *h)
{
	if (h->kind == RV_NFT_EMPTY)
		return 0;
	if (!h->used)
		return rv_nft_foreign_unsupported(f, "something is loaded that nothing looks at");
	if (end_range(f, h))
		return -1;
	h->kind = RV_NFT_EMPTY;
	return 0;
}

static int let_all_go(struct rv_nft_foreign *f)
{
	for (int i = 0; i < RV_NFT_WORDS; i++)
		if (let_go(f, &f->held[i]))
			return -1;
	return 0;
}

static int put(struct rv_nft_foreign *f, const struct rv_nft_expr *e, struct rv_nft_reg held)
{
	int first = first_word(e->dreg);
	int words = (held.len + NFT_REG32_SIZE - 1) / NFT_REG32_SIZE;

	if (first < 0 || !words || words > RV_NFT_WORDS - first || held.len > sizeof(held.mask))
		return bad_register(f, e);
	for (int i = 0; i < RV_NFT_WORDS; i++) {
		struct rv_nft_reg *old = &f->held[i];

		if (old->kind != RV_NFT_EMPTY && i < first + words && first < i + old->words &&
		    let_go(f, old))
			return -1;
	}
	held.words = words;
	f->held[first] = held;
	return 0;
}

/* ---- loads ---------------------------------------------------------------------------- */

static uint32_t ct_len(const struct rv_nft_foreign *f, uint32_t key)
{
	uint32_t address = f->base.family == NFPROTO_IPV4 ? 4 : 16;

	switch (key) {
	case NFT_CT_STATE:
	case NFT_CT_STATUS:
	case NFT_CT_MARK:
	case NFT_CT_EXPIRATION:
		return 4;
	case NFT_CT_DIRECTION:
	case NFT_CT_PROTOCOL:
		return 1;
	case NFT_CT_SRC:
	case NFT_CT_DST:
		return address;
	case NFT_CT_PROTO_SRC:
	case NFT_CT_PROTO_DST:
		return 2;
	case NFT_CT_PKTS:
	case NFT_CT_BYTES:
	case NFT_CT_AVGPKT:
		return 8;
	case NFT_CT_LABELS:
	case NFT_CT_HELPER:
		return 16;
	default:
		return 0;
	}
}

static uint32_t meta_len(uint32_t key)
{
	switch (key) {
	case NFT_META_PKTTYPE:
	case NFT_META_NFPROTO:
	case NFT_META_SECPATH:
		return 1;
	case NFT_META_IIFTYPE:
		return 2;
	case NFT_META_IIF:
	case NFT_META_OIF:
	case NFT_META_LEN:
	case NFT_META_SKUID:
	case NFT_META_SKGID:
	case NFT_META_RTCLASSID:
	case NFT_META_CPU:
	case NFT_META_IIFGROUP:
	case NFT_META_OIFGROUP:
	case NFT_META_CGROUP:
	case NFT_META_PRANDOM:
		return 4;
	default:
		return rv_nft_meta_len(key);
	}
}

static uint32_t load_len(const struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	switch (e->kind) {
	case RV_NFT_PAYLOAD:
		return e->len;
	case RV_NFT_EXTHDR:
		return e->flags & NFT_EXTHDR_F_PRESENT ? 1 : e->len;
	case RV_NFT_META:
		return meta_len(e->key);
	case RV_NFT_CT:
		return ct_len(f, e->key);
	case RV_NFT_SOCKET:
		return e->key == NFT_SOCKET_MARK ? 4 : 1;
	case RV_NFT_RT:
		return e->key == NFT_RT_TCPMSS ? 2 : 0;
	default:
		return 4;
	}
}

static int read_load(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg held = { .kind = RV_NFT_FIELD, .load = *e, .len = load_len(f, e) };

	if (!held.len)
		return rv_nft_foreign_unsupported(f, "expression `%s' loads %u, which is not understood",
					     rv_nft_expr_name(e->kind), e->key);
	return put(f, e, held);
}

/* What is left of a field of some bits goes to the end of its bytes: nft does so where it compares sizes. */
static int read_shift(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *from = rv_nft_reg(f, e->sreg), held;
	uint32_t by;

	if (e->op != NFT_BITWISE_RSHIFT || e->data.len != sizeof(by) || e->other.len)
		return rv_nft_foreign_unsupported(f, "expression `bitwise' does something that is not understood");
	memcpy(&by, e->data.data, sizeof(by));
	if (!from || from->kind != RV_NFT_FIELD || !from->masked || from->shift || from->bounded ||
	    from->load.kind != RV_NFT_PAYLOAD || e->len != from->len || !by || by >= 8 * from->len)
		return bad_register(f, e);
	from->used = true;
	held = *from;
	held.used = false;
	held.shift = by;
	return put(f, e, held);
}

static int read_bitwise(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *from = rv_nft_reg(f, e->sreg), held;

	if (e->op)
		return read_shift(f, e);
	if (!from || from->kind != RV_NFT_FIELD || from->masked || from->swapped || from->bounded)
		return bad_register(f, e);
	if (e->len != from->len || e->data.len != e->len || e->other.len != e->len)
		return rv_nft_foreign_unsupported(f, "expression `bitwise' does more than mask");
	from->used = true;
	held = *from;
	held.used = false;
	held.masked = true;
	memcpy(held.mask, e->data.data, e->len);
	memcpy(held.xor, e->other.data, e->len);
	return put(f, e, held);
}

/* Numbers in the order of the host: others are bytes, or in network order already. */
static bool is_host_number(const struct rv_nft_expr *load)
{
	static const uint64_t meta = UINT64_C(1) << NFT_META_LEN | UINT64_C(1) << NFT_META_MARK |
		UINT64_C(1) << NFT_META_SKUID | UINT64_C(1) << NFT_META_SKGID |
		UINT64_C(1) << NFT_META_RTCLASSID | UINT64_C(1) << NFT_META_CPU |
		UINT64_C(1) << NFT_META_IIFGROUP | UINT64_C(1) << NFT_META_OIFGROUP |
		UINT64_C(1) << NFT_META_CGROUP;
	static const uint64_t ct = UINT64_C(1) << NFT_CT_MARK | UINT64_C(1) << NFT_CT_EXPIRATION |
		UINT64_C(1) << NFT_CT_PKTS | UINT64_C(1) << NFT_CT_BYTES | UINT64_C(1) << NFT_CT_AVGPKT;

	if (load->kind == RV_NFT_META || load->kind == RV_NFT_CT)
		return load->key < 64 && (load->kind == RV_NFT_META ? meta : ct) >> load->key & 1;
	return load->kind == RV_NFT_RT || load->kind == RV_NFT_NUMGEN;
}

static void reverse(uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len / 2; i++) {
		uint8_t byte = bytes[i];

		bytes[i] = bytes[len - 1 - i];
		bytes[len - 1 - i] = byte;
	}
}

static int read_byteorder(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *from = rv_nft_reg(f, e->sreg), held;

	if (!from || from->kind != RV_NFT_FIELD || from->swapped || from->bounded ||
	    !is_host_number(&from->load) || e->op != NFT_BYTEORDER_HTON || e->len != from->len || e->size != from->len)
		return bad_register(f, e);
	from->used = true;
	held = *from;
	held.used = false;
	held.swapped = true;
	/* A mask that came before is on the bytes as they were. */
	reverse(held.mask, held.len);
	reverse(held.xor, held.len);
	return put(f, e, held);
}

static int read_constant(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg held = { .kind = RV_NFT_CONSTANT, .len = e->data.len };

	if (e->data.len > sizeof(held.mask))
		return bad_register(f, e);
	memcpy(held.data, e->data.data, e->data.len);
	return put(f, e, held);
}

/* ---- comparisons ------------------------------------------------------------------------ */

/* value + 1 or value - 1 as a big-endian number; false when there is none. */
static bool neighbour(uint8_t *value, unsigned int len, bool up)
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

/* A lower end waits for the upper one, which comes next if there is one. */
static int read_size(struct rv_nft_foreign *f, struct rv_nft_reg *h, const struct rv_nft_expr *e)
{
	bool lower = e->op == NFT_CMP_GT || e->op == NFT_CMP_GTE;
	struct rv_nft_test t = { .range = true, .len = h->len };
	uint8_t value[16];

	if (e->data.len != h->len || (lower && h->bounded))
		return bad_register(f, e);
	memcpy(value, e->data.data, h->len);
	/* More than the most, less than 0: never. */
	if ((e->op == NFT_CMP_GT || e->op == NFT_CMP_LT) && !neighbour(value, h->len, lower)) {
		t.negate = true;
		memset(t.to, 0xff, h->len);
		return h->bounded ? bad_register(f, e) : rv_nft_field_test(f, h, &t);
	}
	if (lower) {
		h->bounded = true;
		memcpy(h->from, value, h->len);
		return 0;
	}
	if (h->bounded)
		memcpy(t.from, h->from, sizeof(t.from));
	h->bounded = false;
	memcpy(t.to, value, h->len);
	return rv_nft_field_test(f, h, &t);
}

static int read_compare(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(f, e->sreg);
	struct rv_nft_test t = { .negate = e->op == NFT_CMP_NEQ, .len = e->data.len };

	if (!h || h->kind != RV_NFT_FIELD || e->data.len > sizeof(t.from) || h->len > sizeof(t.from))
		return bad_register(f, e);
	h->used = true;
	if (e->kind == RV_NFT_CMP && e->op != NFT_CMP_EQ && e->op != NFT_CMP_NEQ)
		return read_size(f, h, e);
	memcpy(t.from, e->data.data, e->data.len);
	if (e->kind == RV_NFT_RANGE) {
		if (e->other.len != e->data.len || e->data.len != h->len)
			return bad_register(f, e);
		t.range = true;
		t.negate = e->op == NFT_RANGE_NEQ;
		memcpy(t.to, e->other.data, e->other.len);
	}
	return rv_nft_field_test(f, h, &t);
}

/* ---- sets --------------------------------------------------------------------------------- */

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

static int malformed(struct rv_error *err)
{
	return rv_fail(err, RV_ERR_RESOURCE, NULL, "the kernel's answer is malformed");
}

struct elements {
	struct rv_nft_set *set;
	uint32_t ignored;	/* attributes of elements that may be there, NFTA_SET_ELEM_* as bits */
	bool interval, strange;
};

static int see_element(struct rv_nft_view v, struct elements *all, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_SET_ELEM_MAX + 1], key, end;
	uint32_t flags = 0;
	struct rv_nft_range *r;

	if (!rv_nft_attr_table(v, t, NFTA_SET_ELEM_MAX + 1) ||
	    (t[NFTA_SET_ELEM_FLAGS].data && !rv_nft_get_u32(t[NFTA_SET_ELEM_FLAGS], &flags)))
		return malformed(err);
	for (int i = 0; i <= NFTA_SET_ELEM_MAX; i++)
		all->strange |= t[i].data && !(all->ignored >> i & 1);
	if (!get_value(t[NFTA_SET_ELEM_KEY], &key) || (all->set->len && key.len != all->set->len))
		return malformed(err);
	end = key;
	if (t[NFTA_SET_ELEM_KEY_END].data &&
	    (!get_value(t[NFTA_SET_ELEM_KEY_END], &end) || end.len != key.len))
		return malformed(err);
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
		return malformed(err);
	w = rv_nft_attrs(t[NFTA_SET_ELEM_LIST_ELEMENTS]);
	while (t[NFTA_SET_ELEM_LIST_ELEMENTS].data && rv_nft_next(&w, &a))
		if (see_element(a.value, arg, err))
			return -1;
	return w.bad ? malformed(err) : 0;
}

static int by_key(const void *a, const void *b)
{
	const struct rv_nft_range *x = a, *y = b;
	int order = memcmp(x->from, y->from, sizeof(x->from));

	return order ? order : (int)y->end - (int)x->end;
}

/*
 * In an interval set an element is where a range begins, or one behind its end; an end that is
 * missing is that of all there is.
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
			if (!neighbour(r.to, s->len, false))
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

static int read_set(struct rv_nft_foreign *f, const char *name)
{
	int rc;

	if (!f->aside)
		return rv_nft_foreign_unsupported(f, "expression `lookup' is not understood");
	rc = rv_nft_set_read(f->aside, f->base.family, f->base.place->table, name, false, &f->set, f->base.err);
	if (rc == RV_NFT_SET_MISSING)
		return rv_nft_foreign_unsupported(f, "set `%.64s' is not there", name);
	if (rc == RV_NFT_SET_STRANGE || (!rc && !f->set.count))
		return rv_nft_foreign_unsupported(f, "set `%.64s' is more than a list", name);
	return rc;
}

/* A key of several fields is in registers one behind the other, each in whole words. */
static int read_lookup(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(f, e->sreg), *second;
	struct rv_nft_test t = { .negate = e->flags & NFT_LOOKUP_F_INV, .set = &f->set };

	if (!h || h->kind != RV_NFT_FIELD)
		return bad_register(f, e);
	/* A set with a name can be changed by anyone; what it holds now is not what the rule says. */
	if (strncmp(e->name, "__set", 5) != 0 && f->aside && f->aside->named)
		return rv_nft_named_lookup(f, h, e);
	if (strncmp(e->name, "__set", 5) != 0)
		return rv_nft_foreign_unsupported(f, "set `%.64s' is not the rule's own", e->name);
	if (read_set(f, e->name))
		return -1;
	h->used = true;
	if (f->set.len > h->words * 4u) {
		second = h + h->words;
		if (second >= f->held + RV_NFT_WORDS || second->kind != RV_NFT_FIELD)
			return bad_register(f, e);
		second->used = true;
		t.second = second;
	}
	return rv_nft_field_test(f, h, &t);
}

/* ---- expressions ---------------------------------------------------------------------------- */

static int read_verdict(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	f->verdict = rv_nft_verdict_of(e->verdict);
	if (f->verdict == RV_VERDICT_NONE || (e->name && strlen(e->name) >= sizeof(f->jump)))
		return rv_nft_foreign_unsupported(f, "verdict %d is not understood", (int)e->verdict);
	if (e->name)
		strcpy(f->jump, e->name);
	/* A packet for a proxy is accepted, which iptables does not say. */
	if (f->target.tproxy && f->verdict == RV_VERDICT_ACCEPT) {
		f->target.tproxy = false;
		f->verdict = RV_VERDICT_NONE;
	} else if (f->ended) {
		return rv_nft_foreign_unsupported(f, "a verdict behind a target is not understood");
	}
	f->ended = true;
	return 0;
}

static int read_counter(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	if (f->counted)
		return rv_nft_foreign_unsupported(f, "a second expression `counter' is not understood");
	if (f->ended)
		return rv_nft_foreign_unsupported(f, "a counter behind the target is not understood");
	f->counted = true;
	f->counters = (struct rv_counters){ e->packets, e->bytes };
	return 0;
}

static bool is_load(const struct rv_nft_expr *e)
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
	default:
		return e->kind == RV_NFT_FIB || e->kind == RV_NFT_SOCKET || e->kind == RV_NFT_RT ||
		       e->kind == RV_NFT_NUMGEN;
	}
}

static int read_one(struct rv_nft_foreign *f, const struct rv_nft_expr *e)
{
	if (is_load(e))
		return read_load(f, e);
	switch (e->kind) {
	case RV_NFT_BITWISE:
		return read_bitwise(f, e);
	case RV_NFT_BYTEORDER:
		return read_byteorder(f, e);
	case RV_NFT_CMP:
	case RV_NFT_RANGE:
		return read_compare(f, e);
	case RV_NFT_LOOKUP:
		return read_lookup(f, e);
	case RV_NFT_COUNTER:
		return read_counter(f, e);
	case RV_NFT_IMMEDIATE:
		return e->data.data ? read_constant(f, e) : read_verdict(f, e);
	default:
		return rv_nft_statement(f, e);
	}
}

static int read_expression(struct rv_nft_foreign *f, struct rv_nft_view elem)
{
	struct rv_nft_expr e;
	const char *what, *why;

	if (rv_nft_expr_read(elem, &e, &what, &why))
		return rv_nft_foreign_unsupported(f, "expression `%.64s' %s", what, why);
	if (f->counted && (e.kind == RV_NFT_CMP || e.kind == RV_NFT_RANGE || e.kind == RV_NFT_LOOKUP ||
			   e.kind == RV_NFT_LIMIT || e.kind == RV_NFT_QUOTA || e.kind == RV_NFT_DYNSET))
		return rv_nft_foreign_unsupported(f, "expression `%s' behind the counter is not "
					     "understood", what);
	/* What compares goes before what is done: a test behind a target would be another rule's. */
	if (f->ended && (e.kind == RV_NFT_CMP || e.kind == RV_NFT_RANGE || e.kind == RV_NFT_LOOKUP))
		return rv_nft_foreign_unsupported(f, "expression `%s' behind the target is not "
					     "understood", what);
	return read_one(f, &e);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

#define MAX_WORDS 256

/* The words, behind those of a command that appends them. */
static int parse_words(struct rv_nft_foreign *f)
{
	static char program[] = "iptables", table[] = "-t", append[] = "-A", chain[] = "x",
		    protocol[] = "-p";
	char *argv[MAX_WORDS + 8], *at = f->words.data, proto[8];
	const struct rv_table_def *def = rv_table_def_find(f->base.place->table);
	struct rv_options opts;
	struct rv_command cmd;
	struct rv_error why = { 0 };
	int argc = 0, rc;

	if (!rv_buf_ok(&f->words) || f->nwords > MAX_WORDS)
		return rv_fail_memory(f->base.err);
	argv[argc++] = program;
	argv[argc++] = table;
	argv[argc++] = (char *)(def ? def->name : "filter");
	argv[argc++] = append;
	argv[argc++] = chain;
	snprintf(proto, sizeof(proto), "%u", rv_nft_protocol(f));
	if (rv_nft_protocol(f)) {
		argv[argc++] = protocol;
		argv[argc++] = proto;
	}
	for (unsigned int i = 0; i < f->nwords; i++, at += strlen(at) + 1)
		argv[argc++] = at;
	rv_command_init(&cmd);
	rc = rv_parse_argv(argc, argv, f->base.family, &cmd, &opts, &why);
	if (rc || rv_list_empty(&cmd.rules)) {
		rc = rv_nft_foreign_unsupported(f, "iptables cannot say it: %s", why.text);
	} else {
		struct rv_rule *r = rv_entry(cmd.rules.next, struct rv_rule, node);

		rv_list_del(&r->node);
		memset(&r->ip, 0, sizeof(r->ip));
		f->m->rule = r;
	}
	rv_command_clear(&cmd);
	return rc;
}

static int finish(struct rv_nft_foreign *f)
{
	if (let_all_go(f) || rv_nft_pending(f))
		return -1;
	if (f->is_ether || f->reserved2 || f->target.tproxy)
		return rv_nft_foreign_unsupported(f, "a test belongs to another, which is not there");
	if (parse_words(f) || rv_nft_check_counted(f))
		return -1;
	f->m->rule->counters = f->counters;
	if (f->verdict != RV_VERDICT_NONE) {
		f->m->rule->verdict = f->verdict;
		memcpy(f->m->rule->jump, f->jump, sizeof(f->jump));
	}
	return 0;
}

static int read_expressions(struct rv_nft_foreign *f, struct rv_nft_view list)
{
	struct rv_nft_walk w = rv_nft_attrs(list);
	struct rv_nft_attr a;

	while (rv_nft_next(&w, &a))
		if (a.type != NFTA_LIST_ELEM || read_expression(f, a.value))
			return f->base.err->kind != RV_ERR_NONE ? -1 :
			       rv_nft_foreign_unsupported(f, "its list of expressions is malformed");
	return w.bad ? rv_nft_foreign_unsupported(f, "its list of expressions is malformed") : finish(f);
}

int rv_nft_meaning_read(struct rv_nft_aside *aside, rv_family_t family, struct rv_nft_view attrs,
			struct rv_nft_meaning *m, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_nft_place place;
	struct rv_nft_foreign f = {
		.aside = aside, .m = m, .base = { .family = family, .place = &place, .err = err },
	};
	int rc;

	*m = (struct rv_nft_meaning){ 0 };
	if (rv_nft_place_of(attrs, t, &place, err))
		return -1;
	rc = read_expressions(&f, t[NFTA_RULE_EXPRESSIONS]);
	if (!rc && t[NFTA_RULE_USERDATA].data)
		rc = rv_nft_read_userdata(m->rule, family, t[NFTA_RULE_USERDATA], err);
	free(f.set.range);
	rv_buf_free(&f.words);
	if (rc)
		rv_nft_meaning_clear(m);
	return rc;
}

void rv_nft_meaning_clear(struct rv_nft_meaning *m)
{
	free(m->list);
	rv_rule_free(m->rule);
	*m = (struct rv_nft_meaning){ 0 };
}
