/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares two rulesets for all packets, and finds packets that they treat differently. */
#ifndef RAVELIN_ANALYSIS_PROVE_H
#define RAVELIN_ANALYSIS_PROVE_H

#include "analysis/walk.h"

/* Differences to ignore. */
enum { RV_PROVE_NO_LOG = 1 << 0, RV_PROVE_NO_MARK = 1 << 1, RV_PROVE_VERDICTS = 1 << 2 };

/* One or two rulesets in one space; side[1] may be NULL. */
struct rv_proof {
	const struct rv_ruleset *side[2];
	struct rv_space space;
	struct rv_walk walk;
	unsigned int ignore;
};

/* Fails if memory runs out or rv_table_check() finds a rule that the kernel would refuse. */
int rv_proof_init(struct rv_proof *p, const struct rv_ruleset *a, const struct rv_ruleset *b,
		  const struct rv_rule *more, struct rv_error *err);
void rv_proof_free(struct rv_proof *p);

/* A base chain of both rulesets, and the outcomes of the packets that enter it. */
struct rv_proof_chain {
	const struct rv_table_def *def;
	const struct rv_base_def *base;
	const struct rv_chain *chain[2];	/* NULL: does not exist, so all packets are accepted */
	rv_dd outcome[2], possible;
	rv_dd differs;			/* possible packets with different outcomes */
};
/* Returns 0, 1 if the outcomes cannot be determined (see p->walk.unknown), or -1: out of memory. */
int rv_proof_chain(struct rv_proof *p, const struct rv_table_def *def, unsigned int base,
		   struct rv_proof_chain *c);
/* Whether either ruleset has the base chain. */
bool rv_proof_has(const struct rv_proof *p, const struct rv_table_def *def, unsigned int base);

/* The outcome of one packet. */
const struct rv_outcome *rv_proof_outcome(struct rv_proof *p, const struct rv_proof_chain *c, unsigned int side,
					  const uint8_t *values);
/* "DROP", "ACCEPT with mark 0x1", "LOG --log-prefix x, then DROP" */
void rv_outcome_words(struct rv_buf *b, struct rv_proof *p, const struct rv_outcome *o, const uint8_t *values);

/* ---- replay.c: the engine runs one packet --------------------------------------------------------- */

struct rv_replay {
	char end[512];			/* the final verdict or target, or the policy */
	struct rv_buf effects;		/* what earlier targets did, one line each */
	char tracking[512];		/* the CT target */
	uint32_t mark, ctmark;
	bool has[RV_BYTES];	/* which header bytes the packet has */
	uint8_t before[RV_BYTES], after[RV_BYTES];
	uint32_t rule;			/* number of the deciding rule in chain, from 1; 0: the policy */
	char chain[RV_CHAIN_NAME_LEN];
};

/*
 * The engine with one table loaded, for any number of packets. The space and the table must outlive
 * it. NULL with err set if the engine refuses the table, or without memory.
 */
struct rv_replayer *rv_replay_open(struct rv_space *s, const struct rv_table *t, struct rv_error *err);
void rv_replay_close(struct rv_replayer *p);
/*
 * Runs the packet through a base chain of the table. values: without RV_POINT_ANY. Matches that
 * packet bytes do not decide get their result from values. Returns 0, or 1 if there is no such packet.
 */
int rv_replay_packet(struct rv_replayer *p, const struct rv_chain *c, const uint8_t *values, struct rv_replay *r);
/* The same for one packet: 0, 1 if there is no such packet or the engine refuses the table, or -1 with err set. */
int rv_replay(struct rv_space *s, const struct rv_chain *c, const uint8_t *values, struct rv_replay *r,
	      struct rv_error *err);
/* Whether the engine's result is the computed outcome. */
bool rv_replay_agrees(struct rv_proof *p, const struct rv_replay *r, const struct rv_outcome *o, const uint8_t *values);
/* Writes the packet; returns its length, or 0 if there is no such packet. */
size_t rv_point_packet(const struct rv_space *s, const uint8_t *values, uint8_t *bytes, size_t room);

#endif
