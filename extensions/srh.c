/* SPDX-License-Identifier: GPL-2.0-or-later */
/* srh: the segment routing header (uapi linux/netfilter_ipv6/ip6t_srh.h, RFC 8754). */
#include <string.h>

#include <ravelin/extension.h>

#include <linux/netfilter_ipv6/ip6t_srh.h>

typedef struct ip6t_srh1 info;

#define GIVEN(bit) RV_BIT(info, mt_flags, IP6T_SRH_##bit)
#define NOT(bit) RV_BIT(info, mt_invflags, IP6T_SRH_INV_##bit)

/* The kernel has one number for the three comparisons of a field: only one can be given. */
enum { NEXT, LEN_EQ, LEN_GT, LEN_LT, SEGS_EQ, SEGS_GT, SEGS_LT, LAST_EQ, LAST_GT, LAST_LT };

#define NUMBER(word, field, bit, SEL, text, ...)				\
	{									\
		.name = "srh-" word, .type = RV_T_UINT, .flags = RV_OPT_INVERT,	\
		RV_FIELD(info, field), .given = GIVEN(bit), .invert = NOT(bit),	\
		.sel = RV_SEL_SRH_##SEL, .list = word ":[!]", .arg = "number",	\
		.help = text, __VA_ARGS__					\
	}

#define COMPARISON(ROW, word, how, field, bit, SEL, text, ...)			\
	[ROW] = NUMBER(word "-" how, field, bit, SEL, text,			\
		       .excludes = 7 << (ROW - (ROW - 1) % 3) & ~(1 << (ROW)), __VA_ARGS__)

#define COMPARISONS(ROW, word, field, SEL)					\
	COMPARISON(ROW##_EQ, word, "eq", field, ROW##_EQ, SEL, "this " word),	\
	COMPARISON(ROW##_GT, word, "gt", field, ROW##_GT, SEL, "a larger " word, \
		   .predicate = larger),					\
	COMPARISON(ROW##_LT, word, "lt", field, ROW##_LT, SEL, "a smaller " word, \
		   .predicate = smaller)

#define SEGMENT(which, field, bit, SEL, text)					\
	{									\
		.name = "srh-" which, .type = RV_T_ADDR_MASK,			\
		.flags = RV_OPT_INVERT | RV_OPT_CIDR,				\
		RV_FIELD(info, field##_addr), .mask_offset = offsetof(info, field##_msk), \
		.given = GIVEN(bit), .invert = NOT(bit), .sel = RV_SEL_SRH_##SEL, \
		.list = which " [!] ", .arg = "address[/mask]", .help = text,	\
		.print = print_segment,						\
	}

/* n < x or x < n as a range; where that is empty, as "not any". */
static int range(const struct rv_option *opt, const unsigned char *data, bool up,
		 rv_predicate_fn *fn, void *arg)
{
	uint8_t n = data[opt->offset];
	struct rv_predicate p = {
		.sel = opt->sel, .op = RV_OP_RANGE, .len = 1,
		.negate = rv_option_inverted(opt, data), .other = { UINT8_MAX },
	};

	if (n == (up ? UINT8_MAX : 0))
		p.negate = !p.negate;
	else if (up)
		p.value[0] = n + 1;
	else
		p.other[0] = n - 1;
	return fn(&p, arg);
}

static int larger(const struct rv_option *opt, const unsigned char *data, rv_predicate_fn *fn,
		  void *arg)
{
	return range(opt, data, true, fn, arg);
}

static int smaller(const struct rv_option *opt, const unsigned char *data, rv_predicate_fn *fn,
		   void *arg)
{
	return range(opt, data, false, fn, arg);
}

/* Never by name, in -L either. */
static void print_segment(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	struct rv_out numeric = *o;

	numeric.numeric = true;
	rv_value_print(&numeric, opt, data);
}

static const struct rv_option options[] = {
	[NEXT] = NUMBER("next-hdr", next_hdr, NEXTHDR, NEXT, "this header follows"),
	COMPARISONS(LEN, "hdr-len", hdr_len, LEN),
	COMPARISONS(SEGS, "segs-left", segs_left, SEGLEFT),
	COMPARISONS(LAST, "last-entry", last_entry, LAST),
	NUMBER("tag", tag, TAG, TAG, "this tag"),
	SEGMENT("psid", psid, PSID, PSID, "the segment before the present one"),
	SEGMENT("nsid", nsid, NSID, NSID, "the segment after it"),
	SEGMENT("lsid", lsid, LSID, LSID, "the last segment"),
	{ .name = NULL },
};

static const struct rv_wire wire[] = {
	{ .revision = 1, .size = sizeof(info) },
	{ .revision = 0, .size = sizeof(struct ip6t_srh), .fields = RV_WIRE_FIELDS(
		  { 0, offsetof(struct ip6t_srh, mt_flags), 0, offsetof(struct ip6t_srh, mt_flags), false },
		  RV_WIRE_FIELD(struct ip6t_srh, mt_flags, info, mt_flags),
		  RV_WIRE_FIELD(struct ip6t_srh, mt_invflags, info, mt_invflags)) },
	{ .size = 0 },
};

static const struct rv_ext srh = {
	.name = "srh",
	.kind = RV_MATCH,
	.family = NFPROTO_IPV6,
	.size = sizeof(info),
	.wire = wire,
	.options = options,
	.config = "IP6_NF_MATCH_SRH",
	.list = "srh",
	.help = "the segment routing header",
};
RV_REGISTER(srh);
