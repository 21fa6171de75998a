/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connbytes: packets or bytes of a connection (uapi linux/netfilter/xt_connbytes.h). */
#include <linux/netfilter/xt_connbytes.h>
#include <string.h>

#include <ravelin/extension.h>

/* The kernel encodes negation by swapping the bounds. */
struct connbytes {
	struct xt_connbytes_info info;
	uint8_t invert;
};

static const struct rv_name connbytes_modes[] = {
	{ "packets", XT_CONNBYTES_PKTS, NULL },
	{ "bytes", XT_CONNBYTES_BYTES, NULL },
	{ "avgpkt", XT_CONNBYTES_AVGPKT, "bytes per packet" },
	{ NULL, 0, NULL },
};

static const struct rv_name connbytes_directions[] = {
	{ "original", XT_CONNBYTES_DIR_ORIGINAL, NULL },
	{ "reply", XT_CONNBYTES_DIR_REPLY, NULL },
	{ "both", XT_CONNBYTES_DIR_BOTH, NULL },
	{ NULL, 0, NULL },
};

static const enum rv_sel selectors[][3] = {
	[XT_CONNBYTES_PKTS] = { RV_SEL_CT_ORIG_PACKETS, RV_SEL_CT_REPL_PACKETS, RV_SEL_CT_PACKETS },
	[XT_CONNBYTES_BYTES] = { RV_SEL_CT_ORIG_BYTES, RV_SEL_CT_REPL_BYTES, RV_SEL_CT_BYTES },
	[XT_CONNBYTES_AVGPKT] = { RV_SEL_CT_ORIG_AVGPKT, RV_SEL_CT_REPL_AVGPKT, RV_SEL_CT_AVGPKT },
};

static int range_predicate(const struct rv_option *opt, const unsigned char *data,
			   rv_predicate_fn *fn, void *arg)
{
	const struct connbytes *d = (const struct connbytes *)(const void *)data;
	struct rv_predicate p = { .op = RV_OP_RANGE, .negate = d->invert, .len = 8 };

	p.sel = selectors[d->info.what][d->info.direction];
	memcpy(p.value, &d->info.count.from, 8);
	memcpy(p.other, &d->info.count.to, 8);
	return fn(&p, arg);
}

#define WORD(word, field, table, list_, parameter, text)			\
	{									\
		.name = word, .type = RV_T_ENUM,				\
		.flags = RV_OPT_REQUIRED | RV_OPT_EXACT | RV_OPT_NO_PREDICATE,		\
		RV_FIELD(struct connbytes, info.field), .names = table,		\
		.given = RV_GIVEN_ALWAYS, .errors = RV_ERRORS(.bad = "Unknown --" word " `%s'"), \
		.list = list_, .arg = parameter, .help = text,			\
	}

static const struct rv_option connbytes_options[] = {
	{
		.name = "connbytes", .type = RV_T_UINT_RANGE,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_OPEN_ENDED,
		RV_FIELD(struct connbytes, info.count.from),
		.mask_offset = offsetof(struct connbytes, info.count.to),
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(struct connbytes, invert, 1),
		.list = "connbytes", .arg = "from[:to]", .help = "minimum, or range including both ends",
		.ops = RV_OPTION_OPS(.predicate = range_predicate),
	},
	WORD("connbytes-mode", what, connbytes_modes, "connbytes mode", "packets|bytes|avgpkt",
	     "unit"),
	WORD("connbytes-dir", direction, connbytes_directions, "connbytes direction",
	     "original|reply|both", "direction"),
	{ .name = NULL },
};

/* Bounds that are equal cannot be swapped; iptables drops the '!'. */
static int check_negation(struct rv_check *c)
{
	const struct connbytes *d = (const struct connbytes *)(void *)c->part->data;

	if (!d->invert || d->info.count.from != d->info.count.to)
		return 0;
	return rv_check_fail(c, "connbytes: the kernel cannot invert a range of one number");
}

static void turn(struct xt_connbytes_info *info)
{
	uint64_t from = info->count.from;

	info->count.from = info->count.to;
	info->count.to = from;
}

static int connbytes_write_info(const struct rv_revision *w, const unsigned char *data,
				unsigned char *wire, struct rv_error *err)
{
	const struct connbytes *d = (const struct connbytes *)(const void *)data;
	struct xt_connbytes_info info = d->info;

	if (d->invert)
		turn(&info);
	memcpy(wire, &info, sizeof(info));
	return 0;
}

static int connbytes_read_info(const struct rv_revision *w, const unsigned char *wire,
			       unsigned char *data, struct rv_error *err)
{
	struct connbytes *d = (struct connbytes *)(void *)data;

	memcpy(&d->info, wire, offsetof(struct xt_connbytes_info, direction) + 1);
	d->invert = d->info.count.from > d->info.count.to;
	if (d->invert)
		turn(&d->info);
	if (d->info.what <= XT_CONNBYTES_AVGPKT && d->info.direction <= XT_CONNBYTES_DIR_BOTH)
		return 0;
	return rv_revision_fail(err, "connbytes with mode %u and direction %u", d->info.what,
			    d->info.direction);
}

RV_EXTENSION(connbytes) = {
	.name = "connbytes", .kind = RV_MATCH,
	.size = sizeof(struct connbytes), .options = connbytes_options,
	.ops = RV_EXT_OPS(.kernel_check = check_negation),
	.revisions = RV_REVISIONS(
		{ .revision = 0, .size = sizeof(struct xt_connbytes_info),
		  .read = connbytes_read_info, .write = connbytes_write_info }),
	.help = "data transferred by the connection",
};
