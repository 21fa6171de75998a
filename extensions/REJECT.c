/* SPDX-License-Identifier: GPL-2.0-or-later */
/* REJECT: drops packets and notifies the sender (uapi ipt_REJECT.h, ip6t_REJECT.h). */
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>

#include <ravelin/extension.h>

/* Both families' structs have the same layout; only the values differ. */
_Static_assert(sizeof(struct ipt_reject_info) == sizeof(struct ip6t_reject_info), "same layout");

/*
 * Each long name is followed by its alias. Prefixes of either are accepted; the first match is
 * used.
 */
static const struct rv_name types4[] = {
	{ "icmp-net-unreachable", IPT_ICMP_NET_UNREACHABLE, "ICMP network unreachable",
	  "icmp type net-unreachable" },
	{ "net-unreach", IPT_ICMP_NET_UNREACHABLE, NULL },
	{ "icmp-host-unreachable", IPT_ICMP_HOST_UNREACHABLE, "ICMP host unreachable",
	  "icmp type host-unreachable" },
	{ "host-unreach", IPT_ICMP_HOST_UNREACHABLE, NULL },
	{ "icmp-proto-unreachable", IPT_ICMP_PROT_UNREACHABLE, "ICMP protocol unreachable",
	  "icmp type prot-unreachable" },
	{ "proto-unreach", IPT_ICMP_PROT_UNREACHABLE, NULL },
	{ "icmp-port-unreachable", IPT_ICMP_PORT_UNREACHABLE, "ICMP port unreachable (default)" },
	{ "port-unreach", IPT_ICMP_PORT_UNREACHABLE, NULL },
	{ "icmp-net-prohibited", IPT_ICMP_NET_PROHIBITED, "ICMP network prohibited",
	  "icmp type net-prohibited" },
	{ "net-prohib", IPT_ICMP_NET_PROHIBITED, NULL },
	{ "icmp-host-prohibited", IPT_ICMP_HOST_PROHIBITED, "ICMP host prohibited",
	  "icmp type host-prohibited" },
	{ "host-prohib", IPT_ICMP_HOST_PROHIBITED, NULL },
	{ "tcp-reset", IPT_TCP_RESET, "TCP reset; needs -p tcp",
	  "tcp reset" },
	{ "tcp-rst", IPT_TCP_RESET, NULL },
	{ "icmp-admin-prohibited", IPT_ICMP_ADMIN_PROHIBITED, "ICMP administratively prohibited",
	  "icmp type admin-prohibited" },
	{ "admin-prohib", IPT_ICMP_ADMIN_PROHIBITED, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name types6[] = {
	{ "icmp6-no-route", IP6T_ICMP6_NO_ROUTE, "ICMPv6 no route",
	  "icmpv6 type no-route" },
	{ "no-route", IP6T_ICMP6_NO_ROUTE, NULL },
	{ "icmp6-adm-prohibited", IP6T_ICMP6_ADM_PROHIBITED, "ICMPv6 administratively prohibited",
	  "icmpv6 type admin-prohibited" },
	{ "adm-prohibited", IP6T_ICMP6_ADM_PROHIBITED, NULL },
	{ "icmp6-addr-unreachable", IP6T_ICMP6_ADDR_UNREACH, "ICMPv6 address unreachable",
	  "icmpv6 type addr-unreachable" },
	{ "addr-unreach", IP6T_ICMP6_ADDR_UNREACH, NULL },
	{ "icmp6-port-unreachable", IP6T_ICMP6_PORT_UNREACH, "ICMPv6 port unreachable (default)" },
	{ "port-unreach", IP6T_ICMP6_PORT_UNREACH, NULL },
	{ "tcp-reset", IP6T_TCP_RESET, "TCP reset; needs -p tcp",
	  "tcp reset" },
	{ "icmp6-policy-fail", IP6T_ICMP6_POLICY_FAIL, "ICMPv6 policy fail",
	  "icmpv6 type policy-fail" },
	{ "policy-fail", IP6T_ICMP6_POLICY_FAIL, NULL },
	{ "icmp6-reject-route", IP6T_ICMP6_REJECT_ROUTE, "ICMPv6 reject route",
	  "icmpv6 type reject-route" },
	{ "reject-route", IP6T_ICMP6_REJECT_ROUTE, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_name *reject_types(const struct rv_ext *ext)
{
	return ext->options->names;
}

/* The kernel requires it; checked here so that no backend accepts what the kernel refuses. */
static int check_reset_protocol(struct rv_check *c)
{
	const struct ipt_reject_info *info = (const struct ipt_reject_info *)(void *)c->part->data;
	const struct rv_name *reset = rv_name_find(reject_types(c->ext), "tcp-reset",
							   strlen("tcp-reset"));
	const struct rv_ip *ip = &c->rule->ip;

	if (info->with != reset->value)
		return 0;
	if (ip->flags & RV_IP_PROTO && ip->proto == IPPROTO_TCP && !(ip->invert & RV_IP_PROTO))
		return 0;
	return rv_check_refuse(c, "REJECT: tcp-reset answers TCP only, so the rule needs -p tcp");
}

#define ROW(table)								\
	{									\
		.name = "reject-with", .type = RV_T_ENUM,			\
		.flags = RV_OPT_ABBREV | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,	\
		RV_FIELD(struct ipt_reject_info, with), .names = (table),	\
		.errors = RV_ERRORS(.bad = "unknown reject type \"%s\""), .arg = "type", \
		.help = "error sent to the sender", .list = "reject-with",		\
	}

static const struct rv_option options4[] = { ROW(types4), { 0 } };
static const struct rv_option options6[] = { ROW(types6), { 0 } };

static const struct ipt_reject_info initial4 = { .with = IPT_ICMP_PORT_UNREACHABLE };
static const struct ip6t_reject_info initial6 = { .with = IP6T_ICMP6_PORT_UNREACH };

#define REJECT(nfproto, rows, start)						\
	{									\
		.name = "REJECT", .kind = RV_TARGET, .effect = RV_EFFECT_ENDS, .family = (nfproto),	\
		.size = sizeof(struct ipt_reject_info), .initial = &(start),	\
		.revisions = RV_REVISIONS({ .size = sizeof(struct ipt_reject_info) }), \
		.options = (rows),						\
		.only = RV_ONLY(.tables = "filter",				\
				.hooks = 1 << NF_INET_LOCAL_IN |		\
					 1 << NF_INET_FORWARD |			\
					 1 << NF_INET_LOCAL_OUT),		\
		.config = "_NF_TARGET_REJECT",					\
		.nft = " reject{reject-with: with <reject-with:w>}",		\
		.help = "drops the packet and sends an error",			\
		.ops = RV_EXT_OPS(.kernel_check = check_reset_protocol),	\
	}

RV_EXTENSION(reject4) = REJECT(NFPROTO_IPV4, options4, initial4);
RV_EXTENSION(reject6) = REJECT(NFPROTO_IPV6, options6, initial6);
