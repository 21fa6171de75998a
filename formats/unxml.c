/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts the XML of iptables-xml, or hand-written XML of that form, to iptables-save input. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <expat.h>

#include "line.h"
#include "xml.h"

/* The older names are deprecated where these exist. */
#if XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION < 9
#define XML_GetCurrentLineNumber64 XML_GetCurrentLineNumber
#define XML_GetCurrentColumnNumber64 XML_GetCurrentColumnNumber
#define XML_GetCurrentByteCount64 XML_GetCurrentByteCount
#endif

/* Nesting levels. */
enum {
	ROOT, TABLE, CHAIN, RULE,
	SIDE,		/* conditions, actions */
	PART,		/* a match or target */
	OPTION,
	DEPTHS,
};

struct read_chain {
	struct read_chain *next;
	char *name;
	unsigned int place;		/* index of a base chain in its table; others follow */
	struct rv_buf head, base, rules;
};

struct xml_reader {
	XML_Parser expat;
	struct rv_buf *b;
	const struct rv_meter *meter;
	struct rv_error *err;
	unsigned int depth;		/* number of open elements */
	const struct rv_table_def *table;	/* NULL: an unknown table */
	struct read_chain *chains, *chain;
	bool actions;			/* SIDE is that */
	enum rv_piece_kind jump;	/* PART is call or goto; else END */
	unsigned int ndone;		/* actions in the current rule */
	struct rv_buf counters, conditions, action, text, name;
};

__attribute__((format(printf, 2, 3)))
static int xml_read_fail(struct xml_reader *r, const char *fmt, ...)
{
	struct rv_loc loc = {
		.line = XML_GetCurrentLineNumber64(r->expat),
		.first = XML_GetCurrentColumnNumber64(r->expat),
	};
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	loc.end = loc.first + XML_GetCurrentByteCount64(r->expat);
	rv_fail(r->err, RV_ERR_RESTORE, &loc, "line %u: %s", loc.line, text);
	XML_StopParser(r->expat, XML_FALSE);
	return -1;
}

static int no_memory(struct xml_reader *r)
{
	rv_fail_memory(r->err);
	XML_StopParser(r->expat, XML_FALSE);
	return -1;
}

/* A name or value without a newline. */
static bool is_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' && *text != '\t' && *text != '\r')
			return false;
	return true;
}

static bool is_word(const char *text)
{
	return *text && is_line(text) && !text[strcspn(text, " \t")];
}

static const char *attribute(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (!strcmp(attributes[0], name))
			return attributes[1];
	return NULL;
}

/* ---- bytes ---------------------------------------------------------------------------- */

