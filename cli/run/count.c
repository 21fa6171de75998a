/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters of rules. Since the engine runs a packet several times if something is unknown, its own
 * counters are not used: a rule's certain count is the minimum over all paths.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/run/run.h"

int rv_run_counts_new(struct rv_run_totals *t)
{
	for (unsigned int n = 0; n < t->change->n; n++) {
		t->counts[n] = calloc(t->change->blobs[n].count + (size_t)1, sizeof(*t->counts[n]));
		if (!t->counts[n])
			return -1;
	}
	return 0;
}

void rv_run_counts_free(struct rv_run_totals *t)
{
	for (unsigned int n = 0; n < RVK_TABLES_MAX; n++)
		free(t->counts[n]);
	free(t->touched);
}

static int touch(struct rv_run_totals *t, struct rv_run_count *c)
{
	size_t room = t->room ? 2 * t->room : 256;
	struct rv_run_count **list;

	if (t->ntouched == t->room) {
		list = reallocarray(t->touched, room, sizeof(*list));
		if (!list)
			return -1;
		t->touched = list;
		t->room = room;
	}
	t->touched[t->ntouched++] = c;
	return 0;
}

static int count_step(struct rv_run_totals *t, struct rv_run_count *c, const struct rv_step *step)
{
	if (!c->touched) {
		if (touch(t, c))
			return -1;
		c->touched = true;
		c->ways = 0;
		c->here = c->most = (struct rv_counters){ 0 };
	}
	c->here.packets++;
	c->here.bytes += step->bytes;
	return 0;
}

int rv_run_count_way(struct rv_run_totals *t, const struct rv_run_packet *p)
{
	for (unsigned int i = 0; i < p->npasses; i++) {
		const struct rv_run_pass *pass = &p->passes[i];

		for (uint32_t n = 0; pass->passed && n < pass->record.len; n++)
			if (count_step(t, &t->counts[pass->number][pass->record.path[n].entry],
				       &pass->record.path[n]))
				return -1;
	}
	for (size_t i = 0; i < t->ntouched; i++) {
		struct rv_run_count *c = t->touched[i];

		if (!c->here.packets)
			continue;
		if (!c->ways++ || c->here.packets < c->least.packets)
			c->least = c->here;
		if (c->here.packets > c->most.packets)
			c->most = c->here;
		c->here = (struct rv_counters){ 0 };
	}
	return 0;
}

static void add_difference(struct rv_counters *to, const struct rv_counters *most,
			   const struct rv_counters *less)
{
	to->packets += most->packets - less->packets;
	to->bytes += most->bytes - less->bytes;
}

/* If not all paths were followed, nothing is certain. */
void rv_run_count_packet(struct rv_run_totals *t, const struct rv_run_packet *p)
{
	static const struct rv_counters none;

	while (t->ntouched) {
		struct rv_run_count *c = t->touched[--t->ntouched];
		const struct rv_counters *sure = c->ways == p->nways && !p->more ? &c->least : &none;

		c->touched = false;
		add_difference(&c->sure, sure, &none);
		if (c->most.packets == sure->packets)
			continue;
		add_difference(&c->more, &c->most, sure);
		t->any_more = true;
	}
}

void rv_run_counts_tell(struct rv_run_totals *t)
{
	for (unsigned int n = 0; n < t->change->n; n++) {
		const struct rv_kmod_blob *b = &t->change->blobs[n];

		for (uint32_t i = 0; i < b->count; i++) {
			const struct rv_kmod_entry *e = &b->entries[i];

			if (e->rule) {
				e->rule->counters = t->counts[n][i].sure;
				e->rule->handle = i + 1;
			} else if (e->chain->base >= 0) {
				e->chain->counters = t->counts[n][i].sure;
				e->chain->handle = i + 1;
			}
		}
	}
}

const struct rv_counters *rv_run_more(const struct rv_run_totals *t, unsigned int table,
				      const struct rv_chain *c, const struct rv_rule *r)
{
	uint64_t entry = r ? r->handle : c->base >= 0 ? c->handle : 0;
	const struct rv_counters *more = entry ? &t->counts[table][entry - 1].more : NULL;

	return more && more->packets ? more : NULL;
}
