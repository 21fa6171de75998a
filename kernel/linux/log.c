// SPDX-License-Identifier: GPL-2.0-or-later
/* LOG, NFLOG and TRACE with the kernel's loggers (nf_log_syslog, nfnetlink_log). */
#include <linux/kmod.h>
#include <net/netfilter/nf_log.h>

#include "module.h"

static struct {
	u8 family;
	enum nf_log_type type;
	const char *module;
	bool kept;
} loggers[] = {
	{ NFPROTO_IPV4, NF_LOG_TYPE_LOG, "nf_log_syslog" },
	{ NFPROTO_IPV6, NF_LOG_TYPE_LOG, "nf_log_syslog" },
	{ NFPROTO_IPV4, NF_LOG_TYPE_ULOG, "nfnetlink_log" },
	{ NFPROTO_IPV6, NF_LOG_TYPE_ULOG, "nfnetlink_log" },
};

/* nf_logger_find_get() does not load the module. */
static bool pin_logger(u8 family, enum nf_log_type type, const char *module)
{
	if (!nf_logger_find_get(family, type))
		return true;
	/* Use the alias: it does not depend on the module's name. */
	request_module("nf-logger-%u-%u", family, type);
	return !nf_logger_find_get(family, type);
}

void rv_loggers_get(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(loggers); i++) {
		loggers[i].kept = pin_logger(loggers[i].family, loggers[i].type, loggers[i].module);
		if (!loggers[i].kept)
			pr_notice("ravelin: without %s %s of family %u says nothing\n", loggers[i].module,
				  loggers[i].type == NF_LOG_TYPE_LOG ? "LOG" : "NFLOG",
				  loggers[i].family);
	}
}

void rv_loggers_put(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(loggers); i++)
		if (loggers[i].kept)
			nf_logger_put(loggers[i].family, loggers[i].type);
}

static struct nf_loginfo loginfo(const struct rv_log *log)
{
	struct nf_loginfo info = { .type = log->netlink ? NF_LOG_TYPE_ULOG : NF_LOG_TYPE_LOG };

	if (log->netlink) {
		info.u.ulog.group = log->group;
		info.u.ulog.qthreshold = log->threshold;
		info.u.ulog.copy_len = log->copy_len;
		info.u.ulog.flags = log->limited ? NF_LOG_F_COPY_LEN : 0;
	} else {
		info.u.log.level = log->level;
		info.u.log.logflags = log->flags;
	}
	return info;
}

void rv_skb_log(const struct rv_pkt *pkt, const struct rv_log *log)
{
	const struct nf_loginfo info = loginfo(log);
	const struct rv_skb *s = rv_skb(pkt);

	rv_skb_store(pkt);
	nf_log_packet(s->state->net, s->state->pf, s->state->hook, s->skb, s->state->in,
		      s->state->out, &info, "%s", log->prefix);
}

void rv_skb_trace(const struct rv_pkt *pkt, const struct rv_trace_step *trace)
{
	static const struct nf_loginfo info = {
		.type = NF_LOG_TYPE_LOG,
		.u.log = { .level = LOGLEVEL_WARNING, .logflags = NF_LOG_DEFAULT_MASK },
	};
	const struct rv_skb *s = rv_skb(pkt);

	rv_skb_store(pkt);
	nf_log_trace(s->state->net, s->state->pf, s->state->hook, s->skb, s->state->in,
		     s->state->out, &info, "TRACE: %s:%s:%s:%u ", trace->table, trace->chain,
		     trace->what, trace->number);
}
