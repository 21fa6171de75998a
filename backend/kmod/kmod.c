/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backend "kmod": the tables of ravelin.ko. A table is read completely on first use. Commit
 * replaces all tables that were read in one call, which fails if any was replaced meanwhile.
 */
#include <errno.h>
#include <stdlib.h>

#include <ravelin/registry.h>

#include "backend/nft/closed.h"
#include "backend/nft/nft.h"
#include "kmod.h"

/* retries of a read that conflicts with a writer, before RV_ERR_AGAIN */
#define PATIENCE 16

/* State of a table when it was read. */
struct table_snapshot {
	const struct rv_table_def *def;
	uint64_t generation;
	uint32_t count;
	struct rvk_counters *counters;	/* of its entries at that time */
};

struct kmod {
	struct rv_kmod_link link;
	struct table_snapshot held[RVK_TABLES_MAX];
	unsigned int nheld;
};

/* ---- transport ------------------------------------------------------------------------------ */

/* Reports the error of a call that concerns no particular rule. */
static int refused_call(int rc, struct rv_error *err)
{
	switch (-rc) {
	case EAGAIN:
		rv_fail(err, RV_ERR_AGAIN, NULL, "Resource temporarily unavailable");
		return rv_hint(err, "another program changed the ruleset at the same time");
	case EPERM:
	case EACCES:
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "Permission denied (you must be root)");
	case EPROTONOSUPPORT:
		rv_fail(err, RV_ERR_VERSION, NULL, "ravelin.ko does not have ABI version %u",
			RVK_VERSION);
		return rv_hint(err, "load the module of the same release as this program");
	case ENOMEM:
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "ravelin.ko is out of memory");
	default:
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "ravelin.ko refused a call: %s",
			       strerror(-rc));
	}
}

/* ---- opening ------------------------------------------------------------------------------ */

static void free_snapshots(struct kmod *k)
{
	while (k->nheld)
		free(k->held[--k->nheld].counters);
}

static void kmod_close(struct rv_store *s)
{
	struct kmod *k = s->priv;

	if (!k)
		return;
	free_snapshots(k);
	rv_kmod_link_close(&k->link);
	free(k);
	s->priv = NULL;
}

static int kmod_open(struct rv_store *s, const char *arg, struct rv_error *err)
{
	struct kmod *k = calloc(1, sizeof(*k));

	if (!k)
		return rv_fail_memory(err);
	if (rv_kmod_link_open(&k->link, arg, err)) {
		free(k);
		return -1;
	}
	s->priv = k;
	return 0;
}

/* ---- reading ------------------------------------------------------------------------------ */

static void ask_for(struct rvk_info *info, const struct rv_table *t)
{
	memset(info, 0, sizeof(*info));
	info->version = RVK_VERSION;
	memcpy(info->table.name, t->def->name, strlen(t->def->name));
	info->table.family = t->ruleset->family;
}

/* Reads the current table: struct rvk_info and entries. Returns 0 or -Exxx. */
static int read_entries(struct rv_kmod_link *link, const struct rv_table *t, struct rv_buf *b)
{
	struct rvk_info *info = rv_buf_grow(b, sizeof(*info));
	uint32_t size;
	int rc;

	if (!info)
		return -ENOMEM;
	ask_for(info, t);
	rc = link->transport->call(link->priv, RVK_SO_INFO, info, sizeof(*info));
	if (rc || !info->table.count)
		return rc;
	size = info->table.size;
	if (size > RVK_SIZE_MAX)
		return -EOVERFLOW;
	if (!rv_buf_grow(b, size))
		return -ENOMEM;
	return link->transport->call(link->priv, RVK_SO_ENTRIES, b->data, b->len);
}

static int read_patiently(struct rv_kmod_link *link, const struct rv_table *t, struct rv_buf *b)
{
	int rc = -EAGAIN;

	for (unsigned int i = 0; i < PATIENCE && rc == -EAGAIN; i++) {
		rv_buf_reset(b);
		rc = read_entries(link, t, b);
	}
	return rc;
}

/* Stores the counters of the decoded entries, to compute changes later. */
static int hold(struct kmod *k, const struct rv_table *t, const struct rvk_table *head,
		const char *entries, struct rv_error *err)
{
	struct table_snapshot *h = &k->held[k->nheld];
	uint32_t at = 0;

	if (k->nheld == RVK_TABLES_MAX)
		return rv_fail_memory(err);
	*h = (struct table_snapshot){ t->def, head->generation, head->count, NULL };
	h->counters = calloc(head->count + (size_t)1, sizeof(*h->counters));
	if (!h->counters)
		return rv_fail_memory(err);
	k->nheld++;
	for (uint32_t i = 0; i < head->count; i++) {
		const struct rvk_entry *e = (const void *)(entries + at);

		h->counters[i] = e->counters;
		at += e->next;
	}
	return 0;
}

