/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin report: a self-contained HTML page about a ruleset. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <ravelin/ipset.h>

#include "cli/flags.h"
#include "cli/ravelin/graph.h"
#include "cli/ravelin/report_page.h"

/* The program itself. */
#define OWN "/proc/self/exe"

struct report {
	struct rv_cli *cli;
	bool ipv4, ipv6, version, help;
	const char *source;		/* file, "-" or "live" */
	struct rv_flag_words packets;
	struct rv_ruleset rs[2];
	unsigned int families;
	struct rv_buf data, graph, findings, sets, explained;	/* parts of the page */
	struct rv_buf out;
};

#define AT(field) RV_FLAG_AT(struct report, field)

const struct rv_flag rv_report_flags[] = {
	{ 'p', "packet", RV_FLAG_MANY, "words", "also explain this packet; may be repeated", AT(packets) },
	{ '4', "ipv4", RV_FLAG_PLAIN, NULL, "IPv4 rules only (default: both; for a file: IPv4)", AT(ipv4) },
	{ '6', "ipv6", RV_FLAG_PLAIN, NULL, "IPv6 rules only", AT(ipv6) },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

/* ---- text ------------------------------------------------------------------------------------ */

/* A JSON string that is safe inside <script>. Invalid UTF-8 is replaced. */
static void put_string(struct rv_buf *b, const char *text, size_t len)
{
	rv_buf_putc(b, '"');
	for (size_t i = 0; i < len; ) {
		unsigned char c = (unsigned char)text[i];
		unsigned int n = rv_cli_utf8_length(text + i, len - i);

		if (!n)
			rv_buf_puts(b, "\xef\xbf\xbd");
		else if (c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&')
			rv_buf_printf(b, "\\u%04x", c);
		else
			rv_buf_add(b, text + i, n);
		i += n ? n : 1;
	}
	rv_buf_putc(b, '"');
}

static void put_html(struct rv_buf *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len; ) {
		unsigned int n = rv_cli_utf8_length(text + i, len - i);

		if (text[i] == '<')
			rv_buf_puts(b, "&lt;");
		else if (text[i] == '&')
			rv_buf_puts(b, "&amp;");
		else if (n)
			rv_buf_add(b, text + i, n);
		else
			rv_buf_puts(b, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
}

/* ---- rules ------------------------------------------------------------------------------------- */

static void put_counters(struct rv_buf *b, const struct rv_counters *c)
{
	rv_buf_u64(b, c->packets);
	rv_buf_putc(b, ',');
	rv_buf_u64(b, c->bytes);
}

/* [packets,bytes,"-s 192.0.2.1/32 -j DROP"] */
static void put_rule(struct rv_buf *b, const struct rv_chain *c, const struct rv_rule *r)
{
	struct rv_buf text = RV_BUF_INIT;

	rv_render_rule_body(&text, c->table->ruleset->family, r, RV_COUNTERS_NONE);
	rv_buf_putc(b, '[');
	put_counters(b, &r->counters);
	rv_buf_putc(b, ',');
	/* Skip the leading blank. */
	put_string(b, text.len ? text.data + 1 : "", text.len ? text.len - 1 : 0);
	rv_buf_putc(b, ']');
	b->failed |= text.failed;
	rv_buf_free(&text);
}

static void put_chain(struct rv_buf *b, const struct rv_chain *c)
{
	const char *comma = "";

	rv_buf_puts(b, "{\"name\":");
	put_string(b, c->name, strlen(c->name));
	if (c->base >= 0) {
		rv_buf_printf(b, ",\"policy\":\"%s\",\"packets\":", rv_verdict_name(c->policy));
		rv_buf_u64(b, c->counters.packets);
		rv_buf_puts(b, ",\"bytes\":");
		rv_buf_u64(b, c->counters.bytes);
	}
	rv_buf_puts(b, ",\"rules\":[");
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		rv_buf_puts(b, comma);
		put_rule(b, c, r);
		comma = ",";
	}
	rv_buf_puts(b, "]}");
}

static void put_table(struct rv_buf *b, const struct rv_table *t)
{
	const char *comma = "";

	rv_buf_printf(b, "{\"family\":\"%s\",\"name\":\"%s\",\"chains\":[",
		      rv_family(t->ruleset->family)->word, t->def->name);
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		rv_buf_puts(b, comma);
		put_chain(b, c);
		comma = ",";
	}
	rv_buf_puts(b, "]}");
}

/* "Rules of host, 2026-11-25 10:00 UTC" */
static void put_about(struct report *r, struct rv_buf *b)
{
	struct rv_buf text = RV_BUF_INIT;
	time_t now = time(NULL);
	char host[256] = "", date[32] = "";
	struct tm tm;

	if (gethostname(host, sizeof(host) - 1))
		host[0] = '\0';
	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &tm);
	if (!strcmp(r->source, "live"))
		rv_buf_printf(&text, "The rules that are loaded on %s, ", host);
	else
		rv_buf_printf(&text, "The rules of %s, ", strcmp(r->source, "-") ? r->source : "standard input");
	rv_buf_printf(&text, "%s. By ravelin %s.", date, RAVELIN_VERSION);
	put_string(b, text.data, text.len);
	b->failed |= text.failed;
	rv_buf_free(&text);
}

