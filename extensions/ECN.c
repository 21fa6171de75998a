/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ECN: changes the explicit congestion notification bits (uapi ipt_ECN.h, RFC 3168). */
#include <netinet/in.h>

#include <linux/netfilter_ipv4/ipt_ECN.h>

#include "extensions/revision.h"

typedef struct ipt_ECN_info info_t;

/* Clears both TCP bits. */
#define OP_REMOVE (IPT_ECN_OP_SET_ECE | IPT_ECN_OP_SET_CWR)

#define ECT_MAX 3

enum { REMOVE, ECE, CWR, ECT };

/* Bit-field order depends on the byte order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { ECE_BITS = 0x01, CWR_BITS = 0x02 };
#else
enum { ECE_BITS = 0x80, CWR_BITS = 0x40 };
#endif

#define BIT_ROW(row, word, op, text)						\
	[row] = {								\
		.name = word, .type = RV_T_UINT, RV_FIELD(info_t, proto),	\
		.max = 1, .owned = row##_BITS,					\
		.given = RV_BIT(info_t, operation, op), .excludes = 1 << REMOVE, \
		.arg = "0|1", .help = text,					\
	}

static const struct rv_option ecn_options[] = {
	[REMOVE] = {
		.name = "ecn-tcp-remove", .type = RV_T_FLAG, .flags = RV_OPT_HIDDEN | RV_OPT_SETS,
		RV_FIELD(info_t, operation), .value = OP_REMOVE, .excludes = 1 << ECE | 1 << CWR,
		.help = "clear ECE and CWR in the TCP header",
	},
	BIT_ROW(ECE, "ecn-tcp-ece", IPT_ECN_OP_SET_ECE, "set the ECE flag of TCP"),
	BIT_ROW(CWR, "ecn-tcp-cwr", IPT_ECN_OP_SET_CWR, "set the CWR flag of TCP"),
	[ECT] = {
		.name = "ecn-ip-ect", .type = RV_T_UINT,
		RV_FIELD(info_t, ip_ect), .max = ECT_MAX,
		.given = RV_BIT(info_t, operation, IPT_ECN_OP_SET_IP),
		.arg = "number", .help = "set the ECN field of the IP header",
	},
	{ 0 },
};

static int check_tcp_protocol(struct rv_check *c)
{
	const info_t *info = (const info_t *)(void *)c->part->data;

	return info->operation & OP_REMOVE ? rv_check_tcp(c) : 0;
}

RV_EXTENSION(ecn_target) = {
	.name = "ECN", .kind = RV_TARGET, .effect = RV_EFFECT_MAY_END, .family = NFPROTO_IPV4,
	.writes = RV_WRITES(RV_SEL_TOS, RV_SEL_IP_ECN, RV_SEL_TCP_FLAGS, RV_WRITES_BYTES),
	.size = sizeof(info_t), .options = ecn_options,
	.ops = RV_EXT_OPS(.kernel_check = check_tcp_protocol),
	.revisions = RV_REVISIONS({ .size = sizeof(info_t),
			  .valid_bits = RV_BIT(info_t, operation, OP_REMOVE | IPT_ECN_OP_SET_IP) }),
	.config = "IP_NF_TARGET_ECN", .only = RV_ONLY(.tables = "mangle"),
	.save_template = "{ecn-tcp-remove&ecn-tcp-ece=0&ecn-tcp-cwr=0: --ecn-tcp-remove|"
		      "{ecn-tcp-ece: --ecn-tcp-ece <ecn-tcp-ece>}"
		      "{ecn-tcp-cwr: --ecn-tcp-cwr <ecn-tcp-cwr>}"
		      "{ecn-ip-ect: --ecn-ip-ect <ecn-ip-ect>}}",
	.list_template = " ECN{ecn-tcp-remove&ecn-tcp-ece=0&ecn-tcp-cwr=0: TCP remove|"
		      "{ecn-tcp-ece: ECE=<ecn-tcp-ece>}{ecn-tcp-cwr: CWR=<ecn-tcp-cwr>}"
		      "{ecn-ip-ect: ECT codepoint=<ecn-ip-ect>}}",
	.required = "ECN target: An operation is required",
	.help = "changes the ECN bits",
};
