/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin explain: text. */
#include <stdlib.h>
#include <string.h>

#include "cli/explain/walk.h"

static const char *path_of(const struct rv_explained *x)
{
	const char *path = x->rules->path;

	return path && !strcmp(path, "-") ? "stdin" : path;
}

/* ---- rules --------------------------------------------------------------------------------------- */

void rv_explain_place(struct rv_buf *b, const struct rv_run_pass *pass)
{
	const struct rv_kmod_entry *e = rv_explained_rule(pass);

	if (e)
		rv_buf_printf(b, "rule %u of %s", e->number, e->chain->name);
	else
		rv_buf_printf(b, "policy of %s", pass->base->name);
	rv_buf_printf(b, " in %s", pass->table->name);
}

/* " (line 12 of rules.v4) [10:600]": source line and counters. */
static void add_origin(struct rv_buf *b, const struct rv_explained *x, const struct rv_rule *r)
{
	if (path_of(x) && r->loc.line)
		rv_buf_printf(b, ", line %u of %s", r->loc.line, path_of(x));
	rv_buf_printf(b, " [%llu:%llu]", (unsigned long long)r->counters.packets,
		      (unsigned long long)r->counters.bytes);
}

static void add_policy(struct rv_buf *b, const struct rv_run_pass *pass)
{
	rv_list_each(c, &pass->blob->table->chains, struct rv_chain, node)
		if (!strcmp(c->name, pass->base->name))
			rv_buf_printf(b, " [%llu:%llu]", (unsigned long long)c->counters.packets,
				      (unsigned long long)c->counters.bytes);
}

static void add_decider(struct rv_buf *b, const struct rv_explained *x, const struct rv_run_pass *pass)
{
	const struct rv_kmod_entry *e = rv_explained_rule(pass);

	rv_explain_place(b, pass);
	if (e)
		add_origin(b, x, e->rule);
	else
		add_policy(b, pass);
}

/* ---- a way ---------------------------------------------------------------------------------------- */

static void add_step(struct rv_buf *b, const struct rv_explained *x, const struct rv_run_pass *pass,
		     const struct rv_step *step, const char *indent)
{
	const struct rv_kmod_entry *e = rv_run_entry(pass, step);

	if (!e)
		return;
	rv_buf_printf(b, "%s      %s %u: ", indent, e->chain->name, e->number);
	rv_run_rule(b, e);
	add_origin(b, x, e->rule);
	rv_buf_putc(b, '\n');
}

static void add_miss(struct rv_buf *b, const struct rv_run_pass *pass, const struct rv_explain_miss *m,
		     const char *indent)
{
	const struct rv_kmod_entry *e = &pass->blob->entries[m->miss.entry];

	rv_buf_printf(b, "%s      %s %u: not matched: ", indent, e->chain->name, e->number);
	rv_run_rule(b, e);
	rv_buf_printf(b, "\n%s        %s\n", indent, m->text);
}

/* The matching rules and, with --why, those that did not match, in order of evaluation. */
static void add_rules(struct rv_buf *b, const struct rv_explained *x, const struct rv_explain_way *way,
		      unsigned int number, const char *indent)
{
	const struct rv_run_pass *pass = &way->passes[number];
	size_t m = 0;

	while (m < way->nmisses && way->misses[m].pass < number)
		m++;
	for (uint32_t i = 0; i <= pass->record.len; i++) {
		for (; m < way->nmisses && way->misses[m].pass == number && way->misses[m].at == i; m++)
			add_miss(b, pass, &way->misses[m], indent);
		if (i < pass->record.len)
			add_step(b, x, pass, &pass->record.path[i], indent);
	}
}

