/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a table in memory as messages. Unchanged chains are not touched. All others are planned
 * again and rewritten with new maps, leaves and actions; the same transaction replaces the chain's
 * kernel rules. The old objects remain until no packet can use them (publish.c).
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include <ravelin/registry.h>
#include <ravelin/render.h>

#include "write.h"

/* Size from which a new message is started; the length of an attribute has 16 bits. */
#define ELEMENTS_MAX 49152

/*
 * A text that does not fit in a comment is split into `comment' matches of this size, which always
 * match.
 */
#define PIECE 255

/* For tests: use a switch wherever possible, even without a gain. */
#define EAGER "RAVELIN_EAGER"
static const struct rv_plan_limits eager = { .shortest = 2, .gain = INT32_MIN };

static const struct rv_plan_limits shallow = { .depth = 1 };

static uint64_t next_id(struct rv_fast_writer *w)
{
	while (!++w->id)
		;
	return w->id;
}

/* ---- messages --------------------------------------------------------------------------------- */

int rv_fast_start(struct rv_fast_writer *w, struct rv_fast_about *a, struct rv_chain *c, struct rv_rule *r,
		 uint8_t type, uint16_t flags)
{
	a->change = (struct rv_change){
		.kind = RV_CHANGE_ADD_RULE, .table = w->table, .chain = c, .rule = r,
	};
	a->m = rv_nft_message_for(w->m, &a->change);
	if (rv_nft_start_message(&a->m, type, flags))
		return -1;
	/* Errors name the iptables chain, not the object. */
	w->m->b->records[w->m->b->nrecords].in = r ? c->name : NULL;
	rv_nft_put_text(&w->m->b->bytes, NFTA_TABLE_NAME, w->name);
	return 0;
}

int rv_fast_finish(struct rv_fast_about *a)
{
	return rv_nft_finish_message(&a->m);
}

static int add_chain(struct rv_fast_writer *w, struct rv_chain *c, struct rv_rule *r, const char *name)
{
	struct rv_fast_about a;

	if (rv_fast_start(w, &a, c, r, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL))
		return -1;
	rv_nft_put_text(&w->m->b->bytes, NFTA_CHAIN_NAME, name);
	return rv_fast_finish(&a);
}

static int flush_chain(struct rv_fast_writer *w, struct rv_chain *c)
{
	struct rv_fast_about a;

	if (rv_fast_start(w, &a, c, NULL, NFT_MSG_DELRULE, 0))
		return -1;
	rv_nft_put_text(&w->m->b->bytes, NFTA_RULE_CHAIN, c->name);
	return rv_fast_finish(&a);
}

/* ---- rules ------------------------------------------------------------------------------------- */

int rv_fast_render_text(struct rv_fast_writer *w, const struct rv_rule *r)
{
	rv_buf_reset(&w->text);
	rv_fast_text(&w->text, w->family, r);
	if (!rv_buf_text(&w->text))
		return rv_fail_memory(w->m->err);
	if (!memchr(w->text.data, '\n', w->text.len))
		return 0;
	return rv_fail(w->m->err, RV_ERR_PROBLEM, &r->loc,
		       "a rule with a line break cannot be in a table of profile fast");
}

static void put_pieces(struct rv_buf *b, const struct rv_buf *text)
{
	for (size_t at = 0; at < text->len; at += PIECE) {
		size_t left = text->len - at;
		unsigned char piece[PIECE + 1] = { 0 };
		const struct rv_nft_expr e = {
			.kind = RV_NFT_MATCH, .name = "comment", .data = { piece, sizeof(piece) },
		};

		memcpy(piece, text->data + at, left < PIECE ? left : PIECE);
		rv_nft_expr_write(b, &e);
	}
}

int rv_fast_put_rule(struct rv_fast_writer *w, struct rv_rule *r)
{
	struct rv_buf *b = &w->m->b->bytes;
	size_t nest = rv_nft_nest(b, NFTA_RULE_EXPRESSIONS);

	if (rv_fast_render_text(w, r) || rv_nft_tests_write(b, w->family, r, w->comment, w->m->err))
		return -1;
	rv_nft_counter_write(b, &r->counters);
	if (!rv_fast_text_fits(w->text.len))
		put_pieces(b, &w->text);
	if (rv_fast_end_write(b, w->family, r, w->m->err))
		return -1;
	if (!rv_nft_nest_end(b, nest))
		return rv_fail(w->m->err, RV_ERR_PROBLEM, &r->loc,
			       "the rule is too long: nf_tables accepts 64 KiB of matches");
	rv_nft_protocol_write(b, &r->ip);
	rv_fast_put_comment(b, NFTA_RULE_USERDATA, r->handle, w->text.data, w->text.len);
	return 0;
}

