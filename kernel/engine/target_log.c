/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LOG and NFLOG: passed to the port layer. */
#include "internal.h"

#include <linux/netfilter/xt_LOG.h>
#include <linux/netfilter/xt_NFLOG.h>

#define LEVELS	8	/* number of syslog levels */

static int check_log(struct rv_check_ctx *a)
{
	const struct xt_log_info *info = a->data;

	if (info->level >= LEVELS || info->logflags & ~XT_LOG_MASK ||
	    !memchr(info->prefix, 0, sizeof(info->prefix)))
		return -EINVAL;
	return 0;
}

static unsigned int log_packet(const struct rv_pkt *pkt, const struct rv_log *log)
{
	if (pkt->ops->log)
		pkt->ops->log(pkt, log);
	return RV_CONTINUE;
}

static unsigned int target_log(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_log_info *info = data;
	const struct rv_log log = {
		.prefix = info->prefix, .level = info->level, .flags = info->logflags,
	};

	(void)state;
	return log_packet(pkt, &log);
}

static int check_nflog(struct rv_check_ctx *a)
{
	const struct xt_nflog_info *info = a->data;

	if (info->flags & ~XT_NFLOG_MASK || !memchr(info->prefix, 0, sizeof(info->prefix)))
		return -EINVAL;
	return 0;
}

static unsigned int target_nflog(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_nflog_info *info = data;
	const struct rv_log log = {
		.prefix = info->prefix,
		.netlink = true,
		.group = info->group,
		.threshold = info->threshold,
		.copy_len = info->len,
		.limited = info->flags & XT_NFLOG_F_COPY_LEN,
	};

	(void)state;
	return log_packet(pkt, &log);
}

struct rv_handler rv_targets_log[] = {
	RV_TARGET_ROW("LOG", NFPROTO_UNSPEC, 0, struct xt_log_info, .check = check_log,
		      .target = target_log),
	RV_TARGET_ROW("NFLOG", NFPROTO_UNSPEC, 0, struct xt_nflog_info, .check = check_nflog,
		      .target = target_nflog),
	{ .name = NULL },
};
