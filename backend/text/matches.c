/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches that predicates do not say, or not all of: nft's words for them, by name. */
#include <linux/netfilter/xt_limit.h>

#include "extensions/limit.h"
#include "text.h"

/* It says nothing about packets, but a second one would be lost. */
static bool say_comment(struct rv_text *t, const struct rv_part *part)
{
	if (t->comment)
		return false;
	t->comment = rv_text_string(part, "comment");
	return true;
}

static bool say_limit(struct rv_text *t, const struct rv_part *part)
{
	const struct rv_limit_unit *unit;
	uint32_t packets = rv_limit_rate(rv_text_number(part, "limit"), &unit);

	rv_buf_printf(t->b, " limit rate %u/%s burst %u packets", packets, unit->word,
		      (unsigned int)rv_text_number(part, "limit-burst"));
	return true;
}

const struct rv_text_ext rv_text_matches[] = {
	{ "comment", say_comment, NULL },
	{ "limit", say_limit, NULL },
	{ NULL, NULL, NULL },
};