/* Starts a message that adds a rule to an iptables chain, after those added before. */
static int start_rule(struct rv_fast_writer *w, struct rv_fast_about *a, struct rv_chain *c, struct rv_rule *r)
{
	struct rv_buf *b = &w->m->b->bytes;

	if (rv_fast_start(w, a, c, r, NFT_MSG_NEWRULE, NLM_F_CREATE | (w->before ? 0 : NLM_F_APPEND)))
		return -1;
	rv_nft_put_text(b, NFTA_RULE_CHAIN, c->name);
	if (w->before)
		rv_nft_put_u64(b, NFTA_RULE_POSITION, w->before);
	return 0;
}

/* Adds a rule to the leaf chain of that name, or to c if leaf is NULL. */
static int add_rule(struct rv_fast_writer *w, struct rv_chain *c, const char *leaf, struct rv_rule *r)
{
	struct rv_fast_about a;

	if (leaf ? rv_fast_start(w, &a, c, r, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND) :
		   start_rule(w, &a, c, r))
		return -1;
	if (leaf)
		rv_nft_put_text(&w->m->b->bytes, NFTA_RULE_CHAIN, leaf);
	if (rv_fast_put_rule(w, r)) {
		rv_error_at(w->m->err, &r->loc);
		return -1;
	}
	return rv_fast_finish(&a);
}

/* ---- actions ----------------------------------------------------------------------------------- */

/* Returns a rule with only the target of r, which r still owns. */
static struct rv_rule only_target(const struct rv_rule *r)
{
	struct rv_rule bare;

	rv_rule_init(&bare);
	bare.target = r->target;
	bare.ip.proto = r->ip.proto;
	bare.ip.flags = r->ip.flags & RV_IP_PROTO;
	return bare;
}

uint64_t rv_fast_hash(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;	/* FNV-1a */

	while (len--)
		h = (h ^ (unsigned char)*text++) * 0x100000001b3;
	return h ? h : 1;
}

uint64_t rv_fast_action(struct rv_buf *text, rv_family_t family, const struct rv_rule *r)
{
	struct rv_rule bare = only_target(r);

	rv_buf_reset(text);
	rv_fast_text(text, family, &bare);
	return rv_buf_text(text) ? rv_fast_hash(text->data, text->len) : 0;
}

static int add_action(struct rv_fast_writer *w, struct rv_chain *c, struct rv_rule *r, uint64_t id,
		      const struct rv_buf *text)
{
	struct rv_buf *b = &w->m->b->bytes;
	struct rv_rule bare = only_target(r);
	char name[RV_FAST_NAME];
	struct rv_fast_about a;
	size_t nest;

	rv_fast_name(name, RV_FAST_ACTION, id);
	if (add_chain(w, c, r, name) || rv_fast_start(w, &a, c, r, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND))
		return -1;
	rv_nft_put_text(b, NFTA_RULE_CHAIN, name);
	nest = rv_nft_nest(b, NFTA_RULE_EXPRESSIONS);
	if (rv_fast_end_write(b, w->family, r, w->m->err))
		return -1;
	rv_nft_nest_end(b, nest);
	rv_nft_protocol_write(b, &bare.ip);
	rv_fast_put_comment(b, NFTA_RULE_USERDATA, RV_FAST_ACTION_ORDER, text->data, text->len);
	return rv_fast_finish(&a);
}

/*
 * Returns whether an action with this name cannot be made, because the kernel still has one whose
 * rules are being deleted; the caller tries the next name.
 */
static bool is_taken(const struct rv_fast_writer *w, uint64_t id)
{
	uint64_t taken;

	for (size_t i = 0; w->was && rv_fast_get_id(&w->was->actions, i, &taken); i++)
		if (taken == id)
			return true;
	return false;
}

