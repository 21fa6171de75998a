/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin explain: what the rules do with a packet, and why. The packet is said in the words of
 * rules, or comes from a capture; the rules are those of a file, or those that are loaded.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ravelin/parser.h>

#include "cli/explain/cli.h"

static const char about[] =
	"\nPACKET is given as rule options: -i eth0 -s 192.0.2.7 -d 198.51.100.2 -p tcp --dport 443 --syn.\n"
	"Matches are loaded implicitly: --ctstate NEW, --mark 1, --icmp-type echo-request. Separate several\n"
	"packets with --. Without --rules, the loaded rules, routes, sets and connections of this host are\n"
	"used. With --rules, specify the path: --local if the packet is for this host, -o if it leaves.\n"
	"\nExit codes: 0 accepted, 1 dropped or rejected, 2 depends on an unknown result, 3 error; for several\n"
	"packets, the highest.\n"
	"\nExample: ravelin explain --rules rules.v4 --why -i eth0 -s 192.0.2.7 -d 198.51.100.2 --local \\\n"
	"           -p tcp --dport 22\n";

#define AT(field) RV_FLAG_AT(struct rv_explaining, field)

const struct rv_flag rv_explain_flags[] = {
	{ 0, "rules", RV_FLAG_ARG, "FILE", "rules in iptables-save format (default: the loaded rules)", AT(rules) },
	{ 0, "rules6", RV_FLAG_ARG, "FILE", "rules for IPv6 packets", AT(rules6) },
	{ 0, "why", RV_FLAG_PLAIN, NULL, "also print rules that did not match, with the first test that failed", AT(why) },
	{ 0, "why-not", RV_FLAG_ARG, "RULE", "explain why this rule did not match: CHAIN:N, TABLE/CHAIN:N or \"-A CHAIN ...\"", AT(why_not) },
	{ 0, "in", RV_FLAG_ARG, "NAME", "input interface, same as -i", 0 },
	{ 0, "out", RV_FLAG_ARG, "NAME", "output interface, same as -o", 0 },
	{ 0, "local", RV_FLAG_NUMBER, "ADDRESS,...", "addresses of the host; without argument: the packet is for this host", 0 },
	{ 0, "packets", RV_FLAG_ARG, "FILE", "read packets from a file, one per line; - is stdin", AT(packets) },
	{ 0, "pcap", RV_FLAG_ARG, "FILE[#N]", "read packets from a capture, or only the Nth", AT(pcap) },
	{ 0, "assume", RV_FLAG_MANY, "NAME=VALUE", "assume this result of a match; see ravelin run", AT(assume) },
	{ 0, "set", RV_FLAG_MANY, "NAME=FILE", "members of an ipset: one per line, or output of ipset save", AT(set_words) },
	{ 0, "ways", RV_FLAG_ARG, "NUMBER", "maximum number of paths followed per packet (default 64)", AT(ways_word) },
	{ 0, "live", RV_FLAG_PLAIN, NULL, "trace real packets that match PACKET", AT(live) },
	{ 0, "seconds", RV_FLAG_ARG, "NUMBER", "duration of --live (default 10)", AT(seconds) },
	{ 0, "quiet", RV_FLAG_PLAIN, NULL, "print only packet and verdict", AT(quiet) },
	{ 0, "json", RV_FLAG_PLAIN, NULL, "print JSON, one line per packet", AT(json) },
	{ '4', "ipv4", RV_FLAG_IPV4, NULL, "the packet is IPv4 (default)" },
	{ '6', "ipv6", RV_FLAG_IPV6, NULL, "the packet is IPv6" },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

#define WAYS 64
#define WAYS_MAX 4096

/* ---- flags among the words of packets ------------------------------------------------------------ */

static const struct rv_flag *find_flag(const struct rv_flag *flags, const char *word)
{
	for (const struct rv_flag *f = flags; f->name; f++) {
		const size_t len = strlen(f->name);

		if (f->letter && word[0] == '-' && word[1] == f->letter && !word[2])
			return f;
		if (!strncmp(word, "--", 2) && !strncmp(word + 2, f->name, len) &&
		    (!word[2 + len] || word[2 + len] == '='))
			return f;
	}
	return NULL;
}

static int set_flag(const struct rv_flag *f, const char *arg, struct rv_explaining *e)
{
	char *at = (char *)e + f->at - 1;
	struct rv_flag_words *words = (struct rv_flag_words *)(void *)at;

	if (f->takes == RV_FLAG_ARG) {
		*(const char **)(void *)at = arg;
	} else if (f->takes == RV_FLAG_MANY) {
		if (words->n == RV_FLAG_WORDS)
			return rv_cli_message("%s: --%s is given more than %d times", e->cli->name, f->name,
					      RV_FLAG_WORDS);
		words->words[words->n++] = arg;
	} else {
		*(bool *)(void *)at = true;
	}
	return 0;
}

int rv_explain_flags_read(const struct rv_flag *flags, struct rv_explaining *e, struct rv_explain_words *rest)
{
	struct rv_cli *cli = e->cli;

	rest->word = calloc((size_t)cli->argc + 1, sizeof(*rest->word));
	if (!rest->word)
		return rv_cli_message("%s: out of memory", cli->name);
	for (int i = 1; i < cli->argc; i++) {
		const struct rv_flag *f = find_flag(flags, cli->argv[i]);
		const char *equals = strchr(cli->argv[i], '=');
		const bool takes = f && (f->takes == RV_FLAG_ARG || f->takes == RV_FLAG_MANY);

		if (!f || !f->at) {
			rest->word[rest->n++] = cli->argv[i];
			continue;
		}
		if (takes && !equals && i + 1 == cli->argc)
			return rv_cli_message("%s: --%s needs %s", cli->name, f->name, f->arg);
		if (set_flag(f, !takes ? NULL : equals ? equals + 1 : cli->argv[++i], e))
			return -1;
		if (f->takes == RV_FLAG_LAST)
			break;
	}
	return 0;
}

/* ---- one packet's words ---------------------------------------------------------------------------- */

static int set_name(char to[16], const char *name, struct rv_error *err)
{
	if (!name || !*name || strlen(name) >= IFNAMSIZ)
		return rv_fail(err, RV_ERR_USAGE, NULL, "\"%s\" is no name of an interface", name ? name : "");
	memset(to, 0, 16);
	memcpy(to, name, strlen(name));
	return 0;
}

/* Those of the packet's family. */
static int add_locals(struct rv_question_packet *q, const char *list, struct rv_error *err)
{
	char *copy = strdup(list), *rest = copy, *word;
	union nf_inet_addr addr;
	int rc = copy ? 0 : rv_fail_memory(err);

	while (!rc && (word = strsep(&rest, ",")) != NULL) {
		const bool v6 = strchr(word, ':');

		if (!rv_parse_address(v6 ? NFPROTO_IPV6 : NFPROTO_IPV4, word, &addr))
			rc = rv_fail(err, RV_ERR_USAGE, NULL, "--local: \"%s\" is no address", word);
		else if (q->nlocal == RV_EXPLAIN_LOCALS)
			rc = rv_fail(err, RV_ERR_USAGE, NULL, "--local: more than %d addresses", RV_EXPLAIN_LOCALS);
		else if (v6 == (q->family == NFPROTO_IPV6))
			q->locals[q->nlocal++] = addr;
	}
	free(copy);
	return rc;
}

/* Whether a word can be the list of --local. */
static bool is_list(const char *word)
{
	char first[64];
	union nf_inet_addr addr;

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(word, ","), word);
	return word[0] != '-' && (rv_parse_address(NFPROTO_IPV4, first, &addr) ||
				  rv_parse_address(NFPROTO_IPV6, first, &addr));
}

