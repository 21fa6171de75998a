/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NFLOG: sends a copy of the packet to a netlink group (uapi xt_NFLOG.h). */
#include "extensions/NFLOG.h"
#include "extensions/revision.h"

enum { PREFIX, GROUP, SIZE, RANGE, THRESHOLD };

/* Quoted as in save. */
static void print_prefix(struct rv_out *o, const struct rv_option *opt, const unsigned char *data)
{
	const struct rv_nflog *d = (const struct rv_nflog *)(const void *)data;

	rv_print_quoted(o->buf, d->prefix);
}

static const struct rv_option nflog_options[] = {
	[PREFIX] = {
		.name = "nflog-prefix", .type = RV_T_STRING, .flags = RV_OPT_TRUNCATE,
		RV_FIELD(struct rv_nflog, prefix), .min = 1,
		.errors = RV_ERRORS(.newline = "Newlines not allowed in --log-prefix",
				    .bad = "Argument must have a minimum length of 1 characters\n"),
		.list = "nflog-prefix", .arg = "text",
		.help = "prefix of each message, up to 127 bytes",
		.ops = RV_OPTION_OPS(.print = print_prefix),
	},
	[GROUP] = {
		.name = "nflog-group", .type = RV_T_UINT,
		RV_FIELD(struct rv_nflog, info.group),
		.list = "nflog-group", .arg = "number",
		.help = "netlink group (default 0)",
	},
	[SIZE] = {
		.name = "nflog-size", .type = RV_T_UINT,
		RV_FIELD(struct rv_nflog, info.len),
		.given = RV_BIT(struct rv_nflog, info.flags, XT_NFLOG_F_COPY_LEN),
		.list = "nflog-size", .arg = "bytes", .help = "bytes of the packet to copy (default all)",
	},
	[RANGE] = {
		.name = "nflog-range", .type = RV_T_UINT, .flags = RV_OPT_HIDDEN,
		RV_FIELD(struct rv_nflog, range),
		.excludes = 1 << SIZE,
		.arg = "bytes", .help = "has no effect; use --nflog-size",
	},
	[THRESHOLD] = {
		.name = "nflog-threshold", .type = RV_T_UINT,
		RV_FIELD(struct rv_nflog, info.threshold),
		.list = "nflog-threshold", .arg = "number",
		.help = "number of packets per message",
	},
	{ 0 },
};

static int nflog_read_info(const struct rv_revision *w, const unsigned char *wire,
			   unsigned char *data, struct rv_error *err)
{
	const struct xt_nflog_info *from = (const struct xt_nflog_info *)(const void *)wire;
	struct rv_nflog *d = (struct rv_nflog *)(void *)data;

	if (from->flags & ~XT_NFLOG_MASK ||
	    !rv_copy_text(d->prefix, from->prefix, sizeof(from->prefix)))
		return rv_revision_fail(err, "NFLOG with flags 0x%x", from->flags);
	d->info.len = from->flags & XT_NFLOG_F_COPY_LEN ? from->len : 0;
	d->info.group = from->group;
	d->info.threshold = from->threshold;
	d->info.flags = from->flags;
	return 0;
}

/* Only without a native expression: the struct is too small for a longer prefix. */
static int nflog_write_info(const struct rv_revision *w, const unsigned char *data,
			    unsigned char *wire, struct rv_error *err)
{
	const struct rv_nflog *d = (const struct rv_nflog *)(const void *)data;
	struct xt_nflog_info info = d->info;

	if (strlen(d->prefix) >= sizeof(info.prefix))
		return rv_revision_fail(err,
				    "NFLOG: the kernel's target has a prefix of %zu bytes at most",
				    sizeof(info.prefix) - 1);
	memcpy(info.prefix, d->prefix, strlen(d->prefix));
	memcpy(wire, &info, sizeof(info));
	return 0;
}

/* Reported after the whole rule is parsed, like iptables. */
static int warn_range(struct rv_check *c)
{
	if (c->seen & 1 << RANGE)
		rv_warn(c->err, "warn: --nflog-range has never worked and is no longer supported, "
			"please use --nflog-size instead");
	return 0;
}

RV_EXTENSION(nflog) = {
	.name = "NFLOG", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	.size = sizeof(struct rv_nflog), .compare = offsetof(struct rv_nflog, range),
	.options = nflog_options,
	.revisions = RV_REVISIONS(
		{ .size = sizeof(struct xt_nflog_info), .read = nflog_read_info, .write = nflog_write_info }),
	.nft = " log{nflog-prefix: prefix <nflog-prefix:p>}{nflog-size: snaplen <nflog-size:d>}"
	       "{nflog-threshold: queue-threshold <nflog-threshold:d>} group <nflog-group:d>",
	.help = "sends a copy of the packet to a program",
	.ops = RV_EXT_OPS(.check = warn_range),
};