/* Gets the ID of the action for the rule's target; adds the action if needed. */
static int know_action(struct rv_fast_writer *w, struct rv_chain *c, struct rv_rule *r, uint64_t *id)
{
	struct rv_buf text = RV_BUF_INIT;
	uint64_t hash = rv_fast_action(&text, w->family, r);
	uint64_t *known = hash ? rv_map_put(&w->actions, hash) : NULL;
	int rc = known ? 0 : rv_fail_memory(w->m->err);

	if (known && !*known) {
		*id = hash;
		while (is_taken(w, *id))
			++*id;
		*known = *id;
		rc = add_action(w, c, r, *id, &text);
	} else if (known) {
		*id = *known;
	}
	rv_buf_free(&text);
	return rc;
}

/* ---- elements ---------------------------------------------------------------------------------- */

int rv_fast_close_elements(struct rv_fast_filling *f)
{
	if (!f->open)
		return 0;
	f->open = false;
	rv_nft_nest_end(&f->w->m->b->bytes, f->list);
	return rv_fast_finish(&f->a);
}

static int open_elements(struct rv_fast_filling *f, struct rv_rule *r)
{
	struct rv_buf *b = &f->w->m->b->bytes;

	if (f->open && b->len - f->list < ELEMENTS_MAX)
		return 0;
	if (rv_fast_close_elements(f) || rv_fast_start(f->w, &f->a, f->chain, r, NFT_MSG_NEWSETELEM, NLM_F_CREATE))
		return -1;
	rv_nft_put_text(b, NFTA_SET_ELEM_LIST_SET, f->name);
	f->list = rv_nft_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	f->open = true;
	return 0;
}

void rv_fast_put_counter(struct rv_buf *b, uint16_t attr, const struct rv_counters *c)
{
	size_t nest = b->len;
	struct nlattr head;

	rv_nft_counter_write(b, c);
	if (b->failed)
		return;
	memcpy(&head, b->data + nest, sizeof(head));
	head.nla_type = attr | NLA_F_NESTED;
	memcpy(b->data + nest, &head, sizeof(head));
}

static void put_verdict(struct rv_buf *b, uint32_t code, const char *chain)
{
	size_t data = rv_nft_nest(b, NFTA_SET_ELEM_DATA), verdict = rv_nft_nest(b, NFTA_DATA_VERDICT);

	rv_nft_put_u32(b, NFTA_VERDICT_CODE, code);
	if (chain)
		rv_nft_put_text(b, NFTA_VERDICT_CHAIN, chain);
	rv_nft_nest_end(b, verdict);
	rv_nft_nest_end(b, data);
}

static void put_key(struct rv_buf *b, rv_family_t family, const struct rv_facts *facts,
		    const struct rv_key_shape *shape)
{
	unsigned char key[RV_FAST_KEY_MAX];
	unsigned int len = rv_fast_key(family, facts, shape, key);

	rv_fast_put_key(b, key, len);
}

int rv_fast_add_element(struct rv_fast_filling *f, struct rv_rule *r, const struct rv_facts *facts,
			uint32_t code, const char *chain, bool rule)
{
	struct rv_buf *b = &f->w->m->b->bytes;
	size_t nest;

	if (open_elements(f, r))
		return -1;
	nest = rv_nft_nest(b, NFTA_LIST_ELEM);
	put_key(b, f->w->family, facts, f->shape);
	put_verdict(b, code, chain);
	/* If this is omitted, the kernel creates a zero counter, as defined by the map. */
	if (rule && (r->counters.packets || r->counters.bytes))
		rv_fast_put_counter(b, NFTA_SET_ELEM_EXPR, &r->counters);
	if (rule)
		rv_fast_put_comment(b, NFTA_SET_ELEM_USERDATA, r->handle, f->w->text.data, f->w->text.len);
	rv_nft_nest_end(b, nest);
	return 0;
}

/* ---- groups --------------------------------------------------------------------------------------- */

static struct rv_rule *rule_at(const struct rv_plan_chain *c, uint32_t i)
{
	return (struct rv_rule *)c->rules[i];
}

