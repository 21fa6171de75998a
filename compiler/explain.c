/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a plan: blocks with rule numbers, and why rules are in no switch. */
#include <ravelin/plan.h>

#include "compiler/compiler.h"

static const char *const reasons[RV_OUTSIDE_COUNT] = {
	[RV_OUTSIDE_NO_KEY] = "no test that can be a key",
	[RV_OUTSIDE_NEGATED] = "\"!\" before %s",
	[RV_OUTSIDE_MANY] = "more than one value for %s",
	[RV_OUTSIDE_LATE] = "%s comes after a match that keeps state or can drop the packet",
	[RV_OUTSIDE_BARRIER] = "the target may change addresses or ports",
	[RV_OUTSIDE_SHORT] = "too few rules in a row",
	[RV_OUTSIDE_GAIN] = "a lookup would not be faster",
	[RV_OUTSIDE_RETURNS] = "conditional RETURN or -g among rules with the same key",
	[RV_OUTSIDE_MAPS] = "the table has as many maps as allowed",
	[RV_OUTSIDE_LEAVES] = "the table has as many leaf chains as allowed",
	[RV_OUTSIDE_DEPTH] = "jumps would be nested too deep",
};

static void put_rules(struct rv_buf *b, uint32_t first, uint32_t last)
{
	if (first == last)
		rv_buf_printf(b, "  rule %u: ", first + 1);
	else
		rv_buf_printf(b, "  rules %u-%u: ", first + 1, last + 1);
}

static bool same_reason(const struct rv_plan_chain *c, uint32_t i, uint32_t j)
{
	return c->why[i] == c->why[j] && c->facts[i].field == c->facts[j].field;
}

static void put_reason(struct rv_buf *b, const struct rv_plan_chain *c, uint32_t rule)
{
	const char *text = reasons[c->why[rule]];

	if (strstr(text, "%s")) {
		const char *at = strstr(text, "%s");

		rv_buf_add(b, text, at - text);
		rv_buf_puts(b, rv_key_name(c->facts[rule].field));
		rv_buf_puts(b, at + 2);
	} else {
		rv_buf_puts(b, text);
	}
	if (c->why[rule] == RV_OUTSIDE_SHORT)
		rv_buf_printf(b, " (%u)", c->run[rule]);
}

/* Prints consecutive plain blocks with the same reason as one line. Returns the next block. */
static uint32_t put_plain(struct rv_buf *b, const struct rv_plan_chain *c, uint32_t block)
{
	uint32_t first = c->blocks[block].first, last = first;

	while (++block < c->nblocks && !c->blocks[block].key.fields &&
	       same_reason(c, first, c->blocks[block].first))
		last = c->blocks[block].first;
	put_rules(b, first, last);
	rv_buf_puts(b, "one by one: ");
	put_reason(b, c, first);
	rv_buf_putc(b, '\n');
	return block;
}

static void put_key(struct rv_buf *b, rv_family_t family, const struct rv_key_shape *key)
{
	const char *sep = "";

	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++) {
		if (!(key->fields & 1 << i))
			continue;
		rv_buf_printf(b, "%s%s", sep, rv_key_name(i));
		if (key->bits[i] != 8 * rv_key_size(family, i))
			rv_buf_printf(b, "/%u", key->bits[i]);
		sep = " ";
	}
}

static void put_switch(struct rv_buf *b, const struct rv_plan_chain *c, const struct rv_block *s)
{
	uint32_t direct = 0, longest = 0;

	for (uint32_t i = 0; i < s->ngroups; i++) {
		direct += s->groups[i].form == RV_GROUP_DIRECT;
		if (s->groups[i].form != RV_GROUP_DIRECT && s->groups[i].count > longest)
			longest = s->groups[i].count;
	}
	put_rules(b, s->first, s->first + s->count - 1);
	rv_buf_puts(b, "one lookup by ");
	put_key(b, c->chain->table->ruleset->family, &s->key);
	rv_buf_printf(b, ": %u %s", s->ngroups, s->ngroups == 1 ? "key" : "keys");
	if (direct)
		rv_buf_printf(b, ", %u direct", direct);
	if (direct < s->ngroups)
		rv_buf_printf(b, ", %u with a leaf of up to %u %s", s->ngroups - direct, longest,
			      longest == 1 ? "rule" : "rules");
	rv_buf_putc(b, '\n');
}

static void put_chain(struct rv_buf *b, const struct rv_plan_chain *c)
{
	rv_buf_printf(b, " chain %s: %u %s\n", c->chain->name, c->nrules, c->nrules == 1 ? "rule" : "rules");
	for (uint32_t i = 0; i < c->nblocks;) {
		if (!c->blocks[i].key.fields) {
			i = put_plain(b, c, i);
			continue;
		}
		put_switch(b, c, &c->blocks[i++]);
	}
}

void rv_plan_explain(struct rv_buf *b, const struct rv_plan *p)
{
	rv_buf_printf(b, "table %s\n", p->table->def->name);
	rv_list_each(c, &p->table->chains, struct rv_chain, node) {
		const struct rv_plan_chain *chain = rv_plan_chain(p, c);

		if (chain && chain->nrules)
			put_chain(b, chain);
	}
}
