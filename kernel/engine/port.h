/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's one door to the world, a dozen functions. kernel/linux/port.c has them for the module,
 * kernel/user/port.c for programs; which of the two it is, is decided here and nowhere else.
 *
 * Packets are not reached through here but through the functions a packet brings along
 * (struct rv_pkt_ops), matches and targets of the kernel through those of the engine
 * (struct rv_engine_ops).
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

/* Names of stdint.h that the kernel's types.h leaves out. */
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
 * Who reads on a CPU. turns is odd while somebody does: whoever waits for the readers of now waits until it is
 * another number. Where bottom halves are off nobody else comes to that CPU but readers within readers.
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
		/* Before any pointer is read: with the barrier of rv_wait_walks(). */
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

/* Readers may be preempted by others on the same CPU: only a grace period tells that they have ended. */
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

/* To a number that only this CPU writes, in one piece: a reader that preempts another on it may add, too. */
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

static inline void rv_unlock(struct rv_lock *lock)
{
	spin_unlock_bh(&lock->lock);
}

#else

/* Before any header of the kernel: those then leave out what it defines. */
#include <net/if.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/types.h>

/* Made by one of the two below. */
struct rv_lock {
	pthread_mutex_t mutex;
};

#define RV_LOCK_INIT(name)	{ .mutex = PTHREAD_MUTEX_INITIALIZER }
#define rv_lock_init(l)		pthread_mutex_init(&(l)->mutex, NULL)

/*
 * Readers: between the two, what rv_deref() returned is not freed, and the thread is not moved to another
 * slot. Returns the number of the slot (the CPU, in a program the thread), below the number of
 * slots the engine was made with. May be nested. Readers do not sleep.
 */
unsigned int rv_read_begin(void);
void rv_read_end(void);

/* To a number that only the thread of this slot writes, and others read. */
static inline void rv_add(__u64 *to, uint64_t n)
{
	__atomic_store_n(to, *to + n, __ATOMIC_RELAXED);
}

/* Short, without sleeping and without allocating; readers take it too. */
void rv_lock(struct rv_lock *lock);
void rv_unlock(struct rv_lock *lock);

/* Called now and then in long work that may sleep: lets others have the CPU. */
void rv_rest(void);

#endif

/*
 * Returns when every reader that may hold a pointer from before has ended. Sleeps. rv_wait_walks() waits
 * for those only who are between rv_read_begin() and rv_read_end() just now, which is soon over;
 * rv_wait_readers() for all that a grace period ends, as packets on their way to a hook.
 */
void rv_wait_walks(void);
void rv_wait_readers(void);

/*
 * Zeroed memory, aligned for any type, or NULL. Whoever handles a packet passes
 * may_sleep = false; large tables need true.
 */
void *rv_alloc(size_t size, bool may_sleep);
/* The same without zeros, for who fills it at once; may sleep. */
void *rv_alloc_unfilled(size_t size);
/* NULL is fine. */
void rv_free(void *p);

/*
 * Who pays for what packets make known: whoever makes the table that they fill (in the kernel, its control
 * group). rv_payer_get() is called by that one, and may return NULL: nobody in particular.
 */
struct rv_payer;
struct rv_payer *rv_payer_get(void);
void rv_payer_put(struct rv_payer *payer);
/* As rv_alloc() where packets are handled. NULL, too, when the payer may have no more. */
void *rv_alloc_for(size_t size, struct rv_payer *payer);

enum rv_clock {
	RV_CLOCK_STEADY,	/* since some time, goes on steadily */
	RV_CLOCK_UTC,		/* since 1970 */
	RV_CLOCK_LOCAL,		/* the same in the kernel's time zone */
};

/* Nanoseconds. */
uint64_t rv_clock(enum rv_clock which);

/* 32 random bits; good ones: keys of hash tables are made of them. */
uint32_t rv_random(void);

#endif