/* Adds a leaf chain with its rules before the element that refers to it. */
static int add_leaf(struct rv_fast_filling *f, const struct rv_plan_chain *c, const struct rv_plan_group *g)
{
	bool jumps = g->form == RV_GROUP_JUMP ||
		     (g->form == RV_GROUP_DIRECT && !rv_rule_ends(c->rules[g->first]));
	char name[RV_FAST_NAME];

	if (rv_fast_close_elements(f))
		return -1;
	rv_fast_name(name, RV_FAST_LEAF, next_id(f->w));
	if (add_chain(f->w, f->chain, rule_at(c, g->first), name))
		return -1;
	for (uint32_t i = g->first; i != RV_PLAN_END; i = c->next[i])
		if (add_rule(f->w, f->chain, name, rule_at(c, i)))
			return -1;
	return rv_fast_add_element(f, rule_at(c, g->first), &c->facts[g->first],
				   (uint32_t)(jumps ? NFT_JUMP : NFT_GOTO), name, false);
}

/* Adds an element that represents the rule, with its verdict or a jump to its action. */
static int add_direct(struct rv_fast_filling *f, struct rv_rule *r, const struct rv_facts *facts)
{
	char action[RV_FAST_NAME];
	const char *to = NULL;
	uint32_t code = 0;
	uint64_t id = 0;

	rv_fast_element_code(r, &code);
	if (r->target) {
		if (rv_fast_close_elements(f) || know_action(f->w, f->chain, r, &id))
			return -1;
		rv_fast_name(action, RV_FAST_ACTION, id);
		to = action;
	} else if (r->jump[0]) {
		to = rv_nft_kernel_name(f->w->m->b, f->w->table->def, r->jump);
	}
	return rv_fast_add_element(f, r, facts, code, to, true);
}

static int add_group(struct rv_fast_filling *f, const struct rv_plan_chain *c, const struct rv_plan_group *g)
{
	struct rv_rule *r = rule_at(c, g->first);
	uint32_t code;

	if (rv_fast_render_text(f->w, r))
		return -1;
	if (g->form != RV_GROUP_DIRECT || !rv_fast_text_fits(f->w->text.len) ||
	    !rv_fast_element_code(r, &code))
		return add_leaf(f, c, g);
	return add_direct(f, r, &c->facts[g->first]);
}

/* ---- switches ---------------------------------------------------------------------------------------- */

/*
 * Returns the size for a map: space for at least a quarter more elements, but no more than needed.
 * The kernel rounds 4/3 of the size up to a power of two buckets (nft_hash_buckets()), and searches
 * from the first bucket for each part of a dump.
 */
static uint32_t size_for(uint32_t elements)
{
	uint32_t buckets = 16;

	while (buckets / 4 * 3 < elements + elements / 4 && buckets < UINT32_C(1) << 31)
		buckets *= 2;
	return buckets / 4 * 3;
}

