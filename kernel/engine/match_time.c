/* SPDX-License-Identifier: GPL-2.0-or-later */
/* time: date, time of day, day of the week and of the month. */
#include "internal.h"

#include <linux/netfilter/xt_time.h>

#define DAY	86400U

static int check_time(struct rv_check_ctx *a)
{
	const struct xt_time_info *info = a->data;

	if (info->daytime_start > XT_TIME_MAX_DAYTIME || info->daytime_stop > XT_TIME_MAX_DAYTIME)
		return -EDOM;
	if (info->flags & ~XT_TIME_ALL_FLAGS)
		return -EINVAL;
	if (info->flags & XT_TIME_CONTIGUOUS && info->daytime_start < info->daytime_stop)
		return -EINVAL;
	return 0;
}

static bool is_leap(uint32_t year)
{
	return !(year % 4) && (year % 100 || !(year % 400));
}

static uint32_t month_length(uint32_t year, unsigned int month)
{
	static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return lengths[month] + (month == 1 && is_leap(year));
}

/* Day of the month, from 1, for a number of days since 1970. */
static uint32_t month_day(uint32_t days)
{
	uint32_t year = 1970;
	unsigned int month = 0;

	while (days >= 365U + is_leap(year))
		days -= 365U + is_leap(year++);
	while (days >= month_length(year, month))
		days -= month_length(year, month++);
	return days + 1;
}

/* 1 is Monday; 1970-01-01 was a Thursday. */
static uint32_t week_day(uint32_t days)
{
	return (days + 3) % 7 + 1;
}

/* A range that ends before it starts spans midnight. */
static bool daytime_fits(const struct xt_time_info *info, uint32_t now)
{
	if (info->daytime_start < info->daytime_stop)
		return now >= info->daytime_start && now <= info->daytime_stop;
	return now >= info->daytime_start || now <= info->daytime_stop;
}

static bool match_time(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_time_info *info = data;
	bool local = info->flags & XT_TIME_LOCAL_TZ;
	uint64_t now = rv_clock(local ? RV_CLOCK_LOCAL : RV_CLOCK_UTC) / 1000000000;
	uint32_t days = now / DAY, daytime = now % DAY;

	(void)pkt;
	(void)state;
	if (now < info->date_start || now > info->date_stop || !daytime_fits(info, daytime))
		return false;
	/* After midnight, the day is that on which the range started. */
	if (info->flags & XT_TIME_CONTIGUOUS && daytime <= info->daytime_stop && days)
		days--;
	if (!(info->weekdays_match & 1U << week_day(days)))
		return false;
	return (info->monthdays_match & XT_TIME_ALL_MONTHDAYS) == XT_TIME_ALL_MONTHDAYS ||
	       info->monthdays_match & 1U << month_day(days);
}

struct rv_handler rv_matches_time[] = {
	{
		.name = "time", .kind = RVK_KIND_MATCH, .size = sizeof(struct xt_time_info),
		.reads = RV_READS(RV_READS_TIME), .check = check_time, .match = match_time,
	},
	{ .name = NULL },
};
