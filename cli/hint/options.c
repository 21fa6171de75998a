/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options and values: misspelt, belonging to another match or target, or in another notation. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "cli/complete/candidates.h"
#include "cli/hint/hint.h"

/* ---- similar words -------------------------------------------------------------------------- */

/* Terms of other firewalls. */
static const struct { const char *theirs, *ours; } synonyms[] = {
	{ "ALLOW", "ACCEPT" }, { "PERMIT", "ACCEPT" }, { "PASS", "ACCEPT" }, { "OK", "ACCEPT" },
	{ "DENY", "DROP" }, { "BLOCK", "DROP" }, { "DISCARD", "DROP" }, { "IGNORE", "DROP" },
	{ "REFUSE", "REJECT" }, { "NAT", "MASQUERADE" }, { "MASQ", "MASQUERADE" },
};

/* Option names of other programs. */
static const struct { const char *theirs, *ours; } option_synonyms[] = {
	{ "--port", "--dport" }, { "--interface", "--in-interface" }, { "--from", "--source" },
	{ "--to", "--destination" }, { "--target", "--jump" }, { "--action", "--jump" },
	{ "--policy", "--jump" }, { "--src-port", "--sport" }, { "--dst-port", "--dport" },
	{ "--dest-port", "--dport" }, { "--source-ip", "--source" }, { "--dest-ip", "--destination" },
	{ "--destination-ip", "--destination" }, { "--src-ip", "--source" }, { "--dst-ip", "--destination" },
};

/* Candidates of completion for word at. */
static void offer_all(struct rv_hint *h, const struct rv_hint_line *l, size_t at, const char *begun,
		      struct rv_near *n)
{
	struct rv_offers o = { .spec = h->cli->spec };
	char *words[RV_HINT_WORDS], *line, *save = NULL;

	memcpy(words, l->word, sizeof(words));
	/* The word is not modified. */
	memcpy(&words[at], &begun, sizeof(begun));
	rv_offer_words(&o, l->family, (int)at + 1, words);
	if (!rv_buf_text(&o.out))
		return;
	for (line = strtok_r(o.out.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, "\t")] = '\0';
		rv_near_try(n, line);
	}
	rv_buf_free(&o.out);
}

static void offer_services(const struct rv_completion *role, struct rv_near *n)
{
	const struct servent *s;

	if (!role->opt || !strstr(role->opt->name, "port"))
		return;
	setservent(0);
	while ((s = getservent()))
		rv_near_try(n, s->s_name);
	endservent();
}

/* Chains that the file creates before or after the line. */
static void offer_file_chains(struct rv_hint *h, struct rv_near *n)
{
	const char *at = h->cli->text, *end = at + h->cli->len;
	char name[RV_CHAIN_NAME_LEN];

	while (h->file && at < end) {
		const char *newline = memchr(at, '\n', end - at);
		size_t len = *at == ':' ? strcspn(at + 1, " \t\r\n") : 0;

		if (len && len < sizeof(name)) {
			memcpy(name, at + 1, len);
			name[len] = '\0';
			rv_near_try(n, name);
		}
		at = newline ? newline + 1 : end;
	}
}

/* Replaces part of a word by each candidate. */
static void propose_near(struct rv_hint *h, const struct rv_hint_case *c, size_t at, size_t first,
			 const struct rv_near *n)
{
	for (size_t i = 0; !n->exact && i < n->count; i++) {
		const char *word = c->line->word[at];
		const char *new = rv_hint_text(h, "%.*s%s%s", (int)first, word, n->best[i].text,
					       word + first + n->len);
		struct rv_hint_line l = rv_hint_put(c->line, at, new);

		rv_hint_propose(h, c, NULL, &l, "Did you mean %s?", n->best[i].text);
	}
}

