/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Core commands and options: one row each, with the function that applies it to the command being
 * built. Error messages are those of iptables; see iptables(8) for the options.
 */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "parser/parse.h"

#define ON(kind) (1u << RV_CMD_##kind)
#define ON_RULES (ON(APPEND) | ON(INSERT) | ON(REPLACE) | ON(DELETE) | ON(CHECK))

/* Reports an error whose format has the argument's text as its only parameter. */
#define FAIL_AT(p, arg, text_of) rv_usage(p, &(arg)->loc, text_of, (arg)->text)

/* ---- commands ------------------------------------------------------------- */

static char command_letter(enum rv_command_kind kind)
{
	const struct rv_core_option *o = rv_core_options;

	if (kind == RV_CMD_DELETE_NUM)
		kind = RV_CMD_DELETE;
	while (o->name && o->command != kind)
		o++;
	return o->letter;
}

/* Commands that may be combined with -Z, in either order. */
static bool goes_with_zero(enum rv_command_kind kind)
{
	return kind == RV_CMD_LIST || kind == RV_CMD_LIST_RULES;
}

static int set_command(struct rv_parser *p, const struct rv_core_option *o,
		       const struct rv_loc *loc)
{
	struct rv_command *cmd = p->cmd;
	enum rv_command_kind new = o->command;

	if (p->invert)
		return rv_usage(p, &p->not_loc, "unexpected '!' flag");
	if (cmd->kind == RV_CMD_NONE) {
		cmd->kind = new;
	} else if (!cmd->zero && new == RV_CMD_ZERO && goes_with_zero(cmd->kind)) {
		cmd->zero = true;
	} else if (cmd->kind == RV_CMD_ZERO && goes_with_zero(new)) {
		cmd->kind = new;
		cmd->zero = true;
	} else {
		return rv_usage(p, loc, "Cannot use -%c with -%c", o->letter,
				command_letter(cmd->kind));
	}
	cmd->loc = *loc;
	return 0;
}

/* Copies the name only; its length is checked when the line is complete. */
static void set_chain(struct rv_parser *p, const struct rv_arg *arg)
{
	p->chain = *arg;
	p->cmd->chain_loc = arg->loc;
	rv_chain_name_set(p->cmd->chain, arg->text);
}

/* 1 to INT_MAX. As in iptables, 010 is 8 and 0x10 is 16, except for -D. */
static int set_number(struct rv_parser *p, const struct rv_core_option *o, const struct rv_arg *arg)
{
	const char *s = arg->text;
	unsigned long long n;
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	n = strtoull(s, &end, p->cmd->kind == RV_CMD_DELETE_NUM ? 10 : 0);
	if (p->cmd->kind == RV_CMD_DELETE_NUM && strchr(s, ':'))
		return rv_usage(p, &arg->loc, "Rule ranges are not supported");
	if (*s == '-' || end == s || *end || !n || n > INT_MAX)
		return FAIL_AT(p, arg, "Invalid rule number `%s'");
	p->cmd->number = n;
	p->cmd->zero_one = o->command == RV_CMD_ZERO;
	p->cmd->zero_only = p->cmd->zero_one && p->cmd->zero;
	return 0;
}

/* -A -C -D -I -L -S -F -Z -X: a chain and optionally a number. */
static int run_command(struct rv_parser *p, const struct rv_core_option *o,
		       const struct rv_arg args[2])
{
	if (set_command(p, o, &p->at_option))
		return -1;
	if (!args[0].text)
		return 0;
	set_chain(p, &args[0]);
	if (!args[1].text)
		return o->command == RV_CMD_REPLACE ?
			rv_usage(p, &p->at_option, "-R requires a rule number") : 0;
	if (p->cmd->kind == RV_CMD_DELETE)
		p->cmd->kind = RV_CMD_DELETE_NUM;
	return set_number(p, o, &args[1]);
}

