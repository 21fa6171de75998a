// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * measure [-i IN] [-o OUT] [-r FILE] COMMAND ...: runs one command and writes to FILE (or standard
 * output)
 *
 *	status wall user system peak
 *
 * Times in microseconds, peak resident memory in KiB; status is the exit code, or 128 + the signal.
 * The command's input and output are /dev/null by default.
 *
 * A separate program, because a child's peak memory starts at its parent's: measured from a script,
 * small programs would show the interpreter's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/timing.h"

static void die(const char *what)
{
	perror(what);
	exit(127);
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path);
	return fd;
}

static long long us(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

/* vfork(2) copies nothing, so the cost does not depend on this process. */
static pid_t start(char **argv, int in, int out)
{
	pid_t pid = vfork();

	if (pid < 0)
		die("vfork");
	if (pid)
		return pid;
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	const char *in = "/dev/null", *out = "/dev/null", *report = NULL;
	int opt, status, in_fd, out_fd;
	FILE *to = stdout;
	struct rusage used;
	uint64_t began, took;
	pid_t pid;

	while ((opt = getopt(argc, argv, "+i:o:r:")) != -1) {
		if (opt == 'i')
			in = optarg;
		else if (opt == 'o')
			out = optarg;
		else if (opt == 'r')
			report = optarg;
		else
			return 2;
	}
	if (optind == argc)
		return 2;
	in_fd = open_or_die(in, O_RDONLY);
	out_fd = open_or_die(out, O_WRONLY | O_CREAT | O_TRUNC);
	if (report && !(to = fopen(report, "we")))
		die(report);

	/* raise the priority; without privileges, other load adds noise */
	(void)!setpriority(PRIO_PROCESS, 0, -20);
	began = clock_ns(CLOCK_MONOTONIC);
	pid = start(argv + optind, in_fd, out_fd);
	if (wait4(pid, &status, 0, &used) != pid)
		die("wait4");
	took = clock_ns(CLOCK_MONOTONIC) - began;

	fprintf(to, "%d %lld %lld %lld %ld\n",
		WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), (long long)(took / 1000),
		us(used.ru_utime), us(used.ru_stime), used.ru_maxrss);
	return 0;
}
