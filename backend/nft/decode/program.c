/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects the meaning of a rule: predicates, matches and a target, in order. Options are set from
 * text and checked by the rows of their extension.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <ravelin/registry.h>

#include "formats/text.h"
#include "reader.h"

/* ---- errors ------------------------------------------------------------------------------ */

int rv_nft_unsupported(struct rv_nft_reader *r, const char *fmt, ...)
{
	char text[RV_ERROR_TEXT / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->failed = true;
	rv_fail(r->err, RV_ERR_RESOURCE, NULL,
		"table `%s' is incompatible, use 'nft' tool: chain `%s' rule handle %llu: %s",
		r->place->table, r->place->chain, (unsigned long long)r->place->handle, text);
	return rv_hint(r->err,
		       "the rule was not written by iptables; look at it with: "
		       "nft -a list chain %s %s %s",
		       rv_family(r->family)->nft, r->place->table, r->place->chain);
}

int rv_nft_not_understood(struct rv_nft_reader *r, const struct rv_nft_load *l)
{
	static const char *const headers[] = { "link", "network", "transport", "inner" };

	if (l->kind == RV_NFT_PAYLOAD)
		return rv_nft_unsupported(r, "expression `payload' of %u bytes at %s header + %u, as it is "
					  "compared, is not understood", l->len,
					  l->base < 4 ? headers[l->base] : "unknown", l->offset);
	return rv_nft_unsupported(r, "expression `%s' key %u, as it is compared, is not understood",
				  rv_nft_expr_name(l->kind), l->kind == RV_NFT_EXTHDR ? l->header : l->key);
}

int rv_nft_strange(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	return rv_nft_unsupported(r, "expression `%s', as it is used, is not understood",
				  rv_nft_expr_name(e->kind));
}

int rv_nft_bad_register(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	return rv_nft_unsupported(r, "expression `%s' uses a register in a way that is not understood",
				  rv_nft_expr_name(e->kind));
}

static int no_memory(struct rv_nft_reader *r)
{
	r->failed = true;
	return rv_fail_memory(r->err);
}

/* ---- predicates ---------------------------------------------------------------------------- */

int rv_nft_keep_list(struct rv_nft_meaning *m, size_t room)
{
	struct rv_nft_said *old = m->list == m->first ? NULL : m->list;
	struct rv_nft_said *list = realloc(old, room * sizeof(*list));

	if (!list)
		return -1;
	if (!old)
		memcpy(list, m->first, m->count * sizeof(*list));
	m->list = list;
	m->room = room;
	return 0;
}

int rv_nft_say(struct rv_nft_reader *r, const struct rv_predicate *p, const struct rv_nft_reg *h,
	       const struct rv_nft_source *source)
{
	struct rv_nft_meaning *m = r->m;
	struct rv_nft_said *said;

	if (m->count == m->room && rv_nft_keep_list(m, 2 * m->room))
		return no_memory(r);
	said = &m->list[m->count++];
	memcpy(&said->p, p, p->op == RV_OP_IN ? sizeof(*p) : offsetof(struct rv_predicate, list));
	if (!p->len && p->op != RV_OP_PREFIX)
		said->p.len = rv_selectors[p->sel].len;
	said->load = h->load;
	said->load.len = h->len;
	said->source = source;
	return 0;
}

uint8_t rv_nft_protocol(const struct rv_nft_reader *r, bool negated)
{
	for (size_t i = 0; i < r->m->count; i++) {
		const struct rv_predicate *p = &r->m->list[i].p;

		if (p->sel == RV_SEL_L4PROTO && p->op == RV_OP_EQ && (negated || !p->negate))
			return p->value[0];
	}
	return 0;
}

/* Sets the rule's protocol, which options and checks need. The rest of rule->ip is set later. */
static void set_protocol(struct rv_nft_reader *r)
{
	struct rv_ip *ip = &r->m->rule->ip;

	ip->proto = rv_nft_protocol(r, false);
	ip->flags = ip->proto ? RV_IP_PROTO : 0;
}

/* ---- matches and targets --------------------------------------------------------------------- */

int rv_nft_add_match(struct rv_nft_reader *r, struct rv_part *part)
{
	struct rv_nft_meaning *m = r->m;
	size_t room = m->part_room ? 2 * m->part_room : 4;
	struct rv_nft_step *parts = m->parts;

	if (m->nparts == m->part_room) {
		parts = realloc(parts, room * sizeof(*parts));
		if (!parts) {
			rv_part_free(part);
			return no_memory(r);
		}
		m->parts = parts;
		m->part_room = room;
	}
	parts[m->nparts++] = (struct rv_nft_step){ part, m->count };
	rv_rule_add_match(m->rule, part);
	return 0;
}

static struct rv_part *new_part(struct rv_nft_reader *r, enum rv_ext_kind kind, const char *name)
{
	const struct rv_ext *ext = rv_ext_find(kind, r->family, name);

	r->m->foreign = true;
	r->part = ext ? rv_part_new(ext) : NULL;
	if (!ext)
		rv_nft_unsupported(r, "iptables has no `%s'", name);
	else if (!r->part)
		no_memory(r);
	return r->part;
}

void rv_nft_match(struct rv_nft_reader *r, const char *name)
{
	if (new_part(r, RV_MATCH, name) && rv_nft_add_match(r, r->part))
		r->part = NULL;
}

void rv_nft_target(struct rv_nft_reader *r, const char *name)
{
	r->m->rule->target = new_part(r, RV_TARGET, name);
}

int rv_nft_only_target(struct rv_nft_reader *r, const char *name)
{
	if (r->ended)
		return rv_nft_unsupported(r, "a second target is not supported");
	r->ended = true;
	rv_nft_target(r, name);
	return r->failed ? -1 : 0;
}

void rv_nft_set_two(struct rv_nft_reader *r, const char *option, const char *value, const char *second)
{
	const struct rv_option *opt = r->failed ? NULL : r->part->ext->options;
	struct rv_error why = { 0 };
	struct rv_parse p = {
		.family = r->family, .table = r->place->table, .rule = r->m->rule, .arg = value, .arg2 = second,
		.invert = r->invert, .err = &why,
	};

	r->invert = false;
	while (opt && opt->name && strcmp(opt->name, option) != 0)
		opt++;
	if (!opt)
		return;
	set_protocol(r);
	p.ext = r->part->ext;
	p.opt = opt;
	p.part = r->part;
	p.data = r->part->data;
	if (!opt->name || rv_option_parse(&p))
		rv_nft_unsupported(r, "iptables cannot express it: %s --%s: %s", p.ext->name, option, why.text);
}

void rv_nft_set(struct rv_nft_reader *r, const char *option, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_nft_set_two(r, option, text, NULL);
}

void rv_nft_flag(struct rv_nft_reader *r, const char *option)
{
	rv_nft_set_two(r, option, NULL, NULL);
}

/* ---- what takes several expressions -------------------------------------------------------------- */

static void put_types(struct rv_nft_reader *r, const char *option, uint32_t bits)
{
	struct rv_buf b = RV_BUF_INIT;

	for (const struct rv_name *n = rv_text_address_types; n->name; n++) {
		if (!(bits & n->value))
			continue;
		rv_buf_puts(&b, b.len ? "," : "");
		for (const char *c = n->name; *c; c++)
			rv_buf_putc(&b, (char)toupper((unsigned char)*c));
	}
	rv_nft_set(r, option, "%s", rv_buf_text(&b) ? rv_buf_text(&b) : "");
	rv_buf_free(&b);
}

static void put_address_types(struct rv_nft_reader *r)
{
	static const char *const rows[] = { "src-type", "dst-type" };

	rv_nft_match(r, "addrtype");
	for (int i = 0; i < 2; i++) {
		r->invert = r->addrtype.negate[i];
		if (r->addrtype.types[i])
			put_types(r, rows[i], r->addrtype.types[i]);
	}
	rv_nft_flag(r, r->addrtype.flags & NFTA_FIB_F_IIF ? "limit-iface-in" : "limit-iface-out");
	memset(&r->addrtype, 0, sizeof(r->addrtype));
}

static void put_socket(struct rv_nft_reader *r)
{
	rv_nft_match(r, "socket");
	if (r->sk.transparent)
		rv_nft_flag(r, "transparent");
	if (r->sk.any)
		rv_nft_flag(r, "nowildcard");
	if (r->sk.restore)
		rv_nft_flag(r, "restore-skmark");
	memset(&r->sk, 0, sizeof(r->sk));
}

int rv_nft_pending(struct rv_nft_reader *r)
{
	if (r->addrtype.flags == (NFTA_FIB_F_IIF | NFTA_FIB_F_OIF))
		return rv_nft_unsupported(r, "address types on two interfaces are not supported");
	if (r->addrtype.flags)
		put_address_types(r);
	if (r->target.dscp) {
		rv_nft_target(r, "DSCP");
		rv_nft_set(r, "set-dscp", "0x%02x", r->target.value);
		r->target.dscp = false;
	}
	if (r->sk.seen)
		put_socket(r);
	return r->failed ? -1 : 0;
}

/* ---- checks -------------------------------------------------------------------------------------- */

static int check_part(struct rv_nft_reader *r, struct rv_part *part)
{
	struct rv_error why = { 0 };
	struct rv_check c = {
		.family = r->family, .table = r->place->table, .ext = part->ext, .rule = r->m->rule,
		.part = part, .seen = part->seen, .err = &why,
	};

	if (!rv_part_check(&c) && !rv_part_kernel_check(&c))
		return 0;
	return rv_nft_unsupported(r, "iptables cannot express it: %s", why.text);
}

int rv_nft_check_options(struct rv_nft_reader *r)
{
	struct rv_rule *rule = r->m->rule;
	int rc = 0;

	set_protocol(r);
	for (struct rv_part *part = rule->matches; part && !rc; part = part->next)
		rc = check_part(r, part);
	if (!rc && rule->target)
		rc = check_part(r, rule->target);
	memset(&rule->ip, 0, sizeof(rule->ip));
	return rc;
}
