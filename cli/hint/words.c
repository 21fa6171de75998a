/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that were mistyped, or mangled by copying. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "cli/hint/hint.h"

/* ---- typographic characters ------------------------------------------------------------- */

enum glyph { GLYPH_NONE, GLYPH_DASH, GLYPH_QUOTE, GLYPH_BLANK, GLYPH_NOTHING };

static const struct {
	const char *utf8;
	enum glyph glyph;
} glyphs[] = {
	{ "\xe2\x80\x90", GLYPH_DASH }, { "\xe2\x80\x91", GLYPH_DASH },	/* hyphens */
	{ "\xe2\x80\x92", GLYPH_DASH }, { "\xe2\x80\x93", GLYPH_DASH },	/* figure, en dash */
	{ "\xe2\x80\x94", GLYPH_DASH }, { "\xe2\x80\x95", GLYPH_DASH },	/* em dash, bar */
	{ "\xe2\x88\x92", GLYPH_DASH }, { "\xef\xbc\x8d", GLYPH_DASH },	/* minus, wide hyphen */
	{ "\xef\xb9\x98", GLYPH_DASH }, { "\xef\xb9\xa3", GLYPH_DASH },	/* small ones */
	{ "\xe2\x80\x98", GLYPH_QUOTE }, { "\xe2\x80\x99", GLYPH_QUOTE },
	{ "\xe2\x80\x9a", GLYPH_QUOTE }, { "\xe2\x80\x9b", GLYPH_QUOTE },
	{ "\xe2\x80\x9c", GLYPH_QUOTE }, { "\xe2\x80\x9d", GLYPH_QUOTE },
	{ "\xe2\x80\x9e", GLYPH_QUOTE }, { "\xe2\x80\x9f", GLYPH_QUOTE },
	{ "\xe2\x80\xb2", GLYPH_QUOTE }, { "\xe2\x80\xb3", GLYPH_QUOTE },	/* primes */
	{ "\xc2\xab", GLYPH_QUOTE }, { "\xc2\xbb", GLYPH_QUOTE },		/* guillemets */
	{ "\xc2\xa0", GLYPH_BLANK }, { "\xe2\x80\xaf", GLYPH_BLANK },	/* no-break spaces */
	{ "\xe2\x80\x83", GLYPH_BLANK }, { "\xe2\x80\x82", GLYPH_BLANK },	/* em, en space */
	{ "\xe2\x80\x89", GLYPH_BLANK }, { "\xe3\x80\x80", GLYPH_BLANK },	/* thin, ideographic */
	{ "\xe2\x80\x8b", GLYPH_NOTHING }, { "\xef\xbb\xbf", GLYPH_NOTHING },	/* zero width */
	{ "\xe2\x80\x8e", GLYPH_NOTHING }, { "\xe2\x80\x8f", GLYPH_NOTHING },	/* direction marks */
	{ "\xc2\xad", GLYPH_NOTHING },					/* soft hyphen */
};

/* The character at text, and its length in bytes. */
static enum glyph glyph_at(const char *text, size_t *len)
{
	for (size_t i = 0; i < sizeof(glyphs) / sizeof(*glyphs); i++) {
		*len = strlen(glyphs[i].utf8);
		if (!strncmp(text, glyphs[i].utf8, *len))
			return glyphs[i].glyph;
	}
	*len = 1;
	return GLYPH_NONE;
}

/* A line without such characters, word by word. */
struct plain {
	struct rv_hint *h;
	struct rv_hint_line line;
	struct rv_buf word;
	bool quoted;			/* within quotes: spaces do not end the word */
	bool shorts;			/* dashes before several letters count as one */
	bool seen[GLYPH_NOTHING + 1];
};

static void end_word(struct plain *p)
{
	const char *text = rv_buf_text(&p->word);

	if (text && p->line.count < RV_HINT_WORDS)
		p->line.word[p->line.count++] = rv_hint_text(p->h, "%s", text);
	rv_buf_reset(&p->word);
}

