/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pkttype: link-layer packet type (uapi linux/netfilter/xt_pkttype.h). */
#include <ravelin/extension.h>

#include <linux/if_packet.h>
#include <linux/netfilter/xt_pkttype.h>

static const struct rv_name pkttype_types[] = {
	{ "unicast", PACKET_HOST, "for this host" },
	{ "broadcast", PACKET_BROADCAST, "for all" },
	{ "multicast", PACKET_MULTICAST, "for a group" },
	{ "otherhost", PACKET_OTHERHOST, "for someone else" },
	{ "host", PACKET_HOST, NULL },
	{ "bcast", PACKET_BROADCAST, NULL },
	{ "mcast", PACKET_MULTICAST, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_option pkttype_options[] = {
	{
		.name = "pkt-type", .type = RV_T_ENUM,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_pkttype_info, pkttype), .names = pkttype_types,
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(struct xt_pkttype_info, invert, 1),
		.sel = RV_SEL_PKTTYPE,
		.errors = RV_ERRORS(.bad = "Bad packet type '%s'"),
		.list = "PKTTYPE [!]= ", .arg = "type",
		.help = "unicast, broadcast, multicast or otherhost",
	},
	{ .name = NULL },
};

RV_EXTENSION(pkttype) = {
	.name = "pkttype", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(struct xt_pkttype_info, 0), .options = pkttype_options,
	.help = "link-layer packet type",
};
