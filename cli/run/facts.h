/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin run: facts known about a packet on one path. A fact is a predicate that is true or false;
 * others are inferred from it.
 */
#ifndef RAVELIN_RUNFACTS_H
#define RAVELIN_RUNFACTS_H

#include <ravelin/extension.h>

struct rv_pkt;

enum rv_answer { RV_ANSWER_NO, RV_ANSWER_YES, RV_ANSWER_OPEN };

struct rv_fact {
	struct rv_predicate p;		/* not negated */
	bool is;
};

/* A 32-bit mark, some bits of which are known. */
struct rv_marked {
	uint32_t value, known;
	/* Values excluded for unknown bits. */
	struct { uint32_t mask, value; } not[8];
	unsigned int nnot;
};

struct rv_facts {
	struct rv_fact *list;
	size_t n, room;
	bool failed;			/* out of memory */
	struct rv_marked mark, ctmark;	/* of the packet and of its connection */
	const struct rv_pkt *pkt;	/* its addresses and hook restrict possible values */
	/* Whether the destination or source address is local, if known. */
	enum rv_answer (*local)(void *arg, const struct rv_pkt *pkt, bool dst);
	void *arg;
};

/* Answer for a predicate, including its negation. */
enum rv_answer rv_facts_ask(const struct rv_facts *f, const struct rv_predicate *p);
/* Adds a fact. The predicate's text must outlive it. */
void rv_facts_learn(struct rv_facts *f, const struct rv_predicate *p, bool is);
/* Removes facts about a selector. */
void rv_facts_drop(struct rv_facts *f, enum rv_sel sel);

/* Replaces the bits of mask by those of value; bits set in open become unknown. */
void rv_marked_set(struct rv_marked *m, uint32_t mask, uint32_t value, uint32_t open);

#endif
