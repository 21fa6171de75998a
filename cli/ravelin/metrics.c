/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin metrics: the kernel's counters in OpenMetrics text format
 * (github.com/prometheus/OpenMetrics), which Prometheus' older text format also accepts.
 */
#include <inttypes.h>
#include <linux/netfilter/xt_comment.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "backend/file/replace.h"
#include "cli/flags.h"

/* Default of --limit. */
#define LIMIT 1000

struct metrics {
	struct rv_cli *cli;
	bool ipv4, ipv6, all, http, version, help;
	const char *number, *file;
	uint64_t limit, written;	/* series: maximum, and written or omitted of a family */
	uint64_t rules_left_out, chains_left_out;
	struct rv_ruleset rs[2];
	unsigned int families;
	struct rv_buf out;
};

#define AT(field) RV_FLAG_AT(struct metrics, field)

const struct rv_flag rv_metrics_flags[] = {
	{ 'a', "all-rules", RV_FLAG_PLAIN, NULL, "include rules without comment, labelled by number", AT(all) },
	{ 'n', "limit", RV_FLAG_ARG, "number", "maximum number of rules, and of user chains (default 1000)", AT(number) },
	{ 'o', "output", RV_FLAG_ARG, "file", "replace this file instead of writing to stdout", AT(file) },
	{ 'H', "http", RV_FLAG_PLAIN, NULL, "answer one HTTP request on a socket passed by systemd", AT(http) },
	{ '4', "ipv4", RV_FLAG_PLAIN, NULL, "IPv4 rules only (default: both)", AT(ipv4) },
	{ '6', "ipv6", RV_FLAG_PLAIN, NULL, "IPv6 rules only", AT(ipv6) },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

/* ---- one sample ------------------------------------------------------------------------------- */

/* A label value. Invalid UTF-8 is replaced, since the format requires UTF-8. */
static void put_label_value(struct rv_buf *b, const char *text)
{
	while (*text) {
		unsigned int n = rv_cli_utf8_length(text, strlen(text));

		if (*text == '\\' || *text == '"')
			rv_buf_putc(b, '\\');
		if (*text == '\n')
			rv_buf_puts(b, "\\n");
		else if (n)
			rv_buf_add(b, text, n);
		else
			rv_buf_puts(b, "\xef\xbf\xbd");
		text += n ? n : 1;
	}
}

static void put_label(struct rv_buf *b, char before, const char *name, const char *value)
{
	rv_buf_printf(b, "%c%s=\"", before, name);
	put_label_value(b, value);
	rv_buf_putc(b, '"');
}

/* NAME{family="...",table="..." */
static void start_sample(struct metrics *m, const char *name, const struct rv_table *t)
{
	rv_buf_puts(&m->out, name);
	put_label(&m->out, '{', "family", rv_family(t->ruleset->family)->word);
	put_label(&m->out, ',', "table", t->def->name);
}

static void end_sample(struct metrics *m, uint64_t value)
{
	rv_buf_puts(&m->out, "} ");
	rv_buf_u64(&m->out, value);
	rv_buf_putc(&m->out, '\n');
}

/* ---- counters -------------------------------------------------------------------------------- */

enum what { PACKETS, BYTES };

static uint64_t get(const struct rv_counters *c, enum what what)
{
	return what == PACKETS ? c->packets : c->bytes;
}

static void put_chains(struct metrics *m, const struct rv_table *t, const char *name,
		       enum what what)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if (c->base < 0)
			continue;
		start_sample(m, name, t);
		put_label(&m->out, ',', "chain", c->name);
		put_label(&m->out, ',', "policy", rv_verdict_name(c->policy));
		end_sample(m, get(&c->counters, what));
	}
}

static void put_sizes(struct metrics *m, const struct rv_table *t, const char *name, enum what what)
{
	(void)what;
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if (c->base < 0 && m->written++ >= m->limit) {
			m->chains_left_out++;
			continue;
		}
		start_sample(m, name, t);
		put_label(&m->out, ',', "chain", c->name);
		end_sample(m, c->nrules);
	}
}

