/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs these passes over each table:
 *   dead   removes rules that lint proves dead, and unreachable chains
 *   merge  merges neighbours that differ in one port or address
 *   order  moves rules with more packets up, where order does not matter
 * The code of ravelin prove checks each result, so a bug in a pass cannot change the ruleset's
 * effect.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include <ravelin/plan.h>
#include <ravelin/render.h>

#include "analysis/lint.h"
#include "analysis/optimize.h"
#include "analysis/similar.h"
#include "backend/file/load.h"

#define PORTS_MAX  15	   /* entries of a multiport match; a range takes two */
#define MERGED_MAX 4096	   /* rules merged into one */
#define SWAPS_MAX  2000000 /* rule pairs compared per table */
#define RULE_MAX   4096

const char *const rv_step_names[] = { "removed", "merged", "moved", "left out" };

struct set {
	char name[32];
	const char *side;      /* "src", "dst" */
	struct rv_buf members; /* of an ipset, one per line */
};

struct work {
	struct rv_optimized *o;
	const struct rv_optimize_with *with;
	rv_family_t family;
	struct rv_store store; /* the ruleset being changed */
	struct rv_table *t;
	struct set *sets;
	uint32_t nsets;
	bool counted;
	struct rv_error *err;
};

/* ---- the report ---- */

static char *rule_text(rv_family_t family, const struct rv_chain *c, const struct rv_rule *r)
{
	struct rv_buf b = RV_BUF_INIT;
	char *text = NULL;

	rv_render_rule(&b, family, c->name, r, RV_COUNTERS_NONE);
	if (rv_buf_text(&b) && b.len) {
		b.data[b.len - 1] = '\0';
		text = strdup(b.data);
	}
	rv_buf_free(&b);
	return text;
}

/* Records a step. rule may be NULL. Takes ownership of reason. */
static int note(struct work *w, enum rv_step_kind kind, const struct rv_chain *c, uint32_t first,
		uint32_t last, const struct rv_rule *r, char *reason)
{
	struct rv_optimized *o = w->o;
	struct rv_step_done *s;

	if (o->n == o->room) {
		size_t room = o->room ? 2 * o->room : 64;
		struct rv_step_done *list = reallocarray(o->list, room, sizeof(*list));

		if (!list) {
			free(reason);
			return rv_fail_memory(w->err);
		}
		o->list = list;
		o->room = room;
	}
	s = &o->list[o->n++];
	*s = (struct rv_step_done){ .kind = kind, .first = first, .last = last, .reason = reason };
	snprintf(s->table, sizeof(s->table), "%s", w->t->def->name);
	snprintf(s->chain, sizeof(s->chain), "%s", c ? c->name : "");
	s->rule = r ? rule_text(w->family, c, r) : NULL;
	return !reason || (r && !s->rule) ? rv_fail_memory(w->err) : 0;
}

static void forget_steps(struct rv_optimized *o, size_t n)
{
	while (o->n > n) {
		o->n--;
		free(o->list[o->n].rule);
		free(o->list[o->n].reason);
	}
}

void rv_optimized_free(struct rv_optimized *o)
{
	forget_steps(o, 0);
	free(o->list);
	rv_buf_free(&o->text);
	rv_buf_free(&o->sets);
	*o = (struct rv_optimized){ 0 };
}

static bool keeps_state(const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (rv_part_keeps_state(m->ext))
			return true;
	return false;
}

static void drop_rule(struct rv_chain *c, struct rv_rule *r)
{
	rv_chain_remove_rule(c, r);
	rv_rule_free(r);
}

/* ---- dead rules ---- */

/* Returns whether no rule from this one on keeps state: the proof pairs stateful rules by order. */
static bool all_stateless(const struct rv_chain *c, const struct rv_list *node)
{
	for (; node != &c->rules; node = node->next)
		if (keeps_state(rv_entry(node, struct rv_rule, node)))
			return false;
	return true;
}

static int remove_from(struct work *w, struct rv_chain *c, struct rv_rule *r, uint32_t number,
		       const char *why)
{
	struct rv_list *node = &r->node;
	bool all = all_stateless(c, node);
	int rc = all ? note(w, RV_STEP_REMOVED, c, number, c->nrules, r, strdup(why)) : 0;

	while (node != &c->rules && rc == 0) {
		struct rv_rule *dead = rv_entry(node, struct rv_rule, node);

		node = node->next;
		if (!all && !keeps_state(dead))
			rc = note(w, RV_STEP_REMOVED, c, number, number, dead, strdup(why));
		if (rc == 0 && !keeps_state(dead))
			drop_rule(c, dead);
		number++;
	}
	return rc;
}

