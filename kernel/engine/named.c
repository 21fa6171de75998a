/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State with a name, and the hash that its tables are keyed by. */
#include "internal.h"

static struct rv_named **find(struct rv_names *names, const struct rv_engine *e, uint8_t family,
			      const char *name)
{
	struct rv_named **at = &names->first;

	while (*at && ((*at)->engine != e || (*at)->family != family || strcmp((*at)->name, name)))
		at = &(*at)->next;
	return at;
}

struct rv_named *rv_named_get(struct rv_names *names, const struct rv_engine *e, uint8_t family,
			      const char *name)
{
	struct rv_named *named;

	rv_lock(&names->lock);
	named = *find(names, e, family, name);
	if (named)
		named->users++;
	rv_unlock(&names->lock);
	return named;
}

void rv_named_add(struct rv_names *names, struct rv_named *named, const struct rv_engine *e,
		  uint8_t family, const char *name)
{
	named->engine = e;
	named->family = family;
	named->users = 1;
	memcpy(named->name, name, strnlen(name, sizeof(named->name) - 1));
	rv_lock(&names->lock);
	named->next = names->first;
	names->first = named;
	rv_unlock(&names->lock);
}

bool rv_named_put(struct rv_names *names, struct rv_named *named)
{
	struct rv_named **at = &names->first;
	bool last;

	rv_lock(&names->lock);
	last = !--named->users;
	if (last) {
		while (*at != named)
			at = &(*at)->next;
		*at = named->next;
	}
	rv_unlock(&names->lock);
	return last;
}

/* ---- HalfSipHash-1-3 (Aumasson, Bernstein: SipHash, a fast short-input PRF) ------------------ */

static uint32_t rotate(uint32_t x, unsigned int by)
{
	return x << by | x >> (32 - by);
}

static void hash_round(uint32_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 5) ^ v[0];
	v[0] = rotate(v[0], 16);
	v[2] += v[3];
	v[3] = rotate(v[3], 8) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 7) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 13) ^ v[2];
	v[2] = rotate(v[2], 16);
}

static void hash_word(uint32_t v[4], uint32_t word)
{
	v[3] ^= word;
	hash_round(v);
	v[0] ^= word;
}

uint32_t rv_hash(const void *data, size_t len, const uint32_t key[2])
{
	uint32_t v[4] = { key[0], key[1], 0x6c796765 ^ key[0], 0x74656462 ^ key[1] };
	const uint8_t *p = data;

	for (size_t i = 0; i + 4 <= len; i += 4) {
		uint32_t word;

		memcpy(&word, p + i, sizeof(word));
		hash_word(v, word);
	}
	hash_word(v, (uint32_t)len << 24);
	v[2] ^= 0xff;
	for (unsigned int i = 0; i < 3; i++)
		hash_round(v);
	return v[1] ^ v[3];
}
