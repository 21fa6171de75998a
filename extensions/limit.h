/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rates of limit and hashlimit. The kernel has the cost of a packet: the time from one to the
 * next in parts of a second, of which scale make one. People and nf_tables say packets per unit.
 */
#ifndef RAVELIN_EXTENSIONS_LIMIT_H
#define RAVELIN_EXTENSIONS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include <ravelin/extension.h>

#define RV_LIMIT_BURST 5	/* packets, if not given */

struct rv_limit_unit {
	const char *name;	/* as save prints it */
	const char *word;	/* in full */
	uint32_t seconds;
};

/* The largest comes first; the last is one byte. */
struct rv_byte_unit {
	const char *name;	/* as save prints it */
	const char *word;	/* nft's */
	uint64_t bytes;
};
#define RV_BYTE_UNITS 3
extern const struct rv_byte_unit rv_byte_units[RV_BYTE_UNITS];

/* What nf_tables limits to. */
struct rv_rate {
	uint64_t rate;		/* packets or bytes, */
	uint32_t seconds;	/* in so many seconds, */
	uint64_t burst;		/* of packets all that come at once, of bytes those beyond the rate */
	bool bytes;
};

/* The unit whose word begins so, whatever its capitals; NULL: none. */
const struct rv_limit_unit *rv_limit_find_unit(const char *text);
/* The one of so many seconds, or NULL. */
const struct rv_limit_unit *rv_limit_unit_of(uint64_t seconds);

#define RV_LIMIT_BURST_MAX 10000	/* of --limit-burst */
/* The unit in which stock would say that cost. */
const struct rv_limit_unit *rv_limit_unit(uint64_t cost, uint64_t scale);
/* "packets/unit" as save prints it. */
void rv_limit_print(struct rv_buf *b, uint64_t cost, uint64_t scale);

/* That of packets. */
struct rv_rate rv_rate_of_packets(uint64_t cost, uint64_t scale, uint64_t burst);
struct rv_rate rv_hashlimit_rate(const unsigned char *data);
/* That of a match by the name of limit or hashlimit. */
struct rv_rate rv_rate_of(const struct rv_ext *ext, const unsigned char *data);

#endif
