/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which functions a test reaches: linked into programs built with -finstrument-functions. A byte
 * per 16 bytes of text is set in a file of $RAVELIN_REACH, one for each program and test of bats,
 * which stays whole however the program ends.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLAIN __attribute__((no_instrument_function))

extern const char __executable_start[], etext[];

void __cyg_profile_func_enter(void *function, void *caller) PLAIN;
void __cyg_profile_func_exit(void *function, void *caller) PLAIN;
static void start(void) __attribute__((constructor)) PLAIN;

static uint8_t *reached;

static void start(void)
{
	const char *dir = getenv("RAVELIN_REACH"), *test = getenv("BATS_TEST_NUMBER");
	size_t size = (size_t)(etext - __executable_start) / 16 + 1;
	char self[4096], path[8192];
	const char *name = self;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	void *map;
	int fd;

	if (!dir || n <= 0)
		return;
	self[n] = '\0';
	for (const char *p = self; *p; p++)
		if (*p == '/')
			name = p + 1;
	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, test ? test : "0");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	fchmod(fd, 0666);
	map = ftruncate(fd, (off_t)size) ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		reached = map;
}

void __cyg_profile_func_enter(void *function, void *caller)
{
	(void)caller;
	if (reached)
		reached[((const char *)function - __executable_start) / 16] = 1;
}

void __cyg_profile_func_exit(void *function, void *caller)
{
	(void)function;
	(void)caller;
}
