/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Semantics of iptables commands: preconditions, errors and effects. A backend only defines how a
 * ruleset is read and how a change is written.
 *
 * Backends with stage() (nf_tables) are asked only for what a command needs; a chain's rules are
 * read only to resolve a rule number or a comparison. Backends without stage() hold the whole
 * ruleset.
 */
#include <stdlib.h>
#include <string.h>

#include <ravelin/store.h>

static const char no_chain[] = "No chain/target/match by that name.";
static const char no_rule[] = "Bad rule (does a matching rule exist in that chain?).";

/* State of the command being executed. */
struct work {
	struct rv_store *s;
	struct rv_command *cmd;
	struct rv_table *table;
	struct rv_chain *chain;		/* NULL: the command has no chain */
	struct rv_error *err;
};

void rv_command_init(struct rv_command *cmd)
{
	memset(cmd, 0, sizeof(*cmd));
	rv_list_init(&cmd->rules);
}

void rv_command_clear(struct rv_command *cmd)
{
	rv_list_each_safe(r, &cmd->rules, struct rv_rule, node)
		rv_rule_free(r);
	rv_command_init(cmd);
}

/* ---- opening --------------------------------------------------------------- */

const struct rv_backend *rv_backend_find(const char *spec, const char **arg)
{
	size_t len = spec ? strcspn(spec, ":") : 0;

	*arg = spec && spec[len] ? spec + len + 1 : NULL;
	if (!spec || !*spec)
		return rv_backends[0];
	for (unsigned int i = 0; rv_backends[i]; i++)
		if (strlen(rv_backends[i]->name) == len && !memcmp(rv_backends[i]->name, spec, len))
			return rv_backends[i];
	return NULL;
}

int rv_store_open(struct rv_store *s, const char *spec, rv_family_t family, bool read_only,
		  struct rv_error *err)
{
	return rv_store_open_metered(s, spec, family, read_only, NULL, err);
}

int rv_store_open_metered(struct rv_store *s, const char *spec, rv_family_t family, bool read_only,
			  const struct rv_meter *meter, struct rv_error *err)
{
	memset(s, 0, sizeof(*s));
	s->read_only = read_only;
	s->meter = meter;
	s->backend = rv_backend_find(spec, &s->arg);
	if (!s->backend)
		return rv_fail(err, RV_ERR_USAGE, NULL, "unknown backend \"%s\"", spec);
	rv_ruleset_init(&s->rs, family);
	if (s->backend->open(s, s->arg, err)) {
		rv_ruleset_clear(&s->rs);
		return -1;
	}
	s->dirty = false;
	return 0;
}

void rv_store_close(struct rv_store *s)
{
	if (!s->backend)
		return;
	s->backend->close(s);
	rv_ruleset_clear(&s->rs);
	s->backend = NULL;
}

int rv_store_restart(struct rv_store *s, struct rv_error *err)
{
	rv_family_t family = s->rs.family;

	s->backend->close(s);
	rv_ruleset_clear(&s->rs);
	rv_ruleset_init(&s->rs, family);
	s->priv = NULL;
	s->dirty = false;
	s->restarts++;
	/* After a failure nothing is open; rv_store_close() and another restart are harmless. */
	return s->backend->open(s, s->arg, err);
}

/* ---- loading -------------------------------------------------------------------- */

static struct rv_table *get_table(struct rv_store *s, const struct rv_table_def *def,
				  struct rv_error *err)
{
	struct rv_table *t = rv_ruleset_table(&s->rs, def);

	if (!t)
		rv_fail_memory(err);
	return t;
}

/* Loads one chain, or with name NULL all. */
static int know_chains(struct rv_store *s, struct rv_table *t, const char *name,
		       struct rv_error *err)
{
	const struct rv_chain *c = name ? rv_table_chain(t, name) : NULL;

	if (t->complete || (c && (c->exists || c->gone)))
		return 0;
	if (!s->backend->load_chains) {
		rv_list_each(all, &t->chains, struct rv_chain, node)
			all->loaded = true;
		t->complete = true;
		return 0;
	}
	return s->backend->load_chains(s, t, name, err);
}

static int know_rules(struct rv_store *s, struct rv_chain *c, struct rv_error *err)
{
	if (c->loaded)
		return 0;
	if (!c->exists) {
		rv_chain_flush(c);
		return 0;
	}
	return s->backend->load_rules(s, c, err);
}

