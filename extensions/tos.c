/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tos and TOS: tests and changes the Type of Service octet, in IPv6 the Traffic Class (uapi
 * linux/netfilter/xt_dscp.h, xt_DSCP.h).
 */
#include <linux/netfilter/xt_DSCP.h>
#include <linux/netfilter/xt_dscp.h>
#include <string.h>

#include "extensions/dsfield.h"

typedef struct xt_tos_target_info target;

/* The value before its mask, as in the target; the match's struct has them in reverse. */
typedef struct {
	uint8_t tos_value, tos_mask, invert;
} match;

_Static_assert(!offsetof(target, tos_value) && offsetof(target, tos_mask) == 1 &&
	       !offsetof(match, tos_value) && offsetof(match, tos_mask) == 1, "value, then mask");

static int parse_tos(struct rv_parse *p)
{
	const struct rv_name *name;
	uint64_t value, mask = UINT8_MAX;
	const char *end;

	if (rv_parse_uint_prefix(p->arg, 0, UINT8_MAX, &value, &end)) {
		if (*end && (*end != '/' || !rv_parse_uint(end + 1, 0, UINT8_MAX, &mask)))
			return rv_parse_fail(p, "Illegal value: \"%s\"", p->arg);
	} else {
		name = rv_name_find(rv_tos_names, p->arg, strlen(p->arg));
		if (!name)
			return rv_parse_fail(p, "Symbolic name \"%s\" is unknown", p->arg);
		value = name->value;
		mask = RV_TOS_NAMED;
	}
	p->data[0] = value;
	p->data[1] = mask;
	return 0;
}

/* ---- the match --------------------------------------------------------------------- */

/* -L prints a space before names only. */
static void print_value(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const match *m = (const match *)(const void *)data;
	const struct rv_name *name = rv_name_of(rv_tos_names, m->tos_value);

	if (o->style == RV_STYLE_LIST && !o->numeric && name && m->tos_mask == RV_TOS_NAMED)
		rv_buf_printf(o->buf, " %s", name->name);
	else
		rv_buf_printf(o->buf, "0x%02x/0x%02x", m->tos_value, m->tos_mask);
}

static const struct rv_option match_options[] = {
	{
		.name = "tos", .type = RV_T_MASKED,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(match, tos_value), .mask_offset = offsetof(match, tos_mask),
		.invert = RV_BIT(match, invert, 1), .sel = RV_SEL_TOS,
		.list = "tos match[!]%s", .arg = "value[/mask]|name",
		.help = "TOS value, compared after applying the mask",
		.ops = RV_OPTION_OPS(.parse = parse_tos, .print = print_value),
	},
	{ .name = NULL },
};

static int tos_read_v0(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		       struct rv_error *err)
{
	((match *)(void *)data)->tos_mask = UINT8_MAX;
	return 0;
}

RV_EXTENSION(tos) = {
	.name = "tos", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	.size = sizeof(match), .options = match_options,
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(struct xt_tos_match_info), .fields = RV_REVISION_FIELDS(
			RV_REVISION_FIELD(struct xt_tos_match_info, tos_value, match, tos_value),
			RV_REVISION_FIELD(struct xt_tos_match_info, tos_mask, match, tos_mask),
			RV_REVISION_FIELD(struct xt_tos_match_info, invert, match, invert)) },
		/* struct ipt_tos_info of older headers */
		{ .revision = 0, .size = 2, .read = tos_read_v0, .fields = RV_REVISION_FIELDS(
			{ 0, 1, offsetof(match, tos_value), 1, RV_MOVE_PLAIN },
			{ 1, 1, offsetof(match, invert), 1, RV_MOVE_PLAIN }) }),
	.config = "NETFILTER_XT_MATCH_DSCP",
	.help = "TOS or traffic class field",
};

/* ---- the target -------------------------------------------------------------------- */

enum { SET, AND, OR, XOR, ROWS };

#define ROW(row, word, how, bits, parameter, text, ...)				\
	[row] = { .name = word "-tos", .type = RV_T_CHANGE,			\
		  .flags = RV_OPT_PADDED | (bits), .size = sizeof(target), .way = (how), \
		  .excludes = (1 << ROWS) - 1 - (1 << (row)), .arg = parameter,	\
		  .help = text, __VA_ARGS__ }

/*
 * Save prints the stored value. -L without -n prints names and the effective change, with different
 * spacing.
 */
static void print_change(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const target *info = (const target *)(const void *)data;
	const struct rv_name *name = rv_name_of(rv_tos_names, info->tos_value);
	unsigned int value = info->tos_value, mask = info->tos_mask;
	bool list = o->style == RV_STYLE_LIST, change = list && !o->numeric;

	if (change && mask == RV_TOS_NAMED && name) {
		rv_buf_printf(o->buf, " TOS set%s", name->name);
		return;
	}
	rv_buf_puts(o->buf, list ? "TOS " : "");
	if (change && !value)
		rv_buf_printf(o->buf, "and 0x%02x", ~mask & UINT8_MAX);
	else if (change && value == mask)
		rv_buf_printf(o->buf, "or 0x%02x", value);
	else if (change && !mask)
		rv_buf_printf(o->buf, "xor 0x%02x", value);
	else
		rv_buf_printf(o->buf, "%s0x%02x/0x%02x", list ? "set " : "", value, mask);
}

static const struct rv_option target_options[] = {
	ROW(SET, "set", RV_WAY_XMASKED, RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS, "name|value[/mask]",
	    "clear the bits of mask, then XOR value; or Minimize-Delay, Maximize-Throughput, "
	    "Maximize-Reliability, Minimize-Cost, Normal-Service",
	    .ops = RV_OPTION_OPS(.parse = parse_tos, .print = print_change)),
	ROW(AND, "and", RV_WAY_AND, RV_OPT_HIDDEN, "bits", "keep only these bits", .offset = 0),
	ROW(OR, "or", RV_WAY_OR, RV_OPT_HIDDEN, "bits", "set these bits", .offset = 0),
	ROW(XOR, "xor", RV_WAY_XOR, RV_OPT_HIDDEN, "bits", "invert these bits", .offset = 0),
	{ 0 },
};

RV_EXTENSION(tos_target) = {
	.name = "TOS", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES(RV_SEL_TOS, RV_SEL_IP_DSCP, RV_SEL_IP6_DSCP, RV_SEL_IP_ECN, RV_SEL_IP6_ECN, RV_WRITES_BYTES),
	/* Revision 0, with one byte, is in no kernel that has nf_tables. */
	RV_STRUCT(target, 1), .options = target_options,
	.config = "NETFILTER_XT_TARGET_DSCP", .only = RV_ONLY(.tables = "mangle"),
	.nft = " <set-tos:o>",
	.required = "TOS: An action is required",
	.help = "sets bits of the TOS field",
};
