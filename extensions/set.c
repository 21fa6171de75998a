/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set: membership in an ipset (uapi linux/netfilter/xt_set.h). Rules keep the set's
 * name; the kernel's struct has its index, which is asked for when a rule goes to
 * the kernel or comes from it, and never before.
 */
#include <netinet/in.h>
#include <string.h>

#include "extensions/ipset.h"

/* The index in info is 0; name says which set it is. */
struct set_data {
	struct xt_set_info_match_v4 info;
	char name[IPSET_MAXNAMELEN];
};

/* ---- --match-set name src,dst ------------------------------------------------- */

static int parse_match_set(struct rv_parse *p)
{
	struct set_data *d = (struct set_data *)(void *)p->data;
	struct rv_ipset s = { 0 };

	if (rv_ipset_parse(p, &s))
		return -1;
	d->info.match_set = s.set;
	memcpy(d->name, s.name, sizeof(d->name));
	return 0;
}

static void print_match_set(struct rv_out *o, const struct rv_option *opt,
			    const unsigned char *data)
{
	const struct set_data *d = (const struct set_data *)(const void *)data;
	struct rv_ipset s = { .set = d->info.match_set };

	(void)opt;
	memcpy(s.name, d->name, sizeof(s.name));
	rv_ipset_print(o, &s);
}

/* ---- rows ----------------------------------------------------------------------- */

enum { MATCH_SET, SET, RETURN_NOMATCH, UPDATE, UPDATE_SUB, PACKETS_EQ, PACKETS_LT, PACKETS_GT,
       BYTES_EQ, BYTES_LT, BYTES_GT };

/* Flags that are there to be turned off: without '!' they change nothing. */
#define UPDATE_ROW(word, bit, text)						\
	{									\
		.name = word, .type = RV_T_FLAG, .flags = RV_OPT_INVERT | RV_OPT_REPEAT, \
		.invert = RV_BIT(struct set_data, info.flags, bit),		\
		.list = word, .help = text,					\
	}

/* self and first are indexes of rows: this one and the first of the three. */
#define COUNTER_ROW(self, first, counter, op_, OP, text, ...)			\
	{									\
		.name = #counter "-" op_, .type = RV_T_UINT,			\
		RV_FIELD(struct set_data, info.counter.value),			\
		.given = RV_BIT_IS(struct set_data, info.counter.op, IPSET_COUNTER_##OP), \
		.bad = "Cannot parse %s as a counter value",			\
		.once = "only one of the --" #counter "-[eq|lt|gt] is allowed",	\
		.no_invert = "--" #counter "-" op_ " option cannot be inverted", \
		.list = #counter "-" op_, .arg = "number",			\
		.help = "the element has counted " text " " #counter,		\
		.excludes = 7ULL << (first) & ~(1ULL << (self)), __VA_ARGS__	\
	}

#define COUNTER_ROWS(ROW, counter)						\
	[ROW##_EQ] = COUNTER_ROW(ROW##_EQ, ROW##_EQ, counter, "eq", EQ, "exactly so many", \
				 .flags = RV_OPT_INVERT,			\
				 .invert = RV_BIT_IS(struct set_data, info.counter.op, \
						     IPSET_COUNTER_NE)),	\
	[ROW##_LT] = COUNTER_ROW(ROW##_LT, ROW##_EQ, counter, "lt", LT, "fewer"), \
	[ROW##_GT] = COUNTER_ROW(ROW##_GT, ROW##_EQ, counter, "gt", GT, "more")

static const struct rv_option options[] = {
	[MATCH_SET] = {
		.name = "match-set",
		.type = RV_T_HOOK,
		.flags = RV_OPT_INVERT | RV_OPT_TWO | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct set_data, name),
		.invert = RV_BIT(struct set_data, info.match_set.flags, IPSET_INV_MATCH),
		.once = "--match-set can be specified only once",
		.list = "match-set",
		.arg = "name src|dst[,...]",
		.help = "these parts of the packet are in the set",
		.parse = parse_match_set,
		.print = print_match_set,
	},
	[SET] = {
		.name = "set", .alias_of = "match-set",
		.warning = "--set option deprecated, please use --match-set",
	},
	[RETURN_NOMATCH] = {
		.name = "return-nomatch",
		.type = RV_T_FLAG,
		.flags = RV_OPT_REPEAT,
		RV_FIELD(struct set_data, info.flags),
		.value = IPSET_FLAG_RETURN_NOMATCH,
		.no_invert = "--return-nomatch flag cannot be inverted",
		.list = "return-nomatch",
		.help = "elements with the nomatch flag count as not there",
	},
	[UPDATE] = UPDATE_ROW("update-counters", IPSET_FLAG_SKIP_COUNTER_UPDATE,
			      "with !: the element does not count the packet"),
	[UPDATE_SUB] = UPDATE_ROW("update-subcounters", IPSET_FLAG_SKIP_SUBCOUNTER_UPDATE,
				  "with !: nor do the elements of sets in a list"),
	COUNTER_ROWS(PACKETS, packets),
	COUNTER_ROWS(BYTES, bytes),
	{ .name = NULL },
};

static int check(struct rv_check *c)
{
	if (c->seen & 1 << MATCH_SET)
		return 0;
	return rv_fail(c->err, RV_ERR_USAGE, &c->loc,
		       "You must specify `--match-set' with proper arguments");
}

/* ---- the kernel's structs --------------------------------------------------------- */

static int write_v4(const struct rv_wire *w, const unsigned char *data, unsigned char *wire,
		    struct rv_error *err)
{
	const struct set_data *d = (const struct set_data *)(const void *)data;
	struct xt_set_info_match_v4 info = d->info;

	if (rv_ipset_index(d->name, w->arg, &info.match_set.index, err))
		return -1;
	memcpy(wire, &info, sizeof(info));
	return 0;
}

/* The last step of every read: the index makes way for the name. */
static int name_it(struct set_data *d, struct rv_error *err)
{
	ip_set_id_t index = d->info.match_set.index;

	if (d->info.match_set.dim > IPSET_DIM_MAX)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "set: %u dimensions",
			       d->info.match_set.dim);
	d->info.match_set.index = 0;
	return rv_ipset_name(index, d->name, err);
}

/*
 * Revisions 3 and 4 have the same fields, aligned otherwise. They are taken one by one: the
 * padding is not always zero.
 */
#define TAKE(d, from) do {							\
		(d)->info.match_set = (from).match_set;				\
		(d)->info.packets.value = (from).packets.value;			\
		(d)->info.packets.op = (from).packets.op;			\
		(d)->info.bytes.value = (from).bytes.value;			\
		(d)->info.bytes.op = (from).bytes.op;				\
		(d)->info.flags = (from).flags;					\
	} while (0)

