/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rateest: compares the rate that an estimator (target RATEEST) has seen with a number or
 * with another estimator (uapi linux/netfilter/xt_rateest.h).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ravelin/extension.h>

#include <linux/netfilter/xt_rateest.h>

typedef struct xt_rateest_match_info info;

enum { DELTA, NAME1, NAME, BPS1, PPS1, LT, GT, EQ, BPS2, BPS, PPS2, PPS, NAME2 };

/* In bits a second. */
static const struct { const char *name; double bits; } units[] = {
	{ "", 1 }, { "bit", 1 },
	{ "kibit", 1024. }, { "kbit", 1e3 }, { "mibit", 1024. * 1024 }, { "mbit", 1e6 },
	{ "gibit", 1024. * 1024 * 1024 }, { "gbit", 1e9 },
	{ "tibit", 1024. * 1024 * 1024 * 1024 }, { "tbit", 1e12 },
	{ "Bps", 8 }, { "KiBps", 8. * 1024 }, { "KBps", 8e3 }, { "MiBps", 8. * 1024 * 1024 },
	{ "MBps", 8e6 }, { "GiBps", 8. * 1024 * 1024 * 1024 }, { "GBps", 8e9 },
	{ "TiBps", 8. * 1024 * 1024 * 1024 * 1024 }, { "TBps", 8e12 },
};

/* A rate to bytes a second. What the kernel's 32 bits cannot hold is refused. */
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

/* Without a number the two estimators are compared. */
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

/* Save says what is there to the bit, -L as stock does in three or more digits. */
static void print_rate(struct rv_out *o, uint32_t rate)
{
	double bits = rate * 8.;
	double unit = bits >= 1e9 ? 1e6 : bits >= 1e6 ? 1e3 : 1;
	uint64_t whole = (uint64_t)rate * 8;

	if (o->style == RV_STYLE_LIST && o->numeric)
		rv_buf_printf(o->buf, " %u", rate);
	else if (o->style == RV_STYLE_SAVE && whole % (uint64_t)unit)
		rv_buf_printf(o->buf, " %llubit", (unsigned long long)whole);
	else
		rv_buf_printf(o->buf, " %.0f%sbit", bits / unit,
			      unit == 1e6 ? "M" : unit == 1e3 ? "K" : "");
}

#define NAME_ROW(word, shown, field, ...)					\
	{									\
		.name = word, .type = RV_T_STRING, .flags = RV_OPT_BARE,	\
		RV_FIELD(info, field), .arg = "name", .help = shown,		\
		.once = "rateest: can't specify --" word " twice",		\
		.no_invert = "rateest: rateest can't be inverted", __VA_ARGS__	\
	}

