// SPDX-License-Identifier: GPL-2.0-or-later
/* Functions of kernel/engine/port.h that are not inline. */
#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/time.h>

#include "module.h"

static atomic_long_t live;

void *rv_alloc(size_t size, bool may_sleep)
{
	void *p = may_sleep ? kvzalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN)
			    : kzalloc(size, GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);

	if (p)
		atomic_long_inc(&live);
	return p;
}

void *rv_alloc_unfilled(size_t size)
{
	void *p = kvmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);

	if (p)
		atomic_long_inc(&live);
	return p;
}

/* The memory cgroup of the current process. In packet context, current may be any process. */
struct rv_payer *rv_payer_get(void)
{
	return (struct rv_payer *)get_mem_cgroup_from_mm(current->mm);
}

void rv_payer_put(struct rv_payer *payer)
{
	if (payer)
		mem_cgroup_put((struct mem_cgroup *)payer);
}

/* Not GFP_ATOMIC, which may exceed the cgroup's limit. */
void *rv_alloc_for(size_t size, struct rv_payer *payer)
{
	struct mem_cgroup *before = set_active_memcg((struct mem_cgroup *)payer);
	void *p = kzalloc(size, GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN);

	set_active_memcg(before);
	if (p)
		atomic_long_inc(&live);
	return p;
}

void rv_free(void *p)
{
	if (!p)
		return;
	atomic_long_dec(&live);
	kvfree(p);
}

struct rv_pool {
	struct kmem_cache *cache;
	char name[24];
};

struct rv_pool *rv_pool_new(size_t size)
{
	static atomic_t last;
	struct rv_pool *pool = rv_alloc(sizeof(*pool), true);

	if (!pool)
		return NULL;
	snprintf(pool->name, sizeof(pool->name), "ravelin_%d", atomic_inc_return(&last));
	pool->cache = kmem_cache_create(pool->name, size, 0, SLAB_TYPESAFE_BY_RCU | SLAB_ACCOUNT,
					NULL);
	if (pool->cache)
		return pool;
	rv_free(pool);
	return NULL;
}

/* kmem_cache_destroy() waits until no reader can access the memory. */
void rv_pool_free(struct rv_pool *pool)
{
	if (!pool)
		return;
	kmem_cache_destroy(pool->cache);
	rv_free(pool);
}

void *rv_pool_get(struct rv_pool *pool)
{
	void *object = kmem_cache_alloc(pool->cache, GFP_ATOMIC | __GFP_NOWARN);

	if (object)
		atomic_long_inc(&live);
	return object;
}

void rv_pool_put(struct rv_pool *pool, void *object)
{
	atomic_long_dec(&live);
	kmem_cache_free(pool->cache, object);
}

long rv_live_objects(void)
{
	return atomic_long_read(&live);
}

/* Since Linux 5.0, RCU grace periods include sections with bottom halves off. */
void rv_wait_readers(void)
{
	synchronize_rcu();
}

#ifndef CONFIG_PREEMPT_RT

DEFINE_PER_CPU(struct rv_readers, rv_readers);

void rv_wait_walks(void)
{
	unsigned int cpu;

	/* Publishes earlier writes to readers that start after turns was read. */
	smp_mb();
	for_each_possible_cpu(cpu) {
		const unsigned int *turns = &per_cpu(rv_readers, cpu).turns;
		const unsigned int now = smp_load_acquire(turns);

		while (now & 1 && smp_load_acquire(turns) == now) {
			cpu_relax();
			cond_resched();
		}
	}
}

#else

void rv_wait_walks(void)
{
	synchronize_rcu();
}

#endif

uint64_t rv_clock(enum rv_clock which)
{
	switch (which) {
	case RV_CLOCK_STEADY:
		return ktime_get_ns();
	case RV_CLOCK_COARSE:
		return ktime_get_coarse_ns();
	case RV_CLOCK_UTC:
		return ktime_get_real_ns();
	case RV_CLOCK_LOCAL:
		break;
	}
	return ktime_get_real_ns() - 60LL * NSEC_PER_SEC * sys_tz.tz_minuteswest;
}

uint32_t rv_random(void)
{
	return get_random_u32();
}
