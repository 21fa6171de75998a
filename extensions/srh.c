/* SPDX-License-Identifier: GPL-2.0-or-later */
/* srh: segment routing header (uapi linux/netfilter_ipv6/ip6t_srh.h, RFC 8754). */
#include <ravelin/extension.h>

#include <linux/netfilter_ipv6/ip6t_srh.h>

typedef struct ip6t_srh1 info;

#define GIVEN(bit) RV_BIT(info, mt_flags, IP6T_SRH_##bit)
#define NOT(bit) RV_BIT(info, mt_invflags, IP6T_SRH_INV_##bit)

/* The kernel has one value for the three comparisons of a field: only one can be given. */
enum { NEXT, LEN_EQ, LEN_GT, LEN_LT, SEGS_EQ, SEGS_GT, SEGS_LT, LAST_EQ, LAST_GT, LAST_LT };

#define NUMBER(word, field, bit, SEL, text, more, others)			\
	{									\
		.name = "srh-" word, .type = RV_T_UINT, .flags = RV_OPT_INVERT | (more), \
		RV_FIELD(info, field), .given = GIVEN(bit), .invert = NOT(bit),	\
		.sel = RV_SEL_SRH_##SEL, .list = word ":[!]", .arg = "number",	\
		.help = text, .excludes = others,				\
	}

#define COMPARISON(ROW, word, how, field, bit, SEL, text, more)			\
	[ROW] = NUMBER(word "-" how, field, bit, SEL, text, more,		\
		       7 << (ROW - (ROW - 1) % 3) & ~(1 << (ROW)))

#define COMPARISONS(ROW, word, field, SEL, text)				\
	COMPARISON(ROW##_EQ, word, "eq", field, ROW##_EQ, SEL, text " is this", 0), \
	COMPARISON(ROW##_GT, word, "gt", field, ROW##_GT, SEL, text " is larger", \
		   RV_OPT_ABOVE),						\
	COMPARISON(ROW##_LT, word, "lt", field, ROW##_LT, SEL, text " is smaller", \
		   RV_OPT_BELOW)

#define SEGMENT(which, field, bit, SEL, text)					\
	{									\
		.name = "srh-" which, .type = RV_T_ADDR_MASK,			\
		.flags = RV_OPT_INVERT | RV_OPT_CIDR | RV_OPT_LITERAL,		\
		RV_FIELD(info, field##_addr), .mask_offset = offsetof(info, field##_msk), \
		.given = GIVEN(bit), .invert = NOT(bit), .sel = RV_SEL_SRH_##SEL, \
		.list = which " [!] ", .arg = "address[/mask]", .help = text,	\
	}

static const struct rv_option srh_options[] = {
	[NEXT] = NUMBER("next-hdr", next_hdr, NEXTHDR, NEXT, "next header", 0, 0),
	COMPARISONS(LEN, "hdr-len", hdr_len, LEN, "header length without the first 8 bytes, in units of 8 bytes,"),
	COMPARISONS(SEGS, "segs-left", segs_left, SEGLEFT, "number of segments left"),
	COMPARISONS(LAST, "last-entry", last_entry, LAST, "index of the last segment"),
	NUMBER("tag", tag, TAG, TAG, "tag", 0, 0),
	SEGMENT("psid", psid, PSID, PSID, "previous segment"),
	SEGMENT("nsid", nsid, NSID, NSID, "next segment"),
	SEGMENT("lsid", lsid, LSID, LSID, "last segment"),
	{ .name = NULL },
};

RV_EXTENSION(srh) = {
	.name = "srh", .kind = RV_MATCH, .family = NFPROTO_IPV6,
	.size = sizeof(info), .options = srh_options,
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(info) },
		{ .revision = 0, .size = sizeof(struct ip6t_srh), .fields = RV_REVISION_FIELDS(
			  { 0, offsetof(struct ip6t_srh, mt_flags), 0, offsetof(struct ip6t_srh, mt_flags), RV_MOVE_PLAIN },
			  RV_REVISION_FIELD(struct ip6t_srh, mt_flags, info, mt_flags),
			  RV_REVISION_FIELD(struct ip6t_srh, mt_invflags, info, mt_invflags)) }),
	.config = "IP6_NF_MATCH_SRH", .list = "srh",
	.help = "IPv6 segment routing header",
};
