/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a rule did not match: the first test that failed, as an option, and the packet's value. The
 * engine reports which test failed; options and values are printed by the option rows.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_time.h>

#include <ravelin/registry.h>

#include "cli/explain/walk.h"

struct why {
	struct rv_explain_rules *rules;
	struct rv_pkt *pkt;
	const struct rv_rule *rule;
	struct rv_buf text;
};

/* ---- a predicate in words ----------------------------------------------------------------------------- */

/* Appends the option for p, "--dport 22". Returns false if no row expresses it alone. */
static bool put_option(struct rv_buf *b, const struct why *w, const struct rv_part *part,
		       const struct rv_predicate *p)
{
	struct rv_part *alone = rv_part_new(part->ext);
	struct rv_out o = { .buf = b, .style = RV_STYLE_SAVE, .family = w->rules->family,
			    .proto = w->rule->ip.proto };
	const size_t start = b->len;

	if (!alone)
		return false;
	if (!rv_part_from_predicate(w->rules->family, part->ext, p, alone->data))
		rv_part_render(&o, part->ext, alone->data);
	rv_part_free(alone);
	/* Options are preceded by a blank. */
	if (!rv_buf_ok(b) || b->len <= start + 1)
		return false;
	memmove(b->data + start, b->data + start + 1, b->len - start - 1);
	b->len--;
	return true;
}

/* A value without a row: a number, an address, a name. */
static void put_plain(struct rv_buf *b, enum rv_sel sel, const uint8_t *value)
{
	const struct rv_selector *s = &rv_selectors[sel];
	union nf_inet_addr addr = { 0 };
	const bool address = sel == RV_SEL_IP_SADDR || sel == RV_SEL_IP_DADDR;

	if (s->order == RV_ORDER_S) {
		rv_buf_printf(b, "%.16s", (const char *)value);
	} else if (address || s->len == 16) {
		memcpy(&addr, value, s->len);
		rv_print_address(b, address ? NFPROTO_IPV4 : NFPROTO_IPV6, &addr);
	} else if (sel == RV_SEL_MARK || sel == RV_SEL_CT_MARK || sel == RV_SEL_TOS) {
		rv_buf_printf(b, "0x%llx", (unsigned long long)rv_selector_get(sel, value));
	} else if (s->len == 6) {
		for (unsigned int i = 0; i < 6; i++)
			rv_buf_printf(b, "%s%02x", i ? ":" : "", value[i]);
	} else {
		rv_buf_printf(b, "%llu", (unsigned long long)rv_selector_get(sel, value));
	}
}

/* The value after "--dport " or "! --ctstate ". */
static const char *value_in(const char *option)
{
	const char *blank = strchr(option, ' ');

	if (option[0] == '!' && blank)
		blank = strchr(blank + 1, ' ');
	return blank ? blank + 1 : NULL;
}

/* Prints the value in the format of the option that tested it, or a default one. */
static void put_value(struct rv_buf *b, const struct why *w, const struct rv_part *part,
		      const struct rv_predicate *asked, const uint8_t value[16])
{
	static const enum rv_op ops[] = { RV_OP_EQ, RV_OP_ANY, RV_OP_MASK };
	const unsigned int len = rv_selectors[asked->sel].len;
	struct rv_buf option = RV_BUF_INIT;
	bool done = false;

	for (unsigned int i = 0; !done && i < sizeof(ops) / sizeof(*ops); i++) {
		struct rv_predicate p = { .sel = asked->sel, .op = ops[i], .len = (uint16_t)len,
					  .param = asked->param };

		/* The option's mask would hide bits of the value. */
		if (ops[i] == RV_OP_MASK && asked->op != RV_OP_MASK)
			break;
		memcpy(p.value, value, len);
		memcpy(p.other, asked->other, ops[i] == RV_OP_MASK ? len : 0);
		for (unsigned int n = 0; ops[i] == RV_OP_MASK && n < len; n++)
			p.value[n] &= p.other[n];
		rv_buf_reset(&option);
		if (asked->sel == RV_SEL_MARK || !put_option(&option, w, part, &p) || !rv_buf_text(&option) ||
		    !value_in(option.data))
			continue;
		rv_buf_puts(b, value_in(option.data));
		done = true;
	}
	rv_buf_free(&option);
	if (!done)
		put_plain(b, asked->sel, value);
}