/* Dashes at the start of a word, at least one of them non-ASCII. Returns their length in bytes. */
static size_t leading_dashes(struct plain *p, const char *word)
{
	size_t at = 0, len;
	bool typographic = false;

	while (word[at] == '-' || glyph_at(word + at, &len) == GLYPH_DASH) {
		typographic |= word[at] != '-';
		at += word[at] == '-' ? 1 : len;
	}
	if (!typographic)
		return 0;
	p->seen[GLYPH_DASH] = true;
	rv_buf_puts(&p->word, word[at] && word[at + 1] && !p->shorts ? "--" : "-");
	return at;
}

static void add_glyph(struct plain *p, enum glyph glyph, const char *text, size_t len)
{
	p->seen[glyph] = true;
	if (glyph == GLYPH_NONE)
		rv_buf_add(&p->word, text, len);
	else if (glyph == GLYPH_DASH)
		rv_buf_putc(&p->word, '-');
	else if (glyph == GLYPH_QUOTE && p->word.len && isalpha((unsigned char)text[len]))
		rv_buf_putc(&p->word, '\'');
	else if (glyph == GLYPH_QUOTE)
		p->quoted = !p->quoted;
	else if (glyph == GLYPH_BLANK && p->quoted)
		rv_buf_putc(&p->word, ' ');
	else if (glyph == GLYPH_BLANK && p->word.len)
		end_word(p);
}

static void add_plain_word(struct plain *p, const char *word)
{
	size_t at = p->quoted ? 0 : leading_dashes(p, word), len;

	for (; word[at]; at += len) {
		enum glyph glyph = glyph_at(word + at, &len);

		add_glyph(p, glyph, word + at, len);
	}
	if (p->quoted)
		rv_buf_putc(&p->word, ' ');
	else
		end_word(p);
}

static void plain_line(struct rv_hint *h, const struct rv_hint_case *c, bool shorts)
{
	struct plain p = { .h = h, .line = *c->line, .shorts = shorts };

	p.line.count = c->line->first;
	for (size_t i = c->line->first; i < c->line->count; i++)
		add_plain_word(&p, c->line->word[i]);
	if (p.quoted)
		end_word(&p);
	if (p.seen[GLYPH_DASH] || p.seen[GLYPH_QUOTE] || p.seen[GLYPH_BLANK] ||
	    p.seen[GLYPH_NOTHING])
		rv_hint_propose(h, c, NULL, &p.line,
				"The line contains %s from a word processor or web page: use %s.",
				p.seen[GLYPH_DASH] ? "typographic dashes" :
				p.seen[GLYPH_QUOTE] ? "typographic quotes" :
				p.seen[GLYPH_BLANK] ? "no-break spaces" : "invisible characters",
				p.seen[GLYPH_DASH] ? "- and --" : p.seen[GLYPH_QUOTE] ? "plain quotes" :
				p.seen[GLYPH_BLANK] ? "plain blanks" : "none");
	rv_buf_free(&p.word);
}

static void typography(struct rv_hint *h, const struct rv_hint_case *c)
{
	plain_line(h, c, false);
	plain_line(h, c, true);
}

/* ---- shell syntax ------------------------------------------------------------------------ */

/* Joins several words to one. */
static struct rv_hint_line joined(struct rv_hint *h, const struct rv_hint_line *l, size_t at,
				  size_t count, const char *between)
{
	struct rv_hint_line new = *l;
	const char *text = l->word[at];

	for (size_t i = at + 1; i < at + count; i++)
		text = rv_hint_text(h, "%s%s%s", text, between, l->word[i]);
	new = rv_hint_remove(&new, at, count - 1);
	new.word[at] = text;
	return new;
}

