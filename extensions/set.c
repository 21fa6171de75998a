/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set: membership in an ipset (uapi linux/netfilter/xt_set.h). Rules refer to the set by name, the
 * kernel by index, which is looked up when a rule is sent or read.
 */
#include <netinet/in.h>
#include <string.h>

#include <ravelin/extension.h>
#include <ravelin/ipset.h>

struct set_data {
	struct rv_ipset of;
	struct ip_set_counter_match packets, bytes;
	uint32_t flags;
};

#define FLAGS (IPSET_FLAG_RETURN_NOMATCH | IPSET_FLAG_SKIP_COUNTER_UPDATE |	\
	       IPSET_FLAG_SKIP_SUBCOUNTER_UPDATE)

/* ---- rows ----------------------------------------------------------------------- */

enum { MATCH_SET, SET, RETURN_NOMATCH, UPDATE, UPDATE_SUB, PACKETS_EQ, PACKETS_LT, PACKETS_GT,
       BYTES_EQ, BYTES_LT, BYTES_GT };

/* Flags with a negated form only; otherwise they have no effect. */
#define UPDATE_ROW(word, bit, text)						\
	{									\
		.name = word, .type = RV_T_FLAG, .flags = RV_OPT_INVERT | RV_OPT_REPEAT, \
		.invert = RV_BIT(struct set_data, flags, bit),		\
		.list = word, .help = text,					\
	}

/* self and first: index of this row and of the first of the three. */
#define COUNTER_ROW(self, first, counter, op_, OP, text, ...)			\
	{									\
		.name = #counter "-" op_, .type = RV_T_UINT,			\
		RV_FIELD(struct set_data, counter.value),			\
		.given = RV_BIT_IS(struct set_data, counter.op, IPSET_COUNTER_##OP), \
		.errors = RV_ERRORS(.bad = "Cannot parse %s as a counter value", \
				    .once = "only one of the --" #counter	\
					    "-[eq|lt|gt] is allowed",		\
				    .no_invert = "--" #counter "-" op_		\
						 " option cannot be inverted"),	\
		.list = #counter "-" op_, .arg = "number",			\
		.help = #counter " counter of the entry is " text,		\
		.excludes = 7ULL << (first) & ~(1ULL << (self)), __VA_ARGS__	\
	}

#define COUNTER_ROWS(ROW, counter)						\
	[ROW##_EQ] = COUNTER_ROW(ROW##_EQ, ROW##_EQ, counter, "eq", EQ, "equal to this value", \
				 .flags = RV_OPT_INVERT,			\
				 .invert = RV_BIT_IS(struct set_data, counter.op, \
						     IPSET_COUNTER_NE)),	\
	[ROW##_LT] = COUNTER_ROW(ROW##_LT, ROW##_EQ, counter, "lt", LT, "less than this value"), \
	[ROW##_GT] = COUNTER_ROW(ROW##_GT, ROW##_EQ, counter, "gt", GT, "greater than this value")

static const struct rv_option set_options[] = {
	[MATCH_SET] = {
		.name = "match-set", .type = RV_T_SET,
		.flags = RV_OPT_INVERT | RV_OPT_TWO | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct set_data, of),
		.invert = RV_BIT(struct set_data, of.set.flags, IPSET_INV_MATCH),
		.errors = RV_ERRORS(.once = "--match-set can be specified only once"),
		.list = "match-set", .arg = "name src|dst[,...]",
		.help = "set, and packet fields to look up",
	},
	[SET] = {
		.name = "set", .alias_of = "match-set",
		.errors = RV_ERRORS(.warning = "--set option deprecated, please use --match-set"),
	},
	[RETURN_NOMATCH] = {
		.name = "return-nomatch", .type = RV_T_FLAG, .flags = RV_OPT_REPEAT,
		RV_FIELD(struct set_data, flags), .value = IPSET_FLAG_RETURN_NOMATCH,
		.errors = RV_ERRORS(.no_invert = "--return-nomatch flag cannot be inverted"),
		.list = "return-nomatch",
		.help = "entries with the nomatch flag do not match",
	},
	[UPDATE] = UPDATE_ROW("update-counters", IPSET_FLAG_SKIP_COUNTER_UPDATE,
			      "with !: do not update the counters of the entry"),
	[UPDATE_SUB] = UPDATE_ROW("update-subcounters", IPSET_FLAG_SKIP_SUBCOUNTER_UPDATE,
				  "with !: do not update the counters of member sets of a list"),
	COUNTER_ROWS(PACKETS, packets),
	COUNTER_ROWS(BYTES, bytes),
	{ .name = NULL },
};

static int check_match_set(struct rv_check *c)
{
	if (c->seen & 1 << MATCH_SET)
		return 0;
	return rv_check_fail(c, "You must specify `--match-set' with proper arguments");
}

/* ---- the kernel's structs --------------------------------------------------------- */

/* In revision 2, --return-nomatch is one of the set's flags. */
static int read_nomatch(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
			struct rv_error *err)
{
	struct set_data *d = (struct set_data *)(void *)data;

	if (d->of.set.flags & IPSET_RETURN_NOMATCH)
		d->flags = IPSET_FLAG_RETURN_NOMATCH;
	d->of.set.flags &= ~IPSET_RETURN_NOMATCH;
	return 0;
}

static int write_nomatch(const struct rv_revision *w, const unsigned char *data,
			 unsigned char *wire, struct rv_error *err)
{
	const struct set_data *d = (const struct set_data *)(const void *)data;

	if (d->flags & IPSET_FLAG_RETURN_NOMATCH)
		((struct xt_set_info_match_v1 *)(void *)wire)->match_set.flags |= IPSET_RETURN_NOMATCH;
	return 0;
}

#define SET_FIELD(type, move) RV_REVISION_##move(type, match_set, struct set_data, of)
#define FIELD(type, field) RV_REVISION_FIELD(type, field, struct set_data, field)

#define LAYOUT(number, type, move, ...)						\
	{ .revision = number, .size = sizeof(type),				\
	  .fields = RV_REVISION_FIELDS(SET_FIELD(type, move)), __VA_ARGS__ }

/* Revisions 3 and 4 have the same fields with different alignment. */
#define COUNTING(number, type)							\
	{ .revision = number, .size = sizeof(type), .valid_bits = RV_BIT(type, flags, FLAGS), \
	  .fields = RV_REVISION_FIELDS(SET_FIELD(type, SET),			\
		FIELD(type, packets.value), FIELD(type, packets.op),		\
		FIELD(type, bytes.value), FIELD(type, bytes.op), FIELD(type, flags)) }

#define SET_EXT(family_)							\
	{									\
		.name = "set", .kind = RV_MATCH, .family = family_,		\
		.effect = RV_EFFECT_STATE, .opaque = "sets that change and count",				\
		.size = sizeof(struct set_data), .options = set_options,		\
		.config = "NETFILTER_XT_SET",					\
		.help = "ipset lookup", .ops = RV_EXT_OPS(.check = check_match_set), \
		.revisions = RV_REVISIONS(						\
			COUNTING(4, struct xt_set_info_match_v4),		\
			COUNTING(3, struct xt_set_info_match_v3),		\
			LAYOUT(2, struct xt_set_info_match_v1, SET,		\
			       .read = read_nomatch, .write = write_nomatch),	\
			LAYOUT(1, struct xt_set_info_match_v1, SET),		\
			LAYOUT(0, struct xt_set_info_match_v0, SET_V0)),		\
	}

RV_EXTENSION(set4) = SET_EXT(NFPROTO_IPV4);
RV_EXTENSION(set6) = SET_EXT(NFPROTO_IPV6);
