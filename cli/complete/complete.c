/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin complete WORD...: for shell completion. Prints candidates for the last word of a command
 * line, one per line: word, tab, description. A line with only a tab means file names. Options come
 * from the parser's tables; chains, sets and interfaces from the running system.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ravelin/complete.h>

#include "cli/complete/candidates.h"
#include "cli/flags.h"
#include "cli/programs.h"
#include "cli/run/ask.h"

#define FILES "\t\n"

/* ---- offering ------------------------------------------------------------------------ */

void rv_offer(struct rv_offers *o, const char *word, const char *help)
{
	if (strncmp(word, o->part, o->len) != 0)
		return;
	rv_buf_add(&o->out, o->head, o->head_len);
	rv_buf_printf(&o->out, "%s\t%s\n", word, help ? help : "");
}

static void offer_files(struct rv_offers *o)
{
	rv_buf_puts(&o->out, FILES);
}

static void begin(struct rv_offers *o, const char *word, size_t start)
{
	o->head = word;
	o->head_len = start;
	o->part = word + start;
	o->len = strlen(o->part);
}

/* Starts after the last comma of a list. */
static void begin_item(struct rv_offers *o)
{
	const char *comma = strrchr(o->part, ',');

	if (comma)
		begin(o, o->head, (size_t)(comma + 1 - o->head));
}

/* Offers the long name of an option, and its letter if a letter is being typed. */
static void offer_option(struct rv_offers *o, char letter, const char *name, const char *help)
{
	char text[64];

	snprintf(text, sizeof(text), "--%s", name);
	rv_offer(o, text, help);
	if (!letter || o->part[0] != '-')
		return;
	snprintf(text, sizeof(text), "-%c", letter);
	rv_offer(o, text, help);
}

/* ---- iptables ----------------------------------------------------------------------------- */

