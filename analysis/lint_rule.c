/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings about single rules. */
#include <stdlib.h>

#include "analysis/linter.h"

static const struct rv_part *match_of(const struct rv_rule *r, const char *name)
{
	const struct rv_part *m = r->matches;

	while (m && strcmp(m->ext->name, name) != 0)
		m = m->next;
	return m;
}

static void look_at_log(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	static const char *const limits[] = { "limit", "hashlimit", "recent", "statistic", "connlimit", "quota" };
	const struct rv_rule *r = at->line[i].r;

	if (!r->target || (strcmp(r->target->ext->name, "LOG") != 0 && strcmp(r->target->ext->name, "NFLOG") != 0))
		return;
	for (unsigned int n = 0; n < sizeof(limits) / sizeof(*limits); n++)
		if (match_of(r, limits[n]))
			return;
	rv_lint_add(l, RV_LINT_LOG, at, i, "%s without a limit", r->target->ext->name);
}

static void look_at_state(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	if (match_of(at->line[i].r, "state"))
		rv_lint_add(l, RV_LINT_STATE, at, i, "-m state");
}

/* A port that the comment names, as "port 22" or "22/tcp"; -1: none. */
static long port_in(const char *text)
{
	const char *port = strcasestr(text, "port "), *slash = strcasestr(text, "/tcp");
	char *end;
	long n = -1;

	if (!slash)
		slash = strcasestr(text, "/udp");
	if (port) {
		n = strtol(port + 5, &end, 10);
		return end != port + 5 && n > 0 && n < 65536 ? n : -1;
	}
	while (slash && slash > text && slash[-1] >= '0' && slash[-1] <= '9')
		slash--;
	if (slash && *slash >= '0' && *slash <= '9')
		n = strtol(slash, &end, 10);
	return n > 0 && n < 65536 ? n : -1;
}

/* The packets that have that port on either side: if the rule is for ports and has none of it. */
static void look_at_comment(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	static const enum rv_sel ports[] = { RV_SEL_TH_SPORT, RV_SEL_TH_DPORT };
	const struct rv_part *m = match_of(at->line[i].r, "comment");
	struct rv_diagram *d = &l->space.d;
	long n = m ? port_in((const char *)m->data) : -1;
	rv_dd set = at->line[i].set, rest = set;
	bool asks = false;

	for (unsigned int p = 0; p < 2 && n > 0; p++) {
		const struct rv_field *f = rv_space_field(&l->space, ports[p], 0);
		struct rv_predicate port = { .sel = ports[p], .op = RV_OP_EQ, .len = 2 };

		if (!f || !rv_dd_looks(d, set, rv_field_vars(f)))
			continue;
		asks = true;
		rv_selector_put(ports[p], (uint64_t)n, port.value);
		rest = rv_dd_minus(d, rest, rv_region_predicate(&l->space, &port));
	}
	if (asks && set != RV_DD_FALSE && rest == set)
		rv_lint_add(l, RV_LINT_COMMENT, at, i, "the comment says port %ld", n);
}

void rv_lint_rule(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	look_at_log(l, at, i);
	look_at_state(l, at, i);
	look_at_comment(l, at, i);
}
