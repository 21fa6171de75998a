/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin complete WORD...: for shell completion. Prints candidates for the last word of a command
 * line, one per line: word, tab, description. A line with only a tab means file names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/complete/candidates.h"
#include "cli/flags.h"
#include "cli/programs.h"
#include "cli/run/ask.h"

#define FILES "\t\n"

static void offer_files(struct rv_offers *o)
{
	rv_buf_puts(&o->out, FILES);
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

static bool has_operand(const struct rv_program *p, const char *name)
{
	return p->operand && strstr(p->operand, name);
}

static void complete_flags(struct rv_offers *o, const struct rv_program *p, int count, char **words)
{
	const char *word = words[count - 1];
	const struct rv_flag *f = count > 2 ? find_flag(p->flags, words[count - 2]) : NULL;

	rv_offers_start(o, word, 0);
	if (f && (f->takes == RV_FLAG_ARG || f->takes == RV_FLAG_MANY)) {
		if (strcasecmp(f->arg, "TABLE") == 0)
			for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
				rv_offer(o, def->name, "table");
		else if (strncasecmp(f->arg, "FILE", 4) == 0 || strcmp(f->arg, "IN") == 0)
			offer_files(o);
		else if (strcmp(f->arg, "NAME=VALUE") == 0)
			rv_assume_names(p->family, offer_assumption, o);
		else if (strcmp(f->arg, "NAME") == 0)
			rv_offer_interfaces(o);
		return;
	}
	if (has_operand(p, "PACKET")) {
		offer_packet(o, p, count, words);
		if (word[0] && word[0] != '-')
			return;
	}
	if (has_operand(p, "live"))
		rv_offer(o, "live", "the loaded rules");
	if (word[0] != '-')
		offer_files(o);
	if (!word[0] || word[0] == '-')
		for (const struct rv_flag *row = p->flags; row->name; row++)
			rv_offer_option(o, row->letter, row->name, row->help);
}

/* ---- ravelin itself --------------------------------------------------------------------------- */

static void complete_program(struct rv_offers *o, const struct rv_program *programs, const char *word,
			     const char *before)
{
	rv_offers_start(o, word, 0);
	if (strcmp(before, "--backend") == 0) {
		for (const struct rv_backend *const *b = rv_backends; *b; b++)
			rv_offer(o, (*b)->name, "backend");
		return;
	}
	for (const struct rv_program *p = programs; p->name; p++)
		if (p->help)
			rv_offer(o, p->name, p->help);
	rv_offer(o, "--backend", "select the backend");
	rv_offer(o, "--version", "print the version");
	rv_offer(o, "--help", "list the programs");
}

static void complete(struct rv_offers *o, const struct rv_program *programs, int count, char **words)
{
	const char *spec = o->spec;
	const struct rv_program *p = rv_program_find(programs, words[0], &spec);
	int at = 0;

	while (!p && at + 2 < count) {
		at += strcmp(words[at + 1], "--backend") == 0 ? 2 : 1;
		if (at + 1 < count && words[at][0] != '-')
			p = rv_program_find(programs, words[at], &spec);
		if (at + 1 < count && strcmp(words[at - 1], "--backend") == 0) {
			o->spec = words[at];
			p = NULL;
		}
	}
	if (!o->spec)
		o->spec = spec;
	if (!p)
		complete_program(o, programs, words[count - 1], count > 1 ? words[count - 2] : "");
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
		complete(&o, cli->programs, cli->argc - first, cli->argv + first);
	rc = rv_cli_write(cli, STDOUT_FILENO, &o.out);
	rv_buf_free(&o.out);
	return rc;
}
