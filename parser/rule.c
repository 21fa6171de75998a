/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the rule of a command: matches and target with their options, and addresses. */
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "parser/parse.h"

/* The most rules that one command may add, one for each pair of addresses in -s and -d. */
#define MAX_RULES 65536

int rv_rule_begin(struct rv_parser *p)
{
	p->nslots = p->nplaces = 0;
	/* Most lines without a rule leave the preallocated rule unused: keep it. */
	if (p->rule && !p->rule->matches && !p->rule->target) {
		rv_rule_init(p->rule);
	} else {
		rv_rule_free(p->rule);
		p->rule = rv_rule_new();
		if (!p->rule)
			return rv_fail_memory(p->err);
	}
	p->tail = &p->rule->matches;
	return 0;
}

/* ---- parts ---------------------------------------------------------------- */

/* If a match is repeated, options apply to the latest part; its rows keep their rank in lookups. */
static int add_options(struct rv_parser *p, struct rv_part *part)
{
	size_t i = 0;

	while (i < p->nslots && p->slot[i].ext != part->ext)
		i++;
	if (i == p->nslots) {
		if (rv_grow(&p->slot, i, &p->cap_slots, sizeof(*p->slot), p->err))
			return -1;
		p->nslots++;
	}
	p->slot[i] = (struct rv_ext_use){ part->ext, part };
	return 0;
}

/* Creates a part and links it to the rule at *where. */
static int add_part(struct rv_parser *p, struct rv_part **where, const struct rv_ext *ext,
		    const struct rv_loc *loc)
{
	struct rv_part *part;

	if (rv_grow(&p->place, p->nplaces, &p->cap_places, sizeof(*p->place), p->err))
		return -1;
	part = rv_part_new(ext);
	if (!part)
		return rv_fail_memory(p->err);
	*where = part;
	p->place[p->nplaces++] = (struct rv_place){ part, *loc };
	return add_options(p, part);
}

int rv_rule_match(struct rv_parser *p, const struct rv_ext *ext, const struct rv_loc *loc)
{
	if (add_part(p, p->tail, ext, loc))
		return -1;
	p->tail = &(*p->tail)->next;
	return 0;
}

int rv_rule_target(struct rv_parser *p, const struct rv_ext *ext, const struct rv_loc *loc)
{
	return add_part(p, &p->rule->target, ext, loc);
}

/* Loads the match of -p for an unknown option, once per rule. */
bool rv_rule_load_protocol(struct rv_parser *p)
{
	const struct rv_ext *ext;

	if (p->loaded_proto || !(p->rule->ip.flags & RV_IP_PROTO))
		return false;
	p->loaded_proto = true;
	ext = rv_ext_for_protocol(p->family, p->rule->ip.proto);
	return ext && !rv_rule_match(p, ext, &p->proto_loc);
}

/* ---- options -------------------------------------------------------------- */

int rv_rule_option(struct rv_parser *p, const struct rv_choice *c, const struct rv_loc *loc,
		   const struct rv_arg args[2])
{
	struct rv_parse parse = {
		.family = p->family, .table = p->table.text, .ext = c->ext, .opt = c->opt,
		.rule = p->rule, .part = c->part,
		.data = c->part ? c->part->data : (unsigned char *)&p->rule->ip,
		.arg = args[0].text, .arg2 = args[1].text, .invert = p->invert,
		.loc = args[0].loc, .loc2 = args[1].loc, .err = p->err,
	};
	const struct rv_option *row = &c->ext->options[rv_option_index(c->ext, c->opt)];

	if (c->ext == &rv_ext_ip) {
		if (!rv_line_once(p, row->letter, NULL, loc))
			return rv_line_twice(p, row->name, loc);
		if (row->letter == 's' || row->letter == 'd') {
			p->addr[row->letter == 's' ? RV_SRC : RV_DST] =
				(struct rv_addresses){ args[0], p->invert };
			return 0;
		}
		if (row->letter == 'p')
			p->proto_loc = *loc;
	}
	if (row->flags & RV_OPT_TWO && !args[1].text)
		return rv_usage(p, loc, "--%s requires two args.", row->name);
	if (!rv_option_parse(&parse))
		return 0;
	rv_error_at(p->err, loc);
	return -1;
}

