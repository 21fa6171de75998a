/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SECMARK: gives packets a security context (uapi xt_SECMARK.h). */
#include <linux/netfilter/xt_SECMARK.h>

#include "extensions/wire.h"

/* The kernel fills in the number of the context; equality does not look at it. */
typedef struct xt_secmark_target_info_v1 info_t;

static const struct rv_option options[] = {
	{
		.name = "selctx",
		.type = RV_T_STRING,
		.flags = RV_OPT_REQUIRED | RV_OPT_BARE,
		RV_FIELD(info_t, secctx),
		.min = 1,
		.list = "selctx",
		.arg = "context",
		.help = "the context as SELinux writes it",
	},
	{ 0 },
};

static int understood(uint8_t mode, const char *secctx, info_t *info, struct rv_error *err)
{
	if (mode == SECMARK_MODE_SEL && secctx[0] &&
	    rv_wire_text(info->secctx, secctx, sizeof(info->secctx)))
		return 0;
	return rv_fail(err, RV_ERR_PROBLEM, NULL, "SECMARK in mode %u", mode);
}

static int read_v1(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	const info_t *from = (const info_t *)(const void *)wire;

	(void)w;
	return understood(from->mode, from->secctx, (info_t *)(void *)data, err);
}

static int read_v0(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	const struct xt_secmark_target_info *from =
		(const struct xt_secmark_target_info *)(const void *)wire;

	(void)w;
	return understood(from->mode, from->secctx, (info_t *)(void *)data, err);
}

static const struct rv_wire wire_rows[] = {
	{ .revision = 1, .size = sizeof(info_t), .read = read_v1 },
	{ .revision = 0, .size = sizeof(struct xt_secmark_target_info), .read = read_v0 },
	{ 0 },
};

static const info_t initial = { .mode = SECMARK_MODE_SEL };

static const struct rv_ext secmark = {
	.name = "SECMARK",
	.kind = RV_TARGET,
	.size = sizeof(info_t),
	.initial = &initial,
	.wire = wire_rows,
	.options = options,
	.list = "SECMARK",
	.tables = "mangle security",
	.help = "gives the packet a security context",
};

RV_REGISTER(secmark);
