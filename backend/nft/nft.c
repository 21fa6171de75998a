/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backend: what it reads of tables, chains and rules, and its one const struct. */
#include <stdio.h>
#include <stdlib.h>

#include <linux/netfilter_ipv4.h>

#include <ravelin/hooks.h>

#include "backend/backends.h"
#include "closed.h"
#include "foreign.h"
#include "image.h"
#include "object.h"

/* What the kernel itself never says of a table. */
static int incompatible(const struct rv_table *t, const char *chain, const char *why,
			struct rv_error *err)
{
	const char *family = t->ruleset->family == NFPROTO_IPV6 ? "ip6" : "ip";

	rv_fail(err, RV_ERR_RESOURCE, NULL, "table `%s' is incompatible, use 'nft' tool: %s%s%s%s",
		t->def->name, chain ? "chain `" : "", chain ? chain : "", chain ? "' " : "", why);
	return rv_hint(err, "look at it with: nft list table %s %s", family, t->def->name);
}

/* ---- tables -------------------------------------------------------------------- */

/* A table, and what is seen of it. */
struct seeing {
	struct rv_table *table;
	struct rv_buf *unnamed;	/* takes the names of chains that no line can name; NULL: it has them */
	bool staged;		/* something is, and what is known of a chain includes it */
	uint32_t has;		/* chains, sets and the like */
	uint32_t chains;	/* that went by */
};

static int see_table(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_TABLE_MAX + 1];
	struct seeing *see = arg;
	struct rv_table *table = see->table;
	uint32_t flags = 0;

	if (!rv_nft_attr_table(attrs, t, NFTA_TABLE_MAX + 1) ||
	    (t[NFTA_TABLE_USE].data && !rv_nft_get_u32(t[NFTA_TABLE_USE], &see->has)) ||
	    (t[NFTA_TABLE_FLAGS].data && !rv_nft_get_u32(t[NFTA_TABLE_FLAGS], &flags)))
		return incompatible(table, NULL, "the kernel's answer is malformed", err);
	table->dormant = flags & NFT_TABLE_F_DORMANT;
	table->odd |= table->dormant;
	return 0;
}

/* 0: it is there, 1: it is not, -1: error. */
static int ask_table(struct rv_store *s, struct rv_table *table, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETTABLE, .family = s->rs.family,
		.table = table->def->name, .table_attr = NFTA_TABLE_NAME,
	};
	struct seeing see = { .table = table };
	int rc = rv_nft_ask(&n->socket, &q, see_table, &see, err);

	/* What is staged may have made it. */
	if (rc >= 0)
		table->exists = !rc || (s->dirty && table->exists);
	n->tables[table->def - rv_table_defs].has = see.has;
	n->tables[table->def - rv_table_defs].known = true;
	return rc;
}

/* ---- chains -------------------------------------------------------------------- */

static bool get_counters(struct rv_nft_view v, struct rv_counters *c)
{
	struct rv_nft_view t[NFTA_COUNTER_MAX + 1];

	*c = (struct rv_counters){ 0 };
	if (!v.data)
		return true;
	return rv_nft_attr_table(v, t, NFTA_COUNTER_MAX + 1) &&
	       rv_nft_get_u64(t[NFTA_COUNTER_PACKETS], &c->packets) &&
	       rv_nft_get_u64(t[NFTA_COUNTER_BYTES], &c->bytes);
}

/* Where the chain is. false: not understood. */
static bool get_place(struct rv_chain *c, const struct rv_nft_view *t)
{
	const char *const *known = rv_base_types, *type = rv_nft_get_text(t[NFTA_CHAIN_TYPE]);
	struct rv_nft_view h[NFTA_HOOK_MAX + 1];
	uint32_t hook, priority;

	if (!t[NFTA_CHAIN_HOOK].data) {
		c->at = (struct rv_base_at){ .elsewhere = true, .none = true };
		return true;
	}
	if (!type || !rv_nft_attr_table(t[NFTA_CHAIN_HOOK], h, NFTA_HOOK_MAX + 1) ||
	    !rv_nft_get_u32(h[NFTA_HOOK_HOOKNUM], &hook) || hook > NF_INET_POST_ROUTING ||
	    !rv_nft_get_u32(h[NFTA_HOOK_PRIORITY], &priority))
		return false;
	while (*known && strcmp(*known, type) != 0)
		known++;
	if (*known)
		rv_base_at_set(&c->at, c->table->def, (unsigned int)c->base, (uint8_t)hook,
			       (int32_t)priority, *known);
	return *known != NULL;
}

