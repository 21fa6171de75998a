/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conntrack: properties of the packet's connection (uapi linux/netfilter/xt_conntrack.h). */
#include <string.h>

#include "extensions/conntrack.h"

typedef struct xt_conntrack_mtinfo3 info;

static const struct rv_name conntrack_states[] = {
	RV_CT_STATES,
	{ "SNAT", XT_CONNTRACK_STATE_SNAT, "source address was translated" },
	{ "DNAT", XT_CONNTRACK_STATE_DNAT, "destination address was translated" },
	{ NULL, 0, NULL },
};

static const struct rv_name statuses[] = {
	{ "NONE", 0, NULL },
	{ "EXPECTED", IPS_EXPECTED, NULL },
	{ "SEEN_REPLY", IPS_SEEN_REPLY, NULL },
	{ "ASSURED", IPS_ASSURED, NULL },
	{ "CONFIRMED", IPS_CONFIRMED, NULL },
	{ NULL, 0, NULL },
};

/* The kernel encodes "reply" as negated direction. */
static const struct rv_name conntrack_directions[] = {
	{ "ORIGINAL", 0, NULL },
	{ "REPLY", XT_CONNTRACK_DIRECTION, NULL },
	{ NULL, 0, NULL },
};

#define GIVEN(bit) RV_BIT(info, match_flags, XT_CONNTRACK_##bit)
#define NOT(bit) RV_BIT(info, invert_flags, XT_CONNTRACK_##bit)

