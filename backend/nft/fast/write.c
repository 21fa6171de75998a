/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table that is held in memory, as messages. A chain whose rules are as they were read is left
 * alone; any other is planned and written anew: new maps, leaves and actions, and in the same
 * transaction the chain's kernel rules give way to those that name them. What the old rules named
 * stays as it is until no packet can be in it any more (publish.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include <ravelin/render.h>

#include "fast.h"

/* A message with elements is closed from this length on: an attribute has 16 bits for its own. */
#define ELEMENTS_MAX 49152

/* Pieces of a text that does not fit in a comment: matches `comment', true of every packet. */
#define PIECE 255

/* For tests: a switch wherever there can be one, whether it pays or not. */
#define EAGER "RAVELIN_EAGER"
static const struct rv_plan_limits eager = { .shortest = 2, .gain = INT32_MIN };

static const struct rv_plan_limits shallow = { .depth = 1 };

struct writer {
	struct rv_nft *n;
	struct rv_nft_message *m;
	struct rv_table *table;
	const char *name;		/* of the table in the kernel */
	rv_family_t family;
	struct rv_fast_table *was;
	const struct rv_plan *plan;
	const struct rv_ext *comment;
	bool shallow;			/* all chains are written anew, with few leaves */
	uint64_t id;			/* of the next object of ours */
	struct rv_map actions;		/* by a hash of the target's text: ids */
	struct rv_map chains;		/* by a hash of the name: index + 1 in was->chains */
	struct rv_buf text;
};

static uint64_t next_id(struct writer *w)
{
	while (!++w->id)
		;
	return w->id;
}

/* ---- messages --------------------------------------------------------------------------------- */

/* A message that is about one rule of iptables, or about the chain. */
struct about {
	struct rv_nft_message m;
	struct rv_change change;
};

static int start(struct writer *w, struct about *a, struct rv_chain *c, struct rv_rule *r,
		 uint8_t type, uint16_t flags)
{
	a->change = (struct rv_change){
		.kind = RV_CHANGE_ADD_RULE, .table = w->table, .chain = c, .rule = r,
	};
	a->m = rv_nft_message_for(w->m, &a->change);
	if (rv_nft_start_message(&a->m, type, flags))
		return -1;
	/* Whatever the message is about, people know the chain. */
	w->m->b->records[w->m->b->nrecords].in = r ? c->name : NULL;
	/* The first attribute of all of them. */
	rv_nft_put_text(&w->m->b->bytes, NFTA_TABLE_NAME, w->name);
	return 0;
}

static int finish(struct about *a)
{
	return rv_nft_finish_message(&a->m);
}

static int add_chain(struct writer *w, struct rv_chain *c, struct rv_rule *r, const char *name)
{
	struct about a;

	if (start(w, &a, c, r, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL))
		return -1;
	rv_nft_put_text(&w->m->b->bytes, NFTA_CHAIN_NAME, name);
	return finish(&a);
}

static int flush_chain(struct writer *w, struct rv_chain *c)
{
	struct about a;

	if (start(w, &a, c, NULL, NFT_MSG_DELRULE, 0))
		return -1;
	rv_nft_put_text(&w->m->b->bytes, NFTA_RULE_CHAIN, c->name);
	return finish(&a);
}

/* ---- rules ------------------------------------------------------------------------------------- */

static int render(struct writer *w, const struct rv_rule *r)
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

/* Tests, counter and verdict of a rule, and its order and text. */
static int put_rule(struct writer *w, struct rv_rule *r)
{
	struct rv_buf *b = &w->m->b->bytes;
	size_t nest = rv_nft_nest(b, NFTA_RULE_EXPRESSIONS);

	if (render(w, r) || rv_nft_tests_write(b, w->family, r, w->comment, w->m->err))
		return -1;
	rv_nft_counter_write(b, &r->counters);
	if (!rv_fast_text_fits(w->text.len))
		put_pieces(b, &w->text);
	if (rv_fast_end_write(b, w->family, r, w->m->err))
		return -1;
	if (!rv_nft_nest_end(b, nest))
		return rv_fail(w->m->err, RV_ERR_PROBLEM, &r->loc,
			       "the rule is too long: nf_tables takes 64 KiB of matches");
	rv_nft_protocol_write(b, &r->ip);
	rv_fast_put_comment(b, NFTA_RULE_USERDATA, r->handle, w->text.data, w->text.len);
	return 0;
}

static int add_rule(struct writer *w, struct rv_chain *c, const char *in, struct rv_rule *r)
{
	struct about a;

	if (start(w, &a, c, r, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND))
		return -1;
	rv_nft_put_text(&w->m->b->bytes, NFTA_RULE_CHAIN, in);
	if (put_rule(w, r)) {
		rv_error_at(w->m->err, &r->loc);
		return -1;
	}
	return finish(&a);
}

/* ---- actions ----------------------------------------------------------------------------------- */

static uint64_t hash_text(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;	/* FNV-1a */

	while (len--)
		h = (h ^ (unsigned char)*text++) * 0x100000001b3;
	return h;
}

/* A rule of the target alone, which borrows it. */
static struct rv_rule only_target(const struct rv_rule *r)
{
	struct rv_rule bare;

	rv_rule_init(&bare);
	bare.target = r->target;
	bare.ip.proto = r->ip.proto;
	bare.ip.flags = r->ip.flags & RV_IP_PROTO;
	return bare;
}

static int add_action(struct writer *w, struct rv_chain *c, struct rv_rule *r, uint64_t id)
{
	struct rv_buf *b = &w->m->b->bytes;
	struct rv_rule bare = only_target(r);
	char name[RV_FAST_NAME];
	struct about a;
	size_t nest;

	rv_fast_name(name, RV_FAST_ACTION, id);
	if (add_chain(w, c, r, name) || start(w, &a, c, r, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND))
		return -1;
	rv_nft_put_text(b, NFTA_RULE_CHAIN, name);
	nest = rv_nft_nest(b, NFTA_RULE_EXPRESSIONS);
	if (rv_fast_end_write(b, w->family, r, w->m->err))
		return -1;
	rv_nft_nest_end(b, nest);
	rv_nft_protocol_write(b, &bare.ip);
	return finish(&a);
}

/*
 * The chain of the rule's target. Targets are told apart by their text and by what compat targets
 * are told of the protocol.
 */
static int know_action(struct writer *w, struct rv_chain *c, struct rv_rule *r, uint64_t *id)
{
	struct rv_rule bare = only_target(r);
	struct rv_buf text = RV_BUF_INIT;
	uint64_t *known;

	rv_fast_text(&text, w->family, &bare);
	known = rv_buf_ok(&text) ? rv_map_put(&w->actions, hash_text(text.data, text.len)) : NULL;
	rv_buf_free(&text);
	if (!known)
		return rv_fail_memory(w->m->err);
	*id = *known;
	if (*id)
		return 0;
	*id = *known = next_id(w);
	return add_action(w, c, r, *id);
}

/* ---- elements ---------------------------------------------------------------------------------- */

/* A map that is being filled. */
struct filling {
	struct writer *w;
	struct rv_chain *chain;
	const struct rv_key_shape *shape;
	char name[RV_FAST_NAME];
	struct about a;
	bool open;
	size_t list;
};

static int close_elements(struct filling *f)
{
	if (!f->open)
		return 0;
	f->open = false;
	rv_nft_nest_end(&f->w->m->b->bytes, f->list);
	return finish(&f->a);
}

static int open_elements(struct filling *f, struct rv_rule *r)
{
	struct rv_buf *b = &f->w->m->b->bytes;

	if (f->open && b->len - f->list < ELEMENTS_MAX)
		return 0;
	if (close_elements(f) || start(f->w, &f->a, f->chain, r, NFT_MSG_NEWSETELEM, NLM_F_CREATE))
		return -1;
	rv_nft_put_text(b, NFTA_SET_ELEM_LIST_SET, f->name);
	f->list = rv_nft_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	f->open = true;
	return 0;
}

static void put_counter(struct rv_buf *b, uint16_t attr, const struct rv_counters *c)
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

static void put_key(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
		    const struct rv_key_shape *shape)
{
	unsigned char key[RV_FAST_KEY_MAX];
	size_t nest = rv_nft_nest(b, NFTA_SET_ELEM_KEY);
	struct rv_facts facts;

	rv_facts_of(family, r, &facts);
	rv_nft_put(b, NFTA_DATA_VALUE, key, rv_fast_key(family, &facts, shape, key));
	rv_nft_nest_end(b, nest);
}

/* An element that leads to a chain of ours; rule: it is that rule as well, with w->text; or it leads to a leaf. */
static int add_element(struct filling *f, struct rv_rule *r, uint32_t code, const char *chain,
		       bool rule)
{
	struct rv_counters none = { 0 };
	struct rv_buf *b = &f->w->m->b->bytes;
	size_t nest;

	if (open_elements(f, r))
		return -1;
	nest = rv_nft_nest(b, NFTA_LIST_ELEM);
	put_key(b, f->w->family, r, f->shape);
	put_verdict(b, code, chain);
	put_counter(b, NFTA_SET_ELEM_EXPR, rule ? &r->counters : &none);
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

/* What is to be there before the elements: the leaf's chain with its rules. */
static int add_leaf(struct filling *f, const struct rv_plan_chain *c, const struct rv_plan_group *g)
{
	bool jumps = g->form == RV_GROUP_JUMP ||
		     (g->form == RV_GROUP_DIRECT && !rv_rule_ends(c->rules[g->first]));
	char name[RV_FAST_NAME];

	if (close_elements(f))
		return -1;
	rv_fast_name(name, RV_FAST_LEAF, next_id(f->w));
	if (add_chain(f->w, f->chain, rule_at(c, g->first), name))
		return -1;
	for (uint32_t i = g->first; i != RV_PLAN_END; i = c->next[i])
		if (add_rule(f->w, f->chain, name, rule_at(c, i)))
			return -1;
	return add_element(f, rule_at(c, g->first), (uint32_t)(jumps ? NFT_JUMP : NFT_GOTO), name, false);
}

/* The element is the rule: its verdict, or the way to its target. */
static int add_direct(struct filling *f, struct rv_rule *r)
{
	char name[RV_FAST_NAME];
	uint32_t code = 0;
	uint64_t id = 0;

	if (!r->target && r->verdict == RV_VERDICT_NONE)
		return add_element(f, r, (uint32_t)NFT_CONTINUE, NULL, true);
	if (!r->target) {
		const char *to = rv_nft_kernel_name(f->w->m->b, f->w->table->def, r->jump);

		rv_nft_verdict_code(r->verdict, &code);
		return add_element(f, r, code, r->jump[0] ? to : NULL, true);
	}
	if (close_elements(f) || know_action(f->w, f->chain, r, &id))
		return -1;
	rv_fast_name(name, RV_FAST_ACTION, id);
	return add_element(f, r, (uint32_t)(rv_rule_ends(r) ? NFT_GOTO : NFT_JUMP), name, true);
}

static int add_group(struct filling *f, const struct rv_plan_chain *c, const struct rv_plan_group *g)
{
	struct rv_rule *r = rule_at(c, g->first);
	uint32_t code = 0;

	if (render(f->w, r))
		return -1;
	if (g->form != RV_GROUP_DIRECT || !rv_fast_text_fits(f->w->text.len) ||
	    (!r->target && r->verdict != RV_VERDICT_NONE && !rv_nft_verdict_code(r->verdict, &code)))
		return add_leaf(f, c, g);
	return add_direct(f, r);
}

/* ---- switches ---------------------------------------------------------------------------------------- */

/* With room for as many again, and a power of two, as the kernel's table has. */
static uint32_t size_for(uint32_t elements)
{
	uint32_t size = 8;

	while (size < 2 * elements && size < UINT32_C(1) << 31)
		size *= 2;
	return size;
}

static int add_map(struct filling *f, const struct rv_block *b, struct rv_rule *r)
{
	const struct rv_counters none = { 0 };
	struct writer *w = f->w;
	struct rv_buf *bytes = &w->m->b->bytes;
	struct about a;
	size_t nest;

	if (start(w, &a, f->chain, r, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL))
		return -1;
	rv_nft_put_text(bytes, NFTA_SET_NAME, f->name);
	rv_nft_put_u32(bytes, NFTA_SET_FLAGS,
		       NFT_SET_MAP | (b->key.fields & (b->key.fields - 1) ? NFT_SET_CONCAT : 0));
	rv_nft_put_u32(bytes, NFTA_SET_KEY_TYPE, rv_fast_key_type(w->family, &b->key));
	rv_nft_put_u32(bytes, NFTA_SET_KEY_LEN, rv_fast_key_len(w->family, &b->key));
	rv_nft_put_u32(bytes, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
	rv_nft_put_u32(bytes, NFTA_SET_ID, w->m->b->nrecords + 1);
	nest = rv_nft_nest(bytes, NFTA_SET_DESC);
	rv_nft_put_u32(bytes, NFTA_SET_DESC_SIZE, size_for(b->ngroups));
	rv_fast_put_fields(bytes, w->family, &b->key);
	rv_nft_nest_end(bytes, nest);
	put_counter(bytes, NFTA_SET_EXPR, &none);
	return finish(&a);
}

static int add_switch_rule(struct filling *f, struct rv_rule *r)
{
	struct rv_buf *bytes = &f->w->m->b->bytes;
	struct about a;

	if (start(f->w, &a, f->chain, r, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND))
		return -1;
	rv_nft_put_text(bytes, NFTA_RULE_CHAIN, f->chain->name);
	rv_fast_switch_write(bytes, f->w->family, f->shape, f->name);
	return finish(&a);
}

static int add_switch(struct writer *w, const struct rv_plan_chain *c, const struct rv_block *b)
{
	struct filling f = { .w = w, .chain = (struct rv_chain *)c->chain, .shape = &b->key };
	struct rv_rule *r = rule_at(c, b->first);

	rv_fast_name(f.name, RV_FAST_MAP, next_id(w));
	if (add_map(&f, b, r))
		return -1;
	for (uint32_t i = 0; i < b->ngroups; i++)
		if (add_group(&f, c, &b->groups[i]))
			return -1;
	return close_elements(&f) || add_switch_rule(&f, r) ? -1 : 0;
}

/* ---- chains -------------------------------------------------------------------------------------------- */

static int index_chains(struct writer *w)
{
	for (size_t i = 0; w->was && i < w->was->nchains; i++) {
		const char *name = w->was->chains[i].name;
		uint64_t *at = rv_map_put(&w->chains, hash_text(name, strlen(name)));

		if (!at)
			return rv_fail_memory(w->m->err);
		*at = i + 1;
	}
	return 0;
}

/* The chain as it was read, or NULL. */
static struct rv_fast_chain *read_chain(const struct writer *w, const struct rv_chain *c)
{
	const uint64_t *at = rv_map_get(&w->chains, hash_text(c->name, strlen(c->name)));
	struct rv_fast_chain *read = at ? &w->was->chains[*at - 1] : NULL;

	return read && !strcmp(read->name, c->name) ? read : NULL;
}

/* Whether the kernel has a chain of that name, with rules perhaps. */
static bool was_there(const struct rv_chain *c)
{
	return c->base >= 0 ? c->held.exists : !(c->handle & RV_NFT_NEW_CHAIN);
}

static bool same_counters(const struct rv_counters *a, const struct rv_counters *b)
{
	return a->packets == b->packets && a->bytes == b->bytes;
}

/* Whether its rules are those that were read, as they were read. */
static bool is_unchanged(const struct writer *w, const struct rv_chain *c)
{
	const struct rv_fast_chain *read = read_chain(w, c);
	const struct rv_fast_entry *e;

	if (!was_there(c))
		return !c->nrules;
	if (w->shallow || !read || read->count != c->nrules)
		return false;
	e = w->was->entries + read->first;
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		if (r->handle != e->order || !same_counters(&r->counters, &e->counters) ||
		    strcmp(r->jump, e->jump ? w->was->text.data + e->jump : "") != 0)
			return false;
		e++;
	}
	return true;
}

static void number(struct rv_chain *c)
{
	uint64_t order = RV_FAST_ORDER;

	rv_list_each(r, &c->rules, struct rv_rule, node)
		r->handle = order += RV_FAST_STEP;
}

static int write_chain(struct writer *w, const struct rv_plan_chain *p)
{
	struct rv_chain *c = (struct rv_chain *)p->chain;
	struct rv_fast_chain *read = read_chain(w, c);

	if (is_unchanged(w, c))
		return 0;
	if (read)
		read->changed = true;
	number(c);
	if (was_there(c) && flush_chain(w, c))
		return -1;
	for (uint32_t i = 0; i < p->nblocks; i++) {
		const struct rv_block *b = &p->blocks[i];

		if (b->key.fields ? add_switch(w, p, b) :
				    add_rule(w, c, c->name, rule_at(p, b->first)))
			return -1;
	}
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------------------ */

/* The first rule that cannot be there; why says in which chain, and what it is in it. */
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

static int check_rules(struct writer *w)
{
	struct rv_buf why = RV_BUF_INIT;
	const struct rv_rule *r = rv_fast_misfit(w->table, &why);

	if (!r)
		return 0;
	rv_fail(w->m->err, RV_ERR_PROBLEM, &r->loc, " RULE_APPEND failed (Operation not supported): %s cannot "
		"be in a table of profile fast", rv_buf_text(&why) ? why.data : "a rule");
	rv_buf_free(&why);
	return rv_hint(w->m->err, "the kernel takes it only in a table named %s, and this one is %s",
		       w->table->def->name, w->name);
}

/*
 * A chain that nothing names any more goes when no packet can be in it. Until then it has a name of
 * ours, by which it is known should that be left to another writer.
 */
static int hide_chain(struct writer *w, struct rv_chain *c)
{
	uint64_t id = next_id(w);
	char name[RV_FAST_NAME];
	struct about a;

	rv_fast_name(name, RV_FAST_GONE, id);
	if (start(w, &a, c, NULL, NFT_MSG_NEWCHAIN, 0))
		return -1;
	rv_nft_put_u64(&w->m->b->bytes, NFTA_CHAIN_HANDLE, c->handle);
	rv_nft_put_text(&w->m->b->bytes, NFTA_CHAIN_NAME, name);
	if (finish(&a))
		return -1;
	rv_fast_note_gone(w->n, w->table->def, id);
	rv_chain_free(c);
	return 0;
}

/* What is left of the kernel's chains is not in the table any more. */
static int drop_chains(struct writer *w, struct rv_table *kernel)
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

static int write_table(struct writer *w, struct rv_table *kernel)
{
	if (index_chains(w) || drop_chains(w, kernel))
		return -1;
	for (uint32_t i = 0; i < w->plan->nchains; i++) {
		const struct rv_plan_chain *p = &w->plan->chains[i];

		if (p->chain->exists && write_chain(w, p))
			return -1;
	}
	return 0;
}

/*
 * What the kernel does not see here: a native expression is for any table, and a chain that was
 * deleted has its rules for a while.
 */
static int check_places(struct writer *w)
{
	rv_list_each(c, &w->table->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			const struct rv_chain *to = r->jump[0] ? rv_table_chain(w->table, r->jump) : NULL;
			struct rv_misplaced m;

			if (r->jump[0] && (!to || !to->exists))
				return rv_rule_refused(w->m->err, c, r, ENOENT, "there is no such chain");
			if (r->target && rv_rule_misplaced(w->table->def, 0, r, &m) && m.tables)
				return rv_rule_refused(w->m->err, c, r, EINVAL,
						       "the kernel refuses it in this table");
		}
	return 0;
}

int rv_fast_write(struct rv_store *s, struct rv_nft_message *m, struct rv_table *t,
		  struct rv_table *kernel)
{
	struct rv_nft *n = s->priv;
	struct writer w = {
		.n = n, .m = m, .table = t, .name = rv_nft_table_name(m->b, t->def), .family = s->rs.family,
		.was = n->fast[t->def - rv_table_defs],
		.comment = rv_ext_find(RV_MATCH, s->rs.family, "comment"),
	};
	const struct rv_plan_limits *limits;
	struct rv_plan *plan;
	int rc;

	w.shallow = s->replace & rv_nft_table_bit(t->def) << RV_FAST_SHALLOW;
	limits = w.shallow ? &shallow : getenv(EAGER) ? &eager : NULL;
	if (check_rules(&w) || check_places(&w))
		return -1;
	if (getrandom(&w.id, sizeof(w.id), 0) != sizeof(w.id))
		return rv_fail(m->err, RV_ERR_RESOURCE, NULL, "no random numbers for names of maps");
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
