/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts iptables-save output to JSON. */
#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>

#include <ravelin/registry.h>
#include <ravelin/render.h>

#include "backend/file/load.h"
#include "json.h"
#include "line.h"

struct json_writer {
	rv_family_t family;
	struct rv_error *err;
	json_t *tables, *chains;	/* borrowed; chains of the current table */
	struct rv_line line;
	struct rv_buf text;
};

/* ---- words --------------------------------------------------------------------------- */

/* A string, or {"hex": ...} for bytes that are not valid UTF-8. */
static json_t *word(const char *text)
{
	struct rv_buf hex = RV_BUF_INIT;
	json_t *string = json_string(text);

	if (string)
		return string;
	for (; *text; text++)
		rv_buf_printf(&hex, "%02x", (unsigned char)*text);
	string = rv_buf_text(&hex) ? json_pack("{s:s}", "hex", rv_buf_text(&hex)) : NULL;
	rv_buf_free(&hex);
	return string;
}

/* jansson's integers are signed: larger ones become strings of digits. */
static json_t *json_number(uint64_t n)
{
	char text[24];

	if (n <= INT64_MAX)
		return json_integer((json_int_t)n);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	return json_string(text);
}

/* The named member of an object, created if missing. Borrowed; NULL when memory ran out. */
static json_t *member(json_t *object, const char *name, json_t *(*make)(void))
{
	json_t *m = json_object_get(object, name);

	if (m)
		return m;
	return json_object_set_new(object, name, make()) ? NULL : json_object_get(object, name);
}

static bool counters_to_json(json_t *object, const struct rv_counters *c)
{
	return !json_object_set_new(object, "packets", json_number(c->packets)) &&
	       !json_object_set_new(object, "bytes", json_number(c->bytes));
}

/* ---- rules ------------------------------------------------------------------------------ */

static bool option_to_json(struct json_writer *w, json_t *part, const struct rv_piece *p)
{
	json_t *options = part ? member(part, "options", json_array) : NULL;
	json_t *option = json_object(), *args;

	if (json_array_append_new(options, option))
		return false;
	if (json_object_set_new(option, "name", word(p->name)) ||
	    (p->invert && json_object_set_new(option, "invert", json_true())))
		return false;
	if (!p->count)
		return true;
	args = member(option, "args", json_array);
	for (size_t i = p->first; i < p->first + p->count; i++)
		if (json_array_append_new(args, word(w->line.word[i].text)))
			return false;
	return true;
}

/*
 * Adds a match or target. Returns the object for its options, borrowed; NULL when memory ran out.
 */
static json_t *part_to_json(json_t *rule, const struct rv_piece *p)
{
	json_t *part = json_object(), *list;
	int rc;

	if (p->kind == RV_PIECE_MATCH) {
		list = member(rule, "matches", json_array);
		rc = json_array_append_new(list, part);
	} else {
		rc = json_object_set_new(rule, p->kind == RV_PIECE_GOTO ? "goto" : "target", part);
	}
	return rc || json_object_set_new(part, "name", word(p->name)) ? NULL : part;
}

/* The line was printed by our renderer: "-A chain", options of the rule, matches, target. */
static bool pieces_to_json(struct json_writer *w, json_t *rule)
{
	const struct rv_ext *owner = &rv_ext_ip;
	json_t *part = rule;
	size_t at = 2;

	while (at < w->line.count) {
		struct rv_piece p = rv_line_piece(&w->line, &at, owner);

		if (!p.name)
			return false;
		if (p.kind == RV_PIECE_OPTION) {
			if (!option_to_json(w, part, &p))
				return false;
			continue;
		}
		part = part_to_json(rule, &p);
		owner = rv_ext_find(p.kind == RV_PIECE_MATCH ? RV_MATCH : RV_TARGET, w->family,
				    p.name);
		if (!part)
			return false;
	}
	return true;
}

static int rule_to_json(struct json_writer *w, json_t *chain, const struct rv_chain *c,
			struct rv_rule *r)
{
	json_t *rule = json_object();

	if (json_array_append_new(member(chain, "rules", json_array), rule) ||
	    !counters_to_json(rule, &r->counters))
		return rv_fail_memory(w->err);
	rv_buf_reset(&w->text);
	rv_render_rule(&w->text, w->family, c->name, r, RV_COUNTERS_WITHIN);
	if (!rv_buf_ok(&w->text) || !rv_line_cut(&w->line, w->text.data, w->text.len - 1, true) ||
	    !pieces_to_json(w, rule))
		return rv_fail_memory(w->err);
	return 0;
}

/* ---- rulesets ----------------------------------------------------------------------------- */

/* Position of a base chain, if it is not iptables' default. */
static bool base_to_json(json_t *chain, const struct rv_chain *c)
{
	struct rv_buf at = RV_BUF_INIT;
	bool ok = true;

	if (c->base >= 0 && c->at.elsewhere) {
		rv_base_at_print(&at, &c->at);
		ok = rv_buf_text(&at) && !json_object_set_new(chain, "base", json_string(at.data));
	}
	rv_buf_free(&at);
	return ok;
}

static int chain_to_json(struct json_writer *w, const struct rv_chain *c)
{
	json_t *chain = json_object();
	bool ok = !json_array_append_new(w->chains, chain) &&
		  !json_object_set_new(chain, "name", word(c->name)) &&
		  (c->base < 0 || (!json_object_set_new(chain, "policy",
						json_string(rv_verdict_name(c->policy))) &&
				   counters_to_json(chain, &c->counters) && base_to_json(chain, c))) &&
		  member(chain, "rules", json_array);

	if (!ok)
		return rv_fail_memory(w->err);
	rv_list_each(r, &c->rules, struct rv_rule, node)
		if (rule_to_json(w, chain, c, r))
			return -1;
	return 0;
}

static int table_to_json(const struct rv_table *t, void *arg)
{
	struct json_writer *w = arg;
	json_t *table = json_object();

	if (json_array_append_new(w->tables, table) ||
	    json_object_set_new(table, "name", json_string(t->def->name)))
		return rv_fail_memory(w->err);
	w->chains = member(table, "chains", json_array);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->exists && chain_to_json(w, c))
			return -1;
	return 0;
}

static int put_tables(struct json_writer *w, struct rv_buf *b, const char *text, size_t len,
		      const struct rv_meter *meter)
{
	json_t *root = json_pack("{s:i, s:s, s:[]}", "ravelin", RV_JSON_FORMAT, "family",
				 rv_family(w->family)->nft, "tables");
	struct rv_store s;
	char *dump = NULL;
	int rc;

	if (!root)
		return rv_fail_memory(w->err);
	w->tables = json_object_get(root, "tables");
	rc = rv_load_text(&s, w->family, text, len, meter, w->err);
	if (!rc) {
		rc = rv_load_tables(&s, table_to_json, w);
		rv_store_close(&s);
	}
	if (!rc)
		dump = json_dumps(root, JSON_INDENT(1));
	rv_buf_puts(b, dump ? dump : "");
	rv_buf_putc(b, '\n');
	rc = rc || (dump && rv_buf_ok(b)) ? rc : rv_fail_memory(w->err);
	free(dump);
	json_decref(root);
	return rc;
}

int rv_json_write(struct rv_buf *b, rv_family_t family, const char *text, size_t len,
		  const struct rv_meter *meter, struct rv_error *err)
{
	struct json_writer w = { .family = family, .err = err };
	int rc = put_tables(&w, b, text, len, meter);

	rv_line_free(&w.line);
	rv_buf_free(&w.text);
	return rc;
}