/* Whether the backend keeps the rules, and ours are a copy. */
static bool stages(const struct rv_store *s)
{
	return s->backend->stage != NULL;
}

/* Whether our rules are complete and authoritative. */
static bool holds(const struct work *w)
{
	return !stages(w->s) || w->table->whole;
}

static int stage(struct work *w, struct rv_change *change)
{
	change->loc = w->cmd->loc;
	w->s->dirty = true;
	return stages(w->s) ? w->s->backend->stage(w->s, change, w->err) : 0;
}

static int stage_chain(struct work *w, enum rv_change_kind kind, struct rv_chain *c)
{
	struct rv_change change = { .kind = kind, .table = w->table, .chain = c };

	return stage(w, &change);
}

/* If the whole ruleset is held, references are counted when rules are added and removed. */
struct jumps {
	struct rv_table *table;
	int by;
};

static const char *count_chain(const char *chain, void *arg)
{
	const struct jumps *jumps = arg;
	struct rv_chain *to = rv_table_chain(jumps->table, chain);

	if (to)
		to->references += jumps->by;
	return NULL;
}

static void count_jump(struct work *w, struct rv_rule *r, int by)
{
	struct jumps jumps = { w->table, by };

	if (!holds(w))
		return;
	if (r->jump[0])
		count_chain(r->jump, &jumps);
	rv_rule_each_chain(r, w->table->ruleset->family, count_chain, &jumps);
}

/* Creates the table and a base chain on first use. */
static int ensure_chain(struct work *w, struct rv_chain *c)
{
	struct rv_change table = { .kind = RV_CHANGE_ADD_TABLE, .table = w->table };

	if (!w->table->exists) {
		if (stage(w, &table))
			return -1;
		w->table->exists = true;
	}
	if (c->exists)
		return 0;
	if (stage_chain(w, RV_CHANGE_ADD_CHAIN, c))
		return -1;
	c->exists = true;
	c->loaded = holds(w);
	return 0;
}

static bool is_there(const struct rv_chain *c)
{
	return c && (c->exists || c->base >= 0);
}

static int fail_state(struct work *w, const struct rv_loc *loc, const char *text)
{
	return rv_fail(w->err, RV_ERR_STATE, loc, "%s", text);
}

/* Looks up the command's chain; reports missing if it does not exist. */
static int need_chain(struct work *w, const char *missing)
{
	if (know_chains(w->s, w->table, w->cmd->chain, w->err))
		return -1;
	w->chain = rv_table_chain(w->table, w->cmd->chain);
	if (!is_there(w->chain))
		return fail_state(w, &w->cmd->chain_loc, missing);
	return 0;
}

/* ---- rules --------------------------------------------------------------------- */

/* A jump to a nonexistent chain is a usage error and takes precedence over other errors. */
static int check_jumps(struct work *w)
{
	rv_list_each(r, &w->cmd->rules, struct rv_rule, node) {
		if (!r->jump[0])
			continue;
		if (know_chains(w->s, w->table, r->jump, w->err))
			return -1;
		if (!is_there(rv_table_chain(w->table, r->jump)))
			return rv_fail(w->err, RV_ERR_USAGE, &w->cmd->jump_loc,
				       "Chain '%s' does not exist", r->jump);
	}
	return 0;
}

/* Rules must not jump to base chains. */
static int refuse_base(struct work *w, const struct rv_rule *r)
{
	const struct rv_chain *to = r->jump[0] ? rv_table_chain(w->table, r->jump) : NULL;

	if (!to || to->base < 0)
		return 0;
	rv_fail(w->err, RV_ERR_PROBLEM, &w->cmd->jump_loc,
		" RULE_APPEND failed (Operation not supported): rule in chain %s", w->cmd->chain);
	return rv_hint(w->err, "%s is a base chain, which only the kernel calls; "
		       "jump to a user-defined chain instead", r->jump);
}

static struct rv_rule *take_rule(struct rv_command *cmd)
{
	struct rv_rule *r = rv_entry(cmd->rules.next, struct rv_rule, node);

	rv_list_del(&r->node);
	return r;
}

