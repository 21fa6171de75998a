/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classifies words as options or arguments, by the rules of getopt_long(3) and iptables' rules for
 * optional arguments.
 */
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "parser/parse.h"
#include "parser/grammar.h"

#define YYSTYPE RV_GRAMMAR_STYPE
#define YYLTYPE struct rv_loc
#include "parser/scan.h"

/* No token: the only negative token of bison is YYEMPTY. */
#define NONE (-1)

int rv_grammar_lex(RV_GRAMMAR_STYPE *val, struct rv_loc *loc, struct rv_parser *p);

/* ---- classification ------------------------------------------------------- */

/*
 * The rest of a word from offset on. With quotes its location is approximate, but within the word.
 */
static struct rv_arg part_of(const struct rv_arg *word, size_t offset)
{
	struct rv_arg part = { word->text + offset, word->loc };
	size_t room = word->loc.end - word->loc.first;

	part.loc.first += offset < room ? offset : room;
	return part;
}

/* Arguments an option expects; the first may be in the option's own word. */
static int expect(struct rv_parser *p, enum rv_arity arity, const struct rv_arg *glued)
{
	static const struct {
		unsigned char need, may;
		int token;
	} arities[] = {
		[RV_ARGS_NONE] = { 0, 0, RV_TOK_FLAG },
		[RV_ARGS_ONE] = { 1, 0, RV_TOK_UNARY },
		[RV_ARGS_ONE_OPT] = { 1, 1, RV_TOK_UNARY_MORE },
		[RV_ARGS_OPT] = { 0, 1, RV_TOK_OPTIONAL },
		[RV_ARGS_OPT_OPT] = { 0, 2, RV_TOK_OPTIONAL_MORE },
	};

	p->need = arities[arity].need;
	p->may = arities[arity].may;
	if (glued) {
		p->glued = *glued;
		if (p->need)
			p->need--;
		else
			p->may--;
	}
	return arities[arity].token;
}

static int unknown(struct rv_parser *p, RV_GRAMMAR_STYPE *val, struct rv_loc *loc,
		   const struct rv_arg *word)
{
	p->cluster.text = NULL;
	val->arg = *word;
	*loc = word->loc;
	return RV_TOK_UNKNOWN;
}

static int unknown_letter(struct rv_parser *p, RV_GRAMMAR_STYPE *val, struct rv_loc *loc,
			  char letter)
{
	p->unknown[0] = '-';
	p->unknown[1] = letter;
	return unknown(p, val, loc, &(struct rv_arg){ p->unknown, *loc });
}

/*
 * Reports an argument for an option that takes none. Like getopt, core options are named by letter.
 */
static int too_much(struct rv_parser *p, RV_GRAMMAR_STYPE *val, struct rv_loc *loc,
		    const struct rv_arg *word)
{
	const struct rv_choice c = val->choice;
	char letter;

	if (c.core)
		return unknown_letter(p, val, loc, c.core->letter ? c.core->letter : c.core->once);
	letter = c.ext->options[rv_option_index(c.ext, c.opt)].letter;
	return letter ? unknown_letter(p, val, loc, letter) : unknown(p, val, loc, word);
}

/* Next letter of "-nvL". */
static int short_option(struct rv_parser *p, RV_GRAMMAR_STYPE *val, struct rv_loc *loc)
{
	struct rv_arg rest = part_of(&p->cluster, 1);
	char letter = *p->cluster.text;
	enum rv_arity arity;

	*loc = p->cluster.loc;
	if (p->cluster.text == p->owner.text + 1)
		loc->first = p->owner.loc.first;
	if (loc->end > rest.loc.first)
		loc->end = rest.loc.first;
	while (!rv_find_short(p, letter, &val->choice)) {
		if (rv_rule_load_protocol(p))
			continue;
		return unknown_letter(p, val, loc, letter);
	}
	arity = rv_choice_arity(&val->choice);
	p->cluster = rest;
	if (!*rest.text || arity != RV_ARGS_NONE)
		p->cluster.text = NULL;
	return expect(p, arity, *rest.text && arity != RV_ARGS_NONE ? &rest : NULL);
}

/* "--name" or "--name=value". */
static int long_option(struct rv_parser *p, RV_GRAMMAR_STYPE *val, struct rv_loc *loc,
		       const struct rv_arg *word)
{
	const char *name = word->text + 2;
	size_t len = strcspn(name, "=");
	struct rv_arg value = part_of(word, 2 + len + (name[len] == '='));
	enum rv_arity arity;

	*loc = word->loc;
	while (!rv_find_long(p, name, len, &val->choice))
		if (!rv_rule_load_protocol(p))
			return unknown(p, val, loc, word);
	arity = rv_choice_arity(&val->choice);
	if (!name[len])
		return expect(p, arity, NULL);
	if (arity == RV_ARGS_NONE)
		return too_much(p, val, loc, word);
	loc->end = value.loc.first;
	return expect(p, arity, &value);
}

static bool is_argument(struct rv_parser *p, const struct rv_arg *word)
{
	if (p->need) {
		p->need--;
		return true;
	}
	if (p->may && *word->text != '-' && *word->text != '!') {
		p->may--;
		return true;
	}
	p->may = 0;
	return false;
}

static int classify(struct rv_parser *p, RV_GRAMMAR_STYPE *val, struct rv_loc *loc)
{
	struct rv_arg word = val->arg;
	const char *text = word.text;

	if (is_argument(p, &word))
		return RV_TOK_ARG;
	if (p->dashes)
		return RV_TOK_TRAILING;
	if (!strcmp(text, "!"))
		return RV_TOK_NOT;
	if (text[0] != '-' || !text[1])
		return RV_TOK_WORD;
	p->owner = word;
	if (text[1] != '-') {
		p->cluster = part_of(&word, 1);
		return short_option(p, val, loc);
	}
	if (text[2])
		return long_option(p, val, loc, &word);
	p->dashes = true;
	return NONE;
}

/* Next token, or NONE if the word produced none. */
static int next(struct rv_parser *p, RV_GRAMMAR_STYPE *val, struct rv_loc *loc)
{
	int token;

	if (p->glued.text && !p->stop) {
		val->arg = p->glued;
		*loc = p->glued.loc;
		p->glued.text = NULL;
		return RV_TOK_ARG;
	}
	if (p->cluster.text && !p->stop)
		return short_option(p, val, loc);
	token = rv_scan_lex(val, loc, p->scanner);
	if (token == RV_TOK_WORD)
		return p->stop ? NONE : classify(p, val, loc);
	if (!p->need || (token != RV_TOK_EOL && token != RV_TOK_END))
		return token;
	p->need = 0;
	p->held = token;
	val->arg = p->owner;
	*loc = p->owner.loc;
	return RV_TOK_MISSING;
}

/* Called by bison. */
int rv_grammar_lex(RV_GRAMMAR_STYPE *val, struct rv_loc *loc, struct rv_parser *p)
{
	int token = p->held;

	*loc = (struct rv_loc){ p->number, p->col, p->col };
	p->held = NONE;
	while (token == NONE)
		token = next(p, val, loc);
	return token;
}