int rv_core_chain_length(struct rv_parser *p, const struct rv_arg *name)
{
	if (strlen(name->text) < RV_CHAIN_NAME_LEN)
		return 0;
	return rv_usage(p, &name->loc, "chain name `%s' too long (must be under %u chars)",
			name->text, RV_CHAIN_NAME_LEN);
}

int rv_core_new_chain(struct rv_parser *p, const struct rv_arg *name, bool extensions)
{
	const char *s = name->text;

	if (rv_core_chain_length(p, name))
		return -1;
	if (*s == '-' || *s == '!')
		return rv_usage(p, &name->loc, "chain name not allowed to start with `%c'", *s);
	if (!*s || rv_verdict_find(s) != RV_VERDICT_NONE ||
	    (extensions && rv_ext_find(RV_TARGET, p->family, s)))
		return rv_usage(p, &name->loc, "chain name may not clash with target name");
	for (; *s; s++)
		if (isspace((unsigned char)*s))
			return FAIL_AT(p, name, "Invalid chain name `%s'");
	return 0;
}

static int run_new_chain(struct rv_parser *p, const struct rv_core_option *o,
			 const struct rv_arg args[2])
{
	if (rv_core_new_chain(p, &args[0], true))
		return -1;
	return run_command(p, o, args);
}

static int run_rename(struct rv_parser *p, const struct rv_core_option *o,
		      const struct rv_arg args[2])
{
	if (set_command(p, o, &p->at_option))
		return -1;
	set_chain(p, &args[0]);
	if (!args[1].text)
		return rv_usage(p, &p->at_option, "-E requires old-chain-name and new-chain-name");
	if (rv_core_new_chain(p, &args[1], true))
		return -1;
	rv_chain_name_set(p->cmd->new_name, args[1].text);
	return 0;
}

static int run_policy(struct rv_parser *p, const struct rv_core_option *o,
		      const struct rv_arg args[2])
{
	if (set_command(p, o, &p->at_option))
		return -1;
	set_chain(p, &args[0]);
	if (!args[1].text)
		return rv_usage(p, &p->at_option, "-P requires a chain and a policy");
	p->cmd->policy = rv_verdict_find(args[1].text);
	p->cmd->policy_name = args[1].text;
	return 0;
}

/* The position is compared with the default once the line is complete. */
static int run_base(struct rv_parser *p, const struct rv_core_option *o,
		    const struct rv_arg args[2])
{
	(void)o;
	if (!rv_base_at_read(&p->cmd->at, args->text))
		return rv_usage(p, &args->loc, "--base is \"type TYPE hook HOOK priority NUMBER\" or "
				"\"none\", not \"%s\"", args->text);
	p->cmd->placed = true;
	return 0;
}

/* ---- jumps ---------------------------------------------------------------- */

/* A plugin that exists but cannot be loaded is an error, not an unknown name. */
static int broken_object(struct rv_parser *p, const struct rv_arg *name, const char *kind)
{
	return rv_usage(p, &name->loc, "Couldn't load %s `%s': %s", kind, name->text,
			rv_plugin_error(name->text));
}

static int run_match(struct rv_parser *p, const struct rv_core_option *o,
		     const struct rv_arg args[2])
{
	const struct rv_ext *ext;

	(void)o;
	if (strlen(args->text) >= RV_CHAIN_NAME_LEN)
		return rv_usage(p, &args->loc,
				"Invalid match name \"%s\" (%u chars max)", args->text,
				RV_CHAIN_NAME_LEN - 1);
	ext = rv_ext_find(RV_MATCH, p->family, args->text);
	if (!ext && rv_plugin_error(args->text))
		return broken_object(p, args, "match");
	if (!ext)
		return FAIL_AT(p, args, "Couldn't load match `%s':No such file or directory\n");
	return rv_rule_match(p, ext, &args->loc);
}