static struct rv_rule *first_rule(struct rv_chain *c)
{
	return rv_list_empty(&c->rules) ? NULL : rv_entry(c->rules.next, struct rv_rule, node);
}

static int insert_rule(struct work *w, struct rv_rule *r, struct rv_rule *pos, bool at_front)
{
	struct rv_change change = { .kind = RV_CHANGE_ADD_RULE, .table = w->table,
				    .chain = w->chain, .rule = r, .pos = pos,
				    .at_front = at_front };

	if (refuse_base(w, r) || stage(w, &change)) {
		rv_rule_free(r);
		return -1;
	}
	if (!w->chain->loaded) {
		rv_rule_free(r);
		return 0;
	}
	/* It may be loaded only since then. */
	if (at_front)
		pos = first_rule(w->chain);
	rv_chain_add_rule(w->chain, r, pos);
	count_jump(w, r, 1);
	return 0;
}

static int do_append(struct work *w)
{
	if (check_jumps(w) || need_chain(w, no_chain) || ensure_chain(w, w->chain))
		return -1;
	while (!rv_list_empty(&w->cmd->rules))
		if (insert_rule(w, take_rule(w->cmd), NULL, false))
			return -1;
	return 0;
}

/*
 * Inserts each of several rules at the number, so that they end up in reverse order, like iptables.
 */
static int do_insert(struct work *w)
{
	uint32_t number = w->cmd->number ? w->cmd->number : 1;

	if (check_jumps(w) || need_chain(w, no_chain))
		return -1;
	if (number > 1) {
		if (know_rules(w->s, w->chain, w->err))
			return -1;
		if (number > w->chain->nrules + 1)
			return fail_state(w, &w->cmd->loc, "Index of insertion too big.");
	}
	if (ensure_chain(w, w->chain))
		return -1;
	while (!rv_list_empty(&w->cmd->rules)) {
		struct rv_rule *pos = number == 1 ? first_rule(w->chain)
						  : rv_chain_rule(w->chain, number);

		if (insert_rule(w, take_rule(w->cmd), pos, number == 1))
			return -1;
	}
	return 0;
}

/* Looks up the rule with the command's number; reports missing or too_big if it does not exist. */
static int need_rule(struct work *w, const char *missing, const char *too_big, struct rv_rule **r)
{
	if (need_chain(w, missing) || know_rules(w->s, w->chain, w->err))
		return -1;
	*r = rv_chain_rule(w->chain, w->cmd->number);
	return *r ? 0 : fail_state(w, &w->cmd->loc, too_big);
}

static int do_replace(struct work *w)
{
	struct rv_change change = { .kind = RV_CHANGE_REPLACE_RULE, .table = w->table };
	struct rv_rule *old, *r;

	if (w->cmd->rules.next != w->cmd->rules.prev)
		return rv_fail(w->err, RV_ERR_USAGE, &w->cmd->loc,
			       "Replacement rule does not specify a unique address");
	if (check_jumps(w) || need_rule(w, no_chain, "Index of replacement too big.", &old))
		return -1;
	r = take_rule(w->cmd);
	change.chain = w->chain;
	change.rule = r;
	change.pos = old;
	if (refuse_base(w, r) || stage(w, &change)) {
		rv_rule_free(r);
		return -1;
	}
	rv_chain_add_rule(w->chain, r, old);
	rv_remarks_move(&r->remarks, &old->remarks);
	rv_chain_remove_rule(w->chain, old);
	count_jump(w, r, 1);
	count_jump(w, old, -1);
	rv_rule_free(old);
	return 0;
}

static int delete_rule(struct work *w, struct rv_rule *r)
{
	struct rv_change change = { .kind = RV_CHANGE_DEL_RULE, .table = w->table,
				    .chain = w->chain, .pos = r };

	if (stage(w, &change))
		return -1;
	rv_chain_remove_rule(w->chain, r);
	count_jump(w, r, -1);
	rv_rule_free(r);
	return 0;
}

static int do_delete_num(struct work *w)
{
	struct rv_rule *r;

	return need_rule(w, no_chain, "Index of deletion too big.", &r) ? -1 : delete_rule(w, r);
}

