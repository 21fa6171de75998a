/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin run: JSON output. One object: "packets" is an array with one object per line, followed by
 * "totals" and "tables". Packets are printed as they are processed, since a capture may be long.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run/run.h"

/* If memory ran out, appends null and marks the buffer as failed. */
static void add_json(struct rv_buf *b, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text)
		rv_buf_puts(b, text);
	else
		b->failed = true;
	free(text);
	json_decref(value);
}

/* Rules may contain any byte; invalid UTF-8 becomes U+FFFD. */
static json_t *text_json(const char *text)
{
	json_t *value = json_string(text);
	struct rv_buf b = RV_BUF_INIT;

	if (value)
		return value;
	for (; *text; text++) {
		if ((unsigned char)*text < 0x80)
			rv_buf_putc(&b, *text);
		else
			rv_buf_puts(&b, "\xef\xbf\xbd");
	}
	value = json_string(rv_buf_text(&b) ? b.data : "");
	rv_buf_free(&b);
	return value;
}

static json_t *number_json(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *rule_json(const struct rv_kmod_entry *e)
{
	struct rv_buf b = RV_BUF_INIT;
	json_t *o = json_object();

	rv_run_rule(&b, e);
	json_object_set_new(o, "chain", text_json(e->chain->name));
	json_object_set_new(o, "number", number_json(e->number));
	json_object_set_new(o, "rule", text_json(rv_buf_text(&b) ? b.data : ""));
	rv_buf_free(&b);
	return o;
}

/* ---- packets ------------------------------------------------------------------------------- */

static json_t *path_json(const struct rv_run_pass *pass)
{
	const struct rv_record *rec = &pass->record;
	json_t *path = json_array();

	for (uint32_t i = 0; i < rec->len && i < RV_RUN_PATH; i++) {
		const struct rv_kmod_entry *e = rv_run_entry(pass, &rec->path[i]);

		if (e)
			json_array_append_new(path, rule_json(e));
	}
	return path;
}

static json_t *looked_json(const struct rv_run_pass *pass)
{
	json_t *names = json_array();
	const char *name;

	for (unsigned int i = 0; (name = rv_run_looked(pass, &i)) != NULL; )
		json_array_append_new(names, json_string(name));
	return names;
}

static const char *decided_by(const struct rv_run_pass *pass)
{
	const struct rv_record *rec = &pass->record;

	if (!rec->len)
		return "unknown";
	return rv_run_entry(pass, &rec->path[rec->len - 1]) ? "rule" : "policy";
}

static json_t *pass_json(const struct rv_run_pass *pass)
{
	const struct rv_record *rec = &pass->record;
	json_t *o = json_object();

	json_object_set_new(o, "chain", json_string(pass->base->name));
	json_object_set_new(o, "table", json_string(pass->table->name));
	json_object_set_new(o, "verdict", json_string(rv_run_verdict_name(pass->verdict)));
	json_object_set_new(o, "by", json_string(decided_by(pass)));
	json_object_set_new(o, "path", path_json(pass));
	if (rec->len > RV_RUN_PATH)
		json_object_set_new(o, "more_steps", number_json(rec->len - RV_RUN_PATH));
	json_object_set_new(o, "looked_at", looked_json(pass));
	for (unsigned int i = 0; i < pass->nnotes; i++) {
		if (!i)
			json_object_set_new(o, "notes", json_array());
		json_array_append_new(json_object_get(o, "notes"), text_json(pass->notes[i]));
	}
	return o;
}

static void set_address(json_t *o, const char *key, const struct rv_run_packet *p, bool source)
{
	struct rv_buf b = RV_BUF_INIT;
	union nf_inet_addr addr;

	rv_print_address(&b, p->frame->family, rv_run_address(p, source, &addr));
	json_object_set_new(o, key, text_json(rv_buf_text(&b) ? b.data : ""));
	rv_buf_free(&b);
}

static void set_addresses(json_t *o, const struct rv_run_packet *p)
{
	uint16_t sport, dport;

	set_address(o, "source", p, true);
	set_address(o, "destination", p, false);
	json_object_set_new(o, "protocol", p->pkt->proto == RV_PROTO_NONE
						   ? json_null() : number_json(p->pkt->proto));
	if (p->pkt->fragoff)
		json_object_set_new(o, "fragment_offset", number_json(p->pkt->fragoff * 8u));
	if (!rv_run_ports(p, &sport, &dport))
		return;
	json_object_set_new(o, "source_port", number_json(sport));
	json_object_set_new(o, "destination_port", number_json(dport));
}

static void set_way(json_t *o, const struct rv_run_packet *p, const char *fate)
{
	json_t *passes = json_array();

	for (unsigned int i = 0; i < p->npasses; i++)
		if (p->passes[i].passed)
			json_array_append_new(passes, pass_json(&p->passes[i]));
	json_object_set_new(o, "verdict", fate ? json_string(fate) : json_null());
	json_object_set_new(o, "passes", passes);
	json_object_set_new(o, "mark", number_json(p->pkt->mark));
	json_object_set_new(o, "changed", json_boolean(p->changed));
}

static json_t *choices_json(const struct rv_run_packet *p, const struct rv_run_way *w)
{
	json_t *choices = json_array();

	for (unsigned int i = 0; i < w->n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "match", text_json(p->asking->list[w->taken[i].question].text));
		json_object_set_new(o, "matches", json_boolean(w->taken[i].is));
		json_array_append_new(choices, o);
	}
	return choices;
}