/* A table without entries does not exist; its base chains have defaults. */
static void nothing_there(struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		c->loaded = true;
}

static int load_table(struct kmod *k, struct rv_table *t, const struct rv_buf *b,
		      const struct rv_meter *meter, struct rv_error *err)
{
	const struct rvk_info *info = (const void *)b->data;
	const struct rvk_table *head = &info->table;

	if (head->size != b->len - sizeof(*info) && head->count)
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "table `%s' has changed its size",
			       t->def->name);
	if (!head->count)
		nothing_there(t);
	else if (rv_kmod_decode(t, head, info + 1, meter, err))
		return -1;
	t->complete = true;
	return hold(k, t, head, (const char *)(info + 1), err);
}

static int kmod_load_chains(struct rv_store *s, struct rv_table *table, const char *only,
			    struct rv_error *err)
{
	struct kmod *k = s->priv;
	struct rv_buf b = RV_BUF_INIT;
	int rc = read_patiently(&k->link, table, &b);

	(void)only;
	rc = rc ? refused_call(rc, err) : load_table(k, table, &b, s->meter, err);
	rv_buf_free(&b);
	return rc;
}

/* ---- writing ------------------------------------------------------------------------------- */

int rv_kmod_change_add(struct rv_kmod_change *c, struct rv_table *t, uint64_t generation,
		       uint32_t old_count, struct rv_error *err)
{
	const unsigned int n = c->n;
	const size_t room = old_count * sizeof(struct rvk_counters);
	struct rvk_table *head;

	if (!n && !rv_buf_grow(&c->buf, sizeof(struct rvk_replace)))
		return rv_fail_memory(err);
	if (n == RVK_TABLES_MAX)
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "too many tables for one call");
	c->n++;
	if (rv_kmod_encode(&c->blobs[n], &c->buf, t, c->link, err))
		return -1;
	head = rv_kmod_blob_table(&c->blobs[n]);
	head->generation = generation;
	head->old_count = old_count;
	c->old[n] = c->buf.len;
	if (room && !rv_buf_grow(&c->buf, room))
		return rv_fail_memory(err);
	memset(c->buf.data + c->old[n], 0, room);
	return 0;
}

static bool learn_part(struct rv_kmod_link *link, rv_family_t family, const struct rv_part *part)
{
	return part && rv_layout_probe(rv_kmod_has_layout, link, family, part->ext);
}

/*
 * Whether the change contains an extension that another revision, which the kernel has, can
 * express.
 */
static bool probe_revisions(const struct rv_kmod_change *c)
{
	bool learnt = false;

	for (unsigned int n = 0; n < c->n; n++) {
		const struct rv_kmod_blob *b = &c->blobs[n];
		rv_family_t family = b->table->ruleset->family;

		for (uint32_t i = 0; i < b->count; i++) {
			const struct rv_rule *r = b->entries[i].rule;

			for (const struct rv_part *m = r ? r->matches : NULL; m; m = m->next)
				learnt |= learn_part(c->link, family, m);
			learnt |= r && learn_part(c->link, family, r->target);
		}
	}
	return learnt;
}

static bool lacks_layout(const struct rvk_refusal *why)
{
	return why->reason == RVK_WHY_UNKNOWN || why->reason == RVK_WHY_REVISION;
}

int rv_kmod_change_send(struct rv_kmod_change *c, struct rv_error *err)
{
	struct rvk_replace *head = (struct rvk_replace *)(void *)c->buf.data;
	int rc;

	if (!c->n)
		return 0;
	if (c->buf.len > INT32_MAX)
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "the tables are too large for one call");
	*head = (struct rvk_replace){
		.version = RVK_VERSION, .ntables = c->n, .size = c->buf.len,
	};
	rc = c->link->transport->call(c->link->priv, RVK_SO_REPLACE, c->buf.data, c->buf.len);
	if (!rc)
		return 0;
	if (rc == -EAGAIN || (!head->refusal.reason && rc != -EINVAL))
		return refused_call(rc, err);
	if (lacks_layout(&head->refusal) && probe_revisions(c))
		return rv_fail_retry(err, "the kernel has older revisions only");
	return rv_kmod_refused(&head->refusal, rc, c, err);
}

void rv_kmod_change_free(struct rv_kmod_change *c)
{
	for (unsigned int i = 0; i < c->n; i++)
		rv_kmod_blob_free(&c->blobs[i]);
	rv_buf_free(&c->buf);
	c->n = 0;
}

