/* SPDX-License-Identifier: GPL-2.0-or-later */
/* owner: credentials of the sending socket (uapi linux/netfilter/xt_owner.h). */
#include <grp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_owner.h>
#include <pwd.h>

#include <ravelin/extension.h>

typedef struct xt_owner_match_info info;

enum { SOCKET, USER, GROUP, SUPPL_GROUPS };

/* The last id is invalid (chown(2)). */
#define MAX_ID (UINT32_MAX - 1)

static bool is_group(const struct rv_option *opt)
{
	return opt->sel == RV_SEL_GID;
}

static bool find_id(const struct rv_option *opt, const char *name, uint64_t *id)
{
	const struct passwd *pw = is_group(opt) ? NULL : getpwnam(name);
	const struct group *gr = is_group(opt) ? getgrnam(name) : NULL;

	if (!pw && !gr)
		return false;
	*id = pw ? pw->pw_uid : gr->gr_gid;
	return true;
}

/* A name, "id", "id-id" or "id:id". */
static int parse_ids(struct rv_parse *p)
{
	uint64_t from, to;
	const char *end;
	bool ok = find_id(p->opt, p->arg, &from);

	to = from;
	if (!ok) {
		ok = rv_parse_uint_prefix(p->arg, 0, MAX_ID, &from, &end);
		to = from;
		if (ok && *end)
			ok = strchr("-:", *end) && rv_parse_uint(end + 1, 0, MAX_ID, &to);
	}
	if (!ok)
		return rv_option_fail(p, "Bad value for \"--%s\" option: \"%s\"", p->opt->name,
				      p->arg);
	rv_set_uint(p->data + p->opt->offset, p->opt->size, from);
	rv_set_uint(p->data + p->opt->mask_offset, p->opt->size, to);
	return 0;
}

static const char *id_name(const struct rv_option *opt, uint32_t id)
{
	const struct passwd *pw = is_group(opt) ? NULL : getpwuid(id);
	const struct group *gr = is_group(opt) ? getgrgid(id) : NULL;

	return pw ? pw->pw_name : gr ? gr->gr_name : NULL;
}

static void print_ids(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	uint32_t from = rv_get_uint(data + opt->offset, opt->size);
	uint32_t to = rv_get_uint(data + opt->mask_offset, opt->size);
	const char *name = NULL;

	if (from == to && o->style == RV_STYLE_LIST && !o->numeric)
		name = id_name(opt, from);
	if (name)
		rv_buf_puts(o->buf, name);
	else if (from == to)
		rv_buf_u64(o->buf, from);
	else
		rv_buf_printf(o->buf, "%u-%u", from, to);
}

#define IDS(side, field, bit, SEL, what, ...)					\
	{									\
		.name = side "-owner", .type = RV_T_UINT_RANGE, .flags = RV_OPT_INVERT, \
		RV_FIELD(info, field##_min),					\
		.mask_offset = offsetof(info, field##_max), .max = MAX_ID,	\
		.given = RV_BIT(info, match, bit), .invert = RV_BIT(info, invert, bit), \
		.sel = RV_SEL_##SEL, .list = "owner " #SEL " match",		\
		.arg = what "|id[-id]", .help = "the socket's " what,		\
		.ops = RV_OPTION_OPS(.parse = parse_ids, .print = print_ids), __VA_ARGS__ \
	}

static const struct rv_sel_when all_groups[] = {
	{ RV_SEL_GROUPS, RV_BIT(info, match, XT_OWNER_SUPPL_GROUPS) },
	{ RV_SEL_NONE, { 0 } },
};

/* As in iptables, it modifies a preceding option. */
static int parse_groups(struct rv_parse *p)
{
	if (p->part && !(p->part->seen & 1 << GROUP))
		return rv_parse_fail(p, "owner: Bad value for \"--suppl-groups\" option: "
				     "\"you need to use --gid-owner first\"");
	((info *)(void *)p->data)->match |= XT_OWNER_SUPPL_GROUPS;
	return 0;
}

static const struct rv_option owner_options[] = {
	[SOCKET] = {
		.name = "socket-exists", .type = RV_T_FLAG, .flags = RV_OPT_INVERT,
		RV_FIELD(info, match), .value = XT_OWNER_SOCKET,
		.invert = RV_BIT(info, invert, XT_OWNER_SOCKET), .sel = RV_SEL_SOCKET,
		.list = "owner socket exists", .help = "sent by a socket of this host",
	},
	[USER] = IDS("uid", uid, XT_OWNER_UID, UID, "user"),
	[GROUP] = IDS("gid", gid, XT_OWNER_GID, GID, "group",
	.sel_more = RV_SEL_MORE(.when = all_groups)),
	[SUPPL_GROUPS] = {
		.name = "suppl-groups", .type = RV_T_FLAG, .flags = RV_OPT_NO_PREDICATE,
		RV_FIELD(info, match), .value = XT_OWNER_SUPPL_GROUPS,
		.list = "incl. suppl. groups", .ops = RV_OPTION_OPS(.parse = parse_groups),
		.help = "--gid-owner includes supplementary groups",
	},
	{ .name = NULL },
};

static const char *owner_refused(const unsigned char *data, uint32_t hooks)
{
	const info *i = (const info *)(const void *)data;

	(void)hooks;
	if ((i->match & XT_OWNER_UID && i->uid_min > i->uid_max) ||
	    (i->match & XT_OWNER_GID && i->gid_min > i->gid_max))
		return "the range of ids ends before it starts";
	return NULL;
}

RV_EXTENSION(owner) = {
	.name = "owner", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(info, 1), .options = owner_options,
	.only = RV_ONLY(.refused = owner_refused,
			.hooks = 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING),
	.required = "owner: At least one of --uid-owner, --gid-owner or --socket-exists is required",
	.help = "user and group of the sending socket",
};
