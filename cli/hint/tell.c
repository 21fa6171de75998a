/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Explanations of errors that no proposal corrects. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ravelin/registry.h>

#include "cli/hint/hint.h"

/* ---- privileges ------------------------------------------------------------------------ */

static void privilege(struct rv_hint *h)
{
	if (!strstr(h->err->text, "Permission denied") && !strstr(h->err->text, "not permitted"))
		return;
	if (geteuid() != 0)
		rv_hint_tell(h, "Only root can do this: use sudo.");
	else
		rv_hint_tell(h, "You are root, but this process lacks the capability CAP_NET_ADMIN, as in "
			     "many containers. Start the container with --cap-add=NET_ADMIN, or run the "
			     "command on the host.");
}

/* ---- numbers of rules --------------------------------------------------------------------- */

struct counted {
	uint32_t rules;
};

static int count_table(struct rv_table *t, void *arg)
{
	return 0;
}

static int count_rule(struct rv_chain *c, struct rv_rule *r, void *arg)
{
	struct counted *n = arg;

	n->rules++;
	return 0;
}

static void numbers(struct rv_hint *h, const struct rv_hint_case *c)
{
	const struct rv_table_def *def = rv_table_def_find(rv_hint_table(c->line));
	size_t at = rv_hint_command(c->line);
	struct counted n = { 0 };
	const struct rv_visitor v = { count_table, count_rule, &n };
	struct rv_error ignored = { 0 };
	struct rv_store s;
	int rc;

	if (strstr(h->err->text, "too big"))
		rv_hint_mark(h, c, at + 2);
	if (strstr(h->err->text, "Rule ranges") ||
	    (strstr(h->err->text, "Invalid rule number") && strchr(h->err->text, '-')))
		rv_hint_tell(h, "Delete the rules one by one, starting with the last: the numbers of rules "
			     "after a deleted rule change.");
	if (!strstr(h->err->text, "too big") || !def || !at || at + 1 >= c->line->count ||
	    rv_store_open(&s, h->cli->spec, c->line->family, true, &ignored))
		return;
	rc = rv_store_dump(&s, def, c->line->word[at + 1], &v, &ignored);
	rv_store_close(&s);
	if (!rc)
		rv_hint_tell(h, "Chain %s of table %s has %u rule%s: -L %s --line-numbers shows them.",
			     c->line->word[at + 1], def->name, n.rules, n.rules == 1 ? "" : "s",
			     c->line->word[at + 1]);
}

/* ---- values ------------------------------------------------------------------------------------ */

/* An option where an argument is required. */
static void missing_argument(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role = rv_hint_role(c->line, c->at);
	const char *word = c->line->word[c->at], *option;

	if (word[0] != '-' || !word[1] || (!role.core && !role.opt) || role.start)
		return;
	option = c->line->word[c->at - 1];
	if (role.core && role.core->command != RV_CMD_NONE)
		rv_hint_tell(h, "%s needs a chain name, such as INPUT.", option);
	else
		rv_hint_tell(h, "%s needs an argument: %s %s.", option, option,
			     role.core ? role.core->arg : role.opt->arg ? role.opt->arg : "VALUE");
}

static void value(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role = rv_hint_role(c->line, c->at);
	const char *word = c->line->word[c->at];
	bool six = c->line->family == NFPROTO_IPV6;

	if (!role.opt)
		return;
	if (strstr(h->err->text, "too many ports"))
		rv_hint_tell(h, "multiport takes at most 15 ports, and a range counts as two: "
			     "use several rules.");
	else if (role.opt->type == RV_T_ADDR_MASK && strchr(word, '/') &&
		 strstr(h->err->text, "mask"))
		rv_hint_tell(h, "The mask is a prefix length from 0 to %d%s.", rv_family(c->line->family)->address_bits,
			     six ? "" : ", or an address such as 255.255.0.0");
	else if (rv_hint_is_address(six ? NFPROTO_IPV4 : NFPROTO_IPV6, word))
		rv_hint_tell(h, "%s is an IPv%d address: the line belongs in the file for "
			     "ip%stables-restore.", word, six ? 4 : 6, six ? "" : "6");
	else if (role.opt->type == RV_T_ADDR_MASK || role.opt->type == RV_T_ADDR)
		rv_hint_tell(h, "%s is not an IPv%d address, and the name cannot be resolved.", word,
			     six ? 6 : 4);
	else if (role.opt->type == RV_T_PROTO)
		rv_hint_tell(h, "A rule has one protocol, a name from /etc/protocols or a number: "
			     "use one rule for each, or omit -p for all.");
	else if (role.opt->arg && role.opt->type == RV_T_IFACE)
		rv_hint_tell(h, "Interface names have at most %d bytes.", IFNAMSIZ - 1);
	else if (role.opt->arg && !role.start && c->at > role.arg + 1)
		rv_hint_tell(h, "%s takes: %s.", c->line->word[c->at - 1 - role.arg], role.opt->arg);
	else if (role.opt->arg)
		rv_hint_tell(h, "--%s takes: %s.", role.opt->name, role.opt->arg);
}

