/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts iptables-save output to XML, byte for byte like iptables-xml. */
#include <ctype.h>
#include <stdlib.h>

#include "canonical.h"
#include "line.h"
#include "xml.h"

#define BLANKS " \t"

/* Contents of a ":" line. */
struct xml_chain {
	struct xml_chain *next;
	char *name, *policy;		/* owned; policy NULL: a user-defined chain */
	char *base;			/* owned; position; NULL: iptables' default */
	unsigned long long packets, bytes;
	bool written;
};

struct xml_writer {
	struct rv_buf *b;
	const struct rv_xml_format *format;
	const struct rv_meter *meter;
	struct rv_error *err;
	struct rv_loc loc;		/* of the line */
	bool in_table;
	struct xml_chain *chains, **tail;	/* in file order */
	const struct xml_chain *open;	/* its element is open */
	bool rule;			/* the rule's element is open */
	bool final;			/* the rule's last action ends it: no rule can be merged */
	struct rv_line line;
	struct rv_buf asked;		/* conditions of the last rule: words, each
					 * NUL-terminated */
};

/* Reports an error in the current line. Returns -1. */
#define fail(w, fmt, ...) \
	rv_fail((w)->err, RV_ERR_RESTORE, &(w)->loc, "line %u " fmt, (w)->loc.line, ##__VA_ARGS__)

/* ---- escaping ------------------------------------------------------------------------- */

/*
 * Like iptables-xml, writes each byte of a non-ASCII character as a character reference. Also
 * carriage returns, which XML parsers convert to newlines.
 */
static void put_escaped(struct xml_writer *w, const char *text)
{
	static const char *const entities[UINT8_MAX + 1] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;",
	};

	for (; *text; text++) {
		const char *entity = entities[(unsigned char)*text];

		if (entity)
			rv_buf_puts(w->b, entity);
		else if (*text & 0x80 || *text == 0x7f || *text == '\r')
			rv_buf_printf(w->b, "&#%u;", (unsigned char)*text);
		else
			rv_buf_putc(w->b, *text);
	}
}

/* XML comments cannot contain "--": inserts stars, alternately before and after. */
static void put_comment_text(struct xml_writer *w, const char *text, size_t len)
{
	bool before = true;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '-') {
			rv_buf_putc(w->b, text[i]);
			continue;
		}
		rv_buf_puts(w->b, before ? "*-" : " *-");
		before = !before;
	}
}

/* Length of the UTF-8 sequence at text; 0 if it is not a character of XML 1.0. */
static size_t character(const unsigned char *c, size_t len)
{
	static const struct { unsigned char mask, lead; size_t len; uint32_t least; } forms[] = {
		{ 0x80, 0x00, 1, ' ' }, { 0xe0, 0xc0, 2, 0x80 },
		{ 0xf0, 0xe0, 3, 0x800 }, { 0xf8, 0xf0, 4, 0x10000 },
	};

	if (*c == '\t' || *c == '\n' || *c == '\r')
		return 1;
	for (size_t f = 0; f < sizeof(forms) / sizeof(*forms); f++) {
		uint32_t n = c[0] & ~forms[f].mask & 0xff;

		if ((c[0] & forms[f].mask) != forms[f].lead || forms[f].len > len)
			continue;
		for (size_t i = 1; i < forms[f].len; i++) {
			if ((c[i] & 0xc0) != 0x80)
				return 0;
			n = n << 6 | (c[i] & 0x3f);
		}
		return n < forms[f].least || n > 0x10ffff || (n >= 0xd800 && n < 0xe000) ||
		       n == 0xfffe || n == 0xffff ? 0 : forms[f].len;
	}
	return 0;
}

static bool is_text(const char *text, size_t len)
{
	size_t n;

	for (; len; text += n, len -= n) {
		n = character((const unsigned char *)text, len);
		if (!n)
			return false;
	}
	return true;
}

/* Excludes colons, which denote namespaces; does not validate non-ASCII characters. */
static bool is_element_name(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_' && !(*name & 0x80))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_-.", *name) && !(*name & 0x80))
			return false;
	return true;
}

/* ---- chains ---------------------------------------------------------------------------- */

static struct xml_chain *find_declared(struct xml_writer *w, const char *name)
{
	struct xml_chain *c = w->chains;

	while (c && strcmp(c->name, name) != 0)
		c = c->next;
	return c;
}