static int fill_base(struct rv_chain *c, const struct rv_nft_view *t, struct rv_error *err)
{
	uint32_t policy = NF_ACCEPT, flags = 0;

	rv_nft_get_u32(t[NFTA_CHAIN_FLAGS], &flags);
	if ((t[NFTA_CHAIN_POLICY].data && !rv_nft_get_u32(t[NFTA_CHAIN_POLICY], &policy)) ||
	    policy > NF_ACCEPT || !get_counters(t[NFTA_CHAIN_COUNTERS], &c->counters))
		return incompatible(c->table, c->name, "has a policy that is not understood", err);
	if (!get_place(c, t) || flags & ~(uint32_t)NFT_CHAIN_BASE)
		return incompatible(c->table, c->name, "is where no rules are known to be", err);
	c->policy = policy == NF_ACCEPT ? RV_VERDICT_ACCEPT : RV_VERDICT_DROP;
	c->held.exists = true;
	c->held.at = c->at;
	c->held.policy = c->policy;
	c->held.counters = c->counters;
	return 0;
}

static int fill_chain(struct rv_chain *c, const struct rv_nft_view *t, struct rv_error *err)
{
	if (!rv_nft_get_u64(t[NFTA_CHAIN_HANDLE], &c->handle) ||
	    !rv_nft_get_u32(t[NFTA_CHAIN_USE], &c->references))
		return incompatible(c->table, c->name, "is malformed", err);
	if (c->base >= 0 && fill_base(c, t, err))
		return -1;
	c->jumps = 0;
	c->exists = true;
	c->table->exists = true;
	return 0;
}

/* The chain of "jump { ... }" belongs to the rule with the jump. */
static bool is_bound(const struct rv_nft_view *t)
{
	uint32_t flags;

	return rv_nft_get_u32(t[NFTA_CHAIN_FLAGS], &flags) && flags & NFT_CHAIN_BINDING;
}

bool rv_nft_is_sayable(const char *name)
{
	if (!*name || *name == '-' || *name == '!' || strlen(name) >= RV_CHAIN_NAME_LEN ||
	    rv_verdict_find(name) != RV_VERDICT_NONE)
		return false;
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || *name == 0x7f)
			return false;
	return true;
}

/* Whether iptables cannot have such a chain. */
static bool is_foreign(const struct seeing *see, const char *name, const struct rv_nft_view *t)
{
	struct rv_table *table = see->table;
	const struct rv_chain *c = rv_table_chain(table, name);
	bool hooked = t[NFTA_CHAIN_HOOK].data && !(c && c->base >= 0);

	if (is_bound(t))
		return true;
	/* What no line could name stays as it is, and rules that jump to it are kept whole. */
	if (!hooked && (c || rv_nft_is_sayable(name)))
		return false;
	table->hooked |= hooked;
	if (!hooked && see->unnamed)
		rv_buf_add(see->unnamed, name, strlen(name) + 1);
	return table->others = true;
}

/*
 * A chain goes by; those of other tables are in the same dump. What is staged stays as it is.
 * A base chain that iptables does not have is nothing to it, and stays as it is whatever is done.
 */
