/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin run: matches and targets that a capture and a file of rules do not decide. Each is a
 * question; it is answered by what is assumed, by what follows from earlier answers, or both ways.
 */
#ifndef RAVELIN_RUNASK_H
#define RAVELIN_RUNASK_H

#include "backend/kmod/kmod.h"
#include "cli/runfacts.h"
#include "kernel/user/user.h"

struct rv_run_set;
struct rv_asking;

/* ---- ways: runways.c ----------------------------------------------------------------------- */

/* Questions of one way that are answered both ways. Behind them all are answered with no. */
#define RV_WAYS_DEPTH 64

struct rv_choice {
	uint32_t question;
	bool is;
};

/*
 * All ways through, one after the other, from the start each: yes first, then no to the last
 * question that was answered with yes.
 */
struct rv_ways {
	struct rv_choice taken[RV_WAYS_DEPTH];
	unsigned int n, at;
	bool cut;			/* this way has more questions than that */
};

bool rv_ways_decide(struct rv_ways *w, uint32_t question);
/* On to the next way. False: there is none. */
bool rv_ways_next(struct rv_ways *w);

/* What came of one way. */
struct rv_run_way {
	const char *fate;
	unsigned int n;
	struct rv_choice taken[RV_WAYS_DEPTH];
};

/* What all ways lead to, or NULL: several. more: further ones were not followed. */
const char *rv_ways_fate(const struct rv_run_way *ways, unsigned int n, bool more);
/* Appends "if Q matches: ACCEPT, else DROP". */
void rv_ways_print(struct rv_buf *b, const struct rv_asking *a, const struct rv_run_way *ways,
		   unsigned int n, bool more);

/* ---- questions: runask.c ------------------------------------------------------------------- */

enum rv_how {
	RV_HOW_FACTS,		/* by predicates; what is behind them, by itself */
	RV_HOW_STATE,		/* the engine knows, as long as all packets before came by for sure */
	RV_HOW_CHANCE,		/* anew each time */
	RV_HOW_ETHER,		/* the engine knows, if the capture has Ethernet headers */
	RV_HOW_SET,
	RV_HOW_TARGET,
};

struct rv_question {
	const struct rv_part *part;
	enum rv_how how;
	char *text;			/* "-m recent --name ssh --rcheck" */
	struct rv_predicate *predicates;	/* what the engine does not know */
	unsigned int npredicates;
	bool told;			/* they are all that is open */
	uint32_t same;			/* the first question that has the same answer */
	bool turned;			/* or the other one */
	enum rv_answer fixed;		/* assumed */
	bool always;			/* true whatever is known */
	char *group;			/* RV_HOW_STATE: what it shares its state with */
	bool unsure;			/* the state is not known any more; of the group's first */
	const struct rv_run_set *set;	/* NULL: not known */
	unsigned int target;		/* row of the target */
};

struct rv_remembered {
	uint32_t question;
	bool is;
};

#define RV_ASKING_HAD 16
#define RV_ASKING_TOLD 4

/* A match that facts decide, and whether it is asked for. */
struct rv_told {
	const struct rv_part *part;
	bool asked;
	uint32_t number;
};

struct rv_asking {
	rv_family_t family;
	struct rv_kmod_link *link;
	struct rv_kmod_asker asker;
	struct rv_question *list;
	size_t n, room;
	struct { const struct rv_ext *ext; bool has; } had[RV_ASKING_HAD];	/* what the engine has */
	unsigned int nhad;
	struct rv_told told[RV_ASKING_TOLD];	/* the last ones: many rules have the same match */
	unsigned int ntold, told_at;
	void *firsts;			/* the first question of each kind, tsearch(3) */
	bool marks;			/* targets make the packet's mark unknown */
	struct rv_facts base;		/* what is assumed of all packets */
	struct rv_assumed *assumed;
	const struct rv_run_set *sets;
	bool failed;			/* out of memory */
	/* Of a packet: what the engine said as long as nothing was open, for the next ways. */
	bool *certain;
	size_t ncertain, certain_room, certain_at;
	struct rv_ways ways;
	/* Of one way: */
	struct rv_facts facts;
	struct rv_remembered *memory;
	size_t nmemory, memory_room;
	bool lost;			/* a target is reached whose verdict nobody knows */
	struct rv_record *record;	/* of the table it is in */
	struct rv_sel_set looked;		/* selectors that the engine has not */
	void (*note)(void *arg, const char *text);
	void *arg;
};

