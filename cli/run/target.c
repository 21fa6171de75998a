/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets that the engine does not have: their verdict, and what is not simulated. */
#include <stdio.h>
#include <string.h>

#include <netinet/tcp.h>

#include <linux/netfilter/xt_conntrack.h>

#include "backend/nft/wire/object.h"
#include "cli/run/ask.h"

/* Returns NF_* or RV_CONTINUE. */
typedef unsigned int target_fn(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			       const struct rv_user_asked *asked);

static const unsigned char *row_field(const struct rv_part *part, const char *name,
				      unsigned int *mask)
{
	for (const struct rv_option *o = part->ext->options; o->name; o++) {
		if (strcmp(o->name, name) != 0)
			continue;
		*mask = o->mask_offset ? o->mask_offset : o->offset + 4u;
		return part->data + o->offset;
	}
	return NULL;
}

/* A 32-bit value and its mask. */
static void value_and_mask(const struct rv_part *part, const char *name, uint32_t *value,
			   uint32_t *mask)
{
	unsigned int at = 0;
	const unsigned char *data = row_field(part, name, &at);

	*value = data ? (uint32_t)rv_get_uint(data, 4) : 0;
	*mask = data ? (uint32_t)rv_get_uint(part->data + at, 4) : 0;
}

static uint32_t row_number(const struct rv_part *part, const char *name)
{
	unsigned int mask;
	const unsigned char *data = row_field(part, name, &mask);

	return data ? (uint32_t)rv_get_uint(data, 4) : 0;
}

/* Like xt_mark: clears the bits of mask, then XORs value. */
static void change_mark(struct rv_marked *m, uint32_t value, uint32_t mask)
{
	rv_marked_set(m, mask | value, (m->value & ~mask) ^ value, ~m->known & ~mask);
}

static void tell_mark(struct rv_asking *a, struct rv_pkt *pkt)
{
	pkt->mark = a->facts.mark.value & a->facts.mark.known;
}

/* ---- targets ------------------------------------------------------------------------------- */

static unsigned int go_on(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			  const struct rv_user_asked *asked)
{
	(void)a;
	(void)pkt;
	(void)question;
	(void)asked;
	return RV_CONTINUE;
}

static unsigned int not_tracked(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
				const struct rv_user_asked *asked)
{
	const struct rv_part *part = a->list[question].part;
	struct rv_predicate state = { .sel = RV_SEL_CT_STATE, .op = RV_OP_ANY, .len = 2 };

	(void)pkt;
	(void)asked;
	if (!strcmp(part->ext->name, "CT") && !rv_part_row(part, "notrack"))
		return RV_CONTINUE;
	rv_selector_put(state.sel, XT_CONNTRACK_STATE_UNTRACKED, state.value);
	rv_facts_drop(&a->facts, RV_SEL_CT_STATE);
	rv_facts_learn(&a->facts, &state, true);
	return RV_CONTINUE;
}

static unsigned int mark(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			 const struct rv_user_asked *asked)
{
	uint32_t value, bits;

	(void)asked;
	value_and_mask(a->list[question].part, "set-xmark", &value, &bits);
	change_mark(&a->facts.mark, value, bits);
	tell_mark(a, pkt);
	return RV_CONTINUE;
}

static unsigned int any_mark(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			     const struct rv_user_asked *asked)
{
	const struct rv_part *part = a->list[question].part;

	(void)asked;
	if (!strcmp(part->ext->name, "SET") && !rv_part_row(part, "map-mark"))
		return RV_CONTINUE;
	rv_marked_set(&a->facts.mark, UINT32_MAX, 0, UINT32_MAX);
	tell_mark(a, pkt);
	return RV_CONTINUE;
}

static uint32_t shifted(const struct rv_part *part, uint32_t bits)
{
	const struct rv_option *left = rv_part_row(part, "left-shift-mark");
	const uint32_t by = row_number(part, "left-shift-mark") & 31;

	return left ? bits << by : rv_part_row(part, "right-shift-mark") ? bits >> by : bits;
}

/* Copies the bits of from_mask to those of to_mask, by XOR like the kernel. */
static void copy_mark(const struct rv_part *part, const struct rv_marked *from, uint32_t from_mask,
		      struct rv_marked *to, uint32_t to_mask)
{
	uint32_t bits = shifted(part, from->value & from->known & from_mask);
	uint32_t open = shifted(part, ~from->known & from_mask);
	uint32_t kept = to->value & ~to_mask;

	rv_marked_set(to, to_mask | bits | open, kept ^ bits, open | (~to->known & ~to_mask));
}

static unsigned int connmark(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			     const struct rv_user_asked *asked)
{
	const struct rv_part *part = a->list[question].part;
	uint32_t ct = row_number(part, "ctmask"), nf = row_number(part, "nfmask"), value;

	(void)asked;
	if (rv_part_row(part, "restore-mark")) {
		copy_mark(part, &a->facts.ctmark, ct, &a->facts.mark, nf);
		tell_mark(a, pkt);
	} else if (rv_part_row(part, "save-mark")) {
		copy_mark(part, &a->facts.mark, nf, &a->facts.ctmark, ct);
	} else {
		value_and_mask(part, "set-xmark", &value, &ct);
		change_mark(&a->facts.ctmark, value, ct);
	}
	return RV_CONTINUE;
}

