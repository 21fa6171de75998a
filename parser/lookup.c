/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option lookup: core options first, then those of matches and target, latest first. */
#include <string.h>

#include <ravelin/registry.h>

#include "parser/parse.h"

/* Index by letter, built at the first lookup. */
static struct rv_choice letters[128];
static bool letters_made;

static void make_letters(void)
{
	for (const struct rv_option *row = rv_ext_ip.options; row->name; row++)
		if (row->letter)
			letters[(unsigned char)row->letter] =
				(struct rv_choice){ .opt = row, .ext = &rv_ext_ip };
	for (const struct rv_core_option *row = rv_core_options; row->name; row++)
		if (row->letter)
			letters[(unsigned char)row->letter] = (struct rv_choice){ .core = row };
	letters_made = true;
}

bool rv_find_short(const struct rv_parser *p, char letter, struct rv_choice *c)
{
	unsigned char at = letter;

	(void)p;
	if (!letters_made)
		make_letters();
	if (at >= sizeof(letters) / sizeof(*letters) || (!letters[at].core && !letters[at].opt))
		return false;
	*c = letters[at];
	return true;
}

/* Lookup of a long name. */
struct name_lookup {
	const char *name;
	size_t len;
	struct rv_choice *found;
	bool exact, partial, ambiguous;
};

/* Whether two names denote the same option, so that a prefix of both is not ambiguous. */
static bool same(const struct rv_choice *a, const struct rv_choice *b)
{
	if (a->core || b->core)
		return a->core == b->core;
	return a->ext == b->ext &&
	       rv_option_index(a->ext, a->opt) == rv_option_index(b->ext, b->opt);
}

static void consider(struct name_lookup *s, const char *name, const struct rv_choice *c)
{
	if (strncmp(name, s->name, s->len) != 0)
		return;
	if (!name[s->len]) {
		s->exact = true;
		*s->found = *c;
	} else if (!s->partial) {
		s->partial = true;
		*s->found = *c;
	} else if (!same(s->found, c)) {
		s->ambiguous = true;
	}
}

static void search_core(struct name_lookup *s)
{
	for (const struct rv_core_option *row = rv_core_options; row->name && !s->exact; row++)
		if (row->name[0] == s->name[0])
			consider(s, row->name, &(struct rv_choice){ .core = row });
}

static void search_ext(struct name_lookup *s, const struct rv_ext *ext, struct rv_part *part)
{
	const struct rv_option *row;

	for (row = ext->options; row && row->name && !s->exact; row++)
		if (row->name[0] == s->name[0])
			consider(s, row->name, &(struct rv_choice){ NULL, row, ext, part });
}

bool rv_find_long(const struct rv_parser *p, const char *name, size_t len, struct rv_choice *c)
{
	struct name_lookup s = { .name = name, .len = len, .found = c };

	search_core(&s);
	search_ext(&s, &rv_ext_ip, NULL);
	for (size_t i = p->nslots; i > 0 && !s.exact; i--)
		search_ext(&s, p->slot[i - 1].ext, p->slot[i - 1].part);
	return s.exact || (s.partial && !s.ambiguous);
}

static const struct rv_option *canonical(const struct rv_choice *c)
{
	return &c->ext->options[rv_option_index(c->ext, c->opt)];
}

enum rv_arity rv_choice_arity(const struct rv_choice *c)
{
	const struct rv_option *opt;

	if (c->core)
		return c->core->arity;
	opt = canonical(c);
	if (opt->flags & RV_OPT_TWO)
		return RV_ARGS_ONE_OPT;
	if (opt->flags & RV_OPT_OPTIONAL_ARG)
		return RV_ARGS_OPT;
	return rv_option_takes_arg(opt) ? RV_ARGS_ONE : RV_ARGS_NONE;
}
