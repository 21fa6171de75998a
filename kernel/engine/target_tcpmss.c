/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCPMSS: limits the maximum segment size option of SYN packets (RFC 9293, 3.7.1). */
#include "internal.h"

#include <linux/netfilter/xt_TCPMSS.h>
#include <linux/netfilter/xt_tcpudp.h>

#define TCP_HEADER_MAX	60
#define TCP_SYN		0x02
#define OPTION_MSS	2
#define OPTION_LEN	4

/* MSS of a sender without the option (RFC 9293, 3.7.1). */
#define DEFAULT_MSS_V4	536
#define DEFAULT_MSS_V6	1220

#define CLAMP_HOOKS	(1U << NF_INET_FORWARD | 1U << NF_INET_LOCAL_OUT | 1U << NF_INET_POST_ROUTING)

static bool predicate_wants_syn(const struct rvk_predicate *p)
{
	return p->sel == RVK_SEL_TCP_FLAGS && p->op == RVK_OP_MASK && !(p->flags & RVK_PREDICATE_NEGATE) &&
	       p->value[0] & TCP_SYN;
}

static bool predicates_want_syn(const struct rvk_element *el)
{
	const uint8_t *end = (const uint8_t *)el + el->size;

	for (const uint8_t *p = (const uint8_t *)(el + 1); p < end;) {
		const struct rvk_predicate *predicate = (const void *)p;

		if (predicate_wants_syn(predicate))
			return true;
		p += predicate->size;
	}
	return false;
}

static bool wants_syn(const struct rvk_element *el)
{
	const struct xt_tcp *tcp = (const void *)(el + 1);

	if (el->form == RVK_FORM_PREDICATES)
		return predicates_want_syn(el);
	return !strcmp(el->name, "tcp") && !el->revision && tcp->flg_cmp & TCP_SYN &&
	       !(tcp->invflags & XT_TCP_INV_FLAGS);
}

/* The rule's matches, which precede the target, are already checked. */
static bool rule_wants_syn(const struct rvk_entry *e)
{
	const struct rvk_element *el = rv_entry_elements(e);

	if (!rv_ip_is_proto(&e->ip, IPPROTO_TCP))
		return false;
	for (; el < rv_entry_target(e); el = rv_element_next(el))
		if (wants_syn(el))
			return true;
	return false;
}

static int check_tcpmss(struct rv_check_ctx *a)
{
	const struct xt_tcpmss_info *info = a->data;

	if (info->mss == XT_TCPMSS_CLAMP_PMTU && a->hooks & ~CLAMP_HOOKS) {
		a->reason = RVK_WHY_IN_HOOK;
		return -EINVAL;
	}
	return rule_wants_syn(a->entry) ? 0 : -EINVAL;
}

/* 0: the MTU to one of the two ends leaves no room for a segment. */
static uint32_t wanted_mss(const struct rv_pkt *pkt, const struct xt_tcpmss_info *info)
{
	uint32_t headers = (pkt->family == NFPROTO_IPV4 ? 20 : 40) + RV_TCP_HEADER, mtu, back;

	if (info->mss != XT_TCPMSS_CLAMP_PMTU)
		return info->mss;
	if (!pkt->ops->mtu)
		return UINT16_MAX;
	mtu = pkt->ops->mtu(pkt, false);
	back = pkt->ops->mtu(pkt, true);
	if (!mtu || (back && back < mtu))
		mtu = back;
	if (!mtu)
		return UINT16_MAX;
	return mtu > headers ? mtu - headers : 0;
}

/*
 * For bytes covered only by the transport checksum; a CHECKSUM_PARTIAL sum does not include them.
 */
static void correct(const struct rv_pkt *pkt, uint8_t *tcp, uint16_t from, uint16_t to)
{
	if (!pkt->partial)
		rv_csum_replace(tcp + 16, from, to);
}

/* For the pseudo header, whose sum is not inverted with CHECKSUM_PARTIAL. */
static void correct_pseudo(const struct rv_pkt *pkt, uint8_t *tcp, uint16_t from, uint16_t to)
{
	uint16_t invert = pkt->partial ? 0xffff : 0;

	rv_put_be16(tcp + 16, rv_be16(tcp + 16) ^ invert);
	rv_csum_replace(tcp + 16, from, to);
	rv_put_be16(tcp + 16, rv_be16(tcp + 16) ^ invert);
}

