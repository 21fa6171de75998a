/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin run: what happened to a packet, for those who print it. */
#ifndef RAVELIN_RUN_H
#define RAVELIN_RUN_H

#include "backend/kmod/kmod.h"
#include "cli/capture.h"
#include "cli/cli.h"
#include "cli/runask.h"
#include "kernel/engine/engine.h"

/* Steps of one pass that are printed; a longer way is told to be longer. */
#define RV_RUN_PATH 256

/* Notes of one pass: what LOG, NFLOG and REJECT would have done, and what was not done. */
#define RV_RUN_NOTES 8

/* A packet in a table at a hook. */
struct rv_run_pass {
	const struct rv_table_def *table;
	const struct rv_base_def *base;		/* name of the chain and hook */
	const struct rv_kmod_blob *blob;	/* whose entries the steps are */
	unsigned int number;			/* of the table among those that are run */
	unsigned int directions;		/* RV_PATH_*: whose packets pass it */
	bool passed;
	unsigned int verdict;			/* NF_* */
	struct rv_record record;		/* with a path of cap steps */
	struct rv_sel_set looked;		/* selectors that the engine has not */
	unsigned int nnotes;
	char notes[RV_RUN_NOTES][160];
};

/* Five hooks, one of them twice, five tables. */
#define RV_RUN_PASSES 30

enum rv_run_fate {
	RV_RUN_ACCEPTED,
	RV_RUN_DROPPED,
	RV_RUN_QUEUED,
	RV_RUN_STOLEN,
	RV_RUN_OPEN,		/* it depends on what is not known */
	RV_RUN_OTHER,		/* not run: of the other family, or no IP */
	RV_RUN_ELSEWHERE,	/* not run: the host has it pass other chains than were asked for */
	RV_RUN_MALFORMED,	/* not run: no host would get it that far */
	RV_RUN_FATES
};

struct rv_run_packet {
	const struct rv_frame *frame;
	uint32_t mark;				/* it began with */
	const char *why;			/* not run: what is wrong */
	const struct rv_asking *asking;
	/* Of the way that was gone last: */
	struct rv_pkt *pkt;		/* as it is at the end; not set if it was not run */
	bool changed;				/* its bytes are other ones now */
	enum rv_run_fate fate;			/* of all ways, when all are gone */
	unsigned int npasses;
	struct rv_run_pass *passes;
	/* Of all: */
	const struct rv_run_way *ways;
	unsigned int nways;
	bool more;				/* there are more, which were not followed */
	const struct rv_buf *text;		/* what was printed of them */
};

/* What an entry counted: for certain, and beyond that if what is not known was so. */
struct rv_run_count {
	struct rv_counters sure, more;
	/* Of the packet that is run: */
	bool touched;
	unsigned int ways;			/* that got here */
	struct rv_counters here, least, most;	/* on the last way; the fewest; the most */
};

struct rv_run_totals {
	uint64_t packets, fates[RV_RUN_FATES];
	const struct rv_ruleset *rs;		/* with the counters that there are now */
	struct rv_kmod_change *change;		/* tables that were run */
	struct rv_run_count *counts[RVK_TABLES_MAX];	/* by table and entry */
	struct rv_run_count **touched;		/* by the packet that is run */
	size_t ntouched, room;
	bool any_more;				/* one of these has more than is certain */
	struct rv_buf notes;			/* lines: what was left out, or is likely wrong */
};

/* A way to print. All append to b. */
struct rv_run_form {
	void (*start)(struct rv_buf *b);
	/* One way of a packet, of which number ways were gone before; alone: there is no other. */
	void (*way)(struct rv_buf *b, const struct rv_run_packet *p, const struct rv_run_way *way,
		    unsigned int number);
	/* The packet, with p->text of its ways. */
	void (*packet)(struct rv_buf *b, const struct rv_run_packet *p);
	void (*end)(struct rv_buf *b, const struct rv_run_totals *t);
};

extern const struct rv_run_form rv_run_text, rv_run_json;

/* ---- counters: runcount.c ---------------------------------------------------------------- */

/* -1 without memory. */
int rv_run_counts_new(struct rv_run_totals *t);
void rv_run_counts_free(struct rv_run_totals *t);
/* A way of a packet is gone (-1 without memory), and then all of them. */
int rv_run_count_way(struct rv_run_totals *t, const struct rv_run_packet *p);
void rv_run_count_packet(struct rv_run_totals *t, const struct rv_run_packet *p);
/* Gives rules and policies what was counted for certain. */
void rv_run_counts_tell(struct rv_run_totals *t);
/* What a rule or policy may have counted more; NULL: nothing. */
const struct rv_counters *rv_run_more(const struct rv_run_totals *t, unsigned int table,
				      const struct rv_chain *c, const struct rv_rule *r);

/* ---- directions: rundirection.c ------------------------------------------------------------- */

/* Pairs of addresses that were seen, to notice packets of both directions. */
struct rv_run_flows;

struct rv_run_flows *rv_run_flows_new(void);
void rv_run_flows_free(struct rv_run_flows *f);
void rv_run_flows_add(struct rv_run_flows *f, const struct rv_frame *frame);
/* Appends "A and B", two that packets go both ways between. False: there are none. */
bool rv_run_flows_both(const struct rv_run_flows *f, struct rv_buf *b);

/* Adds what a target says in this pass, or what LOG or NFLOG logs. Notes beyond RV_RUN_NOTES are left out. */
void rv_run_note(struct rv_run_pass *pass, const char *text);
void rv_run_note_log(struct rv_run_pass *pass, const struct rv_log *log);

/* What both print, in run.c. */
const char *rv_run_verdict_name(unsigned int verdict);
enum rv_table_id rv_run_table_id(const struct rv_table_def *def);
const char *rv_run_fate_name(enum rv_run_fate fate);
void rv_run_time(uint64_t ns, char text[40]);		/* 2026-11-25T10:00:00.123456789Z */
/* The rule of a step, or NULL: a policy, or the end of a chain. */
const struct rv_kmod_entry *rv_run_entry(const struct rv_run_pass *pass, const struct rv_step *step);
/* The rule as text, without a newline. */
void rv_run_rule(struct rv_buf *b, const struct rv_kmod_entry *e);
/* Names of what was looked at: *i starts at 0; NULL at the end. */
const char *rv_run_looked(const struct rv_run_pass *pass, unsigned int *i);
/* Source or destination, network order. */
const union nf_inet_addr *rv_run_address(const struct rv_run_packet *p, bool source,
					 union nf_inet_addr *addr);
/* Source and destination port; false: it has none. */
bool rv_run_ports(const struct rv_run_packet *p, uint16_t *sport, uint16_t *dport);

#endif
