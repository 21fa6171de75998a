/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipvs: properties of a load balancer connection (uapi linux/netfilter/xt_ipvs.h). */
#include <arpa/inet.h>

#include <ravelin/extension.h>

#include <linux/ip_vs.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_ipvs.h>

typedef struct xt_ipvs_mtinfo info;

enum { IPVS, PROTO, ADDRESS, PORT, DIRECTION, METHOD, CONTROL };

#define BITS(bit) .given = RV_BIT(info, bitmask, XT_IPVS_##bit), \
		  .invert = RV_BIT(info, invert, XT_IPVS_##bit)

static const struct rv_name methods[] = {
	{ "GATE", IP_VS_CONN_F_DROUTE, "direct routing" },
	{ "IPIP", IP_VS_CONN_F_TUNNEL, "tunnel" },
	{ "MASQ", IP_VS_CONN_F_MASQ, "NAT" },
	{ NULL, 0, NULL },
};

/* The kernel encodes "reply" as negated direction. */
static const struct rv_name ipvs_directions[] = {
	{ "ORIGINAL", 0, NULL },
	{ "REPLY", XT_IPVS_DIR, NULL },
	{ NULL, 0, NULL },
};

#define PORT_ROW(word, field, bit, SEL, text)					\
	{									\
		.name = word, .type = RV_T_PORT, .flags = RV_OPT_INVERT | RV_OPT_BE, \
		RV_FIELD(info, field), BITS(bit), .sel = RV_SEL_IPVS_##SEL,	\
		.list = word, .arg = "port", .help = text,			\
	}

static const struct rv_option ipvs_options[] = {
	[IPVS] = {
		.name = "ipvs", .type = RV_T_FLAG, .flags = RV_OPT_INVERT,
		RV_FIELD(info, bitmask), .value = XT_IPVS_IPVS_PROPERTY,
		.invert = RV_BIT(info, invert, XT_IPVS_IPVS_PROPERTY), .sel = RV_SEL_IPVS,
		.list = "ipvs", .help = "packet belongs to an IPVS connection",
	},
	[PROTO] = {
		.name = "vproto", .type = RV_T_PROTO, .flags = RV_OPT_INVERT | RV_OPT_NUMBER,
		RV_FIELD(info, l4proto), BITS(PROTO), .sel = RV_SEL_IPVS_PROTO,
		.list = "vproto", .arg = "protocol", .help = "protocol of the service",
	},
	[ADDRESS] = {
		.name = "vaddr", .type = RV_T_ADDR_MASK, .flags = RV_OPT_INVERT | RV_OPT_LITERAL,
		RV_FIELD(info, vaddr), .mask_offset = offsetof(info, vmask),
		BITS(VADDR), .sel = RV_SEL_IPVS_VADDR,
		.list = "vaddr", .arg = "address[/mask]", .help = "address of the service",
	},
	[PORT] = PORT_ROW("vport", vport, VPORT, VPORT, "port of the service"),
	[DIRECTION] = {
		.name = "vdir", .type = RV_T_ENUM,
		RV_FIELD(info, invert), .owned = XT_IPVS_DIR, .names = ipvs_directions,
		.given = RV_BIT(info, bitmask, XT_IPVS_DIR), .sel = RV_SEL_IPVS_DIR,
		.list = "vdir", .arg = "ORIGINAL|REPLY", .help = "direction of the packet",
	},
	[METHOD] = {
		.name = "vmethod", .type = RV_T_ENUM, .flags = RV_OPT_INVERT,
		RV_FIELD(info, fwd_method), .names = methods,
		BITS(METHOD), .sel = RV_SEL_IPVS_METHOD,
		.list = "vmethod", .arg = "GATE|IPIP|MASQ", .help = "forwarding method",
	},
	[CONTROL] = PORT_ROW("vportctl", vportctl, VPORTCTL, CONTROL,
			     "port of the controlling connection, 21 for FTP"),
	{ .name = NULL },
};

/* Every option implies --ipvs, which is not printed with them. */
static int check_ipvs_option(struct rv_check *c)
{
	info *i = (info *)(void *)c->part->data;
	uint8_t others = i->bitmask & XT_IPVS_ONCE_MASK;

	if (others && i->invert & XT_IPVS_IPVS_PROPERTY)
		return rv_check_fail(c, "! --ipvs cannot be together with other options");
	if (others)
		i->bitmask &= ~XT_IPVS_IPVS_PROPERTY;
	return 0;
}

RV_EXTENSION(ipvs) = {
	.name = "ipvs", .kind = RV_MATCH,
	RV_STRUCT(info, 0), .options = ipvs_options, .ops = RV_EXT_OPS(.check = check_ipvs_option),
	.required = "IPVS: At least one option is required",
	.help = "IPVS connections",
};
