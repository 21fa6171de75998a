/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches on the packet's connection, in engines that track connections: conntrack, state,
 * connmark, connbytes, connlabel.
 */
#include "ct.h"

#include <linux/netfilter/xt_connbytes.h>
#include <linux/netfilter/xt_connlabel.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_state.h>

/* Returns the packet's state as a bit. xt_state and xt_conntrack differ only in UNTRACKED's bit. */
static uint32_t state_bit(const struct rv_pkt *pkt, uint32_t untracked)
{
	if (pkt->track.conn)
		return NF_CT_STATE_BIT(pkt->track.info);
	return pkt->track.info == RV_CT_UNTRACKED ? untracked : NF_CT_STATE_INVALID_BIT;
}

/* ---- conntrack ------------------------------------------ */

/* Converts older revisions to the newest. */
static void convert_info(const struct rv_check_ctx *a, struct xt_conntrack_mtinfo3 *info)
{
	const struct xt_conntrack_mtinfo1 *v1 = a->data;
	const struct xt_conntrack_mtinfo2 *v2 = a->data;

	if (a->revision == 3) {
		memcpy(info, a->data, sizeof(*info));
		return;
	}
	memcpy(info, a->data, offsetof(struct xt_conntrack_mtinfo1, state_mask));
	info->state_mask = a->revision == 1 ? v1->state_mask : v2->state_mask;
	info->status_mask = a->revision == 1 ? v1->status_mask : v2->status_mask;
	/* Revision 1 has a single port, in network order. */
	info->origsrc_port = info->origsrc_port_high = rv_be16((const void *)&v1->origsrc_port);
	info->origdst_port = info->origdst_port_high = rv_be16((const void *)&v1->origdst_port);
	info->replsrc_port = info->replsrc_port_high = rv_be16((const void *)&v1->replsrc_port);
	info->repldst_port = info->repldst_port_high = rv_be16((const void *)&v1->repldst_port);
}

static int check_conntrack(struct rv_check_ctx *a)
{
	struct xt_conntrack_mtinfo3 *info = rv_alloc(sizeof(*info), true);

	if (!info)
		return -ENOMEM;
	convert_info(a, info);
	a->state = info;
	return 0;
}

static bool states_fit(const struct rv_pkt *pkt, const struct xt_conntrack_mtinfo3 *info)
{
	uint32_t bits = state_bit(pkt, XT_CONNTRACK_STATE_UNTRACKED);

	if (pkt->track.conn && rv_conn_status(pkt->track.conn) & IPS_SRC_NAT)
		bits |= XT_CONNTRACK_STATE_SNAT;
	if (pkt->track.conn && rv_conn_status(pkt->track.conn) & IPS_DST_NAT)
		bits |= XT_CONNTRACK_STATE_DNAT;
	return !(info->state_mask & bits) == !!(info->invert_flags & XT_CONNTRACK_STATE);
}

static bool address_fits(const struct rv_tuple *t, bool dst, const union nf_inet_addr *addr,
			 const union nf_inet_addr *mask)
{
	const uint32_t *words = dst ? t->dst : t->src;

	for (unsigned int i = 0; i < 4; i++)
		if ((words[i] ^ addr->all[i]) & mask->all[i])
			return false;
	return true;
}

static bool port_fits(const struct rv_tuple *t, bool dst, uint16_t low, uint16_t high)
{
	const uint16_t port = rv_be16(t->ids + (dst ? 2 : 0));

	return port >= low && port <= high;
}

static bool expiry_fits(const struct rv_conn *c, const struct xt_conntrack_mtinfo3 *info)
{
	const uint64_t expires = rv_relaxed(c->expires), now = rv_ct_now();
	uint64_t seconds = expires / RV_SECOND;

	if (rv_conn_confirmed(c))
		seconds = expires > now ? (expires - now) / RV_SECOND : 0;
	return seconds >= info->expires_min && seconds <= info->expires_max;
}

/* Whether the option was not given, or its test has the result that the rule requires. */
#define WANTED(flag, is) (!(info->match_flags & (flag)) || (is) == !(info->invert_flags & (flag)))

static bool tuples_fit(const struct rv_conn *c, const struct xt_conntrack_mtinfo3 *info)
{
	const struct rv_tuple o = rv_conn_tuple(c, RV_CT_ORIGINAL), r = rv_conn_tuple(c, RV_CT_REPLY);

#define ADDRESS(t, dst, field) address_fits(&(t), dst, &info->field##_addr, &info->field##_mask)
#define PORT(t, dst, field) port_fits(&(t), dst, info->field##_port, info->field##_port_high)
	return WANTED(XT_CONNTRACK_ORIGSRC, ADDRESS(o, false, origsrc)) &&
	       WANTED(XT_CONNTRACK_ORIGDST, ADDRESS(o, true, origdst)) &&
	       WANTED(XT_CONNTRACK_REPLSRC, ADDRESS(r, false, replsrc)) &&
	       WANTED(XT_CONNTRACK_REPLDST, ADDRESS(r, true, repldst)) &&
	       WANTED(XT_CONNTRACK_PROTO, rv_tuple_proto(&o) == info->l4proto) &&
	       WANTED(XT_CONNTRACK_ORIGSRC_PORT, PORT(o, false, origsrc)) &&
	       WANTED(XT_CONNTRACK_ORIGDST_PORT, PORT(o, true, origdst)) &&
	       WANTED(XT_CONNTRACK_REPLSRC_PORT, PORT(r, false, replsrc)) &&
	       WANTED(XT_CONNTRACK_REPLDST_PORT, PORT(r, true, repldst));
#undef ADDRESS
#undef PORT
}