static int see_chain(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct seeing *see = arg;
	struct rv_table *table = see->table;
	struct rv_nft_view t[NFTA_CHAIN_MAX + 1];
	const char *of, *name;
	struct rv_chain *c;

	if (!rv_nft_attr_table(attrs, t, NFTA_CHAIN_MAX + 1))
		return incompatible(table, NULL, "the kernel's answer is malformed", err);
	of = rv_nft_get_text(t[NFTA_CHAIN_TABLE]);
	name = rv_nft_get_text(t[NFTA_CHAIN_NAME]);
	if (!of || !name)
		return incompatible(table, NULL, "the kernel's answer is malformed", err);
	if (strcmp(of, table->def->name))
		return 0;
	see->chains++;
	if (is_foreign(see, name, t))
		return 0;
	c = rv_table_chain(table, name);
	if (c && (c->handle & RV_NFT_NEW_CHAIN || (see->staged && (c->handle || c->gone))))
		return 0;
	if (!c)
		c = rv_table_add_chain(table, name);
	return c ? fill_chain(c, t, err) : rv_fail_memory(err);
}

/* Without sets, the table has told how many there are. */
static bool all_chains_went_by(void *arg)
{
	const struct seeing *see = arg;

	return see->chains == see->has;
}

/*
 * Of many commands each may name another chain. To ask for one takes as long as to read
 * ASK_COST of them in a dump: once as much was asked for as a dump of all would have cost, that
 * is what is done.
 */
#define ASK_COST 8
#define ASK_FREELY 16

static int dump_pays(struct rv_store *s, struct rv_table *table, bool *pays, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	uint32_t asked = ++n->tables[table->def - rv_table_defs].asked;

	*pays = false;
	if (!s->bulk || asked < ASK_FREELY)
		return 0;
	if (asked == ASK_FREELY && ask_table(s, table, err) < 0)
		return -1;
	*pays = asked > n->tables[table->def - rv_table_defs].has / ASK_COST;
	return 0;
}

static int ask_chains(struct rv_store *s, struct rv_table *table, const char *only,
		      struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct seeing see = { .table = table, .staged = s->dirty };
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETCHAIN, .family = s->rs.family, .dump = !only,
		.table = only ? table->def->name : NULL, .table_attr = NFTA_CHAIN_TABLE,
		.of = table->def->name,
		.chain = only, .chain_attr = NFTA_CHAIN_NAME, .whole = all_chains_went_by,
	};
	int rc = only ? 0 : ask_table(s, table, err);

	if (!only) {
		see.unnamed = &n->batch.unnamed[table->def - rv_table_defs];
		rv_buf_reset(see.unnamed);
	}
	n->fresh = NULL;
	table->odd |= s->replace & rv_nft_table_bit(table->def);
	see.has = n->tables[table->def - rv_table_defs].has;
	if (!rc)
		rc = rv_nft_ask(&n->socket, &q, see_chain, &see, err);
	if (rc < 0)
		return -1;
	if (rc && only)
		return ask_table(s, table, err) < 0 ? -1 : 0;
	if (!only)
		table->complete = true;
	n->fresh = only ? (const void *)rv_table_chain(table, only) : table;
	return 0;
}

static int load_chains(struct rv_store *s, struct rv_table *table, const char *only,
		       struct rv_error *err)
{
	bool all = !only;

	if (only && dump_pays(s, table, &all, err))
		return -1;
	return ask_chains(s, table, all ? NULL : only, err);
}

/* What is shown or changed may not act as it would if iptables had made it. */
static int warn_of_oddities(struct rv_store *s, struct rv_table *t, struct rv_error *err)
{
	const struct rv_nft *n = s->priv;

	if (t->exists && !n->tables[t->def - rv_table_defs].known && ask_table(s, t, err) < 0)
		return -1;
	if (t->dormant)
		rv_warn(err, "# Warning: table `%s' is dormant: none of its rules acts",
			t->def->name);
	return 0;
}