static void add_pass(struct rv_buf *b, const struct rv_explained *x, const struct rv_explain_way *way,
		     unsigned int number, const char *indent)
{
	const struct rv_run_pass *pass = &way->passes[number];
	const bool last = number == way->decided && number + 1 == way->npasses;

	rv_buf_printf(b, "%s    %-8s %s by ", indent, pass->table->name,
		      last ? way->fate : rv_run_verdict_name(pass->verdict));
	add_decider(b, x, pass);
	rv_buf_putc(b, '\n');
	add_rules(b, x, way, number, indent);
	for (unsigned int i = 0; i < pass->nnotes; i++)
		rv_buf_printf(b, "%s      %s\n", indent, pass->notes[i]);
	for (unsigned int i = 0; i < way->nchanges; i++)
		if (way->changes[i].pass == number)
			rv_buf_printf(b, "%s      %s\n", indent, way->changes[i].text);
}

static void add_lines(struct rv_buf *b, const struct rv_buf *lines, const char *before)
{
	const char *at = lines->data, *end = at + lines->len;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		rv_buf_printf(b, "%s%.*s\n", before, (int)(nl ? nl - at : end - at), at);
		at = nl ? nl + 1 : end;
	}
}

static void add_after(struct rv_buf *b, const struct rv_explained *x, const struct rv_explain_way *way,
		      const char *indent)
{
	const struct rv_buf *then = &x->packet->bytes;

	if (way->mark != x->packet->mark)
		rv_buf_printf(b, "%s  mark: 0x%x -> 0x%x\n", indent, x->packet->mark, way->mark);
	if (!strcmp(way->fate, "ACCEPT") &&
	    (way->bytes.len != then->len || memcmp(way->bytes.data, then->data, then->len) != 0)) {
		rv_buf_printf(b, "%s  leaves as: ", indent);
		rv_packet_print(b, (uint8_t *)way->bytes.data, (uint32_t)way->bytes.len);
		rv_buf_putc(b, '\n');
	}
	if (way->notes.len)
		add_lines(b, &way->notes, "  note: ");
}

static void add_way(struct rv_buf *b, const struct rv_explained *x, const struct rv_explain_way *way,
		    const char *indent)
{
	const struct rv_base_def *base = NULL;

	for (unsigned int i = 0; i < way->npasses; i++) {
		const struct rv_run_pass *pass = &way->passes[i];

		if (way->route[0] && way->route_after == i)
			rv_buf_printf(b, "%s  routing: %s\n", indent, way->route);
		if (!base || base->hook != pass->base->hook)
			rv_buf_printf(b, "%s  %s\n", indent, pass->base->name);
		base = pass->base;
		add_pass(b, x, way, i, indent);
	}
	if (way->route[0] && way->route_after == way->npasses)
		rv_buf_printf(b, "%s  routing: %s\n", indent, way->route);
	add_after(b, x, way, indent);
}

/* ---- the whole -------------------------------------------------------------------------------------- */

static void add_choices(struct rv_buf *b, const struct rv_explained *x, const struct rv_explain_way *way)
{
	rv_buf_puts(b, "if ");
	for (unsigned int i = 0; i < way->way.n; i++)
		rv_buf_printf(b, "%s%s %s", i ? ", " : "",
			      x->rules->asking.list[way->way.taken[i].question].text,
			      way->way.taken[i].is ? "matches" : "does not");
	rv_buf_printf(b, ": %s\n", way->fate);
}

static void add_verdict(struct rv_buf *b, const struct rv_explained *x)
{
	struct rv_run_way *ways = calloc(x->nways + (size_t)1, sizeof(*ways));
	const struct rv_explain_way *first = &x->ways[0];

	for (unsigned int i = 0; ways && i < x->nways; i++)
		ways[i] = x->ways[i].way;
	if (ways)
		rv_ways_print(b, &x->rules->asking, ways, x->nways, x->more);
	free(ways);
	if (x->nways > 1 || !x->fate)
		return;
	if (first->decided < first->npasses) {
		rv_buf_puts(b, " by ");
		add_decider(b, x, &first->passes[first->decided]);
	} else if (strcmp(x->fate, "ACCEPT") != 0) {
		rv_buf_printf(b, " by routing: %s", first->route);
	} else if (!first->npasses) {
		rv_buf_puts(b, ": no table has rules or a policy for it");
	}
}

