/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What traffic iptables-apply would open and close, shown before it loads the rules. A process of its
 * own compares, so that whatever happens to it, or however long it takes, does not keep the rules from
 * being applied.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ravelin/io.h>

#include "backend/file/load.h"
#include "cli/apply/meaning.h"
#include "cli/ravelin/meaning.h"

#define PATIENCE_MS 5000
#define LINES 40
#define MEMORY ((rlim_t)1 << 30)

/* ---- in the process that compares -------------------------------------------------------------- */

static int load(struct rv_store *s, const struct rv_cli *cli, const struct rv_buf *text, struct rv_error *err)
{
	return rv_load_text(s, cli->family, text->len ? text->data : "", text->len, NULL, err);
}

/* The table of a line "*filter" in a ruleset. */
static bool has_table(const struct rv_ruleset *rs, const char *line, size_t len)
{
	rv_list_each(t, &rs->tables, struct rv_table, node)
		if (t->exists && strlen(t->def->name) == len && !memcmp(t->def->name, line, len))
			return true;
	return false;
}

/* Appends the tables of a save that the new rules do not replace. */
static void add_other_tables(struct rv_buf *to, const struct rv_buf *saved, const struct rv_ruleset *now)
{
	const char *at = saved->data, *end = at + saved->len;
	bool other = false;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const size_t len = (size_t)((nl ? nl + 1 : end) - at);

		if (*at == '*')
			other = !has_table(now, at + 1, len - 2);
		if (other)
			rv_buf_add(to, at, len);
		at += len;
	}
}

/* The rules that are loaded, and those that will be. 0, or -1 with err set; what is open is counted in *n. */
static int read_both(const struct rv_cli *cli, struct rv_store side[3], unsigned int *n, struct rv_error *err)
{
	const struct rv_buf given = { .data = (char *)cli->text, .len = cli->len };
	struct rv_buf saved = RV_BUF_INIT, after = RV_BUF_INIT;
	struct rv_cli save = *cli;
	int rc;

	save.name = rv_family(cli->family)->save;
	rc = rv_cli_save_text(&save, false, &saved, err);
	for (*n = 0; !rc && *n < 3; *n += !rc) {
		if (*n == 2) {
			rv_buf_add(&after, given.data, given.len);
			rv_buf_putc(&after, '\n');
			add_other_tables(&after, &saved, &side[1].rs);
		}
		rc = load(&side[*n], cli, *n == 0 ? &saved : *n == 1 ? &given : &after, err);
	}
	rv_buf_free(&saved);
	rv_buf_free(&after);
	return rc;
}

static void compare(const struct rv_cli *cli, struct rv_buf *b)
{
	struct rv_buf warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	struct rv_store side[3];
	unsigned int n = 0;
	int rc = read_both(cli, side, &n, &err);

	if (!rc)
		rc = rv_cli_meaning(b, &side[0].rs, &side[2].rs, &err);
	if (rc) {
		rv_buf_reset(b);
		rv_buf_printf(b, "not compared: %.*s\n", (int)strcspn(err.text, "\n"), err.text);
	} else if (!b->len) {
		rv_buf_puts(b, "no packet is treated differently\n");
	}
	while (n)
		rv_store_close(&side[--n]);
	rv_buf_free(&warnings);
}

static void run_child(const struct rv_cli *cli, int out)
{
	const struct rlimit memory = { MEMORY, MEMORY }, none = { 0, 0 };
	struct rv_buf b = RV_BUF_INIT;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &none);
	compare(cli, &b);
	_exit(rv_buf_ok(&b) && !rv_write_all(out, &b) ? 0 : 1);
}

/* ---- in the process that applies ----------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the end or the deadline. True: the end was read. */
static bool read_in_time(int fd, struct rv_buf *b)
{
	const int64_t deadline = now_ms() + PATIENCE_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char text[4096];
	ssize_t n;

	for (;;) {
		const int64_t left = deadline - now_ms();

		if (left <= 0)
			return false;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, text, sizeof(text));
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			rv_buf_add(b, text, (size_t)n);
	}
}

/* Ends the process. Returns whether it had ended well. */
static bool end_child(pid_t pid, bool whole)
{
	int status = -1;

	if (!whole)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return whole && WIFEXITED(status) && !WEXITSTATUS(status);
}

static void cut(struct rv_buf *b)
{
	size_t at = 0, lines = 0, kept = 0;

	while (at < b->len) {
		const char *nl = memchr(b->data + at, '\n', b->len - at);

		at = nl ? (size_t)(nl + 1 - b->data) : b->len;
		if (++lines == LINES)
			kept = at;
	}
	if (lines <= LINES)
		return;
	b->len = kept;
	rv_buf_printf(b, "not shown: %zu more lines\n", lines - LINES);
}

void rv_apply_meaning(const struct rv_cli *cli, struct rv_buf *b)
{
	bool whole = false;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC)) {
		rv_buf_printf(b, "not compared: %s\n", strerror(errno));
		return;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_child(cli, ends[1]);
	close(ends[1]);
	if (pid > 0) {
		whole = read_in_time(ends[0], b);
		if (!end_child(pid, whole)) {
			rv_buf_reset(b);
			rv_buf_puts(b, whole ? "not compared: the comparison failed, perhaps for lack of memory\n"
					     : "not compared: it takes more than 5 seconds\n");
		}
	} else {
		rv_buf_printf(b, "not compared: %s\n", strerror(errno));
	}
	close(ends[0]);
	cut(b);
}
