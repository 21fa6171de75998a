/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of a namespace, and the ABI calls that read and replace them. */
#include "ct.h"

#include <linux/netfilter_ipv4.h>

#include <ravelin/hooks.h>

/* Hooks of each table, and its priorities there. */
enum {
#define RV_BASE(hook, priority) | 1U << NF_INET_##hook
#define RV_X(id, name, type, ...) HOOKS_##id = 0 __VA_ARGS__,
	RV_TABLES_LIST(RV_X, RV_BASE)
#undef RV_X
#undef RV_BASE
};

const struct rv_engine_table_def rv_engine_tables[RV_TABLES] = {
#define RV_BASE(hook, pri) [NF_INET_##hook] = NF_IP_PRI_##pri,
#define RV_X(id, word, type, ...)						\
	[RV_TABLE_##id] = { .name = (word), .hooks = HOOKS_##id, .priority = { __VA_ARGS__ } },
	RV_TABLES_LIST(RV_X, RV_BASE)
#undef RV_X
#undef RV_BASE
};

struct rv_engine {
	const struct rv_engine_ops *ops;
	void *context;
	unsigned int slots;
	uint64_t generation;			/* last generation assigned to a table */
	struct rv_rules *rules[2][RV_TABLES];	/* IPv4, IPv6; read under rv_read_begin() */
	struct rv_named_list names[RV_NAMES];
	uint64_t used;				/* bytes of state allocated for packets */
	struct rv_ct *ct;			/* NULL if the engine does not track connections */
};

const struct rv_engine_table_def *rv_engine_table_find(const char name[RVK_TABLE_LEN])
{
	if (!rv_name_valid(name, RVK_TABLE_LEN, false))
		return NULL;
	for (unsigned int id = 0; id < RV_TABLES; id++)
		if (!strcmp(rv_engine_tables[id].name, name))
			return &rv_engine_tables[id];
	return NULL;
}

const struct rv_engine_ops *rv_engine_ops(const struct rv_engine *e)
{
	return e->ops;
}

unsigned int rv_engine_slots(const struct rv_engine *e)
{
	return e->slots;
}

struct rv_named_list *rv_engine_names(struct rv_engine *e, enum rv_names_id id)
{
	return &e->names[id];
}

uint64_t *rv_engine_used(struct rv_engine *e)
{
	return &e->used;
}

int rv_engine_track(struct rv_engine *e, const struct rv_ct_config *config)
{
	if (!e->ct)
		e->ct = rv_ct_new(config, e->slots);
	return e->ct ? 0 : -ENOMEM;
}

struct rv_ct *rv_engine_ct(const struct rv_engine *e)
{
	return e->ct;
}

void *rv_engine_context(const struct rv_engine *e)
{
	return e->context;
}

struct rv_engine *rv_engine_new(const struct rv_engine_ops *ops, void *context,
				unsigned int slots)
{
	struct rv_engine *e = rv_alloc(sizeof(*e), true);

	if (!e)
		return NULL;
	e->ops = ops;
	e->context = context;
	e->slots = slots;
	for (unsigned int i = 0; i < RV_NAMES; i++) {
		e->names[i].key[0] = rv_random();
		e->names[i].key[1] = rv_random();
	}
	return e;
}

void rv_engine_free(struct rv_engine *e)
{
	if (!e)
		return;
	rv_wait_readers();
	for (unsigned int id = 0; id < RV_TABLES; id++) {
		rv_rules_free(e->rules[0][id]);
		rv_rules_free(e->rules[1][id]);
	}
	rv_ct_free(e->ct);
	rv_free(e);
}

static struct rv_rules **table_slot(struct rv_engine *e, uint8_t family,
				    const struct rv_engine_table_def *def)
{
	return &e->rules[family != NFPROTO_IPV4][def - rv_engine_tables];
}

unsigned int rv_engine_run(struct rv_engine *e, enum rv_table_id id, struct rv_pkt *pkt,
			   struct rv_record *record)
{
	unsigned int slot = rv_read_begin(), verdict = NF_ACCEPT;
	struct rv_rules *r = rv_deref(e->rules[pkt->family != NFPROTO_IPV4][id]);

	if (r)
		verdict = rv_rules_run(r, slot, pkt, record);
	rv_read_end();
	return verdict;
}

void rv_engine_stat(struct rv_engine *e, uint8_t family, enum rv_table_id id,
		    struct rv_engine_stat *stat)
{
	const struct rv_rules *r = e->rules[family != NFPROTO_IPV4][id];

	*stat = (struct rv_engine_stat){ 0 };
	if (!r)
		return;
	stat->generation = r->head.generation;
	stat->entries = r->head.count;
	stat->chains = r->nchains;
	stat->parts = r->nuses;
	stat->depth = r->depth;
	stat->lookups = r->nlookups;
	stat->size = r->head.size;
	stat->memory = r->memory;
}

static uint32_t count_known(struct rv_named *named)
{
	uint32_t count;

	rv_lock(&named->lock);
	count = named->cache.count;
	rv_unlock(&named->lock);
	return count;
}

void rv_engine_filled(struct rv_engine *e, void (*fn)(const struct rv_filled *f, void *arg), void *arg)
{
	static const char *const matches[RV_NAMES] = {
		[RV_NAMES_HASHLIMIT] = "hashlimit", [RV_NAMES_RECENT] = "recent",
	};

	for (unsigned int i = 0; i < RV_NAMES * RV_NAME_BUCKETS; i++) {
		unsigned int id = i / RV_NAME_BUCKETS;
		struct rv_named *named = e->names[id].buckets[i % RV_NAME_BUCKETS];

		for (; named; named = named->next) {
			const struct rv_filled filled = { matches[id], named->name, named->family,
							  count_known(named), named->max };

			fn(&filled, arg);
		}
	}
}

/* ---- reading ------------------------------------------------------------------------------ */

/* Functions indexed by family must not get any other value. */
static bool is_family(uint8_t family)
{
	return family == NFPROTO_IPV4 || family == NFPROTO_IPV6;
}

/* Fills in the header of the table it names. Returns its rules, or NULL. */
static int get_info(struct rv_engine *e, struct rvk_info *info, struct rv_rules **rules)
{
	const struct rv_engine_table_def *def = rv_engine_table_find(info->table.name);
	uint8_t family = info->table.family;

	if (info->version != RVK_VERSION)
		return -EPROTONOSUPPORT;
	if (info->flags)
		return -EINVAL;
	if (!def || !is_family(family))
		return -ENOENT;
	*rules = *table_slot(e, family, def);
	memset(&info->table, 0, sizeof(info->table));
	if (*rules) {
		info->table = (*rules)->head;
		return 0;
	}
	memcpy(info->table.name, def->name, strlen(def->name));
	info->table.family = family;
	info->table.valid_hooks = def->hooks;
	return 0;
}

static int call_info(struct rv_engine *e, void *buf, uint32_t *len)
{
	struct rv_rules *rules;

	return *len == sizeof(struct rvk_info) ? get_info(e, buf, &rules) : -EINVAL;
}

/* For calls with data after the header: validates it against the table. */
static int get_asked(struct rv_engine *e, struct rvk_info *info, uint32_t len,
		     struct rvk_table *asked, struct rv_rules **rules)
{
	if (len < sizeof(*info))
		return -EINVAL;
	*asked = info->table;
	return get_info(e, info, rules);
}

/* Restores an entry as it was loaded: clears fields the engine uses, sets current counters. */
static void restore_entry(const struct rv_rules *r, struct rvk_entry *out,
			  const struct rvk_entry *e)
{
	uint32_t off = sizeof(*e);

	memcpy(out, e, e->next);
	out->index = 0;
	out->uses = 0;
	out->counters = rv_counters_of(r, e);
	while (off < e->next) {
		struct rvk_element *el = (void *)((uint8_t *)out + off);

		el->slot = 0;
		off += el->size;
	}
}

static int call_entries(struct rv_engine *e, void *buf, uint32_t *len)
{
	struct rvk_info *info = buf;
	uint8_t *out = (uint8_t *)(info + 1);
	struct rvk_table asked;
	struct rv_rules *r;
	uint32_t off;
	int rc = get_asked(e, info, *len, &asked, &r);

	if (rc)
		return rc;
	if (*len - sizeof(*info) != asked.size)
		return -EINVAL;
	*len = sizeof(*info);
	if (asked.generation != info->table.generation || asked.size != info->table.size)
		return -EAGAIN;
	for (off = 0; off < asked.size; off += rv_entry_at(r, off)->next) {
		restore_entry(r, (void *)(out + off), rv_entry_at(r, off));
		rv_rest();
	}
	*len += asked.size;
	return 0;
}

/* ---- counters -------------------------------------------------------------------------------- */

#define COUNTERS_AT_ONCE	1024	/* entries between two calls of rv_rest() */

/* Added on the current CPU, whose counters no other CPU writes. */
static void add_counters(struct rv_rules *r, const struct rvk_counters *more)
{
	for (uint32_t i = 0; i < r->head.count;) {
		unsigned int slot = rv_read_begin();

		rv_slot_runs(&r->slots[slot]);
		do {
			rv_count_more(&r->slots[slot].counters[i], more[i].packets, more[i].bytes);
		} while (++i < r->head.count && i % COUNTERS_AT_ONCE);
		rv_read_end();
		rv_rest();
	}
}

static int call_counters(struct rv_engine *e, void *buf, uint32_t *len)
{
	struct rvk_info *info = buf;
	struct rvk_table asked;
	struct rv_rules *r;
	int rc = get_asked(e, info, *len, &asked, &r);

	if (rc)
		return rc;
	if ((*len - sizeof(*info)) % sizeof(struct rvk_counters) ||
	    (*len - sizeof(*info)) / sizeof(struct rvk_counters) != asked.count)
		return -EINVAL;
	if (!r || asked.generation != r->head.generation || asked.count != r->head.count)
		return -EAGAIN;
	add_counters(r, (const void *)(info + 1));
	*len = 0;
	return 0;
}

/* ---- replacing -------------------------------------------------------------------------------- */

/* One table of a call. */
struct change {
	struct rvk_table *head;			/* in the caller's buffer, as are the counters */
	struct rvk_counters *old_counters;
	struct rv_rules *rules;			/* new (NULL: the table is deleted); old after
						 * the exchange */
	struct rv_rules **place;
};

struct changes {
	struct change list[RVK_TABLES_MAX];
	uint32_t n;
};

/*
 * Finds the tables in the buffer. Returns 0, or -EINVAL if their sizes do not add up to its length.
 */
static int find_changes(struct changes *c, struct rvk_replace *call, uint32_t len)
{
	uint8_t *at = (uint8_t *)(call + 1);
	uint64_t left = len - sizeof(*call);

	for (c->n = 0; c->n < call->ntables; c->n++) {
		struct rvk_table *head = (void *)at;
		uint64_t need;

		if (left < sizeof(*head))
			return -EINVAL;
		need = sizeof(*head) + (uint64_t)head->size +
		       (uint64_t)head->old_count * sizeof(struct rvk_counters);
		if (need > left || head->size % 8)
			return -EINVAL;
		c->list[c->n] = (struct change){
			.head = head, .old_counters = (void *)(at + sizeof(*head) + head->size),
		};
		at += need;
		left -= need;
	}
	return left ? -EINVAL : 0;
}

static bool is_twice(const struct changes *c, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (c->list[i].place == c->list[n].place)
			return true;
	return false;
}

/* Whether it was derived from the current table. */
static bool is_current(const struct change *change)
{
	const struct rv_rules *now = *change->place;

	return change->head->generation == (now ? now->head.generation : 0) &&
	       change->head->old_count == (now ? now->head.count : 0);
}

/* A table without entries is to be deleted. */
static bool is_removal(const struct rvk_table *head)
{
	return !head->size && !head->count && !head->valid_hooks;
}

/* Reserved fields are 0, as are offsets for hooks the table does not have. */
static bool is_clean(const struct rvk_table *head)
{
	uint32_t stray = 0;

	for (unsigned int hook = 0; hook < RVK_HOOKS; hook++)
		if (!(head->valid_hooks & 1U << hook))
			stray |= head->hook_entry[hook] | head->underflow[hook];
	return !(stray | head->reserved[0] | head->reserved[1] | head->reserved[2] |
		 head->reserved2);
}

static int make_change(struct rv_engine *e, struct changes *c, uint32_t n, struct rvk_refusal *why)
{
	struct change *change = &c->list[n];
	struct rvk_table *head = change->head;
	const struct rv_engine_table_def *def = rv_engine_table_find(head->name);
	int error;

	why->table = n;
	why->stage = RVK_STAGE_TABLE;
	why->element = RVK_NO_ELEMENT;
	if (!def || !is_family(head->family))
		return rv_refuse(why, RVK_WHY_TABLE, -ENOENT);
	change->place = table_slot(e, head->family, def);
	if (is_twice(c, n))
		return rv_refuse(why, RVK_WHY_TWICE, -EINVAL);
	if (!is_current(change))
		return rv_refuse(why, RVK_WHY_GENERATION, -EAGAIN);
	if (!is_clean(head))
		return rv_refuse(why, RVK_WHY_RESERVED, -EINVAL);
	if (is_removal(head))
		return 0;
	change->rules = rv_rules_new(e, def, head, why, &error);
	return change->rules ? 0 : error;
}

/* Registers hooks for tables that come into existence. Unused hooks do no harm. */
static int announce(struct rv_engine *e, const struct changes *c, struct rvk_refusal *why)
{
	for (uint32_t i = 0; i < c->n && e->ops && e->ops->table_made; i++) {
		const struct change *change = &c->list[i];
		int rc = *change->place || !change->rules ? 0 :
			 e->ops->table_made(e, change->head->family,
					    change->rules->def - rv_engine_tables);

		if (!rc)
			continue;
		if (rc != -EOPNOTSUPP)
			return rc;
		*why = (struct rvk_refusal){ .table = i, .stage = RVK_STAGE_TABLE,
					     .element = RVK_NO_ELEMENT };
		return rv_refuse(why, RVK_WHY_NAT, rc);
	}
	return 0;
}

/* Cannot fail. Afterwards changes hold the old tables. */
static void exchange(struct rv_engine *e, struct changes *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->list[i].rules)
			rv_parts_begin(c->list[i].rules);
	for (uint32_t i = 0; i < c->n; i++) {
		struct change *change = &c->list[i];
		struct rv_rules *old = *change->place;

		change->head->generation = change->rules ? ++e->generation : 0;
		if (change->rules) {
			change->rules->head.generation = change->head->generation;
			change->rules->head.old_count = 0;
		}
		rv_publish(*change->place, change->rules);
		change->rules = old;
	}
	/* Afterwards no packet is in an old table, so its counters are final. */
	rv_wait_walks();
}

