/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin top: the rules with the highest counters or rates. */
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/flags.h"
#include "cli/ravelin/top.h"

struct top {
	struct rv_cli *cli;
	bool batch, version, help;
	const char *interval, *count, *lines, *table, *order;
	struct rv_top_view view;
	unsigned int ms;
	unsigned long rounds, most;	/* batch mode: samples, and lines per sample; 0:
					 * unlimited */
	struct rv_buf out;
};

#define AT(field) RV_FLAG_AT(struct top, field)

const struct rv_flag rv_top_flags[] = {
	{ 'b', "batch", RV_FLAG_PLAIN, NULL, "print samples instead of using the terminal", AT(batch) },
	{ 'n', "iterations", RV_FLAG_ARG, "number", "with --batch: number of samples (default 1)", AT(count) },
	{ 'l', "lines", RV_FLAG_ARG, "number", "with --batch: lines per sample (default: all)", AT(lines) },
	{ 'i', "interval", RV_FLAG_ARG, "seconds", "time between samples (default 1)", AT(interval) },
	{ 's', "sort", RV_FLAG_ARG, "order", "packets/s, bytes/s, packets, bytes or position (default: packets/s)",
	  AT(order) },
	{ 'f', "filter", RV_FLAG_ARG, "text", "show only lines that contain this text", AT(view.filter) },
	{ 't', "table", RV_FLAG_ARG, "table", "only this table", AT(table) },
	{ 'c', "chains", RV_FLAG_PLAIN, NULL, "show totals of chains instead of rules", AT(view.chains) },
	{ 'd', "drops", RV_FLAG_PLAIN, NULL, "show rules and policies that drop or reject first", AT(view.drops) },
	{ '4', "ipv4", RV_FLAG_PLAIN, NULL, "IPv4 rules only (default: both)", AT(view.ip) },
	{ '6', "ipv6", RV_FLAG_PLAIN, NULL, "IPv6 rules only", AT(view.ip6) },
	{ 'V', "version", RV_FLAG_LAST, NULL, "print the version", AT(version) },
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", AT(help) },
	{ 0 },
};

/* ---- batch mode ----------------------------------------------------------------------------- */

static int print_sample(struct top *t, const struct rv_top_sample *s)
{
	size_t n;
	const struct rv_top_line **list = rv_top_select(s, &t->view, &n);

	if (!list)
		return -1;
	if (t->most && n > t->most)
		n = t->most;
	rv_top_put_view(&t->out, &t->view);
	rv_buf_putc(&t->out, '\n');
	rv_top_put_head(&t->out, &t->view);
	rv_buf_putc(&t->out, '\n');
	for (size_t i = 0; i < n; i++) {
		rv_top_put_line(&t->out, list[i]);
		rv_buf_putc(&t->out, '\n');
	}
	free(list);
	return rv_buf_ok(&t->out) ? 0 : -1;
}

static void pause_for(unsigned int ms)
{
	struct timespec left = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&left, NULL);
}

/* Rates need two samples: the first is not printed. */
static int batch(struct top *t)
{
	struct rv_top_sample s[2] = { 0 };
	struct rv_error err = { 0 };
	int rc = rv_top_read(&s[0], t->cli, &t->view, NULL, &err);

	for (unsigned long i = 1; i <= t->rounds && rc == 0; i++) {
		struct rv_top_sample *now = &s[i % 2], *before = &s[(i + 1) % 2];

		pause_for(t->ms);
		rv_top_free(now);
		rc = rv_top_read(now, t->cli, &t->view, before, &err);
		if (rc == 0 && print_sample(t, now))
			rc = rv_fail_memory(&err);
		if (rc == 0 && rv_cli_write(t->cli, STDOUT_FILENO, &t->out))
			break;
		rv_buf_reset(&t->out);
	}
	rv_top_free(&s[0]);
	rv_top_free(&s[1]);
	return rc ? rv_cli_error(t->cli, &err) : 0;
}

/* ---- the command ---------------------------------------------------------------------------- */

static bool read_count(const char *text, unsigned long *n)
{
	char *end;

	*n = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *n && *n < UINT_MAX;
}

/* Seconds with a fraction, converted to ms. */
static bool read_interval(const char *text, unsigned int *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*text < '0' || *text > '9' || *end || !(seconds >= 0.05 && seconds <= 3600))
		return false;
	*ms = (unsigned int)(seconds * 1000);
	return true;
}

static bool read_order(const char *text, enum rv_top_order *order)
{
	for (unsigned int i = 0; rv_top_orders[i]; i++)
		if (!strcmp(text, rv_top_orders[i])) {
			*order = (enum rv_top_order)i;
			return true;
		}
	return false;
}

/* Returns 0, or 1 after printing an error. */
static int read_words(struct top *t)
{
	t->ms = 1000;
	t->rounds = 1;
	if (t->interval && !read_interval(t->interval, &t->ms))
		return rv_cli_message("%s: an interval is 0.05 to 3600 seconds, not \"%s\"", t->cli->name, t->interval);
	if (t->count && !read_count(t->count, &t->rounds))
		return rv_cli_message("%s: \"%s\" is not a number of samples", t->cli->name, t->count);
	if (t->lines && !read_count(t->lines, &t->most))
		return rv_cli_message("%s: \"%s\" is not a number of lines", t->cli->name, t->lines);
	if (t->order && !read_order(t->order, &t->view.order))
		return rv_cli_message("%s: \"%s\" is not an order", t->cli->name, t->order);
	if (t->table && !(t->view.table = rv_table_def_find(t->table)))
		return rv_cli_message("%s: no table %s", t->cli->name, t->table);
	if ((t->count || t->lines) && !t->batch)
		return rv_cli_message("%s: --iterations and --lines are for --batch", t->cli->name);
	if (!t->view.ip && !t->view.ip6)
		t->view.ip = t->view.ip6 = true;
	return 0;
}

static int show_counters(struct top *t, int words)
{
	struct rv_error err = { 0 };
	struct rv_cli *cli = t->cli;
	int answer = rv_flags_answer(cli, words, t->version, t->help);

	if (answer >= 0)
		return answer;
	if (words < cli->argc)
		return rv_cli_message("Unknown arguments found on commandline");
	if (read_words(t))
		return 1;
	if (t->batch)
		return batch(t);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return rv_cli_message("%s: not a terminal; --batch prints samples", cli->name);
	return rv_top_screen(cli, &t->view, t->ms, &err) ? rv_cli_error(cli, &err) : 0;
}

int rv_cli_top(struct rv_cli *cli)
{
	struct top t = { .cli = cli };
	int rc;

	cli->name = "ravelin top";
	rc = show_counters(&t, rv_flags_read(rv_top_flags, cli, &t));
	rv_buf_free(&t.out);
	return rc;
}
