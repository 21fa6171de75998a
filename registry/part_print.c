/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the options of a part: by its rows, a template, or a function of the extension. */
#include <ctype.h>

#include "registry/row.h"

/* Whether the range covers all values. */
static bool is_all(const struct rv_option *opt, const unsigned char *data)
{
	unsigned int half = half_size(opt);

	return !rv_option_inverted(opt, data) &&
	       get_number(opt, data + opt->offset, half) == opt->min &&
	       get_number(opt, data + end_at(opt), half) == row_max(opt, half);
}

static bool printed(const struct rv_out *o, const struct rv_ext *ext, const struct rv_option *opt,
		    const unsigned char *data)
{
	uint32_t always = o->style == RV_STYLE_SAVE ? RV_OPT_ALWAYS : RV_OPT_LIST_ALWAYS;
	uint32_t never = o->style == RV_STYLE_SAVE ? 0 : RV_OPT_LIST_NEVER;

	if (opt->alias_of || opt->flags & (RV_OPT_HIDDEN | never))
		return false;
	if (o->style == RV_STYLE_LIST && opt->flags & RV_OPT_LIST_PART && is_all(opt, data))
		return false;
	return opt->flags & always || rv_option_given(ext, opt, data);
}

static bool is_range(const struct rv_option *opt, const unsigned char *data)
{
	unsigned int half = half_size(opt);

	return (opt->type == RV_T_UINT_RANGE || opt->type == RV_T_PORT_RANGE) &&
	       memcmp(data + opt->offset, data + end_at(opt), half);
}

/* Prints rv_option.list up to "%s" or the end. Returns the rest. */
static const char *print_words(struct rv_out *o, const char *words, bool inverted, bool range)
{
	for (; *words && strncmp(words, "%s", 2) != 0; words++) {
		if ((*words == '[' && !inverted) || (*words == '(' && inverted) ||
		    (*words == '{' && !range))
			words += strcspn(words, "]})");
		else if (!strchr("[]{}()", *words))
			rv_buf_putc(o->buf, *words);
	}
	return words;
}

static void list_row(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const char *words = opt->list ? opt->list : "", *rest;
	bool inverted = rv_option_inverted(opt, data), range = is_range(opt, data);

	rv_buf_puts(o->buf, opt->flags & RV_OPT_LIST_TIGHT ? "" : " ");
	rv_buf_puts(o->buf, inverted && !strchr(words, '[') ? "! " : "");
	rest = print_words(o, words, inverted, range);
	if (!rv_option_takes_arg(opt))
		return;
	if (!*rest && rest != words && isalnum((unsigned char)rest[-1]))
		rv_buf_putc(o->buf, ' ');
	rv_row_print(o, opt, data);
	if (*rest)
		print_words(o, rest + 2, inverted, range);
}

static void save_row(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	rv_buf_puts(o->buf, rv_option_inverted(opt, data) ? " !" : "");
	if (opt->letter)
		rv_buf_printf(o->buf, " -%c", opt->letter);
	else
		rv_buf_printf(o->buf, " --%s", opt->save ? opt->save : opt->name);
	if (!rv_option_takes_arg(opt))
		return;
	rv_buf_putc(o->buf, ' ');
	rv_row_print(o, opt, data);
}

void rv_part_render(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data)
{
	const char *words = o->style == RV_STYLE_SAVE ? ext->save_template : ext->list_template;
	const struct rv_ext_ops *ops = rv_ext_ops(ext);
	void (*print)(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data) =
		o->style == RV_STYLE_SAVE ? ops->save : ops->show;
	struct rv_template w = { .out = *o, .ext = ext, .data = data };

	if (words) {
		rv_template_expand(&w, words);
		return;
	}
	if (print) {
		print(o, ext, data);
		return;
	}
	if (o->style == RV_STYLE_LIST && ext->list)
		rv_buf_printf(o->buf, " %s", ext->list);
	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++)
		if (printed(o, ext, opt, data))
			(o->style == RV_STYLE_SAVE ? save_row : list_row)(o, opt, data);
}
