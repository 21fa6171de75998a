/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RATEEST: estimates the rate of matching packets (uapi xt_RATEEST.h). */
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>

#include <linux/netfilter/xt_RATEEST.h>

#include "extensions/revision.h"

/*
 * The kernel stores the interval as log2 of seconds, 1/4 to 8, and the averaging time as log2 of
 * intervals. Until all options are parsed, the times are in microseconds in the fields after its
 * struct.
 */
struct rateest_data {
	struct xt_rateest_target_info info;
	uint32_t interval, average;
};

#define SECOND 1000000.0
#define QUARTER (-2)		/* log2 of the shortest interval */
#define LONGEST 3
#define LOGS 30			/* number of averaging exponents the kernel accepts */

static const struct rv_name units[] = {
	{ "s", 1000000, NULL },
	{ "sec", 1000000, NULL },
	{ "secs", 1000000, NULL },
	{ "ms", 1000, NULL },
	{ "msec", 1000, NULL },
	{ "msecs", 1000, NULL },
	{ "us", 1, NULL },
	{ "usec", 1, NULL },
	{ "usecs", 1, NULL },
	{ "", 1, NULL },
	{ NULL, 0, NULL },
};

static int parse_time(struct rv_parse *p)
{
	const struct rv_name *unit;
	double time;
	char *end;

	time = strtod(p->arg, &end);
	unit = rv_name_find(units, end, strlen(end));
	if (end == p->arg || !unit || !(time >= 0) || time * unit->value > UINT32_MAX)
		return rv_parse_fail(p, "RATEEST: bad %s value \"%s\"", p->opt->list, p->arg);
	rv_set_uint(p->data + p->opt->offset, p->opt->size, time * unit->value);
	return 0;
}

static double interval_of(const struct xt_rateest_target_info *info)
{
	return SECOND / 4 * (1 << (info->interval - QUARTER));
}

static void print_time(struct rv_out *o, double time)
{
	if (time >= SECOND)
		rv_buf_printf(o->buf, "%.1fs", time / SECOND);
	else
		rv_buf_printf(o->buf, "%.1fms", time / 1000);
}

static void print_interval(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	print_time(o, interval_of((const struct xt_rateest_target_info *)(const void *)data));
}

static void print_average(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct xt_rateest_target_info *info =
		(const struct xt_rateest_target_info *)(const void *)data;

	print_time(o, interval_of(info) * (1ULL << info->ewma_log));
}

#define TIME_ROW(word, field, words, printer, text)				\
	{									\
		.name = word, .type = RV_T_HOOK, .flags = RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS, \
		RV_FIELD(struct rateest_data, field), .list = words, .arg = "time", \
		.help = text, .ops = RV_OPTION_OPS(.parse = parse_time, .print = printer), \
	}

static const struct rv_option rateest_options[] = {
	{
		.name = "rateest-name", .type = RV_T_STRING,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS | RV_OPT_BARE,
		RV_FIELD(struct rateest_data, info.name),
		.list = "name", .arg = "name",
		.help = "name of the estimator",
	},
	TIME_ROW("rateest-interval", interval, "interval", print_interval,
		 "sampling interval: 250ms, 500ms, 1s, 2s, 4s, 8s"),
	TIME_ROW("rateest-ewmalog", average, "ewmalog", print_average,
		 "averaging time, a power of two of the interval"),
	{ 0 },
};

/* -ln(1 - 2^-n): decay per interval of averaging exponent n. */
static double decay(unsigned int n)
{
	double x = 1.0 / (1ULL << n), power = x, sum = 0;

	for (int i = 1; i < 60; i++, power *= x)
		sum += power / i;
	return sum;
}

static int fail_check(struct rv_check *c, const char *what)
{
	return rv_check_fail(c, "RATEEST: %s", what);
}

static int convert_times(struct rv_check *c)
{
	struct rateest_data *d = (struct rateest_data *)(void *)c->part->data;
	int power = QUARTER;
	unsigned int n = 1;

	while (power <= LONGEST && d->interval > SECOND / 4 * (1 << (power - QUARTER)))
		power++;
	if (power > LONGEST)
		return fail_check(c, "interval value is too large");
	while (n <= LOGS && d->interval / decay(n) <= d->average)
		n++;
	if (n == 1 || n > LOGS)
		return fail_check(c, "ewmalog value is out of range");
	d->info.interval = power;
	d->info.ewma_log = n - 1;
	d->interval = d->average = 0;
	return 0;
}

static int rateest_read_info(const struct rv_revision *w, const unsigned char *wire,
			     unsigned char *data, struct rv_error *err)
{
	const struct xt_rateest_target_info *from =
		(const struct xt_rateest_target_info *)(const void *)wire;
	struct rateest_data *d = (struct rateest_data *)(void *)data;

	if (from->interval < QUARTER || from->interval > LONGEST || !from->ewma_log ||
	    from->ewma_log >= LOGS ||
	    !rv_copy_text(d->info.name, from->name, sizeof(from->name)))
		return rv_revision_fail(err, "RATEEST with interval %d, average %u", from->interval,
				    from->ewma_log);
	d->info.interval = from->interval;
	d->info.ewma_log = from->ewma_log;
	return 0;
}

RV_EXTENSION(rateest_target) = {
	.name = "RATEEST", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	.size = sizeof(struct rateest_data), .options = rateest_options,
	.ops = RV_EXT_OPS(.check = convert_times),
	.revisions = RV_REVISIONS({ .size = sizeof(struct xt_rateest_target_info), .read = rateest_read_info }),
	.help = "measures the packet rate",
};