/* Removes a dead rule, unless packets may be evaluated by a stateful match in it. */
static int remove_dead(struct work *w, const struct rv_finding *f)
{
	struct rv_chain *c = (struct rv_chain *)f->chain;
	struct rv_rule *r = (struct rv_rule *)f->rule;

	if (f->kind == RV_LINT_BEHIND_ALL)
		return remove_from(w, c, r, f->number, f->text);
	if (keeps_state(r))
		return 0;
	if (note(w, RV_STEP_REMOVED, c, f->number, f->number, r, strdup(f->text)) < 0)
		return -1;
	drop_rule(c, r);
	return 0;
}

static int remove_chains(struct work *w, const struct rv_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct rv_chain *c = (struct rv_chain *)f->list[i].chain;

		if (f->list[i].kind == RV_LINT_UNUSED && c->table == w->t &&
		    all_stateless(c, c->rules.next))
			rv_chain_flush(c);
	}
	rv_table_count_references(w->t, NULL);
	for (size_t i = 0; i < f->n; i++) {
		struct rv_chain *c = (struct rv_chain *)f->list[i].chain;

		if (f->list[i].kind != RV_LINT_UNUSED || c->table != w->t || c->references ||
		    c->nrules)
			continue;
		if (note(w, RV_STEP_REMOVED, c, 0, 0, NULL, strdup(f->list[i].text)) < 0)
			return -1;
		rv_chain_free(c);
	}
	return 0;
}

static int dead_pass(struct work *w)
{
	static const struct rv_lint_with alone = { 0 };
	struct rv_findings f = { 0 };
	int rc = rv_lint(&w->store.rs, &alone, &f, w->err);

	for (size_t i = f.n; i-- > 0 && rc == 0;) {
		enum rv_lint kind = f.list[i].kind;

		if (f.list[i].chain->table == w->t &&
		    (kind == RV_LINT_SHADOWED || kind == RV_LINT_DUPLICATE ||
		     kind == RV_LINT_NEVER || kind == RV_LINT_BEHIND_ALL))
			rc = remove_dead(w, &f.list[i]);
	}
	if (rc == 0)
		rc = remove_chains(w, &f);
	rv_findings_free(&f);
	return rc;
}

/* ---- neighbours ---- */

/* Parses a rule of the chain. */
static struct rv_rule *read_rule(struct work *w, const struct rv_chain *c, const char *jump,
				 const char *text)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_store s;
	struct rv_rule *r = NULL;

	rv_buf_printf(&b, "*%s\n", w->t->def->name);
	if (c->base < 0)
		rv_buf_printf(&b, ":%s - [0:0]\n", c->name);
	if (*jump)
		rv_buf_printf(&b, ":%s - [0:0]\n", jump);
	rv_buf_printf(&b, "%s\nCOMMIT\n", text);
	if (!rv_buf_text(&b)) {
		rv_fail_memory(w->err);
	} else if (rv_load_text(&s, w->family, b.data, b.len, NULL, w->err) == 0) {
		struct rv_table *t = rv_ruleset_table(&s.rs, w->t->def);
		struct rv_chain *in = t ? rv_table_chain(t, c->name) : NULL;

		r = in ? rv_chain_rule(in, 1) : NULL;
		if (r)
			rv_chain_remove_rule(in, r);
		rv_store_close(&s);
	}
	rv_buf_free(&b);
	return r;
}

/*
 * Finds words in a rule's text. Returns NULL if the text does not contain them exactly once, for
 * example because a comment contains them too.
 */
static const char *only_place(const char *text, const char *words)
{
	const char *found = NULL;
	size_t len = strlen(words);

	for (const char *at = text; (at = strstr(at, words)) != NULL; at++) {
		if (at[len] && at[len] != ' ')
			continue;
		if (found)
			return NULL;
		found = at;
	}
	return found;
}

/*
 * Returns a rule's text with an option and its value replaced, or NULL if that is impossible or
 * memory ran out.
 */
