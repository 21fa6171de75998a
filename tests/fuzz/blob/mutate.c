/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structure-aware mutator: inserts, removes and changes entries and elements, adjusting sizes,
 * offsets and jumps, so that most results are still tables. Random byte changes rarely pass the
 * first checks.
 */
#include <string.h>

#include "kernel/engine/internal.h"

#include "blob.h"

#define PIECES		96
#define PIECE_ROOM	4096
#define ROOM		(64 << 10)

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_out, unsigned int seed);

/* A single entry. */
struct piece {
	uint64_t bytes[PIECE_ROOM / 8];
	int to;				/* index of the entry it jumps to, -1: none */
};

/* A table split into entries. */
struct parts {
	struct rvk_table head;
	struct piece pieces[PIECES];
	int n;
	int first[RVK_HOOKS], last[RVK_HOOKS];	/* entries of the hooks; -1: none */
};

static uint64_t state;

static uint32_t dice(uint32_t sides)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % sides;
}

static struct rvk_entry *entry(struct piece *p)
{
	return (struct rvk_entry *)(void *)p->bytes;
}

static struct rvk_element *element_at(struct rvk_entry *e, uint32_t at)
{
	return (struct rvk_element *)(void *)((uint8_t *)e + at);
}

static struct rvk_verdict *verdict_of(struct piece *p)
{
	struct rvk_entry *e = entry(p);
	const uint32_t need = sizeof(struct rvk_element) + sizeof(struct rvk_verdict);
	struct rvk_element *el;

	if (e->target < sizeof(*e) || e->target % 8 || e->next < need || e->target > e->next - need)
		return NULL;
	el = element_at(e, e->target);
	if (el->form != RVK_FORM_VERDICT)
		return NULL;
	return (struct rvk_verdict *)(void *)(el + 1);
}

/* ---- splitting and joining ---------------------------------------------------------------- */

static bool take_entries(struct parts *t, const uint8_t *bytes, uint32_t *offsets)
{
	for (uint32_t off = 0; off < t->head.size; t->n++) {
		struct piece *p = &t->pieces[t->n];
		uint32_t next, target;

		if (t->n == PIECES || t->head.size - off < sizeof(struct rvk_entry))
			return false;
		memcpy(&next, bytes + off, sizeof(next));
		memcpy(&target, bytes + off + sizeof(next), sizeof(target));
		if (target % 8 || next < sizeof(struct rvk_entry) + sizeof(struct rvk_element) || next % 8 ||
		    next > t->head.size - off || next > sizeof(p->bytes))
			return false;
		memcpy(p->bytes, bytes + off, next);
		offsets[t->n] = off;
		off += next;
	}
	return true;
}

static int number_of(const struct parts *t, const uint32_t *offsets, uint32_t off)
{
	for (int i = 0; i < t->n; i++)
		if (offsets[i] == off)
			return i;
	return -1;
}

static bool take_apart(struct parts *t, const uint8_t *bytes)
{
	uint32_t offsets[PIECES];

	memcpy(&t->head, bytes, sizeof(t->head));
	t->n = 0;
	if (!take_entries(t, bytes + sizeof(t->head), offsets))
		return false;
	for (int i = 0; i < t->n; i++) {
		const struct rvk_verdict *v = verdict_of(&t->pieces[i]);

		t->pieces[i].to = v && v->verdict >= 0 ? number_of(t, offsets, v->verdict) : -1;
	}
	for (int h = 0; h < RVK_HOOKS; h++) {
		bool has = t->head.valid_hooks & 1U << h;

		t->first[h] = has ? number_of(t, offsets, t->head.hook_entry[h]) : -1;
		t->last[h] = has ? number_of(t, offsets, t->head.underflow[h]) : -1;
	}
	return true;
}

static uint32_t whole_size(struct parts *t, uint32_t *offsets)
{
	uint32_t size = 0;

	for (int i = 0; i < t->n; i++) {
		offsets[i] = size;
		size += entry(&t->pieces[i])->next;
	}
	return size;
}

/* Returns the length, or 0 if it exceeds room. */
static size_t put_together(struct parts *t, uint8_t *out, size_t room)
{
	uint32_t offsets[PIECES], size = whole_size(t, offsets);

	if (sizeof(t->head) + size > room)
		return 0;
	t->head.size = size;
	t->head.count = t->n;
	for (int h = 0; h < RVK_HOOKS; h++) {
		if (t->first[h] >= 0)
			t->head.hook_entry[h] = offsets[t->first[h]];
		if (t->last[h] >= 0)
			t->head.underflow[h] = offsets[t->last[h]];
	}
	memcpy(out, &t->head, sizeof(t->head));
	for (int i = 0; i < t->n; i++) {
		struct piece *p = &t->pieces[i];
		struct rvk_verdict *v = verdict_of(p);

		if (v && p->to >= 0)
			v->verdict = (int32_t)offsets[p->to];
		memcpy(out + sizeof(t->head) + offsets[i], p->bytes, entry(p)->next);
	}
	return sizeof(t->head) + size;
}

