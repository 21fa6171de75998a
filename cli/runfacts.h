/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin run: what is taken to be so of a packet, on one of the ways it may go. A fact is a
 * predicate that holds or does not; from facts others follow.
 */
#ifndef RAVELIN_RUNFACTS_H
#define RAVELIN_RUNFACTS_H

#include <ravelin/extension.h>

struct rv_pkt;

enum rv_answer { RV_ANSWER_NO, RV_ANSWER_YES, RV_ANSWER_OPEN };

struct rv_fact {
	struct rv_predicate p;		/* without negation */
	bool is;
};

/* 32 bits of which some are known: a mark. */
struct rv_marked {
	uint32_t value, known;
	/* Values that the unknown bits do not have. */
	struct { uint32_t mask, value; } not[8];
	unsigned int nnot;
};

struct rv_facts {
	struct rv_fact *list;
	size_t n, room;
	bool failed;			/* out of memory */
	struct rv_marked mark, ctmark;	/* of the packet, of its connection */
	const struct rv_pkt *pkt;	/* whose addresses and hook limit what can be */
	/* Whether a destination or source address is the host's own, if that is known. */
	enum rv_answer (*local)(void *arg, const struct rv_pkt *pkt, bool dst);
	void *arg;
};

/* What follows for a predicate, with its negation. */
enum rv_answer rv_facts_ask(const struct rv_facts *f, const struct rv_predicate *p);
/* From now on it is so. The text of a predicate has to last. */
void rv_facts_learn(struct rv_facts *f, const struct rv_predicate *p, bool is);
/* Forgets what is known of a selector. */
void rv_facts_drop(struct rv_facts *f, enum rv_sel sel);

/* Replaces the bits of mask: by value, or where open has bits by what is not known. */
void rv_marked_set(struct rv_marked *m, uint32_t mask, uint32_t value, uint32_t open);

#endif
