/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command, with what it prints: for a command line and for a line of a restore file. */
#include "cli/cli.h"

static bool lists(const struct rv_command *cmd)
{
	return cmd->kind == RV_CMD_LIST || cmd->kind == RV_CMD_LIST_RULES;
}

bool rv_cli_only_reads(const struct rv_command *cmd)
{
	return (lists(cmd) && !cmd->zero) || cmd->kind == RV_CMD_CHECK;
}

int rv_cli_command(struct rv_store *s, struct rv_command *cmd, const struct rv_options *opts,
		   unsigned int verbose, struct rv_buf *b, struct rv_error *err)
{
	if (lists(cmd)) {
		rv_store_beside(s, "", rv_cli_for_a_person(), err);
		if (rv_cli_list(s, cmd, opts, b, err) < 0)
			return -1;
		if (!cmd->zero)
			return 0;
		/* What was shown is zeroed. */
		cmd->kind = RV_CMD_ZERO;
		if (!cmd->zero_one)
			cmd->number = 0;
	}
	if (verbose && rv_cli_verbose(b, s, cmd, err) < 0)
		return -1;
	if (rv_store_apply(s, cmd, err) < 0)
		return -1;
	return verbose > 1 && s->backend->explain ? s->backend->explain(s, b, err) : 0;
}
