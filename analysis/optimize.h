/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a ruleset smaller without changing its effect on packets. */
#ifndef RAVELIN_ANALYSIS_OPTIMIZE_H
#define RAVELIN_ANALYSIS_OPTIMIZE_H

#include <ravelin/buf.h>
#include <ravelin/store.h>

/* A change, or a pass that was skipped. */
struct rv_step_done {
	enum rv_step_kind { RV_STEP_REMOVED, RV_STEP_MERGED, RV_STEP_MOVED, RV_STEP_LEFT_OUT } kind;
	char table[16], chain[RV_CHAIN_NAME_LEN];
	uint32_t first, last; /* rules, numbered as before the pass; 0: the chain */
	char *rule;	      /* the first of them, or NULL */
	char *reason;	      /* reason, or the new rule */
};

extern const char *const rv_step_names[];

struct rv_optimize_with {
	bool sets; /* addresses may become an ipset */
};

struct rv_optimized {
	struct rv_buf text; /* the ruleset in the format of iptables-restore */
	struct rv_buf sets; /* in the format of ipset restore */
	struct rv_step_done *list;
	size_t n, room;
	uint32_t before, after; /* rules */
	bool left_out;		/* a pass, because the result is not proven equivalent */
};

/*
 * A pass over a table is accepted only if its result, printed and parsed again, is proven
 * equivalent. Returns 0, or -1 with err set; call rv_optimized_free() in both cases.
 */
int rv_optimize(struct rv_optimized *o, rv_family_t family, const struct rv_buf *text,
		const struct rv_optimize_with *with, struct rv_error *err);
void rv_optimized_free(struct rv_optimized *o);

#endif