static void put_data(struct report *r)
{
	const char *comma = "";

	rv_buf_puts(&r->data, "{\"about\":");
	put_about(r, &r->data);
	rv_buf_puts(&r->data, ",\"tables\":[");
	for (unsigned int i = 0; i < r->families; i++)
		for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
			rv_list_each(t, &r->rs[i].tables, struct rv_table, node) {
				if (t->def != def || !t->exists)
					continue;
				rv_buf_puts(&r->data, comma);
				put_table(&r->data, t);
				comma = ",";
			}
	rv_buf_puts(&r->data, "]}");
}

/* ---- the graph ----------------------------------------------------------------------------------- */

/* A larger graph is unreadable and takes graphviz minutes. */
#define DRAWN_CHAINS 400

static unsigned int count_chains(const struct rv_ruleset *rs)
{
	unsigned int n = 0;

	rv_list_each(t, &rs->tables, struct rv_table, node)
		if (t->exists)
			rv_list_each(c, &t->chains, struct rv_chain, node)
				n++;
	return n;
}

/* Without the XML declaration, which must not be inside a page. */
static void put_svg(struct rv_buf *b, struct rv_buf *svg)
{
	const char *text = rv_buf_text(svg), *start = text ? strstr(text, "<svg") : NULL;

	if (start)
		rv_buf_puts(b, start);
}

static void put_graph(struct report *r)
{
	for (unsigned int i = 0; i < r->families; i++) {
		struct rv_buf dot = RV_BUF_INIT, svg = RV_BUF_INIT;
		struct rv_error err = { 0 };

		if (count_chains(&r->rs[i]) > DRAWN_CHAINS) {
			rv_buf_printf(&r->graph, "<p class=\"none\">%u chains are too many to draw (maximum %u); "
				      "use <code>ravelin graph --table</code>.</p>", count_chains(&r->rs[i]), DRAWN_CHAINS);
		} else if (rv_graph_dot(&dot, &r->rs[i], NULL, &err) || rv_graph_svg(&svg, &dot, &err)) {
			rv_buf_puts(&r->graph, "<p class=\"none\">No graph: ");
			put_html(&r->graph, err.text, strlen(err.text));
			rv_buf_puts(&r->graph, ".</p>");
		} else {
			put_svg(&r->graph, &svg);
		}
		rv_buf_free(&dot);
		rv_buf_free(&svg);
	}
}

/* ---- sets ------------------------------------------------------------------------------------------ */

/* An ipset, and the number of rules that use it. */
struct set {
	char name[IPSET_MAXNAMELEN + 1];
	unsigned int rules;
};

struct sets {
	struct set *set;
	size_t n;
	bool failed;
};

static void count_set(struct sets *s, const char name[IPSET_MAXNAMELEN])
{
	struct set *more;

	for (size_t i = 0; i < s->n; i++)
		if (!strncmp(s->set[i].name, name, IPSET_MAXNAMELEN)) {
			s->set[i].rules++;
			return;
		}
	more = realloc(s->set, (s->n + 1) * sizeof(*more));
	if (!more) {
		s->failed = true;
		return;
	}
	s->set = more;
	memcpy(more[s->n].name, name, IPSET_MAXNAMELEN);
	more[s->n].name[IPSET_MAXNAMELEN] = '\0';
	more[s->n++].rules = 1;
}

