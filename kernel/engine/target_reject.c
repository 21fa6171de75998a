/* SPDX-License-Identifier: GPL-2.0-or-later */
/* REJECT: drops the packet and lets the port layer send the reply. */
#include "internal.h"

#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>

/* tcp-reset requires TCP; echo replies are obsolete. */
static int check_with(const struct rv_check_ctx *a, unsigned int with, unsigned int reset,
		      unsigned int echo, unsigned int last)
{
	if (with > last || with == echo || (with == reset && !rv_ip_is_proto(&a->entry->ip, IPPROTO_TCP)))
		return -EINVAL;
	return 0;
}

static int check_reject(struct rv_check_ctx *a)
{
	const struct ipt_reject_info *info = a->data;

	return check_with(a, info->with, IPT_TCP_RESET, IPT_ICMP_ECHOREPLY,
			  IPT_ICMP_ADMIN_PROHIBITED);
}

static int check_reject6(struct rv_check_ctx *a)
{
	const struct ip6t_reject_info *info = a->data;

	return check_with(a, info->with, IP6T_TCP_RESET, IP6T_ICMP6_ECHOREPLY,
			  IP6T_ICMP6_REJECT_ROUTE);
}

static unsigned int reject_packet(struct rv_pkt *pkt, unsigned int with)
{
	if (pkt->ops->reject)
		pkt->ops->reject(pkt, with);
	return NF_DROP;
}

static unsigned int target_reject(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct ipt_reject_info *info = data;

	(void)state;
	return reject_packet(pkt, info->with);
}

static unsigned int target_reject6(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct ip6t_reject_info *info = data;

	(void)state;
	return reject_packet(pkt, info->with);
}

#define HOOKS	(1U << NF_INET_LOCAL_IN | 1U << NF_INET_FORWARD | 1U << NF_INET_LOCAL_OUT)

struct rv_handler rv_targets_reject[] = {
	RV_TARGET_ROW("REJECT", NFPROTO_IPV4, 0, struct ipt_reject_info, .tables = "filter",
		      .hooks = HOOKS, .check = check_reject, .target = target_reject),
	RV_TARGET_ROW("REJECT", NFPROTO_IPV6, 0, struct ip6t_reject_info, .tables = "filter",
		      .hooks = HOOKS, .check = check_reject6, .target = target_reject6),
	{ .name = NULL },
};
