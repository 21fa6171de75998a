/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Converts JSON to iptables-save input. Unknown members are errors: ignoring one could make a rule
 * match more packets.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include <ravelin/render.h>

#include "backend/file/load.h"
#include "json.h"
#include "line.h"

/* Position in the document from which a line was generated; NOWHERE: not at that depth. */
#define NOWHERE SIZE_MAX

struct json_place {
	size_t table, chain, rule;
};

struct json_reader {
	struct rv_error *err;
	struct json_place at;
	struct rv_buf text, places;	/* places: a struct place for each line of text */
};

static void put_pointer(struct rv_buf *b, const struct json_place *at)
{
	if (at->table != NOWHERE)
		rv_buf_printf(b, "/tables/%zu", at->table);
	if (at->chain != NOWHERE)
		rv_buf_printf(b, "/chains/%zu", at->chain);
	if (at->rule != NOWHERE)
		rv_buf_printf(b, "/rules/%zu", at->rule);
}

__attribute__((format(printf, 2, 3)))
static int json_fail(struct json_reader *r, const char *fmt, ...)
{
	struct rv_buf pointer = RV_BUF_INIT;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_pointer(&pointer, &r->at);
	if (rv_buf_text(&pointer))
		rv_fail(r->err, RV_ERR_RESTORE, NULL, "%s%s%s", rv_buf_text(&pointer),
			pointer.len ? ": " : "", text);
	else
		rv_fail_memory(r->err);
	rv_buf_free(&pointer);
	return -1;
}

/* ---- members --------------------------------------------------------------------------- */

struct member {
	const char *name;
	json_type type;		/* JSON_NULL: any, checked elsewhere */
	bool required;
};

static const char *type_name(json_type type)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer", [JSON_TRUE] = "true or false",
	};

	return names[type];
}

static bool has_type(const json_t *value, json_type type)
{
	return type == JSON_NULL || json_typeof(value) == type ||
	       (type == JSON_TRUE && json_is_boolean(value));
}

/* Checks that it is an object with only these members, and all required ones. */
static int check_members(struct json_reader *r, const json_t *object, const char *what,
			 const struct member *members)
{
	const struct member *m;
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return json_fail(r, "%s is not an object", what);
	json_object_foreach((json_t *)object, key, value) {
		for (m = members; m->name && strcmp(m->name, key) != 0; m++)
			;
		if (!m->name)
			return json_fail(r, "%s has an unknown member `%.64s'", what, key);
		if (!has_type(value, m->type))
			return json_fail(r, "`%s' of %s must be %s", key, what, type_name(m->type));
	}
	for (m = members; m->name; m++)
		if (m->required && !json_object_get(object, m->name))
			return json_fail(r, "%s has no `%s'", what, m->name);
	return 0;
}

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ?
	       tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* Decodes {"hex": "..."}. */
static int get_hex(struct json_reader *r, const json_t *value, struct rv_buf *b)
{
	static const struct member members[] = { { "hex", JSON_STRING, true }, { 0 } };
	const char *hex;

	if (check_members(r, value, "a word", members))
		return -1;
	for (hex = json_string_value(json_object_get(value, "hex")); *hex; hex += 2) {
		if (digit(hex[0]) < 0 || digit(hex[1]) < 0)
			return json_fail(r, "`hex' must have two digits per byte");
		rv_buf_putc(b, (char)(digit(hex[0]) << 4 | digit(hex[1])));
	}
	return 0;
}

/* A string or hex, without characters that would end its line. */
static int get_word(struct json_reader *r, const json_t *value, struct rv_buf *b)
{
	const char *text;

	rv_buf_reset(b);
	if (json_is_string(value))
		rv_buf_add(b, json_string_value(value), json_string_length(value));
	else if (get_hex(r, value, b))
		return -1;
	text = rv_buf_text(b);
	if (!text)
		return rv_fail_memory(r->err);
	if (strlen(text) != b->len || strchr(text, '\n'))
		return json_fail(r, "a string contains a line break or a zero byte");
	return 0;
}

/*
 * Name of a table, chain, match or target. In a rule, names with quotes are quoted; chain lines
 * have no quoting.
 */
