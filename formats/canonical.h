/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Restore files in canonical form, as printed by iptables-save. */
#ifndef RAVELIN_BACKEND_TEXT_CANONICAL_H
#define RAVELIN_BACKEND_TEXT_CANONICAL_H

#include <ravelin/buf.h>
#include <ravelin/error.h>
#include <ravelin/meter.h>

/*
 * Whether the words alone determine each rule: only "-A CHAIN" of declared chains, with options
 * separate from their arguments. Other commands, "-AINPUT", "-ptcp" and "--jump=X" need the parser.
 */
bool rv_text_is_plain(const char *text, size_t len);

/*
 * Appends what iptables-save would print after restoring the text, with the text's comments before
 * the tables they belong to. The family is the first whose parser accepts it. Returns 0, or -1 with
 * err set.
 */
int rv_text_canonical(struct rv_buf *b, const char *text, size_t len, const struct rv_meter *meter,
		      struct rv_error *err);

#endif
