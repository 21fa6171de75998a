/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin confirm and ravelin revert: answers iptables-apply from another session. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/flags.h"
#include "cli/apply/rollback_state.h"
#include "cli/apply/rollback.h"

struct confirm {
	bool help;
};

const struct rv_flag rv_confirm_flags[] = {
	{ 'h', "help", RV_FLAG_LAST, NULL, "print this help", RV_FLAG_AT(struct confirm, help) },
	{ 0 },
};

/* Exit code 1 would mean that nothing is waiting. */
static int undone(const struct rv_cli *cli, struct rv_error *err)
{
	rv_error_undecided(err);
	return rv_cli_error(cli, err);
}

/* Exit code for the daemon's answer: done, or an error message. */
static int code_of(const char *send_answer)
{
	for (int how = RV_ROLLBACK_CLOSED; how <= RV_ROLLBACK_STUCK; how++)
		if (strcmp(send_answer, rv_rollback_text((enum rv_rollback)how)) == 0)
			return rv_rollback_exit((enum rv_rollback)how);
	return strcmp(send_answer, RV_PENDING_DONE) == 0 ? RV_EXIT_OK : RV_EXIT_RESOURCE;
}

/* Sends the word to the daemon and prints any error. */
static int tell(const struct rv_cli *cli, struct rv_pending *p, const char *word)
{
	int fd = rv_pending_connect(p);
	char text[128] = "";
	ssize_t n;

	if (fd < 0) {
		rv_cli_message("%s: cannot connect to the waiting iptables-apply: %s", cli->name,
			       strerror(errno));
		return RV_EXIT_RESOURCE;
	}
	n = send(fd, word, strlen(word), MSG_NOSIGNAL);
	while (n >= 0 && (n = recv(fd, text, sizeof(text) - 1, 0)) < 0 && errno == EINTR)
		n = 0;
	close(fd);
	if (n > 0 && code_of(text) == RV_EXIT_OK)
		return RV_EXIT_OK;
	rv_cli_message("%s: %s", cli->name,
		       n > 0 ? text : n < 0 ? strerror(errno) : "it ended without an answer");
	return code_of(text);
}

static int nothing_waits(const struct rv_cli *cli, struct rv_pending *p)
{
	struct rv_buf others = RV_BUF_INIT;

	rv_cli_message("%s: no iptables-apply is waiting in this network namespace", cli->name);
	if (p->dir >= 0)
		rv_pending_others(p, &others);
	rv_cli_warnings(&others);
	return RV_EXIT_OTHER;
}

/*
 * The host may have been closed. Keeping rules does not need a readable state: reopening the host
 * works without it.
 */
static int keep_stale(const struct rv_cli *cli, struct rv_image *before, bool known)
{
	struct rv_error err = { 0 };
	int rc = 0;

	if (!known) {
		rv_image_free(before);
		rc = rv_rollback_take(before, cli->spec, &err);
	}
	if (rc == 0)
		rc = rv_image_open_host(before, &err);
	return rc < 0 ? undone(cli, &err) : RV_EXIT_OK;
}

/* Both processes of that apply died, or failed to roll back: decides here. */
static int decide_stale(const struct rv_cli *cli, struct rv_pending *p, bool keep)
{
	struct rv_image before = { 0 };
	struct rv_buf bytes = RV_BUF_INIT;
	struct rv_error err = { 0 };
	char *spec = NULL;
	int rc = rv_pending_read(p, &spec, &bytes, &err);

	if (rc == 0)
		rc = rv_image_init(&before, spec, &err);
	before.bytes = bytes;
	if (rc == 0)
		rc = rv_image_hold(&before, &err);
	if (keep) {
		rc = keep_stale(cli, &before, rc == 0);
	} else if (rc < 0) {
		rc = undone(cli, &err);
	} else {
		rv_pending_end_group(p);
		rc = rv_rollback_exit(rv_rollback_go(cli, &before));
	}
	if (rc == 0)
		rv_pending_remove(p);
	rv_image_free(&before);
	free(spec);
	return rc;
}

static int send_answer(struct rv_cli *cli, const char *word)
{
	struct rv_pending p;
	struct rv_error err = { 0 };
	int rc = rv_pending_open(&p, false, &err);

	if (rc == 1)
		return nothing_waits(cli, &p);
	if (rc == 0)
		rc = rv_pending_lock(&p, &err);
	if (rc < 0) {
		rc = undone(cli, &err);
	} else if (rc == 1) {
		rc = tell(cli, &p, word);
	} else if (p.stale) {
		rc = decide_stale(cli, &p, word[0] == RV_PENDING_CONFIRM[0]);
	} else {
		rv_pending_remove(&p);
		rc = nothing_waits(cli, &p);
	}
	rv_pending_close(&p);
	return rc;
}

static int answer_apply(struct rv_cli *cli, const char *name, const char *word)
{
	struct confirm c = { 0 };
	int words;

	cli->name = name;
	words = rv_flags_read(rv_confirm_flags, cli, &c);
	if (words < 0 || words < cli->argc)
		return rv_cli_message("Usage: %s", cli->name), RV_EXIT_PARAMETER;
	return c.help ? rv_flags_help(cli, false) : send_answer(cli, word);
}

int rv_cli_confirm(struct rv_cli *cli)
{
	return answer_apply(cli, "ravelin confirm", RV_PENDING_CONFIRM);
}

int rv_cli_revert(struct rv_cli *cli)
{
	return answer_apply(cli, "ravelin revert", RV_PENDING_REVERT);
}
