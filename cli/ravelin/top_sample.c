/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples of counters, and rates between samples. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/ravelin/top.h"

/* ---- reading -------------------------------------------------------------------------------- */

static struct rv_top_line *add_line(struct rv_top_sample *s, const struct rv_chain *c)
{
	struct rv_top_line *l;

	if (s->n == s->room) {
		size_t room = s->room * 2 + 64;
		struct rv_top_line *more = realloc(s->line, room * sizeof(*more));

		if (!more)
			return NULL;
		s->line = more;
		s->room = room;
	}
	l = &s->line[s->n];
	*l = (struct rv_top_line){
		.family = c->table->ruleset->family, .table = c->table->def, .place = (uint32_t)s->n,
	};
	memcpy(l->chain, c->name, sizeof(l->chain));
	s->n++;
	return l;
}

static bool drops(const struct rv_rule *r)
{
	return r->verdict == RV_VERDICT_DROP || (r->target && !strcmp(r->target->ext->name, "REJECT"));
}

/* "-s 192.0.2.1/32 -j DROP" */
static char *rule_text(const struct rv_chain *c, const struct rv_rule *r)
{
	struct rv_buf b = RV_BUF_INIT;
	const char *text;
	char *copy;

	rv_render_rule_body(&b, c->table->ruleset->family, r, RV_COUNTERS_NONE);
	text = rv_buf_text(&b);
	copy = text ? strdup(*text ? text + 1 : text) : NULL;
	rv_buf_free(&b);
	return copy;
}

static int add_rules(struct rv_top_sample *s, const struct rv_chain *c)
{
	uint32_t number = 0;

	rv_list_each(r, &c->rules, struct rv_rule, node) {
		struct rv_top_line *l = add_line(s, c);

		if (!l)
			return -1;
		l->number = ++number;
		l->handle = r->handle;
		l->counters = r->counters;
		l->drops = drops(r);
		l->text = rule_text(c, r);
		if (!l->text)
			return -1;
	}
	return 0;
}

static int add_policy(struct rv_top_sample *s, const struct rv_chain *c)
{
	struct rv_top_line *l = add_line(s, c);

	if (!l)
		return -1;
	l->counters = c->counters;
	l->drops = c->policy == RV_VERDICT_DROP;
	return asprintf(&l->text, "policy %s", rv_verdict_name(c->policy)) < 0 ? (l->text = NULL, -1) : 0;
}

/* All rules of a chain, and its policy, in one line. */
static int sample_chain(struct rv_top_sample *s, const struct rv_chain *c)
{
	struct rv_top_line *l = add_line(s, c);

	if (!l)
		return -1;
	l->counters = c->counters;
	l->drops = c->base >= 0 && c->policy == RV_VERDICT_DROP;
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		l->counters.packets += r->counters.packets;
		l->counters.bytes += r->counters.bytes;
	}
	return asprintf(&l->text, "%u rule%s", c->nrules, c->nrules == 1 ? "" : "s") < 0 ? (l->text = NULL, -1) : 0;
}

static int sample_table(struct rv_top_sample *s, const struct rv_table *t,
			const struct rv_top_view *v)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if (v->chains ? sample_chain(s, c) : add_rules(s, c) || (c->base >= 0 && add_policy(s, c)))
			return -1;
	}
	return 0;
}

static int read_family(struct rv_top_sample *s, struct rv_cli *cli, const struct rv_top_view *v,
		       rv_family_t family, struct rv_error *err)
{
	struct rv_ruleset rs;
	int rc;

	cli->family = family;
	rc = rv_cli_ruleset(cli, &rs, "live", err);
	for (const struct rv_table_def *def = rv_table_defs; def->name && !rc; def++)
		rv_list_each(t, &rs.tables, struct rv_table, node)
			if (t->def == def && t->exists && (!v->table || v->table == def) && !rc &&
			    sample_table(s, t, v))
				rc = rv_fail_memory(err);
	rv_ruleset_clear(&rs);
	return rc;
}

/* ---- rates ----------------------------------------------------------------------------------- */

static int compare_key(const void *a, const void *b)
{
	const struct rv_top_line *x = a, *y = b;
	int rc;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	rc = strcmp(x->chain, y->chain);
	if (rc)
		return rc;
	if (x->handle != y->handle)
		return x->handle < y->handle ? -1 : 1;
	/* A rule identified by its handle may have another number now. */
	if (x->handle)
		return 0;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Counters that were zeroed, or belong to a replaced rule, count from 0. */
static double rate(uint64_t now, uint64_t before, int64_t ms)
{
	return ms > 0 ? (double)(now >= before ? now - before : now) * 1000 / (double)ms : 0;
}

static void compute_rates(struct rv_top_sample *s, const struct rv_top_sample *before)
{
	for (size_t i = 0; i < s->n; i++) {
		struct rv_top_line *l = &s->line[i];
		const struct rv_top_line *old =
			bsearch(l, before->line, before->n, sizeof(*before->line), compare_key);

		if (!old)
			continue;
		l->packets = rate(l->counters.packets, old->counters.packets, s->at - before->at);
		l->bytes = rate(l->counters.bytes, old->counters.bytes, s->at - before->at);
	}
}

int rv_top_read(struct rv_top_sample *s, struct rv_cli *cli, const struct rv_top_view *v,
		const struct rv_top_sample *before, struct rv_error *err)
{
	struct timespec now;

	*s = (struct rv_top_sample){ 0 };
	clock_gettime(CLOCK_MONOTONIC, &now);
	s->at = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if ((v->ip && read_family(s, cli, v, NFPROTO_IPV4, err)) ||
	    (v->ip6 && read_family(s, cli, v, NFPROTO_IPV6, err)))
		return -1;
	if (s->n)
		qsort(s->line, s->n, sizeof(*s->line), compare_key);
	if (before && before->n)
		compute_rates(s, before);
	return 0;
}

void rv_top_free(struct rv_top_sample *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->line[i].text);
	free(s->line);
	*s = (struct rv_top_sample){ 0 };
}

