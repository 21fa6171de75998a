/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What non-terminating targets change in a packet. */
#include <string.h>

#include <netinet/in.h>

#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_u32.h>
#include <linux/netfilter_ipv4/ipt_ECN.h>
#include <linux/netfilter_ipv4/ipt_TTL.h>
#include <linux/netfilter/xt_DSCP.h>

#include "analysis/walk.h"

/* Returns the row of an option, or NULL if the part does not set it. */
static const struct rv_option *row(const struct rv_part *p, const char *name)
{
	for (const struct rv_option *o = p->ext->options; o && o->name; o++)
		if (!strcmp(o->name, name))
			return rv_option_given(p->ext, o, p->data) ? o : NULL;
	return NULL;
}

static uint32_t number(const struct rv_part *p, const char *name, unsigned int more)
{
	for (const struct rv_option *o = p->ext->options; o && o->name; o++)
		if (!strcmp(o->name, name))
			return (uint32_t)rv_get_uint(p->data + o->offset + more, o->size == 1 || o->size == 2 ? 1 : 4);
	return 0;
}

static void set_mark(const struct rv_part *p, bool ct, struct rv_effect_of *e)
{
	uint32_t value = number(p, "set-xmark", 0), mask = number(p, "set-xmark", 4);

	e->what = ct ? RV_CHANGE_CTMARK : RV_CHANGE_MARK;
	e->sel = ct ? RV_SEL_CT_MARK : RV_SEL_MARK;
	e->marks = (struct rv_marks){ .mark = ct ? 0 : ~mask, .ctmark = ct ? ~mask : 0, .turn = value };
}

/* The kernel copies by XOR: (to & ~to_mask) ^ (from & from_mask). */
static void copy_mark(const struct rv_part *p, bool save, struct rv_effect_of *e)
{
	uint32_t ct = number(p, "ctmask", 0), nf = number(p, "nfmask", 0);

	e->what = save ? RV_CHANGE_CTMARK : RV_CHANGE_MARK;
	e->sel = save ? RV_SEL_CT_MARK : RV_SEL_MARK;
	if (row(p, "left-shift-mark") || row(p, "right-shift-mark")) {
		e->what = RV_CHANGE_BLUR;
		return;
	}
	e->marks = save ? (struct rv_marks){ .mark = nf, .ctmark = ~ct } : (struct rv_marks){ .mark = ~nf, .ctmark = ct };
}

static void mark_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	(void)family;
	set_mark(p, false, e);
}

static void connmark_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	(void)family;
	e->packets = RV_CHANGES_TRACKED;
	if (row(p, "save-mark") || row(p, "restore-mark"))
		copy_mark(p, row(p, "save-mark") != NULL, e);
	else
		set_mark(p, true, e);
}

/* Sets the effect on a header byte: clears the bits of mask, then XORs value. */
static void set_byte(struct rv_effect_of *e, enum rv_sel sel, uint8_t mask, uint8_t value)
{
	e->what = RV_CHANGE_BYTE;
	e->sel = sel;
	for (unsigned int i = 0; i < 256; i++)
		e->to[i] = (uint8_t)((i & ~mask) ^ value);
}

static void tos_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	const struct xt_tos_target_info *info = (const void *)p->data;

	(void)family;
	set_byte(e, RV_SEL_TOS, info->tos_mask, info->tos_value);
}

static void dscp_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	const struct xt_DSCP_info *info = (const void *)p->data;

	(void)family;
	set_byte(e, RV_SEL_TOS, XT_DSCP_MASK, (uint8_t)(info->dscp << XT_DSCP_SHIFT));
}

/* ECN changes the TOS byte or TCP flags. If a rule changes both, the effect is unknown. */
static void ecn_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	const struct ipt_ECN_info *info = (const void *)p->data;
	bool ece = info->operation & IPT_ECN_OP_SET_ECE, cwr = info->operation & IPT_ECN_OP_SET_CWR;

	(void)family;
	if (!(info->operation & IPT_ECN_OP_SET_IP))
		set_byte(e, RV_SEL_TCP_FLAGS, (uint8_t)(ece << 6 | cwr << 7),
			 (uint8_t)((ece && info->proto.tcp.ece) << 6 | (cwr && info->proto.tcp.cwr) << 7));
	else if (!ece && !cwr)
		set_byte(e, RV_SEL_TOS, (uint8_t)IPT_ECN_IP_MASK, info->ip_ect & IPT_ECN_IP_MASK);
}

/* Handles TTL and HL, which have the same struct and modes. */
static void ttl_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	const struct ipt_TTL_info *info = (const void *)p->data;
	int add = info->mode == IPT_TTL_INC ? info->ttl : -info->ttl;

	set_byte(e, family == NFPROTO_IPV6 ? RV_SEL_HOPLIMIT : RV_SEL_TTL, 0xff, info->ttl);
	for (int i = 0; i < 256 && info->mode != IPT_TTL_SET; i++)
		e->to[i] = (uint8_t)(i + add < 0 ? 0 : i + add > UINT8_MAX ? UINT8_MAX : i + add);
}

/*
 * Handles CT, which the kernel ignores for packets that have a connection or are UNTRACKED. Until
 * conntrack sees the packet, matches take the target's template for a new connection.
 */
static void ct_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	bool untracked = !strcmp(p->ext->name, "NOTRACK") || row(p, "notrack");

	(void)family;
	*e = (struct rv_effect_of){ .what = RV_CHANGE_STATE, .sel = RV_SEL_CT_STATE, .packets = RV_CHANGES_UNSEEN,
				    .state = untracked ? XT_CONNTRACK_STATE_UNTRACKED : XT_CONNTRACK_STATE_BIT(IP_CT_NEW) };
}

