/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_BENCH_TIMING_H
#define RAVELIN_BENCH_TIMING_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of a clock. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* CPU time of this process. */
static inline uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Nanoseconds of CPU time per call of fn, the best of five runs of rounds calls. */
static inline uint64_t best_cpu_ns(void (*fn)(void), unsigned long rounds)
{
	uint64_t best = UINT64_MAX;

	for (int run = 0; run < 5; run++) {
		uint64_t start = cpu_ns(), took;

		for (unsigned long i = 0; i < rounds; i++)
			fn();
		took = (cpu_ns() - start) / rounds;
		best = took < best ? took : best;
	}
	return best;
}

#endif