static void single_quotes(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_hint_line l = *c->line;
	bool any = false;

	for (size_t i = l.first; h->file && i < l.count; i++) {
		size_t end = i, len;

		if (l.word[i][0] != '\'')
			continue;
		while (end < l.count && (len = strlen(l.word[end]),
					 l.word[end][len - (len > 0)] != '\'' || (end == i && len == 1)))
			end++;
		if (end == l.count)
			return;
		l = joined(h, &l, i, end - i + 1, " ");
		l.word[i] = rv_hint_text(h, "%.*s", (int)strlen(l.word[i]) - 2, l.word[i] + 1);
		any = true;
	}
	if (any)
		rv_hint_propose(h, c, NULL, &l,
				"In restore files, only double quotes are quotes: use \" instead of '.");
}

static void remark(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_hint_line l = *c->line;

	for (size_t i = l.first + 1; h->file && i < l.count; i++) {
		if (l.word[i][0] != '#')
			continue;
		l.count = i;
		rv_hint_propose(h, c, NULL, &l,
				"Put the comment on a line of its own that begins with #, before the rule; "
				"-m comment --comment stores a comment in the rule.");
	}
}

/* "iptables -A ..." as in a script; "-t" repeats the table of the block. */
static void shell_command(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_hint_line l = *c->line;
	size_t at = l.first, t;

	while (h->file && at < l.count && l.word[at][0] != '-' &&
	       (strstr(l.word[at], "tables") || !strcmp(l.word[at], "sudo")))
		at++;
	if (at > l.first) {
		l = rv_hint_remove(&l, l.first, at - l.first);
		rv_hint_propose(h, c, NULL, &l,
				"Lines of a restore file are not shell commands: omit the "
				"program name.");
	}
	for (t = l.first; h->file && t + 1 < l.count; t++)
		if ((!strcmp(l.word[t], "-t") || !strcmp(l.word[t], "--table")) &&
		    !strcmp(l.word[t + 1], h->def->name)) {
			l = rv_hint_remove(&l, t, 2);
			rv_hint_propose(h, c, NULL, &l,
					"In a restore file, the line *%s above selects the table: "
					"omit -t.", h->def->name);
		}
}

/* ---- dashes and "!" ---------------------------------------------------------------------- */

struct known {
	const char *name;
	size_t len;
	bool found;
};

static void look_for_row(const struct rv_ext *ext, void *arg)
{
	struct known *k = arg;

	for (const struct rv_option *o = ext->options; o && o->name; o++)
		if (strlen(o->name) == k->len && !memcmp(o->name, k->name, k->len))
			k->found = true;
}

bool rv_hint_is_option(const char *name)
{
	struct known k = { name, strcspn(name, "="), false };

	for (const struct rv_core_option *o = rv_core_options; o->name; o++)
		k.found |= strlen(o->name) == k.len && !memcmp(o->name, name, k.len);
	look_for_row(&rv_ext_ip, &k);
	rv_ext_each(look_for_row, &k);
	return k.found;
}

/* "-dport", parsed as -d with an argument; at the error also "dport" and "--p". */
static void dashes(struct rv_hint *h, const struct rv_hint_case *c)
{
	for (size_t i = c->line->first; i < c->line->count; i++) {
		const char *word = c->line->word[i], *name = word + strspn(word, "-");
		size_t count = name - word;
		struct rv_hint_line l;

		if (!*name || (i != c->at && count != 1))
			continue;
		if (name[1] && count != 2 && rv_hint_is_option(name)) {
			l = rv_hint_put(c->line, i, rv_hint_text(h, "--%s", name));
			rv_hint_propose(h, c, NULL, &l, "Did you mean --%s?", name);
		} else if (!name[1] && count != 1) {
			l = rv_hint_put(c->line, i, rv_hint_text(h, "-%s", name));
			rv_hint_propose(h, c, NULL, &l, "Did you mean -%s?", name);
		} else if (!name[1] && isalpha((unsigned char)*name) && i == c->at &&
			   strstr(c->trial->err.text, "unknown option")) {
			l = rv_hint_put(c->line, i, rv_hint_text(h, "-%c", *name ^ ('a' ^ 'A')));
			rv_hint_propose(h, c, NULL, &l, "Did you mean %s?", l.word[i]);
		}
	}
}

