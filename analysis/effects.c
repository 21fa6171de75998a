/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What non-terminating targets change in a packet. */
#include <string.h>

#include <netinet/in.h>

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
	e->connection = true;
	if (row(p, "save-mark") || row(p, "restore-mark"))
		copy_mark(p, row(p, "save-mark") != NULL, e);
	else
		set_mark(p, true, e);
}

static void dscp_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	(void)family;
	*e = (struct rv_effect_of){ .what = RV_CHANGE_FIELD, .sel = RV_SEL_TOS, .mask = 0xfc,
				    .value = number(p, "set-dscp", 0) << 2 };
}

static void ttl_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	bool v6 = family == NFPROTO_IPV6;
	const char *set = v6 ? "hl-set" : "ttl-set";

	*e = (struct rv_effect_of){ .what = row(p, set) ? RV_CHANGE_FIELD : RV_CHANGE_BLUR,
				    .sel = v6 ? RV_SEL_HOPLIMIT : RV_SEL_TTL, .mask = 0xff, .value = number(p, set, 0) };
}

static void set_effect(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e)
{
	(void)family;
	if (row(p, "map-mark"))
		*e = (struct rv_effect_of){ .what = RV_CHANGE_BLUR, .sel = RV_SEL_MARK };
}

/* Targets that change something that rules can test; all others change nothing. */
static const struct {
	const char *name;
	void (*effect)(const struct rv_part *p, rv_family_t family, struct rv_effect_of *e);
	enum rv_sel blurs;	/* if effect is NULL: the field */
} rows[] = {
	{ "MARK", mark_effect, RV_SEL_NONE },
	{ "CONNMARK", connmark_effect, RV_SEL_NONE },
	{ "DSCP", dscp_effect, RV_SEL_NONE },
	{ "TTL", ttl_effect, RV_SEL_NONE },
	{ "HL", ttl_effect, RV_SEL_NONE },
	{ "TOS", NULL, RV_SEL_TOS },
	{ "ECN", NULL, RV_SEL_TOS },
	{ "HMARK", NULL, RV_SEL_MARK },
	{ "TPROXY", NULL, RV_SEL_MARK },
	{ "SET", set_effect, RV_SEL_NONE },
	{ "CT", NULL, RV_SEL_CT_STATE },
	{ "NOTRACK", NULL, RV_SEL_CT_STATE },
	{ "TCPMSS", NULL, RV_SEL_TCP_MSS },
	{ "TCPOPTSTRIP", NULL, RV_SEL_TCP_MSS },
};

void rv_effect_of(const struct rv_part *target, rv_family_t family, struct rv_effect_of *e)
{
	*e = (struct rv_effect_of){ .what = RV_CHANGE_NOTHING };
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, target->ext->name) != 0)
			continue;
		if (rows[i].effect) {
			rows[i].effect(target, family, e);
			return;
		}
		e->what = RV_CHANGE_BLUR;
		e->sel = rows[i].blurs;
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
