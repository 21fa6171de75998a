/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers that entries can refer to: the engine's own, and those other modules register. */
#include "internal.h"

static struct rv_handler *const built_in[] = {
	rv_matches_header, rv_matches_transport, rv_matches_packet, rv_matches_limit,
	rv_matches_hashlimit, rv_matches_recent, rv_matches_string, rv_matches_time,
	rv_matches_u32, rv_matches_owner, rv_targets_header, rv_targets_packet, rv_targets_log,
	rv_targets_reject, rv_targets_tcpmss, rv_matches_ct, rv_targets_ct,
};

#define BUCKETS 64

/* Protects everything below, and next and users of the handlers. */
static struct rv_lock lock = RV_LOCK_INIT(lock);
static struct rv_handler *buckets[BUCKETS];
static bool started;
static const struct rv_module_ops *modules;

static struct rv_handler **bucket(const char *name)
{
	uint32_t hash = 5381;

	while (*name)
		hash = hash * 33 + (uint8_t)*name++;
	return &buckets[hash % BUCKETS];
}

static bool same_family(const struct rv_handler *h, uint8_t family)
{
	return h->family == family || h->family == NFPROTO_UNSPEC || family == NFPROTO_UNSPEC;
}

static bool is_called(const struct rv_handler *h, uint8_t kind, uint8_t family, const char *name)
{
	return h->kind == kind && same_family(h, family) && !strcmp(h->name, name);
}

static void add_handler(struct rv_handler *h)
{
	struct rv_handler **at = bucket(h->name);

	h->users = 0;
	h->next = *at;
	*at = h;
}

/* Adds the engine's own handlers before the first lookup. Called with the lock held. */
static void add_builtin(void)
{
	if (started)
		return;
	for (unsigned int i = 0; i < RV_COUNT(built_in); i++)
		for (struct rv_handler *h = built_in[i]; h->name; h++)
			add_handler(h);
	started = true;
}

static int add_new(struct rv_handler *h)
{
	for (struct rv_handler *other = *bucket(h->name); other; other = other->next)
		if (is_called(other, h->kind, h->family, h->name) && other->revision == h->revision)
			return -EEXIST;
	add_handler(h);
	return 0;
}

static int register_handler(struct rv_handler *h, uint8_t kind)
{
	int rc;

	if (h->kind != kind || (kind == RVK_KIND_MATCH ? !h->match : !h->target) ||
	    !h->name[0] || strlen(h->name) >= RVK_NAME_LEN)
		return -EINVAL;
	rv_lock(&lock);
	add_builtin();
	rc = add_new(h);
	rv_unlock(&lock);
	return rc;
}

static int take_out(struct rv_handler *h)
{
	struct rv_handler **at = bucket(h->name);

	while (*at && *at != h)
		at = &(*at)->next;
	if (!*at)
		return -ENOENT;
	if (h->users)
		return -EBUSY;
	*at = h->next;
	return 0;
}

static int unregister_handler(struct rv_handler *h)
{
	int rc;

	rv_lock(&lock);
	rc = take_out(h);
	rv_unlock(&lock);
	return rc;
}

int rv_register_match(struct rv_handler *m)
{
	return register_handler(m, RVK_KIND_MATCH);
}

int rv_register_target(struct rv_handler *t)
{
	return register_handler(t, RVK_KIND_TARGET);
}

int rv_unregister_match(struct rv_handler *m)
{
	return unregister_handler(m);
}

int rv_unregister_target(struct rv_handler *t)
{
	return unregister_handler(t);
}

void rv_engine_modules(const struct rv_module_ops *ops)
{
	rv_lock(&lock);
	modules = ops;
	rv_unlock(&lock);
}

static struct rv_handler *find_handler(bool tracks, uint8_t kind, uint8_t family,
				       const char *name, uint8_t revision, int *best)
{
	struct rv_handler *found = NULL;

	*best = -1;
	for (struct rv_handler *h = *bucket(name); h; h = h->next) {
		if (!is_called(h, kind, family, name) || (h->tracks && !tracks))
			continue;
		*best = h->revision > *best ? h->revision : *best;
		if (h->revision == revision)
			found = h;
	}
	return found;
}

/* A module that is being unloaded cannot be pinned. */
static bool pin_handler(struct rv_handler *h)
{
	if (h->module && modules && !modules->get(h->module))
		return false;
	h->users++;
	return true;
}

const struct rv_handler *rv_handler_get(const struct rv_engine *e, uint8_t kind, uint8_t family,
					const char *name, uint8_t revision, int *best)
{
	struct rv_handler *h;

	rv_lock(&lock);
	add_builtin();
	h = find_handler(rv_engine_ct(e), kind, family, name, revision, best);
	if (h && !pin_handler(h))
		h = NULL;
	rv_unlock(&lock);
	return h;
}

void rv_handler_put(const struct rv_handler *h)
{
	/* The registering module passed it as non-const. */
	struct rv_handler *own = (struct rv_handler *)h;

	rv_lock(&lock);
	own->users--;
	if (own->module && modules)
		modules->put(own->module);
	rv_unlock(&lock);
}
