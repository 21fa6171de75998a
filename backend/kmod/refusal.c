/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts the ABI's error record to a message with rule and reason. */
#include <errno.h>
#include <stdio.h>

#include "kmod.h"

/* Reasons, index RVK_WHY_*; %s: the match, target or chain. */
static const char *const reasons[] = {
	[RVK_WHY_TABLE] = "the module has no such table",
	[RVK_WHY_HOOKS] = "the base chains differ from those of the module",
	[RVK_WHY_SIZE] = "it has a wrong length",
	[RVK_WHY_COUNT] = "the number of its rules is wrong",
	[RVK_WHY_ALIGN] = "it is not aligned",
	[RVK_WHY_RESERVED] = "it uses a feature that this version of the module does not have",
	[RVK_WHY_NAME] = "the name of a match, target or chain is malformed",
	[RVK_WHY_KIND] = "`%s' is not allowed there",
	[RVK_WHY_IP] = "invalid address, protocol or fragment flag",
	[RVK_WHY_ENTRY] = "a chain has a wrong start",
	[RVK_WHY_UNDERFLOW] = "a policy has a wrong position",
	[RVK_WHY_POLICY] = "the policy is neither ACCEPT nor DROP",
	[RVK_WHY_END] = "the chain has no end",
	[RVK_WHY_HEAD] = "the chain has no proper head",
	[RVK_WHY_TWICE] = "chain `%s' exists twice",
	[RVK_WHY_VERDICT] = "unknown verdict",
	[RVK_WHY_JUMP] = "the jump does not lead to a chain",
	[RVK_WHY_LOOP] = "the jump creates a loop",
	[RVK_WHY_DEPTH] = "jumps are nested too deep",
	[RVK_WHY_PREDICATE] = "`%s' uses an unknown operator",
	[RVK_WHY_SELECTOR] = "`%s' uses an unknown selector",
	[RVK_WHY_UNKNOWN] = "neither the module nor the kernel has `%s' (missing kernel module?)",
	[RVK_WHY_REVISION] = "neither the module nor the kernel has this revision of `%s'",
	[RVK_WHY_DATA_SIZE] = "the data of `%s' has another size in the kernel",
	[RVK_WHY_IN_TABLE] = "`%s' cannot be used in this table",
	[RVK_WHY_IN_HOOK] = "`%s' cannot be used in this chain or in the chains that call it",
	[RVK_WHY_PROTOCOL] = "`%s' needs -p with its protocol",
	[RVK_WHY_CHECK] = "`%s' refuses these options",
	[RVK_WHY_NAT] = "the kernel has no NAT (module nf_nat)",
	[RVK_WHY_MEMORY] = "out of memory",
	[RVK_WHY_INDEX] = "it inherits the counters of a rule that does not exist",
	[RVK_WHY_USERS] = "`%s' has user ids, which mean other users in this user namespace",
	[RVK_WHY_VISITS] = "its jumps can lead a packet through more than a million rules",
};

#define REASONS (sizeof(reasons) / sizeof(*reasons))

/* The errno whose text iptables would print. */
static int code_of(const struct rvk_refusal *why, int code)
{
	if (why->reason == RVK_WHY_LOOP || why->reason == RVK_WHY_DEPTH ||
	    why->reason == RVK_WHY_VISITS)
		return EMLINK;
	if (why->reason == RVK_WHY_UNKNOWN || why->reason == RVK_WHY_REVISION)
		return ENOENT;
	return -code;
}

static void add_reason(struct rv_buf *b, const struct rvk_refusal *why)
{
	const char *text = why->reason < REASONS ? reasons[why->reason] : NULL;
	char name[sizeof(why->name) + 1];
	const char *mark = text ? strstr(text, "%s") : NULL;

	snprintf(name, sizeof(name), "%.*s", (int)sizeof(why->name), why->name);
	if (!text)
		rv_buf_printf(b, "reason %u", why->reason);
	else if (mark)
		rv_buf_printf(b, "%.*s%s%s", (int)(mark - text), text, name, mark + 2);
	else
		rv_buf_puts(b, text);
	if (why->reason == RVK_WHY_CHECK && why->error < 0)
		rv_buf_printf(b, " (%s)", strerror(-why->error));
}

static int refused_rule(const struct rvk_refusal *why, int code, const struct rv_kmod_entry *e,
			const struct rv_table_def *def, struct rv_error *err)
{
	struct rv_buf reason = RV_BUF_INIT;
	const char *because;

	add_reason(&reason, why);
	because = rv_buf_text(&reason);
	rv_rule_refused(err, e->chain, e->rule, code_of(why, code), because ? because : "");
	rv_buf_free(&reason);
	return rv_hint(err, "it is rule %u of chain %s in table %s; nothing was changed", e->number,
		       e->chain->name, def->name);
}

static int refused_table(const struct rvk_refusal *why, int code, const char *table,
			 struct rv_error *err)
{
	struct rv_buf reason = RV_BUF_INIT;
	const char *because;

	add_reason(&reason, why);
	because = rv_buf_text(&reason);
	rv_fail(err, rv_errno_kind(-code), NULL,
		"table %s was refused (%s): %s", table, strerror(code_of(why, code)),
		because ? because : "");
	rv_buf_free(&reason);
	return rv_hint(err, "nothing was changed");
}

int rv_kmod_refused(const struct rvk_refusal *why, int code, const struct rv_kmod_change *c,
		    struct rv_error *err)
{
	const struct rv_kmod_blob *b = why->table < c->n ? &c->blobs[why->table] : NULL;
	const struct rv_table *t = b ? b->table : NULL;

	if (!b || !why->reason)
		return rv_fail(err, RV_ERR_RESOURCE, NULL, "ravelin.ko refused the change: %s",
			       strerror(-code));
	if (why->stage == RVK_STAGE_TABLE || why->entry >= b->count || !b->entries[why->entry].rule)
		return refused_table(why, code, t->def->name, err);
	return refused_rule(why, code, &b->entries[why->entry], t->def, err);
}
