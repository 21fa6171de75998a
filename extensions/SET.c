/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SET: puts parts of the packet in an ipset, or takes them out (uapi xt_set.h). */
#include <netinet/in.h>
#include <string.h>

#include "extensions/ipset.h"

/* The kernel's revision 3 with names. A set whose name is empty is not given. */
struct set_data {
	struct rv_ipset add, del, map;
	uint32_t flags, timeout;
};

#define NO_TIMEOUT UINT32_MAX	/* the set's own */

enum { ADD, EXIST, TIMEOUT, DEL, MAP, MAP_MARK, MAP_PRIO, MAP_QUEUE };

#define MAP_ROWS (1 << MAP_MARK | 1 << MAP_PRIO | 1 << MAP_QUEUE)
#define MAP_FLAGS (IPSET_FLAG_MAP_SKBMARK | IPSET_FLAG_MAP_SKBPRIO | IPSET_FLAG_MAP_SKBQUEUE)

static int parse_set(struct rv_parse *p)
{
	return rv_ipset_parse(p, (struct rv_ipset *)(void *)(p->data + p->opt->offset));
}

static void print_set(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	rv_ipset_print(o, (const struct rv_ipset *)(const void *)(data + opt->offset));
}

#define SET_ROW(field, text, ...)						\
	{									\
		.name = #field "-set", .type = RV_T_HOOK, .flags = RV_OPT_TWO,	\
		RV_FIELD(struct set_data, field),				\
		.once = "--" #field "-set can be specified only once",		\
		.list = #field "-set", .arg = "name src|dst[,...]", .help = text, \
		.parse = parse_set, .print = print_set, __VA_ARGS__		\
	}

#define FLAG_ROW(word, bit, text, ...)						\
	{									\
		.name = word, .type = RV_T_FLAG, .flags = RV_OPT_REPEAT,	\
		RV_FIELD(struct set_data, flags), .value = bit,			\
		.list = word, .help = text, __VA_ARGS__				\
	}

/* What the kernel can only do where it has chosen the interface. */
#define FORTH (1 << NF_INET_FORWARD | 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING)

static const struct rv_option options[] = {
	[ADD] = SET_ROW(add, "put these parts of the packet in the set", .tables = NULL),
	[EXIST] = FLAG_ROW("exist", IPSET_FLAG_EXIST, "what is in it gets its new timeout",
			   .tables = NULL),
	[TIMEOUT] = {
		.name = "timeout",
		.type = RV_T_UINT,
		.flags = RV_OPT_REPEAT,
		RV_FIELD(struct set_data, timeout),
		.max = NO_TIMEOUT - 1,
		.bad = "Invalid value for option --timeout or out of range 0-4294967294",
		.list = "timeout",
		.arg = "seconds",
		.help = "how long it stays there",
	},
	[DEL] = SET_ROW(del, "take these parts of the packet out of the set", .tables = NULL),
	[MAP] = SET_ROW(map, "give the packet what the set says of these parts",
			.tables = "mangle"),
	[MAP_MARK] = FLAG_ROW("map-mark", IPSET_FLAG_MAP_SKBMARK, "the mark", .tables = NULL),
	[MAP_PRIO] = FLAG_ROW("map-prio", IPSET_FLAG_MAP_SKBPRIO, "the class", .hooks = FORTH),
	[MAP_QUEUE] = FLAG_ROW("map-queue", IPSET_FLAG_MAP_SKBQUEUE, "the queue of the interface",
			       .hooks = FORTH),
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

static int check(struct rv_check *c)
{
	const char *why = wrong(c->seen);

	return why ? rv_fail(c->err, RV_ERR_USAGE, &c->loc, "%s", why) : 0;
}

/* ---- the kernel's structs --------------------------------------------------------- */

static int write_one(const struct rv_ipset *s, rv_family_t family, struct xt_set_info *set,
		     struct rv_error *err)
{
	if (s->name[0])
		return rv_ipset_write(s, family, set, err);
	set->index = IPSET_INVALID_ID;
	return 0;
}

static int read_one(struct rv_ipset *s, const struct xt_set_info *set, struct rv_error *err)
{
	return set->index == IPSET_INVALID_ID ? 0 : rv_ipset_read(s, set, err);
}

static int write_v3(const struct rv_wire *w, const unsigned char *data, unsigned char *wire,
		    struct rv_error *err)
{
	const struct set_data *d = (const struct set_data *)(const void *)data;
	struct xt_set_info_target_v3 info = { .flags = d->flags, .timeout = d->timeout };

	if (write_one(&d->add, w->arg, &info.add_set, err) ||
	    write_one(&d->del, w->arg, &info.del_set, err) ||
	    write_one(&d->map, w->arg, &info.map_set, err))
		return -1;
	memcpy(wire, &info, sizeof(info));
	return 0;
}

static int read_sets(struct set_data *d, const struct xt_set_info *add,
		     const struct xt_set_info *del, uint32_t flags, struct rv_error *err)
{
	if (flags & ~(IPSET_FLAG_EXIST | MAP_FLAGS))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "SET with flags 0x%x", flags);
	d->flags = flags;
	return read_one(&d->add, add, err) || read_one(&d->del, del, err) ? -1 : 0;
}

static int read_v3(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct set_data *d = (struct set_data *)(void *)data;
	struct xt_set_info_target_v3 info;

	(void)w;
	memcpy(&info, wire, sizeof(info));
	d->timeout = info.timeout;
	if (read_sets(d, &info.add_set, &info.del_set, info.flags, err))
		return -1;
	return read_one(&d->map, &info.map_set, err);
}

static int read_v2(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct set_data *d = (struct set_data *)(void *)data;
	struct xt_set_info_target_v2 info;

	(void)w;
	memcpy(&info, wire, sizeof(info));
	d->timeout = info.timeout;
	return read_sets(d, &info.add_set, &info.del_set, info.flags & IPSET_FLAG_EXIST, err);
}

static int read_v1(const struct rv_wire *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct xt_set_info_target_v1 info;

	(void)w;
	memcpy(&info, wire, sizeof(info));
	return read_sets((struct set_data *)(void *)data, &info.add_set, &info.del_set, 0, err);
}

#define WIRES(family)								\
	{									\
		{ .revision = 3, .size = sizeof(struct xt_set_info_target_v3),	\
		  .read = read_v3, .write = write_v3, .arg = family },		\
		{ .revision = 2, .size = sizeof(struct xt_set_info_target_v2), .read = read_v2 }, \
		{ .revision = 1, .size = sizeof(struct xt_set_info_target_v1), .read = read_v1 }, \
		{ .size = 0 },							\
	}

static const struct rv_wire wire4[] = WIRES(NFPROTO_IPV4), wire6[] = WIRES(NFPROTO_IPV6);
static const struct set_data initial = { .timeout = NO_TIMEOUT };

#define SET(family_, wires)							\
	{									\
		.name = "SET", .kind = RV_TARGET, .family = family_,		\
		.size = sizeof(struct set_data), .initial = &initial, .wire = wires, \
		.options = options, .check = check,				\
		.help = "puts parts of the packet in an ipset or takes them out", \
	}

static const struct rv_ext set_target4 = SET(NFPROTO_IPV4, wire4);
static const struct rv_ext set_target6 = SET(NFPROTO_IPV6, wire6);

RV_REGISTER(set_target4);
RV_REGISTER(set_target6);
