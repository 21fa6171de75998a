/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches and targets that say more than a predicate can, but have an expression
 * of their own: stock writes that instead of the compat form.
 */
#include <linux/netfilter/xt_limit.h>

#include "extensions/NFLOG.h"
#include "extensions/limit.h"
#include "nft.h"

/* ---- limit --------------------------------------------------------------------- */

static int write_limit(struct rv_buf *b, const unsigned char *data)
{
	const struct xt_rateinfo *info = (const void *)data;
	const struct rv_rate r = rv_rate_of_packets(info->avg, XT_LIMIT_SCALE, info->burst);
	const struct rv_nft_expr e = {
		.kind = RV_NFT_LIMIT, .rate = r.rate, .unit = r.seconds, .burst = r.burst,
	};

	if (!info->avg)
		return 1;
	rv_nft_expr_write(b, &e);
	return 0;
}

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

/* ---- NFLOG --------------------------------------------------------------------- */

static int write_nflog(struct rv_buf *b, const unsigned char *data)
{
	const struct rv_nflog *d = (const void *)data;
	struct rv_nft_expr e = {
		.kind = RV_NFT_LOG, .name = d->prefix, .group = d->info.group,
		.len = d->info.len, .threshold = d->info.threshold,
	};

	e.given = 1U << NFTA_LOG_GROUP | (d->prefix[0] ? 1U << NFTA_LOG_PREFIX : 0) |
		  (d->info.flags & XT_NFLOG_F_COPY_LEN ? 1U << NFTA_LOG_SNAPLEN : 0) |
		  (d->info.threshold ? 1U << NFTA_LOG_QTHRESHOLD : 0);
	rv_nft_expr_write(b, &e);
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

/* ---- TRACE: the packet's nftrace becomes 1 ---------------------------------------- */

#define TRACE_REGISTER (NFT_REG32_00 + 1)

static int write_trace(struct rv_buf *b, const unsigned char *data)
{
	static const unsigned char one[] = { 1 };
	const struct rv_nft_expr value = {
		.kind = RV_NFT_IMMEDIATE, .dreg = TRACE_REGISTER, .data = { one, sizeof(one) },
	};
	const struct rv_nft_expr set = {
		.kind = RV_NFT_META, .key = NFT_META_NFTRACE, .sreg = TRACE_REGISTER,
		.given = 1U << NFTA_META_SREG,
	};

	(void)data;
	rv_nft_expr_write(b, &value);
	rv_nft_expr_write(b, &set);
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

/* ---- the table ------------------------------------------------------------------- */

/* kind: the expression it is known by when read. */
static const struct {
	enum rv_nft_kind kind;
	enum rv_ext_kind part;
	const char *name;
	int (*write)(struct rv_buf *b, const unsigned char *data);
	int (*read)(struct rv_nft_reader *r, const struct rv_nft_expr *e, unsigned char *data);
} natives[] = {
	{ RV_NFT_LIMIT, RV_MATCH, "limit", write_limit, read_limit },
	{ RV_NFT_LOG, RV_TARGET, "NFLOG", write_nflog, read_nflog },
	{ RV_NFT_META, RV_TARGET, "TRACE", write_trace, read_trace },
};

#define NATIVES (sizeof(natives) / sizeof(*natives))

int rv_nft_native_write(struct rv_buf *b, const struct rv_part *part)
{
	for (unsigned int i = 0; i < NATIVES; i++)
		if (part->ext->kind == natives[i].part && !strcmp(natives[i].name, part->ext->name))
			return natives[i].write(b, part->data);
	return 1;
}

bool rv_nft_has_native(const struct rv_ext *ext)
{
	for (unsigned int i = 0; i < NATIVES; i++)
		if (ext->kind == natives[i].part && !strcmp(natives[i].name, ext->name))
			return true;
	return false;
}

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