static void near_value(struct rv_hint *h, const struct rv_hint_case *c, size_t at)
{
	struct rv_completion role = rv_hint_role(c->line, at);
	const char *word = c->line->word[at], *item;
	bool targets = role.core && (role.core->letter == 'j' || role.core->command == RV_CMD_POLICY);
	struct rv_near n;

	/* Each item of a list. */
	for (item = word + role.start; ; item += n.len + 1) {
		rv_near_start(&n, item, strcspn(item, ","));
		for (size_t i = 0; targets && i < sizeof(synonyms) / sizeof(*synonyms); i++)
			if (!strcasecmp(item, synonyms[i].theirs))
				n = (struct rv_near){ .word = item, .len = n.len, .count = 1,
						      .best[0].distance = 0 },
				strcpy(n.best[0].text, synonyms[i].ours);
		offer_all(h, c->line, at, rv_hint_text(h, "%.*s", (int)role.start, word), &n);
		offer_services(&role, &n);
		if (role.core && (role.core->letter == 'j' || role.core->letter == 'g' || !role.arg))
			offer_file_chains(h, &n);
		if (n.count && !n.exact)
			rv_hint_mark(h, c, at);
		propose_near(h, c, at, (size_t)(item - word), &n);
		if (!item[n.len])
			break;
	}
}

static void try_rows(struct rv_near *n, const struct rv_ext *ext, rv_family_t family)
{
	char name[RV_NEAR_LONGEST + 1];

	if (ext->family && ext->family != family)
		return;
	for (const struct rv_option *row = ext->options; row && row->name; row++)
		if (strlen(row->name) + 3 < sizeof(name))
			rv_near_try(n, strcat(strcpy(name, "--"), row->name));
}

/* An option of another extension is not misspelt, unless an extension in use has a similar one. */
static void near_option(struct rv_hint *h, const struct rv_hint_case *c, size_t at)
{
	const char *given = c->line->word[at], *word = given;
	struct rv_completion role = rv_hint_role(c->line, at);
	struct rv_hint_case whole = *c;
	struct rv_hint_line l;
	struct rv_near n;

	/* "-above" */
	if (given[1] != '-') {
		word = rv_hint_text(h, "-%s", given);
		l = rv_hint_put(c->line, at, word);
		whole.line = &l;
	}
	rv_near_start(&n, word, strcspn(word, "="));
	for (size_t i = 0; i < sizeof(option_synonyms) / sizeof(*option_synonyms); i++) {
		l = rv_hint_put(whole.line, at, option_synonyms[i].ours);
		if (!strcmp(word, option_synonyms[i].theirs))
			rv_hint_propose(h, &whole, NULL, &l, "Did you mean %s?", option_synonyms[i].ours);
	}
	if (!rv_hint_is_option(word + 2))
		offer_all(h, c->line, at, "--", &n);
	for (size_t i = 0; i < role.nexts; i++)
		try_rows(&n, role.exts[i], c->line->family);
	propose_near(h, &whole, at, 0, &n);
}

/* The erroneous word and its arguments: errors of a command are located at the option. */
static void near(struct rv_hint *h, const struct rv_hint_case *c)
{
	for (size_t i = c->at; c->at >= c->line->first && i < c->line->count && i < c->at + 3; i++) {
		struct rv_completion role = rv_hint_role(c->line, i);

		if (role.core || role.opt)
			near_value(h, c, i);
		else if (c->line->word[i][0] == '-' && c->line->word[i][1] &&
			 c->line->word[i][2] && i == c->at)
			near_option(h, c, i);
	}
}

/* A missing set is reported for the whole rule. */
static void near_set(struct rv_hint *h, const struct rv_hint_case *c)
{
	for (size_t i = c->line->first; i < c->line->count; i++) {
		struct rv_completion role = rv_hint_role(c->line, i);

		if (role.opt && role.opt->type == RV_T_SET && !role.arg &&
		    strstr(c->trial->err.text, c->line->word[i]))
			near_value(h, c, i);
	}
}

/* ---- options of other matches and targets ---------------------------------------------------- */

#define MAX_OWNERS 16

struct owners {
	const char *name;
	rv_family_t family;
	size_t count;
	const struct rv_ext *ext[MAX_OWNERS];
	const struct rv_option *opt[MAX_OWNERS];
};

/* Preference among several that have the option: similar name, then tcp, then others. */
static unsigned int rank(const struct owners *o, const struct rv_ext *ext)
{
	if (!strcmp(ext->name, o->name))
		return 0;
	return ext->protocol == IPPROTO_TCP ? 1 : ext->protocol == IPPROTO_UDP ? 2 : 3;
}

