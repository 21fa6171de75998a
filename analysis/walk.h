/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outcome of each packet that enters a base chain, as a diagram. */
#ifndef RAVELIN_ANALYSIS_WALK_H
#define RAVELIN_ANALYSIS_WALK_H

#include "analysis/region.h"

/* A mark after the walk: turn, XORed with the selected bits of the original marks. */
struct rv_marks {
	uint32_t mark, ctmark;	/* masks: bits selected from the packet mark and the connection mark */
	uint32_t turn;
	uint32_t blurred;	/* bits whose value is not known */
};

/* Header bytes that targets change. */
enum rv_byte { RV_BYTE_TOS, RV_BYTE_TTL, RV_BYTE_TCP_FLAGS, RV_BYTES };

struct rv_outcome {
	enum rv_fate { RV_FATE_ACCEPT, RV_FATE_DROP, RV_FATE_REJECT, RV_FATE_OTHER } fate;
	uint32_t end;		/* text number of the final verdict or target */
	uint32_t effects;	/* text number of the effects of earlier targets */
	struct rv_marks mark, ctmark;
	uint32_t bytes[RV_BYTES];	/* how targets changed header bytes: indices in functions */
	uint32_t tracking;	/* text number of the CT target */
};

struct rv_walk;

/* A hash table of numbers by key, with open addressing. */
struct rv_index {
	uint32_t *slot, size;	/* a power of two; UINT32_MAX: empty */
	const void *(*key)(const struct rv_walk *w, uint32_t i, size_t *len);
	bool (*is_key)(const struct rv_walk *w, uint32_t i, const void *key);
};

struct rv_walk {
	struct rv_space *s;
	const struct rv_table *table;
	struct rv_outcome *outcomes;	/* leaf n + 2 is outcome n */
	uint32_t noutcomes, room;
	char **texts;
	uint32_t ntexts, texts_room;
	struct rv_index text_index, outcome_index;
	uint8_t (*functions)[256];	/* new value of a header byte by its old value */
	uint32_t nfunctions;
	struct rv_dd_vars *changed;	/* variables that targets of the table change */
	unsigned int nchanged;
	struct rv_memo *memo;
	struct rv_walk_step *step;		/* innermost chain that is being walked */
	const rv_dd *held;		/* nheld sets that must not be freed; NULL: free no nodes */
	unsigned int nheld;
	uint64_t steps, most;
	char unknown[160];		/* why the walk is incomplete; "": it is complete */
	bool failed;			/* out of memory */
};

int rv_walk_init(struct rv_walk *w, struct rv_space *s);
void rv_walk_free(struct rv_walk *w);
/*
 * Returns the outcomes of packets that enter the base chain. next: the outcome of packets that it
 * accepts (RV_DD_TRUE: accepted). If the walk is incomplete, w->unknown contains the reason.
 */
rv_dd rv_walk_chain(struct rv_walk *w, const struct rv_chain *c, rv_dd next);
const struct rv_outcome *rv_walk_outcome(const struct rv_walk *w, rv_dd leaf);
const char *rv_walk_text(const struct rv_walk *w, uint32_t text);
enum rv_sel rv_byte_selector(enum rv_byte byte, rv_family_t family);
/* Returns the packets with one of these fates (bits of 1 << enum rv_fate). */
rv_dd rv_walk_fates(struct rv_walk *w, rv_dd f, unsigned int fates);
/* Returns whether a target is non-terminating, always or sometimes. */
bool rv_target_goes_on(const struct rv_part *target);

/* Returns whether a non-terminating target sometimes terminates. */
bool rv_target_may_end(const struct rv_part *target);

/* What a target changes that later rules may test. */
struct rv_effect_of {
	enum {
		RV_CHANGE_NOTHING,
		RV_CHANGE_MARK,		/* the packet mark becomes marks */
		RV_CHANGE_CTMARK,	/* the connection mark becomes marks */
		RV_CHANGE_BYTE,		/* sel, a header byte, becomes to[sel] */
		RV_CHANGE_STATE,	/* the connection state becomes state */
		RV_CHANGE_BLUR,		/* sel becomes unknown; RV_SEL_NONE: all of rv_ext.writes */
	} what;
	enum rv_sel sel;
	enum { RV_CHANGES_ALL, RV_CHANGES_TRACKED, RV_CHANGES_UNSEEN } packets;	/* others are not changed */
	struct rv_marks marks;
	uint32_t state;
	uint8_t to[256];
};
void rv_effect_of(const struct rv_part *target, rv_family_t family, struct rv_effect_of *e);
/* Return the bytes that a predicate may read or a BYTE effect changes, as in rv_free.reads. */
uint64_t rv_predicate_reads(const struct rv_predicate *p, rv_family_t family);
uint64_t rv_effect_writes(const struct rv_effect_of *e, rv_family_t family);
/* Returns the packets that the target changes. */
rv_dd rv_effect_packets(struct rv_space *s, const struct rv_effect_of *e);

#endif