/* As rv_backend.find, for a command of one rule. */
static int find_rule(struct work *w, const struct rv_rule *wanted, struct rv_rule **found)
{
	*found = NULL;
	if (!w->s->backend->find || w->chain->loaded || w->s->bulk || w->s->dirty)
		return 2;
	return w->s->backend->find(w->s, w->chain, wanted, found, w->err);
}

static struct rv_rule *only_wanted(const struct work *w)
{
	const struct rv_list *rules = &w->cmd->rules;

	return rules->next != rules && rules->next == rules->prev ?
	       rv_entry(rules->next, struct rv_rule, node) : NULL;
}

/* Returns 0, 1 if it has to be done with the chain's rules loaded, or -1. */
static int delete_found(struct work *w)
{
	const struct rv_rule *wanted = only_wanted(w);
	struct rv_change change = { .kind = RV_CHANGE_DEL_RULE, .table = w->table, .chain = w->chain };
	int rc = wanted ? find_rule(w, wanted, &change.pos) : 2;

	if (rc == 1)
		return fail_state(w, &w->cmd->loc, no_rule);
	if (rc)
		return rc < 0 ? -1 : 1;
	rc = stage(w, &change);
	rv_rule_free(change.pos);
	/* It was in a place from which it cannot be taken alone: it is found again there. */
	return rc < 0 ? -1 : w->chain->loaded;
}

static int do_delete(struct work *w)
{
	int rc;

	if (check_jumps(w) || need_chain(w, no_rule))
		return -1;
	rc = delete_found(w);
	if (rc <= 0)
		return rc;
	if (know_rules(w->s, w->chain, w->err))
		return -1;
	rv_list_each(wanted, &w->cmd->rules, struct rv_rule, node) {
		struct rv_rule *r = rv_chain_find(w->chain, wanted);

		if (!r)
			return fail_state(w, &w->cmd->loc, no_rule);
		if (delete_rule(w, r))
			return -1;
	}
	return 0;
}

/* -C with loaded rules. */
static int check_loaded(struct work *w)
{
	if (know_rules(w->s, w->chain, w->err))
		return -1;
	rv_list_each(wanted, &w->cmd->rules, struct rv_rule, node)
		if (!rv_chain_find(w->chain, wanted))
			return fail_state(w, &w->cmd->loc, no_rule);
	return 0;
}

/* -C without loading: compares rules while they are read and keeps none. */
struct rule_search {
	struct rv_list *wanted;
	uint32_t left;
};

static int check_table(struct rv_table *t, void *arg)
{
	return 0;
}

static int check_rule(struct rv_chain *c, struct rv_rule *r, void *arg)
{
	struct rule_search *check = arg;

	if (!check->left)
		return 0;
	/* id is otherwise unused in a wanted rule: marks it as found. */
	rv_list_each(wanted, check->wanted, struct rv_rule, node) {
		if (wanted->id || !rv_rule_equal(r, wanted))
			continue;
		wanted->id = 1;
		check->left--;
	}
	return 0;
}

/* Returns 0, 1 if the chain's rules have to be seen, or -1. */
static int check_found(struct work *w)
{
	rv_list_each(wanted, &w->cmd->rules, struct rv_rule, node) {
		struct rv_rule *found;
		int rc = find_rule(w, wanted, &found);

		rv_rule_free(found);
		if (rc == 1)
			return fail_state(w, &w->cmd->loc, no_rule);
		if (rc)
			return rc < 0 ? -1 : 1;
	}
	return 0;
}

static int do_check(struct work *w)
{
	struct rule_search check = { .wanted = &w->cmd->rules };
	struct rv_visitor v = { check_table, check_rule, &check };
	int rc;

	if (check_jumps(w) || need_chain(w, no_rule))
		return -1;
	rc = check_found(w);
	if (rc <= 0)
		return rc;
	/* In a restore, more -C commands may follow. */
	if (w->chain->loaded || w->s->bulk || (stages(w->s) && w->s->dirty))
		return check_loaded(w);
	rv_list_each(r, &w->cmd->rules, struct rv_rule, node)
		check.left++;
	if (w->chain->exists &&
	    w->s->backend->dump(w->s, w->table, w->cmd->chain, &v, w->err))
		return -1;
	return check.left ? fail_state(w, &w->cmd->loc, no_rule) : 0;
}

/* ---- chains ----------------------------------------------------------------------- */

