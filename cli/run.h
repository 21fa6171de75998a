/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ravelin run: what happened to a packet, for those who print it. */
#ifndef RAVELIN_RUN_H
#define RAVELIN_RUN_H

#include "backend/kmod/kmod.h"
#include "cli/capture.h"
#include "cli/cli.h"
#include "kernel/engine/engine.h"

/* Rules of one pass that are told one by one; a longer way is told to be longer. */
#define RV_RUN_PATH 256

/* Notes of one pass: what LOG, NFLOG and REJECT would have done. */
#define RV_RUN_NOTES 8

/* A packet in a table at a hook. */
struct rv_run_pass {
	const struct rv_table_def *table;
	const struct rv_base_def *base;		/* name of the chain and hook */
	const struct rv_kmod_blob *blob;	/* whose entries the steps are */
	unsigned int verdict;			/* NF_* */
	struct rv_record record;
	struct rv_step path[RV_RUN_PATH];
	unsigned int nnotes;
	char notes[RV_RUN_NOTES][160];
};

/* Five hooks, five tables. */
#define RV_RUN_PASSES 25

enum rv_run_fate {
	RV_RUN_ACCEPTED,
	RV_RUN_DROPPED,
	RV_RUN_QUEUED,
	RV_RUN_STOLEN,
	RV_RUN_OTHER,		/* not run: of the other family, or no IP */
	RV_RUN_MALFORMED,	/* not run: no host would get it that far */
	RV_RUN_FATES
};

struct rv_run_packet {
	const struct rv_frame *frame;
	struct rv_pkt *pkt;		/* as it is at the end; not set if it was not run */
	uint32_t mark;				/* it began with */
	bool changed;				/* its bytes are other ones now */
	enum rv_run_fate fate;
	const char *why;			/* MALFORMED: what is wrong */
	unsigned int npasses;
	struct rv_run_pass *passes;
};

struct rv_run_totals {
	uint64_t packets, fates[RV_RUN_FATES];
	const struct rv_ruleset *rs;		/* with the counters that there are now */
	const struct rv_table *tables[RVK_TABLES_MAX];	/* that were run */
	unsigned int ntables;
};

/* A way to print. All append to b. */
struct rv_run_form {
	void (*start)(struct rv_buf *b);
	void (*packet)(struct rv_buf *b, const struct rv_run_packet *p);
	void (*end)(struct rv_buf *b, const struct rv_run_totals *t);
};

extern const struct rv_run_form rv_run_text, rv_run_json;

/* What both print, in run.c. */
const char *rv_run_verdict_name(unsigned int verdict);
const char *rv_run_fate_name(enum rv_run_fate fate);
void rv_run_time(uint64_t ns, char text[40]);		/* 2026-11-25T10:00:00.123456789Z */
/* The rule of a step, or NULL: a policy, or the end of a chain. */
const struct rv_kmod_entry *rv_run_entry(const struct rv_run_pass *pass, const struct rv_step *step);
/* The rule as text, without a newline. */
void rv_run_rule(struct rv_buf *b, const struct rv_kmod_entry *e);
/* Names of what was looked at: *i starts at 0; NULL at the end. */
const char *rv_run_looked(const struct rv_record *record, unsigned int *i);
/* Source or destination, network order. */
const union nf_inet_addr *rv_run_address(const struct rv_run_packet *p, bool source,
					 union nf_inet_addr *addr);
/* Source and destination port; false: it has none. */
bool rv_run_ports(const struct rv_run_packet *p, uint16_t *sport, uint16_t *dport);

#endif