/* As in xt_conntrack, only the state of a packet without connection is tested, if it was given. */
static bool match_conntrack(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_conntrack_mtinfo3 *info = state;
	const struct rv_conn *c = pkt->track.conn;

	(void)data;
	if (info->match_flags & XT_CONNTRACK_STATE && !states_fit(pkt, info))
		return false;
	if (!c)
		return info->match_flags & XT_CONNTRACK_STATE;
	return WANTED(XT_CONNTRACK_DIRECTION, rv_ct_dir(pkt->track.info) == RV_CT_ORIGINAL) &&
	       tuples_fit(c, info) &&
	       WANTED(XT_CONNTRACK_STATUS, !!(rv_conn_status(c) & info->status_mask)) &&
	       WANTED(XT_CONNTRACK_EXPIRES, expiry_fits(c, info));
}

/* ---- others ------------------------------------------ */

static bool match_state(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_state_info *info = data;

	(void)state;
	return info->statemask & state_bit(pkt, XT_STATE_UNTRACKED);
}

static bool match_connmark(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_connmark_mtinfo1 *info = data;

	(void)state;
	if (!pkt->track.conn)
		return false;
	return ((rv_relaxed(pkt->track.conn->mark) & info->mask) == info->mark) != info->invert;
}

static int check_connbytes(struct rv_check_ctx *a)
{
	const struct xt_connbytes_info *info = a->data;

	return info->what > XT_CONNBYTES_AVGPKT || info->direction > XT_CONNBYTES_DIR_BOTH ? -EINVAL : 0;
}

/* Returns the counter of one direction, or the sum of both. */
static uint64_t sum_of(const uint64_t counters[RV_CT_DIRS], unsigned int direction)
{
	uint64_t sum = 0;

	if (direction != XT_CONNBYTES_DIR_REPLY)
		sum += rv_relaxed(counters[RV_CT_ORIGINAL]);
	if (direction != XT_CONNBYTES_DIR_ORIGINAL)
		sum += rv_relaxed(counters[RV_CT_REPLY]);
	return sum;
}

/* If the lower bound is above the upper one, matches values outside of the two. */
static bool match_connbytes(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_connbytes_info *info = data;
	const struct rv_conn *c = pkt->track.conn;
	uint64_t n, packets;

	(void)state;
	if (!c)
		return false;
	packets = sum_of(c->packets, info->direction);
	n = info->what == XT_CONNBYTES_PKTS ? packets : sum_of(c->bytes, info->direction);
	if (info->what == XT_CONNBYTES_AVGPKT)
		n = packets ? n / packets : 0;
	if (info->count.to >= info->count.from)
		return n >= info->count.from && n <= info->count.to;
	return n < info->count.to || n > info->count.from;
}

static int check_connlabel(struct rv_check_ctx *a)
{
	const struct xt_connlabel_mtinfo *info = a->data;

	if (info->options & ~(XT_CONNLABEL_OP_INVERT | XT_CONNLABEL_OP_SET) ||
	    info->bit > XT_CONNLABEL_MAXBIT)
		return -EINVAL;
	return 0;
}

static bool match_connlabel(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_connlabel_mtinfo *info = data;
	const bool inverted = info->options & XT_CONNLABEL_OP_INVERT;
	const uint64_t bit = 1ULL << info->bit % 64;
	uint64_t *labels;

	(void)state;
	if (!pkt->track.conn)
		return inverted;
	labels = &pkt->track.conn->labels[info->bit / 64];
	if (rv_relaxed(*labels) & bit)
		return !inverted;
	if (!(info->options & XT_CONNLABEL_OP_SET))
		return inverted;
	__atomic_fetch_or(labels, bit, __ATOMIC_RELAXED);
	return !inverted;
}

#define ANY	NFPROTO_UNSPEC
#define STATE	RV_READS(RV_READS_STATE)
#define CONNTRACK(rev, info)							\
	RV_MATCH_ROW("conntrack", ANY, rev, info, STATE, .tracks = true,	\
		     .check = check_conntrack, .match = match_conntrack, .destroy = rv_state_free)

struct rv_handler rv_matches_ct[] = {
	CONNTRACK(1, struct xt_conntrack_mtinfo1),
	CONNTRACK(2, struct xt_conntrack_mtinfo2),
	CONNTRACK(3, struct xt_conntrack_mtinfo3),
	RV_MATCH_ROW("state", ANY, 0, struct xt_state_info, STATE, .tracks = true,
		     .match = match_state),
	RV_MATCH_ROW("connmark", ANY, 1, struct xt_connmark_mtinfo1, STATE, .tracks = true,
		     .match = match_connmark),
	RV_MATCH_ROW("connbytes", ANY, 0, struct xt_connbytes_info, STATE, .tracks = true,
		     .check = check_connbytes, .match = match_connbytes),
	RV_MATCH_ROW("connlabel", ANY, 0, struct xt_connlabel_mtinfo, STATE, .tracks = true,
		     .check = check_connlabel, .match = match_connlabel),
	{ .name = NULL },
};
