/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named state, caches of state created by packets, and the hash used for both. */
#include "internal.h"

static struct rv_named **bucket(struct rv_named_list *names, const char *name)
{
	return &names->buckets[rv_hash(name, strlen(name), names->key) % RV_NAME_BUCKETS];
}

struct rv_named *rv_named_get(struct rv_named_list *names, uint8_t family, const char *name)
{
	struct rv_named *named = *bucket(names, name);

	while (named && (named->family != family || strcmp(named->name, name)))
		named = named->next;
	if (named)
		named->users++;
	return named;
}

void rv_named_add(struct rv_named_list *names, struct rv_named *named, uint8_t family, const char *name)
{
	struct rv_named **first = bucket(names, name);
	size_t len = strlen(name);

	rv_lock_init(&named->lock);
	named->family = family;
	named->users = 1;
	memcpy(named->name, name, len < sizeof(named->name) ? len : sizeof(named->name) - 1);
	named->next = *first;
	*first = named;
}

bool rv_named_put(struct rv_named_list *names, struct rv_named *named)
{
	struct rv_named **at = bucket(names, named->name);

	if (--named->users)
		return false;
	while (*at != named)
		at = &(*at)->next;
	*at = named->next;
	return true;
}

/* ---- caches ---------------------------------------------------------------------------------- */

uint64_t rv_packet_memory = 256ULL << 20;

int rv_cache_init(struct rv_cache *c, uint32_t size, struct rv_engine *e)
{
	c->payer = rv_payer_get();
	c->used = rv_engine_used(e);
	c->ring.older = c->ring.newer = &c->ring;
	c->key[0] = rv_random();
	c->key[1] = rv_random();
	c->size = size;
	c->buckets = rv_alloc(size * sizeof(*c->buckets), true);
	return c->buckets ? 0 : -ENOMEM;
}

uint32_t rv_cache_bucket(const struct rv_cache *c, const void *key, size_t len)
{
	return rv_hash(key, len, c->key) % c->size;
}

static void take_from_ring(struct rv_cached *k)
{
	k->older->newer = k->newer;
	k->newer->older = k->older;
}

static void put_newest(struct rv_cache *c, struct rv_cached *k)
{
	k->newer = &c->ring;
	k->older = c->ring.older;
	k->older->newer = k;
	c->ring.older = k;
}

void rv_cache_add(struct rv_cache *c, struct rv_cached *k, uint32_t at)
{
	k->bucket = at;
	k->next = c->buckets[at];
	c->buckets[at] = k;
	put_newest(c, k);
	c->count++;
}

void rv_cache_use(struct rv_cache *c, struct rv_cached *k)
{
	take_from_ring(k);
	put_newest(c, k);
}

void rv_cache_forget(struct rv_cache *c, struct rv_cached *k)
{
	struct rv_cached **at = &c->buckets[k->bucket];

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	take_from_ring(k);
	c->count--;
	rv_cache_give_back(c, k);
}

void rv_cache_free(struct rv_cache *c)
{
	while (c->count) {
		rv_cache_forget(c, rv_cache_oldest(c));
		rv_rest();
	}
	rv_free(c->buckets);
	c->buckets = NULL;
	rv_payer_put(c->payer);
	c->payer = NULL;
}

void *rv_cache_alloc(const struct rv_cache *c, size_t size)
{
	struct rv_cached *k = NULL;

	if (__atomic_add_fetch(c->used, size, __ATOMIC_RELAXED) <= rv_packet_memory)
		k = rv_alloc_for(size, c->payer);
	if (k)
		k->bytes = (uint32_t)size;
	else
		__atomic_sub_fetch(c->used, size, __ATOMIC_RELAXED);
	return k;
}

void rv_cache_give_back(const struct rv_cache *c, void *spare)
{
	const struct rv_cached *k = spare;

	if (!k)
		return;
	__atomic_sub_fetch(c->used, k->bytes, __ATOMIC_RELAXED);
	rv_free(spare);
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

/* Up to four remaining bytes at p, with the length in the top byte. */
static uint32_t last_word(const uint8_t *p, size_t len)
{
	uint32_t word = 0;

	memcpy(&word, p, len & 3);
	return word ^ (uint32_t)len << 24;
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
	hash_word(v, last_word(p + (len & ~(size_t)3), len));
	v[2] ^= 0xff;
	for (unsigned int i = 0; i < 3; i++)
		hash_round(v);
	return v[1] ^ v[3];
}
