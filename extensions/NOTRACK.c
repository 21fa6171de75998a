/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NOTRACK: excludes the packet from connection tracking; old name of CT --notrack. */
#include "extensions/CT.h"

static bool is_alias(const unsigned char *wire)
{
	rv_ct_info_t info;

	memcpy(&info, wire, sizeof(info));
	return info.flags == RV_CT_ALIAS && !info.zone && !info.ct_events && !info.exp_events &&
	       !info.helper[0] && !info.timeout[0];
}

static int read_alias(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		      struct rv_error *err)
{
	rv_ct_info_t *info = (rv_ct_info_t *)(void *)data;

	if (!is_alias(wire))
		return rv_revision_fail(err, "NOTRACK with more than that");
	info->flags = RV_CT_ALIAS;
	return 0;
}

static const struct rv_option notrack_options[] = { { 0 } };
RV_EXTENSION(notrack) = {
	.name = "NOTRACK", .kernel_name = "CT", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES(RV_WRITES_CONNECTION),
	.size = sizeof(rv_ct_info_t), .options = notrack_options,
	.ops = RV_EXT_OPS(.owns_blob = is_alias),
	.initial = &(const rv_ct_info_t){ .flags = RV_CT_ALIAS },
	.revisions = RV_REVISIONS(
		{ .revision = 2, .size = sizeof(rv_ct_info_t), .read = read_alias },
		{ .revision = 0, .no_struct = true, .name = "NOTRACK" }),
	.config = "NETFILTER_XT_TARGET_CT", .list = "NOTRACK", .only = RV_ONLY(.tables = "raw"),
	.nft = " notrack",
	.help = "disables connection tracking for the packet",
};