/* The comment of a rule, which need not be NUL-terminated. NULL: none. */
static const char *comment_of(const struct rv_rule *r, char text[XT_MAX_COMMENT_LEN + 1])
{
	for (const struct rv_part *p = r->matches; p; p = p->next) {
		const struct xt_comment_info *info = (const void *)p->data;

		if (strcmp(p->ext->name, "comment") != 0)
			continue;
		memcpy(text, info->comment, XT_MAX_COMMENT_LEN);
		text[XT_MAX_COMMENT_LEN] = '\0';
		return text;
	}
	return NULL;
}

/* A series: one rule, or all rules of a chain with the same comment. */
struct series {
	const char *comment;		/* "" for none */
	uint32_t number;		/* position of the rule; 0: several rules with this
					 * comment */
	struct rv_counters counters;
};

static int by_comment(const void *a, const void *b)
{
	const struct series *x = a, *y = b;
	int rc = strcmp(x->comment, y->comment);

	return rc ? rc : x->number < y->number ? -1 : x->number > y->number;
}

/* Unmerged series of a chain, freed with free_series(). NULL when memory ran out. */
static struct series *gather(const struct metrics *m, const struct rv_chain *c, size_t *n)
{
	struct series *list = calloc(c->nrules + 1u, sizeof(*list));
	char text[XT_MAX_COMMENT_LEN + 1];
	uint32_t number = 0;

	*n = 0;
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		const char *comment = comment_of(r, text);

		number++;
		if (!list || (!comment && !m->all))
			continue;
		list[*n].comment = strdup(comment ? comment : "");
		list[*n].number = comment ? 0 : number;
		list[(*n)++].counters = r->counters;
	}
	return list;
}

static void free_series(struct series *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++)
		free((char *)list[i].comment);
	free(list);
}

/* Merges series with the same comment. Returns their number, or SIZE_MAX when memory ran out. */
static size_t merge(struct series *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!list[i].comment)
			return SIZE_MAX;
	qsort(list, n, sizeof(*list), by_comment);
	for (size_t i = 1; i < n; i++) {
		if (list[i].number || list[kept].number || strcmp(list[i].comment, list[kept].comment)) {
			struct series next = list[i];

			list[i] = list[++kept];
			list[kept] = next;
			continue;
		}
		list[kept].counters.packets += list[i].counters.packets;
		list[kept].counters.bytes += list[i].counters.bytes;
	}
	return n ? kept + 1 : 0;
}

static void put_series(struct metrics *m, const struct rv_chain *c, const struct series *r,
		     const char *name, enum what what)
{
	char number[12];

	start_sample(m, name, c->table);
	put_label(&m->out, ',', "chain", c->name);
	snprintf(number, sizeof(number), "%" PRIu32, r->number);
	put_label(&m->out, ',', "rule", r->number ? number : "");
	put_label(&m->out, ',', "comment", r->comment);
	end_sample(m, get(&r->counters, what));
}

static void put_rule_samples(struct metrics *m, const struct rv_table *t, const char *name,
			     enum what what)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		size_t n, all;
		struct series *list = gather(m, c, &all);

		n = list ? merge(list, all) : SIZE_MAX;
		m->out.failed |= n == SIZE_MAX;
		for (size_t i = 0; n != SIZE_MAX && i < n; i++) {
			if (m->written++ < m->limit)
				put_series(m, c, &list[i], name, what);
			else
				m->rules_left_out++;
		}
		free_series(list, all);
	}
}

/* ---- document -------------------------------------------------------------------------------- */

static const struct family {
	const char *name, *type, *unit, *help;
	const char *sample;
	void (*put)(struct metrics *m, const struct rv_table *t, const char *name, enum what what);
	enum what what;
} metric_families[] = {
	{ "ravelin_chain_packets", "counter", NULL, "Packets that reached the policy of a base chain.",
	  "ravelin_chain_packets_total", put_chains, PACKETS },
	{ "ravelin_chain_bytes", "counter", "bytes", "Bytes of these packets.",
	  "ravelin_chain_bytes_total", put_chains, BYTES },
	{ "ravelin_chain_rules", "gauge", NULL, "Rules of a chain.", "ravelin_chain_rules", put_sizes },
	{ "ravelin_rule_packets", "counter", NULL, "Packets matched by a rule, or by all rules of a chain with the same comment.",
	  "ravelin_rule_packets_total", put_rule_samples, PACKETS },
	{ "ravelin_rule_bytes", "counter", "bytes", "Bytes of these packets.",
	  "ravelin_rule_bytes_total", put_rule_samples, BYTES },
	{ NULL },
};

