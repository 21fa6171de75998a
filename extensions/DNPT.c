/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNPT: gives the packet's destination another prefix (uapi ip6t_NPT.h, RFC 6296). */
#include "extensions/npt.h"

static const struct rv_option options[] = RV_NPT_ROWS;
static const struct rv_wire wire_rows[] = RV_NPT_WIRE;

static const struct rv_ext dnpt =
	RV_NPT_TARGET("DNPT", options, wire_rows, 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_OUT,
		      "gives the packet's destination another prefix, without connection tracking");

RV_REGISTER(dnpt);
