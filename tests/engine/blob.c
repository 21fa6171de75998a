/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds tables entry by entry. */
#include "test.h"

static uint32_t hook_count(const struct rv_blob *b)
{
	return b->head->valid_hooks;
}

void rv_blob_start(struct rv_blob *b, uint8_t family, const char *table)
{
	const struct rv_engine_table_def *def;

	*b = (struct rv_blob){ .bytes = rv_alloc(RV_BLOB_ROOM, true) };
	b->head = (void *)(b->bytes + sizeof(struct rvk_replace));
	b->entries = (uint8_t *)(b->head + 1);
	memcpy(b->head->name, table, strlen(table));
	b->head->family = family;
	def = rv_engine_table_find(b->head->name);
	b->head->valid_hooks = def ? def->hooks : 0;
}

void rv_blob_free(struct rv_blob *b)
{
	rv_free(b->bytes);
}

static struct rvk_entry *entry(struct rv_blob *b)
{
	return (void *)(b->entries + b->open);
}

struct rvk_ip *rv_blob_rule(struct rv_blob *b)
{
	b->open = b->head->size;
	entry(b)->next = sizeof(struct rvk_entry);
	return &entry(b)->ip;
}

static struct rvk_element *element(struct rv_blob *b, unsigned int kind, unsigned int form,
				   const char *name, uint32_t size)
{
	struct rvk_element *el = (void *)(b->entries + b->open + entry(b)->next);

	el->size = sizeof(*el) + (size + 7) / 8 * 8;
	el->kind = kind;
	el->form = form;
	memcpy(el->name, name, strlen(name));
	if (kind == RVK_KIND_TARGET)
		entry(b)->target = entry(b)->next;
	entry(b)->next += el->size;
	return el;
}

static void close_entry(struct rv_blob *b)
{
	b->head->size += entry(b)->next;
	b->head->count++;
}

struct rvk_element *rv_blob_data(struct rv_blob *b, unsigned int kind, const char *name,
				 unsigned int revision, const void *data, uint32_t size)
{
	struct rvk_element *el = element(b, kind, RVK_FORM_DATA, name, size);

	el->revision = revision;
	memcpy(el + 1, data, size);
	return el;
}

struct rvk_predicate *rv_blob_predicate(struct rv_blob *b, const char *name, unsigned int sel,
					unsigned int op, unsigned int len, const void *value,
					const void *other)
{
	struct rvk_element *el =
		element(b, RVK_KIND_MATCH, RVK_FORM_PREDICATES, name, sizeof(struct rvk_predicate));
	struct rvk_predicate *p = (void *)(el + 1);

	*p = (struct rvk_predicate){ .size = sizeof(*p), .sel = sel, .op = op, .len = len };
	if (value)
		memcpy(p->value, value, len);
	if (other)
		memcpy(p->other, other, len);
	return p;
}

struct rvk_verdict *rv_blob_verdict(struct rv_blob *b, int verdict)
{
	struct rvk_element *el = element(b, RVK_KIND_TARGET, RVK_FORM_VERDICT, "",
					 sizeof(struct rvk_verdict));
	struct rvk_verdict *v = (void *)(el + 1);

	v->verdict = verdict;
	close_entry(b);
	return v;
}

void rv_blob_target(struct rv_blob *b, const char *name, unsigned int revision, const void *data,
		    uint32_t size)
{
	rv_blob_data(b, RVK_KIND_TARGET, name, revision, data, size);
	close_entry(b);
}

void rv_blob_hook(struct rv_blob *b, unsigned int hook)
{
	b->head->hook_entry[hook] = b->head->size;
}

void rv_blob_policy(struct rv_blob *b, unsigned int hook, int verdict)
{
	b->head->underflow[hook] = b->head->size;
	rv_blob_rule(b);
	rv_blob_verdict(b, verdict);
}

uint32_t rv_blob_chain(struct rv_blob *b, const char *name)
{
	rv_blob_rule(b);
	element(b, RVK_KIND_TARGET, RVK_FORM_CHAIN, name, 0);
	close_entry(b);
	return b->head->size;
}

