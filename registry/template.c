/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expansion of templates, see struct rv_template. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "registry/row.h"

#define ROW_NAME "abcdefghijklmnopqrstuvwxyz0123456789-"

/* Finds the row named at *text and advances *text. */
static const struct rv_option *find_row(struct rv_template *w, const char **text)
{
	size_t len = strspn(*text, ROW_NAME);
	const char *name = *text;

	*text += len;
	for (const struct rv_option *opt = w->ext->options; opt && opt->name; opt++) {
		if (opt->alias_of || strncmp(opt->name, name, len) != 0 || opt->name[len])
			continue;
		w->mentioned |= UINT64_C(1) << (opt - w->ext->options);
		return opt;
	}
	w->wrong = true;
	return NULL;
}

static bool about_rule(const struct rv_template *w, char what)
{
	switch (what) {
	case '4':
		return w->out.family == NFPROTO_IPV4;
	case '6':
		return w->out.family == NFPROTO_IPV6;
	case 'n':
		return w->out.numeric;
	case 'p':
		return w->has_protocol;
	default:
		return false;
	}
}

/* 0 if the value is not a number. */
static uint64_t row_number(const struct rv_template *w, const struct rv_option *opt)
{
	bool masked = opt->type == RV_T_CHANGE || opt->type == RV_T_MASKED;

	unsigned int size = masked ? mask_size(opt) : opt->size;

	return size > 8 ? 0 : get_number(opt, w->data + opt->offset, size);
}

/* After a row name: "=row" or "=number". */
static bool same_number(struct rv_template *w, const struct rv_option *opt, const char **text)
{
	const struct rv_option *other;
	uint64_t n = row_number(w, opt);

	++*text;
	if (isdigit((unsigned char)**text))
		return n == strtoull(*text, (char **)(uintptr_t)text, 10);
	other = find_row(w, text);
	return other && n == row_number(w, other);
}

/* After the name of a row of bits: "%name". */
static bool has_name(struct rv_template *w, const struct rv_option *opt, const char **text)
{
	size_t len = strspn(++*text, ROW_NAME);
	const struct rv_name *name = opt->names ? rv_name_find(opt->names, *text, len) : NULL;

	*text += len;
	w->wrong |= !name;
	return name && (row_number(w, opt) & name->value) == name->value;
}

/* "row", "!row", "~row", "row=row", "row=0", "row%name", "$4" */
static bool test_term(struct rv_template *w, const char **text)
{
	bool negate = **text == '!', inverted = **text == '~';
	const struct rv_option *opt;

	*text += negate || inverted;
	if (**text == '$') {
		*text += 2;
		return about_rule(w, (*text)[-1]) != negate;
	}
	opt = find_row(w, text);
	if (!opt)
		return false;
	if (**text == '=')
		return same_number(w, opt, text) != negate;
	if (**text == '%')
		return has_name(w, opt, text) != negate;
	return (inverted ? rv_option_inverted(opt, w->data)
			 : rv_option_given(w->ext, opt, w->data)) != negate;
}

/* Terms joined by '&' or '+', evaluated from left to right, up to ':'. */
static bool test(struct rv_template *w, const char **text)
{
	bool yes = test_term(w, text);

	while (**text == '&' || **text == '+') {
		bool all = *(*text)++ == '&', term = test_term(w, text);

		yes = all ? yes && term : yes || term;
	}
	*text += **text == ':';
	return yes;
}

static const char *expand(struct rv_template *w, const char *text, bool on);

/* After "{": a condition, a text and optionally an alternative. */
static const char *expand_choice(struct rv_template *w, const char *text, bool on)
{
	bool yes = test(w, &text);

	text = expand(w, text, on && yes);
	if (*text == '|')
		text = expand(w, text + 1, on && !yes);
	return text + (*text == '}');
}

/* After "<": a row, and optionally ':' and a format. */
static const char *expand_value(struct rv_template *w, const char *text, bool on)
{
	const struct rv_option *opt = find_row(w, &text);
	size_t len = strcspn(text, ">");

	if (opt && on && !w->value(w, opt, *text == ':' ? text + 1 : ""))
		w->failed = true;
	return text + len + (text[len] == '>');
}

static void put_char(struct rv_template *w, char c, bool on)
{
	if (on)
		rv_buf_putc(w->out.buf, c);
}

/* Expands up to the end of the template or of the branch. Without on, it only parses. */
static const char *expand(struct rv_template *w, const char *text, bool on)
{
	while (*text && *text != '}' && *text != '|') {
		char c = *text++;

		if (c == '{')
			text = expand_choice(w, text, on);
		else if (c == '<')
			text = expand_value(w, text, on);
		else if (c == '^')
			w->failed |= on;
		else
			put_char(w, c == '\\' && *text ? *text++ : c, on);
	}
	return text;
}

static bool put_word(struct rv_template *w, const struct rv_option *opt)
{
	const struct rv_name *name = rv_name_of(opt->names, row_number(w, opt));

	if (!name || !name->nft)
		return false;
	rv_buf_puts(w->out.buf, name->nft);
	return true;
}

static void put_escaped(struct rv_buf *b, const char *text, unsigned int size)
{
	for (const char *end = text + size; text < end && *text; text++)
		rv_buf_printf(b, strchr("\"\\", *text) ? "\\%c" : "%c", *text);
}

bool rv_template_value(struct rv_template *w, const struct rv_option *opt, const char *format)
{
	unsigned long long n = row_number(w, opt);

	switch (*format) {
	case 'd':
		rv_buf_u64(w->out.buf, n);
		return true;
	case 'x':
		rv_buf_printf(w->out.buf, "0x%llx", n);
		return true;
	case 'm':
		rv_buf_printf(w->out.buf, "0x%llx/0x%llx", n, (unsigned long long)
			      get_number(opt, w->data + mask_at(opt), mask_size(opt)));
		return true;
	case 'w':
		return put_word(w, opt);
	case 'q':
		put_escaped(w->out.buf, (const char *)w->data + opt->offset, opt->size);
		return true;
	case '-':
		rv_print_bits(w->out.buf, opt, w->data, "-");
		return true;
	default:
		rv_row_print(&w->out, opt, w->data);
		return true;
	}
}

bool rv_template_expand(struct rv_template *w, const char *text)
{
	w->failed = w->wrong = false;
	w->mentioned = 0;
	if (!w->value)
		w->value = rv_template_value;
	expand(w, text, true);
	return !w->failed && !w->wrong;
}
