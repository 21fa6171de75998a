/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two rulesets do the same with each packet, and what they do otherwise. */
#ifndef RAVELIN_ANALYSIS_PROVE_H
#define RAVELIN_ANALYSIS_PROVE_H

#include "analysis/walk.h"

/* What need not be the same. */
enum { RV_PROVE_NO_LOG = 1 << 0, RV_PROVE_NO_MARK = 1 << 1, RV_PROVE_VERDICTS = 1 << 2 };

/* Two rulesets, of which the second may be missing, in one space. */
struct rv_proof {
	const struct rv_ruleset *side[2];
	struct rv_space space;
	struct rv_walk walk;
	unsigned int ignore;
};

int rv_proof_init(struct rv_proof *p, const struct rv_ruleset *a, const struct rv_ruleset *b,
		  const struct rv_rule *more);
void rv_proof_free(struct rv_proof *p);

/* A base chain of both: what becomes of the packets that enter it. */
struct rv_proof_chain {
	const struct rv_table_def *def;
	const struct rv_base_def *base;
	const struct rv_chain *chain[2];	/* NULL: it is not there, and accepts */
	rv_dd outcome[2], possible;
	rv_dd differs;			/* possible packets that do not have the same */
};
/* 0; 1: it is not known, and p->walk.unknown says why; -1: no memory. */
int rv_proof_chain(struct rv_proof *p, const struct rv_table_def *def, unsigned int base,
		   struct rv_proof_chain *c);
/* The chains that there are in either: 0 for one that is in none. */
bool rv_proof_has(const struct rv_proof *p, const struct rv_table_def *def, unsigned int base);

/* What becomes of the packet of a point. */
const struct rv_outcome *rv_proof_outcome(struct rv_proof *p, const struct rv_proof_chain *c, unsigned int side,
					  const uint8_t *values);
/* "DROP", "ACCEPT with mark 0x1", "LOG --log-prefix x, then DROP" */
void rv_outcome_words(struct rv_buf *b, struct rv_proof *p, const struct rv_outcome *o, const uint8_t *values);

/* ---- replay.c: the engine runs the packet of a point ------------------------------------------------- */

struct rv_replay {
	char end[512];			/* text of the last rule's verdict or target, or of the policy */
	struct rv_buf effects;		/* lines */
	uint32_t mark;
	uint32_t rule;			/* its number in the chain below, from 1; 0: the policy */
	char chain[RV_CHAIN_NAME_LEN];
};

/*
 * Sends the packet of the point, that is settled, through the base chain by the engine. Matches that a packet does not
 * decide get the answers that the point has. 0; 1: such a packet cannot be made, or the engine
 * cannot have the table (err says why); -1 with err set.
 */
int rv_replay(struct rv_space *s, const struct rv_chain *c, const uint8_t *values, struct rv_replay *r,
	      struct rv_error *err);
/* Whether that is the outcome. */
bool rv_replay_agrees(struct rv_proof *p, const struct rv_replay *r, const struct rv_outcome *o, const uint8_t *values);
/* The bytes of the packet; 0: there is no such packet. */
size_t rv_point_packet(const struct rv_space *s, const uint8_t *values, uint8_t *bytes, size_t room);

#endif
