/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of rules and chains, and their rates. */
#ifndef RAVELIN_TOP_H
#define RAVELIN_TOP_H

#include "cli/cli.h"

enum rv_top_order {
	RV_TOP_PACKET_RATE,
	RV_TOP_BYTE_RATE,
	RV_TOP_PACKETS,
	RV_TOP_BYTES,
	RV_TOP_PLACE,			/* in the order of iptables-save */
};

/* Settings of the display. */
struct rv_top_view {
	bool ip, ip6;
	const struct rv_table_def *table;	/* NULL: all */
	const char *filter;			/* text in the line, ignoring case; NULL or "": all lines */
	enum rv_top_order order;
	bool chains;				/* totals of chains instead of rules */
	bool drops;				/* rules and policies that drop or reject come first */
};

/* A rule, the policy of a base chain, or the totals of a chain. */
struct rv_top_line {
	rv_family_t family;
	bool drops;
	const struct rv_table_def *table;
	char chain[RV_CHAIN_NAME_LEN];
	uint32_t number;			/* of the rule; 0: the policy, or a chain */
	uint64_t handle;			/* of the rule; 0: it is identified by number */
	uint32_t place;				/* in the sample */
	struct rv_counters counters;
	double packets, bytes;			/* per second since the previous sample */
	char *text;				/* without its chain; owned */
};

struct rv_top_sample {
	struct rv_top_line *line;		/* by key: family, table, chain, handle or number */
	size_t n, room;
	int64_t at;				/* ms of the monotonic clock */
};

/* Reads the loaded rules. before: the previous sample, for rates, or NULL. Returns 0, or -1 with err set. */
int rv_top_read(struct rv_top_sample *s, struct rv_cli *cli, const struct rv_top_view *v,
		const struct rv_top_sample *before, struct rv_error *err);
void rv_top_free(struct rv_top_sample *s);
/*
 * The lines to show, in order: a malloc'ed array of *n pointers into the sample, or NULL without
 * memory.
 */
const struct rv_top_line **rv_top_select(const struct rv_top_sample *s, const struct rv_top_view *v,
					 size_t *n);

/* "packets/s", ...; ends with NULL. */
extern const char *const rv_top_orders[];

/* Append the column headings, and a line; no newline. */
void rv_top_put_head(struct rv_buf *b, const struct rv_top_view *v);
void rv_top_put_line(struct rv_buf *b, const struct rv_top_line *l);
/* Appends the settings: "rules by packets/s, drops first, table filter". */
void rv_top_put_view(struct rv_buf *b, const struct rv_top_view *v);

/* Runs the display until q is pressed. interval: ms. Returns 0, or -1 with err set. */
int rv_top_screen(struct rv_cli *cli, struct rv_top_view *v, unsigned int interval, struct rv_error *err);

#endif
