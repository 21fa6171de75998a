/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches that predicates do not say, or not all of: nft's words for them, by name. */
#include <linux/netfilter/xt_limit.h>

#include "extensions/limit.h"
#include "text.h"

#define ROWS(...) (const char *const[]){ __VA_ARGS__, NULL }

#define HELPER_MAX 15
#define CERTAIN 0x80000000U	/* the probability 1 of statistic */

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

static bool say_quota(struct rv_text *t, const struct rv_part *part)
{
	unsigned long long bytes = rv_text_number(part, "quota");

	rv_buf_printf(t->b, " quota %s%llu bytes", rv_text_inverted(part, "quota") ? "over " : "",
		      bytes);
	return bytes <= INT64_MAX;
}

static bool say_statistic(struct rv_text *t, const struct rv_part *part)
{
	bool random = rv_text_given(part, "probability");
	bool not = rv_text_inverted(part, random ? "probability" : "every");

	if (random)
		rv_buf_printf(t->b, " meta random & %u %s %u", CERTAIN - 1, not ? ">=" : "<",
			      (unsigned int)rv_text_number(part, "probability"));
	else
		rv_buf_printf(t->b, " numgen inc mod %u %s%u",
			      (unsigned int)rv_text_number(part, "every"), not ? "!= " : "",
			      (unsigned int)rv_text_number(part, "packet"));
	return true;
}

/* No name is any helper, for which nft has no word. */
static bool say_helper(struct rv_text *t, const struct rv_part *part)
{
	const char *name = rv_text_string(part, "helper");

	rv_buf_printf(t->b, " ct helper %s", rv_text_inverted(part, "helper") ? "!= " : "");
	return *name && rv_text_quoted(t->b, name, HELPER_MAX, "\\*");
}

static bool say_rpfilter(struct rv_text *t, const struct rv_part *part)
{
	rv_buf_printf(t->b, " fib saddr%s%s oif %s",
		      rv_text_given(part, "validmark") ? " . mark" : "",
		      rv_text_given(part, "loose") ? "" : " . iif",
		      rv_text_given(part, "invert") ? "0" : "!= 0");
	return true;
}

static bool say_socket(struct rv_text *t, const struct rv_part *part)
{
	bool transparent = rv_text_given(part, "transparent");

	if (!rv_text_given(part, "nowildcard"))
		rv_buf_puts(t->b, " socket wildcard 0");
	else if (!transparent)
		rv_buf_puts(t->b, " socket wildcard le 1");
	if (transparent)
		rv_buf_puts(t->b, " socket transparent 1");
	if (rv_text_given(part, "restore-skmark"))
		rv_buf_puts(t->b, " meta mark set socket mark");
	return true;
}

static bool say_address_type(struct rv_text *t, const struct rv_part *part, const char *row,
			     const char *address)
{
	if (!rv_text_given(part, row))
		return true;
	rv_buf_printf(t->b, " fib %s%s%s type %s", address,
		      rv_text_given(part, "limit-iface-in") ? " . iif" : "",
		      rv_text_given(part, "limit-iface-out") ? " . oif" : "",
		      rv_text_inverted(part, row) ? "!= " : "");
	return rv_text_bits(t->b, rv_text_address_types, rv_text_number(part, row));
}

static bool say_addrtype(struct rv_text *t, const struct rv_part *part)
{
	return say_address_type(t, part, "src-type", "saddr") &&
	       say_address_type(t, part, "dst-type", "daddr");
}

const struct rv_text_ext rv_text_matches[] = {
	{ "addrtype", say_addrtype, NULL },
	{ "comment", say_comment, NULL },
	{ "connbytes", rv_text_walk, NULL },
	/* The kernel does not compare the length. */
	{ "frag", rv_text_walk, NULL },
	{ "helper", say_helper, NULL },
	{ "limit", say_limit, NULL },
	{ "quota", say_quota, NULL },
	/* What --accept-local lets through nft's fib cannot tell from the rest. */
	{ "rpfilter", say_rpfilter, ROWS("loose", "validmark", "invert") },
	{ "socket", say_socket, NULL },
	{ "statistic", say_statistic, NULL },
	{ NULL, NULL, NULL },
};