/* ---- entries ---------------------------------------------------------------------------------- */

static void shift(int *number, int at, int by)
{
	if (*number >= at)
		*number += by;
}

/* Adds by to all entry indices from at on, except starts of hooks. */
static void renumber(struct parts *t, int at, int by)
{
	for (int i = 0; i < t->n; i++)
		shift(&t->pieces[i].to, at, by);
	for (int h = 0; h < RVK_HOOKS; h++) {
		shift(&t->first[h], at + 1, by);
		shift(&t->last[h], at, by);
	}
}

/* Inserts an entry at index at, initialised with the previous contents. */
static struct piece *insert(struct parts *t, int at)
{
	if (t->n == PIECES)
		return NULL;
	renumber(t, at, 1);
	memmove(&t->pieces[at + 1], &t->pieces[at], (t->n - at) * sizeof(*t->pieces));
	t->n++;
	return &t->pieces[at];
}

static void delete(struct parts *t, int at)
{
	if (t->n < 2)
		return;
	memmove(&t->pieces[at], &t->pieces[at + 1], (t->n - at - 1) * sizeof(*t->pieces));
	t->n--;
	renumber(t, at + 1, -1);
}

static void set_bare(struct piece *p, uint8_t form, uint32_t len)
{
	struct rvk_entry *e = entry(p);
	struct rvk_element *el;

	memset(p->bytes, 0, sizeof(p->bytes));
	p->to = -1;
	e->target = sizeof(*e);
	e->next = sizeof(*e) + sizeof(*el) + len;
	el = element_at(e, e->target);
	el->size = sizeof(*el) + len;
	el->kind = RVK_KIND_TARGET;
	el->form = form;
}

static void set_verdict(struct parts *t, struct piece *p)
{
	static const int32_t verdicts[] = {
		RVK_DROP, RVK_ACCEPT, RVK_QUEUE, RVK_RETURN, RVK_CONTINUE, -3, -7, 0,
	};
	struct rvk_verdict *v = verdict_of(p);

	if (!v)
		return;
	p->to = dice(2) ? (int)dice(t->n) : -1;
	v->flags = p->to >= 0 && !dice(3) ? RVK_VERDICT_GOTO : 0;
	v->verdict = verdicts[dice(RV_COUNT(verdicts))];
}

/* Appends the head and end of a chain. */
static void add_chain(struct parts *t)
{
	struct piece *head = insert(t, t->n), *end = insert(t, t->n);

	if (!head || !end)
		return;
	set_bare(head, RVK_FORM_CHAIN, 0);
	element_at(entry(head), sizeof(struct rvk_entry))->name[0] = (char)('a' + dice(26));
	set_bare(end, RVK_FORM_VERDICT, sizeof(struct rvk_verdict));
	verdict_of(end)->verdict = RVK_RETURN;
	/* Makes an entry jump to it. */
	t->pieces[dice(t->n)].to = t->n - 1;
}

static void add_rule(struct parts *t)
{
	struct piece *p = insert(t, (int)dice(t->n));

	if (!p)
		return;
	set_bare(p, RVK_FORM_VERDICT, sizeof(struct rvk_verdict));
	set_verdict(t, p);
}

static void copy_entry(struct parts *t, const struct parts *from)
{
	const struct piece *original = &from->pieces[dice(from->n)];
	struct piece copy = *original, *p = insert(t, (int)dice(t->n));

	if (!p)
		return;
	*p = copy;
	if (p->to >= t->n)
		p->to = -1;
}

/* ---- elements ----------------------------------------------------------------------------- */

/* Inserts size bytes in an entry, or removes -size. */
static bool resize(struct piece *p, uint32_t at, int size)
{
	struct rvk_entry *e = entry(p);
	uint8_t *place = (uint8_t *)e + at;

	if ((int)(e->next - at) < -size || (int)(e->next + size) > (int)sizeof(p->bytes))
		return false;
	if (size < 0)
		memmove(place, place - size, e->next - at + size);
	else
		memmove(place + size, place, e->next - at);
	if (size > 0)
		memset(place, 0, size);
	if (at <= e->target)
		e->target += size;
	e->next += size;
	return true;
}

/* Offset of a random element; 0: malformed. */
static uint32_t some_element(struct piece *p)
{
	struct rvk_entry *e = entry(p);
	uint32_t at[32], n = 0, off = sizeof(*e);

	while (n < RV_COUNT(at) && off + sizeof(struct rvk_element) <= e->next) {
		at[n++] = off;
		if (element_at(e, off)->size < sizeof(struct rvk_element) ||
		    element_at(e, off)->size > e->next - off || element_at(e, off)->size % 8)
			break;
		off += element_at(e, off)->size;
	}
	return n ? at[dice(n)] : 0;
}

