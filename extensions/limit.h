/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rates of limit and hashlimit. The kernel has the cost of a packet: the time from one to the
 * next in parts of a second, of which scale make one. People and nf_tables say packets per unit.
 */
#ifndef RAVELIN_EXTENSIONS_LIMIT_H
#define RAVELIN_EXTENSIONS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include <ravelin/buf.h>

struct rv_limit_unit {
	const char *name;	/* as save prints it */
	const char *word;	/* in full */
	uint32_t seconds;
};

/* The unit whose word begins so, whatever its capitals; NULL: none. */
const struct rv_limit_unit *rv_limit_find_unit(const char *text);
/* The unit in which stock would say that cost. */
const struct rv_limit_unit *rv_limit_unit(uint64_t cost, uint64_t scale);
/* "packets/unit", the unit by its name or its word. */
void rv_limit_print(struct rv_buf *b, uint64_t cost, uint64_t scale, bool word);

#endif
