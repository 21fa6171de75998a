/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks whether a rule as saved can be loaded again into the same chain, and is equal then. */
#include <ravelin/parser.h>
#include <ravelin/render.h>

#include "reader.h"

static int skip_table(const struct rv_table_def *def, const struct rv_loc *loc, bool *skip, void *arg,
		      struct rv_error *err)
{
	return 0;
}

static int skip_commit(const struct rv_loc *loc, void *arg, struct rv_error *err)
{
	return 0;
}

static int take_rule(struct rv_command *cmd, const struct rv_options *opts, void *arg,
		     struct rv_error *err)
{
	struct rv_list *rules = arg;

	rv_list_each_safe(r, &cmd->rules, struct rv_rule, node) {
		rv_list_del(&r->node);
		rv_list_add_before(&r->node, rules);
	}
	return 0;
}

/* Saves the rule and parses the result into the list. */
static int read_again(rv_family_t family, const struct rv_nft_place *place, const struct rv_rule *r,
		      struct rv_list *rules)
{
	const struct rv_restore_sink sink = {
		.table = skip_table, .command = take_rule, .commit = skip_commit, .arg = rules,
	};
	struct rv_buf text = RV_BUF_INIT, warnings = RV_BUF_INIT;
	struct rv_error err = { .warnings = &warnings };
	int rc;

	rv_buf_printf(&text, "*%s\n", place->table);
	rv_render_rule(&text, family, place->chain, r, RV_COUNTERS_NONE);
	rv_buf_puts(&text, "COMMIT\n");
	rc = rv_buf_ok(&text) ? rv_parse_restore(text.data, text.len, family, &sink, &err) : -1;
	rv_buf_free(&warnings);
	rv_buf_free(&text);
	return rc;
}

/* Returns whether nft's statement for the target is accepted at exactly the same hooks. */
static bool is_bound_alike(const struct rv_part *target)
{
	static const char *const names[] = {
		"REJECT", "SNAT", "DNAT", "MASQUERADE", "REDIRECT", "SYNPROXY", "TPROXY",
	};

	for (size_t i = 0; target && i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(target->ext->name, names[i]))
			return true;
	return false;
}

/*
 * Returns whether the kernel accepts the rule in this chain. anywhere: the rule would be written in
 * another form, and a user chain may be called from all hooks. Otherwise the kernel has accepted
 * these expressions already.
 */
static bool fits_place(const struct rv_nft_place *place, const struct rv_rule *r, bool anywhere)
{
	const struct rv_table_def *def = rv_table_def_find(place->table);
	struct rv_rule matches = *r, target = *r;
	uint32_t all = 0, own = 0;
	struct rv_misplaced m;

	if (!def)
		return true;
	for (unsigned int i = 0; i < def->nbase; i++) {
		all |= 1u << def->base[i].hook;
		if (!strcmp(def->base[i].name, place->chain))
			own = 1u << def->base[i].hook;
	}
	matches.target = NULL;
	target.matches = NULL;
	if (!anywhere)
		all = 0;
	return !rv_rule_misplaced(def, own ? own : all, &matches, &m) &&
	       !rv_rule_misplaced(def, own || is_bound_alike(r->target) ? own : all, &target, &m);
}

bool rv_nft_reloads(rv_family_t family, const struct rv_nft_place *place, const struct rv_rule *r,
		    bool anywhere)
{
	struct rv_list rules;
	bool ok = false;

	if (r->jump[0] && !rv_nft_is_sayable(r->jump))
		return false;
	rv_list_init(&rules);
	if (!read_again(family, place, r, &rules) && !rv_list_empty(&rules) &&
	    rules.next == rules.prev)
		ok = rv_rule_equal(rv_entry(rules.next, struct rv_rule, node), r);
	rv_list_each_safe(old, &rules, struct rv_rule, node)
		rv_rule_free(old);
	return ok && fits_place(place, r, anywhere);
}
