/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limit: rate limit (uapi linux/netfilter/xt_limit.h). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <linux/netfilter/xt_limit.h>

#include <ravelin/extension.h>

#include "extensions/limit.h"

#define DEFAULT_PACKETS 3	/* per hour */

static const struct rv_limit_unit units[] = {
	{ "day", "day", 86400 },
	{ "hour", "hour", 3600 },
	{ "min", "minute", 60 },
	{ "sec", "second", 1 },
};
#define UNITS (sizeof(units) / sizeof(units[0]))

/*
 * The smallest unit with at least one packet and a rounding error not larger than the rate itself:
 * 61/hour must not become 1/min. A cost of 0, which no kernel accepts, is one packet per fraction
 * of a second.
 */
const struct rv_limit_unit *rv_limit_unit(uint64_t cost, uint64_t scale)
{
	unsigned int i = 1;

	for (cost = cost ? cost : 1; i < UNITS; i++) {
		uint64_t time = units[i].seconds * scale;

		if (cost > time || time / cost < time % cost)
			break;
	}
	return &units[i - 1];
}

struct rv_rate rv_rate_of_packets(uint64_t cost, uint64_t scale, uint64_t burst)
{
	uint32_t seconds = rv_limit_unit(cost, scale)->seconds;

	return (struct rv_rate){
		.rate = seconds * scale / (cost ? cost : 1), .seconds = seconds, .burst = burst,
	};
}

void rv_limit_print(struct rv_buf *b, uint64_t cost, uint64_t scale)
{
	const struct rv_rate r = rv_rate_of_packets(cost, scale, 0);

	rv_buf_printf(b, "%llu/%s", (unsigned long long)r.rate, rv_limit_unit_of(r.seconds)->name);
}

const struct rv_limit_unit *rv_limit_unit_of(uint64_t seconds)
{
	for (unsigned int i = 0; i < UNITS; i++)
		if (units[i].seconds == seconds)
			return &units[i];
	return NULL;
}

const struct rv_limit_unit *rv_limit_find_unit(const char *text)
{
	size_t len = strlen(text);

	for (unsigned int i = 0; len && i < UNITS; i++)
		if (!strncasecmp(text, units[i].word, len))
			return &units[i];
	return NULL;
}

/* ---- in nf_tables -------------------------------------------------------------- */

const struct rv_byte_unit rv_byte_units[RV_BYTE_UNITS] = {
	{ "mb", "mbytes", 1 << 20 }, { "kb", "kbytes", 1 << 10 }, { "b", "bytes", 1 },
};

struct rv_rate rv_rate_of(const struct rv_ext *ext, const unsigned char *data)
{
	const struct xt_rateinfo *r = (const struct xt_rateinfo *)(const void *)data;

	return strcmp(ext->name, "limit") != 0 ? rv_hashlimit_rate(data) :
	       rv_rate_of_packets(r->avg, XT_LIMIT_SCALE, r->burst);
}

/* ---- options ------------------------------------------------------------------- */

/* "packets" per second or "packets/unit"; the unit may be abbreviated. */
static int parse_limit(struct rv_parse *p)
{
	struct xt_rateinfo *r = (struct xt_rateinfo *)(void *)p->data;
	const char *text = p->arg, *slash = strchr(text, '/');
	const struct rv_limit_unit *unit = rv_limit_find_unit(slash ? slash + 1 : "second");
	unsigned long long packets;

	/* Like iptables, ignores text between the number and the slash. */
	text += strspn(text, " \t");
	text += *text == '+';
	packets = isdigit((unsigned char)*text) ? strtoull(text, NULL, 10) : 0;
	if (!unit || !packets)
		return rv_parse_fail(p, "bad rate \"%s\"'", p->arg);
	r->avg = (uint64_t)unit->seconds * XT_LIMIT_SCALE / packets;
	return r->avg ? 0 : rv_parse_fail(p, "Rate too fast \"%s\"", p->arg);
}

static void print_limit(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct xt_rateinfo *r = (const struct xt_rateinfo *)(const void *)data;

	rv_limit_print(o->buf, r->avg, XT_LIMIT_SCALE);
}

static const struct rv_option limit_options[] = {
	{
		.name = "limit", .type = RV_T_HOOK, .flags = RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_rateinfo, avg),
		.list = "avg", .arg = "packets[/second|/minute|/hour|/day]",
		.help = "average rate (default 3/hour)",
		.ops = RV_OPTION_OPS(.parse = parse_limit, .print = print_limit),
	},
	{
		.name = "limit-burst", .type = RV_T_UINT, .flags = RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_rateinfo, burst), .max = RV_LIMIT_BURST_MAX,
		.list = "burst", .arg = "packets",
		.help = "burst size (default 5)",
	},
	{ .name = NULL },
};

/* Like iptables, treats --limit-burst 0 as not given. */
static int set_default_burst(struct rv_check *c)
{
	struct xt_rateinfo *r = (struct xt_rateinfo *)(void *)c->part->data;

	r->burst = r->burst ? r->burst : RV_LIMIT_BURST;
	return 0;
}

static const struct xt_rateinfo limit_initial = {
	.avg = 3600 * XT_LIMIT_SCALE / DEFAULT_PACKETS,
	.burst = RV_LIMIT_BURST,
};

RV_EXTENSION(limit) = {
	.name = "limit", .kind = RV_MATCH,
	.size = sizeof(struct xt_rateinfo), .compare = offsetof(struct xt_rateinfo, prev),
	.options = limit_options, .ops = RV_EXT_OPS(.check = set_default_burst),
	.initial = &limit_initial,
	.revisions = RV_REVISIONS(
		{ .revision = 0, .size = sizeof(struct xt_rateinfo), .bytes = offsetof(struct xt_rateinfo, prev) }),
	.list = "limit:", .nft = " limit rate <limit:l>{limit-burst=5: burst 5 packets}",
	.effect = RV_EFFECT_STATE, .opaque = "it counts packets", .help = "rate limit",
};
