/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --assume: information that a capture lacks. It is given as options of matches, parsed by the rule
 * parser, so any option with a predicate can be assumed.
 */
#include <stdlib.h>
#include <string.h>

#include <ravelin/parser.h>
#include <ravelin/registry.h>

#include "cli/run/ask.h"

enum assumption {
	FACT,		/* its predicates */
	TEXT,		/* this match with these options */
	MATCH,		/* all matches of that name */
	SET,		/* all matches of that set */
};

struct rv_assumed {
	struct rv_assumed *next;
	rv_family_t family;
	enum assumption kind;
	bool is;
	char *name;			/* name of the match or set; TEXT: the rendered match */
	struct rv_rule *rule;		/* FACT: contains the match */
	const char *word;		/* as given */
	bool used;			/* not FACT: used by a rule */
};

/* Short names, and options that several matches have. */
static const struct {
	const char *name, *match, *option;
} short_names[] = {
	{ "state", "conntrack", "ctstate" },
	{ "connmark", "connmark", "mark" },
	{ "ctmark", "connmark", "mark" },
	{ "uid", "owner", "uid-owner" },
	{ "gid", "owner", "gid-owner" },
	{ "owner", "owner", "uid-owner" },
	{ "label", "connlabel", "label" },
};

static int refuse(struct rv_error *err, const char *word, const char *why)
{
	/* Some messages of iptables end with a newline. */
	return rv_fail(err, RV_ERR_USAGE, NULL, "--assume \"%s\": %.*s", word,
		       (int)strcspn(why, "\n"), why);
}

/* ---- lookup ------------------------------------------------------------------------------- */

struct option_search {
	rv_family_t family;
	const char *name;
	const struct rv_ext *ext;
	const struct rv_option *option;
};

/* The first match by name that has the option. */
static void look_for(const struct rv_ext *ext, void *arg)
{
	struct option_search *s = arg;

	if (s->ext || ext->kind != RV_MATCH ||
	    (ext->family != RV_FAMILY_ANY && ext->family != s->family))
		return;
	for (const struct rv_option *o = ext->options; o->name; o++) {
		const struct rv_option *row = &ext->options[rv_option_index(ext, o)];

		if (strcmp(o->name, s->name) != 0 ||
		    (row->sel == RV_SEL_NONE && !rv_option_ops(row)->predicate))
			continue;
		s->ext = ext;
		s->option = row;
		return;
	}
}

static bool find_option(struct option_search *s)
{
	for (unsigned int i = 0; i < sizeof(short_names) / sizeof(*short_names); i++) {
		if (strcmp(short_names[i].name, s->name) != 0)
			continue;
		s->name = short_names[i].option;
		s->ext = rv_ext_find(RV_MATCH, s->family, short_names[i].match);
		for (const struct rv_option *o = s->ext->options; o->name; o++)
			if (!strcmp(o->name, s->name))
				s->option = o;
		return s->option;
	}
	rv_ext_each(look_for, s);
	return s->option;
}

struct names {
	rv_family_t family;
	void (*fn)(void *arg, const char *name, const char *help);
	void *arg;
};

static void name_options(const struct rv_ext *ext, void *arg)
{
	const struct names *n = arg;

	if (ext->kind != RV_MATCH || (ext->family != RV_FAMILY_ANY && ext->family != n->family))
		return;
	for (const struct rv_option *o = ext->options; o->name; o++)
		if (o->sel != RV_SEL_NONE && !rv_run_in_capture(o->sel))
			n->fn(n->arg, o->name, o->help);
}

void rv_assume_names(rv_family_t family, void (*fn)(void *arg, const char *name, const char *help),
		     void *arg)
{
	struct names names = { family, fn, arg };

	rv_ext_each(name_options, &names);
}

/* ---- parsing -------------------------------------------------------------------------------- */

static int ignore_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip,
			void *arg, struct rv_error *err)
{
	(void)def;
	(void)loc;
	(void)skip;
	(void)arg;
	(void)err;
	return 0;
}

static int ignore_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	(void)loc;
	(void)arg;
	(void)err;
	return 0;
}

static int keep_rule(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		     struct rv_error *err)
{
	struct rv_rule **rule = arg;

	(void)opts;
	(void)err;
	if (*rule || rv_list_empty(&cmd->rules))
		return 0;
	*rule = rv_entry(cmd->rules.next, struct rv_rule, node);
	rv_list_del(&(*rule)->node);
	return 0;
}

