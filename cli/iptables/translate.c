/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables-translate and iptables-restore-translate: nft syntax for iptables commands. Reads and
 * changes no rules. A line without nft equivalent becomes a comment.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "formats/text.h"
#include "cli/flags.h"
#include "cli/iptables/iptables.h"

#define NOT_IMPLEMENTED "Translation not implemented"

/* "ip filter INPUT" */
static void put_place(struct rv_buf *b, const struct rv_command *cmd, rv_family_t family)
{
	rv_buf_printf(b, "%s %s", rv_text_family(family), cmd->table->name);
	if (cmd->chain[0])
		rv_buf_printf(b, " %s", cmd->chain);
}

static bool is_rule(const struct rv_command *cmd)
{
	return cmd->kind == RV_CMD_APPEND || cmd->kind == RV_CMD_INSERT;
}

/* All rules of a command, one per line, or none. */
static bool translate_rules(struct rv_buf *b, const struct rv_command *cmd, rv_family_t family,
			    struct rv_text_sets *sets)
{
	const struct rv_text_place place = {
		.family = family, .table = cmd->table->name, .chain = cmd->chain,
		.insert = cmd->kind == RV_CMD_INSERT, .number = cmd->number,
		.sets = sets,
	};
	size_t start = b->len, names = sets->n;

	rv_list_each(r, &cmd->rules, struct rv_rule, node) {
		if (!rv_text_rule(b, &place, r)) {
			b->len = start;
			rv_text_sets_forget(sets, names);
			return false;
		}
		rv_buf_putc(b, '\n');
	}
	return true;
}

/* "flush chain ip filter INPUT"; NULL: nft has no single command for it. */
static const char *chain_command(const struct rv_command *cmd)
{
	bool chain = cmd->chain[0];

	switch (cmd->kind) {
	case RV_CMD_NEW_CHAIN:
		return "add chain";
	case RV_CMD_DELETE_CHAIN:
		return chain ? "delete chain" : NULL;
	case RV_CMD_FLUSH:
		return chain ? "flush chain" : "flush table";
	case RV_CMD_LIST:
		return cmd->number ? NULL : chain ? "list chain" : "list table";
	default:
		return NULL;
	}
}

/* Result of a translation. */
enum outcome {
	SAID,
	NO_WORDS,	/* no nft equivalent of the rule or name */
	NO_SUCH_COMMAND,
};

static enum outcome translate(struct rv_buf *b, const struct rv_command *cmd, rv_family_t family,
			      struct rv_text_sets *sets)
{
	const char *words = chain_command(cmd);

	if (is_rule(cmd))
		return translate_rules(b, cmd, family, sets) ? SAID : NO_WORDS;
	if (!words)
		return NO_SUCH_COMMAND;
	if (cmd->chain[0] && !rv_text_is_name(cmd->chain))
		return NO_WORDS;
	rv_buf_printf(b, "%s ", words);
	put_place(b, cmd, family);
	rv_buf_putc(b, '\n');
	return SAID;
}

/* Control characters would end a comment, and the rest be executed. */
static void put_harmless(struct rv_buf *b, size_t from)
{
	for (size_t i = from; i < b->len; i++)
		if ((unsigned char)b->data[i] < ' ')
			b->data[i] = ' ';
}

/* ---- command lines -------------------------------------------------------------- */

/* Quotes for a shell: "'" closes the quotes, is escaped by a backslash, and reopens them. */
static void put_quoted(struct rv_buf *b, const struct rv_buf *text)
{
	const char *p = text->data, *end = p + text->len;

	for (; p < end; p++) {
		if (*p != '\n')
			rv_buf_puts(b, *p == '\'' ? "'\\''" : (char[]){ *p, '\0' });
		else
			rv_buf_puts(b, p + 1 < end ? "'\nnft '" : "'\n");
	}
}

static void put_command_line(struct rv_buf *b, const struct rv_cli *cli)
{
	size_t start;

	rv_buf_puts(b, "nft # ");
	start = b->len;
	for (int i = 1; i < cli->argc; i++) {
		if (cli->argv[i][strcspn(cli->argv[i], " \t\n\"'\\$`;&|<>*?#")] || !*cli->argv[i])
			rv_print_quoted(b, cli->argv[i]);
		else
			rv_buf_puts(b, cli->argv[i]);
		rv_buf_putc(b, ' ');
	}
	if (rv_buf_ok(b))
		put_harmless(b, start);
	rv_buf_putc(b, '\n');
}

static int translate_argv(struct rv_cli *cli, const struct rv_command *cmd, rv_family_t family,
			  struct rv_buf *out)
{
	bool rules = is_rule(cmd);
	struct rv_text_sets sets = { 0 };
	struct rv_buf text = RV_BUF_INIT;
	int rc = 0;