static int check_target_name(struct rv_parser *p, const struct rv_arg *name)
{
	size_t len = strlen(name->text);

	if (!len)
		return rv_usage(p, &name->loc, "Invalid target name (too short)");
	if (len >= RV_CHAIN_NAME_LEN)
		return rv_usage(p, &name->loc,
				"Invalid target name `%s' (%u chars max)", name->text,
				RV_CHAIN_NAME_LEN - 1);
	for (const char *s = name->text; *s; s++)
		if (isspace((unsigned char)*s))
			return FAIL_AT(p, name, "Invalid target name `%s'");
	return 0;
}

/* -j: a verdict, a target, or else a chain. -g: a chain. The store checks that the chain exists. */
static int run_jump(struct rv_parser *p, const struct rv_core_option *o,
		    const struct rv_arg args[2])
{
	bool jump = o->letter == 'j';
	enum rv_verdict verdict;
	const struct rv_ext *ext;

	if (check_target_name(p, args))
		return -1;
	p->jump = *args;
	p->cmd->jump_loc = args->loc;
	verdict = jump ? rv_verdict_find(args->text) : RV_VERDICT_NONE;
	p->rule->verdict = verdict;
	if (verdict != RV_VERDICT_NONE)
		return 0;
	ext = jump ? rv_ext_find(RV_TARGET, p->family, args->text) : NULL;
	if (ext)
		return rv_rule_target(p, ext, &args->loc);
	if (jump && rv_plugin_error(args->text))
		return broken_object(p, args, "target");
	p->rule->verdict = jump ? RV_VERDICT_JUMP : RV_VERDICT_GOTO;
	rv_chain_name_set(p->rule->jump, args->text);
	return 0;
}

bool rv_read_count(const char *text, uint64_t *n, const char **end)
{
	char *stop;

	*n = strtoull(text, &stop, 10);
	*end = stop;
	return stop != text;
}

/* "-c packets bytes" or "-c packets,bytes". */
static int run_counters(struct rv_parser *p, const struct rv_core_option *o,
			const struct rv_arg args[2])
{
	const char *comma = strchr(args->text, ',');
	const char *bytes = comma ? comma + 1 : args[1].text, *end;

	(void)o;
	if (!bytes)
		return rv_usage(p, &args->loc, "--set-counters requires packet and byte counter");
	p->rule->counted = true;
	if (!rv_read_count(args->text, &p->rule->counters.packets, &end))
		return rv_usage(p, &args->loc, "--set-counters packet counter not numeric");
	if (!rv_read_count(bytes, &p->rule->counters.bytes, &end))
		return rv_usage(p, args[1].text ? &args[1].loc : &args->loc,
				"--set-counters byte counter not numeric");
	return comma && args[1].text ? rv_line_stray(p, &args[1]) : 0;
}

/* ---- other options -------------------------------------------------------- */

static int run_table(struct rv_parser *p, const struct rv_core_option *o,
		     const struct rv_arg args[2])
{
	(void)o;
	if (p->sink)
		return rv_usage(p, &p->at_option,
				"The -t option cannot be used in %s.\n", rv_line_program(p));
	p->table = *args;
	return 0;
}

#define MAX_INTERVAL 999999	/* microseconds */

/* Parses -w and -W like scanf's %i: ignores anything after the digits. */
static bool read_seconds(const char *text, unsigned int *n)
{
	char *end;
	long value = strtol(text, &end, 0);

	*n = value <= 0 ? 0 : (unsigned long)value < UINT_MAX ? (unsigned int)value : UINT_MAX;
	return end != text && value >= 0;
}