static int put_name(struct json_reader *r, const json_t *object, const char *what, bool in_rule)
{
	struct rv_buf name = RV_BUF_INIT;
	int rc = get_word(r, json_object_get(object, "name"), &name);

	if (!rc && (!name.len || name.data[strcspn(name.data, " \t")]))
		rc = json_fail(r, "%s has an invalid name", what);
	if (!rc && in_rule)
		rv_print_name(&r->text, name.data);
	else if (!rc)
		rv_buf_add(&r->text, name.data, name.len);
	rv_buf_free(&name);
	return rc;
}

/* An integer, or a string of digits for larger ones. */
static int get_number(struct json_reader *r, const json_t *object, const char *name, uint64_t *n)
{
	const json_t *value = json_object_get(object, name);

	*n = 0;
	if (!value)
		return 0;
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*n = (uint64_t)json_integer_value(value);
		return 0;
	}
	if (json_is_string(value) && isdigit((unsigned char)*json_string_value(value)) &&
	    rv_parse_uint(json_string_value(value), 0, UINT64_MAX, n))
		return 0;
	return json_fail(r, "`%s' is not a number of packets or bytes", name);
}

static int counters_from_json(struct json_reader *r, const json_t *object)
{
	uint64_t packets, bytes;

	if (get_number(r, object, "packets", &packets) || get_number(r, object, "bytes", &bytes))
		return -1;
	rv_buf_printf(&r->text, "[%llu:%llu]", (unsigned long long)packets,
		      (unsigned long long)bytes);
	return 0;
}

static void end_line(struct json_reader *r)
{
	rv_buf_putc(&r->text, '\n');
	rv_buf_add(&r->places, &r->at, sizeof(r->at));
}

/* ---- rules ------------------------------------------------------------------------------ */

static int put_arg(struct json_reader *r, const json_t *value, struct rv_buf *word)
{
	if (get_word(r, value, word))
		return -1;
	rv_buf_puts(&r->text, " \"");
	for (size_t i = 0; i < word->len; i++) {
		if (strchr("\"\\", word->data[i]))
			rv_buf_putc(&r->text, '\\');
		rv_buf_putc(&r->text, word->data[i]);
	}
	rv_buf_putc(&r->text, '"');
	return 0;
}

