/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNPT: gives the packet's source another prefix (uapi ip6t_NPT.h, RFC 6296). */
#include "extensions/npt.h"

static const struct rv_option options[] = RV_NPT_ROWS;
static const struct rv_wire wire_rows[] = RV_NPT_WIRE;

static const struct rv_ext snpt =
	RV_NPT_TARGET("SNPT", options, wire_rows, 1 << NF_INET_LOCAL_IN | 1 << NF_INET_POST_ROUTING,
		      "gives the packet's source another prefix, without connection tracking");

RV_REGISTER(snpt);
