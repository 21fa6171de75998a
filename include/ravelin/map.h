/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table from integers to integers: open addressing, load factor at most 1/2. */
#ifndef RAVELIN_MAP_H
#define RAVELIN_MAP_H

#include <stdbool.h>
#include <stdint.h>

struct rv_map {
	struct rv_map_entry *entries;
	uint32_t room, count;		/* room: slots, a power of two or 0 */
};

/* Pointer to the value, valid until the next rv_map_put(). NULL: no such key. */
uint64_t *rv_map_get(const struct rv_map *m, uint64_t key);
/* The same, inserting 0 if the key is missing. NULL when memory ran out. */
uint64_t *rv_map_put(struct rv_map *m, uint64_t key);
void rv_map_free(struct rv_map *m);

#endif
