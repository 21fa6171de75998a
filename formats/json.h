/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets as JSON, and back, losing nothing but comment lines. The form is described in
 * docs/json.md and docs/ravelin.schema.json.
 */
#ifndef RAVELIN_BACKEND_TEXT_JSON_H
#define RAVELIN_BACKEND_TEXT_JSON_H

#include <ravelin/ir.h>
#include <ravelin/meter.h>

/* The number in "ravelin" of each document. */
#define RV_JSON_FORMAT 1

/*
 * Appends the JSON of a text of iptables-save, which is checked as a restore would, rule by rule
 * (meter). Returns 0,
 * or -1 with err set (its line is that of the text).
 */
int rv_json_write(struct rv_buf *b, rv_family_t family, const char *text, size_t len,
		  const struct rv_meter *meter, struct rv_error *err);

/*
 * Appends the text of iptables-save (counters: with -c) that JSON stands for, checked likewise,
 * and sets the family it is for. Returns 0, or -1 with err set: with a place where it is no JSON, else with the
 * JSON pointer (RFC 6901) of what is wrong in its text.
 */
int rv_json_read(struct rv_buf *b, rv_family_t *family, bool counters, const char *json, size_t len,
		 const struct rv_meter *meter, struct rv_error *err);

#endif
