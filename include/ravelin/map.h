/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table from numbers to numbers: open addressing, at most half full. */
#ifndef RAVELIN_MAP_H
#define RAVELIN_MAP_H

#include <stdbool.h>
#include <stdint.h>

struct rv_map {
	struct rv_map_entry *entries;
	uint32_t room, count;		/* room: a power of two, or 0 */
};

/* The value, to be read or written until the next rv_map_put(); NULL: there is none. */
uint64_t *rv_map_get(const struct rv_map *m, uint64_t key);
/* The same, with a new value of 0 if there is none; NULL: memory ran out. */
uint64_t *rv_map_put(struct rv_map *m, uint64_t key);
void rv_map_free(struct rv_map *m);

#endif
