/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TOS: changes the byte once called type of service, the DS field (uapi xt_DSCP.h). */
#include <string.h>

#include <linux/netfilter/xt_DSCP.h>

#include "extensions/dsfield.h"
#include "extensions/tos.h"

typedef struct xt_tos_target_info info_t;

static int parse_tos(struct rv_parse *p)
{
	info_t *info = (info_t *)(void *)p->data;

	return rv_tos_parse(p, &info->tos_value, &info->tos_mask);
}

enum { SET, AND, OR, XOR, ROWS };

#define ROW(row, word, how, bits, parameter, text, ...)				\
	[row] = { .name = word "-tos", .type = RV_T_CHANGE,			\
		  .flags = RV_OPT_PADDED | (bits), .size = sizeof(info_t), .value = (how), \
		  .excludes = (1 << ROWS) - 1 - (1 << (row)), .arg = parameter,	\
		  .help = text, __VA_ARGS__ }

_Static_assert(offsetof(info_t, tos_mask) == 1, "value, then mask");

/*
 * Save says it as it is. Without -n a listing has names and says what really changes; the
 * blank before a name stands elsewhere.
 */
static void print_tos(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info_t *info = (const info_t *)(const void *)data;
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

static const struct rv_option options[] = {
	ROW(SET, "set", RV_WAY_XMASKED, RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS, "name|value[/mask]",
	    "clear the bits of mask, then XOR value; or Minimize-Delay, Maximize-Throughput, "
	    "Maximize-Reliability, Minimize-Cost, Normal-Service",
	    .parse = parse_tos, .print = print_tos),
	ROW(AND, "and", RV_WAY_AND, RV_OPT_HIDDEN, "bits", "keep only these bits", .offset = 0),
	ROW(OR, "or", RV_WAY_OR, RV_OPT_HIDDEN, "bits", "set these bits", .offset = 0),
	ROW(XOR, "xor", RV_WAY_XOR, RV_OPT_HIDDEN, "bits", "turn these bits over", .offset = 0),
	{ 0 },
};

RV_EXTENSION(tos_target) = {
	.name = "TOS", .kind = RV_TARGET,
	.size = sizeof(info_t), .options = options,
	/* Revision 0, with one byte, has gone from all kernels that nf_tables runs on. */
	.wire = RV_WIRE({ .revision = 1, .size = sizeof(info_t) }),
	.config = "NETFILTER_XT_TARGET_DSCP", .tables = "mangle",
	.nft = " <set-tos:o>",
	.required = "TOS: An action is required",
	.help = "changes the byte once called type of service",
};