/* ---- counters ------------------------------------------------------------------------------ */

static const struct table_snapshot *held_of(const struct kmod *k, const struct rv_table_def *def)
{
	for (unsigned int i = 0; i < k->nheld; i++)
		if (k->held[i].def == def)
			return &k->held[i];
	return NULL;
}

/* Index of an entry in the table that was read, from 1; 0: new. */
static uint64_t place_before(const struct rv_kmod_entry *e)
{
	if (e->rule)
		return e->rule->handle;
	return e->chain->base >= 0 ? e->chain->handle : 0;
}

/*
 * Entries that existed before continue with the kernel's counters at the time of replacement. Their
 * initial value is the change relative to the counters read: 0 if unchanged, negative (modulo 2^64)
 * if zeroed.
 */
static void carry_counters(const struct rv_kmod_blob *b, const struct table_snapshot *h)
{
	uint8_t *at = (uint8_t *)(rv_kmod_blob_table(b) + 1);

	for (uint32_t i = 0; i < b->count; i++) {
		struct rvk_entry *e = (struct rvk_entry *)(void *)at;
		uint64_t before = place_before(&b->entries[i]);

		at += e->next;
		if (!before || before > h->count)
			continue;
		e->index = before;
		e->counters.packets -= h->counters[before - 1].packets;
		e->counters.bytes -= h->counters[before - 1].bytes;
	}
}

static void set_counters(const struct rv_kmod_entry *e, const struct rvk_counters *now)
{
	const struct rv_counters c = { now->packets, now->bytes };

	if (e->rule)
		e->rule->counters = c;
	else if (e->chain->base >= 0)
		e->chain->counters = c;
}

static int count_table(const struct rv_kmod_change *c, const struct rv_kmod_blob *b,
		       struct rv_buf *read, struct rv_error *err)
{
	const struct rv_table *t = b->table;
	int rc = read_patiently(c->link, t, read);
	const struct rvk_info *info = (const void *)read->data;
	uint32_t at = 0;

	if (rc)
		return refused_call(rc, err);
	if (info->table.count != b->count)
		return rv_fail(err, RV_ERR_AGAIN, NULL, "table `%s' was replaced in between",
			       t->def->name);
	for (uint32_t i = 0; i < b->count; i++) {
		const struct rvk_entry *e = (const void *)((const char *)(info + 1) + at);

		set_counters(&b->entries[i], &e->counters);
		at += e->next;
	}
	return 0;
}

int rv_kmod_change_count(const struct rv_kmod_change *c, struct rv_error *err)
{
	struct rv_buf read = RV_BUF_INIT;
	int rc = 0;

	for (unsigned int i = 0; i < c->n && !rc; i++)
		rc = count_table(c, &c->blobs[i], &read, err);
	rv_buf_free(&read);
	return rc;
}

/* ---- commit -------------------------------------------------------------------------------- */

/* Adds all tables that exist or existed, of those that were read. */
static int add_tables(struct rv_kmod_change *c, struct kmod *k, struct rv_ruleset *rs,
		      struct rv_error *err)
{
	rv_list_each(t, &rs->tables, struct rv_table, node) {
		const struct table_snapshot *h = held_of(k, t->def);

		if (!h || (!t->exists && !h->count))
			continue;
		if (rv_kmod_change_add(c, t, h->generation, h->count, err))
			return -1;
		carry_counters(&c->blobs[c->n - 1], h);
	}
	return 0;
}

static int kmod_commit(struct rv_store *s, struct rv_error *err)
{
	struct kmod *k = s->priv;
	struct rv_kmod_change c = { .link = &k->link };
	int rc = add_tables(&c, k, &s->rs, err);

	if (!rc)
		rc = rv_kmod_change_send(&c, err);
	rv_kmod_change_free(&c);
	return rc;
}

/* The user-space engine sees no packets of the kernel. */
static void kmod_other_rules(struct rv_store *s, const char *suffix, bool person,
			     struct rv_error *err)
{
	const struct kmod *k = s->priv;

	if (k->link.transport == &rv_kmod_socket)
		rv_nft_module_rules(s, suffix, person, err);
}

const struct rv_backend rv_backend_kmod = {
	.name = "kmod",
	.banner = "kmod",
	.open = kmod_open,
	.close = kmod_close,
	.load_chains = kmod_load_chains,
	.commit = kmod_commit,
	.other_rules = kmod_other_rules,
	.shut = rv_nft_shut,
	.image = &rv_kmod_image_ops,
};