static char *replaced(const char *text, const char *old, const char *new)
{
	const char *at = only_place(text, old);
	char *result;

	if (!at || asprintf(&result, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) < 0)
		return NULL;
	return result;
}

/* Removes "-m tcp" without options, which is redundant with -p tcp and multiport. */
static void drop_empty_match(char *text)
{
	static const char multiport[] = " -m multiport --";
	char *at = strstr(text, multiport), *match = at, *next;

	while (match && match > text && isalnum((unsigned char)match[-1]))
		match--;
	if (!at || strstr(at + 1, multiport) || match - text < 4 ||
	    memcmp(match - 4, " -m ", 4) != 0)
		return;
	next = at + strlen(multiport);
	next += strcspn(next, " ");
	next += strcspn(next + (*next == ' '), " ") + (*next == ' ');
	if (!*next || !strncmp(next, " -", 2))
		if (strncmp(next, " --", 3) != 0)
			memmove(match - 4, at, strlen(at) + 1);
}

struct value {
	union nf_inet_addr address;
	uint16_t port;
	struct rv_rule *rule;
};

static bool is_port(enum rv_similar in)
{
	return in == RV_SIMILAR_SPORT || in == RV_SIMILAR_DPORT;
}

static int by_value(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	return x->port != y->port ? x->port - y->port
				  : memcmp(&x->address, &y->address, sizeof(x->address));
}

static void put_address(char text[INET6_ADDRSTRLEN], rv_family_t family,
			const union nf_inet_addr *a)
{
	inet_ntop(rv_family(family)->af, a, text, INET6_ADDRSTRLEN);
}

static bool follows(rv_family_t family, const union nf_inet_addr *a, const union nf_inet_addr *b)
{
	const uint8_t *x = (const void *)a, *y = (const void *)b;
	int i = rv_family(family)->address_len - 1;

	for (; i >= 0 && x[i] == 255 && y[i] == 0; i--)
		;
	return i >= 0 && y[i] == x[i] + 1 && !memcmp(x, y, (size_t)i);
}

/* Writes the option and value in which the first rule differs from the others. */
static void put_old(char *text, size_t room, rv_family_t family, const struct value *v,
		    enum rv_similar in)
{
	char address[INET6_ADDRSTRLEN];

	put_address(address, family, &v->address);
	if (is_port(in))
		snprintf(text, room, " --%s %u", in == RV_SIMILAR_SPORT ? "sport" : "dport",
			 v->port);
	else
		snprintf(text, room, " -%c %s/%u", in == RV_SIMILAR_SOURCE ? 's' : 'd', address,
			 rv_family(family)->address_bits);
}

/* "22,80:90"; returns the number of values from v on that fit into one match. */
static uint32_t put_ports(struct rv_buf *b, const struct value *v, uint32_t n)
{
	unsigned int entries = 0;
	uint32_t i = 0, end;

	for (; i < n && entries < PORTS_MAX; i = end) {
		for (end = i + 1; end < n && v[end].port == v[end - 1].port + 1; end++)
			;
		if (end - i < 3 || entries + 2 > PORTS_MAX)
			end = i + 1;
		rv_buf_printf(b, "%s%u", i ? "," : "", v[i].port);
		if (end - i > 1)
			rv_buf_printf(b, ":%u", v[end - 1].port);
		entries += end - i > 1 ? 2 : 1;
	}
	return i;
}

static uint32_t put_range(struct rv_buf *b, rv_family_t family, const struct value *v, uint32_t n)
{
	char first[INET6_ADDRSTRLEN], last[INET6_ADDRSTRLEN];
	uint32_t end = 1;

	while (end < n && follows(family, &v[end - 1].address, &v[end].address))
		end++;
	put_address(first, family, &v[0].address);
	put_address(last, family, &v[end - 1].address);
	rv_buf_printf(b, "%s-%s", first, last);
	return end;
}

static int add_set(struct work *w, const struct value *v, uint32_t n, enum rv_similar in,
		   struct rv_buf *b)
{
	struct set *list = reallocarray(w->sets, w->nsets + 1, sizeof(*list)), *s;
	char address[INET6_ADDRSTRLEN];