static int add_map(struct rv_fast_filling *f, const struct rv_block *b, struct rv_rule *r)
{
	const struct rv_counters none = { 0 };
	struct rv_fast_writer *w = f->w;
	struct rv_buf *bytes = &w->m->b->bytes;
	struct rv_fast_about a;
	size_t nest;

	if (rv_fast_start(w, &a, f->chain, r, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL))
		return -1;
	rv_nft_put_text(bytes, NFTA_SET_NAME, f->name);
	rv_nft_put_u32(bytes, NFTA_SET_FLAGS,
		       NFT_SET_MAP | (rv_fast_is_concatenated(&b->key) ? NFT_SET_CONCAT : 0));
	rv_nft_put_u32(bytes, NFTA_SET_KEY_TYPE, rv_fast_key_type(w->family, &b->key));
	rv_nft_put_u32(bytes, NFTA_SET_KEY_LEN, rv_fast_key_len(w->family, &b->key));
	rv_nft_put_u32(bytes, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
	rv_nft_put_u32(bytes, NFTA_SET_ID, w->m->b->nrecords + 1);
	nest = rv_nft_nest(bytes, NFTA_SET_DESC);
	rv_nft_put_u32(bytes, NFTA_SET_DESC_SIZE, size_for(b->ngroups));
	rv_fast_put_fields(bytes, w->family, &b->key);
	rv_nft_nest_end(bytes, nest);
	rv_fast_put_counter(bytes, NFTA_SET_EXPR, &none);
	return rv_fast_finish(&a);
}

static int add_switch_rule(struct rv_fast_filling *f, struct rv_rule *r)
{
	struct rv_buf *bytes = &f->w->m->b->bytes;
	struct rv_fast_about a;

	if (start_rule(f->w, &a, f->chain, r))
		return -1;
	rv_fast_switch_write(bytes, f->w->family, f->shape, f->name);
	return rv_fast_finish(&a);
}

static int add_switch(struct rv_fast_writer *w, const struct rv_plan_chain *c, const struct rv_block *b)
{
	struct rv_fast_filling f = { .w = w, .chain = (struct rv_chain *)c->chain, .shape = &b->key };
	struct rv_rule *r = rule_at(c, b->first);

	rv_fast_name(f.name, RV_FAST_MAP, next_id(w));
	if (add_map(&f, b, r))
		return -1;
	for (uint32_t i = 0; i < b->ngroups; i++)
		if (add_group(&f, c, &b->groups[i]))
			return -1;
	return rv_fast_close_elements(&f) || add_switch_rule(&f, r) ? -1 : 0;
}

/* ---- chains -------------------------------------------------------------------------------------------- */

static int index_chains(struct rv_fast_writer *w)
{
	for (size_t i = 0; w->was && i < w->was->nchains; i++) {
		const char *name = w->was->chains[i].name;
		uint64_t *at = rv_map_put(&w->chains, rv_fast_hash(name, strlen(name)));

		if (!at)
			return rv_fail_memory(w->m->err);
		*at = i + 1;
	}
	return 0;
}

struct rv_fast_chain *rv_fast_read_chain(const struct rv_fast_writer *w, const struct rv_chain *c)
{
	const uint64_t *at = rv_map_get(&w->chains, rv_fast_hash(c->name, strlen(c->name)));
	struct rv_fast_chain *read = at ? &w->was->chains[*at - 1] : NULL;

	return read && !strcmp(read->name, c->name) ? read : NULL;
}

/* Returns whether the chain existed in the kernel, possibly with rules. */
static bool was_there(const struct rv_chain *c)
{
	return c->base >= 0 ? c->held.exists : !(c->handle & RV_NFT_NEW_CHAIN);
}

bool rv_fast_is_as_read(const struct rv_fast_table *was, const struct rv_rule *r,
			const struct rv_fast_entry *e)
{
	return r->counters.packets == e->counters.packets && r->counters.bytes == e->counters.bytes &&
	       !strcmp(r->jump, e->jump ? was->text.data + e->jump : "");
}

/* Returns whether the rules are those that were read, without changes. */
static bool is_unchanged(const struct rv_fast_writer *w, const struct rv_chain *c)
{
	const struct rv_fast_chain *read = rv_fast_read_chain(w, c);
	const struct rv_fast_entry *e;

	if (!was_there(c))
		return !c->nrules;
	if (w->anew || !read || read->count != c->nrules)
		return false;
	e = w->was->entries + read->first;
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		if (r->handle != e->order || !rv_fast_is_as_read(w->was, r, e))
			return false;
		e++;
	}
	return true;
}

static int by_order(const void *order, const void *entry)
{
	const uint64_t *a = order;
	const struct rv_fast_entry *e = entry;

	return *a < e->order ? -1 : *a > e->order;
}

/* Gives all rules new orders. Returns whether some of them existed before. */
static bool number(struct rv_fast_writer *w, struct rv_chain *c, const struct rv_fast_chain *read)
{
	bool moved = false;

	rv_list_each(r, &c->rules, struct rv_rule, node) {
		struct rv_fast_entry *e = !read || !r->handle ? NULL :
			bsearch(&r->handle, w->was->entries + read->first, read->count, sizeof(*e), by_order);

		r->handle = w->last += RV_FAST_STEP;
		if (e)
			e->moved = r->handle;
		moved |= e != NULL;
	}
	return moved;
}

/* Most old rules to keep: to delete each, the kernel searches from the first rule of the chain. */
#define OLD_MOST 2048

/* Returns whether the old kernel rules remain behind the new ones until their counters are read. */
static bool keeps_old(const struct rv_fast_writer *w, const struct rv_fast_chain *read)
{
	return !w->flushes && !w->was->cleared && read->blocks && read->blocks + read->old <= OLD_MOST;
}

static int add_mark(struct rv_fast_writer *w, struct rv_chain *c, struct rv_fast_chain *read)
{
	struct rv_fast_about a;

	if (start_rule(w, &a, c, NULL))
		return -1;
	rv_fast_put_mark(&w->m->b->bytes);
	read->ended = true;
	return rv_fast_finish(&a);
}