/* Appends all options of the match if a single one cannot be determined. */
static void put_part(struct why *w, const struct rv_part *part)
{
	char *text = rv_run_part_text(w->rules->family, w->rule, part);

	rv_buf_puts(&w->text, text ? text : part->ext->name);
	free(text);
}

static void put_asked(struct why *w, const struct rv_part *part, const struct rv_predicate *p)
{
	if (!put_option(&w->text, w, part, p))
		put_part(w, part);
	rv_buf_puts(&w->text, ": ");
}

/* ---- tests of the packet itself --------------------------------------------------------------------------- */

struct search {
	const struct rvk_predicate *wanted;
	struct rv_predicate found;
	bool any;
};

static int look_for(const struct rv_predicate *p, void *arg)
{
	struct {
		struct rvk_predicate p;
		struct rvk_interval list[RV_PREDICATE_LIST];
	} kernel = { 0 };
	struct search *s = arg;

	if (!rv_kmod_sel(p->sel) || rv_kmod_predicate_size(p) != s->wanted->size)
		return 0;
	rv_kmod_predicate(&kernel.p, p);
	if (memcmp(&kernel.p, s->wanted, s->wanted->size) != 0)
		return 0;
	s->found = *p;
	s->any = true;
	return 1;
}

static void put_packets(struct why *w, const struct rv_part *part, const struct rv_predicate *asked,
			unsigned int sel)
{
	uint8_t value[16] = { 0 };
	unsigned int i = 0;

	for (; rv_pkt_value(w->pkt, sel, i, value); i++) {
		rv_buf_puts(&w->text, i ? ", " : "packet has ");
		put_value(&w->text, w, part, asked, value);
	}
	if (!i)
		rv_buf_puts(&w->text, "packet has none");
}

static void why_predicate(struct why *w, const struct rv_part *part, const struct rvk_predicate *p)
{
	struct search s = { .wanted = p };

	rv_part_predicates(w->rules->family, part->ext, part->data, look_for, &s);
	if (!s.any) {
		put_part(w, part);
		rv_buf_puts(&w->text, ": false for this packet");
		return;
	}
	put_asked(w, part, &s.found);
	put_packets(w, part, &s.found, p->sel);
}

/* ---- tests that the program answers -------------------------------------------------------------------------- */

/* The fact with the value of the packet's connection, socket and so on, or NULL. */
static const struct rv_predicate *fact_of(const struct rv_facts *f, const struct rv_predicate *p)
{
	const struct rv_predicate *found = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].is && f->list[i].p.sel == p->sel && f->list[i].p.param == p->param &&
		    (f->list[i].p.op == RV_OP_EQ || f->list[i].p.op == RV_OP_ANY) && !found)
			found = &f->list[i].p;
	return found;
}

/* Appends the packet's address type, if it is certain. */
static bool put_address_type(struct why *w, const struct rv_part *part,
			     const struct rv_predicate *asked)
{
	uint8_t value[16] = { 0 };
	uint64_t types = 0;

	if (strcmp(part->ext->name, "addrtype") != 0)
		return false;
	for (uint64_t type = XT_ADDRTYPE_UNSPEC; type <= XT_ADDRTYPE_XRESOLVE; type <<= 1) {
		struct rv_predicate p = { .sel = asked->sel, .op = RV_OP_ANY, .len = asked->len };

		rv_selector_put(p.sel, type, p.value);
		if (rv_facts_ask(&w->rules->asking.facts, &p) == RV_ANSWER_YES)
			types |= type;
	}
	if (!types)
		return false;
	rv_selector_put(asked->sel, types, value);
	rv_buf_puts(&w->text, "packet has ");
	put_value(&w->text, w, part, asked, value);
	return true;
}

static void put_known(struct why *w, const struct rv_part *part, const struct rv_predicate *p)
{
	const struct rv_facts *f = &w->rules->asking.facts;
	const struct rv_predicate *known = fact_of(f, p);
	const struct rv_marked *m = p->sel == RV_SEL_MARK ? &f->mark : p->sel == RV_SEL_CT_MARK ? &f->ctmark : NULL;

	if (m && m->known == UINT32_MAX)
		rv_buf_printf(&w->text, "packet has 0x%x", m->value);
	else if (p->sel == RV_SEL_CT_STATE && known)
		rv_buf_printf(&w->text, "packet has %s",
			      rv_walk_state_name((uint16_t)rv_selector_get(p->sel, known->value)));
	else if (known && !known->text) {
		rv_buf_puts(&w->text, "packet has ");
		put_value(&w->text, w, part, p, known->value);
	} else if (!put_address_type(w, part, p)) {
		rv_buf_puts(&w->text, "false on this way");
	}
}