	if (!list)
		return -1;
	w->sets = list;
	s = &list[w->nsets++];
	*s = (struct set){ .side = in == RV_SIMILAR_SOURCE ? "src" : "dst" };
	snprintf(s->name, sizeof(s->name), "ravelin%s-%u", w->family == NFPROTO_IPV6 ? "6" : "",
		 w->nsets);
	for (uint32_t i = 0; i < n; i++) {
		put_address(address, w->family, &v[i].address);
		rv_buf_printf(&s->members, "%s\n", address);
	}
	rv_buf_printf(b, " -m set --match-set %s %s", s->name, s->side);
	return rv_buf_text(&s->members) ? 0 : -1;
}

/* Appends an option with several values. Returns how many fit, or 0 if memory ran out. */
static uint32_t put_new(struct work *w, struct rv_buf *b, const struct value *v, uint32_t n,
			enum rv_similar in)
{
	if (is_port(in)) {
		rv_buf_printf(b, " -m multiport --%s ",
			      in == RV_SIMILAR_SPORT ? "sports" : "dports");
		return put_ports(b, v, n);
	}
	if (w->with->sets && (n > 2 || !follows(w->family, &v[0].address, &v[1].address)))
		return add_set(w, v, n, in, b) < 0 ? 0 : n;
	rv_buf_printf(b, " -m iprange --%s ", in == RV_SIMILAR_SOURCE ? "src-range" : "dst-range");
	return put_range(b, w->family, v, n);
}

/* Replaces the rules by one, at the position of the first. Adds up their counters. */
static int merge_rules(struct work *w, struct rv_chain *c, const struct value *v, uint32_t n,
		       enum rv_similar in, const char *new, uint32_t number, uint32_t last)
{
	char old[RULE_MAX], *text = rule_text(w->family, c, v[0].rule), *merged;
	struct rv_rule *r;
	int rc = 0;

	put_old(old, sizeof(old), w->family, &v[0], in);
	merged = text ? replaced(text, old, new) : NULL;
	if (merged && is_port(in))
		drop_empty_match(merged);
	r = merged ? read_rule(w, c, v[0].rule->jump, merged) : NULL;
	if (r) {
		r->counted = v[0].rule->counted;
		for (uint32_t i = 0; i < n; i++) {
			r->counters.packets += v[i].rule->counters.packets;
			r->counters.bytes += v[i].rule->counters.bytes;
		}
		rc = note(w, RV_STEP_MERGED, c, number, last, v[0].rule,
			  rule_text(w->family, c, r));
		rv_chain_add_rule(c, r, v[0].rule);
		for (uint32_t i = 0; i < n; i++)
			drop_rule(c, v[i].rule);
	} else if (merged || !text) {
		rc = text ? -1 : rv_fail_memory(w->err);
	}
	free(text);
	free(merged);
	return rc;
}

/* Merges rules that differ in one value into as few rules as possible. */
static int merge_run(struct work *w, struct rv_chain *c, struct value *v, uint32_t n,
		     enum rv_similar in, uint32_t number)
{
	int rc = 0;

	qsort(v, n, sizeof(*v), by_value);
	for (uint32_t i = 0, used; i < n && rc == 0; i += used) {
		struct rv_buf b = RV_BUF_INIT;

		used = put_new(w, &b, v + i, n - i, in);
		if (!used || !rv_buf_text(&b)) {
			used = n;
			rc = rv_fail_memory(w->err);
		} else if (used > 1) {
			rc = merge_rules(w, c, v + i, used, in, b.data, number, number + n - 1);
		}
		rv_buf_free(&b);
	}
	return rc;
}

static void read_value(struct value *v, struct rv_rule *r, enum rv_similar in)
{
	*v = (struct value){ .rule = r };
	if (is_port(in))
		v->port = (uint16_t)rv_similar_port(r, in);
	else
		v->address = in == RV_SIMILAR_SOURCE ? r->ip.src : r->ip.dst;
}

/* Collects the rules from r on that differ from it in one value; returns their number. */
static uint32_t gather(struct work *w, struct rv_chain *c, struct rv_rule *r, struct value *v,
		       enum rv_similar *in)
{
	for (*in = 0; *in < RV_SIMILARS; ++*in) {
		const struct rv_list *node = r->node.next;
		uint32_t n = 1;

		read_value(&v[0], r, *in);
		for (; node != &c->rules && n < MERGED_MAX; node = node->next) {
			struct rv_rule *other = rv_entry(node, struct rv_rule, node);

			if (!rv_rules_similar(r, other, w->family, *in))
				break;
			read_value(&v[n++], other, *in);
		}
		if (n > 1)
			return n;
	}
	return 1;
}