/*
 * Returns whether a rule in a switch may now change the packet's key, because a rule that does so
 * was added to a chain that it jumps to.
 */
static bool has_barrier(const struct rv_fast_writer *w, const struct rv_plan_chain *p,
			const struct rv_fast_chain *read)
{
	const struct rv_fast_entry *e = w->was->entries + read->first, *end = e + read->count;

	for (uint32_t i = 0; i < p->nrules && e < end; i++) {
		while (e < end && e->order != p->rules[i]->handle)
			e += 1;
		if (e < end && e->map && p->facts[i].barrier)
			return true;
	}
	return false;
}

static int write_chain(struct rv_fast_writer *w, const struct rv_plan_chain *p)
{
	struct rv_chain *c = (struct rv_chain *)p->chain;
	struct rv_fast_chain *read = rv_fast_read_chain(w, c);
	bool barrier = read && !w->anew && has_barrier(w, p, read), moved, keeps;
	int rc;

	if (!barrier && is_unchanged(w, c))
		return 0;
	rc = read && !barrier && !w->anew && was_there(c) ? rv_fast_edit(w, p, read) : 1;
	if (rc <= 0)
		return rc;
	if (read)
		read->changed = true;
	moved = number(w, c, read);
	if (moved)
		w->was->moved = true;
	keeps = read && moved && was_there(c) && keeps_old(w, read);
	w->before = keeps ? read->head : 0;
	if (!keeps && was_there(c) && flush_chain(w, c))
		return -1;
	for (uint32_t i = 0; i < p->nblocks; i++) {
		const struct rv_block *b = &p->blocks[i];

		if (b->key.fields ? add_switch(w, p, b) :
				    add_rule(w, c, NULL, rule_at(p, b->first)))
			return -1;
	}
	rc = keeps ? add_mark(w, c, read) : 0;
	if (read && !keeps)
		read->ended = false;
	w->before = 0;
	return rc;
}

/* ---- the table ------------------------------------------------------------------------------------------ */

const struct rv_rule *rv_fast_misfit(struct rv_table *t, struct rv_buf *why)
{
	struct rv_buf part = RV_BUF_INIT;

	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			if (!rv_fast_refuses(t, r, &part))
				continue;
			rv_buf_printf(why, "rule in chain %s: %s", c->name, rv_buf_text(&part) ? part.data : "?");
			rv_buf_free(&part);
			return r;
		}
	return NULL;
}

static int check_rules(struct rv_fast_writer *w)
{
	struct rv_buf why = RV_BUF_INIT;
	const struct rv_rule *r = rv_fast_misfit(w->table, &why);

	if (!r)
		return 0;
	rv_fail(w->m->err, RV_ERR_PROBLEM, &r->loc, " RULE_APPEND failed (Operation not supported): %s cannot "
		"be in a table of profile fast", rv_buf_text(&why) ? why.data : "a rule");
	rv_buf_free(&why);
	return rv_hint(w->m->err, "the kernel accepts it only in a table named %s; this one is named %s",
		       w->table->def->name, w->name);
}

/*
 * Renames a deleted chain, which remains until no packet can be in it. If this program is killed,
 * another writer recognises the name and deletes the chain.
 */
static int hide_chain(struct rv_fast_writer *w, struct rv_chain *c)
{
	uint64_t id = next_id(w);
	char name[RV_FAST_NAME];
	struct rv_fast_about a;

	rv_fast_name(name, RV_FAST_GONE, id);
	if (rv_fast_start(w, &a, c, NULL, NFT_MSG_NEWCHAIN, 0))
		return -1;
	rv_nft_put_u64(&w->m->b->bytes, NFTA_CHAIN_HANDLE, c->handle);
	rv_nft_put_text(&w->m->b->bytes, NFTA_CHAIN_NAME, name);
	if (rv_fast_finish(&a))
		return -1;
	rv_fast_note_gone(w->n, w->table->def, id);
	rv_chain_free(c);
	return 0;
}