static void look_for_owner(const struct rv_ext *ext, void *arg)
{
	struct owners *o = arg;

	if (ext->family && ext->family != o->family)
		return;
	for (const struct rv_option *row = ext->options; row && row->name; row++) {
		size_t at = o->count;

		if (strcmp(row->name, o->name) != 0 || at == MAX_OWNERS)
			continue;
		while (at > 0 && rank(o, ext) < rank(o, o->ext[at - 1]))
			at--;
		memmove(&o->ext[at + 1], &o->ext[at], (o->count - at) * sizeof(o->ext[0]));
		memmove(&o->opt[at + 1], &o->opt[at], (o->count - at) * sizeof(o->opt[0]));
		o->ext[at] = ext;
		o->opt[at] = row;
		o->count++;
		return;
	}
}

/* Matches and targets that have the unknown option. */
static void find_owners(struct rv_hint *h, const struct rv_hint_case *c, struct owners *o)
{
	const char *word = c->line->word[c->at];

	*o = (struct owners){ .family = c->line->family };
	if (c->at < c->line->first || word[0] != '-' || word[1] != '-' || !word[2])
		return;
	o->name = rv_hint_text(h, "%.*s", (int)strcspn(word + 2, "="), word + 2);
	rv_ext_each(look_for_owner, o);
}

/* Position before the option and a preceding "!". */
static size_t place_before(const struct rv_hint_line *l, size_t at)
{
	return at > l->first && !strcmp(l->word[at - 1], "!") ? at - 1 : at;
}

/* Other protocols that have the option. */
static const char *others_of(struct rv_hint *h, const struct owners *o, const struct rv_ext *ext)
{
	const char *text = "";

	for (size_t i = 0; i < o->count; i++)
		if (o->ext[i] != ext && o->ext[i]->protocol)
			text = rv_hint_text(h, "%s%s%s", text, *text ? ", " : " It is an option of ",
					    o->ext[i]->name);
	return *text ? rv_hint_text(h, "%s too.", text) : "";
}

static void propose_protocol(struct rv_hint *h, const struct rv_hint_case *c,
			     const struct owners *o, const struct rv_ext *ext)
{
	size_t at = rv_hint_find(c->line, "-p", "--protocol"), to = place_before(c->line, c->at);
	const char *name = rv_protocol_name(0, ext->protocol);
	struct rv_hint_line l;

	if (!name)
		name = ext->name;
	if (at && at + 1 < c->line->count && at < c->at) {
		l = rv_hint_put(c->line, at + 1, name);
		rv_hint_propose(h, c, NULL, &l, "--%s is an option of -p %s, not of -p %s.%s", o->name,
				name, c->line->word[at + 1], others_of(h, o, ext));
	} else if (at) {
		l = rv_hint_move(c->line, at, 2, to);
		rv_hint_propose(h, c, NULL, &l, "Put -p before --%s.", o->name);
	} else {
		l = rv_hint_insert(c->line, to, "-p", name);
		rv_hint_propose(h, c, NULL, &l, "Add -p %s before --%s.%s", name, o->name,
				others_of(h, o, ext));
	}
}

static void propose_part(struct rv_hint *h, const struct rv_hint_case *c, const struct owners *o,
			 const struct rv_ext *ext)
{
	bool target = ext->kind == RV_TARGET;
	const char *letter = target ? "-j" : "-m";
	size_t to = place_before(c->line, c->at), at = 0;
	struct rv_hint_line l;

	for (size_t i = c->line->first; i + 1 < c->line->count; i++)
		if ((!strcmp(c->line->word[i], letter) || (target && !strcmp(c->line->word[i], "--jump"))) &&
		    (target || !strcmp(c->line->word[i + 1], ext->name)))
			at = i;
	if (!at) {
		l = rv_hint_insert(c->line, to, letter, ext->name);
		rv_hint_propose(h, c, NULL, &l, "Add %s %s before --%s.", letter, ext->name, o->name);
	} else if (!strcmp(c->line->word[at + 1], ext->name) && at > c->at) {
		l = rv_hint_move(c->line, at, 2, to);
		rv_hint_propose(h, c, NULL, &l, "Put %s %s before its options.", letter, ext->name);
	}
}

