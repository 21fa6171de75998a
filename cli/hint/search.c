/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Search: generators propose lines; a proposal that only has another error is corrected in turn. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/hint/hint.h"

#define MAX_TRIALS 600
#define MAX_SECONDS 2		/* a candidate may resolve host names */
#define MAX_STEPS 3		/* maximum mistakes corrected in one line */

static bool is_over(const struct rv_hint *h)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return h->hint.len || h->trials >= MAX_TRIALS || now.tv_sec - h->start.tv_sec > MAX_SECONDS;
}

static void try_generators(struct rv_hint *h, const struct rv_hint_case *c)
{
	for (rv_hint_rule *const *const *list = h->generators; *list; list++)
		for (rv_hint_rule *const *rule = *list; *rule && !is_over(h); rule++)
			(*rule)(h, c);
}

/* A different error than before: one mistake is corrected. */
static bool is_progress(const struct rv_hint_trial *was, const struct rv_hint_trial *is)
{
	return is->at && (strcmp(was->err.text, is->err.text) != 0);
}

void rv_hint_propose(struct rv_hint *h, const struct rv_hint_case *c,
		     const struct rv_hint_line *before, const struct rv_hint_line *line,
		     const char *fmt, ...)
{
	struct rv_hint_trial trial;
	size_t said = h->said.len;
	char text[RV_ERROR_TEXT];
	va_list ap;

	if (is_over(h))
		return;
	rv_hint_try(h, before, line, &trial);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_buf_printf(&h->said, "%s%s", said ? " " : "", text);
	if (trial.err.kind == RV_ERR_NONE) {
		rv_buf_add(&h->hint, h->said.data, h->said.len);
		if (before) {
			rv_hint_put_line(&h->shown, h, before);
			rv_buf_puts(&h->shown, h->file ? "\n      " : " && ");
		}
		rv_hint_put_line(&h->shown, h, line);
	} else if (!before && h->depth < h->limit && is_progress(c->trial, &trial)) {
		const struct rv_hint_case next = { line, &trial, trial.at };

		h->depth++;
		try_generators(h, &next);
		h->depth--;
	}
	h->said.len = said;
}

/* Tries corrections of one mistake, then two, then three. */
void rv_hint_search(struct rv_hint *h, struct rv_hint_case *c, struct rv_hint_trial *trial)
{
	rv_hint_try(h, NULL, c->line, trial);
	c->at = trial->at;
	if (h->err->loc.first == h->err->loc.end)
		h->mark = trial->at;
	if (trial->err.kind != RV_ERR_NONE)
		for (h->limit = 0; h->limit < MAX_STEPS && !is_over(h); h->limit++)
			try_generators(h, c);
}
