/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipv6header: extension headers of the packet (uapi linux/netfilter_ipv6/ip6t_ipv6header.h). */
#include <ravelin/extension.h>

#include <linux/netfilter_ipv6/ip6t_ipv6header.h>

typedef struct ip6t_ipv6header_info info;

#define ALL 0xff	/* the kernel tests these fields for nonzero */

/* By name, short name and IANA protocol number. */
#define HEADER(name, bit) { name, MASK_##bit, NULL }
static const struct rv_name headers[] = {
	HEADER("hop-by-hop", HOPOPTS), HEADER("ipv6-opts", DSTOPTS), HEADER("ipv6-route", ROUTING),
	HEADER("ipv6-frag", FRAGMENT), HEADER("ah", AH), HEADER("esp", ESP),
	HEADER("ipv6-nonxt", NONE), HEADER("protocol", PROTO),
	HEADER("hop", HOPOPTS), HEADER("dst", DSTOPTS), HEADER("route", ROUTING),
	HEADER("frag", FRAGMENT), HEADER("auth", AH), HEADER("none", NONE), HEADER("prot", PROTO),
	HEADER("0", HOPOPTS), HEADER("60", DSTOPTS), HEADER("43", ROUTING), HEADER("44", FRAGMENT),
	HEADER("51", AH), HEADER("50", ESP), HEADER("59", NONE), HEADER("255", PROTO),
	{ NULL, 0, NULL },
};

static void print_headers(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *i = (const info *)data;

	if (o->style == RV_STYLE_LIST && o->numeric)
		rv_buf_printf(o->buf, "0x%02X", i->matchflags);
	else
		rv_value_print(o, opt, data);
}

/* Exactly these headers, or with --soft at least these. */
static int headers_predicate(const struct rv_option *opt, const unsigned char *data,
			     rv_predicate_fn *fn, void *arg)
{
	const info *i = (const info *)data;
	struct rv_predicate p = {
		.sel = opt->sel,
		.op = i->modeflag ? RV_OP_MASK : RV_OP_EQ,
		.negate = i->invflags != 0,
		.len = 1,
		.value = { i->matchflags },
		.other = { i->modeflag ? i->matchflags : 0 },
	};

	return fn(&p, arg);
}

static const struct rv_option ipv6header_options[] = {
	{
		.name = "header", .type = RV_T_BITS,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS |
			 RV_OPT_EXACT,
		RV_FIELD(info, matchflags), .names = headers,
		.invert = RV_BIT(info, invflags, ALL), .sel = RV_SEL_IP6_HEADERS,
		.errors = RV_ERRORS(.bad = "unknown header `%s' specified"),
		.list = "flags:[!]", .arg = "header[,...]",
		.help = "headers by name or number",
		.ops = RV_OPTION_OPS(.print = print_headers, .predicate = headers_predicate),
	},
	{
		.name = "soft", .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE,
		RV_FIELD(info, modeflag), .value = ALL,
		.list = "soft", .help = "allow other headers",
	},
	{ .name = NULL },
};

RV_EXTENSION(ipv6header) = {
	.name = "ipv6header", .kind = RV_MATCH, .family = NFPROTO_IPV6,
	RV_STRUCT(info, 0), .options = ipv6header_options,
	.config = "IP6_NF_MATCH_IPV6HEADER", .list = "ipv6header",
	.help = "IPv6 extension headers",
};