const struct rv_ext *rv_hint_owner(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct owners o;

	find_owners(h, c, &o);
	return o.count ? o.ext[0] : NULL;
}

static void suggest_owner(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct owners o;

	find_owners(h, c, &o);
	for (size_t i = 0; i < o.count; i++) {
		if (o.ext[i]->protocol)
			propose_protocol(h, c, &o, o.ext[i]);
		else
			propose_part(h, c, &o, o.ext[i]);
	}
}

/* The equivalent option of the rule's target: DNAT has no --to-source. */
static void sibling(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role;
	struct owners o;

	find_owners(h, c, &o);
	role = rv_hint_role(c->line, c->at);
	for (size_t i = 0; i < o.count; i++)
		for (size_t e = 0; e < role.nexts; e++)
			for (const struct rv_option *row = role.exts[e]->options; row && row->name; row++) {
				const char *new = rv_hint_text(h, "--%s", row->name);
				struct rv_hint_line l = rv_hint_put(c->line, c->at, new);

				if (row->alias_of || row->type != o.opt[i]->type ||
				    role.exts[e]->kind != o.ext[i]->kind || row->type == RV_T_FLAG)
					continue;
				rv_hint_propose(h, c, NULL, &l,
						"--%s is an option of %s; %s has --%s.", o.name,
						o.ext[i]->name, role.exts[e]->name, row->name);
			}
}

struct everywhere {
	struct rv_near n;
	rv_family_t family;
};

static void try_everywhere(const struct rv_ext *ext, void *arg)
{
	struct everywhere *e = arg;

	try_rows(&e->n, ext, e->family);
}

/* Misspelt option of a match that is missing too: the next step adds the match. */
static void near_anywhere(struct rv_hint *h, const struct rv_hint_case *c)
{
	const char *word = c->line->word[c->at];
	struct everywhere e = { .family = c->line->family };

	if (c->at < c->line->first || word[0] != '-' || word[1] != '-')
		return;
	rv_near_start(&e.n, word, strcspn(word, "="));
	rv_ext_each(try_everywhere, &e);
	propose_near(h, c, c->at, 0, &e.n);
}

/* ---- required options ------------------------------------------------------------------------ */

static void required(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role = rv_hint_role(c->line, c->at);
	const char *word = c->line->word[c->at];
	const struct rv_ext *ext;

	if (!role.core || c->at < c->line->first || (role.core->letter != 'm' && role.core->letter != 'j'))
		return;
	ext = rv_ext_find(role.core->letter == 'm' ? RV_MATCH : RV_TARGET, c->line->family, word);
	for (const struct rv_option *o = ext ? ext->options : NULL; o && o->name; o++) {
		const char *option = rv_hint_text(h, "--%s", o->name);
		struct rv_hint_line l;

		if (!(o->flags & RV_OPT_REQUIRED) || !o->names || rv_hint_find(c->line, NULL, option))
			continue;
		for (const struct rv_name *n = o->names; n->name; n++) {
			l = rv_hint_insert(c->line, c->at + 1, option, n->name);
			rv_hint_propose(h, c, NULL, &l, "%s needs %s, for example %s %s.", word,
					option, option, n->name);
		}
	}
}

/* Whether it is the main option of a match or target. */
static bool is_main(const struct rv_ext *ext, const struct rv_option *row)
{
	size_t values = 0;

	for (const struct rv_option *o = ext->options; o->name; o++)
		values += o->type != RV_T_FLAG && !o->alias_of;
	return row->type != RV_T_FLAG && !row->alias_of &&
	       (row->flags & RV_OPT_REQUIRED || !strcmp(row->name, ext->name) || values == 1);
}