/* A rule with only the given match. */
static struct rv_rule *read_match(rv_family_t family, const char *text, const char *word,
				  struct rv_error *err)
{
	const struct rv_restore_sink sink = { .table = ignore_table, .command = keep_rule,
					      .commit = ignore_commit, .arg = &(struct rv_rule *){ NULL } };
	struct rv_rule **rule = sink.arg;
	struct rv_buf b = RV_BUF_INIT;
	struct rv_error why = { 0 };

	rv_buf_printf(&b, "*filter\n:assumed - [0:0]\n-A assumed %s\nCOMMIT\n", text);
	if (!rv_buf_text(&b))
		rv_fail_memory(err);
	else if (rv_parse_restore(b.data, b.len, family, &sink, &why))
		refuse(err, word, why.text);
	else if (!*rule || !(*rule)->matches || (*rule)->matches->next || (*rule)->target ||
		 (*rule)->verdict != RV_VERDICT_NONE)
		refuse(err, word, "it must be a single match");
	rv_buf_free(&b);
	if (!err->kind)
		return *rule;
	if (*rule)
		rv_rule_free(*rule);
	return NULL;
}

static int count_predicate(const struct rv_predicate *p, void *arg)
{
	(void)p;
	++*(unsigned int *)arg;
	return 0;
}

static int count_known(const struct rv_predicate *p, void *arg)
{
	if (rv_run_in_capture(p->sel))
		++*(unsigned int *)arg;
	return 0;
}

/* A match: its predicates, if they are equivalent to it. */
static int take_match(struct rv_assumed *a, const char *text, const char *word,
		      struct rv_error *err)
{
	unsigned int predicates = 0, from_capture = 0;
	const struct rv_part *part;

	a->rule = read_match(a->family, text, word, err);
	if (!a->rule)
		return -1;
	part = a->rule->matches;
	rv_part_predicates(a->family, part->ext, part->data, count_predicate, &predicates);
	rv_part_predicates(a->family, part->ext, part->data, count_known, &from_capture);
	if (predicates && predicates == from_capture)
		return refuse(err, word, "this is known from the packet");
	if (predicates && rv_part_is_pure(part->ext, part->data) && (a->is || predicates == 1)) {
		a->kind = FACT;
		return 0;
	}
	a->kind = TEXT;
	a->name = rv_run_part_text(a->family, a->rule, part);
	return a->name ? 0 : rv_fail_memory(err);
}