static int merge_chain(struct work *w, struct rv_chain *c, struct value *v)
{
	struct rv_list *node = c->rules.next;
	uint32_t number = 1, n;
	int rc = 0;

	for (; node != &c->rules && rc == 0; number += n) {
		struct rv_rule *r = rv_entry(node, struct rv_rule, node);
		enum rv_similar in;

		n = gather(w, c, r, v, &in);
		for (uint32_t i = 0; i < n; i++)
			node = node->next;
		if (n > 1)
			rc = merge_run(w, c, v, n, in, number);
	}
	return rc;
}

static int merge_pass(struct work *w)
{
	struct value *v = calloc(MERGED_MAX, sizeof(*v));
	int rc = v ? 0 : rv_fail_memory(w->err);

	rv_list_each (c, &w->t->chains, struct rv_chain, node)
		if (rc == 0)
			rc = merge_chain(w, c, v);
	free(v);
	return rc;
}

/* ---- order ---- */

struct place {
	struct rv_rule *r;
	rv_dd set;
	uint32_t number;
	bool movable;
};

static bool may_swap(struct rv_space *s, const struct place *a, const struct place *b)
{
	if (!a->movable || !b->movable)
		return false;
	if (a->r->verdict == b->r->verdict && rv_part_equal(a->r->target, b->r->target))
		return true;
	return rv_dd_and(&s->d, a->set, b->set) == RV_DD_FALSE;
}

/* Returns whether evaluating a rule has no effect but its verdict. */
static bool is_movable(const struct rv_rule *r)
{
	bool ends = r->target ? r->target->ext->effect == RV_EFFECT_ENDS
			      : r->verdict == RV_VERDICT_ACCEPT || r->verdict == RV_VERDICT_DROP;

	return ends && !keeps_state(r);
}

static uint32_t open_places(struct rv_space *s, struct rv_chain *c, struct place *p)
{
	uint32_t n = 0;

	rv_list_each (r, &c->rules, struct rv_rule, node) {
		p[n] = (struct place){ .r = r, .number = n + 1, .movable = is_movable(r) };
		p[n].set = rv_region_rule(s, r);
		n++;
	}
	return n;
}

static int put_in_order(struct work *w, struct rv_chain *c, const struct place *p, uint32_t n)
{
	char *reason;
	int rc = 0;

	for (uint32_t i = 0; i < n && rc == 0; i++) {
		rv_chain_remove_rule(c, p[i].r);
		rv_chain_add_rule(c, p[i].r, NULL);
		if (p[i].number <= i + 1)
			continue;
		if (asprintf(&reason, "to place %u: %llu packets", i + 1,
			     (unsigned long long)p[i].r->counters.packets) < 0)
			reason = NULL;
		rc = note(w, RV_STEP_MOVED, c, p[i].number, p[i].number, p[i].r, reason);
	}
	return rc;
}

static int order_chain(struct work *w, struct rv_space *s, struct rv_chain *c, uint32_t *swaps)
{
	struct place *p = calloc(c->nrules + 1, sizeof(*p));
	uint32_t n, moved = 0;
	int rc = 0;

	if (!p)
		return rv_fail_memory(w->err);
	n = open_places(s, c, p);
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t j = i;
		     j > 0 && p[j].r->counters.packets > p[j - 1].r->counters.packets; j--) {
			struct place other = p[j];

			if (*swaps == SWAPS_MAX || s->d.full || !may_swap(s, &p[j - 1], &p[j]))
				break;
			++*swaps;
			p[j] = p[j - 1];
			p[j - 1] = other;
			moved++;
		}
	if (moved && !s->d.full)
		rc = put_in_order(w, c, p, n);
	free(p);
	return rc;
}

static int order_pass(struct work *w)
{
	struct rv_space s;
	uint32_t swaps = 0;
	int rc = 0;

	if (!w->counted)
		return 0;
	if (rv_space_init(&s, w->family, 0) < 0 || rv_space_show(&s, &w->store.rs, 0) < 0 ||
	    rv_space_seal(&s) < 0)
		rc = rv_fail_memory(w->err);
	rv_list_each (c, &w->t->chains, struct rv_chain, node)
		if (rc == 0)
			rc = order_chain(w, &s, c, &swaps);
	if (rc == 0 && swaps == SWAPS_MAX)
		rc = note(w, RV_STEP_LEFT_OUT, NULL, 0, 0, NULL,
			  strdup("some rules were not ordered: there are too many"));
	rv_space_free(&s);
	return rc;
}

