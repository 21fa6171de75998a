/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ecn: explicit congestion notification, in IP and TCP (uapi xt_ecn.h, RFC 3168). */
#include <netinet/in.h>

#include <linux/netfilter/xt_ecn.h>

#include "extensions/protocol.h"

typedef struct xt_ecn_info info;

#define TCP_ECE 0x40	/* in the flags byte (RFC 3168, 6.1) */
#define TCP_CWR 0x80

#define TCP_FLAG(word, bit, list_, text)					\
	{									\
		.name = word, .type = RV_T_FLAG, .flags = RV_OPT_INVERT,	\
		RV_FIELD(info, operation), .value = bit,			\
		.invert = RV_BIT(info, invert, bit), .sel = RV_SEL_TCP_FLAGS,	\
		.list = list_, .help = text,					\
		.sel_bits = bit == XT_ECN_OP_MATCH_ECE ? TCP_ECE : TCP_CWR,		\
	}

static const struct rv_option ecn_options[] = {
	TCP_FLAG("ecn-tcp-ece", XT_ECN_OP_MATCH_ECE, "[!]ECE", "TCP's ECN-Echo is set"),
	TCP_FLAG("ecn-tcp-cwr", XT_ECN_OP_MATCH_CWR, "[!]CWR",
		 "TCP's Congestion Window Reduced is set"),
	{
		.name = "ecn-ip-ect", .type = RV_T_UINT, .flags = RV_OPT_INVERT,
		RV_FIELD(info, ip_ect), .max = 3,
		.given = RV_BIT(info, operation, XT_ECN_OP_MATCH_IP),
		.invert = RV_BIT(info, invert, XT_ECN_OP_MATCH_IP), .sel = RV_SEL_IP_ECN,
		.sel_more = RV_SEL_MORE(.ipv6 = RV_SEL_IP6_ECN),
		.list = "[!]ECT=", .arg = "0..3", .help = "ECN field of the IP header",
	},
	{ .name = NULL },
};

static int check_ecn_tcp(struct rv_check *c)
{
	const info *ecn = (const info *)(void *)c->part->data;

	if (ecn->operation & (XT_ECN_OP_MATCH_ECE | XT_ECN_OP_MATCH_CWR))
		return rv_need_protocol(c, IPPROTO_TCP);
	return 0;
}

RV_EXTENSION(ecn) = {
	.name = "ecn", .kind = RV_MATCH,
	RV_STRUCT(info, 0), .options = ecn_options,
	.ops = RV_EXT_OPS(.kernel_check = check_ecn_tcp),
	.list = "ECN match",
	.required = "ECN match: some option required",
	.help = "ECN bits",
};
