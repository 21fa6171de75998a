// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A library for LD_PRELOAD: appends a line to the file $BENCH_SOCKOPT for each getsockopt() and
 * setsockopt() with level SOL_IP, which read and replace tables:
 *
 *	option bytes nanoseconds
 *
 * in CPU time.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bench/timing.h"

static void note(int level, int option, unsigned long len, uint64_t start)
{
	uint64_t took = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	const char *path = getenv("BENCH_SOCKOPT");
	FILE *f = level == SOL_IP && path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	fprintf(f, "%d %lu %" PRIu64 "\n", option, len, took);
	fclose(f);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	int (*real)(int, int, int, void *, socklen_t *) = dlsym(RTLD_NEXT, "getsockopt");
	uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	int rc = real(fd, level, option, value, len);

	note(level, option, *len, start);
	return rc;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	int (*real)(int, int, int, const void *, socklen_t) = dlsym(RTLD_NEXT, "setsockopt");
	uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	int rc = real(fd, level, option, value, len);

	note(level, option, len, start);
	return rc;
}
