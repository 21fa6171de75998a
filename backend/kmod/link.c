/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection to the engine, and what it supports. */
#include <ravelin/registry.h>

#include "kmod.h"

void rv_kmod_link_close(struct rv_kmod_link *link)
{
	if (link->transport)
		link->transport->close(link->priv);
	link->transport = NULL;
}

int rv_kmod_link_open(struct rv_kmod_link *link, const char *arg, struct rv_error *err)
{
	*link = (struct rv_kmod_link){ .transport = &rv_kmod_socket };
	if (arg && !strcmp(arg, "user"))
		link->transport = &rv_kmod_user;
	else if (arg && *arg)
		return rv_fail(err, RV_ERR_USAGE, NULL,
			       "backend kmod has no \"%s\": kmod is the module, kmod:user an "
			       "engine in the program", arg);
	if (!link->transport->open(&link->priv, arg, err))
		return 0;
	rv_kmod_link_close(link);
	return -1;
}

bool rv_kmod_has_selector(struct rv_kmod_link *link, rv_family_t family, unsigned int sel)
{
	const unsigned int f = rv_family_index(family);
	const enum rv_sel ours = rv_kmod_sel_back(sel);
	struct rvk_has has = {
		.version = RVK_VERSION, .family = family, .kind = RVK_KIND_SELECTOR, .sel = sel,
	};

	if (rv_sel_has(&link->selectors[f].asked, ours))
		return rv_sel_has(&link->selectors[f].has, ours);
	rv_sel_add(&link->selectors[f].asked, ours);
	if (link->transport->call(link->priv, RVK_SO_HAS, &has, sizeof(has)) ||
	    has.where != RVK_HAS_ENGINE)
		return false;
	rv_sel_add(&link->selectors[f].has, ours);
	return true;
}

bool rv_kmod_has_layout(void *arg, rv_family_t family, const struct rv_ext *ext,
			const struct rv_revision *w)
{
	const char *name = rv_layout_name(ext, w);
	struct rv_kmod_link *link = arg;
	struct rvk_has has = {
		.version = RVK_VERSION, .family = family, .revision = w->revision,
		.kind = ext->kind == RV_TARGET ? RVK_KIND_TARGET : RVK_KIND_MATCH,
	};

	memcpy(has.name, name, strnlen(name, RVK_NAME_LEN - 1));
	return !link->transport->call(link->priv, RVK_SO_HAS, &has, sizeof(has)) &&
	       has.where != RVK_HAS_NOT;
}
