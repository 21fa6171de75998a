/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SECMARK: gives packets a security context (uapi xt_SECMARK.h). */
#include <linux/netfilter/xt_SECMARK.h>

#include "extensions/revision.h"

/* The kernel fills in the context id; equality ignores it. */
typedef struct xt_secmark_target_info_v1 info_t;

static const struct rv_option secmark_options[] = {
	{
		.name = "selctx", .type = RV_T_STRING, .flags = RV_OPT_REQUIRED | RV_OPT_BARE,
		RV_FIELD(info_t, secctx), .min = 1,
		.list = "selctx", .arg = "context", .help = "SELinux context",
	},
	{ 0 },
};

static int understood(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		      struct rv_error *err)
{
	const info_t *info = (const info_t *)(void *)data;

	return info->mode == SECMARK_MODE_SEL && info->secctx[0] ? 0 :
		rv_revision_fail(err, "SECMARK in mode %u", info->mode);
}

#define FIELDS(type) RV_REVISION_FIELDS(						\
	RV_REVISION_FIELD(type, mode, info_t, mode), RV_REVISION_FIELD(type, secctx, info_t, secctx))

RV_EXTENSION(secmark) = {
	.name = "SECMARK", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	.size = sizeof(info_t), .options = secmark_options,
	.initial = &(const info_t){ .mode = SECMARK_MODE_SEL },
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(info_t), .read = understood,
		  .fields = FIELDS(info_t) },
		{ .revision = 0, .size = sizeof(struct xt_secmark_target_info), .read = understood,
		  .fields = FIELDS(struct xt_secmark_target_info) }),
	.list = "SECMARK", .only = RV_ONLY(.tables = "mangle security"),
	.help = "sets the security label of the packet",
};
