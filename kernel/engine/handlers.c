/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lookup, check and state of a table's matches and targets. */
#include "internal.h"

/* Location in the table. */
struct location {
	struct rv_rules *rules;
	const struct rvk_entry *entry;
	uint32_t hooks;			/* base chains it is reached from */
	struct rvk_refusal *why;
};

static uint32_t data_size(const struct rvk_element *el)
{
	return el->size - sizeof(*el);
}

/* Whether the word is in a list such as "raw mangle". */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		if (!strncmp(list, word, len) && (list[len] == ' ' || !list[len]))
			return true;
		while (*list && *list != ' ')
			list++;
		while (*list == ' ')
			list++;
	}
	return false;
}

static bool has_users(const struct location *at)
{
	const struct rv_engine_ops *ops = rv_engine_ops(at->rules->engine);

	return !ops || !ops->has_users || ops->has_users(at->rules->engine);
}

/* Checks restrictions to tables, hooks and protocol. */
static uint16_t check_place(const struct location *at, const struct rv_handler *h)
{
	if (h->tables && !has_word(h->tables, at->rules->def->name))
		return RVK_WHY_IN_TABLE;
	if (h->hooks && at->hooks & ~h->hooks)
		return RVK_WHY_IN_HOOK;
	if (h->proto && !rv_ip_is_proto(&at->entry->ip, h->proto))
		return RVK_WHY_PROTOCOL;
	return RVK_WHY_NONE;
}

static uint16_t check_list(const struct location *at, const struct rvk_element *el)
{
	const uint8_t *p = (const uint8_t *)(el + 1);
	uint32_t left = data_size(el);

	if (!left)
		return RVK_WHY_PREDICATE;
	while (left) {
		const struct rvk_predicate *predicate = (const void *)p;
		uint16_t reason = rv_predicate_check(predicate, left, at->rules->head.family);

		if (reason)
			return reason;
		if ((predicate->sel == RVK_SEL_UID || predicate->sel == RVK_SEL_GID) && !has_users(at))
			return RVK_WHY_USERS;
		p += predicate->size;
		left -= predicate->size;
	}
	return RVK_WHY_NONE;
}

/* Predicates are self-contained; the match's name only adds its restrictions. */
static int check_predicates(const struct location *at, const struct rvk_element *el)
{
	const struct rv_handler *h;
	uint16_t reason = check_list(at, el);
	int best;

	if (reason)
		return rv_refuse(at->why, reason, -EINVAL);
	h = rv_handler_get(at->rules->engine, RVK_KIND_MATCH, at->rules->head.family, el->name,
			   el->revision, &best);
	if (!h)
		return 0;
	reason = check_place(at, h);
	rv_handler_put(h);
	return reason ? rv_refuse(at->why, reason, -EINVAL) : 0;
}

static int find_handler(const struct location *at, const struct rvk_element *el,
			struct rv_instance *use)
{
	const struct rv_engine_ops *ops = rv_engine_ops(at->rules->engine);
	uint8_t family = at->rules->head.family;
	int best, theirs = -1;

	use->handler = rv_handler_get(at->rules->engine, el->kind, family, el->name, el->revision,
				      &best);
	if (use->handler)
		return 0;
	use->foreign = true;
	if (ops && ops->get)
		use->handler = ops->get(at->rules->engine, el->kind, family, el->name,
					el->revision, &theirs);
	if (use->handler)
		return 0;
	if (best < 0 && theirs < 0)
		return rv_refuse(at->why, RVK_WHY_UNKNOWN, -ENOENT);
	return rv_refuse(at->why, RVK_WHY_REVISION, -EPROTONOSUPPORT);
}

static bool size_fits(const struct rv_handler *h, uint32_t size)
{
	return h->size == RV_ANY_SIZE || (h->size + 7) / 8 * 8 == size;
}

static int check_own(const struct location *at, const struct rvk_element *el,
		     struct rv_instance *use)
{
	struct rv_check_ctx admit = {
		.engine = at->rules->engine,
		.family = at->rules->head.family,
		.revision = el->revision,
		.table = at->rules->def->name,
		.hooks = at->hooks,
		.entry = at->entry,
		.name = el->name,
		.data = use->data,
		.size = data_size(el),
		.handler = use->handler,
	};
	int rc = use->handler->check ? use->handler->check(&admit) : 0;

	use->state = admit.state;
	if (!rc)
		return 0;
	at->why->error = rc;
	return rv_refuse(at->why, admit.reason ? admit.reason : RVK_WHY_CHECK, rc);
}

static void put_handler(const struct rv_rules *r, const struct rv_instance *use)
{
	if (use->foreign)
		rv_engine_ops(r->engine)->put(use->handler);
	else
		rv_handler_put(use->handler);
}

/* Only a match or target whose check passed gets to see the data. */
static int make_use(const struct location *at, struct rvk_element *el)
{
	struct rv_instance use = { .data = el + 1 };
	uint16_t reason;
	int rc = find_handler(at, el, &use);

	if (rc)
		return rc;
	reason = size_fits(use.handler, data_size(el)) ? check_place(at, use.handler) :
							 RVK_WHY_DATA_SIZE;
	rc = reason ? rv_refuse(at->why, reason, -EINVAL) : check_own(at, el, &use);
	if (rc) {
		put_handler(at->rules, &use);
		return rc;
	}
	el->slot = at->rules->nuses;
	at->rules->uses[at->rules->nuses++] = use;
	return 0;
}

static int make_element(const struct location *at, struct rvk_element *el)
{
	if (el->form == RVK_FORM_PREDICATES)
		return check_predicates(at, el);
	return el->form == RVK_FORM_DATA ? make_use(at, el) : 0;
}

static int make_entry(const struct location *at)
{
	uint32_t off = sizeof(*at->entry);

	for (uint32_t n = 0; off < at->entry->next; n++) {
		struct rvk_element *el = (void *)((uint8_t *)at->entry + off);
		int rc = make_element(at, el);

		if (rc) {
			at->why->element = n;
			memcpy(at->why->name, el->name, sizeof(el->name));
			return rc;
		}
		off += el->size;
	}
	return 0;
}

int rv_parts_make(struct rv_rules *r, const uint32_t *hooks, struct rvk_refusal *why)
{
	uint32_t off = 0;

	why->stage = RVK_STAGE_PARTS;
	r->uses = rv_alloc(r->nuses * sizeof(*r->uses) + 1, true);
	if (!r->uses)
		return rv_refuse(why, RVK_WHY_MEMORY, -ENOMEM);
	r->memory += r->nuses * sizeof(*r->uses);
	r->nuses = 0;
	for (uint32_t i = 0; i < r->head.count; i++) {
		struct location at = { r, rv_entry_at(r, off), hooks[i], why };
		int rc = make_entry(&at);

		if (rc) {
			why->entry = i;
			why->offset = off;
			return rc;
		}
		off += at.entry->next;
		rv_rest();
	}
	return 0;
}

void rv_parts_begin(struct rv_rules *r)
{
	for (uint32_t i = 0; i < r->nuses; i++) {
		const struct rv_instance *use = &r->uses[i];

		if (use->handler->begin)
			use->handler->begin(use->data, use->state);
		rv_rest();
	}
}

void rv_parts_free(struct rv_rules *r)
{
	while (r->uses && r->nuses) {
		const struct rv_instance *use = &r->uses[--r->nuses];

		if (use->handler->destroy)
			use->handler->destroy(use->data, use->state);
		put_handler(r, use);
		rv_rest();
	}
	rv_free(r->uses);
	r->uses = NULL;
}
