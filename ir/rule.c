/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts, parts and rules as values. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/ir.h>
#include <ravelin/registry.h>

static const struct {
	const char *name, *help;
} verdicts[] = {
#define RV_VERDICT(id, name, nft, nf_tables, module, help) { name, help },
#include <ravelin/verdicts.def>
};

const char *rv_verdict_name(enum rv_verdict verdict)
{
	return verdict < RV_VERDICTS ? verdicts[verdict].name : NULL;
}

const char *rv_verdict_help(enum rv_verdict verdict)
{
	return verdict < RV_VERDICTS ? verdicts[verdict].help : NULL;
}

enum rv_verdict rv_verdict_find(const char *name)
{
	for (unsigned int i = 0; i < RV_VERDICTS; i++)
		if (verdicts[i].name && !strcmp(verdicts[i].name, name))
			return i;
	return RV_VERDICT_NONE;
}

/* ---- rules ---------------------------------------------------------------- */

struct rv_part *rv_part_new(const struct rv_ext *ext)
{
	struct rv_part *p = calloc(1, sizeof(*p) + ext->size);

	if (!p)
		return NULL;
	p->ext = ext;
	if (ext->initial)
		memcpy(p->data, ext->initial, ext->size);
	return p;
}

struct rv_part *rv_part_clone(const struct rv_part *p)
{
	struct rv_part *copy = malloc(sizeof(*copy) + p->ext->size);

	if (!copy)
		return NULL;
	memcpy(copy, p, sizeof(*copy) + p->ext->size);
	copy->next = NULL;
	return copy;
}

void rv_part_free(struct rv_part *p)
{
	free(p);
}

bool rv_part_equal(const struct rv_part *a, const struct rv_part *b)
{
	if (!a || !b)
		return a == b;
	return a->ext == b->ext &&
	       !memcmp(a->data, b->data, a->ext->compare ? a->ext->compare : a->ext->size);
}

void rv_rule_init(struct rv_rule *r)
{
	memset(r, 0, sizeof(*r));
	rv_list_init(&r->node);
	rv_list_init(&r->caller);
}

struct rv_rule *rv_rule_new(void)
{
	struct rv_rule *r = malloc(sizeof(*r));

	if (r)
		rv_rule_init(r);
	return r;
}

void rv_rule_free(struct rv_rule *r)
{
	if (!r)
		return;
	while (r->matches) {
		struct rv_part *next = r->matches->next;

		rv_part_free(r->matches);
		r->matches = next;
	}
	rv_part_free(r->target);
	rv_remarks_free(&r->remarks);
	free(r);
}

void rv_rule_add_match(struct rv_rule *r, struct rv_part *m)
{
	struct rv_part **end = &r->matches;

	while (*end)
		end = &(*end)->next;
	m->next = NULL;
	*end = m;
}

struct rv_rule *rv_rule_clone(const struct rv_rule *r)
{
	struct rv_rule *copy = rv_rule_new();
	struct rv_part **end;

	if (!copy)
		return NULL;
	*copy = *r;
	rv_list_init(&copy->node);
	rv_list_init(&copy->caller);
	copy->in = NULL;
	copy->place = NULL;
	copy->matches = copy->target = NULL;
	copy->remarks = NULL;
	end = &copy->matches;
	for (const struct rv_part *m = r->matches; m; m = m->next) {
		*end = rv_part_clone(m);
		if (!*end)
			goto fail;
		end = &(*end)->next;
	}
	if (r->target) {
		copy->target = rv_part_clone(r->target);
		if (!copy->target)
			goto fail;
	}
	return copy;
fail:
	rv_rule_free(copy);
	return NULL;
}

/* "+" matches any interface, so it is equivalent to none unless negated. */
static const char *plain_interface(const char *name)
{
	return strcmp(name, "+") ? name : "";
}

static bool interface_equal(const char *a, const char *b)
{
	return !strcmp(plain_interface(a), plain_interface(b));
}

static bool ip_equal(const struct rv_ip *a, const struct rv_ip *b)
{
	return !memcmp(&a->src, &b->src, sizeof(a->src)) &&
	       !memcmp(&a->smask, &b->smask, sizeof(a->smask)) &&
	       !memcmp(&a->dst, &b->dst, sizeof(a->dst)) &&
	       !memcmp(&a->dmask, &b->dmask, sizeof(a->dmask)) &&
	       interface_equal(a->in, b->in) && interface_equal(a->out, b->out) &&
	       a->proto == b->proto && a->flags == b->flags && a->invert == b->invert;
}

bool rv_rule_equal(const struct rv_rule *a, const struct rv_rule *b)
{
	const struct rv_part *x = a->matches, *y = b->matches;

	if (a->verdict != b->verdict || strcmp(a->jump, b->jump) || !ip_equal(&a->ip, &b->ip))
		return false;
	for (; x && y; x = x->next, y = y->next)
		if (!rv_part_equal(x, y))
			return false;
	return !x && !y && rv_part_equal(a->target, b->target);
}

static uint64_t hash_bytes(uint64_t h, const void *data, size_t len)
{
	for (const unsigned char *at = data; len--; at++)
		h = (h ^ *at) * 0x100000001b3;	/* FNV-1a */
	return h;
}

static uint64_t hash_part(uint64_t h, const struct rv_part *p)
{
	if (!p)
		return h;
	h = hash_bytes(h, &p->ext, sizeof(p->ext));
	return hash_bytes(h, p->data, p->ext->compare ? p->ext->compare : p->ext->size);
}

static uint64_t hash_text(uint64_t h, const char *text)
{
	return hash_bytes(h, text, strlen(text) + 1);
}

uint64_t rv_rule_hash(const struct rv_rule *r)
{
	uint64_t h = hash_bytes(0xcbf29ce484222325, &r->verdict, sizeof(r->verdict));

	h = hash_text(h, r->jump);
	h = hash_bytes(h, &r->ip, offsetof(struct rv_ip, in));
	h = hash_text(h, plain_interface(r->ip.in));
	h = hash_text(h, plain_interface(r->ip.out));
	h = hash_bytes(h, &r->ip.proto, sizeof(r->ip.proto));
	for (const struct rv_part *m = r->matches; m; m = m->next)
		h = hash_part(h, m);
	return hash_part(h, r->target);
}
