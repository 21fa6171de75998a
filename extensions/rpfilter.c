/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rpfilter: reverse path check (uapi linux/netfilter/xt_rpfilter.h). */
#include <ravelin/extension.h>

#include <linux/netfilter/xt_rpfilter.h>

#define FLAG(word, bit, text)							\
	{									\
		.name = word, .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE,		\
		RV_FIELD(struct xt_rpfilter_info, flags), .value = XT_RPFILTER_##bit, \
		.list = word, .help = text,					\
	}

static const struct rv_option rpfilter_options[] = {
	FLAG("loose", LOOSE, "accept a route through any interface"),
	FLAG("validmark", VALID_MARK, "use the packet's mark in the route lookup"),
	FLAG("accept-local", ACCEPT_LOCAL, "accept packets from local addresses"),
	FLAG("invert", INVERT, "match packets that fail the check"),
	{ .name = NULL },
};

RV_EXTENSION(rpfilter) = {
	.name = "rpfilter", .kind = RV_MATCH,
	RV_STRUCT(struct xt_rpfilter_info, 0), .options = rpfilter_options,
	.header = RV_HEADER(.sel = RV_SEL_RPFILTER,
			    .param = RV_BIT(struct xt_rpfilter_info, flags,
					    XT_RPFILTER_LOOSE | XT_RPFILTER_VALID_MARK |
						    XT_RPFILTER_ACCEPT_LOCAL),
			    .absent = RV_BIT(struct xt_rpfilter_info, flags, XT_RPFILTER_INVERT)),
	.config = "_NF_MATCH_RPFILTER", .list = "rpfilter",
	.only = RV_ONLY(.tables = "raw mangle", .hooks = 1 << NF_INET_PRE_ROUTING),
	/* nft's fib has no equivalent of --accept-local. */
	.nft = " fib saddr{validmark: . mark}{!loose: . iif} oif {invert:0|!= 0}",
	.help = "reverse path filter",
};
