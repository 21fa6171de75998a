/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an extension's rows hold, by name: the words for opaque matches and targets read this. */
#include <arpa/inet.h>
#include <string.h>

#include "text.h"

static const struct rv_option *find_row(const struct rv_part *part, const char *name)
{
	for (const struct rv_option *opt = part->ext->options; opt && opt->name; opt++)
		if (!opt->alias_of && strcmp(opt->name, name) == 0)
			return opt;
	return NULL;
}

bool rv_text_given(const struct rv_part *part, const char *row)
{
	const struct rv_option *opt = find_row(part, row);

	return opt && rv_option_given(part->ext, opt, part->data);
}

bool rv_text_inverted(const struct rv_part *part, const char *row)
{
	const struct rv_option *opt = find_row(part, row);

	return opt && rv_option_inverted(opt, part->data);
}

static uint64_t field(const struct rv_part *part, unsigned int at, unsigned int size, bool swap)
{
	uint64_t n = rv_get_uint(part->data + at, size);

	if (!swap)
		return n;
	return size == 2 ? ntohs(n) : ntohl(n);
}

uint64_t rv_text_number(const struct rv_part *part, const char *row)
{
	const struct rv_option *opt = find_row(part, row);
	unsigned int size;

	if (!opt)
		return 0;
	size = opt->type == RV_T_CHANGE ? opt->size / 2 : opt->size;
	return field(part, opt->offset, size, opt->flags & RV_OPT_BE);
}

uint64_t rv_text_mask(const struct rv_part *part, const char *row)
{
	const struct rv_option *opt = find_row(part, row);

	return opt ? field(part, opt->offset + opt->size / 2, opt->size / 2, false) : 0;
}

const char *rv_text_string(const struct rv_part *part, const char *row)
{
	const struct rv_option *opt = find_row(part, row);

	return opt ? (const char *)part->data + opt->offset : "";
}

void rv_text_value(const struct rv_text *t, struct rv_buf *b, const struct rv_part *part,
		   const char *row)
{
	const struct rv_option *opt = find_row(part, row);
	struct rv_out o = {
		.buf = b, .style = RV_STYLE_SAVE, .numeric = true, .family = t->family,
	};

	if (opt && opt->print)
		opt->print(&o, opt, part->data);
	else if (opt)
		rv_value_print(&o, opt, part->data);
}

bool rv_text_only(const struct rv_part *part, const char *const *rows)
{
	for (const struct rv_option *opt = part->ext->options; opt && opt->name; opt++) {
		const char *const *row = rows;

		if (opt->alias_of || opt->flags & RV_OPT_HIDDEN ||
		    !rv_option_given(part->ext, opt, part->data))
			continue;
		while (*row && strcmp(*row, opt->name) != 0)
			row++;
		if (!*row)
			return false;
	}
	return true;
}

/* nft knows no way to write a quote or a control character in a string. */
bool rv_text_quoted(struct rv_buf *b, const char *text, size_t max, const char *forbidden)
{
	size_t len = strlen(text);

	if (len > max || strchr(text, '"') || text[strcspn(text, forbidden)])
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	rv_buf_printf(b, "\"%s\"", text);
	return true;
}
