/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encodes a table of the IR as entries: base chains in hook order, then user chains in table order.
 * Jumps are resolved at the end, when all offsets are known.
 */
#include <stdlib.h>

#include <ravelin/registry.h>

#include "kernel/user/user.h"
#include "kmod.h"

/* A jump whose target has no offset yet. */
struct jump {
	size_t at;			/* offset of its struct rvk_verdict in the buffer */
	const struct rv_chain *to;
};

struct encoder {
	struct rv_kmod_blob *blob;
	struct rv_buf *buf;
	rv_family_t family;
	struct rv_kmod_link *link;
	size_t start;			/* offset of the first entry in the buffer */
	struct jump *jumps;
	size_t njumps, room;
	struct rv_error *err;
};

/* Makes room for one more element in an array that doubles in size. */
static void *grown(void *array, size_t used, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *larger;

	if (used < *room)
		return array;
	larger = reallocarray(array, more, size);
	if (larger)
		*room = more;
	return larger;
}

static void *zeros(struct encoder *w, size_t len)
{
	void *at = rv_buf_grow(w->buf, len);

	if (at)
		memset(at, 0, len);
	return at;
}

/* ---- elements --------------------------------------------------------------------------- */

static struct rvk_element *element_at(const struct encoder *w, size_t at)
{
	return (struct rvk_element *)(void *)(w->buf->data + at);
}

/* Starts an element and returns its offset. element_end() completes it. */
static size_t element(struct encoder *w, uint8_t kind, uint8_t form, const char *name,
		      uint8_t revision)
{
	struct rvk_element *e = zeros(w, sizeof(*e));

	if (!e)
		return 0;
	e->kind = kind;
	e->form = form;
	e->revision = revision;
	memcpy(e->name, name, strnlen(name, sizeof(e->name) - 1));
	return w->buf->len - sizeof(*e);
}

static void element_end(struct encoder *w, size_t at)
{
	if (!rv_buf_ok(w->buf))
		return;
	zeros(w, -w->buf->len & 7);
	if (rv_buf_ok(w->buf))
		element_at(w, at)->size = w->buf->len - at;
}

/* ---- predicates --------------------------------------------------------------------------- */

/* Predicates being written, and the part that decoding them yields. */
struct meaning {
	struct encoder *w;
	struct rv_part *back;
	unsigned int n;
};

/* The module does not support an empty list, which matches nothing. */
static bool can_write(const struct encoder *w, const struct rv_predicate *p)
{
	unsigned int sel = rv_kmod_sel(p->sel);

	return sel && rv_kmod_op(p->op) && (p->op != RV_OP_IN || p->count) &&
	       rv_kmod_has_selector(w->link, w->family, sel);
}

static void put_predicate(struct encoder *w, const struct rv_predicate *p)
{
	struct rvk_predicate *out = zeros(w, rv_kmod_predicate_size(p));

	if (out)
		rv_kmod_predicate(out, p);
}

static int write_predicate(const struct rv_predicate *p, void *arg)
{
	struct meaning *m = arg;

	if (!can_write(m->w, p) ||
	    rv_part_from_predicate(m->w->family, m->back->ext, p, m->back->data))
		return 1;
	m->n++;
	put_predicate(m->w, p);
	return 0;
}

/*
 * Encodes a match as predicates if decoding them yields an equal part. Returns 0; 1 if not, with
 * nothing written; -1 on error.
 */
static int write_predicates(struct encoder *w, const struct rv_part *part)
{
	struct meaning m = { .w = w };
	size_t at = w->buf->len;
	int rc;

	if (rv_kmod_match(w->family, rv_ext_kernel_name(part->ext)) != part->ext)
		return 1;
	m.back = rv_part_new(part->ext);
	if (!m.back)
		return rv_fail_memory(w->err);
	element(w, RVK_KIND_MATCH, RVK_FORM_PREDICATES, rv_ext_kernel_name(part->ext),
		part->ext->revisions ? part->ext->revisions->revision : 0);
	rc = rv_part_predicates(w->family, part->ext, part->data, write_predicate, &m);
	rc = rc || !m.n || memcmp(m.back->data, part->data, part->ext->size);
	if (rc)
		w->buf->len = at;
	else
		element_end(w, at);
	rv_part_free(m.back);
	return rc;
}

