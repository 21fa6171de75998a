/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule keeps of -j NFLOG (uapi xt_NFLOG.h). */
#ifndef RAVELIN_EXTENSIONS_NFLOG_H
#define RAVELIN_EXTENSIONS_NFLOG_H

#include <stdint.h>

#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/xt_NFLOG.h>

/*
 * info.prefix is unused: the target has room for 63 bytes, the expression "log" that stock
 * writes in its place for NF_LOG_PREFIXLEN - 1. A threshold of 0 is the kernel's own.
 */
struct rv_nflog {
	struct xt_nflog_info info;
	char prefix[NF_LOG_PREFIXLEN];
	uint32_t range;		/* --nflog-range: never did anything, and two rules do not differ by it */
};

#endif