/* Before tables are written through the link, which asks from then on. Family, link, note, arg are set. */
int rv_asking_start(struct rv_asking *a, const struct rv_ruleset *rs, struct rv_error *err);
void rv_asking_free(struct rv_asking *a);
/* Whether a rule that was written asks for a selector. */
bool rv_asking_asks(const struct rv_asking *a, enum rv_sel sel);

/* A new packet, and each of its ways. */
void rv_asking_packet(struct rv_asking *a);
void rv_asking_way(struct rv_asking *a, const struct rv_pkt *pkt);

bool rv_asking_match(struct rv_asking *a, struct rv_pkt *pkt, const struct rv_user_asked *asked);
unsigned int rv_asking_target(struct rv_asking *a, struct rv_pkt *pkt,
			      const struct rv_user_asked *asked);

/* A part as a rule has it, "-m recent --rcheck". malloc'ed; NULL without memory. */
char *rv_run_part_text(rv_family_t family, const struct rv_rule *r, const struct rv_part *part);
/* The name of the set of -m set. */
const char *rv_run_set_name(const struct rv_part *part);
/* Whether a packet of a capture, its interfaces and mark say what a selector loads. */
bool rv_run_in_capture(enum rv_sel sel);
/* A row of a part by its name; NULL: not given. */
const struct rv_option *rv_part_row(const struct rv_part *part, const char *name);
/* Its number, or the given default. */
uint32_t rv_part_number(const struct rv_part *part, const char *name, uint32_t none);

/* ---- targets: runtarget.c -------------------------------------------------------------------- */

/* The row of a target that is asked for. */
unsigned int rv_run_target_row(const struct rv_part *part);
/* Whether it leaves the packet with a mark that nobody knows. */
bool rv_run_target_marks(const struct rv_part *part);
unsigned int rv_run_target(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			   const struct rv_user_asked *asked);

/* ---- assumptions: runassume.c ---------------------------------------------------------------- */

struct rv_assumed;

/* Reads one word of --assume and puts it before the list. -1 with err set. */
int rv_assume(struct rv_assumed **list, rv_family_t family, const char *word, struct rv_error *err);
/* Calls fn with each option that can be assumed, and what it means. */
void rv_assume_names(rv_family_t family, void (*fn)(void *arg, const char *name, const char *help),
		     void *arg);
void rv_assumed_free(struct rv_assumed *list);
/* What they say of packets. */
int rv_assumed_facts(const struct rv_assumed *list, struct rv_facts *facts, struct rv_error *err);
/* What they say of a match as a whole. */
enum rv_answer rv_assumed_answer(struct rv_assumed *list, const struct rv_question *q);
/* The words, from *at on, of one that no rule asks for; NULL: there is none. */
const char *rv_assumed_unused(const struct rv_assumed **at, const struct rv_asking *a);

/* ---- sets: runset.c --------------------------------------------------------------------------- */

/* Reads "NAME=FILE" and puts the set before the list. -1 with err set. */
int rv_run_set_read(struct rv_run_set **list, rv_family_t family, const char *word,
		    struct rv_error *err);
void rv_run_sets_free(struct rv_run_set *list);
const struct rv_run_set *rv_run_set_find(const struct rv_run_set *list, const char *name);
/* Whether the packet is in the set; sides: bit i is set if part i, from 1, is of the source. */
enum rv_answer rv_run_set_has(const struct rv_run_set *set, const struct rv_pkt *pkt, uint8_t dim,
			      uint8_t sides);

#endif