/* Of a chain that does not see the packets that iptables means by its name. */
static void warn_of_place(const struct rv_chain *c, struct rv_error *err)
{
	const struct rv_table_def *def = c->table->def;
	struct rv_buf at = RV_BUF_INIT;

	if (c->base < 0 || !c->held.exists || !c->held.at.elsewhere || !c->exists ||
	    (!c->held.at.none && c->held.at.hook == def->base[c->base].hook))
		return;
	rv_base_at_print(&at, &c->held.at);
	if (c->held.at.none)
		rv_warn(err, "# Warning: chain `%s' of table `%s' is at no hook: packets meet it only "
			"by jumps", c->name, def->name);
	else if (rv_buf_text(&at))
		rv_warn(err, "# Warning: chain `%s' of table `%s' is at another hook: %s", c->name,
			def->name, at.data);
	rv_buf_free(&at);
}

int rv_nft_warn_changing(struct rv_store *s, struct rv_table *t, struct rv_error *err)
{
	if (t->wanted || t->replaced)
		return 0;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		warn_of_place(c, err);
	return warn_of_oddities(s, t, err);
}

/* ---- rules --------------------------------------------------------------------- */

/* A rule's comment in nft's own form (type, length, text): read as stock reads it. */
#define UDATA_COMMENT 0

static int add_comment(struct rv_rule *r, rv_family_t family, const char *text, size_t len,
		       struct rv_error *err)
{
	const struct rv_ext *ext = rv_ext_find(RV_MATCH, family, "comment");
	struct rv_part *part = ext ? rv_part_new(ext) : NULL;

	if (!ext)
		return 0;
	if (!part)
		return rv_fail_memory(err);
	memcpy(part->data, text, len < ext->size ? len : ext->size - 1u);
	rv_rule_add_match(r, part);
	return 0;
}

int rv_nft_read_userdata(struct rv_rule *r, rv_family_t family, struct rv_nft_view v,
			 struct rv_error *err)
{
	for (uint32_t at = 0; at + 2 <= v.len && v.data[at + 1] <= v.len - at - 2;
	     at += 2 + v.data[at + 1]) {
		const char *text = (const char *)v.data + at + 2;
		size_t len = v.data[at] == UDATA_COMMENT ? strnlen(text, v.data[at + 1]) : 0;

		if (len && add_comment(r, family, text, len, err))
			return -1;
	}
	return 0;
}

int rv_nft_place_of(struct rv_nft_view attrs, struct rv_nft_view *t, struct rv_nft_place *place,
		    struct rv_error *err)
{
	*place = (struct rv_nft_place){ .table = "?", .chain = "?" };
	if (!rv_nft_attr_table(attrs, t, NFTA_RULE_MAX + 1) ||
	    !rv_nft_get_text(t[NFTA_RULE_TABLE]) || !rv_nft_get_text(t[NFTA_RULE_CHAIN]) ||
	    (t[NFTA_RULE_HANDLE].data && !rv_nft_get_u64(t[NFTA_RULE_HANDLE], &place->handle)))
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "the kernel's answer is malformed");
	place->table = rv_nft_get_text(t[NFTA_RULE_TABLE]);
	place->chain = rv_nft_get_text(t[NFTA_RULE_CHAIN]);
	return 0;
}

static bool has_interface_of_other_side(const struct rv_rule *r, const char *chain)
{
	const unsigned int has = rv_chain_interfaces(chain);

	return (r->ip.out[0] && !(has & RV_HAS_OUT)) || (r->ip.in[0] && !(has & RV_HAS_IN));
}

static bool text_has_newline(const struct rv_part *part)
{
	for (const struct rv_option *opt = part->ext->options; opt && opt->name; opt++)
		if (opt->type == RV_T_STRING &&
		    memchr(part->data + opt->offset, '\n', strnlen((const char *)part->data + opt->offset,
								  opt->size)))
			return true;
	return false;
}

static bool has_newline(const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (text_has_newline(m))
			return true;
	return strchr(r->ip.in, '\n') || strchr(r->ip.out, '\n') ||
	       (r->target && text_has_newline(r->target));
}

/*
 * Whether nothing is in the rule that iptables itself would not have put there: then what save
 * shows loads again, and need not be tried.
 */
