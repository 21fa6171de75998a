/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hbh: IPv6 headers with hop-by-hop options. */
#include "extensions/opts.h"

static const struct rv_option options[] = {
	RV_OPTS_ROWS("hbh", HBH),
};

RV_EXTENSION(hbh) = RV_OPTS("hbh", HBH, options, "IPv6 headers with hop-by-hop options");
