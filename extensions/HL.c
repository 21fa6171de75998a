/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HL: changes the number of hops a packet of IPv6 may still go (uapi ip6t_HL.h). */
#include "extensions/hoplimit.h"

static const struct rv_option options[] = RV_HOPS_ROWS("hl");

static const struct rv_wire wire_rows[] = {
	{ .size = sizeof(struct ipt_TTL_info) },
	{ 0 },
};

RV_EXTENSION(hl_target) = RV_HOPS_TARGET("HL", NFPROTO_IPV6, options, wire_rows,
						      " ip6 hoplimit set <hl-set:d>");