/* Takes --in, --out and --local out of the words. */
static int take_around(struct rv_question_packet *q, struct rv_explain_words *w, struct rv_error *err)
{
	int n = 0, rc = 0;

	for (int i = 0; i < w->n && !rc; i++) {
		char *word = w->word[i], *equals = strchr(word, '=');
		const size_t len = equals ? (size_t)(equals - word) : strlen(word);
		const bool in = len == 4 && !memcmp(word, "--in", 4), out = len == 5 && !memcmp(word, "--out", 5);

		if (in || out) {
			rc = set_name(in ? q->in : q->out,
				      equals ? equals + 1 : i + 1 < w->n ? w->word[++i] : NULL, err);
		} else if (len == 7 && !memcmp(word, "--local", 7)) {
			const char *list = equals ? equals + 1 : i + 1 < w->n && is_list(w->word[i + 1])
									 ? w->word[++i] : NULL;

			q->local |= !list;
			rc = list ? add_locals(q, list, err) : 0;
		} else {
			w->word[n++] = word;
		}
	}
	w->n = n;
	return rc;
}

int rv_explain_read(struct rv_explaining *e, const struct rv_explain_words *words, const struct rv_frame *frame,
		    struct rv_question_packet *q, struct rv_error *err)
{
	struct rv_explain_words w = { calloc((size_t)words->n + 1, sizeof(*w.word)), words->n };
	int rc;

