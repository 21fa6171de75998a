/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin run: results for a packet, used by the output formats. */
#ifndef RAVELIN_RUN_H
#define RAVELIN_RUN_H

#include "backend/kmod/kmod.h"
#include "cli/run/capture.h"
#include "cli/cli.h"
#include "cli/run/ask.h"
#include "kernel/engine/engine.h"

/* steps of one pass that are printed; longer paths are marked */
#define RV_RUN_PATH 256

/* Limit of notes per pass: what LOG, NFLOG and REJECT would do, and what was not simulated. */
#define RV_RUN_NOTES 8

/* A packet in a table at a hook. */
struct rv_run_pass {
	const struct rv_table_def *table;
	const struct rv_base_def *base;		/* name of the chain and hook */
	const struct rv_kmod_blob *blob;	/* encoded table that the steps refer to */
	unsigned int number;			/* index among the tables run */
	unsigned int directions;		/* RV_PATH_* of packets that pass it */
	bool passed;
	unsigned int verdict;			/* NF_* */
	struct rv_record record;		/* path has cap steps */
	struct rv_sel_set looked;		/* selectors the engine does not have */
	unsigned int nnotes;
	char notes[RV_RUN_NOTES][160];
};

/* five hooks, one of them twice, times five tables */
#define RV_RUN_PASSES 30

enum rv_run_fate {
	RV_RUN_ACCEPTED,
	RV_RUN_DROPPED,
	RV_RUN_QUEUED,
	RV_RUN_STOLEN,
	RV_RUN_OPEN,		/* depends on unknown information */
	RV_RUN_OTHER,		/* not run: other family or not IP */
	RV_RUN_ELSEWHERE,	/* not run: the host does not pass it through the chains
				 * requested */
	RV_RUN_FRAGMENT,	/* not run: fragment that completes no packet */
	RV_RUN_MALFORMED,	/* not run: malformed, dropped before the hooks */
	RV_RUN_FATES
};

/* What connection tracking makes of a packet: --conntrack. */
struct rv_run_tracked {
	bool known;			/* a path has reached it */
	bool full;			/* dropped: no room for its connection */
	struct rv_track track;
	/* After all paths: */
	const char *state;		/* "NEW", ...; NULL: no path reached it */
	const char *direction;		/* "original", "reply"; NULL: no connection */
	const char *why;		/* INVALID, dropped: reason */
	const char *proto_state;	/* of TCP; or NULL */
	uint32_t number;		/* of the connection, from 1 */
};

struct rv_run_packet {
	const struct rv_frame *frame;
	uint32_t mark;				/* initial value */
	const char *why;			/* not run: reason */
	uint32_t reassembled;			/* length of the packet if it was fragmented, or 0 */
	const struct rv_asking *asking;
	/* Of the last path: */
	struct rv_pkt *pkt;		/* final state; not set if it was not run */
	bool changed;				/* the packet was modified */
	enum rv_run_fate fate;			/* of all paths, once all are run */
	unsigned int npasses;
	struct rv_run_pass *passes;
	/* Of all paths: */
	const struct rv_run_way *ways;
	unsigned int nways;
	bool more;				/* not all paths were followed */
	const struct rv_run_tracked *tracked;	/* NULL: no --conntrack */
	const struct rv_buf *text;		/* their output */
};

/* Counters of an entry: certain values, and the additional maximum if unknowns allow it. */
struct rv_run_count {
	struct rv_counters sure, more;
	/* For the current packet: */
	bool touched;
	unsigned int ways;			/* that reached the entry */
	struct rv_counters here, least, most;	/* on the last path; minimum; maximum */
};

/* A connection at the end; addresses and ids as in struct rv_tuple. */
struct rv_run_end {
	union nf_inet_addr src, dst;
	uint8_t ids[4];
	uint64_t packets, bytes;
};

struct rv_run_connection {
	uint32_t number;
	uint8_t family, proto, zone_dirs;
	uint16_t zone;
	uint32_t seconds, status, mark;
	const char *proto_name, *proto_state;
	struct rv_run_end ends[2];		/* enum rv_ct_dir */
};

struct rv_run_totals {
	uint64_t packets, fates[RV_RUN_FATES];
	const struct rv_ruleset *rs;		/* with current counters */
	struct rv_kmod_change *change;		/* tables that were run */
	struct rv_run_count *counts[RVK_TABLES_MAX];	/* by table and entry */
	struct rv_run_count **touched;		/* entries touched by the current packet */
	size_t ntouched, room;
	bool any_more;				/* an entry has counted more than is certain */
	struct rv_buf notes;			/* lines: omissions and likely mistakes */
	bool tracked;				/* --conntrack */
	struct rv_run_connection *connections;
	size_t nconnections;
};

