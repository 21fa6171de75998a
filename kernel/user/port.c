/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User-space implementation of port.h with pthread and malloc. Tests can inject allocation failures
 * and set the clock.
 */
#include "user.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#define SECOND 1000000000ULL

/* ---- readers ---------------------------------------------------------------------------------- */

/* A slot belongs to a thread from its first read until it exits. */
static struct {
	bool taken;
	unsigned int depth;	/* nesting of read sections */
	unsigned long turns;	/* odd while the thread is in a read section */
} slots[RV_USER_SLOTS];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;		/* its destructor releases the slot */
static __thread unsigned int my_slot;	/* 1 + slot number; 0: none yet */

static void release_slot(void *slot)
{
	__atomic_store_n(&slots[(uintptr_t)slot - 1].taken, false, __ATOMIC_RELEASE);
}

static void make_key(void)
{
	pthread_key_create(&key, release_slot);
}

static unsigned int take_slot(void)
{
	pthread_once(&once, make_key);
	for (unsigned int i = 0;; i = (i + 1) % RV_USER_SLOTS) {
		if (!__atomic_exchange_n(&slots[i].taken, true, __ATOMIC_ACQUIRE)) {
			pthread_setspecific(key, (void *)(uintptr_t)(i + 1));
			return i + 1;
		}
		if (i + 1 == RV_USER_SLOTS)
			sched_yield();
	}
}

unsigned int rv_read_begin(void)
{
	if (!my_slot)
		my_slot = take_slot();
	if (!slots[my_slot - 1].depth++)
		__atomic_fetch_add(&slots[my_slot - 1].turns, 1, __ATOMIC_SEQ_CST);
	return my_slot - 1;
}

void rv_read_end(void)
{
	if (!--slots[my_slot - 1].depth)
		__atomic_fetch_add(&slots[my_slot - 1].turns, 1, __ATOMIC_RELEASE);
}

void rv_wait_walks(void)
{
	for (unsigned int i = 0; i < RV_USER_SLOTS; i++) {
		unsigned long now = __atomic_load_n(&slots[i].turns, __ATOMIC_SEQ_CST);

		while (now & 1 && __atomic_load_n(&slots[i].turns, __ATOMIC_ACQUIRE) == now)
			sched_yield();
	}
}

/* In user space there are no readers outside read sections. */
void rv_wait_readers(void)
{
	rv_wait_walks();
}

void rv_lock(struct rv_lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
}

void rv_unlock(struct rv_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}

void rv_rest(void)
{
}

/* ---- memory ------------------------------------------------------------------------------------ */

static unsigned long fail_in;
static long live;

unsigned long rv_user_fail_nth(unsigned long n)
{
	return __atomic_exchange_n(&fail_in, n, __ATOMIC_RELAXED);
}

long rv_user_live(void)
{
	return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

static bool is_to_fail(void)
{
	if (!__atomic_load_n(&fail_in, __ATOMIC_RELAXED))
		return false;
	return __atomic_sub_fetch(&fail_in, 1, __ATOMIC_RELAXED) == 0;
}

void *rv_alloc(size_t size, bool may_sleep)
{
	void *p = is_to_fail() ? NULL : calloc(1, size ? size : 1);

	(void)may_sleep;
	if (p)
		__atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
	return p;
}

void *rv_alloc_unfilled(size_t size)
{
	return rv_alloc(size, true);
}

struct rv_payer *rv_payer_get(void)
{
	return NULL;
}

void rv_payer_put(struct rv_payer *payer)
{
	(void)payer;
}

void *rv_alloc_for(size_t size, struct rv_payer *payer)
{
	(void)payer;
	return rv_alloc(size, false);
}

void rv_free(void *p)
{
	if (!p)
		return;
	__atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
	free(p);
}

/* ---- pools -------------------------------------------------------------------------------- */

#define CHUNK	32		/* objects allocated at once */
#define KEPT	64		/* free objects that a slot keeps; more are shared */

/* Header before each object, so that the contents of a free object stay readable. */
struct spare {
	struct spare *next;
	uint64_t unused;		/* keeps objects aligned to 16 bytes */
};

struct chunk {
	struct chunk *next;
	uint64_t unused;
};

struct rv_pool {
	size_t size;			/* of an object including its header */
	struct {
		struct spare *first;
		unsigned int count;
	} slots[RV_USER_SLOTS];
	struct rv_lock lock;		/* protects the following fields */
	struct spare *shared;
	struct chunk *chunks;
};

struct rv_pool *rv_pool_new(size_t size)
{
	struct rv_pool *pool = rv_alloc(sizeof(*pool), true);

	if (!pool)
		return NULL;
	rv_lock_init(&pool->lock);
	pool->size = sizeof(struct spare) + (size + 15) / 16 * 16;
	return pool;
}

void rv_pool_free(struct rv_pool *pool)
{
	if (!pool)
		return;
	while (pool->chunks) {
		struct chunk *chunk = pool->chunks;

		pool->chunks = chunk->next;
		free(chunk);
	}
	rv_free(pool);
}

/* Allocates CHUNK objects. Called with the lock held. */
static void add_chunk(struct rv_pool *pool)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk) + CHUNK * pool->size);

	if (!chunk)
		return;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	for (unsigned int i = 0; i < CHUNK; i++) {
		struct spare *spare = (void *)((char *)(chunk + 1) + i * pool->size);

		spare->next = pool->shared;
		pool->shared = spare;
	}
}

