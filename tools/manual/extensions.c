/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual sections of matches and targets. */
#include <ravelin/hooks.h>
#include <ravelin/registry.h>
#include <string.h>

#include "tools/manual/manual.h"

void man_options(struct page *p, const struct rv_ext *ext)
{
	for (const struct rv_option *o = ext->options; o && o->name; o++)
		if (!o->alias_of) {
			man_option(p->out, ext, o);
			man_note(p, o->name);
		}
}

static const char *in_words(rv_family_t family)
{
	return family == NFPROTO_IPV4 ? "IPv4" : family == NFPROTO_IPV6 ? "IPv6" : "IPv4 and IPv6";
}

static void put_places(FILE *out, const struct rv_ext *ext)
{
	static const char *const chains[] = {
#define RV_X(hook, nft, interfaces) RV_CHAIN_##hook,
		RV_HOOKS(RV_X)
#undef RV_X
	};
	uint32_t hooks = rv_ext_only(ext)->hooks;

	if (rv_ext_only(ext)->tables)
		man_tables(out, rv_ext_only(ext)->tables);
	if (!hooks)
		return;
	fputs("Only in ", out);
	for (unsigned int i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		if (hooks >> i & 1) {
			hooks &= ~(1U << i);
			fprintf(out, "%s%s", chains[i], man_between(hooks));
		}
	fputs(".\n", out);
}

struct list {
	struct page *page;
	enum rv_ext_kind kind;
	const struct rv_ext *held;	/* the other family's; shares the section if it has the
					 * same rows */
};

static void put_section(struct list *l, const struct rv_ext *ext, rv_family_t family, bool last)
{
	FILE *out = l->page->out;

	fprintf(out, ".SS \"%s (%s)\"\n", ext->name, in_words(family));
	man_sentence(out, ext->help);
	put_places(out, ext);
	man_options(l->page, ext);
	if (last && !man_sibling(out, ext->name))
		man_fail(l->page, "no file is there for extension", ext->name);
}

static void flush_section(struct list *l, const struct rv_ext *next)
{
	const struct rv_ext *ext = l->held;
	bool same = next && ext && strcmp(next->name, ext->name) == 0;

	l->held = next;
	if (!ext)
		return;
	if (same && next->options == ext->options &&
	    rv_ext_only(next)->hooks == rv_ext_only(ext)->hooks) {
		l->held = NULL;
		put_section(l, ext, RV_FAMILY_ANY, true);
	} else {
		put_section(l, ext, ext->family, !same);
	}
}

static void add_extension(const struct rv_ext *ext, void *arg)
{
	struct list *l = arg;

	if (ext->kind == l->kind)
		flush_section(l, ext);
}

void man_extensions(struct page *p, enum rv_ext_kind kind)
{
	struct list l = { .page = p, .kind = kind };

	rv_ext_each(add_extension, &l);
	flush_section(&l, NULL);
}
