/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inputs of fuzz_blob: struct blob_input, then tables in the format of RVK_SO_REPLACE (struct
 * rvk_table and entries) for engines without tables.
 */
#ifndef RAVELIN_TESTS_FUZZ_BLOB_H
#define RAVELIN_TESTS_FUZZ_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uapi/ravelin.h>

#define BLOB_HEAD	(1 << 0)	/* the call's own fields are taken from the input */
#define BLOB_DECODE	(1 << 1)	/* the tables are also decoded, whether accepted or not */

struct blob_input {
	uint8_t how;			/* BLOB_* */
	uint8_t ntables, flags, version;	/* used with BLOB_HEAD */
	uint8_t packet[4];		/* changes of the packets' addresses and ports */
};

/* Length of the table at the start of bytes according to its header; 0: too few bytes. */
static inline size_t blob_table_len(const void *bytes, size_t size)
{
	const struct rvk_table *t = bytes;

	if (size < sizeof(*t) || t->size > size - sizeof(*t) || t->size % 8)
		return 0;
	return sizeof(*t) + t->size;
}

#endif