static void look_at_part(struct sets *s, const struct rv_part *p)
{
	for (const struct rv_option *o = p ? p->ext->options : NULL; o && o->name; o++) {
		struct rv_ipset set;

		if (o->type != RV_T_SET || o->alias_of)
			continue;
		memcpy(&set, p->data + o->offset, sizeof(set));
		if (set.name[0])
			count_set(s, set.name);
	}
}

static void look_at_chain(struct sets *s, const struct rv_chain *c)
{
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		for (const struct rv_part *m = r->matches; m; m = m->next)
			look_at_part(s, m);
		look_at_part(s, r->target);
	}
}

static void put_set(struct report *r, const struct set *s)
{
	const char *const argv[] = { "ipset", "list", s->name, NULL };
	struct rv_buf text = RV_BUF_INIT;
	bool known = !strcmp(r->source, "live") && !rv_cli_program(argv, NULL, &text);

	rv_buf_puts(&r->sets, known ? "<details><summary><code>" : "<p><code>");
	put_html(&r->sets, s->name, strlen(s->name));
	rv_buf_printf(&r->sets, "</code>, in %u rule%s", s->rules, s->rules == 1 ? "" : "s");
	if (known) {
		rv_buf_puts(&r->sets, "</summary><pre>");
		put_html(&r->sets, text.data, text.len);
		rv_buf_puts(&r->sets, "</pre></details>");
	} else {
		rv_buf_puts(&r->sets, "</p>");
	}
	rv_buf_free(&text);
}

static void put_sets(struct report *r)
{
	struct sets s = { 0 };

	for (unsigned int i = 0; i < r->families; i++)
		rv_list_each(t, &r->rs[i].tables, struct rv_table, node)
			rv_list_each(c, &t->chains, struct rv_chain, node)
				look_at_chain(&s, c);
	for (size_t i = 0; i < s.n; i++)
		put_set(r, &s.set[i]);
	if (!s.n)
		rv_buf_puts(&r->sets, "<p class=\"none\">No rule uses a set.</p>");
	r->sets.failed |= s.failed;
	free(s.set);
}

/* ---- output of ravelin lint and explain ------------------------------------------------------------------ */

/* Maximum lines of output included in the page. */
#define LINES 500

/* Appends the first lines of a text, and the number of the others. */
static void put_lines(struct rv_buf *b, const struct rv_buf *text)
{
	size_t at = 0, shown = 0, lines = 0;

	while (at < text->len) {
		const char *nl = memchr(text->data + at, '\n', text->len - at);

		at = nl ? (size_t)(nl + 1 - text->data) : text->len;
		if (++lines <= LINES)
			shown = at;
	}
	put_html(b, text->data, shown);
	if (lines > LINES)
		rv_buf_printf(b, "... and %zu more lines\n", lines - LINES);
}

/* Appends the output of a ravelin program. */
static void put_own(struct rv_buf *b, const char *title, const char *const argv[], const struct rv_buf *in)
{
	struct rv_buf text = RV_BUF_INIT;
	int rc = rv_cli_program(argv, in, &text);

	rv_buf_puts(b, "<h3>");
	put_html(b, title, strlen(title));
	rv_buf_puts(b, "</h3><pre>");
	put_lines(b, &text);
	if (!text.len)
		rv_buf_puts(b, rc > 1 || rc < 0 ? "Failed." : "Nothing found.");
	rv_buf_puts(b, "</pre>");
	rv_buf_free(&text);
}

/* ravelin lint takes some 5 s for these. */
#define LINTED_RULES 50000