static int option_from_json(struct json_reader *r, const json_t *option)
{
	static const struct member members[] = {
		{ "name", JSON_STRING, true }, { "invert", JSON_TRUE, false },
		{ "args", JSON_ARRAY, false }, { 0 },
	};
	struct rv_buf word = RV_BUF_INIT;
	const char *name;
	json_t *arg;
	size_t i;
	int rc = 0;

	if (check_members(r, option, "an option", members))
		return -1;
	name = json_string_value(json_object_get(option, "name"));
	if (!isalnum((unsigned char)*name) || name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
							  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")])
		return json_fail(r, "`%.64s' is not an option name", name);
	rv_buf_printf(&r->text, "%s %s%s", json_is_true(json_object_get(option, "invert")) ? " !" : "",
		      name[1] ? "--" : "-", name);
	json_array_foreach(json_object_get(option, "args"), i, arg)
		rc = rc ? rc : put_arg(r, arg, &word);
	rv_buf_free(&word);
	return rc;
}

static int put_options(struct json_reader *r, const json_t *object)
{
	json_t *option;
	size_t i;

	json_array_foreach(json_object_get(object, "options"), i, option)
		if (option_from_json(r, option))
			return -1;
	return 0;
}

/* " -m name options" */
static int part_from_json(struct json_reader *r, const json_t *part, const char *dash,
			  const char *what)
{
	static const struct member members[] = {
		{ "name", JSON_NULL, true }, { "options", JSON_ARRAY, false }, { 0 },
	};

	if (check_members(r, part, what, members))
		return -1;
	rv_buf_printf(&r->text, " %s ", dash);
	return put_name(r, part, what, true) ? -1 : put_options(r, part);
}

static int rule_from_json(struct json_reader *r, const json_t *chain, const json_t *rule)
{
	static const struct member members[] = {
		{ "packets", JSON_NULL, false }, { "bytes", JSON_NULL, false },
		{ "options", JSON_ARRAY, false }, { "matches", JSON_ARRAY, false },
		{ "target", JSON_OBJECT, false }, { "goto", JSON_OBJECT, false }, { 0 },
	};
	const json_t *target = json_object_get(rule, "target"), *gone = json_object_get(rule, "goto");
	json_t *match;
	size_t i;

	if (check_members(r, rule, "a rule", members) || counters_from_json(r, rule))
		return -1;
	rv_buf_puts(&r->text, " -A ");
	if (put_name(r, chain, "a chain", true) || put_options(r, rule))
		return -1;
	json_array_foreach(json_object_get(rule, "matches"), i, match)
		if (part_from_json(r, match, "-m", "a match"))
			return -1;
	if (target && gone)
		return json_fail(r, "a rule cannot have both target and goto");
	if ((target && part_from_json(r, target, "-j", "a target")) ||
	    (gone && part_from_json(r, gone, "-g", "a goto")))
		return -1;
	end_line(r);
	return 0;
}

/* ---- rulesets ----------------------------------------------------------------------------- */

static int chain_from_json(struct json_reader *r, const json_t *chain)
{
	static const struct member members[] = {
		{ "name", JSON_NULL, true }, { "policy", JSON_STRING, false },
		{ "packets", JSON_NULL, false }, { "bytes", JSON_NULL, false },
		{ "base", JSON_STRING, false }, { "rules", JSON_ARRAY, false }, { 0 },
	};
	const char *policy = json_string_value(json_object_get(chain, "policy"));

	if (check_members(r, chain, "a chain", members))
		return -1;
	if (policy && rv_verdict_find(policy) == RV_VERDICT_NONE)
		return json_fail(r, "`%.64s' is not a policy", policy);
	rv_buf_putc(&r->text, ':');
	if (put_name(r, chain, "a chain", false))
		return -1;
	rv_buf_printf(&r->text, " %s ", policy ? policy : "-");
	if (counters_from_json(r, chain))
		return -1;
	end_line(r);
	return 0;
}

/* A base chain that is not at iptables' default position. */
static int base_from_json(struct json_reader *r, const json_t *chain)
{
	const char *policy = json_string_value(json_object_get(chain, "policy"));
	const char *base = json_string_value(json_object_get(chain, "base"));
	struct rv_base_at at;

	if (!base)
		return 0;
	if (!policy || !rv_base_at_read(&at, base))
		return json_fail(r, "`%.64s' is not a valid base chain", base);
	rv_buf_puts(&r->text, "-P ");
	if (put_name(r, chain, "a chain", false))
		return -1;
	rv_buf_printf(&r->text, " %s --base \"%s\"", policy, base);
	end_line(r);
	return 0;
}

static int rules_from_json(struct json_reader *r, const json_t *chain)
{
	json_t *rule;

	json_array_foreach(json_object_get(chain, "rules"), r->at.rule, rule)
		if (rule_from_json(r, chain, rule))
			return -1;
	r->at.rule = NOWHERE;
	return 0;
}

/* All chains precede the rules, which may jump to a later one. */
static int each_chain(struct json_reader *r, const json_t *table,
		      int (*put)(struct json_reader *r, const json_t *chain))
{
	json_t *chain;

	json_array_foreach(json_object_get(table, "chains"), r->at.chain, chain)
		if (put(r, chain))
			return -1;
	r->at.chain = NOWHERE;
	return 0;
}

static int table_from_json(struct json_reader *r, const json_t *table)
{
	static const struct member members[] = {
		{ "name", JSON_STRING, true }, { "chains", JSON_ARRAY, true }, { 0 },
	};

	if (check_members(r, table, "a table", members))
		return -1;
	rv_buf_putc(&r->text, '*');
	if (put_name(r, table, "a table", false))
		return -1;
	end_line(r);
	if (each_chain(r, table, chain_from_json) || each_chain(r, table, base_from_json) ||
	    each_chain(r, table, rules_from_json))
		return -1;
	rv_buf_puts(&r->text, "COMMIT");
	end_line(r);
	return 0;
}

static int get_family(struct json_reader *r, const json_t *root, rv_family_t *family)
{
	const char *name = json_string_value(json_object_get(root, "family"));

	if (strcmp(name, "ip") != 0 && strcmp(name, "ip6") != 0)
		return json_fail(r, "family `%.64s' is neither ip nor ip6", name);
	*family = name[2] ? NFPROTO_IPV6 : NFPROTO_IPV4;
	return 0;
}

static int put_root(struct json_reader *r, const json_t *root, rv_family_t *family)
{
	static const struct member members[] = {
		{ "ravelin", JSON_INTEGER, true }, { "family", JSON_STRING, true },
		{ "tables", JSON_ARRAY, true }, { 0 },
	};
	json_t *table;

	if (check_members(r, root, "the document", members) || get_family(r, root, family))
		return -1;
	if (json_integer_value(json_object_get(root, "ravelin")) != RV_JSON_FORMAT)
		return json_fail(r, "format %lld is not supported, only %d",
				 (long long)json_integer_value(json_object_get(root, "ravelin")),
				 RV_JSON_FORMAT);
	json_array_foreach(json_object_get(root, "tables"), r->at.table, table)
		if (table_from_json(r, table))
			return -1;
	r->at.table = NOWHERE;
	return rv_buf_text(&r->text) && rv_buf_ok(&r->places) ? 0 : rv_fail_memory(r->err);
}

/* ---- canonical form ------------------------------------------------------------------------- */

struct printer {
	struct rv_buf *b;
	rv_family_t family;
	bool counters;
	const struct rv_meter *meter;
};

static int print_table(const struct rv_table *t, void *arg)
{
	const struct printer *p = arg;

	rv_buf_printf(p->b, "*%s\n", t->def->name);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->exists)
			rv_render_chain(p->b, c);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->exists)
			rv_render_base(p->b, c);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node)
			rv_render_rule(p->b, p->family, c->name, r,
				       p->counters ? RV_COUNTERS_PREFIX : RV_COUNTERS_NONE);
	rv_buf_puts(p->b, "COMMIT\n");
	return 0;
}

