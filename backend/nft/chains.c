/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads tables and chains. */
#include <stdlib.h>

#include "fast/fast.h"
#include "nft.h"

/* Fails with an error for a table that the kernel should never report. */
static int incompatible(const struct rv_table *t, const char *chain, const char *why,
			struct rv_error *err)
{
	rv_fail(err, RV_ERR_RESOURCE, NULL, "table `%s' is incompatible, use 'nft' tool: %s%s%s%s",
		t->def->name, chain ? "chain `" : "", chain ? chain : "", chain ? "' " : "", why);
	return rv_hint(err, "to show it: nft list table %s %s", rv_family(t->ruleset->family)->nft,
		       t->def->name);
}

/* ---- tables -------------------------------------------------------------------- */

/* State while reading the chains of a table. */
struct seeing {
	struct rv_table *table;
	const char *name;	/* name of the table in the kernel */
	bool fast;		/* table in profile fast */
	struct rv_buf *unnamed;	/* receives chain names that iptables cannot express; NULL: known */
	bool staged;		/* changes are staged, and are included in known chains */
	uint32_t has;		/* number of chains, sets and objects */
	uint32_t chains;	/* number of chains read */
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
	table->unclearable |= table->dormant;
	return 0;
}

/* Returns 0 if the table exists, 1 if not, -1 on error. */
static int ask_table(struct rv_store *s, struct rv_table *table, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETTABLE, .family = s->rs.family,
		.table = rv_nft_table_name(&n->batch, table->def), .table_attr = NFTA_TABLE_NAME,
	};
	struct seeing see = { .table = table };
	int rc = rv_nft_ask(&n->socket, &q, see_table, &see, err);

	/* A staged change may have created it. */
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

/* Gets hook, priority and type. Returns false if invalid. */
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
		return incompatible(c->table, c->name, "has an unknown policy", err);
	if (!get_place(c, t) || flags & ~(uint32_t)NFT_CHAIN_BASE)
		return incompatible(c->table, c->name, "has an unknown hook", err);
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

/* Returns whether iptables cannot have such a chain. */
static bool is_foreign(const struct seeing *see, const char *name, const struct rv_nft_view *t)
{
	struct rv_table *table = see->table;
	const struct rv_chain *c = rv_table_chain(table, name);
	bool hooked = t[NFTA_CHAIN_HOOK].data && !(c && c->base >= 0);

	if (is_bound(t))
		return true;
	/*
	 * A chain that iptables cannot express is kept, and rules that jump to it are kept as
	 * objects.
	 */
	if (!hooked && (c || rv_nft_is_sayable(name)))
		return false;
	table->hooked |= hooked;
	if (!hooked && see->unnamed)
		rv_buf_add(see->unnamed, name, strlen(name) + 1);
	return table->others = true;
}

/*
 * Reads a chain; the dump includes those of other tables. Staged changes are kept. Base chains that
 * iptables does not have are ignored and never modified.
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
	if (strcmp(of, see->name))
		return 0;
	see->chains++;
	if ((see->fast && rv_fast_is_ours(name)) || is_foreign(see, name, t))
		return 0;
	c = rv_table_chain(table, name);
	if (c && (c->handle & RV_NFT_NEW_CHAIN || (see->staged && (c->handle || c->gone))))
		return 0;
	if (!c)
		c = rv_table_add_chain(table, name);
	return c ? fill_chain(c, t, err) : rv_fail_memory(err);
}

/* Without sets, the table's use count is the number of chains. */
static bool all_chains_went_by(void *arg)
{
	const struct seeing *see = arg;

	return see->chains == see->has;
}

/*
 * Commands of a restore may each use another chain. Requesting one takes as long as reading
 * ASK_COST in a dump; once the requests have cost as much as a dump, the dump is used.
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

int rv_nft_ask_chains(struct rv_store *s, struct rv_table *table, const char *only,
		      struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	const char *name = rv_nft_table_name(&n->batch, table->def);
	struct seeing see = { .table = table, .name = name, .staged = s->dirty,
			      .fast = rv_fast_is(&n->batch, table->def) };
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETCHAIN, .family = s->rs.family, .dump = !only,
		.table = only ? name : NULL, .table_attr = NFTA_CHAIN_TABLE,
		.of = name,
		.chain = only, .chain_attr = NFTA_CHAIN_NAME, .whole = all_chains_went_by,
	};
	int rc = only ? 0 : ask_table(s, table, err);

	if (!only) {
		see.unnamed = &n->batch.unnamed[table->def - rv_table_defs];
		rv_buf_reset(see.unnamed);
	}
	n->fresh = NULL;
	table->unclearable |= s->replace & rv_nft_table_bit(table->def);
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

int rv_nft_load_chains(struct rv_store *s, struct rv_table *table, const char *only,
		       struct rv_error *err)
{
	bool all = !only;

	if (rv_fast_know(s, table, err))
		return -1;
	if (only && dump_pays(s, table, &all, err))
		return -1;
	return rv_nft_ask_chains(s, table, all ? NULL : only, err);
}

/* Warns about rules that behave differently from iptables rules. */
int rv_nft_warn_of_oddities(struct rv_store *s, struct rv_table *t, struct rv_error *err)
{
	const struct rv_nft *n = s->priv;

	if (t->exists && !n->tables[t->def - rv_table_defs].known && ask_table(s, t, err) < 0)
		return -1;
	if (t->dormant)
		rv_warn(err, "# Warning: table `%s' is dormant: its rules have no effect",
			t->def->name);
	return 0;
}

/* Warns about a chain that is not at the hook that its name implies. */
static void warn_of_place(const struct rv_chain *c, struct rv_error *err)
{
	const struct rv_table_def *def = c->table->def;
	struct rv_buf at = RV_BUF_INIT;

	if (c->base < 0 || !c->held.exists || !c->held.at.elsewhere || !c->exists ||
	    (!c->held.at.none && c->held.at.hook == def->base[c->base].hook))
		return;
	rv_base_at_print(&at, &c->held.at);
	if (c->held.at.none)
		rv_warn(err, "# Warning: chain `%s' of table `%s' has no hook: packets enter it only "
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
	return rv_nft_warn_of_oddities(s, t, err);
}
