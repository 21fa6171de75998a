/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RAVELIN_CLI_APPLYMEANING_H
#define RAVELIN_CLI_APPLYMEANING_H

#include "cli/cli.h"

/*
 * Appends what traffic is treated differently once cli->text is loaded, as ravelin diff --meaning tells it:
 * at most 40 lines, after at most 5 s. Where it is not known, a line "not compared: " says why.
 */
void rv_apply_meaning(const struct rv_cli *cli, struct rv_buf *b);

#endif
