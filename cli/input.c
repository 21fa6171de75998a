/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the input of a program. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "cli/cli.h"

int rv_cli_read(struct rv_cli *cli, const char *path, struct rv_buf *input)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO, rc;

	if (fd < 0)
		return rv_cli_message("Can't open %s: %s", path, strerror(errno));
	rc = rv_read_all(fd, input);
	if (rc == 0 && !rv_buf_text(input)) {
		errno = ENOMEM;
		rc = -1;
	}
	if (rc < 0) {
		rv_cli_message("%s: cannot read %s: %s", cli->name, path ? path : "stdin",
			       strerror(errno));
		rc = RV_EXIT_RESOURCE;
	}
	if (path)
		close(fd);
	cli->text = input->data ? input->data : "";
	cli->len = input->len;
	cli->path = path;
	return rc;
}
