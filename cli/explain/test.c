/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin test: checks a file of packets and expected verdicts; prints TAP, the Test Anything
 * Protocol (https://testanything.org).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/explain/cli.h"

static const char about[] =
	"\nFILE has one line per packet: PACKET => ACCEPT|DROP|REJECT [by CHAIN:N] [to ADDRESS[:PORT]].\n"
	"PACKET is given as for ravelin explain. N can be \"policy\"; CHAIN:N can be preceded by TABLE/.\n"
	"to: the destination after translation. # begins a comment.\n"
	"\nExit codes: 0 all as expected, 1 a packet has another verdict, 3 error.\n"
	"\nExample: -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local -p tcp --dport 22 => DROP by INPUT:4\n";

const struct rv_flag rv_test_flags[] = {
	{ 0, "rules", RV_FLAG_ARG, "FILE", "rules in iptables-save format (default: the loaded rules)",
	  RV_FLAG_AT(struct rv_explaining, rules) },
	{ 0, "rules6", RV_FLAG_ARG, "FILE", "rules for IPv6 packets",
	  RV_FLAG_AT(struct rv_explaining, rules6) },
	{ 0, "local", RV_FLAG_ARG, "ADDRESS,...", "addresses of the host, for all packets",
	  RV_FLAG_AT(struct rv_explaining, locals) },
	{ 0, "assume", RV_FLAG_MANY, "NAME=VALUE", "assume this result of a match; see ravelin run",
	  RV_FLAG_AT(struct rv_explaining, assume) },
	{ 0, "set", RV_FLAG_MANY, "NAME=FILE", "members of an ipset: one per line, or output of ipset save",
	  RV_FLAG_AT(struct rv_explaining, set_words) },
	{ 0, "ways", RV_FLAG_ARG, "NUMBER", "maximum number of paths followed per packet (default 64)",
	  RV_FLAG_AT(struct rv_explaining, ways_word) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "packets are IPv4 unless an option says otherwise" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "packets are IPv6 unless an option says otherwise" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", RV_FLAG_AT(struct rv_explaining, version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", RV_FLAG_AT(struct rv_explaining, help) },
	{ .help = about },
};

/* ---- what is expected --------------------------------------------------------------------------------- */

struct expected {
	const char *verdict;
	bool by, to;
	struct rv_explain_target place;
	bool policy;
	union nf_inet_addr addr;
	bool port_given;
	uint16_t port;
};

static const char *const verdicts[] = { "ACCEPT", "DROP", "REJECT", "DEPENDS" };

static int read_verdict(struct expected *x, const char *word, struct rv_error *err)
{
	for (unsigned int i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		if (!strcmp(verdicts[i], word)) {
			x->verdict = verdicts[i];
			return 0;
		}
	return rv_fail(err, RV_ERR_USAGE, NULL, "expected ACCEPT, DROP, REJECT or DEPENDS after =>, not \"%s\"", word);
}

/* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. */
static int read_end(struct expected *x, rv_family_t family, const char *word, struct rv_error *err)
{
	char text[64];
	const char *end = word[0] == '[' ? strchr(word, ']') : NULL, *port;
	uint64_t n = 0;

	if (end) {
		snprintf(text, sizeof(text), "%.*s", (int)(end - word - 1), word + 1);
		port = end[1] == ':' ? end + 2 : NULL;
	} else {
		port = family == NFPROTO_IPV4 ? strchr(word, ':') : NULL;
		snprintf(text, sizeof(text), "%.*s", (int)(port ? port - word : (int)strlen(word)), word);
		port = port ? port + 1 : NULL;
	}
	x->to = true;
	x->port_given = port;
	if (!rv_parse_address(family, text, &x->addr) || (port && !rv_parse_uint(port, 0, UINT16_MAX, &n)))
		return rv_fail(err, RV_ERR_USAGE, NULL, "\"%s\" is not ADDRESS or ADDRESS:PORT", word);
	x->port = (uint16_t)n;
	return 0;
}

static int read_expected(struct expected *x, rv_family_t family, int n, char *const word[], struct rv_error *err)
{
	if (!n)
		return rv_fail(err, RV_ERR_USAGE, NULL, "missing verdict after =>");
	if (read_verdict(x, word[0], err))
		return -1;
	for (int i = 1; i < n; i += 2) {
		if (i + 1 == n)
			return rv_fail(err, RV_ERR_USAGE, NULL, "missing value after \"%s\"", word[i]);
		if (!strcmp(word[i], "by") && !x->by) {
			x->by = true;
			if (rv_explain_place_read(word[i + 1], &x->place))
				return rv_fail(err, RV_ERR_USAGE, NULL, "\"%s\" is not CHAIN:N", word[i + 1]);
		} else if (!strcmp(word[i], "to") && !x->to) {
			if (read_end(x, family, word[i + 1], err))
				return -1;
		} else {
			return rv_fail(err, RV_ERR_USAGE, NULL, "expected by or to after the verdict, not \"%s\"",
				       word[i]);
		}
	}
	return 0;
}

/* ---- comparing ------------------------------------------------------------------------------------------ */

static bool is_pass(const struct rv_explain_target *t, const struct rv_run_pass *pass)
{
	const struct rv_kmod_entry *e = rv_explained_rule(pass);

	if (t->table && strcmp(t->table, pass->table->name) != 0)
		return false;
	if (!t->number)
		return !e && !strcmp(t->chain, pass->base->name);
	return e && e->number == t->number && !strcmp(e->chain->name, t->chain);
}

/* Each table decides an accepted packet, so rules that translate it count too. */
static bool is_by(const struct rv_explain_target *t, const struct rv_explain_way *way)
{
	const bool accepted = !strcmp(way->fate, "ACCEPT");

	for (unsigned int i = 0; i < way->npasses; i++)
		if ((accepted || i == way->decided) && is_pass(t, &way->passes[i]))
			return true;
	return false;
}

static bool goes_to(const struct expected *x, const struct rv_explain_way *way)
{
	const uint8_t *bytes = (const uint8_t *)way->bytes.data;
	const uint32_t at = rv_packet_ports(bytes, (uint32_t)way->bytes.len);

	if (memcmp(&x->addr, rv_packet_address((uint8_t *)bytes, true), rv_packet_address_len(bytes)) != 0)
		return false;
	return !x->port_given || (at && (bytes[at + 2] << 8 | bytes[at + 3]) == x->port);
}

static bool is_as_expected(const struct expected *want, const struct rv_explained *x)
{
	const char *fate = x->fate ? x->fate : "DEPENDS";
	bool is = !strcmp(fate, want->verdict);

	for (unsigned int i = 0; i < x->nways; i++) {
		is &= !want->by || is_by(&want->place, &x->ways[i]);
		is &= !want->to || goes_to(want, &x->ways[i]);
	}
	return is;
}

/* ---- a line ----------------------------------------------------------------------------------------------- */

struct tests {
	struct rv_explaining *e;
	struct rv_explain_words common;
	unsigned long number, line, failed;
	bool error;
};

/* Appends the actual result as comments. */
static void add_found(struct rv_buf *b, struct rv_explaining *e, const struct rv_explained *x)
{
	struct rv_buf text = RV_BUF_INIT;

	rv_explain_text(&text, e, x);
	for (char *at = (char *)rv_buf_text(&text), *line; at && (line = strsep(&at, "\n")) != NULL;)
		if (*line)
			rv_buf_printf(b, "# %s\n", line);
	rv_buf_free(&text);
}

static void add_result(struct tests *t, bool ok, const char *name)
{
	rv_buf_printf(&t->e->out_text, "%sok %lu - %s\n", ok ? "" : "not ", t->number, name);
}

static int run_line(struct tests *t, const struct rv_explain_words *words, int arrow, const char *name,
		    struct rv_error *err)
{
	struct rv_explain_words packet = { words->word, arrow };
	struct rv_explaining *e = t->e;
	struct rv_question_packet q = { 0 };
	struct rv_explained x = { 0 };
	struct expected want = { 0 };
	bool ok = false;
	int rc = rv_explain_read(e, &packet, NULL, &q, err);

	if (!rc)
		rc = read_expected(&want, q.family, words->n - arrow - 1, words->word + arrow + 1, err);
	if (!rc)
		rc = rv_explain_load(e, &e->family[rv_family_index(q.family)], err);
	if (!rc)
		rc = rv_explain_packet(e, &q, &x, err);
	if (!rc) {
		ok = is_as_expected(&want, &x);
		add_result(t, ok, name);
		if (!ok)
			add_found(&e->out_text, e, &x);
		t->failed += !ok;
	}
	rv_explained_free(&x);
	rv_packet_free(&q);
	return rc;
}

static int find_arrow(const struct rv_explain_words *w)
{
	for (int i = 0; i < w->n; i++)
		if (!strcmp(w->word[i], "=>"))
			return i;
	return -1;
}

static void fail_line(struct tests *t, const char *name, struct rv_error *err)
{
	add_result(t, false, name);
	rv_buf_printf(&t->e->out_text, "# line %lu: %.*s%s%s\n", t->line, (int)strcspn(err->text, "\n"), err->text,
		      err->hint[0] ? ": " : "", err->hint);
	if (err->loc.line)
		rv_explain_error(t->e, err);
	t->error = true;
}

/* The line of a test without surrounding blanks and comment, as its name. */
static char *name_of(const char *line)
{
	const char *from = line + strspn(line, " \t");
	size_t len = strcspn(from, "\n");
	const char *comment = memmem(from, len, " #", 2);

	len = comment ? (size_t)(comment - from) : len;
	while (len && strchr(" \t\r", from[len - 1]))
		len--;
	return strndup(from, len);
}

static void test_line(struct tests *t, char *line)
{
	struct rv_explain_words words = { 0 };
	struct rv_error err = { 0 };
	char *name = name_of(line);
	int arrow, rc;

	t->line++;
	rc = rv_explain_split(line, &t->common, &words);
	if (rc || words.n > t->common.n) {
		t->number++;
		arrow = rc ? -1 : find_arrow(&words);
		if (rc)
			rv_fail(&err, RV_ERR_USAGE, NULL, "unclosed quote");
		else if (arrow < 0)
			rv_fail(&err, RV_ERR_USAGE, NULL, "missing =>");
		else
			rc = run_line(t, &words, arrow, name ? name : "", &err);
		if (rc || arrow < 0)
			fail_line(t, name ? name : "", &err);
	}
	free(words.word);
	free(name);
}

static int test_file(struct tests *t, const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *line = NULL;
	size_t room = 0;

	if (!f)
		return rv_cli_message("%s: cannot open %s: %m", t->e->cli->name, path);
	while (getline(&line, &room, f) >= 0)
		test_line(t, line);
	free(line);
	if (f != stdin)
		fclose(f);
	rv_buf_printf(&t->e->out_text, "1..%lu\n", t->number);
	return 0;
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

static int run(struct rv_explaining *e, const struct rv_explain_words *words)
{
	char *local[] = { (char *)"--local", (char *)e->locals };
	struct tests t = { .e = e, .common = { local, e->locals ? 2 : 0 } };
	int rc;

	if (words->n != 1) {
		rv_cli_message("%s: %s", e->cli->name, words->n ? "only one FILE is accepted" : "no FILE given");
		rv_cli_message("Try `%s --help' for more information.", e->cli->name);
		return RV_EXPLAIN_ERROR;
	}
	rc = test_file(&t, words->word[0]);
	if (rv_cli_write(e->cli, STDOUT_FILENO, &e->out_text) || rc || t.error)
		return RV_EXPLAIN_ERROR;
	return t.failed ? 1 : 0;
}

int rv_cli_test(struct rv_cli *cli)
{
	struct rv_explaining *e = calloc(1, sizeof(*e));
	struct rv_explain_words words = { 0 };
	int rc = RV_EXPLAIN_ERROR;

	if (!e) {
		rv_cli_message("ravelin test: out of memory");
		return rc;
	}
	e->cli = cli;
	cli->name = "ravelin test";
	if (!rv_explain_flags_read(rv_test_flags, e, &words)) {
		for (int i = 0; i < words.n; i++)
			if (!strcmp(words.word[i], "-4") || !strcmp(words.word[i], "-6")) {
				cli->family = words.word[i][1] == '6' ? NFPROTO_IPV6 : NFPROTO_IPV4;
				memmove(words.word + i, words.word + i + 1, (size_t)(words.n-- - i) * sizeof(*words.word));
				i--;
			}
		if (e->version || e->help)
			rc = rv_flags_help(cli, e->version) ? RV_EXPLAIN_ERROR : 0;
		else if (!rv_explain_start(e))
			rc = run(e, &words);
	}
	rv_explain_end(e);
	free(words.word);
	free(e);
	return rc;
}
