/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completes command lines of iptables. Options come from the parser's tables. */
#include <stdio.h>
#include <string.h>

#include <ravelin/complete.h>
#include <ravelin/registry.h>

#include "cli/complete/candidates.h"

/* Starts after the last comma of a list. */
static void begin_item(struct rv_offers *o)
{
	const char *comma = strrchr(o->part, ',');

	if (comma)
		rv_offers_start(o, o->head, (size_t)(comma + 1 - o->head));
}

static void offer_core(struct rv_offers *o, const struct rv_completion *c)
{
	for (const struct rv_core_option *row = rv_core_options; row->name; row++) {
		if (row->command != RV_CMD_NONE && c->command)
			continue;
		if (c->command && row->commands && !(row->commands & 1U << c->command->command))
			continue;
		rv_offer_option(o, row->letter, row->name, row->help);
	}
}

/* Aliases only if the word being typed can only be one. */
static bool is_shown(const struct rv_offers *o, const struct rv_completion *c,
		     const struct rv_ext *ext, const struct rv_option *row)
{
	rv_family_t family = ext->options[rv_option_index(ext, row)].family;

	if (family && family != c->family)
		return false;
	return !row->alias_of || o->len > strlen("--");
}

static void offer_rows(struct rv_offers *o, const struct rv_completion *c, const struct rv_ext *ext)
{
	for (const struct rv_option *row = ext->options; row && row->name; row++)
		if (is_shown(o, c, ext, row))
			rv_offer_option(o, row->letter, row->name, row->help);
}

static void offer_options(struct rv_offers *o, const struct rv_completion *c)
{
	for (size_t i = c->nexts; i > 0; i--)
		offer_rows(o, c, c->exts[i - 1]);
	offer_core(o, c);
	if (rv_completion_has_rule(c))
		offer_rows(o, c, rv_family(c->family)->core);
}

static void offer_names(struct rv_offers *o, const struct rv_name *names)
{
	for (; names && names->name; names++)
		rv_offer(o, names->name, names->help);
}

static void offer_directions(struct rv_offers *o)
{
	begin_item(o);
	rv_offer(o, "src", "source of the packet");
	rv_offer(o, "dst", "destination of the packet");
}

static void offer_value(struct rv_offers *o, const struct rv_completion *c)
{
	switch (c->opt->type) {
	case RV_T_IFACE:
		rv_offer_interfaces(o);
		break;
	case RV_T_PROTO:
		rv_offer_protocols(o, c->family);
		break;
	case RV_T_SET:
		if (c->arg == 0)
			rv_offer_sets(o);
		else
			offer_directions(o);
		break;
	case RV_T_BITS:
		begin_item(o);
		offer_names(o, c->opt->names);
		break;
	default:
		offer_names(o, c->opt->names);
		break;
	}
}

static void offer_for_command(struct rv_offers *o, const struct rv_completion *c)
{
	switch (c->core->command) {
	case RV_CMD_NEW_CHAIN:
		break;
	case RV_CMD_DELETE_CHAIN:
	case RV_CMD_RENAME:
		if (c->arg == 0)
			rv_offer_chains(o, c->family, c->table, RV_CHAINS_USER);
		break;
	case RV_CMD_POLICY:
		if (c->arg == 0) {
			rv_offer_chains(o, c->family, c->table, RV_CHAINS_BASE);
		} else {
			rv_offer(o, "ACCEPT", rv_verdict_help(RV_VERDICT_ACCEPT));
			rv_offer(o, "DROP", rv_verdict_help(RV_VERDICT_DROP));
		}
		break;
	default:
		if (c->arg == 0)
			rv_offer_chains(o, c->family, c->table, RV_CHAINS_ALL);
		break;
	}
}

static void offer_verdicts(struct rv_offers *o)
{
	for (unsigned int i = 0; i < RV_VERDICTS; i++)
		if (rv_verdict_name(i))
			rv_offer(o, rv_verdict_name(i), rv_verdict_help(i));
}

static void offer_argument(struct rv_offers *o, const struct rv_completion *c)
{
	switch (c->core->letter) {
	case 't':
		for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
			rv_offer(o, def->name, "table");
		break;
	case 'm':
		rv_offer_exts(o, RV_MATCH, c->family, c->table);
		break;
	case 'j':
		offer_verdicts(o);
		rv_offer_chains(o, c->family, c->table, RV_CHAINS_USER);
		rv_offer_exts(o, RV_TARGET, c->family, c->table);
		break;
	case 'g':
		rv_offer_chains(o, c->family, c->table, RV_CHAINS_USER);
		break;
	default:
		if (c->core->command != RV_CMD_NONE)
			offer_for_command(o, c);
		break;
	}
}

void rv_offer_words(struct rv_offers *o, rv_family_t family, int count, char *const words[])
{
	struct rv_completion c;

	rv_complete(&c, family, count, words);
	rv_offers_start(o, words[count - 1], c.start);
	if (c.core)
		offer_argument(o, &c);
	else if (c.opt)
		offer_value(o, &c);
	if (c.option)
		offer_options(o, &c);
}