/* ---- proof ---- */

static const struct set *set_of(const struct work *w, const char *line, char *words, size_t room)
{
	for (uint32_t i = 0; i < w->nsets; i++) {
		snprintf(words, room, " -m set --match-set %s %s", w->sets[i].name,
			 w->sets[i].side);
		if (strstr(line, words))
			return &w->sets[i];
	}
	return NULL;
}

/* Expands a rule that tests a set made by this pass to one rule per member. */
static int expand_line(const struct work *w, struct rv_buf *to, const char *line)
{
	char words[128], member[64];
	const struct set *s = set_of(w, line, words, sizeof(words));

	if (!s) {
		rv_buf_printf(to, "%s\n", line);
		return 0;
	}
	for (const char *m = s->members.data; *m; m += strcspn(m, "\n") + 1) {
		char *rule;

		snprintf(member, sizeof(member), " -%c %.*s", s->side[0], (int)strcspn(m, "\n"), m);
		rule = replaced(line, words, member);
		if (!rule)
			return -1;
		rv_buf_printf(to, "%s\n", rule);
		free(rule);
	}
	return 0;
}

static int expand_sets(const struct work *w, struct rv_buf *to, const struct rv_buf *text)
{
	char *copy = strdup(text->data), *save = NULL;
	int rc = copy ? 0 : -1;

	for (char *line = copy ? strtok_r(copy, "\n", &save) : NULL; line && rc == 0;
	     line = strtok_r(NULL, "\n", &save))
		rc = expand_line(w, to, line);
	free(copy);
	return rc < 0 || !rv_buf_text(to) ? rv_fail_memory(w->err) : 0;
}

/* Returns 0 if proven, 1 with *why if not, or -1 with an error. */
static int prove_table(struct work *w, const struct rv_ruleset *a, const struct rv_ruleset *b,
		       char **why)
{
	struct rv_proof p;
	int rc = 0;

	if (rv_proof_init(&p, a, b, NULL, w->err) < 0)
		return -1;
	for (unsigned int i = 0; i < w->t->def->nbase && rc == 0; i++) {
		struct rv_proof_chain c;

		if (!rv_proof_has(&p, w->t->def, i))
			continue;
		rc = rv_proof_chain(&p, w->t->def, i, &c);
		if (rc == 0 && c.differs != RV_DD_FALSE)
			rc = 1;
		if (rc > 0 &&
		    asprintf(why, "not proven equivalent in %s: %s", w->t->def->base[i].name,
			     p.walk.unknown[0] ? p.walk.unknown
					       : "packets would be treated differently") < 0)
			*why = NULL;
	}
	rv_proof_free(&p);
	return rc < 0 ? rv_fail_memory(w->err) : rc;
}

/* Proves that the printed ruleset, parsed again, is equivalent to the previous one. */
static int prove_texts(struct work *w, const struct rv_buf *old, const struct rv_buf *new,
		       char **why)
{
	struct rv_buf a = RV_BUF_INIT, b = RV_BUF_INIT;
	struct rv_store x, y;
	int rc = -1;

	if (expand_sets(w, &a, old) == 0 && expand_sets(w, &b, new) == 0 &&
	    rv_load_text(&x, w->family, a.data, a.len, NULL, w->err) == 0) {
		if (rv_load_text(&y, w->family, b.data, b.len, NULL, w->err) == 0) {
			rc = prove_table(w, &x.rs, &y.rs, why);
			rv_store_close(&y);
		}
		rv_store_close(&x);
	}
	rv_buf_free(&a);
	rv_buf_free(&b);
	return rc;
}

/* ---- passes ---- */

static const struct pass {
	const char *name;
	int (*run)(struct work *w);
} passes[] = {
	{ "dead", dead_pass },
	{ "merge", merge_pass },
	{ "order", order_pass },
};

struct rendering {
	struct work *w;
	struct rv_buf *to;
	uint32_t rules;
};

static int render(const struct rv_table *t, void *arg)
{
	struct rendering *r = arg;

	rv_render_table(r->to, t, r->w->counted ? RV_COUNTERS_PREFIX : RV_COUNTERS_NONE);
	rv_list_each (c, &t->chains, struct rv_chain, node)
		r->rules += c->nrules;
	return 0;
}

