/* SPDX-License-Identifier: GPL-2.0-or-later */
/* time: arrival time of the packet (uapi linux/netfilter/xt_time.h). */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include <linux/netfilter/xt_time.h>

#include <ravelin/extension.h>

/* Separate field: whether to print both times of day or neither. */
struct time_data {
	struct xt_time_info info;
	uint8_t given;
};

enum { TIME_START, TIME_STOP, MONTH_DAYS, WEEK_DAYS, DATE_START, DATE_STOP, LOCAL_ZONE, UTC,
       KERNEL_ZONE, CONTIGUOUS };

#define GIVEN_TIMES 1
#define LAST_YEAR 2038		/* the latest year iptables accepts */
#define LAST_SECOND INT32_MAX	/* default of --datestop */

static const struct xt_time_info *info_of(const unsigned char *data)
{
	return &((const struct time_data *)(const void *)data)->info;
}

/* One or two decimal digits. Returns what follows, or NULL. */
static const char *read_digits(const char *text, unsigned int min, unsigned int max,
			       unsigned int digits, int *n)
{
	unsigned int value = 0;
	const char *p = text;

	while (isdigit((unsigned char)*p) && p < text + digits)
		value = value * 10 + (*p++ - '0');
	*n = value;
	return p == text || value < min || value > max ? NULL : p;
}

/* ---- --timestart hh:mm[:ss] ---------------------------------------------------- */

/* Like iptables, ignores leading zeros; otherwise at most two digits. */
static const char *read_field(const char *text, unsigned int max, int *n)
{
	while (text[0] == '0' && isdigit((unsigned char)text[1]))
		text++;
	return read_digits(text, 0, max, 2, n);
}

/* Reports the field that is invalid. */
static int parse_time(struct rv_parse *p)
{
	static const unsigned int max[] = { 23, 59, 59 };
	const char *text = p->arg, *end = NULL;
	int n[3] = { 0 };

	for (unsigned int i = 0; i < 3; i++) {
		end = read_field(text, max[i], &n[i]);
		if (!end || (*end && (*end != ':' || i == 2)) || (!*end && i == 0))
			return rv_parse_fail(p,
					     "invalid time \"%s\" specified, should be hh:mm[:ss] format "
					     "and within the boundaries", text);
		if (!*end)
			break;
		text = end + 1;
	}
	rv_set_uint(p->data + p->opt->offset, p->opt->size, n[0] * 3600 + n[1] * 60 + n[2]);
	return 0;
}

static void print_time(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	uint32_t n = rv_get_uint(data + opt->offset, opt->size);

	rv_buf_printf(o->buf, "%02u:%02u:%02u", n / 3600, n / 60 % 60, n % 60);
}

/* ---- --datestart YYYY[-MM[-DD[Thh[:mm[:ss]]]]] ----------------------------------- */

/* Returns what follows the last field, or NULL. */
static const char *read_date(const char *text, struct tm *tm)
{
	struct {
		char before;
		unsigned int min, max, digits;
		int *n;
	} fields[] = {
		{ 0, 1970, LAST_YEAR, 4, &tm->tm_year }, { '-', 1, 12, 2, &tm->tm_mon },
		{ '-', 1, 31, 2, &tm->tm_mday }, { 'T', 0, 23, 2, &tm->tm_hour },
		{ ':', 0, 59, 2, &tm->tm_min }, { ':', 0, 59, 2, &tm->tm_sec },
	};

	for (unsigned int i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (i && *text != fields[i].before)
			break;
		text = read_digits(text + (i != 0), fields[i].min, fields[i].max, fields[i].digits,
				   fields[i].n);
		if (!text)
			break;
	}
	return text;
}

/* Rejects days the month does not have instead of carrying over. */
static int parse_date(struct rv_parse *p)
{
	struct tm tm = { .tm_mon = 1, .tm_mday = 1 }, there;
	const char *end = read_date(p->arg, &tm);
	time_t when;

	tm.tm_year -= 1900;
	tm.tm_mon--;
	there = tm;
	when = timegm(&there);
	if (!end || *end || there.tm_mon != tm.tm_mon)
		return rv_parse_fail(p, "Invalid date \"%s\" specified. "
				     "Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]", p->arg);
	rv_set_uint(p->data + p->opt->offset, p->opt->size, when);
	return 0;
}

