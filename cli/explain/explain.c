/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin explain: what the rules do with a packet, and why. The packet is given as rule options or
 * by a capture; the rules are in a file or loaded.
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
	{ .help = about },
};

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

	if (rv_explain_load(e, &e->family[rv_family_index(q->family)], err) ||
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

	if (!rc && !q.state) {
		q.state = state;
		q.tracked = state;
	}
	rc = rc ? rv_explain_error(e, &err) : explain(e, &q, &err);
	rv_packet_free(&q);
	return rc;
}

static int worse(int a, int b)
{
	return a > b ? a : b;
}

/* Packets separated by --. */
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

/* Explains the packet of the command line's words followed by those of the line. */
static int explain_line(struct rv_explaining *e, const struct rv_explain_words *common, char *line)
{
	struct rv_explain_words words = { 0 };
	int rc;

	if (rv_explain_split(line, common, &words))
		return rv_cli_message("%s: unclosed quote, or out of memory: %s", e->cli->name, line) +
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

/* Parses the rule and prints it in canonical form. */
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

static int read_why_not(struct rv_explaining *e, struct rv_buf *text)
{
	if (!e->why_not)
		return 0;
	if (e->why_not[0] == '-')
		return read_rule_text(e, text);
	if (!rv_explain_place_read(e->why_not, &e->target))
		return 0;
	return rv_cli_message("%s: --why-not: \"%s\" is not CHAIN:N, TABLE/CHAIN:N or \"-A CHAIN ...\"", e->cli->name,
			      e->why_not);
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

static int run(struct rv_explaining *e, struct rv_explain_words *words)
{
	if (e->pcap)
		return explain_capture(e, words);
	if (e->packets)
		return explain_file(e, words);
	if (!words->n) {
		rv_cli_message("%s: no packet given", e->cli->name);
		return wrong_words(e);
	}
	return explain_groups(e, words);
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
		rc = rv_flags_help(cli, e->version) ? RV_EXPLAIN_ERROR : 0;
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