static void forget_rules(struct work *w, struct rv_chain *c)
{
	if (holds(w))
		rv_list_each(r, &c->rules, struct rv_rule, node)
			count_jump(w, r, -1);
	rv_chain_flush(c);
	c->loaded = holds(w);
}

static int flush_chain(struct work *w, struct rv_chain *c)
{
	if (!c->exists)
		return 0;
	if (stage_chain(w, RV_CHANGE_FLUSH_CHAIN, c))
		return -1;
	forget_rules(w, c);
	return 0;
}

static int zero_chain(struct work *w, struct rv_chain *c)
{
	struct rv_change change = { .kind = RV_CHANGE_ZERO_RULE, .table = w->table, .chain = c,
				    .all = true };

	if (!c->exists)
		return 0;
	if (c->base >= 0) {
		c->counters = (struct rv_counters){ 0 };
		if (stage_chain(w, RV_CHANGE_ZERO_CHAIN, c))
			return -1;
	}
	if (know_rules(w->s, c, w->err))
		return -1;
	rv_list_each(r, &c->rules, struct rv_rule, node) {
		if (!r->counters.packets && !r->counters.bytes)
			continue;
		r->counters = (struct rv_counters){ 0 };
		change.pos = r;
		if (stage(w, &change))
			return -1;
	}
	return 0;
}

static int delete_chain(struct work *w, struct rv_chain *c)
{
	if (holds(w) && (c->references || c->nrules)) {
		rv_fail(w->err, RV_ERR_PROBLEM, &w->cmd->chain_loc,
			" CHAIN_DEL failed (Device or resource busy): chain %s", c->name);
		return rv_hint(w->err, c->nrules ? "the chain has %u rules: flush it first (-F)"
						 : "%u rules jump to it: delete them first",
			       c->nrules ? c->nrules : c->references);
	}
	if (stage_chain(w, RV_CHANGE_DEL_CHAIN, c))
		return -1;
	if (c->base < 0) {
		rv_remarks_move(&w->table->tail, &c->remarks);
		rv_remarks_move(&w->table->tail, &c->tail);
	}
	if (c->base < 0 && w->table->complete) {
		rv_chain_free(c);
		return 0;
	}
	forget_rules(w, c);
	c->exists = false;
	c->gone = c->base < 0;
	return 0;
}

/* Applies fn to the command's chain, or to all chains. */
static int each_chain(struct work *w, int (*fn)(struct work *w, struct rv_chain *c), bool base)
{
	if (w->cmd->chain[0])
		return need_chain(w, no_chain) ? -1 : fn(w, w->chain);
	if (know_chains(w->s, w->table, NULL, w->err))
		return -1;
	rv_list_each_safe(c, &w->table->chains, struct rv_chain, node)
		if ((c->base >= 0 ? base : c->exists) && fn(w, c))
			return -1;
	return 0;
}

static int do_flush(struct work *w)
{
	return each_chain(w, flush_chain, true);
}

static int do_zero(struct work *w)
{
	struct rv_change change = { .kind = RV_CHANGE_ZERO_RULE, .table = w->table };
	struct rv_rule *r;

	if (!w->cmd->number)
		return each_chain(w, zero_chain, true);
	if (need_rule(w, no_rule, no_rule, &r))
		return -1;
	r->counters = (struct rv_counters){ 0 };
	change.chain = w->chain;
	change.pos = r;
	return stage(w, &change);
}

/* A base chain can be deleted only if that has no effect: empty, policy ACCEPT. */
static int do_delete_chain(struct work *w)
{
	if (!w->cmd->chain[0])
		return each_chain(w, delete_chain, false);
	if (need_chain(w, no_chain))
		return -1;
	if (!w->chain->exists)
		return fail_state(w, &w->cmd->chain_loc, no_chain);
	if (w->chain->base >= 0 && w->chain->policy != RV_VERDICT_ACCEPT)
		return fail_state(w, &w->cmd->chain_loc, "Directory not empty.");
	return delete_chain(w, w->chain);
}

static int new_chain(struct work *w)
{
	w->chain = rv_table_chain(w->table, w->cmd->chain);
	if (!w->chain) {
		w->chain = rv_table_add_chain(w->table, w->cmd->chain);
		if (!w->chain)
			return rv_fail_memory(w->err);
	}
	return ensure_chain(w, w->chain);
}

