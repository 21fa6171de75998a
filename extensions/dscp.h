/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of differentiated services: RFC 2474 (class selectors), 2597 (assured
 * forwarding), 3246 (expedited forwarding). Rows for a table of names.
 */
#ifndef RAVELIN_EXTENSIONS_DSCP_H
#define RAVELIN_EXTENSIONS_DSCP_H

#define RV_DSCP_CLASSES								\
	{ "CS0", 0x00, "class selector 0" },					\
	{ "CS1", 0x08, NULL }, { "CS2", 0x10, NULL }, { "CS3", 0x18, NULL },	\
	{ "CS4", 0x20, NULL }, { "CS5", 0x28, NULL }, { "CS6", 0x30, NULL },	\
	{ "CS7", 0x38, NULL }, { "BE", 0x00, "best effort" },			\
	{ "AF11", 0x0a, "assured forwarding 1, low drop probability" },	\
	{ "AF12", 0x0c, NULL }, { "AF13", 0x0e, NULL },				\
	{ "AF21", 0x12, NULL }, { "AF22", 0x14, NULL }, { "AF23", 0x16, NULL },	\
	{ "AF31", 0x1a, NULL }, { "AF32", 0x1c, NULL }, { "AF33", 0x1e, NULL },	\
	{ "AF41", 0x22, NULL }, { "AF42", 0x24, NULL }, { "AF43", 0x26, NULL },	\
	{ "EF", 0x2e, "expedited forwarding" }

#endif
