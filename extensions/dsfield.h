/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for values of the DS field of IP, once called type of service. */
#ifndef RAVELIN_EXTENSIONS_DSFIELD_H
#define RAVELIN_EXTENSIONS_DSFIELD_H

#include <ravelin/extension.h>

/* Classes of RFC 2474 (CS, BE), RFC 2597 (AF) and RFC 3246 (EF). */
static const struct rv_name rv_dscp_classes[] = {
	{ "CS0", 0x00, NULL },
	{ "CS1", 0x08, NULL },
	{ "CS2", 0x10, NULL },
	{ "CS3", 0x18, NULL },
	{ "CS4", 0x20, NULL },
	{ "CS5", 0x28, NULL },
	{ "CS6", 0x30, NULL },
	{ "CS7", 0x38, NULL },
	{ "BE", 0x00, NULL },
	{ "AF11", 0x0a, NULL },
	{ "AF12", 0x0c, NULL },
	{ "AF13", 0x0e, NULL },
	{ "AF21", 0x12, NULL },
	{ "AF22", 0x14, NULL },
	{ "AF23", 0x16, NULL },
	{ "AF31", 0x1a, NULL },
	{ "AF32", 0x1c, NULL },
	{ "AF33", 0x1e, NULL },
	{ "AF41", 0x22, NULL },
	{ "AF42", 0x24, NULL },
	{ "AF43", 0x26, NULL },
	{ "EF", 0x2e, NULL },
	{ NULL, 0, NULL },
};

/* RFC 1349; a name stands for its value under the mask RV_TOS_NAMED. */
#define RV_TOS_NAMED 0x3f

static const struct rv_name rv_tos_names[] = {
	{ "Minimize-Delay", 0x10, NULL },
	{ "Maximize-Throughput", 0x08, NULL },
	{ "Maximize-Reliability", 0x04, NULL },
	{ "Minimize-Cost", 0x02, NULL },
	{ "Normal-Service", 0x00, NULL },
	{ NULL, 0, NULL },
};

#endif