static bool is_plain(rv_family_t family, const struct rv_rule *r, const struct rv_nft_view *t,
		     const struct rv_nft_place *place)
{
	if (r->jump[0] && (!rv_nft_is_sayable(r->jump) || rv_ext_find(RV_TARGET, family, r->jump)))
		return false;
	/* iptables has no DROP in table nat. */
	if (r->verdict == RV_VERDICT_DROP && !strcmp(place->table, "nat"))
		return false;
	return !t[NFTA_RULE_USERDATA].data && !has_interface_of_other_side(r, place->chain) &&
	       !has_newline(r);
}

/* In the form that iptables writes. */
static struct rv_rule *read_form(rv_family_t family, const struct rv_nft_view *t,
				 const struct rv_nft_place *place, struct rv_error *err)
{
	struct rv_rule *r = rv_nft_rule_read(family, t[NFTA_RULE_EXPRESSIONS], place, err);

	if (!r)
		return NULL;
	r->handle = place->handle;
	if (!t[NFTA_RULE_USERDATA].data ||
	    !rv_nft_read_userdata(r, family, t[NFTA_RULE_USERDATA], err))
		return r;
	rv_rule_free(r);
	return NULL;
}

/* As iptables writes it, where iptables can put it. */
static struct rv_rule *read_ours(rv_family_t family, const struct rv_nft_view *t,
				 const struct rv_nft_place *place, struct rv_error *err)
{
	struct rv_rule *r = read_form(family, t, place, err);

	if (r && (is_plain(family, r, t, place) || rv_nft_reloads(family, place, r, false)))
		return r;
	rv_rule_free(r);
	return NULL;
}

struct rv_rule *rv_nft_rule_staged(rv_family_t family, struct rv_nft_view attrs,
				   struct rv_nft_place *place, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1];

	return rv_nft_place_of(attrs, t, place, err) ? NULL : read_form(family, t, place, err);
}

/* The chain of "jump { ... }" has no name that anybody could give. */
static bool jumps_to_own(struct rv_nft_aside *aside, rv_family_t family, const struct rv_rule *r,
			 const struct rv_nft_place *place)
{
	struct rv_error err = { 0 };
	bool bound = false;

	if (!aside || strncmp(r->jump, "__chain", 7) != 0)
		return false;
	/* One that is gone belonged to the rule, which is gone as well. */
	return rv_nft_is_bound(aside, family, place->table, r->jump, &bound, &err) == 1 || bound;
}

static bool is_final(const struct rv_error *err)
{
	return err->kind == RV_ERR_MEMORY || err->kind == RV_ERR_AGAIN;
}

struct rv_rule *rv_nft_rule_of(struct rv_nft_aside *aside, rv_family_t family,
			       struct rv_nft_view attrs, struct rv_nft_place *place,
			       struct rv_error *err)
{
	struct rv_error first = { .warnings = err->warnings }, second = first;
	struct rv_nft_view t[NFTA_RULE_MAX + 1];
	struct rv_rule *r;

	if (rv_nft_place_of(attrs, t, place, err))
		return NULL;
	r = read_ours(family, t, place, &first);
	/* nft may have written it, and meant what iptables can say. */
	if (!r && !is_final(&first))
		r = rv_nft_reword(aside, family, attrs, &second);
	if (r && !jumps_to_own(aside, family, r, place))
		return r;
	rv_rule_free(r);
	if (is_final(&first) || is_final(&second)) {
		*err = is_final(&first) ? first : second;
		return NULL;
	}
	return rv_nft_object_read(aside, family, attrs, err);
}

/* A rule that goes by; it is told of on its way if somebody asks. */
struct passing {
	struct rv_buf *told;
	rv_nft_answer_fn *fn;
	rv_nft_whole_fn *whole;
	void *arg;
};

static int pass_on(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	const struct passing *p = arg;

	if (p->told && rv_nft_explain_rule(attrs, p->told, err))
		return -1;
	return p->fn(attrs, p->arg, err);
}

static bool pass_whole(void *arg)
{
	const struct passing *p = arg;

	return p->whole && p->whole(p->arg);
}

