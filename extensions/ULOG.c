/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ULOG: predecessor of NFLOG, removed with its uapi header after Linux 3.16. */
#include "extensions/revision.h"

/* Copy of the removed uapi struct. */
struct ipt_ulog_info {
	unsigned int nl_group;		/* bit mask */
	size_t copy_range;
	size_t qthreshold;
	char prefix[32];
};

#define GROUPS 32
#define MAX_QUEUE 50

static int parse_group(struct rv_parse *p)
{
	struct ipt_ulog_info *info = (struct ipt_ulog_info *)(void *)p->data;
	unsigned int group;

	if (rv_value_parse(p, p->arg, (unsigned char *)&group))
		return -1;
	info->nl_group = 1u << (group - 1);
	return 0;
}

static void print_group(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct ipt_ulog_info *info = (const struct ipt_ulog_info *)(const void *)data;

	rv_buf_u64(o->buf, __builtin_ffs(info->nl_group));
}

static const struct rv_option ulog_options[] = {
	{
		.name = "ulog-prefix", .type = RV_T_STRING, .min = 1,
		RV_FIELD(struct ipt_ulog_info, prefix),
		.arg = "text", .help = "prefix of each message, up to 31 bytes",
	},
	{
		.name = "ulog-nlgroup", .type = RV_T_UINT,
		RV_FIELD(struct ipt_ulog_info, nl_group), .min = 1, .max = GROUPS,
		.arg = "number", .help = "netlink group, 1 to 32 (default 1)",
		.ops = RV_OPTION_OPS(.parse = parse_group, .print = print_group),
	},
	{
		.name = "ulog-cprange", .type = RV_T_UINT,
		RV_FIELD(struct ipt_ulog_info, copy_range),
		.arg = "bytes", .help = "bytes of the packet to copy (default all)",
	},
	{
		.name = "ulog-qthreshold", .type = RV_T_UINT,
		RV_FIELD(struct ipt_ulog_info, qthreshold), .min = 1, .max = MAX_QUEUE,
		.arg = "number", .help = "number of packets per message, 1 to 50 (default 1)",
	},
	{ 0 },
};

static int ulog_read_info(const struct rv_revision *w, const unsigned char *wire,
			  unsigned char *data, struct rv_error *err)
{
	const struct ipt_ulog_info *from = (const struct ipt_ulog_info *)(const void *)wire;
	struct ipt_ulog_info *info = (struct ipt_ulog_info *)(void *)data;

	if (!from->nl_group || from->nl_group & (from->nl_group - 1) || !from->qthreshold ||
	    from->qthreshold > MAX_QUEUE ||
	    !rv_copy_text(info->prefix, from->prefix, sizeof(info->prefix)))
		return rv_revision_fail(err, "ULOG with groups 0x%x", from->nl_group);
	info->nl_group = from->nl_group;
	info->copy_range = from->copy_range;
	info->qthreshold = from->qthreshold;
	return 0;
}

RV_EXTENSION(ulog) = {
	.name = "ULOG", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES, .family = NFPROTO_IPV4,
	.writes = RV_WRITES_NOTHING,
	.size = sizeof(struct ipt_ulog_info), .options = ulog_options,
	.initial = &(const struct ipt_ulog_info){ .nl_group = 1, .qthreshold = 1 },
	.revisions = RV_REVISIONS({ .size = sizeof(struct ipt_ulog_info), .read = ulog_read_info }),
	.config = "IP_NF_TARGET_ULOG",
	.list_template = " ULOG copy_range <ulog-cprange:d> nlgroup <ulog-nlgroup>"
		      "{ulog-prefix: prefix \"<ulog-prefix>\"}"
		      " queue_threshold <ulog-qthreshold:d>",
	.help = "sends a copy of the packet to a program; replaced by NFLOG",
};
