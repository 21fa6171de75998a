/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that give names to numbers, a line "number name" each, "#" before a remark:
 * those of iproute2, connlabel.conf. A file that is not there has no names.
 */
#ifndef RAVELIN_EXTENSIONS_NAMES_H
#define RAVELIN_EXTENSIONS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rv_names {
	const char *file;
	bool whole_line;	/* a name ends with its line, not with its word */
};

bool rv_names_value(const struct rv_names *names, const char *name, uint32_t *value);
bool rv_names_name(const struct rv_names *names, uint32_t value, char *name, size_t room);

#endif
