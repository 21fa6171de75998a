/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches on packet metadata: mark, pkttype, mac, addrtype, physdev, comment. */
#include "internal.h"

#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_mac.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_physdev.h>
#include <linux/netfilter/xt_pkttype.h>

#define HOOK(name)	(1U << NF_INET_##name)

static int say_mark(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct xt_mark_mtinfo1 *info = a->data;

	rv_say(said, RVK_SEL_MARK, RVK_OP_MASK, info->invert, 4, &info->mark, &info->mask);
	return 0;
}

static int say_pkttype(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct xt_pkttype_info *info = a->data;
	const uint8_t type = (uint8_t)info->pkttype;

	rv_say(said, RVK_SEL_PKTTYPE, RVK_OP_EQ, info->invert, 1, &type, NULL);
	return 0;
}

static int say_mac(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct xt_mac_info *info = a->data;

	rv_say(said, RVK_SEL_ETHER_SADDR, RVK_OP_EQ, info->invert, 6, info->srcaddr, NULL);
	return 0;
}

static bool match_comment(struct rv_pkt *pkt, const void *data, void *state)
{
	(void)pkt;
	(void)data;
	(void)state;
	return true;
}

/* ---- addrtype ----------------------------------------------------------------------- */

#define LIMITS	(XT_ADDRTYPE_LIMIT_IFACE_IN | XT_ADDRTYPE_LIMIT_IFACE_OUT)

static int check_addrtype(struct rv_check_ctx *a)
{
	const struct xt_addrtype_info_v1 *info = a->data;

	if ((info->flags & LIMITS) == LIMITS)
		return -EINVAL;
	if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT &&
	    a->hooks & (HOOK(PRE_ROUTING) | HOOK(LOCAL_IN)))
		return -EINVAL;
	if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_IN &&
	    a->hooks & (HOOK(POST_ROUTING) | HOOK(LOCAL_OUT)))
		return -EINVAL;
	return 0;
}

static bool is_of_type(const struct rv_pkt *pkt, bool dst, enum rv_iface on, uint16_t types)
{
	uint8_t type = pkt->ops->addrtype(pkt, rv_pkt_addr(pkt, dst), on);

	return type < 16 && types & 1U << type;
}

static bool match_addrtype(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_addrtype_info_v1 *info = data;
	enum rv_iface on = RV_IFACE_ANY;

	(void)state;
	if (!pkt->ops->addrtype)
		return false;
	if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
		on = RV_IFACE_IN;
	else if (info->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		on = RV_IFACE_OUT;
	if (info->source && is_of_type(pkt, false, on, info->source) ==
			    !!(info->flags & XT_ADDRTYPE_INVERT_SOURCE))
		return false;
	return !info->dest || is_of_type(pkt, true, on, info->dest) !=
			      !!(info->flags & XT_ADDRTYPE_INVERT_DEST);
}

/* ---- physdev ------------------------------------------------------------------------- */

#define OUTS	(XT_PHYSDEV_OP_OUT | XT_PHYSDEV_OP_ISOUT)

/* The output port is only known for packets the bridge forwards. */
static int check_physdev(struct rv_check_ctx *a)
{
	const struct rv_engine_ops *ops = rv_engine_ops(a->engine);
	const struct xt_physdev_info *info = a->data;
	bool bridged = info->bitmask & XT_PHYSDEV_OP_BRIDGED &&
		       !(info->invert & XT_PHYSDEV_OP_BRIDGED);

	if (!(info->bitmask & XT_PHYSDEV_OP_MASK) || info->bitmask & ~XT_PHYSDEV_OP_MASK)
		return -EINVAL;
	if (info->bitmask & OUTS && !bridged && a->hooks & HOOK(LOCAL_OUT))
		return -EINVAL;
	if (ops && ops->bridge_needed)
		ops->bridge_needed(a->engine);
	return 0;
}

static bool name_fits(const char *name, const char *wanted, const char *mask)
{
	uint8_t differ = 0;

	for (unsigned int i = 0; i < 16; i++)
		differ |= (name[i] ^ wanted[i]) & mask[i];
	return !differ;
}

/* Whether a property that op tests has the required value; true if it is not tested. */
static bool is_as_asked(const struct xt_physdev_info *info, unsigned int op, bool is)
{
	return !(info->bitmask & op) || is != !!(info->invert & op);
}

static bool match_physdev(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_physdev_info *info = data;
	const char *in = NULL, *out = NULL;
	bool bridged = false, on;

	(void)state;
	on = pkt->ops->bridge && pkt->ops->bridge(pkt, &in, &out, &bridged);
	if (!is_as_asked(info, XT_PHYSDEV_OP_BRIDGED, on && bridged) ||
	    !is_as_asked(info, XT_PHYSDEV_OP_ISIN, on && in) ||
	    !is_as_asked(info, XT_PHYSDEV_OP_ISOUT, on && out))
		return false;
	return is_as_asked(info, XT_PHYSDEV_OP_IN,
			   on && in && name_fits(in, info->physindev, info->in_mask)) &&
	       is_as_asked(info, XT_PHYSDEV_OP_OUT,
			   on && out && name_fits(out, info->physoutdev, info->out_mask));
}

#define PHYS	RV_READS(RVK_SEL_PHYSIN, RVK_SEL_PHYSOUT, RVK_SEL_PHYS_IS_IN, RVK_SEL_PHYS_IS_OUT, RVK_SEL_PHYS_BRIDGED)
#define TYPES	RV_READS(RVK_SEL_ADDRTYPE_SRC, RVK_SEL_ADDRTYPE_DST)
#define ANY	NFPROTO_UNSPEC

struct rv_handler rv_matches_packet[] = {
	RV_MATCH_ROW("mark", ANY, 1, struct xt_mark_mtinfo1, RV_READS(RVK_SEL_MARK),
		     RV_SAYS(say_mark)),
	RV_MATCH_ROW("pkttype", ANY, 0, struct xt_pkttype_info, RV_READS(RVK_SEL_PKTTYPE),
		     RV_SAYS(say_pkttype)),
	RV_MATCH_ROW("mac", ANY, 0, struct xt_mac_info, RV_READS(RVK_SEL_ETHER_SADDR),
		     RV_SAYS(say_mac),
		     .hooks = HOOK(PRE_ROUTING) | HOOK(LOCAL_IN) | HOOK(FORWARD)),
	RV_MATCH_ROW("comment", ANY, 0, struct xt_comment_info, 0, .match = match_comment),
	RV_MATCH_ROW("addrtype", ANY, 1, struct xt_addrtype_info_v1, TYPES,
		     .check = check_addrtype, .match = match_addrtype),
	RV_MATCH_ROW("physdev", ANY, 0, struct xt_physdev_info, PHYS, .check = check_physdev,
		     .match = match_physdev),
	{ .name = NULL },
};
