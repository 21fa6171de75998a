/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ravelin run: matches and targets that a capture and a rule file do not determine. Each is a
 * question, answered by assumptions, by inference from earlier answers, or in both ways.
 */
#ifndef RAVELIN_RUNASK_H
#define RAVELIN_RUNASK_H

#include "backend/kmod/kmod.h"
#include "cli/run/facts.h"
#include "kernel/user/user.h"

struct rv_run_set;
struct rv_asking;

/* ---- ways: ways.c ----------------------------------------------------------------------- */

/* Limit of questions per path that are answered in both ways; further ones are answered with no. */
#define RV_WAYS_DEPTH 64

struct rv_choice {
	uint32_t question;
	bool is;
};

/*
 * Enumerates all paths, each from the start: first yes to every question, then no to the last one
 * that was answered with yes.
 */
struct rv_ways {
	struct rv_choice taken[RV_WAYS_DEPTH];
	unsigned int n, at;
	bool cut;			/* this path exceeds the limit */
};

bool rv_ways_decide(struct rv_ways *w, uint32_t question);
/* Advances to the next path. False: there is none. */
bool rv_ways_next(struct rv_ways *w);

/* Result of one path. */
struct rv_run_way {
	const char *fate;
	unsigned int n;
	struct rv_choice taken[RV_WAYS_DEPTH];
};

/* Common result of all paths, or NULL: they differ. more: not all paths were followed. */
const char *rv_ways_fate(const struct rv_run_way *ways, unsigned int n, bool more);
/* Appends "if Q matches: ACCEPT, else DROP". */
void rv_ways_print(struct rv_buf *b, const struct rv_asking *a, const struct rv_run_way *ways,
		   unsigned int n, bool more);

/* ---- questions: ask.c ------------------------------------------------------------------- */

enum rv_how {
	RV_HOW_FACTS,		/* by predicates, and what follows from them */
	RV_HOW_STATE,		/* by the engine, as long as all earlier packets are certain */
	RV_HOW_CHANCE,		/* random */
	RV_HOW_ETHER,		/* by the engine, if the capture has Ethernet headers */
	RV_HOW_SET,
	RV_HOW_TARGET,
};

struct rv_question {
	const struct rv_part *part;
	enum rv_how how;
	char *text;			/* "-m recent --name ssh --rcheck" */
	struct rv_predicate *predicates;	/* those the engine cannot evaluate */
	unsigned int npredicates;
	bool told;			/* the predicates determine the answer */
	uint32_t same;			/* first question with the same answer */
	bool turned;			/* or with the opposite answer */
	enum rv_answer fixed;		/* assumed */
	bool always;			/* true whatever is known */
	char *group;			/* RV_HOW_STATE: name of the shared state */
	bool unsure;			/* the state is no longer known; set in the first of the
					 * group */
	const struct rv_run_set *set;	/* NULL: unknown */
	unsigned int target;		/* row of the target */
};

struct rv_remembered {
	uint32_t question;
	bool is;
};

#define RV_ASKING_HAD 16
#define RV_ASKING_TOLD 4

/* A match decided by facts, and whether it must be asked. */
struct rv_told {
	const struct rv_part *part;
	bool is_asked;
	struct rv_kmod_asked asked;
};

/* What the engine has of an extension. */
struct rv_had {
	const struct rv_ext *ext;
	bool has;
	bool decides;		/* whatever options a match has */
	enum rv_how how;
};

struct rv_asking {
	rv_family_t family;
	struct rv_kmod_link *link;
	struct rv_kmod_asker asker;
	struct rv_question *list;
	size_t n, room;
	struct rv_had had[RV_ASKING_HAD];	/* the first extensions that rules have */
	unsigned int nhad;
	struct rv_told told[RV_ASKING_TOLD];	/* cache of the latest matches, which many rules
						 * share */
	unsigned int ntold, told_at;
	void *firsts;			/* first question per key, tsearch(3) */
	bool marks;			/* some target makes the packet's mark unknown */
	struct rv_facts base;		/* assumptions for all packets */
	struct rv_assumed *assumed;
	const struct rv_run_set *sets;
	bool failed;			/* out of memory */
	/* For a packet: the engine's results while nothing was open, reused on later paths. */
	bool *certain;
	size_t ncertain, certain_room, certain_at;
	struct rv_ways ways;
	/* For a path: */
	struct rv_facts facts;
	struct rv_remembered *memory;
	size_t nmemory, memory_room;
	bool lost;			/* it reached a target with an unknown verdict */
	struct rv_record *record;	/* of the current table */
	struct rv_sel_set looked;		/* selectors the engine does not have */
	void (*note)(void *arg, const char *text);
	void *arg;
};