/* ---- selection ------------------------------------------------------------------------------- */

static double weight(const struct rv_top_line *l, enum rv_top_order order)
{
	switch (order) {
	case RV_TOP_PACKET_RATE:
		return l->packets;
	case RV_TOP_BYTE_RATE:
		return l->bytes;
	case RV_TOP_PACKETS:
		return (double)l->counters.packets;
	case RV_TOP_BYTES:
		return (double)l->counters.bytes;
	default:
		return 0;
	}
}

static int compare_lines(const void *a, const void *b, void *arg)
{
	const struct rv_top_line *x = *(const struct rv_top_line *const *)a;
	const struct rv_top_line *y = *(const struct rv_top_line *const *)b;
	const struct rv_top_view *v = arg;
	double p = weight(x, v->order), q = weight(y, v->order);

	if (v->drops && x->drops != y->drops)
		return x->drops ? -1 : 1;
	if (p > q || p < q)
		return p > q ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static bool is_wanted(const struct rv_top_line *l, const char *filter, struct rv_buf *b)
{
	if (!filter || !*filter)
		return true;
	rv_buf_reset(b);
	rv_buf_printf(b, "%s %s %s", l->table->name, l->chain, l->text);
	return !rv_buf_text(b) || strcasestr(b->data, filter);
}

const struct rv_top_line **rv_top_select(const struct rv_top_sample *s, const struct rv_top_view *v,
					 size_t *n)
{
	const struct rv_top_line **list = calloc(s->n + 1, sizeof(*list));
	struct rv_buf b = RV_BUF_INIT;

	*n = 0;
	for (size_t i = 0; list && i < s->n; i++)
		if (is_wanted(&s->line[i], v->filter, &b))
			list[(*n)++] = &s->line[i];
	rv_buf_free(&b);
	if (list && *n)
		qsort_r(list, *n, sizeof(*list), compare_lines, (void *)v);
	return list;
}

/* ---- output ---------------------------------------------------------------------------------- */

/* At most five digits: "12345", "12346k", "57M". Small rates have a fraction. */
static void put_number(struct rv_buf *b, double n, bool fraction)
{
	const int columns = 8;
	static const char units[] = " kMGTPE";
	unsigned int unit = 0;

	while (n >= 99999.5 && units[unit + 1]) {
		n /= 1000;
		unit++;
	}
	if (unit)
		rv_buf_printf(b, "%*.0f%c", columns - 1, n, units[unit]);
	else
		rv_buf_printf(b, fraction && n > 0 && n < 9.95 ? "%*.1f" : "%*.0f", columns, n);
}

void rv_top_put_head(struct rv_buf *b, const struct rv_top_view *v)
{
	rv_buf_printf(b, "  pkts/s bytes/s    pkts   bytes  %s", v->chains ? "chain" : "rule");
}

void rv_top_put_line(struct rv_buf *b, const struct rv_top_line *l)
{
	put_number(b, l->packets, true);
	put_number(b, l->bytes, true);
	put_number(b, (double)l->counters.packets, false);
	put_number(b, (double)l->counters.bytes, false);
	rv_buf_printf(b, "  %s%s %s", l->family == NFPROTO_IPV6 ? "ip6 " : "", l->table->name, l->chain);
	if (l->number)
		rv_buf_printf(b, ":%u", l->number);
	rv_buf_putc(b, ' ');
	rv_cli_printable(b, l->text, strlen(l->text), "");
}

const char *const rv_top_orders[] = {
	[RV_TOP_PACKET_RATE] = "packets/s",
	[RV_TOP_BYTE_RATE] = "bytes/s",
	[RV_TOP_PACKETS] = "packets",
	[RV_TOP_BYTES] = "bytes",
	[RV_TOP_PLACE] = "place",
	NULL,
};

void rv_top_put_view(struct rv_buf *b, const struct rv_top_view *v)
{
	rv_buf_printf(b, "%s by %s", v->chains ? "chains" : "rules", rv_top_orders[v->order]);
	if (v->drops)
		rv_buf_puts(b, ", drops first");
	if (v->table)
		rv_buf_printf(b, ", table %s", v->table->name);
	if (v->filter && *v->filter)
		rv_buf_printf(b, ", with \"%s\"", v->filter);
}