static unsigned int count_rules(const struct rv_ruleset *rs)
{
	unsigned int n = 0;

	rv_list_each(t, &rs->tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			n += c->nrules;
	return n;
}

static void put_findings(struct report *r)
{
	for (unsigned int i = 0; i < r->families; i++) {
		const struct rv_family_def *family = rv_family(r->rs[i].family);
		const char *const argv[] = { OWN, "lint", family->option, r->source, NULL };

		if (count_rules(&r->rs[i]) > LINTED_RULES)
			rv_buf_printf(&r->findings, "<p class=\"none\">%s: not checked, more than %u rules; "
				      "use <code>ravelin lint</code>.</p>", family->name, LINTED_RULES);
		else
			put_own(&r->findings, family->name, argv, NULL);
	}
}

static void put_packets(struct report *r)
{
	bool live = !strcmp(r->source, "live"), ip6 = r->rs[0].family == NFPROTO_IPV6;

	for (unsigned int i = 0; i < r->packets.n; i++) {
		const char *const argv[] = {
			OWN, "explain", rv_family(r->rs[0].family)->option, "--why", "--packets", "-",
			live ? NULL : ip6 ? "--rules6" : "--rules", r->source, NULL,
		};
		struct rv_buf words = RV_BUF_INIT;

		rv_buf_printf(&words, "%s\n", r->packets.words[i]);
		put_own(&r->explained, r->packets.words[i], argv, &words);
		rv_buf_free(&words);
	}
	if (!r->packets.n)
		rv_buf_puts(&r->explained, "<p class=\"none\">None given by <code>--packet</code>.</p>");
}

/* ---- the page -------------------------------------------------------------------------------------------- */

/* Replaces the marks in the page by its parts. */
static int put_page(struct report *r)
{
	const struct {
		const char *mark;
		const struct rv_buf *part;
	} parts[] = {
		{ "@GRAPH@", &r->graph }, { "@FINDINGS@", &r->findings }, { "@SETS@", &r->sets },
		{ "@PACKETS@", &r->explained }, { "@DATA@", &r->data },
	};
	const char *at = report_page;

	for (unsigned int i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const char *mark = strstr(at, parts[i].mark);

		rv_buf_add(&r->out, at, (size_t)(mark - at));
		rv_buf_add(&r->out, parts[i].part->data, parts[i].part->len);
		r->out.failed |= parts[i].part->failed;
		at = mark + strlen(parts[i].mark);
	}
	rv_buf_puts(&r->out, at);
	return rv_buf_ok(&r->out) ? 0 : -1;
}

static int collect(struct report *r, struct rv_error *err)
{
	for (unsigned int i = 0; i < RV_FAMILIES; i++) {
		if (!(i ? r->ipv6 : r->ipv4))
			continue;
		r->cli->family = rv_family_defs[i].family;
		if (rv_cli_ruleset(r->cli, &r->rs[r->families++], r->source, err))
			return -1;
	}
	put_data(r);
	put_graph(r);
	put_findings(r);
	put_sets(r);
	put_packets(r);
	return put_page(r) ? rv_fail_memory(err) : 0;
}

static int run(struct report *r, int words)
{
	struct rv_error err = { 0 };
	struct rv_cli *cli = r->cli;
	int answer = rv_flags_answer(cli, words, r->version, r->help);

	if (answer >= 0)
		return answer;
	if (cli->argc - words > 1)
		return rv_cli_message("Unknown arguments found on commandline");
	r->source = words < cli->argc ? cli->argv[words] : "live";
	if (!strcmp(r->source, "-"))
		return rv_cli_message("%s: cannot read standard input; give a file name", cli->name);
	if (strcmp(r->source, "live") && r->ipv4 && r->ipv6)
		return rv_cli_message("%s: a file has rules of one family only", cli->name);
	if (!r->ipv4 && !r->ipv6) {
		r->ipv4 = true;
		r->ipv6 = !strcmp(r->source, "live");
	}
	return collect(r, &err) ? rv_cli_error(cli, &err) : rv_cli_write(cli, STDOUT_FILENO, &r->out);
}

int rv_cli_report(struct rv_cli *cli)
{
	struct report r = { .cli = cli };
	int rc;

	cli->name = "ravelin report";
	rc = run(&r, rv_flags_read(rv_report_flags, cli, &r));
	for (unsigned int i = 0; i < r.families; i++)
		rv_ruleset_clear(&r.rs[i]);
	rv_buf_free(&r.data);
	rv_buf_free(&r.graph);
	rv_buf_free(&r.findings);
	rv_buf_free(&r.sets);
	rv_buf_free(&r.explained);
	rv_buf_free(&r.out);
	return rc;
}
