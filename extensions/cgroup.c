/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup: the control group of the packet's socket (uapi linux/netfilter/xt_cgroup.h). */
#include <limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_cgroup.h>
#include <string.h>

#include <ravelin/extension.h>

typedef struct xt_cgroup_info_v2 info;

static const struct rv_option cgroup_options[] = {
	{
		.name = "path", .type = RV_T_STRING, .flags = RV_OPT_INVERT,
		RV_FIELD(info, path),
		.given = RV_BIT(info, has_path, 1), .invert = RV_BIT(info, invert_path, 1),
		.sel = RV_SEL_CGROUPS,
		.list = "cgroup [! ]", .arg = "path",
		.help = "cgroup2 path; includes descendants",
	},
	{
		.name = "cgroup", .type = RV_T_UINT, .flags = RV_OPT_INVERT,
		RV_FIELD(info, classid),
		.given = RV_BIT(info, has_classid, 1), .invert = RV_BIT(info, invert_classid, 1),
		.sel = RV_SEL_CGROUP,
		.list = "cgroup [! ]", .arg = "classid", .help = "class id set by net_cls",
	},
	{ .name = NULL },
};

/* Exactly one of the two, as the kernel requires; they share a union. */
static bool is_sane(const info *d)
{
	return d->has_path + d->has_classid == 1 && d->has_path <= 1 &&
	       !(d->invert_path && !d->has_path) && !(d->invert_classid && !d->has_classid);
}

static int check_path_or_class(struct rv_check *c)
{
	if (is_sane((const info *)(void *)c->part->data))
		return 0;
	return rv_check_refuse(c, "cgroup: exactly one of --path and --cgroup is required");
}

/* Revision 1 has a larger path, followed by the class id. */
static int cgroup_read_any(const struct rv_revision *w, const unsigned char *wire,
			   unsigned char *data, struct rv_error *err)
{
	const struct xt_cgroup_info_v1 *v1 = (const struct xt_cgroup_info_v1 *)(const void *)wire;
	const info *v2 = (const info *)(const void *)wire;
	info *d = (info *)(void *)data;
	bool old = w->revision == 1;
	const char *path = old ? v1->path : v2->path;
	size_t len = strnlen(path, old ? sizeof(v1->path) : sizeof(v2->path));

	memcpy(d, wire, offsetof(info, path));
	if (!is_sane(d))
		return rv_revision_fail(err, "neither one path nor one class");
	if (d->has_classid)
		d->classid = old ? v1->classid : v2->classid;
	else if (len < sizeof(d->path))
		memcpy(d->path, path, len);
	else
		return rv_revision_fail(err, "a path of %zu bytes", len);
	return 0;
}

static int write_v1(const struct rv_revision *w, const unsigned char *data, unsigned char *wire,
		    struct rv_error *err)
{
	struct xt_cgroup_info_v1 *v1 = (struct xt_cgroup_info_v1 *)(void *)wire;
	const info *d = (const info *)(const void *)data;

	memcpy(v1, d, offsetof(info, path));
	if (d->has_classid)
		v1->classid = d->classid;
	else
		memcpy(v1->path, d->path, sizeof(d->path));
	return 0;
}

static int cgroup_read_v0(const struct rv_revision *w, const unsigned char *wire,
			  unsigned char *data, struct rv_error *err)
{
	((info *)(void *)data)->has_classid = 1;
	return 0;
}

RV_EXTENSION(cgroup) = {
	.name = "cgroup", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	.size = sizeof(info), .compare = offsetof(info, priv), .options = cgroup_options,
	.ops = RV_EXT_OPS(.kernel_check = check_path_or_class),
	.revisions = RV_REVISIONS(
		{ .revision = 2, .size = sizeof(info), .read = cgroup_read_any },
		{ .revision = 1, .size = sizeof(struct xt_cgroup_info_v1), .read = cgroup_read_any,
		  .write = write_v1 },
		{ .revision = 0, .size = sizeof(struct xt_cgroup_info_v0), .read = cgroup_read_v0,
		  .valid_bits = RV_BIT(struct xt_cgroup_info_v0, invert, 1), .fields = RV_REVISION_FIELDS(
			RV_REVISION_FIELD(struct xt_cgroup_info_v0, id, info, classid),
			RV_REVISION_FIELD(struct xt_cgroup_info_v0, invert, info, invert_classid)) }),
	.only = RV_ONLY(.hooks = 1 << NF_INET_LOCAL_IN | 1 << NF_INET_LOCAL_OUT |
			1 << NF_INET_POST_ROUTING),
	.help = "control group of the packet's socket",
};