static int take_option(struct rv_assumed *a, struct option_search *s, const char *value,
		       const char *word, struct rv_error *err)
{
	struct rv_buf b = RV_BUF_INIT;
	const bool flag = !rv_option_takes_arg(s->option);
	int rc;

	if (flag && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return refuse(err, word, "the value must be yes or no");
	if (flag && !strcmp(value, "no"))
		a->is = !a->is;
	rv_buf_printf(&b, "-m %s --%s%s%s%s", s->ext->name, s->name, flag ? "" : " \"",
		      flag ? "" : value, flag ? "" : "\"");
	rc = rv_buf_text(&b) ? take_match(a, b.data, word, err) : rv_fail_memory(err);
	rv_buf_free(&b);
	return rc;
}

static int take_name(struct rv_assumed *a, enum assumption kind, const char *name,
		     const char *value, struct rv_error *err)
{
	a->kind = kind;
	a->is = a->is == !strcmp(value, "yes");
	a->name = strdup(name);
	return a->name ? 0 : rv_fail_memory(err);
}

/* Handles name=value, already split. */
static int take_pair(struct rv_assumed *a, const char *name, const char *value, const char *word,
		     struct rv_error *err)
{
	const bool yes_or_no = !strcmp(value, "yes") || !strcmp(value, "no");
	struct option_search s = { .family = a->family, .name = name };

	if (!strncmp(name, "set:", 4) && yes_or_no)
		return take_name(a, SET, name + 4, value, err);
	if (yes_or_no && rv_ext_find(RV_MATCH, a->family, name))
		return take_name(a, MATCH, name, value, err);
	if (!find_option(&s))
		return refuse(err, word, "there is no such option of a match, nor a match whose "
				   "outcome is yes or no");
	if (s.option->sel != RV_SEL_NONE && rv_run_in_capture(s.option->sel))
		return refuse(err, word, "this is known from the packet");
	return take_option(a, &s, value, word, err);
}

static int parse_assumption(struct rv_assumed *a, const char *word, struct rv_error *err)
{
	char *name, *value;
	int rc;

	if (strpbrk(word, "\n\r"))
		return refuse(err, "...", "it contains a line break");
	a->is = word[0] != '!';
	if (!strncmp(word + !a->is + strspn(word + !a->is, " "), "-m ", 3))
		return take_match(a, word + !a->is, word, err);
	a->is = true;
	if (!strchr(word, '=') || strpbrk(word, "\"\\"))
		return refuse(err, word, "it must be NAME=VALUE, NAME!=VALUE or [!] -m MATCH ...");
	name = strdup(word);
	if (!name)
		return rv_fail_memory(err);
	value = strchr(name, '=');
	*value++ = '\0';
	if (value - name > 2 && value[-2] == '!') {
		value[-2] = '\0';
		a->is = false;
	}
	rc = take_pair(a, name, value, word, err);
	free(name);
	return rc;
}

int rv_assume(struct rv_assumed **list, rv_family_t family, const char *word, struct rv_error *err)
{
	struct rv_assumed *a = calloc(1, sizeof(*a));

	if (!a)
		return rv_fail_memory(err);
	a->family = family;
	a->word = word;
	a->next = *list;
	*list = a;
	return parse_assumption(a, word, err);
}

void rv_assumed_free(struct rv_assumed *list)
{
	while (list) {
		struct rv_assumed *next = list->next;

		if (list->rule)
			rv_rule_free(list->rule);
		free(list->name);
		free(list);
		list = next;
	}
}

/* ---- results -------------------------------------------------------------------------------- */

struct learning {
	struct rv_facts *facts;
	bool is, contradicts;
};

static int add_fact(const struct rv_predicate *p, void *arg)
{
	struct learning *l = arg;
	enum rv_answer answer = rv_facts_ask(l->facts, p);

	if (answer != RV_ANSWER_OPEN && (answer == RV_ANSWER_YES) != l->is)
		l->contradicts = true;
	rv_facts_learn(l->facts, p, l->is);
	return 0;
}

int rv_assumed_facts(const struct rv_assumed *list, struct rv_facts *facts, struct rv_error *err)
{
	for (const struct rv_assumed *a = list; a; a = a->next) {
		struct learning l = { facts, a->is, false };

		if (a->kind != FACT)
			continue;
		rv_part_predicates(a->family, a->rule->matches->ext, a->rule->matches->data,
				   add_fact, &l);
		if (l.contradicts)
			return rv_fail(err, RV_ERR_USAGE, NULL,
				       "assumptions about -m %s contradict each other",
				       a->rule->matches->ext->name);
	}
	return facts->failed ? rv_fail_memory(err) : 0;
}

static bool is_meant(const struct rv_assumed *a, const struct rv_question *q, bool *turned)
{
	const struct rv_option *set = q->how == RV_HOW_SET ? rv_part_row(q->part, "match-set") : NULL;

	*turned = a->kind == SET && set && rv_option_inverted(set, q->part->data);
	switch (a->kind) {
	case MATCH:
		return !strcmp(a->name, q->part->ext->name);
	case TEXT:
		return !strcmp(a->name, q->text);
	case SET:
		return set && !strcmp(a->name, rv_run_set_name(q->part));
	default:
		return false;
	}
}

enum rv_answer rv_assumed_answer(struct rv_assumed *list, const struct rv_question *q)
{
	enum rv_answer answer = RV_ANSWER_OPEN;
	bool turned;

	for (struct rv_assumed *a = list; a; a = a->next) {
		if (!is_meant(a, q, &turned))
			continue;
		a->used = true;
		if (answer == RV_ANSWER_OPEN)
			answer = a->is != turned ? RV_ANSWER_YES : RV_ANSWER_NO;
	}
	return answer;
}

struct asking {
	const struct rv_asking *a;
	bool any;
};

/* Whether an encoded rule tests the selector. */
static bool asks_for(const struct rv_asking *a, enum rv_sel sel)
{
	for (size_t i = 0; i < a->n; i++)
		for (unsigned int n = 0; n < a->list[i].npredicates; n++)
			if (a->list[i].predicates[n].sel == sel)
				return true;
	return sel == RV_SEL_CT_MARK && a->marks;
}

static int look_for_asked(const struct rv_predicate *p, void *arg)
{
	struct asking *asking = arg;

	asking->any |= asks_for(asking->a, p->sel);
	return 0;
}

const char *rv_assumed_unused(const struct rv_assumed **at, const struct rv_asking *a)
{
	while (*at) {
		const struct rv_assumed *one = *at;
		struct asking asking = { a, one->used };

		*at = one->next;
		if (one->kind == FACT)
			rv_part_predicates(one->family, one->rule->matches->ext,
					   one->rule->matches->data, look_for_asked, &asking);
		if (!asking.any)
			return one->word;
	}
	return NULL;
}
