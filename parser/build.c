/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Applies the items of a line to the command being built, and checks them together. */
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter_ipv4.h>

#include <ravelin/hooks.h>

#include "parser/parse.h"

int rv_build_begin(struct rv_parser *p)
{
	rv_command_clear(p->cmd);
	rv_command_init(p->cmd);
	if (p->sink)
		*p->opts = (struct rv_options){ .family = p->family };
	p->addr[RV_SRC].arg.text = p->addr[RV_DST].arg.text = NULL;
	p->chain.text = p->jump.text = p->trailing.text = NULL;
	p->glued.text = p->cluster.text = NULL;
	p->need = p->may = 0;
	p->seen = 0;
	p->invert = p->loaded_proto = p->stop = p->dashes = false;
	if (p->def)
		p->table.text = p->def->name;
	return rv_rule_begin(p);
}

/* ---- items ---------------------------------------------------------------- */

int rv_build_not(struct rv_parser *p, const struct rv_loc *loc)
{
	if (p->invert)
		return rv_usage(p, loc, "multiple consecutive ! not allowed");
	p->invert = true;
	p->not_loc = *loc;
	return 0;
}

/* Name of an option in error messages. Core rows that conflict use the name of the first. */
static const char *once_name(const struct rv_parser *p, char letter, const struct rv_core_option *o)
{
	struct rv_choice c;

	if (!o)
		return rv_find_short(p, letter, &c) ? c.opt->name : "";
	for (o = rv_core_options; o->once != letter; o++)
		;
	return o->name;
}

static int check_core(struct rv_parser *p, const struct rv_core_option *o, const struct rv_loc *loc)
{
	if (!rv_line_once(p, o->once, o, loc))
		return rv_line_twice(p, once_name(p, o->once, o), loc);
	if (!p->invert || o->bang == RV_BANG_IGNORED)
		return 0;
	return rv_usage(p, &p->not_loc, o->bang == RV_BANG_CANNOT ? "cannot have ! before --%s"
			: "unexpected ! flag before --%s",
			o->once ? once_name(p, o->once, o) : o->name);
}

int rv_build_option(struct rv_parser *p, const struct rv_choice *c, const struct rv_loc *loc,
		    const struct rv_arg *one, const struct rv_arg *two)
{
	struct rv_arg args[2] = { { NULL, *loc }, { NULL, *loc } };
	int rc;

	if (one && one->text)
		args[0] = *one;
	if (two && two->text)
		args[1] = *two;
	p->at_option = *loc;
	if (c->core)
		rc = check_core(p, c->core, loc) ? -1 : c->core->run(p, c->core, args);
	else
		rc = rv_rule_option(p, c, loc, args);
	p->invert = false;
	return rc;
}

int rv_build_missing(struct rv_parser *p, const struct rv_choice *c, const struct rv_arg *word)
{
	const char *wanted = c->core ? c->core->arg : c->opt->arg;

	rv_usage(p, &word->loc, "option \"%s\" requires an argument", word->text);
	return wanted ? rv_hint(p->err, "It takes an argument: --%s %s.",
				c->core ? c->core->name : c->opt->name, wanted) : -1;
}

int rv_build_unknown(struct rv_parser *p, const struct rv_arg *word)
{
	return rv_usage(p, &word->loc, "unknown option \"%s\"", word->text);
}

int rv_build_trailing(struct rv_parser *p, const struct rv_arg *word)
{
	if (!p->trailing.text)
		p->trailing = *word;
	return 0;
}

/* ---- the complete line ---------------------------------------------------- */

static bool writes_rule(enum rv_command_kind kind)
{
	return kind == RV_CMD_APPEND || kind == RV_CMD_INSERT || kind == RV_CMD_REPLACE;
}

static bool takes_rule(enum rv_command_kind kind)
{
	return writes_rule(kind) || kind == RV_CMD_DELETE || kind == RV_CMD_CHECK;
}

/*
 * Checks that iptables does before looking at the command. Missing items are reported at the end of
 * the line.
 */
