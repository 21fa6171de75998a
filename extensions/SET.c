/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SET: adds packet fields to an ipset or removes them (uapi xt_set.h). */
#include <netinet/in.h>

#include <ravelin/extension.h>
#include <ravelin/ipset.h>

/* The kernel's revision 3 with names. An empty name means not given. */
struct set_data {
	struct rv_ipset add, del, map;
	uint32_t flags, timeout;
};

#define NO_TIMEOUT UINT32_MAX	/* the set's default */

enum { ADD, EXIST, TIMEOUT, DEL, MAP, MAP_MARK, MAP_PRIO, MAP_QUEUE };

#define MAP_ROWS (1 << MAP_MARK | 1 << MAP_PRIO | 1 << MAP_QUEUE)
#define MAP_FLAGS (IPSET_FLAG_MAP_SKBMARK | IPSET_FLAG_MAP_SKBPRIO | IPSET_FLAG_MAP_SKBQUEUE)

#define SET_ROW(field, text, ...)						\
	{									\
		.name = #field "-set", .type = RV_T_SET, .flags = RV_OPT_TWO,	\
		RV_FIELD(struct set_data, field),				\
		.errors = RV_ERRORS(.once = "--" #field "-set can be specified only once"), \
		.list = #field "-set", .arg = "name src|dst[,...]", .help = text, \
		__VA_ARGS__							\
	}

#define FLAG_ROW(word, bit, text, ...)						\
	{									\
		.name = word, .type = RV_T_FLAG, .flags = RV_OPT_REPEAT,	\
		RV_FIELD(struct set_data, flags), .value = bit,			\
		.list = word, .help = text, __VA_ARGS__				\
	}

/* Hooks where routing has determined the output interface. */
#define FORTH (1 << NF_INET_FORWARD | 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING)

static const struct rv_option set_options[] = {
	[ADD] = SET_ROW(add, "add an entry with these packet fields"),
	[EXIST] = FLAG_ROW("exist", IPSET_FLAG_EXIST, "update the timeout of an existing entry"),
	[TIMEOUT] = {
		.name = "timeout", .type = RV_T_UINT, .flags = RV_OPT_REPEAT,
		RV_FIELD(struct set_data, timeout), .max = NO_TIMEOUT - 1,
		.errors = RV_ERRORS(.bad = "Invalid value for option --timeout or out of range "
					   "0-4294967294"),
		.list = "timeout", .arg = "seconds", .help = "timeout of the entry",
	},
	[DEL] = SET_ROW(del, "delete the entry with these packet fields"),
	[MAP] = SET_ROW(map, "look up these packet fields and apply the entry to the packet",
			.only = RV_ONLY(.tables = "mangle")),
	[MAP_MARK] = FLAG_ROW("map-mark", IPSET_FLAG_MAP_SKBMARK, "apply the mark"),
	[MAP_PRIO] = FLAG_ROW("map-prio", IPSET_FLAG_MAP_SKBPRIO, "apply the traffic class",
	.only = RV_ONLY(.hooks = FORTH)),
	[MAP_QUEUE] = FLAG_ROW("map-queue", IPSET_FLAG_MAP_SKBQUEUE, "apply the queue of the interface",
			       .only = RV_ONLY(.hooks = FORTH)),
	{ 0 },
};

static const char *wrong(uint64_t seen)
{
	if (!(seen & (1 << ADD | 1 << DEL | 1 << MAP)))
		return "You must specify either `--add-set' or `--del-set' or `--map-set'";
	if (!(seen & 1 << ADD) && seen & 1 << EXIST)
		return "Flag `--exist' can be used with `--add-set' only";
	if (!(seen & 1 << ADD) && seen & 1 << TIMEOUT)
		return "Option `--timeout' can be used with `--add-set' only";
	if (!(seen & 1 << MAP) && seen & 1 << MAP_MARK)
		return "Flag `--map-mark' can be used with `--map-set' only";
	if (!(seen & 1 << MAP) && seen & 1 << MAP_PRIO)
		return "Flag `--map-prio' can be used with `--map-set' only";
	if (!(seen & 1 << MAP) && seen & 1 << MAP_QUEUE)
		return "Flag `--map-queue' can be used with `--map-set' only";
	if (seen & 1 << MAP && !(seen & MAP_ROWS))
		return "You must specify flags `--map-mark' or '--map-prio` or `--map-queue'";
	return NULL;
}

static int check_sets(struct rv_check *c)
{
	const char *why = wrong(c->seen);

	return why ? rv_check_fail(c, "%s", why) : 0;
}

/* ---- the kernel's structs --------------------------------------------------------- */

#define FIELD(type, move, wire_, data_) RV_REVISION_##move(type, wire_, struct set_data, data_)

#define SETS(type, move)							\
	FIELD(type, move, add_set, add), FIELD(type, move, del_set, del)
#define REST(type)								\
	FIELD(type, FIELD, flags, flags), FIELD(type, FIELD, timeout, timeout)

/* bits: flags of the revision. */
#define LAYOUT(number, type, bits, ...)						\
	{ .revision = number, .size = sizeof(type), .valid_bits = RV_BIT(type, flags, bits), \
	  .fields = RV_REVISION_FIELDS(SETS(type, SET), REST(type) __VA_ARGS__) }
#define MAP_FIELD , FIELD(struct xt_set_info_target_v3, SET, map_set, map)

#define SET(family_)								\
	{									\
		.name = "SET", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES, .family = family_,		\
		.writes = RV_WRITES(RV_SEL_MARK),	\
		.size = sizeof(struct set_data),				\
		.initial = &(const struct set_data){ .timeout = NO_TIMEOUT },	\
		.options = set_options, .ops = RV_EXT_OPS(.check = check_sets),	\
		.config = "NETFILTER_XT_SET",					\
		.help = "adds the packet to an ipset or deletes it", \
		.revisions = RV_REVISIONS(						\
			LAYOUT(3, struct xt_set_info_target_v3, IPSET_FLAG_EXIST | MAP_FLAGS, \
			       MAP_FIELD),					\
			LAYOUT(2, struct xt_set_info_target_v2, IPSET_FLAG_EXIST), \
			{ .revision = 1, .size = sizeof(struct xt_set_info_target_v1), .fields = \
			  RV_REVISION_FIELDS(SETS(struct xt_set_info_target_v1, SET)) }, \
			{ .revision = 0, .size = sizeof(struct xt_set_info_target_v0), .fields = \
			  RV_REVISION_FIELDS(SETS(struct xt_set_info_target_v0, SET_V0)) }),	\
	}

RV_EXTENSION(set_target4) = SET(NFPROTO_IPV4);
RV_EXTENSION(set_target6) = SET(NFPROTO_IPV6);
