/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths a packet may take if something is unknown, and their results. */
#include <string.h>

#include "cli/run/ask.h"

bool rv_ways_decide(struct rv_ways *w, uint32_t question)
{
	if (w->at < w->n)
		return w->taken[w->at++].is;
	if (w->n == RV_WAYS_DEPTH) {
		w->cut = true;
		return false;
	}
	w->taken[w->n++] = (struct rv_choice){ question, true };
	w->at++;
	return true;
}

bool rv_ways_next(struct rv_ways *w)
{
	while (w->n && !w->taken[w->n - 1].is)
		w->n--;
	w->at = 0;
	w->cut = false;
	if (!w->n)
		return false;
	w->taken[w->n - 1].is = false;
	return true;
}

const char *rv_ways_fate(const struct rv_run_way *ways, unsigned int n, bool more)
{
	for (unsigned int i = 1; i < n; i++)
		if (strcmp(ways[i].fate, ways[0].fate) != 0)
			return NULL;
	return n && !more ? ways[0].fate : NULL;
}

static bool same(const struct rv_buf *x, const struct rv_buf *y)
{
	return x->len == y->len && !memcmp(x->data, y->data, x->len);
}

/* "if Q matches: YES, else NO"; parenthesised if YES is a question itself. */
static void put_choice(struct rv_buf *b, const char *question, const struct rv_buf *yes,
		       const struct rv_buf *no)
{
	const bool brackets = yes->len > 3 && !memcmp(yes->data, "if ", 3);

	rv_buf_printf(b, "if %s matches: %s", question, brackets ? "(" : "");
	rv_buf_add(b, yes->data, yes->len);
	rv_buf_puts(b, brackets ? "), else " : ", else ");
	rv_buf_add(b, no->data, no->len);
}

/* All paths have the same first depth answers. Those with yes to the next question come first. */
static void put_paths(struct rv_buf *b, const struct rv_asking *a, const struct rv_run_way *ways,
		      unsigned int n, unsigned int depth, bool more)
{
	const char *fate = rv_ways_fate(ways, n, more);
	struct rv_buf yes = RV_BUF_INIT, no = RV_BUF_INIT;
	unsigned int first = 0;

	if (fate || !n || ways[0].n <= depth) {
		rv_buf_puts(b, fate ? fate : n ? ways[0].fate : "not followed");
		return;
	}
	while (first < n && ways[first].taken[depth].is)
		first++;
	put_paths(&yes, a, ways, first, depth + 1, more && first == n);
	put_paths(&no, a, ways + first, n - first, depth + 1, more);
	if (!rv_buf_ok(&yes) || !rv_buf_ok(&no))
		b->failed = true;
	else if (same(&yes, &no))
		rv_buf_add(b, yes.data, yes.len);
	else
		put_choice(b, a->list[ways[0].taken[depth].question].text, &yes, &no);
	rv_buf_free(&yes);
	rv_buf_free(&no);
}

void rv_ways_print(struct rv_buf *b, const struct rv_asking *a, const struct rv_run_way *ways,
		   unsigned int n, bool more)
{
	put_paths(b, a, ways, n, 0, more);
}
