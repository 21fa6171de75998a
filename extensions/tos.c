/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tos: the Type of Service octet, in IPv6 the Traffic Class (uapi linux/netfilter/xt_dscp.h). */
#include <linux/netfilter/xt_dscp.h>
#include <string.h>

#include "extensions/dsfield.h"
#include "extensions/tos.h"

/* The value before its mask, as rows have it; the kernel's struct has them the other way round. */
typedef struct {
	uint8_t tos_value, tos_mask, invert;
} info;

int rv_tos_parse(struct rv_parse *p, uint8_t *value, uint8_t *mask)
{
	const struct rv_name *name;
	uint64_t v, m = UINT8_MAX;
	const char *end;

	if (rv_parse_uint_prefix(p->arg, 0, UINT8_MAX, &v, &end)) {
		if (*end && (*end != '/' || !rv_parse_uint(end + 1, 0, UINT8_MAX, &m)))
			return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "Illegal value: \"%s\"", p->arg);
	} else {
		name = rv_name_find(rv_tos_names, p->arg, strlen(p->arg));
		if (!name)
			return rv_fail(p->err, RV_ERR_USAGE, &p->loc,
				       "Symbolic name \"%s\" is unknown", p->arg);
		v = name->value;
		m = RV_TOS_NAMED;
	}
	*value = v;
	*mask = m;
	return 0;
}

const char *rv_tos_name(uint8_t value, uint8_t mask)
{
	const struct rv_name *name = mask == RV_TOS_NAMED ? rv_name_of(rv_tos_names, value) : NULL;

	return name ? name->name : NULL;
}

static int parse_tos(struct rv_parse *p)
{
	info *i = (info *)(void *)p->data;

	return rv_tos_parse(p, &i->tos_value, &i->tos_mask);
}

/* In -L the blank before the value is there for names only. */
static void print_tos(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *i = (const info *)(const void *)data;
	const char *name = rv_tos_name(i->tos_value, i->tos_mask);

	if (o->style == RV_STYLE_LIST && !o->numeric && name)
		rv_buf_printf(o->buf, " %s", name);
	else
		rv_buf_printf(o->buf, "0x%02x/0x%02x", i->tos_value, i->tos_mask);
}

static const struct rv_option options[] = {
	{
		.name = "tos", .type = RV_T_MASKED,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(info, tos_value), .mask_offset = offsetof(info, tos_mask),
		.invert = RV_BIT(info, invert, 1), .sel = RV_SEL_TOS,
		.list = "tos match[!]%s", .arg = "value[/mask]|name",
		.help = "the octet, of which only the bits in mask count",
		.parse = parse_tos, .print = print_tos,
	},
	{ .name = NULL },
};

static int read_v0(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	((info *)(void *)data)->tos_mask = UINT8_MAX;
	return 0;
}

RV_EXTENSION(tos) = {
	.name = "tos", .kind = RV_MATCH,
	.size = sizeof(info), .options = options,
	.wire = RV_WIRE(
		{ .revision = 1, .size = sizeof(struct xt_tos_match_info), .fields = RV_WIRE_FIELDS(
			RV_WIRE_FIELD(struct xt_tos_match_info, tos_value, info, tos_value),
			RV_WIRE_FIELD(struct xt_tos_match_info, tos_mask, info, tos_mask),
			RV_WIRE_FIELD(struct xt_tos_match_info, invert, info, invert)) },
		/* struct ipt_tos_info of older headers */
		{ .revision = 0, .size = 2, .read = read_v0, .fields = RV_WIRE_FIELDS(
			{ 0, 1, offsetof(info, tos_value), 1, false },
			{ 1, 1, offsetof(info, invert), 1, false }) }),
	.config = "NETFILTER_XT_MATCH_DSCP",
	.help = "the Type of Service octet",
};
