/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rate of limit. xt_rateinfo.avg is the time between two packets in parts of a
 * second, XT_LIMIT_SCALE to the second; people and nf_tables say packets per unit.
 */
#ifndef RAVELIN_EXTENSIONS_LIMIT_H
#define RAVELIN_EXTENSIONS_LIMIT_H

#include <stdint.h>

struct rv_limit_unit {
	const char *name;	/* as save prints it */
	const char *word;	/* in full */
	uint32_t seconds;
};

/* Packets per unit for avg, and the unit in which stock would say it. */
uint32_t rv_limit_rate(uint32_t avg, const struct rv_limit_unit **unit);
/* The avg of packets per so many seconds; 0 when the kernel cannot say it. */
uint32_t rv_limit_avg(uint64_t packets, uint64_t seconds);

#endif