int rv_nft_ask_rules(struct rv_store *s, const char *table, const char *only, rv_nft_answer_fn *fn,
		     rv_nft_whole_fn *whole, void *arg, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	bool told = s->explain.read && rv_nft_can_explain(s, err);
	struct passing p = {
		.told = told ? s->explain.read : NULL, .fn = fn, .whole = whole, .arg = arg,
	};
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETRULE, .family = s->rs.family, .dump = true,
		.table = table, .table_attr = NFTA_RULE_TABLE,
		.chain = only, .chain_attr = NFTA_RULE_CHAIN, .whole = pass_whole,
	};

	return rv_nft_ask(&n->socket, &q, pass_on, &p, err) < 0 ? -1 : 0;
}

/* ---- one chain's rules, kept ---------------------------------------------------- */

struct loading {
	const struct rv_store *store;
	struct rv_chain *chain;
	const struct rv_nft_batch *batch;
	struct rv_nft_aside *aside;
};

static int keep_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct loading *l = arg;
	struct rv_nft_place place;
	struct rv_rule *r = rv_nft_rule_of(l->aside, l->chain->table->ruleset->family, attrs, &place,
					   err);

	if (!r)
		return -1;
	rv_nft_rename_jump(l->batch, l->chain->table->def, r);
	if (rv_nft_rename_parts(l->batch, l->chain->table->def, r)) {
		rv_rule_free(r);
		return rv_fail_memory(err);
	}
	rv_chain_add_rule(l->chain, r, NULL);
	rv_meter_step(l->store->meter);
	return 0;
}

static int load_rules(struct rv_store *s, struct rv_chain *chain, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct loading l = { s, chain, &n->batch, &n->aside };
	const char *name = rv_nft_kernel_name(&n->batch, chain->table->def, chain->name);
	bool known = chain->handle && !(chain->handle & RV_NFT_NEW_CHAIN), flushed;

	/* Of many commands one may be there because of what another has found. */
	n->batch.depends |= s->bulk;
	rv_chain_flush(chain);
	chain->loaded = false;
	if (rv_nft_is_flushed(&n->batch, chain, &flushed, err))
		return -1;
	if (known && !flushed && rv_nft_ask_rules(s, chain->table->def->name, name, keep_rule, NULL, &l,
						  err))
		return -1;
	if (rv_nft_replay(&n->batch, chain, err))
		return -1;
	chain->loaded = true;
	return 0;
}

/* ---- all rules, going by ---------------------------------------------------------- */

struct dumping {
	const struct rv_store *store;
	struct rv_table *table;
	struct rv_chain *chain;		/* of the rule before: the next is mostly of the same */
	const struct rv_visitor *v;
	struct rv_nft_aside *aside;
	bool only;			/* rules of one chain */
	bool short_of_uses;		/* a chain has more rules than uses */
};

static void count_jump(const struct dumping *d, const struct rv_rule *r)
{
	struct rv_chain *to = r->jump[0] ? rv_table_chain(d->table, r->jump) : NULL;

	if (to)
		to->jumps++;
}

static int show_rule(struct dumping *d, struct rv_rule *r, const struct rv_nft_place *place,
		     struct rv_error *err)
{
	if (!d->chain || strcmp(d->chain->name, place->chain))
		d->chain = rv_table_chain(d->table, place->chain);
	if (!d->chain)
		return rv_fail(err, RV_ERR_AGAIN, NULL, "Resource temporarily unavailable");
	/* The kernel counts a chain's own rules among its uses. */
	d->short_of_uses |= !d->chain->references;
	if (d->chain->references)
		d->chain->references--;
	count_jump(d, r);
	return d->v->rule(d->chain, r, d->v->arg) ? -1 : 0;
}

/*
 * What the kernel counts as uses of a chain are its rules, and the rules and elements that jump to
 * it: if all of them went by, there are no others.
 */
static bool all_went_by(void *arg)
{
	const struct dumping *d = arg;

	if (d->short_of_uses)
		return false;
	rv_list_each(c, &d->table->chains, struct rv_chain, node)
		if (c->exists && c->references != c->jumps && (!d->only || c == d->chain))
			return false;
	return true;
}

