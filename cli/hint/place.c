/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands, chains and tables: missing, in another table, or not allowed here. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter_ipv4.h>

#include <ravelin/hooks.h>

#include "cli/hint/hint.h"

/* ---- tables ------------------------------------------------------------------------------- */

/* The same line for another table. */
static struct rv_hint_line for_table(const struct rv_hint_line *l, const char *table)
{
	size_t at = rv_hint_find(l, "-t", "--table");

	if (at && at + 1 < l->count)
		return rv_hint_put(l, at + 1, table);
	return rv_hint_insert(l, l->first, "-t", table);
}

/* A chain or rule that exists in another table. */
static void other_table(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role = rv_hint_role(c->line, c->at);
	size_t command = rv_hint_command(c->line);
	bool chain = role.core && !role.arg && c->at && role.core->letter != 't' &&
		     role.core->letter != 'm' && role.core->command != RV_CMD_NEW_CHAIN;

	if (h->file || !command || !(chain || (c->at == command && c->trial->err.kind == RV_ERR_STATE)) ||
	    (chain && rv_hint_is_target(c->line->family, c->line->word[c->at])))
		return;
	if (command + 2 < c->line->count && isdigit((unsigned char)c->line->word[command + 2][0]))
		return;
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++) {
		struct rv_hint_line l = for_table(c->line, def->name);

		if (!strcmp(def->name, rv_hint_table(c->line)))
			continue;
		if (chain)
			rv_hint_propose(h, c, NULL, &l, "Chain %s is in table %s: add -t %s.",
					c->line->word[c->at], def->name, def->name);
		else
			rv_hint_propose(h, c, NULL, &l, "The rule exists in table %s: add -t %s.",
					def->name, def->name);
	}
}

