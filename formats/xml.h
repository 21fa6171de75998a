/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables-xml(1): the text of iptables-save as XML, and back. It goes by the words alone, so
 * that a file of either family, with matches nobody here knows, is converted too.
 */
#ifndef RAVELIN_BACKEND_TEXT_XML_H
#define RAVELIN_BACKEND_TEXT_XML_H

#include <ravelin/buf.h>
#include <ravelin/error.h>
#include <ravelin/meter.h>

struct rv_xml_format {
	bool combine;		/* rules that ask the same become one with several actions */
	bool verbose;		/* each line is a comment before what it became */
};

/*
 * Appends the document; the meter counts lines. A NUL stands behind the text. Returns 0, or -1 with err set (its line is
 * that of the text).
 */
int rv_xml_write(struct rv_buf *b, const struct rv_xml_format *f, const char *text, size_t len,
		 const struct rv_meter *meter, struct rv_error *err);

/*
 * Appends the text that a document stands for: base chains first, then the others by name,
 * as save has them; the meter counts rules. Returns 0, or -1 with err set (line and column are the document's).
 */
int rv_xml_read(struct rv_buf *b, const char *xml, size_t len, const struct rv_meter *meter,
		struct rv_error *err);

#endif