static void forget_chains(struct xml_writer *w)
{
	while (w->chains) {
		struct xml_chain *c = w->chains;

		w->chains = c->next;
		free(c->name);
		free(c->policy);
		free(c->base);
		free(c);
	}
	w->tail = &w->chains;
	w->open = NULL;
}

static struct xml_chain *declare_chain(struct xml_writer *w, const char *name)
{
	struct xml_chain *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*w->tail = c;
	w->tail = &c->next;
	c->name = strdup(name);
	return c;
}

static void close_rule(struct xml_writer *w)
{
	if (w->rule)
		rv_buf_puts(w->b, "       </actions>\n\n      </rule>\n\n");
	w->rule = false;
}

static void close_chain(struct xml_writer *w)
{
	close_rule(w);
	if (w->open)
		rv_buf_puts(w->b, "    </chain>\n");
	w->open = NULL;
}

static void counters_to_xml(struct xml_writer *w, unsigned long long packets,
			    unsigned long long bytes)
{
	rv_buf_printf(w->b, "packet-count=\"%llu\" byte-count=\"%llu\" ", packets, bytes);
}

static void chain_to_xml(struct xml_writer *w, struct xml_chain *c, const char *end)
{
	rv_buf_puts(w->b, "    <chain name=\"");
	put_escaped(w, c->name);
	rv_buf_puts(w->b, "\" ");
	if (c->policy) {
		rv_buf_puts(w->b, "policy=\"");
		put_escaped(w, c->policy);
		rv_buf_puts(w->b, "\" ");
	}
	counters_to_xml(w, c->packets, c->bytes);
	if (c->base) {
		rv_buf_puts(w->b, "base=\"");
		put_escaped(w, c->base);
		rv_buf_puts(w->b, "\" ");
	}
	rv_buf_puts(w->b, end);
	c->written = true;
}

/* ---- rules ------------------------------------------------------------------------------ */

/* Arguments separated by spaces, quoted ones with their quotes. */
static void arguments_to_xml(struct xml_writer *w, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++) {
		const struct rv_line_word *word = &w->line.word[i];

		rv_buf_puts(w->b, i > first ? " " : "");
		rv_buf_puts(w->b, word->quoted ? "&quot;" : "");
		put_escaped(w, word->text);
		rv_buf_puts(w->b, word->quoted ? "&quot;" : "");
	}
}

static int option_to_xml(struct xml_writer *w, const struct rv_piece *p)
{
	const char *inverted = p->invert ? " invert=\"1\"" : "";
	const char *word = w->line.word[p->first - 1].text;

	if (!is_element_name(p->name))
		return fail(w, "failed - XML has no element `%.64s'", p->name);
	rv_buf_printf(w->b, "          <%s %s", p->name, inverted);
	/* Might be an argument that looks like an option: "-x5" is not "--x5". */
	if (p->name != word + (p->name[1] ? 2 : 1))
		rv_buf_printf(w->b, " word=\"%s\"", word);
	/* iptables-xml takes the "!" of the next option for an argument and drops it. */
	if (!p->count && (p->first == w->line.count || w->line.word[p->first].text[0] != '!')) {
		rv_buf_puts(w->b, " />\n");
		return 0;
	}
	rv_buf_putc(w->b, '>');
	arguments_to_xml(w, p->first, p->count);
	rv_buf_printf(w->b, "</%s>\n", p->name);
	return 0;
}

/* The element is named after the chain, or has an attribute if that is not a valid XML name. */
static void put_jump(struct xml_writer *w, enum rv_piece_kind kind, const char *chain)
{
	const char *what = kind == RV_PIECE_GOTO ? "goto" : "call";

	rv_buf_printf(w->b, "        <%s >\n          <", what);
	if (is_element_name(chain)) {
		rv_buf_puts(w->b, chain);
	} else {
		rv_buf_puts(w->b, "chain name=\"");
		put_escaped(w, chain);
		rv_buf_putc(w->b, '"');
	}
	rv_buf_printf(w->b, " />\n        </%s>\n", what);
}