static int run_wait(struct rv_parser *p, const struct rv_core_option *o,
		    const struct rv_arg args[2])
{
	unsigned int n = 0;
	bool interval = o->letter == 'W';

	if (p->sink)
		return rv_usage(p, &p->at_option, "You cannot use `-%c' from iptables-restore",
				o->letter);
	if (args->text && !read_seconds(args->text, &n))
		return rv_usage(p, &args->loc, "wait %s not numeric",
				interval ? "interval" : "seconds");
	if (!interval) {
		/* 0 seconds means not to wait. */
		p->opts->wait = !args->text || n;
		p->opts->wait_seconds = n;
		p->opts->at_once = args->text && !n;
		return 0;
	}
	if (!args->text)
		return rv_usage(p, &p->at_option, "wait interval value required");
	if (n > MAX_INTERVAL)
		return rv_usage(p, &args->loc, "too long usec wait %u > %u usec", n, MAX_INTERVAL);
	rv_warn(p->err, "Ignoring deprecated --wait-interval option.");
	p->opts->wait_interval = true;
	p->interval_loc = p->at_option;
	return 0;
}

/* -4 and -6 for the other family: skips a line of a file, but is an error on a command line. */
static int run_family(struct rv_parser *p, const struct rv_core_option *o,
		      const struct rv_arg args[2])
{
	rv_family_t family = o->letter == '4' ? NFPROTO_IPV4 : NFPROTO_IPV6;

	(void)args;
	if (family == p->family)
		return 0;
	if (p->sink) {
		p->opts->skip = true;
		p->stop = true;
		return 0;
	}
	rv_fail(p->err, RV_ERR_BARE, &p->at_option, "%s", "");
	return rv_hint(p->err, "%s works on %s", rv_line_program(p), rv_family(p->family)->name);
}

static void add_help(struct rv_options *opts, const struct rv_ext *ext)
{
	if (ext && opts->nhelp < RV_HELP_MAX)
		opts->help_exts[opts->nhelp++] = ext;
}

/* The target, then the matches in order; -p tcp loads its match if there is none. */
static void find_help(struct rv_parser *p)
{
	struct rv_options *opts = p->opts;
	unsigned int targets;

	if (p->rule->target)
		add_help(opts, p->rule->target->ext);
	targets = opts->nhelp;
	for (size_t i = 0; i < p->nslots; i++)
		if (p->slot[i].ext->kind == RV_MATCH)
			add_help(opts, p->slot[i].ext);
	if (opts->nhelp == targets && p->rule->ip.flags & RV_IP_PROTO)
		add_help(opts, rv_ext_for_protocol(p->family, p->rule->ip.proto));
}

static int run_flag(struct rv_parser *p, const struct rv_core_option *o,
		    const struct rv_arg args[2])
{
	struct rv_options *opts = p->opts;

	(void)args;
	if (o->letter == 'v') {
		opts->verbose++;
		opts->verbose_list = true;
	} else if (o->letter == 'V' || o->letter == 'h') {
		opts->version = o->letter == 'V';
		opts->help = o->letter == 'h';
		if (opts->help)
			find_help(p);
		p->stop = true;
	} else if (o->letter == 'M') {
		opts->modprobe = true;
	} else {
		opts->numeric |= o->once == 'n';
		opts->exact |= o->once == 'x';
		opts->line_numbers |= o->once == '0';
	}
	return 0;
}

/* ---- rows ----------------------------------------------------------------- */

#define COMMAND(word, c, kind, args, how, argument, text)			\
	{ .name = word, .letter = c, .arity = RV_ARGS_##args, .command = RV_CMD_##kind,	\
	  .run = how, .arg = argument, .help = text }

#define ONCE(word, c, id, args, on, how, argument, text)			\
	{ .name = word, .letter = c, .arity = RV_ARGS_##args, .once = id, \
	  .bang = RV_BANG_CANNOT, .commands = on, .run = how, .arg = argument, .help = text }

#define OPTION(word, c, invert, args, how, argument, text)			\
	{ .name = word, .letter = c, .bang = RV_BANG_##invert, .arity = RV_ARGS_##args, \
	  .run = how, .arg = argument, .help = text }

