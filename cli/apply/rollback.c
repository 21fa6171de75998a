/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "cli/apply/rollback.h"

/* Attempts, and seconds between them. */
#define TRIES 10
#define TRIES_REFUSED 2
#define PAUSE 1

static const struct {
	const char *text;
	int code;
} ends[] = {
	[RV_ROLLBACK_DONE] = { "the old rules were restored", RV_EXIT_OK },
	[RV_ROLLBACK_CLOSED] = { "the old rules could not be restored: this host is closed for new "
				 "connections, established ones continue", RV_EXIT_CLOSED },
	[RV_ROLLBACK_STUCK] = { "the old rules could not be restored, and this host could not be "
				"closed: the new rules are in force", RV_EXIT_STUCK },
};

const char *rv_rollback_text(enum rv_rollback how)
{
	return ends[how].text;
}

int rv_rollback_exit(enum rv_rollback how)
{
	return ends[how].code;
}

static int take_snapshot(struct rv_image *im, struct rv_error *err)
{
	struct rv_patience patience = rv_cli_patience(NULL);

	while (rv_image_take(im, err) < 0)
		if (!rv_cli_again(err, &patience))
			return -1;
	return 0;
}

int rv_rollback_take(struct rv_image *im, const char *spec, struct rv_error *err)
{
	if (rv_image_init(im, spec, err) < 0 || take_snapshot(im, err) < 0)
		return -1;
	return rv_image_hold(im, err);
}

int rv_rollback_prepare(struct rv_image *im, const char *spec, struct rv_error *err)
{
	return rv_rollback_take(im, spec, err) < 0 ? -1 : rv_image_check(im, err);
}

enum rv_rollback rv_rollback_go(const struct rv_cli *cli, struct rv_image *im)
{
	struct rv_error err = { 0 };
	enum rv_rollback how = RV_ROLLBACK_CLOSED;
	int tries = TRIES;

	for (int i = 0; i < tries; i++) {
		if (i)
			sleep(PAUSE);
		rv_error_reset(&err);
		if (rv_image_put(im, &err) == 0)
			return RV_ROLLBACK_DONE;
		if (err.kind == RV_ERR_PROBLEM)
			tries = TRIES_REFUSED;
	}
	rv_cli_error(cli, &err);
	rv_error_reset(&err);
	if (rv_image_close_host(im, &err) < 0) {
		rv_cli_error(cli, &err);
		how = RV_ROLLBACK_STUCK;
	}
	rv_cli_message("Error: %s", rv_rollback_text(how));
	rv_cli_message("\"ravelin revert\" tries again; \"ravelin confirm\" keeps the rules that are "
		       "loaded%s", how == RV_ROLLBACK_CLOSED ? " and opens the host" : "");
	return how;
}
