/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dst: IPv6 headers with destination options. */
#include "extensions/opts.h"

static const struct rv_option options[] = {
	RV_OPTS_ROWS("dst", DST),
};

RV_EXTENSION(dst) = RV_OPTS("dst", DST, options, "IPv6 headers with destination options");
