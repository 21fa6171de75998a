/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Likely mistakes in a ruleset. A rule is reported as dead only if that is proven. */
#ifndef RAVELIN_ANALYSIS_LINT_H
#define RAVELIN_ANALYSIS_LINT_H

#include "analysis/prove.h"

enum rv_severity { RV_SEVERITY_NOTE, RV_SEVERITY_WARNING, RV_SEVERITY_ERROR };

/* A kind of finding. Codes never change. */
struct rv_lint_kind {
	const char *code, *name;
	enum rv_severity severity;
	bool advice; /* a habit that is usually wrong; otherwise the finding is proven or a fact */
	const char *help, *suggestion;
};

enum rv_lint {
	RV_LINT_SHADOWED,
	RV_LINT_DUPLICATE,
	RV_LINT_NEVER,
	RV_LINT_UNUSED,
	RV_LINT_BEHIND_ALL,
	RV_LINT_ALL_ACCEPTED,
	RV_LINT_LATE,
	RV_LINT_LOOPBACK,
	RV_LINT_NEIGHBOURS,
	RV_LINT_LOG,
	RV_LINT_STATE,
	RV_LINT_HOOK_STATE,
	RV_LINT_POLICY,
	RV_LINT_COMMENT,
	RV_LINT_RETURNS,
	RV_LINT_WIDENED,
	RV_LINT_MSS,
	RV_LINT_HELPER,
	RV_LINT_FAMILIES,
	RV_LINT_MERGE,
	RV_LINT_REVERSED,
	RV_LINT_INTERFACE,
	RV_LINT_NAT_PORTS,
	RV_LINT_UNKNOWN,
	RV_LINTS
};

extern const struct rv_lint_kind rv_lint_kinds[RV_LINTS];

struct rv_finding {
	enum rv_lint kind;
	const struct rv_chain *chain;
	const struct rv_rule *rule; /* NULL: the finding is about the chain */
	uint32_t number;	    /* of the rule, from 1 */
	char *text;		    /* details */
	char *packet;		    /* an example that the engine confirmed; NULL: none */
};

struct rv_findings {
	struct rv_finding *list;
	size_t n, room;
	size_t unshown; /* findings that have no packet because the engine would take too long */
};

struct rv_lint_with {
	struct rv_ruleset *other; /* the rules of the other IP family; NULL: not known */
	bool live;		  /* the rules are loaded on this machine */
};

/* Returns 0, or -1 with err set. Runs rv_table_check(), which sets rv_chain.hooks. */
int rv_lint(struct rv_ruleset *rs, const struct rv_lint_with *with, struct rv_findings *f,
	    struct rv_error *err);
void rv_findings_free(struct rv_findings *f);

/*
 * Determines which chains of a table packets reach and which rules they match, as rv_lint() does.
 * Returns NULL if the table is too large or invalid. Runs rv_table_check().
 */
struct rv_reached *rv_reached_open(struct rv_table *t);
bool rv_reached_chain(const struct rv_reached *r, const struct rv_chain *c);
bool rv_reached_rule(const struct rv_reached *r, const struct rv_chain *c, uint32_t number);
void rv_reached_close(struct rv_reached *r);

#endif