static void why_facts(struct why *w, const struct rv_question *q)
{
	for (unsigned int i = 0; i < q->npredicates; i++)
		if (rv_facts_ask(&w->rules->asking.facts, &q->predicates[i]) == RV_ANSWER_NO) {
			put_asked(w, q->part, &q->predicates[i]);
			put_known(w, q->part, &q->predicates[i]);
			return;
		}
	rv_buf_printf(&w->text, "%s: %s", q->text, rv_walk_has_connection(w->rules->asking.arg)
		      ? "false on this way" : "packet belongs to no connection");
}

static void why_ether(struct why *w, const struct rv_question *q)
{
	const uint8_t *ether = ((const struct rv_user_packet *)w->pkt->port)->ether;

	rv_buf_printf(&w->text, "%s: ", q->text);
	if (!ether) {
		rv_buf_puts(&w->text, "false on this way (the packet's MAC address is unknown)");
		return;
	}
	rv_buf_puts(&w->text, "packet has ");
	put_plain(&w->text, RV_SEL_ETHER_SADDR, ether + 6);
}

static void why_asked(struct why *w, const struct rv_question *q)
{
	static const char *const reasons[] = {
		[RV_HOW_STATE] = "false on this way (depends on earlier packets)",
		[RV_HOW_CHANCE] = "false on this way (random)",
		[RV_HOW_TARGET] = "",
	};
	bool inverted;

	if (q->fixed == RV_ANSWER_NO) {
		rv_buf_printf(&w->text, "%s: assumed to be false", q->text);
	} else if (q->how == RV_HOW_SET) {
		inverted = rv_option_inverted(rv_part_row(q->part, "match-set"), q->part->data);
		rv_buf_printf(&w->text, "%s: packet is %s set %s", q->text, inverted ? "in" : "not in",
			      rv_run_set_name(q->part));
	} else if (q->how == RV_HOW_FACTS) {
		why_facts(w, q);
	} else if (q->how == RV_HOW_ETHER) {
		why_ether(w, q);
	} else {
		rv_buf_printf(&w->text, "%s: %s", q->text, reasons[q->how]);
	}
}

/* ---- the IP part ------------------------------------------------------------------------------------------ */

/* Appends one condition of the core options. */
static void put_ip(struct why *w, enum rv_miss_what what)
{
	const struct rv_ip *from = &w->rule->ip;
	struct rv_out o = { .buf = &w->text, .style = RV_STYLE_SAVE, .family = w->rules->family };
	struct rv_ip ip = { 0 };
	const size_t start = w->text.len;
	static const uint8_t bits[] = { RV_IP_SRC, RV_IP_DST, RV_IP_IN, RV_IP_OUT, RV_IP_PROTO, RV_IP_FRAG };

	ip.invert = from->invert & bits[what];
	switch (what) {
	case RV_MISS_SRC:
		ip.src = from->src;
		ip.smask = from->smask;
		break;
	case RV_MISS_DST:
		ip.dst = from->dst;
		ip.dmask = from->dmask;
		break;
	case RV_MISS_IN:
		memcpy(ip.in, from->in, sizeof(ip.in));
		break;
	case RV_MISS_OUT:
		memcpy(ip.out, from->out, sizeof(ip.out));
		break;
	default:
		ip.flags = from->flags & bits[what];
		ip.proto = what == RV_MISS_PROTO ? from->proto : 0;
	}
	rv_part_render(&o, &rv_ext_ip, (const unsigned char *)&ip);
	if (rv_buf_ok(&w->text) && w->text.len > start) {
		memmove(w->text.data + start, w->text.data + start + 1, w->text.len - start - 1);
		w->text.len--;
	}
}

static void put_protocol(struct why *w)
{
	const char *name = w->pkt->proto <= 255 ? rv_protocol_name(w->rules->family, w->pkt->proto) : NULL;

	if (name && w->pkt->proto)
		rv_buf_puts(&w->text, name);
	else if (w->pkt->proto <= 255)
		rv_buf_printf(&w->text, "%u", w->pkt->proto);
	else
		rv_buf_puts(&w->text, "none");
}