static int read_v4(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct set_data *d = (struct set_data *)(void *)data;
	struct xt_set_info_match_v4 info;

	(void)w;
	memcpy(&info, wire, sizeof(info));
	TAKE(d, info);
	return name_it(d, err);
}

static int read_v3(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct set_data *d = (struct set_data *)(void *)data;
	struct xt_set_info_match_v3 info;

	(void)w;
	memcpy(&info, wire, sizeof(info));
	TAKE(d, info);
	return name_it(d, err);
}

/* Revisions 1 and 2, the latter with --return-nomatch as a bit of the set's flags. */
static int read_v1(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct set_data *d = (struct set_data *)(void *)data;
	struct xt_set_info_match_v1 info;

	memcpy(&info, wire, sizeof(info));
	d->info.match_set = info.match_set;
	if (w->revision == 2 && info.match_set.flags & IPSET_RETURN_NOMATCH) {
		d->info.match_set.flags &= ~IPSET_RETURN_NOMATCH;
		d->info.flags = IPSET_FLAG_RETURN_NOMATCH;
	}
	return name_it(d, err);
}

/* Revision 0 has one word of flags for each part, up to the first that is 0. */
static int read_v0(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct set_data *d = (struct set_data *)(void *)data;
	struct xt_set_info *set = &d->info.match_set;
	struct xt_set_info_match_v0 info;

	(void)w;
	memcpy(&info, wire, sizeof(info));
	set->index = info.match_set.index;
	set->flags = info.match_set.u.flags[0] & IPSET_MATCH_INV ? IPSET_INV_MATCH : 0;
	while (set->dim < IPSET_DIM_MAX && info.match_set.u.flags[set->dim]) {
		bool src = info.match_set.u.flags[set->dim] & IPSET_SRC;

		set->dim++;
		set->flags |= src ? 1 << set->dim : 0;
	}
	return name_it(d, err);
}

#define WIRES(family)								\
	{									\
		{ .revision = 4, .size = sizeof(struct xt_set_info_match_v4),	\
		  .read = read_v4, .write = write_v4, .arg = family },		\
		{ .revision = 3, .size = sizeof(struct xt_set_info_match_v3), .read = read_v3 }, \
		{ .revision = 2, .size = sizeof(struct xt_set_info_match_v1), .read = read_v1 }, \
		{ .revision = 1, .size = sizeof(struct xt_set_info_match_v1), .read = read_v1 }, \
		{ .revision = 0, .size = sizeof(struct xt_set_info_match_v0), .read = read_v0 }, \
		{ .size = 0 },							\
	}

static const struct rv_wire wire4[] = WIRES(NFPROTO_IPV4), wire6[] = WIRES(NFPROTO_IPV6);

#define SET_EXT(family_, wire_)							\
	{									\
		.name = "set", .kind = RV_MATCH, .family = family_,		\
		.size = sizeof(struct set_data), .wire = wire_, .options = options, \
		.help = "membership in an ipset", .check = check,		\
	}

static const struct rv_ext set4 = SET_EXT(NFPROTO_IPV4, wire4);
static const struct rv_ext set6 = SET_EXT(NFPROTO_IPV6, wire6);
RV_REGISTER(set4);
RV_REGISTER(set6);