#define ADDRESS(word, field, bit, SEL, text)					\
	{									\
		.name = word, .type = RV_T_ADDR_MASK, .flags = RV_OPT_INVERT,	\
		RV_FIELD(info, field##_addr),					\
		.mask_offset = offsetof(info, field##_mask),			\
		.given = GIVEN(bit), .invert = NOT(bit),			\
		.sel = RV_SEL_CT_##SEL, .list = word,				\
		.arg = "address[/mask]", .help = text,				\
	}

#define PORT(word, field, bit, SEL, text)					\
	{									\
		.name = word, .type = RV_T_PORT_RANGE, .flags = RV_OPT_INVERT,	\
		RV_FIELD(info, field##_port),					\
		.mask_offset = offsetof(info, field##_port_high),		\
		.given = GIVEN(bit##_PORT), .invert = NOT(bit##_PORT),		\
		.sel = RV_SEL_CT_##SEL, .list = word,				\
		.arg = "port[:port]", .help = text,				\
	}

static const struct rv_option conntrack_options[] = {
	{
		.name = "ctstate", .type = RV_T_BITS, .flags = RV_OPT_INVERT | RV_OPT_ABBREV,
		RV_FIELD(info, state_mask), .names = conntrack_states,
		.given = GIVEN(STATE), .invert = NOT(STATE), .sel = RV_SEL_CT_STATE,
		.errors = RV_ERRORS(.bad = "Bad ctstate \"%s\""),
		.list = "ctstate", .arg = "state[,...]",
		.help = "state of the connection",
	},
	{
		.name = "ctproto", .type = RV_T_PROTO, .flags = RV_OPT_INVERT | RV_OPT_NUMBER,
		RV_FIELD(info, l4proto),
		.given = GIVEN(PROTO), .invert = NOT(PROTO), .sel = RV_SEL_CT_PROTO,
		.list = "ctproto", .arg = "protocol", .help = "protocol of the connection",
	},
	ADDRESS("ctorigsrc", origsrc, ORIGSRC, ORIG_SADDR, "source address of the first packet"),
	ADDRESS("ctorigdst", origdst, ORIGDST, ORIG_DADDR, "destination address of the first packet"),
	ADDRESS("ctreplsrc", replsrc, REPLSRC, REPL_SADDR, "source address of replies"),
	ADDRESS("ctrepldst", repldst, REPLDST, REPL_DADDR, "destination address of replies"),
	PORT("ctorigsrcport", origsrc, ORIGSRC, ORIG_SPORT, "source port of the first packet"),
	PORT("ctorigdstport", origdst, ORIGDST, ORIG_DPORT,
	     "destination port of the first packet"),
	PORT("ctreplsrcport", replsrc, REPLSRC, REPL_SPORT, "source port of replies"),
	PORT("ctrepldstport", repldst, REPLDST, REPL_DPORT, "destination port of replies"),
	{
		.name = "ctstatus", .type = RV_T_BITS, .flags = RV_OPT_INVERT | RV_OPT_ABBREV,
		RV_FIELD(info, status_mask), .names = statuses,
		.given = GIVEN(STATUS), .invert = NOT(STATUS), .sel = RV_SEL_CT_STATUS,
		.errors = RV_ERRORS(.bad = "Bad ctstatus \"%s\""),
		.list = "ctstatus", .arg = "status[,...]",
		.help = "status of the connection",
	},
	{
		.name = "ctexpire", .type = RV_T_UINT_RANGE, .flags = RV_OPT_INVERT,
		RV_FIELD(info, expires_min), .mask_offset = offsetof(info, expires_max),
		.given = GIVEN(EXPIRES), .invert = NOT(EXPIRES), .sel = RV_SEL_CT_EXPIRE,
		.list = "ctexpire", .arg = "seconds[:seconds]",
		.help = "remaining lifetime of the connection, in seconds",
	},
	{
		.name = "ctdir", .type = RV_T_ENUM,
		RV_FIELD(info, invert_flags), .owned = XT_CONNTRACK_DIRECTION,
		.names = conntrack_directions,
		.given = GIVEN(DIRECTION), .sel = RV_SEL_CT_DIR,
		.list = "ctdir", .arg = "ORIGINAL|REPLY", .help = "direction of the packet",
	},
	{ .name = NULL },
};

/* Protocol 0 means any in the option, but none in the kernel. */
static int check_protocol_number(struct rv_check *c)
{
	const info *ct = (const info *)(const void *)c->part->data;

	if (!(ct->match_flags & XT_CONNTRACK_PROTO) || ct->l4proto)
		return 0;
	return rv_check_fail(c, "%s",
		       ct->invert_flags & XT_CONNTRACK_PROTO ?
			       "conntrack: condition would always match protocol" :
			       "conntrack: rule would never match protocol");
}

/*
 * The three revisions are identical up to the protocol; later fields differ in size and byte order.
 */
#define COMMON offsetof(info, origsrc_port)

_Static_assert(COMMON == offsetof(struct xt_conntrack_mtinfo1, origsrc_port) &&
		       COMMON == offsetof(struct xt_conntrack_mtinfo2, origsrc_port),
	       "revisions have a common beginning");

#define OLD_PORT(type, port)							\
	RV_REVISION_SWAPPED(type, port, info, port), RV_REVISION_SWAPPED(type, port, info, port##_high)

#define OLD_FIELDS(type) RV_REVISION_FIELDS(					\
	{ 0, COMMON, 0, COMMON, RV_MOVE_PLAIN },					\
	OLD_PORT(type, origsrc_port), OLD_PORT(type, origdst_port),		\
	OLD_PORT(type, replsrc_port), OLD_PORT(type, repldst_port),		\
	RV_REVISION_FIELD(type, match_flags, info, match_flags),			\
	RV_REVISION_FIELD(type, invert_flags, info, invert_flags),			\
	RV_REVISION_FIELD(type, state_mask, info, state_mask),			\
	RV_REVISION_FIELD(type, status_mask, info, status_mask))

/*
 * iptables pads the mask of "1.2.3.4/32" with zeros and that of "1.2.3.4" with ones. Both mean the
 * same and print the same.
 */
static int read_v3(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	info *new = (info *)(void *)data;
	union nf_inet_addr *masks[] = { &new->origsrc_mask, &new->origdst_mask,
					&new->replsrc_mask, &new->repldst_mask };

	memcpy(new, wire, sizeof(*new));
	for (unsigned int i = 0; w->arg == NFPROTO_IPV4 && i < 4; i++)
		if (masks[i]->ip == UINT32_MAX)
			memset(masks[i], 0xff, sizeof(*masks[i]));
	return 0;
}

#define WIRES(family)								\
	{									\
		{ .revision = 3, .size = sizeof(info), .read = read_v3, .arg = family }, \
		{ .revision = 2, .size = sizeof(struct xt_conntrack_mtinfo2),	\
		  .fields = OLD_FIELDS(struct xt_conntrack_mtinfo2) },		\
		{ .revision = 1, .size = sizeof(struct xt_conntrack_mtinfo1),	\
		  .fields = OLD_FIELDS(struct xt_conntrack_mtinfo1) },		\
		{ .size = 0 },							\
	}

static const struct rv_revision wire4[] = WIRES(NFPROTO_IPV4), wire6[] = WIRES(NFPROTO_IPV6);

#define CONNTRACK(family_, wire_)						\
	{									\
		.name = "conntrack", .kind = RV_MATCH, .effect = RV_EFFECT_PURE, .family = family_,	\
		.size = sizeof(info), .revisions = wire_, .options = conntrack_options,	\
		.required = "conntrack: At least one option is required",	\
		.help = "connection of the packet",				\
		.ops = RV_EXT_OPS(.check = check_protocol_number),		\
	}

RV_EXTENSION(conntrack4) = CONNTRACK(NFPROTO_IPV4, wire4);
RV_EXTENSION(conntrack6) = CONNTRACK(NFPROTO_IPV6, wire6);
