/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversion of rulesets to JSON and back; only comment lines are lost. The format is documented in
 * docs/json.md and docs/ravelin.schema.json.
 */
#ifndef RAVELIN_BACKEND_TEXT_JSON_H
#define RAVELIN_BACKEND_TEXT_JSON_H

#include <ravelin/ir.h>
#include <ravelin/meter.h>

/* Format version, the member "ravelin" of each document. */
#define RV_JSON_FORMAT 1

/*
 * Appends iptables-save output as JSON. The text is validated like a restore; the meter is called
 * per rule. Returns 0, or -1 with err set, with the line in the text.
 */
int rv_json_write(struct rv_buf *b, rv_family_t family, const char *text, size_t len,
		  const struct rv_meter *meter, struct rv_error *err);

/*
 * Appends JSON as iptables-save output (with -c if counters is set), validated likewise, and sets
 * the family. Returns 0, or -1 with err set: with a location for a syntax error, else with a JSON
 * pointer (RFC 6901) in the message.
 */
int rv_json_read(struct rv_buf *b, rv_family_t *family, bool counters, const char *json, size_t len,
		 const struct rv_meter *meter, struct rv_error *err);

#endif
