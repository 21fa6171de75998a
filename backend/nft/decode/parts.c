/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes matches and targets from compat expressions (linux/netfilter/nf_tables_compat.h), and
 * those that iptables-nft writes as native expressions: the inverse of encode/compat.c and
 * encode/native.c. TRACE is in statements.c.
 */
#include <linux/netfilter/xt_limit.h>

#include <ravelin/registry.h>

#include "extensions/NFLOG.h"
#include "extensions/limit.h"
#include "reader.h"

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
	r->m->compat = true;
	if (name.kind == RV_MATCH)
		return rv_nft_add_match(r, part);
	r->m->rule->target = part;
	r->ended = true;
	return 0;
}

/* ---- with an expression of their own ---------------------------------------------- */

static int put_limit(struct rv_nft_reader *r, const struct rv_nft_expr *e, struct xt_rateinfo *info)
{
	const uint64_t ticks = e->unit * XT_LIMIT_SCALE;

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
	/* Options cannot express this rate exactly: a save and restore would change it. */
	if (ticks / info->avg != e->rate)
		return rv_nft_unsupported(r, "a limit of %llu packets per %llu seconds is too exact",
					  (unsigned long long)e->rate, (unsigned long long)e->unit);
	return 0;
}

int rv_nft_limit_read(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	const struct rv_ext *ext = rv_ext_find(RV_MATCH, r->family, "limit");
	struct rv_part *part = ext ? rv_part_new(ext) : NULL;
	bool many;

	if (!ext || r->ended) {
		rv_part_free(part);
		return rv_nft_strange(r, e);
	}
	if (!part)
		return rv_fail_memory(r->err);
	/* Rules written by iptables may have any number of limits. */
	many = r->m->ncounted == RV_NFT_COUNTED;
	r->m->many |= many;
	if (put_limit(r, e, (void *)part->data) || (many ? rv_nft_end_ranges(r) : rv_nft_count(r))) {
		rv_part_free(part);
		return -1;
	}
	return rv_nft_add_match(r, part);
}

int rv_nft_nflog_read(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	const struct rv_ext *ext = rv_ext_find(RV_TARGET, r->family, "NFLOG");
	struct rv_nflog *d;

	if (!ext || e->level || e->flags || r->ended)
		return rv_nft_strange(r, e);
	if (e->name && strlen(e->name) >= sizeof(d->prefix))
		return rv_nft_unsupported(r, "the prefix of `log' is too long");
	r->m->rule->target = rv_part_new(ext);
	if (!r->m->rule->target)
		return rv_fail_memory(r->err);
	r->ended = true;
	d = (void *)r->m->rule->target->data;
	if (e->name)
		strcpy(d->prefix, e->name);
	d->info.group = e->group;
	d->info.len = e->len;
	d->info.threshold = e->threshold;
	d->info.flags = e->given & 1U << NFTA_LOG_SNAPLEN ? XT_NFLOG_F_COPY_LEN : 0;
	return 0;
}
