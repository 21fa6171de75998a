/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Derives the fields that a rule compares with one value. */
#include <string.h>

#include <ravelin/registry.h>
#include <ravelin/plan.h>

/* Time per test in ns, measured on nf_tables of Linux 6.18; only ratios matter. */
enum { COST_ADDRESS = 3, COST_PORT = 17, COST_NAME = 34, COST_OTHER = 98 };

/* The possible key fields. */
static const struct key_row {
	enum rv_sel sel[RV_FAMILIES];
	uint8_t size[RV_FAMILIES], offset;	/* bytes; the offset is in rv_facts.value */
	bool masked;			/* may be compared by prefix */
	bool needs_protocol;		/* only valid together with the protocol */
	uint8_t cost;
	const char *name;
} key_rows[RV_KEY_FIELDS] = {
	[RV_KEY_SADDR] = { { RV_SEL_IP_SADDR, RV_SEL_IP6_SADDR }, { 4, 16 }, 0, true, false, COST_ADDRESS, "-s" },
	[RV_KEY_DADDR] = { { RV_SEL_IP_DADDR, RV_SEL_IP6_DADDR }, { 4, 16 }, 16, true, false, COST_ADDRESS, "-d" },
	[RV_KEY_IN] = { { RV_SEL_IIFNAME, RV_SEL_IIFNAME }, { 16, 16 }, 32, false, false, COST_NAME, "-i" },
	[RV_KEY_OUT] = { { RV_SEL_OIFNAME, RV_SEL_OIFNAME }, { 16, 16 }, 48, false, false, COST_NAME, "-o" },
	[RV_KEY_PROTO] = { { RV_SEL_L4PROTO, RV_SEL_L4PROTO }, { 1, 1 }, 64, false, false, COST_PORT, "-p" },
	[RV_KEY_SPORT] = { { RV_SEL_TH_SPORT, RV_SEL_TH_SPORT }, { 2, 2 }, 65, false, true, COST_PORT, "--sport" },
	[RV_KEY_DPORT] = { { RV_SEL_TH_DPORT, RV_SEL_TH_DPORT }, { 2, 2 }, 67, false, true, COST_PORT, "--dport" },
	[RV_KEY_ICMP] = { { RV_SEL_ICMP_TYPE, RV_SEL_ICMP6_TYPE }, { 2, 2 }, 69, true, true, COST_PORT, "--icmp-type" },
};

const char *rv_key_name(enum rv_key_field field)
{
	return key_rows[field].name;
}

unsigned int rv_key_size(rv_family_t family, enum rv_key_field field)
{
	return key_rows[field].size[rv_family_index(family)];
}

unsigned int rv_key_offset(enum rv_key_field field)
{
	return key_rows[field].offset;
}

/* ---- one predicate ----------------------------------------------------------------------------- */

struct reading {
	struct rv_facts *facts;
	rv_family_t family;
	bool late;		/* a match before this one keeps state or may drop the packet */
	unsigned int seen;	/* predicates of the part */
};

static const struct key_row *find_row(rv_family_t family, enum rv_sel sel)
{
	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++)
		if (sel == key_rows[i].sel[rv_family_index(family)])
			return &key_rows[i];
	return NULL;
}

/* Length of a mask whose set bits are the first ones, or -1. */
static int prefix_length(const uint8_t *mask, unsigned int size)
{
	unsigned int n = 0;

	while (n < 8 * size && mask[n / 8] & 0x80 >> n % 8)
		n++;
	for (unsigned int i = n; i < 8 * size; i++)
		if (mask[i / 8] & 0x80 >> i % 8)
			return -1;
	return n;
}

/* The number of leading bits that must equal p->value, or -1 if it is no such comparison. */
static int bits_of(const struct rv_predicate *p, const struct key_row *row, unsigned int size)
{
	uint8_t mask[16] = { 0 };

	if (p->op == RV_OP_EQ && p->len == size)
		return 8 * size;
	if (!row->masked || (p->op != RV_OP_MASK && p->op != RV_OP_RANGE))
		return -1;
	if (p->op == RV_OP_MASK)
		return prefix_length(p->other, size);
	/* A range of all values with a common prefix, as of an ICMP type with any code. */
	for (unsigned int i = 0; i < size; i++) {
		mask[i] = ~(p->value[i] ^ p->other[i]);
		if (p->value[i] & ~mask[i] || (p->other[i] & ~mask[i]) != (uint8_t)~mask[i])
			return -1;
	}
	return prefix_length(mask, size);
}

/* Records a test that cannot be part of a key. Only the first reason is reported. */
static void put_outside(struct reading *r, enum rv_outside why, unsigned int field)
{
	r->facts->rest = true;
	if (r->facts->why)
		return;
	r->facts->why = why;
	r->facts->field = field;
}

static void note_cost(struct rv_facts *f, uint16_t cost)
{
	if (!f->cost)
		f->cost = cost;
}