/* Length of the UTF-8 sequence at text; 0: invalid. */
static size_t sequence(const unsigned char *c)
{
	size_t len = c[0] < 0x80 ? 1 : (c[0] & 0xe0) == 0xc0 ? 2 : (c[0] & 0xf0) == 0xe0 ? 3 :
		     (c[0] & 0xf8) == 0xf0 ? 4 : 0;

	for (size_t i = 1; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/*
 * iptables-xml writes each byte of a non-ASCII character as a character. Text that may be encoded
 * like that is decoded; other text is left unchanged.
 */
static void undo_bytes(struct rv_buf *b)
{
	struct rv_buf bytes = RV_BUF_INIT;
	const unsigned char *c = (const void *)b->data, *end = c + b->len;
	size_t n;

	for (; c < end && (c[0] < 0x80 || (c[0] & 0xfe) == 0xc2); c += c[0] < 0x80 ? 1 : 2)
		rv_buf_putc(&bytes, c[0] < 0x80 ? (char)c[0] : (char)(c[0] << 6 | (c[1] & 0x3f)));
	if (c == end && rv_buf_text(&bytes)) {
		for (c = (const void *)bytes.data; *c && (n = sequence(c)); c += n)
			;
		if (!*c && bytes.len <= b->len) {
			memcpy(b->data, bytes.data, bytes.len);
			/* If the length is unchanged, there may be no room for a NUL. */
			if (bytes.len < b->len)
				b->data[bytes.len] = '\0';
			b->len = bytes.len;
		}
	}
	rv_buf_free(&bytes);
}

/* Decoded attribute value, valid until the next call. NULL: out of memory. */
static const char *undone(struct xml_reader *r, const char *value)
{
	rv_buf_reset(&r->name);
	rv_buf_puts(&r->name, value);
	undo_bytes(&r->name);
	return rv_buf_text(&r->name);
}

/* ---- words --------------------------------------------------------------------------- */

static void put_quoted(struct rv_buf *b, const char *text, size_t len)
{
	rv_buf_putc(b, '"');
	for (size_t i = 0; i < len; i++) {
		if (strchr("\"\\'", text[i]))
			rv_buf_putc(b, '\\');
		rv_buf_putc(b, text[i]);
	}
	rv_buf_putc(b, '"');
}

/*
 * Splits arguments at spaces. A quoted word extends to the last quote at the end of a word, since
 * quotes in it are not escaped.
 */
static void split_arguments(struct rv_buf *b, const char *text)
{
	while (*(text += strspn(text, " \t\n\r"))) {
		const char *last = strrchr(text, '"');
		size_t len = strcspn(text, " \t\n\r");

		rv_buf_putc(b, ' ');
		if (*text == '"' && last > text && !last[1 + strcspn(last + 1, "\"")]) {
			put_quoted(b, text + 1, last - text - 1);
			text = last + 1;
			continue;
		}
		if (memchr(text, '"', len))
			put_quoted(b, text, len);
		else
			rv_buf_add(b, text, len);
		text += len;
	}
}

/* word: the name with its dashes, or NULL to derive them from its length. */
static void option_from_xml(struct rv_buf *b, const char *name, const char *word, bool invert)
{
	rv_buf_puts(b, invert ? " ! " : " ");
	if (word)
		rv_buf_puts(b, word);
	else
		rv_buf_printf(b, "%s%s", name[1] ? "--" : "-", name);
}

/* ---- chains and tables ------------------------------------------------------------------ */

static unsigned int base_index(const struct rv_table_def *def, const char *name)
{
	unsigned int i = 0;

	while (def && i < def->nbase && strcmp(def->base[i].name, name) != 0)
		i++;
	return def && i < def->nbase ? i : UINT32_MAX;
}

/* Position in save order: base chains, then others by name. */
static struct read_chain **find_place(struct xml_reader *r, unsigned int place, const char *name)
{
	struct read_chain **at = &r->chains;

	while (*at && ((*at)->place < place ||
		       ((*at)->place == place && strcmp((*at)->name, name) < 0)))
		at = &(*at)->next;
	return at;
}

static struct read_chain *chain_of(struct xml_reader *r, const char *name)
{
	unsigned int place = base_index(r->table, name);
	struct read_chain **at = find_place(r, place, name), *c = *at;

	if (c && !strcmp(c->name, name))
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->name = strdup(name);
	if (!c->name) {
		free(c);
		return NULL;
	}
	c->place = place;
	c->next = *at;
	*at = c;
	return c;
}

static void forget_chains(struct xml_reader *r)
{
	while (r->chains) {
		struct read_chain *c = r->chains;

		r->chains = c->next;
		rv_buf_free(&c->head);
		rv_buf_free(&c->base);
		rv_buf_free(&c->rules);
		free(c->name);
		free(c);
	}
}

static void put_part_of_chains(struct xml_reader *r, size_t offset)
{
	for (struct read_chain *c = r->chains; c; c = c->next) {
		const struct rv_buf *part = (const void *)((const char *)c + offset);

		rv_buf_add(r->b, part->data, part->len);
		r->b->failed |= part->failed;
	}
}

static void table_from_xml(struct xml_reader *r)
{
	put_part_of_chains(r, offsetof(struct read_chain, head));
	put_part_of_chains(r, offsetof(struct read_chain, base));
	put_part_of_chains(r, offsetof(struct read_chain, rules));
	rv_buf_puts(r->b, "COMMIT\n");
	forget_chains(r);
}

/* "[packets:bytes]", or nothing without the attributes. */
static int counters_from_xml(struct xml_reader *r, struct rv_buf *b, const char **attributes)
{
	static const char *const names[] = { "packet-count", "byte-count" };
	uint64_t n[2];
	int given = 0;

	for (int i = 0; i < 2; i++) {
		const char *text = attribute(attributes, names[i]);

		if (!text)
			continue;
		if (!isdigit((unsigned char)*text) || !rv_parse_uint(text, 0, UINT64_MAX, &n[i]))
			return xml_read_fail(r, "`%.64s' is not a number of packets or bytes", text);
		given++;
	}
	if (given == 1)
		return xml_read_fail(r, "packet-count and byte-count must be given together");
	if (given)
		rv_buf_printf(b, "[%llu:%llu]", (unsigned long long)n[0], (unsigned long long)n[1]);
	return 0;
}

/* ---- elements ------------------------------------------------------------------------------ */

static int open_root(struct xml_reader *r, const char *name, const char **attributes)
{
	const char *version = attribute(attributes, "version");

	if (strcmp(name, "iptables-rules") != 0)
		return xml_read_fail(r, "`%.64s' is not <iptables-rules>", name);
	if (version && strcmp(version, "1.0") != 0)
		return xml_read_fail(r, "version `%.64s' is not supported, only 1.0", version);
	return 0;
}

/* Name of a table or chain, or NULL after an error. */
static const char *own_name(struct xml_reader *r, const char *name, const char **attributes,
			    const char *expected)
{
	const char *own = attribute(attributes, "name");

	if (strcmp(name, expected) != 0) {
		xml_read_fail(r, "element `%.64s' is not expected here", name);
		return NULL;
	}
	if (!own || !is_word(own)) {
		xml_read_fail(r, "<%s> needs a name", expected);
		return NULL;
	}
	own = undone(r, own);
	if (!own)
		no_memory(r);
	return own;
}

static int open_table(struct xml_reader *r, const char *name, const char **attributes)
{
	const char *own = own_name(r, name, attributes, "table");

	if (!own)
		return -1;
	r->table = rv_table_def_find(own);
	rv_buf_printf(r->b, "*%s\n", own);
	return 0;
}

static int base_from_xml(struct xml_reader *r, const char *chain, const char *policy,
			 const char *base)
{
	struct rv_base_at at;

	rv_buf_reset(&r->chain->base);
	if (!base)
		return 0;
	if (!policy || !rv_base_at_read(&at, base))
		return xml_read_fail(r, "`%.64s' is not a valid base chain", base);
	rv_buf_printf(&r->chain->base, "-P %s %s --base \"%s\"\n", chain, policy, base);
	return 0;
}

static int open_chain(struct xml_reader *r, const char *name, const char **attributes)
{
	const char *own = own_name(r, name, attributes, "chain");
	const char *policy = attribute(attributes, "policy");

	if (!own)
		return -1;
	if (policy && !is_word(policy))
		return xml_read_fail(r, "`%.64s' is not a policy", policy);
	r->chain = chain_of(r, own);
	if (!r->chain)
		return no_memory(r);
	/* A chain whose rules are not contiguous has several elements with the same attributes. */
	rv_buf_reset(&r->chain->head);
	rv_buf_printf(&r->chain->head, ":%s %s ", own, policy ? policy : "-");
	if (counters_from_xml(r, &r->chain->head, attributes))
		return -1;
	if (!attribute(attributes, "packet-count"))
		rv_buf_puts(&r->chain->head, "[0:0]");
	rv_buf_putc(&r->chain->head, '\n');
	return base_from_xml(r, own, policy, attribute(attributes, "base"));
}

static int open_rule(struct xml_reader *r, const char *name, const char **attributes)
{
	if (strcmp(name, "rule") != 0)
		return xml_read_fail(r, "element `%.64s' is not expected here", name);
	rv_meter_step(r->meter);
	rv_buf_reset(&r->counters);
	rv_buf_reset(&r->conditions);
	r->ndone = 0;
	if (counters_from_xml(r, &r->counters, attributes))
		return -1;
	if (r->counters.len)
		rv_buf_putc(&r->counters, ' ');
	return 0;
}

static int open_side(struct xml_reader *r, const char *name, const char **attributes)
{
	(void)attributes;
	r->actions = !strcmp(name, "actions");
	if (!r->actions && strcmp(name, "conditions") != 0)
		return xml_read_fail(r, "element `%.64s' is not expected here", name);
	return 0;
}

/* Buffer for the words of the element. */
static struct rv_buf *side(struct xml_reader *r)
{
	return r->actions ? &r->action : &r->conditions;
}

static int open_part(struct xml_reader *r, const char *name, const char **attributes)
{
	(void)attributes;
	r->jump = RV_PIECE_END;
	rv_buf_reset(&r->action);
	if (!r->actions) {
		if (strcmp(name, "match") != 0)
			rv_buf_printf(&r->conditions, " -m %s", name);
	} else if (!strcmp(name, "call") || !strcmp(name, "goto")) {
		r->jump = *name == 'c' ? RV_PIECE_TARGET : RV_PIECE_GOTO;
	} else {
		rv_buf_puts(&r->action, " -j ");
	rv_print_name(&r->action, name);
	}
	return 0;
}

static int open_option(struct xml_reader *r, const char *name, const char **attributes)
{
	const char *invert = attribute(attributes, "invert"), *own = attribute(attributes, "name");
	const char *word = attribute(attributes, "word");

	if (r->jump == RV_PIECE_END) {
		if (word && (*word != '-' || strcmp(word + strspn(word, "-"), name) != 0))
			return xml_read_fail(r, "`%.64s' is not `%.64s' with dashes", word, name);
		option_from_xml(side(r), name, word, invert && !strcmp(invert, "1"));
		return 0;
	}
	if (own && !is_word(own))
		return xml_read_fail(r, "`%.64s' is not a chain name", own);
	own = own ? undone(r, own) : name;
	if (!own)
		return no_memory(r);
	rv_buf_puts(&r->action, r->jump == RV_PIECE_GOTO ? " -g " : " -j ");
	rv_print_name(&r->action, own);
	return 0;
}

static int (*const openers[DEPTHS])(struct xml_reader *, const char *, const char **) = {
	[ROOT] = open_root, [TABLE] = open_table, [CHAIN] = open_chain, [RULE] = open_rule,
	[SIDE] = open_side, [PART] = open_part, [OPTION] = open_option,
};

/* Processes the text since the last tag. */
static int take_text(struct xml_reader *r)
{
	const char *text = rv_buf_text(&r->text);
	unsigned int depth = r->depth ? r->depth - 1 : 0;

	if (!text)
		return no_memory(r);
	if (!text[strspn(text, " \t\n\r")]) {
		rv_buf_reset(&r->text);
		return 0;
	}
	text += depth == PART ? strspn(text, "\n") : 0;
	if (depth < PART || r->jump != RV_PIECE_END)
		return xml_read_fail(r, "text is not expected here");
	for (char *end = r->text.data + r->text.len; end > text && strchr(" \t\n\r", end[-1]); )
		*--end = '\0';
	undo_bytes(&r->text);
	if (!is_line(text))
		return xml_read_fail(r, "a rule argument contains a line break");
	split_arguments(side(r), text);
	rv_buf_reset(&r->text);
	return 0;
}

static void rule_from_xml(struct xml_reader *r)
{
	struct rv_buf *b = &r->chain->rules;

	rv_buf_add(b, r->counters.data, r->counters.len);
	rv_buf_puts(b, "-A ");
	rv_print_name(b, r->chain->name);
	rv_buf_add(b, r->conditions.data, r->conditions.len);
	rv_buf_add(b, r->action.data, r->action.len);
	rv_buf_putc(b, '\n');
	b->failed |= r->counters.failed || r->conditions.failed || r->action.failed;
	/* Counters are common to all actions. */
	rv_buf_reset(&r->counters);
	r->ndone++;
}

static void XMLCALL on_open(void *arg, const char *name, const char **attributes)
{
	struct xml_reader *r = arg;

	if (take_text(r))
		return;
	if (r->depth >= DEPTHS)
		xml_read_fail(r, "element `%.64s' is not expected here", name);
	else if (!openers[r->depth](r, name, attributes))
		r->depth++;
}

static void XMLCALL on_close(void *arg, const char *name)
{
	struct xml_reader *r = arg;

	(void)name;
	if (take_text(r))
		return;
	r->depth--;
	if (r->depth == PART && r->actions) {
		rule_from_xml(r);
	} else if (r->depth == RULE && !r->ndone) {
		rv_buf_reset(&r->action);
		rule_from_xml(r);
	} else if (r->depth == TABLE) {
		table_from_xml(r);
	}
}

static void XMLCALL on_text(void *arg, const char *text, int len)
{
	struct xml_reader *r = arg;

	rv_buf_add(&r->text, text, len);
}

/* Entity expansion can produce huge output; our documents have no DOCTYPE. */
static void XMLCALL on_doctype(void *arg, const char *name, const char *system, const char *public,
			       int internal)
{
	(void)system;
	(void)public;
	(void)internal;
	xml_read_fail(arg, "a document type (`%.64s') is not accepted", name);
}

static int parse_xml(struct xml_reader *r, const char *xml, size_t len)
{
	static const char stray[] = "xptables-xml\n";

	if (len >= strlen(stray) && !memcmp(xml, stray, strlen(stray))) {
		xml += strlen(stray);
		len -= strlen(stray);
	}
	XML_SetUserData(r->expat, r);
	XML_SetElementHandler(r->expat, on_open, on_close);
	XML_SetCharacterDataHandler(r->expat, on_text);
	XML_SetStartDoctypeDeclHandler(r->expat, on_doctype);
	if (len > INT32_MAX)
		return rv_fail(r->err, RV_ERR_PROBLEM, NULL, "the document is too long");
	if (XML_Parse(r->expat, xml, (int)len, 1) != XML_STATUS_OK && r->err->kind == RV_ERR_NONE)
		xml_read_fail(r, "%s", XML_ErrorString(XML_GetErrorCode(r->expat)));
	if (r->err->kind != RV_ERR_NONE)
		return -1;
	return rv_buf_ok(r->b) ? 0 : rv_fail_memory(r->err);
}

int rv_xml_read(struct rv_buf *b, const char *xml, size_t len, const struct rv_meter *meter,
		struct rv_error *err)
{
	struct xml_reader r = { .b = b, .meter = meter, .err = err, .expat = XML_ParserCreate("UTF-8") };
	int rc = r.expat ? parse_xml(&r, xml, len) : rv_fail_memory(err);

	if (r.expat)
		XML_ParserFree(r.expat);
	forget_chains(&r);
	rv_buf_free(&r.counters);
	rv_buf_free(&r.conditions);
	rv_buf_free(&r.action);
	rv_buf_free(&r.text);
	rv_buf_free(&r.name);
	return rc;
}