static struct spare *take_shared(struct rv_pool *pool)
{
	struct spare *spare;

	rv_lock(&pool->lock);
	if (!pool->shared)
		add_chunk(pool);
	spare = pool->shared;
	if (spare)
		pool->shared = spare->next;
	rv_unlock(&pool->lock);
	return spare;
}

void *rv_pool_get(struct rv_pool *pool)
{
	const unsigned int slot = rv_read_begin();
	struct spare *spare = NULL;

	if (!is_to_fail()) {
		spare = pool->slots[slot].first;
		if (spare) {
			pool->slots[slot].first = spare->next;
			pool->slots[slot].count--;
		} else {
			spare = take_shared(pool);
		}
	}
	rv_read_end();
	if (spare)
		__atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
	return spare ? spare + 1 : NULL;
}

void rv_pool_put(struct rv_pool *pool, void *object)
{
	const unsigned int slot = rv_read_begin();
	struct spare *spare = (struct spare *)object - 1;

	__atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
	if (pool->slots[slot].count < KEPT) {
		spare->next = pool->slots[slot].first;
		pool->slots[slot].first = spare;
		pool->slots[slot].count++;
	} else {
		rv_lock(&pool->lock);
		spare->next = pool->shared;
		pool->shared = spare;
		rv_unlock(&pool->lock);
	}
	rv_read_end();
}

/* ---- time and random numbers ----------------------------------------------------------------- */

static uint64_t standing = UINT64_MAX;
static uint64_t random_state;		/* 0: use the system's */

void rv_user_set_clock(uint64_t ns)
{
	__atomic_store_n(&standing, ns, __ATOMIC_RELAXED);
}

void rv_user_set_random(uint64_t seed)
{
	random_state = seed;
}

static uint64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* Programs have no access to the kernel's time zone; uses the process's own. */
static uint64_t local_clock(void)
{
	uint64_t now = read_clock(CLOCK_REALTIME);
	time_t seconds = now / SECOND;
	struct tm tm;

	return localtime_r(&seconds, &tm) ? now + tm.tm_gmtoff * SECOND : now;
}

uint64_t rv_clock(enum rv_clock which)
{
	uint64_t still = __atomic_load_n(&standing, __ATOMIC_RELAXED);

	if (still != UINT64_MAX)
		return still;
	if (which == RV_CLOCK_LOCAL)
		return local_clock();
	if (which == RV_CLOCK_COARSE)
		return read_clock(CLOCK_MONOTONIC_COARSE);
	return read_clock(which == RV_CLOCK_UTC ? CLOCK_REALTIME : CLOCK_MONOTONIC);
}

/* splitmix64 (Steele, Lea, Flood). */
static uint32_t next_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) >> 32;
}

uint32_t rv_random(void)
{
	uint32_t n = 0;

	if (random_state)
		return next_random();
	return getrandom(&n, sizeof(n), 0) == sizeof(n) ? n : (uint32_t)read_clock(CLOCK_MONOTONIC);
}
