/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Restore files in the form that iptables-save prints. */
#ifndef RAVELIN_BACKEND_TEXT_CANONICAL_H
#define RAVELIN_BACKEND_TEXT_CANONICAL_H

#include <ravelin/buf.h>
#include <ravelin/error.h>
#include <ravelin/meter.h>

/*
 * Whether the words of each rule say all there is: "-A CHAIN" of a chain that is declared, and
 * options that stand apart from their arguments. Other commands, "-AINPUT", "-ptcp" and "--jump=X"
 * need the parser.
 */
bool rv_text_is_plain(const char *text, size_t len);

/*
 * Appends what iptables-save would print after a restore of the text, with the text's comments
 * before the tables they belong to. The family is the one whose parser takes it. Returns 0, or -1
 * with err set.
 */
int rv_text_canonical(struct rv_buf *b, const char *text, size_t len, const struct rv_meter *meter,
		      struct rv_error *err);

#endif
