/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TPROXY: delivers packets to a local socket unchanged (uapi xt_TPROXY.h). */
#include <arpa/inet.h>

#include <netinet/in.h>

#include <linux/netfilter/xt_TPROXY.h>

#include "extensions/revision.h"

/* The kernel's fields, reordered so that the mask follows the value. */
struct tproxy_data {
	uint32_t mark, mask;
	union nf_inet_addr address;
	uint16_t port;			/* network order */
	uint16_t pad;
};

enum { PORT, ADDRESS, MARK };

static const struct rv_option tproxy_options[] = {
	[PORT] = {
		.name = "on-port", .type = RV_T_PORT,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_BE,
		RV_FIELD(struct tproxy_data, port),
		.arg = "port", .help = "port of the socket; 0: destination port of the packet",
	},
	[ADDRESS] = {
		.name = "on-ip", .type = RV_T_ADDR, .flags = RV_OPT_ALWAYS,
		RV_FIELD(struct tproxy_data, address),
		.arg = "address", .help = "address of the socket (default: that of the input interface)",
	},
	[MARK] = {
		.name = "tproxy-mark", .type = RV_T_CHANGE, .flags = RV_OPT_ALWAYS,
		.offset = offsetof(struct tproxy_data, mark), .size = 2 * sizeof(uint32_t),
		.way = RV_WAY_XMASKED,
		.arg = "value[/mask]",
		.help = "clear the bits of mask in the packet's mark, then XOR value",
	},
	{ 0 },
};

static int check_tcp_or_udp(struct rv_check *c)
{
	if (rv_has_protocol(c, IPPROTO_TCP) || rv_has_protocol(c, IPPROTO_UDP))
		return 0;
	return rv_check_refuse(c,
			       "TPROXY: sockets are for TCP or UDP, so the rule needs -p tcp or -p udp");
}

/* Revision 0 has room for IPv4 addresses only. */
#define FIELDS(type)								\
	RV_REVISION_FIELDS(								\
		RV_REVISION_FIELD(type, mark_value, struct tproxy_data, mark),	\
		RV_REVISION_FIELD(type, mark_mask, struct tproxy_data, mask),	\
		RV_REVISION_FIELD(type, lport, struct tproxy_data, port),		\
		{ offsetof(type, laddr), sizeof(((type *)0)->laddr),		\
		  offsetof(struct tproxy_data, address), sizeof(((type *)0)->laddr), RV_MOVE_PLAIN })

#define V1 { .revision = 1, .size = sizeof(struct xt_tproxy_target_info_v1),	\
	     .fields = FIELDS(struct xt_tproxy_target_info_v1) }
#define V0 { .revision = 0, .size = sizeof(struct xt_tproxy_target_info),	\
	     .fields = FIELDS(struct xt_tproxy_target_info) }

#define TPROXY(nfproto, ...)							\
	{									\
		.name = "TPROXY", .kind = RV_TARGET, .effect = RV_EFFECT_ENDS, .family = (nfproto),	\
		.size = sizeof(struct tproxy_data), .revisions = RV_REVISIONS(__VA_ARGS__), .options = tproxy_options, \
		.only = RV_ONLY(.tables = "mangle", .hooks = 1 << NF_INET_PRE_ROUTING), \
		.nft = "{!on-ip&!on-port:^} tproxy to {on-ip:{$6:[}<on-ip>{$6:]}}"	\
		       "{on-port::<on-port:d>}"					\
		       "{tproxy-mark: meta mark set <tproxy-mark:cmeta mark,&>} accept",	\
		.help = "delivers the packet to a local socket without changing it",	\
		.ops = RV_EXT_OPS(.kernel_check = check_tcp_or_udp),		\
		.list_template = " TPROXY redirect <on-ip>:<on-port:d> mark <tproxy-mark:m>", \
	}

RV_EXTENSION(tproxy4) = TPROXY(NFPROTO_IPV4, V1, V0);
RV_EXTENSION(tproxy6) = TPROXY(NFPROTO_IPV6, V1);