	switch (translate(&text, cmd, family, &sets)) {
	case SAID:
		out->failed |= text.failed;
		rv_buf_puts(out, rules ? "nft '" : "nft ");
		if (rules)
			put_quoted(out, &text);
		else
			rv_buf_add(out, text.data, text.len);
		break;
	case NO_WORDS:
		put_command_line(out, cli);
		break;
	case NO_SUCH_COMMAND:
		rc = rv_cli_message(NOT_IMPLEMENTED);
		break;
	}
	rv_text_sets_free(&sets);
	rv_buf_free(&text);
	return rc;
}

int rv_cli_translate(struct rv_cli *cli)
{
	struct rv_buf out = RV_BUF_INIT, warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	struct rv_options opts = { .family = cli->family };
	struct rv_command cmd;
	int rc = RV_EXIT_OK;

	rv_command_init(&cmd);
	if (rv_parse_argv(cli->argc, cli->argv, cli->family, &cmd, &opts, &err) < 0)
		rc = rv_cli_error(cli, &err);
	else if (opts.version)
		rv_cli_version(cli, &out);
	else if (opts.help)
		rv_cli_help(cli, &opts, &out);
	else if (cmd.kind != RV_CMD_NONE)
		rc = translate_argv(cli, &cmd, opts.family, &out);
	rv_cli_warnings(&warnings);
	if (rc == RV_EXIT_OK)
		rc = rv_cli_write(cli, STDOUT_FILENO, &out);
	rv_command_clear(&cmd);
	rv_buf_free(&out);
	return rc;
}

/* ---- restore files ----------------------------------------------------------------- */

/* Number of untranslated lines that are reported. */
#define LINES 8

struct file {
	struct rv_cli *cli;
	const char *path;
	bool strict, version, help;
	unsigned int rules;
	struct {
		unsigned int rules, chains;
		uint32_t lines[LINES];
	} remarks;
	const struct rv_table_def *table;
	struct rv_buf input, out;
	struct rv_text_sets sets;
	struct rv_progress progress;
};

#define AT(field) RV_FLAG_AT(struct file, field)

const struct rv_flag rv_translate_flags[] = {
	{ 'f', "file", RV_FLAG_ARG, "FILE", "read this file instead of stdin", AT(path) },
	{ 's', "strict", RV_FLAG_PLAIN, NULL, "fail if a rule cannot be translated", AT(strict) },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

static int translate_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip,
			   void *arg, struct rv_error *err)
{
	struct file *f = arg;

	(void)loc;
	(void)skip;
	(void)err;
	f->table = def;
	rv_buf_printf(&f->out, "add table %s %s\n", rv_text_family(f->cli->family), def->name);
	return 0;
}

/* ":INPUT DROP [0:0]" and ":user - [0:0]" */
static void translate_chain(struct file *f, const struct rv_command *cmd)
{
	const struct rv_table_def *def = cmd->table;

	rv_buf_puts(&f->out, "add chain ");
	put_place(&f->out, cmd, f->cli->family);
	for (unsigned int i = 0; i < def->nbase; i++)
		if (strcmp(def->base[i].name, cmd->chain) == 0)
			rv_buf_printf(&f->out,
				      " { type %s hook %s priority %d; policy %s; }",
				      rv_base_type(def, i), rv_hook_name(def->base[i].hook),
				      def->base[i].priority,
				      cmd->policy == RV_VERDICT_DROP ? "drop" : "accept");
	rv_buf_putc(&f->out, '\n');
}

/*
 * "-P INPUT DROP --base PLACE" after ":INPUT DROP": nft cannot move a chain, but can recreate it.
 */
static void translate_base(struct file *f, const struct rv_command *cmd)
{
	struct rv_buf at = RV_BUF_INIT;

	rv_buf_puts(&f->out, "delete chain ");
	put_place(&f->out, cmd, f->cli->family);
	rv_buf_puts(&f->out, "\nadd chain ");
	put_place(&f->out, cmd, f->cli->family);
	if (!cmd->at.none) {
		rv_base_at_print(&at, &cmd->at);
		rv_buf_printf(&f->out, " { %s; policy %s; }", rv_buf_text(&at) ? at.data : "",
			      cmd->policy == RV_VERDICT_DROP ? "drop" : "accept");
	}
	rv_buf_putc(&f->out, '\n');
	f->out.failed |= at.failed;
	rv_buf_free(&at);
}

static void put_line(struct file *f, const struct rv_command *cmd)
{
	struct rv_buf line = RV_BUF_INIT;
	const char *text;
	size_t start;

	rv_source_line(&line, f->cli->text, f->cli->len, cmd->loc.line);
	text = rv_buf_text(&line);
	if (text && *text == '[' && strchr(text, ']'))
		text = strchr(text, ']') + 1 + strspn(strchr(text, ']') + 1, " \t");
	rv_buf_printf(&f->out, "# -t %s ", cmd->table->name);
	start = f->out.len;
	rv_buf_puts(&f->out, text ? text : "");
	if (rv_buf_ok(&f->out))
		put_harmless(&f->out, start);
	rv_buf_puts(&f->out, " \n");
	f->out.failed |= line.failed;
	rv_buf_free(&line);
}

