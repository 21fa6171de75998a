/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state: older form of conntrack --ctstate. In the kernel it is conntrack with an ignored flag that
 * distinguishes the two (uapi xt_conntrack.h); previously a match of its own, revision 0 (uapi
 * xt_state.h).
 */
#include <string.h>

#include <linux/netfilter/xt_state.h>

#include "extensions/conntrack.h"

typedef struct xt_conntrack_mtinfo3 info;

#define FLAGS (XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS)

static const struct rv_name state_states[] = {
	RV_CT_STATES,
	{ NULL, 0, NULL },
};

static const struct rv_option state_options[] = {
	{
		.name = "state", .type = RV_T_BITS,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS |
			 RV_OPT_ABBREV,
		RV_FIELD(info, state_mask), .names = state_states,
		.invert = RV_BIT(info, invert_flags, XT_CONNTRACK_STATE), .sel = RV_SEL_CT_STATE,
		.errors = RV_ERRORS(.bad = "Bad state \"%s\""),
		.list = "state", .arg = "state[,...]",
		.help = "state of the connection",
	},
	{ .name = NULL },
};

static bool claims(const unsigned char *wire)
{
	info ct;

	memcpy(&ct, wire, sizeof(ct));
	return ct.match_flags == FLAGS && !(ct.invert_flags & ~XT_CONNTRACK_STATE);
}

static int state_read_v0(const struct rv_revision *w, const unsigned char *wire,
			 unsigned char *data, struct rv_error *err)
{
	info *new = (info *)(void *)data;
	struct xt_state_info old;

	memcpy(&old, wire, sizeof(old));
	/* The bits are the same except for UNTRACKED. */
	new->state_mask = old.statemask & (XT_STATE_UNTRACKED - 1);
	if (old.statemask & XT_STATE_UNTRACKED)
		new->state_mask |= XT_CONNTRACK_STATE_UNTRACKED;
	return 0;
}

static int write_v0(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		    struct rv_error *err)
{
	const info *new = (const info *)(const void *)data;
	struct xt_state_info old = { .statemask = new->state_mask & (XT_STATE_UNTRACKED - 1) };

	if (new->state_mask & XT_CONNTRACK_STATE_UNTRACKED)
		old.statemask |= XT_STATE_UNTRACKED;
	memcpy(wire, &old, sizeof(old));
	return 0;
}

RV_EXTENSION(state) = {
	.name = "state", .kernel_name = "conntrack", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	.size = sizeof(info), .options = state_options, .ops = RV_EXT_OPS(.owns_blob = claims),
	.initial = &(const info){ .match_flags = FLAGS },
	.revisions = RV_REVISIONS(
		{ .revision = 3, .size = sizeof(info) },
		{ .name = "state", .revision = 0, .size = sizeof(struct xt_state_info), .read = state_read_v0,
		  .write = write_v0 }),
	.config = "NETFILTER_XT_MATCH_CONNTRACK",
	.help = "state of the connection",
};
