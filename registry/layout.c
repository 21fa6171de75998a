/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chooses the revision of a match or target to write: the newest, until the kernel refuses a rule
 * because of it. Only then the kernel is asked which revisions it has, once per process and
 * extension of the transaction, and the transaction is retried. Unlike iptables, which queries the
 * revision of each extension, the common case needs no extra call.
 */
#include <stdlib.h>

#include <ravelin/extension.h>

/* Result of a probe. wire is NULL if the kernel supports no revision we know. */
struct found {
	rv_layout_has_fn *has;
	const struct rv_ext *ext;
	rv_family_t family;
	const struct rv_revision *wire;
};

static struct found *found;
static size_t nfound;

__attribute__((destructor)) void rv_layout_forget(void)
{
	free(found);
	found = NULL;
	nfound = 0;
}

static const struct found *find(rv_layout_has_fn *has, rv_family_t family,
				const struct rv_ext *ext)
{
	for (size_t i = 0; i < nfound; i++)
		if (found[i].has == has && found[i].ext == ext && found[i].family == family)
			return &found[i];
	return NULL;
}

const struct rv_revision *rv_layout(rv_layout_has_fn *has, rv_family_t family,
				const struct rv_ext *ext)
{
	const struct found *f = nfound ? find(has, family, ext) : NULL;

	return f && f->wire ? f->wire : ext->revisions;
}

const char *rv_layout_name(const struct rv_ext *ext, const struct rv_revision *w)
{
	return w && w->name ? w->name : rv_ext_kernel_name(ext);
}

static const struct rv_revision *ask(rv_layout_has_fn *has, void *arg, rv_family_t family,
				 const struct rv_ext *ext)
{
	rv_revision_each(w, ext)
		if (has(arg, family, ext, w))
			return w;
	return NULL;
}

bool rv_layout_learn(rv_layout_has_fn *has, void *arg, rv_family_t family,
		     const struct rv_ext *ext)
{
	struct found *more;

	if (find(has, family, ext))
		return false;
	more = realloc(found, (nfound + 1) * sizeof(*found));
	if (!more)
		return false;
	found = more;
	found[nfound] = (struct found){ has, ext, family, ask(has, arg, family, ext) };
	nfound++;
	return rv_layout(has, family, ext) != ext->revisions;
}