/* One of several paths. A single path is part of the packet's object. */
static void way(struct rv_buf *b, const struct rv_run_packet *p, const struct rv_run_way *w,
		unsigned int number)
{
	json_t *o;

	if (!w->n)
		return;
	o = json_object();
	json_object_set_new(o, "if", choices_json(p, w));
	set_way(o, p, strcmp(w->fate, rv_run_fate_name(RV_RUN_OPEN)) != 0 ? w->fate : NULL);
	if (number)
		rv_buf_putc(b, ',');
	add_json(b, o);
}

static json_t *depends_json(const struct rv_run_packet *p)
{
	struct rv_buf b = RV_BUF_INIT;
	json_t *text;

	rv_ways_print(&b, p->asking, p->ways, p->nways, p->more);
	text = text_json(rv_buf_text(&b) ? b.data : "");
	rv_buf_free(&b);
	return text;
}

static void set_ways(json_t *o, const struct rv_run_packet *p)
{
	const char *fate = rv_ways_fate(p->ways, p->nways, p->more);

	if (p->ways[0].n) {
		json_object_set_new(o, "verdict", fate ? json_string(fate) : json_null());
		json_object_set_new(o, "depends", depends_json(p));
		json_object_set_new(o, "not_followed", json_boolean(p->more));
	} else {
		set_way(o, p, fate && p->fate != RV_RUN_OPEN ? fate : NULL);
	}
	json_object_set_new(o, "cut_off", json_boolean(p->frame->truncated));
}

static json_t *tracked_json(const struct rv_run_tracked *t)
{
	json_t *o = json_object();

	json_object_set_new(o, "state", t->state ? json_string(t->state) : json_null());
	if (t->why)
		json_object_set_new(o, "why", json_string(t->why));
	if (t->direction) {
		json_object_set_new(o, "connection", number_json(t->number));
		json_object_set_new(o, "direction", json_string(t->direction));
	}
	if (t->proto_state)
		json_object_set_new(o, "protocol_state", json_string(t->proto_state));
	return o;
}

static json_t *packet_json(const struct rv_run_packet *p)
{
	json_t *o = json_object();
	char time[40];

	rv_run_time(p->frame->time, time);
	json_object_set_new(o, "packet", number_json(p->frame->number));
	json_object_set_new(o, "time", json_string(time));
	json_object_set_new(o, "length", number_json(p->frame->length));
	if (p->why) {
		json_object_set_new(o, "verdict", json_null());
		json_object_set_new(o, "not_run", json_string(rv_run_fate_name(p->fate)));
		json_object_set_new(o, "why", json_string(p->why));
		return o;
	}
	if (p->reassembled)
		json_object_set_new(o, "reassembled", number_json(p->reassembled));
	set_addresses(o, p);
	if (p->tracked)
		json_object_set_new(o, "conntrack", tracked_json(p->tracked));
	set_ways(o, p);
	return o;
}

/* The paths are already text: inserts them before the closing brace. */
static void packet(struct rv_buf *b, const struct rv_run_packet *p)
{
	if (p->frame->number > 1)
		rv_buf_putc(b, ',');
	rv_buf_putc(b, '\n');
	add_json(b, packet_json(p));
	if (p->why || !p->ways[0].n || !rv_buf_ok(b))
		return;
	b->len--;
	rv_buf_puts(b, ",\"ways\":[");
	rv_buf_add(b, p->text->data, p->text->len);
	rv_buf_puts(b, "]}");
}

/* ---- the end ---------------------------------------------------------------------------------- */

static void set_counters(json_t *o, const struct rv_counters *c)
{
	json_object_set_new(o, "packets", number_json(c->packets));
	json_object_set_new(o, "bytes", number_json(c->bytes));
}

/* Maximum beyond the certain count. */
static void set_more(json_t *o, const struct rv_counters *more)
{
	if (!more)
		return;
	json_object_set_new(o, "perhaps_more_packets", number_json(more->packets));
	json_object_set_new(o, "perhaps_more_bytes", number_json(more->bytes));
}