static unsigned int queue(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			  const struct rv_user_asked *asked)
{
	(void)a;
	(void)pkt;
	(void)question;
	(void)asked;
	return NF_QUEUE;
}

/* If a socket is listening it marks and accepts the packet, else drops it. */
static unsigned int tproxy(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			   const struct rv_user_asked *asked)
{
	uint32_t value, bits;

	(void)asked;
	if (!rv_ways_decide(&a->ways, question))
		return NF_DROP;
	value_and_mask(a->list[question].part, "tproxy-mark", &value, &bits);
	change_mark(&a->facts.mark, value, bits);
	tell_mark(a, pkt);
	return NF_ACCEPT;
}

/* It answers SYN itself and consumes the following ACK. */
static unsigned int synproxy(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			     const struct rv_user_asked *asked)
{
	uint8_t buf[20];
	const uint8_t *tcp = rv_pkt_pull(pkt, pkt->thoff, sizeof(buf), buf);
	unsigned int flags;

	(void)a;
	(void)question;
	(void)asked;
	if (!tcp)
		return NF_DROP;
	flags = tcp[13] & (TH_SYN | TH_ACK | TH_FIN | TH_RST);
	return flags == TH_SYN || flags == TH_ACK ? NF_STOLEN : RV_CONTINUE;
}

static unsigned int unknown(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			    const struct rv_user_asked *asked)
{
	(void)pkt;
	(void)question;
	(void)asked;
	a->lost = true;
	return NF_DROP;
}

/* An nft rule whose tests match. */
static unsigned int nft_rule(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			     const struct rv_user_asked *asked)
{
	const struct rv_part *part = a->list[question].part;
	enum rv_verdict verdict;

	if (!rv_nft_object_verdict((const struct rv_nft_object *)(const void *)part->data, &verdict))
		return unknown(a, pkt, question, asked);
	return verdict == RV_VERDICT_NONE ? RV_CONTINUE : verdict == RV_VERDICT_ACCEPT ? NF_ACCEPT : NF_DROP;
}

/* note: text of the note, "" for none. The last row stands for all other targets. */
static const struct {
	const char *name;
	target_fn *fn;
	const char *note;
} targets[] = {
	{ "AUDIT", go_on, "has no effect here" },
	{ "CHECKSUM", go_on, "has no effect here" },
	{ "CLUSTERIP", unknown, "depends on the nodes" },
	{ "CONNMARK", connmark, "" },
	{ "CONNSECMARK", go_on, "has no effect here" },
	{ "CT", not_tracked, "" },
	{ "DNPT", go_on, "addresses are not translated" },
	{ "ECN", go_on, "has no effect here: the packet keeps its ECN bits" },
	{ "HMARK", any_mark, "the mark is unknown" },
	{ "IDLETIMER", go_on, "has no effect here" },
	{ "LED", go_on, "has no effect here" },
	{ "MARK", mark, "" },
	{ "NFQUEUE", queue, "" },
	{ "NOTRACK", not_tracked, "" },
	{ "RATEEST", go_on, "has no effect here" },
	{ "SECMARK", go_on, "has no effect here" },
	{ "nft", nft_rule, "" },
	{ "SET", any_mark, "has no effect here" },
	{ "SNPT", go_on, "addresses are not translated" },
	{ "SYNPROXY", synproxy, "" },
	{ "TCPOPTSTRIP", go_on, "has no effect here: the packet keeps its options" },
	{ "TEE", go_on, "has no effect here" },
	{ "TPROXY", tproxy, "" },
	{ "ULOG", go_on, "has no effect here" },
	{ NULL, unknown, "its effect is unknown" },
};

unsigned int rv_run_target_row(const struct rv_part *part)
{
	unsigned int i = 0;

	while (targets[i].name && strcmp(targets[i].name, part->ext->name) != 0)
		i++;
	return i;
}

bool rv_run_target_marks(const struct rv_part *part)
{
	const char *name = part->ext->name;

	if (!strcmp(name, "SET"))
		return rv_part_row(part, "map-mark");
	return !strcmp(name, "HMARK") ||
	       (!strcmp(name, "CONNMARK") && rv_part_row(part, "restore-mark"));
}

unsigned int rv_run_target(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			   const struct rv_user_asked *asked)
{
	const unsigned int row = a->list[question].target;
	char note[160];

	/* As long as the mark is known, the engine sets it. */
	if (!a->marks)
		a->facts.mark = (struct rv_marked){ .value = pkt->mark, .known = UINT32_MAX };
	if (targets[row].note[0]) {
		snprintf(note, sizeof(note), "%.100s: %s", a->list[question].text, targets[row].note);
		a->note(a->arg, note);
	}
	return targets[row].fn(a, pkt, question, asked);
}