static int do_new_chain(struct work *w)
{
	if (know_chains(w->s, w->table, w->cmd->chain, w->err))
		return -1;
	if (is_there(rv_table_chain(w->table, w->cmd->chain)))
		return fail_state(w, &w->cmd->chain_loc, "Chain already exists.");
	return new_chain(w);
}

/* Renames a chain; until commit the backend knows the old name. */
static int rename_chain(struct work *w, struct rv_chain *c, const char *name)
{
	struct rv_chain *other = rv_table_chain(w->table, name);
	char old[RV_CHAIN_NAME_LEN];

	memcpy(old, c->name, sizeof(old));
	if (other)
		rv_chain_free(other);
	if (rv_chain_rename(c, name))
		return rv_fail_memory(w->err);
	if (w->table->complete)
		return 0;
	other = rv_table_add_chain(w->table, old);
	if (!other)
		return rv_fail_memory(w->err);
	other->gone = true;
	return 0;
}

static int do_rename(struct work *w)
{
	struct rv_change change = { .kind = RV_CHANGE_RENAME_CHAIN, .table = w->table,
				    .name = w->cmd->new_name };

	if (know_chains(w->s, w->table, w->cmd->new_name, w->err))
		return -1;
	if (is_there(rv_table_chain(w->table, w->cmd->new_name)))
		return fail_state(w, &w->cmd->loc, "File exists.");
	if (need_chain(w, no_chain))
		return -1;
	if (w->chain->base >= 0)
		return fail_state(w, &w->cmd->chain_loc, no_chain);
	change.chain = w->chain;
	if (stage(w, &change))
		return -1;
	return rename_chain(w, w->chain, w->cmd->new_name);
}

/* ---- policies and restore lines ------------------------------------------------------ */

static bool is_policy(enum rv_verdict verdict)
{
	return verdict == RV_VERDICT_ACCEPT || verdict == RV_VERDICT_DROP;
}

static int set_policy(struct work *w, struct rv_chain *c)
{
	struct rv_change change = { .kind = RV_CHANGE_POLICY, .table = w->table, .chain = c,
				    .has_counters = w->cmd->has_counters };

	if (ensure_chain(w, c))
		return -1;
	if (w->cmd->policy != RV_VERDICT_NONE)
		c->policy = w->cmd->policy;
	/* Setting a policy resets the counters, as in the kernel. */
	if (w->cmd->has_counters || !w->cmd->placed)
		c->counters = w->cmd->has_counters ? w->cmd->counters : (struct rv_counters){ 0 };
	else
		change.has_counters = c->held.has_counters;
	return stage(w, &change);
}

/* In a save file, the line with the position follows the one with the counters, and keeps them. */
static int set_place(struct work *w, struct rv_chain *c)
{
	const struct rv_base_at *at = &w->cmd->at;

	if (at->none && w->cmd->policy == RV_VERDICT_DROP)
		return fail_state(w, &w->cmd->loc, "Policy DROP needs a base chain with a hook.");
	if (at->none)
		c->at = *at;
	else
		rv_base_at_set(&c->at, c->table->def, (unsigned int)c->base, at->hook, at->priority,
			       at->type);
	return 0;
}

static int do_policy(struct work *w)
{
	static const char no_base[] = "Bad built-in chain name.";

	if (!is_policy(w->cmd->policy))
		return fail_state(w, &w->cmd->loc,
				  w->cmd->loc.line ? "Bad policy name."
						   : "Bad policy name. Run `dmesg' for more "
						     "information.");
	if (need_chain(w, no_base))
		return -1;
	if (w->chain->base < 0)
		return fail_state(w, &w->cmd->chain_loc, no_base);
	if (w->cmd->placed && set_place(w, w->chain))
		return -1;
	return set_policy(w, w->chain);
}

/* ":chain": sets a base chain's policy; creates a user-defined chain or flushes an existing one. */
static int do_declare(struct work *w)
{
	struct rv_chain *c;

	if (know_chains(w->s, w->table, w->cmd->chain, w->err))
		return -1;
	c = rv_table_chain(w->table, w->cmd->chain);
	if (c && c->base >= 0) {
		if (w->cmd->policy != RV_VERDICT_NONE && !is_policy(w->cmd->policy))
			return fail_state(w, &w->cmd->loc, "Bad policy name.");
		if (w->cmd->policy == RV_VERDICT_NONE && w->cmd->policy_name &&
		    strcmp(w->cmd->policy_name, "-"))
			return fail_state(w, &w->cmd->loc, "Bad policy name.");
		return set_policy(w, c);
	}
	return c && c->exists ? flush_chain(w, c) : new_chain(w);
}

