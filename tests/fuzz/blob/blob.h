/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inputs of fuzz_blob: struct blob_input, then tables as RVK_SO_REPLACE takes them, each struct
 * rvk_table and its entries, of engines that have no tables yet.
 */
#ifndef RAVELIN_TESTS_FUZZ_BLOB_H
#define RAVELIN_TESTS_FUZZ_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uapi/ravelin.h>

#define BLOB_HEAD	(1 << 0)	/* the call's own fields are those of the input too */
#define BLOB_DECODE	(1 << 1)	/* the tables are read as rules, whether or not they are taken */

struct blob_input {
	uint8_t how;			/* BLOB_* */
	uint8_t ntables, flags, version;	/* with BLOB_HEAD */
	uint8_t packet[4];		/* changes in packets: of their addresses and ports */
};

/* The length of the table at the start of some bytes, as it says; 0: they are too few. */
static inline size_t blob_table_len(const void *bytes, size_t size)
{
	const struct rvk_table *t = bytes;

	if (size < sizeof(*t) || t->size > size - sizeof(*t) || t->size % 8)
		return 0;
	return sizeof(*t) + t->size;
}

#endif