static void put_head(struct rv_buf *b, const struct family *f)
{
	rv_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
	if (f->unit)
		rv_buf_printf(b, "# UNIT %s %s\n", f->name, f->unit);
}

static int put_all(struct metrics *m, struct rv_error *err)
{
	const struct {
		struct family head;
		const uint64_t *value;
	} left_out[] = {
		{ { "ravelin_chains_left_out", "gauge", NULL, "User chains omitted because of the limit." },
		  &m->chains_left_out },
		{ { "ravelin_rules_left_out", "gauge", NULL, "Series of rules omitted because of the limit." },
		  &m->rules_left_out },
	};

	for (const struct family *f = metric_families; f->name; f++) {
		put_head(&m->out, f);
		m->written = m->rules_left_out = 0;
		for (unsigned int i = 0; i < m->families; i++)
			for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
				rv_list_each(t, &m->rs[i].tables, struct rv_table, node)
					if (t->def == def && t->exists)
						f->put(m, t, f->sample, f->what);
	}
	for (unsigned int i = 0; i < sizeof(left_out) / sizeof(*left_out); i++) {
		put_head(&m->out, &left_out[i].head);
		rv_buf_printf(&m->out, "%s %llu\n", left_out[i].head.name, (unsigned long long)*left_out[i].value);
	}
	rv_buf_puts(&m->out, "# EOF\n");
	return rv_buf_ok(&m->out) ? 0 : rv_fail_memory(err);
}

static int collect_families(struct metrics *m, struct rv_error *err)
{
	for (unsigned int i = 0; i < RV_FAMILIES; i++) {
		if (i ? m->ipv4 && !m->ipv6 : m->ipv6 && !m->ipv4)
			continue;
		m->cli->family = rv_family_defs[i].family;
		if (rv_cli_ruleset(m->cli, &m->rs[m->families++], "live", err))
			return -1;
	}
	return put_all(m, err);
}

/* ---- output ---------------------------------------------------------------------------------- */

/* time a writer waits for another, ms */
#define PATIENCE_MS 10000

/* Atomic, since collectors may read the file at any time. */
static int replace_file(const struct metrics *m, struct rv_error *err)
{
	struct rv_file f;
	int rc;

	if (rv_file_open(&f, m->file, true, PATIENCE_MS, err) < 0)
		return -1;
	f.mode = 0644;
	rc = rv_file_replace(&f, &m->out, err);
	rv_file_close(&f);
	return rc;
}

/* Requests end with an empty line (RFC 9112); at most this many bytes are read. */
#define REQUEST_MAX 8192
#define REQUEST_MS 5000

static bool is_whole(struct rv_buf *b)
{
	const char *text = rv_buf_text(b);

	return text && (strstr(text, "\r\n\r\n") || strstr(text, "\n\n"));
}

/* Returns false for a request that is too long or incomplete. */
static bool read_request(int fd, struct rv_buf *b)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char some[1024];
	ssize_t n;

	while (!is_whole(b)) {
		if (b->len >= REQUEST_MAX || poll(&ready, 1, REQUEST_MS) <= 0)
			return false;
		n = read(fd, some, sizeof(some));
		if (n <= 0)
			return false;
		rv_buf_add(b, some, (size_t)n);
	}
	return true;
}

static bool asks_for(const char *request, const char *method)
{
	size_t len = strlen(method);

	if (strncmp(request, method, len) != 0)
		return false;
	request += len;
	return !strncmp(request, " /metrics ", 10) || !strncmp(request, " /metrics?", 10) ||
	       !strncmp(request, " / ", 3);
}

