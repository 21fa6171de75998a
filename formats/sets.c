/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of sets in translated rules: each is used by one rule of a table. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* "table name": neither contains a space. NULL: out of memory. */
static char *key_of(const char *table, const char *name)
{
	struct rv_buf b = RV_BUF_INIT;

	rv_buf_printf(&b, "%s %s", table, name);
	if (rv_buf_text(&b))
		return b.data;
	rv_buf_free(&b);
	return NULL;
}

static bool has_room(struct rv_text_sets *s)
{
	size_t room = s->room ? s->room * 2 : 16;
	char **more;

	if (s->n < s->room)
		return true;
	more = reallocarray(s->names, room, sizeof(*more));
	if (!more)
		return false;
	s->names = more;
	s->room = room;
	return true;
}

bool rv_text_sets_claim(struct rv_text_sets *s, const char *table, const char *name)
{
	char *key = has_room(s) ? key_of(table, name) : NULL;
	void *at = key ? tsearch(key, &s->tree, compare_names) : NULL;

	s->failed |= !at;
	if (!at || *(char **)at != key) {
		free(key);
		return false;
	}
	s->names[s->n++] = key;
	return true;
}

void rv_text_sets_forget(struct rv_text_sets *s, size_t n)
{
	while (s->n > n) {
		char *key = s->names[--s->n];

		tdelete(key, &s->tree, compare_names);
		free(key);
	}
}

void rv_text_sets_free(struct rv_text_sets *s)
{
	rv_text_sets_forget(s, 0);
	free(s->names);
}