static void print_date(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	time_t when = (uint32_t)rv_get_uint(data + opt->offset, opt->size);
	struct tm tm;

	gmtime_r(&when, &tm);
	rv_buf_printf(o->buf, "%04d-%02d-%02d%c%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		      tm.tm_mday, o->style == RV_STYLE_SAVE ? 'T' : ' ', tm.tm_hour, tm.tm_min,
		      tm.tm_sec);
}

/* ---- days ------------------------------------------------------------------------- */

#define D(n) { #n, 1u << (n), NULL }
static const struct rv_name month_days[] = {
	D(1), D(2), D(3), D(4), D(5), D(6), D(7), D(8), D(9), D(10), D(11), D(12), D(13), D(14),
	D(15), D(16), D(17), D(18), D(19), D(20), D(21), D(22), D(23), D(24), D(25), D(26), D(27),
	D(28), D(29), D(30), D(31),
	{ NULL, 0, NULL },
};

static const struct rv_name week_days[] = {
	{ "Mon", 1 << 1, "Monday" }, { "Tue", 1 << 2, "Tuesday" }, { "Wed", 1 << 3, "Wednesday" },
	{ "Thu", 1 << 4, "Thursday" }, { "Fri", 1 << 5, "Friday" }, { "Sat", 1 << 6, "Saturday" },
	{ "Sun", 1 << 7, "Sunday" },
	{ NULL, 0, NULL },
};

static int add_day(struct rv_parse *p, uint32_t bit)
{
	unsigned char *field = p->data + p->opt->offset;

	rv_set_uint(field, p->opt->size, rv_get_uint(field, p->opt->size) | bit);
	return 0;
}

static int add_month_day(struct rv_parse *p, char *word)
{
	int n;
	const char *end = read_field(word, 31, &n);

	return end && !*end && n ? add_day(p, 1u << n) :
		rv_parse_fail(p, "%.2s is not a valid day for --monthdays", word);
}

/* A number, or a prefix of the name with at least two letters. */
static int add_week_day(struct rv_parse *p, char *word)
{
	size_t len = strlen(word);

	if (len == 1 && *word >= '1' && *word <= '7')
		return add_day(p, 1u << (*word - '0'));
	if (len == 1 && *word == '0')
		return rv_parse_fail(p, "No, the week does NOT begin with Sunday.");
	for (const struct rv_name *d = week_days; d->name; d++)
		if (len >= 2 && !strncmp(d->help, word, len))
			return add_day(p, d->value);
	return rv_parse_fail(p, "%s is not a valid day specifier", word);
}

/* The days listed, or with '!' all others; at least one must remain. */
static int parse_days(struct rv_parse *p)
{
	unsigned char *field = p->data + p->opt->offset;
	uint32_t all = rv_get_uint(field, p->opt->size), days;

	rv_set_uint(field, p->opt->size, 0);
	if (rv_each_word(p, p->arg, p->opt->names == week_days ? add_week_day : add_month_day))
		return -1;
	days = rv_get_uint(field, p->opt->size);
	days = p->invert ? all & ~days : days;
	if (!days)
		return rv_option_fail(p, "option \"--%s\" leaves no day.\n", p->opt->name);
	rv_set_uint(field, p->opt->size, days);
	return 0;
}

/* 1st, 2nd, 3rd, ...; iptables prints 11st, 12nd and 13rd. */
static void print_month_days(struct rv_out *o, const struct rv_option *opt,
			     const unsigned char *data)
{
	static const char *const endings[] = { "th", "st", "nd", "rd" };
	uint32_t days = info_of(data)->monthdays_match;
	const char *comma = "";

	if (o->style == RV_STYLE_SAVE) {
		rv_value_print(o, opt, data);
		return;
	}
	for (unsigned int n = 1; n <= 31; n++) {
		if (!(days >> n & 1))
			continue;
		rv_buf_printf(o->buf, "%s%u%s", comma, n, endings[n % 10 < 4 ? n % 10 : 0]);
		comma = ",";
	}
}

