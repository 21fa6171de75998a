/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output: checked writing, version line, pages. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "cli/cli.h"

int rv_cli_write(const struct rv_cli *cli, int fd, const struct rv_buf *b)
{
	struct rv_buf safe = RV_BUF_INIT;
	int rc = RV_EXIT_RESOURCE;

	bool terminal = isatty(fd);

	if (!rv_buf_ok(b) || (terminal && !rv_cli_for_terminal(fd, b, &safe)))
		rv_cli_message("%s: out of memory", cli->name);
	else if (rv_write_all(fd, terminal ? &safe : b) < 0)
		rv_cli_message("%s: cannot write: %s", cli->name, strerror(errno));
	else
		rc = 0;
	rv_buf_free(&safe);
	return rc;
}

/* Whether fd is a regular file; sets *at to its offset. */
static bool is_file(int fd, off_t *at)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	*at = lseek(fd, 0, SEEK_CUR);
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flags >= 0 && !(flags & O_APPEND) &&
	       *at >= 0;
}

/* No line of a restore file starts with this. */
#define NO_LINE '!'

int rv_cli_write_ruleset(const struct rv_cli *cli, int fd, const struct rv_buf *b)
{
	char first;
	off_t at;
	int rc;

	if (!rv_buf_ok(b) || !b->len || !is_file(fd, &at))
		return rv_cli_write(cli, fd, b);
	first = b->data[0];
	b->data[0] = NO_LINE;
	rc = rv_cli_write(cli, fd, b);
	b->data[0] = first;
	if (rc == 0 && pwrite(fd, &first, 1, at) != 1) {
		rv_cli_message("%s: cannot write: %s", cli->name, strerror(errno));
		rc = RV_EXIT_RESOURCE;
	}
	return rc;
}

void rv_cli_no_ruleset(const struct rv_cli *cli, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		dprintf(fd, "%c %s failed: this is not a ruleset\n", NO_LINE, cli->name);
}

const struct rv_backend *rv_cli_backend(const struct rv_cli *cli)
{
	const struct rv_backend *const *b;
	size_t len = cli->spec ? strcspn(cli->spec, ":") : 0;

	for (b = rv_backends; cli->spec && *b; b++)
		if (strlen((*b)->name) == len && strncmp((*b)->name, cli->spec, len) == 0)
			return *b;
	return rv_backends[0];
}

const char *rv_cli_banner(const struct rv_cli *cli)
{
	return rv_cli_backend(cli)->banner;
}

void rv_cli_version(const struct rv_cli *cli, struct rv_buf *b)
{
	rv_buf_printf(b, "%s v%s (%s)\n", cli->name, RV_STOCK_VERSION, rv_cli_banner(cli));
}

/* Seconds: without -w, and for -w without a number. */
#define WAIT_SHORT 5
#define WAIT_LONG 60
#define WAIT_MOST (24 * 60 * 60)

/* Minimum number of attempts: only the second sees changes by others. */
#define ATTEMPTS_LEAST 2

/* Each of these uses another method than the one before. */
#define ATTEMPTS_LEARNING 100

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct rv_patience rv_cli_patience(const char *wait)
{
	struct rv_patience p = { .seconds = WAIT_SHORT };

	if (!wait)
		return p;
	p.seconds = *wait ? (unsigned int)strtoul(wait, NULL, 10) : WAIT_LONG;
	if (p.seconds > WAIT_MOST)
		p.seconds = WAIT_MOST;
	return p;
}

static void give_up(struct rv_error *err, const struct rv_patience *p)
{
	memset(err, 0, sizeof(*err));
	rv_fail(err, RV_ERR_RESOURCE, NULL,
		"another program keeps changing the rules; gave up after %u seconds", p->seconds);
	rv_hint(err, "nothing was changed; use -w SECONDS to retry longer");
}

bool rv_cli_again(struct rv_error *err, struct rv_patience *p)
{
	unsigned int most = 1u << (p->attempts < 6 ? p->attempts : 6);	/* ms */
	int64_t now = clock_ms();
	struct timespec pause = { 0 };

	if (err->kind != RV_ERR_AGAIN)
		return false;
	if (!p->attempts++) {
		p->until = now + (int64_t)p->seconds * 1000;
		srandom((unsigned int)now ^ (unsigned int)getpid() << 12);
	}
	if (now >= p->until &&
	    p->attempts >= (err->other_method ? ATTEMPTS_LEARNING : ATTEMPTS_LEAST)) {
		give_up(err, p);
		return false;
	}
	rv_error_reset(err);
	pause.tv_nsec = random() % (most * 1000000L);
	nanosleep(&pause, NULL);
	return true;
}

static int compare_chain(const void *a, const void *b)
{
	const struct rv_page *const *x = a, *const *y = b;

	return (*x)->chain < (*y)->chain ? -1 : (*x)->chain > (*y)->chain;
}

static bool wanted(const struct rv_chain *c)
{
	return c->exists || c->base >= 0;
}

static void add_page(struct rv_pages *p, const struct rv_chain *c)
{
	p->page[p->count].chain = c;
	p->by_chain[p->count] = &p->page[p->count];
	p->count++;
}

int rv_pages_open(struct rv_pages *p, const struct rv_table *t, const char *only)
{
	const struct rv_chain *one = only ? rv_table_chain(t, only) : NULL;
	size_t most = only ? 1 : t->nchains + 1;

	memset(p, 0, sizeof(*p));
	p->page = calloc(most, sizeof(*p->page));
	p->by_chain = calloc(most, sizeof(*p->by_chain));
	if (!p->page || !p->by_chain) {
		rv_pages_close(p);
		return -1;
	}
	p->others = t->others && !only;
	if (one && wanted(one))
		add_page(p, one);
	if (only)
		return 0;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (wanted(c) && p->count < t->nchains)
			add_page(p, c);
	qsort(p->by_chain, p->count, sizeof(*p->by_chain), compare_chain);
	return 0;
}

void rv_pages_notice(const struct rv_pages *p, const struct rv_table_def *table, struct rv_buf *b)
{
	if (p->others)
		rv_buf_printf(b, "# Table `%s' contains incompatible base-chains, "
			      "use 'nft' tool to list them.\n", table->name);
}

struct rv_page *rv_pages_find(struct rv_pages *p, const struct rv_chain *c)
{
	struct rv_page key = { .chain = c }, *k = &key, **hit;

	if (p->last && p->last->chain == c)
		return p->last;
	hit = bsearch(&k, p->by_chain, p->count, sizeof(*p->by_chain), compare_chain);
	if (!hit)
		return NULL;
	p->last = *hit;
	return *hit;
}

void rv_pages_join(struct rv_pages *p, struct rv_buf *b)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		struct rv_buf *text = &p->page[i].text;

		b->failed |= text->failed;
		rv_buf_add(b, text->data, text->len);
		rv_buf_free(text);
	}
}

void rv_pages_close(struct rv_pages *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		rv_buf_free(&p->page[i].text);
	free(p->page);
	free(p->by_chain);
	memset(p, 0, sizeof(*p));
}
