/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables-xml(1): converts iptables-save output to XML and back. It works on words without
 * interpreting them, so it also converts files of either family and with unknown matches.
 */
#ifndef RAVELIN_BACKEND_TEXT_XML_H
#define RAVELIN_BACKEND_TEXT_XML_H

#include <ravelin/buf.h>
#include <ravelin/error.h>
#include <ravelin/meter.h>

struct rv_xml_format {
	bool combine;		/* merge consecutive rules with the same conditions */
	bool verbose;		/* print each line as a comment before its conversion */
};

/*
 * Appends the document; the meter counts lines. text must be NUL-terminated. Returns 0, or -1 with
 * err set, with the line in the text.
 */
int rv_xml_write(struct rv_buf *b, const struct rv_xml_format *f, const char *text, size_t len,
		 const struct rv_meter *meter, struct rv_error *err);

/*
 * Appends the document as iptables-save input, base chains first, then others by name; the meter
 * counts rules. Returns 0, or -1 with err set, with the line and column in the document.
 */
int rv_xml_read(struct rv_buf *b, const char *xml, size_t len, const struct rv_meter *meter,
		struct rv_error *err);

#endif
