/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a plan does what its rules do. Reads the rules again instead of trusting the planner.
 * Linear in the number of rules.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/compiler.h"

struct verifier {
	const struct rv_plan_chain *chain;
	rv_family_t family;
	struct rv_error *err;
};

__attribute__((format(printf, 3, 4)))
static int wrong(struct verifier *v, uint32_t rule, const char *fmt, ...)
{
	char what[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return rv_fail(v->err, RV_ERR_PROBLEM, NULL, "plan of chain %s, rule %u: %s", v->chain->chain->name,
		       rule + 1, what);
}

static void facts(const struct verifier *v, uint32_t rule, struct rv_facts *f)
{
	rv_facts_of(v->family, v->chain->rules[rule], f);
}

/*
 * Checks the rules of a group: in the block, ascending, with the group's key. Records what the
 * group does.
 */
static int verify_rules(struct verifier *v, const struct rv_block *b, const struct rv_plan_group *g,
			struct rv_plan_group *found)
{
	unsigned char key[RV_KEY_ROOM] = { 0 }, other[RV_KEY_ROOM] = { 0 };
	uint32_t last = RV_PLAN_END;
	unsigned int len = 0;
	struct rv_facts f;

	for (uint32_t i = g->first; i != RV_PLAN_END; last = i, i = v->chain->next[i]) {
		bool beyond;

		if (i < b->first || i - b->first >= b->count)
			return wrong(v, g->first, "its group is not within the switch");
		if (last != RV_PLAN_END && i <= last)
			return wrong(v, i, "its group does not ascend");
		facts(v, i, &f);
		if (f.barrier || !rv_facts_fit(&f, &b->key))
			return wrong(v, i, "it has not the key fields of its switch");
		len = rv_facts_key(v->family, &f, &b->key, found->count ? other : key);
		if (found->count && memcmp(key, other, len) != 0)
			return wrong(v, i, "its key differs from its group's");
		beyond = rv_facts_beyond(&f, &b->key);
		found->beyond |= beyond;
		found->closed |= !beyond && rv_rule_ends(v->chain->rules[i]);
		found->returns |= rv_rule_returns(v->chain->rules[i]);
		found->count++;
	}
	found->last = last;
	return 0;
}

static int verify_form(struct verifier *v, const struct rv_plan_group *g,
		       const struct rv_plan_group *found)
{
	switch (g->form) {
	case RV_GROUP_DIRECT:
		if (found->count != 1 || found->beyond)
			return wrong(v, g->first, "a map element cannot represent the rule");
		return 0;
	case RV_GROUP_GOTO:
		return found->closed ? 0 : wrong(v, g->first, "packets would pass the end of its leaf");
	case RV_GROUP_JUMP:
		return found->returns ? wrong(v, g->first, "a rule would return to the switch") : 0;
	case RV_GROUP_UNFIT:
		break;
	}
	return wrong(v, g->first, "its group has no form");
}

static int verify_switch(struct verifier *v, const struct rv_block *b, unsigned char *placed)
{
	uint32_t rules = 0, before = RV_PLAN_END;

	for (uint32_t i = 0; i < b->ngroups; i++) {
		const struct rv_plan_group *g = &b->groups[i];
		struct rv_plan_group found = { 0 };

		if (before != RV_PLAN_END && g->first <= before)
			return wrong(v, g->first, "groups do not ascend");
		before = g->first;
		if (verify_rules(v, b, g, &found) < 0)
			return -1;
		if (found.count != g->count || found.last != g->last)
			return wrong(v, g->first, "rules are missing in its group");
		if (verify_form(v, g, &found) < 0)
			return -1;
		rules += found.count;
		for (uint32_t r = g->first; r != RV_PLAN_END; r = v->chain->next[r])
			if (placed[r]++)
				return wrong(v, r, "it is in two groups");
	}
	return rules == b->count ? 0 : wrong(v, b->first, "rules are missing in the switch");
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, RV_KEY_ROOM);
}

/* Keys must be unique, otherwise only one of the groups would be used. */
static int verify_keys(struct verifier *v, const struct rv_block *b)
{
	unsigned char (*keys)[RV_KEY_ROOM] = calloc(b->ngroups + 1, sizeof(*keys));
	bool twice = false;
	struct rv_facts f;

	if (!keys)
		return rv_fail_memory(v->err);
	for (uint32_t i = 0; i < b->ngroups; i++) {
		facts(v, b->groups[i].first, &f);
		rv_facts_key(v->family, &f, &b->key, keys[i]);
	}
	qsort(keys, b->ngroups, sizeof(*keys), by_key);
	for (uint32_t i = 1; i < b->ngroups; i++)
		twice |= !by_key(keys[i - 1], keys[i]);
	free(keys);
	return twice ? wrong(v, b->first, "a key is in two groups") : 0;
}

static int verify_chain(struct verifier *v, unsigned char *placed)
{
	const struct rv_plan_chain *c = v->chain;
	uint32_t at = 0;

	for (uint32_t i = 0; i < c->nblocks; i++) {
		const struct rv_block *b = &c->blocks[i];

		if (b->first != at || !b->count || b->count > c->nrules - at)
			return wrong(v, at, "blocks do not follow each other");
		if (!b->key.fields && b->count != 1)
			return wrong(v, at, "a plain block has more than a rule");
		if (b->key.fields && (verify_switch(v, b, placed) < 0 || verify_keys(v, b) < 0))
			return -1;
		at += b->count;
	}
	return at == c->nrules ? 0 : wrong(v, at, "it is in no block");
}

int rv_plan_verify(const struct rv_plan *p, struct rv_error *err)
{
	struct verifier v = { .family = p->table->ruleset->family, .err = err };
	int rc = 0;

	for (uint32_t i = 0; i < p->nchains && rc == 0; i++) {
		unsigned char *placed = calloc(p->chains[i].nrules + 1, 1);

		v.chain = &p->chains[i];
		rc = placed ? verify_chain(&v, placed) : rv_fail_memory(err);
		free(placed);
	}
	return rc;
}
