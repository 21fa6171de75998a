/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_CLI_MEANING_H
#define RAVELIN_CLI_MEANING_H

#include "cli/cli.h"

/*
 * Appends the traffic that the rulesets treat differently, as boxes; nothing if there is none. Base
 * chains that cannot be compared are listed. Returns 0, or -1 with err set.
 */
int rv_cli_meaning(struct rv_buf *b, const struct rv_ruleset *a, const struct rv_ruleset *to, struct rv_error *err);

#endif
