/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes entries to a table of the IR. The entries are treated as untrusted, although the kernel
 * checked them: anything that violates uapi/ravelin.h, or that a rule cannot express, is an error
 * with its location.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <ravelin/registry.h>

#include "kmod.h"

/* A user chain and the offset that jumps to it use. */
struct chain_start {
	uint32_t offset;
	struct rv_chain *chain;
};

struct decoder {
	struct rv_table *table;
	const struct rvk_table *head;
	const unsigned char *bytes;
	struct chain_start *targets;		/* sorted by offset */
	uint32_t ntargets, room;
	uint32_t number;		/* index of the entry, from 0 */
	struct rv_chain *chain;		/* current chain; NULL: between chains */
	const struct rv_meter *meter;
	struct rv_error *err;
};

/* An entry and its offset. */
struct entry_at {
	const struct rvk_entry *e;
	uint32_t offset;
};

__attribute__((format(printf, 2, 3)))
static int misfit(struct decoder *r, const char *fmt, ...)
{
	char text[RV_ERROR_TEXT / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_fail(r->err, RV_ERR_RESOURCE, NULL, "table `%s' cannot be decoded: %s%s%sentry %u: %s",
		r->table->def->name, r->chain ? "chain `" : "", r->chain ? r->chain->name : "",
		r->chain ? "' " : "", r->number, text);
	return rv_hint(r->err, "it was written by another program or a newer ravelin; nothing was changed");
}

/* ---- layout ----------------------------------------------------------------------------- */

static bool fits(uint32_t at, uint32_t size, uint32_t least, uint32_t end)
{
	return size >= least && size % 8 == 0 && at <= end && size <= end - at;
}

/* The entry at an offset; NULL with err set if invalid. */
static const struct rvk_entry *entry_at(struct decoder *r, uint32_t offset)
{
	const uint32_t least = sizeof(struct rvk_entry) + sizeof(struct rvk_element);
	const struct rvk_entry *e = (const struct rvk_entry *)(const void *)(r->bytes + offset);
	const uint32_t size = r->head->size;

	if (offset > size || size - offset < least || !fits(offset, e->next, least, size) ||
	    e->target < sizeof(*e) || e->target % 8 ||
	    e->target > e->next - sizeof(struct rvk_element)) {
		misfit(r, "it has a wrong length");
		return NULL;
	}
	return e;
}

static const struct rvk_element *element_in(const struct rvk_entry *e, uint32_t offset)
{
	return (const struct rvk_element *)(const void *)((const unsigned char *)e + offset);
}

/* The element at an offset, which must end at or before the limit; NULL with err set if invalid. */
static const struct rvk_element *element_at(struct decoder *r, const struct rvk_entry *e,
					    uint32_t offset, uint32_t end)
{
	const struct rvk_element *el = element_in(e, offset);

	if (end - offset < sizeof(*el) || !fits(offset, el->size, sizeof(*el), end)) {
		misfit(r, "a match or target has a wrong length");
		return NULL;
	}
	if (!memchr(el->name, 0, sizeof(el->name))) {
		misfit(r, "the name of a match or target is not terminated");
		return NULL;
	}
	return el;
}

static uint32_t data_len(const struct rvk_element *el)
{
	return el->size - sizeof(*el);
}

/* ---- finding chains ------------------------------------------------------------------------ */

static bool is_head(const struct rvk_entry *e)
{
	return element_in(e, e->target)->form == RVK_FORM_CHAIN;
}

static int add_target(struct decoder *r, struct rv_chain *c, uint32_t offset)
{
	if (r->ntargets == r->room) {
		uint32_t room = r->room ? 2 * r->room : 16;
		struct chain_start *larger = reallocarray(r->targets, room, sizeof(*larger));

		if (!larger)
			return rv_fail_memory(r->err);
		r->targets = larger;
		r->room = room;
	}
	r->targets[r->ntargets++] = (struct chain_start){ offset, c };
	return 0;
}

static int start_chain(struct decoder *r, const struct entry_at *at)
{
	const struct rvk_element *el = element_at(r, at->e, at->e->target, at->e->next);
	struct rv_chain *c;

	if (!el)
		return -1;
	if (!el->name[0] || rv_table_chain(r->table, el->name))
		return misfit(r, "chain `%s' exists twice, or has no name", el->name);
	c = rv_table_add_chain(r->table, el->name);
	if (!c)
		return rv_fail_memory(r->err);
	c->exists = true;
	return add_target(r, c, at->offset + at->e->next);
}

/* Rules may jump to chains that follow, so all are created before rules are decoded. */
static int find_chains(struct decoder *r)
{
	struct entry_at at = { NULL, 0 };

	for (r->number = 0; at.offset < r->head->size; r->number++) {
		at.e = entry_at(r, at.offset);
		if (!at.e || (is_head(at.e) && start_chain(r, &at)))
			return -1;
		at.offset += at.e->next;
	}
	return r->number == r->head->count ? 0 : misfit(r, "there should be %u", r->head->count);
}

static int by_offset(const void *key, const void *member)
{
	uint32_t offset = *(const uint32_t *)key;
	const struct chain_start *t = member;

	return offset < t->offset ? -1 : offset > t->offset;
}

/* The chain that a jump to that offset enters, or NULL. */
static struct rv_chain *chain_at(const struct decoder *r, uint32_t offset)
{
	const struct chain_start *t = r->ntargets ? bsearch(&offset, r->targets, r->ntargets, sizeof(*t),
							    by_offset) : NULL;

	return t ? t->chain : NULL;
}

/* ---- matches and targets --------------------------------------------------------------------- */

static bool read_list(struct rv_predicate *p, const struct rvk_predicate *in)
{
	const struct rvk_interval *list = (const void *)(in + 1);

	if (in->count > RV_PREDICATE_LIST || in->size != sizeof(*in) + in->count * sizeof(*list))
		return false;
	p->count = in->count;
	for (unsigned int i = 0; i < in->count; i++) {
		memcpy(p->list[i].from, list[i].from, sizeof(list[i].from));
		memcpy(p->list[i].to, list[i].to, sizeof(list[i].to));
	}
	return true;
}

static bool read_predicate(struct rv_predicate *p, const struct rvk_predicate *in)
{
	int op = rv_kmod_op_back(in->op);

	memset(p, 0, offsetof(struct rv_predicate, list));
	p->sel = rv_kmod_sel_back(in->sel);
	if (op < 0 || p->sel == RV_SEL_NONE || in->flags & ~RVK_PREDICATE_FLAGS ||
	    in->reserved || in->len > rv_selectors[p->sel].len)
		return false;
	p->op = op;
	p->negate = in->flags & RVK_PREDICATE_NEGATE;
	p->len = in->len;
	p->param = in->param;
	memcpy(p->value, in->value, sizeof(p->value));
	memcpy(p->other, in->other, sizeof(p->other));
	return read_list(p, in);
}

/* Predicates a part is still expected to yield. */
struct expected {
	const unsigned char *at, *end;
};

static int is_next(const struct rv_predicate *p, void *arg)
{
	struct expected *e = arg;
	const struct rvk_predicate *in = (const void *)e->at;
	struct rv_predicate next;

	if (e->at == e->end || !read_predicate(&next, in) || !rv_predicate_equal(p, &next))
		return 1;
	e->at += in->size;
	return 0;
}

/*
 * Whether the part yields all predicates it was built from: an option may take a value to mean "not
 * given".
 */
static bool means_all(const struct decoder *r, const struct rv_part *part,
		      const struct rvk_element *el)
{
	const unsigned char *data = (const unsigned char *)(el + 1);
	struct expected e = { data, data + data_len(el) };

	return !rv_part_predicates(r->table->ruleset->family, part->ext, part->data, is_next, &e) &&
	       e.at == e.end;
}

static int says_other(struct decoder *r, const struct rvk_element *el)
{
	return misfit(r, "match `%s' has a comparison without an option", el->name);
}

static int absorb_all(struct decoder *r, struct rv_part *part, const struct rvk_element *el)
{
	const unsigned char *data = (const unsigned char *)(el + 1);
	uint32_t at = 0, len = data_len(el);

	while (at < len) {
		const struct rvk_predicate *in = (const void *)(data + at);
		struct rv_predicate p;

		if (len - at < sizeof(*in) || !fits(at, in->size, sizeof(*in), len) ||
		    !read_predicate(&p, in) ||
		    rv_part_from_predicate(r->table->ruleset->family, part->ext, &p, part->data))
			return says_other(r, el);
		at += in->size;
	}
	return means_all(r, part, el) ? 0 : says_other(r, el);
}

static struct rv_part *read_predicates(struct decoder *r, const struct rvk_element *el)
{
	const struct rv_ext *ext = rv_kmod_match(r->table->ruleset->family, el->name);
	struct rv_part *part;

	if (!ext) {
		misfit(r, "match `%s' is unknown", el->name);
		return NULL;
	}
	part = rv_part_new(ext);
	if (!part) {
		rv_fail_memory(r->err);
		return NULL;
	}
	if (absorb_all(r, part, el)) {
		rv_part_free(part);
		return NULL;
	}
	return part;
}

static struct rv_part *part_of(rv_family_t family, const struct rvk_element *el,
			       struct rv_error *why)
{
	const struct rv_revision_name name = {
		.kind = el->kind == RVK_KIND_TARGET ? RV_TARGET : RV_MATCH,
		.name = el->name,
		.revision = el->revision,
	};

	return rv_part_from_wire(family, &name, (const unsigned char *)(el + 1), data_len(el), why);
}

/*
 * Whether encoding the part yields the same bytes. Data of another revision was converted by tables
 * that lose nothing.
 */
static bool says_all(const struct rv_part *part, const struct rvk_element *el)
{
	const struct rv_revision *wire = part->ext->revisions;
	struct rv_error none = { 0 };
	unsigned char *again;
	bool same;

	if (!wire || wire->revision != el->revision || !data_len(el))
		return true;
	again = malloc(data_len(el));
	same = again && !rv_part_to_wire(part, wire, again, data_len(el), &none) &&
	       !memcmp(again, el + 1, data_len(el));
	free(again);
	return same;
}

static struct rv_part *read_data(struct decoder *r, const struct rvk_element *el)
{
	struct rv_error why = { 0 };
	struct rv_part *part = part_of(r->table->ruleset->family, el, &why);

	if (!part && why.kind == RV_ERR_MEMORY)
		rv_fail_memory(r->err);
	else if (!part)
		misfit(r, "%s", why.text);
	if (!part || says_all(part, el))
		return part;
	misfit(r, "%s `%s' has data without an option",
	       el->kind == RVK_KIND_TARGET ? "target" : "match", el->name);
	rv_part_free(part);
	return NULL;
}

static int read_match(struct decoder *r, struct rv_rule *rule, const struct rvk_element *el)
{
	struct rv_part *part;

	if (el->kind != RVK_KIND_MATCH ||
	    (el->form != RVK_FORM_PREDICATES && el->form != RVK_FORM_DATA))
		return misfit(r, "unknown element of kind %u, form %u", el->kind,
			      el->form);
	part = el->form == RVK_FORM_DATA ? read_data(r, el) : read_predicates(r, el);
	if (!part)
		return -1;
	rv_rule_add_match(rule, part);
	return 0;
}

static int read_jump(struct decoder *r, struct rv_rule *rule, const struct rvk_verdict *v)
{
	struct rv_chain *to = chain_at(r, (uint32_t)v->verdict);

	if (!to)
		return misfit(r, "it jumps into the middle of a chain");
	rule->verdict = v->flags & RVK_VERDICT_GOTO ? RV_VERDICT_GOTO : RV_VERDICT_JUMP;
	rv_chain_name_set(rule->jump, to->name);
	to->references++;
	return 0;
}

static const struct rvk_verdict *verdict_of(const struct rvk_element *el)
{
	return el->kind == RVK_KIND_TARGET && el->form == RVK_FORM_VERDICT && !el->name[0] &&
	       data_len(el) == sizeof(struct rvk_verdict) ? (const void *)(el + 1) : NULL;
}

static int read_target(struct decoder *r, struct rv_rule *rule, const struct rvk_element *el)
{
	const struct rvk_verdict *v = verdict_of(el);

	if (el->kind == RVK_KIND_TARGET && el->form == RVK_FORM_DATA) {
		rule->target = read_data(r, el);
		return rule->target ? 0 : -1;
	}
	if (!v)
		return misfit(r, "unknown target of kind %u, form %u", el->kind,
			      el->form);
	if (v->flags & ~RVK_VERDICT_FLAGS || (v->flags && v->verdict < 0))
		return misfit(r, "unknown verdict flags %x", v->flags);
	if (v->verdict >= 0)
		return read_jump(r, rule, v);
	return rv_kmod_verdict_back(v->verdict, &rule->verdict) ? 0
		: misfit(r, "unknown verdict %d", v->verdict);
}

/* ---- entries ------------------------------------------------------------------------------------ */

static struct rv_counters counters_of(const struct rvk_entry *e)
{
	return (struct rv_counters){ e->counters.packets, e->counters.bytes };
}

static int read_matches(struct decoder *r, struct rv_rule *rule, const struct rvk_entry *e)
{
	uint32_t at = sizeof(*e);

	while (at < e->target) {
		const struct rvk_element *el = element_at(r, e, at, e->target);

		if (!el || read_match(r, rule, el))
			return -1;
		at += el->size;
	}
	return 0;
}

static int read_parts(struct decoder *r, struct rv_rule *rule, const struct rvk_entry *e)
{
	const struct rvk_element *target = element_at(r, e, e->target, e->next);

	if (!target)
		return -1;
	if (target->size != e->next - e->target)
		return misfit(r, "data follows its target");
	if (!rv_kmod_ip_read(&rule->ip, &e->ip))
		return misfit(r, "an address, interface or protocol has no option");
	return read_matches(r, rule, e) ? -1 : read_target(r, rule, target);
}

static int read_rule(struct decoder *r, const struct rvk_entry *e)
{
	struct rv_rule *rule = rv_rule_new();

	if (!rule)
		return rv_fail_memory(r->err);
	if (read_parts(r, rule, e)) {
		rv_rule_free(rule);
		return -1;
	}
	rule->counters = counters_of(e);
	rule->handle = r->number + UINT64_C(1);
	rv_chain_add_rule(r->chain, rule, NULL);
	rv_meter_step(r->meter);
	return 0;
}

/* Whether the entry is unconditional with this verdict. */
static bool is_plain(const struct rvk_entry *e, int32_t verdict)
{
	static const struct rvk_ip any;
	const struct rvk_element *el = element_in(e, e->target);
	const struct rvk_verdict *v = verdict_of(el);

	return e->target == sizeof(*e) && e->next - e->target == el->size && v && !v->flags &&
	       v->verdict == verdict && !memcmp(&e->ip, &any, sizeof(any));
}

static int read_policy(struct decoder *r, const struct rvk_entry *e)
{
	if (!is_plain(e, RVK_ACCEPT) && !is_plain(e, RVK_DROP))
		return misfit(r, "it should be a policy");
	r->chain->policy = is_plain(e, RVK_DROP) ? RV_VERDICT_DROP : RV_VERDICT_ACCEPT;
	r->chain->counters = counters_of(e);
	r->chain->handle = r->number + UINT64_C(1);
	r->chain = NULL;
	return 0;
}

/* The base chain whose first entry this is, or NULL. */
static struct rv_chain *base_at(const struct decoder *r, uint32_t offset)
{
	rv_list_each(c, &r->table->chains, struct rv_chain, node) {
		uint32_t hook;

		if (c->base < 0)
			continue;
		hook = c->table->def->base[c->base].hook;
		if (r->head->valid_hooks & 1u << hook && r->head->hook_entry[hook] == offset &&
		    !c->handle)
			return c;
	}
	return NULL;
}

static bool is_last(const struct decoder *r, const struct entry_at *at)
{
	uint32_t next = at->offset + at->e->next;

	return next >= r->head->size ||
	       is_head((const struct rvk_entry *)(const void *)(r->bytes + next));
}

/* Between chains, an entry must start one: the first of a base chain, or a head. */
static int enter_chain(struct decoder *r, const struct entry_at *at)
{
	if (is_head(at->e)) {
		r->chain = chain_at(r, at->offset + at->e->next);
		return 1;
	}
	r->chain = base_at(r, at->offset);
	return r->chain ? 0 : misfit(r, "it is not in a chain");
}

static int read_entry(struct decoder *r, const struct entry_at *at)
{
	int rc = r->chain ? 0 : enter_chain(r, at);

	if (rc)
		return rc > 0 ? 0 : -1;
	if (is_head(at->e))
		return misfit(r, "the chain before it has no end");
	if (r->chain->base >= 0) {
		uint8_t hook = r->table->def->base[r->chain->base].hook;

		return at->offset == r->head->underflow[hook] ? read_policy(r, at->e)
							      : read_rule(r, at->e);
	}
	if (!is_last(r, at))
		return read_rule(r, at->e);
	if (!is_plain(at->e, RVK_RETURN))
		return misfit(r, "it should be the chain's end");
	r->chain = NULL;
	return 0;
}

static int read_entries(struct decoder *r)
{
	struct entry_at at = { NULL, 0 };

	for (r->number = 0; at.offset < r->head->size; r->number++) {
		at.e = (const struct rvk_entry *)(const void *)(r->bytes + at.offset);
		if (read_entry(r, &at))
			return -1;
		at.offset += at.e->next;
	}
	return r->chain ? misfit(r, "its chain has no end") : 0;
}

static int check_base(struct decoder *r)
{
	rv_list_each(c, &r->table->chains, struct rv_chain, node)
		if (c->base >= 0 && !c->handle)
			return misfit(r, "base chain `%s' is missing", c->name);
	return 0;
}

static void all_there(struct rv_table *t)
{
	t->exists = true;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		c->exists = c->loaded = true;
}

int rv_kmod_decode(struct rv_table *t, const struct rvk_table *head, const void *entries,
		   const struct rv_meter *meter, struct rv_error *err)
{
	struct decoder r = {
		.table = t, .head = head, .bytes = entries, .meter = meter, .err = err,
	};
	int rc = 0;

	if (find_chains(&r) || read_entries(&r) || check_base(&r))
		rc = -1;
	else
		all_there(t);
	free(r.targets);
	return rc;
}
