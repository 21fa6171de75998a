/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What non-terminating targets change in a packet. */
#include <string.h>

#include <netinet/in.h>

#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter_ipv4/ipt_ECN.h>
#include <linux/netfilter_ipv4/ipt_TTL.h>
#include <linux/netfilter/xt_DSCP.h>

#include "analysis/walk.h"

/* The row of an option, or NULL if it is not set in the part. */
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

/* Clears the bits of mask, then XORs value. */
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

/* IP or TCP; both in one rule: unknown. */
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

/* HL has the same struct and modes. */
static void ttl_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	const struct ipt_TTL_info *info = (const void *)p->data;
	int add = info->mode == IPT_TTL_INC ? info->ttl : -info->ttl;

	set_byte(e, family == NFPROTO_IPV6 ? RV_SEL_HOPLIMIT : RV_SEL_TTL, 0xff, info->ttl);
	for (int i = 0; i < 256 && info->mode != IPT_TTL_SET; i++)
		e->to[i] = (uint8_t)(i + add < 0 ? 0 : i + add > UINT8_MAX ? UINT8_MAX : i + add);
}

/*
 * The kernel leaves packets alone that have a connection, or the state UNTRACKED. A template of other
 * parameters is taken for a new connection until conntrack sees the packet.
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

/* Targets whose effect is known better than by rv_ext.writes, and those that drop only malformed packets. */
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

/* Targets in the table drop packets only if headers are incomplete or memory is short. */
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
