/* SPDX-License-Identifier: GPL-2.0-or-later */
/* icmp6: type and code of ICMPv6 (RFC 4443, RFC 2710, RFC 4861). */
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include "extensions/icmp.h"

#include <linux/netfilter_ipv6/ip6_tables.h>

_Static_assert(sizeof(struct ip6t_icmp) == sizeof(struct ipt_icmp) &&
		       offsetof(struct ip6t_icmp, invflags) == offsetof(struct ipt_icmp, invflags) &&
		       IP6T_ICMP_INV == IPT_ICMP_INV,
	       "icmp.c reads both");

/* Names known to ip6tables; aliases follow the name of the same value. */
static const struct rv_name types[] = {
	{ "destination-unreachable", RV_ICMP_TYPE(ICMP6_DST_UNREACH), NULL },
	{ "no-route", RV_ICMP_CODE(ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE), NULL },
	{ "communication-prohibited",
	  RV_ICMP_CODE(ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN), NULL },
	{ "beyond-scope", RV_ICMP_CODE(ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_BEYONDSCOPE), NULL },
	{ "address-unreachable", RV_ICMP_CODE(ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR), NULL },
	{ "port-unreachable", RV_ICMP_CODE(ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT), NULL },
	{ "failed-policy", RV_ICMP_CODE(ICMP6_DST_UNREACH, 5), NULL },
	{ "reject-route", RV_ICMP_CODE(ICMP6_DST_UNREACH, 6), NULL },
	{ "packet-too-big", RV_ICMP_TYPE(ICMP6_PACKET_TOO_BIG), NULL },
	{ "time-exceeded", RV_ICMP_TYPE(ICMP6_TIME_EXCEEDED), NULL },
	{ "ttl-exceeded", RV_ICMP_TYPE(ICMP6_TIME_EXCEEDED), NULL },
	{ "ttl-zero-during-transit",
	  RV_ICMP_CODE(ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT), NULL },
	{ "ttl-zero-during-reassembly",
	  RV_ICMP_CODE(ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY), NULL },
	{ "parameter-problem", RV_ICMP_TYPE(ICMP6_PARAM_PROB), NULL },
	{ "bad-header", RV_ICMP_CODE(ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER), NULL },
	{ "unknown-header-type",
	  RV_ICMP_CODE(ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER), NULL },
	{ "unknown-option", RV_ICMP_CODE(ICMP6_PARAM_PROB, ICMP6_PARAMPROB_OPTION), NULL },
	{ "echo-request", RV_ICMP_TYPE(ICMP6_ECHO_REQUEST), NULL },
	{ "ping", RV_ICMP_TYPE(ICMP6_ECHO_REQUEST), NULL },
	{ "echo-reply", RV_ICMP_TYPE(ICMP6_ECHO_REPLY), NULL },
	{ "pong", RV_ICMP_TYPE(ICMP6_ECHO_REPLY), NULL },
	{ "mld-listener-query", RV_ICMP_TYPE(MLD_LISTENER_QUERY), NULL },
	{ "mld-listener-report", RV_ICMP_TYPE(MLD_LISTENER_REPORT), NULL },
	{ "mld-listener-done", RV_ICMP_TYPE(MLD_LISTENER_REDUCTION), NULL },
	{ "mld-listener-reduction", RV_ICMP_TYPE(MLD_LISTENER_REDUCTION), NULL },
	{ "router-solicitation", RV_ICMP_TYPE(ND_ROUTER_SOLICIT), NULL },
	{ "router-advertisement", RV_ICMP_TYPE(ND_ROUTER_ADVERT), NULL },
	{ "neighbour-solicitation", RV_ICMP_TYPE(ND_NEIGHBOR_SOLICIT), NULL },
	{ "neighbor-solicitation", RV_ICMP_TYPE(ND_NEIGHBOR_SOLICIT), NULL },
	{ "neighbour-advertisement", RV_ICMP_TYPE(ND_NEIGHBOR_ADVERT), NULL },
	{ "neighbor-advertisement", RV_ICMP_TYPE(ND_NEIGHBOR_ADVERT), NULL },
	{ "redirect", RV_ICMP_TYPE(ND_REDIRECT), NULL },
	{ NULL, 0, NULL },
};

static const struct rv_option icmp6_options[] = {
	RV_ICMP_ROW("icmpv6-type", "ipv6-icmp", ICMP6_TYPE, "ICMPv6"),
	{ .name = NULL },
};

RV_EXTENSION(icmp6) = {
	.name = "icmp6", .alias = "icmpv6", .kind = RV_MATCH, .family = NFPROTO_IPV6,
	.protocol = IPPROTO_ICMPV6,
	RV_STRUCT(struct ip6t_icmp, 0), .options = icmp6_options,
	.ops = RV_EXT_OPS(.kernel_check = rv_icmp_check, .show = rv_icmp_show),
	.initial = &(const struct ip6t_icmp){ .code = { 0, UINT8_MAX } },
	.config = "IP6_NF_IPTABLES",
	.help = "ICMPv6 type and code",
};
