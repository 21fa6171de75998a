/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a restore file, each reported as soon as it is complete. */
#include <string.h>

#include "parser/parse.h"

int rv_restore_name(struct rv_parser *p, const struct rv_arg *name)
{
	/* Extra words are ignored. */
	if (p->nnames < sizeof(p->name) / sizeof(p->name[0]))
		p->name[p->nnames++] = *name;
	return 0;
}

int rv_restore_comment(struct rv_parser *p)
{
	if (!p->sink->comment || p->section == RV_SKIPPING)
		return 0;
	return p->sink->comment(p->text + p->last_start, p->last_len, p->sink->arg, p->err);
}

int rv_restore_table(struct rv_parser *p, const struct rv_loc *loc)
{
	const struct rv_arg *name = &p->name[0];
	bool skip = false;

	if (!p->nnames)
		return rv_usage(p, loc, "%s: line %u table name invalid",
				rv_line_program(p), loc->line);
	p->def = rv_table_def_find(name->text);
	if (!p->def)
		return rv_usage(p, &name->loc, "%s: line %u table name '%s' invalid",
				rv_line_program(p), loc->line, name->text);
	p->table.loc = name->loc;
	if (p->sink->table(p->def, &name->loc, &skip, p->sink->arg, p->err)) {
		rv_error_at(p->err, &name->loc);
		return -1;
	}
	p->section = skip ? RV_SKIPPING : RV_INSIDE;
	return 0;
}

/* Parses "[packets:bytes"; ignores the rest. */
static bool read_pair(const char *text, struct rv_counters *c)
{
	const char *end;

	return *text == '[' && rv_read_count(text + 1, &c->packets, &end) && *end == ':' &&
	       rv_read_count(end + 1, &c->bytes, &end);
}

static bool is_base(const struct rv_table_def *def, const char *chain)
{
	for (unsigned int i = 0; i < def->nbase; i++)
		if (!strcmp(def->base[i].name, chain))
			return true;
	return false;
}

/* Policy and counters of user-defined chains are ignored. */
static int set_policy(struct rv_parser *p, struct rv_command *cmd)
{
	const struct rv_arg *policy = &p->name[1], *pair = p->nnames > 2 ? &p->name[2] : NULL;

	if (!is_base(p->def, cmd->chain))
		return 0;
	if (strcmp(policy->text, "-") != 0) {
		cmd->policy = rv_verdict_find(policy->text);
		cmd->policy_name = policy->text;
	}
	if (!pair && (!p->sink->counters || p->sink->counters_optional))
		return 0;
	if (!pair || !read_pair(pair->text, &cmd->counters))
		return rv_usage(p, pair ? &pair->loc : &cmd->loc,
				"invalid policy counters for chain '%s'", cmd->chain);
	cmd->has_counters = p->sink->counters;
	return 0;
}

static int hand_out(struct rv_parser *p)
{
	if (!p->sink->command(p->cmd, p->opts, p->sink->arg, p->err))
		return 0;
	rv_error_at(p->err, &p->cmd->loc);
	return -1;
}

int rv_restore_declare(struct rv_parser *p, const struct rv_loc *loc)
{
	struct rv_command *cmd = p->cmd;

	rv_command_clear(cmd);
	rv_command_init(cmd);
	*p->opts = (struct rv_options){ .family = p->family };
	if (p->nnames < 2)
		return rv_usage(p, p->nnames ? &p->name[0].loc : loc,
				"%s: line %u %s invalid", rv_line_program(p), loc->line,
				p->nnames ? "policy" : "chain name");
	if (rv_core_new_chain(p, &p->name[0], false))
		return -1;
	cmd->kind = RV_CMD_DECLARE;
	cmd->table = p->def;
	cmd->loc = cmd->chain_loc = p->name[0].loc;
	rv_chain_name_set(cmd->chain, p->name[0].text);
	return set_policy(p, cmd) ? -1 : hand_out(p);
}

/* Without -c the counters are not parsed at all. */
int rv_restore_counters(struct rv_parser *p, const struct rv_arg *pair)
{
	struct rv_arg args[2] = { *pair, { strchr(pair->text, ':') + 1, pair->loc } };
	struct rv_choice c;

	if (!p->sink->counters || !rv_find_short(p, 'c', &c))
		return 0;
	/* As on a command line, where "-c 1 -2" lacks the second argument. */
	if (*args[1].text == '-')
		args[1].text = NULL;
	return rv_build_option(p, &c, &pair->loc, &args[0], &args[1]);
}

int rv_restore_rule(struct rv_parser *p, const struct rv_loc *loc)
{
	if (rv_build_command(p, loc))
		return -1;
	return p->opts->skip ? 0 : hand_out(p);
}

int rv_restore_commit(struct rv_parser *p, const struct rv_loc *loc)
{
	p->section = RV_OUTSIDE;
	p->def = NULL;
	if (!p->sink->commit(loc, p->sink->arg, p->err))
		return 0;
	rv_error_at(p->err, loc);
	return -1;
}

int rv_restore_stray(struct rv_parser *p, const struct rv_loc *loc)
{
	return rv_fail(p->err, RV_ERR_RESTORE, loc, "line %u failed", loc->line);
}

int rv_restore_end(struct rv_parser *p, const struct rv_loc *loc)
{
	if (p->section != RV_INSIDE)
		return 0;
	return rv_fail(p->err, RV_ERR_RESTORE, loc, "COMMIT expected at line %u", p->number);
}