const struct rv_core_option rv_core_options[] = {
	COMMAND("append", 'A', APPEND, ONE, run_command, "chain rule", "append a rule"),
	COMMAND("check", 'C', CHECK, ONE, run_command, "chain rule", "check whether a rule exists"),
	COMMAND("delete", 'D', DELETE, ONE_OPT, run_command, "chain rule | chain rulenum",
		"delete the first matching rule, or a rule by number"),
	COMMAND("insert", 'I', INSERT, ONE_OPT, run_command, "chain [rulenum] rule",
		"insert a rule at a number (default 1)"),
	COMMAND("replace", 'R', REPLACE, ONE_OPT, run_command, "chain rulenum rule",
		"replace a rule"),
	COMMAND("list", 'L', LIST, OPT_OPT, run_command, "[chain [rulenum]]",
		"list the rules of a chain or of all chains"),
	COMMAND("list-rules", 'S', LIST_RULES, OPT_OPT, run_command, "[chain [rulenum]]",
		"print rules as commands"),
	COMMAND("flush", 'F', FLUSH, OPT, run_command, "[chain]",
		"delete all rules of a chain or of all chains"),
	COMMAND("zero", 'Z', ZERO, OPT_OPT, run_command, "[chain [rulenum]]",
		"zero counters"),
	COMMAND("new-chain", 'N', NEW_CHAIN, ONE, run_new_chain, "chain", "create a user-defined chain"),
	COMMAND("delete-chain", 'X', DELETE_CHAIN, OPT, run_command, "[chain]",
		"delete a user-defined chain, or all of them"),
	COMMAND("rename-chain", 'E', RENAME, ONE_OPT, run_rename, "old-chain new-chain",
		"rename a user-defined chain"),
	COMMAND("policy", 'P', POLICY, ONE_OPT, run_policy, "chain target",
		"set the default for packets that no rule decided"),
	ONCE("jump", 'j', 'j', ONE, ON_RULES, run_jump, "target",
	     "what to do with the packet: a verdict, target or chain"),
	ONCE("goto", 'g', 'j', ONE, ON_RULES, run_jump, "chain",
	     "continue in a chain without returning"),
	OPTION("match", 'm', UNEXPECTED, ONE, run_match, "match",
	       "load a match; its options follow"),
	ONCE("set-counters", 'c', 'c', ONE_OPT,
	     ON(APPEND) | ON(INSERT) | ON(REPLACE) | ON(POLICY), run_counters, "packets bytes",
	     "initial counters of the rule"),
	ONCE("base", 0, 'b', ONE, ON(POLICY), run_base, "place",
	     "place of the chain if it differs from that of iptables"),
	OPTION("table", 't', UNEXPECTED, ONE, run_table, "table", "table to use (default filter)"),
	OPTION("verbose", 'v', CANNOT, NONE, run_flag, NULL, "print details"),
	ONCE("numeric", 'n', 'n', NONE, ON(LIST), run_flag, NULL,
	     "print addresses and ports as numbers"),
	ONCE("exact", 'x', 'x', NONE, ON(LIST), run_flag, NULL, "print exact counters"),
	ONCE("line-numbers", 0, '0', NONE, ON(LIST), run_flag, NULL,
	     "print rule numbers"),
	OPTION("wait", 'w', IGNORED, OPT, run_wait, "[seconds]", "seconds to retry if other programs change the rules"),
	OPTION("wait-interval", 'W', IGNORED, OPT, run_wait, "usecs", "ignored"),
	OPTION("modprobe", 'M', IGNORED, ONE, run_flag, "command", "ignored"),
	OPTION("ipv4", '4', IGNORED, NONE, run_family, NULL, "the rule is for IPv4 only"),
	OPTION("ipv6", '6', IGNORED, NONE, run_family, NULL, "the rule is for IPv6 only"),
	OPTION("help", 'h', IGNORED, NONE, run_flag, NULL,
	       "print this help, and the options of -m, -j and -p"),
	OPTION("version", 'V', IGNORED, NONE, run_flag, NULL, "print the version"),
	{ .name = NULL },
};
