/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin run: text output. */
#include "cli/run/run.h"

static void start_text(struct rv_buf *b)
{
	(void)b;
}

static void add_end(struct rv_buf *b, const struct rv_run_packet *p, bool source)
{
	union nf_inet_addr addr;
	uint16_t sport, dport;
	bool ports = rv_run_ports(p, &sport, &dport);

	rv_print_address(b, p->frame->family, rv_run_address(p, source, &addr));
	if (ports)
		rv_buf_printf(b, p->frame->family == NFPROTO_IPV6 ? " %u" : ":%u",
			      source ? sport : dport);
}

static void add_protocol(struct rv_buf *b, const struct rv_run_packet *p)
{
	const char *name = rv_protocol_name(p->frame->family, p->pkt->proto);

	if (p->pkt->proto == RV_PROTO_NONE)
		rv_buf_puts(b, "IP");
	else if (name && p->pkt->proto)
		rv_buf_puts(b, name);
	else
		rv_buf_printf(b, "protocol %u", p->pkt->proto);
	if (p->pkt->fragoff)
		rv_buf_printf(b, " fragment at %u", p->pkt->fragoff * 8u);
}

static void add_head(struct rv_buf *b, const struct rv_run_packet *p)
{
	char time[40];

	rv_run_time(p->frame->time, time);
	rv_buf_printf(b, "%llu %s %u bytes", (unsigned long long)p->frame->number, time,
		      p->frame->length);
	if (p->why) {
		rv_buf_printf(b, ": not run: %s%s\n", p->fate == RV_RUN_MALFORMED ? "malformed: " :
			      p->fate == RV_RUN_FRAGMENT ? "fragment: " : "", p->why);
		return;
	}
	rv_buf_puts(b, ", ");
	if (p->reassembled)
		rv_buf_printf(b, "reassembled: %u bytes, ", p->reassembled);
	add_protocol(b, p);
	rv_buf_putc(b, ' ');
	add_end(b, p, true);
	rv_buf_puts(b, " > ");
	add_end(b, p, false);
	rv_buf_puts(b, ": ");
	rv_ways_print(b, p->asking, p->ways, p->nways, p->more);
	if (p->frame->truncated)
		rv_buf_puts(b, " (truncated in the capture)");
	rv_buf_putc(b, '\n');
}

static void add_step(struct rv_buf *b, const struct rv_run_pass *pass, const struct rv_step *step,
		     const char *indent)
{
	const struct rv_kmod_entry *e = rv_run_entry(pass, step);

	if (!e)
		return;
	rv_buf_printf(b, "%s    %s %u: ", indent, e->chain->name, e->number);
	rv_run_rule(b, e);
	rv_buf_putc(b, '\n');
}

static void add_decision(struct rv_buf *b, const struct rv_run_pass *pass, const char *indent)
{
	const struct rv_record *rec = &pass->record;
	const struct rv_kmod_entry *e = NULL;

	rv_buf_printf(b, "%s  %s %s: %s", indent, pass->base->name, pass->table->name,
		      rv_run_verdict_name(pass->verdict));
	if (rec->len) {
		e = rv_run_entry(pass, &rec->path[rec->len - 1]);
		rv_buf_puts(b, e ? " by rule" : " by policy");
	}
	if (e)
		rv_buf_printf(b, " %u of %s", e->number, e->chain->name);
	rv_buf_putc(b, '\n');
}

static void add_pass(struct rv_buf *b, const struct rv_run_pass *pass, const char *indent)
{
	const struct rv_record *rec = &pass->record;
	const char *name;
	bool any = false;

	add_decision(b, pass, indent);
	for (uint32_t i = 0; i < rec->len && i < RV_RUN_PATH; i++)
		add_step(b, pass, &rec->path[i], indent);
	if (rec->len > RV_RUN_PATH)
		rv_buf_printf(b, "%s    and %u steps more\n", indent, rec->len - RV_RUN_PATH);
	for (unsigned int i = 0; i < pass->nnotes; i++)
		rv_buf_printf(b, "%s    %s\n", indent, pass->notes[i]);
	for (unsigned int i = 0; (name = rv_run_looked(pass, &i)) != NULL; any = true)
		rv_buf_printf(b, "%s%s%s", any ? "" : indent, any ? " " : "    tested: ", name);
	if (any)
		rv_buf_putc(b, '\n');
}