static void put_answer(struct rv_buf *b, const char *status, const char *type,
		       const struct rv_buf *body, bool head)
{
	rv_buf_printf(b, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
		      status, type, body->len);
	if (!head)
		rv_buf_add(b, body->data, body->len);
}

#define TEXT "text/plain; charset=utf-8"

static int serve_request(struct metrics *m, int fd, struct rv_error *err)
{
	struct rv_buf request = RV_BUF_INIT, reply = RV_BUF_INIT, words = RV_BUF_INIT;
	int rc = 0;

	if (!read_request(fd, &request)) {
		rv_buf_puts(&words, "Incomplete request.\n");
		put_answer(&reply, "400 Bad Request", TEXT, &words, false);
	} else if (!asks_for(request.data, "GET") && !asks_for(request.data, "HEAD")) {
		rv_buf_puts(&words, "Not found; see /metrics.\n");
		put_answer(&reply, "404 Not Found", TEXT, &words, false);
	} else if ((rc = collect_families(m, err))) {
		rv_buf_puts(&words, "The counters cannot be read.\n");
		put_answer(&reply, "503 Service Unavailable", TEXT, &words, false);
	} else {
		put_answer(&reply, "200 OK", "application/openmetrics-text; version=1.0.0; charset=utf-8",
			   &m->out, request.data[0] == 'H');
	}
	if (!rv_buf_ok(&reply))
		rc = rv_fail_memory(err);
	else if (rv_write_all(fd, &reply) && !rc)
		rc = rv_fail(err, RV_ERR_RESOURCE, NULL, "cannot answer: %m");
	rv_buf_free(&request);
	rv_buf_free(&reply);
	rv_buf_free(&words);
	return rc;
}

/* First descriptor passed by systemd: sd_listen_fds(3). */
#define LISTEN_FDS_START 3

/*
 * Serves one request: on the connection or listening socket passed by systemd (Accept=yes and no),
 * or on standard input (inetd).
 */
static int serve(struct metrics *m, struct rv_error *err)
{
	const char *passed = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	int fd = STDIN_FILENO, listening = 0, rc;
	socklen_t len = sizeof(listening);

	if (passed && strcmp(passed, "1") == 0 && pid && strtol(pid, NULL, 10) == (long)getpid())
		fd = LISTEN_FDS_START;
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "no socket was passed: %m");
	if (listening)
		fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "cannot accept a connection: %m");
	rc = serve_request(m, fd, err);
	if (listening)
		close(fd);
	return rc;
}

/* ---- the command ------------------------------------------------------------------------------------ */

static int tell(struct metrics *m)
{
	struct rv_error err = { 0 };
	int rc = m->http ? serve(m, &err) : collect_families(m, &err);

	if (!rc && m->file)
		rc = replace_file(m, &err);
	if (rc)
		return rv_cli_error(m->cli, &err);
	return m->http || m->file ? 0 : rv_cli_write(m->cli, STDOUT_FILENO, &m->out);
}

static int write_metrics(struct metrics *m, int words)
{
	struct rv_cli *cli = m->cli;
	char *end;
	int serve_request = rv_flags_answer(cli, words, m->version, m->help);

	if (serve_request >= 0)
		return serve_request;
	if (words < cli->argc)
		return rv_cli_message("Unknown arguments found on commandline");
	if (m->http && m->file)
		return rv_cli_message("%s: --http and --output cannot be combined", cli->name);
	m->limit = LIMIT;
	if (m->number) {
		m->limit = strtoull(m->number, &end, 10);
		if (*end || end == m->number || *m->number == '-' || *m->number == '+')
			return rv_cli_message("%s: \"%s\" is not a number of rules", cli->name, m->number);
	}
	return tell(m);
}

int rv_cli_metrics(struct rv_cli *cli)
{
	struct metrics m = { .cli = cli };
	int rc;

	cli->name = "ravelin metrics";
	rc = write_metrics(&m, rv_flags_read(rv_metrics_flags, cli, &m));
	for (unsigned int i = 0; i < m.families; i++)
		rv_ruleset_clear(&m.rs[i]);
	rv_buf_free(&m.out);
	return rc;
}
