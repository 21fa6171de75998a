/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters of rules and chains over time. */
#ifndef RAVELIN_TOP_H
#define RAVELIN_TOP_H

#include "cli/cli.h"

enum rv_top_order {
	RV_TOP_PACKET_RATE,
	RV_TOP_BYTE_RATE,
	RV_TOP_PACKETS,
	RV_TOP_BYTES,
	RV_TOP_PLACE,			/* as save prints them */
};

/* What is shown. */
struct rv_top_view {
	bool ip, ip6;
	const struct rv_table_def *table;	/* NULL: all */
	const char *filter;			/* a part of the line, in any case; NULL or "": all lines */
	enum rv_top_order order;
	bool chains;				/* sums of chains instead of rules */
	bool drops;				/* what drops or rejects comes first */
};

/* A rule, the policy of a base chain, or a chain with all of these. */
struct rv_top_line {
	rv_family_t family;
	bool drops;
	const struct rv_table_def *table;
	char chain[RV_CHAIN_NAME_LEN];
	uint32_t number;			/* of the rule; 0: the policy, or a chain */
	uint64_t handle;			/* of the rule; 0: its place is its name */
	uint32_t place;				/* in the sample */
	struct rv_counters counters;
	double packets, bytes;			/* a second, since the sample before */
	char *text;				/* without its chain; owned */
};

struct rv_top_sample {
	struct rv_top_line *line;		/* by key: family, table, chain, handle or number */
	size_t n, room;
	int64_t at;				/* ms of the monotonic clock */
};

/* Reads what is loaded. before: NULL, or the sample that rates are computed from. 0, or -1 with err set. */
int rv_top_read(struct rv_top_sample *s, struct rv_cli *cli, const struct rv_top_view *v,
		const struct rv_top_sample *before, struct rv_error *err);
void rv_top_free(struct rv_top_sample *s);
/*
 * The lines that the view shows, in its order: an array of *n pointers into the sample, to be freed.
 * NULL without memory.
 */
const struct rv_top_line **rv_top_select(const struct rv_top_sample *s, const struct rv_top_view *v,
					 size_t *n);

/* "packets/s", ...; NULL behind the last. */
extern const char *const rv_top_orders[];

/* Append the heads of the columns and a line, both without a newline. */
void rv_top_put_head(struct rv_buf *b, const struct rv_top_view *v);
void rv_top_put_line(struct rv_buf *b, const struct rv_top_line *l);
/* Appends what is shown: "by packets/s, filter, drops first", ... */
void rv_top_put_view(struct rv_buf *b, const struct rv_top_view *v);

/* Shows it on the terminal until q. interval: ms. 0, or -1 with err set. */
int rv_top_screen(struct rv_cli *cli, struct rv_top_view *v, unsigned int interval, struct rv_error *err);

#endif
