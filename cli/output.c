/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output, checked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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
