/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CT: parameters for tracking the packet's connection, set before it is tracked (uapi xt_CT.h). */
#include <linux/netfilter/nf_conntrack_common.h>

#include "extensions/CT.h"

/*
 * The kernel has one zone for three options, distinguished by two flags; side is the two flags as
 * an enum side. Zone 0 is the default and counts as not given.
 */
struct ct_data {
	rv_ct_info_t info;
	uint16_t side;
	uint32_t zone;		/* or FROM_MARK */
};

#define FROM_MARK (UINT16_MAX + 1)

static const struct rv_name zones[] = { { "mark", FROM_MARK }, { NULL } };

enum side { NO_ZONE, ZONE_BOTH, ZONE_ORIG, ZONE_REPLY };

#define ZONE_FLAGS (XT_CT_ZONE_DIR_ORIG | XT_CT_ZONE_DIR_REPL)

/* enum ip_conntrack_events */
static const struct rv_name ct_events[] = {
	{ "new", 1 << IPCT_NEW, NULL },
	{ "related", 1 << IPCT_RELATED, NULL },
	{ "destroy", 1 << IPCT_DESTROY, NULL },
	{ "reply", 1 << IPCT_REPLY, NULL },
	{ "assured", 1 << IPCT_ASSURED, NULL },
	{ "protoinfo", 1 << IPCT_PROTOINFO, NULL },
	{ "helper", 1 << IPCT_HELPER, NULL },
	{ "mark", 1 << IPCT_MARK, NULL },
	{ "natseqinfo", 1 << IPCT_NATSEQADJ, NULL },
	{ "secmark", 1 << IPCT_SECMARK, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name exp_events[] = {
	{ "new", 1 << IPEXP_NEW, NULL },
	{ NULL, 0, NULL },
};

/* Bits named above. */
#define CT_EVENTS ((1u << (IPCT_SECMARK + 1)) - 1)

enum { NOTRACK, HELPER, TIMEOUT, CTEVENTS, EXPEVENTS, ZONE, ZONE_ORIG_ROW, ZONE_REPLY_ROW };

#define ZONE_ROWS (1 << ZONE | 1 << ZONE_ORIG_ROW | 1 << ZONE_REPLY_ROW)

#define NAME_ROW(word, field_, text)						\
	{									\
		.name = word, .type = RV_T_STRING, .flags = RV_OPT_BARE,	\
		RV_FIELD(struct ct_data, info.field_),				\
		.min = 1, .list = word, .arg = "name", .help = text,		\
	}

#define EVENT_ROW(word, field_, table, text)					\
	{									\
		.name = word, .type = RV_T_BITS, .flags = RV_OPT_EXACT,		\
		RV_FIELD(struct ct_data, info.field_), .names = table,		\
		.errors = RV_ERRORS(.bad = "Unknown event type \"%s\""), .list = word, \
		.arg = "event[,...]",						\
		.help = text,							\
	}

#define ZONE_ROW(row, word, number, text)					\
	{									\
		.name = word, .type = RV_T_UINT, RV_FIELD(struct ct_data, zone), \
		.max = UINT16_MAX, .names = zones,				\
		.errors = RV_ERRORS(.bad = "Cannot parse %s as a zone ID"),	\
		.given = RV_BIT_IS(struct ct_data, side, number),		\
		.excludes = ZONE_ROWS & ~(1 << (row)), .list = word, .arg = "number|mark", \
		.help = text,							\
	}

static const struct rv_option ct_options[] = {
	[NOTRACK] = {
		.name = "notrack", .type = RV_T_FLAG,
		RV_FIELD(struct ct_data, info.flags), .value = XT_CT_NOTRACK,
		.list = "notrack", .help = "do not track it",
	},
	[HELPER] = NAME_ROW("helper", helper, "assign a helper"),
	[TIMEOUT] = NAME_ROW("timeout", timeout, "assign a timeout policy"),
	[CTEVENTS] = EVENT_ROW("ctevents", ct_events, ct_events,
			       "report only these events: new related destroy reply "
			       "assured protoinfo helper mark natseqinfo secmark"),
	[EXPEVENTS] = EVENT_ROW("expevents", exp_events, exp_events,
				"report only these expectation events: new"),
	[ZONE] = ZONE_ROW(ZONE, "zone", ZONE_BOTH, "assign a zone"),
	[ZONE_ORIG_ROW] = ZONE_ROW(ZONE_ORIG_ROW, "zone-orig", ZONE_ORIG,
				   "assign a zone for the original direction only"),
	[ZONE_REPLY_ROW] = ZONE_ROW(ZONE_REPLY_ROW, "zone-reply", ZONE_REPLY,
				    "assign a zone for replies only"),
	{ 0 },
};

/*
 * Helpers and timeout policies are per protocol, which the kernel takes from the rule; it ignores
 * them with NOTRACK.
 */
static int drop_default_zone(struct rv_check *c)
{
	struct ct_data *d = (struct ct_data *)(void *)c->part->data;

	if (!d->zone)
		d->side = NO_ZONE;
	return 0;
}

static int ct_kernel_check(struct rv_check *c)
{
	const struct ct_data *d = (const struct ct_data *)(void *)c->part->data;
	const struct rv_ip *ip = &c->rule->ip;

	if ((!d->info.helper[0] && !d->info.timeout[0]) || d->info.flags & XT_CT_NOTRACK)
		return 0;
	if (ip->flags & RV_IP_PROTO && ip->proto && !(ip->invert & RV_IP_PROTO))
		return 0;
	return rv_check_refuse(c,
			       "CT: --helper and --timeout are for one protocol, so the rule needs -p");
}

static int ct_read_any(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		       struct rv_error *err)
{
	/* The kernel treats both flags like none. */
	static const uint16_t sides[] = { ZONE_BOTH, ZONE_ORIG, ZONE_REPLY, ZONE_BOTH };
	struct ct_data *d = (struct ct_data *)(void *)data;
	uint16_t flags = d->info.flags;

	if (flags & ~w->arg)
		return rv_revision_fail(err, "CT with flags 0x%x", flags);
	if (d->info.zone || flags & XT_CT_ZONE_MARK)
		d->side = sides[(flags & ZONE_FLAGS) / XT_CT_ZONE_DIR_ORIG];
	/* With a zone from the mark, the number is ignored. */
	d->zone = flags & XT_CT_ZONE_MARK ? FROM_MARK : d->info.zone;
	d->info.zone = 0;
	d->info.flags &= ~(ZONE_FLAGS | XT_CT_ZONE_MARK);
	return 0;
}

static int write_any(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		     struct rv_error *err)
{
	const struct ct_data *d = (const struct ct_data *)(const void *)data;
	struct xt_ct_target_info_v1 *info = (struct xt_ct_target_info_v1 *)(void *)wire;

	info->zone = d->zone == FROM_MARK ? 0 : d->zone;
	info->flags |= d->zone == FROM_MARK ? XT_CT_ZONE_MARK : 0;
	info->flags |= d->side == ZONE_ORIG ? XT_CT_ZONE_DIR_ORIG : 0;
	info->flags |= d->side == ZONE_REPLY ? XT_CT_ZONE_DIR_REPL : 0;
	return 0;
}

#define FIELD(type, field) RV_REVISION_FIELD(type, field, struct ct_data, info.field)

#define FIELDS(type)								\
	FIELD(type, flags), FIELD(type, zone), FIELD(type, ct_events),		\
	FIELD(type, exp_events), FIELD(type, helper)

#define LAYOUT(number, type, flags, ...)					\
	{ .revision = number, .size = sizeof(type), .read = ct_read_any, .write = write_any, \
	  .arg = flags, .fields = RV_REVISION_FIELDS(FIELDS(type) __VA_ARGS__) }

#define TIMEOUT_FIELD , FIELD(struct xt_ct_target_info_v1, timeout)

RV_EXTENSION(ct_target) = {
	.name = "CT", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES(RV_WRITES_CONNECTION),
	.size = sizeof(struct ct_data), .options = ct_options,
	.ops = RV_EXT_OPS(.check = drop_default_zone, .kernel_check = ct_kernel_check),
	.revisions = RV_REVISIONS(
		LAYOUT(2, struct xt_ct_target_info_v1, XT_CT_MASK & ~XT_CT_NOTRACK_ALIAS,
		       TIMEOUT_FIELD),
		LAYOUT(1, struct xt_ct_target_info_v1, XT_CT_NOTRACK, TIMEOUT_FIELD),
		LAYOUT(0, struct xt_ct_target_info, XT_CT_NOTRACK)),
	.list = "CT", .only = RV_ONLY(.tables = "raw"),
	.nft = "{notrack: notrack|^}",
	.help = "configures connection tracking of the packet",
};