static int check_words(struct rv_parser *p, const struct rv_loc *end)
{
	const struct rv_command *cmd = p->cmd;
	const char *drop = cmd->kind == RV_CMD_POLICY ? cmd->policy_name : p->jump.text;

	if (drop && !strcmp(drop, "DROP") && !strcmp(p->table.text, "nat"))
		return rv_usage(p, p->jump.text ? &p->jump.loc : &cmd->loc,
				"\nThe \"nat\" table is not intended for filtering, the use of DROP "
				"is therefore inhibited.\n\n");
	if (p->opts->wait_interval && !p->opts->wait)
		return rv_usage(p, &p->interval_loc,
				"--wait-interval only makes sense with --wait\n");
	if (rv_rule_check(p))
		return -1;
	if (p->trailing.text)
		return rv_usage(p, &p->trailing.loc, "unknown arguments found on commandline");
	if (cmd->kind == RV_CMD_NONE)
		return rv_usage(p, end, "no command specified");
	if (p->invert)
		return rv_usage(p, &p->not_loc, "nothing appropriate following !");
	return 0;
}

/* Core options list the commands that accept them; rule options need a command with a rule. */
static int check_legal(struct rv_parser *p)
{
	enum rv_command_kind kind = p->cmd->kind;

	for (unsigned int i = 0; p->seen >> i; i++) {
		const struct rv_core_option *o = p->seen_as[i];

		if (!(p->seen >> i & 1) || (o ? o->commands & 1u << kind : takes_rule(kind)))
			continue;
		return rv_usage(p, &p->seen_at[i], "Illegal option `--%s' with this command",
				once_name(p, RV_ONCE[i], o));
	}
	return 0;
}

/* PREROUTING and INPUT have no output interface, OUTPUT and POSTROUTING no input interface. */
static int check_interfaces(struct rv_parser *p)
{
	const unsigned int has = rv_chain_interfaces(p->cmd->chain);
	const struct rv_loc *loc;

	if (!(has & RV_HAS_OUT) && (loc = rv_line_seen(p, 'o')))
		return rv_usage(p, loc, "Can't use --out-interface with %s", p->cmd->chain);
	if (!(has & RV_HAS_IN) && (loc = rv_line_seen(p, 'i')))
		return rv_usage(p, loc, "Can't use --in-interface with %s", p->cmd->chain);
	return 0;
}

static int check_chain(struct rv_parser *p)
{
	const char *name = p->chain.text;

	if (name && rv_core_chain_length(p, &p->chain))
		return -1;
	/*
	 * The store takes an empty name for all chains; an empty variable must not have that
	 * effect.
	 */
	if (name && !*name && p->cmd->kind != RV_CMD_POLICY && !takes_rule(p->cmd->kind))
		return rv_fail(p->err, RV_ERR_STATE, &p->chain.loc,
			       "No chain/target/match by that name.");
	return 0;
}

static int find_table(struct rv_parser *p)
{
	p->cmd->table = p->def ? p->def : rv_table_def_find(p->table.text);
	if (p->cmd->table)
		return 0;
	return rv_fail(p->err, RV_ERR_VERSION, &p->table.loc, "table '%s' does not exist",
		       p->table.text);
}

int rv_build_command(struct rv_parser *p, const struct rv_loc *loc)
{
	struct rv_loc end = { loc->line, loc->end, loc->end };

	if (p->stop) {
		p->cmd->kind = RV_CMD_NONE;
		return 0;
	}
	if (check_words(p, &end))
		return -1;
	if (rv_rule_finish(p, loc, takes_rule(p->cmd->kind)) || check_legal(p) || check_chain(p))
		return -1;
	if (takes_rule(p->cmd->kind) && check_interfaces(p))
		return -1;
	if (p->cmd->kind == RV_CMD_POLICY && rv_line_seen(p, 'c')) {
		p->cmd->has_counters = true;
		p->cmd->counters = p->rule->counters;
	}
	if (find_table(p))
		return -1;
	return writes_rule(p->cmd->kind) ? rv_rule_kernel_check(p) : 0;
}
