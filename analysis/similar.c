/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "analysis/region.h"
#include "analysis/similar.h"

const char *const rv_similar_names[RV_SIMILARS] = { "source port", "destination port", "source",
						    "destination" };

static bool keeps_state(const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (rv_part_keeps_state(m->ext))
			return true;
	return false;
}

/* Returns the port option of tcp, udp and similar matches. */
static const struct rv_option *port_option(const struct rv_part *m, enum rv_similar in)
{
	enum rv_sel sel = in == RV_SIMILAR_SPORT ? RV_SEL_TH_SPORT : RV_SEL_TH_DPORT;

	for (const struct rv_option *o = m->ext->options; o && o->name; o++)
		if (o->type == RV_T_PORT_RANGE && o->sel == sel && !o->alias_of)
			return o;
	return NULL;
}

static struct rv_part *port_part(const struct rv_rule *r, enum rv_similar in,
				 const struct rv_option **o)
{
	for (struct rv_part *m = r->matches; m; m = m->next) {
		*o = port_option(m, in);
		if (*o && rv_option_given(m->ext, *o, m->data) && !rv_option_inverted(*o, m->data))
			return m;
	}
	return NULL;
}

int rv_similar_port(const struct rv_rule *r, enum rv_similar in)
{
	const struct rv_option *o;
	const struct rv_part *m = port_part(r, in, &o);
	uint64_t from = m ? rv_get_uint(m->data + o->offset, 2) : 0;

	return m && from == rv_get_uint(m->data + o->offset + 2, 2) ? (int)from : -1;
}

static bool copy_port(struct rv_rule *to, const struct rv_rule *from, enum rv_similar in)
{
	const struct rv_option *o, *p;
	struct rv_part *a = port_part(to, in, &o);
	const struct rv_part *b = port_part(from, in, &p);

	if (!a || !b || o != p || rv_similar_port(to, in) < 0 || rv_similar_port(from, in) < 0)
		return false;
	memcpy(a->data + o->offset, b->data + o->offset, 4);
	return true;
}

static bool is_host(const union nf_inet_addr *mask, rv_family_t family)
{
	static const union nf_inet_addr all = { .all = { UINT32_MAX, UINT32_MAX, UINT32_MAX,
							 UINT32_MAX } };

	return !memcmp(mask, &all, rv_family(family)->address_len);
}

static bool copy_address(struct rv_rule *to, const struct rv_rule *from, rv_family_t family,
			 enum rv_similar in)
{
	bool source = in == RV_SIMILAR_SOURCE;
	uint8_t invert = source ? RV_IP_SRC : RV_IP_DST;

	if (!is_host(source ? &to->ip.smask : &to->ip.dmask, family) ||
	    !is_host(source ? &from->ip.smask : &from->ip.dmask, family) ||
	    (to->ip.invert | from->ip.invert) & invert)
		return false;
	if (source)
		to->ip.src = from->ip.src;
	else
		to->ip.dst = from->ip.dst;
	return true;
}

/* Uses rv_rule_equal() after copying the value of a to a copy of b. */
bool rv_rules_similar(const struct rv_rule *a, const struct rv_rule *b, rv_family_t family,
		      enum rv_similar in)
{
	bool ports = in == RV_SIMILAR_SPORT || in == RV_SIMILAR_DPORT, similar;
	struct rv_rule *copy;

	if (a->verdict != b->verdict || keeps_state(a) || rv_rule_equal(a, b))
		return false;
	copy = rv_rule_clone(b);
	similar = copy && (ports ? copy_port(copy, a, in) : copy_address(copy, a, family, in)) &&
		  rv_rule_equal(a, copy);
	if (copy)
		rv_rule_free(copy);
	return similar;
}