/* Checks the matches in order, then the target of rule. */
static int check_parts(struct rv_parser *p, const struct rv_rule *rule,
		       int (*fn)(struct rv_check *c))
{
	const struct rv_place *last = NULL;

	for (size_t i = 0; i <= p->nplaces; i++) {
		const struct rv_place *at = i < p->nplaces ? &p->place[i] : last;
		struct rv_check check = {
			.family = p->family, .table = p->table.text, .rule = rule, .err = p->err,
		};

		if (!at)
			break;
		if (i < p->nplaces && at->part == rule->target) {
			last = at;
			continue;
		}
		check.ext = at->part->ext;
		check.part = at->part;
		check.seen = at->part->seen;
		check.loc = at->loc;
		if (fn(&check)) {
			rv_error_at(p->err, &at->loc);
			return -1;
		}
	}
	return 0;
}

int rv_rule_check(struct rv_parser *p)
{
	return check_parts(p, p->rule, rv_part_check);
}

/* The parsed parts now belong to the command's last rule. */
int rv_rule_kernel_check(struct rv_parser *p)
{
	if (rv_list_empty(&p->cmd->rules))
		return 0;
	return check_parts(p, rv_entry(p->cmd->rules.prev, struct rv_rule, node),
			   rv_part_kernel_check);
}

/* ---- addresses ------------------------------------------------------------ */

static void set_side(struct rv_ip *ip, int side, const struct rv_host *host, bool invert)
{
	*(side == RV_SRC ? &ip->src : &ip->dst) = host->addr;
	*(side == RV_SRC ? &ip->smask : &ip->dmask) = host->mask;
	if (invert)
		ip->invert |= side == RV_SRC ? RV_IP_SRC : RV_IP_DST;
}

static int expand_pair(struct rv_parser *p, const struct rv_hosts hosts[2], size_t s, size_t d,
		       bool last)
{
	struct rv_rule *r = last ? p->rule : rv_rule_clone(p->rule);

	if (!r)
		return rv_fail_memory(p->err);
	if (last)
		p->rule = NULL;
	if (hosts[RV_SRC].count)
		set_side(&r->ip, RV_SRC, &hosts[RV_SRC].host[s], p->addr[RV_SRC].invert);
	if (hosts[RV_DST].count)
		set_side(&r->ip, RV_DST, &hosts[RV_DST].host[d], p->addr[RV_DST].invert);
	rv_list_add_before(&r->node, &p->cmd->rules);
	return 0;
}

/* Combines each source with each destination. */
static int expand(struct rv_parser *p, const struct rv_hosts hosts[2])
{
	size_t ns = hosts[RV_SRC].count ? hosts[RV_SRC].count : 1;
	size_t nd = hosts[RV_DST].count ? hosts[RV_DST].count : 1;

	for (size_t s = 0; s < ns; s++)
		for (size_t d = 0; d < nd; d++)
			if (expand_pair(p, hosts, s, d, s + 1 == ns && d + 1 == nd))
				return -1;
	return 0;
}

static int check_number(struct rv_parser *p, const struct rv_hosts hosts[2])
{
	size_t ns = hosts[RV_SRC].count, nd = hosts[RV_DST].count;
	const struct rv_addresses *many = &p->addr[ns > 1 ? RV_SRC : RV_DST];
	bool invert = (ns && p->addr[RV_SRC].invert) || (nd && p->addr[RV_DST].invert);

	if (ns <= 1 && nd <= 1)
		return 0;
	if (invert)
		return rv_usage(p, &many->arg.loc,
				"! not allowed with multiple source or destination IP addresses");
	if (p->cmd->kind == RV_CMD_REPLACE)
		return rv_usage(p, &many->arg.loc,
				"Replacement rule does not specify a unique address");
	if (ns > MAX_RULES || nd > MAX_RULES || ns * nd > MAX_RULES)
		return rv_usage(p, &many->arg.loc, "more than %u pairs of addresses", MAX_RULES);
	return 0;
}

int rv_rule_finish(struct rv_parser *p, const struct rv_loc *loc, bool wanted)
{
	struct rv_hosts hosts[2] = { { 0 }, { 0 } };
	int rc = 0;

	p->rule->loc = *loc;
	for (int side = RV_SRC; side <= RV_DST && !rc; side++)
		if (p->addr[side].arg.text)
			rc = rv_resolve(p->family, &p->addr[side].arg, &hosts[side], p->err);
	rc = rc || check_number(p, hosts) ? -1 : wanted ? expand(p, hosts) : 0;
	free(hosts[RV_SRC].host);
	free(hosts[RV_DST].host);
	return rc;
}