static void give_old_counters(const struct change *change)
{
	const struct rv_rules *r = change->rules;
	struct rvk_counters *out = change->old_counters;

	if (!r)
		return;
	for (uint32_t off = 0; off < r->head.size; off += rv_entry_at(r, off)->next) {
		*out++ = rv_counters_of(r, rv_entry_at(r, off));
		rv_rest();
	}
}

/* Adds the counters of the entries that index names; the names are still in the caller's buffer. */
static void carry_counters(const struct change *change)
{
	const struct rv_rules *r = *change->place;
	const uint8_t *given = (const uint8_t *)(change->head + 1);

	for (uint32_t off = 0; r && off < r->head.size; off += rv_entry_at(r, off)->next) {
		const uint32_t from = ((const struct rvk_entry *)(const void *)(given + off))->index;
		struct rvk_counters *c = &((struct rvk_entry *)(void *)(r->blob + off))->counters;

		if (from) {
			c->packets += change->old_counters[from - 1].packets;
			c->bytes += change->old_counters[from - 1].bytes;
		}
		rv_rest();
	}
}

static int replace_tables(struct rv_engine *e, struct changes *c, struct rvk_replace *call)
{
	int rc = 0;

	for (uint32_t i = 0; i < c->n && !rc; i++)
		rc = make_change(e, c, i, &call->refusal);
	if (!rc && !(call->flags & RVK_REPLACE_DRY))
		rc = announce(e, c, &call->refusal);
	if (!rc && !(call->flags & RVK_REPLACE_DRY)) {
		exchange(e, c);
		for (uint32_t i = 0; i < c->n; i++) {
			give_old_counters(&c->list[i]);
			carry_counters(&c->list[i]);
		}
	}
	for (uint32_t i = 0; i < c->n; i++)
		rv_rules_free(c->list[i].rules);
	return rc;
}

