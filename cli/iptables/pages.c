/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that arrive interleaved between chains, collected by chain. */
#include <stdlib.h>
#include <string.h>

#include "cli/iptables/iptables.h"

static int compare_chain(const void *a, const void *b)
{
	const struct rv_page *const *x = a, *const *y = b;

	return (*x)->chain < (*y)->chain ? -1 : (*x)->chain > (*y)->chain;
}

static bool wanted(const struct rv_chain *c)
{
	return c->exists || c->base >= 0;
}

static void add_page(struct rv_pages *p, const struct rv_chain *c)
{
	p->page[p->count].chain = c;
	p->by_chain[p->count] = &p->page[p->count];
	p->count++;
}

int rv_pages_open(struct rv_pages *p, const struct rv_table *t, const char *only)
{
	const struct rv_chain *one = only ? rv_table_chain(t, only) : NULL;
	size_t most = only ? 1 : t->nchains + 1;

	memset(p, 0, sizeof(*p));
	p->page = calloc(most, sizeof(*p->page));
	p->by_chain = calloc(most, sizeof(*p->by_chain));
	if (!p->page || !p->by_chain) {
		rv_pages_close(p);
		return -1;
	}
	p->others = t->others && !only;
	if (one && wanted(one))
		add_page(p, one);
	if (only)
		return 0;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (wanted(c) && p->count < t->nchains)
			add_page(p, c);
	qsort(p->by_chain, p->count, sizeof(*p->by_chain), compare_chain);
	return 0;
}

void rv_pages_notice(const struct rv_pages *p, const struct rv_table_def *table, struct rv_buf *b)
{
	if (p->others)
		rv_buf_printf(b, "# Table `%s' contains incompatible base-chains, "
			      "use 'nft' tool to list them.\n", table->name);
}

struct rv_page *rv_pages_find(struct rv_pages *p, const struct rv_chain *c)
{
	struct rv_page key = { .chain = c }, *k = &key, **hit;

	if (p->last && p->last->chain == c)
		return p->last;
	hit = bsearch(&k, p->by_chain, p->count, sizeof(*p->by_chain), compare_chain);
	if (!hit)
		return NULL;
	p->last = *hit;
	return *hit;
}

void rv_pages_join(struct rv_pages *p, struct rv_buf *b)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		struct rv_buf *text = &p->page[i].text;

		b->failed |= text->failed;
		rv_buf_add(b, text->data, text->len);
		rv_buf_free(text);
	}
}

void rv_pages_close(struct rv_pages *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		rv_buf_free(&p->page[i].text);
	free(p->page);
	free(p->by_chain);
	memset(p, 0, sizeof(*p));
}