/* Writes options from *at up to the next match or target. Returns the number of pieces. */
static int put_options(struct xml_writer *w, size_t *at, size_t end)
{
	int n = 0;

	while (*at < end) {
		size_t next = *at;
		struct rv_piece p = rv_line_piece(&w->line, &next, NULL);

		if (p.kind == RV_PIECE_WORDS)
			arguments_to_xml(w, p.first, p.count);
		else if (p.kind != RV_PIECE_OPTION)
			break;
		else if (option_to_xml(w, &p))
			return -1;
		*at = next;
		n++;
	}
	return n;
}

/* A match or target with its options; "match" for options of none. */
static int part_to_xml(struct xml_writer *w, const char *name, size_t *at, size_t end)
{
	size_t start = w->b->len;
	int n;

	if (!is_element_name(name))
		return fail(w, "failed - XML has no element `%.64s'", name);
	rv_buf_printf(w->b, "        <%s >\n", name);
	n = put_options(w, at, end);
	if (n < 0)
		return -1;
	if (n) {
		rv_buf_printf(w->b, "        </%s>\n", name);
		return 0;
	}
	if (w->b->len > start)
		w->b->len = start;
	rv_buf_printf(w->b, "        <%s  />\n", name);
	return 0;
}

/*
 * Whether it is a jump to a chain. With options at at it is a target, even if a chain has that
 * name.
 */
static bool is_jump(struct xml_writer *w, const struct rv_piece *p, size_t at, size_t end)
{
	if (p->kind == RV_PIECE_MATCH || !find_declared(w, p->name))
		return false;
	return p->kind == RV_PIECE_GOTO || at >= end ||
	       rv_line_piece(&w->line, &at, NULL).kind != RV_PIECE_OPTION;
}

/* Writes conditions or actions up to word end. */
static int put_parts(struct xml_writer *w, size_t at, size_t end)
{
	while (at < end) {
		size_t next = at;
		struct rv_piece p = rv_line_piece(&w->line, &next, NULL);
		int rc = 0;

		if (p.kind == RV_PIECE_OPTION) {
			rc = part_to_xml(w, "match", &at, end);
			next = at;
		} else if (p.kind == RV_PIECE_WORDS) {
			arguments_to_xml(w, p.first, p.count);
		} else if (p.name && is_jump(w, &p, next, end)) {
			put_jump(w, p.kind, p.name);
		} else if (p.name) {
			rc = part_to_xml(w, p.name, &next, end);
		}
		if (rc)
			return -1;
		at = next;
	}
	return 0;
}

/* Index of the first action: -j or -g. */
static size_t conditions_end(const struct rv_line *l, size_t at)
{
	while (at < l->count) {
		size_t next = at;
		struct rv_piece p = rv_line_piece(l, &next, NULL);

		if (p.kind == RV_PIECE_TARGET || p.kind == RV_PIECE_GOTO)
			return at;
		at = next;
	}
	return l->count;
}

/* Whether the action at that word ends every rule. */
static bool is_final(const struct rv_line *l, size_t at)
{
	struct rv_piece p = rv_line_piece(l, &at, NULL);

	return p.kind != RV_PIECE_TARGET || !p.name || rv_verdict_find(p.name) != RV_VERDICT_NONE;
}

/*
 * Stores the conditions, i.e. the words before end. Returns whether they equal the previous rule's.
 */
static bool same_conditions(struct xml_writer *w, size_t end)
{
	const char *from = w->line.word[2].text;
	size_t len = end < w->line.count ? (size_t)(w->line.word[end].text - from)
					 : (size_t)(w->line.text.data + w->line.text.len - from);
	bool same = len == w->asked.len && !memcmp(w->asked.data, from, len);

	rv_buf_reset(&w->asked);
	rv_buf_add(&w->asked, from, len);
	return same;
}

static int open_rule(struct xml_writer *w, struct xml_chain *c, const unsigned long long *counters,
		     size_t end)
{
	close_rule(w);
	if (w->open != c) {
		close_chain(w);
		chain_to_xml(w, c, ">\n");
		w->open = c;
	}
	rv_buf_puts(w->b, "      <rule ");
	if (counters)
		counters_to_xml(w, counters[0], counters[1]);
	rv_buf_puts(w->b, ">\n");
	if (end > 2) {
		rv_buf_puts(w->b, "       <conditions>\n");
		if (put_parts(w, 2, end))
			return -1;
		rv_buf_puts(w->b, "       </conditions>\n");
	}
	rv_buf_puts(w->b, "       <actions>\n");
	w->rule = true;
	return 0;
}

