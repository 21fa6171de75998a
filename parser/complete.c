/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Analysis of an unfinished command line for completion: which option expects which argument.
 * Options are looked up as by the parser, but no rule is built and nothing is an error.
 */
#include <string.h>

#include <ravelin/complete.h>
#include <ravelin/registry.h>

#include "parser/parse.h"

struct completion_walk {
	struct rv_completion *c;
	struct rv_parser p;		/* only the fields that option lookup uses */
	struct rv_ext_use slots[RV_COMPLETE_EXTS];
	struct rv_choice choice;	/* option whose arguments follow */
	unsigned int got, must, may;	/* arguments seen, required and allowed */
};

static void know_ext(struct completion_walk *w, const struct rv_ext *ext)
{
	if (!ext || w->c->nexts == RV_COMPLETE_EXTS)
		return;
	for (size_t i = 0; i < w->c->nexts; i++)
		if (w->c->exts[i] == ext)
			return;
	w->slots[w->c->nexts].ext = ext;
	w->c->exts[w->c->nexts++] = ext;
	w->p.nslots = w->c->nexts;
}

static void know_core(struct completion_walk *w, const struct rv_core_option *o, const char *word)
{
	const struct rv_table_def *def;

	switch (o->letter) {
	case 't':
		def = rv_table_def_find(word);
		if (def)
			w->c->table = def;
		break;
	case 'm':
		know_ext(w, rv_ext_find(RV_MATCH, w->c->family, word));
		break;
	case 'j':
		know_ext(w, rv_ext_find(RV_TARGET, w->c->family, word));
		break;
	default:
		break;
	}
}

/* Handles an argument that adds options: a table, match, target or protocol. */
static void know(struct completion_walk *w, const char *word)
{
	int proto;

	if (w->choice.core) {
		know_core(w, w->choice.core, word);
	} else if (w->choice.ext == &rv_ext_ip && w->choice.opt->type == RV_T_PROTO) {
		proto = rv_parse_protocol(w->c->family, word);
		if (proto > 0)
			know_ext(w, rv_ext_for_protocol(w->c->family, (uint16_t)proto));
	}
}

static void expect(struct completion_walk *w)
{
	static const struct {
		uint8_t must, may;
	} words[] = {
		[RV_ARGS_NONE] = { 0, 0 }, [RV_ARGS_ONE] = { 1, 1 }, [RV_ARGS_ONE_OPT] = { 1, 2 },
		[RV_ARGS_OPT] = { 0, 1 }, [RV_ARGS_OPT_OPT] = { 0, 2 },
	};
	enum rv_arity arity = rv_choice_arity(&w->choice);

	if (w->choice.core && w->choice.core->command != RV_CMD_NONE)
		w->c->command = w->choice.core;
	w->got = 0;
	w->must = words[arity].must;
	w->may = words[arity].may;
}

static void take_argument(struct completion_walk *w, const char *word)
{
	know(w, word);
	w->got++;
}

static void forget_option(struct completion_walk *w)
{
	memset(&w->choice, 0, sizeof(w->choice));
	w->got = w->must = w->may = 0;
}

/* "--name" or "--name=argument". */
static void take_long(struct completion_walk *w, const char *word)
{
	size_t len = strcspn(word, "=");

	if (!rv_find_long(&w->p, word, len, &w->choice)) {
		forget_option(w);
		return;
	}
	expect(w);
	if (word[len])
		take_argument(w, word + len + 1);
}

/* "-nvL", "-Achain" */
static void take_short(struct completion_walk *w, const char *letters)
{
	for (; *letters; letters++) {
		if (!rv_find_short(&w->p, *letters, &w->choice)) {
			forget_option(w);
			return;
		}
		expect(w);
		if (w->may && letters[1]) {
			take_argument(w, letters + 1);
			return;
		}
	}
}

static bool looks_like_option(const char *word)
{
	return word[0] == '-' || strcmp(word, "!") == 0;
}

static void handle_word(struct completion_walk *w, const char *word)
{
	if (w->got < w->must || (w->got < w->may && !looks_like_option(word))) {
		take_argument(w, word);
		return;
	}
	forget_option(w);
	if (word[0] == '-' && word[1] == '-' && word[2])
		take_long(w, word + 2);
	else if (word[0] == '-' && word[1] && word[1] != '-')
		take_short(w, word + 1);
}

/* "--name=" as the last word is a complete option. */
static void take_last(struct completion_walk *w, const char *word)
{
	size_t len = strcspn(word, "=");

	if (w->got < w->must)
		return;
	if (strncmp(word, "--", 2) == 0 && word[len] &&
	    rv_find_long(&w->p, word + 2, len - 2, &w->choice)) {
		expect(w);
		w->c->start = len + 1;
		return;
	}
	w->c->option = !word[0] || word[0] == '-';
	if (w->got == w->may || word[0] == '-')
		forget_option(w);
}

bool rv_completion_has_rule(const struct rv_completion *c)
{
	switch (c->command ? c->command->command : RV_CMD_NONE) {
	case RV_CMD_NONE:
	case RV_CMD_APPEND:
	case RV_CMD_INSERT:
	case RV_CMD_REPLACE:
	case RV_CMD_DELETE:
	case RV_CMD_CHECK:
		return true;
	default:
		return false;
	}
}

void rv_complete(struct rv_completion *c, rv_family_t family, int count, char *const words[])
{
	struct completion_walk w = { .c = c };

	*c = (struct rv_completion){ .family = family, .table = rv_table_def_find("filter") };
	w.p.family = family;
	w.p.slot = w.slots;
	for (int i = 1; i < count - 1; i++)
		handle_word(&w, words[i]);
	take_last(&w, count > 1 ? words[count - 1] : "");
	if (w.got < w.may) {
		c->core = w.choice.core;
		c->opt = w.choice.opt;
		if (c->opt)
			c->opt = &w.choice.ext->options[rv_option_index(w.choice.ext, c->opt)];
		c->arg = w.got;
	}
}
