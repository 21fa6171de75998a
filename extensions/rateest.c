/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rateest: compares the rate of an estimator (target RATEEST) with a constant or another estimator
 * (uapi linux/netfilter/xt_rateest.h).
 */
#include <stdlib.h>
#include <strings.h>

#include <ravelin/extension.h>

#include <linux/netfilter/xt_rateest.h>

typedef struct xt_rateest_match_info info;

enum { DELTA, NAME1, NAME, BPS1, PPS1, LT, GT, EQ, BPS2, BPS, PPS2, PPS, NAME2 };

/* bits per second */
static const struct { const char *name; double bits; } units[] = {
	{ "", 1 }, { "bit", 1 },
	{ "kibit", 1024. }, { "kbit", 1e3 }, { "mibit", 1024. * 1024 }, { "mbit", 1e6 },
	{ "gibit", 1024. * 1024 * 1024 }, { "gbit", 1e9 },
	{ "tibit", 1024. * 1024 * 1024 * 1024 }, { "tbit", 1e12 },
	{ "Bps", 8 }, { "KiBps", 8. * 1024 }, { "KBps", 8e3 }, { "MiBps", 8. * 1024 * 1024 },
	{ "MBps", 8e6 }, { "GiBps", 8. * 1024 * 1024 * 1024 }, { "GBps", 8e9 },
	{ "TiBps", 8. * 1024 * 1024 * 1024 * 1024 }, { "TBps", 8e12 },
};

/* Converts a rate to bytes per second. Rejects rates that exceed 32 bits. */
static bool find_rate(const char *text, uint32_t *rate)
{
	char *end;
	double n = strtod(text, &end);

	for (unsigned int i = 0; end != text && i < sizeof(units) / sizeof(units[0]); i++) {
		double bytes = n * units[i].bits / 8;

		if (strcasecmp(units[i].name, end) != 0)
			continue;
		if (!(bytes >= 0 && bytes < UINT32_MAX + 1.))
			return false;
		*rate = bytes;
		return true;
	}
	return false;
}

static bool is_rate(const struct rv_option *opt)
{
	return opt->offset == offsetof(info, bps1) || opt->offset == offsetof(info, bps2);
}

/* Without a number, the two estimators are compared. */
static int parse_amount(struct rv_parse *p)
{
	bool rate = is_rate(p->opt);
	uint64_t n = 0;
	uint32_t bytes = 0;

	if (p->arg && rate && !find_rate(p->arg, &bytes))
		return rv_option_fail(p, "could not parse rate `%s'", p->arg);
	if (p->arg && !rate && !rv_parse_uint(p->arg, 0, UINT32_MAX, &n))
		return rv_option_fail(p, "could not parse pps `%s'", p->arg);
	rv_set_uint(p->data + p->opt->offset, p->opt->size, rate ? bytes : n);
	return 0;
}

/* Save prints the exact value, -L three or more digits like iptables. */
static void print_rate(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	uint32_t rate = rv_get_uint(data + opt->offset, opt->size);
	double bits = rate * 8.;
	double unit = bits >= 1e9 ? 1e6 : bits >= 1e6 ? 1e3 : 1;
	uint64_t whole = (uint64_t)rate * 8;

	if (o->style == RV_STYLE_LIST && o->numeric)
		rv_buf_u64(o->buf, rate);
	else if (o->style == RV_STYLE_SAVE && whole % (uint64_t)unit)
		rv_buf_printf(o->buf, "%llubit", (unsigned long long)whole);
	else
		rv_buf_printf(o->buf, "%.0f%sbit", bits / unit,
			      unit == 1e6 ? "M" : unit == 1e3 ? "K" : "");
}

#define NAME_ROW(word, shown, field, ...)					\
	{									\
		.name = word, .type = RV_T_STRING, .flags = RV_OPT_BARE,	\
		RV_FIELD(info, field), .arg = "name", .help = shown,		\
		.errors = RV_ERRORS(.once = "rateest: can't specify --" word " twice", \
				    .no_invert = "rateest: rateest can't be inverted"), \
		__VA_ARGS__							\
	}