/* Converts the location of an error in the text to that in the document. */
static int fail_at_line(struct json_reader *r, const struct rv_error *inner)
{
	const struct json_place *places = (const void *)r->places.data;
	size_t line = inner->loc.line;

	r->at = line && line <= r->places.len / sizeof(*places) ? places[line - 1] :
		(struct json_place){ NOWHERE, NOWHERE, NOWHERE };
	json_fail(r, "%s", inner->text);
	return inner->hint[0] ? rv_hint(r->err, "%s", inner->hint) : -1;
}

static int print_text(struct json_reader *r, const struct printer *p)
{
	struct rv_error inner = { .warnings = r->err->warnings };
	struct rv_store s;

	if (rv_load_text(&s, p->family, r->text.data, r->text.len, p->meter, &inner))
		return fail_at_line(r, &inner);
	rv_load_tables(&s, print_table, (void *)p);
	rv_store_close(&s);
	return rv_buf_ok(p->b) ? 0 : rv_fail_memory(r->err);
}

static json_t *parse_json(const char *json, size_t len, struct rv_error *err)
{
	json_error_t why;
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
	struct rv_loc loc = { 0 };

	if (root)
		return root;
	loc.line = why.line > 0 ? why.line : 1;
	loc.first = why.column > 0 ? why.column - 1 : 0;
	loc.end = loc.first + 1;
	rv_fail(err, RV_ERR_RESTORE, &loc, "line %u: %s", loc.line, why.text);
	return NULL;
}

int rv_json_read(struct rv_buf *b, rv_family_t *family, bool counters, const char *json, size_t len,
		 const struct rv_meter *meter, struct rv_error *err)
{
	struct json_reader r = { .err = err, .at = { NOWHERE, NOWHERE, NOWHERE } };
	struct printer p = { .b = b, .counters = counters, .meter = meter };
	json_t *root = parse_json(json, len, err);
	int rc = -1;

	if (root && !put_root(&r, root, family)) {
		p.family = *family;
		rc = print_text(&r, &p);
	}
	json_decref(root);
	rv_buf_free(&r.text);
	rv_buf_free(&r.places);
	return rc;
}