/* "-s ! A", "!-s A", "-s !A", "-s!A": the "!" must precede the option as a separate word. */
static void bangs(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_hint_line l = *c->line;
	const char *option = NULL;

	for (size_t i = l.first; i < l.count; i++) {
		const char *word = l.word[i], *before = i > l.first ? l.word[i - 1] : "";

		if (word[0] == '-' && word[1] && word[1] != '-' && word[2] == '!' && word[3]) {
			option = rv_hint_text(h, "%.2s", word);
			l.word[i] = rv_hint_text(h, "%s%s", option, word + 3);
			l = rv_hint_insert(&l, i++, "!", NULL);
			continue;
		}
		if (word[0] != '!' || (!word[1] && before[0] != '-'))
			continue;
		if (word[1] == '-') {
			option = word + 1;
			l.word[i] = option;
			l = rv_hint_insert(&l, i, "!", NULL);
		} else if (word[1] && before[0] == '-') {
			option = before;
			l.word[i] = word + 1;
			l = rv_hint_insert(&l, i - 1, "!", NULL);
		} else if (!word[1] && i + 1 < l.count && l.word[i + 1][0] != '-') {
			option = before;
			l = rv_hint_move(&l, i, 1, i - 1);
		}
		i++;
	}
	if (option)
		rv_hint_propose(h, c, NULL, &l, "Put ! before the option: ! %s.", option);
}

/* ---- misplaced spaces ----------------------------------------------------------------------- */

/* Number of words from at that are not options. */
static size_t plain_words(const struct rv_hint_line *l, size_t at)
{
	size_t n = 0;

	while (at + n < l->count && l->word[at + n][0] != '-' && strcmp(l->word[at + n], "!") != 0)
		n++;
	return n;
}

/* "NEW, ESTABLISHED", "10.0.0.0 /8", "80 : 90", "1.2.3.4 - 1.2.3.9" */
static void torn(struct rv_hint *h, const struct rv_hint_case *c)
{
	struct rv_hint_line l = *c->line;
	const char *value = NULL;

	for (size_t i = l.first; i + 1 < l.count; i++) {
		size_t len = strlen(l.word[i]);

		if (i + 2 < l.count && !strcmp(l.word[i + 1], "-")) {
			l = joined(h, &l, i, 3, "");
			value = l.word[i];
		}
		while (i + 1 < l.count && len && l.word[i][0] != '-' &&
		       (strchr(",/:", l.word[i][len - 1]) ||
			(l.word[i + 1][0] && strchr(",/:", l.word[i + 1][0])))) {
			l = joined(h, &l, i, 2, "");
			value = l.word[i];
			len = strlen(value);
		}
	}
	if (value)
		rv_hint_propose(h, c, NULL, &l, "Remove the blanks: %s.", value);
}

/* Words after an option's argument that belong to it, as a list or a string. */
static void stray(struct rv_hint *h, const struct rv_hint_case *c)
{
	size_t first = c->at, n = plain_words(c->line, c->at);
	struct rv_completion role;
	struct rv_hint_line l;

	if (!n || first <= c->line->first + 1)
		return;
	role = rv_hint_role(c->line, --first);
	if (!role.opt)
		return;
	l = joined(h, c->line, first, n + 1, role.opt->type == RV_T_STRING ? " " : ",");
	if (role.opt->type == RV_T_STRING)
		rv_hint_propose(h, c, NULL, &l, "Quote a text with blanks.");
	else
		rv_hint_propose(h, c, NULL, &l, "A list has commas without blanks: %s.",
				l.word[first]);
}

rv_hint_rule *const rv_hint_word_rules[] = {
	typography, single_quotes, remark, shell_command, dashes, bangs, torn, stray, NULL,
};