#define AMOUNT(unit, number, field, bit, what, text, print_)		\
	{									\
		.name = "rateest-" unit number, .type = RV_T_UINT,		\
		.flags = RV_OPT_OPTIONAL_ARG,					\
		RV_FIELD(info, field), .given = RV_BIT(info, flags, XT_RATEEST_MATCH_##bit), \
		.errors = RV_ERRORS(.once = "rateest: can't specify --rateest-" unit	\
					    number " twice",			\
				    .no_invert = "rateest: rateest-" unit	\
						 " can't be inverted"),		\
		.arg = what, .help = text,					\
		.ops = RV_OPTION_OPS(.parse = parse_amount, .print = print_),	\
	}

#define MODE(word, bit, others, text)						\
	{									\
		.name = "rateest-" word, .type = RV_T_FLAG,			\
		.flags = RV_OPT_INVERT | RV_OPT_SETS | RV_OPT_REPEAT,		\
		RV_FIELD(info, mode), .value = XT_RATEEST_MATCH_##bit,		\
		.invert = RV_BIT(info, flags, XT_RATEEST_MATCH_INVERT),		\
		.excludes = others, .help = text,				\
	}

static const struct rv_option rateest_options[] = {
	[DELTA] = {
		.name = "rateest-delta", .type = RV_T_FLAG,
		RV_FIELD(info, flags), .value = XT_RATEEST_MATCH_DELTA,
		.errors = RV_ERRORS(.once = "rateest: can't specify --rateest-delta twice",
				    .no_invert = "rateest: rateest-delta can't be inverted"),
		.help = "compare the difference to a rate",
	},
	[NAME1] = NAME_ROW("rateest1", "name of the estimator", name1),
	[NAME] = { .name = "rateest", .alias_of = "rateest1" },
	[BPS1] = AMOUNT("bps", "1", bps1, BPS, "rate", "with --rateest-delta: rate to subtract, in bits per second",
		       print_rate),
	[PPS1] = AMOUNT("pps", "1", pps1, PPS, "number", "with --rateest-delta: rate to subtract, in packets per second",
		       NULL),
	[LT] = MODE("lt", LT, 1 << GT | 1 << EQ, "match if lower"),
	[GT] = MODE("gt", GT, 1 << LT | 1 << EQ, "match if higher"),
	[EQ] = MODE("eq", EQ, 1 << LT | 1 << GT, "match if equal"),
	[BPS2] = AMOUNT("bps", "2", bps2, BPS, "rate", "rate to compare with, in bits per second",
			print_rate),
	[BPS] = { .name = "rateest-bps", .alias_of = "rateest-bps2" },
	[PPS2] = AMOUNT("pps", "2", pps2, PPS, "number", "rate to compare with, in packets per second",
			NULL),
	[PPS] = { .name = "rateest-pps", .alias_of = "rateest-pps2" },
	[NAME2] = NAME_ROW("rateest2", "estimator to compare with", name2,
			   .given = RV_BIT(info, flags, XT_RATEEST_MATCH_REL)),
	{ .name = NULL },
};

/* The kernel ignores a rate of the unit that is not compared, and save could not print it. */
static int check_rates(struct rv_check *c)
{
	info *i = (info *)(void *)c->part->data;
	bool delta = i->flags & XT_RATEEST_MATCH_DELTA, two = i->flags & XT_RATEEST_MATCH_REL;

	if (!two)
		i->flags |= XT_RATEEST_MATCH_ABS;
	if (!delta && (i->bps1 || i->pps1 || (two && (i->bps2 || i->pps2))))
		return rv_check_fail(c, "rateest: this rate needs --rateest-delta");
	return 0;
}

static const char *rateest_refused(const unsigned char *data, uint32_t hooks)
{
	const info *i = (const info *)(const void *)data;

	if (!(i->flags & (XT_RATEEST_MATCH_BPS | XT_RATEEST_MATCH_PPS)))
		return "a rate in bits or packets is required";
	return i->mode != XT_RATEEST_MATCH_NONE ? NULL :
	       "--rateest-lt, --rateest-gt or --rateest-eq is required";
}

/* Comparison operator, the same for both units. */
#define HOW(before) " {~rateest-eq:! }" before						\
	"{rateest-lt:lt}{rateest-gt:gt}{rateest-eq:eq}"

/* "--rateest-bps1 x --rateest-lt --rateest-bps2 y"; omitted numbers are not compared. */
#define SAVED(unit)									\
	"{rateest-" unit "1:{rateest-delta: --rateest-" unit "1 <rateest-" unit "1>}"	\
	HOW("--rateest-") " --rateest-" unit "{rateest-delta:2}"			\
	"{rateest-delta+!rateest2: <rateest-" unit "2>}}"

/* One side of a comparison of two estimators. */
#define SIDE(number)									\
	"{rateest-bps1: bps{rateest-delta: <rateest-bps" number ">}}"			\
	"{rateest-pps1: pps{rateest-delta: <rateest-pps" number ">}}"

RV_EXTENSION(rateest) = {
	.name = "rateest", .kind = RV_MATCH,
	.size = sizeof(info), .compare = offsetof(info, est1), .options = rateest_options,
	.ops = RV_EXT_OPS(.check = check_rates),
	.only = RV_ONLY(.refused = rateest_refused),
	.revisions = RV_REVISIONS({ .revision = 0, .size = sizeof(info), .bytes = offsetof(info, est1) }),
	.save_template = "{rateest-delta: --rateest-delta} --rateest{rateest2:1} <rateest1>"
		      SAVED("bps") SAVED("pps") "{rateest2: --rateest2 <rateest2>}",
	.list_template = " rateest match <rateest1>{rateest-delta: delta}"
		      "{rateest2:" SIDE("1") HOW("") " <rateest2>" SIDE("2") "|"
		      "{rateest-bps1: bps{rateest-delta: <rateest-bps1>} <rateest-bps2>" HOW("") "}"
		      "{rateest-pps1: pps{rateest-delta: <rateest-pps1>}" HOW("") " <rateest-pps2>}}",
	.effect = RV_EFFECT_STATE, .opaque = "it measures", .help = "measured packet rate",
};
