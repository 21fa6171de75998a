/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connlabel: labels of the packet's connection (uapi linux/netfilter/xt_connlabel.h). */
#include <linux/netfilter/xt_connlabel.h>

#include <ravelin/extension.h>

static const struct rv_names labels = { "/etc/xtables/connlabel.conf", true };

typedef struct xt_connlabel_mtinfo info;

static int parse_label(struct rv_parse *p)
{
	info *d = (info *)(void *)p->data;
	uint32_t named;
	uint64_t n;

	if (!*p->arg)
		return rv_parse_fail(p, "Argument must have a minimum length of 1 characters");
	if (!rv_parse_uint(p->arg, 0, UINT32_MAX, &n))
		n = rv_names_value(&labels, p->arg, &named) ? named : UINT32_MAX;
	if (n > XT_CONNLABEL_MAXBIT)
		return rv_parse_fail(p, "label '%s' not found or invalid value", p->arg);
	d->bit = n;
	return 0;
}

/* Save quotes numbers as well, -L only names. Skips names that would be parsed as a number. */
static void print_label(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *d = (const info *)(const void *)data;
	bool save = o->style == RV_STYLE_SAVE;
	char name[128];
	uint64_t n;

	if ((save || !o->numeric) && rv_names_name(&labels, d->bit, name, sizeof(name)) &&
	    !rv_parse_uint(name, 0, UINT32_MAX, &n))
		rv_buf_printf(o->buf, save ? "\"%s\"" : "'%s'", name);
	else
		rv_buf_printf(o->buf, save ? "\"%u\"" : "%u", d->bit);
}

static const struct rv_option connlabel_options[] = {
	{
		.name = "label", .type = RV_T_UINT, .flags = RV_OPT_INVERT | RV_OPT_REQUIRED,
		RV_FIELD(info, bit), .max = XT_CONNLABEL_MAXBIT,
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(info, options, XT_CONNLABEL_OP_INVERT),
		.sel = RV_SEL_CT_LABEL,
		.list = "connlabel [! ]", .arg = "name|number",
		.help = "connection has this label",
		.ops = RV_OPTION_OPS(.parse = parse_label, .print = print_label),
	},
	{
		.name = "set", .type = RV_T_FLAG,
		RV_FIELD(info, options), .value = XT_CONNLABEL_OP_SET,
		.list = "set", .help = "set the label",
	},
	{ .name = NULL },
};

RV_EXTENSION(connlabel) = {
	.name = "connlabel", .kind = RV_MATCH,
	RV_STRUCT(info, 0), .options = connlabel_options,
	.effect = RV_EFFECT_SIDE, .opaque = "it sets the label", .help = "labels of the connection",
};