	memset(q, 0, sizeof(*q));
	if (!w.word)
		return rv_fail_memory(err);
	memcpy(w.word, words->word, (size_t)words->n * sizeof(*w.word));
	q->family = frame ? frame->family : rv_packet_family(e->cli->family, words->n, words->word);
	rc = take_around(q, &w, err);
	if (!rc)
		rc = rv_packet_read(q, q->family, w.n, w.word, frame, err);
	free(w.word);
	return rc;
}

/* ---- errors ------------------------------------------------------------------------------------------- */

int rv_explain_error(struct rv_explaining *e, struct rv_error *err)
{
	if (err->loc.line) {
		if (err->kind == RV_ERR_PROBLEM || err->kind == RV_ERR_RESOURCE)
			err->kind = RV_ERR_RESTORE;
		rv_cli_error(e->cli, err);
	} else {
		rv_cli_message("%s: %.*s%s%s", e->cli->name, (int)strcspn(err->text, "\n"), err->text,
			       err->hint[0] ? ": " : "", err->hint);
	}
	return RV_EXPLAIN_ERROR;
}

static int wrong_words(const struct rv_explaining *e)
{
	rv_cli_message("Try `%s --help' for more information.", e->cli->name);
	return RV_EXPLAIN_ERROR;
}

/* ---- packets --------------------------------------------------------------------------------------------- */

static int flush(struct rv_explaining *e)
{
	int rc = rv_cli_write(e->cli, STDOUT_FILENO, &e->out_text);

	rv_buf_reset(&e->out_text);
	return rc ? RV_EXPLAIN_ERROR : 0;
}

/* Returns the exit code. */
static int explain(struct rv_explaining *e, struct rv_question_packet *q, struct rv_error *err)
{
	struct rv_explained x = { 0 };
	int rc;

	if (rv_explain_load(e, &e->family[q->family == NFPROTO_IPV6], err) ||
	    rv_explain_packet(e, q, &x, err)) {
		rv_explained_free(&x);
		return rv_explain_error(e, err);
	}
	(e->json ? rv_explain_json : rv_explain_text)(&e->out_text, e, &x);
	rc = rv_explained_status(&x);
	rv_explained_free(&x);
	return flush(e) ? RV_EXPLAIN_ERROR : rc;
}

static int explain_words(struct rv_explaining *e, const struct rv_explain_words *words,
			 const struct rv_frame *frame, uint16_t state)
{
	struct rv_question_packet q;
	struct rv_error err = { 0 };
	int rc = rv_explain_read(e, words, frame, &q, &err);

	if (!rc && !q.state)
		q.state = state;
	rc = rc ? rv_explain_error(e, &err) : explain(e, &q, &err);
	rv_packet_free(&q);
	return rc;
}

static int worse(int a, int b)
{
	return a > b ? a : b;
}

/* Packets that -- parts. */
static int explain_groups(struct rv_explaining *e, const struct rv_explain_words *all)
{
	int rc = 0;

	for (int first = 0, i = 0; i <= all->n; i++) {
		struct rv_explain_words group = { all->word + first, i - first };

		if (i < all->n && strcmp(all->word[i], "--") != 0)
			continue;
		if (group.n || all->n == 0)
			rc = worse(rc, explain_words(e, &group, NULL, 0));
		first = i + 1;
	}
	return rc;
}