static int on_rule(struct xml_writer *w, const char *text, size_t len,
		   const unsigned long long *counters)
{
	struct xml_chain *c = NULL;
	bool same = false;
	size_t end;

	if (!rv_line_cut(&w->line, text, len, true))
		return rv_fail_memory(w->err);
	if (w->line.count >= 2 && !strcmp(w->line.word[0].text, "-A"))
		c = find_declared(w, w->line.word[1].text);
	if (!c)
		return fail(w, "failed - no chain found");
	end = conditions_end(&w->line, 2);
	if (w->line.count > 2 && end > 2)
		same = same_conditions(w, end);
	if (same && w->format->combine && w->rule && w->open == c && !w->final &&
	    end < w->line.count)
		rv_buf_puts(w->b, "<!-- Combine action from next rule -->\n");
	else if (open_rule(w, c, counters, end))
		return -1;
	if (end <= 2)
		rv_buf_reset(&w->asked);
	w->final = is_final(&w->line, end);
	return put_parts(w, end, w->line.count);
}

/* ---- lines ------------------------------------------------------------------------------- */

/* "packets:bytes]". Returns what follows, or NULL if malformed. */
static const char *read_counters(const char *text, unsigned long long *counters)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;
	counters[0] = strtoull(text, &end, 10);
	if (*end != ':' || !isdigit((unsigned char)end[1]))
		return NULL;
	counters[1] = strtoull(end + 1, &end, 10);
	return *end == ']' ? end + 1 : NULL;
}

static int on_declare(struct xml_writer *w, const char *text, size_t len)
{
	unsigned long long counters[2] = { 0 };
	const struct rv_line_word *word;
	struct xml_chain *c;

	if (!rv_line_cut(&w->line, text + 1, len - 1, false))
		return rv_fail_memory(w->err);
	word = w->line.word;
	if (w->line.count < 2)
		return fail(w, "%s invalid", w->line.count ? "policy" : "chain name");
	if (find_declared(w, word[0].text))
		return fail(w, "failed - chain `%.64s' already exists", word[0].text);
	if (w->line.count > 2 && (word[2].text[0] != '[' || !read_counters(word[2].text + 1, counters)))
		return fail(w, "failed - invalid counters `%.64s'", word[2].text);
	c = declare_chain(w, word[0].text);
	if (!c || !c->name)
		return rv_fail_memory(w->err);
	c->packets = counters[0];
	c->bytes = counters[1];
	if (strcmp(word[1].text, "-") != 0 && !(c->policy = strdup(word[1].text)))
		return rv_fail_memory(w->err);
	return 0;
}

/* "-P CHAIN POLICY --base PLACE": the policy was already read. */
static int on_base(struct xml_writer *w, const char *text, size_t len)
{
	const struct rv_line_word *word;
	struct xml_chain *c;

	if (!rv_line_cut(&w->line, text, len, true))
		return rv_fail_memory(w->err);
	word = w->line.word;
	c = w->line.count == 5 && !strcmp(word[3].text, "--base") ? find_declared(w, word[1].text) : NULL;
	if (!c)
		return fail(w, "failed - no chain found");
	free(c->base);
	c->base = strdup(word[4].text);
	return c->base ? 0 : rv_fail_memory(w->err);
}

static int table_line(struct xml_writer *w, const char *text, size_t len)
{
	if (!rv_line_cut(&w->line, text + 1, len - 1, false))
		return rv_fail_memory(w->err);
	if (!w->line.count)
		return fail(w, "table name invalid");
	rv_buf_puts(w->b, "  <table name=\"");
	put_escaped(w, w->line.word[0].text);
	rv_buf_puts(w->b, "\" >\n");
	w->in_table = true;
	return 0;
}

static int commit_line(struct xml_writer *w)
{
	close_chain(w);
	for (struct xml_chain *c = w->chains; c; c = c->next)
		if (!c->written)
			chain_to_xml(w, c, "/>\n");
	rv_buf_puts(w->b, "  </table>\n");
	forget_chains(w);
	w->in_table = false;
	return 0;
}

static int on_counted(struct xml_writer *w, const char *text, size_t len)
{
	unsigned long long counters[2];
	const char *rest = *text == '[' ? read_counters(text + 1, counters) : text;

	if (!rest)
		return rv_fail(w->err, RV_ERR_USAGE, &w->loc, "Bad line %u: need ]", w->loc.line);
	return on_rule(w, rest, text + len - rest, *text == '[' ? counters : NULL);
}

