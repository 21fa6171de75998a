/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs other programs and reads their output. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "cli/cli.h"

/* An unnamed file with the text; NULL: /dev/null. -1 with errno set. */
static int open_input(const struct rv_buf *in)
{
	int fd = in ? memfd_create("input", MFD_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || !in || (!rv_write_all(fd, in) && !lseek(fd, 0, SEEK_SET)))
		return fd;
	close(fd);
	return -1;
}

/* Returns the exit code, 128 if a signal killed it, or -1 with errno set. */
static int run_child(const char *const argv[], int in, const int ends[2], struct rv_buf *out)
{
	posix_spawn_file_actions_t actions;
	int rc, status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	rc = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (rc == 0) {
		rc = rv_read_all(ends[0], out) ? errno : 0;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	errno = rc;
	return rc ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int rv_cli_program(const char *const argv[], const struct rv_buf *in, struct rv_buf *out)
{
	int fd = open_input(in), ends[2], rc, code;

	if (fd < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC)) {
		code = errno;
		close(fd);
		errno = code;
		return -1;
	}
	rc = run_child(argv, fd, ends, out);
	code = errno;
	close(ends[0]);
	close(fd);
	errno = code;
	return rc;
}