/* Deletes the chains in `kernel', which are no longer in the table. */
static int drop_chains(struct rv_fast_writer *w, struct rv_table *kernel)
{
	for (size_t i = 0; w->was && i < w->was->nchains; i++) {
		const struct rv_chain *now = rv_table_chain(w->table, w->was->chains[i].name);

		w->was->chains[i].changed = !now || !now->exists;
	}
	rv_list_each_safe(c, &kernel->chains, struct rv_chain, node) {
		const struct rv_chain *now = rv_table_chain(w->table, c->name);

		if (c->base < 0 ? hide_chain(w, c) : c->exists && !now->exists && flush_chain(w, c))
			return -1;
	}
	return 0;
}

static int put_state(struct rv_fast_writer *w, uint8_t type, uint64_t first, uint64_t last)
{
	const uint64_t key[] = { htobe64(first), htobe64(last) };
	struct rv_buf *b = &w->m->b->bytes;
	struct rv_fast_about a;
	size_t list;

	if (rv_fast_start(w, &a, NULL, NULL, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0))
		return -1;
	rv_nft_put_text(b, NFTA_SET_ELEM_LIST_SET, RV_FAST_STATE);
	list = rv_nft_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	rv_fast_put_key_element(b, key, sizeof(key));
	rv_nft_nest_end(b, list);
	return rv_fast_finish(&a);
}

static int add_state_set(struct rv_fast_writer *w)
{
	struct rv_buf *b = &w->m->b->bytes;
	struct rv_fast_about a;

	if (rv_fast_start(w, &a, NULL, NULL, NFT_MSG_NEWSET, NLM_F_CREATE))
		return -1;
	rv_nft_put_text(b, NFTA_SET_NAME, RV_FAST_STATE);
	rv_nft_put_u32(b, NFTA_SET_FLAGS, 0);
	rv_nft_put_u32(b, NFTA_SET_KEY_TYPE, RV_FAST_NUMBERS_TYPE);
	rv_nft_put_u32(b, NFTA_SET_KEY_LEN, 2 * sizeof(uint64_t));
	rv_nft_put_u32(b, NFTA_SET_ID, w->m->b->nrecords + 1);
	return rv_fast_finish(&a);
}

int rv_fast_write_state(struct rv_fast_writer *w)
{
	const struct rv_fast_table *was = w->was;
	bool stored = was && was->has_state;

	if (stored && was->stored_first == w->first && was->stored_last == w->last)
		return 0;
	if (!(was && was->has_set) && add_state_set(w))
		return -1;
	if (stored && put_state(w, NFT_MSG_DELSETELEM, was->stored_first, was->stored_last))
		return -1;
	return put_state(w, NFT_MSG_NEWSETELEM, w->first, w->last);
}

/*
 * Announces old rules behind marks in RV_FAST_STATE: nothing may be appended until they are
 * deleted.
 */
static int note_unfinished(struct rv_fast_writer *w)
{
	uint64_t id = next_id(w), wire = htobe64(id);
	bool marks = false;

	for (size_t i = 0; w->was && i < w->was->nchains; i++)
		marks |= w->was->chains[i].ended && w->was->chains[i].changed;
	if (!marks)
		return 0;
	rv_buf_add(&w->was->unfinished, &wire, sizeof(wire));
	if (!rv_buf_ok(&w->was->unfinished))
		return rv_fail_memory(w->m->err);
	return put_state(w, NFT_MSG_NEWSETELEM, 0, id);
}

static int drop_carry(struct rv_fast_writer *w, uint64_t order)
{
	struct rv_buf *b = &w->m->b->bytes;
	struct rv_fast_about a;
	size_t list;

	if (rv_fast_start(w, &a, NULL, NULL, NFT_MSG_DELSETELEM, 0))
		return -1;
	rv_nft_put_text(b, NFTA_SET_ELEM_LIST_SET, RV_FAST_CARRY);
	list = rv_nft_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	rv_fast_put_carry_key(b, order);
	rv_nft_nest_end(b, list);
	return rv_fast_finish(&a);
}

/* Deletes the carried counters of orders that no rule has any more. */
static int drop_carries(struct rv_fast_writer *w)
{
	struct rv_fast_carried *c = w->was ? (void *)w->was->carried.data : NULL;
	size_t count = w->was ? w->was->carried.len / sizeof(*c) : 0;

	if (!count)
		return 0;
	rv_list_each(chain, &w->table->chains, struct rv_chain, node)
		rv_list_each(r, &chain->rules, struct rv_rule, node) {
			const uint64_t *at = rv_map_get(&w->was->by_carried, r->handle);

			if (at)
				c[*at - 1].live = true;
		}
	for (size_t i = 0; i < count; i++)
		if (!c[i].live && drop_carry(w, c[i].order))
			return -1;
	return 0;
}

