/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A loaded table: a copy of the entries, and per-CPU data. */
#include "internal.h"

#define ENTRY_MIN	(sizeof(struct rvk_entry) + sizeof(struct rvk_element))

static int check_head(struct rv_rules *r, struct rvk_refusal *why)
{
	const struct rvk_table *head = &r->head;

	if (head->valid_hooks != r->def->hooks)
		return rv_refuse(why, RVK_WHY_HOOKS, -EINVAL);
	if (head->size > RVK_SIZE_MAX || head->size % 8 || !head->count)
		return rv_refuse(why, RVK_WHY_SIZE, -EINVAL);
	if (head->count > head->size / ENTRY_MIN)
		return rv_refuse(why, RVK_WHY_COUNT, -EINVAL);
	return 0;
}

#define LINE 64		/* cache line: per-CPU data must not share one */

static int make_slot(struct rv_rules *r, struct rv_slot *slot)
{
	size_t counters = (size_t)r->head.count * sizeof(*slot->counters);

	counters = (counters + LINE - 1) / LINE * LINE;
	slot->counters = rv_alloc(counters, true);
	r->memory += counters;
	return slot->counters ? 0 : -ENOMEM;
}

static int make_slots(struct rv_rules *r, unsigned int n, struct rvk_refusal *why)
{
	r->slots = rv_alloc(n * sizeof(*r->slots), true);
	if (!r->slots)
		return rv_refuse(why, RVK_WHY_MEMORY, -ENOMEM);
	r->memory += n * sizeof(*r->slots);
	for (r->nslots = 0; r->nslots < n;) {
		int rc = make_slot(r, &r->slots[r->nslots++]);

		if (rc)
			return rv_refuse(why, RVK_WHY_MEMORY, rc);
	}
	return 0;
}

/* hooks is only needed while the table is checked. */
static int make_parts(struct rv_rules *r, struct rvk_refusal *why)
{
	uint32_t *hooks = rv_alloc(r->head.count * sizeof(*hooks), true);
	int rc;

	if (!hooks)
		return rv_refuse(why, RVK_WHY_MEMORY, -ENOMEM);
	rc = rv_rules_check(r, hooks, why);
	if (!rc)
		rc = rv_parts_make(r, hooks, why);
	rv_free(hooks);
	return rc;
}

static int fill(struct rv_rules *r, const void *entries, struct rvk_refusal *why)
{
	int rc = check_head(r, why);

	if (rc)
		return rc;
	r->blob = rv_alloc_unfilled(r->head.size);
	if (!r->blob)
		return rv_refuse(why, RVK_WHY_MEMORY, -ENOMEM);
	memcpy(r->blob, entries, r->head.size);
	r->memory = sizeof(*r) + r->head.size;
	rc = make_parts(r, why);
	if (!rc)
		rc = rv_keys_make(r, why);
	if (!rc)
		rc = rv_lookups_make(r, why);
	return rc ? rc : make_slots(r, rv_engine_slots(r->engine), why);
}

struct rv_rules *rv_rules_new(struct rv_engine *e, const struct rv_engine_table_def *def,
			      const struct rvk_table *head, struct rvk_refusal *why, int *error)
{
	struct rv_rules *r = rv_alloc(sizeof(*r), true);

	if (!r) {
		*error = rv_refuse(why, RVK_WHY_MEMORY, -ENOMEM);
		return NULL;
	}
	r->engine = e;
	r->head = *head;
	r->def = def;
	*error = fill(r, head + 1, why);
	if (!*error)
		return r;
	rv_rules_free(r);
	return NULL;
}

void rv_rules_free(struct rv_rules *r)
{
	if (!r)
		return;
	rv_parts_free(r);
	for (unsigned int i = 0; i < r->nslots; i++)
		rv_free(r->slots[i].counters);
	rv_free(r->slots);
	rv_lookups_free(r);
	rv_free(r->keys);
	rv_free(r->blob);
	rv_free(r);
}

struct rvk_counters rv_counters_of(const struct rv_rules *r, const struct rvk_entry *e)
{
	struct rvk_counters sum = e->counters;

	for (unsigned int i = 0; i < r->nslots; i++) {
		const struct rvk_counters *c = &r->slots[i].counters[e->index];

		if (!__atomic_load_n(&r->slots[i].ran, __ATOMIC_ACQUIRE))
			continue;
		sum.packets += __atomic_load_n(&c->packets, __ATOMIC_RELAXED);
		sum.bytes += __atomic_load_n(&c->bytes, __ATOMIC_RELAXED);
	}
	return sum;
}
