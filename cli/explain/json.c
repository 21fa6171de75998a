/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin explain --json: one object per packet and line. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explain/walk.h"

/* Text with arbitrary bytes: invalid UTF-8 is printed as \xNN. */
static json_t *text_of(const char *text, size_t len)
{
	struct rv_buf shown = RV_BUF_INIT;
	json_t *j = json_stringn(text, len);

	if (j)
		return j;
	rv_cli_printable(&shown, text, len, "");
	j = json_string(rv_buf_text(&shown) ? shown.data : "");
	rv_buf_free(&shown);
	return j;
}

static json_t *string(const char *text)
{
	return text_of(text, strlen(text));
}

static json_t *from_buf(struct rv_buf *b)
{
	json_t *j = text_of(rv_buf_text(b) ? b->data : "", b->len);

	rv_buf_free(b);
	return j;
}

static json_t *packet_text(const struct rv_buf *bytes)
{
	struct rv_buf b = RV_BUF_INIT;

	rv_packet_print(&b, (const uint8_t *)bytes->data, (uint32_t)bytes->len);
	return from_buf(&b);
}

static json_t *rule(const struct rv_kmod_entry *e)
{
	struct rv_buf b = RV_BUF_INIT;
	json_t *j = json_object();

	rv_run_rule(&b, e);
	json_object_set_new(j, "table", string(e->chain->table->def->name));
	json_object_set_new(j, "chain", string(e->chain->name));
	json_object_set_new(j, "rule", json_integer(e->number));
	json_object_set_new(j, "text", from_buf(&b));
	if (e->rule->loc.line)
		json_object_set_new(j, "line", json_integer(e->rule->loc.line));
	json_object_set_new(j, "packets", json_integer((json_int_t)e->rule->counters.packets));
	json_object_set_new(j, "bytes", json_integer((json_int_t)e->rule->counters.bytes));
	return j;
}

static json_t *decider(const struct rv_run_pass *pass)
{
	const struct rv_kmod_entry *e = rv_explained_rule(pass);
	json_t *j;

	if (e)
		return rule(e);
	j = json_object();
	json_object_set_new(j, "table", string(pass->table->name));
	json_object_set_new(j, "chain", string(pass->base->name));
	json_object_set_new(j, "policy", json_true());
	return j;
}

static json_t *pass_of(const struct rv_explain_way *way, unsigned int number)
{
	const struct rv_run_pass *pass = &way->passes[number];
	json_t *j = json_object(), *rules = json_array(), *missed = json_array(), *notes = json_array(),
	       *nat = json_array(), *m;

	for (uint32_t i = 0; i < pass->record.len; i++)
		if (rv_run_entry(pass, &pass->record.path[i]))
			json_array_append_new(rules, rule(rv_run_entry(pass, &pass->record.path[i])));
	for (size_t i = 0; i < way->nmisses; i++) {
		if (way->misses[i].pass != number)
			continue;
		m = rule(&pass->blob->entries[way->misses[i].miss.entry]);
		json_object_set_new(m, "why", string(way->misses[i].text));
		json_array_append_new(missed, m);
	}
	for (unsigned int i = 0; i < pass->nnotes; i++)
		json_array_append_new(notes, string(pass->notes[i]));
	for (unsigned int i = 0; i < way->nchanges; i++)
		if (way->changes[i].pass == number)
			json_array_append_new(nat, string(way->changes[i].text));
	json_object_set_new(j, "hook", string(pass->base->name));
	json_object_set_new(j, "table", string(pass->table->name));
	json_object_set_new(j, "verdict", string(number == way->decided && number + 1 == way->npasses
						 ? way->fate : rv_run_verdict_name(pass->verdict)));
	json_object_set_new(j, "by", decider(pass));
	json_object_set_new(j, "rules", rules);
	json_object_set_new(j, "missed", missed);
	json_object_set_new(j, "nat", nat);
	json_object_set_new(j, "notes", notes);
	return j;
}

static json_t *lines(const struct rv_buf *b)
{
	json_t *j = json_array();
	const char *at = b->data, *end = at + b->len, *nl;

	for (; at < end; at = nl ? nl + 1 : end) {
		nl = memchr(at, '\n', (size_t)(end - at));
		json_array_append_new(j, text_of(at, (size_t)((nl ? nl : end) - at)));
	}
	return j;
}

static json_t *way_of(const struct rv_explained *x, const struct rv_explain_way *way)
{
	json_t *j = json_object(), *path = json_array(), *choices = json_array(), *c;

	for (unsigned int i = 0; i < way->npasses; i++)
		json_array_append_new(path, pass_of(way, i));
	for (unsigned int i = 0; i < way->way.n; i++) {
		c = json_object();
		json_object_set_new(c, "match", string(x->rules->asking.list[way->way.taken[i].question].text));
		json_object_set_new(c, "matches", json_boolean(way->way.taken[i].is));
		json_array_append_new(choices, c);
	}
	json_object_set_new(j, "if", choices);
	json_object_set_new(j, "verdict", string(way->fate));
	if (way->decided < way->npasses)
		json_object_set_new(j, "by", decider(&way->passes[way->decided]));
	json_object_set_new(j, "path", path);
	if (way->route[0])
		json_object_set_new(j, "routing", string(way->route));
	json_object_set_new(j, "packet", packet_text(&way->bytes));
	json_object_set_new(j, "mark", json_integer(way->mark));
	json_object_set_new(j, "notes", lines(&way->notes));
	return j;
}

static json_t *packet_of(const struct rv_explained *x)
{
	const struct rv_question_packet *q = x->packet;
	json_t *j = json_object();

	json_object_set_new(j, "text", packet_text(&q->bytes));
	json_object_set_new(j, "family", string(rv_family(q->family)->word));
	if (q->number)
		json_object_set_new(j, "number", json_integer((json_int_t)q->number));
	if (x->in[0])
		json_object_set_new(j, "in", string(x->in));
	if (q->out[0])
		json_object_set_new(j, "out", string(q->out));
	json_object_set_new(j, "mark", json_integer(q->mark));
	json_object_set_new(j, "state", string(rv_walk_state_name(x->state)));
	json_object_set_new(j, "state_from", string(x->state_from->json));
	return j;
}

void rv_explain_json(struct rv_buf *b, const struct rv_explaining *e, const struct rv_explained *x)
{
	json_t *j = json_object(), *ways = json_array(), *notes = lines(&x->notes), *more = lines(&x->rules->notes);
	char *text;

	(void)e;
	for (unsigned int i = 0; i < x->nways; i++)
		json_array_append_new(ways, way_of(x, &x->ways[i]));
	json_array_extend(notes, more);
	json_decref(more);
	json_object_set_new(j, "packet", packet_of(x));
	json_object_set_new(j, "verdict", x->fate ? string(x->fate) : string("depends"));
	json_object_set_new(j, "status", json_integer(rv_explained_status(x)));
	json_object_set_new(j, "ways", ways);
	json_object_set_new(j, "more", json_boolean(x->more));
	json_object_set_new(j, "notes", notes);
	text = json_dumps(j, JSON_COMPACT);
	if (text)
		rv_buf_printf(b, "%s\n", text);
	else
		b->failed = true;
	free(text);
	json_decref(j);
}
