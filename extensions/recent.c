/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recent: lists of recently seen addresses (uapi linux/netfilter/xt_recent.h). */
#include <arpa/inet.h>
#include <string.h>

#include <linux/netfilter/xt_recent.h>

#include <ravelin/extension.h>

typedef struct xt_recent_mtinfo_v1 info;

enum { SET, RCHECK, UPDATE, REMOVE, SECONDS, REAP, HITCOUNT, RTTL, NAME, MASK, RSOURCE, RDEST };

/* XT_RECENT_MAX_NSTAMPS, which is not in the uapi */
#define MAX_HITS 65535

#define ACTIONS (1 << SET | 1 << RCHECK | 1 << UPDATE | 1 << REMOVE)

/* Rejects numbers and host names as likely mistakes: iptables takes "16" for 0.0.0.16. */
static int parse_mask(struct rv_parse *p)
{
	int af = rv_family(p->family)->af;
	union nf_inet_addr mask = { 0 };

	if (inet_pton(af, p->arg, &mask) != 1)
		return rv_option_fail(p, "bad value for option \"--mask\": \"%s\" is no mask.\n",
				      p->arg);
	memcpy(p->data + p->opt->offset, &mask, sizeof(mask));
	return 0;
}

/* -L prints the side before the mask. */
static void print_mask(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const info *i = (const info *)(const void *)data;

	if (o->style == RV_STYLE_LIST)
		rv_buf_printf(o->buf, "side: %s mask: ",
			      i->side == XT_RECENT_DEST ? "dest" : "source");
	rv_value_print(o, opt, data);
}

#define ACTION(word, row, bit, words, text)					\
	[row] = {								\
		.name = word, .type = RV_T_FLAG, .flags = RV_OPT_INVERT,	\
		RV_FIELD(info, check_set), .value = XT_RECENT_##bit,		\
		.invert = RV_BIT(info, invert, 1),				\
		.excludes = ACTIONS & ~(1 << (row)),				\
		.list = "recent: " words, .help = text,				\
	}

#define SIDE(word, row, number, text)						\
	[row] = {								\
		.name = word, .type = RV_T_FLAG,				\
		.flags = RV_OPT_SETS | RV_OPT_LIST_NEVER,			\
		RV_FIELD(info, side), .value = number, .help = text,		\
	}

static const struct rv_option recent_options[] = {
	ACTION("set", SET, SET, "SET", "add the address to the list; always matches"),
	ACTION("rcheck", RCHECK, CHECK, "CHECK", "match if the address is in the list"),
	ACTION("update", UPDATE, UPDATE, "UPDATE", "like --rcheck, and updates the last-seen time"),
	ACTION("remove", REMOVE, REMOVE, "REMOVE", "like --rcheck, and removes the address"),
	[SECONDS] = {
		.name = "seconds", .type = RV_T_UINT,
		RV_FIELD(info, seconds), .min = 1,
		.list = "seconds: ", .arg = "number", .help = "seen within this number of seconds",
	},
	[REAP] = {
		.name = "reap", .type = RV_T_FLAG,
		RV_FIELD(info, check_set), .value = XT_RECENT_REAP, .needs = 1 << SECONDS,
		.list = "reap", .help = "remove older entries",
	},
	[HITCOUNT] = {
		.name = "hitcount", .type = RV_T_UINT,
		RV_FIELD(info, hit_count),
		.list = "hit_count: ", .arg = "number", .help = "seen at least this number of times",
	},
	[RTTL] = {
		.name = "rttl", .type = RV_T_FLAG,
		RV_FIELD(info, check_set), .value = XT_RECENT_TTL,
		.excludes = 1 << SET | 1 << REMOVE,
		.list = "TTL-Match", .help = "seen with the same TTL",
	},
	[NAME] = {
		.name = "name", .type = RV_T_STRING,
		.flags = RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS | RV_OPT_BARE,
		RV_FIELD(info, name),
		.list = "name: ", .arg = "name", .help = "name of the list (default DEFAULT)",
	},
	[MASK] = {
		.name = "mask", .type = RV_T_ADDR, .flags = RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(info, mask),
		.arg = "netmask", .help = "mask for addresses",
		.ops = RV_OPTION_OPS(.parse = parse_mask, .print = print_mask),
	},
	SIDE("rsource", RSOURCE, XT_RECENT_SOURCE, "use the source address (default)"),
	SIDE("rdest", RDEST, XT_RECENT_DEST, "use the destination address"),
	{ .name = NULL },
};

/* The name becomes a file name in /proc/net/xt_recent. */
static bool is_file_name(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/');
}

static const char *recent_refused(const unsigned char *data, uint32_t hooks)
{
	const info *i = (const info *)(const void *)data;

	if (i->check_set & (XT_RECENT_SET | XT_RECENT_REMOVE) && (i->seconds || i->hit_count))
		return "--set and --remove cannot be combined with --seconds and --hitcount";
	if (i->hit_count > MAX_HITS)
		return "--hitcount must be at most 65535";
	return is_file_name(i->name) ? NULL : "the name of a list must be a file name";
}

static const info recent_initial = {
	.name = "DEFAULT",
	.mask.all = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
};

/* Revision 0 has no mask. Bytes after the name's NUL are undefined. */
static int recent_read_any(const struct rv_revision *w, const unsigned char *wire,
			   unsigned char *data, struct rv_error *err)
{
	info *i = (info *)(void *)data;
	size_t len;

	memset(&i->mask, 0xff, sizeof(i->mask));
	memcpy(i, wire, w->size < sizeof(*i) ? offsetof(info, mask) : sizeof(*i));
	len = strnlen(i->name, sizeof(i->name) - 1);
	memset(i->name + len, 0, sizeof(i->name) - len);
	return 0;
}

/* iptables writes the name over the default one, and compares all bytes when it deletes a rule. */
static int write_any(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		     struct rv_error *err)
{
	const info *i = (const info *)(const void *)data;
	info out = *i;

	memcpy(out.name, recent_initial.name, sizeof(out.name));
	memcpy(out.name, i->name, strlen(i->name) + 1);
	memcpy(wire, &out, w->size < sizeof(out) ? offsetof(info, mask) : sizeof(out));
	return 0;
}

static const struct rv_revision wire[] = {
	{ .revision = 1, .size = sizeof(info), .read = recent_read_any, .write = write_any },
	{ .revision = 0, .size = sizeof(struct xt_recent_mtinfo), .read = recent_read_any,
	  .write = write_any },
	{ .size = 0 },
};

/*
 * Only the address part of an IPv4 mask matters; iptables fills the rest with ones by default and
 * with zeros if the mask is given.
 */
#define RECENT(family_, mask_size)						\
	{									\
		.name = "recent", .kind = RV_MATCH, .family = family_,		\
		.effect = RV_EFFECT_STATE, .opaque = "a list that it changes",			\
		.size = sizeof(info), .compare = offsetof(info, mask) + (mask_size), \
		.initial = &recent_initial, .revisions = wire, .options = recent_options,		\
		.help = "lists of recently seen addresses",			\
		.required = "recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'", \
		.one_of = ACTIONS, .only = RV_ONLY(.refused = recent_refused),	\
	}

RV_EXTENSION(recent4) = RECENT(NFPROTO_IPV4, 4);
RV_EXTENSION(recent6) = RECENT(NFPROTO_IPV6, 16);