static int call_replace(struct rv_engine *e, void *buf, uint32_t *len)
{
	struct rvk_replace *call = buf;
	struct changes *changes;
	uint32_t whole = *len;
	int rc;

	if (whole < sizeof(*call))
		return -EINVAL;
	*len = sizeof(*call);
	memset(&call->refusal, 0, sizeof(call->refusal));
	if (call->version != RVK_VERSION)
		return -EPROTONOSUPPORT;
	if (call->flags & ~RVK_REPLACE_FLAGS || call->size != whole || !call->ntables ||
	    call->ntables > RVK_TABLES_MAX)
		return -EINVAL;
	changes = rv_alloc(sizeof(*changes), true);
	if (!changes)
		return rv_refuse(&call->refusal, RVK_WHY_MEMORY, -ENOMEM);
	rc = find_changes(changes, call, whole);
	if (!rc)
		rc = replace_tables(e, changes, call);
	rv_free(changes);
	if (rc)
		return rc;
	memset(&call->refusal, 0, sizeof(call->refusal));
	*len = whole;
	return 0;
}

/* ---- RVK_SO_HAS ----------------------------------------------------------------------------- */

static uint8_t look_up(struct rv_engine *e, const struct rvk_has *has, int *best)
{
	const struct rv_handler *h;
	int theirs = -1;

	h = rv_handler_get(e, has->kind, has->family, has->name, has->revision, best);
	if (h) {
		rv_handler_put(h);
		return RVK_HAS_ENGINE;
	}
	if (!e->ops || !e->ops->get)
		return RVK_HAS_NOT;
	h = e->ops->get(e, has->kind, has->family, has->name, has->revision, &theirs);
	if (theirs > *best)
		*best = theirs;
	if (!h)
		return RVK_HAS_NOT;
	e->ops->put(h);
	return RVK_HAS_KERNEL;
}