static int read_predicate(const struct rv_predicate *given, void *arg)
{
	const struct key_row *row;
	struct reading *r = arg;
	struct rv_predicate p = *given;
	struct rv_facts *f = r->facts;
	unsigned int field, size;
	int bits;

	r->seen++;
	row = find_row(r->family, p.sel);
	note_cost(f, row ? row->cost : COST_OTHER);
	if (!row) {
		f->rest = true;
		return 0;
	}
	field = row - key_rows;
	size = rv_key_size(r->family, field);
	rv_predicate_normalise(&p);
	bits = bits_of(&p, row, size);
	if (p.negate)
		put_outside(r, RV_OUTSIDE_NEGATED, field);
	else if (bits <= 0)
		put_outside(r, RV_OUTSIDE_MANY, field);
	else if (r->late)
		put_outside(r, RV_OUTSIDE_LATE, field);
	else if (f->shape.fields & 1 << field)
		f->rest = true;		/* tested twice */
	else {
		f->shape.fields |= 1 << field;
		f->shape.bits[field] = bits;
		memcpy(f->value + row->offset, p.value, size);
	}
	return 0;
}

/* ---- the rule ------------------------------------------------------------------------------------ */

/* Returns whether the part is encoded as native expressions, which drop nothing. */
static bool is_native(const struct rv_part *m)
{
	const struct rv_ext *ext = m->ext;

	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++)
		if (!opt->alias_of && !(opt->flags & RV_OPT_HIDDEN) && rv_option_given(ext, opt, m->data) &&
		    !(ext->native >> rv_option_index(ext, opt) & 1))
			return false;
	return ext->native;
}

static void read_match(struct reading *r, const struct rv_part *m)
{
	bool told = rv_part_is_pure(m->ext, m->data), pure = m->ext->effect == RV_EFFECT_PURE;

	r->seen = 0;
	rv_part_predicates(r->family, m->ext, m->data, read_predicate, r);
	if (!told || (!r->seen && !pure)) {
		r->facts->rest = true;
		note_cost(r->facts, COST_OTHER);
	}
	if (!told || (!pure && !(r->seen && is_native(m))))
		r->late = true;
}

/* A port or ICMP type is not a key without its protocol. */
static void drop_orphans(struct rv_facts *f)
{
	if (f->shape.fields & 1 << RV_KEY_PROTO)
		return;
	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++)
		if (key_rows[i].needs_protocol && f->shape.fields & 1 << i) {
			f->shape.fields &= ~(1 << i);
			f->shape.bits[i] = 0;
			f->rest = true;
		}
}

/* Returns whether the target may change the key of packets that continue. */
static bool is_barrier(const struct rv_ext *target)
{
	if (target->effect == RV_EFFECT_UNKNOWN)
		return true;
	if (target->effect == RV_EFFECT_ENDS)
		return false;
	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++)
		if (rv_ext_writes(target, key_rows[i].sel[0]) || rv_ext_writes(target, key_rows[i].sel[1]))
			return true;
	return false;
}

void rv_facts_of(rv_family_t family, const struct rv_rule *rule, struct rv_facts *f)
{
	struct reading r = { .facts = f, .family = family };

	memset(f, 0, sizeof(*f));
	rv_part_predicates(family, rv_family(family)->core, (const unsigned char *)&rule->ip,
			   read_predicate, &r);
	for (const struct rv_part *m = rule->matches; m; m = m->next)
		read_match(&r, m);
	drop_orphans(f);
	f->barrier = rule->target && is_barrier(rule->target->ext);
	note_cost(f, COST_ADDRESS);
}

bool rv_facts_fit(const struct rv_facts *f, const struct rv_key_shape *shape)
{
	if (shape->fields & ~f->shape.fields)
		return false;
	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++)
		if (f->shape.bits[i] < shape->bits[i])
			return false;
	return true;
}

bool rv_facts_beyond(const struct rv_facts *f, const struct rv_key_shape *shape)
{
	if (f->rest)
		return true;
	return memcmp(f->shape.bits, shape->bits, sizeof(shape->bits)) != 0;
}

/* Copies the first bits of from. Returns the bytes written. */
static unsigned int copy_bits(unsigned char *to, const unsigned char *from, unsigned int bits)
{
	unsigned int whole = bits / 8;

	memcpy(to, from, whole);
	if (bits % 8)
		to[whole] = from[whole] & (0xff00 >> bits % 8);
	return whole + (bits % 8 != 0);
}

unsigned int rv_facts_key(rv_family_t family, const struct rv_facts *f,
			  const struct rv_key_shape *shape, unsigned char key[RV_KEY_ROOM])
{
	unsigned int len = 0;

	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++) {
		unsigned int size = rv_key_size(family, i), used;

		if (!(shape->fields & 1 << i))
			continue;
		used = copy_bits(key + len, f->value + key_rows[i].offset, shape->bits[i]);
		memset(key + len + used, 0, size - used);
		len += size;
	}
	return len;
}

bool rv_rule_ends(const struct rv_rule *r)
{
	if (r->target)
		return r->target->ext->effect == RV_EFFECT_ENDS;
	return r->verdict != RV_VERDICT_NONE && r->verdict != RV_VERDICT_JUMP;
}

bool rv_rule_returns(const struct rv_rule *r)
{
	return r->verdict == RV_VERDICT_RETURN || r->verdict == RV_VERDICT_GOTO;
}
