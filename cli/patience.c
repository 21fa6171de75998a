/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Retries after conflicts with other writers. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

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
