/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differences between kernel versions; no other file tests for the version. The rest is written for
 * Linux 5.10 and later.
 */
#ifndef RAVELIN_KERNEL_COMPAT_H
#define RAVELIN_KERNEL_COMPAT_H

#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv6.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "ravelin needs Linux 5.10 or later"
#endif

/* 64-bit counters need single-copy atomic access. */
#if BITS_PER_LONG != 64
#error "ravelin needs a 64-bit kernel"
#endif

/* Without bridge netfilter, the functions that report ports are missing. */
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
static inline int rv_bridge_in(const struct sk_buff *skb)
{
	return nf_bridge_get_physinif(skb);
}

static inline int rv_bridge_out(const struct sk_buff *skb)
{
	return nf_bridge_get_physoutif(skb);
}
#else
static inline int rv_bridge_in(const struct sk_buff *skb)
{
	return 0;
}

static inline int rv_bridge_out(const struct sk_buff *skb)
{
	return 0;
}
#endif

#endif