static json_t *chain_json(const struct rv_run_totals *t, unsigned int table,
			  const struct rv_chain *c)
{
	json_t *o = json_object(), *rules = json_array();
	struct rv_kmod_entry e = { .chain = (struct rv_chain *)c };

	json_object_set_new(o, "chain", text_json(c->name));
	if (c->base >= 0) {
		json_object_set_new(o, "policy", json_string(rv_verdict_name(c->policy)));
		set_counters(o, &c->counters);
		set_more(o, rv_run_more(t, table, c, NULL));
	}
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		json_t *rule;

		e.rule = r;
		e.number++;
		rule = rule_json(&e);
		json_object_del(rule, "chain");
		set_counters(rule, &r->counters);
		set_more(rule, rv_run_more(t, table, c, r));
		json_array_append_new(rules, rule);
	}
	json_object_set_new(o, "rules", rules);
	return o;
}

static json_t *table_json(const struct rv_run_totals *totals, unsigned int table)
{
	const struct rv_table *t = totals->change->blobs[table].table;
	json_t *o = json_object(), *chains = json_array();

	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->base >= 0 || c->exists)
			json_array_append_new(chains, chain_json(totals, table, c));
	json_object_set_new(o, "table", json_string(t->def->name));
	json_object_set_new(o, "chains", chains);
	return o;
}

static json_t *totals_json(const struct rv_run_totals *t)
{
	static const char *const keys[] = {
		[RV_RUN_ACCEPTED] = "accepted",
		[RV_RUN_DROPPED] = "dropped",
		[RV_RUN_QUEUED] = "queued",
		[RV_RUN_STOLEN] = "stolen",
		[RV_RUN_OPEN] = "not_known",
		[RV_RUN_OTHER] = "other_family",
		[RV_RUN_ELSEWHERE] = "other_chains",
		[RV_RUN_FRAGMENT] = "fragments",
		[RV_RUN_MALFORMED] = "malformed",
	};
	json_t *o = json_object();

	json_object_set_new(o, "packets", number_json(t->packets));
	for (unsigned int i = 0; i < RV_RUN_FATES; i++)
		if (t->fates[i] || (i != RV_RUN_OPEN && i != RV_RUN_ELSEWHERE && i != RV_RUN_FRAGMENT))
			json_object_set_new(o, keys[i], number_json(t->fates[i]));
	return o;
}

static json_t *notes_json(const struct rv_run_totals *t)
{
	json_t *notes = json_array();
	size_t from = 0;

	for (size_t i = 0; i < t->notes.len; i++)
		if (t->notes.data[i] == '\n') {
			json_array_append_new(notes, json_stringn(t->notes.data + from, i - from));
			from = i + 1;
		}
	return notes;
}

/* The connection as conntrack(8) prints it, and what identifies it in "packets". */
static json_t *connection_json(const struct rv_run_connection *c)
{
	json_t *o = json_object();
	struct rv_buf b = RV_BUF_INIT;

	rv_run_connection(&b, c);
	json_object_set_new(o, "connection", number_json(c->number));
	json_object_set_new(o, "timeout", number_json(c->seconds));
	if (c->proto_state)
		json_object_set_new(o, "protocol_state", json_string(c->proto_state));
	json_object_set_new(o, "text", text_json(rv_buf_text(&b) ? b.data : ""));
	rv_buf_free(&b);
	return o;
}

static void add_connections(struct rv_buf *b, const struct rv_run_totals *t)
{
	json_t *connections = json_array();

	for (size_t i = 0; i < t->nconnections; i++)
		json_array_append_new(connections, connection_json(&t->connections[i]));
	rv_buf_puts(b, ",\n\"connections\":");
	add_json(b, connections);
}

static void start_document(struct rv_buf *b)
{
	rv_buf_puts(b, "{\"packets\":[");
}

static void end(struct rv_buf *b, const struct rv_run_totals *t)
{
	json_t *tables = json_array();

	for (unsigned int i = 0; i < t->change->n; i++)
		json_array_append_new(tables, table_json(t, i));
	rv_buf_puts(b, "\n],\n\"totals\":");
	add_json(b, totals_json(t));
	rv_buf_puts(b, ",\n\"tables\":");
	add_json(b, tables);
	if (t->tracked)
		add_connections(b, t);
	rv_buf_puts(b, ",\n\"notes\":");
	add_json(b, notes_json(t));
	rv_buf_puts(b, "}\n");
}

const struct rv_run_form rv_run_json = {
	.start = start_document, .way = way, .packet = packet, .end = end
};
