/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin diff --meaning: traffic that only one of two rulesets accepts, as boxes. */
#include <string.h>

#include "analysis/prove.h"
#include "cli/ravelin/meaning.h"

#define BOXES 20

struct telling {
	struct rv_buf *b;
	struct rv_proof *p;
	const struct rv_proof_chain *c;
	bool head;
};

static void tell_head(struct telling *t)
{
	if (!t->head)
		rv_buf_printf(t->b, "%s %s\n", t->c->def->name, t->c->base->name);
	t->head = true;
}

/* Prints the boxes of a set, each after a word such as "opens". */
static void tell_set(struct telling *t, const char *word, rv_dd set)
{
	struct rv_space *s = &t->p->space;

	for (unsigned int n = 0; set != RV_DD_FALSE && !s->d.full; n++) {
		rv_dd box;

		tell_head(t);
		if (n == BOXES) {
			rv_buf_printf(t->b, "  %-9s more than these %u\n", word, BOXES);
			return;
		}
		box = rv_region_box(s, set, t->c->possible, &set);
		if (box == RV_DD_FALSE)
			return;
		rv_buf_printf(t->b, "  %-9s ", word);
		rv_region_words(t->b, s, box, t->c->possible);
		rv_buf_putc(t->b, '\n');
	}
}

static rv_dd fate(struct telling *t, unsigned int side, unsigned int fates)
{
	return rv_walk_fates(&t->p->walk, t->c->outcome[side], fates);
}

static void tell_chain(struct telling *t)
{
	static const struct {
		const char *word;
		unsigned int was, is;
	} kinds[] = {
		{ "opens", ~(1u << RV_FATE_ACCEPT), 1 << RV_FATE_ACCEPT },
		{ "closes", 1 << RV_FATE_ACCEPT, ~(1u << RV_FATE_ACCEPT) },
		{ "rejects", 1 << RV_FATE_DROP, 1 << RV_FATE_REJECT },
		{ "drops", 1 << RV_FATE_REJECT, 1 << RV_FATE_DROP },
	};
	struct rv_diagram *d = &t->p->space.d;
	rv_dd rest = t->c->differs;

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		rv_dd set = rv_dd_and(d, fate(t, 0, kinds[i].was), fate(t, 1, kinds[i].is));

		set = rv_dd_and(d, set, t->c->differs);
		rest = rv_dd_minus(d, rest, set);
		tell_set(t, kinds[i].word, set);
	}
	/* NAT, marks, logs. */
	tell_set(t, "changes", rest);
}

int rv_cli_meaning(struct rv_buf *b, const struct rv_ruleset *a, const struct rv_ruleset *to, struct rv_error *err)
{
	struct rv_proof p;
	int rc = 0, unknown = 0;

	if (rv_proof_init(&p, a, to, NULL, err) < 0)
		return -1;
	for (const struct rv_table_def *def = rv_table_defs; def->name && rc >= 0; def++)
		for (unsigned int i = 0; i < def->nbase && rc >= 0; i++) {
			struct rv_proof_chain c;
			struct telling t = { b, &p, &c, false };

			if (!rv_proof_has(&p, def, i))
				continue;
			rc = rv_proof_chain(&p, def, i, &c);
			if (rc == 0)
				tell_chain(&t);
			if (rc > 0)
				rv_buf_printf(b, "%s %s\n  not known: %s\n", def->name, def->base[i].name, p.walk.unknown);
			unknown |= rc > 0;
			p.walk.unknown[0] = '\0';
		}
	rv_proof_free(&p);
	return rc < 0 ? rv_fail_memory(err) : unknown && !rv_buf_ok(b) ? rv_fail_memory(err) : 0;
}
