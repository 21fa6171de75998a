/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcp: ports, flags and options of TCP (uapi linux/netfilter/xt_tcpudp.h, RFC 9293). */
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter/xt_tcpudp.h>

#include "extensions/ports.h"

#define FLAGS_SYN (0x01 | 0x02 | 0x04 | 0x10)	/* --syn requires only SYN of these */

static const struct rv_name flag_names[] = {
	{ "FIN", 0x01, NULL },
	{ "SYN", 0x02, NULL },
	{ "RST", 0x04, NULL },
	{ "PSH", 0x08, NULL },
	{ "ACK", 0x10, NULL },
	{ "URG", 0x20, NULL },
	{ "ALL", 0x3f, NULL },
	{ "NONE", 0x00, NULL },
	{ NULL, 0, NULL },
};

/* Empty words are ignored. */
static int parse_flag_list(struct rv_parse *p, const char *text, const struct rv_loc *loc,
			   uint8_t *flags)
{
	size_t len;

	for (*flags = 0; *(text += strspn(text, ",")); text += len) {
		const struct rv_name *name;

		len = strcspn(text, ",");
		name = rv_name_find(flag_names, text, len);
		if (!name)
			return rv_fail(p->err, RV_ERR_USAGE, loc, "Unknown TCP flag `%.*s'",
				       (int)len, text);
		*flags |= name->value;
	}
	return 0;
}

static int parse_flags(struct rv_parse *p)
{
	struct xt_tcp *tcp = (struct xt_tcp *)(void *)p->data;

	if (parse_flag_list(p, p->arg, &p->loc, &tcp->flg_mask))
		return -1;
	return parse_flag_list(p, p->arg2, &p->loc2, &tcp->flg_cmp);
}

static void print_flag_list(struct rv_out *o, uint8_t flags)
{
	const char *comma = "";

	if (o->style == RV_STYLE_LIST && o->numeric) {
		rv_buf_printf(o->buf, "0x%02X", flags);
		return;
	}
	for (const struct rv_name *n = flag_names; flags && n->name; n++) {
		if ((flags & n->value) != n->value || !n->value)
			continue;
		rv_buf_printf(o->buf, "%s%s", comma, n->name);
		comma = ",";
		flags &= ~n->value;
	}
	if (!*comma)
		rv_buf_puts(o->buf, "NONE");
}

static void print_flags(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct xt_tcp *tcp = (const struct xt_tcp *)(const void *)data;

	print_flag_list(o, tcp->flg_mask);
	rv_buf_putc(o->buf, o->style == RV_STYLE_SAVE ? ' ' : '/');
	print_flag_list(o, tcp->flg_cmp);
}

static int flags_predicate(const struct rv_option *opt, const unsigned char *data,
			   rv_predicate_fn *fn, void *arg)
{
	const struct xt_tcp *tcp = (const struct xt_tcp *)(const void *)data;
	struct rv_predicate p = {
		.sel = opt->sel,
		.op = RV_OP_MASK,
		.negate = rv_option_inverted(opt, data),
		.len = 1,
		.value = { tcp->flg_cmp },
		.other = { tcp->flg_mask },
	};

	return fn(&p, arg);
}

static int absorb_flags(const struct rv_option *opt, const struct rv_predicate *p,
			unsigned char *data)
{
	struct xt_tcp *tcp = (struct xt_tcp *)(void *)data;

	if (p->op != RV_OP_MASK)
		return -1;
	tcp->flg_mask = p->other[0];
	tcp->flg_cmp = p->value[0];
	tcp->invflags |= p->negate ? XT_TCP_INV_FLAGS : 0;
	return 0;
}

enum { SOURCE, SPORT, DESTINATION, DPORT, OPTION, FLAGS, SYN };

#define ONE_FLAGS "Only one of `--syn' or `--tcp-flags'  allowed"