/* "-m state NEW", "-j DNAT 10.0.0.1": a value without its option. */
static void nameless(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role = c->at > c->line->first ? rv_hint_role(c->line, c->at - 1)
							   : (struct rv_completion){ 0 };
	const struct rv_ext *ext = NULL;
	const char *word = c->line->word[c->at];

	if (role.core && role.core->letter && strchr("mj", role.core->letter) && word[0] != '-')
		ext = rv_ext_find(role.core->letter == 'm' ? RV_MATCH : RV_TARGET, c->line->family,
				  c->line->word[c->at - 1]);
	for (const struct rv_option *row = ext ? ext->options : NULL; row && row->name; row++) {
		const char *option = rv_hint_text(h, "--%s", row->name);
		struct rv_hint_line l = rv_hint_insert(c->line, c->at, option, NULL);

		if (is_main(ext, row))
			rv_hint_propose(h, c, NULL, &l, "Add %s before %s.", option, word);
	}
}

/* ---- protocols --------------------------------------------------------------------------------- */

/* Adds the required protocol: a match's own, or one with ports. */
static void protocol(struct rv_hint *h, const struct rv_hint_case *c)
{
	const char *const names[] = { "tcp", "udp", "icmp", "icmpv6", "sctp", "dccp", "esp", "ah" };
	size_t at = rv_hint_find(c->line, "-p", "--protocol"), command = rv_hint_command(c->line);
	size_t to = command + 2;

	if (!command || !c->at || c->at == at + 1 || to > c->line->count)
		return;
	if (to < c->line->count && isdigit((unsigned char)c->line->word[to][0]))
		to++;
	if (at > c->at && at + 1 < c->line->count) {
		struct rv_hint_line l = rv_hint_move(c->line, at, 2, to);

		rv_hint_propose(h, c, NULL, &l, "Put -p before the match.");
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct rv_hint_line l = at && at + 1 < c->line->count
					? rv_hint_put(c->line, at + 1, names[i])
					: rv_hint_insert(c->line, to, "-p", names[i]);

		if (at && at + 1 < c->line->count)
			rv_hint_propose(h, c, NULL, &l, "%s needs -p %s, not -p %s.",
					c->line->word[c->at], names[i], c->line->word[at + 1]);
		else
			rv_hint_propose(h, c, NULL, &l, "Add -p %s.", names[i]);
	}
}

/* ---- notation of values ---------------------------------------------------------------------- */

/* Index of the option that word at is the argument of; 0: in the same word, or none. */
static size_t option_of(const struct rv_completion *role, size_t at)
{
	return (role->core || role->opt) && !role->start && at > role->arg + 1 ? at - 1 - role->arg : 0;
}

static void propose_value(struct rv_hint *h, const struct rv_hint_case *c, char *value)
{
	struct rv_hint_line l = rv_hint_put(c->line, c->at, rv_hint_text(h, "%s", value));

	rv_hint_propose(h, c, NULL, &l, "Did you mean %s?", value);
}

static void separators(struct rv_hint *h, const struct rv_hint_case *c)
{
	static const char swaps[][2] = { { '-', ':' }, { ':', '-' }, { ';', ',' }, { '\\', '/' } };
	const char *word = c->line->word[c->at];
	struct rv_completion role = rv_hint_role(c->line, c->at);
	char value[256], *colon;

	if (c->at < c->line->first || !(role.core || role.opt) || strlen(word) >= sizeof(value))
		return;
	for (size_t i = 0; i < sizeof(swaps) / sizeof(*swaps); i++) {
		strcpy(value, word);
		for (char *s = value + role.start; *s; s++)
			*s = *s == swaps[i][0] ? swaps[i][1] : *s;
		if (strcmp(value, word) != 0)
			propose_value(h, c, value);
	}
	/* "90:80" */
	colon = strchr(strcpy(value, word), ':');
	if (colon && isdigit((unsigned char)colon[1]) && isdigit((unsigned char)word[0])) {
		*colon = '\0';
		propose_value(h, c, memcpy(value, rv_hint_text(h, "%s:%s", word + (colon - value) + 1,
							      value), strlen(word) + 1));
	}
}

/* Splits "--dport=80,443" into two words, for the generators of values. */
static bool unglue(struct rv_hint *h, const struct rv_hint_case *c, struct rv_hint_line *l,
		   struct rv_hint_case *split)
{
	struct rv_completion role = rv_hint_role(c->line, c->at);
	const char *word = c->line->word[c->at];

