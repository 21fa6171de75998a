/* SPDX-License-Identifier: GPL-2.0-or-later */
/* socket: whether this host has a socket for the packet (uapi linux/netfilter/xt_socket.h). */
#include <ravelin/extension.h>

#include <linux/netfilter/xt_socket.h>

typedef struct xt_socket_mtinfo3 info;

#define FLAG(word, bit, text, ...)						\
	{									\
		.name = word, .type = RV_T_FLAG,				\
		RV_FIELD(info, flags), .value = XT_SOCKET_##bit,		\
		.list = "--" word, .help = text, __VA_ARGS__			\
	}

static const struct rv_option socket_options[] = {
	FLAG("transparent", TRANSPARENT, "transparent sockets only (IP_TRANSPARENT)",
	     .sel = RV_SEL_SOCKET_TRANSPARENT),
	FLAG("nowildcard", NOWILDCARD, "also match wildcard sockets",
	     .flags = RV_OPT_NO_PREDICATE),
	FLAG("restore-skmark", RESTORESKMARK, "set the packet mark to that of the socket",
	     .opaque = { RV_EFFECT_SIDE, "it sets the packet's mark" }),
	{ .name = NULL },
};

RV_EXTENSION(socket_match) = {
	.name = "socket", .kind = RV_MATCH,
	.size = sizeof(info), .options = socket_options,
	/* Each revision adds one flag to the same byte. Revision 0 has no struct. */
	.revisions = RV_REVISIONS(
		{ .revision = 3, .size = sizeof(info), .valid_bits = RV_BIT(info, flags, XT_SOCKET_FLAGS_V3) },
		{ .revision = 2, .size = sizeof(info), .valid_bits = RV_BIT(info, flags, XT_SOCKET_FLAGS_V2) },
		{ .revision = 1, .size = sizeof(info), .valid_bits = RV_BIT(info, flags, XT_SOCKET_FLAGS_V1) },
		{ .revision = 0, .no_struct = true }),
	.header = RV_HEADER(.sel = RV_SEL_SOCKET_FOUND,
			    .param = RV_BIT(info, flags, XT_SOCKET_NOWILDCARD)),
	.list = "socket",
	.only = RV_ONLY(.hooks = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN),
	.nft = "{!nowildcard: socket wildcard 0}{nowildcard&!transparent: socket wildcard le 1}"
	       "{transparent: socket transparent 1}{restore-skmark: meta mark set socket mark}",
	.help = "open socket on this host",
};
