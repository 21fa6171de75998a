/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ECN: changes the bits of explicit congestion notification (uapi ipt_ECN.h, RFC 3168). */
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter_ipv4/ipt_ECN.h>

#include "extensions/wire.h"

typedef struct ipt_ECN_info info_t;

/* Both bits of TCP at once, to 0. */
#define OP_REMOVE (IPT_ECN_OP_SET_ECE | IPT_ECN_OP_SET_CWR)

#define ECT_MAX 3

enum { REMOVE, ECE, CWR, ECT };

/* Bits that stand beside each other in one byte: the row's type would write the whole byte. */
static int parse_bit(struct rv_parse *p)
{
	info_t *info = (info_t *)(void *)p->data;
	unsigned char on;

	if (rv_value_parse(p, p->arg, &on))
		return -1;
	if (p->opt - p->ext->options == ECE)
		info->proto.tcp.ece = on;
	else
		info->proto.tcp.cwr = on;
	return 0;
}

static void print_bit(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info_t *info = (const info_t *)(const void *)data;
	bool ece = opt->given.mask == IPT_ECN_OP_SET_ECE;

	rv_buf_putc(o->buf, (ece ? info->proto.tcp.ece : info->proto.tcp.cwr) ? '1' : '0');
}

#define BIT_ROW(row, word, op, words, text)					\
	[row] = {								\
		.name = word, .type = RV_T_UINT, .size = 1, .max = 1,		\
		.given = RV_BIT(info_t, operation, op), .excludes = 1 << REMOVE, \
		.list = words, .arg = "0|1", .help = text,			\
		.parse = parse_bit, .print = print_bit,				\
	}

static const struct rv_option options[] = {
	[REMOVE] = {
		.name = "ecn-tcp-remove",
		.type = RV_T_FLAG,
		.flags = RV_OPT_HIDDEN,
		RV_FIELD(info_t, operation),
		.value = OP_REMOVE,
		.excludes = 1 << ECE | 1 << CWR,
		.help = "clear both bits of TCP",
	},
	BIT_ROW(ECE, "ecn-tcp-ece", IPT_ECN_OP_SET_ECE, "ECE=", "set the ECE bit of TCP so"),
	BIT_ROW(CWR, "ecn-tcp-cwr", IPT_ECN_OP_SET_CWR, "CWR=", "set the CWR bit of TCP so"),
	[ECT] = {
		.name = "ecn-ip-ect",
		.type = RV_T_UINT,
		RV_FIELD(info_t, ip_ect),
		.max = ECT_MAX,
		.given = RV_BIT(info_t, operation, IPT_ECN_OP_SET_IP),
		.list = "ECT codepoint=",
		.arg = "number",
		.help = "the codepoint of IP",
	},
	{ 0 },
};

/* Whether it is what --ecn-tcp-remove says and no more. */
static bool only_removes(const info_t *info)
{
	return info->operation == OP_REMOVE && !info->proto.tcp.ece && !info->proto.tcp.cwr;
}

static void render(struct rv_out *o, const struct rv_ext *ext, const unsigned char *data)
{
	const info_t *info = (const info_t *)(const void *)data;
	bool save = o->style == RV_STYLE_SAVE;

	if (!save)
		rv_buf_puts(o->buf, " ECN");
	if (only_removes(info)) {
		rv_buf_puts(o->buf, save ? " --ecn-tcp-remove" : " TCP remove");
		return;
	}
	for (const struct rv_option *opt = options + ECE; opt->name; opt++) {
		if (!rv_option_given(ext, opt, data))
			continue;
		rv_buf_printf(o->buf, save ? " --%s " : " %s", save ? opt->name : opt->list);
		if (opt->print)
			opt->print(o, opt, data);
		else
			rv_value_print(o, opt, data);
	}
}

static int check(struct rv_check *c)
{
	const info_t *info = (const info_t *)(void *)c->part->data;

	return info->operation & OP_REMOVE ? rv_check_tcp(c) : 0;
}

static int read_info(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		     struct rv_error *err)
{
	const info_t *from = (const info_t *)(const void *)wire;
	info_t *info = (info_t *)(void *)data;

	if (!from->operation || from->operation & IPT_ECN_OP_MASK ||
	    from->ip_ect > ECT_MAX)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "ECN with operation 0x%x, codepoint 0x%x",
			       from->operation, from->ip_ect);
	info->operation = from->operation;
	info->ip_ect = from->ip_ect;
	info->proto.tcp.ece = from->proto.tcp.ece;
	info->proto.tcp.cwr = from->proto.tcp.cwr;
	return 0;
}

static const struct rv_wire wire_rows[] = {
	{ .size = sizeof(info_t), .read = read_info },
	{ 0 },
};

static const struct rv_ext ecn_target = {
	.name = "ECN",
	.kind = RV_TARGET,
	.family = NFPROTO_IPV4,
	.size = sizeof(info_t),
	.wire = wire_rows,
	.options = options,
	.config = "IP_NF_TARGET_ECN",
	.tables = "mangle",
	.required = "ECN target: An operation is required",
	.help = "changes the bits of explicit congestion notification",
	.check = check,
	.save = render,
	.show = render,
};

RV_REGISTER(ecn_target);