static int render_all(struct work *w, struct rv_buf *to, uint32_t *rules)
{
	struct rendering r = { w, to, 0 };

	rv_load_tables(&w->store, render, &r);
	*rules = r.rules;
	return rv_buf_text(to) ? 0 : rv_fail_memory(w->err);
}

static void drop_sets(struct work *w, uint32_t n)
{
	while (w->nsets > n)
		rv_buf_free(&w->sets[--w->nsets].members);
}

/* Accepts the new text if it is proven equivalent; else reports why the pass is skipped. */
static int judge(struct work *w, const struct pass *p, struct rv_buf *new, uint32_t rules,
		 size_t steps, uint32_t sets)
{
	struct rv_optimized *o = w->o;
	char *why = NULL, *text;
	int rc = prove_texts(w, &o->text, new, &why);

	if (rc == 0) {
		rv_buf_free(&o->text);
		o->text = *new;
		*new = (struct rv_buf)RV_BUF_INIT;
		o->after = rules;
	} else if (rc > 0) {
		forget_steps(o, steps);
		drop_sets(w, sets);
		o->left_out = true;
		if (asprintf(&text, "pass %s is %s", p->name, why ? why : "not proven equivalent") <
		    0)
			text = NULL;
		rc = note(w, RV_STEP_LEFT_OUT, NULL, 0, 0, NULL, text);
	}
	free(why);
	return rc;
}

static int run_pass(struct work *w, const struct pass *p, const struct rv_table_def *def)
{
	struct rv_buf new = RV_BUF_INIT;
	size_t steps = w->o->n;
	uint32_t sets = w->nsets, rules;
	int rc;

	if (rv_load_text(&w->store, w->family, w->o->text.data, w->o->text.len, NULL, w->err) < 0)
		return -1;
	w->t = rv_ruleset_table(&w->store.rs, def);
	rc = w->t ? p->run(w) : rv_fail_memory(w->err);
	if (rc == 0 && w->o->n > steps)
		rc = render_all(w, &new, &rules);
	if (rc == 0 && w->o->n > steps)
		rc = judge(w, p, &new, rules, steps, sets);
	rv_buf_free(&new);
	rv_store_close(&w->store);
	return rc;
}

static int put_sets(struct work *w)
{
	for (uint32_t i = 0; i < w->nsets; i++) {
		const struct set *s = &w->sets[i];

		rv_buf_printf(&w->o->sets, "create %s hash:ip family %s\n", s->name,
			      rv_family(w->family)->ipset);
		for (const char *m = s->members.data; *m; m += strcspn(m, "\n") + 1)
			rv_buf_printf(&w->o->sets, "add %s %.*s\n", s->name, (int)strcspn(m, "\n"),
				      m);
	}
	return rv_buf_ok(&w->o->sets) ? 0 : rv_fail_memory(w->err);
}

/* Parses and prints the ruleset, and detects counters. */
static int read_first(struct work *w, const struct rv_buf *text)
{
	int rc;

	if (rv_load_text(&w->store, w->family, text->data, text->len, NULL, w->err) < 0)
		return -1;
	rv_list_each (t, &w->store.rs.tables, struct rv_table, node)
		rv_list_each (c, &t->chains, struct rv_chain, node)
			rv_list_each (r, &c->rules, struct rv_rule, node)
				w->counted |= r->counters.packets != 0;
	rc = render_all(w, &w->o->text, &w->o->before);
	w->o->after = w->o->before;
	rv_store_close(&w->store);
	return rc;
}

int rv_optimize(struct rv_optimized *o, rv_family_t family, const struct rv_buf *text,
		const struct rv_optimize_with *with, struct rv_error *err)
{
	struct work w = { .o = o, .with = with, .family = family, .err = err };
	int rc;

	*o = (struct rv_optimized){ 0 };
	rc = read_first(&w, text);
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++) {
		char line[32];

		snprintf(line, sizeof(line), "*%s\n", def->name);
		for (unsigned int i = 0;
		     i < sizeof(passes) / sizeof(*passes) && rc == 0 && strstr(o->text.data, line);
		     i++)
			rc = run_pass(&w, &passes[i], def);
	}
	if (rc == 0)
		rc = put_sets(&w);
	drop_sets(&w, 0);
	free(w.sets);
	return rc;
}
