/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables-restore and ip6tables-restore. Reads the whole input, applies all tables to one store
 * and commits once: an error in any line changes nothing. iptables commits table by table.
 */
#include <string.h>
#include <unistd.h>

#include "backend/file/load.h"
#include "cli/flags.h"
#include "cli/hint/hint.h"
#include "cli/iptables/iptables.h"

struct restore {
	struct rv_cli *cli;
	bool noflush, counters, test, version, help;
	unsigned int verbose;
	const char *only;		/* -T */
	const char *wait;		/* -w */
	struct rv_store store;
	bool open;
	bool detached;			/* --test without the kernel */
	bool said;			/* a line had -V or -h: like iptables, nothing else is
					 * done */
	struct rv_buf input, out;
	struct rv_progress progress;
	struct rv_buf unsaid;		/* --test: output of commands that are not executed */
};

#define AT(field) RV_FLAG_AT(struct restore, field)

const struct rv_flag rv_restore_flags[] = {
	{ 'n', "noflush", RV_FLAG_PLAIN, NULL, "do not flush the tables first", AT(noflush) },
	{ 'c', "counters", RV_FLAG_PLAIN, NULL, "restore packet and byte counters", AT(counters) },
	{ 't', "test", RV_FLAG_PLAIN, NULL, "check the input without loading it", AT(test) },
	{ 'T', "table", RV_FLAG_ARG, "TABLE", "restore only this table", AT(only) },
	{ 'v', "verbose", RV_FLAG_COUNT, NULL, "print what is done", AT(verbose) },
	{ 'w', "wait", RV_FLAG_NUMBER, "SECONDS",
	  "seconds to retry if other programs change the rules (default 5)", AT(wait) },
	{ 'W', "wait-interval", RV_FLAG_NUMBER, "USECS", "ignored" },
	{ 'M', "modprobe", RV_FLAG_ARG, "COMMAND", "ignored; the kernel loads modules itself" },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "restore IPv4 rules" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "restore IPv6 rules" },
	{ 'b', "binary", RV_FLAG_UNDONE, NULL, "accepted; there is no binary format" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

/* ---- parser callbacks ------------------------------------------------------------- */

static struct rv_buf *said_to(struct restore *r)
{
	rv_buf_reset(&r->unsaid);
	return r->test ? &r->unsaid : &r->out;
}

/* Executes a command for all chains of a table. */
static int whole_table(struct restore *r, enum rv_command_kind kind, const struct rv_table_def *def,
		       const struct rv_loc *loc, struct rv_error *err)
{
	const struct rv_options none = { .family = 0 };
	struct rv_command cmd;
	int rc;

	rv_command_init(&cmd);
	cmd.kind = kind;
	cmd.table = def;
	cmd.loc = *loc;
	rc = rv_cli_command(&r->store, &cmd, &none, r->verbose, said_to(r), err);
	rv_command_clear(&cmd);
	return rc;
}

static int restore_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip,
			 void *arg, struct rv_error *err)
{
	struct restore *r = arg;

	if (r->only && strcmp(r->only, def->name) != 0) {
		*skip = true;
		return 0;
	}
	if (r->noflush)
		return 0;
	/* As in iptables, -v does this chain by chain and thus keeps the policies. */
	if (!r->verbose)
		return whole_table(r, RV_CMD_CLEAR, def, loc, err);
	return whole_table(r, RV_CMD_FLUSH, def, loc, err) < 0 ||
	       whole_table(r, RV_CMD_DELETE_CHAIN, def, loc, err) < 0 ? -1 : 0;
}

static int restore_command(struct rv_command *cmd, const struct rv_options *opts, void *arg,
			   struct rv_error *err)
{
	struct rv_options said = *opts;
	struct restore *r = arg;

	rv_cli_progress_at(&r->progress, cmd->loc.line);
	if (opts->version || opts->help) {
		if (opts->version)
			rv_cli_version(r->cli, &r->out);
		else
			rv_cli_help(r->cli, opts, &r->out);
		r->said = true;
		return -1;
	}
	/* Under --noflush, iptables only reports lines with a -v of their own. */
	said.verbose += r->noflush ? 0 : r->verbose;
	return rv_cli_command(&r->store, cmd, &said, said.verbose, said_to(r), err);
}

static int restore_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	struct restore *r = arg;

	(void)loc;
	return rv_store_explain(&r->store, err);
}