static int write_table(struct rv_fast_writer *w, struct rv_table *kernel)
{
	if (index_chains(w) || drop_chains(w, kernel))
		return -1;
	for (uint32_t i = 0; i < w->plan->nchains; i++) {
		const struct rv_plan_chain *p = &w->plan->chains[i];

		if (p->chain->exists && write_chain(w, p))
			return -1;
	}
	return rv_fast_write_state(w) || note_unfinished(w) || drop_carries(w) ? -1 : 0;
}

/* Determines the next orders. If too few are left, all rules get new ones. */
static void know_orders(struct rv_fast_writer *w)
{
	uint64_t rules = 0;

	w->first = w->last = RV_FAST_ORDER;
	rv_list_each(c, &w->table->chains, struct rv_chain, node)
		rules += c->nrules;
	if (!w->was || w->was->cleared || w->anew)
		return;
	w->first = w->was->first;
	w->last = w->was->last;
	if (w->first > RV_FAST_STEP && rules + 1 < (UINT64_MAX - w->last) / RV_FAST_STEP)
		return;
	w->anew = true;
	w->first = w->last = RV_FAST_ORDER;
}

int rv_fast_check_place(struct rv_fast_writer *w, const struct rv_chain *c, const struct rv_rule *r)
{
	struct rv_misplaced m;

	if (!r->target || !rv_rule_misplaced(w->table->def, 0, r, &m) || !m.tables)
		return 0;
	return rv_rule_refused(w->m->err, c, r, EINVAL, "the kernel refuses it in this table");
}

/*
 * Checks what the kernel cannot check in this profile: it accepts native expressions in any table,
 * and jumps to deleted chains, which still exist for a while.
 */
static int check_places(struct rv_fast_writer *w)
{
	rv_list_each(c, &w->table->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			const struct rv_chain *to = r->jump[0] ? rv_table_chain(w->table, r->jump) : NULL;

			if (r->jump[0] && (!to || !to->exists))
				return rv_rule_refused(w->m->err, c, r, ENOENT, "no such chain");
			if (rv_fast_check_place(w, c, r))
				return -1;
		}
	return 0;
}

int rv_fast_write(struct rv_store *s, struct rv_nft_message *m, struct rv_table *t,
		  struct rv_table *kernel)
{
	struct rv_nft *n = s->priv;
	struct rv_fast_writer w = {
		.n = n, .bulk = s->bulk, .m = m, .table = t, .name = rv_nft_table_name(m->b, t->def), .family = s->rs.family,
		.was = n->fast[t->def - rv_table_defs],
		.comment = rv_ext_find(RV_MATCH, s->rs.family, "comment"),
	};
	const struct rv_plan_limits *limits;
	struct rv_plan *plan;
	int rc;

	w.flushes = s->replace & rv_nft_table_bit(t->def) << RV_FAST_FLUSHED;
	w.anew = s->replace & rv_nft_table_bit(t->def) << RV_FAST_SHALLOW;
	limits = w.anew ? &shallow : getenv(EAGER) ? &eager : NULL;
	w.anew |= (s->replace & rv_nft_table_bit(t->def) << RV_FAST_ANEW) != 0;
	know_orders(&w);
	if (check_rules(&w) || check_places(&w))
		return -1;
	if (getrandom(&w.id, sizeof(w.id), 0) != sizeof(w.id))
		return rv_fail(m->err, RV_ERR_RESOURCE, NULL, "no random numbers for the names of maps");
	plan = rv_plan_make(t, limits, m->err);
	if (!plan)
		return -1;
	w.plan = plan;
	rc = rv_plan_verify(plan, m->err) ? -1 : write_table(&w, kernel);
	if (!rc && w.was)
		rc = rv_fast_note_garbage(n, t->def, w.was, m->err);
	rv_plan_free(plan);
	rv_map_free(&w.actions);
	rv_map_free(&w.chains);
	rv_buf_free(&w.text);
	return rc;
}