	if (!role.start || c->at < c->line->first)
		return false;
	*l = rv_hint_put(c->line, c->at, rv_hint_text(h, "%.*s", (int)role.start - 1, word));
	*l = rv_hint_insert(l, c->at + 1, word + role.start, NULL);
	*split = (struct rv_hint_case){ l, c->trial, c->at + 1 };
	return true;
}

/* "--dport 80,443": proposes the plural option. */
static void propose_port_list(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role = rv_hint_role(c->line, c->at);
	size_t at = option_of(&role, c->at);
	struct rv_hint_line l;
	const char *plural;

	if (!at || !role.opt || !strchr(c->line->word[c->at], ',') || !strstr(role.opt->name, "port"))
		return;
	plural = rv_hint_text(h, "%ss", c->line->word[at]);
	l = rv_hint_put(c->line, at, plural);
	at = place_before(&l, at);
	l = rv_hint_insert(&l, at, "-m", "multiport");
	rv_hint_propose(h, c, NULL, &l, "%s takes one port or a range; for a list, use -m multiport %s.",
			c->line->word[option_of(&role, c->at)], plural);
}

/* "-s 10.0.0.1-10.0.0.9", "-s 10.0.0.1:80" */
static void propose_not_an_address(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_completion role = rv_hint_role(c->line, c->at);
	size_t at = option_of(&role, c->at), to;
	const char *word = c->line->word[c->at], *colon = strrchr(word, ':');
	bool source = at && role.opt && role.opt->letter == 's';
	struct rv_hint_line l;

	if (!at || !role.opt || role.opt->type != RV_T_ADDR_MASK)
		return;
	to = place_before(c->line, at);
	if (strchr(word, '-')) {
		l = rv_hint_put(c->line, at, source ? "--src-range" : "--dst-range");
		l = rv_hint_insert(&l, to, "-m", "iprange");
		rv_hint_propose(h, c, NULL, &l, "%s takes a network; for a range, use -m iprange %s.",
				c->line->word[at], source ? "--src-range" : "--dst-range");
	}
	if (!colon || c->line->family != NFPROTO_IPV4)
		return;
	l = rv_hint_put(c->line, c->at, rv_hint_text(h, "%.*s", (int)(colon - word), word));
	l = rv_hint_insert(&l, c->at + 1, source ? "--sport" : "--dport", colon + 1);
	if (!rv_hint_find(&l, "-p", "--protocol"))
		l = rv_hint_insert(&l, to, "-p", "tcp");
	rv_hint_propose(h, c, NULL, &l, "%s takes an address only; for the port, use -p tcp and %s.",
			c->line->word[at], source ? "--sport" : "--dport");
}

static void other_option(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_hint_case split = *c;
	struct rv_hint_line l;

	unglue(h, c, &l, &split);
	propose_port_list(h, &split);
	propose_not_an_address(h, &split);
}

/* Given twice: joins the two values to a list. */
static bool is_list(const struct rv_hint_line *l, size_t at)
{
	struct rv_completion role = rv_hint_role(l, at);

	return role.opt && role.opt->type != RV_T_IFACE && role.opt->type != RV_T_PROTO &&
	       role.opt->type != RV_T_STRING && role.opt->type != RV_T_SET;
}

static void twice(struct rv_hint *h, const struct rv_hint_case *c)
{
	for (size_t i = c->line->first; i + 1 < c->line->count; i++) {
		for (size_t k = i + 2; k + 1 < c->line->count; k++) {
			struct rv_hint_line l;
			const char *name = c->line->word[i], *list;

			if (name[0] != '-' || strcmp(c->line->word[k], name) != 0 ||
			    c->line->word[k + 1][0] == '-' || !is_list(c->line, k + 1))
				continue;
			list = rv_hint_text(h, "%s,%s", c->line->word[i + 1], c->line->word[k + 1]);
			l = rv_hint_put(c->line, i + 1, list);
			l = rv_hint_remove(&l, k, 2);
			rv_hint_propose(h, c, NULL, &l, "Give %s once, with a list: %s.", name, list);
			l = rv_hint_put(&l, i, rv_hint_text(h, "%ss", name));
			l = rv_hint_insert(&l, i, "-m", "multiport");
			rv_hint_propose(h, c, NULL, &l,
					"Give %s once; for a list, use -m multiport %ss.", name, name);
		}
	}
}