/* In a base chain that iptables does not have, or in the chain of "jump { ... }". */
static bool is_of_others(const struct rv_table *table, struct rv_nft_view attrs)
{
	struct rv_nft_walk w = rv_nft_attrs(attrs);
	struct rv_nft_attr a = { 0 };
	const char *name = NULL;

	while (!name && rv_nft_next(&w, &a))
		if (a.type == NFTA_RULE_CHAIN)
			name = rv_nft_get_text(a.value);
	return name && (table->others || *name == '_') && !rv_table_chain(table, name);
}

static int pass_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct dumping *d = arg;
	struct rv_nft_place place;
	struct rv_rule *r;
	int rc;

	if (is_of_others(d->table, attrs))
		return 0;
	r = rv_nft_rule_of(d->aside, d->table->ruleset->family, attrs, &place, err);
	if (!r)
		return -1;
	rc = show_rule(d, r, &place, err);
	rv_rule_free(r);
	rv_meter_step(d->store->meter);
	return rc;
}

static int dump(struct rv_store *s, struct rv_table *table, const char *only,
		const struct rv_visitor *v, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct dumping d = {
		.store = s, .table = table, .v = v, .aside = &n->aside, .only = only,
	};
	bool fresh = n->fresh == table;

	n->batch.depends |= s->bulk;
	if (only)
		fresh |= n->fresh && n->fresh == rv_table_chain(table, only);
	/* References are counted in the chains, and must be those of the rules. */
	if (rv_nft_read(&n->socket, s->rs.family, table->def->name, only,
			RV_NFT_READ_CHAINS | RV_NFT_READ_RULES, err))
		return -1;
	if ((!fresh || n->socket.watch) && ask_chains(s, table, only, err))
		return -1;
	n->fresh = NULL;
	if (!only && rv_table_sort(table))
		return rv_fail_memory(err);
	if (warn_of_oddities(s, table, err) || v->table(table, v->arg))
		return -1;
	return table->exists ? rv_nft_ask_rules(s, table->def->name, only, pass_rule, all_went_by,
							 &d, err) : 0;
}

/* ---- the backend ------------------------------------------------------------------ */

static void close_store(struct rv_store *s)
{
	struct rv_nft *n = s->priv;

	if (!n)
		return;
	rv_nft_batch_clear(&n->batch);
	rv_nft_aside_close(&n->aside);
	rv_nft_forget_resets(n);
	rv_nft_close(&n->socket);
	free(n);
	s->priv = NULL;
}

/* A store that is opened again has met another writer. */
static int start_reading(struct rv_store *s, struct rv_nft *n, struct rv_error *err)
{
	if (!s->restarts)
		return rv_nft_generation(&n->socket, err);
	return rv_nft_watch_start(&n->socket, err);
}

static int open_store(struct rv_store *s, const char *arg, struct rv_error *err)
{
	struct rv_nft *n;

	if (arg && *arg)
		return rv_fail(err, RV_ERR_USAGE, NULL, "backend \"nft\" takes no argument");
	n = calloc(1, sizeof(*n));
	if (!n)
		return rv_fail_memory(err);
	s->priv = n;
	rv_nft_batch_init(&n->batch, s->rs.family);
	n->aside.of = &n->socket;
	if (!rv_nft_open(&n->socket, err) && !start_reading(s, n, err))
		return 0;
	close_store(s);
	return -1;
}

const struct rv_backend rv_backend_nft = {
	.name = "nft",
	.banner = "nf_tables",
	.open = open_store,
	.close = close_store,
	.load_chains = load_chains,
	.load_rules = load_rules,
	.stage = rv_nft_stage,
	.commit = rv_nft_commit,
	.commit_both = rv_nft_commit_both,
	.dump = dump,
	.take = rv_nft_take,
	.monitor = rv_nft_monitor,
	.beside = rv_nft_beside,
	.explain = rv_nft_explain,
	.shut = rv_nft_shut,
	.image = &rv_nft_image_ops,
};