static void set_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	(void)family;
	*e = (struct rv_effect_of){ .what = row(p, "map-mark") ? RV_CHANGE_BLUR : RV_CHANGE_NOTHING, .sel = RV_SEL_MARK };
}

static void blur_mark(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	(void)p;
	(void)family;
	e->sel = RV_SEL_MARK;
}

/* Targets with a known effect (rv_ext.writes has only fields), or that drop malformed packets. */
static const struct {
	const char *name;
	void (*effect)(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e);
} rows[] = {
	{ "MARK", mark_effect },
	{ "CONNMARK", connmark_effect },
	{ "TOS", tos_effect },
	{ "DSCP", dscp_effect },
	{ "ECN", ecn_effect },
	{ "TTL", ttl_effect },
	{ "HL", ttl_effect },
	{ "HMARK", blur_mark },
	{ "TPROXY", blur_mark },
	{ "SET", set_effect },
	{ "CT", ct_effect },
	{ "NOTRACK", ct_effect },
	{ "TCPMSS", NULL },
	{ "TCPOPTSTRIP", NULL },
};

void rv_effect_of(const struct rv_part *target, rv_family_t family, struct rv_effect_of *e)
{
	*e = (struct rv_effect_of){ .what = RV_CHANGE_BLUR };
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].effect && !strcmp(rows[i].name, target->ext->name))
			rows[i].effect(target, family, e);
}

/* ---- bytes ---- */

/* Returns the bytes from first on, as in rv_free.reads. */
static uint64_t bytes_from(uint64_t first)
{
	return UINT64_MAX << (first < 63 ? first : 63);
}

static uint64_t bytes_of_word(uint64_t first, uint32_t bits)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < 4; i++)
		if (bits & UINT32_C(0xff000000) >> 8 * i)
			bytes |= UINT64_C(1) << (first + i < 63 ? first + i : 63);
	return bytes;
}

/* Returns whether "0>>22&0x3C@" is at this place of the test: the length of the IPv4 header. */
static bool is_header_length(const struct xt_u32_test *t, unsigned int at, rv_family_t family)
{
	return family == NFPROTO_IPV4 && at == 3 && !t->location[0].number && t->location[1].nextop == XT_U32_RIGHTSH &&
	       t->location[1].number == 22 && t->location[2].nextop == XT_U32_AND && t->location[2].number == 0x3c;
}

static uint64_t bytes_of_test(const struct xt_u32_test *t, rv_family_t family)
{
	uint32_t live = UINT32_MAX;	/* bits of the value that come from the packet */
	int shift = 0;			/* how far they were shifted right */

	for (unsigned int i = 1; i < t->nnums && i <= XT_U32_MAXSIZE; i++) {
		uint32_t n = t->location[i].number;

		switch (t->location[i].nextop) {
		case XT_U32_AND:
			live &= n;
			break;
		case XT_U32_RIGHTSH:
			live = n < 32 ? live >> n : 0;
			shift += (int)(n < 32 ? n : 32);
			break;
		case XT_U32_LEFTSH:
			live = n < 32 ? live << n : 0;
			shift -= (int)(n < 32 ? n : 32);
			break;
		default:	/* '@': the next offset depends on the packet */
			return 1 | bytes_from(is_header_length(t, i, family) ? 20 : 0);
		}
	}
	if (shift > 31 || shift < -31)
		return UINT64_MAX;
	return bytes_of_word(t->location[0].number, shift < 0 ? live >> -shift : live << shift);
}

uint64_t rv_predicate_reads(const struct rv_predicate *p, rv_family_t family)
{
	const struct xt_u32_test *tests = (const void *)p->text;
	uint64_t bytes = 0;

	if (p->sel == RV_SEL_BYTES || p->sel == RV_SEL_BYTES_ICASE)
		return bytes_from(p->param & UINT16_MAX);
	if (p->sel != RV_SEL_U32)
		return UINT64_MAX;
	for (unsigned int i = 0; i < p->len / sizeof(*tests); i++)
		bytes |= bytes_of_test(&tests[i], family);
	return bytes;
}

uint64_t rv_effect_writes(const struct rv_effect_of *e, rv_family_t family)
{
	static const uint64_t checksum = UINT64_C(3) << 10;

	switch (e->sel) {
	case RV_SEL_TOS:
		return family == NFPROTO_IPV6 ? 3 : UINT64_C(1) << 1 | checksum;
	case RV_SEL_TTL:
		return UINT64_C(1) << 8 | checksum;
	case RV_SEL_HOPLIMIT:
		return UINT64_C(1) << 7;
	default:
		return bytes_from(20);
	}
}

rv_dd rv_effect_packets(struct rv_space *s, const struct rv_effect_of *e)
{
	switch (e->packets) {
	case RV_CHANGES_TRACKED:
		return rv_region_connection(s);
	case RV_CHANGES_UNSEEN:
		return rv_region_unseen(s);
	default:
		return RV_DD_TRUE;
	}
}

/* The targets of the table above drop only packets with incomplete headers, or if out of memory. */
bool rv_target_may_end(const struct rv_part *target)
{
	if (target->ext->effect != RV_EFFECT_MAY_END)
		return false;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].name, target->ext->name))
			return false;
	return true;
}

bool rv_target_goes_on(const struct rv_part *target)
{
	return target->ext->effect != RV_EFFECT_ENDS;
}

bool rv_part_keeps_state(const struct rv_ext *ext)
{
	if (ext->effect == RV_EFFECT_STATE || ext->effect == RV_EFFECT_SIDE)
		return true;
	for (const struct rv_option *o = ext->options; o && o->name; o++)
		if (o->opaque.effect == RV_EFFECT_STATE || o->opaque.effect == RV_EFFECT_SIDE)
			return true;
	return false;
}