static const struct rv_option tcp_options[] = {
	RV_PORTS(struct xt_tcp, "source", "sport", spts, XT_TCP_INV_SRCPT, SPORT,
		 RV_OPT_ANY_BASE, .list = "spt{s}:[!]",
		 .errors = RV_ERRORS(.bad = "invalid port/service `%s' specified",
		 .reversed = "invalid portrange (min > max)",
		 .once = "Only one `--source-port' allowed")),
	RV_PORTS(struct xt_tcp, "destination", "dport", dpts, XT_TCP_INV_DSTPT, DPORT,
		 RV_OPT_ANY_BASE, .list = "dpt{s}:[!]",
		 .errors = RV_ERRORS(.bad = "invalid port/service `%s' specified",
		 .reversed = "invalid portrange (min > max)",
		 .once = "Only one `--destination-port' allowed")),
	[OPTION] = {
		.name = "tcp-option", .type = RV_T_UINT, .flags = RV_OPT_INVERT,
		RV_FIELD(struct xt_tcp, option), .min = 1,
		.invert = RV_BIT(struct xt_tcp, invflags, XT_TCP_INV_OPTION),
		.sel = RV_SEL_TCP_OPTION,
		.errors = RV_ERRORS(.bad = "Bad TCP option \"%s\"",
				    .once = "Only one `--tcp-option' allowed"),
		.list = "option=[!]", .arg = "number", .help = "option with this number is present",
	},
	[FLAGS] = {
		.name = "tcp-flags", .type = RV_T_HOOK, .flags = RV_OPT_INVERT | RV_OPT_TWO,
		.offset = offsetof(struct xt_tcp, flg_mask), .size = 2,
		.invert = RV_BIT(struct xt_tcp, invflags, XT_TCP_INV_FLAGS), .excludes = 1 << SYN,
		.sel = RV_SEL_TCP_FLAGS,
		.errors = RV_ERRORS(.once = ONE_FLAGS),
		.list = "flags:[!]", .arg = "mask set",
		.help = "of the flags in mask those in set are on, the others off "
			"(FIN SYN RST PSH ACK URG ALL NONE)",
		.ops = RV_OPTION_OPS(.parse = parse_flags, .print = print_flags,
				     .predicate = flags_predicate, .absorb = absorb_flags),
	},
	/* Mask and comparison value are adjacent bytes, compared as one 16-bit number. */
	[SYN] = {
		.name = "syn", .type = RV_T_FLAG,
		.flags = RV_OPT_INVERT | RV_OPT_HIDDEN | RV_OPT_SETS | RV_OPT_BE,
		.offset = offsetof(struct xt_tcp, flg_mask), .size = 2,
		.value = FLAGS_SYN << 8 | 0x02,
		.invert = RV_BIT(struct xt_tcp, invflags, XT_TCP_INV_FLAGS), .excludes = 1 << FLAGS,
		.errors = RV_ERRORS(.once = ONE_FLAGS),
		.help = "same as --tcp-flags FIN,SYN,RST,ACK SYN",
	},
	{ .name = NULL },
};

static int check_tcp(struct rv_check *c)
{
	if (c->rule->ip.proto == IPPROTO_TCP)
		return 0;
	return rv_check_fail(c, "TCP match requires '-p tcp'");
}

RV_EXTENSION(tcp) = {
	.name = "tcp", .kind = RV_MATCH, .protocol = IPPROTO_TCP,
	RV_STRUCT(struct xt_tcp, 0), .options = tcp_options,
	.native = 1 << SOURCE | 1 << DESTINATION | 1 << FLAGS | 1 << SYN,
	.ops = RV_EXT_OPS(.kernel_check = check_tcp),
	.initial = &(const struct xt_tcp){ .spts = { 0, UINT16_MAX }, .dpts = { 0, UINT16_MAX } },
	.config = "NETFILTER_XTABLES", .list = "tcp",
	.help = "TCP ports, flags and options",
};