/* Reported for the whole rule when it is written. */
static void explain_set(struct rv_hint *h, const struct rv_hint_case *c)
{
	for (size_t i = c->line->first; i < c->line->count && strstr(h->err->text, "doesn't exist"); i++) {
		struct rv_completion role = rv_hint_role(c->line, i);
		const char *word = c->line->word[i];

		if (!role.opt || role.opt->type != RV_T_SET || role.arg || !strstr(h->err->text, word))
			continue;
		rv_hint_mark(h, c, i);
		rv_hint_tell(h, "Create the set first, for example: ipset create %s hash:ip%s. "
			     "\"ipset list -n\" lists the existing sets.", word,
			     c->line->family == NFPROTO_IPV6 ? " family inet6" : "");
	}
}

/* The matches and targets with the option were tried; none is allowed in the rule. */
static void explain_owner(struct rv_hint *h, const struct rv_hint_case *c)
{
	const struct rv_ext *ext = rv_hint_owner(h, c);
	const char *word = c->line->word[c->at];
	size_t at = rv_hint_find(c->line, "-j", "--jump");

	if (!ext)
		rv_hint_tell(h, "No match or target has this option; iptables-extensions(8) lists all of them.");
	else if (ext->kind == RV_TARGET && at && at + 1 < c->line->count)
		rv_hint_tell(h, "%s is an option of target %s, but the target of this rule is %s. Use a "
			     "rule for each.", word, ext->name, c->line->word[at + 1]);
	else
		rv_hint_tell(h, "%s is an option of %s %s.", word,
			     ext->kind == RV_TARGET ? "target" : "match", ext->name);
}

static void name(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role = rv_hint_role(c->line, c->at);
	const char *word = c->line->word[c->at];

	if (role.core && role.core->letter == 'm' && strstr(h->err->text, "load match"))
		rv_hint_tell(h, "There is no match %s; iptables-extensions(8) lists all matches and targets.",
			     word);
	else if (role.core && role.core->letter == 't' && !h->file)
		rv_hint_tell(h, "The tables are filter, nat, mangle, raw and security.");
	else if (role.core && role.core->letter == 'j' && h->err->kind == RV_ERR_USAGE)
		rv_hint_tell(h, "There is no target %s, and no chain of that name in table %s.", word,
			     rv_hint_table(c->line));
	else if (word[0] == '-' && word[1] == '-' && strstr(h->err->text, "unknown option"))
		explain_owner(h, c);
}

/* A chain or rule that does not exist, or already exists. */
static void explain_chain(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t at = rv_hint_command(c->line);
	const char *name = at && at + 1 < c->line->count ? c->line->word[at + 1] : "";

	if (strstr(h->err->text, "Chain already exists"))
		rv_hint_tell(h, "Chain %s already exists: add rules to it, or flush it first with -F.",
			     name);
	else if (strstr(h->err->text, "matching rule exist") && c->at != at + 1)
		rv_hint_tell(h, "Chain %s has no such rule: -S %s prints its rules.", name, name);
	else if (h->err->kind == RV_ERR_STATE && c->at == at + 1)
		rv_hint_tell(h, "Table %s has no chain %s: -S lists its chains.",
			     rv_hint_table(c->line), name);
}

/* Required options of a match or target. */
static void required(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role = rv_hint_role(c->line, c->at);
	const struct rv_ext *ext;

	if (!role.core || (role.core->letter != 'm' && role.core->letter != 'j'))
		return;
	ext = rv_ext_find(role.core->letter == 'm' ? RV_MATCH : RV_TARGET, c->line->family,
			  c->line->word[c->at]);
	for (const struct rv_option *o = ext ? ext->options : NULL; o && o->name; o++)
		if (strstr(h->err->text, rv_hint_text(h, "\"--%s\" must be specified", o->name)) ||
		    strstr(h->err->text, rv_hint_text(h, "--%s must be specified", o->name)))
			rv_hint_tell(h, "Add --%s %s after %s.", o->name, o->arg ? o->arg : "",
				     c->line->word[c->at]);
}