static int call_has(struct rv_engine *e, void *buf, uint32_t *len)
{
	struct rvk_has *has = buf;
	int best = -1;

	if (*len != sizeof(*has))
		return -EINVAL;
	if (has->version != RVK_VERSION)
		return -EPROTONOSUPPORT;
	if (has->flags || has->where || has->best || has->reserved || !is_family(has->family))
		return -EINVAL;
	if (has->kind == RVK_KIND_SELECTOR) {
		has->where = rv_selector_known(has->sel, has->family) ? RVK_HAS_ENGINE : RVK_HAS_NOT;
		return 0;
	}
	if (has->sel || (has->kind != RVK_KIND_MATCH && has->kind != RVK_KIND_TARGET) ||
	    !rv_name_valid(has->name, RVK_NAME_LEN, false))
		return -EINVAL;
	has->where = look_up(e, has, &best);
	has->best = best + 1;
	return 0;
}

int rv_engine_call(struct rv_engine *e, unsigned int option, void *buf, uint32_t *len)
{
	static int (*const calls[])(struct rv_engine *e, void *buf, uint32_t *len) = {
		[RVK_SO_INFO - RVK_SO_BASE] = call_info,
		[RVK_SO_ENTRIES - RVK_SO_BASE] = call_entries,
		[RVK_SO_REPLACE - RVK_SO_BASE] = call_replace,
		[RVK_SO_COUNTERS - RVK_SO_BASE] = call_counters,
		[RVK_SO_HAS - RVK_SO_BASE] = call_has,
	};

	if (option < RVK_SO_BASE || option - RVK_SO_BASE >= RV_COUNT(calls))
		return -ENOPROTOOPT;
	if ((uintptr_t)buf % sizeof(uint64_t))
		return -EINVAL;
	return calls[option - RVK_SO_BASE](e, buf, len);
}