/* ---- restrictions to tables and chains ------------------------------------------------------- */

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at && *at; at += strcspn(at, " "), at += *at == ' ')
		if (!strncmp(at, word, len) && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

/* Index of the command's chain. */
static size_t chain_word(const struct rv_hint_line *l)
{
	size_t command = rv_hint_command(l);

	return command && command + 1 < l->count ? command + 1 : 0;
}

/* Order of proposals: in order of traversal, but accepting and dropping before routing. */
static const char *const preferred[] = {
	RV_CHAIN_PRE_ROUTING, RV_CHAIN_POST_ROUTING, RV_CHAIN_FORWARD, RV_CHAIN_LOCAL_OUT, RV_CHAIN_LOCAL_IN
};

static uint32_t hook_of(const struct rv_table_def *def, const char *chain)
{
	for (unsigned int i = 0; i < def->nbase; i++)
		if (!strcmp(def->base[i].name, chain))
			return 1U << def->base[i].hook;
	return 0;
}

static uint32_t hooks_of(const struct rv_hint_trial *t)
{
	uint32_t hooks = rv_ext_only(t->ext)->hooks ? rv_ext_only(t->ext)->hooks : UINT32_MAX;
	uint32_t only = t->misplaced.opt ? rv_option_only(t->misplaced.opt)->hooks : 0;

	return only ? hooks & only : hooks;
}

const char *rv_hint_chains(struct rv_hint *h, const struct rv_table_def *def, uint32_t hooks,
			   const char *last_word)
{
	const char *text = "", *last = NULL;

	for (unsigned int i = 0; i < def->nbase; i++) {
		if (!(1U << def->base[i].hook & hooks))
			continue;
		if (last)
			text = rv_hint_text(h, "%s%s%s", text, *text ? ", " : "", last);
		last = def->base[i].name;
	}
	return *text ? rv_hint_text(h, "%s %s %s", text, last_word, last)
		     : rv_hint_text(h, "%s", last ? last : "");
}

static void propose_place(struct rv_hint *h, const struct rv_hint_case *c, const char *what,
			  const struct rv_table_def *def, const char *chain)
{
	size_t at = chain_word(c->line);
	bool same_table = !strcmp(def->name, rv_hint_table(c->line));
	struct rv_hint_line l = rv_hint_put(c->line, at, chain);

	if (!same_table)
		l = for_table(&l, def->name);
	if (same_table)
		rv_hint_propose(h, c, NULL, &l, "%s works only in %s.", what,
				rv_hint_chains(h, def, hooks_of(c->trial), "or"));
	else
		rv_hint_propose(h, c, NULL, &l, "%s works only in table %s, chain %s: add -t %s.",
				what, def->name, rv_hint_chains(h, def, hooks_of(c->trial), "or"), def->name);
}

/* In the chain of that name, if allowed; else in another one. */
static void places_of_table(struct rv_hint *h, const struct rv_hint_case *c, const char *what,
			    const struct rv_table_def *def)
{
	const char *chain = c->line->word[chain_word(c->line)];
	uint32_t hooks = hooks_of(c->trial);

	if (hook_of(def, chain) & hooks)
		propose_place(h, c, what, def, chain);
	for (size_t i = 0; i < sizeof(preferred) / sizeof(*preferred); i++)
		if (hook_of(def, preferred[i]) & hooks)
			propose_place(h, c, what, def, preferred[i]);
}

/* Marks where the match or target is named. */
static void mark_part(struct rv_hint *h, const struct rv_hint_case *c)
{
	for (size_t i = c->line->first; i < c->line->count; i++)
		if (!strcmp(c->line->word[i], c->trial->ext->name))
			rv_hint_mark(h, c, i);
}

/* Whether a previous step changed the table. */
static bool table_was_changed(const struct rv_hint *h, const struct rv_hint_line *l)
{
	const char *table = "filter";

	for (int i = 1; !h->file && i + 1 < h->cli->argc; i++)
		if (!strcmp(h->cli->argv[i], "-t") || !strcmp(h->cli->argv[i], "--table"))
			table = h->cli->argv[i + 1];
	return !h->file && strcmp(table, rv_hint_table(l)) != 0;
}

static void misplaced(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t said = h->said.len;
	const struct rv_misplaced *m = &c->trial->misplaced;
	const char *tables = m->tables ? m->tables : rv_hint_table(c->line), *what;

	if (!c->trial->ext || !(m->tables || m->hooks) || !chain_word(c->line))
		return;
	what = rv_hint_text(h, "%s%s%s", c->trial->ext->name, m->opt ? " --" : "",
			    m->opt ? m->opt->name : "");
	mark_part(h, c);
	if (h->depth && table_was_changed(h, c->line))
		h->said.len = 0;	/* the table was not the problem */
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		if (has_word(tables, def->name) && (!h->file || def == h->def))
			places_of_table(h, c, what, def);
	h->said.len = said;
}

/* -i without an input interface at the hook, -o without an output interface. */
static void interface(struct rv_hint *h, const struct rv_hint_case *c)
{
	const char *word = c->line->word[c->at];
	bool in = !strcmp(word, "-i") || !strcmp(word, "--in-interface");
	size_t at = chain_word(c->line);
	struct rv_hint_line l;

	if (c->at < c->line->first || !at || !(in || !strcmp(word, "-o") || !strcmp(word, "--out-interface")))
		return;
	l = rv_hint_put(c->line, c->at, in ? "-o" : "-i");
	rv_hint_propose(h, c, NULL, &l, "Packets in %s have no %s interface: use %s.",
			c->line->word[at], in ? "incoming" : "outgoing", in ? "-o" : "-i");
}

/* ---- commands ------------------------------------------------------------------------------------ */

static const struct rv_core_option *command_row(const struct rv_hint_line *l, size_t at)
{
	const char *word = l->word[at];

	if (!at || word[0] != '-' || !word[1])
		return NULL;
	for (const struct rv_core_option *o = rv_core_options; o->name; o++)
		if (word[1] == '-' ? !strcmp(word + 2, o->name) : word[1] == o->letter)
			return o;
	return NULL;
}

/* "-P DROP INPUT", "-D 2 INPUT" */
static void swapped(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t at = rv_hint_command(c->line);
	struct rv_hint_line l;

	if (!at || at + 2 >= c->line->count || c->line->word[at + 2][0] == '-')
		return;
	l = rv_hint_put(c->line, at + 1, c->line->word[at + 2]);
	l.word[at + 2] = c->line->word[at + 1];
	rv_hint_propose(h, c, NULL, &l, "The chain comes first: %s %s %s.", l.word[at],
			l.word[at + 1], l.word[at + 2]);
}

static bool takes_no_rule(const struct rv_core_option *o)
{
	return o && (o->command == RV_CMD_LIST || o->command == RV_CMD_LIST_RULES ||
		     o->command == RV_CMD_FLUSH || o->command == RV_CMD_ZERO);
}

/* "INPUT -L", "-S -t nat POSTROUTING"; "-L nat" */
static void chain_elsewhere(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t at = rv_hint_command(c->line);
	const struct rv_core_option *o = command_row(c->line, at);
	const char *word = c->line->word[c->at], *next;
	struct rv_hint_line l;

	if (!takes_no_rule(o) || h->file || c->at < c->line->first || word[0] == '-' || word[0] == '!')
		return;
	next = at + 1 < c->line->count ? c->line->word[at + 1] : "-";
	if (c->at != at + 1 && next[0] == '-') {
		l = rv_hint_move(c->line, c->at, 1, at + 1);
		rv_hint_propose(h, c, NULL, &l, "The chain must directly follow %s.", c->line->word[at]);
	} else if (c->at == at + 1 && rv_table_def_find(word)) {
		l = rv_hint_remove(c->line, c->at, 1);
		l = for_table(&l, word);
		rv_hint_propose(h, c, NULL, &l, "%s is a table: -t %s.", word, word);
	}
}

/* Rule numbers start at 1; -I after the last position is -A. */
static void fix_rule_number(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t at = rv_hint_command(c->line);
	const struct rv_core_option *o = command_row(c->line, at);
	struct rv_hint_line l;

	if (!o || at + 2 >= c->line->count || !isdigit((unsigned char)c->line->word[at + 2][0]))
		return;
	rv_hint_mark(h, c, at + 2);
	if (!strcmp(c->line->word[at + 2], "0")) {
		l = rv_hint_put(c->line, at + 2, "1");
		rv_hint_propose(h, c, NULL, &l, "Rules are numbered from 1.");
	}
	if (o->command != RV_CMD_INSERT)
		return;
	l = rv_hint_remove(c->line, at + 2, 1);
	l.word[at] = "-A";
	rv_hint_propose(h, c, NULL, &l, "Chain %s has fewer rules: use -A to append.",
			c->line->word[at + 1]);
}

/* Policies are ACCEPT or DROP, for base chains only. */
static void policy(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t at = rv_hint_command(c->line);
	const struct rv_core_option *o = command_row(c->line, at);
	struct rv_hint_line l;

	if (!o || o->command != RV_CMD_POLICY || at + 2 >= c->line->count)
		return;
	rv_hint_mark(h, c, at + 2);
	l = rv_hint_insert(c->line, at + 2, "-j", NULL);
	l.word[at] = "-A";
	rv_hint_propose(h, c, NULL, &l,
			"Only built-in chains have a policy. For other chains, append a rule without conditions.");
}

static bool writes_rule(const struct rv_core_option *o)
{
	return o && (o->command == RV_CMD_APPEND || o->command == RV_CMD_INSERT);
}

/* "-F -X" */
static void two_commands(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t first = rv_hint_command(c->line), t = rv_hint_find(c->line, "-t", "--table");
	struct rv_hint_line one = *c->line, two;

	if (h->file || !first || c->at <= first || !command_row(c->line, c->at) ||
	    command_row(c->line, c->at)->command == RV_CMD_NONE)
		return;
	if (writes_rule(command_row(c->line, first)) && writes_rule(command_row(c->line, c->at))) {
		one = rv_hint_remove(c->line, c->at, 2);
		two = rv_hint_remove(c->line, first, 2);
		rv_hint_propose(h, c, &one, &two, "Give one command at a time.");
		return;
	}
	one.count = c->at;
	two = rv_hint_remove(c->line, first, c->at - first);
	if (t > c->at && t + 1 < c->line->count)
		one = rv_hint_insert(&one, one.first, "-t", c->line->word[t + 1]);
	rv_hint_propose(h, c, &one, &two, "Give one command at a time.");
}

/* A valid name for a user-defined chain: not a base chain of another table. */
static bool is_chain_name(const char *name)
{
	size_t len = strlen(name);

	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		if (hook_of(def, name))
			return false;
	return len && len < RV_CHAIN_NAME_LEN && *name != '-' && *name != '!';
}

/* Line of the file that creates the chain; 0: none. */
static unsigned int declared_at(const struct rv_hint *h, const char *name)
{
	const char *at = h->cli->text, *end = at + h->cli->len;
	size_t len = strlen(name);

	for (unsigned int line = 1; at < end; line++) {
		const char *newline = memchr(at, '\n', end - at);
		const char *word = *at == ':' ? at + 1 : !strncmp(at, "-N ", 3) ? at + 3 : NULL;

		if (word && !strncmp(word, name, len) && strchr(" \t\r\n", word[len]))
			return line;
		at = newline ? newline + 1 : end;
	}
	return 0;
}

/* A jump to, or a rule for, a chain that does not exist. */
static void make_chain(struct rv_hint *h, const struct rv_hint_case *c)
{
	const char *name = c->line->word[c->at], *table = rv_hint_table(c->line);
	struct rv_completion role = rv_hint_role(c->line, c->at);
	struct rv_hint_line make = { .family = c->line->family, .first = c->line->first };
	bool jump = role.core && (role.core->letter == 'j' || role.core->letter == 'g');
	bool rule = role.core && (role.core->command == RV_CMD_APPEND || role.core->command == RV_CMD_INSERT);
	unsigned int line;

	if (!(jump || rule) || !is_chain_name(name))
		return;
	line = h->file ? declared_at(h, name) : 0;
	memcpy(make.word, c->line->word, sizeof(make.word));
	make.count = c->line->first;
	if (!h->file && strcmp(table, "filter") != 0)
		make = rv_hint_insert(&make, make.count, "-t", table);
	make = rv_hint_insert(&make, make.count, "-N", name);
	if (line > h->err->loc.line)
		rv_hint_tell(h, "Chain %s is created in line %u, after its first use in line %u: move "
			     "that line up.", name, line, h->err->loc.line);
	else
		rv_hint_propose(h, c, &make, c->line, "There is no chain or target %s. Create the chain "
				"first.", name);
}

static void new_chain(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t at = rv_hint_command(c->line);
	const struct rv_core_option *o = command_row(c->line, at);
	char name[RV_CHAIN_NAME_LEN];
	struct rv_hint_line l;

	if (!o || at + 1 >= c->line->count || o->command != RV_CMD_NEW_CHAIN)
		return;
	rv_chain_name_set(name, c->line->word[at + 1]);
	if (c->at == at + 2 && c->line->word[c->at][0] != '-') {
		l = rv_hint_remove(c->line, c->at, 1);
		l.word[at + 1] = rv_hint_text(h, "%s_%s", name, c->line->word[c->at]);
		rv_hint_propose(h, c, NULL, &l, "Chain names cannot contain blanks.");
	}
	for (char *s = name; *s; s++)
		*s = isspace((unsigned char)*s) ? '_' : *s;
	l = rv_hint_put(c->line, at + 1, rv_hint_text(h, "%s", name));
	rv_hint_propose(h, c, NULL, &l, "Chain names cannot contain blanks and have at most %d bytes.",
			RV_CHAIN_NAME_LEN - 1);
	for (char *s = name; *s; s++)
		*s = (char)tolower((unsigned char)*s);
	l = rv_hint_put(c->line, at + 1, rv_hint_text(h, "%s", name));
	if (c->trial->err.kind == RV_ERR_USAGE)
		rv_hint_propose(h, c, NULL, &l, "This is the name of a target: choose another name.");
}

/* Removes what the command does not accept. */
static void left_out(struct rv_hint *h, const struct rv_hint_case *c)
{
	const struct rv_core_option *o = c->at >= c->line->first ? command_row(c->line, c->at) : NULL;
	const struct rv_core_option *command = command_row(c->line, rv_hint_command(c->line));
	struct rv_hint_line l;

	/* Added by a previous step, not by the user. */
	if (h->depth || !o || !command || !o->commands || o->commands & 1U << command->command ||
	    (c->line->word[c->at][1] != '-' && c->line->word[c->at][2]))
		return;
	l = rv_hint_remove(c->line, c->at, o->arity == RV_ARGS_NONE ? 1 : 2);
	rv_hint_propose(h, c, NULL, &l, "Omit %s: -%c does not accept it.", c->line->word[c->at],
			command->letter);
}

rv_hint_rule *const rv_hint_place_rules[] = {
	other_table, misplaced, interface, chain_elsewhere, swapped, fix_rule_number, policy, two_commands, left_out, new_chain,
	make_chain, NULL,
};
