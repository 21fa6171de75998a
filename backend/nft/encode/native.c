/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches and targets that predicates cannot express but that have an nf_tables expression, which
 * stock writes instead of the compat form.
 */
#include <linux/netfilter/xt_limit.h>

#include "extensions/NFLOG.h"
#include "extensions/limit.h"
#include "encode.h"

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

/* ---- the table ------------------------------------------------------------------- */

static const struct {
	enum rv_ext_kind part;
	const char *name;
	int (*write)(struct rv_buf *b, const unsigned char *data);
} natives[] = {
	{ RV_MATCH, "limit", write_limit },
	{ RV_TARGET, "NFLOG", write_nflog },
	{ RV_TARGET, "TRACE", write_trace },
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

