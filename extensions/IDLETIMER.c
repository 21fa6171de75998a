/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IDLETIMER: a timer that expires when no packet matched for some time (uapi xt_IDLETIMER.h). */
#include <limits.h>

#include <linux/netfilter/xt_IDLETIMER.h>

#include "extensions/revision.h"

typedef struct idletimer_tg_info_v1 info_t;

static const struct rv_option idletimer_options[] = {
	{
		.name = "timeout", .type = RV_T_UINT, .flags = RV_OPT_REQUIRED,
		RV_FIELD(info_t, timeout),
		.list = "timeout:", .arg = "seconds", .help = "idle time before notification",
	},
	{
		.name = "label", .type = RV_T_STRING, .flags = RV_OPT_REQUIRED | RV_OPT_BARE,
		RV_FIELD(info_t, label), .min = 1,
		.list = "label:", .arg = "name",
		.help = "name of the timer, shared by rules with the same name",
	},
	{
		.name = "alarm", .type = RV_T_FLAG,
		RV_FIELD(info_t, timer_type), .value = XT_IDLETIMER_ALARM,
		.list = "alarm", .help = "the timer also runs while the system is suspended",
	},
	{ 0 },
};

/* The kernel computes milliseconds in an int. */
static bool too_long(uint32_t timeout)
{
	return !timeout || timeout >= INT_MAX / 1000;
}

/* The label becomes a file name in sysfs, in a directory that has other files. */
static bool is_file_name(const char *label)
{
	static const char *const taken[] = { ".", "..", "power", "subsystem", "uevent" };

	for (unsigned int i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!strcmp(taken[i], label))
			return false;
	return label[0] && !strchr(label, '/');
}

static int check_timeout_and_label(struct rv_check *c)
{
	const info_t *info = (const info_t *)(void *)c->part->data;

	if (c->seen & 1 && too_long(info->timeout))
		return rv_check_refuse(c, "IDLETIMER: the kernel has timers of 1 to %d seconds",
				       INT_MAX / 1000 - 1);
	if (c->seen & 2 && !is_file_name(info->label))
		return rv_check_refuse(c,
				       "IDLETIMER: the label `%s' cannot be the name of a file in sysfs",
				       info->label);
	return 0;
}

static int understood(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		      struct rv_error *err)
{
	const info_t *info = (const info_t *)(void *)data;

	if (memchr(info->label, '\0', sizeof(info->label)) && is_file_name(info->label) &&
	    !too_long(info->timeout) && info->timer_type <= XT_IDLETIMER_ALARM)
		return 0;
	return rv_revision_fail(err, "IDLETIMER of %u seconds, type %u", info->timeout,
			    info->timer_type);
}

#define FIELDS(type)								\
	RV_REVISION_FIELD(type, timeout, info_t, timeout), RV_REVISION_FIELD(type, label, info_t, label)

RV_EXTENSION(idletimer) = {
	.name = "IDLETIMER", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	.size = sizeof(info_t), .options = idletimer_options,
	.ops = RV_EXT_OPS(.kernel_check = check_timeout_and_label),
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(info_t), .read = understood,
		  .fields = RV_REVISION_FIELDS(
			  FIELDS(info_t), RV_REVISION_FIELD(info_t, timer_type, info_t, timer_type)) },
		{ .revision = 0, .size = sizeof(struct idletimer_tg_info), .read = understood,
		  .fields = RV_REVISION_FIELDS(FIELDS(struct idletimer_tg_info)) }),
	.help = "notifies user space if no packet came for some time",
};
