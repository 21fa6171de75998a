/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interface between the engine and its environment: kernel/linux/port.c implements it for the
 * module, kernel/user/port.c for user space. Only this file tests which of the two it is.
 *
 * Packets are accessed through struct rv_pkt_ops, the kernel's matches and targets through struct
 * rv_engine_ops.
 */
#ifndef RAVELIN_KERNEL_PORT_H
#define RAVELIN_KERNEL_PORT_H

#ifdef __KERNEL__

#include <asm/local64.h>
#include <linux/bottom_half.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

/* Names of stdint.h that linux/types.h lacks. */
#define UINT8_MAX	U8_MAX
#define UINT16_MAX	U16_MAX
#define UINT32_MAX	U32_MAX
#define UINT64_MAX	U64_MAX

struct rv_lock {
	spinlock_t lock;
};

#define RV_LOCK_INIT(name)	{ .lock = __SPIN_LOCK_UNLOCKED(name.lock) }
#define rv_lock_init(l)		spin_lock_init(&(l)->lock)

#ifndef CONFIG_PREEMPT_RT

/*
 * Readers of a CPU. turns is odd while one is active; rv_wait_walks() waits until it changes. With
 * bottom halves off, only nested readers can run on the CPU.
 */
struct rv_readers {
	unsigned int depth;
	unsigned int turns;
};
DECLARE_PER_CPU(struct rv_readers, rv_readers);

static inline unsigned int rv_read_begin(void)
{
	struct rv_readers *r;

	local_bh_disable();
	r = this_cpu_ptr(&rv_readers);
	if (!r->depth++) {
		WRITE_ONCE(r->turns, r->turns + 1);
		/*
		 * Orders this before any pointer is read; pairs with the barrier in
		 * rv_wait_walks().
		 */
		smp_mb();
	}
	return smp_processor_id();
}

static inline void rv_read_end(void)
{
	struct rv_readers *r = this_cpu_ptr(&rv_readers);

	if (!--r->depth)
		smp_store_release(&r->turns, r->turns + 1);
	local_bh_enable();
}

#else

/*
 * PREEMPT_RT: readers may preempt each other on a CPU, so only a grace period proves that they
 * ended.
 */
static inline unsigned int rv_read_begin(void)
{
	local_bh_disable();
	return smp_processor_id();
}

static inline void rv_read_end(void)
{
	local_bh_enable();
}

#endif

/*
 * Single-copy atomic. Written by this CPU only, but a reader that preempts another on it may add
 * too.
 */
static inline void rv_add(__u64 *to, uint64_t n)
{
	local64_add(n, (local64_t *)to);
}

static inline void rv_rest(void)
{
	cond_resched();
}

static inline void rv_lock(struct rv_lock *lock)
{
	spin_lock_bh(&lock->lock);
}

/* A second lock of the same array, taken by a thread that holds one with a lower index. */
static inline void rv_lock_second(struct rv_lock *lock)
{
	spin_lock_nested(&lock->lock, SINGLE_DEPTH_NESTING);
}

static inline void rv_unlock_second(struct rv_lock *lock)
{
	spin_unlock(&lock->lock);
}

static inline void rv_unlock(struct rv_lock *lock)
{
	spin_unlock_bh(&lock->lock);
}

#else

/* Must precede kernel headers, which then skip what it defines. */
#include <net/if.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/types.h>

/* Initialised by one of the two below. */
struct rv_lock {
	pthread_mutex_t mutex;
};

#define RV_LOCK_INIT(name)	{ .mutex = PTHREAD_MUTEX_INITIALIZER }
#define rv_lock_init(l)		pthread_mutex_init(&(l)->mutex, NULL)

/*
 * Read-side critical section: what rv_deref() returned is not freed, and the thread stays on its
 * slot. Returns the slot number (the CPU; in user space the thread), less than the engine's number
 * of slots. May be nested. Must not sleep.
 */
unsigned int rv_read_begin(void);
void rv_read_end(void);

/* Adds to a counter that only this slot's thread writes and others read. */
static inline void rv_add(__u64 *to, uint64_t n)
{
	__atomic_store_n(to, *to + n, __ATOMIC_RELAXED);
}

/* Short critical sections without sleeping or allocating. Readers take it too. */
void rv_lock(struct rv_lock *lock);
void rv_unlock(struct rv_lock *lock);
/* A second lock of the same array, taken by a thread that holds one with a lower index. */
#define rv_lock_second(lock)	rv_lock(lock)
#define rv_unlock_second(lock)	rv_unlock(lock)

/* Called during long operations that may sleep: yields the CPU. */
void rv_rest(void);

#endif

/*
 * Wait until all readers that may hold an old pointer have ended. Both sleep. rv_wait_walks() waits
 * only for those between rv_read_begin() and rv_read_end(), which is short; rv_wait_readers() waits
 * for a grace period, which includes packets about to enter a hook.
 */
void rv_wait_walks(void);
void rv_wait_readers(void);

/*
 * Zeroed memory aligned for any type, or NULL. may_sleep must be false in packet context and true
 * for large tables.
 */
void *rv_alloc(size_t size, bool may_sleep);
/* The same without zeroing; may sleep. */
void *rv_alloc_unfilled(size_t size);
/* NULL is allowed. */
void rv_free(void *p);

/*
 * A pool of objects of one size. An object that was put back may be returned by the next
 * rv_pool_get(), but until rv_pool_free() its memory is used for nothing else: readers without a
 * lock may still access it, and must check that it is the object they looked for. The contents of
 * a new object are undefined.
 */
struct rv_pool;
struct rv_pool *rv_pool_new(size_t size);
/* Frees a pool. All objects must have been put back. */
void rv_pool_free(struct rv_pool *pool);
/* Returns an object, or NULL if out of memory. Does not sleep. */
void *rv_pool_get(struct rv_pool *pool);
void rv_pool_put(struct rv_pool *pool, void *object);

/*
 * Whom memory allocated for packets is charged to: in the kernel, the memory cgroup of the process
 * that created the rule. rv_payer_get() is called in its context; NULL: nobody.
 */
struct rv_payer;
struct rv_payer *rv_payer_get(void);
void rv_payer_put(struct rv_payer *payer);
/* rv_alloc() for packet context, charged to payer. NULL also if the payer's limit is reached. */
void *rv_alloc_for(size_t size, struct rv_payer *payer);

enum rv_clock {
	RV_CLOCK_STEADY,	/* monotonic */
	RV_CLOCK_COARSE,	/* the same clock, read at the last timer tick: cheaper */
	RV_CLOCK_UTC,		/* since 1970-01-01 */
	RV_CLOCK_LOCAL,		/* since 1970-01-01, in the kernel's time zone */
};

/* Nanoseconds. */
uint64_t rv_clock(enum rv_clock which);

/* 32 cryptographically strong random bits, for keys of hash tables. */
uint32_t rv_random(void);

#endif