static void reset_base(struct rv_chain *c, bool loaded)
{
	rv_chain_flush(c);
	rv_remarks_free(&c->remarks);
	rv_remarks_free(&c->tail);
	c->loaded = loaded;
	c->exists = false;
	c->policy = RV_VERDICT_ACCEPT;
	c->at = (struct rv_base_at){ 0 };
	c->counters = (struct rv_counters){ 0 };
	c->references = 0;
	c->handle = 0;
}

static int do_clear(struct work *w)
{
	struct rv_change change = { .kind = RV_CHANGE_CLEAR_TABLE, .table = w->table };

	if (know_chains(w->s, w->table, NULL, w->err))
		return -1;
	if (w->table->exists && stage(w, &change))
		return -1;
	rv_list_each_safe(c, &w->table->chains, struct rv_chain, node) {
		if (c->base >= 0)
			reset_base(c, holds(w));
		else
			rv_chain_free(c);
	}
	rv_remarks_free(&w->table->tail);
	w->table->exists = false;
	w->table->complete = true;
	return 0;
}

/* ---- interface -------------------------------------------------------------------------- */

static int (*const commands[])(struct work *w) = {
	[RV_CMD_APPEND] = do_append,
	[RV_CMD_INSERT] = do_insert,
	[RV_CMD_REPLACE] = do_replace,
	[RV_CMD_DELETE] = do_delete,
	[RV_CMD_DELETE_NUM] = do_delete_num,
	[RV_CMD_CHECK] = do_check,
	[RV_CMD_FLUSH] = do_flush,
	[RV_CMD_ZERO] = do_zero,
	[RV_CMD_NEW_CHAIN] = do_new_chain,
	[RV_CMD_DELETE_CHAIN] = do_delete_chain,
	[RV_CMD_RENAME] = do_rename,
	[RV_CMD_POLICY] = do_policy,
	[RV_CMD_CLEAR] = do_clear,
	[RV_CMD_DECLARE] = do_declare,
};

int rv_store_apply(struct rv_store *s, struct rv_command *cmd, struct rv_error *err)
{
	struct work w = { .s = s, .cmd = cmd, .err = err };

	if (cmd->kind >= sizeof(commands) / sizeof(*commands) || !commands[cmd->kind])
		return rv_fail(err, RV_ERR_USAGE, &cmd->loc, "no command specified");
	w.table = get_table(s, cmd->table, err);
	if (!w.table)
		return -1;
	if (!commands[cmd->kind](&w))
		return 0;
	rv_error_at(err, &cmd->loc);
	return -1;
}

int rv_store_commit(struct rv_store *s, struct rv_error *err)
{
	if (!s->dirty)
		return 0;
	if (!stages(s))
		rv_list_each(t, &s->rs.tables, struct rv_table, node)
			if (rv_table_check(t, err))
				return -1;
	if (s->backend->commit(s, err))
		return -1;
	s->dirty = false;
	return 0;
}

int rv_store_commit_all(struct rv_store *const *stores, size_t n, struct rv_error *err)
{
	size_t dirty = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		dirty += stores[i]->dirty;
	if (dirty > 1 && stores[0]->backend->commit_all) {
		rc = stores[0]->backend->commit_all(stores, n, err);
		for (size_t i = 0; i < n && !rc; i++)
			stores[i]->dirty = false;
	} else {
		for (size_t i = 0; i < n && !rc; i++)
			rc = rv_store_commit(stores[i], err);
	}
	return rc;
}

/*
 * Loads the rules a staging backend reports, so that staged changes, which are not in the kernel
 * yet, are included.
 */
static int know_staged(struct rv_store *s, struct rv_table *t, struct rv_chain *only,
		       struct rv_error *err)
{
	if (know_chains(s, t, NULL, err))
		return -1;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (know_rules(s, c, err))
			return -1;
	rv_table_count_references(t, only);
	return 0;
}