static int on_comment(const char *text, size_t len, void *arg, struct rv_error *err)
{
	struct restore *r = arg;

	(void)err;
	if (r->verbose && len && text[0] == '#') {
		rv_buf_add(&r->out, text, len);
		if (text[len - 1] != '\n')
			rv_buf_putc(&r->out, '\n');
	}
	return 0;
}

/* ---- execution -------------------------------------------------------------------- */

/* A file that replaces everything can be tested without the kernel and without privileges. */
static int open_detached(struct restore *r, struct rv_error *err)
{
	const struct rv_error why = *err;

	if (!r->test || r->noflush || why.kind != RV_ERR_RESOURCE || rv_cli_backend(r->cli)->offline)
		return -1;
	rv_error_reset(err);
	if (rv_load_text(&r->store, r->cli->family, "", 0, NULL, err) < 0)
		return -1;
	if (rv_cli_for_a_person())
		rv_warn(err, "# Tested without the kernel, which can still refuse a rule: %s", why.text);
	r->detached = true;
	return 0;
}

static int open_store(struct restore *r, struct rv_error *err)
{
	int rc = rv_store_open_metered(&r->store, r->cli->spec, r->cli->family, r->test,
				       &r->progress.meter, err);

	return rc < 0 ? open_detached(r, err) : 0;
}

static int try_once(struct restore *r, struct rv_error *err)
{
	const struct rv_restore_sink sink = {
		.program = r->cli->name,
		.counters = r->counters,
		.table = restore_table,
		.command = restore_command,
		.commit = restore_commit,
		.comment = on_comment,
		.arg = r,
	};

	rv_error_reset(err);
	rv_buf_reset(&r->out);
	if (!r->open) {
		rv_cli_progress_start(&r->progress, r->cli, "rules", 0);
		if (open_store(r, err) < 0)
			return -1;
		rv_cli_progress_end(&r->progress);
		r->store.meter = NULL;
		rv_cli_progress_start(&r->progress, r->cli, "lines", rv_cli_lines(r->cli));
		r->open = true;
	} else if (rv_store_restart(&r->store, err) < 0) {
		return -1;
	}
	r->store.bulk = true;
	if (rv_parse_restore(r->cli->text, r->cli->len, r->cli->family, &sink, err) < 0)
		return r->said ? 0 : -1;
	if (r->test)
		return r->detached ? rv_store_commit(&r->store, err) : 0;
	rv_cli_progress_wait(&r->progress);
	return rv_store_commit(&r->store, err);
}

static int restore_run(struct restore *r)
{
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	struct rv_patience patience = rv_cli_patience(r->wait);
	int code = RV_EXIT_OK;

	r->cli->noflush = r->noflush;
	while (try_once(r, &err) < 0) {
		rv_cli_progress_end(&r->progress);
		if (rv_cli_again(&err, &patience))
			continue;
		code = rv_cli_error(r->cli, &err);
		break;
	}
	rv_cli_progress_end(&r->progress);
	rv_cli_warnings(&warnings);
	if (code == RV_EXIT_OK) {
		rv_cli_notes(r->cli);
		code = rv_cli_write(r->cli, STDOUT_FILENO, &r->out);
	}
	if (r->open)
		rv_store_close(&r->store);
	return code;
}

int rv_cli_restore_text(struct rv_cli *cli)
{
	struct rv_cli named = *cli;
	struct restore r = { .cli = &named };
	int rc;

	/* iptables-apply of iptables runs this program, so messages have its name. */
	named.name = rv_family(cli->family)->restore;
	rc = restore_run(&r);

	rv_buf_free(&r.out);
	return rc;
}

int rv_cli_restore(struct rv_cli *cli)
{
	struct restore r = { .cli = cli };
	int rc, words = rv_flags_read(rv_restore_flags, cli, &r);

	if (words < 0)
		rc = rv_cli_message("Try `%s -h' for more information.", cli->name);
	else if (r.version || r.help)
		rc = rv_flags_help(cli, r.version);
	else if (cli->argc - words > 1)
		rc = rv_cli_message("Unknown arguments found on commandline");
	else
		rc = rv_cli_read(cli, cli->argv[words], &r.input);
	if (rc == 0 && !r.version && !r.help)
		rc = restore_run(&r);
	rv_buf_free(&r.input);
	rv_buf_free(&r.out);
	rv_buf_free(&r.unsaid);
	return rc;
}
