/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Executes a command and its output, for command lines and lines of a restore file. */
#include "cli/iptables/iptables.h"

static bool lists(const struct rv_command *cmd)
{
	return cmd->kind == RV_CMD_LIST || cmd->kind == RV_CMD_LIST_RULES;
}

bool rv_cli_only_reads(const struct rv_command *cmd)
{
	return (lists(cmd) && !cmd->zero) || cmd->kind == RV_CMD_CHECK;
}

/* taken: the counters shown are already zeroed. */
static int list(struct rv_store *s, const struct rv_command *cmd, const struct rv_options *opts,
		struct rv_buf *b, bool *taken, struct rv_error *err)
{
	bool take = cmd->zero && !cmd->zero_only;
	int rc = take ? rv_store_read_and_zero(s, cmd, err) : 1;

	*taken = !rc;
	rv_store_other_rules(s, "", rv_cli_for_a_person(), err);
	if (rc < 0 || cmd->zero_only)
		return rc < 0 ? -1 : 0;
	if (take && rc && s->backend->take && !s->dirty && rv_cli_for_a_person())
		rv_warn(err, "packets between listing and zeroing are not counted: "
			     "this needs Linux 6.2 or later");
	if (rv_cli_list(s, cmd, opts, b, err) < 0)
		return -1;
	s->explain.read = NULL;
	return 0;
}

static int list_and_apply(struct rv_store *s, struct rv_command *cmd, const struct rv_options *opts,
			  unsigned int verbose, struct rv_buf *b, struct rv_error *err)
{
	bool taken = false;
	int rc;

	if (lists(cmd)) {
		if (list(s, cmd, opts, b, &taken, err))
			return -1;
		if (!cmd->zero)
			return 0;
		/* Zeroes the counters that were listed. */
		cmd->kind = RV_CMD_ZERO;
		if (!cmd->zero_one)
			cmd->number = 0;
	}
	if (verbose && rv_cli_verbose(b, s, cmd, err) < 0)
		return -1;
	rc = taken ? 0 : rv_store_apply(s, cmd, err);
	if (taken)
		rv_store_zeroing_done(s);
	return rc;
}

int rv_cli_command(struct rv_store *s, struct rv_command *cmd, const struct rv_options *opts,
		   unsigned int verbose, struct rv_buf *b, struct rv_error *err)
{
	struct rv_buf said = RV_BUF_INIT, *staged = s->explain.staged;
	bool reads = rv_cli_only_reads(cmd);
	int rc;

	if (verbose < 2)
		return list_and_apply(s, cmd, opts, verbose, b, err);
	/* iptables prints the rules read before the command, and then, in commit, the changes. */
	s->explain = (struct rv_explain){ .read = b, .staged = b, .bytes = verbose > 2 };
	rc = list_and_apply(s, cmd, opts, verbose, &said, err);
	s->explain.read = NULL;
	/* A command that only reads does not report changes of others. */
	if (reads)
		s->explain.staged = staged;
	rv_buf_add(b, said.data, said.len);
	b->failed = b->failed || said.failed;
	rv_buf_free(&said);
	return rc;
}