/* ---- jumps ------------------------------------------------------------------------------------------ */

bool rv_hint_is_target(rv_family_t family, const char *word)
{
	return rv_verdict_find(word) != RV_VERDICT_NONE || rv_ext_find(RV_TARGET, family, word);
}

/* Whether the line's command takes a rule, or there is no command yet. */
static bool has_rule(const struct rv_hint_line *l)
{
	static const char commands[] = "AICDR";
	size_t at = rv_hint_command(l);
	const char *word = at ? l->word[at] : "";

	for (const struct rv_core_option *o = rv_core_options; at && o->name; o++)
		if (o->command != RV_CMD_NONE && strchr(commands, o->letter) &&
		    (word[1] == '-' ? !strcmp(word + 2, o->name) : word[1] == o->letter))
			return true;
	return !at;
}

/* "ACCEPT" without "-j", "-g ACCEPT" */
static void jump(struct rv_hint *h, const struct rv_hint_case *c)
{
	const char *word = c->line->word[c->at];
	struct rv_completion role = rv_hint_role(c->line, c->at);
	bool is_target = rv_hint_is_target(c->line->family, word);
	size_t option = option_of(&role, c->at);
	struct rv_hint_line l;

	if (c->at < c->line->first || word[0] == '-')
		return;
	if (role.core && role.core->letter == 'g' && option) {
		l = rv_hint_put(c->line, option, "-j");
		rv_hint_propose(h, c, NULL, &l, "-g takes chains only: use -j %s.", word);
	} else if (!role.core && !role.opt) {
		l = rv_hint_insert(c->line, c->at, "-j", NULL);
		if (has_rule(c->line) && (is_target || !rv_hint_find(c->line, "-j", "--jump")))
			rv_hint_propose(h, c, NULL, &l, "Add -j before %s.", word);
		if (!rv_hint_command(c->line)) {
			l = rv_hint_insert(c->line, c->at, "-A", NULL);
			rv_hint_propose(h, c, NULL, &l,
					"Add a command for chain %s, for example -A to append a rule.",
					word);
		}
	}
}

/* ---- other family ---------------------------------------------------------------------------- */

bool rv_hint_is_address(rv_family_t family, const char *word)
{
	char text[INET6_ADDRSTRLEN];
	union nf_inet_addr addr;
	size_t len = strcspn(word, "/,");

	if (len >= sizeof(text))
		return false;
	memcpy(text, word, len);
	text[len] = '\0';
	return rv_parse_address(family, text, &addr);
}

/* Proposes the unchanged line for the program of the other family. */
static void family(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_hint_line l = *c->line;
	const char *word = l.word[c->at], *tail = strstr(l.word[0], "tables");
	bool four = l.family == NFPROTO_IPV4;

	struct rv_completion role = rv_hint_role(c->line, c->at);

	if (h->file || c->at < l.first || !tail || c->trial->err.kind == RV_ERR_STATE ||
	    (role.core && role.core->command != RV_CMD_NONE))
		return;
	l.family = four ? NFPROTO_IPV6 : NFPROTO_IPV4;
	l.word[0] = rv_hint_text(h, "%s%s", four ? "ip6" : "ip", tail);
	if (rv_hint_is_address(l.family, word))
		rv_hint_propose(h, c, NULL, &l, "%s is an IPv%d address: use %s.", word,
				four ? 6 : 4, l.word[0]);
	else if (!role.opt)	/* a value that only the other family accepts may just be wrong */
		rv_hint_propose(h, c, NULL, &l, "%s has it, %s does not.", l.word[0],
				c->line->word[0]);
}

rv_hint_rule *const rv_hint_option_rules[] = {
	separators, other_option, near, near_set, sibling, suggest_owner, required, nameless, protocol, twice, jump,
	near_anywhere, family, NULL,
};
