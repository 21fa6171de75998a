/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dst and hbh: IPv6 destination and hop-by-hop options headers, with the same struct (uapi
 * linux/netfilter_ipv6/ip6t_opts.h, RFC 8200, 4.2).
 */
#include <netinet/ip6.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv6/ip6t_opts.h>

#include <ravelin/extension.h>

/* An option has its type in the upper byte; this value in the lower byte means any length. */
#define ANY_LENGTH 0xff

static int read_number(struct rv_parse *p, const char *what, const char *text, uint64_t max,
		       uint64_t *n)
{
	if (rv_parse_uint(text, 0, max, n))
		return 0;
	if (text[strspn(text, " \t")] < '0' || text[strspn(text, " \t")] > '9')
		return rv_option_fail(p, "no valid digits in %s `%s'", what, text);
	return rv_option_fail(p, "error parsing %s `%s'", what, text);
}

static int add_option(struct rv_parse *p, char *word)
{
	struct ip6t_opts *info = (struct ip6t_opts *)(void *)p->data;
	char *colon = strchr(word, ':');
	uint64_t type, len = ANY_LENGTH;

	if (colon)
		*colon = '\0';
	if (info->optsnr == IP6T_OPTS_OPTSNR)
		return rv_parse_fail(p, "too many addresses specified");
	if (read_number(p, "opt", word, UINT8_MAX, &type) ||
	    (colon && read_number(p, "length", colon + 1, ANY_LENGTH - 1, &len)))
		return -1;
	if (type == IP6OPT_PAD1 && colon)
		return rv_parse_fail(p, "%s: option 0, which pads, has no length", p->ext->name);
	info->opts[info->optsnr++] = type << 8 | len;
	return 0;
}

static int parse_opts(struct rv_parse *p)
{
	return rv_each_word(p, p->arg, add_option);
}

static void print_opts(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct ip6t_opts *info = (const struct ip6t_opts *)(const void *)data;

	for (unsigned int i = 0; i < info->optsnr; i++) {
		rv_buf_printf(o->buf, "%s%u", i ? "," : "", info->opts[i] >> 8);
		if ((info->opts[i] & 0xff) != ANY_LENGTH)
			rv_buf_printf(o->buf, ":%u", info->opts[i] & 0xff);
	}
}

/* Each option by index, from 1; only the type is compared if the length may be any. */
static int predicate_opts(const struct rv_option *opt, const unsigned char *data,
			  rv_predicate_fn *fn, void *arg)
{
	const struct ip6t_opts *info = (const struct ip6t_opts *)(const void *)data;
	int rc = 0;

	for (unsigned int i = 0; i < info->optsnr && i < IP6T_OPTS_OPTSNR && !rc; i++) {
		bool any = (info->opts[i] & 0xff) == ANY_LENGTH;
		struct rv_predicate p = {
			.sel = opt->sel, .op = any ? RV_OP_MASK : RV_OP_EQ, .len = 2, .param = i + 1,
		};

		rv_selector_put(p.sel, any ? info->opts[i] & 0xff00 : info->opts[i], p.value);
		if (any)
			rv_selector_put(p.sel, 0xff00, p.other);
		rc = fn(&p, arg);
	}
	return rc;
}

static int opts_read_info(const struct rv_revision *w, const unsigned char *wire,
			  unsigned char *data, struct rv_error *err)
{
	struct ip6t_opts *info = (struct ip6t_opts *)(void *)data;

	memcpy(info, wire, offsetof(struct ip6t_opts, optsnr) + 1);
	if (info->optsnr <= IP6T_OPTS_OPTSNR && !(info->invflags & ~IP6T_OPTS_INV_MASK))
		return 0;
	return rv_revision_fail(err, "%u options, flags 0x%x", info->optsnr, info->invflags);
}

#define ROWS(word, SEL)							\
	{									\
		.name = word "-len", .type = RV_T_UINT, .flags = RV_OPT_INVERT,	\
		RV_FIELD(struct ip6t_opts, hdrlen),				\
		.given = RV_BIT(struct ip6t_opts, flags, IP6T_OPTS_LEN),	\
		.invert = RV_BIT(struct ip6t_opts, invflags, IP6T_OPTS_INV_LEN), \
		.sel = RV_SEL_##SEL##_LENGTH, .list = "length:[!]",		\
		.arg = "length", .help = "length of the header in bytes",	\
	},									\
	{									\
		.name = word "-opts", .type = RV_T_HOOK,			\
		.given = RV_BIT(struct ip6t_opts, flags, IP6T_OPTS_OPTS),	\
		.sel = RV_SEL_##SEL##_OPTION,					\
		.list = "opts", .arg = "type[:length][,...]",			\
		.help = "options in this order, at most 16",			\
		.ops = RV_OPTION_OPS(.parse = parse_opts, .print = print_opts,	\
				     .predicate = predicate_opts),		\
	},									\
	{ .name = NULL }

#define OPTIONS(word, SEL, rows, text)						\
	{									\
		.name = word, .kind = RV_MATCH, .family = NFPROTO_IPV6,		\
		.size = sizeof(struct ip6t_opts), .options = (rows),		\
		.revisions = RV_REVISIONS({ .size = sizeof(struct ip6t_opts), .read = opts_read_info }), \
		.header = RV_HEADER(.sel = RV_SEL_##SEL), .list = word,		\
		.help = (text), .config = "IP6_NF_MATCH_OPTS",			\
	}

static const struct rv_option dst_options[] = { ROWS("dst", DST) };
static const struct rv_option hbh_options[] = { ROWS("hbh", HBH) };

RV_EXTENSION(dst) = OPTIONS("dst", DST, dst_options, "IPv6 headers with destination options");
RV_EXTENSION(hbh) = OPTIONS("hbh", HBH, hbh_options, "IPv6 headers with hop-by-hop options");
