/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets on connections, in engines that track them: CT, NOTRACK, CONNMARK. */
#include "ct.h"

#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_connmark.h>

/* ---- CT ------------------------------------------ */

/* Checks both revisions; their names have the same size and must end with NUL. */
static int check_ct(struct rv_check_ctx *a)
{
	const struct xt_ct_target_info_v1 *info = a->data;
	const uint16_t dirs = info->flags & (XT_CT_ZONE_DIR_ORIG | XT_CT_ZONE_DIR_REPL);

	if (info->flags & ~XT_CT_MASK)
		return -EINVAL;
	if (info->flags & XT_CT_NOTRACK)
		return 0;
	/* The engine implements neither helpers nor timeout policies. */
	if (info->helper[0])
		return -EOPNOTSUPP;
	if (a->size >= sizeof(*info) && info->timeout[0])
		return -EOPNOTSUPP;
	/* The zone is either the packet's mark or the number in the rule. */
	if (info->flags & XT_CT_ZONE_MARK && info->zone)
		return -EINVAL;
	return dirs == (XT_CT_ZONE_DIR_ORIG | XT_CT_ZONE_DIR_REPL) ? -EINVAL : 0;
}

static unsigned int untrack(struct rv_pkt *pkt)
{
	if (!pkt->track.conn)
		pkt->track.info = RV_CT_UNTRACKED;
	return RV_CONTINUE;
}

static uint8_t dirs_of(uint16_t flags)
{
	if (flags & XT_CT_ZONE_DIR_ORIG)
		return 1 << RV_CT_ORIGINAL;
	return flags & XT_CT_ZONE_DIR_REPL ? 1 << RV_CT_REPLY : 1 << RV_CT_ORIGINAL | 1 << RV_CT_REPLY;
}

/* Does nothing if the packet already has a connection or is UNTRACKED: the first rule applies. */
static unsigned int target_ct(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_ct_target_info *info = data;
	struct rv_track *track = &pkt->track;

	(void)state;
	if (track->conn || track->info == RV_CT_UNTRACKED || track->zone_dirs)
		return RV_CONTINUE;
	if (info->flags & XT_CT_NOTRACK)
		return untrack(pkt);
	track->zone = info->zone;
	track->zone_dirs = dirs_of(info->flags);
	track->zone_is_mark = info->flags & XT_CT_ZONE_MARK;
	return RV_CONTINUE;
}

static unsigned int target_notrack(struct rv_pkt *pkt, const void *data, void *state)
{
	(void)data;
	(void)state;
	return pkt->track.zone_dirs ? RV_CONTINUE : untrack(pkt);
}

/* ---- CONNMARK ------------------------------------------ */

static int check_connmark(struct rv_check_ctx *a)
{
	const struct xt_connmark_tginfo1 *v1 = a->data;
	const struct xt_connmark_tginfo2 *v2 = a->data;
	const uint8_t mode = a->revision == 1 ? v1->mode : v2->mode;

	if (mode > XT_CONNMARK_RESTORE)
		return -EINVAL;
	if (a->revision == 2 && (v2->shift_dir > D_SHIFT_RIGHT || v2->shift_bits > 31))
		return -EINVAL;
	return 0;
}

static uint32_t shift(const struct xt_connmark_tginfo2 *info, uint32_t mark)
{
	return info->shift_dir == D_SHIFT_RIGHT ? mark >> info->shift_bits : mark << info->shift_bits;
}

/* Several CPUs may process packets of one connection at once: the last mark written stays. */
static unsigned int run_connmark(struct rv_pkt *pkt, const struct xt_connmark_tginfo2 *info)
{
	struct rv_conn *c = pkt->track.conn;
	uint32_t mark;

	if (!c)
		return RV_CONTINUE;
	mark = rv_relaxed(c->mark);
	switch (info->mode) {
	case XT_CONNMARK_SET:
		rv_set_relaxed(c->mark, shift(info, (mark & ~info->ctmask) ^ info->ctmark));
		break;
	case XT_CONNMARK_SAVE:
		mark = (mark & ~info->ctmask) ^ shift(info, pkt->mark & info->nfmask);
		rv_set_relaxed(c->mark, mark);
		break;
	default:
		pkt->mark = (pkt->mark & ~info->nfmask) ^ shift(info, mark & info->ctmask);
	}
	return RV_CONTINUE;
}

static unsigned int target_connmark1(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_connmark_tginfo1 *v1 = data;
	const struct xt_connmark_tginfo2 info = {
		.ctmark = v1->ctmark, .ctmask = v1->ctmask, .nfmask = v1->nfmask, .mode = v1->mode,
	};

	(void)state;
	return run_connmark(pkt, &info);
}

static unsigned int target_connmark2(struct rv_pkt *pkt, const void *data, void *state)
{
	(void)state;
	return run_connmark(pkt, data);
}

#define ANY	NFPROTO_UNSPEC
#define CT(rev, info)								\
	RV_TARGET_ROW("CT", ANY, rev, info, .tracks = true, .tables = "raw", .check = check_ct,	\
		      .target = target_ct)

struct rv_handler rv_targets_ct[] = {
	CT(0, struct xt_ct_target_info),
	CT(1, struct xt_ct_target_info_v1),
	CT(2, struct xt_ct_target_info_v1),
	{ .name = "NOTRACK", .kind = RVK_KIND_TARGET, .tables = "raw", .tracks = true,
	  .target = target_notrack },
	RV_TARGET_ROW("CONNMARK", ANY, 1, struct xt_connmark_tginfo1, .tracks = true,
		      .check = check_connmark, .target = target_connmark1),
	RV_TARGET_ROW("CONNMARK", ANY, 2, struct xt_connmark_tginfo2, .tracks = true,
		      .check = check_connmark, .target = target_connmark2),
	{ .name = NULL },
};
