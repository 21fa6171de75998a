/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets that change the network header: TOS, DSCP, TTL, HL. Checksums are updated incrementally.
 */
#include "internal.h"

#include <linux/netfilter/xt_DSCP.h>
#include <linux/netfilter_ipv4/ipt_TTL.h>
#include <linux/netfilter_ipv6/ip6t_HL.h>

#define IPV4_HEADER	20
#define IPV4_CHECKSUM	10
#define IPV6_HEADER	40

static uint32_t header_length(const struct rv_pkt *pkt)
{
	return pkt->family == NFPROTO_IPV4 ? IPV4_HEADER : IPV6_HEADER;
}

/* Writes 16 bits at an even offset. Returns the target's verdict. */
static unsigned int put_header(struct rv_pkt *pkt, uint32_t off, uint16_t value)
{
	uint16_t old = rv_be16(pkt->data + off);
	uint8_t *h;

	if (old == value)
		return RV_CONTINUE;
	h = pkt->ops->writable ? pkt->ops->writable(pkt, header_length(pkt)) : NULL;
	if (!h)
		return NF_DROP;
	rv_put_be16(h + off, value);
	if (pkt->family == NFPROTO_IPV4)
		rv_csum_replace(h + IPV4_CHECKSUM, old, value);
	return RV_CONTINUE;
}

/* TOS or traffic class: bits of the first 16-bit word, shifted by 0 in IPv4 and by 4 in IPv6. */
static unsigned int change_class(struct rv_pkt *pkt, uint8_t mask, uint8_t value)
{
	unsigned int shift = pkt->family == NFPROTO_IPV4 ? 0 : 4;
	uint16_t old = rv_be16(pkt->data);

	return put_header(pkt, 0, (old & ~(mask << shift)) ^ value << shift);
}

static unsigned int target_tos(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_tos_target_info *info = data;

	(void)state;
	return change_class(pkt, info->tos_mask, info->tos_value);
}

static int check_dscp(struct rv_check_ctx *a)
{
	const struct xt_DSCP_info *info = a->data;

	return info->dscp > XT_DSCP_MAX ? -EDOM : 0;
}

static unsigned int target_dscp(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_DSCP_info *info = data;

	(void)state;
	return change_class(pkt, XT_DSCP_MASK, (uint8_t)(info->dscp << XT_DSCP_SHIFT));
}

/* struct ip6t_HL_info and its modes have the same layout and values. */
static int check_hops(struct rv_check_ctx *a)
{
	const struct ipt_TTL_info *info = a->data;

	if (info->mode > IPT_TTL_MAXMODE || (info->mode != IPT_TTL_SET && !info->ttl))
		return -EINVAL;
	return 0;
}

static uint8_t new_hops(const struct ipt_TTL_info *info, uint8_t old)
{
	switch (info->mode) {
	case IPT_TTL_INC:
		return old + info->ttl > UINT8_MAX ? UINT8_MAX : old + info->ttl;
	case IPT_TTL_DEC:
		return old < info->ttl ? 0 : old - info->ttl;
	default:
		return info->ttl;
	}
}

static unsigned int target_ttl(struct rv_pkt *pkt, const void *data, void *state)
{
	uint16_t old = rv_be16(pkt->data + 8);

	(void)state;
	return put_header(pkt, 8, new_hops(data, old >> 8) << 8 | (old & 0xff));
}

static unsigned int target_hl(struct rv_pkt *pkt, const void *data, void *state)
{
	uint16_t old = rv_be16(pkt->data + 6);

	(void)state;
	return put_header(pkt, 6, (old & 0xff00) | new_hops(data, old & 0xff));
}

#define MANGLE	.tables = "mangle"

struct rv_handler rv_targets_header[] = {
	RV_TARGET_ROW("TOS", NFPROTO_UNSPEC, 1, struct xt_tos_target_info, MANGLE,
		      .target = target_tos),
	RV_TARGET_ROW("DSCP", NFPROTO_UNSPEC, 0, struct xt_DSCP_info, MANGLE,
		      .check = check_dscp, .target = target_dscp),
	RV_TARGET_ROW("TTL", NFPROTO_IPV4, 0, struct ipt_TTL_info, MANGLE,
		      .check = check_hops, .target = target_ttl),
	RV_TARGET_ROW("HL", NFPROTO_IPV6, 0, struct ip6t_HL_info, MANGLE,
		      .check = check_hops, .target = target_hl),
	{ .name = NULL },
};
