/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches and targets in the kernel's own form (linux/netfilter/nf_tables_compat.h), and those that
 * iptables-nft gives an expression of their own: encode/compat.c, encode/native.c.
 */
#include <linux/netfilter/xt_limit.h>

#include "extensions/NFLOG.h"
#include "extensions/limit.h"
#include "decode.h"

int rv_nft_part_read(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	const struct rv_revision_name name = {
		.kind = e->kind == RV_NFT_TARGET ? RV_TARGET : RV_MATCH,
		.name = e->name,
		.revision = e->revision,
	};
	struct rv_error why = { 0 };
	struct rv_part *part;

	part = rv_part_from_wire(r->family, &name, e->data.data, e->data.len, &why);
	if (!part && why.kind == RV_ERR_MEMORY)
		return rv_fail_memory(r->err);
	if (!part)
		return rv_nft_unsupported(r, "%s", why.text);
	if (name.kind == RV_TARGET)
		r->rule->target = part;
	else
		rv_nft_add_barrier(r, part);
	return 0;
}

/* ---- with an expression of their own ---------------------------------------------- */

static int read_limit(struct rv_nft_reader *r, const struct rv_nft_expr *e, unsigned char *data)
{
	const uint64_t ticks = e->unit * XT_LIMIT_SCALE;
	struct xt_rateinfo *info = (void *)data;

	if (!rv_limit_unit_of(e->unit) || e->type != NFT_LIMIT_PKTS || e->flags || !e->rate ||
	    e->rate > ticks)
		return rv_nft_unsupported(r, "a limit of %llu per %llu seconds is not understood",
				     (unsigned long long)e->rate, (unsigned long long)e->unit);
	/* --limit-burst 0 would be read back as the default. */
	if (!e->burst || e->burst > RV_LIMIT_BURST_MAX)
		return rv_nft_unsupported(r, "a limit with a burst of %llu is not understood",
				     (unsigned long long)e->burst);
	info->avg = ticks / e->rate;
	info->burst = e->burst;
	/* A rate that options cannot express would change when it is written again. */
	if (ticks / info->avg != e->rate)
		return rv_nft_unsupported(r, "a limit of %llu packets per %llu seconds is too exact",
				     (unsigned long long)e->rate, (unsigned long long)e->unit);
	return 0;
}

static int read_nflog(struct rv_nft_reader *r, const struct rv_nft_expr *e, unsigned char *data)
{
	struct rv_nflog *d = (void *)data;

	if (!(e->given & 1U << NFTA_LOG_GROUP))
		return rv_nft_unsupported(r, "expression `log' lacks an attribute");
	if (e->name && strlen(e->name) >= sizeof(d->prefix))
		return rv_nft_unsupported(r, "the prefix of `log' is too long");
	if (e->name)
		strcpy(d->prefix, e->name);
	d->info.group = e->group;
	d->info.len = e->len;
	d->info.threshold = e->threshold;
	d->info.flags = e->given & 1U << NFTA_LOG_SNAPLEN ? XT_NFLOG_F_COPY_LEN : 0;
	return 0;
}

static int read_trace(struct rv_nft_reader *r, const struct rv_nft_expr *e, unsigned char *data)
{
	(void)data;
	if (e->key != NFT_META_NFTRACE || !r->constant || e->sreg != r->constant)
		return rv_nft_unsupported(r, "expression `meta' sets what is not understood");
	r->constant = 0;
	return 0;
}

/* By the expression that it is known by. */
static const struct {
	enum rv_nft_kind kind;
	enum rv_ext_kind part;
	const char *name;
	int (*read)(struct rv_nft_reader *r, const struct rv_nft_expr *e, unsigned char *data);
} natives[] = {
	{ RV_NFT_LIMIT, RV_MATCH, "limit", read_limit },
	{ RV_NFT_LOG, RV_TARGET, "NFLOG", read_nflog },
	{ RV_NFT_META, RV_TARGET, "TRACE", read_trace },
};

#define NATIVES (sizeof(natives) / sizeof(*natives))

static const struct rv_ext *find_native(struct rv_nft_reader *r, enum rv_nft_kind kind,
					unsigned int *i)
{
	for (*i = 0; *i < NATIVES; ++*i)
		if (natives[*i].kind == kind)
			return rv_ext_find(natives[*i].part, r->family, natives[*i].name);
	return NULL;
}

int rv_nft_native_read(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	unsigned int i;
	const struct rv_ext *ext = find_native(r, e->kind, &i);
	struct rv_part *part;

	if (!ext)
		return rv_nft_unsupported(r, "expression `%s' is not understood",
				     rv_nft_expr_name(e->kind));
	part = rv_part_new(ext);
	if (!part)
		return rv_fail_memory(r->err);
	if (natives[i].read(r, e, part->data)) {
		rv_part_free(part);
		return -1;
	}
	if (natives[i].part == RV_MATCH) {
		rv_nft_add_barrier(r, part);
	} else {
		r->rule->target = part;
		r->ended = true;
	}
	return 0;
}