/* ---- rules ---------------------------------------------------------------------------------- */

static const struct rv_revision *layout_of(struct encoder *w, const struct rv_part *part)
{
	const struct rv_revision *wire = rv_layout(rv_kmod_has_layout, w->family, part->ext);

	if (wire && (wire->size || wire->no_struct))
		return wire;
	rv_fail(w->err, RV_ERR_PROBLEM, NULL, "ravelin.ko does not support %s `%s'",
		part->ext->kind == RV_TARGET ? "target" : "match", part->ext->name);
	return NULL;
}

static size_t padded_size(const struct rv_revision *wire)
{
	return (wire->size + (size_t)7) & ~(size_t)7;
}

static int put_wire(struct encoder *w, const struct rv_part *part, const struct rv_revision *wire)
{
	unsigned char *data = rv_buf_grow(w->buf, padded_size(wire));

	return data ? rv_part_to_wire(part, wire, data, padded_size(wire), w->err) : 0;
}

static int write_data(struct encoder *w, uint8_t kind, const struct rv_part *part)
{
	const struct rv_revision *wire = layout_of(w, part);
	size_t at;

	if (!wire)
		return -1;
	at = element(w, kind, RVK_FORM_DATA, rv_layout_name(part->ext, wire), wire->revision);
	if (put_wire(w, part, wire))
		return -1;
	element_end(w, at);
	return 0;
}

/* ---- matches decided by the caller ------------------------------------------------------- */

static int write_known(const struct rv_predicate *p, void *arg)
{
	struct meaning *m = arg;

	if (!m->w->link->asker->known(m->w->link->asker->arg, p) || !can_write(m->w, p))
		return 0;
	m->n++;
	put_predicate(m->w, p);
	return 0;
}

/*
 * Encodes the predicates of a match that the engine supports, evaluated before asking for the rest.
 */
static void write_known_predicates(struct encoder *w, const struct rv_part *part)
{
	struct meaning m = { .w = w };
	size_t at = w->buf->len;

	element(w, RVK_KIND_MATCH, RVK_FORM_PREDICATES, rv_ext_kernel_name(part->ext), 0);
	rv_part_predicates(w->family, part->ext, part->data, write_known, &m);
	if (m.n)
		element_end(w, at);
	else
		w->buf->len = at;
}

static int put_asked(struct encoder *w, const struct rv_part *part,
		     const struct rv_kmod_asked *asked)
{
	const struct rv_revision *wire = asked->inner ? layout_of(w, part) : NULL;
	struct rv_user_ask *ask;

	if (asked->inner && !wire)
		return -1;
	ask = zeros(w, sizeof(*ask));
	if (!ask)
		return 0;
	ask->number = asked->number;
	if (!wire)
		return 0;
	memcpy(ask->name, rv_layout_name(part->ext, wire),
	       strnlen(rv_layout_name(part->ext, wire), RVK_NAME_LEN - 1));
	ask->revision = wire->revision;
	ask->size = padded_size(wire);
	return put_wire(w, part, wire);
}

/* 1: the engine decides it. */
static int write_asked(struct encoder *w, uint8_t kind, const struct rv_rule *r,
		       const struct rv_part *part)
{
	const struct rv_kmod_asker *asker = w->link->asker;
	struct rv_kmod_asked asked = { .target = kind == RVK_KIND_TARGET };
	int rc = asker ? asker->ask(asker->arg, r, part, &asked) : 0;
	size_t at;

	if (rc <= 0)
		return rc ? rv_fail_memory(w->err) : 1;
	if (kind == RVK_KIND_MATCH && !asked.inner && !asked.alone)
		write_known_predicates(w, part);
	at = element(w, kind, RVK_FORM_DATA, RV_USER_ASK, 0);
	if (put_asked(w, part, &asked))
		return -1;
	element_end(w, at);
	return 0;
}

