/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables, their chains, hooks and priorities. */
#include <limits.h>		/* before netfilter_ipv4.h, which uses INT_MIN */
#include <errno.h>
#include <stdlib.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include <ravelin/hooks.h>
#include <ravelin/ir.h>

const struct rv_table_def rv_table_defs[RV_TABLE_DEFS + 1] = {
#define RV_BASE(at, pri) \
	{ RV_CHAIN_##at, NF_INET_##at, RV_NFT_PRIORITY(NF_IP_PRI_##pri) },
#define RV_X(id, word, kind, ...)						\
	{ .name = (word), .type = (kind), .base = { __VA_ARGS__ },		\
	  .nbase = sizeof((struct rv_base_def[]){ __VA_ARGS__ }) / sizeof(struct rv_base_def) },
	RV_TABLES_LIST(RV_X, RV_BASE)
#undef RV_X
#undef RV_BASE
};

const struct rv_table_def *rv_table_def_find(const char *name)
{
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		if (!strcmp(def->name, name))
			return def;
	return NULL;
}

/* Packets that mangle OUTPUT changes are rerouted; only chains of type "route" do that. */
const char *rv_base_type(const struct rv_table_def *def, unsigned int base)
{
	if (!strcmp(def->name, "mangle") && def->base[base].hook == NF_INET_LOCAL_OUT)
		return "route";
	return def->type;
}

/* ---- base chains at other hooks and priorities ---------------------------------------- */

const char *const rv_base_types[] = { "filter", "nat", "route", NULL };

static const char *const hook_names[] = {
#define RV_X(hook, nft, interfaces) [NF_INET_##hook] = (nft),
	RV_HOOKS(RV_X)
#undef RV_X
};

static const struct {
	const char *chain;
	unsigned int interfaces;
} hook_chains[] = {
#define RV_X(hook, nft, interfaces) [NF_INET_##hook] = { RV_CHAIN_##hook, (interfaces) },
	RV_HOOKS(RV_X)
#undef RV_X
};

const char *rv_hook_chain(unsigned int hook)
{
	return hook < sizeof(hook_chains) / sizeof(*hook_chains) ? hook_chains[hook].chain : "?";
}

unsigned int rv_chain_interfaces(const char *chain)
{
	for (size_t i = 0; i < sizeof(hook_chains) / sizeof(*hook_chains); i++)
		if (!strcmp(hook_chains[i].chain, chain))
			return hook_chains[i].interfaces;
	return RV_HAS_IN | RV_HAS_OUT;
}

const char *rv_hook_name(unsigned int hook)
{
	return hook < sizeof(hook_names) / sizeof(*hook_names) ? hook_names[hook] : "?";
}

void rv_base_at_set(struct rv_base_at *at, const struct rv_table_def *def, unsigned int base,
		    uint8_t hook, int32_t priority, const char *type)
{
	const struct rv_base_def *own = &def->base[base];

	*at = (struct rv_base_at){ 0 };
	if (hook == own->hook && priority == own->priority && !strcmp(type, rv_base_type(def, base)))
		return;
	*at = (struct rv_base_at){ .elsewhere = true, .hook = hook, .priority = priority, .type = type };
}

bool rv_base_at_equal(const struct rv_base_at *a, const struct rv_base_at *b)
{
	if (!a->elsewhere || !b->elsewhere || a->none || b->none)
		return a->elsewhere == b->elsewhere && a->none == b->none;
	return a->hook == b->hook && a->priority == b->priority && !strcmp(a->type, b->type);
}

void rv_base_at_print(struct rv_buf *b, const struct rv_base_at *at)
{
	if (at->none)
		rv_buf_puts(b, "none");
	else
		rv_buf_printf(b, "type %s hook %s priority %d", at->type, rv_hook_name(at->hook),
			      at->priority);
}

/* Returns the length of the word at *text, and advances *text past it and the spaces after it. */
static size_t next_word(const char **text, const char **word)
{
	size_t len = strcspn(*text, " \t;");

	*word = *text;
	*text += len;
	*text += strspn(*text, " \t");
	return len;
}

static bool skip_word(const char **text, const char *wanted)
{
	const char *word;
	size_t len = next_word(text, &word);

	return len == strlen(wanted) && !memcmp(word, wanted, len);
}

static bool take_name(const char **text, const char *const *names, size_t count, size_t *which)
{
	const char *word;
	size_t len = next_word(text, &word);

	for (*which = 0; *which < count; ++*which)
		if (strlen(names[*which]) == len && !memcmp(names[*which], word, len))
			return true;
	return false;
}

static bool take_number(const char **text, long *n)
{
	char *end;

	errno = 0;
	*n = strtol(*text, &end, 10);
	if (end == *text || errno)
		return false;
	*text = end + strspn(end, " \t");
	return true;
}

/* A number, or nft's notation: "filter", "filter + 10". */
static bool take_priority(const char **text, int32_t *priority)
{
	static const struct { const char *name; int priority; } names[] = {
		{ "raw", NF_IP_PRI_RAW }, { "mangle", NF_IP_PRI_MANGLE },
		{ "dstnat", NF_IP_PRI_NAT_DST }, { "filter", NF_IP_PRI_FILTER },
		{ "security", NF_IP_PRI_SECURITY }, { "srcnat", NF_IP_PRI_NAT_SRC },
	};
	long n = 0, more = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *at = *text;

		if (!skip_word(&at, names[i].name))
			continue;
		n = names[i].priority;
		*text = at;
		if (*at == '+' || *at == '-') {
			*text = at + 1;
			if (!take_number(text, &more) || more < 0 || more > INT32_MAX)
				return false;
			n += *at == '-' ? -more : more;
		}
		*priority = (int32_t)n;
		return n >= INT32_MIN && n <= INT32_MAX;
	}
	if (!take_number(text, &n) || n < INT32_MIN || n > INT32_MAX)
		return false;
	*priority = (int32_t)n;
	return true;
}

/* Whether nf_tables supports that chain type at the hook. */
static bool has_hook(const char *type, unsigned int hook)
{
	return *type == 'r' ? hook == NF_INET_LOCAL_OUT : *type == 'f' || hook != NF_INET_FORWARD;
}

bool rv_base_at_read(struct rv_base_at *at, const char *text)
{
	const size_t nhooks = sizeof(hook_names) / sizeof(*hook_names);
	size_t type, hook;

	*at = (struct rv_base_at){ .elsewhere = true };
	text += strspn(text, " \t");
	if (!strcmp(text, "none")) {
		at->none = true;
		return true;
	}
	if (!skip_word(&text, "type") || !take_name(&text, rv_base_types, 3, &type) ||
	    !skip_word(&text, "hook") || !take_name(&text, hook_names, nhooks, &hook) ||
	    !skip_word(&text, "priority") || !take_priority(&text, &at->priority))
		return false;
	if (!has_hook(rv_base_types[type], (unsigned int)hook))
		return false;
	at->type = rv_base_types[type];
	at->hook = (uint8_t)hook;
	text += *text == ';';
	return !text[strspn(text, " \t")];
}
