/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads complete rulesets from a file or the kernel. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ravelin/diff.h>
#include <ravelin/io.h>

#include "cli/cli.h"

static int read_store(struct rv_ruleset *rs, const char *spec, struct rv_error *err)
{
	struct rv_patience patience = rv_cli_patience(NULL);
	struct rv_store s;
	int rc;

	if (rv_store_open(&s, spec, rs->family, true, err) < 0)
		return -1;
	while ((rc = rv_ruleset_read(rs, &s, err)) < 0 && rv_cli_again(err, &patience)) {
		rv_ruleset_clear(rs);
		if (rv_store_restart(&s, err) < 0)
			break;
	}
	rv_store_close(&s);
	return rc;
}

static int read_ruleset_file(struct rv_ruleset *rs, const char *path, struct rv_error *err)
{
	char *spec;
	int rc;

	if (asprintf(&spec, "file:%s", path) < 0)
		return rv_fail_memory(err);
	rc = read_store(rs, spec, err);
	free(spec);
	return rc;
}

/* The file backend accepts regular files only: reads a pipe here. */
static int read_pipe(struct rv_ruleset *rs, int fd, const char *path, struct rv_error *err)
{
	int copy = memfd_create("ruleset", MFD_CLOEXEC), rc = -1;
	struct rv_buf text = RV_BUF_INIT;
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", copy);
	if (copy < 0 || rv_read_all(fd, &text) < 0 || rv_write_all(copy, &text) < 0)
		rv_fail(err, RV_ERR_RESOURCE, NULL, "cannot read %s: %m", path);
	else
		rc = read_ruleset_file(rs, name, err);
	rv_buf_free(&text);
	if (copy >= 0)
		close(copy);
	return rc;
}

int rv_cli_ruleset(struct rv_cli *cli, struct rv_ruleset *rs, const char *name, struct rv_error *err)
{
	const char *path = strcmp(name, "-") ? name : "/dev/stdin";
	struct stat st;
	int fd, rc;

	rv_ruleset_init(rs, cli->family);
	if (strcmp(name, "live") == 0)
		return read_store(rs, cli->spec, err);
	if (strcmp(name, "-") == 0) {
		if (cli->stdin_used)
			return rv_fail(err, RV_ERR_PROBLEM, NULL, "standard input can be read only once");
		cli->stdin_used = true;
	}
	/* The backend treats a missing file as an empty ruleset. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "cannot open %s: %m", path);
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		rc = read_pipe(rs, fd, path, err);
	else
		rc = read_ruleset_file(rs, path, err);
	close(fd);
	return rc;
}