static int write_match(struct encoder *w, const struct rv_rule *r, const struct rv_part *m)
{
	int rc = write_asked(w, RVK_KIND_MATCH, r, m);

	if (rc > 0)
		rc = write_predicates(w, m);
	return rc > 0 ? write_data(w, RVK_KIND_MATCH, m) : rc;
}

static int remember_jump(struct encoder *w, size_t at, const struct rv_rule *r,
			 const struct rv_chain *c)
{
	const struct rv_chain *to = rv_table_chain(c->table, r->jump);
	struct jump *jumps;

	if (!to)
		return rv_fail(w->err, RV_ERR_PROBLEM, NULL, "Chain '%s' does not exist", r->jump);
	jumps = grown(w->jumps, w->njumps, &w->room, sizeof(*jumps));
	if (!jumps)
		return rv_fail_memory(w->err);
	w->jumps = jumps;
	w->jumps[w->njumps++] = (struct jump){ at, to };
	return 0;
}

static size_t write_verdict(struct encoder *w, int32_t verdict, uint32_t flags)
{
	size_t at = element(w, RVK_KIND_TARGET, RVK_FORM_VERDICT, "", 0);
	struct rvk_verdict *v = zeros(w, sizeof(*v));

	if (!v)
		return 0;
	*v = (struct rvk_verdict){ verdict, flags };
	element_end(w, at);
	return at + sizeof(struct rvk_element);
}

static int write_target(struct encoder *w, const struct rv_rule *r, const struct rv_chain *c)
{
	const bool whole = w->link->asker && r->matches && r->matches->ext->whole;
	const struct rv_part *part = whole ? r->matches : r->target;
	int rc = part ? write_asked(w, RVK_KIND_TARGET, r, part) : 0;
	size_t at;

	if (part)
		return rc > 0 ? write_data(w, RVK_KIND_TARGET, part) : rc;
	at = write_verdict(w, rv_kmod_verdict(r->verdict),
			   r->verdict == RV_VERDICT_GOTO ? RVK_VERDICT_GOTO : 0);
	return r->jump[0] ? remember_jump(w, at, r, c) : 0;
}

/* ---- entries ---------------------------------------------------------------------------------- */

static struct rvk_entry *entry_at(const struct encoder *w, size_t at)
{
	return (struct rvk_entry *)(void *)(w->buf->data + at);
}

/* Starts an entry; sets *at to its offset. */
static int start_entry(struct encoder *w, size_t *at, struct rv_chain *c, struct rv_rule *r,
		       uint32_t number)
{
	struct rv_kmod_blob *b = w->blob;
	size_t room = b->room;
	struct rv_kmod_entry *entries = grown(b->entries, b->count, &room, sizeof(*entries));

	if (!entries)
		return rv_fail_memory(w->err);
	b->entries = entries;
	b->room = room;
	b->entries[b->count++] = (struct rv_kmod_entry){ c, r, number };
	*at = w->buf->len;
	if (!zeros(w, sizeof(struct rvk_entry)))
		return rv_fail_memory(w->err);
	return 0;
}

/* Sets the target's offset at the end of the matches. */
static void entry_target(struct encoder *w, size_t at)
{
	if (rv_buf_ok(w->buf))
		entry_at(w, at)->target = w->buf->len - at;
}

static int entry_end(struct encoder *w, size_t at)
{
	if (!rv_buf_ok(w->buf))
		return rv_fail_memory(w->err);
	if (w->buf->len - w->start > RVK_SIZE_MAX)
		return rv_fail(w->err, RV_ERR_PROBLEM, NULL,
			       "the table is too large: ravelin.ko takes %u MiB", RVK_SIZE_MAX >> 20);
	entry_at(w, at)->next = w->buf->len - at;
	return 0;
}

static int write_rule(struct encoder *w, struct rv_chain *c, struct rv_rule *r, uint32_t number)
{
	size_t at;

	if (start_entry(w, &at, c, r, number))
		return -1;
	entry_at(w, at)->counters = (struct rvk_counters){ r->counters.packets, r->counters.bytes };
	rv_kmod_ip_write(&entry_at(w, at)->ip, &r->ip);
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (write_match(w, r, m))
			return -1;
	entry_target(w, at);
	return write_target(w, r, c) ? -1 : entry_end(w, at);
}