static int on_line(struct xml_writer *w, const char *text, size_t len)
{
	if (memchr(text, '\0', len) || !is_text(text, len))
		return fail(w, "failed - XML cannot contain bytes that are not UTF-8");
	if (!len)
		return 0;
	if (*text == '#') {
		rv_buf_puts(w->b, "<!-- ");
		put_comment_text(w, text, len);
		rv_buf_puts(w->b, " -->\n");
		return 0;
	}
	if (w->format->verbose) {
		rv_buf_printf(w->b, "<!-- line %u ", w->loc.line);
		put_comment_text(w, text, len);
		rv_buf_puts(w->b, " -->\n");
	}
	if (!w->in_table)
		return *text == '*' ? table_line(w, text, len) : fail(w, "failed");
	if (len == strlen("COMMIT") && !memcmp(text, "COMMIT", len))
		return commit_line(w);
	if (len > 3 && !memcmp(text, "-P ", 3))
		return on_base(w, text, len);
	return *text == ':' ? on_declare(w, text, len) : on_counted(w, text, len);
}

static int write_lines(struct xml_writer *w, const char *text, size_t len)
{
	const char *end = text + len;

	/* iptables-xml prints this first under -v, with that spelling. */
	rv_buf_puts(w->b, w->format->verbose ? "xptables-xml\n" : "");
	rv_buf_puts(w->b, "<iptables-rules version=\"1.0\">\n");
	while (text < end) {
		const char *newline = memchr(text, '\n', end - text), *stop = newline ? newline : end;

		w->loc = (struct rv_loc){ w->loc.line + 1, 0, stop - text };
		rv_meter_step(w->meter);
		if (on_line(w, text, stop - text))
			return -1;
		text = newline ? newline + 1 : end;
	}
	if (w->in_table)
		return rv_fail(w->err, RV_ERR_RESTORE, NULL, "COMMIT expected at line %u",
			       w->loc.line + 1);
	rv_buf_puts(w->b, "</iptables-rules>\n");
	return rv_buf_ok(w->b) ? 0 : rv_fail_memory(w->err);
}

static int write_text(struct rv_buf *b, const struct rv_xml_format *f, const char *text, size_t len,
		      const struct rv_meter *meter, struct rv_error *err)
{
	struct xml_writer w = { .b = b, .format = f, .meter = meter, .err = err, .tail = &w.chains };
	int rc = write_lines(&w, text, len);

	forget_chains(&w);
	rv_line_free(&w.line);
	rv_buf_free(&w.asked);
	return rc;
}

/* Converts the canonical form of the text. */
static int write_meaning(struct rv_buf *b, const struct rv_xml_format *f, const char *text,
			 size_t len, const struct rv_meter *meter, struct rv_error *err)
{
	struct rv_buf saved = RV_BUF_INIT;
	int rc = rv_text_canonical(&saved, text, len, NULL, err);

	if (!rc)
		rc = rv_buf_text(&saved) ? write_text(b, f, saved.data, saved.len, meter, err)
					 : rv_fail_memory(err);
	rv_buf_free(&saved);
	return rc;
}

/*
 * Both attempts failed: the message is that of the words, like iptables-xml's; the hint is the
 * parser's.
 */
static int fail_both(struct rv_error *err, const struct rv_error *words,
		     const struct rv_error *meaning)
{
	*err = *words;
	return meaning->text[0] ? rv_hint(err, "%s", meaning->text) : -1;
}

/*
 * First by words alone, otherwise by the parser's canonical form. Each accepts what the other does
 * not: options of unknown matches, "-4".
 */
int rv_xml_write(struct rv_buf *b, const struct rv_xml_format *f, const char *text, size_t len,
		 const struct rv_meter *meter, struct rv_error *err)
{
	bool plain = rv_text_is_plain(text, len);
	struct rv_error words = { 0 }, meaning = { 0 };
	size_t start = b->len;

	if (plain && !write_text(b, f, text, len, meter, &words))
		return 0;
	b->len = start;
	if (!write_meaning(b, f, text, len, meter, &meaning))
		return 0;
	b->len = start;
	if (!plain && !write_text(b, f, text, len, meter, &words))
		return 0;
	return fail_both(err, &words, &meaning);
}
