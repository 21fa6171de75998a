/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connlimit: number of connections per address or network (uapi xt_connlimit.h). Depends on kernel
 * state, so there is no predicate.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/xt_connlimit.h>
#include <string.h>

#include <ravelin/extension.h>

/* '!' exchanges "above" and "up to"; stored until all options are parsed. */
struct connlimit {
	struct xt_connlimit_info info;
	uint8_t turned;
};

enum { UPTO, ABOVE, MASK, SADDR, DADDR };

#define FLAG(bit, number)							\
	{ offsetof(struct connlimit, info.flags), 4, true, XT_CONNLIMIT_##bit, (number) }

#define LIMIT(row, word, is, text)						\
	[row] = {								\
		.name = word, .type = RV_T_UINT, .flags = RV_OPT_INVERT,	\
		RV_FIELD(struct connlimit, info.limit),				\
		.given = FLAG(INVERT, is),					\
		.invert = RV_BIT(struct connlimit, turned, 1),			\
		.excludes = 1 << (row == UPTO ? ABOVE : UPTO),			\
		.arg = "number", .help = text,					\
	}

#define SIDE(row, word, is, text)						\
	[row] = {								\
		.name = word, .type = RV_T_FLAG, .given = FLAG(DADDR, is),	\
		.excludes = 1 << (row == SADDR ? DADDR : SADDR), .help = text,	\
	}

static const struct rv_option connlimit_options[] = {
	LIMIT(UPTO, "connlimit-upto", XT_CONNLIMIT_INVERT, "match up to this number of connections"),
	LIMIT(ABOVE, "connlimit-above", 0, "match above this number of connections"),
	[MASK] = {
		.name = "connlimit-mask", .type = RV_T_PREFIX,
		RV_FIELD(struct connlimit, info.mask), .given = RV_GIVEN_ALWAYS,
		.arg = "length", .help = "prefix length of the networks to count",
	},
	SIDE(SADDR, "connlimit-saddr", 0, "count by source address (default)"),
	SIDE(DADDR, "connlimit-daddr", XT_CONNLIMIT_DADDR, "count by destination address"),
	{ .name = NULL },
};

/*
 * After the mask of a single IPv4 address, iptables writes ones by default and zeros if the mask
 * was given explicitly. Both mean the same and print the same.
 */
static void normalise_mask(struct xt_connlimit_info *info, rv_family_t family)
{
	if (family == NFPROTO_IPV4 && info->mask.ip == UINT32_MAX)
		memset(&info->mask, 0xff, sizeof(info->mask));
}

static int apply_negation(struct rv_check *c)
{
	struct connlimit *d = (struct connlimit *)(void *)c->part->data;

	normalise_mask(&d->info, c->family);
	if (d->turned)
		d->info.flags ^= XT_CONNLIMIT_INVERT;
	d->turned = 0;
	return 0;
}

/* The pointer at the end is private to the kernel. */
static int read_v1(const struct rv_revision *w, const unsigned char *wire, unsigned char *data,
		   struct rv_error *err)
{
	struct connlimit *d = (struct connlimit *)(void *)data;

	memcpy(&d->info, wire, offsetof(struct xt_connlimit_info, data));
	normalise_mask(&d->info, w->arg);
	if (!(d->info.flags & ~(XT_CONNLIMIT_INVERT | XT_CONNLIMIT_DADDR)))
		return 0;
	return rv_revision_fail(err, "connlimit with flags 0x%x", d->info.flags);
}

static const struct connlimit connlimit_initial = {
	.info.mask = { .all = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX } },
};

#define CONNLIMIT(family_)							\
	{									\
		.name = "connlimit", .kind = RV_MATCH, .family = family_,	\
		.effect = RV_EFFECT_STATE, .opaque = "it counts connections",			\
		.size = sizeof(struct connlimit),				\
		.compare = offsetof(struct connlimit, info.data),		\
		.initial = &connlimit_initial, .options = connlimit_options,			\
		.revisions = RV_REVISIONS({ .revision = 1, .size = sizeof(struct xt_connlimit_info), \
				  .read = read_v1, .arg = family_ }),		\
		.help = "number of connections per address or network",	\
		.required = "You must specify \"--connlimit-above\" or \"--connlimit-upto\".", \
		.one_of = 1 << UPTO | 1 << ABOVE, .ops = RV_EXT_OPS(.check = apply_negation), \
		.list_template = " #conn {connlimit-daddr:dst|src}/<connlimit-mask>" \
			      " {connlimit-upto:\\<=|>} <connlimit-above:d>",	\
		.nft = " add @<connlimit-upto:f> \\{ {connlimit-daddr:<connlimit-mask:k,daddr>" \
		       "|{connlimit-saddr:}<connlimit-mask:k,saddr>} ct count "	\
		       "{connlimit-above:over }<connlimit-above:d> \\}",	\
	}

RV_EXTENSION(connlimit4) = CONNLIMIT(NFPROTO_IPV4);
RV_EXTENSION(connlimit6) = CONNLIMIT(NFPROTO_IPV6);