static int write_rules(struct encoder *w, struct rv_chain *c)
{
	uint32_t number = 0;

	rv_list_each(r, &c->rules, struct rv_rule, node)
		if (write_rule(w, c, r, ++number)) {
			rv_error_at(w->err, &r->loc);
			return -1;
		}
	return 0;
}

/* An unconditional entry: a policy, or the head or end of a chain. */
static int write_plain(struct encoder *w, struct rv_chain *c, uint8_t form, int32_t verdict)
{
	size_t at;

	if (start_entry(w, &at, c, NULL, 0))
		return -1;
	if (c->base >= 0)
		entry_at(w, at)->counters = (struct rvk_counters){ c->counters.packets,
								   c->counters.bytes };
	entry_target(w, at);
	if (form == RVK_FORM_CHAIN)
		element_end(w, element(w, RVK_KIND_TARGET, form, c->name, 0));
	else
		write_verdict(w, verdict, 0);
	return entry_end(w, at);
}

/* ---- tables ------------------------------------------------------------------------------------- */

static int write_base(struct encoder *w, struct rv_chain *c)
{
	uint8_t hook = c->table->def->base[c->base].hook;
	struct rvk_table *t = rv_kmod_blob_table(w->blob);

	if (c->at.elsewhere)
		return rv_fail(w->err, RV_ERR_PROBLEM, NULL,
			       "ravelin.ko has chain `%s' only at its standard hook", c->name);
	t->valid_hooks |= 1u << hook;
	t->hook_entry[hook] = w->buf->len - w->start;
	if (write_rules(w, c))
		return -1;
	rv_kmod_blob_table(w->blob)->underflow[hook] = w->buf->len - w->start;
	return write_plain(w, c, RVK_FORM_VERDICT, rv_kmod_verdict(c->policy));
}

static int write_user(struct encoder *w, struct rv_chain *c)
{
	if (write_plain(w, c, RVK_FORM_CHAIN, 0))
		return -1;
	c->handle = w->buf->len - w->start;
	return write_rules(w, c) ? -1 : write_plain(w, c, RVK_FORM_VERDICT, RVK_RETURN);
}

/* base: the base chains, else the user-defined ones. */
static int write_chains(struct encoder *w, struct rv_table *t, bool base)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if ((c->base >= 0) != base || (!base && !c->exists))
			continue;
		if (base ? write_base(w, c) : write_user(w, c))
			return -1;
	}
	return 0;
}

static void write_jumps(struct encoder *w)
{
	for (size_t i = 0; i < w->njumps; i++) {
		const struct jump *j = &w->jumps[i];
		struct rvk_verdict *v = (struct rvk_verdict *)(void *)(w->buf->data + j->at);

		v->verdict = (int32_t)j->to->handle;
	}
}

static int write_table(struct encoder *w, struct rv_table *t)
{
	struct rvk_table *head = zeros(w, sizeof(*head));

	if (!head)
		return rv_fail_memory(w->err);
	memcpy(head->name, t->def->name, strlen(t->def->name));
	head->family = w->family;
	if (!t->exists)
		return 0;
	w->start = w->buf->len;
	if (write_chains(w, t, true) || write_chains(w, t, false))
		return -1;
	write_jumps(w);
	head = rv_kmod_blob_table(w->blob);
	head->size = w->buf->len - w->start;
	head->count = w->blob->count;
	return 0;
}

int rv_kmod_encode(struct rv_kmod_blob *b, struct rv_buf *buf, struct rv_table *t,
		   struct rv_kmod_link *link, struct rv_error *err)
{
	struct encoder w = {
		.blob = b, .buf = buf, .family = t->ruleset->family, .link = link, .err = err,
	};
	int rc;

	*b = (struct rv_kmod_blob){ .table = t, .buf = buf, .at = buf->len };
	rc = write_table(&w, t);
	free(w.jumps);
	return rc;
}

void rv_kmod_blob_free(struct rv_kmod_blob *b)
{
	free(b->entries);
	b->entries = NULL;
}
