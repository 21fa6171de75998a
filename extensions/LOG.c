/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LOG: logs packets in the kernel log and continues (uapi xt_LOG.h). */
#include <syslog.h>

#include <linux/netfilter/xt_LOG.h>

#include <ravelin/extension.h>

static const struct rv_name levels[] = {
	{ "emerg", LOG_EMERG, NULL, "emerg" },
	{ "panic", LOG_EMERG, NULL },
	{ "alert", LOG_ALERT, NULL, "alert" },
	{ "crit", LOG_CRIT, NULL, "crit" },
	{ "error", LOG_ERR, NULL, "err" },
	{ "warning", LOG_WARNING, NULL, "warn" },
	{ "notice", LOG_NOTICE, NULL, "notice" },
	{ "info", LOG_INFO, NULL, "info" },
	{ "debug", LOG_DEBUG, NULL, "debug" },
	{ NULL, 0, NULL },
};

#define LOG_FLAG(word, bit, text)						\
	{ .name = "log-" word, .type = RV_T_FLAG, RV_FIELD(struct xt_log_info, logflags), \
	  .value = (bit), .given = RV_BIT(struct xt_log_info, logflags, bit),	\
	  .help = (text) }

static const struct rv_option log_options[] = {
	{
		.name = "log-prefix", .type = RV_T_STRING, .flags = RV_OPT_TRUNCATE,
		RV_FIELD(struct xt_log_info, prefix), .min = 1,
		.errors = RV_ERRORS(.newline = "Newlines not allowed in --log-prefix",
				    .bad = "Argument must have a minimum length of 1 characters\n"),
		.arg = "prefix", .help = "prefix of each line, up to 29 bytes",
	},
	{
		.name = "log-level", .type = RV_T_UINT,
		RV_FIELD(struct xt_log_info, level), .max = LOG_DEBUG, .names = levels,
		.errors = RV_ERRORS(.bad = "log level \"%s\" unknown\n"),
		.arg = "level",
		.help = "0 to 7, or emerg, alert, crit, error, warning, notice, info, debug",
	},
	LOG_FLAG("tcp-sequence", XT_LOG_TCPSEQ, "log TCP sequence numbers"),
	LOG_FLAG("tcp-options", XT_LOG_TCPOPT, "log TCP options"),
	LOG_FLAG("ip-options", XT_LOG_IPOPT, "log IP options"),
	LOG_FLAG("uid", XT_LOG_UID, "log whose process sent the packet"),
	LOG_FLAG("macdecode", XT_LOG_MACDECODE, "log MAC addresses and protocol"),
	{ 0 },
};

RV_EXTENSION(log_target) = {
	.name = "LOG", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	.size = sizeof(struct xt_log_info), .options = log_options,
	.initial = &(const struct xt_log_info){ .level = LOG_WARNING },
	.revisions = RV_REVISIONS(
		{ .revision = 0, .size = sizeof(struct xt_log_info),
		  .valid_bits = RV_BIT(struct xt_log_info, logflags, XT_LOG_MASK) }),
	.nft = " log{log-prefix: prefix <log-prefix:p>}{log-level: level <log-level:w>}"
	       "{log-tcp-sequence&log-tcp-options&log-ip-options&log-uid&log-macdecode: flags all|"
	       "{log-tcp-sequence: flags tcp sequence{log-tcp-options:,options}|"
	       "{log-tcp-options: flags tcp options}}{log-ip-options: flags ip options}"
	       "{log-uid: flags skuid}{log-macdecode: flags ether}}",
	/*
	 * Order differs from save; levels named as in syslog.conf(5), or with -n flags as a number.
	 */
	.list_template = "{$n: LOG flags <log-uid:d> level <log-level:d>| LOG level <log-level:w>"
		      "{log-tcp-sequence: tcp-sequence}{log-tcp-options: tcp-options}"
		      "{log-ip-options: ip-options}{log-uid: uid}{log-macdecode: macdecode}}"
		      "{log-prefix: prefix \"<log-prefix>\"}",
	.help = "writes the packet to the kernel log",
};
