/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluates the rules one by one. */
#include <linux/netfilter/xt_DSCP.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter_ipv4/ipt_TTL.h>

#include "twin.h"

/* Results of a chain other than NF_*. */
#define BACK	0xffffffff	/* continue after the jump */

static void step(struct twin_walk *w, const struct rv_chain *chain, const struct rv_rule *rule)
{
	if (w->nsteps < TWIN_STEPS)
		w->steps[w->nsteps] = (struct twin_step){ chain, rule };
	w->nsteps++;
}

static void set_class(struct twin_packet *p, unsigned int mask, unsigned int value)
{
	p->tos = (p->tos & ~mask) ^ value;
}

static void change_ttl(struct twin_packet *p, const struct ipt_TTL_info *info)
{
	int ttl = info->ttl;

	if (info->mode == IPT_TTL_INC)
		ttl = p->ttl + info->ttl;
	else if (info->mode == IPT_TTL_DEC)
		ttl = p->ttl - info->ttl;
	p->ttl = ttl > 255 ? 255 : ttl < 0 ? 0 : ttl;
}

/* A target that is not a verdict. Returns NF_DROP, or BACK to continue. */
static unsigned int run_target(struct twin_packet *p, const struct rv_part *target)
{
	const char *name = target->ext->name;

	if (!strcmp(name, "REJECT"))
		return NF_DROP;
	if (!strcmp(name, "MARK")) {
		const struct xt_mark_tginfo2 *info = (const void *)target->data;

		p->mark = (p->mark & ~info->mask) ^ info->mark;
	} else if (!strcmp(name, "TTL") || !strcmp(name, "HL")) {
		change_ttl(p, (const void *)target->data);
	} else if (!strcmp(name, "TOS")) {
		const struct xt_tos_target_info *info = (const void *)target->data;

		set_class(p, info->tos_mask, info->tos_value);
	} else if (!strcmp(name, "DSCP")) {
		set_class(p, 0xfc, ((const struct xt_DSCP_info *)target->data)->dscp << 2);
	}
	return BACK;
}

static unsigned int run_chain(struct twin_walk *w, struct rv_chain *chain);

/* *left: leave the chain, after goto or RETURN. */
static unsigned int run_rule(struct twin_walk *w, struct rv_rule *r, bool *left)
{
	if (r->target)
		return run_target(w->packet, r->target);
	switch (r->verdict) {
	case RV_VERDICT_ACCEPT:
		return NF_ACCEPT;
	case RV_VERDICT_DROP:
		return NF_DROP;
	case RV_VERDICT_QUEUE:
		return NF_QUEUE;
	case RV_VERDICT_RETURN:
		*left = true;
		return BACK;
	case RV_VERDICT_JUMP:
	case RV_VERDICT_GOTO:
		*left = r->verdict == RV_VERDICT_GOTO;
		return run_chain(w, rv_table_chain(w->table, r->jump));
	default:
		return BACK;
	}
}

static unsigned int run_chain(struct twin_walk *w, struct rv_chain *chain)
{
	rv_list_each(r, &chain->rules, struct rv_rule, node) {
		bool left = false, fits = twin_rule_fits(w, r);
		unsigned int verdict;

		if (w->dropped)
			return NF_DROP;
		if (!fits)
			continue;
		r->counters.packets++;
		r->counters.bytes += w->len;
		step(w, chain, r);
		verdict = run_rule(w, r, &left);
		if (verdict != BACK || left)
			return verdict;
	}
	if (chain->base < 0)
		step(w, chain, NULL);
	return BACK;
}

static struct rv_chain *base_chain(struct rv_table *t, unsigned int hook)
{
	for (unsigned int i = 0; i < t->def->nbase; i++)
		if (t->def->base[i].hook == hook)
			return rv_table_chain(t, t->def->base[i].name);
	return NULL;
}

unsigned int twin_run(struct twin_walk *w)
{
	struct rv_chain *chain = base_chain(w->table, w->packet->hook);
	unsigned int verdict = run_chain(w, chain);

	if (verdict != BACK)
		return verdict;
	chain->counters.packets++;
	chain->counters.bytes += w->len;
	step(w, chain, NULL);
	return chain->policy == RV_VERDICT_DROP ? NF_DROP : NF_ACCEPT;
}