#define AMOUNT(unit, number, field, bit, what, text)				\
	{									\
		.name = "rateest-" unit number, .type = RV_T_HOOK,		\
		.flags = RV_OPT_OPTIONAL_ARG,					\
		RV_FIELD(info, field), .given = RV_BIT(info, flags, XT_RATEEST_MATCH_##bit), \
		.once = "rateest: can't specify --rateest-" unit number " twice", \
		.no_invert = "rateest: rateest-" unit " can't be inverted",	\
		.arg = what, .help = text, .parse = parse_amount,		\
	}

#define MODE(word, bit, others, text)						\
	{									\
		.name = "rateest-" word, .type = RV_T_FLAG,			\
		.flags = RV_OPT_INVERT | RV_OPT_SETS | RV_OPT_REPEAT,		\
		RV_FIELD(info, mode), .value = XT_RATEEST_MATCH_##bit,		\
		.invert = RV_BIT(info, flags, XT_RATEEST_MATCH_INVERT),		\
		.excludes = others, .help = text,				\
	}

static const struct rv_option options[] = {
	[DELTA] = {
		.name = "rateest-delta",
		.type = RV_T_FLAG,
		RV_FIELD(info, flags),
		.value = XT_RATEEST_MATCH_DELTA,
		.once = "rateest: can't specify --rateest-delta twice",
		.no_invert = "rateest: rateest-delta can't be inverted",
		.help = "compare what is left up to a rate",
	},
	[NAME1] = NAME_ROW("rateest1", "the estimator", name1),
	[NAME] = { .name = "rateest", .alias_of = "rateest1" },
	[BPS1] = AMOUNT("bps", "1", bps1, BPS, "rate", "with --rateest-delta: bits up to this rate"),
	[PPS1] = AMOUNT("pps", "1", pps1, PPS, "number", "with --rateest-delta: packets up to this rate"),
	[LT] = MODE("lt", LT, 1 << GT | 1 << EQ, "it is lower"),
	[GT] = MODE("gt", GT, 1 << LT | 1 << EQ, "it is higher"),
	[EQ] = MODE("eq", EQ, 1 << LT | 1 << GT, "it is the same"),
	[BPS2] = AMOUNT("bps", "2", bps2, BPS, "rate", "than this many bits a second"),
	[BPS] = { .name = "rateest-bps", .alias_of = "rateest-bps2" },
	[PPS2] = AMOUNT("pps", "2", pps2, PPS, "number", "than this many packets a second"),
	[PPS] = { .name = "rateest-pps", .alias_of = "rateest-pps2" },
	[NAME2] = NAME_ROW("rateest2", "than this estimator's", name2,
			   .given = RV_BIT(info, flags, XT_RATEEST_MATCH_REL)),
	{ .name = NULL },
};

/* The kernel would pass over a rate that is not asked for, and save could not print it. */
static int check(struct rv_check *c)
{
	info *i = (info *)(void *)c->part->data;
	bool delta = i->flags & XT_RATEEST_MATCH_DELTA, two = i->flags & XT_RATEEST_MATCH_REL;

	if (!two)
		i->flags |= XT_RATEEST_MATCH_ABS;
	if (!delta && (i->bps1 || i->pps1 || (two && (i->bps2 || i->pps2))))
		return rv_fail(c->err, RV_ERR_USAGE, &c->loc,
			       "rateest: this rate needs --rateest-delta");
	return 0;
}

static const char *refused(const unsigned char *data, uint32_t hooks)
{
	const info *i = (const info *)(const void *)data;

	if (!(i->flags & (XT_RATEEST_MATCH_BPS | XT_RATEEST_MATCH_PPS)))
		return "it must be said whether to compare bits or packets";
	return i->mode == XT_RATEEST_MATCH_NONE ? "it must be said how to compare" : NULL;
}

static const char *mode_name(const info *i)
{
	static const char *const names[] = { "", "eq", "lt", "gt" };

	return i->mode < sizeof(names) / sizeof(names[0]) ? names[i->mode] : "";
}

static void print_mode(struct rv_out *o, const info *i)
{
	rv_buf_printf(o->buf, "%s %s%s", i->flags & XT_RATEEST_MATCH_INVERT ? " !" : "",
		      o->style == RV_STYLE_SAVE ? "--rateest-" : "", mode_name(i));
}

static void print_amount(struct rv_out *o, const info *i, bool rate, bool second)
{
	if (rate)
		print_rate(o, second ? i->bps2 : i->bps1);
	else
		rv_buf_printf(o->buf, " %u", second ? i->pps2 : i->pps1);
}

/* "--rateest-bps1 x --rateest-lt --rateest-bps2 y", with fewer numbers where fewer are compared. */
static void save_amount(struct rv_out *o, const info *i, bool rate)
{
	bool delta = i->flags & XT_RATEEST_MATCH_DELTA, two = i->flags & XT_RATEEST_MATCH_REL;
	const char *what = rate ? "bps" : "pps";

	if (delta) {
		rv_buf_printf(o->buf, " --rateest-%s1", what);
		print_amount(o, i, rate, false);
	}
	print_mode(o, i);
	rv_buf_printf(o->buf, " --rateest-%s%s", what, delta ? "2" : "");
	if (delta || !two)
		print_amount(o, i, rate, true);
}

static void save(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data)
{
	const info *i = (const info *)(const void *)data;
	bool two = i->flags & XT_RATEEST_MATCH_REL;

	rv_buf_puts(o->buf, i->flags & XT_RATEEST_MATCH_DELTA ? " --rateest-delta" : "");
	rv_buf_printf(o->buf, " --rateest%s ", two ? "1" : "");
	rv_value_print(o, &options[NAME1], data);
	if (i->flags & XT_RATEEST_MATCH_BPS)
		save_amount(o, i, true);
	if (i->flags & XT_RATEEST_MATCH_PPS)
		save_amount(o, i, false);
	if (!two)
		return;
	rv_buf_puts(o->buf, " --rateest2 ");
	rv_value_print(o, &options[NAME2], data);
}

/* One side of a comparison of two estimators. */
static void show_side(struct rv_out *o, const info *i, bool second)
{
	for (int rate = 1; rate >= 0; rate--) {
		if (!(i->flags & (rate ? XT_RATEEST_MATCH_BPS : XT_RATEEST_MATCH_PPS)))
			continue;
		rv_buf_puts(o->buf, rate ? " bps" : " pps");
		if (i->flags & XT_RATEEST_MATCH_DELTA)
			print_amount(o, i, rate, second);
	}
}

static void show_numbers(struct rv_out *o, const info *i)
{
	bool delta = i->flags & XT_RATEEST_MATCH_DELTA;

	if (i->flags & XT_RATEEST_MATCH_BPS) {
		rv_buf_puts(o->buf, " bps");
		if (delta)
			print_amount(o, i, true, false);
		print_amount(o, i, true, true);
		print_mode(o, i);
	}
	if (i->flags & XT_RATEEST_MATCH_PPS) {
		rv_buf_puts(o->buf, " pps");
		if (delta)
			print_amount(o, i, false, false);
		print_mode(o, i);
		print_amount(o, i, false, true);
	}
}

static void show(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data)
{
	const info *i = (const info *)(const void *)data;

	rv_buf_printf(o->buf, " rateest match %.*s", IFNAMSIZ, i->name1);
	rv_buf_puts(o->buf, i->flags & XT_RATEEST_MATCH_DELTA ? " delta" : "");
	if (!(i->flags & XT_RATEEST_MATCH_REL)) {
		show_numbers(o, i);
		return;
	}
	show_side(o, i, false);
	print_mode(o, i);
	rv_buf_printf(o->buf, " %.*s", IFNAMSIZ, i->name2);
	show_side(o, i, true);
}

static const struct rv_wire wire[] = {
	{ .revision = 0, .size = sizeof(info), .bytes = offsetof(info, est1) },
	{ .size = 0 },
};

static const struct rv_ext rateest = {
	.name = "rateest",
	.kind = RV_MATCH,
	.size = sizeof(info),
	.compare = offsetof(info, est1),
	.wire = wire,
	.options = options,
	.help = "the rate an estimator has seen",
	.check = check,
	.refused = refused,
	.save = save,
	.show = show,
};
RV_REGISTER(rateest);
