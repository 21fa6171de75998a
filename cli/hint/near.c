/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Similar words: edit distance and its limit. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cli/hint/hint.h"

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Restricted Damerau-Levenshtein distance, ignoring case. */
static unsigned int distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned int row[3][RV_NEAR_LONGEST + 2] = { { 0 } };

	for (size_t j = 0; j <= lb; j++)
		row[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int *now = row[i % 3], *above = row[(i + 2) % 3], *two = row[(i + 1) % 3];

		now[0] = (unsigned int)i;
		for (size_t j = 1; j <= lb; j++) {
			int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);

			now[j] = least(least(above[j], now[j - 1]) + 1, above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				now[j] = least(now[j], two[j - 2] + 1);
		}
	}
	return row[la % 3][lb];
}

/* Maximum distance for a word of that length. */
static unsigned int limit(size_t len)
{
	return len <= 2 ? 0 : len <= 4 ? 1 : len <= 8 ? 2 : 3;
}

void rv_near_start(struct rv_near *n, const char *word, size_t len)
{
	*n = (struct rv_near){ .word = word, .len = len };
}

/* Inserts after candidates with the same distance. */
static void insert_candidate(struct rv_near *n, const char *candidate, size_t len, unsigned int d)
{
	size_t at = n->count;

	while (at > 0 && n->best[at - 1].distance > d)
		at--;
	if (at == RV_NEAR_MAX)
		return;
	if (n->count < RV_NEAR_MAX)
		n->count++;
	memmove(&n->best[at + 1], &n->best[at], (n->count - at - 1) * sizeof(n->best[0]));
	n->best[at].distance = d;
	memcpy(n->best[at].text, candidate, len + 1);
}

/* Prefixes and suffixes: "MASQ", "--state" for "--ctstate". */
static bool is_part(const struct rv_near *n, const char *candidate, size_t len)
{
	size_t skip = n->len > 2 && !memcmp(n->word, "--", 2) ? 2 : 0, part = n->len - skip;

	return part >= 3 && len > n->len &&
	       (!strncasecmp(candidate, n->word, n->len) ||
		!strncasecmp(candidate + len - part, n->word + skip, part));
}

void rv_near_try(struct rv_near *n, const char *candidate)
{
	size_t len = strlen(candidate);
	unsigned int d;

	if (len == n->len && !memcmp(candidate, n->word, len))
		n->exact = true;
	if (!len || len > RV_NEAR_LONGEST || n->len > RV_NEAR_LONGEST || !n->len || n->exact)
		return;
	d = distance(n->word, n->len, candidate, len);
	if (is_part(n, candidate, len))
		d = least(d, limit(n->len));
	if (d <= limit(n->len))
		insert_candidate(n, candidate, len, d);
}