static void change_data(struct parts *t, struct piece *p)
{
	struct rvk_entry *e = entry(p);
	uint32_t at = some_element(p);
	struct rvk_element *el = element_at(e, at);

	(void)t;
	if (at && el->size > sizeof(*el) && el->size <= e->next - at)
		LLVMFuzzerMutate((uint8_t *)(el + 1), el->size - sizeof(*el), el->size - sizeof(*el));
}

static void change_size(struct parts *t, struct piece *p)
{
	uint32_t at = some_element(p);
	int by = dice(2) ? 8 : -8;

	(void)t;
	if (at && element_at(entry(p), at)->size >= sizeof(struct rvk_element) + 8 &&
	    at + sizeof(struct rvk_element) + 8 <= entry(p)->next &&
	    resize(p, at + sizeof(struct rvk_element), by))
		element_at(entry(p), at)->size += by;
}

static void drop_element(struct parts *t, struct piece *p)
{
	uint32_t at = some_element(p);

	(void)t;
	if (at && at < entry(p)->target && element_at(entry(p), at)->size % 8 == 0)
		resize(p, at, -(int)element_at(entry(p), at)->size);
}

/* A random name the engine has, or one it does not have. */
static const struct rv_handler *some_handler(uint8_t kind)
{
	static const struct rv_handler none = { .name = "conntrack", .revision = 3, .size = 168 };
	static const struct rv_handler *const lists[2][10] = {
		{ rv_matches_header, rv_matches_transport, rv_matches_packet, rv_matches_limit,
		  rv_matches_hashlimit, rv_matches_recent, rv_matches_string, rv_matches_time,
		  rv_matches_u32, rv_matches_owner },
		{ rv_targets_header, rv_targets_packet, rv_targets_log, rv_targets_reject,
		  rv_targets_tcpmss },
	};
	const struct rv_handler *h = lists[kind == RVK_KIND_TARGET][dice(kind == RVK_KIND_TARGET ? 5 : 10)];
	unsigned int n = 0;

	while (h[n].name)
		n++;
	return dice(20) ? &h[dice(n)] : &none;
}

static void name_element(struct rvk_element *el, const struct rv_handler *h)
{
	memset(el->name, 0, sizeof(el->name));
	memcpy(el->name, h->name, strlen(h->name));
	el->revision = h->revision;
}

static uint32_t data_size(const struct rv_handler *h)
{
	return h->size == RV_ANY_SIZE ? 8 * dice(5) : (h->size + 7) / 8 * 8;
}

static void add_match(struct parts *t, struct piece *p)
{
	const struct rv_handler *h = some_handler(RVK_KIND_MATCH);
	uint32_t len = data_size(h), at = sizeof(struct rvk_entry);
	struct rvk_element *el = element_at(entry(p), at);

	(void)t;
	if (!resize(p, at, (int)(sizeof(*el) + len)))
		return;
	el->size = sizeof(*el) + len;
	el->kind = RVK_KIND_MATCH;
	el->form = RVK_FORM_DATA;
	name_element(el, h);
	if (len && dice(4))
		LLVMFuzzerMutate((uint8_t *)(el + 1), len, len);
	if (h->proto && dice(8)) {
		entry(p)->ip.proto = h->proto;
		entry(p)->ip.flags |= RVK_IP_PROTO;
	}
}

/* Replaces the target. */
static void set_target(struct parts *t, struct piece *p)
{
	const struct rv_handler *h = some_handler(RVK_KIND_TARGET);
	struct rvk_entry *e = entry(p);
	uint32_t len = data_size(h);
	struct rvk_element *el;

	(void)t;
	if (e->target < sizeof(*e) || e->target % 8 || e->target > e->next ||
	    e->target + sizeof(*el) + len > sizeof(p->bytes))
		return;
	el = element_at(e, e->target);
	memset(el, 0, sizeof(*el) + len);
	e->next = e->target + sizeof(*el) + len;
	el->size = sizeof(*el) + len;
	el->kind = RVK_KIND_TARGET;
	el->form = RVK_FORM_DATA;
	name_element(el, h);
	p->to = -1;
	if (len && dice(2))
		LLVMFuzzerMutate((uint8_t *)(el + 1), len, len);
}

