/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's one door to the world: ten functions. kernel/linux/port.c has them for the module,
 * kernel/user/port.c for programs; which of the two it is, is decided here and nowhere else.
 *
 * Packets are not reached through here but through the functions a packet brings along
 * (struct rv_pkt_ops), matches and targets of the kernel through those of the engine
 * (struct rv_engine_ops).
 */
#ifndef RAVELIN_KERNEL_PORT_H
#define RAVELIN_KERNEL_PORT_H

#ifdef __KERNEL__

#include <linux/processor.h>	/* which the next one needs */
#include <linux/bit_spinlock.h>
#include <linux/bottom_half.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

/* Names of stdint.h that the kernel's types.h leaves out. */
#define UINT8_MAX	U8_MAX
#define UINT16_MAX	U16_MAX
#define UINT32_MAX	U32_MAX
#define UINT64_MAX	U64_MAX

/* All zeros: not held. */
struct rv_lock {
	unsigned long word;
};

/* Grace periods wait for where bottom halves are off, too: since Linux 5.0 all kinds of RCU are one. */
static inline unsigned int rv_read_begin(void)
{
	local_bh_disable();
	return smp_processor_id();
}

static inline void rv_read_end(void)
{
	local_bh_enable();
}

static inline void rv_rest(void)
{
	cond_resched();
}

static inline void rv_lock(struct rv_lock *lock)
{
	local_bh_disable();
	bit_spin_lock(0, &lock->word);
}

static inline void rv_unlock(struct rv_lock *lock)
{
	bit_spin_unlock(0, &lock->word);
	local_bh_enable();
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

/* All zeros: not held. */
struct rv_lock {
	pthread_mutex_t mutex;
};

/*
 * Readers: between the two, what rv_deref() returned is not freed, and the thread is not moved to another
 * slot. Returns the number of the slot (the CPU, in a program the thread), below the number of
 * slots the engine was made with. May be nested. Readers do not sleep.
 */
unsigned int rv_read_begin(void);
void rv_read_end(void);

/* Short, without sleeping and without allocating; readers take it too. */
void rv_lock(struct rv_lock *lock);
void rv_unlock(struct rv_lock *lock);

/* Called now and then in long work that may sleep: lets others have the CPU. */
void rv_rest(void);

#endif

/* Returns when every reader that may hold a pointer from before has ended. Sleeps. */
void rv_wait_readers(void);

/*
 * Zeroed memory, aligned for any type, or NULL. Whoever handles a packet passes
 * may_sleep = false; large tables need true.
 */
void *rv_alloc(size_t size, bool may_sleep);
/* NULL is fine. */
void rv_free(void *p);

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