static void why_ip(struct why *w, enum rv_miss_what what)
{
	const char *name = what == RV_MISS_IN ? w->pkt->in : w->pkt->out;

	put_ip(w, what);
	rv_buf_puts(&w->text, ": packet has ");
	if (what == RV_MISS_SRC || what == RV_MISS_DST)
		rv_packet_end(&w->text, w->pkt->data, w->pkt->linear, what == RV_MISS_DST, false);
	else if (what == RV_MISS_PROTO)
		put_protocol(w);
	else if (what == RV_MISS_FRAG)
		rv_buf_printf(&w->text, "fragment offset %u", w->pkt->fragoff * 8u);
	else
		rv_buf_puts(&w->text, name ? name : "none");
}

/* ---- matches that the engine evaluates as a whole ------------------------------------------- */

static void why_time(struct why *w, const struct rv_part *part)
{
	const struct xt_time_info *info = (const void *)part->data;
	const bool local = info->flags & XT_TIME_LOCAL_TZ;
	const uint64_t now = rv_clock(local ? RV_CLOCK_LOCAL : RV_CLOCK_UTC);
	const time_t seconds = (time_t)(now / 1000000000);
	char text[64] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%a %Y-%m-%dT%H:%M:%S", &tm);
	rv_buf_printf(&w->text, "the time is %s (%s)", text, local ? "local time" : "UTC");
}

static void why_string(struct why *w, const struct rv_part *part)
{
	const struct rv_option *row = rv_part_row(part, "string");

	row = row ? row : rv_part_row(part, "hex-string");
	rv_buf_puts(&w->text, row && rv_option_inverted(row, part->data)
		    ? "string found in the bytes searched"
		    : "string not found in the bytes searched");
}

static void why_u32(struct why *w, const struct rv_part *part)
{
	const struct rv_option *row = rv_part_row(part, "u32");

	rv_buf_puts(&w->text, row && rv_option_inverted(row, part->data)
		    ? "the packet has these values"
		    : "the packet has other values, or is too short");
}

static void why_whole(struct why *w, const struct rv_part *part)
{
	static const struct {
		const char *name;
		void (*say)(struct why *w, const struct rv_part *part);
	} rows[] = {
		{ "string", why_string }, { "time", why_time }, { "u32", why_u32 },
	};

	put_part(w, part);
	rv_buf_puts(&w->text, ": ");
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].name, part->ext->name)) {
			rows[i].say(w, part);
			return;
		}
	rv_buf_puts(&w->text, "false for this packet");
}

/* ---- which match it was ------------------------------------------------------------------------------------- */

static const struct rvk_element *next(const struct rvk_element *el)
{
	return (const struct rvk_element *)(const void *)((const uint8_t *)el + el->size);
}

static const struct rv_question *question_of(const struct why *w, const struct rvk_element *el)
{
	const struct rv_user_ask *ask = (const void *)(el + 1);

	if (el->form != RVK_FORM_DATA || el->kind != RVK_KIND_MATCH || strcmp(el->name, RV_USER_ASK) != 0)
		return NULL;
	return ask->number < w->rules->asking.n ? &w->rules->asking.list[ask->number] : NULL;
}

/* Elements are in the order of matches; a stateful match may be preceded by its predicates. */
static const struct rv_part *part_of(const struct why *w, const struct rv_miss *miss)
{
	const struct rvk_element *el = (const void *)(miss->rule + 1);
	const struct rv_part *part = w->rule->matches;

	for (; part && el != miss->element; el = next(el)) {
		const struct rv_question *q = question_of(w, next(el));

		if (!q || q->part != part)
			part = part->next;
	}
	return part;
}

static void why_match(struct why *w, const struct rv_miss *miss)
{
	const struct rv_question *q = question_of(w, miss->element);
	const struct rv_part *part = q ? q->part : part_of(w, miss);

	if (!part) {
		rv_buf_puts(&w->text, "no match");
	} else if (miss->what == RV_MISS_PREDICATE) {
		why_predicate(w, part, miss->predicate);
	} else if (q) {
		why_asked(w, q);
	} else {
		why_whole(w, part);
	}
}

char *rv_explain_miss_text(struct rv_explain_rules *r, struct rv_pkt *pkt, const struct rv_miss *miss,
			   const struct rv_kmod_blob *blob)
{
	struct why w = { .rules = r, .pkt = pkt };

	w.rule = miss->entry < blob->count ? blob->entries[miss->entry].rule : NULL;
	if (!w.rule)
		rv_buf_puts(&w.text, "no match");
	else if (miss->element)
		why_match(&w, miss);
	else
		why_ip(&w, miss->what);
	return (char *)rv_buf_text(&w.text);
}
