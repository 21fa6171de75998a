/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LED: a trigger for LEDs (uapi xt_LED.h). */

#include <linux/netfilter/xt_LED.h>

#include "extensions/revision.h"

/* Prefix of the name in the kernel, not shown to users. */
#define PREFIX "netfilter-"

struct led_data {
	char id[sizeof(((struct xt_led_info *)0)->id) - (sizeof(PREFIX) - 1)];
	uint8_t always_blink;
	uint32_t delay;
};

/* Milliseconds. iptables prints them as signed numbers, some of which it cannot parse. */
static const struct rv_name delays[] = { { "inf", UINT32_MAX, NULL }, { NULL, 0, NULL } };

static const struct rv_option led_options[] = {
	{
		.name = "led-trigger-id", .type = RV_T_STRING,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS,
		RV_FIELD(struct led_data, id),
		.errors = RV_ERRORS(.bad = "Argument must have a maximum length of 16 characters\n"),
		.arg = "name", .help = "name of the LED trigger, without netfilter-",
	},
	{
		.name = "led-delay", .type = RV_T_UINT,
		RV_FIELD(struct led_data, delay), .max = UINT32_MAX - 1, .names = delays,
		.errors = RV_ERRORS(.bad = "Delay value must be within range 0..4294967295"),
		.arg = "milliseconds|inf", .help = "how long the LED stays on",
	},
	{
		.name = "led-always-blink", .type = RV_T_FLAG,
		RV_FIELD(struct led_data, always_blink), .value = 1,
		.help = "blink even if the LED is on",
	},
	{ 0 },
};

static int led_read_info(const struct rv_revision *w, const unsigned char *wire,
			 unsigned char *data, struct rv_error *err)
{
	const struct xt_led_info *from = (const struct xt_led_info *)(const void *)wire;
	struct led_data *d = (struct led_data *)(void *)data;
	size_t skip = sizeof(PREFIX) - 1;

	if (strncmp(from->id, PREFIX, skip) != 0 || from->always_blink > 1 ||
	    !rv_copy_text(d->id, from->id + skip, sizeof(d->id)))
		return rv_revision_fail(err, "LED with always-blink %u, or no name of %s",
				    from->always_blink, PREFIX);
	d->always_blink = from->always_blink;
	d->delay = from->delay;
	return 0;
}

static int led_write_info(const struct rv_revision *w, const unsigned char *data,
			  unsigned char *wire, struct rv_error *err)
{
	const struct led_data *d = (const struct led_data *)(const void *)data;
	struct xt_led_info info = {
		.id = PREFIX, .always_blink = d->always_blink, .delay = d->delay,
	};

	memcpy(info.id + sizeof(PREFIX) - 1, d->id, sizeof(d->id));
	memcpy(wire, &info, sizeof(info));
	return 0;
}

RV_EXTENSION(led) = {
	.name = "LED", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	.size = sizeof(struct led_data), .options = led_options,
	.revisions = RV_REVISIONS(
		{ .size = sizeof(struct xt_led_info), .read = led_read_info, .write = led_write_info }),
	/* The name is always quoted. */
	.save_template = " --led-trigger-id \"<led-trigger-id:q>\"{led-delay: --led-delay <led-delay>}"
		      "{led-always-blink: --led-always-blink}",
	.list_template = " led-trigger-id:\"<led-trigger-id:q>\""
		      " led-delay:<led-delay>{!led-delay=4294967295:ms}"
		      "{led-always-blink: led-always-blink}",
	.help = "triggers an LED",
};