static void count_remark(struct file *f, const struct rv_command *cmd)
{
	unsigned int n = f->remarks.rules + f->remarks.chains;

	if (n < LINES)
		f->remarks.lines[n] = cmd->loc.line;
	if (is_rule(cmd))
		f->remarks.rules++;
	else
		f->remarks.chains++;
}

static int translate_command(struct rv_command *cmd, const struct rv_options *opts, void *arg,
			     struct rv_error *err)
{
	struct file *f = arg;
	enum outcome outcome = SAID;

	(void)opts;
	rv_cli_progress_at(&f->progress, cmd->loc.line);
	f->rules += is_rule(cmd);
	if (cmd->kind == RV_CMD_POLICY && cmd->placed)
		translate_base(f, cmd);
	else if (cmd->kind != RV_CMD_DECLARE)
		outcome = translate(&f->out, cmd, f->cli->family, &f->sets);
	else if (rv_text_is_name(cmd->chain))
		translate_chain(f, cmd);
	else
		outcome = NO_WORDS;
	if (outcome == NO_WORDS) {
		put_line(f, cmd);
		count_remark(f, cmd);
	}
	if (outcome != NO_SUCH_COMMAND)
		return 0;
	return rv_fail(err, RV_ERR_STATE, &cmd->loc, NOT_IMPLEMENTED);
}

static int translate_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	(void)loc;
	(void)arg;
	(void)err;
	return 0;
}

static void put_date(struct file *f, const char *what)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32] = "";

	if (localtime_r(&now, &tm))
		strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
	rv_buf_printf(&f->out, "# %s on %s\n", what, text);
}

/* "1 of 7 rules is only a comment in the output: nft has no words for it (line 3)" */
static void tell_remarks(const struct file *f)
{
	unsigned int n = f->remarks.rules + f->remarks.chains;
	struct rv_buf b = RV_BUF_INIT;

	if (f->remarks.rules)
		rv_buf_printf(&b, "%u of %u rules", f->remarks.rules, f->rules);
	if (f->remarks.chains)
		rv_buf_printf(&b, "%s%u chain%s", b.len ? " and " : "", f->remarks.chains,
			      f->remarks.chains > 1 ? "s" : "");
	rv_buf_printf(&b, " %s: nft has no equivalent for %s (line%s",
		      f->strict ? "cannot be translated" : (n > 1 ? "are only comments in the output" : "is only a comment in the output"),
		      n > 1 ? "them" : "it", n > 1 ? "s" : "");
	for (unsigned int i = 0; i < n && i < LINES; i++)
		rv_buf_printf(&b, "%s %u", i ? "," : "", f->remarks.lines[i]);
	rv_buf_puts(&b, n > LINES ? ", ...)" : ")");
	rv_cli_message("%s: %s", f->cli->name, rv_buf_text(&b) ? rv_buf_text(&b) : "out of memory");
	rv_buf_free(&b);
}

/* Fails if the output is incomplete, since nft would load it without complaint. */
static int write_translation(const struct file *f)
{
	bool remarks = f->remarks.rules || f->remarks.chains;

	if (remarks)
		tell_remarks(f);
	return remarks && f->strict ? RV_EXIT_OTHER : rv_cli_write(f->cli, STDOUT_FILENO, &f->out);
}

static int translate_file(struct file *f)
{
	const struct rv_restore_sink sink = {
		.table = translate_table, .command = translate_command, .commit = translate_commit, .arg = f,
	};
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	char by[64];
	int rc = 0;

	snprintf(by, sizeof(by), "Translated by %s v%s", f->cli->name, RV_STOCK_VERSION);
	put_date(f, by);
	rv_cli_progress_start(&f->progress, f->cli, "lines", rv_cli_lines(f->cli));
	rc = rv_parse_restore(f->cli->text, f->cli->len, f->cli->family, &sink, &err);
	rv_cli_progress_end(&f->progress);
	if (rc < 0)
		rc = rv_cli_error(f->cli, &err);
	else
		put_date(f, "Completed");
	rv_cli_warnings(&warnings);
	return rc ? rc : write_translation(f);
}

int rv_cli_restore_translate(struct rv_cli *cli)
{
	struct file f = { .cli = cli };
	int rc, words = rv_flags_read(rv_translate_flags, cli, &f);

	if (words < 0)
		rc = rv_cli_message("Try `%s -h' for more information.", cli->name);
	else if (f.version || f.help)
		rc = rv_flags_help(cli, f.version);
	else if (cli->argc > words)
		rc = rv_cli_message("Unknown arguments found on commandline");
	else
		rc = rv_cli_read(cli, f.path, &f.input);
	if (rc == 0 && !f.version && !f.help)
		rc = translate_file(&f);
	rv_text_sets_free(&f.sets);
	rv_buf_free(&f.input);
	rv_buf_free(&f.out);
	return rc;
}