static void add_predicate(struct parts *t, struct piece *p)
{
	static const uint8_t lens[] = { 0, 1, 2, 4, 6, 16 };
	uint32_t list = dice(3) ? 0 : 1 + dice(3), at = sizeof(struct rvk_entry);
	uint32_t len = sizeof(struct rvk_predicate) + list * sizeof(struct rvk_interval);
	struct rvk_element *el = element_at(entry(p), at);
	struct rvk_predicate *pr = (void *)(el + 1);

	(void)t;
	if (!resize(p, at, (int)(sizeof(*el) + len)))
		return;
	el->size = sizeof(*el) + len;
	el->kind = RVK_KIND_MATCH;
	el->form = RVK_FORM_PREDICATES;
	name_element(el, some_handler(RVK_KIND_MATCH));
	LLVMFuzzerMutate((uint8_t *)pr, len, len);
	pr->size = len;
	pr->sel = 1 + dice(RVK_SEL_COUNT);
	pr->op = list ? RVK_OP_IN : 1 + dice(5);
	pr->flags = dice(2);
	pr->len = lens[dice(RV_COUNT(lens))];
	pr->count = list;
	pr->param = dice(8) ? 0 : pr->param;
	pr->reserved = dice(8) ? 0 : pr->reserved;
}

static void change_ip(struct parts *t, struct piece *p)
{
	(void)t;
	LLVMFuzzerMutate((uint8_t *)&entry(p)->ip, sizeof(struct rvk_ip), sizeof(struct rvk_ip));
	entry(p)->ip.reserved = 0;
	if (t->head.family != NFPROTO_IPV4)
		return;
	memset(entry(p)->ip.src + 4, 0, 12);
	memset(entry(p)->ip.smask + 4, 0, 12);
	memset(entry(p)->ip.dst + 4, 0, 12);
	memset(entry(p)->ip.dmask + 4, 0, 12);
}

/* ---- interface ------------------------------------------------------------------------------- */

static void change_parts(struct parts *t)
{
	static void (*const changes[])(struct parts *t, struct piece *p) = {
		set_verdict, change_data, change_data, change_size, drop_element, add_match,
		add_match, set_target, add_predicate, add_predicate, change_ip,
	};
	uint32_t what = dice(RV_COUNT(changes) + 5);

	if (what < RV_COUNT(changes))
		changes[what](t, &t->pieces[dice(t->n)]);
	else if (what == RV_COUNT(changes))
		add_chain(t);
	else if (what == RV_COUNT(changes) + 1)
		add_rule(t);
	else if (what == RV_COUNT(changes) + 2)
		copy_entry(t, t);
	else if (what == RV_COUNT(changes) + 3)
		delete(t, (int)dice(t->n));
	else
		LLVMFuzzerMutate((uint8_t *)&t->head, sizeof(t->head), sizeof(t->head));
}

static struct parts table, other;

/* Offset of a random table that can be split; 0: none. */
static size_t some_table(const uint8_t *data, size_t size, struct parts *t)
{
	size_t starts[RVK_TABLES_MAX], n = 0, at = sizeof(struct blob_input), len;

	while (n < RVK_TABLES_MAX && at < size && (len = blob_table_len(data + at, size - at))) {
		starts[n++] = at;
		at += len;
	}
	at = n ? starts[dice((uint32_t)n)] : 0;
	return n && take_apart(t, data + at) && t->n ? at : 0;
}

/* Replaces the table at that offset. */
static size_t put_back(struct parts *t, size_t at, const uint8_t *data, size_t size, uint8_t *out,
		       size_t room)
{
	static uint8_t whole[ROOM];
	size_t end = at + blob_table_len(data + at, size - at), rest = size - end, len;

	if (at + rest > room || room > sizeof(whole))
		return 0;
	len = put_together(t, whole + at, room - at - rest);
	if (!len)
		return 0;
	memcpy(whole, data, at);
	memcpy(whole + at + len, data + end, rest);
	memcpy(out, whole, at + len + rest);
	return at + len + rest;
}

/* Aligned for the structs in it. */
static const uint8_t *aligned(const uint8_t *data, size_t size)
{
	static uint64_t copy[ROOM / 8];

	if (size > sizeof(copy))
		return NULL;
	memcpy(copy, data, size);
	return (const uint8_t *)copy;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	const uint8_t *copy = aligned(data, size);
	size_t at = 0, len = 0;

	state = seed;
	if (copy && dice(8))
		at = some_table(copy, size, &table);
	if (at) {
		do
			change_parts(&table);
		while (!dice(3));
		len = put_back(&table, at, copy, size, data, max_size);
	}
	return len ? len : LLVMFuzzerMutate(data, size, max_size);
}

/* Inserts an entry of the second input into a table of the first. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_out, unsigned int seed)
{
	const uint8_t *copy = aligned(data2, size2);
	size_t at = 0;

	state = seed;
	if (copy && some_table(copy, size2, &other)) {
		copy = aligned(data1, size1);
		at = copy ? some_table(copy, size1, &table) : 0;
	}
	if (!at)
		return 0;
	copy_entry(&table, &other);
	return put_back(&table, at, copy, size1, out, max_out);
}
