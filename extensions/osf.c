/* SPDX-License-Identifier: GPL-2.0-or-later */
/* osf: operating system fingerprint of SYN packets (uapi linux/netfilter/nfnetlink_osf.h). */
#include <netinet/in.h>
#include <string.h>

#include <ravelin/extension.h>

#include <linux/netfilter/xt_osf.h>

typedef struct xt_osf_info info;

#define LEVEL(word, field, bit, more, text, ...)				\
	{									\
		.name = word, .type = RV_T_UINT, .flags = RV_OPT_LIST_NEVER | (more), \
		RV_FIELD(info, field), .max = 2,				\
		.given = RV_BIT(info, flags, XT_OSF_##bit), __VA_ARGS__		\
		.arg = "0|1|2", .help = text,					\
	}

static const struct rv_option osf_options[] = {
	{
		.name = "genre", .type = RV_T_STRING,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_BARE | RV_OPT_ALWAYS |
			 RV_OPT_LIST_ALWAYS,
		RV_FIELD(info, genre), .min = 1,
		.invert = RV_BIT(info, flags, XT_OSF_INVERT), .sel = RV_SEL_OSF,
		.sel_more = RV_SEL_MORE(.param = RV_BIT(info, ttl, UINT32_MAX)),
		.list = "OS fingerprint match [! ]", .arg = "name", .help = "operating system",
	},
	LEVEL("ttl", ttl, TTL, RV_OPT_NO_PREDICATE,
	      "TTL check: 0: equal to the fingerprint, 1: not greater, 2: none", ),
	LEVEL("log", loglevel, LOG, 0, "0: log all fingerprints, known or not; 1: log the first match; 2: log all matches",
	      .opaque = { RV_EFFECT_SIDE, "it writes to the kernel's log" },),
	{ .name = NULL },
};

static void osf_canonicalize(unsigned char *data)
{
	info *i = (info *)(void *)data;

	i->len = strnlen(i->genre, sizeof(i->genre));
}

RV_EXTENSION(osf) = {
	.name = "osf", .kind = RV_MATCH, .family = NFPROTO_IPV4,
	.only = RV_ONLY(.protocol = IPPROTO_TCP, .hooks = 1 << NF_INET_PRE_ROUTING |
			1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD),
	RV_STRUCT(info, 0), .options = osf_options,
	.ops = RV_EXT_OPS(.canonicalize = osf_canonicalize),
	.help = "operating system, guessed from the SYN",
};
