/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Progress of long operations: a line on the terminal that is overwritten, and finally cleared. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define LONG_WORK 50000		/* rules or lines; a shorter operation would only flicker */
#define LOOK 1000		/* increments per reading of the clock */
#define PAUSE_MS 100		/* between updates */

static bool is_time(struct rv_progress *p)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - p->last.tv_sec) * INT64_C(1000) +
	     (now.tv_nsec - p->last.tv_nsec) / 1000000;
	if (p->width && ms < PAUSE_MS)
		return false;
	p->last = now;
	return true;
}

/* Overwrites the previous text, which may be longer. */
static void show(struct rv_progress *p, const char *text)
{
	int width = (int)strlen(text);

	fprintf(stderr, "\r%-*s\r%s", p->width, "", text);
	fflush(stderr);
	p->width = width;
}

uint64_t rv_cli_lines(const struct rv_cli *cli)
{
	const char *end = cli->text + cli->len;
	uint64_t n = 0;

	for (const char *at = cli->text; at < end; n++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		at = newline ? newline + 1 : end;
	}
	return n;
}

void rv_cli_progress_at(struct rv_progress *p, uint64_t done)
{
	char text[80];

	p->done = done;
	if (!p->on || done < LONG_WORK || done % LOOK || !is_time(p))
		return;
	if (p->total)
		snprintf(text, sizeof(text), "%s: %llu of %llu %s", p->name,
			 (unsigned long long)done, (unsigned long long)p->total, p->what);
	else
		snprintf(text, sizeof(text), "%s: %llu %s", p->name, (unsigned long long)done,
			 p->what);
	show(p, text);
}

static void progress_step(void *progress)
{
	struct rv_progress *p = progress;

	rv_cli_progress_at(p, p->done + 1);
}

void rv_cli_progress_start(struct rv_progress *p, const struct rv_cli *cli, const char *what,
			   uint64_t total)
{
	*p = (struct rv_progress){
		.name = cli->name, .what = what, .total = total, .on = isatty(STDERR_FILENO),
		.meter = { progress_step, p },
	};
}

void rv_cli_progress_wait(struct rv_progress *p)
{
	char text[80];

	if (!p->on || p->done < LONG_WORK)
		return;
	snprintf(text, sizeof(text), "%s: %llu %s, waiting for the kernel", p->name,
		 (unsigned long long)p->done, p->what);
	show(p, text);
}

void rv_cli_progress_end(struct rv_progress *p)
{
	if (p->width)
		show(p, "");
	p->done = 0;
}
