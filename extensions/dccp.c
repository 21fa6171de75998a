/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dccp: ports, types and options of DCCP (uapi linux/netfilter/xt_dccp.h, RFC 4340). */
#include <netinet/in.h>

#include <linux/netfilter/xt_dccp.h>

#include "extensions/ports.h"
#include "extensions/protocol.h"

typedef struct xt_dccp_info info;

enum { SOURCE, SPORT, DESTINATION, DPORT, TYPES, OPTION };

#define TYPE_COUNT 16	/* four bits of the header */

static const struct rv_name dccp_types[] = {
	{ "REQUEST", 1 << 0, NULL },
	{ "RESPONSE", 1 << 1, NULL },
	{ "DATA", 1 << 2, NULL },
	{ "ACK", 1 << 3, NULL },
	{ "DATAACK", 1 << 4, NULL },
	{ "CLOSEREQ", 1 << 5, NULL },
	{ "CLOSE", 1 << 6, NULL },
	{ "RESET", 1 << 7, NULL },
	{ "SYNC", 1 << 8, NULL },
	{ "SYNCACK", 1 << 9, NULL },
	{ "INVALID", 0xfc00, "10 to 15" },
	{ NULL, 0, NULL },
};

static void print_types(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	uint64_t mask = rv_get_uint(data + opt->offset, opt->size);
	const char *comma = "";

	if (o->style == RV_STYLE_SAVE || !o->numeric) {
		rv_value_print(o, opt, data);
		return;
	}
	for (unsigned int i = 0; i < TYPE_COUNT; i++) {
		if (!(mask >> i & 1))
			continue;
		rv_buf_printf(o->buf, "%s%u", comma, i);
		comma = ",";
	}
}

#define GIVEN(bit) RV_BIT(info, flags, XT_DCCP_##bit)
#define NOT(bit) RV_BIT(info, invflags, XT_DCCP_##bit)

static const struct rv_option dccp_options[] = {
	RV_PORTS(info, "source", "sport", spts, XT_DCCP_SRC_PORTS, SPORT,
		 RV_OPT_LIST_PART, .given = GIVEN(SRC_PORTS), .list = "spt{s}:[!]"),
	RV_PORTS(info, "destination", "dport", dpts, XT_DCCP_DEST_PORTS, DPORT,
		 RV_OPT_LIST_PART, .given = GIVEN(DEST_PORTS), .list = "dpt{s}:[!]"),
	[TYPES] = {
		.name = "dccp-types", .type = RV_T_BITS, .flags = RV_OPT_INVERT,
		RV_FIELD(info, typemask), .names = dccp_types,
		.given = GIVEN(TYPE), .invert = NOT(TYPE), .sel = RV_SEL_DCCP_TYPE,
		.errors = RV_ERRORS(.bad = "Unknown DCCP type `%s'"),
		.list = "[! ]", .arg = "type[,...]", .help = "packet type",
		.ops = RV_OPTION_OPS(.print = print_types),
	},
	[OPTION] = {
		.name = "dccp-option", .type = RV_T_UINT, .flags = RV_OPT_INVERT,
		RV_FIELD(info, option), .min = 1,
		.given = GIVEN(OPTION), .invert = NOT(OPTION), .sel = RV_SEL_DCCP_OPTION,
		.list = "option=[!]", .arg = "number", .help = "option with this number is present",
	},
	{ .name = NULL },
};

static int check_dccp(struct rv_check *c)
{
	return rv_need_protocol(c, IPPROTO_DCCP);
}

RV_EXTENSION(dccp) = {
	.name = "dccp", .kind = RV_MATCH, .protocol = IPPROTO_DCCP,
	RV_STRUCT(info, 0), .options = dccp_options, .ops = RV_EXT_OPS(.kernel_check = check_dccp),
	.list = "dccp",
	.help = "DCCP ports, packet types and options",
};
