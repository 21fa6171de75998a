/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TTL: changes the number of hops a packet of IPv4 may still go (uapi ipt_TTL.h). */
#include "extensions/hoplimit.h"

static const struct rv_option options[] = RV_HOPS_ROWS("ttl");

static const struct rv_wire wire_rows[] = {
	{ .size = sizeof(struct ipt_TTL_info) },
	{ 0 },
};

RV_EXTENSION(ttl_target) = RV_HOPS_TARGET("TTL", NFPROTO_IPV4, options, wire_rows,
						       " ip ttl set <ttl-set:d>");