/* The words of the command line, and behind them those of a line. */
static int explain_line(struct rv_explaining *e, const struct rv_explain_words *common, char *line)
{
	struct rv_explain_words words = { 0 };
	int rc;

	if (rv_explain_split(line, common, &words))
		return rv_cli_message("%s: a quote is not closed, or there is no memory: %s", e->cli->name, line) +
		       RV_EXPLAIN_ERROR - 1;
	rc = words.n > common->n ? explain_words(e, &words, NULL, 0) : 0;
	free(words.word);
	return rc;
}

static int explain_file(struct rv_explaining *e, const struct rv_explain_words *common)
{
	FILE *f = strcmp(e->packets, "-") ? fopen(e->packets, "re") : stdin;
	char *line = NULL;
	size_t room = 0;
	int rc = 0;

	if (!f)
		return rv_cli_message("%s: cannot open %s: %m", e->cli->name, e->packets) + RV_EXPLAIN_ERROR - 1;
	while (getline(&line, &room, f) >= 0)
		rc = worse(rc, explain_line(e, common, line));
	free(line);
	if (f != stdin)
		fclose(f);
	return rc;
}

/* FILE or FILE#N. */
static char *capture_path(const char *word, uint64_t *wanted)
{
	const char *hash = strrchr(word, '#');

	*wanted = 0;
	if (hash && hash[1] && rv_parse_uint(hash + 1, 1, UINT64_MAX, wanted))
		return strndup(word, (size_t)(hash - word));
	return strdup(word);
}

static int explain_frame(struct rv_explaining *e, const struct rv_explain_words *common,
			 const struct rv_frame *f, uint16_t state)
{
	if (f->malformed || !f->family) {
		rv_buf_printf(&e->out_text, "packet %llu: not explained: %s\n", (unsigned long long)f->number,
			      f->malformed ? f->malformed : "no IP");
		return worse(RV_EXPLAIN_ERROR, flush(e));
	}
	return explain_words(e, common, f, state);
}

static int explain_frames(struct rv_explaining *e, const struct rv_explain_words *common,
			  struct rv_capture *c, uint64_t wanted, struct rv_error *err)
{
	struct rv_tracks *tracks = rv_tracks_new();
	struct rv_frame f;
	int rc = 0, more = -1;
	bool any = false;

	if (!tracks)
		return rv_fail_memory(err);
	while ((!wanted || !any) && (more = rv_capture_next(c, &f, err)) == 1) {
		uint16_t state = f.malformed || !f.family ? 0 : rv_tracks_state(tracks, f.data, f.len);

		if (wanted && f.number != wanted)
			continue;
		any = true;
		rc = worse(rc, explain_frame(e, common, &f, state));
	}
	rv_tracks_free(tracks);
	if (more < 0)
		return -1;
	if (!any && wanted)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "%s has no packet %llu", e->pcap,
			       (unsigned long long)wanted);
	return rc;
}

static int explain_capture(struct rv_explaining *e, const struct rv_explain_words *common)
{
	struct rv_error err = { 0 };
	struct rv_capture *c;
	uint64_t wanted;
	char *path = capture_path(e->pcap, &wanted);
	int rc = -1;

	c = path ? rv_capture_open(path, &err) : NULL;
	if (c)
		rc = explain_frames(e, common, c, wanted, &err);
	rv_capture_close(c);
	free(path);
	return rc < 0 ? rv_explain_error(e, &err) : rc;
}

/* ---- the rule of --why-not ------------------------------------------------------------------------------- */

/* A rule's words in the form that they are printed in. */
static int read_rule_text(struct rv_explaining *e, struct rv_buf *to)
{
	struct rv_explain_words words = { 0 }, none = { 0 };
	char *copy = strdup(e->why_not);
	struct rv_options opts = { 0 };
	struct rv_error err = { 0 };
	struct rv_command cmd;
	int rc = !copy || rv_explain_split(copy, &none, &words) ? -1 : 0;

	rv_command_init(&cmd);
	if (!rc) {
		memmove(words.word + 1, words.word, (size_t)words.n * sizeof(*words.word));
		words.word[0] = (char *)e->cli->name;
		rc = rv_parse_argv(words.n + 1, words.word, e->cli->family, &cmd, &opts, &err);
	}
	if (!rc && !rv_list_empty(&cmd.rules)) {
		rv_render_rule(to, e->cli->family, cmd.chain, rv_entry(cmd.rules.next, struct rv_rule, node),
			       RV_COUNTERS_NONE);
		if (rv_buf_ok(to) && to->len)
			to->len--;
		e->target.text = rv_buf_text(to);
		e->target.table = cmd.table ? cmd.table->name : NULL;
	}
	rv_command_clear(&cmd);
	free(words.word);
	free(copy);
	return e->target.text ? 0 : rv_cli_message("%s: --why-not: no rule: %s", e->cli->name, e->why_not);
}

