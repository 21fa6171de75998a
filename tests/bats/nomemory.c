/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD: allocations fail from number $NO_MEMORY on. At exit, the number of allocations is
 * written to the file $NO_MEMORY_COUNT.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static unsigned long done, last;

static int may(void)
{
	const char *env = last ? NULL : getenv("NO_MEMORY");

	if (!last)
		last = env ? strtoul(env, NULL, 10) : (unsigned long)-1;
	if (++done < last)
		return 1;
	errno = ENOMEM;
	return 0;
}

void *malloc(size_t size) { return may() ? __libc_malloc(size) : NULL; }
void *calloc(size_t n, size_t size) { return may() ? __libc_calloc(n, size) : NULL; }
void *realloc(void *old, size_t size) { return may() ? __libc_realloc(old, size) : NULL; }

__attribute__((destructor)) static void tell(void)
{
	const char *name = getenv("NO_MEMORY_COUNT");
	FILE *f;

	last = (unsigned long)-1;
	f = name ? fopen(name, "w") : NULL;
	if (!f)
		return;
	fprintf(f, "%lu\n", done);
	fclose(f);
}