/* ---- predicates --------------------------------------------------------------------- */

static const struct rv_option time_options[];

static enum rv_sel on_clock(const struct xt_time_info *i, enum rv_sel utc, enum rv_sel local)
{
	return i->flags & XT_TIME_LOCAL_TZ ? local : utc;
}

static int between(enum rv_sel sel, uint32_t from, uint32_t to, bool negate, rv_predicate_fn *fn,
		   void *arg)
{
	struct rv_predicate p = { .sel = sel, .op = RV_OP_RANGE, .negate = negate, .len = 4 };

	rv_selector_put(sel, from, p.value);
	rv_selector_put(sel, to, p.other);
	return fn(&p, arg);
}

/* From start to end. A range that spans midnight is the negation of the gap. */
static int daytime_predicate(const struct rv_option *opt, const unsigned char *data,
			     rv_predicate_fn *fn, void *arg)
{
	const struct xt_time_info *i = info_of(data);
	enum rv_sel sel = on_clock(i, RV_SEL_DAYTIME, RV_SEL_LOCAL_DAYTIME);

	if (i->daytime_start < i->daytime_stop)
		return between(sel, i->daytime_start, i->daytime_stop, false, fn, arg);
	if (i->daytime_start - i->daytime_stop < 2)
		return 0;
	return between(sel, i->daytime_stop + 1, i->daytime_start - 1, true, fn, arg);
}

static int date_predicate(const struct rv_option *opt, const unsigned char *data,
			  rv_predicate_fn *fn, void *arg)
{
	const struct xt_time_info *i = info_of(data);

	return between(on_clock(i, RV_SEL_DATE, RV_SEL_LOCAL_DATE), i->date_start, i->date_stop, false,
		       fn, arg);
}

/* With --contiguous, a range belongs to the day it started on. */
static int days_predicate(const struct rv_option *opt, const unsigned char *data,
			  rv_predicate_fn *fn, void *arg)
{
	const struct xt_time_info *i = info_of(data);
	bool stretch = i->flags & XT_TIME_CONTIGUOUS && i->daytime_start >= i->daytime_stop;
	struct rv_predicate p;

	rv_row_predicate(opt, opt == &time_options[WEEK_DAYS] ?
				      on_clock(i, RV_SEL_WEEKDAY, RV_SEL_LOCAL_WEEKDAY) :
				      on_clock(i, RV_SEL_MONTHDAY, RV_SEL_LOCAL_MONTHDAY), data, &p);
	p.param = stretch ? i->daytime_stop + 1 : 0;
	return fn(&p, arg);
}

/* ---- rows -------------------------------------------------------------------------- */

