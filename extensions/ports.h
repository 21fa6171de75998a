/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of a match on a protocol's ports. info has uint16_t spts[2], dpts[2]
 * (from, to; host order) and bits in invflags (uapi linux/netfilter/xt_tcpudp.h).
 */
#ifndef RAVELIN_EXTENSIONS_PORTS_H
#define RAVELIN_EXTENSIONS_PORTS_H

#include <ravelin/extension.h>

#define RV_PORTS(info, side, short_, field, bit, SEL, more, ...)		\
	{									\
		.name = side "-port", .save = short_, .type = RV_T_PORT_RANGE,		\
		.flags = RV_OPT_INVERT | RV_OPT_NAMES | (more),			\
		RV_FIELD(info, field), .invert = RV_BIT(info, invflags, bit),	\
		.sel = RV_SEL_TH_##SEL, .arg = "port[:port]",			\
		.help = side " port or range of ports", __VA_ARGS__			\
	},									\
	{ .name = short_, .alias_of = side "-port" }

#endif