static void offer_core(struct rv_offers *o, const struct rv_completion *c)
{
	for (const struct rv_core_option *row = rv_core_options; row->name; row++) {
		if (row->command != RV_CMD_NONE && c->command)
			continue;
		if (c->command && row->commands && !(row->commands & 1U << c->command->command))
			continue;
		offer_option(o, row->letter, row->name, row->help);
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
			offer_option(o, row->letter, row->name, row->help);
}

static void offer_options(struct rv_offers *o, const struct rv_completion *c)
{
	for (size_t i = c->nexts; i > 0; i--)
		offer_rows(o, c, c->exts[i - 1]);
	offer_core(o, c);
	if (rv_completion_has_rule(c))
		offer_rows(o, c, &rv_ext_ip);
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
			rv_offer(o, "ACCEPT", "accept the packet");
			rv_offer(o, "DROP", "drop the packet");
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
	static const struct {
		const char *name, *help;
	} verdicts[] = {
		{ "ACCEPT", "accept the packet" },
		{ "DROP", "drop the packet" },
		{ "QUEUE", "pass the packet to a program" },
		{ "RETURN", "return to the calling chain" },
	};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		rv_offer(o, verdicts[i].name, verdicts[i].help);
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
	begin(o, words[count - 1], c.start);
	if (c.core)
		offer_argument(o, &c);
	else if (c.opt)
		offer_value(o, &c);
	if (c.option)
		offer_options(o, &c);
}

/* ---- other programs ------------------------------------------------------------------------ */

static const struct rv_flag *find_flag(const struct rv_flag *flags, const char *word)
{
	if (word[0] != '-' || !word[1])
		return NULL;
	for (; flags->name; flags++)
		if (word[1] == '-' ? strcmp(flags->name, word + 2) == 0
				   : flags->letter == word[strlen(word) - 1])
			return flags;
	return NULL;
}

static void offer_assumption(void *arg, const char *name, const char *help)
{
	char word[64];

	snprintf(word, sizeof(word), "%s=", name);
	rv_offer(arg, word, help);
}

/*
 * A packet is described by options of a rule, in a chain without the restrictions of base chains.
 */
static void offer_packet(struct rv_offers *o, const struct rv_program *p, int count, char **words)
{
	char **rule = calloc((size_t)count + 3, sizeof(*rule));

	if (!rule)
		return;
	rule[0] = words[0];
	rule[1] = (char *)"-A";
	rule[2] = (char *)"packet";
	memcpy(rule + 3, words + 1, ((size_t)count - 1) * sizeof(*rule));
	rv_offer_words(o, p->family, count + 2, rule);
	free(rule);
}

static void complete_flags(struct rv_offers *o, const struct rv_program *p, int count, char **words)
{
	const char *word = words[count - 1];
	const struct rv_flag *f = count > 2 ? find_flag(p->flags, words[count - 2]) : NULL;

	begin(o, word, 0);
	if (f && (f->takes == RV_FLAG_ARG || f->takes == RV_FLAG_MANY)) {
		if (strcmp(f->arg, "TABLE") == 0)
			for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
				rv_offer(o, def->name, "table");
		else if (strcmp(f->arg, "FILE") == 0 || strcmp(f->arg, "IN") == 0)
			offer_files(o);
		else if (strcmp(f->arg, "NAME=VALUE") == 0)
			rv_assume_names(p->family, offer_assumption, o);
		else if (strcmp(f->arg, "NAME") == 0)
			rv_offer_interfaces(o);
		return;
	}
	if (p->run == rv_cli_explain) {
		offer_packet(o, p, count, words);
		if (word[0] && word[0] != '-')
			return;
	}
	if (p->run == rv_cli_diff || p->run == rv_cli_lint || p->run == rv_cli_optimize)
		rv_offer(o, "live", "the loaded rules");
	if (word[0] != '-')
		offer_files(o);
	if (!word[0] || word[0] == '-')
		for (const struct rv_flag *row = p->flags; row->name; row++)
			offer_option(o, row->letter, row->name, row->help);
}

/* ---- ravelin itself --------------------------------------------------------------------------- */

static void complete_program(struct rv_offers *o, const char *word, const char *before)
{
	begin(o, word, 0);
	if (strcmp(before, "--backend") == 0) {
		for (const struct rv_backend *const *b = rv_backends; *b; b++)
			rv_offer(o, (*b)->name, "backend");
		return;
	}
	for (const struct rv_program *p = rv_programs; p->name; p++)
		if (p->help)
			rv_offer(o, p->name, p->help);
	rv_offer(o, "--backend", "select the backend");
	rv_offer(o, "--version", "print the version");
	rv_offer(o, "--help", "list the programs");
}

static void complete(struct rv_offers *o, int count, char **words)
{
	const char *spec = o->spec;
	const struct rv_program *p = rv_program_find(words[0], &spec);
	int at = 0;

	while (!p && at + 2 < count) {
		at += strcmp(words[at + 1], "--backend") == 0 ? 2 : 1;
		if (at + 1 < count && words[at][0] != '-')
			p = rv_program_find(words[at], &spec);
		if (at + 1 < count && strcmp(words[at - 1], "--backend") == 0) {
			o->spec = words[at];
			p = NULL;
		}
	}
	if (!o->spec)
		o->spec = spec;
	if (!p)
		complete_program(o, words[count - 1], count > 1 ? words[count - 2] : "");
	else if (p->flags)
		complete_flags(o, p, count - at, words + at);
	else if (count - at > 1)
		rv_offer_words(o, p->family, count - at, words + at);
}

int rv_cli_complete(struct rv_cli *cli)
{
	struct rv_offers o = { .spec = cli->spec };
	int first = cli->argc > 1 && strcmp(cli->argv[1], "--") == 0 ? 2 : 1, rc;

	if (first < cli->argc - 1)
		complete(&o, cli->argc - first, cli->argv + first);
	rc = rv_cli_write(cli, STDOUT_FILENO, &o.out);
	rv_buf_free(&o.out);
	return rc;
}