/* At an odd offset, the 16 bits of the option belong to two words of the checksum. */
static void put_mss(const struct rv_pkt *pkt, uint8_t *tcp, uint32_t at, uint16_t mss)
{
	uint32_t from = at & ~1U, to = (at + 3) & ~1U;
	uint16_t old[2];

	for (uint32_t i = from; i < to; i += 2)
		old[(i - from) / 2] = rv_be16(tcp + i);
	rv_put_be16(tcp + at, mss);
	for (uint32_t i = from; i < to; i += 2)
		correct(pkt, tcp, old[(i - from) / 2], rv_be16(tcp + i));
}

/* Offset of the value in the option, or 0. */
static uint32_t find_mss(const uint8_t *tcp, uint32_t header)
{
	for (uint32_t i = RV_TCP_HEADER; i + OPTION_LEN <= header;) {
		if (tcp[i] == OPTION_MSS && tcp[i + 1] == OPTION_LEN)
			return i + 2;
		i += tcp[i] < 2 || !tcp[i + 1] ? 1 : tcp[i + 1];
	}
	return 0;
}

/* Updates the lengths in the network header. */
static void lengthen(struct rv_pkt *pkt, uint8_t *ip)
{
	uint32_t at = pkt->family == NFPROTO_IPV4 ? 2 : 4;
	uint16_t old = rv_be16(ip + at);

	if (!old)
		return;
	rv_put_be16(ip + at, old + OPTION_LEN);
	if (pkt->family == NFPROTO_IPV4)
		rv_csum_replace(ip + 10, old, old + OPTION_LEN);
}

/* Inserts the option before the others. The packet has no payload; len is its length. */
static unsigned int add_mss(struct rv_pkt *pkt, uint32_t len, uint16_t mss)
{
	uint16_t greatest = pkt->family == NFPROTO_IPV4 ? DEFAULT_MSS_V4 : DEFAULT_MSS_V6, old;
	uint8_t *ip = pkt->ops->expand ? pkt->ops->expand(pkt, OPTION_LEN) : NULL;
	uint8_t *tcp;

	if (!ip)
		return NF_DROP;
	tcp = ip + pkt->thoff;
	memmove(tcp + RV_TCP_HEADER + OPTION_LEN, tcp + RV_TCP_HEADER, len - RV_TCP_HEADER);
	tcp[RV_TCP_HEADER] = OPTION_MSS;
	tcp[RV_TCP_HEADER + 1] = OPTION_LEN;
	rv_put_be16(tcp + RV_TCP_HEADER + 2, mss < greatest ? mss : greatest);
	correct_pseudo(pkt, tcp, len, len + OPTION_LEN);
	correct(pkt, tcp, 0, rv_be16(tcp + RV_TCP_HEADER));
	correct(pkt, tcp, 0, rv_be16(tcp + RV_TCP_HEADER + 2));
	old = rv_be16(tcp + 12);
	rv_put_be16(tcp + 12, old + (1 << 12));
	correct(pkt, tcp, old, rv_be16(tcp + 12));
	lengthen(pkt, ip);
	return RV_CONTINUE;
}

static unsigned int target_tcpmss(struct rv_pkt *pkt, const void *data, void *state)
{
	uint32_t len = pkt->len - pkt->thoff, header, at, mss;
	uint8_t *ip, *tcp;

	(void)state;
	if (pkt->fragoff)
		return RV_CONTINUE;
	ip = pkt->ops->writable ? pkt->ops->writable(pkt, pkt->len) : NULL;
	if (!ip || pkt->thoff > pkt->len || len < RV_TCP_HEADER)
		return NF_DROP;
	tcp = ip + pkt->thoff;
	header = (tcp[12] >> 4) * 4U;
	mss = wanted_mss(pkt, data);
	if (header < RV_TCP_HEADER || header > len || !mss)
		return NF_DROP;
	at = find_mss(tcp, header);
	if (at && rv_be16(tcp + at) > mss)
		put_mss(pkt, tcp, at, mss);
	/* Payload would have to be moved, and the packet might exceed the MTU. */
	if (at || len > header || header == TCP_HEADER_MAX)
		return RV_CONTINUE;
	return add_mss(pkt, len, mss);
}

struct rv_handler rv_targets_tcpmss[] = {
	RV_TARGET_ROW("TCPMSS", NFPROTO_UNSPEC, 0, struct xt_tcpmss_info, .proto = IPPROTO_TCP,
		      .check = check_tcpmss, .target = target_tcpmss),
	{ .name = NULL },
};
