/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iptables and ip6tables: one command line, one command. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/hint/hint.h"
#include "cli/iptables/iptables.h"

/* State of one attempt. */
struct attempt {
	struct rv_cli *cli;
	struct rv_store store;
	bool open;
	struct rv_command cmd;
	struct rv_options opts;
	struct rv_buf out;
	struct rv_progress progress;
};

static int run_command(struct attempt *a, struct rv_error *err)
{
	if (!a->open) {
		if (rv_store_open_metered(&a->store, a->cli->spec, a->opts.family,
					  rv_cli_only_reads(&a->cmd), &a->progress.meter, err) < 0)
			return -1;
		a->open = true;
	} else if (rv_store_restart(&a->store, err) < 0) {
		return -1;
	}
	if (rv_cli_command(&a->store, &a->cmd, &a->opts, a->opts.verbose, &a->out, err) < 0)
		return -1;
	return rv_store_commit(&a->store, err);
}

/* Handles -V, -h and lines for the other family. Returns whether nothing else is to be done. */
static bool said_all(struct attempt *a)
{
	if (a->opts.version)
		rv_cli_version(a->cli, &a->out);
	else if (a->opts.help)
		rv_cli_help(a->cli, &a->opts, &a->out);
	else
		return a->cmd.kind == RV_CMD_NONE;
	return true;
}

/* Parses and executes the command line once. */
static int try_once(struct attempt *a, struct rv_error *err)
{
	struct rv_cli *cli = a->cli;

	rv_error_reset(err);
	memset(&a->opts, 0, sizeof(a->opts));
	rv_buf_reset(&a->out);
	rv_command_clear(&a->cmd);
	rv_command_init(&a->cmd);
	a->opts.family = cli->family;
	if (rv_parse_argv(cli->argc, cli->argv, cli->family, &a->cmd, &a->opts, err) < 0)
		return -1;
	if (said_all(a))
		return 0;
	return run_command(a, err);
}

/* Exit code 1 of these means that the rule or chain does not exist, or that the chain does. */
static bool is_question(const struct rv_command *cmd)
{
	return cmd->kind == RV_CMD_CHECK || cmd->kind == RV_CMD_NEW_CHAIN ||
	       cmd->kind == RV_CMD_LIST || cmd->kind == RV_CMD_LIST_RULES;
}

static bool again(const struct attempt *a, struct rv_error *err, struct rv_patience *p)
{
	char seconds[16] = "";

	if (!p->attempts) {
		if (a->opts.wait_seconds)
			snprintf(seconds, sizeof(seconds), "%u", a->opts.wait_seconds);
		*p = rv_cli_patience(a->opts.at_once ? "0" : a->opts.wait ? seconds : NULL);
	}
	return rv_cli_again(err, p);
}

int rv_cli_iptables(struct rv_cli *cli)
{
	struct attempt a = { .cli = cli };
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	struct rv_patience patience = { 0 };
	int code = RV_EXIT_OK;

	rv_command_init(&a.cmd);
	rv_cli_progress_start(&a.progress, cli, "rules", 0);
	while (try_once(&a, &err) < 0) {
		rv_cli_progress_end(&a.progress);
		if (again(&a, &err, &patience))
			continue;
		if (is_question(&a.cmd))
			rv_error_undecided(&err);
		code = rv_cli_error(cli, &err);
		break;
	}
	rv_cli_progress_end(&a.progress);
	rv_cli_warnings(&warnings);
	if (code == RV_EXIT_OK) {
		if (!rv_cli_only_reads(&a.cmd))
			rv_cli_notes(cli);
		code = rv_cli_write(cli, STDOUT_FILENO, &a.out);
	}
	if (a.open)
		rv_store_close(&a.store);
	rv_command_clear(&a.cmd);
	rv_buf_free(&a.out);
	return code;
}
