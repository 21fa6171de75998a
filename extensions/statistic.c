/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statistic: a random or periodic sample of packets (uapi linux/netfilter/xt_statistic.h). */
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/xt_statistic.h>

#include <ravelin/extension.h>

/* The kernel has a union of the two modes; here each option has its own field. */
struct statistic_data {
	uint16_t mode, flags;
	uint32_t probability, every, packet;
	uint8_t given;
};

enum { MODE, PROBABILITY, EVERY, PACKET };

#define CERTAIN 0x80000000u	/* probability 1 */

static const struct rv_name statistic_modes[] = {
	{ "random", XT_STATISTIC_MODE_RANDOM, NULL },
	{ "nth", XT_STATISTIC_MODE_NTH, NULL },
	{ NULL, 0, NULL },
};

static int parse_probability(struct rv_parse *p)
{
	struct statistic_data *d = (struct statistic_data *)(void *)p->data;
	char *end;
	double n = strtod(p->arg, &end);

	/* The comparison is also false for NaN. */
	if (end == p->arg || *end || !(n >= 0 && n <= 1))
		return rv_option_fail(p, "bad value for option \"--%s\", or out of range (0-1).\n",
				      p->opt->name);
	d->probability = n * CERTAIN + 0.5;
	return 0;
}

static void print_probability(struct rv_out *o, const struct rv_option *opt,
			      const unsigned char *data)
{
	const struct statistic_data *d = (const struct statistic_data *)(const void *)data;

	rv_buf_printf(o->buf, "%.11f", (double)d->probability / CERTAIN);
}

#define GIVEN(row) RV_BIT(struct statistic_data, given, 1 << (row))
#define NOT RV_BIT(struct statistic_data, flags, XT_STATISTIC_INVERT)

static const struct rv_option statistic_options[] = {
	[MODE] = {
		.name = "mode", .type = RV_T_ENUM,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_EXACT,
		RV_FIELD(struct statistic_data, mode), .names = statistic_modes,
		.errors = RV_ERRORS(.bad = "Bad mode \"%s\""),
		.arg = "random|nth", .help = "random or every n-th packet",
	},
	[PROBABILITY] = {
		.name = "probability", .type = RV_T_HOOK, .flags = RV_OPT_INVERT,
		RV_FIELD(struct statistic_data, probability),
		.given = GIVEN(PROBABILITY), .invert = NOT, .excludes = 1 << EVERY | 1 << PACKET,
		.arg = "0..1", .help = "probability",
		.ops = RV_OPTION_OPS(.parse = parse_probability, .print = print_probability),
	},
	[EVERY] = {
		.name = "every", .type = RV_T_UINT, .flags = RV_OPT_INVERT,
		RV_FIELD(struct statistic_data, every), .min = 1,
		.given = GIVEN(EVERY), .invert = NOT, .needs = 1 << PACKET,
		.arg = "number", .help = "match one packet in this number",
	},
	[PACKET] = {
		.name = "packet", .type = RV_T_UINT,
		RV_FIELD(struct statistic_data, packet), .given = GIVEN(PACKET),
		.needs = 1 << EVERY,
		.arg = "number", .help = "first packet to match",
	},
	{ .name = NULL },
};

static int check_mode(struct rv_check *c)
{
	const struct statistic_data *d = (const struct statistic_data *)(void *)c->part->data;
	const char *wrong = NULL;

	if (d->mode == XT_STATISTIC_MODE_RANDOM && !(c->seen & 1 << PROBABILITY))
		wrong = "--probability must be specified when using random mode";
	else if (d->mode == XT_STATISTIC_MODE_NTH && !(c->seen & (1 << EVERY | 1 << PACKET)))
		wrong = "--every and --packet must be specified when using nth mode";
	else if (d->mode == XT_STATISTIC_MODE_NTH && d->packet > (d->every ? d->every - 1 : 0))
		wrong = "the --packet p must be 0 <= p <= n-1";
	return wrong ? rv_check_fail(c, "%s", wrong) : 0;
}

/* The kernel's every is one less than the option. */
static int statistic_read_v0(const struct rv_revision *w, const unsigned char *wire,
			     unsigned char *data, struct rv_error *err)
{
	struct statistic_data *d = (struct statistic_data *)(void *)data;
	struct xt_statistic_info info;

	memcpy(&info, wire, sizeof(info));
	if (info.mode > XT_STATISTIC_MODE_MAX)
		return rv_revision_fail(err, "statistic: mode %u", info.mode);
	d->mode = info.mode;
	d->flags = info.flags;
	if (info.mode == XT_STATISTIC_MODE_RANDOM) {
		d->probability = info.u.random.probability;
		d->given = 1 << PROBABILITY;
		return 0;
	}
	d->every = info.u.nth.every + 1;
	d->packet = info.u.nth.packet;
	d->given = 1 << EVERY | 1 << PACKET;
	return 0;
}

static int write_v0(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		    struct rv_error *err)
{
	const struct statistic_data *d = (const struct statistic_data *)(const void *)data;
	struct xt_statistic_info info = { .mode = d->mode, .flags = d->flags };

	if (d->mode == XT_STATISTIC_MODE_RANDOM) {
		info.u.random.probability = d->probability;
	} else {
		info.u.nth.every = d->every - 1;
		info.u.nth.packet = d->packet;
	}
	/* Ignored by the kernel; iptables writes this in both modes and compares it. */
	info.u.nth.count = info.u.nth.every - info.u.nth.packet;
	memcpy(wire, &info, sizeof(info));
	return 0;
}

RV_EXTENSION(statistic) = {
	.name = "statistic", .kind = RV_MATCH,
	.size = sizeof(struct statistic_data), .options = statistic_options,
	.ops = RV_EXT_OPS(.check = check_mode),
	.revisions = RV_REVISIONS(
		{ .revision = 0, .size = sizeof(struct xt_statistic_info), .read = statistic_read_v0,
		  .write = write_v0 }),
	.nft = "{probability: meta random & 2147483647 {~probability:>=|\\<} <probability:d>}"
	       "{every: numgen inc mod <every:d> {~every:!= }<packet:d>}{mode:}",
	/* --packet is printed if it is not 0. */
	.list_template = " statistic mode <mode>"
		      "{probability: {~probability:! }probability <probability>}"
		      "{every: {~every:! }every <every>{!packet=0: packet <packet>}}",
	.effect = RV_EFFECT_STATE, .opaque = "chance, or it counts", .help = "random or every n-th packet",
};