static void once(struct rv_hint *h, const struct rv_hint_case *c)
{
	if (strstr(h->err->text, "multiple --") || strstr(h->err->text, "only be used once"))
		rv_hint_tell(h, "%s can be given once per rule: use a rule for each.",
			     c->line->word[c->at]);
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* How to select another table. */
static const char *into_table(struct rv_hint *h, const char *table)
{
	return h->file ? rv_hint_text(h, "put the line below *%s", table)
		       : rv_hint_text(h, "add -t %s", table);
}

/* A base chain of other tables, when the command was not valid there either. */
static void other_table(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t at = rv_hint_command(c->line);
	const struct rv_table_def *here = rv_table_def_find(rv_hint_table(c->line)), *found = NULL;

	if (!here || !at || c->at != at + 1 || at + 1 >= c->line->count || c->trial->ext)
		return;
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		for (unsigned int i = 0; i < def->nbase; i++)
			if (!strcmp(def->base[i].name, c->line->word[c->at])) {
				/* Prefer the last of them, nat, which is meant most often. */
				found = def;
				if (def == here)
					return;
			}
	if (found && h->file)
		rv_hint_tell(h, "Chain %s is in table %s, not in %s: %s.", c->line->word[c->at],
			     found->name, here->name, into_table(h, found->name));
	else if (found)	/* the rule is not valid there either */
		rv_hint_tell(h, "Table %s has no chain %s, only %s.", here->name,
			     c->line->word[c->at], rv_hint_chains(h, here, UINT32_MAX, "and"));
}

static void reason(struct rv_hint *h, const struct rv_hint_case *c)
{
	const struct rv_misplaced *m = &c->trial->misplaced;
	const char *proto = m->protocol ? rv_protocol_name(0, m->protocol) : NULL;

	if (!c->trial->ext)
		return;
	if (m->why)
		rv_hint_tell(h, "%s: %s.", c->trial->ext->name, m->why);
	else if (proto)
		rv_hint_tell(h, "%s works only in rules with -p %s.", c->trial->ext->name, proto);
	else if (m->tables)
		rv_hint_tell(h, "%s works only in table %s: %s.", c->trial->ext->name, m->tables,
			     into_table(h, m->tables));
}

static void filtering(struct rv_hint *h, const struct rv_hint_case *c)
{
	if (strstr(h->err->text, "not intended for filtering"))
		rv_hint_tell(h, "Drop packets in table filter: in chain INPUT for packets to this host, in FORWARD "
			     "for routed packets.");
}

/* ---- missing command ------------------------------------------------------------------------- */

static void no_command(struct rv_hint *h, const struct rv_hint_case *c)
{
	if (strstr(h->err->text, "no command specified"))
		rv_hint_tell(h, "A command is missing: -A CHAIN appends the rule to a chain, -I CHAIN inserts it "
			     "at the start, -D CHAIN deletes it, -L lists rules. %s -h lists all commands.",
			     c->line->word[0]);
}

/* "-A -p tcp": the option was taken for the chain. */
static void no_chain(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t at = rv_hint_command(c->line);

	if (at && !strchr("LSFZX", c->line->word[at][1]) && at + 1 < c->line->count &&
	    c->line->word[at + 1][0] == '-' && c->at >= at)
		rv_hint_tell(h, "%s needs a chain name, such as INPUT.", c->line->word[at]);
}

static void explain_replace(struct rv_hint *h, const struct rv_hint_case *c)
{
	if (strstr(h->err->text, "-R requires"))
		rv_hint_tell(h, "After the chain, give the number of the rule to replace: "
			     "-L --line-numbers shows the numbers.");
}

static void two_args(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role;

	if (!strstr(h->err->text, "requires two args") || c->at + 1 >= c->line->count)
		return;
	role = rv_hint_role(c->line, c->at + 1);
	if (role.opt && role.opt->arg)
		rv_hint_tell(h, "%s takes two arguments: %s %s.", c->line->word[c->at],
			     c->line->word[c->at], role.opt->arg);
}

void rv_hint_explain(struct rv_hint *h, const struct rv_hint_case *c)
{
	privilege(h);
	if (!c || h->hint.len)
		return;
	no_command(h, c);
	filtering(h, c);
	numbers(h, c);
	no_chain(h, c);
	explain_set(h, c);
	two_args(h, c);
	other_table(h, c);
	explain_chain(h, c);
	explain_replace(h, c);
	if (c->at >= c->line->first) {
		missing_argument(h, c);
		required(h, c);
		once(h, c);
		value(h, c);
		name(h, c);
	}
	reason(h, c);
}