#define TIME(word, field, more, text, sel_, predicate_)				\
	{									\
		.name = "time" word, .type = RV_T_HOOK, .flags = more,		\
		RV_FIELD(struct time_data, info.daytime_##field),		\
		.given = RV_BIT(struct time_data, given, GIVEN_TIMES),		\
		.sel = sel_, .arg = "hh:mm[:ss]", .help = text,			\
		.ops = RV_OPTION_OPS(.parse = parse_time, .print = print_time,	\
				     .predicate = predicate_),			\
	}

#define DATE(word, field, more, text, sel_, predicate_)				\
	{									\
		.name = "date" word, .type = RV_T_HOOK, .flags = more,		\
		RV_FIELD(struct time_data, info.date_##field),			\
		.sel = sel_, .arg = "YYYY[-MM[-DD[Thh[:mm[:ss]]]]]", .help = text, \
		.ops = RV_OPTION_OPS(.parse = parse_date, .print = print_date,	\
				     .predicate = predicate_),			\
	}

#define DAYS(word, field, table, arg_, text, sel_, print_)			\
	{									\
		.name = word "days", .type = RV_T_BITS, .flags = RV_OPT_INVERT,	\
		RV_FIELD(struct time_data, info.field##days_match),		\
		.names = table, .sel = sel_, .arg = arg_, .help = text,		\
		.ops = RV_OPTION_OPS(.parse = parse_days, .print = print_,	\
				     .predicate = days_predicate),		\
	}

static const struct rv_option time_options[] = {
	[TIME_START] = TIME("start", start, 0, "start time of day",
			    RV_SEL_DAYTIME, daytime_predicate),
	[TIME_STOP] = TIME("stop", stop, RV_OPT_NO_PREDICATE, "end time of day", RV_SEL_NONE, NULL),
	[MONTH_DAYS] = DAYS("month", month, month_days, "day[,...]", "days of the month",
			    RV_SEL_MONTHDAY, print_month_days),
	[WEEK_DAYS] = DAYS("week", week, week_days, "day[,...]", "weekdays: Mon to Sun or 1 to 7",
			   RV_SEL_WEEKDAY, NULL),
	[DATE_START] = DATE("start", start, RV_OPT_NO_PREDICATE, "start date", RV_SEL_NONE, NULL),
	[DATE_STOP] = DATE("stop", stop, RV_OPT_ALWAYS, "end date", RV_SEL_DATE, date_predicate),
	/* Not an alias of --kerneltz: both may be given, and messages name the one given. */
	[LOCAL_ZONE] = {
		.name = "localtz", .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE | RV_OPT_HIDDEN,
		RV_FIELD(struct time_data, info.flags), .value = XT_TIME_LOCAL_TZ,
		.excludes = 1 << UTC,
		.help = "older name of --kerneltz",
		.errors = RV_ERRORS(.warning = "WARNING: --localtz is being replaced by "
					       "--kerneltz, since \"local\" is ambiguous. Note the "
					       "kernel timezone has caveats - see manpage for "
					       "details."),
	},
	[UTC] = {
		.name = "utc", .type = RV_T_FLAG, .flags = RV_OPT_HIDDEN,
		.excludes = 1 << KERNEL_ZONE | 1 << LOCAL_ZONE,
		.help = "times are UTC (default)",
	},
	[KERNEL_ZONE] = {
		.name = "kerneltz", .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE,
		RV_FIELD(struct time_data, info.flags), .value = XT_TIME_LOCAL_TZ,
		.excludes = 1 << UTC,
		.help = "times are in the kernel's time zone",
	},
	[CONTIGUOUS] = {
		.name = "contiguous", .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE,
		RV_FIELD(struct time_data, info.flags), .value = XT_TIME_CONTIGUOUS,
		.help = "a range past midnight is one interval",
	},
	{ .name = NULL },
};

static void time_canonicalize(unsigned char *data)
{
	struct time_data *d = (struct time_data *)(void *)data;

	d->given = d->info.daytime_start != XT_TIME_MIN_DAYTIME ||
				   d->info.daytime_stop != XT_TIME_MAX_DAYTIME ?
			   GIVEN_TIMES : 0;
}

static int check_contiguous(struct rv_check *c)
{
	const struct xt_time_info *i = info_of(c->part->data);

	if (c->seen & 1 << CONTIGUOUS && i->daytime_start < i->daytime_stop)
		return rv_check_fail(c,
				     "time: --contiguous only makes sense when stoptime is smaller than "
				     "starttime");
	return 0;
}

static const struct time_data time_initial = {
	.info = {
		.date_stop = LAST_SECOND,
		.daytime_stop = XT_TIME_MAX_DAYTIME,
		.monthdays_match = XT_TIME_ALL_MONTHDAYS,
		.weekdays_match = XT_TIME_ALL_WEEKDAYS,
	},
};

RV_EXTENSION(time_match) = {
	.name = "time", .kind = RV_MATCH,
	.size = sizeof(struct time_data), .options = time_options,
	.ops = RV_EXT_OPS(.check = check_contiguous, .canonicalize = time_canonicalize),
	.initial = &time_initial,
	.revisions = RV_REVISIONS({ .size = sizeof(struct xt_time_info) }),
	.list_template = " TIME{timestart: from <timestart>}{timestop: to <timestop>}"
		      "{weekdays: on <weekdays>}{monthdays: on <monthdays>}"
		      "{datestart: starting from <datestart>}{datestop: until date <datestop>}"
		      "{kerneltz:| UTC}{contiguous: contiguous}",
	.help = "arrival time",
};