/*
 * Call before tables are encoded through the link, which then asks. family, link, note and arg are
 * set.
 */
int rv_asking_start(struct rv_asking *a, const struct rv_ruleset *rs, struct rv_error *err);
void rv_asking_free(struct rv_asking *a);

/* Starts a new packet, and each of its paths. */
void rv_asking_packet(struct rv_asking *a);
void rv_asking_way(struct rv_asking *a, const struct rv_pkt *pkt);

bool rv_asking_match(struct rv_asking *a, struct rv_pkt *pkt, const struct rv_user_asked *asked);
unsigned int rv_asking_target(struct rv_asking *a, struct rv_pkt *pkt,
			      const struct rv_user_asked *asked);

/* ---- matches and targets of a rule: part.c --------------------------------------------------- */

/* A part as in a rule, "-m recent --rcheck". Allocated; NULL when memory ran out. */
char *rv_run_part_text(rv_family_t family, const struct rv_rule *r, const struct rv_part *part);
/* The set of -m set, and its name. */
const struct rv_ipset *rv_part_set(const struct rv_part *part);
const char *rv_run_set_name(const struct rv_part *part);
/* Whether the packet, its interfaces and its mark determine the selector. */
bool rv_run_in_capture(enum rv_sel sel);
/* A row of a part by name; NULL: not given. */
const struct rv_option *rv_part_row(const struct rv_part *part, const char *name);
/* Its number, or none if not given. */
uint32_t rv_part_number(const struct rv_part *part, const char *name, uint32_t none);

/* ---- targets: target.c -------------------------------------------------------------------- */

/* Row of a target that must be asked. */
unsigned int rv_run_target_row(const struct rv_part *part);
/* Whether its result is an unknown mark. */
bool rv_run_target_marks(const struct rv_part *part);
unsigned int rv_run_target(struct rv_asking *a, struct rv_pkt *pkt, uint32_t question,
			   const struct rv_user_asked *asked);

/* ---- assumptions: assume.c ---------------------------------------------------------------- */

struct rv_assumed;

/* Parses one --assume and prepends it to the list. -1 with err set. */
int rv_assume(struct rv_assumed **list, rv_family_t family, const char *word, struct rv_error *err);
/* Calls fn for each option that can be assumed. */
void rv_assume_names(rv_family_t family, void (*fn)(void *arg, const char *name, const char *help),
		     void *arg);
void rv_assumed_free(struct rv_assumed *list);
/* Facts that hold for all packets. */
int rv_assumed_facts(const struct rv_assumed *list, struct rv_facts *facts, struct rv_error *err);
/* Assumed answer for a match. */
enum rv_answer rv_assumed_answer(struct rv_assumed *list, const struct rv_question *q);
/* Next assumption, from *at, that no rule uses; NULL: none. */
const char *rv_assumed_unused(const struct rv_assumed **at, const struct rv_asking *a);

/* ---- sets: set.c --------------------------------------------------------------------------- */

/* Parses "NAME=FILE" and prepends the set to the list. -1 with err set. */
int rv_run_set_read(struct rv_run_set **list, rv_family_t family, const char *word,
		    struct rv_error *err);
void rv_run_sets_free(struct rv_run_set *list);
const struct rv_run_set *rv_run_set_find(const struct rv_run_set *list, const char *name);
/* Whether the packet is in the set; bit i of sides: part i, from 1, is taken from the source. */
enum rv_answer rv_run_set_has(const struct rv_run_set *set, const struct rv_pkt *pkt, uint8_t dim,
			      uint8_t sides);

#endif