int rv_explain_place_read(const char *word, struct rv_explain_target *t)
{
	const char *slash = strchr(word, '/'), *colon = strrchr(word, ':'), *chain = slash ? slash + 1 : word;
	char table[32];
	uint64_t n = 0;

	if (!colon || colon < chain || colon == chain || colon - chain >= RV_CHAIN_NAME_LEN)
		return -1;
	if (slash) {
		snprintf(table, sizeof(table), "%.*s", (int)(slash - word), word);
		if (!rv_table_def_find(table))
			return -1;
		t->table = rv_table_def_find(table)->name;
	}
	snprintf(t->chain, sizeof(t->chain), "%.*s", (int)(colon - chain), chain);
	if (strcmp(colon + 1, "policy") != 0 && !rv_parse_uint(colon + 1, 1, UINT32_MAX, &n))
		return -1;
	t->number = (uint32_t)n;
	return 0;
}

static int read_why_not(struct rv_explaining *e, struct rv_buf *text)
{
	if (!e->why_not)
		return 0;
	if (e->why_not[0] == '-')
		return read_rule_text(e, text);
	if (!rv_explain_place_read(e->why_not, &e->target))
		return 0;
	return rv_cli_message("%s: --why-not: \"%s\" is no CHAIN:N, TABLE/CHAIN:N or \"-A CHAIN ...\"", e->cli->name,
			      e->why_not);
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

int rv_explain_start(struct rv_explaining *e)
{
	uint64_t ways = WAYS;

	if (e->ways_word && !rv_parse_uint(e->ways_word, 1, WAYS_MAX, &ways))
		return rv_cli_message("%s: \"%s\" is no number of ways from 1 to %d", e->cli->name, e->ways_word,
				      WAYS_MAX);
	e->max_ways = (unsigned int)ways;
	for (unsigned int v6 = 0; v6 < 2; v6++) {
		e->family[v6].family = v6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
		e->family[v6].path = v6 && e->rules6 ? e->rules6 : e->rules;
	}
	return 0;
}

void rv_explain_end(struct rv_explaining *e)
{
	rv_explain_unload(&e->family[0]);
	rv_explain_unload(&e->family[1]);
	rv_buf_free(&e->out_text);
}

static int run(struct rv_explaining *e, struct rv_explain_words *words)
{
	if (e->pcap)
		return explain_capture(e, words);
	if (e->packets)
		return explain_file(e, words);
	if (!words->n) {
		rv_cli_message("%s: which packet?", e->cli->name);
		return wrong_words(e);
	}
	return explain_groups(e, words);
}

static int say(struct rv_explaining *e)
{
	if (e->version) {
		rv_cli_version(e->cli, &e->out_text);
	} else {
		rv_flags_usage(e->cli, &e->out_text);
		rv_buf_puts(&e->out_text, about);
	}
	return flush(e);
}

int rv_cli_explain(struct rv_cli *cli)
{
	struct rv_explaining *e = calloc(1, sizeof(*e));
	struct rv_explain_words words = { 0 };
	struct rv_buf text = RV_BUF_INIT;
	int rc;

	if (!e)
		return rv_cli_message("ravelin explain: out of memory") + RV_EXPLAIN_ERROR - 1;
	e->cli = cli;
	cli->name = "ravelin explain";
	if (rv_explain_flags_read(rv_explain_flags, e, &words))
		rc = wrong_words(e);
	else if (e->version || e->help)
		rc = say(e);
	else if (rv_explain_start(e) || read_why_not(e, &text))
		rc = wrong_words(e);
	else
		rc = e->live ? rv_explain_live(e, &words) : run(e, &words);
	rv_explain_end(e);
	rv_buf_free(&text);
	free(words.word);
	free(e);
	return rc;
}