static int visit_rules(struct rv_chain *c, const struct rv_visitor *v)
{
	rv_list_each(r, &c->rules, struct rv_rule, node)
		if (v->rule(c, r, v->arg))
			return -1;
	return 0;
}

static int visit_loaded(struct rv_table *t, struct rv_chain *only, const struct rv_visitor *v)
{
	if (v->table(t, v->arg))
		return -1;
	if (only)
		return visit_rules(only, v);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (visit_rules(c, v))
			return -1;
	return 0;
}

/* Loads the current rules and chains, valid while counters are read and shown. */
static int know_to_take(struct rv_store *s, struct rv_table *t, struct rv_chain *only,
			struct rv_error *err)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if (only && c != only)
			continue;
		if (know_rules(s, c, err))
			return -1;
		/* The kernel counts a chain's own rules as references. */
		c->references -= c->references < c->nrules ? c->references : c->nrules;
	}
	return !only && rv_table_sort(t) ? rv_fail_memory(err) : 0;
}

void rv_store_zeroing_done(struct rv_store *s)
{
	rv_family_t family = s->rs.family;

	rv_ruleset_clear(&s->rs);
	rv_ruleset_init(&s->rs, family);
	s->taken = false;
}

int rv_store_read_and_zero(struct rv_store *s, const struct rv_command *cmd, struct rv_error *err)
{
	const char *name = cmd->chain[0] ? cmd->chain : NULL;
	struct rv_rule *one = NULL;
	struct rv_chain *c = NULL;
	struct rv_table *t;
	int rc;

	if (!s->backend->take || s->dirty)
		return 1;
	/* Values read by earlier commands may be outdated. */
	rv_store_zeroing_done(s);
	t = get_table(s, cmd->table, err);
	if (!t || know_chains(s, t, name, err))
		return -1;
	c = name ? rv_table_chain(t, name) : NULL;
	if (!t->exists || (name && !(c && c->exists)))
		return 1;
	if (know_to_take(s, t, c, err))
		return -1;
	if (cmd->zero_one)
		one = c ? rv_chain_rule(c, cmd->number) : NULL;
	rc = cmd->zero_one && !one ? 1 : s->backend->take(s, t, c, one, err);
	if (rc)
		rv_store_zeroing_done(s);
	s->taken = !rc;
	return rc;
}

int rv_store_dump(struct rv_store *s, const struct rv_table_def *def, const char *only,
		  const struct rv_visitor *v, struct rv_error *err)
{
	struct rv_table *t = get_table(s, def, err);
	struct rv_chain *c;

	if (!t || know_chains(s, t, only, err))
		return -1;
	c = only ? rv_table_chain(t, only) : NULL;
	if (only && !is_there(c))
		return rv_fail(err, RV_ERR_STATE, NULL, "%s", no_chain);
	if (!t->exists || (c && !c->exists))
		return v->table(t, v->arg);
	if (stages(s) && s->dirty && know_staged(s, t, c, err))
		return -1;
	if (s->backend->dump && !s->dirty && !s->taken)
		return s->backend->dump(s, t, only, v, err);
	if (!only && rv_table_sort(t))
		return rv_fail_memory(err);
	return visit_loaded(t, c, v);
}

void rv_store_other_rules(struct rv_store *s, const char *suffix, bool person, struct rv_error *err)
{
	if (s->backend->other_rules)
		s->backend->other_rules(s, suffix, person, err);
}

int rv_store_explain(struct rv_store *s, struct rv_error *err)
{
	return s->explain.staged && s->backend->explain ? s->backend->explain(s, err) : 0;
}

int rv_store_table_exists(struct rv_store *s, const struct rv_table_def *def, bool *exists,
			  struct rv_error *err)
{
	struct rv_table *t = get_table(s, def, err);

	if (!t || know_chains(s, t, NULL, err))
		return -1;
	*exists = t->exists;
	return 0;
}

int rv_store_chain_exists(struct rv_store *s, const struct rv_table_def *def, const char *name,
			  bool *exists, struct rv_error *err)
{
	struct rv_table *t = get_table(s, def, err);

	if (!t || know_chains(s, t, name, err))
		return -1;
	*exists = is_there(rv_table_chain(t, name));
	return 0;
}
