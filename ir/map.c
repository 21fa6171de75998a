/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include <ravelin/map.h>

struct rv_map_entry {
	uint64_t key, value;
	bool used;
};

#define FIRST_ROOM 64

/* splitmix64 (Steele, Lea, Flood 2014): keys are often consecutive integers. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static struct rv_map_entry *find_slot(const struct rv_map *m, uint64_t key)
{
	uint32_t at = mix(key) & (m->room - 1);

	while (m->entries[at].used && m->entries[at].key != key)
		at = (at + 1) & (m->room - 1);
	return &m->entries[at];
}

static bool grow_map(struct rv_map *m)
{
	struct rv_map bigger = { .room = m->room ? m->room * 2 : FIRST_ROOM, .count = m->count };

	bigger.entries = calloc(bigger.room, sizeof(*bigger.entries));
	if (!bigger.entries)
		return false;
	for (uint32_t i = 0; i < m->room; i++)
		if (m->entries[i].used)
			*find_slot(&bigger, m->entries[i].key) = m->entries[i];
	free(m->entries);
	*m = bigger;
	return true;
}

uint64_t *rv_map_get(const struct rv_map *m, uint64_t key)
{
	struct rv_map_entry *e = m->room ? find_slot(m, key) : NULL;

	return e && e->used ? &e->value : NULL;
}

uint64_t *rv_map_put(struct rv_map *m, uint64_t key)
{
	struct rv_map_entry *e;

	if (m->count * 2 >= m->room && !grow_map(m))
		return NULL;
	e = find_slot(m, key);
	if (!e->used) {
		*e = (struct rv_map_entry){ .key = key, .used = true };
		m->count++;
	}
	return &e->value;
}

void rv_map_free(struct rv_map *m)
{
	free(m->entries);
	*m = (struct rv_map){ 0 };
}
