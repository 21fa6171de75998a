// SPDX-License-Identifier: GPL-2.0-or-later
/* The functions of kernel/engine/port.h that are not inlined. */
#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
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

void rv_free(void *p)
{
	if (!p)
		return;
	atomic_long_dec(&live);
	kvfree(p);
}

long rv_live_objects(void)
{
	return atomic_long_read(&live);
}

void rv_wait_readers(void)
{
	synchronize_rcu();
}

uint64_t rv_clock(enum rv_clock which)
{
	switch (which) {
	case RV_CLOCK_STEADY:
		return ktime_get_ns();
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