void rv_blob_rules_at(struct rv_blob *b, unsigned int hook)
{
	for (unsigned int h = 0; h < hook; h++) {
		if (!(hook_count(b) & 1U << h))
			continue;
		rv_blob_hook(b, h);
		rv_blob_policy(b, h, RVK_ACCEPT);
	}
	rv_blob_hook(b, hook);
}

void rv_blob_rules_end(struct rv_blob *b, unsigned int hook)
{
	rv_blob_policy(b, hook, RVK_ACCEPT);
	while (++hook < RVK_HOOKS) {
		if (!(hook_count(b) & 1U << hook))
			continue;
		rv_blob_hook(b, hook);
		rv_blob_policy(b, hook, RVK_ACCEPT);
	}
}

struct rvk_element *rv_blob_drop_at(struct rv_blob *b, unsigned int hook, const char *name,
				    unsigned int revision, const void *data, uint32_t size)
{
	struct rvk_element *match;

	rv_blob_rules_at(b, hook);
	rv_blob_rule(b);
	match = rv_blob_data(b, RVK_KIND_MATCH, name, revision, data, size);
	rv_blob_verdict(b, RVK_DROP);
	return match;
}

int rv_blob_finish(struct rv_blob *b, unsigned int hook, struct rv_engine *e, struct rvk_refusal *why)
{
	int rc;

	rv_blob_rules_end(b, hook);
	rc = rv_blob_replace(b, e, why);
	rv_blob_free(b);
	return rc;
}

struct rvk_table rv_test_info(struct rv_engine *e, uint8_t family, const char *table)
{
	struct rvk_info info = { .version = RVK_VERSION, .table.family = family };
	uint32_t len = sizeof(info);

	memcpy(info.table.name, table, strnlen(table, sizeof(info.table.name)));
	if (rv_engine_call(e, RVK_SO_INFO, &info, &len))
		memset(&info, 0, sizeof(info));
	return info.table;
}

struct rvk_entry *rv_blob_entry(struct rv_blob *b, uint32_t n)
{
	uint8_t *at = b->entries;

	while (n--)
		at += ((struct rvk_entry *)(void *)at)->next;
	return (void *)at;
}

int rv_blob_send(struct rv_blob *b, struct rv_engine *e, const struct rvk_table *old,
		 struct rvk_refusal *why)
{
	struct rvk_replace *call = (void *)b->bytes;
	uint32_t len = sizeof(*call) + sizeof(*b->head) + b->head->size +
		       old->count * sizeof(struct rvk_counters);
	int rc;

	b->head->generation = old->generation;
	b->head->old_count = old->count;
	call->version = RVK_VERSION;
	call->ntables = 1;
	call->size = len;
	rc = rv_engine_call(e, RVK_SO_REPLACE, call, &len);
	if (why)
		*why = call->refusal;
	return rc;
}

int rv_blob_replace(struct rv_blob *b, struct rv_engine *e, struct rvk_refusal *why)
{
	struct rvk_table now = rv_test_info(e, b->head->family, b->head->name);

	return rv_blob_send(b, e, &now, why);
}

struct rvk_counters rv_test_counters(struct rv_engine *e, uint8_t family, const char *table,
				     uint32_t n)
{
	struct rvk_table now = rv_test_info(e, family, table);
	uint32_t len = sizeof(struct rvk_info) + now.size, off = 0;
	struct rvk_info *info = rv_alloc(len, true);
	struct rvk_counters c = { ~0ULL, ~0ULL };

	*info = (struct rvk_info){ .version = RVK_VERSION, .table = now };
	if (!rv_engine_call(e, RVK_SO_ENTRIES, info, &len)) {
		for (; n; n--)
			off += ((struct rvk_entry *)(void *)((uint8_t *)(info + 1) + off))->next;
		c = ((struct rvk_entry *)(void *)((uint8_t *)(info + 1) + off))->counters;
	}
	rv_free(info);
	return c;
}