/* "if A matches, B does not: DROP" */
static void add_choices(struct rv_buf *b, const struct rv_run_packet *p,
			const struct rv_run_way *way)
{
	rv_buf_puts(b, "  if ");
	for (unsigned int i = 0; i < way->n; i++)
		rv_buf_printf(b, "%s%s %s", i ? ", " : "",
			      p->asking->list[way->taken[i].question].text,
			      way->taken[i].is ? "matches" : "does not");
	rv_buf_printf(b, ": %s\n", way->fate);
}

static void way(struct rv_buf *b, const struct rv_run_packet *p, const struct rv_run_way *w,
		unsigned int number)
{
	const char *indent = w->n ? "  " : "";

	(void)number;
	if (w->n)
		add_choices(b, p, w);
	for (unsigned int i = 0; i < p->npasses; i++)
		if (p->passes[i].passed)
			add_pass(b, &p->passes[i], indent);
	if (p->pkt->mark != p->mark)
		rv_buf_printf(b, "%s  mark is now 0x%x\n", indent, p->pkt->mark);
	if (p->changed)
		rv_buf_printf(b, "%s  the packet was changed\n", indent);
}

static void add_tracked(struct rv_buf *b, const struct rv_run_tracked *t)
{
	if (!t->state)
		return;
	rv_buf_printf(b, "  conntrack: %s", t->state);
	if (t->why)
		rv_buf_printf(b, ": %s", t->why);
	if (t->direction)
		rv_buf_printf(b, ", connection %u, %s direction", t->number, t->direction);
	if (t->proto_state)
		rv_buf_printf(b, ", TCP %s", t->proto_state);
	rv_buf_putc(b, '\n');
}

static void packet(struct rv_buf *b, const struct rv_run_packet *p)
{
	add_head(b, p);
	if (!p->why && p->tracked)
		add_tracked(b, p->tracked);
	if (!p->why)
		rv_buf_add(b, p->text->data, p->text->len);
	if (p->more)
		rv_buf_puts(b, "  further paths were not followed: use --ways\n");
}

/* Maximum counters beyond the certain ones, as comments before the tables. */
static void add_more(struct rv_buf *b, const struct rv_run_totals *t, unsigned int table)
{
	const struct rv_kmod_blob *blob = &t->change->blobs[table];

	for (uint32_t i = 0; i < blob->count; i++) {
		const struct rv_kmod_entry *e = &blob->entries[i];
		const struct rv_counters *more = rv_run_more(t, table, e->chain, e->rule);

		if (!more || (!e->rule && e->chain->base < 0))
			continue;
		rv_buf_printf(b, "# perhaps [%llu:%llu] more: %s: ",
			      (unsigned long long)more->packets, (unsigned long long)more->bytes,
			      blob->table->def->name);
		if (e->rule)
			rv_run_rule(b, e);
		else
			rv_buf_printf(b, "policy of %s", e->chain->name);
		rv_buf_putc(b, '\n');
	}
}

static void end(struct rv_buf *b, const struct rv_run_totals *t)
{
	rv_buf_printf(b, "# %llu packets", (unsigned long long)t->packets);
	for (unsigned int i = 0; i < RV_RUN_FATES; i++)
		if (t->fates[i])
			rv_buf_printf(b, ", %llu %s%s", (unsigned long long)t->fates[i],
				      i >= RV_RUN_OTHER ? "not run: " : "", rv_run_fate_name(i));
	rv_buf_putc(b, '\n');
	for (unsigned int i = 0; i < t->change->n && t->any_more; i++)
		add_more(b, t, i);
	for (unsigned int i = 0; i < t->change->n; i++)
		rv_render_table(b, t->change->blobs[i].table, RV_COUNTERS_PREFIX);
	if (t->tracked)
		rv_buf_printf(b, "# %zu connections\n", t->nconnections);
	for (size_t i = 0; i < t->nconnections; i++) {
		rv_run_connection(b, &t->connections[i]);
		rv_buf_putc(b, '\n');
	}
}

const struct rv_run_form rv_run_text = {
	.start = start_text, .way = way, .packet = packet, .end = end
};
