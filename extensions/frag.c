/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frag: IPv6 fragment headers (uapi linux/netfilter_ipv6/ip6t_frag.h, RFC 8200, 4.5). */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv6/ip6t_frag.h>

#include <ravelin/extension.h>

typedef struct ip6t_frag info;

enum { ID, LENGTH, RESERVED, FIRST, MORE, LAST };

#define FLAG(row, word, bit, SEL, list_, text, ...)				\
	[row] = {								\
		.name = word, .type = RV_T_FLAG, RV_FIELD(info, flags),		\
		.value = IP6T_FRAG_##bit, .sel = RV_SEL_FRAG_##SEL,		\
		.list = list_, .help = text, __VA_ARGS__			\
	}

static const struct rv_option frag_options[] = {
	[ID] = {
		.name = "fragid", .type = RV_T_UINT_RANGE,
		.flags = RV_OPT_INVERT | RV_OPT_LIST_TIGHT,
		RV_FIELD(info, ids), .given = RV_BIT(info, flags, IP6T_FRAG_IDS),
		.invert = RV_BIT(info, invflags, IP6T_FRAG_INV_IDS), .sel = RV_SEL_FRAG_ID,
		.list = "id{s}:[!]", .arg = "id[:id]", .help = "identification",
	},
	/* Stored and printed, but not compared by the kernel: no predicate. */
	[LENGTH] = {
		.name = "fraglen", .type = RV_T_UINT, .flags = RV_OPT_INVERT | RV_OPT_NO_PREDICATE,
		RV_FIELD(info, hdrlen), .given = RV_BIT(info, flags, IP6T_FRAG_LEN),
		.invert = RV_BIT(info, invflags, IP6T_FRAG_INV_LEN),
		.opaque = { RV_EFFECT_PURE, "the kernel ignores it" },
		.list = "length:[!]", .arg = "length",
		.help = "length of the header; ignored by the kernel",
	},
	FLAG(RESERVED, "fragres", RES, RESERVED, "reserved", "the reserved fields are zero",
	     .flags = RV_OPT_ZERO),
	FLAG(FIRST, "fragfirst", FST, OFFSET, "first", "the first fragment", .flags = RV_OPT_ZERO),
	FLAG(MORE, "fragmore", MF, MORE, "more", "there are more fragments",
	     .excludes = 1 << LAST),
	FLAG(LAST, "fraglast", NMF, MORE, "last", "the last fragment", .flags = RV_OPT_ZERO,
	     .excludes = 1 << MORE),
	{ .name = NULL },
};

/* The full range of identifications is no condition; save does not print it. */
static void frag_canonicalize(unsigned char *data)
{
	info *d = (info *)(void *)data;
	bool all = !d->ids[0] && d->ids[1] == UINT32_MAX && !(d->invflags & IP6T_FRAG_INV_IDS);

	d->flags = all ? d->flags & ~IP6T_FRAG_IDS : d->flags | IP6T_FRAG_IDS;
}

RV_EXTENSION(frag) = {
	.name = "frag", .kind = RV_MATCH, .family = NFPROTO_IPV6,
	RV_STRUCT(info, 0), .options = frag_options,
	.ops = RV_EXT_OPS(.canonicalize = frag_canonicalize),
	.initial = &(const info){ .ids = { 0, UINT32_MAX } },
	.header = RV_HEADER(.sel = RV_SEL_FRAG),
	.config = "IP6_NF_MATCH_FRAG", .list = "frag ",
	.help = "IPv6 fragment headers",
};