static void add_head(struct rv_buf *b, const struct rv_explained *x)
{
	const struct rv_question_packet *q = x->packet;

	if (q->number)
		rv_buf_printf(b, "packet %llu: ", (unsigned long long)q->number);
	else
		rv_buf_puts(b, "packet: ");
	rv_packet_print(b, (const uint8_t *)q->bytes.data, (uint32_t)q->bytes.len);
	if (x->in[0])
		rv_buf_printf(b, ", in %.16s", x->in);
	if (q->out[0])
		rv_buf_printf(b, ", out %.16s", q->out);
	if (q->mark)
		rv_buf_printf(b, ", mark 0x%x", q->mark);
	rv_buf_printf(b, ", connection %s (%s)\n", rv_walk_state_name(x->state), x->state_from->text);
}

static bool was_missed(const struct rv_explained *x)
{
	for (unsigned int i = 0; i < x->nways; i++)
		if (x->ways[i].nmisses)
			return true;
	return false;
}

/* Returns whether the packet matched the rule of --why-not. */
static bool was_hit(const struct rv_explaining *e, const struct rv_run_pass *pass)
{
	const struct rv_explain_target *t = &e->target;

	if (t->table && strcmp(t->table, pass->table->name) != 0)
		return false;
	for (uint32_t i = 0; i < pass->record.len; i++) {
		const struct rv_kmod_entry *entry = rv_run_entry(pass, &pass->record.path[i]);
		struct rv_buf text = RV_BUF_INIT;
		bool same;

		if (!entry)
			continue;
		rv_run_rule(&text, entry);
		same = t->text ? rv_buf_text(&text) && !strcmp(text.data, t->text)
			       : entry->number == t->number && !strcmp(entry->chain->name, t->chain);
		rv_buf_free(&text);
		if (same)
			return true;
	}
	return false;
}

/* Returns whether an earlier miss has the same text, as on another way. */
static bool is_repeated(const struct rv_explained *x, unsigned int way, size_t miss)
{
	const char *text = x->ways[way].misses[miss].text;

	for (unsigned int i = 0; i <= way; i++)
		for (size_t m = 0; m < (i < way ? x->ways[i].nmisses : miss); m++)
			if (!strcmp(x->ways[i].misses[m].text, text))
				return true;
	return false;
}

static void add_why_not(struct rv_buf *b, const struct rv_explaining *e, const struct rv_explained *x)
{
	bool hit = false;

	for (unsigned int i = 0; i < x->nways; i++)
		for (unsigned int n = 0; n < x->ways[i].npasses; n++)
			hit |= was_hit(e, &x->ways[i].passes[n]);
	if (hit)
		rv_buf_printf(b, "%s: it matched\n", e->why_not);
	else if (!was_missed(x))
		rv_buf_printf(b, "%s: the packet does not reach it\n", e->why_not);
	for (unsigned int i = 0; i < x->nways; i++)
		for (size_t m = 0; m < x->ways[i].nmisses && !e->why; m++)
			if (!is_repeated(x, i, m))
				rv_buf_printf(b, "%s: %s\n", e->why_not, x->ways[i].misses[m].text);
}

void rv_explain_text(struct rv_buf *b, const struct rv_explaining *e, const struct rv_explained *x)
{
	add_head(b, x);
	rv_buf_puts(b, "verdict: ");
	add_verdict(b, x);
	rv_buf_putc(b, '\n');
	if (e->why_not)
		add_why_not(b, e, x);
	for (unsigned int i = 0; i < x->nways && !e->quiet; i++) {
		if (x->ways[i].way.n)
			add_choices(b, x, &x->ways[i]);
		add_way(b, x, &x->ways[i], "");
	}
	if (x->more)
		rv_buf_puts(b, "note: more ways exist; see --ways\n");
	add_lines(b, &x->notes, "note: ");
	add_lines(b, &x->rules->notes, "note: ");
}