/* An output format. All functions append to b. */
struct rv_run_form {
	void (*start)(struct rv_buf *b);
	/* One path of a packet; number: paths before it; alone: there is no other. */
	void (*way)(struct rv_buf *b, const struct rv_run_packet *p, const struct rv_run_way *way,
		    unsigned int number);
	/* The packet; p->text has the output for its paths. */
	void (*packet)(struct rv_buf *b, const struct rv_run_packet *p);
	void (*end)(struct rv_buf *b, const struct rv_run_totals *t);
};

extern const struct rv_run_form rv_run_text, rv_run_json;

/* ---- counters: count.c ---------------------------------------------------------------- */

/* -1 when memory ran out. */
int rv_run_counts_new(struct rv_run_totals *t);
void rv_run_counts_free(struct rv_run_totals *t);
/* Counts one path of a packet (-1 when memory ran out), and after all paths the packet. */
int rv_run_count_way(struct rv_run_totals *t, const struct rv_run_packet *p);
void rv_run_count_packet(struct rv_run_totals *t, const struct rv_run_packet *p);
/* Copies the certain counters to rules and policies. */
void rv_run_counts_tell(struct rv_run_totals *t);
/* Additional maximum of a rule or policy; NULL: none. */
const struct rv_counters *rv_run_more(const struct rv_run_totals *t, unsigned int table,
				      const struct rv_chain *c, const struct rv_rule *r);

/* ---- connections: connections.c -------------------------------------------------------------- */

/* Makes the engine track connections. -ENOMEM. */
int rv_run_track_start(struct rv_engine *e);
/* On each path, after table raw. False: the packet is dropped. */
bool rv_run_track(struct rv_engine *e, struct rv_pkt *pkt, struct rv_run_tracked *t);
/* After all paths; fate: of the packet. */
void rv_run_track_end(struct rv_engine *e, struct rv_pkt *pkt, struct rv_run_tracked *t,
		      enum rv_run_fate fate);
/* All connections, by number. The caller frees the array. -1 when memory ran out. */
int rv_run_connections(struct rv_engine *e, struct rv_run_connection **connections, size_t *n);
/* Appends a connection as conntrack(8) -L prints it. */
void rv_run_connection(struct rv_buf *b, const struct rv_run_connection *c);

/* ---- directions: direction.c ------------------------------------------------------------- */

/* Pairs of addresses seen, to detect packets of both directions. */
struct rv_run_flows;

struct rv_run_flows *rv_run_flows_new(void);
void rv_run_flows_free(struct rv_run_flows *f);
void rv_run_flows_add(struct rv_run_flows *f, const struct rv_frame *frame);
/* Appends "A and B", two hosts with packets in both directions. False: none. */
bool rv_run_flows_both(const struct rv_run_flows *f, struct rv_buf *b);

/* ---- results in words: result.c ------------------------------------------------------------- */

/*
 * Adds a note for a target, or the output of LOG and NFLOG. Notes beyond RV_RUN_NOTES are dropped.
 */
void rv_run_note(struct rv_run_pass *pass, const char *text);
void rv_run_note_log(struct rv_run_pass *pass, const struct rv_log *log);
enum rv_run_fate rv_run_fate_of(unsigned int verdict);
const char *rv_run_verdict_name(unsigned int verdict);
const char *rv_run_fate_name(enum rv_run_fate fate);
void rv_run_time(uint64_t ns, char text[40]);		/* 2026-11-25T10:00:00.123456789Z */
/* Rule of a step, or NULL: a policy, or the end of a chain. */
const struct rv_kmod_entry *rv_run_entry(const struct rv_run_pass *pass, const struct rv_step *step);
/* Appends the rule without a newline. */
void rv_run_rule(struct rv_buf *b, const struct rv_kmod_entry *e);
/* Names of the selectors tested: *i starts at 0; NULL at the end. */
const char *rv_run_looked(const struct rv_run_pass *pass, unsigned int *i);
/* Source or destination address, network order. */
const union nf_inet_addr *rv_run_address(const struct rv_run_packet *p, bool source,
					 union nf_inet_addr *addr);
/* Source and destination port; false: the packet has none. */
bool rv_run_ports(const struct rv_run_packet *p, uint16_t *sport, uint16_t *dport);

#endif
